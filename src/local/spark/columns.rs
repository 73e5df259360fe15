//! Every function and operator on Spark beside the compiler's own answers, over rows with values at every edge: one
//! session for all of them. It needs PySpark, so the end-to-end tests run it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use pipec_runtime::dynamic::Run;
use pipec_runtime::functions::PseudonymKey;
use pipec_runtime::value::Value;
use pipec_runtime::{Timestamp, reject};
use serde_json::{Value as Json, json};

use super::chance::Chance;
use super::{load, python, save};
use crate::base::Memory;
use crate::emit::pyspark::exprs::{self, Lowered, first_reason};
use crate::emit::pyspark::tree::Py;
use crate::plan::StepKind;
use crate::plan::evaluate::{self, Known, Unknown, value as value_of};
use crate::plan::expr::{Expr, Literal};
use crate::plan::types::{Column, Type, TypeKind};
use crate::{Options, check, compile};

/// Expressions over the columns of `SCHEMA`, one a line.
const EXPRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/local/spark/columns.txt");
/// Reads the columns' code, runs it over the rows, and writes what came.
const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/local/spark/columns.py");

const PLATFORM: &str = r#"
pipeline columns {
  cloud  = aws { region = "eu-west-1" }
  owner  = "columns@example.com"
  budget = 9000 USD per month
}

enum Color { red, green, blue }
type Spot = struct { x : int, y : float?, tag : string }

schema Row {
  id : int @key
  at : timestamp @event_time
  b  : bool?
  i  : int?
  j  : int?
  k  : int
  f  : float?
  g  : float?
  d  : decimal(12, 2)?
  e  : decimal(38, 10)?
  h  : decimal(38, 0)?
  n  : decimal(5, 4)?
  s  : string?
  t  : string?
  w  : string
  c  : Color?
  u  : uuid?
  v  : json?
  y  : bytes?
  o  : date?
  p  : date?
  z  : timestamp?
  x  : timestamp?
  l  : duration?
  m  : duration?
  li : list<int>?
  lj : list<int?>
  lf : list<float>
  ld : list<decimal(10, 2)>
  lw : list<decimal(38, 10)>
  ls : list<string>
  ll : list<list<int>>
  mi : map<string, int>?
  mj : map<string, int>
  q  : Spot?
}

source rows : stream of Row {
  from   = kinesis { stream = own }
  volume = 5 per second of 600 B
  into   = raw
}

zone raw       like std.zones.raw       { retain = 30 days }
zone processed like std.zones.processed { format = parquet, retain = 50 days }
"#;

const INTS: &[i64] = &[
    0,
    1,
    -1,
    2,
    3,
    -3,
    5,
    7,
    12,
    31,
    63,
    64,
    65,
    255,
    1970,
    2024,
    2026,
    9999,
    10_000,
    55_296,
    128_512,
    1_114_112,
    4_294_967_296,
    1_700_000_000,
    1_700_000_000_123,
    -62_135_596_800,
    253_402_300_800,
    i64::MAX,
    i64::MIN,
    i64::MAX - 1,
    i64::MIN + 1,
    1 << 62,
];
const FLOATS: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1.5,
    2.5,
    -2.5,
    1.005,
    0.285,
    -0.4,
    1e-7,
    5e-324,
    2.0E-44,
    1e15,
    9.5e15,
    1e16,
    1e17,
    123456789012345680.0,
    1e21,
    1e23,
    1e300,
    -1e300,
    1.7976931348623157e308,
    9.223_372_036_854_776e18,
    -9.223_372_036_854_776e18,
    45.0,
    -90.0,
    90.5,
    180.0,
    52.52,
    13.405,
    4.999_999_999_999_999e-19,
    99.995,
    2.2250738585072014e-308,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];
