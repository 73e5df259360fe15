//! The one layout: it stays as it is, it keeps what was said, and it keeps every comment.

#![allow(clippy::disallowed_methods, reason = "tests read the project's own files")]

#[allow(dead_code, reason = "each test uses its part of it")]
mod programs;

use pipec::base::FileId;
use pipec::diag::Diagnostics;
use pipec::format::format;
use pipec::syntax::{ast, parse};
use regex::Regex;

const CLICKSTREAM: &str = include_str!("../examples/clickstream/clickstream.pipe");

fn tree(text: &str) -> Option<ast::File> {
    let mut diagnostics = Diagnostics::default();
    let file = parse(FileId(0), text, &mut diagnostics);
    (!diagnostics.has_errors()).then_some(file)
}

/// The tree as text, without places and without what only says where comments stand.
fn meaning(text: &str) -> String {
    let file = tree(text).unwrap_or_else(|| panic!("does not parse:\n{text}"));
    let spans = Regex::new(r"Span \{ file: FileId\(\d+\), start: \d+, end: \d+ \}").expect("a pattern");
    spans.replace_all(&format!("{:?}", file.items), "_").into_owned()
}

/// Every comment of a text, in order.
fn comments(text: &str) -> Vec<String> {
    let file = tree(text).expect("parses");
    let written = |comment: &ast::Comment| {
        text[comment.span.start as usize..comment.span.end as usize]
            .trim_end()
            .to_owned()
    };
    file.comments.iter().map(written).collect()
}

fn formatted(text: &str) -> String {
    let once = format(text).unwrap_or_else(|said| {
        panic!(
            "{said:?}\n{:?}",
            said.first().map(|d| text.get(d.primary.span.start as usize..))
        )
    });
    let again = format(&once).unwrap_or_else(|said| panic!("{said:?}\n{text}\n-- became\n{once}"));
    assert_eq!(again, once, "not at rest");
    assert_eq!(meaning(text), meaning(&once), "the meaning changed:\n{once}");
    assert_eq!(comments(text), comments(&once));
    once
}

#[test]
fn the_first_platform_is_laid_out_already() {
    assert_eq!(formatted(CLICKSTREAM), CLICKSTREAM);
}

#[test]
fn space_and_columns_are_put_in_order() {
    let text = "\n\n// first\npipeline   p{\n cloud=aws{region=\"eu-west-1\"}// where\n\n\n\n   budget   =  600USD  per month\n}\n\
        schema S{\n a:uuid @key\n // between\n /// Doc.\n long_name:list<map<string,int>>?   @pii check len(a)<=-1\n c:string=\"x\"\n d : decimal( 12,2 ) @money\n}\n\
        zone a like std.zones.raw{retain=1 day}\nzone longer like std.zones.curated{retain=2 days}\nclass x{ }\n\n\
        transform t:a,b->c.d merge by x{\n engine=lambda{batch=5}\n derive a=1+ -b\n   /// Doc.\n   longer=f( x,n:2 )[0].y ??\n      0 // tail\n filter a==1\n   and b!=2\n drop c\n group by a,b.c as d{n=count()}\n}\n\
        test \"x\" for t{\n given a=[\n {a:1,b:\"long\"}\n {a:100,b:\"s\",}\n ]\n expect [{a:1}]\n}\n";
    let wanted = "\
// first
pipeline p {
  cloud = aws { region = \"eu-west-1\" } // where

  budget = 600 USD per month
}
schema S {
  a         : uuid                    @key
  // between
  /// Doc.
  long_name : list<map<string, int>>? @pii check len(a) <= -1
  c         : string = \"x\"
  d         : decimal(12, 2)          @money
}
zone a      like std.zones.raw     { retain = 1 day }
zone longer like std.zones.curated { retain = 2 days }
class x { }

transform t : a, b -> c.d merge by x {
  engine = lambda { batch = 5 }
  derive a      = 1 + -b
         /// Doc.
         longer = f(x, n: 2)[0].y ??
    0 // tail
  filter a == 1
    and b != 2
  drop   c
  group by a, b.c as d { n = count() }
}
test \"x\" for t {
  given a = [
    { a: 1,   b: \"long\" }
    { a: 100, b: \"s\", }
  ]
  expect [ { a: 1 } ]
}
";
    assert_eq!(formatted(text), wanted);
}

/// Every `.pipe` file below a folder of the project.
fn pipe_files(folder: &str) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "pipe") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_file_of_the_project_is_laid_out() {
    let files: Vec<_> = ["examples", "stdlib", "tests"]
        .into_iter()
        .flat_map(pipe_files)
        .collect();
    assert!(files.len() > 15);
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a text");
        assert_eq!(formatted(&text), text, "`pipec fmt` lays out {}", path.display());
    }
}

