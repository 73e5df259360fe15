//! Amazon API Gateway: one request, whose body is a record or a list of records. Its sender hears which were turned
//! away and why, and is asked to try again where something could not be delivered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::millis;
use crate::batch::{Batch, Record};

/// A request.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: Context,
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    request_id: String,
    /// Milliseconds since 1970.
    time_epoch: i64,
}

impl super::Event for Event {
    type Receipt = ();

    fn open(self) -> (Vec<Record>, ()) {
        let text = self.body.unwrap_or_default();
        let decoded = self.is_base64_encoded.then(|| base64_simd::STANDARD.decode_to_vec(&text).ok()).flatten();
        let body = decoded.unwrap_or_else(|| text.into_bytes());
        let record = |(place, data): (usize, Vec<u8>)| Record {
            data,
            arrived: millis(self.request_context.time_epoch),
            seq: format!("{}#{place:06}", self.request_context.request_id),
            media: "",
        };
        (bodies(body).into_iter().enumerate().map(record).collect(), ())
    }

    fn answer((): (), records: &[Record], batch: &Batch, failed: &BTreeSet<usize>) -> Value {
        if !failed.is_empty() {
            return response(503, json!({"message": "not everything was delivered: send it again"}));
        }
        let mut rejected = BTreeMap::new();
        for (place, reason) in batch.outputs.iter().flat_map(|output| &output.reasons) {
            rejected.entry(*place).or_insert(*reason);
        }
        let reasons: Vec<Value> =
            rejected.iter().map(|(place, reason)| json!({"record": place, "reason": reason})).collect();
        let accepted = records.len() - rejected.len();
        let status = if accepted == 0 && !rejected.is_empty() {
            400
        } else {
            202
        };
        response(status, json!({"accepted": accepted, "rejected": reasons}))
    }
}

/// The records of a body: the items of a list, else the body itself.
fn bodies(body: Vec<u8>) -> Vec<Vec<u8>> {
    match serde_json::from_slice::<Vec<&RawValue>>(&body) {
        Ok(items) => items.iter().map(|item| item.get().as_bytes().to_vec()).collect(),
        Err(_) => vec![body],
    }
}

fn response(status: u16, body: Value) -> Value {
    json!({"statusCode": status, "headers": {"content-type": "application/json"}, "body": body.to_string()})
}
