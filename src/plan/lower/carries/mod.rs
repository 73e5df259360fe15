//! What each engine carries: one file an engine says what it refuses, and this walks transforms by it.
//!
//! It must not know text: it sees the typed program.

mod athena;
mod embedded;
mod functions;
mod jobs;
mod platform;
mod row_filter;
mod slice;

pub(super) use row_filter::row_filter;

use std::collections::BTreeMap;

use super::{Lowering, Scope, Skipped};
use crate::base::Span;
use crate::check::program::{Dataset, Program, Source, Transform};
use crate::diag::{Code, Diagnostic};
use crate::plan;
use crate::plan::expr::{Aggregate, Expr};
use crate::plan::types::Column;
use crate::plan::{Engine, Input, Shape, Step, StepKind, Steps, Target};

/// The steps that gates let through, by the gate and the transform: other environments have the same ones.
#[derive(Debug, Default)]
pub struct Passed(BTreeMap<(&'static str, String), (Shape, Steps)>);

impl Passed {
    fn has(&self, gate: &dyn Gate, transform: &Transform) -> bool {
        let known = self.0.get(&(gate.name(), transform.item.name.clone()));
        known.is_some_and(|(shape, steps)| *shape == transform.shape && *steps == transform.steps)
    }

    fn add(&mut self, gate: &dyn Gate, transform: &Transform) {
        let key = (gate.name(), transform.item.name.clone());
        self.0.insert(key, (transform.shape, transform.steps.clone()));
    }
}

/// What an engine does not carry.
pub(super) struct Refusal {
    /// What it is called: "`join`".
    what: String,
    /// What to write instead, or the engine which carries it.
    help: Option<String>,
    /// Whether the engine never will.
    never: bool,
}

impl Refusal {
    /// Without a better way.
    fn of(what: impl Into<String>) -> Refusal {
        Refusal {
            what: what.into(),
            help: None,
            never: false,
        }
    }

    /// With what to write instead.
    fn but(what: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal {
            what: what.into(),
            help: Some(help.into()),
            never: false,
        }
    }

    /// What the engine cannot do by its nature, and who can.
    fn never(what: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal {
            never: true,
            ..Refusal::but(what, help)
        }
    }
}

/// What of the language an engine refuses; each answer is about one thing, not about those inside of it.
trait Gate {
    /// What the engine is called.
    fn name(&self) -> &'static str;
    /// Whether any expression of this program may be refused: where none may, none is looked at. They are most of a
    /// program.
    fn minds_expressions(&self, program: &Program) -> bool;
    /// A step, without its expressions and columns.
    fn step(&self, step: &Step, shape: Shape) -> Option<Refusal>;
    /// An expression, without those inside of it.
    fn node(&self, expr: &Expr) -> Option<Refusal>;
    /// An aggregate or a function of windows, without its arguments; `step` is where it stands.
    fn aggregate(&self, aggregate: &Aggregate, step: &StepKind) -> Option<Refusal>;
    /// A column of its input, or after a step.
    fn column(&self, column: &Column) -> Option<Refusal>;
    /// What is read: the input of a transform, or the other side of a join or union.
    fn input(&self, input: &Input, transform: &Transform, program: &Program) -> Option<Refusal>;
    /// A source whose arrivals are read.
    fn source(&self, source: &Source) -> Option<Refusal>;
    /// What is written: the mode, the contract, and the dataset where it is one.
    fn output(&self, target: &Target, dataset: Option<&Dataset>, transform: &Transform) -> Option<Refusal>;
    /// A sink that is written, by where its rows go: `opensearch`.
    fn sink(&self, to: &str, transform: &Transform) -> Option<Refusal>;
}

impl Lowering<'_> {
    /// Whether the engine that is asked for carries a transform, and the platform does; the first thing that is not carried
    /// is said.
    pub(super) fn carries(&mut self, transform: &Transform, engine: &Engine, sources: &[plan::Source]) -> bool {
        let gate: &dyn Gate = match (self.scope, engine) {
            (Scope::Embedded, _) => &embedded::Embedded,
            (Scope::Sql, _) if transform.shape == Shape::Table => &athena::Athena,
            (Scope::Platform, Engine::Lambda(_)) => &functions::Functions { objects: true },
            (Scope::Functions, Engine::Lambda(_)) => &functions::Functions { objects: false },
            (Scope::Platform, Engine::Glue(_)) => &jobs::Jobs { programs: true },
            (Scope::Platform, Engine::Emr(_)) | (Scope::Jobs, Engine::Glue(_) | Engine::Emr(_)) => {
                &jobs::Jobs { programs: false }
            }
            _ => return true,
        };
        let refused = |input: &Input| match input {
            Input::Stream(name) => sources.iter().all(|source| source.name != *name),
            Input::Table(_) | Input::View(_) => false,
        };
        // What is wrong with a source was said there.
        if transform.inputs.iter().any(refused) {
            return false;
        }
        self.passes(gate, transform) && (self.scope != Scope::Platform || self.passes(&platform::Platform, transform))
    }

    /// Whether a transform of a stream is one for a job: a function refuses it, and a job does not.
    pub(super) fn needs_job(&self, transform: &Transform) -> bool {
        let refused = |gate: &dyn Gate| {
            let mut all = with_views(self.program, transform).into_iter();
            all.any(|transform| in_transform(gate, transform, self.program, false).is_some())
        };
        self.scope != Scope::Functions
            && refused(&functions::Functions { objects: true })
            && !refused(&jobs::Jobs { programs: false })
    }

    /// Whether Athena's SQL carries a transform; the first thing that it does not is said.
    pub(super) fn is_sql(&mut self, transform: &Transform) -> bool {
        self.passes(&athena::Athena, transform)
    }

    /// Whether Athena's SQL carries a transform, without a word where it does not.
    pub(super) fn fits_sql(&self, transform: &Transform) -> bool {
        let program = self.program;
        with_views(program, transform)
            .into_iter()
            .all(|transform| in_transform(&athena::Athena, transform, program, false).is_none())
    }

    /// Whether a gate lets a transform through, with the views that it reads.
    fn passes(&mut self, gate: &dyn Gate, transform: &Transform) -> bool {
        let program = self.program;
        let all = with_views(program, transform);
        let passed = &*self.passed;
        let found = all
            .iter()
            .find_map(|transform| in_transform(gate, transform, program, passed.has(gate, transform)));
        let Some((span, Refusal { what, help, never })) = found else {
            all.into_iter().for_each(|transform| self.passed.add(gate, transform));
            return true;
        };
        // What one engine alone is asked for is left out either way.
        let diagnostic = match never && self.scope == Scope::Platform {
            true => Diagnostic::new(Code::ENGINE, span, format!("`{}` cannot do this: {what}", gate.name()))
                .found("never on this engine"),
            false => Diagnostic::new(
                Code::NOT_YET,
                span,
                format!("{what} is not supported on {} yet", gate.name()),
            )
            .found("the language has it"),
        };
        let why = match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        };
        self.skipped.push(Skipped {
            transform: transform.item.name.clone(),
            why: why.clone(),
        });
        self.say(why);
        false
    }
}

