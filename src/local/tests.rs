//! The engine over the clickstream platform and over samples that are hard on it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::TypeKind;
use crate::plan::{DatasetId, Otherwise, Plan, StepKind, Target, fixture};

const ID: &str = "00000000-0000-0000-0000-00000000000";

/// A click with these members instead of its own; `null` in their place leaves one out.
fn click(id: u8, others: &[(&str, &str)]) -> String {
    let id = format!("\"{ID}{id}\"");
    let mut members: BTreeMap<&str, &str> = BTreeMap::from([
        ("click_id", id.as_str()),
        ("user_id", "\"u1\""),
        ("at", "\"2026-01-01T10:00:00Z\""),
        ("page", "\"/a\""),
        ("kind", "\"view\""),
    ]);
    members.extend(others.iter().copied());
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

struct Ran {
    report: Report,
    out: PathBuf,
    _folder: tempfile::TempDir,
}

fn ran(plan: &Plan, lines: &[String]) -> Result<Ran, RunError> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("samples")).unwrap();
    fs::File::create(folder.path().join("samples/clicks.jsonl")).unwrap();
    put(&folder.path().join("samples/clicks.jsonl"), &(lines.join("\n") + "\n"));
    let out = folder.path().join("run");
    let inputs = Inputs {
        folder: folder.path().join("samples"),
    };
    Ok(Ran {
        report: run(plan, &inputs, &out, &Options::default())?,
        out,
        _folder: folder,
    })
}

fn put(path: &Path, text: &str) {
    use std::io::Write;
    fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[allow(clippy::disallowed_methods, reason = "a test looks at what was written")]
fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap()
}

fn rows(plan: &Plan, out: &Path, zone: &str, name: &str) -> Vec<String> {
    let id = DatasetId {
        zone: zone.into(),
        name: name.into(),
    };
    let dataset = plan.dataset(&id);
    let rows = read_rows(dataset, &out.join(zone).join(name)).unwrap();
    let row = |row: &Vec<(String, Literal)>| {
        let values = row
            .iter()
            .map(|(name, value)| format!("{name}={}", canonical(value).unwrap_or("null".into())));
        values.collect::<Vec<_>>().join(" ")
    };
    rows.iter().map(row).collect()
}

#[test]
fn two_transforms_from_lines_to_parquet() {
    let plan = fixture::clickstream();
    let buy = [("kind", "\"buy\""), ("amount", "12.5")];
    let lines = [
        click(1, &[]),
        click(2, &buy),
        click(
            2,
            &[
                ("at", "\"2026-01-01T09:59:59.9999999Z\""),
                ("kind", "\"buy\""),
                ("amount", "\"2.50\""),
            ],
        ),
        click(
            3,
            &[
                ("at", "\"2026-01-02T00:00:00+01:00\""),
                ("page", "\"/b\""),
                ("user_id", "\"u2\""),
            ],
        ),
        click(4, &[("at", "1767312000000"), ("extra", "{\"a\":[1]}")]),
        click(5, &[("kind", "\"buy\"")]),
    ];
    let ran = ran(&plan, &lines).unwrap();
    let clean = &ran.report.transforms[0];
    assert_eq!(
        (
            clean.rows_in,
            clean.rows_out,
            clean.rejected_rows(),
            ran.report.sources[0].unknown_fields
        ),
        (6, 5, 1, 1)
    );
    let pages = &ran.report.transforms[1];
    assert_eq!((pages.rows_in, pages.rows_out), (5, 3));
    assert_eq!(
        (ran.report.sources[0].rows, ran.report.sources[0].unknown_fields),
        (6, 1)
    );
    assert_eq!(
        rows(&plan, &ran.out, "curated", "daily_pages"),
        [
            "day=2026-01-01 page=/a clicks=2 buyers=1 revenue=2.50",
            "day=2026-01-01 page=/b clicks=1 buyers=1 revenue=0.00",
            "day=2026-01-02 page=/a clicks=1 buyers=1 revenue=0.00",
        ]
    );
    let pseudonym = pipec_runtime::functions::PseudonymKey::new(b"local-key-for-tests-only").pseudonym("u1");
    assert_eq!(
        rows(&plan, &ran.out, "processed", "clicks")[0],
        format!(
            "click_id={ID}1 at=2026-01-01T10:00:00Z page=/a kind=view amount=0.00 day=2026-01-01 buyer={pseudonym}"
        )
    );
    let landed = text(ran.out.join("raw/clicks/arrived_on=2026-01-01/part-0.jsonl"));
    assert_eq!(
        landed.lines().collect::<Vec<_>>(),
        [&lines[0], &lines[1], &lines[2], &lines[3], &lines[5]]
    );
}

