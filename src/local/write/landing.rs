//! What a source brought, untouched: lines by day of arrival.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use pipec_runtime::Timestamp;

use super::{Keeps, OPEN, Written, clear, create, dataset_folder, next_part};
use crate::local::error::RunError;
use crate::local::lines::Chunk;
use crate::local::steps::ARRIVED;
use crate::plan::{Dataset, Source, names};

/// Writes a source's lines.
pub(in crate::local) struct Landing {
    folder: PathBuf,
    open: Vec<(String, BufWriter<File>)>,
    /// The file of each day that had one before.
    paths: BTreeMap<String, PathBuf>,
    written: Written,
    /// Whether lines do not tell when they arrived, so that it is written into them.
    tells_no_time: bool,
}

impl Landing {
    pub fn new(root: &Path, dataset: &Dataset, source: &Source, keeps: &Keeps) -> Result<Landing, RunError> {
        let folder = dataset_folder(root, dataset);
        let partitions = clear(&folder, keeps)?;
        create(&folder)?;
        Ok(Landing {
            folder,
            open: Vec::new(),
            paths: BTreeMap::new(),
            written: Written {
                partitions,
                files: Vec::new(),
            },
            tells_no_time: !source.schema.fields.iter().any(|field| field.column.event_time),
        })
    }

    pub fn write(&mut self, chunk: &Chunk) -> Result<(), RunError> {
        for number in 0..chunk.len() {
            let arrival = chunk.arrivals[number];
            let day = arrival.date();
            // Nearly always the day of the line before.
            let text = day.text();
            let day = std::str::from_utf8(&text).unwrap_or_default();
            self.use_file(day)?;
            let tells = !self.tells_no_time;
            let Some((_, file)) = self.open.last_mut() else {
                continue;
            };
            let line = chunk.line(number);
            let written = match tells {
                true => file.write_all(line),
                false => write_with_time(file, line, arrival),
            };
            let written = written.and_then(|()| file.write_all(b"\n"));
            written.map_err(|error| RunError::file(&self.folder, "written", error))?;
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<Written, RunError> {
        for (_, file) in &mut self.open {
            file.flush()
                .map_err(|error| RunError::file(&self.folder, "written", error))?;
        }
        Ok(self.written)
    }

    /// Puts a day's file last, opened again if it must be.
    fn use_file(&mut self, day: &str) -> Result<(), RunError> {
        if self.open.last().is_some_and(|(open, _)| open == day) {
            return Ok(());
        }
        if let Some(at) = self.open.iter().position(|(open, _)| open == day) {
            let used = self.open.remove(at);
            self.open.push(used);
            return Ok(());
        }
        if self.open.len() == OPEN {
            let (_, mut oldest) = self.open.remove(0);
            oldest
                .flush()
                .map_err(|error| RunError::file(&self.folder, "written", error))?;
        }
        let below = format!("{}={day}", names::ARRIVAL_DAY);
        let folder = self.folder.join(&below);
        create(&folder)?;
        let path = match self.paths.get(day) {
            Some(path) => path.clone(),
            None => {
                let path = next_part(&folder, "jsonl");
                self.paths.insert(day.to_owned(), path.clone());
                self.written.partitions.insert(below);
                self.written.files.push(path.clone());
                path
            }
        };
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(|error| RunError::file(&path, "written", error))?;
        self.open
            .push((day.to_owned(), BufWriter::with_capacity(1 << 16, file)));
        Ok(())
    }
}

/// An object that does not say when it arrived gets a field that does.
fn write_with_time(file: &mut impl Write, line: &[u8], arrival: Timestamp) -> std::io::Result<()> {
    let says = line.windows(ARRIVED.len()).any(|part| part == ARRIVED.as_bytes());
    let inside = line.trim_ascii_start().strip_prefix(b"{").filter(|_| !says);
    let Some(inside) = inside else {
        return file.write_all(line);
    };
    let comma = if inside.trim_ascii_start().starts_with(b"}") {
        ""
    } else {
        ","
    };
    write!(file, "{{\"{ARRIVED}\":\"{arrival}\"{comma}")?;
    file.write_all(inside)
}
