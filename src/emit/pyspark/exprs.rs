//! Expressions as Spark columns, and the reasons for which they may turn a row away.
//!
//! A value is never an error in Spark: what does not fit is missing, and a reason beside it says so. It must not know
//! steps or jobs.

mod arithmetic;
pub mod calls;
mod functions;
pub mod own;
mod shapes;

use own::OwnFunctions;

use super::tree::Py;
use super::types::{bare, typed};
use crate::plan::expr::{CompareOp, Expr, ExprKind, Literal, LogicOp};
use crate::plan::types::{Type, TypeKind};

/// An expression's column, and columns that are missing where nothing is wrong, in program order.
pub struct Lowered {
    /// The value; missing where a reason is not.
    pub value: Py,
    /// The reasons.
    pub reasons: Vec<Py>,
}

/// How exact a value's own type has to be.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Of exactly its type, for what is computed or stored.
    Exact,
    /// Beside another value that it is compared with, where Spark widens: 32 bits will do.
    Compared,
}

/// What stands around an expression.
#[derive(Clone, Copy, Default)]
pub struct Around<'p> {
    /// The project's own functions.
    pub own: Option<&'p OwnFunctions>,
    /// In one of these functions a column is one of its parameters.
    pub in_function: bool,
}

/// Lowers an expression to a column of exactly its type, where a project has no functions of its own.
#[cfg(test)]
pub fn lower(expr: &Expr) -> Lowered {
    Around::default().lower(expr)
}

/// A column by its name.
pub fn column(name: &str) -> Py {
    Py::call("F.col", vec![column_name(name)])
}

/// A column's name where Spark takes a name: in backquotes only if it is not a plain one.
pub fn column_name(name: &str) -> Py {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain {
        Py::text(name)
    } else {
        Py::text(&format!("`{}`", name.replace('`', "``")))
    }
}

/// The first of these reasons, if there are any.
pub fn first_reason(mut reasons: Vec<Py>) -> Option<Py> {
    match reasons.len() {
        0 => None,
        1 => reasons.pop(),
        _ => Some(Py::call("F.coalesce", reasons)),
    }
}

/// What generated files call things by themselves, and Python's own words that could be a name of an author's.
const TAKEN: [&str; 67] = [
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "match",
    "case",
    "type",
    "main",
    "transform",
    "rows",
    "run",
    "runtime",
    "lake",
    "aggregates",
    "changes",
    "landed",
    "marks",
    "params",
    "programs",
    "records",
    "streams",
    "sys",
    "texts",
    "numbers",
    "times",
    "lists",
    "jsons",
    "timedelta",
    "float",
    "bytes",
    "bool",
    "int",
    "str",
    "list",
    "of_key",
    "bytearray",
    "reads",
    "self",
    "print",
];

/// An author's name as a Python name: of a parameter or a function.
pub fn python_name(name: &str) -> String {
    let mut out: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    if TAKEN.contains(&out.as_str()) {
        out.push('_');
    }
    out
}

/// The function that says why a function of the project's own turns a row away.
pub fn reason_name(function: &str) -> String {
    format!("{}_reason", function.to_lowercase())
}

/// Whether a function stands anywhere in an expression.
pub fn uses(expr: &Expr, function: &str) -> bool {
    let here = matches!(&expr.kind, ExprKind::Call { function: name, .. } if name == function);
    here || expr.children().into_iter().any(|child| uses(child, function))
}

/// The names of all functions that have a spelling.
#[cfg(test)]
pub fn spelled() -> impl Iterator<Item = &'static str> {
    functions::TABLE.iter().map(|line| line.name)
}

fn lit_none() -> Py {
    Py::call("F.lit", vec![Py::atom("None")])
}

fn nothing(ty: &Type) -> Py {
    match ty.kind {
        TypeKind::Never | TypeKind::Null | TypeKind::Error => lit_none(),
        _ => typed(&Literal::Null, &ty.kind),
    }
}

fn not(value: Py) -> Py {
    Py::Unary('~', Box::new(value))
}

fn negated_if(value: Py, negated: bool) -> Py {
    if negated { not(value) } else { value }
}

fn also(condition: Option<Py>, more: Py) -> Option<Py> {
    Some(match condition {
        None => more,
        Some(condition) => Py::binary("&", condition, more),
    })
}

/// Where this holds, the row is turned away because of an expression.
fn overflows_where(expr: &Expr, condition: Py) -> Py {
    let reason = Py::text(&format!("overflow in {}", expr.text));
    Py::call("F.when", vec![condition, reason])
}

