//! Where a label comes from: the columns on the way from a source's field to a column that carries it.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::program::{DatasetWriter, Program, Transform};
use crate::plan::expr::Expr;
use crate::plan::types::Column;
use crate::plan::{Input, StepKind};

/// The input columns that each column was computed from: the input, and the column of it.
type From = BTreeMap<String, BTreeSet<(String, String)>>;

/// The columns of what a transform reads, as they come. A view's are those that it leaves.
pub(super) fn columns_of<'p>(program: &'p Program, input: &Input) -> Vec<&'p Column> {
    match input {
        Input::Stream(name) => {
            let source = program.sources.iter().find(|source| source.item.name == *name);
            let fields = source.map_or(&[][..], |source| &source.schema.fields);
            fields.iter().map(|field| &field.column).collect()
        }
        Input::Table(id) => {
            let dataset = program.datasets.get(id);
            dataset.map_or(&[][..], |dataset| &dataset.columns).iter().collect()
        }
        Input::View(name) => {
            let view = program.transforms.iter().find(|transform| transform.item.name == *name);
            view.map_or(&[][..], |view| &view.output).iter().collect()
        }
    }
}

/// What an input is called.
pub(super) fn name_of(input: &Input) -> String {
    match input {
        Input::Stream(name) | Input::View(name) => name.clone(),
        Input::Table(id) => id.to_string(),
    }
}

/// The way of a label to a column that a transform leaves, from the source on: `payments.customer`, `captured`,
/// `processed.payments.buyer`, `refunds`.
pub(super) fn way(program: &Program, transform: &Transform, column: &str, label: &str) -> Vec<String> {
    let mut way = Vec::new();
    let mut seen = BTreeSet::new();
    let (mut transform, mut column) = (transform, column.to_owned());
    while seen.insert(transform.item.name.clone()) {
        way.push(transform.item.name.clone());
        let from = from(program, transform);
        let Some((input, before)) = carrier(program, transform, from.get(&column), label) else {
            break;
        };
        way.push(format!("{}.{before}", name_of(&input)));
        let writer = match &input {
            Input::Stream(_) => None,
            Input::View(name) => Some(name.clone()),
            Input::Table(id) => match program.datasets.get(id).map(|dataset| &dataset.writer) {
                Some(DatasetWriter::Transform(name)) => Some(name.clone()),
                _ => None,
            },
        };
        let next = writer.and_then(|name| program.transforms.iter().find(|known| known.item.name == name));
        let Some(next) = next else {
            break;
        };
        (transform, column) = (next, before);
    }
    way.reverse();
    way
}

/// The first of the input columns that carries the label.
fn carrier(
    program: &Program,
    transform: &Transform,
    from: Option<&BTreeSet<(String, String)>>,
    label: &str,
) -> Option<(Input, String)> {
    let inputs = super::inputs(transform);
    from?.iter().find_map(|(input, column)| {
        let input = inputs.iter().find(|known| name_of(known) == *input)?;
        let columns = columns_of(program, input);
        let found = columns.iter().find(|known| known.name == *column)?;
        found.labels.contains(label).then(|| ((*input).clone(), column.clone()))
    })
}

/// For each column after the last step, the input columns that it was computed from.
fn from(program: &Program, transform: &Transform) -> From {
    let mut from = From::new();
    let mut take = |input: &Input, alias: Option<&str>| {
        for column in columns_of(program, input) {
            let name = match alias {
                Some(alias) => format!("{alias}.{}", column.name),
                None => column.name.clone(),
            };
            let origin = (name_of(input), column.name.clone());
            from.entry(name).or_default().insert(origin);
        }
    };
    transform.inputs.iter().for_each(|input| take(input, None));
    for step in &transform.steps {
        match &step.kind {
            StepKind::Join(join) => take(&join.other, Some(&join.alias)),
            StepKind::Union { other, .. } => take(other, None),
            _ => {}
        }
    }
    for step in &transform.steps {
        let of = |values: &[&Expr]| -> BTreeSet<(String, String)> {
            let read = values.iter().flat_map(|value| value.columns());
            read.filter_map(|name| from.get(&name)).flatten().cloned().collect()
        };
        let mut set: Vec<(String, BTreeSet<(String, String)>)> = Vec::new();
        match &step.kind {
            StepKind::Derive(columns) => {
                for (column, value) in columns {
                    let origin = of_seeing(&from, &set, value);
                    set.push((column.name.clone(), origin));
                }
            }
            StepKind::Select(columns) => set.extend(columns.iter().map(|(c, value)| (c.name.clone(), of(&[value])))),
            StepKind::Rename(pairs) => {
                set.extend(
                    pairs
                        .iter()
                        .map(|(old, new)| (new.clone(), from.get(old).cloned().unwrap_or_default())),
                );
            }
            StepKind::Group { keys, aggregates, .. } => {
                set.extend(keys.iter().map(|(column, value)| (column.name.clone(), of(&[value]))));
                set.extend(aggregates.iter().map(|(column, aggregate)| {
                    let values: Vec<_> = aggregate.arguments.iter().collect();
                    (column.name.clone(), of(&values))
                }));
            }
            StepKind::Window { columns, .. } => set.extend(columns.iter().map(|(column, aggregate)| {
                let values: Vec<_> = aggregate.arguments.iter().collect();
                (column.name.clone(), of(&values))
            })),
            StepKind::Explode { list, column, .. } => set.push((column.name.clone(), of(&[list]))),
            StepKind::Session { keys, column, .. } => {
                let origin = keys.iter().filter_map(|key| from.get(key)).flatten().cloned().collect();
                set.push((column.name.clone(), origin));
            }
            StepKind::Unpivot { columns, value, .. } => {
                let origin = columns
                    .iter()
                    .filter_map(|name| from.get(name))
                    .flatten()
                    .cloned()
                    .collect();
                set.push((value.name.clone(), origin));
            }
            // Of what a program returns, everything that it was given may be the origin.
            StepKind::Run(_) | StepKind::Pivot { .. } => {
                let all: BTreeSet<_> = from.values().flatten().cloned().collect();
                set.extend(step.columns.iter().map(|column| (column.name.clone(), all.clone())));
            }
            _ => {}
        }
        from.extend(set);
    }
    from
}

/// What a value was computed from, where earlier columns of its own step are seen.
fn of_seeing(
    from: &From,
    earlier: &[(String, BTreeSet<(String, String)>)],
    value: &Expr,
) -> BTreeSet<(String, String)> {
    let origin = |name: &String| {
        let own = earlier
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, origin)| origin);
        own.or_else(|| from.get(name))
    };
    value.columns().iter().filter_map(origin).flatten().cloned().collect()
}
