//! Sources.

use super::{Lowering, Scope};
use crate::check::program::{self, Shape};
use crate::check::settings::{Settings, Value};
use crate::plan::{Api, ApiAuth, Format, From, Kinesis, Schema, Source, Volume};

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
        let from = match (name, settings.variant("via")) {
            ("api" | "s3", _) if source.shape == Shape::Objects => From::Objects,
            ("kinesis", _) => From::Kinesis(kinesis_of(connector, &source.schema)?),
            (_, Some(("kinesis", stream))) => From::Kinesis(kinesis_of(stream, &source.schema)?),
            (_, Some(("firehose", _))) => From::Firehose,
            ("kafka", _) => From::Kafka,
            ("sqs", _) => From::Queue,
            ("api", Some(("direct", _))) => From::Http,
            // What carries these, where nothing is said, is a stream of our own.
            ("api" | "iot", None) if source.shape == Shape::Stream => From::Kinesis(own_stream(&source.schema)),
            (other, _) => From::Other(other.to_owned()),
        };
        let api = match (name, &from) {
            ("api", From::Kinesis(_)) => self.api(connector),
            // Objects as a whole were refused where this matters.
            ("api", From::Objects) => None,
            ("api", _) => {
                let span = settings.span("via").unwrap_or(item.span);
                self.refuse(span, "`from = api` without a stream", Some("write `via = kinesis { }`"));
                None
            }
            _ => None,
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
            connector: name.to_owned(),
            from,
            api,
            schema: source.schema.clone(),
            volume,
            late_at_most_seconds: settings.seconds("late_at_most")?,
            into: source.into.clone(),
        })
    }
}

impl Lowering<'_> {
    /// Requests that a stream takes; what no bundle carries of them is refused.
    fn api(&mut self, settings: &Settings) -> Option<Api> {
        let (auth, of_auth) = settings.variant("auth")?;
        let kind = match auth {
            "api_key" => ApiAuth::Key,
            "iam" => ApiAuth::Iam,
            "public" => ApiAuth::Public,
            other => {
                let span = settings.span("auth").or_else(|| of_auth.span("issuer"))?;
                self.refuse(
                    span,
                    format!("`auth = {other}`"),
                    Some("write `auth = api_key`, or `iam`"),
                );
                ApiAuth::Iam
            }
        };
        let asked = [
            ("cors", !settings.list("cors").is_empty()),
            ("domain", settings.text("domain").is_some()),
            ("firewall", settings.bool("firewall") == Some(true)),
        ];
        for (name, _) in asked.into_iter().filter(|(_, asked)| *asked) {
            if let Some(span) = settings.span(name) {
                self.refuse(span, format!("the setting `{name}`"), None);
            }
        }
        let per_second = settings.rate("throttle")?;
        Some(Api {
            path: settings.text("path")?.to_owned(),
            auth: kind,
            per_second,
            // Room for what comes in one second.
            burst: settings.int("burst").unwrap_or(per_second.ceil().min(5_000.0) as u32),
        })
    }
}

/// The shortest time that a stream keeps records, hours.
const LEAST_HOURS: u32 = 24;

fn first_key(schema: &Schema) -> Option<String> {
    let mut keys = schema.fields.iter().filter(|field| field.column.key);
    keys.next().map(|field| field.column.name.clone())
}

fn own_stream(schema: &Schema) -> Kinesis {
    Kinesis {
        existing: None,
        shards: None,
        retention_hours: LEAST_HOURS,
        partition_key: first_key(schema),
    }
}

fn kinesis_of(settings: &Settings, schema: &Schema) -> Option<Kinesis> {
    let existing = match settings.get("stream").map(|setting| &setting.value) {
        Some(Value::Text(name)) => Some(name.clone()),
        _ => None,
    };
    let shards = match settings.variant("capacity")? {
        ("provisioned", provisioned) => Some(provisioned.int("shards")?),
        _ => None,
    };
    Some(Kinesis {
        existing,
        shards,
        retention_hours: u32::try_from(settings.seconds("retention")? / 3_600).ok()?,
        partition_key: settings.text("key").map(str::to_owned).or_else(|| first_key(schema)),
    })
}
