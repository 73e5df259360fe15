//! Generated transforms on an engine, beside the reference.

use std::collections::{BTreeMap, BTreeSet};

use pipec::check::program::Program;
use pipec::local::test::Came;
use pipec::plan::expr::Literal;
use pipec::plan::lower::lower;
use pipec::plan::types::{Column, TypeKind};
use pipec::plan::{Given, Input, Plan, Test};

use crate::cases::{ROWS, columns, own, program, run};
use crate::chance::Chance;
use crate::compare::same;
use crate::engines::Engine;
use crate::pipelines::{Pipeline, checked};
use crate::records;
use crate::reference::{self, World};
use crate::values::row;

/// How near floats must be that were added up in any order.
const NEAR: f64 = 1e-9;

/// How many rows of a difference are shown.
const SHOWN: usize = 3;

/// Rows of everything that a transform may read, by the name of the dataset; in the columns of the platform.
pub type Rows = BTreeMap<String, Vec<Vec<(String, Literal)>>>;

/// A transform with its rows.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The transform.
    pub pipeline: Pipeline,
    /// Its rows.
    pub rows: Rows,
}

/// A transform of which an engine makes something else.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The trial's place.
    pub trial: usize,
    /// What the reference makes of it.
    pub wanted: Result<reference::Result, String>,
    /// What came.
    pub came: Result<Came, String>,
    /// The columns of both.
    pub columns: Vec<String>,
}

impl Difference {
    /// What differs: whole rows would hide a single value.
    pub fn text(&self) -> String {
        let (wanted, came) = match (&self.wanted, &self.came) {
            (Ok(wanted), Ok(came)) => (wanted, came),
            (Ok(wanted), Err(error)) => return format!("  wanted {} rows, came {error}\n", wanted.rows.len()),
            (Err(error), Ok(came)) => return format!("  wanted {error}, came {} rows\n", came.rows.len()),
            (Err(_), Err(_)) => return String::new(),
        };
        let mut text = format!(
            "  wanted {} rows and {} turned away, came {} and {}\n",
            wanted.rows.len(),
            wanted.reasons.len(),
            came.rows.len(),
            came.reasons.len()
        );
        let without = |row: &&Vec<Literal>, others: &[Vec<Literal>]| !others.iter().any(|other| alike(row, other));
        let left: Vec<_> = came.rows.iter().filter(|row| without(row, &wanted.rows)).collect();
        for row in wanted.rows.iter().filter(|row| without(row, &came.rows)).take(SHOWN) {
            let differing = |other: &&&Vec<Literal>| row.iter().zip(**other).filter(|(one, two)| one != two).count();
            let Some(nearest) = left.iter().min_by_key(differing) else {
                text += &format!("  no row {row:?}\n");
                continue;
            };
            for (column, (one, two)) in self.columns.iter().zip(row.iter().zip(*nearest)) {
                if !same(one, two, NEAR) {
                    text += &format!("  {column}: wanted {one:?}, came {two:?}\n");
                }
            }
        }
        text
    }
}

/// What came of an engine's run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Trials that it carries.
    pub run: usize,
    /// Of them those in which rows are turned away.
    pub rejecting: usize,
    /// How many rows are turned away.
    pub away: usize,
    /// Of them those whose run fails, as it must.
    pub failing: usize,
    /// Rows that were compared.
    pub rows: usize,
    /// What it refuses, and why.
    pub refused: BTreeMap<usize, String>,
    /// Queries that answer without computing what would turn a row away.
    pub unasked: usize,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// Rows by chance: most of them such that sums of them fit.
