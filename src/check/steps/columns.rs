//! What every step does with columns: looks them up, keeps names apart, makes new ones.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::check::exprs::{Place, Typed, column};
use crate::check::schema::duplicate;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::ExprKind;
use crate::plan::types::{About, Column, TypeKind};
use crate::syntax::ast;

use super::Steps;
use crate::base::Span;

/// The columns that the language adds to what arrives: when it did, and its place among others. They can be read, and
/// go no further by themselves.
pub fn arrival_columns() -> Vec<Column> {
    vec![
        Column::new("_arrived", TypeKind::Timestamp.required()),
        Column::new("_seq", TypeKind::Text.required()),
    ]
}

impl Steps<'_> {
    /// The value of a `derive`, `select` or key, over the columns as they are now; a plain column has its own value.
    pub(super) fn value(&mut self, binding: &ast::Binding, scope: &[Column], place: Place) -> Typed {
        let plain = ast::Expr {
            kind: ast::ExprKind::Name(binding.name.text.clone()),
            span: binding.name.span,
        };
        let value = binding.value.as_ref().unwrap_or(&plain);
        let typed = self.checker(scope, place).expr(value);
        let (what, help) = match typed.kind() {
            TypeKind::Null => ("`null` alone has no type", "a column has one"),
            TypeKind::Never => ("this is never a value", "every row would be turned away"),
            _ => return typed,
        };
        let diagnostic = Diagnostic::new(
            Code::NULL_LITERAL,
            value.span,
            format!("column `{}`: {what}", binding.name.text),
        );
        self.say(diagnostic.found(help).help("write a value on one of the branches"));
        failed(typed)
    }

    /// The column that holds a value. What only passes through keeps its documentation and what it is for.
    pub(super) fn column(&self, name: String, doc: Option<&ast::Doc>, typed: &Typed, before: &[Column]) -> Column {
        let same = match &typed.expr.kind {
            ExprKind::Column(from) => before.iter().chain(&self.joined).find(|column| column.name == *from),
            _ => None,
        };
        // What the other side of a join is known by does not name this side's rows.
        let own = same.filter(|column| !column.name.contains('.'));
        let doc = doc.map(|doc| doc.text.clone());
        Column::from(About {
            name,
            ty: typed.expr.ty.clone(),
            labels: typed.labels.clone(),
            doc: doc.or_else(|| same.and_then(|column| column.doc.clone())),
            key: own.is_some_and(|column| column.key),
            event_time: own.is_some_and(|column| column.event_time),
            subject: same.is_some_and(|column| column.subject),
        })
    }

    /// Says which names of a list stand there twice, and leaves the second out.
    pub(super) fn distinct<'b>(&mut self, names: impl IntoIterator<Item = &'b ast::Name>) {
        let mut seen: BTreeMap<Cow<'_, str>, &ast::Name> = BTreeMap::new();
        for name in names {
            let first = *seen.entry(column::lower(&name.text)).or_insert(name);
            if first.span != name.span {
                self.say(duplicate(name, first));
                self.broken = true;
            }
        }
    }

    /// The rows' own column of this name, or an error with the nearest one.
    pub(super) fn existing(&mut self, name: &ast::Name) -> Option<Column> {
        let found = column::find(&self.columns, &name.text).cloned();
        if found.is_none() {
            let diagnostic = column::unknown(&self.columns, &name.text, name.span);
            self.say(diagnostic);
        }
        found
    }

    /// The column of this name that can be read, or an error with the nearest one.
    pub(super) fn readable(&mut self, name: &ast::Name) -> Option<Column> {
        match column::find(&self.hidden, &name.text) {
            Some(hidden) => Some(hidden.clone()),
            None => self.existing(name),
        }
    }

    /// Keys of a step that looks at several rows: columns whose values can be told apart.
    pub(super) fn keys(&mut self, names: &[ast::Name]) -> Option<Vec<String>> {
        self.distinct(names);
        let mut keys = Vec::new();
        for name in names {
            if let Some(column) = self.existing(name) {
                self.float_key(&column.name, &column.ty.kind, name.span);
                if self.comparable(&column.name, &column.ty.kind, name.span) {
                    keys.push(column.name.clone());
                }
            }
        }
        (keys.len() == names.len()).then_some(keys)
    }

    /// A float decides which rows belong together: two that print alike may be two.
    pub(super) fn float_key(&mut self, name: &str, kind: &TypeKind, at: Span) {
        if *kind == TypeKind::Float {
            let diagnostic = Diagnostic::new(
                Code::FLOAT_KEY,
                at,
                format!("`{name}` is a float and decides which rows belong together"),
            )
            .found("floats that print alike may differ");
            self.say(diagnostic.help("use a decimal, an int or a text"));
        }
    }

    /// Whether rows can be told apart by values of this kind; why not is said.
    pub(super) fn comparable(&mut self, name: &str, kind: &TypeKind, at: Span) -> bool {
        let help = match kind {
            TypeKind::Map(_) => "take one entry of it: `map[\"key\"]`",
            TypeKind::Json => "take a member of it as a text or a number: `string(json.member)`",
            TypeKind::Object => "use its `checksum`",
            _ => return true,
        };
        let diagnostic = Diagnostic::new(
            Code::KEY_TYPE,
            at,
            format!("`{name}` is {kind}, and rows have no such key"),
        )
        .found("cannot tell rows apart");
        self.say(diagnostic.help(help));
        false
    }

    /// Puts a column behind the others; in the place of one with its name only where `replaces` says so.
    pub(super) fn add(&mut self, name: &ast::Name, column: Column, replaces: Option<&str>) -> bool {
        match self.columns.iter_mut().find(|other| other.name == column.name) {
            Some(place) if replaces == Some(column.name.as_str()) => *place = column,
            Some(_) => {
                let message = format!("there is a column `{}` already", column.name);
                let diagnostic = Diagnostic::new(Code::DUPLICATE_COLUMN, name.span, message)
                    .found("the second one")
                    .help(format!("write another name: `as {}_2`", column.name));
                self.say(diagnostic);
                return false;
            }
            None => self.columns.push(column),
        }
        true
    }
}

fn failed(mut typed: Typed) -> Typed {
    typed.expr.ty = TypeKind::Error.required();
    typed.labels = BTreeSet::new();
    typed
}
