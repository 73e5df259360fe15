//! Aggregates: rows go in one by one, one answer comes out. Rows whose value is missing are left out.

use std::cmp::Ordering;

use crate::types::decimal;
use crate::value::Value::{self, Bool, Decimal, Duration, Float, Int, List, Missing, Text};
use crate::value::{Reject, float_order};

/// The names of all aggregates.
pub(super) const NAMES: &[&str] = &[
    "all",
    "any",
    "approx_count_distinct",
    "approx_percentile",
    "avg",
    "correlation",
    "count",
    "count_distinct",
    "count_if",
    "covariance",
    "first",
    "join",
    "last",
    "list",
    "max",
    "max_by",
    "median",
    "min",
    "min_by",
    "mode",
    "percentile",
    "set",
    "stddev",
    "stddev_all",
    "sum",
    "variance",
    "variance_all",
];

/// The most items of a list that an aggregate makes.
pub const MOST: usize = 10_000;

/// One row, as far as an aggregate sees it.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The aggregate's arguments.
    pub arguments: Vec<Value>,
    /// What `order by` names, and whether it goes down.
    pub order: Vec<(Value, bool)>,
}

/// An aggregate over the rows of one group.
#[derive(Clone, Debug)]
pub struct Accumulator {
    name: String,
    digits: (u8, u8),
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Count(i64),
    Sum(Option<Sum>),
    Mean(Option<Sum>, i64),
    Extreme(Option<Value>),
    Truth(Option<bool>),
    Rows(Vec<Row>),
}

/// A sum of whole numbers, judged when all have come: which of them come first makes no difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    sum: i128,
    /// How often the sum went around, up less down.
    turns: i64,
}

impl Total {
    /// Adds a number.
    pub fn add(&mut self, value: i128) {
        let (sum, around) = self.sum.overflowing_add(value);
        self.sum = sum;
        if around {
            self.turns += value.signum() as i64;
        }
    }

    /// The sum, if 128 bits hold it.
    pub fn sum(self) -> Option<i128> {
        (self.turns == 0).then_some(self.sum)
    }

    /// The mean of so many decimals of this scale, in the digits of the answer, half away from zero; `None` where it, or
    /// the sum, has too many digits.
    pub fn mean(self, count: i64, scale: u8, digits: (u8, u8)) -> Option<i128> {
        let sum = decimal::fits(self.sum()?, decimal::MAX_DIGITS)?;
        decimal::divide((sum, scale), (i128::from(count), 0), digits.0, digits.1)
    }
}

#[derive(Clone, Copy, Debug)]
enum Sum {
    Float(f64),
    Int(Total),
    Duration(Total),
    Decimal(Total, u8),
}

impl Accumulator {
    /// An aggregate over no row yet; `digits` are those of an answer that is a decimal.
    pub fn new(name: &str, digits: (u8, u8)) -> Option<Accumulator> {
        if !NAMES.contains(&name) {
            return None;
        }
        let state = match name {
            "count" | "count_if" => State::Count(0),
            "sum" => State::Sum(None),
            "avg" => State::Mean(None, 0),
            "min" | "max" => State::Extreme(None),
            "any" | "all" => State::Truth(None),
            _ => State::Rows(Vec::new()),
        };
        Some(Accumulator {
            name: name.to_owned(),
            digits,
            state,
        })
    }

    /// One more row. What cannot be added fails the run.
    pub fn add(&mut self, row: Row) -> Result<(), Reject> {
        let pairs = matches!(self.name.as_str(), "min_by" | "max_by" | "correlation" | "covariance");
        let seen = if pairs { 2 } else { 1 };
        if row.arguments.iter().take(seen).any(Value::is_missing) {
            return Ok(());
        }
        let largest = self.name == "max";
        let first = row.arguments.first();
        match (&mut self.state, first) {
            (State::Count(count), Some(Bool(false))) if self.name == "count_if" => *count += 0,
            (State::Count(count), _) => *count += 1,
            (State::Sum(sum), Some(value)) => *sum = Some(plus(*sum, value)?),
            (State::Mean(sum, count), Some(value)) => {
                *sum = Some(plus(*sum, value)?);
                *count += 1;
            }
            (State::Extreme(kept), Some(value)) => {
                let better = kept
                    .as_ref()
                    .is_none_or(|kept| (value > kept) == largest && value != kept);
                if better {
                    *kept = Some(value.clone());
                }
            }
            (State::Truth(truth), Some(Bool(value))) => {
                *truth = Some(match (*truth, self.name.as_str()) {
                    (None, _) => *value,
                    (Some(truth), "any") => truth || *value,
                    (Some(truth), _) => truth && *value,
                });
            }
            (State::Rows(rows), _) => rows.push(row),
            _ => {}
        }
        Ok(())
    }

