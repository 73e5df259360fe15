//! Transforms: where each runs, and what a run reads.

use std::collections::BTreeMap;

use super::flow::{self, EventDay};
use super::source::volume_of;
use super::{Datasets, Lowering, dataset_of};
use crate::base::Span;
use crate::check::program::{self, DatasetWriter, Mode, Shape};
use crate::check::settings::Settings;
use crate::diag::{Code, Diagnostic};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{
    Columns, Dataset, DatasetId, Emr, Engine, Format, Glue, Input, Lambda, Reads, RunKind, Source, Step, StepKind,
    Steps, Target, Transform, View, WriteMode, Writer, Zone,
};

/// What is known before a transform is lowered, and grows with each.
struct Known<'k> {
    sources: &'k [Source],
    datasets: &'k mut Datasets,
    days: BTreeMap<DatasetId, EventDay>,
}

impl Lowering<'_> {
    /// The transforms, each after what it reads; what they write joins the datasets.
    pub(super) fn transforms(
        &mut self,
        sources: &[Source],
        zones: &[Zone],
        views: &[View],
        datasets: &mut Datasets,
    ) -> Vec<Transform> {
        let program = self.program;
        self.written(zones, datasets);
        let mut known = Known {
            sources,
            datasets,
            days: BTreeMap::new(),
        };
        let mut transforms = Vec::new();
        for transform in program.transforms.iter().filter(|transform| !is_view(transform)) {
            transforms.extend(self.transform(transform, views, &mut known));
        }
        transforms
    }

    /// The transforms without a target.
    pub(super) fn views(&mut self) -> Vec<View> {
        let all = self.program.transforms.iter();
        let views: Vec<_> = all.filter(|transform| is_view(transform)).collect();
        let mut lowered = Vec::new();
        for transform in views {
            let item = &transform.item;
            let Some((input, steps)) = united(transform) else {
                continue;
            };
            lowered.push(View {
                name: item.name.clone(),
                doc: item.doc.clone(),
                shape: transform.shape,
                input,
                input_columns: transform.input_columns.clone(),
                steps,
                columns: transform.output.clone(),
                in_sql: transform.shape == Shape::Table && self.fits_sql(transform),
                volume: volume_of(&item.settings),
                span: transform.span,
            });
        }
        lowered
    }

    fn transform(
        &mut self,
        transform: &program::Transform,
        views: &[View],
        known: &mut Known<'_>,
    ) -> Option<Transform> {
        let item = &transform.item;
        // What a run reads is asked first: whoever reads this transform's result asks it too, whether it is carried or not.
        let (input, steps) = united(transform)?;
        let reads = self.reads(transform, &input, &steps, views, known);
        let engine = self.engine(transform);
        let chosen = engine.as_ref().map(|(engine, _)| engine);
        if !self.carries(transform, chosen?, known.sources) {
            return None;
        }
        let (engine, mut why) = engine?;
        let (mut reads, reason) = reads?;
        let mut mode = match &transform.mode {
            Mode::Append => WriteMode::Append,
            Mode::Overwrite => WriteMode::Overwrite,
            Mode::Merge(keys) => WriteMode::Merge(keys.clone()),
            Mode::History(keys) => WriteMode::History(keys.clone()),
        };
        if mode == WriteMode::Append && transform.shape == Shape::Table {
            // A program is given each row once: who lets it run pays for each.
            match made_anew(transform, &reads, known) && !has_container(&transform.steps) {
                true => mode = WriteMode::Overwrite,
                false => reads = Reads::Arrivals,
            }
        }
        why.extend(reason);
        self.can_be_purged(transform, &mode, &reads, known);
        Some(Transform {
            name: item.name.clone(),
            doc: item.doc.clone(),
            shape: transform.shape,
            input,
            input_columns: transform.input_columns.clone(),
            steps,
            target: transform.target.clone(),
            contract: transform.contract.clone(),
            mode,
            reads,
            engine,
            why,
            volume: volume_of(&item.settings),
            span: transform.span,
        })
    }

    /// Rows that are changed one by one go by how old each is: something has to tell.
    fn can_be_purged(&mut self, transform: &program::Transform, mode: &WriteMode, reads: &Reads, known: &Known<'_>) {
        let Some(Target::Dataset(id)) = &transform.target else {
            return;
        };
        let Some(dataset) = known.datasets.get(id) else { return };
        let replaced = *mode == WriteMode::Overwrite && *reads == Reads::All;
        if dataset.format != Format::Iceberg || replaced || dataset.aged_by(mode).is_some() {
            return;
        }
        let message = format!(
            "nothing tells when rows of `{id}` have stayed {} days",
            dataset.retain_days
        );
        self.say(
            Diagnostic::new(Code::NEVER_PURGED, transform.places.target, message)
                .found("no day partitions it, and no column is the time of an event")
                .help("write `partition = [day]`, or let a column with `@event_time` through"),
        );
    }

    fn engine(&mut self, transform: &program::Transform) -> Option<(Engine, Vec<String>)> {
        let stream = transform.shape != Shape::Table;
        let held = transform.shape == Shape::Stream && self.needs_job(transform);
        let contained = !stream && has_container(&transform.steps);
        let chosen = match stream && !held {
            true => "lambda",
            false if contained => "batch",
            false => "glue",
        };
        let program = self.program;
        let (name, engine, why) = match transform.item.settings.variant("engine") {
            Some((name, engine)) => (name, engine, format!("`engine = {name}` is written")),
            None => {
                let why = match stream {
                    true if transform.shape == Shape::Objects => "it reads objects one by one, as they come",
                    true if held => "it reads a stream, and a function sees one batch at a time",
                    true => "it reads a stream row by row, which a function does within seconds",
                    false if contained => {
                        "it lets a container run, which takes its rows from a job and gives them back to it"
                    }
                    false => "it reads a table",
                };
                (chosen, program.engines.get(chosen)?, why.to_owned())
            }
        };
        if !matches!(
            (name, stream, contained),
            ("lambda", true, _) | ("glue", _, false) | ("emr", false, false) | ("batch", false, true)
        ) {
            let what = format!("running {} on `{name}`", if stream { "a stream" } else { "a table" });
            let help = format!("write `engine = {chosen}`, or leave it out");
            let span = transform.item.settings.span("engine").unwrap_or(transform.item.span);
            self.refuse(span, what, Some(&help));
        }
        let mut why = vec![why];
        let engine = match name {
            "lambda" => Engine::Lambda(match transform.steps.iter().find_map(Step::script) {
                Some(script) => {
                    let (mebibytes, seconds) = (script.script_mib(), script.timeout_seconds());
                    why.push(format!(
                        "its script may use {mebibytes} MiB and take {seconds} seconds a call, which a function has"
                    ));
                    lambda_of(engine)?.with_script(mebibytes, seconds)
                }
                None => lambda_of(engine)?,
            }),
            "glue" => Engine::Glue(glue_of(engine)?),
            "emr" => Engine::Emr(emr_of(engine)?),
            "batch" => Engine::Glue(Glue {
                program_vcpu: engine.int("max_vcpu"),
                ..glue_of(program.engines.get("glue")?)?
            }),
            other => Engine::Other(other.to_owned()),
        };
        Some((engine, why))
    }

    /// What transforms write: columns, format, partition and lifetime.
    fn written(&mut self, zones: &[Zone], datasets: &mut Datasets) {
        let program = self.program;
        let items = program.transforms.iter().map(|transform| &transform.item);
        let writers: BTreeMap<_, _> = items.map(|item| (&item.name, &item.settings)).collect();
        for dataset in program.datasets.values() {
            let DatasetWriter::Transform(name) = &dataset.writer else {
                continue;
            };
            let own = writers.get(name).copied();
            let retain = own.and_then(|settings| self.retain(settings));
            let of_zone = self.zone_settings(&dataset.id.zone);
            let tiers = match retain {
                Some(_) => self.tiers(own),
                None => self.tiers(of_zone),
            };
            let format = own.and_then(|settings| settings.variant("format"));
            let format = format.or_else(|| of_zone?.variant("format"));
            let history_days = format.and_then(|(_, format)| format.days("history")).unwrap_or(0);
            let Some(zone) = zones.iter().find(|zone| zone.name == dataset.id.zone) else {
                continue;
            };
            let retain = retain.unwrap_or(zone.retain_days);
            let lowered = dataset_of(dataset, retain, Writer::Transform(name.clone()));
            let lowered = Dataset {
                tiers,
                history_days,
                ..lowered
            };
            datasets.insert(dataset.id.clone(), lowered);
        }
    }

    fn reads(
        &mut self,
        transform: &program::Transform,
        input: &Input,
        steps: &[Step],
        views: &[View],
        known: &mut Known<'_>,
    ) -> Option<(Reads, Vec<String>)> {
        let (input, steps) = flow::through_views(input, steps, views);
        let target = match &transform.target {
            Some(Target::Dataset(id)) => known.datasets.get(id).cloned(),
            _ => None,
        };
        let id = match input {
            Input::Stream(_) => {
                let behind = transform.inputs.iter().filter_map(|input| match input {
                    Input::Stream(name) => known.sources.iter().find(|source| source.name == *name),
                    _ => None,
                });
                let behind = behind.map(Source::behind_landing_seconds).max().unwrap_or(0);
                let day = flow::event_day(&transform.input_columns, &steps, behind);
                for id in transform.target.iter().filter_map(|target| match target {
                    Target::Dataset(id) => Some(id),
                    Target::Sink(_) => None,
                }) {
                    known.days.extend(day.clone().map(|day| (id.clone(), day)));
                }
                return Some((Reads::Arrivals, Vec::new()));
            }
            Input::View(_) => return None,
            Input::Table(id) => id,
        };
        let input = known.datasets.get(id)?.clone();
        let day = known.days.get(id).cloned();
        let Some(dataset) = target else {
            return Some((Reads::All, Vec::new()));
        };
        let (reads, why) = flow::reads(&input, day.as_ref(), &steps, &dataset.partition);
        match (&reads, day) {
            (Reads::Days { .. }, Some(day)) => {
                known.days.insert(dataset.id.clone(), day);
            }
            _ if transform.mode == Mode::Overwrite => {
                self.outlives(transform.places.target, &input, &dataset, &why);
            }
            _ => {}
        }
        Some((reads, vec![why]))
    }

    /// A run that reads all of its input and overwrites forgets what its input no longer has.
    fn outlives(&mut self, span: Span, input: &Dataset, dataset: &Dataset, why: &str) {
        // Where it is partitioned by a day, days that its input no longer has are not computed, and stay as they are.
        let by_day = |column: &Column| column.ty.kind == TypeKind::Date && dataset.partition.contains(&column.name);
        if dataset.retain_days <= input.retain_days || dataset.columns.iter().any(by_day) {
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

/// Whether adding what new rows of a table give is done by making days anew, which gives the same rows as long as the
/// input still has all of them. Otherwise what was read before has to be remembered.
fn made_anew(transform: &program::Transform, reads: &Reads, known: &Known<'_>) -> bool {
    let retain = |id: &DatasetId| known.datasets.get(id).map_or(0, |dataset| dataset.retain_days);
    let written = match &transform.target {
        Some(Target::Dataset(id)) => retain(id),
        _ => return false,
    };
    let kept = transform.inputs.iter().all(|input| match input {
        Input::Table(id) => retain(id) >= written,
        Input::Stream(_) | Input::View(_) => false,
    });
    kept || matches!(reads, Reads::Days { .. })
}

/// Whether it writes nothing by itself.
fn is_view(transform: &program::Transform) -> bool {
    let routes = transform
        .steps
        .last()
        .is_some_and(|step| matches!(step.kind, StepKind::Route { .. }));
    transform.target.is_none() && !routes
}

/// The first input, and the steps with the others in front, each a `union`.
fn united(transform: &program::Transform) -> Option<(Input, Steps)> {
    let (first, others) = transform.inputs.split_first()?;
    if others.is_empty() {
        return Some((first.clone(), transform.steps.clone()));
    }
    let unions = others
        .iter()
        .zip(transform.places.inputs.iter().skip(1))
        .map(|(other, span)| Step {
            kind: StepKind::Union {
                other: other.clone(),
                columns: transform.input_columns.clone(),
            },
            columns: transform.input_columns.clone(),
            joined: Columns::default(),
            text: format!("union {other}").into(),
            span: *span,
        });
    Some((first.clone(), unions.chain(transform.steps.iter().cloned()).collect()))
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
        program_vcpu: None,
    })
}

fn emr_of(settings: &Settings) -> Option<Emr> {
    let max_vcpu = settings.int("max_vcpu")?;
    let memory = settings.bytes("max_memory").map(|bytes| bytes >> 30);
    Some(Emr {
        max_vcpu,
        max_memory_gib: u32::try_from(memory.unwrap_or(u64::from(max_vcpu) * 4)).ok()?,
        idle_minutes: u32::try_from(settings.seconds("idle")? / 60).ok()?,
        architecture: settings.text("architecture")?.to_owned(),
        timeout_minutes: u32::try_from(settings.seconds("timeout")? / 60).ok()?,
    })
}

/// Whether a container is among the steps.
fn has_container(steps: &[Step]) -> bool {
    steps
        .iter()
        .any(|step| matches!(&step.kind, StepKind::Run(run) if run.kind == RunKind::Container))
}