const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "b",
    "ab",
    "aa",
    "aaa",
    "abc",
    "banana",
    "Straße",
    "ΟΔΟΣ",
    "İi",
    "\u{3000}trim\u{a0}\u{2003}",
    "\t\r\n x \u{85}",
    "日本語",
    "😀e\u{301}",
    "ŉ",
    "\u{a7d0}\u{1c8a}\u{16ea0}",
    "a\"b'c\\",
    "${x} {rows}",
    "\\E\\Q",
    "x\\Ey",
    "\u{feff}z\u{200b}",
    "zz",
    "42",
    "+7",
    "-0042",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "12.5",
    "1.",
    ".5",
    "1e3",
    "-0.5E+1",
    "1e999",
    "NaN",
    "inf",
    "1d",
    "0x1",
    "٣",
    " 1",
    "12345678.90",
    "1.234",
    "true",
    "false",
    "TRUE",
    "on",
    "2026-01-31",
    "2026-02-30",
    "0001-01-01",
    "0000-01-01",
    "9999-12-31",
    "2026-1-1",
    "2026-01-31 ",
    "2026-01-01T01:00:00+01:00",
    "1969-12-31T23:59:59.9999999Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T23:59:60Z",
    "0001-01-01T00:00:00+00:01",
    "2024-02-29T12:34:56.123456789-05:45",
    "2026-01-01T00:00:00",
    "2026-01-01 00:00:00Z",
    "00000000-0000-0000-0000-00000000000A",
    "{00000000-0000-0000-0000-00000000000A}",
    "{\"b\": 1.0, \"a\": [1, {\"c\": null}]}",
    "[1,2,]",
    "[1, \"x\\u00e9\\ud83d\\ude00\", true, null, {}]",
    "{\"a\":1,\"a\":2e1}",
    "\"\\ud800\"",
    "nul",
    "01",
    "-0",
    "[[]]",
    "1 2",
    "\"a\nb\"",
    "{\"\\u0061\":{\"b\":[10,20]},\"a\\\"b\":\"\\t\\u0001/\"}",
    "https://ada@Shop.Example.com:8443/cart?x=1&q=red+shoes#top",
    "http://[::1]:80/a?p=%C3%A9&p",
    "mailto:ada@example.com",
    "//cdn/x?y",
    "/a:b?a=%ff&a=b",
    "a%20b%C3%A9",
    "%zz",
    "%",
    "cGlwZQ==",
    "cGlwZQ",
    "cGlwZR",
    "*",
    "YQ=",
    "70697065",
    "C3a9",
    "ff",
    "7",
    "31.12.2025 23:59",
    "1/2/2024 3:04 PM",
    "12/12/2024 13:04 AM",
    "10/Oct/2000:13:55:36 -0700",
    "29/Feb/2023:00:00:00 Z",
    "20240229",
    "2024-366",
    "2023-366",
    "2026-03-29 02:30:00",
    "2026-10-25 02:30:00",
    "Mon 2026-01-05",
    "Tue 2026-01-05",
    "id=42",
    "k=v;x=y",
    "a, b ;c",
    "order 42 of 7",
    "foo_bar\nbaz",
    "é a",
    "a-b_c",
    "$1\\$",
    "%like_",
    "10%",
    "\0\u{1}",
    "FFFFFFFFFFFFFFFF",
    "00000000000000000000ff",
    "1ffffffffffffffff",
    "\u{d7ff}\u{e000}",
];
const DATES: &[i32] = &[
    0, -1, 1, 20_454, 20_455, 20_484, 19_782, 19_783, 18_628, -719_162, -719_161, 2_932_896, 2_932_866, 11_016, 10_957,
    -25_509, 20_541, 20_751,
];
const JSONS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-1.50",
    "42",
    "9223372036854775808",
    "2e1",
    "\"\"",
    "\"é\\\"\\\\\\n\\u0001\"",
    "\"42\"",
    "[]",
    "{}",
    "[1,null,\"a,b\",[2]]",
    "{\"a\":1.0,\"b\":{\"c\":[10,20]},\"z\":null}",
    "{\"a\\\"b\":\"}{][,\",\"b\":[]}",
    "[{\"b\":7}]",
];

