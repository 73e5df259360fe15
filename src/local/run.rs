//! A whole platform over sample files: sources, then transforms, each after what it reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use pipec_runtime::Timestamp;

use super::chain::Chain;
use super::error::{Fault, RunError};
use super::feed::{Files, Samples, Scope, is_snapshot};
use super::folder::Staging;
use super::increment::{self, State};
use super::lines::{Arrivals, Chunk, Decoder, samples};
use super::objects::{self, Store};
use super::pipeline::{Around, Counts, Origin, Pipeline};
use super::write::{Keeps, Landing, Outputs, Written, dataset_folder, quarantine_folder};
use crate::plan::{DatasetId, Format, Input, Plan, RunKind, Source, Step, StepKind, Target, Transform, Writer};

/// Where a run's rows come from.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Holds `SOURCE.jsonl` for each source, or another file or folder of that name.
    pub folder: PathBuf,
}

/// What of the platform is run, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// This transform alone, on what an earlier run left in the output folder; everything else there stays.
    pub only: Option<String>,
    /// Files of samples that no earlier run read are what is new: it is added to what the output folder holds.
    pub add: bool,
    /// The time for which the run is scheduled; without it, the present.
    pub at: Option<Timestamp>,
    /// The project's folder, for its own programs.
    pub project: PathBuf,
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Sources that were read, in the plan's order.
    pub sources: Vec<SourceReport>,
    /// Transforms that ran, in the plan's order.
    pub transforms: Vec<TransformReport>,
    /// What a laptop does otherwise than the platform.
    pub notes: Vec<String>,
}

/// What a source brought.
#[derive(Clone, Debug)]
pub struct SourceReport {
    /// The source.
    pub name: String,
    /// Records of its sample.
    pub rows: u64,
    /// Fields in them that its schema does not have.
    pub unknown_fields: u64,
    /// Where the lines landed.
    pub landed: Option<DatasetId>,
    /// Reading, decoding and landing.
    pub elapsed: Duration,
}

/// What became of a transform's rows: `rows_in` are those out, turned away, left out, or united.
#[derive(Clone, Debug)]
pub struct TransformReport {
    /// The transform.
    pub name: String,
    /// What it wrote: datasets and sinks, with commas between.
    pub target: String,
    /// Rows that it read.
    pub rows_in: u64,
    /// Rows that it wrote.
    pub rows_out: u64,
    /// Rows in quarantine, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Rows that an `expect … else drop` left out, by its name.
    pub dropped: BTreeMap<String, u64>,
    /// Rows that an `expect … else warn` found wanting, by its name.
    pub warned: BTreeMap<String, u64>,
    /// Its own time.
    pub elapsed: Duration,
}

impl TransformReport {
    /// Of a transform that had nothing new to read.
    fn untouched(transform: &Transform) -> TransformReport {
        TransformReport {
            name: transform.name.clone(),
            target: target_of(transform),
            rows_in: 0,
            rows_out: 0,
            rejected: BTreeMap::new(),
            dropped: BTreeMap::new(),
            warned: BTreeMap::new(),
            elapsed: Duration::ZERO,
        }
    }

    /// Rows in quarantine.
    pub fn rejected_rows(&self) -> u64 {
        self.rejected.values().sum()
    }
}

/// Runs a platform and replaces the output folder with what came of it; if it fails, the folder is as it was.
pub fn run(plan: &Plan, inputs: &Inputs, out: &Path, options: &Options) -> Result<Report, RunError> {
    if let Some(only) = &options.only {
        known(plan, only)?;
    }
    let staging = Staging::start(out)?;
    let before = match options.add {
        true => State::read(out)?,
        false => State::default(),
    };
    let wanted = |transform: &Transform| options.only.as_ref().is_none_or(|only| *only == transform.name);
    match (options.add, &options.only) {
        (true, _) => staging.take_over(Path::new(""))?,
        (false, Some(_)) => keep_others(plan, &staging, wanted)?,
        (false, None) => {}
    }
    let mut run = Run {
        plan,
        root: staging.path().to_owned(),
        options,
        now: options.at.unwrap_or_else(present),
        samples: BTreeMap::new(),
        written: BTreeMap::new(),
        done: BTreeSet::new(),
        report: Report::default(),
    };
    run.find_samples(inputs, &before, wanted)?;
    for source in &plan.sources {
        run.source(source, &wanted)?;
    }
    for transform in plan.transforms.iter().filter(|transform| wanted(transform)) {
        if !run.done.contains(&transform.name) {
            run.transform(transform)?;
        }
    }
    // One transform alone reads nothing for the others.
    let state = match (options.add, &options.only) {
        (false, Some(_)) => State::read(out)?,
        _ => before.with(&run.samples, &run.report.sources),
    };
    state.write(staging.path())?;
    let mut report = run.report;
    staging.finish()?;
    let place = |name: &str| plan.transforms.iter().position(|transform| transform.name == name);
    report.transforms.sort_by_key(|done| place(&done.name));
    report.notes = notes(plan);
    Ok(report)
}

