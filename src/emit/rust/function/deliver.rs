//! Lines to Firehose delivery streams, in requests as large as the service takes; what it refuses is sent again.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use aws_sdk_firehose::Client;
use aws_sdk_firehose::error::ProvideErrorMetadata;
use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::Record;
use serde_json::json;

use crate::aws::{Aws, setting};
use crate::batch::{Batch, Lines, Output, Record as Came, Transform};
use crate::{Error, metrics};

/// The most records of a request.
const REQUEST_RECORDS: usize = 500;
/// The most bytes of a request's records.
const REQUEST_BYTES: usize = 4 * 1024 * 1024;
/// How often a record is sent before it goes back to the stream.
pub(crate) const ATTEMPTS: u32 = 5;
/// The wait before the second attempt; it doubles each time.
pub(crate) const FIRST_WAIT: Duration = Duration::from_millis(100);
/// No new attempt begins this close to the deadline: the batch's answer must still get out.
pub(crate) const MARGIN: Duration = Duration::from_secs(3);

/// Where the rows of a function go, by transform.
#[derive(Debug)]
pub struct Streams {
    /// Where what arrives lands, where nothing else lands it: a delivery stream, by its name.
    landing: Option<String>,
    transforms: Vec<OfTransform>,
}

#[derive(Debug)]
struct OfTransform {
    rows: Vec<To>,
    rejects: To,
}

/// Where lines go.
#[derive(Debug)]
enum To {
    /// A delivery stream, by its name.
    Stream(String),
    /// A destination outside the lake.
    #[cfg(feature = "sinks")]
    Sink(Box<crate::sinks::Sink>),
}

/// What became of lines.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Places in the batch of records whose lines were not taken.
    pub failed: BTreeSet<usize>,
    /// What the service said last.
    pub problem: Option<String>,
}

type Line<'a> = (&'a [u8], usize);

impl Streams {
    /// The names that the deployment set.
    ///
    /// # Errors
    /// Where it did not set one.
    pub fn from_environment(transforms: &[Transform]) -> Result<Self, Error> {
        let streams = transforms.iter().map(|transform| {
            let rows =
                transform.rows.iter().map(|variable| To::from_environment(variable)).collect::<Result<_, _>>()?;
            Ok(OfTransform { rows, rejects: To::Stream(setting(transform.rejects)?) })
        });
        let transforms = streams.collect::<Result<_, Error>>()?;
        Ok(Streams { landing: setting(crate::names::LANDING_STREAM).ok(), transforms })
    }

    /// Lands what arrived, as it came, and gives the places of the records that were not taken.
    pub async fn land(&self, aws: &Aws, records: &[Came], context: &lambda_runtime::Context) -> BTreeSet<usize> {
        let Some(stream) = &self.landing else {
            return BTreeSet::new();
        };
        let (lines, too_large) = Lines::of_records(records).without_too_large();
        let mut delivered = deliver(&aws.firehose, stream, &lines, context.deadline()).await;
        if !too_large.is_empty() {
            delivered.problem = Some("a record is larger than 1,000 KiB".to_owned());
            delivered.failed.extend(too_large);
        }
        if let Some(problem) = delivered.problem {
            complain(stream, &problem, context);
        }
        delivered.failed
    }

    /// Sends all lines, and gives the places of the records that have one that was not taken.
    pub async fn deliver(
        &self,
        aws: &Aws,
        records: &[Came],
        batch: &Batch,
        context: &lambda_runtime::Context,
    ) -> BTreeSet<usize> {
        let mut failed = BTreeSet::new();
        for (streams, output) in self.transforms.iter().zip(&batch.outputs) {
            let undelivered = streams.deliver(aws, records, output, context).await;
            let rows: usize = output.rows.iter().map(Lines::len).sum();
            let kept = output.rows.iter().flat_map(Lines::iter).filter(|(_, record)| undelivered.contains(record));
            let mut line = metrics::line(&batch.received, output, rows - kept.count(), undelivered.len());
            line[crate::names::DIMENSION] = aws.function.as_str().into();
            line["request_id"] = context.request_id.as_str().into();
            println!("{line}");
            failed.extend(undelivered);
        }
        failed
    }
}

impl OfTransform {
    async fn deliver(
        &self,
        aws: &Aws,
        records: &[Came],
        output: &Output,
        context: &lambda_runtime::Context,
    ) -> BTreeSet<usize> {
        let deadline = context.deadline();
        let mut failed = BTreeSet::new();
        let rows = self.rows.iter().zip(&output.rows);
        for (to, lines) in rows.chain([(&self.rejects, &output.rejects)]) {
            let delivered = to.deliver(aws, records, lines, deadline).await;
            if let Some(problem) = delivered.problem {
                complain(to.name(), &problem, context);
            }
            failed.extend(delivered.failed);
        }
        failed
    }
}

