//! Names of resources, each within the limit of its service. Knows nothing of what carries them.
//!
//! Every name starts with `local.prefix`, `PIPELINE-ENVIRONMENT`. The environment is known when the plan was made for
//! one; otherwise it is a variable of at most [`FREE_ENVIRONMENT`] characters, and room is kept for that.

use sha2::{Digest, Sha256};

use crate::emit::hcl::{Value, reference};
use crate::plan::{Plan, names};
use crate::text_of;

/// The longest environment of a build that was made for none.
pub const FREE_ENVIRONMENT: usize = 8;
/// The longest region name, with room for the next one.
const REGION: usize = 14;
const ACCOUNT: usize = 12;
/// Pipeline names longer than this are cut in `local.prefix`.
const PIPELINE: usize = 20;

/// Limits of the services.
pub mod limit {
    /// Permission sets of IAM Identity Center.
    pub const PERMISSION_SET: usize = 32;
    /// S3 buckets.
    pub const BUCKET: usize = 63;
    /// IAM roles, Lambda functions, schedules, delivery streams.
    pub const SIXTY_FOUR: usize = 64;
    /// SQS queues, state machines.
    pub const EIGHTY: usize = 80;
    /// Backup vaults and plans.
    pub const BACKUP: usize = 50;
    /// Budgets.
    pub const BUDGET: usize = 100;
    /// Streams, workgroups, managed policies, jobs: 128 or more.
    pub const LONG: usize = 128;
}

/// `text` itself, or its beginning and a piece of its hash where it is too long; lower case and hyphens survive.
pub fn fit(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_string();
    }
    let digest = Sha256::digest(text.as_bytes());
    let hash: String = digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    if limit < hash.len() + 4 {
        return hash.chars().take(limit).collect();
    }
    let keep: String = text.chars().take(limit.saturating_sub(hash.len() + 1)).collect();
    format!("{}-{hash}", keep.trim_end_matches('-'))
}

fn environment_length(plan: &Plan) -> usize {
    plan.environment.as_ref().map_or(FREE_ENVIRONMENT, String::len)
}

/// The Terraform variable of an author's param: its own name, unless a variable of the platform has it or Terraform
/// keeps it for itself.
pub fn variable(param: &str) -> String {
    const TAKEN: [&str; 21] = [
        "authorities",
        "count",
        "depends_on",
        "environment",
        "existing_event_buses",
        "export_to",
        "for_each",
        "identity_center_region",
        "lake_formation_admins",
        "lifecycle",
        "locals",
        "manage_api_gateway_account",
        "manage_config",
        "manage_dms_roles",
        "manage_lake_formation_settings",
        "providers",
        "quicksight_identity_region",
        "region",
        "source",
        "used_projects",
        "version",
    ];
    match TAKEN.contains(&param) || param.starts_with("param_") || param.starts_with("kafka_") {
        true => format!("param_{param}"),
        false => param.to_owned(),
    }
}

/// The pipeline's part of `local.prefix`.
pub fn pipeline(plan: &Plan) -> String {
    project(&plan.pipeline.name)
}

/// A pipeline's part of its `local.prefix`, be it this one or another.
pub fn project(pipeline: &str) -> String {
    fit(&names::hyphened(pipeline), PIPELINE)
}

/// `${local.prefix}-PART`, where PART is cut so that the whole keeps the limit.
pub fn named(plan: &Plan, part: &str, limit: usize) -> Value {
    let prefix = pipeline(plan).len() + 1 + environment_length(plan) + 1;
    text_of![
        reference("local.prefix"),
        "-",
        fit(&names::hyphened(part), limit.saturating_sub(prefix))
    ]
}

/// A permission set's name.
pub fn permission_set(plan: &Plan, part: &str) -> Value {
    short(plan, part, limit::PERMISSION_SET)
}

/// A name where there is little room: `PIPELINE-PART-ENVIRONMENT`.
pub fn short(plan: &Plan, part: &str, limit: usize) -> Value {
    let room = limit.saturating_sub(1 + environment_length(plan));
    let names = format!("{}-{}", names::hyphened(&plan.pipeline.name), names::hyphened(part));
    text_of![fit(&names, room), "-", reference("var.environment")]
}

/// The longest that a name of [`named`] becomes.
#[cfg(test)]
pub fn longest(plan: &Plan, value: &Value) -> usize {
    let crate::emit::hcl::Value::Text(parts) = value else {
        return usize::MAX;
    };
    parts
        .iter()
        .map(|part| match part {
            crate::emit::hcl::Part::Literal(text) => text.chars().count(),
            crate::emit::hcl::Part::Expression(Value::Reference(name)) => match name.as_str() {
                "local.prefix" => pipeline(plan).len() + 1 + environment_length(plan),
                "var.environment" => environment_length(plan),
                "local.account" => ACCOUNT,
                "var.region" => REGION,
                _ => usize::MAX / 16,
            },
            crate::emit::hcl::Part::Expression(_) => usize::MAX / 16,
        })
        .sum()
}

/// A bucket's name: worldwide unique by account and region.
pub fn bucket(plan: &Plan, part: &str) -> Value {
    let part = fit(&names::hyphened(part), 15);
    let taken = 1 + environment_length(plan) + 1 + part.len() + 1 + ACCOUNT + 1 + REGION;
    let pipeline = fit(
        &names::hyphened(&plan.pipeline.name),
        limit::BUCKET.saturating_sub(taken),
    );
    text_of![
        pipeline,
        "-",
        reference("var.environment"),
        format!("-{part}-"),
        reference("local.account"),
        "-",
        reference("var.region"),
    ]
}

/// The name of a bucket of the platform's own, which no zone may have.
pub fn own_bucket(plan: &Plan, part: &str) -> String {
    match plan.zone(part) {
        Some(_) => format!("{part}-system"),
        None => part.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture;

    #[test]
    fn names_keep_the_limits_of_their_services() {
        let mut plan = fixture::clickstream();
        plan.pipeline.name = "a_pipeline_with_quite_a_long_name_for_a_test".into();
        for environment in [None, Some("production".to_string())] {
            plan.environment = environment;
            for part in [
                "raw",
                "a_zone_with_a_name_that_goes_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on",
            ] {
                assert!(longest(&plan, &bucket(&plan, part)) <= limit::BUCKET);
                assert!(longest(&plan, &permission_set(&plan, part)) <= limit::PERMISSION_SET);
                for limit in [limit::BACKUP, limit::SIXTY_FOUR, limit::EIGHTY, limit::BUDGET] {
                    assert!(longest(&plan, &named(&plan, part, limit)) <= limit);
                }
            }
        }
    }

    #[test]
    fn short_names_stay_as_they_are() {
        assert_eq!(fit("daily-pages", 20), "daily-pages");
        assert_eq!(fit("daily-pages-of-the-shop", 20).len(), 20);
    }
}
