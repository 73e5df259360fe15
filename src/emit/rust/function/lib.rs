//! What every function does around its transforms: it reads a batch, hands each record to the transforms, delivers
//! rows and turned-away rows through Firehose, and says what came of it. Knows no schema.

pub mod aws;
pub mod batch;
pub mod deliver;
pub mod event;
#[cfg(feature = "lookup")]
mod files;
pub mod logic;
pub mod lookup;
pub mod memory;
pub mod metrics;
pub mod names;
#[cfg(feature = "objects")]
pub mod objects;
#[cfg(feature = "program")]
pub mod program;
pub mod reject;
#[cfg(feature = "sinks")]
pub mod sinks;
#[cfg(feature = "state")]
mod store;
#[cfg(feature = "lookup")]
mod tables;

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::sync::Mutex;

pub use aws::Aws;
pub use batch::{Batch, Function, Line, Out, Record, Transform, process};
pub use deliver::Streams;
pub use event::Event;
pub use lookup::{Format, Table};
pub use memory::{Dedupe, Key};
pub use metrics::Received;
#[cfg(feature = "objects")]
pub use objects::Object;
#[cfg(feature = "program")]
pub use program::Program;
pub use reject::Reject;

/// What stops a function before it takes its first batch.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Runs a function: makes it once, then takes batches until the service stops it.
pub fn main<E: Event, F: Function>(make: impl AsyncFnOnce(&Aws) -> Result<F, Error>) -> ExitCode {
    let done = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::from)
        .and_then(|runtime| runtime.block_on(serve::<E, F>(make)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{}", json!({"level": "ERROR", "message": error.to_string()}));
            ExitCode::FAILURE
        }
    }
}

async fn serve<E: Event, F: Function>(make: impl AsyncFnOnce(&Aws) -> Result<F, Error>) -> Result<(), Error> {
    let aws = Aws::from_environment()?;
    let streams = Streams::from_environment(F::TRANSFORMS)?;
    let function = make(&aws).await?;
    // One batch at a time: what came with one is known to the next.
    let sandbox = Mutex::new(Sandbox::new(aws, streams, function)?);
    // On the heap: the services' clients make futures that are deeper than what the compiler goes through at once.
    let handler = |event: LambdaEvent<E>| {
        Box::pin(async {
            let (event, context) = event.into_parts();
            sandbox.lock().await.take(event, &context).await
        })
    };
    lambda_runtime::run(service_fn(handler)).await
}

/// A function with all that it keeps from one batch to the next.
struct Sandbox<F> {
    aws: Aws,
    streams: Streams,
    function: F,
    seen: Vec<Vec<memory::Seen>>,
    #[cfg(feature = "state")]
    store: store::Store,
    #[cfg(feature = "lookup")]
    tables: Vec<tables::Snapshot>,
}

impl<F: Function> Sandbox<F> {
    fn new(aws: Aws, streams: Streams, function: F) -> Result<Self, Error> {
        Ok(Sandbox {
            #[cfg(feature = "state")]
            store: store::Store::new(aws.dynamodb()?, aws::setting(names::SEEN_TABLE)?),
            #[cfg(feature = "lookup")]
            tables: F::TABLES.iter().map(tables::Snapshot::new).collect::<Result<_, Error>>()?,
            aws,
            streams,
            function,
            seen: batch::nothing_seen::<F>(),
        })
    }

