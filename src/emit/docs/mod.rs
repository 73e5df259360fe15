//! The platform's own documentation: one page with its diagram, data dictionary, lineage and access matrix.
//!
//! Everything is escaped by the template engine; the page loads nothing from anywhere.

mod diagram;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tera::{Context, Tera};

use crate::aws;
use crate::cost::{self, Estimate};
use crate::emit::graph::Graph;
use crate::evidence::Overridden;
use crate::plan::{Alarm, Dataset, Engine, Files, Format, Plan, Writer, lineage};
use crate::prove::access::{Allowed, By, signers};
use crate::prove::lifetimes::days;
use crate::prove::{erasure, limits};

const PAGE: &str = include_str!("../templates/docs.html.tera");
const DIAGRAM: &str = include_str!("../templates/diagram.html.tera");
const DRAWING: &str = include_str!("../templates/diagram.svg.tera");

#[derive(Serialize)]
struct Page<'a> {
    name: &'a str,
    doc: Option<&'a str>,
    owner: &'a str,
    region: &'a str,
    environment: Option<&'a str>,
    budget: Option<String>,
    diagram: diagram::Drawing,
    /// What the diagram marks: nothing on a page.
    here: &'a str,
    datasets: Vec<DatasetPart<'a>>,
    transforms: Vec<TransformPart<'a>>,
    accesses: Vec<AccessPart<'a>>,
    /// What services take, and how much of it is needed, a line for each.
    bounds: Vec<String>,
    /// For each column that names a person: it, when its rows are gone, and what is done in which order.
    erasures: Vec<(String, String, Vec<String>)>,
    /// For each resource that an author overrides: what is set, why, and what is not claimed for it.
    overrides: Vec<(String, Option<String>, Vec<String>)>,
    schedules: Vec<String>,
    alarms: Vec<String>,
    classes: Vec<ClassPart<'a>>,
    /// What a month costs, all of it.
    cost: String,
    /// And by item: its name, its bounds, and how each of its lines comes about.
    costs: Vec<(String, String, Vec<String>)>,
}

#[derive(Serialize)]
struct DatasetPart<'a> {
    id: String,
    doc: Option<&'a str>,
    format: &'static str,
    partition: String,
    retain_days: u32,
    writer: String,
    columns: Vec<ColumnPart<'a>>,
}

#[derive(Serialize)]
struct ColumnPart<'a> {
    name: &'a str,
    ty: String,
    labels: Vec<&'a str>,
    doc: Option<&'a str>,
    from: Vec<String>,
}

#[derive(Serialize)]
struct TransformPart<'a> {
    name: &'a str,
    doc: Option<&'a str>,
    reads: String,
    writes: String,
    engine: &'a str,
    steps: Vec<&'a str>,
    why: &'a [String],
}

#[derive(Serialize)]
struct AccessPart<'a> {
    name: &'a str,
    principals: Vec<&'a str>,
    /// For each dataset of which something can be seen: its name, the columns that can be seen, those that cannot.
    rows: Vec<(String, String, String)>,
    /// How many datasets there are beside these.
    others: usize,
    /// The ways beside queries, a line for each.
    ways: Vec<String>,
}

#[derive(Serialize)]
struct ClassPart<'a> {
    name: &'a str,
    doc: Option<&'a str>,
    at_most: Option<f64>,
    columns: Vec<String>,
}

