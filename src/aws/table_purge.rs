//! The job that takes old rows out of tables of Iceberg that Firehose writes: whoever else writes a table does it by itself.
//! A start a day, and what tells that it came to its end. Knows nothing of how rows come there.

use super::job::Place;
use super::lake::{self, STATE, TEMPORARY};
use super::metric::{Metric, metric};
use super::naming::{limit, named};
use super::policy::{role, trust};
use super::{catalog, glue_job, iceberg, job};
use crate::emit::hcl::{Block, Value, object, reference};
use crate::object_of;
use crate::plan::names::{self, PURGE_TABLES};
use crate::plan::{Dataset, Plan};

/// When it runs, each day.
const DAILY: &str = "cron(15 2 * * ? *)";
/// The longest that it may take, minutes: a day of a table is a file that is no longer named.
const TIMEOUT_MINUTES: u32 = 60;
/// How often it came to its end.
const PURGES: &str = "TablePurges";

fn label() -> String {
    format!("{PURGE_TABLES}_job")
}

fn tables(plan: &Plan) -> Vec<&Dataset> {
    plan.brought_tables().map(|(dataset, _)| dataset).collect()
}

/// The job, its role, its logs, and what starts it.
pub fn blocks(plan: &Plan, modules: &[&str]) -> Vec<Block> {
    let tables = tables(plan);
    let Some(first) = tables.first() else { return vec![] };
    let label = label();
    let mut out = vec![job::artifact(&label, &names::job_script(PURGE_TABLES))];
    out.extend(glue_job::logs(plan, PURGE_TABLES));
    let own = names::dataset_prefix(PURGE_TABLES);
    let mut written: Vec<_> = tables.iter().map(|dataset| Place::of(dataset)).collect();
    written.extend([STATE, TEMPORARY].map(|folder| Place::folder("artifacts", format!("{folder}{own}"))));
    written.push(Place::folder("quarantine", own.clone()));
    let mut statements = job::files(&label, &[], &written, modules);
    statements.extend(iceberg::use_of(&[], &tables));
    statements.extend(glue_job::tell(&label));
    out.extend(role(
        &label,
        named(plan, &label, limit::SIXTY_FOUR),
        "What takes old rows out of tables may do",
        trust("glue.amazonaws.com", None),
        statements,
    ));
    let mut arguments = glue_job::usual_arguments(plan, PURGE_TABLES, iceberg::settings(first), modules);
    arguments.extend([
        ("--datalake-formats".into(), "iceberg".into()),
        (
            format!("--{}", names::ARG_STATE),
            lake::url("artifacts", &format!("{STATE}{own}")),
        ),
        (format!("--{}", names::ARG_QUARANTINE), lake::url("quarantine", &own)),
    ]);
    arguments.extend(tables.iter().map(|dataset| {
        let argument = names::dataset_argument(&dataset.id.zone, &dataset.id.name);
        (format!("--{argument}"), iceberg::name_for_jobs(dataset))
    }));
    out.push(
        glue_job::base(plan, PURGE_TABLES, "glueetl")
            .doc("Takes rows that have stayed their time out of tables that Firehose writes.")
            .set("worker_type", "G.1X")
            .set("number_of_workers", 2u32)
            .set("timeout", TIMEOUT_MINUTES)
            .set("max_retries", 2u32)
            .set("default_arguments", object(arguments)),
    );
    out.push(
        Block::resource("aws_glue_trigger", PURGE_TABLES)
            .set("name", named(plan, PURGE_TABLES, limit::LONG))
            .set("type", "SCHEDULED")
            .set("schedule", DAILY)
            .set("start_on_creation", true)
            .block(Block::new("actions").set("job_name", glue_job::name(PURGE_TABLES))),
    );
    out.push(ends(plan));
    out
}

/// Its log says when it is done.
fn ends(plan: &Plan) -> Block {
    Block::resource("aws_cloudwatch_log_metric_filter", PURGE_TABLES)
        .set("name", named(plan, PURGE_TABLES, limit::LONG))
        .set(
            "log_group_name",
            reference(format!("aws_cloudwatch_log_group.{}_output.name", label())),
        )
        .set("pattern", "{ $.event = \"done\" }")
        .block(
            Block::new("metric_transformation")
                .set("name", PURGES)
                .set("namespace", names::METRIC_NAMESPACE)
                .set("value", "1")
                .set("dimensions", object_of! { names::METRIC_TRANSFORM => "$.job" }),
        )
}

/// What says that it has not come to its end for a day: the label of its alarm, the text, and the metric, which is too low.
pub fn missed(plan: &Plan) -> Option<(String, String, Metric)> {
    plan.brought_tables().next()?;
    let dimensions = vec![(names::METRIC_TRANSFORM, Value::from(PURGE_TABLES))];
    let done = metric(names::METRIC_NAMESPACE, PURGES, dimensions).with("Sum", 86_400);
    let text = "No run came to its end for a day that takes old rows out of tables";
    Some((format!("{PURGE_TABLES}_missed"), text.to_owned(), done))
}

/// The grants by which it changes the tables.
pub fn grants(plan: &Plan) -> Vec<Block> {
    let grant = |dataset: &Dataset| {
        let label = format!("{}_{}", label(), catalog::label(&dataset.id));
        iceberg::grant(&label, &self::label(), dataset, &iceberg::CHANGE)
    };
    tables(plan).into_iter().map(grant).collect()
}
