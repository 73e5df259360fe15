//! A transform's way through the engine: what a source's row must be, the steps in order, then a sink.
//!
//! Other inputs (of joins, unions) come by pipelines of their own, whose rows go into this one.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use arrow::array::BooleanArray;
use arrow::compute;
use pipec_runtime::Timestamp;

use super::batch::{Batch, Reason, Rejects};
use super::came::{self, Came};
use super::chain::Chain;
use super::error::RunError;
use super::eval::Setting;
use super::lines::{Chunk, inner_checks};
use super::needed;
use super::objects::{Allowed, Store};
use super::steps::{self, CAME, Check, Join, Late, Other, Side, Stage, Turned, Work};
use super::value::row_as_json;
use crate::plan::expr::Expr;
use crate::plan::types::Column;
use crate::plan::{Delivers, Input, JoinKind, Plan, Source, Step, StepKind, Target};

pub(super) use super::steps::Counts;

/// Where a transform's rows go.
pub(super) trait Sink {
    /// Rows of a target, by its number among the transform's.
    fn rows(&mut self, target: usize, batch: &Batch, origin: Origin<'_>) -> Result<(), RunError>;
    /// A row that is turned away, as it came.
    fn turned_away(&mut self, at: Timestamp, reason: &str, row: &[u8]) -> Result<(), RunError>;
}

/// What takes rows that are read, with those that decoding already turned away.
pub(super) type Taker<'t> = dyn FnMut(Batch, &[(u32, Reason)], Origin<'_>) -> Result<(), RunError> + 't;

/// Where rows come from.
pub(super) trait Feeds {
    /// Reads all rows of a chain's input, with the columns that it needs.
    fn feed(&self, chain: &Chain<'_>, take: &mut Taker<'_>) -> Result<(), RunError>;
    /// Whether the rows of a view are there, so that its steps need not run.
    fn given(&self, view: &Input) -> bool;
    /// The source whose checks the rows of an input have to pass.
    fn source(&self, input: &Input) -> Option<&Source>;
    /// Where the project's own programs are.
    fn project(&self) -> &std::path::Path;
    /// The time for which the run is scheduled.
    fn now(&self) -> Timestamp;
    /// Where objects are kept.
    fn store(&self) -> Store;
}

/// What the rows of a batch were when they came.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    /// Lines of a source.
    Lines(&'a Chunk),
    /// Rows that were typed already; they arrive at their event time, if they have one.
    Rows(&'a Batch, Option<&'a str>),
}

/// A platform, and where its rows come from.
#[derive(Clone, Copy)]
pub(super) struct Around<'p> {
    pub plan: &'p Plan,
    pub feeds: &'p dyn Feeds,
}

/// A transform being run.
pub(super) struct Pipeline<'p> {
    around: Around<'p>,
    pub chain: Chain<'p>,
    stages: Vec<Box<dyn Stage + 'p>>,
    /// Joins whose other side is not read yet, and unions whose other rows have not come: with the number of the stage.
    joins: Vec<(usize, usize)>,
    unions: Vec<(usize, Chain<'p>, Side<'p>)>,
    route: Option<Route<'p>>,
    setting: Setting,
    event_time: Option<&'p str>,
    pub counts: Counts,
    turned: Vec<Turned>,
    /// The stages whose rows keep how they came, and those of them that were turned away.
    keeping: Vec<usize>,
    came: Came,
    /// The columns of the rows that come: of the input, then of the last step that made new ones.
    known: &'p [Column],
    /// How many stages stand before the first step.
    ahead: usize,
    started: bool,
    /// What the transform reads, itself and by what it joins and unites.
    read: Rc<RefCell<BTreeSet<Input>>>,
    /// Whether the transform reads the input elsewhere as well: a row that may not come in is turned away there.
    again: bool,
}

/// `route { … }`: conditions and numbers of targets.
struct Route<'p> {
    branches: Vec<(&'p Expr, usize)>,
    otherwise: Option<usize>,
}

