//! Datasets, sinks and rows turned away, as files: in a dataset's format by partition, untouched lines by day of arrival.
//!
//! The same rows in the same order give the same bytes. Few files are open at a time; a partition that comes again
//! after its file was closed gets another (`part-1`). No file of an earlier run is ever written to.

mod files;
mod landing;
mod versions;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::row::{RowConverter, SortField};
use pipec_runtime::{Timestamp, reject};

use super::batch::Batch;
use super::error::RunError;
use super::keys::Keys;
use super::partition;
use super::pipeline::{Origin, Sink};
use super::value::{data_type, row_as_json};
use crate::plan::types::Column;
use crate::plan::{Dataset, Plan, Target, Transform, WriteMode, names};
use files::Open;

pub(super) use files::{ending, stored};
pub(super) use landing::Landing;
use versions::Versions;

/// Files open at a time, at most.
const OPEN: usize = 32;

/// Everything that a transform writes.
pub(super) struct Outputs<'p> {
    transform: &'p str,
    root: PathBuf,
    targets: Vec<Output<'p>>,
    quarantine: Option<(PathBuf, BufWriter<File>)>,
    record: Vec<u8>,
}

/// One target.
enum Output<'p> {
    Dataset(Box<DatasetWriter<'p>>),
    /// Rows by key, until all have come.
    Versions(Box<Versions<'p>>),
    Sink(SinkWriter<'p>),
}

/// What a run does with what is in a target already.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Keeps {
    /// It goes: all of it is made anew.
    Nothing,
    /// It stays, and rows are added or merged.
    All,
    /// These partitions go, by the value of one column in their names; the others stay.
    AllBut(String, BTreeSet<String>),
}

impl<'p> Outputs<'p> {
    /// `root` is the run's output folder; `now` is the run's time.
    pub fn new(
        root: &Path,
        plan: &'p Plan,
        transform: &'p Transform,
        columns: &'p [Column],
        keeps: &Keeps,
        now: Timestamp,
    ) -> Result<Outputs<'p>, RunError> {
        let mut targets = Vec::new();
        for target in distinct(transform.targets()) {
            targets.push(match target {
                Target::Sink(name) => Output::Sink(SinkWriter::new(root, name, columns)?),
                Target::Dataset(id) => {
                    let dataset = plan.dataset(id);
                    let writer = DatasetWriter::new(root, dataset, keeps)?;
                    match &transform.mode {
                        WriteMode::Append | WriteMode::Overwrite => Output::Dataset(Box::new(writer)),
                        WriteMode::Merge(keys) => Output::Versions(Box::new(Versions::newest(writer, keys)?)),
                        WriteMode::History(keys) => Output::Versions(Box::new(Versions::all(writer, keys, now)?)),
                    }
                }
            });
        }
        Ok(Outputs {
            transform: &transform.name,
            root: root.to_owned(),
            targets,
            quarantine: None,
            record: Vec::new(),
        })
    }

    /// Ends every file. Gives the partitions of datasets that hold other rows now, by dataset, in the order of the targets.
    pub fn finish(mut self) -> Result<Vec<(&'p Dataset, Written)>, RunError> {
        if let Some((path, mut file)) = self.quarantine.take() {
            file.flush().map_err(|error| RunError::file(&path, "written", error))?;
        }
        let mut written = Vec::new();
        for target in self.targets {
            match target {
                Output::Dataset(writer) => written.push((writer.dataset, writer.finish()?)),
                Output::Versions(versions) => {
                    let writer = versions.finish()?;
                    written.push((writer.dataset, writer.finish()?));
                }
                Output::Sink(mut sink) => {
                    let ended = sink.file.flush();
                    ended.map_err(|error| RunError::file(&sink.path, "written", error))?;
                }
            }
        }
        Ok(written)
    }
}

/// Each once, in order.
fn distinct(targets: Vec<&Target>) -> Vec<&Target> {
    let mut found: Vec<&Target> = Vec::new();
    for target in targets {
        if !found.contains(&target) {
            found.push(target);
        }
    }
    found
}