fn value(chance: &mut Chance, ty: &Type) -> Literal {
    if ty.optional && chance.below(6) == 0 {
        return Literal::Null;
    }
    match &ty.kind {
        TypeKind::Bool => Literal::Bool(chance.below(2) == 0),
        TypeKind::Int => Literal::Int(*chance.one(INTS)),
        TypeKind::Float => Literal::Float(*chance.one(FLOATS)),
        TypeKind::Decimal { precision, scale } => {
            let most = 10_i128.pow(u32::from(*precision)) - 1;
            let unscaled = match chance.below(3) {
                0 => *chance.one(&[most, -most, most / 2, most - 1, most / 3]),
                1 => *chance.one(&[0, 1, -1, 5, 50, -50, 100, -250, 149, 150]),
                _ => chance.below(9999) as i128 - 5000,
            };
            Literal::Decimal {
                unscaled,
                scale: *scale,
            }
        }
        TypeKind::Text => Literal::Text((*chance.one(TEXTS)).to_owned()),
        TypeKind::Enum { variants, .. } => Literal::Text(chance.one(variants).clone()),
        TypeKind::Uuid => Literal::Uuid(
            (*chance.one(&[
                "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
                "00000000-0000-0000-0000-000000000000",
                "ffffffff-ffff-ffff-ffff-ffffffffffff",
            ]))
            .to_owned(),
        ),
        TypeKind::Json => Literal::Json((*chance.one(JSONS)).to_owned()),
        TypeKind::Bytes => Literal::Bytes(chance.one(TEXTS).as_bytes().to_vec()),
        TypeKind::Date => Literal::Date(*chance.one(DATES)),
        TypeKind::Timestamp => {
            let day = i64::from(*chance.one(DATES)) * 86_400_000_000;
            let time = [
                0,
                1,
                86_399_999_999,
                5_400_000_000,
                3_600_000_000,
                82_800_000_000,
                43_200_123_456,
            ];
            Literal::Timestamp(day + *chance.one(&time))
        }
        TypeKind::Duration => Literal::Duration(*chance.one(&[
            0,
            1,
            -1,
            86_400_000_000,
            -86_400_000_000,
            90_000_000,
            9_000_000_000,
            5_400_000_000,
            86_399_999_999,
            i64::MAX,
            i64::MIN,
            3_600_000_000,
        ])),
        TypeKind::List(item) => {
            let count = chance.below(5);
            Literal::List((0..count).map(|_| value(chance, item)).collect())
        }
        TypeKind::Map(item) => {
            let mut entries = BTreeMap::new();
            for _ in 0..chance.below(4) {
                entries.insert((*chance.one(&["a", "b", "é", "B", ""])).to_owned(), value(chance, item));
            }
            Literal::Map(entries.into_iter().collect())
        }
        TypeKind::Struct(fields) => Literal::Struct(
            fields
                .iter()
                .map(|field| (field.name.clone(), value(chance, &field.ty)))
                .collect(),
        ),
        _ => Literal::Null,
    }
}

/// A literal as the driver reads it and writes it.
fn plain(literal: &Literal) -> Json {
    match literal {
        Literal::Null => Json::Null,
        Literal::Bool(value) => json!(value),
        Literal::Int(value) | Literal::Timestamp(value) | Literal::Duration(value) => json!(value),
        Literal::Date(value) => json!(value),
        Literal::Float(value) if value.is_nan() => json!("NaN"),
        Literal::Float(value) if value.is_infinite() => json!(if *value > 0.0 { "Infinity" } else { "-Infinity" }),
        Literal::Float(value) => json!(value + 0.0),
        Literal::Decimal { unscaled, scale } => {
            json!(Value::Decimal(*unscaled, *scale).canonical().unwrap_or_default())
        }
        Literal::Text(text) | Literal::Uuid(text) | Literal::Json(text) => json!(text),
        Literal::Bytes(bytes) => json!(bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>()),
        Literal::List(items) => Json::Array(items.iter().map(plain).collect()),
        Literal::Map(entries) => Json::Array(entries.iter().map(|(key, value)| json!([key, plain(value)])).collect()),
        Literal::Struct(fields) => Json::Array(fields.iter().map(|(_, value)| plain(value)).collect()),
    }
}

