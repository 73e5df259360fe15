//! Which conditions of an `access` filters of rows can be, as Lake Formation has them: comparisons of columns with values
//! that are known, and `and`, `or`, `not` between them. No functions, and no column beside another.
//!
//! It must not know text: it sees the typed program.

use crate::check::program::{Dataset, DatasetWriter};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::TypeKind;

/// The longest that a filter's text may be, with room for its quotes and brackets.
const LONGEST: usize = 1_500;

/// Why a condition is no filter of rows, and what to write instead; nothing where it is one.
pub(in crate::plan::lower) fn row_filter(condition: &Expr, dataset: &Dataset) -> Option<String> {
    if condition.text.len() > LONGEST {
        return Some("a filter of rows has 2,048 characters at most: derive a column that is the answer".to_owned());
    }
    logical(condition, dataset)
}

fn logical(condition: &Expr, dataset: &Dataset) -> Option<String> {
    match &condition.kind {
        ExprKind::Logic { left, right, .. } => logical(left, dataset).or_else(|| logical(right, dataset)),
        ExprKind::Not(inner) => logical(inner, dataset),
        ExprKind::Cast(inner) if inner.ty.kind == condition.ty.kind => logical(inner, dataset),
        ExprKind::Literal(Literal::Bool(_)) => None,
        ExprKind::Column(_) => column(condition, dataset),
        ExprKind::Compare { left, right, .. } => match (known(left), known(right)) {
            (false, true) => column(left, dataset),
            (true, false) => column(right, dataset),
            _ => Some(OTHERWISE.to_owned()),
        },
        ExprKind::In { value, .. } => column(value, dataset),
        ExprKind::Like { value, pattern, .. } if !pattern.contains('\\') => column(value, dataset),
        ExprKind::IsNull { value, .. } => match &value.kind {
            ExprKind::Column(name) if dataset.partition.contains(name) => Some(format!(
                "Lake Formation does not ask `{name}`, a partition, whether it is missing"
            )),
            _ => column(value, dataset),
        },
        _ => Some(OTHERWISE.to_owned()),
    }
}

const OTHERWISE: &str =
    "Lake Formation compares columns with values: derive a column that holds the answer, and compare that";

/// Whether a value is known at compile time.
fn known(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Literal(Literal::Null) => false,
        ExprKind::Literal(_) => true,
        ExprKind::Cast(inner) => known(inner),
        _ => false,
    }
}

/// Whether it is a column of a type that filters know; what has landed is all text, whatever its schema says.
fn column(value: &Expr, dataset: &Dataset) -> Option<String> {
    let name = match &value.kind {
        ExprKind::Column(name) => name,
        ExprKind::Cast(inner) if inner.ty.kind == value.ty.kind => return column(inner, dataset),
        _ => return Some(OTHERWISE.to_owned()),
    };
    let text = matches!(value.ty.kind, TypeKind::Text | TypeKind::Uuid | TypeKind::Enum { .. });
    let number = matches!(
        value.ty.kind,
        TypeKind::Int | TypeKind::Float | TypeKind::Decimal { .. } | TypeKind::Bool
    );
    let landed = matches!(dataset.writer, DatasetWriter::Source(_)) && !dataset.partition.contains(name);
    match (text, number && !landed) {
        (false, false) => Some(format!(
            "filters of rows know texts, numbers and truth values, and `{name}` is none there"
        )),
        _ => None,
    }
}
