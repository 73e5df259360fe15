//! What a function asks of AWS besides delivery, played on loopback: the platform's secret, the table of what was seen
//! before, and the tables that rows are looked up in.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use super::rows::record;
use crate::local::value::array_of;
use crate::local::{Fault, RunError};
use crate::plan::expr::Literal;
use crate::plan::{DatasetId, Format, Input, Plan, StepKind, Test, Transform, Writer, names};

/// The bucket in which all tables are.
const BUCKET: &str = "tables";
/// The one file of a table.
const FILE: &str = "rows";

/// The tables of a test, as files by their paths.
#[derive(Debug, Default)]
pub struct Tables {
    files: BTreeMap<String, Vec<u8>>,
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
            .insert(format!("/{BUCKET}/{folder}/{}", names::SNAPSHOT), pointer);
        self.files.insert(format!("/{BUCKET}/{folder}/{FILE}"), bytes);
        Ok(())
    }

    /// What the deployment would set.
    pub fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// A file, by the path of a request.
    pub fn get(&self, url: &str) -> Option<&[u8]> {
        let path = url.split('?').next().unwrap_or(url);
        self.files.get(path).map(Vec::as_slice)
    }
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
