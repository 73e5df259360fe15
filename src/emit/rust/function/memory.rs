//! What a `dedupe … within` remembers: which keys arrived when. The row alone decides: it is a duplicate if the last one
//! with its key, itself a duplicate or not, arrived less than so long before it. A record that is brought again comes
//! at the same place among the arrivals: what is remembered of that place was delivered then, and is not once more; what
//! is not remembered was not, and is no duplicate of itself.

use std::collections::BTreeSet;

use pipec_runtime::{encode, functions};

use crate::batch::Record;

/// A `dedupe … within` of a transform.
#[derive(Clone, Copy, Debug)]
pub struct Dedupe {
    /// What its keys are remembered under.
    pub name: &'static str,
    /// A row is a duplicate of one that arrived less than this before it, seconds.
    pub within_seconds: u64,
}

/// What tells rows apart: a digest of the values of all keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(pub u128);

impl Key {
    /// The key of these values. Missing values are one value.
    pub fn of(values: &[&dyn encode::Value]) -> Key {
        let mut text = Vec::new();
        for value in values {
            let there = value.write(encode::Form::Hive, &mut text);
            // No JSON has these bytes.
            text.push(if there {
                1
            } else {
                0
            });
        }
        let digest = functions::sha256(&String::from_utf8_lossy(&text));
        Key(u128::from_str_radix(&digest[..32], 16).unwrap_or_default())
    }
}

/// A row's place among all arrivals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    /// When it arrived, microseconds since 1970.
    pub at: i64,
    /// Its number among what arrived at that moment.
    pub number: [u64; 3],
    /// Which of the rows it is that its record became.
    pub row: u32,
}

impl Arrival {
    /// Of the first row of a record.
    fn of(record: &Record) -> Arrival {
        Arrival { at: record.arrived.0, number: number(&record.seq), row: 0 }
    }
}

/// A record's number: its digits, or where it is called otherwise, what stands for its name.
fn number(seq: &str) -> [u64; 3] {
    if seq.is_empty() || seq.len() > 57 || !seq.bytes().all(|byte| byte.is_ascii_digit()) {
        let digest = functions::sha256(seq);
        let part = |place: usize| u64::from_str_radix(&digest[16 * place..16 * (place + 1)], 16).unwrap_or_default();
        return [part(0), part(1), part(2)];
    }
    // 57 digits fit into 192 bits.
    let mut words = [0_u64; 3];
    for digit in seq.bytes() {
        let mut carry = u128::from(digit - b'0');
        for word in words.iter_mut().rev() {
            let next = u128::from(*word) * 10 + carry;
            *word = next as u64;
            carry = next >> 64;
        }
    }
    words
}

/// What one `dedupe` remembers.
#[derive(Debug)]
pub struct Seen {
    /// Which one.
    pub dedupe: &'static Dedupe,
    known: BTreeSet<(Key, Arrival)>,
    /// What came with this batch, and the place of its record.
    new: Vec<(usize, Key, Arrival)>,
    /// What arrived before this is forgotten.
    since: Option<i64>,
}

impl Seen {
    /// Nothing yet.
    pub fn new(dedupe: &'static Dedupe) -> Seen {
        Seen { dedupe, known: BTreeSet::new(), new: Vec::new(), since: None }
    }

    /// The first arrival that decides on a row that arrived at this moment.
    pub fn reach(&self, at: i64) -> i64 {
        at.saturating_sub_unsigned(self.dedupe.within_seconds.saturating_mul(1_000_000))
    }

    /// Whether nothing is forgotten that arrived at this moment or later.
    pub fn remembers(&self, at: i64) -> bool {
        self.since.is_some_and(|since| since <= at)
    }

    /// Takes note that a row arrived, and says whether it is a duplicate, or was delivered already.
    pub fn is_duplicate(&mut self, key: Key, arrival: Arrival, record: usize) -> bool {
        if self.known.contains(&(key, arrival)) {
            return true;
        }
        let first = Arrival { at: i64::MIN, number: [0; 3], row: 0 };
        let before = self.known.range((key, first)..(key, arrival)).next_back();
        let reach = self.reach(arrival.at);
        let duplicate = before.is_some_and(|(_, last)| last.at > reach);
        self.known.insert((key, arrival));
        self.new.push((record, key, arrival));
        duplicate
    }

    /// Adds what other batches brought.
    pub fn add(&mut self, key: Key, arrival: Arrival) {
        self.known.insert((key, arrival));
    }

