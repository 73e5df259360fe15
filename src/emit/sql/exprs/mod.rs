//! Expressions as Trino's SQL. What an author may not see is an answer of another meaning: where Trino's own differs from
//! "Semantics on every engine", more is written than the operator, or the gate has refused it. A value that does not fit its
//! type fails the query that asks for it. It must not know steps.

mod arithmetic;
mod compare;
mod functions;
mod times;

use std::cell::Cell;
use std::collections::BTreeMap;

use super::tree::Sql;
use super::types::{bare, type_name, typed};
use crate::plan::expr::{Expr, ExprKind, Literal, LogicOp};
use crate::plan::types::{Type, TypeKind};
use crate::plan::{Plan, refused};

/// What stands around an expression.
pub struct Around<'p> {
    plan: &'p Plan,
    /// What a function of the project's own is called with, where one is written out.
    arguments: BTreeMap<String, Sql>,
    /// How many values have been named so far.
    named: Cell<usize>,
}

/// A value's canonical text, which is what is hashed and joined.
pub fn canonical(value: Sql, kind: &TypeKind) -> Sql {
    match kind {
        TypeKind::Timestamp => Sql::template(
            "replace(replace(CAST($0 AS varchar), ' ', 'T'), '.000000', '') || 'Z'",
            vec![value],
        ),
        TypeKind::Int | TypeKind::Bool | TypeKind::Date | TypeKind::Decimal { .. } => value.cast("varchar"),
        _ => value,
    }
}

/// What fails with this reason wherever it is reached, as a value of a type.
pub fn failure(reason: &str, kind: &TypeKind) -> Sql {
    let text = Sql::text(reason);
    match kind {
        // Any text is one of these: the reason is read as a number first.
        TypeKind::Text | TypeKind::Uuid | TypeKind::Json | TypeKind::Enum { .. } => text.cast("bigint").cast("varchar"),
        TypeKind::List(item) => Sql::Array(vec![failure(reason, &item.kind)]),
        TypeKind::Bytes | TypeKind::Map(_) | TypeKind::Struct(_) | TypeKind::Object => {
            Sql::when(text.cast("boolean"), typed(&Literal::Null, kind))
        }
        kind => text.cast(type_name(kind)),
    }
}

impl<'p> Around<'p> {
    /// An expression of a step.
    pub fn of(plan: &'p Plan) -> Self {
        Around {
            plan,
            arguments: BTreeMap::new(),
            named: Cell::new(0),
        }
    }

    /// An expression as a value of exactly its type.
    pub fn value(&self, expr: &Expr) -> Sql {
        match &expr.kind {
            ExprKind::Literal(literal) => typed(literal, &expr.ty.kind),
            ExprKind::Column(name) => match self.arguments.get(name) {
                Some(argument) => argument.clone(),
                None => Sql::name(name),
            },
            ExprKind::Local(name) => Sql::name(name),
            ExprKind::Member { of, field } => Sql::Field(Box::new(self.value(of)), field.clone()),
            ExprKind::Index { of, index } => self.index(of, index),
            ExprKind::List(items) => {
                let items = items.iter().map(|item| self.value(item)).collect();
                Sql::Array(items).cast(type_name(&expr.ty.kind))
            }
            ExprKind::Struct(fields) => {
                let fields = fields.iter().map(|(_, field)| self.value(field)).collect();
                Sql::call("ROW", fields).cast(type_name(&expr.ty.kind))
            }
            ExprKind::Interpolate(parts) => match parts.as_slice() {
                [one] => canonical(self.value(one), &one.ty.kind),
                parts => {
                    let parts = parts.iter().map(|part| canonical(self.value(part), &part.ty.kind));
                    Sql::Binary("||", parts.collect())
                }
            },
            ExprKind::Match { value, arms, otherwise } => self.matched(expr, value, arms, otherwise.as_deref()),
            ExprKind::Lambda { params, body } => Sql::Lambda(params.clone(), Box::new(self.value(body))),
            ExprKind::Own { function, arguments } => self.own(function, arguments),
            ExprKind::Call { function, arguments } => self.call(expr, function, arguments),
            ExprKind::Not(of) => self.value(of).negated(),
            ExprKind::Negate(of) => Sql::Minus(Box::new(self.value(of))),
            ExprKind::Logic { op, left, right } => {
                let op = if *op == LogicOp::And { "AND" } else { "OR" };
                Sql::binary(op, self.value(left), self.value(right))
            }
            ExprKind::Compare { op, left, right } => self.compare(*op, left, right),
            ExprKind::Same { left, right, negated } => {
                let op = if *negated {
                    "IS DISTINCT FROM"
                } else {
                    "IS NOT DISTINCT FROM"
                };
                Sql::binary(op, self.value(left), self.value(right))
            }
            ExprKind::Like {
                value,
                pattern,
                negated,
            } => Sql::Like(Box::new(self.value(value)), crate::emit::like::like(pattern)).negated_if(*negated),
            ExprKind::Matches {
                value,
                pattern,
                negated,
            } => {
                let pattern = functions::java(pattern).pattern;
                Sql::call("regexp_like", vec![self.value(value), Sql::text(pattern)]).negated_if(*negated)
            }
            ExprKind::Contains { value, list, negated } => self.contains(value, list).negated_if(*negated),
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(expr, *op, left, right),
            ExprKind::IsNull { value, negated } => match negated {
                true => self.value(value).is_there(),
                false => self.value(value).is_null(),
            },
            ExprKind::In { value, list, negated } => self.among(value, list).negated_if(*negated),
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => Sql::Case(
                vec![(self.value(condition), self.value(then))],
                Some(Box::new(self.value(otherwise))),
            ),
            ExprKind::Coalesce { value, default } => {
                Sql::call("coalesce", vec![self.value(value), self.value(default)])
            }
            ExprKind::Cast(of) => self.cast(expr, of),
            ExprKind::Param(_) | ExprKind::Reject(_) => refused(),
        }
    }

