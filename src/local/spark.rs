//! The platform's tests on Spark: the generated jobs themselves, in one Python process for all of them.
//!
//! Each test's rows are written as its input's Parquet, its job runs as it would in the cloud, and what it wrote is
//! judged as the embedded engine's rows are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use pipec_runtime::Date;

use super::batch::Batch;
use super::error::{Fault, RunError};
use super::pipeline::Sink;
use super::read::{parts, read_rows};
use super::test::{Came, TestResult, reason};
use super::value::array_of;
use super::write::{DatasetWriter, dataset_folder, quarantine_folder};
use crate::plan::expr::Literal;
use crate::plan::{Dataset, Engine, Input, Plan, Reads, Test, Transform, names};

#[cfg(test)]
mod tests;

/// Runs jobs one after another; says in its own text what it takes and gives.
const DRIVER: &str = include_str!("../../stdlib/runtime_py/run_jobs.py");
/// The driver's exit status where PySpark is not installed.
const NO_PYSPARK: i32 = 3;

/// The Python that runs jobs: `$PIPEC_PYTHON`, or `python3`.
pub fn python() -> String {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place that asks which Python runs jobs"
    )]
    let chosen = std::env::var("PIPEC_PYTHON");
    let chosen = chosen.ok().filter(|python| !python.is_empty());
    chosen.unwrap_or_else(|| "python3".to_owned())
}

/// Runs the tests of jobs whose title or transform contains the filter, with the jobs of a build's folder.
///
/// # Errors
/// If there is no Python with PySpark, or a file could not be written or read. A job that fails is a test's result.
pub fn run_tests(plan: &Plan, build: &Path, filter: Option<&str>) -> Result<Vec<TestResult>, RunError> {
    let scratch = tempfile::tempdir().map_err(|error| RunError::file(&std::env::temp_dir(), "written", error))?;
    let mut cases = Vec::new();
    for test in &plan.tests {
        if filter.is_none_or(|text| test.title.contains(text) || test.transform.contains(text)) {
            cases.extend(Case::of(plan, test, scratch.path().join(cases.len().to_string())));
        }
    }
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let key = scratch.path().join("key");
    save(&key, names::LOCAL_PSEUDONYM_KEY)?;
    let mut jobs = Vec::new();
    for case in &cases {
        case.write_input()?;
        jobs.push(case.job(build, &key));
    }
    let outcomes = run_jobs(scratch.path(), &serde_json::Value::Array(jobs))?;
    Ok(cases
        .iter()
        .zip(outcomes)
        .map(|(case, outcome)| case.result(outcome))
        .collect())
}

/// What the driver says of a job.
#[derive(serde::Deserialize)]
struct Outcome {
    seconds: f64,
    error: Option<String>,
}

fn run_jobs(scratch: &Path, jobs: &serde_json::Value) -> Result<Vec<Outcome>, RunError> {
    let (driver, list, results) = (
        scratch.join("run_jobs.py"),
        scratch.join("jobs.json"),
        scratch.join("results"),
    );
    save(&driver, DRIVER)?;
    save(&list, &jobs.to_string())?;
    let python = python();
    let missing = |message: String| {
        RunError::new(Fault::Surroundings, message)
            .help("install Java 17 and `pip install pyspark==3.5.4`, and name that Python in PIPEC_PYTHON")
    };
    let mut command = Command::new(&python);
    command.arg(&driver).arg(&list).arg(&results).stdin(Stdio::null());
    let output = command
        .output()
        .map_err(|error| missing(format!("`{python}` could not be run: {error}")))?;
    if output.status.code() == Some(NO_PYSPARK) {
        return Err(missing(format!("`{python}` has no PySpark")));
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.unwrap_or("it said nothing").trim();
        return Err(missing(format!("Spark could not be started by `{python}`: {last}")));
    }
    let text = load(&results)?;
    let outcomes: Result<Vec<Outcome>, _> = text.lines().map(serde_json::from_str).collect();
    outcomes.map_err(|error| RunError::file(&results, "read", error))
}

#[allow(clippy::disallowed_methods, reason = "files of a test's own, in a folder of its own")]
fn save(path: &Path, text: &str) -> Result<(), RunError> {
    std::fs::write(path, text).map_err(|error| RunError::file(path, "written", error))
}

#[allow(clippy::disallowed_methods, reason = "files of a test's own, in a folder of its own")]
fn load(path: &Path) -> Result<String, RunError> {
    std::fs::read_to_string(path).map_err(|error| RunError::file(path, "read", error))
}

