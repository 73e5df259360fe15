//! Records that are no rows, by chance: what a row of a stream has in place of a value, and why it must be turned away.
//!
//! A text of JSON in the place of a value is written as it stands. Why such a row is turned away is said here, by what was
//! written and by the language's rules, not by any engine.

use pipec::plan::expr::Literal;
use pipec::plan::types::{Column, TypeKind};
use pipec_runtime::reject;

use crate::chance::Chance;

/// What no value of a column may be.
const WRONG: [(&str, &[&str]); 15] = [
    ("b1", &["\"true\"", "1"]),
    ("i1", &["\"x\"", "1.5", "9223372036854775808", "true", "[1]"]),
    ("i2", &["\"\"", "{}"]),
    ("f1", &["\"1.5\"", "[]"]),
    ("d1", &["1.234", "\"x\"", "12345678901.00", "true"]),
    ("d2", &["0.001", "[]"]),
    ("s1", &["1", "{}", "false"]),
    (
        "day",
        &["\"2026-02-30\"", "20454", "\"2026-1-1\"", "\"2026-01-01T00:00:00Z\""],
    ),
    (
        "at",
        &[
            "\"2026-01-01\"",
            "\"2026-01-01T24:00:00Z\"",
            "\"2026-01-01 00:00:00Z\"",
            "1.5",
        ],
    ),
    ("u1", &["\"x\"", "7"]),
    ("c1", &["\"mauve\"", "\"RED\"", "1"]),
    ("ls", &["[1]", "\"a\"", "{}", "[null]"]),
    ("li", &["[1,\"x\"]", "{}", "[1.5]"]),
    ("ms", &["{\"a\":1}", "[]"]),
    ("p1", &["{\"x\":1}", "[]", "{\"x\":\"1\",\"tag\":\"\"}"]),
];
/// What may not be left out.
const NEEDED: [&str; 8] = ["id", "at", "day", "b1", "i1", "d1", "s1", "c1"];
/// What makes no JSON of the record around it.
const BROKEN: [&str; 5] = ["{", "NaN", "01", "\"a", "1 2"];
/// Times of what happened more than a day before 1970 began, which is when records arrive whose time is such a text.
const LATE: [&str; 3] = [
    "\"1969-12-30T23:59:59.999999Z\"",
    "-86400001",
    "\"1969-12-30T20:00:00-02:00\"",
];
/// Times of what happened right before that: late for windows that had closed.
const BEHIND: [&str; 3] = ["\"1969-12-31T23:59:58Z\"", "-61000", "\"1969-12-31T22:10:00Z\""];
/// How late records may be, seconds.
const LATE_AT_MOST: u64 = 86_400;

type Row = Vec<(String, Literal)>;

/// Breaks some of these rows; where steps wait for rows, others of them are behind their arrival.
pub fn break_some(rows: &mut [Row], timed: bool, chance: &mut Chance) {
    let often = chance.pick(&[0, 8, 20, 40]);
    for row in rows {
        if timed && chance.percent(often / 2) {
            let text = chance.one(&BEHIND);
            put(row, "at", Literal::Json(text.to_owned()));
        }
        while chance.percent(often) {
            let (name, value) = broken(chance);
            put(row, name, value);
        }
    }
}

fn broken(chance: &mut Chance) -> (&'static str, Literal) {
    match chance.below(10) {
        0 => ("id", Literal::Json(chance.one(&BROKEN).to_owned())),
        1 => ("id", Literal::Int(-1)),
        2 => ("at", Literal::Json(chance.one(&LATE).to_owned())),
        3 | 4 => (NEEDED[chance.below(NEEDED.len())], Literal::Null),
        _ => {
            let (name, texts) = WRONG[chance.below(WRONG.len())];
            (name, Literal::Json(chance.one(texts).to_owned()))
        }
    }
}

fn put(row: &mut Row, name: &str, value: Literal) {
    if let Some((_, old)) = row.iter_mut().find(|(known, _)| known == name) {
        *old = value;
    }
}

/// Why a record is no row, or is turned away before any step sees it.
pub fn reason(columns: &[Column], row: &[Literal]) -> Option<String> {
    let texts = columns.iter().zip(row).filter_map(|(column, value)| match value {
        Literal::Json(text) if column.ty.kind != TypeKind::Json => Some((column, text.as_str())),
        _ => None,
    });
    let texts: Vec<(&Column, &str)> = texts.collect();
    if texts.iter().any(|(_, text)| BROKEN.contains(text)) {
        return Some(reject::NOT_JSON.to_owned());
    }
    for (column, value) in columns.iter().zip(row) {
        let name = &column.name;
        let text = texts.iter().find(|(other, _)| other.name == *name);
        match (value, text) {
            (Literal::Null, _) if !column.ty.optional => return Some(reject::missing(name)),
            (_, Some((_, text))) if !LATE.contains(text) && !BEHIND.contains(text) => {
                return Some(reject::wrong_type(name, &column.ty.kind.to_string()));
            }
            _ => {}
        }
        if name == "id" && matches!(value, Literal::Int(id) if *id < 0) {
            // Asked only of what is a row.
            let rest = columns
                .iter()
                .zip(row)
                .skip(1)
                .map(|(column, value)| (column.clone(), value.clone()));
            let (columns, row): (Vec<Column>, Vec<Literal>) = rest.unzip();
            let before = reason(&columns, &row).filter(|reason| *reason != reject::late(LATE_AT_MOST));
            return Some(before.unwrap_or_else(|| reject::check("id", "id >= 0")));
        }
    }
    let late = texts.iter().any(|(_, text)| LATE.contains(text));
    late.then(|| reject::late(LATE_AT_MOST))
}
