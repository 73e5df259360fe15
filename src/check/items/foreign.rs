//! `from = project { dataset = … }`: a source that reads what another project exports, and the rows that it says it has.

use super::Items;
use crate::base::Span;
use crate::check::settings::{Setting, Settings, Value};
use crate::diag::{Code, Diagnostic};
use crate::plan::Schema;
use crate::plan::types::Column;
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
                if !fields.eq(columns) {
                    let diagnostic = other_rows(&path, typed, *span, rows.span);
                    self.say(diagnostic);
                    return false;
                }
                let pairs = schema.fields.iter().map(|field| &field.column).zip(&dataset.columns);
                let lost = pairs.into_iter().find_map(|(own, theirs)| lost(own, theirs));
                if let Some(lost) = &lost {
                    let diagnostic = unlabelled(&path, lost, *span, rows.span);
                    self.say(diagnostic);
                }
                lost.is_none()
            }
        }
    }
}

/// What the exporting project says of a column and the source does not: `` `who` is @pii ``.
fn lost(own: &Column, theirs: &Column) -> Option<String> {
    let label = theirs.labels.difference(&own.labels).next().map(String::as_str);
    let mark = label.or((theirs.subject && !own.subject).then_some("subject"))?;
    Some(format!("`{}` is @{mark}", theirs.name))
}

fn unlabelled(path: &str, lost: &str, span: Span, rows: Span) -> Diagnostic {
    Diagnostic::new(
        Code::FOREIGN_ROWS,
        rows,
        format!("{lost} in the rows of `{path}`, and not here"),
    )
    .found("what is true of them there would be forgotten")
    .label(span, "these are read")
    .help(format!("write `table of {path}`: its columns and labels come with it"))
    .fix(format!("write `{path}`"), rows, path.to_owned())
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
