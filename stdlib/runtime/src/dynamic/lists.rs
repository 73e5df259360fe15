//! Lists and maps.

use std::collections::BTreeMap;

use super::Argument::{Gives, Is};
use super::{Argument, Call, Function, theme};
use crate::functions::lists;
use crate::types::decimal;
use crate::value::Reject;
use crate::value::Value::{self, Bool, Date, Decimal, Float, Int, List, Map, Struct, Text};

/// Whether a condition holds: only where it is true.
fn holds(condition: Function<'_>, item: &Value) -> Result<bool, Reject> {
    Ok(matches!(condition(std::slice::from_ref(item))?, Bool(true)))
}

fn kept(list: &[Value], keep: Function<'_>) -> Result<Vec<Value>, Reject> {
    let mut kept = Vec::new();
    for item in list {
        if holds(keep, item)? {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

fn mapped(list: &[Value], each: Function<'_>) -> Result<Vec<Value>, Reject> {
    list.iter().map(|item| each(std::slice::from_ref(item))).collect()
}

/// The sum of items that are all of one kind; an empty list has the sum 0 of the answer's kind.
fn sum(list: &[Value], call: Call<'_>) -> Result<Value, Reject> {
    let (precision, scale) = call.digits;
    let mut sum = match list.first() {
        Some(Float(_)) => Float(0.0),
        Some(Decimal(..)) => Decimal(0, scale),
        None if precision > 0 => Decimal(0, scale),
        _ => Int(0),
    };
    for item in list {
        sum = match (sum, item) {
            (Int(sum), Int(item)) => Int(sum.checked_add(*item).ok_or(Reject::Overflow)?),
            (Decimal(sum, at), Decimal(item, from)) => {
                let sum = decimal::add((sum, at), (*item, *from), precision, scale);
                Decimal(sum.ok_or(Reject::Overflow)?, scale)
            }
            (Float(sum), Float(item)) => Float(sum + item),
            _ => return Err(Reject::Overflow),
        };
    }
    match sum {
        Float(sum) if !sum.is_finite() => Err(Reject::Overflow),
        sum => Ok(sum),
    }
}

fn texts(list: &[Value]) -> Vec<&str> {
    let texts = list.iter().filter_map(|item| match item {
        Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

fn pair(names: [&str; 2], first: Value, second: Value) -> Value {
    let [one, two] = names.map(str::to_owned);
    Struct(vec![(one, first), (two, second)])
}

fn concat(left: &[Value], right: &[Value]) -> Vec<Value> {
    [left, right].concat()
}

fn flat(list: &[Value]) -> Vec<Value> {
    let items = |item: &Value| match item {
        List(items) => items.clone(),
        _ => Vec::new(),
    };
    list.iter().flat_map(items).collect()
}

fn reduced(list: &[Value], start: &Value, step: Function<'_>) -> Result<Value, Reject> {
    let mut value = start.clone();
    for item in list {
        value = step(&[value, item.clone()])?;
    }
    Ok(value)
}

fn without_missing(list: &[Value]) -> Vec<Value> {
    list.iter().filter(|item| !item.is_missing()).cloned().collect()
}

fn map_of(keys: &[Value], values: &[Value]) -> Value {
    let keys = texts(keys);
    match keys.len() == values.len() {
        true => Map(keys
            .into_iter()
            .map(str::to_owned)
            .zip(values.iter().cloned())
            .collect()),
        false => Value::Missing,
    }
}

fn mapped_values(map: &BTreeMap<String, Value>, each: Function<'_>) -> Result<Value, Reject> {
    let mut out = BTreeMap::new();
    for (key, value) in map {
        out.insert(key.clone(), each(std::slice::from_ref(value))?);
    }
    Ok(Map(out))
}

fn kept_entries(map: &BTreeMap<String, Value>, keep: Function<'_>) -> Result<Value, Reject> {
    let mut out = BTreeMap::new();
    for (key, value) in map {
        if keep(&[Text(key.clone()), value.clone()])? == Bool(true) {
            out.insert(key.clone(), value.clone());
        }
    }
    Ok(Map(out))
}

fn merged(left: &BTreeMap<String, Value>, right: &BTreeMap<String, Value>) -> Value {
    let mut out = left.clone();
    out.extend(right.clone());
    Map(out)
}

theme! { NAMES, call, given;
    "len" [Is(List(list))] => list.len() as i64;
    "is_empty" [Is(List(list))] => list.is_empty();
    "contains" [Is(List(list)), Is(value)] => list.contains(value);
    "index_of" [Is(List(list)), Is(value)] => lists::index_of(list, value);
    "first" [Is(List(list))] => list.first().cloned();
    "last" [Is(List(list))] => list.last().cloned();
    "slice" [Is(List(list)), Is(Int(from)), Is(Int(to))] => lists::slice(list, *from, *to);
    "reverse" [Is(List(list))] => lists::reverse(list);
    "sort" [Is(List(list))] => lists::sort(list);
    "sort_by" [Is(List(list)), Gives(by)] => lists::try_sort_by(list, |item| by(std::slice::from_ref(item)))?;
    "distinct" [Is(List(list))] => lists::distinct(list);
    "without_missing" [Is(List(list))] => without_missing(list);
    "concat" [Is(List(left)), Is(List(right))] => concat(left, right);
    "append" [Is(List(list)), Is(value)] => concat(list, std::slice::from_ref(value));
    "intersect" [Is(List(left)), Is(List(right))] => lists::intersect(left, right);
    "without" [Is(List(left)), Is(List(right))] => lists::without(left, right);
    "overlaps" [Is(List(left)), Is(List(right))] => lists::overlaps(left, right);
    "flatten" [Is(List(list))] => flat(list);
    "join" [Is(List(list)), Is(Text(separator))] => texts(list).join(separator);
    "sum" [Is(List(list))] => sum(&without_missing(list), given)?;
    "min" [Is(List(list))] => list.iter().filter(|item| !item.is_missing()).min().cloned();
    "max" [Is(List(list))] => list.iter().filter(|item| !item.is_missing()).max().cloned();
    "map" [Is(List(list)), Gives(each)] => mapped(list, each)?;
    "filter" [Is(List(list)), Gives(keep)] => kept(list, keep)?;
    "find" [Is(List(list)), Gives(wanted)] => kept(list, wanted)?.into_iter().next();
    "any" [Is(List(list)), Gives(condition)] => !kept(list, condition)?.is_empty();
    "all" [Is(List(list)), Gives(condition)] => kept(list, condition)?.len() == list.len();
    "count" [Is(List(list)), Gives(counted)] => kept(list, counted)?.len() as i64;
    "reduce" [Is(List(list)), Is(start), Gives(step)] => reduced(list, start, step)?;
    "zip" [Is(List(left)), Is(List(right))] => left
        .iter()
        .zip(right)
        .map(|(left, right)| pair(["first", "second"], left.clone(), right.clone()))
        .collect::<Vec<_>>();
    "range" [Is(Int(from)), Is(Int(to))] => lists::range(*from, *to)?;
    "range" [Is(Date(from)), Is(Date(to))] => lists::range(i64::from(from.0), i64::from(to.0))?
        .into_iter()
        .map(|day| crate::types::Date(day as i32))
        .collect::<Vec<_>>();

    "len" [Is(Map(map))] => map.len() as i64;
    "map_of" [Is(List(keys)), Is(List(values))] => map_of(keys, values);
    "keys" [Is(Map(map))] => map.keys().cloned().collect::<Vec<_>>();
    "values" [Is(Map(map))] => map.values().cloned().collect::<Vec<_>>();
    "get" [Is(Map(map)), Is(Text(key))] => map.get(key).cloned();
    "has_key" [Is(Map(map)), Is(Text(key))] => map.contains_key(key);
    "map_values" [Is(Map(map)), Gives(each)] => mapped_values(map, each)?;
    "filter_map" [Is(Map(map)), Gives(keep)] => kept_entries(map, keep)?;
    "entries" [Is(Map(map))] => map
        .iter()
        .map(|(key, value)| pair(["key", "value"], Text(key.clone()), value.clone()))
        .collect::<Vec<_>>();
    "merge" [Is(Map(left)), Is(Map(right))] => merged(left, right);
}