    /// From now on all is known that arrived at this moment or later; what is older than the batch can ask for goes.
    pub fn keep_since(&mut self, at: i64) {
        // Going through all of it is worth it once much has become too old.
        let slack = i64::try_from(self.dedupe.within_seconds.saturating_mul(250_000)).unwrap_or(i64::MAX);
        match self.since {
            Some(since) if since.saturating_add(slack) > at && since <= at => {}
            _ => {
                self.known.retain(|(_, arrival)| arrival.at >= at);
                self.since = Some(at);
            }
        }
    }

    /// What came with the batch, by key and arrival: of the records that were taken. What of the others is known is
    /// forgotten, because they come again.
    pub fn settle(&mut self, failed: &BTreeSet<usize>) -> Vec<(usize, Key, Arrival)> {
        let (lost, taken): (Vec<_>, Vec<_>) = self.new.drain(..).partition(|(record, ..)| failed.contains(record));
        for (_, key, arrival) in lost {
            self.known.remove(&(key, arrival));
        }
        taken
    }
}

/// The rows that a record becomes, as they pass a `dedupe`.
#[derive(Debug)]
pub struct Passing {
    next: Arrival,
}

impl Passing {
    /// Of this record.
    pub fn of(record: &Record) -> Passing {
        Passing { next: Arrival::of(record) }
    }

    /// The place of the next row.
    pub fn arrival(&mut self) -> Arrival {
        let arrival = self.next;
        self.next.row += 1;
        arrival
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipec_runtime::Timestamp;

    const HOUR: Dedupe = Dedupe { name: "clean", within_seconds: 3600 };

    fn arrival(seconds: i64, seq: &str) -> Arrival {
        let arrived = Timestamp(seconds * 1_000_000);
        Arrival::of(&Record { data: Vec::new(), arrived, seq: seq.to_owned(), media: "" })
    }

    #[test]
    fn the_last_one_with_the_key_decides() {
        let mut seen = Seen::new(&HOUR);
        let key = Key::of(&[&"a"]);
        let mut duplicate = |seconds, seq| seen.is_duplicate(key, arrival(seconds, seq), 0);
        assert!(!duplicate(0, "1"));
        assert!(duplicate(3000, "2"));
        // The one before it is a duplicate itself, and counts.
        assert!(duplicate(6000, "3"));
        assert!(!duplicate(9600, "4"));
        // At the same moment the numbers decide, not their texts.
        assert!(duplicate(9600, "10"));
    }

    #[test]
    fn what_was_delivered_is_not_once_more() {
        let mut seen = Seen::new(&HOUR);
        let key = Key::of(&[&1_i64, &None::<i64>]);
        assert!(!seen.is_duplicate(key, arrival(0, "1"), 0));
        assert!(seen.is_duplicate(key, arrival(1, "2"), 1));
        assert_eq!(seen.settle(&BTreeSet::new()).len(), 2);
        // The batch is brought again.
        assert!(seen.is_duplicate(key, arrival(0, "1"), 0));
        assert!(seen.is_duplicate(key, arrival(1, "2"), 1));
        assert!(seen.settle(&BTreeSet::new()).is_empty());
    }

    #[test]
    fn what_is_brought_again_is_no_duplicate_of_itself() {
        let mut seen = Seen::new(&HOUR);
        let key = Key::of(&[&"a"]);
        assert!(!seen.is_duplicate(key, arrival(0, "1"), 0));
        assert!(seen.is_duplicate(key, arrival(1, "2"), 1));
        // Neither was delivered.
        seen.settle(&BTreeSet::from([0, 1]));
        assert!(!seen.is_duplicate(key, arrival(0, "1"), 0));
        assert!(seen.is_duplicate(key, arrival(1, "2"), 1));
    }

    #[test]
    fn what_was_not_taken_is_not_remembered() {
        let mut seen = Seen::new(&HOUR);
        let key = Key::of(&[&"a"]);
        assert!(!seen.is_duplicate(key, arrival(0, "1"), 0));
        assert!(seen.settle(&BTreeSet::from([0])).is_empty());
        assert!(!seen.is_duplicate(key, arrival(1, "2"), 0));
    }

    #[test]
    fn keys_differ_where_values_do() {
        assert_ne!(Key::of(&[&"a", &"b"]), Key::of(&[&"ab", &""]));
        assert_ne!(Key::of(&[&None::<&str>]), Key::of(&[&""]));
        assert_eq!(Key::of(&[&None::<&str>]), Key::of(&[&None::<i64>]));
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        let low = "49590338271490256608559692538361571095921575989136588898";
        let high = "49590338271490256608559692540925702759324208523137515618";
        assert!(number(low) < number(high));
        assert!(number("9") < number("10"));
        assert_ne!(number("a"), number("b"));
    }
}
