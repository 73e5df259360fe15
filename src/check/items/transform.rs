//! `transform`: what it reads and writes, where it runs; its steps are checked by `check::steps`.

use std::collections::BTreeMap;

use super::source::Datasets;
use super::typing::Typing;
use super::zone::{self, ZoneRules};
use super::{Program, doc_of, unknown_dataset};
use crate::check::not_yet;
use crate::check::settings::Settings;
use crate::check::steps::check_partition;
use crate::diag::{Code, Diagnostic};
use crate::plan::lower::{self, EventDay};
use crate::plan::types::Column;
use crate::plan::{
    Dataset, DatasetId, Engine, Format, Glue, Input, Lambda, Reads, Source, Step, Transform, WriteMode, Writer,
};
use crate::resolve::Entity;
use crate::syntax::ast::{self, ItemKind, Path};

/// What a transform reads and writes, by name.
struct Edge<'a> {
    entity: Entity<'a>,
    transform: &'a ast::Transform,
    input: Input,
    input_path: &'a Path,
    target: DatasetId,
    target_path: &'a Path,
}

/// What is known before a transform is checked, and grows with each.
struct Known<'k, 'a> {
    typing: &'k Typing<'a>,
    sources: &'k [Source],
    zones: &'k [ZoneRules],
    datasets: &'k mut Datasets,
    days: BTreeMap<DatasetId, EventDay>,
}

impl<'a> Program<'a> {
    /// The transforms, each after what it reads; what they write joins the datasets.
    pub(super) fn transforms(
        &mut self,
        typing: &Typing<'a>,
        sources: &[Source],
        zones: &[ZoneRules],
        datasets: &mut Datasets,
    ) -> Vec<Transform> {
        let mut edges = Vec::new();
        for entity in self.entities("transform") {
            edges.extend(self.edge(entity));
        }
        self.writers(&edges);
        let Some(order) = self.in_order(edges) else {
            return Vec::new();
        };
        let mut known = Known {
            typing,
            sources,
            zones,
            datasets,
            days: BTreeMap::new(),
        };
        let mut transforms = Vec::new();
        for edge in &order {
            transforms.extend(self.transform(edge, &mut known));
        }
        transforms
    }

    /// Whether something is declared to write this dataset, be it right or wrong.
    pub(super) fn written(&self, id: &DatasetId) -> bool {
        self.ground.project.items().any(|item| match &item.kind {
            ItemKind::Block(block) => block.keyword.text == "source" && block.name.text() == id.name,
            ItemKind::Transform(transform) => match &transform.target {
                Some(target) => self.is_meant(&target.dataset, id),
                None => transform.name.text == id.name,
            },
            // What cannot be read may be anything.
            ItemKind::Bad => true,
            _ => false,
        })
    }

    /// Whether a target is this dataset, or would be if its zone were right.
    fn is_meant(&self, target: &Path, id: &DatasetId) -> bool {
        match target.parts.as_slice() {
            [zone, name] if self.ground.index.get("zone", &zone.text).is_some() => {
                zone.text == id.zone && name.text == id.name
            }
            parts => parts.last().is_some_and(|name| name.text == id.name),
        }
    }

