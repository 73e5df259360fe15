//! `merge by` and `history by`: of rows with one key the newest, or all that ever were, each with the time that it held.
//!
//! What a dataset holds already counts as well. All rows of one target are held until the last one has come.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, TimestampMicrosecondArray, UInt32Array};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::row::RowConverter;
use pipec_runtime::Timestamp;

use super::{DatasetWriter, own_columns};
use crate::local::batch::Batch;
use crate::local::error::RunError;
use crate::local::keys::Keys;
use crate::local::lines::ROWS;
use crate::local::read;
use crate::local::steps::held::{Held, Place, RowsOf, gather, row_form};
use crate::local::steps::{ARRIVED, CHANGE, SEQUENCE};
use crate::plan::types::Column;

/// What `history` keeps beside the rows' own columns.
const VALID_FROM: &str = "valid_from";
const VALID_TO: &str = "valid_to";
const IS_CURRENT: &str = "is_current";
const OWN: [&str; 3] = [VALID_FROM, VALID_TO, IS_CURRENT];

/// Rows of a target, by key.
pub(super) struct Versions<'p> {
    writer: DatasetWriter<'p>,
    keys: &'p [String],
    /// The rows' own columns.
    columns: Vec<Column>,
    event_time: Option<String>,
    /// Of a history: when rows hold that tell no time.
    history: Option<Timestamp>,
    held: Held,
    /// Beside each batch.
    beside: Vec<Beside>,
    numbers: Keys,
    /// By the key's number.
    of_key: Vec<Vec<Place>>,
    converters: [Option<RowConverter>; 3],
}

/// What tells the order of a batch's rows, and which of them are the same but for their time.
struct Beside {
    times: Option<ArrayRef>,
    arrived: Option<ArrayRef>,
    sequence: Option<ArrayRef>,
    changes: Option<ArrayRef>,
    until: Option<ArrayRef>,
    values: RowsOf,
    all: RowsOf,
    /// Whether they were in the dataset before.
    old: bool,
}

/// A row's instant.
fn instant(instants: Option<&ArrayRef>, row: u32) -> Option<i64> {
    let instants = instants?.as_primitive_opt::<TimestampMicrosecondType>()?;
    instants.is_valid(row as usize).then(|| instants.value(row as usize))
}

