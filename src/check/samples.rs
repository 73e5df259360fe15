//! Rows of tests that stand in a file beside the project: CSV with a header, or JSON, an object a line.
//!
//! Values are read from their text, by the rules of what decodes rows of sources; it must not know tests.

use std::collections::BTreeMap;

use pipec_runtime::types::{Date, Timestamp, Uuid, decimal};
use serde_json::value::RawValue;

use crate::plan::expr::Literal;
use crate::plan::types::{Column, Type, TypeKind};

/// Why a file's rows cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

/// A row: the columns that it says, with their values.
pub type Row = Vec<(String, Literal)>;

/// The rows of a file with this name; columns that are left out are for who asks to fill.
pub fn rows(path: &str, text: &str, columns: &[Column]) -> Result<Vec<Row>, Flaw> {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv") => csv_rows(text, columns),
        Some("json" | "jsonl" | "ndjson") => json_rows(text, columns),
        _ => Err(Flaw {
            line: 1,
            message: "a file of rows ends in `.csv`, `.json`, `.jsonl` or `.ndjson`".to_owned(),
        }),
    }
}

fn json_rows(text: &str, columns: &[Column]) -> Result<Vec<Row>, Flaw> {
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let flaw = |message: String| Flaw { line: at + 1, message };
        let fields: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(line).map_err(|error| flaw(format!("not a JSON object: {error}")))?;
        let mut row = Row::new();
        for (name, value) in &fields {
            let column = named(columns, name).map_err(flaw)?;
            let literal = json_value(&column.ty, value.get()).ok_or_else(|| flaw(wrong(column, value.get())))?;
            row.push((column.name.clone(), literal));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn named<'c>(columns: &'c [Column], name: &str) -> Result<&'c Column, String> {
    let lower = name.trim().to_lowercase();
    columns.iter().find(|column| column.name == lower).ok_or_else(|| {
        match crate::base::suggest(&lower, columns.iter().map(|column| column.name.as_str())) {
            Some(near) => format!("there is no column `{name}`; did you mean `{near}`?"),
            None => format!("there is no column `{name}`"),
        }
    })
}

fn wrong(column: &Column, text: &str) -> String {
    format!("`{}` is {}, and this is `{}`", column.name, column.ty, text)
}

/// A JSON value, by its text, as a value of a type.
fn json_value(ty: &Type, text: &str) -> Option<Literal> {
    if text == "null" {
        return ty.optional.then_some(Literal::Null);
    }
    let string = || serde_json::from_str::<String>(text).ok();
    match &ty.kind {
        TypeKind::Bool | TypeKind::Int | TypeKind::Float => (!text.starts_with('"')).then(|| plain_value(ty, text))?,
        TypeKind::Decimal { .. } if !text.starts_with('"') => plain_value(ty, text),
        TypeKind::Timestamp if !text.starts_with('"') => {
            Some(Literal::Timestamp(Timestamp::from_millis(text.parse().ok()?)?.0))
        }
        TypeKind::Json => canonical(text).map(Literal::Json),
        TypeKind::List(item) => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
            let items = items.iter().map(|value| json_value(item, value.get()));
            items.collect::<Option<Vec<_>>>().map(Literal::List)
        }
        TypeKind::Map(value) => {
            let entries: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).ok()?;
            let entries = entries
                .into_iter()
                .map(|(key, of)| Some((key, json_value(value, of.get())?)));
            entries.collect::<Option<Vec<_>>>().map(Literal::Map)
        }
        TypeKind::Struct(fields) => {
            let entries: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).ok()?;
            let known = |name: &String| fields.iter().any(|field| field.name == *name);
            if !entries.keys().all(known) {
                return None;
            }
            let value = |field: &Column| {
                let text = entries.get(&field.name).map_or("null", |value| value.get());
                Some((field.name.clone(), json_value(&field.ty, text)?))
            };
            fields
                .iter()
                .map(value)
                .collect::<Option<Vec<_>>>()
                .map(Literal::Struct)
        }
        _ => plain_value(ty, &string()?),
    }
}

