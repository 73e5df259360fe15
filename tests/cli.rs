//! What people and scripts rely on: the commands, their exit codes, and that a build is all or nothing.

#![allow(clippy::disallowed_methods, reason = "tests look at folders")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use pipec::cli::writer::{self, Manifest};

/// A folder of its own with a copy of the clickstream platform, without its samples.
fn clickstream() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(example("clickstream").join("clickstream.pipe")).unwrap();
    fs::write(folder.path().join("clickstream.pipe"), text).unwrap();
    folder
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn pipec(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pipec"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[track_caller]
fn exits(output: &Output, code: i32) -> String {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

fn replace(folder: &Path, old: &str, new: &str) {
    let path = folder.join("clickstream.pipe");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{old}");
    fs::write(path, text.replace(old, new)).unwrap();
}

/// Every file below a folder with its bytes.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn the_same_input_gives_the_same_bytes_anywhere() {
    let (one, two) = (clickstream(), clickstream());
    exits(&pipec(one.path(), &["build"]), 0);
    exits(&pipec(two.path(), &["build", "-o", "elsewhere/out"]), 0);
    let first = tree(&one.path().join("build"));
    assert!(first.len() > 20, "{:?}", first.keys());
    assert_eq!(first, tree(&two.path().join("elsewhere/out")));
    exits(&pipec(one.path(), &["build", "--check"]), 0);
    let again = exits(&pipec(one.path(), &["build"]), 0);
    assert!(again.contains("up to date"), "{again}");
    assert_eq!(first, tree(&one.path().join("build")));
}

#[test]
fn a_build_that_fails_leaves_the_last_one_as_it_was() {
    let project = clickstream();
    exits(&pipec(project.path(), &["build"]), 0);
    let before = tree(project.path());
    replace(project.path(), "sum(amount)", "sum(amont)");
    let said = exits(&pipec(project.path(), &["build", "--format", "short"]), 1);
    assert!(said.contains("clickstream.pipe:52:19: error[P0"), "{said}");
    assert!(said.contains("`amont`"), "{said}");
    let mut after = tree(project.path());
    after.insert("clickstream.pipe".into(), before["clickstream.pipe"].clone());
    assert_eq!(before, after);
}

#[test]
fn build_check_writes_nothing_and_tells_the_difference() {
    let project = clickstream();
    let said = exits(&pipec(project.path(), &["build", "--check"]), 1);
    assert!(said.contains("would be added"), "{said}");
    assert!(!project.path().join("build").exists());
}

#[test]
fn a_generated_file_edited_by_hand_is_kept_until_forced() {
    let project = clickstream();
    exits(&pipec(project.path(), &["build"]), 0);
    let edited = project.path().join("build/terraform/outputs.tf");
    let generated = fs::read_to_string(&edited).unwrap();
    fs::write(&edited, "# mine\n").unwrap();
    replace(project.path(), "600 USD", "700 USD");
    let said = exits(&pipec(project.path(), &["build"]), 1);
    assert!(said.contains("outputs.tf` is not as `pipec build` wrote it"), "{said}");
    assert_eq!(fs::read_to_string(&edited).unwrap(), "# mine\n");
    exits(&pipec(project.path(), &["build", "--force"]), 0);
    assert_eq!(fs::read_to_string(&edited).unwrap(), generated);
}

#[test]
fn what_terraform_keeps_in_the_build_folder_stays() {
    let project = clickstream();
    exits(&pipec(project.path(), &["build"]), 0);
    let terraform = project.path().join("build/terraform");
    fs::create_dir_all(terraform.join(".terraform/providers")).unwrap();
    fs::write(terraform.join(".terraform/providers/aws"), "plugin").unwrap();
    fs::write(terraform.join("terraform.tfstate"), "state").unwrap();
    replace(project.path(), "600 USD", "700 USD");
    exits(&pipec(project.path(), &["build"]), 0);
    assert_eq!(
        fs::read_to_string(terraform.join("terraform.tfstate")).unwrap(),
        "state"
    );
    assert_eq!(
        fs::read_to_string(terraform.join(".terraform/providers/aws")).unwrap(),
        "plugin"
    );
}

/// Whether a build folder is whole: every file of its manifest is there with the right bytes, and no other.
fn is_whole(build: &Path) -> Manifest {
    let manifest = writer::read_manifest(build).unwrap().expect("a build has a manifest");
    let mut files = tree(build);
    files.remove(writer::MANIFEST);
    files.remove(".pipec-replaced");
    let hashes: BTreeMap<_, _> = files
        .iter()
        .map(|(path, bytes)| (path.clone(), writer::hash(bytes)))
        .collect();
    assert_eq!(hashes, manifest.files);
    manifest
}

#[test]
fn killed_at_any_moment_it_leaves_the_old_build_or_the_new_one() {
    let project = clickstream();
    exits(&pipec(project.path(), &["build"]), 0);
    let started = Instant::now();
    replace(project.path(), "600 USD", "601 USD");
    exits(&pipec(project.path(), &["build"]), 0);
    let mut whole_run = started.elapsed();
    let (mut old, mut new) = (0, 0);
    // Kills at ever later moments of a run, as long as a run lasts now: a machine that has other work changes that.
    for round in 0..600_u32 {
        if round >= 60 && old >= 5 && new >= 5 {
            break;
        }
        let before = is_whole(&project.path().join("build"));
        let (cost, next) = (format!("{} USD", 601 + round), format!("{} USD", 602 + round));
        replace(project.path(), &cost, &next);
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_pipec"))
            .current_dir(project.path())
            .args(["build", "--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let share = f64::from(round % 60) / 50.0;
        std::thread::sleep(whole_run.mul_f64(share).max(Duration::from_micros(200)));
        if child.try_wait().unwrap().is_some() {
            whole_run = whole_run.min(started.elapsed());
        } else if share > 1.0 {
            whole_run = whole_run.mul_f64(1.2);
        }
        let _ = child.kill();
        child.wait().unwrap();
        match is_whole(&project.path().join("build")) == before {
            true => old += 1,
            false => new += 1,
        }
    }
    assert!(
        old > 0 && new > 0,
        "the kills did not fall on both sides: {old} old, {new} new"
    );
    exits(&pipec(project.path(), &["build"]), 0);
    let left: Vec<_> = fs::read_dir(project.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_build_never_takes_the_place_of_the_project() {
    let project = clickstream();
    for folder in [".", ".."] {
        let said = exits(&pipec(project.path(), &["build", "-o", folder]), 2);
        assert!(said.contains("holds the project itself"), "{said}");
    }
}

#[test]
fn exit_codes_tell_whose_fault_it_is() {
    let project = clickstream();
    exits(&pipec(project.path(), &["check"]), 0);
    exits(&pipec(project.path(), &["check", "--no-such-flag"]), 2);
    exits(&pipec(project.path(), &["check", "no/such/folder"]), 2);
    exits(&pipec(project.path(), &["check", "--env", "nowhere"]), 1);
    let said = exits(&pipec(project.path(), &["check", "-q", "--timings"]), 0);
    for phase in ["read", "parse", "library", "resolve", "check", "prove"] {
        assert!(said.lines().any(|line| line.starts_with(phase)), "{phase}: {said}");
    }
    // Not in the machine's own folder: somebody may have left a project there.
    let empty = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    exits(&pipec(empty.path(), &["check"]), 2);
    let said = exits(&pipec(empty.path(), &["check", "."]), 1);
    assert!(said.contains("pipeline"), "{said}");
    fs::write(project.path().join("flat"), "").unwrap();
    exits(&pipec(project.path(), &["build", "-o", "flat/build"]), 3);
}

#[test]
fn a_project_is_found_from_inside_and_from_a_file() {
    let project = clickstream();
    fs::create_dir(project.path().join("deep")).unwrap();
    exits(&pipec(&project.path().join("deep"), &["check"]), 0);
    exits(
        &pipec(
            Path::new("/"),
            &["check", &project.path().join("clickstream.pipe").to_string_lossy()],
        ),
        0,
    );
}

#[test]
fn diagnostics_come_in_every_format() {
    let project = clickstream();
    replace(project.path(), "retain = 30 days", "retain = 30");
    let say = |format| {
        let output = pipec(project.path(), &["check", "--format", format]);
        assert_eq!(output.status.code(), Some(1));
        (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (json, _) = say("json");
    let object: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&object["file"], &object["line"]),
        (&"clickstream.pipe".into(), &29.into()),
        "{object}"
    );
    let (sarif, _) = say("sarif");
    let log: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], object["code"]);
    let (github, _) = say("github");
    assert!(github.starts_with("::error file=clickstream.pipe,line=29,"), "{github}");
    let (out, short) = say("short");
    assert!(out.is_empty() && short.starts_with("clickstream.pipe:29:"), "{short}");
    let (out, human) = say("human");
    assert!(out.is_empty() && human.contains("zone raw"), "{human}");
}

#[test]
fn a_new_project_compiles_tests_runs_and_is_laid_out() {
    let folder = tempfile::tempdir().unwrap();
    exits(&pipec(folder.path(), &["new", "my-lake"]), 0);
    let project = folder.path().join("my-lake");
    for command in [&["check"][..], &["test"], &["run"], &["build"], &["fmt", "--check"]] {
        exits(&pipec(&project, command), 0);
    }
    assert!(
        fs::read_to_string(project.join("my_lake.pipe"))
            .unwrap()
            .contains("pipeline my_lake {")
    );
    exits(&pipec(folder.path(), &["new", "my-lake"]), 2);
    exits(&pipec(folder.path(), &["new", "9lives"]), 2);
    exits(&pipec(folder.path(), &["new", "clicks", "--from", "clickstream"]), 0);
    exits(&pipec(&folder.path().join("clicks"), &["check"]), 0);
}

#[test]
fn fmt_lays_out_files_and_leaves_broken_ones() {
    let project = clickstream();
    exits(&pipec(project.path(), &["fmt", "--check"]), 0);
    let before = tree(project.path());
    replace(project.path(), "  owner  = ", "  owner = ");
    let said = exits(&pipec(project.path(), &["fmt", "--check"]), 1);
    assert!(said.contains("not laid out"), "{said}");
    exits(&pipec(project.path(), &["fmt"]), 0);
    assert_eq!(before, tree(project.path()));
    replace(project.path(), "pipeline clickstream {", "pipeline clickstream {{");
    let broken = tree(project.path());
    exits(&pipec(project.path(), &["fmt"]), 1);
    assert_eq!(broken, tree(project.path()));
}

#[test]
fn explain_writes_sql_and_says_what_athena_cannot_do() {
    let project = clickstream();
    exits(&pipec(project.path(), &["explain", "sql", "nothing"]), 2);
    let refused = exits(&pipec(project.path(), &["explain", "sql", "clean"]), 1);
    assert!(refused.contains("P0690") && refused.contains("on athena"), "{refused}");
    let path = project.path().join("clickstream.pipe");
    let text = fs::read_to_string(&path).unwrap();
    let view = "\n/// Days with rows.\ntransform days : curated.daily_pages {\n  group by day { pages = count() }\n}\n";
    fs::write(path, text + view).unwrap();
    let sql = exits(&pipec(project.path(), &["explain", "sql", "days", "--env", "prod"]), 0);
    assert!(sql.contains("FROM clickstream_prod_curated.daily_pages"), "{sql}");
    assert!(
        sql.contains("-- group by day") && sql.contains("count(*) AS pages"),
        "{sql}"
    );
}

#[test]
fn explain_tells_how_long_labelled_values_may_stay() {
    let project = clickstream();
    let told = exits(&pipec(project.path(), &["explain", "lifetime", "pii"]), 0);
    let path = "  clicks (kinesis, 1 day), `user_id`              34 days\n    raw.clicks (30 days + 3), `user_id`           33 days\n";
    assert!(
        told.starts_with("@pii: 34 days at most, and 60 days are allowed\n") && told.contains(path),
        "{told}"
    );
    let unbounded = exits(
        &pipec(
            project.path(),
            &["explain", "lifetime", "@pseudonymous", "--env", "prod"],
        ),
        0,
    );
    let made = "  processed.clicks (180 days + 3), `buyer`            200 days\n    results of adhoc";
    assert!(
        unbounded.contains("nothing bounds it") && unbounded.contains(made),
        "{unbounded}"
    );
    let unknown = exits(&pipec(project.path(), &["explain", "lifetime", "pi"]), 2);
    assert!(unknown.contains("there is @pii"), "{unknown}");
}

#[test]
fn explain_tells_how_old_data_gets_and_whether_it_fits() {
    let project = clickstream();
    let told = exits(&pipec(project.path(), &["explain", "freshness"]), 0);
    let sum = "curated.daily_pages: ";
    assert!(told.starts_with(sum) && told.contains("`daily_pages` runs"), "{told}");
    let one = exits(
        &pipec(project.path(), &["explain", "freshness", "curated.daily_pages"]),
        0,
    );
    assert!(told.contains(&one), "{one}");
    let unknown = exits(&pipec(project.path(), &["explain", "freshness", "raw.clicks"]), 2);
    assert!(unknown.contains("there is one on `curated.daily_pages`"), "{unknown}");
    let told = exits(&pipec(project.path(), &["explain", "capacity"]), 0);
    assert!(told.starts_with("shards of `clicks`: "), "{told}");
    let one = exits(&pipec(project.path(), &["explain", "capacity", "clicks"]), 0);
    assert!(told.contains(&one) && one.contains("a record of `clicks`"), "{one}");
    let unknown = exits(&pipec(project.path(), &["explain", "capacity", "click"]), 2);
    assert!(unknown.contains("there is `clicks`"), "{unknown}");
}

#[test]
fn explain_tells_codes_plans_access_and_lineage() {
    let project = clickstream();
    let page = exits(&pipec(project.path(), &["explain", "P0101"]), 0);
    assert!(page.starts_with("P0101: "), "{page}");
    exits(&pipec(project.path(), &["explain", "P9999"]), 2);
    let all = exits(&pipec(project.path(), &["explain"]), 0);
    assert!(all.contains("P0319  ") && all.contains("functions: "), "{all}");
    let setting = exits(&pipec(project.path(), &["explain", "kinesis.retention"]), 0);
    assert!(setting.contains("default  24 hours"), "{setting}");
    let origin = exits(&pipec(project.path(), &["explain", "zone.curated.backup"]), 0);
    assert!(origin.contains("in env prod  backup = 35 days"), "{origin}");
    let unknown = exits(&pipec(project.path(), &["explain", "zone.retian"]), 2);
    assert!(unknown.contains("did you mean `zone.retain`?"), "{unknown}");
    let plan = exits(&pipec(project.path(), &["explain", "plan"]), 0);
    assert!(
        plan.contains("clean (clickstream.pipe:34)") && plan.contains("AWS Glue"),
        "{plan}"
    );
    let access = exits(
        &pipec(project.path(), &["explain", "access", "analysts", "processed.clicks"]),
        0,
    );
    assert!(access.contains("not `buyer`: it carries @pseudonymous"), "{access}");
    assert!(access.contains("by no way but queries"), "{access}");
    let pipelines = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data-pipeline");
    let analysts = exits(&pipec(&pipelines, &["explain", "access", "analysts"]), 0);
    assert!(
        analysts.contains(
            "the groups of analysts by dashboards dashboards as analysts: curated.daily_revenue: day, category"
        ),
        "{analysts}"
    );
    exits(&pipec(project.path(), &["explain", "access", "nobody"]), 2);
    let erasure = exits(&pipec(&pipelines, &["explain", "erasure", "orders.user_id"]), 0);
    assert!(
        erasure.starts_with("orders.user_id: all of it is gone after 17 days")
            && erasure.contains(
                "processed.orders              delete where buyer is the person's pseudonym, gone after 10.04 days"
            ),
        "{erasure}"
    );
    exits(&pipec(&pipelines, &["explain", "erasure", "events.kind"]), 2);
    let lineage = exits(
        &pipec(project.path(), &["explain", "lineage", "curated.daily_pages.buyers"]),
        0,
    );
    assert!(
        lineage.contains("clicks.user_id, as source `clicks` brings it"),
        "{lineage}"
    );
    exits(
        &pipec(project.path(), &["explain", "lineage", "curated.daily_pages.nothing"]),
        2,
    );
}

#[test]
fn completions_and_doctor_answer() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        assert!(exits(&pipec(folder.path(), &["completions", shell]), 0).contains("pipec"));
    }
    let said = exits(&pipec(folder.path(), &["doctor"]), 0);
    for needed in [
        "embedded engine: ready",
        "functions: ",
        "jobs: ",
        "java",
        "pyspark",
        "iceberg-spark-runtime",
        "terraform",
    ] {
        assert!(said.contains(needed), "{needed}: {said}");
    }
}

#[test]
fn one_transform_alone_is_tested_and_run() {
    let project = clickstream();
    let said = exits(&pipec(project.path(), &["test", "--only", "clean"]), 0);
    assert!(
        said.contains("1 passed, 0 failed") && said.contains("(clean, "),
        "{said}"
    );
    let said = exits(&pipec(project.path(), &["test", "--only", "cleen"]), 3);
    assert!(
        said.contains("there is no transform `cleen`") && said.contains("clean, daily_pages"),
        "{said}"
    );
    let said = exits(&pipec(project.path(), &["run", "--only", "cleen"]), 3);
    assert!(said.contains("there is no transform `cleen`"), "{said}");
}

#[test]
fn what_an_engine_does_not_carry_is_skipped_by_name_and_the_rest_is_tested() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["fleet.pipe", "tests.pipe"] {
        let from = example("reference-architecture").join(name);
        fs::copy(from, folder.path().join(name)).unwrap();
    }
    let told = "sink told { to = sns { } }\ntransform tell : telemetry -> told {\n  engine = glue\n  group by device, at every 5 min { readings = count() }\n}\n";
    fs::write(folder.path().join("told.pipe"), told).unwrap();
    let filter = ["--filter", "no test has this title"];
    let said = |engine: &str| {
        let arguments = [&["test", "--engine", engine], &filter[..]].concat();
        // No test was run, which is never a success.
        exits(&pipec(folder.path(), &arguments), 1)
    };
    let lambda = said("lambda");
    let skipped = "skip  five_minutes: `group … every` is not supported on lambda yet (fleet.pipe:61)";
    assert!(lambda.contains(skipped), "{lambda}");
    assert!(!lambda.contains("error[P0690]"), "{lambda}");
    assert!(folder.path().join(".pipec/test/lambda/telemetry").is_dir());
    let spark = said("spark");
    let skipped = "skip  tell: writing a sink from a job of a stream is not supported on glue yet (told.pipe:2)";
    assert!(spark.contains(skipped), "{spark}");
    let jobs = folder.path().join(".pipec/test/glue");
    assert!(jobs.join("report.py").is_file() && !jobs.join("tell.py").exists());
}

