//! What the choice of rows tells: a condition on a labelled value decides which rows there are, so who sees the rows
//! learns about the value although no column of them carries it.
//!
//! Only conditions that single out values count, not whether a value is there; and a `group` ends it, since what is seen
//! then are groups, as far as their class lets aggregates go.

use std::collections::{BTreeMap, BTreeSet};

use super::{Seen, sinks};
use crate::base::Span;
use crate::check::labels::Crowd;
use crate::check::program::{DatasetWriter, Transform};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::Column;
use crate::plan::{Input, Otherwise, StepKind, Target};

/// Where rows were chosen by what carries a label.
#[derive(Clone, Debug)]
struct Site {
    /// The step.
    span: Span,
    /// The column that decides.
    column: String,
}

/// For each label, where rows were first chosen by it.
type Told = BTreeMap<String, Site>;

/// Every choice of rows that tells somebody more than he is cleared for.
pub(super) fn check(seen: &Seen<'_>, diagnostics: &mut Diagnostics) {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    // Transforms come each after what it reads.
    for transform in &seen.program.transforms {
        let after = rows_of(seen, transform, &told);
        told.insert(transform.item.name.clone(), after);
    }
    let mut said: BTreeSet<(Span, String)> = BTreeSet::new();
    for transform in &seen.program.transforms {
        let Some(rows) = told.get(&transform.item.name).filter(|rows| !rows.is_empty()) else {
            continue;
        };
        for (label, site) in rows {
            if let Some(learner) = learner(seen, transform, label)
                && said.insert((site.span, label.clone()))
            {
                diagnostics.push(tells(label, site, &learner));
            }
        }
    }
}

/// What the rows that a transform leaves tell.
fn rows_of(seen: &Seen<'_>, transform: &Transform, told: &BTreeMap<String, Told>) -> Told {
    let of = |input: &Input| -> Told {
        let writer = match input {
            Input::Stream(_) => None,
            Input::View(name) => Some(name),
            Input::Table(id) => match seen.program.datasets.get(id).map(|dataset| &dataset.writer) {
                Some(DatasetWriter::Transform(name)) => Some(name),
                _ => None,
            },
        };
        writer.and_then(|name| told.get(name)).cloned().unwrap_or_default()
    };
    let mut rows = Told::new();
    transform.inputs.iter().for_each(|input| add(&mut rows, of(input)));
    let mut columns: &[Column] = &transform.input_columns;
    let mut joined: &[Column] = &[];
    let mut crowd = Crowd::default();
    let mut sorted: Option<Told> = None;
    for step in &transform.steps {
        let scope = || columns.iter().chain(joined).collect::<Vec<_>>();
        let decides = |value: &Expr| decided(seen, value, &scope(), step.span);
        match &step.kind {
            StepKind::Filter(condition) => {
                let fewest = crowd.fewest(condition);
                let hides = |label: &String| {
                    let rule = seen.classes.rule(label).and_then(|rule| rule.crowd);
                    rule.is_some_and(|crowd| fewest >= crowd)
                };
                rows.retain(|label, _| !hides(label));
                add(&mut rows, decides(condition));
            }
            StepKind::Expect {
                condition,
                otherwise: Otherwise::Drop | Otherwise::Quarantine,
                ..
            } => add(&mut rows, decides(condition)),
            StepKind::Route { branches, .. } => {
                branches
                    .iter()
                    .for_each(|(condition, _)| add(&mut rows, decides(condition)));
            }
            StepKind::Derive(columns) | StepKind::Select(columns) => {
                let mut names = BTreeSet::new();
                columns.iter().for_each(|(_, value)| turning_away(value, &mut names));
                add(&mut rows, decided_by(seen, &names, &scope(), step.span));
            }
            StepKind::Dedupe { by: Some(by), .. } => {
                let names = BTreeSet::from([by.as_str()]);
                add(&mut rows, decided_by(seen, &names, &scope(), step.span));
            }
            // How many rows come of one is how many entries its list has.
            StepKind::Explode { list, .. } => add(&mut rows, decides(list)),
            StepKind::Join(join) => {
                let other: Vec<_> = join
                    .columns
                    .iter()
                    .map(|column| {
                        let mut other = column.clone();
                        other.name = format!("{}.{}", join.alias, column.name);
                        other
                    })
                    .collect();
                let scope: Vec<&Column> = scope().into_iter().chain(&other).collect();
                add(&mut rows, decided(seen, &join.on, &scope, step.span));
                add(&mut rows, of(&join.other));
            }
            StepKind::Union { other, .. } => add(&mut rows, of(other)),
            StepKind::Sort(orders) => {
                let mut by = Told::new();
                orders.iter().for_each(|(value, _)| add(&mut by, decides(value)));
                sorted = Some(by);
            }
            StepKind::Take(_) => add(&mut rows, sorted.take().unwrap_or_default()),
            // The result are groups: what an aggregate lets go, the choice of its rows lets go.
            StepKind::Group { .. } | StepKind::Pivot { .. } => {
                rows.retain(|label, _| seen.classes.rule(label).is_some_and(|rule| rule.crowd.is_some()));
            }
            _ => {}
        }
        crowd.watch(seen.classes, &step.kind, columns, &step.columns);
        columns = &step.columns;
        joined = &step.joined;
    }
    rows
}

