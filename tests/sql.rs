//! Names and texts that try to break out, the forms that a reader sees, and a view as the catalog keeps it.

use pipec::base::Memory;
use pipec::emit::sql::{Sql, catalog_view, identifier, statements, view};
use pipec::plan::lower::{Scope, lower, not_in_sql};
use pipec::plan::{Input, Plan};
use pipec::{Options, compile};

const PLATFORM: &str = r#"pipeline shop {
  cloud  = aws { region = "eu-west-1" }
  owner  = "shop@example.com"
  budget = 900 USD per month
}

schema Click {
  click_id : uuid      @key
  at       : timestamp @event_time
  page     : string
  amount   : decimal(12, 2)?
  select   : int
}

source clicks : stream of Click {
  from   = kinesis { stream = own }
  volume = 5 per second of 600 B
  into   = raw
}

zone raw       like std.zones.raw       { retain = 30 days }
zone processed like std.zones.processed { format = iceberg, partition = [day], retain = 30 days }
zone curated   like std.zones.curated   { format = iceberg, partition = [], retain = 30 days }

/// What came.
transform clean : clicks -> processed.clicks {
  derive day = date(at)
}
"#;

/// The plan of the platform with more behind it.
fn plan(more: &str) -> (Plan, pipec::check::program::Program) {
    let text = format!("{PLATFORM}\n{more}");
    let compilation = compile(&Memory::new([("shop.pipe", text.as_str())]), &Options::default());
    let said: Vec<_> = compilation
        .diagnostics
        .iter()
        .map(|said| said.message.clone())
        .collect();
    let program = compilation.program.unwrap_or_else(|| panic!("{said:?}"));
    let plan = lower(&program, Scope::Embedded).plan.expect("a plan");
    (plan, program)
}

fn names(input: &Input) -> Vec<String> {
    match input {
        Input::Table(id) => vec![format!("shop_prod_{}", id.zone), id.name.clone()],
        Input::Stream(name) | Input::View(name) => vec!["shop_prod_views".to_owned(), name.clone()],
    }
}

/// The SQL of a view of these steps.
fn sql(steps: &str) -> String {
    let (plan, program) = plan(&format!("transform seen : processed.clicks {{\n{steps}\n}}\n"));
    let refused = not_in_sql(&program, "seen");
    assert!(refused.is_empty(), "{refused:?}");
    view(&plan, plan.view("seen").expect("the view"), &names)
}

#[test]
fn texts_end_where_they_end_and_comments_hold_a_line() {
    let text = sql("  filter page == \"'; DROP TABLE clicks; --\\n\"\n  select page, select as number");
    assert!(text.contains("WHERE page = '''; DROP TABLE clicks; --\n'"), "{text}");
    for line in text.lines().filter(|line| line.contains("DROP")) {
        assert!(
            line.contains("'''; DROP") || line.trim_start().starts_with("-- "),
            "{line}"
        );
    }
    assert!(identifier("a\"b").contains("\"a\"\"b\""));
    assert!(Sql::text("it's").to_string() == "'it''s'");
}

#[test]
fn words_that_sql_keeps_are_quoted() {
    let text = sql("  derive more = select + 1\n  filter more > 2");
    assert!(text.contains("\"select\" + 1 AS more"), "{text}");
    assert!(text.contains("FROM shop_prod_processed.clicks"), "{text}");
}

#[test]
fn what_is_written_twice_is_computed_once() {
    let text = sql("  derive part = before(trim(page, \"/\"), \"?\")");
    assert_eq!(text.matches("trim(BOTH '/' FROM page)").count(), 1, "{text}");
}

#[test]
fn operators_keep_their_order() {
    let one = || Sql::name("a");
    let sum = Sql::binary("-", one(), Sql::binary("-", Sql::name("b"), Sql::name("c")));
    assert_eq!(sum.to_string(), "a - (b - c)");
    let product = Sql::binary("*", Sql::binary("+", one(), Sql::name("b")), Sql::name("c"));
    assert_eq!(product.to_string(), "(a + b) * c");
    let either = Sql::binary(
        "AND",
        Sql::binary("OR", one(), Sql::name("b")),
        Sql::name("c").negated(),
    );
    assert_eq!(either.to_string(), "(a OR b) AND NOT c");
    let compared = Sql::binary("=", Sql::binary("=", one(), Sql::name("b")), Sql::name("c").is_null());
    assert_eq!(compared.to_string(), "(a = b) = (c IS NULL)");
    let field = Sql::Field(
        Box::new(Sql::template("element_at($0, 1)", vec![one()])),
        "x".to_owned(),
    );
    assert_eq!(field.to_string(), "element_at(a, 1).x");
}

