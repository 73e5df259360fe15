//! Lines as typed columns, with what is wrong with the others, and when each arrived.
//!
//! A line arrives when its `_arrived` says. Samples mostly do not say: then at its own event time, or where that cannot be
//! read, when the line before it did (the first: 1970-01-01). Lines of a source without event time arrive with the run. What
//! has landed and tells no time arrived as the day of its folder began.
//!
//! A line may be a record of a change: then the row is inside of it, and what became of the row, and when, beside that.

use std::sync::Arc;

use arrow::array::*;
use pipec_runtime::changes::{self, Change};
use pipec_runtime::json::{Object, Raw};
use pipec_runtime::value::Value;
use pipec_runtime::{Date, Timestamp, decode, reject, types::decimal};

use super::Chunk;
use super::nested;
use crate::local::batch::{Batch, Reason};
use crate::local::error::RunError;
use crate::local::steps::{ARRIVED, CHANGE, SEQUENCE};
use crate::local::value;
use crate::plan::expr::Literal;
use crate::plan::types::TypeKind;
use crate::plan::{Schema, Source};

/// What is known of arrivals that lines do not say.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::local) struct Arrivals {
    /// When lines arrive that tell no time at all.
    pub otherwise: Timestamp,
    /// Whether the columns `_seq` and `_op` are wanted as well.
    pub numbered: bool,
    /// The number of the first line.
    pub first: u64,
}

/// Lines as a schema's columns.
pub(in crate::local) struct Decoder<'p> {
    schema: &'p Schema,
    reasons: Vec<FieldReasons>,
    event_time: Option<usize>,
    arrivals: Arrivals,
    last_arrival: Timestamp,
    /// When lines of the file at hand arrive that tell no time, where the file does.
    of_file: Option<Timestamp>,
    /// How many lines there were so far.
    lines: u64,
    /// Whether lines may be records of changes, and whether `op` is what became of a row.
    changes: (bool, bool),
    /// Fields that the schema does not have, so far.
    pub unknown_fields: u64,
    not_json: Reason,
    not_an_object: Reason,
}

struct FieldReasons {
    missing: Reason,
    wrong: Reason,
}

/// What a line says besides its row.
#[derive(Default)]
struct Beside {
    arrived: Option<Timestamp>,
    change: Option<String>,
}

impl<'p> Decoder<'p> {
    pub fn new(schema: &'p Schema, arrivals: Arrivals) -> Decoder<'p> {
        let reasons = schema.fields.iter().map(|field| FieldReasons {
            missing: reject::missing(&field.column.name).into(),
            wrong: reject::wrong_type(&field.column.name, &field.column.ty.kind.to_string()).into(),
        });
        let event_time = |field: &crate::plan::Field| field.column.event_time;
        let event_time = schema.fields.iter().position(event_time);
        Decoder {
            schema,
            reasons: reasons.collect(),
            event_time,
            arrivals,
            last_arrival: match event_time {
                Some(_) => Timestamp(0),
                None => arrivals.otherwise,
            },
            of_file: None,
            changes: (false, false),
            lines: arrivals.first,
            unknown_fields: 0,
            not_json: reject::NOT_JSON.into(),
            not_an_object: reject::NOT_AN_OBJECT.into(),
        }
    }

    /// Of what a source brings.
    pub fn of(source: &'p Source, arrivals: Arrivals) -> Decoder<'p> {
        Decoder {
            changes: (source.tells_of_changes(), source.has_operation()),
            ..Decoder::new(&source.schema, arrivals)
        }
    }

    /// Says when a file landed whose lines come next: those that tell no time arrived then.
    pub fn landed(&mut self, at: Option<Timestamp>) {
        self.of_file = at;
    }

    /// The lines that are rows, and the others with their reasons. Fills in the chunk's arrivals.
    pub fn decode(&mut self, chunk: &mut Chunk) -> Result<(Batch, Vec<(u32, Reason)>), RunError> {
        let mut builders = Vec::with_capacity(self.schema.fields.len());
        for field in &self.schema.fields {
            builders.push(Builder::new(&field.column.ty.kind, chunk.len())?);
        }
        let mut away: Vec<(u32, Reason)> = Vec::new();
        let mut arrivals = Vec::with_capacity(chunk.len());
        let mut changes: Vec<Option<String>> = Vec::new();
        let mut values = vec![None; self.schema.fields.len()];
        let mut controls: Vec<usize> = Vec::new();
        for number in 0..chunk.len() {
            let mut beside = Beside::default();
            self.last_arrival = self.of_file.unwrap_or(self.last_arrival);
            let found = match self.opened(chunk.line(number)) {
                Change::Of(changed) => {
                    let instant = |raw: Option<Raw>| raw.and_then(decode::timestamp);
                    beside.arrived = instant(changed.arrived);
                    let found = self.walk(changed.row.as_bytes(), &mut values, &mut beside);
                    beside.arrived = changed.at.map_or(beside.arrived, |at| instant(Some(at)));
                    let operation = changed.operation.and_then(decode::owned_text);
                    beside.change = operation.or(beside.change);
                    found
                }
                Change::Bare => self.walk(chunk.line(number), &mut values, &mut beside),
                Change::Control(at) => {
                    arrivals.push(at.and_then(decode::timestamp).unwrap_or(self.last_arrival));
                    changes.extend(self.arrivals.numbered.then_some(None));
                    builders.iter_mut().for_each(|builder| builder.pad_to(number + 1));
                    controls.push(number);
                    continue;
                }
            };
            if found.is_ok() {
                let own = || self.event_time.and_then(|at| decode::timestamp(values[at]?));
                self.last_arrival = beside.arrived.or_else(own).unwrap_or(self.last_arrival);
            }
            arrivals.push(self.last_arrival);
            if self.arrivals.numbered {
                changes.push(beside.change);
            }
            if let Err(reason) = found.and_then(|()| self.append(&values, &mut builders)) {
                // Columns that the row got before the mistake, and those that it did not, are as long again.
                builders.iter_mut().for_each(|builder| builder.pad_to(number + 1));
                away.push((number as u32, reason));
            }
        }
        chunk.arrivals = arrivals;
        let mut columns = Vec::with_capacity(builders.len() + 3);
        for (builder, field) in builders.into_iter().zip(&self.schema.fields) {
            columns.push((field.column.name.clone(), builder.finish()?));
        }
        self.beside(chunk, changes, &mut columns);
        self.lines += chunk.len() as u64;
        let batch = Batch::new(columns, chunk.len());
        if away.is_empty() && controls.is_empty() {
            return Ok((batch, away));
        }
        let mut kept = vec![true; chunk.len()];
        controls.iter().for_each(|number| kept[*number] = false);
        away.iter().for_each(|(number, _)| kept[*number as usize] = false);
        Ok((batch.keep(&kept.into())?, away))
    }

    /// What a line is.
    fn opened<'a>(&self, line: &'a [u8]) -> Change<'a> {
        match self.changes {
            (true, _) => changes::of(line),
            (false, _) => Change::Bare,
        }
    }

