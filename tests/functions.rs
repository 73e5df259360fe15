//! The standard library's functions: every declaration is well written, every example is true when it is run by the
//! runtime, and nothing is declared that the runtime does not have, or the other way round.

mod library;

use std::collections::{BTreeMap, BTreeSet};

use library::with_library;
use pipec::check::constant::{self, Known};
use pipec::check::functions::{Declaration, Example, Functions, Kind, examples};
use pipec::local::Rows;
use pipec::plan::expr::{Aggregate, Expr, ExprKind, Literal};
use pipec::plan::types::TypeKind;
use pipec_runtime::dynamic::{self, Accumulator, Frame, Row, Run};
use pipec_runtime::functions::PseudonymKey;
use pipec_runtime::types::Timestamp;
use pipec_runtime::value::{Reject, Value};

fn run() -> Run {
    Run {
        now: Timestamp::parse("2026-01-05T02:00:00Z").unwrap(),
        key: PseudonymKey::new(b"local-key-for-tests-only"),
    }
}

fn callable(functions: &Functions) -> impl Iterator<Item = &Declaration> {
    functions.iter().filter(|declaration| declaration.instead.is_none())
}

#[test]
fn every_declaration_is_well_written_and_documented() {
    with_library(|ctx, functions, diagnostics| {
        for declaration in functions.iter() {
            assert!(declaration.doc.is_some(), "`{declaration}` says what it does");
            let found = examples(ctx, declaration, diagnostics);
            assert!(
                found.len() == declaration.examples.len() || diagnostics.iter().next().is_some(),
                "`{declaration}`"
            );
        }
        let said = diagnostics.iter().map(|said| {
            let text = ctx.sources.text(said.primary.span);
            format!("{}: `{text}`", said.message)
        });
        let said: Vec<_> = said.collect();
        assert!(said.is_empty(), "{}", said.join("\n"));
    });
}

#[test]
fn every_function_has_two_examples_at_least() {
    with_library(|_, functions, _| {
        let mut texts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for declaration in callable(functions) {
            assert!(!declaration.examples.is_empty(), "`{declaration}` has an example");
            let (all, forms) = texts.entry(&declaration.name).or_default();
            *all += declaration.examples.len();
            *forms += 1;
        }
        for (name, (all, forms)) in &texts {
            assert!(*all >= 2 && all >= forms, "`{name}` has {all} examples");
        }
        let scalar = functions.iter().filter(|declaration| declaration.kind == Kind::Scalar);
        let names: BTreeSet<_> = scalar
            .filter(|form| form.instead.is_none())
            .map(|form| &form.name)
            .collect();
        assert!(names.len() >= 120, "{} scalar functions", names.len());
        println!("{} functions, {} of them scalar", texts.len(), names.len());
    });
}

