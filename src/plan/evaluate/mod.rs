//! What an expression is worth, one row at a time: constants when the project is compiled, examples of the standard
//! library, rows of tests, and in the embedded engine what has no faster way.
//!
//! Functions are the runtime's own, so that a constant has the value that every engine computes. It must not know where
//! rows come from.

mod convert;
mod operators;

use std::collections::BTreeMap;

use pipec_runtime::dynamic::{self, Argument, Call, Run};
use pipec_runtime::functions::json::Json;
use pipec_runtime::functions::{like, lists, regex};
use pipec_runtime::value::{Reject, Value, normal};

use super::expr::{Expr, ExprKind, Literal};
use super::types::{Type, TypeKind};
use crate::check::program::Function;

pub use convert::{cast, literal, value};
pub use operators::{arithmetic, compare, contains, logic, negate, not};

/// Why an expression has no value when the project is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The row would be turned away, with this reason.
    Rejected(String),
    /// It reads what is known only later.
    Later,
}

/// A row whose values are known: a column's value by its name; `None` where it is not known.
pub type Row<'k> = &'k dyn Fn(&str) -> Option<Value>;

/// A project's own functions by name.
pub type Own = BTreeMap<String, Function>;

/// What an expression may read.
#[derive(Clone, Copy, Default)]
pub struct Known<'k> {
    /// The row's columns.
    pub row: Option<Row<'k>>,
    /// A project's own functions.
    pub own: Option<&'k Own>,
    /// What is known at deployment, by name.
    pub params: Option<&'k BTreeMap<String, Value>>,
    /// The run; without one, what it decides is not known.
    pub run: Option<&'k Run>,
}

/// The value of an expression that reads nothing.
pub fn evaluate(expr: &Expr) -> Result<Literal, Unknown> {
    evaluate_with(expr, Known::default())
}

/// The value of an expression that reads what is known.
pub fn evaluate_with(expr: &Expr, known: Known<'_>) -> Result<Literal, Unknown> {
    evaluate_value(expr, known).map(|found| literal(&found))
}

/// As [`evaluate_with`], as the runtime holds it.
pub fn evaluate_value(expr: &Expr, known: Known<'_>) -> Result<Value, Unknown> {
    evaluate_inside(expr, known, &[], &[])
}

/// The value of the body of a `row => …`, whose parameters are these.
pub fn evaluate_inside(expr: &Expr, known: Known<'_>, params: &[String], given: &[Value]) -> Result<Value, Unknown> {
    let evaluator = Evaluator {
        known,
        locals: Some(&Locals {
            params,
            given,
            around: None,
        }),
        arguments: None,
        depth: 0,
    };
    evaluator.value(expr)
}

/// Whether a condition holds for a row. `None` where a value is missing (then a check is not asked) or where it is not
/// known when the project is compiled.
pub fn holds(condition: &Expr, row: &dyn Fn(&str) -> Option<Literal>) -> Option<bool> {
    let row = |name: &str| row(name).as_ref().map(value);
    let known = Known {
        row: Some(&row),
        ..Known::default()
    };
    match evaluate_with(condition, known) {
        Ok(Literal::Bool(holds)) => Some(holds),
        Ok(_) | Err(Unknown::Later) => None,
        Err(Unknown::Rejected(_)) => Some(false),
    }
}

/// How deep a project's own functions may call each other here: they never call themselves.
const DEPTH: usize = 64;

/// Parameters of a `row => …`, and those around it.
struct Locals<'k> {
    params: &'k [String],
    given: &'k [Value],
    around: Option<&'k Locals<'k>>,
}

impl Locals<'_> {
    fn find(&self, name: &str) -> Option<&Value> {
        let at = self.params.iter().position(|param| param == name);
        match at.and_then(|at| self.given.get(at)) {
            Some(value) => Some(value),
            None => self.around?.find(name),
        }
    }
}

#[derive(Clone, Copy)]
struct Evaluator<'k> {
    known: Known<'k>,
    locals: Option<&'k Locals<'k>>,
    /// Arguments of the project's own function that is evaluated, which are its columns.
    arguments: Option<&'k BTreeMap<&'k str, Value>>,
    /// How many of a project's own functions are around.
    depth: usize,
}

