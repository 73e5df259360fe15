//! The Glue catalog: a database a zone, a table a dataset, partitions by projection. Knows types as Hive spells them.

use super::{iceberg, imports, lake};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::types::{Column, TypeKind, object_fields};
use crate::plan::{Csv, Dataset, DatasetId, Format, Plan, Writer, names};
use crate::{object_of, text_of};

/// Glue refuses longer comments.
const COMMENT: usize = 255;

/// The Terraform label of a dataset's table.
pub fn label(id: &DatasetId) -> String {
    // No name of an author's has a hyphen in it.
    format!("{}_{}", id.zone.replace('.', "-"), id.name)
}

/// The name of a dataset's database, as other resources reference it.
pub fn database(id: &DatasetId) -> Value {
    let label = match id.project() {
        Some((pipeline, _)) => imports::links(pipeline),
        None => id.zone.clone(),
    };
    reference(format!("aws_glue_catalog_database.{label}.name"))
}

/// The name of a dataset's table, as other resources reference it.
pub fn table(id: &DatasetId) -> Value {
    reference(format!("aws_glue_catalog_table.{}.name", label(id)))
}

/// Databases and tables.
pub fn blocks(plan: &Plan) -> impl Iterator<Item = Block> {
    let databases = plan.zones.iter().map(|zone| {
        let described = zone.doc.clone().unwrap_or_else(|| format!("Zone {}.", zone.name));
        Block::resource("aws_glue_catalog_database", &zone.name)
            .set(
                "name",
                text_of![reference("local.database_prefix"), format!("_{}", zone.name)],
            )
            .set("description", comment(&described))
            .set("location_uri", lake::url(&lake::zone_label(&zone.name), ""))
            .set("depends_on", vec![reference("terraform_data.lake_formation_is_ready")])
    });
    let tables = plan.own_tables().map(|dataset| table_block(plan, dataset));
    databases.chain(tables)
}

fn table_block(plan: &Plan, dataset: &Dataset) -> Block {
    let (partitions, columns): (Vec<_>, Vec<_>) = split(dataset);
    let described = dataset.doc.as_deref().map(comment);
    let block = Block::resource("aws_glue_catalog_table", &label(&dataset.id))
        .set("name", dataset.id.name.as_str())
        .set("database_name", database(&dataset.id));
    let block = match described {
        Some(text) => block.set("description", text),
        None => block,
    };
    let block = block
        .set("owner", plan.pipeline.owner.as_str())
        .set("table_type", "EXTERNAL_TABLE");
    if dataset.format == Format::Iceberg {
        return iceberg::table(plan, dataset, block);
    }
    block
        .set("parameters", parameters(plan, dataset, &partitions))
        .blocks(
            partitions
                .iter()
                .map(|column| column_block("partition_keys", plan, dataset, column)),
        )
        .block(storage(plan, dataset, &columns))
}

fn split(dataset: &Dataset) -> (Vec<&Column>, Vec<&Column>) {
    let is_partition = |column: &&Column| dataset.partition.contains(&column.name);
    let mut partitions: Vec<_> = dataset.columns.iter().filter(is_partition).collect();
    partitions.sort_by_key(|column| dataset.partition.iter().position(|name| *name == column.name));
    let columns = dataset.columns.iter().filter(|column| !is_partition(column)).collect();
    (partitions, columns)
}

fn parameters(plan: &Plan, dataset: &Dataset, partitions: &[&Column]) -> Value {
    let classification = match plan.file_format(dataset) {
        Format::Csv => "csv",
        Format::Json => "json",
        Format::Parquet => "parquet",
        _ => crate::plan::refused(),
    };
    let mut out = vec![
        ("EXTERNAL".to_string(), Value::from("TRUE")),
        ("classification".into(), classification.into()),
    ];
    if csv(plan, dataset).is_some_and(|csv| csv.header) {
        out.push(("skip.header.line.count".into(), "1".into()));
    }
    if partitions.is_empty() {
        return Value::Object(out);
    }
    out.push(("projection.enabled".into(), "true".into()));
    let mut template = String::new();
    for column in partitions {
        let key = |name: &str| format!("projection.{}.{name}", column.name);
        out.extend(
            projection(dataset, column)
                .into_iter()
                .map(|(name, value)| (key(name), value.into())),
        );
        template.push_str(&format!("{}=${{{}}}/", column.name, column.name));
    }
    let location = text_of![lake::dataset_url(dataset), template];
    out.push(("storage.location.template".into(), location));
    Value::Object(out)
}

/// How a dataset's files of CSV are written, if they are.
fn csv(plan: &Plan, dataset: &Dataset) -> Option<Csv> {
    let source = plan.copied(dataset)?;
    (source.format == Format::Csv).then(|| source.csv())
}

/// How Athena reads CSV: every value is text there.
fn csv_reader(csv: &Csv) -> Block {
    let parameters = object_of! {
        "escapeChar" => &csv.quote,
        "quoteChar" => &csv.quote,
        "separatorChar" => &csv.separator,
    };
    Block::new("ser_de_info")
        .set("serialization_library", "org.apache.hadoop.hive.serde2.OpenCSVSerde")
        .set("parameters", parameters)
}

