//! Amazon Kinesis: each row is a record.

use serde_json::{Value, json};

use super::request::Http;
use super::{Answer, Row, events};

/// The longest partition key.
const KEY: usize = 256;

/// A stream.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// The column whose text is the partition key.
    key: Option<String>,
}

impl Stream {
    /// Puts records.
    pub async fn send(&self, http: &Http, rows: &[Row<'_>]) -> Answer {
        let records: Vec<Value> = rows
            .iter()
            .map(|row| {
                let data = base64_simd::STANDARD.encode_to_string(row.text);
                json!({"Data": data, "PartitionKey": self.key_of(row)})
            })
            .collect();
        let asked = json!({"StreamName": self.name, "Records": records});
        match http.json("kinesis", "1.1", "Kinesis_20131202.PutRecords", &asked).await {
            Ok(answer) => events::refused(&answer["Records"]),
            Err(answer) => answer,
        }
    }

    /// The text of the column; where there is none, or it is too long, what stands for it.
    fn key_of(&self, row: &Row<'_>) -> String {
        let text = self.key.as_ref().map(|name| row.plain(name)).unwrap_or_default();
        match text.chars().count() {
            0 => row.digest(),
            1..=KEY => text,
            _ => row.key(self.key.as_slice()),
        }
    }
}
