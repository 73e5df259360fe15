//! What is kept of each group for an aggregate while rows come.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use arrow::row::{RowConverter, Rows, SortField};
use pipec_runtime::dynamic::aggregate::{MOST, Total};
use pipec_runtime::value::Value;

use super::ordered;
use crate::local::error::RunError;
use crate::local::keys::Keys;
use crate::local::value::value_at;
use crate::plan::expr::Aggregate;
use crate::plan::types::TypeKind;

/// A value, or what it is ordered by, as bytes that have its order.
pub(super) type Bytes = Box<[u8]>;

/// One aggregate's state, by the group's number.
pub(super) enum State {
    /// `count`, `count_if`
    Count(Vec<i64>),
    /// `count_distinct`
    Distinct { values: Values, counts: Vec<i64> },
    /// `mode`, `set`: each value of each group, and how often it is there.
    Tally { values: Values, times: Vec<u64> },
    /// `sum`, `avg` of ints, durations and decimals: the sum and of how many.
    Total(Vec<(Total, i64)>),
    /// The same of floats.
    Floats(Vec<(f64, i64)>),
    /// `min`, `max`, `min_by`, `max_by`, `first`, `last`: the value that is first in an order, or last.
    Best {
        values: RowConverter,
        order: Option<RowConverter>,
        largest: bool,
        best: Vec<Option<Best>>,
    },
    /// `any`, `all`: none yet, or what is known.
    Truth { any: bool, truths: Vec<Option<bool>> },
    /// `percentile`, `median`, `variance` …, and the share that is asked for.
    Numbers { of: Vec<Vec<f64>>, share: Option<f64> },
    /// `correlation`, `covariance`
    Pairs(Vec<Vec<(f64, f64)>>),
    /// `list`, `join`: all values with what they are ordered by, and the separator.
    Items {
        values: RowConverter,
        order: Option<RowConverter>,
        of: Vec<Vec<Best>>,
        separator: Option<String>,
    },
}

/// A value, and what decides of it.
#[derive(Clone)]
pub(super) struct Best {
    pub order: Bytes,
    pub value: Bytes,
}

/// Values of groups, each group's once.
pub(super) struct Values {
    pub converter: RowConverter,
    pub keys: Keys,
}

impl Values {
    fn new(kind: &TypeKind) -> Result<Values, RunError> {
        Ok(Values {
            converter: ordered([(kind, false)])?,
            keys: Keys::default(),
        })
    }

    /// Gives each value of each group its number, and says whether it is new.
    fn number(
        &mut self,
        array: &ArrayRef,
        groups: &[usize],
        mut each: impl FnMut(usize, usize, bool),
    ) -> Result<(), RunError> {
        let rows = self.converter.convert_columns(std::slice::from_ref(array))?;
        let mut key = Vec::new();
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| array.is_valid(*row)) {
            key.clear();
            key.extend_from_slice(&(*group as u32).to_be_bytes());
            key.extend_from_slice(rows.row(row).as_ref());
            let (number, new) = self.keys.number(&key);
            each(*group, number, new);
        }
        Ok(())
    }
}

impl State {
    pub fn new(aggregate: &Aggregate) -> Result<State, RunError> {
        let name = aggregate.function.as_str();
        let unknown = || RunError::unsupported(format!("the aggregate `{}`", aggregate.text));
        let kind = aggregate.arguments.first().map(|argument| &argument.ty.kind);
        let Some(kind) = kind else {
            return if name == "count" {
                Ok(State::Count(Vec::new()))
            } else {
                Err(unknown())
            };
        };
        Ok(match name {
            "count" | "count_if" => State::Count(Vec::new()),
            "count_distinct" | "approx_count_distinct" => State::Distinct {
                values: Values::new(kind)?,
                counts: Vec::new(),
            },
            "mode" | "set" => State::Tally {
                values: Values::new(kind)?,
                times: Vec::new(),
            },
            "sum" | "avg" if *kind == TypeKind::Float => State::Floats(Vec::new()),
            "sum" | "avg" => State::Total(Vec::new()),
            "min" | "max" | "min_by" | "max_by" | "first" | "last" => State::Best {
                values: ordered([(kind, false)])?,
                order: None,
                largest: matches!(name, "max" | "max_by" | "last"),
                best: Vec::new(),
            },
            "any" | "all" => State::Truth {
                any: name == "any",
                truths: Vec::new(),
            },
            "percentile" | "approx_percentile" | "median" | "variance" | "variance_all" | "stddev" | "stddev_all" => {
                State::Numbers {
                    of: Vec::new(),
                    share: None,
                }
            }
            "correlation" | "covariance" => State::Pairs(Vec::new()),
            "list" | "join" => State::Items {
                values: ordered([(kind, false)])?,
                order: None,
                of: Vec::new(),
                separator: None,
            },
            _ => return Err(unknown()),
        })
    }

