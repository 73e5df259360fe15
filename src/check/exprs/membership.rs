//! `x in […]`, `x in 1..3`, `x in xs`, `x between a and b`.

use crate::check::ty;
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
            _ => self.in_value(expr, value, not, set),
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
        let low = self.expr_for(low, Some(value.kind()));
        let high = self.expr_for(high, Some(value.kind()));
        let both = self.within(expr, value, low, high);
        if !not || both.is_error() {
            return both;
        }
        self.answer(expr, [both], |[both]| ExprKind::Not(Box::new(both)))
    }

    /// A typed value from a low end to a high one.
    pub(super) fn within(&mut self, expr: &ast::Expr, value: Typed, low: Typed, high: Typed) -> Typed {
        if let (Some(from), Some(to)) = (low.literal(), high.literal())
            && is_empty_range(from, to)
        {
            let (low, high) = (&low.expr.text, &high.expr.text);
            let message = format!("nothing is between `{low}` and `{high}`: the lower end comes first");
            let diagnostic = Diagnostic::new(Code::ALWAYS_MISSING, expr.span, message).found("never true");
            self.say(diagnostic.help(format!("write the lower end first: `{high}`, then `{low}`")));
            return self.error(expr);
        }
        let (low_at, high_at) = (low.span, high.span);
        let from = self.compared(expr, CompareOp::GreaterEqual, low_at, value.clone(), low);
        if from.is_error() {
            return from;
        }
        let to = self.compared(expr, CompareOp::LessEqual, high_at, value, high);
        self.joined(expr, LogicOp::And, from, to)
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
        let mut wrong = value.is_error();
        let mut checked = Vec::new();
        for entry in entries {
            let typed = self.expr_for(entry, Some(value.kind()));
            wrong |= typed.is_error() || self.is_null_entry(&typed);
            checked.push(typed);
        }
        if wrong {
            return self.error(expr);
        }
        if checked.is_empty() {
            let diagnostic = Diagnostic::new(Code::NOT_A_CONDITION, set.span, "nothing is in an empty list")
                .found("no entries")
                .help("write what is looked for: `in [\"a\", \"b\"]`");
            self.say(diagnostic);
            return self.error(expr);
        }
        let parts: Vec<_> = std::iter::once(&value).chain(&checked).collect();
        let Some(kind) = self.meet(&parts, None, "an entry of the list has another type") else {
            return self.error(expr);
        };
        let value = self.convert(value, &kind);
        let checked: Vec<_> = checked.into_iter().map(|entry| self.convert(entry, &kind)).collect();
        if checked.iter().chain([&value]).any(Typed::is_error) {
            return self.error(expr);
        }
        let literals: Option<Vec<Literal>> = checked.iter().map(Typed::value).collect();
        match literals {
            Some(list) => self.answer(expr, [value], |[value]| ExprKind::In {
                value: Box::new(value),
                list,
                negated: not,
            }),
            None => {
                let list = self.list_of(set, checked, &kind);
                self.contained(expr, value, not, list)
            }
        }
    }

    /// `x in xs`
    fn in_value(&mut self, expr: &ast::Expr, value: &ast::Expr, not: bool, set: &ast::Expr) -> Typed {
        let set_typed = self.expr(set);
        let item = match set_typed.kind() {
            TypeKind::List(item) => Some(item.kind.clone()),
            _ => None,
        };
        let value = self.expr_for(value, item.as_ref());
        if set_typed.is_error() || value.is_error() {
            return self.error(expr);
        }
        let Some(item) = item else {
            self.no_list(&value, not, &set_typed);
            return self.error(expr);
        };
        let mut one = set_typed.clone();
        one.expr.ty = item.required();
        let Some(kind) = self.meet(
            &[&value, &one],
            Some(set.span),
            "the items of the list have another type",
        ) else {
            return self.error(expr);
        };
        let optional = matches!(set_typed.kind(), TypeKind::List(item) if item.optional);
        let list = TypeKind::List(Box::new(Type {
            kind: kind.clone(),
            optional,
        }));
        let (value, set_typed) = (self.convert(value, &kind), self.convert(set_typed, &list));
        if value.is_error() || set_typed.is_error() {
            return self.error(expr);
        }
        self.contained(expr, value, not, set_typed)
    }

    /// Whether a list holds a value; missing items leave it open.
    fn contained(&mut self, expr: &ast::Expr, value: Typed, not: bool, list: Typed) -> Typed {
        let items = matches!(list.kind(), TypeKind::List(item) if item.optional);
        let mut typed = self.answer(expr, [value, list], |[value, list]| ExprKind::Contains {
            value: Box::new(value),
            list: Box::new(list),
            negated: not,
        });
        typed.expr.ty.optional |= items;
        typed
    }

    fn no_list(&mut self, value: &Typed, not: bool, set: &Typed) {
        let (one, many, kind) = (&value.expr.text, &set.expr.text, set.kind());
        let message = format!("`in` looks into a list, but `{many}` is {kind}");
        let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, set.span, message).found(format!("this is {kind}"));
        let word = if not { "not " } else { "" };
        let call = |written: String, diagnostic: Diagnostic| {
            diagnostic.help(format!("write `{written}`")).fix(
                format!("write `{written}`"),
                value.span.to(set.span),
                written,
            )
        };
        self.say(match kind {
            TypeKind::Text => call(format!("{word}contains({many}, {one})"), diagnostic),
            TypeKind::Map(_) if not => call(format!("{many}[{one}] is null"), diagnostic),
            TypeKind::Map(_) => call(format!("{many}[{one}] is not null"), diagnostic),
            kind if ty::unify(kind, value.kind()).is_some() => {
                let sign = if not { "!=" } else { "==" };
                call(format!("{one} {sign} {many}"), diagnostic)
            }
            _ => diagnostic.help("write a list `in [a, b]`, or a range `in 1..3`"),
        });
    }

    /// Whether an entry of a list is `null`, which is said.
    fn is_null_entry(&mut self, entry: &Typed) -> bool {
        let null = matches!(entry.literal(), Some(Literal::Null)) && !entry.is_error();
        if null {
            let diagnostic = Diagnostic::new(Code::NULL_LITERAL, entry.span, "a list of `in` holds no `null`")
                .found("nothing is equal to a missing value")
                .help("write `x in […] or x is null`");
            self.say(diagnostic);
        }
        null
    }
}

/// Whether the lower end of two literals is behind the higher one.
fn is_empty_range(low: &Literal, high: &Literal) -> bool {
    match (low, high) {
        (Literal::Int(low), Literal::Int(high)) => low > high,
        (
            Literal::Decimal {
                unscaled: low,
                scale: from,
            },
            Literal::Decimal {
                unscaled: high,
                scale: to,
            },
        ) => from == to && low > high,
        (Literal::Date(low), Literal::Date(high)) => low > high,
        (Literal::Timestamp(low), Literal::Timestamp(high)) | (Literal::Duration(low), Literal::Duration(high)) => {
            low > high
        }
        _ => false,
    }
}
