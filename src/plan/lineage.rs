//! Where a column comes from: the input columns that each output column of a transform was computed from.

use std::collections::{BTreeMap, BTreeSet};

use super::expr::{Aggregate, Expr, ExprKind};
use super::{DatasetId, Input, Plan, StepKind, Transform, Writer};

/// For each column after the last step, the input columns whose values it was computed from.
pub fn of_transform(transform: &Transform) -> BTreeMap<String, BTreeSet<String>> {
    let own = |name: &String| (name.clone(), BTreeSet::from([name.clone()]));
    let mut from: BTreeMap<_, _> = transform.input_columns.iter().map(|column| own(&column.name)).collect();
    for step in &transform.steps {
        match &step.kind {
            StepKind::Filter(_) | StepKind::Expect { .. } | StepKind::Dedupe { .. } => {}
            StepKind::Derive(columns) => {
                for (column, value) in columns {
                    let inputs = resolve(&from, value);
                    from.insert(column.name.clone(), inputs);
                }
            }
            StepKind::Select(columns) => {
                from = columns
                    .iter()
                    .map(|(column, value)| (column.name.clone(), resolve(&from, value)))
                    .collect();
            }
            StepKind::Drop(names) => from.retain(|name, _| !names.contains(name)),
            StepKind::Rename(names) => {
                let moved: Vec<_> = names
                    .iter()
                    .filter_map(|(old, new)| Some((new.clone(), from.remove(old)?)))
                    .collect();
                from.extend(moved);
            }
            StepKind::Group { keys, aggregates, .. } => {
                let keys = keys
                    .iter()
                    .map(|(column, value)| (column.name.clone(), resolve(&from, value)));
                let values = aggregates
                    .iter()
                    .map(|(column, aggregate)| (column.name.clone(), aggregated(&from, aggregate)));
                from = keys.chain(values).collect();
            }
            StepKind::Sort(_) | StepKind::Take(_) | StepKind::Route { .. } => {}
            StepKind::Explode { list, column, .. } => {
                let inputs = resolve(&from, list);
                from.insert(column.name.clone(), inputs);
            }
            StepKind::Join(join) => {
                let other = join.columns.iter().map(|column| {
                    let name = format!("{}.{}", join.alias, column.name);
                    (
                        name.clone(),
                        BTreeSet::from([format!("{}.{}", join.other, column.name)]),
                    )
                });
                from.extend(other);
            }
            StepKind::Union { other, columns } => {
                for column in columns {
                    let inputs = from.entry(column.name.clone()).or_default();
                    inputs.insert(format!("{other}.{}", column.name));
                }
            }
            StepKind::Window { columns, .. } => {
                let values: Vec<_> = columns
                    .iter()
                    .map(|(column, aggregate)| (column.name.clone(), aggregated(&from, aggregate)))
                    .collect();
                from.extend(values);
            }
            StepKind::Session { keys, time, column, .. } => {
                let of = keys
                    .iter()
                    .chain([time])
                    .flat_map(|name| from.get(name).cloned().unwrap_or_default());
                let inputs = of.collect();
                from.insert(column.name.clone(), inputs);
            }
            StepKind::Pivot { on, values, keys } => {
                let keys = keys
                    .iter()
                    .filter_map(|key| Some((key.clone(), from.get(key)?.clone())));
                let values = values.iter().map(|(_, column, aggregate)| {
                    let mut inputs = aggregated(&from, aggregate);
                    inputs.extend(resolve(&from, on));
                    (column.name.clone(), inputs)
                });
                from = keys.chain(values).collect();
            }
            StepKind::Unpivot { columns, name, value } => {
                let of = columns
                    .iter()
                    .flat_map(|column| from.get(column).cloned().unwrap_or_default());
                let inputs: BTreeSet<_> = of.collect();
                from.retain(|name, _| !columns.contains(name));
                from.insert(name.name.clone(), BTreeSet::new());
                from.insert(value.name.clone(), inputs);
            }
            // A program may make everything of anything.
            StepKind::Run(_) => {
                let all: BTreeSet<_> = from.values().flatten().cloned().collect();
                from = step
                    .columns
                    .iter()
                    .map(|column| (column.name.clone(), all.clone()))
                    .collect();
            }
        }
    }
    from
}