#[test]
fn what_trino_means_otherwise_is_refused_with_a_way_out() {
    let cases = [
        ("derive small = lower(page)", "this form of `lower`"),
        ("derive sure = amount ?? reject \"no amount\"", "`reject`"),
        ("expect there : amount is not null else quarantine", "turning rows away"),
        ("derive wide = amount * amount * amount * amount", "more than 38 digits"),
    ];
    for (step, wanted) in cases {
        let (_, program) = plan(&format!("transform seen : processed.clicks {{\n  {step}\n}}\n"));
        let refused = not_in_sql(&program, "seen");
        let said: Vec<_> = refused.iter().map(|said| said.message.clone()).collect();
        assert!(said.iter().any(|said| said.contains(wanted)), "{step}: {said:?}");
        assert!(refused.iter().all(|said| !said.help.is_empty()), "{step}");
    }
}

#[test]
fn instants_of_other_tables_than_icebergs_are_refused() {
    let text = PLATFORM.replace("format = iceberg", "format = parquet");
    let text = format!("{text}\ntransform seen : processed.clicks {{\n  select at\n}}\n");
    let compilation = compile(&Memory::new([("shop.pipe", text.as_str())]), &Options::default());
    let refused = not_in_sql(&compilation.program.expect("a program"), "seen");
    assert!(
        refused.iter().any(|said| said.message.contains("to the millisecond")),
        "{refused:?}"
    );
}

#[test]
fn the_catalog_keeps_a_view_with_its_types() {
    let (plan, _) = plan("transform seen : processed.clicks {\n  select click_id, at, amount, select as number\n}\n");
    let held = catalog_view(&plan, plan.view("seen").expect("the view"), "shop_prod_views", &names);
    let read: serde_json::Value = serde_json::from_str(&held.definition).expect("JSON");
    assert_eq!(read["schema"], "shop_prod_views");
    let types: Vec<_> = held.columns.iter().map(|(_, ty)| ty.as_str()).collect();
    assert_eq!(types, ["varchar", "timestamp(6)", "decimal(12, 2)", "bigint"]);
    let text = held.original_text();
    assert!(text.starts_with("/* Presto View: ") && text.ends_with(" */"), "{text}");
}

#[test]
fn a_table_is_written_as_its_mode_says() {
    let (plan, _) = plan(
        "/// Pages.\ntransform pages : processed.clicks -> curated.pages {\n  group by page { seen = max(at) }\n}\n\
         /// Kept.\ntransform kept : processed.clicks -> curated.kept merge by click_id {\n  drop day\n}\n",
    );
    let of = |name: &str| statements(&plan, plan.transform(name).expect("it"), &names).expect("statements");
    let pages = of("pages");
    assert_eq!(pages.len(), 2, "{pages:?}");
    assert_eq!(pages[0], "DELETE FROM shop_prod_curated.pages");
    assert!(
        pages[1].starts_with("INSERT INTO shop_prod_curated.pages (page, seen)\nWITH\n"),
        "{}",
        pages[1]
    );
    let kept = of("kept").join(";\n");
    assert!(
        kept.starts_with("MERGE INTO shop_prod_curated.kept AS _kept\nUSING ("),
        "{kept}"
    );
    assert!(
        kept.contains("WHEN MATCHED AND (_kept.at IS NULL OR _new.at >= _kept.at) THEN UPDATE SET at = _new.at"),
        "{kept}"
    );
}

/// Each line of the table is a form of a function that the standard library has.
#[test]
fn the_table_has_functions_of_the_standard_library_only() {
    let declared: String = pipec::check::functions::FILES.iter().map(|(_, text)| *text).collect();
    for line in pipec::plan::trino::TABLE {
        assert!(declared.contains(&format!("fn {}(", line.name)), "{}", line.name);
    }
}
