//! Steps that look at one row at a time: what of it is kept, and which columns it has.

use super::super::exprs::{Lowered, column, column_name, first_reason};
use super::super::tree::Py;
use super::super::types::type_name;
use super::{Before, Body, named, none, plain_name, rows};
use crate::plan::Target;
use crate::plan::expr::Expr;
use crate::plan::types::Column;

impl Body {
    pub(super) fn filter(&mut self, condition: &Expr) {
        let value = self.value(condition);
        let keep = if self.marked {
            // A marked row stays until it is taken out.
            let marked = Py::call("F.col", vec![Py::atom("marks.REASON")]).method("isNotNull", vec![]);
            Py::binary("|", marked, value)
        } else {
            value
        };
        self.rows(rows().method("filter", vec![keep]));
    }

    /// Columns that do not read one another are added together: each time that columns are added, Spark looks through
    /// the whole plan.
    pub(super) fn derive(&mut self, list: &[(Column, Expr)]) {
        let mut rest = list;
        while !rest.is_empty() {
            let (together, after) = rest.split_at(independent(rest));
            for (at, (column, expr)) in together.iter().enumerate() {
                if at > 0 || rest.len() < list.len() {
                    self.comment(&format!("{} = {}", column.name, expr.text));
                }
            }
            let mut values = Vec::new();
            let mut all_reasons = Vec::new();
            for (column, expr) in together {
                let Lowered { value, reasons } = self.lowered(expr);
                all_reasons.extend(reasons);
                values.push((column.name.clone(), value));
            }
            self.mark(all_reasons);
            // A new column takes its name as it is; only a reference needs backquotes.
            let added = match (values.len(), values.pop()) {
                (1, Some((name, value))) => rows().method("withColumn", vec![Py::text(&name), value]),
                (_, last) => rows().method("withColumns", vec![Py::Dict(values.into_iter().chain(last).collect())]),
            };
            self.rows(added);
            rest = after;
        }
    }

    pub(super) fn select(&mut self, list: &[(Column, Expr)]) {
        let mut columns = Vec::new();
        let mut all_reasons = Vec::new();
        for (column, expr) in list {
            let Lowered { value, reasons } = self.lowered(expr);
            all_reasons.extend(reasons);
            columns.push(named(&column.name, value));
        }
        self.mark(all_reasons);
        columns.extend(self.kept());
        self.keyed = false;
        self.rows(rows().method("select", columns));
    }

    pub(super) fn rename(&mut self, pairs: &[(String, String)], before: Before<'_>) {
        let taken = |name: &String| before.columns.iter().any(|column| column.name == *name);
        if !pairs.iter().any(|(_, new)| taken(new)) {
            for (old, new) in pairs {
                self.rows(rows().method("withColumnRenamed", vec![Py::text(old), Py::text(new)]));
            }
            return;
        }
        // Names change places: all at once.
        let new_name = |name: &String| {
            let pair = pairs.iter().find(|(old, _)| old == name);
            pair.map_or(name, |(_, new)| new).clone()
        };
        let own = before
            .own()
            .filter(|column| before.columns.contains(column))
            .map(|c| named(&new_name(&c.name), column(&c.name)));
        let joined = before.joined.iter().map(|c| column_name(&c.name));
        let mut renamed: Vec<_> = own.chain(joined).collect();
        renamed.extend(self.kept());
        self.keyed = false;
        self.rows(rows().method("select", renamed));
    }

    pub(super) fn explode(&mut self, outer: bool, list: &Expr, column: &Column) {
        let value = self.value(list);
        // A marked row may have no entry, and would be gone.
        self.settle();
        let function = if outer { "F.explode_outer" } else { "F.explode" };
        let value = plain_name(&value).unwrap_or(value);
        let entry = Py::call(function, vec![value]);
        self.rows(rows().method("withColumn", vec![Py::text(&column.name), entry]));
    }

    pub(super) fn unpivot(&mut self, gone: &[String], name: &Column, value: &Column, before: Before<'_>) {
        let staying: Vec<Py> = before
            .own()
            .filter(|column| !gone.contains(&column.name))
            .map(|column| column_name(&column.name))
            .chain(self.kept())
            .collect();
        let kinds = before.columns.iter().filter(|column| gone.contains(&column.name));
        let same = kinds.clone().all(|column| column.ty.kind == value.ty.kind);
        if !same {
            // One column holds the values of all: an int beside a float becomes one.
            let ty = type_name(&value.ty.kind);
            for name in gone {
                let cast = column(name).method("cast", vec![Py::text(&ty)]);
                self.rows(rows().method("withColumn", vec![Py::text(name), cast]));
            }
        }
        let columns = gone.iter().map(|name| column_name(name)).collect();
        self.rows(rows().method(
            "unpivot",
            vec![
                Py::List(staying),
                Py::List(columns),
                Py::text(&name.name),
                Py::text(&value.name),
            ],
        ));
        self.keyed = false;
    }

    /// The number of the branch that a row takes; it has none where it goes nowhere.
    pub(super) fn route(&mut self, branches: &[(Expr, Target)], otherwise: Option<&Target>) {
        let lowered: Vec<_> = branches.iter().map(|(condition, _)| self.lowered(condition)).collect();
        // A condition is asked only where those before it do not hold.
        let mut reason: Option<Py> = None;
        for Lowered { value, reasons } in lowered.iter().rev() {
            let after =
                reason.map(|reason| Py::call("F.when", vec![value.clone(), none()]).method("otherwise", vec![reason]));
            let own = reasons.iter().cloned().chain(after).collect();
            reason = first_reason(own);
        }
        self.mark(reason.into_iter().collect());
        self.settle();
        let mut branch: Option<Py> = None;
        for (number, Lowered { value, .. }) in lowered.into_iter().enumerate() {
            let arguments = vec![value, Py::atom(number.to_string())];
            branch = Some(match branch {
                None => Py::call("F.when", arguments),
                Some(branch) => branch.method("when", arguments),
            });
        }
        let branch = match (branch, otherwise) {
            (Some(branch), Some(_)) => branch.method("otherwise", vec![Py::atom(branches.len().to_string())]),
            (Some(branch), None) => branch,
            (None, _) => Py::call("F.lit", vec![Py::atom("0")]),
        };
        self.rows(rows().method("withColumn", vec![Py::atom("runtime.BRANCH"), branch]));
    }
}

/// How many of these columns, from the first, are computed from what is there before any of them.
fn independent(list: &[(Column, Expr)]) -> usize {
    let mut known: Vec<&str> = Vec::new();
    for (column, expr) in list {
        let reads = expr.columns();
        let again = known.contains(&column.name.as_str());
        if again || known.iter().any(|name| reads.contains(*name)) {
            break;
        }
        known.push(&column.name);
    }
    known.len()
}
