//! What aggregates answer for groups whose rows have all come.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::DataType;
use arrow::row::RowConverter;
use pipec_runtime::dynamic::aggregate::{MOST, correlation, covariance, percentile, spread};
use pipec_runtime::types::decimal;
use pipec_runtime::value::normal;

use super::state::{Best, State, Values, too_many};
use crate::local::error::RunError;
use crate::local::value::{data_type, value_at};
use crate::plan::expr::Aggregate;
use crate::plan::types::TypeKind;

impl State {
    /// The answers of these groups.
    pub fn values(&self, groups: &[usize], aggregate: &Aggregate) -> Result<ArrayRef, RunError> {
        let name = aggregate.function.as_str();
        Ok(match self {
            State::Count(counts) | State::Distinct { counts, .. } => {
                Arc::new(groups.iter().map(|group| Some(counts[*group])).collect::<Int64Array>())
            }
            State::Tally { values, times } => tally(values, times, groups, aggregate)?,
            State::Total(totals) => {
                let totals = groups.iter().map(|group| &totals[*group]);
                let known = totals.map(|(total, count)| (*count > 0).then_some((*total, *count)));
                let overflowed = || overflow(aggregate);
                match (&aggregate.ty.kind, name) {
                    (TypeKind::Decimal { precision, scale }, _) => {
                        let of = match aggregate.arguments.first().map(|argument| &argument.ty.kind) {
                            Some(TypeKind::Decimal { scale, .. }) => *scale,
                            _ => 0,
                        };
                        let answers = known.map(|known| {
                            let answer = known.map(|(total, count)| match name {
                                "avg" => total.mean(count, of, (*precision, *scale)),
                                _ => total.sum().and_then(|sum| decimal::fits(sum, *precision)),
                            });
                            answer.map(|answer| answer.ok_or_else(overflowed)).transpose()
                        });
                        let array = answers.collect::<Result<Decimal128Array, RunError>>()?;
                        Arc::new(array.with_precision_and_scale(*precision, *scale as i8)?)
                    }
                    (_, "avg") => {
                        let means = known.map(|known| {
                            let (total, count) = known?;
                            Some(total.sum()? as f64 / count as f64)
                        });
                        Arc::new(means.collect::<Float64Array>())
                    }
                    _ => {
                        let answers = known.map(|known| {
                            let sum = known.map(|(total, _)| total.sum().and_then(|sum| i64::try_from(sum).ok()));
                            sum.map(|sum| sum.ok_or_else(overflowed)).transpose()
                        });
                        Arc::new(answers.collect::<Result<Int64Array, RunError>>()?)
                    }
                }
            }
            State::Floats(sums) => floats(aggregate, groups, |group| {
                let (sum, count) = sums[group];
                (count > 0).then(|| if name == "avg" { sum / count as f64 } else { sum })
            })?,
            State::Truth { truths, .. } => {
                Arc::new(groups.iter().map(|group| truths[*group]).collect::<BooleanArray>())
            }
            State::Numbers { of, share } => floats(aggregate, groups, |group| {
                let values = &of[group];
                // What is infinite is an overflow, which is said where all floats are looked at.
                let spread = |less| spread(values, less).unwrap_or(Some(f64::INFINITY));
                match name {
                    "variance" => spread(1),
                    "variance_all" => spread(0),
                    "stddev" => spread(1).map(f64::sqrt),
                    "stddev_all" => spread(0).map(f64::sqrt),
                    _ => percentile(values.clone(), share.unwrap_or(0.5)),
                }
            })?,
            State::Pairs(of) => floats(aggregate, groups, |group| match name {
                "correlation" => correlation(&of[group]),
                _ => covariance(&of[group]),
            })?,
            State::Best { values, best, .. } => {
                let best = groups
                    .iter()
                    .map(|group| best[*group].as_ref().map(|best| &*best.value));
                parsed(values, &best.collect::<Vec<_>>(), aggregate)?
            }
            State::Items {
                values, of, separator, ..
            } => {
                let items = groups.iter().map(|group| {
                    let mut items: Vec<&Best> = of[*group].iter().collect();
                    items.sort_by(|left, right| left.order.cmp(&right.order));
                    items.into_iter().map(|item| &*item.value).collect::<Vec<_>>()
                });
                let items: Vec<_> = items.collect();
                match name {
                    "list" => lists(values, &items, aggregate)?,
                    _ => joined(values, &items, separator.as_deref().unwrap_or_default(), aggregate)?,
                }
            }
        })
    }
}

