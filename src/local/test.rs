//! A platform's `test` items: rows in, the transform, and whether what came out is what was said.
//!
//! [`judge`] decides for every engine alike; [`run_tests`] runs the embedded one.

use std::fmt;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Array, AsArray, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::TimestampMicrosecondType;

use super::batch::Batch;
use super::chain::Chain;
use super::error::{Fault, RunError};
use super::feed::source_of;
use super::lambda::rows::line;
use super::lines::{Arrivals, Chunk, Decoder, Lines};
use super::objects::Store;
use super::pipeline::{Around, Feeds, Origin, Pipeline, Sink, Taker};
use super::steps::{ARRIVED, SEQUENCE};
use super::value::{array_of, canonical, literal_at};
use crate::base::Span;
use crate::plan::expr::Literal;
use crate::plan::types::Column;
use crate::plan::{Input, Plan, Source, Test, Transform};
use pipec_runtime::Timestamp;

/// What came of one test.
#[derive(Clone, Debug)]
pub struct TestResult {
    /// The test's title.
    pub title: String,
    /// The transform.
    pub transform: String,
    /// Where the test stands.
    pub span: Span,
    /// Whether it holds, or why it could not be run.
    pub verdict: Result<Verdict, RunError>,
    /// What came; nothing where it could not be run.
    pub came: Came,
    /// How long it took.
    pub elapsed: Duration,
}

/// What a transform made of a test's rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Came {
    /// With all columns of the result, in order.
    pub rows: Vec<Vec<Literal>>,
    /// Why rows were turned away: a reason for each.
    pub reasons: Vec<String>,
}

impl TestResult {
    /// Judges what came; `columns` are those of the result.
    pub(super) fn new(test: &Test, columns: &[Column], came: Result<Came, RunError>, elapsed: Duration) -> TestResult {
        let (verdict, came) = match came {
            Ok(came) => (Ok(judge(test, columns, &came.rows, came.reasons.len() as u64)), came),
            Err(error) => (Err(error), Came::default()),
        };
        TestResult {
            title: test.title.clone(),
            transform: test.transform.clone(),
            span: test.span,
            verdict,
            came,
            elapsed,
        }
    }

    /// Whether the test ran and holds.
    pub fn passed(&self) -> bool {
        self.verdict.as_ref().is_ok_and(Verdict::passed)
    }
}

/// How what came differs from what was said; prints a line for each difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Expected rows that did not come, as an author would write them.
    pub missing: Vec<String>,
    /// Rows that came and were not expected, in the columns that the test speaks of.
    pub unexpected: Vec<String>,
    /// How many rows should have been turned away and how many were, where that differs.
    pub rejected: Option<(u64, u64)>,
}

impl Verdict {
    /// Whether there is no difference.
    pub fn passed(&self) -> bool {
        *self == Verdict::default()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        lines.extend(self.missing.iter().map(|row| format!("- expected {row}")));
        lines.extend(self.unexpected.iter().map(|row| format!("+ came     {row}")));
        if let Some((expected, came)) = self.rejected {
            lines.push(format!("expected {expected} rejected, {came} came"));
        }
        f.write_str(&lines.join("\n"))
    }
}

/// Runs the tests whose title or transform contains the filter, on the embedded engine; `project` is the folder of the
/// project's own programs.
pub fn run_tests(plan: &Plan, project: &Path, filter: Option<&str>) -> Vec<TestResult> {
    let wanted = |test: &&Test| filter.is_none_or(|text| test.title.contains(text) || test.transform.contains(text));
    let tests = plan.tests.iter().filter(wanted);
    tests.map(|test| run_test(plan, project, test)).collect()
}

fn run_test(plan: &Plan, project: &Path, test: &Test) -> TestResult {
    let started = Instant::now();
    let Some(transform) = plan.transform(&test.transform) else {
        let error = RunError::new(
            Fault::Unsupported,
            format!("there is no transform `{}`", test.transform),
        );
        return TestResult::new(test, &[], Err(error), started.elapsed());
    };
    let came = run_rows(plan, project, transform, test);
    TestResult::new(test, result_columns(transform), came, started.elapsed())
}

/// The columns after the last step.
pub(super) fn result_columns(transform: &Transform) -> &[Column] {
    let last = transform.steps.last();
    last.map_or(&transform.input_columns, |step| &step.columns)
}

