//! Who may see what.

use super::Lowering;
use crate::check::program;
use crate::check::settings::Value;
use crate::plan::{Access, Grant};

impl Lowering<'_> {
    pub(super) fn accesses(&mut self) -> Vec<Access> {
        let program = self.program;
        let mut accesses = Vec::new();
        for access in &program.accesses {
            let mut roles = Vec::new();
            for principal in access.item.settings.list("principals") {
                match &principal.value {
                    Value::Variant(kind, role) if kind == "role" => roles.extend(role.text("arn").map(str::to_owned)),
                    Value::Variant(kind, _) => {
                        let what = format!("`principals = {kind}`");
                        self.refuse(principal.span, what, Some("this version has `role`"));
                    }
                    _ => {}
                }
            }
            accesses.push(Access {
                name: access.item.name.clone(),
                roles,
                grants: access.grants.iter().filter_map(|grant| self.grant(grant)).collect(),
            });
        }
        accesses
    }

    fn grant(&mut self, grant: &program::Grant) -> Option<Grant> {
        let dataset = self.program.datasets.get(&grant.dataset)?;
        if let Some(condition) = &grant.condition {
            self.refuse(
                self.program.pipeline.span,
                format!("showing some rows only (`where {}`)", condition.text),
                None,
            );
        }
        Some(Grant {
            dataset: grant.dataset.clone(),
            columns: grant.columns.clone(),
            all_columns: grant.columns.len() == dataset.columns.len(),
        })
    }
}
