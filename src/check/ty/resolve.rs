//! Types as written, to types.

use crate::base::suggest;
use crate::check::context::Context;
use crate::check::schema::check_fields;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan;
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast::{self, ExprKind, TypeExpr, TypeExprKind};

use super::MAX_DIGITS;
use super::object::object_rules;
use super::words::{WORDS, elsewhere};

/// A type, and what only a field of it has.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The type.
    pub ty: Type,
    /// The fields of the struct that it is, or that is inside of its lists and maps.
    pub inner: Vec<plan::Field>,
    /// What an object may be.
    pub object: Option<plan::ObjectRules>,
}

impl Resolved {
    fn plain(ty: Type) -> Self {
        Resolved {
            ty,
            inner: Vec::new(),
            object: None,
        }
    }
}

/// The type that is written; `Error` where it is none, which is said.
pub fn resolve(ctx: &Context<'_>, ty: &TypeExpr, diagnostics: &mut Diagnostics) -> Type {
    resolve_field(ctx, ty, diagnostics).ty
}

/// The type of a field of a row, with the defaults and checks inside of it; `Error` where it is none, which is said.
pub fn resolve_field(ctx: &Context<'_>, ty: &TypeExpr, diagnostics: &mut Diagnostics) -> Resolved {
    Scope { inside: None }.resolve(ctx, ty, diagnostics)
}

/// Where a type stands.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// What it is part of, if it is: "a list".
    inside: Option<&'static str>,
}

impl Scope {
    /// The type of something that is part of what this is.
    pub fn resolve(self, ctx: &Context<'_>, ty: &TypeExpr, diagnostics: &mut Diagnostics) -> Resolved {
        Resolver {
            ctx,
            diagnostics,
            scope: self,
        }
        .ty(ty)
    }

    /// Inside of a struct.
    pub fn within_struct(self) -> Self {
        Scope {
            inside: Some("a struct"),
        }
    }
}

struct Resolver<'r, 'a> {
    ctx: &'r Context<'a>,
    diagnostics: &'r mut Diagnostics,
    scope: Scope,
}

impl Resolver<'_, '_> {
    fn ty(&mut self, ty: &TypeExpr) -> Resolved {
        match &ty.kind {
            TypeExprKind::Optional(inner) => self.optional(ty, inner),
            TypeExprKind::Named { name, numbers, types } => self.named(ty, name, numbers, types),
            TypeExprKind::Struct(fields) => self.fields(ty, fields),
            TypeExprKind::Object(entries) => self.object(ty, entries),
            TypeExprKind::Function { .. } => {
                self.bad(
                    ty,
                    "a value is no function",
                    "not a type of values",
                    "write the type of what the function answers",
                );
                error()
            }
            TypeExprKind::Bad => error(),
        }
    }

    fn optional(&mut self, ty: &TypeExpr, inner: &TypeExpr) -> Resolved {
        let mut resolved = self.ty(inner);
        if resolved.ty.optional {
            let text = self.ctx.sources.text(inner.span).to_owned();
            let message = format!("`{text}` may be missing already");
            let diagnostic = Diagnostic::new(Code::BAD_TYPE, ty.span, message)
                .found("one `?` too many")
                .help(format!("write `{text}`"))
                .fix(format!("write `{text}`"), ty.span, text);
            self.diagnostics.push(diagnostic);
        }
        resolved.ty.optional = true;
        resolved
    }

    fn named(&mut self, ty: &TypeExpr, name: &ast::Name, numbers: &[ast::Expr], types: &[TypeExpr]) -> Resolved {
        let kind = match name.text.as_str() {
            "decimal" if types.is_empty() => return Resolved::plain(self.decimal(ty, numbers)),
            "list" => return self.list(ty, numbers, types),
            "map" => return self.map(ty, numbers, types),
            word => match TypeKind::of_word(word) {
                Some(kind) => Some(kind),
                None if self.is_declared(word) => None,
                None => {
                    self.unknown(ty, name, numbers, types);
                    return error();
                }
            },
        };
        if !numbers.is_empty() || !types.is_empty() {
            let message = format!("`{}` takes nothing in brackets", name.text);
            let plain = Diagnostic::new(Code::BAD_TYPE, ty.span, message)
                .found("too much is said of this type")
                .help(format!("write `{}`", name.text))
                .fix(format!("write `{}`", name.text), ty.span, name.text.clone());
            self.diagnostics.push(plain);
        }
        match kind {
            Some(kind) => Resolved::plain(kind.required()),
            None => self.declared(ty, name),
        }
    }

