//! `nested.rs` of a generated function: the structs inside of its rows, by their fields, with how they are read and written.
//! It must not know steps.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Code, Value, documentation, item, quoted};
use super::expr::literal;
use super::header;
use super::names::{Names, identifier, upper_camel};
use super::types::{mentioned, optional, rust_type, shape, stored_type};
use crate::plan::Field;
use crate::plan::expr::Expr;
use crate::plan::types::{Column, Type, TypeKind, object_fields};

/// The structs of a function. Two with the same fields are one, whoever named them.
#[derive(Clone, Debug, Default)]
pub struct Structs {
    found: BTreeMap<String, Struct>,
    names: Names,
    /// In the order in which they were met.
    order: Vec<String>,
}

#[derive(Clone, Debug)]
struct Struct {
    name: String,
    fields: Vec<Column>,
    /// How its fields are read, where it stands in a source's schema.
    read: Option<BTreeMap<String, Code>>,
}

/// The fields of a struct, or of an object.
pub fn fields_of(kind: &TypeKind) -> Option<Vec<Column>> {
    match kind {
        TypeKind::Struct(fields) => Some(fields.clone()),
        TypeKind::Object => Some(object_fields()),
        _ => None,
    }
}

fn key(fields: &[Column]) -> String {
    TypeKind::Struct(fields.to_vec()).to_string()
}

