//! Datasets and rows turned away, as files: Parquet by partition, untouched lines by day of arrival.
//!
//! The same rows in the same order give the same bytes. Few files are open at a time; a partition that comes again
//! after its file was closed gets another (`part-1`), or for lines, more of the same.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::row::{RowConverter, SortField};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use pipec_runtime::{Timestamp, reject};

use super::batch::Batch;
use super::error::RunError;
use super::keys::Keys;
use super::lines::Chunk;
use super::partition;
use super::pipeline::Sink;
use super::value::data_type;
use crate::plan::{Dataset, Format, names};

/// Files open at a time, at most.
const OPEN: usize = 32;
const ROW_GROUP: usize = 262_144;

/// Writes a dataset and what its transform turns away.
pub(super) struct DatasetWriter<'p> {
    transform: &'p str,
    dataset: &'p Dataset,
    folder: PathBuf,
    schema: SchemaRef,
    properties: WriterProperties,
    partitions: Option<RowConverter>,
    /// Least recently used first.
    open: Vec<(String, ArrowWriter<File>)>,
    /// Partitions that had a file before, and how many.
    closed: std::collections::BTreeMap<String, u32>,
    quarantine: Option<(PathBuf, BufWriter<File>)>,
    quarantine_folder: PathBuf,
    record: Vec<u8>,
}

impl<'p> DatasetWriter<'p> {
    /// `root` is the run's output folder.
    pub fn new(root: &Path, transform: &'p str, dataset: &'p Dataset) -> Result<DatasetWriter<'p>, RunError> {
        if dataset.format != Format::Parquet {
            return Err(RunError::unsupported(format!("JSON as the format of `{}`", dataset.id)));
        }
        let folder = dataset_folder(root, dataset);
        create(&folder)?;
        let inside = dataset
            .columns
            .iter()
            .filter(|column| !dataset.partition.contains(&column.name));
        let mut fields = Vec::new();
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_max_row_group_row_count(Some(ROW_GROUP));
        for column in inside {
            fields.push(Field::new(&column.name, data_type(&column.ty.kind)?, true));
            if column.key {
                // Every value is another one: a dictionary would only be thrown away.
                let path = ColumnPath::from(column.name.as_str());
                properties = properties.set_column_dictionary_enabled(path, false);
            }
        }
        let mut keys = Vec::new();
        for name in &dataset.partition {
            let column = dataset.columns.iter().find(|column| column.name == *name);
            let column =
                column.ok_or_else(|| RunError::unsupported(format!("a partition `{name}` that is no column")))?;
            keys.push(SortField::new(data_type(&column.ty.kind)?));
        }
        Ok(DatasetWriter {
            transform,
            dataset,
            folder,
            schema: Arc::new(Schema::new(fields)),
            properties: properties.build(),
            partitions: if keys.is_empty() {
                None
            } else {
                Some(RowConverter::new(keys)?)
            },
            open: Vec::new(),
            closed: Default::default(),
            quarantine: None,
            quarantine_folder: quarantine_folder(root, transform),
            record: Vec::new(),
        })
    }

    /// Ends every file.
    pub fn finish(mut self) -> Result<(), RunError> {
        for (_, writer) in std::mem::take(&mut self.open) {
            self.close(writer)?;
        }
        if let Some((path, mut file)) = self.quarantine.take() {
            file.flush().map_err(|error| RunError::file(&path, "written", error))?;
        }
        Ok(())
    }

    fn close(&self, writer: ArrowWriter<File>) -> Result<(), RunError> {
        let done = writer.close();
        done.map(drop)
            .map_err(|error| RunError::file(&self.folder, "written", error))
    }

    fn write(&mut self, partition: &str, batch: &RecordBatch) -> Result<(), RunError> {
        let wrong = |folder: &Path, error| RunError::file(folder, "written", error);
        match self.open.iter().position(|(open, _)| open == partition) {
            Some(at) => {
                let used = self.open.remove(at);
                self.open.push(used);
            }
            None => {
                if self.open.len() == OPEN {
                    let (_, oldest) = self.open.remove(0);
                    self.close(oldest)?;
                }
                let folder = self.folder.join(partition);
                create(&folder)?;
                let number = self.closed.entry(partition.to_owned()).or_default();
                let path = folder.join(format!("part-{number}.parquet"));
                *number += 1;
                let file = File::create(&path).map_err(|error| RunError::file(&path, "written", error))?;
                let options = ArrowWriterOptions::new()
                    .with_properties(self.properties.clone())
                    .with_skip_arrow_metadata(true);
                let writer = ArrowWriter::try_new_with_options(file, self.schema.clone(), options);
                let writer = writer.map_err(|error| RunError::file(&path, "written", error))?;
                self.open.push((partition.to_owned(), writer));
            }
        }
        match self.open.last_mut() {
            Some((_, writer)) => writer.write(batch).map_err(|error| wrong(&self.folder, error)),
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

impl Sink for DatasetWriter<'_> {
    fn rows(&mut self, batch: &Batch) -> Result<(), RunError> {
        let mut columns = Vec::new();
        for field in self.schema.fields() {
            columns.push(batch.column(field.name())?.clone());
        }
        let whole = RecordBatch::try_new(self.schema.clone(), columns)?;
        for (partition, rows) in self.split(batch)? {
            match rows {
                Some(rows) => self.write(&partition, &compute::take_record_batch(&whole, &rows)?)?,
                None => self.write(&partition, &whole)?,
            }
        }
        Ok(())
    }

    fn turned_away(&mut self, at: Timestamp, reason: &str, row: &[u8]) -> Result<(), RunError> {
        if self.quarantine.is_none() {
            create(&self.quarantine_folder)?;
            let path = self.quarantine_folder.join("part-0.jsonl");
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

/// Writes a source's lines, untouched, by day of arrival.
pub(super) struct Landing {
    folder: PathBuf,
    open: Vec<(String, BufWriter<File>)>,
}

impl Landing {
    pub fn new(root: &Path, dataset: &Dataset) -> Result<Landing, RunError> {
        let folder = dataset_folder(root, dataset);
        create(&folder)?;
        Ok(Landing {
            folder,
            open: Vec::new(),
        })
    }

    pub fn write(&mut self, chunk: &Chunk) -> Result<(), RunError> {
        for number in 0..chunk.len() {
            let day = chunk.arrivals[number].date();
            // Nearly always the day of the line before.
            let text = day.text();
            let day = std::str::from_utf8(&text).unwrap_or_default();
            self.use_file(day)?;
            let Some((_, file)) = self.open.last_mut() else {
                continue;
            };
            let written = file.write_all(chunk.line(number)).and_then(|()| file.write_all(b"\n"));
            written.map_err(|error| RunError::file(&self.folder, "written", error))?;
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<(), RunError> {
        for (_, file) in &mut self.open {
            file.flush()
                .map_err(|error| RunError::file(&self.folder, "written", error))?;
        }
        Ok(())
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
        let folder = self.folder.join(format!("{}={day}", names::ARRIVAL_DAY));
        create(&folder)?;
        let path = folder.join("part-0.jsonl");
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(|error| RunError::file(&path, "written", error))?;
        self.open
            .push((day.to_owned(), BufWriter::with_capacity(1 << 16, file)));
        Ok(())
    }
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
