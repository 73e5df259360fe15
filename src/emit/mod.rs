//! Phase 7: a plan as files. Expressions are built as small trees with one escaping function a target; templates
//! are for the skeletons of files. Knows nothing of folders: paths are relative to the build's, with `/`.

pub mod ci;
pub mod dashboard;
pub mod docs;
pub mod graph;
pub mod hcl;
mod like;
pub mod openmetadata;
pub mod pyspark;
pub mod rust;
pub mod sql;
pub mod states;

use crate::plan::{Files, Plan};
use crate::{aws, cost};

/// Every generated file of a build but its manifest. The same plan gives the same bytes.
pub fn files(plan: &Plan) -> Files {
    let jobs = pyspark::emit(plan);
    let (terraform, estimate) = {
        let stack = aws::stack(plan, &pyspark::modules(&jobs));
        let estimate = cost::estimate_of(plan, &stack);
        let mut evidence = aws::evidence(plan, &stack);
        cost::claim(&mut evidence, plan, &estimate);
        (aws::terraform(plan, &stack, &evidence), estimate)
    };
    let parts = [
        terraform,
        rust::emit(plan),
        jobs,
        ci::emit(plan),
        docs::emit(plan, &estimate),
    ];
    parts.into_iter().flatten().collect()
}
