//! `env NAME { path.to.setting = … }`: which item's which setting an environment replaces.

use super::index::Index;
use super::layers::{Layer, Layered};
use crate::base::{Span, suggest};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::syntax::ast::{Block, Entry, EntryKind, Expr, ExprKind, Name, Path};

/// One setting that an environment replaces.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// The environment.
    pub environment: String,
    /// The item's kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The setting, with the settings below it: `from.capacity.shards`.
    pub setting: Vec<Name>,
    /// Its value.
    pub value: Expr,
    /// The whole entry.
    pub span: Span,
}

/// What an environment replaces; paths that lead to no item are said, a path to no setting is found where the
/// item's settings are checked.
pub fn overlay(environment: &Block, index: &Index<'_>, diagnostics: &mut Diagnostics) -> Vec<Overlay> {
    let name = environment.name.text();
    let mut found = Vec::new();
    for entry in &environment.entries {
        // The grammar lets nothing but settings stand here.
        let EntryKind::Setting { key, value } = &entry.kind else {
            continue;
        };
        if let Some((kind, item, setting)) = target(key, index, diagnostics) {
            found.push(Overlay {
                environment: name.clone(),
                kind,
                name: item,
                setting,
                value: value.clone(),
                span: entry.span,
            });
        }
    }
    found
}

/// `zone.curated.backup` is the setting `backup` of the zone `curated`; `pipeline.owner` needs no name.
fn target(key: &Path, index: &Index<'_>, diagnostics: &mut Diagnostics) -> Option<(String, String, Vec<Name>)> {
    let (kind, rest) = key.parts.split_first()?;
    if index.of_kind(&kind.text).next().is_none() {
        if kind.text == "pipeline" {
            return None;
        }
        diagnostics.push(unknown_kind(kind, index));
        return None;
    }
    let (name, rest) = if kind.text == "pipeline" {
        (index.of_kind("pipeline").next()?.name.to_owned(), rest)
    } else if let ("override", [resource, label, rest @ ..]) = (kind.text.as_str(), rest) {
        let name = Name {
            text: format!("{}.{}", resource.text, label.text),
            span: Span::new(key.span.file, resource.span.start as usize, label.span.end as usize),
        };
        if index.get(&kind.text, &name.text).is_none() {
            diagnostics.push(unknown_item(&kind.text, &name, index));
            return None;
        }
        (name.text, rest)
    } else {
        let Some((name, rest)) = rest.split_first() else {
            diagnostics.push(incomplete(key));
            return None;
        };
        if index.get(&kind.text, &name.text).is_none() {
            diagnostics.push(unknown_item(&kind.text, name, index));
            return None;
        }
        (name.text.clone(), rest)
    };
    if rest.is_empty() {
        diagnostics.push(incomplete(key));
        return None;
    }
    Some((kind.text.clone(), name, rest.to_vec()))
}

fn unknown_kind(kind: &Name, index: &Index<'_>) -> Diagnostic {
    let kinds = index.all().map(|entity| entity.kind);
    let diagnostic = Diagnostic::new(
        Code::ENV_PATH,
        kind.span,
        format!("`{}` is not the kind of an item of this project", kind.text),
    )
    .found("a path starts with the kind of an item");
    match suggest(&kind.text, kinds) {
        Some(near) => {
            diagnostic
                .help(format!("write `{near}`"))
                .fix(format!("write `{near}`"), kind.span, near.to_owned())
        }
        None => diagnostic.help("write the item's kind, its name, the setting: `zone.curated.backup = 35 days`"),
    }
}

fn unknown_item(kind: &str, name: &Name, index: &Index<'_>) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(Code::ENV_PATH, name.span, format!("there is no {kind} `{}`", name.text)).found("not declared");
    match index.nearest(kind, &name.text) {
        Some(near) => {
            diagnostic
                .help(format!("write `{kind}.{near}`"))
                .fix(format!("write `{near}`"), name.span, near.to_owned())
        }
        None => {
            let names: Vec<_> = index.of_kind(kind).map(|entity| format!("`{}`", entity.name)).collect();
            diagnostic.help(format!("there is {}", names.join(", ")))
        }
    }
}

fn incomplete(key: &Path) -> Diagnostic {
    Diagnostic::new(Code::ENV_PATH, key.span, format!("`{}` names no setting", key.text()))
        .found("a setting's name is missing behind it")
        .help("write the item's kind, its name, the setting: `zone.curated.backup = 35 days`")
}

/// Puts what an environment says over the layers of one item.
pub fn apply(entries: &mut Vec<Layered>, overlays: &[Overlay], kind: &str, name: &str) {
    for overlay in overlays.iter().filter(|o| o.kind == kind && o.name == name) {
        let Some((first, rest)) = overlay.setting.split_first() else {
            continue;
        };
        let layer = Layer::Environment(overlay.environment.clone());
        // Two lines of one environment for one setting stay both: the checker says that it is there twice.
        let same = |known: &Layered| {
            (known.layer != layer || !rest.is_empty())
                && super::layers::key_of(&known.entry).as_ref() == Some(&first.text)
        };
        let known = entries.iter().position(same);
        let value = match known.and_then(|at| entries.get(at)).map(|known| &known.entry.kind) {
            Some(EntryKind::Setting { value, .. }) if !rest.is_empty() => within(value.clone(), rest, overlay),
            _ => inner(rest, overlay),
        };
        if let Some(at) = known {
            entries.remove(at);
        }
        entries.push(Layered {
            entry: setting(first, value, overlay.span),
            layer,
        });
    }
}

/// `value` with the setting at `path` below it replaced: `kinesis { … }` with another `capacity`.
fn within(value: Expr, path: &[Name], overlay: &Overlay) -> Expr {
    let Some((first, rest)) = path.split_first() else {
        return overlay.value.clone();
    };
    let span = value.span;
    let (head, mut entries) = match value.kind {
        ExprKind::Variant { value, entries } => (value, entries),
        kind => (Box::new(Expr { kind, span }), Vec::new()),
    };
    let at = entries
        .iter()
        .position(|entry| super::layers::key_of(entry).as_ref() == Some(&first.text));
    let inner_value = match at.and_then(|at| entries.get(at)).map(|entry| &entry.kind) {
        Some(EntryKind::Setting { value, .. }) => within(value.clone(), rest, overlay),
        _ => inner(rest, overlay),
    };
    if let Some(at) = at {
        entries.remove(at);
    }
    entries.push(setting(first, inner_value, overlay.span));
    Expr {
        kind: ExprKind::Variant { value: head, entries },
        span,
    }
}

/// A path below a setting that nobody wrote leads nowhere: its last name stands for a variant, and is found unknown.
fn inner(rest: &[Name], overlay: &Overlay) -> Expr {
    match rest.last() {
        None => overlay.value.clone(),
        Some(name) => Expr {
            kind: ExprKind::Variant {
                value: Box::new(Expr {
                    kind: ExprKind::Name(name.text.clone()),
                    span: name.span,
                }),
                entries: Vec::new(),
            },
            span: overlay.span,
        },
    }
}

fn setting(name: &Name, value: Expr, span: Span) -> Entry {
    let key = Path {
        parts: vec![name.clone()],
        star: false,
        span: name.span,
    };
    Entry {
        doc: None,
        kind: EntryKind::Setting { key, value },
        span,
    }
}
