//! Where a column comes from: the columns that each output column of a transform was computed from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::expr::{Aggregate, Expr};
use super::types::Column;
use super::{DatasetId, Input, Plan, Step, StepKind, Transform, View, Writer};

/// A column of something that is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What is read.
    pub input: Input,
    /// Its column.
    pub column: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.input, self.column)
    }
}

type Places = BTreeSet<Place>;

/// The columns in scope, and what each was computed from.
type Scope = BTreeMap<String, Places>;

/// For each column after the last step, the columns whose values it was computed from.
pub fn of_transform(transform: &Transform) -> BTreeMap<String, BTreeSet<Place>> {
    of_rows(&transform.input, &transform.input_columns, &transform.steps)
}

/// The same of a view.
pub fn of_view(view: &View) -> BTreeMap<String, BTreeSet<Place>> {
    of_rows(&view.input, &view.input_columns, &view.steps)
}

fn of_rows(input: &Input, columns: &[Column], steps: &[Step]) -> Scope {
    let mut from = places(input, columns)
        .map(|(name, place)| (name, Places::from([place])))
        .collect();
    for step in steps {
        from = after(step, from);
    }
    from
}

fn places<'p>(input: &'p Input, columns: &'p [Column]) -> impl Iterator<Item = (String, Place)> + 'p {
    columns.iter().map(move |column| {
        let place = Place {
            input: input.clone(),
            column: column.name.clone(),
        };
        (column.name.clone(), place)
    })
}

/// The columns after a step.
fn after(step: &Step, mut from: Scope) -> Scope {
    match &step.kind {
        StepKind::Filter(_)
        | StepKind::Expect { .. }
        | StepKind::Dedupe { .. }
        | StepKind::Sort(_)
        | StepKind::Take(_)
        | StepKind::Route { .. } => {}
        StepKind::Derive(columns) => {
            for (column, value) in columns {
                let inputs = resolve(&from, value);
                from.insert(column.name.clone(), inputs);
            }
        }
        StepKind::Select(columns) => {
            let value = |(column, value): &(Column, Expr)| (column.name.clone(), resolve(&from, value));
            return columns.iter().map(value).collect();
        }
        StepKind::Drop(names) => from.retain(|name, _| !names.contains(name)),
        StepKind::Rename(names) => {
            let moved = names
                .iter()
                .filter_map(|(old, new)| Some((new.clone(), from.remove(old)?)));
            let moved: Vec<_> = moved.collect();
            from.extend(moved);
        }
        StepKind::Explode { list, column, .. } => {
            let inputs = resolve(&from, list);
            from.insert(column.name.clone(), inputs);
        }
        StepKind::Join(join) => {
            let other = places(&join.other, &join.columns);
            from.extend(other.map(|(name, place)| (format!("{}.{name}", join.alias), Places::from([place]))));
        }
        StepKind::Union { other, columns } => {
            for (name, place) in places(other, columns) {
                from.entry(name).or_default().insert(place);
            }
        }
        StepKind::Window { columns, .. } => {
            let values: Vec<_> = aggregates(&from, columns).collect();
            from.extend(values);
        }
        StepKind::Session { keys, time, column, .. } => {
            let inputs = of_names(&from, keys.iter().chain([time]));
            from.insert(column.name.clone(), inputs);
        }
        StepKind::Unpivot { columns, name, value } => {
            let inputs = of_names(&from, columns);
            from.retain(|name, _| !columns.contains(name));
            from.insert(name.name.clone(), Places::new());
            from.insert(value.name.clone(), inputs);
        }
        StepKind::Group { .. } | StepKind::Pivot { .. } | StepKind::Run(_) => return anew(step, &from),
    }
    from
}

/// The columns after a step whose rows are other ones than those before it.
fn anew(step: &Step, from: &Scope) -> Scope {
    match &step.kind {
        StepKind::Group {
            keys, aggregates: list, ..
        } => {
            let keys = keys
                .iter()
                .map(|(column, value)| (column.name.clone(), resolve(from, value)));
            keys.chain(aggregates(from, list)).collect()
        }
        StepKind::Pivot { on, values, keys } => {
            let keys = keys
                .iter()
                .filter_map(|key| Some((key.clone(), from.get(key)?.clone())));
            let values = values.iter().map(|(_, column, aggregate)| {
                let mut inputs = aggregated(from, aggregate);
                inputs.extend(resolve(from, on));
                (column.name.clone(), inputs)
            });
            keys.chain(values).collect()
        }
        // A program may make everything of anything.
        _ => {
            let all: Places = from.values().flatten().cloned().collect();
            step.columns
                .iter()
                .map(|column| (column.name.clone(), all.clone()))
                .collect()
        }
    }
}

