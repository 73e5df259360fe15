//! The evidence of a build: what was proved of its plan, on which resources each claim rests, and what was written of all
//! of them.
//!
//! It must not know how Terraform plans are read: only what this build says.

mod access;
mod freshness;

use std::collections::{BTreeMap, BTreeSet};

use super::stack::Stack;
use super::{
    account, alarms, api, calls, catalog, firehose, iot, job, lake, landing, overrides, program, sinks, uploads,
};
use crate::emit::hcl::{Block, Item, Value};
use crate::evidence::{About, Assumption, Claim, Evidence, Gone, Stay as Told, Written, value};
use crate::plan::names::PURGE_TABLES;
use crate::plan::{Alarm, Class, Dataset, Format, From, Plan, Source, Writer};
use crate::prove::lifetimes::{self, Stay, days};
use crate::prove::limits::{self, By};
use crate::prove::{capacity, erasure};

/// Attributes that say with which key something is encrypted.
const KEYS: [&str; 9] = [
    "encryption_at_rest_kms_key_arn",
    "encryption_key",
    "kms_encryption_key",
    "kms_key_arn",
    "kms_key_id",
    "kms_master_key_id",
    "key_arn",
    "kms_key",
    "cloudwatch_encryption_mode",
];

/// The evidence of a plan whose resources these are.
pub fn of(plan: &Plan, stack: &Stack) -> Evidence {
    let find = Addresses::new(stack);
    let mut claims: Vec<Claim> = plan.classes.iter().map(|class| lifetime(plan, class, &find)).collect();
    claims.extend(
        lifetimes::rests(plan)
            .into_iter()
            .map(|(of, stay)| retention(plan, &of, stay, &find)),
    );
    claims.extend(
        erasure::subjects(plan)
            .into_iter()
            .map(|subject| erased(plan, subject, &find)),
    );
    claims.extend(freshness::claims(plan, &find));
    claims.extend(plan.sources.iter().filter_map(|source| fits(source, &find)));
    claims.extend(limits::bounds(plan).iter().map(|bound| within(plan, bound, &find)));
    claims.extend(private(stack, &find));
    claims.extend(encrypted(stack));
    claims.extend(permissions(stack));
    claims.extend(access::claims(plan, &find));
    claims.extend(residency(plan, &find));
    claims.extend(network(plan, stack, &find));
    let overridden = overrides::give_up(plan, &mut claims);
    let mut assumptions = assumptions(plan, &claims, &find);
    assumptions.extend(account::assumptions(plan, &claims));
    // An alarm that is set otherwise may ring for something else, or never.
    for assumption in &mut assumptions {
        let is_own = |alarm: &String| overridden.iter().all(|one| one.address != *alarm);
        assumption.alarms.retain(is_own);
    }
    Evidence {
        claims,
        overridden,
        assumptions,
        ..written(plan, stack)
    }
}

/// The evidence of the account's own stack.
pub fn of_account(plan: &Plan, stack: &Stack) -> Evidence {
    let find = Addresses::new(stack);
    let mut claims = account::claims(plan);
    claims.extend(private(stack, &find));
    claims.extend(encrypted(stack));
    claims.extend(permissions(stack));
    Evidence {
        claims,
        ..written(plan, stack)
    }
}

/// What is written of each resource of a stack, before anything is claimed.
fn written(plan: &Plan, stack: &Stack) -> Evidence {
    let blocks = |kind: &'static str| stack.blocks().filter(move |block| block.kind == kind);
    let locals = blocks("locals").flat_map(|block| &block.items);
    Evidence {
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
        pipeline: plan.pipeline.name.clone(),
        environment: plan.environment.clone(),
        claims: vec![],
        overridden: vec![],
        assumptions: vec![],
        locals: locals
            .filter_map(|item| match item {
                Item::Attribute(name, written) => Some((name.clone(), value(written))),
                _ => None,
            })
            .collect(),
        provider: blocks("provider")
            .next()
            .map_or(serde_json::Value::Null, |block| Written::of(block).json()),
        resources: blocks("resource")
            .chain(blocks("data"))
            .map(|block| (block.address(), Written::of(block)))
            .collect(),
    }
}

