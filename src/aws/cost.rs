//! The budget of the platform, by its tag, who is told when it is nearly used up, and who when a day costs what no day did
//! before.
//!
//! Costs come hours late, so this tells and does not stop: limits are Athena's scan limit, the jobs' timeouts and
//! workers, and the functions' reserved concurrency.

use super::naming::{limit, named};
use super::{monitoring, root};
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::object_of;
use crate::plan::{Alarm, Plan};
use crate::text_of;

/// The variable that says whether days are watched.
const FIND: &str = "find_cost_anomalies";
/// Days of the longest month.
const DAYS: f64 = 31.0;

/// The budget, if one is declared, and what watches days.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let Some(amount) = plan.pipeline.budget else {
        return vec![];
    };
    let notifications = plan.monitors.iter().flat_map(|monitor| {
        monitor.alarms.iter().filter_map(move |alarm| match alarm {
            Alarm::Cost { over_percent } => Some((monitor, *over_percent)),
            _ => None,
        })
    });
    let notifications: Vec<_> = notifications
        .flat_map(|(monitor, percent)| {
            ["ACTUAL", "FORECASTED"].map(|kind| {
                Block::new("notification")
                    .set("notification_type", kind)
                    .set("comparison_operator", "GREATER_THAN")
                    .set("threshold", percent)
                    .set("threshold_type", "PERCENTAGE")
                    .set("subscriber_sns_topic_arns", vec![monitoring::topic(&monitor.name)])
            })
        })
        .collect();
    // What the budget was proved with may not hold: where no monitor tells of it, the owner is told.
    let owner = || {
        ["ACTUAL", "FORECASTED"].map(|kind| {
            Block::new("notification")
                .set("notification_type", kind)
                .set("comparison_operator", "GREATER_THAN")
                .set("threshold", 100u32)
                .set("threshold_type", "PERCENTAGE")
                .set("subscriber_email_addresses", list([&plan.pipeline.owner]))
        })
    };
    let notifications = match notifications.is_empty() {
        true => owner().to_vec(),
        false => notifications,
    };
    let budget = Block::resource("aws_budgets_budget", "platform")
        .doc("The tag `platform` has to be active as a cost allocation tag of the paying account.")
        .set("name", named(plan, "monthly", limit::BUDGET))
        .set("budget_type", "COST")
        .set("time_unit", "MONTHLY")
        .set("limit_amount", amount.to_string())
        .set("limit_unit", "USD")
        .block(
            Block::new("cost_filter")
                .set("name", "TagKeyValue")
                .set("values", list([text_of!["user:platform$", reference("local.prefix")]])),
        )
        .blocks(notifications);
    let mut out = vec![budget];
    out.extend(anomalies(plan, amount));
    out
}

/// Whether AWS is asked to find days that cost too much: by a tag, only the account that pays for an organisation may.
/// <https://docs.aws.amazon.com/cost-management/latest/userguide/getting-started-ad.html>
pub fn variable(plan: &Plan) -> Option<Block> {
    plan.pipeline.budget?;
    let described = "Whether AWS looks for days on which the platform costs more than usual. Only an account that pays for an \
                     organisation, or for itself alone, may ask for that.";
    Some(root::variable(FIND, described, "bool").set("default", false))
}

/// What finds days that cost more than the platform's days do, and tells of those whose excess is a day's share of the
/// budget or more.
fn anomalies(plan: &Plan, budget: f64) -> [Block; 2] {
    let asked = || reference(format!("var.{FIND} ? 1 : 0"));
    // Terraform finds a difference where AWS adds what was left out.
    let unused = ["And", "CostCategories", "Dimensions", "Not", "Or"];
    let tags = object_of! {
        "Key" => "platform",
        "MatchOptions" => Value::Null,
        "Values" => vec![reference("local.prefix")],
    };
    let parts = unused.map(|name| (name.to_string(), Value::Null)).into_iter();
    let parts = parts.chain([("Tags".to_string(), tags)]);
    let monitor = Block::resource("aws_ce_anomaly_monitor", "platform")
        .doc("Finds days that cost more than days of this platform do.")
        .set("count", asked())
        .set("name", named(plan, "days", limit::LONG))
        .set("monitor_type", "CUSTOM")
        .set("monitor_specification", call("jsonencode", [object(parts)]));
    let told = match plan.monitors.first() {
        Some(first) => ("SNS", monitoring::topic(&first.name), "IMMEDIATE"),
        // Mails come once a day.
        None => ("EMAIL", Value::from(&plan.pipeline.owner), "DAILY"),
    };
    let days_share = (budget / DAYS).max(1.0).ceil();
    let above = Block::new("dimension")
        .set("key", "ANOMALY_TOTAL_IMPACT_ABSOLUTE")
        .set("match_options", list(["GREATER_THAN_OR_EQUAL"]))
        .set("values", list([days_share.to_string()]));
    let subscriber = Block::new("subscriber").set("type", told.0).set("address", told.1);
    let subscription = Block::resource("aws_ce_anomaly_subscription", "platform")
        .doc("Tells of days that cost a day's share of the budget more than others.")
        .set("count", asked())
        .set("name", named(plan, "days", limit::LONG))
        .set("frequency", told.2)
        .set(
            "monitor_arn_list",
            vec![reference("aws_ce_anomaly_monitor.platform[0].arn")],
        )
        .block(subscriber)
        .block(Block::new("threshold_expression").block(above));
    let topics = plan.monitors.first().map(|first| {
        let policy = format!("aws_sns_topic_policy.{}", first.name);
        vec![reference(policy)]
    });
    [
        monitor,
        match topics {
            Some(topics) => subscription.set("depends_on", topics),
            None => subscription,
        },
    ]
}