    fn edge(&mut self, entity: Entity<'a>) -> Option<Edge<'a>> {
        let ItemKind::Transform(transform) = &entity.item.kind else {
            return None;
        };
        let (input_path, rest) = transform.inputs.split_first()?;
        if let Some(second) = rest.first() {
            self.say(
                not_yet(second.span, "reading several things in one transform").help("write a transform for each"),
            );
            return None;
        }
        let Some(target) = &transform.target else {
            let diagnostic = not_yet(entity.span, "transforms without a target (views)");
            self.say(diagnostic.help(format!("write `transform {} : … -> ZONE.DATASET`", entity.name)));
            return None;
        };
        if let Some(contract) = &target.contract {
            self.say(not_yet(contract.span, "contracts of a target").help("leave it out"));
        }
        let target_path = &target.dataset;
        let Some(id) = dataset_id(target_path) else {
            let message = format!("transform `{}` cannot write `{}`", entity.name, target_path.text());
            let diagnostic = Diagnostic::new(Code::NOT_READABLE, target_path.span, message)
                .found("not a dataset")
                .help(format!("write `-> ZONE.{}`", target_path.text().replace('.', "_")));
            self.say(diagnostic);
            return None;
        };
        Some(Edge {
            entity,
            transform,
            input: self.input(input_path)?,
            input_path,
            target: id,
            target_path,
        })
    }

    fn input(&mut self, path: &Path) -> Option<Input> {
        let index = self.ground.index;
        if let ([name], false) = (path.parts.as_slice(), path.star) {
            if index.get("source", &name.text).is_some() {
                return Some(Input::Stream(name.text.clone()));
            }
            if index.get("transform", &name.text).is_some() {
                self.say(
                    not_yet(path.span, "reading another transform by its name")
                        .help("read the dataset that it writes: `ZONE.DATASET`"),
                );
                return None;
            }
            let mut diagnostic = Diagnostic::new(
                Code::UNKNOWN_ITEM,
                path.span,
                format!("there is no source `{}`", name.text),
            )
            .found("not declared");
            diagnostic = match index.nearest("source", &name.text) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                    format!("write `{near}`"),
                    path.span,
                    near.to_owned(),
                ),
                None => diagnostic.help("write the name of a source, or `ZONE.DATASET`"),
            };
            self.say(diagnostic);
            return None;
        }
        let id = dataset_id(path);
        if id.is_none() {
            let message = format!("`{}` is neither a source nor a dataset", path.text());
            let diagnostic = Diagnostic::new(Code::NOT_READABLE, path.span, message)
                .found("a transform reads `SOURCE` or `ZONE.DATASET`");
            self.say(diagnostic);
        }
        id.map(Input::Table)
    }

    /// One dataset has one writer.
    fn writers(&mut self, edges: &[Edge<'a>]) {
        for (at, edge) in edges.iter().enumerate() {
            if let Some(first) = edges.iter().take(at).find(|first| first.target == edge.target) {
                let message = format!("`{}` is written by `{}` too", edge.target, first.entity.name);
                let diagnostic = Diagnostic::new(Code::WRITTEN_TWICE, edge.target_path.span, message)
                    .found("the second writer")
                    .label(first.target_path.span, "the first")
                    .help("give one of them another dataset");
                self.say(diagnostic);
            }
        }
    }

    /// The transforms, each after what it reads; nothing where they go round in a circle.
    fn in_order(&mut self, mut edges: Vec<Edge<'a>>) -> Option<Vec<Edge<'a>>> {
        let mut order: Vec<Edge<'a>> = Vec::new();
        while !edges.is_empty() {
            let waits = |edge: &Edge<'_>| {
                edges
                    .iter()
                    .any(|other| edge.input == Input::Table(other.target.clone()))
            };
            let Some(at) = edges.iter().position(|edge| !waits(edge)) else {
                self.circle(&edges);
                return None;
            };
            order.push(edges.remove(at));
        }
        Some(order)
    }

    fn circle(&mut self, edges: &[Edge<'a>]) {
        // Each of these waits for another of them: going back from any one ends in the circle.
        let before = |at: usize| {
            let edge = edges.get(at)?;
            edges
                .iter()
                .position(|other| edge.input == Input::Table(other.target.clone()))
        };
        let mut path = vec![0];
        let start = loop {
            let Some(next) = path.last().and_then(|at| before(*at)) else {
                return;
            };
            if let Some(start) = path.iter().position(|at| *at == next) {
                path.push(next);
                break start;
            }
            path.push(next);
        };
        let circle: Vec<_> = path.iter().skip(start).rev().filter_map(|at| edges.get(*at)).collect();
        let names: Vec<_> = circle.iter().map(|edge| edge.entity.name).collect();
        let Some(first) = circle.iter().skip(1).min_by_key(|edge| edge.entity.span.start) else {
            return;
        };
        let message = format!("transform `{}` waits for itself", first.entity.name);
        let mut diagnostic = Diagnostic::new(Code::DATAFLOW_CYCLE, first.entity.span, message)
            .found("part of a circle")
            .note(format!("the circle: {}", names.join(" → ")))
            .help("let one of them read something else");
        for edge in circle
            .iter()
            .skip(1)
            .filter(|edge| edge.entity.name != first.entity.name)
        {
            diagnostic = diagnostic.label(edge.entity.span, "also part of it");
        }
        self.say(diagnostic);
    }

    fn transform(&mut self, edge: &Edge<'a>, known: &mut Known<'_, 'a>) -> Option<Transform> {
        let settings = self.settings(&edge.entity);
        let target_zone = self.target_zone(edge, known);
        let columns = self.input_columns(edge, known)?;
        let stream = matches!(edge.input, Input::Stream(_));
        let steps = known
            .typing
            .steps(self.ground, edge.transform, &columns, stream, &mut self.diagnostics);
        let mode = self.mode(edge, stream);
        let engine = self.engine(edge, &settings, stream);
        let steps = steps?;
        let rules = target_zone?;
        let output = steps.last().map_or(&columns, |step| &step.columns).clone();
        let dataset = self.dataset(edge, &settings, rules, output)?;
        let (engine, mut why) = engine?;
        let (reads, reason) = self.reads(edge, &steps, &columns, &dataset, known)?;
        why.extend(reason);
        // Of two writers the first counts: the second was told of.
        known.datasets.entry(edge.target.clone()).or_insert(dataset);
        Some(Transform {
            name: edge.entity.name.to_owned(),
            doc: doc_of(edge.entity.item),
            input: edge.input.clone(),
            input_columns: columns,
            steps,
            target: edge.target.clone(),
            mode: mode?,
            reads,
            engine,
            why,
            span: edge.entity.item.span,
        })
    }

    fn input_columns(&mut self, edge: &Edge<'a>, known: &Known<'_, 'a>) -> Option<Vec<Column>> {
        match &edge.input {
            Input::Stream(name) => {
                let source = known.sources.iter().find(|source| source.name == *name)?;
                Some(source.schema.fields.iter().map(|field| field.column.clone()).collect())
            }
            Input::View(_) => None,
            Input::Table(id) => match known.datasets.get(id) {
                Some(Dataset {
                    writer: Writer::Source(source),
                    ..
                }) => {
                    let diagnostic = not_yet(edge.input_path.span, "reading what a source landed as a table");
                    self.say(diagnostic.help(format!("read the arrivals: `{source}`")));
                    None
                }
                Some(dataset) => Some(dataset.columns.clone()),
                None => {
                    if !self.written(id) {
                        self.say(unknown_dataset(edge.input_path.span, id, known.datasets));
                    }
                    None
                }
            },
        }
    }

    /// The zone that a transform writes, which must be one for transforms and of no lower tier than what it reads.
    fn target_zone<'z>(&mut self, edge: &Edge<'a>, known: &Known<'z, 'a>) -> Option<&'z ZoneRules> {
        let Some(rules) = zone::find(known.zones, &edge.target.zone) else {
            if let (None, Some(name)) = (
                self.ground.index.get("zone", &edge.target.zone),
                edge.target_path.parts.first(),
            ) {
                self.say(crate::check::settings::unknown_item(self.ground.index, "zone", name));
            }
            return None;
        };
        let (span, zone) = (edge.target_path.span, &rules.zone.name);
        if rules.sources_only {
            let message = format!(
                "transform `{}` cannot write `{zone}`: only sources do",
                edge.entity.name
            );
            let mut diagnostic = Diagnostic::new(Code::SOURCES_ONLY, span, message)
                .found("what is there stays as it came")
                .help("write a zone like `std.zones.processed` or `std.zones.curated`");
            if let Some(place) = self.places.get(&format!("zone.{zone}")) {
                diagnostic = diagnostic.label(place, "the zone");
            }
            self.say(diagnostic);
            return None;
        }
        if let Input::Table(id) = &edge.input {
            let from = zone::find(known.zones, &id.zone).map(|rules| &rules.zone);
            if let Some(from) = from.filter(|from| from.tier > rules.zone.tier) {
                let message = format!(
                    "transform `{}` takes data from tier {} down to tier {}",
                    edge.entity.name, from.tier, rules.zone.tier
                );
                let diagnostic = Diagnostic::new(Code::TIER, span, message)
                    .found(format!("`{zone}` is tier {}", rules.zone.tier))
                    .label(edge.input_path.span, format!("`{}` is tier {}", from.name, from.tier))
                    .help(format!("write `{}` or a zone above it", from.name));
                self.say(diagnostic);
                return None;
            }
        }
        Some(rules)
    }

    fn mode(&mut self, edge: &Edge<'a>, stream: bool) -> Option<WriteMode> {
        let usual = if stream {
            WriteMode::Append
        } else {
            WriteMode::Overwrite
        };
        let Some(mode) = edge.transform.target.as_ref().and_then(|target| target.mode.as_ref()) else {
            return Some(usual);
        };
        match (mode.text.as_str(), usual) {
            ("append", WriteMode::Append) | ("overwrite", WriteMode::Overwrite) => Some(usual),
            ("overwrite", WriteMode::Append) => {
                let message = format!(
                    "transform `{}` reads a stream, so it cannot overwrite",
                    edge.entity.name
                );
                let diagnostic = Diagnostic::new(Code::ENGINE, mode.span, message)
                    .found("a stream only adds rows")
                    .help("leave it out: the rows of a stream are appended");
                self.say(diagnostic);
                None
            }
            (word, _) => {
                self.say(not_yet(mode.span, format!("writing a table by `{word}`")).help("leave it out: `overwrite`"));
                None
            }
        }
    }

    fn engine(&mut self, edge: &Edge<'a>, settings: &Settings, stream: bool) -> Option<(Engine, Vec<String>)> {
        let chosen = if stream { "lambda" } else { "glue" };
        let defaults;
        let (name, engine, why) = match settings.get("engine") {
            None => {
                defaults = self.checker.defaults("transform.engine", chosen);
                let why = match stream {
                    true => "it reads a stream row by row, which a function does within seconds",
                    false => "it reads a table",
                };
                (chosen, &defaults, why.to_owned())
            }
            Some(_) => {
                let (name, engine) = settings.variant("engine")?;
                (name, engine, format!("`engine = {name}` is written"))
            }
        };
        let span = settings.span("engine").unwrap_or(edge.entity.span);
        match (name, stream) {
            ("lambda", true) => Some((Engine::Lambda(lambda_of(engine)?), vec![why])),
            ("glue", false) => Some((Engine::Glue(glue_of(engine)?), vec![why])),
            ("glue", true) => {
                self.say(not_yet(span, "running a stream on Glue").help("write `engine = lambda`, or leave it out"));
                None
            }
            _ => {
                let message = format!("transform `{}` reads a table, which `{name}` cannot", edge.entity.name);
                let diagnostic = Diagnostic::new(Code::ENGINE, span, message)
                    .found("a function runs for at most 15 minutes")
                    .help("write `engine = glue`, or leave it out");
                self.say(diagnostic);
                None
            }
        }
    }

    /// What a transform writes: its columns, format, partition and lifetime.
    fn dataset(
        &mut self,
        edge: &Edge<'a>,
        settings: &Settings,
        rules: &ZoneRules,
        columns: Vec<Column>,
    ) -> Option<Dataset> {
        let format = match settings.get("format") {
            Some(_) => zone::format_of(settings)?,
            None => rules.zone.format,
        };
        if format == Format::Json {
            let span = settings.span("format").unwrap_or(edge.target_path.span);
            self.say(
                not_yet(span, "writing another format than `parquet` with a transform")
                    .help("write `format = parquet`"),
            );
            return None;
        }
        let partition = match settings.get("partition") {
            Some(_) => settings.names("partition"),
            None => rules.partition.clone(),
        };
        self.documented(edge, rules, &columns);
        if !check_partition(&columns, &partition, edge.target_path.span, &mut self.diagnostics) {
            return None;
        }
        let partition = partition.into_iter().map(|column| column.value).collect();
        Some(Dataset {
            id: edge.target.clone(),
            doc: doc_of(edge.entity.item),
            columns,
            partition,
            format,
            retain_days: settings.days("retain").unwrap_or(rules.zone.retain_days),
            writer: Writer::Transform(edge.entity.name.to_owned()),
        })
    }

    fn documented(&mut self, edge: &Edge<'a>, rules: &ZoneRules, columns: &[Column]) {
        let zone = &rules.zone.name;
        if rules.document != "nothing" && edge.entity.item.doc.is_none() {
            let message = format!("`{}` is not documented, and zone `{zone}` asks for it", edge.target);
            let diagnostic = Diagnostic::new(Code::UNDOCUMENTED, edge.entity.span, message)
                .found("no documentation")
                .help("write a line above it that says what a row is: `/// What each day brought.`");
            self.say(diagnostic);
        }
        let bare: Vec<_> = columns.iter().filter(|column| column.doc.is_none()).collect();
        if rules.document == "columns" && !bare.is_empty() {
            let names: Vec<_> = bare.iter().map(|column| format!("`{}`", column.name)).collect();
            let message = format!(
                "columns of `{}` are not documented, and zone `{zone}` asks for it: {}",
                edge.target,
                names.join(", ")
            );
            let diagnostic = Diagnostic::new(Code::UNDOCUMENTED, edge.entity.span, message)
                .found("columns without documentation")
                .help("write `/// …` above each where it is declared or derived");
            self.say(diagnostic);
        }
    }

    fn reads(
        &mut self,
        edge: &Edge<'a>,
        steps: &[Step],
        columns: &[Column],
        dataset: &Dataset,
        known: &mut Known<'_, 'a>,
    ) -> Option<(Reads, Vec<String>)> {
        let id = match &edge.input {
            Input::Stream(name) => {
                let source = known.sources.iter().find(|source| source.name == *name)?;
                let day = lower::event_day(columns, steps, source.behind_landing_seconds());
                known.days.extend(day.map(|day| (edge.target.clone(), day)));
                return Some((Reads::Arrivals, Vec::new()));
            }
            Input::View(_) => return None,
            Input::Table(id) => id,
        };
        let input = known.datasets.get(id)?;
        let day = known.days.get(id).cloned();
        let (reads, why) = lower::reads(input, day.as_ref(), steps, &dataset.partition);
        match (&reads, day) {
            (Reads::Days { .. }, Some(day)) => {
                known.days.insert(edge.target.clone(), day);
            }
            _ => self.outlives(edge, input, dataset, &why),
        }
        Some((reads, vec![why]))
    }

    /// A run that reads all of its input and overwrites forgets what its input no longer has.
    fn outlives(&mut self, edge: &Edge<'a>, input: &Dataset, dataset: &Dataset, why: &str) {
        if dataset.retain_days <= input.retain_days {
            return;
        }
        let message = format!(
            "`{}` keeps rows {} days, but each run makes it anew from `{}`, which keeps them {} days",
            dataset.id, dataset.retain_days, input.id, input.retain_days
        );
        let diagnostic = Diagnostic::new(Code::OUTLIVES_INPUT, edge.target_path.span, message)
            .found("overwritten by every run")
            .note(why)
            .help(format!(
                "write `retain = {} days` in the transform, or partition both by the day of the event time",
                input.retain_days
            ));
        self.say(diagnostic);
    }
}

fn dataset_id(path: &Path) -> Option<DatasetId> {
    match (path.parts.as_slice(), path.star) {
        ([zone, name], false) => Some(DatasetId {
            zone: zone.text.clone(),
            name: name.text.clone(),
        }),
        _ => None,
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
