//! The columns of a `window`, each in one walk over the sorted rows.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, DurationMicrosecondArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type};
use pipec_runtime::types::decimal;

use super::super::super::error::RunError;
use super::super::held::{Place, RowsOf, gather, row_form_of};
use super::super::sliding::{Frame, Joins, over};
use super::{Computed, Sorted, first_of};
use crate::plan::expr::Aggregate;
use crate::plan::types::TypeKind;

/// One column to compute.
pub(super) struct Over<'w> {
    pub sorted: &'w Sorted,
    pub aggregate: &'w Aggregate,
    /// By batch.
    pub arguments: &'w [Vec<ArrayRef>],
    pub frame: Frame,
}

impl Over<'_> {
    pub fn computed(&self) -> Result<Computed, RunError> {
        Ok(match self.aggregate.function.as_str() {
            "row_number" => self.ints(|row, part| (row - part.0 + 1) as i64),
            "rank" => self.ints(|row, part| (self.first_peer(row) - part.0 + 1) as i64),
            "dense_rank" => self.dense_rank(),
            "percent_rank" => self.floats(|row, part| match part.1 - part.0 {
                1 => 0.0,
                rows => (self.first_peer(row) - part.0) as f64 / (rows - 1) as f64,
            }),
            "share_before" => self.share_before(),
            "ntile" => {
                let tiles = self.number(0);
                self.ints(|row, part| tile(row - part.0, part.1 - part.0, tiles) as i64)
            }
            "lag" => self.of(|row, part| row.checked_sub(self.number(1)).filter(|row| *row >= part.0)),
            "lead" => self.of(|row, part| row.checked_add(self.number(1)).filter(|row| *row < part.1)),
            "nth" => self.of(|row, part| {
                let nth = part.0.checked_add(self.number(1))?.checked_sub(1)?;
                (nth >= part.0 && nth <= row).then_some(nth)
            }),
            "first" => self.picked(|left, _| left),
            "last" => self.picked(|_, right| right),
            "min" | "max" => self.extreme()?,
            "count" => self.count(false)?,
            "count_if" => self.count(true)?,
            "sum" | "avg" => self.total()?,
            _ => return Err(RunError::unsupported(format!("`{}` over rows", self.aggregate.text))),
        })
    }

    fn first_peer(&self, row: usize) -> usize {
        self.sorted.peers[row] as usize
    }

    /// A whole number that is the same in all rows.
    fn number(&self, argument: usize) -> usize {
        let array = self
            .arguments
            .iter()
            .find_map(|batch| batch.get(argument).filter(|array| !array.is_empty()));
        let array = array.and_then(|array| array.as_primitive_opt::<Int64Type>());
        array.map_or(1, |array| usize::try_from(array.value(0)).unwrap_or(usize::MAX))
    }

    fn each<T>(&self, answer: impl Fn(usize, (usize, usize)) -> T) -> Vec<T> {
        let stretches = self.sorted.stretches();
        stretches
            .flat_map(|part| (part.0..part.1).map(move |row| (row, part)))
            .map(|(row, part)| answer(row, part))
            .collect()
    }

    fn ints(&self, answer: impl Fn(usize, (usize, usize)) -> i64) -> Computed {
        Computed::Values(Arc::new(Int64Array::from(self.each(answer))))
    }

    fn floats(&self, answer: impl Fn(usize, (usize, usize)) -> f64) -> Computed {
        Computed::Values(Arc::new(Float64Array::from(self.each(answer))))
    }

    fn of(&self, answer: impl Fn(usize, (usize, usize)) -> Option<usize>) -> Computed {
        Computed::Of(self.each(|row, part| answer(row, part).map(|row| row as u32)))
    }

    fn dense_rank(&self) -> Computed {
        let mut ranks = Vec::with_capacity(self.sorted.rows.len());
        for (from, to) in self.sorted.stretches() {
            let mut rank = 0;
            for row in from..to {
                rank += i64::from(self.first_peer(row) == row);
                ranks.push(rank);
            }
        }
        Computed::Values(Arc::new(Int64Array::from(ranks)))
    }

    fn share_before(&self) -> Computed {
        let mut shares = vec![0.0; self.sorted.rows.len()];
        for (from, to) in self.sorted.stretches() {
            let mut last = to;
            for row in (from..to).rev() {
                shares[row] = (last - from) as f64 / (to - from) as f64;
                if self.first_peer(row) == row {
                    last = row;
                }
            }
        }
        Computed::Values(Arc::new(Float64Array::from(shares)))
    }

    fn place(&self, row: usize) -> Place {
        self.sorted.rows[row]
    }

    /// A row's argument that is there.
    fn there(&self, row: usize) -> bool {
        let (batch, at) = self.place(row);
        let array = self.arguments[batch as usize].first();
        array.is_none_or(|array| array.is_valid(at as usize))
    }

    /// The totals of each row's frame.
    fn totals<J: Joins, T>(
        &self,
        joins: &J,
        part: impl Fn(usize) -> J::Part,
        answer: impl Fn(Option<J::Part>) -> T,
    ) -> Vec<T> {
        let mut totals = Vec::with_capacity(self.sorted.rows.len());
        for (from, to) in self.sorted.stretches() {
            over(
                joins,
                self.frame,
                to - from,
                |row| part(from + row),
                |_, total| totals.push(answer(total)),
            );
        }
        totals
    }

    /// The first or the last row of the frame whose value is there.
    fn picked(&self, which: fn(u32, u32) -> u32) -> Computed {
        let part = |row: usize| self.there(row).then_some(row as u32);
        Computed::Of(self.totals(&Pick(which), part, Option::flatten))
    }

    fn extreme(&self) -> Result<Computed, RunError> {
        let mut converter = None;
        let mut forms = Vec::with_capacity(self.arguments.len());
        for arguments in self.arguments {
            let arrays: Vec<_> = arguments.iter().take(1).map(|array| (array.clone(), false)).collect();
            let rows = arrays.first().map_or(0, |(array, _)| array.len());
            forms.push(row_form_of(&mut converter, &arrays, rows)?);
        }
        let best = Best {
            forms: &forms,
            rows: &self.sorted.rows,
            largest: self.aggregate.function == "max",
        };
        let part = |row: usize| self.there(row).then_some(row as u32);
        Ok(Computed::Of(self.totals(&best, part, Option::flatten)))
    }

    fn count(&self, holds: bool) -> Result<Computed, RunError> {
        let counted = |row: usize| {
            let (batch, at) = self.place(row);
            let array = self.arguments[batch as usize].first();
            let counts = |array: &ArrayRef| match array.as_boolean_opt() {
                Some(truths) if holds => truths.is_valid(at as usize) && truths.value(at as usize),
                _ => array.is_valid(at as usize),
            };
            i64::from(array.is_none_or(counts))
        };
        let counts = self.totals(
            &Add::new(),
            |row| (i128::from(counted(row)), 0),
            |total| total.map_or(0, |total| total.0 as i64),
        );
        Ok(Computed::Values(Arc::new(Int64Array::from(counts))))
    }

    /// Sums and means: whole numbers are added up wide and judged at the end.
    fn total(&self) -> Result<Computed, RunError> {
        let arrays = self.arguments.iter().filter_map(|batch| batch.first());
        if self.arguments.is_empty() {
            return Ok(Computed::Values(Arc::new(Int64Array::from(Vec::<i64>::new()))));
        }
        let values = gather(arrays, &self.sorted.rows)?;
        let mean = self.aggregate.function == "avg";
        if let Some(floats) = values.as_primitive_opt::<Float64Type>() {
            let part = |row: usize| match floats.is_valid(row) {
                true => (floats.value(row), 1),
                false => (0.0, 0),
            };
            let answer = |total: Option<(f64, i64)>| match total {
                Some((sum, count)) if count > 0 => {
                    let value = if mean { sum / count as f64 } else { sum };
                    value.is_finite().then_some(Some(value)).ok_or_else(|| self.overflow())
                }
                _ => Ok(None),
            };
            let totals = self.totals(&Add::new(), part, answer).into_iter();
            let totals: Float64Array = totals.collect::<Result<_, RunError>>()?;
            return Ok(Computed::Values(Arc::new(totals)));
        }
        let whole =
            whole_numbers(&values).ok_or_else(|| RunError::unsupported(format!("`{}`", self.aggregate.text)))?;
        let part = |row: usize| whole[row].map_or((0, 0), |value| (value, 1));
        let sums = self.totals(&Add::new(), part, |total: Option<(i128, i64)>| {
            total.filter(|(_, count)| *count > 0)
        });
        self.whole_answers(&values, mean, sums)
    }

    fn whole_answers(
        &self,
        values: &ArrayRef,
        mean: bool,
        sums: Vec<Option<(i128, i64)>>,
    ) -> Result<Computed, RunError> {
        let sums = sums.into_iter();
        let narrow = |(sum, _): (i128, i64)| i64::try_from(sum).map_err(|_| self.overflow());
        let array: ArrayRef = match (values.data_type(), &self.aggregate.ty.kind, mean) {
            (_, TypeKind::Decimal { precision, scale }, mean) => {
                let from = match values.data_type() {
                    DataType::Decimal128(_, scale) => *scale as u8,
                    _ => 0,
                };
                let fitted = |(sum, count): (i128, i64)| {
                    let value = if mean {
                        mean_of(sum, count, from, *scale)
                    } else {
                        Some(sum)
                    };
                    let value = value.and_then(|value| decimal::fits(value, *precision));
                    value.ok_or_else(|| self.overflow())
                };
                let array: Decimal128Array = sums.map(|sum| sum.map(fitted).transpose()).collect::<Result<_, _>>()?;
                Arc::new(array.with_precision_and_scale(*precision, *scale as i8)?)
            }
            (_, _, true) => {
                let means = sums.map(|sum| sum.map(|(sum, count)| sum as f64 / count as f64));
                Arc::new(means.collect::<Float64Array>())
            }
            (DataType::Duration(_), ..) => {
                let sums = sums.map(|sum| sum.map(narrow).transpose());
                Arc::new(sums.collect::<Result<DurationMicrosecondArray, _>>()?)
            }
            _ => {
                let sums = sums.map(|sum| sum.map(narrow).transpose());
                Arc::new(sums.collect::<Result<Int64Array, _>>()?)
            }
        };
        Ok(Computed::Values(array))
    }

    fn overflow(&self) -> RunError {
        RunError::data(format!("overflow in {}", self.aggregate.text))
    }
}

