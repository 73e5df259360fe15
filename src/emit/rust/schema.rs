//! `schema.rs` of a generated function: the record's struct, its decoding, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet};

use pipec_runtime::reject as reasons;

use super::code::{
    Code, Level, Statement, Value, call_lines, documentation, item, one_line, print_statements, quoted, without_unused,
};
use super::expr::{Binding, Lowering, default_value, reject};
use super::names::{Names, identifier};
use super::types::{Held, decoder, held, is_text, rust_type};
use super::{imports, used_items};
use crate::plan::types::TypeKind;
use crate::plan::{Field, Source};

/// The struct's lifetime, `<'a>` where it borrows from the record.
pub fn borrows(source: &Source) -> bool {
    source.schema.fields.iter().any(|field| is_text(&field.column.ty.kind))
}

/// The file.
pub fn file(source: &Source, record: &str) -> String {
    let schema = &source.schema;
    let mut used = BTreeSet::from(["Reject".to_owned(), "decode".into(), "json".into(), "Received".into()]);
    let structure = structure(source, record, &mut used);
    let decode = decode(source, &mut used);
    let check = check(source, &mut used);
    let lifetime = if borrows(source) { "<'a>" } else { "" };
    let mut body = item(structure);
    body.push('\n');
    body.push_str(&item(format!(
        "impl{lifetime} {record}{lifetime} {{\n{decode}\n{check}}}\n"
    )));
    let cow = if borrows(source) {
        "use std::borrow::Cow;\n\n"
    } else {
        ""
    };
    format!(
        "//! `{}`: what a record of `{}` must be.\n\n{cow}{}\n{body}",
        one_line(&schema.name),
        one_line(&source.name),
        imports(&used),
    )
}

/// The type of a field as the struct holds it.
fn field_type(field: &Field, used: &mut BTreeSet<String>) -> String {
    let ty = &field.column.ty;
    let (name, imports) = rust_type(&ty.kind, "Cow<'a, str>");
    used.extend(imports.into_iter().map(str::to_owned));
    if is_optional(field) {
        format!("Option<{name}>")
    } else {
        name
    }
}

/// Whether the struct may hold nothing: a default stands in for what is missing.
fn is_optional(field: &Field) -> bool {
    field.column.ty.optional && default_of(field).is_none()
}

fn default_of(field: &Field) -> Option<Code> {
    field
        .default
        .as_ref()
        .and_then(|value| default_value(value, &field.column.ty.kind))
}

fn structure(source: &Source, record: &str, used: &mut BTreeSet<String>) -> String {
    let lifetime = if borrows(source) { "<'a>" } else { "" };
    let mut out = documentation(source.schema.doc.as_deref().unwrap_or_default(), 0);
    if !out.starts_with("///") {
        out.push_str("/// A record.\n");
    }
    out.push_str(&format!("#[derive(Clone, Debug)]\npub struct {record}{lifetime} {{\n"));
    for field in &source.schema.fields {
        out.push_str(&documentation(field.column.doc.as_deref().unwrap_or_default(), 4));
        let ty = field_type(field, used);
        out.push_str(&format!("    pub {}: {ty},\n", identifier(&field.column.name)));
    }
    out.push_str("}\n");
    out
}

fn decode(source: &Source, used: &mut BTreeSet<String>) -> String {
    let fields = &source.schema.fields;
    let mut names = Names::new([
        "record", "received", "unknown", "object", "name", "value", "raw", "text",
    ]);
    let locals: Vec<_> = fields.iter().map(|field| names.fresh(&field.column.name)).collect();
    let lifetime = if borrows(source) { "&'a [u8]" } else { "&[u8]" };
    let mut out = String::from("    /// Reads a record, and counts the fields in it that are not known.\n");
    out.push_str(&format!(
        "    pub fn decode(record: {lifetime}, received: &mut Received) -> Result<Self, Reject> {{\n"
    ));
    for local in &locals {
        out.push_str(&format!("        let mut {local} = None;\n"));
    }
    out.push_str("        let mut unknown = 0;\n        let mut object = json::Object::new(record)?;\n");
    out.push_str("        while let Some((name, value)) = object.field()? {\n            match &*name {\n");
    for (field, local) in fields.iter().zip(&locals) {
        out.push_str(&format!(
            "                {} => {local} = value,\n",
            quoted(&field.column.name)
        ));
    }
    out.push_str("                _ => unknown += 1,\n            }\n        }\n");
    out.push_str("        received.unknown_fields += unknown;\n        Ok(Self {\n");
    for (field, local) in fields.iter().zip(&locals) {
        out.push_str(&decode_field(field, local, used));
    }
    out.push_str("        })\n    }\n");
    out
}

