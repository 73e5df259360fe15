//! What stands inside of a record's values: lists, maps, structs, with the defaults of inner fields; and their checks.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute;
use pipec_runtime::json::Raw;
use pipec_runtime::value::Value;
use pipec_runtime::{decode, reject};

use crate::local::batch::{Batch, Reason, Rejects};
use crate::local::error::RunError;
use crate::local::steps::{Stage, Work};
use crate::plan::Field;
use crate::plan::evaluate;
use crate::plan::types::{Column, Type, TypeKind, object_fields};

/// A field's value; the reason where it is of another type.
pub(super) fn value(raw: Raw<'_>, field: &Field) -> Result<Value, Reason> {
    let column = &field.column;
    let of = of_kind(raw, &column.ty.kind, &field.inner);
    of.ok_or_else(|| reject::wrong_type(&column.name, &column.ty.kind.to_string()).into())
}

/// `inner` are the fields of the struct that it is, or that its items are, where they say more than their types.
fn of_kind(raw: Raw<'_>, kind: &TypeKind, inner: &[Field]) -> Option<Value> {
    let item = |ty: &Type, raw: Option<Raw<'_>>| match raw {
        Some(raw) => of_kind(raw, &ty.kind, inner),
        None => ty.optional.then_some(Value::Missing),
    };
    Some(match kind {
        TypeKind::Bool => Value::Bool(decode::bool(raw)?),
        TypeKind::Int => Value::Int(decode::int(raw)?),
        TypeKind::Float => Value::Float(decode::float(raw)? + 0.0),
        TypeKind::Decimal { precision, scale } => Value::Decimal(decode::decimal_of(raw, *precision, *scale)?, *scale),
        TypeKind::Text => Value::Text(decode::owned_text(raw)?),
        TypeKind::Bytes => Value::Bytes(decode::bytes(raw)?),
        TypeKind::Date => Value::Date(decode::date(raw)?),
        TypeKind::Timestamp => Value::Timestamp(decode::timestamp(raw)?),
        TypeKind::Duration => Value::Duration(decode::duration(raw)?),
        TypeKind::Uuid => Value::Uuid(decode::uuid(raw)?),
        TypeKind::Json => Value::Json(decode::json(raw)?.to_string()),
        TypeKind::Enum { variants, .. } => {
            let text = decode::owned_text(raw)?;
            variants.contains(&text).then_some(Value::Text(text))?
        }
        TypeKind::List(of) => Value::List(decode::list(raw, |raw| item(of, raw))?),
        TypeKind::Map(of) => Value::Map(decode::map(raw, |raw| item(of, raw))?),
        TypeKind::Struct(fields) => record(raw, fields, inner)?,
        TypeKind::Object => record(raw, &object_fields(), inner)?,
        TypeKind::Null | TypeKind::Never | TypeKind::Error => return None,
    })
}

/// The last of equal names counts, and names that are not known are left out.
fn record(raw: Raw<'_>, fields: &[Column], inner: &[Field]) -> Option<Value> {
    let mut object = decode::object(raw)?;
    let mut found: BTreeMap<String, Option<Raw<'_>>> = BTreeMap::new();
    while let Some((name, value)) = object.field().ok()? {
        found.insert(name.into_owned(), value);
    }
    let value = |field: &Column| -> Option<(String, Value)> {
        let rules = inner.iter().find(|rules| rules.column.name == field.name);
        let default = rules.and_then(|rules| rules.default.as_ref());
        let value = match found.get(&field.name).copied().flatten() {
            Some(raw) => of_kind(raw, &field.ty.kind, rules.map_or(&[], |rules| &rules.inner))?,
            None => match default {
                Some(default) => evaluate::value(default),
                None => field.ty.optional.then_some(Value::Missing)?,
            },
        };
        Some((field.name.clone(), value))
    };
    fields.iter().map(value).collect::<Option<Vec<_>>>().map(Value::Struct)
}

/// The checks of what stands inside of a field.
pub(in crate::local) struct Inner<'p> {
    field: &'p Field,
}

/// The stages of those fields whose inner fields have checks.
pub(in crate::local) fn inner_checks(fields: &[Field]) -> impl Iterator<Item = Inner<'_>> {
    fields
        .iter()
        .filter(|field| checked(&field.inner))
        .map(|field| Inner { field })
}

fn checked(fields: &[Field]) -> bool {
    fields
        .iter()
        .any(|field| field.check.is_some() || checked(&field.inner))
}

impl Stage for Inner<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let rows: Vec<u32> = (0..batch.rows() as u32).collect();
        let mut rejects = Rejects::default();
        let column = batch.column(&self.field.column.name)?.clone();
        inside(
            &column,
            &rows,
            &self.field.column.name,
            &self.field.inner,
            work,
            &mut rejects,
        )?;
        work.turn_away(batch, rejects).map(Some)
    }
}

/// Asks the checks of all structs in an array; `rows` says which row each of its values is of.
fn inside(
    array: &ArrayRef,
    rows: &[u32],
    path: &str,
    fields: &[Field],
    work: &Work<'_>,
    rejects: &mut Rejects,
) -> Result<(), RunError> {
    let items = |offsets: &[i32]| -> Vec<u32> {
        let spans = offsets.windows(2).zip(rows);
        spans
            .flat_map(|(span, row)| (span[0]..span[1]).map(move |_| *row))
            .collect()
    };
    if let Some(list) = array.as_list_opt::<i32>() {
        let (offsets, first) = (list.value_offsets(), list.value_offsets().first().copied().unwrap_or(0));
        let length = offsets.last().copied().unwrap_or(0) - first;
        let values = list.values().slice(first as usize, length as usize);
        return inside(&values, &items(offsets), path, fields, work, rejects);
    }
    if let Some(map) = array.as_map_opt() {
        let (offsets, first) = (map.value_offsets(), map.value_offsets().first().copied().unwrap_or(0));
        let length = offsets.last().copied().unwrap_or(0) - first;
        let values = map.values().slice(first as usize, length as usize);
        return inside(&values, &items(offsets), path, fields, work, rejects);
    }
    let Some(records) = array.as_struct_opt() else {
        return Ok(());
    };
    let names = records.fields().iter().map(|field| field.name().clone());
    let batch = Batch::new(names.zip(records.columns().iter().cloned()).collect(), records.len());
    for field in fields {
        let own = batch.column(&field.column.name)?;
        if let Some(condition) = &field.check {
            let mut inner = Rejects::default();
            let holds = work.evaluator(&batch, &mut inner).condition(condition)?;
            let reason: Reason = reject::check(&format!("{path}.{}", field.column.name), &condition.text).into();
            let there = compute::is_not_null(own)?;
            for (place, row) in rows.iter().enumerate() {
                if records.is_valid(place) && there.value(place) && !holds.value(place) {
                    rejects.add(*row as usize, &reason);
                }
            }
        }
        if checked(&field.inner) {
            inside(
                own,
                rows,
                &format!("{path}.{}", field.column.name),
                &field.inner,
                work,
                rejects,
            )?;
        }
    }
    Ok(())
}