    /// The answer.
    pub fn finish(self) -> Result<Value, Reject> {
        let rows = match self.state {
            State::Count(count) => return Ok(Int(count)),
            State::Sum(None) | State::Mean(None, _) => return Ok(Missing),
            State::Sum(Some(sum)) => return whole(sum, self.digits),
            State::Mean(Some(sum), count) => return mean(sum, count, self.digits),
            State::Extreme(value) => return Ok(value.into()),
            State::Truth(truth) => return Ok(truth.into()),
            State::Rows(rows) => rows,
        };
        of_rows(&self.name, rows)
    }
}

fn plus(sum: Option<Sum>, value: &Value) -> Result<Sum, Reject> {
    let added = |total: Option<Total>, value: i128| {
        let mut total = total.unwrap_or_default();
        total.add(value);
        total
    };
    Ok(match (sum, value) {
        (None, Float(value)) => Sum::Float(*value),
        (Some(Sum::Float(sum)), Float(value)) => Sum::Float(sum + value),
        (None, Int(value)) => Sum::Int(added(None, i128::from(*value))),
        (Some(Sum::Int(sum)), Int(value)) => Sum::Int(added(Some(sum), i128::from(*value))),
        (None, Duration(value)) => Sum::Duration(added(None, i128::from(*value))),
        (Some(Sum::Duration(sum)), Duration(value)) => Sum::Duration(added(Some(sum), i128::from(*value))),
        (None, Decimal(value, scale)) => Sum::Decimal(added(None, *value), *scale),
        (Some(Sum::Decimal(sum, scale)), Decimal(value, of)) if scale == *of => {
            Sum::Decimal(added(Some(sum), *value), scale)
        }
        _ => return Err(Reject::Overflow),
    })
}

fn whole(sum: Sum, digits: (u8, u8)) -> Result<Value, Reject> {
    let narrow = |total: Total| total.sum().and_then(|sum| i64::try_from(sum).ok());
    let answer = match sum {
        Sum::Float(sum) => Some(sum).filter(|sum| !sum.is_infinite()).map(Float),
        Sum::Int(sum) => narrow(sum).map(Int),
        Sum::Duration(sum) => narrow(sum).map(Duration),
        Sum::Decimal(sum, scale) => sum
            .sum()
            .and_then(|sum| decimal::fits(sum, digits.0))
            .map(|sum| Decimal(sum, scale)),
    };
    answer.ok_or(Reject::Overflow)
}

/// A sum by its count, divided once; of decimals half away from zero.
fn mean(sum: Sum, count: i64, digits: (u8, u8)) -> Result<Value, Reject> {
    let answer = match sum {
        Sum::Float(sum) => Some(sum / count as f64).filter(|mean| !mean.is_infinite()).map(Float),
        Sum::Int(sum) => sum.sum().map(|sum| Float(sum as f64 / count as f64)),
        Sum::Decimal(sum, scale) => sum.mean(count, scale, digits).map(|mean| Decimal(mean, digits.1)),
        Sum::Duration(_) => None,
    };
    answer.ok_or(Reject::Overflow)
}

