//! Which files stand for a source's arrivals: `SOURCE.jsonl`, `.csv`, `.parquet`, `.avro`, or a folder `SOURCE/` of them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{Lines, Records, records};
use crate::local::error::{Fault, RunError};
use crate::local::objects::Store;
use crate::plan::Source;

/// A file of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::local) struct Sample {
    pub path: PathBuf,
    /// What a later run knows it by: its path below the folder of samples.
    pub name: String,
}

/// Endings of files that hold records.
const ENDINGS: [&str; 6] = ["jsonl", "ndjson", "json", "csv", "parquet", "avro"];

/// The files of a source, in the order of their names.
pub(in crate::local) fn samples(source: &Source, folder: &Path) -> Result<Vec<Sample>, RunError> {
    let mut found = Vec::new();
    for ending in ENDINGS {
        for packed in ["", ".gz"] {
            let name = format!("{}.{ending}{packed}", source.name);
            let path = folder.join(&name);
            if path.is_file() {
                found.push(Sample { path, name });
            }
        }
    }
    let own = folder.join(&source.name);
    if own.is_dir() {
        walk(&own, &source.name, &mut found)?;
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let path = folder.join(format!("{}.jsonl", source.name));
    let message = format!(
        "source `{}` has no sample: `{}` is not there",
        source.name,
        path.display()
    );
    let help = format!(
        "put a file of JSON lines there (or `.csv`, `.parquet`, `.avro`, or a folder `{}/` of them), or name a folder that holds \
         one with `--input`",
        source.name
    );
    Err(RunError::new(Fault::Surroundings, message).help(help))
}

fn walk(folder: &Path, name: &str, found: &mut Vec<Sample>) -> Result<(), RunError> {
    let unread = |error| RunError::file(folder, "read", error);
    #[allow(clippy::disallowed_methods, reason = "the embedded engine reads samples")]
    let entries = std::fs::read_dir(folder).map_err(unread)?;
    let mut inside = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unread)?;
        inside.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    inside.sort();
    for (own, path) in inside.into_iter().filter(|(own, _)| !own.starts_with(['.', '_'])) {
        let name = format!("{name}/{own}");
        if path.is_dir() {
            walk(&path, &name, found)?;
        } else if ending_of(&own).is_some_and(|ending| ENDINGS.contains(&ending)) {
            found.push(Sample { path, name });
        }
    }
    Ok(())
}

/// The ending that says the format, without that of packing.
fn ending_of(name: &str) -> Option<&str> {
    name.strip_suffix(".gz")
        .unwrap_or(name)
        .rsplit_once('.')
        .map(|(_, ending)| ending)
}

impl Sample {
    /// How large it is: a file of another size is another file.
    pub fn size(&self) -> Result<u64, RunError> {
        let known = std::fs::metadata(&self.path).map_err(|error| RunError::file(&self.path, "read", error))?;
        Ok(known.len())
    }

    /// Its records, one after the other; objects that they name are kept in the store.
    pub fn open(&self, source: &Source, store: &Store) -> Result<Lines, RunError> {
        let mut lines = self.read(source)?;
        lines.adapt = super::adapt::of(source, self.path.parent().unwrap_or(&self.path), store);
        Ok(lines)
    }

    fn read(&self, source: &Source) -> Result<Lines, RunError> {
        let unread = |error: String| RunError::file(&self.path, "read", error);
        let file = File::open(&self.path).map_err(|error| unread(error.to_string()))?;
        let packed = self.name.ends_with(".gz");
        let ending = ending_of(&self.name).unwrap_or_default();
        if ending == "parquet" {
            if packed {
                return Err(RunError::unsupported("packed parquet files").help("parquet packs its columns itself"));
            }
            let next = records::parquet(file, records::columns_of_files(source)).map_err(unread)?;
            return Ok(self.lines(Records::Written(next)));
        }
        let text: Box<dyn Read> = match packed {
            true => Box::new(MultiGzDecoder::new(file)),
            false => Box::new(file),
        };
        Ok(match ending {
            "csv" => {
                let settings = records::Csv::of(source);
                self.lines(Records::Written(
                    records::csv(text, &settings, &source.schema).map_err(unread)?,
                ))
            }
            "avro" => self.lines(Records::Written(
                records::avro(text, records::columns_of_files(source)).map_err(unread)?,
            )),
            "json" => {
                let mut reader = BufReader::with_capacity(1 << 18, text);
                match records::opens_list(&mut reader).map_err(unread)? {
                    true => self.lines(Records::Written(records::list(reader).map_err(unread)?)),
                    false => Lines::of_text(self.path.clone(), Box::new(reader)),
                }
            }
            _ => Lines::of_text(self.path.clone(), text),
        })
    }

    fn lines(&self, records: Records) -> Lines {
        Lines {
            path: self.path.clone(),
            records,
            adapt: None,
        }
    }
}
