//! `explode [outer] LIST as NAME`: a row for each entry.

use crate::check::exprs::Place;
use crate::check::schema::column_name;
use crate::diag::{Code, Diagnostic};
use crate::plan::StepKind;
use crate::plan::expr::ExprKind;
use crate::plan::types::{Column, TypeKind};
use crate::syntax::ast;

use super::Steps;

impl Steps<'_> {
    pub(super) fn explode(&mut self, outer: bool, list: &ast::Expr, name: &ast::Name) -> Option<StepKind> {
        let scope = self.scope();
        let typed = self.checker(&scope, Place::Step).expr(list);
        let error = TypeKind::Error.required();
        let item = match typed.kind() {
            TypeKind::List(item) => (**item).clone(),
            TypeKind::Error => error,
            kind => {
                let message = format!("`explode` takes a list, but `{}` is {kind}", typed.expr.text);
                let diagnostic =
                    Diagnostic::new(Code::TYPE_MISMATCH, list.span, message).found(format!("this is {kind}"));
                self.say(match kind {
                    TypeKind::Text => diagnostic.help(format!(
                        "cut it first: `explode split({}, \",\") as {}`",
                        typed.expr.text, name.text
                    )),
                    TypeKind::Map(_) => diagnostic.help(format!(
                        "take its entries: `explode entries({}) as {}`",
                        typed.expr.text, name.text
                    )),
                    _ => diagnostic.help("name a column of type `list<…>`"),
                });
                error
            }
        };
        let mut column = Column::new(column_name(name, self.diagnostics), item);
        column.ty.optional |= outer;
        column.labels.clone_from(&typed.labels);
        let own = match &typed.expr.kind {
            ExprKind::Column(own) => Some(own.as_str()),
            _ => None,
        };
        let added = self.add(name, column.clone(), own);
        // One row became several: what named it names them no more.
        self.columns
            .iter_mut()
            .filter(|column| column.key)
            .for_each(|column| column.key = false);
        (added && column.ty.kind != TypeKind::Error).then_some(StepKind::Explode {
            outer,
            list: typed.expr,
            column,
        })
    }
}
