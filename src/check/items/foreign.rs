//! `from = project { dataset = … }`: a source that reads what another project exports, and the rows that it says it has.

use super::Items;
use crate::base::Span;
use crate::check::settings::{Setting, Settings, Value};
use crate::diag::{Code, Diagnostic};
use crate::plan::Schema;
use crate::syntax::ast::TypeExpr;

impl Items<'_> {
    /// The dataset has to be exported, and its rows are those that the source says: where both name a dataset, they name
    /// the same. Whether all of that holds.
    pub(super) fn foreign(&mut self, settings: &Settings, rows: &TypeExpr, schema: Option<&Schema>) -> bool {
        let Some(("project", project)) = settings.variant("from") else {
            return true;
        };
        let Some(Setting {
            value: Value::Foreign { pipeline, zone, name },
            span,
            ..
        }) = project.get("dataset")
        else {
            return true;
        };
        let path = format!("{pipeline}.{zone}.{name}");
        let typed = self.ground.sources.text(rows.span);
        if typed == path {
            // The type of the rows told already whether it is exported.
            return true;
        }
        match self.ground.imports.find(&path, *span) {
            Err(diagnostic) => {
                diagnostic.into_iter().for_each(|diagnostic| self.say(diagnostic));
                false
            }
            Ok(dataset) => {
                let Some(schema) = schema else { return true };
                let fields = schema.fields.iter().map(|field| (&field.column.name, &field.column.ty));
                let columns = dataset.columns.iter().map(|column| (&column.name, &column.ty));
                let same = fields.eq(columns);
                if !same {
                    let diagnostic = other_rows(&path, typed, *span, rows.span);
                    self.say(diagnostic);
                }
                same
            }
        }
    }
}

fn other_rows(path: &str, typed: &str, span: Span, rows: Span) -> Diagnostic {
    Diagnostic::new(
        Code::FOREIGN_ROWS,
        rows,
        format!("the rows of `{path}` are not `{typed}`"),
    )
    .found("rows of something else")
    .label(span, "these are read")
    .help(format!("write `table of {path}`: its columns and labels come with it"))
    .fix(format!("write `{path}`"), rows, path.to_owned())
}