/// Says in the log that not everything was delivered.
fn complain(to: &str, problem: &str, context: &lambda_runtime::Context) {
    let record = json!({
        "level": "ERROR", "message": "not everything was delivered", "to": to, "problem": problem,
        "request_id": context.request_id,
    });
    println!("{record}");
}

impl To {
    /// What the deployment set: a sink says so in its variable's name.
    fn from_environment(variable: &str) -> Result<To, Error> {
        #[cfg(feature = "sinks")]
        if variable.starts_with(crate::names::SINK) {
            return Ok(To::Sink(Box::new(crate::sinks::Sink::from_environment(variable)?)));
        }
        Ok(To::Stream(setting(variable)?))
    }

    fn name(&self) -> &str {
        match self {
            To::Stream(name) => name,
            #[cfg(feature = "sinks")]
            To::Sink(sink) => sink.name(),
        }
    }

    #[cfg_attr(not(feature = "sinks"), allow(unused_variables, reason = "only sinks ask for records"))]
    async fn deliver(&self, aws: &Aws, records: &[Came], lines: &Lines, deadline: SystemTime) -> Delivered {
        match self {
            To::Stream(name) => deliver(&aws.firehose, name, lines, deadline).await,
            #[cfg(feature = "sinks")]
            To::Sink(sink) => sink.deliver(aws, lines, records, deadline).await,
        }
    }
}

/// Sends all lines of a stream.
pub(crate) async fn deliver(client: &Client, stream: &str, lines: &Lines, deadline: SystemTime) -> Delivered {
    let mut delivered = Delivered::default();
    for request in requests(lines) {
        let refused = deliver_request(client, stream, request, deadline, &mut delivered.problem).await;
        delivered.failed.extend(refused.iter().map(|(_, record)| *record));
    }
    delivered
}

/// Lines in order, cut into requests.
fn requests(lines: &Lines) -> Vec<Vec<Line<'_>>> {
    let mut requests: Vec<Vec<Line<'_>>> = Vec::new();
    let mut bytes = 0;
    for line in lines.iter() {
        bytes += line.0.len();
        match requests.last_mut() {
            Some(request) if request.len() < REQUEST_RECORDS && bytes <= REQUEST_BYTES => request.push(line),
            _ => {
                bytes = line.0.len();
                requests.push(vec![line]);
            }
        }
    }
    requests
}

/// Sends a request until nothing of it is refused; gives back what was refused to the end.
async fn deliver_request<'a>(
    client: &Client,
    stream: &str,
    mut lines: Vec<Line<'a>>,
    deadline: SystemTime,
    problem: &mut Option<String>,
) -> Vec<Line<'a>> {
    let mut wait = FIRST_WAIT;
    for attempt in 1..=ATTEMPTS {
        let (refused, said) = send(client, stream, lines).await;
        if refused.is_empty() {
            return refused;
        }
        lines = refused;
        if attempt == ATTEMPTS || SystemTime::now() + wait + MARGIN > deadline {
            *problem = said;
            break;
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    lines
}

/// One attempt: what was refused of it, and why.
async fn send<'a>(client: &Client, stream: &str, lines: Vec<Line<'a>>) -> (Vec<Line<'a>>, Option<String>) {
    let records = lines.iter().map(|(line, _)| {
        // `data` is set: building cannot fail.
        Record::builder().data(Blob::new(*line)).build()
    });
    let records = match records.collect::<Result<Vec<_>, _>>() {
        Ok(records) => records,
        Err(error) => return (lines, Some(error.to_string())),
    };
    let answer = client.put_record_batch().delivery_stream_name(stream).set_records(Some(records)).send().await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return (lines, Some(error.code().unwrap_or("no answer").to_owned())),
    };
    let entries = answer.request_responses();
    if answer.failed_put_count() == 0 {
        return (Vec::new(), None);
    }
    let said = entries.iter().find_map(|entry| entry.error_code()).map(str::to_owned);
    // An entry of a record that was taken has an id.
    let taken = |place: usize| entries.get(place).is_some_and(|entry| entry.record_id().is_some());
    let refused = lines.into_iter().enumerate().filter(|(place, _)| !taken(*place));
    (refused.map(|(_, line)| line).collect(), said)
}
