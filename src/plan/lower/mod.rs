//! Phase 4: the typed program as the plan that today's engines and AWS bundles carry; what they do not carry yet is
//! refused here, and nowhere else.
//!
//! It must not know text: it sees the typed program.

mod access;
mod brokers;
mod carries;
mod flow;
mod foreign;
mod monitor;
mod overrides;
mod pipeline;
mod replication;
mod schedule;
mod serve;
mod sink;
mod source;
mod transform;
mod zone;

pub use carries::Passed;

use std::collections::{BTreeMap, BTreeSet};

use super::{Dataset, DatasetId, Format, Plan, Writer};
use crate::base::Span;
use crate::check::program::{self, DatasetWriter, Program};
use crate::check::settings::{Settings, Value};
use crate::diag::{Code, Diagnostic, Diagnostics};

/// What comes of lowering.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The plan; only where all of the program is carried. Of an engine alone: what it carries of the program, without the
    /// transforms that are skipped.
    pub plan: Option<Plan>,
    /// What is wrong with the platform, seen only with its engines chosen.
    pub diagnostics: Vec<Diagnostic>,
    /// What is right and not carried yet.
    pub not_yet: Vec<Diagnostic>,
    /// The transforms that the engine does not carry, and why; each is said in `not_yet` too.
    pub skipped: Vec<Skipped>,
}

/// A transform that an engine does not carry.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// Its name.
    pub transform: String,
    /// The first thing of it that is not carried.
    pub why: Diagnostic,
}

/// What a plan is for, and so what has to be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A build: every bundle of resources, and each transform's own engine.
    Platform,
    /// The embedded engine, which runs all transforms.
    Embedded,
    /// The generated functions alone.
    Functions,
    /// The generated jobs alone.
    Jobs,
    /// Athena's SQL alone, for transforms of tables.
    Sql,
}

impl Scope {
    /// Whether it is about one engine's transforms: what the engine does not carry of the others is nobody's matter.
    fn is_of_one_engine(self) -> bool {
        matches!(self, Scope::Functions | Scope::Jobs)
    }
}

/// Lowers a program that was checked without an error.
pub fn lower(program: &Program, scope: Scope) -> Lowered {
    lower_after(program, scope, &mut Passed::default())
}

/// The same, for one environment after the other: what engines carry of unchanged steps is asked once.
pub fn lower_after(program: &Program, scope: Scope, passed: &mut Passed) -> Lowered {
    let program = foreign::read_in_place(program, scope);
    let mut lowering = Lowering {
        program: &program,
        scope,
        passed,
        diagnostics: Diagnostics::default(),
        skipped: Vec::new(),
    };
    let plan = lowering.plan();
    if let Some(plan) = plan.as_ref().filter(|_| scope == Scope::Platform) {
        lowering.brokers_land_by_functions(plan);
        lowering.delivery_streams_only_land(plan);
        lowering.nothing_is_left_out(plan);
    }
    let skipped = lowering.skipped;
    let all = lowering.diagnostics.sorted();
    let (not_yet, diagnostics): (Vec<_>, Vec<_>) = all.into_iter().partition(|d| d.code == Code::NOT_YET);
    let carried = not_yet.is_empty() || scope.is_of_one_engine();
    Lowered {
        plan: plan.filter(|_| carried && diagnostics.is_empty()),
        diagnostics,
        not_yet,
        skipped,
    }
}

/// What Athena's SQL does not carry of a transform, with or without a target; nothing where it carries all of it.
pub fn not_in_sql(program: &Program, name: &str) -> Vec<Diagnostic> {
    let mut lowering = Lowering {
        program,
        scope: Scope::Sql,
        passed: &mut Passed::default(),
        diagnostics: Diagnostics::default(),
        skipped: Vec::new(),
    };
    if let Some(transform) = program.transforms.iter().find(|transform| transform.item.name == name) {
        lowering.is_sql(transform);
    }
    lowering.diagnostics.sorted()
}

/// Lowers one program.
struct Lowering<'p> {
    program: &'p Program,
    scope: Scope,
    passed: &'p mut Passed,
    diagnostics: Diagnostics,
    skipped: Vec<Skipped>,
}

/// Datasets by their names.
type Datasets = BTreeMap<DatasetId, Dataset>;

