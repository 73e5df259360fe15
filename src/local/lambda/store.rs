//! What a function asks of AWS besides delivery, played on loopback: the platform's secret, the table of what was seen
//! before, and the tables that rows are looked up in.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parquet::arrow::ArrowWriter;
use pipec_runtime::media::BEGINNINGS;
use serde_json::{Value, json};

use super::event::{self, Arrived};
use super::rows::record;
use crate::local::value::array_of;
use crate::local::{Fault, RunError};
use crate::plan::expr::Literal;
use crate::plan::{DatasetId, Format, Input, Plan, Source, StepKind, Test, Transform, Writer, names};

/// The bucket in which all tables are.
const BUCKET: &str = "tables";
/// The bucket of objects.
pub const OBJECTS: &str = "objects";
/// The largest object that is made for a test, bytes.
const LARGEST: u64 = 64 << 20;
/// The one file of a table.
const FILE: &str = "rows";

/// A file, and the texts beside it.
#[derive(Debug, Default)]
pub struct File {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Its metadata, by the names of headers.
    pub beside: Vec<(String, String)>,
}

impl From<Vec<u8>> for File {
    fn from(bytes: Vec<u8>) -> File {
        File {
            bytes,
            beside: Vec::new(),
        }
    }
}

/// The tables and objects of a test, as files by their paths.
#[derive(Debug, Default)]
pub struct Tables {
    files: BTreeMap<String, File>,
    variables: Vec<(String, String)>,
}

impl Tables {
    /// The tables that these transforms look rows up in, with the rows that a test gives.
    pub fn of(plan: &Plan, transforms: &[&Transform], test: &Test) -> Result<Tables, RunError> {
        let mut tables = Tables::default();
        let views = plan.views.iter().map(|view| &view.steps);
        let steps = transforms.iter().map(|transform| &transform.steps).chain(views);
        for step in steps.flat_map(|steps| steps.iter()) {
            if let StepKind::Join(join) = &step.kind
                && let Input::Table(id) = &join.other
            {
                tables.add(plan, id, test.rows(&join.other))?;
            }
        }
        Ok(tables)
    }

    fn add(&mut self, plan: &Plan, id: &DatasetId, rows: &[Vec<Literal>]) -> Result<(), RunError> {
        let dataset = plan.dataset(id);
        let format = match &dataset.writer {
            Writer::Source(source) => plan.source(source).map_or(dataset.format, |source| source.format),
            Writer::Transform(_) | Writer::Import(_) => dataset.format,
        };
        let bytes = match format {
            Format::Json => {
                let lines = rows.iter().map(|row| record(&dataset.columns, row));
                lines.collect::<Vec<_>>().join(&b'\n')
            }
            _ => {
                let mut fields = Vec::new();
                let mut arrays = Vec::new();
                for (place, column) in dataset.columns.iter().enumerate() {
                    let literals: Vec<&Literal> = rows.iter().filter_map(|row| row.get(place)).collect();
                    let array = array_of(&column.ty.kind, &literals)?;
                    fields.push(Field::new(&column.name, array.data_type().clone(), true));
                    arrays.push(array);
                }
                let schema = Arc::new(Schema::new(fields));
                parquet_of(&RecordBatch::try_new(schema, arrays)?)?
            }
        };
        let folder = format!("{}_{}", id.zone, id.name);
        self.variables
            .push((names::table_variable(id), format!("s3://{BUCKET}/{folder}/")));
        let pointer = json!({"files": [FILE]}).to_string().into_bytes();
        self.files
            .insert(format!("/{BUCKET}/{folder}/{}", names::SNAPSHOT), pointer.into());
        self.files.insert(format!("/{BUCKET}/{folder}/{FILE}"), bytes.into());
        Ok(())
    }

    /// The objects that a source's rows tell of.
    pub fn objects(&mut self, source: &Source, rows: &[Arrived]) {
        for (place, (row, _)) in rows.iter().enumerate() {
            let Some((fields, object)) = event::object(source, row) else {
                continue;
            };
            let beside = fields.iter().map(|(name, value)| {
                let word = STANDARD.encode(event::text(value));
                (format!("x-amz-meta-{name}"), format!("=?UTF-8?B?{word}?="))
            });
            let file = File {
                bytes: bytes(&object),
                beside: beside.collect(),
            };
            self.files.insert(format!("/{OBJECTS}/{}", key(&object, place)), file);
        }
    }

    /// What the deployment would set.
    pub fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// A file, by the path of a request.
    pub fn get(&self, url: &str) -> Option<&File> {
        let path = url.split('?').next().unwrap_or(url);
        self.files.get(path)
    }
}

/// The key of an object: its own as far as it is plain, and one for rows that say nothing of theirs.
pub fn key(object: &Value, place: usize) -> String {
    let own = object["key"].as_str().unwrap_or_default();
    let plain: String = own
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || ['.', '-', '_'].contains(letter))
        .collect();
    format!("{place}-{plain}")
}

/// The bytes of an object: as many as its row says, beginning as its key's ending calls for.
pub fn bytes(object: &Value) -> Vec<u8> {
    let own = object["key"].as_str().unwrap_or_default();
    let ending = own.rsplit_once('.').map_or("", |(_, ending)| ending);
    let begun = BEGINNINGS.iter().find(|(.., of)| *of == ending);
    let mut bytes = begun.map_or_else(Vec::new, |(beginning, ..)| beginning.to_vec());
    let size = object["size"].as_u64().unwrap_or_default().min(LARGEST);
    bytes.resize(bytes.len().max(usize::try_from(size).unwrap_or_default()), 0);
    bytes
}

fn parquet_of(batch: &RecordBatch) -> Result<Vec<u8>, RunError> {
    let broken = |error: parquet::errors::ParquetError| RunError::new(Fault::Data, error.to_string());
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).map_err(broken)?;
    writer.write(batch).map_err(broken)?;
    writer.into_inner().map_err(broken)
}

/// The answer of another service than Firehose; nothing where it is none that functions ask.
pub fn answer(operation: &str) -> Option<Value> {
    Some(match operation {
        "GetSecretValue" => json!({"Name": "local", "SecretString": names::LOCAL_PSEUDONYM_KEY}),
        // Each test is a process of its own: nothing came before.
        "Query" => json!({"Items": [], "Count": 0, "ScannedCount": 0}),
        "PutItem" => json!({}),
        _ => return None,
    })
}
