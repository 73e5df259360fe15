//! Whether what sources promise fits the services on its way, beside streams and topics: each bound with its derivation.
//!
//! It must not know which resources hold a bound: evidence names them.

mod readers;

use super::capacity::{hundredths, needed_shards, plural, promise};
use super::quotas::quota;
use crate::check::items::Places;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::{From, Input, Plan, Source, StepKind, Target, To, Transform, Volume, largest_message};

/// Something that a service takes no more of.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// What is bounded: `api of clicks`.
    pub what: String,
    /// The item whose place is told, and whose rows these are: `source.clicks`.
    pub item: String,
    /// How much is needed, at most.
    pub needed: f64,
    /// How much there is.
    pub allowed: f64,
    /// Of what: `requests a second`.
    pub unit: &'static str,
    /// How the need comes about.
    pub derivation: String,
    /// What would pass.
    pub help: String,
    /// The sources whose promises it rests on.
    pub sources: Vec<String>,
    /// What takes no more.
    pub by: By,
}

/// A part of a platform that takes no more than so much, by the item that it is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The API of a source.
    Api(String),
    /// What the API of a source is set to let through.
    Throttle(String),
    /// The rule of a source by which messages of devices come.
    Rule(String),
    /// The stream, the queue, the topic or the delivery stream that a source comes by.
    Source(String),
    /// The functions that read the bound's sources.
    Functions,
    /// The container of a transform.
    Program(String),
    /// A sink.
    Sink(String),
}

impl Bound {
    /// Whether it fits.
    pub fn holds(&self) -> bool {
        self.needed <= self.allowed
    }
}

/// Every bound of a plan.
pub fn bounds(plan: &Plan) -> Vec<Bound> {
    let mut out: Vec<Bound> = plan.sources.iter().flat_map(|source| of_source(plan, source)).collect();
    out.extend(
        plan.transforms
            .iter()
            .flat_map(|transform| of_transform(plan, transform)),
    );
    out.extend(together(plan));
    out.extend(readers::bounds(plan));
    out
}

/// What does not fit is said.
pub(super) fn prove(plan: &Plan, places: &Places, diagnostics: &mut Diagnostics) {
    for bound in bounds(plan).into_iter().filter(|bound| !bound.holds()) {
        let Some(span) = places.get(&bound.item) else { continue };
        let (needed, allowed) = (hundredths(bound.needed), hundredths(bound.allowed));
        let message = format!(
            "{} needs {needed} {}, and {allowed} is the most",
            bound.what, bound.unit
        );
        let mut diagnostic = Diagnostic::new(Code::CAPACITY, span, message)
            .found(format!("takes {allowed} {}", bound.unit))
            .note(bound.derivation)
            .help(bound.help);
        for source in &bound.sources {
            let promised = plan.source(source).map(promise).and_then(|path| places.get(&path));
            if let Some(span) = promised {
                diagnostic = diagnostic.label(span, "what it promises to bring");
            }
        }
        diagnostics.push(diagnostic);
    }
}

/// The regions in which a delivery stream takes more.
const LARGEST_REGIONS: [&str; 3] = ["eu-west-1", "us-east-1", "us-west-2"];

fn of_source(plan: &Plan, source: &Source) -> Vec<Bound> {
    let Some(volume) = &source.volume.as_ref().map(Volume::most) else {
        return vec![];
    };
    let bound = |by: fn(String) -> By, what: &str, needed, allowed, unit, help: &str| Bound {
        by: by(source.name.clone()),
        what: format!("{what} of `{}`", source.name),
        item: promise(source),
        needed,
        allowed,
        unit,
        derivation: volume.words(),
        help: help.to_owned(),
        sources: vec![source.name.clone()],
    };
    let mut out = vec![];
    if let Some(api) = &source.api {
        let help = "let senders put several records into a request to Kinesis themselves: `from = kinesis { }`";
        let most = quota("api.requests");
        out.push(bound(
            By::Api,
            "the api",
            volume.records_per_second,
            most,
            "requests a second",
            help,
        ));
        let needed = volume.records_per_second;
        let help = format!("write `throttle = {} per second`", (needed * 100.0).ceil() / 100.0);
        out.push(bound(
            By::Throttle,
            "the throttle",
            needed,
            api.per_second,
            "requests a second",
            &help,
        ));
    }
    let bytes = volume.record_bytes as f64;
    if source.topic.is_some() {
        let help = "let devices send it as a file by a link, `objects of`, or in parts";
        out.push(bound(
            By::Rule,
            "a message",
            bytes,
            quota("iot.message_bytes"),
            "B",
            help,
        ));
    }
    let record = largest_record(source);
    out.extend(record.map(|(what, most, help)| bound(By::Source, what, bytes, most, "B", help)));
    if matches!(source.from, From::Firehose(_)) {
        // Requests are put on a delivery stream one by one.
        let (most_bytes, most) = match LARGEST_REGIONS.contains(&plan.pipeline.region.as_str()) {
            true => (quota("firehose.put_bytes_large"), quota("firehose.put_requests_large")),
            false => (quota("firehose.put_bytes"), quota("firehose.put_requests")),
        };
        let needed = bytes * volume.records_per_second;
        let help =
            "write `via = kinesis { capacity = on_demand }`: a delivery stream that reads a stream has no such bound";
        out.push(bound(
            By::Source,
            "the bytes of the delivery stream",
            needed,
            most_bytes,
            "B a second",
            help,
        ));
        let records = volume.records_per_second;
        out.push(bound(
            By::Source,
            "the delivery stream",
            records,
            most,
            "requests a second",
            help,
        ));
    }
    out
}

