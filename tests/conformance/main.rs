//! One meaning on every engine: expressions and transforms that are made by chance, and the examples of every function, on
//! the embedded engine, in generated functions and in generated jobs, each beside a reference that walks the typed program.
//!
//! `cargo test` runs the embedded engine; the end-to-end tests run the others (`--ignored`), which need their tools.
//! `CONFORMANCE_SEED=N` makes others, `CONFORMANCE_CASES=N` and `CONFORMANCE_TRANSFORMS=N` more or fewer;
//! `UPDATE_CONFORMANCE=1` writes `figures.txt`.

#![allow(
    clippy::disallowed_methods,
    reason = "a test reads files, and what its author asks for"
)]

mod cases;
mod chance;
mod compare;
mod engines;
mod examples;
mod expressions;
mod figures;
mod grammar;
mod increments;
mod pipelines;
mod records;
mod reference;
mod shrink;
mod sql;
mod transforms;
mod unasked;
mod values;

use std::collections::BTreeSet;

use chance::Chance;
use engines::Engine;
use expressions::Expected;
use figures::Figures;
use transforms::Trial;

/// The seed where none is asked for.
const SEED: u64 = 20_260_101;
/// Rows that each expression is asked for.
const ROWS: usize = 12;

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn seed() -> u64 {
    let seed = asked("CONFORMANCE_SEED").unwrap_or(SEED);
    println!("CONFORMANCE_SEED={seed}");
    seed
}

fn expressions_on(engine: Engine, together: usize) {
    let mut chance = Chance::new(seed());
    let count = asked("CONFORMANCE_CASES").map_or(engine.expressions(), |count| count as usize);
    let written = cases::write(count, &mut chance);
    let columns = cases::columns(&written.program);
    let rows = (0..ROWS)
        .map(|number| values::row(&columns, number, &mut chance))
        .collect();
    let expected = Expected::new(&written, rows);
    let outcome = expected.on(engine, together);
    let mut figures = Figures::new(&format!("{count} expressions"), engine);
    figures.put("written", written.cases.len() + written.refused.len());
    figures.put("refused by the checker", written.refused.len());
    figures.put("refused by the engine", outcome.refused.len());
    figures.put("run", outcome.run);
    figures.put("of them turning rows away", outcome.rejecting);
    figures.put("rows compared", outcome.run * ROWS);
    figures.put(
        "functions called",
        cases::called(&outcome.carried(&written.cases)).len(),
    );
    let wrong: BTreeSet<usize> = outcome.differences.iter().map(|difference| difference.case).collect();
    if engine == Engine::Sql {
        figures.put("not asked beside something missing", outcome.unasked);
    }
    figures.put("different", wrong.len());
    figures.say(&outcome.refused);
    assert!(
        written.refused.len() * 50 < count,
        "the grammar writes too much that is wrong: {:#?}",
        &written.refused[..written.refused.len().min(5)]
    );
    for difference in &outcome.differences {
        let case = &written.cases[difference.case];
        println!(
            "different, in row {}: {}\n  came {}",
            difference.row, case.text, difference.came
        );
    }
    let smallest = shrink::expressions(&expected, engine, &outcome.differences);
    let texts: Vec<String> = smallest
        .iter()
        .map(|smallest| smallest.text(&expected, engine))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases differ; some of them:\n\n{}",
        wrong.len(),
        outcome.run,
        texts.join("\n")
    );
    figures.keep();
}

/// Transforms of what stands in a table, or of what arrives, each row for itself.
fn transforms_on(engine: Engine, input: &'static str) {
    let mut chance = Chance::new(seed());
    let arrives = input == ARRIVALS;
    let (prefix, what) = if arrives { ("s", "streams") } else { ("t", "transforms") };
    let usual = match (engine, arrives) {
        (Engine::Embedded, true) => ARRIVING,
        _ => engine.transforms(),
    };
    let count = asked("CONFORMANCE_TRANSFORMS").map_or(usual, |count| count as usize);
    let (pipelines, refused) = pipelines::write(cases::ROWS, input, prefix, count, &mut chance);
    let trials = pipelines.into_iter().map(|pipeline| Trial {
        pipeline,
        rows: match arrives {
            true => transforms::arrivals(false, &mut chance),
            false => transforms::rows(&mut chance),
        },
    });
    let trials: Vec<Trial> = trials.collect();
    let outcome = transforms::on(engine, &trials);
    let mut figures = Figures::new(&format!("{count} {what}"), engine);
    figures.put("written", trials.len());
    figures.put("steps refused by the checker", refused.len());
    figures.put("refused by the engine", outcome.refused.len());
    figures.put("run", outcome.run);
    figures.put("of them turning rows away", outcome.rejecting);
    figures.put("rows turned away", outcome.away);
    figures.put("of them failing, as they must", outcome.failing);
    figures.put("rows compared", outcome.rows);
    if engine == Engine::Sql {
        figures.put("answering what else is asked", outcome.unasked);
    }
    figures.put("different", outcome.differences.len());
    figures.say(&outcome.refused);
    for difference in &outcome.differences {
        let pipeline = &trials[difference.trial].pipeline;
        println!("different: {}{}", pipeline.text(), difference.text());
    }
    let smallest = shrink::trials(engine, &trials, &outcome.differences);
    let texts: Vec<String> = smallest.iter().map(|trial| shrink::text(engine, trial)).collect();
    assert!(
        outcome.differences.is_empty(),
        "{} of {} transforms differ; some of them:\n\n{}",
        outcome.differences.len(),
        outcome.run,
        texts.join("\n")
    );
    figures.keep();
}

