//! `pipec test`: the project's tests, on the embedded engine or on what was generated.

use std::path::Path;

use clap::ValueEnum;

use super::output::{Output, plural};
use super::project::Compiled;
use super::{Failure, Outcome, ProjectArgument, build, project, writer};
use crate::aws;
use crate::base::Sources;
use crate::base::Span;
use crate::emit;
use crate::local::test::TestResult;
use crate::local::{self, RunError};
use crate::plan::Files;
use crate::plan::lower::{Scope, Skipped};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
    /// What runs the transforms
    #[arg(long, value_enum, default_value = "local")]
    engine: Engine,
    /// Only tests whose title or transform holds this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Only tests of this transform
    #[arg(long, value_name = "TRANSFORM")]
    only: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// The embedded engine: all transforms
    Local,
    /// The generated functions: stream transforms
    Lambda,
    /// The generated jobs: table transforms
    Spark,
}

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    let found = project::find(&arguments.project)?;
    let scope = match arguments.engine {
        Engine::Local => Scope::Embedded,
        Engine::Lambda => Scope::Functions,
        Engine::Spark => Scope::Jobs,
    };
    let mut compiled = project::compile_or_say(out, found, None, scope)?;
    if let Some(only) = &arguments.only {
        if compiled.skipped.iter().all(|skipped| skipped.transform != *only) {
            local::known(&compiled.plan, only).map_err(super::run::failure)?;
        }
        compiled.plan.tests.retain(|test| test.transform == *only);
        compiled.skipped.retain(|skipped| skipped.transform == *only);
    }
    say_skipped(out, &compiled);
    let filter = arguments.filter.as_deref();
    let results = match arguments.engine {
        Engine::Local => local::test::run_tests(&compiled.plan, &compiled.project.root, filter),
        Engine::Lambda => {
            let mut files = emit::rust::emit(&compiled.plan);
            files.extend(aws::script_files(&compiled.plan));
            on_build(&compiled, files, |build| {
                local::lambda::run_tests(&compiled.plan, build, filter, &mut |step| out.detail(step))
            })?
        }
        Engine::Spark => on_build(&compiled, emit::pyspark::emit(&compiled.plan), |build| {
            local::spark::run_tests(&compiled.plan, build, filter)
        })?,
    };
    say(out, &compiled, arguments, &results)
}

/// Runs on a build of its own, so that tests neither need nor touch the project's. It stays, below `.pipec/` in the
/// project, because what cargo compiled for it is worth minutes.
fn on_build(
    compiled: &Compiled,
    files: Files,
    run: impl FnOnce(&Path) -> Result<Vec<TestResult>, RunError>,
) -> Result<Vec<TestResult>, Failure> {
    let folder = compiled.project.root.join(".pipec").join("test");
    let files = build::with_manifest(compiled, files)?;
    let difference = writer::compare(&folder, &files).map_err(|error| Failure::io("read", &folder, &error))?;
    writer::write(&folder, &files, &difference).map_err(|error| Failure::io("write", &folder, &error))?;
    run(&folder).map_err(super::run::failure)
}

/// The transforms that the engine does not carry, each with the reason: what is not run is never left out without a word.
fn say_skipped(out: &Output, compiled: &Compiled) {
    for Skipped { transform, why } in &compiled.skipped {
        let place = place(&compiled.sources, why.primary.span);
        out.done(&format!("skip  {transform}: {} ({place})", why.message));
    }
}

/// `pipeline.pipe:12`
fn place(sources: &Sources, span: Span) -> String {
    let source = sources.get(span.file);
    format!("{}:{}", source.path, source.line_column(span.start).line)
}

fn say(out: &Output, compiled: &Compiled, arguments: &Arguments, results: &[TestResult]) -> Outcome {
    say_results(out, &compiled.sources, results);
    let failed = results.iter().filter(|result| !result.passed()).count();
    let (skipped, elsewhere) = match arguments.filter {
        Some(_) => (0, 0),
        None => left_out(compiled, results),
    };
    let mut counts = format!("{} passed, {failed} failed", results.len() - failed);
    if skipped > 0 {
        counts += &format!(", {} of skipped transforms", plural(skipped, "test"));
    }
    if elsewhere > 0 {
        counts += &format!(", {} of transforms that run elsewhere", plural(elsewhere, "test"));
    }
    out.done(&counts);
    // A project that has none is not wrong; one whose tests are all left out has not been tested.
    let has_none = arguments.filter.is_none() && compiled.plan.tests.is_empty();
    match (has_none, results.is_empty()) {
        (true, _) => out.done("the project has no tests"),
        (false, true) => out.error("no test was run"),
        (false, false) => {}
    }
    match failed == 0 && (has_none || !results.is_empty()) {
        true => Ok(()),
        false => Err(Failure::Project),
    }
}

/// A line a test, and what is other than expected.
pub(super) fn say_results(out: &Output, sources: &Sources, results: &[TestResult]) {
    for result in results {
        let time = format!("{:.2} s", result.elapsed.as_secs_f64());
        let place = place(sources, result.span);
        match &result.verdict {
            Ok(verdict) if verdict.passed() => {
                out.done(&format!("pass  {} ({}, {time})", result.title, result.transform))
            }
            Ok(verdict) => {
                let difference = verdict.to_string().replace('\n', "\n      ");
                out.error(&format!(
                    "FAIL  {} ({}, {place})\n      {difference}",
                    result.title, result.transform
                ));
            }
            Err(error) => out.error(&format!(
                "FAIL  {} ({}, {place})\n      {}",
                result.title, result.transform, error.message
            )),
        }
    }
}

/// How many tests did not run: those of skipped transforms, and those of transforms that another engine runs.
fn left_out(compiled: &Compiled, results: &[TestResult]) -> (usize, usize) {
    let is_skipped = |name: &str| compiled.skipped.iter().any(|skipped| skipped.transform == name);
    let tests = &compiled.plan.tests;
    let skipped = tests.iter().filter(|test| is_skipped(&test.transform)).count();
    (skipped, tests.len() - results.len() - skipped)
}