impl Sink for Outputs<'_> {
    fn rows(&mut self, target: usize, batch: &Batch, _: Origin<'_>) -> Result<(), RunError> {
        match self.targets.get_mut(target) {
            Some(Output::Dataset(writer)) => writer.rows(batch),
            Some(Output::Versions(versions)) => versions.add(batch),
            Some(Output::Sink(sink)) => sink.rows(batch),
            None => Ok(()),
        }
    }

    fn turned_away(&mut self, at: Timestamp, reason: &str, row: &[u8]) -> Result<(), RunError> {
        if self.quarantine.is_none() {
            let folder = quarantine_folder(&self.root, self.transform);
            create(&folder)?;
            let path = next_part(&folder, "jsonl");
            let file = File::create(&path).map_err(|error| RunError::file(&path, "written", error))?;
            self.quarantine = Some((path, BufWriter::new(file)));
        }
        let Some((path, file)) = &mut self.quarantine else {
            return Ok(());
        };
        self.record.clear();
        reject::quarantine(&mut self.record, self.transform, reason, at, row);
        file.write_all(&self.record)
            .map_err(|error| RunError::file(path, "written", error))
    }
}

/// Rows for a destination outside the lake, as JSON lines.
struct SinkWriter<'p> {
    path: PathBuf,
    file: BufWriter<File>,
    columns: &'p [Column],
}

impl<'p> SinkWriter<'p> {
    fn new(root: &Path, name: &str, columns: &'p [Column]) -> Result<SinkWriter<'p>, RunError> {
        let folder = root.join("sinks").join(name);
        create(&folder)?;
        let path = next_part(&folder, "jsonl");
        let file = File::create(&path).map_err(|error| RunError::file(&path, "written", error))?;
        Ok(SinkWriter {
            path,
            file: BufWriter::new(file),
            columns,
        })
    }

    fn rows(&mut self, batch: &Batch) -> Result<(), RunError> {
        let columns = own_columns(batch, self.columns)?;
        for row in 0..batch.rows() {
            let mut line = row_as_json(&columns, self.columns, row);
            line.push(b'\n');
            self.file
                .write_all(&line)
                .map_err(|error| RunError::file(&self.path, "written", error))?;
        }
        Ok(())
    }
}

/// Some of a batch's columns, in this order.
fn own_columns(batch: &Batch, columns: &[Column]) -> Result<Vec<(String, ArrayRef)>, RunError> {
    let mut own = Vec::with_capacity(columns.len());
    for column in columns {
        own.push((column.name.clone(), batch.column(&column.name)?.clone()));
    }
    Ok(own)
}

/// What a transform has done to a dataset.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// The partitions that hold other rows than before, as folders.
    pub partitions: BTreeSet<String>,
    /// The files that were added.
    pub files: Vec<PathBuf>,
}

/// Writes a dataset.
pub(super) struct DatasetWriter<'p> {
    pub dataset: &'p Dataset,
    pub folder: PathBuf,
    schema: SchemaRef,
    /// Columns that files hold.
    inside: Vec<Column>,
    partitions: Option<RowConverter>,
    /// Least recently used first.
    open: Vec<(String, Open)>,
    written: Written,
}

