//! Typed rows as the records that a producer would send, and delivered lines as typed rows again.

use std::collections::BTreeMap;

use pipec_runtime::json::{Object, Raw};
use pipec_runtime::{Timestamp, decode, encode};

use crate::local::canonical;
use crate::plan::expr::Literal;
use crate::plan::types::{Column, TypeKind};

/// A row as a record: one JSON object; what is missing is absent.
pub fn record(columns: &[Column], row: &[Literal]) -> Vec<u8> {
    let mut out = vec![b'{'];
    for (column, value) in columns.iter().zip(row) {
        let Some(text) = canonical(value) else { continue };
        if out.len() > 1 {
            out.push(b',');
        }
        encode::string(&mut out, &column.name);
        out.push(b':');
        match value {
            Literal::Bool(_) | Literal::Int(_) | Literal::Float(_) | Literal::Decimal { .. } => {
                out.extend(text.bytes())
            }
            _ => encode::string(&mut out, &text),
        }
    }
    out.push(b'}');
    out
}

/// A delivered line as a row of these columns; `None` where it is no row of theirs.
pub fn row(columns: &[Column], line: &[u8]) -> Option<Vec<Literal>> {
    let mut object = Object::new(line).ok()?;
    let mut fields = BTreeMap::new();
    while let Some((name, value)) = object.field().ok()? {
        fields.insert(name.into_owned(), value);
    }
    let value = |column: &Column| match fields.get(&column.name).copied().flatten() {
        None => Some(Literal::Null),
        Some(raw) => literal(raw, &column.ty.kind),
    };
    columns.iter().map(value).collect()
}

fn literal(raw: Raw<'_>, kind: &TypeKind) -> Option<Literal> {
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
        // Hive's text: a space for the `T`, and no zone.
        TypeKind::Timestamp => {
            let text = decode::text(raw)?.replacen(' ', "T", 1);
            Literal::Timestamp(Timestamp::parse(&format!("{text}Z"))?.0)
        }
        TypeKind::Uuid => Literal::Uuid(decode::uuid(raw)?.to_string()),
        _ => Literal::Text(decode::text(raw)?.into_owned()),
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
        assert!(super::row(columns, b"[]").is_none());
    }
}