pub fn rows(chance: &mut Chance) -> Rows {
    let all = columns(&program(ROWS));
    let count = chance.pick(&[0, 1, 2, 5, 12, 12, 25, 40]);
    let base = mild(&all, count, chance);
    let again = chance.pick(&[0, 3, 8]);
    let again = mild(&all, again, chance);
    let mut extra = Vec::new();
    for source in mild(&all, 10, chance) {
        let read = |name: &str| {
            source
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
                .unwrap_or(Literal::Null)
        };
        let names = [
            ("number", "id"),
            ("day", "day"),
            ("word", "s1"),
            ("amount", "i2"),
            ("color", "c1"),
            ("price", "d2"),
            ("seen", "at"),
        ];
        extra.push(
            names
                .iter()
                .map(|(name, from)| ((*name).to_owned(), read(from)))
                .collect(),
        );
    }
    BTreeMap::from([
        ("base".to_owned(), base),
        ("again".to_owned(), again),
        ("extra".to_owned(), extra),
    ])
}

/// Rows by chance as records of a stream: some are none, and where they are waited for, some come behind their time.
pub fn arrivals(timed: bool, chance: &mut Chance) -> Rows {
    let mut all = rows(chance);
    if let Some(arriving) = all.get_mut("base") {
        if timed && chance.percent(50) {
            // What comes in order comes in several batches.
            let time = |row: &Vec<(String, Literal)>| {
                row.iter().find_map(|(name, value)| match value {
                    Literal::Timestamp(at) if name == "at" => Some(*at),
                    _ => None,
                })
            };
            arriving.sort_by_key(time);
        }
        records::break_some(arriving, timed, chance);
    }
    all
}

fn mild(all: &[Column], count: usize, chance: &mut Chance) -> Vec<Vec<(String, Literal)>> {
    let mut found = Vec::new();
    for number in 0..count {
        let mut values = row(all, number + 2, chance);
        for (column, value) in all.iter().zip(&mut values) {
            let extreme = chance.percent(3);
            match value {
                _ if extreme => {}
                Literal::Int(large) if !(-1_000..=1_000).contains(large) && column.name != "id" => {
                    *value = Literal::Int(*large % 7)
                }
                Literal::Float(large) if large.abs() > 1e6 || large.abs() < 1e-6 => *value = Literal::Float(0.25),
                Literal::Decimal { unscaled, scale } => {
                    let (unscaled, scale) = (*unscaled % (10_i128.pow(u32::from(*scale)) * 1_000), *scale);
                    *value = Literal::Decimal { unscaled, scale };
                }
                // Few texts, so that groups and joins find some.
                Literal::Text(_) if column.ty.kind == TypeKind::Text && chance.percent(60) => {
                    *value = Literal::Text(chance.one(&["", "a", "b", "Straße"]).to_owned())
                }
                _ => {}
            }
            if column.name == "at" && chance.percent(60) {
                *value = Literal::Timestamp(1_767_225_600_000_000 + chance.below(12) as i64 * 1_000_000);
            }
            if column.name == "day" {
                *value = Literal::Date(20_454 + chance.below(2) as i32);
            }
        }
        found.push(all.iter().map(|column| column.name.clone()).zip(values).collect());
    }
    found
}

/// The platform with the columns of rows that an engine carries.
pub fn head(engine: Engine, carried: &BTreeSet<String>) -> String {
    let kept = ROWS.lines().filter(|line| match line.split_once(" : ") {
        Some((name, _)) if line.starts_with("  ") => carried.contains(name.trim()),
        _ => true,
    });
    let kept: Vec<String> = kept.map(|line| engine.formatted(line)).collect();
    kept.join("\n") + "\n"
}

