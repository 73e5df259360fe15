//! Expressions: from the tree to typed expressions of the plan, one file a construct.
//!
//! One mistake is said once: what is wrong gets the type `Error`, which goes together with everything.
//! It must not know steps: who asks gives the columns in scope and says what kind of place it is.

mod access;
mod aggregate;
mod arguments;
mod arithmetic;
mod branch;
mod call;
pub mod column;
mod compare;
pub mod convert;
pub mod declassify;
mod duration;
mod habits;
mod interpolate;
mod json;
mod lambda;
mod later;
mod literal;
mod logic;
mod matching;
pub(crate) mod meet;
mod membership;
pub mod own;
mod pattern;
mod record;
mod text;

use std::collections::BTreeSet;

use crate::base::{Excerpt, Span};
use crate::check::constant;
use crate::check::context::Context;
use crate::check::ty;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Column, Type, TypeKind};
use crate::syntax::ast;

pub use text::{first_line_of, line_of, one_line};
use text::{is_plain_line, plain_line_of};

/// What kind of place an expression stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A step: the row may be turned away.
    Step,
    /// A field's `check`.
    Check,
    /// A key or an aggregate's argument in a `group`.
    Group,
    /// A value that must be known when the project is compiled.
    Constant,
    /// The body of a project's own function, which reads its parameters.
    Own,
    /// The body of a `row => …`.
    Lambda,
}

/// A typed expression with what only checking needs.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The expression.
    pub expr: Expr,
    /// The classes of every column that it was computed from.
    pub labels: BTreeSet<String>,
    /// Where it stands.
    pub span: Span,
}

impl Typed {
    /// The kind of its type.
    pub fn kind(&self) -> &TypeKind {
        &self.expr.ty.kind
    }

    /// Whether it stands for a mistake that was said.
    pub fn is_error(&self) -> bool {
        self.expr.ty.kind == TypeKind::Error
    }

    /// Its value, if it is a literal.
    pub fn literal(&self) -> Option<&Literal> {
        match &self.expr.kind {
            ExprKind::Literal(literal) => Some(literal),
            _ => None,
        }
    }

    /// What it is worth, if that is known when the project is compiled: it reads nothing, and rejects nothing.
    pub fn value(&self) -> Option<Literal> {
        constant::evaluate(&self.expr).ok()
    }
}

/// Checks the expressions of one place.
#[derive(Debug)]
pub struct Checker<'c> {
    ctx: &'c Context<'c>,
    columns: &'c [Column],
    /// Columns of the other sides of joins, called `ALIAS.column`.
    joined: &'c [Column],
    /// Parameters of the `row => …` around, innermost last.
    locals: Vec<Column>,
    place: Place,
    /// What around the expression is one line of text as it is, so that its parts need no look.
    line: Option<Span>,
    diagnostics: &'c mut Diagnostics,
}

impl<'c> Checker<'c> {
    /// A checker for expressions over these columns.
    pub fn new(ctx: &'c Context<'c>, columns: &'c [Column], place: Place, diagnostics: &'c mut Diagnostics) -> Self {
        Checker {
            ctx,
            columns,
            joined: &[],
            locals: Vec::new(),
            place,
            line: None,
            diagnostics,
        }
    }

    /// The same checker, which also reads these columns of the other sides of joins; each is called `ALIAS.column`.
    pub fn with_joined(mut self, joined: &'c [Column]) -> Self {
        self.joined = joined;
        self
    }

    /// Types an expression where nothing is known of the type that is asked for.
    pub fn expr(&mut self, expr: &ast::Expr) -> Typed {
        self.expr_for(expr, None)
    }

    /// Types an expression where one of a declared type is asked for: literals take its type, bare names are its
    /// variants. What does not fit is said; `what` names the place: "the default of `total`".
    pub fn wanted(&mut self, expr: &ast::Expr, wanted: &Type, what: &str) -> Typed {
        let typed = self.expr_for(expr, Some(&wanted.kind));
        self.asked(typed, wanted, what)
    }

    /// The value of an expression where one of a declared type is asked for that is known when the project is compiled.
    /// What does not fit, and what is not known, is said.
    pub fn known(&mut self, expr: &ast::Expr, wanted: &Type, what: &str) -> Option<Literal> {
        let typed = self.wanted(expr, wanted, what);
        if typed.is_error() {
            return None;
        }
        let value = typed.value();
        if value.is_none() {
            let message = format!("`{}` is not known when the project is compiled", typed.expr.text);
            let diagnostic = Diagnostic::new(Code::NOT_CONSTANT, expr.span, message);
            self.say(diagnostic.found("not a value").help("write the value itself"));
        }
        value
    }

