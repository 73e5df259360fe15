//! One file of a dataset, in its format.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow_avro::writer::AvroWriter;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::local::value::{canonical, literal_at, row_as_json};
use crate::plan::Format;
use crate::plan::types::{Column, TypeKind};

const ROW_GROUP: usize = 262_144;

/// The format in which a laptop keeps a dataset of this one: iceberg's rows are in Parquet files, without the tables of
/// snapshots around them, which only a catalog makes whole.
pub(in crate::local) fn stored(format: Format) -> Format {
    match format {
        Format::Iceberg => Format::Parquet,
        format => format,
    }
}

/// How names of a dataset's files end.
pub(in crate::local) fn ending(format: Format) -> &'static str {
    match stored(format) {
        Format::Json => "jsonl",
        other => other.name(),
    }
}

/// A file that is being written.
pub(super) enum Open {
    Parquet(Box<ArrowWriter<File>>),
    Avro(Box<AvroWriter<BufWriter<File>>>),
    Json(BufWriter<File>, Vec<Column>),
    Csv(Box<csv::Writer<File>>, Vec<Column>),
}

impl Open {
    pub fn new(path: &Path, format: Format, schema: &SchemaRef, columns: &[Column]) -> Result<Open, String> {
        let file = File::create(path).map_err(|error| error.to_string())?;
        Ok(match format {
            Format::Parquet | Format::Iceberg => {
                let options = ArrowWriterOptions::new()
                    .with_properties(properties(columns))
                    .with_skip_arrow_metadata(true);
                let writer = ArrowWriter::try_new_with_options(file, schema.clone(), options);
                Open::Parquet(Box::new(writer.map_err(|error| error.to_string())?))
            }
            Format::Avro => {
                let writer = AvroWriter::new(BufWriter::new(file), schema.as_ref().clone());
                Open::Avro(Box::new(writer.map_err(|error| error.to_string())?))
            }
            Format::Json => Open::Json(BufWriter::new(file), columns.to_vec()),
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(file);
                let header = columns.iter().map(|column| &column.name);
                writer.write_record(header).map_err(|error| error.to_string())?;
                Open::Csv(Box::new(writer), columns.to_vec())
            }
            Format::Orc | Format::Xml => return Err(format!("the embedded engine writes no {}", format.name())),
        })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), String> {
        match self {
            Open::Parquet(writer) => writer.write(batch).map_err(|error| error.to_string()),
            Open::Avro(writer) => writer.write(batch).map_err(|error| error.to_string()),
            Open::Json(file, columns) => {
                let arrays = named(batch);
                for row in 0..batch.num_rows() {
                    let mut line = row_as_json(&arrays, columns, row);
                    line.push(b'\n');
                    file.write_all(&line).map_err(|error| error.to_string())?;
                }
                Ok(())
            }
            Open::Csv(writer, columns) => {
                for row in 0..batch.num_rows() {
                    let values = columns.iter().zip(batch.columns());
                    let texts = values.map(|(column, array)| text(array, row, &column.ty.kind));
                    writer.write_record(texts).map_err(|error| error.to_string())?;
                }
                Ok(())
            }
        }
    }

    pub fn close(self) -> Result<(), String> {
        match self {
            Open::Parquet(writer) => writer.close().map(drop).map_err(|error| error.to_string()),
            Open::Avro(mut writer) => writer.finish().map_err(|error| error.to_string()),
            Open::Json(mut file, _) => file.flush().map_err(|error| error.to_string()),
            Open::Csv(mut writer, _) => writer.flush().map_err(|error| error.to_string()),
        }
    }
}

fn text(array: &ArrayRef, row: usize, kind: &TypeKind) -> String {
    canonical(&literal_at(array, row, kind)).unwrap_or_default()
}

fn named(batch: &RecordBatch) -> Vec<(String, ArrayRef)> {
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name().clone());
    names.zip(batch.columns().iter().cloned()).collect()
}

fn properties(columns: &[Column]) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROW_GROUP));
    for column in columns.iter().filter(|column| column.key) {
        // Every value is another one: a dictionary would only be thrown away.
        let path = ColumnPath::from(column.name.as_str());
        properties = properties.set_column_dictionary_enabled(path, false);
    }
    properties.build()
}
