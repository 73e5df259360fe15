//! Types and fields.

use crate::diag::{Code, Diagnostic};

use super::super::ast::{Field, Name, TypeExpr, TypeExprKind};
use super::super::grammar::Rule;
use super::super::habits::{LISTS, MAPS, OPTIONAL};
use super::{Builder, Node, child, children};

impl Builder<'_> {
    /// The first child that is a type.
    pub(super) fn type_in(&mut self, node: &Node) -> TypeExpr {
        match child(node, Rule::type_expr) {
            Some(found) => self.type_expr(found),
            None => TypeExpr {
                kind: TypeExprKind::Bad,
                span: self.span(node),
            },
        }
    }

    pub(super) fn type_expr(&mut self, node: Node) -> TypeExpr {
        let span = self.span(&node);
        if child(&node, Rule::fat_arrow).is_some() {
            return self.function_type(node);
        }
        let optional = child(&node, Rule::question).is_some();
        let Some(core) = node.clone().into_inner().next() else {
            return TypeExpr {
                kind: TypeExprKind::Bad,
                span,
            };
        };
        let mut inner = self.type_core(core);
        if let Some(brackets) = child(&node, Rule::brackets) {
            inner = self.bracket_list(inner, &brackets);
        }
        if optional {
            TypeExpr {
                kind: TypeExprKind::Optional(Box::new(inner)),
                span,
            }
        } else {
            inner
        }
    }

    /// `string[]`, read as `list<string>`.
    fn bracket_list(&mut self, inner: TypeExpr, brackets: &Node) -> TypeExpr {
        let span = inner.span.to(self.span(brackets));
        let of = self.source.get(inner.span.start as usize..inner.span.end as usize);
        let written = format!("list<{}>", of.unwrap_or("…"));
        self.say(
            Diagnostic::new(Code::SYNTAX, span, "a list's type is written `list<…>`")
                .found("`[]` makes no list")
                .help(format!("write `{written}`"))
                .fix(format!("write `{written}`"), span, written),
        );
        let name = Name {
            text: "list".to_owned(),
            span,
        };
        TypeExpr {
            kind: TypeExprKind::Named {
                name,
                numbers: Vec::new(),
                types: vec![inner],
            },
            span,
        }
    }

    /// `Option<string>`, read as `string?`; and `Vec<string>`, read as `list<string>`.
    fn foreign_generic(&mut self, name: &mut Name, types: &[TypeExpr]) -> bool {
        let lower = name.text.to_ascii_lowercase();
        let source = self.source;
        let text = |span: crate::base::Span| source.get(span.start as usize..span.end as usize).unwrap_or("…");
        let own = match types {
            _ if matches!(name.text.as_str(), "list" | "map") => return false,
            [one] if OPTIONAL.contains(&lower.as_str()) => {
                let written = format!("{}?", text(one.span));
                self.say(
                    Diagnostic::new(Code::SYNTAX, name.span, format!("`{}` is no type", name.text))
                        .found("a type of another language")
                        .help(format!("write `{written}` for a value that may be missing")),
                );
                return true;
            }
            [_] if LISTS.contains(&lower.as_str()) => "list",
            [_, _] if MAPS.contains(&lower.as_str()) => "map",
            _ => return false,
        };
        self.say(
            Diagnostic::new(Code::SYNTAX, name.span, format!("`{}` is no type", name.text))
                .found("a type of another language")
                .help(format!("write `{own}<…>`"))
                .fix(format!("write `{own}`"), name.span, own),
        );
        name.text = own.to_owned();
        false
    }

    fn function_type(&mut self, node: Node) -> TypeExpr {
        let span = self.span(&node);
        let mut types: Vec<_> = Vec::new();
        let mut optional = false;
        for inner in node.into_inner() {
            match inner.as_rule() {
                Rule::type_expr => types.push(self.type_expr(inner)),
                Rule::type_params => {
                    let params = children(&inner, Rule::type_expr).collect::<Vec<_>>();
                    types.extend(params.into_iter().map(|param| self.type_expr(param)));
                }
                Rule::struct_type | Rule::object_type | Rule::named_type => types.push(self.type_core(inner)),
                Rule::question => optional = true,
                _ => {}
            }
        }
        let returns = types.pop();
        if optional && let Some(param) = types.pop() {
            types.push(TypeExpr {
                span: param.span,
                kind: TypeExprKind::Optional(Box::new(param)),
            });
        }
        let kind = match returns {
            Some(returns) => TypeExprKind::Function {
                params: types,
                returns: Box::new(returns),
            },
            None => TypeExprKind::Bad,
        };
        TypeExpr { kind, span }
    }

    fn type_core(&mut self, core: Node) -> TypeExpr {
        let span = self.span(&core);
        let kind = match core.as_rule() {
            Rule::struct_type => TypeExprKind::Struct(self.fields_in(&core)),
            Rule::object_type => TypeExprKind::Object(self.settings_in(&core)),
            Rule::named_type => self.named_type(&core),
            _ => TypeExprKind::Bad,
        };
        TypeExpr { kind, span }
    }

    fn named_type(&mut self, node: &Node) -> TypeExprKind {
        let path = self.path_in(node);
        let numbers = children(node, Rule::expr).collect::<Vec<_>>();
        let numbers = numbers.into_iter().map(|number| self.any_expr(number)).collect();
        let types = children(node, Rule::type_expr).collect::<Vec<_>>();
        let mut types: Vec<TypeExpr> = types.into_iter().map(|inner| self.type_expr(inner)).collect();
        let mut name = Name {
            text: path.text(),
            span: path.span,
        };
        if self.foreign_generic(&mut name, &types)
            && let Some(inner) = types.pop()
        {
            return TypeExprKind::Optional(Box::new(inner));
        }
        TypeExprKind::Named { name, numbers, types }
    }

    /// The fields of a schema or struct.
    pub(super) fn fields_in(&mut self, node: &Node) -> Vec<Field> {
        let Some(list) = child(node, Rule::fields) else {
            return Vec::new();
        };
        let mut fields = Vec::new();
        for field in list.into_inner() {
            match field.as_rule() {
                Rule::field => fields.push(self.field(&field)),
                Rule::bad_field => fields.extend(self.bad_field(&field)),
                _ => {}
            }
        }
        fields
    }

    fn field(&mut self, node: &Node) -> Field {
        if child(node, Rule::rest).is_some() {
            self.explain(node, Rule::field_alone, "a field");
        }
        self.foreign_mark(node, Rule::equals, ":", "a field is written `name : type`");
        let default = child(node, Rule::field_default);
        if let Some(default) = &default {
            self.foreign_mark(default, Rule::equals, "=", "a default follows one `=`");
        }
        let check = child(node, Rule::field_check);
        Field {
            doc: self.doc_of(node),
            name: self.name_in(node),
            ty: self.type_in(node),
            labels: children(node, Rule::label).map(|label| self.name_in(&label)).collect(),
            default: default.map(|default| self.expr_in(&default)),
            check: check.map(|check| self.expr_in(&check)),
            span: self.span_without_doc(node),
        }
    }

    /// What can be kept of a field that could not be read: its name, and its type if that was good.
    fn bad_field(&mut self, node: &Node) -> Option<Field> {
        self.explain(node, Rule::field_alone, "a field");
        child(node, Rule::name)?;
        Some(Field {
            doc: self.doc_of(node),
            name: self.name_in(node),
            ty: self.type_in(node),
            labels: Vec::new(),
            default: None,
            check: None,
            span: self.span_without_doc(node),
        })
    }
}
