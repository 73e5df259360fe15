//! One job's file: what it is for, its datasets, the views that it reads, its steps, its `main`.

use std::rc::Rc;

use super::erase;
use super::exprs::own::{self, OwnFunctions};
use super::labels::{dataset_name, rows_of, sink_name, source_name, view_name};
use super::landed::{self, Landed, source_of};
use super::modules;
use super::sinks;
use super::steps::{self, Body, Shared};
use super::stream;
use super::tree::{Py, comment, string};
use super::types::{schema, type_name};
use crate::plan::names::{SNAPSHOT, dataset_argument, job_script, param_argument, sink_argument, source_argument};
use crate::plan::types::Column;
use crate::plan::{
    Columns, Csv, Dataset, Delivers, Format, Input, Param, Plan, Reads, Shape, Sink, Source, StepKind, Steps, Target,
    Transform, View, WriteMode, Writer,
};

/// The statements of a transform or view.
fn body(
    plan: &Plan,
    (name, shape): (&str, Shape),
    (input, columns, steps): (&Input, &Columns, &Steps),
    (own, landed): Shared<'_>,
) -> Body {
    match shape {
        Shape::Stream => stream::body(plan, name, (input, columns, steps), own, landed),
        Shape::Table | Shape::Objects => steps::body(plan, (input, columns, steps), (own, landed)),
    }
}

/// What a job is made of.
pub(super) struct Job<'p> {
    pub(super) plan: &'p Plan,
    transform: &'p Transform,
    pub(super) own: Rc<OwnFunctions>,
    landed: Rc<Landed>,
    body: Body,
    /// The sources whose arrivals it reads.
    arrivals: Vec<&'p Source>,
    /// The views that it reads, each after those that it reads itself.
    views: Vec<(&'p View, Body)>,
    /// The datasets that it reads: first the one that its input comes from.
    sources: Vec<&'p Dataset>,
    /// The datasets that it writes.
    targets: Vec<&'p Dataset>,
    /// The sinks that it writes.
    sinks: Vec<&'p Sink>,
}

/// The text of a transform's job.
pub fn job(plan: &Plan, transform: &Transform) -> String {
    let job = Job::new(plan, transform, true);
    let job = if job.asks_for_order() {
        job
    } else {
        Job::new(plan, transform, false)
    };
    let code = job.code();
    format!("{}{}{code}", job.header(), imports(&code))
}

