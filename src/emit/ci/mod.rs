//! The delivery pipeline's files: one file here a system.

mod gitlab;

use crate::plan::{Files, Plan};

/// The files of every `delivery` of a plan, below `ci/`.
pub fn emit(plan: &Plan) -> Files {
    let gitlab = plan.deliveries.iter().filter(|delivery| delivery.ci == "gitlab");
    gitlab
        .map(|delivery| ("ci/gitlab-ci.yml".to_owned(), gitlab::pipeline(plan, delivery)))
        .collect()
}
