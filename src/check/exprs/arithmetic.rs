//! `+ - * / %` on numbers and times, and `-x`.

use crate::base::Span;
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{ArithmeticOp, Expr, ExprKind, Literal};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast::{self, BinaryOp};

use super::meet::as_beside;
use super::{Checker, Typed, union};

/// Microseconds of a day.
pub(super) const DAY: i64 = 86_400_000_000;

impl Checker<'_> {
    /// `+ - * / %`
    pub(super) fn arithmetic(
        &mut self,
        expr: &ast::Expr,
        op: ArithmeticOp,
        at: Span,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Typed {
        if op == ArithmeticOp::Add
            && let Some(said) = self.joins_texts(expr)
        {
            return said;
        }
        let (left, right) = (self.expr(left), self.expr(right));
        self.computed(expr, op, at, left, right)
    }

    fn computed(&mut self, expr: &ast::Expr, op: ArithmeticOp, at: Span, left: Typed, right: Typed) -> Typed {
        if left.is_error() || right.is_error() {
            return self.error(expr);
        }
        let (l, r) = (as_beside(&left.expr, right.kind()), as_beside(&right.expr, left.kind()));
        let Some(operation) = ty::arithmetic(op, &l, &r) else {
            self.no_arithmetic(expr, op, at, &left, &right);
            return self.error(expr);
        };
        let divides = matches!(op, ArithmeticOp::Divide | ArithmeticOp::Remainder);
        if divides && right.literal().is_some_and(is_zero) {
            self.by_zero(&right, op);
            return self.error(expr);
        }
        if !self.moves_by_days(&left, &right) {
            return self.error(expr);
        }
        let labels = union([&left, &right]);
        let missing = left.expr.ty.optional || right.expr.ty.optional;
        // Division by a literal that is not zero is decided when the project is compiled: it always has an answer.
        let optional = missing || (divides && right.literal().is_none());
        let whole = operation.result == TypeKind::Float && l == TypeKind::Int && r == TypeKind::Int;
        let (left, right) = match whole {
            true => (left, right),
            false => (
                self.convert(left, &operation.left),
                self.convert(right, &operation.right),
            ),
        };
        let node = ExprKind::Arithmetic {
            op,
            left: Box::new(left.expr),
            right: Box::new(right.expr),
        };
        let kind = operation.result;
        self.typed(expr, node, Type { kind, optional }, labels)
    }

    /// `-x`; a number's literal takes its sign at once, so that the least int can be written.
    pub(super) fn negate(&mut self, expr: &ast::Expr, value: &ast::Expr, hint: Option<&TypeKind>) -> Typed {
        match &value.kind {
            ast::ExprKind::Int(digits) => return self.int(expr, digits, true, hint),
            ast::ExprKind::Decimal(text) => return self.decimal(expr, text, true, hint),
            _ => {}
        }
        let value = self.expr_for(value, hint);
        match (value.kind(), value.literal()) {
            (TypeKind::Error, _) => self.error(expr),
            (TypeKind::Duration, Some(Literal::Duration(length))) => {
                let length = length.saturating_neg();
                self.constant(expr, Literal::Duration(length), TypeKind::Duration)
            }
            (TypeKind::Int | TypeKind::Decimal { .. } | TypeKind::Float | TypeKind::Duration, _) => {
                let (ty, labels) = (value.expr.ty.clone(), value.labels);
                self.typed(expr, ExprKind::Negate(Box::new(value.expr)), ty, labels)
            }
            (kind, _) => {
                let message = format!("`-` takes a number, but `{}` is {kind}", value.expr.text);
                let diagnostic =
                    Diagnostic::new(Code::TYPE_MISMATCH, value.span, message).found(format!("this is {kind}"));
                self.say(match kind {
                    TypeKind::Bool => diagnostic.help(format!("write `not {}`", value.expr.text)),
                    _ => diagnostic,
                });
                self.error(expr)
            }
        }
    }

    /// `a + " " + b` of texts: one mistake for the whole chain, and the text that joins them.
    fn joins_texts(&mut self, expr: &ast::Expr) -> Option<Typed> {
        let mut operands = Vec::new();
        let mut rest = expr;
        while let ast::ExprKind::Binary {
            op: BinaryOp::Add,
            left,
            right,
            ..
        } = &rest.kind
        {
            operands.push(right.as_ref());
            rest = left;
        }
        operands.push(rest);
        operands.reverse();
        // A text in quotes says that texts are meant; without one, the types of a plain `a + b` do.
        let quoted = operands
            .iter()
            .any(|operand| matches!(operand.kind, ast::ExprKind::Text(_)));
        let plain = |name: &str| self.column_kind(name) == Some(TypeKind::Text);
        let named = operands
            .iter()
            .any(|operand| matches!(&operand.kind, ast::ExprKind::Name(name) if plain(name)));
        if !quoted && !named {
            return None;
        }
        let typed: Vec<_> = operands.iter().map(|operand| self.expr(operand)).collect();
        if typed.iter().any(Typed::is_error) {
            return Some(self.error(expr));
        }
        let written = format!(
            "\"{}\"",
            operands.iter().map(|operand| self.piece(operand)).collect::<String>()
        );
        let text = typed.iter().find(|value| *value.kind() == TypeKind::Text)?;
        let message = format!("`+` adds numbers, but `{}` is string", text.expr.text);
        let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, text.span, message)
            .found("this is string")
            .help(format!("texts are joined by writing them in one: write `{written}`"))
            .fix(format!("write `{written}`"), expr.span, written);
        self.say(diagnostic);
        Some(self.error(expr))
    }

    /// An operand as a piece of a text.
    fn piece(&self, operand: &ast::Expr) -> String {
        let text = self.text_of(operand.span);
        let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match (&operand.kind, inside) {
            (ast::ExprKind::Text(_), Some(inside)) if !text.starts_with("\"\"\"") => inside.to_owned(),
            (ast::ExprKind::Int(_) | ast::ExprKind::Decimal(_), _) => text.to_string(),
            _ => format!("${{{text}}}"),
        }
    }

    /// A date moves by whole days only, and that must be known when the project is compiled.
    fn moves_by_days(&mut self, left: &Typed, right: &Typed) -> bool {
        let (date, by) = match (left.kind(), right.kind()) {
            (TypeKind::Date, TypeKind::Duration) => (left, right),
            (TypeKind::Duration, TypeKind::Date) => (right, left),
            _ => return true,
        };
        if whole_days(&by.expr) {
            return true;
        }
        let (day, text) = (&date.expr.text, &by.expr.text);
        let message = format!("`{day}` is a date, and `{text}` is not a whole number of days");
        let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, by.span, message).found("not known to be whole days");
        self.say(diagnostic.help(format!("write days, as in `{day} + 1 day`, or use a timestamp")));
        false
    }

    fn by_zero(&mut self, right: &Typed, op: ArithmeticOp) {
        let message = format!("`{}` by zero never has an answer", sign(op));
        let diagnostic = Diagnostic::new(Code::ALWAYS_MISSING, right.span, message).found("this is zero");
        self.say(diagnostic.help("divide by something else"));
    }

    fn no_arithmetic(&mut self, expr: &ast::Expr, op: ArithmeticOp, at: Span, left: &Typed, right: &Typed) {
        use TypeKind::{Date, Decimal, Duration, Float, Int, Timestamp};
        let (l, r) = (left.kind(), right.kind());
        let (lt, rt) = (&left.expr.text, &right.expr.text);
        let message = format!(
            "there is no `{}` of {l} and {r}: `{lt}` is {l}, `{rt}` is {r}",
            sign(op)
        );
        let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, at, message)
            .found(format!("{l} and {r}"))
            .label(left.span, format!("this is {l}"))
            .label(right.span, format!("this is {r}"));
        let put = |diagnostic: Diagnostic, why: &str, span: Span, text: String| {
            diagnostic
                .help(format!("{why}: write `{text}`"))
                .fix(format!("write `{text}`"), span, text)
        };
        let adds = matches!(op, ArithmeticOp::Add | ArithmeticOp::Subtract);
        self.say(match (l, r) {
            (Date, Int) if adds => {
                let unit = if rt == "1" { "day" } else { "days" };
                let days = match right.literal() {
                    Some(_) => format!("{rt} {unit}"),
                    None => format!("{rt} * 1 day"),
                };
                put(diagnostic, "a date moves by days", right.span, days)
            }
            (Timestamp, Int) if adds && right.literal().is_some() => diagnostic.help(format!(
                "say in which unit: `{lt} {} {rt} s`, `{rt} min`, `{rt} hours`",
                sign(op)
            )),
            (Timestamp, Int) if adds => put(diagnostic, "say in which unit", right.span, format!("{rt} * 1 s")),
            (Timestamp, Date) => put(
                diagnostic,
                "take the day of the timestamp",
                left.span,
                format!("date({lt})"),
            ),
            (Date, Timestamp) => put(
                diagnostic,
                "take the day of the timestamp",
                right.span,
                format!("date({rt})"),
            ),
            (Decimal { .. }, Float) => put(
                diagnostic,
                "a decimal never becomes a float by itself",
                left.span,
                format!("float({lt})"),
            ),
            (Float, Decimal { .. }) => put(
                diagnostic,
                "a decimal never becomes a float by itself",
                right.span,
                format!("float({rt})"),
            ),
            (Timestamp | Date, Timestamp | Date) => diagnostic.help("two of them are a duration apart: write `-`"),
            (Duration, Decimal { .. } | Float) | (Decimal { .. } | Float, Duration) => diagnostic
                .help("a duration is taken a whole number of times: write it in a smaller unit, as in `90 min`"),
            (Duration, Int) | (Int, Duration) if adds => {
                diagnostic.help("a number beside a duration has a unit: `5 min`")
            }
            (TypeKind::Text, _) | (_, TypeKind::Text) if op == ArithmeticOp::Add => {
                let joined = format!("\"${{{lt}}}${{{rt}}}\"");
                put(diagnostic, "texts are joined by writing them in one", expr.span, joined)
            }
            (TypeKind::List(_), TypeKind::List(_)) if op == ArithmeticOp::Add => put(
                diagnostic,
                "lists are joined by a function",
                expr.span,
                format!("concat({lt}, {rt})"),
            ),
            (TypeKind::Json, _) | (_, TypeKind::Json) => diagnostic.help("read what is in the json as a number first"),
            (TypeKind::Null, _) | (_, TypeKind::Null) => {
                diagnostic.help("a missing value makes the answer missing: leave it out")
            }
            _ => {
                diagnostic.help("`+ - * / %` take numbers; durations, dates and timestamps can be added and subtracted")
            }
        });
    }
}

