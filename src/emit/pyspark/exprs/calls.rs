//! Calls of the standard library's functions, by the table in `functions.rs`.

use pipec_runtime::functions::regex_java::{self, Java};

use super::super::tree::Py;
use super::arithmetic::digits;
use super::functions::{self, Fails, Spelling};
use super::{
    Around, Lowered, Place, first_reason, lit_none, not, nothing, overflow, overflows_where, python_name, shapes,
};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Type, TypeKind};

/// Functions that answer for missing arguments as well.
const SEE_MISSING: [&str; 2] = ["null_if", "first_present"];

fn types(arguments: &[Expr]) -> Vec<Option<&Type>> {
    let of = |argument: &'_ Expr| matches!(argument.kind, ExprKind::Lambda { .. });
    arguments
        .iter()
        .map(|argument| if of(argument) { None } else { Some(&argument.ty) })
        .collect()
}

/// A call whose answer is missing whatever the row is: one argument is `null` itself.
fn is_nothing(function: &str, arguments: &[Expr]) -> bool {
    !SEE_MISSING.contains(&function) && arguments.iter().any(|argument| argument.ty.kind == TypeKind::Null)
}

/// A regular expression in Java's syntax; the compiler has checked it.
pub(super) fn java(pattern: &str) -> Java {
    regex_java::java(pattern).unwrap_or_else(|_| crate::plan::refused())
}

/// A value's canonical text, which is what is hashed and joined.
pub fn canonical(value: Py, kind: Option<&TypeKind>) -> Py {
    match kind {
        Some(TypeKind::Timestamp) => Py::call("lake.instant_text", vec![value]),
        Some(TypeKind::Int | TypeKind::Bool | TypeKind::Date | TypeKind::Decimal { .. }) => {
            value.method("cast", vec![Py::text("string")])
        }
        _ => value,
    }
}

fn constant(expr: &Expr) -> Py {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => Py::text(text),
        ExprKind::Literal(Literal::Int(number) | Literal::Duration(number)) => Py::atom(number.to_string()),
        _ => crate::plan::refused(),
    }
}

fn text_of(expr: &Expr) -> &str {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => text,
        _ => crate::plan::refused(),
    }
}

fn number_of(expr: &Expr) -> usize {
    match &expr.kind {
        ExprKind::Literal(Literal::Int(number)) => usize::try_from(*number).unwrap_or(0),
        _ => crate::plan::refused(),
    }
}

/// Digits and scale of a decimal, or of a list of them.
fn decimal_digits(kind: &TypeKind) -> (u8, u8) {
    match kind {
        TypeKind::Decimal { precision, scale } => (*precision, *scale),
        TypeKind::List(item) => decimal_digits(&item.kind),
        _ => (38, 0),
    }
}

/// A call's arguments as they are written.
struct Written<'e> {
    expr: &'e Expr,
    arguments: &'e [Expr],
    columns: Vec<Py>,
    /// Of `row => …`: what it gives, and why it turns rows away.
    lambdas: Vec<Option<(Py, Option<Py>)>>,
}