fn decode_field(field: &Field, local: &str, used: &mut BTreeSet<String>) -> String {
    let column = &field.column;
    let reader = decoder(&column.ty.kind);
    used.extend(reader.uses.iter().cloned());
    let type_text = crate::plan::types::TypeKind::to_string(&column.ty.kind);
    let wrong = quoted(&reasons::wrong_type(&column.name, &type_text));
    let before = format!("{}: decode::", identifier(&column.name));
    let mut arguments = vec![local.to_owned(), reader.as_str().to_owned()];
    let default = default_of(field);
    if column.ty.optional || default.is_some() {
        arguments.push(wrong);
        let after = match &default {
            Some(value) if is_text(&column.ty.kind) => format!("?.unwrap_or(Cow::Borrowed({})),", value.as_str()),
            Some(value) => {
                used.extend(value.uses.iter().cloned());
                format!("?.unwrap_or({}),", value.as_str())
            }
            None => "?,".to_owned(),
        };
        return call_lines(&format!("{before}optional"), &arguments, &after, 12);
    }
    arguments.extend([quoted(&reasons::missing(&column.name)), wrong]);
    call_lines(&format!("{before}required"), &arguments, "?,", 12)
}

fn check(source: &Source, used: &mut BTreeSet<String>) -> String {
    let fields = &source.schema.fields;
    let mut names = Names::new(["self", "arrived", "key"]);
    let mut columns = BTreeMap::new();
    let mut statements = Vec::new();
    for field in fields {
        let name = names.fresh(&field.column.name);
        let optional = is_optional(field);
        let value = read_field("self", &field.column.name, &field.column.ty.kind, optional);
        statements.push(Statement::Let {
            name: name.clone(),
            ty: None,
            value: Value::Code(value),
        });
        let binding = Binding {
            name,
            held: held(&field.column.ty.kind),
            optional,
        };
        columns.insert(field.column.name.clone(), binding);
    }
    let mut lowering = Lowering {
        statements,
        columns,
        names,
    };
    for field in fields {
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
            let reason = reasons::check(&field.column.name, &check.text);
            lowering
                .statements
                .push(Statement::If(broken, vec![Code::leave(&reject("check", &reason))]));
        }
    }
    lowering.statements.extend(late(source, &lowering.columns));
    let mut live = BTreeSet::new();
    let statements = without_unused(lowering.statements, &mut live);
    let arrived = if live.contains("arrived") {
        "arrived"
    } else {
        "_arrived"
    };
    used.extend(used_items(&live));
    used.insert("Timestamp".to_owned());
    let mut out = String::from("    /// What must hold of it, and how far it may be behind its arrival.\n");
    out.push_str(&format!(
        "    pub fn check(&self, {arrived}: Timestamp) -> Result<(), Reject> {{\n"
    ));
    print_statements(&statements, &mut out, 8);
    out.push_str("        Ok(())\n    }\n");
    out
}

/// A field of the record as a variable holds it: texts borrowed, the others copied.
pub fn read_field(record: &str, name: &str, kind: &TypeKind, optional: bool) -> Code {
    let field = Code::name(record).field(&identifier(name));
    match (held(kind), optional) {
        (Held::Borrowed, false) => Code::unary("&*", &field),
        (Held::Borrowed, true) => Code::method(&field, "as_deref", &[]),
        _ => field,
    }
}

fn late(source: &Source, columns: &BTreeMap<String, Binding>) -> Option<Statement> {
    let time = source.schema.fields.iter().find(|field| field.column.event_time)?;
    let binding = columns.get(&time.column.name)?;
    let micros = i64::try_from(source.late_at_most_seconds)
        .ok()?
        .checked_mul(1_000_000)?;
    let bound = Code::method(
        &Code::name("arrived").field("0"),
        "saturating_sub",
        &[Code::number(micros)],
    );
    let at = Code::name(&binding.name);
    let late = match binding.optional {
        false => Code::binary("<", Level::Compare, &at.field("0"), &bound),
        true => {
            let test = Code::binary("<", Level::Compare, &Code::name("time").field("0"), &bound);
            Code::method(&at, "is_some_and", &[Code::closure("time", &["time"], &test)])
        }
    };
    let reason = reasons::late(source.late_at_most_seconds);
    Some(Statement::If(late, vec![Code::leave(&reject("late", &reason))]))
}
