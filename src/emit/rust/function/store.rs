//! What `dedupe … within` remembers, kept in DynamoDB between batches: an item holds the keys of a whole batch, so that
//! remembering costs a write or two, not one for each row. The items are a log that every sandbox follows; what is in
//! it was delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::Error;
use crate::batch::Record;
use crate::memory::{Arrival, Key, Seen};

/// The part of an item that every sandbox may still be about to write or to see, microseconds.
const OVERLAP: i64 = 5_000_000;
/// The most keys of an item, which may have 400 KB.
const ITEM_KEYS: usize = 6_000;
/// The bytes of a key and its arrival.
const ENTRY: usize = 16 + 8 + 24 + 4;
/// How long an item is kept after it is of use, seconds: a batch may be tried again for as long as its stream keeps it.
const KEEP_SECONDS: i64 = 8 * 86_400;

/// The table, and how far its log was read.
#[derive(Debug)]
pub struct Store {
    client: Client,
    table: String,
    read_to: BTreeMap<&'static str, i64>,
}

impl Store {
    /// A table by its name.
    pub fn new(client: Client, table: String) -> Store {
        Store { client, table, read_to: BTreeMap::new() }
    }

    /// Reads what other batches left since the last one, and for older records than before, all that decides on them.
    ///
    /// # Errors
    /// Where the table cannot be read: without it nothing can be told from its duplicates.
    pub async fn catch_up(&mut self, seen: &mut Seen, records: &[Record]) -> Result<(), Error> {
        let Some(first) = records.iter().map(|record| record.arrived.0).min() else {
            return Ok(());
        };
        let reach = seen.reach(first);
        let name = seen.dedupe.name;
        let from = match self.read_to.get(name) {
            Some(read_to) if seen.remembers(reach) => *read_to,
            _ => reach,
        };
        let now = now();
        self.read(seen, from).await?;
        self.read_to.insert(name, now - OVERLAP);
        seen.keep_since(reach);
        Ok(())
    }

    async fn read(&self, seen: &mut Seen, from: i64) -> Result<(), Error> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#name = :name AND written >= :from")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":name", AttributeValue::S(seen.dedupe.name.to_owned()))
            .expression_attribute_values(":from", AttributeValue::S(moment(from)))
            .consistent_read(true)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                let code = error.code().unwrap_or("no answer");
                format!("what was seen before cannot be read from `{}` ({code})", self.table)
            })?;
            for item in page.items() {
                if let Some(keys) = item.get("keys").and_then(|keys| keys.as_b().ok()) {
                    keys.as_ref()
                        .chunks_exact(ENTRY)
                        .filter_map(entry)
                        .for_each(|(key, arrival)| seen.add(key, arrival));
                }
            }
        }
        Ok(())
    }

    /// Writes down what came with a batch, but for records that could not be delivered. Gives the places of the records
    /// that could not be written down: they have to come again.
    pub async fn remember(&self, seen: &mut Seen, failed: &BTreeSet<usize>, batch: &str) -> BTreeSet<usize> {
        let taken = seen.settle(failed);
        let mut lost = BTreeSet::new();
        for (number, entries) in taken.chunks(ITEM_KEYS).enumerate() {
            let last = entries.iter().map(|(_, _, arrival)| arrival.at).max().unwrap_or_default();
            let written = format!("{}#{batch}#{number}", moment(now().max(last)));
            let until = last / 1_000_000 + seen.dedupe.within_seconds as i64 + KEEP_SECONDS;
            let keys: Vec<u8> = entries.iter().flat_map(|(_, key, arrival)| bytes(*key, arrival)).collect();
            let put = self
                .client
                .put_item()
                .table_name(&self.table)
                .item("name", AttributeValue::S(seen.dedupe.name.to_owned()))
                .item("written", AttributeValue::S(written))
                .item("keys", AttributeValue::B(Blob::new(keys)))
                .item("until", AttributeValue::N(until.to_string()));
            if let Err(error) = put.send().await {
                let problem = error.code().unwrap_or("no answer");
                let message = "what came cannot be remembered";
                println!("{}", serde_json::json!({"level": "ERROR", "message": message, "problem": problem}));
                lost.extend(entries.iter().map(|(record, ..)| *record));
            }
        }
        lost
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}

/// A moment as text that sorts as moments do.
fn moment(micros: i64) -> String {
    format!("{:020}", micros.max(0))
}

fn bytes(key: Key, arrival: &Arrival) -> Vec<u8> {
    let mut out = Vec::with_capacity(ENTRY);
    out.extend(key.0.to_be_bytes());
    out.extend(arrival.at.to_be_bytes());
    out.extend(arrival.number.iter().flat_map(|word| word.to_be_bytes()));
    out.extend(arrival.row.to_be_bytes());
    out
}

fn entry(bytes: &[u8]) -> Option<(Key, Arrival)> {
    let (key, rest) = bytes.split_first_chunk()?;
    let (at, rest) = rest.split_first_chunk()?;
    let (first, rest) = rest.split_first_chunk()?;
    let (second, rest) = rest.split_first_chunk()?;
    let (third, row) = rest.split_first_chunk()?;
    let number = [*first, *second, *third].map(u64::from_be_bytes);
    let row = u32::from_be_bytes(*row.first_chunk()?);
    Some((Key(u128::from_be_bytes(*key)), Arrival { at: i64::from_be_bytes(*at), number, row }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_they_were_written() {
        let arrival = Arrival { at: -1, number: [1, u64::MAX, 3], row: 7 };
        assert_eq!(entry(&bytes(Key(5), &arrival)), Some((Key(5), arrival)));
        assert_eq!(bytes(Key(5), &arrival).len(), ENTRY);
        assert_eq!(entry(&[0; ENTRY - 1]), None);
    }
}