impl<'p> Versions<'p> {
    pub fn newest(writer: DatasetWriter<'p>, keys: &'p [String]) -> Result<Versions<'p>, RunError> {
        Versions::of(writer, keys, None)
    }

    pub fn all(writer: DatasetWriter<'p>, keys: &'p [String], now: Timestamp) -> Result<Versions<'p>, RunError> {
        Versions::of(writer, keys, Some(now))
    }

    fn of(writer: DatasetWriter<'p>, keys: &'p [String], history: Option<Timestamp>) -> Result<Versions<'p>, RunError> {
        let own = |column: &&Column| history.is_none() || !OWN.contains(&column.name.as_str());
        let columns: Vec<Column> = writer.dataset.columns.iter().filter(own).cloned().collect();
        let event_time = columns.iter().find(|column| column.event_time);
        let mut versions = Versions {
            event_time: event_time.map(|column| column.name.clone()),
            writer,
            keys,
            columns,
            history,
            held: Held::default(),
            beside: Vec::new(),
            numbers: Keys::default(),
            of_key: Vec::new(),
            converters: [None, None, None],
        };
        versions.take_old()?;
        Ok(versions)
    }

    /// What the dataset holds.
    fn take_old(&mut self) -> Result<(), RunError> {
        let (dataset, folder) = (self.writer.dataset, self.writer.folder.clone());
        let columns: Vec<&Column> = dataset.columns.iter().collect();
        for part in read::parts(&folder, super::ending(dataset.format))? {
            read::for_each_batch(&part, &columns, dataset.format, &mut |batch| self.hold(&batch, true))?;
        }
        Ok(())
    }

    pub fn add(&mut self, batch: &Batch) -> Result<(), RunError> {
        self.hold(batch, false)
    }

    fn hold(&mut self, batch: &Batch, old: bool) -> Result<(), RunError> {
        let own = Batch {
            columns: own_columns(batch, &self.columns)?,
            origin: batch.origin.clone(),
        };
        let [key, value, whole] = &mut self.converters;
        let keys = row_form(key, &own, self.keys.iter().map(String::as_str))?;
        let names = self.columns.iter().map(|column| column.name.as_str());
        let timeless = names.clone().filter(|name| Some(*name) != self.event_time.as_deref());
        let values = row_form(value, &own, timeless)?;
        let all = row_form(whole, &own, names)?;
        let optional = |name: &str| batch.column(name).ok().cloned();
        let times = match (&self.history, &self.event_time) {
            (Some(_), _) if old => optional(VALID_FROM),
            (_, Some(time)) => optional(time),
            (_, None) => optional(ARRIVED),
        };
        let at = self.held.batches.len() as u32;
        for row in 0..own.rows() {
            let (number, new) = self.numbers.number(keys.row(row).as_ref());
            if new {
                self.of_key.push(Vec::new());
            }
            self.of_key[number].push((at, row as u32));
        }
        self.beside.push(Beside {
            times,
            arrived: optional(ARRIVED).filter(|_| !old),
            sequence: optional(SEQUENCE).filter(|_| !old),
            changes: optional(CHANGE).filter(|_| !old),
            until: optional(VALID_TO).filter(|_| old && self.history.is_some()),
            values,
            all,
            old,
        });
        self.held.batches.push(own);
        Ok(())
    }

    fn time(&self, place: Place) -> Option<i64> {
        let own = instant(self.beside[place.0 as usize].times.as_ref(), place.1);
        own.or(self.history.map(|now| now.0))
    }

    /// Which of two rows of one key is older. Of those that are as new, what is in the dataset counts as older, then what
    /// is last by everything else.
    fn age(&self, left: Place, right: Place) -> Ordering {
        let (a, b) = (&self.beside[left.0 as usize], &self.beside[right.0 as usize]);
        let sequence = |beside: &Beside, row: u32| {
            let texts = beside.sequence.as_ref()?.as_string_opt::<i32>()?;
            texts
                .is_valid(row as usize)
                .then(|| texts.value(row as usize).to_owned())
        };
        let time = match (self.time(left), self.time(right)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => Ordering::Equal,
        };
        let last = || {
            let (a, b) = (a.all.row(left.1 as usize), b.all.row(right.1 as usize));
            b.as_ref().cmp(a.as_ref())
        };
        let arrived = || match (
            instant(a.arrived.as_ref(), left.1),
            instant(b.arrived.as_ref(), right.1),
        ) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => Ordering::Equal,
        };
        time.then_with(|| b.old.cmp(&a.old))
            .then_with(arrived)
            .then_with(|| sequence(a, left.1).cmp(&sequence(b, right.1)))
            .then_with(last)
    }

    /// When a version that was there already held no more.
    fn until(&self, place: Place) -> Option<i64> {
        instant(self.beside[place.0 as usize].until.as_ref(), place.1)
    }

    fn is_deleted(&self, place: Place) -> bool {
        let changes = self.beside[place.0 as usize].changes.as_ref();
        let text = changes.and_then(|changes| {
            let changes = changes.as_string_opt::<i32>()?;
            let row = place.1 as usize;
            changes.is_valid(row).then(|| changes.value(row))
        });
        text.is_some_and(|text| text.starts_with(['d', 'D']))
    }

    fn same(&self, left: Place, right: Place) -> bool {
        let value = |place: Place| self.beside[place.0 as usize].values.row(place.1 as usize);
        value(left).as_ref() == value(right).as_ref()
    }

    /// Writes what stays, in place of what was there.
    pub fn finish(mut self) -> Result<DatasetWriter<'p>, RunError> {
        self.writer.clear()?;
        let mut lines: Vec<(Place, Option<i64>, Option<i64>)> = Vec::new();
        for number in 0..self.of_key.len() {
            let mut places = std::mem::take(&mut self.of_key[number]);
            places.sort_by(|left, right| self.age(*left, *right));
            match self.history {
                None => {
                    let newest = places.last().filter(|newest| !self.is_deleted(**newest));
                    lines.extend(newest.map(|newest| (*newest, None, None)));
                }
                Some(_) => self.versions_of(&places, &mut lines),
            }
        }
        // What comes of the same rows is the same file, in whichever runs they came.
        let all = |place: &Place| self.beside[place.0 as usize].all.row(place.1 as usize);
        lines.sort_by(|a, b| all(&a.0).as_ref().cmp(all(&b.0).as_ref()).then(a.1.cmp(&b.1)));
        for lines in lines.chunks(ROWS) {
            let places: Vec<Place> = lines.iter().map(|(place, ..)| *place).collect();
            let mut batch = self.gather(&places)?;
            if self.history.is_some() {
                let instants = |instants: Vec<Option<i64>>| -> ArrayRef {
                    Arc::new(TimestampMicrosecondArray::from(instants).with_timezone("UTC"))
                };
                let current: BooleanArray = lines.iter().map(|(.., to)| Some(to.is_none())).collect();
                batch.set(VALID_FROM, instants(lines.iter().map(|(_, from, _)| *from).collect()));
                batch.set(VALID_TO, instants(lines.iter().map(|(.., to)| *to).collect()));
                batch.set(IS_CURRENT, Arc::new(current));
            }
            self.writer.rows(&batch)?;
        }
        Ok(self.writer)
    }

    /// The versions of one key; `places` are its rows, oldest first.
    fn versions_of(&self, places: &[Place], lines: &mut Vec<(Place, Option<i64>, Option<i64>)>) {
        // Where no version follows one that ended, the key was deleted then.
        let ends = places
            .iter()
            .filter_map(|place| Some((Some(self.until(*place)?), None)));
        let begins = places
            .iter()
            .map(|place| (self.time(*place), (!self.is_deleted(*place)).then_some(*place)));
        let mut instants: Vec<(Option<i64>, Option<Place>)> = ends.chain(begins).collect();
        instants.sort_by_key(|(time, _)| *time);
        let mut before: Option<Place> = None;
        for (at, (time, place)) in instants.iter().enumerate() {
            // Of rows of one instant the last counts.
            if instants.get(at + 1).is_some_and(|(next, _)| next == time) {
                continue;
            }
            match (before, place) {
                (None, None) => continue,
                (Some(before), Some(place)) if self.same(before, *place) => continue,
                (Some(_), _) => {
                    if let Some((.., until)) = lines.last_mut() {
                        *until = *time;
                    }
                }
                (None, Some(_)) => {}
            }
            before = *place;
            lines.extend(before.map(|place| (place, *time, None)));
        }
    }

    fn gather(&self, places: &[Place]) -> Result<Batch, RunError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (at, column) in self.columns.iter().enumerate() {
            let arrays = self.held.batches.iter().map(|batch| &batch.columns[at].1);
            columns.push((column.name.clone(), gather(arrays, places)?));
        }
        let origin: UInt32Array = (0..places.len() as u32).collect::<Vec<_>>().into();
        Ok(Batch { columns, origin })
    }
}