/// Where both are floats, they are the same to 1e-12; all else is equal or not.
fn alike(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(a), Json::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap_or(0.0), b.as_f64().unwrap_or(0.0));
            a == b || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
        }
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (left, right) => left == right,
    }
}

fn lambda(name: &str, body: Py) -> Py {
    Py::Lambda(vec![name.into()], Box::new(body))
}

/// A column as the driver writes it: only texts, numbers, lists and structs.
fn exported(value: Py, kind: &TypeKind, depth: usize) -> Py {
    let name = format!("out_{depth}");
    let inner = Py::atom(name.clone());
    match kind {
        TypeKind::Date => Py::call("F.unix_date", vec![value]),
        TypeKind::Timestamp => Py::call("F.unix_micros", vec![value]),
        TypeKind::Decimal { .. } => value.method("cast", vec![Py::text("string")]),
        TypeKind::Bytes => Py::call("F.hex", vec![value]),
        TypeKind::List(item) => {
            let each = lambda(&name, exported(inner, &item.kind, depth + 1));
            Py::call("F.transform", vec![value, each])
        }
        TypeKind::Map(item) => {
            let key = inner.clone().method("getField", vec![Py::text("key")]);
            let of = exported(inner.method("getField", vec![Py::text("value")]), &item.kind, depth + 1);
            let pair = vec![
                key.method("alias", vec![Py::text("key")]),
                of.method("alias", vec![Py::text("value")]),
            ];
            let each = lambda(&name, Py::call("F.struct", pair));
            Py::call("F.transform", vec![Py::call("lists.entries", vec![value]), each])
        }
        TypeKind::Struct(fields) => {
            let field = |field: &Column| {
                let of = value.clone().method("getField", vec![Py::text(&field.name)]);
                exported(of, &field.ty.kind, depth).method("alias", vec![Py::text(&field.name)])
            };
            let rebuilt = Py::call("F.struct", fields.iter().map(field).collect());
            Py::call("F.when", vec![value.clone().method("isNotNull", vec![]), rebuilt])
        }
        _ => value,
    }
}

/// What a column of the rows is made of in the driver: the type that JSON has, and how it becomes its own.
fn imported(kind: &TypeKind) -> (String, bool) {
    match kind {
        TypeKind::Bool => ("boolean".into(), false),
        TypeKind::Int | TypeKind::Duration | TypeKind::Date | TypeKind::Timestamp => ("bigint".into(), true),
        TypeKind::Float => ("double".into(), false),
        TypeKind::List(item) => (format!("array<{}>", imported(&item.kind).0), imported(&item.kind).1),
        TypeKind::Map(item) => (
            format!("map<string,{}>", imported(&item.kind).0),
            imported(&item.kind).1,
        ),
        TypeKind::Struct(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| format!("{}:{}", field.name, imported(&field.ty.kind).0))
                .collect();
            (format!("struct<{}>", fields.join(",")), false)
        }
        _ => ("string".into(), true),
    }
}

/// The columns and the typed expressions, in order.
fn program(lines: &[&str]) -> (Vec<Column>, Vec<Expr>) {
    let list: String = lines
        .iter()
        .enumerate()
        .map(|(number, line)| format!("  derive r{number} = {line}\n"))
        .collect();
    let text = format!("{PLATFORM}\n/// All.\ntransform all : raw.rows -> processed.all {{\n{list}}}\n");
    let compilation = compile(&Memory::new([("columns.pipe", text.as_str())]), &Options::default());
    let said: Vec<_> = compilation
        .diagnostics
        .iter()
        .map(|said| {
            let span = said.primary.span;
            let line = text
                .get(..span.start as usize)
                .unwrap_or("")
                .lines()
                .last()
                .unwrap_or("")
                .to_owned();
            format!("{line}: {}", said.message)
        })
        .collect();
    let program = compilation.program.unwrap_or_else(|| panic!("{said:#?}"));
    let all = program.transforms.first().expect("a transform");
    let derived = |kind: &StepKind| match kind {
        StepKind::Derive(list) => list.iter().map(|(_, expr)| expr.clone()).collect(),
        _ => Vec::new(),
    };
    let found: Vec<Expr> = all.steps.iter().flat_map(|step| derived(&step.kind)).collect();
    (all.input_columns.to_vec(), found)
}

