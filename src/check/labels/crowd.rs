//! Groups large enough to hide in: an aggregate of a class with `crowd = k` lets its label go where a later `filter`
//! keeps no group with fewer than `k` rows.
//!
//! It must not know what an aggregate computes: only `count()` says how many rows a group has.

use std::collections::{BTreeMap, BTreeSet};

use super::Classes;
use crate::plan::expr::{CompareOp, Expr, ExprKind, Literal, LogicOp};
use crate::plan::types::Column;
use crate::plan::{Columns, StepKind};

/// What is known of the groups that rows stand for, from step to step.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    /// Columns that hold how many rows a group has.
    counts: BTreeSet<String>,
    /// The labels that each column carries only because a group may be small.
    pending: BTreeMap<String, BTreeSet<String>>,
}

impl Crowd {
    /// What a step does: `before` are the columns that it reads, `after` those that it leaves, which lose the labels that a
    /// `filter` proves away.
    pub fn step(&mut self, classes: &Classes, kind: &StepKind, before: &[Column], after: &mut Columns) {
        if let StepKind::Filter(condition) = kind
            && !self.pending.is_empty()
        {
            let hidden = self.hidden(classes, condition);
            for column in after.iter_mut() {
                if let Some(hidden) = hidden.get(&column.name) {
                    column.labels.retain(|label| !hidden.contains(label));
                }
            }
        }
        self.watch(classes, kind, before, after);
    }

    /// The pending labels that a `filter` proves away, by column.
    fn hidden(&self, classes: &Classes, condition: &Expr) -> BTreeMap<String, BTreeSet<String>> {
        let fewest = self.fewest(condition);
        let hides = |label: &&String| {
            let crowd = classes.rule(label).and_then(|rule| rule.crowd);
            crowd.is_none_or(|crowd| fewest >= crowd)
        };
        let of = |labels: &BTreeSet<String>| labels.iter().filter(hides).cloned().collect();
        let hidden = self.pending.iter().map(|(column, labels)| (column.clone(), of(labels)));
        hidden.collect()
    }

    /// What a step does to what is known, where its columns have lost their labels already.
    pub fn watch(&mut self, classes: &Classes, kind: &StepKind, before: &[Column], after: &[Column]) {
        let known = !self.counts.is_empty() || !self.pending.is_empty();
        match kind {
            // Only a group makes something known.
            _ if !known && !matches!(kind, StepKind::Group { .. }) => {}
            StepKind::Filter(condition) => {
                let hidden = self.hidden(classes, condition);
                for (column, pending) in &mut self.pending {
                    if after.iter().any(|after| after.name == *column)
                        && let Some(hidden) = hidden.get(column)
                    {
                        pending.retain(|label| !hidden.contains(label));
                    }
                }
            }
            StepKind::Group { aggregates, .. } => {
                let is_count = |function: &str, arguments: &[Expr]| function == "count" && arguments.is_empty();
                let count = |(column, aggregate): &(Column, crate::plan::expr::Aggregate)| {
                    is_count(&aggregate.function, &aggregate.arguments).then(|| column.name.clone())
                };
                self.counts = aggregates.iter().filter_map(count).collect();
                let labelled = aggregates.iter().filter(|(column, _)| !column.labels.is_empty());
                let labels = |(column, _): &(Column, _)| (column.name.clone(), column.labels.clone());
                self.pending = labelled.map(labels).collect();
            }
            StepKind::Derive(columns) => self.derive(columns, before),
            StepKind::Select(columns) => {
                let known = self.clone();
                let labels = labels_of(before);
                self.counts.clear();
                self.pending.clear();
                for (column, value) in columns {
                    self.set(column, known.is_count(value), known.pending_in(column, value, &labels));
                }
            }
            StepKind::Rename(pairs) => {
                let new = |name: &String| {
                    let pair = pairs.iter().find(|(old, _)| old == name);
                    pair.map_or_else(|| name.clone(), |(_, new)| new.clone())
                };
                self.counts = self.counts.iter().map(new).collect();
                self.pending = self
                    .pending
                    .iter()
                    .map(|(name, labels)| (new(name), labels.clone()))
                    .collect();
            }
            StepKind::Drop(_)
            | StepKind::Expect { .. }
            | StepKind::Dedupe { .. }
            | StepKind::Sort(_)
            | StepKind::Take(_)
            | StepKind::Join(_)
            | StepKind::Window { .. }
            | StepKind::Route { .. } => {
                // Of a column with another meaning nothing is known.
                let same = |name: &String| {
                    let old = before.iter().find(|column| column.name == *name);
                    let new = after.iter().find(|column| column.name == *name);
                    old.zip(new).is_some_and(|(old, new)| old.ty.kind == new.ty.kind)
                };
                self.counts.retain(same);
                self.pending.retain(|name, _| same(name));
            }
            _ => *self = Crowd::default(),
        }
    }

