//! Which types and expressions today's engines carry.
//!
//! It must not know steps: it sees their expressions.

use super::Lowering;
use crate::base::Span;
use crate::check::program::Source;
use crate::plan::StepKind;
use crate::plan::expr::{Aggregate, ArithmeticOp, Expr, ExprKind, Literal};
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
                let refused = refused.or_else(|| aggregates(&step.kind).iter().find_map(refused_aggregate));
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

/// The functions that all of today's engines carry.
const FUNCTIONS: [&str; 7] = ["date", "len", "lower", "pseudonym", "sha256", "trim", "upper"];

/// The aggregates that all of today's engines carry.
const AGGREGATES: [&str; 5] = ["count", "count_distinct", "max", "min", "sum"];

fn aggregates(step: &StepKind) -> Vec<Aggregate> {
    match step {
        StepKind::Group { aggregates, .. } => aggregates.iter().map(|(_, aggregate)| aggregate.clone()).collect(),
        _ => Vec::new(),
    }
}

/// What in an aggregate is not carried, if anything.
fn refused_aggregate(aggregate: &Aggregate) -> Option<String> {
    let text = &aggregate.text;
    let name = aggregate.function.as_str();
    let over = aggregate.arguments.first().map(|argument| &argument.ty.kind);
    // `count(x)` and sums of floats came later than the functions of these names.
    let form = match (name, over) {
        ("count", Some(_)) => false,
        ("sum", Some(kind)) => matches!(kind, TypeKind::Int | TypeKind::Decimal { .. }),
        ("min" | "max", Some(TypeKind::Duration)) => false,
        _ => true,
    };
    let carried = AGGREGATES.contains(&name) && form && aggregate.order.is_empty();
    (!carried).then(|| format!("the aggregate `{text}`"))
}

/// A function that today's engines do not carry, or not in this form.
fn function_of(name: &str, arguments: &[Expr]) -> bool {
    let form = match (name, arguments) {
        ("date", [at]) => at.ty.kind == TypeKind::Timestamp,
        ("len" | "trim" | "lower" | "upper" | "pseudonym", [text]) => text.ty.kind == TypeKind::Text,
        ("sha256", [_]) => true,
        _ => false,
    };
    FUNCTIONS.contains(&name) && form
}

/// Whether a decimal has fewer digits before the point than what becomes one; an int has as many as any decimal needs.
fn narrower(own: &TypeKind, wanted: &TypeKind) -> bool {
    match (own, wanted) {
        (
            TypeKind::Decimal { precision, scale },
            TypeKind::Decimal {
                precision: most,
                scale: most_scale,
            },
        ) => precision - scale > most - most_scale,
        (TypeKind::Int, TypeKind::Decimal { precision, scale }) => precision - scale < 20,
        _ => false,
    }
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
        ExprKind::Call { function, arguments } if !function_of(function, arguments) => "this function",
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
        ExprKind::Cast(inner) if narrower(&inner.ty.kind, &expr.ty.kind) => "a decimal with fewer digits",
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