/// The addresses that a stack has.
struct Addresses(BTreeSet<String>);

impl Addresses {
    fn new(stack: &Stack) -> Addresses {
        let all = stack
            .blocks()
            .filter(|block| matches!(block.kind.as_str(), "resource" | "data"));
        Addresses(all.map(Block::address).collect())
    }

    /// Those of some resources that there are.
    fn there<'a>(&self, addresses: impl IntoIterator<Item = (&'a str, String)>) -> Vec<String> {
        let addresses = addresses.into_iter().map(|(kind, label)| format!("{kind}.{label}"));
        addresses.filter(|address| self.0.contains(address)).collect()
    }
}

fn finite(days: f64) -> Option<f64> {
    days.is_finite().then_some(days)
}

fn lifetime(plan: &Plan, class: &Class, find: &Addresses) -> Claim {
    let kept = lifetimes::stays(plan, class);
    let longest = kept.iter().filter(|kept| kept.first).map(|kept| kept.longest_days);
    let longest = longest.fold(0.0, f64::max);
    let says = match class.retain_at_most_days {
        Some(most) => format!(
            "@{} stays {} at most, and {} are allowed",
            class.name,
            days(longest),
            days(most)
        ),
        None => format!("@{} stays {} at most", class.name, days(longest)),
    };
    let stays: Vec<Told> = kept
        .into_iter()
        .map(|kept| Told {
            place: kept.stay.words(),
            column: kept.column.to_owned(),
            days: finite(kept.stay.days()),
            first: kept.first,
            next: kept.next,
            rests_on: leaves_by(plan, kept.stay, find),
        })
        .collect();
    let rests_on: BTreeSet<_> = stays.iter().flat_map(|stay| stay.rests_on.iter().cloned()).collect();
    Claim {
        id: format!("lifetime.{}", class.name),
        says,
        about: About::Lifetime {
            class: class.name.clone(),
            days: finite(longest),
            allowed_days: class.retain_at_most_days,
            stays,
        },
        rests_on: rests_on.into_iter().collect(),
    }
}

fn retention(plan: &Plan, of: &str, stay: Stay<'_>, find: &Addresses) -> Claim {
    let kind = match stay {
        Stay::TurnedAway(..) | Stay::NotSent(..) => "quarantine",
        _ => "retention",
    };
    Claim {
        id: format!("{kind}.{of}"),
        says: format!("{} and no longer", stay.words()),
        about: About::Retention {
            of: of.to_owned(),
            days: finite(stay.days()),
        },
        rests_on: leaves_by(plan, stay, find),
    }
}