    fn derive(&mut self, columns: &[(Column, Expr)], before: &[Column]) {
        // Later columns see earlier ones.
        let mut labels = labels_of(before);
        for (column, value) in columns {
            let pending = self.pending_in(column, value, &labels);
            self.set(column, self.is_count(value), pending);
            match column.labels.is_empty() {
                true => labels.remove(&column.name),
                false => labels.insert(column.name.clone(), column.labels.clone()),
            };
        }
    }

    fn set(&mut self, column: &Column, count: bool, pending: BTreeSet<String>) {
        match count {
            true => self.counts.insert(column.name.clone()),
            false => self.counts.remove(&column.name),
        };
        match pending.is_empty() {
            true => self.pending.remove(&column.name),
            false => self.pending.insert(column.name.clone(), pending),
        };
    }

    fn is_count(&self, value: &Expr) -> bool {
        matches!(&value.kind, ExprKind::Column(name) if self.counts.contains(name))
    }

    /// The labels of a computed column that come only from columns whose own are pending.
    fn pending_in(
        &self,
        column: &Column,
        value: &Expr,
        labels: &BTreeMap<String, BTreeSet<String>>,
    ) -> BTreeSet<String> {
        if column.labels.is_empty() || self.pending.is_empty() {
            return BTreeSet::new();
        }
        let read = value.columns();
        let pending = |label: &&String| {
            let carriers = read
                .iter()
                .filter(|name| labels.get(*name).is_some_and(|own| own.contains(*label)));
            let mut carriers = carriers.peekable();
            carriers.peek().is_some()
                && carriers.all(|name| self.pending.get(name).is_some_and(|own| own.contains(*label)))
        };
        column.labels.iter().filter(pending).cloned().collect()
    }

    /// The fewest rows that a group has where this condition holds: 1 where nothing is known.
    pub fn fewest(&self, condition: &Expr) -> u64 {
        match &condition.kind {
            ExprKind::Logic { op, left, right } => {
                let (left, right) = (self.fewest(left), self.fewest(right));
                match op {
                    LogicOp::And => left.max(right),
                    LogicOp::Or => left.min(right),
                }
            }
            ExprKind::Not(inner) => match &inner.kind {
                ExprKind::Compare { op, left, right } => self.compared(opposite(*op), left, right),
                ExprKind::Logic { op, left, right } => {
                    let not = |side: &Expr| {
                        self.fewest(&Expr {
                            kind: ExprKind::Not(Box::new(side.clone())),
                            ..condition.clone()
                        })
                    };
                    match op {
                        LogicOp::And => not(left).min(not(right)),
                        LogicOp::Or => not(left).max(not(right)),
                    }
                }
                ExprKind::Not(twice) => self.fewest(twice),
                _ => 1,
            },
            ExprKind::Compare { op, left, right } => self.compared(*op, left, right),
            ExprKind::In {
                value,
                list,
                negated: false,
            } if self.counts_rows(value) => list.iter().filter_map(whole).min().unwrap_or(1),
            _ => 1,
        }
    }

    fn compared(&self, op: CompareOp, left: &Expr, right: &Expr) -> u64 {
        let (op, number) = if self.counts_rows(left) {
            (op, number(right))
        } else if self.counts_rows(right) {
            (turned(op), number(left))
        } else {
            return 1;
        };
        match (op, number) {
            (CompareOp::GreaterEqual | CompareOp::Equal, Some(number)) => number,
            (CompareOp::Greater, Some(number)) => number.saturating_add(1),
            _ => 1,
        }
    }

    fn counts_rows(&self, value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Cast(inner) => self.counts_rows(inner),
            _ => self.is_count(value),
        }
    }
}

/// The labels of the columns that have some.
fn labels_of(columns: &[Column]) -> BTreeMap<String, BTreeSet<String>> {
    let own = |column: &Column| (column.name.clone(), column.labels.clone());
    let labelled = columns.iter().filter(|column| !column.labels.is_empty());
    labelled.map(own).collect()
}

fn number(value: &Expr) -> Option<u64> {
    match &value.kind {
        ExprKind::Literal(literal) => whole(literal),
        ExprKind::Cast(inner) => number(inner),
        _ => None,
    }
}

fn whole(literal: &Literal) -> Option<u64> {
    match literal {
        Literal::Int(value) => u64::try_from(*value).ok(),
        // `orders >= 4.5` is `orders >= 4` at least.
        Literal::Decimal { unscaled, scale } => u64::try_from(unscaled / 10_i128.pow(u32::from(*scale))).ok(),
        _ => None,
    }
}

/// `a < b` is `b > a`.
fn turned(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Less => CompareOp::Greater,
        CompareOp::LessEqual => CompareOp::GreaterEqual,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::GreaterEqual => CompareOp::LessEqual,
        same => same,
    }
}

/// What holds where a comparison does not.
fn opposite(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Equal => CompareOp::NotEqual,
        CompareOp::NotEqual => CompareOp::Equal,
        CompareOp::Less => CompareOp::GreaterEqual,
        CompareOp::LessEqual => CompareOp::Greater,
        CompareOp::Greater => CompareOp::LessEqual,
        CompareOp::GreaterEqual => CompareOp::Less,
    }
}
