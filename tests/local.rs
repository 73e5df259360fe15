//! The example platforms on the embedded engine, from their source text: every sample line is accounted for, and what
//! comes out is what the samples' manifest says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pipec::base::Disk;
use pipec::local::{Inputs, Options, Report, canonical, read_rows, run, test::run_tests};
use pipec::plan::lower::{Scope, lower};
use pipec::plan::{DatasetId, Plan};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn plan(name: &str) -> Plan {
    let compilation = pipec::compile(&Disk::new(example(name)), &Default::default());
    let said: Vec<_> = compilation
        .diagnostics
        .iter()
        .map(|said| said.message.as_str())
        .collect();
    compilation
        .plan
        .unwrap_or_else(|| panic!("{name} does not compile: {said:#?}"))
}

fn ran(plan: &Plan, name: &str, out: &Path) -> Report {
    let inputs = Inputs {
        folder: example(name).join("samples"),
    };
    run(plan, &inputs, out, &Options::default()).unwrap()
}

#[allow(clippy::disallowed_methods, reason = "a test looks at files")]
fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_click_is_accounted_for() {
    let plan = plan("clickstream");
    let folder = tempfile::tempdir().unwrap();
    let report = ran(&plan, "clickstream", folder.path());
    let told: serde_json::Value = serde_json::from_str(&text(&example("../tests/e2e/clicks.manifest.json"))).unwrap();
    let [clean, pages] = &report.transforms[..] else {
        panic!("two transforms ran");
    };
    assert_eq!(Some(clean.rows_in), told["events"].as_u64());
    assert_eq!(Some(clean.rows_out), told["good"].as_u64());
    assert_eq!(Some(clean.rejected_rows()), told["broken"].as_u64());
    assert_eq!(pages.rows_in, clean.rows_out);
    let reasons: BTreeMap<&str, u64> = clean
        .rejected
        .iter()
        .map(|(reason, count)| (reason.as_str(), *count))
        .collect();
    assert_eq!(reasons["not JSON"], 5);
    assert_eq!(reasons["not an object"], 2);
    let quarantine = text(&folder.path().join("quarantine/clean/part-0.jsonl"));
    assert_eq!(quarantine.lines().count() as u64, clean.rejected_rows());
    // Lines of the raw zone are the sample's, each once.
    let mut landed = Vec::new();
    for day in told["days"].as_object().unwrap().keys() {
        let part = folder.path().join(format!("raw/clicks/arrived_on={day}/part-0.jsonl"));
        landed.extend(
            text(&part)
                .split('\n')
                .filter(|line| !line.is_empty())
                .map(str::to_owned),
        );
    }
    let sample = text(&example("clickstream/samples/clicks.jsonl"));
    assert_eq!(
        landed,
        sample.split('\n').filter(|line| !line.is_empty()).collect::<Vec<_>>()
    );
}

#[test]
fn the_daily_sums_are_the_manifests() {
    let plan = plan("clickstream");
    let folder = tempfile::tempdir().unwrap();
    ran(&plan, "clickstream", folder.path());
    let told: serde_json::Value = serde_json::from_str(&text(&example("../tests/e2e/clicks.manifest.json"))).unwrap();
    let id = DatasetId {
        zone: "curated".into(),
        name: "daily_pages".into(),
    };
    let rows = read_rows(plan.dataset(&id), &folder.path().join("curated/daily_pages")).unwrap();
    let mut days: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let value = |name: &str| {
            let found = row.iter().find(|(column, _)| column == name);
            found.and_then(|(_, value)| canonical(value)).unwrap()
        };
        let cents: u64 = value("revenue").replace('.', "").parse().unwrap();
        let day = days.entry(value("day")).or_default();
        day.0 += value("clicks").parse::<u64>().unwrap();
        day.1 += cents;
    }
    for (day, told) in told["days"].as_object().unwrap() {
        let expected = (told["clicks"].as_u64().unwrap(), told["click_cents"].as_u64().unwrap());
        assert_eq!(days.remove(day), Some(expected), "{day}");
    }
    assert!(days.is_empty());
}

