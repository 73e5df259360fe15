//! A table of keys: bytes in, a small number out, the same number for the same bytes.
//!
//! Keys get their numbers in order of arrival, and nothing ever walks the hash table: results do not depend on it.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Keys in one buffer, found by hash.
#[derive(Debug, Default)]
pub(super) struct Keys {
    hasher: DefaultHashBuilder,
    table: HashTable<u32>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Keys {
    /// The number of a key, and whether it is new.
    pub fn number(&mut self, key: &[u8]) -> (usize, bool) {
        let Keys {
            hasher,
            table,
            bytes,
            ends,
        } = self;
        let hash = hasher.hash_one(key);
        if let Some(number) = table.find(hash, |number| slice(bytes, ends, *number as usize) == key) {
            return (*number as usize, false);
        }
        let number = ends.len();
        bytes.extend_from_slice(key);
        ends.push(bytes.len());
        table.insert_unique(hash, number as u32, |number| {
            hasher.hash_one(slice(bytes, ends, *number as usize))
        });
        (number, true)
    }

    /// The number of a key that is there.
    pub fn find(&self, key: &[u8]) -> Option<usize> {
        let hash = self.hasher.hash_one(key);
        let same = |number: &u32| slice(&self.bytes, &self.ends, *number as usize) == key;
        self.table.find(hash, same).map(|number| *number as usize)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of a key.
    pub fn key(&self, number: usize) -> &[u8] {
        slice(&self.bytes, &self.ends, number)
    }
}

fn slice<'a>(bytes: &'a [u8], ends: &[usize], number: usize) -> &'a [u8] {
    let start = if number == 0 { 0 } else { ends[number - 1] };
    &bytes[start..ends[number]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_arrival() {
        let mut keys = Keys::default();
        assert_eq!(keys.number(b""), (0, true));
        assert_eq!(keys.number(b"a"), (1, true));
        assert_eq!(keys.number(b""), (0, false));
        for n in 0..10_000_u32 {
            keys.number(&n.to_le_bytes());
        }
        assert_eq!(keys.number(&7_u32.to_le_bytes()), (9, false));
        assert_eq!((keys.len(), keys.key(1)), (10_002, &b"a"[..]));
    }
}
