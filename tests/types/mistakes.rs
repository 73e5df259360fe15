//! Mistakes in schemas, steps, expressions and rows: each is said once, at its line.

use pipec::check::program::Shape;

use super::{check, marked, transform};

#[test]
fn mistakes_in_expressions_are_said_once() {
    for (steps, shape) in [
        (
            "  filter day == \"2026-01-01\" // error[P0301]: these cannot be compared: `day` is date, `\"2026-01-01\"` is string",
            Shape::Stream,
        ),
        (
            "  filter n == page // error[P0301]: these cannot be compared: `n` is int, `page` is string",
            Shape::Stream,
        ),
        (
            "  filter id < id // error[P0301]: values of type uuid have no order",
            Shape::Stream,
        ),
        (
            "  derive x = if seen then 1 else page // error[P0301]: the branches of `if` have two types: `1` is int, `page` is string",
            Shape::Stream,
        ),
        (
            "  derive x = page + 1 // error[P0301]: `+` adds numbers, but `page` is string",
            Shape::Stream,
        ),
        (
            "  filter n in [1, \"a\"] // error[P0301]: an entry of the list has another type: `n` is int, `\"a\"` is string",
            Shape::Stream,
        ),
        (
            "  filter pages == \"a\" // error[P0302]: no column is called `pages` here",
            Shape::Stream,
        ),
        (
            "  derive x = wher + 1 // error[P0302]: no column is called `wher` here\n         y = x + len(x)\n  filter y > x",
            Shape::Stream,
        ),
        (
            "  derive x = lenn(page) // error[P0303]: no function is called `lenn`",
            Shape::Stream,
        ),
        (
            "  derive x = len(n) // error[P0304]: `len` takes string, list<T> or map<string, T>, but `n` is int",
            Shape::Stream,
        ),
        (
            "  derive x = len(page, page) // error[P0304]: `len` takes 1 argument, not 2",
            Shape::Stream,
        ),
        (
            "  derive x = len() // error[P0304]: `len` takes 1 argument, not 0",
            Shape::Stream,
        ),
        (
            "  derive x = len(txt: page) // error[P0304]: `len` has no argument `txt`",
            Shape::Stream,
        ),
        (
            "  derive x = page ?? \"\" // error[P0306]: `page` is never missing, so what stands behind `??` is never reached",
            Shape::Stream,
        ),
        (
            "  derive x = amount ?? page // error[P0301]: what stands in for a missing value has another type: `amount` is decimal(12, 2), `page` is string",
            Shape::Stream,
        ),
        (
            "  filter reject \"no\" // error[P0307]: `reject` stands where no branch can be left",
            Shape::Stream,
        ),
    ] {
        transform(shape, steps);
    }
}

#[test]
fn mistakes_in_conditions_and_values_are_said_once() {
    for (steps, shape) in [
        (
            "  derive x = sum(n) // error[P0308]: `sum` answers for many rows, so it stands in a `group`",
            Shape::Stream,
        ),
        (
            "  filter n // error[P0309]: what `filter` keeps must be a bool, but `n` is int",
            Shape::Stream,
        ),
        (
            "  filter seen and page // error[P0309]: the right side of `and` must be a bool, but `page` is string",
            Shape::Stream,
        ),
        (
            "  filter day > date(\"2026-02-30\") // error[P0310]: `2026-02-30` is no date",
            Shape::Stream,
        ),
        (
            "  filter at > timestamp(\"2026-02-03T00:00:00\") // error[P0310]: `2026-02-03T00:00:00` is no timestamp",
            Shape::Stream,
        ),
        (
            "  filter kind == \"by\" // error[P0310]: `by` is no variant of Kind",
            Shape::Stream,
        ),
        (
            "  filter kind in [\"by\"] // error[P0310]: `by` is no variant of Kind",
            Shape::Stream,
        ),
        (
            "  filter amount != null // error[P0311]: a comparison with `null` never holds",
            Shape::Stream,
        ),
        (
            "  filter n in [1, null] // error[P0311]: a list of `in` holds no `null`",
            Shape::Stream,
        ),
        (
            "  derive x = null // error[P0311]: column `x`: `null` alone has no type",
            Shape::Stream,
        ),
        (
            "  derive x = if seen then reject \"a\" else reject \"b\" // error[P0311]: column `x`: this is never a value",
            Shape::Stream,
        ),
        (
            "  filter @pii // error[P0317]: a label is no value of a row",
            Shape::Stream,
        ),
        (
            "  filter page is null // warning[P0318]: `page` is always there, so `page is null` is the same for every row",
            Shape::Stream,
        ),
        (
            "  filter _seq == 1 // error[P0301]: these cannot be compared: `_seq` is string, `1` is int",
            Shape::Stream,
        ),
    ] {
        transform(shape, steps);
    }
}

#[test]
fn mistakes_in_steps_are_said_once() {
    for (steps, shape) in [
        (
            "  derive x = 1, x = 2 // error[P0313]: two columns are called `x`",
            Shape::Stream,
        ),
        (
            "  derive _x = 1 // error[P0314]: a column cannot be called `_x`",
            Shape::Stream,
        ),
        (
            "  derive aB = 1 // error[P0314]: column `aB` is not in snake_case",
            Shape::Stream,
        ),
        (
            "  drop pag // error[P0302]: no column is called `pag` here",
            Shape::Stream,
        ),
        (
            "  drop id, user, at, day, page, n, ratio, amount, price, pay, kind, seen, wide // error[P0601]: this drops every column",
            Shape::Stream,
        ),
        (
            "  rename n as page // error[P0313]: two columns are called `page`",
            Shape::Stream,
        ),
        (
            "  expect a : n > 0 else ignore // error[P0605]: `expect` cannot `ignore` the other rows",
            Shape::Stream,
        ),
        (
            "  expect a : n > 0 else warn\n  expect a : n > 1 else warn // error[P0605]: two `expect`s are called `a`",
            Shape::Stream,
        ),
    ] {
        transform(shape, steps);
    }
}

