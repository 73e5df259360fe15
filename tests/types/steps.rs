//! Steps: the columns after each, on streams and tables.

use super::{SCHEMA, Shape, marked, show};

/// Another input, with keys that may be missing and one name that the rows have too.
const OTHER: &str = "\
schema Page {
  page    : string @key
  /// The part of the site.
  section : string
  owner   : string @pii
  seen_at : timestamp @event_time
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
const FEW: &str = "  select id, at, day, page, n\n";

#[test]
fn steps_of_tables_have_these_columns() {
    let cases: &[(&str, &[&str])] = &[
        (
            "join raw.page as p on page == p.page",
            &[
                "id : uuid @key",
                "at : timestamp @event_time /// When it happened.",
                "day : date",
                "page : string",
                "n : int",
                "| p.page : string",
                "| p.section : string /// The part of the site.",
                "| p.owner : string @pii",
                "| p.seen_at : timestamp",
            ],
        ),
        (
            "join left raw.page as p on page == p.page\n  select id, p.section as section, p.owner",
            &[
                "id : uuid @key",
                "section : string? /// The part of the site.",
                "owner : string? @pii",
            ],
        ),
        ("join full raw.page on page == page2.page", &[]),
        (
            "join semi raw.page as p on page == p.page\n  drop at, day",
            &["id : uuid @key", "page : string", "n : int"],
        ),
        (
            "join anti raw.page as p on page == p.page\n  drop at, day",
            &["id : uuid @key", "page : string", "n : int"],
        ),
        (
            "join full raw.page as p on page == p.page\n  drop at, day, n",
            &[
                "id : uuid?",
                "page : string?",
                "| p.page : string?",
                "| p.section : string? /// The part of the site.",
                "| p.owner : string? @pii",
                "| p.seen_at : timestamp?",
            ],
        ),
    ];
    for (steps, expected) in cases.iter().filter(|(_, expected)| !expected.is_empty()) {
        assert_eq!(after(Shape::Table, &format!("{FEW}  {steps}")), *expected, "{steps}");
    }
}
