//! What is emitted for the clickstream platform, and for an author who names things as badly as the language allows:
//! laid out as rustfmt would, and nothing of what was written gets into code.

use std::io::Write;
use std::process::{Command, Stdio};

use super::emit;
use crate::base::{FileId, Span};
use crate::plan::expr::{ArithmeticOp, CompareOp, Expr, ExprKind, Literal, LogicOp};
use crate::plan::fixture::clickstream;
use crate::plan::types::{Column, Type, TypeKind};
use crate::plan::{Field, Files, Otherwise, Plan, Step, StepKind};

const NASTY: &str = "\"; } panic!(\"{x}\") */ \\ \n// \u{202e} é 日本語 ${a} %{b} `code`";
const MONEY: TypeKind = TypeKind::Decimal {
    precision: 12,
    scale: 2,
};

fn column(name: &str, ty: Type) -> Column {
    let mut column = Column::new(name, ty);
    column.doc = Some(NASTY.into());
    column.event_time = name == "arrived";
    column
}

fn expr(kind: ExprKind, ty: Type) -> Expr {
    Expr {
        kind,
        ty,
        text: NASTY.into(),
    }
}

fn read(name: &str) -> Expr {
    let ty = columns().iter().find(|column| column.name == name).unwrap().ty.clone();
    expr(ExprKind::Column(name.into()), ty)
}

fn text(value: &str) -> Expr {
    expr(
        ExprKind::Literal(Literal::Text(value.into())),
        TypeKind::Text.required(),
    )
}

fn int(value: i64) -> Expr {
    expr(ExprKind::Literal(Literal::Int(value)), TypeKind::Int.required())
}

fn call(function: &str, argument: Expr, ty: Type) -> Expr {
    expr(
        ExprKind::Call {
            function: function.into(),
            arguments: vec![argument],
        },
        ty,
    )
}

fn binary(build: impl Fn(Box<Expr>, Box<Expr>) -> ExprKind, left: Expr, right: Expr, kind: TypeKind) -> Expr {
    let optional = left.ty.optional || right.ty.optional;
    expr(build(Box::new(left), Box::new(right)), Type { kind, optional })
}

fn compare(op: CompareOp, left: Expr, right: Expr) -> Expr {
    binary(
        |left, right| ExprKind::Compare { op, left, right },
        left,
        right,
        TypeKind::Bool,
    )
}

fn logic(op: LogicOp, left: Expr, right: Expr) -> Expr {
    binary(
        |left, right| ExprKind::Logic { op, left, right },
        left,
        right,
        TypeKind::Bool,
    )
}

fn arithmetic(op: ArithmeticOp, left: Expr, right: Expr, kind: TypeKind) -> Expr {
    binary(
        |left, right| ExprKind::Arithmetic { op, left, right },
        left,
        right,
        kind,
    )
}

fn choice(condition: Expr, then: Expr, otherwise: Expr, ty: Type) -> Expr {
    let [condition, then, otherwise] = [condition, then, otherwise].map(Box::new);
    expr(
        ExprKind::If {
            condition,
            then,
            otherwise,
        },
        ty,
    )
}

fn coalesce(value: Expr, default: Expr) -> Expr {
    let ty = Type {
        optional: default.ty.optional,
        ..value.ty.clone()
    };
    expr(
        ExprKind::Coalesce {
            value: Box::new(value),
            default: Box::new(default),
        },
        ty,
    )
}

fn reject() -> Expr {
    expr(ExprKind::Reject(NASTY.into()), TypeKind::Never.required())
}

fn columns() -> Vec<Column> {
    let colour = TypeKind::Enum {
        name: "Colour".into(),
        variants: vec!["Red".into(), "Blue".into()],
    };
    vec![
        column("type", TypeKind::Text.required()),
        column("self", TypeKind::Text.optional()),
        column("record", TypeKind::Int.required()),
        column("key", TypeKind::Int.optional()),
        column("counts", MONEY.optional()),
        column("object", colour.required()),
        column("name", TypeKind::Uuid.required()),
        column("value", TypeKind::Bool.optional()),
        column("arrived", TypeKind::Timestamp.optional()),
        column("unknown", TypeKind::Date.required()),
        column("raw", TypeKind::Float.required()),
    ]
}

