//! Apache Kafka, of Amazon MSK or a cluster of one's own: records of several partitions, each partition in order. Of
//! each partition the service takes up the first record that is reported with all that follow it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Payload, millis};
use crate::batch::{Batch, Record};

/// Records by topic and partition, as `topic-0`.
#[derive(Debug, serde::Deserialize)]
pub struct Event {
    records: BTreeMap<String, Vec<Message>>,
}

#[derive(Debug, serde::Deserialize)]
struct Message {
    partition: u32,
    offset: u64,
    /// Milliseconds since 1970.
    timestamp: i64,
    value: Payload,
}

/// Where a record stands: its partition and its offset there.
#[derive(Debug)]
pub struct Place {
    /// Its topic and partition, as `topic-0`.
    pub partition: String,
    /// Its number there.
    pub offset: u64,
}

/// A message's record; its time is in milliseconds since 1970.
pub fn record(data: Vec<u8>, partition: u32, offset: u64, timestamp: i64) -> Record {
    Record {
        data,
        arrived: millis(timestamp),
        // In the order of the offsets, and no other partition has the same.
        seq: format!("{partition}{offset:020}"),
        media: "",
    }
}

impl super::Event for Event {
    type Receipt = Vec<Place>;

    fn open(self) -> (Vec<Record>, Vec<Place>) {
        let mut opened = (Vec::new(), Vec::new());
        for (partition, messages) in self.records {
            for message in messages {
                opened.0.push(record(message.value.0, message.partition, message.offset, message.timestamp));
                opened.1.push(Place { partition: partition.clone(), offset: message.offset });
            }
        }
        opened
    }

    fn answer(places: Vec<Place>, _: &[Record], _: &Batch, failed: &BTreeSet<usize>) -> Value {
        failures(&places, failed)
    }
}

/// What the service is told of messages that have to come again.
pub fn failures(places: &[Place], failed: &BTreeSet<usize>) -> Value {
    let failures = failed.iter().filter_map(|place| places.get(*place)).map(|place| {
        let identifier = json!({"topic-partition": place.partition, "offset": place.offset});
        json!({"itemIdentifier": identifier})
    });
    json!({"batchItemFailures": failures.collect::<Vec<Value>>()})
}
