//! `schema.rs` of a generated function: the record's struct, its decoding, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet};

use pipec_runtime::{media, reject as reasons};
use unicode_width::UnicodeWidthStr;

use super::checks;
use super::code::{
    Block, Code, Level, Statement, Value, WIDTH, call_lines, documentation, item, one_line, print_statements, quoted,
    without_unused,
};
use super::expr::{Binding, Lowering, Shared, default_value, reject, some};
use super::names::{Names, identifier};
use super::nested::{Structs, reader, record_type, unwrap_or};
use super::params::Asked;
use super::types::{Held, Shape, borrowed, held, is_text, mentioned, shape};
use super::{header, used_items};
use crate::plan::expr::Literal;
use crate::plan::types::TypeKind;
use crate::plan::{Field, Source};

/// The struct's lifetime, `<'a>` where it borrows from the record.
pub fn borrows(source: &Source) -> bool {
    source.schema.fields.iter().any(|field| is_text(&field.column.ty.kind))
}

/// The file.
pub fn file(source: &Source, record: &str, shared: &Shared) -> String {
    let schema = &source.schema;
    let mut used = BTreeSet::from(["Reject".to_owned(), "decode".into(), "json".into(), "Received".into()]);
    let structs = &shared.structs;
    let structure = structure(source, record, structs, &mut used);
    let decode = decode(source, structs, &mut used);
    let (check, statics) = check(source, shared, &mut used);
    let lifetime = if borrows(source) { "<'a>" } else { "" };
    let mut body = statics;
    body.push_str(&item(structure));
    body.push('\n');
    body.push_str(&item(format!(
        "impl{lifetime} {record}{lifetime} {{\n{decode}\n{check}}}\n"
    )));
    used.extend(borrows(source).then(|| "Cow".to_owned()));
    format!(
        "//! `{}`: what a record of `{}` must be.\n\n{}\n{body}",
        one_line(&schema.name),
        one_line(&source.name),
        header(&used, structs, &[]),
    )
}

/// The type of a field as the struct holds it.
fn field_type(field: &Field, structs: &Structs, used: &mut BTreeSet<String>) -> String {
    let ty = record_type(&field.column.ty, is_optional(field), structs);
    used.extend(mentioned(&ty).map(str::to_owned));
    ty
}

/// Whether the struct may hold nothing: a default stands in for what is missing.
fn is_optional(field: &Field) -> bool {
    field.column.ty.optional && matches!(field.default, None | Some(Literal::Null))
}

fn default_of(field: &Field, structs: &Structs) -> Option<Code> {
    default_value(field.default.as_ref()?, &field.column.ty.kind, structs)
}

fn structure(source: &Source, record: &str, structs: &Structs, used: &mut BTreeSet<String>) -> String {
    let lifetime = if borrows(source) { "<'a>" } else { "" };
    let mut out = documentation(source.schema.doc.as_deref().unwrap_or_default(), 0);
    if !out.starts_with("///") {
        out.push_str("/// A record.\n");
    }
    out.push_str(&format!("#[derive(Clone, Debug)]\npub struct {record}{lifetime} {{\n"));
    for field in &source.schema.fields {
        out.push_str(&documentation(field.column.doc.as_deref().unwrap_or_default(), 4));
        let ty = field_type(field, structs, used);
        out.push_str(&format!("    pub {}: {ty},\n", identifier(&field.column.name)));
    }
    out.push_str("}\n");
    out
}

fn decode(source: &Source, structs: &Structs, used: &mut BTreeSet<String>) -> String {
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
        out.push_str(&decode_field(field, local, structs, used));
    }
    out.push_str("        })\n    }\n");
    out
}

fn decode_field(field: &Field, local: &str, structs: &Structs, used: &mut BTreeSet<String>) -> String {
    let column = &field.column;
    let reader = reader(&column.ty.kind, false, structs);
    used.extend(reader.uses.iter().cloned());
    let type_text = crate::plan::types::TypeKind::to_string(&column.ty.kind);
    let wrong = quoted(&reasons::wrong_type(&column.name, &type_text));
    let before = format!("{}: decode::", identifier(&column.name));
    let mut arguments = vec![local.to_owned(), reader.as_str().to_owned()];
    let default = default_of(field, structs);
    if column.ty.optional || default.is_some() {
        arguments.push(wrong);
        let after = match &default {
            Some(value) if is_text(&column.ty.kind) => {
                let text = value.as_str().trim_end_matches(".to_owned()");
                format!(".unwrap_or(Cow::Borrowed({text}))")
            }
            Some(value) => {
                used.extend(value.uses.iter().cloned());
                unwrap_or(value)
            }
            None => String::new(),
        };
        return chained_call(&format!("{before}optional"), &arguments, &after);
    }
    arguments.extend([quoted(&reasons::missing(&column.name)), wrong]);
    call_lines(&format!("{before}required"), &arguments, "?,", 12)
}

