//! Steps that read a second input: `join` and `union`.

use super::super::exprs;
use super::super::labels::input_name;
use super::super::tree::Py;
use super::super::types::type_name;
use super::{Body, rows};
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
            Input::View(_) => self.run("once", vec![name]),
            Input::Table(_) | Input::Stream(_) => self.run("read", vec![name]),
        }
    }

    /// The other side's columns are called `ALIAS.column`, so that no two of a row have one name.
    pub(super) fn join(&mut self, join: &Join) {
        let on = self.value(&join.on);
        // A marked row would find no partner, or several.
        self.settle();
        let other = self.other(&join.other);
        let alias = format!("{}_rows", join.alias);
        let named = Py::call("runtime.prefixed", vec![other, Py::text(&format!("{}.", join.alias))]);
        self.name(&alias, &named);
        let how = match join.kind {
            JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Full => "full",
            JoinKind::Semi => "left_semi",
            JoinKind::Anti => "left_anti",
        };
        self.rows(rows().method("join", vec![Py::atom(alias), on, Py::text(how)]));
        if join.kind == JoinKind::Full {
            self.forget();
        }
    }

    pub(super) fn union(&mut self, other: &Input, columns: &[Column], united: &[Column]) {
        self.settle();
        self.forget();
        let mut others = self.other(other);
        // A column of one side may be wider than the other's: both become what the step says.
        for (side, target) in columns.iter().filter_map(|column| {
            let target = united.iter().find(|target| target.name == column.name)?;
            (target.ty.kind != column.ty.kind).then_some((column, target))
        }) {
            let cast = exprs::column(&side.name).method("cast", vec![Py::text(&type_name(&target.ty.kind))]);
            others = others.method("withColumn", vec![Py::text(&side.name), cast]);
        }
        self.rows(rows().method("unionByName", vec![others]));
    }

    /// Drops what rows remember of how they came: after this, none of them is one of those that came.
    fn forget(&mut self) {
        let kept = self.kept();
        if !kept.is_empty() {
            self.rows(rows().method("drop", kept));
        }
        self.anew();
    }
}
