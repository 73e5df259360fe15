//! What is said of a platform, item by item: what two versions of it are compared by.
//!
//! It must not know how differences are shown.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::aws;
use crate::cli::writer;
use crate::cost;
use crate::evidence::About;
use crate::plan::expr::Expr;
use crate::plan::types::Column;
use crate::plan::{Engine, Plan, Starts, Step, StepKind, Transform, WriteMode};

/// What is said of one item: a name and a value each; a value that says nothing is empty.
pub(super) type Facts = BTreeMap<String, String>;

/// What is said of all items of a kind.
type Items = BTreeMap<String, Facts>;

/// The fact that stands for all that a transform's steps do.
pub(super) const DIGEST: &str = "steps";

/// The name of the section of resources.
pub(super) const RESOURCES: &str = "resources";

/// Everything that is said of a platform, by what it is about; always the same sections.
pub(super) fn sections(plan: &Plan) -> [(&'static str, Items); 6] {
    let evidence = aws::claims(plan);
    let (mut lifetime, mut freshness, mut access) = (Items::new(), Items::new(), readers(plan));
    for claim in evidence.claims {
        match claim.about {
            About::Retention { of, days } => put(&mut lifetime, of, "kept", in_days(days)),
            About::Lifetime {
                class,
                days,
                allowed_days,
                ..
            } => {
                put(&mut lifetime, format!("class {class}"), "stays at most", in_days(days));
                if allowed_days.is_some() {
                    put(
                        &mut lifetime,
                        format!("class {class}"),
                        "may stay",
                        in_days(allowed_days),
                    );
                }
            }
            About::Freshness {
                dataset,
                seconds,
                allowed_seconds,
                ..
            } => {
                put(
                    &mut freshness,
                    dataset.clone(),
                    "old at most",
                    format!("{} min", seconds.div_ceil(60)),
                );
                put(
                    &mut freshness,
                    dataset,
                    "alarm after",
                    format!("{} min", allowed_seconds.div_ceil(60)),
                );
            }
            About::Way { principal, by, parts } => {
                for part in parts {
                    for column in &part.columns {
                        let name = format!("by {by}: {}.{column}", part.dataset);
                        put(
                            &mut access,
                            principal.clone(),
                            &name,
                            part.rows.clone().unwrap_or_default(),
                        );
                    }
                }
            }
            _ => {}
        }
    }
    let resources = evidence.resources.into_iter().map(|(address, body)| {
        let mut facts = Facts::new();
        leaves(&body.json(), "", &mut facts);
        (address, facts)
    });
    [
        ("data", data(plan)),
        ("lifetime", lifetime),
        ("freshness", freshness),
        ("access", access),
        ("cost", costs(plan)),
        (RESOURCES, resources.collect()),
    ]
}

/// What is written of a resource, by the ways to it: `rule[0].expiration[0].days`.
fn leaves(written: &Json, way: &str, facts: &mut Facts) {
    let dotted = |name: &str| match way {
        "" => name.to_owned(),
        way => format!("{way}.{name}"),
    };
    match written {
        Json::Object(all) => {
            for (name, value) in all {
                // What stands for Terraform's own things is of no name: `$body`, `$ref`.
                let inner = if name.starts_with('$') && all.len() == 1 {
                    way.to_owned()
                } else {
                    dotted(name)
                };
                leaves(value, &inner, facts);
            }
        }
        Json::Array(all) => {
            let each = all.iter().enumerate();
            each.for_each(|(at, value)| leaves(value, &format!("{way}[{at}]"), facts));
        }
        Json::String(text) => drop(facts.insert(way.to_owned(), text.clone())),
        value => drop(facts.insert(way.to_owned(), value.to_string())),
    }
}

fn put(items: &mut Items, item: String, name: &str, value: String) {
    items.entry(item).or_default().insert(name.to_owned(), value);
}

fn in_days(days: Option<f64>) -> String {
    days.map_or_else(|| "for ever".to_owned(), |days| format!("{days} days"))
}

/// What there is: sources, what is made of them, where it goes and when.
fn data(plan: &Plan) -> Items {
    let mut items = Items::new();
    for source in &plan.sources {
        let mut facts = columns(source.schema.fields.iter().map(|field| &field.column));
        facts.insert("from".to_owned(), source.connector.clone());
        facts.insert("format".to_owned(), source.format.name().to_owned());
        if let Some(volume) = &source.volume {
            let text = format!("{} per second of {} B", volume.records_per_second, volume.record_bytes);
            facts.insert("volume".to_owned(), text);
            let peak = volume
                .peak
                .map(|peak| format!("{} per second for {} s", peak.records_per_second, peak.seconds));
            facts.extend(peak.map(|text| ("peak".to_owned(), text)));
        } else if let Some(bytes) = source.bytes_per_second {
            // A day is what files are promised by.
            let text = format!("{:.0} B per day", bytes * 86_400.0);
            facts.insert("volume".to_owned(), text);
        }
        facts.extend(source.into.iter().map(|into| ("into".to_owned(), into.to_string())));
        items.insert(format!("source {}", source.name), facts);
    }
    for dataset in plan.own_datasets() {
        let mut facts = columns(dataset.columns.iter());
        facts.insert("format".to_owned(), dataset.format.name().to_owned());
        facts.insert("partition".to_owned(), dataset.partition.join(", "));
        items.insert(format!("dataset {}", dataset.id), facts);
    }
    for view in &plan.views {
        let mut facts = steps(&view.steps);
        facts.insert("reads".to_owned(), view.input.to_string());
        items.insert(format!("transform {}", view.name), facts);
    }
    for transform in &plan.transforms {
        items.insert(format!("transform {}", transform.name), of_transform(plan, transform));
    }
    for sink in &plan.sinks {
        let to = Facts::from([("to".to_owned(), format!("{:?}", sink.to))]);
        items.insert(format!("sink {}", sink.name), to);
    }
    for serve in &plan.serves {
        let exposed = serve.expose.iter().map(|id| (format!("exposes {id}"), String::new()));
        items.insert(format!("serve {}", serve.name), exposed.collect());
    }
    for schedule in &plan.schedules {
        let starts = match &schedule.starts {
            Starts::Clock { expression, zone } => format!("{expression} in {zone}"),
            Starts::Arrival { of, every_minutes } => format!("when {of} has rows, every {every_minutes} min at most"),
        };
        let runs: Vec<_> = schedule.waves.iter().map(|wave| wave.join(", ")).collect();
        let facts = [("starts".to_owned(), starts), ("runs".to_owned(), runs.join(", then "))];
        items.insert(format!("schedule {}", schedule.name), Facts::from(facts));
    }
    items
}

fn columns<'c>(columns: impl Iterator<Item = &'c Column>) -> Facts {
    let fact = |column: &Column| {
        let labels = column.labels.iter().map(|label| format!(" @{label}"));
        let marks = [
            (column.key, " @key"),
            (column.event_time, " @event_time"),
            (column.subject, " @subject"),
        ];
        let marks = marks
            .iter()
            .filter(|(there, _)| *there)
            .map(|(_, mark)| (*mark).to_owned());
        let about: String = labels.chain(marks).collect();
        (format!("column {}", column.name), format!("{}{about}", column.ty))
    };
    columns.map(fact).collect()
}

