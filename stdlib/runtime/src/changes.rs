//! Records of changes to a database's rows, as AWS Database Migration Service sends them to a stream: a row, and beside it
//! what became of it and when. Records that tell of tables and not of rows are none.

use std::borrow::Cow;

use crate::decode;
use crate::json::{Object, Raw};

/// What a record is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Change<'a> {
    /// A row as it stands, without anything around it; or none at all.
    #[default]
    Bare,
    /// No row, but a word of the service's own, and when it was said: a table was made.
    Control(Option<Raw<'a>>),
    /// A row, and what is said of it.
    Of(Changed<'a>),
}

/// A row of a database that changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Changed<'a> {
    /// The row, an object.
    pub row: &'a str,
    /// `insert`, `update`, `delete`, or `load` where it was there before.
    pub operation: Option<Raw<'a>>,
    /// When it changed.
    pub at: Option<Raw<'a>>,
    /// When the record arrived, where it says so itself.
    pub arrived: Option<Raw<'a>>,
}

/// What a record is: a change where it has `data` and `metadata`, both objects, and the second one has neither objects
/// and lists in it nor texts with escapes, as the service writes it.
pub fn of(record: &[u8]) -> Change<'_> {
    read(record).unwrap_or_default()
}

/// The row that a record tells of; nothing where it tells of none.
pub fn row(record: &[u8]) -> Option<&[u8]> {
    match of(record) {
        Change::Bare => Some(record),
        Change::Control(_) => None,
        Change::Of(changed) => Some(changed.row.as_bytes()),
    }
}

fn read(record: &[u8]) -> Option<Change<'_>> {
    let mut object = Object::new(record).ok()?;
    let (mut data, mut metadata, mut arrived) = (None, None, None);
    while let Some((name, value)) = object.field().ok()? {
        match &*name {
            "data" => data = value,
            "metadata" => metadata = value,
            "_arrived" => arrived = value,
            _ => {}
        }
    }
    let mut object = decode::object(metadata?)?;
    let (mut kind, mut operation, mut at) = (None, None, None);
    while let Some((name, value)) = object.field().ok()? {
        if matches!(name, Cow::Owned(_)) || matches!(value, Some(Raw::Nested(_) | Raw::Escaped(_))) {
            return None;
        }
        match &*name {
            "record-type" => kind = value.and_then(decode::text),
            "operation" => operation = value,
            "timestamp" => at = value,
            _ => {}
        }
    }
    if kind.is_some_and(|kind| kind != "data") {
        return Some(Change::Control(at));
    }
    match data? {
        Raw::Nested(row) if row.starts_with('{') => Some(Change::Of(Changed {
            row,
            operation,
            at,
            arrived,
        })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_in_what_is_said_of_them() {
        let record =
            br#"{"data": {"id": 1}, "metadata": {"record-type": "data", "operation": "delete", "timestamp": "t"}}"#;
        let Change::Of(changed) = of(record) else {
            panic!("it is a change")
        };
        assert_eq!(changed.row, r#"{"id": 1}"#);
        assert_eq!(
            (changed.operation, changed.at),
            (Some(Raw::Plain("delete")), Some(Raw::Plain("t")))
        );
        assert_eq!(row(record), Some(&br#"{"id": 1}"#[..]));
    }

    #[test]
    fn what_tells_of_tables_is_no_row() {
        assert_eq!(
            row(br#"{"data":{},"metadata":{"record-type":"control","operation":"create-table"}}"#),
            None
        );
    }

    #[test]
    fn other_records_stay_as_they_are() {
        for record in [
            "",
            "[]",
            r#"{"id":1}"#,
            r#"{"data":{"id":1}}"#,
            r#"{"data":1,"metadata":{}}"#,
            r#"{"data":{},"metadata":1}"#,
            r#"{"data":{},"metadata":{}"#,
            r#"{"data":{},"metadata":{"a":[]}}"#,
            r#"{"data":{},"metadata":{"a":"\n"}}"#,
        ] {
            assert_eq!(row(record.as_bytes()), Some(record.as_bytes()), "{record}");
        }
    }
}
