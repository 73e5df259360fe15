//! What is said of calls whose arguments are not those of any form.

use crate::base::{Span, suggest};
use crate::check::functions::{Argument, Declaration, Mismatch, Param, Pattern};
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{ExprKind, Literal};
use crate::plan::types::TypeKind;
use crate::syntax::ast;

use super::Typed;

/// How many forms a message lists.
const LISTED: usize = 4;

impl Argument {
    /// Its value, unless it is `row => …`.
    pub(super) fn value(&self) -> Option<&Typed> {
        match self {
            Argument::Value(value) => Some(value),
            Argument::Lambda(_) => None,
        }
    }
}

/// Why no form of a function takes the arguments.
pub(super) fn no_form(
    name: &str,
    whole: Span,
    mismatches: &[(&Declaration, Mismatch)],
    written: &[ast::Argument],
    arguments: &[Argument],
) -> Diagnostic {
    // The form that was meant is the one that takes most of what is written.
    let furthest = mismatches.iter().map(|(_, mismatch)| *mismatch).max_by_key(closeness);
    let meant: Vec<&Declaration> = mismatches
        .iter()
        .filter(|(_, mismatch)| Some(*mismatch) == furthest)
        .map(|(form, _)| *form)
        .collect();
    let diagnostic = match furthest {
        Some(Mismatch::Name(at)) => unknown_name(name, at, whole, mismatches, written),
        Some(Mismatch::Twice(at)) => twice(name, at, whole, written),
        Some(Mismatch::Type(at)) => wrong_type(name, at, whole, &meant, written, arguments),
        Some(Mismatch::Count) | None => count(name, whole, mismatches, written),
    };
    let forms = if matches!(furthest, Some(Mismatch::Type(_))) {
        meant
    } else {
        mismatches.iter().map(|m| m.0).collect()
    };
    if matches!(furthest, Some(Mismatch::Type(_))) && forms.len() > 1 {
        // The message already says what each of them takes.
        return diagnostic;
    }
    let forms = forms.into_iter().take(LISTED);
    forms.fold(diagnostic, |diagnostic, form| {
        diagnostic.help(match form.takes.is_empty() {
            true => format!("write `{form}`"),
            false => format!("write `{form}`, where T is one of {}", form.takes.join(", ")),
        })
    })
}

/// How near a form was to take the arguments.
fn closeness(mismatch: &Mismatch) -> (usize, usize) {
    match mismatch {
        Mismatch::Count => (0, 0),
        Mismatch::Name(at) | Mismatch::Twice(at) => (1, *at),
        Mismatch::Type(at) => (2, *at),
    }
}

fn unknown_name(
    name: &str,
    at: usize,
    whole: Span,
    mismatches: &[(&Declaration, Mismatch)],
    written: &[ast::Argument],
) -> Diagnostic {
    let Some(unknown) = written.get(at).and_then(|argument| argument.name.as_ref()) else {
        return count(name, whole, mismatches, written);
    };
    let message = format!("`{name}` has no argument `{}`", unknown.text);
    let diagnostic = Diagnostic::new(Code::WRONG_ARGUMENTS, unknown.span, message).found("no argument has this name");
    let names = mismatches
        .iter()
        .flat_map(|(form, _)| form.params.iter().map(|param| param.name.as_str()));
    match suggest(&unknown.text, names) {
        Some(near) => {
            diagnostic
                .help(format!("did you mean `{near}`?"))
                .fix(format!("write `{near}`"), unknown.span, near)
        }
        None => diagnostic,
    }
}

fn twice(name: &str, at: usize, whole: Span, written: &[ast::Argument]) -> Diagnostic {
    let argument = written.get(at);
    let called = argument
        .and_then(|argument| argument.name.as_ref())
        .map_or("an argument", |name| name.text.as_str());
    let message = format!("`{name}` is given `{called}` twice");
    let span = argument.map_or(whole, |argument| argument.value.span);
    Diagnostic::new(Code::WRONG_ARGUMENTS, span, message).found("the second one")
}

fn count(name: &str, whole: Span, mismatches: &[(&Declaration, Mismatch)], written: &[ast::Argument]) -> Diagnostic {
    let least = mismatches.iter().map(|(form, _)| form.least()).min().unwrap_or(0);
    let most = mismatches.iter().map(|(form, _)| form.params.len()).max().unwrap_or(0);
    let wanted = match (least, most) {
        (0, 0) => "no arguments".to_owned(),
        (1, 1) => "1 argument".to_owned(),
        (least, most) if least == most => format!("{least} arguments"),
        (least, most) => format!("{least} to {most} arguments"),
    };
    let message = format!("`{name}` takes {wanted}, not {}", written.len());
    let span = written.get(most).map_or(whole, |extra| extra.value.span);
    Diagnostic::new(Code::WRONG_ARGUMENTS, span, message).found(match written.len() > most {
        true => "one too many",
        false => "an argument is missing",
    })
}

