//! A row on its way to a sink: its text, and the values in it that tell it from others.

use std::collections::BTreeMap;

use pipec_runtime::functions;
use serde_json::value::RawValue;

use crate::batch::{Lines, Record};

/// A row, as one JSON object.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// Its text.
    pub text: &'a str,
    /// The place of its record in the batch.
    pub record: usize,
    /// What tells it from every other row, and stays when its record comes again.
    pub id: String,
}

/// The rows of a batch, each with the name of its record and its number among what came of that.
pub fn rows<'a>(lines: &'a Lines, records: &[Record]) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut number = 0;
    for (line, record) in lines.iter() {
        number = match rows.last() {
            Some(last) if last.record == record => number + 1,
            _ => 0,
        };
        let seq = records.get(record).map_or("", |record| record.seq.as_str());
        // What was written as JSON is UTF-8.
        let text = std::str::from_utf8(line).unwrap_or_default().trim_end();
        rows.push(Row { text, record, id: format!("{seq}/{number}") });
    }
    rows
}

impl<'a> Row<'a> {
    /// Its fields, each as its text in JSON.
    pub fn fields(&self) -> BTreeMap<String, &'a RawValue> {
        serde_json::from_str(self.text).unwrap_or_default()
    }

    /// A field as plain text; nothing where it is missing.
    pub fn plain(&self, name: &str) -> String {
        let fields = self.fields();
        let Some(value) = fields.get(name) else {
            return String::new();
        };
        serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned())
    }

    /// A digest of some fields, the same for rows in which these are alike.
    pub fn key(&self, names: &[String]) -> String {
        let fields = self.fields();
        let values = names.iter().map(|name| fields.get(name).map_or("null", |value| value.get()));
        let values: Vec<&str> = values.collect();
        functions::sha256(&format!("[{}]", values.join(","))).to_string()
    }

    /// A digest of where it comes from.
    pub fn digest(&self) -> String {
        functions::sha256(&self.id).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_equal_values() {
        let row = |text| Row { text, record: 0, id: String::new() };
        let names = ["a".to_owned(), "b".to_owned()];
        let one = row(r#"{"a":"x","b":1,"c":true}"#);
        assert_eq!(one.key(&names), row(r#"{"b":1,"a":"x"}"#).key(&names));
        assert_ne!(one.key(&names), row(r#"{"a":"x","b":"1"}"#).key(&names));
        assert_eq!((one.plain("a"), one.plain("b"), one.plain("z")), ("x".into(), "1".into(), String::new()));
    }
}