    pub fn resize(&mut self, groups: usize) {
        match self {
            State::Count(counts) | State::Distinct { counts, .. } => counts.resize(groups, 0),
            State::Tally { .. } => {}
            State::Total(totals) => totals.resize(groups, Default::default()),
            State::Floats(sums) => sums.resize(groups, Default::default()),
            State::Best { best, .. } => best.resize(groups, None),
            State::Truth { truths, .. } => truths.resize(groups, None),
            State::Numbers { of, .. } => of.resize(groups, Vec::new()),
            State::Pairs(of) => of.resize(groups, Vec::new()),
            State::Items { of, .. } => of.resize(groups, Vec::new()),
        }
    }

    /// Adds rows, each to its group; `by` is the order inside of the call, and what breaks its ties.
    pub fn add(
        &mut self,
        groups: &[usize],
        arguments: &[ArrayRef],
        by: (&[ArrayRef], &[ArrayRef]),
        aggregate: &Aggregate,
    ) -> Result<(), RunError> {
        let there = |row: usize| arguments.first().is_none_or(|array| array.is_valid(row));
        let rows = groups.iter().enumerate().filter(|(row, _)| there(*row));
        match (self, arguments) {
            (
                State::Best {
                    values,
                    order,
                    largest,
                    best,
                },
                [array, rest @ ..],
            ) => {
                // `min_by(value, by)`: rows without `by` are left out as well, and the value itself breaks ties.
                let (with, other) = match rest.first() {
                    Some(with) => (vec![with.clone(), array.clone()], Some(with)),
                    None if by.0.is_empty() => (vec![array.clone()], None),
                    None => ([by.0, by.1].concat(), None),
                };
                let orders = in_order(order, &with, aggregate)?;
                let values = values.convert_columns(std::slice::from_ref(array))?;
                for (row, group) in rows.filter(|(row, _)| other.is_none_or(|with| with.is_valid(*row))) {
                    let (candidate, best) = (orders.row(row), &mut best[*group]);
                    let better = best.as_ref().is_none_or(|best| match largest {
                        true => candidate.as_ref() > &*best.order,
                        false => candidate.as_ref() < &*best.order,
                    });
                    if better {
                        *best = Some(entry(candidate.as_ref(), values.row(row).as_ref()));
                    }
                }
            }
            (
                State::Items {
                    values,
                    order,
                    of,
                    separator,
                },
                [array, rest @ ..],
            ) => {
                if let (None, Some(asked)) = (&separator, rest.first().filter(|asked| !asked.is_empty())) {
                    *separator = match value_at(asked, 0, &TypeKind::Text) {
                        Value::Text(text) => Some(text),
                        _ => None,
                    };
                }
                let orders = in_order(order, &[by.0, by.1].concat(), aggregate)?;
                let values = values.convert_columns(std::slice::from_ref(array))?;
                for (row, group) in rows {
                    let items = &mut of[*group];
                    if aggregate.function == "list" && items.len() >= MOST {
                        return Err(too_many(aggregate));
                    }
                    items.push(entry(orders.row(row).as_ref(), values.row(row).as_ref()));
                }
            }
            (state, _) => return state.add_numbers(groups, arguments, aggregate),
        }
        Ok(())
    }

