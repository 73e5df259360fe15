//! Channels that a monitor tells besides mails: text messages, and what a function calls for it, each with a secret of its
//! own. Knows nothing of alarms.
//!
//! The functions stand outside of every network: what they tell is no row of anything, and whom they tell is outside.

use super::monitoring::topic;
use super::operations::{self, Size};
use super::policy::{Statement, allow, own};
use crate::emit::hcl::{Block, Value, list, object, reference};
use crate::plan::{Channel, Files, Monitor, Plan, names};
use crate::text_of;

const SOURCE: &str = include_str!("../../stdlib/ops/tell_channel.py");
/// Alarms come one by one, and rarely.
const SIZE: Size = Size {
    memory_mib: 128,
    timeout_seconds: 30,
    at_once: 2,
};

/// The channels that a function calls, each with its name: `operations_slack_1`.
fn called(monitor: &Monitor) -> impl Iterator<Item = (String, &Channel)> {
    let all = monitor.channels.iter().enumerate();
    let called = all.filter(|(_, channel)| !matches!(channel, Channel::Sms { .. }));
    called.map(|(at, channel)| (format!("{}_{}_{}", monitor.name, channel.kind(), at + 1), channel))
}

/// The labels of the functions, which stand outside of every network.
pub fn outside(plan: &Plan) -> Vec<String> {
    let all = plan.monitors.iter().flat_map(called);
    all.map(|(name, _)| operations::label(&name)).collect()
}

/// The functions' source, as a file of the build.
pub fn files(plan: &Plan) -> Files {
    let needed = plan.monitors.iter().any(|monitor| called(monitor).next().is_some());
    let file = (names::operations_source(names::TELL), SOURCE.to_owned());
    needed.then_some(file).into_iter().collect()
}

/// What a monitor's topic reaches besides mails.
pub fn blocks(plan: &Plan, monitor: &Monitor) -> Vec<Block> {
    let mut out: Vec<Block> = called(monitor)
        .flat_map(|(name, channel)| function(plan, monitor, &name, channel))
        .collect();
    for (at, channel) in monitor.channels.iter().enumerate() {
        if let Channel::Sms { number } = channel {
            let label = format!("{}_sms_{}", monitor.name, at + 1);
            out.push(subscription(monitor, &label, "sms", number.as_str().into()));
        }
    }
    out
}

fn subscription(monitor: &Monitor, label: &str, protocol: &str, endpoint: Value) -> Block {
    Block::resource("aws_sns_topic_subscription", label)
        .set("topic_arn", topic(&monitor.name))
        .set("protocol", protocol)
        .set("endpoint", endpoint)
}

fn function(plan: &Plan, monitor: &Monitor, name: &str, channel: &Channel) -> Vec<Block> {
    let label = operations::label(name);
    let secret = channel.secret().map(|secret| {
        let data = Block::data("aws_secretsmanager_secret", name).set("name", secret);
        (data, reference(format!("data.aws_secretsmanager_secret.{name}.arn")))
    });
    let mut environment = vec![
        ("CHANNEL".to_owned(), channel.kind().into()),
        ("PLATFORM".to_owned(), reference("local.prefix")),
    ];
    if let Channel::Webhook { url, .. } = channel {
        environment.push(("URL".to_owned(), url.as_str().into()));
    }
    let mut out = vec![];
    let mut statements = vec![];
    if let Some((data, arn)) = secret {
        out.push(data);
        environment.push(("SECRET".to_owned(), arn.clone()));
        statements.extend(opens(arn));
    }
    let purpose = format!("Tells {} what {} has to say.", channel.words(), monitor.name);
    out.extend(operations::python_of(
        plan,
        (name, names::TELL),
        &purpose,
        &SIZE,
        object(environment),
        statements,
    ));
    let arn = || reference(format!("aws_lambda_function.{label}.arn"));
    out.push(
        Block::resource("aws_lambda_permission", &label)
            .set(
                "function_name",
                reference(format!("aws_lambda_function.{label}.function_name")),
            )
            .set("action", "lambda:InvokeFunction")
            .set("principal", "sns.amazonaws.com")
            .set("source_arn", topic(&monitor.name))
            .set("source_account", reference("local.account")),
    );
    let told = subscription(monitor, name, "lambda", arn());
    out.push(told.set("depends_on", vec![reference(format!("aws_lambda_permission.{label}"))]));
    out
}

/// Reading a secret that is there, and opening it with whatever key of this account it is encrypted with.
pub fn opens(secret: Value) -> [Statement; 2] {
    let through = text_of!["secretsmanager.", reference("var.region"), ".amazonaws.com"];
    [
        allow("Secret", &["secretsmanager:GetSecretValue"], [secret.clone()]),
        allow("DecryptSecret", &["kms:Decrypt"], [own("kms", "key/*")])
            .when("StringEquals", "kms:ViaService", through)
            .when("StringLike", "kms:EncryptionContext:SecretARN", list([secret])),
    ]
}