impl Structs {
    /// None yet; these names of types are taken.
    pub fn new(names: Names) -> Structs {
        Structs {
            names,
            ..Structs::default()
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The type of a struct that was met before.
    pub fn name(&self, kind: &TypeKind) -> &str {
        let found = fields_of(kind).and_then(|fields| self.found.get(&key(&fields)));
        // Whatever a transform computes with was met before it is lowered.
        found.map_or("()", |found| found.name.as_str())
    }

    /// Whether a name is that of a struct.
    pub fn has(&self, name: &str) -> bool {
        self.found.values().any(|found| found.name == name)
    }

    /// Meets the structs of a column.
    pub fn column(&mut self, column: &Column) {
        self.ty(&column.ty, &column.name);
    }

    /// Meets the structs of a field that is read, with the defaults of theirs.
    pub fn field(&mut self, field: &Field) {
        self.read(&field.column.ty.kind, &field.column.name, &field.inner);
    }

    /// Meets the structs of an expression and all that it is made of.
    pub fn expr(&mut self, expr: &Expr, hint: &str) {
        self.ty(&expr.ty, hint);
        for child in expr.children() {
            self.expr(child, hint);
        }
    }

    /// Meets the structs of a type.
    pub fn ty(&mut self, ty: &Type, hint: &str) {
        match &ty.kind {
            TypeKind::List(item) | TypeKind::Map(item) => self.ty(item, hint),
            kind => {
                if let Some(fields) = fields_of(kind) {
                    self.meet(&fields, hint);
                    for field in &fields {
                        self.ty(&field.ty, &format!("{hint}_{}", field.name));
                    }
                }
            }
        }
    }

    fn meet(&mut self, fields: &[Column], hint: &str) -> &mut Struct {
        let key = key(fields);
        if !self.found.contains_key(&key) {
            self.order.push(key.clone());
        }
        let names = &mut self.names;
        self.found.entry(key).or_insert_with(|| Struct {
            name: names.fresh(&upper_camel(hint)),
            fields: fields.to_vec(),
            read: None,
        })
    }

    fn read(&mut self, kind: &TypeKind, hint: &str, inner: &[Field]) {
        match kind {
            TypeKind::List(item) | TypeKind::Map(item) => return self.read(&item.kind, hint, inner),
            _ => {}
        }
        let Some(fields) = fields_of(kind) else { return };
        let defaults = inner.iter().filter_map(|field| {
            let default = literal::default_value(field.default.as_ref()?, &field.column.ty.kind, self)?;
            Some((field.column.name.clone(), default))
        });
        let defaults: BTreeMap<_, _> = defaults.collect();
        let found = self.meet(&fields, hint);
        // Structs that only differ in their defaults read them where they stand: the first one's count.
        found.read.get_or_insert(defaults);
        for field in &fields {
            let inner = inner.iter().find(|inner| inner.column.name == field.name);
            let inside = inner.map_or(&[][..], |inner| &inner.inner);
            self.read(&field.ty.kind, &format!("{hint}_{}", field.name), inside);
        }
    }

    /// The file; nothing where there are no structs.
    pub fn file(&self) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let mut body = String::new();
        let mut used = BTreeSet::from(["encode".to_owned()]);
        let structs = self.order.iter().filter_map(|key| self.found.get(key));
        for found in structs {
            body.push('\n');
            body.push_str(&item(self.definition(found, &mut used)));
            if let Some(defaults) = &found.read {
                body.push('\n');
                body.push_str(&item(self.decode(found, defaults, &mut used)));
            }
            body.push('\n');
            body.push_str(&item(encode(found)));
        }
        used.retain(|name| !self.has(name));
        Some(format!(
            "//! What fields hold that are records themselves.\n\n{}{body}",
            header(&used, self, &[])
        ))
    }

    fn definition(&self, found: &Struct, used: &mut BTreeSet<String>) -> String {
        let mut out = String::from("/// A record inside of a row.\n#[derive(Clone, Debug, PartialEq)]\n");
        out.push_str(&format!("pub struct {} {{\n", found.name));
        for field in &found.fields {
            let ty = stored_type(&field.ty, self);
            used.extend(mentioned(&ty).map(str::to_owned));
            out.push_str(&documentation(field.doc.as_deref().unwrap_or_default(), 4));
            out.push_str(&format!("    pub {}: {ty},\n", identifier(&field.name)));
        }
        out.push_str("}\n");
        out
    }

    fn decode(&self, found: &Struct, defaults: &BTreeMap<String, Code>, used: &mut BTreeSet<String>) -> String {
        used.extend(["decode".to_owned(), "json".to_owned()]);
        let mut names = Names::new(["raw", "object", "name", "value"]);
        let fields = found.fields.iter().map(|field| (field, names.fresh(&field.name)));
        let fields: Vec<_> = fields.collect();
        let mut out = format!("impl {} {{\n    /// Reads it from its place in a record.\n", found.name);
        out.push_str("    pub fn decode(raw: json::Raw<'_>) -> Option<Self> {\n");
        for (_, local) in &fields {
            out.push_str(&format!("        let mut {local} = None;\n"));
        }
        out.push_str("        let mut object = decode::object(raw)?;\n");
        out.push_str("        while let Some((name, value)) = object.field().ok()? {\n            match &*name {\n");
        for (field, local) in &fields {
            out.push_str(&format!(
                "                {} => {local} = value,\n",
                quoted(&field.name)
            ));
        }
        out.push_str("                _ => {}\n            }\n        }\n        Some(Self {\n");
        for (field, local) in &fields {
            let default = defaults.get(&field.name);
            let read = reader(&field.ty.kind, true, self);
            used.extend(read.uses.iter().cloned());
            let how = if field.ty.optional || default.is_some() {
                "perhaps"
            } else {
                "there"
            };
            let after = match default {
                Some(value) => {
                    used.extend(value.uses.iter().cloned());
                    unwrap_or(value)
                }
                None => String::new(),
            };
            let value = match (default, field.ty.optional) {
                (Some(_), true) => format!("Some(decode::{how}({local}, {})?{after})", read.as_str()),
                _ => format!("decode::{how}({local}, {})?{after}", read.as_str()),
            };
            out.push_str(&format!("            {}: {value},\n", identifier(&field.name)));
        }
        out.push_str("        })\n    }\n}\n");
        out
    }
}

/// `.unwrap_or(value)`; what allocates is only made where it is needed.
pub fn unwrap_or(value: &Code) -> String {
    match value.as_str().contains('(') && !value.as_str().starts_with("Cow::") && !is_constructor(value.as_str()) {
        true => format!(".unwrap_or_else(|| {})", value.as_str()),
        false => format!(".unwrap_or({})", value.as_str()),
    }
}

/// `Date(1)`, `Decimal::<12, 2>(0)`
fn is_constructor(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.matches('(').count() == 1
}

fn encode(found: &Struct) -> String {
    let mut out = format!("impl encode::Value for {} {{\n", found.name);
    out.push_str("    fn write(&self, form: encode::Form, out: &mut Vec<u8>) -> bool {\n");
    out.push_str("        let mut row = encode::Row::new(form, out);\n");
    for field in &found.fields {
        let name = identifier(&field.name);
        out.push_str(&format!("        row.field({}, &self.{name});\n", quoted(&field.name)));
    }
    out.push_str("        row.close();\n        true\n    }\n}\n");
    out
}

/// The function that reads a value of this type; texts inside of a list or struct are of their own.
pub fn reader(kind: &TypeKind, inside: bool, structs: &Structs) -> Code {
    let name = match kind {
        TypeKind::Bool => "bool",
        TypeKind::Int => "int",
        TypeKind::Float => "float",
        TypeKind::Decimal { .. } => "decimal",
        TypeKind::Date => "date",
        TypeKind::Timestamp => "timestamp",
        TypeKind::Duration => "duration",
        TypeKind::Uuid => "uuid",
        TypeKind::Json => "json",
        TypeKind::Bytes => "bytes",
        TypeKind::Enum { variants, .. } => {
            let variants: Vec<_> = variants.iter().map(|variant| quoted(variant)).collect();
            let text = if inside { "owned_text" } else { "text" };
            let of = if inside { "text.as_str()" } else { "&**text" };
            let code = format!(
                "|raw| decode::{text}(raw).filter(|text| matches!({of}, {}))",
                variants.join(" | ")
            );
            return Code::plain(code).using("decode");
        }
        TypeKind::List(item) => return items("list", item, structs),
        TypeKind::Map(value) => return items("map", value, structs),
        TypeKind::Struct(_) | TypeKind::Object => {
            let name = structs.name(kind);
            return Code::plain(format!("{name}::decode")).using(name);
        }
        TypeKind::Text | TypeKind::Null | TypeKind::Never | TypeKind::Error if inside => "owned_text",
        TypeKind::Text | TypeKind::Null | TypeKind::Never | TypeKind::Error => "text",
    };
    Code::path(&format!("decode::{name}"))
}

fn items(function: &str, item: &Type, structs: &Structs) -> Code {
    let read = reader(&item.kind, true, structs);
    let how = if item.optional { "perhaps" } else { "there" };
    let mut code = Code::plain(format!(
        "|raw| decode::{function}(raw, |item| decode::{how}(item, {}))",
        read.as_str()
    ));
    code.uses.extend(read.uses);
    code.using("decode")
}

/// The type of a field as its record holds it: texts borrow from the record.
pub fn record_type(ty: &Type, may_be_missing: bool, structs: &Structs) -> String {
    optional(rust_type(&ty.kind, "Cow<'a, str>", structs), may_be_missing)
}

/// A literal of its own, for a place inside of a list or struct.
pub fn stored_literal(value: Value, kind: &TypeKind) -> Option<Code> {
    match value {
        Value::Code(code) => Some(super::types::owned(&code, shape(kind), super::types::held(kind), false)),
        _ => None,
    }
}
