//! Transforms: where each runs, and what a run reads.

use std::collections::BTreeMap;

use super::flow::{self, EventDay};
use super::{Datasets, Lowering, dataset_of};
use crate::base::Span;
use crate::check::program::{self, Mode, Shape};
use crate::check::settings::Settings;
use crate::diag::{Code, Diagnostic};
use crate::plan::{
    Dataset, DatasetId, Engine, Format, Glue, Input, Lambda, Reads, Source, Target, Transform, WriteMode, Writer, Zone,
};

/// What is known before a transform is lowered, and grows with each.
struct Known<'k> {
    sources: &'k [Source],
    zones: &'k [Zone],
    datasets: &'k mut Datasets,
    days: BTreeMap<DatasetId, EventDay>,
}

impl Lowering<'_> {
    /// The transforms, each after what it reads; what they write joins the datasets.
    pub(super) fn transforms(&mut self, sources: &[Source], zones: &[Zone], datasets: &mut Datasets) -> Vec<Transform> {
        let mut known = Known {
            sources,
            zones,
            datasets,
            days: BTreeMap::new(),
        };
        let program = self.program;
        let mut transforms = Vec::new();
        for transform in &program.transforms {
            transforms.extend(self.transform(transform, &mut known));
        }
        transforms
    }

    fn transform(&mut self, transform: &program::Transform, known: &mut Known<'_>) -> Option<Transform> {
        let item = &transform.item;
        let (input, target) = self.edge(transform)?;
        if !self.carries(transform) {
            return None;
        }
        let mode = self.mode(transform)?;
        let engine = self.engine(transform);
        let written = self.program.datasets.get(&target)?;
        let dataset = self.dataset(item, written, known.zones)?;
        let (engine, mut why) = engine?;
        let (reads, reason) = self.reads(transform, &input, &target, &dataset, known)?;
        if transform.mode == Mode::Append
            && transform.shape == Shape::Table
            && !self.added(transform, &dataset, &reads, known)
        {
            return None;
        }
        why.extend(reason);
        known.datasets.insert(target.clone(), dataset);
        Some(Transform {
            name: item.name.clone(),
            doc: item.doc.clone(),
            input,
            input_columns: transform.input_columns.clone(),
            steps: transform.steps.clone(),
            target,
            mode,
            reads,
            engine,
            why,
            span: transform.span,
        })
    }

    /// What it reads and writes: one of each, for now.
    fn edge(&mut self, transform: &program::Transform) -> Option<(Input, DatasetId)> {
        let span = transform.item.span;
        let [input] = transform.inputs.as_slice() else {
            let help = Some("write a transform for each");
            let span = transform.places.inputs.get(1).copied().unwrap_or(span);
            self.refuse(span, "reading several things in one transform", help);
            return None;
        };
        let at = transform.places.inputs.first().copied().unwrap_or(span);
        if !self.readable(transform, input, at) {
            return None;
        }
        if transform.shape == Shape::Objects {
            self.refuse(span, "transforms of objects", None);
            return None;
        }
        if transform.contract.is_some() {
            self.refuse(transform.places.target, "contracts of a target", Some("leave it out"));
            return None;
        }
        match &transform.target {
            Some(Target::Dataset(id)) => Some((input.clone(), id.clone())),
            Some(Target::Sink(_)) => {
                self.refuse(transform.places.target, "writing a sink", None);
                None
            }
            None => {
                let help = format!("write `transform {} : … -> ZONE.DATASET`", transform.item.name);
                self.refuse(span, "transforms without a target (views)", Some(&help));
                None
            }
        }
    }

    fn mode(&mut self, transform: &program::Transform) -> Option<WriteMode> {
        let word = match (&transform.mode, transform.shape) {
            (Mode::Append, Shape::Stream) => return Some(WriteMode::Append),
            (Mode::Overwrite | Mode::Append, Shape::Table) => return Some(WriteMode::Overwrite),
            (Mode::Append, _) => "append",
            (Mode::Overwrite, _) => "overwrite",
            (Mode::Merge(_), _) => "merge",
            (Mode::History(_), _) => "history",
        };
        let what = format!("writing a table by `{word}`");
        self.refuse(transform.places.mode, what, Some("leave it out: `overwrite`"));
        None
    }

    /// Adding what new rows of a table give is done by making days anew, which gives the same rows as long as the input
    /// still has all of them.
    fn added(&mut self, transform: &program::Transform, dataset: &Dataset, reads: &Reads, known: &Known<'_>) -> bool {
        let kept = transform.inputs.iter().all(|input| match input {
            Input::Table(id) => known
                .datasets
                .get(id)
                .is_some_and(|input| input.retain_days >= dataset.retain_days),
            Input::Stream(_) | Input::View(_) => false,
        });
        if kept || matches!(reads, Reads::Days { .. }) {
            return true;
        }
        let help = Some("partition both by the day of the event time, or keep the result no longer than its input");
        self.refuse(
            transform.places.mode,
            "adding rows of a table to a dataset that outlives it",
            help,
        );
        false
    }

    fn engine(&mut self, transform: &program::Transform) -> Option<(Engine, Vec<String>)> {
        let stream = transform.shape == Shape::Stream;
        let chosen = if stream { "lambda" } else { "glue" };
        let program = self.program;
        let (name, engine, why) = match transform.item.settings.variant("engine") {
            Some((name, engine)) => (name, engine, format!("`engine = {name}` is written")),
            None => {
                let why = match stream {
                    true => "it reads a stream row by row, which a function does within seconds",
                    false => "it reads a table",
                };
                (chosen, program.engines.get(chosen)?, why.to_owned())
            }
        };
        match (name, stream) {
            ("lambda", true) => Some((Engine::Lambda(lambda_of(engine)?), vec![why])),
            ("glue", false) => Some((Engine::Glue(glue_of(engine)?), vec![why])),
            _ => {
                let what = format!("running {} on `{name}`", if stream { "a stream" } else { "a table" });
                let help = format!("write `engine = {chosen}`, or leave it out");
                let span = transform.item.settings.span("engine").unwrap_or(transform.item.span);
                self.refuse(span, what, Some(&help));
                None
            }
        }
    }

    /// What a transform writes: its columns, format, partition and lifetime.
    fn dataset(&mut self, item: &program::Item, written: &program::Dataset, zones: &[Zone]) -> Option<Dataset> {
        let zone = zones.iter().find(|zone| zone.name == written.id.zone)?;
        if written.format != "parquet" {
            let span = item.settings.span("format").unwrap_or(item.span);
            let help = Some("write `format = parquet`");
            self.refuse(span, "writing another format than `parquet` with a transform", help);
            return None;
        }
        let retain_days = item.settings.days("retain").unwrap_or(zone.retain_days);
        Some(dataset_of(
            written,
            Format::Parquet,
            retain_days,
            Writer::Transform(item.name.clone()),
        ))
    }

    fn reads(
        &mut self,
        transform: &program::Transform,
        input: &Input,
        target: &DatasetId,
        dataset: &Dataset,
        known: &mut Known<'_>,
    ) -> Option<(Reads, Vec<String>)> {
        let steps = &transform.steps;
        let id = match input {
            Input::Stream(name) => {
                let source = known.sources.iter().find(|source| source.name == *name)?;
                let day = flow::event_day(&transform.input_columns, steps, source.behind_landing_seconds());
                known.days.extend(day.map(|day| (target.clone(), day)));
                return Some((Reads::Arrivals, Vec::new()));
            }
            Input::View(_) => return None,
            Input::Table(id) => id,
        };
        let input = known.datasets.get(id)?.clone();
        let day = known.days.get(id).cloned();
        let (reads, why) = flow::reads(&input, day.as_ref(), steps, &dataset.partition);
        match (&reads, day) {
            (Reads::Days { .. }, Some(day)) => {
                known.days.insert(target.clone(), day);
            }
            _ if transform.mode == Mode::Append => {}
            _ => self.outlives(transform.places.target, &input, dataset, &why),
        }
        Some((reads, vec![why]))
    }

    /// A run that reads all of its input and overwrites forgets what its input no longer has.
    fn outlives(&mut self, span: Span, input: &Dataset, dataset: &Dataset, why: &str) {
        if dataset.retain_days <= input.retain_days {
            return;
        }
        let message = format!(
            "`{}` keeps rows {} days, but each run makes it anew from `{}`, which keeps them {} days",
            dataset.id, dataset.retain_days, input.id, input.retain_days
        );
        let diagnostic = Diagnostic::new(Code::OUTLIVES_INPUT, span, message)
            .found("overwritten by every run")
            .note(why)
            .help(format!(
                "write `retain = {} days` in the transform, or partition both by the day of the event time",
                input.retain_days
            ));
        self.say(diagnostic);
    }
}

fn lambda_of(settings: &Settings) -> Option<Lambda> {
    Some(Lambda {
        batch: settings.int("batch")?,
        wait_seconds: u32::try_from(settings.seconds("wait")?).ok()?,
        memory_mib: u32::try_from(settings.bytes("memory")? >> 20).ok()?,
        timeout_seconds: u32::try_from(settings.seconds("timeout")?).ok()?,
        architecture: settings.text("architecture")?.to_owned(),
        retries: settings.int("retries")?,
    })
}

fn glue_of(settings: &Settings) -> Option<Glue> {
    let (min_workers, max_workers) = settings.range("workers")?;
    Some(Glue {
        worker: settings.text("worker")?.to_owned(),
        min_workers,
        max_workers,
        timeout_minutes: u32::try_from(settings.seconds("timeout")? / 60).ok()?,
    })
}
