//! Records in, lines out: the pure part of a function, without network or clock.

use std::collections::BTreeSet;
use std::sync::Arc;

use pipec_runtime::encode::Form;
use pipec_runtime::{Timestamp, reject};

use crate::lookup::{Rows, Table};
use crate::memory::{Dedupe, Key, Passing, Seen};
use crate::metrics::{Counts, Received};
use crate::reject::Reject;

/// The most bytes of a Firehose record, before it is encoded for the request.
pub const RECORD_LIMIT: usize = 1_000 * 1024;

const TOO_LARGE: Reject = Reject::size("larger than 1,000 KiB");

/// One record, as its source brought it.
#[derive(Clone, Debug)]
pub struct Record {
    /// What its producer sent.
    pub data: Vec<u8>,
    /// When it arrived.
    pub arrived: Timestamp,
    /// Its number among the arrivals.
    pub seq: String,
    /// What the object is that it tells of, by its first bytes.
    pub media: &'static str,
}

/// A transform of a function, by what the deployment knows it as.
#[derive(Clone, Copy, Debug)]
pub struct Transform {
    /// Its name, for the quarantine and the metrics.
    pub name: &'static str,
    /// Environment variables: the delivery streams and sinks of its rows, in the order in which it numbers them.
    pub rows: &'static [&'static str],
    /// Environment variable: the delivery stream of the rows that it turns away.
    pub rejects: &'static str,
    /// Its `dedupe`s, in the order in which it numbers them.
    pub dedupes: &'static [Dedupe],
}

/// What a function does with each record of its source.
pub trait Function {
    /// Its transforms, in the order in which it numbers them.
    const TRANSFORMS: &'static [Transform];
    /// The tables that they look rows up in, in the order in which they number them.
    const TABLES: &'static [Table] = &[];
    /// What its records tell of objects.
    #[cfg(feature = "objects")]
    const OBJECT: Option<crate::Object> = None;

    /// The programs that they give rows to, a transform one at most.
    #[cfg(feature = "program")]
    const PROGRAMS: &'static [crate::program::Program] = &[];

    /// Hands a row that a program answered to the rest of its transform.
    ///
    /// # Errors
    /// Where it is no row of what the program returns.
    #[cfg(feature = "program")]
    fn answer(&self, _transform: usize, _row: &Record, _batch: &mut Batch) -> Result<(), Reject> {
        Ok(())
    }

    /// Hands the record to each transform.
    ///
    /// # Errors
    /// Where the record is not what the schema says: then it is no transform's.
    fn record(&self, record: &Record, batch: &mut Batch) -> Result<(), Reject>;
}

/// A row that can be written as a line.
pub trait Line {
    /// Appends the row as a line of JSON, for who reads it.
    fn write(&self, form: Form, out: &mut Vec<u8>);
}

/// Lines, each with the place in its batch of the record that it came of.
#[derive(Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    ends: Vec<(usize, usize)>,
}

impl Lines {
    /// Records as they came, a line each.
    pub fn of_records(records: &[Record]) -> Lines {
        let mut lines = Lines::default();
        for (place, record) in records.iter().enumerate() {
            lines.bytes.extend_from_slice(&record.data);
            lines.bytes.push(b'\n');
            lines.end(place);
        }
        lines
    }

    /// Takes out the lines that are larger than Firehose takes, and gives the places of their records.
    pub fn without_too_large(self) -> (Lines, BTreeSet<usize>) {
        if self.iter().all(|(line, _)| line.len() <= RECORD_LIMIT) {
            return (self, BTreeSet::new());
        }
        let (mut kept, mut out) = (Lines::default(), BTreeSet::new());
        for (line, place) in self.iter() {
            if line.len() > RECORD_LIMIT {
                out.insert(place);
                continue;
            }
            kept.bytes.extend_from_slice(line);
            kept.end(place);
        }
        (kept, out)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Each line, and the place of its record.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], usize)> {
        let mut start = 0;
        self.ends.iter().map(move |&(end, record)| {
            let line = &self.bytes[start..end];
            start = end;
            (line, record)
        })
    }

    /// Ends the line that was appended to the bytes.
    fn end(&mut self, record: usize) {
        self.ends.push((self.bytes.len(), record));
    }

    /// Where the line begins that is being appended.
    fn start(&self) -> usize {
        self.ends.last().map_or(0, |(end, _)| *end)
    }

    /// How long the line is that is being appended.
    fn length(&self) -> usize {
        self.bytes.len() - self.start()
    }

    /// Takes back what was appended since the last line's end.
    fn cut(&mut self) {
        self.bytes.truncate(self.start());
    }
}

