//! The platform's tests on Spark: the generated jobs themselves, in one Python process for all of them.
//!
//! Each test's rows are written as the datasets that its job reads, the job runs as it would in the cloud, and what it
//! wrote is judged as the embedded engine's rows are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use pipec_runtime::Date;

use super::error::{Fault, RunError};
use super::read::parts;
use super::test::{Came, TestResult, reason};
use super::write::{dataset_folder, quarantine_folder};
use crate::emit::pyspark;
use crate::plan::expr::Literal;
use crate::plan::types::Column;
use crate::plan::{Dataset, Input, Plan, Reads, Shape, Source, Step, StepKind, Test, Transform, names};

mod arrivals;
#[cfg(test)]
mod chance;
#[cfg(test)]
mod columns;
mod exchange;
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
        case.arrive()?;
        jobs.push(case.job(build, &key)?);
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
    /// The rows of what it wrote, by the argument that says where it is.
    rows: BTreeMap<String, Vec<serde_json::Value>>,
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
    plan: &'p Plan,
    transform: &'p Transform,
    /// The datasets that the job reads.
    sources: Vec<&'p Dataset>,
    /// The sources whose arrivals it reads.
    arrivals: Vec<&'p Source>,
    /// The views that it reads.
    views: Vec<&'p str>,
    /// The datasets that it writes; their columns are alike.
    targets: Vec<&'p Dataset>,
    root: PathBuf,
}