/// Floats, none of which may be infinite: that is what an overflow leaves.
fn floats(aggregate: &Aggregate, groups: &[usize], of: impl Fn(usize) -> Option<f64>) -> Result<ArrayRef, RunError> {
    let answers = groups.iter().map(|group| match of(*group) {
        Some(value) if value.is_infinite() => Err(overflow(aggregate)),
        value => Ok(value.map(normal)),
    });
    Ok(Arc::new(answers.collect::<Result<Float64Array, RunError>>()?))
}

/// Values that were kept as bytes; nothing where there is none.
fn parsed(converter: &RowConverter, values: &[Option<&[u8]>], aggregate: &Aggregate) -> Result<ArrayRef, RunError> {
    let parser = converter.parser();
    let arrays = converter.convert_rows(values.iter().flatten().map(|value| parser.parse(value)))?;
    let mut next = 0;
    let places = values.iter().map(|value| {
        value.map(|_| {
            next += 1;
            next - 1
        })
    });
    let places: UInt32Array = places.collect();
    Ok(match arrays.first() {
        Some(array) => arrow::compute::take(array, &places, None)?,
        None => new_null_array(&data_type(&aggregate.ty.kind)?, values.len()),
    })
}

fn lists(converter: &RowConverter, items: &[Vec<&[u8]>], aggregate: &Aggregate) -> Result<ArrayRef, RunError> {
    let DataType::List(field) = data_type(&aggregate.ty.kind)? else {
        return Err(RunError::unsupported(format!("`{}`", aggregate.text)));
    };
    let all: Vec<_> = items.iter().flatten().map(|item| Some(*item)).collect();
    let all = parsed(converter, &all, aggregate)?;
    let offsets = OffsetBuffer::from_lengths(items.iter().map(Vec::len));
    Ok(Arc::new(ListArray::try_new(field, offsets, all, None)?))
}

/// Texts in one; nothing where there is none.
fn joined(
    converter: &RowConverter,
    items: &[Vec<&[u8]>],
    separator: &str,
    aggregate: &Aggregate,
) -> Result<ArrayRef, RunError> {
    let all: Vec<_> = items.iter().flatten().map(|item| Some(*item)).collect();
    let all = parsed(converter, &all, aggregate)?;
    let kind = aggregate
        .arguments
        .first()
        .map_or(&TypeKind::Text, |argument| &argument.ty.kind);
    let mut at = 0;
    let texts = items.iter().map(|own| {
        let texts = (at..at + own.len()).filter_map(|row| value_at(&all, row, kind).canonical());
        let texts: Vec<_> = texts.collect();
        at += own.len();
        (!texts.is_empty()).then(|| texts.join(separator))
    });
    Ok(Arc::new(texts.collect::<StringArray>()))
}

/// `mode`, `set`: each group's values in their order, with how often each is there.
fn tally(values: &Values, times: &[u64], groups: &[usize], aggregate: &Aggregate) -> Result<ArrayRef, RunError> {
    let mut of: Vec<Vec<(&[u8], u64)>> = vec![Vec::new(); groups.iter().max().map_or(0, |last| last + 1)];
    for (number, times) in times.iter().enumerate() {
        let (group, value) = values.keys.key(number).split_at(size_of::<u32>());
        let group = group.try_into().map(u32::from_be_bytes).unwrap_or_default() as usize;
        if let Some(own) = of.get_mut(group) {
            own.push((value, *times));
        }
    }
    let sorted = groups.iter().map(|group| {
        let mut own = std::mem::take(&mut of[*group]);
        own.sort_unstable();
        own
    });
    let sorted: Vec<_> = sorted.collect();
    if aggregate.function == "set" {
        if sorted.iter().any(|own| own.len() > MOST) {
            return Err(too_many(aggregate));
        }
        let items: Vec<Vec<_>> = sorted
            .iter()
            .map(|own| own.iter().map(|(value, _)| *value).collect())
            .collect();
        return lists(&values.converter, &items, aggregate);
    }
    let modes = sorted.iter().map(|own| {
        let mut best: Option<(&[u8], u64)> = None;
        for (value, times) in own {
            if best.is_none_or(|(_, most)| *times > most) {
                best = Some((value, *times));
            }
        }
        best.map(|(value, _)| value)
    });
    parsed(&values.converter, &modes.collect::<Vec<_>>(), aggregate)
}

fn overflow(aggregate: &Aggregate) -> RunError {
    RunError::data(format!("overflow in `{}`", aggregate.text))
        .help("a sum that does not fit its type fails the run; a wider type holds it")
}
