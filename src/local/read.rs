//! Datasets from files of their formats, of whichever engine wrote them, below Hive's partitions.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute;
use arrow::datatypes::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::batch::Batch;
use super::error::RunError;
use super::eval::Value;
use super::lines::{Chunk, Decoder, Lines, ROWS};
use super::partition;
use super::value::{array_of, data_type, literal_at};
use super::write::{ending, stored};
use crate::plan::expr::Literal;
use crate::plan::types::Column;
use crate::plan::{Dataset, Field, Format, Schema};

/// A file of a dataset and the partition that it stands in.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub path: PathBuf,
    /// Column and text, as the folders say.
    pub partition: Vec<(String, Option<String>)>,
}

/// All rows of a dataset in its folder (`ZONE/DATASET`), each with the dataset's columns in order, partition
/// columns included. Rows come by partition, then file, then as written; files that engines leave beside the data
/// (`_SUCCESS`, `_temporary`, `.crc`) are not looked at.
pub fn read_rows(dataset: &Dataset, folder: &Path) -> Result<Vec<Vec<(String, Literal)>>, RunError> {
    let columns: Vec<&Column> = dataset.columns.iter().collect();
    let mut rows = Vec::new();
    for part in parts(folder, ending(dataset.format))? {
        for_each_batch(&part, &columns, dataset.format, &mut |batch| {
            for row in 0..batch.rows() {
                let values = columns.iter().zip(&batch.columns);
                let values =
                    values.map(|(column, (name, array))| (name.clone(), literal_at(array, row, &column.ty.kind)));
                rows.push(values.collect());
            }
            Ok(())
        })?;
    }
    Ok(rows)
}

/// The files with this ending below a dataset's folder, by partition, then name.
pub(super) fn parts(folder: &Path, ending: &str) -> Result<Vec<Part>, RunError> {
    let mut found = Vec::new();
    walk(folder, ending, &[], &mut found)?;
    Ok(found)
}

fn walk(
    folder: &Path,
    ending: &str,
    partition: &[(String, Option<String>)],
    found: &mut Vec<Part>,
) -> Result<(), RunError> {
    let unread = |error| RunError::file(folder, "read", error);
    #[allow(
        clippy::disallowed_methods,
        reason = "the embedded engine reads the datasets that engines wrote"
    )]
    let entries = std::fs::read_dir(folder).map_err(unread)?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unread)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with(['_', '.']) {
            names.push((name, entry.path()));
        }
    }
    // `part-10` after `part-9`.
    names.sort_by(|(a, _), (b, _)| {
        let numbered = |name: &str| name.starts_with("part-").then_some(name.len());
        (numbered(a), a).cmp(&(numbered(b), b))
    });
    for (name, path) in names {
        if path.is_dir() {
            let mut inner = partition.to_vec();
            inner.extend(partition::parse(&name));
            walk(&path, ending, &inner, found)?;
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(Part {
                path,
                partition: partition.to_vec(),
            });
        }
    }
    Ok(())
}

/// Reads these columns of one file, batch by batch.
pub(super) fn for_each_batch(
    part: &Part,
    columns: &[&Column],
    format: Format,
    take: &mut dyn FnMut(Batch) -> Result<(), RunError>,
) -> Result<(), RunError> {
    match stored(format) {
        Format::Parquet | Format::Iceberg => of_parquet(part, columns, take),
        other => of_records(part, columns, other, take),
    }
}