/// Runs a transform on typed rows, each with all of its input's columns in order: a stream's checks apply.
pub(super) fn run_rows(plan: &Plan, project: &Path, transform: &Transform, test: &Test) -> Result<Came, RunError> {
    let given = Given { plan, project, test };
    let steps = (&transform.input, &transform.input_columns, &transform.steps[..]);
    let chain = Chain::new(plan, steps, None, &|view| given.given(view));
    let mut memory = Memory {
        columns: result_columns(transform),
        came: Came::default(),
    };
    Pipeline::new(Around { plan, feeds: &given }, chain)?.run(&mut memory)?;
    Ok(memory.came)
}

/// The rows of a test.
struct Given<'p> {
    plan: &'p Plan,
    project: &'p Path,
    test: &'p Test,
}

impl Feeds for Given<'_> {
    fn feed(&self, chain: &Chain<'_>, take: &mut Taker<'_>) -> Result<(), RunError> {
        let rows = self.test.rows(chain.input);
        if let Input::Stream(name) = chain.input
            && let Some(source) = self.plan.source(name)
        {
            return decode(source, rows, chain.arrivals, take);
        }
        let own = chain.came(self.plan, 0);
        let mut columns = Vec::new();
        for (at, column) in own.iter().enumerate() {
            let values: Vec<&Literal> = rows.iter().map(|row| row.get(at).unwrap_or(&Literal::Null)).collect();
            columns.push((column.name.clone(), array_of(&column.ty.kind, &values)?));
        }
        let event_time = own.iter().find(|column| column.event_time);
        let event_time = event_time.map(|column| column.name.as_str());
        let mut batch = Batch::new(columns, rows.len());
        if source_of(self.plan, chain.input).is_some() {
            arrive(&mut batch, event_time)?;
        }
        take(batch.clone(), &[], Origin::Rows(&batch, event_time))
    }

    fn given(&self, view: &Input) -> bool {
        self.test.given.iter().any(|given| given.input == *view)
    }

    /// What is asked of rows that came is asked of those that are given, too.
    fn source(&self, input: &Input) -> Option<&Source> {
        source_of(self.plan, input)
    }

    fn project(&self) -> &Path {
        self.project
    }

    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn store(&self) -> Store {
        Store::default()
    }
}

/// Rows that arrive are read as records are, on every engine: what is no row of its schema is turned away.
fn decode(source: &Source, rows: &[Vec<Literal>], numbered: bool, take: &mut Taker<'_>) -> Result<(), RunError> {
    let columns: Vec<Column> = source.schema.fields.iter().map(|field| field.column.clone()).collect();
    let text: Vec<u8> = rows.iter().flat_map(|row| line(&columns, row)).collect();
    let mut lines = Lines::of_text(PathBuf::from(&source.name), Box::new(Cursor::new(text)));
    let arrivals = Arrivals {
        numbered,
        ..Arrivals::default()
    };
    let mut decoder = Decoder::of(source, arrivals);
    let mut chunk = Chunk::default();
    while lines.next(&mut chunk)? {
        let (batch, away) = decoder.decode(&mut chunk)?;
        take(batch, &away, Origin::Lines(&chunk))?;
    }
    Ok(())
}

/// Rows of tests arrive in the order in which they are written, each at its event time.
fn arrive(batch: &mut Batch, event_time: Option<&str>) -> Result<(), RunError> {
    let rows = batch.rows();
    let times = event_time.map(|name| batch.column(name).cloned()).transpose()?;
    let times = times
        .as_ref()
        .and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
    let instant = |row: usize| {
        times
            .filter(|times| times.is_valid(row))
            .map_or(0, |times| times.value(row))
    };
    let arrived = TimestampMicrosecondArray::from_iter_values((0..rows).map(instant)).with_timezone("UTC");
    let numbers = StringArray::from_iter_values((0..rows).map(|row| format!("{row:020}")));
    batch.set(ARRIVED, Arc::new(arrived));
    batch.set(SEQUENCE, Arc::new(numbers));
    Ok(())
}

/// Rows kept as literals.
struct Memory<'p> {
    columns: &'p [Column],
    came: Came,
}

