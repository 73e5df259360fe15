//! What every Terraform module has: versions, provider, variables, locals, data sources, outputs, examples of input.

use super::naming::{self, FREE_ENVIRONMENT};
use super::stack::Stack;
use super::{api, audit, catalog, erasure, lake, landing, policy, readers, secrets, uploads};
use crate::emit::hcl::{Block, Value, call, list, object, print, print_items, reference};
use crate::plan::expr::Literal;
use crate::plan::types::TypeKind;
use crate::plan::{Param, Plan, Text, To, names};
use crate::{object_of, text_of};

/// The environment of a build that was made for none.
const NO_ENVIRONMENT: &str = "base";

/// The files of the module itself.
pub fn add(out: &mut Stack, plan: &Plan) {
    out.file("versions", "What this was made for.", [versions(plan)]);
    out.file(
        "providers",
        "Every resource carries these tags; the budget goes by `platform`.",
        [provider(plan)],
    );
    out.file("variables", "What is decided at deployment.", variables(plan));
    out.file("locals", "Names that everything shares.", [locals(plan)]);
    out.file("data", "What is asked of the account.", data(plan));
    out.file(
        "account",
        "What is relied on of the account.",
        super::account::relied(plan),
    );
    out.file("outputs", "What others need to know.", outputs(plan));
}

pub fn versions(plan: &Plan) -> Block {
    // Limits of collections, and tables of Iceberg with their own schema, came later than the rest.
    let searched = plan.sinks.iter().any(|sink| matches!(sink.to, To::Index { .. }));
    let of_tables = super::iceberg::tables(plan).next().map(|_| "~> 6.37");
    let of_search = searched.then_some("~> 6.69");
    let asked = [of_tables, of_search, super::kafka::provider(plan)];
    let version = asked.into_iter().flatten().max().unwrap_or("~> 6.25");
    let aws = object_of! { "source" => "hashicorp/aws", "version" => version };
    Block::new("terraform")
        .set("required_version", ">= 1.6")
        .block(Block::new("required_providers").set("aws", aws))
}

fn provider(plan: &Plan) -> Block {
    let tags = object_of! {
        "environment" => reference("var.environment"),
        "managed_by" => "terraform",
        "owner" => tag(&plan.pipeline.owner),
        "platform" => reference("local.prefix"),
        "project" => tag(&plan.pipeline.name),
    };
    provider_with(plan, tags)
}

/// The provider, which refuses another account than the one that is meant, where one is.
pub fn provider_with(plan: &Plan, tags: Value) -> Block {
    let id = plan.account.as_ref().and_then(|account| account.id.as_deref());
    Block::new("provider")
        .label("aws")
        .set("region", reference("var.region"))
        .when(id.is_some(), |block| block.set("allowed_account_ids", list(id)))
        .block(Block::new("default_tags").set("tags", tags))
}

/// Tags take letters, digits, spaces and `+ - = . _ : / @`, 256 at most.
pub fn tag(text: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || "+-=._:/@ ".contains(c);
    text.chars().map(|c| if fits(c) { c } else { ' ' }).take(256).collect()
}

pub fn variable(name: &str, description: &str, kind: &str) -> Block {
    Block::new("variable")
        .label(name)
        .set("description", description)
        .set("type", reference(kind))
        .set("nullable", false)
}

fn validation(condition: &str, message: &str) -> Block {
    Block::new("validation")
        .set("condition", reference(condition))
        .set("error_message", message)
}

/// Who deploys may name another region, but none that data may not be in.
fn residency(plan: &Plan) -> Option<Block> {
    let names: Vec<String> = plan.pipeline.regions.iter().map(|name| format!("\"{name}\"")).collect();
    (!names.is_empty()).then(|| {
        validation(
            &format!("contains([{}], var.region)", names.join(", ")),
            "Data may not be in this region.",
        )
    })
}

/// Where everything is.
pub fn region_variable(plan: &Plan) -> Block {
    variable("region", "AWS region that holds everything.", "string")
        .set("default", plan.pipeline.region.as_str())
        .block(validation(
            "can(regex(\"^[a-z]{2,4}(-[a-z]+)+-[0-9]$\", var.region)) && length(var.region) <= 14",
            "The region must be an AWS region such as eu-west-1.",
        ))
        .blocks(residency(plan))
}

