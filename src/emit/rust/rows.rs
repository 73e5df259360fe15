//! Steps that make several rows of one, or bring rows of several ways together, and those that leave duplicates out.

use super::code::{Code, Level, Statement, Value};
use super::expr::Binding;
use super::steps::{Flow, bind, leave_out, let_code};
use super::types::{Held, Shape, borrowed, held, shape};
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Column, Type, TypeKind};
use crate::plan::{Transform, WayStep};

/// A column's value as one of another type.
fn cast(column: &str, from: &Type, to: &Type) -> Expr {
    let read = Expr {
        kind: ExprKind::Column(column.to_owned()),
        ty: from.clone(),
        text: column.into(),
    };
    if from == to {
        return read;
    }
    Expr {
        kind: ExprKind::Cast(Box::new(read)),
        ty: to.clone(),
        text: column.into(),
    }
}

fn type_of(binding: &Binding) -> Type {
    Type {
        kind: binding.kind.clone(),
        optional: binding.optional,
    }
}

/// `union`: the columns as those of both sides.
pub fn align(flow: &mut Flow, columns: &[Column]) {
    for column in columns {
        let Some(binding) = flow.lowering.columns.get(&column.name) else {
            continue;
        };
        if binding.kind == column.ty.kind {
            continue;
        }
        let to = Type {
            kind: column.ty.kind.clone(),
            optional: binding.optional,
        };
        let expr = cast(&column.name, &type_of(binding), &to);
        let name = flow.lowering.names.fresh(&column.name);
        let lowered = flow.lowering.owned(&expr);
        let binding = bind(&mut flow.lowering, name, column, lowered);
        flow.lowering.columns.insert(column.name.clone(), binding);
    }
}

/// `dedupe by KEYS within D`
pub fn dedupe(flow: &mut Flow, way: &WayStep, transform: &Transform, keys: &[String], within_seconds: u64) {
    let mut parts = Vec::new();
    for key in keys {
        let Some(binding) = flow.lowering.columns.get(key).cloned() else {
            continue;
        };
        let mut value = Code::name(&binding.name);
        if binding.kind == TypeKind::Float {
            // `-0.0` is `0.0`.
            let name = flow.lowering.names.fresh(key);
            let zero = |value: &Code| Code::binary("+", Level::Compare, value, &Code::plain("0.0"));
            let plain = match binding.optional {
                true => Code::method(
                    &value,
                    "map",
                    &[Code::closure("value", &["value"], &zero(&Code::name("value")))],
                ),
                false => zero(&value),
            };
            let_code(&mut flow.lowering, &name, plain);
            value = Code::name(&name);
        }
        parts.push(Code::unary("&", &value));
    }
    let name = flow.lowering.names.fresh("key");
    let key = Code::call(&Code::path("Key::of"), &[Code::array("&", &parts)]);
    let_code(&mut flow.lowering, &name, key);
    let remembered = match way.owner == transform.name {
        true => format!("{}#{}", transform.name, way.place),
        false => format!("{}/{}#{}", transform.name, way.owner, way.place),
    };
    let known = flow.asked.dedupes.iter().position(|(name, _)| *name == remembered);
    let number = known.unwrap_or_else(|| {
        flow.asked.dedupes.push((remembered, within_seconds));
        flow.asked.dedupes.len() - 1
    });
    let arguments = [Code::number(number as i128), Code::name(&name)];
    leave_out(
        &mut flow.lowering,
        Code::method(&Code::name("out"), "is_duplicate", &arguments),
    );
}

/// `explode LIST as NAME`
pub fn explode(flow: &mut Flow, outer: bool, list: &Expr, column: &Column) {
    let lowered = flow.lowering.owned(list);
    let (list_held, optional) = (lowered.held, lowered.optional);
    let name = match lowered.value {
        Value::Code(code) if code.is_name() => code.as_str().to_owned(),
        value => {
            let name = flow.lowering.names.fresh("list");
            let statement = Statement::Let {
                name: name.clone(),
                ty: None,
                value,
            };
            flow.lowering.statements.push(statement);
            name
        }
    };
    flow.lend();
    let mut slice = borrowed(&Code::name(&name), Shape::Slice, list_held, optional);
    if optional {
        slice = Code::method(&slice, "unwrap_or_default", &[]);
    }
    let item = match &list.ty.kind {
        TypeKind::List(item) => (**item).clone(),
        _ => column.ty.clone(),
    };
    let entry = flow.lowering.names.fresh(&column.name);
    let items = match outer {
        true => Code::call(&Code::path("logic::or_none"), &[slice]),
        false => slice,
    };
    flow.open(items, vec![entry.clone()]);
    let value = entry_of(&entry, &item, outer);
    if value.as_str() != entry {
        let_code(&mut flow.lowering, &entry, value);
    }
    let binding = Binding {
        name: entry,
        held: held(&item.kind),
        optional: item.optional || outer,
        kind: item.kind,
    };
    flow.lowering.columns.insert(column.name.clone(), binding);
}

/// An entry of a list that is gone through, as a column holds it.
fn entry_of(name: &str, item: &Type, outer: bool) -> Code {
    let entry = Code::name(name);
    let shape = shape(&item.kind);
    let of = |function: &str| Code::method(&entry, function, &[]);
    let map = |function: &str| Code::method(&entry, "map", &[Code::plain(function)]);
    let and_then = |body: &str| Code::method(&entry, "and_then", &[Code::plain(format!("|entry| entry.{body}"))]);
    match (outer, shape, item.optional) {
        (false, Shape::Plain, _) => Code::unary("*", &entry),
        (false, Shape::Whole, false) => entry,
        (false, ..) => borrowed(&entry, shape, Held::Owned, item.optional),
        (true, Shape::Plain, false) => of("copied"),
        (true, Shape::Plain, true) => Code::method(&of("copied"), "flatten", &[]),
        (true, Shape::Whole, false) => entry,
        (true, Shape::Whole, true) => and_then("as_ref()"),
        (true, Shape::Text, false) => map("String::as_str"),
        (true, Shape::Slice, false) => map("Vec::as_slice"),
        (true, Shape::Text | Shape::Slice, true) => and_then("as_deref()"),
    }
}

/// `unpivot A, B as NAME, VALUE`
pub fn unpivot(flow: &mut Flow, columns: &[String], name: &Column, value: &Column) {
    flow.lend();
    let mut pairs = Vec::new();
    for column in columns {
        let Some(binding) = flow.lowering.columns.get(column) else {
            continue;
        };
        let to = Type {
            kind: value.ty.kind.clone(),
            optional: binding.optional,
        };
        let expr = cast(column, &type_of(binding), &to);
        let lowered = flow.lowering.lower(&expr);
        let optional = lowered.optional;
        let code = flow.lowering.code(lowered, column);
        let code = match value.ty.optional && !optional {
            true => Code::call(&Code::plain("Some"), &[code]),
            false => code,
        };
        pairs.push(Code::tuple(&[Code::text(column), code]));
    }
    let (name_of, value_of) = (
        flow.lowering.names.fresh(&name.name),
        flow.lowering.names.fresh(&value.name),
    );
    flow.open(Code::array("", &pairs), vec![name_of.clone(), value_of.clone()]);
    let binding = |variable: String, column: &Column| Binding {
        name: variable,
        held: held(&column.ty.kind),
        optional: column.ty.optional,
        kind: column.ty.kind.clone(),
    };
    let columns = &mut flow.lowering.columns;
    columns.insert(name.name.clone(), binding(name_of, name));
    columns.insert(value.name.clone(), binding(value_of, value));
}
