//! `pipec watch`, as somebody who saves files sees it.

#![allow(clippy::disallowed_methods, reason = "tests write projects")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const CLICKSTREAM: &str = include_str!("../examples/clickstream/clickstream.pipe");
/// How long a build may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it must be still before nothing is on the way any more.
const STILL: Duration = Duration::from_millis(1500);

/// A folder that is watched.
struct Watched {
    folder: PathBuf,
    process: Child,
    lines: Receiver<String>,
    _kept: tempfile::TempDir,
}

impl Watched {
    fn start(text: Option<&str>, more: &[&str]) -> Watched {
        let kept = tempfile::tempdir().unwrap();
        let folder = kept.path().canonicalize().unwrap();
        if let Some(text) = text {
            fs::write(folder.join("lake.pipe"), text).unwrap();
        }
        let mut process = Command::new(env!("CARGO_BIN_EXE_pipec"))
            .arg("watch")
            .args(more)
            .current_dir(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let reader = BufReader::new(process.stderr.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Watched {
            folder,
            process,
            lines,
            _kept: kept,
        }
    }

    fn save(&self, text: &str) {
        fs::write(self.folder.join("lake.pipe"), text).unwrap();
    }

    /// Waits for a line with this in it.
    #[track_caller]
    fn says(&self, wanted: &str) -> String {
        let end = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(wanted) => return line,
                Ok(line) => seen.push(line),
                Err(_) => panic!("never said `{wanted}`, but {seen:#?}"),
            }
        }
    }

    /// What is said until it is still.
    fn all(&self) -> Vec<String> {
        std::iter::from_fn(|| self.lines.recv_timeout(STILL).ok()).collect()
    }

