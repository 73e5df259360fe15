//! Types: what columns and labels come of steps, what expressions become, and what is said of mistakes.
//!
//! Mistakes stand in the text itself: a line that ends in `// error[P0301]: words` gets exactly that, and no other
//! line gets anything.

use std::collections::BTreeMap;

use pipec::base::Sources;
use pipec::check::context::{Context, Types};
use pipec::check::functions::{FILES, Functions};
use pipec::check::labels::{ClassRule, Classes};
use pipec::check::program::Shape;
use pipec::check::rows::{check_row, fill_row};
use pipec::check::schema::{check_aliases, check_schema};
use pipec::check::steps::check_steps;
use pipec::diag::{Diagnostics, Severity};
use pipec::plan::expr::{Expr, ExprKind, Literal};
use pipec::plan::types::Column;
use pipec::plan::{Input, Schema, Step, StepKind};
use pipec::syntax::{ast, parse};

mod around;
mod expressions;
mod flow;
mod mistakes;
mod steps;

/// A project's text, checked: its first schema and its first transform.
struct Checked {
    schema: Schema,
    steps: Option<Vec<Step>>,
    /// Values of the first test's rows, as written and filled.
    rows: Vec<Vec<Literal>>,
    /// `LINE CODE words`, and the lines' marks in the same form.
    said: Vec<String>,
    marks: Vec<String>,
}

fn library(sources: &mut Sources, diagnostics: &mut Diagnostics) -> Functions {
    let files: Vec<_> = FILES
        .iter()
        .map(|(path, text)| parse(sources.add(*path, text), text, diagnostics))
        .collect();
    Functions::read(files.iter().flat_map(|file| &file.items), diagnostics)
}

fn classes() -> Classes {
    let mut classes = Classes::default();
    let lowered_by = vec![("pseudonym".to_owned(), Some("pseudonymous".to_owned()))];
    classes.declare(
        "pii",
        ClassRule {
            lowered_by,
            ..ClassRule::default()
        },
    );
    classes.declare("pseudonymous", ClassRule::default());
    let crowd = ClassRule {
        crowd: Some(5),
        ..ClassRule::default()
    };
    classes.declare("salary", crowd);
    classes.declare("secret", ClassRule::default());
    classes
}

fn check(shape: Shape, text: &str) -> Checked {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let functions = library(&mut sources, &mut diagnostics);
    let id = sources.add("a.pipe", text);
    let file = parse(id, text, &mut diagnostics);
    let (classes, types) = (classes(), Types::collect(&file.items));
    let ctx = Context {
        sources: &sources,
        functions: &functions,
        classes: &classes,
        types: &types,
        on_stream: false,
    };
    let schemas = file.items.iter().filter_map(|item| match &item.kind {
        ast::ItemKind::Schema { name, fields } => Some((name, fields)),
        _ => None,
    });
    let schemas: Vec<_> = schemas.collect();
    let row = schemas.iter().find(|(name, _)| name.text == "Row").or(schemas.first());
    let fields = row.map(|(_, fields)| *fields);
    check_aliases(&ctx, &mut diagnostics);
    let schema = check_schema(&ctx, "Row", None, fields.expect("a schema"), &mut diagnostics);
    let columns: Vec<Column> = schema.fields.iter().map(|field| field.column.clone()).collect();
    let rows_in = around::rows_of(Input::Stream("rows".into()), shape, columns.clone());
    let mut schemas = around::Schemas {
        by_name: BTreeMap::new(),
    };
    for item in file.items.iter() {
        if let ast::ItemKind::Schema { name, fields } = &item.kind {
            let schema = check_schema(&ctx, &name.text, None, fields, &mut Diagnostics::default());
            schemas.by_name.insert(name.text.to_lowercase(), schema);
        }
    }
    let steps = file.items.iter().find_map(|item| match &item.kind {
        ast::ItemKind::Transform(transform) => Some(check_steps(
            &ctx,
            &rows_in,
            &transform.entries,
            &mut schemas,
            &mut diagnostics,
        )),
        _ => None,
    });
    let rows = rows(&ctx, &schema, &columns, &file, &mut diagnostics);
    let place = |at: u32| sources.get(id).line_column(at).line;
    let said = diagnostics
        .sorted()
        .into_iter()
        .map(|said| {
            let level = if said.severity == Severity::Error {
                "error"
            } else {
                "warning"
            };
            format!(
                "{} {level}[{}]: {}",
                place(said.primary.span.start),
                said.code,
                said.message
            )
        })
        .collect();
    let marks = text.lines().enumerate().filter_map(|(line, text)| {
        let mark = ["// error[", "// warning["].iter().find_map(|word| text.find(word))?;
        Some(format!("{} {}", line + 1, text.get(mark + 3..)?))
    });
    Checked {
        schema,
        steps: steps.flatten().map(|checked| checked.steps.to_vec()),
        rows,
        said,
        marks: marks.collect(),
    }
}

