//! Two types as one: what holds the values of both without loss.

use std::collections::BTreeSet;

use crate::plan::types::{Column, Type, TypeKind};

use super::{digits, widest};

/// The kind that holds the values of both without loss: the same kind, a decimal or a float for an int beside one, lists,
/// maps and structs (by field name) of what their parts go together in, the other one for `null`, `reject` and mistakes.
/// `None` if they do not go together.
pub fn unify(left: &TypeKind, right: &TypeKind) -> Option<TypeKind> {
    use TypeKind::{Decimal, Error, Float, Int, List, Map, Never, Null, Struct};
    Some(match (left, right) {
        (Error, _) | (_, Error) => Error,
        (Never | Null, other) if *other != Never => other.clone(),
        (other, Never | Null) => other.clone(),
        (Decimal { .. }, Int) | (Int, Decimal { .. }) | (Decimal { .. }, Decimal { .. }) => {
            let (left, right) = (digits(left)?, digits(right)?);
            let (precision, scale) = widest(left, right)?;
            Decimal { precision, scale }
        }
        (Int, Float) | (Float, Int) => Float,
        (List(left), List(right)) => List(Box::new(unify_types(left, right)?)),
        (Map(left), Map(right)) => Map(Box::new(unify_types(left, right)?)),
        (Struct(left), Struct(right)) => Struct(unify_fields(left, right)?),
        _ if left == right => left.clone(),
        _ => return None,
    })
}

/// The type that holds the values of both; it may be missing where one of them may.
pub fn unify_types(left: &Type, right: &Type) -> Option<Type> {
    Some(Type {
        kind: unify(&left.kind, &right.kind)?,
        optional: left.optional || right.optional,
    })
}

/// Structs go together field by field, whatever the order; documentation is the left side's, labels are both sides'.
fn unify_fields(left: &[Column], right: &[Column]) -> Option<Vec<Column>> {
    if left.len() != right.len() {
        return None;
    }
    let mut fields = Vec::new();
    for field in left {
        let other = right.iter().find(|other| other.name == field.name)?;
        let mut both = field.clone();
        both.ty = unify_types(&field.ty, &other.ty)?;
        both.labels = field.labels.union(&other.labels).cloned().collect();
        fields.push(both);
    }
    Some(fields)
}

/// Whether two kinds are the same to every engine: labels and documentation of a struct's fields do not count.
pub fn same(left: &TypeKind, right: &TypeKind) -> bool {
    let types = |left: &Type, right: &Type| left.optional == right.optional && same(&left.kind, &right.kind);
    match (left, right) {
        (TypeKind::List(left), TypeKind::List(right)) | (TypeKind::Map(left), TypeKind::Map(right)) => {
            types(left, right)
        }
        (TypeKind::Struct(left), TypeKind::Struct(right)) => {
            let fields = left.iter().zip(right);
            left.len() == right.len() && fields.into_iter().all(|(l, r)| l.name == r.name && types(&l.ty, &r.ty))
        }
        _ => left == right,
    }
}

