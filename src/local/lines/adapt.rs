//! What a sample says of its rows in another way than arrivals do: the file of an object, the folder of a partition.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use super::super::objects::Store;
use super::super::partition;
use crate::plan::types::TypeKind;
use crate::plan::{Schema, Shape, Source};

/// What makes the record of a line, if it is one; a line that is none of these stays as it is.
pub(in crate::local) type Adapt = Box<dyn Fn(&[u8]) -> Adapted>;

/// What became of a line.
pub(in crate::local) enum Adapted {
    /// It is a record as it stands.
    Same,
    /// This is its record.
    Other(Vec<u8>),
}

type Fields = BTreeMap<String, Box<RawValue>>;

/// What a source's lines have around their records; `folder` is where its sample is.
pub(super) fn of(source: &Source, folder: &Path, store: &Store) -> Option<Adapt> {
    let object = source
        .schema
        .fields
        .iter()
        .find(|field| field.column.ty.kind == TypeKind::Object);
    match (source.connector.as_str(), source.shape, object) {
        (_, Shape::Objects, Some(field)) => {
            let (name, folder, store) = (field.column.name.clone(), folder.to_owned(), store.clone());
            Some(Box::new(move |line| of_object(line, &name, &folder, &store)))
        }
        ("project", ..) => {
            let own = partition(&source.schema, folder);
            (!own.is_empty()).then(|| Box::new(move |line: &[u8]| of_partition(line, &own)) as Adapt)
        }
        _ => None,
    }
}

/// `"content": "pictures/door.png"` is a file beside the sample.
fn of_object(line: &[u8], name: &str, folder: &Path, store: &Store) -> Adapted {
    let Ok(mut fields) = serde_json::from_slice::<Fields>(line) else {
        return Adapted::Same;
    };
    let text = fields
        .get(name)
        .and_then(|value| serde_json::from_str::<String>(value.get()).ok());
    let Some(path) = text.map(|text| folder.join(PathBuf::from(text))) else {
        return Adapted::Same;
    };
    let kept = store.keep(&path).ok().and_then(|kept| RawValue::from_string(kept).ok());
    match kept {
        Some(kept) => {
            fields.insert(name.to_owned(), kept);
            written(&fields)
        }
        None => Adapted::Same,
    }
}

/// What the folders of a dataset's partitions say, `day=2026-01-31`, as JSON.
fn partition(schema: &Schema, folder: &Path) -> Fields {
    let mut found = Fields::new();
    for part in folder.iter() {
        let named = part.to_str().and_then(partition::parse);
        let Some((name, value)) =
            named.filter(|(name, _)| schema.fields.iter().any(|field| field.column.name == *name))
        else {
            continue;
        };
        let value = value.map_or(serde_json::Value::Null, serde_json::Value::String);
        found.extend(serde_json::value::to_raw_value(&value).ok().map(|value| (name, value)));
    }
    found
}

fn of_partition(line: &[u8], own: &Fields) -> Adapted {
    let Ok(mut fields) = serde_json::from_slice::<Fields>(line) else {
        return Adapted::Same;
    };
    fields.extend(own.iter().map(|(name, value)| (name.clone(), value.clone())));
    written(&fields)
}

fn written(fields: &Fields) -> Adapted {
    match serde_json::to_vec(fields) {
        Ok(mut line) => {
            // White space inside of strings is escaped, so ends of lines are all between values.
            line.iter_mut()
                .filter(|byte| matches!(byte, b'\n' | b'\r'))
                .for_each(|byte| *byte = b' ');
            line.push(b'\n');
            Adapted::Other(line)
        }
        Err(_) => Adapted::Same,
    }
}
