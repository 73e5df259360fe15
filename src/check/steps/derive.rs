//! `derive NAME = EXPR …`: adds or replaces columns; later ones see earlier ones.

use crate::check::exprs::Place;
use crate::check::schema::column_name;
use crate::plan::StepKind;
use crate::plan::types::Column;
use crate::syntax::ast;

use super::Steps;

impl Steps<'_> {
    pub(super) fn derive(&mut self, bindings: &[ast::Binding]) -> Option<StepKind> {
        self.distinct(bindings.iter().map(|binding| &binding.name));
        let mut derived = Vec::with_capacity(bindings.len());
        let mut scope = self.scope();
        self.columns.reserve(bindings.len());
        scope.reserve(bindings.len());
        for binding in bindings {
            let typed = self.value(binding, &scope, Place::Step);
            let name = column_name(&binding.name, self.diagnostics);
            let column = self.column(name, binding.doc.as_ref(), &typed, &scope);
            let replaced = put(&mut self.columns, &column);
            if replaced || self.hidden.iter().any(|hidden| hidden.name == column.name) {
                put(&mut scope, &column);
            } else {
                scope.push(column.clone());
            }
            // A wrong value leaves a column of type `Error`, so that what uses it stays quiet.
            self.broken |= typed.is_error();
            derived.push((column, typed.expr));
        }
        Some(StepKind::Derive(derived))
    }
}

/// A new column goes last, one with the name of another takes its place. Says whether it did.
fn put(columns: &mut Vec<Column>, column: &Column) -> bool {
    let place = columns.iter_mut().find(|other| other.name == column.name);
    let replaces = place.is_some();
    match place {
        Some(place) => *place = column.clone(),
        None => columns.push(column.clone()),
    }
    replaces
}
