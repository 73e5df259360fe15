//! Conditions of an `access` as Lake Formation's filters of rows: PartiQL without functions. What they cannot say was refused
//! before. Knows nothing of grants.
//!
//! Facts: <https://docs.aws.amazon.com/lake-formation/latest/dg/partiql-support.html>.

use crate::plan::expr::{CompareOp, Expr, ExprKind, Literal, LogicOp};
use crate::plan::types::TypeKind;

/// The text of a filter.
pub fn text(condition: &Expr) -> String {
    match &condition.kind {
        ExprKind::Logic { op, left, right } => {
            let word = match op {
                LogicOp::And => "AND",
                LogicOp::Or => "OR",
            };
            format!("({}) {word} ({})", text(left), text(right))
        }
        ExprKind::Not(inner) => format!("NOT ({})", text(inner)),
        ExprKind::Cast(inner) => text(inner),
        ExprKind::Literal(Literal::Bool(true)) => "1 = 1".into(),
        ExprKind::Literal(Literal::Bool(false)) => "1 = 0".into(),
        ExprKind::Column(_) if condition.ty.kind == TypeKind::Bool => format!("{} = true", operand(condition)),
        ExprKind::Compare { op, left, right } => match is_column(left) {
            true => format!("{} {} {}", operand(left), symbol(*op), operand(right)),
            false => format!("{} {} {}", operand(right), turned(*op), operand(left)),
        },
        ExprKind::In { value, list, negated } => {
            let items: Vec<_> = list.iter().map(literal).collect();
            format!("{} {}IN ({})", operand(value), not(*negated), items.join(", "))
        }
        ExprKind::Like {
            value,
            pattern,
            negated,
        } => format!("{} {}LIKE {}", operand(value), not(*negated), quoted(pattern)),
        ExprKind::IsNull { value, negated } => format!("{} IS {}NULL", operand(value), not(*negated)),
        _ => crate::plan::refused(),
    }
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn is_column(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Column(_) => true,
        ExprKind::Cast(inner) => is_column(inner),
        _ => false,
    }
}

fn operand(value: &Expr) -> String {
    match &value.kind {
        // Quotes keep words that PartiQL has for itself; names are in lower case.
        ExprKind::Column(name) => format!("\"{}\"", name.replace('"', "\"\"")),
        ExprKind::Literal(value) => literal(value),
        ExprKind::Cast(inner) => operand(inner),
        _ => crate::plan::refused(),
    }
}

fn symbol(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Equal => "=",
        CompareOp::NotEqual => "<>",
        CompareOp::Less => "<",
        CompareOp::LessEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterEqual => ">=",
    }
}

/// The comparison with its sides exchanged.
fn turned(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Equal | CompareOp::NotEqual => symbol(op),
        CompareOp::Less => symbol(CompareOp::Greater),
        CompareOp::LessEqual => symbol(CompareOp::GreaterEqual),
        CompareOp::Greater => symbol(CompareOp::Less),
        CompareOp::GreaterEqual => symbol(CompareOp::LessEqual),
    }
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Float(value) => value.to_string(),
        Literal::Decimal { unscaled, scale } => super::root::decimal(*unscaled, *scale),
        Literal::Text(text) | Literal::Uuid(text) => quoted(text),
        _ => crate::plan::refused(),
    }
}

/// A text in quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