/// A transform, and the views that it reads.
fn with_views<'t>(program: &'t Program, transform: &'t Transform) -> Vec<&'t Transform> {
    let mut all = vec![transform];
    let mut at = 0;
    while let Some(next) = all.get(at).copied() {
        for name in views(next) {
            let view = program.transforms.iter().find(|view| view.item.name == name);
            all.extend(view.filter(|view| !all.iter().any(|known| known.item.name == view.item.name)));
        }
        at += 1;
    }
    all
}

/// The names of the views that a transform reads itself.
fn views(transform: &Transform) -> Vec<&str> {
    let others = transform.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Join(join) => Some(&join.other),
        StepKind::Union { other, .. } => Some(other),
        _ => None,
    });
    let inputs = transform.inputs.iter().chain(others);
    inputs
        .filter_map(|input| match input {
            Input::View(name) => Some(name.as_str()),
            Input::Stream(_) | Input::Table(_) => None,
        })
        .collect()
}

/// The first thing of a transform that is refused, and where; of steps that `passed` before, only what they reach outside
/// is asked.
fn in_transform(gate: &dyn Gate, transform: &Transform, program: &Program, passed: bool) -> Option<(Span, Refusal)> {
    let minds = gate.minds_expressions(program);
    let steps = || {
        transform.steps.iter().find_map(|step| {
            let itself = || if passed { None } else { gate.step(step, transform.shape) };
            let inside = || if passed { None } else { in_step(gate, step, minds) };
            let refused = itself().or_else(|| around_step(gate, step, transform, program));
            refused.or_else(inside).map(|refusal| (step.span, refusal))
        })
    };
    let columns = || {
        let refused = transform.input_columns.iter().find_map(|column| gate.column(column));
        refused.map(|refusal| (transform.item.span, refusal))
    };
    edge(gate, transform, program).or_else(columns).or_else(steps)
}