    /// The columns of arrivals.
    fn beside(&self, chunk: &Chunk, changes: Vec<Option<String>>, columns: &mut Vec<(String, ArrayRef)>) {
        let instants = chunk.arrivals.iter().map(|at| at.0);
        let arrived = TimestampMicrosecondArray::from_iter_values(instants).with_timezone("UTC");
        columns.push((ARRIVED.to_owned(), Arc::new(arrived)));
        if self.arrivals.numbered {
            // As wide as the largest number, so that texts have the numbers' order.
            let numbers = (0..chunk.len() as u64).map(|line| format!("{:020}", self.lines + line));
            columns.push((SEQUENCE.to_owned(), Arc::new(StringArray::from_iter_values(numbers))));
            columns.push((CHANGE.to_owned(), Arc::new(StringArray::from(changes))));
        }
    }

    /// Finds the schema's fields in a record; the last of equal names counts.
    fn walk<'a>(
        &mut self,
        record: &'a [u8],
        values: &mut [Option<Raw<'a>>],
        beside: &mut Beside,
    ) -> Result<(), Reason> {
        values.fill(None);
        let fields = &self.schema.fields;
        let mut unknown = 0;
        // Records mostly have their fields in the schema's order, so the next one is tried first.
        let mut next = 0;
        let mut object = Object::new(record).map_err(|reason| self.reason(reason))?;
        while let Some((name, value)) = object.field().map_err(|reason| self.reason(reason))? {
            let expected = fields.get(next).is_some_and(|field| field.column.name == *name);
            let place = if expected {
                Some(next)
            } else {
                fields.iter().position(|field| field.column.name == *name)
            };
            match (place, &*name) {
                (Some(place), _) => {
                    values[place] = value;
                    next = place + 1;
                }
                (None, ARRIVED) => beside.arrived = value.and_then(decode::timestamp),
                (None, "op" | "Op") if self.changes.1 => beside.change = value.and_then(decode::owned_text),
                (None, CHANGE) => beside.change = value.and_then(decode::owned_text),
                _ => unknown += 1,
            }
        }
        self.unknown_fields += unknown;
        Ok(())
    }

    fn reason(&self, reason: &str) -> Reason {
        match reason {
            reject::NOT_AN_OBJECT => self.not_an_object.clone(),
            _ => self.not_json.clone(),
        }
    }

    fn append(&self, values: &[Option<Raw<'_>>], builders: &mut [Builder<'_>]) -> Result<(), Reason> {
        let fields = self.schema.fields.iter().zip(&self.reasons);
        for ((value, builder), (field, reasons)) in values.iter().zip(builders).zip(fields) {
            let wrong = || reasons.wrong.clone();
            match (value, &field.default) {
                (Some(value), _) => match builder {
                    Builder::Other(built, _) => built.push(nested::value(*value, field)?),
                    builder => builder.append(*value).ok_or_else(wrong)?,
                },
                (None, Some(default)) => builder.append_literal(default).ok_or_else(wrong)?,
                (None, None) if field.column.ty.optional => builder.append_null(),
                (None, None) => return Err(reasons.missing.clone()),
            }
        }
        Ok(())
    }
}

