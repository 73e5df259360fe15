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
                grants: self.grants(access),
            });
        }
        accesses
    }

    /// One grant a dataset: what is shown of all rows.
    fn grants(&mut self, access: &program::Access) -> Vec<Grant> {
        let mut grants: Vec<Grant> = Vec::new();
        for grant in &access.grants {
            if let Some(condition) = &grant.condition {
                let what = format!("showing some rows only (`where {}`)", condition.text);
                self.refuse(access.item.span, what, None);
                continue;
            }
            let Some(dataset) = self.program.datasets.get(&grant.dataset) else {
                continue;
            };
            grants.push(Grant {
                dataset: grant.dataset.clone(),
                columns: grant.columns.clone(),
                all_columns: grant.columns.len() == dataset.columns.len(),
            });
        }
        grants
    }
}