fn rows(
    ctx: &Context<'_>,
    schema: &Schema,
    columns: &[Column],
    file: &ast::File,
    diagnostics: &mut Diagnostics,
) -> Vec<Vec<Literal>> {
    let tests = file.items.iter().filter_map(|item| match &item.kind {
        ast::ItemKind::Test(test) => Some(&test.entries),
        _ => None,
    });
    let defaults: BTreeMap<_, _> = schema
        .fields
        .iter()
        .filter_map(|field| Some((field.column.name.clone(), field.default.clone()?)))
        .collect();
    let mut filled = Vec::new();
    for entry in tests.flatten() {
        if let ast::EntryKind::Given {
            rows: ast::GivenRows::List(list),
            ..
        } = &entry.kind
            && let ast::ExprKind::List(rows) = &list.kind
        {
            for (number, row) in (1..).zip(rows) {
                let written = check_row(ctx, columns, row, diagnostics);
                filled.push(fill_row(columns, &defaults, &written, number));
            }
        }
    }
    filled
}

/// A project that gets exactly what its lines are marked with.
fn marked(shape: Shape, text: &str) -> Checked {
    let checked = check(shape, text);
    // A refusal says more than what is refused, and says it the same way everywhere: the mark names what.
    let is = |(said, mark): (&String, &String)| {
        said == mark
            || mark.split_once("[P0690]: ").is_some_and(|(place, what)| {
                said.split_once("[P0690]: ")
                    .is_some_and(|(at, words)| at == place && words.contains(what))
            })
    };
    let same = checked.said.len() == checked.marks.len() && checked.said.iter().zip(&checked.marks).all(is);
    assert!(
        same,
        "said {:#?}\nmarked {:#?}\nin\n{text}",
        checked.said, checked.marks
    );
    checked
}

/// `name : type @label`, and `key`, `event_time`, a documentation.
fn show(columns: &[Column]) -> Vec<String> {
    let show = |column: &Column| {
        let mut text = format!("{} : {}", column.name, column.ty);
        column
            .labels
            .iter()
            .for_each(|label| text.push_str(&format!(" @{label}")));
        for (flag, word) in [
            (column.key, "key"),
            (column.event_time, "event_time"),
            (column.subject, "subject"),
        ] {
            if flag {
                text.push_str(&format!(" @{word}"));
            }
        }
        column.doc.iter().for_each(|doc| text.push_str(&format!(" /// {doc}")));
        text
    };
    columns.iter().map(show).collect()
}

const SCHEMA: &str = "\
enum Kind { view, buy }

schema Row {
  id     : uuid @key
  user   : string @pii @subject
  /// When it happened.
  at     : timestamp @event_time
  day    : date
  page   : string
  n      : int
  ratio  : float
  amount : decimal(12, 2)?
  price  : decimal(12, 2)
  pay    : int @salary
  kind   : Kind
  seen   : bool
  wide   : decimal(38, 0)
}

";