fn upper(name: &str) -> Expr {
    let ty = Type {
        kind: TypeKind::Text,
        optional: name == "self",
    };
    call("upper", read(name), ty)
}

fn greater() -> Expr {
    compare(CompareOp::Greater, read("key"), int(1))
}

fn sum() -> Expr {
    arithmetic(ArithmeticOp::Add, read("key"), read("record"), TypeKind::Int)
}

fn both() -> Expr {
    logic(LogicOp::And, read("value"), greater())
}

/// A column of this name with the type of its value.
fn wanted(name: &str, value: Expr) -> (Column, Expr) {
    (column(name, value.ty.clone()), value)
}

fn derived_numbers() -> Vec<(Column, Expr)> {
    let decimal = |precision, scale| TypeKind::Decimal { precision, scale };
    let product = arithmetic(ArithmeticOp::Multiply, read("counts"), read("counts"), decimal(25, 4));
    let cast = expr(ExprKind::Cast(Box::new(sum())), decimal(20, 0).optional());
    let less = arithmetic(ArithmeticOp::Subtract, read("record"), int(1), TypeKind::Int);
    let length = call("len", read("self"), TypeKind::Int.optional());
    vec![
        wanted("fn", sum()),
        wanted("match", product),
        wanted("f", cast),
        wanted("i", coalesce(read("key"), less)),
        wanted(
            "n",
            expr(ExprKind::Negate(Box::new(read("key"))), TypeKind::Int.optional()),
        ),
        wanted("o", choice(both(), reject(), length, TypeKind::Int.optional())),
    ]
}

fn derived_conditions() -> Vec<(Column, Expr)> {
    let (value, unknown, missing) = (
        Box::new(read("type")),
        Box::new(read("unknown")),
        Box::new(read("self")),
    );
    let list = [NASTY, "b", "b"].map(|text| Literal::Text(text.into())).to_vec();
    let member = ExprKind::In {
        value,
        list,
        negated: true,
    };
    let dated = ExprKind::In {
        value: unknown,
        list: vec![Literal::Date(-1)],
        negated: false,
    };
    let is_null = ExprKind::IsNull {
        value: missing,
        negated: true,
    };
    let bool = |kind| expr(kind, TypeKind::Bool.required());
    vec![
        wanted(
            "a",
            logic(
                LogicOp::Or,
                compare(CompareOp::Equal, read("type"), text(NASTY)),
                both(),
            ),
        ),
        wanted("b", bool(member)),
        wanted("c", bool(dated)),
        wanted("d", bool(is_null)),
    ]
}

fn derived_texts() -> Vec<(Column, Expr)> {
    let (always, maybe) = (|| TypeKind::Text.required(), || TypeKind::Text.optional());
    let null = expr(ExprKind::Literal(Literal::Null), maybe());
    vec![
        wanted("e", choice(greater(), upper("type"), read("type"), always())),
        wanted("g", coalesce(read("self"), upper("type"))),
        wanted("h", coalesce(upper("self"), reject())),
        wanted("j", call("pseudonym", read("self"), maybe())),
        wanted("k", call("sha256", read("name"), always())),
        wanted("l", call("trim", upper("type"), always())),
        wanted("m", choice(greater(), null, read("type"), maybe())),
        wanted("record", upper("type")),
        wanted("p", expr(ExprKind::Column("record".into()), always())),
    ]
}

fn derived() -> Vec<(Column, Expr)> {
    [derived_numbers(), derived_conditions(), derived_texts()].concat()
}

