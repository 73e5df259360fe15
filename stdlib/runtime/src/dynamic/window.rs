//! Functions over the rows of a window, which are in order already.

use super::Row;
use super::aggregate::Accumulator;
use crate::value::Reject;
use crate::value::Value::{self, Float, Int};

/// The names of all functions of windows that are not aggregates.
pub(super) const NAMES: &[&str] = &[
    "dense_rank",
    "lag",
    "lead",
    "nth",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
    "share_before",
];

/// The rows of one window, and the one that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'w> {
    /// Arguments and order of each row.
    pub rows: &'w [Row],
    /// The present row.
    pub at: usize,
    /// The first row that a running aggregate sees.
    pub from: usize,
    /// Digits of an answer that is a decimal.
    pub digits: (u8, u8),
}

/// The answer for the present row; `None` where no function has this name.
pub fn over_rows(name: &str, frame: Frame<'_>) -> Option<Result<Value, Reject>> {
    let Frame { rows, at, from, digits } = frame;
    let present = rows.get(at)?;
    let keys = |row: &Row| row.order.iter().map(|(value, _)| value.clone()).collect::<Vec<_>>();
    let key = keys(present);
    let before = rows.iter().position(|row| keys(row) == key).unwrap_or(at);
    let peers = rows.iter().filter(|row| keys(row) == key).count();
    let number = |argument: usize| match present.arguments.get(argument) {
        Some(Int(number)) => usize::try_from(*number).unwrap_or(usize::MAX),
        _ => 1,
    };
    let value = |row: Option<usize>| -> Value {
        let row = row.and_then(|row| rows.get(row));
        row.and_then(|row| row.arguments.first()).cloned().into()
    };
    Some(Ok(match name {
        "row_number" => Int(at as i64 + 1),
        "rank" => Int(before as i64 + 1),
        "dense_rank" => {
            let mut all: Vec<_> = rows.iter().take(before).map(keys).collect();
            all.dedup();
            Int(all.len() as i64 + 1)
        }
        "percent_rank" => match rows.len() {
            1 => Float(0.0),
            count => Float(before as f64 / (count - 1) as f64),
        },
        "share_before" => Float((before + peers) as f64 / rows.len() as f64),
        "ntile" => Int(tile(at, rows.len(), number(0)) as i64),
        "lag" => value(at.checked_sub(number(1))),
        "lead" => value(at.checked_add(number(1))),
        "nth" => value(number(1).checked_sub(1).filter(|row| *row <= at)),
        name => {
            let mut running = Accumulator::new(name, digits)?;
            for row in rows.get(from..=at)? {
                if let Err(reject) = running.add(row.clone()) {
                    return Some(Err(reject));
                }
            }
            return Some(running.finish());
        }
    }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_differ_by_one_row_at_most() {
        let tiles = |rows, count| (0..rows).map(|at| tile(at, rows, count)).collect::<Vec<_>>();
        assert_eq!(tiles(5, 2), [1, 1, 1, 2, 2]);
        assert_eq!(tiles(2, 5), [1, 2]);
        assert_eq!(tiles(7, 3), [1, 1, 1, 2, 2, 3, 3]);
    }
}
