//! Objects that come by Apache Kafka: the value of a message is the object, its headers are the fields beside it. The
//! function keeps each object in S3 before its row goes on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Payload;
use super::kafka::{Place, failures, record};
use crate::batch::{Batch, Function, Record};
use crate::objects::{complain, keep};
use crate::{Aws, Error};

/// Messages by topic and partition, as `topic-0`.
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
    /// A header each, as the numbers of its bytes.
    #[serde(default)]
    headers: Vec<BTreeMap<String, Vec<i16>>>,
}

/// A message: where it stands, its fields and its object.
#[derive(Debug)]
pub struct Brought {
    place: Place,
    fields: BTreeMap<String, String>,
    object: Vec<u8>,
}

impl super::Event for Event {
    type Receipt = Vec<Brought>;

    fn open(self) -> (Vec<Record>, Vec<Brought>) {
        let mut opened = (Vec::new(), Vec::new());
        for (partition, messages) in self.records {
            for message in messages {
                opened.0.push(record(Vec::new(), message.partition, message.offset, message.timestamp));
                opened.1.push(Brought {
                    place: Place { partition: partition.clone(), offset: message.offset },
                    fields: message.headers.into_iter().flatten().map(text).collect(),
                    object: message.value.0,
                });
            }
        }
        opened
    }

    async fn fetch<F: Function>(
        aws: &Aws,
        brought: &Vec<Brought>,
        records: &mut [Record],
    ) -> Result<BTreeSet<usize>, Error> {
        let client = aws.s3()?;
        let of = F::OBJECT.ok_or("the function brings no objects")?;
        let mut missing = BTreeSet::new();
        for (number, (record, brought)) in records.iter_mut().zip(brought).enumerate() {
            match Box::pin(keep(&client, &of, &brought.fields, (&brought.object, record))).await {
                Ok(told) => (record.data, record.media) = (told.row, told.media),
                Err(error) => {
                    complain(&error);
                    missing.insert(number);
                }
            }
        }
        Ok(missing)
    }

    fn answer(brought: Vec<Brought>, _: &[Record], _: &Batch, failed: &BTreeSet<usize>) -> Value {
        let places: Vec<Place> = brought.into_iter().map(|brought| brought.place).collect();
        failures(&places, failed)
    }
}

/// A header as a text; the last of equal ones counts. Java tells bytes of 128 and more as negative numbers.
fn text((name, bytes): (String, Vec<i16>)) -> (String, String) {
    let bytes: Vec<u8> = bytes.iter().map(|byte| byte.to_le_bytes()[0]).collect();
    (name.to_lowercase(), String::from_utf8_lossy(&bytes).into_owned())
}
