//! Sources.

use super::{Lowering, Scope};
use crate::check::program::{self, Shape};
use crate::check::settings::{Settings, Value};
use crate::plan::{Format, From, Kinesis, Schema, Source, Volume};

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
            if self.scope == Scope::Platform {
                return None;
            }
        }
        let (name, connector) = settings.variant("from")?;
        let from = match name {
            "kinesis" => From::Kinesis(kinesis_of(connector, &source.schema)?),
            other => From::Other(other.to_owned()),
        };
        let format = connector.variant("format");
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
            shape: source.shape,
            delivers: source.delivers,
            format: format
                .and_then(|(name, _)| Format::of_name(name))
                .unwrap_or(Format::Json),
            format_settings: format.map(|(_, settings)| settings.clone()),
            from,
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
