//! A batch as the event source mapping hands it over, and the answer that it wants.

use std::collections::BTreeSet;

use pipec_runtime::Timestamp;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::{Value, json};

use crate::batch::Record;

/// The records of one shard, in order.
#[derive(Debug, serde::Deserialize)]
pub struct Event {
    #[serde(rename = "Records")]
    records: Vec<Envelope>,
}

#[derive(Debug, serde::Deserialize)]
struct Envelope {
    kinesis: Kinesis,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kinesis {
    sequence_number: String,
    data: Payload,
    /// Seconds since 1970.
    approximate_arrival_timestamp: f64,
}

impl Event {
    /// The records.
    pub fn into_records(self) -> Vec<Record> {
        let record = |Envelope { kinesis }| Record {
            data: kinesis.data.0,
            arrived: Timestamp((kinesis.approximate_arrival_timestamp * 1e6).round() as i64),
            seq: kinesis.sequence_number,
        };
        self.records.into_iter().map(record).collect()
    }
}

/// Which records are to be taken up again, by their places.
pub fn answer(records: &[Record], failed: &BTreeSet<usize>) -> Value {
    let failures = failed.iter().filter_map(|index| records.get(*index));
    let failures: Vec<Value> = failures.map(|record| json!({"itemIdentifier": record.seq})).collect();
    json!({"batchItemFailures": failures})
}

/// The bytes that a producer sent.
#[derive(Debug)]
pub struct Payload(pub Vec<u8>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Base64)
    }
}

struct Base64;

impl Visitor<'_> for Base64 {
    type Value = Payload;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("base64")
    }

    /// What is no base64 stays as it is, so that one record cannot fail its batch.
    fn visit_str<E>(self, text: &str) -> Result<Payload, E> {
        let bytes = base64_simd::STANDARD.decode_to_vec(text);
        Ok(Payload(bytes.unwrap_or_else(|_| text.as_bytes().to_vec())))
    }
}
