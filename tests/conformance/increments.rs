//! Transforms by chance over samples that come in several parts: runs that add part after part must leave what one run over
//! all of them leaves, whatever the mode, the steps and the views between.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pipec::base::Memory;
use pipec::diag::Severity;
use pipec::local::{self, Inputs, canonical, read_rows};
use pipec::plan::expr::Literal;
use pipec::plan::lower::{Scope, lower};
use pipec::plan::{Plan, Writer};
use pipec::{Options, compile};
use pipec_runtime::Timestamp;

use crate::chance::Chance;
use crate::pipelines::{self, Pipeline};

/// The platform around the transforms.
const HEAD: &str = include_str!("increments.pipe");
/// Parts of each source's sample.
const PARTS: usize = 4;
/// Records of a part.
const RECORDS: usize = 45;
/// The time of all runs: `now()` is no difference.
const AT: Timestamp = Timestamp(1_772_700_000_000_000);
/// Where transforms read, and how many of each there are: of any steps, and of steps that look at each row alone.
const INPUTS: [(&str, usize, usize); 5] = [
    ("rows", 0, 20),
    ("processed.base", 36, 24),
    ("seen", 20, 12),
    ("raw.files", 24, 24),
    ("raw.list", 12, 0),
];
/// What stands behind a target, and what its block begins with. A merge forgets no key, so what is made of rows that later
/// ones take back would stay in it; of rows that each stand alone nothing is taken back.
const ANY: [(&str, &str); 3] = [
    ("", ""),
    ("", "  partition = [day]\n"),
    (" overwrite", "  partition = [day]\n"),
];
const ALONE: [(&str, &str); 3] = [
    (" append", ""),
    (" merge by id", "  format = iceberg\n"),
    (" history by id", "  format = iceberg\n"),
];

/// What the runs came to.
pub struct Outcome {
    /// Transforms that ran.
    pub run: usize,
    /// Of them, by the mode that they are written in.
    pub modes: BTreeMap<&'static str, usize>,
    /// Where the runs left something else than the one did.
    pub differences: Vec<String>,
}

/// Writes transforms, and samples, and compares.
pub fn run(chance: &mut Chance) -> Outcome {
    let (plan, texts) = platform(chance);
    let samples = parts(chance);
    let folder = tempfile::tempdir().expect("a folder");
    let (one, several) = (folder.path().join("one"), folder.path().join("several"));
    let inputs = Inputs {
        folder: folder.path().join("samples"),
    };
    for part in 0..PARTS {
        put(&inputs.folder, part, &samples);
        add(&plan, &inputs, &several);
    }
    // What has nothing new to read changes nothing.
    add(&plan, &inputs, &several);
    let options = local::Options {
        at: Some(AT),
        ..Default::default()
    };
    local::run(&plan, &inputs, &one, &options).expect("one run");
    let mut modes = BTreeMap::new();
    for (_, mode) in &texts {
        *modes.entry(*mode).or_default() += 1;
    }
    Outcome {
        run: texts.len(),
        modes,
        differences: differences(&plan, &texts, &one, &several),
    }
}

fn add(plan: &Plan, inputs: &Inputs, out: &Path) {
    let options = local::Options {
        add: true,
        at: Some(AT),
        ..Default::default()
    };
    local::run(plan, inputs, out, &options)
        .unwrap_or_else(|error| panic!("{}: {}", alone(plan, inputs), error.message));
}

/// The first transform that fails alone.
fn alone(plan: &Plan, inputs: &Inputs) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let generated = |name: &str| name.starts_with('t') && name.contains(['x', 'y']);
    let names = plan
        .transforms
        .iter()
        .map(|transform| &transform.name)
        .filter(|name| generated(name));
    let fails = |name: &&String| {
        let mut plan = plan.clone();
        plan.transforms
            .retain(|transform| transform.name == **name || !generated(&transform.name));
        local::run(&plan, inputs, &folder.path().join("one"), &local::Options::default()).is_err()
    };
    names.into_iter().find(fails).cloned().unwrap_or_default()
}

