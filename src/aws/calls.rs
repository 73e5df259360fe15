//! What functions and jobs call from where they run: read from the policies of their roles, which have exactly the actions
//! that each needs. Knows nothing of networks.

use std::collections::{BTreeMap, BTreeSet};

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

/// The types of resources that tell what is called.
pub const READS: [&str; 6] = [
    "aws_batch_job_definition",
    "aws_emrserverless_application",
    "aws_glue_job",
    "aws_iam_role_policy",
    "aws_lambda_event_source_mapping",
    "aws_lambda_function",
];

/// All calls of a stack's functions and jobs, and of the warehouses of its plan.
pub fn of(stack: &Stack, plan: &Plan) -> Calls {
    let mut out = Calls::default();
    let mut found = Found::default();
    let policies = Policies::of(stack);
    let outside = [dashboards::outside().to_vec(), channels::outside(plan)].concat();
    let by_lambda = ByLambda::of(stack, plan);
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
            for statement in policies.statements(&role) {
                for action in &statement.actions {
                    let Some((service, _)) = action.split_once(':') else {
                        continue;
                    };
                    // Glue and Lambda put functions and jobs into the network from where they are themselves.
                    let to_enter = service == "ec2" || action == "glue:GetConnection";
                    let by_others = to_enter || (is_function && by_lambda.does(action, &statement));
                    if !by_others && !WITHOUT.contains(&service) {
                        found.call(endpoint(service), action, &statement.resources);
                    }
                }
            }
        }
    }
    for block in stack.resources("aws_emrserverless_application") {
        let Some(label) = block.labels.get(1) else { continue };
        out.applications.push(label.clone());
        for statement in policies.statements(&format!("{label}_job")) {
            for action in &statement.actions {
                let service = action.split(':').next().unwrap_or_default();
                if !WITHOUT.contains(&service) {
                    found.call(endpoint(service), action, &statement.resources);
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
            found.call(service, action, &resources);
        }
    }
    for block in stack.resources("aws_batch_job_definition") {
        out.programs = true;
        let Some(label) = block.labels.get(1) else { continue };
        for role in [label.clone(), format!("{label}_start")] {
            for statement in policies.statements(&role) {
                found.call_of_container(&statement);
            }
        }
    }
    for ((service, everywhere), called) in found.0 {
        let sid = if everywhere { "RolesEverywhere" } else { "Roles" };
        out.services.entry(service).or_default().push(allowed(sid, called));
    }
    out
}

/// What Lambda does for functions, so that they do not call it themselves.
struct ByLambda {
    /// Secrets with which it signs in to brokers.
    logins: Vec<Value>,
    /// Queues into which it puts what functions gave up.
    letters: Vec<Value>,
}

impl ByLambda {
    fn of(stack: &Stack, plan: &Plan) -> ByLambda {
        ByLambda {
            logins: kafka::secret_arns(plan),
            letters: given_up(stack),
        }
    }

    fn does(&self, action: &str, statement: &Allowed) -> bool {
        let all_in = |those: &[Value]| statement.resources.iter().all(|resource| those.contains(resource));
        OF_LAMBDA.contains(&action)
            || matches!(action.split(':').next(), Some("kafka" | "kms"))
            || all_in(&self.logins)
            || (action.ends_with(":SendMessage") && all_in(&self.letters))
    }
}

/// Every action that a policy of a role allows, whatever the resources and conditions.
pub fn actions(policy: &Block) -> Vec<String> {
    let of = |statement: &Value| listed(statement, "Action").iter().filter_map(text).collect::<Vec<_>>();
    all_statements(policy).iter().flat_map(of).collect()
}

/// Actions and resources, by the endpoint and whether the actions know no resource: those must not let the others go further.
#[derive(Default)]
struct Found(BTreeMap<(String, bool), (BTreeSet<String>, Distinct)>);

impl Found {
    fn call(&mut self, endpoint: &str, action: &str, resources: &[Value]) {
        let everywhere = resources.iter().any(|resource| text(resource).as_deref() == Some("*"));
        let (actions, all) = self.0.entry((endpoint.to_owned(), everywhere)).or_default();
        actions.insert(action.to_owned());
        resources.iter().for_each(|resource| all.add(whole_bucket(resource)));
    }

    /// Images come by an endpoint of their own, under the same rights; keys are used by what they protect.
    fn call_of_container(&mut self, statement: &Allowed) {
        for action in &statement.actions {
            let by = match action.split(':').next().unwrap_or_default() {
                "kms" => continue,
                "ecr" => vec!["ecr.api", "ecr.dkr"],
                other => vec![endpoint(other)],
            };
            by.into_iter()
                .for_each(|endpoint| self.call(endpoint, action, &statement.resources));
        }
    }
}

/// Values in the order in which they came first.
#[derive(Default)]
struct Distinct {
    values: Vec<Value>,
    known: BTreeSet<Value>,
}

impl Distinct {
    fn add(&mut self, value: Value) {
        if self.known.insert(value.clone()) {
            self.values.push(value);
        }
    }
}

fn endpoint(service: &str) -> &str {
    ENDPOINTS
        .iter()
        .find(|(name, _)| *name == service)
        .map_or(service, |(_, endpoint)| endpoint)
}

/// Roles of this account may do through an endpoint what they may do at all.
fn allowed(sid: &str, (actions, resources): (BTreeSet<String>, Distinct)) -> Statement {
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    allow(sid, &actions, resources.values).everyone().when(
        "StringEquals",
        "aws:PrincipalAccount",
        reference("local.account"),
    )
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

/// The policies of a stack, by the role that each is of.
struct Policies<'s>(BTreeMap<&'s Value, Vec<&'s Block>>);

impl<'s> Policies<'s> {
    fn of(stack: &'s Stack) -> Policies<'s> {
        let mut by_role: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for block in stack.resources("aws_iam_role_policy") {
            if let Some(role) = block.get("role") {
                by_role.entry(role).or_default().push(block);
            }
        }
        Policies(by_role)
    }

    /// What a role's policies let it do itself; a key that is used through another service is that service's to call.
    fn statements(&self, role: &str) -> Vec<Allowed> {
        let policies = self.0.get(&reference(format!("aws_iam_role.{role}.id")));
        policies
            .into_iter()
            .flatten()
            .flat_map(|block| of_policy(block))
            .collect()
    }
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
