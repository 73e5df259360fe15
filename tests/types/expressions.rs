//! What is right in expressions: for each operator and each pair of types its type, for each construct its tree.

use std::collections::BTreeSet;

use pipec::check::program::Shape;
use pipec::plan::types::Column;

use super::{check, show};

/// A row with a column of every type, `x_` in front where it may be missing.
const ROW: &str = "\
enum Kind { view, buy }
enum Size { small, large }
type Money = decimal(12, 2)
type Line = struct { sku : string @pii, qty : int, price : Money? }
schema Place { lat : float @key, lon : float }

schema Row {
  b    : bool
  n    : int
  f    : float
  m    : Money
  t    : string @pii
  y    : bytes
  d    : date
  at   : timestamp
  l    : duration
  u    : uuid
  j    : json
  ns   : list<int>
  mp   : map<string, int>
  p    : Place
  k    : Kind
  o    : object
  x_b  : bool?
  x_n  : int?
  x_t  : string?
  x_k  : Kind?
  x_p  : Place?
  x_at : timestamp?
  size : Size
  rows : list<Line>
  one  : Line @secret
  deep : map<string, list<struct { a : json? }>>?
}

";
/// A column of each kind.
const KINDS: [&str; 16] = [
    "b", "n", "f", "m", "t", "y", "d", "at", "l", "u", "j", "ns", "mp", "p", "k", "o",
];

/// The types of expressions, in order; what is wrong is `NUMBER: what was said`.
fn typed(expressions: &[String]) -> Vec<String> {
    let derived: Vec<_> = (0..)
        .zip(expressions)
        .map(|(at, expr): (usize, _)| format!("x{at} = {expr}"))
        .collect();
    let text = format!(
        "{ROW}transform t : rows -> a.b {{\n  derive {}\n}}\n",
        derived.join("\n    ")
    );
    let checked = check(Shape::Table, &text);
    if !checked.said.is_empty() {
        let first = ROW.lines().count() + 2;
        let number = |said: &String| {
            let (line, words) = said.split_once(' ').expect("a place");
            format!("{}: {words}", line.parse::<usize>().expect("a line") - first)
        };
        return checked.said.iter().map(number).collect();
    }
    let columns = checked.steps.expect("no mistake").pop().expect("a step").columns;
    let new: Vec<Column> = columns
        .iter()
        .skip_while(|column| column.name != "x0")
        .cloned()
        .collect();
    show(&new)
        .into_iter()
        .map(|shown| shown.split_once(" : ").expect("a type").1.to_owned())
        .collect()
}

fn type_of(expr: &str) -> String {
    typed(&[expr.to_owned()]).pop().expect("an answer")
}

fn have_types(expected: &[(&str, &str)]) {
    let expressions: Vec<_> = expected.iter().map(|(expr, _)| (*expr).to_owned()).collect();
    let found = typed(&expressions);
    let found: Vec<_> = expressions
        .iter()
        .map(String::as_str)
        .zip(found.iter().map(String::as_str))
        .collect();
    assert_eq!(found, expected);
}

/// Which pairs of kinds an operator takes: nothing is there by accident.
fn pairs(operator: &str) -> Vec<String> {
    let all: Vec<_> = KINDS
        .iter()
        .flat_map(|left| KINDS.iter().map(move |right| (left, right)))
        .collect();
    let expressions: Vec<_> = all
        .iter()
        .map(|(left, right)| format!("{left} {operator} {right}"))
        .collect();
    let wrong: BTreeSet<usize> = typed(&expressions)
        .iter()
        .filter_map(|said| said.split_once(": error").and_then(|(at, _)| at.parse().ok()))
        .collect();
    let right = all.iter().enumerate().filter(|(at, _)| !wrong.contains(at));
    right.map(|(_, (left, right))| format!("{left} {right}")).collect()
}