/// The platform with all transforms that the checker and the engine take; each as written, with its mode.
fn platform(chance: &mut Chance) -> (Plan, Vec<(String, &'static str)>) {
    let mut texts = Vec::new();
    for (number, (input, any, alone)) in INPUTS.into_iter().enumerate() {
        for (letter, steps, count, modes) in [("x", input, any, ANY), ("y", "rows", alone, ALONE)] {
            let (written, _) = pipelines::write(HEAD, steps, &format!("t{number}{letter}"), count, chance);
            // What has landed is numbered by where it stands, and that changes while more lands.
            let numbered = |pipeline: &Pipeline| input.starts_with("raw.") && pipeline.text().contains("_seq");
            for mut pipeline in written.into_iter().filter(|pipeline| !numbered(pipeline)) {
                pipeline.input = input;
                let (mode, settings) = if input == "rows" { ANY[0] } else { chance.pick(&modes) };
                let name = if settings.contains("day") && mode.is_empty() {
                    " by day"
                } else {
                    mode
                };
                texts.push((text(&pipeline, mode, settings), name));
            }
        }
    }
    loop {
        let whole: Vec<&str> = std::iter::once(HEAD)
            .chain(texts.iter().map(|(text, _)| text.as_str()))
            .collect();
        let whole = whole.join("\n");
        let compilation = compile(&Memory::new([("main.pipe", whole.as_str())]), &Options::default());
        let lowered = compilation
            .program
            .as_ref()
            .map(|program| lower(program, Scope::Embedded));
        let refused = lowered
            .iter()
            .flat_map(|lowered| lowered.not_yet.iter().chain(&lowered.diagnostics));
        let said = compilation.diagnostics.iter().chain(refused);
        let wrong = said.filter(|said| said.severity == Severity::Error);
        let lines = wrong.map(|said| {
            compilation
                .sources
                .get(said.primary.span.file)
                .line_column(said.primary.span.start)
                .line
        });
        let lines: Vec<usize> = lines.collect();
        if lines.is_empty() {
            return (lowered.and_then(|lowered| lowered.plan).expect("a plan"), texts);
        }
        let mut line = HEAD.lines().count() + 1;
        let before = texts.len();
        texts.retain(|(text, _)| {
            let next = line + text.lines().count() + 1;
            let own = line..next;
            line = next;
            !lines.iter().any(|line| own.contains(line))
        });
        assert!(
            texts.len() < before,
            "the platform itself is wrong: {:?}",
            compilation.diagnostics
        );
    }
}

fn text(pipeline: &Pipeline, mode: &str, settings: &str) -> String {
    let name = &pipeline.name;
    let text = pipeline.text();
    let target = format!("-> curated.{name} {{\n");
    text.replace(&target, &format!("-> curated.{name}{mode} {{\n{settings}"))
}

/// The lines of each part, by source.
fn parts(chance: &mut Chance) -> BTreeMap<&'static str, Vec<Vec<String>>> {
    let mut sources = BTreeMap::new();
    for source in ["rows", "files", "list", "changes"] {
        let mut own: Vec<Vec<String>> = Vec::new();
        for part in 0..PARTS {
            let mut lines = Vec::new();
            for number in 0..RECORDS {
                lines.push(line(source, part, number, chance));
                // Delivered again, now or with a later part.
                if chance.percent(6) {
                    let again = own.iter().flatten().next_back().unwrap_or(&lines[0]).clone();
                    lines.push(again);
                }
            }
            own.push(lines);
        }
        sources.insert(source, own);
    }
    sources
}