/// A sum by its count, at another scale, half away from zero.
fn mean_of(sum: i128, count: i64, from: u8, to: u8) -> Option<i128> {
    let raised = sum.checked_mul(10_i128.checked_pow(u32::from(to.saturating_sub(from)))?)?;
    let count = i128::from(count);
    let (quotient, rest) = (raised / count, raised % count);
    Some(quotient + if rest.abs() * 2 >= count { raised.signum() } else { 0 })
}

fn whole_numbers(values: &ArrayRef) -> Option<Vec<Option<i128>>> {
    if let Some(ints) = values.as_primitive_opt::<Int64Type>() {
        return Some(ints.iter().map(|value| value.map(i128::from)).collect());
    }
    if let Some(durations) = values.as_primitive_opt::<DurationMicrosecondType>() {
        return Some(durations.iter().map(|value| value.map(i128::from)).collect());
    }
    let decimals = values.as_primitive_opt::<Decimal128Type>()?;
    Some(decimals.iter().collect())
}

/// Sums, each with how many values it is of.
struct Add<T>(std::marker::PhantomData<T>);

impl<T> Add<T> {
    fn new() -> Add<T> {
        Add(std::marker::PhantomData)
    }
}

trait Number: Copy {
    fn plus(self, other: Self) -> Self;
}

