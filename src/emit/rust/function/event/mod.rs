//! What services hand to a function, and the answer that each of them wants.

pub mod firehose;
pub mod http;
pub mod kafka;
#[cfg(feature = "objects")]
pub mod kafka_objects;
pub mod kinesis;
#[cfg(feature = "objects")]
pub mod objects;
pub mod sqs;

use std::collections::BTreeSet;

use pipec_runtime::Timestamp;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Visitor};
use serde_json::Value;

use crate::batch::{Batch, Function, Record};
use crate::{Aws, Error};

/// A batch in the envelope of the service that brings it.
pub trait Event: DeserializeOwned {
    /// What the answer has to name the records by.
    type Receipt;

    /// Takes the records out of the envelope.
    fn open(self) -> (Vec<Record>, Self::Receipt);

    /// Brings what the records only tell of, and gives the places of those that cannot be had now.
    #[allow(async_fn_in_trait, reason = "one thread takes one batch at a time")]
    async fn fetch<F: Function>(_: &Aws, _: &Self::Receipt, _: &mut [Record]) -> Result<BTreeSet<usize>, Error> {
        Ok(BTreeSet::new())
    }

    /// What the service is told: which records, by their places, it has to bring again.
    fn answer(receipt: Self::Receipt, records: &[Record], batch: &Batch, failed: &BTreeSet<usize>) -> Value;
}

/// Milliseconds since 1970, as most services tell the time.
fn millis(millis: i64) -> Timestamp {
    Timestamp(millis.saturating_mul(1_000))
}

/// The bytes that a producer sent.
#[derive(Debug)]
pub struct Payload(pub Vec<u8>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Base64)
    }
}

struct Base64;

impl Visitor<'_> for Base64 {
    type Value = Payload;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("base64")
    }

    /// What is no base64 stays as it is, so that one record cannot fail its batch.
    fn visit_str<E>(self, text: &str) -> Result<Payload, E> {
        let bytes = base64_simd::STANDARD.decode_to_vec(text);
        Ok(Payload(bytes.unwrap_or_else(|_| text.as_bytes().to_vec())))
    }

    /// A record without a value.
    fn visit_unit<E>(self) -> Result<Payload, E> {
        Ok(Payload(Vec::new()))
    }
}