/// What makes values leave.
fn leaves_by(plan: &Plan, stay: Stay<'_>, find: &Addresses) -> Vec<String> {
    let bucket = |label: String| {
        vec![
            ("aws_s3_bucket_lifecycle_configuration", label.clone()),
            ("aws_s3_bucket_versioning", label),
        ]
    };
    find.there(match stay {
        Stay::Stream(source) => vec![
            ("aws_kinesis_stream", source.name.clone()),
            ("data.aws_kinesis_stream", source.name.clone()),
            ("aws_msk_topic", source.name.clone()),
        ],
        Stay::Queue(source) => vec![
            ("aws_sqs_queue", format!("{}_queue", source.name)),
            ("data.aws_sqs_queue", format!("{}_queue", source.name)),
            ("aws_sqs_queue", format!("{}_queue_dead_letters", source.name)),
        ],
        Stay::Delivery(source) => vec![(
            "aws_kinesis_firehose_delivery_stream",
            firehose::landing_label(&source.name),
        )],
        Stay::Project(source, _) => match &source.from {
            From::Project(foreign) => vec![("aws_glue_catalog_table", catalog::label(&foreign.id))],
            _ => vec![],
        },
        Stay::Inbox(source) => bucket(landing::inbox_label(&source.name)),
        Stay::Dataset(dataset, zone) => {
            let mut all = bucket(lake::zone_label(&zone.name));
            all.extend(purged_by(plan, dataset));
            all
        }
        Stay::Backup(zone, _) => vec![("aws_backup_plan", format!("{}_backup", zone.name))],
        Stay::Results(..) | Stay::Asked(_) => bucket("query_results".to_owned()),
        Stay::Held(serve, _) => {
            let shown = serve
                .expose
                .iter()
                .map(|id| format!("{}_{}", serve.name, catalog::label(id)));
            shown.map(|label| ("aws_quicksight_refresh_schedule", label)).collect()
        }
        Stay::Warehouse(serve) => vec![("aws_redshiftserverless_namespace", serve.name.clone())],
        Stay::TurnedAway(..) | Stay::NotSent(..) => bucket("quarantine".to_owned()),
        Stay::Sink(sink, _) => {
            let label = sinks::label(sink);
            let kinds = [
                "aws_dynamodb_table",
                "aws_kinesis_stream",
                "aws_sqs_queue",
                "aws_opensearchserverless_collection",
                "aws_redshiftserverless_namespace",
            ];
            let mut all = kinds.map(|kind| (kind, label.clone())).to_vec();
            if plan.purged_indexes().any(|(purged, _)| purged.name == sink.name) {
                all.push(("aws_scheduler_schedule", format!("{label}_purge")));
                all.extend(sinks::purger(plan).map(|function| ("aws_lambda_function", function)));
            }
            all
        }
    })
}

/// What takes rows out that a lifecycle may not.
fn purged_by(plan: &Plan, dataset: &Dataset) -> Vec<(&'static str, String)> {
    if dataset.format == Format::Iceberg {
        let label = catalog::label(&dataset.id);
        let kinds = ["retention", "orphan_file_deletion"];
        let mut all: Vec<_> = kinds
            .map(|kind| ("aws_glue_catalog_table_optimizer", format!("{label}_{kind}")))
            .to_vec();
        all.extend(jobs(plan, dataset));
        return all;
    }
    match plan.purged_by_age(dataset) {
        true => vec![],
        false => jobs(plan, dataset),
    }
}

fn jobs(plan: &Plan, dataset: &Dataset) -> Vec<(&'static str, String)> {
    match &dataset.writer {
        Writer::Transform(name) => plan.transform(name).map_or_else(Vec::new, |transform| {
            vec![
                ("aws_glue_job", transform.name.clone()),
                ("aws_emrserverless_application", transform.name.clone()),
                ("aws_s3_object", job::label(transform)),
            ]
            .into_iter()
            .chain(
                plan.brought_tables()
                    .filter(|(brought, _)| brought.id == dataset.id)
                    .flat_map(|_| {
                        let label = PURGE_TABLES.to_owned();
                        [("aws_glue_job", label.clone()), ("aws_glue_trigger", label)]
                    }),
            )
            .collect()
        }),
        _ => vec![],
    }
}

fn erased(plan: &Plan, subject: erasure::Subject<'_>, find: &Addresses) -> Claim {
    let found = erasure::erasure(plan, subject);
    let steps = found.steps.iter().map(|step| Gone {
        place: step.place.clone(),
        how: step.how.to_string(),
        days: finite(step.days),
    });
    let stays = found.steps.iter().filter_map(|step| step.stay);
    let mut rests_on: BTreeSet<_> = stays.flat_map(|stay| leaves_by(plan, stay, find)).collect();
    rests_on.extend(find.there(super::erasure::carried_out_by()));
    Claim {
        id: format!("erasure.{subject}"),
        says: format!(
            "whom `{subject}` names is gone {} after the erasure begins",
            days(found.days())
        ),
        about: About::Erasure {
            subject: subject.to_string(),
            days: finite(found.days()),
            steps: steps.collect(),
        },
        rests_on: rests_on.into_iter().collect(),
    }
}