/// Files that hold records as texts: what a transform wrote is read as a source's lines are.
fn of_records(
    part: &Part,
    columns: &[&Column],
    format: Format,
    take: &mut dyn FnMut(Batch) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let in_file = columns
        .iter()
        .filter(|column| part.partition.iter().all(|(name, _)| *name != column.name));
    let fields = in_file.map(|column| Field {
        column: Column::new(&column.name, column.ty.kind.clone().optional()),
        default: None,
        check: None,
        inner: Vec::new(),
        object: None,
    });
    let schema = Schema {
        name: String::new(),
        doc: None,
        fields: fields.collect(),
    };
    let mut lines = Lines::of_dataset(&part.path, format, &schema)?;
    let mut decoder = Decoder::new(&schema, Default::default());
    let mut chunk = Chunk::default();
    while lines.next(&mut chunk)? {
        let (read, away) = decoder.decode(&mut chunk)?;
        if let Some((_, reason)) = away.first() {
            return Err(RunError::file(&part.path, "read", reason));
        }
        let mut arrays = Vec::with_capacity(columns.len());
        for column in columns {
            let array = match partition_column(part, column, read.rows())? {
                Some(array) => array,
                None => read.column(&column.name)?.clone(),
            };
            arrays.push((column.name.clone(), array));
        }
        take(Batch::new(arrays, read.rows()))?;
    }
    Ok(())
}

fn of_parquet(
    part: &Part,
    columns: &[&Column],
    take: &mut dyn FnMut(Batch) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let unread = |error: parquet::errors::ParquetError| RunError::file(&part.path, "read", error);
    let file = File::open(&part.path).map_err(|error| RunError::file(&part.path, "read", error))?;
    // What other engines say of Arrow types is theirs: the file's own types count.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(unread)?;
    let in_file = columns.iter().map(|column| column.name.as_str());
    let mask = ProjectionMask::columns(builder.parquet_schema(), in_file);
    let reader = builder
        .with_projection(mask)
        .with_batch_size(ROWS)
        .build()
        .map_err(unread)?;
    for batch in reader {
        let batch = batch.map_err(|error| RunError::file(&part.path, "read", error))?;
        let mut arrays = Vec::with_capacity(columns.len());
        for column in columns {
            arrays.push((column.name.clone(), column_of(part, &batch, column)?));
        }
        take(Batch::new(arrays, batch.num_rows()))?;
    }
    Ok(())
}

/// A column from the file, or else from the names of its folders.
fn column_of(part: &Part, batch: &RecordBatch, column: &Column) -> Result<ArrayRef, RunError> {
    let wrong = |what: String| RunError::file(&part.path, "read", what);
    let wanted = data_type(&column.ty.kind)?;
    if let Some(array) = batch.column_by_name(&column.name) {
        let found = array.data_type();
        if *found == wanted {
            return Ok(array.clone());
        }
        if widens(found, &wanted) {
            return Ok(compute::cast(array, &wanted)?);
        }
        return Err(wrong(format!(
            "`{}` is {found}, where {wanted} was expected",
            column.name
        )));
    }
    partition_column(part, column, batch.num_rows())?
        .ok_or_else(|| wrong(format!("it has no column `{}`", column.name)))
}

/// Whether another engine may have written the same values so: narrow ints, and instants in other units (Hive writes
/// them in nanoseconds without a zone, and means UTC).
fn widens(found: &DataType, wanted: &DataType) -> bool {
    match wanted {
        DataType::Int64 => matches!(found, DataType::Int8 | DataType::Int16 | DataType::Int32),
        DataType::Timestamp(..) => matches!(found, DataType::Timestamp(..)),
        // What their parts are called is each engine's own matter.
        DataType::List(_) | DataType::Map(..) | DataType::Struct(_) => {
            std::mem::discriminant(found) == std::mem::discriminant(wanted)
        }
        _ => false,
    }
}

/// A partition's column; `None` if the folders do not name it.
pub(super) fn partition_column(part: &Part, column: &Column, rows: usize) -> Result<Option<ArrayRef>, RunError> {
    let Some((_, text)) = part.partition.iter().find(|(name, _)| *name == column.name) else {
        return Ok(None);
    };
    let literal = partition::literal(text.as_deref(), &column.ty.kind).ok_or_else(|| {
        let text = text.as_deref().unwrap_or_default();
        RunError::file(&part.path, "read", format!("`{text}` is not {}", column.ty.kind))
    })?;
    let one = Value::Same(array_of(&column.ty.kind, &[&literal])?);
    one.into_rows(rows).map(Some)
}