impl Number for f64 {
    fn plus(self, other: f64) -> f64 {
        self + other
    }
}

/// A sum that does not fit even here fits no type, and stays so.
impl Number for i128 {
    fn plus(self, other: i128) -> i128 {
        self.saturating_add(other)
    }
}

impl<T: Number> Joins for Add<T> {
    type Part = (T, i64);

    fn joined(&self, left: &(T, i64), right: &(T, i64)) -> (T, i64) {
        (left.0.plus(right.0), left.1 + right.1)
    }
}

/// Of two rows one, of those that have any.
struct Pick(fn(u32, u32) -> u32);

impl Joins for Pick {
    type Part = Option<u32>;

    fn joined(&self, left: &Option<u32>, right: &Option<u32>) -> Option<u32> {
        match (left, right) {
            (Some(left), Some(right)) => Some((self.0)(*left, *right)),
            (one, other) => one.or(*other),
        }
    }
}

/// The smallest or largest of rows that have a value.
struct Best<'w> {
    forms: &'w [RowsOf],
    rows: &'w [Place],
    largest: bool,
}

impl Joins for Best<'_> {
    type Part = Option<u32>;

    fn joined(&self, left: &Option<u32>, right: &Option<u32>) -> Option<u32> {
        let form = |row: u32| {
            let (batch, at) = self.rows[row as usize];
            self.forms[batch as usize].row(at as usize)
        };
        match (left, right) {
            (Some(a), Some(b)) => match first_of(form(*a).as_ref(), form(*b).as_ref(), self.largest).is_le() {
                true => Some(*a),
                false => Some(*b),
            },
            (one, other) => one.or(*other),
        }
    }
}

/// Which of `count` stretches a row is in, from 1; the first ones have one row more.
fn tile(at: usize, rows: usize, count: usize) -> usize {
    let count = count.max(1);
    let (small, large) = (rows / count, rows % count);
    let in_large = large * (small + 1);
    match at < in_large {
        true => at / (small + 1) + 1,
        false => (at - in_large)
            .checked_div(small)
            .map_or(large + 1, |tile| large + tile + 1),
    }
}
