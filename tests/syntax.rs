//! Reading: what parses, what does not, and what is said of it.

#[allow(dead_code, reason = "each test uses its part of it")]
mod programs;

use pipec::base::Sources;
use pipec::diag::Diagnostics;
use pipec::syntax::{ast, parse};
use programs::{Dice, Writer};

const CLICKSTREAM: &str = include_str!("../examples/clickstream/clickstream.pipe");

/// Parses a text and says what was said of it, a line each: `P0101 3:7 message`.
fn read(text: &str) -> (ast::File, Vec<String>) {
    let mut sources = Sources::default();
    let id = sources.add("a.pipe", text);
    let mut diagnostics = Diagnostics::default();
    let file = parse(id, text, &mut diagnostics);
    let said = diagnostics.sorted().into_iter().map(|diagnostic| {
        let place = sources.get(id).line_column(diagnostic.primary.span.start);
        let help = diagnostic
            .help
            .first()
            .map_or(String::new(), |help| format!(" | {help}"));
        let found = diagnostic.primary.text;
        format!(
            "{} {}:{} {} | {found}{help}",
            diagnostic.code, place.line, place.column, diagnostic.message
        )
    });
    (file, said.collect())
}

#[test]
fn the_first_platform_parses() {
    let (file, said) = read(CLICKSTREAM);
    assert_eq!(said, Vec::<String>::new());
    assert_eq!(file.items.len(), 20);
}

/// The first platform with one place changed, and what must be said of it: code, place, message.
fn broken(from: &str, to: &str) -> Vec<String> {
    assert!(CLICKSTREAM.contains(from), "`{from}` is not in the platform");
    let (file, said) = read(&CLICKSTREAM.replacen(from, to, 1));
    assert_eq!(
        file.items.len(),
        20,
        "no other item is lost when `{from}` becomes `{to}`"
    );
    said.into_iter()
        .filter_map(|line| line.split(" | ").next().map(str::to_owned))
        .collect()
}

