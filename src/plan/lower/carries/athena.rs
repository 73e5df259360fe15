//! What Athena's SQL carries: what Trino means as the language does, or can be made to. The others are refused by their names.
//!
//! It must not know text: it sees the typed program.

use super::{Gate, Refusal};
use crate::check::program::{Dataset, DatasetWriter, Program, Source, Transform};
use crate::plan::expr::{Aggregate, ArithmeticOp, CompareOp, Expr, ExprKind, Literal};
use crate::plan::trino;
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Input, Otherwise, Shape, Step, StepKind, Target};

/// Athena, engine version 3.
pub(super) struct Athena;

/// What to write instead of nearly everything that Athena does not carry.
const IN_A_JOB: &str = "write the rows as a dataset of their own: a job (`engine = glue`) can do it";
/// Aggregates that Trino has.
const AGGREGATES: [&str; 18] = [
    "count",
    "count_if",
    "count_distinct",
    "approx_count_distinct",
    "sum",
    "avg",
    "min",
    "max",
    "first",
    "last",
    "any",
    "all",
    "list",
    "join",
    "variance",
    "variance_all",
    "stddev",
    "stddev_all",
];
/// Those that do not go along a window.
const OF_GROUPS: [&str; 4] = ["count_distinct", "approx_count_distinct", "list", "join"];
/// Functions of windows.
const OF_WINDOWS: [&str; 9] = [
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "share_before",
    "ntile",
    "lag",
    "lead",
    "nth",
];
/// The digits that a decimal has at most.
const DIGITS: u8 = 38;

impl Gate for Athena {
    fn name(&self) -> &'static str {
        "athena"
    }

    fn minds_expressions(&self, _: &Program) -> bool {
        true
    }

    fn step(&self, step: &Step, shape: Shape) -> Option<Refusal> {
        if shape != Shape::Table {
            let help = "a query sees tables only: let a function on the arrivals (`engine = lambda`) do it";
            return Some(Refusal::but("reading what arrives", help));
        }
        let what = match &step.kind {
            StepKind::Run(_) => "`run`",
            StepKind::Route { .. } => "`route`",
            StepKind::Group { window: Some(_), .. } => "`group` by windows of time",
            StepKind::Expect {
                otherwise: Otherwise::Quarantine,
                ..
            } => "turning rows away",
            _ => return None,
        };
        Some(Refusal::but(what, IN_A_JOB))
    }

    fn node(&self, expr: &Expr) -> Option<Refusal> {
        let json = |of: &Expr| of.ty.kind == TypeKind::Json;
        let what = match &expr.kind {
            ExprKind::Param(_) => "a param's value in a row".to_owned(),
            ExprKind::Reject(_) => "`reject`".to_owned(),
            ExprKind::Member { of, .. } | ExprKind::Index { of, .. } if json(of) => "looking into json".to_owned(),
            ExprKind::Call { function, arguments } if trino::spelling(function, arguments).is_none() => {
                format!("this form of `{function}`")
            }
            ExprKind::Arithmetic { op, left, right } if too_wide(expr, *op, left, right) => {
                "a decimal that may need more than 38 digits on the way".to_owned()
            }
            ExprKind::Compare { op, left, .. }
                if !matches!(op, CompareOp::Equal | CompareOp::NotEqual) && !is_ordered(&left.ty.kind) =>
            {
                format!("an order of {}", left.ty.kind)
            }
            ExprKind::Cast(of) if of.ty.kind == TypeKind::Float && matches!(expr.ty.kind, TypeKind::Decimal { .. }) => {
                "a float as a decimal".to_owned()
            }
            _ => return None,
        };
        Some(Refusal::but(what, IN_A_JOB))
    }

    fn aggregate(&self, aggregate: &Aggregate, step: &StepKind) -> Option<Refusal> {
        let name = aggregate.function.as_str();
        let kind = aggregate.arguments.first().map(|argument| &argument.ty.kind);
        let along = matches!(step, StepKind::Window { .. });
        let known = match along {
            true => OF_WINDOWS.contains(&name) || (AGGREGATES.contains(&name) && !OF_GROUPS.contains(&name)),
            false => AGGREGATES.contains(&name),
        };
        let fits = match (name, kind) {
            // The sum is divided with four digits more.
            ("avg", Some(TypeKind::Decimal { precision, .. })) => *precision <= DIGITS - 14,
            ("min" | "max", Some(kind)) => is_ordered(kind),
            _ => true,
        };
        match (known, fits) {
            (true, true) => None,
            (true, false) => Some(Refusal::but(format!("`{}`", aggregate.text), IN_A_JOB)),
            (false, _) => Some(Refusal::but(format!("the aggregate `{name}`"), IN_A_JOB)),
        }
    }

    fn column(&self, column: &Column) -> Option<Refusal> {
        matches!(column.ty.kind, TypeKind::Object)
            .then(|| Refusal::of(format!("columns of type object, as `{}` is", column.name)))
    }

    fn input(&self, input: &Input, transform: &Transform, program: &Program) -> Option<Refusal> {
        let Input::Table(id) = input else { return None };
        let dataset = program.datasets.get(id)?;
        if matches!(dataset.writer, DatasetWriter::Source(_)) {
            return Some(Refusal::but(
                format!("reading `{id}`, which holds what arrived as it came,"),
                "read what a transform made of it: only then are rows checked",
            ));
        }
        let coarse = |column: &&Column| has_instant(&column.ty.kind) && is_used(column, transform);
        let column = dataset
            .columns
            .iter()
            .find(coarse)
            .filter(|_| dataset.format != "iceberg")?;
        Some(Refusal::but(
            format!(
                "reading `{}`, an instant of a table of {}, which Athena reads to the millisecond only,",
                column.name, dataset.format
            ),
            format!("let `{id}` be `format = iceberg`, which Athena reads with all digits"),
        ))
    }

    fn source(&self, _: &Source) -> Option<Refusal> {
        None
    }

    fn output(&self, _: &Target, _: Option<&Dataset>, _: &Transform) -> Option<Refusal> {
        None
    }

    fn sink(&self, _: &str, _: &Transform) -> Option<Refusal> {
        Some(Refusal::but(
            "writing a sink from a query",
            "send the rows to a sink as they arrive, in a transform of the stream",
        ))
    }
}

