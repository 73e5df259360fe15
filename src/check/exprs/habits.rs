//! What authors of other languages write, and how it is written here: ways from a value of one kind to another.
//!
//! It must not type anything: it sees typed values.

use pipec_runtime::types::{Date, Timestamp, Uuid};

use crate::base::Span;
use crate::diag::Diagnostic;
use crate::plan::expr::Literal;
use crate::plan::types::TypeKind;

use super::Typed;

/// A way out of a mistake: why, and what to write in place of what.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// Where it goes.
    pub span: Span,
    /// What to write there.
    pub text: String,
    /// Why, before "write …".
    pub why: &'static str,
}

impl Way {
    /// The help and the edit.
    pub(super) fn put(&self, diagnostic: Diagnostic) -> Diagnostic {
        let help = match self.why {
            "" => format!("write `{}`", self.text),
            why => format!("{why}: write `{}`", self.text),
        };
        diagnostic
            .help(help)
            .fix(format!("write `{}`", self.text), self.span, self.text.clone())
    }
}

/// How a value is written as one of another kind, where one way is the obvious one.
pub(super) fn into(value: &Typed, wanted: &TypeKind) -> Option<Way> {
    let text = &value.expr.text;
    let way = |text: String, why| {
        Some(Way {
            span: value.span,
            text,
            why,
        })
    };
    match (value.literal(), wanted) {
        (Some(Literal::Text(plain)), _) => return text_into(plain, wanted).and_then(|(text, why)| way(text, why)),
        (Some(Literal::Int(_) | Literal::Decimal { .. }), TypeKind::Text) => {
            return way(format!("\"{text}\""), "a text has quotes");
        }
        (Some(Literal::Int(0 | 1)), TypeKind::Bool) => {
            return way((text == "1").to_string(), "a bool is `true` or `false`");
        }
        (Some(Literal::Int(_)), TypeKind::Duration) => return way(format!("{text} s"), "a duration has a unit"),
        _ => {}
    }
    match (value.kind(), wanted) {
        (TypeKind::Json, TypeKind::Int | TypeKind::Float | TypeKind::Bool | TypeKind::Text) => {
            let word = if *wanted == TypeKind::Text {
                "text".to_owned()
            } else {
                wanted.to_string()
            };
            way(format!("{word}({text})"), "what a json holds is read first")
        }
        (TypeKind::Timestamp, TypeKind::Date) => {
            way(format!("date({text})"), "the UTC day of a timestamp is asked for")
        }
        (TypeKind::Decimal { .. } | TypeKind::Int, TypeKind::Float) => {
            way(format!("float({text})"), "a decimal never becomes a float by itself")
        }
        _ => None,
    }
}

/// How a text's literal is written as a value of another kind.
fn text_into(plain: &str, wanted: &TypeKind) -> Option<(String, &'static str)> {
    Some(match wanted {
        TypeKind::Date => {
            let day = Date::parse(plain)
                .map(|_| plain)
                .or_else(|| plain.get(..10).filter(|day| Date::parse(day).is_some()));
            (
                format!("date(\"{}\")", day.unwrap_or("2026-01-31")),
                "a text never becomes a date by itself",
            )
        }
        TypeKind::Timestamp => {
            let known = Timestamp::parse(plain).is_some();
            let spelled = match (known, Date::parse(plain).is_some()) {
                (true, _) => plain.to_owned(),
                (false, true) => format!("{plain}T00:00:00Z"),
                (false, false) => with_zone(plain)?,
            };
            (
                format!("timestamp(\"{spelled}\")"),
                "a text never becomes a timestamp by itself",
            )
        }
        TypeKind::Uuid if Uuid::parse(plain).is_some() => {
            (format!("uuid(\"{plain}\")"), "a text never becomes a uuid by itself")
        }
        TypeKind::Int if plain.parse::<i64>().is_ok() => (plain.to_owned(), "a number has no quotes"),
        TypeKind::Decimal { .. } | TypeKind::Float if number(plain) => (plain.to_owned(), "a number has no quotes"),
        TypeKind::Bool if matches!(plain, "true" | "false") => (plain.to_owned(), "a bool has no quotes"),
        _ => return None,
    })
}

/// `2026-01-31 12:00` and the like, as RFC 3339 in UTC.
fn with_zone(plain: &str) -> Option<String> {
    let spelled = plain.trim().replacen(' ', "T", 1);
    let tries = [format!("{spelled}Z"), format!("{spelled}:00Z"), spelled.clone()];
    tries.into_iter().find(|text| Timestamp::parse(text).is_some())
}

fn number(plain: &str) -> bool {
    let digits = plain.strip_prefix('-').unwrap_or(plain);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    all(whole) && all(fraction)
}