/// Whether a plan has a transform of this name.
pub fn known(plan: &Plan, name: &str) -> Result<(), RunError> {
    if plan.transform(name).is_some() {
        return Ok(());
    }
    if plan.view(name).is_some() {
        let error = RunError::new(Fault::Surroundings, format!("`{name}` is a view"));
        return Err(error.help("name a transform that reads it: a view is computed where it is read"));
    }
    let names: Vec<_> = plan
        .transforms
        .iter()
        .map(|transform| transform.name.as_str())
        .collect();
    let error = RunError::new(Fault::Surroundings, format!("there is no transform `{name}`"));
    Err(error.help(format!("transforms are {}", names.join(", "))))
}

#[allow(
    clippy::disallowed_methods,
    reason = "a run that is not scheduled is scheduled for now"
)]
fn present() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or_default())
}

/// What a laptop does otherwise.
fn notes(plan: &Plan) -> Vec<String> {
    let mut notes = Vec::new();
    let iceberg = plan
        .datasets
        .values()
        .filter(|dataset| dataset.format == Format::Iceberg);
    let iceberg: Vec<_> = iceberg.map(|dataset| dataset.id.to_string()).collect();
    if !iceberg.is_empty() {
        notes.push(format!(
            "kept as plain parquet here, without iceberg's snapshots: {}",
            iceberg.join(", ")
        ));
    }
    let steps = plan
        .transforms
        .iter()
        .map(|transform| (&transform.name, &transform.steps));
    let steps = steps.chain(plan.views.iter().map(|view| (&view.name, &view.steps)));
    let contained = |steps: &[Step]| {
        steps
            .iter()
            .any(|step| matches!(&step.kind, StepKind::Run(run) if run.kind == RunKind::Container))
    };
    let containers: Vec<_> = steps
        .filter(|(_, steps)| contained(steps))
        .map(|(name, _)| name.as_str())
        .collect();
    if !containers.is_empty() {
        notes.push(format!(
            "its container's entry point ran here, without the container: {}",
            containers.join(", ")
        ));
    }
    notes
}

/// Takes over what an earlier run wrote and this one will not.
fn keep_others(plan: &Plan, staging: &Staging, wanted: impl Fn(&Transform) -> bool) -> Result<(), RunError> {
    let nowhere = Path::new("");
    staging.take_over(Path::new(objects::BUCKET))?;
    for dataset in plan.datasets.values() {
        let rewritten = matches!(&dataset.writer, Writer::Transform(name) if plan.transform(name).is_some_and(&wanted));
        if !rewritten {
            staging.take_over(&dataset_folder(nowhere, dataset))?;
        }
    }
    let mut sinks = BTreeSet::new();
    for transform in plan.transforms.iter().filter(|transform| !wanted(transform)) {
        staging.take_over(&quarantine_folder(nowhere, &transform.name))?;
        sinks.extend(transform.targets().into_iter().filter_map(|target| match target {
            Target::Sink(name) => Some(name.clone()),
            Target::Dataset(_) => None,
        }));
    }
    for sink in sinks {
        staging.take_over(&Path::new("sinks").join(sink))?;
    }
    Ok(())
}

/// What a transform writes, each once, with commas between.
fn target_of(transform: &Transform) -> String {
    let mut targets: Vec<String> = Vec::new();
    for target in transform.targets() {
        let name = match target {
            Target::Dataset(id) => id.to_string(),
            Target::Sink(name) => name.clone(),
        };
        if !targets.contains(&name) {
            targets.push(name);
        }
    }
    targets.join(", ")
}