/// What a record of a source is called, the largest that there may be, bytes, and what else would do.
fn largest_record(source: &Source) -> Option<(&'static str, f64, &'static str)> {
    let in_parts = "send it as a file, `objects of`, or in parts";
    match &source.from {
        From::Kinesis(_) => Some(("a record", quota("kinesis.record_bytes"), in_parts)),
        From::Queue(_) => Some(("a message", quota("sqs.message_bytes"), in_parts)),
        From::Firehose(_) => Some(("a record", quota("firehose.record_bytes"), in_parts)),
        From::Kafka(_) => Some((
            "a message",
            f64::from(largest_message(source)),
            "send it as a file by a link, `objects of` by `api`, or in parts",
        )),
        _ => None,
    }
}

/// What comes to a transform, at most; nothing where something that it reads promises nothing.
fn incoming(plan: &Plan, transform: &Transform) -> Option<(Volume, Vec<String>)> {
    let mut sum = Volume {
        records_per_second: 0.0,
        record_bytes: 0,
        peak: None,
    };
    let mut sources = vec![];
    for input in plan.reads(transform) {
        let Input::Stream(name) = input else { continue };
        let volume = plan.source(name)?.volume.as_ref()?.most();
        sum.records_per_second += volume.records_per_second;
        sum.record_bytes = sum.record_bytes.max(volume.record_bytes);
        sources.push(name.clone());
    }
    (!sources.is_empty()).then_some((sum, sources))
}

fn of_transform(plan: &Plan, transform: &Transform) -> Vec<Bound> {
    let Some((incoming, sources)) = incoming(plan, transform) else {
        return vec![];
    };
    let bound = |by: By, what: String, needed, allowed, unit, derivation: String, help: String| Bound {
        by,
        what,
        item: format!("transform.{}", transform.name),
        needed,
        allowed,
        unit,
        derivation,
        help,
        sources: sources.clone(),
    };
    let name = &transform.name;
    let mut out = vec![];
    for step in transform.steps.iter() {
        let StepKind::Run(run) = &step.kind else { continue };
        if let (Some(at_once), Some(timeout)) = (run.settings.int("concurrency"), run.settings.seconds("timeout")) {
            let rate = incoming.records_per_second;
            let needed = (rate * timeout as f64).ceil();
            let derivation = format!("{rate} a second, each of which may take {timeout} s, are {needed} at once");
            let help = format!("write `concurrency = {needed}`, or a shorter `timeout`");
            let what = format!("the program of `{name}`");
            out.push(bound(
                By::Program(name.clone()),
                what,
                needed,
                f64::from(at_once),
                "runs at once",
                derivation,
                help,
            ));
        }
    }
    // What it promises to write is less than what comes to it.
    let written = transform.volume.as_ref().unwrap_or(&incoming);
    let per_second = written.records_per_second;
    let why = |volume: &Volume| match &transform.volume {
        Some(_) => format!("`{name}` promises to write {}", volume.words()),
        None => format!("{} come to `{name}`, and it may write all of them", volume.words()),
    };
    for (target, _) in transform.deliveries() {
        let Target::Sink(sink) = target else { continue };
        let Some(sink) = plan.sink(sink) else { continue };
        let less = "if it writes less, say so by a `volume` of the transform";
        let (most, needed, unit, other) = match &sink.to {
            To::Items { .. } => {
                let units = per_second * (written.record_bytes as f64 / 1_024.0).ceil().max(1.0);
                (
                    quota("dynamodb.write_units"),
                    units,
                    "write units a second",
                    "to = kinesis { }",
                )
            }
            To::Queue { fifo: true, .. } => (
                quota("sqs.ordered_messages"),
                per_second,
                "messages a second",
                "fifo = false",
            ),
            To::Queue { .. } => {
                let bytes = written.record_bytes as f64;
                (quota("sqs.message_bytes"), bytes, "B a message", "to = kinesis { }")
            }
            To::Bus { .. } => {
                let bytes = written.record_bytes as f64;
                (quota("events.entry_bytes"), bytes, "B an event", "to = kinesis { }")
            }
            _ => continue,
        };
        let what = format!("what `{name}` sends to `{}`", sink.name);
        let help = format!("write `{other}` in sink `{}`; {less}", sink.name);
        let by = By::Sink(sink.name.clone());
        out.push(bound(by, what, needed, most, unit, why(written), help));
    }
    out
}

/// Functions of all streams run side by side, and an account has so many at once.
fn together(plan: &Plan) -> Option<Bound> {
    let mut all = vec![];
    for function in crate::plan::stream_functions(plan) {
        let source = function.source;
        let at_once = match &source.from {
            From::Kafka(topic) => topic.partitions,
            From::Kinesis(kinesis) => {
                // A stream that grows by itself starts with four shards, and doubles.
                let needed = source.volume.as_ref().map_or(0, needed_shards);
                kinesis.shards.unwrap_or(needed.max(4).saturating_mul(2))
            }
            _ => continue,
        };
        all.push((source, at_once));
    }
    let most = all.iter().max_by_key(|(_, at_once)| *at_once)?.0;
    let parts = all
        .iter()
        .map(|(source, at_once)| format!("{at_once} of `{}`", source.name));
    let needed: f64 = all.iter().map(|(_, at_once)| f64::from(*at_once)).sum();
    Some(Bound {
        by: By::Functions,
        what: format!("{} of streams", plural(all.len() as f64, "function")),
        item: format!("source.{}", most.name),
        needed,
        allowed: quota("lambda.at_once"),
        unit: "runs at once",
        derivation: format!(
            "one for each shard or partition: {}",
            parts.collect::<Vec<_>>().join(", ")
        ),
        help: format!(
            "ask for fewer shards or partitions in `{}`, or read it by `engine = glue`",
            most.name
        ),
        sources: all.iter().map(|(source, _)| source.name.clone()).collect(),
    })
}
