//! `unpivot A, B as NAME, VALUE`: a row for each of the columns, with its name and its value.

use crate::check::schema::column_name;
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::StepKind;
use crate::plan::types::{Column, TypeKind};
use crate::syntax::ast;

use super::Steps;

impl Steps<'_> {
    pub(super) fn unpivot(&mut self, names: &[ast::Name], name: &ast::Name, value: &ast::Name) -> Option<StepKind> {
        self.distinct(names);
        let found: Vec<(&ast::Name, Column)> = names
            .iter()
            .filter_map(|name| self.existing(name).map(|column| (name, column)))
            .collect();
        if found.len() != names.len() {
            self.lost = true;
            return None;
        }
        let mut holds = Column::new(column_name(value, self.diagnostics), TypeKind::Null.required());
        let mut first: Option<&ast::Name> = None;
        for (at, column) in &found {
            let Some(kind) = ty::unify(&holds.ty.kind, &column.ty.kind) else {
                let message = format!(
                    "`{}` is {}, and the columns before it are {}",
                    column.name, column.ty.kind, holds.ty.kind
                );
                let mut diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, at.span, message)
                    .found("one column holds the values of all")
                    .help(format!(
                        "make them of one type first: `derive {0} = string({0})`",
                        column.name
                    ));
                if let Some(first) = first {
                    diagnostic = diagnostic.label(first.span, format!("this is {}", holds.ty.kind));
                }
                self.say(diagnostic);
                self.lost = true;
                return None;
            };
            first = first.or(Some(at));
            holds.ty.kind = kind;
            holds.ty.optional |= column.ty.optional;
            holds.labels.extend(column.labels.iter().cloned());
        }
        let gone: Vec<String> = found.into_iter().map(|(_, column)| column.name.clone()).collect();
        self.columns.retain(|column| !gone.contains(&column.name));
        // One row became several: what named it names them no more.
        self.columns
            .iter_mut()
            .filter(|column| column.key)
            .for_each(|column| column.key = false);
        let of = Column::new(column_name(name, self.diagnostics), TypeKind::Text.required());
        let added = self.add(name, of.clone(), None) && self.add(value, holds.clone(), None);
        added.then_some(StepKind::Unpivot {
            columns: gone,
            name: of,
            value: holds,
        })
    }
}
