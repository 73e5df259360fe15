//! What goes wrong in the world, on the embedded engine: poison, deliveries that come twice or late, batches that are given
//! again, and runs that are killed. Nothing is lost, and nothing doubled beyond what the mode says.

#![allow(clippy::disallowed_methods, reason = "a test looks at files")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pipec::base::Disk;
use pipec::local::{Inputs, Options, Report, canonical, read_rows, run};
use pipec::plan::{DatasetId, Plan};

/// Lines of the clickstream's sample that nothing is wrong with, each once.
const CLICKS: usize = 1_500;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/clickstream")
}

fn plan() -> Plan {
    pipec::compile(&Disk::new(example()), &Default::default()).plan.unwrap()
}

fn clicks() -> Vec<String> {
    let text = fs::read_to_string(example().join("samples/clicks.jsonl")).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let good = |line: &&str| {
        let click: Option<serde_json::Value> = serde_json::from_str(line).ok();
        let click = click.unwrap_or_default();
        let whole = ["click_id", "user_id", "at", "page", "kind"]
            .iter()
            .all(|name| click[*name].is_number() || click[*name].is_string());
        let known = matches!(click["kind"].as_str(), Some("view" | "cart"));
        whole
            && known
            && click["page"].as_str().is_some_and(|page| page.len() < 2_000)
            && seen.insert(click["click_id"].to_string())
    };
    let lines: Vec<String> = text.split('\n').filter(good).take(CLICKS).map(str::to_owned).collect();
    assert_eq!(lines.len(), CLICKS);
    lines
}

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

struct Lake {
    folder: tempfile::TempDir,
    plan: Plan,
}

impl Lake {
    fn new() -> Lake {
        Lake {
            folder: tempfile::tempdir().unwrap(),
            plan: plan(),
        }
    }

    fn samples(&self) -> PathBuf {
        self.folder.path().join("samples")
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    fn put(&self, name: &str, lines: &[String]) {
        let below = self.samples().join("clicks");
        fs::create_dir_all(&below).unwrap();
        fs::write(below.join(name), lines.join("\n") + "\n").unwrap();
    }

    fn run(&self, add: bool) -> Report {
        let inputs = Inputs { folder: self.samples() };
        let options = Options {
            add,
            ..Default::default()
        };
        run(&self.plan, &inputs, &self.out(), &options).unwrap()
    }

    /// The rows of a dataset, sorted.
    fn rows(&self, zone: &str, name: &str) -> Vec<String> {
        let id = DatasetId {
            zone: zone.into(),
            name: name.into(),
        };
        let rows = read_rows(self.plan.dataset(&id), &self.out().join(zone).join(name)).unwrap();
        let line = |row: &Vec<(String, pipec::plan::expr::Literal)>| {
            row.iter()
                .map(|(_, value)| canonical(value).unwrap_or("-".into()))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.sort();
        lines
    }

    /// The rows in quarantine, as they came.
    fn quarantine(&self) -> Vec<String> {
        let mut rows = Vec::new();
        let Ok(files) = fs::read_dir(self.out().join("quarantine/clean")) else {
            return rows;
        };
        for file in files {
            for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
                let record: serde_json::Value = serde_json::from_str(line).unwrap();
                rows.push(record["row"].as_str().unwrap().to_owned());
            }
        }
        rows.sort();
        rows
    }
}

/// Every file below a folder with its bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(
                    path.strip_prefix(folder).unwrap().to_path_buf(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    found
}

#[test]
fn poison_at_any_place_is_turned_away_once_and_changes_nothing_else() {
    let clean = Lake::new();
    clean.put("a.jsonl", &clicks());
    clean.run(false);
    let mut dice = Dice(7);
    let mut lines = clicks();
    let mut poison = Vec::new();
    for number in 0..60 {
        let place = dice.below(lines.len());
        let bad = match number % 6 {
            0 => lines[place].get(..20).unwrap_or("{").to_owned(),
            1 => format!("[{number}]"),
            2 => format!("{{\"click_id\":{number}}}"),
            3 => format!("\u{0}\u{1}{number}"),
            4 => lines[place].replacen("\"kind\"", "\"knid\"", 1),
            _ => format!("{} {number}", lines[place]),
        };
        lines.insert(place, bad.clone());
        poison.push(bad);
    }
    let other = Lake::new();
    other.put("a.jsonl", &lines);
    let report = other.run(false);
    poison.sort();
    assert_eq!(other.quarantine(), poison);
    assert_eq!(report.transforms[0].rejected_rows(), 60);
    for (zone, name) in [("processed", "clicks"), ("curated", "daily_pages")] {
        assert_eq!(other.rows(zone, name), clean.rows(zone, name));
    }
}

#[test]
fn what_is_delivered_twice_is_there_twice_until_dedupe() {
    let once = Lake::new();
    once.put("a.jsonl", &clicks());
    once.run(false);
    let mut dice = Dice(11);
    let mut lines = clicks();
    for _ in 0..200 {
        let (from, to) = (dice.below(lines.len()), dice.below(lines.len()));
        lines.insert(to, lines[from].clone());
    }
    let twice = Lake::new();
    twice.put("a.jsonl", &lines);
    twice.run(false);
    assert_eq!(twice.rows("processed", "clicks").len(), CLICKS + 200);
    assert_eq!(
        twice.rows("curated", "daily_pages"),
        once.rows("curated", "daily_pages")
    );
    // A whole batch that is given again, by another name, is no different.
    once.put("b.jsonl", &clicks()[..400]);
    let before = once.rows("curated", "daily_pages");
    once.run(true);
    assert_eq!(once.rows("processed", "clicks").len(), CLICKS + 400);
    assert_eq!(once.rows("curated", "daily_pages"), before);
    // The same file is not read again.
    once.run(true);
    assert_eq!(once.rows("processed", "clicks").len(), CLICKS + 400);
}

#[test]
fn what_comes_too_late_is_turned_away_and_what_comes_in_time_is_not() {
    let lake = Lake::new();
    let arriving = |line: &String, after: i64| {
        let click: serde_json::Value = serde_json::from_str(line).unwrap();
        let at = match &click["at"] {
            serde_json::Value::Number(millis) => millis.as_i64().unwrap() * 1_000,
            text => pipec_runtime::Timestamp::parse(text.as_str().unwrap()).unwrap().0,
        };
        let arrived = canonical(&pipec::plan::expr::Literal::Timestamp(at + after)).unwrap();
        line.replacen('{', &format!("{{\"_arrived\":\"{arrived}\","), 1)
    };
    const DAY: i64 = 86_400_000_000;
    let lines: Vec<String> = clicks()[..300].to_vec();
    let sent: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(number, line)| arriving(line, DAY + (number % 2) as i64))
        .collect();
    lake.put("a.jsonl", &sent);
    let report = lake.run(false);
    assert_eq!(
        report.transforms[0].rejected["late: more than 1 day behind arrival"],
        150
    );
    assert_eq!(lake.rows("processed", "clicks").len(), 150);
}

