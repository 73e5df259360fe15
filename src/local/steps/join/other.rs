//! The other side of a join: its rows, found by the bytes of their keys.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::row::RowConverter;

use super::super::super::batch::{Batch, Rejects};
use super::super::super::error::RunError;
use super::super::super::keys::Keys;
use super::super::Work;
use super::super::held::{Held, Place, row_form_of};
use crate::plan::Join;

/// Rows that were read, and where those of each key are.
pub(in super::super::super) struct Other {
    held: Held,
    places: Vec<Place>,
    converter: Option<RowConverter>,
    keys: Keys,
    /// By row, while rows come: its key, and its event time where pairs are bound by it.
    numbers: Vec<Option<u32>>,
    times: Vec<i64>,
    /// By key: where its rows begin among `rows`, and the end of all.
    starts: Vec<u32>,
    rows: Vec<u32>,
    /// In the order of `rows`.
    row_times: Vec<i64>,
}

impl Other {
    pub fn new() -> Other {
        Other {
            held: Held::default(),
            places: Vec::new(),
            converter: None,
            keys: Keys::default(),
            numbers: Vec::new(),
            times: Vec::new(),
            starts: Vec::new(),
            rows: Vec::new(),
            row_times: Vec::new(),
        }
    }

    /// Takes rows in. Expressions of `on` read them as `ALIAS.column`.
    pub fn add(&mut self, join: &Join, batch: Batch, work: &mut Work<'_>) -> Result<(), RunError> {
        let mut named = batch.clone();
        for (name, _) in &mut named.columns {
            *name = format!("{}.{name}", join.alias);
        }
        let mut rejects = Rejects::default();
        let mut values = Vec::with_capacity(join.equal.len());
        for (_, right) in &join.equal {
            values.push(work.evaluator(&named, &mut rejects).column(right)?);
        }
        let number = self.held.batches.len() as u32;
        for (row, key) in self.numbered(&values, batch.rows(), true)?.into_iter().enumerate() {
            // A row whose key cannot be computed matches nothing.
            self.numbers.push(key.filter(|_| !rejects.has(row)));
            self.places.push((number, row as u32));
        }
        if join.within_seconds.is_some() {
            let time = join.columns.iter().find(|column| column.event_time);
            let time = time.ok_or_else(|| RunError::unsupported("`within` without an event time"))?;
            let times = batch.column(&time.name)?.as_primitive::<TimestampMicrosecondType>();
            let instant = |row: usize| {
                if times.is_valid(row) {
                    times.value(row)
                } else {
                    i64::MIN
                }
            };
            self.times.extend((0..batch.rows()).map(instant));
        }
        self.held.batches.push(batch);
        Ok(())
    }

    /// All rows have come: puts those of each key together, in order of time where that bounds pairs.
    pub fn settle(&mut self) {
        let mut counts = vec![0_u32; self.keys.len() + 1];
        for number in self.numbers.iter().flatten() {
            counts[*number as usize + 1] += 1;
        }
        for at in 1..counts.len() {
            counts[at] += counts[at - 1];
        }
        self.starts.clone_from(&counts);
        self.rows = vec![0; counts.last().copied().unwrap_or(0) as usize];
        for (row, number) in self.numbers.iter().enumerate() {
            if let Some(number) = number {
                let place = &mut counts[*number as usize];
                self.rows[*place as usize] = row as u32;
                *place += 1;
            }
        }
        self.numbers = Vec::new();
        if self.times.is_empty() {
            return;
        }
        for key in 0..self.keys.len() {
            let (from, to) = (self.starts[key] as usize, self.starts[key + 1] as usize);
            self.rows[from..to].sort_by_key(|row| self.times[*row as usize]);
        }
        self.row_times = self.rows.iter().map(|row| self.times[*row as usize]).collect();
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.places.len()
    }

    pub(super) fn place(&self, row: u32) -> Place {
        self.places[row as usize]
    }

    /// A column, batch by batch; `None` where no row came.
    pub(super) fn column<'o>(&'o self, name: &str) -> Option<impl Iterator<Item = &'o ArrayRef> + use<'o>> {
        let at = self
            .held
            .batches
            .first()?
            .columns
            .iter()
            .position(|(column, _)| column == name)?;
        Some(self.held.batches.iter().map(move |batch| &batch.columns[at].1))
    }

    /// The numbers of keys; one that no row here has, or in which something is missing, has none.
    pub(super) fn find(&mut self, values: &[ArrayRef], rows: usize) -> Result<Vec<Option<u32>>, RunError> {
        self.numbered(values, rows, false)
    }

    fn numbered(&mut self, values: &[ArrayRef], rows: usize, new: bool) -> Result<Vec<Option<u32>>, RunError> {
        let arrays: Vec<_> = values.iter().map(|array| (array.clone(), false)).collect();
        let forms = row_form_of(&mut self.converter, &arrays, rows)?;
        let mut numbers = Vec::with_capacity(rows);
        for row in 0..rows {
            let form = forms.row(row);
            let key = form.as_ref();
            numbers.push(match values.iter().any(|array| array.is_null(row)) {
                true => None,
                false if new => Some(self.keys.number(key).0 as u32),
                false => self.keys.find(key).map(|number| number as u32),
            });
        }
        Ok(numbers)
    }

    /// The rows of a key, as near in time as they must be.
    pub(super) fn candidates(&self, key: u32, within: Option<i64>, time: Option<i64>) -> &[u32] {
        let (from, to) = (
            self.starts[key as usize] as usize,
            self.starts[key as usize + 1] as usize,
        );
        let rows = &self.rows[from..to];
        let Some(within) = within else { return rows };
        let Some(time) = time else { return &[] };
        let times = &self.row_times[from..to];
        let first = times.partition_point(|at| *at == i64::MIN || *at < time.saturating_sub(within));
        let last = times.partition_point(|at| *at <= time.saturating_add(within));
        &rows[first..last.max(first)]
    }
}
