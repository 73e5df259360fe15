//! `group by KEYS { NAME = AGGREGATE … }`: one row a group, sorted by its keys, missing keys one value and last.
//!
//! Aggregates leave missing values out. A sum that does not fit its type fails the run, whatever the order of its
//! terms: it is added up wide and judged at the end.

use std::sync::Arc;

use arrow::array::*;
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use arrow::row::{RowConverter, SortField};
use pipec_runtime::types::decimal;

use super::batch::Batch;
use super::error::RunError;
use super::keys::Keys;
use super::lines::ROWS;
use super::value::data_type;
use crate::plan::expr::Aggregate;
use crate::plan::types::{Column, TypeKind};

/// The groups so far.
pub(super) struct Group<'p> {
    keys: &'p [(Column, crate::plan::expr::Expr)],
    aggregates: &'p [(Column, Aggregate)],
    converter: RowConverter,
    numbers: Keys,
    states: Vec<State>,
}

/// One aggregate's state, by the group's number.
enum State {
    Count(Vec<i64>),
    Distinct {
        converter: RowConverter,
        /// Group and value together.
        seen: Keys,
        counts: Vec<i64>,
    },
    /// Of ints and decimals: `None` where no value came yet.
    Sum(Vec<Option<i128>>),
    FloatSum(Vec<Option<f64>>),
    /// The smallest (or largest) value in arrow's row form, whose bytes have the values' order.
    Extreme {
        converter: RowConverter,
        largest: bool,
        best: Vec<Option<Box<[u8]>>>,
    },
}

impl<'p> Group<'p> {
    pub fn new(
        keys: &'p [(Column, crate::plan::expr::Expr)],
        aggregates: &'p [(Column, Aggregate)],
    ) -> Result<Group<'p>, RunError> {
        let mut fields = Vec::with_capacity(keys.len());
        for (column, _) in keys {
            let options = SortOptions {
                descending: false,
                nulls_first: false,
            };
            fields.push(SortField::new_with_options(data_type(&column.ty.kind)?, options));
        }
        let states = aggregates.iter().map(|(_, aggregate)| State::new(aggregate));
        Ok(Group {
            keys,
            aggregates,
            converter: RowConverter::new(fields)?,
            numbers: Keys::default(),
            states: states.collect::<Result<_, _>>()?,
        })
    }

    /// Adds rows: their keys, and for each aggregate its argument, all as long.
    pub fn add(&mut self, keys: &[ArrayRef], arguments: &[Option<ArrayRef>]) -> Result<(), RunError> {
        let rows = self.converter.convert_columns(keys)?;
        let groups: Vec<usize> = rows.iter().map(|key| self.numbers.number(key.as_ref()).0).collect();
        let states = self.states.iter_mut().zip(arguments);
        for ((state, argument), (_, aggregate)) in states.zip(self.aggregates) {
            state.resize(self.numbers.len());
            state.add(&groups, argument.as_ref(), aggregate)?;
        }
        Ok(())
    }

    /// The groups, sorted by key.
    pub fn finish(&mut self) -> Result<Vec<Batch>, RunError> {
        let mut order: Vec<usize> = (0..self.numbers.len()).collect();
        order.sort_unstable_by_key(|number| self.numbers.key(*number));
        let parser = self.converter.parser();
        let mut batches = Vec::new();
        for numbers in order.chunks(ROWS) {
            let rows = numbers.iter().map(|number| parser.parse(self.numbers.key(*number)));
            let arrays = self.converter.convert_rows(rows)?;
            let names = self.keys.iter().map(|(column, _)| column.name.clone());
            let mut columns: Vec<(String, ArrayRef)> = names.zip(arrays).collect();
            for (state, (column, aggregate)) in self.states.iter().zip(self.aggregates) {
                columns.push((column.name.clone(), state.values(numbers, aggregate)?));
            }
            batches.push(Batch::new(columns, numbers.len()));
        }
        self.numbers = Keys::default();
        self.states = Vec::new();
        Ok(batches)
    }
}

impl State {
    fn new(aggregate: &Aggregate) -> Result<State, RunError> {
        let kind = aggregate.arguments.first().map(|argument| &argument.ty.kind);
        let converter = |kind: &TypeKind| Ok::<_, RunError>(RowConverter::new(vec![SortField::new(data_type(kind)?)])?);
        Ok(match (aggregate.function.as_str(), kind) {
            ("count", _) => State::Count(Vec::new()),
            ("count_distinct", Some(kind)) => State::Distinct {
                converter: converter(kind)?,
                seen: Keys::default(),
                counts: Vec::new(),
            },
            ("sum", Some(TypeKind::Int | TypeKind::Decimal { .. })) => State::Sum(Vec::new()),
            ("sum", Some(TypeKind::Float)) => State::FloatSum(Vec::new()),
            ("min" | "max", Some(kind)) => State::Extreme {
                converter: converter(kind)?,
                largest: aggregate.function == "max",
                best: Vec::new(),
            },
            _ => return Err(RunError::unsupported(format!("the aggregate `{}`", aggregate.text))),
        })
    }

