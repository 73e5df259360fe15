//! Steps that read a second input: `join` and `union`.

use super::super::exprs;
use super::super::labels::input_name;
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
        let name = Py::atom(input_name(input));
        match input {
            Input::View(_) | Input::Stream(_) => self.run("once", vec![name]),
            Input::Table(_) => self.run("read", vec![name]),
        }
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
            None => Py::call("runtime.prefixed", prefixed),
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
        if self.stream.is_none() {
            self.forget();
        }
        let mut others = self.other(other);
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