#[test]
fn mistakes_in_steps_over_several_rows_are_said_once() {
    for (steps, shape) in [
        (
            "  dedupe by id // error[P0622]: `dedupe` on a stream does not say how long keys are remembered",
            Shape::Stream,
        ),
        (
            "  group by day { c = count() } // error[P0602]: `group` on a stream has no end: its rows never stop coming",
            Shape::Stream,
        ),
        (
            "  drop at\n  dedupe by id // error[P0603]: `dedupe` does not say which of several rows stays",
            Shape::Table,
        ),
        (
            "  dedupe by id keep first by kind // error[P0603]: `kind` is Kind, which has no order",
            Shape::Table,
        ),
        (
            "  dedupe by id within 1 hour // error[P0622]: `within` bounds what a stream remembers, and a table has all its rows",
            Shape::Table,
        ),
        (
            "  group by ratio { c = count() } // warning[P0319]: `ratio` is a float and decides which rows belong together",
            Shape::Table,
        ),
        (
            "  group by day { c = n } // error[P0308]: `n` is no aggregate, and a group has no single row",
            Shape::Table,
        ),
        (
            "  group by day { c = len(page) } // error[P0308]: `len(page)` is no aggregate, and a group has no single row",
            Shape::Table,
        ),
        (
            "  group by day { c = sum(n) + 1 } // error[P0308]: an entry of a `group` is one call, but `sum(n) + 1` computes with what it answers",
            Shape::Table,
        ),
        (
            "  group by day { c = sum(page) } // error[P0304]: `sum` takes int, decimal, float or duration, but `page` is string",
            Shape::Table,
        ),
        (
            "  group by day { c = count_distinct(ratio) } // error[P0304]: `count_distinct` takes bool, int, decimal, string, date, timestamp, uuid or enum, but `ratio` is float",
            Shape::Table,
        ),
        (
            "  group by day { c = sum(amount ?? reject \"no\") } // error[P0307]: `reject` cannot stand here",
            Shape::Table,
        ),
        (
            "  group by day, n as day { c = count() } // error[P0313]: two columns are called `day`",
            Shape::Table,
        ),
        (
            "  group by day { c = count(), day = count() } // error[P0313]: two columns are called `day`",
            Shape::Table,
        ),
        (
            "  sort by id // error[P0626]: `id` is uuid, which has no order",
            Shape::Table,
        ),
    ] {
        transform(shape, steps);
    }
}

#[test]
fn mistakes_in_schemas_are_said_once() {
    marked(
        Shape::Stream,
        r#"enum Kind { a, b }
type Money = decimal(12, 2)
type Round = Round // error[P0325]: `Round` holds itself: Round → Round
schema Row {
  a : int = "x" // error[P0301]: the default of `a` is int, but `"x"` is string
  b : Money = 1
  c : Money = 1.005 // error[P0310]: `1.005` does not fit decimal(12, 2), the type of the default of `c`
  d : int = null // error[P0305]: the default of `d` is always there, so it cannot be `null`
  e : int = b // error[P0312]: `b` is not known when the project is compiled
  f : date = "2026-01-01" // error[P0301]: the default of `f` is date, but `"2026-01-01"` is string
  g : Kind = "a"
  h : Kind = "c" // error[P0310]: `c` is no variant of Kind
  i : strin // error[P0315]: no type is called `strin`
  j : text // error[P0315]: no type is called `text`
  k : decimal(39, 2) // error[P0316]: `decimal(39, 2)` is not a decimal type
  l : decimal // error[P0316]: `decimal` is not a decimal type
  m : int(3) // error[P0316]: `int` takes nothing in brackets
  n : Round
  o : list<int>
  p : string @ppi // error[P0401]: no class is called `ppi`
  q : string @event_time // error[P0402]: `@event_time` wants `q` to be a timestamp that is always there
  r : string? @key // error[P0402]: `@key` wants `r` to be always there
  s : string @pii @pii // error[P0402]: `@pii` is written twice
  t : string check len(t) // error[P0309]: the check of `t` must be a bool, but `len(t)` is int
  u : string? check (u ?? reject "no") == "a" // error[P0307]: `reject` cannot stand here
  a : int // error[P0313]: two columns are called `a`
}
"#,
    );
    let twice = check(Shape::Stream, "schema Row {\n  a : int\n  A : int\n}\n").said;
    assert!(
        twice.contains(&"3 error[P0313]: `a` and `A` differ only in case".to_owned()),
        "{twice:?}"
    );
    marked(
        Shape::Stream,
        "schema Row {\n  a : timestamp @event_time\n  b : timestamp @event_time // error[P0402]: `a` and `b` are both the event time\n}\n",
    );
}

#[test]
fn mistakes_in_rows_are_said_once() {
    marked(
        Shape::Stream,
        r#"schema Row {
  n     : int
  price : decimal(4, 2)
}
test "rows" for t {
  given rows = [
    { m: 1 } // error[P0302]: no column is called `m` here
    { n: "a" } // error[P0301]: `n` is int, but `"a"` is string
    { n: null } // error[P0305]: `n` is always there, so it cannot be `null`
    { n: 1, n: 2 } // error[P0313]: two columns are called `n`
    { price: 100 } // error[P0310]: `100` does not fit decimal(4, 2), the type of `price`
    { n: epoch_seconds(now()) } // error[P0312]: `epoch_seconds(now())` is not known when the project is compiled
    7 // error[P0317]: a row is written in braces
  ]
}
"#,
    );
}
