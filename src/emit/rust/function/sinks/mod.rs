//! Destinations outside the lake: a file a service says how rows become its requests, and which of them it refused; here
//! rows are put into requests, and what was refused is sent again. Knows no schema.

mod events;
mod index;
mod items;
mod queue;
mod request;
mod row;
mod stream;
#[cfg(feature = "postgres")]
mod table;
#[cfg(feature = "postgres")]
mod tls;
mod topic;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::aws::{Aws, setting};
use crate::batch::{Lines, Record};
use crate::deliver::{ATTEMPTS, Delivered, FIRST_WAIT, MARGIN};
use crate::reject::Reject;
use crate::{Error, deliver};
use request::Http;
pub use row::Row;

/// The largest row that a destination takes.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Bytes.
    pub bytes: usize,
    /// Why a larger one is turned away.
    pub reject: Reject,
}

/// A message, or an event, with room for what stands around it.
pub const MESSAGE: Limit = Limit { bytes: 240 * 1024, reject: Reject::size("larger than 240 KiB") };
/// A record of a stream.
pub const RECORD: Limit = Limit { bytes: 1_000 * 1024, reject: Reject::size("larger than 1,000 KiB") };
/// An item of a table of DynamoDB, whose names count too.
pub const ITEM: Limit = Limit { bytes: 380 * 1024, reject: Reject::size("larger than 380 KiB") };
/// A document of an index, or a row of a table.
pub const DOCUMENT: Limit = Limit { bytes: 4 * 1024 * 1024, reject: Reject::size("larger than 4 MiB") };

/// A destination, as the deployment says it.
#[derive(Debug, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Destination {
    /// A bus of EventBridge.
    Events(events::Bus),
    /// A topic of SNS.
    Topic(topic::Topic),
    /// A queue of SQS.
    Queue(queue::Queue),
    /// A stream of Kinesis.
    Stream(stream::Stream),
    /// A table of DynamoDB.
    Items(items::Items),
    /// An index of OpenSearch Serverless.
    Index(index::Index),
    /// A table of PostgreSQL.
    #[cfg(feature = "postgres")]
    Table(Box<table::Table>),
    /// A delivery stream, which takes the place of any of them where a function is tried out.
    DeliveryStream {
        /// Its name.
        name: String,
    },
}

/// A sink of a transform.
#[derive(Debug)]
pub struct Sink {
    destination: Destination,
    http: Http,
}

/// What a service said to a request.
#[derive(Debug)]
enum Answer {
    /// It took all rows but these, by their places.
    But(Vec<usize>, Option<String>),
    /// It took nothing, and may do so later.
    Busy(String),
    /// It took nothing, because of something in one of the rows.
    Wrong(String),
}

impl Answer {
    /// It took everything.
    const ALL: Answer = Answer::But(Vec::new(), None);
}

/// How rows go into requests.
struct Requests {
    /// The most rows of one.
    rows: usize,
    /// The most bytes of their texts.
    bytes: usize,
    /// Rows with the same text here are in different requests, in their order; without one, they need not be apart.
    apart: Option<fn(&Destination, &Row<'_>) -> Option<String>>,
}

impl Sink {
    /// What the deployment set.
    ///
    /// # Errors
    /// Where it set nothing, or something else.
    pub fn from_environment(variable: &str) -> Result<Sink, Error> {
        let text = setting(variable)?;
        let destination =
            serde_json::from_str(&text).map_err(|error| format!("{variable} is no destination: {error}"))?;
        Ok(Sink { destination, http: Http::from_environment()? })
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        match &self.destination {
            Destination::Events(bus) => &bus.bus,
            Destination::Topic(topic) => &topic.arn,
            Destination::Queue(queue) => &queue.url,
            Destination::Stream(stream) => &stream.name,
            Destination::Items(items) => &items.table,
            Destination::Index(index) => &index.index,
            #[cfg(feature = "postgres")]
            Destination::Table(table) => &table.table,
            Destination::DeliveryStream { name } => name,
        }
    }

