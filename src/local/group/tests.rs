//! What aggregates answer, group by group.

use super::*;
use crate::local::value::{array_of, literal_at};
use crate::plan::expr::{Expr, ExprKind, Literal};

fn column(name: &str, kind: TypeKind) -> (Column, Expr) {
    let column = Column::new(name, kind.clone().optional());
    let expr = Expr {
        kind: ExprKind::Column(name.into()),
        ty: kind.optional(),
        text: name.into(),
    };
    (column, expr)
}

/// One aggregate of `v` by `k`.
fn grouped(
    function: &str,
    kind: TypeKind,
    result: TypeKind,
    rows: &[(Literal, Literal)],
) -> Result<Vec<[Literal; 2]>, RunError> {
    let keys = [column("k", TypeKind::Text)];
    let aggregates = [(
        column("x", result.clone()).0,
        Aggregate {
            function: function.into(),
            arguments: vec![column("v", kind.clone()).1],
            order: Vec::new(),
            ty: result.clone().optional(),
            text: format!("{function}(v)").into(),
        },
    )];
    let mut group = Group::new(&[keys[0].0.clone()], &aggregates)?;
    for row in rows {
        let keys = array_of(&TypeKind::Text, &[&row.0])?;
        let values = array_of(&kind, &[&row.1])?;
        group.add(&[keys], &[values], &[])?;
    }
    let mut found = Vec::new();
    for batch in group.finish()? {
        for row in 0..batch.rows() {
            let key = literal_at(&batch.columns[0].1, row, &TypeKind::Text);
            found.push([key, literal_at(&batch.columns[1].1, row, &result)]);
        }
    }
    Ok(found)
}

fn text(text: &str) -> Literal {
    Literal::Text(text.into())
}

#[test]
fn missing_keys_are_one_group_and_last_and_missing_values_are_left_out() {
    let rows = [
        (Literal::Null, Literal::Int(1)),
        (text("b"), Literal::Null),
        (text("a"), Literal::Int(5)),
        (Literal::Null, Literal::Int(2)),
        (text("a"), Literal::Int(5)),
        (text("a"), Literal::Int(-7)),
    ];
    let answers = |function| {
        let groups = grouped(function, TypeKind::Int, TypeKind::Int, &rows).unwrap();
        assert_eq!(
            groups.iter().map(|[key, _]| key.clone()).collect::<Vec<_>>(),
            [text("a"), text("b"), Literal::Null]
        );
        groups.into_iter().map(|[_, answer]| answer).collect::<Vec<_>>()
    };
    let (int, null) = (Literal::Int, Literal::Null);
    assert_eq!(answers("count"), [int(3), int(0), int(2)]);
    assert_eq!(answers("count_distinct"), [int(2), int(0), int(2)]);
    assert_eq!(answers("sum"), [int(3), null.clone(), int(3)]);
    assert_eq!(answers("min"), [int(-7), null.clone(), int(1)]);
    assert_eq!(answers("max"), [int(5), null, int(2)]);
}

#[test]
fn a_sum_is_judged_at_the_end() {
    let rows = |values: &[i64]| {
        values
            .iter()
            .map(|value| (text("a"), Literal::Int(*value)))
            .collect::<Vec<_>>()
    };
    let sum = |values: &[i64]| grouped("sum", TypeKind::Int, TypeKind::Int, &rows(values));
    assert_eq!(sum(&[i64::MAX, 1, -1]).unwrap()[0][1], Literal::Int(i64::MAX));
    assert_eq!(sum(&[i64::MAX, 1]).unwrap_err().message, "overflow in `sum(v)`");
    let (kind, result) = (
        TypeKind::Decimal { precision: 2, scale: 1 },
        TypeKind::Decimal { precision: 3, scale: 1 },
    );
    let decimal = |unscaled| (text("a"), Literal::Decimal { unscaled, scale: 1 });
    let many = vec![decimal(99); 11];
    assert!(grouped("sum", kind.clone(), result.clone(), &many).is_err());
    let sum = grouped("sum", kind, result, &many[..10]).unwrap();
    assert_eq!(
        sum[0][1],
        Literal::Decimal {
            unscaled: 990,
            scale: 1
        }
    );
}

#[test]
fn the_largest_text_is_by_bytes() {
    let rows = ["é", "z", "zz", ""].map(|value| (text("a"), text(value)));
    let of = |function| grouped(function, TypeKind::Text, TypeKind::Text, &rows).unwrap()[0][1].clone();
    assert_eq!((of("min"), of("max")), (text(""), text("é")));
}