#[test]
#[ignore = "needs PySpark; the end-to-end tests run it"]
#[allow(clippy::disallowed_methods, reason = "a test reads what its author asks for")]
fn every_function_answers_on_spark_as_the_compiler_does() {
    let part = std::env::var("PIPEC_COLUMNS").ok();
    let text = load(EXPRESSIONS.as_ref()).expect("the list");
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .filter(|line| part.as_ref().is_none_or(|part| line.contains(part.as_str())))
        .collect();
    let (columns, found) = program(&lines);
    let mut chance = Chance(7);
    let columns: Vec<Column> = columns
        .into_iter()
        .filter(|column| !column.name.starts_with('_'))
        .collect();
    let rows: Vec<Vec<Literal>> = (0..250)
        .map(|_| columns.iter().map(|column| value(&mut chance, &column.ty)).collect())
        .collect();
    let wanted: Vec<Vec<Json>> = found.iter().map(|expr| wanted(expr, &columns, &rows)).collect();
    let answers = on_spark(&columns, &rows, &found, &wanted);
    let mut differences = Vec::new();
    for (number, (expr, wanted)) in found.iter().zip(&wanted).enumerate() {
        match answers.get(&number) {
            Some(Json::Array(came)) => differences.extend(difference(expr, &columns, &rows, wanted, came)),
            answer => differences.push(format!("{}: {answer:?}", expr.text)),
        }
    }
    println!(
        "{} answers of {} expressions, {} expressions differ",
        rows.len() * found.len(),
        found.len(),
        differences.len()
    );
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What the compiler answers for each row: the value, and why the row is turned away.
fn wanted(expr: &Expr, columns: &[Column], rows: &[Vec<Literal>]) -> Vec<Json> {
    let run = Run {
        now: Timestamp::parse("2026-01-05T02:00:00Z").expect("an instant"),
        key: PseudonymKey::new(crate::plan::names::LOCAL_PSEUDONYM_KEY.as_bytes()),
    };
    let answer = |row: &Vec<Literal>| {
        let known = |name: &str| {
            let place = columns.iter().position(|column| column.name == name)?;
            row.get(place).map(value_of)
        };
        let known = Known {
            row: Some(&known),
            run: Some(&run),
            ..Known::default()
        };
        match evaluate::evaluate_with(expr, known) {
            Ok(value) => json!([plain(&value), null]),
            Err(Unknown::Rejected(reason)) => json!([null, reason]),
            Err(Unknown::Later) => panic!("{} is known later", expr.text),
        }
    };
    rows.iter().map(answer).collect()
}

/// The first rows of which the answers differ.
fn difference(
    expr: &Expr,
    columns: &[Column],
    rows: &[Vec<Literal>],
    wanted: &[Json],
    came: &[Json],
) -> Option<String> {
    let same = |wanted: &Json, came: &Json| match (&wanted[1], &came[1]) {
        (Json::Null, Json::Null) => alike(&wanted[0], &came[0]),
        (wanted, came) => wanted == came,
    };
    let wrong: Vec<_> = (0..rows.len()).filter(|at| !same(&wanted[*at], &came[*at])).collect();
    let mut shown = format!("{}: {} of {} rows", expr.text, wrong.len(), rows.len());
    for at in wrong.iter().take(3) {
        let used = columns
            .iter()
            .zip(&rows[*at])
            .filter(|(column, _)| expr.columns().contains(&column.name))
            .map(|(column, value)| format!("{} = {}", column.name, plain(value)));
        let used: Vec<_> = used.collect();
        shown.push_str(&format!(
            "\n    {}: {} instead of {}",
            used.join(", "),
            came[*at],
            wanted[*at]
        ));
    }
    (!wrong.is_empty()).then_some(shown)
}

/// What Spark answers: for each expression its rows of value and reason, or what went wrong.
fn on_spark(columns: &[Column], rows: &[Vec<Literal>], found: &[Expr], wanted: &[Vec<Json>]) -> BTreeMap<usize, Json> {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut code = String::from(
        "from decimal import Decimal\n\nimport pipec_json as jsons\nimport pipec_lake as lake\nimport pipec_lists as lists\nimport pipec_numbers as numbers\n\
         import pipec_runtime as runtime\nimport pipec_text as texts\nimport pipec_time as times\n\
         from pyspark.sql import functions as F\n\n",
    );
    for (number, expr) in found.iter().enumerate() {
        let Lowered { value, reasons } = exprs::lower(expr);
        let value = exported(value, &expr.ty.kind, 0);
        let reason = first_reason(reasons).unwrap_or_else(|| Py::atom("None"));
        code.push_str(&format!("\n\ndef value_{number}(run):\n"));
        code.push_str(&value.statement(4, "return "));
        code.push_str(&format!("\n\n\ndef reason_{number}(run):\n"));
        code.push_str(&reason.statement(4, "return "));
        code.push('\n');
    }
    let typed: Vec<_> = columns
        .iter()
        .map(|column| {
            let kind = &column.ty.kind;
            json!([
                column.name,
                imported(kind).0,
                crate::emit::pyspark::types::type_name(kind)
            ])
        })
        .collect();
    let rows: Vec<Json> = rows
        .iter()
        .map(|row| Json::Array(row.iter().map(plain).collect()))
        .collect();
    let file = |name: &str| scratch.path().join(name);
    save(&file("generated.py"), &code).expect("written");
    let texts: Vec<_> = found.iter().map(|expr| expr.text.to_string()).collect();
    let given = json!({ "columns": typed, "rows": rows, "texts": texts, "wanted": wanted, "count": found.len() });
    save(&file("given.json"), &given.to_string()).expect("written");
    let modules = concat!(env!("CARGO_MANIFEST_DIR"), "/stdlib/runtime_py");
    let output = Command::new(python())
        .arg(DRIVER)
        .arg(scratch.path())
        .env("PYTHONPATH", modules)
        .env("TZ", "UTC")
        .output()
        .expect("Python runs");
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stderr),
        scratch.keep().display()
    );
    let text = load(&file("came.json")).expect("answers");
    let answers: BTreeMap<String, Json> = serde_json::from_str(&text).expect("JSON");
    answers
        .into_iter()
        .filter_map(|(number, answer)| Some((number.parse().ok()?, answer)))
        .collect()
}

