//! Every construct of steps and expressions, in a platform that checks: a build of it works, or says what is not carried
//! yet. It never panics, and never writes something else.

use pipec::base::Memory;
use pipec::emit;
use pipec::{Options, compile};

/// A platform with one transform of a stream and one of a table, whose steps a case gives.
fn platform(stream: &str, table: &str, rest: &str) -> String {
    format!(
        r#"pipeline shop {{
  cloud  = aws {{ region = "eu-west-1" }}
  owner  = "shop@example.com"
  budget = 900 USD per month
}}

schema Click {{
  click_id : uuid      @key
  at       : timestamp @event_time
  page     : string
  kind     : string
  amount   : decimal(12, 2)?
  number   : int
  ratio    : float
}}

source clicks : stream of Click {{
  from   = kinesis {{ stream = own }}
  volume = 5 per second of 600 B
  into   = raw
}}

zone raw       like std.zones.raw       {{ retain = 30 days }}
zone processed like std.zones.processed {{ format = parquet, partition = [day], retain = 30 days }}
zone curated   like std.zones.curated   {{ format = parquet, partition = [], retain = 30 days }}

transform clean : clicks -> processed.clicks {{
  derive day = date(at)
{stream}
}}

/// What a table is made of.
transform counted : processed.clicks -> curated.counted {{
{table}
}}
{rest}"#
    )
}

const STEPS_OF_STREAMS: &[&str] = &[
    "filter number > 1",
    "derive more = number + 1",
    "select click_id, at, day, page, kind, amount, number, ratio",
    "rename number as amounts\n  rename amounts as number",
    "dedupe by click_id within 1 hour",
    "dedupe by click_id within 2 hours",
    "expect positive : number > 0 else quarantine",
    "expect positive : number > 0 else drop",
    "expect positive : number > 0 else warn",
    "join left raw.clicks as other on click_id == other.click_id",
    "join clicks as other on click_id == other.click_id within 10 min",
    "unpivot number as name, holds\n  derive click = 1",
    "derive arrived = _arrived",
    "derive place = _seq",
    "run script \"scripts/run.py\" returns Click\n  derive day = date(at)",
];

const STEPS_OF_TABLES: &[&str] = &[
    "filter number > 1",
    "derive more = number + 1",
    "select day, page",
    "drop kind",
    "rename kind as sort_of",
    "dedupe by click_id",
    "dedupe by click_id keep last by at",
    "group by page { clicks = count() }",
    "group by page, at every 1 hour { clicks = count() }",
    "group by page, at every 1 hour over 2 hours late 5 min { clicks = count() }",
    "join left processed.clicks as other on click_id == other.click_id",
    "join inner processed.clicks as other on click_id == other.click_id and day == other.day",
    "join full processed.clicks as other on click_id == other.click_id",
    "join semi processed.clicks as other on click_id == other.click_id",
    "join anti processed.clicks as other on click_id == other.click_id",
    "union processed.clicks",
    "window by page order by at { seen = count() }",
    "window by page order by at desc rows -6..0 { seen = sum(number) }",
    "session by page gap 30 min as visit",
    "pivot by page on kind { views = count() for \"view\", numbers = sum(number) for \"buy\" }",
    "unpivot number as name, holds",
    "sort by at desc",
    "sort by at\n  take 10",
    "expect positive : number > 0 else fail",
    "run container { build = \"containers/run\" } returns Click",
];

const EXPRESSIONS: &[&str] = &[
    "number + 1",
    "number * 2 - 1",
    "number / 2",
    "number % 2",
    "-number",
    "ratio * 2.0",
    "amount + number",
    "number > 1 and not (page == \"a\")",
    "number > 1 or page == \"a\"",
    "kind in [\"a\", \"b\"]",
    "number between 1 and 3",
    "amount is null",
    "amount is not null",
    "amount is amount",
    "page like \"a%\"",
    "page matches \"^a\"",
    "if number > 1 then 1 else 2",
    "match kind { \"a\" => 1, _ => 2 }",
    "amount ?? 0",
    "amount ?? reject \"none\"",
    "\"${page} and ${kind}\"",
    "[number, 1][0]",
    "{ a: number }.a",
    "1 hour",
    "at + 1 hour",
    "len(page)",
    "upper(trim(page))",
    "sha256(page)",
    "round(amount, 1)",
    "date(at)",
    "kind is page",
    "number in [number, 1]",
];

/// What is said of a platform, and whether a build of it works.
fn outcome(text: &str) -> Result<(), Vec<String>> {
    // The programs that the cases run are there.
    let files = [
        ("main.pipe", text),
        ("scripts/run.py", ""),
        ("containers/run/Dockerfile", ""),
    ];
    let compilation = compile(&Memory::new(files), &Options::default());
    let said = compilation.diagnostics.iter().chain(&compilation.not_yet);
    let said: Vec<String> = said
        .filter(|d| d.severity == pipec::diag::Severity::Error)
        .map(|d| format!("{} {}", d.code, d.message))
        .collect();
    match compilation.plan {
        Some(plan) => {
            assert_eq!(said, Vec::<String>::new(), "{text}");
            assert!(!emit::files(&plan).is_empty());
            Ok(())
        }
        None => Err(said),
    }
}

