//! Whether planned values are what was written comes to.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::super::written::is_of_no_matter;
use super::configured::join;
use super::evaluate::{Known, Value};

/// The comparison of one instance of a resource.
pub(super) struct Compare<'k> {
    known: &'k Known<'k>,
    index: Option<&'k Json>,
    /// What is not as it was written.
    pub(super) differences: Vec<String>,
    /// How many values are known only once they are applied.
    pub(super) unknown: usize,
}

impl<'k> Compare<'k> {
    pub(super) fn new(known: &'k Known<'k>, index: Option<&'k Json>) -> Compare<'k> {
        Compare {
            known,
            index,
            differences: vec![],
            unknown: 0,
        }
    }

    /// The attributes and nested blocks of a resource.
    pub(super) fn body(&mut self, written: &Json, planned: &Json, path: &str) {
        let entries = written.as_object().into_iter().flatten();
        for (name, value) in entries.filter(|(name, _)| !matches!(name.as_str(), "for_each" | "count")) {
            let value = self.known.evaluate(value, self.index);
            self.value(&value, planned.get(name), &join(path, name));
        }
    }

    fn value(&mut self, written: &Value, planned: Option<&Json>, path: &str) {
        let planned = planned.filter(|value| !value.is_null());
        match (written, planned) {
            (Value::Any | Value::Known(Json::Null), _) => {}
            (written, None) if written.is_open() => self.unknown += 1,
            (Value::List(values), None) if values.is_empty() => {}
            (written, None) => self.add(path, "nothing, or known only once it is applied", written),
            (Value::Unknown, Some(planned)) => {
                let is = shown(planned);
                self.differences.push(format!(
                    "`{path}` is {is}, and what was written is known only once it is applied"
                ));
            }
            (Value::Known(constant), Some(planned)) => {
                if !same(constant, planned) {
                    self.add(path, &shown(planned), written);
                }
            }
            (Value::Text(parts), Some(planned)) => {
                if !planned.as_str().is_some_and(|text| fits(parts, text)) {
                    self.add(path, &shown(planned), written);
                }
            }
            (Value::Encoded(inner), Some(planned)) => {
                let decoded = planned
                    .as_str()
                    .and_then(|text| serde_json::from_str::<Json>(text).ok());
                match decoded {
                    Some(decoded) => self.value(inner, Some(&decoded), path),
                    None => self.add(path, &shown(planned), written),
                }
            }
            (Value::List(values), Some(Json::Array(planned))) => self.list(values, planned, path),
            (Value::List(values), Some(one)) => self.list(values, std::slice::from_ref(one), path),
            (Value::Object(entries), Some(Json::Object(planned))) => {
                self.entries(entries, planned, path);
                for (name, value) in planned {
                    if !entries.contains_key(name) && !value.is_null() {
                        let path = join(path, name);
                        self.differences
                            .push(format!("`{path}` is {}, and was not written", shown(value)));
                    }
                }
            }
            (Value::Body(entries), Some(Json::Object(planned))) => self.entries(entries, planned, path),
            (Value::Object(_) | Value::Body(_), Some(planned)) => self.add(path, &shown(planned), written),
        }
    }

    fn entries(&mut self, written: &BTreeMap<String, Value>, planned: &serde_json::Map<String, Json>, path: &str) {
        for (name, value) in written.iter().filter(|(name, _)| !is_of_no_matter(name)) {
            self.value(value, planned.get(name), &join(path, name));
        }
    }

    /// Entries of sets come in another order, so each may be any that is not taken yet.
    fn list(&mut self, written: &[Value], planned: &[Json], path: &str) {
        if written.len() != planned.len() {
            let (is, was) = (planned.len(), written.len());
            self.differences
                .push(format!("`{path}` has {is} entries, and {was} were written"));
            return;
        }
        let at = |at: usize| format!("{path}[{at}]");
        let mut left: Vec<Option<&Json>> = planned.iter().map(Some).collect();
        let mut unmatched = vec![];
        for (place, value) in written.iter().enumerate() {
            let fits = |entry: &Option<&Json>| {
                entry.is_some_and(|entry| {
                    let mut trial = Compare::new(self.known, self.index);
                    trial.value(value, Some(entry), path);
                    trial.differences.is_empty()
                })
            };
            let own = left.get(place).is_some_and(fits).then_some(place);
            match own.or_else(|| left.iter().position(fits)) {
                Some(found) => {
                    let entry = left.get_mut(found).and_then(Option::take);
                    self.value(value, entry, &at(found));
                }
                None => unmatched.push((place, value)),
            }
        }
        let mut rest = left
            .iter()
            .enumerate()
            .filter_map(|(place, entry)| Some((place, (*entry)?)));
        for (_, value) in unmatched {
            if let Some((place, entry)) = rest.next() {
                self.value(value, Some(entry), &at(place));
            }
        }
    }

    fn add(&mut self, path: &str, is: &str, written: &Value) {
        self.differences
            .push(format!("`{path}` is {is}, and {} was written", told(written)));
    }
}

/// Numbers and truths are texts where the provider's schema says so.
fn same(written: &Json, planned: &Json) -> bool {
    let plain = |value: &Json| match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    match (written.as_f64(), planned.as_f64()) {
        (Some(written), Some(planned)) => written == planned,
        _ => plain(written) == plain(planned),
    }
}

/// Whether a text is these parts, of which some may be anything.
fn fits(parts: &[Value], text: &str) -> bool {
    match parts {
        [] => text.is_empty(),
        [Value::Known(constant), rest @ ..] => {
            let start = match constant {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            text.strip_prefix(start.as_str()).is_some_and(|left| fits(rest, left))
        }
        [Value::Text(inner), rest @ ..] => {
            let all: Vec<_> = inner.iter().chain(rest).cloned().collect();
            fits(&all, text)
        }
        [_, rest @ ..] => (0..=text.len()).any(|at| text.get(at..).is_some_and(|left| fits(rest, left))),
    }
}

/// A planned value, cut where it is long.
fn shown(value: &Json) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn told(value: &Value) -> String {
    match value {
        Value::Known(constant) => shown(constant),
        Value::List(values) => format!("[{}]", values.iter().map(told).collect::<Vec<_>>().join(", ")),
        Value::Encoded(inner) => told(inner),
        Value::Object(_) | Value::Body(_) => "an object".to_owned(),
        Value::Text(parts) => parts.iter().map(told).collect(),
        Value::Unknown | Value::Any => "…".to_owned(),
    }
}