#[test]
fn fixes_are_applied_where_they_are_sure_and_warnings_can_be_denied() {
    let project = clickstream();
    let text = || fs::read_to_string(project.path().join("clickstream.pipe")).unwrap();
    replace(
        project.path(),
        "  drop   user_id\n",
        "  dropp  user_id // allow P0318: it was once\n",
    );
    // The nearest name is a guess, and is not taken.
    let said = exits(&pipec(project.path(), &["check", "--fix"]), 1);
    assert!(said.contains("error[P0103]") && text().contains("dropp"), "{said}");
    let said = exits(&pipec(project.path(), &["check", "--fix-guesses"]), 0);
    assert!(
        said.contains("fixed clickstream.pipe:40: write `drop` (P0103)"),
        "{said}"
    );
    // That the comment silences nothing is said once everything else is right; and then mended too.
    assert!(said.contains("remove the comment (P0004)"), "{said}");
    assert!(text().contains("  drop  user_id\n"), "{}", text());
    replace(
        project.path(),
        "  drop  user_id\n",
        "  drop  user_id // allow P0318: it was once\n",
    );
    exits(&pipec(project.path(), &["check"]), 0);
    let said = exits(&pipec(project.path(), &["check", "--deny", "warnings"]), 1);
    assert!(said.contains("error[P0004]"), "{said}");
    exits(&pipec(project.path(), &["check", "--deny", "P0319"]), 0);
    exits(&pipec(project.path(), &["check", "--deny", "P0301"]), 2);
    exits(&pipec(project.path(), &["check", "--fix"]), 0);
    assert!(text().contains("  drop  user_id\n"), "{}", text());
}

