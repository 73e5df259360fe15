//! What every function does around its transforms: it reads a batch, hands each record to the transforms, delivers
//! rows and turned-away rows through Firehose, and says what came of it. Knows no schema.

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
pub use batch::{Batch, Function, Line, Out, Record, Transform, process};
pub use deliver::Streams;
pub use event::Event;
pub use metrics::Received;
pub use reject::Reject;

/// What stops a function before it takes its first batch.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Runs a function: makes it once, then takes batches until the service stops it.
pub fn main<F: Function>(make: impl AsyncFnOnce(&Aws) -> Result<F, Error>) -> ExitCode {
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

async fn serve<F: Function>(make: impl AsyncFnOnce(&Aws) -> Result<F, Error>) -> Result<(), Error> {
    let aws = Aws::from_environment()?;
    let streams = Streams::from_environment(F::TRANSFORMS)?;
    let function = make(&aws).await?;
    let handler = |event: LambdaEvent<Event>| async {
        let (event, context) = event.into_parts();
        Ok::<Value, Error>(handle(&aws, &streams, &function, event, &context).await)
    };
    lambda_runtime::run(service_fn(handler)).await
}

/// One batch. It never fails: a record that cannot be used goes to quarantine, and only what could not be delivered
/// is reported. The service takes the first of those up again with all that follow it, so what was delivered behind
/// it is delivered twice: delivery is at least once.
async fn handle<F: Function>(
    aws: &Aws,
    streams: &Streams,
    function: &F,
    event: Event,
    context: &lambda_runtime::Context,
) -> Value {
    let records = event.into_records();
    let batch = process(function, &records);
    let failed = streams.deliver(aws, &batch, context).await;
    event::answer(&records, &failed)
}
