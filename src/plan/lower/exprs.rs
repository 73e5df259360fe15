//! Which types and expressions today's engines carry.
//!
//! It must not know steps: it sees their expressions.

use super::Lowering;
use crate::base::Span;
use crate::check::program::Source;
use crate::plan::expr::{ArithmeticOp, Expr, ExprKind, Literal};
use crate::plan::types::{Column, TypeKind};

impl Lowering<'_> {
    /// Refuses the types of columns and the expressions that no engine carries yet; each place is said once.
    pub(super) fn expressions(&mut self) {
        let program = self.program;
        for source in &program.sources {
            self.fields(source);
        }
        for transform in &program.transforms {
            for step in &transform.steps {
                let refused = step.kind.expressions().into_iter().find_map(refused);
                let column = || step.columns.iter().find(|column| !carried(&column.ty.kind));
                if let Some(what) = refused.or_else(|| column().map(column_of)) {
                    self.refuse(step.span, what, None);
                    break;
                }
            }
        }
    }

    fn fields(&mut self, source: &Source) {
        let at: Span = source.item.span;
        for field in &source.schema.fields {
            let check = field.check.as_ref().and_then(refused);
            let column = (!carried(&field.column.ty.kind)).then(|| column_of(&field.column));
            if let Some(what) = column.or(check) {
                self.refuse(at, what, None);
                return;
            }
        }
    }
}

fn column_of(column: &Column) -> String {
    format!("columns of type {}, as `{}` is", column.ty.kind, column.name)
}

/// Whether columns of a kind are carried.
fn carried(kind: &TypeKind) -> bool {
    use TypeKind::{Bool, Date, Decimal, Enum, Float, Int, Text, Timestamp, Uuid};
    matches!(
        kind,
        Bool | Int | Float | Decimal { .. } | Text | Date | Timestamp | Uuid | Enum { .. }
    )
}

/// What in an expression is not carried, if anything.
fn refused(expr: &Expr) -> Option<String> {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        let text = &expr.text;
        if let Some(what) = node(expr) {
            return Some(format!("{what}, as in `{text}`"));
        }
        open.extend(expr.children());
    }
    None
}

/// What one node is called, if it is not carried.
fn node(expr: &Expr) -> Option<&'static str> {
    let number = |expr: &Expr| matches!(expr.ty.kind, TypeKind::Int | TypeKind::Decimal { .. });
    Some(match &expr.kind {
        ExprKind::Param(_) => "a param's value in a row",
        ExprKind::Member { .. } => "`x.field`",
        ExprKind::Index { .. } => "`list[i]`",
        ExprKind::List(_) => "a list",
        ExprKind::Struct(_) => "a record",
        ExprKind::Interpolate(_) => "a text with `${ }`",
        ExprKind::Match { .. } => "`match`",
        ExprKind::Lambda { .. } | ExprKind::Local(_) => "`row => …`",
        ExprKind::Own { .. } => "a function of a project's own",
        ExprKind::Same { .. } => "`is` between two values",
        ExprKind::Like { .. } => "`like`",
        ExprKind::Matches { .. } => "`matches`",
        ExprKind::Contains { .. } => "`in` with a list that is not of literals",
        ExprKind::Arithmetic {
            op: ArithmeticOp::Divide | ArithmeticOp::Remainder,
            ..
        } => "division",
        ExprKind::Arithmetic { left, right, .. } if !number(left) || !number(right) => "arithmetic on floats and times",
        ExprKind::Negate(value) if !number(value) => "arithmetic on floats and times",
        ExprKind::Cast(inner) if inner.ty.kind != expr.ty.kind && !number(expr) => "an int as a float",
        ExprKind::Literal(literal) => match literal {
            Literal::Duration(_) => "a duration",
            Literal::Bytes(_) | Literal::Json(_) | Literal::List(_) | Literal::Map(_) | Literal::Struct(_) => {
                "a value of several parts"
            }
            _ => return None,
        },
        _ => return None,
    })
}
