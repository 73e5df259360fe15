//! Comparisons: floats in one total order, lists and structs entry by entry as `is` compares.

use super::super::tree::Sql;
use super::super::types::bare;
use super::Around;
use crate::plan::expr::{CompareOp, Expr, ExprKind, Literal};
use crate::plan::types::TypeKind;

/// Whether values are compared part by part.
fn is_compound(kind: &TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Struct(_) | TypeKind::Object
    )
}

fn is_literal(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Literal(Literal::Float(value)) if !value.is_nan())
}

fn not_a_number(value: &Sql) -> Sql {
    Sql::call("is_nan", vec![value.clone()])
}

impl Around<'_> {
    pub(super) fn compare(&self, op: CompareOp, left: &Expr, right: &Expr) -> Sql {
        if is_compound(&left.ty.kind) {
            return self.with_all(vec![self.value(left), self.value(right)], &|both| {
                let same = match op {
                    CompareOp::NotEqual => {
                        "CASE WHEN $0 IS NOT NULL AND $1 IS NOT NULL THEN $0 IS DISTINCT FROM $1 END"
                    }
                    _ => "CASE WHEN $0 IS NOT NULL AND $1 IS NOT NULL THEN $0 IS NOT DISTINCT FROM $1 END",
                };
                Sql::template(same, both)
            });
        }
        let (first, second) = self.sides(left, right);
        if left.ty.kind == TypeKind::Float {
            return self.floats(op, (left, first), (right, second));
        }
        let op = match op {
            CompareOp::Equal => "=",
            CompareOp::NotEqual => "<>",
            other => other.symbol(),
        };
        Sql::binary(op, first, second)
    }

    /// To Trino, what is no number is neither equal to itself nor more than others.
    fn floats(&self, op: CompareOp, (left, first): (&Expr, Sql), (right, second): (&Expr, Sql)) -> Sql {
        let (plain_left, plain_right) = (is_literal(left), is_literal(right));
        self.with_all(vec![first, second], &|both| {
            let [one, two] = both.as_slice() else {
                return Sql::atom("NULL");
            };
            let equal = || match plain_left || plain_right {
                true => Sql::binary("=", one.clone(), two.clone()),
                false => {
                    let neither = Sql::binary("AND", not_a_number(one), not_a_number(two));
                    Sql::binary("OR", Sql::binary("=", one.clone(), two.clone()), neither)
                }
            };
            let less = |one: &Sql, two: &Sql, plain_one: bool, plain_two: bool| {
                let less = Sql::binary("<", one.clone(), two.clone());
                match (plain_one, plain_two) {
                    (_, true) => less,
                    (true, false) => Sql::binary("OR", less, not_a_number(two)),
                    (false, false) => {
                        let only = Sql::binary("AND", not_a_number(two), not_a_number(one).negated());
                        Sql::binary("OR", less, only)
                    }
                }
            };
            match op {
                CompareOp::Equal => equal(),
                CompareOp::NotEqual => equal().negated(),
                CompareOp::Less => less(one, two, plain_left, plain_right),
                CompareOp::Greater => less(two, one, plain_right, plain_left),
                CompareOp::LessEqual => less(two, one, plain_right, plain_left).negated(),
                CompareOp::GreaterEqual => less(one, two, plain_left, plain_right).negated(),
            }
        })
    }

    pub(super) fn among(&self, of: &Expr, list: &[Literal]) -> Sql {
        let value = self.value(of);
        match list {
            [] => Sql::when(value.is_there(), Sql::atom("FALSE")),
            list => Sql::In(
                Box::new(value),
                list.iter().map(|item| bare(item, &of.ty.kind)).collect(),
            ),
        }
    }

    /// `x in xs`: Trino answers for missing entries as the language does, but compares as `=` does.
    pub(super) fn contains(&self, value: &Expr, list: &Expr) -> Sql {
        let (list, kind) = (self.value(list), &value.ty.kind);
        let value = self.value(value);
        if !is_compound(kind) && *kind != TypeKind::Float {
            return Sql::call("contains", vec![list, value]);
        }
        self.with_all(vec![list, value], &|both| {
            Sql::template(
                "CASE WHEN any_match($0, _entry -> _entry IS NOT DISTINCT FROM $1 AND $1 IS NOT NULL) THEN TRUE WHEN $1 IS NULL OR any_match($0, _entry -> _entry IS NULL) THEN NULL WHEN $0 IS NOT NULL THEN FALSE END",
                both,
            )
        })
    }
}