/// What becomes what in clickstream, and the one message that it gives.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "alarm errors of clean over",
        "alarm errors of clean above",
        "P0101 74:25 expected `over`, but found `above`",
    ),
    (
        "select on curated.*",
        "select curated.*",
        "P0101 60:16 expected `on`, but found `curated`",
    ),
    (
        "\"buy\" then",
        "\"buy\" && true then",
        "P0101 38:36 `&&` stands nowhere in the language",
    ),
    (
        "clicks -> ",
        "clicks => ",
        "P0101 34:26 what a transform writes stands behind `->`",
    ),
    (
        "destroyable = true",
        "destroyable =",
        "P0101 81:35 expected a value, but found `}`",
    ),
    (
        "dedupe by click_id",
        "dedupe click_id",
        "P0101 45:10 expected `by`, but found `click_id`",
    ),
    ("batch = 500", "batch == 500", "P0101 35:27 a setting takes one `=`"),
    ("quarantine", "", "P0101 39:46 expected a name, but the line ends"),
    (
        "sane_amount :",
        "sane_amount",
        "P0101 39:22 expected `:`, but found `amount`",
    ),
    ("count()", "", "P0101 48:15 expected a value, but the line ends"),
    (
        "date(at)",
        "date(at) +",
        "P0101 36:29 expected a value, but the line ends",
    ),
    ("if kind ==", "if kind =", "P0101 38:27 `=` does not compare"),
    (
        "\"web-analytics@example.com\"",
        "",
        "P0101 4:12 expected a value, but the line ends",
    ),
    (
        "kind: \"view\", amount: null",
        "kind \"view\", amount: null",
        "P0101 87:68 expected `:` or `=`, but found `\"view\"`",
    ),
    ("owner  =", "owner  = =", "P0101 4:12 expected a value, but found `=`"),
    (
        "\"alerts@example.com\"",
        "“alerts@example.com”",
        "P0101 8:30 `“alerts@example.com”` stands nowhere in the language",
    ),
    ("shards = 2 }", "shards = 2", "P0102 24:20 `{` is never closed"),
    ("24 hours }", "24 hours", "P0102 24:20 `{` is never closed"),
    ("\"buy\"]", "\"buy\"", "P0102 19:38 `[` is never closed"),
    ("into   = raw\n}", "into   = raw\n", "P0102 26:15 `{` is never closed"),
    ("(user_id)", "(user_id", "P0102 37:28 `(` is never closed"),
    ("\"eu-west-1\"", "\"eu-west-1", "P0102 3:27 a text is never closed"),
    ("user_id\n}", "user_id\n}}", "P0102 41:2 `}` closes nothing"),
    ("drop   user_id", "dorp   user_id", "P0103 40:3 there is no step `dorp`"),
    (
        "transform clean",
        "tranform clean",
        "P0103 34:1 there is no item `tranform`",
    ),
    ("100_000", "100__000", "P0104 39:33 `100__000` is not a number"),
    ("100_000", "1e5", "P0104 39:33 `1e5` is not a number"),
    (
        "24 hours",
        "24  hours",
        "P0104 24:87 `24` and its unit `hours` stand too far apart",
    ),
    (
        "  into ",
        "into ",
        "P0106 26:1 `into` stands in column 0, where only items start",
    ),
    (
        "zone raw ",
        "  zone raw ",
        "P0106 29:3 `zone` starts an item, but not in column 0",
    ),
    (
        "\"a purchase without an amount\" else",
        "\"a \\d\" else",
        "P0107 38:61 texts have no escape `\\d`",
    ),
    (
        "60 days, lowered",
        "60 days; lowered",
        "P0108 10:46 `,` separates settings on one line, not `;`",
    ),
    (
        "drop   user_id",
        "drop   user_id\n  engine = glue",
        "P0108 41:3 a setting stands before the clauses",
    ),
    (
        "amount < 100",
        "0 < amount < 100",
        "P0109 39:35 `<` cannot follow another comparison",
    ),
];

#[test]
fn one_mistake_gives_one_message_at_its_place() {
    for (from, to, expected) in MISTAKES {
        assert_eq!(broken(from, to), [*expected], "`{from}` becomes `{to}`");
    }
}

#[test]
fn help_says_what_to_write() {
    let helps = [
        ("zone raw lik std.zones.raw { }\n", "did you mean `like`?"),
        ("schema A { a : string chek a == \"\" }\n", "did you mean `check`?"),
        ("zone a { retain : 3 days }\n", "write `=`"),
        ("zone a { retain = 3   days }\n", "write `3 days`"),
        (
            "zone a {\n  retain = 3 days\n  /// lost\n}\n",
            "write `//` for a comment that is only for readers of this file",
        ),
        ("# a remark\n", "write `//`"),
    ];
    for (text, help) in helps {
        let (_, said) = read(text);
        assert!(said.len() == 1 && said[0].ends_with(help), "{said:?}");
    }
}

#[test]
fn several_mistakes_are_all_reported() {
    let text = "zone a {\n  x = \n  y = 3\n  z = = 4\n}\nzon b { }\nschema S {\n  a : int int\n  b : string\n  c string\n}\n\
        transform t : a -> b.c {\n  filter ==\n  take 3\n  drp x\n  derive a = 1 +\n         b = 2\n         c = * 3\n}\n";
    let (file, said) = read(text);
    let places: Vec<String> = said
        .iter()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .collect();
    let expected = [
        "P0101 2:7",
        "P0101 4:7",
        "P0103 6:1",
        "P0101 8:11",
        "P0101 10:5",
        "P0101 13:10",
        "P0103 15:3",
        "P0101 16:17",
        "P0101 18:14",
    ];
    assert_eq!(places, expected, "{said:#?}");
    let ast::ItemKind::Schema { fields, .. } = &file.items[2].kind else {
        panic!("a schema")
    };
    assert_eq!(
        fields.iter().map(|field| field.name.text.as_str()).collect::<Vec<_>>(),
        ["a", "b"]
    );
    let ast::ItemKind::Transform(transform) = &file.items[3].kind else {
        panic!("a transform")
    };
    // `filter ==` goes on with `take 3`.
    assert_eq!(transform.entries.len(), 3);
}

