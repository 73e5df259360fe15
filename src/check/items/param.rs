//! `param`: what is known only at deployment.

use super::{Items, doc_of};
use crate::check::settings::plain;
use crate::diag::{Code, Diagnostic};
use crate::plan::Param;
use crate::plan::expr::Literal;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Name, TypeExpr, TypeExprKind};

impl Items<'_> {
    pub(super) fn params(&mut self) -> Vec<Param> {
        let mut params = Vec::new();
        for entity in self.entities("param") {
            let ItemKind::Param { name, ty, default } = &entity.item.kind else {
                continue;
            };
            let Some(terraform_type) = self.param_type(ty) else {
                continue;
            };
            let default = default
                .as_ref()
                .and_then(|value| self.param_default(name, terraform_type, value));
            params.push(Param {
                name: name.text.clone(),
                doc: doc_of(entity.item),
                terraform_type: terraform_type.to_owned(),
                default,
            });
        }
        params
    }

    fn param_type(&mut self, ty: &TypeExpr) -> Option<&'static str> {
        if let TypeExprKind::Named { name, .. } = &ty.kind {
            match name.text.as_str() {
                "string" => return Some("string"),
                "int" | "float" | "decimal" => return Some("number"),
                "bool" => return Some("bool"),
                _ => {}
            }
        }
        if ty.kind != TypeExprKind::Bad {
            let text = self.ground.sources.text(ty.span);
            let message = format!("a param cannot be of type `{text}`");
            let diagnostic = Diagnostic::new(Code::SETTING_TYPE, ty.span, message)
                .found("no type of a param")
                .help("write `string`, `int` or `bool`");
            self.say(diagnostic);
        }
        None
    }

    fn param_default(&mut self, name: &Name, ty: &str, value: &Expr) -> Option<Literal> {
        let literal = match (&value.kind, ty) {
            (ExprKind::Text(parts), "string") => plain(parts).ok().map(Literal::Text),
            (ExprKind::Int(digits), "number") => digits.parse().ok().map(Literal::Int),
            (ExprKind::Decimal(digits), "number") => digits.parse().ok().map(Literal::Float),
            (ExprKind::Bool(value), "bool") => Some(Literal::Bool(*value)),
            (ExprKind::Bad, _) => return None,
            _ => None,
        };
        if literal.is_none() {
            let wanted = match ty {
                "string" => "a text",
                "number" => "a number",
                _ => "`true` or `false`",
            };
            let message = format!("the default of `{}` is not {wanted}", name.text);
            let diagnostic = Diagnostic::new(Code::SETTING_TYPE, value.span, message)
                .found(format!("not {wanted}"))
                .help("a default has the type of its param");
            self.say(diagnostic);
        }
        literal
    }
}
