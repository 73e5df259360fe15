//! Values with settings of their own: `kinesis { … }`, `role("…")`, `3 times { … }`, or a name alone.

use super::forms::kind_of;
use super::scalars::Asked;
use super::value::Value;
use super::{Checker, Declared, DeclaredSetting, Owner};
use crate::base::{Span, suggest};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::syntax::ast::{Argument, Entry, Expr, ExprKind, Name};

/// A variant as written.
struct Form<'e> {
    name: &'e str,
    span: Span,
    /// `3` of `3 times`: the first setting.
    number: Option<Expr>,
    arguments: &'e [Argument],
    entries: &'e [Entry],
}

impl Checker<'_> {
    /// Checks a variant of a place.
    pub(super) fn variant(&self, slot: &str, asked: &Asked<'_, '_>, diagnostics: &mut Diagnostics) -> Value {
        if asked.expr.kind == ExprKind::Bad {
            return Value::Bad;
        }
        let Some(form) = form(asked.expr) else {
            diagnostics.push(self.no_variant(slot, asked));
            return Value::Bad;
        };
        let Some(declared) = self.declarations.variant(slot, form.name) else {
            diagnostics.push(self.unknown_variant(slot, &form, asked));
            return Value::Bad;
        };
        let mut settings = self.variant_settings(declared, &form, diagnostics);
        super::together::check(slot, form.name, &settings, form.span, diagnostics);
        if declared.not_yet {
            settings.put_off(form.span, format!("`{} = {}`", asked.setting.name(), form.name));
        }
        Value::Variant(form.name.to_owned(), settings)
    }

    /// Checks `alarm KIND of TARGET over VALUE`: a variant whose settings stand behind words of their own.
    pub fn clause(
        &self,
        slot: &str,
        what: &str,
        name: &Name,
        entries: &[Entry],
        diagnostics: &mut Diagnostics,
    ) -> Option<super::Settings> {
        match self.declarations.variant(slot, &name.text) {
            Some(declared) => {
                let text = format!("`{what} {}`", name.text);
                let owner = Owner {
                    text: &text,
                    span: name.span,
                    whole: true,
                };
                let mut said = Diagnostics::default();
                let mut settings = self.entries(declared, owner, entries, &mut said);
                super::together::check(slot, &name.text, &settings, name.span, &mut said);
                if declared.not_yet {
                    settings.put_off(name.span, format!("`{what} {}`", name.text));
                }
                for mut diagnostic in said.sorted() {
                    let words = |help: String| help.replace("`of = ", "`of ").replace("`over = ", "`over ");
                    diagnostic.help = diagnostic.help.into_iter().map(words).collect();
                    diagnostics.push(diagnostic);
                }
                Some(settings)
            }
            None => {
                let diagnostic = Diagnostic::new(
                    Code::UNKNOWN_VARIANT,
                    name.span,
                    format!("there is no {what} `{}`", name.text),
                )
                .found("not declared");
                diagnostics.push(self.propose(diagnostic, slot, &name.text, name.span));
                None
            }
        }
    }

    fn variant_settings(
        &self,
        declared: &Declared<'_>,
        form: &Form<'_>,
        diagnostics: &mut Diagnostics,
    ) -> super::Settings {
        let text = format!("`{}`", form.name);
        let owner = Owner {
            text: &text,
            span: form.span,
            whole: true,
        };
        // What stands in parentheses is a setting like any other: it goes through one check with the others.
        let mut entries: Vec<Entry> = Vec::new();
        let mut positions = declared.settings.iter();
        if let Some(number) = &form.number {
            let first = positions.next();
            entries.extend(first.map(|first| entry(first, form.span, number.clone())));
        }
        for argument in form.arguments {
            let setting = match &argument.name {
                Some(name) => declared.setting(&name.text),
                None => positions.next(),
            };
            match (setting, &argument.name) {
                (Some(setting), name) => {
                    let span = name.as_ref().map_or(argument.value.span, |name| name.span);
                    entries.push(entry(setting, span, argument.value.clone()));
                }
                (None, Some(name)) => entries.push(named(name, argument.value.clone())),
                (None, None) => diagnostics.push(
                    Diagnostic::new(
                        Code::UNKNOWN_SETTING,
                        argument.value.span,
                        format!("{text} does not take so many values"),
                    )
                    .found("one too many"),
                ),
            }
        }
        entries.extend(form.entries.iter().cloned());
        self.entries(declared, owner, &entries, diagnostics)
    }

    fn names(&self, slot: &str) -> Vec<&str> {
        let variants = self.declarations.variants(slot).iter();
        variants.map(|variant| variant.name.as_str()).collect()
    }

    fn no_variant(&self, slot: &str, asked: &Asked<'_, '_>) -> Diagnostic {
        let names = self.names(slot);
        let diagnostic = Diagnostic::new(
            Code::SETTING_TYPE,
            asked.expr.span,
            format!(
                "`{}` takes {}, but this is {}",
                asked.setting.name(),
                some_of(&names),
                kind_of(asked.expr)
            ),
        )
        .found(kind_of(asked.expr));
        match &asked.expr.kind {
            ExprKind::Text(parts) => match super::forms::plain(parts) {
                Ok(text) if names.contains(&text.as_str()) => diagnostic
                    .help(format!("write `{text}` without quotes"))
                    .fix(format!("write `{text}`"), asked.expr.span, text),
                _ => self.with_example(diagnostic, asked.setting),
            },
            _ => self.with_example(diagnostic, asked.setting),
        }
    }

    fn unknown_variant(&self, slot: &str, form: &Form<'_>, asked: &Asked<'_, '_>) -> Diagnostic {
        let diagnostic = Diagnostic::new(
            Code::UNKNOWN_VARIANT,
            form.span,
            format!("`{}` cannot be `{}`", asked.setting.name(), form.name),
        )
        .found("not declared");
        self.propose(diagnostic, slot, form.name, form.span)
    }

    fn propose(&self, diagnostic: Diagnostic, slot: &str, found: &str, span: Span) -> Diagnostic {
        let names = self.names(slot);
        match suggest(found, names.iter().copied()) {
            Some(near) => {
                diagnostic
                    .help(format!("did you mean `{near}`?"))
                    .fix(format!("write `{near}`"), span, near.to_owned())
            }
            None => for_the_rest(diagnostic.help(format!("it can be {}", some_of(&names))), slot, &names),
        }
    }
}

