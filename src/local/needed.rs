//! Which of its input's columns a transform looks at, so that no others are read.

use std::collections::BTreeSet;

use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::Column;
use crate::plan::{Otherwise, StepKind, Transform};

/// The input columns that the transform needs, in order; all of them where a row may be turned away, since the
/// quarantine keeps the row as it came.
pub(super) fn columns(transform: &Transform) -> Vec<&Column> {
    let input = &transform.input_columns;
    let turns_away = transform.steps.iter().any(|step| may_turn_away(&step.kind));
    if turns_away {
        return input.iter().collect();
    }
    let before = |at: usize| match at.checked_sub(1).and_then(|at| transform.steps.get(at)) {
        Some(step) => names(&step.columns),
        None => names(input),
    };
    let mut needed = before(transform.steps.len());
    for (at, step) in transform.steps.iter().enumerate().rev() {
        needed = before_step(&step.kind, needed, before(at));
    }
    input.iter().filter(|column| needed.contains(&column.name)).collect()
}

/// What must be there before a step, for these columns (and the step's own work) to be there after it.
fn before_step(step: &StepKind, mut needed: BTreeSet<String>, all: BTreeSet<String>) -> BTreeSet<String> {
    match step {
        StepKind::Filter(condition) | StepKind::Expect { condition, .. } => add(condition, &mut needed),
        StepKind::Derive(entries) => {
            for (column, expr) in entries.iter().rev() {
                needed.remove(&column.name);
                add(expr, &mut needed);
            }
        }
        StepKind::Select(entries) => {
            needed.clear();
            entries.iter().for_each(|(_, expr)| add(expr, &mut needed));
        }
        StepKind::Drop(_) => {}
        StepKind::Rename(pairs) => {
            let old = |name: String| match pairs.iter().find(|(_, new)| *new == name) {
                Some((old, _)) => old.clone(),
                None => name,
            };
            needed = needed.into_iter().map(old).collect();
        }
        // Ties are broken by every other column.
        StepKind::Dedupe { .. } => needed = all,
        StepKind::Group { keys, aggregates, .. } => {
            needed.clear();
            keys.iter().for_each(|(_, key)| add(key, &mut needed));
            let arguments = aggregates
                .iter()
                .filter_map(|(_, aggregate)| aggregate.arguments.first());
            arguments.for_each(|argument| add(argument, &mut needed));
        }
        _ => crate::plan::refused(),
    }
    needed
}

fn names(columns: &[Column]) -> BTreeSet<String> {
    columns.iter().map(|column| column.name.clone()).collect()
}

fn add(expr: &Expr, needed: &mut BTreeSet<String>) {
    visit(expr, &mut |expr| {
        if let ExprKind::Column(name) = &expr.kind {
            needed.insert(name.clone());
        }
    });
}

fn may_turn_away(step: &StepKind) -> bool {
    match step {
        StepKind::Filter(expr) => may_reject(expr),
        StepKind::Expect {
            condition, otherwise, ..
        } => *otherwise == Otherwise::Quarantine || may_reject(condition),
        StepKind::Derive(entries) | StepKind::Select(entries) => entries.iter().any(|(_, expr)| may_reject(expr)),
        StepKind::Drop(_) | StepKind::Rename(_) | StepKind::Dedupe { .. } => false,
        StepKind::Group { keys, aggregates, .. } => {
            let arguments = aggregates
                .iter()
                .filter_map(|(_, aggregate)| aggregate.arguments.first());
            keys.iter().map(|(_, key)| key).chain(arguments).any(may_reject)
        }
        _ => crate::plan::refused(),
    }
}

fn may_reject(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |expr| {
        found |= matches!(
            expr.kind,
            ExprKind::Reject(_) | ExprKind::Arithmetic { .. } | ExprKind::Negate(_) | ExprKind::Cast(_)
        );
    });
    found
}

fn visit(expr: &Expr, found: &mut dyn FnMut(&Expr)) {
    found(expr);
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::Reject(_) => {}
        ExprKind::Call { arguments, .. } => arguments.iter().for_each(|argument| visit(argument, found)),
        ExprKind::Not(value) | ExprKind::Negate(value) | ExprKind::Cast(value) => visit(value, found),
        ExprKind::IsNull { value, .. } | ExprKind::In { value, .. } => visit(value, found),
        ExprKind::Logic { left, right, .. }
        | ExprKind::Compare { left, right, .. }
        | ExprKind::Arithmetic { left, right, .. } => {
            visit(left, found);
            visit(right, found);
        }
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => {
            visit(condition, found);
            visit(then, found);
            visit(otherwise, found);
        }
        ExprKind::Coalesce { value, default } => {
            visit(value, found);
            visit(default, found);
        }
        _ => crate::plan::refused(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture;

    #[test]
    fn grouped_columns_alone_where_no_step_needs_more() {
        let mut transform = fixture::clickstream().transforms.remove(1);
        assert_eq!(columns(&transform).len(), transform.input_columns.len());
        transform.steps.remove(0);
        let needed: Vec<_> = columns(&transform).iter().map(|column| column.name.clone()).collect();
        assert_eq!(needed, ["page", "amount", "day", "buyer"]);
    }
}
