//! Types and fields.

use super::super::ast::{Field, TypeExpr, TypeExprKind};
use super::blocks::Clauses;
use super::{Reader, fitted};

impl Reader<'_> {
    pub(super) fn type_expr(&mut self) -> Option<TypeExpr> {
        let from = self.at;
        let mut ty = self.type_core()?;
        if self.is("[") {
            return None;
        }
        if self.is("?") && self.ahead(1) != Some(b'?') {
            self.at += 1;
            ty = TypeExpr {
                kind: TypeExprKind::Optional(Box::new(ty)),
                span: self.span(from),
            };
        }
        let behind = self.at;
        self.spaces();
        if self.is("=>") {
            // A type of functions: of the standard library only.
            return None;
        }
        self.at = behind;
        Some(ty)
    }

    fn type_core(&mut self) -> Option<TypeExpr> {
        let from = self.at;
        let kind = match self.word() {
            "" => return None,
            "struct" => {
                self.need_word("struct")?;
                self.spaces();
                TypeExprKind::Struct(self.fields()?)
            }
            "object" => {
                self.need_word("object")?;
                TypeExprKind::Object(self.maybe_block(Clauses::None)?)
            }
            _ => self.named_type()?,
        };
        Some(TypeExpr {
            kind,
            span: self.span(from),
        })
    }

    fn named_type(&mut self) -> Option<TypeExprKind> {
        let path = self.plain_path()?;
        let (mut numbers, mut types) = (Vec::new(), Vec::new());
        if self.take("(") {
            numbers = self.some_until(")", Reader::expr)?;
        }
        if self.take("<") {
            if !matches!(path.text().as_str(), "list" | "map") {
                return None;
            }
            types = self.some_until(">", Reader::type_expr)?;
        }
        let name = super::super::ast::Name {
            text: path.text(),
            span: path.span,
        };
        Some(TypeExprKind::Named { name, numbers, types })
    }

    /// Things with commas between them, at least one, and what closes them.
    fn some_until<T>(&mut self, close: &str, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut found = Vec::new();
        loop {
            self.gap();
            found.push(read(self)?);
            self.gap();
            if !self.take(",") {
                break;
            }
        }
        self.need(close)?;
        Some(fitted(found))
    }

    pub(super) fn fields(&mut self) -> Option<Vec<Field>> {
        self.listed("{", "}", Reader::field)
    }

    fn field(&mut self) -> Option<Field> {
        let doc = self.doc()?;
        let from = self.at;
        let name = self.name()?;
        self.spaces();
        self.need(":")?;
        self.spaces();
        let ty = self.type_expr()?;
        let (mut labels, mut default, mut check) = (Vec::new(), None, None);
        loop {
            let behind = self.at;
            self.spaces();
            if self.is("@") {
                labels.push(self.label()?);
            } else if self.is_equals() && default.is_none() {
                self.equals()?;
                self.spaces();
                default = Some(self.value()?);
            } else if check.is_none() && self.take_word("check") {
                self.spaces();
                check = Some(self.expr()?);
            } else {
                self.at = behind;
                break;
            }
        }
        Some(Field {
            doc,
            name,
            ty,
            labels: fitted(labels),
            default,
            check,
            span: self.span(from),
        })
    }
}
