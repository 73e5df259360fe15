//! Hive's way of naming partitions: `day=2026-01-01/kind=a%2Fb`, where a missing value has a name of its own.

use std::path::Path;

use arrow::array::ArrayRef;
use pipec_runtime::{Date, Timestamp, types::decimal};

use super::error::RunError;
use super::value::{canonical, literal_at};
use crate::plan::expr::Literal;
use crate::plan::types::TypeKind;

/// What stands for a missing value (and, as Hive has it, for an empty text).
const MISSING: &str = "__HIVE_DEFAULT_PARTITION__";

/// The folder of a row, by its partition columns.
pub(super) fn folder(columns: &[(&str, &ArrayRef)], row: usize) -> String {
    let parts = columns.iter().map(|(name, array)| {
        let text = canonical(&literal_at(array, row, &TypeKind::Text)).unwrap_or_default();
        let value = if text.is_empty() {
            MISSING.to_owned()
        } else {
            escape(&text)
        };
        format!("{name}={value}")
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The folders of a dataset's partitions, relative to its own: those that hold files. Its own is the empty one.
pub(super) fn folders(dataset: &Path) -> Result<Vec<String>, RunError> {
    let mut found = Vec::new();
    below(dataset, "", &mut found)?;
    Ok(found)
}

fn below(folder: &Path, name: &str, found: &mut Vec<String>) -> Result<(), RunError> {
    let unread = |error| RunError::file(folder, "read", error);
    #[allow(clippy::disallowed_methods, reason = "the output folder is the embedded engine's")]
    let entries = std::fs::read_dir(folder).map_err(unread)?;
    let mut inside = Vec::new();
    let mut files = false;
    for entry in entries {
        let entry = entry.map_err(unread)?;
        let own = entry.file_name().to_string_lossy().into_owned();
        match entry.path().is_dir() {
            true if parse(&own).is_some() => inside.push(own),
            true => {}
            false => files = true,
        }
    }
    if files {
        found.push(name.to_owned());
    }
    inside.sort();
    for own in inside {
        let name = if name.is_empty() {
            own.clone()
        } else {
            format!("{name}/{own}")
        };
        below(&folder.join(own), &name, found)?;
    }
    Ok(())
}

/// Column and value of a folder's name.
pub(super) fn parse(folder: &str) -> Option<(String, Option<String>)> {
    let (name, value) = folder.split_once('=')?;
    Some((name.to_owned(), (value != MISSING).then(|| unescape(value))))
}

/// A partition's value as its column's type; nothing if the text is not of that type.
pub(super) fn literal(text: Option<&str>, kind: &TypeKind) -> Option<Literal> {
    let Some(text) = text else {
        return Some(Literal::Null);
    };
    Some(match kind {
        TypeKind::Bool => Literal::Bool(text.parse().ok()?),
        TypeKind::Int => Literal::Int(text.parse().ok()?),
        TypeKind::Decimal { precision, scale } => Literal::Decimal {
            unscaled: decimal::parse(text, *precision, *scale)?,
            scale: *scale,
        },
        TypeKind::Text | TypeKind::Enum { .. } => Literal::Text(text.to_owned()),
        TypeKind::Uuid => Literal::Uuid(text.to_owned()),
        TypeKind::Date => Literal::Date(Date::parse(text)?.0),
        TypeKind::Timestamp => Literal::Timestamp(Timestamp::parse(text)?.0),
        _ => return None,
    })
}

/// Hive percent-encodes what a file system or a URL would take amiss.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(character) {
            out.push_str(&format!("%{:02X}", u32::from(character)));
        } else {
            out.push(character);
        }
    }
    out
}

fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let code = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                out.push(code);
                rest = &after[2..];
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn there_and_back() {
        for text in ["a", "a/b=c", "50%", "%41", "é:\u{1}", "__x", ".."] {
            let array: ArrayRef = Arc::new(arrow::array::StringArray::from(vec![text]));
            let folder = folder(&[("kind", &array)], 0);
            assert!(!folder.contains('/'), "{folder}");
            assert_eq!(parse(&folder), Some(("kind".into(), Some(text.into()))));
        }
        let missing: ArrayRef = Arc::new(arrow::array::StringArray::from(vec![None::<&str>]));
        assert_eq!(folder(&[("kind", &missing)], 0), "kind=__HIVE_DEFAULT_PARTITION__");
        assert_eq!(parse("kind=__HIVE_DEFAULT_PARTITION__"), Some(("kind".into(), None)));
        assert_eq!(parse("_temporary"), None);
    }
}
