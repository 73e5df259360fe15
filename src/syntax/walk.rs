//! What stands right below a part of a tree. It must not know what it means.

use super::ast::{Expr, ExprKind, TextPart};

impl Expr {
    /// The expressions right below one.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Decimal(_)
            | ExprKind::Quantity { .. }
            | ExprKind::Name(_)
            | ExprKind::Label(_)
            | ExprKind::Bad => Vec::new(),
            ExprKind::Text(parts) => {
                let inside = parts.iter().filter_map(|part| match part {
                    TextPart::Expr(value) => Some(value),
                    TextPart::Plain(_) => None,
                });
                inside.collect()
            }
            ExprKind::Rate { amount: value, .. }
            | ExprKind::Member { of: value, .. }
            | ExprKind::Star(value)
            | ExprKind::Unary { value, .. }
            | ExprKind::Lambda { body: value, .. }
            | ExprKind::Reject(value)
            | ExprKind::Variant { value, .. } => vec![value],
            ExprKind::Of { left, right }
            | ExprKind::To { from: left, to: right }
            | ExprKind::For {
                rate: left,
                duration: right,
            }
            | ExprKind::Index { of: left, index: right }
            | ExprKind::Binary { left, right, .. }
            | ExprKind::Is {
                value: left,
                other: right,
                ..
            }
            | ExprKind::In {
                value: left,
                set: right,
                ..
            }
            | ExprKind::Range { low: left, high: right } => vec![left, right],
            ExprKind::Call {
                function,
                arguments,
                order,
            } => {
                let arguments = arguments.iter().map(|argument| &argument.value);
                let order = order.iter().map(|order| &order.value);
                std::iter::once(&**function).chain(arguments).chain(order).collect()
            }
            ExprKind::Between { value, low, high, .. } => vec![value, low, high],
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => vec![condition, then, otherwise],
            ExprKind::Match { value, arms } => {
                let arms = arms.iter().flat_map(|(pattern, value)| [pattern, value]);
                std::iter::once(&**value).chain(arms).collect()
            }
            ExprKind::List(values) => values.iter().collect(),
            ExprKind::Record(fields) => fields.iter().map(|(_, value)| value).collect(),
        }
    }
}
