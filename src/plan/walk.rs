//! Expressions as trees: those of a step, what stands right below one, and the columns that it reads; and what a
//! transform reads and calls, through the views and functions that it uses.

use std::collections::BTreeSet;

use super::expr::{Aggregate, Expr, ExprKind};
use super::{Field, Input, JoinKind, Plan, Step, StepKind, Transform, Writer};

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

impl StepKind {
    /// Whether no row after it is one from before it.
    pub fn makes_new_rows(&self) -> bool {
        match self {
            StepKind::Group { .. } | StepKind::Pivot { .. } | StepKind::Union { .. } | StepKind::Run(_) => true,
            StepKind::Join(join) => join.kind == JoinKind::Full,
            _ => false,
        }
    }

    /// What it reads besides the rows that come to it: the other side of a join or union.
    pub fn other(&self) -> Option<&Input> {
        match self {
            StepKind::Join(join) => Some(&join.other),
            StepKind::Union { other, .. } => Some(other),
            _ => None,
        }
    }
}

impl Plan {
    /// All that a transform reads, each once, its input first: what its joins and unions read as well, and what views do.
    pub fn reads<'p>(&'p self, transform: &'p Transform) -> Vec<&'p Input> {
        let mut found = vec![&transform.input];
        add_others(&transform.steps, &mut found);
        let mut at = 0;
        while let Some(next) = found.get(at).copied() {
            if let Input::View(name) = next
                && let Some(view) = self.view(name)
            {
                if !found.contains(&&view.input) {
                    found.push(&view.input);
                }
                add_others(&view.steps, &mut found);
            }
            at += 1;
        }
        found
    }

    /// Whether a function of the library is called for a transform.
    pub fn calls(&self, transform: &Transform, function: &str) -> bool {
        let mut found = false;
        self.each_expression(transform, &mut |expr| {
            found |= matches!(&expr.kind, ExprKind::Call { function: name, .. } if name == function);
        });
        found
    }

    /// Looks at every expression that a transform computes: in its steps, in the views that it reads, in the checks of what
    /// it reads as it came, and in the functions of the project's own that one of these calls.
    pub fn each_expression(&self, transform: &Transform, look: &mut dyn FnMut(&Expr)) {
        let mut open = expressions(&transform.steps);
        for input in self.reads(transform) {
            let source = match input {
                Input::View(name) => {
                    open.extend(self.view(name).map(|view| expressions(&view.steps)).unwrap_or_default());
                    None
                }
                Input::Stream(name) => self.source(name),
                Input::Table(id) => match &self.dataset(id).writer {
                    Writer::Source(name) => self.source(name),
                    Writer::Transform(_) | Writer::Import(_) => None,
                },
            };
            let fields = source.map(|source| source.schema.fields.as_slice());
            add_checks(fields.unwrap_or_default(), &mut open);
        }
        let mut entered = BTreeSet::new();
        while let Some(expr) = open.pop() {
            look(expr);
            if let ExprKind::Own { function, .. } = &expr.kind
                && entered.insert(function)
            {
                open.extend(self.function(function).map(|own| &own.body));
            }
            expr.add_children(&mut open);
        }
    }
}

fn expressions(steps: &[Step]) -> Vec<&Expr> {
    steps.iter().flat_map(|step| step.kind.expressions()).collect()
}

fn add_others<'p>(steps: &'p [Step], found: &mut Vec<&'p Input>) {
    for other in steps.iter().filter_map(|step| step.kind.other()) {
        if !found.contains(&other) {
            found.push(other);
        }
    }
}

fn add_checks<'p>(fields: &'p [Field], found: &mut Vec<&'p Expr>) {
    for field in fields {
        found.extend(&field.check);
        add_checks(&field.inner, found);
    }
}