impl Lowering<'_> {
    fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Refuses what the language has and no bundle of resources carries yet: `what` names it, "`table of` sources". Only a
    /// build needs those.
    fn refuse(&mut self, span: Span, what: impl AsRef<str>, help: Option<&str>) {
        if self.scope != Scope::Platform {
            return;
        }
        let diagnostic = not_yet(span, what);
        self.say(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    fn plan(&mut self) -> Option<Plan> {
        let program = self.program;
        self.settings_of_later_versions();
        let pipeline = self.pipeline();
        let zones = self.zones();
        let sources = self.sources();
        let mut datasets = self.landed(&zones);
        self.imported(&sources, &mut datasets);
        let views = self.views();
        let transforms = self.transforms(&sources, &zones, &views, &mut datasets);
        let sinks = self.sinks();
        let serves = self.serves();
        let accesses = self.accesses();
        self.dashboards(&serves, &accesses);
        let schedules = self.schedules(&transforms, &views);
        let monitors = self.monitors();
        let deliveries = self.deliveries();
        Some(Plan {
            pipeline: pipeline?,
            environment: program.environment.clone(),
            environments: program.environments.clone(),
            params: program.params.clone(),
            classes: program.classes.clone(),
            sources,
            zones,
            datasets,
            functions: program.functions.clone(),
            views,
            transforms,
            sinks,
            serves,
            accesses,
            schedules,
            monitors,
            deliveries,
            account: self.account(),
            overrides: self.overrides(),
            tests: program.tests.clone(),
            images: BTreeMap::new(),
            scripts: BTreeMap::new(),
        })
    }

    /// Settings that are right and that no bundle carries yet.
    fn settings_of_later_versions(&mut self) {
        let program = self.program;
        let items = std::iter::once(&program.pipeline)
            .chain(program.sources.iter().map(|source| &source.item))
            .chain(&program.zones)
            .chain(program.transforms.iter().map(|transform| &transform.item))
            .chain(program.serves.iter().map(|serve| &serve.item))
            .chain(program.accesses.iter().map(|access| &access.item))
            .chain(program.schedules.iter().map(|schedule| &schedule.item))
            .chain(program.monitors.iter().map(|monitor| &monitor.item))
            .chain(&program.deliveries)
            .chain(&program.sinks);
        for item in items {
            self.later(&item.settings);
        }
        for (_, settings) in program.monitors.iter().flat_map(|monitor| &monitor.alarms) {
            self.later(settings);
        }
    }

    fn later(&mut self, settings: &Settings) {
        for (span, what) in settings.later() {
            self.refuse(span, what, None);
        }
        self.params(settings);
    }

    /// A param that no bundle hands on; the address of a mail is one that a bundle does.
    fn params(&mut self, settings: &Settings) {
        for (name, setting) in settings.iter() {
            match &setting.value {
                Value::Param(param) if name != "address" => {
                    let what = format!("a param, `{param}`, as the value of `{name}`");
                    self.refuse(setting.span, what, None);
                }
                Value::Variant(_, inner) => self.params(inner),
                Value::List(items) => {
                    for item in items {
                        if let Value::Variant(_, inner) = &item.value {
                            self.params(inner);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// What is neither in the plan nor refused would be missing without a word.
    fn nothing_is_left_out(&mut self, plan: &Plan) {
        let program = self.program;
        let zones = program.zones.iter().filter(|item| plan.zone(&item.name).is_none());
        let sources = program.sources.iter().map(|source| &source.item);
        let sources = sources.filter(|item| plan.source(&item.name).is_none());
        let lowered = plan.transforms.iter().map(|transform| transform.name.as_str());
        let lowered: BTreeSet<_> = lowered
            .chain(plan.views.iter().map(|view| view.name.as_str()))
            .collect();
        let transforms = program.transforms.iter().map(|transform| &transform.item);
        let transforms = transforms.filter(|item| !lowered.contains(item.name.as_str()));
        let serves = program.serves.iter().map(|serve| &serve.item);
        let serves = serves.filter(|item| plan.serves.iter().all(|serve| serve.name != item.name));
        let schedules = program.schedules.iter().map(|schedule| &schedule.item);
        let schedules = schedules.filter(|item| plan.schedules.iter().all(|schedule| schedule.name != item.name));
        let alarms = |name: &str| {
            plan.monitors
                .iter()
                .find(|m| m.name == name)
                .map_or(0, |m| m.alarms.len())
        };
        let monitors = program
            .monitors
            .iter()
            .filter(|monitor| alarms(&monitor.item.name) != monitor.alarms.len());
        let monitors = monitors.map(|monitor| &monitor.item);
        let left = zones
            .chain(sources)
            .chain(transforms)
            .chain(serves)
            .chain(schedules)
            .chain(monitors);
        let left: Vec<_> = left.map(|item| (item.span, item.name.clone())).collect();
        if self.diagnostics.has_errors() {
            return;
        }
        for (span, name) in left {
            self.refuse(span, format!("`{name}` as it is here"), None);
        }
    }

    /// What sources land.
    fn landed(&mut self, zones: &[super::Zone]) -> Datasets {
        let program = self.program;
        let mut datasets = Datasets::new();
        for dataset in program.datasets.values() {
            let DatasetWriter::Source(name) = &dataset.writer else {
                continue;
            };
            let Some(source) = program.sources.iter().find(|source| source.item.name == *name) else {
                continue;
            };
            let Some(zone) = zones.iter().find(|zone| zone.name == dataset.id.zone) else {
                continue;
            };
            if dataset.format != "json" {
                let span = source.item.settings.span("into").unwrap_or(source.item.span);
                let what = format!(
                    "landing rows in another format than `json`, as `{}` asks for",
                    dataset.id.zone
                );
                let help = "what lands is kept as it came: let the zone say `format = json`";
                self.refuse(span, what, Some(help));
            }
            let writer = Writer::Source(name.clone());
            let lowered = dataset_of(dataset, zone.retain_days, writer);
            let tiers = self.tiers(self.zone_settings(&dataset.id.zone));
            datasets.insert(dataset.id.clone(), Dataset { tiers, ..lowered });
        }
        datasets
    }
}

/// How long rows stay that nobody here takes away, days.
const FOREVER_DAYS: u32 = u32::MAX;

/// A dataset for the plan.
fn dataset_of(dataset: &program::Dataset, retain_days: u32, writer: Writer) -> Dataset {
    Dataset {
        id: dataset.id.clone(),
        doc: dataset.doc.clone(),
        columns: dataset.columns.clone(),
        partition: dataset.partition.clone(),
        format: Format::of_name(&dataset.format).unwrap_or(Format::Parquet),
        delivers: dataset.delivers,
        retain_days,
        tiers: Vec::new(),
        history_days: 0,
        writer,
    }
}

/// The language has it, and no engine or bundle carries it yet.
fn not_yet(span: Span, what: impl AsRef<str>) -> Diagnostic {
    crate::check::not_yet(span, what)
}