#[test]
fn a_drawing_shows_what_rows_go_through() {
    let project = clickstream();
    let drawn = |more: &[&str]| exits(&pipec(project.path(), &[&["graph"], more].concat()), 0);
    let svg = drawn(&[]);
    assert!(
        svg.starts_with("<svg xmlns=") && svg.contains(">curated.daily_pages</text>"),
        "{svg}"
    );
    let mermaid = drawn(&["--format", "mermaid"]);
    let wanted = "flowchart LR\n  n0[/\"clicks\"/]\n  n1[(\"raw.clicks\")]\n  n2(\"clean\")\n";
    assert!(
        mermaid.starts_with(wanted) && mermaid.contains("  n2 --> n3\n"),
        "{mermaid}"
    );
    let dot = drawn(&["--format", "dot", "--level", "aws"]);
    assert!(
        dot.contains("[label = \"daily_pages\\naws_glue_job.daily_pages\", shape = ellipse]"),
        "{dot}"
    );
    let json: serde_json::Value = serde_json::from_str(&drawn(&["--format", "json"])).unwrap();
    assert_eq!(json["nodes"][5]["name"], "curated.daily_pages");
    assert_eq!(json["edges"].as_array().unwrap().len(), 5);
    // Only a graph is drawn, and only of what is right.
    let said = exits(&pipec(project.path(), &["check", "--format", "svg"]), 2);
    assert!(said.contains("only `pipec graph` draws"), "{said}");
    replace(project.path(), "sum(amount)", "sum(amont)");
    let said = exits(&pipec(project.path(), &["graph", "--format", "dot"]), 1);
    assert!(said.contains("`amont`") && !said.contains("digraph"), "{said}");
}