impl<'p> Job<'p> {
    fn new(plan: &'p Plan, transform: &'p Transform, ordered: bool) -> Job<'p> {
        let own = Rc::new(own::functions(&plan.functions));
        let landed = Rc::new(Landed::of(plan, ordered));
        let rows = (&transform.input, &transform.input_columns, &transform.steps);
        let body = body(plan, (&transform.name, transform.shape), rows, (&own, &landed));
        let mut job = Job {
            plan,
            transform,
            body,
            own,
            landed,
            arrivals: Vec::new(),
            views: Vec::new(),
            sources: Vec::new(),
            targets: transform.datasets().into_iter().map(|id| plan.dataset(id)).collect(),
            sinks: plan.sinks_of(transform),
        };
        job.reads(&transform.input);
        for input in job.body.reads.clone() {
            job.reads(&input);
        }
        job
    }

    /// Whether it makes a difference in which order landed rows arrived, or which of several are one.
    fn asks_for_order(&self) -> bool {
        let asks = |body: &Body| {
            body.several
                || body
                    .lines
                    .iter()
                    .any(|line| ["\"_arrived\"", "\"_seq\""].iter().any(|name| line.contains(name)))
        };
        let changes = matches!(self.transform.mode, WriteMode::Merge(_) | WriteMode::History(_));
        changes || asks(&self.body) || self.views.iter().any(|(_, body)| asks(body))
    }

    /// Whether all that it ranks are rows of one `@key`, which are one event: few of them come more than once.
    fn has_few_duplicates(&self) -> bool {
        let views = self.views.iter().map(|(view, _)| (&view.input_columns, &view.steps));
        let all = views.chain([(&self.transform.input_columns, &self.transform.steps)]);
        let mut dedupes = false;
        for (input, steps) in all {
            let mut columns = input;
            for step in steps.iter() {
                match &step.kind {
                    StepKind::Window { .. } => return false,
                    StepKind::Dedupe { keys, .. } => {
                        let mut of_event = columns.iter().filter(|column| column.key).peekable();
                        if of_event.peek().is_none() || !of_event.all(|column| keys.contains(&column.name)) {
                            return false;
                        }
                        dedupes = true;
                    }
                    _ => {}
                }
                columns = &step.columns;
            }
        }
        dedupes && !self.is_stream()
    }

    /// The sources of which it reads what has landed, each with its dataset.
    fn landed(&self) -> Vec<(&'p Dataset, &'p Source)> {
        let sources = self.sources.iter();
        sources
            .filter_map(|dataset| Some((*dataset, source_of(self.plan, dataset)?)))
            .collect()
    }

    fn is_stream(&self) -> bool {
        self.transform.shape == Shape::Stream
    }

    /// Adds what an input needs.
    fn reads(&mut self, input: &Input) {
        match input {
            Input::Table(id) => {
                let dataset = self.plan.dataset(id);
                if !self.sources.iter().any(|known| known.id == *id) {
                    self.sources.push(dataset);
                }
            }
            Input::View(name) => {
                let Some(view) = self.plan.view(name) else { return };
                if self.views.iter().any(|(known, _)| known.name == *name) {
                    return;
                }
                let rows = (&view.input, &view.input_columns, &view.steps);
                let body = body(self.plan, (name, view.shape), rows, (&self.own, &self.landed));
                self.reads(&view.input);
                for input in &body.reads {
                    self.reads(input);
                }
                self.views.push((view, body));
            }
            Input::Stream(name) => {
                let known = self.arrivals.iter().any(|source| source.name == *name);
                self.arrivals.extend(self.plan.source(name).filter(|_| !known));
            }
        }
    }

    fn code(&self) -> String {
        let mut parts = Vec::new();
        for dataset in &self.sources {
            parts.push(constant(&dataset_name(&dataset.id), &self.source(dataset)));
        }
        for dataset in &self.targets {
            if !self.sources.iter().any(|source| source.id == dataset.id) {
                parts.push(constant(&dataset_name(&dataset.id), &self.target(dataset)));
            }
        }
        let rows = self.plan.rows_of(self.transform);
        let sinks = self.sinks.iter();
        parts.extend(sinks.map(|sink| constant(&sink_name(&sink.name), &sinks::sink(sink, &rows))));
        let landed = self.landed();
        parts.extend(landed.iter().map(|(dataset, source)| landed::constant(dataset, source)));
        if self.is_stream() {
            parts.extend(self.arrivals.iter().map(|source| stream::constant(source)));
        } else {
            parts.push(constant("READS", &self.what_it_reads()));
        }
        if let Some(params) = self.params() {
            parts.push(constant("PARAMS", &params));
        }
        parts.push("\n".to_owned());
        let views = self.views.iter().flat_map(|(view, _)| view.steps.iter());
        let steps = self.transform.steps.iter().chain(views);
        let called = steps.flat_map(|step| step.kind.expressions());
        let sources = self.arrivals.iter().chain(landed.iter().map(|(_, source)| source));
        let checks = sources.flat_map(|source| &source.schema.fields);
        let called = called.chain(checks.flat_map(|field| &field.check));
        parts.extend(own::definitions(&self.own, &self.plan.functions, called));
        parts.extend(self.arrivals.iter().map(|source| stream::function(source, &self.own)));
        let landed = landed.iter();
        parts.extend(landed.map(|(_, source)| landed::function(source, &self.landed, &self.own, self.run_type())));
        for (view, body) in &self.views {
            parts.push(view_function(view, body, self.run_type(), &self.landed));
        }
        parts.push(docs(self.transform.doc.as_deref()) + &self.transform_function());
        if self.is_stream() {
            parts.push(self.batch_function());
        }
        parts.push(self.main_function());
        parts.push("if __name__ == \"__main__\":\n    main(sys.argv)\n".to_owned());
        parts.join("\n")
    }

    fn header(&self) -> String {
        let script = job_script(&self.transform.name);
        let file = script.rsplit('/').next().unwrap_or_default();
        let mut lines = vec![
            format!(
                "The job of `{}`: {} -> {}.",
                self.transform.name,
                self.inputs(),
                self.outputs()
            ),
            String::new(),
            format!(
                "Written by pipec from the platform `{}`: change the platform, not this file.",
                self.plan.pipeline.name
            ),
            "It runs in AWS Glue 5.0, and on any machine with PySpark 3.5:".into(),
            String::new(),
        ];
        let places = self.sources.iter().chain(&self.targets).map(|dataset| {
            let id = &dataset.id;
            format!("--{} FOLDER", dataset_argument(&id.zone, &id.name))
        });
        let sinks = self.sinks.iter();
        let places = places.chain(sinks.map(|sink| format!("--{} FOLDER", sink_argument(&sink.name))));
        let places = self
            .arrivals
            .iter()
            .map(|source| format!("--{} FOLDER", source_argument(&source.name)))
            .chain(places);
        let state = match self.is_stream() {
            true => "--state FOLDER --quarantine FOLDER --until read".to_owned(),
            false => "--state FOLDER --quarantine FOLDER --run_at 2026-01-31T01:15:00Z".to_owned(),
        };
        let state = match self.transform.program() {
            Some(_) => format!("{state} --exchange FOLDER --stage give"),
            None => state,
        };
        let params = self.plan.params_of(self.transform);
        let params = params
            .iter()
            .map(|param| format!("--{} JSON", param_argument(&param.name)));
        let mut line = format!("    python {file}");
        for (at, argument) in places.chain(params).chain([state]).enumerate() {
            if line.len() + argument.len() > 86 || at >= 2 {
                lines.push(std::mem::replace(&mut line, "       ".to_owned()));
            }
            line.push(' ');
            line.push_str(&argument);
        }
        lines.push(line);
        let text: String = lines.iter().map(|line| format!("{}\n", in_docstring(line))).collect();
        format!("\"\"\"{text}\"\"\"\n\n")
    }

    fn source(&self, dataset: &Dataset) -> Py {
        // A join may ask for the dataset that is written as well: then it is both.
        let is_target = self.targets.iter().any(|target| target.id == dataset.id);
        if is_target {
            return self.target(dataset);
        }
        let mut arguments = named(self.plan, dataset);
        arguments.extend(event_time(&dataset.columns));
        Py::call("runtime.Dataset", arguments)
    }

    fn target(&self, dataset: &Dataset) -> Py {
        let mut arguments = named(self.plan, dataset);
        if matches!(self.transform.mode, WriteMode::Merge(_) | WriteMode::History(_)) {
            arguments.extend(event_time(&dataset.columns));
        }
        let order = steps::of_files(&self.transform.steps, &dataset.columns);
        if !order.is_empty() {
            arguments.push(Py::keyword("order", texts(&order)));
        }
        arguments.extend(kept(self.plan, dataset, &self.transform.mode));
        Py::call("runtime.Dataset", arguments)
    }

    /// What only a deployment knows; nothing where it asks for none.
    fn params(&self) -> Option<Py> {
        let params = self.plan.params_of(self.transform);
        let param = |param: &&Param| {
            let kind = Py::text(&type_name(&param.ty.kind));
            Py::call("params.Param", vec![Py::text(&param.name), kind])
        };
        let params: Vec<Py> = params.iter().map(param).collect();
        (!params.is_empty()).then_some(Py::List(params))
    }

    /// What it unites with its first input: rows of it count as taken in, those that it only looks up do not.
    fn takes_also(&self) -> Option<Py> {
        let (mut open, mut names) = (vec![(&self.transform.input, &self.transform.steps[..])], Vec::new());
        while let Some((input, steps)) = open.pop() {
            match input {
                Input::View(name) => open.extend(self.plan.view(name).map(|view| (&view.input, &view.steps[..]))),
                Input::Table(id) if !self.is_stream() => names.push(dataset_name(id)),
                Input::Stream(name) if self.is_stream() => names.push(source_name(name)),
                Input::Table(_) | Input::Stream(_) => {}
            }
            open.extend(steps.iter().filter_map(|step| match &step.kind {
                StepKind::Union { other, .. } => Some((other, &[][..])),
                _ => None,
            }));
        }
        let first = match self.is_stream() {
            true => self.arrivals.first().map(|source| source_name(&source.name)),
            false => self.sources.first().map(|dataset| dataset_name(&dataset.id)),
        };
        names.retain(|name| Some(name) != first.as_ref());
        names.sort();
        names.dedup();
        let names: Vec<Py> = names.into_iter().map(Py::atom).collect();
        (!names.is_empty()).then(|| Py::keyword("takes_also", Py::List(names)))
    }

    fn what_it_reads(&self) -> Py {
        let constants = |datasets: &mut dyn Iterator<Item = &&Dataset>| {
            Py::List(datasets.map(|dataset| Py::atom(dataset_name(&dataset.id))).collect())
        };
        match &self.transform.reads {
            Reads::All => Py::call("runtime.Everything", vec![]),
            Reads::Arrivals => Py::call("runtime.Additions", vec![constants(&mut self.sources.iter().take(1))]),
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
                let mut arguments = vec![Py::text(column)];
                let of = self.sources.first().map(|dataset| dataset_name(&dataset.id));
                arguments.extend(of.map(|of| Py::keyword("of", Py::atom(of))));
                arguments.push(Py::keyword("late", late));
                let retain = Py::atom(input_retain_days.to_string());
                arguments.push(Py::keyword("input_retain_days", retain));
                if self.sources.len() > 1 {
                    let others = constants(&mut self.sources.iter().skip(1));
                    arguments.push(Py::keyword("others", others));
                }
                Py::call("runtime.Days", arguments)
            }
        }
    }

    fn transform_function(&self) -> String {
        let mut lines = vec![
            format!(
                "def transform({}) -> DataFrame:",
                parameters(&self.body, self.run_type())
            ),
            "    \"\"\"The steps, in the author's order.\"\"\"".to_owned(),
        ];
        lines.extend(self.body.lines.iter().cloned());
        lines.push("    return rows\n\n".to_owned());
        lines.join("\n")
    }

    /// What its functions take to read, to count and to turn rows away.
    fn run_type(&self) -> &'static str {
        match self.is_stream() {
            true => "streams.Batch",
            false => "runtime.Run",
        }
    }

    /// What it reads, for its first line.
    fn inputs(&self) -> String {
        let sources = self.arrivals.iter().map(|source| source.name.clone());
        let datasets = self.sources.iter().map(|dataset| dataset.id.to_string());
        sources.chain(datasets).collect::<Vec<_>>().join(", ")
    }

    /// What it writes, for its first line.
    fn outputs(&self) -> String {
        let datasets = self.targets.iter().map(|dataset| dataset.id.to_string());
        let sinks = self.sinks.iter().map(|sink| sink.name.clone());
        datasets.chain(sinks).collect::<Vec<_>>().join(", ")
    }

    /// Rows in, and what is made of them.
    fn computed(&self, indent: usize) -> String {
        let mut given = vec![rows_of(&self.transform.input, &self.landed)];
        if self.body.needs_run {
            given.push(Py::atom("run"));
        }
        Py::call("transform", given).statement(indent, "rows = ")
    }

    fn batch_function(&self) -> String {
        let (rows, write) = (self.computed(4), self.write().statement(4, ""));
        format!(
            "def batch(run: streams.Batch) -> None:\n    \"\"\"What one batch of arrivals adds.\"\"\"\n{rows}\n{write}\n\n"
        )
    }

    fn main_function(&self) -> String {
        if self.is_stream() {
            let datasets = (&self.sources[..], &self.targets[..]);
            let beside = self.params().map(|_| Py::atom("PARAMS"));
            let beside = beside.into_iter().chain(self.takes_also()).collect();
            return stream::main_function(&self.transform.name, &self.arrivals, datasets, beside);
        }
        let constants = |datasets: &[&Dataset]| datasets.iter().map(|dataset| dataset_name(&dataset.id)).collect();
        let (sources, mut targets): (Vec<_>, Vec<_>) = (constants(&self.sources), constants(&self.targets));
        targets.extend(self.sinks.iter().map(|sink| sink_name(&sink.name)));
        let listed = |names: Vec<String>| Py::List(names.into_iter().map(Py::atom).collect());
        let mut arguments = vec![
            Py::atom(string(&self.transform.name)),
            Py::atom("argv"),
            Py::atom("READS"),
            listed(sources),
            listed(targets),
        ];
        arguments.extend(self.params().map(|_| Py::atom("PARAMS")));
        arguments.extend(self.takes_also());
        if self.has_few_duplicates() {
            arguments.push(Py::keyword("few_duplicates", Py::atom("True")));
        }
        if erase::waits(self.plan, self.transform) {
            arguments.push(Py::keyword("waits", Py::atom("True")));
        }
        let run = Py::call("runtime.Run", arguments).statement(4, "run = ");
        let rows = self.computed(4);
        let does = match self.transform.reads {
            Reads::Days { .. } => "Computes the days that may have changed since the last good run.",
            Reads::All => "Computes everything anew.",
            Reads::Arrivals => "Computes what came since the last good run.",
        };
        let write = self.write().statement(4, "");
        let rows = match self.transform.program() {
            Some(_) => format!(
                "    try:\n{}\n    except programs.Given:\n        return",
                self.computed(8)
            ),
            None => rows,
        };
        format!(
            "def main(argv: list[str]) -> None:\n    \"\"\"{does}\"\"\"\n{run}\n{rows}\n{write}\n    run.done()\n\n"
        )
    }

    fn write(&self) -> Py {
        let adds = self.transform.reads == Reads::Arrivals;
        if let Some(StepKind::Route { branches, otherwise }) = self.transform.steps.last().map(|step| &step.kind) {
            let targets = branches.iter().map(|(_, target)| target).chain(otherwise);
            let targets = targets.map(|target| match target {
                Target::Dataset(id) => Py::atom(dataset_name(id)),
                Target::Sink(name) => Py::atom(sink_name(name)),
            });
            let mut arguments = vec![Py::atom("rows"), Py::List(targets.collect())];
            if adds {
                arguments.push(Py::keyword("add", Py::atom("True")));
            }
            return Py::call("run.route", arguments);
        }
        if let Some(Target::Sink(name)) = &self.transform.target {
            let mut arguments = vec![Py::atom("rows"), Py::atom(sink_name(name))];
            if adds {
                arguments.push(Py::keyword("add", Py::atom("True")));
            }
            return Py::call("run.send", arguments);
        }
        let target = self.targets.first().map(|dataset| dataset_name(&dataset.id));
        let mut arguments = vec![Py::atom("rows"), Py::atom(target.unwrap_or_default())];
        let name = match &self.transform.mode {
            WriteMode::Append if adds => "run.append",
            WriteMode::Append | WriteMode::Overwrite => "run.write",
            WriteMode::Merge(keys) => {
                arguments.push(texts(keys));
                "run.merge"
            }
            WriteMode::History(keys) => {
                arguments.push(texts(keys));
                "run.history"
            }
        };
        Py::call(name, arguments)
    }
}