#[test]
fn whatever_nests_too_deep_is_said_and_not_followed() {
    let long = |open: &str, middle: &str, close: &str| {
        format!(
            "transform t : a {{\n  derive x = {}{middle}{}\n}}\nzone b {{ }}\n",
            open.repeat(10_000),
            close.repeat(10_000)
        )
    };
    let texts = [
        long("(", "1", ")"),
        long("[", "1", "]"),
        long("{a:", "1", "}"),
        long("f(", "1", ")"),
        long("(", "1", ""),
        long("-", "1", ""),
        long("not ", "a", ""),
        long("1 + ", "1", ""),
        long("if a then b else ", "c", ""),
        long("a => ", "c", ""),
        long("", "a", ".b"),
        long("", "a", "[0]"),
        long("", "a", "()"),
        long("list<", "a", ">"),
        long("\"${", "a", "}\""),
        format!(
            "schema S {{ a : {}int{} }}\nzone b {{ }}\n",
            "list<".repeat(10_000),
            ">".repeat(10_000)
        ),
        format!(
            "zone a {{ x = a {}{} }}\nzone b {{ }}\n",
            "{ y = a ".repeat(10_000),
            "}".repeat(10_000)
        ),
        format!("zone a {{ x = {} }}\nzone b {{ }}\n", "9".repeat(100_000)),
    ];
    for text in texts {
        let (file, said) = read(&text);
        assert_eq!(file.items.len(), 2, "{:.60}", text);
        assert!(said.len() <= 6, "{said:#?}");
        assert!(matches!(file.items[1].kind, ast::ItemKind::Block(_)), "{:.60}", text);
        let huge_number = text.contains("999");
        assert!(
            huge_number || said.iter().any(|line| line.starts_with("P010")),
            "{:.60}",
            text
        );
    }
}

/// The platform with a piece left out, doubled, swapped or replaced.
fn mutated(dice: &mut Dice) -> String {
    const PIECES: [&str; 16] = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "\"",
        "\"\"\"",
        "${",
        "//",
        "///",
        "\n",
        "=",
        " é ",
        "/*",
        "\u{1}\u{0}",
    ];
    let parts: Vec<&str> = CLICKSTREAM.split_inclusive("\n\n").collect();
    let first = dice.below(parts.len());
    let window = parts[first..(first + 2).min(parts.len())].concat();
    let chars: Vec<char> = window.chars().collect();
    let start = dice.below(chars.len());
    let end = (start + 1 + dice.below(40)).min(chars.len());
    let (head, piece, tail) = (&chars[..start], &chars[start..end], &chars[end..]);
    let text = |chars: &[char]| chars.iter().collect::<String>();
    match dice.below(5) {
        0 => text(head) + &text(tail),
        1 => text(head) + &text(piece) + &text(piece) + &text(tail),
        2 => text(head) + &piece.iter().rev().collect::<String>() + &text(tail),
        3 => text(head) + PIECES[dice.below(PIECES.len())] + &text(piece) + &text(tail),
        _ => text(head),
    }
}

#[test]
fn no_mutation_makes_reading_panic_or_points_outside() {
    let mut dice = Dice(7);
    for _ in 0..3_000 {
        let text = mutated(&mut dice);
        let (file, said) = read(&text);
        assert!(said.len() < 40, "a flood of {} messages", said.len());
        for item in file.items {
            assert!(text.get(item.span.start as usize..item.span.end as usize).is_some());
        }
    }
}

