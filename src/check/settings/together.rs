//! Settings of one variant that are each right and do not go together: sizes that come in pairs, one of two that must
//! be there. What the parts of a platform ask of each other is for who sees all of it.

use super::bounds::show;
use super::quantity::Dimension;
use super::value::{Setting, Settings, Value};
use crate::base::Span;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::resolve::Layer;

const GIB: u64 = 1 << 30;

/// The capacities that AWS DMS Serverless comes in.
const REPLICATION: [u32; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384];

/// The processors of a container on AWS Fargate: the least and the most memory beside them, and its steps, in GiB. The
/// smallest takes half a GiB, too.
const FARGATE: [(f64, u64, u64, u64); 7] = [
    (0.25, 1, 2, 1),
    (0.5, 1, 4, 1),
    (1.0, 2, 8, 1),
    (2.0, 4, 16, 1),
    (4.0, 8, 30, 1),
    (8.0, 16, 60, 4),
    (16.0, 32, 120, 8),
];

/// Says which settings of a variant, written at `span`, do not go together.
pub(super) fn check(slot: &str, name: &str, settings: &Settings, span: Span, diagnostics: &mut Diagnostics) {
    let said = match (slot, name) {
        ("transform.run", "container") => image(settings, span).or_else(|| container(settings, span)),
        ("serve.engine", "redshift_serverless") | ("sink.to", "redshift") => redshift(settings),
        ("source.from", "database") => replication(settings),
        ("transform.engine", "emr") => workers(settings),
        ("sink.to", "sqs") => groups(settings).or_else(|| queue(settings)),
        ("source.from", "sqs") => queue(settings).or_else(|| own_only(settings, "queue", &["retention", "tries"])),
        ("sink.to", "kinesis") => own_only(settings, "stream", &["capacity", "retention"]),
        ("sink.to", "dynamodb") => item_key(settings),
        _ => None,
    };
    if let Some(said) = said.or_else(|| no_columns(settings)) {
        diagnostics.push(said);
    }
}

fn written<'s>(settings: &'s Settings, name: &str) -> Option<&'s Setting> {
    settings.get(name).filter(|setting| setting.layer != Layer::Default)
}

/// A container is built, or it is there.
fn image(settings: &Settings, span: Span) -> Option<Diagnostic> {
    match (settings.span("build"), settings.span("image")) {
        (Some(build), Some(image)) => Some(
            Diagnostic::new(
                Code::SETTINGS_CLASH,
                image,
                "a container is built or there already, not both",
            )
            .found("one that is there")
            .label(build, "what one is built from")
            .help("leave `build` or `image` out"),
        ),
        (None, None) => Some(
            Diagnostic::new(Code::MISSING_SETTING, span, "`run container` does not say which one")
                .found("neither `build` nor `image`")
                .help("write `build = \"containers/decode\"`: the folder with its Dockerfile")
                .help("or write `image = \"…@sha256:…\"` for one that is there"),
        ),
        _ => None,
    }
}

/// Fargate has memory in steps that depend on the processors.
fn container(settings: &Settings, span: Span) -> Option<Diagnostic> {
    let (processors, memory) = (settings.number("vcpu")?, settings.bytes("memory")?);
    let (_, least, most, step) = *FARGATE.iter().find(|(vcpu, ..)| *vcpu == processors)?;
    let half = processors == 0.25 && memory == GIB / 2;
    if half || memory % (step * GIB) == 0 && (least * GIB..=most * GIB).contains(&memory) {
        return None;
    }
    let at = written(settings, "memory").or_else(|| written(settings, "vcpu"));
    let shown = show(Dimension::Size, memory as f64);
    let message = format!("a container with `vcpu = {processors}` cannot have `memory = {shown}`");
    let near = (memory.div_ceil(step * GIB) * step).clamp(least, most);
    let steps = match step {
        1 => String::new(),
        step => format!(", in steps of {step} GiB"),
    };
    let others = FARGATE.iter().filter(|(vcpu, least, most, step)| {
        *vcpu != processors && memory % (step * GIB) == 0 && (least * GIB..=most * GIB).contains(&memory)
    });
    let apart = |vcpu: f64| (vcpu - processors).abs();
    let more = others.min_by(|(one, ..), (other, ..)| apart(*one).total_cmp(&apart(*other)));
    let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, at.map_or(span, |setting| setting.span), message)
        .found(format!("{least} to {most} GiB go with it{steps}"))
        .help(format!("write `memory = {near} GiB`"));
    let diagnostic = match written(settings, "memory") {
        Some(memory) => diagnostic.fix(format!("write `{near} GiB`"), memory.span, format!("{near} GiB")),
        None => diagnostic,
    };
    Some(match more {
        Some((vcpu, ..)) => diagnostic.help(format!("or write `vcpu = {vcpu}`")),
        None => diagnostic,
    })
}

/// Redshift Serverless has 4 units, multiples of 8 up to 512, and multiples of 32 above.
fn redshift(settings: &Settings) -> Option<Diagnostic> {
    let (low, high) = settings.range("capacity")?;
    let near = |units: u32, up: bool| match units {
        0..=4 => 4,
        5..=512 if up => units.div_ceil(8) * 8,
        5..=7 => 4,
        8..=512 => units / 8 * 8,
        _ if up => units.div_ceil(32) * 32,
        _ => units / 32 * 32,
    };
    let (low_near, high_near) = (near(low, false), near(high, true));
    (low_near != low || high_near != high).then(|| {
        let found = "4, multiples of 8 up to 512, and multiples of 32 above";
        ends(settings, (low, high), (low_near, high_near), found)
    })
}