/// By `order by`; missing values are last, also where it goes down.
fn by_order(left: &Row, right: &Row) -> Ordering {
    for ((left, down), (right, _)) in left.order.iter().zip(&right.order) {
        let order = match (left.is_missing(), right.is_missing(), down) {
            (false, false, true) => right.cmp(left),
            _ => left.cmp(right),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn of_rows(name: &str, mut rows: Vec<Row>) -> Result<Value, Reject> {
    rows.sort_by(by_order);
    let argument = |at: usize| rows.first().and_then(|row| row.arguments.get(at)).cloned();
    let share = match argument(1) {
        Some(Float(share)) => share,
        _ => 0.5,
    };
    let separator = match argument(1) {
        Some(Text(separator)) => separator,
        _ => String::new(),
    };
    let pairs = || {
        rows.iter()
            .filter_map(|row| Some((number(row.arguments.first()?)?, number(row.arguments.get(1)?)?)))
    };
    let values: Vec<Value> = rows.iter().filter_map(|row| row.arguments.first().cloned()).collect();
    Ok(match name {
        "first" => values.into_iter().next().into(),
        "last" => values.into_iter().next_back().into(),
        "list" => bounded(values)?,
        "set" => bounded(sorted(values, true))?,
        "count_distinct" | "approx_count_distinct" => Int(sorted(values, true).len() as i64),
        "mode" => most_frequent(sorted(values, false)),
        "join" => joined(&values, &separator),
        "percentile" | "approx_percentile" | "median" => percentile(numbers(&values), share).into(),
        "min_by" => extreme_by(&rows, Ordering::Less),
        "max_by" => extreme_by(&rows, Ordering::Greater),
        "variance" => spread(&numbers(&values), 1)?.into(),
        "variance_all" => spread(&numbers(&values), 0)?.into(),
        "stddev" => spread(&numbers(&values), 1)?.map(f64::sqrt).into(),
        "stddev_all" => spread(&numbers(&values), 0)?.map(f64::sqrt).into(),
        "correlation" => correlation(&pairs().collect::<Vec<_>>()).into(),
        "covariance" => covariance(&pairs().collect::<Vec<_>>()).into(),
        _ => Missing,
    })
}

fn bounded(values: Vec<Value>) -> Result<Value, Reject> {
    match values.len() <= MOST {
        true => Ok(List(values)),
        false => Err(Reject::Overflow),
    }
}

fn sorted(mut values: Vec<Value>, once: bool) -> Vec<Value> {
    values.sort();
    if once {
        values.dedup();
    }
    values
}

/// The value of the longest run in a sorted list; of several the first.
fn most_frequent(sorted: Vec<Value>) -> Value {
    let mut best: (usize, Value) = (0, Missing);
    for run in sorted.chunk_by(|left, right| left == right) {
        if let Some(value) = run.first().filter(|_| run.len() > best.0) {
            best = (run.len(), value.clone());
        }
    }
    best.1
}

fn joined(values: &[Value], separator: &str) -> Value {
    let texts: Vec<String> = values.iter().filter_map(Value::canonical).collect();
    match texts.is_empty() {
        true => Missing,
        false => Text(texts.join(separator)),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Float(value) => Some(*value),
        Int(value) => Some(*value as f64),
        _ => None,
    }
}

fn numbers(values: &[Value]) -> Vec<f64> {
    values.iter().filter_map(number).collect()
}

/// Between the two values around it, in this order of operations; two that are equal are the answer themselves.
pub fn percentile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(|left, right| float_order(*left, *right));
    let place = share * values.len().checked_sub(1)? as f64;
    let low = place.floor();
    let part = place - low;
    let (low, high) = (values.get(low as usize)?, values.get(place.ceil() as usize)?);
    match float_order(*low, *high).is_eq() {
        true => Some(*low),
        false => Some(low * (1.0 - part) + high * part),
    }
}

fn extreme_by(rows: &[Row], wanted: Ordering) -> Value {
    let mut best: Option<(&Value, &Value)> = None;
    for row in rows {
        let (Some(value), Some(by)) = (row.arguments.first(), row.arguments.get(1)) else {
            continue;
        };
        let better = best.is_none_or(|(kept, kept_by)| by.cmp(kept_by).then(value.cmp(kept)) == wanted);
        if better {
            best = Some((value, by));
        }
    }
    best.map(|(value, _)| value.clone()).into()
}

/// The sum of squares around the mean, by the count less `less`.
pub fn spread(values: &[f64], less: usize) -> Result<Option<f64>, Reject> {
    if values.len() <= less {
        return Ok(None);
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    match squares / (values.len() - less) as f64 {
        spread if spread.is_infinite() => Err(Reject::Overflow),
        spread => Ok(Some(spread)),
    }
}

/// How far two values go together, of a sample.
pub fn covariance(pairs: &[(f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    let (left, right) = means(pairs);
    let products: f64 = pairs.iter().map(|(x, y)| (x - left) * (y - right)).sum();
    (pairs.len() > 1).then(|| products / (count - 1.0))
}

fn means(pairs: &[(f64, f64)]) -> (f64, f64) {
    let count = pairs.len() as f64;
    let left = pairs.iter().map(|pair| pair.0).sum::<f64>() / count;
    let right = pairs.iter().map(|pair| pair.1).sum::<f64>() / count;
    (left, right)
}

/// The same from -1 to 1 (Pearson); nothing where one of them does not vary.
pub fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    if pairs.len() < 2 {
        return None;
    }
    let (left, right) = means(pairs);
    let products: f64 = pairs.iter().map(|(x, y)| (x - left) * (y - right)).sum();
    let lefts: f64 = pairs.iter().map(|(x, _)| (x - left) * (x - left)).sum();
    let rights: f64 = pairs.iter().map(|(_, y)| (y - right) * (y - right)).sum();
    let scale = (lefts * rights).sqrt();
    (scale > 0.0).then(|| (products / scale).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(name: &str, digits: (u8, u8), rows: Vec<Vec<Value>>) -> Result<Value, Reject> {
        let mut accumulator = Accumulator::new(name, digits).unwrap();
        for arguments in rows {
            let order = arguments
                .first()
                .map(|value| (value.clone(), false))
                .into_iter()
                .collect();
            accumulator.add(Row { arguments, order })?;
        }
        accumulator.finish()
    }

    #[test]
    fn sums_do_not_wrap() {
        let rows = |value| vec![vec![value], vec![Int(1)]];
        assert_eq!(answer("sum", (0, 0), rows(Int(i64::MAX))), Err(Reject::Overflow));
        let nines = vec![vec![Decimal(99, 0)], vec![Decimal(1, 0)]];
        assert_eq!(answer("sum", (2, 0), nines), Err(Reject::Overflow));
    }

    #[test]
    fn sums_are_judged_when_all_rows_have_come() {
        let rows = |values: [i64; 3]| values.map(|value| vec![Int(value)]).to_vec();
        assert_eq!(answer("sum", (0, 0), rows([i64::MAX, 1, -1])), Ok(Int(i64::MAX)));
        assert_eq!(
            answer("avg", (0, 0), rows([i64::MAX, i64::MAX, 0])),
            Ok(Float(6.148914691236517e18))
        );
        let most = 10_i128.pow(38) - 1;
        let rows = |values: &[i128]| values.iter().map(|value| vec![Decimal(*value, 2)]).collect::<Vec<_>>();
        assert_eq!(answer("sum", (38, 2), rows(&[most, most, -most])), Ok(Decimal(most, 2)));
        assert_eq!(
            answer("sum", (38, 2), rows(&[-most, -most, most])),
            Ok(Decimal(-most, 2))
        );
        assert_eq!(
            answer("sum", (38, 2), rows(&[most, most, most, most])),
            Err(Reject::Overflow)
        );
        assert_eq!(answer("avg", (38, 2), rows(&[most])), Ok(Decimal(most, 2)));
    }

    #[test]
    fn means_of_decimals_are_divided_once() {
        let rows = |values: &[i128]| values.iter().map(|value| vec![Decimal(*value, 2)]).collect::<Vec<_>>();
        assert_eq!(
            answer("avg", (16, 6), rows(&[100, 101, 101])),
            Ok(Decimal(1_006_667, 6))
        );
        assert_eq!(
            answer("avg", (16, 6), rows(&[-100, -101, -101])),
            Ok(Decimal(-1_006_667, 6))
        );
        assert_eq!(answer("avg", (16, 6), rows(&[])), Ok(Missing));
    }

    #[test]
    fn percentiles_interpolate_in_one_order() {
        let rows = |share: f64| {
            (1..=4)
                .map(|n| vec![Float(f64::from(n)), Float(share)])
                .collect::<Vec<_>>()
        };
        assert_eq!(answer("percentile", (0, 0), rows(0.95)), Ok(Float(3.8499999999999996)));
        assert_eq!(answer("percentile", (0, 0), rows(1.0)), Ok(Float(4.0)));
        assert_eq!(answer("percentile", (0, 0), rows(0.0)), Ok(Float(1.0)));
        let same = vec![vec![Float(0.1), Float(0.3)], vec![Float(0.1), Float(0.3)]];
        assert_eq!(answer("percentile", (0, 0), same), Ok(Float(0.1)));
    }

    #[test]
    fn rows_in_question() {
        let rows = vec![
            vec![Text("b".into()), Int(1)],
            vec![Text("a".into()), Int(1)],
            vec![Text("c".into()), Missing],
        ];
        assert_eq!(answer("min_by", (0, 0), rows.clone()), Ok(Text("a".into())));
        assert_eq!(answer("max_by", (0, 0), rows), Ok(Text("b".into())));
        let flat = vec![vec![Float(1.0), Float(2.0)], vec![Float(1.0), Float(3.0)]];
        assert_eq!(answer("correlation", (0, 0), flat), Ok(Missing));
    }

    #[test]
    fn missing_values_are_last_both_ways() {
        let row = |value: Value, down: bool| Row {
            arguments: vec![value.clone()],
            order: vec![(value, down)],
        };
        assert_eq!(by_order(&row(Missing, true), &row(Int(1), true)), Ordering::Greater);
        assert_eq!(by_order(&row(Missing, false), &row(Int(1), false)), Ordering::Greater);
        assert_eq!(by_order(&row(Int(2), true), &row(Int(1), true)), Ordering::Less);
    }
}
