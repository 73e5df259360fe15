//! Declarations of the standard library, from the tree to the table.
//!
//! A declaration that is not well written is a mistake of the library: it is said, and a test keeps the library quiet.

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::types::TypeKind;
use crate::syntax::ast::{self, EntryKind, ExprKind, TextPart, TypeExpr, TypeExprKind};

use super::{Constant, Declaration, Kind, Param, Pattern};

/// A declaration that takes and answers nothing yet.
pub(super) fn empty(function: &ast::Function) -> Declaration {
    Declaration {
        name: function.name.text.clone(),
        doc: None,
        params: Vec::new(),
        returns: Pattern::Kind(TypeKind::Error),
        kind: Kind::Scalar,
        running: false,
        sees_missing: false,
        empty_is_missing: false,
        reads_literals: false,
        lowers: false,
        needs_order: false,
        on_streams: true,
        takes: Vec::new(),
        also: Vec::new(),
        instead: None,
        own: false,
        examples: Vec::new(),
    }
}

/// Reads one declaration.
pub fn declaration(function: &ast::Function, doc: Option<&ast::Doc>, diagnostics: &mut Diagnostics) -> Declaration {
    let params = function.params.iter().map(|param| Param {
        name: param.name.text.clone(),
        ty: pattern(&param.ty, diagnostics),
        default: param.default.clone(),
        constant: None,
    });
    let mut declaration = Declaration {
        params: params.collect(),
        doc: doc.map(|doc| doc.text.clone()),
        ..empty(function)
    };
    declaration.returns = pattern(&function.returns, diagnostics);
    for entry in &function.entries {
        let EntryKind::Setting { key, value } = &entry.kind else {
            continue;
        };
        if set(&mut declaration, &key.text(), value).is_none() {
            let message = format!(
                "function `{}` cannot be declared with this `{}`",
                declaration.name,
                key.text()
            );
            diagnostics.push(Diagnostic::new(Code::NOT_CONSTANT, entry.span, message));
        }
    }
    declaration
}

/// One setting; `None` if it is not one.
fn set(declaration: &mut Declaration, key: &str, value: &ast::Expr) -> Option<()> {
    match (key, &value.kind) {
        ("kind", ExprKind::Name(word)) => {
            declaration.kind = match word.as_str() {
                "scalar" => Kind::Scalar,
                "aggregate" => Kind::Aggregate,
                "window" => Kind::Window,
                _ => return None,
            }
        }
        ("nulls", ExprKind::Name(word)) if word == "sees" => declaration.sees_missing = true,
        ("labels", ExprKind::Name(word)) if word == "lowered" => declaration.lowers = true,
        ("literals", ExprKind::Name(word)) if word == "read" => declaration.reads_literals = true,
        ("order", ExprKind::Name(word)) if word == "needed" => declaration.needs_order = true,
        ("streams", ExprKind::Bool(on)) => declaration.on_streams = *on,
        ("running", ExprKind::Bool(running)) => declaration.running = *running,
        ("empty", ExprKind::Null) => declaration.empty_is_missing = true,
        ("empty", ExprKind::Int(_)) => declaration.empty_is_missing = false,
        ("instead", _) => declaration.instead = Some(text_of(value)?),
        ("also", ExprKind::List(words)) => declaration.also = words.iter().map(word_of).collect::<Option<_>>()?,
        ("takes", ExprKind::List(words)) => declaration.takes = words.iter().map(word_of).collect::<Option<_>>()?,
        ("constant", ExprKind::Record(pairs)) => {
            for (name, wanted) in pairs {
                let param = declaration.params.iter_mut().find(|param| param.name == name.text)?;
                param.constant = Some(constant(wanted)?);
            }
        }
        ("examples", ExprKind::List(examples)) => declaration.examples.clone_from(examples),
        _ => return None,
    }
    Some(())
}

fn constant(wanted: &ast::Expr) -> Option<Constant> {
    let number = |expr: &ast::Expr| match &expr.kind {
        ExprKind::Int(digits) | ExprKind::Decimal(digits) => Some(digits.clone()),
        _ => None,
    };
    match &wanted.kind {
        ExprKind::Range { low, high } => Some(Constant::Between(number(low)?, number(high)?)),
        ExprKind::Name(word) => Some(match word.as_str() {
            "any" => Constant::Any,
            "regex" => Constant::Regex,
            "replacement" => Constant::Replacement,
            "time_pattern" => Constant::TimePattern,
            "time_zone" => Constant::TimeZone,
            _ => return None,
        }),
        _ => None,
    }
}

fn word_of(expr: &ast::Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(word) => Some(word.clone()),
        _ => text_of(expr),
    }
}

fn text_of(expr: &ast::Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Text(parts) => parts
            .iter()
            .map(|part| match part {
                TextPart::Plain(text) => Some(text.as_str()),
                TextPart::Expr(_) => None,
            })
            .collect(),
        _ => None,
    }
}

fn pattern(ty: &TypeExpr, diagnostics: &mut Diagnostics) -> Pattern {
    match &ty.kind {
        TypeExprKind::Optional(inner) => return Pattern::Optional(Box::new(pattern(inner, diagnostics))),
        TypeExprKind::Function { params, returns } => {
            return Pattern::Function {
                params: params.iter().map(|param| pattern(param, diagnostics)).collect(),
                returns: Box::new(pattern(returns, diagnostics)),
            };
        }
        TypeExprKind::Struct(fields) => {
            let fields = fields
                .iter()
                .map(|field| (field.name.text.clone(), pattern(&field.ty, diagnostics)));
            return Pattern::Struct(fields.collect());
        }
        TypeExprKind::Named { name, numbers, types } => match (name.text.as_str(), types.as_slice()) {
            ("decimal", []) => return Pattern::Decimal(numbers.clone()),
            ("list", [item]) => return Pattern::List(Box::new(pattern(item, diagnostics))),
            ("map", [_, value]) => return Pattern::Map(Box::new(pattern(value, diagnostics))),
            (variable, []) if variable.len() == 1 => return Pattern::Variable(variable.into()),
            (word, []) => {
                if let Some(kind) = TypeKind::of_word(word) {
                    return Pattern::Kind(kind);
                }
            }
            _ => {}
        },
        _ => {}
    }
    diagnostics.push(Diagnostic::new(
        Code::BAD_TYPE,
        ty.span,
        "a declaration cannot use this type",
    ));
    Pattern::Kind(TypeKind::Error)
}