    /// As [`State::add`], where no order matters.
    fn add_numbers(&mut self, groups: &[usize], arguments: &[ArrayRef], aggregate: &Aggregate) -> Result<(), RunError> {
        let there = |row: usize| arguments.first().is_none_or(|array| array.is_valid(row));
        let rows = groups.iter().enumerate().filter(|(row, _)| there(*row));
        match (self, arguments) {
            (State::Count(counts), [condition, ..]) if aggregate.function == "count_if" => {
                let holds = condition.as_boolean();
                rows.for_each(|(row, group)| counts[*group] += i64::from(holds.value(row)));
            }
            (State::Count(counts), _) => rows.for_each(|(_, group)| counts[*group] += 1),
            (State::Distinct { values, counts }, [array, ..]) => {
                values.number(array, groups, |group, _, new| counts[group] += i64::from(new))?;
            }
            (State::Tally { values, times }, [array, ..]) => values.number(array, groups, |_, number, new| {
                if new {
                    times.push(0);
                }
                times[number] += 1;
            })?,
            (State::Total(totals), [array, ..]) => {
                let values = whole_numbers(array);
                for (row, group) in rows {
                    let (total, count) = &mut totals[*group];
                    total.add(values(row));
                    *count += 1;
                }
            }
            (State::Floats(sums), [array, ..]) => {
                let values = array.as_primitive::<Float64Type>();
                for (row, group) in rows {
                    let (sum, count) = &mut sums[*group];
                    *sum += values.value(row);
                    *count += 1;
                }
            }
            (State::Truth { any, truths }, [array, ..]) => {
                let values = array.as_boolean();
                for (row, group) in rows {
                    let (known, value) = (&mut truths[*group], values.value(row));
                    *known = Some(match (*known, *any) {
                        (None, _) => value,
                        (Some(known), true) => known || value,
                        (Some(known), false) => known && value,
                    });
                }
            }
            (State::Numbers { of, share }, [array, rest @ ..]) => {
                if let (None, Some(asked)) = (&share, rest.first().filter(|asked| !asked.is_empty())) {
                    *share = asked.as_primitive_opt::<Float64Type>().map(|asked| asked.value(0));
                }
                let values = array.as_primitive::<Float64Type>();
                rows.for_each(|(row, group)| of[*group].push(values.value(row)));
            }
            (State::Pairs(of), [left, right]) => {
                let (lefts, rights) = (left.as_primitive::<Float64Type>(), right.as_primitive::<Float64Type>());
                for (row, group) in rows.filter(|(row, _)| right.is_valid(*row)) {
                    of[*group].push((lefts.value(row), rights.value(row)));
                }
            }
            _ => {
                return Err(RunError::unsupported(format!(
                    "`{}` of these arguments",
                    aggregate.text
                )));
            }
        }
        Ok(())
    }
}

fn entry(order: &[u8], value: &[u8]) -> Best {
    Best {
        order: order.into(),
        value: value.into(),
    }
}

/// The order inside of a call as bytes; what breaks its ties goes up.
fn in_order(converter: &mut Option<RowConverter>, by: &[ArrayRef], aggregate: &Aggregate) -> Result<Rows, RunError> {
    if converter.is_none() {
        let down = aggregate.order.iter().map(|(_, descending)| *descending);
        let fields = by.iter().zip(down.chain(std::iter::repeat(false)));
        let fields = fields.map(|(array, descending)| {
            let options = SortOptions {
                descending,
                nulls_first: false,
            };
            SortField::new_with_options(array.data_type().clone(), options)
        });
        *converter = Some(RowConverter::new(fields.collect())?);
    }
    match converter {
        Some(converter) => Ok(converter.convert_columns(by)?),
        None => Err(RunError::unsupported(format!("the order of `{}`", aggregate.text))),
    }
}

/// Ints, durations and decimals as whole numbers.
fn whole_numbers(array: &ArrayRef) -> Box<dyn Fn(usize) -> i128 + '_> {
    match array.data_type() {
        DataType::Int64 => {
            let array = array.as_primitive::<Int64Type>();
            Box::new(move |row| i128::from(array.value(row)))
        }
        _ => {
            let array = array.as_primitive::<Decimal128Type>();
            Box::new(move |row| array.value(row))
        }
    }
}

/// A list of more items than lists may have.
pub(super) fn too_many(aggregate: &Aggregate) -> RunError {
    RunError::data(format!("`{}` holds more than {MOST} items", aggregate.text))
        .help("lists of an aggregate hold 10,000 items at most; group by more keys, or filter before")
}
