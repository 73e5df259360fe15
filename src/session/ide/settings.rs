//! What settings name, by what the standard library declares of each.

use crate::check::declare::{Declared, DeclaredSetting};
use crate::syntax::ast::{Entry, EntryKind, Expr, ExprKind, Name, Path, SettingType};

use super::Context;
use super::columns::Scope;
use super::mentions::{Mentions, Symbol};
use super::values::Walk;

/// What declares settings: a kind of item, or a variant of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    /// The place: `source.from`; nothing for an item.
    slot: Option<String>,
    /// `zone`, `kinesis`.
    name: String,
}

impl Owner {
    /// A kind of item.
    pub(super) fn item(kind: &str) -> Self {
        Owner {
            slot: None,
            name: kind.to_owned(),
        }
    }

    /// A variant of a place.
    pub(super) fn choice(slot: &str, name: &str) -> Self {
        Owner {
            slot: Some(slot.to_owned()),
            name: name.to_owned(),
        }
    }

    /// By the text that [`Symbol::Setting`] has of it.
    pub(super) fn of_text(text: &str) -> Self {
        match text.split_once(' ') {
            Some((slot, name)) => Owner::choice(slot, name),
            None => Owner::item(text),
        }
    }

    /// The text that [`Symbol::Setting`] has of it.
    pub(super) fn text(&self) -> String {
        match &self.slot {
            Some(slot) => format!("{slot} {}", self.name),
            None => self.name.clone(),
        }
    }

    /// What it declares.
    pub(super) fn declared<'p>(&self, context: &Context<'p>) -> Option<&'p Declared<'p>> {
        match &self.slot {
            Some(slot) => context.declarations.variant(slot, &self.name),
            None => context.declarations.item(&self.name),
        }
    }
}

/// The places whose variants a setting may be: `zone.format` of `variant zone.format`.
pub(super) fn slots<'s>(setting: &'s DeclaredSetting<'_>) -> impl Iterator<Item = String> + 's {
    setting.declare.ty.iter().filter_map(slot_of)
}

/// The place whose variants a type stands for, with those of a list.
pub(super) fn slot_of(ty: &SettingType) -> Option<String> {
    let of = ty.of.as_ref()?.text();
    match ty.word.text.as_str() {
        "variant" => Some(of),
        "list" => of.strip_prefix("variant.").map(str::to_owned),
        _ => None,
    }
}

/// What a type names: the kind of an item behind `ref`, or what a list is of.
pub(super) fn names_what(ty: &SettingType) -> Option<String> {
    let of = ty.of.as_ref().map(Path::text);
    match (ty.word.text.as_str(), of) {
        ("ref" | "list", Some(of)) => Some(of),
        ("column", _) => Some("column".to_owned()),
        _ => None,
    }
}

/// What settings name.
pub(super) fn mentions(mentions: &mut Mentions<'_, '_>, owner: &Owner, entries: &[Entry], scope: &Scope) {
    let declared = owner.declared(mentions.context);
    for entry in entries {
        let EntryKind::Setting { key, value } = &entry.kind else {
            continue;
        };
        let setting = declared.and_then(|declared| declared.setting(&key.text()));
        match setting {
            Some(setting) => {
                let symbol = Symbol::Setting {
                    of: owner.text(),
                    name: key.text(),
                };
                mentions.add(key.span, symbol, false);
                let mut inside = Inside { mentions, scope };
                inside.value(setting, value);
            }
            None => Walk::new(mentions).over(scope).expr(value),
        }
    }
}

struct Inside<'i, 'm, 'p> {
    mentions: &'i mut Mentions<'m, 'p>,
    scope: &'i Scope,
}

impl Inside<'_, '_, '_> {
    fn value(&mut self, setting: &DeclaredSetting<'_>, value: &Expr) {
        match &value.kind {
            ExprKind::List(values) => values.iter().for_each(|value| self.value(setting, value)),
            ExprKind::Variant { value: head, entries } => {
                let owner = self.choice(setting, head);
                match owner {
                    Some(owner) => mentions(self.mentions, &owner, entries, self.scope),
                    None => {
                        self.value(setting, head);
                        mentions(self.mentions, &Owner::item(""), entries, self.scope);
                    }
                }
            }
            ExprKind::Call {
                function, arguments, ..
            } => {
                if self.choice(setting, function).is_none() {
                    Walk::new(self.mentions).over(self.scope).expr(value);
                } else {
                    let values = arguments.iter().map(|argument| &argument.value);
                    values.for_each(|value| Walk::new(self.mentions).over(self.scope).expr(value));
                }
            }
            ExprKind::Name(name) => self.name(setting, name, value),
            ExprKind::Member { of, name } => self.path(of, name, value),
            ExprKind::Star(of) => {
                if let ExprKind::Name(zone) = &of.kind {
                    self.named("zone", zone, of);
                }
            }
            ExprKind::To { from, to } => {
                if let ExprKind::Name(function) = &from.kind {
                    let symbol = Symbol::Function(function.clone());
                    self.mentions.add(from.span, symbol, false);
                }
                if let ExprKind::Name(class) = &to.kind {
                    self.named("class", class, to);
                }
            }
            _ => Walk::new(self.mentions).over(self.scope).expr(value),
        }
    }

    /// The variant of a setting that a word is, if it is one.
    fn choice(&mut self, setting: &DeclaredSetting<'_>, head: &Expr) -> Option<Owner> {
        let ExprKind::Name(name) = &head.kind else { return None };
        let declarations = self.mentions.context.declarations;
        let slot = slots(setting).find(|slot| declarations.variant(slot, name).is_some())?;
        let symbol = Symbol::Choice {
            slot: slot.clone(),
            name: name.clone(),
        };
        self.mentions.add(head.span, symbol, false);
        Some(Owner::choice(&slot, name))
    }

    fn name(&mut self, setting: &DeclaredSetting<'_>, name: &str, value: &Expr) {
        if self.choice(setting, value).is_some() {
            return;
        }
        for what in setting.declare.ty.iter().filter_map(names_what) {
            if what == "column"
                && let Some(origin) = self.scope.get(name)
            {
                return self.mentions.add(value.span, Symbol::Column(*origin), false);
            }
            let kinds: &[&str] = match what.as_str() {
                "runnable" => &["transform", "monitor"],
                "label" => &["class"],
                kind => &[kind],
            };
            for kind in kinds {
                if self.mentions.context.index.get(kind, name).is_some() {
                    return self.named(kind, name, value);
                }
            }
        }
        if self.mentions.context.index.get("param", name).is_some() {
            self.named("param", name, value);
        }
    }

    fn named(&mut self, kind: &str, name: &str, value: &Expr) {
        let name = Name {
            text: name.to_owned(),
            span: value.span,
        };
        self.mentions.uses(kind, &name);
    }

    /// `ZONE.DATASET`
    fn path(&mut self, of: &Expr, name: &Name, value: &Expr) {
        match &of.kind {
            ExprKind::Name(zone) if self.mentions.context.index.get("zone", zone).is_some() => {
                let zone = Name {
                    text: zone.clone(),
                    span: of.span,
                };
                let path = Path {
                    parts: vec![zone, name.clone()],
                    star: false,
                    span: value.span,
                };
                self.mentions.readable(&path);
            }
            _ => Walk::new(self.mentions).over(self.scope).expr(value),
        }
    }
}