#[test]
fn every_reason_and_only_the_first() {
    let plan = fixture::clickstream();
    let long = format!("\"{}\"", "é".repeat(2049));
    let fits = format!("\"{}\"", "é".repeat(2048));
    let buy = |amount| [("kind", "\"buy\""), ("amount", amount)];
    let cases = [
        ("{\"a\":".to_owned(), "not JSON"),
        (click(1, &[]) + " x", "not JSON"),
        (String::new(), "not JSON"),
        ("[1]".into(), "not an object"),
        (
            click(1, &[("click_id", "null"), ("user_id", "null")]),
            "click_id is missing",
        ),
        (
            click(1, &[("click_id", "\"x\""), ("at", "1.5")]),
            "click_id is not uuid",
        ),
        (click(1, &[("user_id", "7")]), "user_id is not string"),
        (click(1, &[("at", "\"2026-01-01\"")]), "at is not timestamp"),
        (
            click(1, &[("page", &long), ("kind", "\"sell\"")]),
            "check page: len(page) <= 2048",
        ),
        (click(1, &[("page", &fits)]), ""),
        (
            click(1, &[("kind", "\"sell\"")]),
            "check kind: kind in [\"view\", \"cart\", \"buy\"]",
        ),
        (
            click(1, &[("kind", "\"sell\""), ("amount", "1e3")]),
            "amount is not decimal(12, 2)",
        ),
        (click(1, &buy("0.001")), "amount is not decimal(12, 2)"),
        (click(1, &buy("10000000000")), "amount is not decimal(12, 2)"),
        (click(1, &buy("null")), "a purchase without an amount"),
        (click(1, &buy("100000")), "expect sane_amount: amount < 100_000"),
        (click(1, &buy("99999.99")), ""),
        (click(1, &[("amount", "9999999999")]), ""),
    ];
    let lines: Vec<_> = cases.iter().map(|(line, _)| line.clone()).collect();
    let ran = ran(&plan, &lines).unwrap();
    let quarantine = text(ran.out.join("quarantine/clean/part-0.jsonl"));
    let records: Vec<serde_json::Value> = quarantine
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expected: Vec<_> = cases.iter().filter(|(_, reason)| !reason.is_empty()).collect();
    assert_eq!(records.len(), expected.len());
    for (record, (line, reason)) in records.iter().zip(expected) {
        assert_eq!(record["reason"], *reason, "{line}");
        assert_eq!(record["row"], *line);
        assert_eq!(record["transform"], "clean");
    }
    // The first lines come before any event time.
    assert_eq!(records[0]["at"], "1970-01-01T00:00:00Z");
    assert_eq!(records[4]["at"], "2026-01-01T10:00:00Z");
    assert_eq!(ran.report.transforms[0].rejected["not JSON"], 3);
}

#[test]
fn dedupe_takes_the_least_whatever_the_order_of_arrival() {
    let mut plan = fixture::clickstream();
    plan.transforms[1].steps.truncate(1);
    plan.transforms[1].target = Some(Target::Dataset(DatasetId {
        zone: "curated".into(),
        name: "daily_pages".into(),
    }));
    let columns = plan.transforms[1].input_columns.clone();
    plan.datasets
        .get_mut(&plan.transforms[1].dataset().clone())
        .unwrap()
        .columns = columns;
    // The same instant: `page` decides, being the first other column that differs.
    let pages = ["\"/b\"", "\"/a\"", "\"/c\""].map(|page| click(1, &[("page", page)]));
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let lines = order.map(|at: usize| pages[at].clone());
        let ran = ran(&plan, &lines).unwrap();
        let rows = rows(&plan, &ran.out, "curated", "daily_pages");
        assert_eq!(rows.len(), 1);
        assert!(rows[0].contains("page=/a"), "{rows:?}");
    }
    let StepKind::Dedupe { keep_first, .. } = &mut plan.transforms[1].steps[0].kind else {
        panic!("the step is a dedupe");
    };
    *keep_first = false;
    let times = ["09", "11", "10"].map(|hour| click(1, &[("at", &format!("\"2026-01-01T{hour}:00:00Z\""))]));
    let ran = ran(&plan, &times).unwrap();
    assert!(rows(&plan, &ran.out, "curated", "daily_pages")[0].contains("at=2026-01-01T11:00:00Z"));
}

#[test]
fn a_run_again_gives_the_same_bytes_and_a_failed_one_leaves_them() {
    let mut plan = fixture::clickstream();
    let lines: Vec<_> = (0..9)
        .map(|n| click(n, &[("at", &format!("\"2026-01-0{}T00:00:00Z\"", n + 1))]))
        .collect();
    let first = ran(&plan, &lines).unwrap();
    let second = ran(&plan, &lines).unwrap();
    assert_eq!(tree(&first.out), tree(&second.out));
    assert!(tree(&first.out).len() > 27);
    let before = tree(&first.out);
    let samples = Inputs {
        folder: first.out.with_file_name("samples"),
    };
    plan.transforms[0].steps.push(failing());
    let error = run(&plan, &samples, &first.out, &Options::default()).unwrap_err();
    assert_eq!(error.fault, Fault::Data);
    assert_eq!(tree(&first.out), before);
}