/// A text as a value of a type that one text can hold.
fn plain_value(ty: &Type, text: &str) -> Option<Literal> {
    Some(match &ty.kind {
        TypeKind::Bool => Literal::Bool(text.parse().ok()?),
        TypeKind::Int => Literal::Int(text.parse().ok()?),
        TypeKind::Float => Literal::Float(text.parse().ok().filter(|value: &f64| value.is_finite())?),
        TypeKind::Decimal { precision, scale } => Literal::Decimal {
            unscaled: decimal::parse(text, *precision, *scale)?,
            scale: *scale,
        },
        TypeKind::Text => Literal::Text(text.to_owned()),
        TypeKind::Enum { variants, .. } => {
            let known = variants.iter().any(|variant| variant == text);
            known.then(|| Literal::Text(text.to_owned()))?
        }
        TypeKind::Date => Literal::Date(Date::parse(text)?.0),
        TypeKind::Timestamp => Literal::Timestamp(Timestamp::parse(text)?.0),
        TypeKind::Uuid => Literal::Uuid(String::from_utf8_lossy(&Uuid::parse(text)?.text()).into_owned()),
        TypeKind::Json => Literal::Json(canonical(text)?),
        _ => return None,
    })
}

/// A JSON value's text with sorted keys and without white space; numbers keep theirs.
fn canonical(text: &str) -> Option<String> {
    if text.starts_with('{') {
        let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).ok()?;
        let field = |name: &String, value: &str| {
            let name = serde_json::to_string(name).ok()?;
            Some(format!("{name}:{}", canonical(value)?))
        };
        let fields = fields.iter().map(|(name, value)| field(name, value.get()));
        let fields = fields.collect::<Option<Vec<_>>>()?;
        return Some(format!("{{{}}}", fields.join(",")));
    }
    if text.starts_with('[') {
        let items: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
        let items = items
            .iter()
            .map(|item| canonical(item.get()))
            .collect::<Option<Vec<_>>>()?;
        return Some(format!("[{}]", items.join(",")));
    }
    let value: Box<RawValue> = serde_json::from_str(text).ok()?;
    Some(value.get().to_owned())
}

