//! What every function does around its own transform: it reads a Kinesis batch, hands each record to the transform,
//! delivers rows and turned-away rows through Firehose, and says what came of it. Knows no schema.

pub mod aws;
pub mod batch;
pub mod deliver;
pub mod event;
pub mod logic;
pub mod metrics;
pub mod names;
pub mod reject;

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};

pub use aws::Aws;
pub use batch::{Batch, Transform, process};
pub use event::Event;
pub use metrics::Counts;
pub use reject::Reject;

/// What stops a function before it takes its first batch.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Runs a function: makes its transform once, then takes batches until the service stops it.
pub fn main<T: Transform>(make: impl AsyncFnOnce(&Aws) -> Result<T, Error>) -> ExitCode {
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::from)
        .and_then(|runtime| runtime.block_on(serve(make)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{}", json!({"level": "ERROR", "message": error.to_string()}));
            ExitCode::FAILURE
        }
    }
}

async fn serve<T: Transform>(make: impl AsyncFnOnce(&Aws) -> Result<T, Error>) -> Result<(), Error> {
    let aws = Aws::from_environment()?;
    let transform = make(&aws).await?;
    let handler = |event: LambdaEvent<Event>| async {
        let (event, context) = event.into_parts();
        Ok::<Value, Error>(handle(&aws, &transform, &event, &context).await)
    };
    lambda_runtime::run(service_fn(handler)).await
}

/// One batch. It never fails: a record that cannot be used goes to quarantine, and only what could not be delivered
/// is reported. The service takes the first of those up again with all that follow it, so what was delivered behind
/// it is delivered twice: delivery is at least once.
async fn handle<T: Transform>(aws: &Aws, transform: &T, event: &Event, context: &lambda_runtime::Context) -> Value {
    let batch = process(transform, event);
    let deadline = context.deadline();
    let (rows, rejects) = tokio::join!(
        deliver::deliver(&aws.firehose, &aws.delivery_stream, &batch.rows, deadline),
        deliver::deliver(&aws.firehose, &aws.quarantine_stream, &batch.rejects, deadline),
    );
    for (stream, problem) in [(&aws.delivery_stream, &rows.problem), (&aws.quarantine_stream, &rejects.problem)] {
        if let Some(problem) = problem {
            let record = json!({
                "level": "ERROR", "message": "not everything was delivered", "stream": stream, "problem": problem,
                "request_id": context.request_id,
            });
            println!("{record}");
        }
    }
    let undelivered: Vec<usize> = rows.failed.union(&rejects.failed).copied().collect();
    let delivered = batch.rows.len() - rows.failed.len();
    println!("{}", metrics::line(&batch.counts, delivered, undelivered.len(), &aws.function, &context.request_id));
    let failures: Vec<Value> = undelivered
        .iter()
        .filter_map(|index| event.records.get(*index))
        .map(|record| json!({"itemIdentifier": record.kinesis.sequence_number}))
        .collect();
    json!({"batchItemFailures": failures})
}
