//! What the steps of a transform name, each over the columns that there are before it.

use crate::syntax::ast::{Binding, EntryKind, Expr, Name, Order, Step, StepKind, Transform};

use super::columns::Around;
use super::mentions::{Mentions, Symbol};
use super::values::Walk;

/// All that the steps name.
pub(super) fn steps(mentions: &mut Mentions<'_, '_>, transform: &Transform) {
    let mut around = Around {
        columns: mentions.columns.input(transform),
        others: Vec::new(),
    };
    for entry in &transform.entries {
        if let EntryKind::Step(step) = &entry.kind {
            Inside {
                mentions,
                around: &mut around,
            }
            .step(step);
            mentions.columns.step(&mut around, step);
        }
    }
}

/// A step, and what there is before it.
struct Inside<'i, 'm, 'p> {
    mentions: &'i mut Mentions<'m, 'p>,
    around: &'i mut Around,
}

impl Inside<'_, '_, '_> {
    fn value(&mut self, value: &Expr) {
        let Around { columns, others } = &*self.around;
        Walk::new(self.mentions).over(columns).beside(others).expr(value);
    }

    fn column(&mut self, name: &Name) {
        if let Some(origin) = self.around.columns.get(&name.text) {
            self.mentions.add(name.span, Symbol::Column(*origin), false);
        }
    }

    /// A column that is introduced, or given again.
    fn gives(&mut self, name: &Name, again: bool) {
        let known = self.around.columns.get(&name.text).filter(|_| again);
        let (origin, declares) = known.map_or((name.span, true), |origin| (*origin, false));
        self.mentions.add(name.span, Symbol::Column(origin), declares);
    }

    fn order(&mut self, orders: &[Order]) {
        orders.iter().for_each(|order| self.value(&order.value));
    }

    /// Bindings that see those before them.
    fn derive(&mut self, bindings: &[Binding]) {
        for binding in bindings {
            binding.value.iter().for_each(|value| self.value(value));
            self.gives(&binding.name, true);
            let name = &binding.name;
            self.around.columns.entry(name.text.clone()).or_insert(name.span);
        }
    }

    /// Bindings that see only the columns before the step.
    fn bindings(&mut self, bindings: &[Binding]) {
        for binding in bindings {
            match &binding.value {
                None => self.column(&binding.name),
                Some(value) => {
                    self.value(value);
                    let mut after = self.around.clone();
                    let alone = StepKind::Select(vec![binding.clone()]);
                    let word = binding.name.clone();
                    self.mentions.columns.step(&mut after, &Step { word, kind: alone });
                    let origin = after.columns.get(&binding.name.text).copied();
                    let origin = origin.unwrap_or(binding.name.span);
                    let declares = origin == binding.name.span;
                    self.mentions.add(binding.name.span, Symbol::Column(origin), declares);
                }
            }
        }
    }

    fn step(&mut self, step: &Step) {
        match &step.kind {
            StepKind::Filter(value) => self.value(value),
            StepKind::Derive(bindings) => self.derive(bindings),
            StepKind::Select(bindings) => self.bindings(bindings),
            StepKind::Drop(names) => names.iter().for_each(|name| self.column(name)),
            StepKind::Rename(pairs) => {
                for (old, new) in pairs {
                    self.column(old);
                    self.gives(new, false);
                }
            }
            StepKind::Explode { list, name, .. } => {
                self.value(list);
                self.gives(name, true);
            }
            StepKind::Dedupe { keys, keep, within } => {
                keys.iter().for_each(|name| self.column(name));
                keep.iter().for_each(|keep| self.column(&keep.by));
                within.iter().for_each(|value| self.value(value));
            }
            StepKind::Join { other, on, within, .. } => self.join(step, other, on, within.as_ref()),
            StepKind::Union(path) => self.mentions.readable(path),
            StepKind::Group {
                keys,
                every,
                over,
                late,
                aggregates,
            } => {
                self.bindings(keys);
                [every, over, late]
                    .into_iter()
                    .flatten()
                    .for_each(|value| self.value(value));
                self.bindings(aggregates);
            }
            StepKind::Window {
                keys, order, columns, ..
            } => {
                keys.iter().for_each(|name| self.column(name));
                self.order(order);
                for binding in columns {
                    binding.value.iter().for_each(|value| self.value(value));
                    self.gives(&binding.name, true);
                }
            }
            StepKind::Session { keys, gap, name } => {
                keys.iter().for_each(|name| self.column(name));
                self.value(gap);
                self.gives(name, true);
            }
            StepKind::Pivot { keys, on, columns } => {
                keys.iter().for_each(|name| self.column(name));
                self.value(on);
                for column in columns {
                    self.value(&column.aggregate);
                    self.value(&column.value);
                    self.gives(&column.name, false);
                }
            }
            StepKind::Unpivot { columns, name, value } => {
                columns.iter().for_each(|name| self.column(name));
                self.gives(name, true);
                self.gives(value, true);
            }
            StepKind::Sort(orders) => self.order(orders),
            StepKind::Take(count) => self.value(count),
            StepKind::Expect { condition, .. } => self.value(condition),
            StepKind::Route { branches, otherwise } => {
                branches.iter().for_each(|(condition, _)| self.value(condition));
                let targets = branches.iter().map(|(_, target)| target).chain(otherwise);
                targets.for_each(|target| self.mentions.target(target));
            }
            StepKind::Run {
                what,
                path,
                returns,
                entries,
            } => {
                if let Some(path) = path {
                    self.mentions.add(path.span, Symbol::File(path.value.clone()), false);
                }
                returns.iter().for_each(|ty| self.mentions.ty(ty));
                let owner = super::settings::Owner::choice("transform.run", &what.text);
                super::settings::mentions(self.mentions, &owner, entries, &self.around.columns);
            }
        }
    }

    fn join(&mut self, step: &Step, other: &crate::syntax::ast::Path, on: &Expr, within: Option<&Expr>) {
        self.mentions.readable(other);
        let mut after = self.around.clone();
        self.mentions.columns.step(&mut after, step);
        if let StepKind::Join { alias: Some(alias), .. } = &step.kind {
            self.mentions.add(alias.span, Symbol::Local(alias.span), true);
        }
        let Around { columns, others } = &after;
        for value in std::iter::once(on).chain(within) {
            Walk::new(self.mentions).over(columns).beside(others).expr(value);
        }
    }
}
