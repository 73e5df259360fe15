//! Values as ones of a wider type.

use super::lift::Answer;
use super::{Lowered, Lowering};
use crate::emit::rust::code::Code;
use crate::emit::rust::nested::fields_of;
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Type, TypeKind};

/// The digits before the point of any int.
const INT_DIGITS: u8 = 19;

/// The parameter of the function that casts what is inside of a list or map.
const ITEM: &str = "item";

impl Lowering<'_> {
    pub(super) fn cast(&mut self, inner: &Expr, ty: &Type, text: &str) -> Lowered {
        let to = &ty.kind;
        match (&inner.ty.kind, to) {
            // From required to optional: whoever needs an `Option` makes one.
            (from, to) if from == to => self.lower(inner),
            (TypeKind::Int, TypeKind::Float) => {
                let operand = self.operand(inner);
                self.lift(vec![operand], Answer::plain(to), |parts| parts[0].cast("f64"))
            }
            (TypeKind::Int, TypeKind::Decimal { precision, scale }) => {
                let operand = self.operand(inner);
                let ty = format!("Decimal::<{precision}, {scale}>");
                if *scale == 0 && *precision >= INT_DIGITS {
                    return self.lift(vec![operand], Answer::plain(to), |parts| {
                        Code::template(&format!("{ty}(i128::from({{0}}))"), parts).using("Decimal")
                    });
                }
                self.lift(vec![operand], Answer::checked(to, text), |parts| {
                    Code::call(&Code::path(&format!("{ty}::from_int")), parts)
                })
            }
            (
                TypeKind::Decimal {
                    precision: from_precision,
                    scale: from_scale,
                },
                TypeKind::Decimal { precision, scale },
            ) => {
                let room = scale >= from_scale && precision - scale >= from_precision - from_scale;
                let operand = self.operand(inner);
                let (method, answer) = match room {
                    true => ("widened", Answer::plain(to)),
                    false => ("cast", Answer::checked(to, text)),
                };
                let method = format!("{method}::<{precision}, {scale}>");
                self.lift(vec![operand], answer, |parts| Code::method(&parts[0], &method, &[]))
            }
            (TypeKind::List(from), TypeKind::List(item)) => self.inside("map", inner, (from, item), ty, text),
            (TypeKind::Map(from), TypeKind::Map(item)) => self.inside("map_values", inner, (from, item), ty, text),
            (TypeKind::Struct(_), TypeKind::Struct(_)) => self.fields(inner, ty, text),
            _ => self.lower(inner),
        }
    }

    /// Each item of a list, or value of a map, as one of another type.
    fn inside(&mut self, function: &str, inner: &Expr, (from, to): (&Type, &Type), ty: &Type, text: &str) -> Lowered {
        let item = expr(ExprKind::Local(ITEM.into()), from.clone(), text);
        let body = expr(ExprKind::Cast(Box::new(item)), to.clone(), text);
        let lambda = ExprKind::Lambda {
            params: vec![ITEM.into()],
            body: Box::new(body),
        };
        let arguments = vec![inner.clone(), expr(lambda, to.clone(), text)];
        let call = ExprKind::Call {
            function: function.into(),
            arguments,
        };
        self.lower(&expr(call, ty.clone(), text))
    }

    /// Each field of a struct as one of another type.
    fn fields(&mut self, inner: &Expr, ty: &Type, text: &str) -> Lowered {
        let (from, to) = (
            fields_of(&inner.ty.kind).unwrap_or_default(),
            fields_of(&ty.kind).unwrap_or_default(),
        );
        let operand = self.operand(inner);
        let optional = operand.optional;
        let name = self.names.fresh("value");
        let code = self.code(operand.clone(), "value");
        let there = Lowered {
            optional: false,
            value: crate::emit::rust::code::Value::Code(if optional { Code::name(&name) } else { code.clone() }),
            ..operand
        };
        let local = format!("{ITEM} {name}");
        self.locals.push((local.clone(), there));
        let fields = to.iter().zip(&from).map(|(to, from)| {
            let of = expr(ExprKind::Local(local.clone()), inner.ty.kind.clone().required(), text);
            let member = ExprKind::Member {
                of: Box::new(of),
                field: from.name.clone(),
            };
            let member = expr(member, from.ty.clone(), text);
            let value = expr(ExprKind::Cast(Box::new(member)), to.ty.clone(), text);
            (to.name.clone(), value)
        });
        let structure = ExprKind::Struct(fields.collect());
        let made = expr(structure, ty.kind.clone().required(), text);
        let lowered = match optional {
            true => self.where_there(&code, &name, &made, ty),
            false => self.lower(&made),
        };
        self.locals.pop();
        lowered
    }
}

fn expr(kind: ExprKind, ty: Type, text: &str) -> Expr {
    Expr {
        kind,
        ty,
        text: text.into(),
    }
}
