//! Calls of the standard library's functions, by the table of what Trino means alike.

use pipec_runtime::functions::regex_java::{self, Java};

use super::super::tree::Sql;
use super::super::types::type_name;
use super::arithmetic::float_of_decimal;
use super::{Around, canonical, times};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::refused;
use crate::plan::trino::spelling;
use crate::plan::types::TypeKind;

/// A regular expression in Java's syntax, as the compiler has checked it. Only Java itself has to be told that `.` is
/// everything but a line feed; Trino's library knows, and does not know how to be told.
pub fn java(pattern: &str) -> Java {
    let mut java = regex_java::java(pattern).unwrap_or_else(|_| refused());
    java.pattern = java.pattern.replacen("(?d)", "", 1);
    java
}

fn text_of(expr: Option<&Expr>) -> &str {
    match expr.map(|expr| &expr.kind) {
        Some(ExprKind::Literal(Literal::Text(text))) => text,
        _ => refused(),
    }
}

impl Around<'_> {
    pub(super) fn call(&self, expr: &Expr, function: &str, arguments: &[Expr]) -> Sql {
        let Some(line) = spelling(function, arguments) else {
            refused()
        };
        let value = match line.value {
            "@float" => match arguments {
                [of] => match of.ty.kind {
                    TypeKind::Decimal { precision, .. } => float_of_decimal(self.value(of), precision),
                    _ => refused(),
                },
                _ => refused(),
            },
            "@contains" => match arguments {
                [list, value] => self.contains(value, list),
                _ => refused(),
            },
            "@truncate" => self.truncated(arguments),
            "@reduce" => self.reduced(expr, arguments),
            "@hours" => self.between(arguments, "3600000000"),
            "@minutes" => self.between(arguments, "60000000"),
            "@seconds" => self.between(arguments, "1000000"),
            template => self.filled(template, expr, arguments),
        };
        match line.fails {
            "" => value,
            wrong => self.checked(expr, value, |value| Sql::template(wrong, vec![value.clone()])),
        }
    }

    /// A spelling with its arguments; one that is written twice is computed once.
    fn filled(&self, spelling: &str, expr: &Expr, arguments: &[Expr]) -> Sql {
        let mut text = String::new();
        let mut places: Vec<(char, usize)> = Vec::new();
        let mut signs = spelling.chars().peekable();
        let mut inside_text = false;
        while let Some(sign) = signs.next() {
            inside_text ^= sign == '\'';
            let next = signs.peek().copied().unwrap_or(' ');
            match (sign, next) {
                ('%', 'T') => {
                    signs.next();
                    text.push_str(&type_name(&expr.ty.kind));
                }
                ('%', 'S') => {
                    signs.next();
                    text.push_str(&digits_pattern(&expr.ty.kind));
                }
                ('$' | '#' | '^' | '~', digit) if digit.is_ascii_digit() && !inside_text => {
                    signs.next();
                    let place = (sign, digit as usize - '0' as usize);
                    let at = places.iter().position(|known| *known == place).unwrap_or_else(|| {
                        places.push(place);
                        places.len() - 1
                    });
                    text.push_str(&format!("${at}"));
                }
                // A dollar in a text of the spelling's own is no place.
                ('$', _) => text.push_str("$$"),
                _ => text.push(sign),
            }
        }
        let values: Vec<Sql> = places.iter().map(|place| self.argument(*place, arguments)).collect();
        let twice: Vec<bool> = (0..values.len())
            .map(|at| text.matches(&format!("${at}")).count() > 1)
            .collect();
        let all = values.iter().zip(&twice).filter(|(_, twice)| **twice);
        let named: Vec<Sql> = all.map(|(value, _)| value.clone()).collect();
        self.with_all(named, &|named| {
            let mut named = named.into_iter();
            let values = values.iter().zip(&twice).map(|(value, twice)| match twice {
                true => named.next().unwrap_or_else(|| value.clone()),
                false => value.clone(),
            });
            Sql::template(text.clone(), values.collect())
        })
    }

    fn argument(&self, (sign, at): (char, usize), arguments: &[Expr]) -> Sql {
        let Some(argument) = arguments.get(at) else { refused() };
        match sign {
            '#' => canonical(self.value(argument), &argument.ty.kind),
            '^' => Sql::text(java(text_of(Some(argument))).pattern),
            '~' => {
                let pattern = at.checked_sub(1).and_then(|before| arguments.get(before));
                let groups = java(text_of(pattern)).groups;
                Sql::text(regex_java::replacement(text_of(Some(argument)), groups))
            }
            _ => match &argument.kind {
                ExprKind::Literal(Literal::Int(_) | Literal::Duration(_)) => self.beside(argument),
                _ => self.value(argument),
            },
        }
    }

    /// A list folded from its first entry on. Trino asks for one type of what a fold starts with and what each turn gives, and
    /// takes a text of a known length for another type than a text of any.
    fn reduced(&self, expr: &Expr, arguments: &[Expr]) -> Sql {
        let [list, start, turn] = arguments else { refused() };
        let ExprKind::Lambda { params, body } = &turn.kind else {
            refused()
        };
        let name = type_name(&expr.ty.kind);
        let turn = Sql::Lambda(params.clone(), Box::new(self.value(body).cast(name.clone())));
        self.with(self.value(start).cast(name), |start| {
            let fold = Sql::template(
                "reduce($0, $1, $2, _result -> _result)",
                vec![self.value(list), start.clone(), turn],
            );
            Sql::when(start.is_there(), fold)
        })
    }

    /// The last instant of a grid that starts in 1970, not after this one.
    fn truncated(&self, arguments: &[Expr]) -> Sql {
        let [at, unit] = arguments else { refused() };
        let ExprKind::Literal(Literal::Duration(unit)) = unit.kind else {
            refused()
        };
        let value = self.value(at);
        let name = match unit {
            1_000_000 => "second",
            60_000_000 => "minute",
            3_600_000_000 => "hour",
            86_400_000_000 => "day",
            _ => {
                let micros = self.micros(value);
                let unit = Sql::Typed("BIGINT", unit.to_string());
                return self.with(micros, |micros| {
                    let start = Sql::template("$0 - ($0 % $1 + $1) % $1", vec![micros, unit]);
                    Sql::template(times::OF_MICROS, vec![start])
                });
            }
        };
        Sql::call("date_trunc", vec![Sql::text(name), value])
    }

    fn between(&self, arguments: &[Expr], unit: &'static str) -> Sql {
        let [from, to] = arguments else { refused() };
        let (from, to) = (self.micros(self.value(from)), self.micros(self.value(to)));
        Sql::binary("/", Sql::binary("-", to, from).cast("double"), Sql::atom(unit))
    }
}

/// What text can be read as a decimal without losing a digit.
fn digits_pattern(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Decimal { scale, .. } if *scale > 0 => format!(r"\A[+-]?[0-9]+(\.[0-9]{{1,{scale}}})?\z"),
        _ => r"\A[+-]?[0-9]+\z".to_owned(),
    }
}
