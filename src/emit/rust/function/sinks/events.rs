//! Amazon EventBridge: each row is the detail of an event.

use serde_json::{Value, json};

use super::request::Http;
use super::{Answer, Row};

/// A bus.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    /// Its name.
    pub bus: String,
    /// Who sends.
    source: String,
    /// What events are called.
    detail_type: String,
}

impl Bus {
    /// Puts events.
    pub async fn send(&self, http: &Http, rows: &[Row<'_>]) -> Answer {
        let entries: Vec<Value> = rows
            .iter()
            .map(|row| {
                json!({
                    "Detail": row.text, "DetailType": self.detail_type, "EventBusName": self.bus, "Source": self.source,
                })
            })
            .collect();
        match http.json("events", "1.1", "AWSEvents.PutEvents", &json!({"Entries": entries})).await {
            Ok(answer) => refused(&answer["Entries"]),
            Err(answer) => answer,
        }
    }
}

/// The places of entries that have an error.
pub fn refused(entries: &Value) -> Answer {
    let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
    let wrong = entries.iter().enumerate().filter(|(_, entry)| entry["ErrorCode"].is_string());
    let said = entries.iter().find_map(|entry| entry["ErrorCode"].as_str()).map(str::to_owned);
    Answer::But(wrong.map(|(place, _)| place).collect(), said)
}
