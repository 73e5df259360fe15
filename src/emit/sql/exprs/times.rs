//! Dates, instants and lengths of time, which are microseconds: Trino's own intervals hold milliseconds.

use super::super::tree::Sql;
use super::Around;
use crate::plan::expr::{ArithmeticOp, Expr, ExprKind, Literal};
use crate::plan::types::TypeKind;

/// An instant as microseconds since 1970.
pub(super) const MICROS: &str = "date_diff('second', TIMESTAMP '1970-01-01 00:00:00', date_trunc('second', $0)) * 1000000 + CAST(substr(CAST($0 AS varchar), -6) AS bigint)";
/// An instant of microseconds since 1970.
pub(super) const OF_MICROS: &str =
    "CAST(from_unixtime_nanos(CAST($0 AS decimal(38, 0)) * 1000) AT TIME ZONE 'UTC' AS timestamp(6))";
/// The first and the last day.
const DAYS: (&str, &str) = ("0001-01-01", "9999-12-31");
const LAST_MICRO: &str = "9999-12-31 23:59:59.999999";
/// The days of a length, toward the past.
const WHOLE_DAYS: &str = "$0 / 86400000000 - CASE WHEN $0 % 86400000000 < 0 THEN 1 ELSE 0 END";
const DAY: i64 = 86_400_000_000;
/// The longest that is written as an interval: a hundred years.
const LONGEST: i64 = 36_525 * DAY;
/// Units that an interval may be written in, largest first.
const UNITS: [(&str, i64); 4] = [
    ("DAY", DAY),
    ("HOUR", 3_600_000_000),
    ("MINUTE", 60_000_000),
    ("SECOND", 1_000_000),
];

impl Around<'_> {
    pub(super) fn micros(&self, at: Sql) -> Sql {
        self.with(at, |at| Sql::template(MICROS, vec![at]))
    }

    pub(super) fn times(&self, expr: &Expr, op: ArithmeticOp, left: &Expr, right: &Expr) -> Sql {
        use ArithmeticOp::{Add, Divide, Multiply, Remainder, Subtract};
        use TypeKind::{Date, Timestamp};
        match (op, &left.ty.kind, &right.ty.kind) {
            (Subtract, Date, Date) => {
                let days = Sql::call("date_diff", vec![Sql::text("day"), self.value(right), self.value(left)]);
                Sql::binary("*", days, Sql::Typed("BIGINT", DAY.to_string()))
            }
            (Subtract, Timestamp, Timestamp) => {
                Sql::binary("-", self.micros(self.value(left)), self.micros(self.value(right)))
            }
            (Add, Date, _) => self.moved_date(expr, left, right, false),
            (Add, _, Date) => self.moved_date(expr, right, left, false),
            (Subtract, Date, _) => self.moved_date(expr, left, right, true),
            (Add, Timestamp, _) => self.moved(expr, left, right, false),
            (Add, _, Timestamp) => self.moved(expr, right, left, false),
            (Subtract, Timestamp, _) => self.moved(expr, left, right, true),
            (Divide | Remainder, ..) => {
                let (first, second) = self.sides(left, right);
                let op = if op == Divide { "/" } else { "%" };
                Sql::binary(op, first, Sql::call("nullif", vec![second, Sql::atom("0")]))
            }
            (Add | Subtract | Multiply, ..) => {
                let (first, second) = self.sides(left, right);
                let op = match op {
                    Add => "+",
                    Subtract => "-",
                    _ => "*",
                };
                Sql::binary(op, first, second)
            }
        }
    }

    /// A day and whole days more or less.
    fn moved_date(&self, expr: &Expr, date: &Expr, by: &Expr, back: bool) -> Sql {
        let days = match &by.kind {
            ExprKind::Literal(Literal::Duration(micros)) => {
                let length = if back { micros.saturating_neg() } else { *micros };
                Sql::atom(length.div_euclid(DAY).to_string())
            }
            _ => {
                let length = self.value(by);
                let length = if back { Sql::Minus(Box::new(length)) } else { length };
                self.with(length, |length| Sql::template(WHOLE_DAYS, vec![length]))
            }
        };
        let moved = Sql::call("date_add", vec![Sql::text("day"), days, self.value(date)]);
        self.date_in_range(expr, moved)
    }

    /// A day that the calendar has, or the query fails.
    pub(super) fn date_in_range(&self, expr: &Expr, date: Sql) -> Sql {
        self.checked(expr, date, |date| {
            Sql::template(
                "$0 NOT BETWEEN $1 AND $2",
                vec![
                    date.clone(),
                    Sql::Typed("DATE", DAYS.0.into()),
                    Sql::Typed("DATE", DAYS.1.into()),
                ],
            )
        })
    }

    /// An instant that the calendar has, or the query fails.
    pub(super) fn instant_in_range(&self, expr: &Expr, at: Sql) -> Sql {
        self.checked(expr, at, |at| {
            Sql::template(
                "$0 NOT BETWEEN $1 AND $2",
                vec![
                    at.clone(),
                    Sql::Typed("TIMESTAMP", format!("{} 00:00:00", DAYS.0)),
                    Sql::Typed("TIMESTAMP", LAST_MICRO.into()),
                ],
            )
        })
    }

    fn moved(&self, expr: &Expr, at: &Expr, by: &Expr, back: bool) -> Sql {
        let op = if back { "-" } else { "+" };
        let moved = match &by.kind {
            ExprKind::Literal(Literal::Duration(micros)) if interval(*micros).is_some() => {
                let length = Sql::atom(interval(*micros).unwrap_or_default());
                Sql::binary(op, self.value(at), length)
            }
            _ => {
                let sum = Sql::binary(op, self.micros(self.value(at)), self.value(by));
                Sql::template(OF_MICROS, vec![sum])
            }
        };
        self.instant_in_range(expr, moved)
    }
}

/// `INTERVAL '90' MINUTE`: a length of whole milliseconds that a reader sees through.
fn interval(micros: i64) -> Option<String> {
    if !(0..=LONGEST).contains(&micros) {
        return None;
    }
    let whole = UNITS.iter().find(|(_, unit)| micros % unit == 0);
    match whole {
        Some((name, unit)) => Some(format!("INTERVAL '{}' {name}", micros / unit)),
        None if micros % 1_000 == 0 => {
            let (seconds, millis) = (micros / 1_000_000, micros % 1_000_000 / 1_000);
            Some(format!("INTERVAL '{seconds}.{millis:03}' SECOND"))
        }
        None => None,
    }
}
