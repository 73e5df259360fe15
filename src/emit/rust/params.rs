//! `params.rs` of a generated function: what only its deployment knows, read and checked before the first batch.
//!
//! It must not know who sets it.

use std::collections::BTreeSet;

use super::code::{WIDTH, documentation, item, quoted};
use super::expr::Shared;
use super::names::identifier;
use super::own::OwnFunctions;
use super::{header, used_items};
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::TypeKind;
use crate::plan::{Field, Param, Plan, StreamFunction, names};

/// The params that a function's transforms depend on, each once.
pub fn of<'p>(plan: &'p Plan, function: &StreamFunction<'_>) -> Vec<&'p Param> {
    let read: Vec<_> = function
        .transforms
        .iter()
        .flat_map(|transform| plan.params_of(transform))
        .collect();
    let params = plan.params.iter();
    params
        .filter(|param| read.iter().any(|one| one.name == param.name))
        .collect()
}

/// Whether an expression, or a function that it calls, asks for a param.
pub fn asks(expr: &Expr, own: &OwnFunctions) -> bool {
    let here = match &expr.kind {
        ExprKind::Param(_) => true,
        ExprKind::Own { function, .. } => own.get(function).is_some_and(|own| own.uses_params),
        _ => false,
    };
    here || expr.children().into_iter().any(|child| asks(child, own))
}

/// Whether a check of one of these fields asks for a param.
pub fn asked_by(fields: &[Field], own: &OwnFunctions) -> bool {
    fields
        .iter()
        .any(|field| field.check.as_ref().is_some_and(|check| asks(check, own)) || asked_by(&field.inner, own))
}

/// How a param's value is held, and what reads it.
fn held(kind: &TypeKind) -> (String, String) {
    match kind {
        TypeKind::Bool => ("bool".into(), "decode::bool".into()),
        TypeKind::Int => ("i64".into(), "decode::int".into()),
        TypeKind::Float => ("f64".into(), "decode::float".into()),
        TypeKind::Decimal { precision, scale } => (
            format!("Decimal<{precision}, {scale}>"),
            format!("decode::decimal::<{precision}, {scale}>"),
        ),
        _ => ("String".into(), "decode::owned_text".into()),
    }
}

/// The file; nothing where there are no params.
pub fn file(params: &[&Param], shared: &Shared) -> Option<String> {
    if params.is_empty() {
        return None;
    }
    let mut used = BTreeSet::from(["decode".to_owned()]);
    let (mut fields, mut reads) = (String::new(), String::new());
    for param in params {
        let (ty, decode) = held(&param.ty.kind);
        used.extend(ty.starts_with("Decimal").then(|| "Decimal".to_owned()));
        let field = identifier(&param.name);
        let doc = documentation(param.doc.as_deref().unwrap_or_default(), 4);
        fields.push_str(&if doc.is_empty() {
            format!("    /// `{}`\n", param.name)
        } else {
            doc
        });
        fields.push_str(&format!("    pub {field}: {ty},\n"));
        reads.push_str(&read(param, &field, &decode));
    }
    let text = format!("/// The params of this function.\n#[derive(Clone, Debug)]\npub struct Params {{\n{fields}}}\n");
    let implementation = format!(
        "impl Params {{\n    /// As the deployment set them; one that is none of its type is an error, before any batch is taken.\n    \
         pub fn from_environment() -> Result<Self, Error> {{\n        Ok(Params {{\n{reads}        }})\n    }}\n}}\n"
    );
    Some(format!(
        "//! What only a deployment knows.\n\nuse pipec_function::{{Error, aws}};\n{}\n{}\n{}",
        header(&used_items(&used), &shared.structs, &[]),
        item(text),
        item(implementation)
    ))
}

/// `field: aws::param("name", "VARIABLE", "type", decode)?,`, as rustfmt lays it out.
fn read(param: &Param, field: &str, decode: &str) -> String {
    let arguments = [
        quoted(&param.name),
        quoted(&names::param_variable(&param.name)),
        quoted(&param.ty.kind.to_string()),
        decode.to_owned(),
    ];
    let line = format!("            {field}: aws::param({})?,\n", arguments.join(", "));
    if line.trim_end().chars().count() <= WIDTH {
        return line;
    }
    let lines: String = arguments
        .iter()
        .map(|argument| format!("                {argument},\n"))
        .collect();
    format!("            {field}: aws::param(\n{lines}            )?,\n")
}
