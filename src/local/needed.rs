//! Which of its input's columns a transform looks at, so that no others are read.

use std::collections::BTreeSet;

use super::steps::{CHANGE, SEQUENCE};
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::Column;
use crate::plan::{Otherwise, Step, StepKind};

/// What is looked at.
pub(super) struct Needed<'p> {
    /// The input's columns, in order.
    pub columns: Vec<&'p Column>,
    /// Whether `_seq` is, which is made only then.
    pub arrivals: bool,
}

/// Columns of an input that these steps need, for the wanted columns to be there at the end; all of them where a row may
/// be turned away, since the quarantine keeps the row as it came.
pub(super) fn of<'p>(input: &'p [Column], steps: &[&Step], wanted: Option<BTreeSet<String>>) -> Needed<'p> {
    let turns_away = steps.iter().any(|step| may_turn_away(&step.kind));
    let before = |at: usize| match at.checked_sub(1).and_then(|at| steps.get(at)) {
        Some(step) => names(&step.columns),
        None => names(input),
    };
    let mut needed = wanted.unwrap_or_else(|| before(steps.len()));
    let mut ordered = false;
    for (at, step) in steps.iter().enumerate().rev() {
        ordered |= orders(&step.kind);
        needed = before_step(step, needed, before(at));
    }
    let arrivals = ordered || needed.contains(SEQUENCE) || needed.contains(CHANGE);
    let looked_at = |column: &&Column| turns_away || needed.contains(&column.name);
    Needed {
        columns: input.iter().filter(looked_at).collect(),
        arrivals,
    }
}

/// The columns of a join's other side that the steps from the join on look at.
pub(super) fn of_other(alias: &str, steps: &[&Step]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for step in steps {
        for expr in step.kind.expressions() {
            let named = expr.columns();
            let own = named
                .iter()
                .filter_map(|name| name.strip_prefix(alias)?.strip_prefix('.'));
            found.extend(own.map(str::to_owned));
        }
        if let StepKind::Join(join) = &step.kind {
            for (left, right) in &join.equal {
                for name in left.columns().iter().chain(&right.columns()) {
                    found.extend(
                        name.strip_prefix(alias)
                            .and_then(|name| name.strip_prefix('.'))
                            .map(str::to_owned),
                    );
                }
            }
        }
    }
    found
}

/// What must be there before a step, for these columns (and the step's own work) to be there after it.
fn before_step(step: &Step, mut needed: BTreeSet<String>, all: BTreeSet<String>) -> BTreeSet<String> {
    let reads = |needed: &mut BTreeSet<String>| {
        for expr in step.kind.expressions() {
            needed.extend(expr.columns());
        }
    };
    match &step.kind {
        StepKind::Derive(entries) => {
            for (column, expr) in entries.iter().rev() {
                needed.remove(&column.name);
                needed.extend(expr.columns());
            }
        }
        StepKind::Select(_) => {
            needed.retain(|name| name.starts_with('_'));
            reads(&mut needed);
        }
        StepKind::Rename(pairs) => {
            let old = |name: String| match pairs.iter().find(|(_, new)| *new == name) {
                Some((old, _)) => old.clone(),
                None => name,
            };
            needed = needed.into_iter().map(old).collect();
        }
        StepKind::Group { .. } => {
            needed.clear();
            reads(&mut needed);
            // Ties of an order inside of an aggregate are broken by all columns.
            needed.extend(if orders(&step.kind) { all } else { Default::default() });
        }
        StepKind::Pivot { keys, .. } => {
            needed.clear();
            needed.extend(keys.iter().cloned());
            reads(&mut needed);
        }
        StepKind::Explode { column, .. } => {
            needed.remove(&column.name);
            reads(&mut needed);
        }
        StepKind::Unpivot { columns, name, value } => {
            needed.remove(&name.name);
            needed.remove(&value.name);
            needed.extend(columns.iter().cloned());
        }
        StepKind::Join(join) => {
            reads(&mut needed);
            join.equal.iter().for_each(|(left, _)| needed.extend(left.columns()));
            if join.within_seconds.is_some() {
                needed.extend(all);
            }
        }
        StepKind::Filter(_) | StepKind::Expect { .. } | StepKind::Route { .. } => reads(&mut needed),
        StepKind::Drop(_) | StepKind::Take(_) => {}
        // Of these every column counts: ties are broken by all of them, or all of them are handed on.
        StepKind::Dedupe { .. }
        | StepKind::Window { .. }
        | StepKind::Session { .. }
        | StepKind::Sort(_)
        | StepKind::Union { .. }
        | StepKind::Run(_) => {
            reads(&mut needed);
            needed.extend(all);
        }
    }
    needed
}

/// Whether the answer depends on the order in which rows arrived.
fn orders(step: &StepKind) -> bool {
    match step {
        StepKind::Dedupe { within_seconds, .. } => within_seconds.is_none(),
        StepKind::Window { .. } | StepKind::Session { .. } | StepKind::Sort(_) => true,
        _ => step.aggregates().iter().any(|aggregate| !aggregate.order.is_empty()),
    }
}

fn names(columns: &[Column]) -> BTreeSet<String> {
    columns.iter().map(|column| column.name.clone()).collect()
}

/// Whether a step may turn rows away.
pub(super) fn may_turn_away(step: &StepKind) -> bool {
    match step {
        StepKind::Expect {
            otherwise: Otherwise::Quarantine,
            ..
        }
        | StepKind::Run(_) => true,
        StepKind::Group { window: Some(_), .. } => true,
        StepKind::Join(join) => may_reject(&join.on) || join.equal.iter().any(|(left, _)| may_reject(left)),
        _ => step.expressions().into_iter().any(may_reject),
    }
}

fn may_reject(expr: &Expr) -> bool {
    let own = matches!(
        expr.kind,
        ExprKind::Reject(_)
            | ExprKind::Arithmetic { .. }
            | ExprKind::Negate(_)
            | ExprKind::Cast(_)
            | ExprKind::Call { .. }
            | ExprKind::Own { .. }
    );
    own || expr.children().into_iter().any(may_reject)
}
