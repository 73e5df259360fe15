//! What a written value comes to under a plan, as far as that is known.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::super::Evidence;
use super::base;

/// Locals that name locals, at most so deep.
const DEPTH: u32 = 16;

/// What a value comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// This.
    Known(Json),
    /// A list of values.
    List(Vec<Value>),
    /// A map of values, and nothing else in it.
    Object(BTreeMap<String, Value>),
    /// A nested block: what was written of it, and the provider's defaults beside it.
    Body(BTreeMap<String, Value>),
    /// A text of parts, some of them anything.
    Text(Vec<Value>),
    /// A text that holds a value as JSON.
    Encoded(Box<Value>),
    /// What Terraform does not know before it is applied.
    Unknown,
    /// What Terraform computes in a way that is not followed here.
    Any,
}

impl Value {
    /// Whether a part of it is not known.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Value::Known(_) => false,
            Value::List(values) | Value::Text(values) => values.iter().any(Value::is_open),
            Value::Object(entries) | Value::Body(entries) => entries.values().any(Value::is_open),
            Value::Encoded(inner) => inner.is_open(),
            Value::Unknown | Value::Any => true,
        }
    }
}

/// Everything that a plan says.
pub(super) struct Known<'p> {
    locals: &'p BTreeMap<String, Json>,
    variables: Option<&'p Json>,
    /// Instances by the address of their resource, each with its own.
    instances: BTreeMap<&'p str, Vec<(&'p str, &'p Json)>>,
    /// Addresses of everything that is made, an instance each.
    managed: Vec<&'p str>,
}

impl<'p> Known<'p> {
    pub(super) fn new(evidence: &'p Evidence, plan: &'p Json) -> Known<'p> {
        let mut known = Known {
            locals: &evidence.locals,
            variables: plan.get("variables"),
            instances: BTreeMap::new(),
            managed: vec![],
        };
        // What is asked of the account before anything is planned is in the prior state alone.
        for (place, data_only) in [
            ("/prior_state/values/root_module", true),
            ("/planned_values/root_module", false),
        ] {
            if let Some(module) = plan.pointer(place) {
                known.take(module, data_only);
            }
        }
        known
    }

    fn take(&mut self, module: &'p Json, data_only: bool) {
        let resources = module.get("resources").and_then(Json::as_array);
        for resource in resources.into_iter().flatten() {
            let is_data = resource.get("mode").and_then(Json::as_str) == Some("data");
            let Some(address) = resource.get("address").and_then(Json::as_str) else {
                continue;
            };
            if is_data || !data_only {
                self.instances
                    .entry(base(address))
                    .or_default()
                    .push((address, resource));
            }
            if !is_data && !data_only {
                self.managed.push(address);
            }
        }
        let children = module.get("child_modules").and_then(Json::as_array);
        if !data_only {
            let within = children.into_iter().flatten();
            within.for_each(|child| self.take(child, false));
        }
    }

    /// The instances of a resource, by their addresses; what is asked is none.
    pub(super) fn instances(&self, address: &str) -> impl Iterator<Item = (String, &'p Json)> {
        let is_made = !address.starts_with("data.");
        let all = self.instances.get(address).filter(|_| is_made);
        let all = all.into_iter().flatten();
        all.map(|(address, resource)| ((*address).to_owned(), *resource))
    }

    /// Addresses of everything that is made.
    pub(super) fn managed(&self) -> impl Iterator<Item = &'p str> {
        self.managed.iter().copied()
    }

    /// What a written value comes to, in an instance with this index.
    pub(super) fn evaluate(&self, written: &Json, index: Option<&Json>) -> Value {
        self.at_depth(written, index, DEPTH)
    }

    fn at_depth(&self, written: &Json, index: Option<&Json>, depth: u32) -> Value {
        let go = |inner: &Json| self.at_depth(inner, index, depth);
        match written {
            Json::Array(values) => Value::List(values.iter().map(go).collect()),
            Json::Object(entries) => {
                if let Some(expression) = entries.get("$ref").and_then(Json::as_str) {
                    return self.reference(expression, index, depth);
                }
                if let Some(Json::Array(parts)) = entries.get("$text") {
                    return text(parts.iter().map(go).collect());
                }
                if let Some(Json::Array(call)) = entries.get("$call") {
                    return match call.as_slice() {
                        [function, argument] if function.as_str() == Some("jsonencode") => {
                            Value::Encoded(Box::new(go(argument)))
                        }
                        _ => Value::Any,
                    };
                }
                let each =
                    |(key, inner): (&String, &Json)| (key.strip_prefix('$').unwrap_or(key).to_owned(), go(inner));
                match entries.get("$body").and_then(Json::as_object) {
                    Some(body) => Value::Body(body.iter().map(each).collect()),
                    None => Value::Object(entries.iter().map(each).collect()),
                }
            }
            constant => Value::Known(constant.clone()),
        }
    }

    fn reference(&self, expression: &str, index: Option<&Json>, depth: u32) -> Value {
        let Some(path) = traversal(expression) else {
            return Value::Any;
        };
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["var", name, rest @ ..] => {
                let value = self.variables.and_then(|all| all.get(name)?.get("value"));
                value.and_then(|value| at(value, rest)).map_or(Value::Any, known)
            }
            ["local", name, rest @ ..] if rest.is_empty() && depth > 0 => match self.locals.get(*name) {
                Some(written) => self.at_depth(written, index, depth - 1),
                None => Value::Any,
            },
            ["each", "key"] => index.map_or(Value::Any, known),
            ["data", kind, label, rest @ ..] => self.attribute(&format!("data.{kind}.{label}"), rest),
            [kind, label, rest @ ..] if kind.contains('_') => self.attribute(&format!("{kind}.{label}"), rest),
            _ => Value::Any,
        }
    }

    fn attribute(&self, address: &str, path: &[&str]) -> Value {
        let Some(instances) = self.instances.get(address) else {
            return Value::Any;
        };
        let (instance, path) = match (instances.as_slice(), path) {
            ([(_, one)], [first, rest @ ..]) if one.get("index").is_some() && first.parse::<usize>().is_ok() => {
                (one, rest)
            }
            ([(_, one)], path) if one.get("index").is_none() => (one, path),
            _ => return Value::Any,
        };
        match instance.get("values").and_then(|values| at(values, path)) {
            Some(Json::Null) => Value::Any,
            Some(value) => known(value),
            None => Value::Unknown,
        }
    }
}

