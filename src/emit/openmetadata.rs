//! What OpenMetadata is told of a platform: datasets with their columns, the classes on them, and which columns each was
//! computed from.
//!
//! It must not know AWS resources: names that are known at deployment only are put before these there. Types are those of
//! <https://docs.open-metadata.org/main-concepts/metadata-standard/schemas/entity/data/table>.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::plan::lineage::{self, Place};
use crate::plan::types::{Column, TypeKind, object_fields};
use crate::plan::{Class, Dataset, DatasetId, Files, Input, Plan, Writer};

/// The path of the file in the build.
pub const PATH: &str = "catalog/openmetadata.json";

/// The file, where the platform is told to OpenMetadata.
pub fn files(plan: &Plan) -> Files {
    let file = || (PATH.to_owned(), format!("{:#}\n", told(plan)));
    plan.pipeline.open_metadata().map(|_| file()).into_iter().collect()
}

fn told(plan: &Plan) -> Value {
    let zones = plan.zones.iter().map(|zone| {
        let datasets = plan.own_datasets().filter(|dataset| dataset.id.zone == zone.name);
        json!({
            "name": zone.name,
            "description": zone.doc.as_deref().unwrap_or_default(),
            "tables": datasets.map(|dataset| table(plan, dataset)).collect::<Vec<_>>(),
        })
    });
    json!({
        "platform": plan.pipeline.name,
        "description": plan.pipeline.doc.as_deref().unwrap_or_default(),
        "owner": plan.pipeline.owner,
        "classes": plan.classes.iter().map(class).collect::<Vec<_>>(),
        "zones": zones.collect::<Vec<_>>(),
    })
}

fn class(class: &Class) -> Value {
    json!({ "name": class.name, "description": described(class) })
}

/// What is said of a class: its author's words, and what holds of its values.
pub fn described(class: &Class) -> String {
    let mut said: Vec<String> = class.doc.iter().cloned().collect();
    if let Some(days) = class.retain_at_most_days {
        said.push(format!("Stays {days} days at most."));
    }
    for (function, to) in &class.lowered_by {
        said.push(match to {
            Some(to) => format!("`{function}` makes it {to}."),
            None => format!("`{function}` takes it off."),
        });
    }
    if let Some(above) = &class.below {
        said.push(format!("Below {above}."));
    }
    match said.is_empty() {
        true => format!("The class {}.", class.name),
        false => said.join(" "),
    }
}

fn table(plan: &Plan, dataset: &Dataset) -> Value {
    let columns = dataset.columns.iter().map(column);
    json!({
        "name": dataset.id.name,
        "description": dataset.doc.as_deref().unwrap_or_default(),
        "retain_days": dataset.retain_days,
        "columns": columns.collect::<Vec<_>>(),
        "from": from(plan, dataset),
    })
}

fn column(column: &Column) -> Value {
    let mut out = of_type(&column.ty.kind);
    out.insert("name".into(), json!(column.name));
    if let Some(doc) = &column.doc {
        out.insert("description".into(), json!(doc));
    }
    if !column.labels.is_empty() {
        out.insert("classes".into(), json!(column.labels));
    }
    out.insert("required".into(), json!(!column.ty.optional));
    Value::Object(out)
}

fn of_type(kind: &TypeKind) -> Map<String, Value> {
    let fields = |columns: &[Column]| columns.iter().map(column).collect::<Vec<_>>();
    let told = match kind {
        TypeKind::Bool => json!({ "dataType": "BOOLEAN" }),
        TypeKind::Int | TypeKind::Duration => json!({ "dataType": "BIGINT" }),
        TypeKind::Float => json!({ "dataType": "DOUBLE" }),
        TypeKind::Decimal { precision, scale } => {
            json!({ "dataType": "DECIMAL", "precision": precision, "scale": scale })
        }
        TypeKind::Bytes => json!({ "dataType": "BINARY", "dataLength": 1 }),
        TypeKind::Date => json!({ "dataType": "DATE" }),
        TypeKind::Timestamp => json!({ "dataType": "TIMESTAMP" }),
        TypeKind::Uuid => json!({ "dataType": "UUID" }),
        TypeKind::Json => json!({ "dataType": "JSON" }),
        TypeKind::List(item) => json!({ "dataType": "ARRAY", "arrayDataType": of_type(&item.kind)["dataType"] }),
        TypeKind::Map(_) => json!({ "dataType": "MAP" }),
        TypeKind::Struct(columns) => json!({ "dataType": "STRUCT", "children": fields(columns) }),
        TypeKind::Object => json!({ "dataType": "STRUCT", "children": fields(&object_fields()) }),
        TypeKind::Enum { variants, .. } => {
            json!({ "dataType": "STRING", "dataTypeDisplay": format!("one of {}", variants.join(", ")) })
        }
        TypeKind::Text | TypeKind::Null | TypeKind::Never | TypeKind::Error => json!({ "dataType": "STRING" }),
    };
    match told {
        Value::Object(out) => out,
        _ => Map::new(),
    }
}

/// Of each dataset that this one is made from, the columns that each of its own was computed from.
fn from(plan: &Plan, dataset: &Dataset) -> Value {
    let Writer::Transform(name) = &dataset.writer else {
        return json!({});
    };
    let Some(transform) = plan.transform(name) else {
        return json!({});
    };
    let mut out: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (column, places) in lineage::of_transform(transform) {
        for place in places {
            for (id, read) in datasets(plan, &place) {
                let columns = out.entry(id.to_string()).or_default();
                columns.entry(column.clone()).or_default().insert(read);
            }
        }
    }
    json!(out)
}

/// The columns of datasets that a place is: what a view shows was read elsewhere, and what arrives lands somewhere.
fn datasets(plan: &Plan, place: &Place) -> Vec<(DatasetId, String)> {
    let mut out = vec![];
    let mut open = vec![place.clone()];
    while let Some(place) = open.pop() {
        match &place.input {
            Input::Table(id) if id.project().is_none() => out.push((id.clone(), place.column)),
            Input::Table(_) => {}
            Input::Stream(name) => {
                let into = plan.source(name).and_then(|source| source.into.clone());
                out.extend(into.map(|id| (id, place.column)));
            }
            Input::View(name) => {
                let columns = plan.view(name).map(lineage::of_view);
                open.extend(
                    columns
                        .into_iter()
                        .flat_map(|mut all| all.remove(&place.column))
                        .flatten(),
                );
            }
        }
    }
    out
}
