//! Who may see what.

use super::{Lowering, carries};
use crate::check::program;
use crate::check::settings::Value;
use crate::plan::{Access, Grant};

impl Lowering<'_> {
    pub(super) fn accesses(&mut self) -> Vec<Access> {
        let program = self.program;
        let mut accesses = Vec::new();
        for access in &program.accesses {
            let named = |kind: &str, setting: &str| {
                let all = access.item.settings.list("principals").iter();
                all.filter_map(|principal| match &principal.value {
                    Value::Variant(name, settings) if name == kind => settings.text(setting).map(str::to_owned),
                    _ => None,
                })
                .collect()
            };
            accesses.push(Access {
                name: access.item.name.clone(),
                roles: named("role", "arn"),
                users: named("user", "name"),
                groups: named("group", "name"),
                grants: self.grants(access),
            });
        }
        accesses
    }

    /// What is shown of each dataset: of all rows, or of those that meet a condition.
    fn grants(&mut self, access: &program::Access) -> Vec<Grant> {
        let mut grants: Vec<Grant> = Vec::new();
        for grant in &access.grants {
            let Some(dataset) = self.program.datasets.get(&grant.dataset) else {
                continue;
            };
            self.is_table(&grant.dataset, access.item.span);
            let refused = grant.condition.as_ref().and_then(|condition| {
                let why = carries::row_filter(condition, dataset)?;
                Some((condition.text.clone(), why))
            });
            if let Some((text, why)) = refused {
                let what = format!("showing some rows only by `{text}`");
                self.refuse(access.item.span, what, Some(&why));
                continue;
            }
            grants.push(Grant {
                dataset: grant.dataset.clone(),
                columns: grant.columns.clone(),
                all_columns: grant.columns.len() == dataset.columns.len(),
                condition: grant.condition.clone(),
            });
        }
        grants
    }
}
