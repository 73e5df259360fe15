//! What `+ - * / %` make of two kinds, and what each side is turned into first.
//!
//! Types only: whether the answer may be missing is the caller's to say.

use crate::plan::expr::ArithmeticOp;
use crate::plan::types::TypeKind;

use super::{decimal, digits};

/// An operation that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What the left side is turned into first.
    pub left: TypeKind,
    /// What the right side is turned into first.
    pub right: TypeKind,
    /// What comes of it.
    pub result: TypeKind,
}

/// The operation on these kinds, or `None` if there is none.
///
/// Numbers: `int` beside a decimal is decimal(20, 0), beside a float a float; `int / int` is a float. Time: a duration moves a
/// date or a timestamp, two dates or two timestamps are a duration apart; durations add up, are taken a whole number of
/// times, are divided by an int (half away from zero, to the microsecond), and by each other (a float).
pub fn arithmetic(op: ArithmeticOp, left: &TypeKind, right: &TypeKind) -> Option<Operation> {
    use ArithmeticOp::{Add, Divide, Multiply, Remainder, Subtract};
    use TypeKind::{Date, Decimal, Duration, Float, Int, Timestamp};
    let result = match (left, op, right) {
        (Int, Divide, Int) => Float,
        (Int, _, Int) => Int,
        (Float, _, Float | Int) | (Int, _, Float) => {
            return Some(Operation {
                left: Float,
                right: Float,
                result: Float,
            });
        }
        (Decimal { .. } | Int, _, Decimal { .. } | Int) => return decimals(op, left, right),
        (Date | Timestamp, Add | Subtract, Duration) => left.clone(),
        (Duration, Add, Date | Timestamp) => right.clone(),
        (Date, Subtract, Date) | (Timestamp, Subtract, Timestamp) => Duration,
        (Duration, Add | Subtract | Remainder, Duration) => Duration,
        (Duration, Multiply | Divide, Int) | (Int, Multiply, Duration) => Duration,
        (Duration, Divide, Duration) => Float,
        _ => return None,
    };
    Some(Operation {
        left: left.clone(),
        right: right.clone(),
        result,
    })
}

fn decimals(op: ArithmeticOp, left: &TypeKind, right: &TypeKind) -> Option<Operation> {
    let (l, r) = (digits(left)?, digits(right)?);
    let (precision, scale) = match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => decimal::sum(l, r),
        ArithmeticOp::Multiply => decimal::product(l, r),
        ArithmeticOp::Divide => decimal::quotient(l, r),
        ArithmeticOp::Remainder => decimal::remainder(l, r),
    };
    let kind = |(precision, scale)| TypeKind::Decimal { precision, scale };
    Some(Operation {
        left: kind(l),
        right: kind(r),
        result: kind((precision, scale)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    /// Every pair of kinds, and what each operation makes of it: nothing is there by accident.
    #[test]
    fn every_pair_of_kinds_has_its_answers() {
        let kinds = [
            TypeKind::Bool,
            TypeKind::Int,
            TypeKind::Float,
            TypeKind::Decimal {
                precision: 12,
                scale: 2,
            },
            TypeKind::Text,
            TypeKind::Bytes,
            TypeKind::Date,
            TypeKind::Timestamp,
            TypeKind::Duration,
            TypeKind::Uuid,
            TypeKind::Json,
            TypeKind::List(Box::new(TypeKind::Int.required())),
            TypeKind::Map(Box::new(TypeKind::Int.required())),
            TypeKind::Struct(Vec::new()),
            TypeKind::Enum {
                name: "Kind".into(),
                variants: Vec::new(),
            },
            TypeKind::Object,
        ];
        let operations = [
            ("+", ArithmeticOp::Add),
            ("-", ArithmeticOp::Subtract),
            ("*", ArithmeticOp::Multiply),
            ("/", ArithmeticOp::Divide),
            ("%", ArithmeticOp::Remainder),
        ];
        let mut table = String::new();
        for left in &kinds {
            for right in &kinds {
                let answers = operations.iter().filter_map(|(sign, op)| {
                    let answer = arithmetic(*op, left, right)?;
                    Some(format!("{sign} {}", answer.result))
                });
                let answers: Vec<_> = answers.collect();
                if !answers.is_empty() {
                    let _ = writeln!(table, "{left}, {right}: {}", answers.join("; "));
                }
            }
        }
        assert_eq!(table, TABLE);
    }

    const TABLE: &str = "\
int, int: + int; - int; * int; / float; % int
int, float: + float; - float; * float; / float; % float
int, decimal(12, 2): + decimal(23, 2); - decimal(23, 2); * decimal(33, 2); / decimal(35, 13); % decimal(12, 2)
int, duration: * duration
float, int: + float; - float; * float; / float; % float
float, float: + float; - float; * float; / float; % float
decimal(12, 2), int: + decimal(23, 2); - decimal(23, 2); * decimal(33, 2); / decimal(33, 23); % decimal(12, 2)
decimal(12, 2), decimal(12, 2): + decimal(13, 2); - decimal(13, 2); * decimal(25, 4); / decimal(27, 15); % decimal(12, 2)
date, date: - duration
date, duration: + date; - date
timestamp, timestamp: - duration
timestamp, duration: + timestamp; - timestamp
duration, int: * duration; / duration
duration, date: + date
duration, timestamp: + timestamp
duration, duration: + duration; - duration; / float; % duration
";
}
