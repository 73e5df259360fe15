//! Expressions row by row: what each gives, and which rows it turns away.

use std::collections::BTreeMap;

use super::*;
use crate::local::value::literal_at;
use crate::plan::expr::ArithmeticOp;
use crate::plan::types::Type;
use pipec_runtime::Timestamp;

const DECIMAL: fn(u8, u8) -> TypeKind = |precision, scale| TypeKind::Decimal { precision, scale };

fn expr(kind: ExprKind, ty: TypeKind, text: &str) -> Expr {
    Expr {
        kind,
        ty: ty.optional(),
        text: text.into(),
    }
}

fn column(name: &str, ty: TypeKind) -> Box<Expr> {
    Box::new(expr(ExprKind::Column(name.into()), ty, name))
}

fn literal(value: Literal, ty: TypeKind) -> Box<Expr> {
    Box::new(expr(ExprKind::Literal(value), ty, "a literal"))
}

fn reject(reason: &str) -> Box<Expr> {
    let never = Type {
        kind: TypeKind::Never,
        optional: false,
    };
    Box::new(Expr {
        kind: ExprKind::Reject(reason.into()),
        ty: never,
        text: format!("reject \"{reason}\"").into(),
    })
}

fn int(value: i64) -> Literal {
    Literal::Int(value)
}

/// Values of the expression over columns, and the reasons of rows turned away.
fn evaluate(expr: &Expr, columns: &[(&str, TypeKind, Vec<Literal>)]) -> (Vec<Literal>, BTreeMap<u32, String>) {
    let rows = columns.first().map_or(1, |(_, _, values)| values.len());
    let arrays = columns.iter().map(|(name, kind, values)| {
        let values: Vec<_> = values.iter().collect();
        (name.to_string(), array_of(kind, &values).unwrap())
    });
    let batch = Batch::new(arrays.collect(), rows);
    let mut rejects = Rejects::default();
    let setting = Setting::new(Timestamp(0));
    let mut evaluator = Evaluator {
        batch: &batch,
        setting: &setting,
        rejects: &mut rejects,
    };
    let array = evaluator.column(expr).unwrap();
    assert_eq!(array.len(), rows);
    let values = (0..rows).map(|row| literal_at(&array, row, &expr.ty.kind)).collect();
    let (_, away) = rejects.split(batch).unwrap();
    (
        values,
        away.into_iter()
            .map(|(row, reason)| (row, reason.to_string()))
            .collect(),
    )
}

#[test]
fn only_the_branch_taken_may_turn_a_row_away() {
    let condition = column("c", TypeKind::Bool);
    let kind = ExprKind::If {
        condition,
        then: reject("yes"),
        otherwise: Box::new(expr(
            ExprKind::Coalesce {
                value: column("a", TypeKind::Int),
                default: reject("no"),
            },
            TypeKind::Int,
            "a ?? reject",
        )),
    };
    let columns = [
        (
            "c",
            TypeKind::Bool,
            vec![Literal::Bool(true), Literal::Bool(false), Literal::Null, Literal::Null],
        ),
        ("a", TypeKind::Int, vec![Literal::Null, int(1), Literal::Null, int(2)]),
    ];
    let (values, away) = evaluate(&expr(kind, TypeKind::Int, "if"), &columns);
    assert_eq!((&values[1], &values[3]), (&int(1), &int(2)));
    assert_eq!(away, BTreeMap::from([(0, "yes".into()), (2, "no".into())]));
}

#[test]
fn an_overflow_where_nobody_looks_is_none() {
    let sum = |a: Box<Expr>| {
        let kind = ExprKind::Arithmetic {
            op: ArithmeticOp::Add,
            left: a,
            right: literal(int(1), TypeKind::Int),
        };
        Box::new(expr(kind, TypeKind::Int, "a + 1"))
    };
    let columns = [("a", TypeKind::Int, vec![int(i64::MAX), int(1), Literal::Null])];
    let (values, away) = evaluate(&sum(column("a", TypeKind::Int)), &columns);
    assert_eq!(values[1..], [int(2), Literal::Null]);
    assert_eq!(away, BTreeMap::from([(0, "overflow in a + 1".into())]));
    let small = ExprKind::Compare {
        op: CompareOp::Less,
        left: column("a", TypeKind::Int),
        right: literal(int(10), TypeKind::Int),
    };
    let guarded = ExprKind::If {
        condition: Box::new(expr(small, TypeKind::Bool, "a < 10")),
        then: sum(column("a", TypeKind::Int)),
        otherwise: literal(int(0), TypeKind::Int),
    };
    let (values, away) = evaluate(&expr(guarded, TypeKind::Int, "if"), &columns);
    assert_eq!(values, [int(0), int(2), int(0)]);
    assert!(away.is_empty());
    let (_, away) = evaluate(&sum(literal(int(i64::MAX), TypeKind::Int)), &columns);
    assert_eq!(away.len(), 3);
}

