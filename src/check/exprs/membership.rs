//! `x in […]`, `x in 1..3`, `x between a and b`.

use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{CompareOp, ExprKind, Literal, LogicOp};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast;

use super::{Checker, Typed};

impl Checker<'_> {
    /// `x [not] in SET`
    pub(super) fn membership(&mut self, expr: &ast::Expr, value: &ast::Expr, not: bool, set: &ast::Expr) -> Typed {
        match &set.kind {
            ast::ExprKind::List(entries) => self.in_list(expr, value, not, set, entries),
            ast::ExprKind::Range { low, high } => self.between(expr, value, not, low, high),
            ast::ExprKind::Bad => self.error(expr),
            _ => self.refused(
                expr,
                set.span,
                "`in` with something else than a list of literals or a range",
            ),
        }
    }

    /// `x [not] between a and b`, both ends in: two comparisons.
    pub(super) fn between(
        &mut self,
        expr: &ast::Expr,
        value: &ast::Expr,
        not: bool,
        low: &ast::Expr,
        high: &ast::Expr,
    ) -> Typed {
        let value = self.expr(value);
        let (low, high) = (self.expr(low), self.expr(high));
        let (low_span, high_span) = (low.span, high.span);
        let from = self.compared(expr, CompareOp::GreaterEqual, low_span, value.clone(), low);
        if from.is_error() {
            return from;
        }
        let to = self.compared(expr, CompareOp::LessEqual, high_span, value, high);
        let both = self.joined(expr, LogicOp::And, from, to);
        if !not || both.is_error() {
            return both;
        }
        let (ty, labels) = (both.expr.ty.clone(), both.labels);
        self.typed(expr, ExprKind::Not(Box::new(both.expr)), ty, labels)
    }

    fn in_list(
        &mut self,
        expr: &ast::Expr,
        value: &ast::Expr,
        not: bool,
        set: &ast::Expr,
        entries: &[ast::Expr],
    ) -> Typed {
        let value = self.expr(value);
        let mut checked = Vec::new();
        for entry in entries {
            let typed = self.expr(entry);
            if !typed.is_error() && self.is_entry(&typed) {
                checked.push(typed);
            }
        }
        if value.is_error() || checked.len() < entries.len() {
            return self.error(expr);
        }
        if checked.is_empty() {
            let diagnostic = Diagnostic::new(Code::NOT_A_CONDITION, set.span, "nothing is in an empty list")
                .found("no entries")
                .help("write what is looked for: `in [\"a\", \"b\"]`");
            self.say(diagnostic);
            return self.error(expr);
        }
        let mut widest = value.kind().clone();
        for entry in &checked {
            let mut beside = value.clone();
            beside.expr.ty.kind = widest;
            match self.together(&beside, entry, entry.span, "an entry of the list has another type") {
                Some(kind) => widest = kind,
                None => return self.error(expr),
            }
        }
        let value = self.convert(value, &widest);
        let mut list = Vec::new();
        for entry in checked {
            let entry = self.convert(entry, &widest);
            match (entry.is_error(), entry.expr.kind) {
                (false, ExprKind::Literal(literal)) => list.push(literal),
                _ => return self.error(expr),
            }
        }
        let ty = Type {
            kind: TypeKind::Bool,
            optional: value.expr.ty.optional,
        };
        let labels = value.labels;
        let kind = ExprKind::In {
            value: Box::new(value.expr),
            list,
            negated: not,
        };
        self.typed(expr, kind, ty, labels)
    }

    /// Whether a checked entry is a literal and not `null`; what it is else is said.
    fn is_entry(&mut self, entry: &Typed) -> bool {
        match entry.literal() {
            Some(Literal::Null) => {
                let diagnostic = Diagnostic::new(Code::NULL_LITERAL, entry.span, "a list of `in` holds no `null`")
                    .found("nothing is equal to a missing value")
                    .help("write `x in […] or x is null`");
                self.say(diagnostic);
                false
            }
            Some(_) => true,
            None => {
                let what = format!("`in` with `{}`, which is not a literal", entry.expr.text);
                self.say(crate::check::not_yet(entry.span, what));
                false
            }
        }
    }
}
