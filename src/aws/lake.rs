//! Which buckets a platform has, and what stays in each for how long.

use super::bucket::{Bucket, Rule};
use super::policy::allow;
use super::{athena, audit, datazone, erasure, exports, imports, job, landing, naming, quicksight, uploads};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::{Dataset, Plan, Transform, Zone, names};
use crate::text_of;

/// Where Firehose puts what it could not write, in the bucket that it writes to.
pub const ERRORS: &str = "errors/";
/// Where jobs keep what they know of their last run, in the bucket of artifacts.
pub const STATE: &str = "state/";
/// Where jobs put what they need while they run.
pub const TEMPORARY: &str = "temporary/";
/// Access logs stay this long.
const LOG_DAYS: u32 = 90;
/// A job's temporary files stay this long.
const TEMPORARY_DAYS: u32 = 3;

/// The label of a zone's bucket.
pub fn zone_label(zone: &str) -> String {
    format!("zone_{zone}")
}

/// `s3://BUCKET/PREFIX` of a bucket by label.
pub fn url(label: &str, prefix: &str) -> Value {
    text_of![
        "s3://",
        reference(format!("aws_s3_bucket.{label}.bucket")),
        format!("/{prefix}")
    ]
}

/// `s3://BUCKET/DATASET/`
pub fn dataset_url(dataset: &Dataset) -> Value {
    let prefix = names::dataset_prefix(&dataset.id.name);
    match dataset.id.project() {
        Some(_) => imports::url(&dataset.id, &prefix),
        None => url(&zone_label(&dataset.id.zone), &prefix),
    }
}

/// The ARN of all objects below a prefix.
pub fn objects(label: &str, prefix: &str) -> Value {
    text_of![reference(format!("aws_s3_bucket.{label}.arn")), format!("/{prefix}*")]
}

/// Every bucket, in the order of the file.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    buckets(plan).iter().flat_map(Bucket::blocks).collect()
}

/// Every bucket.
pub fn buckets(plan: &Plan) -> Vec<Bucket> {
    let mut out: Vec<_> = plan.zones.iter().map(|zone| zone_bucket(plan, zone)).collect();
    out.extend(landing::inboxes(plan));
    out.push(quarantine(plan));
    // The platform's own functions read there, jobs or not.
    out.push(artifacts(plan));
    if athena::asked(plan).next().is_some() {
        out.push(results(plan));
    }
    out.extend(audit::buckets(plan));
    out.push(access_logs(plan));
    out
}

/// A zone's bucket.
pub fn zone_bucket(plan: &Plan, zone: &Zone) -> Bucket {
    let datasets = plan.datasets.values().filter(|dataset| dataset.id.zone == zone.name);
    let mut rules: Vec<_> = datasets
        .map(|dataset| Rule {
            id: names::hyphened(&dataset.id.name),
            prefix: names::dataset_prefix(&dataset.id.name),
            days: plan.purged_by_age(dataset).then_some(dataset.retain_days),
            tiers: dataset.tiers.clone(),
        })
        .collect();
    rules.extend(kept_objects(plan, zone));
    rules.push(Rule {
        id: "delivery-errors".into(),
        prefix: ERRORS.into(),
        days: Some(zone.quarantine_days),
        tiers: vec![],
    });
    Bucket {
        versioned: zone.keeps_versions(),
        copied: zone.replicate_to.is_some(),
        lock: zone.lock,
        origins: uploads::origins(plan, &zone.name),
        rules,
        statements: exports::bucket_statements(plan, zone),
        ..Bucket::new(
            plan,
            &zone_label(&zone.name),
            naming::bucket(plan, &zone.name),
            format!(
                "Zone `{}`: tier {}, kept {} days.",
                zone.name, zone.tier, zone.retain_days
            ),
        )
    }
}

/// Objects that rows of a zone's datasets tell of, and that scripts answered: they go with the rows.
fn kept_objects<'p>(plan: &'p Plan, zone: &'p Zone) -> impl Iterator<Item = Rule> + 'p {
    let here = plan.objects_of_scripts().filter(|(_, id)| id.zone == zone.name);
    here.map(|(_, id)| {
        let dataset = plan.dataset(id);
        Rule {
            id: format!("objects-{}", names::hyphened(&id.name)),
            prefix: names::objects_prefix(&id.name),
            days: Some(dataset.retain_days),
            tiers: dataset.tiers.clone(),
        }
    })
}

/// How long what a transform turns away stays.
pub fn quarantine_days(plan: &Plan, transform: &Transform) -> u32 {
    let zones = transform.datasets().into_iter().filter_map(|id| plan.zone(&id.zone));
    let days = zones.map(|zone| zone.quarantine_days).min();
    days.unwrap_or(names::QUARANTINE_DAYS)
}

