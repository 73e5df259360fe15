//! Objects: what rows say of them, with the fields that came beside them. Knows no schema.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;
use pipec_runtime::plain::{self, Plain};
use pipec_runtime::{Timestamp, encode, media};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::aws::setting;
use crate::batch::Record;
use crate::names;

/// The most that S3 keeps beside an object, bytes.
const MOST_METADATA: usize = 2_048;

/// What the records of a function tell of objects.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// The field that says where an object is.
    pub field: &'static str,
    /// The fields beside it, which come as texts.
    pub fields: &'static [(&'static str, Plain)],
}

/// Where an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its bucket.
    pub bucket: String,
    /// Its key there.
    pub key: String,
    /// Its version, in buckets that keep them.
    pub version: Option<String>,
}

/// What a row says of an object.
#[derive(Debug)]
pub struct Told {
    /// The row, as JSON.
    pub row: Vec<u8>,
    /// What the object is, by its first bytes.
    pub media: &'static str,
}

/// Reads an object that is there. Its fields are the texts beside it in S3, the object's metadata.
///
/// # Errors
/// Where it cannot be read.
pub async fn read(client: &Client, of: &Object, place: &Place) -> Result<Told, Error> {
    let request = client.get_object().bucket(&place.bucket).key(&place.key).set_version_id(place.version.clone());
    let answer = request.checksum_mode(ChecksumMode::Enabled).send().await.map_err(|error| {
        let code = error.code().unwrap_or("no answer");
        format!("s3://{}/{} cannot be read ({code})", place.bucket, place.key)
    })?;
    let version = answer.version_id().map(str::to_owned);
    let size = answer.content_length().unwrap_or_default();
    let known = answer.checksum_sha256().and_then(whole);
    let fields = answer.metadata().map(|all| all.iter().map(|(name, text)| (name.to_lowercase(), decoded(text))));
    let fields: BTreeMap<String, String> = fields.into_iter().flatten().collect();
    let (start, checksum) = digested(answer.body, known).await?;
    let (media, _) = media::of(&start, &place.key);
    let place = Place { version, ..place.clone() };
    Ok(Told { row: row(of, &fields, &place, size, &checksum), media })
}

/// Keeps an object that came as a message, below the day of its arrival, under its checksum and number: what comes again adds
/// nothing, and no other message takes its place. Its fields stand beside it, as they do beside objects that are uploaded, where
/// S3 has room for them.
///
/// # Errors
/// Where it cannot be kept.
pub async fn keep(
    client: &Client,
    of: &Object,
    fields: &BTreeMap<String, String>,
    (bytes, record): (&[u8], &Record),
) -> Result<Told, Error> {
    let folder = setting(names::OBJECTS)?;
    let number = format!("-{}", record.seq);
    let (place, checksum, media) = put(client, &folder, bytes, (record.arrived, &number), beside(of, fields)).await?;
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    Ok(Told { row: row(of, fields, &place, size, &checksum), media })
}

/// Saves an object's bytes as a file.
///
/// # Errors
/// Where it cannot be read or written.
#[cfg(feature = "program")]
pub async fn save(
    client: &Client,
    (bucket, key, version): (&str, &str, Option<String>),
    file: &std::path::Path,
) -> Result<(), Error> {
    let answer = client.get_object().bucket(bucket).key(key).set_version_id(version).send().await.map_err(|error| {
        let code = error.code().unwrap_or("no answer");
        format!("s3://{bucket}/{key} cannot be read ({code})")
    })?;
    let (mut body, mut file) = (answer.body, std::fs::File::create(file)?);
    while let Some(bytes) = body.try_next().await? {
        std::io::Write::write_all(&mut file, &bytes)?;
    }
    Ok(())
}

/// Keeps a file in a folder of S3, below a day, under its checksum; says where, as a row has it.
///
/// # Errors
/// Where it cannot be read or kept.
#[cfg(feature = "program")]
pub async fn keep_file(
    client: &Client,
    folder: &str,
    file: &std::path::Path,
    arrived: Timestamp,
) -> Result<String, Error> {
    let bytes = std::fs::read(file)?;
    let (place, checksum, _) = put(client, folder, &bytes, (arrived, ""), None).await?;
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    Ok(object_text(&place, size, &checksum))
}

