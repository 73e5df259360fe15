//! Records in, lines out: the pure part of a function, without network or clock.

use pipec_runtime::{Timestamp, reject};

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
}

/// A transform of a function, by what the deployment knows it as.
#[derive(Clone, Copy, Debug)]
pub struct Transform {
    /// Its name, for the quarantine and the metrics.
    pub name: &'static str,
    /// Environment variables: the delivery streams of its rows, in the order in which it numbers them.
    pub rows: &'static [&'static str],
    /// Environment variable: the delivery stream of the rows that it turns away.
    pub rejects: &'static str,
}

/// What a function does with each record of its source.
pub trait Function {
    /// Its transforms, in the order in which it numbers them.
    const TRANSFORMS: &'static [Transform];

    /// Hands the record to each transform.
    ///
    /// # Errors
    /// Where the record is not what the schema says: then it is no transform's.
    fn record(&self, record: &Record, batch: &mut Batch) -> Result<(), Reject>;
}

/// A row that can be written as a line.
pub trait Line {
    /// Appends the row as a line of JSON.
    fn write(&self, out: &mut Vec<u8>);
}

/// Lines, each with the place in its batch of the record that it came of.
#[derive(Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    ends: Vec<(usize, usize)>,
}

impl Lines {
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
    /// Rows turned away, with their reasons.
    pub rejects: Lines,
    /// How many of what.
    pub counts: Counts,
}

/// Hands each record to the function.
pub fn process<F: Function>(function: &F, records: &[Record]) -> Batch {
    let mut batch = Batch { received: Received::default(), outputs: outputs::<F>(), record: 0 };
    for (index, record) in records.iter().enumerate() {
        batch.record = index;
        batch.received.records += 1;
        if let Err(reject) = function.record(record, &mut batch) {
            for output in &mut batch.outputs {
                Out { output, record, index }.turn_away(reject);
            }
        }
    }
    batch
}

fn outputs<F: Function>() -> Vec<Output> {
    let empty = |transform: &'static Transform| Output {
        transform,
        rows: transform.rows.iter().map(|_| Lines::default()).collect(),
        rejects: Lines::default(),
        counts: Counts::default(),
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
        let output = &mut self.outputs[number];
        let before = output.written();
        let mut out = Out { output, record, index: self.record };
        out.each(transform);
        if output.written() == before {
            output.counts.filtered += 1;
        }
    }
}

impl Output {
    /// How many lines there are, of rows and of rows turned away.
    fn written(&self) -> usize {
        self.rows.iter().map(Lines::len).sum::<usize>() + self.rejects.len()
    }
}

/// Where a transform puts what it makes of a record.
#[derive(Debug)]
pub struct Out<'a> {
    output: &'a mut Output,
    record: &'a Record,
    index: usize,
}

impl Out<'_> {
    /// Adds a row for one of the delivery streams, by its number.
    ///
    /// # Errors
    /// Where the row is larger than Firehose takes.
    #[inline]
    pub fn put(&mut self, stream: usize, row: &impl Line) -> Result<(), Reject> {
        let lines = &mut self.output.rows[stream];
        row.write(&mut lines.bytes);
        if lines.length() > RECORD_LIMIT {
            lines.cut();
            return Err(TOO_LARGE);
        }
        lines.end(self.index);
        Ok(())
    }

    /// One of the rows that a record becomes: where it is turned away, the others are not.
    #[inline]
    pub fn each(&mut self, row: impl FnOnce(&mut Self) -> Result<(), Reject>) {
        if let Err(reject) = row(self) {
            self.turn_away(reject);
        }
    }

    /// Counts a row that an expectation finds wanting.
    pub fn unexpected(&mut self, name: &'static str) {
        self.output.counts.unexpected(name);
    }

    /// Puts the record into the quarantine, as it came; of one too large for it, as much from its start as there is
    /// room for.
    #[cold]
    fn turn_away(&mut self, reject: Reject) {
        let Output { transform, rejects, counts, .. } = &mut *self.output;
        counts.reject(reject);
        let mut kept = self.record.data.as_slice();
        loop {
            reject::quarantine(&mut rejects.bytes, transform.name, reject.reason, self.record.arrived, kept);
            if rejects.length() <= RECORD_LIMIT {
                return rejects.end(self.index);
            }
            rejects.cut();
            kept = &kept[..kept.len() / 2];
        }
    }
}