/// Whether anything in a transform is made of a column, or leaves with it.
fn is_used(column: &Column, transform: &Transform) -> bool {
    let named = |names: &[String]| names.contains(&column.name);
    let by_step = |step: &Step| match &step.kind {
        StepKind::Dedupe { keys, by, .. } => named(keys) || by.as_ref() == Some(&column.name),
        StepKind::Rename(names) => names.iter().any(|(old, _)| *old == column.name),
        StepKind::Session { time, keys, .. } => *time == column.name || named(keys),
        StepKind::Window { keys, .. } | StepKind::Pivot { keys, .. } => named(keys),
        StepKind::Unpivot { columns, .. } => named(columns),
        StepKind::Join(join) => join.columns.iter().any(|other| other.name == column.name),
        _ => false,
    };
    let read = |step: &Step| {
        step.kind
            .expressions()
            .into_iter()
            .any(|expr| expr.columns().iter().any(|name| *name == column.name))
    };
    transform.output.iter().any(|left| left.name == column.name)
        || transform.steps.iter().any(|step| by_step(step) || read(step))
}

fn has_instant(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Timestamp => true,
        TypeKind::List(item) | TypeKind::Map(item) => has_instant(&item.kind),
        TypeKind::Struct(fields) => fields.iter().any(|field| has_instant(&field.ty.kind)),
        _ => false,
    }
}

/// Whether Trino orders values of a kind as the language does.
fn is_ordered(kind: &TypeKind) -> bool {
    !matches!(
        kind,
        TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Struct(_) | TypeKind::Object | TypeKind::Json
    )
}

/// Whether Trino needs more digits than it has where the language's answer may still fit.
fn too_wide(expr: &Expr, op: ArithmeticOp, left: &Expr, right: &Expr) -> bool {
    let TypeKind::Decimal { scale, .. } = expr.ty.kind else {
        return false;
    };
    let ((p1, s1), (p2, s2)) = (digits(left), digits(right));
    let (whole, behind) = match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => ((p1 - s1).max(p2 - s2) + 1, s1.max(s2)),
        ArithmeticOp::Multiply => (p1 - s1 + p2 - s2 + 1, s1 + s2),
        ArithmeticOp::Divide => (p1 - s1 + s2, scale),
        ArithmeticOp::Remainder => return p1.max(p2) - s1.min(s2) > DIGITS - s1.max(s2),
    };
    whole + behind > DIGITS || (op == ArithmeticOp::Divide && scale < 6.max(s1 + p2 + 1))
}

/// Digits and scale of an operand.
fn digits(side: &Expr) -> (u8, u8) {
    match (&side.ty.kind, &side.kind) {
        (TypeKind::Decimal { precision, scale }, _) => (*precision, *scale),
        (_, ExprKind::Literal(Literal::Int(whole))) => {
            (u8::try_from(whole.unsigned_abs().to_string().len()).unwrap_or(20), 0)
        }
        _ => (20, 0),
    }
}