/// The clickstream platform with another schema and other steps.
fn hostile() -> Plan {
    let mut plan = clickstream();
    let source = &mut plan.sources[0];
    source.schema.name = "Row".into();
    source.schema.doc = Some(NASTY.into());
    source.schema.fields = columns()
        .into_iter()
        .map(|column| Field {
            column,
            default: None,
            check: None,
            inner: Vec::new(),
            object: None,
        })
        .collect();
    for field in &mut source.schema.fields {
        match field.column.name.as_str() {
            "self" => field.check = Some(compare(CompareOp::NotEqual, read("self"), text(NASTY))),
            "record" => field.default = Some(Literal::Int(i64::MIN)),
            "type" => field.default = Some(Literal::Text(NASTY.into())),
            "key" => field.check = Some(compare(CompareOp::Less, read("key"), read("record"))),
            _ => {}
        }
    }
    let step = |kind: StepKind, columns: &[Column]| Step {
        kind,
        columns: columns.to_vec().into(),
        joined: Default::default(),
        text: NASTY.into(),
        span: Span::new(FileId(0), 0, 0),
    };
    let mut all: Vec<Column> = columns();
    let derived = derived();
    for (column, _) in &derived {
        all.retain(|other| other.name != column.name);
        all.push(column.clone());
    }
    let mut renamed = all.clone();
    for column in &mut renamed {
        match column.name.as_str() {
            "p" => column.name = "self".into(),
            "self" => column.name = "p".into(),
            _ => {}
        }
    }
    let positive = compare(CompareOp::Greater, read("key"), int(-5));
    let expect = |otherwise| StepKind::Expect {
        name: "row".into(),
        condition: positive.clone(),
        otherwise,
    };
    let transform = &mut plan.transforms[0];
    transform.doc = Some(NASTY.into());
    transform.steps = vec![
        step(
            StepKind::Filter(logic(LogicOp::Or, read("value"), positive.clone())),
            &columns(),
        ),
        step(StepKind::Derive(derived), &all),
        step(expect(Otherwise::Warn), &all),
        step(expect(Otherwise::Drop), &all),
        step(expect(Otherwise::Quarantine), &all),
        step(
            StepKind::Rename(vec![("p".into(), "self".into()), ("self".into(), "p".into())]),
            &renamed,
        ),
    ]
    .into();
    let target = transform.dataset().clone();
    plan.datasets.get_mut(&target).unwrap().columns = renamed.into();
    plan
}

fn formatted(path: &str, text: &str) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config"])
        .arg("max_width=120,use_small_heuristics=Max,single_line_if_else_max_width=0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    rustfmt.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let out = rustfmt.wait_with_output().unwrap();
    assert!(out.status.success(), "{path} is no Rust:\n{text}");
    String::from_utf8(out.stdout).unwrap()
}

fn is_laid_out(files: &Files) {
    for (path, text) in files {
        if path.ends_with(".rs") && !path.contains("crates/runtime/") {
            assert_eq!(*text, formatted(path, text), "{path}");
        }
    }
}

#[test]
fn clickstream_is_laid_out_as_rustfmt_would() {
    let files = emit(&clickstream());
    is_laid_out(&files);
    assert_eq!(files, emit(&clickstream()));
    insta::assert_snapshot!(files["lambda/clicks/src/transforms/clean.rs"]);
}

#[test]
fn an_author_may_write_anything() {
    let files = emit(&hostile());
    is_laid_out(&files);
    for (path, text) in &files {
        assert!(!text.contains("panic!(\"{x}\") */ \\ \n"), "{path}");
    }
}

/// `tests/e2e/test_lambda.py` runs it, with the target folder that the other functions are built in.
#[test]
#[ignore = "builds the AWS SDK, which takes minutes"]
#[allow(clippy::disallowed_methods, reason = "a test of files on disk")]
fn what_an_author_may_write_is_clean_rust() {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in emit(&hostile()) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let clippy = Command::new("cargo")
        .args([
            "clippy",
            "--release",
            "--locked",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])
        .current_dir(folder.path().join("lambda"))
        .output()
        .unwrap();
    assert!(clippy.status.success(), "{}", String::from_utf8_lossy(&clippy.stderr));
}

#[test]
fn a_platform_without_functions_has_no_workspace() {
    let mut plan = clickstream();
    plan.transforms.remove(0);
    assert!(emit(&plan).is_empty());
}
