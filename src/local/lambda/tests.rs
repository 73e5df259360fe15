//! A platform's `test` items on the generated functions themselves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::event::{Arrived, events};
use super::package::binaries;
use super::rows::{arrived, record, row};
use super::service::{Delivered, Function};
use super::store::Tables;
use crate::emit::rust::package_name;
use crate::local::test::{Came, TestResult, result_columns};
use crate::local::{Fault, RunError};
use crate::plan::expr::Literal;
use crate::plan::types::Column;
use crate::plan::{Engine, Input, Plan, Source, StreamFunction, Test, Transform, stream_functions};

/// Builds the functions of a build folder and runs the tests whose title or transform contains the filter, of
/// transforms that are functions; tests of other transforms are left out.
pub fn run_tests(
    plan: &Plan,
    build: &Path,
    filter: Option<&str>,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<TestResult>, RunError> {
    let wanted = |test: &&Test| filter.is_none_or(|text| test.title.contains(text) || test.transform.contains(text));
    let tests: Vec<(&Test, &Transform)> = plan
        .tests
        .iter()
        .filter(wanted)
        .filter_map(|test| Some((test, plan.transform(&test.transform)?)))
        .filter(|(_, transform)| matches!(transform.engine, Engine::Lambda(_)))
        .collect();
    if tests.is_empty() {
        return Ok(Vec::new());
    }
    let built: BTreeMap<String, PathBuf> = binaries(build, progress)?
        .into_iter()
        .map(|(function, binary)| (function.package, binary))
        .collect();
    let functions = stream_functions(plan);
    let results = tests.into_iter().map(|(test, transform)| {
        let started = Instant::now();
        let came = run_test((plan, build), test, transform, (&functions, &built));
        TestResult::new(test, result_columns(transform), came, started.elapsed())
    });
    Ok(results.collect())
}

/// Runs a test on a process of its own, which remembers nothing of other tests.
fn run_test(
    (plan, build): (&Plan, &Path),
    test: &Test,
    transform: &Transform,
    (functions, built): (&[StreamFunction], &BTreeMap<String, PathBuf>),
) -> Result<Came, RunError> {
    let missing = || {
        RunError::new(
            Fault::Surroundings,
            format!("the build has no function for `{}`", transform.name),
        )
        .help("run `pipec build` again: the project has changed since")
    };
    let runs = |function: &&StreamFunction| function.transforms.iter().any(|one| one.name == transform.name);
    let result = result_columns(transform);
    let mut came = Came::default();
    for function in functions.iter().filter(runs) {
        let source = function.source;
        let binary = built.get(&package_name(&source.name)).ok_or_else(missing)?;
        let given = records(source, test.rows(&Input::Stream(source.name.clone())));
        let mut tables = Tables::of(plan, &function.transforms, test)?;
        tables.objects(source, &given);
        let mut process = Function::start((plan, build, binary), &source.name, &function.transforms, tables)?;
        let mut delivered = Delivered::default();
        for event in events(source, &given) {
            process.invoke(&event, &mut delivered)?;
        }
        let lines = delivered.rows.remove(&transform.name).unwrap_or_default();
        let rows: Option<Vec<_>> = lines.iter().map(|line| row(result, line)).collect();
        came.rows.extend(rows.ok_or_else(|| no_row(transform))?);
        came.reasons
            .extend(delivered.reasons.remove(&transform.name).unwrap_or_default());
    }
    match functions.iter().any(|function| runs(&function)) {
        true => Ok(came),
        false => Err(missing()),
    }
}

fn no_row(transform: &Transform) -> RunError {
    RunError::new(
        Fault::Data,
        format!(
            "the function `{}` delivered a line that is no row of its dataset",
            transform.name
        ),
    )
}

/// The rows of a source as records, each with when it arrives.
fn records(source: &Source, rows: &[Vec<Literal>]) -> Vec<Arrived> {
    let columns: Vec<Column> = source.schema.fields.iter().map(|field| field.column.clone()).collect();
    let of = |row: &Vec<Literal>| (record(&columns, row), arrived(&columns, row));
    rows.iter().map(of).collect()
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::plan::fixture::clickstream;

    /// `tests/e2e/test_lambda.py` runs it, with the target folder that the other functions are built in.
    #[test]
    #[ignore = "builds the AWS SDK, which takes minutes"]
    #[allow(clippy::disallowed_methods, reason = "a test of files on disk")]
    fn the_function_does_what_the_tests_say() {
        let build = tempfile::tempdir().unwrap();
        for (path, text) in crate::emit::rust::emit(&clickstream()) {
            let path = build.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let archives = crate::local::lambda::package(build.path(), &mut |_| {}).unwrap();
        assert_eq!(archives[0].path, "lambda/dist/clicks.zip");
        let mut plan = clickstream();
        let results = run_tests(&plan, build.path(), None, &mut |_| {}).unwrap();
        assert_eq!(results.len(), 1);
        assert_eq!(results[0].verdict.as_ref().unwrap().to_string(), "");
        plan.tests[0].expect_rejected = Some(7);
        let results = run_tests(&plan, build.path(), Some("clean"), &mut |_| {}).unwrap();
        let verdict = results[0].verdict.as_ref().unwrap();
        assert_eq!(verdict.rejected, Some((7, 1)));
    }
}
