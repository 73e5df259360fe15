//! Records of other formats than JSON lines, written as JSON: a line each, of the types that the schema says.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute;
use arrow_avro::reader::ReaderBuilder;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use pipec_runtime::encode;
use pipec_runtime::plain::{self, Plain};

use super::ROWS;
use crate::local::value::{data_type, row_as_json};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Schema, Source};

/// What writes the next record behind the others, with its line's end; `false` at the end.
pub(super) type Next = Box<dyn FnMut(&mut Vec<u8>) -> Result<bool, String>>;

/// How values stand between separators.
pub(in crate::local) struct Csv {
    pub header: bool,
    pub separator: u8,
    pub quote: u8,
    pub missing: String,
}

impl Default for Csv {
    fn default() -> Csv {
        Csv {
            header: true,
            separator: b',',
            quote: b'"',
            missing: String::new(),
        }
    }
}

impl Csv {
    /// As the source's format says; as everybody writes it where that is another.
    pub fn of(source: &Source) -> Csv {
        let mut csv = Csv::default();
        if let Some(settings) = source
            .format_settings
            .as_ref()
            .filter(|_| source.format == crate::plan::Format::Csv)
        {
            let letter = |name: &str| settings.text(name).and_then(|text| text.bytes().next());
            csv.header = settings.bool("header").unwrap_or(true);
            csv.separator = letter("separator").unwrap_or(b',');
            csv.quote = letter("quote").unwrap_or(b'"');
            csv.missing = settings.text("missing").unwrap_or_default().to_owned();
        }
        csv
    }
}

/// Values between separators.
pub(in crate::local) fn csv(text: Box<dyn Read>, settings: &Csv, schema: &Schema) -> Result<Next, String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(settings.separator)
        .quote(settings.quote)
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let columns = columns_of(schema);
    let mut record = csv::ByteRecord::new();
    let mut names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    if settings.header {
        let read = reader
            .read_byte_record(&mut record)
            .map_err(|error| error.to_string())?;
        let header = record
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_lowercase());
        names = if read { header.collect() } else { names };
        // Excel writes a mark of byte order in front.
        if let Some(first) = names.first_mut() {
            *first = first.trim_start_matches('\u{feff}').to_owned();
        }
    }
    let kinds: Vec<Plain> = names
        .iter()
        .map(|name| columns.iter().find(|column| column.name == *name))
        .map(|column| column.map_or(Plain::Text, |column| column.ty.kind.plain()))
        .collect();
    let missing = settings.missing.clone();
    let separator = settings.separator;
    Ok(Box::new(move |out| {
        if !reader
            .read_byte_record(&mut record)
            .map_err(|error| error.to_string())?
        {
            return Ok(false);
        }
        if record.len() != names.len() {
            // No record of these columns: turned away as it came.
            out.extend(record.iter().collect::<Vec<_>>().join(&separator));
            out.push(b'\n');
            return Ok(true);
        }
        out.push(b'{');
        let mut first = true;
        for ((name, kind), value) in names.iter().zip(&kinds).zip(&record) {
            let value = String::from_utf8_lossy(value);
            if value == missing {
                continue;
            }
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            encode::string(out, name);
            out.push(b':');
            plain::write(out, &value, *kind);
        }
        out.extend_from_slice(b"}\n");
        Ok(true)
    }))
}

/// Whether the first letter of a text opens a list.
pub(super) fn opens_list(text: &mut impl BufRead) -> Result<bool, String> {
    let buffer = text.fill_buf().map_err(|error| error.to_string())?;
    Ok(buffer.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'['))
}

/// A file that is one list of records: it is held whole.
pub(super) fn list(mut text: impl Read) -> Result<Next, String> {
    let mut whole = Vec::new();
    text.read_to_end(&mut whole).map_err(|error| error.to_string())?;
    let values: Vec<Box<serde_json::value::RawValue>> =
        serde_json::from_slice(&whole).map_err(|error| format!("it is no list of records: {error}"))?;
    let mut values = values.into_iter();
    Ok(Box::new(move |out| {
        let Some(value) = values.next() else { return Ok(false) };
        // White space inside of strings is escaped, so ends of lines are all between values.
        out.extend(
            value
                .get()
                .bytes()
                .map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }),
        );
        out.push(b'\n');
        Ok(true)
    }))
}

/// Apache Parquet.
pub(in crate::local) fn parquet(file: File, columns: Vec<Column>) -> Result<Next, String> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder =
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(|error| error.to_string())?;
    let reader = builder
        .with_batch_size(ROWS)
        .build()
        .map_err(|error| error.to_string())?;
    Ok(batches(
        reader.map(|batch| batch.map_err(|error| error.to_string())),
        columns,
    ))
}

/// Apache Avro: a file brings its own schema.
pub(in crate::local) fn avro(text: Box<dyn Read>, columns: Vec<Column>) -> Result<Next, String> {
    let reader = ReaderBuilder::new()
        .with_batch_size(ROWS)
        .build(BufReader::new(text))
        .map_err(|error| error.to_string())?;
    Ok(batches(
        reader.map(|batch| batch.map_err(|error| error.to_string())),
        columns,
    ))
}

/// The columns of a schema's fields.
pub(in crate::local) fn columns_of(schema: &Schema) -> Vec<Column> {
    schema.fields.iter().map(|field| field.column.clone()).collect()
}

/// The columns that files of a source hold: what became of a row is one beside those of its fields.
pub(in crate::local) fn columns_of_files(source: &Source) -> Vec<Column> {
    let operation = || Column::new("op".to_owned(), TypeKind::Text.optional());
    let operation = source.has_operation().then(operation);
    columns_of(&source.schema).into_iter().chain(operation).collect()
}

/// Columns of a batch, the next of its rows, and how many there are.
type Rows = (Vec<(String, ArrayRef)>, usize, usize);

fn batches(mut read: impl Iterator<Item = Result<RecordBatch, String>> + 'static, columns: Vec<Column>) -> Next {
    let mut open: Option<Rows> = None;
    Box::new(move |out| {
        loop {
            if let Some((arrays, row, rows)) = &mut open
                && row < rows
            {
                out.extend(row_as_json(arrays, &columns, *row));
                out.push(b'\n');
                *row += 1;
                return Ok(true);
            }
            let Some(batch) = read.next() else { return Ok(false) };
            let batch = batch?;
            open = Some((typed(&batch, &columns)?, 0, batch.num_rows()));
        }
    })
}

/// A value that does not fit is a mistake, not a missing value.
const CHECKED: compute::CastOptions<'static> = compute::CastOptions {
    safe: false,
    format_options: arrow::util::display::FormatOptions::new(),
};

/// A batch's columns as those of the schema; others are left out.
fn typed(batch: &RecordBatch, columns: &[Column]) -> Result<Vec<(String, ArrayRef)>, String> {
    let mut arrays = Vec::new();
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = field.name().to_lowercase();
        let Some(column) = columns.iter().find(|column| column.name == name) else {
            continue;
        };
        let wanted = data_type(&column.ty.kind).map_err(|error| error.message)?;
        let array = match *array.data_type() == wanted {
            true => array.clone(),
            false => compute::cast_with_options(array, &wanted, &CHECKED).map_err(|_| {
                format!(
                    "`{name}` is {}, where {} was expected",
                    array.data_type(),
                    column.ty.kind
                )
            })?,
        };
        arrays.push((name, array));
    }
    Ok(arrays)
}