/// AWS DMS Serverless has certain capacities only.
fn replication(settings: &Settings) -> Option<Diagnostic> {
    let (low, high) = settings.range("capacity")?;
    let below = REPLICATION.iter().rfind(|units| **units <= low).copied().unwrap_or(1);
    let above = REPLICATION.iter().find(|units| **units >= high).copied().unwrap_or(384);
    let all: Vec<_> = REPLICATION.iter().map(u32::to_string).collect();
    (below != low || above != high).then(|| {
        ends(
            settings,
            (low, high),
            (below, above),
            &format!("there are {}", all.join(", ")),
        )
    })
}

fn ends(settings: &Settings, found: (u32, u32), near: (u32, u32), what: &str) -> Diagnostic {
    let span = settings
        .span("capacity")
        .unwrap_or(Span::new(crate::base::FileId(0), 0, 0));
    let near_text = format!("{}..{}", near.0, near.1);
    let one = if found.0 == near.0 { found.1 } else { found.0 };
    Diagnostic::new(Code::OUT_OF_BOUNDS, span, format!("`capacity` cannot be {one} units"))
        .found(what.to_owned())
        .help(format!("write `capacity = {near_text}`"))
        .fix(format!("write `{near_text}`"), span, near_text)
}

/// A worker of EMR Serverless has at least 2 GiB a processor.
fn workers(settings: &Settings) -> Option<Diagnostic> {
    let (processors, memory) = (settings.int("max_vcpu")?, settings.bytes("max_memory")?);
    let least = u64::from(processors) * 2;
    (memory < least * GIB).then(|| {
        let message = format!("`max_memory` is too little for {processors} processors: each has at least 2 GiB");
        let span = settings
            .span("max_memory")
            .unwrap_or(Span::new(crate::base::FileId(0), 0, 0));
        let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, message)
            .found(show(Dimension::Size, memory as f64))
            .help(format!("write `max_memory = {least} GiB` or more"))
            .help(format!("or write `max_vcpu = {}` or less", memory / GIB / 2));
        match written(settings, "max_vcpu") {
            Some(processors) => diagnostic.label(processors.span, "the processors"),
            None => diagnostic,
        }
    })
}

/// Messages are in groups only where they keep their order.
fn groups(settings: &Settings) -> Option<Diagnostic> {
    let key = settings.span("key")?;
    (settings.bool("fifo") == Some(false)).then(|| {
        Diagnostic::new(
            Code::SETTINGS_CLASH,
            key,
            "a queue without order has no groups of messages",
        )
        .found("the columns of a group")
        .help("write `fifo = true`, or leave `key` out")
    })
}

/// The name of a queue says whether it keeps order.
fn queue(settings: &Settings) -> Option<Diagnostic> {
    let setting = settings.get("queue")?;
    let Value::Text(name) = &setting.value else {
        return None;
    };
    let ordered = settings.bool("fifo")?;
    if name.ends_with(".fifo") == ordered {
        return None;
    }
    let (found, help) = match ordered {
        true => (
            "its name does not end in `.fifo`",
            "leave `fifo = true` out, or name another queue",
        ),
        false => ("its name ends in `.fifo`", "write `fifo = true`"),
    };
    let message = match ordered {
        true => format!("the queue `{name}` does not keep the order of messages"),
        false => format!("the queue `{name}` keeps the order of messages"),
    };
    Some(
        Diagnostic::new(Code::SETTINGS_CLASH, setting.span, message)
            .found(found)
            .help(help),
    )
}

/// What is there already is as it is.
fn own_only(settings: &Settings, what: &str, names: &[&str]) -> Option<Diagnostic> {
    let there = settings
        .get(what)
        .filter(|setting| matches!(setting.value, Value::Text(_) | Value::Param(_)))?;
    let (name, setting) = names.iter().find_map(|name| Some((name, written(settings, name)?)))?;
    Some(
        Diagnostic::new(
            Code::SETTINGS_CLASH,
            setting.span,
            format!("a {what} that is there already has its own `{name}`"),
        )
        .found("for one that the platform makes")
        .label(there.span, "one that is there")
        .help(format!("leave `{name}` out, or write `{what} = own`")),
    )
}

/// An item of DynamoDB has one column that finds it, or two.
fn item_key(settings: &Settings) -> Option<Diagnostic> {
    let third = settings.list("key").get(2)?;
    Some(
        Diagnostic::new(
            Code::SETTINGS_CLASH,
            third.span,
            "the key of a table in DynamoDB is one column or two",
        )
        .found("the third")
        .help("keep the one that finds items, and the one that orders them"),
    )
}

/// A key without columns finds nothing.
fn no_columns(settings: &Settings) -> Option<Diagnostic> {
    let key = written(settings, "key")?;
    let empty = matches!(&key.value, Value::List(columns) if columns.is_empty());
    empty.then(|| {
        Diagnostic::new(
            Code::SETTINGS_CLASH,
            key.span,
            "a `key` without columns tells nothing apart",
        )
        .found("no column")
        .help("name columns: `key = [device, at]`")
    })
}
