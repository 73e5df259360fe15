//! Numbers with units: their dimension and their value in its base unit.

use crate::base::suggest;
use crate::syntax::ast::{Expr, ExprKind};

/// What a quantity measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Base unit: milliseconds.
    Duration,
    /// Base unit: bytes.
    Size,
    /// Base unit: US dollars.
    Money,
    /// Base unit: percent.
    Share,
    /// Base unit: one.
    Count,
}

impl Dimension {
    /// With its article.
    pub fn text(self) -> &'static str {
        match self {
            Dimension::Duration => "a duration",
            Dimension::Size => "a size",
            Dimension::Money => "an amount of money",
            Dimension::Share => "a share",
            Dimension::Count => "a count",
        }
    }
}

/// The units of the language: names, dimension, and how many base units one is.
const UNITS: &[(&[&str], Dimension, f64)] = &[
    (&["ms"], Dimension::Duration, 1.0),
    (&["s", "second", "seconds"], Dimension::Duration, 1e3),
    (&["min", "minute", "minutes"], Dimension::Duration, 60e3),
    (&["hour", "hours"], Dimension::Duration, 3_600e3),
    (&["day", "days"], Dimension::Duration, 86_400e3),
    (&["week", "weeks"], Dimension::Duration, 604_800e3),
    (&["year", "years"], Dimension::Duration, 365.0 * 86_400e3),
    (&["B"], Dimension::Size, 1.0),
    (&["KiB"], Dimension::Size, 1024.0),
    (&["MiB"], Dimension::Size, 1_048_576.0),
    (&["GiB"], Dimension::Size, 1_073_741_824.0),
    (&["TiB"], Dimension::Size, 1_099_511_627_776.0),
    (&["USD"], Dimension::Money, 1.0),
    (&["percent"], Dimension::Share, 1.0),
    (&["times"], Dimension::Count, 1.0),
];

/// A month, as a rate means it: 730 hours, in milliseconds.
const MONTH: f64 = 730.0 * 3_600e3;

/// The units of a dimension, each by every name of it.
pub fn units(dimension: Dimension) -> impl Iterator<Item = &'static str> {
    let of = move |(_, known, _): &&(_, Dimension, _)| *known == dimension;
    UNITS.iter().filter(of).flat_map(|(names, ..)| names.iter().copied())
}

/// The dimension of a unit, and its size in base units.
pub fn unit(name: &str) -> Option<(Dimension, f64)> {
    UNITS
        .iter()
        .find(|(names, ..)| names.contains(&name))
        .map(|(_, dimension, size)| (*dimension, *size))
}

/// The unit that is nearest to a word that is none; `d`, `h` and the like are known for what they mean.
pub fn nearest(name: &str) -> Option<&'static str> {
    let meant = match name {
        "d" | "D" => "days",
        "h" | "H" | "hr" | "hrs" | "h_" => "hours",
        "m" | "mins" => "min",
        "sec" | "secs" => "s",
        "KB" | "kB" | "kb" | "K" => "KiB",
        "MB" | "mb" | "M" => "MiB",
        "GB" | "gb" | "G" => "GiB",
        "TB" | "tb" | "T" => "TiB",
        "usd" | "dollars" | "dollar" => "USD",
        "pct" => "percent",
        _ => return suggest(name, UNITS.iter().flat_map(|(names, ..)| names.iter().copied())),
    };
    Some(meant)
}

/// A number's text as a number; the parser has let nothing else through.
pub fn number(text: &str) -> f64 {
    text.replace('_', "").parse().unwrap_or(f64::NAN)
}

/// Base units a millisecond of `amount per COUNT UNIT`.
pub fn per_millisecond(amount: f64, count: Option<&str>, per: &str) -> Option<f64> {
    let length = match per {
        "month" | "months" => MONTH,
        _ => match unit(per)? {
            (Dimension::Duration, size) => size,
            _ => return None,
        },
    };
    Some(amount / (length * count.map_or(1.0, number)))
}

/// Dollars a month of a rate in dollars a millisecond.
pub fn monthly(per_millisecond: f64) -> f64 {
    per_millisecond * MONTH
}

/// The unit of the first quantity in a value, to propose for a bare number.
pub fn unit_of(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Quantity { unit, .. } => Some(&unit.text),
        ExprKind::Range { low, .. } => unit_of(low),
        ExprKind::Of { left, .. } => unit_of(left),
        ExprKind::Rate { amount, .. } => unit_of(amount),
        ExprKind::List(items) => items.first().and_then(unit_of),
        _ => None,
    }
}