#[test]
fn a_difference_says_what_a_change_means() {
    let (old, new) = (clickstream(), clickstream());
    let path = |folder: &tempfile::TempDir| folder.path().to_str().unwrap().to_owned();
    let (before, now) = (path(&old), path(&new));
    let differ = |more: &[&str]| exits(&pipec(Path::new("/"), &[&["diff", &before, &now], more].concat()), 0);
    // Layout and remarks mean nothing.
    replace(new.path(), "  drop   user_id", "  // Not needed.\n  drop user_id");
    assert_eq!(differ(&[]), "no difference\n");
    replace(new.path(), "retain = 180 days", "retain = 90 days");
    replace(new.path(), "sum(amount)", "max(amount)");
    replace(new.path(), "amount < 100_000", "amount < 90_000");
    replace(
        new.path(),
        "columns [day, page, kind, amount]",
        "columns [day, page, kind]",
    );
    replace(new.path(), "shards = 2", "shards = 3");
    replace(
        new.path(),
        "    /// Distinct buyers, by pseudonym.\n    buyers  = count_distinct(buyer)\n",
        "",
    );
    replace(new.path(), ", buyers: 1", "");
    let said = differ(&[]);
    for wanted in [
        "data\n  ~ dataset curated.daily_pages\n      - column buyers: int\n",
        "      ~ expect: expect sane_amount : amount < 100_000 else quarantine -> expect sane_amount : amount < 90_000",
        "      ~ group revenue: sum(amount) -> max(amount)\n",
        "  ~ processed.clicks\n      ~ kept: 183 days -> 93 days\n",
        "access\n  ~ access analysts\n      - curated.daily_pages.buyers: all rows\n      - processed.clicks.amount: all rows\n",
        "cost\n  ~ all\n      ~ a month: ",
        "  ~ aws_kinesis_stream.clicks\n      ~ shard_count: 2 -> 3\n",
    ] {
        assert!(said.contains(wanted), "{wanted}\n{said}");
    }
    let json: serde_json::Value = serde_json::from_str(&differ(&["--format", "json"])).unwrap();
    assert_eq!(json["lifetime"][0]["change"], "changed");
    exits(&pipec(Path::new("/"), &["diff", &before]), 2);
    replace(new.path(), "max(amount)", "max(amont)");
    exits(&pipec(Path::new("/"), &["diff", &before, &now]), 1);
}

#[test]
fn tests_of_functions_have_their_scripts_and_say_why_others_are_left_out() {
    let folder = clickstream();
    fs::write(folder.path().join("score.py"), "print()\n").unwrap();
    let step = "run script \"score.py\" returns struct { click_id : uuid, day : date }";
    let more = [
        format!("transform live : clicks -> processed.live {{\n  {step}\n}}\n"),
        format!("/// Of a table.\ntransform later : processed.clicks -> curated.later {{\n  {step}\n}}\n"),
    ];
    fs::write(folder.path().join("more.pipe"), more.join("\n")).unwrap();
    // No test has this title: what tests would be run on is written, and nothing is built.
    let said = pipec(folder.path(), &["test", "--engine", "lambda", "--filter", "nothing"]);
    let said = exits(&said, 1);
    assert!(!said.contains("skip  live"), "{said}");
    let script = folder.path().join(".pipec/test/programs/live/score.py");
    assert_eq!(fs::read_to_string(script).unwrap(), "print()\n");
    let said = pipec(folder.path(), &["test", "--engine", "spark", "--filter", "nothing"]);
    let said = exits(&said, 1);
    assert!(
        said.contains("skip  later: `run script` is not supported on glue yet"),
        "{said}"
    );
}
