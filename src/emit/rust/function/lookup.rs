//! Tables that rows are looked up in: small enough to be held whole. What stands in S3 beside a table's files says
//! which of them are its newest snapshot; a sandbox reads them when it starts, and again when others are named.

use std::collections::BTreeMap;

use crate::memory::Key;
use crate::reject::Reject;

/// A table that a transform looks rows up in.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Environment variable: where its files are, `s3://bucket/prefix/`.
    pub variable: &'static str,
    /// How its files are written.
    pub format: Format,
    /// Columns that are in the names of its folders, each with whether it is a number or a truth value.
    pub partition: &'static [(&'static str, bool)],
    /// What a row is found by; an error where it is no row of the table.
    pub key: fn(&[u8]) -> Result<Key, Reject>,
    /// The transform that looks rows up in it, by its number: what is no row goes to its quarantine.
    pub transform: usize,
}

/// File formats of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line.
    Json,
    /// Apache Parquet.
    Parquet,
}

/// The rows of a table, each a JSON object, by what they are found by.
#[derive(Debug, Default)]
pub struct Rows {
    bytes: Vec<u8>,
    found: BTreeMap<Key, Vec<(usize, usize)>>,
    turned_away: Vec<(Reject, Vec<u8>)>,
}

impl Rows {
    /// Adds a row.
    pub fn add(&mut self, key: Key, row: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(row);
        self.found.entry(key).or_default().push((start, self.bytes.len()));
    }

    /// Remembers a record that is no row, and why.
    pub fn turn_away(&mut self, reject: Reject, record: &[u8]) {
        self.turned_away.push((reject, record.to_vec()));
    }

    /// The records that are no rows, each with its reason.
    pub fn turned_away(&self) -> &[(Reject, Vec<u8>)] {
        &self.turned_away
    }

    /// The rows that may be found by this key, in the order of the table's files.
    pub fn with(&self, key: Key) -> impl Iterator<Item = &[u8]> {
        let places = self.found.get(&key).map(Vec::as_slice).unwrap_or_default();
        places.iter().map(|(start, end)| &self.bytes[*start..*end])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.found.values().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_their_keys() {
        let mut rows = Rows::default();
        rows.add(Key(1), b"{\"a\":1}");
        rows.add(Key(2), b"{\"a\":2}");
        rows.add(Key(1), b"{\"a\":3}");
        assert_eq!(rows.with(Key(1)).collect::<Vec<_>>(), [b"{\"a\":1}", b"{\"a\":3}"]);
        assert_eq!((rows.with(Key(3)).count(), rows.len()), (0, 3));
    }
}
