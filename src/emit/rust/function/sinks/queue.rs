//! Amazon SQS: each row is a message.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::request::Http;
use super::{Answer, Row};

/// A queue.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Its address.
    pub url: String,
    /// Whether messages come in order, once.
    #[serde(default)]
    pub fifo: bool,
    /// The columns that the messages of a group have in common.
    #[serde(default)]
    key: Vec<String>,
}

impl Queue {
    /// The group that a row's message is in: messages of one are in order.
    pub fn group(&self, row: &Row<'_>) -> String {
        row.key(&self.key)
    }

    /// Sends messages.
    pub async fn send(&self, http: &Http, rows: &[Row<'_>]) -> Answer {
        let entry = |(place, row): (usize, &Row<'_>)| {
            let mut entry = json!({"Id": place.to_string(), "MessageBody": row.text});
            if self.fifo {
                entry["MessageGroupId"] = self.group(row).into();
                // The same row of the same record is the same message, however often it is sent.
                entry["MessageDeduplicationId"] = row.digest().into();
            }
            entry
        };
        let entries: Vec<Value> = rows.iter().enumerate().map(entry).collect();
        let asked = json!({"QueueUrl": self.url, "Entries": entries});
        match http.json("sqs", "1.0", "AmazonSQS.SendMessageBatch", &asked).await {
            Ok(answer) => refused(&answer),
            Err(answer) => answer,
        }
    }
}

fn refused(answer: &Value) -> Answer {
    let failed = answer["Failed"].as_array().map(Vec::as_slice).unwrap_or_default();
    let places: BTreeSet<usize> = failed.iter().filter_map(|one| one["Id"].as_str()?.parse().ok()).collect();
    let said = failed.iter().find_map(|one| one["Code"].as_str()).map(str::to_owned);
    Answer::But(places.into_iter().collect(), said)
}