    /// Sends all lines.
    pub async fn deliver(&self, aws: &Aws, lines: &Lines, records: &[Record], deadline: SystemTime) -> Delivered {
        if let Destination::DeliveryStream { name } = &self.destination {
            return deliver::deliver(&aws.firehose, name, lines, deadline).await;
        }
        let mut delivered = Delivered::default();
        let rows = row::rows(lines, records);
        let mut failed: Vec<Row<'_>> = Vec::new();
        for request in requests(rows, &self.destination, &self.destination.requests()) {
            // What comes after a row that was not taken, and must not overtake it, waits with it.
            let (held, free) = self.destination.held_back(request, &failed);
            failed.extend(held);
            let (refused, said) = Box::pin(self.request(aws, free, deadline)).await;
            failed.extend(refused);
            delivered.problem = said.or(delivered.problem);
        }
        delivered.failed = failed.iter().map(|row| row.record).collect();
        delivered
    }

    /// Sends rows until nothing of them is refused; those that are wrong are looked for by halves. Gives back what was
    /// refused to the end.
    async fn request<'a>(&self, aws: &Aws, rows: Vec<Row<'a>>, deadline: SystemTime) -> (Vec<Row<'a>>, Option<String>) {
        let (mut open, mut failed, mut problem) = (vec![rows], Vec::new(), None);
        while let Some(rows) = open.pop() {
            if rows.is_empty() {
                continue;
            }
            let (mut refused, wrong, said) = self.tried(aws, rows, deadline).await;
            problem = said.or(problem);
            if wrong && refused.len() > 1 {
                let second = refused.split_off(refused.len() / 2);
                open.extend([second, refused]);
            } else {
                failed.extend(refused);
            }
        }
        (failed, problem)
    }

    /// Sends rows as often as it makes sense: what was refused to the end, and whether one of them is wrong.
    async fn tried<'a>(
        &self,
        aws: &Aws,
        mut rows: Vec<Row<'a>>,
        deadline: SystemTime,
    ) -> (Vec<Row<'a>>, bool, Option<String>) {
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let said = match self.send(aws, &rows).await {
                Answer::Wrong(said) => return (rows, true, Some(said)),
                Answer::Busy(said) => Some(said),
                Answer::But(places, said) => {
                    let mut place = 0..;
                    rows.retain(|_| place.next().is_some_and(|place| places.contains(&place)));
                    said
                }
            };
            if rows.is_empty() || attempt == ATTEMPTS || is_late(wait, deadline) {
                let said = said.filter(|_| !rows.is_empty());
                return (rows, false, said);
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        (rows, false, None)
    }

    async fn send(&self, aws: &Aws, rows: &[Row<'_>]) -> Answer {
        #[cfg(not(feature = "postgres"))]
        let _ = aws;
        match &self.destination {
            Destination::Events(bus) => bus.send(&self.http, rows).await,
            Destination::Topic(topic) => topic.send(&self.http, rows).await,
            Destination::Queue(queue) => queue.send(&self.http, rows).await,
            Destination::Stream(stream) => stream.send(&self.http, rows).await,
            Destination::Items(items) => items.send(&self.http, rows).await,
            Destination::Index(index) => index.send(&self.http, rows).await,
            #[cfg(feature = "postgres")]
            Destination::Table(table) => table.send(aws, rows).await,
            Destination::DeliveryStream { .. } => Answer::ALL,
        }
    }
}

impl Destination {
    fn requests(&self) -> Requests {
        match self {
            Destination::Events(_) | Destination::Topic(_) => Requests { rows: 10, bytes: MESSAGE.bytes, apart: None },
            Destination::Queue(_) => Requests { rows: 10, bytes: MESSAGE.bytes, apart: Some(key) },
            Destination::Stream(_) => Requests { rows: 500, bytes: 4 * 1024 * 1024, apart: None },
            Destination::Items(_) => Requests { rows: 25, bytes: 8 * 1024 * 1024, apart: Some(key) },
            Destination::Index(_) => Requests { rows: 1_000, bytes: 8 * 1024 * 1024, apart: None },
            #[cfg(feature = "postgres")]
            Destination::Table(_) => Requests { rows: 1_000, bytes: 8 * 1024 * 1024, apart: Some(key) },
            Destination::DeliveryStream { .. } => Requests { rows: 1, bytes: 1, apart: None },
        }
    }

    /// Rows that must wait because an earlier one with the same key was not taken, and the others.
    fn held_back<'a>(&self, rows: Vec<Row<'a>>, failed: &[Row<'_>]) -> (Vec<Row<'a>>, Vec<Row<'a>>) {
        match self.requests().apart {
            Some(apart) if !failed.is_empty() => rows.into_iter().partition(|row| {
                let of = apart(self, row);
                of.is_some() && failed.iter().any(|other| apart(self, other) == of)
            }),
            _ => (Vec::new(), rows),
        }
    }
}

/// What rows have in common that must not overtake each other, or stand in one request.
fn key(destination: &Destination, row: &Row<'_>) -> Option<String> {
    let key = match destination {
        Destination::Queue(queue) if queue.fifo => return Some(queue.group(row)),
        Destination::Items(items) => &items.key,
        #[cfg(feature = "postgres")]
        Destination::Table(table) if !table.key.is_empty() => &table.key,
        _ => return None,
    };
    Some(row.key(key))
}

fn is_late(wait: Duration, deadline: SystemTime) -> bool {
    SystemTime::now() + wait + MARGIN > deadline
}

/// Rows in order, cut into requests; those that must be apart are in one after the other.
fn requests<'a>(rows: Vec<Row<'a>>, destination: &Destination, how: &Requests) -> Vec<Vec<Row<'a>>> {
    let mut waves: Vec<Vec<Row<'a>>> = Vec::new();
    let mut before: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        let wave = match how.apart.and_then(|apart| apart(destination, &row)) {
            Some(key) => {
                let count = before.entry(key).or_default();
                *count += 1;
                *count - 1
            }
            None => 0,
        };
        match waves.get_mut(wave) {
            Some(rows) => rows.push(row),
            None => waves.push(vec![row]),
        }
    }
    waves.into_iter().flat_map(|wave| cut(wave, how)).collect()
}

