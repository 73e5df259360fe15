//! Steps of a transform, one file a step: what each does, and the columns after it.
//!
//! It must not know what a transform reads or writes: whoever asks gives the columns, whether they are a stream's, a
//! table's or objects', and a way to look at other inputs and at targets.

mod columns;
mod conditions;
mod dedupe;
mod derive;
mod duration;
mod expect;
mod explode;
mod filter;
mod group;
mod join;
mod order;
mod partition;
mod pivot;
mod rename;
mod route;
mod run;
mod select;
mod shape;
mod union;
mod unpivot;
mod window;

use crate::base::Span;
use crate::check::context::Context;
use crate::check::exprs::{Checker, Place, first_line_of};
use crate::check::labels::Crowd;
use crate::check::program::{Delivers, Released, Shape};
use crate::check::settings::Settings;
use crate::diag::{Diagnostic, Diagnostics};
use crate::plan::types::Column;
use crate::plan::{self, Input, RunKind, Schema, Target};
use crate::syntax::ast::{self, StepKind};

pub use columns::arrival_columns;
pub use partition::check_partition;
pub use union::unite;

/// Rows that can be read, by what they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// What is read.
    pub input: Input,
    /// What the rows come as.
    pub shape: Shape,
    /// What they are: of streams and objects always rows that only add.
    pub delivers: Delivers,
    /// Their columns.
    pub columns: plan::Columns,
    /// Columns that can be read and go no further by themselves: `_arrived`, `_seq`.
    pub hidden: Vec<Column>,
    /// Sets of columns of which no two rows have the same values.
    pub unique: Vec<Vec<String>>,
}

/// What steps ask of the project around their transform. What is wrong is said where it is asked.
pub trait Around {
    /// What another input is, by its path.
    fn rows(&mut self, path: &ast::Path, diagnostics: &mut Diagnostics) -> Option<Rows>;
    /// Where a branch's rows go.
    fn target(&mut self, path: &ast::Path, diagnostics: &mut Diagnostics) -> Option<Target>;
    /// The rows that a provided program returns.
    fn schema(&mut self, ty: &ast::TypeExpr, diagnostics: &mut Diagnostics) -> Option<Schema>;
    /// The settings of a provided program.
    fn program(&mut self, what: &ast::Name, entries: &[ast::Entry], diagnostics: &mut Diagnostics) -> Settings;
}

/// Checked steps, with what only checking needs of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// The steps, each with the columns after it.
    pub steps: plan::Steps,
    /// For each `join`, by its place among the steps: sets of columns that are unique on its other side.
    pub unique: Vec<(usize, Vec<Vec<String>>)>,
    /// Labels that provided programs let go; the transform's name is for whoever asks to fill in.
    pub released: Vec<Released>,
}

/// The steps among a transform's entries. `None` if one was wrong.
pub fn check_steps(
    ctx: &Context<'_>,
    rows: &Rows,
    entries: &[ast::Entry],
    around: &mut dyn Around,
    diagnostics: &mut Diagnostics,
) -> Option<Checked> {
    let ctx = &Context {
        on_stream: rows.shape != Shape::Table,
        ..*ctx
    };
    let mut steps = Steps {
        ctx,
        around,
        shape: rows.shape,
        columns: rows.columns.clone(),
        hidden: rows.hidden.clone(),
        joined: Vec::new(),
        aliases: Vec::new(),
        expects: Vec::new(),
        crowd: Crowd::default(),
        sorted: false,
        broken: false,
        lost: false,
        checked: Checked::default(),
        diagnostics,
    };
    let mut last: Option<&ast::Step> = None;
    for entry in entries {
        let ast::EntryKind::Step(step) = &entry.kind else {
            steps.broken |= matches!(entry.kind, ast::EntryKind::Bad);
            continue;
        };
        if let Some(route) = last.filter(|last| matches!(last.kind, StepKind::Route { .. })) {
            steps.behind_route(step, route);
            return None;
        }
        last = Some(step);
        steps.entry(step, entry.span);
        if steps.lost {
            return None;
        }
    }
    (!steps.broken).then_some(steps.checked)
}