    /// A value beside another of its type, where Trino widens by itself.
    fn beside(&self, expr: &Expr) -> Sql {
        match &expr.kind {
            ExprKind::Literal(literal) => bare(literal, &expr.ty.kind),
            _ => self.value(expr),
        }
    }

    /// Both sides of an operator: one of two literals says what they are.
    fn sides(&self, left: &Expr, right: &Expr) -> (Sql, Sql) {
        let literal = |expr: &Expr| matches!(expr.kind, ExprKind::Literal(_));
        match literal(left) {
            true if literal(right) => (self.value(left), self.value(right)),
            _ => (self.beside(left), self.beside(right)),
        }
    }

    /// SQL that names a value more than once: a value that is more than a name is computed once.
    fn with(&self, value: Sql, body: impl FnOnce(Sql) -> Sql) -> Sql {
        if value.is_simple() {
            return body(value);
        }
        self.named.set(self.named.get() + 1);
        let name = format!("_v{}", self.named.get());
        let body = body(Sql::name(&name));
        let each = Sql::Lambda(vec![name], Box::new(body));
        let one = Sql::call("transform", vec![Sql::Array(vec![value]), each]);
        Sql::call("element_at", vec![one, Sql::atom("1")])
    }

    /// The same for several values.
    fn with_all(&self, values: Vec<Sql>, body: &dyn Fn(Vec<Sql>) -> Sql) -> Sql {
        self.with_rest(values.into_iter(), Vec::new(), body)
    }

    fn with_rest(&self, mut rest: std::vec::IntoIter<Sql>, mut done: Vec<Sql>, body: &dyn Fn(Vec<Sql>) -> Sql) -> Sql {
        match rest.next() {
            None => body(done),
            Some(value) => self.with(value, |name| {
                done.push(name);
                self.with_rest(rest, done, body)
            }),
        }
    }

    /// A value that fails the query where something is wrong with it.
    fn checked(&self, expr: &Expr, value: Sql, wrong: impl FnOnce(&Sql) -> Sql) -> Sql {
        let reason = format!("overflow in {}", expr.text);
        self.with(value, |value| {
            let wrong = wrong(&value);
            Sql::Case(vec![(wrong, failure(&reason, &expr.ty.kind))], Some(Box::new(value)))
        })
    }

    fn index(&self, of: &Expr, index: &Expr) -> Sql {
        let held = self.value(of);
        if matches!(of.ty.kind, TypeKind::Map(_)) {
            return Sql::call("element_at", vec![held, self.value(index)]);
        }
        match &index.kind {
            ExprKind::Literal(Literal::Int(at)) if (0..i64::from(i32::MAX)).contains(at) => {
                Sql::call("element_at", vec![held, Sql::atom((at + 1).to_string())])
            }
            _ => self.with_all(vec![held, self.value(index)], &|both| {
                Sql::template(
                    "CASE WHEN $1 BETWEEN 0 AND cardinality($0) - 1 THEN element_at($0, $1 + 1) END",
                    both,
                )
            }),
        }
    }

    fn matched(&self, expr: &Expr, of: &Expr, arms: &[(Vec<Literal>, Expr)], otherwise: Option<&Expr>) -> Sql {
        let kind = &of.ty.kind;
        let values: Vec<Sql> = arms.iter().map(|(_, value)| self.value(value)).collect();
        let last = otherwise.map(|otherwise| self.value(otherwise));
        if arms.is_empty() {
            return last.unwrap_or_else(|| typed(&Literal::Null, &expr.ty.kind));
        }
        self.with(self.value(of), |of| {
            let condition = |literals: &[Literal]| match literals {
                [Literal::Bool(true)] => of.clone(),
                [Literal::Bool(false)] => of.clone().negated(),
                [one] => Sql::binary("=", of.clone(), bare(one, kind)),
                many => Sql::In(Box::new(of.clone()), many.iter().map(|one| bare(one, kind)).collect()),
            };
            let arms = arms
                .iter()
                .map(|(literals, _)| condition(literals))
                .zip(values)
                .collect();
            Sql::Case(arms, last.map(Box::new))
        })
    }

    /// A function of the project's own, written out. Where it takes no missing value, one makes the answer missing.
    fn own(&self, function: &str, arguments: &[Expr]) -> Sql {
        let Some(function) = self.plan.function(function) else {
            refused()
        };
        let values = arguments.iter().map(|argument| self.value(argument)).collect();
        let strict =
            |(param, argument): &(&(String, Type, Option<Literal>), &Expr)| !param.1.optional && argument.ty.optional;
        let pairs = function.params.iter().zip(arguments);
        let strict: Vec<bool> = pairs.map(|pair| strict(&pair)).collect();
        self.with_all(values, &|values| {
            let needed = values.iter().zip(&strict).filter(|(_, strict)| **strict);
            let there: Vec<Sql> = needed.map(|(value, _)| value.clone().is_there()).collect();
            let names = function.params.iter().map(|(name, ..)| name.clone());
            let inside = Around {
                plan: self.plan,
                arguments: names.zip(values).collect(),
                named: Cell::new(self.named.get()),
            };
            let value = inside.value(&function.body);
            self.named.set(inside.named.get());
            match there.len() {
                0 => value,
                1 => there.into_iter().fold(value, |value, there| Sql::when(there, value)),
                _ => Sql::when(Sql::Binary("AND", there), value),
            }
        })
    }
}
