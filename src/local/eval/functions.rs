//! Functions of the standard library that have a way over whole arrays: one value in, one out, nothing turned away.
//!
//! Each calls the runtime's own function, as the way by rows does; it only spares values of their own on the way.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, Int64Array, StringBuilder};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use pipec_runtime::functions::{self, PseudonymKey};
use pipec_runtime::{Date, Timestamp};

use crate::plan::types::TypeKind;

/// What a function gives for an array.
pub(super) type Over<'k> = Box<dyn Fn(&ArrayRef) -> ArrayRef + 'k>;

/// A function of one value of this kind; `None` where it has no way over arrays.
pub(super) fn over<'k>(name: &str, kind: &TypeKind, key: &'k PseudonymKey) -> Option<Over<'k>> {
    match kind {
        TypeKind::Text => of_text(name, key),
        TypeKind::Date => of_date(name),
        TypeKind::Timestamp => of_timestamp(name),
        _ => None,
    }
}

fn of_text<'k>(name: &str, key: &'k PseudonymKey) -> Option<Over<'k>> {
    Some(match name {
        "lower" => texts(|text, out| out.append_value(functions::lower(text))),
        "upper" => texts(|text, out| out.append_value(functions::upper(text))),
        "trim" => texts(|text, out| out.append_value(functions::trim(text))),
        "trim_start" => texts(|text, out| out.append_value(functions::trim_start(text))),
        "trim_end" => texts(|text, out| out.append_value(functions::trim_end(text))),
        "pseudonym" => texts(|text, out| out.append_value(&*key.pseudonym(text))),
        "sha256" => texts(|text, out| out.append_value(&*functions::sha256(text))),
        "len" => Box::new(|array| {
            let lengths = array.as_string::<i32>().iter().map(|text| text.map(functions::len));
            Arc::new(lengths.collect::<Int64Array>())
        }),
        "is_empty" => truths(functions::is_empty),
        "is_blank" => truths(functions::is_blank),
        _ => return None,
    })
}

fn texts<'k>(append: impl Fn(&str, &mut StringBuilder) + 'k) -> Over<'k> {
    Box::new(move |array| {
        let texts = array.as_string::<i32>();
        let mut out = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
        for text in texts {
            match text {
                Some(text) => append(text, &mut out),
                None => out.append_null(),
            }
        }
        Arc::new(out.finish())
    })
}

fn truths<'k>(holds: fn(&str) -> bool) -> Over<'k> {
    Box::new(move |array| {
        let truths = array.as_string::<i32>().iter().map(|text| text.map(holds));
        Arc::new(truths.collect::<BooleanArray>())
    })
}

fn of_date<'k>(name: &str) -> Option<Over<'k>> {
    let day: fn(Date) -> Date = match name {
        "start_of_month" => functions::start_of_month,
        "start_of_quarter" => functions::start_of_quarter,
        "start_of_year" => functions::start_of_year,
        "end_of_month" => functions::end_of_month,
        _ => {
            let number: fn(Date) -> i64 = match name {
                "year" => functions::year,
                "month" => functions::month,
                "day" => functions::day,
                "weekday" => functions::weekday,
                "iso_week" => functions::iso_week,
                "iso_year" => functions::iso_year,
                "day_of_year" => functions::day_of_year,
                "quarter" => functions::quarter,
                _ => return None,
            };
            return Some(Box::new(move |array| {
                let days = array.as_primitive::<Date32Type>().iter();
                Arc::new(days.map(|day| Some(number(Date(day?)))).collect::<Int64Array>())
            }));
        }
    };
    Some(Box::new(move |array| {
        let days = array.as_primitive::<Date32Type>().iter();
        Arc::new(days.map(|of| Some(day(Date(of?)).0)).collect::<Date32Array>())
    }))
}

fn of_timestamp<'k>(name: &str) -> Option<Over<'k>> {
    let number: fn(Timestamp) -> i64 = match name {
        "date" => {
            return Some(Box::new(|array| {
                let instants = array.as_primitive::<TimestampMicrosecondType>();
                let days: Date32Array = instants.unary(|micros| functions::date(Timestamp(micros)).0);
                Arc::new(days)
            }));
        }
        "second" => functions::second,
        "epoch_seconds" => functions::epoch_seconds,
        "epoch_milliseconds" => functions::epoch_milliseconds,
        _ => return None,
    };
    Some(Box::new(move |array| {
        let instants = array.as_primitive::<TimestampMicrosecondType>();
        let numbers: Int64Array = instants.unary(|micros| number(Timestamp(micros)));
        Arc::new(numbers)
    }))
}
