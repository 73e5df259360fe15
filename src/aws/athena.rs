//! Athena: a workgroup a serve, whose settings no client can change.

use super::lake;
use super::naming::{limit, named};
use super::policy::KEY;
use crate::emit::hcl::{Block, reference};
use crate::plan::{Athena, Plan, Serve, names};

/// Athena takes no smaller limit.
const SMALLEST_LIMIT: u64 = 10_000_000;

/// What dashboards may ask: one query reads no more than this, and its answer is of no use once it is shown.
pub const OF_DASHBOARDS: Athena = Athena {
    scan_limit_bytes: 100 << 30,
    result_days: 1,
};

/// All workgroups: what people ask, and what dashboards do.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    workgroups(plan)
        .map(|(serve, athena)| workgroup(plan, serve, athena))
        .collect()
}

/// Whose queries have a workgroup.
pub fn workgroups(plan: &Plan) -> impl Iterator<Item = (&Serve, &Athena)> {
    plan.athena()
        .chain(plan.dashboards().map(|(serve, _)| (serve, &OF_DASHBOARDS)))
}

fn workgroup(plan: &Plan, serve: &Serve, athena: &Athena) -> Block {
    let encryption = Block::new("encryption_configuration")
        .set("encryption_option", "SSE_KMS")
        .set("kms_key_arn", reference(KEY));
    let exposed: Vec<String> = serve.expose.iter().map(ToString::to_string).collect();
    Block::resource("aws_athena_workgroup", &serve.name)
        .doc(&format!("For queries on {}.", exposed.join(", ")))
        .set("name", named(plan, &serve.name, limit::LONG))
        .set("force_destroy", plan.pipeline.destroyable)
        .block(
            Block::new("configuration")
                .set("enforce_workgroup_configuration", true)
                .set("publish_cloudwatch_metrics_enabled", true)
                .set(
                    "bytes_scanned_cutoff_per_query",
                    athena.scan_limit_bytes.max(SMALLEST_LIMIT),
                )
                .block(Block::new("engine_version").set("selected_engine_version", "Athena engine version 3"))
                .block(
                    Block::new("result_configuration")
                        .set(
                            "output_location",
                            lake::url("query_results", &names::dataset_prefix(&serve.name)),
                        )
                        .set("expected_bucket_owner", reference("local.account"))
                        .block(encryption),
                ),
        )
}