impl Sink for Memory<'_> {
    fn rows(&mut self, _: usize, batch: &Batch, _: Origin<'_>) -> Result<(), RunError> {
        for row in 0..batch.rows() {
            let mut values = Vec::with_capacity(self.columns.len());
            for column in self.columns {
                values.push(literal_at(batch.column(&column.name)?, row, &column.ty.kind));
            }
            self.came.rows.push(values);
        }
        Ok(())
    }

    fn turned_away(&mut self, _: Timestamp, reason: &str, _: &[u8]) -> Result<(), RunError> {
        self.came.reasons.push(reason.to_owned());
        Ok(())
    }
}

/// The reason in a quarantine's record, a line of JSON; empty where there is none.
pub(super) fn reason(record: &[u8]) -> String {
    let record: serde_json::Value = serde_json::from_slice(record).unwrap_or_default();
    record["reason"].as_str().unwrap_or_default().to_owned()
}

/// Compares what came with what a test says: in the columns that each expected row writes, in any order of rows.
/// `rows` have all of `columns`, in order; `rejected` is how many were turned away.
pub fn judge(test: &Test, columns: &[Column], rows: &[Vec<Literal>], rejected: u64) -> Verdict {
    let mut verdict = Verdict::default();
    if let Some(expected) = &test.expect {
        let pairs = pair(expected, columns, rows);
        let found = |at: usize| pairs.contains(&Some(at));
        let missing = expected.iter().enumerate().filter(|(at, _)| !found(*at));
        verdict.missing = missing
            .map(|(_, row)| shown(row.iter().map(|(name, value)| (name.as_str(), value))))
            .collect();
        let spoken_of = |name: &str| expected.is_empty() || expected.iter().flatten().any(|(column, _)| column == name);
        let unexpected = rows.iter().zip(&pairs).filter(|(_, pair)| pair.is_none());
        let named = |row: &Vec<Literal>| {
            let values = columns.iter().map(|column| column.name.as_str()).zip(row);
            shown(values.filter(|(name, _)| spoken_of(name)))
        };
        verdict.unexpected = unexpected.map(|(row, _)| named(row)).collect();
    }
    verdict.rejected = test
        .expect_rejected
        .filter(|expected| *expected != rejected)
        .map(|expected| (expected, rejected));
    verdict
}

/// For each row that came, the expected row that it stands for: as many pairs as there can be, since a row that says
/// little may match several.
fn pair(expected: &[Vec<(String, Literal)>], columns: &[Column], rows: &[Vec<Literal>]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; rows.len()];
    for at in 0..expected.len() {
        let mut tried = vec![false; rows.len()];
        place(at, expected, columns, rows, &mut pairs, &mut tried);
    }
    pairs
}

/// Finds a row for an expected one, moving others that have a choice.
fn place(
    at: usize,
    expected: &[Vec<(String, Literal)>],
    columns: &[Column],
    rows: &[Vec<Literal>],
    pairs: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    let Some(wanted) = expected.get(at) else {
        return false;
    };
    for (row, values) in rows.iter().enumerate() {
        if tried[row] || !matches(wanted, columns, values) {
            continue;
        }
        tried[row] = true;
        let free = match pairs[row] {
            None => true,
            Some(other) => place(other, expected, columns, rows, pairs, tried),
        };
        if free {
            pairs[row] = Some(at);
            return true;
        }
    }
    false
}

fn matches(wanted: &[(String, Literal)], columns: &[Column], values: &[Literal]) -> bool {
    wanted.iter().all(|(name, value)| {
        let came = columns.iter().zip(values).find(|(column, _)| column.name == *name);
        came.is_some_and(|(_, came)| same(value, came))
    })
}

/// Equal; decimals as numbers whatever their scale, floats to 1e-12 of themselves.
fn same(a: &Literal, b: &Literal) -> bool {
    match (a, b) {
        (Literal::Float(a), Literal::Float(b)) => a == b || (a - b).abs() <= 1e-12 * a.abs().max(b.abs()),
        (Literal::Decimal { unscaled: a, scale: s }, Literal::Decimal { unscaled: b, scale: t }) => {
            let least = *s.min(t);
            let (a, s) = trimmed(*a, *s, least);
            let (b, t) = trimmed(*b, *t, least);
            (a, s) == (b, t)
        }
        (Literal::Int(a), Literal::Decimal { .. }) => same(
            &Literal::Decimal {
                unscaled: i128::from(*a),
                scale: 0,
            },
            b,
        ),
        _ => a == b,
    }
}