/// Text inside `"""`: nothing in it ends it or escapes.
fn in_docstring(line: &str) -> String {
    let shown = comment(&format!("|{line}"));
    let shown = shown.trim_start_matches("# |");
    shown.replace('\\', "/").replace('"', "'")
}

/// What the code mentions is imported, and nothing else.
fn imports(code: &str) -> String {
    let mut out = String::from("import sys\n");
    if code.contains("timedelta(") {
        out.push_str("from datetime import timedelta\n");
    }
    if code.contains("Decimal(\"") {
        out.push_str("from decimal import Decimal\n");
    }
    out.push('\n');
    for (module, called) in modules::mentioned(code) {
        out.push_str(&format!("import {module} as {called}\n"));
    }
    let column = if code.contains(") -> Column:") { "Column, " } else { "" };
    let window = if code.contains("Window.") { ", Window" } else { "" };
    out.push_str(&format!("from pyspark.sql import {column}DataFrame{window}\n"));
    if code.contains("F.") {
        out.push_str("from pyspark.sql import functions as F\n");
    }
    out.push_str("from pyspark.sql import types as T\n\n");
    out
}

fn docs(doc: Option<&str>) -> String {
    let lines = doc.unwrap_or_default().lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| format!("{}\n", comment(line))).collect()
}