/// Columns after the last step of a transform over [`SCHEMA`].
fn after(shape: Shape, steps: &str) -> Vec<String> {
    let checked = transform(shape, steps);
    let last = checked.steps.expect("no mistake");
    show(&last.last().expect("a step").columns)
}

fn transform(shape: Shape, steps: &str) -> Checked {
    marked(shape, &format!("{SCHEMA}transform t : rows -> a.b {{\n{steps}\n}}\n"))
}

/// The last column after `derive x = …`.
fn derived(expr: &str) -> String {
    after(Shape::Stream, &format!("  derive x = {expr}"))
        .pop()
        .expect("a column")
}

/// The value of `derive x = …`.
fn value(expr: &str) -> Expr {
    let steps = transform(Shape::Stream, &format!("  derive x = {expr}"))
        .steps
        .expect("no mistake");
    match steps.into_iter().next().expect("a step").kind {
        StepKind::Derive(mut columns) => columns.remove(0).1,
        other => panic!("{other:?}"),
    }
}

/// An expression as a tree on one line.
fn tree(expr: &Expr) -> String {
    let inner = match &expr.kind {
        ExprKind::Literal(literal) => return format!("{literal:?}:{}", expr.ty),
        ExprKind::Column(name) => return name.clone(),
        ExprKind::Reject(reason) => return format!("reject({reason})"),
        ExprKind::Call { function, arguments } => {
            let arguments: Vec<_> = arguments.iter().map(tree).collect();
            format!("{function}({})", arguments.join(", "))
        }
        ExprKind::Not(value) => format!("not({})", tree(value)),
        ExprKind::Negate(value) => format!("neg({})", tree(value)),
        ExprKind::Logic { op, left, right } => format!("{op:?}({}, {})", tree(left), tree(right)),
        ExprKind::Compare { op, left, right } => format!("{op:?}({}, {})", tree(left), tree(right)),
        ExprKind::Arithmetic { op, left, right } => format!("{op:?}({}, {})", tree(left), tree(right)),
        ExprKind::IsNull { value, negated } => format!("is_null({}, {negated})", tree(value)),
        ExprKind::In { value, list, negated } => format!("in({}, {list:?}, {negated})", tree(value)),
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => format!("if({}, {}, {})", tree(condition), tree(then), tree(otherwise)),
        ExprKind::Coalesce { value, default } => format!("coalesce({}, {})", tree(value), tree(default)),
        ExprKind::Cast(value) => format!("cast({})", tree(value)),
        other => format!("{other:?}"),
    };
    format!("{inner}:{}", expr.ty)
}

#[test]
fn arithmetic_has_sparks_types() {
    for (expr, ty) in [
        ("n + 1", "int"),
        ("price + price", "decimal(13, 2)"),
        ("price + 1", "decimal(13, 2)"),
        ("price * 2", "decimal(14, 2)"),
        ("price * 1.10", "decimal(16, 4)"),
        ("price + n", "decimal(23, 2)"),
        ("price - amount", "decimal(13, 2)?"),
        ("price * price * price", "decimal(38, 6)"),
        ("wide * price", "decimal(38, 2)"),
        ("-n", "int"),
        ("-price", "decimal(12, 2)"),
        ("-1.50", "decimal(3, 2)"),
        ("0.05", "decimal(2, 2)"),
        ("-9_223_372_036_854_775_808", "int"),
        ("9_223_372_036_854_775_808", "decimal(19, 0)"),
    ] {
        assert_eq!(derived(expr), format!("x : {ty}"), "{expr}");
    }
    assert_eq!(
        tree(&value("n * price")),
        "Multiply(cast(n):decimal(20, 0), price):decimal(33, 2)"
    );
}