#[test]
fn what_goes_together_is_compared() {
    let numbers = ["n n", "n f", "n m", "f n", "f f", "m n", "m m"];
    let ordered = ["t t", "d d", "at at", "l l"];
    let mut order: Vec<_> = numbers.into_iter().chain(ordered).map(str::to_owned).collect();
    let mut equal = order.clone();
    equal.extend(["b b", "y y", "u u", "j j", "ns ns", "mp mp", "p p", "k k"].map(str::to_owned));
    order.sort();
    equal.sort();
    for (operator, expected) in [
        ("==", &equal),
        ("!=", &equal),
        ("is", &equal),
        ("<", &order),
        (">=", &order),
    ] {
        let mut found = pairs(operator);
        found.sort();
        assert_eq!(found, *expected, "{operator}");
    }
}

#[test]
fn only_bools_are_conditions() {
    assert_eq!(pairs("and"), ["b b"]);
    assert_eq!(pairs("or"), ["b b"]);
}

#[test]
fn a_list_holds_what_its_items_go_together_with() {
    assert_eq!(pairs("in"), ["n ns", "f ns", "m ns"]);
    have_types(&[
        ("n in ns", "bool"),
        ("x_n in ns", "bool?"),
        ("n in [1, 2]", "bool"),
        ("n in [1, x_n]", "bool?"),
        ("k in [view, buy]", "bool"),
        ("d in d..d + 5 days", "bool"),
        ("x_n not in 1..5", "bool?"),
        ("n not between 1 and 5", "bool"),
        ("m between 1 and 2.5", "bool"),
    ]);
}

#[test]
fn arithmetic_has_the_types_of_its_table() {
    have_types(&[
        ("n / n", "float?"),
        ("n / 2", "float"),
        ("n % 2", "int"),
        ("n % n", "int?"),
        ("m / n", "decimal(33, 23)?"),
        ("m / 3", "decimal(16, 6)"),
        ("m % 3", "decimal(3, 2)"),
        ("f * n", "float"),
        ("f / 2.5", "float"),
        ("x_n + 1", "int?"),
        ("-f", "float"),
        ("-l", "duration"),
        ("at + 30 days", "timestamp"),
        ("at - 1.5 hours", "timestamp"),
        ("x_at - at", "duration?"),
        ("d + 7 days", "date"),
        ("d - n * 1 day", "date"),
        ("d + (d - d)", "date"),
        ("d - d", "duration"),
        ("2 * 1 hour", "duration"),
        ("l / 1 hour", "float"),
        ("l / l", "float?"),
        ("l / 2", "duration"),
        ("l % 1 hour", "duration"),
        ("l > -5 min", "bool"),
    ]);
}

#[test]
fn parts_of_values_have_their_types_and_labels() {
    have_types(&[
        ("p.lat", "float"),
        ("x_p.lat", "float?"),
        (
            "rows[0]",
            "struct { sku : string, qty : int, price : decimal(12, 2)? }? @pii",
        ),
        ("rows[0].qty", "int?"),
        ("rows[0].sku", "string? @pii"),
        ("one.qty", "int @secret"),
        ("one.sku", "string @pii @secret"),
        ("mp[\"a\"]", "int?"),
        ("mp[t]", "int? @pii"),
        ("j.a.b[0][\"c\"]", "json?"),
        ("deep[\"a\"]", "list<struct { a : json? }>?"),
        ("o.size", "int"),
        ("ns[n]", "int?"),
        ("Kind.view", "Kind"),
    ]);
}

#[test]
fn values_of_several_parts_take_the_type_of_their_place() {
    have_types(&[
        ("[1, 2]", "list<int>"),
        ("[1, 2.5]", "list<decimal(2, 1)>"),
        ("[1, null]", "list<int?>"),
        ("[[1], []]", "list<list<int>>"),
        ("[x_n, n]", "list<int?>"),
        ("{ a: 1, b: t }", "struct { a : int, b : string } @pii"),
        ("{ a: 1, b: t }.a", "int"),
        ("[{ a: 1 }, { a: 2.5 }]", "list<struct { a : decimal(21, 1) }>"),
        (
            "if b then p else { lon: 1, lat: 2 }",
            "struct { lat : float, lon : float }",
        ),
        ("ns == [1, 2]", "bool"),
        ("x_k ?? buy", "Kind"),
        ("if b then k else buy", "Kind"),
        ("buy == k", "bool"),
        ("k == \"buy\"", "bool"),
        ("if b then 1 else 2.5", "decimal(2, 1)"),
        ("if b then n else f", "float"),
    ]);
}