impl<'p> Pipeline<'p> {
    /// A chain; of a source's rows, that source's checks and lateness come first.
    pub fn new(around: Around<'p>, chain: Chain<'p>) -> Result<Pipeline<'p>, RunError> {
        let mut pipeline = Pipeline {
            around,
            stages: Vec::new(),
            joins: Vec::new(),
            unions: Vec::new(),
            route: None,
            setting: setting_of(around),
            event_time: chain
                .columns
                .iter()
                .find(|column| column.event_time)
                .map(|column| column.name.as_str()),
            counts: Counts::default(),
            turned: Vec::new(),
            keeping: Vec::new(),
            came: Came::default(),
            known: chain.columns,
            ahead: 0,
            started: false,
            read: Rc::new(RefCell::new(BTreeSet::from([chain.input.clone()]))),
            again: false,
            chain,
        };
        if let Some(source) = around.feeds.source(pipeline.chain.input) {
            pipeline.stages.extend(admission(source));
        }
        pipeline.ahead = pipeline.stages.len();
        for at in 0..pipeline.chain.steps.len() {
            pipeline.add_stage(at)?;
        }
        Ok(pipeline)
    }

    fn add_stage(&mut self, at: usize) -> Result<(), RunError> {
        let step: &'p Step = self.chain.steps[at];
        let before = self.chain.before(at);
        if came::is_kept(self.chain.steps.get(at..).unwrap_or_default()) {
            self.keeping.push(self.stages.len());
        }
        match &step.kind {
            StepKind::Join(join) => {
                self.joins.push((self.stages.len(), at));
                let joined = self.chain.joined(at);
                self.stages
                    .push(Box::new(Join::new(join, before, joined, Vec::new(), Other::new())));
            }
            StepKind::Union { other, columns } => {
                let Around { plan, feeds } = self.around;
                let given = |view: &Input| feeds.given(view);
                let chain = Chain::new(plan, (other, columns, &[]), None, &given);
                let arrivals = self.chain.keeps_arrivals(plan, at + 1, &given);
                let side = |own: Vec<Column>| Side::new(&own, &step.columns, arrivals);
                let others = chain.came(plan, chain.steps.len());
                let own = self.chain.came(plan, at);
                self.unions.push((self.stages.len(), chain, side(others)));
                self.stages.push(Box::new(side(own)));
            }
            StepKind::Run(run) => {
                let Around { feeds, .. } = self.around;
                self.stages.push(Box::new(steps::Script::new(
                    run,
                    before,
                    step,
                    feeds.project(),
                    feeds.store(),
                )?));
            }
            StepKind::Route { branches, otherwise } => self.route = Some(Route::new(branches, otherwise.as_ref())),
            _ => self.stages.push(steps::stage(step, before)?),
        }
        Ok(())
    }

    /// A chain of which this one takes rows.
    fn inner(&self, chain: Chain<'p>) -> Result<Pipeline<'p>, RunError> {
        let again = !self.read.borrow_mut().insert(chain.input.clone());
        Ok(Pipeline {
            read: Rc::clone(&self.read),
            again,
            ..Pipeline::new(self.around, chain)?
        })
    }

    /// Reads all of its input, and lets go what comes of it.
    pub fn run(&mut self, sink: &mut dyn Sink) -> Result<(), RunError> {
        let chain = self.chain.clone();
        let feeds = self.around.feeds;
        feeds.feed(&chain, &mut |batch, away, origin| self.add(batch, away, origin, sink))?;
        self.finish(sink)
    }

    /// Takes rows in, and what decoding already turned away.
    pub fn add(
        &mut self,
        batch: Batch,
        away: &[(u32, Reason)],
        origin: Origin<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), RunError> {
        self.start(sink)?;
        self.came.begin();
        self.counts.rows_in += (batch.rows() + away.len()) as u64;
        let decoded = away.iter().map(|(place, reason)| Turned {
            place: *place,
            stage: 0,
            reason: reason.clone(),
        });
        if !self.again {
            self.turned.extend(decoded);
        }
        self.advance(0, batch, origin, sink)?;
        self.turn_away(origin, sink)
    }

    /// All rows have come: lets go what was held.
    pub fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), RunError> {
        self.start(sink)?;
        for at in 0..self.stages.len() {
            while let Some(place) = self.unions.iter().position(|(stage, ..)| *stage == at) {
                let (_, chain, side) = self.unions.remove(place);
                self.unite(at, chain, side, sink)?;
            }
            self.at_work(at, |stage, work| stage.finish(work))?;
            while let Some(batch) = self.at_work(at, |stage, work| stage.more(work))? {
                self.anew(at + 1, batch, sink)?;
            }
        }
        for (at, reason, row) in self.came.let_go() {
            self.counts.reject(&reason);
            sink.turned_away(at, &reason, &row)?;
        }
        Ok(())
    }

    /// Reads the other sides of joins, before the first row comes.
    fn start(&mut self, sink: &mut dyn Sink) -> Result<(), RunError> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        for (stage, at) in std::mem::take(&mut self.joins) {
            let step: &'p Step = self.chain.steps[at];
            let StepKind::Join(join) = &step.kind else { continue };
            let mut wanted = needed::of_other(&join.alias, &self.chain.steps[at..]);
            if join.within_seconds.is_some() {
                wanted.extend(
                    join.columns
                        .iter()
                        .filter(|column| column.event_time)
                        .map(|column| column.name.clone()),
                );
            }
            let read = join
                .columns
                .iter()
                .filter(|column| wanted.contains(&column.name))
                .collect();
            let Around { plan, feeds } = self.around;
            let mut chain = Chain::new(plan, (&join.other, &join.columns, &[]), Some(wanted), &|view| {
                feeds.given(view)
            });
            chain.whole = true;
            let mut other = Other::new();
            let mut turned = Vec::new();
            let setting = self.setting.clone();
            let counts = &mut Counts::default();
            let mut take = |batch: Batch, _: Origin<'_>| {
                let mut work = Work {
                    setting: &setting,
                    counts,
                    turned: &mut turned,
                    stage,
                };
                other.add(join, batch, &mut work)
            };
            self.nested(chain, &mut take, sink)?;
            other.settle();
            let (before, joined) = (self.chain.before(at), self.chain.joined(at));
            self.stages[stage] = Box::new(Join::new(join, before, joined, read, other));
        }
        Ok(())
    }

    /// Runs another chain; what it turns away is turned away by this transform.
    fn nested(
        &mut self,
        chain: Chain<'p>,
        take: &mut dyn FnMut(Batch, Origin<'_>) -> Result<(), RunError>,
        sink: &mut dyn Sink,
    ) -> Result<(), RunError> {
        let mut pipeline = self.inner(chain)?;
        pipeline.run(&mut Inner { take, sink })?;
        self.counts.join(pipeline.counts);
        Ok(())
    }

    fn unite(&mut self, at: usize, chain: Chain<'p>, mut side: Side<'p>, sink: &mut dyn Sink) -> Result<(), RunError> {
        let mut pipeline = self.inner(chain)?;
        let mut into = Into {
            pipeline: self,
            side: &mut side,
            at,
            sink,
        };
        pipeline.run(&mut into)?;
        self.counts.rows_in += pipeline.counts.rows_in;
        self.counts.join(pipeline.counts);
        Ok(())
    }

    fn at_work<T>(
        &mut self,
        at: usize,
        work: impl FnOnce(&mut dyn Stage, &mut Work<'_>) -> Result<T, RunError>,
    ) -> Result<T, RunError> {
        let mut around = Work {
            setting: &self.setting,
            counts: &mut self.counts,
            turned: &mut self.turned,
            stage: at,
        };
        work(&mut *self.stages[at], &mut around)
    }

    /// Hands on rows that came of a step: what is turned away from here on is what they are now, unless they were held.
    fn anew(&mut self, from: usize, batch: Batch, sink: &mut dyn Sink) -> Result<(), RunError> {
        let before = self.came.begin();
        let turned = std::mem::take(&mut self.turned);
        let known = self.known;
        let batch = Batch::new(batch.columns, batch.origin.len());
        let came = batch.clone();
        let origin = Origin::Rows(&came, self.event_time);
        if came.column(CAME).is_err() {
            self.known = self.chain.before(from.saturating_sub(self.ahead));
        }
        self.advance(from, batch, origin, sink)?;
        self.turn_away(origin, sink)?;
        self.came.resume(before);
        self.known = known;
        self.turned = turned;
        Ok(())
    }

    /// Whether a stage makes rows of both sides, each perhaps of one side alone.
    fn pairs_anew(&self, at: usize) -> bool {
        let step = at.checked_sub(self.ahead).and_then(|at| self.chain.steps.get(at));
        step.is_some_and(|step| matches!(&step.kind, StepKind::Join(join) if join.kind == JoinKind::Full))
    }

    fn advance(&mut self, from: usize, batch: Batch, origin: Origin<'_>, sink: &mut dyn Sink) -> Result<(), RunError> {
        let mut batch = batch;
        for at in from..self.stages.len() {
            if batch.rows() == 0 {
                return Ok(());
            }
            if self.keeping.contains(&at) {
                self.came.beside(&mut batch, origin)?;
            }
            let Some(first) = self.at_work(at, |stage, work| stage.add(batch, work))? else {
                return Ok(());
            };
            batch = first;
            if self.pairs_anew(at) {
                self.anew(at + 1, batch, sink)?;
                while let Some(more) = self.at_work(at, |stage, work| stage.more(work))? {
                    self.anew(at + 1, more, sink)?;
                }
                return Ok(());
            }
            while let Some(more) = self.at_work(at, |stage, work| stage.more(work))? {
                self.advance(at + 1, batch, origin, sink)?;
                batch = more;
            }
        }
        if batch.rows() == 0 {
            return Ok(());
        }
        let Some(route) = self.route.take() else {
            self.counts.rows_out += batch.rows() as u64;
            return sink.rows(0, &batch, origin);
        };
        let routed = self.routed(&route, batch, origin, sink);
        self.route = Some(route);
        routed
    }

    /// Each row goes to the first branch whose condition holds.
    fn routed(
        &mut self,
        route: &Route<'p>,
        batch: Batch,
        origin: Origin<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), RunError> {
        let mut rest = batch;
        for (condition, target) in &route.branches {
            let mut rejects = Rejects::default();
            let mut work = Work {
                setting: &self.setting,
                counts: &mut self.counts,
                turned: &mut self.turned,
                stage: self.stages.len(),
            };
            let holds = work.evaluator(&rest, &mut rejects).condition(condition)?;
            let there: BooleanArray = (0..rest.rows())
                .map(|row| Some(holds.value(row) && !rejects.has(row)))
                .collect();
            let (others, away) = rejects.split_keeping(rest.clone(), &compute::not(&holds)?)?;
            work.away(away);
            self.hand_on(*target, &rest.keep(&there)?, origin, sink)?;
            rest = others;
        }
        match route.otherwise {
            Some(target) => self.hand_on(target, &rest, origin, sink),
            None => Ok(()),
        }
    }

    fn hand_on(
        &mut self,
        target: usize,
        batch: &Batch,
        origin: Origin<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), RunError> {
        if batch.rows() == 0 {
            return Ok(());
        }
        self.counts.rows_out += batch.rows() as u64;
        sink.rows(target, batch, origin)
    }

    /// In the order in which the rows came, each once, with its first reason.
    fn turn_away(&mut self, origin: Origin<'_>, sink: &mut dyn Sink) -> Result<(), RunError> {
        if self.turned.is_empty() {
            return Ok(());
        }
        let mut turned = std::mem::take(&mut self.turned);
        turned.sort_by_key(|turned| (turned.place, turned.stage));
        turned.dedup_by_key(|turned| turned.place);
        let held = match origin {
            Origin::Rows(batch, _) => batch.column(CAME).ok(),
            Origin::Lines(_) => None,
        };
        let elsewhere = if self.again { self.ahead } else { 0 };
        for Turned { place, reason, stage } in turned.into_iter().filter(|turned| turned.stage >= elsewhere) {
            let place = place as usize;
            if let Some(came) = held {
                self.came.keep(came, place, (stage, reason), self.known);
                continue;
            }
            self.counts.reject(&reason);
            if !self.keeping.is_empty() {
                self.came.turned(place);
            }
            match origin {
                Origin::Lines(chunk) => sink.turned_away(origin.at(place), &reason, chunk.line(place))?,
                Origin::Rows(batch, _) => {
                    let row = row_as_json(&batch.columns, self.known, place);
                    sink.turned_away(origin.at(place), &reason, &row)?;
                }
            }
        }
        Ok(())
    }
}

impl<'p> Route<'p> {
    fn new(branches: &'p [(Expr, Target)], otherwise: Option<&'p Target>) -> Route<'p> {
        let all: Vec<&Target> = branches.iter().map(|(_, target)| target).chain(otherwise).collect();
        let number = |target: &Target| all.iter().position(|other| *other == target).unwrap_or(0);
        Route {
            branches: branches
                .iter()
                .map(|(condition, target)| (condition, number(target)))
                .collect(),
            otherwise: otherwise.map(number),
        }
    }
}

