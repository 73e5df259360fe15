//! The newest snapshots of tables, read from S3.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use serde_json::json;

use crate::Error;
use crate::aws::setting;
use crate::lookup::{Format, Rows, Table};
use crate::{files, names};

/// How long a snapshot is used before it is asked whether there is a newer one.
const REFRESH: Duration = Duration::from_secs(300);

/// What the writer of a snapshot leaves beside its files once all of them are there.
#[derive(Debug, serde::Deserialize)]
struct Pointer {
    /// The names of its files below the table's folder.
    files: Vec<String>,
}

/// A table as it was last read.
#[derive(Debug)]
pub struct Snapshot {
    table: &'static Table,
    bucket: String,
    folder: String,
    /// The version of the pointer that was followed.
    version: Option<String>,
    asked: Option<Instant>,
    rows: Arc<Rows>,
    /// Whether nobody was told yet which of its records are no rows.
    pub is_news: bool,
}

impl Snapshot {
    /// Where the deployment says that the table is; nothing is read yet.
    ///
    /// # Errors
    /// Where it does not say.
    pub fn new(table: &'static Table) -> Result<Snapshot, Error> {
        let place = setting(table.variable)?;
        let path = place.strip_prefix("s3://").and_then(|path| path.split_once('/'));
        let (bucket, folder) = path.ok_or_else(|| format!("{} is no place in S3: {place}", table.variable))?;
        Ok(Snapshot {
            table,
            bucket: bucket.to_owned(),
            folder: folder.to_owned(),
            version: None,
            asked: None,
            rows: Arc::default(),
            is_news: false,
        })
    }

    /// The rows, read again where they are old and others are there. A table that was read once is better than none:
    /// what goes wrong then is only told.
    ///
    /// # Errors
    /// Where the table was never read, and cannot be.
    pub async fn rows(&mut self, client: &Client) -> Result<Arc<Rows>, Error> {
        if self.asked.is_none_or(|asked| asked.elapsed() > REFRESH) {
            match self.refresh(client).await {
                Err(error) if self.asked.is_none() => return Err(error),
                Err(error) => println!("{}", json!({"level": "ERROR", "message": error.to_string()})),
                Ok(()) => {}
            }
            self.asked = Some(Instant::now());
        }
        Ok(Arc::clone(&self.rows))
    }

    async fn refresh(&mut self, client: &Client) -> Result<(), Error> {
        let (bytes, version) = self.get(client, names::SNAPSHOT).await?;
        if version.is_some() && version == self.version {
            return Ok(());
        }
        let pointer: Pointer = serde_json::from_slice(&bytes)?;
        let mut rows = Rows::default();
        for file in &pointer.files {
            let (bytes, _) = self.get(client, file).await?;
            self.read(file, bytes, &mut rows)?;
        }
        self.is_news = !rows.turned_away().is_empty();
        (self.rows, self.version) = (Arc::new(rows), version);
        Ok(())
    }

    async fn get(&self, client: &Client, name: &str) -> Result<(Vec<u8>, Option<String>), Error> {
        let key = format!("{}{name}", self.folder);
        let answer = client.get_object().bucket(&self.bucket).key(&key).send().await.map_err(|error| {
            let code = error.code().unwrap_or("no answer");
            format!("s3://{}/{key} cannot be read ({code})", self.bucket)
        })?;
        let version = answer.e_tag().map(str::to_owned);
        Ok((answer.body.collect().await?.to_vec(), version))
    }

    fn read(&self, file: &str, bytes: Vec<u8>, rows: &mut Rows) -> Result<(), Error> {
        let folders = self.folders(file);
        let mut add = |line: &[u8]| {
            let whole = match line.trim_ascii_end().strip_suffix(b"}") {
                Some(start) if start == b"{" => [start, folders.trim_start_matches(',').as_bytes()].concat(),
                Some(start) => [start, folders.as_bytes()].concat(),
                None => line.to_vec(),
            };
            match (self.table.key)(&whole) {
                Ok(key) => rows.add(key, &whole),
                Err(reject) => rows.turn_away(reject, line),
            }
        };
        match self.table.format {
            Format::Json => bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).for_each(add),
            Format::Parquet => files::lines(bytes, &mut add)?,
        }
        Ok(())
    }

    /// The end of a row with what the names of its file's folders say: `,"day":"2026-01-01"}`.
    fn folders(&self, file: &str) -> String {
        let mut out = String::new();
        for (name, value) in file.split('/').filter_map(|folder| folder.split_once('=')) {
            let Some((column, plain)) = self.table.partition.iter().find(|(column, _)| *column == name) else {
                continue;
            };
            match (value, *plain) {
                ("__HIVE_DEFAULT_PARTITION__", _) => {}
                (value, true) => out.push_str(&format!(",{}:{value}", json!(column))),
                (value, false) => out.push_str(&format!(",{}:{}", json!(column), json!(unescaped(value)))),
            }
        }
        out + "}"
    }
}

/// A folder's name without the escapes of Hive: `a%2Fb` is `a/b`.
fn unescaped(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut out = Vec::new();
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let escape = name.get(place + 1..place + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, escape) {
            (b'%', Some(escaped)) => {
                out.push(escaped);
                place += 3;
            }
            _ => {
                out.push(*byte);
                place += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
