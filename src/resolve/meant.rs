//! What an author may have meant by a name that is not of the kind that its place asks for: by kind, then by letters.
//!
//! Knows names as they are written, so it answers also for items that have mistakes.

use super::index::{Entity, Index, article};
use crate::base::{Span, suggest};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{Block, EntryKind, ExprKind, ItemKind, Name, Path, StepKind, Transform};

/// A dataset that some item says it writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written<'a> {
    /// The zone.
    pub zone: String,
    /// The dataset.
    pub name: String,
    /// The kind of its writer: `source` or `transform`.
    pub kind: &'a str,
    /// The name of its writer.
    pub by: &'a str,
}

impl Written<'_> {
    /// `ZONE.DATASET`
    pub fn text(&self) -> String {
        format!("{}.{}", self.zone, self.name)
    }
}

/// Every dataset that an item says it writes, in source order.
pub fn written<'a>(index: &Index<'a>) -> Vec<Written<'a>> {
    let mut found = Vec::new();
    for entity in index.all() {
        let mut add = |zone: &str, name: &str| {
            found.push(Written {
                zone: zone.to_owned(),
                name: name.to_owned(),
                kind: entity.kind,
                by: entity.name,
            });
        };
        match &entity.item.kind {
            ItemKind::Block(block) if entity.kind == "source" => {
                if let Some(zone) = landing_zone(block) {
                    add(zone, entity.name);
                }
            }
            ItemKind::Transform(transform) => {
                for path in targets(transform) {
                    if let ([zone, name], false) = (path.parts.as_slice(), path.star) {
                        add(&zone.text, &name.text);
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The zone that a source says it lands in.
fn landing_zone(block: &Block) -> Option<&str> {
    block.entries.iter().find_map(|entry| match &entry.kind {
        EntryKind::Setting { key, value } if key.text() == "into" => match &value.kind {
            ExprKind::Name(zone) => Some(zone.as_str()),
            _ => None,
        },
        _ => None,
    })
}

/// Everything that a transform says it writes: its target, and those of its `route`.
pub fn targets(transform: &Transform) -> Vec<&Path> {
    let mut found: Vec<_> = transform.target.iter().map(|target| &target.dataset).collect();
    for entry in &transform.entries {
        if let EntryKind::Step(step) = &entry.kind
            && let StepKind::Route { branches, otherwise } = &step.kind
        {
            found.extend(branches.iter().map(|(_, target)| target));
            found.extend(otherwise);
        }
    }
    found
}

/// There is no item of this kind and name.
pub fn unknown_item(index: &Index<'_>, kind: &str, name: &Name) -> Diagnostic {
    let message = format!("there is no {kind} `{}`", name.text);
    let diagnostic = Diagnostic::new(Code::UNKNOWN_ITEM, name.span, message);
    let names: Vec<_> = index.of_kind(kind).map(|entity| format!("`{}`", entity.name)).collect();
    let declare = || format!("declare it: `{kind} {} {{ … }}`", name.text);
    if let Some(other) = index.of_another_kind(kind, &name.text) {
        let found = format!("`{}` is {}", name.text, article(other.kind));
        let diagnostic = diagnostic.found(found).label(other.span, format!("the {}", other.kind));
        return match names.as_slice() {
            [] => diagnostic.help(declare()),
            names => diagnostic.help(format!("there is {}", names.join(", "))),
        };
    }
    let diagnostic = diagnostic.found("not declared");
    if let Some(near) = index.nearest(kind, &name.text) {
        return diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            name.span,
            near.to_owned(),
        );
    }
    match names.as_slice() {
        [] => diagnostic.help(declare()),
        names => diagnostic.help(format!("there is {}", names.join(", "))),
    }
}

/// What stands where a dataset is asked for is none: `message` says so, the help what to write instead.
pub fn no_dataset(index: &Index<'_>, message: String, parts: &[Name], span: Span) -> Diagnostic {
    let diagnostic = |found: String| Diagnostic::new(Code::NOT_READABLE, span, message.clone()).found(found);
    let form = "a dataset is `ZONE.DATASET`";
    let [name] = parts else {
        let text: Vec<_> = parts.iter().map(|part| part.text.as_str()).collect();
        let datasets: Vec<_> = written(index).iter().map(Written::text).collect();
        let last = parts.last().map(|part| part.text.as_str()).unwrap_or_default();
        let same = datasets.iter().find(|dataset| dataset.ends_with(&format!(".{last}")));
        let near = suggest(&text.join("."), datasets.iter().map(String::as_str));
        return match near.or(same.map(String::as_str)) {
            Some(near) => write(diagnostic("not a dataset".to_owned()), near, span),
            None => diagnostic(form.to_owned()).help("write `ZONE.DATASET`"),
        };
    };
    let datasets = written(index);
    let names = |wanted: &dyn Fn(&Written<'_>) -> bool| -> Vec<String> {
        datasets
            .iter()
            .filter(|dataset| wanted(dataset))
            .map(Written::text)
            .collect()
    };
    if index.get("zone", &name.text).is_some() {
        let there = names(&|dataset| dataset.zone == name.text);
        let diagnostic = diagnostic(format!("`{}` is a zone", name.text));
        return match there.as_slice() {
            [] => diagnostic.help(format!("write `{}.DATASET`", name.text)),
            [one] => write(diagnostic, one, span),
            several => diagnostic.help(format!("write one of its datasets: `{}`", several.join("`, `"))),
        };
    }
    for kind in ["source", "transform"] {
        if index.get(kind, &name.text).is_none() {
            continue;
        }
        let there = names(&|dataset| dataset.kind == kind && dataset.by == name.text);
        let diagnostic = diagnostic(format!("`{}` is {}", name.text, article(kind)));
        return match (there.as_slice(), kind) {
            ([one], _) => write(diagnostic, one, span),
            ([], "source") => diagnostic.help(format!(
                "`{}` lands nowhere: let it say `into = ZONE`, and write `ZONE.{}`",
                name.text, name.text
            )),
            ([], _) => diagnostic.help(format!(
                "`{}` writes nothing: let it say `-> ZONE.{}`, and write that",
                name.text, name.text
            )),
            (several, _) => diagnostic.help(format!("write what it writes: `{}`", several.join("`, `"))),
        };
    }
    if let Some(other) = index.of_another_kind("dataset", &name.text) {
        let found = format!("`{}` is {}", name.text, article(other.kind));
        return diagnostic(found).help("write `ZONE.DATASET`");
    }
    let last: Vec<_> = datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    let near = suggest(&name.text, last).and_then(|near| datasets.iter().find(|dataset| dataset.name == near));
    match near {
        Some(near) => write(diagnostic(form.to_owned()), &near.text(), span),
        None => diagnostic(form.to_owned()).help("write `ZONE.DATASET`"),
    }
}

fn write(diagnostic: Diagnostic, text: &str, span: Span) -> Diagnostic {
    diagnostic
        .help(format!("write `{text}`"))
        .fix(format!("write `{text}`"), span, text.to_owned())
}

impl<'a> Index<'a> {
    /// An item of this name and of another kind than `kind`; sources and transforms before others.
    pub fn of_another_kind(&self, kind: &str, name: &str) -> Option<&Entity<'a>> {
        let named = || self.all().filter(|entity| entity.name == name && entity.kind != kind);
        named()
            .find(|entity| matches!(entity.kind, "source" | "transform" | "zone"))
            .or_else(|| named().next())
    }
}