fn of_names<'n>(from: &Scope, names: impl IntoIterator<Item = &'n String>) -> Places {
    names
        .into_iter()
        .filter_map(|name| from.get(name))
        .flatten()
        .cloned()
        .collect()
}

fn aggregates<'p>(from: &'p Scope, columns: &'p [(Column, Aggregate)]) -> impl Iterator<Item = (String, Places)> + 'p {
    columns
        .iter()
        .map(|(column, aggregate)| (column.name.clone(), aggregated(from, aggregate)))
}

/// What an aggregate is computed from, its order included.
fn aggregated(from: &Scope, aggregate: &Aggregate) -> Places {
    aggregate.expressions().flat_map(|value| resolve(from, value)).collect()
}

fn resolve(from: &Scope, value: &Expr) -> Places {
    of_names(from, &value.columns())
}

/// The lines of a column's way back to its sources, the column itself first, each step back indented by one.
pub fn trace(plan: &Plan, dataset: &DatasetId, column: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let place = Place {
        input: Input::Table(dataset.clone()),
        column: column.to_owned(),
    };
    walk(plan, &place, 0, &mut lines);
    lines
}

fn walk(plan: &Plan, place: &Place, depth: usize, lines: &mut Vec<(usize, String)>) {
    let (what, inputs) = step_back(plan, place);
    lines.push((depth, format!("{place}{what}")));
    for input in inputs {
        walk(plan, &input, depth + 1, lines);
    }
}

/// What gave a column its value, and what that was computed from.
fn step_back(plan: &Plan, place: &Place) -> (String, Places) {
    let column = place.column.as_str();
    let value = |steps: &[Step]| {
        last_value(steps, column)
            .map(|text| format!(" = {text}"))
            .unwrap_or_default()
    };
    let brought = |source: &str| (format!(", as source `{source}` brings it"), Places::new());
    match &place.input {
        Input::Stream(source) => brought(source),
        Input::View(name) => match plan.view(name) {
            Some(view) => {
                let inputs = of_rows(&view.input, &view.input_columns, &view.steps).remove(column);
                (value(&view.steps), inputs.unwrap_or_default())
            }
            None => Default::default(),
        },
        Input::Table(id) => match plan.datasets.get(id).map(|dataset| &dataset.writer) {
            Some(Writer::Source(source)) => brought(source),
            Some(Writer::Import(pipeline)) => (format!(", as project `{pipeline}` exports it"), Places::new()),
            Some(Writer::Transform(name)) => match plan.transform(name) {
                Some(transform) => {
                    let what = format!("{}, by transform `{name}`", value(&transform.steps));
                    (what, of_transform(transform).remove(column).unwrap_or_default())
                }
                None => Default::default(),
            },
            None => Default::default(),
        },
    }
}

/// The text of the expression that gave a column its value last.
fn last_value(steps: &[Step], column: &str) -> Option<String> {
    steps.iter().rev().find_map(|step| match &step.kind {
        StepKind::Derive(columns) | StepKind::Select(columns) => columns
            .iter()
            .rev()
            .find(|(c, _)| c.name == column)
            .map(|(_, value)| value.text.to_string()),
        StepKind::Window { columns, .. } => columns
            .iter()
            .find(|(c, _)| c.name == column)
            .map(|(_, value)| value.text.to_string()),
        StepKind::Pivot { values, .. } => values
            .iter()
            .find(|(_, c, _)| c.name == column)
            .map(|(_, _, value)| value.text.to_string()),
        StepKind::Group { keys, aggregates, .. } => {
            let key = keys
                .iter()
                .find(|(c, _)| c.name == column)
                .map(|(_, value)| value.text.to_string());
            key.or_else(|| {
                aggregates
                    .iter()
                    .find(|(c, _)| c.name == column)
                    .map(|(_, value)| value.text.to_string())
            })
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revenue_comes_from_the_amount_and_kind_of_clicks() {
        let plan = crate::plan::fixture::clickstream();
        let dataset = DatasetId {
            zone: "curated".into(),
            name: "daily_pages".into(),
        };
        let lines: Vec<_> = trace(&plan, &dataset, "revenue")
            .into_iter()
            .map(|(depth, line)| format!("{depth} {line}"))
            .collect();
        assert_eq!(
            lines,
            [
                "0 curated.daily_pages.revenue = sum(amount), by transform `daily_pages`",
                "1 processed.clicks.amount = if kind == \"buy\" then amount ?? reject \"a purchase without an amount\" else 0, by transform `clean`",
                "2 clicks.amount, as source `clicks` brings it",
                "2 clicks.kind, as source `clicks` brings it",
            ]
        );
    }
}