#[test]
fn the_examples_own_tests_hold() {
    for name in ["clickstream", "starter"] {
        let results = run_tests(&plan(name), &example(name), None);
        assert!(!results.is_empty());
        for result in results {
            assert!(result.passed(), "{name}, {}: {:?}", result.title, result.verdict);
        }
    }
}

#[test]
fn the_starter_runs() {
    let folder = tempfile::tempdir().unwrap();
    let report = ran(&plan("starter"), "starter", folder.path());
    let clean = &report.transforms[0];
    assert_eq!(clean.rows_in, clean.rows_out + clean.rejected_rows());
    assert!(clean.rows_out > 0);
}

/// A platform whose script, which is this, answers for what arrives and for a table; with a test of each.
#[allow(clippy::disallowed_methods, reason = "a test writes files")]
fn scripted(script: &str, timeout: &str) -> Vec<Result<String, String>> {
    let project = tempfile::tempdir().unwrap();
    let text = SCRIPTED.replace("timeout = 1 min", &format!("timeout = {timeout}"));
    std::fs::write(project.path().join("main.pipe"), text).unwrap();
    std::fs::write(project.path().join("score.py"), script).unwrap();
    let compilation = pipec::compile(&Disk::new(project.path()), &Default::default());
    let program = compilation
        .program
        .unwrap_or_else(|| panic!("{:?}", compilation.diagnostics));
    let plan = lower(&program, Scope::Embedded)
        .plan
        .expect("the embedded engine runs scripts");
    let results = run_tests(&plan, project.path(), None).into_iter();
    let said = results.map(|result| match result.verdict {
        Ok(verdict) => Ok(verdict.to_string()),
        Err(error) => Err(error.message),
    });
    said.collect()
}

const SCRIPTED: &str = r#"
pipeline scores {
  cloud = aws { region = "eu-west-1" }
  owner = "scores@example.com"
}

source clicks : stream of struct { id : int @key, at : timestamp @event_time, page : string } {
  from   = kinesis { stream = own, capacity = on_demand, retention = 24 hours }
  volume = 5 per second of 600 B
  into   = raw
}

zone raw       like std.zones.raw       { retain = 30 days }
zone processed like std.zones.processed { format = parquet, partition = [], retain = 180 days }

transform kept : clicks -> processed.kept { }

transform live : clicks -> processed.live {
  filter page != "skip"
  run    script "score.py" returns struct { id : int, score : int } { timeout = 1 min, env = { BY = "2" } }
  expect small : score < 100 else quarantine
}

transform later : processed.kept -> processed.later {
  run    script "score.py" returns struct { id : int, score : int } { timeout = 1 min, env = { BY = "2" } }
  filter score > 0
}

test "of what arrives" for live {
  given clicks = [
    { id: 1, at: timestamp("2026-01-01T00:00:00Z"), page: "abc" }
    { id: 2, page: "skip" }
    { id: 3, page: "a page of more than fifty characters, which is too many" }
  ]
  expect [ { id: 1, score: 6 } ]
  expect rejected 1
}

test "of a table" for later {
  given processed.kept = [ { id: 1, page: "abc" }, { id: 2, page: "" } ]
  expect [ { id: 1, score: 6 } ]
}
"#;

const SCORE: &str = r#"
import json, os, sys
for line in sys.stdin:
    row = json.loads(line)
    print(json.dumps({"id": row["id"], "score": int(os.environ["BY"]) * len(row["page"])}))
"#;

#[test]
fn scripts_answer_for_what_arrives_and_for_tables() {
    assert_eq!(scripted(SCORE, "1 min"), [Ok(String::new()), Ok(String::new())]);
}