/// Transforms of what arrives, as jobs: batches, windows, rows that wait for others.
fn streams_in_jobs() {
    let mut chance = Chance::new(seed());
    let count = asked("CONFORMANCE_STREAMS").map_or(STREAMS, |count| count as usize);
    let pipelines = pipelines::write_timed(&transforms::plain_head(), count, &mut chance).into_iter();
    let trials = pipelines.map(|pipeline| Trial {
        pipeline,
        rows: transforms::arrivals(true, &mut chance),
    });
    let trials: Vec<Trial> = trials.collect();
    let outcome = transforms::timed(&trials);
    let mut figures = Figures::new(&format!("{count} streams"), Engine::Jobs);
    figures.put("written", trials.len());
    figures.put("refused by the engine", outcome.refused.len());
    figures.put("run", outcome.run);
    figures.put("of them turning rows away", outcome.rejecting);
    figures.put("rows turned away", outcome.away);
    figures.put("rows compared", outcome.rows);
    figures.put("different", outcome.differences.len());
    figures.say(&outcome.refused);
    for difference in &outcome.differences {
        let pipeline = &trials[difference.trial].pipeline;
        println!("different: {}{}", pipeline.text(), difference.text());
    }
    assert!(
        outcome.differences.is_empty(),
        "some of {} transforms differ",
        outcome.run
    );
    assert!(
        outcome.rows > 0 && outcome.away > 0,
        "none of them gives a row, or turns one away"
    );
    figures.keep();
}

/// Streams that are written where no number is asked for.
const STREAMS: usize = 24;
/// Streams of which each row stands alone, on the embedded engine.
const ARRIVING: usize = 300;
/// What arrives.
const ARRIVALS: &str = "rows";
/// What stands in a table.
const TABLE: &str = "processed.base";

fn examples_on(engine: Engine) {
    let (scalar, over_rows) = examples::all();
    let written = cases::Written {
        cases: scalar,
        refused: Vec::new(),
        program: cases::program(cases::ROWS),
    };
    let columns = cases::columns(&written.program);
    let row = values::row(&columns, 0, &mut Chance::new(seed()));
    let expected = Expected::new(&written, vec![row]);
    let outcome = expected.on(engine, 100);
    let mut wrong: Vec<String> = outcome
        .differences
        .iter()
        .map(|difference| format!("{}: {}", written.cases[difference.case].text, difference.came))
        .collect();
    let mut figures = Figures::new("examples", engine);
    figures.put("of scalar functions", written.cases.len());
    figures.put("refused by the engine", outcome.refused.len());
    figures.put("run", outcome.run);
    figures.put("over rows", over_rows.len());
    let mut refused = outcome.refused;
    if engine != Engine::Functions {
        let more = examples::on(engine, &over_rows);
        figures.put("over rows, refused", more.refused.len());
        figures.put("over rows, run", more.run);
        wrong.extend(more.wrong);
        refused.extend(
            more.refused
                .into_iter()
                .map(|(place, why)| (place + written.cases.len(), why)),
        );
    }
    figures.put("not true", wrong.len());
    figures.say(&refused);
    assert!(
        wrong.is_empty(),
        "{} examples are not true:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    figures.keep();
}

#[test]
fn several_runs_leave_what_one_leaves() {
    let outcome = increments::run(&mut Chance::new(seed()));
    println!(
        "{} transforms in several runs, by mode: {:?}",
        outcome.run, outcome.modes
    );
    assert!(
        outcome.differences.is_empty(),
        "{} of {} transforms differ; some of them:\n\n{}",
        outcome.differences.len(),
        outcome.run,
        outcome.differences[..outcome.differences.len().min(6)].join("\n")
    );
    assert!(outcome.run >= 80 && outcome.modes.len() >= 5, "too few are right");
}

#[test]
fn examples_are_true_on_the_embedded_engine() {
    examples_on(Engine::Embedded);
}

#[test]
#[ignore = "builds generated functions"]
fn examples_are_true_in_functions() {
    examples_on(Engine::Functions);
}

#[test]
#[ignore = "needs PySpark"]
fn examples_are_true_in_jobs() {
    examples_on(Engine::Jobs);
}

#[test]
fn expressions_are_the_same_on_the_embedded_engine() {
    expressions_on(Engine::Embedded, 25);
}

#[test]
fn transforms_are_the_same_on_the_embedded_engine() {
    transforms_on(Engine::Embedded, TABLE);
}

#[test]
fn streams_are_the_same_on_the_embedded_engine() {
    transforms_on(Engine::Embedded, ARRIVALS);
}

#[test]
#[ignore = "builds generated functions"]
fn expressions_are_the_same_in_functions() {
    expressions_on(Engine::Functions, 100);
}

#[test]
#[ignore = "builds generated functions"]
fn streams_are_the_same_in_functions() {
    transforms_on(Engine::Functions, ARRIVALS);
}

#[test]
#[ignore = "needs PySpark"]
fn expressions_are_the_same_in_jobs() {
    expressions_on(Engine::Jobs, 50);
}

#[test]
#[ignore = "needs PySpark"]
fn transforms_are_the_same_in_jobs() {
    transforms_on(Engine::Jobs, TABLE);
}

#[test]
#[ignore = "needs PySpark"]
fn streams_are_the_same_in_jobs() {
    streams_in_jobs();
}

#[test]
#[ignore = "needs Trino and sqlglot"]
fn examples_are_true_in_sql() {
    examples_on(Engine::Sql);
}

#[test]
#[ignore = "needs Trino and sqlglot"]
fn expressions_are_the_same_in_sql() {
    expressions_on(Engine::Sql, 50);
}

#[test]
#[ignore = "needs Trino and sqlglot"]
fn transforms_are_the_same_in_sql() {
    transforms_on(Engine::Sql, TABLE);
}
