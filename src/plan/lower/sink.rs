//! Sinks.

use super::Lowering;
use super::source::kinesis_with;
use crate::check::program::{Item, Mode, Transform};
use crate::check::settings::{Settings, Value};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Postgres, Sink, StepKind, Target, To, Warehouse};

impl Lowering<'_> {
    pub(super) fn sinks(&mut self) -> Vec<Sink> {
        let program = self.program;
        program.sinks.iter().filter_map(|item| self.sink(item)).collect()
    }

    fn sink(&mut self, item: &Item) -> Option<Sink> {
        let (kind, settings) = item.settings.variant("to")?;
        if kind == "dynamodb" {
            self.is_key(item, settings);
        }
        Some(Sink {
            name: item.name.clone(),
            doc: item.doc.clone(),
            to: self.to(item, kind, settings)?,
        })
    }

    fn to(&mut self, item: &Item, kind: &str, settings: &Settings) -> Option<To> {
        let text = |name: &str| settings.text(name).map(str::to_owned);
        let key = || -> Vec<String> { settings.names("key").into_iter().map(|name| name.value).collect() };
        Some(match kind {
            "eventbridge" => To::Bus {
                name: text("bus")?,
                detail_type: text("detail_type"),
            },
            "sns" => To::Topic {
                existing: existing(settings, "topic"),
            },
            "sqs" => {
                let fifo = settings.bool("fifo")?;
                if let (true, Some(name)) = (fifo, existing(settings, "queue"))
                    && !name.ends_with(".fifo")
                {
                    let span = settings.span("queue").unwrap_or(item.span);
                    self.refuse(
                        span,
                        format!("`fifo` of a queue called `{name}`"),
                        Some("names of such queues end with `.fifo`"),
                    );
                }
                To::Queue {
                    existing: existing(settings, "queue"),
                    fifo,
                    key: key(),
                }
            }
            "kinesis" => {
                let first = || {
                    let mut keys = self.given_to(&item.name).into_iter().filter(|column| column.key);
                    keys.next().map(|column| column.name.clone())
                };
                To::Stream(kinesis_with(settings, first)?)
            }
            "opensearch" => To::Index {
                index: text("index")?,
                key: key(),
                retain_days: settings.days("retain"),
                capacity: settings.range("capacity")?,
            },
            "dynamodb" => To::Items {
                key: key(),
                ttl_days: settings.days("ttl"),
                existing: text("table"),
            },
            "postgres" => To::Postgres(Postgres {
                host: text("host")?,
                port: u16::try_from(settings.int("port")?).ok()?,
                database: text("database")?,
                table: text("table")?,
                key: key(),
                credentials: secret(settings, "credentials")?,
                authority: secret(settings, "authority"),
            }),
            "redshift" => {
                self.stands(item, settings);
                To::Redshift(Warehouse {
                    table: text("table")?,
                    schema: text("schema")?,
                    key: key(),
                    capacity: settings.range("capacity")?,
                })
            }
            _ => return None,
        })
    }

    /// A warehouse stands in a network, and one transform alone can say what is in a table without a key.
    fn stands(&mut self, item: &Item, settings: &Settings) {
        let program = self.program;
        let span = item.settings.span("to").unwrap_or(item.span);
        if program.pipeline.settings.variant("network").is_none() {
            let help = "write `network = private { availability_zones = 3 }` in the pipeline";
            self.refuse(span, "a warehouse without a network", Some(help));
        }
        if settings.names("key").is_empty() {
            let writers = program.transforms.iter();
            let mut writers = writers.filter(|transform| given(transform, &item.name).is_some());
            let replaces = |transform: &&Transform| transform.mode == Mode::Overwrite;
            let (Some(first), Some(second)) = (writers.next(), writers.next()) else {
                return;
            };
            if [first, second].iter().any(replaces) {
                let (first, second) = (&first.item.name, &second.item.name);
                let what = format!(
                    "a table of Redshift without a `key` that `{first}` and `{second}` write: each run would take out the other's rows"
                );
                self.refuse(
                    item.span,
                    what,
                    Some("write the columns that tell its rows apart as `key`, or unite both in one transform"),
                );
            }
        }
    }

    /// The columns of a table of DynamoDB's key are one or two, of texts and numbers.
    fn is_key(&mut self, item: &Item, settings: &Settings) {
        let key = settings.names("key");
        let columns = self.given_to(&item.name);
        if let (0 | 3.., Some(span)) = (key.len(), settings.span("key")) {
            self.refuse(
                span,
                format!("a key of {} columns in DynamoDB", key.len()),
                Some("it has one, or one and another to order by"),
            );
        }
        let unfit = |kind: &TypeKind| {
            matches!(
                kind,
                TypeKind::Bool
                    | TypeKind::Float
                    | TypeKind::Json
                    | TypeKind::List(_)
                    | TypeKind::Map(_)
                    | TypeKind::Struct(_)
            )
        };
        for name in key {
            let column = columns.iter().find(|column| column.name == name.value);
            if let Some(column) = column.filter(|column| unfit(&column.ty.kind)) {
                let what = format!(
                    "`{}`, a {}, in the key of a table of DynamoDB",
                    column.name, column.ty.kind
                );
                self.refuse(name.span, what, Some("its keys are texts and exact numbers"));
            }
        }
    }

    /// The columns of the rows that the first of its writers gives a sink.
    fn given_to(&self, sink: &str) -> Vec<Column> {
        let program = self.program;
        program
            .transforms
            .iter()
            .find_map(|transform| given(transform, sink))
            .unwrap_or_default()
    }
}

/// The columns that a transform gives a sink, if it writes that.
fn given(transform: &Transform, sink: &str) -> Option<Vec<Column>> {
    let is_it = |target: &Target| matches!(target, Target::Sink(name) if name == sink);
    if transform.target.as_ref().is_some_and(is_it) {
        return Some(transform.output.to_vec());
    }
    let step = transform.steps.last()?;
    match &step.kind {
        StepKind::Route { branches, otherwise } => {
            let mut targets = branches.iter().map(|(_, target)| target).chain(otherwise);
            targets.any(is_it).then(|| step.columns.to_vec())
        }
        _ => None,
    }
}

/// The name of what is there; nothing where one is made.
fn existing(settings: &Settings, name: &str) -> Option<String> {
    match &settings.get(name)?.value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn secret(settings: &Settings, name: &str) -> Option<String> {
    match &settings.get(name)?.value {
        Value::Secret(secret) => Some(secret.clone()),
        _ => None,
    }
}
