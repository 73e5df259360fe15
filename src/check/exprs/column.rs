//! Names of columns.

use crate::base::{Span, suggest};
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::ExprKind;
use crate::plan::types::{Column, TypeKind};
use crate::syntax::ast;

use super::{Checker, Place, Typed};

/// Columns that the language adds to arrivals.
const ARRIVAL_COLUMNS: [&str; 2] = ["_arrived", "_seq"];
/// How many columns a message lists.
const LISTED: usize = 12;

/// The column of this name; names are compared without case.
pub fn find<'c>(columns: &'c [Column], name: &str) -> Option<&'c Column> {
    let lower = name.to_lowercase();
    columns.iter().find(|column| column.name == lower)
}

/// No column has this name: the nearest one, or those in scope.
pub fn unknown(columns: &[Column], name: &str, span: Span) -> Diagnostic {
    if ARRIVAL_COLUMNS.contains(&name) {
        return crate::check::not_yet(span, format!("`{name}`"));
    }
    let diagnostic = Diagnostic::new(Code::UNKNOWN_COLUMN, span, format!("no column is called `{name}` here"))
        .found("not a column of the rows at this place");
    let shown: Vec<_> = columns
        .iter()
        .take(LISTED)
        .map(|column| format!("`{}`", column.name))
        .collect();
    let more = columns.len().saturating_sub(LISTED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let diagnostic = match shown.is_empty() {
        true => diagnostic,
        false => diagnostic.note(format!("the columns are {}{more}", shown.join(", "))),
    };
    match suggest(name, columns.iter().map(|column| column.name.as_str())) {
        Some(near) => diagnostic
            .help(format!("did you mean `{near}`?"))
            .fix(format!("write `{near}`"), span, near),
        None => diagnostic,
    }
}

impl Checker<'_> {
    /// A plain name is a column.
    pub(super) fn column(&mut self, expr: &ast::Expr, name: &str) -> Typed {
        if self.place == Place::Constant {
            let message = format!("`{name}` is not known when the project is compiled");
            let diagnostic = Diagnostic::new(Code::NOT_CONSTANT, expr.span, message).found("a name, not a value");
            self.say(diagnostic.help(format!("write a value; a text has quotes: `\"{name}\"`")));
            return self.error(expr);
        }
        let Some(column) = find(self.columns, name) else {
            let diagnostic = unknown(self.columns, name, expr.span);
            let quoted = !self.columns.is_empty() && diagnostic.help.is_empty();
            self.say(match quoted && diagnostic.code == Code::UNKNOWN_COLUMN {
                true => diagnostic.help(format!("if a text is meant, it has quotes: `\"{name}\"`")),
                false => diagnostic,
            });
            return self.error(expr);
        };
        if column.ty.kind == TypeKind::Error {
            return self.error(expr);
        }
        let (kind, ty, labels) = (
            ExprKind::Column(column.name.clone()),
            column.ty.clone(),
            column.labels.clone(),
        );
        self.typed(expr, kind, ty, labels)
    }
}
