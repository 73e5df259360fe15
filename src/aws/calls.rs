//! What functions and jobs call from where they run: read from the policies of their roles, which have exactly the actions
//! that each needs. Knows nothing of networks.

use std::collections::BTreeMap;

use super::policy::{Statement, allow};
use super::stack::Stack;
use super::{channels, dashboards, dms, kafka, redshift, sinks};
use crate::emit::hcl::{Block, Item, Part, Value, reference};
use crate::plan::Plan;
use crate::text_of;

/// Who calls, and whom.
#[derive(Debug, Default)]
pub struct Calls {
    /// Labels of functions.
    pub functions: Vec<String>,
    /// Labels of jobs of Glue.
    pub jobs: Vec<String>,
    /// Labels of applications of EMR Serverless, a job each.
    pub applications: Vec<String>,
    /// Whether containers run.
    pub programs: bool,
    /// What is called of each service, by the name of its endpoint: `kinesis-firehose`, `s3`.
    pub services: BTreeMap<String, Vec<Statement>>,
}

/// Whether a service has an endpoint in route tables, which costs nothing.
pub fn is_gateway(service: &str) -> bool {
    matches!(service, "s3" | "dynamodb")
}

/// What Lambda itself does in the name of a function's role, from its own network: it fetches batches, puts away what was
/// given up, writes logs and traces, and makes interfaces.
const OF_LAMBDA: [&str; 14] = [
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
    "kinesis:ListStreams",
    "kinesis:SubscribeToShard",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// What Redshift's Data API does in the name of who asks it, which signs in; and what is done in clusters of Kafka, which are
/// called themselves. Neither has an endpoint.
const WITHOUT: [&str; 2] = ["kafka-cluster", "redshift-serverless"];

/// Endpoints that are not called as the service's actions are.
const ENDPOINTS: [(&str, &str); 8] = [
    ("cloudwatch", "monitoring"),
    ("ecr", "ecr.api"),
    ("elasticmapreduce", "elasticmapreduce"),
    ("emr-serverless", "emr-serverless"),
    ("events", "events"),
    ("firehose", "kinesis-firehose"),
    ("kinesis", "kinesis-streams"),
    ("redshift-data", "redshift-data"),
];

/// All calls of a stack's functions and jobs, and of the warehouses of its plan.
pub fn of(stack: &Stack, plan: &Plan) -> Calls {
    let mut out = Calls::default();
    let mut found = Found::new();
    let outside = [dashboards::outside().to_vec(), channels::outside(plan)].concat();
    for (kind, labels) in [
        ("aws_lambda_function", &mut out.functions),
        ("aws_glue_job", &mut out.jobs),
    ] {
        let is_function = kind == "aws_lambda_function";
        for block in stack.resources(kind) {
            let Some(label) = block.labels.get(1).filter(|label| !outside.contains(label)) else {
                continue;
            };
            labels.push(label.clone());
            let Some((_, role)) = stack.role_of(kind, label) else {
                continue;
            };
            for statement in statements(stack, &role) {
                let letters = given_up(stack);
                let logins = kafka::secret_arns(plan);
                for action in statement.actions {
                    let Some((service, verb)) = action.split_once(':') else {
                        continue;
                    };
                    let by_lambda = OF_LAMBDA.contains(&action.as_str())
                        || ["kafka", "kms"].contains(&service)
                        || statement.resources.iter().all(|secret| logins.contains(secret))
                        || (verb == "SendMessage" && statement.resources.iter().all(|queue| letters.contains(queue)));
                    // Glue and Lambda put functions and jobs into the network from where they are themselves.
                    let to_enter = service == "ec2" || action == "glue:GetConnection";
                    if to_enter || (is_function && by_lambda) || WITHOUT.contains(&service) {
                        continue;
                    }
                    called(&mut found, endpoint(service), action.clone(), &statement.resources);
                }
            }
        }
    }
    for block in stack.resources("aws_emrserverless_application") {
        let Some(label) = block.labels.get(1) else { continue };
        out.applications.push(label.clone());
        for statement in statements(stack, &format!("{label}_job")) {
            for action in statement.actions {
                let service = action.split(':').next().unwrap_or_default();
                if !WITHOUT.contains(&service) {
                    called(&mut found, endpoint(service), action.clone(), &statement.resources);
                }
            }
        }
    }
    let others = [
        redshift::calls(plan),
        sinks::calls(plan),
        dms::calls(plan),
        kafka::calls(plan),
    ];
    for (service, actions, resources) in others.into_iter().flatten() {
        for action in actions {
            called(&mut found, service, action.to_owned(), &resources);
        }
    }
    for block in stack.resources("aws_batch_job_definition") {
        out.programs = true;
        let Some(label) = block.labels.get(1) else { continue };
        for role in [label.clone(), format!("{label}_start")] {
            for statement in statements(stack, &role) {
                for action in statement.actions {
                    let service = action.split(':').next().unwrap_or_default();
                    // Images come by an endpoint of their own, under the same rights.
                    let by = match service {
                        "kms" => continue,
                        "ecr" => vec!["ecr.api", "ecr.dkr"],
                        other => vec![endpoint(other)],
                    };
                    for endpoint in by {
                        called(&mut found, endpoint, action.clone(), &statement.resources);
                    }
                }
            }
        }
    }
    for ((service, everywhere), called) in found {
        let sid = if everywhere { "RolesEverywhere" } else { "Roles" };
        out.services.entry(service).or_default().push(allowed(sid, called));
    }
    out
}

/// Every action that a policy of a role allows, whatever the resources and conditions.
pub fn actions(policy: &Block) -> Vec<String> {
    let of = |statement: &Value| listed(statement, "Action").iter().filter_map(text).collect::<Vec<_>>();
    all_statements(policy).iter().flat_map(of).collect()
}

/// Actions and resources, by the endpoint and whether the actions know no resource: those must not let the others go further.
type Found = BTreeMap<(String, bool), (Vec<String>, Vec<Value>)>;

fn called(found: &mut Found, endpoint: &str, action: String, resources: &[Value]) {
    let everywhere = resources.iter().any(|resource| text(resource).as_deref() == Some("*"));
    let entry = found.entry((endpoint.to_owned(), everywhere)).or_default();
    add(&mut entry.0, action);
    for resource in resources {
        add(&mut entry.1, whole_bucket(resource));
    }
}

fn add<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

fn endpoint(service: &str) -> &str {
    ENDPOINTS
        .iter()
        .find(|(name, _)| *name == service)
        .map_or(service, |(_, endpoint)| endpoint)
}

/// Roles of this account may do through an endpoint what they may do at all.
fn allowed(sid: &str, (mut actions, resources): (Vec<String>, Vec<Value>)) -> Statement {
    actions.sort();
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    allow(sid, &actions, resources)
        .everyone()
        .when("StringEquals", "aws:PrincipalAccount", reference("local.account"))
}

/// Objects by their bucket: which of them, the roles say.
fn whole_bucket(resource: &Value) -> Value {
    let Value::Text(parts) = resource else {
        return resource.clone();
    };
    match parts.first() {
        Some(Part::Expression(Value::Reference(bucket))) if bucket.starts_with("aws_s3_bucket.") => {
            text_of![reference(bucket.clone()), "/*"]
        }
        _ => resource.clone(),
    }
}

/// Where Lambda puts what functions gave up.
fn given_up(stack: &Stack) -> Vec<Value> {
    let functions = stack
        .resources("aws_lambda_function")
        .flat_map(|block| block.children("dead_letter_config"));
    let letters = functions.filter_map(|block| block.get("target_arn"));
    let mappings = stack.resources("aws_lambda_event_source_mapping");
    let mappings = mappings.flat_map(|block| block.children("destination_config"));
    let failures = mappings
        .flat_map(|block| block.children("on_failure"))
        .filter_map(|block| block.get("destination_arn"));
    letters.chain(failures).cloned().collect()
}

/// What a statement lets do.
struct Allowed {
    actions: Vec<String>,
    resources: Vec<Value>,
}

/// What a role's policies let it do itself; a key that is used through another service is that service's to call.
fn statements(stack: &Stack, role: &str) -> Vec<Allowed> {
    let of_role = reference(format!("aws_iam_role.{role}.id"));
    let policies = stack
        .resources("aws_iam_role_policy")
        .filter(|block| block.get("role") == Some(&of_role));
    policies.flat_map(of_policy).collect()
}

fn of_policy(policy: &Block) -> Vec<Allowed> {
    let statements = all_statements(policy);
    let through = |statement: &Value| {
        let conditions = entry(statement, "Condition").and_then(|all| entry(all, "StringEquals"));
        conditions.is_some_and(|equal| entry(equal, "kms:ViaService").is_some())
    };
    let direct = statements.iter().filter(|statement| !through(statement));
    direct
        .map(|statement| Allowed {
            actions: listed(statement, "Action").iter().filter_map(text).collect(),
            resources: listed(statement, "Resource"),
        })
        .collect()
}

/// The statements of a policy.
fn all_statements(policy: &Block) -> Vec<Value> {
    let entries = policy.items.iter().find_map(|item| match item {
        Item::Attribute(name, Value::Call(_, arguments)) if name == "policy" => arguments.first(),
        _ => None,
    });
    match entries.and_then(|document| entry(document, "Statement")) {
        Some(Value::List(statements)) => statements.clone(),
        _ => vec![],
    }
}

fn entry<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, value)| value),
        Value::Commented(_, inner) => entry(inner, name),
        _ => None,
    }
}

fn listed(statement: &Value, name: &str) -> Vec<Value> {
    match entry(statement, name) {
        Some(Value::List(values)) => values.clone(),
        Some(one) => vec![one.clone()],
        None => vec![],
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(parts) => match parts.as_slice() {
            [Part::Literal(text)] => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}