/// A call that may fail, with what is done with its answer: on one line, or on the next.
fn chained_call(before: &str, arguments: &[String], after: &str) -> String {
    let head = call_lines(before, arguments, "?,", 12);
    let head = head.trim_end_matches(",\n");
    let fits = !head.contains('\n') && head.width() + after.width() < WIDTH;
    match head.rsplit_once('\n') {
        _ if after.is_empty() || fits => format!("{head}{after},\n"),
        Some(_) => format!("{head}\n            {after},\n"),
        None => format!("{head}\n                {after},\n"),
    }
}

fn check(source: &Source, shared: &Shared, used: &mut BTreeSet<String>) -> (String, String) {
    let fields = &source.schema.fields;
    let mut names = Names::new(["self", "arrived", "key", "params", "media", "refused", "reason"]);
    let mut columns = BTreeMap::new();
    let mut statements = Vec::new();
    for field in fields {
        let name = names.fresh(&field.column.name);
        let optional = is_optional(field);
        let value = read_field("self", &field.column.name, &field.column.ty.kind, optional);
        statements.push(variable(&name, value));
        columns.insert(field.column.name.clone(), binding(field, name, optional));
    }
    let mut lowering = Lowering::new(statements, columns, names, shared);
    for field in fields {
        checks::field(&mut lowering, field, &field.column.name);
    }
    lowering.statements.extend(object_rules(source, &lowering.columns));
    lowering.statements.extend(late(source, &lowering.columns));
    let mut live = BTreeSet::new();
    let statements = without_unused(lowering.statements, &mut live);
    let statics = lowering.statics.print(&mut live);
    let arrived = if live.contains("arrived") {
        "arrived"
    } else {
        "_arrived"
    };
    used.extend(used_items(&live));
    used.insert("Timestamp".to_owned());
    let asked = Asked::by_checks(fields, &shared.own);
    used.extend(asked.key.then(|| "PseudonymKey".to_owned()));
    used.extend(asked.params.then(|| "Params".to_owned()));
    let mut out = String::from("    /// What must hold of it, and how far it may be behind its arrival.\n");
    out.push_str(&format!(
        "    pub fn check(&self, {arrived}: Timestamp{}{}{}) -> Result<(), Reject> {{\n",
        if has_rules(source) { ", media: &str" } else { "" },
        if asked.key { ", key: &PseudonymKey" } else { "" },
        if asked.params { ", params: &Params" } else { "" }
    ));
    print_statements(&statements, &mut out, 8);
    out.push_str("        Ok(())\n    }\n");
    (out, statics)
}

fn variable(name: &str, value: Code) -> Statement {
    Statement::Let {
        name: name.to_owned(),
        ty: None,
        value: Value::Code(value),
    }
}

fn binding(field: &Field, name: String, optional: bool) -> Binding {
    Binding {
        name,
        held: held(&field.column.ty.kind),
        optional,
        kind: field.column.ty.kind.clone(),
    }
}

/// A field of the record as a variable holds it: borrowed, or copied.
pub fn read_field(record: &str, name: &str, kind: &TypeKind, optional: bool) -> Code {
    let field = Code::name(record).field(&identifier(name));
    match (shape(kind), optional) {
        // A text of the record is a `Cow`.
        (Shape::Text, false) => Code::unary("&*", &field),
        (Shape::Plain, _) => field,
        (shape, optional) => borrowed(&field, shape, Held::Owned, optional),
    }
}

/// Whether not every object may come.
pub fn has_rules(source: &Source) -> bool {
    let rules = source.object().and_then(|field| field.object.as_ref());
    rules.is_some_and(|rules| !rules.types.is_empty() || rules.max_bytes.is_some())
}

/// Turns away objects of other types, and those that are too large.
fn object_rules(source: &Source, columns: &BTreeMap<String, Binding>) -> Vec<Statement> {
    let Some((field, rules)) = source.object().and_then(|field| Some((field, field.object.as_ref()?))) else {
        return Vec::new();
    };
    let (name, media) = (&field.column.name, Code::name("media"));
    let mut statements = Vec::new();
    if !rules.types.is_empty() {
        let one = |other: &str, reason: Code| (other.to_owned(), Block::of(Value::Code(reason)));
        let others = media::all().filter(|other| !rules.types.iter().any(|allowed| allowed == other));
        let found = others.map(|other| one(&quoted(other), some(&Code::text(&reasons::object_type(name, other)))));
        let arms = found.chain([one("_", Code::plain("None"))]).collect();
        statements.push(Statement::Let {
            name: "refused".to_owned(),
            ty: None,
            value: Value::Match(Box::new((media, arms))),
        });
        let rejected = Code::call(&Code::path("Reject::check"), &[Code::name("reason")]);
        statements.push(Statement::Nest {
            head: Code::wrapped("if let Some(reason) = ", &Code::name("refused"), ""),
            bound: "reason".to_owned(),
            body: vec![Statement::Do(Code::leave(&rejected))],
        });
    }
    if let (Some(max), Some(object)) = (rules.max_bytes, columns.get(name)) {
        let size = Code::name(&object.name).field("size");
        let most = Code::number(i64::try_from(max).unwrap_or(i64::MAX));
        let larger = Code::binary(">", Level::Compare, &size, &most);
        let reason = reasons::object_size(name, max);
        statements.push(Statement::If(larger, vec![Code::leave(&reject("check", &reason))]));
    }
    statements
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