#[test]
fn literals_take_the_type_of_their_place() {
    for (expr, wanted) in [
        (
            "price < 100_000",
            "Less(price, Decimal { unscaled: 10000000, scale: 2 }:decimal(12, 2)):bool",
        ),
        (
            "price < 0.001",
            "Less(cast(price):decimal(13, 3), Decimal { unscaled: 1, scale: 3 }:decimal(13, 3)):bool",
        ),
        ("ratio < 1", "Less(ratio, Float(1.0):float):bool"),
        ("ratio < -1.25", "Less(ratio, Float(-1.25):float):bool"),
        ("kind == \"buy\"", "Equal(kind, Text(\"buy\"):Kind):bool"),
        ("day == date(\"1970-01-02\")", "Equal(day, Date(1):date):bool"),
        (
            "at < timestamp(\"1970-01-01T00:00:00.000001Z\")",
            "Less(at, Timestamp(1):timestamp):bool",
        ),
        (
            "id == uuid(\"00000000-0000-0000-0000-00000000000A\")",
            "Equal(id, Uuid(\"00000000-0000-0000-0000-00000000000a\"):uuid):bool",
        ),
        ("n in [1, 2]", "in(n, [Int(1), Int(2)], false):bool"),
        (
            "amount not in [1, 2.5]",
            "in(amount, [Decimal { unscaled: 100, scale: 2 }, Decimal { unscaled: 250, scale: 2 }], true):bool?",
        ),
        (
            "n between 1 and 3",
            "And(GreaterEqual(n, Int(1):int):bool, LessEqual(n, Int(3):int):bool):bool",
        ),
        (
            "n not in 1..3",
            "not(And(GreaterEqual(n, Int(1):int):bool, LessEqual(n, Int(3):int):bool):bool):bool",
        ),
    ] {
        assert_eq!(tree(&value(expr)), wanted, "{expr}");
    }
}

#[test]
fn branches_meet_in_one_type() {
    for (expr, wanted) in [
        (
            "if n > 0 then price else 0",
            "if(Greater(n, Int(0):int):bool, price, Decimal { unscaled: 0, scale: 2 }:decimal(12, 2)):decimal(12, 2)",
        ),
        ("if seen then n else null", "if(seen, cast(n):int?, Null:int?):int?"),
        (
            "if seen then n else price",
            "if(seen, cast(n):decimal(22, 2), cast(price):decimal(22, 2)):decimal(22, 2)",
        ),
        (
            "amount ?? reject \"none\"",
            "coalesce(amount, reject(none)):decimal(12, 2)",
        ),
        (
            "amount ?? 0",
            "coalesce(amount, Decimal { unscaled: 0, scale: 2 }:decimal(12, 2)):decimal(12, 2)",
        ),
        (
            "amount ?? n",
            "coalesce(cast(amount):decimal(22, 2)?, cast(n):decimal(22, 2)):decimal(22, 2)",
        ),
        (
            "if kind == \"buy\" then amount ?? reject \"no\" else 0",
            "if(Equal(kind, Text(\"buy\"):Kind):bool, coalesce(amount, reject(no)):decimal(12, 2), \
             Decimal { unscaled: 0, scale: 2 }:decimal(12, 2)):decimal(12, 2)",
        ),
    ] {
        assert_eq!(tree(&value(expr)), wanted, "{expr}");
    }
}

#[test]
fn optionals_lift_and_labels_travel() {
    for (expr, column) in [
        ("amount > 1", "x : bool?"),
        ("amount > 1 and seen", "x : bool?"),
        ("not (amount > 1)", "x : bool?"),
        ("amount is null", "x : bool"),
        ("-amount", "x : decimal(12, 2)?"),
        ("upper(user)", "x : string @pii"),
        ("sha256(user)", "x : string @pii"),
        ("pseudonym(user)", "x : string @pseudonymous"),
        ("pseudonym(lower(user))", "x : string @pseudonymous"),
        ("lower(pseudonym(user))", "x : string @pseudonymous"),
        ("len(text: page)", "x : int"),
        ("if user == \"a\" then 1 else 0", "x : int @pii"),
        ("pay + len(user)", "x : int @pii @salary"),
        ("date(at)", "x : date"),
        ("user", "x : string @pii @subject"),
        ("at", "x : timestamp @event_time /// When it happened."),
    ] {
        assert_eq!(derived(expr), column, "{expr}");
    }
}