/// One record as its source sends it; some are broken, some late.
fn line(source: &str, part: usize, number: usize, chance: &mut Chance) -> String {
    const MICROS: i64 = 1_000_000;
    if source != "changes" && chance.percent(3) {
        return chance
            .one(&["{", "[1]", "{\"id\":1}", "{\"id\":\"x\",\"at\":0}"])
            .to_owned();
    }
    let hours = |count: i64| count * 3_600 * MICROS;
    let arrived = 1_772_400_000 * MICROS + hours(14 * part as i64) + number as i64 * 600 * MICROS;
    let behind = if chance.percent(5) {
        hours(30)
    } else {
        chance.below(20) as i64 * 1_800 * MICROS
    };
    let event = Timestamp(arrived - behind);
    let instant = |at: Timestamp| canonical(&Literal::Timestamp(at.0)).expect("a text");
    let day = String::from_utf8_lossy(&event.date().text()).into_owned();
    let id = chance.below(25);
    let (i1, s1) = (chance.below(6) as i64 - 1, chance.one(&["a", "b", "Straße", "", "a,b"]));
    let mut line = format!(
        "{{\"id\":{id},\"at\":\"{}\",\"day\":\"{day}\",\"i1\":{i1},\"s1\":\"{s1}\"",
        instant(event)
    );
    if source == "changes" {
        let kind = chance.one(&["I", "U", "U", "U", "D"]);
        return format!(
            "{line},\"Op\":\"{kind}\",\"_arrived\":\"{}\"}}",
            instant(Timestamp(arrived))
        );
    }
    line += &format!(
        ",\"b1\":{},\"d1\":{}.{:02}",
        chance.percent(50),
        chance.below(40),
        chance.below(100)
    );
    for (name, often) in [("i2", 60), ("d2", 60), ("s2", 60)] {
        if chance.percent(often) {
            let value = chance.below(9);
            line += &match name {
                "s2" => format!(",\"s2\":\"w{value}\""),
                name => format!(",\"{name}\":{value}"),
            };
        }
    }
    let list: Vec<String> = (0..chance.below(4))
        .map(|_| format!("\"x{}\"", chance.below(3)))
        .collect();
    let color = chance.one(&["red", "green", "blue"]);
    format!(
        "{line},\"c1\":\"{color}\",\"ls\":[{}],\"_arrived\":\"{}\"}}",
        list.join(","),
        instant(Timestamp(arrived))
    )
}

fn put(folder: &Path, part: usize, samples: &BTreeMap<&'static str, Vec<Vec<String>>>) {
    for (source, parts) in samples {
        let below = folder.join(source);
        fs::create_dir_all(&below).expect("a folder");
        let text = parts[part].join("\n") + "\n";
        fs::write(below.join(format!("part-{part}.jsonl")), text).expect("a file");
    }
}

/// The rows of every dataset, sorted; floats to nine digits, since sums of them are added in any order.
fn rows(plan: &Plan, out: &Path) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for dataset in plan.datasets.values() {
        let Writer::Transform(name) = &dataset.writer else {
            continue;
        };
        let folder = out.join(&dataset.id.zone).join(&dataset.id.name);
        let rows = read_rows(dataset, &folder).unwrap_or_else(|error| panic!("{name}: {}", error.message));
        let value = |(column, value): &(String, Literal)| match value {
            Literal::Float(value) => format!("{column}={value:.9e}"),
            value => format!("{column}={}", canonical(value).unwrap_or("-".into())),
        };
        let line = |row: &Vec<(String, Literal)>| row.iter().map(value).collect::<Vec<_>>().join(" ");
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.sort();
        found.insert(name.clone(), lines);
    }
    found
}

fn differences(plan: &Plan, texts: &[(String, &str)], one: &Path, several: &Path) -> Vec<String> {
    let (one, several) = (rows(plan, one), rows(plan, several));
    let mut found = Vec::new();
    for (name, wanted) in &one {
        let came = several.get(name).cloned().unwrap_or_default();
        if came == *wanted {
            continue;
        }
        let without = |of: &[String], other: &[String]| {
            let missing = of.iter().find(|line| !other.contains(line));
            missing.cloned().unwrap_or_else(|| "as often as the other".to_owned())
        };
        let text = texts
            .iter()
            .find(|(text, _)| text.contains(&format!("transform {name} :")));
        found.push(format!(
            "{name}: {} rows of one run, {} of several\n  one run:      {}\n  several runs: {}\n{}",
            wanted.len(),
            came.len(),
            without(wanted, &came),
            without(&came, wanted),
            text.map_or("", |(text, _)| text),
        ));
    }
    found
}
