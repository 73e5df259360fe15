//! `pipec explain`: why.

mod access;
mod capacity;
mod cost;
mod erasure;
mod freshness;
mod lifetime;
mod sql;

use std::fmt::Write;

use clap::Subcommand;

use super::output::{Output, plural};
use super::project::{Compiled, compile_or_say, find};
use super::{Failure, Outcome, ProjectArgument, words};
use crate::diag::{self, Code, Severity};
use crate::plan::lower::Scope;
use crate::plan::{DatasetId, Engine, Input, Plan, Reads, Transform, WriteMode, lineage};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    /// A diagnostic's code (P0301), an item (zone), a setting (zone.retain), a setting of this project (zone.raw.retain),
    /// a function (sum) [default: list them]
    #[arg(value_name = "CODE|WORD")]
    word: Option<String>,
    /// The project's folder
    #[arg(long, value_name = "PATH")]
    project: Option<std::path::PathBuf>,
    #[command(subcommand)]
    topic: Option<Topic>,
}

#[derive(Debug, Subcommand)]
enum Topic {
    /// What runs where, what it reads and writes, and why
    Plan {
        #[command(flatten)]
        project: ProjectArgument,
        /// Apply an environment's settings
        #[arg(long, value_name = "NAME")]
        env: Option<String>,
    },
    /// What a principal can see, and what stays hidden from it
    Access {
        /// The name of an `access` item, or a role's ARN
        principal: String,
        /// Only this dataset, `zone.dataset`
        dataset: Option<String>,
        /// The project's folder
        #[arg(long, value_name = "PATH")]
        project: Option<std::path::PathBuf>,
    },
    /// The SQL of a view, or of a transform of a table, as Athena runs it
    Sql {
        /// The transform's name
        name: String,
        #[command(flatten)]
        project: ProjectArgument,
        /// Apply an environment's settings
        #[arg(long, value_name = "NAME")]
        env: Option<String>,
    },
    /// How long what carries a label may stay, on every way that it takes
    Lifetime {
        /// The class: `pii`
        label: String,
        #[command(flatten)]
        project: ProjectArgument,
        /// Apply an environment's settings
        #[arg(long, value_name = "NAME")]
        env: Option<String>,
    },
    /// Where the rows of a person are, how each of them goes, in which order, and when the last copy is gone
    Erasure {
        /// The column that names the person, `source.column` [default: each that is a `@subject`]
        subject: Option<String>,
        /// The project's folder
        #[arg(long, value_name = "PATH")]
        project: Option<std::path::PathBuf>,
        /// Apply an environment's settings
        #[arg(long, value_name = "NAME")]
        env: Option<String>,
    },
    /// How old each dataset with an alarm on its age may get, and what adds up to that
    Freshness {
        /// The dataset, `zone.dataset` [default: each that has an alarm on its age]
        dataset: Option<String>,
        /// The project's folder
        #[arg(long, value_name = "PATH")]
        project: Option<std::path::PathBuf>,
        /// Apply an environment's settings
        #[arg(long, value_name = "NAME")]
        env: Option<String>,
    },
    /// What services take, how much of it is needed, and how that comes about
    Capacity {
        /// The source [default: each]
        source: Option<String>,
        /// The project's folder
        #[arg(long, value_name = "PATH")]
        project: Option<std::path::PathBuf>,
        /// Apply an environment's settings
        #[arg(long, value_name = "NAME")]
        env: Option<String>,
    },
    /// What the platform costs in a month, at least and at most, and how that comes about
    Cost(cost::Arguments),
    /// Where a column comes from
    Lineage {
        /// `zone.dataset.column`
        column: String,
        #[command(flatten)]
        project: ProjectArgument,
    },
}

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    match (&arguments.topic, &arguments.word) {
        (Some(Topic::Plan { project, env }), _) => {
            let compiled = compile_or_say(out, find(project)?, env.as_deref(), Scope::Platform)?;
            out.result(&plan(&compiled));
            Ok(())
        }
        (
            Some(Topic::Access {
                principal,
                dataset,
                project,
            }),
            _,
        ) => {
            let plan = planned(out, project, &None)?;
            out.result(&access::explain(&plan, principal, dataset.as_deref())?);
            Ok(())
        }
        (Some(Topic::Sql { name, project, env }), _) => {
            out.result(&sql::explain(out, name, find(project)?, env.as_deref())?);
            Ok(())
        }
        (Some(Topic::Lifetime { label, project, env }), _) => {
            let compiled = compile_or_say(out, find(project)?, env.as_deref(), Scope::Platform)?;
            out.result(&lifetime::explain(&compiled.plan, label.trim_start_matches('@'))?);
            Ok(())
        }
        (Some(Topic::Erasure { subject, project, env }), _) => {
            let plan = planned(out, project, env)?;
            out.result(&erasure::explain(&plan, subject.as_deref())?);
            Ok(())
        }
        (Some(Topic::Freshness { dataset, project, env }), _) => {
            let plan = planned(out, project, env)?;
            out.result(&freshness::explain(&plan, dataset.as_deref())?);
            Ok(())
        }
        (Some(Topic::Capacity { source, project, env }), _) => {
            let plan = planned(out, project, env)?;
            out.result(&capacity::explain(&plan, source.as_deref())?);
            Ok(())
        }
        (Some(Topic::Cost(arguments)), _) => {
            out.result(&cost::explain(out, arguments)?);
            Ok(())
        }
        (Some(Topic::Lineage { column, project }), _) => {
            let compiled = compile_or_say(out, find(project)?, None, Scope::Embedded)?;
            out.result(&column_lineage(&compiled.plan, column)?);
            Ok(())
        }
        (None, Some(word)) => explain_word(out, word, arguments.project.clone()),
        (None, None) => {
            out.result(&words::list());
            Ok(())
        }
    }
}