pub(super) fn constant(name: &str, value: &Py) -> String {
    value.statement(0, &format!("{name} = "))
}

pub(super) fn texts(names: &[String]) -> Py {
    Py::List(names.iter().map(|name| Py::text(name)).collect())
}

/// A dataset as who takes persons out of it knows it.
pub(super) fn dataset(plan: &Plan, dataset: &Dataset) -> Vec<Py> {
    named(plan, dataset)
}

/// A table as who takes old rows out of it knows it.
pub(super) fn table(plan: &Plan, dataset: &Dataset, mode: &WriteMode) -> Vec<Py> {
    let mut arguments = named(plan, dataset);
    arguments.extend(kept(plan, dataset, mode));
    arguments
}

/// How long rows stay, by which column, and how large files are.
fn kept(plan: &Plan, dataset: &Dataset, mode: &WriteMode) -> Vec<Py> {
    let mut arguments = vec![Py::keyword("retain_days", Py::atom(dataset.retain_days.to_string()))];
    if let (Format::Iceberg, Some(column)) = (dataset.format, dataset.aged_by(mode)) {
        arguments.push(Py::keyword("aged_by", Py::text(&column.name)));
    }
    if let Some(zone) = plan.zone(&dataset.id.zone) {
        let size = Py::atom(zone.target_file_bytes.to_string());
        arguments.push(Py::keyword("target_file_bytes", size));
    }
    arguments
}