/// Runs what an engine carries of some trials.
pub fn on(engine: Engine, trials: &[Trial]) -> Outcome {
    let mut outcome = Outcome::default();
    let head = head(engine, &engine.columns(&columns(&program(ROWS))));
    let mut places: Vec<usize> = (0..trials.len()).collect();
    let Some((program, plan)) = carried(engine, &head, trials, &mut places, &mut outcome.refused) else {
        return outcome;
    };
    let mut plan = plan;
    plan.tests = places.iter().map(|place| test_of(&plan, &trials[*place])).collect();
    let came = engine.run(&plan);
    outcome.run = places.len();
    let (own, run) = (own(&program), run());
    for ((place, test), came) in places.iter().zip(&plan.tests).zip(came) {
        let transform = plan.transform(&test.transform).expect("the transform of the test");
        let given = |input: &Input| test.rows(input).to_vec();
        let world = World {
            given: &given,
            own: &own,
            run: &run,
        };
        let wanted = reference::run(transform, &world);
        match &wanted {
            Ok(wanted) => {
                outcome.rows += wanted.rows.len();
                outcome.rejecting += usize::from(!wanted.reasons.is_empty());
                outcome.away += wanted.reasons.len();
            }
            Err(_) => outcome.failing += 1,
        }
        if engine == Engine::Sql && came.is_ok() && wanted.as_ref().is_ok_and(|wanted| !wanted.reasons.is_empty()) {
            outcome.unasked += 1;
            continue;
        }
        if !agree(engine, &wanted, &came) {
            let last = transform.steps.last();
            let columns = last.map_or(&transform.input_columns, |step| &step.columns);
            outcome.differences.push(Difference {
                trial: *place,
                columns: columns.iter().map(|column| column.name.clone()).collect(),
                wanted,
                came,
            });
        }
    }
    outcome
}

/// The platform with a few of the columns of rows: every record of every batch is read as all of them.
pub fn plain_head() -> String {
    let plain = [
        "id", "at", "day", "b1", "i1", "i2", "f1", "d1", "d2", "s1", "s2", "c1", "ls",
    ];
    head(Engine::Jobs, &plain.map(str::to_owned).into())
}

/// Runs what jobs carry of trials of what arrives: the embedded engine says what must come.
pub fn timed(trials: &[Trial]) -> Outcome {
    let mut outcome = Outcome::default();
    let (engine, head) = (Engine::Jobs, plain_head());
    let mut places: Vec<usize> = (0..trials.len()).collect();
    let Some((_, mut plan)) = carried(engine, &head, trials, &mut places, &mut outcome.refused) else {
        return outcome;
    };
    plan.tests = places.iter().map(|place| test_of(&plan, &trials[*place])).collect();
    outcome.run = places.len();
    let wanted = Engine::Embedded.run(&plan);
    for ((place, wanted), came) in places.iter().zip(wanted).zip(engine.run(&plan)) {
        told(&plan, &trials[*place].pipeline.name, &wanted);
        let wanted = wanted.map(|came| reference::Result {
            rows: came.rows,
            reasons: came.reasons,
        });
        match &wanted {
            Ok(wanted) => {
                outcome.rows += wanted.rows.len();
                outcome.rejecting += usize::from(!wanted.reasons.is_empty());
                outcome.away += wanted.reasons.len();
            }
            Err(_) => outcome.failing += 1,
        }
        if !agree(engine, &wanted, &came) {
            let columns = plan
                .transform(&trials[*place].pipeline.name)
                .and_then(|transform| transform.steps.last());
            let columns = columns.map_or(&[][..], |step| &step.columns);
            outcome.differences.push(Difference {
                trial: *place,
                columns: columns.iter().map(|column| column.name.clone()).collect(),
                wanted,
                came,
            });
        }
    }
    outcome
}

/// Holds that what is turned away has those reasons among others for which records are no rows.
fn told(plan: &Plan, name: &str, came: &Result<Came, String>) {
    let (Some(transform), Ok(came)) = (plan.transform(name), came) else {
        return;
    };
    let test = plan.tests.iter().find(|test| test.transform == name);
    let rows = test.map_or(&[][..], |test| test.rows(&transform.input));
    let mut left = came.reasons.clone();
    for reason in rows
        .iter()
        .filter_map(|row| records::reason(&transform.input_columns, row))
    {
        let at = left.iter().position(|other| *other == reason);
        left.swap_remove(at.unwrap_or_else(|| panic!("{name} does not turn away for `{reason}`")));
    }
}

