//! Amazon Kinesis: the records of one shard, in order. The service takes up the first of those that are reported with
//! all that follow it, so what was delivered behind it is delivered twice.

use std::collections::BTreeSet;

use pipec_runtime::Timestamp;
use serde_json::{Value, json};

use super::Payload;
use crate::batch::{Batch, Record};

/// A batch of a shard.
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

impl super::Event for Event {
    type Receipt = ();

    fn open(self) -> (Vec<Record>, ()) {
        let record = |Envelope { kinesis }| Record {
            data: kinesis.data.0,
            arrived: Timestamp((kinesis.approximate_arrival_timestamp * 1e6).round() as i64),
            seq: kinesis.sequence_number,
            media: "",
        };
        (self.records.into_iter().map(record).collect(), ())
    }

    fn answer((): (), records: &[Record], _: &Batch, failed: &BTreeSet<usize>) -> Value {
        let failures = failed.iter().filter_map(|place| records.get(*place));
        let failures: Vec<Value> = failures.map(|record| json!({"itemIdentifier": record.seq})).collect();
        json!({"batchItemFailures": failures})
    }
}