fn fits(source: &Source, find: &Addresses) -> Option<Claim> {
    let volume = source.volume.as_ref().filter(|_| source.is_kinesis())?;
    let shards = source.kinesis().shards;
    let needed = capacity::needed_shards(volume);
    let has = capacity::there(source);
    Some(Claim {
        id: format!("capacity.{}", source.name),
        says: format!("`{}` needs {needed} shards, and {has}", source.name),
        about: About::Capacity {
            source: source.name.clone(),
            needed_shards: needed,
            shards,
        },
        rests_on: find.there([("aws_kinesis_stream", source.name.clone())]),
    })
}

fn within(plan: &Plan, bound: &limits::Bound, find: &Addresses) -> Claim {
    let alarms = bound.sources.iter().flat_map(|source| watching(plan, source));
    Claim {
        id: format!("bound.{}", bound.what.replace('`', "")),
        says: format!(
            "{} needs {} {} at most, of {}",
            bound.what, bound.needed, bound.unit, bound.allowed
        ),
        about: About::Bound {
            needed: bound.needed,
            allowed: bound.allowed,
            unit: bound.unit.to_owned(),
            derivation: bound.derivation.clone(),
        },
        rests_on: find.there(takes(plan, bound).into_iter().chain(alarms)),
    }
}

/// What takes what a bound is about.
fn takes(plan: &Plan, bound: &limits::Bound) -> Vec<(&'static str, String)> {
    let read_by =
        |source: &String| ["aws_lambda_function", "aws_lambda_event_source_mapping"].map(|kind| (kind, source.clone()));
    match &bound.by {
        By::Api(source) => vec![
            ("aws_api_gateway_rest_api", api::label(source)),
            ("aws_apigatewayv2_api", uploads::label(source)),
        ],
        By::Throttle(source) => vec![
            ("aws_api_gateway_method_settings", api::label(source)),
            ("aws_api_gateway_usage_plan", api::label(source)),
            ("aws_apigatewayv2_stage", uploads::label(source)),
        ],
        By::Rule(source) => vec![("aws_iot_topic_rule", iot::label(source))],
        By::Source(source) => {
            let own = vec![
                ("aws_kinesis_stream", source.clone()),
                ("data.aws_kinesis_stream", source.clone()),
                ("aws_sqs_queue", format!("{source}_queue")),
                ("data.aws_sqs_queue", format!("{source}_queue")),
                ("aws_kinesis_firehose_delivery_stream", firehose::landing_label(source)),
                ("aws_msk_topic", source.clone()),
                ("aws_lambda_invocation", format!("{source}_topic")),
            ];
            // Of a topic in a cluster elsewhere there is what reads it.
            own.into_iter().chain(read_by(source)).collect()
        }
        By::Functions => bound.sources.iter().flat_map(read_by).collect(),
        By::Program(transform) => {
            let own = ["aws_batch_compute_environment", "aws_batch_job_definition"];
            let own = own.map(|kind| (kind, program::label(transform)));
            own.into_iter().chain(bound.sources.iter().flat_map(read_by)).collect()
        }
        By::Sink(sink) => {
            let own = plan.sink(sink).into_iter().flat_map(|sink| {
                let label = sinks::label(sink);
                ["aws_dynamodb_table", "aws_sqs_queue", "aws_cloudwatch_event_bus"].map(|kind| (kind, label.clone()))
            });
            own.chain(bound.sources.iter().flat_map(read_by)).collect()
        }
    }
}