impl Evaluator<'_> {
    fn value(&self, expr: &Expr) -> Result<Value, Unknown> {
        let overflow = || Unknown::Rejected(pipec_runtime::reject::overflow(&expr.text));
        match &expr.kind {
            ExprKind::Literal(literal) => Ok(value(literal)),
            ExprKind::Column(name) => self.column(name),
            ExprKind::Local(name) => {
                let found = self.locals.and_then(|locals| locals.find(name));
                found.cloned().ok_or(Unknown::Later)
            }
            ExprKind::Param(name) => {
                let found = self.known.params.and_then(|params| params.get(name));
                found.cloned().ok_or(Unknown::Later)
            }
            ExprKind::Member { of, field } => Ok(member(self.value(of)?, field)),
            ExprKind::Index { of, index } => Ok(index_of(self.value(of)?, self.value(index)?)),
            ExprKind::List(items) => Ok(Value::List(self.all(items)?)),
            ExprKind::Struct(fields) => {
                let mut values = Vec::new();
                for (name, field) in fields {
                    values.push((name.clone(), self.value(field)?));
                }
                Ok(Value::Struct(values))
            }
            ExprKind::Interpolate(parts) => Ok(interpolated(&self.all(parts)?)),
            ExprKind::Match { value, arms, otherwise } => self.matched(value, arms, otherwise.as_deref()),
            ExprKind::Lambda { .. } => Err(Unknown::Later),
            ExprKind::Own { function, arguments } => self.own(function, arguments),
            ExprKind::Call { function, arguments } => self.call(function, arguments, expr),
            ExprKind::Not(inner) => Ok(operators::not(self.value(inner)?)),
            ExprKind::Negate(inner) => operators::negate(self.value(inner)?).ok_or_else(overflow),
            ExprKind::Logic { op, left, right } => Ok(operators::logic(*op, self.value(left)?, self.value(right)?)),
            ExprKind::Compare { op, left, right } => Ok(operators::compare(*op, self.value(left)?, self.value(right)?)),
            ExprKind::Same { left, right, negated } => {
                Ok(Value::Bool((self.value(left)? == self.value(right)?) != *negated))
            }
            ExprKind::Like {
                value,
                pattern,
                negated,
            } => Ok(match self.value(value)? {
                Value::Text(text) => Value::Bool(like::like(&text, pattern) != *negated),
                _ => Value::Missing,
            }),
            ExprKind::Matches {
                value,
                pattern,
                negated,
            } => Ok(match self.value(value)? {
                Value::Text(text) => {
                    let regex = regex::cached(pattern).ok_or(Unknown::Later)?;
                    Value::Bool(regex::matches(&text, &regex) != *negated)
                }
                _ => Value::Missing,
            }),
            ExprKind::Contains { value, list, negated } => {
                Ok(operators::contains(self.value(value)?, self.value(list)?, *negated))
            }
            ExprKind::In {
                value: of,
                list,
                negated,
            } => {
                let items = list.iter().map(value).collect();
                Ok(operators::contains(self.value(of)?, Value::List(items), *negated))
            }
            ExprKind::Arithmetic { op, left, right } => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                operators::arithmetic(*op, left, right, &expr.ty.kind).ok_or_else(overflow)
            }
            ExprKind::IsNull { value, negated } => Ok(Value::Bool(self.value(value)?.is_missing() != *negated)),
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => match self.value(condition)? {
                Value::Bool(true) => self.value(then),
                _ => self.value(otherwise),
            },
            ExprKind::Coalesce { value, default } => match self.value(value)? {
                Value::Missing => self.value(default),
                value => Ok(value),
            },
            ExprKind::Reject(reason) => Err(Unknown::Rejected(reason.clone())),
            ExprKind::Cast(inner) => convert::cast(self.value(inner)?, &expr.ty.kind).ok_or_else(overflow),
        }
    }

    fn all(&self, exprs: &[Expr]) -> Result<Vec<Value>, Unknown> {
        exprs.iter().map(|expr| self.value(expr)).collect()
    }

    fn column(&self, name: &str) -> Result<Value, Unknown> {
        if let Some(arguments) = self.arguments {
            return arguments.get(name).cloned().ok_or(Unknown::Later);
        }
        let found = self.known.row.and_then(|row| row(name));
        found.ok_or(Unknown::Later)
    }

    fn matched(&self, of: &Expr, arms: &[(Vec<Literal>, Expr)], otherwise: Option<&Expr>) -> Result<Value, Unknown> {
        let found = self.value(of)?;
        if !found.is_missing() {
            for (literals, answer) in arms {
                if literals.iter().any(|literal| value(literal) == found) {
                    return self.value(answer);
                }
            }
        }
        otherwise.map_or(Ok(Value::Missing), |otherwise| self.value(otherwise))
    }

    fn call(&self, function: &str, arguments: &[Expr], expr: &Expr) -> Result<Value, Unknown> {
        // What a `row => …` cannot tell through the runtime's own errors is kept here.
        let unknown = std::cell::RefCell::new(None);
        let mut values = Vec::new();
        for argument in arguments {
            values.push(match &argument.kind {
                ExprKind::Lambda { .. } => None,
                _ => Some(self.value(argument)?),
            });
        }
        let lambdas: Vec<_> = arguments
            .iter()
            .map(|argument| {
                let unknown = &unknown;
                move |given: &[Value]| {
                    self.lambda(argument, given).map_err(|error| {
                        unknown.replace(Some(error));
                        Reject::Overflow
                    })
                }
            })
            .collect();
        let given: Vec<Argument<'_>> = values
            .into_iter()
            .zip(&lambdas)
            .map(|(value, lambda)| value.map_or(Argument::Gives(lambda), Argument::Is))
            .collect();
        let answer = called(function, &given, expr, self.known.run);
        unknown.take().map_or(answer, Err)
    }

    fn lambda(&self, lambda: &Expr, given: &[Value]) -> Result<Value, Unknown> {
        let ExprKind::Lambda { params, body } = &lambda.kind else {
            return Err(Unknown::Later);
        };
        let locals = Locals {
            params,
            given,
            around: self.locals,
        };
        let inside = Evaluator {
            known: self.known,
            locals: Some(&locals),
            arguments: self.arguments,
            depth: self.depth,
        };
        inside.value(body)
    }

    fn own(&self, function: &str, arguments: &[Expr]) -> Result<Value, Unknown> {
        let own = self.known.own.and_then(|own| own.get(function));
        let Some(own) = own.filter(|_| self.depth < DEPTH) else {
            return Err(Unknown::Later);
        };
        let mut values = BTreeMap::new();
        let mut missing = false;
        for ((name, ty, _), argument) in own.params.iter().zip(arguments) {
            let value = self.value(argument)?;
            missing |= value.is_missing() && !ty.optional;
            values.insert(name.as_str(), value);
        }
        if missing {
            return Ok(Value::Missing);
        }
        let inside = Evaluator {
            known: self.known,
            locals: None,
            arguments: Some(&values),
            depth: self.depth + 1,
        };
        inside.value(&own.body)
    }
}