fn variables(plan: &Plan) -> Vec<Block> {
    let mut out = vec![region_variable(plan), environment(plan)];
    if plan.account.is_none() {
        out.extend([manages_lake_formation(), more_admins()]);
    }
    out.extend(api::variables(plan));
    out.extend(super::sinks::variables(plan));
    out.extend(readers::variables(plan));
    out.extend(super::quicksight::variables(plan));
    out.extend(super::dms::variables(plan));
    out.extend(super::cost::variable(plan));
    out.extend(super::kafka::variables(plan));
    out.extend(audit::variables(plan));
    out.extend(super::exports::variables(plan));
    out.extend(super::imports::variables(plan));
    out.extend(plan.params.iter().map(|param| param_variable(plan, param)));
    out
}

fn manages_lake_formation() -> Block {
    variable(
        "manage_lake_formation_settings",
        "Whether this stack writes the data lake settings, which exist once in an account and region: the defaults are emptied, and who deploys becomes an administrator beside those that there are. Set it to false where another stack manages them.",
        "bool",
    )
    .set("default", true)
}

/// Who administers Lake Formation beside who deploys.
pub fn more_admins() -> Block {
    variable(
        "lake_formation_admins",
        "ARNs of more Lake Formation administrators. They are added; nobody is taken from the list that there is.",
        "list(string)",
    )
    .set("default", Value::List(vec![]))
    .block(validation(
        "alltrue([for arn in var.lake_formation_admins : startswith(arn, \"arn:\")])",
        "Each administrator must be an ARN.",
    ))
}

fn environment(plan: &Plan) -> Block {
    let variable = variable("environment", "Environment, part of every name.", "string");
    match &plan.environment {
        Some(name) => variable.set("default", name).block(validation(
            &format!("var.environment == \"{name}\""),
            &format!("This was built with the settings of {name}: build with --env for another environment."),
        )),
        None => {
            let declared: Vec<String> = plan.environments.iter().map(|name| format!("\"{name}\"")).collect();
            let last = FREE_ENVIRONMENT - 1;
            let variable = variable.set("default", NO_ENVIRONMENT).block(validation(
                &format!("can(regex(\"^[a-z][a-z0-9]{{0,{last}}}$\", var.environment))"),
                &format!("The environment must be a letter and up to {last} lower-case letters or digits."),
            ));
            variable.when(!declared.is_empty(), |variable| {
                variable.block(validation(
                    &format!("!contains([{}], var.environment)", declared.join(", ")),
                    "This was built without the settings of that environment: build with --env.",
                ))
            })
        }
    }
}

fn param_variable(plan: &Plan, param: &Param) -> Block {
    let described = param
        .doc
        .clone()
        .unwrap_or_else(|| format!("Parameter {}.", param.name));
    let name = naming::variable(&param.name);
    let block = variable(&name, &described, param.terraform_type());
    let block = match &param.default {
        Some(value) => block.set("default", literal(value)),
        None => block,
    };
    let block = block.blocks(fits(param, &name));
    let mails = plan.monitors.iter().flat_map(|monitor| &monitor.emails);
    let is_mail = mails.into_iter().any(|text| *text == Text::Param(param.name.clone()));
    block.when(is_mail, |block| {
        block.block(validation(
            &format!("can(regex(\"^[^@ ]+@[^@ ]+$\", var.{name}))"),
            "This must be a mail address.",
        ))
    })
}