#[test]
fn negation_and_multiplication_are_checked_too() {
    let columns = [("a", TypeKind::Int, vec![int(i64::MIN), int(3)])];
    let negated = expr(ExprKind::Negate(column("a", TypeKind::Int)), TypeKind::Int, "-a");
    let (values, away) = evaluate(&negated, &columns);
    assert_eq!(
        (&values[1], away),
        (&int(-3), BTreeMap::from([(0, "overflow in -a".into())]))
    );
    let product = ExprKind::Arithmetic {
        op: ArithmeticOp::Multiply,
        left: column("a", TypeKind::Int),
        right: column("a", TypeKind::Int),
    };
    let (values, away) = evaluate(&expr(product, TypeKind::Int, "a * a"), &columns);
    assert_eq!((&values[1], away.len()), (&int(9), 1));
}

#[test]
fn decimals_take_the_types_that_the_plan_gives_them() {
    let decimal = |unscaled, scale| Literal::Decimal { unscaled, scale };
    let columns = [
        (
            "a",
            DECIMAL(4, 2),
            vec![decimal(9999, 2), decimal(-150, 2), Literal::Null],
        ),
        ("n", TypeKind::Int, vec![int(2), int(-3), int(1)]),
    ];
    let arithmetic = |op, left, right, kind| {
        let text = "a ? n";
        expr(ExprKind::Arithmetic { op, left, right }, kind, text)
    };
    let (a, n) = (|| column("a", DECIMAL(4, 2)), || column("n", TypeKind::Int));
    let sum = arithmetic(ArithmeticOp::Subtract, n(), a(), DECIMAL(23, 2));
    assert_eq!(
        evaluate(&sum, &columns).0,
        [decimal(-9799, 2), decimal(-150, 2), Literal::Null]
    );
    let product = arithmetic(ArithmeticOp::Multiply, a(), a(), DECIMAL(9, 4));
    assert_eq!(
        evaluate(&product, &columns).0[..2],
        [decimal(99_980_001, 4), decimal(22_500, 4)]
    );
    let narrow = arithmetic(ArithmeticOp::Add, a(), a(), DECIMAL(4, 2));
    assert_eq!(
        evaluate(&narrow, &columns).1,
        BTreeMap::from([(0, "overflow in a ? n".into())])
    );
    let cast = expr(ExprKind::Cast(n()), DECIMAL(20, 0), "n");
    assert_eq!(
        evaluate(&cast, &columns).0,
        [decimal(2, 0), decimal(-3, 0), decimal(1, 0)]
    );
    let wider = expr(ExprKind::Cast(a()), DECIMAL(10, 4), "a");
    assert_eq!(
        evaluate(&wider, &columns).0[..2],
        [decimal(999_900, 4), decimal(-15_000, 4)]
    );
}

#[test]
fn logic_has_three_values() {
    let all = [Literal::Bool(true), Literal::Bool(false), Literal::Null];
    let pairs: Vec<_> = all
        .iter()
        .flat_map(|a| all.iter().map(move |b| (a.clone(), b.clone())))
        .collect();
    let columns = [
        ("a", TypeKind::Bool, pairs.iter().map(|(a, _)| a.clone()).collect()),
        ("b", TypeKind::Bool, pairs.iter().map(|(_, b)| b.clone()).collect()),
    ];
    for op in [LogicOp::And, LogicOp::Or] {
        let kind = ExprKind::Logic {
            op,
            left: column("a", TypeKind::Bool),
            right: column("b", TypeKind::Bool),
        };
        let (values, _) = evaluate(&expr(kind, TypeKind::Bool, "logic"), &columns);
        for ((a, b), value) in pairs.iter().zip(values) {
            let decisive = Literal::Bool(op == LogicOp::Or);
            let expected = match (a, b) {
                _ if *a == decisive || *b == decisive => decisive,
                (Literal::Null, _) | (_, Literal::Null) => Literal::Null,
                _ => Literal::Bool(op == LogicOp::And),
            };
            assert_eq!(value, expected, "{a:?} {op:?} {b:?}");
        }
    }
    let not = expr(ExprKind::Not(column("a", TypeKind::Bool)), TypeKind::Bool, "not a");
    assert_eq!(evaluate(&not, &columns).0[6..7], [Literal::Null]);
}

