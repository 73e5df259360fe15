//! `delivery`: the CI/CD pipeline that ships the platform.

use super::Items;
use crate::check::program::Item;
use crate::diag::{Code, Diagnostic};

impl Items<'_> {
    pub(super) fn deliveries(&mut self) -> Vec<Item> {
        let mut deliveries = Vec::new();
        for entity in self.entities("delivery") {
            let item = self.item(&entity);
            let environments: Vec<_> = item
                .settings
                .names("environments")
                .into_iter()
                .map(|e| e.value)
                .collect();
            let approve = item.settings.names("approve");
            for wrong in approve.iter().filter(|name| !environments.contains(&name.value)) {
                let message = format!(
                    "`{}` is approved, but `{}` does not ship to it",
                    wrong.value, entity.name
                );
                let diagnostic = Diagnostic::new(Code::APPROVAL, wrong.span, message)
                    .found("not one of its `environments`")
                    .help(format!("add `{}` to `environments`, or take it out here", wrong.value));
                self.say(diagnostic);
            }
            deliveries.push(item);
        }
        deliveries
    }
}
