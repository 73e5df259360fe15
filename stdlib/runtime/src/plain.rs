//! Plain texts (the values of a CSV file, of an object's metadata, of a message's headers) as the JSON of their types.

use crate::encode;
use crate::json::{self, Raw};

/// How a text stands for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// As it is: texts, dates, decimals.
    Text,
    /// `true`, `false`
    Bool,
    /// A whole number.
    Int,
    /// A number of JSON.
    Float,
    /// RFC 3339, or milliseconds since 1970.
    Timestamp,
    /// JSON: lists, maps, structs.
    Json,
}

/// Appends a text as the JSON of a value; what is none of its kind stays a text, and is turned away where it is read.
pub fn write(out: &mut Vec<u8>, text: &str, kind: Plain) {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let as_it_stands = match kind {
        Plain::Text => None,
        Plain::Bool => matches!(text, "true" | "false").then(|| text.to_owned()),
        Plain::Int => {
            let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
            let number = digits(unsigned).then(|| text.parse::<i64>().ok()).flatten();
            number.map(|number| number.to_string())
        }
        Plain::Float => is_json(text, |value| matches!(value, Raw::Number(_))).then(|| text.to_owned()),
        Plain::Timestamp => digits(text.strip_prefix('-').unwrap_or(text)).then(|| text.to_owned()),
        Plain::Json => is_json(text, |_| true).then(|| text.replace(['\n', '\r'], " ")),
    };
    match as_it_stands {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        None => encode::string(out, text),
    }
}

/// Whether a text is one JSON value of some kind.
fn is_json(text: &str, kind: impl Fn(Raw<'_>) -> bool) -> bool {
    let record = format!("{{\"a\":{text}}}");
    let Ok(mut object) = json::Object::new(record.as_bytes()) else {
        return false;
    };
    let first = matches!(object.field(), Ok(Some((_, Some(value)))) if kind(value));
    first && matches!(object.field(), Ok(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, kind: Plain) -> String {
        let mut out = Vec::new();
        write(&mut out, text, kind);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_of_its_kind_stands_as_it_is() {
        let cases = [
            ("a\"b", Plain::Text, r#""a\"b""#),
            ("true", Plain::Bool, "true"),
            ("True", Plain::Bool, "\"True\""),
            ("+7", Plain::Int, "7"),
            ("7.0", Plain::Int, "\"7.0\""),
            ("99999999999999999999", Plain::Int, "\"99999999999999999999\""),
            ("1e3", Plain::Float, "1e3"),
            ("NaN", Plain::Float, "\"NaN\""),
            ("1767225600000", Plain::Timestamp, "1767225600000"),
            ("2026-01-01T00:00:00Z", Plain::Timestamp, "\"2026-01-01T00:00:00Z\""),
            ("[1,\n2]", Plain::Json, "[1, 2]"),
            ("1},{", Plain::Json, "\"1},{\""),
        ];
        for (text, kind, expected) in cases {
            assert_eq!(written(text, kind), expected);
        }
    }
}
