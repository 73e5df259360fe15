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

/// What expressions read that no row brings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// The key of pseudonyms.
    pub key: bool,
    /// A param.
    pub params: bool,
}

impl Asked {
    /// What an expression reads, or a function that it calls.
    pub fn by(expr: &Expr, own: &OwnFunctions) -> Asked {
        let mut asked = Asked::default();
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            match &expr.kind {
                ExprKind::Param(_) => asked.params = true,
                ExprKind::Call { function, .. } => asked.key |= function == "pseudonym",
                ExprKind::Own { function, .. } => {
                    let called = own.get(function);
                    asked.key |= called.is_some_and(|called| called.uses_key);
                    asked.params |= called.is_some_and(|called| called.uses_params);
                }
                _ => {}
            }
            expr.add_children(&mut open);
        }
        asked
    }

    /// What the checks of fields read, and those inside of them.
    pub fn by_checks(fields: &[Field], own: &OwnFunctions) -> Asked {
        fields.iter().fold(Asked::default(), |all, field| {
            let check = field.check.as_ref().map(|check| Asked::by(check, own));
            all.or(check.unwrap_or_default())
                .or(Asked::by_checks(&field.inner, own))
        })
    }

    fn or(self, other: Asked) -> Asked {
        Asked {
            key: self.key || other.key,
            params: self.params || other.params,
        }
    }

    /// Whether it is anything at all.
    pub fn any(self) -> bool {
        self.key || self.params
    }
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