/// A column being decoded.
enum Builder<'p> {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Decimal(Decimal128Builder, u8, u8),
    Text(StringBuilder),
    Uuid(StringBuilder),
    Variant(StringBuilder, &'p [String]),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    /// Lists, maps, structs, json, bytes, durations.
    Other(Vec<Value>, &'p TypeKind),
}

/// Does the same with the builder of whichever plain type; `other` is for the rest.
macro_rules! each {
    ($builder:expr, $b:ident => $body:expr, $values:ident, $kind:ident => $other:expr) => {
        match $builder {
            Builder::Bool($b) => $body,
            Builder::Int($b) => $body,
            Builder::Float($b) => $body,
            Builder::Decimal($b, ..) => $body,
            Builder::Text($b) | Builder::Uuid($b) | Builder::Variant($b, _) => $body,
            Builder::Date($b) => $body,
            Builder::Timestamp($b) => $body,
            Builder::Other($values, $kind) => $other,
        }
    };
}

impl<'p> Builder<'p> {
    fn new(kind: &'p TypeKind, rows: usize) -> Result<Builder<'p>, RunError> {
        let text = |bytes| StringBuilder::with_capacity(rows, rows * bytes);
        Ok(match kind {
            TypeKind::Bool => Builder::Bool(BooleanBuilder::with_capacity(rows)),
            TypeKind::Int => Builder::Int(Int64Builder::with_capacity(rows)),
            TypeKind::Float => Builder::Float(Float64Builder::with_capacity(rows)),
            TypeKind::Decimal { precision, scale } => {
                let builder = Decimal128Builder::with_capacity(rows);
                let builder = builder.with_precision_and_scale(*precision, *scale as i8)?;
                Builder::Decimal(builder, *precision, *scale)
            }
            TypeKind::Text => Builder::Text(text(16)),
            TypeKind::Uuid => Builder::Uuid(text(36)),
            TypeKind::Enum { variants, .. } => Builder::Variant(text(8), variants),
            TypeKind::Date => Builder::Date(Date32Builder::with_capacity(rows)),
            TypeKind::Timestamp => {
                Builder::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC"))
            }
            other => Builder::Other(Vec::with_capacity(rows), other),
        })
    }

    /// Appends a value, if it is of the column's type.
    fn append(&mut self, value: Raw<'_>) -> Option<()> {
        match self {
            Builder::Bool(builder) => builder.append_value(decode::bool(value)?),
            Builder::Int(builder) => builder.append_value(decode::int(value)?),
            // Never `-0.0`: see `value`.
            Builder::Float(builder) => builder.append_value(decode::float(value)? + 0.0),
            Builder::Decimal(builder, p, s) => builder.append_value(decode::decimal_of(value, *p, *s)?),
            Builder::Text(builder) => builder.append_value(decode::text(value)?),
            Builder::Uuid(builder) => {
                let text = decode::uuid(value)?.text();
                builder.append_value(std::str::from_utf8(&text).ok()?);
            }
            Builder::Variant(builder, variants) => {
                let text = decode::text(value)?;
                builder.append_value(variants.iter().find(|variant| **variant == *text)?);
            }
            Builder::Date(builder) => builder.append_value(decode::date(value)?.0),
            Builder::Timestamp(builder) => builder.append_value(decode::timestamp(value)?.0),
            Builder::Other(..) => return None,
        }
        Some(())
    }

    fn append_literal(&mut self, literal: &Literal) -> Option<()> {
        match (self, literal) {
            (builder, Literal::Null) => builder.append_null(),
            (Builder::Bool(builder), Literal::Bool(value)) => builder.append_value(*value),
            (Builder::Int(builder), Literal::Int(value)) => builder.append_value(*value),
            (Builder::Float(builder), Literal::Float(value)) => builder.append_value(*value + 0.0),
            (Builder::Decimal(builder, p, s), Literal::Decimal { unscaled, scale }) => {
                builder.append_value(decimal::cast(*unscaled, *scale, *p, *s)?);
            }
            (
                Builder::Text(builder) | Builder::Uuid(builder) | Builder::Variant(builder, _),
                Literal::Text(text) | Literal::Uuid(text),
            ) => builder.append_value(text),
            (Builder::Date(builder), Literal::Date(days)) => builder.append_value(Date(*days).0),
            (Builder::Timestamp(builder), Literal::Timestamp(micros)) => builder.append_value(*micros),
            (Builder::Other(values, _), literal) => values.push(crate::plan::evaluate::value(literal)),
            _ => return None,
        }
        Some(())
    }

    fn append_null(&mut self) {
        each!(self, builder => builder.append_null(), values, _kind => values.push(Value::Missing));
    }

    fn pad_to(&mut self, rows: usize) {
        if each!(self, builder => builder.len(), values, _kind => values.len()) < rows {
            self.append_null();
        }
    }

    fn finish(self) -> Result<ArrayRef, RunError> {
        Ok(each!(self, builder => {
            let mut builder = builder;
            Arc::new(builder.finish()) as ArrayRef
        }, values, kind => value::array(kind, &values.iter().collect::<Vec<_>>())?))
    }
}
