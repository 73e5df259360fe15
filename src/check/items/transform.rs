//! `transform`: what it reads and writes; its steps are checked by `check::steps`.

use super::source::Datasets;
use super::typing::Typing;
use super::zone::{self, ZoneRules};
use super::{Items, doc_of, unknown_dataset};
use crate::check::not_yet;
use crate::check::program::{Dataset, DatasetWriter, Delivers, Edges, Mode, Shape, Source, Transform};
use crate::check::settings::Settings;
use crate::check::steps::check_partition;
use crate::diag::{Code, Diagnostic};
use crate::plan::types::Column;
use crate::plan::{DatasetId, Input, Target};
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
}

impl<'a> Items<'a> {
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
            ItemKind::Bad(_) => true,
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
        let item = self.item(&edge.entity);
        let target_zone = self.target_zone(edge, known);
        let columns = self.input_columns(edge, known)?;
        let stream = matches!(edge.input, Input::Stream(_));
        let steps = known
            .typing
            .steps(self.ground, edge.transform, &columns, stream, &mut self.diagnostics);
        let mode = self.mode(edge, stream);
        self.engine(edge, &item.settings, stream);
        let steps = steps?;
        let rules = target_zone?;
        let output = steps.last().map_or(&columns, |step| &step.columns).clone();
        let dataset = self.dataset(edge, &item.settings, rules, output.clone())?;
        // Of two writers the first counts: the second was told of.
        known.datasets.entry(edge.target.clone()).or_insert(dataset);
        let target = edge.transform.target.as_ref();
        Some(Transform {
            item,
            inputs: vec![edge.input.clone()],
            shape: if stream { Shape::Stream } else { Shape::Table },
            input_columns: columns,
            steps,
            output,
            target: Some(Target::Dataset(edge.target.clone())),
            contract: target
                .and_then(|target| target.contract.as_ref())
                .map(|name| name.text.clone()),
            mode: mode?,
            places: Edges {
                inputs: vec![edge.input_path.span],
                target: edge.target_path.span,
                mode: target
                    .and_then(|t| t.mode.as_ref())
                    .map_or(edge.target_path.span, |mode| mode.span),
            },
            span: edge.entity.item.span,
        })
    }

    fn input_columns(&mut self, edge: &Edge<'a>, known: &Known<'_, 'a>) -> Option<Vec<Column>> {
        match &edge.input {
            Input::Stream(name) => {
                let source = known.sources.iter().find(|source| source.item.name == *name)?;
                Some(source.schema.fields.iter().map(|field| field.column.clone()).collect())
            }
            Input::View(_) => None,
            Input::Table(id) => match known.datasets.get(id) {
                Some(Dataset {
                    writer: DatasetWriter::Source(source),
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
        let (span, zone) = (edge.target_path.span, &rules.item.name);
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
            let from = zone::find(known.zones, &id.zone);
            if let Some(from) = from.filter(|from| from.tier > rules.tier) {
                let message = format!(
                    "transform `{}` takes data from tier {} down to tier {}",
                    edge.entity.name, from.tier, rules.tier
                );
                let diagnostic = Diagnostic::new(Code::TIER, span, message)
                    .found(format!("`{zone}` is tier {}", rules.tier))
                    .label(
                        edge.input_path.span,
                        format!("`{}` is tier {}", from.item.name, from.tier),
                    )
                    .help(format!("write `{}` or a zone above it", from.item.name));
                self.say(diagnostic);
                return None;
            }
        }
        Some(rules)
    }

    fn mode(&mut self, edge: &Edge<'a>, stream: bool) -> Option<Mode> {
        let target = edge.transform.target.as_ref()?;
        let keys = || target.keys.iter().map(|key| key.text.clone()).collect();
        let Some(mode) = &target.mode else {
            return Some(if stream { Mode::Append } else { Mode::Overwrite });
        };
        match (mode.text.as_str(), stream) {
            ("overwrite", true) => {
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
            ("overwrite", false) => Some(Mode::Overwrite),
            ("merge", _) => Some(Mode::Merge(keys())),
            ("history", _) => Some(Mode::History(keys())),
            _ => Some(Mode::Append),
        }
    }

    fn engine(&mut self, edge: &Edge<'a>, settings: &Settings, stream: bool) {
        let Some((name @ "lambda", _)) = settings.variant("engine").filter(|_| !stream) else {
            return;
        };
        let span = settings.span("engine").unwrap_or(edge.entity.span);
        let message = format!("transform `{}` reads a table, which `{name}` cannot", edge.entity.name);
        let diagnostic = Diagnostic::new(Code::ENGINE, span, message)
            .found("a function runs for at most 15 minutes")
            .help("write `engine = glue`, or leave it out");
        self.say(diagnostic);
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
            Some(_) => settings.variant("format")?.0.to_owned(),
            None => rules.format.clone(),
        };
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
            delivers: Delivers::Rows,
            writer: DatasetWriter::Transform(edge.entity.name.to_owned()),
        })
    }

    fn documented(&mut self, edge: &Edge<'a>, rules: &ZoneRules, columns: &[Column]) {
        let zone = &rules.item.name;
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