/// A run by the binary, in a process of its own.
fn start(lake: &Lake) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipec"));
    command
        .arg("run")
        .arg(example())
        .arg("--add")
        .arg("--at")
        .arg("2026-01-05T00:00:00Z");
    command
        .arg("--input")
        .arg(lake.samples())
        .arg("--output")
        .arg(lake.out());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_run_that_is_killed_at_any_moment_leaves_the_last_one_or_itself() {
    let lake = Lake::new();
    lake.put("a.jsonl", &clicks()[..700]);
    assert!(start(&lake).wait().unwrap().success());
    let before = tree(&lake.out());
    let saved = lake.folder.path().join("saved");
    copy(&lake.out(), &saved);
    lake.put("b.jsonl", &clicks()[700..]);
    let started = Instant::now();
    assert!(start(&lake).wait().unwrap().success());
    let took = started.elapsed();
    let after = tree(&lake.out());
    assert_ne!(before, after);
    let (mut old, mut new) = (0, 0);
    const MOMENTS: u32 = 24;
    for moment in 0..MOMENTS {
        fs::remove_dir_all(lake.out()).unwrap();
        copy(&saved, &lake.out());
        let mut child = start(&lake);
        std::thread::sleep(took * moment / MOMENTS + Duration::from_millis(u64::from(moment % 3)));
        // It may have ended already.
        let _ = child.kill();
        child.wait().unwrap();
        let left = tree(&lake.out());
        match (left == before, left == after) {
            (true, _) => old += 1,
            (_, true) => new += 1,
            _ => panic!("a run that was killed at moment {moment} left neither"),
        }
        // The next run mends what is left, and ends where it would have ended.
        assert!(start(&lake).wait().unwrap().success());
        assert!(tree(&lake.out()) == after, "after moment {moment}");
        let beside: Vec<_> = fs::read_dir(lake.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert!(
            beside.iter().all(|name| !name.to_string_lossy().starts_with('.')),
            "{beside:?}"
        );
    }
    println!("killed {MOMENTS} times: {old} left the last run, {new} had ended");
    assert!(old >= 3, "no run was killed before its end");
}

fn copy(from: &Path, to: &Path) {
    for (path, bytes) in tree(from) {
        let path = to.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}
