//! `param`: what is known only at deployment.

use super::typing::Typing;
use super::{Items, doc_of};
use crate::check::exprs::{Checker, Place};
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::Param;
use crate::plan::expr::Literal;
use crate::plan::types::Type;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Name, TypeExpr, TypeExprKind};

impl Items<'_> {
    pub(super) fn params(&mut self, typing: &Typing) -> Vec<Param> {
        let mut params = Vec::new();
        for entity in self.entities("param") {
            let ItemKind::Param { name, ty, default } = &entity.item.kind else {
                continue;
            };
            let Some(terraform_type) = self.param_type(ty) else {
                continue;
            };
            let ty = ty::resolve(&typing.context(self.ground), ty, &mut self.diagnostics);
            let default = default
                .as_ref()
                .and_then(|value| self.param_default(typing, name, (terraform_type, &ty), value));
            params.push(Param {
                name: name.text.clone(),
                doc: doc_of(entity.item),
                ty,
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

    /// A default's value, of exactly the param's type.
    fn param_default(
        &mut self,
        typing: &Typing,
        name: &Name,
        (kind, ty): (&str, &Type),
        value: &Expr,
    ) -> Option<Literal> {
        let written = match &value.kind {
            ExprKind::Bad => return None,
            ExprKind::Unary { value, .. } => value,
            _ => value,
        };
        let fits = match &written.kind {
            ExprKind::Text(_) => kind == "string",
            ExprKind::Int(_) | ExprKind::Decimal(_) => kind == "number",
            ExprKind::Bool(_) => kind == "bool",
            _ => false,
        };
        if !fits {
            let wanted = match kind {
                "string" => "a text",
                "number" => "a number",
                _ => "`true` or `false`",
            };
            let message = format!("the default of `{}` is not {wanted}", name.text);
            let diagnostic = Diagnostic::new(Code::SETTING_TYPE, value.span, message)
                .found(format!("not {wanted}"))
                .help("a default has the type of its param");
            self.say(diagnostic);
            return None;
        }
        let what = format!("the default of `{}`", name.text);
        let context = typing.context(self.ground);
        Checker::new(&context, &[], Place::Constant, &mut self.diagnostics).known(value, ty, &what)
    }
}