    /// Types an expression whose place would like a kind. The hint only decides what is open otherwise (the type of a
    /// literal, a variant's bare name); the answer may be of another kind.
    pub fn expr_for(&mut self, expr: &ast::Expr, hint: Option<&TypeKind>) -> Typed {
        use ast::ExprKind as Kind;
        if !self.is_in_line(expr.span) && is_plain_line(self.ctx.sources, expr.span) {
            self.line = Some(expr.span);
        }
        match &expr.kind {
            Kind::Null => self.typed(
                expr,
                ExprKind::Literal(Literal::Null),
                TypeKind::Null.optional(),
                BTreeSet::new(),
            ),
            Kind::Bool(value) => self.constant(expr, Literal::Bool(*value), TypeKind::Bool),
            Kind::Int(digits) => self.int(expr, digits, false, hint),
            Kind::Decimal(text) => self.decimal(expr, text, false, hint),
            Kind::Text(parts) => self.text(expr, parts),
            Kind::Quantity { number, unit } => self.quantity(expr, number, unit),
            Kind::Name(name) => self.name(expr, name, hint),
            Kind::Member { of, name } => self.member(expr, of, name),
            Kind::Index { of, index } => self.index(expr, of, index),
            Kind::List(items) => self.list(expr, items, hint),
            Kind::Record(fields) => self.record(expr, fields, hint),
            Kind::Call {
                function, arguments, ..
            } if function.kind == Kind::Name(declassify::DECLASSIFY.to_owned()) => {
                self.declassify(expr, arguments, hint)
            }
            Kind::Call {
                function,
                arguments,
                order,
            } => self.call(expr, function, arguments, order),
            Kind::Unary { op, value } => self.unary(expr, *op, value, hint),
            Kind::Binary {
                op,
                op_span,
                left,
                right,
            } => self.binary(expr, (*op, *op_span), left, right, hint),
            Kind::Is { value, not, other } => self.is(expr, value, *not, other),
            Kind::In { value, not, set } => self.membership(expr, value, *not, set),
            Kind::Between { value, not, low, high } => self.between(expr, value, *not, low, high),
            Kind::If {
                condition,
                then,
                otherwise,
            } => self.branch(expr, condition, then, otherwise, hint),
            Kind::Match { value, arms } => self.matching(expr, value, arms, hint),
            Kind::Reject(_) => self.misplaced_reject(expr),
            Kind::Lambda { .. } => self.misplaced_lambda(expr),
            Kind::Bad => self.error(expr),
            _ => self.no_value(expr),
        }
    }

    /// Types a condition of a step, branch or check: `what` names it in messages.
    pub fn condition(&mut self, expr: &ast::Expr, what: &str) -> Typed {
        let typed = self.expr(expr);
        match typed.kind() {
            TypeKind::Bool | TypeKind::Error => typed,
            TypeKind::Null => {
                let diagnostic = Diagnostic::new(
                    Code::NULL_LITERAL,
                    expr.span,
                    format!("{what} is never true: it is `null`"),
                );
                self.say(diagnostic.found("always missing").help("write a condition, or `false`"));
                self.error(expr)
            }
            kind => {
                let message = format!("{what} must be a bool, but `{}` is {kind}", typed.expr.text);
                let diagnostic =
                    Diagnostic::new(Code::NOT_A_CONDITION, expr.span, message).found(format!("this is {kind}"));
                let help = match kind {
                    TypeKind::Int | TypeKind::Decimal { .. } | TypeKind::Float => {
                        format!("write `{} != 0`", typed.expr.text)
                    }
                    TypeKind::Text => format!("write `{} != \"\"`", typed.expr.text),
                    TypeKind::List(_) => format!("write `len({}) > 0`", typed.expr.text),
                    _ => format!("compare it: `{} == …`", typed.expr.text),
                };
                self.say(diagnostic.help(help));
                self.error(expr)
            }
        }
    }

    fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The text of an expression on one line.
    fn text_of(&self, span: Span) -> Excerpt {
        match self.is_in_line(span) {
            true => plain_line_of(self.ctx.sources, span),
            false => line_of(self.ctx.sources, span),
        }
    }

    fn is_in_line(&self, span: Span) -> bool {
        self.line.is_some_and(|line| line.covers(span))
    }

    fn typed(&self, expr: &ast::Expr, kind: ExprKind, mut ty: Type, labels: BTreeSet<String>) -> Typed {
        if !labels.is_empty() && !knows_its_parts(&kind) {
            ty::label_inside(&mut ty.kind, &labels);
        }
        let text = self.text_of(expr.span);
        Typed {
            expr: Expr { kind, ty, text },
            labels,
            span: expr.span,
        }
    }

    fn constant(&self, expr: &ast::Expr, literal: Literal, kind: TypeKind) -> Typed {
        self.typed(expr, ExprKind::Literal(literal), kind.required(), BTreeSet::new())
    }

    /// What takes the place of a mistake that was said.
    fn error(&self, expr: &ast::Expr) -> Typed {
        let ty = TypeKind::Error.required();
        self.typed(expr, ExprKind::Literal(Literal::Null), ty, BTreeSet::new())
    }
}

/// Whether an expression says itself which labels each part of its value carries. The parts of any other value carry all
/// that the whole was computed from.
fn knows_its_parts(kind: &ExprKind) -> bool {
    use ExprKind::{Cast, Coalesce, Column, If, Index, List, Local, Match, Member, Struct};
    matches!(
        kind,
        Column(_)
            | Local(_)
            | Member { .. }
            | Index { .. }
            | List(_)
            | Struct(_)
            | Coalesce { .. }
            | If { .. }
            | Match { .. }
            | Cast(_)
    )
}

/// Labels of several expressions together.
fn union<'t>(parts: impl IntoIterator<Item = &'t Typed>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for part in parts {
        all.extend(part.labels.iter().cloned());
    }
    all
}