    fn resize(&mut self, groups: usize) {
        match self {
            State::Count(counts) | State::Distinct { counts, .. } => counts.resize(groups, 0),
            State::Sum(sums) => sums.resize(groups, None),
            State::FloatSum(sums) => sums.resize(groups, None),
            State::Extreme { best, .. } => best.resize(groups, None),
        }
    }

    fn add(&mut self, groups: &[usize], argument: Option<&ArrayRef>, aggregate: &Aggregate) -> Result<(), RunError> {
        let there = |row: usize| argument.is_none_or(|array| array.is_valid(row));
        let rows = groups.iter().enumerate().filter(|(row, _)| there(*row));
        match (self, argument) {
            (State::Count(counts), _) => rows.for_each(|(_, group)| counts[*group] += 1),
            (
                State::Distinct {
                    converter,
                    seen,
                    counts,
                },
                Some(array),
            ) => {
                let values = converter.convert_columns(std::slice::from_ref(array))?;
                let mut key = Vec::new();
                for (row, group) in rows {
                    key.clear();
                    key.extend_from_slice(&(*group as u32).to_le_bytes());
                    key.extend_from_slice(values.row(row).as_ref());
                    counts[*group] += i64::from(seen.number(&key).1);
                }
            }
            (State::Sum(sums), Some(array)) => {
                let values = whole_numbers(array);
                for (row, group) in rows {
                    let sum = sums[*group].unwrap_or(0).checked_add(values(row));
                    sums[*group] = Some(sum.ok_or_else(|| overflow(aggregate))?);
                }
            }
            (State::FloatSum(sums), Some(array)) => {
                let values = array.as_primitive::<Float64Type>();
                rows.for_each(|(row, group)| sums[*group] = Some(sums[*group].unwrap_or(0.0) + values.value(row)));
            }
            (
                State::Extreme {
                    converter,
                    largest,
                    best,
                },
                Some(array),
            ) => {
                let values = converter.convert_columns(std::slice::from_ref(array))?;
                for (row, group) in rows {
                    let (value, best) = (values.row(row), &mut best[*group]);
                    let better = best.as_deref().is_none_or(|best| {
                        if *largest {
                            value.as_ref() > best
                        } else {
                            value.as_ref() < best
                        }
                    });
                    if better {
                        *best = Some(value.as_ref().into());
                    }
                }
            }
            (_, None) => {
                return Err(RunError::unsupported(format!(
                    "`{}` without an argument",
                    aggregate.text
                )));
            }
        }
        Ok(())
    }

    /// The answers of these groups.
    fn values(&self, groups: &[usize], aggregate: &Aggregate) -> Result<ArrayRef, RunError> {
        Ok(match self {
            State::Count(counts) | State::Distinct { counts, .. } => {
                Arc::new(groups.iter().map(|group| Some(counts[*group])).collect::<Int64Array>())
            }
            State::Sum(sums) => match &aggregate.ty.kind {
                TypeKind::Decimal { precision, scale } => {
                    let fitted = |sum: i128| decimal::fits(sum, *precision).ok_or_else(|| overflow(aggregate));
                    let sums = groups.iter().map(|group| sums[*group].map(fitted).transpose());
                    let array = sums.collect::<Result<Decimal128Array, RunError>>()?;
                    Arc::new(array.with_precision_and_scale(*precision, *scale as i8)?)
                }
                _ => {
                    let fitted = |sum: i128| i64::try_from(sum).map_err(|_| overflow(aggregate));
                    let sums = groups.iter().map(|group| sums[*group].map(fitted).transpose());
                    Arc::new(sums.collect::<Result<Int64Array, RunError>>()?)
                }
            },
            State::FloatSum(sums) => {
                let finite = |sum: f64| sum.is_finite().then_some(sum).ok_or_else(|| overflow(aggregate));
                let sums = groups.iter().map(|group| sums[*group].map(finite).transpose());
                Arc::new(sums.collect::<Result<Float64Array, RunError>>()?)
            }
            State::Extreme { converter, best, .. } => {
                let parser = converter.parser();
                // A group without a value takes the place of its neighbours' answers below.
                let found = groups.iter().filter_map(|group| best[*group].as_deref());
                let arrays = converter.convert_rows(found.map(|value| parser.parse(value)))?;
                let mut next = 0;
                let places = groups.iter().map(|group| {
                    best[*group].as_ref().map(|_| {
                        next += 1;
                        next - 1
                    })
                });
                let places: UInt32Array = places.collect();
                match arrays.first() {
                    Some(array) => arrow::compute::take(array, &places, None)?,
                    None => new_null_array(&data_type(&aggregate.ty.kind)?, groups.len()),
                }
            }
        })
    }
}

