//! One job's file: what it is for, its datasets, its steps, its `main`.

use super::steps::{self, Body};
use super::tree::{Py, comment, string};
use super::types::schema;
use crate::plan::names::{dataset_argument, job_script};
use crate::plan::{Dataset, DatasetId, Plan, Reads, Transform};

/// The text of a transform's job.
pub fn job(plan: &Plan, transform: &Transform, source: &DatasetId) -> String {
    let target = plan.dataset(transform.dataset());
    let body = steps::body(transform);
    let reads = reads(&transform.reads);
    let code = [
        constant(&dataset_name(source), &input(transform, plan.dataset(source))),
        constant(&dataset_name(&target.id), &output(plan, transform, target)),
        constant("READS", &reads),
        "\n".to_owned(),
        docs(transform) + &transform_function(&body),
        main_function(transform, source, &body),
        "if __name__ == \"__main__\":\n    main(sys.argv)\n".to_owned(),
    ];
    let code = code.join("\n");
    format!(
        "{}{}{}",
        header(plan, transform, source),
        imports(&code, &body, &transform.reads),
        code
    )
}

fn header(plan: &Plan, transform: &Transform, source: &DatasetId) -> String {
    let argument = |id: &DatasetId| dataset_argument(&id.zone, &id.name);
    let script = job_script(&transform.name);
    let file = script.rsplit('/').next().unwrap_or_default();
    let lines = [
        format!("The job of `{}`: {source} -> {}.", transform.name, transform.dataset()),
        String::new(),
        format!(
            "Written by pipec from the platform `{}`: change the platform, not this file.",
            plan.pipeline.name
        ),
        "It runs in AWS Glue 5.0, and on any machine with PySpark 3.5:".into(),
        String::new(),
        format!(
            "    python {file} --{} FOLDER --{} FOLDER",
            argument(source),
            argument(transform.dataset())
        ),
        "        --state FOLDER --quarantine FOLDER --run_at 2026-01-31T01:15:00Z".into(),
    ];
    let text: String = lines.iter().map(|line| format!("{}\n", in_docstring(line))).collect();
    format!("\"\"\"{text}\"\"\"\n\n")
}

/// Text inside `"""`: nothing in it ends it or escapes.
fn in_docstring(line: &str) -> String {
    let shown = comment(&format!("|{line}"));
    let shown = shown.trim_start_matches("# |");
    shown.replace('\\', "/").replace('"', "'")
}

fn imports(code: &str, body: &Body, reads: &Reads) -> String {
    let mut out = String::from("import sys\n");
    if matches!(reads, Reads::Days { .. }) {
        out.push_str("from datetime import timedelta\n");
    }
    if code.contains("Decimal(\"") {
        out.push_str("from decimal import Decimal\n");
    }
    out.push_str("\nimport pipec_runtime as runtime\n");
    out.push_str(if body.needs_window {
        "from pyspark.sql import DataFrame, Window\n"
    } else {
        "from pyspark.sql import DataFrame\n"
    });
    if code.contains("F.") {
        out.push_str("from pyspark.sql import functions as F\n");
    }
    out.push_str("from pyspark.sql import types as T\n\n");
    out
}

fn docs(transform: &Transform) -> String {
    let doc = transform.doc.as_deref().unwrap_or_default();
    let lines = doc.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| format!("{}\n", comment(line))).collect()
}

/// The constant that holds a dataset.
fn dataset_name(id: &DatasetId) -> String {
    format!("{}_{}", id.zone, id.name).to_uppercase()
}

fn constant(name: &str, value: &Py) -> String {
    value.statement(0, &format!("{name} = "))
}

fn texts(names: &[String]) -> Py {
    Py::List(names.iter().map(|name| Py::text(name)).collect())
}

fn input(transform: &Transform, dataset: &Dataset) -> Py {
    let id = &dataset.id;
    let mut arguments = vec![
        Py::keyword("argument", Py::text(&dataset_argument(&id.zone, &id.name))),
        Py::keyword("schema", schema(&transform.input_columns)),
    ];
    if !dataset.partition.is_empty() {
        arguments.push(Py::keyword("partition", texts(&dataset.partition)));
    }
    if let Some(column) = transform.input_columns.iter().find(|column| column.event_time) {
        arguments.push(Py::keyword("event_time", Py::text(&column.name)));
    }
    Py::call("runtime.Dataset", arguments)
}

fn output(plan: &Plan, transform: &Transform, dataset: &Dataset) -> Py {
    let id = &dataset.id;
    let mut arguments = vec![
        Py::keyword("argument", Py::text(&dataset_argument(&id.zone, &id.name))),
        Py::keyword("schema", schema(&dataset.columns)),
    ];
    if !dataset.partition.is_empty() {
        arguments.push(Py::keyword("partition", texts(&dataset.partition)));
    }
    let order = steps::order(transform, &dataset.columns);
    if !order.is_empty() {
        arguments.push(Py::keyword("order", texts(&order)));
    }
    arguments.push(Py::keyword("retain_days", Py::atom(dataset.retain_days.to_string())));
    if let Some(zone) = plan.zone(&id.zone) {
        arguments.push(Py::keyword(
            "target_file_bytes",
            Py::atom(zone.target_file_bytes.to_string()),
        ));
    }
    Py::call("runtime.Dataset", arguments)
}

fn reads(reads: &Reads) -> Py {
    match reads {
        Reads::Arrivals | Reads::All => Py::call("runtime.Everything", vec![]),
        Reads::Days {
            column,
            late_seconds,
            input_retain_days,
            ..
        } => {
            let (unit, count) = match late_seconds {
                seconds if seconds % 86_400 == 0 => ("days", seconds / 86_400),
                seconds if seconds % 3600 == 0 => ("hours", seconds / 3600),
                seconds => ("seconds", *seconds),
            };
            let late = Py::call("timedelta", vec![Py::keyword(unit, Py::atom(count.to_string()))]);
            Py::call(
                "runtime.Days",
                vec![
                    Py::text(column),
                    Py::keyword("late", late),
                    Py::keyword("input_retain_days", Py::atom(input_retain_days.to_string())),
                ],
            )
        }
    }
}

fn transform_function(body: &Body) -> String {
    let parameters = if body.needs_run {
        "rows: DataFrame, run: runtime.Run"
    } else {
        "rows: DataFrame"
    };
    let mut lines = vec![
        format!("def transform({parameters}) -> DataFrame:"),
        "    \"\"\"The steps, in the author's order.\"\"\"".to_owned(),
    ];
    lines.extend(body.lines.iter().cloned());
    lines.push("    return rows\n\n".to_owned());
    lines.join("\n")
}

fn main_function(transform: &Transform, source: &DatasetId, body: &Body) -> String {
    let arguments = vec![
        Py::atom(string(&transform.name)),
        Py::atom("argv"),
        Py::atom(dataset_name(source)),
        Py::atom(dataset_name(transform.dataset())),
        Py::atom("READS"),
    ];
    let run = Py::call("runtime.Run", arguments).statement(4, "run = ");
    let rows = if body.needs_run {
        "transform(run.read(), run)"
    } else {
        "transform(run.read())"
    };
    let does = match transform.reads {
        Reads::Days { .. } => "Computes the days that may have changed since the last good run.",
        Reads::All | Reads::Arrivals => "Computes everything anew.",
    };
    format!(
        "def main(argv: list[str]) -> None:\n    \"\"\"{does}\"\"\"\n{run}\n    run.write({rows})\n    run.done()\n\n"
    )
}
