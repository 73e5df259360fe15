//! The clickstream job as it is, and names and texts that try to break out.

use super::*;
use crate::base::{FileId, Span};
use crate::plan::expr::{Aggregate, ArithmeticOp, CompareOp, Expr, ExprKind, Literal};
use crate::plan::types::{Column, Type, TypeKind};
use crate::plan::{Otherwise, Step, StepKind, fixture};

#[test]
fn clickstream() {
    let files = emit(&fixture::clickstream());
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    // Spark's own functions do for what it aggregates: no module of aggregates is beside it.
    assert_eq!(
        names,
        [
            "glue/daily_pages.py",
            "glue/pipec_changes.py",
            "glue/pipec_counts.py",
            "glue/pipec_lake.py",
            "glue/pipec_marks.py",
            "glue/pipec_params.py",
            "glue/pipec_runtime.py",
            "glue/pipec_senders.py",
            "glue/pipec_sinks.py"
        ]
    );
    insta::assert_snapshot!(files["glue/daily_pages.py"]);
}

/// The clickstream job's transform with these steps instead of its own.
fn job_of(steps: Vec<Step>) -> String {
    let mut plan = fixture::clickstream();
    let transform = plan.transforms.last_mut().expect("the fixture has two");
    transform.steps = steps.into();
    emit(&plan).remove("glue/daily_pages.py").expect("it is a job")
}

#[test]
fn ranks_are_thinned_out_early_but_where_few_rows_come_twice() {
    let said = |keys: &[&str], more: Vec<Step>| {
        let dedupe = StepKind::Dedupe {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            keep_first: true,
            by: Some("at".into()),
            within_seconds: None,
        };
        let steps = std::iter::once(step(dedupe, "dedupe")).chain(more);
        job_of(steps.collect()).contains("few_duplicates=True")
    };
    assert!(said(&["click_id"], Vec::new()));
    assert!(said(&["page", "click_id"], Vec::new()));
    // Many rows are of one page.
    assert!(!said(&["page"], Vec::new()));
    let window = StepKind::Window {
        keys: vec!["page".into()],
        order: Vec::new(),
        rows: None,
        columns: Vec::new(),
    };
    assert!(!said(&["click_id"], vec![step(window, "window")]));
}

fn expr(kind: ExprKind, ty: Type, text: &str) -> Expr {
    Expr {
        kind,
        ty,
        text: text.into(),
    }
}

fn column(name: &str, kind: TypeKind) -> Expr {
    expr(ExprKind::Column(name.into()), kind.optional(), name)
}

fn literal(value: Literal, kind: TypeKind) -> Expr {
    expr(ExprKind::Literal(value), kind.required(), "…")
}

fn step(kind: StepKind, text: &str) -> Step {
    let columns = fixture::clickstream().transforms[1].input_columns.clone();
    let span = Span::new(FileId(0), 0, 0);
    Step {
        kind,
        columns,
        joined: Default::default(),
        text: text.into(),
        span,
    }
}

fn derived(name: &str, value: Expr) -> (Column, Expr) {
    let mut column = fixture::clickstream().transforms[1].input_columns[0].clone();
    column.name = name.into();
    column.ty = value.ty.clone();
    (column, value)
}

#[test]
fn texts_and_names_do_not_break_out() {
    let hostile = "a\"\n'''\\\"\"\"\r\u{2028}\u{202e}\0 ${x} {rows} `b` # é日";
    let text = literal(Literal::Text(hostile.into()), TypeKind::Text);
    let same = ExprKind::Compare {
        op: CompareOp::Equal,
        left: Box::new(column("od.d `name`", TypeKind::Text)),
        right: Box::new(text.clone()),
    };
    let condition = expr(same, TypeKind::Bool.optional(), hostile);
    insta::assert_snapshot!(job_of(vec![
        step(StepKind::Derive(vec![derived("te`x.t", text)]), hostile),
        step(
            StepKind::Expect {
                name: "fine".into(),
                condition,
                otherwise: Otherwise::Quarantine
            },
            "import os\nos.abort()",
        ),
        step(StepKind::Drop(vec!["od.d `name`".into()]), "drop\u{b}\u{c}\u{85}"),
    ]));
}

#[test]
fn rows_are_turned_away_on_the_branch_taken_in_program_order() {
    let int = |name: &str| column(name, TypeKind::Int);
    let arithmetic = |op, left: Expr, right: Expr, text: &str| {
        let kind = ExprKind::Arithmetic {
            op,
            left: Box::new(left),
            right: Box::new(right),
        };
        expr(kind, TypeKind::Int.optional(), text)
    };
    let product = arithmetic(ArithmeticOp::Multiply, int("a"), int("b"), "a * b");
    let sum = arithmetic(
        ArithmeticOp::Add,
        product,
        literal(Literal::Int(1), TypeKind::Int),
        "a * b + 1",
    );
    let reject = expr(
        ExprKind::Reject("no c".into()),
        TypeKind::Never.required(),
        "reject \"no c\"",
    );
    let filled = ExprKind::Coalesce {
        value: Box::new(int("c")),
        default: Box::new(reject),
    };
    let choice = ExprKind::If {
        condition: Box::new(column("flag", TypeKind::Bool)),
        then: Box::new(sum),
        otherwise: Box::new(expr(filled, TypeKind::Int.required(), "c ?? reject \"no c\"")),
    };
    let choice = expr(
        choice,
        TypeKind::Int.optional(),
        "if flag then a * b + 1 else c ?? reject \"no c\"",
    );
    let flag = column("flag", TypeKind::Bool);
    let key = derived("n", int("n"));
    let count = Aggregate {
        function: "sum".into(),
        arguments: vec![int("n")],
        order: Vec::new(),
        ty: TypeKind::Int.optional(),
        text: "sum(n)".into(),
    };
    let pseudonym = ExprKind::Call {
        function: "pseudonym".into(),
        arguments: vec![column("page", TypeKind::Text)],
    };
    let pseudonym = expr(pseudonym, TypeKind::Text.optional(), "pseudonym(page)");
    insta::assert_snapshot!(job_of(vec![
        step(StepKind::Filter(flag.clone()), "filter flag"),
        step(
            StepKind::Derive(vec![derived("n", choice), derived("who", pseudonym)]),
            "derive n = …"
        ),
        step(StepKind::Filter(flag.clone()), "filter flag"),
        step(
            StepKind::Dedupe {
                keys: vec!["click_id".into()],
                keep_first: false,
                by: Some("at".into()),
                within_seconds: None
            },
            "dedupe by click_id keep last by at",
        ),
        step(
            StepKind::Select(vec![key.clone(), derived("m", int("n"))]),
            "select n, n as m",
        ),
        step(StepKind::Rename(vec![("n".into(), "k".into())]), "rename n as k"),
        step(
            StepKind::Expect {
                name: "some".into(),
                condition: flag.clone(),
                otherwise: Otherwise::Drop
            },
            "expect some : flag else drop",
        ),
        step(
            StepKind::Group {
                keys: vec![key],
                window: None,
                aggregates: vec![(derived("total", int("n")).0, count)]
            },
            "group by n",
        ),
        step(
            StepKind::Expect {
                name: "all".into(),
                condition: flag,
                otherwise: Otherwise::Fail
            },
            "expect all : flag else fail",
        ),
    ]));
}
