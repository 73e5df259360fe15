//! Sources.

use super::Lowering;
use crate::check::program::{self, Shape};
use crate::check::settings::{Settings, Value};
use crate::plan::{From, Kinesis, Schema, Source, Volume};

impl Lowering<'_> {
    pub(super) fn sources(&mut self) -> Vec<Source> {
        let program = self.program;
        program
            .sources
            .iter()
            .filter_map(|source| self.source(source))
            .collect()
    }

    fn source(&mut self, source: &program::Source) -> Option<Source> {
        let item = &source.item;
        let settings = &item.settings;
        if source.shape != Shape::Stream {
            let shape = match source.shape {
                Shape::Objects => "objects",
                _ => "table",
            };
            let help = Some("this version has `stream of`");
            self.refuse(item.span, format!("`{shape} of` sources"), help);
            return None;
        }
        let (_, kinesis) = settings.variant("from")?;
        let volume = match settings.get("volume").map(|setting| &setting.value) {
            Some(Value::Volume(records_per_second, record_bytes)) => Some(Volume {
                records_per_second: *records_per_second,
                record_bytes: *record_bytes,
            }),
            _ => None,
        };
        Some(Source {
            name: item.name.clone(),
            doc: item.doc.clone(),
            from: From::Kinesis(kinesis_of(kinesis, &source.schema)?),
            schema: source.schema.clone(),
            volume,
            late_at_most_seconds: settings.seconds("late_at_most")?,
            into: source.into.clone(),
        })
    }
}

fn kinesis_of(settings: &Settings, schema: &Schema) -> Option<Kinesis> {
    let existing = match &settings.get("stream")?.value {
        Value::Text(name) => Some(name.clone()),
        _ => None,
    };
    let shards = match settings.variant("capacity")? {
        ("provisioned", provisioned) => Some(provisioned.int("shards")?),
        _ => None,
    };
    let mut keys = schema.fields.iter().filter(|field| field.column.key);
    let first_key = keys.next().map(|field| field.column.name.clone());
    Some(Kinesis {
        existing,
        shards,
        retention_hours: u32::try_from(settings.seconds("retention")? / 3_600).ok()?,
        partition_key: settings.text("key").map(str::to_owned).or(first_key),
    })
}