/// A run under way.
struct Run<'p> {
    plan: &'p Plan,
    root: PathBuf,
    options: &'p Options,
    now: Timestamp,
    samples: BTreeMap<String, Samples>,
    written: BTreeMap<DatasetId, Written>,
    /// Transforms that ran beside the landing of their source.
    done: BTreeSet<String>,
    report: Report,
}

impl<'p> Run<'p> {
    /// Finds the samples of the sources that are read, and which of their files are new.
    fn find_samples(
        &mut self,
        inputs: &Inputs,
        before: &State,
        wanted: impl Fn(&Transform) -> bool,
    ) -> Result<(), RunError> {
        let read: Vec<Input> = self
            .plan
            .transforms
            .iter()
            .filter(|transform| wanted(transform))
            .flat_map(|transform| increment::inputs(self.plan, transform))
            .collect();
        for source in &self.plan.sources {
            let streamed = read.contains(&Input::Stream(source.name.clone()));
            if self.options.only.is_none() || streamed {
                let all = samples(source, &inputs.folder)?;
                let found = before.sort(&source.name, all)?;
                self.samples.insert(source.name.clone(), found);
            }
        }
        Ok(())
    }

    /// Lands a source's new lines, and runs beside it the transforms that need nothing but them.
    fn source(&mut self, source: &'p Source, wanted: &impl Fn(&Transform) -> bool) -> Result<(), RunError> {
        let Some(found) = self.samples.get(&source.name).cloned() else {
            return Ok(());
        };
        let started = Instant::now();
        let land = self.options.only.is_none();
        let mut files = found.new;
        if is_snapshot(source) {
            // Each file is a delivery; the newest is what there is.
            files.drain(..files.len().saturating_sub(1));
        }
        let keeps = match self.options.add && (files.is_empty() || !is_snapshot(source)) {
            true => Keeps::All,
            false => Keeps::Nothing,
        };
        let landing = source.into.as_ref().filter(|_| land);
        let landing = landing.map(|into| Landing::new(&self.root, self.plan.dataset(into), source, &keeps));
        let mut landing = landing.transpose()?;
        let empty = BTreeMap::new();
        let feeds = self.feeds(&empty, Scope::New);
        let mut running = Vec::new();
        for transform in self.plan.transforms.iter().filter(|transform| wanted(transform)) {
            let chain = increment::chain(self.plan, transform);
            let plain = *chain.input == Input::Stream(source.name.clone())
                && increment::inputs(self.plan, transform).len() == 1
                && (!self.options.add || increment::row_by_row(&chain));
            if plain {
                let keeps = if self.options.add { Keeps::All } else { Keeps::Nothing };
                let around = Around {
                    plan: self.plan,
                    feeds: &feeds,
                };
                running.push(Running::start(around, chain, transform, &self.root, &keeps, self.now)?);
            }
        }
        let arrivals = Arrivals {
            otherwise: self.now,
            numbered: running.iter().any(|running| running.pipeline.chain.arrivals),
            first: found.records,
        };
        let mut decoder = Decoder::of(source, arrivals);
        let mut chunk = Chunk::default();
        let store = Store {
            root: Some(self.root.clone()),
        };
        let mut rows = 0;
        for sample in &files {
            let mut lines = sample.open(source, &store)?;
            while lines.next(&mut chunk)? {
                let (batch, away) = decoder.decode(&mut chunk)?;
                rows += (batch.rows() + away.len()) as u64;
                for stream in &mut running {
                    stream.timed(|pipeline, outputs| {
                        pipeline.add(batch.clone(), &away, Origin::Lines(&chunk), outputs)
                    })?;
                }
                if let Some(landing) = &mut landing {
                    landing.write(&chunk)?;
                }
            }
        }
        let landed = landing.map(Landing::finish).transpose()?;
        let mut own = started.elapsed();
        let mut done = Vec::new();
        for stream in running {
            own = own.saturating_sub(stream.elapsed);
            done.push(stream.finish()?);
        }
        drop(feeds);
        for (report, written) in done {
            self.ran(report, written);
        }
        if let (Some(into), Some(landed)) = (&source.into, landed) {
            self.written.insert(into.clone(), landed);
        }
        self.report.sources.push(SourceReport {
            name: source.name.clone(),
            rows,
            unknown_fields: decoder.unknown_fields,
            landed: source.into.clone().filter(|_| land),
            elapsed: own,
        });
        Ok(())
    }