impl<'p> DatasetWriter<'p> {
    pub fn new(root: &Path, dataset: &'p Dataset, keeps: &Keeps) -> Result<DatasetWriter<'p>, RunError> {
        let folder = dataset_folder(root, dataset);
        let written = Written {
            partitions: clear(&folder, keeps)?,
            ..Written::default()
        };
        create(&folder)?;
        let own = |column: &&Column| !dataset.partition.contains(&column.name);
        let inside: Vec<Column> = dataset.columns.iter().filter(own).cloned().collect();
        let mut fields = Vec::with_capacity(inside.len());
        for column in &inside {
            fields.push(Field::new(&column.name, data_type(&column.ty.kind)?, true));
        }
        let mut keys = Vec::new();
        for name in &dataset.partition {
            let column = dataset.columns.iter().find(|column| column.name == *name);
            let column =
                column.ok_or_else(|| RunError::unsupported(format!("a partition `{name}` that is no column")))?;
            keys.push(SortField::new(data_type(&column.ty.kind)?));
        }
        Ok(DatasetWriter {
            dataset,
            folder,
            schema: Arc::new(Schema::new(fields)),
            inside,
            partitions: if keys.is_empty() {
                None
            } else {
                Some(RowConverter::new(keys)?)
            },
            open: Vec::new(),
            written,
        })
    }

    pub fn rows(&mut self, batch: &Batch) -> Result<(), RunError> {
        let mut columns = Vec::new();
        for field in self.schema.fields() {
            columns.push(batch.column(field.name())?.clone());
        }
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.rows()));
        let whole = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        for (partition, rows) in self.split(batch)? {
            match rows {
                Some(rows) => self.write(&partition, &compute::take_record_batch(&whole, &rows)?)?,
                None => self.write(&partition, &whole)?,
            }
        }
        Ok(())
    }

    /// Ends every file.
    pub fn finish(mut self) -> Result<Written, RunError> {
        for (_, open) in std::mem::take(&mut self.open) {
            open.close()
                .map_err(|error| RunError::file(&self.folder, "written", error))?;
        }
        Ok(self.written)
    }

    /// Everything that is in it goes: what is written now is all of it.
    pub fn clear(&mut self) -> Result<(), RunError> {
        let gone = clear(&self.folder, &Keeps::Nothing)?;
        self.written.partitions.extend(gone);
        create(&self.folder)
    }

    fn write(&mut self, partition: &str, batch: &RecordBatch) -> Result<(), RunError> {
        match self.open.iter().position(|(open, _)| open == partition) {
            Some(at) => {
                let used = self.open.remove(at);
                self.open.push(used);
            }
            None => {
                if self.open.len() == OPEN {
                    let (_, oldest) = self.open.remove(0);
                    oldest
                        .close()
                        .map_err(|error| RunError::file(&self.folder, "written", error))?;
                }
                let folder = self.folder.join(partition);
                create(&folder)?;
                let path = next_part(&folder, ending(self.dataset.format));
                let opened = Open::new(&path, stored(self.dataset.format), &self.schema, &self.inside);
                let opened = opened.map_err(|error| RunError::file(&path, "written", error))?;
                self.written.partitions.insert(partition.to_owned());
                self.written.files.push(path);
                self.open.push((partition.to_owned(), opened));
            }
        }
        match self.open.last_mut() {
            Some((_, open)) => open
                .write(batch)
                .map_err(|error| RunError::file(&self.folder, "written", error)),
            None => Ok(()),
        }
    }

    /// The batch by partition, in order of first appearance.
    fn split(&mut self, batch: &Batch) -> Result<Vec<(String, Option<UInt32Array>)>, RunError> {
        let Some(converter) = &mut self.partitions else {
            return Ok(vec![(String::new(), None)]);
        };
        let mut columns = Vec::new();
        for name in &self.dataset.partition {
            columns.push((name.as_str(), batch.column(name)?));
        }
        let arrays: Vec<ArrayRef> = columns.iter().map(|(_, array)| (*array).clone()).collect();
        let keys = converter.convert_columns(&arrays)?;
        let mut numbers = Keys::default();
        let mut rows: Vec<Vec<u32>> = Vec::new();
        for (row, key) in keys.iter().enumerate() {
            let (number, new) = numbers.number(key.as_ref());
            if new {
                rows.push(Vec::new());
            }
            rows[number].push(row as u32);
        }
        let alone = rows.len() == 1;
        let named = rows.into_iter().map(|rows| {
            let folder = partition::folder(&columns, rows.first().map_or(0, |row| *row as usize));
            (folder, (!alone).then(|| UInt32Array::from(rows)))
        });
        Ok(named.collect())
    }
}

/// Removes what a run does not keep; gives the partitions that are gone.
fn clear(folder: &Path, keeps: &Keeps) -> Result<BTreeSet<String>, RunError> {
    let mut gone = BTreeSet::new();
    if *keeps == Keeps::All || !folder.is_dir() {
        return Ok(gone);
    }
    for below in partition::folders(folder)? {
        let goes = match keeps {
            Keeps::AllBut(column, values) => below
                .split('/')
                .filter_map(partition::parse)
                .any(|(name, value)| name == *column && value.is_some_and(|value| values.contains(&value))),
            _ => true,
        };
        if goes {
            let path = folder.join(&below);
            fs::remove_dir_all(&path).map_err(|error| RunError::file(&path, "removed", error))?;
            gone.insert(below);
        }
    }
    Ok(gone)
}

/// The next file of a folder.
fn next_part(folder: &Path, ending: &str) -> PathBuf {
    let paths = (0_u32..).map(|number| folder.join(format!("part-{number}.{ending}")));
    let mut free = paths.skip_while(|path| path.exists());
    free.next().unwrap_or_else(|| folder.join(format!("part.{ending}")))
}

/// `ROOT/ZONE/DATASET`
pub(super) fn dataset_folder(root: &Path, dataset: &Dataset) -> PathBuf {
    root.join(&dataset.id.zone)
        .join(names::dataset_prefix(&dataset.id.name))
}

/// `ROOT/quarantine/TRANSFORM`
pub(super) fn quarantine_folder(root: &Path, transform: &str) -> PathBuf {
    root.join("quarantine").join(transform)
}

fn create(folder: &Path) -> Result<(), RunError> {
    fs::create_dir_all(folder).map_err(|error| RunError::file(folder, "made", error))
}
