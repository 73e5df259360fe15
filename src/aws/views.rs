//! Views of the catalog: transforms without a target that Athena's SQL carries, so that a query may name them too. Knows how
//! Athena keeps views in Glue's catalog, not how their SQL is written.

use super::catalog;
use crate::emit::hcl::{Block, Value, call, reference, text};
use crate::emit::sql::{self, CatalogView};
use crate::object_of;
use crate::plan::{Input, Plan, View};
use crate::text_of;

/// The database of all views: what it is called in Terraform, and behind the prefix of databases.
fn database(plan: &Plan) -> &'static str {
    match plan.zone("views") {
        Some(_) => "views_system",
        None => "views",
    }
}

/// The database and the views in it.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let views: Vec<_> = plan.views.iter().filter(|view| view.in_sql).collect();
    if views.is_empty() {
        return vec![];
    }
    let label = database(plan);
    let database = Block::resource("aws_glue_catalog_database", label)
        .set(
            "name",
            text_of![reference("local.database_prefix"), format!("_{label}")],
        )
        .set("description", "Transforms without a target, as queries see them.")
        .set("depends_on", vec![reference("terraform_data.lake_formation_is_ready")]);
    let definitions = views.iter().fold(Block::new("locals"), |locals, view| {
        locals.set(&format!("view_{}", view.name), definition(plan, view))
    });
    let views = views.into_iter().map(|view| block(plan, view));
    [definitions, database].into_iter().chain(views).collect()
}

fn block(plan: &Plan, view: &View) -> Block {
    let label = database(plan);
    let columns = view.columns.iter().map(|column| {
        Block::new("columns")
            .set("name", column.name.as_str())
            .set("type", catalog::hive_type(&column.ty.kind))
    });
    let block = Block::resource("aws_glue_catalog_table", &format!("view_{}", view.name))
        .set("name", view.name.as_str())
        .set(
            "database_name",
            reference(format!("aws_glue_catalog_database.{label}.name")),
        );
    let block = match &view.doc {
        Some(doc) => block.set("description", catalog::comment(doc)),
        None => block,
    };
    let original = text_of![
        CatalogView::BEFORE,
        call("base64encode", [reference(format!("local.view_{}", view.name))]),
        CatalogView::BEHIND,
    ];
    block
        .set("owner", plan.pipeline.owner.as_str())
        .set("table_type", "VIRTUAL_VIEW")
        .set("view_original_text", original)
        .set("view_expanded_text", CatalogView::EXPANDED)
        .set(
            "parameters",
            object_of! { "comment" => "Presto View", "presto_view" => "true" },
        )
        .block(Block::new("storage_descriptor").blocks(columns))
}

/// The definition of a view. Names of databases are known when it is deployed: where they stand, a mark stands first that
/// nothing of the view's own text holds.
fn definition(plan: &Plan, view: &View) -> Value {
    let with = |mark: &str| {
        let names = |input: &Input| match input {
            Input::Table(id) => vec![format!("{mark}_{}", id.zone), id.name.clone()],
            Input::View(name) | Input::Stream(name) => vec![format!("{mark}_{}", database(plan)), name.clone()],
        };
        let own = format!("{mark}_{}", database(plan));
        sql::catalog_view(plan, view, &own, &names).definition
    };
    let plain = with("");
    let marks = (0..).map(|number| format!("database{number}prefix"));
    let mark = marks.into_iter().find(|mark| !plain.contains(mark.as_str()));
    let mark = mark.unwrap_or_default();
    let definition = with(&mark);
    let mut parts: Vec<Value> = vec![];
    for (place, piece) in definition.split(&mark).enumerate() {
        if place > 0 {
            parts.push(reference("local.database_prefix"));
        }
        parts.push(piece.into());
    }
    text(parts)
}