/// `docs/index.html` of a platform, and what that costs.
pub fn emit(plan: &Plan, estimate: &Estimate) -> Files {
    let page = Page {
        name: &plan.pipeline.name,
        doc: plan.pipeline.doc.as_deref(),
        owner: &plan.pipeline.owner,
        region: &plan.pipeline.region,
        environment: plan.environment.as_deref(),
        budget: plan.pipeline.budget.map(|dollars| format!("{dollars}")),
        diagram: diagram::draw(&Graph::of(plan)),
        here: "",
        datasets: by_tier(plan).map(|dataset| describe(plan, dataset)).collect(),
        transforms: plan.transforms.iter().map(|one| transform(plan, one)).collect(),
        accesses: matrices(plan),
        bounds: limits::bounds(plan).iter().map(within).collect(),
        erasures: erasure::subjects(plan)
            .into_iter()
            .map(|subject| erased(plan, subject))
            .collect(),
        overrides: aws::overridden(plan).into_iter().map(overridden).collect(),
        schedules: plan.schedules.iter().map(schedule).collect(),
        alarms: plan
            .monitors
            .iter()
            .flat_map(|monitor| &monitor.alarms)
            .map(alarm)
            .collect(),
        classes: plan.classes.iter().map(|class| classes(plan, class)).collect(),
        cost: cost::amount(estimate.total()),
        costs: cost::derivations(estimate),
    };
    Files::from([("docs/index.html".to_owned(), render(&page))])
}

fn listed(all: impl IntoIterator<Item = impl ToString>) -> String {
    let mut names: Vec<String> = Vec::new();
    for name in all {
        let name = name.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// A diagram by itself, as SVG; the box of an item that is in it is marked.
pub fn drawing(graph: &Graph, here: &str) -> String {
    let drawing = Drawn {
        diagram: diagram::draw(graph),
        here,
    };
    fill("diagram.svg.html", &drawing)
}

#[derive(Serialize)]
struct Drawn<'a> {
    diagram: diagram::Drawing,
    here: &'a str,
}

fn render(page: &Page) -> String {
    fill("docs.html", page)
}

/// The templates are part of the compiler, so neither reading nor filling them can fail on anything that an author wrote.
/// Their names end as those of files in which the template engine escapes everything.
fn fill(name: &str, with: &impl Serialize) -> String {
    let mut tera = Tera::default();
    let templates = [
        ("diagram.html", DIAGRAM),
        ("docs.html", PAGE),
        ("diagram.svg.html", DRAWING),
    ];
    tera.add_raw_templates(templates)
        .expect("the templates are well formed");
    let context = Context::from_serialize(with).expect("what fills a template is a record");
    tera.render(name, &context)
        .expect("the templates use only what they are given")
}

/// Datasets in the order in which data flows through their zones.
fn by_tier(plan: &Plan) -> impl Iterator<Item = &Dataset> {
    let tier = |dataset: &&Dataset| plan.zone(&dataset.id.zone).map_or(0, |zone| zone.tier);
    let mut datasets: Vec<_> = plan.datasets.values().collect();
    datasets.sort_by_key(tier);
    datasets.into_iter()
}

fn describe<'a>(plan: &'a Plan, dataset: &'a Dataset) -> DatasetPart<'a> {
    let (writer, from) = match &dataset.writer {
        Writer::Source(name) => (format!("source {name}"), None),
        Writer::Transform(name) => (format!("transform {name}"), plan.transform(name)),
        Writer::Import(pipeline) => (format!("project {pipeline}"), None),
    };
    let mut inputs = from.map(lineage::of_transform).unwrap_or_default();
    let mut from = |name: &str| {
        inputs
            .remove(name)
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    let columns = dataset
        .columns
        .iter()
        .map(|column| ColumnPart {
            name: &column.name,
            ty: column.ty.to_string(),
            labels: column.labels.iter().map(String::as_str).collect(),
            doc: column.doc.as_deref(),
            from: from(&column.name),
        })
        .collect();
    DatasetPart {
        id: dataset.id.to_string(),
        doc: dataset.doc.as_deref(),
        format: match dataset.format {
            Format::Json => "JSON",
            Format::Csv => "CSV",
            Format::Xml => "XML",
            Format::Parquet => "Parquet",
            Format::Avro => "Avro",
            Format::Orc => "ORC",
            Format::Iceberg => "Iceberg",
        },
        partition: dataset.partition.join(", "),
        retain_days: dataset.retain_days,
        writer,
        columns,
    }
}

fn transform<'p>(plan: &'p Plan, transform: &'p crate::plan::Transform) -> TransformPart<'p> {
    TransformPart {
        name: &transform.name,
        doc: transform.doc.as_deref(),
        reads: listed(plan.reads(transform)),
        writes: listed(transform.targets()),
        engine: match &transform.engine {
            Engine::Lambda(_) => "a Rust function on AWS Lambda",
            Engine::Glue(_) => "a PySpark job on AWS Glue",
            Engine::Emr(_) => "a PySpark job on Amazon EMR Serverless",
            Engine::Other(name) => name.as_str(),
        },
        steps: transform.steps.iter().map(|step| step.text.as_str()).collect(),
        why: &transform.why,
    }
}

fn matrices(plan: &Plan) -> Vec<AccessPart<'_>> {
    let allowed = Allowed::new(plan);
    let accesses = plan.accesses.iter();
    accesses.map(|access| matrix(plan, access, &allowed)).collect()
}

fn matrix<'a>(plan: &'a Plan, access: &'a crate::plan::Access, allowed: &Allowed<'_>) -> AccessPart<'a> {
    let mut of: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for grant in &access.grants {
        of.entry(&grant.dataset).or_default().push(grant);
    }
    let row = |dataset: &Dataset| {
        let grants = || of.get(&dataset.id).into_iter().flatten();
        let seen: BTreeSet<&str> = grants().flat_map(|grant| &grant.columns).map(String::as_str).collect();
        let is_seen = |name: &&str| seen.contains(name);
        let hidden: Vec<_> = dataset
            .columns
            .iter()
            .map(|c| c.name.as_str())
            .filter(|name| !is_seen(name))
            .collect();
        let shown: Vec<_> = grants()
            .map(|grant| match &grant.condition {
                Some(condition) => format!("{} where {}", grant.columns.join(", "), condition.text),
                None => grant.columns.join(", "),
            })
            .collect();
        (dataset.id.to_string(), shown.join("; "), hidden.join(", "))
    };
    let rows: Vec<_> = by_tier(plan)
        .filter(|dataset| of.contains_key(&dataset.id))
        .map(row)
        .collect();
    AccessPart {
        name: &access.name,
        principals: access.principals().map(String::as_str).collect(),
        others: plan.datasets.len() - rows.len(),
        rows,
        ways: ways(access, allowed),
    }
}

