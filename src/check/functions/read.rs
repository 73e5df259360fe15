//! Declarations of the standard library, from the tree to the table.
//!
//! A declaration that is not well written is a mistake of the library: it is said, and a test keeps the library quiet.

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::types::TypeKind;
use crate::syntax::ast::{self, EntryKind, ExprKind, TypeExpr, TypeExprKind};

use super::{Declaration, Param, Pattern};

/// Reads one declaration.
pub fn declaration(function: &ast::Function, doc: Option<&ast::Doc>, diagnostics: &mut Diagnostics) -> Declaration {
    let params = function.params.iter().map(|param| Param {
        name: param.name.text.clone(),
        ty: pattern(&param.ty, diagnostics),
    });
    let mut declaration = Declaration {
        name: function.name.text.clone(),
        doc: doc.map(|doc| doc.text.clone()),
        params: params.collect(),
        returns: Pattern::Kind(TypeKind::Error),
        aggregate: false,
        empty_is_missing: false,
        literals_only: false,
        lowers: false,
        takes: Vec::new(),
        wider: 0,
        later: false,
        examples: Vec::new(),
    };
    declaration.returns = pattern(&function.returns, diagnostics);
    for entry in &function.entries {
        let EntryKind::Setting { key, value } = &entry.kind else {
            continue;
        };
        if !set(&mut declaration, &key.text(), value) {
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

fn set(declaration: &mut Declaration, key: &str, value: &ast::Expr) -> bool {
    match (key, &value.kind) {
        ("kind", ExprKind::Name(word)) => declaration.aggregate = word == "aggregate",
        ("on", ExprKind::Name(word)) => declaration.literals_only = word == "literals",
        ("labels", ExprKind::Name(word)) => declaration.lowers = word == "lowered",
        ("version", ExprKind::Name(word)) => declaration.later = word == "later",
        ("empty", ExprKind::Null) => declaration.empty_is_missing = true,
        ("empty", ExprKind::Int(_)) => declaration.empty_is_missing = false,
        ("wider", ExprKind::Int(digits)) => declaration.wider = digits.parse().unwrap_or(0),
        ("takes", ExprKind::List(words)) => {
            declaration.takes = words.iter().filter_map(word_of).collect();
        }
        ("examples", ExprKind::List(examples)) => declaration.examples.clone_from(examples),
        _ => return false,
    }
    true
}

fn word_of(expr: &ast::Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(word) => Some(word.clone()),
        _ => None,
    }
}

fn pattern(ty: &TypeExpr, diagnostics: &mut Diagnostics) -> Pattern {
    if let TypeExprKind::Named { name, .. } = &ty.kind {
        match name.text.as_str() {
            "decimal" => return Pattern::Decimal,
            variable if variable.len() == 1 => return Pattern::Variable(variable.into()),
            // No function of this version takes or gives bytes.
            word => {
                if let Some(kind) = TypeKind::of_word(word).filter(|kind| *kind != TypeKind::Bytes) {
                    return Pattern::Kind(kind);
                }
            }
        }
    }
    diagnostics.push(Diagnostic::new(
        Code::BAD_TYPE,
        ty.span,
        "a declaration cannot use this type",
    ));
    Pattern::Kind(TypeKind::Error)
}