#[test]
fn every_example_is_true() {
    with_library(|ctx, functions, diagnostics| {
        let run = run();
        let mut wrong = Vec::new();
        for declaration in functions.iter() {
            for (example, written) in examples(ctx, declaration, diagnostics)
                .iter()
                .zip(&declaration.examples)
            {
                let text = ctx.sources.text(written.span);
                match example {
                    Example::Scalar(condition) => {
                        let known = Known {
                            run: Some(&run),
                            ..Known::default()
                        };
                        let answer = constant::evaluate_with(condition, known);
                        if answer != Ok(Literal::Bool(true)) {
                            wrong.push(format!("{text}: {answer:?}"));
                        }
                    }
                    Example::Aggregate {
                        aggregate,
                        values,
                        result,
                    } => {
                        let answer = over_rows(declaration.kind, aggregate, values);
                        if answer.as_ref() != Ok(&constant::value(result)) {
                            wrong.push(format!("{text}: {answer:?}"));
                        }
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{} are not true:\n{}", wrong.len(), wrong.join("\n"));
    });
}

/// What an aggregate, or a function of a window in its last row, answers for the rows of an example.
fn over_rows(kind: Kind, aggregate: &Aggregate, values: &[Literal]) -> Result<Value, Reject> {
    let evaluated = |expr: &_, value: &Literal| {
        let row = |_: &str| Some(constant::value(value));
        let known = Known {
            row: Some(&row),
            ..Known::default()
        };
        constant::value(&constant::evaluate_with(expr, known).expect("an example's arguments are known"))
    };
    let rows: Vec<Row> = values
        .iter()
        .map(|value| {
            let arguments = aggregate.arguments.iter().map(|argument| evaluated(argument, value));
            let order = aggregate.order.iter().map(|(by, down)| (evaluated(by, value), *down));
            let mut order: Vec<_> = order.collect();
            if kind == Kind::Window {
                order.push((constant::value(value), false));
            }
            Row {
                arguments: arguments.collect(),
                order,
            }
        })
        .collect();
    let digits = match aggregate.ty.kind {
        TypeKind::Decimal { precision, scale } => (precision, scale),
        _ => (0, 0),
    };
    if kind == Kind::Window {
        let frame = Frame {
            rows: &rows,
            at: rows.len() - 1,
            from: 0,
            digits,
        };
        return dynamic::over_rows(&aggregate.function, frame).expect("the runtime has this function");
    }
    let mut accumulator = Accumulator::new(&aggregate.function, digits).expect("the runtime has this aggregate");
    for row in rows {
        accumulator.add(row)?;
    }
    accumulator.finish()
}

#[test]
fn what_is_declared_is_implemented_and_the_other_way_round() {
    with_library(|_, functions, _| {
        let declared = |kind: Kind| -> Vec<String> {
            let names: BTreeSet<_> = callable(functions)
                .filter(|declaration| declaration.kind == kind)
                .map(|declaration| declaration.name.clone())
                .collect();
            names.into_iter().collect()
        };
        assert_eq!(declared(Kind::Scalar), dynamic::scalar_names());
        assert_eq!(declared(Kind::Aggregate), dynamic::aggregate_names());
        assert_eq!(declared(Kind::Window), dynamic::window_names());
    });
}

#[test]
fn what_others_call_a_function_leads_to_one() {
    with_library(|_, functions, _| {
        for (elsewhere, here) in [
            ("substring", "slice"),
            ("length", "len"),
            ("toUpperCase", "upper"),
            ("to_date", "date"),
            ("LEN", "len"),
            ("str_pos", "index_of"),
        ] {
            assert_eq!(functions.also_called(elsewhere), Some(here));
        }
        for elsewhere in ["nvl", "ifnull", "coalesce", "datediff", "DATE_TRUNC"] {
            assert!(functions.instead_of(elsewhere).is_some(), "{elsewhere}");
        }
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for declaration in functions.iter() {
            for also in &declaration.also {
                assert!(!functions.contains(also), "`{also}` is a function itself");
                let before = seen.insert(also.replace('_', "").to_lowercase(), &declaration.name);
                assert!(
                    before.is_none_or(|name| name == declaration.name),
                    "`{also}` stands for two functions"
                );
            }
        }
    });
}

/// The literals of an expression as columns, so that nothing in it is the same for all rows by being written.
fn as_columns(expr: &mut Expr, columns: &mut Vec<(String, TypeKind, Literal)>) {
    if let ExprKind::Literal(literal) = &expr.kind
        && expr.ty.kind != TypeKind::Null
    {
        let name = format!("c{}", columns.len());
        columns.push((name.clone(), expr.ty.kind.clone(), literal.clone()));
        expr.kind = ExprKind::Column(name);
        return;
    }
    for child in children(expr) {
        as_columns(child, columns);
    }
}

fn children(expr: &mut Expr) -> Vec<&mut Expr> {
    match &mut expr.kind {
        ExprKind::Call { arguments, .. } | ExprKind::List(arguments) | ExprKind::Interpolate(arguments) => {
            arguments.iter_mut().collect()
        }
        ExprKind::Struct(fields) => fields.iter_mut().map(|(_, value)| value).collect(),
        ExprKind::Lambda { body, .. } => vec![body],
        ExprKind::Member { of: value, .. }
        | ExprKind::Not(value)
        | ExprKind::Negate(value)
        | ExprKind::Cast(value)
        | ExprKind::IsNull { value, .. } => vec![value],
        ExprKind::Index { of: left, index: right }
        | ExprKind::Logic { left, right, .. }
        | ExprKind::Compare { left, right, .. }
        | ExprKind::Same { left, right, .. }
        | ExprKind::Arithmetic { left, right, .. }
        | ExprKind::Contains {
            value: left,
            list: right,
            ..
        } => vec![left, right],
        _ => Vec::new(),
    }
}

#[test]
fn every_example_is_true_on_the_embedded_engine() {
    with_library(|ctx, functions, diagnostics| {
        let (mut wrong, mut held) = (Vec::new(), 0);
        for declaration in functions.iter() {
            for (example, written) in examples(ctx, declaration, diagnostics)
                .iter()
                .zip(&declaration.examples)
            {
                let text = ctx.sources.text(written.span);
                let mut see = |answer: Result<Vec<Literal>, String>, wanted: &Literal| {
                    held += 1;
                    let same = |answer: &Literal| constant::value(answer) == constant::value(wanted);
                    if !answer.as_ref().is_ok_and(|answers| answers.iter().all(same)) {
                        wrong.push(format!("{text}: {answer:?}"));
                    }
                };
                match example {
                    Example::Scalar(condition) => {
                        see(embedded(condition, &[]), &Literal::Bool(true));
                        let (mut over_columns, mut columns) = (condition.clone(), Vec::new());
                        as_columns(&mut over_columns, &mut columns);
                        see(embedded(&over_columns, &columns), &Literal::Bool(true));
                    }
                    // Functions of windows are a step's.
                    Example::Aggregate { .. } if declaration.kind == Kind::Window => {}
                    Example::Aggregate {
                        aggregate,
                        values,
                        result,
                    } => {
                        let kind = aggregate.arguments.first().map_or(TypeKind::Int, column_kind);
                        let rows = Rows::new(&[("value", &kind, values)], values.len()).expect("values of one kind");
                        // A list that is written has one form in each group of the example, whatever it is given as.
                        let answer = rows.aggregate(aggregate).map(|answer| vec![answer]);
                        let answer = match (values.is_empty(), answer) {
                            (true, Ok(_)) => continue,
                            (_, answer) => answer.map_err(|error| error.to_string()),
                        };
                        see(answer, result);
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{} are not true:\n{}", wrong.len(), wrong.join("\n"));
        println!("{held} examples");
    });
}

/// The type of the column that an argument reads.
fn column_kind(argument: &Expr) -> TypeKind {
    match &argument.kind {
        ExprKind::Cast(inner) => column_kind(inner),
        _ => argument.ty.kind.clone(),
    }
}

fn embedded(expr: &Expr, columns: &[(String, TypeKind, Literal)]) -> Result<Vec<Literal>, String> {
    let values: Vec<_> = columns.iter().map(|(_, _, value)| vec![value.clone(); 3]).collect();
    let columns = columns.iter().zip(&values);
    let columns: Vec<_> = columns
        .map(|((name, kind, _), values)| (name.as_str(), kind, values.as_slice()))
        .collect();
    let now = run().now;
    let rows = Rows::new(&columns, 3).map_err(|error| error.to_string())?;
    let answers = rows.at(now, None).evaluate(expr).map_err(|error| error.to_string())?;
    match answers.turned_away.is_empty() {
        true => Ok(answers.values),
        false => Err(format!("{:?}", answers.turned_away)),
    }
}
