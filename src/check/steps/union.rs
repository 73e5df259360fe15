//! `union OTHER`, and several inputs: rows of both, by column name.

use crate::base::Span;
use crate::check::program::Shape;
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::StepKind;
use crate::plan::types::Column;
use crate::syntax::ast;

use super::Steps;
use super::shape::of_shape;

impl Steps<'_> {
    pub(super) fn union(&mut self, path: &ast::Path) -> Option<StepKind> {
        let Some(rows) = self.around.rows(path, self.diagnostics) else {
            self.lost = true;
            return None;
        };
        let united = unite(
            self.shape,
            &self.columns,
            rows.shape,
            &rows.columns,
            &path.text(),
            path.span,
        );
        match united {
            Ok(columns) => self.columns = columns.into(),
            Err(diagnostic) => {
                self.say(*diagnostic);
                return None;
            }
        }
        // What only one side has cannot be read of both.
        let mut hidden = std::mem::take(&mut self.hidden);
        hidden.retain(|column| rows.hidden.iter().any(|other| other.name == column.name));
        self.forget_joined();
        self.hidden = hidden;
        self.sorted = false;
        Some(StepKind::Union {
            other: rows.input,
            columns: rows.columns,
        })
    }
}

/// The columns of rows of both; `other` names the second in messages.
///
/// # Errors
/// Where the rows do not come as the same, or have not the same columns.
pub fn unite(
    shape: Shape,
    columns: &[Column],
    other_shape: Shape,
    others: &[Column],
    other: &str,
    at: Span,
) -> Result<Vec<Column>, Box<Diagnostic>> {
    if shape != other_shape {
        let message = format!(
            "`{other}` is {}, and the rows before it come as {}",
            of_shape(other_shape),
            of_shape(shape)
        );
        let diagnostic = Diagnostic::new(Code::UNION, at, message).found("not read in one way");
        return Err(Box::new(match (shape, other_shape) {
            (Shape::Table, _) => diagnostic.help(format!("read what it lands: `ZONE.{other}`")),
            _ => diagnostic.help("read the arrivals of both, or what both have landed: `ZONE.SOURCE`"),
        }));
    }
    let lacks = |columns: &[Column], others: &[Column]| -> Vec<String> {
        let has = |name: &str| columns.iter().any(|column| column.name == name);
        let absent = others.iter().filter(|other| !has(&other.name));
        absent.map(|column| format!("`{}`", column.name)).collect()
    };
    let (more, fewer) = (lacks(columns, others), lacks(others, columns));
    if !more.is_empty() || !fewer.is_empty() {
        let mut diagnostic = Diagnostic::new(
            Code::UNION,
            at,
            format!("`{other}` does not have the columns of the rows before it"),
        )
        .found("a union is by column name");
        if !more.is_empty() {
            diagnostic = diagnostic.note(format!("only `{other}` has {}", more.join(", ")));
        }
        if !fewer.is_empty() {
            diagnostic = diagnostic.note(format!("`{other}` has no {}", fewer.join(", ")));
        }
        let help = "give both the same columns first: `select`, `rename` or `derive` in a view of each";
        return Err(Box::new(diagnostic.help(help)));
    }
    let mut united = Vec::new();
    for column in columns {
        let Some(second) = others.iter().find(|second| second.name == column.name) else {
            continue;
        };
        let Some(kind) = ty::unify(&column.ty.kind, &second.ty.kind) else {
            let name = &column.name;
            let message = format!("`{name}` is {} in `{other}`, and {} before it", second.ty, column.ty);
            let diagnostic =
                Diagnostic::new(Code::TYPE_MISMATCH, at, message).found("one column holds the values of both");
            let help = format!("make both of one type first: `derive {name} = …` in a view of one");
            return Err(Box::new(diagnostic.help(help)));
        };
        let mut column = column.clone();
        column.ty.kind = kind;
        column.ty.optional |= second.ty.optional;
        column.labels.extend(second.labels.iter().cloned());
        column.doc = column.doc.take().or_else(|| second.doc.clone());
        column.key &= second.key;
        column.event_time &= second.event_time;
        column.subject |= second.subject;
        united.push(column);
    }
    Ok(united)
}