fn quarantine(plan: &Plan) -> Bucket {
    let mut rules: Vec<_> = plan
        .transforms
        .iter()
        .map(|transform| Rule {
            id: names::hyphened(&transform.name),
            prefix: names::dataset_prefix(&transform.name),
            days: Some(quarantine_days(plan, transform)),
            tiers: vec![],
        })
        .collect();
    rules.push(Rule {
        id: "delivery-errors".into(),
        prefix: ERRORS.into(),
        days: Some(plan.zones.iter().map(|zone| zone.quarantine_days).min().unwrap_or(14)),
        tiers: vec![],
    });
    Bucket {
        rules,
        ..Bucket::new(
            plan,
            "quarantine",
            naming::bucket(plan, &naming::own_bucket(plan, "quarantine")),
            "Rows that were turned away, with the reason each.",
        )
    }
}

fn artifacts(plan: &Plan) -> Bucket {
    let rule = |id: &str, prefix: &str, days| Rule {
        id: id.into(),
        prefix: prefix.into(),
        days,
        tiers: vec![],
    };
    let mut rules = vec![
        rule("scripts", "glue/", None),
        rule("state", STATE, None),
        rule("temporary", TEMPORARY, Some(TEMPORARY_DAYS)),
    ];
    if erasure::asked(plan) {
        let folders = erasure::folders(plan).into_iter();
        rules.extend(folders.map(|(id, prefix, days)| rule(id, &prefix, days)));
    }
    if job::jobs(plan).any(|transform| !plan.sinks_of(transform).is_empty()) {
        rules.push(rule("sinks", names::SINK_FOLDER, Some(names::SINK_DAYS)));
    }
    if datazone::asked(plan) {
        rules.push(rule("catalog", datazone::FOLDER, Some(TEMPORARY_DAYS)));
    }
    if plan.dashboards().next().is_some() {
        rules.push(rule("dashboards", quicksight::TEMPLATES, None));
    }
    Bucket {
        keep: false,
        rules,
        ..Bucket::new(
            plan,
            "artifacts",
            naming::bucket(plan, &naming::own_bucket(plan, "artifacts")),
            "Scripts of jobs, what they know of their last run, and their temporary files.",
        )
    }
}

fn results(plan: &Plan) -> Bucket {
    let rule = |(serve, athena): (&crate::plan::Serve, &crate::plan::Athena)| Rule {
        id: names::hyphened(&serve.name),
        prefix: names::dataset_prefix(&serve.name),
        days: Some(athena.result_days.max(1)),
        tiers: vec![],
    };
    Bucket {
        destroyable: true,
        keep: false,
        rules: athena::asked(plan).map(rule).collect(),
        ..Bucket::new(
            plan,
            "query_results",
            naming::bucket(plan, &naming::own_bucket(plan, "results")),
            "Results of queries: copies of the data, so they go soon.",
        )
    }
}

/// Where the others' access logs are.
pub fn access_logs(plan: &Plan) -> Bucket {
    let deliver = allow(
        "AccessLogs",
        &["s3:PutObject"],
        [text_of![reference("aws_s3_bucket.access_logs.arn"), "/*"]],
    )
    .service("logging.s3.amazonaws.com".into())
    .when("StringEquals", "aws:SourceAccount", reference("local.account"));
    Bucket {
        keep: false,
        takes_logs: true,
        rules: vec![Rule {
            id: "all".into(),
            prefix: String::new(),
            days: Some(LOG_DAYS),
            tiers: vec![],
        }],
        statements: vec![deliver],
        ..Bucket::new(
            plan,
            "access_logs",
            naming::bucket(plan, &naming::own_bucket(plan, "access")),
            "Who read and wrote what in the other buckets.",
        )
    }
}

/// The ARN of a log group and of its streams.
pub fn log_streams(label: &str) -> Value {
    text_of![reference(format!("aws_cloudwatch_log_group.{label}.arn")), ":*"]
}

/// A log group: everything logged is encrypted, and goes after `log_days`.
pub fn log_group(plan: &Plan, label: &str, name: Value) -> Block {
    let block = Block::resource("aws_cloudwatch_log_group", label);
    let days = plan.pipeline.log_days;
    block
        .when(days < 365, |block| {
            block.skip(
                "CKV_AWS_338",
                "logs hold no rows; `log_days` says how long they are of use",
            )
        })
        .set("name", name)
        .set("retention_in_days", days)
        .set("kms_key_id", reference(super::policy::KEY))
}
