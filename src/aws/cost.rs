//! The budget of the platform, by its tag, and who is told when it is nearly used up.
//!
//! Costs come hours late, so this tells and does not stop: limits are Athena's scan limit, the jobs' timeouts and
//! workers, and the functions' reserved concurrency.

use super::monitoring;
use super::naming::{limit, named};
use crate::emit::hcl::{Block, list, reference};
use crate::plan::{Alarm, Plan};
use crate::text_of;

/// The budget, if one is declared.
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
    vec![budget]
}
