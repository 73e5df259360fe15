//! Amazon SQS: messages, each taken or tried again by itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::millis;
use crate::batch::{Batch, Record};

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
    attributes: Attributes,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    /// Milliseconds since 1970, as text.
    sent_timestamp: String,
    /// Only messages of queues in order have one.
    #[serde(default)]
    sequence_number: Option<String>,
}

impl super::Event for Event {
    /// The names of the messages.
    type Receipt = Vec<String>;

    fn open(self) -> (Vec<Record>, Vec<String>) {
        let of = |message: Message| {
            let attributes = message.attributes;
            let record = Record {
                data: message.body.into_bytes(),
                arrived: millis(attributes.sent_timestamp.parse().unwrap_or_default()),
                seq: attributes.sequence_number.unwrap_or_else(|| message.message_id.clone()),
                media: "",
            };
            (record, message.message_id)
        };
        self.messages.into_iter().map(of).unzip()
    }

    fn answer(names: Vec<String>, _: &[Record], _: &Batch, failed: &BTreeSet<usize>) -> Value {
        let failures = failed.iter().filter_map(|place| names.get(*place));
        let failures: Vec<Value> = failures.map(|name| json!({"itemIdentifier": name})).collect();
        json!({"batchItemFailures": failures})
    }
}
