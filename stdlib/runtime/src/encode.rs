//! Rows as JSON lines, for Firehose and for whoever reads JSON: decimals as numbers with all their digits, missing values
//! as absent fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use crate::functions::Hex;
use crate::functions::json::Json;
use crate::json::plain_bytes;
use crate::types::{Date, Decimal, Timestamp, Uuid, decimal};

/// Who reads a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Hive's JSON SerDe, by which Firehose converts rows to files: timestamps in Hive's text, `json` as a text.
    Hive,
    /// Firehose, for a table of Iceberg: timestamps as microseconds since 1970, `json` as a text, each column there, if only
    /// as `null`.
    /// <https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-destination-supp.html>
    Iceberg,
    /// Whoever reads JSON as the language writes it.
    Plain,
}

/// A value as its reader reads it.
pub trait Value {
    /// Appends it; `false`, and nothing appended, where it is missing.
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool;
}

/// One row being written.
#[derive(Debug)]
pub struct Row<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
    form: Form,
}

impl<'a> Row<'a> {
    /// Starts a row at the end of a buffer.
    pub fn new(form: Form, out: &'a mut Vec<u8>) -> Row<'a> {
        out.push(b'{');
        Row { out, empty: true, form }
    }

    /// Adds a field, unless its value is missing and its reader takes that for a field which is absent.
    #[inline]
    pub fn field(&mut self, name: &str, value: &(impl Value + ?Sized)) {
        let start = self.out.len();
        if !self.empty {
            self.out.push(b',');
        }
        string(self.out, name);
        self.out.push(b':');
        if value.write(self.form, self.out) {
            self.empty = false;
        } else if self.form == Form::Iceberg {
            or_null(false, self.out);
            self.empty = false;
        } else {
            self.out.truncate(start);
        }
    }

    /// Ends a struct, which stands inside of a row.
    pub fn close(self) {
        self.out.push(b'}');
    }

    /// Ends the row and its line.
    pub fn end(self) {
        self.out.extend_from_slice(b"}\n");
    }
}

/// Appends a string with its quotes: only what JSON asks for is escaped.
#[inline]
pub fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, special) = rest.split_at(plain_bytes(rest));
        out.extend_from_slice(plain);
        let Some((byte, after)) = special.split_first() else {
            break;
        };
        escape(out, *byte);
        rest = after;
    }
    out.push(b'"');
}

#[cold]
fn escape(out: &mut Vec<u8>, byte: u8) {
    let escape: &[u8] = match byte {
        b'"' => b"\\\"",
        b'\\' => b"\\\\",
        b'\n' => b"\\n",
        b'\r' => b"\\r",
        b'\t' => b"\\t",
        _ => {
            // Writing to a vector cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
            return;
        }
    };
    out.extend_from_slice(escape);
}

fn quoted(out: &mut Vec<u8>, text: &[u8]) -> bool {
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
    true
}

impl Value for str {
    fn write(&self, _: Form, out: &mut Vec<u8>) -> bool {
        string(out, self);
        true
    }
}

impl Value for String {
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool {
        self.as_str().write(form, out)
    }
}

impl Value for Cow<'_, str> {
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool {
        self.as_ref().write(form, out)
    }
}

impl Value for Hex {
    fn write(&self, _: Form, out: &mut Vec<u8>) -> bool {
        quoted(out, self.as_bytes())
    }
}

impl<T: Value + ?Sized> Value for &T {
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool {
        (**self).write(form, out)
    }
}

impl<T: Value> Value for Option<T> {
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool {
        self.as_ref().is_some_and(|value| value.write(form, out))
    }
}

/// Items that are missing are `null`: a list keeps its length.
impl<T: Value> Value for [T] {
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool {
        out.push(b'[');
        for (place, item) in self.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            or_null(item.write(form, out), out);
        }
        out.push(b']');
        true
    }
}

impl<T: Value> Value for Vec<T> {
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool {
        self.as_slice().write(form, out)
    }
}

/// A key without a value is a key all the same.
impl<T: Value> Value for BTreeMap<String, T> {
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool {
        out.push(b'{');
        for (place, (key, value)) in self.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            string(out, key);
            out.push(b':');
            or_null(value.write(form, out), out);
        }
        out.push(b'}');
        true
    }
}

fn or_null(there: bool, out: &mut Vec<u8>) {
    if !there {
        out.extend_from_slice(b"null");
    }
}

/// A column of `json` is one of texts.
impl Value for Json {
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool {
        match form {
            Form::Hive | Form::Iceberg => string(out, &self.to_string()),
            Form::Plain => out.extend_from_slice(self.to_string().as_bytes()),
        }
        true
    }
}

/// Bytes, as base 64.
#[cfg(feature = "hashes")]
impl Value for [u8] {
    fn write(&self, _: Form, out: &mut Vec<u8>) -> bool {
        quoted(out, crate::functions::base64_of(self).as_bytes())
    }
}

#[cfg(feature = "hashes")]
impl Value for Vec<u8> {
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool {
        self.as_slice().write(form, out)
    }
}

impl Value for bool {
    fn write(&self, _: Form, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
        true
    }
}

impl Value for i64 {
    fn write(&self, _: Form, out: &mut Vec<u8>) -> bool {
        let mut room = [0; 48];
        out.extend_from_slice(decimal::Text(i128::from(*self), 0).write(&mut room));
        true
    }
}

