//! The examples of declarations, typed: what every engine must answer.

use crate::check::context::Context;
use crate::check::exprs::{Checker, Place, Typed};
use crate::diag::Diagnostics;
use crate::plan::expr::{Aggregate, Expr, Literal};
use crate::plan::types::{Column, Type};
use crate::syntax::ast::{self, BinaryOp, ExprKind};

use super::Declaration;

/// An example of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Example {
    /// A condition without columns that is true on every engine: `len("pipe") == 4`.
    Scalar(Expr),
    /// An aggregate over one column, `value`, with its values and the answer.
    Aggregate {
        /// The aggregate; its argument is the column `value`.
        aggregate: Aggregate,
        /// The values of one group; none for `count()`.
        values: Vec<Literal>,
        /// What it answers.
        result: Literal,
    },
}

/// The examples of a declaration, typed.
pub fn examples(ctx: &Context<'_>, declaration: &Declaration, diagnostics: &mut Diagnostics) -> Vec<Example> {
    let mut found = Vec::new();
    for example in &declaration.examples {
        let typed = match declaration.aggregate {
            true => aggregate(ctx, example, diagnostics),
            false => Some(Example::Scalar(
                Checker::new(ctx, &[], Place::Step, diagnostics)
                    .condition(example, "an example")
                    .expr,
            )),
        };
        found.extend(typed);
    }
    found
}

/// `sum([1, 2]) == 3`, `sum([null]) is null`
fn aggregate(ctx: &Context<'_>, example: &ast::Expr, diagnostics: &mut Diagnostics) -> Option<Example> {
    let (call, result) = match &example.kind {
        ExprKind::Binary {
            op: BinaryOp::Equal,
            left,
            right,
            ..
        } => (left, Some(right)),
        ExprKind::Is { value, .. } => (value, None),
        _ => return None,
    };
    let ExprKind::Call {
        function, arguments, ..
    } = &call.kind
    else {
        return None;
    };
    let entries = match arguments.first().map(|argument| &argument.value.kind) {
        Some(ExprKind::List(entries)) => entries.as_slice(),
        _ => &[],
    };
    let values = entries
        .iter()
        .map(|entry| Checker::new(ctx, &[], Place::Constant, diagnostics).expr(entry));
    let values: Vec<Typed> = values.collect();
    let present = |value: &&Typed| !matches!(value.literal(), Some(Literal::Null));
    // A group of only missing values is one of missing ints.
    let kind = values
        .iter()
        .find(present)
        .map_or(crate::plan::types::TypeKind::Int, |value| value.kind().clone());
    let ty = Type {
        kind: kind.clone(),
        optional: !values.iter().all(|value| present(&value)),
    };
    let column = Column {
        name: "value".into(),
        ty,
        labels: Default::default(),
        doc: None,
        key: false,
        event_time: false,
        subject: false,
    };
    let named = ast::Expr {
        kind: ExprKind::Name("value".into()),
        span: call.span,
    };
    let over = ast::Expr {
        kind: ExprKind::Call {
            function: function.clone(),
            arguments: arguments
                .iter()
                .map(|_| ast::Argument {
                    name: None,
                    value: named.clone(),
                })
                .collect(),
            order: Vec::new(),
        },
        span: call.span,
    };
    let columns = [column];
    let (aggregate, _) = Checker::new(ctx, &columns, Place::Group, diagnostics).aggregate(&over)?;
    let mut checker = Checker::new(ctx, &[], Place::Constant, diagnostics);
    let answer = result.map(|result| checker.expr(result));
    let wanted = Type {
        kind: aggregate.ty.kind.clone(),
        optional: true,
    };
    let answer = answer.map(|answer| checker.asked(answer, &wanted, "the result of an example"));
    let column_type = Type { kind, optional: true };
    let values = values
        .into_iter()
        .map(|value| checker.asked(value, &column_type, "a value of an example"));
    let values = values.filter_map(|value| value.literal().cloned()).collect();
    Some(Example::Aggregate {
        aggregate,
        values,
        result: answer
            .and_then(|answer| answer.literal().cloned())
            .unwrap_or(Literal::Null),
    })
}