impl<'p> Case<'p> {
    /// Nothing if the test is of a transform that is no job.
    fn of(plan: &'p Plan, test: &'p Test, root: PathBuf) -> Option<Case<'p>> {
        let transform = plan.transform(&test.transform)?;
        if !transform.engine.is_job() {
            return None;
        }
        let mut case = Case {
            test,
            plan,
            transform,
            sources: Vec::new(),
            arrivals: Vec::new(),
            views: Vec::new(),
            targets: transform.datasets().into_iter().map(|id| plan.dataset(id)).collect(),
            root,
        };
        case.reads(&transform.input, &transform.steps);
        Some(case)
    }

    /// Adds what is read by an input, and by the steps behind it.
    fn reads(&mut self, input: &'p Input, steps: &'p [Step]) {
        match input {
            Input::Table(id) => {
                if !self.sources.iter().any(|known| known.id == *id) {
                    self.sources.push(self.plan.dataset(id));
                }
            }
            Input::View(name) => {
                if let Some(view) = self.plan.view(name)
                    && !self.views.contains(&name.as_str())
                {
                    self.views.push(name);
                    self.reads(&view.input, &view.steps);
                }
            }
            Input::Stream(name) => {
                let known = self.arrivals.iter().any(|source| source.name == *name);
                self.arrivals.extend(self.plan.source(name).filter(|_| !known));
            }
        }
        for step in steps {
            match &step.kind {
                StepKind::Join(join) => self.reads(&join.other, &[]),
                StepKind::Union { other, .. } => self.reads(other, &[]),
                _ => {}
            }
        }
    }

    /// What the driver is told of it.
    fn job(&self, build: &Path, key: &Path) -> Result<serde_json::Value, RunError> {
        let mut given = serde_json::Map::new();
        for dataset in &self.sources {
            let rows = self.test.rows(&Input::Table(dataset.id.clone()));
            given.insert(argument(dataset), rows_of(&dataset.columns, rows));
        }
        let mut views = serde_json::Map::new();
        for found in &self.test.given {
            if let Input::View(name) = &found.input
                && let Some(view) = self.plan.view(name)
            {
                let rows = serde_json::json!({
                    "schema": pyspark::row_type(&view.columns),
                    "rows": rows_of(&view.columns, &found.rows),
                });
                views.insert(pyspark::view_name(name), rows);
            }
        }
        let wanted = self.targets.iter().map(|dataset| argument(dataset));
        let wanted: Vec<_> = wanted.chain(self.sinks().map(|(argument, _)| argument)).collect();
        Ok(serde_json::json!({
            "job": build.join(names::job_script(&self.transform.name)),
            "arguments": self.arguments(key)?,
            "given": given,
            "views": views,
            "wanted": wanted,
        }))
    }

    /// The argument of each sink that it writes, and the folder of its rows.
    fn sinks(&self) -> impl Iterator<Item = (String, PathBuf)> {
        let sinks = self.plan.sinks_of(self.transform).into_iter();
        sinks.map(|sink| {
            (
                names::sink_argument(&sink.name),
                self.root.join("sinks").join(&sink.name),
            )
        })
    }

    /// The folder of what arrives from a source.
    fn arriving(&self, source: &Source) -> PathBuf {
        self.root.join("arriving").join(&source.name)
    }

    /// Writes what arrives.
    fn arrive(&self) -> Result<(), RunError> {
        for source in &self.arrivals {
            let rows = self.test.rows(&Input::Stream(source.name.clone()));
            arrivals::write(source, rows, &self.arriving(source))?;
        }
        Ok(())
    }

    fn arguments(&self, key: &Path) -> Result<Vec<String>, RunError> {
        let quarantine = quarantine_folder(&self.root, &self.transform.name);
        let datasets = self.sources.iter().chain(&self.targets);
        let mut places: BTreeMap<String, PathBuf> = datasets
            .map(|dataset| (argument(dataset), dataset_folder(&self.root, dataset)))
            .collect();
        places.extend(
            self.arrivals
                .iter()
                .map(|source| (names::source_argument(&source.name), self.arriving(source))),
        );
        places.extend(self.sinks());
        places.insert(names::ARG_STATE.to_owned(), self.root.join("state"));
        places.insert(names::ARG_QUARANTINE.to_owned(), quarantine);
        places.insert(names::ARG_PSEUDONYM_KEY_FILE.to_owned(), key.to_owned());
        let places = places
            .into_iter()
            .map(|(name, place)| (name, place.display().to_string()));
        let run_at = (names::ARG_RUN_AT.to_owned(), format!("{}T00:00:00Z", self.first_day()));
        // The rows of a test are all that ever arrive.
        let closes = (names::ARG_UNTIL.to_owned(), "closed".to_owned());
        let closes = (self.transform.shape == Shape::Stream).then_some(closes);
        let params = super::params::values(self.plan, self.transform)?.into_iter();
        let params = params.map(|(param, value)| (names::param_argument(&param.name), value));
        let all = places.chain([run_at]).chain(closes).chain(params);
        Ok(all.flat_map(|(name, value)| [format!("--{name}"), value]).collect())
    }

    /// The run's day: the first of the rows', so that none is too old to be computed or to be kept.
    fn first_day(&self) -> String {
        let days = match &self.transform.reads {
            Reads::Days { column, .. } => Some(column),
            Reads::All | Reads::Arrivals => None,
        };
        let mut first: Option<i32> = None;
        for (dataset, name) in self.sources.iter().zip(days) {
            let at = dataset.columns.iter().position(|column| column.name == *name);
            let rows = self.test.rows(&Input::Table(dataset.id.clone()));
            let found = rows.iter().filter_map(|row| match row.get(at?) {
                Some(Literal::Date(day)) => Some(*day),
                _ => None,
            });
            first = found.chain(first).min();
        }
        let text = Date(first.unwrap_or_default()).text();
        String::from_utf8_lossy(&text).into_owned()
    }

    fn result(&self, outcome: Outcome) -> TestResult {
        let columns = &self.columns();
        let elapsed = Duration::try_from_secs_f64(outcome.seconds).unwrap_or_default();
        let came = match &outcome.error {
            Some(error) => Err(RunError::data(format!("the job failed: {error}"))),
            None => self.came(columns, &outcome),
        };
        TestResult::new(self.test, columns, came, elapsed)
    }

    /// The columns of what it writes.
    fn columns(&self) -> Vec<Column> {
        match self.targets.first() {
            Some(dataset) => dataset.columns.to_vec(),
            None => self.plan.rows_of(self.transform),
        }
    }

    fn came(&self, columns: &[Column], outcome: &Outcome) -> Result<Came, RunError> {
        let all = outcome.rows.values().flatten();
        let rows = all.map(|row| exchange::values_of(columns, row)).collect::<Option<_>>();
        Ok(Came {
            rows: rows.ok_or_else(|| RunError::data("the job's rows could not be read".to_owned()))?,
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

/// The argument that says where a dataset is.
fn argument(dataset: &Dataset) -> String {
    names::dataset_argument(&dataset.id.zone, &dataset.id.name)
}

fn rows_of(columns: &[Column], rows: &[Vec<Literal>]) -> serde_json::Value {
    rows.iter().map(|row| exchange::row_of(columns, row)).collect()
}
