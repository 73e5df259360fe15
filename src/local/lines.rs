//! A source's sample: records as JSON, a line each, whatever the file's format is.
//!
//! Text of JSON lines is handed on as it stands. Records of other formats are written as JSON first, so that one decoder
//! reads all of them.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use pipec_runtime::Timestamp;

use super::error::RunError;
use crate::plan::{Format, Schema};

mod adapt;
mod decoder;
mod files;
mod nested;
mod records;

pub(super) use decoder::{Arrivals, Decoder};
pub(super) use files::{Sample, samples};
pub(super) use nested::inner_checks;

/// Rows that travel together.
pub(super) const ROWS: usize = 8192;

/// A file's records.
pub(super) struct Lines {
    path: PathBuf,
    records: Records,
    adapt: Option<adapt::Adapt>,
}

enum Records {
    /// A record a line already.
    Text(Box<dyn BufRead>),
    /// What writes the next record behind the others; `false` at the end.
    Written(records::Next),
}

/// Some lines and when they arrived.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Of each line; filled by [`Decoder::decode`].
    pub arrivals: Vec<Timestamp>,
}

impl Lines {
    /// A text of lines; `path` names it in messages.
    pub fn of_text(path: PathBuf, text: Box<dyn Read>) -> Lines {
        Lines {
            path,
            records: Records::Text(Box::new(BufReader::with_capacity(1 << 18, text))),
            adapt: None,
        }
    }

    /// A file of JSON lines.
    pub fn open(path: &Path) -> Result<Lines, RunError> {
        let file = std::fs::File::open(path).map_err(|error| RunError::file(path, "read", error))?;
        Ok(Lines::of_text(path.to_owned(), Box::new(file)))
    }

    /// A file of a dataset in a format of records.
    pub fn of_dataset(path: &Path, format: Format, schema: &Schema) -> Result<Lines, RunError> {
        let unread = |error: String| RunError::file(path, "read", error);
        let file = std::fs::File::open(path).map_err(|error| unread(error.to_string()))?;
        let records = match format {
            Format::Json => return Ok(Lines::of_text(path.to_owned(), Box::new(file))),
            Format::Csv => records::csv(Box::new(file), &Default::default(), schema),
            Format::Avro => records::avro(Box::new(file), records::columns_of(schema)),
            _ => records::parquet(file, records::columns_of(schema)),
        };
        Ok(Lines {
            path: path.to_owned(),
            records: Records::Written(records.map_err(unread)?),
            adapt: None,
        })
    }

    /// With each line made another one.
    pub fn adapted(mut self, adapt: impl Fn(&[u8]) -> Vec<u8> + 'static) -> Lines {
        self.adapt = Some(Box::new(move |line| adapt::Adapted::Other(adapt(line))));
        self
    }

    /// Reads the next lines; `false` at the end of the file.
    pub fn next(&mut self, chunk: &mut Chunk) -> Result<bool, RunError> {
        chunk.bytes.clear();
        chunk.ends.clear();
        chunk.arrivals.clear();
        while chunk.ends.len() < ROWS {
            let more = match &mut self.records {
                Records::Text(text) => text
                    .read_until(b'\n', &mut chunk.bytes)
                    .map(|read| read > 0)
                    .map_err(|error| error.to_string()),
                Records::Written(next) => next(&mut chunk.bytes),
            };
            match more.map_err(|error| RunError::file(&self.path, "read", error))? {
                true => self.take(chunk),
                false => break,
            }
        }
        Ok(!chunk.ends.is_empty())
    }

    /// Takes the line that was read behind the others.
    fn take(&self, chunk: &mut Chunk) {
        let start = chunk.ends.last().copied().unwrap_or(0);
        if let Some(adapt) = &self.adapt {
            match adapt(&chunk.bytes[start..]) {
                adapt::Adapted::Same => {}
                adapt::Adapted::Other(line) => {
                    chunk.bytes.truncate(start);
                    chunk.bytes.extend(line);
                }
            }
        }
        chunk.ends.push(chunk.bytes.len());
    }
}

impl Chunk {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// A line without its end.
    pub fn line(&self, number: usize) -> &[u8] {
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        let line = &self.bytes[start..self.ends[number]];
        line.strip_suffix(b"\n").unwrap_or(line)
    }
}
