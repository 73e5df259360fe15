//! The examples of declarations, typed: what every engine must answer.

use crate::check::constant;
use crate::check::context::Context;
use crate::check::exprs::{Checker, Place};
use crate::diag::Diagnostics;
use crate::plan::expr::{Aggregate, Expr, Literal};
use crate::plan::types::{Column, Type, TypeKind};
use crate::syntax::ast::{self, BinaryOp, ExprKind};

use super::{Declaration, Kind, Pattern};

/// The column that an example's values are in.
const COLUMN: &str = "value";

/// An example of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Example {
    /// A condition without columns that is true on every engine: `len("pipe") == 4`.
    Scalar(Expr),
    /// An aggregate, or a function of a window, over rows with one column, `value`.
    Aggregate {
        /// The aggregate; its argument is the column `value`.
        aggregate: Aggregate,
        /// The values of one group, or of a window's rows in their order; none for `count()`.
        values: Vec<Literal>,
        /// What it answers; for a window, in its last row.
        result: Literal,
    },
}

/// The examples of a declaration, typed.
pub fn examples(ctx: &Context<'_>, declaration: &Declaration, diagnostics: &mut Diagnostics) -> Vec<Example> {
    let mut found = Vec::new();
    for example in &declaration.examples {
        let typed = match declaration.kind {
            Kind::Aggregate | Kind::Window => over_rows(ctx, declaration, example, diagnostics),
            Kind::Scalar => Some(Example::Scalar(
                Checker::new(ctx, &[], Place::Step, diagnostics)
                    .condition(example, "an example")
                    .expr,
            )),
        };
        found.extend(typed);
    }
    found
}

/// `sum([1, 2]) == 3`, `sum([null]) is null`, `any([true])`
fn over_rows(
    ctx: &Context<'_>,
    declaration: &Declaration,
    example: &ast::Expr,
    diagnostics: &mut Diagnostics,
) -> Option<Example> {
    let (call, result) = match &example.kind {
        ExprKind::Binary {
            op: BinaryOp::Equal,
            left,
            right,
            ..
        } => (left.as_ref(), Some(right.as_ref())),
        ExprKind::Is { value, .. } => (value.as_ref(), None),
        _ => (example, None),
    };
    let truth = std::ptr::eq(call, example);
    let ExprKind::Call {
        function,
        arguments,
        order,
    } = &call.kind
    else {
        return None;
    };
    let items = match arguments.first().map(|argument| &argument.value.kind) {
        Some(ExprKind::List(items)) => items.as_slice(),
        _ => &[],
    };
    let (values, ty) = values(ctx, declaration, items, diagnostics);
    let column = [Column::new(COLUMN, ty)];
    let named = ast::Expr {
        kind: ExprKind::Call {
            function: function.clone(),
            arguments: over_column(declaration, arguments, call).into(),
            order: order.clone(),
        },
        span: call.span,
    };
    let mut checker = Checker::new(ctx, &column, Place::Group, diagnostics);
    let (aggregate, _) = match declaration.kind {
        Kind::Window => checker.over_window(&named)?,
        _ => checker.aggregate(&named)?,
    };
    let wanted = Type {
        kind: aggregate.ty.kind.clone(),
        optional: true,
    };
    let result = match (result, truth) {
        (None, true) => Literal::Bool(true),
        (None, false) => Literal::Null,
        (Some(result), _) => {
            let typed = Checker::new(ctx, &[], Place::Constant, diagnostics).wanted(result, &wanted, "the result");
            constant::evaluate(&typed.expr).ok()?
        }
    };
    Some(Example::Aggregate {
        aggregate,
        values,
        result,
    })
}

/// The items of an example's list, of the type that the first of them has.
fn values(
    ctx: &Context<'_>,
    declaration: &Declaration,
    items: &[ast::Expr],
    diagnostics: &mut Diagnostics,
) -> (Vec<Literal>, Type) {
    let mut checker = Checker::new(ctx, &[], Place::Constant, diagnostics);
    let typed: Vec<_> = items.iter().map(|item| checker.expr(item)).collect();
    let present = typed.iter().find(|value| *value.kind() != TypeKind::Null);
    // A group of only missing values is one of what the aggregate takes.
    let kind = match (present, declaration.params.first().map(|param| &param.ty)) {
        (Some(value), _) => value.kind().clone(),
        (None, Some(Pattern::Kind(kind))) => kind.clone(),
        (None, _) => TypeKind::Int,
    };
    let ty = Type {
        optional: typed.iter().any(|value| *value.kind() == TypeKind::Null),
        kind,
    };
    let asked = Type {
        optional: true,
        kind: ty.kind.clone(),
    };
    let values = typed.into_iter().filter_map(|value| {
        let value = checker.asked(value, &asked, "a value of an example");
        constant::evaluate(&value.expr).ok()
    });
    (values.collect(), ty)
}

/// The arguments with the column in the place of the list. A function that takes no value of its rows has none in their
/// place; one that takes two has the column twice.
fn over_column(declaration: &Declaration, arguments: &[ast::Argument], call: &ast::Expr) -> Vec<ast::Argument> {
    let column = ast::Argument {
        name: None,
        value: ast::Expr {
            kind: ExprKind::Name(COLUMN.into()),
            span: call.span,
        },
    };
    let Some((_, others)) = arguments.split_first() else {
        return Vec::new();
    };
    if others.len() == declaration.params.len() {
        return others.to_vec();
    }
    let mut written = vec![column.clone()];
    written.extend(others.iter().cloned());
    while written.len() < declaration.least() {
        written.push(column.clone());
    }
    written
}
