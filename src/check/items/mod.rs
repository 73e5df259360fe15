//! Items of a project, each from its settings and clauses to what the typed program says of it: one file a kind.
//!
//! It must not know files or engines: it accepts the whole language, whatever this version can build of it.

mod access;
mod arrivals;
mod brokers;
mod class;
mod delivery;
mod foreign;
mod monitor;
mod names;
mod network;
mod overrides;
mod param;
mod pipeline;
mod retention;
mod schedule;
mod serve;
mod source;
mod test;
mod transform;
mod typing;
mod zone;

pub use transform::{Alone, Earlier, Remembered, Whole, check_alone};

use std::collections::BTreeMap;
use std::sync::Arc;

use super::declare::Declarations;
use super::flow;
use super::imports::Imports;
use super::program::{Item, Program, Released};
use super::settings::{Checker, Owner, Settings};
use crate::base::{FileId, Sources, Span};
use crate::diag::{Code, Diagnostic, Diagnostics, Levels};
use crate::plan::DatasetId;
use crate::resolve::{Entity, Index, Layer, Library, Overlay, Project, apply, layers, overlay, own_layer, top};
use crate::syntax::ast::ItemKind;

/// Where things were written, by path: `zone.raw`, `zone.raw.retain`; and how bad warnings are here.
#[derive(Clone, Debug, Default)]
pub struct Places {
    spans: BTreeMap<String, Span>,
    /// The levels that the pipeline sets.
    pub levels: Levels,
}

impl Places {
    /// Where `path` was written; for a setting that nobody wrote, where its item was.
    pub fn get(&self, path: &str) -> Option<Span> {
        let mut path = path;
        loop {
            if let Some(span) = self.spans.get(path) {
                return Some(*span);
            }
            path = path.rsplit_once('.')?.0;
        }
    }

    fn insert(&mut self, path: String, span: Span) {
        self.spans.insert(path, span);
    }
}

/// What every environment of a project is checked on.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The standard library.
    pub library: &'a Library,
    /// What it declares.
    pub declarations: &'a Declarations<'a>,
    /// The project's files.
    pub project: &'a Project,
    /// Its items.
    pub index: &'a Index<'a>,
    /// All text.
    pub sources: &'a Sources,
    /// What other projects export to it.
    pub imports: &'a Imports,
}

/// What the checker of every item sees.
struct Items<'a> {
    ground: Ground<'a>,
    checker: Checker<'a>,
    overlays: Vec<Overlay>,
    places: Places,
    /// Functions that lower a class, to be looked up once functions are known.
    lowerings: Vec<(String, Span)>,
    /// Labels that were let go.
    released: Vec<Released>,
    remembered: Remembered,
    diagnostics: Diagnostics,
}

/// Checks every item as `environment` has it (`None`: as written), and adds to what was said already. The program is
/// whole only where nothing said is an error. What was checked for another environment and is the same here is taken
/// from what is `remembered`.
pub fn check<'a>(
    ground: Ground<'a>,
    environment: Option<&str>,
    remembered: &mut Remembered,
    mut diagnostics: Diagnostics,
) -> (Option<Program>, Places, Diagnostics) {
    let mut overlays = Vec::new();
    let named = |name| ground.index.get("env", name);
    if let Some(block) = environment.and_then(named).and_then(Entity::block) {
        overlays = overlay(block, ground.index, &mut diagnostics);
    }
    let mut items = Items {
        ground,
        checker: Checker {
            declarations: ground.declarations,
            index: ground.index,
            sources: ground.sources,
        },
        overlays,
        places: Places::default(),
        lowerings: Vec::new(),
        released: Vec::new(),
        remembered: std::mem::take(remembered),
        diagnostics,
    };
    items.names();
    let program = items.program(environment);
    *remembered = items.remembered;
    (program, items.places, items.diagnostics)
}

impl<'a> Items<'a> {
    fn say(&mut self, diagnostic: Diagnostic) {
        if diagnostic.code != Code::UNKNOWN_ITEM || !self.ground.index.incomplete() {
            self.diagnostics.push(diagnostic);
        }
    }