#[test]
fn missing_values_in_comparisons_and_lists() {
    let text = |text: &str| Literal::Text(text.into());
    let columns = [("a", TypeKind::Text, vec![text("b"), text("é"), Literal::Null, text("")])];
    let is_in = |list: Vec<Literal>, negated| {
        let value = column("a", TypeKind::Text);
        evaluate(
            &expr(ExprKind::In { value, list, negated }, TypeKind::Bool, "in"),
            &columns,
        )
        .0
    };
    let (yes, no) = (Literal::Bool(true), Literal::Bool(false));
    assert_eq!(
        is_in(vec![text("b"), text("")], false),
        [yes.clone(), no.clone(), Literal::Null, yes.clone()]
    );
    assert_eq!(
        is_in(vec![text("b")], true),
        [no.clone(), yes.clone(), Literal::Null, yes.clone()]
    );
    assert_eq!(
        is_in(vec![], false),
        [no.clone(), no.clone(), Literal::Null, no.clone()]
    );
    let compared = ExprKind::Compare {
        op: CompareOp::Greater,
        left: column("a", TypeKind::Text),
        right: literal(text("z"), TypeKind::Text),
    };
    let (values, _) = evaluate(&expr(compared, TypeKind::Bool, "a > \"z\""), &columns);
    assert_eq!(values, [no.clone(), yes.clone(), Literal::Null, no.clone()]);
    let null = ExprKind::Compare {
        op: CompareOp::Equal,
        left: column("a", TypeKind::Text),
        right: literal(Literal::Null, TypeKind::Null),
    };
    assert_eq!(
        evaluate(&expr(null, TypeKind::Bool, "a == null"), &columns).0,
        vec![Literal::Null; 4]
    );
    let is_null = ExprKind::IsNull {
        value: column("a", TypeKind::Text),
        negated: false,
    };
    let (values, _) = evaluate(&expr(is_null, TypeKind::Bool, "a is null"), &columns);
    assert_eq!(values, [no.clone(), no.clone(), yes, no]);
}

#[test]
fn zero_has_one_sign() {
    let float = |value| Literal::Float(value);
    let columns = [("a", TypeKind::Float, vec![float(-0.0), float(0.0)])];
    let equal = ExprKind::Compare {
        op: CompareOp::Equal,
        left: Box::new(expr(
            ExprKind::Negate(column("a", TypeKind::Float)),
            TypeKind::Float,
            "-a",
        )),
        right: literal(float(0.0), TypeKind::Float),
    };
    let (values, _) = evaluate(&expr(equal, TypeKind::Bool, "-a == 0.0"), &columns);
    assert_eq!(values, vec![Literal::Bool(true); 2]);
}

#[test]
fn functions_take_missing_to_missing() {
    let columns = [
        ("a", TypeKind::Text, vec![Literal::Text(" É ".into()), Literal::Null]),
        (
            "d",
            DECIMAL(4, 2),
            vec![Literal::Decimal { unscaled: 5, scale: 2 }, Literal::Null],
        ),
        ("t", TypeKind::Timestamp, vec![Literal::Timestamp(-1), Literal::Null]),
    ];
    let call = |function: &str, argument: Box<Expr>, kind| {
        let kind_of = ExprKind::Call {
            function: function.into(),
            arguments: vec![*argument],
        };
        evaluate(&expr(kind_of, kind, function), &columns).0
    };
    let a = || column("a", TypeKind::Text);
    let text = |text: &str| Literal::Text(text.into());
    assert_eq!(call("len", a(), TypeKind::Int), [int(3), Literal::Null]);
    assert_eq!(call("trim", a(), TypeKind::Text), [text("É"), Literal::Null]);
    assert_eq!(call("lower", a(), TypeKind::Text), [text(" é "), Literal::Null]);
    assert_eq!(
        call("date", column("t", TypeKind::Timestamp), TypeKind::Date),
        [Literal::Date(-1), Literal::Null]
    );
    let hash = pipec_runtime::functions::sha256("0.05").to_string();
    assert_eq!(
        call("sha256", column("d", DECIMAL(4, 2)), TypeKind::Text),
        [text(&hash), Literal::Null]
    );
    assert_eq!(
        call("upper", literal(text("ß"), TypeKind::Text), TypeKind::Text),
        [text("SS"), text("SS")]
    );
}