/// The names of all scalar functions that are declared, and may be called.
fn callable() -> impl Iterator<Item = &'static str> {
    let other = ["aggregate", "window", "elsewhere"];
    let themes = check::functions::FILES
        .iter()
        .filter(move |(path, _)| other.iter().all(|other| !path.contains(other)));
    themes
        .flat_map(|(_, text)| text.lines())
        .filter_map(|line| line.strip_prefix("fn ")?.split('(').next())
}

/// The list has every function in it that Spark has a spelling for.
#[test]
fn every_function_is_tried() {
    let text = load(EXPRESSIONS.as_ref()).expect("the list");
    let missing: Vec<_> = exprs::spelled()
        .filter(|name| !text.contains(&format!("{name}(")))
        .collect();
    assert!(missing.is_empty(), "not tried: {missing:?}");
    let no_spelling: BTreeSet<&str> = callable()
        .filter(|name| exprs::spelled().all(|spelled| spelled != *name))
        .collect();
    assert_eq!(
        no_spelling,
        BTreeSet::from(["nfc", "nfd"]),
        "these are refused in jobs by name"
    );
    let unknown: Vec<_> = exprs::spelled()
        .filter(|name| callable().all(|declared| declared != *name))
        .collect();
    assert!(unknown.is_empty(), "not declared: {unknown:?}");
    assert_eq!(reject::overflow("x"), "overflow in x");
}
