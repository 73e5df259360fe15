//! `session by KEYS gap D as NAME`: which visit a row belongs to.
//!
//! A visit is called by the SHA-256 of its keys' canonical texts and its first event time's, joined by U+001F; what is
//! missing is U+0000. So it has the same name on every engine, and tells nobody what the keys are.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::row::RowConverter;
use pipec_runtime::functions;

use super::super::batch::Batch;
use super::super::error::RunError;
use super::super::value::{canonical, literal_at};
use super::held::{Going, Held, Order, Place, row_form};
use super::rows::micros;
use super::{Stage, Work, ties};
use crate::plan::types::{Column, TypeKind};

/// Holds all rows.
pub(super) struct Session<'p> {
    keys: &'p [String],
    time: &'p str,
    gap: i64,
    column: &'p Column,
    before: &'p [Column],
    held: Held,
    order: Order,
    converters: [Option<RowConverter>; 3],
    going: Going,
    /// By the number of a row in order: the number of its visit.
    visits: Vec<u32>,
    names: Vec<String>,
}

impl<'p> Session<'p> {
    pub fn new(
        keys: &'p [String],
        time: &'p str,
        gap_seconds: u64,
        column: &'p Column,
        before: &'p [Column],
    ) -> Session<'p> {
        Session {
            keys,
            time,
            gap: micros(gap_seconds),
            column,
            before,
            held: Held::default(),
            order: Order { forms: Vec::new() },
            converters: [None, None, None],
            going: Going::default(),
            visits: Vec::new(),
            names: Vec::new(),
        }
    }

    fn instant(&self, place: Place) -> Result<Option<i64>, RunError> {
        let times = self.held.batches[place.0 as usize].column(self.time)?;
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let row = place.1 as usize;
        Ok(times.is_valid(row).then(|| times.value(row)))
    }

    fn name(&self, first: Place) -> Result<String, RunError> {
        let batch = &self.held.batches[first.0 as usize];
        let mut parts = Vec::new();
        for name in self.keys.iter().map(String::as_str).chain([self.time]) {
            let kind = self.before.iter().find(|column| column.name == name);
            let kind = kind.map_or(&TypeKind::Text, |column| &column.ty.kind);
            let literal = literal_at(batch.column(name)?, first.1 as usize, kind);
            parts.push(canonical(&literal).unwrap_or_else(|| "\0".to_owned()));
        }
        Ok(functions::sha256(&parts.join("\u{1f}")).to_string())
    }
}

impl Stage for Session<'_> {
    fn add(&mut self, batch: Batch, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let [keys, time, rest] = &mut self.converters;
        let keys = row_form(keys, &batch, self.keys.iter().map(String::as_str))?;
        let time = row_form(time, &batch, [self.time].into_iter())?;
        let rest = row_form(rest, &batch, ties(&batch, self.before, &[]).into_iter())?;
        self.order.forms.push(vec![keys, time, rest]);
        self.held.batches.push(batch);
        Ok(None)
    }

    fn finish(&mut self, _: &mut Work<'_>) -> Result<(), RunError> {
        let sorted = self.order.sorted();
        let mut last: Option<Place> = None;
        for place in &sorted {
            let goes_on = match last {
                Some(last) if self.order.same(0, last, *place) => match (self.instant(last)?, self.instant(*place)?) {
                    (Some(last), Some(at)) => at.saturating_sub(last) < self.gap,
                    // Rows without a time are one visit, behind all others.
                    (last, at) => last == at,
                },
                _ => false,
            };
            if !goes_on {
                let name = self.name(*place)?;
                self.names.push(name);
            }
            self.visits.push(self.names.len() as u32 - 1);
            last = Some(*place);
        }
        self.order.forms.clear();
        self.going = Going::new(sorted);
        Ok(())
    }

    fn more(&mut self, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let Some((from, places)) = self.going.next() else {
            return Ok(None);
        };
        let visits = &self.visits[from..from + places.len()];
        let names: StringArray = visits.iter().map(|visit| Some(&self.names[*visit as usize])).collect();
        let mut batch = self.held.gather(places)?;
        batch.set(&self.column.name, Arc::new(names) as ArrayRef);
        Ok(Some(batch))
    }
}