#[test]
fn texts_are_made_of_values_and_looked_at() {
    have_types(&[
        ("\"${n} of ${m}, ${k}\"", "string"),
        ("\"${t}!\"", "string @pii"),
        ("\"${x_n}\"", "string?"),
        ("t like \"a%\"", "bool @pii"),
        ("x_t not like \"a%\"", "bool?"),
        ("t matches \"^a+$\"", "bool @pii"),
        ("x_t not matches \"a\"", "bool?"),
    ]);
}

#[test]
fn a_match_answers_for_every_value() {
    have_types(&[
        ("match k { view => 1, buy => 2.5 }", "decimal(2, 1)"),
        ("match x_k { view => 1, buy => 2 }", "int?"),
        ("match x_k { view => 1, buy => 2, null => 3 }", "int"),
        ("match x_k { view => 1, _ => 2 }", "int"),
        ("match b { true => 1, false => 0 }", "int"),
        (
            "match n { 0..17 => \"child\", [18, 19] => \"young\", _ => \"adult\" }",
            "string",
        ),
        ("match x_n { 1 => x_t, _ => \"none\" }", "string?"),
        (
            "match t { \"a\" => p, _ => p }",
            "struct { lat : float, lon : float } @pii",
        ),
        ("match t { \"a\" => { a: 1 }, _ => { a: 2 } }.a", "int @pii"),
        ("match k { view => small, buy => size }", "Size"),
        ("match n { 1 => reject \"one\", _ => n }", "int"),
        ("match d { date(\"2026-01-01\") => true, _ => false }", "bool"),
        ("match m { 1 => \"one\", _ => \"many\" }", "string"),
    ]);
}

#[test]
fn what_may_be_missing_flows_until_it_is_asked_for() {
    have_types(&[
        ("x_n ?? 0", "int"),
        ("x_n ?? x_n ?? 1", "int"),
        ("x_n ?? null", "int?"),
        ("x_b and b", "bool?"),
        ("not x_b", "bool?"),
        ("x_n is 3", "bool"),
        ("x_n is not x_n", "bool"),
        ("x_n is null", "bool"),
        ("if x_b then 1 else 2", "int"),
        ("if b then 1 else null", "int?"),
        ("if b then null else x_t", "string?"),
        ("x_p ?? { lat: 0, lon: 0 }", "struct { lat : float, lon : float }"),
    ]);
}

#[test]
fn a_condition_on_what_is_labelled_labels_each_part_of_the_answer() {
    assert_eq!(type_of("(if t == \"a\" then { a: 1 } else { a: 2 }).a"), "int @pii");
    assert_eq!(
        type_of("rows ?? []"),
        "0: error[P0306]: `rows` is never missing, so what stands behind `??` is never reached"
    );
}

#[test]
fn fields_inside_of_structs_keep_their_rules() {
    let text = "schema Line { qty : int = 1 check qty > 0, tags : list<string> = [\"a\"] }\n\
                schema Row { lines : list<Line>, plain : struct { a : int }, photo : object { types = [\"image/png\"], max = 1 KiB } }\n";
    let checked = check(
        Shape::Table,
        &text.replace("schema Line", "type Other = int\nschema Zzz { z : int }\nschema Line"),
    );
    assert_eq!(checked.said, Vec::<String>::new());
    let schema = check(Shape::Table, &text.lines().rev().collect::<Vec<_>>().join("\n")).schema;
    let inner: Vec<_> = schema.fields.iter().map(|field| field.inner.len()).collect();
    assert_eq!(inner, [2, 0, 0]);
    let qty = &schema.fields[0].inner[0];
    assert!(qty.check.is_some() && qty.default.is_some());
    let rules = schema.fields[2].object.clone().expect("an object");
    assert_eq!(
        (rules.types, rules.max_bytes),
        (vec!["image/png".to_owned()], Some(1024))
    );
}
