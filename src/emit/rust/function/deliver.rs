//! Lines to a Firehose delivery stream, in requests as large as the service takes; what it refuses is sent again.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use aws_sdk_firehose::Client;
use aws_sdk_firehose::error::ProvideErrorMetadata;
use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::Record;

use crate::batch::Lines;

/// The most records of a request.
const REQUEST_RECORDS: usize = 500;
/// The most bytes of a request's records.
const REQUEST_BYTES: usize = 4 * 1024 * 1024;
/// How often a record is sent before it goes back to the stream.
const ATTEMPTS: u32 = 5;
/// The wait before the second attempt; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// No new attempt begins this close to the deadline: the batch's answer must still get out.
const MARGIN: Duration = Duration::from_secs(3);

/// What became of a batch's lines.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Places in the batch of records whose lines were not taken.
    pub failed: BTreeSet<usize>,
    /// What the service said last.
    pub problem: Option<String>,
}

type Line<'a> = (&'a [u8], usize);

/// Sends all lines.
pub async fn deliver(client: &Client, stream: &str, lines: &Lines, deadline: SystemTime) -> Delivered {
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