    fn list(&mut self, ty: &TypeExpr, numbers: &[ast::Expr], types: &[TypeExpr]) -> Resolved {
        let ([item], []) = (types, numbers) else {
            let message = format!("a list says what it holds, once: `{}`", self.ctx.sources.text(ty.span));
            self.bad(ty, &message, "not one type in `< >`", "write `list<string>`");
            return error();
        };
        self.part("a list", item, |item| TypeKind::List(Box::new(item)))
    }

    fn map(&mut self, ty: &TypeExpr, numbers: &[ast::Expr], types: &[TypeExpr]) -> Resolved {
        let ([key, value], []) = (types, numbers) else {
            let message = format!(
                "a map says its keys' type and its values': `{}`",
                self.ctx.sources.text(ty.span)
            );
            self.bad(ty, &message, "not two types in `< >`", "write `map<string, int>`");
            return error();
        };
        let keys = self.ty(key);
        if keys.ty.kind != TypeKind::Error && keys.ty != TypeKind::Text.required() {
            let message = format!("the keys of a map are texts, not {}", keys.ty);
            let diagnostic = Diagnostic::new(Code::BAD_TYPE, key.span, message)
                .found("not `string`")
                .help("write `string`; a list of structs holds pairs of any types")
                .fix("write `string`", key.span, "string");
            self.diagnostics.push(diagnostic);
        }
        self.part("a map", value, |value| TypeKind::Map(Box::new(value)))
    }

    /// The type inside of a list or map.
    fn part(&mut self, whole: &'static str, part: &TypeExpr, kind: impl FnOnce(Type) -> TypeKind) -> Resolved {
        let scope = Scope { inside: Some(whole) };
        let found = scope.resolve(self.ctx, part, self.diagnostics);
        match found.ty.kind {
            TypeKind::Error => error(),
            _ => Resolved {
                ty: kind(found.ty).required(),
                ..found
            },
        }
    }

    /// A struct of these fields.
    fn fields(&mut self, ty: &TypeExpr, fields: &[ast::Field]) -> Resolved {
        if fields.is_empty() {
            self.bad(
                ty,
                "a struct has at least one field",
                "no fields",
                "write `struct { name : string }`",
            );
            return error();
        }
        let fields = check_fields(self.ctx, fields, self.scope.within_struct(), self.diagnostics);
        let columns = fields.iter().map(|field| field.column.clone()).collect();
        Resolved {
            ty: TypeKind::Struct(columns).required(),
            inner: fields,
            object: None,
        }
    }

    fn object(&mut self, ty: &TypeExpr, entries: &[ast::Entry]) -> Resolved {
        let rules = object_rules(entries, self.diagnostics);
        if let Some(whole) = self.scope.inside {
            let message = format!("an object is a field of the row itself, not part of {whole}");
            self.bad(
                ty,
                &message,
                "inside of another type",
                "give it a field of its own, or a row of its own",
            );
            return error();
        }
        Resolved {
            object: Some(rules),
            ..Resolved::plain(TypeKind::Object.required())
        }
    }

    fn decimal(&mut self, ty: &TypeExpr, numbers: &[ast::Expr]) -> Type {
        let number = |expr: &ast::Expr| match &expr.kind {
            ExprKind::Int(digits) => digits.parse::<u8>().ok(),
            _ => None,
        };
        let written: Option<Vec<u8>> = numbers.iter().map(number).collect();
        match written.as_deref() {
            Some(&[precision, scale]) if (1..=MAX_DIGITS).contains(&precision) && scale <= precision => {
                TypeKind::Decimal { precision, scale }.required()
            }
            _ => {
                let text = self.ctx.sources.text(ty.span);
                let diagnostic = Diagnostic::new(Code::BAD_TYPE, ty.span, format!("`{text}` is not a decimal type"))
                    .found("a decimal has 1 to 38 digits, and not more of them behind the point than in all")
                    .help("write how many digits in all, and how many of them behind the point: `decimal(12, 2)`");
                self.diagnostics.push(diagnostic);
                super::error()
            }
        }
    }