/// What of a transform's inputs and targets is refused, and where.
fn edge(gate: &dyn Gate, transform: &Transform, program: &Program) -> Option<(Span, Refusal)> {
    let places = transform
        .places
        .inputs
        .iter()
        .copied()
        .chain(std::iter::repeat(transform.item.span));
    let inputs = transform.inputs.iter().zip(places);
    let refused = inputs.into_iter().find_map(|(input, span)| {
        let refused = gate
            .input(input, transform, program)
            .or_else(|| in_source(gate, input, program));
        refused.map(|refusal| (span, refusal))
    });
    refused.or_else(|| {
        let refused = in_target(gate, transform.target.as_ref()?, transform, program)?;
        Some((transform.places.target, refused))
    })
}

/// What of one target is refused.
fn in_target(gate: &dyn Gate, target: &Target, transform: &Transform, program: &Program) -> Option<Refusal> {
    let sink = || match target {
        Target::Sink(name) => {
            let item = program.sinks.iter().find(|sink| sink.name == *name)?;
            gate.sink(item.settings.variant("to")?.0, transform)
        }
        Target::Dataset(_) => None,
    };
    let dataset = match target {
        Target::Dataset(id) => program.datasets.get(id),
        Target::Sink(_) => None,
    };
    gate.output(target, dataset, transform).or_else(sink)
}

fn in_source(gate: &dyn Gate, input: &Input, program: &Program) -> Option<Refusal> {
    let Input::Stream(name) = input else { return None };
    let source = program.sources.iter().find(|source| source.item.name == *name)?;
    let fields = || {
        let fields = source.schema.fields.iter();
        fields
            .flat_map(|field| &field.check)
            .find_map(|check| in_expression(gate, check))
    };
    gate.source(source).or_else(fields)
}

/// What a step reads and writes beside its own rows.
fn around_step(gate: &dyn Gate, step: &Step, transform: &Transform, program: &Program) -> Option<Refusal> {
    let others = || match &step.kind {
        StepKind::Join(join) => gate.input(&join.other, transform, program),
        StepKind::Union { other, .. } => gate.input(other, transform, program),
        _ => None,
    };
    let targets = || match &step.kind {
        StepKind::Route { branches, otherwise } => {
            let targets = branches.iter().map(|(_, target)| target).chain(otherwise);
            targets
                .into_iter()
                .find_map(|target| in_target(gate, target, transform, program))
        }
        _ => None,
    };
    others().or_else(targets)
}

/// What is refused of a step's columns, and of its expressions where the gate `minds` them.
fn in_step(gate: &dyn Gate, step: &Step, minds: bool) -> Option<Refusal> {
    let aggregates = || {
        step.kind
            .aggregates()
            .into_iter()
            .find_map(|aggregate| gate.aggregate(aggregate, &step.kind))
    };
    let expressions = || {
        let all = if minds { step.kind.expressions() } else { Vec::new() };
        all.into_iter().find_map(|expr| in_expression(gate, expr))
    };
    let columns = || step.columns.iter().find_map(|column| gate.column(column));
    aggregates().or_else(expressions).or_else(columns)
}

/// What in an expression is refused, if anything.
fn in_expression(gate: &dyn Gate, expr: &Expr) -> Option<Refusal> {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if let Some(refusal) = gate.node(expr) {
            let what = format!("{}, as in `{}`,", refusal.what, expr.text);
            return Some(Refusal { what, ..refusal });
        }
        expr.add_children(&mut open);
    }
    None
}
