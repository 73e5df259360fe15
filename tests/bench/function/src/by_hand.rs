//! The same function as a person would write it: derived structs, chrono, rust_decimal, uuid.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, Utc};
use hmac::{Hmac, KeyInit, Mac};
use rust_decimal::Decimal;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use sha2::Sha256;
use std::borrow::Cow;
use uuid::Uuid;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    kinesis: Kinesis,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kinesis {
    #[serde(deserialize_with = "bytes")]
    data: Vec<u8>,
    approximate_arrival_timestamp: f64,
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = <&str>::deserialize(deserializer)?;
    STANDARD.decode(text).map_err(D::Error::custom)
}

#[derive(Deserialize)]
struct Click<'a> {
    click_id: Uuid,
    #[serde(borrow)]
    user_id: Cow<'a, str>,
    #[serde(deserialize_with = "instant")]
    at: DateTime<Utc>,
    #[serde(borrow)]
    page: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Row<'a> {
    click_id: Uuid,
    #[serde(serialize_with = "hive")]
    at: DateTime<Utc>,
    page: &'a str,
    kind: &'a str,
    amount: Box<RawValue>,
    day: NaiveDate,
    buyer: String,
}

#[derive(Serialize)]
struct Quarantined<'a> {
    transform: &'static str,
    reason: String,
    at: DateTime<Utc>,
    row: Cow<'a, str>,
}

/// RFC 3339 or epoch milliseconds.
fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    struct Instant;
    impl Visitor<'_> for Instant {
        type Value = DateTime<Utc>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an instant")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            text.parse().map_err(E::custom)
        }

        fn visit_i64<E: Error>(self, millis: i64) -> Result<Self::Value, E> {
            DateTime::from_timestamp_millis(millis).ok_or_else(|| E::custom("out of range"))
        }

        fn visit_u64<E: Error>(self, millis: u64) -> Result<Self::Value, E> {
            self.visit_i64(millis as i64)
        }
    }
    deserializer.deserialize_any(Instant)
}

fn hive<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&at.format("%Y-%m-%d %H:%M:%S%.6f"))
}

fn row(record: &[u8], arrived: DateTime<Utc>, key: &Hmac<Sha256>, out: &mut Vec<u8>) -> Result<(), String> {
    let click: Click = serde_json::from_slice(record).map_err(|error| error.to_string())?;
    if click.page.chars().count() > 2048 {
        return Err("page is too long".into());
    }
    if !matches!(&*click.kind, "view" | "cart" | "buy") {
        return Err("unknown kind".into());
    }
    let amount = click.amount.map(|raw| Decimal::from_str_exact(raw.get().trim_matches('"')));
    let amount = amount.transpose().map_err(|error| error.to_string())?;
    if amount.is_some_and(|amount| amount.scale() > 2) {
        return Err("amount has too many digits".into());
    }
    if click.at < arrived - chrono::Duration::days(1) {
        return Err("late".into());
    }
    let mut amount = match (&*click.kind, amount) {
        ("buy", Some(amount)) => amount,
        ("buy", None) => return Err("a purchase without an amount".into()),
        _ => Decimal::ZERO,
    };
    if amount >= Decimal::from(100_000) {
        return Err("sane_amount".into());
    }
    amount.rescale(2);
    let mut mac = key.clone();
    mac.update(click.user_id.as_bytes());
    let row = Row {
        click_id: click.click_id,
        at: click.at,
        page: &click.page,
        kind: &click.kind,
        amount: RawValue::from_string(amount.to_string()).map_err(|error| error.to_string())?,
        day: click.at.date_naive(),
        buyer: hex::encode(mac.finalize().into_bytes()),
    };
    serde_json::to_writer(&mut *out, &row).map_err(|error| error.to_string())?;
    out.push(b'\n');
    Ok(())
}

/// A batch: its rows, and the rows that are turned away.
pub fn handle(event: &[u8], key: &Hmac<Sha256>) -> (Vec<u8>, Vec<u8>) {
    let event: Event = serde_json::from_slice(event).expect("an event");
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    for record in &event.records {
        let data = &record.kinesis.data;
        let micros = (record.kinesis.approximate_arrival_timestamp * 1e6).round() as i64;
        let arrived = DateTime::from_timestamp_micros(micros).expect("an arrival");
        let start = rows.len();
        if let Err(reason) = row(data, arrived, key, &mut rows) {
            rows.truncate(start);
            let row = String::from_utf8_lossy(data);
            let quarantined = Quarantined { transform: "clean", reason, at: arrived, row };
            serde_json::to_writer(&mut rejects, &quarantined).expect("a record");
            rejects.push(b'\n');
        }
    }
    (rows, rejects)
}

/// The key, prepared once.
pub fn key(secret: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("any length")
}
