//! What a further run reads and rewrites, so that it leaves what one run over all of its rows would have left.
//!
//! A scheduled run of a platform knows the time of the last good one, and reads what may have changed since; a run here
//! knows which files and partitions did. Everything else follows the same rule: for `append` what is new, else every
//! partition of the input that a touched partition of the output is computed from, or all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::chain::Chain;
use super::error::{Fault, RunError};
use super::feed::{Samples, Scope};
use super::lines::Sample;
use super::partition;
use super::run::SourceReport;
use super::write::{Keeps, Written};
use crate::plan::{DatasetId, Input, JoinKind, Plan, Reads, StepKind, Target, Transform, WriteMode};

/// What earlier runs have read, kept beside what they wrote.
const STATE: &str = ".pipec-state.json";

/// The files of samples that were read: for each source, name and size.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct State {
    sources: BTreeMap<String, BTreeMap<String, u64>>,
    /// How many records that were, by source: those of a further run have the numbers behind them.
    #[serde(default)]
    pub records: BTreeMap<String, u64>,
}

impl State {
    /// Of the output folder; where no run was, nothing was read.
    pub fn read(out: &Path) -> Result<State, RunError> {
        let path = out.join(STATE);
        #[allow(clippy::disallowed_methods, reason = "the output folder is the embedded engine's")]
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(State::default()),
            Err(error) => return Err(RunError::file(&path, "read", error)),
        };
        serde_json::from_slice(&text).map_err(|error| RunError::file(&path, "read", error))
    }

    pub fn write(&self, out: &Path) -> Result<(), RunError> {
        let path = out.join(STATE);
        let text = serde_json::to_vec(self).map_err(|error| RunError::file(&path, "written", error))?;
        // The old file may be another run's, by another name.
        let _ = std::fs::remove_file(&path);
        #[allow(clippy::disallowed_methods, reason = "the output folder is the embedded engine's")]
        let written = std::fs::write(&path, text);
        written.map_err(|error| RunError::file(&path, "written", error))
    }

    /// Which of a source's files no run has read.
    pub fn sort(&self, source: &str, all: Vec<Sample>) -> Result<Samples, RunError> {
        let mut new = Vec::new();
        for sample in &all {
            match self.sources.get(source).and_then(|known| known.get(&sample.name)) {
                None => new.push(sample.clone()),
                Some(size) if *size == sample.size()? => {}
                Some(_) => {
                    let message = format!(
                        "`{}` was read by an earlier run, and is another file now",
                        sample.path.display()
                    );
                    let help = "write what is new into a file of its own, or run without `--add`";
                    return Err(RunError::new(Fault::Surroundings, message).help(help));
                }
            }
        }
        let records = self.records.get(source).copied().unwrap_or_default();
        Ok(Samples { all, new, records })
    }

    /// With what this run has read.
    pub fn with(mut self, samples: &BTreeMap<String, Samples>, read: &[SourceReport]) -> State {
        for source in read {
            *self.records.entry(source.name.clone()).or_default() += source.rows;
        }
        for (source, samples) in samples {
            let known = self.sources.entry(source.clone()).or_default();
            known.extend(
                samples
                    .all
                    .iter()
                    .filter_map(|sample| Some((sample.name.clone(), sample.size().ok()?))),
            );
        }
        self
    }
}

/// What a transform reads and does.
pub(super) fn chain<'p>(plan: &'p Plan, transform: &'p Transform) -> Chain<'p> {
    let mut chain = Chain::new(
        plan,
        (&transform.input, &transform.input_columns, &transform.steps),
        None,
        &|_| false,
    );
    // Which of two rows of one key is newer, and whether it is deleted, says what arrivals have beside their columns.
    chain.arrivals |= matches!(transform.mode, WriteMode::Merge(_) | WriteMode::History(_));
    chain
}

/// Everything that a transform reads, views looked through: its own input first.
pub(super) fn inputs(plan: &Plan, transform: &Transform) -> Vec<Input> {
    let mut found = Vec::new();
    of_chain(plan, &chain(plan, transform), &mut found);
    found
}

fn of_chain(plan: &Plan, chain: &Chain<'_>, found: &mut Vec<Input>) {
    found.push(chain.input.clone());
    for step in &chain.steps {
        let (other, columns) = match &step.kind {
            StepKind::Join(join) => (&join.other, &join.columns),
            StepKind::Union { other, columns } => (other, columns),
            _ => continue,
        };
        of_chain(plan, &Chain::new(plan, (other, columns, &[]), None, &|_| false), found);
    }
}