fn csv_rows(text: &str, columns: &[Column]) -> Result<Vec<Row>, Flaw> {
    let mut records = records(text)?.into_iter();
    let Some((line, header)) = records.next() else {
        let message = "there is no header".to_owned();
        return Err(Flaw { line: 1, message });
    };
    let header = header
        .iter()
        .map(|name| named(columns, name))
        .collect::<Result<Vec<_>, _>>();
    let header = header.map_err(|message| Flaw { line, message })?;
    let mut rows = Vec::new();
    for (line, values) in records {
        let flaw = |message: String| Flaw { line, message };
        if values.len() != header.len() {
            let message = format!("{} values for {} columns", values.len(), header.len());
            return Err(flaw(message));
        }
        let mut row = Row::new();
        for (column, value) in header.iter().zip(&values) {
            let literal = match value.as_str() {
                "" if column.ty.optional => Some(Literal::Null),
                text => match column.ty.kind {
                    // What one text cannot hold is written as JSON.
                    TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Struct(_) => json_value(&column.ty, text),
                    _ => plain_value(&column.ty, text),
                },
            };
            row.push((column.name.clone(), literal.ok_or_else(|| flaw(wrong(column, value)))?));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The records of a CSV text with the line that each begins on: RFC 4180, with any end of line. Empty lines are none.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, Flaw> {
    let mut records = Vec::new();
    let (mut line, mut start) = (1, 1);
    let (mut record, mut value) = (Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        line += usize::from(letter == '\n');
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                value.push('"');
            }
            '"' if quoted => quoted = false,
            letter if quoted => value.push(letter),
            '"' if value.is_empty() => quoted = true,
            ',' => record.push(std::mem::take(&mut value)),
            '\r' if letters.peek() == Some(&'\n') => {}
            '\n' => {
                if !(record.is_empty() && value.is_empty()) {
                    record.push(std::mem::take(&mut value));
                    records.push((start, std::mem::take(&mut record)));
                }
                start = line;
            }
            letter => value.push(letter),
        }
    }
    if quoted {
        let message = "a quoted value is never closed".to_owned();
        return Err(Flaw { line: start, message });
    }
    if !(record.is_empty() && value.is_empty()) {
        record.push(value);
        records.push((start, record));
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        let column = |name: &str, ty: Type| Column::new(name, ty);
        vec![
            column("id", TypeKind::Int.required()),
            column("name", TypeKind::Text.optional()),
            column("price", TypeKind::Decimal { precision: 6, scale: 2 }.required()),
            column("day", TypeKind::Date.required()),
            column("tags", TypeKind::List(Box::new(TypeKind::Text.required())).required()),
            column("more", TypeKind::Json.optional()),
        ]
    }

    fn price(unscaled: i128) -> (String, Literal) {
        ("price".into(), Literal::Decimal { unscaled, scale: 2 })
    }

    #[test]
    fn csv_is_read_by_its_header() {
        let text = "id,Name,price\r\n1,\"a \"\"b\"\", c\",2.5\r\n\r\n2,,10.00\r\n";
        let rows = rows("a.csv", text, &columns()).unwrap();
        let name = |value| ("name".to_owned(), value);
        assert_eq!(
            rows,
            [
                vec![
                    ("id".to_owned(), Literal::Int(1)),
                    name(Literal::Text("a \"b\", c".into())),
                    price(250)
                ],
                vec![("id".to_owned(), Literal::Int(2)), name(Literal::Null), price(1000)],
            ]
        );
    }

    #[test]
    fn json_keeps_the_text_of_numbers() {
        let text = "{\"price\": 1.10, \"tags\": [\"a\", \"b\"], \"more\": {\"b\": 1.50, \"a\": [1, {}]}}\n";
        let rows = rows("a.jsonl", text, &columns()).unwrap();
        let [row] = rows.as_slice() else { panic!("one row") };
        assert!(row.contains(&price(110)));
        assert!(row.contains(&("more".to_owned(), Literal::Json("{\"a\":[1,{}],\"b\":1.50}".into()))));
        let tags = ["a", "b"].map(|tag| Literal::Text(tag.into())).to_vec();
        assert!(row.contains(&("tags".to_owned(), Literal::List(tags))));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let cases = [
            (
                "a.csv",
                "id,nam\n1,x\n",
                1,
                "there is no column `nam`; did you mean `name`?",
            ),
            ("a.csv", "id,price\n1,2.00\nx,2.00\n", 3, "`id` is int, and this is `x`"),
            (
                "a.csv",
                "id,price\n1,2.005\n",
                2,
                "`price` is decimal(6, 2), and this is `2.005`",
            ),
            ("a.csv", "id,price\n1\n", 2, "1 values for 2 columns"),
            ("a.csv", "id\n\"1\n", 2, "a quoted value is never closed"),
            ("a.csv", "", 1, "there is no header"),
            ("a.json", "{}\n{\"id\": \"1\"}\n", 2, "`id` is int, and this is `\"1\"`"),
            (
                "a.json",
                "{\"day\": \"2026-02-30\"}",
                1,
                "`day` is date, and this is `\"2026-02-30\"`",
            ),
            ("a.json", "{\"id\": null}", 1, "`id` is int, and this is `null`"),
            (
                "a.txt",
                "",
                1,
                "a file of rows ends in `.csv`, `.json`, `.jsonl` or `.ndjson`",
            ),
        ];
        for (path, text, line, message) in cases {
            let flaw = rows(path, text, &columns()).unwrap_err();
            assert_eq!((flaw.line, flaw.message.as_str()), (line, message), "{text}");
        }
    }
}
