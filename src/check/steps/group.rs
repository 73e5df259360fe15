//! `group by KEYS { NAME = AGG … }`: one row a group, on tables.

use crate::base::Span;
use crate::check::exprs::{Checker, Place};
use crate::check::schema::column_name;
use crate::plan::StepKind;
use crate::plan::expr::Aggregate;
use crate::plan::types::{Column, TypeKind};
use crate::syntax::ast;

use super::{Shape, Steps};

impl Steps<'_> {
    pub(super) fn group(
        &mut self,
        at: Span,
        keys: &[ast::Binding],
        window: Option<&ast::Expr>,
        aggregates: &[ast::Binding],
    ) -> Option<StepKind> {
        if self.shape == Shape::Stream {
            return self.later(at, "`group` on a stream");
        }
        if let Some(window) = window {
            return self.later(window.span, "windows of event time (`every`)");
        }
        self.distinct(keys.iter().chain(aggregates).map(|binding| &binding.name));
        let before = self.columns.clone();
        let mut grouped = Vec::new();
        for key in keys {
            let typed = self.value(key, &before, Place::Group);
            self.float_key(&typed.expr.text, typed.kind(), typed.span);
            let name = match key.value {
                Some(_) => column_name(&key.name, self.diagnostics),
                None => key.name.text.to_lowercase(),
            };
            let mut column = self.column(name, key.doc.as_ref(), &typed, &before);
            // A row is a group now: no field of the old rows names it, or says when it happened.
            (column.key, column.event_time) = (false, false);
            self.broken |= typed.is_error();
            grouped.push((column, typed.expr));
        }
        let checked: Vec<_> = aggregates
            .iter()
            .map(|binding| self.aggregate(binding, &before))
            .collect();
        self.columns = grouped.iter().map(|(column, _)| column.clone()).collect();
        self.columns.extend(checked.iter().map(|(column, _)| column.clone()));
        let aggregates: Option<Vec<_>> = checked
            .into_iter()
            .map(|(column, aggregate)| Some((column, aggregate?)))
            .collect();
        Some(StepKind::Group {
            keys: grouped,
            window: None,
            aggregates: aggregates?,
        })
    }

    fn aggregate(&mut self, binding: &ast::Binding, before: &[Column]) -> (Column, Option<Aggregate>) {
        let mut checker = Checker::new(self.ctx, before, Place::Group, self.diagnostics);
        let plain = ast::Expr {
            kind: ast::ExprKind::Name(binding.name.text.clone()),
            span: binding.name.span,
        };
        let found = checker.aggregate(binding.value.as_ref().unwrap_or(&plain));
        let name = column_name(&binding.name, self.diagnostics);
        let (aggregate, labels) = found.unzip();
        let error = TypeKind::Error.required();
        let column = Column {
            name,
            ty: aggregate.as_ref().map_or(error, |aggregate| aggregate.ty.clone()),
            labels: labels.unwrap_or_default(),
            doc: binding.doc.as_ref().map(|doc| doc.text.clone()),
            key: false,
            event_time: false,
            subject: false,
        };
        (column, aggregate)
    }
}