fn known(value: &Json) -> Value {
    match value {
        Json::Array(values) => Value::List(values.iter().map(known).collect()),
        Json::Object(entries) => {
            Value::Object(entries.iter().map(|(key, inner)| (key.clone(), known(inner))).collect())
        }
        constant => Value::Known(constant.clone()),
    }
}

fn at<'j>(value: &'j Json, path: &[&str]) -> Option<&'j Json> {
    path.iter().try_fold(value, |value, part| match value {
        Json::Array(values) => values.get(part.parse::<usize>().ok()?),
        Json::Object(entries) => entries.get(*part),
        _ => None,
    })
}

/// A text of parts: as far as all of them are known, the text itself.
fn text(parts: Vec<Value>) -> Value {
    if parts.contains(&Value::Unknown) {
        return Value::Unknown;
    }
    let mut whole = String::new();
    for part in &parts {
        match part {
            Value::Known(Json::String(text)) => whole.push_str(text),
            Value::Known(Json::Null) => return Value::Any,
            Value::Known(constant) => whole.push_str(&constant.to_string()),
            _ => return Value::Text(parts),
        }
    }
    Value::Known(Json::String(whole))
}

/// The names and places of `a.b[0]["c"]`; none where an expression is more than that.
fn traversal(expression: &str) -> Option<Vec<String>> {
    let mut out = vec![];
    for part in expression.split(['.', '[']) {
        let part = part.strip_suffix(']').unwrap_or(part).trim_matches('"');
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if part.is_empty() || !part.chars().all(is_name) {
            return None;
        }
        out.push(part.to_owned());
    }
    Some(out)
}
