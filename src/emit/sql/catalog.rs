//! A view as Glue's catalog keeps it for Athena. It must not know Terraform.

use serde_json::{Value, json};

use super::types::type_name;
use super::{Names, of_view};
use crate::plan::{Plan, View};

/// What the catalog's entry of a view says of it: `table_type = "VIRTUAL_VIEW"`, the parameters `presto_view = "true"` and
/// `comment = "Presto View"`, [`CatalogView::EXPANDED`], and, around the base64 of [`CatalogView::definition`],
/// [`CatalogView::BEFORE`] and [`CatalogView::BEHIND`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogView {
    /// JSON: the query, where it is read, and the columns with Trino's types.
    pub definition: String,
    /// The same columns, by name, with Trino's types.
    pub columns: Vec<(String, String)>,
}

impl CatalogView {
    /// What stands in front of the base64 in the entry's original text.
    pub const BEFORE: &'static str = "/* Presto View: ";
    /// What stands behind it.
    pub const BEHIND: &'static str = " */";
    /// The entry's expanded text.
    pub const EXPANDED: &'static str = "/* Presto View */";

    /// The entry's original text, where everything in it is known.
    pub fn original_text(&self) -> String {
        use base64::Engine as _;
        let definition = base64::engine::general_purpose::STANDARD.encode(&self.definition);
        format!("{}{definition}{}", Self::BEFORE, Self::BEHIND)
    }
}

/// A view for the catalog; `database` is the one that it is in.
pub fn catalog_view(plan: &Plan, view: &View, database: &str, names: Names<'_>) -> CatalogView {
    let columns: Vec<(String, String)> = view
        .columns
        .iter()
        .map(|column| (column.name.clone(), type_name(&column.ty.kind)))
        .collect();
    let listed: Vec<Value> = columns
        .iter()
        .map(|(name, ty)| json!({ "name": name, "type": ty }))
        .collect();
    let definition = json!({
        "originalSql": of_view(plan, view, names).to_string(),
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": listed,
    });
    CatalogView {
        definition: definition.to_string(),
        columns,
    }
}