/// What must hold of a number, whose type Terraform does not know any better.
fn fits(param: &Param, name: &str) -> Option<Block> {
    let matches = |pattern: &str| format!("can(regex(\"^-?{pattern}$\", tostring(var.{name})))");
    let (condition, what) = match &param.ty.kind {
        TypeKind::Int => {
            let within = format!("var.{name} >= {} && var.{name} <= {}", i64::MIN, i64::MAX);
            (
                format!("{} && {within}", matches("[0-9]+")),
                "a whole number of 64 bits".to_owned(),
            )
        }
        TypeKind::Decimal { precision, scale } => {
            let whole = match precision - scale {
                0 => "0".to_owned(),
                digits => format!("[0-9]{{1,{digits}}}"),
            };
            let fraction = match scale {
                0 => String::new(),
                scale => format!("([.][0-9]{{1,{scale}}})?"),
            };
            let what = format!("a number of {precision} digits, {scale} of them behind the point");
            (matches(&format!("{whole}{fraction}")), what)
        }
        _ => return None,
    };
    Some(validation(&condition, &format!("This must be {what}.")))
}

/// A param's value for what reads it when it starts: JSON, which tells a number from a text.
pub fn param_value(param: &Param) -> Value {
    call(
        "jsonencode",
        [reference(format!("var.{}", naming::variable(&param.name)))],
    )
}

fn literal(value: &Literal) -> Value {
    match value {
        Literal::Null => Value::Null,
        Literal::Bool(value) => (*value).into(),
        Literal::Int(value) => Value::Number(value.to_string()),
        Literal::Float(value) => Value::Number(value.to_string()),
        Literal::Decimal { unscaled, scale } => Value::Number(decimal(*unscaled, *scale)),
        Literal::Text(text) | Literal::Uuid(text) => text.into(),
        Literal::Date(days) => Value::Number(days.to_string()),
        Literal::Timestamp(micros) => Value::Number(micros.to_string()),
        _ => crate::plan::refused(),
    }
}

/// A decimal as a number.
pub fn decimal(unscaled: i128, scale: u8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    match scale {
        0 => format!("{sign}{digits}"),
        _ => {
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            format!("{sign}{whole}.{fraction}")
        }
    }
}

fn locals(plan: &Plan) -> Block {
    let block = Block::new("locals")
        .set("account", reference("data.aws_caller_identity.current.account_id"))
        .set("partition", reference("data.aws_partition.current.partition"))
        .set(
            "prefix",
            text_of![naming::pipeline(plan), "-", reference("var.environment")],
        )
        .set("database_prefix", reference("replace(local.prefix, \"-\", \"_\")"));
    let readers = plan.accesses.iter().flat_map(readers::locals);
    let readers = readers.chain(super::exports::locals(plan));
    let readers = readers.chain(super::imports::locals(plan));
    readers.fold(block, |block, (name, principals)| block.set(&name, principals))
}

fn data(plan: &Plan) -> Vec<Block> {
    let mut out = vec![
        Block::data("aws_caller_identity", "current"),
        Block::data("aws_partition", "current"),
        deployer(),
    ];
    out.extend(readers::instance(plan));
    out
}

/// Who deploys.
pub fn deployer() -> Block {
    Block::data("aws_iam_session_context", "deployer")
        .doc("The role behind the session that deploys: it administers Lake Formation.")
        .set("arn", reference("data.aws_caller_identity.current.arn"))
}

pub fn output(name: &str, description: &str, value: Value) -> Block {
    Block::new("output")
        .label(name)
        .set("description", description)
        .set("value", value)
}