impl Written<'_> {
    /// What a spelling stands for.
    fn fill(&self, template: &str) -> Py {
        let Some((callee, rest)) = template.split_once('(') else {
            return self.one(template);
        };
        let inside = rest.strip_suffix(')').unwrap_or(rest);
        let arguments = match inside {
            "" => Vec::new(),
            inside => inside
                .split(", ")
                .map(|word| self.one(word))
                .filter(|value| *value != Py::atom("None"))
                .collect(),
        };
        match callee.strip_prefix('$').and_then(|callee| callee.split_once('.')) {
            Some((at, method)) => self.one(&format!("${at}")).method(method, arguments),
            None => Py::call(callee, arguments),
        }
    }

    fn one(&self, word: &str) -> Py {
        let result = decimal_digits(&self.expr.ty.kind);
        let mut signs = word.chars();
        let sign = signs.next().unwrap_or(' ');
        let Ok(at) = signs.as_str().parse::<usize>() else {
            return match word {
                "P" => digits(result.0, result.1),
                "p" => Py::atom(result.0.to_string()),
                word => Py::atom(word),
            };
        };
        let (Some(argument), Some(column)) = (self.arguments.get(at), self.columns.get(at)) else {
            return Py::atom(word);
        };
        let lambda = || self.lambdas.get(at).and_then(Option::as_ref);
        match sign {
            '$' => column.clone(),
            '!' => constant(argument),
            '@' => lambda().map_or_else(lit_none, |(value, _)| value.clone()),
            '?' => lambda().and_then(|(_, reason)| reason.clone()).unwrap_or_else(lit_none),
            'C' => canonical(column.clone(), Some(&argument.ty.kind)),
            'P' => {
                let (precision, scale) = decimal_digits(&argument.ty.kind);
                digits(precision, scale)
            }
            's' => Py::atom(decimal_digits(&argument.ty.kind).1.to_string()),
            'R' | 'T' | 'S' | 'X' | 'W' => self.regex(sign, at),
            _ => Py::atom(word),
        }
    }

    fn regex(&self, sign: char, at: usize) -> Py {
        let Some(argument) = self.arguments.get(at) else {
            return lit_none();
        };
        match sign {
            'R' => Py::text(&java(text_of(argument)).pattern),
            'T' => Py::text(&java(text_of(argument)).in_turn),
            'S' => {
                let found = java(text_of(argument));
                match found.may_be_empty {
                    true => Py::text(&regex_java::starts_empty(&found)),
                    // It is left out.
                    false => Py::atom("None"),
                }
            }
            'X' => {
                let group = self.arguments.get(at + 1).map_or(0, number_of);
                let found = regex_java::takes_part(text_of(argument), group);
                // A group that is not there takes part in no match.
                Py::text(&found.unwrap_or_else(|| "(?!)".into()))
            }
            _ => {
                let groups = at
                    .checked_sub(1)
                    .and_then(|before| self.arguments.get(before))
                    .map_or(0, |pattern| java(text_of(pattern)).groups);
                Py::text(&regex_java::replacement(text_of(argument), groups))
            }
        }
    }
}

/// `null_if` of what holds maps, which Spark does not compare as they are.
fn null_if_of_maps(arguments: &[Expr], columns: Vec<Py>) -> Py {
    let compared = columns.iter().zip(arguments);
    let mut compared = compared.map(|(column, argument)| shapes::comparable(column.clone(), &argument.ty.kind, 0));
    match (compared.next(), compared.next(), columns.into_iter().next()) {
        (Some(value), Some(unknown), Some(kept)) => {
            let same = value.method("eqNullSafe", vec![unknown]);
            Py::call("F.when", vec![not(same), kept])
        }
        _ => crate::plan::refused(),
    }
}

impl Around<'_> {
    pub(super) fn call(
        &self,
        expr: &Expr,
        function: &str,
        arguments: &[Expr],
        place: Place,
        reasons: &mut Vec<Py>,
    ) -> Py {
        let mut written = Written {
            expr,
            arguments,
            columns: Vec::new(),
            lambdas: Vec::new(),
        };
        for argument in arguments {
            let (column, lambda) = match &argument.kind {
                ExprKind::Lambda { params, body } => (lit_none(), Some(self.lambda(params, body))),
                _ => (self.exact(argument, reasons), None),
            };
            written.columns.push(column);
            written.lambdas.push(lambda);
        }
        if is_nothing(function, arguments) {
            return nothing(&expr.ty);
        }
        if function == "null_if" && arguments.iter().any(|argument| shapes::has_map(&argument.ty.kind)) {
            return null_if_of_maps(arguments, written.columns);
        }
        let Some(spelling) = functions::spelling(function, &types(arguments)) else {
            crate::plan::refused()
        };
        if place == Place::Compared && spelling.value == "texts.length($0)" {
            return written.fill("F.length($0)");
        }
        let value = written.fill(spelling.value);
        written.reasons(spelling, &value, reasons);
        value
    }

    /// `row => …` as a Python function, and the one that says why it turns rows away.
    fn lambda(&self, params: &[String], body: &Expr) -> (Py, Option<Py>) {
        let names: Vec<_> = params.iter().map(|name| python_name(name)).collect();
        let Lowered { value, reasons } = self.lower(body);
        let reason = first_reason(reasons).map(|reason| Py::Lambda(names.clone(), Box::new(reason)));
        (Py::Lambda(names, Box::new(value)), reason)
    }
}

impl Written<'_> {
    fn reasons(&self, spelling: &Spelling, value: &Py, reasons: &mut Vec<Py>) {
        if self.lambdas.iter().flatten().any(|(_, reason)| reason.is_some()) {
            reasons.push(self.fill(spelling.reason));
        }
        match spelling.fails {
            Fails::Never => {}
            Fails::Missing => {
                let operands: Vec<_> = self.arguments.iter().zip(self.columns.iter().cloned()).collect();
                overflow(self.expr, &operands, value, reasons);
            }
            Fails::When(template) => reasons.push(overflows_where(self.expr, self.fill(template))),
        }
    }
}