    /// The items of a kind, in order.
    fn entities(&self, kind: &str) -> Vec<Entity<'a>> {
        self.ground
            .index
            .of_kind(kind)
            .filter(|entity| !entity.is_bad())
            .copied()
            .collect()
    }

    /// The checked settings of an item, with `like` and the environment applied.
    fn settings(&mut self, entity: &Entity<'a>) -> Settings {
        let (mut entries, whole) = match &entity.item.kind {
            ItemKind::Block(block) => {
                let Ground { library, index, .. } = self.ground;
                layers(block, library, index, &mut self.diagnostics)
            }
            ItemKind::Transform(transform) => (own_layer(&transform.entries), true),
            _ => (Vec::new(), true),
        };
        apply(&mut entries, &self.overlays, entity.kind, entity.name);
        let text = format!("{} `{}`", entity.kind, entity.name);
        let owner = Owner {
            text: &text,
            span: entity.span,
            whole,
        };
        let settings = self.checker.item(entity.kind, owner, &entries, &mut self.diagnostics);
        let path = format!("{}.{}", entity.kind, entity.name);
        for (name, setting) in settings.iter().filter(|(_, setting)| setting.layer != Layer::Default) {
            self.places.insert(format!("{path}.{name}"), setting.span);
        }
        self.places.insert(path, entity.span);
        settings
    }

    /// An item that is its settings.
    fn item(&mut self, entity: &Entity<'a>) -> Item {
        Item {
            name: entity.name.to_owned(),
            doc: doc_of(entity.item),
            settings: self.settings(entity),
            span: entity.span,
        }
    }

    /// The items of a kind that are their settings.
    fn items_of(&mut self, kind: &str) -> Vec<Item> {
        let entities = self.entities(kind);
        entities.iter().map(|entity| self.item(entity)).collect()
    }

    /// The settings of each engine where nothing of it is written.
    fn engines(&self) -> BTreeMap<String, Settings> {
        let slot = "transform.engine";
        let engines = self.checker.declarations.variants(slot).iter();
        let settings = engines.map(|engine| (engine.name.clone(), self.checker.defaults(slot, &engine.name)));
        settings.collect()
    }

    fn program(&mut self, environment: Option<&str>) -> Option<Program> {
        let pipeline = self.pipeline();
        let (classes, rules) = self.classes();
        let zones = self.zones();
        let kept = self.remembered.typing.take().filter(|kept| *kept.classes() == rules);
        let typing = kept.unwrap_or_else(|| Arc::new(typing::Typing::new(self.ground, rules, &mut self.diagnostics)));
        let params = self.params(&typing);
        self.lowering_functions(&typing);
        let functions = typing.own_functions(self.ground, &mut self.diagnostics);
        let mut datasets = BTreeMap::new();
        let sources = self.sources(&typing, &zones, &mut datasets);
        let sinks = self.items_of("sink");
        let retentions = self.items_of("retention");
        let before = transform::Before {
            typing: &typing,
            sources: &sources,
            sinks: &sinks,
            retentions: &retentions,
            zones: &zones,
        };
        let transforms = self.transforms(&before, &mut datasets);
        if let Some(pipeline) = &pipeline {
            // What is exported has to be there; what it is, who uses it asks.
            self.datasets_of(pipeline.settings.list("exports"), &datasets);
        }
        let serves = self.serves(&datasets);
        let accesses = self.accesses(&typing, typing.classes(), &datasets);
        let schedules = self.schedules(&transforms, &datasets);
        let monitors = self.monitors(pipeline.as_ref(), &sources, &datasets);
        let deliveries = self.deliveries();
        let readable = test::Readable {
            sources: &sources,
            transforms: &transforms,
            datasets: &datasets,
        };
        let tests = self.tests(&typing, readable);
        let rests = retention::Rests {
            retentions: &retentions,
            zones: &zones,
            datasets: &datasets,
            transforms: &transforms,
            serves: &serves,
            accesses: &accesses,
        };
        self.retentions(&rests);
        if let Some(pipeline) = &pipeline {
            self.network(&network::Stands {
                pipeline,
                zones: &zones,
                sources: &sources,
                sinks: &sinks,
                serves: &serves,
            });
        }
        let overrides = self.overrides();
        let environments = self.entities("env").iter().map(|e| e.name.to_owned()).collect();
        let written = self.remembered.released.take();
        let ground = self.ground;
        let mut released =
            written.unwrap_or_else(|| flow::released(ground.project.items(), ground.sources, &mut self.diagnostics));
        self.remembered.released = Some(released.clone());
        released.append(&mut self.released);
        let program = Program {
            environment: environment.map(str::to_owned),
            environments,
            pipeline: pipeline?,
            params,
            classes,
            functions,
            sources,
            zones: zones.into_iter().map(|rules| rules.item).collect(),
            engines: self.engines(),
            retentions,
            datasets,
            transforms,
            sinks,
            serves,
            accesses,
            schedules,
            monitors,
            deliveries,
            account: self.account(),
            overrides,
            tests,
            released,
            imports: self
                .ground
                .imports
                .projects
                .iter()
                .map(|used| used.import.clone())
                .collect(),
        };
        flow::check(&program, typing.classes(), self.ground.index, &mut self.diagnostics);
        self.remembered.typing = Some(typing);
        Some(program)
    }
}

/// There is no dataset of this name.
fn unknown_dataset(span: Span, id: &DatasetId, datasets: &source::Datasets) -> Diagnostic {
    let text = id.to_string();
    let names: Vec<_> = datasets.keys().map(ToString::to_string).collect();
    let diagnostic =
        Diagnostic::new(Code::UNKNOWN_ITEM, span, format!("nothing writes a dataset `{text}`")).found("not a dataset");
    match crate::base::suggest(&text, names.iter().map(String::as_str)) {
        Some(near) => {
            diagnostic
                .help(format!("did you mean `{near}`?"))
                .fix(format!("write `{near}`"), span, near.to_owned())
        }
        None if names.is_empty() => diagnostic,
        None => diagnostic.help(format!("there is `{}`", names.join("`, `"))),
    }
}

/// The documentation of an item.
fn doc_of(item: &crate::syntax::ast::Item) -> Option<String> {
    item.doc.as_ref().map(|doc| doc.text.clone())
}

/// The start of the project, for what has no place of its own.
fn start(project: &Project) -> Span {
    let file = project.files.first().map(|file| file.id);
    top(file.unwrap_or(FileId(0)))
}