/// Ints and decimals as whole numbers.
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

fn overflow(aggregate: &Aggregate) -> RunError {
    RunError::data(format!("overflow in `{}`", aggregate.text))
        .help("a sum that does not fit its type fails the run; a wider type holds it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::value::{array_of, literal_at};
    use crate::plan::expr::{Expr, ExprKind, Literal};

    fn column(name: &str, kind: TypeKind) -> (Column, Expr) {
        let column = Column::new(name, kind.clone().optional());
        let expr = Expr {
            kind: ExprKind::Column(name.into()),
            ty: kind.optional(),
            text: name.into(),
        };
        (column, expr)
    }

    /// One aggregate of `v` by `k`.
    fn grouped(
        function: &str,
        kind: TypeKind,
        result: TypeKind,
        rows: &[(Literal, Literal)],
    ) -> Result<Vec<[Literal; 2]>, RunError> {
        let keys = [column("k", TypeKind::Text)];
        let aggregates = [(
            column("x", result.clone()).0,
            Aggregate {
                function: function.into(),
                arguments: vec![column("v", kind.clone()).1],
                order: Vec::new(),
                ty: result.clone().optional(),
                text: format!("{function}(v)").into(),
            },
        )];
        let mut group = Group::new(&keys, &aggregates)?;
        for row in rows {
            let keys = array_of(&TypeKind::Text, &[&row.0])?;
            let values = array_of(&kind, &[&row.1])?;
            group.add(&[keys], &[Some(values)])?;
        }
        let mut found = Vec::new();
        for batch in group.finish()? {
            for row in 0..batch.rows() {
                let key = literal_at(&batch.columns[0].1, row, &TypeKind::Text);
                found.push([key, literal_at(&batch.columns[1].1, row, &result)]);
            }
        }
        Ok(found)
    }

    fn text(text: &str) -> Literal {
        Literal::Text(text.into())
    }

    #[test]
    fn missing_keys_are_one_group_and_last_and_missing_values_are_left_out() {
        let rows = [
            (Literal::Null, Literal::Int(1)),
            (text("b"), Literal::Null),
            (text("a"), Literal::Int(5)),
            (Literal::Null, Literal::Int(2)),
            (text("a"), Literal::Int(5)),
            (text("a"), Literal::Int(-7)),
        ];
        let answers = |function| {
            let groups = grouped(function, TypeKind::Int, TypeKind::Int, &rows).unwrap();
            assert_eq!(
                groups.iter().map(|[key, _]| key.clone()).collect::<Vec<_>>(),
                [text("a"), text("b"), Literal::Null]
            );
            groups.into_iter().map(|[_, answer]| answer).collect::<Vec<_>>()
        };
        let (int, null) = (Literal::Int, Literal::Null);
        assert_eq!(answers("count"), [int(3), int(0), int(2)]);
        assert_eq!(answers("count_distinct"), [int(2), int(0), int(2)]);
        assert_eq!(answers("sum"), [int(3), null.clone(), int(3)]);
        assert_eq!(answers("min"), [int(-7), null.clone(), int(1)]);
        assert_eq!(answers("max"), [int(5), null, int(2)]);
    }

    #[test]
    fn a_sum_is_judged_at_the_end() {
        let rows = |values: &[i64]| {
            values
                .iter()
                .map(|value| (text("a"), Literal::Int(*value)))
                .collect::<Vec<_>>()
        };
        let sum = |values: &[i64]| grouped("sum", TypeKind::Int, TypeKind::Int, &rows(values));
        assert_eq!(sum(&[i64::MAX, 1, -1]).unwrap()[0][1], Literal::Int(i64::MAX));
        assert_eq!(sum(&[i64::MAX, 1]).unwrap_err().message, "overflow in `sum(v)`");
        let (kind, result) = (
            TypeKind::Decimal { precision: 2, scale: 1 },
            TypeKind::Decimal { precision: 3, scale: 1 },
        );
        let decimal = |unscaled| (text("a"), Literal::Decimal { unscaled, scale: 1 });
        let many = vec![decimal(99); 11];
        assert!(grouped("sum", kind.clone(), result.clone(), &many).is_err());
        let sum = grouped("sum", kind, result, &many[..10]).unwrap();
        assert_eq!(
            sum[0][1],
            Literal::Decimal {
                unscaled: 990,
                scale: 1
            }
        );
    }

    #[test]
    fn the_largest_text_is_by_bytes() {
        let rows = ["é", "z", "zz", ""].map(|value| (text("a"), text(value)));
        let of = |function| grouped(function, TypeKind::Text, TypeKind::Text, &rows).unwrap()[0][1].clone();
        assert_eq!((of("min"), of("max")), (text(""), text("é")));
    }
}
