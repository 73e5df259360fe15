//! Steps: the columns after each, on streams and tables.

use pipec::plan::StepKind;

use super::{SCHEMA, Shape, marked, show};

/// Another input, with keys that may be missing and one name that the rows have too.
const OTHER: &str = "\
schema Page {
  page    : string @key
  section : string
  owner   : string @pii
  seen_at : timestamp @event_time
}

schema Few {
  n    : int?
  page : string
}

";

/// The columns after the last step, and behind `|` those of other sides that can still be read.
fn after(shape: Shape, steps: &str) -> Vec<String> {
    let checked = marked(
        shape,
        &format!("{SCHEMA}{OTHER}transform t : rows -> a.b {{\n{steps}\n}}\n"),
    );
    let steps = checked.steps.expect("no mistake");
    let last = steps.last().expect("a step");
    let mut columns = show(&last.columns);
    columns.extend(show(&last.joined).into_iter().map(|column| format!("| {column}")));
    columns
}

/// Keeps few columns, so that a case shows what its step is about.
const FEW: &str = "  select id, at, page, n\n";

fn hold(shape: Shape, cases: &[(&str, &str)]) {
    for (steps, expected) in cases {
        let found = after(shape, &format!("{FEW}  {steps}")).join("; ");
        assert_eq!(
            found
                .replace(" /// When it happened.", "")
                .replace(" /// The window's first moment.", ""),
            *expected,
            "{steps}"
        );
    }
}

#[test]
fn joins_have_the_columns_of_the_left_side_and_let_the_others_be_read() {
    hold(
        Shape::Table,
        &[
            (
                "join raw.page as p on page == p.page",
                "id : uuid @key; at : timestamp @event_time; page : string; n : int; | p.page : string; \
                 | p.section : string; | p.owner : string @pii; | p.seen_at : timestamp",
            ),
            (
                "join left raw.page as p on page == p.page\n  select id, p.section as section, p.owner",
                "id : uuid @key; section : string?; owner : string? @pii",
            ),
            (
                "join left raw.page as p on page == p.page\n  group by p.section ?? \"\" as section { n = count() }",
                "section : string; n : int",
            ),
            (
                "join semi raw.page as p on page == p.page\n  drop at, n",
                "id : uuid @key; page : string",
            ),
            (
                "join anti raw.page as p on page == p.page\n  drop at, n",
                "id : uuid @key; page : string",
            ),
            (
                "join full raw.page as p on page == p.page\n  drop at, n",
                "id : uuid?; page : string?; | p.page : string?; | p.section : string?; | p.owner : string? @pii; \
                 | p.seen_at : timestamp?",
            ),
        ],
    );
}

#[test]
fn steps_of_tables_have_these_columns() {
    hold(
        Shape::Table,
        &[
            (
                "dedupe by page keep last by at\n  drop at, n",
                "id : uuid @key; page : string",
            ),
            (
                "sort by at desc, page\n  take 10\n  drop at, n",
                "id : uuid @key; page : string",
            ),
            ("select page, n\n  union raw.few", "page : string; n : int?"),
            (
                "group by page, at every 1 hour { rows = count() }",
                "page : string; window_start : timestamp @event_time; window_end : timestamp /// The first moment behind the window.; rows : int",
            ),
            (
                "window by page order by at { seen = count(), most = max(n) }\n  drop at, id",
                "page : string; n : int; seen : int; most : int",
            ),
            (
                "session by page gap 30 min as visit\n  drop at, n, id",
                "page : string; visit : string /// The session: the same for rows of one visit.",
            ),
            (
                "pivot by page on n { ones = count() for 1, last = max(at) for 2 }",
                "page : string; ones : int; last : timestamp?",
            ),
            (
                "derive m = 1.5\n  unpivot n, m as name, holds",
                "id : uuid; at : timestamp @event_time; page : string; name : string; holds : decimal(21, 1)",
            ),
            (
                "run script \"a.py\" returns Page\n  drop owner",
                "page : string @key; section : string; seen_at : timestamp @event_time",
            ),
        ],
    );
}

#[test]
fn steps_of_streams_have_these_columns() {
    hold(
        Shape::Stream,
        &[
            (
                "group by page, at every 5 min late 1 min { rows = count() }\n  derive day = date(window_start)\n  drop window_end",
                "page : string; window_start : timestamp @event_time; rows : int; day : date",
            ),
            (
                "dedupe by id within 1 hour\n  drop at, n",
                "id : uuid @key; page : string",
            ),
            (
                "join page as p on page == p.page within 10 min\n  select id, p.section",
                "id : uuid @key; section : string",
            ),
            (
                "join left raw.page as p on page == p.page\n  select id, p.section",
                "id : uuid @key; section : string?",
            ),
        ],
    );
}

#[test]
fn a_row_for_each_entry_of_a_list() {
    let schema = "schema Row { id : int @key, tags : list<string> @pii, more : list<int>? }\n";
    for (step, expected) in [
        (
            "explode tags as tag",
            "id : int; tags : list<string> @pii; more : list<int>?; tag : string @pii",
        ),
        (
            "explode outer tags as tag\n  drop tags, more",
            "id : int; tag : string? @pii",
        ),
        ("explode more as one\n  drop tags, more", "id : int; one : int"),
        ("explode tags as tags\n  drop more", "id : int; tags : string @pii"),
    ] {
        let checked = marked(
            Shape::Stream,
            &format!("{schema}transform t : rows -> a.b {{\n  {step}\n}}\n"),
        );
        let steps = checked.steps.expect("no mistake");
        assert_eq!(
            show(&steps.last().expect("a step").columns).join("; "),
            expected,
            "{step}"
        );
    }
}

#[test]
fn arrivals_can_be_read_until_rows_are_made_anew() {
    let steps = "  derive arrived = _arrived, place = _seq\n  select id, arrived, place";
    assert_eq!(
        after(Shape::Stream, steps),
        ["id : uuid @key", "arrived : timestamp", "place : string"]
    );
}

#[test]
fn the_equal_parts_of_a_condition_are_taken_out() {
    let on = |on: &str| {
        let text = format!("{SCHEMA}{OTHER}transform t : rows -> a.b {{\n  join semi raw.page as p on {on}\n}}\n");
        let steps = marked(Shape::Table, &text).steps.expect("no mistake");
        match &steps.first().expect("a step").kind {
            StepKind::Join(join) => {
                let pairs = join
                    .equal
                    .iter()
                    .map(|(left, right)| format!("{} {}", left.text, right.text));
                pairs.collect::<Vec<_>>().join(", ")
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(on("page == p.page"), "page p.page");
    assert_eq!(on("p.page == upper(page) and n > 1"), "upper(page) p.page");
    assert_eq!(
        on("page == p.page and (user == p.owner and at > p.seen_at)"),
        "page p.page, user p.owner"
    );
    assert_eq!(
        on("page == p.page or page == p.section // warning[P0621]: every row is compared with every row of `raw.page`"),
        ""
    );
}
