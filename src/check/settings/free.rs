//! Names and values that no declaration lists: the environment of a program, the attributes of a resource.

use std::collections::BTreeMap;

use super::forms::{kind_of, plain};
use super::scalars::Asked;
use super::{Checker, Named, Value};
use crate::base::Spanned;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::syntax::ast::{Expr, ExprKind};

impl Checker<'_> {
    /// `{ LICENSE = secret("decode/license"), MODE = "fast" }`
    pub(super) fn map(&self, asked: &Asked<'_, '_>, diagnostics: &mut Diagnostics) -> Value {
        if let ExprKind::Record(_) | ExprKind::Bad = &asked.expr.kind {
            return self.free(asked.expr, asked.setting.name(), diagnostics);
        }
        diagnostics.push(self.wrong(super::kinds::Kind::Map, asked));
        Value::Bad
    }

    /// A value of something that no declaration lists.
    pub(super) fn free(&self, expr: &Expr, owner: &str, diagnostics: &mut Diagnostics) -> Value {
        let folded = super::constant::folded(expr, self.sources);
        let expr = match &folded {
            Ok(folded) => folded,
            Err(diagnostic) => {
                diagnostics.push(diagnostic.clone());
                return Value::Bad;
            }
        };
        match &expr.kind {
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Int(text) => match text.replace('_', "").parse() {
                Ok(value) => Value::Int(value),
                Err(_) => self.not_free(expr, owner, diagnostics),
            },
            ExprKind::Decimal(text) => Value::Number(super::quantity::number(text)),
            ExprKind::Text(parts) => match plain(parts) {
                Ok(text) => Value::Text(text),
                Err(_) => self.not_free(expr, owner, diagnostics),
            },
            ExprKind::List(items) => {
                let value = |item: &Expr| Spanned::new(self.free(item, owner, diagnostics), item.span);
                Value::List(items.iter().map(value).collect())
            }
            ExprKind::Record(pairs) => {
                let mut map = BTreeMap::new();
                for (name, value) in pairs {
                    let named = Named {
                        key: name.span,
                        value: Spanned::new(self.free(value, owner, diagnostics), value.span),
                    };
                    if map.insert(name.text.clone(), named).is_some() {
                        let message = format!("`{}` is in `{owner}` twice", name.text);
                        let diagnostic = Diagnostic::new(Code::SETTING_TWICE, name.span, message);
                        diagnostics.push(diagnostic.found("the second").help("keep one of them"));
                    }
                }
                Value::Map(map)
            }
            ExprKind::Name(name) if self.index.get("param", name).is_some() => Value::Param(name.clone()),
            ExprKind::Call { function, .. } if matches!(&function.kind, ExprKind::Name(name) if name == "secret") => {
                match self.secret_of(expr) {
                    Ok(value) => value,
                    Err(diagnostic) => {
                        diagnostics.push(diagnostic);
                        Value::Bad
                    }
                }
            }
            ExprKind::Bad => Value::Bad,
            _ => self.not_free(expr, owner, diagnostics),
        }
    }

    fn not_free(&self, expr: &Expr, owner: &str, diagnostics: &mut Diagnostics) -> Value {
        let message = format!(
            "`{owner}` cannot hold {}: `{}`",
            kind_of(expr),
            self.sources.text(expr.span)
        );
        let diagnostic = Diagnostic::new(Code::SETTING_TYPE, expr.span, message).found(kind_of(expr));
        let diagnostic = match &expr.kind {
            ExprKind::Name(name) => diagnostic.help(format!("write it in quotes: `\"{name}\"`")).fix(
                format!("write `\"{name}\"`"),
                expr.span,
                format!("\"{name}\""),
            ),
            _ => diagnostic.help(
                "write a text, a number, `true` or `false`, a list, `{ name = value }`, a param, or `secret(\"NAME\")`",
            ),
        };
        diagnostics.push(diagnostic);
        Value::Bad
    }
}