fn wrong_type(
    name: &str,
    slot: usize,
    whole: Span,
    meant: &[&Declaration],
    written: &[ast::Argument],
    arguments: &[Argument],
) -> Diagnostic {
    let param = |form: &&Declaration| form.params.get(slot).cloned();
    let place = meant
        .first()
        .and_then(|form| form.places(written).ok()?.get(slot).copied().flatten());
    let found = place.and_then(|place| Some((written.get(place)?, arguments.get(place)?)));
    let mut wanted: Vec<String> = meant
        .iter()
        .filter_map(param)
        .map(|param| asked(&param, meant))
        .collect();
    wanted.dedup();
    let wanted = alternatives(&wanted);
    let which = match meant.first().map(|form| form.params.len()) {
        Some(0 | 1) | None => String::new(),
        _ => format!(
            " as `{}`",
            meant
                .first()
                .and_then(param)
                .map_or_else(String::new, |param| param.name)
        ),
    };
    let Some((argument, value)) = found else {
        return Diagnostic::new(Code::WRONG_ARGUMENTS, whole, format!("`{name}` takes {wanted}{which}"));
    };
    let span = argument.value.span;
    let Argument::Value(value) = value else {
        let message = format!("`{name}` takes {wanted}{which}, not this `=>`");
        return Diagnostic::new(Code::WRONG_ARGUMENTS, span, message).found("not what it takes");
    };
    if let Some(other) = unlike(value, slot, meant, written, arguments) {
        let (text, kind) = (&value.expr.text, value.kind());
        let message = format!(
            "`{name}` takes values of one type, but `{}` is {} and `{text}` is {kind}",
            other.expr.text,
            other.kind()
        );
        return Diagnostic::new(Code::WRONG_ARGUMENTS, span, message)
            .found(format!("this is {kind}"))
            .label(other.span, format!("this is {}", other.kind()));
    }
    let message = format!(
        "`{name}` takes {wanted}{which}, but `{}` is {}",
        value.expr.text, value.expr.ty
    );
    let diagnostic = Diagnostic::new(Code::WRONG_ARGUMENTS, span, message).found(format!("this is {}", value.expr.ty));
    match remedy(value, meant, slot) {
        Some(written) => diagnostic
            .help(format!("write `{written}`"))
            .fix(format!("write `{written}`"), span, written),
        None => diagnostic,
    }
}

/// Another argument of the same type variable, where each is taken by itself and both do not go together.
fn unlike<'a>(
    value: &Typed,
    slot: usize,
    meant: &[&Declaration],
    written: &[ast::Argument],
    arguments: &'a [Argument],
) -> Option<&'a Typed> {
    let form = meant.first()?;
    let pattern = &form.params.get(slot)?.ty;
    let Pattern::Variable(_) = pattern else { return None };
    if !form.takes.is_empty() && !form.takes.contains(&ty::word(value.kind())) {
        return None;
    }
    let places = form.places(written).ok()?;
    let same = form
        .params
        .iter()
        .zip(&places)
        .filter(|(param, _)| param.ty == *pattern);
    let others = same.filter_map(|(_, place)| arguments.get((*place)?)?.value());
    others
        .into_iter()
        .find(|other| other.span != value.span && !ty::same(other.kind(), value.kind()))
}

/// `a`, `a or b`, `a, b or c`.
fn alternatives(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// What a parameter asks for, in words.
fn asked(param: &Param, meant: &[&Declaration]) -> String {
    let takes = meant.first().map(|form| alternatives(&form.takes)).unwrap_or_default();
    match &param.ty {
        Pattern::Variable(_) if !takes.is_empty() => takes,
        Pattern::Variable(_) => "a value of the same type".into(),
        Pattern::Function { params, .. } if params.len() == 1 => "`row => …`".into(),
        Pattern::Function { .. } => "`(a, b) => …`".into(),
        other => other.to_string(),
    }
}

/// A conversion that makes the argument one that is taken.
fn remedy(value: &Typed, meant: &[&Declaration], slot: usize) -> Option<String> {
    let [form] = meant else { return None };
    let text = &value.expr.text;
    match (&form.params.get(slot)?.ty, value.kind()) {
        (Pattern::Kind(TypeKind::Float), TypeKind::Decimal { .. }) => Some(format!("float({text})")),
        (Pattern::Kind(TypeKind::Date), TypeKind::Timestamp) => Some(format!("date({text})")),
        (Pattern::Kind(TypeKind::Date), TypeKind::Text) if value.literal().is_some() => Some(format!("date({text})")),
        (Pattern::Kind(TypeKind::Timestamp), TypeKind::Text) if value.literal().is_some() => {
            Some(format!("timestamp({text})"))
        }
        (
            Pattern::Kind(TypeKind::Text),
            TypeKind::Int | TypeKind::Decimal { .. } | TypeKind::Date | TypeKind::Timestamp | TypeKind::Uuid,
        ) if value.literal().is_none() => Some(format!("text({text})")),
        _ => None,
    }
}

/// `order by` in a call that answers for one row.
pub(super) fn order_of_one_row(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::CALL_ORDER,
        span,
        format!("`{name}` answers for one row here, which has no order"),
    )
    .found("one row is in order already")
    .help("`order by` stands in aggregates, as `first(page order by at)`")
}

