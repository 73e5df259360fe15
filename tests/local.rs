//! The example platforms on the embedded engine, from their source text: every sample line is accounted for, and what
//! comes out is what the samples' manifest says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pipec::base::Disk;
use pipec::local::{Inputs, Options, Report, canonical, read_rows, run, test::run_tests};
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