/// Each works, or is refused once by its name; how many work.
fn works<'c>(cases: impl Iterator<Item = (&'c str, String)>) -> usize {
    let mut count = 0;
    for (case, text) in cases {
        match outcome(&text) {
            Ok(()) => count += 1,
            Err(said) => {
                let refused = said.iter().all(|line| line.starts_with("P0690 "));
                assert!(refused && !said.is_empty(), "{case}: {said:#?}\n{text}");
            }
        }
    }
    count
}

#[test]
fn steps_of_streams_are_carried_or_refused() {
    let cases = STEPS_OF_STREAMS
        .iter()
        .map(|step| (*step, platform(&format!("  {step}"), "", "")));
    assert!(works(cases) >= 6);
}

#[test]
fn steps_of_tables_are_carried_or_refused() {
    let cases = STEPS_OF_TABLES
        .iter()
        .map(|step| (*step, platform("", &format!("  {step}"), "")));
    assert!(works(cases) >= 9);
}

#[test]
fn expressions_are_carried_or_refused() {
    let cases = EXPRESSIONS
        .iter()
        .map(|expr| (*expr, platform(&format!("  derive x = {expr}"), "", "")));
    assert!(works(cases) >= 12);
    let aggregates = [
        "count()",
        "count_distinct(page)",
        "sum(number)",
        "min(at)",
        "max(amount)",
    ];
    let cases = aggregates
        .iter()
        .map(|call| (*call, platform("", &format!("  group by page {{ x = {call} }}"), "")));
    assert_eq!(works(cases), aggregates.len());
}

#[test]
fn ways_to_read_and_write_are_carried_or_refused() {
    let rest = [
        "transform views : processed.clicks { filter kind == \"view\" }\n/// Views.\ntransform some : views -> curated.some",
        "/// Both.\ntransform some : processed.clicks, processed.clicks -> curated.some",
        "/// What landed.\ntransform some : raw.clicks -> curated.some",
        "/// Some.\ntransform some : processed.clicks -> curated.some append",
        "/// Some.\ntransform some : processed.clicks -> curated.some merge by click_id { format = iceberg }",
        "/// Some.\ntransform some : processed.clicks -> curated.some history by click_id { format = iceberg }",
        "schema Page { day : date, page : string }\n/// Some.\ntransform some : processed.clicks -> curated.some : Page { select day, page }",
        "/// Some.\ntransform some : processed.clicks { route { when number > 1 -> curated.more, else -> curated.fewer } }",
        "sink search { to = opensearch { index = \"clicks\", key = [click_id] } }\ntransform some : processed.clicks -> search",
        "schema Tagged { id : int @key, at : timestamp @event_time, words : list<string> }\nsource tagged : stream of Tagged { from = kinesis { stream = own } }\ntransform some : tagged -> processed.some {\n  explode words as word\n  derive day = date(at)\n  drop words\n}",
        "transform some : clicks -> processed.some {\n  engine = glue\n  derive day = date(at)\n}",
        "/// Some.\ntransform some : processed.clicks -> curated.some { engine = emr }",
        "/// Some.\ntransform some : processed.clicks -> curated.some { engine = athena }",
    ];
    works(rest.iter().map(|rest| (*rest, platform("", "", rest))));
}

/// Wherever a pseudonym is computed, what runs there may read its key.
#[test]
fn a_pseudonym_in_any_step_has_its_key() {
    let steps = [
        "derive who = pseudonym(page)",
        "expect hidden : pseudonym(page) != \"\" else warn",
        "sort by pseudonym(page)",
        "window by kind order by pseudonym(page) { seen = count() }",
        "group by kind { first = min(pseudonym(page)) }",
        "group by kind { pages = list(page order by pseudonym(page)) }",
        "pivot by kind on len(pseudonym(page)) { views = count() for 64 }",
        "derive pages = [page]\n  explode map(pages, p => pseudonym(p)) as who\n  drop pages",
        "filter number > 1",
    ];
    for step in steps {
        let text = platform("", &format!("  {step}"), "");
        let compilation = compile(&Memory::new([("main.pipe", text.as_str())]), &Options::default());
        let plan = compilation
            .plan
            .unwrap_or_else(|| panic!("{step}: {:#?}", compilation.diagnostics));
        let files = emit::files(&plan);
        let given = files["terraform/jobs.tf"].contains("secretsmanager:GetSecretValue");
        assert_eq!(given, step.contains("pseudonym"), "{step}");
    }
}

#[test]
fn an_environment_is_asked_for_what_it_changes() {
    let rest = "env csv { zone.curated.format = csv }\nenv same { zone.curated.retain = 20 days }\n";
    let text = platform("", "  filter number > 1", rest);
    let not_yet = |environment: &str| {
        let world = Memory::new([("shop.pipe", text.as_str())]);
        let options = Options {
            environment: Some(environment.to_owned()),
            ..Options::default()
        };
        let compilation = compile(&world, &options);
        assert_eq!(compilation.diagnostics, []);
        let said = compilation.not_yet.into_iter().map(|diagnostic| diagnostic.message);
        said.collect::<Vec<_>>()
    };
    assert_eq!(not_yet("same"), Vec::<String>::new());
    let refused = "writing `csv`, as `curated.counted` asks for, is not supported on AWS yet";
    let said = not_yet("csv");
    assert!(said.iter().any(|message| message == refused), "{said:?}");
}
