//! Schedules: a state machine each, started by EventBridge Scheduler. Knows nothing of what the machine's states are.

use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, allow_everywhere, key_use, own, role, trust};
use super::{arrival, emr, glue_job, lake, monitoring, program, queue};
use crate::emit::hcl::{Block, Value, call, object, reference};
use crate::emit::states;
use crate::plan::{Engine, Plan, Schedule, Starts, Transform, names};
use crate::prove::quotas;
use crate::text_of;

/// The label of the queue of starts that could not be made.
pub const MISSED: &str = "missed_starts";

/// The group of all schedules, those of operations too.
const GROUP: &str = "aws_scheduler_schedule_group.platform";

/// The ARN of the platform's group of schedules: what the scheduler names itself by when it takes a role.
fn schedules_arn() -> Value {
    reference(format!("{GROUP}.arn"))
}

/// State machines, schedules, and what both need; jobs import these modules.
pub fn blocks(plan: &Plan, modules: &[&'static str]) -> Vec<Block> {
    let group = Block::resource("aws_scheduler_schedule_group", "platform").set("name", reference("local.prefix"));
    let mut out = vec![group];
    out.extend(queue::dead_letters_from(
        plan,
        MISSED,
        "Starts that the scheduler could not make, after all its retries.",
        arrival::missed(plan),
    ));
    for schedule in &plan.schedules {
        if let Starts::Arrival { of, .. } = &schedule.starts {
            out.extend(arrival::blocks(plan, schedule, of));
        }
        out.extend(machine(plan, schedule, modules));
        out.extend(start(plan, schedule));
    }
    out
}

fn machine(plan: &Plan, schedule: &Schedule, modules: &[&str]) -> Vec<Block> {
    let jobs: Vec<&Transform> = states::waves(plan, schedule).into_iter().flatten().collect();
    let mut variables = vec![(states::PARTITION.to_string(), reference("local.partition"))];
    if let Some(topic) = topic(plan, schedule) {
        variables.push((states::TOPIC.into(), topic));
    }
    if matches!(schedule.starts, Starts::Arrival { .. }) {
        variables.push((states::ARRIVALS.into(), arrival::url(schedule)));
    }
    for job in &jobs {
        match &job.engine {
            Engine::Emr(settings) => variables.extend(emr::variables(plan, job, settings, modules)),
            _ => variables.push((states::job_variable(&job.name), glue_job::name(&job.name))),
        }
    }
    for one in programs(&jobs) {
        variables.extend([
            (states::queue_variable(one), program::queue(one)),
            (states::program_variable(one), program::definition(one)),
            (states::exchange_variable(one), program::exchange(one)),
        ]);
    }
    let statements = permissions(plan, schedule, &jobs);
    machine_of(plan, (&schedule.name, schedule.doc.as_deref()), variables, statements)
}

/// A state machine, its role and its logs: what it is called and is for, what its file is filled in with, and what it may do
/// beside what every machine does.
pub fn machine_of(
    plan: &Plan,
    (label, doc): (&str, Option<&str>),
    variables: Vec<(String, Value)>,
    mut statements: Vec<Statement>,
) -> Vec<Block> {
    let group = format!("{label}_machine");
    let log_name = text_of!["/aws/vendedlogs/states/", named(plan, label, limit::EIGHTY)];
    let mut out = vec![lake::log_group(plan, &group, log_name)];
    let arn = own("states", text_of!["stateMachine:", named(plan, label, limit::EIGHTY)]);
    statements.extend(usual(arn.clone()));
    out.extend(role(
        &group,
        named(plan, &group, limit::SIXTY_FOUR),
        &format!("What the state machine {label} may do"),
        trust("states.amazonaws.com", Some(arn)),
        statements,
    ));
    let file = text_of![reference("path.module"), "/../", names::state_machine(label)];
    let block = Block::resource("aws_sfn_state_machine", label)
        .set("name", named(plan, label, limit::EIGHTY))
        .set("role_arn", reference(format!("aws_iam_role.{group}.arn")))
        .set("definition", call("templatefile", [file, object(variables)]))
        .set("depends_on", vec![reference(format!("aws_iam_role_policy.{group}"))])
        .block(
            Block::new("logging_configuration")
                .set("level", "ALL")
                .set("include_execution_data", true)
                .set("log_destination", lake::log_streams(&group)),
        )
        .block(Block::new("tracing_configuration").set("enabled", true))
        .block(
            Block::new("encryption_configuration")
                .set("type", "CUSTOMER_MANAGED_KMS_KEY")
                .set("kms_key_id", reference(KEY))
                .set("kms_data_key_reuse_period_seconds", 300u32),
        );
    out.push(match doc {
        Some(doc) => block.doc(doc),
        None => block,
    });
    out
}

/// Those of the transforms that let a container run.
fn programs<'j>(transforms: &[&'j Transform]) -> Vec<&'j str> {
    let contained = transforms.iter().filter(|transform| transform.program().is_some());
    contained.map(|transform| transform.name.as_str()).collect()
}