/// The ways beside queries by which those whom an access names see rows, a line for each.
fn ways(access: &crate::plan::Access, allowed: &Allowed<'_>) -> Vec<String> {
    let mut out = vec![];
    for signer in signers(access) {
        for way in allowed.ways(signer).into_iter().filter(|way| way.by != By::Grants) {
            let parts = way.parts.iter().map(|part| match part.rows {
                Some(rows) => format!("{}: {} where {rows}", part.dataset, part.columns.join(", ")),
                None => format!("{}: {}", part.dataset, part.columns.join(", ")),
            });
            out.push(format!(
                "{signer}, by {}: {}",
                way.by,
                parts.collect::<Vec<_>>().join("; ")
            ));
        }
    }
    out
}

fn within(bound: &limits::Bound) -> String {
    let (what, needed, allowed, unit) = (&bound.what, bound.needed, bound.allowed, bound.unit);
    format!(
        "{what} needs {needed} {unit} at most, of {allowed}: {}",
        bound.derivation
    )
}

fn erased(plan: &Plan, subject: erasure::Subject<'_>) -> (String, String, Vec<String>) {
    let found = erasure::erasure(plan, subject);
    let steps = found.steps.iter().map(|step| {
        let because = step.because.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        format!("{}: {}, {}{because}", step.place, step.how, step.when())
    });
    (subject.to_string(), days(found.days()), steps.collect())
}

fn overridden(one: Overridden) -> (String, Option<String>, Vec<String>) {
    let set = format!("{}: {}", one.address, one.attributes.join(", "));
    (set, one.because, one.given_up)
}

fn schedule(schedule: &crate::plan::Schedule) -> String {
    let waves: Vec<_> = schedule.waves.iter().map(|wave| wave.join(", ")).collect();
    format!("{}: {} runs {}", schedule.name, schedule.starts, waves.join(", then "))
}

