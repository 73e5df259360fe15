//! Amazon Data Firehose, which lets the function see records on their way to where they land: they land as they came,
//! and what comes of them is delivered besides. A record that could not be delivered goes to the delivery stream's
//! errors, where it can be sent again.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Payload, millis};
use crate::batch::{Batch, Record};

/// Records of a delivery stream.
#[derive(Debug, serde::Deserialize)]
pub struct Event {
    records: Vec<Envelope>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    record_id: String,
    /// Milliseconds since 1970.
    approximate_arrival_timestamp: i64,
    data: Payload,
}

impl super::Event for Event {
    /// The names of the records.
    type Receipt = Vec<String>;

    fn open(self) -> (Vec<Record>, Vec<String>) {
        let of = |envelope: Envelope| {
            let record = Record {
                data: envelope.data.0,
                arrived: millis(envelope.approximate_arrival_timestamp),
                seq: envelope.record_id.clone(),
                media: "",
            };
            (record, envelope.record_id)
        };
        self.records.into_iter().map(of).unzip()
    }

    fn answer(names: Vec<String>, records: &[Record], _: &Batch, failed: &BTreeSet<usize>) -> Value {
        let answer = |(place, (name, record)): (usize, (&String, &Record))| {
            let result = if failed.contains(&place) {
                "ProcessingFailed"
            } else {
                "Ok"
            };
            let data = base64_simd::STANDARD.encode_to_string(&record.data);
            json!({"recordId": name, "result": result, "data": data})
        };
        let answers: Vec<Value> = names.iter().zip(records).enumerate().map(answer).collect();
        json!({"records": answers})
    }
}
