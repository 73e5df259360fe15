//! Values of several parts: lists, maps, structs and their members, texts joined of values; casts inside of them.

use super::super::tree::Py;
use super::super::types::type_name;
use super::arithmetic::digits;
use super::{Around, calls};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Column, TypeKind};

/// Whether a value of this kind holds a map, which Spark does not compare.
pub(super) fn has_map(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Map(_) => true,
        TypeKind::List(item) => has_map(&item.kind),
        TypeKind::Struct(fields) => fields.iter().any(|field| has_map(&field.ty.kind)),
        _ => false,
    }
}

/// A name for an item that no name around it is.
fn inner(depth: usize) -> String {
    if depth == 0 {
        "item".into()
    } else {
        format!("item_{depth}")
    }
}

fn lambda(depth: usize, body: impl FnOnce(Py) -> Py) -> Py {
    let name = inner(depth);
    let body = body(Py::atom(name.clone()));
    Py::Lambda(vec![name], Box::new(body))
}

/// A value as Spark can compare it: a map as the list of its entries.
pub(super) fn comparable(value: Py, kind: &TypeKind, depth: usize) -> Py {
    match kind {
        _ if !has_map(kind) => value,
        TypeKind::Map(of) if has_map(&of.kind) => {
            let each = lambda(depth, |item| comparable(item, &of.kind, depth + 1));
            Py::call("lists.entries", vec![Py::call("lists.map_values", vec![value, each])])
        }
        TypeKind::Map(_) => Py::call("lists.entries", vec![value]),
        TypeKind::List(of) => {
            let each = lambda(depth, |item| comparable(item, &of.kind, depth + 1));
            Py::call("F.transform", vec![value, each])
        }
        TypeKind::Struct(fields) => rebuilt(&value, fields, |of, field| comparable(of, &field.ty.kind, depth)),
        _ => value,
    }
}

/// A struct with other fields where it is there.
fn rebuilt(value: &Py, fields: &[Column], each: impl Fn(Py, &Column) -> Py) -> Py {
    let field = |field: &Column| {
        let of = value.clone().method("getField", vec![Py::text(&field.name)]);
        each(of, field).method("alias", vec![Py::text(&field.name)])
    };
    let rebuilt = Py::call("F.struct", fields.iter().map(field).collect());
    Py::call("F.when", vec![value.clone().method("isNotNull", vec![]), rebuilt])
}

/// Whether a cast may find a value with too many digits.
pub(super) fn may_not_fit(from: &TypeKind, to: &TypeKind) -> bool {
    match (from, to) {
        (
            TypeKind::Decimal { precision, scale },
            TypeKind::Decimal {
                precision: most,
                scale: most_scale,
            },
        ) => most_scale < scale || precision - scale > most - most_scale,
        (TypeKind::Int, TypeKind::Decimal { precision, scale }) => precision - scale < 19,
        (TypeKind::List(from), TypeKind::List(to)) | (TypeKind::Map(from), TypeKind::Map(to)) => {
            may_not_fit(&from.kind, &to.kind)
        }
        (TypeKind::Struct(from), TypeKind::Struct(to)) => from
            .iter()
            .zip(to)
            .any(|(from, to)| may_not_fit(&from.ty.kind, &to.ty.kind)),
        _ => false,
    }
}

/// A value as one of another kind; missing where it has too many digits.
pub(super) fn fitted(value: Py, from: &TypeKind, to: &TypeKind, depth: usize) -> Py {
    match (from, to) {
        _ if from == to => value,
        (
            TypeKind::Decimal { precision, scale },
            TypeKind::Decimal {
                precision: most,
                scale: most_scale,
            },
        ) if may_not_fit(from, to) => {
            let arguments = vec![value, digits(*precision, *scale), digits(*most, *most_scale)];
            Py::call("numbers.decimal", arguments)
        }
        (TypeKind::Int, TypeKind::Decimal { precision, scale }) if may_not_fit(from, to) => {
            Py::call("numbers.decimal_of_int", vec![value, digits(*precision, *scale)])
        }
        (TypeKind::List(from), TypeKind::List(to)) if may_not_fit(&from.kind, &to.kind) => {
            let each = lambda(depth, |item| fitted(item, &from.kind, &to.kind, depth + 1));
            Py::call("F.transform", vec![value, each])
        }
        (TypeKind::Map(from), TypeKind::Map(to)) if may_not_fit(&from.kind, &to.kind) => {
            let each = lambda(depth, |item| fitted(item, &from.kind, &to.kind, depth + 1));
            Py::call("lists.map_values", vec![value, each])
        }
        (TypeKind::Struct(from), TypeKind::Struct(to)) if from.len() == to.len() => {
            let field = |(from, to): (&Column, &Column)| {
                let of = value.clone().method("getField", vec![Py::text(&from.name)]);
                fitted(of, &from.ty.kind, &to.ty.kind, depth).method("alias", vec![Py::text(&to.name)])
            };
            let rebuilt = Py::call("F.struct", from.iter().zip(to).map(field).collect());
            Py::call("F.when", vec![value.clone().method("isNotNull", vec![]), rebuilt])
        }
        _ => value.method("cast", vec![Py::text(&type_name(to))]),
    }
}