/// What came of a batch.
#[derive(Debug)]
pub struct Batch {
    /// What came in.
    pub received: Received,
    /// What came of it, by transform.
    pub outputs: Vec<Output>,
    /// What the transforms' `dedupe`s remember.
    pub seen: Vec<Vec<Seen>>,
    /// The tables that rows are looked up in.
    tables: Vec<Arc<Rows>>,
    /// The place of the record that is being taken.
    record: usize,
}

/// What a transform made of a batch.
#[derive(Debug)]
pub struct Output {
    /// The transform.
    pub transform: &'static Transform,
    /// Rows, by delivery stream.
    pub rows: Vec<Lines>,
    /// Rows for its program.
    #[cfg(feature = "program")]
    pub asked: Lines,
    /// Records of the quarantine.
    pub rejects: Lines,
    /// Why records were turned away, by their places.
    pub reasons: Vec<(usize, &'static str)>,
    /// How many of what.
    pub counts: Counts,
    /// Why nothing of the batch may be delivered.
    pub failure: Option<&'static str>,
}

impl Batch {
    /// Why nothing of it may be delivered: of the first transform that says so, what it expects.
    pub fn failure(&self) -> Option<String> {
        let why = |output: &Output| Some(format!("the batch fails: {}: {}", output.transform.name, output.failure?));
        self.outputs.iter().find_map(why)
    }
}

/// Nothing that was seen before, by transform and `dedupe`.
pub fn nothing_seen<F: Function>() -> Vec<Vec<Seen>> {
    let of = |transform: &Transform| transform.dedupes.iter().map(Seen::new).collect();
    F::TRANSFORMS.iter().map(of).collect()
}

/// Hands each record to the function, but for those at the places that are `missing`.
pub fn process<F: Function>(
    function: &F,
    records: &[Record],
    missing: &BTreeSet<usize>,
    seen: Vec<Vec<Seen>>,
    tables: Vec<Arc<Rows>>,
) -> Batch {
    let mut batch = Batch { received: Received::default(), outputs: outputs::<F>(), seen, tables, record: 0 };
    for (index, record) in records.iter().enumerate().filter(|(index, _)| !missing.contains(index)) {
        batch.record = index;
        batch.received.records += 1;
        if let Err(reject) = function.record(record, &mut batch) {
            for output in &mut batch.outputs {
                output.turn_away(reject, (&record.data, record.arrived), index);
            }
        }
    }
    batch
}

impl Batch {
    /// Turns away the records of a table that are no rows of it, as if they had come with the first of the batch.
    pub fn turn_away_of(&mut self, table: usize, transform: usize, first: &Record) {
        let rows = Arc::clone(&self.tables[table]);
        for (reject, record) in rows.turned_away() {
            self.outputs[transform].turn_away(*reject, (record, first.arrived), 0);
        }
    }
}

fn outputs<F: Function>() -> Vec<Output> {
    let empty = |transform: &'static Transform| Output {
        transform,
        rows: transform.rows.iter().map(|_| Lines::default()).collect(),
        #[cfg(feature = "program")]
        asked: Lines::default(),
        rejects: Lines::default(),
        reasons: Vec::new(),
        counts: Counts::default(),
        failure: None,
    };
    F::TRANSFORMS.iter().map(empty).collect()
}

impl Batch {
    /// Gives a record to one transform, by its number. What it turns away is no matter of the others.
    #[inline]
    pub fn transform(
        &mut self,
        number: usize,
        record: &Record,
        transform: impl FnOnce(&mut Out<'_>) -> Result<(), Reject>,
    ) {
        let index = self.record;
        let (output, seen) = (&mut self.outputs[number], &mut self.seen[number]);
        let before = output.rows();
        let passing = if seen.is_empty() {
            Vec::new()
        } else {
            seen.iter().map(|_| Passing::of(record)).collect()
        };
        let mut out = Out { output, tables: &self.tables, seen, passing, index, place: 0, reject: None };
        out.each(transform);
        match out.reject {
            Some((_, reject)) => self.outputs[number].turn_away(reject, (&record.data, record.arrived), index),
            None if self.outputs[number].rows() == before => self.outputs[number].counts.filtered += 1,
            None => {}
        }
    }
}

impl Output {
    /// How many rows there are.
    fn rows(&self) -> usize {
        let rows: usize = self.rows.iter().map(Lines::len).sum();
        #[cfg(feature = "program")]
        let rows = rows + self.asked.len();
        rows
    }