/// The labels of every field inside of a type.
pub fn inner_labels(kind: &TypeKind) -> BTreeSet<String> {
    match kind {
        TypeKind::List(inner) | TypeKind::Map(inner) => inner_labels(&inner.kind),
        TypeKind::Struct(fields) => {
            let own = |field: &Column| {
                field
                    .labels
                    .iter()
                    .cloned()
                    .chain(inner_labels(&field.ty.kind))
                    .collect::<Vec<_>>()
            };
            fields.iter().flat_map(own).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// Puts labels on every field inside of a type: what carries the whole carries its parts.
pub fn label_inside(kind: &mut TypeKind, labels: &BTreeSet<String>) {
    match kind {
        TypeKind::List(inner) | TypeKind::Map(inner) => label_inside(&mut inner.kind, labels),
        TypeKind::Struct(fields) => {
            for field in fields {
                field.labels.extend(labels.iter().cloned());
                label_inside(&mut field.ty.kind, labels);
            }
        }
        _ => {}
    }
}

/// A kind as it is declared, with the labels that a value's own fields carry: a declared type lowers no label.
pub fn labelled_as(kind: &TypeKind, value: &TypeKind) -> TypeKind {
    let types = |ty: &Type, value: &Type| Type {
        kind: labelled_as(&ty.kind, &value.kind),
        optional: ty.optional,
    };
    match (kind, value) {
        (TypeKind::List(inner), TypeKind::List(value)) => TypeKind::List(Box::new(types(inner, value))),
        (TypeKind::Map(inner), TypeKind::Map(value)) => TypeKind::Map(Box::new(types(inner, value))),
        (TypeKind::Struct(fields), TypeKind::Struct(values)) => {
            let field = |field: &Column| match values.iter().find(|value| value.name == field.name) {
                Some(value) => {
                    let mut labelled = field.clone();
                    labelled.ty = types(&field.ty, &value.ty);
                    labelled.labels = field.labels.union(&value.labels).cloned().collect();
                    labelled
                }
                None => field.clone(),
            };
            TypeKind::Struct(fields.iter().map(field).collect())
        }
        _ => kind.clone(),
    }
}

/// Whether part of a type is open: the item of `[]`, or a `null` alone.
pub fn is_open(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Null => true,
        TypeKind::List(inner) | TypeKind::Map(inner) => is_open(&inner.kind),
        TypeKind::Struct(fields) => fields.iter().any(|field| is_open(&field.ty.kind)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TypeKind::{Bool, Date, Error, Float, Int, List, Never, Null, Text, Timestamp};

    const MONEY: TypeKind = TypeKind::Decimal {
        precision: 12,
        scale: 2,
    };

    fn column(name: &str, ty: Type, labels: &[&str]) -> Column {
        let mut column = Column::new(name, ty);
        column.labels = labels.iter().map(|label| (*label).to_owned()).collect();
        column
    }

    #[test]
    fn numbers_widen_and_never_lose() {
        assert_eq!(
            unify(&Int, &MONEY),
            Some(TypeKind::Decimal {
                precision: 22,
                scale: 2
            })
        );
        assert_eq!(unify(&Int, &Float), Some(Float));
        assert_eq!(unify(&MONEY, &Float), None);
        assert_eq!(unify(&Date, &Timestamp), None);
        assert_eq!(unify(&Bool, &Int), None);
        assert_eq!(unify(&Null, &Text), Some(Text));
        assert_eq!(unify(&Never, &Text), Some(Text));
        assert_eq!(unify(&Error, &Text), Some(Error));
    }

    #[test]
    fn what_is_inside_widens_too() {
        let ints = List(Box::new(Int.required()));
        let maybe = List(Box::new(MONEY.optional()));
        let both = List(Box::new(
            TypeKind::Decimal {
                precision: 22,
                scale: 2,
            }
            .optional(),
        ));
        assert_eq!(unify(&ints, &maybe), Some(both));
        assert_eq!(unify(&ints, &List(Box::new(Text.required()))), None);
        let empty = List(Box::new(Null.required()));
        assert_eq!(unify(&empty, &ints), Some(ints.clone()));
    }

    #[test]
    fn structs_go_together_by_name_and_keep_all_labels() {
        let left = TypeKind::Struct(vec![
            column("a", Int.required(), &["pii"]),
            column("b", Text.required(), &[]),
        ]);
        let right = TypeKind::Struct(vec![
            column("b", Text.optional(), &["x"]),
            column("a", MONEY.required(), &[]),
        ]);
        let wide = TypeKind::Decimal {
            precision: 22,
            scale: 2,
        };
        let both = TypeKind::Struct(vec![
            column("a", wide.required(), &["pii"]),
            column("b", Text.optional(), &["x"]),
        ]);
        assert_eq!(unify(&left, &right), Some(both));
        let other = TypeKind::Struct(vec![column("a", Int.required(), &[])]);
        assert_eq!(unify(&left, &other), None);
    }

    #[test]
    fn labels_reach_what_is_inside() {
        let mut list = List(Box::new(
            TypeKind::Struct(vec![column("a", Int.required(), &["x"])]).required(),
        ));
        label_inside(&mut list, &BTreeSet::from(["pii".to_owned()]));
        assert_eq!(inner_labels(&list), BTreeSet::from(["pii".to_owned(), "x".to_owned()]));
        let plain = List(Box::new(
            TypeKind::Struct(vec![column("a", Int.required(), &[])]).required(),
        ));
        assert!(same(&list, &plain));
        assert_eq!(inner_labels(&labelled_as(&plain, &list)), inner_labels(&list));
    }
}