/// The plan of a project, by its folder.
fn planned(out: &Output, project: &Option<std::path::PathBuf>, env: &Option<String>) -> Result<Plan, Failure> {
    let project = ProjectArgument { path: project.clone() };
    Ok(compile_or_say(out, find(&project)?, env.as_deref(), Scope::Platform)?.plan)
}

fn explain_word(out: &Output, word: &str, project: Option<std::path::PathBuf>) -> Outcome {
    let digits = word.strip_prefix(['P', 'p']).unwrap_or(word);
    let number = digits.parse().ok().map(Code);
    if let Some(info) = number.and_then(diag::find) {
        let level = match info.severity {
            Severity::Error => "",
            Severity::Warning => "warning, ",
        };
        let (code, title, since, page) = (info.code, info.title, info.since, info.page);
        out.result(&format!("{code}: {title} ({level}since {since})\n\n{page}"));
        return Ok(());
    }
    if word.contains('.')
        && let Ok(found) = find(&ProjectArgument { path: project })
        && let Some(origin) = words::origin(&found.world, word)
    {
        out.result(&origin);
        return Ok(());
    }
    out.result(&words::explain(word)?);
    Ok(())
}

fn plan(compiled: &Compiled) -> String {
    let mut text = String::new();
    for transform in &compiled.plan.transforms {
        let source = compiled.sources.get(transform.span.file);
        let line = source.line_column(transform.span.start).line;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} ({}:{line})", transform.name, source.path);
        for (what, how) in facts(&compiled.plan, transform) {
            let _ = writeln!(text, "  {what:<8} {how}");
        }
        for why in &transform.why {
            let _ = writeln!(text, "  because  {why}");
        }
        text.push('\n');
    }
    for schedule in &compiled.plan.schedules {
        let waves: Vec<_> = schedule.waves.iter().map(|wave| wave.join(", ")).collect();
        let _ = writeln!(
            text,
            "{}: {} runs {}",
            schedule.name,
            schedule.starts,
            waves.join(", then ")
        );
    }
    text
}