/// Hands another chain's rows to who asked for them.
struct Inner<'a> {
    take: &'a mut dyn FnMut(Batch, Origin<'_>) -> Result<(), RunError>,
    sink: &'a mut dyn Sink,
}

impl Sink for Inner<'_> {
    fn rows(&mut self, _: usize, batch: &Batch, origin: Origin<'_>) -> Result<(), RunError> {
        (self.take)(batch.clone(), origin)
    }

    fn turned_away(&mut self, at: Timestamp, reason: &str, row: &[u8]) -> Result<(), RunError> {
        self.sink.turned_away(at, reason, row)
    }
}

/// Hands another chain's rows into a pipeline, behind its `union`.
struct Into<'a, 'p> {
    pipeline: &'a mut Pipeline<'p>,
    side: &'a mut Side<'p>,
    at: usize,
    sink: &'a mut dyn Sink,
}

impl Sink for Into<'_, '_> {
    fn rows(&mut self, _: usize, batch: &Batch, origin: Origin<'_>) -> Result<(), RunError> {
        let pipeline = &mut *self.pipeline;
        pipeline.came.begin();
        let mut work = Work {
            setting: &pipeline.setting,
            counts: &mut pipeline.counts,
            turned: &mut pipeline.turned,
            stage: self.at,
        };
        if let Some(united) = self.side.add(batch.clone(), &mut work)? {
            pipeline.advance(self.at + 1, united, origin, self.sink)?;
        }
        pipeline.turn_away(origin, self.sink)
    }

