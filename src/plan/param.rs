//! Params: values that only a deployment knows, and which of them a transform reads.
//!
//! It must not know how a deployment hands them over.

use std::collections::BTreeSet;

use super::expr::{Expr, ExprKind, Literal};
use super::types::{Type, TypeKind};
use super::{Plan, Transform};

/// `param alert_email : string = "…"`
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name, and that of the Terraform variable.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// The type of its values.
    pub ty: Type,
    /// Its default, of this type.
    pub default: Option<Literal>,
}

impl Param {
    /// Terraform's type: `string`, `number`, `bool`.
    pub fn terraform_type(&self) -> &'static str {
        match self.ty.kind {
            TypeKind::Bool => "bool",
            TypeKind::Int | TypeKind::Float | TypeKind::Decimal { .. } => "number",
            _ => "string",
        }
    }
}

impl Plan {
    /// The params that a transform's rows depend on: in its steps, in the views that it reads, in the checks of what it
    /// reads as it came, and in functions of the project's own.
    pub fn params_of(&self, transform: &Transform) -> Vec<&Param> {
        let mut names = BTreeSet::new();
        self.each_expression(transform, &mut |expr: &Expr| {
            if let ExprKind::Param(name) = &expr.kind {
                names.insert(name.clone());
            }
        });
        let params = self.params.iter();
        params.filter(|param| names.contains(&param.name)).collect()
    }
}