/// A result that is missing although no operand is has overflowed.
fn overflow(expr: &Expr, operands: &[(&Expr, Py)], result: &Py, reasons: &mut Vec<Py>) {
    let mut condition = None;
    for (operand, value) in operands {
        if operand.ty.optional {
            condition = also(condition, value.clone().method("isNotNull", vec![]));
        }
    }
    if let Some(condition) = also(condition, result.clone().method("isNull", vec![])) {
        reasons.push(overflows_where(expr, condition));
    }
}

impl Around<'_> {
    /// Lowers an expression to a column of exactly its type.
    pub fn lower(&self, expr: &Expr) -> Lowered {
        let mut reasons = Vec::new();
        let value = self.value(expr, Place::Exact, &mut reasons);
        Lowered { value, reasons }
    }

    fn exact(&self, expr: &Expr, reasons: &mut Vec<Py>) -> Py {
        self.value(expr, Place::Exact, reasons)
    }

    fn value(&self, expr: &Expr, place: Place, reasons: &mut Vec<Py>) -> Py {
        match &expr.kind {
            ExprKind::Literal(literal) if place == Place::Compared => bare(literal, &expr.ty.kind),
            ExprKind::Literal(literal) => typed(literal, &expr.ty.kind),
            ExprKind::Column(name) if self.in_function => Py::atom(python_name(name)),
            ExprKind::Column(name) => column(name),
            ExprKind::Local(name) => Py::atom(python_name(name)),
            ExprKind::Call { function, arguments } => self.call(expr, function, arguments, place, reasons),
            ExprKind::Own { function, arguments } => self.own(function, arguments, reasons),
            ExprKind::Not(operand) => not(self.exact(operand, reasons)),
            ExprKind::Negate(operand) => self.negate(expr, operand, reasons),
            ExprKind::Logic { op, left, right } => {
                let left = self.exact(left, reasons);
                let right = self.exact(right, reasons);
                Py::binary(if *op == LogicOp::And { "&" } else { "|" }, left, right)
            }
            ExprKind::Compare { op, left, right } => self.compare(*op, left, right, reasons),
            ExprKind::Same { left, right, negated } => {
                let left = self.comparable(left, reasons);
                let right = self.comparable(right, reasons);
                negated_if(left.method("eqNullSafe", vec![right]), *negated)
            }
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(expr, *op, left, right, reasons),
            ExprKind::IsNull { value: of, negated } => {
                let name = if *negated { "isNotNull" } else { "isNull" };
                self.exact(of, reasons).method(name, vec![])
            }
            ExprKind::In { value, list, negated } => negated_if(self.among(value, list, reasons), *negated),
            ExprKind::Contains { value, list, negated } => {
                let value = self.comparable(value, reasons);
                let list = self.comparable(list, reasons);
                negated_if(Py::call("F.array_contains", vec![list, value]), *negated)
            }
            ExprKind::Like {
                value,
                pattern,
                negated,
            } => {
                let pattern = Py::text(&crate::emit::like::like(pattern));
                negated_if(self.exact(value, reasons).method("like", vec![pattern]), *negated)
            }
            ExprKind::Matches {
                value,
                pattern,
                negated,
            } => {
                let pattern = Py::text(&calls::java(pattern).pattern);
                negated_if(self.exact(value, reasons).method("rlike", vec![pattern]), *negated)
            }
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => self.choose(expr, condition, then, otherwise, reasons),
            ExprKind::Match { value, arms, otherwise } => {
                self.matched(expr, value, arms, otherwise.as_deref(), reasons)
            }
            ExprKind::Coalesce { value, default } => self.coalesce(value, default, reasons),
            ExprKind::Reject(reason) => {
                reasons.push(Py::call("F.lit", vec![Py::text(reason)]));
                nothing(&expr.ty)
            }
            ExprKind::Cast(of) => self.cast(expr, of, reasons),
            ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::List(_)
            | ExprKind::Struct(_)
            | ExprKind::Interpolate(_) => self.shape(expr, reasons),
            ExprKind::Param(name) => Py::call("run.param", vec![Py::text(name)]),
            // Only an argument, and no column.
            ExprKind::Lambda { .. } => crate::plan::refused(),
        }
    }

    fn compare(&self, op: CompareOp, left: &Expr, right: &Expr, reasons: &mut Vec<Py>) -> Py {
        let op = op.symbol();
        if shapes::has_map(&left.ty.kind) {
            let left = self.comparable(left, reasons);
            let right = self.comparable(right, reasons);
            return Py::Binary(op, vec![left, right]);
        }
        // `1 < x` would be Python's own comparison, turned round; a column stands on the left always.
        let left = match left.kind {
            ExprKind::Literal(_) => self.exact(left, reasons),
            _ => self.value(left, Place::Compared, reasons),
        };
        let right = match right.kind {
            ExprKind::Literal(Literal::Bool(_)) => self.exact(right, reasons),
            _ => self.value(right, Place::Compared, reasons),
        };
        Py::Binary(op, vec![left, right])
    }

    fn among(&self, of: &Expr, list: &[Literal], reasons: &mut Vec<Py>) -> Py {
        let kind = &of.ty.kind;
        let value = self.exact(of, reasons);
        match list {
            [] => Py::call("F.when", vec![value.method("isNotNull", vec![]), Py::atom("False")]),
            // Spark looks a float up among many by its bits, in which there are two zeros.
            list if *kind == TypeKind::Float => {
                let items = list.iter().map(|item| typed(item, kind)).collect();
                Py::call("F.array_contains", vec![Py::call("F.array", items), value])
            }
            list => value.method("isin", list.iter().map(|item| bare(item, kind)).collect()),
        }
    }

    fn choose(&self, expr: &Expr, condition: &Expr, then: &Expr, otherwise: &Expr, reasons: &mut Vec<Py>) -> Py {
        let condition = self.exact(condition, reasons);
        let (then_taken, otherwise_taken) = (self.lower(then), self.lower(otherwise));
        let when = |value: Py| Py::call("F.when", vec![condition.clone(), value]);
        // A reason counts only on the branch taken; a missing condition takes the second.
        match (first_reason(then_taken.reasons), first_reason(otherwise_taken.reasons)) {
            (None, None) => {}
            (Some(reason), None) => reasons.push(when(reason)),
            (then, Some(reason)) => {
                reasons.push(when(then.unwrap_or_else(lit_none)).method("otherwise", vec![reason]));
            }
        }
        match (&then.kind, &otherwise.kind) {
            (ExprKind::Reject(_), ExprKind::Reject(_)) => nothing(&expr.ty),
            (_, ExprKind::Reject(_)) => when(then_taken.value),
            _ => when(then_taken.value).method("otherwise", vec![otherwise_taken.value]),
        }
    }

    fn matched(
        &self,
        expr: &Expr,
        of: &Expr,
        arms: &[(Vec<Literal>, Expr)],
        otherwise: Option<&Expr>,
        reasons: &mut Vec<Py>,
    ) -> Py {
        let kind = &of.ty.kind;
        let of = self.exact(of, reasons);
        let condition = |literals: &[Literal]| match literals {
            [Literal::Bool(true)] => of.clone(),
            [Literal::Bool(false)] => not(of.clone()),
            [one] => Py::Binary("==", vec![of.clone(), bare(one, kind)]),
            many => {
                let many = many.iter().map(|one| bare(one, kind)).collect();
                of.clone().method("isin", many)
            }
        };
        let mut values: Option<Py> = None;
        let mut why: Option<Py> = None;
        let mut rejects = false;
        let chained = |chain: Option<Py>, condition: Py, value: Py| match chain {
            None => Py::call("F.when", vec![condition, value]),
            Some(chain) => chain.method("when", vec![condition, value]),
        };
        for (literals, answer) in arms {
            let Lowered { value, reasons } = self.lower(answer);
            values = Some(chained(values, condition(literals), value));
            let reason = first_reason(reasons);
            rejects |= reason.is_some();
            why = Some(chained(why, condition(literals), reason.unwrap_or_else(lit_none)));
        }
        let last = otherwise.map(|otherwise| self.lower(otherwise));
        let (last_value, last_reasons) = match last {
            Some(Lowered { value, reasons }) => (Some(value), reasons),
            None => (None, Vec::new()),
        };
        let last_reason = first_reason(last_reasons);
        rejects |= last_reason.is_some();
        let ended = |chain: Option<Py>, last: Option<Py>| match (chain, last) {
            (Some(chain), Some(last)) => chain.method("otherwise", vec![last]),
            (Some(chain), None) => chain,
            (None, last) => last.unwrap_or_else(|| nothing(&expr.ty)),
        };
        if rejects {
            reasons.push(ended(why, last_reason));
        }
        ended(values, last_value)
    }

    fn coalesce(&self, of: &Expr, default: &Expr, reasons: &mut Vec<Py>) -> Py {
        let first = self.exact(of, reasons);
        let second = self.lower(default);
        if let Some(reason) = first_reason(second.reasons) {
            reasons.push(Py::call("F.when", vec![first.clone().method("isNull", vec![]), reason]));
        }
        match default.kind {
            ExprKind::Reject(_) => first,
            _ => Py::call("F.coalesce", vec![first, second.value]),
        }
    }
}
