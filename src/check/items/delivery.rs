//! `delivery`: the CI/CD pipeline that ships the platform.

use super::Program;
use crate::diag::{Code, Diagnostic};
use crate::plan::Delivery;

impl Program<'_> {
    pub(super) fn deliveries(&mut self) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for entity in self.entities("delivery") {
            let settings = self.settings(&entity);
            let environments: Vec<_> = settings.names("environments").into_iter().map(|e| e.value).collect();
            let approve = settings.names("approve");
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
            if let Some((ci, _)) = settings.variant("ci") {
                deliveries.push(Delivery {
                    name: entity.name.to_owned(),
                    ci: ci.to_owned(),
                    environments,
                    approve: approve.into_iter().map(|name| name.value).collect(),
                });
            }
        }
        deliveries
    }
}
