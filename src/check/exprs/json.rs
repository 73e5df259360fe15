//! What is written where a json is asked for, as its canonical text: keys sorted, numbers as written.
//!
//! It must not know types: a json holds what stands there.

use std::collections::BTreeMap;

use crate::base::Span;
use crate::syntax::ast::{Expr, ExprKind, TextPart, UnaryOp};

/// The text of a json; the place of what is none.
pub(super) fn text_of(expr: &Expr) -> Result<String, Span> {
    Ok(match &expr.kind {
        ExprKind::Null => "null".to_owned(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Int(digits) => whole(digits),
        ExprKind::Decimal(text) => match text.split_once('.') {
            Some((before, behind)) => format!("{}.{behind}", whole(before)),
            None => whole(text),
        },
        ExprKind::Unary {
            op: UnaryOp::Negate,
            value,
        } if matches!(value.kind, ExprKind::Int(_) | ExprKind::Decimal(_)) => format!("-{}", text_of(value)?),
        ExprKind::Text(parts) => quoted(&plain(parts).ok_or(expr.span)?),
        ExprKind::List(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(text_of).collect();
            format!("[{}]", items?.join(","))
        }
        ExprKind::Record(entries) => {
            let mut sorted = BTreeMap::new();
            for (name, value) in entries {
                sorted.insert(name.text.as_str(), text_of(value)?);
            }
            let entries: Vec<_> = sorted
                .iter()
                .map(|(key, value)| format!("{}:{value}", quoted(key)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        _ => return Err(expr.span),
    })
}

/// `007` is not a number of json.
fn whole(digits: &str) -> String {
    match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    }
}

fn plain(parts: &[TextPart]) -> Option<String> {
    let part = |part: &TextPart| match part {
        TextPart::Plain(text) => Some(text.clone()),
        TextPart::Expr(_) => None,
    };
    parts.iter().map(part).collect()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
