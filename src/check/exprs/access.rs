//! Parts of values: `x.field`, `list[i]`, `map["key"]`, `json.path`.

use crate::base::suggest;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{ExprKind, Literal};
use crate::plan::types::{Column, TypeKind, object_fields};
use crate::syntax::ast;

use super::{Checker, Typed, union};

impl Checker<'_> {
    /// `of.name`: a column of the other side of a join, a variant of an enum, a field.
    pub(super) fn member(&mut self, expr: &ast::Expr, of: &ast::Expr, name: &ast::Name) -> Typed {
        if let Some(column) = self.of_joined(expr, of, name).or_else(|| self.variant(expr, of, name)) {
            return column;
        }
        let of = self.expr(of);
        if of.is_error() {
            return self.error(expr);
        }
        let found = match of.kind() {
            TypeKind::Struct(fields) => field(fields, &name.text).map(|field| (field.ty.clone(), field.labels.clone())),
            TypeKind::Object => field(&object_fields(), &name.text).map(|field| (field.ty.clone(), of.labels.clone())),
            TypeKind::Json => Some((TypeKind::Json.optional(), of.labels.clone())),
            _ => None,
        };
        let Some((mut ty, labels)) = found else {
            self.no_field(expr, &of, name);
            return self.error(expr);
        };
        ty.optional |= of.expr.ty.optional;
        let field = match of.kind() {
            TypeKind::Json => name.text.clone(),
            _ => name.text.to_lowercase(),
        };
        let kind = ExprKind::Member {
            of: Box::new(of.expr),
            field,
        };
        self.typed(expr, kind, ty, labels)
    }

    /// `of[index]`
    pub(super) fn index(&mut self, expr: &ast::Expr, of: &ast::Expr, index: &ast::Expr) -> Typed {
        let (of, index) = (self.expr(of), self.expr(index));
        if of.is_error() || index.is_error() {
            return self.error(expr);
        }
        let item = match (of.kind(), index.kind()) {
            (TypeKind::List(item), TypeKind::Int) => item.kind.clone(),
            (TypeKind::Map(value), TypeKind::Text) => value.kind.clone(),
            (TypeKind::Json, TypeKind::Int | TypeKind::Text) => TypeKind::Json,
            _ => {
                self.no_entry(expr, &of, &index);
                return self.error(expr);
            }
        };
        if let Some(Literal::Int(at)) = index.literal()
            && *at < 0
        {
            let message = format!("entries are counted from 0, so there is none at `{at}`");
            let diagnostic = Diagnostic::new(Code::ALWAYS_MISSING, index.span, message).found("always missing");
            let text = &of.expr.text;
            self.say(match at {
                -1 => {
                    let written = format!("last({text})");
                    diagnostic
                        .help(format!("write `{written}`"))
                        .fix(format!("write `{written}`"), expr.span, written)
                }
                _ => diagnostic.help(format!(
                    "count from the end: `{text}[len({text}) - {}]`",
                    at.unsigned_abs()
                )),
            });
            return self.error(expr);
        }
        let labels = union([&of, &index]);
        let mut ty = item.optional();
        crate::check::ty::label_inside(&mut ty.kind, &index.labels);
        let kind = ExprKind::Index {
            of: Box::new(of.expr),
            index: Box::new(index.expr),
        };
        self.typed(expr, kind, ty, labels)
    }

    /// `Currency.USD`, where nothing says which enum a bare `USD` is of.
    fn variant(&mut self, expr: &ast::Expr, of: &ast::Expr, name: &ast::Name) -> Option<Typed> {
        let ast::ExprKind::Name(of) = &of.kind else { return None };
        if self.reads(of) {
            return None;
        }
        let variants = self.ctx.types.variants(of)?.to_vec();
        if !variants.contains(&name.text) {
            let near = suggest(&name.text, variants.iter().map(String::as_str));
            let diagnostic = super::convert::unknown_variant(name.span, &name.text, of, &variants, near);
            self.say(diagnostic);
            return Some(self.error(expr));
        }
        let kind = TypeKind::Enum {
            name: of.clone(),
            variants,
        };
        Some(self.constant(expr, Literal::Text(name.text.clone()), kind))
    }

    fn no_field(&mut self, expr: &ast::Expr, of: &Typed, name: &ast::Name) {
        let (text, kind, field) = (&of.expr.text, of.kind(), &name.text);
        let fields = match kind {
            TypeKind::Struct(fields) => fields.clone(),
            TypeKind::Object => object_fields(),
            _ => Vec::new(),
        };
        if !fields.is_empty() {
            let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
            let shown: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            let diagnostic = Diagnostic::new(Code::NO_MEMBER, name.span, format!("`{text}` has no field `{field}`"))
                .found("not a field of it")
                .note(format!("its fields are {}", shown.join(", ")));
            self.say(match suggest(field, names) {
                Some(near) => diagnostic.help(format!("did you mean `{text}.{near}`?")).fix(
                    format!("write `{near}`"),
                    name.span,
                    near,
                ),
                None => diagnostic,
            });
            return;
        }
        let message = format!("`{text}` is {kind}, which has no fields");
        let diagnostic = Diagnostic::new(Code::NO_MEMBER, name.span, message)
            .found("not a field")
            .label(of.span, format!("this is {kind}"));
        let put = |diagnostic: Diagnostic, written: String| {
            diagnostic
                .help(format!("write `{written}`"))
                .fix(format!("write `{written}`"), expr.span, written)
        };
        self.say(match kind {
            TypeKind::Map(_) => put(diagnostic, format!("{text}[\"{field}\"]")),
            TypeKind::List(item) if matches!(&item.kind, TypeKind::Struct(fields) if self::field(fields, field).is_some()) => {
                diagnostic
                    .help(format!("take one entry: `{text}[0].{field}`"))
                    .help(format!("or the field of each: `map({text}, row => row.{field})`"))
            }
            _ if self.ctx.functions.contains(field) => put(diagnostic, format!("{field}({text})")),
            _ => diagnostic,
        });
    }

    fn no_entry(&mut self, expr: &ast::Expr, of: &Typed, index: &Typed) {
        let (text, kind, at) = (&of.expr.text, of.kind(), &index.expr.text);
        let put = |diagnostic: Diagnostic, written: String| {
            diagnostic
                .help(format!("write `{written}`"))
                .fix(format!("write `{written}`"), expr.span, written)
        };
        let wrong_index = |wanted: &str| {
            let message = format!(
                "an entry of {kind} is found by {wanted}, but `{at}` is {}",
                index.kind()
            );
            Diagnostic::new(Code::TYPE_MISMATCH, index.span, message).found(format!("this is {}", index.kind()))
        };
        let none = || {
            let message = format!("`{text}` is {kind}, which has no entries");
            Diagnostic::new(Code::NO_MEMBER, index.span, message)
                .found("not an entry")
                .label(of.span, format!("this is {kind}"))
        };
        self.say(match (kind, index.literal()) {
            (TypeKind::List(_), _) => wrong_index("its place, an int from 0"),
            (TypeKind::Map(_), Some(Literal::Int(_))) => {
                put(wrong_index("its key, a text"), format!("{text}[\"{at}\"]"))
            }
            (TypeKind::Map(_), _) => wrong_index("its key, a text"),
            (TypeKind::Json, _) => wrong_index("a text or an int"),
            (TypeKind::Struct(_), Some(Literal::Text(name))) => put(none(), format!("{text}.{name}")),
            (TypeKind::Text, Some(Literal::Int(from))) => {
                put(none(), format!("slice({text}, {from}, {})", from.saturating_add(1)))
            }
            (TypeKind::Text, _) => none().help(format!("write `slice({text}, {at}, {at} + 1)`")),
            _ => none(),
        });
    }
}

/// The field of this name; names are compared without case.
fn field<'f>(fields: &'f [Column], name: &str) -> Option<&'f Column> {
    super::column::find(fields, name)
}
