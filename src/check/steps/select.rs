//! `select A, EXPR as B …`, `drop A, B`: which columns there are.

use crate::base::Span;
use crate::check::exprs::Place;
use crate::check::schema::column_name;
use crate::diag::{Code, Diagnostic};
use crate::plan::StepKind;
use crate::syntax::ast;

use super::Steps;

impl Steps<'_> {
    pub(super) fn select(&mut self, bindings: &[ast::Binding]) -> Option<StepKind> {
        self.distinct(bindings.iter().map(|binding| &binding.name));
        let before = self.scope();
        let mut selected = Vec::new();
        for binding in bindings {
            let typed = self.value(binding, &before, Place::Step);
            let name = match binding.value {
                Some(_) => column_name(&binding.name, self.diagnostics),
                None => binding.name.text.to_lowercase(),
            };
            let column = self.column(name, binding.doc.as_ref(), &typed, &before);
            self.broken |= typed.is_error();
            selected.push((column, typed.expr));
        }
        self.columns = selected.iter().map(|(column, _)| column.clone()).collect();
        self.forget_joined();
        Some(StepKind::Select(selected))
    }

    pub(super) fn drop_columns(&mut self, names: &[ast::Name], span: Span) -> Option<StepKind> {
        self.distinct(names);
        let known = names
            .iter()
            .filter_map(|name| self.existing(name).map(|column| column.name.clone()));
        let dropped: Vec<String> = known.collect();
        let all = self.columns.iter().all(|column| dropped.contains(&column.name));
        if all && !self.columns.is_empty() {
            let diagnostic = Diagnostic::new(Code::NO_COLUMNS_LEFT, span, "this drops every column")
                .found("no column is left")
                .help("keep one, or say with `select` which ones stay");
            self.diagnostics.push(diagnostic);
            return None;
        }
        self.columns.retain(|column| !dropped.contains(&column.name));
        (dropped.len() == names.len()).then_some(StepKind::Drop(dropped))
    }
}
