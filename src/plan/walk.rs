//! Expressions as trees: those of a step, what stands right below one, and the columns that it reads.

use std::collections::BTreeSet;

use super::StepKind;
use super::expr::{Aggregate, Expr, ExprKind};

impl StepKind {
    /// The expressions that stand in it, in the order in which they are written.
    pub fn expressions(&self) -> Vec<&Expr> {
        match self {
            StepKind::Filter(condition) | StepKind::Expect { condition, .. } => vec![condition],
            StepKind::Derive(columns) | StepKind::Select(columns) => columns.iter().map(|(_, value)| value).collect(),
            StepKind::Group { keys, aggregates, .. } => {
                let keys = keys.iter().map(|(_, key)| key);
                keys.chain(aggregates.iter().flat_map(|(_, aggregate)| aggregate.expressions()))
                    .collect()
            }
            StepKind::Explode { list, .. } => vec![list],
            StepKind::Join(join) => vec![&join.on],
            StepKind::Window { order, columns, .. } => {
                let order = order.iter().map(|(value, _)| value);
                order
                    .chain(columns.iter().flat_map(|(_, aggregate)| aggregate.expressions()))
                    .collect()
            }
            StepKind::Pivot { on, values, .. } => {
                let values = values.iter().flat_map(|(_, _, aggregate)| aggregate.expressions());
                std::iter::once(on).chain(values).collect()
            }
            StepKind::Sort(order) => order.iter().map(|(value, _)| value).collect(),
            StepKind::Route { branches, .. } => branches.iter().map(|(condition, _)| condition).collect(),
            StepKind::Drop(_)
            | StepKind::Rename(_)
            | StepKind::Dedupe { .. }
            | StepKind::Union { .. }
            | StepKind::Session { .. }
            | StepKind::Unpivot { .. }
            | StepKind::Take(_)
            | StepKind::Run(_) => Vec::new(),
        }
    }
}

impl StepKind {
    /// The aggregates and functions of windows that stand in it.
    pub fn aggregates(&self) -> Vec<&Aggregate> {
        match self {
            StepKind::Group { aggregates, .. } => aggregates.iter().map(|(_, aggregate)| aggregate).collect(),
            StepKind::Window { columns, .. } => columns.iter().map(|(_, aggregate)| aggregate).collect(),
            StepKind::Pivot { values, .. } => values.iter().map(|(_, _, aggregate)| aggregate).collect(),
            _ => Vec::new(),
        }
    }
}

impl Aggregate {
    /// What it is over, then what orders it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.arguments.iter().chain(self.order.iter().map(|(value, _)| value))
    }
}

impl Expr {
    /// The expressions right below this one, in the order in which they are written.
    pub fn children(&self) -> Vec<&Expr> {
        let mut found = Vec::new();
        self.add_children(&mut found);
        found
    }

    /// Puts the expressions right below this one behind others.
    pub fn add_children<'e>(&'e self, found: &mut Vec<&'e Expr>) {
        match &self.kind {
            ExprKind::Literal(_)
            | ExprKind::Column(_)
            | ExprKind::Local(_)
            | ExprKind::Param(_)
            | ExprKind::Reject(_) => {}
            ExprKind::Member { of, .. } => found.push(of),
            ExprKind::Index { of, index } => found.extend([&**of, index]),
            ExprKind::List(items) | ExprKind::Interpolate(items) => found.extend(items),
            ExprKind::Struct(fields) => found.extend(fields.iter().map(|(_, value)| value)),
            ExprKind::Match { value, arms, otherwise } => {
                found.push(value);
                found.extend(arms.iter().map(|(_, answer)| answer));
                found.extend(otherwise.as_deref());
            }
            ExprKind::Lambda { body, .. } => found.push(body),
            ExprKind::Own { arguments, .. } | ExprKind::Call { arguments, .. } => found.extend(arguments),
            ExprKind::Not(value)
            | ExprKind::Negate(value)
            | ExprKind::Cast(value)
            | ExprKind::Like { value, .. }
            | ExprKind::Matches { value, .. }
            | ExprKind::IsNull { value, .. }
            | ExprKind::In { value, .. } => found.push(value),
            ExprKind::Logic { left, right, .. }
            | ExprKind::Compare { left, right, .. }
            | ExprKind::Same { left, right, .. }
            | ExprKind::Arithmetic { left, right, .. } => found.extend([&**left, right]),
            ExprKind::Contains { value, list, .. } => found.extend([&**value, list]),
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => found.extend([&**condition, then, otherwise]),
            ExprKind::Coalesce { value, default } => found.extend([&**value, default]),
        }
    }

    /// The columns that it reads, anywhere in it.
    pub fn columns(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![self];
        while let Some(expr) = open.pop() {
            if let ExprKind::Column(name) = &expr.kind {
                found.insert(name.clone());
            }
            expr.add_children(&mut open);
        }
        found
    }
}
