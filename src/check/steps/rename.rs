//! `rename A as B`: all at once, so that two columns can change names.

use crate::check::schema::{column_name, duplicate};
use crate::plan::StepKind;
use crate::syntax::ast;

use super::Steps;

impl Steps<'_> {
    pub(super) fn rename(&mut self, pairs: &[(ast::Name, ast::Name)]) -> Option<StepKind> {
        self.distinct(pairs.iter().map(|(old, _)| old));
        self.distinct(pairs.iter().map(|(_, new)| new));
        let mut renamed = Vec::new();
        for (old, new) in pairs {
            let Some(column) = self.existing(old) else { continue };
            let name = column_name(new, self.diagnostics);
            let leaves = |name: &str| pairs.iter().any(|(old, _)| old.text.to_lowercase() == name);
            if name != column.name && self.columns.iter().any(|other| other.name == name) && !leaves(&name) {
                let there = ast::Name {
                    text: name.clone(),
                    span: old.span,
                };
                self.diagnostics.push(duplicate(new, &there));
                continue;
            }
            renamed.push((column.name.clone(), name));
        }
        for column in &mut self.columns {
            if let Some((_, new)) = renamed.iter().find(|(old, _)| *old == column.name) {
                column.name.clone_from(new);
            }
        }
        (renamed.len() == pairs.len()).then_some(StepKind::Rename(renamed))
    }
}