    /// Runs a transform over what is in the output folder, and what it joins or unites with that.
    fn transform(&mut self, transform: &'p Transform) -> Result<(), RunError> {
        let started = Instant::now();
        if self.options.add
            && self.has_run(transform)
            && !increment::touched(self.plan, transform, &self.written, &self.samples)
        {
            // Of nothing new comes nothing, not even what a full join or an empty group would say.
            self.ran(TransformReport::untouched(transform), Vec::new());
            return Ok(());
        }
        let chain = increment::chain(self.plan, transform);
        let (scope, keeps) = match self.options.add {
            true => increment::scope(self.plan, transform, &chain, &self.written, &self.samples),
            false => (Scope::All, Keeps::Nothing),
        };
        let (mut report, written) = {
            let feeds = self.feeds(&self.written, scope);
            let around = Around {
                plan: self.plan,
                feeds: &feeds,
            };
            let mut running = Running::start(around, chain, transform, &self.root, &keeps, self.now)?;
            let done = running.pipeline.run(&mut running.outputs);
            done.map_err(|error| error.within(&transform.name))?;
            running.end()?
        };
        report.elapsed = started.elapsed();
        self.ran(report, written);
        Ok(())
    }

    /// Whether an earlier run has written all of its datasets.
    fn has_run(&self, transform: &Transform) -> bool {
        let mut own = transform.datasets().into_iter();
        own.all(|id| dataset_folder(&self.root, self.plan.dataset(id)).is_dir())
    }

    fn feeds<'f>(&'f self, written: &'f BTreeMap<DatasetId, Written>, scope: Scope) -> Files<'f> {
        Files {
            plan: self.plan,
            root: self.root.clone(),
            project: self.options.project.clone(),
            samples: &self.samples,
            written,
            now: self.now,
            scope,
        }
    }

    fn ran(&mut self, report: TransformReport, written: Vec<(DatasetId, Written)>) {
        self.done.insert(report.name.clone());
        self.report.transforms.push(report);
        self.written.extend(written);
    }
}

/// A transform on its way.
struct Running<'p> {
    transform: &'p Transform,
    pipeline: Pipeline<'p>,
    outputs: Outputs<'p>,
    elapsed: Duration,
}

impl<'p> Running<'p> {
    fn start(
        around: Around<'p>,
        chain: Chain<'p>,
        transform: &'p Transform,
        root: &Path,
        keeps: &Keeps,
        now: Timestamp,
    ) -> Result<Self, RunError> {
        let columns = transform
            .steps
            .last()
            .map_or(&transform.input_columns, |step| &step.columns);
        Ok(Running {
            transform,
            pipeline: Pipeline::new(around, chain)?,
            outputs: Outputs::new(root, around.plan, transform, columns, keeps, now)?,
            elapsed: Duration::ZERO,
        })
    }

    fn timed(
        &mut self,
        work: impl FnOnce(&mut Pipeline<'p>, &mut Outputs<'p>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let started = Instant::now();
        let done = work(&mut self.pipeline, &mut self.outputs);
        self.elapsed += started.elapsed();
        done.map_err(|error| error.within(&self.transform.name))
    }

    fn finish(mut self) -> Result<(TransformReport, Vec<(DatasetId, Written)>), RunError> {
        let started = Instant::now();
        let done = self.pipeline.finish(&mut self.outputs);
        done.map_err(|error| error.within(&self.transform.name))?;
        let before = self.elapsed;
        let (mut report, written) = self.end()?;
        report.elapsed = before + started.elapsed();
        Ok((report, written))
    }

    fn end(self) -> Result<(TransformReport, Vec<(DatasetId, Written)>), RunError> {
        let written = self.outputs.finish()?;
        let Counts {
            rows_in,
            rows_out,
            rejected,
            dropped,
            warned,
        } = self.pipeline.counts;
        let report = TransformReport {
            name: self.transform.name.clone(),
            target: target_of(self.transform),
            rows_in,
            rows_out,
            rejected,
            dropped,
            warned,
            elapsed: self.elapsed,
        };
        let written = written
            .into_iter()
            .map(|(dataset, written)| (dataset.id.clone(), written));
        Ok((report, written.collect()))
    }
}