/// How it is written.
pub(super) fn sign(op: ArithmeticOp) -> &'static str {
    match op {
        ArithmeticOp::Add => "+",
        ArithmeticOp::Subtract => "-",
        ArithmeticOp::Multiply => "*",
        ArithmeticOp::Divide => "/",
        ArithmeticOp::Remainder => "%",
    }
}

fn is_zero(literal: &Literal) -> bool {
    match literal {
        Literal::Int(value) | Literal::Duration(value) => *value == 0,
        Literal::Decimal { unscaled, .. } => *unscaled == 0,
        Literal::Float(value) => *value == 0.0,
        _ => false,
    }
}

/// Whether a duration is whole days whatever the row holds.
fn whole_days(expr: &Expr) -> bool {
    let both = |left: &Expr, right: &Expr| whole_days(left) && whole_days(right);
    match &expr.kind {
        ExprKind::Literal(Literal::Duration(length)) => length % DAY == 0,
        ExprKind::Literal(Literal::Null) | ExprKind::Reject(_) => true,
        ExprKind::Negate(value) | ExprKind::Cast(value) => whole_days(value),
        ExprKind::If { then, otherwise, .. } => both(then, otherwise),
        ExprKind::Coalesce { value, default } => both(value, default),
        ExprKind::Arithmetic { op, left, right } => match (op, &left.ty.kind, &right.ty.kind) {
            (ArithmeticOp::Subtract, TypeKind::Date, TypeKind::Date) => true,
            (ArithmeticOp::Add | ArithmeticOp::Subtract | ArithmeticOp::Remainder, ..) => both(left, right),
            (ArithmeticOp::Multiply, TypeKind::Int, _) => whole_days(right),
            (ArithmeticOp::Multiply, _, TypeKind::Int) => whole_days(left),
            _ => false,
        },
        _ => false,
    }
}