    fn is_declared(&self, name: &str) -> bool {
        let types = self.ctx.types;
        types.variants(name).is_some() || types.alias(name).is_some() || types.schema(name).is_some()
    }

    /// An enum, a `type` or a schema. What is wrong inside of these is said where they are declared.
    fn declared(&mut self, ty: &TypeExpr, name: &ast::Name) -> Resolved {
        let types = self.ctx.types;
        if let Some(variants) = types.variants(&name.text) {
            let kind = TypeKind::Enum {
                name: name.text.clone(),
                variants: variants.to_vec(),
            };
            return Resolved::plain(kind.required());
        }
        if types.is_no_type(&name.text) {
            return error();
        }
        let mut unsaid = Diagnostics::default();
        if let Some(alias) = types.alias(&name.text) {
            let found = self.scope.resolve(self.ctx, alias, &mut unsaid);
            if found.ty.kind == TypeKind::Object
                && let Some(whole) = self.scope.inside
            {
                let message = format!("an object is a field of the row itself, not part of {whole}");
                self.bad(
                    ty,
                    &message,
                    "inside of another type",
                    "give it a field of its own, or a row of its own",
                );
                return error();
            }
            return found;
        }
        let whole = TypeExpr {
            kind: TypeExprKind::Struct(types.schema(&name.text).unwrap_or_default().to_vec()),
            span: ty.span,
        };
        let mut found = self.scope.resolve(self.ctx, &whole, &mut unsaid);
        if let TypeKind::Struct(columns) = &mut found.ty.kind {
            // A key, an event time or a subject is one of rows, not of what is inside of them.
            let inner = found.inner.iter_mut().map(|field| &mut field.column);
            for column in columns.iter_mut().chain(inner) {
                (column.key, column.event_time, column.subject) = (false, false, false);
            }
        }
        found
    }

    fn unknown(&mut self, ty: &TypeExpr, name: &ast::Name, numbers: &[ast::Expr], types: &[TypeExpr]) {
        let message = format!("no type is called `{}`", name.text);
        let diagnostic = Diagnostic::new(Code::UNKNOWN_TYPE, name.span, message).found("not a type");
        // What other languages call it is nearer to what was meant than any spelling.
        let lower = name.text.to_lowercase();
        let known = WORDS.iter().find(|word| **word == lower).map(|word| (*word, true));
        if let ("option" | "optional" | "nullable" | "maybe", [inner]) = (lower.as_str(), types) {
            let written = format!("{}?", self.ctx.sources.text(inner.span));
            let diagnostic = diagnostic.help(format!("what may be missing is written `{written}`"));
            self.diagnostics
                .push(diagnostic.fix(format!("write `{written}`"), ty.span, written));
            return;
        }
        if let Some((word, keeps)) = known.or_else(|| elsewhere(&name.text)) {
            let (written, span) = match (word, keeps) {
                ("decimal", true) if numbers.is_empty() => ("decimal(12, 2)".to_owned(), ty.span),
                ("list", true) if types.is_empty() => ("list<string>".to_owned(), ty.span),
                ("map", true) if types.is_empty() => ("map<string, string>".to_owned(), ty.span),
                (word, true) => (word.to_owned(), name.span),
                (word, false) => (word.to_owned(), ty.span),
            };
            let diagnostic = diagnostic.help(format!("did you mean `{written}`?"));
            self.diagnostics
                .push(diagnostic.fix(format!("write `{written}`"), span, written));
            return;
        }
        let near = suggest(&name.text, WORDS.into_iter().chain(self.ctx.types.names()));
        self.diagnostics.push(match near {
            Some(near) => {
                diagnostic
                    .help(format!("did you mean `{near}`?"))
                    .fix(format!("write `{near}`"), name.span, near)
            }
            None => diagnostic.help(format!(
                "write one of {}, or declare it: `enum {} {{ A, B }}`",
                list(&WORDS),
                name.text
            )),
        });
    }

    fn bad(&mut self, ty: &TypeExpr, message: &str, found: &str, help: &str) {
        let diagnostic = Diagnostic::new(Code::BAD_TYPE, ty.span, message).found(found);
        self.diagnostics.push(diagnostic.help(help));
    }
}

fn error() -> Resolved {
    Resolved::plain(super::error())
}

fn list(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