fn named(plan: &Plan, dataset: &Dataset) -> Vec<Py> {
    let id = &dataset.id;
    let mut arguments = vec![
        Py::keyword("argument", Py::text(&dataset_argument(&id.zone, &id.name))),
        Py::keyword("schema", schema(&dataset.columns)),
    ];
    let format = plan.file_format(dataset);
    if format != Format::Parquet {
        arguments.push(Py::keyword("format", Py::text(format.name())));
    }
    if !dataset.partition.is_empty() {
        arguments.push(Py::keyword("partition", texts(&dataset.partition)));
    }
    if let (Format::Csv, Some(source)) = (format, plan.copied(dataset)) {
        arguments.extend(of_csv(&source.csv()));
    }
    if matches!(dataset.writer, Writer::Source(_)) && dataset.delivers == Delivers::Snapshot {
        arguments.push(Py::keyword("newest", Py::text(SNAPSHOT)));
    }
    arguments
}

/// How the values of a CSV file stand, where it is not as they usually do.
fn of_csv(csv: &Csv) -> Vec<Py> {
    let texts = [
        ("separator", &csv.separator, ","),
        ("quote", &csv.quote, "\""),
        ("missing", &csv.missing, ""),
    ];
    let texts = texts.into_iter().filter(|(_, text, usual)| text != usual);
    let texts = texts.map(|(name, text, _)| Py::keyword(name, Py::text(text)));
    let header = (!csv.header).then(|| Py::keyword("header", Py::atom("False")));
    texts.chain(header).collect()
}

pub(super) fn event_time(columns: &[Column]) -> Option<Py> {
    let column = columns.iter().find(|column| column.event_time)?;
    Some(Py::keyword("event_time", Py::text(&column.name)))
}

fn parameters(body: &Body, run: &str) -> String {
    match body.needs_run {
        true => format!("rows: DataFrame, run: {run}"),
        false => "rows: DataFrame".to_owned(),
    }
}

fn view_function(view: &View, body: &Body, run: &str, landed: &Landed) -> String {
    let mut lines = vec![
        format!("def {}(run: {run}) -> DataFrame:", view_name(&view.name)),
        format!("    \"\"\"The rows of `{}`.\"\"\"", view.name),
        rows_of(&view.input, landed).statement(4, "rows = "),
    ];
    if !body.lines.is_empty() {
        lines.push(String::new());
    }
    lines.extend(body.lines.iter().cloned());
    lines.push("    return rows\n\n".to_owned());
    docs(view.doc.as_deref()) + &lines.join("\n")
}