/// The program and plan of those trials that an engine carries; `places` says which these are.
fn carried(
    engine: Engine,
    head: &str,
    trials: &[Trial],
    places: &mut Vec<usize>,
    refused: &mut BTreeMap<usize, String>,
) -> Option<(Program, Plan)> {
    loop {
        let pipelines: Vec<Pipeline> = places.iter().map(|place| trials[*place].pipeline.clone()).collect();
        if pipelines.is_empty() {
            return None;
        }
        let (program, mut wrong) = checked(head, &pipelines);
        if let Some(program) = program {
            let lowered = lower(&program, engine.scope());
            for said in lowered.not_yet.iter().chain(&lowered.diagnostics) {
                let inside = |(_, pipeline): &(usize, &Pipeline)| {
                    let found = program
                        .transforms
                        .iter()
                        .find(|transform| transform.item.name == pipeline.name);
                    found.is_some_and(|found| {
                        found.span.start <= said.primary.span.start && said.primary.span.start < found.span.end
                    })
                };
                let (at, _) = pipelines
                    .iter()
                    .enumerate()
                    .find(inside)
                    .unwrap_or_else(|| panic!("{}", said.message));
                wrong.entry(at).or_insert_with(|| said.message.clone());
            }
            if let Some(plan) = lowered.plan.filter(|_| wrong.is_empty()) {
                return Some((program, plan));
            }
        }
        assert!(!wrong.is_empty(), "no plan, and nothing is said");
        for (at, why) in &wrong {
            refused.insert(places[*at], why.clone());
        }
        let mut at = 0;
        places.retain(|_| {
            at += 1;
            !wrong.contains_key(&(at - 1))
        });
    }
}

/// The trial's rows for everything that its transform may read.
fn test_of(plan: &Plan, trial: &Trial) -> Test {
    let transform = plan
        .transform(&trial.pipeline.name)
        .expect("the transform of the trial");
    let given = |input: Input, columns: &[Column], rows: &str| Given {
        input,
        rows: trial.rows[rows].iter().map(|row| in_columns(row, columns)).collect(),
    };
    let mut all = Vec::new();
    if let Input::Stream(_) = &transform.input {
        all.push(given(transform.input.clone(), &transform.input_columns, "base"));
    }
    for (id, dataset) in &plan.datasets {
        if let "base" | "again" | "extra" = id.name.as_str() {
            all.push(given(Input::Table(id.clone()), &dataset.columns, &id.name));
        }
    }
    Test {
        title: transform.name.clone(),
        transform: transform.name.clone(),
        given: all,
        expect: Some(Vec::new()),
        expect_rejected: None,
        span: transform.span,
    }
}

fn in_columns(row: &[(String, Literal)], columns: &[Column]) -> Vec<Literal> {
    let value = |column: &Column| {
        row.iter()
            .find(|(name, _)| *name == column.name)
            .map(|(_, value)| value.clone())
    };
    columns
        .iter()
        .map(|column| value(column).unwrap_or(Literal::Null))
        .collect()
}

/// The same rows in any order, and the same reasons; or both fail. A query fails where a row would be turned away.
pub fn agree(engine: Engine, wanted: &Result<reference::Result, String>, came: &Result<Came, String>) -> bool {
    let (wanted, came) = match (wanted, came) {
        (Ok(wanted), Ok(came)) => (wanted, came),
        (Err(_), Err(_)) => return true,
        (Ok(wanted), Err(_)) if engine == Engine::Sql => return !wanted.reasons.is_empty(),
        _ => return false,
    };
    let sorted = |reasons: &[String]| {
        let mut reasons = reasons.to_vec();
        reasons.sort();
        reasons
    };
    if sorted(&wanted.reasons) != sorted(&came.reasons) || wanted.rows.len() != came.rows.len() {
        return false;
    }
    let mut open: Vec<&Vec<Literal>> = came.rows.iter().collect();
    wanted.rows.iter().all(|row| {
        let found = open.iter().position(|other| alike(row, other));
        found.map(|at| open.swap_remove(at)).is_some()
    })
}

fn alike(row: &[Literal], other: &[Literal]) -> bool {
    other.len() == row.len() && row.iter().zip(other).all(|(one, other)| same(one, other, NEAR))
}