    fn built(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join("build").join(path)).unwrap()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn with_budget(dollars: u32) -> String {
    CLICKSTREAM.replace("600 USD per month", &format!("{dollars} USD per month"))
}

fn exchange(folder: &Path, text: &str) {
    fs::write(folder.join(".lake.pipe.new"), text).unwrap();
    fs::rename(folder.join(".lake.pipe.new"), folder.join("lake.pipe")).unwrap();
}

#[test]
fn every_way_to_save_builds_and_nothing_else_does() {
    let mut watched = Watched::start(Some(CLICKSTREAM), &["."]);
    watched.says("built");
    assert_eq!(watched.all(), [""; 0], "its own output must not trigger it");
    let manifest = watched.built("manifest.json");
    // A save by writing, by truncating first, by renaming another file over it.
    watched.save(&with_budget(601));
    watched.says("built");
    let file = fs::File::options()
        .write(true)
        .truncate(true)
        .open(watched.folder.join("lake.pipe"))
        .unwrap();
    drop(file);
    watched.save(&with_budget(602));
    watched.says("built");
    exchange(&watched.folder, &with_budget(603));
    watched.says("built");
    assert_ne!(watched.built("manifest.json"), manifest);
    watched.all();
    // The same bytes again, and files that are none of the project.
    watched.save(&with_budget(603));
    fs::write(watched.folder.join("notes.txt"), "nothing").unwrap();
    assert_eq!(watched.all(), [""; 0]);
    // Twenty saves at once are one build, or two.
    for dollars in 0..20 {
        watched.save(&with_budget(700 + dollars));
    }
    let builds = watched.all().iter().filter(|line| line.contains("built ")).count();
    assert!((1..=2).contains(&builds), "{builds}");
    // A mistake leaves what was built; mending it builds again.
    let manifest = watched.built("manifest.json");
    watched.save(&with_budget(719).replace("sum(amount)", "sum(amunt)"));
    watched.says("not built");
    assert_eq!(watched.built("manifest.json"), manifest);
    fs::remove_file(watched.folder.join("lake.pipe")).unwrap();
    watched.says("not built");
    watched.save(&with_budget(720));
    watched.says("built ");
    assert_ne!(watched.built("manifest.json"), manifest);
    let id = watched.process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    watched.says("stopped watching");
    assert_eq!(watched.process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_project_that_appears_later_is_built_and_only_what_is_affected_is_tested() {
    let watched = Watched::start(None, &[".", "--test"]);
    watched.says("not built");
    watched.save(CLICKSTREAM);
    watched.says("built ");
    let tests = |lines: &[String]| -> Vec<String> {
        let passed = lines.iter().filter_map(|line| line.strip_prefix("pass  "));
        passed
            .map(|line| line.split(" (").next().unwrap_or("").to_owned())
            .collect()
    };
    assert_eq!(
        tests(&watched.all()),
        ["a purchase without an amount is turned away", "revenue adds up"]
    );
    watched.save(&CLICKSTREAM.replace("keep first by at", "keep last by at"));
    assert_eq!(tests(&watched.all()), ["revenue adds up"]);
}

#[test]
fn what_stands_beside_a_script_and_in_the_folder_of_a_container_is_built() {
    let example = |name: &str, file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("examples")
            .join(name)
            .join(file);
        fs::read_to_string(path).unwrap()
    };
    let cases = [
        (
            "image-lake",
            "image_lake.pipe",
            "scripts/process.py",
            "scripts/beside.py",
        ),
        (
            "batch-lakehouse",
            "batch_lakehouse.pipe",
            "containers/decode/Dockerfile",
            "containers/decode/more.txt",
        ),
    ];
    for (name, text, own, other) in cases {
        let watched = Watched::start(None, &["."]);
        watched.says("not built");
        let file = |path: &str| watched.folder.join(path);
        fs::create_dir_all(file(own).parent().unwrap()).unwrap();
        fs::write(file(own), example(name, own)).unwrap();
        fs::write(file(other), "one = 1\n").unwrap();
        if name == "image-lake" {
            fs::write(
                file("scripts/requirements.txt"),
                example(name, "scripts/requirements.txt"),
            )
            .unwrap();
        }
        watched.save(&example(name, text));
        watched.says("changed (");
        watched.all();
        fs::write(file(other), "one = 2\n").unwrap();
        watched.says("changed (");
        fs::write(file(other), "one = 2\n").unwrap();
        assert_eq!(watched.all(), [""; 0], "{name}: the same bytes");
    }
}

#[test]
fn many_other_files_renamed_ones_and_samples() {
    let watched = Watched::start(None, &[".", "--run", "-o", "out"]);
    watched.says("not built");
    let other = watched.folder.join("data");
    for folder in 0..100 {
        let folder = other.join(folder.to_string());
        fs::create_dir_all(&folder).unwrap();
        for file in 0..100 {
            fs::write(folder.join(format!("{file}.bin")), "").unwrap();
        }
    }
    let samples = watched.folder.join("samples");
    fs::create_dir(&samples).unwrap();
    let click = |number: u32, kind: &str| {
        format!(
            "{{\"click_id\":\"00000000-0000-0000-0000-{number:012}\",\"user_id\":\"u\",\"at\":\"2026-01-01T00:00:00Z\",\"page\":\"/\",\"kind\":\"{kind}\",\"amount\":1}}\n"
        )
    };
    fs::write(samples.join("clicks.jsonl"), click(1, "buy")).unwrap();
    watched.save(CLICKSTREAM);
    watched.says("built ");
    let ran = || {
        let folder = watched.folder.join("run/processed/clicks");
        folder.is_dir()
    };
    watched.all();
    assert!(ran(), "the samples are run");
    // Files that are none of the project's, however many, build nothing.
    for file in 0..500 {
        fs::write(other.join(format!("7/more{file}")), "x").unwrap();
    }
    fs::remove_dir_all(other.join("8")).unwrap();
    assert_eq!(watched.all(), [""; 0]);
    // A file that is called otherwise is the same platform; one that is gone is none.
    fs::rename(watched.folder.join("lake.pipe"), watched.folder.join("sea.pipe")).unwrap();
    watched.all();
    fs::write(samples.join("clicks.jsonl"), click(1, "buy") + &click(2, "view")).unwrap();
    let said = watched.all();
    assert!(!said.is_empty(), "other samples are run");
    fs::rename(watched.folder.join("sea.pipe"), watched.folder.join("sea.txt")).unwrap();
    watched.says("not built");
    fs::rename(watched.folder.join("sea.txt"), watched.folder.join("lake.pipe")).unwrap();
    watched.says(" ms)");
    watched.save(&CLICKSTREAM.replace("keep first by at", "keep last by at"));
    watched.says("built ");
    watched.all();
}
