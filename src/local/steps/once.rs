//! `dedupe by KEYS within D` on a stream: a row goes on unless the last one with its key arrived less than D before it.
//!
//! Only keys of the last two stretches of D are kept, so memory does not grow with the stream.

use arrow::array::{AsArray, BooleanArray};
use arrow::datatypes::TimestampMicrosecondType;

use super::super::batch::Batch;
use super::super::error::RunError;
use super::super::keys::Keys;
use super::held::row_form;
use super::rows::micros;
use super::{ARRIVED, Stage, Work};

/// When rows of each key arrived last.
pub(super) struct Once<'p> {
    keys: &'p [String],
    within: i64,
    converter: Option<arrow::row::RowConverter>,
    /// Keys since `began`, and those of the stretch before.
    young: Stretch,
    old: Stretch,
    began: i64,
}

#[derive(Default)]
struct Stretch {
    numbers: Keys,
    last: Vec<i64>,
}

impl Stretch {
    fn set(&mut self, key: &[u8], at: i64) {
        let (number, new) = self.numbers.number(key);
        if new {
            self.last.push(at);
        } else {
            self.last[number] = at;
        }
    }

    fn get(&self, key: &[u8]) -> Option<i64> {
        self.numbers.find(key).map(|number| self.last[number])
    }
}

impl<'p> Once<'p> {
    pub fn new(keys: &'p [String], within_seconds: u64) -> Once<'p> {
        Once {
            keys,
            within: micros(within_seconds),
            converter: None,
            young: Stretch::default(),
            old: Stretch::default(),
            began: i64::MIN,
        }
    }

    /// Whether a row is the first of its key for so long; it is the last one of its key now.
    fn first(&mut self, key: &[u8], at: i64) -> bool {
        if at.saturating_sub(self.began) >= self.within {
            self.old = std::mem::take(&mut self.young);
            self.began = at;
        }
        let last = self.young.get(key).or_else(|| self.old.get(key));
        self.young.set(key, at);
        last.is_none_or(|last| at.abs_diff(last) >= self.within as u64)
    }
}

impl Stage for Once<'_> {
    fn add(&mut self, batch: Batch, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let keys = row_form(&mut self.converter, &batch, self.keys.iter().map(String::as_str))?;
        let kept: BooleanArray = {
            let arrivals = batch.column(ARRIVED)?.as_primitive::<TimestampMicrosecondType>();
            let first = |row: usize| Some(self.first(keys.row(row).as_ref(), arrivals.value(row)));
            (0..batch.rows()).map(first).collect()
        };
        batch.keep(&kept).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_counts_from_the_last_of_its_key() {
        let none: [String; 0] = [];
        let mut once = Once::new(&none, 10);
        let minute = |at: i64| at * 1_000_000;
        let mut seen = |key: &[u8], at| once.first(key, minute(at));
        assert!(seen(b"a", 0));
        assert!(!seen(b"a", 9));
        assert!(!seen(b"a", 18), "nine seconds behind the last one");
        assert!(seen(b"b", 19));
        assert!(seen(b"a", 28));
        assert!(seen(b"a", 100));
        assert!(seen(b"b", 100));
        assert!(!seen(b"b", 95), "not in order");
    }
}