fn topic(plan: &Plan, schedule: &Schedule) -> Option<Value> {
    let monitor = schedule.on_failure.as_ref()?;
    let declared = plan.monitors.iter().find(|other| other.name == *monitor)?;
    Some(monitoring::topic(&declared.name))
}

fn permissions(plan: &Plan, schedule: &Schedule, jobs: &[&Transform]) -> Vec<Statement> {
    let mut out = vec![];
    let (on_emr, on_glue): (Vec<&Transform>, Vec<&Transform>) =
        jobs.iter().partition(|job| matches!(job.engine, Engine::Emr(_)));
    let names = |jobs: &[&'_ Transform]| -> Vec<String> { jobs.iter().map(|job| job.name.clone()).collect() };
    if !on_glue.is_empty() {
        out.push(glue_job::run(&names(&on_glue)));
    }
    if !on_emr.is_empty() {
        out.extend(emr::run(&names(&on_emr)));
    }
    let contained = programs(jobs);
    if !contained.is_empty() {
        out.extend(program::run(&contained));
    }
    if let Some(topic) = topic(plan, schedule) {
        out.push(allow("Notify", &["sns:Publish"], [topic]));
        out.push(key_use(
            "EncryptNotification",
            &["kms:Decrypt", "kms:GenerateDataKey"],
            "sns",
        ));
    }
    let machine = own(
        "states",
        text_of!["stateMachine:", named(plan, &schedule.name, limit::EIGHTY)],
    );
    if matches!(schedule.starts, Starts::Arrival { .. }) {
        out.extend(arrival::permissions(schedule, machine));
    }
    out
}

/// What every state machine does: it keeps its history under the key, and tells of itself.
fn usual(machine: Value) -> [Statement; 4] {
    let history = allow(
        "EncryptHistory",
        &["kms:Decrypt", "kms:GenerateDataKey"],
        [reference(KEY)],
    )
    .when(
        "StringEquals",
        "kms:EncryptionContext:aws:states:stateMachineArn",
        machine,
    );
    let logs = allow("EncryptLogs", &["kms:GenerateDataKey"], [reference(KEY)]).when(
        "StringEquals",
        "kms:EncryptionContext:SourceArn",
        own("logs", "*"),
    );
    let deliver = allow_everywhere(
        "DeliverLogs",
        &[
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ],
        "Log deliveries have no resources to limit these to.",
    );
    let trace = allow_everywhere(
        "Trace",
        &[
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        ],
        "X-Ray has no resources to limit these to.",
    );
    [history, logs, deliver, trace]
}

fn start(plan: &Plan, schedule: &Schedule) -> Vec<Block> {
    let label = &schedule.name;
    let group = format!("{label}_start");
    let machine = reference(format!("aws_sfn_state_machine.{label}.arn"));
    let start = allow("Start", &["states:StartExecution"], [machine.clone()]);
    let mut out = scheduled(plan, &group, &format!("What the schedule {label} may do"), start).to_vec();
    // Scheduler replaces the attribute in the text as it stands: `jsonencode` would write `<` as `\u003c`.
    let input = format!("{{\"{}\":\"<aws.scheduler.scheduled-time>\"}}", names::ARG_RUN_AT);
    let target = Target {
        arn: machine,
        role: group,
        input: Some(input),
        retries: 3,
        patience_seconds: PATIENCE_SECONDS,
    };
    let (expression, zone, target) = match &schedule.starts {
        // What is made up for is worth a start as late as the scheduler can.
        Starts::Clock { expression, zone } if schedule.catch_up_days.is_some() => {
            let target = Target {
                retries: quotas::whole("scheduler.most_retries"),
                patience_seconds: quotas::whole("scheduler.longest_patience"),
                ..target
            };
            (expression.clone(), zone.as_str(), target)
        }
        Starts::Clock { expression, zone } => (expression.clone(), zone.as_str(), target),
        Starts::Arrival { every_minutes: 1, .. } => ("rate(1 minute)".to_owned(), "UTC", target),
        Starts::Arrival { every_minutes, .. } => (format!("rate({every_minutes} minutes)"), "UTC", target),
    };
    out.push(entry(plan, label, &expression, zone, target));
    out
}

/// How long a start is tried again, seconds, unless it is to be made up for.
pub const PATIENCE_SECONDS: u32 = 3600;

/// What an entry of the scheduler starts.
pub struct Target {
    /// Its ARN.
    pub arn: Value,
    /// The label of the role that may start it.
    pub role: String,
    /// What it is given.
    pub input: Option<String>,
    /// How often a start is tried again.
    pub retries: u32,
    /// How long it is tried again, seconds.
    pub patience_seconds: u32,
}

/// The scheduler keeps targets' inputs under the platform's key, and reads them in the role's name.
fn decrypt_input() -> Statement {
    key_use("DecryptSchedule", &["kms:Decrypt"], "scheduler")
}

/// The role by which entries of the scheduler start functions, by their labels.
pub fn starter(plan: &Plan, label: &str, purpose: &str, functions: &[String]) -> [Block; 2] {
    let arns = functions.iter().map(|label| function_arn(label));
    scheduled(plan, label, purpose, allow("Invoke", &["lambda:InvokeFunction"], arns))
}

fn function_arn(label: &str) -> Value {
    reference(format!("aws_lambda_function.{label}.arn"))
}

/// A role of the scheduler's, and what it starts.
fn scheduled(plan: &Plan, label: &str, purpose: &str, start: Statement) -> [Block; 2] {
    let mut statements = vec![start];
    statements.extend(queue::send(MISSED));
    statements.push(decrypt_input());
    role(
        label,
        named(plan, label, limit::SIXTY_FOUR),
        purpose,
        trust("scheduler.amazonaws.com", Some(schedules_arn())),
        statements,
    )
}

impl Target {
    /// A function that does the same whenever it is started again.
    pub fn function(label: &str, role: &str, input: Option<String>) -> Target {
        Target {
            arn: function_arn(label),
            role: role.to_owned(),
            input,
            retries: 2,
            patience_seconds: PATIENCE_SECONDS,
        }
    }
}

/// An entry of the scheduler.
pub fn entry(plan: &Plan, label: &str, expression: &str, zone: &str, target: Target) -> Block {
    let block = Block::new("target")
        .set("arn", target.arn)
        .set("role_arn", reference(format!("aws_iam_role.{}.arn", target.role)));
    let block = match target.input {
        Some(input) => block.set("input", input),
        None => block,
    };
    let block = block
        .block(Block::new("dead_letter_config").set("arn", reference(format!("aws_sqs_queue.{MISSED}.arn"))))
        .block(
            Block::new("retry_policy")
                .set("maximum_event_age_in_seconds", target.patience_seconds)
                .set("maximum_retry_attempts", target.retries),
        );
    Block::resource("aws_scheduler_schedule", label)
        .set("name", named(plan, label, limit::SIXTY_FOUR))
        .set("group_name", reference(format!("{GROUP}.name")))
        .set("schedule_expression", expression)
        .set("schedule_expression_timezone", zone)
        .set("kms_key_arn", reference(KEY))
        .set(
            "depends_on",
            vec![reference(format!("aws_iam_role_policy.{}", target.role))],
        )
        .block(Block::new("flexible_time_window").set("mode", "OFF"))
        .block(block)
}
