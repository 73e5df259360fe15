//! JSON values as types, from their text and never through a float. `None` is "not of this type".

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::functions::json::Json;
use crate::json::{Array, Object, Raw, unescape};
use crate::types::{Date, Decimal, Timestamp, Uuid, decimal};

/// A field that must be there.
#[inline]
pub fn required<'a, T>(
    value: Option<Raw<'a>>,
    decode: impl FnOnce(Raw<'a>) -> Option<T>,
    missing: &'static str,
    wrong: &'static str,
) -> Result<T, &'static str> {
    decode(value.ok_or(missing)?).ok_or(wrong)
}

/// A field that may be missing.
#[inline]
pub fn optional<'a, T>(
    value: Option<Raw<'a>>,
    decode: impl FnOnce(Raw<'a>) -> Option<T>,
    wrong: &'static str,
) -> Result<Option<T>, &'static str> {
    value.map(|value| decode(value).ok_or(wrong)).transpose()
}

/// A string; copied only where it has escapes.
#[inline]
pub fn text(value: Raw<'_>) -> Option<Cow<'_, str>> {
    match value {
        Raw::Plain(text) => Some(Cow::Borrowed(text)),
        Raw::Escaped(text) => unescape(text).map(Cow::Owned),
        _ => None,
    }
}

/// `true` or `false`.
pub fn bool(value: Raw<'_>) -> Option<bool> {
    match value {
        Raw::Bool(value) => Some(value),
        _ => None,
    }
}

/// A number of digits alone (`1.0` and `1e3` are none), within 64 bits.
pub fn int(value: Raw<'_>) -> Option<i64> {
    match value {
        // Rust's grammar is wider only by `+`, which JSON's has not.
        Raw::Number(text) => text.parse().ok(),
        _ => None,
    }
}

/// A number; one too large for 64 bits is none.
pub fn float(value: Raw<'_>) -> Option<f64> {
    match value {
        // Zero is never negative.
        Raw::Number(text) => text
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .map(|value| value + 0.0),
        _ => None,
    }
}

/// A number or a string of one, without exponent, with no more digits than the type has room for.
pub fn decimal<const P: u8, const S: u8>(value: Raw<'_>) -> Option<Decimal<P, S>> {
    decimal_of(value, P, S).map(Decimal)
}

/// [`decimal`] for a type known only when running: the digits without the point.
pub fn decimal_of(value: Raw<'_>, precision: u8, scale: u8) -> Option<i128> {
    match value {
        Raw::Number(number) => decimal::parse(number, precision, scale),
        other => decimal::parse(&text(other)?, precision, scale),
    }
}

/// A string in RFC 3339 with a zone, or whole milliseconds since 1970.
pub fn timestamp(value: Raw<'_>) -> Option<Timestamp> {
    match value {
        Raw::Number(_) => Timestamp::from_millis(int(value)?),
        other => Timestamp::parse(&text(other)?),
    }
}

/// A string `YYYY-MM-DD`.
pub fn date(value: Raw<'_>) -> Option<Date> {
    Date::parse(&text(value)?)
}

/// A string of thirty-two hexadecimal digits with hyphens.
pub fn uuid(value: Raw<'_>) -> Option<Uuid> {
    Uuid::parse(&text(value)?)
}

/// A string of its own: what stands in lists, maps and structs.
pub fn owned_text(value: Raw<'_>) -> Option<String> {
    text(value).map(Cow::into_owned)
}

/// A whole number of microseconds.
pub fn duration(value: Raw<'_>) -> Option<i64> {
    int(value)
}

/// A string of bytes in base 64, with or without `=` at its end.
#[cfg(feature = "hashes")]
pub fn bytes(value: Raw<'_>) -> Option<Vec<u8>> {
    crate::functions::bytes_of(&text(value)?)
}

/// Any value.
pub fn json(value: Raw<'_>) -> Option<Json> {
    Some(match value {
        Raw::Bool(value) => Json::Bool(value),
        Raw::Number(text) => Json::Number(text.to_owned()),
        Raw::Nested(text) => Json::parse(text)?,
        other => Json::Text(owned_text(other)?),
    })
}

/// An array; each item by itself, `null` where one is missing.
pub fn list<'a, T>(value: Raw<'a>, item: impl Fn(Option<Raw<'a>>) -> Option<T>) -> Option<Vec<T>> {
    match value {
        Raw::Nested(text) => Array::inside(text)?.map(item).collect(),
        _ => None,
    }
}

/// An object as a map; of equal keys the last one counts.
pub fn map<'a, T>(value: Raw<'a>, item: impl Fn(Option<Raw<'a>>) -> Option<T>) -> Option<BTreeMap<String, T>> {
    let mut object = object(value)?;
    let mut last = BTreeMap::new();
    while let Some((name, value)) = object.field().ok()? {
        last.insert(name.into_owned(), value);
    }
    last.into_iter()
        .map(|(name, value)| Some((name, item(value)?)))
        .collect()
}

/// An object's fields.
pub fn object(value: Raw<'_>) -> Option<Object<'_>> {
    match value {
        Raw::Nested(text) => Object::inside(text),
        _ => None,
    }
}

/// A value inside of a list, a map or a struct that must be there.
pub fn there<'a, T>(value: Option<Raw<'a>>, decode: impl FnOnce(Raw<'a>) -> Option<T>) -> Option<T> {
    decode(value?)
}

/// A value inside of a list, a map or a struct that may be missing.
#[allow(clippy::option_option, reason = "what is missing is not what is wrong")]
pub fn perhaps<'a, T>(value: Option<Raw<'a>>, decode: impl FnOnce(Raw<'a>) -> Option<T>) -> Option<Option<T>> {
    match value {
        Some(value) => decode(value).map(Some),
        None => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Object;

    /// The value of a record's last field `a`.
    fn raw(record: &str) -> Option<Raw<'_>> {
        let mut object = Object::new(record.as_bytes()).unwrap();
        let mut last = None;
        while let Some((name, value)) = object.field().unwrap() {
            if name == "a" {
                last = value;
            }
        }
        last
    }

    fn one<T>(value: &str, decode: impl Fn(Raw<'_>) -> Option<T>) -> Option<T> {
        decode(raw(&format!("{{\"a\":{value}}}")).unwrap())
    }

    #[test]
    fn ints() {
        assert_eq!(one("-0", int), Some(0));
        assert_eq!(one("9223372036854775807", int), Some(i64::MAX));
        assert_eq!(one("-9223372036854775808", int), Some(i64::MIN));
        for value in ["9223372036854775808", "1.0", "1e3", "\"1\"", "true", "[1]", "1E0"] {
            assert_eq!(one(value, int), None, "{value}");
        }
    }

    #[test]
    fn decimals() {
        let cases = [
            ("12.5", 1250),
            ("\"12.5\"", 1250),
            ("\"+12.50\"", 1250),
            ("-0", 0),
            ("\"007\"", 700),
            ("\"\\u0031\"", 100),
        ];
        for (value, digits) in cases {
            assert_eq!(one(value, decimal::<12, 2>), Some(Decimal(digits)), "{value}");
        }
        for value in [
            "1e3",
            "\"1e3\"",
            "1.234",
            "\"\"",
            "\" 1\"",
            "10000000000",
            "true",
            "[]",
            "{}",
            "\".5\"",
        ] {
            assert_eq!(one(value, decimal::<12, 2>), None, "{value}");
        }
        // Through a float this would be …32.
        assert_eq!(
            one("9007199254740993", decimal::<38, 0>),
            Some(Decimal(9_007_199_254_740_993))
        );
        assert_eq!(one(&"9".repeat(39), decimal::<38, 0>), None);
    }

    #[test]
    fn texts() {
        assert_eq!(one(r#""""#, owned_text).as_deref(), Some(""));
        assert_eq!(one(r#""a\u0000b""#, owned_text).as_deref(), Some("a\0b"));
        assert_eq!(one(r#""\ud83d\ude00\/""#, owned_text).as_deref(), Some("😀/"));
        assert!(matches!(
            one(r#""plain""#, |raw| text(raw).map(|t| matches!(t, Cow::Borrowed(_)))),
            Some(true)
        ));
        assert_eq!(one("1", owned_text), None);
    }

    #[test]
    fn times() {
        assert_eq!(one("\"1970-01-01T00:00:00.000001Z\"", timestamp), Some(Timestamp(1)));
        assert_eq!(one("1500", timestamp), Some(Timestamp(1_500_000)));
        assert_eq!(one("-1", timestamp), Some(Timestamp(-1000)));
        for value in ["1.5", "1e3", "\"1500\"", "\"\"", "true", "99999999999999999"] {
            assert_eq!(one(value, timestamp), None, "{value}");
        }
        assert_eq!(one("\"1970-01-02\"", date), Some(Date(1)));
        assert_eq!(one("1", date), None);
    }

    #[test]
    fn others() {
        assert_eq!(one("true", bool), Some(true));
        assert_eq!(one("\"true\"", bool), None);
        assert_eq!(one("1", bool), None);
        assert_eq!(one("1e3", float), Some(1000.0));
        assert_eq!(one("1e999", float), None);
        assert_eq!(one("\"1\"", float), None);
        assert!(one("\"00000000-0000-0000-0000-000000000001\"", uuid).is_some());
        assert!(one("1", uuid).is_none());
    }

    #[test]
    fn the_last_of_equal_keys_wins_even_if_null() {
        assert_eq!(raw(r#"{"a":1,"\u0061":2}"#), Some(Raw::Number("2")));
        assert_eq!(raw(r#"{"a":1,"a":null}"#), None);
        assert_eq!(raw(r#"{"A":1,"a ":2}"#), None);
    }

    #[test]
    fn what_stands_inside() {
        let ints = |raw: Raw<'_>| list(raw, |item| there(item, int));
        assert_eq!(one(" [ 1 , 2 ] ", ints), Some(vec![1, 2]));
        assert_eq!(one("[]", ints), Some(vec![]));
        assert_eq!(one("[1,null]", ints), None);
        assert_eq!(one("[1,\"2\"]", ints), None);
        assert_eq!(one("{}", ints), None);
        let perhaps_ints = |raw: Raw<'_>| list(raw, |item| perhaps(item, int));
        assert_eq!(one("[1,null]", perhaps_ints), Some(vec![Some(1), None]));
        let lists = |raw: Raw<'_>| {
            list(raw, |item| {
                there(item, |raw: Raw<'_>| list(raw, |item| there(item, owned_text)))
            })
        };
        assert_eq!(one(r#"[["a]"],[]]"#, lists), Some(vec![vec!["a]".to_owned()], vec![]]));
        let flags = |raw: Raw<'_>| map(raw, |item| there(item, bool));
        let both = BTreeMap::from([("a".to_owned(), true), ("b".to_owned(), false)]);
        assert_eq!(one(r#"{"b":1,"a":true,"b":false}"#, flags), Some(both));
        assert_eq!(one(r#"{"b":false,"b":null}"#, flags), None);
        assert_eq!(one("[]", flags), None);
        let text = |raw: Raw<'_>| json(raw).map(|json| json.to_string());
        assert_eq!(
            one(r#"{"b":1.0,"a":[null,"\u0041"]}"#, text).as_deref(),
            Some(r#"{"a":[null,"A"],"b":1.0}"#)
        );
        assert_eq!(one(r#""\"""#, text).as_deref(), Some(r#""\"""#));
        assert_eq!(one("\"cGlwZQ\"", bytes), Some(b"pipe".to_vec()));
        assert_eq!(one("\"*\"", bytes), None);
    }

    #[test]
    fn required_and_optional() {
        assert_eq!(required(None, int, "missing", "wrong"), Err("missing"));
        assert_eq!(required(Some(Raw::Bool(true)), int, "missing", "wrong"), Err("wrong"));
        assert_eq!(optional(None, int, "wrong"), Ok(None));
        assert_eq!(optional(Some(Raw::Bool(true)), int, "wrong"), Err("wrong"));
        assert_eq!(optional(Some(Raw::Number("1")), int, "wrong"), Ok(Some(1)));
    }
}
