//! Steps that bring in other rows: `join` and `union`.

use super::super::query::{From, Rows, Select};
use super::super::tree::Sql;
use super::Body;
use crate::plan::types::Column;
use crate::plan::{Input, Join, JoinKind, Step};

impl Body<'_> {
    /// The other side has its columns by the names that expressions call them by, so that nothing needs a qualifier.
    pub(super) fn join(&mut self, step: &Step, join: &Join) {
        let left = self.last();
        let right = self.read(&join.other, &join.columns, &format!("{}.", join.alias));
        let on = self.value(&join.on);
        let kind = match join.kind {
            JoinKind::Inner => "JOIN",
            JoinKind::Left => "LEFT JOIN",
            JoinKind::Full => "FULL JOIN",
            JoinKind::Semi | JoinKind::Anti => {
                let mut select = Select::all_of(&left);
                let exists = Sql::Exists(right, Box::new(on));
                select.filter = Some(exists.negated_if(join.kind == JoinKind::Anti));
                let name = format!(
                    "{}_{}",
                    if join.kind == JoinKind::Semi { "with" } else { "without" },
                    join.alias
                );
                return self.select(&name, step.text.as_ref(), select);
            }
        };
        let mut select = Select::of("", self.items(step, |_| None));
        select.from = From::Join { left, kind, right, on };
        let name = format!("joined_{}", join.alias);
        self.select(&name, step.text.as_ref(), select);
    }

    pub(super) fn union(&mut self, step: &Step, other: &Input, columns: &[Column]) {
        let left = self.last();
        let right = self.read(other, columns, "");
        let items = self.items(step, |_| None);
        let all = vec![Select::of(&left, items.clone()), Select::of(&right, items)];
        self.push("together", step.text.as_ref(), Rows::All(all));
    }
}
