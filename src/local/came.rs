//! How rows came that a step held: beside each goes what it was, so that one that is turned away later is written as it
//! came, and once, however many rows were made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StructArray, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::{Field, Fields, TimestampMicrosecondType, UInt64Type};
use pipec_runtime::Timestamp;

use super::batch::{Batch, Reason};
use super::error::RunError;
use super::needed::may_turn_away;
use super::pipeline::Origin;
use super::steps::{ARRIVED, CAME};
use super::value::row_as_json;
use crate::plan::types::Column;
use crate::plan::{Step, StepKind};

/// The fields of the column that goes beside rows: their number, their time, and the row itself.
const FIELDS: [&str; 3] = ["number", "at", "row"];

/// Whether a step lets no row go on before all have come, and hands on the same rows.
fn holds(kind: &StepKind) -> bool {
    matches!(
        kind,
        StepKind::Dedupe { .. } | StepKind::Window { .. } | StepKind::Session { .. } | StepKind::Sort(_)
    )
}

/// Whether rows that the first of these steps holds have to keep how they came.
pub(super) fn is_kept(steps: &[&Step]) -> bool {
    let Some((first, rest)) = steps.split_first() else {
        return false;
    };
    let new = rest.iter().position(|step| step.kind.makes_new_rows());
    let rest = rest.get(..new.map_or(rest.len(), |new| new + 1)).unwrap_or(rest);
    holds(&first.kind) && rest.iter().any(|step| may_turn_away(&step.kind))
}

/// A row that was turned away after it was held.
struct Away {
    stage: usize,
    reason: Reason,
    at: Timestamp,
    row: Vec<u8>,
}

/// Rows that are turned away after a step held them, kept until all have come.
#[derive(Default)]
pub(super) struct Came {
    /// How many batches have come.
    batches: u64,
    /// The number of the batch on its way.
    now: u64,
    /// Rows that were turned away before.
    gone: BTreeSet<u64>,
    away: BTreeMap<u64, Away>,
}

impl Came {
    /// Other rows come: their places are new ones. Answers with the number of the batch that was on its way.
    pub fn begin(&mut self) -> u64 {
        self.batches += 1;
        std::mem::replace(&mut self.now, self.batches)
    }

    /// The batch of that number is on its way again.
    pub fn resume(&mut self, batch: u64) {
        self.now = batch;
    }

    fn number(&self, place: usize) -> u64 {
        (self.now << 32) | place as u64
    }

    /// Notes that a row was turned away before any step held it.
    pub fn turned(&mut self, place: usize) {
        self.gone.insert(self.number(place));
    }

    /// Puts how rows came beside them, unless it is there already.
    pub fn beside(&self, batch: &mut Batch, origin: Origin<'_>) -> Result<(), RunError> {
        if batch.column(CAME).is_ok() {
            return Ok(());
        }
        let places = &batch.origin;
        let number = UInt64Array::from_iter_values(places.values().iter().map(|place| self.number(*place as usize)));
        let at = places.values().iter().map(|place| origin.at(*place as usize).0);
        let row: ArrayRef = match origin {
            Origin::Lines(chunk) => {
                let lines = places.values().iter().map(|place| chunk.line(*place as usize));
                Arc::new(BinaryArray::from_iter_values(lines))
            }
            Origin::Rows(came, _) => {
                let own = Batch {
                    columns: came.columns.iter().filter(|(name, _)| name != CAME).cloned().collect(),
                    origin: came.origin.clone(),
                };
                structs(own.take(places)?.columns)
            }
        };
        let at = TimestampMicrosecondArray::from_iter_values(at);
        let columns = FIELDS.map(str::to_owned).into_iter();
        let arrays: [ArrayRef; 3] = [Arc::new(number), Arc::new(at), row];
        batch.set(CAME, structs(columns.zip(arrays).collect()));
        Ok(())
    }

    /// Keeps a row that is turned away; of the rows that were made of one, the first reason counts.
    pub fn keep(&mut self, came: &ArrayRef, place: usize, (stage, reason): (usize, Reason), known: &[Column]) {
        let Some(came) = came.as_struct_opt() else { return };
        let number = came.column(0).as_primitive::<UInt64Type>().value(place);
        let first = self
            .away
            .get(&number)
            .is_none_or(|away| (stage, &reason) < (away.stage, &away.reason));
        if !first || self.gone.contains(&number) {
            return;
        }
        let row = match came.column(2).as_binary_opt::<i32>() {
            Some(lines) => lines.value(place).to_vec(),
            None => {
                let row = came.column(2).as_struct();
                let names = row.fields().iter().map(|field| field.name().clone());
                let columns: Vec<_> = names.zip(row.columns().iter().cloned()).collect();
                row_as_json(&columns, known, place)
            }
        };
        let at = Timestamp(came.column(1).as_primitive::<TimestampMicrosecondType>().value(place));
        self.away.insert(number, Away { stage, reason, at, row });
    }

    /// Lets go all that was kept, in the order in which it came: when, why, and the row.
    pub fn let_go(&mut self) -> impl Iterator<Item = (Timestamp, Reason, Vec<u8>)> + use<> {
        let away = std::mem::take(&mut self.away).into_values();
        away.map(|Away { reason, at, row, .. }| (at, reason, row))
    }
}

/// Columns as one.
fn structs(columns: Vec<(String, ArrayRef)>) -> ArrayRef {
    let rows = columns.first().map_or(0, |(_, array)| array.len());
    let field = |(name, array): &(String, ArrayRef)| Field::new(name, array.data_type().clone(), true);
    let fields: Fields = columns.iter().map(field).collect();
    let arrays: Vec<ArrayRef> = columns.into_iter().map(|(_, array)| array).collect();
    if arrays.is_empty() {
        return Arc::new(StructArray::new_empty_fields(rows, None));
    }
    Arc::new(StructArray::new(fields, arrays, None))
}

impl Origin<'_> {
    /// When a row came.
    pub fn at(self, place: usize) -> Timestamp {
        match self {
            Origin::Lines(chunk) => chunk.arrivals[place],
            Origin::Rows(batch, event_time) => instant(batch, ARRIVED, place)
                .or_else(|| instant(batch, event_time?, place))
                .unwrap_or_default(),
        }
    }
}

fn instant(batch: &Batch, column: &str, row: usize) -> Option<Timestamp> {
    let times = batch
        .column(column)
        .ok()?
        .as_primitive_opt::<TimestampMicrosecondType>()?;
    times.is_valid(row).then(|| Timestamp(times.value(row)))
}