/// Whether a value, or one in it, has too many digits for another kind.
pub(super) fn does_not_fit(value: &Py, from: &TypeKind, to: &TypeKind, depth: usize) -> Py {
    match (from, to) {
        (TypeKind::List(from), TypeKind::List(to)) => {
            let each = lambda(depth, |item| does_not_fit(&item, &from.kind, &to.kind, depth + 1));
            Py::call("F.exists", vec![value.clone(), each])
        }
        (TypeKind::Map(from), TypeKind::Map(to)) => {
            let each = lambda(depth, |item| does_not_fit(&item, &from.kind, &to.kind, depth + 1));
            Py::call("F.exists", vec![Py::call("lists.values", vec![value.clone()]), each])
        }
        (TypeKind::Struct(from), TypeKind::Struct(to)) => {
            let wrong = from
                .iter()
                .zip(to)
                .filter(|(from, to)| may_not_fit(&from.ty.kind, &to.ty.kind))
                .map(|(from, to)| {
                    let of = value.clone().method("getField", vec![Py::text(&from.name)]);
                    does_not_fit(&of, &from.ty.kind, &to.ty.kind, depth)
                });
            let any = wrong.reduce(|left, right| Py::binary("|", left, right));
            any.unwrap_or_else(|| Py::call("F.lit", vec![Py::atom("False")]))
        }
        _ => {
            let there = value.clone().method("isNotNull", vec![]);
            let fitted = fitted(value.clone(), from, to, depth);
            Py::binary("&", there, fitted.method("isNull", vec![]))
        }
    }
}

impl Around<'_> {
    /// A value as Spark can compare it.
    pub(super) fn comparable(&self, expr: &Expr, reasons: &mut Vec<Py>) -> Py {
        comparable(self.exact(expr, reasons), &expr.ty.kind, 0)
    }

    /// Lists, structs, their members, and joined texts.
    pub(super) fn shape(&self, expr: &Expr, reasons: &mut Vec<Py>) -> Py {
        match &expr.kind {
            ExprKind::Member { of, field } => {
                let value = self.exact(of, reasons);
                match of.ty.kind {
                    TypeKind::Json => Py::call("jsons.member", vec![value, Py::text(field)]),
                    _ => value.method("getField", vec![Py::text(field)]),
                }
            }
            ExprKind::Index { of, index } => {
                let value = self.exact(of, reasons);
                let at = self.exact(index, reasons);
                match (&of.ty.kind, &index.ty.kind, &index.kind) {
                    (TypeKind::Map(_), ..) => Py::call("F.try_element_at", vec![value, at]),
                    (TypeKind::Json, TypeKind::Text, _) => Py::call("jsons.member", vec![value, at]),
                    (TypeKind::Json, ..) => Py::call("jsons.item", vec![value, at]),
                    (_, _, ExprKind::Literal(Literal::Int(at))) if i32::try_from(*at).is_ok() => {
                        Py::call("F.get", vec![value, Py::atom(at.to_string())])
                    }
                    _ => Py::call("lists.item", vec![value, at]),
                }
            }
            ExprKind::List(items) => {
                let values: Vec<_> = items.iter().map(|item| self.exact(item, reasons)).collect();
                let list = Py::call("F.array", values);
                match items.is_empty() {
                    true => list.method("cast", vec![Py::text(&type_name(&expr.ty.kind))]),
                    false => list,
                }
            }
            ExprKind::Struct(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| self.exact(value, reasons).method("alias", vec![Py::text(name)]));
                Py::call("F.struct", fields.collect())
            }
            ExprKind::Interpolate(parts) => {
                let parts = parts.iter().map(|part| {
                    let value = self.exact(part, reasons);
                    calls::canonical(value, Some(&part.ty.kind))
                });
                Py::call("F.concat", parts.collect())
            }
            _ => crate::plan::refused(),
        }
    }
}
