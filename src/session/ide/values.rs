//! What expressions name.

use crate::base::Span;
use crate::syntax::ast::{Expr, ExprKind, Name};

use super::columns::Scope;
use super::mentions::{Mentions, Symbol};

/// Walks an expression.
pub(super) struct Walk<'w, 'm, 'p> {
    mentions: &'w mut Mentions<'m, 'p>,
    columns: Option<&'w Scope>,
    others: &'w [(String, Span, Scope)],
    locals: Vec<(String, Span)>,
}

impl<'w, 'm, 'p> Walk<'w, 'm, 'p> {
    /// Over no columns.
    pub(super) fn new(mentions: &'w mut Mentions<'m, 'p>) -> Self {
        Walk {
            mentions,
            columns: None,
            others: &[],
            locals: Vec::new(),
        }
    }

    /// Names may mean these columns.
    pub(super) fn over(mut self, columns: &'w Scope) -> Self {
        self.columns = Some(columns);
        self
    }

    /// Names may mean the other sides of joins.
    pub(super) fn beside(mut self, others: &'w [(String, Span, Scope)]) -> Self {
        self.others = others;
        self
    }

    /// Names may mean these parameters.
    pub(super) fn with(mut self, locals: Vec<(String, Span)>) -> Self {
        self.locals = locals;
        self
    }

    /// All that an expression names.
    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Label(name) => self.mentions.label(name),
            ExprKind::Member { of, name } => self.member(of, name),
            ExprKind::Lambda { params, body } => {
                let before = self.locals.len();
                for param in params {
                    self.mentions.add(param.span, Symbol::Local(param.span), true);
                    self.locals.push((param.text.clone(), param.span));
                }
                self.expr(body);
                self.locals.truncate(before);
            }
            ExprKind::Call {
                function,
                arguments,
                order,
            } => {
                match &function.kind {
                    ExprKind::Name(name) => self.function(name, function.span),
                    _ => self.expr(function),
                }
                arguments.iter().for_each(|argument| self.expr(&argument.value));
                order.iter().for_each(|order| self.expr(&order.value));
            }
            _ => expr.children().into_iter().for_each(|child| self.expr(child)),
        }
    }

    fn name(&mut self, name: &str, span: Span) {
        let local = self.locals.iter().rev().find(|(known, _)| known == name);
        if let Some((_, declared)) = local {
            let symbol = Symbol::Local(*declared);
            return self.mentions.add(span, symbol, false);
        }
        if let Some(origin) = self.columns.and_then(|columns| columns.get(name)) {
            return self.mentions.add(span, Symbol::Column(*origin), false);
        }
        if let Some((_, declared, _)) = self.others.iter().find(|(known, ..)| known == name) {
            let symbol = Symbol::Local(*declared);
            return self.mentions.add(span, symbol, false);
        }
        let text = Name {
            text: name.to_owned(),
            span,
        };
        for kind in ["param", "enum"] {
            if self.mentions.context.index.get(kind, name).is_some() {
                return self.mentions.uses(kind, &text);
            }
        }
        if let Some(of) = self.mentions.context.only_enum_with(name) {
            let symbol = Symbol::Variant {
                of: of.to_owned(),
                name: name.to_owned(),
            };
            self.mentions.add(span, symbol, false);
        }
    }

    fn function(&mut self, name: &str, span: Span) {
        let context = self.mentions.context;
        let symbol = match context.index.get("fn", name) {
            Some(_) => Symbol::Item {
                kind: "fn".to_owned(),
                name: name.to_owned(),
            },
            None if context.functions.contains(name) => Symbol::Function(name.to_owned()),
            None => return,
        };
        self.mentions.add(span, symbol, false);
    }

    /// `of.name`: a column of the other side of a join, a variant of an enum, a dataset, a field.
    fn member(&mut self, of: &Expr, name: &Name) {
        self.expr(of);
        let ExprKind::Name(owner) = &of.kind else { return };
        if let Some((_, _, columns)) = self.others.iter().find(|(known, ..)| known == owner) {
            if let Some(origin) = columns.get(&name.text) {
                self.mentions.add(name.span, Symbol::Column(*origin), false);
            }
        } else if self.mentions.context.index.get("enum", owner).is_some() {
            let symbol = Symbol::Variant {
                of: owner.clone(),
                name: name.text.clone(),
            };
            self.mentions.add(name.span, symbol, false);
        }
    }
}