/// NaN and the infinities have no JSON: they count as missing.
impl Value for f64 {
    fn write(&self, _: Form, out: &mut Vec<u8>) -> bool {
        self.is_finite() && write!(out, "{self:?}").is_ok()
    }
}

impl<const P: u8, const S: u8> Value for Decimal<P, S> {
    fn write(&self, _: Form, out: &mut Vec<u8>) -> bool {
        let mut room = [0; 48];
        out.extend_from_slice(decimal::Text(self.0, S).write(&mut room));
        true
    }
}

impl Value for Timestamp {
    fn write(&self, form: Form, out: &mut Vec<u8>) -> bool {
        match form {
            Form::Hive => quoted(out, &self.hive().bytes()),
            Form::Iceberg => self.0.write(form, out),
            Form::Plain => quoted(out, self.to_string().as_bytes()),
        }
    }
}

impl Value for Date {
    fn write(&self, _: Form, out: &mut Vec<u8>) -> bool {
        quoted(out, &self.text())
    }
}

impl Value for Uuid {
    fn write(&self, _: Form, out: &mut Vec<u8>) -> bool {
        quoted(out, &self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_line_without_missing_fields() {
        let mut out = Vec::new();
        let mut row = Row::new(Form::Hive, &mut out);
        row.field("none", &None::<i64>);
        row.field("id", &Uuid([0xAB; 16]));
        row.field("page", "/\"é\"\\\n\u{1}\u{7f}");
        row.field("none", &None::<Cow<'_, str>>);
        row.field("amount", &Some(Decimal::<12, 2>(1250)));
        row.field("count", &i64::MIN);
        row.field("ok", &true);
        row.field("at", &Timestamp(1));
        row.field("day", &Date(0));
        row.field("share", &0.1);
        row.end();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"id":"abababab-abab-abab-abab-abababababab","page":"/\"é\"\\\n\u0001"#,
                "\u{7f}",
                r#"","amount":12.50,"count":-9223372036854775808,"ok":true,"#,
                r#""at":"1970-01-01 00:00:00.000001","day":"1970-01-01","share":0.1}"#,
                "\n"
            )
        );
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn lists_and_maps_keep_what_is_missing() {
        let mut out = Vec::new();
        let mut row = Row::new(Form::Hive, &mut out);
        row.field("list", &vec![Some("a".to_owned()), None]);
        row.field(
            "map",
            &BTreeMap::from([("k".to_owned(), None), ("l".to_owned(), Some(vec![1_i64]))]),
        );
        row.field("json", &Json::parse("{\"b\":[1,null]}"));
        row.field("bytes", b"pipe".as_slice());
        row.end();
        let expected = r#"{"list":["a",null],"map":{"k":null,"l":[1]},"json":"{\"b\":[1,null]}","bytes":"cGlwZQ=="}"#;
        assert_eq!(String::from_utf8(out).unwrap().trim_end(), expected);
    }

    #[test]
    fn plain_rows_have_times_and_json_as_they_are() {
        let mut out = Vec::new();
        let mut row = Row::new(Form::Plain, &mut out);
        row.field("at", &Some(Timestamp(1)));
        row.field("all", &vec![Some(Timestamp(0)), None]);
        row.field("of", &BTreeMap::from([("k".to_owned(), Timestamp(0))]));
        row.field("json", &Json::parse("{\"b\":[1,null]}"));
        row.field("day", &Date(0));
        row.end();
        let expected = concat!(
            r#"{"at":"1970-01-01T00:00:00.000001Z","all":["1970-01-01T00:00:00Z",null],"#,
            r#""of":{"k":"1970-01-01T00:00:00Z"},"json":{"b":[1,null]},"day":"1970-01-01"}"#
        );
        assert_eq!(String::from_utf8(out).unwrap().trim_end(), expected);
    }

    #[test]
    fn rows_for_iceberg_have_times_as_microseconds() {
        let mut out = Vec::new();
        let mut row = Row::new(Form::Iceberg, &mut out);
        row.field("none", &None::<Timestamp>);
        row.field("at", &Some(Timestamp(-1)));
        row.field("all", &vec![Some(Timestamp(1_700_000_000_123_456)), None]);
        row.field("json", &Json::parse("{\"b\":[1,null]}"));
        row.field("day", &Date(0));
        row.field("amount", &Decimal::<12, 2>(1250));
        row.end();
        let expected = concat!(
            r#"{"none":null,"at":-1,"all":[1700000000123456,null],"json":"{\"b\":[1,null]}","#,
            r#""day":"1970-01-01","amount":12.50}"#
        );
        assert_eq!(String::from_utf8(out).unwrap().trim_end(), expected);
    }

    #[test]
    fn floats_are_json() {
        for value in [1e300, -0.0, 1.0, 5e-324, 123_456_789.125] {
            let mut out = Vec::new();
            assert!(value.write(Form::Hive, &mut out));
            let text = String::from_utf8(out).unwrap();
            assert_eq!(serde_json::from_str::<f64>(&text).unwrap(), value, "{text}");
        }
        assert!(!f64::NAN.write(Form::Hive, &mut Vec::new()));
    }

    #[test]
    fn a_row_of_nothing() {
        let mut out = Vec::new();
        Row::new(Form::Hive, &mut out).end();
        assert_eq!(out, b"{}\n");
    }
}
