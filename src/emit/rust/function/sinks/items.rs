//! Amazon DynamoDB: each row is an item, which replaces the one with the same key.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::request::Http;
use super::{Answer, Row};

/// The attribute that says when an item is of no use any more, seconds since 1970. No column has this name.
const UNTIL: &str = "_until";

/// A table.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    /// Its name.
    pub table: String,
    /// The columns of its key.
    pub key: Vec<String>,
    /// How long an item stays, seconds.
    keep_seconds: Option<u64>,
}

impl Items {
    /// Puts items.
    pub async fn send(&self, http: &Http, rows: &[Row<'_>]) -> Answer {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let put = |row: &Row<'_>| {
            let mut item: Map<String, Value> =
                row.fields().into_iter().map(|(name, value)| (name, attribute(value))).collect();
            if let Some(seconds) = self.keep_seconds {
                item.insert(UNTIL.to_owned(), json!({"N": (now + seconds).to_string()}));
            }
            json!({"PutRequest": {"Item": item}})
        };
        let requests: Vec<Value> = rows.iter().map(put).collect();
        let asked = json!({"RequestItems": {(self.table.as_str()): requests}});
        match http.json("dynamodb", "1.0", "DynamoDB_20120810.BatchWriteItem", &asked).await {
            Ok(answer) => self.unprocessed(&answer["UnprocessedItems"], &requests),
            Err(answer) => answer,
        }
    }

    /// The places of items that come back.
    fn unprocessed(&self, left: &Value, requests: &[Value]) -> Answer {
        let left = left[&self.table].as_array().map(Vec::as_slice).unwrap_or_default();
        let key = |request: &Value| {
            let item = &request["PutRequest"]["Item"];
            self.key.iter().map(|name| item[name].to_string()).collect::<Vec<_>>()
        };
        let keys: Vec<_> = left.iter().map(key).collect();
        let places = requests.iter().enumerate().filter(|(_, request)| keys.contains(&key(request)));
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        let said = (!places.is_empty()).then(|| "UnprocessedItems".to_owned());
        Answer::But(places, said)
    }
}

/// A value as an attribute: numbers keep their text.
fn attribute(value: &RawValue) -> Value {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => json!({"S": serde_json::from_str::<String>(text).unwrap_or_default()}),
        Some(b't' | b'f') => json!({"BOOL": text == "true"}),
        Some(b'n') | None => json!({"NULL": true}),
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
            json!({"L": items.into_iter().map(attribute).collect::<Vec<_>>()})
        }
        Some(b'{') => {
            let fields: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
            json!({"M": fields.into_iter().map(|(name, value)| (name, attribute(value))).collect::<Map<_, _>>()})
        }
        Some(_) => json!({"N": text}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_attributes_with_all_their_digits() {
        let text = r#"{"a":"x","b":12345678901234567890.10,"c":[true,null],"d":{"e":1}}"#;
        let fields: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap();
        let found: Map<String, Value> = fields.into_iter().map(|(name, value)| (name, attribute(value))).collect();
        let expected = json!({
            "a": {"S": "x"}, "b": {"N": "12345678901234567890.10"}, "c": {"L": [{"BOOL": true}, {"NULL": true}]},
            "d": {"M": {"e": {"N": "1"}}},
        });
        assert_eq!(Value::Object(found), expected);
    }

    #[test]
    fn what_comes_back_is_found_by_its_key() {
        let items = Items { table: "t".into(), key: vec!["k".into()], keep_seconds: None };
        let put = |key: &str| json!({"PutRequest": {"Item": {"k": {"S": key}, "v": {"N": "1"}}}});
        let left = json!({"t": [put("b")]});
        let Answer::But(places, said) = items.unprocessed(&left, &[put("a"), put("b")]) else { panic!() };
        assert_eq!((places, said.as_deref()), (vec![1], Some("UnprocessedItems")));
    }
}