/// What an aggregate is computed from, its order included.
fn aggregated(from: &BTreeMap<String, BTreeSet<String>>, aggregate: &Aggregate) -> BTreeSet<String> {
    aggregate.expressions().flat_map(|value| resolve(from, value)).collect()
}

/// The lines of a column's way back to its sources, the column itself first, each step back indented by one.
pub fn trace(plan: &Plan, dataset: &DatasetId, column: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    walk(plan, dataset, column, 0, &mut lines);
    lines
}

fn walk(plan: &Plan, dataset: &DatasetId, column: &str, depth: usize, lines: &mut Vec<(usize, String)>) {
    let Some(found) = plan.datasets.get(dataset) else {
        return;
    };
    let transform = match &found.writer {
        Writer::Source(source) => {
            lines.push((depth, format!("{dataset}.{column}, as source `{source}` brings it")));
            return;
        }
        Writer::Import(pipeline) => {
            lines.push((depth, format!("{dataset}.{column}, as project `{pipeline}` exports it")));
            return;
        }
        Writer::Transform(name) => plan.transform(name),
    };
    let Some(transform) = transform else { return };
    let value = last_value(transform, column)
        .map(|text| format!(" = {text}"))
        .unwrap_or_default();
    lines.push((
        depth,
        format!("{dataset}.{column}{value}, by transform `{}`", transform.name),
    ));
    let inputs = of_transform(transform).remove(column).unwrap_or_default();
    for input in inputs {
        match &transform.input {
            Input::Stream(source) => {
                lines.push((depth + 1, format!("{source}.{input}, as source `{source}` brings it")))
            }
            Input::Table(id) => walk(plan, id, &input, depth + 1, lines),
            _ => crate::plan::refused(),
        }
    }
}

/// The text of the expression that gave a column its value last.
fn last_value(transform: &Transform, column: &str) -> Option<String> {
    transform.steps.iter().rev().find_map(|step| match &step.kind {
        StepKind::Derive(columns) | StepKind::Select(columns) => columns
            .iter()
            .rev()
            .find(|(c, _)| c.name == column)
            .map(|(_, value)| value.text.to_string()),
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

fn resolve(from: &BTreeMap<String, BTreeSet<String>>, value: &Expr) -> BTreeSet<String> {
    let mut columns = BTreeSet::new();
    collect(value, &mut columns);
    columns
        .iter()
        .filter_map(|column| from.get(column))
        .flatten()
        .cloned()
        .collect()
}

/// Every column that an expression reads.
fn collect(value: &Expr, columns: &mut BTreeSet<String>) {
    match &value.kind {
        ExprKind::Column(name) => {
            columns.insert(name.clone());
        }
        ExprKind::Literal(_) | ExprKind::Reject(_) => {}
        ExprKind::Call { arguments, .. } => arguments.iter().for_each(|argument| collect(argument, columns)),
        ExprKind::Not(inner) | ExprKind::Negate(inner) | ExprKind::Cast(inner) => collect(inner, columns),
        ExprKind::IsNull { value, .. } | ExprKind::In { value, .. } => collect(value, columns),
        ExprKind::Logic { left, right, .. }
        | ExprKind::Compare { left, right, .. }
        | ExprKind::Arithmetic { left, right, .. } => {
            collect(left, columns);
            collect(right, columns);
        }
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => {
            [condition, then, otherwise]
                .into_iter()
                .for_each(|part| collect(part, columns));
        }
        ExprKind::Coalesce { value, default } => {
            collect(value, columns);
            collect(default, columns);
        }
        _ => crate::plan::refused(),
    }
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