/// The most names that a message lists: who wants all of them asks for them.
const LISTED: usize = 6;

/// The first of some names: "`json`, `csv`", "`a`, `b`, `c`, `d`, `e`, `f` and 3 others".
pub(super) fn some_of(names: &[&str]) -> String {
    let shown: Vec<_> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        1 => format!("{} and one other", shown.join(", ")),
        rest => format!("{} and {rest} others", shown.join(", ")),
    }
}

/// Where names were left out, says where they stand.
fn for_the_rest(diagnostic: Diagnostic, slot: &str, names: &[&str]) -> Diagnostic {
    match is_cut(names) {
        true => diagnostic.help(format!("`pipec explain {slot}` lists all")),
        false => diagnostic,
    }
}

/// Whether a list of names is cut.
pub(super) fn is_cut(names: &[&str]) -> bool {
    names.len() > LISTED
}

fn form(expr: &Expr) -> Option<Form<'_>> {
    let empty = |name, span| Form {
        name,
        span,
        number: None,
        arguments: &[],
        entries: &[],
    };
    match &expr.kind {
        ExprKind::Name(name) => Some(empty(name, expr.span)),
        ExprKind::Quantity { number, unit } => Some(Form {
            number: Some(Expr {
                kind: ExprKind::Int(number.clone()),
                span: expr.span,
            }),
            ..empty(&unit.text, unit.span)
        }),
        ExprKind::Call {
            function, arguments, ..
        } => match &function.kind {
            ExprKind::Name(name) => Some(Form {
                arguments,
                ..empty(name, function.span)
            }),
            _ => None,
        },
        ExprKind::Variant { value, entries } => {
            let inner = form(value)?;
            Some(Form { entries, ..inner })
        }
        _ => None,
    }
}

fn entry(setting: &DeclaredSetting<'_>, span: Span, value: Expr) -> Entry {
    let name = Name {
        text: setting.name().to_owned(),
        span,
    };
    named(&name, value)
}

/// The entry `name = value`.
pub fn named(name: &Name, value: Expr) -> Entry {
    let key = crate::syntax::ast::Path {
        parts: vec![name.clone()],
        star: false,
        span: name.span,
    };
    Entry {
        doc: None,
        span: value.span,
        kind: crate::syntax::ast::EntryKind::Setting { key, value },
    }
}
