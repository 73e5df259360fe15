//! Names: columns, variants, params.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::base::{Span, suggest};
use crate::check::ty;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::expr::{ExprKind, Literal};
use crate::plan::types::{Column, Type, TypeKind};
use crate::syntax::ast;

use super::{Checker, Place, Typed};

/// Columns that the language adds to arrivals.
const ARRIVAL_COLUMNS: [&str; 2] = ["_arrived", "_seq"];
/// How many columns a message lists.
const LISTED: usize = 12;

/// The column of this name; names are compared without case.
pub fn find<'c>(columns: &'c [Column], name: &str) -> Option<&'c Column> {
    let lower = lower(name);
    columns.iter().find(|column| column.name == *lower)
}

/// A name in lower case: names are compared without case, and nearly all are written so.
pub fn lower(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        true => Cow::Owned(name.to_lowercase()),
        false => Cow::Borrowed(name),
    }
}

/// No column has this name: the nearest one, or those in scope.
pub fn unknown(columns: &[Column], name: &str, span: Span) -> Diagnostic {
    if ARRIVAL_COLUMNS.contains(&name) {
        let message = format!("only arrivals have `{name}`, and what has landed of them");
        return Diagnostic::new(Code::UNKNOWN_COLUMN, span, message)
            .found("these rows were made by steps, or read from what a transform wrote")
            .help("derive a column of it in the transform that reads the arrivals: `derive arrived = _arrived`");
    }
    let diagnostic = Diagnostic::new(Code::UNKNOWN_COLUMN, span, format!("no column is called `{name}` here"))
        .found("not a column of the rows at this place");
    let shown: Vec<_> = columns
        .iter()
        .filter(|column| !column.name.starts_with('_'))
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
    /// A plain name: a parameter of `row => …`, else a column, else a variant of the enum that is asked for, else a
    /// `param`.
    pub(super) fn name(&mut self, expr: &ast::Expr, name: &str, hint: Option<&TypeKind>) -> Typed {
        if let Some(local) = self.locals.iter().rev().find(|local| local.name == *name) {
            let (ty, labels) = (local.ty.clone(), local.labels.clone());
            return self.read(expr, ExprKind::Local(name.to_owned()), ty, labels);
        }
        if self.place != Place::Constant
            && let Some(column) = find(self.columns, name)
        {
            let (ty, labels) = (column.ty.clone(), column.labels.clone());
            return self.read(expr, ExprKind::Column(column.name.clone()), ty, labels);
        }
        if let Some(TypeKind::Enum { variants, .. }) = hint
            && variants.iter().any(|variant| variant == name)
        {
            let kind = hint.cloned().unwrap_or(TypeKind::Error);
            return self.constant(expr, Literal::Text(name.to_owned()), kind);
        }
        if self.place != Place::Constant
            && let Some(ty) = self.ctx.types.param(name)
        {
            // What is wrong with the param's type is said where it is declared.
            let ty = ty::resolve(self.ctx, ty, &mut Diagnostics::default());
            return self.read(expr, ExprKind::Param(name.to_owned()), ty, BTreeSet::new());
        }
        self.unknown_name(expr, name, hint)
    }

    /// `p.category`: a column of the other side of a join, where `p` is no column itself.
    pub(super) fn of_joined(&mut self, expr: &ast::Expr, of: &ast::Expr, field: &ast::Name) -> Option<Typed> {
        let ast::ExprKind::Name(alias) = &of.kind else {
            return None;
        };
        if !self.is_alias(alias) {
            return None;
        }
        let prefix = format!("{}.", alias.to_lowercase());
        let own = |column: &&Column| column.name.starts_with(&prefix);
        let found = find(self.joined, &format!("{prefix}{}", field.text));
        if let Some(column) = found {
            let (ty, labels) = (column.ty.clone(), column.labels.clone());
            return Some(self.read(expr, ExprKind::Column(column.name.clone()), ty, labels));
        }
        let names = self.joined.iter().filter(own);
        let names: Vec<_> = names
            .filter_map(|column| column.name.split_once('.'))
            .map(|(_, name)| name)
            .collect();
        let message = format!("`{alias}` has no column `{}`", field.text);
        let shown: Vec<_> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
        let diagnostic = Diagnostic::new(Code::UNKNOWN_COLUMN, field.span, message)
            .found("not a column of the other side of the join")
            .note(format!("its columns are {}", shown.join(", ")));
        let near = suggest(&field.text, names.iter().copied());
        self.say(match near {
            Some(near) => diagnostic.help(format!("did you mean `{alias}.{near}`?")).fix(
                format!("write `{near}`"),
                field.span,
                near,
            ),
            None => diagnostic,
        });
        Some(self.error(expr))
    }

    /// Whether a plain name reads something here: a parameter of `row => …`, a column or a `param`.
    pub(super) fn reads(&self, name: &str) -> bool {
        let scope = self.place != Place::Constant;
        self.locals.iter().any(|local| local.name == *name)
            || scope && (find(self.columns, name).is_some() || self.ctx.types.param(name).is_some())
    }

    /// The kind of the column that a plain name reads.
    pub(super) fn column_kind(&self, name: &str) -> Option<TypeKind> {
        let local = self.locals.iter().rev().find(|local| local.name == *name);
        let column = local.or_else(|| find(self.columns, name));
        column.map(|column| column.ty.kind.clone())
    }

    /// Whether a name is the other side of a join here, and nothing nearer.
    fn is_alias(&self, name: &str) -> bool {
        let prefix = format!("{}.", name.to_lowercase());
        let nearer = self.locals.iter().any(|local| local.name == *name) || find(self.columns, name).is_some();
        !nearer && self.joined.iter().any(|column| column.name.starts_with(&prefix))
    }

    fn read(&self, expr: &ast::Expr, kind: ExprKind, ty: Type, labels: BTreeSet<String>) -> Typed {
        match ty.kind {
            TypeKind::Error => self.error(expr),
            _ => self.typed(expr, kind, ty, labels),
        }
    }

    /// A name that stands for nothing here: what was meant.
    fn unknown_name(&mut self, expr: &ast::Expr, name: &str, hint: Option<&TypeKind>) -> Typed {
        if let Some(TypeKind::Enum { name: of, variants }) = hint {
            let near = suggest(name, variants.iter().map(String::as_str));
            let columns = self.columns.iter().map(|column| column.name.as_str());
            if near.is_some() || suggest(name, columns).is_none() || self.place == Place::Constant {
                let diagnostic = super::convert::unknown_variant(expr.span, name, of, variants, near);
                self.say(diagnostic);
                return self.error(expr);
            }
        }
        if self.place == Place::Constant {
            let message = format!("`{name}` is not known when the project is compiled");
            let diagnostic = Diagnostic::new(Code::NOT_CONSTANT, expr.span, message).found("a name, not a value");
            self.say(diagnostic.help(format!("write a value; a text has quotes: `\"{name}\"`")));
            return self.error(expr);
        }
        let suffix = format!(".{}", name.to_lowercase());
        let joined = self.joined.iter().find(|column| column.name.ends_with(&suffix));
        let diagnostic = match joined {
            Some(column) => Diagnostic::new(
                Code::UNKNOWN_COLUMN,
                expr.span,
                format!("`{name}` is a column of the other side of the join"),
            )
            .found("plain names are columns of the left side")
            .help(format!("write `{}`", column.name))
            .fix(format!("write `{}`", column.name), expr.span, column.name.clone()),
            None if self.is_alias(name) => Diagnostic::new(
                Code::UNKNOWN_COLUMN,
                expr.span,
                format!("`{name}` is the other side of the join, not a column"),
            )
            .found("a column is expected")
            .help(format!("write one of its columns: `{name}.COLUMN`")),
            None => unknown(self.columns, name, expr.span),
        };
        let quoted = !self.columns.is_empty() && diagnostic.help.is_empty();
        self.say(match quoted && diagnostic.code == Code::UNKNOWN_COLUMN {
            true => diagnostic.help(format!("if a text is meant, it has quotes: `\"{name}\"`")),
            false => diagnostic,
        });
        self.error(expr)
    }
}
