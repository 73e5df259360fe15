//! Values through arrays and back, of every type.

use std::collections::BTreeMap;

use pipec_runtime::value::Value;
use pipec_runtime::{Date, Timestamp, Uuid};

use super::*;
use crate::plan::types::Column;

fn int() -> Type {
    TypeKind::Int.optional()
}

/// Every kind of type, each with values at its ends.
pub(in crate::local) fn samples() -> Vec<(TypeKind, Vec<Value>)> {
    let most = 10_i128.pow(38) - 1;
    let text = |text: &str| Value::Text(text.into());
    let record = |a: Value, b: Value| Value::Struct(vec![("a".into(), a), ("b".into(), b)]);
    let map = |entries: &[(&str, Value)]| {
        let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        Value::Map(entries.collect::<BTreeMap<_, _>>())
    };
    let fields = vec![
        Column::new("a", TypeKind::Text.optional()),
        Column::new("b", TypeKind::List(Box::new(int())).optional()),
    ];
    let list = |items: &[Value]| Value::List(items.to_vec());
    vec![
        (TypeKind::Bool, vec![Value::Bool(true), Value::Bool(false)]),
        (TypeKind::Int, [i64::MIN, -1, 0, i64::MAX].map(Value::Int).to_vec()),
        (
            TypeKind::Float,
            [f64::MIN, -0.5, 0.0, f64::MAX, f64::INFINITY, f64::NAN]
                .map(Value::Float)
                .to_vec(),
        ),
        (
            TypeKind::Decimal {
                precision: 38,
                scale: 2,
            },
            [-most, -1, 0, most].map(|value| Value::Decimal(value, 2)).to_vec(),
        ),
        (TypeKind::Text, vec![text(""), text("é\u{0}😀"), text("\"")]),
        (TypeKind::Bytes, vec![Value::Bytes(vec![]), Value::Bytes(vec![0, 255])]),
        (
            TypeKind::Date,
            vec![Value::Date(Date(-719_162)), Value::Date(Date(2_932_896))],
        ),
        (
            TypeKind::Timestamp,
            vec![Value::Timestamp(Timestamp::FIRST), Value::Timestamp(Timestamp(-1))],
        ),
        (TypeKind::Duration, [i64::MIN, 0, 1].map(Value::Duration).to_vec()),
        (TypeKind::Uuid, vec![Value::Uuid(Uuid([0xab; 16]))]),
        (
            TypeKind::Json,
            vec![Value::Json("{\"a\":[1.50,null]}".into()), Value::Json("null".into())],
        ),
        (
            TypeKind::List(Box::new(int())),
            vec![list(&[]), list(&[Value::Int(1), Value::Missing])],
        ),
        (
            TypeKind::Map(Box::new(int())),
            vec![map(&[]), map(&[("b", Value::Int(1)), ("a", Value::Missing)])],
        ),
        (
            TypeKind::Struct(fields),
            vec![
                record(text("x"), list(&[Value::Int(1)])),
                record(Value::Missing, Value::Missing),
            ],
        ),
        (
            TypeKind::List(Box::new(
                TypeKind::Map(Box::new(TypeKind::Duration.required())).required(),
            )),
            vec![list(&[map(&[("", Value::Duration(1))]), map(&[])])],
        ),
    ]
}

#[test]
fn every_type_goes_there_and_back() {
    for (kind, values) in samples() {
        let values: Vec<_> = values.into_iter().chain([Value::Missing]).collect();
        let array = array(&kind, &values.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(*array.data_type(), data_type(&kind).unwrap(), "{kind}");
        for (row, value) in values.iter().enumerate() {
            assert_eq!(value_at(&array, row, &kind), *value, "{kind}");
            // A part of an array is read as the whole is.
            assert_eq!(value_at(&array.slice(row, 1), 0, &kind), *value, "{kind}");
            let literal = literal_at(&array, row, &kind);
            assert_eq!(evaluate::value(&literal), *value, "{kind}");
        }
        let literals: Vec<_> = values.iter().map(evaluate::literal).collect();
        let again = array_of(&kind, &literals.iter().collect::<Vec<_>>()).unwrap();
        let again = (0..values.len()).map(|row| value_at(&again, row, &kind));
        assert_eq!(again.collect::<Vec<_>>(), values, "{kind}");
    }
}

#[test]
fn zero_has_one_sign_and_nan_one_form() {
    let values = [Value::Float(-0.0), Value::Float(-f64::NAN)];
    let array = array(&TypeKind::Float, &values.iter().collect::<Vec<_>>()).unwrap();
    let floats: &[f64] = arrow::array::AsArray::as_primitive::<arrow::datatypes::Float64Type>(&array).values();
    assert_eq!(
        [floats[0].to_bits(), floats[1].to_bits()],
        [0.0_f64.to_bits(), f64::NAN.to_bits()]
    );
}

#[test]
fn a_row_is_json() {
    let samples = samples();
    let (mut columns, mut known) = (Vec::new(), Vec::new());
    for (at, (kind, values)) in samples.iter().enumerate() {
        let name = format!("c{at}");
        let array = array(kind, &values.iter().take(1).collect::<Vec<_>>()).unwrap();
        columns.push((name.clone(), array));
        known.push(Column::new(&name, kind.clone().optional()));
    }
    let text = String::from_utf8(row_as_json(&columns, &known, 0)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["c1"], i64::MIN);
    assert_eq!(json["c3"], "-999999999999999999999999999999999999.99");
    assert_eq!(json["c6"], "0001-01-01");
    assert_eq!(json["c10"]["a"][1], serde_json::Value::Null);
    assert_eq!(json["c13"], serde_json::json!({"a": "x", "b": [1]}));
    assert_eq!(json["c14"], serde_json::json!([{"": 1}, {}]));
}
