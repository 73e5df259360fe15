//! Rows that wait for all others to have come, in their batches, and go on in an order of their own.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, UInt32Array, new_null_array};
use arrow::compute::{SortOptions, interleave};
use arrow::row::{RowConverter, Rows, SortField};

use super::super::batch::Batch;
use super::super::error::RunError;
use super::super::lines::ROWS;

/// A batch and a row of it.
pub(in crate::local) type Place = (u32, u32);

/// Columns in arrow's row form, whose bytes have the values' order, missing values last.
pub(in crate::local) fn row_form<'n>(
    converter: &mut Option<RowConverter>,
    batch: &Batch,
    names: impl Iterator<Item = &'n str>,
) -> Result<RowsOf, RunError> {
    let mut arrays = Vec::new();
    for name in names {
        arrays.push((batch.column(name)?.clone(), false));
    }
    row_form_of(converter, &arrays, batch.rows())
}

/// Row forms, also of no column at all.
pub(in crate::local) enum RowsOf {
    Some(Rows),
    Nothing(usize),
}

impl RowsOf {
    pub fn row(&self, at: usize) -> RowOf<'_> {
        match self {
            RowsOf::Some(rows) => RowOf(Some(rows.row(at))),
            RowsOf::Nothing(_) => RowOf(None),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            RowsOf::Some(rows) => rows.num_rows(),
            RowsOf::Nothing(rows) => *rows,
        }
    }
}

/// One row's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::local) struct RowOf<'r>(Option<arrow::row::Row<'r>>);

impl<'r> RowOf<'r> {
    pub fn as_ref(&self) -> &'r [u8] {
        self.0.map_or(&[], |row| row.data())
    }
}

/// As [`row_form`], of arrays, each with whether it goes down.
pub(in crate::local) fn row_form_of(
    converter: &mut Option<RowConverter>,
    arrays: &[(ArrayRef, bool)],
    rows: usize,
) -> Result<RowsOf, RunError> {
    if arrays.is_empty() {
        return Ok(RowsOf::Nothing(rows));
    }
    if converter.is_none() {
        let fields = arrays.iter().map(|(array, descending)| {
            let options = SortOptions {
                descending: *descending,
                nulls_first: false,
            };
            SortField::new_with_options(array.data_type().clone(), options)
        });
        *converter = Some(RowConverter::new(fields.collect())?);
    }
    let Some(converter) = converter else {
        return Ok(RowsOf::Nothing(rows));
    };
    let arrays: Vec<ArrayRef> = arrays.iter().map(|(array, _)| array.clone()).collect();
    Ok(RowsOf::Some(converter.convert_columns(&arrays)?))
}

/// Batches that are held.
#[derive(Default)]
pub(in crate::local) struct Held {
    pub batches: Vec<Batch>,
}

impl Held {
    /// These rows as one batch.
    pub fn gather(&self, places: &[Place]) -> Result<Batch, RunError> {
        let Some(first) = self.batches.first() else {
            return Ok(Batch::new(Vec::new(), 0));
        };
        let mut columns = Vec::with_capacity(first.columns.len());
        for (at, (name, _)) in first.columns.iter().enumerate() {
            let arrays = self.batches.iter().map(|batch| &batch.columns[at].1);
            columns.push((name.clone(), gather(arrays, places)?));
        }
        let origin: UInt32Array = (0..places.len() as u32).collect::<Vec<_>>().into();
        Ok(Batch { columns, origin })
    }
}

/// Rows of several arrays, one behind the other.
pub(in crate::local) fn gather<'a>(
    arrays: impl Iterator<Item = &'a ArrayRef>,
    places: &[Place],
) -> Result<ArrayRef, RunError> {
    let arrays: Vec<&dyn Array> = arrays.map(|array| &**array).collect();
    let places: Vec<(usize, usize)> = places
        .iter()
        .map(|(batch, row)| (*batch as usize, *row as usize))
        .collect();
    Ok(interleave(&arrays, &places)?)
}

/// As [`gather`], where a place may be none: the value is missing then.
pub(in crate::local) fn gather_or_missing<'a>(
    arrays: impl Iterator<Item = &'a ArrayRef>,
    places: &[Option<Place>],
) -> Result<ArrayRef, RunError> {
    let mut arrays: Vec<&dyn Array> = arrays.map(|array| &**array).collect();
    let Some(first) = arrays.first() else {
        return Err(RunError::unsupported("a column of no rows"));
    };
    let missing = new_null_array(first.data_type(), 1);
    arrays.push(&*missing);
    let nowhere = (arrays.len() - 1, 0);
    let places = places
        .iter()
        .map(|place| place.map_or(nowhere, |(batch, row)| (batch as usize, row as usize)));
    Ok(interleave(&arrays, &places.collect::<Vec<_>>())?)
}

/// Rows that go on in this order, a batch at a time.
#[derive(Default)]
pub(in crate::local) struct Going {
    order: Vec<Place>,
    next: usize,
}

impl Going {
    pub fn new(order: Vec<Place>) -> Going {
        Going { order, next: 0 }
    }

    /// The places of the next rows, and the number of the first of them.
    pub fn next(&mut self) -> Option<(usize, &[Place])> {
        let from = self.next;
        let to = self.order.len().min(from + ROWS);
        self.next = to;
        (from < to).then(|| (from, &self.order[from..to]))
    }

    /// All places, of rows that went on as well.
    pub fn all(&self) -> &[Place] {
        &self.order
    }
}

/// What orders rows: several row forms, each decides where those before it do not.
pub(in crate::local) struct Order {
    /// By batch.
    pub forms: Vec<Vec<RowsOf>>,
}

impl Order {
    pub fn compare(&self, left: Place, right: Place) -> Ordering {
        let (a, b) = (&self.forms[left.0 as usize], &self.forms[right.0 as usize]);
        for (a, b) in a.iter().zip(b) {
            let order = a.row(left.1 as usize).as_ref().cmp(b.row(right.1 as usize).as_ref());
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    }

    /// Whether two rows are the same in one of the forms.
    pub fn same(&self, form: usize, left: Place, right: Place) -> bool {
        let of = |place: Place| self.forms[place.0 as usize][form].row(place.1 as usize);
        of(left).as_ref() == of(right).as_ref()
    }

    /// All rows in order; those that are the same in everything keep the order in which they came.
    pub fn sorted(&self) -> Vec<Place> {
        let batches = self.forms.iter().enumerate();
        let places = batches.flat_map(|(batch, forms)| {
            let rows = forms.first().map_or(0, RowsOf::len);
            (0..rows).map(move |row| (batch as u32, row as u32))
        });
        let mut places: Vec<Place> = places.collect();
        places.sort_by(|left, right| self.compare(*left, *right));
        places
    }
}
