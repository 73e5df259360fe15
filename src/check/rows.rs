//! Rows written in tests: their values against the columns, and what fills the columns that they leave out.
//!
//! It must not know transforms: it sees columns.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::expr::Literal;
use crate::plan::types::{Column, TypeKind, object_fields};
use crate::syntax::ast;

use super::context::Context;
use super::exprs::{Checker, Place, column};
use super::schema::duplicate;

/// The values of one written row, in the order written; what is wrong is said and left out.
pub fn check_row(
    ctx: &Context<'_>,
    columns: &[Column],
    row: &ast::Expr,
    diagnostics: &mut Diagnostics,
) -> Vec<(String, Literal)> {
    let fields = match &row.kind {
        ast::ExprKind::Record(fields) => fields,
        ast::ExprKind::Bad => return Vec::new(),
        _ => {
            let diagnostic = Diagnostic::new(Code::NOT_A_VALUE, row.span, "a row is written in braces")
                .found("not a row")
                .help("write `{ column: value, … }`");
            diagnostics.push(diagnostic);
            return Vec::new();
        }
    };
    let mut values: Vec<(String, Literal)> = Vec::new();
    let mut seen: Vec<&ast::Name> = Vec::new();
    for (name, value) in fields {
        let lower = column::lower(&name.text);
        if let Some(first) = seen.iter().find(|other| column::lower(&other.text) == lower) {
            diagnostics.push(duplicate(name, first));
            continue;
        }
        seen.push(name);
        let Some(column) = column::find(columns, &name.text) else {
            diagnostics.push(column::unknown(columns, &name.text, name.span));
            continue;
        };
        let mut checker = Checker::new(ctx, &[], Place::Constant, diagnostics);
        let known = checker.known(value, &column.ty, &format!("`{}`", column.name));
        values.extend(known.map(|literal| (column.name.clone(), literal)));
    }
    values
}

/// The whole row number `number` (from 1), in the columns' order. What was not written is the default, else missing,
/// else an empty value of its type; a key is the row's number, so that rows stay apart.
pub fn fill_row(
    columns: &[Column],
    defaults: &BTreeMap<String, Literal>,
    written: &[(String, Literal)],
    number: u64,
) -> Vec<Literal> {
    let value = |column: &Column| {
        let written = written
            .iter()
            .find(|(name, _)| *name == column.name)
            .map(|(_, literal)| literal);
        let literal = written.or_else(|| defaults.get(&column.name)).cloned();
        literal.unwrap_or_else(|| filled(column, number))
    };
    columns.iter().map(value).collect()
}

fn filled(column: &Column, number: u64) -> Literal {
    if column.ty.optional {
        return Literal::Null;
    }
    let number = if column.key { number } else { 0 };
    match &column.ty.kind {
        TypeKind::Bool => Literal::Bool(false),
        TypeKind::Int => Literal::Int(i64::try_from(number).unwrap_or(i64::MAX)),
        TypeKind::Float => Literal::Float(number as f64),
        TypeKind::Decimal { scale, .. } => Literal::Decimal {
            unscaled: i128::from(number) * 10_i128.checked_pow(u32::from(*scale)).unwrap_or(0),
            scale: *scale,
        },
        TypeKind::Text if column.key => Literal::Text(number.to_string()),
        TypeKind::Text => Literal::Text(String::new()),
        TypeKind::Enum { variants, .. } => Literal::Text(variants.first().cloned().unwrap_or_default()),
        TypeKind::Date => Literal::Date(i32::try_from(number).unwrap_or(0)),
        TypeKind::Timestamp => Literal::Timestamp(i64::try_from(number).unwrap_or(0)),
        TypeKind::Uuid => Literal::Uuid(format!("00000000-0000-0000-0000-{number:012}")),
        TypeKind::Duration => Literal::Duration(0),
        TypeKind::Bytes => Literal::Bytes(Vec::new()),
        TypeKind::Json => Literal::Json("null".to_owned()),
        TypeKind::List(_) => Literal::List(Vec::new()),
        TypeKind::Map(_) => Literal::Map(Vec::new()),
        TypeKind::Struct(fields) => filled_fields(fields),
        TypeKind::Object => filled_fields(&object_fields()),
        TypeKind::Null | TypeKind::Never | TypeKind::Error => Literal::Null,
    }
}

fn filled_fields(fields: &[Column]) -> Literal {
    let field = |field: &Column| (field.name.clone(), filled(field, 0));
    Literal::Struct(fields.iter().map(field).collect())
}