fn of_transform(plan: &Plan, transform: &Transform) -> Facts {
    let mut facts = steps(&transform.steps);
    let reads: Vec<_> = plan.reads(transform).iter().map(ToString::to_string).collect();
    let writes: Vec<_> = transform.targets().iter().map(ToString::to_string).collect();
    let mode = match &transform.mode {
        WriteMode::Append => "append".to_owned(),
        WriteMode::Overwrite => "overwrite".to_owned(),
        WriteMode::Merge(keys) => format!("merge by {}", keys.join(", ")),
        WriteMode::History(keys) => format!("history by {}", keys.join(", ")),
    };
    let engine = match &transform.engine {
        Engine::Lambda(_) => "AWS Lambda",
        Engine::Glue(_) => "AWS Glue",
        Engine::Emr(_) => "Amazon EMR Serverless",
        Engine::Other(name) => name,
    };
    let more = [
        ("reads", reads.join(", ")),
        ("writes", writes.join(", ")),
        ("mode", mode),
        ("runs on", engine.to_owned()),
    ];
    facts.extend(more.map(|(name, value)| (name.to_owned(), value)));
    facts
}

/// Steps in order, each by what it does: the second `filter` is one of its own.
fn steps(steps: &[Step]) -> Facts {
    let mut facts = Facts::new();
    for (name, value) in steps.iter().flat_map(of_step) {
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let free = names.find(|name| !facts.contains_key(name));
        facts.insert(free.unwrap_or(name), value);
    }
    // What the texts of two versions do not show, this does.
    let kinds: Vec<_> = steps.iter().map(|step| &step.kind).collect();
    let digest: String = writer::hash(format!("{kinds:?}").as_bytes()).chars().take(8).collect();
    facts.insert(DIGEST.to_owned(), digest);
    facts
}

/// What a step does: its first line, and what it computes.
fn of_step(step: &Step) -> Vec<(String, String)> {
    let fact = |word: &str, column: &Column, text: &str| (format!("{word} {}", column.name), text.to_owned());
    let values = |word: &str, columns: &[(Column, Expr)]| -> Vec<_> {
        let each = columns.iter().map(|(column, value)| fact(word, column, &value.text));
        each.collect()
    };
    let first = step.text.trim_end_matches(['{', ' ']);
    let word = first.split_whitespace().next().unwrap_or("").to_owned();
    match &step.kind {
        StepKind::Derive(columns) => values("derive", columns),
        StepKind::Select(columns) => values("select", columns),
        StepKind::Group {
            aggregates: columns, ..
        }
        | StepKind::Window { columns, .. } => {
            let each = columns.iter().map(|(column, value)| fact(&word, column, &value.text));
            std::iter::once((word.clone(), first.to_owned())).chain(each).collect()
        }
        _ => vec![(word, first.to_owned())],
    }
}

/// Who reads which columns of which rows by queries, and everyone that an access names.
fn readers(plan: &Plan) -> Items {
    let mut items = Items::new();
    for access in &plan.accesses {
        let facts = items.entry(format!("access {}", access.name)).or_default();
        facts.extend(access.principals().map(|name| (format!("for {name}"), String::new())));
        for grant in &access.grants {
            let rows = grant.condition.as_ref().map_or("all rows", |condition| &condition.text);
            for column in &grant.columns {
                let known = facts.entry(format!("{}.{column}", grant.dataset)).or_default();
                let or = if known.is_empty() { "" } else { " or " };
                *known += &format!("{or}{rows}");
            }
        }
    }
    items
}

fn costs(plan: &Plan) -> Items {
    let estimate = cost::estimate(plan);
    let items = estimate.by_item().into_iter();
    let all = items.chain([("all", estimate.total())]);
    let fact = |(item, usd): (&str, cost::Bounds)| {
        let facts = Facts::from([("a month".to_owned(), cost::amount(usd))]);
        (item.to_owned(), facts)
    };
    all.map(fact).collect()
}
