//! Whether a value is within what its declaration allows.

use super::Checker;
use super::quantity::{self, Dimension};
use super::scalars::Asked;
use super::value::Value;
use crate::base::suggest;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{Expr, ExprKind};

impl Checker<'_> {
    /// What to say of a value outside of its bounds: `in 1..500`, `in [1 day, 3 days]`, `in ["a", "b"]`.
    pub(super) fn outside(&self, asked: &Asked<'_, '_>, value: &Value, bounds: &Expr) -> Option<Diagnostic> {
        match &bounds.kind {
            ExprKind::Range { low, high } => {
                let (low_value, high_value) = (measure(low)?, measure(high)?);
                let outside = numbers(value)?
                    .into_iter()
                    .find(|number| *number < low_value || *number > high_value);
                outside.map(|number| self.out_of_range(asked, number, low, high))
            }
            ExprKind::List(items) => match value {
                Value::Text(text) => self.out_of_words(asked, text, items),
                Value::Word(_) => None,
                value => self.out_of_numbers(asked, numbers(value)?.first().copied()?, items),
            },
            _ => None,
        }
    }

    fn out_of_range(&self, asked: &Asked<'_, '_>, value: f64, low: &Expr, high: &Expr) -> Diagnostic {
        let small = measure(low).is_some_and(|low| value < low);
        let (low, high) = (self.sources.text(low.span), self.sources.text(high.span));
        let message = format!(
            "`{}` is from {low} to {high}, but this is `{}`",
            asked.setting.name(),
            self.sources.text(asked.expr.span)
        );
        let help = if small {
            format!("write `{low}` or more")
        } else {
            format!("write `{high}` or less")
        };
        Diagnostic::new(Code::OUT_OF_BOUNDS, asked.expr.span, message)
            .found(if small { "too little" } else { "too much" })
            .help(help)
    }

    fn out_of_words(&self, asked: &Asked<'_, '_>, text: &str, items: &[Expr]) -> Option<Diagnostic> {
        let words: Vec<_> = items
            .iter()
            .filter_map(|item| match &item.kind {
                ExprKind::Text(parts) => super::forms::plain(parts).ok(),
                _ => None,
            })
            .collect();
        if words.iter().any(|word| word == text) {
            return None;
        }
        let diagnostic = Diagnostic::new(
            Code::OUT_OF_BOUNDS,
            asked.expr.span,
            format!("`{}` cannot be `\"{text}\"`", asked.setting.name()),
        )
        .found("not one of those that there are");
        Some(match suggest(text, words.iter().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("did you mean `\"{near}\"`?")).fix(
                format!("write `\"{near}\"`"),
                asked.expr.span,
                format!("\"{near}\""),
            ),
            None => {
                let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
                let quoted: Vec<_> = quoted.iter().map(String::as_str).collect();
                let diagnostic = diagnostic.help(format!("there are {}", super::variants::some_of(&quoted)));
                match super::variants::is_cut(&quoted) {
                    true => diagnostic.help(format!("`pipec explain {}` lists all", asked.setting.name())),
                    false => diagnostic,
                }
            }
        })
    }

    fn out_of_numbers(&self, asked: &Asked<'_, '_>, number: f64, items: &[Expr]) -> Option<Diagnostic> {
        let allowed = || items.iter().filter_map(|item| Some((measure(item)?, item)));
        if allowed().any(|(value, _)| value == number) {
            return None;
        }
        let below = allowed().rfind(|(value, _)| *value < number);
        let above = allowed().find(|(value, _)| *value > number);
        let near: Vec<_> = below
            .into_iter()
            .chain(above)
            .map(|(_, item)| format!("`{}`", self.sources.text(item.span)))
            .collect();
        Some(
            Diagnostic::new(
                Code::OUT_OF_BOUNDS,
                asked.expr.span,
                format!(
                    "`{}` cannot be `{}`: only certain values are allowed",
                    asked.setting.name(),
                    self.sources.text(asked.expr.span)
                ),
            )
            .found("not one of them")
            .help(format!("the nearest are {}", near.join(" and "))),
        )
    }
}

/// A bound in base units.
fn measure(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Int(text) | ExprKind::Decimal(text) => Some(quantity::number(text)),
        ExprKind::Quantity { number, unit } => Some(quantity::number(number) * quantity::unit(&unit.text)?.1),
        ExprKind::Rate { amount, count, per } => {
            quantity::per_millisecond(measure(amount)?, count.as_deref(), &per.text).map(|rate| rate * 1_000.0)
        }
        _ => None,
    }
}

/// The numbers in a value that bounds are about.
fn numbers(value: &Value) -> Option<Vec<f64>> {
    Some(match value {
        Value::Int(value) => vec![*value as f64],
        Value::Number(value) | Value::Share(value) | Value::Money(value) => vec![*value],
        Value::Duration(value) | Value::Size(value) => vec![*value as f64],
        Value::Rate(value) => vec![*value],
        Value::Range(low, high) => vec![*low as f64, *high as f64],
        _ => return None,
    })
}

/// A number of base units, for people: `1 day`, `24 hours`, `128 MiB`.
pub fn show(dimension: Dimension, base: f64) -> String {
    let units: &[(&str, &str, f64)] = match dimension {
        Dimension::Duration => &[
            ("day", "days", 86_400e3),
            ("hour", "hours", 3_600e3),
            ("min", "min", 60e3),
            ("s", "s", 1e3),
            ("ms", "ms", 1.0),
        ],
        Dimension::Size => &[
            ("GiB", "GiB", 1_073_741_824.0),
            ("MiB", "MiB", 1_048_576.0),
            ("KiB", "KiB", 1024.0),
            ("B", "B", 1.0),
        ],
        Dimension::Money => &[("USD", "USD", 1.0)],
        Dimension::Share => &[("percent", "percent", 1.0)],
        Dimension::Count => &[("times", "times", 1.0)],
    };
    let whole = |size: f64| base >= size && (base / size).fract() == 0.0;
    match units.iter().find(|(.., size)| whole(*size)) {
        Some((one, _, size)) if base == *size => format!("1 {one}"),
        Some((_, many, size)) => format!("{} {many}", base / size),
        None => format!("{base}"),
    }
}
