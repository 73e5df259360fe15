//! The checks of a schema's fields, and of the fields of the structs inside of them.

use std::collections::{BTreeMap, BTreeSet};

use pipec_runtime::reject as reasons;

use super::code::{Code, Level, Statement, Value, without_unused};
use super::expr::{Binding, Lowering, reject};
use super::names::identifier;
use super::nested::fields_of;
use super::types::{Held, Shape, borrowed, held, shape};
use crate::plan::Field;
use crate::plan::types::{Type, TypeKind};

/// A field's own check, and those of what it holds; `path` is the field by its name, and those around it.
pub fn field(lowering: &mut Lowering<'_>, field: &Field, path: &str) {
    if let Some(check) = &field.check {
        let holds = lowering.condition(check);
        let name = lowering.names.fresh(&format!("{}_holds", field.column.name));
        lowering.statements.push(Statement::Let {
            name: name.clone(),
            ty: None,
            value: Value::Code(holds),
        });
        let mut broken = Code::unary("!", &Code::name(&name));
        if let Some(Binding {
            name, optional: true, ..
        }) = lowering.columns.get(&field.column.name)
        {
            let there = Code::method(&Code::name(name), "is_some", &[]);
            broken = Code::binary("&&", Level::And, &there, &broken);
        }
        let reason = reasons::check(path, &check.text);
        lowering
            .statements
            .push(Statement::If(broken, vec![Code::leave(&reject("check", &reason))]));
    }
    if has_checks(&field.inner)
        && let Some(binding) = lowering.columns.get(&field.column.name).cloned()
    {
        let ty = Type {
            kind: field.column.ty.kind.clone(),
            optional: binding.optional,
        };
        inside(lowering, &Code::name(&binding.name), &ty, field, path);
    }
}

fn has_checks(inner: &[Field]) -> bool {
    inner
        .iter()
        .any(|field| field.check.is_some() || has_checks(&field.inner))
}

/// The checks of every struct that a value of this type holds.
fn inside(lowering: &mut Lowering<'_>, value: &Code, ty: &Type, field: &Field, path: &str) {
    let name = lowering.names.fresh(&field.column.name);
    let item = Code::name(&name);
    let (head, next) = match &ty.kind {
        TypeKind::List(next) | TypeKind::Map(next) => {
            let is_map = matches!(ty.kind, TypeKind::Map(_));
            let all = match (is_map, ty.optional) {
                (false, false) => value.clone(),
                (false, true) => Code::method(value, "unwrap_or_default", &[]),
                (true, false) => Code::method(value, "values", &[]),
                (true, true) => {
                    let all = Code::method(value, "into_iter", &[]);
                    Code::method(&all, "flat_map", &[Code::plain("|map| map.values()")])
                }
            };
            let all = match (next.optional, is_map) {
                (true, false) => Code::method(&Code::method(&all, "iter", &[]), "flatten", &[]),
                (true, true) => Code::method(&all, "flatten", &[]),
                (false, _) => all,
            };
            (Code::wrapped(&format!("for {name} in "), &all, ""), (**next).clone())
        }
        _ if ty.optional => (Code::wrapped(&format!("if let Some({name}) = "), value, ""), ty.clone()),
        _ => return of_struct(lowering, value, ty, field, path),
    };
    let next = next.kind.required();
    let outer = std::mem::take(&mut lowering.statements);
    match &next.kind {
        TypeKind::List(_) | TypeKind::Map(_) => inside(lowering, &item, &next, field, path),
        _ => of_struct(lowering, &item, &next, field, path),
    }
    let body = std::mem::replace(&mut lowering.statements, outer);
    let body = without_unused(body, &mut BTreeSet::new());
    lowering.statements.push(Statement::Nest {
        head,
        bound: name,
        body,
    });
}

/// The checks of one struct: its fields are columns to each other.
fn of_struct(lowering: &mut Lowering<'_>, value: &Code, ty: &Type, field: &Field, path: &str) {
    let mut columns = BTreeMap::new();
    for column in fields_of(&ty.kind).unwrap_or_default() {
        let kind = &column.ty.kind;
        let optional = column.ty.optional;
        let name = lowering.names.fresh(&column.name);
        let place = value.field(&identifier(&column.name));
        let copied = shape(kind) == Shape::Plain;
        let read = borrowed(
            &place,
            shape(kind),
            if copied { Held::Copied } else { Held::Owned },
            optional,
        );
        lowering.statements.push(Statement::Let {
            name: name.clone(),
            ty: None,
            value: Value::Code(read),
        });
        let binding = Binding {
            name,
            held: held(kind),
            optional,
            kind: kind.clone(),
        };
        columns.insert(column.name.clone(), binding);
    }
    let outer = std::mem::replace(&mut lowering.columns, columns);
    for inner in &field.inner {
        self::field(lowering, inner, &format!("{path}.{}", inner.column.name));
    }
    lowering.columns = outer;
}