/// A test, and the folder that holds its lake.
struct Case<'p> {
    test: &'p Test,
    transform: &'p Transform,
    input: &'p Dataset,
    target: &'p Dataset,
    root: PathBuf,
}

impl<'p> Case<'p> {
    /// Nothing if the test is of a transform that is no job.
    fn of(plan: &'p Plan, test: &'p Test, root: PathBuf) -> Option<Case<'p>> {
        let transform = plan.transform(&test.transform)?;
        let (Engine::Glue(_), Input::Table(input)) = (&transform.engine, &transform.input) else {
            return None;
        };
        Some(Case {
            test,
            transform,
            input: plan.dataset(input),
            target: plan.dataset(transform.dataset()),
            root,
        })
    }

    fn write_input(&self) -> Result<(), RunError> {
        let mut writer = DatasetWriter::new(&self.root, &self.transform.name, self.input)?;
        let given = self.test.rows(&self.transform.input);
        let mut columns = Vec::new();
        for (at, column) in self.transform.input_columns.iter().enumerate() {
            let values = given.iter().map(|row| row.get(at).unwrap_or(&Literal::Null));
            let values: Vec<&Literal> = values.collect();
            columns.push((column.name.clone(), array_of(&column.ty.kind, &values)?));
        }
        if !given.is_empty() {
            writer.rows(&Batch::new(columns, given.len()))?;
        }
        writer.finish()
    }

    /// What the driver is told of it.
    fn job(&self, build: &Path, key: &Path) -> serde_json::Value {
        serde_json::json!({
            "job": build.join(names::job_script(&self.transform.name)),
            "arguments": self.arguments(key),
        })
    }

    fn arguments(&self, key: &Path) -> Vec<String> {
        let quarantine = quarantine_folder(&self.root, &self.transform.name);
        let argument = |dataset: &Dataset| names::dataset_argument(&dataset.id.zone, &dataset.id.name);
        let places = [
            (argument(self.input), dataset_folder(&self.root, self.input)),
            (argument(self.target), dataset_folder(&self.root, self.target)),
            (names::ARG_STATE.to_owned(), self.root.join("state")),
            (names::ARG_QUARANTINE.to_owned(), quarantine),
            (names::ARG_PSEUDONYM_KEY_FILE.to_owned(), key.to_owned()),
        ];
        let places = places
            .iter()
            .map(|(name, place)| (name.clone(), place.display().to_string()));
        let run_at = (names::ARG_RUN_AT.to_owned(), format!("{}T00:00:00Z", self.first_day()));
        let arguments = places.chain([run_at]);
        arguments
            .flat_map(|(name, value)| [format!("--{name}"), value])
            .collect()
    }

    /// The run's day: the first of the rows', so that none is too old to be computed or to be kept.
    fn first_day(&self) -> String {
        let column = match &self.transform.reads {
            Reads::Days { column, .. } => self.transform.input_columns.iter().position(|c| c.name == *column),
            Reads::All | Reads::Arrivals => None,
        };
        let day_of = |row: &Vec<Literal>| match column.and_then(|at| row.get(at)) {
            Some(Literal::Date(day)) => Some(*day),
            _ => None,
        };
        let given = self.test.rows(&self.transform.input);
        let first = given.iter().filter_map(day_of).min();
        let text = Date(first.unwrap_or_default()).text();
        String::from_utf8_lossy(&text).into_owned()
    }

    fn result(&self, outcome: Outcome) -> TestResult {
        let came = match &outcome.error {
            Some(error) => Err(RunError::data(format!("the job failed: {error}"))),
            None => self.came(),
        };
        let elapsed = Duration::try_from_secs_f64(outcome.seconds).unwrap_or_default();
        TestResult::new(self.test, &self.target.columns, came, elapsed)
    }

    fn came(&self) -> Result<Came, RunError> {
        let folder = dataset_folder(&self.root, self.target);
        let rows = if folder.exists() {
            read_rows(self.target, &folder)?
        } else {
            Vec::new()
        };
        let values = |row: Vec<(String, Literal)>| row.into_iter().map(|(_, value)| value).collect();
        Ok(Came {
            rows: rows.into_iter().map(values).collect(),
            reasons: self.turned_away()?,
        })
    }

    fn turned_away(&self) -> Result<Vec<String>, RunError> {
        let folder = quarantine_folder(&self.root, &self.transform.name);
        let mut reasons = Vec::new();
        if folder.exists() {
            for part in parts(&folder, "txt")? {
                reasons.extend(load(&part.path)?.lines().map(|line| reason(line.as_bytes())));
            }
        }
        Ok(reasons)
    }
}