/// The alarms that a source brings more than it promised, or more than is taken.
fn watching(plan: &Plan, source: &str) -> Vec<(&'static str, String)> {
    let declared = plan.monitors.iter().flat_map(|monitor| {
        let kinds = monitor.alarms.iter().filter_map(|alarm| match alarm {
            Alarm::Volume { source: of, .. } if of == source => Some("volume"),
            Alarm::Utilization { of, .. } if of == source => Some("utilization"),
            _ => None,
        });
        kinds.map(|kind| format!("{}_{source}_{kind}", monitor.name))
    });
    let usual = [
        format!("{source}_full"),
        format!("{}_full", firehose::landing_label(source)),
        alarms::promise_label(source),
    ];
    let all = declared.chain(usual);
    all.map(|label| ("aws_cloudwatch_metric_alarm", label)).collect()
}

fn private<'s>(stack: &'s Stack, find: &'s Addresses) -> impl Iterator<Item = Claim> + 's {
    let labels = stack.resources("aws_s3_bucket").filter_map(|block| block.labels.get(1));
    labels.map(|label| Claim {
        id: format!("private.{label}"),
        says: format!("nobody outside reads the bucket `{label}`, and nobody without TLS"),
        about: About::Private,
        rests_on: find.there([
            ("aws_s3_bucket_public_access_block", label.clone()),
            ("aws_s3_bucket_ownership_controls", label.clone()),
            ("aws_s3_bucket_policy", label.clone()),
        ]),
    })
}

fn encrypted(stack: &Stack) -> Option<Claim> {
    let kept = stack
        .blocks()
        .filter(|block| block.kind == "resource" && has_key(block));
    let rests_on: Vec<_> = kept.map(Block::address).collect();
    let count = rests_on.len();
    (count > 0).then(|| Claim {
        id: "encryption".to_owned(),
        says: encrypted_words(count),
        about: About::Encryption,
        rests_on,
    })
}

/// The claim that so many resources are encrypted.
pub(super) fn encrypted_words(count: usize) -> String {
    format!("what {count} resources keep is encrypted with keys of the platform's")
}

fn has_key(block: &Block) -> bool {
    block.items.iter().any(|item| match item {
        Item::Attribute(name, _) => KEYS.contains(&name.as_str()),
        Item::Block(nested) => has_key(nested),
        Item::Comment(_) => false,
    })
}

/// The label of a role, by a reference to it.
fn role_of(reference: &Value) -> Option<&str> {
    match reference {
        Value::Reference(role) => role.strip_prefix("aws_iam_role.")?.split(['.', '[']).next(),
        _ => None,
    }
}

fn permissions(stack: &Stack) -> Vec<Claim> {
    let mut roles: BTreeMap<&str, (BTreeSet<String>, Vec<String>)> = BTreeMap::new();
    for block in stack.resources("aws_iam_role_policy") {
        let (Some(label), Some(role)) = (block.labels.get(1), block.get("role")) else {
            continue;
        };
        let entry = roles.entry(role_of(role).unwrap_or(label)).or_default();
        entry.0.extend(calls::actions(block));
        entry.1.push(block.address());
    }
    let mut kept: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for block in stack.resources("aws_iam_role_policy_attachment") {
        if let Some(role) = block.get("role").and_then(role_of) {
            kept.entry(role).or_default().push(block.address());
        }
    }
    let claim = |(role, (actions, mut rests_on)): (&str, (BTreeSet<String>, Vec<String>))| {
        rests_on.insert(0, format!("aws_iam_role.{role}"));
        // What a policy that AWS keeps allows, no build knows.
        let beside = match kept.get(role) {
            Some(policies) => {
                rests_on.extend(policies.iter().cloned());
                ", and what policies of AWS's own allow"
            }
            None => "",
        };
        Claim {
            id: format!("permissions.{role}"),
            says: format!("the role `{role}` may take {} actions{beside}", actions.len()),
            about: About::Permissions {
                role: role.to_owned(),
                actions: actions.into_iter().collect(),
            },
            rests_on,
        }
    };
    roles.into_iter().map(claim).collect()
}

