//! A whole platform over sample files: sources, then transforms, each after what it reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pipec_runtime::Timestamp;

use super::batch::Batch;
use super::error::{Fault, RunError};
use super::eval::Setting;
use super::folder::Staging;
use super::lines::{Chunk, Decoder, Lines};
use super::needed;
use super::pipeline::{Counts, Origin, Pipeline};
use super::read::{self, Part};
use super::write::{DatasetWriter, Landing, dataset_folder, quarantine_folder};
use crate::plan::types::Column;
use crate::plan::{Dataset, DatasetId, Format, Input, Plan, Source, Transform, Writer, names};

/// Where a run's rows come from.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Holds `SOURCE.jsonl` for each source.
    pub folder: PathBuf,
}

/// What of the platform is run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// This transform alone, on what an earlier run left in the output folder; everything else there stays.
    pub only: Option<String>,
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Sources that were read, in the plan's order.
    pub sources: Vec<SourceReport>,
    /// Transforms that ran, in the plan's order.
    pub transforms: Vec<TransformReport>,
}

/// What a source brought.
#[derive(Clone, Debug)]
pub struct SourceReport {
    /// The source.
    pub name: String,
    /// Lines of its sample.
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
    /// What it wrote.
    pub target: DatasetId,
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
    /// Fields of its input that no schema has, where it decodes its input itself.
    pub unknown_fields: u64,
    /// Its own time.
    pub elapsed: Duration,
}

impl TransformReport {
    /// Rows in quarantine.
    pub fn rejected_rows(&self) -> u64 {
        self.rejected.values().sum()
    }
}

/// Runs a platform and replaces the output folder with what came of it; if it fails, the folder is as it was.
pub fn run(plan: &Plan, inputs: &Inputs, out: &Path, options: &Options) -> Result<Report, RunError> {
    let only = options.only.as_deref();
    if let Some(name) = only
        && plan.transform(name).is_none()
    {
        let names: Vec<_> = plan
            .transforms
            .iter()
            .map(|transform| transform.name.as_str())
            .collect();
        return Err(
            RunError::new(Fault::Surroundings, format!("there is no transform `{name}`"))
                .help(format!("transforms are {}", names.join(", "))),
        );
    }
    let staging = Staging::start(out)?;
    let wanted = |transform: &Transform| only.is_none_or(|only| only == transform.name);
    if only.is_some() {
        keep_others(plan, &staging, wanted)?;
    }
    let mut report = Report::default();
    for source in &plan.sources {
        let streams = plan.transforms.iter().filter(|transform| wanted(transform));
        let streams = streams.filter(|transform| transform.input == Input::Stream(source.name.clone()));
        let streams: Vec<_> = streams.collect();
        if only.is_none() || !streams.is_empty() {
            run_source(plan, source, &streams, inputs, &staging, only.is_none(), &mut report)?;
        }
    }
    for transform in plan.transforms.iter().filter(|transform| wanted(transform)) {
        if let Input::Table(input) = &transform.input {
            report
                .transforms
                .push(run_table(plan, transform, plan.dataset(input), staging.path())?);
        }
    }
    staging.finish()?;
    let place = |name: &str| plan.transforms.iter().position(|transform| transform.name == name);
    report.transforms.sort_by_key(|done| place(&done.name));
    Ok(report)
}

/// Takes over what an earlier run wrote and this one will not.
fn keep_others(plan: &Plan, staging: &Staging, wanted: impl Fn(&Transform) -> bool) -> Result<(), RunError> {
    let nowhere = Path::new("");
    for dataset in plan.datasets.values() {
        let rewritten = matches!(&dataset.writer, Writer::Transform(name) if plan.transform(name).is_some_and(&wanted));
        if !rewritten {
            staging.take_over(&dataset_folder(nowhere, dataset))?;
        }
    }
    for transform in plan.transforms.iter().filter(|transform| !wanted(transform)) {
        staging.take_over(&quarantine_folder(nowhere, &transform.name))?;
    }
    Ok(())
}

/// A stream transform on its way.
struct Running<'p> {
    transform: &'p Transform,
    pipeline: Pipeline<'p>,
    writer: DatasetWriter<'p>,
    elapsed: Duration,
}

impl<'p> Running<'p> {
    fn start(
        plan: &'p Plan,
        transform: &'p Transform,
        source: Option<&'p Source>,
        root: &Path,
    ) -> Result<Self, RunError> {
        Ok(Running {
            transform,
            pipeline: Pipeline::new(transform, source, Setting::of(plan, Timestamp::default()))?,
            writer: DatasetWriter::new(root, &transform.name, plan.dataset(transform.dataset()))?,
            elapsed: Duration::ZERO,
        })
    }

