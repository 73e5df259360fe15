//! What was written of a resource, as JSON: constants as they are, everything else by what it is made of.
//!
//! `{"$ref": "aws_kms_key.platform.arn"}` is another's value, `{"$text": [...]}` a text of parts, `{"$call": ["jsonencode",
//! ...]}` a function's answer; `{"$body": {...}}` is a nested block. A key of an author's that starts with `$` has one more.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;
use serde_json::value::{RawValue, to_raw_value};

use crate::emit::hcl::{Block, Item, Part, Value};

/// What Terraform reads of a block by itself, and no resource has.
const META: [&str; 5] = ["depends_on", "lifecycle", "provider", "connection", "provisioner"];
/// Words for people, which nothing rests on.
const WORDS: [&str; 3] = ["description", "alarm_description", "error_message"];

/// Whether an attribute is of no matter to what holds of a resource.
pub(super) fn is_of_no_matter(name: &str) -> bool {
    META.contains(&name) || WORDS.contains(&name)
}

/// A block's attributes and nested blocks, by name, as text: ten thousand resources have no room as trees.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Written(Box<RawValue>);

impl Written {
    /// What is written of a block.
    pub fn of(block: &Block) -> Written {
        // Keys are texts and numbers are digits or texts, so that this cannot fail.
        Written(to_raw_value(&Body(block)).unwrap_or_default())
    }

    /// It, as a tree.
    pub fn json(&self) -> Json {
        // It was JSON when it was written, or read.
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

/// A value, as a tree.
pub fn value(written: &Value) -> Json {
    serde_json::to_value(Told(written)).unwrap_or_default()
}

/// A block; nested ones of a kind are a list.
struct Body<'b>(&'b Block);
/// The nested blocks of a kind.
struct Nested<'b>(&'b Block, &'b str);
struct Told<'v>(&'v Value);
struct Parts<'v>(&'v [Part]);
struct Call<'v>(&'v str, &'v [Value]);

fn entry<S: Serializer>(to: S, name: &str, value: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(1))?;
    map.serialize_entry(name, value)?;
    map.end()
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        for (at, item) in self.0.items.iter().enumerate() {
            match item {
                Item::Attribute(name, written) if !is_of_no_matter(name) => {
                    map.serialize_entry(name, &Told(written))?
                }
                Item::Block(nested) if !is_of_no_matter(&nested.kind) => {
                    let before = &self.0.items[..at];
                    let again = |item: &Item| matches!(item, Item::Block(other) if other.kind == nested.kind);
                    if !before.iter().any(again) {
                        map.serialize_entry(&nested.kind, &Nested(self.0, &nested.kind))?;
                    }
                }
                _ => {}
            }
        }
        map.end()
    }
}

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        struct One<'b>(&'b Block);
        impl Serialize for One<'_> {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                entry(to, "$body", &Body(self.0))
            }
        }
        to.collect_seq(self.0.children(self.1).map(One))
    }
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => to.serialize_unit(),
            Value::Bool(value) => to.serialize_bool(*value),
            Value::Number(digits) => match digits.parse::<serde_json::Number>() {
                Ok(number) => number.serialize(to),
                Err(_) => to.serialize_str(digits),
            },
            Value::Text(parts) => match parts.as_slice() {
                [] => to.serialize_str(""),
                [Part::Literal(text)] => to.serialize_str(text),
                parts => entry(to, "$text", &Parts(parts)),
            },
            Value::Reference(expression) => entry(to, "$ref", expression),
            Value::List(values) => to.collect_seq(values.iter().map(Told)),
            Value::Object(entries) => {
                let entries = entries.iter().map(|(key, inner)| (escaped(key), Told(inner)));
                to.collect_map(entries)
            }
            Value::Call(function, arguments) => entry(to, "$call", &Call(function, arguments)),
            Value::Commented(_, inner) => Told(inner).serialize(to),
        }
    }
}

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut seq = to.serialize_seq(Some(self.0.len()))?;
        for part in self.0 {
            match part {
                Part::Literal(text) => seq.serialize_element(text)?,
                Part::Expression(inner) => seq.serialize_element(&Told(inner))?,
            }
        }
        seq.end()
    }
}

impl Serialize for Call<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut seq = to.serialize_seq(Some(self.1.len() + 1))?;
        seq.serialize_element(self.0)?;
        for argument in self.1 {
            seq.serialize_element(&Told(argument))?;
        }
        seq.end()
    }
}

fn escaped(key: &str) -> std::borrow::Cow<'_, str> {
    match key.starts_with('$') {
        true => format!("${key}").into(),
        false => key.into(),
    }
}