/// Texts that stay as they are.
const AT_REST: &[(&str, &str)] = &[
    (
        "a column further right than it must",
        "transform t : a {\n  filter  a\n  derive  b      = 1\n          longer = 2\n}\n",
    ),
    (
        "`group by` as one word, and in the column",
        "transform t : a {\n  group by b { n = count() }\n  derive c = 1\n}\ntransform u : a {\n  filter c\n  group  by b {\n    n = count()\n  }\n  drop   d\n}\n",
    ),
    (
        "`run` as one word",
        "transform t : a {\n  run script \"a.py\" returns S {\n    memory = 1 GiB\n  }\n  derive c = 1\n}\n",
    ),
    (
        "items of two kinds that their author lined up",
        "serve a   { x = 1 }\naccess ab { x = 1 }\n",
    ),
    (
        "the first line of a longer item",
        "access a   { x = 1 }\naccess abc {\n  x = 1\n}\n",
    ),
    (
        "labels that are no neighbours",
        "schema S {\n  a : uuid      @key\n  b : timestamp @event_time\n  c : int\n  d : object @x\n  e : object @x\n}\n",
    ),
    (
        "a line that is too wide",
        "zone a { x = \"............................................................................................................................................\", y = 2 }\n",
    ),
];

#[test]
fn what_is_laid_out_stays() {
    for (what, text) in AT_REST {
        assert_eq!(formatted(text), *text, "{what}");
    }
}

#[test]
fn every_form_of_the_language_keeps_its_meaning() {
    let text = "enum Currency { USD, EUR }\ntype Id = decimal(12, 2)\nparam p : string = \"x\"\nuse \"../other\"\n\
        fn f(a: int, b: list<string> = []) -> decimal(14, 2) =\n  match a { 1 => -a, _ => if a in 1..3 then 2 else round(a * 1.10, 2) }\n\
        source s : objects of struct { x : int @key, o : object { types = [\"a\"], max = 1 MiB } } {\n  from = api { auth = jwt { a = 1 }, peak = 5_000 per second for 10 min }\n  volume = 1 per 15 min of 600 B\n}\n\
        access a { principals = [user(\"x\")]; allow select on *, b.* columns [x, y] where c == \"DE\" and not d is null; clear @pii, @x }\n\
        transform t : s -> a.b : Contract history by k {\n  join left a.b as p on x == p.y and z not in [1, 2] within 1 hour\n  explode outer xs as x\n  select a, p.b as c,\n         /// Doc.\n         d\n  rename a as b, c as d\n\
        \x20 session by a gap 30 min as s\n  window by a order by b desc, c rows -3..0 { r = rank() }\n  window by a order by b rows ..0 { r = sum(a) }\n  window by a order by b rows 0.. { r = sum(a) }\n  pivot by a, b on c {\n    /// Doc.\n    x = count() for \"x\"\n    y = sum(z + 1) for \"y\"\n  }\n  unpivot x, y as kind, amount\n  sort by a desc\n  take 5\n  union a.c\n  route { when a > 1 -> b.c; else -> d.e }\n\
        \x20 expect e : a between 1 and 2 or b like \"x%\" and c matches \"\\\\d\" else drop\n  run script \"a.py\" returns S { memory = 1 GiB }\n  derive m = xs.map(x => x + 1)\n         n = (a - b) - -c % 2 ?? reject \"no ${a + f(\"q\")} text\"\n}\n\
        override aws_s3_bucket.raw { tags = { A = \"b\" } }\nvariant k of source.from {\n  /// Doc.\n  a : own | string? = own in [1, 2] example \"x\"\n  b : list of variant.k.x = [] example 3 s\n}\n\
        sink k {\n  doc = \"\"\"\n    two\n      lines \"q\"\n    \"\"\"\n}\n";
    formatted(text);
    let crlf = formatted(&CLICKSTREAM.replace('\n', "\r\n"));
    assert_eq!(crlf, CLICKSTREAM);
}

#[test]
fn what_does_not_parse_is_not_touched() {
    let said = format("zone a {\n  retain = = 3\n}\n").expect_err("does not parse");
    assert_eq!(said.len(), 1);
    assert_eq!(format(""), Ok(String::new()));
    assert_eq!(format("\n\n// only\n\n"), Ok("// only\n".to_owned()));
}

#[test]
fn mutations_that_still_parse_keep_their_meaning() {
    let parts: Vec<&str> = CLICKSTREAM.split_inclusive("\n\n").collect();
    let mut state = 11u64;
    let mut below = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit.max(1)
    };
    let mut parsed = 0;
    for _ in 0..800 {
        let window = parts[below(parts.len())];
        let bytes: Vec<char> = window.chars().collect();
        let start = below(bytes.len());
        let end = (start + below(6)).min(bytes.len());
        let piece: String = match below(4) {
            0 => String::new(),
            1 => "\n".to_owned(),
            2 => "  ".to_owned(),
            _ => " // said\n".to_owned(),
        };
        let text: String =
            bytes[..start].iter().collect::<String>() + &piece + &bytes[end..].iter().collect::<String>();
        if tree(&text).is_some() {
            parsed += 1;
            formatted(&text);
        }
    }
    assert!(parsed > 150, "only {parsed} of the mutations parse");
}

#[test]
fn any_program_is_laid_out_and_keeps_its_meaning() {
    for seed in 0..200 {
        let text = programs::Writer::new(seed).program();
        if tree(&text).is_none() {
            let mut diagnostics = Diagnostics::default();
            parse(FileId(0), &text, &mut diagnostics);
            panic!("program {seed} does not parse: {:?}\n{text}", diagnostics.sorted());
        }
        formatted(&text);
    }
}