#[test]
fn one_transform_alone_keeps_the_rest() {
    let plan = fixture::clickstream();
    let ran = ran(&plan, &[click(1, &[])]).unwrap();
    let before = tree(&ran.out);
    let inputs = Inputs {
        folder: ran.out.with_file_name("samples"),
    };
    for only in ["daily_pages", "clean"] {
        let options = Options {
            only: Some(only.into()),
            ..Options::default()
        };
        let report = run(&plan, &inputs, &ran.out, &options).unwrap();
        assert_eq!(report.transforms.len(), 1);
        assert_eq!(tree(&ran.out), before);
    }
    let elsewhere = ran.out.with_file_name("elsewhere");
    let options = Options {
        only: Some("daily_pages".into()),
        ..Options::default()
    };
    assert!(run(&plan, &inputs, &elsewhere, &options).is_err());
    assert!(!elsewhere.exists());
    let unknown = Options {
        only: Some("clear".into()),
        ..Options::default()
    };
    assert!(
        run(&plan, &inputs, &ran.out, &unknown)
            .unwrap_err()
            .help
            .unwrap()
            .contains("clean")
    );
}

#[test]
fn what_landed_can_be_read_as_a_table() {
    let mut plan = fixture::clickstream();
    let id = |zone: &str, name: &str| DatasetId {
        zone: zone.into(),
        name: name.into(),
    };
    let landed = plan.dataset(&id("raw", "clicks")).columns.clone();
    let pages = &mut plan.transforms[1];
    pages.input = crate::plan::Input::Table(id("raw", "clicks"));
    pages.input_columns = landed.clone();
    pages.steps.truncate(1);
    pages.steps[0].columns = landed.clone();
    let dataset = plan.datasets.get_mut(&id("curated", "daily_pages")).unwrap();
    dataset.columns = landed;
    dataset.partition = vec!["arrived_on".into(), "kind".into()];
    let lines = [
        click(1, &[]),
        "nonsense".into(),
        click(2, &[("at", "\"2026-01-02T00:00:00Z\""), ("kind", "\"cart\"")]),
    ];
    let ran = ran(&plan, &lines).unwrap();
    let rows = rows(&plan, &ran.out, "curated", "daily_pages");
    assert_eq!(rows.len(), 2);
    assert!(
        rows[1].starts_with(&format!("click_id={ID}2")) && rows[1].ends_with("arrived_on=2026-01-02"),
        "{rows:?}"
    );
    assert!(
        ran.out
            .join("curated/daily_pages/arrived_on=2026-01-02/kind=cart/part-0.parquet")
            .is_file()
    );
    assert_eq!(ran.report.transforms[1].rejected["not JSON"], 1);
    assert!(text(ran.out.join("quarantine/daily_pages/part-0.jsonl")).contains("nonsense"));
}

#[test]
fn many_partitions_share_few_open_files() {
    let plan = fixture::clickstream();
    let line = |n: usize| {
        let at = format!("\"2026-{:02}-{:02}T00:00:00Z\"", n % 12 + 1, n % 27 + 1);
        format!(
            "{{\"click_id\":\"{n:08}-0000-0000-0000-000000000000\",\"user_id\":\"u\",\"at\":{at},\"page\":\"/\",\"kind\":\"cart\"}}"
        )
    };
    let lines: Vec<_> = (0..20_000).map(line).collect();
    let ran = ran(&plan, &lines).unwrap();
    assert_eq!(rows(&plan, &ran.out, "processed", "clicks").len(), 20_000);
    let total: usize = rows(&plan, &ran.out, "curated", "daily_pages").len();
    assert_eq!(total, 108);
}

#[test]
fn a_missing_sample_says_where_it_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = Inputs {
        folder: folder.path().join("samples"),
    };
    let out = folder.path().join("run");
    let error = run(&fixture::clickstream(), &inputs, &out, &Options::default()).unwrap_err();
    assert!(error.message.contains("clicks.jsonl"), "{error}");
    assert!(!out.exists());
}

fn failing() -> crate::plan::Step {
    let plan = fixture::clickstream();
    let mut step = plan.transforms[0].steps[2].clone();
    step.kind = StepKind::Expect {
        name: "never".into(),
        condition: Expr {
            kind: ExprKind::Literal(Literal::Bool(false)),
            ty: TypeKind::Bool.required(),
            text: "false".into(),
        },
        otherwise: Otherwise::Fail,
    };
    step
}

/// Every file below a folder and its bytes.
#[allow(clippy::disallowed_methods, reason = "a test looks at what was written")]
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}
