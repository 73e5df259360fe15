//! Functions of a project's own, `row => …`, functions over the rows of a window: their types, labels and values in whole
//! projects that are right.

use std::collections::BTreeMap;

use pipec::base::Memory;
use pipec::check::constant::{self, Known};
use pipec::check::program::Program;
use pipec::plan::expr::{Expr, ExprKind, Literal};
use pipec::{Options, compile};

const PLATFORM: &str = r#"
pipeline shop {
  cloud  = aws { region = "eu-west-1" }
  owner  = "shop@example.com"
  budget = 900 USD per month
}

class pii { retain_at_most = 60 days }

enum Currency { USD, EUR, GBP }

schema Click {
  click_id : uuid      @key
  user_id  : string    @pii
  at       : timestamp @event_time
  page     : string
  amount   : decimal(12, 2)?
  currency : Currency
  tags     : list<string>
  ms       : float
}

source clicks : stream of Click {
  from   = kinesis { stream = own }
  volume = 5 per second of 600 B
  into   = raw
}

zone raw       like std.zones.raw       { retain = 30 days }
zone processed like std.zones.processed { format = parquet, partition = [day], retain = 35 days }
zone curated   like std.zones.curated   { format = parquet, partition = [day], retain = 730 days }
"#;

/// The program of the platform with more text; what was said otherwise.
fn program(more: &str) -> Program {
    let text = format!("{PLATFORM}{more}");
    let compilation = compile(&Memory::new([("shop.pipe", text.as_str())]), &Options::default());
    let said: Vec<_> = compilation
        .diagnostics
        .iter()
        .map(|said| said.message.clone())
        .collect();
    compilation.program.unwrap_or_else(|| panic!("{said:#?}"))
}

/// The columns of the transform `clean` that has these entries of a `derive`: `name : type @label`.
fn derived(functions: &str, entries: &[&str]) -> Vec<String> {
    let entries = entries.join("\n         ");
    let program = program(&format!(
        "{functions}\ntransform clean : clicks -> processed.clicks {{\n  derive day = date(at)\n         {entries}\n}}\n"
    ));
    let clean = program
        .transforms
        .iter()
        .find(|transform| transform.item.name == "clean");
    let columns = clean.expect("a transform").output.iter().skip(9);
    columns
        .map(|column| {
            let labels: String = column.labels.iter().map(|label| format!(" @{label}")).collect();
            format!("{} : {}{labels}", column.name, column.ty)
        })
        .collect()
}

const TO_USD: &str = r#"
/// Money in dollars.
fn to_usd(amount: decimal(12, 2), currency: Currency = "USD") -> decimal(14, 2) =
  match currency { USD => amount, EUR => round(amount * 1.10, 2), GBP => round(amount * 1.25, 2) }
"#;

#[test]
fn calls_lift_and_carry_the_labels_of_their_arguments() {
    let functions = format!(
        "{TO_USD}fn shown(name: string?, other: string) -> string = name ?? other\n\
         fn both(a: string, b: string) -> string = \"${{a}} ${{b}}\"\n"
    );
    assert_eq!(
        derived(
            &functions,
            &[
                "usd = to_usd(amount, currency)",
                "some = to_usd(amount ?? 0, EUR)",
                "named = to_usd(currency: \"GBP\", amount: 1)",
                "left_out = to_usd(3.50)",
                "seen = shown(null, page)",
                "who = both(user_id, page)",
            ]
        ),
        [
            "usd : decimal(14, 2)?",
            "some : decimal(14, 2)",
            "named : decimal(14, 2)",
            "left_out : decimal(14, 2)",
            "seen : string",
            "who : string @pii",
        ]
    );
}

#[test]
fn functions_stand_behind_those_that_they_call() {
    let program =
        program("fn a(n: int) -> int = b(n) + c(n)\nfn b(n: int) -> int = c(n) * 2\nfn c(n: int) -> int = n + 1\n");
    let names: Vec<_> = program
        .functions
        .iter()
        .map(|function| function.name.as_str())
        .collect();
    assert_eq!(names, ["c", "b", "a"]);
}

#[test]
fn functions_have_values() {
    let program = program(TO_USD);
    let own: BTreeMap<_, _> = program
        .functions
        .iter()
        .map(|function| (function.name.clone(), function.clone()))
        .collect();
    let returns = program.functions.first().expect("a function").returns.clone();
    let call = |amount: Literal, currency: &str| {
        let argument = |literal: Literal| Expr {
            kind: ExprKind::Literal(literal),
            ty: returns.clone(),
            text: "".into(),
        };
        let call = Expr {
            kind: ExprKind::Own {
                function: "to_usd".into(),
                arguments: vec![argument(amount), argument(Literal::Text(currency.into()))],
            },
            ty: returns.clone(),
            text: "to_usd(…)".into(),
        };
        let known = Known {
            own: Some(&own),
            ..Known::default()
        };
        constant::evaluate_with(&call, known)
    };
    let cents = |unscaled| Literal::Decimal { unscaled, scale: 2 };
    assert_eq!(call(cents(1000), "USD"), Ok(cents(1000)));
    // 10.05 × 1.10 is 11.055, and half goes away from zero.
    assert_eq!(call(cents(1005), "EUR"), Ok(cents(1106)));
    assert_eq!(call(cents(-1005), "EUR"), Ok(cents(-1106)));
    assert_eq!(call(Literal::Null, "EUR"), Ok(Literal::Null));
}

