//! Values of several parts: `[a, b]` and `{ a: 1, b: 2 }`, as lists, structs, maps and json.

use std::collections::BTreeSet;

use crate::base::suggest;
use crate::check::schema::{column_name, duplicate};
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Column, Type, TypeKind, object_fields};
use crate::syntax::ast;

use super::convert::cast;
use super::{Checker, Typed, json, union};

impl Checker<'_> {
    /// `[a, b]`
    pub(super) fn list(&mut self, expr: &ast::Expr, entries: &[ast::Expr], hint: Option<&TypeKind>) -> Typed {
        if hint == Some(&TypeKind::Json) {
            return self.json(expr);
        }
        let wanted = match hint {
            Some(TypeKind::List(item)) => Some(&item.kind),
            _ => None,
        };
        let entries: Vec<_> = entries.iter().collect();
        let items = self.beside(&entries, wanted);
        if items.iter().any(Typed::is_error) {
            return self.error(expr);
        }
        if items.is_empty() {
            let item = wanted.cloned().unwrap_or(TypeKind::Null);
            let kind = TypeKind::List(Box::new(item.required()));
            return self.typed(expr, ExprKind::List(Vec::new()), kind.required(), BTreeSet::new());
        }
        let parts: Vec<_> = items.iter().collect();
        let Some(kind) = self.meet(&parts, None, "the items of the list have two types") else {
            return self.error(expr);
        };
        self.list_of(expr, items, &kind)
    }

    /// A list of typed items that all go together in one kind.
    pub(super) fn list_of(&mut self, expr: &ast::Expr, items: Vec<Typed>, kind: &TypeKind) -> Typed {
        let labels = union(&items);
        let item = Type {
            kind: kind.clone(),
            optional: items.iter().any(|item| item.expr.ty.optional),
        };
        let items: Vec<_> = items.into_iter().map(|value| self.branch_value(value, &item)).collect();
        if items.iter().any(Typed::is_error) {
            return self.error(expr);
        }
        let list = TypeKind::List(Box::new(item)).required();
        self.typed(
            expr,
            ExprKind::List(items.into_iter().map(|item| item.expr).collect()),
            list,
            labels,
        )
    }

    /// `{ a: 1, b: 2 }`
    pub(super) fn record(
        &mut self,
        expr: &ast::Expr,
        entries: &[(ast::Name, ast::Expr)],
        hint: Option<&TypeKind>,
    ) -> Typed {
        match hint {
            Some(TypeKind::Struct(fields)) => self.record_of(expr, entries, fields, false),
            Some(TypeKind::Object) => self.object(expr, entries),
            Some(TypeKind::Map(value)) => self.map(expr, entries, value),
            Some(TypeKind::Json) => self.json(expr),
            _ => self.open_record(expr, entries),
        }
    }

    /// A record whose place says nothing of its fields.
    fn open_record(&mut self, expr: &ast::Expr, entries: &[(ast::Name, ast::Expr)]) -> Typed {
        let (mut fields, mut values, mut labels): (Vec<Column>, _, BTreeSet<String>) =
            (Vec::new(), Vec::new(), BTreeSet::new());
        let mut wrong = !self.distinct(entries);
        for (name, value) in entries {
            let typed = self.expr(value);
            wrong |= typed.is_error();
            let name = column_name(name, self.diagnostics);
            labels.extend(typed.labels.iter().cloned());
            let mut field = Column::new(name.as_str(), typed.expr.ty.clone());
            field.labels = typed.labels;
            fields.push(field);
            values.push((name, typed.expr));
        }
        if wrong {
            return self.error(expr);
        }
        self.typed(
            expr,
            ExprKind::Struct(values),
            TypeKind::Struct(fields).required(),
            labels,
        )
    }

    /// A record where a struct is asked for: its fields, in its order; what may be missing may be left out. `partly` lets
    /// everything be left out, and fills it with what is empty.
    fn record_of(
        &mut self,
        expr: &ast::Expr,
        entries: &[(ast::Name, ast::Expr)],
        fields: &[Column],
        partly: bool,
    ) -> Typed {
        let mut wrong = !self.distinct(entries);
        let mut written: Vec<(&Column, Typed)> = Vec::new();
        for (name, value) in entries {
            let Some(field) = super::column::find(fields, &name.text) else {
                self.unknown_field(name, fields);
                wrong = true;
                continue;
            };
            let typed = self.wanted(value, &field.ty, &format!("`{}`", field.name));
            wrong |= typed.is_error();
            written.push((field, typed));
        }
        if wrong || !(partly || self.all_fields(expr, &written, fields)) {
            return self.error(expr);
        }
        let labels = written
            .iter()
            .flat_map(|(_, value)| value.labels.iter().cloned())
            .collect::<BTreeSet<_>>();
        let (mut values, mut typed_fields) = (Vec::new(), Vec::new());
        for field in fields {
            let found = written.iter().find(|(own, _)| own.name == field.name);
            let value = match found {
                Some((_, value)) => value.expr.clone(),
                None => left_out(field),
            };
            let own = found.map(|(_, value)| value.labels.clone()).unwrap_or_default();
            let kind = found.map_or_else(
                || field.ty.kind.clone(),
                |(_, value)| crate::check::ty::labelled_as(&field.ty.kind, value.kind()),
            );
            let (same, optional) = (value.ty.optional == field.ty.optional, field.ty.optional);
            let ty = Type { kind, optional };
            values.push((field.name.clone(), if same { value } else { cast(value, ty.clone()) }));
            let mut typed_field = field.clone();
            typed_field.ty = ty;
            typed_field.labels = field.labels.union(&own).cloned().collect();
            typed_fields.push(typed_field);
        }
        let ty = TypeKind::Struct(typed_fields).required();
        self.typed(expr, ExprKind::Struct(values), ty, labels)
    }

    /// What a row of a test says of an object: some of what is known of it.
    fn object(&mut self, expr: &ast::Expr, entries: &[(ast::Name, ast::Expr)]) -> Typed {
        let mut typed = self.record_of(expr, entries, &object_fields(), true);
        if !typed.is_error() {
            typed.expr.ty = TypeKind::Object.required();
        }
        typed
    }

    fn map(&mut self, expr: &ast::Expr, entries: &[(ast::Name, ast::Expr)], value: &Type) -> Typed {
        let mut wrong = !self.distinct(entries);
        let mut known = std::collections::BTreeMap::new();
        for (name, entry) in entries {
            let typed = self.wanted(entry, value, &format!("the value of `{}`", name.text));
            match typed.value() {
                _ if typed.is_error() => wrong = true,
                Some(literal) => {
                    known.insert(name.text.clone(), literal);
                }
                None => {
                    let message = format!("`{}` is not known when the project is compiled", typed.expr.text);
                    let diagnostic =
                        Diagnostic::new(Code::NOT_CONSTANT, typed.span, message).found("an entry of a map");
                    self.say(diagnostic.help("a map is written with values that are known; a struct takes any"));
                    wrong = true;
                }
            }
        }
        if wrong {
            return self.error(expr);
        }
        let kind = TypeKind::Map(Box::new(value.clone()));
        self.constant(expr, Literal::Map(known.into_iter().collect()), kind)
    }

    /// A value where a json is asked for: what is written is what it holds.
    fn json(&mut self, expr: &ast::Expr) -> Typed {
        match json::text_of(expr) {
            Ok(text) => self.constant(expr, Literal::Json(text), TypeKind::Json),
            Err(at) => {
                let message = format!("`{}` is not known when the project is compiled", self.text_of(at));
                let diagnostic = Diagnostic::new(Code::NOT_CONSTANT, at, message).found("part of a json");
                self.say(diagnostic.help("write texts, numbers, `true`, `false`, `null`, lists and records of them"));
                self.error(expr)
            }
        }
    }

    /// Whether no field of a record is written twice; the second is said.
    fn distinct(&mut self, entries: &[(ast::Name, ast::Expr)]) -> bool {
        for (at, (name, _)) in entries.iter().enumerate() {
            let lower = name.text.to_lowercase();
            if let Some((first, _)) = entries
                .iter()
                .take(at)
                .find(|(first, _)| first.text.to_lowercase() == lower)
            {
                let diagnostic = duplicate(name, first);
                self.say(diagnostic);
                return false;
            }
        }
        true
    }

    fn unknown_field(&mut self, name: &ast::Name, fields: &[Column]) {
        let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
        let shown: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("the struct that is asked for has no field `{}`", name.text);
        let diagnostic = Diagnostic::new(Code::RECORD_FIELDS, name.span, message)
            .found("not a field of it")
            .note(format!("its fields are {}", shown.join(", ")));
        self.say(match suggest(&name.text, names) {
            Some(near) => {
                diagnostic
                    .help(format!("did you mean `{near}`?"))
                    .fix(format!("write `{near}`"), name.span, near)
            }
            None => diagnostic.help("leave it out"),
        });
    }

    /// Whether every field that must be there is written; which are not is said.
    fn all_fields(&mut self, expr: &ast::Expr, written: &[(&Column, Typed)], fields: &[Column]) -> bool {
        let open = |field: &&Column| !field.ty.optional && !written.iter().any(|(own, _)| own.name == field.name);
        let missing: Vec<_> = fields.iter().filter(open).collect();
        if missing.is_empty() {
            return true;
        }
        let shown: Vec<_> = missing.iter().map(|field| format!("`{}`", field.name)).collect();
        let written: Vec<_> = missing.iter().map(|field| format!("{}: …", field.name)).collect();
        let diagnostic = Diagnostic::new(
            Code::RECORD_FIELDS,
            expr.span,
            format!("this record leaves {} out", shown.join(", ")),
        )
        .found("a field without `?` is always there");
        self.say(diagnostic.help(format!("add `{}`", written.join(", "))));
        false
    }
}

/// What stands for a field that is not written: missing, or, of an object, empty.
fn left_out(field: &Column) -> Expr {
    let literal = match (&field.ty.kind, field.ty.optional) {
        (_, true) => Literal::Null,
        (TypeKind::Int, false) => Literal::Int(0),
        _ => Literal::Text(String::new()),
    };
    Expr {
        kind: ExprKind::Literal(literal),
        ty: field.ty.clone(),
        text: field.name.clone().into(),
    }
}