/// A function that answers differently whenever it is asked, on rows as they arrive.
pub(super) fn not_on_streams(name: &str, span: Span) -> Diagnostic {
    let message = format!("`{name}()` is the run's scheduled time, and a stream has no runs");
    Diagnostic::new(Code::NOT_ON_STREAMS, span, message)
        .found("rows of a stream are not part of a run")
        .help("read the event's own time, or `_arrived`")
}

/// An argument that must be known when the project is compiled, and is not.
pub(super) fn not_constant(form: &Declaration, param: &str, value: &Typed) -> Diagnostic {
    let name = &form.name;
    let message = format!("`{param}` of `{name}` must be known when the project is compiled");
    let found = match &value.expr.kind {
        ExprKind::Column(_) => "a column, which differs from row to row",
        ExprKind::Param(_) => "a param, which is known at deployment",
        ExprKind::Literal(Literal::Null) => "nothing",
        _ => "not a literal",
    };
    Diagnostic::new(Code::CONSTANT_ARGUMENT, value.span, message)
        .found(found)
        .help("write the value itself")
}

/// A number that an argument must lie around, and does not.
pub(super) fn outside(form: &Declaration, param: &str, value: &Typed, low: &str, high: &str) -> Option<Diagnostic> {
    let number = match value.literal()? {
        Literal::Int(value) => *value as f64,
        Literal::Float(value) => *value,
        Literal::Decimal { unscaled, scale } => format!("{unscaled}e-{scale}").parse().ok()?,
        _ => return None,
    };
    let (least, most): (f64, f64) = (low.parse().ok()?, high.parse().ok()?);
    if (least..=most).contains(&number) {
        return None;
    }
    let text = &value.expr.text;
    let message = format!("`{param}` of `{}` is from {low} to {high}, not {text}", form.name);
    let diagnostic = Diagnostic::new(Code::ARGUMENT_RANGE, value.span, message).found(match number < least {
        true => "too small",
        false => "too large",
    });
    let share = number / 100.0;
    Some(match (low, high) {
        ("0", "1") if number > 1.0 && number <= 100.0 => diagnostic
            .help(format!("a share is a part of one: write `{share}`"))
            .fix(format!("write `{share}`"), value.span, share.to_string()),
        _ => diagnostic.help(format!("write a number from {low} to {high}")),
    })
}

/// A literal that a conversion has no answer for.
pub(super) fn no_reading(form: &Declaration, value: &Typed, kind: &TypeKind) -> Diagnostic {
    let text = match value.literal() {
        Some(Literal::Text(text)) => text.clone(),
        _ => value.expr.text.to_string(),
    };
    let help = match (form.name.as_str(), kind) {
        ("parse" | "parse_date", _) => "the text must be written as the pattern says".to_owned(),
        (_, TypeKind::Date) => "a date is written `date(\"2026-01-31\")`, and is a day of the calendar".into(),
        (_, TypeKind::Timestamp) => "a timestamp has a zone: `timestamp(\"2026-01-31T12:00:00Z\")`".into(),
        (_, TypeKind::Uuid) => {
            "a uuid has 32 hex digits and four hyphens: `uuid(\"00000000-0000-0000-0000-000000000001\")`".into()
        }
        (_, TypeKind::Bool) => "write `true` or `false`".into(),
        (_, TypeKind::Int) => "an int has only digits and a sign, and fits 64 bits".into(),
        (_, TypeKind::Json) => "write JSON: `json(\"{}\")`".into(),
        (_, kind) => format!("write a text that says a value of type {kind}"),
    };
    Diagnostic::new(Code::BAD_LITERAL, value.span, format!("`{text}` is no {kind}"))
        .found("read when the project is compiled")
        .help(help)
}
