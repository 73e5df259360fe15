//! What a plan's configuration says of resources: which attributes are written, and from what each is computed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::super::written::is_of_no_matter;

/// Every resource and every thing that is asked, by address.
pub(super) fn resources(module: &Json) -> BTreeMap<&str, &Json> {
    let all = module.get("resources").and_then(Json::as_array);
    let named = |resource: &'_ Json| resource.get("address").and_then(Json::as_str).is_some();
    all.into_iter()
        .flatten()
        .filter(|resource| named(resource))
        .filter_map(|resource| Some((resource.get("address")?.as_str()?, resource)))
        .collect()
}

/// How what is configured of a resource differs from what was written.
pub(super) fn differences(body: &Json, configured: &Json) -> Vec<String> {
    let mut out = vec![];
    if configured.get("provisioners").is_some() {
        out.push("has a provisioner: nothing is proved of what it does".to_owned());
    }
    let key = configured.get("provider_config_key").and_then(Json::as_str);
    if !matches!(key, Some("aws" | "terraform")) {
        out.push(format!("is made by the provider `{}`", key.unwrap_or("of nobody")));
    }
    let none = Json::Object(Map::new());
    let expressions = configured.get("expressions").unwrap_or(&none);
    for (meta, name) in [("for_each", "for_each_expression"), ("count", "count_expression")] {
        match (body.get(meta), configured.get(name)) {
            (Some(written), Some(configured)) => compared(written, configured, meta, &mut out),
            (None, None) => {}
            // What is computed from nothing is not shown.
            (Some(written), None) if references_of(written).is_empty() => {}
            (Some(_), None) => out.push(format!("has no `{meta}` any more")),
            (None, Some(_)) => out.push(format!("has `{meta}`, which was not written")),
        }
    }
    bodies(body, expressions, "", &mut out);
    out
}

/// The same of a body alone.
pub(super) fn body_differences(body: &Json, expressions: &Json) -> Vec<String> {
    let mut out = vec![];
    bodies(body, expressions, "", &mut out);
    out
}

fn bodies(body: &Json, expressions: &Json, path: &str, out: &mut Vec<String>) {
    let none = Map::new();
    let written = body.as_object().unwrap_or(&none);
    let configured = expressions.as_object().unwrap_or(&none);
    for (name, value) in written {
        if matches!(name.as_str(), "for_each" | "count") {
            continue;
        }
        let path = join(path, name);
        match configured.get(name) {
            // An attribute that is null, or a list of no blocks, is not said to be there.
            None if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => {}
            None => out.push(format!("has no `{path}` any more")),
            Some(configured) => compared(value, configured, &path, out),
        }
    }
    for name in configured.keys().filter(|name| !is_of_no_matter(name)) {
        if !written.contains_key(name) {
            out.push(format!("has `{}`, which was not written", join(path, name)));
        }
    }
}

fn compared(written: &Json, configured: &Json, path: &str, out: &mut Vec<String>) {
    if let Some(blocks) = nested(written) {
        let each: Vec<&Json> = match configured {
            Json::Array(each) => each.iter().collect(),
            one => vec![one],
        };
        if each.len() != blocks.len() {
            let (is, was) = (each.len(), blocks.len());
            out.push(format!("has {is} of `{path}`, and {was} were written"));
            return;
        }
        for (at, (body, expressions)) in blocks.iter().zip(each).enumerate() {
            bodies(body, expressions, &format!("{path}[{at}]"), out);
        }
        return;
    }
    let references = configured.get("references").and_then(Json::as_array);
    let references = references.into_iter().flatten().filter_map(Json::as_str);
    let is: BTreeSet<String> = references.filter_map(|all| named(all).into_iter().next()).collect();
    let was = references_of(written);
    if is != was {
        out.push(format!(
            "computes `{path}` from {}, not from {}",
            listed(&is),
            listed(&was)
        ));
    }
}

/// The bodies of a list of nested blocks.
fn nested(written: &Json) -> Option<Vec<&Json>> {
    let all = written.as_array().filter(|all| !all.is_empty())?;
    all.iter().map(|block| block.get("$body")).collect()
}

/// Everything that a value is computed from.
fn references_of(written: &Json) -> BTreeSet<String> {
    match written {
        Json::Array(values) => values.iter().flat_map(references_of).collect(),
        Json::Object(entries) => match entries.get("$ref").and_then(Json::as_str) {
            Some(expression) => named(expression),
            None => entries.values().flat_map(references_of).collect(),
        },
        _ => BTreeSet::new(),
    }
}

/// What an expression names, without attributes: `aws_kms_key.platform`, `var.region`, `data.aws_partition.current`.
fn named(expression: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let mut rest = expression;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '"') {
        rest = rest.get(start..).unwrap_or_default();
        // A quoted text is no name; of one with expressions in it, these are looked at.
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').unwrap_or(quoted.len());
            let inside = quoted.get(..end).unwrap_or_default();
            for part in inside.split("${").skip(1) {
                out.extend(named(part.split('}').next().unwrap_or_default()));
            }
            rest = quoted.get(end + 1..).unwrap_or_default();
            continue;
        }
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.'))
            .unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        let parts: Vec<_> = name.split('.').collect();
        rest = rest.get(end..).unwrap_or_default();
        match parts.as_slice() {
            ["each" | "count" | "self", ..] => {
                out.insert(parts.first().map(|first| (*first).to_owned()).unwrap_or_default());
            }
            ["data", kind, label, ..] => {
                out.insert(format!("data.{kind}.{label}"));
            }
            [first @ ("var" | "local" | "path" | "module" | "terraform"), name, ..] => {
                out.insert(format!("{first}.{name}"));
            }
            [kind, label, ..] if kind.contains('_') => {
                out.insert(format!("{kind}.{label}"));
            }
            _ => {}
        }
    }
    out
}

fn listed(names: &BTreeSet<String>) -> String {
    match names.is_empty() {
        true => "nothing".to_owned(),
        false => names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// A name below a path.
pub(super) fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