/// Without the zeros behind the point that another scale does not have.
fn trimmed(mut unscaled: i128, mut scale: u8, least: u8) -> (i128, u8) {
    while scale > least && unscaled % 10 == 0 {
        unscaled /= 10;
        scale -= 1;
    }
    (unscaled, scale)
}

/// `{ kind: "view", amount: 0.00 }`
fn shown<'a>(values: impl Iterator<Item = (&'a str, &'a Literal)>) -> String {
    let values = values.map(|(name, value)| {
        let text = canonical(value).unwrap_or_else(|| "null".into());
        match value {
            Literal::Text(_) => format!("{name}: {}", quoted(&text)),
            Literal::Date(_) => format!("{name}: date(\"{text}\")"),
            Literal::Timestamp(_) => format!("{name}: timestamp(\"{text}\")"),
            Literal::Uuid(_) => format!("{name}: uuid(\"{text}\")"),
            _ => format!("{name}: {text}"),
        }
    });
    format!("{{ {} }}", values.collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    pipec_runtime::encode::string(&mut out, text);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture;
    use crate::plan::types::TypeKind;

    fn column(name: &str, kind: TypeKind) -> Column {
        Column::new(name, kind.optional())
    }

    fn expecting(rows: &[&[(&str, i64)]], rejected: Option<u64>) -> Test {
        let rows = rows.iter().map(|row| {
            row.iter()
                .map(|(name, value)| (name.to_string(), Literal::Int(*value)))
                .collect()
        });
        Test {
            expect: Some(rows.collect()),
            expect_rejected: rejected,
            ..fixture::clickstream().tests.remove(0)
        }
    }

    fn came(rows: &[[i64; 2]]) -> Vec<Vec<Literal>> {
        rows.iter().map(|row| row.map(Literal::Int).to_vec()).collect()
    }

    #[test]
    fn rows_that_say_little_leave_room_for_those_that_say_more() {
        let columns = [column("a", TypeKind::Int), column("b", TypeKind::Int)];
        let test = expecting(&[&[("a", 1)], &[("a", 1), ("b", 2)]], None);
        assert!(judge(&test, &columns, &came(&[[1, 2], [1, 3]]), 0).passed());
        assert!(judge(&test, &columns, &came(&[[1, 3], [1, 2]]), 0).passed());
        assert!(!judge(&test, &columns, &came(&[[1, 3], [1, 4]]), 0).passed());
    }

    #[test]
    fn a_difference_is_readable() {
        let columns = [column("a", TypeKind::Int), column("b", TypeKind::Int)];
        let test = expecting(&[&[("a", 1)]], Some(2));
        let verdict = judge(&test, &columns, &came(&[[2, 7], [1, 7], [1, 7]]), 0);
        assert_eq!(
            verdict.to_string(),
            "+ came     { a: 2 }\n+ came     { a: 1 }\nexpected 2 rejected, 0 came"
        );
        let verdict = judge(&test, &columns, &[], 2);
        assert_eq!(verdict.to_string(), "- expected { a: 1 }");
    }

    #[test]
    fn decimals_are_numbers() {
        let decimal = |unscaled, scale| Literal::Decimal { unscaled, scale };
        assert!(same(&decimal(1250, 2), &decimal(125, 1)));
        assert!(same(&decimal(0, 2), &decimal(0, 0)));
        assert!(!same(&decimal(1251, 2), &decimal(125, 1)));
        assert!(same(&Literal::Int(2), &decimal(200, 2)));
        assert!(same(&Literal::Float(0.3), &Literal::Float(0.1 + 0.2)));
        assert!(!same(&Literal::Null, &Literal::Int(0)));
    }

    #[test]
    fn the_platforms_own_tests_hold() {
        let results = run_tests(&fixture::clickstream(), Path::new(""), None);
        assert_eq!(results.len(), 2);
        for result in results {
            assert!(result.passed(), "{}: {:?}", result.title, result.verdict);
        }
        assert!(run_tests(&fixture::clickstream(), Path::new(""), Some("nothing has this title")).is_empty());
    }
}
