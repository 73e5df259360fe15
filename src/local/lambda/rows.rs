//! Typed rows as the records that a producer would send, and delivered lines as typed rows again.

use std::collections::BTreeMap;

use pipec_runtime::json::{Object, Raw};
use pipec_runtime::{Json, Timestamp, decode, encode};

use crate::local::canonical;
use crate::plan::expr::Literal;
use crate::plan::types::{Column, TypeKind, object_fields};

/// A row as a record: one JSON object; what is missing is absent.
pub fn record(columns: &[Column], row: &[Literal]) -> Vec<u8> {
    let mut out = vec![b'{'];
    for (column, value) in columns.iter().zip(row) {
        if *value == Literal::Null {
            continue;
        }
        if out.len() > 1 {
            out.push(b',');
        }
        encode::string(&mut out, &column.name);
        out.push(b':');
        write(&mut out, value);
    }
    out.push(b'}');
    out
}

/// When a row of a test arrives, microseconds since 1970: a test says nothing of arrivals, so each does as it happens.
pub fn arrived(columns: &[Column], row: &[Literal]) -> i64 {
    let time = columns.iter().position(|column| column.event_time);
    match time.and_then(|place| row.get(place)) {
        Some(Literal::Timestamp(micros)) => *micros,
        _ => 0,
    }
}

/// A row as a line of a file of arrivals: its record, which says when it arrived.
pub fn line(columns: &[Column], row: &[Literal]) -> Vec<u8> {
    let mut line = record(columns, row);
    line.pop();
    let separator = if line.len() > 1 { "," } else { "" };
    let arrived = Timestamp(arrived(columns, row));
    line.extend(format!("{separator}\"_arrived\":\"{arrived}\"}}\n").bytes());
    line
}

/// A value as a producer writes it.
fn write(out: &mut Vec<u8>, value: &Literal) {
    match value {
        Literal::Null => out.extend(b"null"),
        Literal::Duration(micros) => out.extend(micros.to_string().bytes()),
        Literal::Json(text) => out.extend(text.bytes()),
        Literal::List(items) => {
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write(out, item);
            }
            out.push(b']');
        }
        Literal::Map(entries) | Literal::Struct(entries) => {
            out.push(b'{');
            for (place, (name, item)) in entries.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                encode::string(out, name);
                out.push(b':');
                write(out, item);
            }
            out.push(b'}');
        }
        Literal::Bool(_) | Literal::Int(_) | Literal::Float(_) | Literal::Decimal { .. } => {
            out.extend(canonical(value).unwrap_or_default().bytes());
        }
        Literal::Text(_) | Literal::Date(_) | Literal::Timestamp(_) | Literal::Uuid(_) | Literal::Bytes(_) => {
            encode::string(out, &canonical(value).unwrap_or_default());
        }
    }
}

/// A delivered line as a row of these columns; `None` where it is no row of theirs.
pub fn row(columns: &[Column], line: &[u8]) -> Option<Vec<Literal>> {
    let fields = entries(Object::new(line).ok()?)?;
    let value = |column: &Column| literal(fields.get(&column.name).copied().flatten(), &column.ty.kind);
    columns.iter().map(value).collect()
}

/// The fields of an object, the last of equal names.
fn entries(mut object: Object<'_>) -> Option<BTreeMap<String, Option<Raw<'_>>>> {
    let mut fields = BTreeMap::new();
    while let Some((name, value)) = object.field().ok()? {
        fields.insert(name.into_owned(), value);
    }
    Some(fields)
}

/// A value of a type; what is missing is null.
fn literal(raw: Option<Raw<'_>>, kind: &TypeKind) -> Option<Literal> {
    let Some(raw) = raw else {
        return Some(Literal::Null);
    };
    Some(match kind {
        TypeKind::Bool => Literal::Bool(decode::bool(raw)?),
        TypeKind::Int => Literal::Int(decode::int(raw)?),
        TypeKind::Float => Literal::Float(decode::float(raw)?),
        TypeKind::Decimal { precision, scale } => {
            let unscaled = decode::decimal_of(raw, *precision, *scale)?;
            Literal::Decimal {
                unscaled,
                scale: *scale,
            }
        }
        TypeKind::Date => Literal::Date(decode::date(raw)?.0),
        // Hive's text, a space for the `T` and no zone; on the way to a sink the language's; and microseconds on the way
        // to a table of Iceberg.
        TypeKind::Timestamp => match decode::text(raw) {
            Some(text) => {
                let text = text.replacen(' ', "T", 1);
                let zone = if text.ends_with('Z') { "" } else { "Z" };
                Literal::Timestamp(Timestamp::parse(&format!("{text}{zone}"))?.0)
            }
            None => Literal::Timestamp(decode::int(raw)?),
        },
        TypeKind::Duration => Literal::Duration(decode::duration(raw)?),
        TypeKind::Uuid => Literal::Uuid(decode::uuid(raw)?.to_string()),
        TypeKind::Bytes => Literal::Bytes(decode::bytes(raw)?),
        // A column of `json` is one of texts, in datasets.
        TypeKind::Json => {
            let inside = decode::text(raw).and_then(|text| Json::parse(&text));
            Literal::Json(inside.or_else(|| decode::json(raw))?.to_string())
        }
        TypeKind::List(item) => Literal::List(decode::list(raw, |item_of| literal(item_of, &item.kind))?),
        TypeKind::Map(value) => {
            let entries = entries(decode::object(raw)?)?;
            let entries = entries
                .into_iter()
                .map(|(name, raw)| Some((name, literal(raw, &value.kind)?)));
            Literal::Map(entries.collect::<Option<_>>()?)
        }
        TypeKind::Struct(fields) => {
            let entries = entries(decode::object(raw)?)?;
            let of = |field: &Column| {
                let raw = entries.get(&field.name).copied().flatten();
                Some((field.name.clone(), literal(raw, &field.ty.kind)?))
            };
            Literal::Struct(fields.iter().map(of).collect::<Option<_>>()?)
        }
        TypeKind::Object => literal(Some(raw), &TypeKind::Struct(object_fields()))?,
        TypeKind::Text | TypeKind::Enum { .. } | TypeKind::Null | TypeKind::Never | TypeKind::Error => {
            Literal::Text(decode::text(raw)?.into_owned())
        }
    })
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::plan::fixture::clickstream;

    #[test]
    fn a_record_is_what_a_producer_sends() {
        let plan = clickstream();
        let columns = &plan.transforms[0].input_columns;
        let text = String::from_utf8(record(columns, &plan.tests[0].given[0].rows[0])).unwrap();
        let expected = r#"{"click_id":"00000000-0000-0000-0000-000000000001","user_id":"","at":"1970-01-01T00:00:00Z","page":"","kind":"buy"}"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn a_line_is_a_row_again() {
        let plan = clickstream();
        let columns = &plan.transforms[0].steps[2].columns;
        let line = br#"{"at":"2026-01-01 00:00:00.000001","amount":12.50,"day":"2026-01-01"}"#;
        let row = row(columns, line).unwrap();
        assert!(row.contains(&Literal::Timestamp(1_767_225_600_000_001)));
        assert!(row.contains(&Literal::Decimal {
            unscaled: 1250,
            scale: 2
        }));
        let line = br#"{"at":1767225600000001,"amount":null,"day":"2026-01-01"}"#;
        assert!(
            super::row(columns, line)
                .unwrap()
                .contains(&Literal::Timestamp(1_767_225_600_000_001))
        );
        assert!(super::row(columns, b"[]").is_none());
    }
}