fn add(rows: &mut Told, more: Told) {
    for (label, site) in more {
        rows.entry(label).or_insert(site);
    }
}

/// The labels of the values that a condition singles out; those that a `declassify` of the step lets go are not among
/// them.
fn decided(seen: &Seen<'_>, condition: &Expr, columns: &[&Column], span: Span) -> Told {
    if columns.iter().all(|column| column.labels.is_empty()) {
        return Told::new();
    }
    let mut names = BTreeSet::new();
    singled_out(condition, &mut names);
    decided_by(seen, &names, columns, span)
}

/// The labels of columns that decide, but of those that a `declassify` of the step lets go.
fn decided_by(seen: &Seen<'_>, names: &BTreeSet<&str>, columns: &[&Column], span: Span) -> Told {
    let mut told = Told::new();
    let inside = |of: Span| of.file == span.file && span.start <= of.start && of.end <= span.end;
    let labelled = columns.iter().filter(|column| !column.labels.is_empty());
    for column in labelled.filter(|column| names.contains(column.name.as_str())) {
        for label in &column.labels {
            let let_go = seen
                .program
                .released
                .iter()
                .any(|r| r.label == *label && inside(r.span));
            if !let_go {
                told.entry(label.clone()).or_insert(Site {
                    span,
                    column: column.name.clone(),
                });
            }
        }
    }
    told
}

/// The columns that a condition reads for more than whether a value is there.
fn singled_out<'e>(expr: &'e Expr, names: &mut BTreeSet<&'e str>) {
    match &expr.kind {
        ExprKind::Column(name) => {
            names.insert(name);
        }
        ExprKind::IsNull { .. } => {}
        ExprKind::Same { right, .. } if right.kind == ExprKind::Literal(Literal::Null) => {}
        _ => expr.children().into_iter().for_each(|child| singled_out(child, names)),
    }
}

/// The columns that say whether a value turns its row away, for more than whether one is there.
fn turning_away<'e>(expr: &'e Expr, names: &mut BTreeSet<&'e str>) {
    match &expr.kind {
        ExprKind::If {
            condition,
            then,
            otherwise,
        } if may_reject(then) || may_reject(otherwise) => singled_out(condition, names),
        ExprKind::Match { value, arms, otherwise }
            if arms.iter().any(|(_, then)| may_reject(then)) || otherwise.as_deref().is_some_and(may_reject) =>
        {
            singled_out(value, names);
        }
        _ => {}
    }
    expr.children().into_iter().for_each(|child| turning_away(child, names));
}

fn may_reject(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Reject(_)) || expr.children().into_iter().any(may_reject)
}

/// Somebody who sees the rows of a transform and is not cleared for the label.
struct Learner {
    /// "access `analysts`".
    text: String,
    /// What would clear it.
    clear: String,
    /// Where it is declared.
    span: Span,
}

fn learner(seen: &Seen<'_>, transform: &Transform, label: &str) -> Option<Learner> {
    let mut targets = BTreeSet::new();
    if let Some(Target::Dataset(id)) = &transform.target {
        targets.insert(id);
    }
    for step in &transform.steps {
        if let StepKind::Route { branches, otherwise } = &step.kind {
            for target in branches.iter().map(|(_, target)| target).chain(otherwise) {
                if let Target::Dataset(id) = target {
                    targets.insert(id);
                }
            }
        }
    }
    for access in &seen.program.accesses {
        let sees = access.grants.iter().any(|grant| targets.contains(&grant.dataset));
        if sees && !access.clears.contains(label) {
            return Some(Learner {
                text: format!("access `{}`", access.item.name),
                clear: format!("clear @{label}"),
                span: access.item.span,
            });
        }
    }
    sinks::sinks_of(transform).into_iter().find_map(|(name, _)| {
        let sink = seen.program.sinks.iter().find(|sink| sink.name == name)?;
        let cleared = sinks::cleared(seen, &sink.settings);
        (!cleared.contains(label)).then(|| Learner {
            text: format!("sink `{name}`"),
            clear: format!("clear = [@{label}]"),
            span: sink.span,
        })
    })
}

fn tells(label: &str, site: &Site, learner: &Learner) -> Diagnostic {
    let (column, who) = (&site.column, &learner.text);
    let message = format!("which rows there are tells {who} about `{column}`, which is @{label}");
    Diagnostic::new(Code::TELLS, site.span, message)
        .found(format!("`{column}` decides which rows stay"))
        .label(learner.span, "sees the rows, and is not cleared")
        .help(format!("let {who} say `{}`, or group the rows", learner.clear))
        .help(format!(
            "if it may be known, say so: `declassify({column}, @{label}, because: \"…\")`"
        ))
}