    /// Puts a record into the quarantine, as it came; of one too large for it, as much from its start as there is room
    /// for.
    #[cold]
    fn turn_away(&mut self, reject: Reject, (record, arrived): (&[u8], Timestamp), index: usize) {
        self.counts.reject(reject);
        self.reasons.push((index, reject.reason));
        let rejects = &mut self.rejects;
        let mut kept = record;
        loop {
            reject::quarantine(&mut rejects.bytes, self.transform.name, reject.reason, arrived, kept);
            if rejects.length() <= RECORD_LIMIT {
                return rejects.end(index);
            }
            rejects.cut();
            kept = &kept[..kept.len() / 2];
        }
    }
}

/// Where a transform puts what it makes of a record.
#[derive(Debug)]
pub struct Out<'a> {
    output: &'a mut Output,
    tables: &'a [Arc<Rows>],
    seen: &'a mut [Seen],
    /// The record's rows, as they pass each `dedupe`.
    passing: Vec<Passing>,
    index: usize,
    /// Where in the transform the row is.
    place: u32,
    /// Why a row was turned away, and where: the first in the order of the transform.
    reject: Option<(u32, Reject)>,
}

impl<'a> Out<'a> {
    /// Adds a row for one of the delivery streams, by its number, as the stream's destination reads it.
    ///
    /// # Errors
    /// Where the row is larger than Firehose takes.
    #[inline]
    pub fn put(&mut self, stream: usize, form: Form, row: &impl Line) -> Result<(), Reject> {
        let lines = &mut self.output.rows[stream];
        row.write(form, &mut lines.bytes);
        if lines.length() > RECORD_LIMIT {
            lines.cut();
            self.place = u32::MAX;
            return Err(TOO_LARGE);
        }
        lines.end(self.index);
        Ok(())
    }

    /// Adds a row for the transform's program.
    #[cfg(feature = "program")]
    pub fn ask(&mut self, row: &impl Line) -> Result<(), Reject> {
        row.write(Form::Plain, &mut self.output.asked.bytes);
        self.output.asked.end(self.index);
        Ok(())
    }

    /// Adds a row for a sink, by its number among what the transform writes.
    ///
    /// # Errors
    /// Where the row is larger than the sink takes.
    #[cfg(feature = "sinks")]
    #[inline]
    pub fn send(&mut self, sink: usize, limit: &crate::sinks::Limit, row: &impl Line) -> Result<(), Reject> {
        let lines = &mut self.output.rows[sink];
        row.write(Form::Plain, &mut lines.bytes);
        if lines.length() > limit.bytes {
            lines.cut();
            self.place = u32::MAX;
            return Err(limit.reject);
        }
        lines.end(self.index);
        Ok(())
    }

    /// One of the rows that a record becomes: where it is turned away, the others are not.
    #[inline]
    pub fn each(&mut self, row: impl FnOnce(&mut Self) -> Result<(), Reject>) {
        if let Err(reject) = row(self)
            && self.reject.is_none_or(|(place, _)| self.place < place)
        {
            self.reject = Some((self.place, reject));
        }
    }

    /// Says how far in the transform the row is. The rows of a record are turned away once, for the reason that comes
    /// first in the transform, whichever of them is turned away first.
    #[inline]
    pub fn at(&mut self, place: u32) {
        self.place = place;
    }

    /// Whether the row came before, by one of the transform's `dedupe`s.
    pub fn is_duplicate(&mut self, dedupe: usize, key: Key) -> bool {
        let arrival = self.passing[dedupe].arrival();
        self.seen[dedupe].is_duplicate(key, arrival, self.index)
    }

    /// A table, by its number.
    pub fn table(&self, number: usize) -> &'a Rows {
        &self.tables[number]
    }

    /// Stops the batch as a whole: nothing of it is delivered, and it comes again.
    #[cold]
    pub fn fail(&mut self, reason: &'static str) {
        self.output.failure.get_or_insert(reason);
    }

    /// Counts a row that an expectation finds wanting.
    pub fn unexpected(&mut self, name: &'static str) {
        self.output.counts.unexpected(name);
    }
}
