//! A batch as the event source mapping hands it over: only what is used of it.

use pipec_runtime::Timestamp;
use serde::de::{Deserialize, Deserializer, Visitor};

/// The records of one shard, in order.
#[derive(Debug, serde::Deserialize)]
pub struct Event {
    /// The records.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// One record.
#[derive(Debug, serde::Deserialize)]
pub struct Record {
    /// What Kinesis knows of it.
    pub kinesis: Kinesis,
}

/// What Kinesis knows of a record.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kinesis {
    /// Its name in the shard.
    pub sequence_number: String,
    /// What the producer sent.
    pub data: Payload,
    /// When it arrived, seconds since 1970.
    approximate_arrival_timestamp: f64,
}

impl Kinesis {
    /// When the record arrived, to the microsecond.
    pub fn arrived(&self) -> Timestamp {
        Timestamp((self.approximate_arrival_timestamp * 1e6).round() as i64)
    }
}

/// The bytes that a producer sent.
#[derive(Debug)]
pub struct Payload(pub Vec<u8>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Base64)
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
}