    fn timed(
        &mut self,
        work: impl FnOnce(&mut Pipeline<'p>, &mut DatasetWriter<'p>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let started = Instant::now();
        let done = work(&mut self.pipeline, &mut self.writer);
        self.elapsed += started.elapsed();
        done
    }

    fn finish(mut self, unknown_fields: u64) -> Result<TransformReport, RunError> {
        let started = Instant::now();
        self.pipeline.finish(&mut self.writer)?;
        self.writer.finish()?;
        let Counts {
            rows_in,
            rows_out,
            rejected,
            dropped,
            warned,
        } = self.pipeline.counts;
        Ok(TransformReport {
            name: self.transform.name.clone(),
            target: self.transform.dataset().clone(),
            rows_in,
            rows_out,
            rejected,
            dropped,
            warned,
            unknown_fields,
            elapsed: self.elapsed + started.elapsed(),
        })
    }
}

/// The file that stands for a source's arrivals.
fn sample(source: &Source, inputs: &Inputs) -> Result<PathBuf, RunError> {
    let path = inputs.folder.join(format!("{}.jsonl", source.name));
    if path.is_file() {
        return Ok(path);
    }
    for ending in ["csv", "parquet"] {
        if path.with_extension(ending).is_file() {
            return Err(RunError::unsupported(format!("samples in {ending}")).help(format!(
                "write the sample of `{}` as JSON lines: `{}`",
                source.name,
                path.display()
            )));
        }
    }
    let message = format!(
        "source `{}` has no sample: `{}` is not there",
        source.name,
        path.display()
    );
    let help = "put a file of JSON lines there, or name a folder that holds one with `--input`";
    Err(RunError::new(Fault::Surroundings, message).help(help))
}

/// Reads a source once for all transforms of its arrivals, and lands its lines.
fn run_source(
    plan: &Plan,
    source: &Source,
    streams: &[&Transform],
    inputs: &Inputs,
    staging: &Staging,
    land: bool,
    report: &mut Report,
) -> Result<(), RunError> {
    let started = Instant::now();
    let path = sample(source, inputs)?;
    let landing = source.into.as_ref().filter(|_| land);
    let mut landing = landing
        .map(|into| Landing::new(staging.path(), plan.dataset(into)))
        .transpose()?;
    let mut running = Vec::new();
    for transform in streams {
        running.push(Running::start(plan, transform, Some(source), staging.path())?);
    }
    let mut lines = Lines::open(&path)?;
    let mut decoder = Decoder::new(&source.schema);
    let mut chunk = Chunk::default();
    let mut rows = 0;
    while lines.next(&mut chunk)? {
        rows += chunk.len() as u64;
        let (batch, away) = decoder.decode(&mut chunk)?;
        for stream in &mut running {
            stream.timed(|pipeline, writer| pipeline.add(batch.clone(), &away, Origin::Lines(&chunk), writer))?;
        }
        if let Some(landing) = &mut landing {
            landing.write(&chunk)?;
        }
    }
    if let Some(landing) = landing {
        landing.finish()?;
    }
    let mut own = started.elapsed();
    for stream in running {
        own = own.saturating_sub(stream.elapsed);
        report.transforms.push(stream.finish(decoder.unknown_fields)?);
    }
    report.sources.push(SourceReport {
        name: source.name.clone(),
        rows,
        unknown_fields: decoder.unknown_fields,
        landed: source.into.clone().filter(|_| land),
        elapsed: own,
    });
    Ok(())
}

/// Runs a transform over what is in the output folder.
fn run_table(plan: &Plan, transform: &Transform, input: &Dataset, root: &Path) -> Result<TransformReport, RunError> {
    let folder = dataset_folder(root, input);
    if !folder.is_dir() {
        let message = format!(
            "`{}` reads `{}`, which no run has written yet",
            transform.name, input.id
        );
        return Err(RunError::new(Fault::Surroundings, message).help("run the whole platform first, without `--only`"));
    }
    let columns = needed::columns(transform);
    let event_time = columns
        .iter()
        .find(|column| column.event_time)
        .map(|column| column.name.as_str());
    let source = match &input.writer {
        Writer::Source(name) => plan.source(name),
        Writer::Transform(_) | Writer::Import(_) => None,
    };
    let mut running = Running::start(plan, transform, source, root)?;
    let mut unknown_fields = 0;
    match (input.format, source) {
        (Format::Json, Some(source)) => {
            for part in read::parts(&folder, "jsonl")? {
                unknown_fields += add_landed(&part, source, &transform.input_columns, &mut running)?;
            }
        }
        (Format::Json, None) => return Err(RunError::unsupported(format!("reading JSON from `{}`", input.id))),
        (Format::Parquet, _) => {
            for part in read::parts(&folder, "parquet")? {
                let Running { pipeline, writer, .. } = &mut running;
                let started = Instant::now();
                read::for_each_batch(&part, &columns, &mut |batch| {
                    pipeline.add(batch.clone(), &[], Origin::Rows(&batch, event_time), writer)
                })?;
                running.elapsed += started.elapsed();
            }
        }
        (format, _) => {
            return Err(RunError::unsupported(format!(
                "reading {} from `{}`",
                format.name(),
                input.id
            )));
        }
    }
    running.finish(unknown_fields)
}

/// Adds lines that a source landed: decoded as its arrivals are, with the day of arrival as a column.
fn add_landed(part: &Part, source: &Source, columns: &[Column], running: &mut Running<'_>) -> Result<u64, RunError> {
    let mut lines = Lines::open(&part.path)?;
    let mut decoder = Decoder::new(&source.schema);
    let mut chunk = Chunk::default();
    while lines.next(&mut chunk)? {
        let (mut batch, away) = decoder.decode(&mut chunk)?;
        add_arrival_day(part, columns, &mut batch)?;
        running.timed(|pipeline, writer| pipeline.add(batch, &away, Origin::Lines(&chunk), writer))?;
    }
    Ok(decoder.unknown_fields)
}

fn add_arrival_day(part: &Part, columns: &[Column], batch: &mut Batch) -> Result<(), RunError> {
    if let Some(column) = columns.iter().find(|column| column.name == names::ARRIVAL_DAY)
        && let Some(array) = read::partition_column(part, column, batch.rows())?
    {
        batch.set(&column.name, array);
    }
    Ok(())
}