    /// One batch. A record that cannot be used goes to quarantine, and only what could not be delivered is reported:
    /// it is brought again, so delivery is at least once.
    ///
    /// # Errors
    /// Where what was seen before, or a table, cannot be read, or a row is not what a transform insists on: then nothing of
    /// the batch was delivered.
    async fn take<E: Event>(&mut self, event: E, context: &lambda_runtime::Context) -> Result<Value, Error> {
        let (mut records, receipt) = event.open();
        let missing = Box::pin(E::fetch::<F>(&self.aws, &receipt, &mut records)).await?;
        #[cfg(feature = "state")]
        for seen in self.seen.iter_mut().flatten() {
            Box::pin(self.store.catch_up(seen, &records)).await?;
        }
        let tables = self.tables().await?;
        let mut batch = process(&self.function, &records, &missing, std::mem::take(&mut self.seen), tables);
        #[cfg(feature = "program")]
        if let Err(error) = Box::pin(self.ask_programs(&records, &mut batch)).await {
            self.seen = batch::nothing_seen::<F>();
            return Err(error);
        }
        let told = self.tell_of_tables(&records, &mut batch);
        let unlanded = Box::pin(self.streams.land(&self.aws, &records, context)).await;
        if let Some(failure) = batch.failure() {
            // What passed is remembered only once it is delivered.
            self.seen = batch::nothing_seen::<F>();
            return Err(failure.into());
        }
        let mut failed = Box::pin(self.streams.deliver(&self.aws, &records, &batch, context)).await;
        if !failed.contains(&0) {
            self.told(&told);
        }
        // Of rows that a program answered nobody knows which record they came of.
        #[cfg(feature = "program")]
        if !failed.is_empty() {
            failed.extend(0..records.len());
        }
        failed.extend(missing);
        failed.extend(unlanded);
        self.seen = std::mem::take(&mut batch.seen);
        #[cfg(feature = "state")]
        for seen in self.seen.iter_mut().flatten() {
            failed.extend(Box::pin(self.store.remember(seen, &failed, &context.request_id)).await);
        }
        Ok(E::answer(receipt, &records, &batch, &failed))
    }

    /// Gives programs their rows, and hands what they answer to the rest of their transforms.
    ///
    /// # Errors
    /// Where a program fails, or answers what is no row: then nothing of the batch is delivered.
    #[cfg(feature = "program")]
    async fn ask_programs(&self, records: &[Record], batch: &mut Batch) -> Result<(), Error> {
        let Some(arrived) = records.iter().map(|record| record.arrived).max() else {
            return Ok(());
        };
        for program in F::PROGRAMS {
            let asked = std::mem::take(&mut batch.outputs[program.transform].asked);
            if asked.is_empty() {
                continue;
            }
            for (number, data) in program.answers(&self.aws, &asked, arrived).await?.into_iter().enumerate() {
                let row = Record { data, arrived, seq: format!("{number:020}"), media: "" };
                if let Err(reject) = self.function.answer(program.transform, &row, batch) {
                    let how = format!("answered what is no row of what it returns: {}", reject.reason);
                    return Err(program.failed(&how));
                }
            }
        }
        Ok(())
    }

    /// Turns away what a table that was read anew holds beside its rows; answers with the tables' numbers.
    #[cfg(feature = "lookup")]
    fn tell_of_tables(&self, records: &[Record], batch: &mut Batch) -> Vec<usize> {
        let Some(first) = records.first() else {
            return Vec::new();
        };
        let news: Vec<usize> = (0..self.tables.len()).filter(|number| self.tables[*number].is_news).collect();
        let mut told = std::collections::BTreeSet::new();
        for (number, table) in news.iter().map(|number| (*number, &F::TABLES[*number])) {
            // A transform that looks up in one table twice turns its records away once.
            if told.insert((table.transform, table.variable)) {
                batch.turn_away_of(number, table.transform, first);
            }
        }
        news
    }

    #[cfg(not(feature = "lookup"))]
    fn tell_of_tables(&self, _: &[Record], _: &mut Batch) -> Vec<usize> {
        Vec::new()
    }

    /// These tables have no news any more.
    #[cfg(feature = "lookup")]
    fn told(&mut self, tables: &[usize]) {
        tables.iter().for_each(|number| self.tables[*number].is_news = false);
    }

    #[cfg(not(feature = "lookup"))]
    fn told(&mut self, _: &[usize]) {}

    #[cfg(feature = "lookup")]
    async fn tables(&mut self) -> Result<Vec<std::sync::Arc<lookup::Rows>>, Error> {
        let client = self.aws.s3()?;
        let mut rows = Vec::new();
        for table in &mut self.tables {
            rows.push(Box::pin(table.rows(&client)).await?);
        }
        Ok(rows)
    }

    #[cfg(not(feature = "lookup"))]
    async fn tables(&mut self) -> Result<Vec<std::sync::Arc<lookup::Rows>>, Error> {
        Ok(Vec::new())
    }
}