fn facts(plan: &Plan, transform: &Transform) -> Vec<(&'static str, String)> {
    let inputs = plan.reads(transform).into_iter().map(|input| match input {
        Input::Stream(source) => format!("the arrivals of `{source}`"),
        Input::Table(_) | Input::View(_) => format!("`{input}`"),
    });
    let input = inputs.collect::<Vec<_>>().join(", ");
    let reads = match &transform.reads {
        Reads::Arrivals => format!("{input}, as they come"),
        Reads::All => format!("{input}, all of it every time"),
        Reads::Days {
            column, late_seconds, ..
        } => {
            let late = plural(late_seconds.div_ceil(3600) as usize, "hour");
            format!(
                "{input}: each `{column}` that may have changed since the last good run, {late} of lateness and delivery included"
            )
        }
    };
    let targets: Vec<_> = transform.targets().iter().map(|target| format!("`{target}`")).collect();
    let how = match &transform.mode {
        WriteMode::Append => "new rows are added".to_owned(),
        WriteMode::Overwrite => "the partitions that a run computed are replaced".to_owned(),
        WriteMode::Merge(keys) => format!("of rows with the same {} the newest stays", keys.join(", ")),
        WriteMode::History(keys) => format!("the versions of each {} stand side by side", keys.join(", ")),
    };
    let writes = format!("{}: {how}", targets.join(", "));
    let engine = match &transform.engine {
        Engine::Lambda(lambda) => format!(
            "AWS Lambda, a generated Rust function: {} records or {} s a batch, {} MiB, {}",
            lambda.batch, lambda.wait_seconds, lambda.memory_mib, lambda.architecture
        ),
        Engine::Glue(glue) => format!(
            "AWS Glue 5.0, a generated PySpark job: {}..{} workers {}, at most {} min",
            glue.min_workers, glue.max_workers, glue.worker, glue.timeout_minutes
        ),
        Engine::Emr(emr) => format!(
            "Amazon EMR Serverless, a generated PySpark job: at most {} processors and {} GiB, {}, at most {} min",
            emr.max_vcpu, emr.max_memory_gib, emr.architecture, emr.timeout_minutes
        ),
        Engine::Other(name) => name.clone(),
    };
    let mut facts = vec![("reads", reads), ("writes", writes)];
    for id in transform.datasets() {
        let dataset = plan.dataset(id);
        let by = match dataset.partition.as_slice() {
            [] => String::new(),
            columns => format!(", partitioned by {}", columns.join(", ")),
        };
        facts.push(("keeps", format!("{} days{by}", dataset.retain_days)));
    }
    facts.push(("runs on", engine));
    facts
}

fn column_lineage(plan: &Plan, text: &str) -> Result<String, Failure> {
    let parts: Vec<_> = text.split('.').collect();
    let [zone, name, column] = parts[..] else {
        return Err(Failure::Usage(format!(
            "`{text}` is not of the form `zone.dataset.column`"
        )));
    };
    let id = DatasetId {
        zone: zone.to_owned(),
        name: name.to_owned(),
    };
    let Some(dataset) = plan.datasets.get(&id) else {
        let names: Vec<_> = plan.datasets.keys().map(ToString::to_string).collect();
        return Err(Failure::Usage(format!(
            "there is no dataset `{id}`; there is {}",
            names.join(", ")
        )));
    };
    if !dataset.columns.iter().any(|found| found.name == column) {
        let names: Vec<_> = dataset.columns.iter().map(|column| column.name.as_str()).collect();
        return Err(Failure::Usage(format!(
            "`{id}` has no column `{column}`; it has {}",
            names.join(", ")
        )));
    }
    let lines = lineage::trace(plan, &id, column);
    Ok(lines
        .iter()
        .map(|(depth, line)| format!("{}{line}\n", "  ".repeat(*depth)))
        .collect())
}
