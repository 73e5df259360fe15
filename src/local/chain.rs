//! What a transform reads and does, views put in their places: one input, and all steps from there on.

use std::collections::BTreeSet;

use super::needed;
use crate::plan::types::Column;
use crate::plan::{Columns, Input, Plan, Step, StepKind};

/// An input and steps.
#[derive(Clone)]
pub(super) struct Chain<'p> {
    /// What rows are read from: never a view, unless its rows are given.
    pub input: &'p Input,
    /// All columns of that.
    pub columns: &'p [Column],
    /// Those that something looks at.
    pub needed: Vec<&'p Column>,
    /// Whether something looks at when rows arrived, and in which order.
    pub arrivals: bool,
    pub steps: Vec<&'p Step>,
    /// Whether it is read whole, whatever a run reads of its own input: the other side of a join.
    pub whole: bool,
}

impl<'p> Chain<'p> {
    /// `wanted` names the columns that are wanted at the end; `None` is all. `given` says whether the rows of a view are
    /// there, so that its steps need not run.
    pub fn new(
        plan: &'p Plan,
        (input, columns, steps): (&'p Input, &'p Columns, &'p [Step]),
        wanted: Option<BTreeSet<String>>,
        given: &dyn Fn(&Input) -> bool,
    ) -> Chain<'p> {
        let mut chain = Chain {
            input,
            columns,
            needed: Vec::new(),
            arrivals: false,
            steps: steps.iter().collect(),
            whole: false,
        };
        while let Input::View(name) = chain.input
            && !given(chain.input)
            && let Some(view) = plan.view(name)
        {
            chain.input = &view.input;
            chain.columns = &view.input_columns;
            chain.steps.splice(..0, view.steps.iter());
        }
        let needed = needed::of(chain.columns, &chain.steps, wanted);
        chain.needed = needed.columns;
        chain.arrivals = needed.arrivals;
        chain
    }

    /// The columns before a step, with the types that they have there: those of several inputs differ until a `union` has
    /// made them one.
    pub fn came(&self, plan: &'p Plan, step: usize) -> Vec<Column> {
        let own: Vec<&Column> = match (self.input, step) {
            (Input::Stream(name), 0) => match plan.source(name) {
                Some(source) => source.schema.fields.iter().map(|field| &field.column).collect(),
                None => Vec::new(),
            },
            (Input::Table(id), 0) => plan.dataset(id).columns.iter().collect(),
            (Input::View(name), 0) => plan
                .view(name)
                .map(|view| view.columns.iter().collect())
                .unwrap_or_default(),
            _ => return self.before(step).to_vec(),
        };
        let typed = |column: &Column| {
            own.iter()
                .find(|own| own.name == column.name)
                .map_or(column, |own| own)
                .clone()
        };
        self.columns.iter().map(typed).collect()
    }

    /// The columns before a step.
    pub fn before(&self, step: usize) -> &'p [Column] {
        match step.checked_sub(1).and_then(|before| self.steps.get(before)) {
            Some(before) => &before.columns,
            None => self.columns,
        }
    }

    /// The columns of other sides of joins that can be read before a step.
    pub fn joined(&self, step: usize) -> &'p [Column] {
        match step.checked_sub(1).and_then(|before| self.steps.get(before)) {
            Some(before) => &before.joined,
            None => &[],
        }
    }

    /// Whether rows still have what arrivals have beside their columns, once these steps are done.
    pub fn keeps_arrivals(&self, plan: &Plan, steps: usize, given: &dyn Fn(&Input) -> bool) -> bool {
        let arrives = match self.input {
            Input::Stream(_) => true,
            Input::Table(id) => matches!(plan.dataset(id).writer, crate::plan::Writer::Source(_)),
            Input::View(_) => false,
        };
        let keeps = |step: &&Step| match &step.kind {
            StepKind::Group { .. } | StepKind::Pivot { .. } | StepKind::Run(_) => false,
            StepKind::Union { other, columns } => {
                let other = Chain::new(plan, (other, columns, &[]), None, given);
                other.keeps_arrivals(plan, other.steps.len(), given)
            }
            _ => true,
        };
        arrives && self.steps.iter().take(steps).all(keeps)
    }
}
