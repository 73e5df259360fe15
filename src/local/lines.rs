//! A source's sample: lines in, typed columns out, with each line's arrival and what is wrong with it.
//!
//! A sample has no arrivals of its own: a line arrives at its own event time, or where that cannot be read, when the
//! line before it did (the first: 1970-01-01).

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::*;
use pipec_runtime::json::{Object, Raw};
use pipec_runtime::{Date, Timestamp, decode, reject, types::decimal};

use super::batch::{Batch, Reason};
use super::error::RunError;
use crate::plan::Schema;
use crate::plan::expr::Literal;
use crate::plan::types::TypeKind;

/// Rows that travel together.
pub(super) const ROWS: usize = 8192;

/// A file of lines.
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
}

/// Some lines and when they arrived.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Of each line; filled by [`Decoder::decode`].
    pub arrivals: Vec<Timestamp>,
}

impl Lines {
    pub fn open(path: &Path) -> Result<Lines, RunError> {
        let file = File::open(path).map_err(|error| RunError::file(path, "read", error))?;
        Ok(Lines {
            path: path.to_owned(),
            reader: BufReader::with_capacity(1 << 18, file),
        })
    }

    /// Reads the next lines; `false` at the end of the file.
    pub fn next(&mut self, chunk: &mut Chunk) -> Result<bool, RunError> {
        chunk.bytes.clear();
        chunk.ends.clear();
        chunk.arrivals.clear();
        while chunk.ends.len() < ROWS {
            let read = self.reader.read_until(b'\n', &mut chunk.bytes);
            match read.map_err(|error| RunError::file(&self.path, "read", error))? {
                0 => break,
                _ => chunk.ends.push(chunk.bytes.len()),
            }
        }
        Ok(!chunk.ends.is_empty())
    }
}

impl Chunk {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A line without its end.
    pub fn line(&self, number: usize) -> &[u8] {
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        let line = &self.bytes[start..self.ends[number]];
        line.strip_suffix(b"\n").unwrap_or(line)
    }
}

/// Lines as a schema's columns.
pub(super) struct Decoder<'p> {
    schema: &'p Schema,
    reasons: Vec<FieldReasons>,
    event_time: Option<usize>,
    last_arrival: Timestamp,
    /// Fields that the schema does not have, so far.
    pub unknown_fields: u64,
    not_json: Reason,
    not_an_object: Reason,
}

struct FieldReasons {
    missing: Reason,
    wrong: Reason,
}

impl<'p> Decoder<'p> {
    pub fn new(schema: &'p Schema) -> Decoder<'p> {
        let reasons = schema.fields.iter().map(|field| FieldReasons {
            missing: reject::missing(&field.column.name).into(),
            wrong: reject::wrong_type(&field.column.name, &field.column.ty.kind.to_string()).into(),
        });
        let event_time = |field: &crate::plan::Field| field.column.event_time;
        Decoder {
            schema,
            reasons: reasons.collect(),
            event_time: schema.fields.iter().position(event_time),
            last_arrival: Timestamp(0),
            unknown_fields: 0,
            not_json: reject::NOT_JSON.into(),
            not_an_object: reject::NOT_AN_OBJECT.into(),
        }
    }

    /// The lines that are rows, and the others with their reasons. Fills in the chunk's arrivals.
    pub fn decode(&mut self, chunk: &mut Chunk) -> Result<(Batch, Vec<(u32, Reason)>), RunError> {
        let mut builders = Vec::with_capacity(self.schema.fields.len());
        for field in &self.schema.fields {
            builders.push(Builder::new(&field.column.ty.kind, chunk.len())?);
        }
        let mut away: Vec<(u32, Reason)> = Vec::new();
        let mut arrivals = Vec::with_capacity(chunk.len());
        let mut values = vec![None; self.schema.fields.len()];
        for number in 0..chunk.len() {
            let found = self.walk(chunk.line(number), &mut values);
            if found.is_ok()
                && let Some(at) = self.event_time.and_then(|at| decode::timestamp(values[at]?))
            {
                self.last_arrival = at;
            }
            arrivals.push(self.last_arrival);
            if let Err(reason) = found.and_then(|()| self.append(&values, &mut builders)) {
                // Columns that the row got before the mistake, and those that it did not, are as long again.
                builders.iter_mut().for_each(|builder| builder.pad_to(number + 1));
                away.push((number as u32, reason));
            }
        }
        chunk.arrivals = arrivals;
        let mut columns = Vec::with_capacity(builders.len());
        for (builder, field) in builders.into_iter().zip(&self.schema.fields) {
            columns.push((field.column.name.clone(), builder.finish()?));
        }
        let batch = Batch::new(columns, chunk.len());
        if away.is_empty() {
            return Ok((batch, away));
        }
        let mut kept = vec![true; chunk.len()];
        away.iter().for_each(|(number, _)| kept[*number as usize] = false);
        Ok((batch.keep(&kept.into())?, away))
    }

    /// Finds the schema's fields in a record; the last of equal names counts.
    fn walk<'a>(&mut self, record: &'a [u8], values: &mut [Option<Raw<'a>>]) -> Result<(), Reason> {
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
            match place {
                Some(place) => {
                    values[place] = value;
                    next = place + 1;
                }
                None => unknown += 1,
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
            match (value, &field.default) {
                (Some(value), _) => builder.append(*value).ok_or_else(|| reasons.wrong.clone())?,
                (None, Some(default)) => builder.append_literal(default).ok_or_else(|| reasons.wrong.clone())?,
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
}

/// Does the same with the builder of whichever type.
macro_rules! each {
    ($builder:expr, $b:ident => $body:expr) => {
        match $builder {
            Builder::Bool($b) => $body,
            Builder::Int($b) => $body,
            Builder::Float($b) => $body,
            Builder::Decimal($b, ..) => $body,
            Builder::Text($b) | Builder::Uuid($b) | Builder::Variant($b, _) => $body,
            Builder::Date($b) => $body,
            Builder::Timestamp($b) => $body,
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
            other => return Err(RunError::unsupported(format!("fields of type `{other}`"))),
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
            _ => return None,
        }
        Some(())
    }

    fn append_null(&mut self) {
        each!(self, builder => builder.append_null());
    }

    fn pad_to(&mut self, rows: usize) {
        if each!(self, builder => builder.len()) < rows {
            self.append_null();
        }
    }

    fn finish(self) -> Result<ArrayRef, RunError> {
        Ok(each!(self, builder => {
            let mut builder = builder;
            Arc::new(builder.finish()) as ArrayRef
        }))
    }
}