fn cut<'a>(rows: Vec<Row<'a>>, how: &Requests) -> Vec<Vec<Row<'a>>> {
    let mut requests: Vec<Vec<Row<'a>>> = Vec::new();
    let mut bytes = 0;
    for row in rows {
        bytes += row.text.len();
        match requests.last_mut() {
            Some(request) if request.len() < how.rows && bytes <= how.bytes => request.push(row),
            _ => {
                bytes = row.text.len();
                requests.push(vec![row]);
            }
        }
    }
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str, record: usize) -> Row<'_> {
        Row { text, record, id: record.to_string() }
    }

    fn places(requests: &[Vec<Row<'_>>]) -> Vec<Vec<usize>> {
        let places = |request: &Vec<Row<'_>>| request.iter().map(|row| row.record).collect();
        requests.iter().map(places).collect()
    }

    #[test]
    fn rows_of_one_key_are_in_different_requests_in_their_order() {
        let items = r#"{"kind": "items", "table": "t", "key": ["k"]}"#;
        let destination: Destination = serde_json::from_str(items).unwrap();
        let texts = [r#"{"k":"a"}"#, r#"{"k":"b"}"#, r#"{"k":"a"}"#, r#"{"k":"a"}"#, r#"{"k":"c"}"#];
        let rows: Vec<_> = texts.iter().enumerate().map(|(place, text)| row(text, place)).collect();
        let found = requests(rows.clone(), &destination, &destination.requests());
        assert_eq!(places(&found), [vec![0, 1, 4], vec![2], vec![3]]);
        let (held, free) = destination.held_back(rows.clone(), &rows[..1]);
        assert_eq!(places(&[held, free]), [vec![0, 2, 3], vec![1, 4]]);
    }

    #[test]
    fn requests_have_no_more_than_services_take() {
        let text = format!(r#"{{"k":"{}"}}"#, "x".repeat(100_000));
        let rows: Vec<_> = (0..5).map(|place| row(&text, place)).collect();
        let how = Requests { rows: 10, bytes: MESSAGE.bytes, apart: None };
        assert_eq!(places(&cut(rows, &how)), [vec![0, 1], vec![2, 3], vec![4]]);
        let rows: Vec<_> = (0..21).map(|place| row("{}", place)).collect();
        assert_eq!(cut(rows, &how).iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 1]);
    }
}
