//! Every example platform, run whole on its samples by `pipec run`: what comes in, what comes out, what is turned away and
//! why, and the rows of every dataset, as `NAME.txt` beside this file has them. `UPDATE_PLATFORMS=1` writes these anew.

#![allow(clippy::disallowed_methods, reason = "a test looks at files")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pipec::base::Disk;
use pipec::local::{canonical, read_rows};
use pipec::plan::lower::{Scope, lower};
use pipec::plan::{Plan, Writer};
use sha2::{Digest, Sha256};

/// The examples, each with the time for which it is run: after the last of its samples.
const EXAMPLES: [(&str, &str); 9] = [
    ("batch-lakehouse", "2026-03-03T03:30:00Z"),
    ("clickstream", "2026-01-04T01:15:00Z"),
    ("data-pipeline", "2026-03-04T02:00:00Z"),
    ("image-lake", "2026-03-04T00:00:00Z"),
    ("kitchen", "2026-03-09T04:30:00Z"),
    ("reference-architecture", "2026-03-03T00:15:00Z"),
    ("self-service-platform", "2026-03-05T00:10:00Z"),
    ("starter", "2026-01-03T00:00:00Z"),
    ("team", "2026-03-05T00:40:00Z"),
];

/// Rows of a dataset that are written out; of others these are at even distances.
const SHOWN: usize = 12;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn example(name: &str) -> PathBuf {
    root().join("examples").join(name)
}

/// What it says: its result, then everything else.
fn pipec(arguments: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_pipec"))
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "pipec {}: {said}{errors}", arguments.join(" "));
    (said, errors)
}

fn run(name: &str, at: &str, out: &Path, more: &[&str]) -> String {
    let (folder, out) = (example(name), out.display().to_string());
    let mut arguments = vec!["run", folder.to_str().unwrap(), "--output", &out, "--at", at];
    arguments.extend(more);
    pipec(&arguments).0
}

fn plan(name: &str) -> Plan {
    let compilation = pipec::compile(&Disk::new(example(name)), &Default::default());
    let program = compilation.program.unwrap_or_else(|| panic!("{name} is wrong"));
    lower(&program, Scope::Embedded).plan.unwrap()
}

/// The table without the time that everything took.
fn timeless(table: &str) -> String {
    let lines = table.lines().map(|line| match line.strip_suffix(" s") {
        Some(line) => line.rsplit_once(' ').map_or(line, |(line, _)| line).trim_end(),
        None => line.strip_suffix("time").unwrap_or(line).trim_end(),
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// Sorted lines: some of them, and the checksum of all.
fn shown(text: &mut String, name: &str, mut lines: Vec<String>) {
    lines.sort();
    let checksum = Sha256::digest(lines.join("\n"));
    let checksum: String = checksum.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    writeln!(text, "\n== {name}: {} rows, {checksum}", lines.len()).unwrap();
    let every = lines.len().div_ceil(SHOWN).max(1);
    for line in lines.iter().step_by(every) {
        writeln!(text, "{line}").unwrap();
    }
}

/// What a run left: rows of datasets and sinks, and objects.
fn left(plan: &Plan, out: &Path) -> String {
    let mut text = String::new();
    for dataset in plan.datasets.values() {
        let Writer::Transform(_) = dataset.writer else { continue };
        let folder = out.join(&dataset.id.zone).join(&dataset.id.name);
        let rows = read_rows(dataset, &folder).unwrap();
        let line = |row: &Vec<(String, pipec::plan::expr::Literal)>| {
            let values = row
                .iter()
                .map(|(name, value)| format!("{name}={}", canonical(value).unwrap_or("-".into())));
            values.collect::<Vec<_>>().join(" ")
        };
        shown(&mut text, &dataset.id.to_string(), rows.iter().map(line).collect());
    }
    for sink in &plan.sinks {
        let rows = fs::read_to_string(out.join("sinks").join(&sink.name).join("part-0.jsonl")).unwrap_or_default();
        shown(
            &mut text,
            &format!("sink {}", sink.name),
            rows.lines().map(str::to_owned).collect(),
        );
    }
    if let Ok(objects) = fs::read_dir(out.join("objects")) {
        let names = objects.map(|object| object.unwrap().file_name().into_string().unwrap());
        shown(&mut text, "objects", names.collect());
    }
    text
}

#[test]
fn every_example_runs_whole_and_gives_the_rows_that_it_gave() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = Vec::new();
    for (name, at) in EXAMPLES {
        let out = folder.path().join(name);
        let table = run(name, at, &out, &[]);
        let came = format!("{}{}", timeless(&table), left(&plan(name), &out));
        let path = root().join("tests/platforms").join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_PLATFORMS").is_some() {
            fs::write(&path, &came).unwrap();
        }
        let told = fs::read_to_string(&path).unwrap_or_default();
        for (number, (told, came)) in told
            .lines()
            .zip(came.lines())
            .enumerate()
            .filter(|(_, (told, came))| told != came)
        {
            other.push(format!("{name}.txt:{}\n  - {told}\n  + {came}", number + 1));
        }
        if told.lines().count() != came.lines().count() {
            other.push(format!(
                "{name}.txt has {} lines, {} came",
                told.lines().count(),
                came.lines().count()
            ));
        }
    }
    assert!(other.is_empty(), "{}", other.join("\n"));
}

#[test]
fn every_folder_of_examples_is_run() {
    let found = fs::read_dir(root().join("examples")).unwrap();
    let mut found: Vec<_> = found
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, EXAMPLES.map(|(name, _)| name));
    for name in found {
        let readme = fs::read_to_string(example(&name).join("README.md")).unwrap();
        assert!(
            readme.contains("pipec run"),
            "the README of {name} does not say how it is run"
        );
    }
}

#[test]
fn every_example_passes_its_own_tests() {
    for (name, _) in EXAMPLES {
        let (_, said) = pipec(&["test", example(name).to_str().unwrap()]);
        assert!(
            said.contains("passed, 0 failed") && !said.contains("FAIL"),
            "{name}: {said}"
        );
    }
}

#[test]
fn a_team_reads_what_the_shared_platform_has_written() {
    let folder = tempfile::tempdir().unwrap();
    let (shared, own) = (folder.path().join("shared"), folder.path().join("own"));
    run("self-service-platform", EXAMPLES[6].1, &shared, &[]);
    let exported = shared.join("curated").display().to_string();
    let (_, at) = EXAMPLES[8];
    let table = run("team", at, &own, &["--input", &exported]);
    // Its samples are a run of the other platform.
    let kept = folder.path().join("kept");
    assert_eq!(timeless(&table), timeless(&run("team", at, &kept, &[])));
    let plan = plan("team");
    assert_eq!(left(&plan, &own), left(&plan, &kept));
}

#[test]
fn samples_are_what_their_generators_make() {
    for (name, _) in EXAMPLES {
        let samples = example(name).join("samples");
        let script = samples.join("generate.py");
        // The clicks are held by a manifest, the starter's readings are its own, the team's are another platform's.
        if !script.exists() || name == "clickstream" {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("python3")
            .arg("-B")
            .arg(&script)
            .arg("-o")
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(made.success(), "{name}");
        let mut folders = vec![folder.path().to_path_buf()];
        let mut files = 0;
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let own = samples.join(path.strip_prefix(folder.path()).unwrap());
                assert_eq!(fs::read(&path).ok(), fs::read(&own).ok(), "{}", own.display());
                files += 1;
            }
        }
        assert!(files > 0, "{name}");
    }
}