fn alarm(alarm: &Alarm) -> String {
    match alarm {
        Alarm::Freshness { dataset, over_seconds } => {
            format!("{dataset} is older than {} hours", *over_seconds as f64 / 3600.0)
        }
        Alarm::Errors {
            transform,
            over_percent,
        } => format!("more than {over_percent} percent of {transform} fails"),
        Alarm::Lag { source, over_seconds } => format!(
            "the readers of {source} are behind by more than {} minutes",
            *over_seconds as f64 / 60.0
        ),
        Alarm::Volume { source, over_percent } => {
            format!("{source} brings more than {over_percent} percent of what it promised")
        }
        Alarm::Utilization { of, over_percent } => {
            format!("{of} uses more than {over_percent} percent of what it may")
        }
        Alarm::Duration {
            transform,
            over_seconds,
        } => format!("{transform} takes longer than {} minutes", *over_seconds as f64 / 60.0),
        Alarm::Quality {
            transform,
            over_percent,
        } => format!("more than {over_percent} percent of the rows of {transform} are turned away"),
        Alarm::Cost { over_percent } => format!("the month's cost is over {over_percent} percent of the budget"),
    }
}

fn classes<'a>(plan: &'a Plan, class: &'a crate::plan::Class) -> ClassPart<'a> {
    let carriers = plan.datasets.values().flat_map(|dataset| {
        let carrying = dataset
            .columns
            .iter()
            .filter(|column| column.labels.contains(&class.name));
        carrying.map(|column| format!("{}.{}", dataset.id, column.name))
    });
    ClassPart {
        name: &class.name,
        doc: class.doc.as_deref(),
        at_most: class.retain_at_most_days,
        columns: carriers.collect(),
    }
}

#[cfg(test)]
mod tests {
    use crate::emit::graph::Graph;

    #[test]
    fn what_an_author_writes_is_escaped() {
        let mut plan = crate::plan::fixture::clickstream();
        plan.pipeline.doc = Some("a <b> & {{ c }}".to_owned());
        let page = super::emit(&plan, &crate::cost::estimate(&plan))
            .remove("docs/index.html")
            .unwrap();
        assert!(page.contains("<p>a &lt;b&gt; &amp; {{ c }}</p>"), "{page}");
        assert!(page.contains("<code>processed.clicks.amount</code>"), "{page}");
    }

    #[test]
    fn an_access_has_a_row_for_what_it_sees_and_a_word_for_the_rest() {
        let plan = crate::plan::fixture::clickstream();
        let page = super::emit(&plan, &crate::cost::estimate(&plan))
            .remove("docs/index.html")
            .unwrap();
        let (_, seen) = page.split_once("<h2>Who sees what</h2>").unwrap();
        let (seen, _) = seen.split_once("<h2>Classes</h2>").unwrap();
        let granted = plan.accesses.iter().map(|access| {
            let datasets: std::collections::BTreeSet<_> = access.grants.iter().map(|grant| &grant.dataset).collect();
            datasets.len()
        });
        assert_eq!(seen.matches("<tr><td><code>").count(), granted.sum::<usize>(), "{seen}");
        assert!(seen.contains("And nothing of the other "), "{seen}");
    }

    #[test]
    fn a_drawing_stands_alone_and_marks_the_item_that_it_is_asked_for() {
        let plan = crate::plan::fixture::clickstream();
        let drawing = super::drawing(&Graph::of(&plan), "clean");
        assert!(drawing.starts_with("<svg xmlns="), "{drawing}");
        assert!(drawing.trim_end().ends_with("</svg>"), "{drawing}");
        assert_eq!(drawing.matches("class=\"transform here\"").count(), 1, "{drawing}");
        assert!(!super::drawing(&Graph::of(&plan), "nobody").contains(" here\""));
        let page = super::emit(&plan, &crate::cost::estimate(&plan))
            .remove("docs/index.html")
            .unwrap();
        assert!(!page.contains(" here\""), "{page}");
    }
}
