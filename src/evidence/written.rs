//! What was written of a resource, as JSON: constants as they are, everything else by what it is made of.
//!
//! `{"$ref": "aws_kms_key.platform.arn"}` is another's value, `{"$text": [...]}` a text of parts, `{"$call": ["jsonencode",
//! ...]}` a function's answer; `{"$body": {...}}` is a nested block. A key of an author's that starts with `$` has one more.

use serde_json::{Map, Value as Json, json};

use crate::emit::hcl::{Block, Item, Part, Value};

/// What Terraform reads of a block by itself, and no resource has.
const META: [&str; 5] = ["depends_on", "lifecycle", "provider", "connection", "provisioner"];
/// Words for people, which nothing rests on.
const WORDS: [&str; 3] = ["description", "alarm_description", "error_message"];

/// Whether an attribute is of no matter to what holds of a resource.
pub(super) fn is_of_no_matter(name: &str) -> bool {
    META.contains(&name) || WORDS.contains(&name)
}

/// A block's attributes and nested blocks, by name; blocks of a kind are a list.
pub fn body(block: &Block) -> Json {
    let mut out = Map::new();
    for item in &block.items {
        match item {
            Item::Attribute(name, written) if !is_of_no_matter(name) => {
                out.insert(name.clone(), value(written));
            }
            Item::Block(nested) if !is_of_no_matter(&nested.kind) => {
                let entry = out.entry(nested.kind.clone()).or_insert_with(|| Json::Array(vec![]));
                if let Json::Array(all) = entry {
                    all.push(json!({ "$body": body(nested) }));
                }
            }
            _ => {}
        }
    }
    Json::Object(out)
}

/// A value.
pub fn value(written: &Value) -> Json {
    match written {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(digits) => digits
            .parse::<serde_json::Number>()
            .map_or_else(|_| Json::String(digits.clone()), Json::Number),
        Value::Text(parts) => text(parts),
        Value::Reference(expression) => json!({ "$ref": expression }),
        Value::List(values) => values.iter().map(value).collect(),
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, inner)| (escaped(key), value(inner)));
            Json::Object(entries.collect())
        }
        Value::Call(function, arguments) => {
            let parts = std::iter::once(Json::String(function.clone())).chain(arguments.iter().map(value));
            json!({ "$call": parts.collect::<Vec<_>>() })
        }
        Value::Commented(_, inner) => value(inner),
    }
}

fn text(parts: &[Part]) -> Json {
    match parts {
        [] => Json::String(String::new()),
        [Part::Literal(text)] => Json::String(text.clone()),
        parts => {
            let parts = parts.iter().map(|part| match part {
                Part::Literal(text) => Json::String(text.clone()),
                Part::Expression(inner) => value(inner),
            });
            json!({ "$text": parts.collect::<Vec<_>>() })
        }
    }
}

fn escaped(key: &str) -> String {
    match key.starts_with('$') {
        true => format!("${key}"),
        false => key.to_owned(),
    }
}