/// The answer of a scalar function that takes values only; `expr` is its call.
pub fn call(function: &str, arguments: Vec<Value>, expr: &Expr, run: Option<&Run>) -> Result<Value, Unknown> {
    let given: Vec<_> = arguments.into_iter().map(Argument::Is).collect();
    called(function, &given, expr, run)
}

fn called(function: &str, given: &[Argument<'_>], expr: &Expr, run: Option<&Run>) -> Result<Value, Unknown> {
    let digits = digits(&expr.ty);
    let answer = dynamic::call(function, given, Call { run, digits }).ok_or(Unknown::Later)?;
    // What the run decides is not known without one.
    let decided = matches!(function, "now" | "today" | "pseudonym");
    match answer {
        Ok(Value::Missing) if decided && run.is_none() => Err(Unknown::Later),
        Ok(Value::Float(value)) => Ok(Value::Float(normal(value))),
        // The sum of a list without any item: nothing in it says that it is one of floats.
        Ok(Value::Int(value)) if expr.ty.kind == TypeKind::Float => Ok(Value::Float(value as f64)),
        Ok(value) => Ok(value),
        Err(Reject::Overflow) => Err(Unknown::Rejected(pipec_runtime::reject::overflow(&expr.text))),
        Err(Reject::Because(reason)) => Err(Unknown::Rejected(reason)),
    }
}

/// `"${a} and ${b}"`
pub fn interpolated(parts: &[Value]) -> Value {
    let texts: Option<Vec<String>> = parts.iter().map(Value::canonical).collect();
    texts.map(|texts| texts.concat()).into()
}

/// The digits of a decimal, or of a list of them.
pub fn digits(ty: &Type) -> (u8, u8) {
    match &ty.kind {
        TypeKind::Decimal { precision, scale } => (*precision, *scale),
        TypeKind::List(item) => digits(item),
        _ => (0, 0),
    }
}

/// `x.field` of a struct or a json.
pub fn member(of: Value, field: &str) -> Value {
    match of {
        Value::Struct(fields) => fields
            .into_iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value)
            .into(),
        Value::Json(text) => Json::parse(&text)
            .and_then(|json| json.member(field).map(|value| Value::Json(value.to_string())))
            .into(),
        _ => Value::Missing,
    }
}

/// `list[i]`, `map[key]`, `json[i]`.
pub fn index_of(of: Value, index: Value) -> Value {
    match (of, index) {
        (Value::List(list), Value::Int(at)) => lists::item(&list, at).cloned().into(),
        (Value::Map(map), Value::Text(key)) => map.get(&key).cloned().into(),
        (Value::Json(text), Value::Int(at)) => Json::parse(&text)
            .and_then(|json| {
                json.item(usize::try_from(at).ok()?)
                    .map(|value| Value::Json(value.to_string()))
            })
            .into(),
        (Value::Json(text), Value::Text(name)) => member(Value::Json(text), &name),
        _ => Value::Missing,
    }
}
