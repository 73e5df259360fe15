//! Athena: workgroups of serves, whose settings no client can change.

use super::lake;
use super::naming::{limit, named};
use super::policy::KEY;
use crate::emit::hcl::{Block, reference};
use crate::plan::{Access, Athena, Plan, Serve, names};
use crate::prove::quotas::quota;

/// What dashboards may ask: one query reads no more than this, and its answer is of no use once it is shown.
pub const OF_DASHBOARDS: Athena = Athena {
    scan_limit_bytes: 100 << 30,
    result_days: 1,
};

/// A workgroup: whoever may ask in it may read all of its answers. So where readers of a serve may not see the same, each
/// `access` has one of its own, with its answers in a folder of their own.
pub struct Workgroup<'p> {
    /// Its label in Terraform.
    pub label: String,
    /// Below what of the bucket of results its answers are.
    pub prefix: String,
    serve: &'p Serve,
    athena: &'p Athena,
    access: Option<&'p Access>,
}

impl Workgroup<'_> {
    /// What it is called where people look for it: `adhoc`, `adhoc.analysts`.
    pub fn name(&self) -> String {
        match self.access {
            Some(access) => format!("{}.{}", self.serve.name, access.name),
            None => self.serve.name.clone(),
        }
    }
}

/// All workgroups: what people ask, and what dashboards do.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let people = plan.athena().flat_map(|(serve, athena)| of(plan, serve, athena));
    let dashboards = plan.dashboards().map(|(serve, _)| shared(serve, &OF_DASHBOARDS));
    people.chain(dashboards).map(|group| workgroup(plan, &group)).collect()
}

/// Serves whose queries leave answers, with how long these stay.
pub fn asked(plan: &Plan) -> impl Iterator<Item = (&Serve, &Athena)> {
    plan.athena()
        .chain(plan.dashboards().map(|(serve, _)| (serve, &OF_DASHBOARDS)))
}

/// The workgroups of people who ask a serve.
pub fn of<'p>(plan: &'p Plan, serve: &'p Serve, athena: &'p Athena) -> Vec<Workgroup<'p>> {
    let reads = |access: &&Access| access.grants.iter().any(|grant| serve.expose.contains(&grant.dataset));
    let readers: Vec<_> = plan.accesses.iter().filter(reads).collect();
    match readers.as_slice() {
        [] | [_] => vec![shared(serve, athena)],
        several => several.iter().map(|access| own(serve, athena, access)).collect(),
    }
}

/// The workgroups in which the readers of an access ask.
pub fn of_readers<'p>(plan: &'p Plan, access: &Access) -> Vec<Workgroup<'p>> {
    let reads = |serve: &Serve| access.grants.iter().any(|grant| serve.expose.contains(&grant.dataset));
    let serves = plan.athena().filter(|(serve, _)| reads(serve));
    let groups = serves.flat_map(|(serve, athena)| of(plan, serve, athena));
    groups
        .filter(|group| group.access.is_none_or(|of| of.name == access.name))
        .collect()
}

/// The one workgroup of a serve.
pub fn shared<'p>(serve: &'p Serve, athena: &'p Athena) -> Workgroup<'p> {
    Workgroup {
        label: serve.name.clone(),
        prefix: names::dataset_prefix(&serve.name),
        serve,
        athena,
        access: None,
    }
}

fn own<'p>(serve: &'p Serve, athena: &'p Athena, access: &'p Access) -> Workgroup<'p> {
    Workgroup {
        label: format!("{}_for_{}", serve.name, access.name),
        prefix: format!(
            "{}{}",
            names::dataset_prefix(&serve.name),
            names::dataset_prefix(&access.name)
        ),
        serve,
        athena,
        access: Some(access),
    }
}

fn workgroup(plan: &Plan, group: &Workgroup<'_>) -> Block {
    let encryption = Block::new("encryption_configuration")
        .set("encryption_option", "SSE_KMS")
        .set("kms_key_arn", reference(KEY));
    let exposed = group.serve.exposed_text();
    let doc = match group.access {
        Some(access) => format!(
            "For queries of {} on {exposed}: others may not read the answers.",
            access.name
        ),
        None => format!("For queries on {exposed}."),
    };
    Block::resource("aws_athena_workgroup", &group.label)
        .doc(&doc)
        .set("name", named(plan, &group.label, limit::LONG))
        .set("force_destroy", plan.pipeline.destroyable)
        .block(
            Block::new("configuration")
                .set("enforce_workgroup_configuration", true)
                .set("publish_cloudwatch_metrics_enabled", true)
                .set(
                    "bytes_scanned_cutoff_per_query",
                    group
                        .athena
                        .scan_limit_bytes
                        .max(quota("athena.least_scan_limit") as u64),
                )
                .block(Block::new("engine_version").set("selected_engine_version", "Athena engine version 3"))
                .block(
                    Block::new("result_configuration")
                        .set("output_location", lake::url("query_results", &group.prefix))
                        .set("expected_bucket_owner", reference("local.account"))
                        .block(encryption),
                ),
        )
}