/// How Athena computes the partitions, so that nobody has to register them.
fn projection(dataset: &Dataset, column: &Column) -> Vec<(&'static str, String)> {
    match &column.ty.kind {
        TypeKind::Date => vec![
            ("type", "date".into()),
            ("format", "yyyy-MM-dd".into()),
            ("interval", "1".into()),
            ("interval.unit", "DAYS".into()),
            ("range", format!("NOW-{}DAYS,NOW+1DAYS", dataset.retain_days)),
        ],
        TypeKind::Enum { variants, .. } => vec![("type", "enum".into()), ("values", variants.join(","))],
        TypeKind::Bool => vec![("type", "enum".into()), ("values", "false,true".into())],
        // Nothing tells which values there are: a query has to name the ones that it wants.
        _ => vec![("type", "injected".into())],
    }
}

fn storage(plan: &Plan, dataset: &Dataset, columns: &[&Column]) -> Block {
    let hadoop = "org.apache.hadoop";
    let (input, output, serde) = match plan.file_format(dataset) {
        Format::Csv => (
            format!("{hadoop}.mapred.TextInputFormat"),
            format!("{hadoop}.hive.ql.io.HiveIgnoreKeyTextOutputFormat"),
            csv_reader(&csv(plan, dataset).unwrap_or_else(|| crate::plan::refused())),
        ),
        Format::Parquet => (
            format!("{hadoop}.hive.ql.io.parquet.MapredParquetInputFormat"),
            format!("{hadoop}.hive.ql.io.parquet.MapredParquetOutputFormat"),
            Block::new("ser_de_info")
                .set(
                    "serialization_library",
                    format!("{hadoop}.hive.ql.io.parquet.serde.ParquetHiveSerDe"),
                )
                .set("parameters", object_of! { "serialization.format" => "1" }),
        ),
        Format::Json => (
            format!("{hadoop}.mapred.TextInputFormat"),
            format!("{hadoop}.hive.ql.io.HiveIgnoreKeyTextOutputFormat"),
            Block::new("ser_de_info")
                .set("serialization_library", "org.openx.data.jsonserde.JsonSerDe")
                .set("parameters", object_of! { "ignore.malformed.json" => "TRUE" }),
        ),
        _ => crate::plan::refused(),
    };
    // What DMS writes stands around the columns: Athena takes values of CSV by their places.
    let replicated = plan.copied(dataset).is_some_and(|source| source.replication.is_some());
    let beside = |name: &str| replicated.then(|| Block::new("columns").set("name", name).set("type", "string"));
    Block::new("storage_descriptor")
        .set("location", lake::dataset_url(dataset))
        .set("input_format", input)
        .set("output_format", output)
        .block(serde)
        .blocks(beside("_op"))
        .blocks(
            columns
                .iter()
                .map(|column| column_block("columns", plan, dataset, column)),
        )
        .blocks(beside(names::CHANGED_AT))
}

fn column_block(kind: &str, plan: &Plan, dataset: &Dataset, column: &Column) -> Block {
    let is_text = matches!(plan.file_format(dataset), Format::Json | Format::Csv);
    let is_landed = matches!(dataset.writer, Writer::Source(_)) && !dataset.partition.contains(&column.name);
    let landed = is_text && is_landed;
    let hive = if landed {
        landed_type(&column.ty.kind)
    } else {
        hive_type(&column.ty.kind)
    };
    let mut words: Vec<String> = column.doc.iter().cloned().collect();
    if landed && hive_type(&column.ty.kind) != hive {
        words.push(format!("A {}, as it came.", column.ty));
    }
    words.extend(column.labels.iter().map(|label| format!("@{label}")));
    let block = Block::new(kind).set("name", column.name.as_str()).set("type", hive);
    match words.is_empty() {
        true => block,
        false => block.set("comment", comment(&words.join(" "))),
    }
}

/// What landed was not checked: a scalar of another type than declared must not fail a whole query, so scalars are
/// read as text.
fn landed_type(kind: &TypeKind) -> String {
    match kind {
        TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Struct(_) => hive_type(kind),
        _ => "string".into(),
    }
}

/// A type as Glue, Athena and Firehose spell it.
pub fn hive_type(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Bool => "boolean".into(),
        TypeKind::Int | TypeKind::Duration => "bigint".into(),
        TypeKind::Float => "double".into(),
        TypeKind::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        TypeKind::Bytes => "binary".into(),
        TypeKind::Date => "date".into(),
        TypeKind::Timestamp => "timestamp".into(),
        TypeKind::List(item) => format!("array<{}>", hive_type(&item.kind)),
        TypeKind::Map(value) => format!("map<string,{}>", hive_type(&value.kind)),
        TypeKind::Object => hive_type(&TypeKind::Struct(object_fields())),
        TypeKind::Struct(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| format!("{}:{}", field.name, hive_type(&field.ty.kind)))
                .collect();
            format!("struct<{}>", fields.join(","))
        }
        TypeKind::Text
        | TypeKind::Uuid
        | TypeKind::Json
        | TypeKind::Enum { .. }
        | TypeKind::Null
        | TypeKind::Never
        | TypeKind::Error => "string".into(),
    }
}

/// One line that Glue takes as a comment.
pub fn comment(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(COMMENT) {
        Some((end, _)) => line[..end].to_string(),
        None => line,
    }
}