/// The entries of a transform, without places.
fn entries(steps: &str) -> Vec<String> {
    let (file, said) = read(&format!("transform t : a {{\n{steps}\n}}\n"));
    assert_eq!(said, Vec::<String>::new(), "{steps}");
    let Some(ast::ItemKind::Transform(transform)) = file.items.into_iter().next().map(|item| item.kind) else {
        panic!("a transform")
    };
    let spans = regex::Regex::new(r"Span \{[^}]*\}").expect("a pattern");
    transform
        .entries
        .iter()
        .map(|entry| spans.replace_all(&format!("{:?}", entry.kind), "_").into_owned())
        .collect()
}

#[test]
fn operators_bind_as_the_reference_says() {
    let same = [
        ("a or b and c", "a or (b and c)"),
        ("not a == b", "not (a == b)"),
        ("not a and b", "(not a) and b"),
        ("a + b * c - d", "(a + (b * c)) - d"),
        ("-a.b * c", "(-(a.b)) * c"),
        ("a - -b", "a - (-b)"),
        ("a ?? b or c", "a ?? (b or c)"),
        ("a + 1 < b * 2", "(a + 1) < (b * 2)"),
        ("a between 1 and 2 and b", "(a between 1 and 2) and b"),
        ("a not in [1] or b is not null", "(a not in [1]) or (b is not null)"),
        ("a in 1..3 and b", "(a in (1..3)) and b"),
        ("not a like b", "a not like b"),
        ("if a then b else c ?? d", "if a then b else (c ?? d)"),
        ("a ?? if b then c else d", "a ?? (if b then c else d)"),
    ];
    for (left, right) in same {
        assert_eq!(
            entries(&format!("  filter {left}")),
            entries(&format!("  filter {right}")),
            "`{left}`"
        );
    }
}

#[test]
fn entries_end_and_go_on_as_the_reference_says() {
    let counts = [
        ("  filter a and\n    b\n  take 5", 2),
        ("  filter a\n    and b\n\n    // said\n    or c\n  take 5", 2),
        ("  drop a,\n    b\n  take 5", 2),
        ("  derive a = b\n  in = 1\n  take 5", 2),
        ("  select a, b.*\n  take 5", 2),
        ("  filter f(a,\n  b\n  )\n  take 5", 2),
        ("  filter a in [\n    1\n    2,\n    3\n  ]\n  take 5", 2),
        ("  derive x = a\n         y = -b\n  drop a; take 5", 3),
        (
            "  x = 5 min\n  y = { a = 1, b = 2 }\n  filter source == kind and at > first",
            3,
        ),
        ("  select a\n         /// Said.\n         b as c\n  drop c", 2),
    ];
    for (steps, count) in counts {
        assert_eq!(entries(steps).len(), count, "{steps}");
    }
    let listed = entries("  filter a in [\n    1\n    2,\n    3\n  ]");
    assert_eq!(listed, entries("  filter a in [1, 2, 3]"));
    assert_eq!(entries("  filter a\n    and b"), entries("  filter a and b"));
    assert_eq!(
        entries("  derive in = 1\n         or = 2"),
        entries("  derive in = 1, or = 2")
    );
}

#[test]
fn pivots_and_rows_are_read() {
    let pivot = entries("  pivot by day on kind { views = count() for \"view\", buys = sum(n) + 1 for \"buy\" }");
    assert_eq!(
        pivot,
        entries("  pivot by day on kind {\n    views = count() for \"view\"\n    buys = sum(n) + 1 for \"buy\"\n  }")
    );
    assert!(pivot[0].contains("Pivot") && pivot[0].matches("Pivoted").count() == 2);
    assert_eq!(entries("  unpivot a, b as kind, amount").len(), 1);
    for (rows, from, to) in [
        ("-6..0", "Some", "Some"),
        ("..0", "None", "Some"),
        ("0..", "Some", "None"),
        ("..", "None", "None"),
    ] {
        let written = entries(&format!("  window by a order by b rows {rows} {{ x = sum(c) }}"));
        let shown = &written[0];
        assert!(
            shown.contains(&format!("from: {from}")) && shown.contains(&format!("to: {to}")),
            "{rows}: {shown}"
        );
    }
    let (_, said) = read(
        "transform t : a {\n  pivot by day on kind {\n    views = count()\n    buys = count() for \"buy\"\n  }\n}\n",
    );
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("P0101 3:"), "{said:?}");
}