#[test]
fn the_text_of_an_expression_is_on_one_line() {
    assert_eq!(
        value("if seen and // why\n      n > 0\n    then 1 else 0").text,
        "if seen and n > 0 then 1 else 0"
    );
}

#[test]
fn steps_shape_columns() {
    let columns = after(
        Shape::Table,
        "  select id, user, at, pay, price, price * 2 as twice\n  rename user as person, twice as user\n  drop id, price\n  derive pay = pay\n         user = 1",
    );
    assert_eq!(
        columns,
        [
            "person : string @pii @subject",
            "at : timestamp @event_time /// When it happened.",
            "pay : int @salary",
            "user : int",
        ]
    );
}

#[test]
fn groups_have_keys_then_aggregates() {
    let columns = after(
        Shape::Table,
        "  dedupe by id\n  group by day, upper(user) as person {\n    /// Rows.\n    n = count()\n    pages = count_distinct(page)\n    total = sum(amount)\n    revenue = sum(price)\n    ns = sum(n)\n    latest = max(at)\n    people = count_distinct(user)\n    pay = max(pay)\n    wide = sum(wide)\n  }",
    );
    assert_eq!(
        columns,
        [
            "day : date",
            "person : string @pii",
            "n : int /// Rows.",
            "pages : int",
            "total : decimal(22, 2)?",
            "revenue : decimal(22, 2)",
            "ns : int",
            "latest : timestamp",
            "people : int",
            "pay : int @salary",
            "wide : decimal(38, 0)",
        ]
    );
}

#[test]
fn steps_say_what_the_author_wrote() {
    let steps = transform(
        Shape::Table,
        "  dedupe by id   keep last by at\n  group by day, page {\n    n = count()\n  }",
    )
    .steps;
    let texts: Vec<_> = steps.expect("no mistake").into_iter().map(|step| step.text).collect();
    assert_eq!(texts, ["dedupe by id keep last by at", "group by day, page"]);
}

#[test]
fn rows_of_tests_are_filled() {
    let checked = marked(
        Shape::Stream,
        r#"enum Kind { view, buy }
schema Row {
  id     : uuid @key
  number : int  @key
  n      : int = 7
  page   : string
  at     : timestamp
  amount : decimal(12, 2)?
  price  : decimal(12, 2)
  kind   : Kind
  seen   : bool
}
test "rows" for t {
  given rows = [
    { price: 1, kind: "buy" }
    { id: uuid("00000000-0000-0000-0000-0000000000FF"), amount: 0.5 }
  ]
}
"#,
    );
    let id = |text: &str| Literal::Uuid(format!("00000000-0000-0000-0000-{text}"));
    let decimal = |unscaled| Literal::Decimal { unscaled, scale: 2 };
    let text = |text: &str| Literal::Text(text.into());
    let rest = |amount, price, kind: &str| {
        vec![
            text(""),
            Literal::Timestamp(0),
            amount,
            price,
            text(kind),
            Literal::Bool(false),
        ]
    };
    let mut first = vec![id("000000000001"), Literal::Int(1), Literal::Int(7)];
    first.extend(rest(Literal::Null, decimal(100), "buy"));
    let mut second = vec![id("0000000000ff"), Literal::Int(2), Literal::Int(7)];
    second.extend(rest(decimal(50), decimal(0), "view"));
    assert_eq!(checked.rows, [first, second]);
    assert_eq!(checked.schema.fields.len(), 9);
}

#[test]
fn spans_point_at_what_is_wrong() {
    let text = format!("{SCHEMA}transform t : rows -> a.b {{\n  derive x = n + upper(pag)\n}}\n");
    let checked = check(Shape::Stream, &text);
    assert_eq!(checked.said, ["21 error[P0302]: no column is called `pag` here"]);
}
