//! Bytes in, lines out: the pure part of a function, without network or clock.

use pipec_runtime::{Timestamp, reject};

use crate::event::Event;
use crate::metrics::Counts;
use crate::reject::Reject;

/// The most bytes of a Firehose record, before it is encoded for the request.
pub const RECORD_LIMIT: usize = 1_000 * 1024;

const TOO_LARGE: Reject = Reject::size("larger than 1,000 KiB");

/// What a function does with one record.
pub trait Transform {
    /// Its name, for the quarantine.
    const NAME: &'static str;

    /// Appends the record's row as one line; `false` where a filter leaves it out.
    fn row(&self, record: &[u8], arrived: Timestamp, counts: &mut Counts, out: &mut Vec<u8>) -> Result<bool, Reject>;
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

    /// Ends a line that was appended to the bytes.
    fn end(&mut self, record: usize) {
        self.ends.push((self.bytes.len(), record));
    }

    /// Where the line begins that is being appended.
    fn start(&self) -> usize {
        self.ends.last().map_or(0, |(end, _)| *end)
    }

    /// Takes back what was appended since the last line's end.
    fn cut(&mut self) {
        self.bytes.truncate(self.start());
    }
}

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Batch {
    /// Rows for the dataset.
    pub rows: Lines,
    /// Rows turned away, with their reasons.
    pub rejects: Lines,
    /// How many of what.
    pub counts: Counts,
}

/// Hands each record to the transform.
pub fn process<T: Transform>(transform: &T, event: &Event) -> Batch {
    let mut batch = Batch::default();
    let Batch { rows, rejects, counts } = &mut batch;
    for (index, record) in event.records.iter().enumerate() {
        let (payload, arrived) = (record.kinesis.data.0.as_slice(), record.kinesis.arrived());
        counts.rows_in += 1;
        let kept = transform.row(payload, arrived, counts, &mut rows.bytes).and_then(|kept| {
            let size = rows.bytes.len() - rows.start();
            if size > RECORD_LIMIT {
                Err(TOO_LARGE)
            } else {
                Ok(kept)
            }
        });
        match kept {
            Ok(true) => rows.end(index),
            Ok(false) => counts.filtered += 1,
            Err(reject) => {
                rows.cut();
                counts.reject(reject);
                quarantine(rejects, T::NAME, reject, arrived, payload);
                rejects.end(index);
            }
        }
    }
    batch
}

/// Appends a quarantine record; of a row too large for one, as much from its start as there is room for.
fn quarantine(rejects: &mut Lines, transform: &str, reject: Reject, arrived: Timestamp, payload: &[u8]) {
    let mut kept = payload;
    loop {
        reject::quarantine(&mut rejects.bytes, transform, reject.reason, arrived, kept);
        if rejects.bytes.len() - rejects.start() <= RECORD_LIMIT {
            return;
        }
        rejects.cut();
        kept = &kept[..kept.len() / 2];
    }
}