/// Whether each row's answer needs no other row.
pub(super) fn row_by_row(chain: &Chain<'_>) -> bool {
    chain.steps.iter().all(|step| match &step.kind {
        StepKind::Filter(_)
        | StepKind::Derive(_)
        | StepKind::Select(_)
        | StepKind::Drop(_)
        | StepKind::Rename(_)
        | StepKind::Explode { .. }
        | StepKind::Expect { .. }
        | StepKind::Route { .. }
        | StepKind::Unpivot { .. } => true,
        // A row of a stream looks up a table as it is when it arrives; another stream's rows may still come, and what finds
        // no pair of all rows is not known of some.
        StepKind::Join(join) => join.within_seconds.is_none() && join.kind != JoinKind::Full,
        StepKind::Union { .. }
        | StepKind::Dedupe { .. }
        | StepKind::Group { .. }
        | StepKind::Window { .. }
        | StepKind::Session { .. }
        | StepKind::Pivot { .. }
        | StepKind::Sort(_)
        | StepKind::Take(_)
        | StepKind::Run(_) => false,
    })
}

/// Whether anything that a transform reads has changed with this run.
pub(super) fn touched(
    plan: &Plan,
    transform: &Transform,
    written: &BTreeMap<DatasetId, Written>,
    samples: &BTreeMap<String, Samples>,
) -> bool {
    inputs(plan, transform)
        .iter()
        .any(|input| changed(input, written, samples))
}

fn changed(input: &Input, written: &BTreeMap<DatasetId, Written>, samples: &BTreeMap<String, Samples>) -> bool {
    match input {
        Input::Table(id) => written.get(id).is_some_and(|written| !written.partitions.is_empty()),
        Input::Stream(name) => samples.get(name).is_some_and(|samples| !samples.new.is_empty()),
        Input::View(_) => false,
    }
}

/// What a further run of a transform reads, and what of its target stays.
pub(super) fn scope(
    plan: &Plan,
    transform: &Transform,
    chain: &Chain<'_>,
    written: &BTreeMap<DatasetId, Written>,
    samples: &BTreeMap<String, Samples>,
) -> (Scope, Keeps) {
    let touched = |input: &Input| changed(input, written, samples);
    let all = inputs(plan, transform);
    let merges = matches!(transform.mode, WriteMode::Merge(_) | WriteMode::History(_));
    let rest = if merges { Keeps::All } else { Keeps::Nothing };
    let sends = transform
        .targets()
        .iter()
        .any(|target| matches!(target, Target::Sink(_)));
    match &transform.reads {
        Reads::Arrivals if row_by_row(chain) => (Scope::New, Keeps::All),
        Reads::Days { column, .. } if !sends => {
            let others = all.iter().skip(1).any(touched);
            let unites = chain
                .steps
                .iter()
                .any(|step| matches!(step.kind, StepKind::Union { .. }));
            match days(chain.input, column, written).filter(|_| !others && !unites && !loses_time(plan, transform)) {
                Some(days) if merges => (Scope::Days(column.clone(), days), Keeps::All),
                Some(days) => (
                    Scope::Days(column.clone(), days.clone()),
                    Keeps::AllBut(column.clone(), days),
                ),
                None => (Scope::All, rest),
            }
        }
        _ => (Scope::All, rest),
    }
}

/// Whether rows of a merge do not tell in their dataset which of two is newer: then all rows have to say it again.
fn loses_time(plan: &Plan, transform: &Transform) -> bool {
    let WriteMode::Merge(_) = transform.mode else {
        return false;
    };
    let tells = |id: &DatasetId| plan.dataset(id).columns.iter().any(|column| column.event_time);
    !transform.datasets().into_iter().all(tells)
}

/// The values of a column in the partitions that were touched; `None` where their names do not say it.
fn days(input: &Input, column: &str, written: &BTreeMap<DatasetId, Written>) -> Option<BTreeSet<String>> {
    let Input::Table(id) = input else { return None };
    let partitions = &written.get(id)?.partitions;
    let day = |folder: &String| {
        folder
            .split('/')
            .filter_map(partition::parse)
            .find(|(name, _)| name == column)?
            .1
    };
    partitions.iter().map(day).collect()
}
