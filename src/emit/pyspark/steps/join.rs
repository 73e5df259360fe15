//! Steps that read a second input: `join` and `union`.

use super::super::exprs;
use super::super::labels::rows_of;
use super::super::tree::Py;
use super::super::types::type_name;
use super::{Before, Body, rows};
use crate::plan::types::Column;
use crate::plan::{Input, Join, JoinKind};

impl Body {
    /// The rows of another input.
    fn other(&mut self, input: &Input) -> Py {
        if !self.reads.contains(input) {
            self.reads.push(input.clone());
        }
        self.needs_run = true;
        rows_of(input, &self.landed)
    }

    /// The other side's columns are called `ALIAS.column`, so that no two of a row have one name.
    pub(super) fn join(&mut self, join: &Join, before: Before<'_>) {
        let on = self.value(&join.on);
        // A marked row would find no partner, or several.
        self.settle();
        let other = self.other(&join.other);
        let alias = format!("{}_rows", join.alias);
        let prefixed = vec![other, Py::text(&format!("{}.", join.alias))];
        let named = match join.within_seconds {
            Some(_) => self.run("beside", prefixed),
            None => Py::call("marks.prefixed", prefixed),
        };
        self.name(&alias, &named);
        let how = match join.kind {
            JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Full => "full",
            JoinKind::Semi => "left_semi",
            JoinKind::Anti => "left_anti",
        };
        match join.within_seconds {
            Some(seconds) => self.near(join, &alias, on, how, seconds, before),
            None => self.rows(rows().method("join", vec![Py::atom(alias), on, Py::text(how)])),
        }
        if join.kind == JoinKind::Full {
            self.forget();
        }
    }

    pub(super) fn union(&mut self, other: &Input, columns: &[Column], united: &[Column]) {
        self.settle();
        let mut others = self.other(other);
        if self.stream.is_none() {
            self.forget();
            others = self.beside(other, others);
        }
        // A column of one side may be wider than the other's: both become what the step says.
        for (side, target) in columns.iter().filter_map(|column| {
            let target = united.iter().find(|target| target.name == column.name)?;
            (target.ty.kind != column.ty.kind).then_some((column, target))
        }) {
            let cast = exprs::column(&side.name).method("cast", vec![Py::text(&type_name(&target.ty.kind))]);
            others = others.method("withColumn", vec![Py::text(&side.name), cast]);
        }
        if self.stream.is_some() {
            self.united(other, others);
            return;
        }
        self.rows(rows().method("unionByName", vec![others]));
    }

    /// The other rows of a union, with what both have beside their columns.
    fn beside(&mut self, other: &Input, others: Py) -> Py {
        let arrives = match other {
            Input::Table(id) => self.landed.ordered && self.landed.source(id).is_some(),
            Input::View(name) => !self.without_arrivals.contains(name),
            Input::Stream(_) => false,
        };
        let remembered = vec![Py::atom("marks.ROW"), Py::atom("marks.REASON")];
        match (self.arrivals, arrives) {
            (true, true) => return others.method("drop", remembered),
            (true, false) => self.rows(rows().method("drop", vec![Py::atom("*marks.ARRIVAL")])),
            (false, _) => {}
        }
        self.arrivals = false;
        match other {
            Input::Table(id) if self.landed.source(id).is_none() => others,
            _ => Py::call("marks.plain", vec![others]),
        }
    }

    /// Drops what rows remember of how they came: after this, none of them is one of those that came.
    fn forget(&mut self) {
        let arrivals = std::mem::take(&mut self.arrivals);
        let kept = self.kept();
        self.arrivals = arrivals;
        if !kept.is_empty() {
            self.rows(rows().method("drop", kept));
        }
        self.anew();
    }
}
