//! Items: what stands behind the word that starts one.

use super::super::ast::{
    Block, EnumVariant, FnParam, Function, ItemKind, Name, SourceType, StrLit, Target, Test, Transform,
};
use super::super::ast::{ExprKind, TextPart};
use super::blocks::Clauses;
use super::{Reader, fitted};

impl Reader<'_> {
    pub(super) fn item(&mut self, keyword: &Name) -> Option<ItemKind> {
        self.spaces();
        Some(match keyword.text.as_str() {
            "use" => ItemKind::Use {
                path: self.plain_text()?,
            },
            "param" => self.param()?,
            "enum" => self.enum_item()?,
            "type" => {
                let name = self.name()?;
                self.spaces();
                self.equals()?;
                self.spaces();
                ItemKind::TypeAlias {
                    name,
                    ty: self.type_expr()?,
                }
            }
            "schema" => {
                let name = self.name()?;
                self.spaces();
                ItemKind::Schema {
                    name,
                    fields: self.fields()?,
                }
            }
            "fn" => ItemKind::Function(self.function()?),
            "test" => ItemKind::Test(self.test()?),
            "transform" => ItemKind::Transform(self.transform()?),
            _ => ItemKind::Block(self.plain_block(keyword)?),
        })
    }

    fn param(&mut self) -> Option<ItemKind> {
        let name = self.name()?;
        let ty = self.typed()?;
        let default = self.default()?;
        Some(ItemKind::Param { name, ty, default })
    }

    /// `: TYPE`.
    fn typed(&mut self) -> Option<super::super::ast::TypeExpr> {
        self.spaces();
        self.need(":")?;
        self.spaces();
        self.type_expr()
    }

    /// `= VALUE`, or nothing.
    fn default(&mut self) -> Option<Option<super::super::ast::Expr>> {
        let from = self.at;
        self.spaces();
        if self.equals().is_none() {
            self.at = from;
            return Some(None);
        }
        self.spaces();
        self.value().map(Some)
    }

    fn enum_item(&mut self) -> Option<ItemKind> {
        let name = self.name()?;
        self.spaces();
        let variants = self.listed("{", "}", |reader| {
            let doc = reader.doc()?;
            let name = reader.name()?;
            Some(EnumVariant { doc, name })
        })?;
        Some(ItemKind::Enum { name, variants })
    }

    /// Things between brackets, with a comma or a line break between them.
    pub(super) fn listed<T>(
        &mut self,
        open: &str,
        close: &str,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.need(open)?;
        self.gap();
        let mut found = Vec::new();
        while !self.is(close) {
            found.push(read(self)?);
            let separated = self.separator();
            self.gap();
            if !separated && !self.is(close) {
                return None;
            }
        }
        self.need(close)?;
        Some(fitted(found))
    }

    /// Things between round brackets, with commas between them.
    pub(super) fn arguments_of<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.need("(")?;
        self.gap();
        let mut found = Vec::new();
        while !self.is(")") {
            found.push(read(self)?);
            self.gap();
            if !self.take(",") {
                break;
            }
            self.gap();
        }
        self.need(")")?;
        Some(fitted(found))
    }

    fn function(&mut self) -> Option<Function> {
        let name = self.name()?;
        self.spaces();
        let params = self.arguments_of(|reader| {
            let name = reader.name()?;
            let ty = reader.typed()?;
            let default = reader.default()?;
            Some(FnParam { name, ty, default })
        })?;
        self.spaces();
        self.need("->")?;
        self.spaces();
        let returns = self.type_expr()?;
        let from = self.at;
        self.spaces();
        let mut body = None;
        if self.equals().is_some() {
            self.spaces();
            body = Some(self.expr()?);
        } else {
            self.at = from;
        }
        let entries = self.maybe_block(Clauses::None)?;
        Some(Function {
            name,
            params,
            returns,
            body,
            entries,
        })
    }

    /// A text that takes no `${ }`.
    pub(super) fn plain_text(&mut self) -> Option<StrLit> {
        let from = self.at;
        let ExprKind::Text(parts) = self.text()? else {
            return None;
        };
        let mut value = String::new();
        for part in parts {
            match part {
                TextPart::Plain(plain) => value.push_str(&plain),
                TextPart::Expr(_) => return None,
            }
        }
        Some(StrLit {
            value,
            span: self.span(from),
        })
    }

    fn test(&mut self) -> Option<Test> {
        let title = self.plain_text()?;
        self.some_spaces()?;
        self.need_word("for")?;
        self.some_spaces()?;
        let transform = self.name()?;
        self.spaces();
        let entries = self.block(Clauses::Test)?;
        Some(Test {
            title,
            transform,
            entries,
        })
    }

    fn transform(&mut self) -> Option<Transform> {
        let name = self.name()?;
        self.spaces();
        self.need(":")?;
        self.spaces();
        let inputs = self.paths()?;
        let from = self.at;
        self.spaces();
        let mut target = None;
        if self.take("->") {
            self.spaces();
            target = Some(self.target()?);
        } else {
            self.at = from;
        }
        let entries = self.maybe_block(Clauses::Transform)?;
        Some(Transform {
            name,
            inputs,
            target,
            entries,
        })
    }

    fn target(&mut self) -> Option<Target> {
        let dataset = self.plain_path()?;
        let mut from = self.at;
        self.spaces();
        let mut contract = None;
        if self.take(":") {
            self.spaces();
            contract = Some(self.name()?);
            from = self.at;
        }
        self.at = from;
        let (mut mode, mut keys) = (None, Vec::new());
        if self.some_spaces().is_some() && matches!(self.word(), "append" | "overwrite" | "merge" | "history") {
            mode = self.name();
            if self.spaced_word("by") {
                self.some_spaces()?;
                keys = self.names()?;
            }
        } else {
            self.at = from;
        }
        Some(Target {
            dataset,
            contract,
            mode,
            keys,
        })
    }

    fn plain_block(&mut self, keyword: &Name) -> Option<Block> {
        let name = self.plain_path()?;
        let kind = keyword.text.as_str();
        let mut input = None;
        if kind == "source" {
            let from = self.at;
            self.spaces();
            if self.take(":") {
                self.spaces();
                input = Some(self.source_type()?);
            } else {
                self.at = from;
            }
        }
        let parent = match kind {
            "class" => self.behind("below")?,
            "item" | "variant" => self.behind("of")?,
            _ => None,
        };
        let like = match kind {
            "item" | "variant" | "override" => None,
            _ => self.behind("like")?,
        };
        let clauses = match kind {
            "access" => Clauses::Access,
            "monitor" => Clauses::Monitor,
            "item" | "variant" => Clauses::Declared,
            _ => Clauses::None,
        };
        Some(Block {
            keyword: keyword.clone(),
            name: name.of_item(kind),
            input,
            like,
            parent,
            entries: self.maybe_block(clauses)?,
        })
    }

    /// A path behind a word, or nothing.
    pub(super) fn behind(&mut self, word: &str) -> Option<Option<super::super::ast::Path>> {
        if !self.spaced_word(word) {
            return Some(None);
        }
        self.some_spaces()?;
        self.plain_path().map(Some)
    }

    fn source_type(&mut self) -> Option<SourceType> {
        let shape = self.name()?;
        self.some_spaces()?;
        self.need_word("of")?;
        self.some_spaces()?;
        let schema = self.type_expr()?;
        Some(SourceType { shape, schema })
    }
}