    fn turned_away(&mut self, at: Timestamp, reason: &str, row: &[u8]) -> Result<(), RunError> {
        self.sink.turned_away(at, reason, row)
    }
}

/// What expressions read besides rows.
fn setting_of(around: Around<'_>) -> Setting {
    Setting::of(around.plan, around.feeds.now())
}

/// What a row must be to come in: its fields' checks, then not too late.
fn admission(source: &Source) -> Vec<Box<dyn Stage + '_>> {
    let schema = &source.schema;
    let checked = schema
        .fields
        .iter()
        .filter_map(|field| Some((field, field.check.as_ref()?)));
    let mut stages: Vec<Box<dyn Stage + '_>> = Vec::new();
    for (field, condition) in checked {
        stages.push(Box::new(Check::new(&field.column.name, condition)));
    }
    for inner in inner_checks(&schema.fields) {
        stages.push(Box::new(inner));
    }
    for allowed in schema.fields.iter().filter_map(Allowed::of) {
        stages.push(Box::new(allowed));
    }
    // A snapshot holds all rows again, a change tells of a row however old it is: only rows that add can be late.
    if let Some(field) = schema.fields.iter().find(|field| field.column.event_time)
        && source.delivers == Delivers::Rows
    {
        stages.push(Box::new(Late::new(&field.column.name, source.late_at_most_seconds)));
    }
    stages
}