fn outputs(plan: &Plan) -> Vec<Block> {
    let buckets = lake::buckets(plan).into_iter().map(|bucket| {
        let name = reference(format!("aws_s3_bucket.{}.bucket", bucket.label));
        (bucket.label, name)
    });
    let tables = plan.datasets.values().filter(|dataset| plan.is_table(dataset));
    let tables = tables.map(|dataset| {
        let id = &dataset.id;
        let name = text_of![catalog::database(id), ".", catalog::table(id)];
        (id.to_string(), name)
    });
    let streams = plan.sources.iter().filter(|source| source.is_kinesis()).map(|source| {
        let name = reference(format!("{}.name", super::kinesis::address(source)));
        (source.name.clone(), name)
    });
    let workgroups = plan
        .athena()
        .flat_map(|(serve, athena)| super::athena::of(plan, serve, athena));
    let workgroups = workgroups.map(|group| {
        let name = reference(format!("aws_athena_workgroup.{}.name", group.label));
        (group.name(), name)
    });
    let machines = plan.schedules.iter().map(|schedule| {
        let arn = reference(format!("aws_sfn_state_machine.{}.arn", schedule.name));
        (schedule.name.clone(), arn)
    });
    let eraser = erasure::asked(plan).then(|| {
        let arn = reference(format!("aws_sfn_state_machine.{}.arn", names::ERASE));
        (names::ERASE.to_owned(), arn)
    });
    let policies = plan.accesses.iter().map(|access| {
        let arn = reference(format!("aws_iam_policy.{}_reader.arn", access.name));
        (access.name.clone(), arn)
    });
    let mut out = vec![
        output("buckets", "Names of the buckets.", object(buckets)),
        output("tables", "Names of the tables, for queries.", object(tables)),
        output(
            "streams",
            "Names of the streams that producers write to.",
            object(streams),
        ),
        output("workgroups", "Names of the Athena workgroups.", object(workgroups)),
        output(
            "state_machines",
            "ARNs of state machines, to start them by hand.",
            object(machines.chain(eraser)),
        ),
        output(
            "reader_policies",
            "ARNs of what readers need beside their grants.",
            object(policies),
        ),
        output(
            "key_arn",
            "ARN of the key; producers need kms:GenerateDataKey on it.",
            reference(policy::KEY),
        ),
        output(
            "dashboard",
            "Name of the dashboard.",
            reference("aws_cloudwatch_dashboard.platform.dashboard_name"),
        ),
    ];
    out.extend(api::outputs(plan));
    out.extend(uploads::outputs(plan));
    out.extend(landing::outputs(plan));
    out.extend(super::kafka::outputs(plan));
    out.extend(super::sqs::outputs(plan));
    out.extend(super::program::outputs(plan));
    out.extend(super::redshift::outputs(plan));
    out.extend(super::quicksight::outputs(plan));
    out.extend(super::datazone::outputs(plan));
    out.extend(super::dashboards::outputs(plan));
    if secrets::needed(plan) {
        out.push(output(
            "pseudonym_secret",
            "ARN of the secret whose value has to be set once.",
            secrets::arn(),
        ));
    }
    out
}

/// `terraform.tfvars.example`
pub fn example(plan: &Plan) -> String {
    let environment = plan.environment.as_deref().unwrap_or(NO_ENVIRONMENT);
    let block = Block::new("")
        .note("Copy to terraform.tfvars; what is left out has the default that is shown here.")
        .set("region", plan.pipeline.region.as_str())
        .set("environment", environment)
        .when(plan.account.is_none(), |block| {
            block
                .note("False where another stack manages the account's data lake settings: see README.md.")
                .set("manage_lake_formation_settings", true)
                .set("lake_formation_admins", Value::List(vec![]))
        });
    let block = plan.params.iter().fold(block, |block, param| {
        let block = match &param.doc {
            Some(doc) => block.note(doc),
            None => block,
        };
        let name = naming::variable(&param.name);
        match &param.default {
            Some(value) => block.set(&name, literal(value)),
            None => block.note(&format!("{name} = … has no default ({})", param.terraform_type())),
        }
    });
    let block = super::kafka::notes(plan)
        .iter()
        .fold(block, |block, note| block.note(note));
    print_items(&block.items)
}

/// `backend.tf.example`: where state lives is not this platform's to decide, and must exist before it.
pub fn backend(plan: &Plan) -> String {
    let environment = plan.environment.as_deref().unwrap_or(NO_ENVIRONMENT);
    backend_at(plan, &super::delivery::state_key(&plan.pipeline.name, environment))
}

/// The same for a state below this key.
pub fn backend_at(plan: &Plan, key: &str) -> String {
    let backend = Block::new("backend")
        .label("s3")
        .set("bucket", "the-bucket-of-your-states")
        .set("key", key)
        .set("region", plan.pipeline.region.as_str())
        .set("encrypt", true)
        .set("use_lockfile", true);
    let header = "Copy to backend.tf and name your bucket: versioned, private, encrypted.\nWithout it the state is a file in this folder.";
    print(header, &[Block::new("terraform").block(backend)])
}
