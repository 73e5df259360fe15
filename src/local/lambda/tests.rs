//! A platform's `test` items on the generated functions themselves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::package::binaries;
use super::rows::{record, row};
use super::service::Function;
use crate::emit::rust::package_name;
use crate::local::test::{Came, TestResult, result_columns};
use crate::local::{Fault, RunError};
use crate::plan::expr::Literal;
use crate::plan::{Engine, Plan, Test, Transform};

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
    let mut running = BTreeMap::new();
    let results = tests.into_iter().map(|(test, transform)| {
        let started = Instant::now();
        let came = run_test(test, transform, &built, &mut running);
        TestResult::new(test, result_columns(transform), came, started.elapsed())
    });
    Ok(results.collect())
}

fn run_test<'p>(
    test: &Test,
    transform: &'p Transform,
    built: &BTreeMap<String, PathBuf>,
    running: &mut BTreeMap<&'p str, Function>,
) -> Result<Came, RunError> {
    let mut function = match running.remove(transform.name.as_str()) {
        Some(function) => function,
        None => {
            let binary = built.get(&package_name(&transform.name)).ok_or_else(|| {
                RunError::new(
                    Fault::Surroundings,
                    format!("the build has no function `{}`", transform.name),
                )
                .help("run `pipec build` again: the project has changed since")
            })?;
            Function::start(binary, &transform.name)?
        }
    };
    let columns = &transform.input_columns;
    let time = columns.iter().position(|column| column.event_time);
    let records: Vec<_> = test
        .rows(&transform.input)
        .iter()
        .map(|row| {
            // A test says nothing of arrivals: each row arrives as it happens.
            let arrived = match time.and_then(|place| row.get(place)) {
                Some(Literal::Timestamp(micros)) => *micros,
                _ => 0,
            };
            (record(columns, row), arrived)
        })
        .collect();
    let delivered = function.invoke(&records)?;
    running.insert(&transform.name, function);
    let result = result_columns(transform);
    let rows: Option<Vec<_>> = delivered.rows.iter().map(|line| row(result, line)).collect();
    let rows = rows.ok_or_else(|| {
        RunError::new(
            Fault::Data,
            format!(
                "the function `{}` delivered a line that is no row of its dataset",
                transform.name
            ),
        )
    })?;
    Ok(Came {
        rows,
        reasons: delivered.reasons,
    })
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
        assert_eq!(archives[0].path, "lambda/dist/clean.zip");
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