#[test]
fn what_items_become_is_typed_by_what_is_done_with_them() {
    assert_eq!(
        derived(
            "",
            &[
                "sizes = map(tags, tag => len(tag))",
                "long = filter(tags, tag => len(tag) > ms)",
                "first_long = find(tags, tag => starts_with(tag, user_id))",
                "total = reduce(tags, 0, (sum, tag) => sum + len(tag))",
                "is_any = any(tags, tag => tag == page)",
                "nested = map(tags, tag => map(split(tag, \"-\"), part => \"${tag}${part}${user_id}\"))",
                "pairs = zip(tags, map(tags, tag => len(tag)))",
                "by_size = sort_by(tags, tag => len(tag))",
                "biggest = max(map(tags, tag => len(tag)))",
            ]
        ),
        [
            "sizes : list<int>",
            "long : list<string>",
            "first_long : string? @pii",
            "total : int",
            "is_any : bool",
            "nested : list<list<string>> @pii",
            "pairs : list<struct { first : string, second : int }>",
            "by_size : list<string>",
            "biggest : int?",
        ]
    );
}

#[test]
fn decimals_are_as_wide_as_the_declaration_computes() {
    assert_eq!(
        derived(
            "",
            &[
                "net = round((amount ?? 0) * 1.10, 2)",
                "whole = round(amount ?? 0)",
                "same = round(amount ?? 0, 5)",
                "under = floor(amount ?? 0)",
                "wide = decimal(page, 20, 4)",
                "of_all = sum([amount ?? 0, 1])",
                "largest = greatest(amount ?? 0, 1.005)",
            ]
        ),
        [
            "net : decimal(15, 2)",
            "whole : decimal(11, 0)",
            "same : decimal(13, 2)",
            "under : decimal(11, 0)",
            "wide : decimal(20, 4)?",
            "of_all : decimal(22, 2)",
            "largest : decimal(13, 3)",
        ]
    );
}

#[test]
fn windows_have_their_own_functions_and_running_aggregates() {
    let program = program(
        r#"
transform clean : clicks -> processed.clicks { derive day = date(at) }

/// Clicks with what came before.
transform ranked : processed.clicks -> curated.ranked {
  retain = 35 days
  drop   user_id
  window by currency order by at {
    number   = row_number()
    place    = rank()
    before   = lag(page)
    behind   = lead(ms, 2)
    so_far   = sum(amount)
    mean     = avg(ms)
    opening  = first(page)
    clicks   = count()
    quarter  = ntile(4)
  }
}
"#,
    );
    let ranked = program
        .transforms
        .iter()
        .find(|transform| transform.item.name == "ranked");
    let columns: Vec<_> = ranked
        .expect("a transform")
        .output
        .iter()
        .skip(8)
        .map(|column| format!("{} : {}", column.name, column.ty))
        .collect();
    assert_eq!(
        columns,
        [
            "number : int",
            "place : int",
            "before : string?",
            "behind : float?",
            "so_far : decimal(22, 2)?",
            "mean : float",
            "opening : string",
            "clicks : int",
            "quarter : int",
        ]
    );
}

#[test]
fn aggregates_of_groups_have_the_types_of_their_declarations() {
    let program = program(
        r#"
transform clean : clicks -> processed.clicks { derive day = date(at) }

/// Pages by day.
transform pages : processed.clicks -> curated.pages {
  group by day {
    p95      = percentile(ms, 0.95)
    mean     = avg(amount)
    first_at = min(at)
    landing  = first(page order by at)
    all      = list(page order by at desc, page)
    spread   = stddev(ms)
    dear     = count_if(amount > 100)
    best     = max_by(page, amount)
    names    = join(page, ", " order by page)
  }
}
"#,
    );
    let pages = program
        .transforms
        .iter()
        .find(|transform| transform.item.name == "pages");
    let columns: Vec<_> = pages
        .expect("a transform")
        .output
        .iter()
        .skip(1)
        .map(|column| format!("{} : {}", column.name, column.ty))
        .collect();
    assert_eq!(
        columns,
        [
            "p95 : float",
            "mean : decimal(16, 6)?",
            "first_at : timestamp",
            "landing : string",
            "all : list<string>",
            "spread : float?",
            "dear : int",
            "best : string?",
            "names : string",
        ]
    );
}