/// Checks one step after the other.
struct Steps<'s> {
    ctx: &'s Context<'s>,
    around: &'s mut dyn Around,
    shape: Shape,
    /// The columns before the next step.
    columns: plan::Columns,
    /// Columns that can be read and are none of the rows' own: `_arrived`, `_seq`.
    hidden: Vec<Column>,
    /// Columns of the other sides of joins, called `ALIAS.column`.
    joined: Vec<Column>,
    /// What the other sides of joins are called.
    aliases: Vec<ast::Name>,
    /// Names of the `expect`s so far.
    expects: Vec<ast::Name>,
    /// What is known of groups: which labels a `filter` lets go.
    crowd: Crowd,
    /// Whether rows are in an order that the author chose.
    sorted: bool,
    /// Whether anything was wrong.
    broken: bool,
    /// Whether the columns are not known any more, so that nothing behind can be checked.
    lost: bool,
    checked: Checked,
    diagnostics: &'s mut Diagnostics,
}

impl Steps<'_> {
    fn entry(&mut self, step: &ast::Step, span: Span) {
        let before = self.columns.clone();
        let Some(kind) = self.step(step, span) else {
            self.broken = true;
            return;
        };
        self.crowd.step(self.ctx.classes, &kind, &before, &mut self.columns);
        let joined: Vec<Column> = self.hidden.iter().chain(&self.joined).cloned().collect();
        let before = self.checked.steps.last().map(|step| &step.joined);
        let joined = match before.filter(|before| ***before == joined) {
            Some(same) => same.clone(),
            None => joined.into(),
        };
        self.checked.steps.push(plan::Step {
            kind,
            columns: self.columns.clone(),
            joined,
            text: first_line_of(self.ctx.sources, span),
            span,
        });
    }

    fn step(&mut self, step: &ast::Step, span: Span) -> Option<plan::StepKind> {
        let at = step.word.span;
        match &step.kind {
            StepKind::Filter(condition) => self.filter(condition),
            StepKind::Derive(bindings) => self.derive(bindings),
            StepKind::Select(bindings) => self.select(bindings),
            StepKind::Drop(names) => self.drop_columns(names, span),
            StepKind::Rename(pairs) => self.rename(pairs),
            StepKind::Explode { outer, list, name } => self.explode(*outer, list, name),
            StepKind::Dedupe { keys, keep, within } => self.dedupe(at, keys, keep.as_ref(), within.as_ref()),
            StepKind::Join {
                kind,
                other,
                alias,
                on,
                within,
            } => self.join(&join::Written {
                at,
                kind: kind.as_ref(),
                other,
                alias: alias.as_ref(),
                on,
                within: within.as_ref(),
            }),
            StepKind::Union(other) => self.union(other),
            StepKind::Group {
                keys,
                every,
                over,
                late,
                aggregates,
            } => {
                let times = group::Times {
                    every: every.as_ref(),
                    over: over.as_ref(),
                    late: late.as_ref(),
                };
                self.group(at, keys, times, aggregates)
            }
            StepKind::Window {
                keys,
                order,
                rows,
                columns,
            } => self.window(at, keys, order, rows.as_ref(), columns),
            StepKind::Session { keys, gap, name } => self.session(at, keys, gap, name),
            StepKind::Pivot { keys, on, columns } => self.pivot(at, keys, on, columns),
            StepKind::Unpivot { columns, name, value } => self.unpivot(columns, name, value),
            StepKind::Sort(orders) => self.sort(at, orders),
            StepKind::Take(count) => self.take(at, count),
            StepKind::Expect {
                name,
                condition,
                otherwise,
            } => self.expect(name, condition, otherwise),
            StepKind::Route { branches, otherwise } => self.route(branches, otherwise.as_ref()),
            StepKind::Run {
                what,
                path,
                returns,
                entries,
            } => self.run(&run::Written {
                at,
                what,
                path: path.as_ref(),
                returns: returns.as_ref(),
                entries,
            }),
        }
    }

    fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// A checker of expressions over these columns, and over those of other sides of joins.
    fn checker<'c>(&'c mut self, scope: &'c [Column], place: Place) -> Checker<'c> {
        Checker::new(self.ctx, scope, place, self.diagnostics).with_joined(&self.joined)
    }

    /// The columns that plain names can mean.
    fn scope(&self) -> Vec<Column> {
        self.columns.iter().chain(&self.hidden).cloned().collect()
    }

    /// What other sides of joins had goes no further than a step that makes new rows.
    fn forget_joined(&mut self) {
        self.joined.clear();
        self.hidden.clear();
        self.aliases.clear();
    }
}

/// The word of a kind of program.
fn run_kind(word: &str) -> Option<RunKind> {
    match word {
        "script" => Some(RunKind::Script),
        "container" => Some(RunKind::Container),
        _ => None,
    }
}
