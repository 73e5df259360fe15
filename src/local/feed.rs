//! Where a run's rows come from: samples, what has landed, and what transforms wrote before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pipec_runtime::Timestamp;

use super::batch::Batch;
use super::chain::Chain;
use super::error::{Fault, RunError};
use super::lines::{Arrivals, Chunk, Decoder, Lines, Sample};
use super::objects::Store;
use super::pipeline::{Feeds, Origin, Taker};
use super::read::{self, Part};
use super::steps::ARRIVED;
use super::write::{Written, dataset_folder, ending};
use crate::plan::{Dataset, DatasetId, Delivers, Input, Plan, Source, Writer, names};

/// Which of its rows a transform reads.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scope {
    /// All.
    All,
    /// Those that came with this run.
    New,
    /// Those of partitions in which a column has one of these values.
    Days(String, BTreeSet<String>),
}

/// Files of a run.
pub(super) struct Files<'p> {
    pub plan: &'p Plan,
    pub root: PathBuf,
    pub project: PathBuf,
    /// By source: the files of its sample, and which of them are new.
    pub samples: &'p BTreeMap<String, Samples>,
    /// What this run has written so far.
    pub written: &'p BTreeMap<DatasetId, Written>,
    pub now: Timestamp,
    pub scope: Scope,
}

/// The files of a source's sample.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    pub all: Vec<Sample>,
    pub new: Vec<Sample>,
    /// How many records the others hold.
    pub records: u64,
}

impl Files<'_> {
    fn arrivals(&self, chain: &Chain<'_>) -> Arrivals {
        Arrivals {
            otherwise: self.now,
            numbered: chain.arrivals,
            first: 0,
        }
    }

    fn stream(&self, name: &str, chain: &Chain<'_>, take: &mut Taker<'_>) -> Result<(), RunError> {
        let Some((source, samples)) = self.plan.source(name).zip(self.samples.get(name)) else {
            return Ok(());
        };
        let files = match self.scope {
            Scope::New if !chain.whole => &samples.new,
            _ => &samples.all,
        };
        let mut arrivals = self.arrivals(chain);
        if self.scope == Scope::New && !chain.whole {
            arrivals.first = samples.records;
        }
        let mut decoder = Decoder::of(source, arrivals);
        for sample in files {
            let mut lines = sample.open(source, &self.store())?;
            let mut chunk = Chunk::default();
            while lines.next(&mut chunk)? {
                let (batch, away) = decoder.decode(&mut chunk)?;
                take(batch, &away, Origin::Lines(&chunk))?;
            }
        }
        Ok(())
    }

    fn table(&self, id: &DatasetId, chain: &Chain<'_>, take: &mut Taker<'_>) -> Result<(), RunError> {
        let dataset = self.plan.dataset(id);
        let parts = self.parts(dataset, chain.whole)?;
        let event_time = chain.needed.iter().find(|column| column.event_time);
        let event_time = event_time.map(|column| column.name.as_str());
        let Writer::Source(name) = &dataset.writer else {
            for part in parts {
                read::for_each_batch(&part, &chain.needed, dataset.format, &mut |batch| {
                    take(batch.clone(), &[], Origin::Rows(&batch, event_time))
                })?;
            }
            return Ok(());
        };
        let Some(source) = self.plan.source(name) else {
            return Ok(());
        };
        let mut decoder = Decoder::of(source, self.arrivals(chain));
        for part in parts {
            decoder.landed(landed(&part));
            let mut lines = Lines::open(&part.path)?;
            let mut chunk = Chunk::default();
            while lines.next(&mut chunk)? {
                let (mut batch, away) = decoder.decode(&mut chunk)?;
                add_arrival_day(&part, dataset, &mut batch)?;
                take(batch, &away, Origin::Lines(&chunk))?;
            }
        }
        Ok(())
    }

    /// The files of a dataset that are read.
    fn parts(&self, dataset: &Dataset, whole: bool) -> Result<Vec<Part>, RunError> {
        let folder = dataset_folder(&self.root, dataset);
        if !folder.is_dir() {
            let message = format!("`{}` is read, and no run has written it yet", dataset.id);
            return Err(
                RunError::new(Fault::Surroundings, message).help("run the whole platform first, without `--only`")
            );
        }
        let landed = matches!(dataset.writer, Writer::Source(_));
        let mut parts = read::parts(&folder, if landed { "jsonl" } else { ending(dataset.format) })?;
        match &self.scope {
            _ if whole => {}
            Scope::All => {}
            Scope::New => {
                let new = self.written.get(&dataset.id).map(|written| written.files.as_slice());
                parts.retain(|part| new.unwrap_or_default().contains(&part.path));
            }
            Scope::Days(column, days) => parts.retain(|part| {
                let own = part.partition.iter().find(|(name, _)| name == column);
                own.and_then(|(_, value)| value.as_ref())
                    .is_some_and(|value| days.contains(value))
            }),
        }
        Ok(parts)
    }
}

impl Feeds for Files<'_> {
    fn feed(&self, chain: &Chain<'_>, take: &mut Taker<'_>) -> Result<(), RunError> {
        match chain.input {
            Input::Stream(name) => self.stream(name, chain, take),
            Input::Table(id) => self.table(id, chain, take),
            Input::View(name) => Err(RunError::unsupported(format!("the view `{name}`"))),
        }
    }

    fn given(&self, _: &Input) -> bool {
        false
    }

    fn source(&self, input: &Input) -> Option<&Source> {
        source_of(self.plan, input)
    }

    fn project(&self) -> &Path {
        &self.project
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn store(&self) -> Store {
        Store {
            root: Some(self.root.clone()),
        }
    }
}

/// The source that rows come from, as they came.
pub(super) fn source_of<'p>(plan: &'p Plan, input: &Input) -> Option<&'p Source> {
    match input {
        Input::Stream(name) => plan.source(name),
        Input::Table(id) => match &plan.dataset(id).writer {
            Writer::Source(name) => plan.source(name),
            _ => None,
        },
        Input::View(_) => None,
    }
}

/// Whether a source's landed rows are those of its newest delivery alone.
pub(super) fn is_snapshot(source: &Source) -> bool {
    source.delivers == Delivers::Snapshot
}

/// When the day begins that a file landed on.
fn landed(part: &Part) -> Option<Timestamp> {
    let (_, day) = part.partition.iter().find(|(name, _)| name == names::ARRIVAL_DAY)?;
    Timestamp::parse(&format!("{}T00:00:00Z", day.as_ref()?))
}

/// The day of arrival as a column: the folder says it.
fn add_arrival_day(part: &Part, dataset: &Dataset, batch: &mut Batch) -> Result<(), RunError> {
    if let Some(column) = dataset.columns.iter().find(|column| column.name == names::ARRIVAL_DAY)
        && let Some(array) = read::partition_column(part, column, batch.rows())?
    {
        batch.set(&column.name, array);
    }
    debug_assert!(batch.column(ARRIVED).is_ok());
    Ok(())
}
