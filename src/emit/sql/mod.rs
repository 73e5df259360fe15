//! Athena's SQL: views and small table transforms, for Trino as Athena's engine version 3 has it. Expressions and queries are
//! built as trees with one escaping function. It must not know resources: who asks says what tables are called.

mod catalog;
mod exprs;
mod query;
mod statement;
mod steps;
mod tree;
mod types;

pub use catalog::{CatalogView, catalog_view};
pub use query::{From, Part, Query, Rows, Select};
pub use statement::{create_table, statements};
pub use tree::{Sql, identifier};
pub use types::{type_name, typed};

use crate::plan::types::Column;
use crate::plan::{Input, Plan, Step, Transform, View};

/// What is read and written, by the parts of its name: `["shop_prod_curated", "revenue"]`.
pub type Names<'n> = &'n dyn Fn(&Input) -> Vec<String>;

/// The query of an input and steps.
pub fn query(plan: &Plan, names: Names<'_>, input: &Input, columns: &[Column], steps: &[Step]) -> Query {
    steps::query(plan, names, input, columns, steps)
}

/// A view's SQL.
pub fn view(plan: &Plan, view: &View, names: Names<'_>) -> String {
    of_view(plan, view, names).to_string()
}

/// The query of a view.
pub fn of_view(plan: &Plan, view: &View, names: Names<'_>) -> Query {
    query(plan, names, &view.input, &view.input_columns, &view.steps)
}

/// The query of a transform's rows.
pub fn of_transform(plan: &Plan, transform: &Transform, names: Names<'_>) -> Query {
    query(
        plan,
        names,
        &transform.input,
        &transform.input_columns,
        &transform.steps,
    )
}