fn residency(plan: &Plan, find: &Addresses) -> Option<Claim> {
    let allowed = plan.pipeline.regions.clone();
    let copied = plan
        .zones
        .iter()
        .filter_map(|zone| Some((zone, zone.replicate_to.as_ref()?)));
    let own = std::iter::once(plan.pipeline.region.clone());
    let regions: BTreeSet<String> = own.chain(copied.clone().map(|(_, region)| region.clone())).collect();
    let labels = copied.flat_map(|(zone, _)| {
        let label = lake::zone_label(&zone.name);
        [
            ("aws_s3_bucket_replication_configuration", label.clone()),
            ("aws_s3_bucket", format!("{label}_replica")),
        ]
    });
    let rests_on = find.there(labels.chain([("aws_kms_key", "platform".to_owned())]));
    (!allowed.is_empty()).then(|| Claim {
        id: "residency".to_owned(),
        says: format!(
            "data is in {} alone",
            regions.iter().cloned().collect::<Vec<_>>().join(" and ")
        ),
        about: About::Residency {
            allowed,
            regions: regions.into_iter().collect(),
        },
        rests_on,
    })
}

fn network(plan: &Plan, stack: &Stack, find: &Addresses) -> Vec<Claim> {
    if plan.pipeline.network.is_none() {
        return vec![];
    }
    let services = calls::of(stack, plan).services;
    let claim = |(service, statements): (String, Vec<super::policy::Statement>)| {
        let label = service.replace(['.', '-'], "_");
        let actions: BTreeSet<_> = statements
            .iter()
            .flat_map(|statement| statement.actions())
            .cloned()
            .collect();
        Claim {
            id: format!("network.{service}"),
            says: format!("`{service}` is reached without leaving the network"),
            about: About::Network {
                service,
                actions: actions.into_iter().collect(),
            },
            rests_on: find.there([
                ("aws_vpc_endpoint", label),
                ("aws_opensearchserverless_vpc_endpoint", "platform".to_owned()),
            ]),
        }
    };
    services.into_iter().map(claim).collect()
}

fn assumptions(plan: &Plan, claims: &[Claim], find: &Addresses) -> Vec<Assumption> {
    let alarm = |label: String| ("aws_cloudwatch_metric_alarm", label);
    let mut out: Vec<Assumption> = vec![];
    let bounds = limits::bounds(plan);
    let bounded = |source: &Source| {
        let of = bounds.iter().filter(|bound| bound.sources.contains(&source.name));
        of.map(|bound| format!("bound.{}", bound.what.replace('`', "")))
            .collect::<Vec<_>>()
    };
    for source in &plan.sources {
        let Some(volume) = &source.volume else { continue };
        out.push(Assumption {
            says: format!("`{}` brings {} at most", source.name, volume.words()),
            needed_by: std::iter::once(format!("capacity.{}", source.name))
                .chain(bounded(source))
                .collect(),
            alarms: find.there(watching(plan, &source.name)),
        });
    }
    let claimed = |id: &String| claims.iter().any(|claim| claim.id == *id);
    out.iter_mut()
        .for_each(|assumption| assumption.needed_by.retain(claimed));
    out.retain(|assumption| !assumption.needed_by.is_empty());
    let lifetimes: Vec<_> = claims
        .iter()
        .filter(|claim| matches!(claim.about, About::Lifetime { .. }))
        .map(|claim| claim.id.clone())
        .collect();
    if !lifetimes.is_empty() {
        out.push(Assumption {
            says: "S3 takes out what is past its age within two days".to_owned(),
            needed_by: lifetimes,
            alarms: find.there([alarm("overdue".to_owned())]),
        });
    }
    for claim in claims {
        let About::Freshness { dataset, .. } = &claim.about else {
            continue;
        };
        let rests = claim
            .rests_on
            .iter()
            .filter(|address| address.starts_with("aws_cloudwatch_metric_alarm."));
        out.push(Assumption {
            says: format!("rows of `{dataset}` keep coming, and a try that fails does so at once"),
            needed_by: vec![claim.id.clone()],
            alarms: rests.cloned().collect(),
        });
    }
    out
}
