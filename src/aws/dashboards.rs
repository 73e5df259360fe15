//! The functions around dashboards: one gives links that web pages may show, one mails readers that there is something new.
//!
//! Both call QuickSight and SES, which have no endpoints inside of a network, so they stand outside of it; neither reads a row.

use super::naming::{limit, named};
use super::operations::{self, Size};
use super::policy::{Statement, allow, arn, own};
use super::{orchestration, quicksight, root};
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::plan::{Files, Plan, QuickSight, Report, Serve, names};
use crate::{object_of, text_of};

const EMBED_SOURCE: &str = include_str!("../../stdlib/ops/embed_dashboard.py");
const REPORT_SOURCE: &str = include_str!("../../stdlib/ops/mail_report.py");
/// The role that starts reports by the clock.
const STARTER: &str = "reports_start";
/// Where QuickSight knows its users and groups.
const IDENTITIES: &str = "var.quicksight_identity_region";

/// The labels of functions that stand outside of every network.
pub fn outside() -> [String; 2] {
    [names::EMBED, names::REPORT].map(operations::label)
}

fn embedded(plan: &Plan) -> Vec<(&Serve, &QuickSight)> {
    let all = plan.dashboards();
    all.filter(|(_, quicksight)| !quicksight.embed.is_empty()).collect()
}

fn reported(plan: &Plan) -> Vec<(&Serve, &QuickSight, Report)> {
    let all = plan.dashboards();
    all.filter_map(|(serve, quicksight)| Some((serve, quicksight, quicksight.report?)))
        .collect()
}

/// Their sources, as files of the build.
pub fn files(plan: &Plan) -> Files {
    let mut out = Files::new();
    if !embedded(plan).is_empty() {
        out.insert(names::operations_source(names::EMBED), EMBED_SOURCE.to_owned());
    }
    if !reported(plan).is_empty() {
        out.insert(names::operations_source(names::REPORT), REPORT_SOURCE.to_owned());
    }
    out
}

/// Both functions, where dashboards ask for them.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    let embedded = embedded(plan);
    if !embedded.is_empty() {
        out.extend(embed(plan, &embedded));
    }
    let reported = reported(plan);
    if !reported.is_empty() {
        out.extend(report(plan, &reported));
    }
    out
}

fn users() -> Value {
    arn("quicksight", IDENTITIES, "user/default/")
}

fn id(plan: &Plan, serve: &Serve) -> Value {
    named(plan, &serve.name, limit::LONG)
}

fn embed(plan: &Plan, all: &[(&Serve, &QuickSight)]) -> Vec<Block> {
    let dashboards = all.iter().map(|(serve, quicksight)| {
        let one = object_of! { "id" => id(plan, serve), "domains" => list(&quicksight.embed) };
        (serve.name.clone(), one)
    });
    let environment = object_of! {
        "ACCOUNT" => reference("local.account"),
        "DASHBOARDS" => call("jsonencode", [object(dashboards)]),
        "USERS" => users(),
    };
    let mut domains: Vec<&String> = all.iter().flat_map(|(_, quicksight)| &quicksight.embed).collect();
    domains.sort();
    domains.dedup();
    let statements = vec![
        allow(
            "Links",
            &["quicksight:GenerateEmbedUrlForRegisteredUser"],
            [text_of![users(), "*"]],
        )
        .when(
            "ForAllValues:StringEquals",
            "quicksight:AllowedEmbeddingDomains",
            list(domains),
        ),
    ];
    let purpose = "Gives readers of dashboards links that web pages may show.";
    operations::python(plan, names::EMBED, purpose, &SIZE, environment, statements)
}

fn report(plan: &Plan, all: &[(&Serve, &QuickSight, Report)]) -> Vec<Block> {
    let dashboards = all.iter().map(|(serve, quicksight, _)| {
        let sets = serve.expose.iter().map(|set| {
            let label = quicksight::set_label(serve, set);
            let set_id = reference(format!("aws_quicksight_data_set.{label}.data_set_id"));
            (set.to_string(), set_id)
        });
        let one = object_of! {
            "id" => id(plan, serve),
            "groups" => list(&quicksight.share.groups),
            "users" => list(&quicksight.share.users),
            "data_sets" => object(sets),
        };
        (serve.name.clone(), one)
    });
    let environment = object_of! {
        "ACCOUNT" => reference("local.account"),
        "DASHBOARDS" => call("jsonencode", [object(dashboards)]),
        "IDENTITY_REGION" => reference(IDENTITIES),
        "SENDER" => reference("aws_sesv2_email_identity.reports.email_identity"),
    };
    let identity = Block::resource("aws_sesv2_email_identity", "reports")
        .doc("Reports come from who answers for the platform, who confirms that by a link in a mail.")
        .set("email_identity", plan.pipeline.owner.as_str());
    let mut out = vec![identity];
    out.extend(operations::python(
        plan,
        names::REPORT,
        "Mails readers of dashboards how fresh they are, and where.",
        &SIZE,
        environment,
        report_permissions(all),
    ));
    let function = operations::label(names::REPORT);
    for (serve, _, often) in all {
        let input = format!("{{\"dashboard\":\"{}\"}}", serve.name);
        let target = orchestration::Target::function(&function, STARTER, Some(input));
        let at = match often {
            Report::Daily => "cron(0 7 * * ? *)",
            Report::Weekly => "cron(0 7 ? * MON *)",
            Report::Monthly => "cron(0 7 1 * ? *)",
        };
        out.push(orchestration::entry(
            plan,
            &format!("{}_report", serve.name),
            at,
            "UTC",
            target,
        ));
    }
    out.extend(orchestration::starter(
        plan,
        STARTER,
        "Starts what mails reports",
        &[function],
    ));
    out
}

fn report_permissions(all: &[(&Serve, &QuickSight, Report)]) -> Vec<Statement> {
    let sets = all.iter().flat_map(|(serve, ..)| {
        serve.expose.iter().map(|set| {
            let label = quicksight::set_label(serve, set);
            text_of![
                reference(format!("aws_quicksight_data_set.{label}.arn")),
                "/ingestion/*"
            ]
        })
    });
    let mut groups: Vec<&String> = all.iter().flat_map(|(_, one, _)| &one.share.groups).collect();
    groups.sort();
    groups.dedup();
    let mut out = vec![
        allow("Freshness", &["quicksight:ListIngestions"], sets),
        allow("Readers", &["quicksight:DescribeUser"], [text_of![users(), "*"]]),
        allow(
            "Mail",
            &["ses:SendEmail"],
            [own(
                "ses",
                text_of![
                    "identity/",
                    reference("aws_sesv2_email_identity.reports.email_identity")
                ],
            )],
        ),
    ];
    if !groups.is_empty() {
        let arns = groups
            .into_iter()
            .map(|name| arn("quicksight", IDENTITIES, format!("group/default/{name}")));
        out.push(allow("Members", &["quicksight:ListGroupMemberships"], arns));
    }
    out
}

/// What a call of an application, or of the clock, may use.
const SIZE: Size = Size {
    memory_mib: 256,
    timeout_seconds: 300,
    at_once: 10,
};

/// What an application calls for a link.
pub fn outputs(plan: &Plan) -> Option<Block> {
    if embedded(plan).is_empty() {
        return None;
    }
    let label = operations::label(names::EMBED);
    let described = "ARN of the function that gives links of dashboards to applications that show them.";
    Some(root::output(
        "embed_dashboard",
        described,
        reference(format!("aws_lambda_function.{label}.arn")),
    ))
}