/// Every span of a tree lies in its text.
fn check_soup(text: &str) {
    let (file, _) = read(text);
    for item in file.items {
        assert!(
            text.get(item.span.start as usize..item.span.end as usize).is_some(),
            "{text}"
        );
    }
}

#[test]
fn no_bytes_and_no_soup_of_tokens_make_reading_panic() {
    const TOKENS: &[&str] = &[
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        "=",
        "==",
        "=>",
        "->",
        ":",
        ",",
        ";",
        ".",
        "..",
        "@",
        "?",
        "??",
        "-",
        "!",
        "&&",
        "'",
        "\"",
        "\"\"\"",
        "${",
        "//",
        "///",
        "/*",
        "#",
        "\n",
        "\n  ",
        " ",
        "\t",
        "\r\n",
        "é",
        "“",
        "\u{a0}",
        "1",
        "3.14",
        "1e5",
        "10 min",
        "zone",
        "source",
        "transform",
        "test",
        "schema",
        "fn",
        "filter",
        "derive",
        "group",
        "by",
        "pivot",
        "if",
        "then",
        "else",
        "match",
        "and",
        "not",
        "in",
        "is",
        "null",
        "x",
        "list",
        "struct",
        "like",
        "of",
        "per",
        "for",
        "user-id",
        "AND",
        "rows",
    ];
    let mut dice = Dice(23);
    for round in 0..400 {
        let soup: String = (0..1 + dice.below(60))
            .map(|_| TOKENS[dice.below(TOKENS.len())].to_owned() + [" ", ""][dice.below(2)])
            .collect();
        check_soup(&soup);
        check_soup(&format!("transform t : a {{\n  {soup}\n}}\n"));
        let bytes: Vec<u8> = (0..dice.below(80)).map(|_| dice.below(256) as u8).collect();
        check_soup(&String::from_utf8_lossy(&bytes));
        let (left, right) = (Writer::new(round).program(), Writer::new(round + 1).program());
        let cut = |text: &str, at: usize| text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
        let (from, to) = (cut(&left, dice.below(300)), cut(&right, dice.below(300)));
        check_soup(&left[..from]);
        check_soup(&format!("{}{}", &left[..from], &right[to..]));
    }
}

#[test]
fn a_broken_head_keeps_the_items_kind_and_name() {
    for text in [
        "zone a lik x.y { retain = 1 day }\n",
        "zone a x { retain = 1 day }\n",
        "transform t clicks -> a.b {\n  filter x\n}\n",
        "source s : stream Click {\n  into = raw\n}\n",
        "fn f(a int) -> int = 1\n",
        "schema S : x {\n  a : int\n}\n",
    ] {
        let (file, said) = read(&format!("{text}zone last {{ }}\n"));
        assert_eq!((file.items.len(), said.len()), (2, 1), "{text} {said:?}");
        let ast::ItemKind::Bad(bad) = &file.items[0].kind else {
            panic!("{text}: {:?}", file.items[0])
        };
        let word = text.split(' ').next();
        assert_eq!(bad.keyword.as_ref().map(|name| name.text.as_str()), word);
        assert!(bad.name.is_some(), "{text}");
        let block = text.contains("retain") || text.contains("filter") || text.contains("into");
        assert_eq!(!bad.entries.is_empty(), block, "{text}");
    }
}
