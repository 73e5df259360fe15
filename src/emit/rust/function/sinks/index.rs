//! Amazon OpenSearch Serverless: each row is a document.
//!
//! Where rows have a key, a document's name is its digest, so that a row replaces the one before; and when it was written
//! stands in it, for whoever takes out old ones. Without a key the collection names documents, and ends them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::request::Http;
use super::{Answer, Row};

/// The field that says when a document was written, milliseconds since 1970. No column has this name.
const WRITTEN: &str = "_written_at";
/// The field of time that a collection without keys wants.
const TIME: &str = "@timestamp";

/// An index.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Where its collection is.
    endpoint: String,
    /// Its name.
    pub index: String,
    /// The columns that tell one document from another.
    #[serde(default)]
    key: Vec<String>,
}

impl Index {
    /// Indexes documents.
    pub async fn send(&self, http: &Http, rows: &[Row<'_>]) -> Answer {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        let mut body = String::new();
        for row in rows {
            let (action, field) = match self.key.is_empty() {
                true => (json!({"index": {}}), TIME),
                false => (json!({"index": {"_id": row.key(&self.key)}}), WRITTEN),
            };
            let rest = row.text.strip_prefix('{').unwrap_or(row.text);
            let comma = if rest.starts_with('}') {
                ""
            } else {
                ","
            };
            body.push_str(&format!("{action}\n{{\"{field}\":{now}{comma}{rest}\n"));
        }
        let url = format!("{}/{}/_bulk", self.endpoint.trim_end_matches('/'), self.index);
        let headers = [("content-type", "application/x-ndjson")];
        match http.post("aoss", &url, &headers, body).await {
            Ok(answer) => refused(&serde_json::from_str(&answer.text).unwrap_or_default()),
            Err(answer) => answer,
        }
    }
}

/// The places of documents that were not indexed.
fn refused(answer: &Value) -> Answer {
    let Some(items) = answer["items"].as_array() else {
        return Answer::Busy("no answer".into());
    };
    let error = |item: &Value| item["index"]["error"]["type"].as_str().map(str::to_owned);
    let failed = |item: &Value| item["index"]["status"].as_u64().is_none_or(|status| status >= 300);
    let places = items.iter().enumerate().filter(|(_, item)| failed(item)).map(|(place, _)| place);
    Answer::But(places.collect(), items.iter().find_map(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_indexed_is_found() {
        let answer = json!({"errors": true, "items": [
            {"index": {"status": 201}}, {"index": {"status": 429, "error": {"type": "es_rejected_execution_exception"}}},
        ]});
        let Answer::But(places, said) = refused(&answer) else { panic!() };
        assert_eq!((places, said.as_deref()), (vec![1], Some("es_rejected_execution_exception")));
        assert!(matches!(refused(&json!({})), Answer::Busy(_)));
    }
}
