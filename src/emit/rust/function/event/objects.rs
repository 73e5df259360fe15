//! Objects that were put into S3: messages of an Amazon SQS queue, which tell of them as S3 itself or as Amazon EventBridge
//! does. A message is taken or tried again by itself.

use std::collections::{BTreeMap, BTreeSet};

use pipec_runtime::Timestamp;
use serde_json::{Value, json};

use super::millis;
use crate::batch::{Batch, Function, Record};
use crate::objects::{Place, complain, read};
use crate::{Aws, Error};

/// Messages of a queue.
#[derive(Debug, serde::Deserialize)]
pub struct Event {
    #[serde(rename = "Records")]
    messages: Vec<Message>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_id: String,
    body: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// What S3 tells a queue.
#[derive(Debug, serde::Deserialize)]
struct Notice {
    #[serde(rename = "Records")]
    records: Vec<Put>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    event_name: String,
    event_time: String,
    s3: Inside,
}

/// What EventBridge tells.
#[derive(Debug, serde::Deserialize)]
struct Told {
    #[serde(rename = "detail-type")]
    kind: String,
    time: String,
    detail: Inside,
}

#[derive(Debug, serde::Deserialize)]
struct Inside {
    bucket: Bucket,
    object: Object,
}

#[derive(Debug, serde::Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Debug, serde::Deserialize)]
struct Object {
    key: String,
    #[serde(default, alias = "versionId", alias = "version-id")]
    version: Option<String>,
    #[serde(default)]
    sequencer: String,
}

/// What S3 sends once, when it is told of a queue.
#[derive(Debug, serde::Deserialize)]
struct Greeting {
    #[serde(rename = "Event")]
    event: String,
}

/// The message of a record, and the object that it tells of.
#[derive(Debug)]
pub struct Notified {
    message: String,
    place: Option<Place>,
}

impl super::Event for Event {
    type Receipt = Vec<Notified>;

    fn open(self) -> (Vec<Record>, Vec<Notified>) {
        let mut opened = (Vec::new(), Vec::new());
        for message in self.messages {
            let sent = message.attributes.get("SentTimestamp").and_then(|sent| sent.parse().ok());
            let sent = millis(sent.unwrap_or_default());
            for (place, time, number) in puts(&message.body) {
                // What tells of no object is turned away: as a text it is no record.
                let data = if place.is_some() {
                    Vec::new()
                } else {
                    json!(message.body).to_string().into_bytes()
                };
                let arrived = time.and_then(|time| Timestamp::parse(&time)).unwrap_or(sent);
                let seq = if number.is_empty() {
                    message.message_id.clone()
                } else {
                    number
                };
                opened.0.push(Record { data, arrived, seq, media: "" });
                opened.1.push(Notified { message: message.message_id.clone(), place });
            }
        }
        opened
    }

    async fn fetch<F: Function>(
        aws: &Aws,
        notified: &Vec<Notified>,
        records: &mut [Record],
    ) -> Result<BTreeSet<usize>, Error> {
        let client = aws.s3()?;
        let of = F::OBJECT.ok_or("the function brings no objects")?;
        let mut missing = BTreeSet::new();
        for (number, (record, notified)) in records.iter_mut().zip(notified).enumerate() {
            let Some(place) = &notified.place else { continue };
            match Box::pin(read(&client, &of, place)).await {
                Ok(told) => (record.data, record.media) = (told.row, told.media),
                // It comes again, and then to the dead letters: an object that is gone is not forgotten.
                Err(error) => {
                    complain(&error);
                    missing.insert(number);
                }
            }
        }
        Ok(missing)
    }

    fn answer(notified: Vec<Notified>, _: &[Record], _: &Batch, failed: &BTreeSet<usize>) -> Value {
        let messages = failed.iter().filter_map(|place| notified.get(*place)).map(|notified| &notified.message);
        let messages: BTreeSet<&String> = messages.collect();
        let failures: Vec<Value> = messages.into_iter().map(|name| json!({"itemIdentifier": name})).collect();
        json!({"batchItemFailures": failures})
    }
}

/// The objects that a message tells of, when each was put, and its number among the changes of its key.
fn puts(body: &str) -> Vec<(Option<Place>, Option<String>, String)> {
    if let Ok(notice) = serde_json::from_str::<Notice>(body) {
        let puts = notice.records.into_iter().filter(|put| put.event_name.contains("ObjectCreated:"));
        let of = |put: Put| {
            let (mut place, number) = located(put.s3);
            // Here, unlike in EventBridge, keys are written as in addresses.
            place.key = unescaped(&place.key);
            (Some(place), Some(put.event_time), number)
        };
        return puts.map(of).collect();
    }
    if let Ok(told) = serde_json::from_str::<Told>(body) {
        if told.kind != "Object Created" {
            return Vec::new();
        }
        let (place, number) = located(told.detail);
        return vec![(Some(place), Some(told.time), number)];
    }
    match serde_json::from_str::<Greeting>(body) {
        Ok(greeting) if greeting.event == "s3:TestEvent" => Vec::new(),
        _ => vec![(None, None, String::new())],
    }
}

fn located(inside: Inside) -> (Place, String) {
    let Inside { bucket, object } = inside;
    (Place { bucket: bucket.name, key: object.key, version: object.version }, object.sequencer)
}

/// A key without the escapes of addresses: `a%2Fb+c` is `a/b c`.
fn unescaped(key: &str) -> String {
    let bytes = key.as_bytes();
    let mut out = Vec::new();
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let escape = key.get(place + 1..place + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, escape) {
            (b'%', Some(escaped)) => {
                out.push(escaped);
                place += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(*byte),
        }
        place += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