#[test]
fn scripts_that_take_too_long_are_ended() {
    let late = || Err("the program `score.py` took longer than 1 seconds".to_owned());
    let started = std::time::Instant::now();
    // One that reads nothing, and one that has let go of all its streams, or hands them on to another.
    assert_eq!(scripted("import time\ntime.sleep(600)\n", "1 s"), [late(), late()]);
    let closes = "import os, time\nfor stream in range(3): os.close(stream)\ntime.sleep(600)\n";
    assert_eq!(scripted(closes, "1 s"), [late(), late()]);
    let hands_on = "import subprocess\nsubprocess.Popen(['sleep', '20'])\nimport time\ntime.sleep(600)\n";
    assert_eq!(scripted(hands_on, "1 s"), [late(), late()]);
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn scripts_that_fail_say_why() {
    let both = |said: &str| [Err(said.to_owned()), Err(said.to_owned())];
    let failed = "the program `score.py` ended with 1\n    no luck";
    assert_eq!(scripted("import sys\nsys.exit('no luck')\n", "1 min"), both(failed));
    let wrong = "the program `score.py` answered what is no row of what it returns: score is missing: {\"id\": 1}";
    assert_eq!(scripted("print('{\"id\": 1}')\n", "1 min"), both(wrong));
}

const READ_TWICE: &str = r#"
pipeline twice {
  cloud = aws { region = "eu-west-1" }
  owner = "twice@example.com"
}

source rows : table of struct { id : int @key, n : int check n > 0 } {
  from     = s3 { own = true, format = json }
  delivers = rows
  into     = raw
}

zone raw     like std.zones.raw     { retain = 30 days }
zone curated like std.zones.curated { format = parquet, partition = [], retain = 30 days }

/// Later rows.
transform later : raw.rows { filter id > 2 }

/// Joined to what they are part of.
transform joined : raw.rows -> curated.joined {
  join left later as l on id == l.id
  select id, l.n as n
}

/// Beside what they are part of.
transform united : raw.rows -> curated.united {
  union later
  expect small : n < 100 else quarantine
}

test "joined" for joined {
  given raw.rows = [ { id: 1, n: 1 }, { id: 3, n: -1 } ]
  expect [ { id: 1 } ]
  expect rejected 1
}

test "united" for united {
  given raw.rows = [ { id: 1, n: 1 }, { id: 3, n: -1 }, { id: 4, n: 100 } ]
  expect [ { id: 1 } ]
  expect rejected 3
}
"#;

#[test]
#[allow(clippy::disallowed_methods, reason = "a test writes files")]
fn a_row_that_comes_by_two_ways_is_turned_away_from_its_source_once() {
    let project = tempfile::tempdir().unwrap();
    std::fs::write(project.path().join("main.pipe"), READ_TWICE).unwrap();
    let compilation = pipec::compile(&Disk::new(project.path()), &Default::default());
    let plan = compilation
        .plan
        .unwrap_or_else(|| panic!("{:?}", compilation.diagnostics));
    let results = run_tests(&plan, project.path(), None);
    assert_eq!(results.len(), 2);
    for result in results {
        assert!(result.passed(), "{}: {:?}", result.title, result.verdict);
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test writes files")]
fn rows_that_cannot_be_computed_are_told_with_their_transform() {
    let project = tempfile::tempdir().unwrap();
    let total = "\n/// Totals.\ntransform total : raw.rows -> curated.total { group by id { total = sum(n) } }\n";
    let platform = READ_TWICE.split("/// Later rows.").next().unwrap_or_default();
    std::fs::write(project.path().join("main.pipe"), format!("{platform}{total}")).unwrap();
    let rows = "{\"id\":1,\"n\":9223372036854775807}\n{\"id\":1,\"n\":1}\n";
    std::fs::write(project.path().join("rows.json"), rows).unwrap();
    let plan = pipec::compile(&Disk::new(project.path()), &Default::default())
        .plan
        .unwrap();
    let inputs = Inputs {
        folder: project.path().to_owned(),
    };
    let error = run(&plan, &inputs, &project.path().join("out"), &Options::default()).unwrap_err();
    assert_eq!(error.message, "`total`: overflow in `sum(n)`");
}
