//! Types as written, to types.

use crate::base::suggest;
use crate::check::context::Context;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast::{self, ExprKind, TypeExpr, TypeExprKind};

use super::MAX_DIGITS;

/// What is not a plain word without numbers, and plain words, for suggestions.
const WORDS: [&str; 13] = [
    "bool",
    "int",
    "float",
    "decimal",
    "string",
    "bytes",
    "date",
    "timestamp",
    "duration",
    "uuid",
    "json",
    "list",
    "map",
];

/// How far `type` may lead to `type` before it is taken to go round in a circle.
const DEPTH: usize = 32;

/// The type that is written; `Error` where it is none, which is said.
pub fn resolve(ctx: &Context<'_>, ty: &TypeExpr, diagnostics: &mut Diagnostics) -> Type {
    Resolver { ctx, diagnostics }.ty(ty, 0)
}

struct Resolver<'r, 'a> {
    ctx: &'r Context<'a>,
    diagnostics: &'r mut Diagnostics,
}

impl Resolver<'_, '_> {
    fn ty(&mut self, ty: &TypeExpr, depth: usize) -> Type {
        match &ty.kind {
            TypeExprKind::Optional(inner) => Type {
                optional: true,
                ..self.ty(inner, depth)
            },
            TypeExprKind::Named { name, numbers, types } => self.named(ty, name, numbers, types, depth),
            TypeExprKind::Struct(_) => self.later(ty, "fields that are a struct"),
            TypeExprKind::Object(_) => self.later(ty, "fields that are an object"),
            TypeExprKind::Function { .. } | TypeExprKind::Bad => super::error(),
        }
    }

    fn named(
        &mut self,
        ty: &TypeExpr,
        name: &ast::Name,
        numbers: &[ast::Expr],
        types: &[TypeExpr],
        depth: usize,
    ) -> Type {
        let kind = match name.text.as_str() {
            "decimal" => return self.decimal(ty, numbers),
            "bytes" | "duration" | "json" | "list" | "map" => {
                let what = format!("fields of type `{}`", self.ctx.sources.text(ty.span));
                return self.later(ty, &what);
            }
            word => match TypeKind::of_word(word) {
                Some(kind) => kind,
                None => return self.declared(name, depth),
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
        kind.required()
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

    fn declared(&mut self, name: &ast::Name, depth: usize) -> Type {
        let types = self.ctx.types;
        if let Some(variants) = types.variants(&name.text) {
            let kind = TypeKind::Enum {
                name: name.text.clone(),
                variants: variants.to_vec(),
            };
            return kind.required();
        }
        if let Some(alias) = types.alias(&name.text) {
            if depth < DEPTH {
                return self.ty(alias, depth + 1);
            }
            let message = format!("type `{}` leads back to itself", name.text);
            let circle = Diagnostic::new(Code::BAD_TYPE, name.span, message).found("part of a circle");
            self.diagnostics
                .push(circle.help("let it stand for a type of the language"));
            return super::error();
        }
        if types.is_schema(&name.text) {
            let what = format!("fields of a schema's type (`{}`)", name.text);
            self.diagnostics.push(crate::check::not_yet(name.span, what));
            return super::error();
        }
        self.unknown(name);
        super::error()
    }

    fn unknown(&mut self, name: &ast::Name) {
        let message = format!("no type is called `{}`", name.text);
        let diagnostic = Diagnostic::new(Code::UNKNOWN_TYPE, name.span, message).found("not a type");
        // What other languages call it is nearer to what was meant than any spelling.
        let meant = match name.text.to_lowercase().as_str() {
            "text" | "varchar" | "str" => Some("string"),
            "integer" | "bigint" | "long" | "i64" => Some("int"),
            "double" | "real" | "f64" => Some("float"),
            "boolean" => Some("bool"),
            "datetime" | "time" => Some("timestamp"),
            "numeric" => Some("decimal(12, 2)"),
            _ => None,
        };
        let meant = meant.or_else(|| suggest(&name.text, WORDS.into_iter().chain(self.ctx.types.names())));
        self.diagnostics.push(match meant {
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

    fn later(&mut self, ty: &TypeExpr, what: &str) -> Type {
        self.diagnostics.push(crate::check::not_yet(ty.span, what));
        super::error()
    }
}

fn list(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
