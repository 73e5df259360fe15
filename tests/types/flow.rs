//! Labels through steps: what is written, and the labels of each column after it.

use super::{Checked, Shape, check};

const FIELDS: &str =
    "id : int @key, name : string @pii, town : string?, salary : int @salary, at : timestamp @event_time";

/// The columns after the last step that carry labels: `name pii, pay salary`.
fn after(steps: &str) -> String {
    let text = format!("schema Row {{ {FIELDS} }}\ntransform t : rows -> z.d {{\n{steps}\n}}\n");
    let Checked {
        steps: checked, said, ..
    } = check(Shape::Table, &text);
    assert_eq!(said, Vec::<String>::new(), "{steps}");
    let checked = checked.unwrap();
    let columns = &checked.last().unwrap().columns;
    let labelled = columns.iter().filter(|column| !column.labels.is_empty());
    let text = labelled.map(|column| {
        let labels: Vec<_> = column.labels.iter().map(String::as_str).collect();
        format!("{} {}", column.name, labels.join("+"))
    });
    text.collect::<Vec<_>>().join(", ")
}

#[test]
fn labels_follow_values() {
    let cases = [
        ("  filter id > 0", "name pii, salary salary"),
        ("  derive x = name", "name pii, salary salary, x pii"),
        ("  derive x = len(name) + salary\n  drop name, salary", "x pii+salary"),
        (
            "  derive x = if salary > 10 then 1 else 0\n  drop name, salary",
            "x salary",
        ),
        ("  derive x = name == \"a\"\n  drop name, salary", "x pii"),
        ("  derive x = name in [\"a\", \"b\"]\n  drop name, salary", "x pii"),
        ("  derive x = town ?? name\n  drop name, salary", "x pii"),
        ("  derive x = pseudonym(name)\n  drop name, salary", "x pseudonymous"),
        ("  derive x = sha256(name)\n  drop name, salary", "x pii"),
        ("  derive name = town\n  drop salary", ""),
        ("  rename name as who, salary as pay", "who pii, pay salary"),
        ("  select id, name as who", "who pii"),
        ("  select id, town", ""),
    ];
    for (steps, expected) in cases {
        assert_eq!(after(steps), expected, "{steps}");
    }
}

#[test]
fn aggregates_drop_labels_where_groups_are_large_enough() {
    let group = "  group by town { rows = count(), pay = sum(salary), names = count_distinct(name) }\n";
    let cases = [
        ("", "pay salary"),
        ("  filter rows >= 5", ""),
        ("  filter rows > 4", ""),
        ("  filter 5 <= rows", ""),
        ("  filter 4 < rows", ""),
        ("  filter rows == 7", ""),
        ("  filter rows >= 5 and town == \"x\"", ""),
        ("  filter town == \"x\" and (rows >= 9 or rows == 6)", ""),
        ("  filter not (rows < 5)", ""),
        ("  filter rows between 5 and 9", ""),
        ("  filter rows in [5, 6]", ""),
        ("  filter rows >= 4", "pay salary"),
        ("  filter rows > 3", "pay salary"),
        ("  filter rows <= 5", "pay salary"),
        ("  filter rows != 5", "pay salary"),
        ("  filter rows >= 5 or town == \"x\"", "pay salary"),
        ("  filter not (rows >= 5)", "pay salary"),
        ("  filter names >= 5", "pay salary"),
        ("  rename rows as n\n  filter n >= 5", ""),
        ("  derive mean = pay - rows\n  filter rows >= 5", ""),
        (
            "  derive mean = pay - rows\n  filter rows >= 4",
            "pay salary, mean salary",
        ),
        ("  select town, pay as total, rows as n\n  filter n >= 5", ""),
        ("  derive rows = 9\n  filter rows >= 5", "pay salary"),
        ("  drop town\n  filter rows >= 5", ""),
    ];
    for (steps, expected) in cases {
        assert_eq!(after(&format!("{group}{steps}")), expected, "{steps}");
    }
}

#[test]
fn keys_of_groups_keep_their_labels() {
    let group = "  group by name { rows = count(), pay = sum(salary) }\n  filter rows >= 5";
    assert_eq!(after(group), "name pii");
    let mixed =
        "  group by salary { rows = count(), pay = sum(salary) }\n  derive x = salary + pay\n  filter rows >= 5";
    assert_eq!(after(mixed), "salary salary, x salary");
}

#[test]
fn what_is_declassified_carries_the_label_no_more() {
    let cases = [
        (
            "  derive x = declassify(name, @pii, because: \"asked\")\n  drop name, salary",
            "",
        ),
        (
            "  derive x = declassify(len(name) + salary, @pii, because: \"asked\")\n  drop name, salary",
            "x salary",
        ),
        (
            "  derive x = declassify(len(name) + salary, @pii, @salary, because: \"asked\")\n  drop name, salary",
            "",
        ),
        (
            "  derive x = declassify(len(name), @pii, because: \"asked\") + len(name)\n  drop name, salary",
            "x pii",
        ),
    ];
    for (steps, expected) in cases {
        assert_eq!(after(steps), expected, "{steps}");
    }
}
