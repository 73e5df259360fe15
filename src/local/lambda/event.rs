//! Records in the envelope of the service that would bring them. Knows the services' shapes, nothing of functions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::plan::{From, Source};

/// A record, and when it arrived, microseconds since 1970.
pub type Arrived = (Vec<u8>, i64);

/// The batches that bring these records from a source: a request brings one, the others all at once.
pub fn events(source: &Source, records: &[Arrived]) -> Vec<Value> {
    match &source.from {
        From::Kinesis(_) | From::Other(_) => vec![json!({"Records": all(records, kinesis)})],
        From::Firehose => vec![json!({"records": all(records, firehose)})],
        From::Kafka => vec![json!({"eventSource": "aws:kafka", "records": {"local-0": all(records, kafka)}})],
        From::Queue => vec![json!({"Records": all(records, sqs)})],
        From::Http => all(records, http),
    }
}

fn all(records: &[Arrived], one: impl Fn(usize, &Arrived) -> Value) -> Vec<Value> {
    let numbered = records.iter().enumerate();
    numbered.map(|(place, record)| one(place, record)).collect()
}

/// The number of an arrival, as rows of tests have it on the other engines.
fn number(place: usize) -> String {
    format!("{place:020}")
}

fn kinesis(place: usize, (data, arrived): &Arrived) -> Value {
    json!({
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "local",
            "sequenceNumber": number(place),
            "data": STANDARD.encode(data),
            "approximateArrivalTimestamp": *arrived as f64 / 1e6,
        },
        "eventSource": "aws:kinesis",
    })
}

fn firehose(place: usize, (data, arrived): &Arrived) -> Value {
    json!({
        "recordId": number(place),
        "approximateArrivalTimestamp": arrived.div_euclid(1_000),
        "data": STANDARD.encode(data),
    })
}

fn kafka(place: usize, (data, arrived): &Arrived) -> Value {
    json!({
        "topic": "local",
        "partition": 0,
        "offset": place,
        "timestamp": arrived.div_euclid(1_000),
        "timestampType": "CREATE_TIME",
        "value": STANDARD.encode(data),
        "headers": [],
    })
}

fn sqs(place: usize, (data, arrived): &Arrived) -> Value {
    json!({
        "messageId": place.to_string(),
        "body": String::from_utf8_lossy(data),
        "attributes": {
            "SentTimestamp": arrived.div_euclid(1_000).to_string(),
            "SequenceNumber": number(place),
        },
        "eventSource": "aws:sqs",
    })
}

fn http(place: usize, (data, arrived): &Arrived) -> Value {
    json!({
        "httpMethod": "POST",
        "body": String::from_utf8_lossy(data),
        "isBase64Encoded": false,
        "requestContext": {
            "requestId": format!("local-{place:06}"),
            "requestTimeEpoch": arrived.div_euclid(1_000),
            "timeEpoch": arrived.div_euclid(1_000),
        },
    })
}
