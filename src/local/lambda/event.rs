//! Records in the envelope of the service that would bring them. Knows the services' shapes, nothing of functions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipec_runtime::Timestamp;
use serde_json::{Map, Value, json};

use super::store::{OBJECTS, key};
use crate::plan::types::TypeKind;
use crate::plan::{From, Shape, Source};

/// A record, and when it arrived, microseconds since 1970.
pub type Arrived = (Vec<u8>, i64);

/// The batches that bring these records from a source: a request brings one, the others all at once.
pub fn events(source: &Source, records: &[Arrived]) -> Vec<Value> {
    match &source.from {
        From::Objects => vec![json!({"Records": all(records, |place, record| notice(source, place, record))})],
        From::Kafka(_) if source.shape == Shape::Objects => {
            vec![
                json!({"eventSource": "aws:kafka", "records": {"local-0": all(records, |place, record| message(source, place, record))}}),
            ]
        }
        From::Kinesis(_) | From::Files(_) | From::Poll(_) | From::Project(_) | From::Other(_) => {
            vec![json!({"Records": all(records, kinesis)})]
        }
        From::Firehose(_) => vec![json!({"records": all(records, firehose)})],
        From::Kafka(_) => vec![json!({"eventSource": "aws:kafka", "records": {"local-0": all(records, kafka)}})],
        From::Queue(_) => vec![json!({"Records": all(records, sqs)})],
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

/// The object of a row, as the row tells of it.
pub fn object(source: &Source, row: &[u8]) -> Option<(Map<String, Value>, Value)> {
    let mut fields = source.schema.fields.iter();
    let field = fields.find(|field| field.column.ty.kind == TypeKind::Object)?;
    let mut row: Map<String, Value> = serde_json::from_slice(row).ok()?;
    let object = row.remove(&field.column.name).unwrap_or_default();
    Some((row, object))
}

/// A value as a text beside an object.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn notice(source: &Source, place: usize, (row, arrived): &Arrived) -> Value {
    let key = object(source, row).map(|(_, object)| key(&object, place));
    let inside = json!({
        "eventName": "ObjectCreated:Put",
        "eventTime": Timestamp(*arrived).to_string(),
        "s3": {
            "bucket": {"name": OBJECTS},
            "object": {"key": key, "sequencer": number(place)},
        },
    });
    json!({
        "messageId": place.to_string(),
        "body": json!({"Records": [inside]}).to_string(),
        "attributes": {"SentTimestamp": arrived.div_euclid(1_000).to_string()},
        "eventSource": "aws:sqs",
    })
}

fn message(source: &Source, place: usize, (row, arrived): &Arrived) -> Value {
    let (fields, object) = object(source, row).unwrap_or_default();
    let bytes = super::store::bytes(&object);
    let headers = fields
        .iter()
        .map(|(name, value)| json!({name: text(value).into_bytes()}));
    let mut message = kafka(place, &(bytes, *arrived));
    message["headers"] = headers.collect();
    message
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