/// Puts an object below the day of its arrival, under its checksum and what follows on it; says where, and what it is.
async fn put(
    client: &Client,
    folder: &str,
    bytes: &[u8],
    (arrived, number): (Timestamp, &str),
    beside: Option<HashMap<String, String>>,
) -> Result<(Place, String, &'static str), Error> {
    let path = folder.strip_prefix("s3://").and_then(|path| path.split_once('/'));
    let (bucket, prefix) = path.ok_or_else(|| format!("{folder} is no place in S3"))?;
    let checksum = hex(&Sha256::digest(bytes));
    let (media, ending) = media::of(bytes, "");
    let key = format!("{prefix}{}={}/{checksum}{number}.{ending}", names::ARRIVAL_DAY, arrived.date());
    let request = client.put_object().bucket(bucket).key(&key).content_type(media).set_metadata(beside);
    let answer = request.body(ByteStream::from(bytes.to_vec())).send().await.map_err(|error| {
        let code = error.code().unwrap_or("no answer");
        format!("s3://{bucket}/{key} cannot be written ({code})")
    })?;
    let place = Place { bucket: bucket.to_owned(), key, version: answer.version_id().map(str::to_owned) };
    Ok((place, checksum, media))
}

/// The declared fields as an object's metadata; nothing where they are more than S3 keeps.
fn beside(of: &Object, fields: &BTreeMap<String, String>) -> Option<HashMap<String, String>> {
    let declared = fields.iter().filter(|(name, _)| of.fields.iter().any(|(field, _)| field == name));
    let texts: HashMap<String, String> = declared.map(|(name, text)| (name.clone(), header(text))).collect();
    let bytes: usize = texts.iter().map(|(name, text)| name.len() + text.len()).sum();
    (bytes <= MOST_METADATA).then_some(texts)
}

/// A text as a header carries it: as it is, or as RFC 2047 has what is not plain. No space stands at its ends or twice.
fn header(text: &str) -> String {
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && text.trim() == text && !text.contains("  ");
    if plain && !text.is_empty() && !text.starts_with("=?") {
        return text.to_owned();
    }
    format!("=?UTF-8?B?{}?=", base64_simd::STANDARD.encode_to_string(text))
}

/// Says why a record has to come again.
pub fn complain(error: &Error) {
    println!("{}", json!({"level": "ERROR", "message": error.to_string()}));
}

fn row(of: &Object, texts: &BTreeMap<String, String>, place: &Place, size: i64, checksum: &str) -> Vec<u8> {
    let mut out = vec![b'{'];
    for (name, text) in texts.iter().filter(|(name, _)| *name != of.field) {
        let kind = of.fields.iter().find(|(field, _)| field == name).map_or(Plain::Text, |(_, kind)| *kind);
        encode::string(&mut out, name);
        out.push(b':');
        plain::write(&mut out, text, kind);
        out.push(b',');
    }
    encode::string(&mut out, of.field);
    out.extend_from_slice(format!(":{}}}", object_text(place, size, checksum)).as_bytes());
    out
}

fn object_text(place: &Place, size: i64, checksum: &str) -> String {
    let version = place.version.as_deref().unwrap_or_default();
    json!({"bucket": place.bucket, "key": place.key, "version": version, "size": size, "checksum": checksum})
        .to_string()
}

/// The first bytes of an object, and the checksum of all: what S3 knows it to be, or what it is found to be.
async fn digested(mut body: ByteStream, known: Option<String>) -> Result<(Vec<u8>, String), Error> {
    let (mut start, mut digest) = (Vec::new(), Sha256::new());
    while let Some(bytes) = body.try_next().await? {
        let room = media::BEGINNING - start.len();
        start.extend_from_slice(&bytes[..room.min(bytes.len())]);
        match &known {
            Some(checksum) if start.len() == media::BEGINNING => return Ok((start, checksum.clone())),
            _ => digest.update(&bytes),
        }
    }
    Ok((start, known.unwrap_or_else(|| hex(&digest.finalize()))))
}

/// A checksum of S3 in digits; nothing where it is one of an object's parts.
fn whole(checksum: &str) -> Option<String> {
    let bytes = base64_simd::STANDARD.decode_to_vec(checksum).ok()?;
    (bytes.len() == 32).then(|| hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A text of metadata: what is not ASCII comes back from S3 as RFC 2047 has it, `=?UTF-8?B?dMO4cg==?=`.
fn decoded(text: &str) -> String {
    let inside = text.strip_prefix("=?").and_then(|text| text.strip_suffix("?="));
    let mut parts = inside.unwrap_or_default().splitn(3, '?');
    let (Some(charset), Some(how), Some(word)) = (parts.next(), parts.next(), parts.next()) else {
        return text.to_owned();
    };
    let bytes = match how {
        "B" | "b" => base64_simd::STANDARD.decode_to_vec(word).ok(),
        "Q" | "q" => quoted(word),
        _ => None,
    };
    let found = bytes.filter(|_| charset.eq_ignore_ascii_case("utf-8")).and_then(|bytes| String::from_utf8(bytes).ok());
    found.unwrap_or_else(|| text.to_owned())
}

/// `t=C3=B8r` is `tør`.
fn quoted(word: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = word.bytes();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'=' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            b'_' => b' ',
            other => other,
        });
    }
    Some(out)
}
