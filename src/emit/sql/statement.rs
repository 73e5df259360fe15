//! Statements that write a query's rows into a table. Athena runs one at a time, and each is all or nothing by itself.
//! It must not know where tables rest.

use std::fmt::Write;

use super::query::{Part, Query, Rows, Select};
use super::tree::{Order, Sql, Window, identifier};
use super::{Names, of_transform};
use crate::plan::types::Column;
use crate::plan::{Dataset, Delivers, Input, Plan, Target, Transform, WriteMode};

/// What writes a transform's rows into its table, in order; nothing where Athena cannot: single rows are changed in Iceberg's
/// tables only, and versions of them in none.
pub fn statements(plan: &Plan, transform: &Transform, names: Names<'_>) -> Option<Vec<String>> {
    let Some(Target::Dataset(id)) = &transform.target else {
        return None;
    };
    let dataset = plan.datasets.get(id)?;
    let target = joined(&names(&Input::Table(id.clone())));
    let query = of_transform(plan, transform, names);
    let iceberg = dataset.format == crate::plan::Format::Iceberg;
    match &transform.mode {
        WriteMode::Append => Some(vec![insert(&target, dataset, query)]),
        WriteMode::Overwrite if iceberg => {
            let mut delete = format!("DELETE FROM {target}");
            if let [first, ..] = dataset.partition.as_slice() {
                // Only the partitions that the query has rows of.
                let names = list(&dataset.partition);
                let held = match dataset.partition.as_slice() {
                    [_] => identifier(first),
                    _ => format!("({names})"),
                };
                let mut only = query.clone();
                only.last = match only.last {
                    Rows::One(mut select) => {
                        select.items = dataset.partition.iter().map(|name| (Sql::name(name), None)).collect();
                        select.order = Vec::new();
                        Rows::One(select)
                    }
                    rows => rows,
                };
                let _ = write!(delete, "\nWHERE {held} IN (\n{only}\n)");
            }
            Some(vec![delete, insert(&target, dataset, query)])
        }
        WriteMode::Merge(keys) if iceberg && !brings_changes(plan, transform) => {
            Some(vec![merge(&target, dataset, keys, query)])
        }
        WriteMode::Overwrite | WriteMode::Merge(_) | WriteMode::History(_) => None,
    }
}

/// Whether rows are inserts, updates and deletes, of which a merge takes the deletes as such.
fn brings_changes(plan: &Plan, transform: &Transform) -> bool {
    match &transform.input {
        Input::Table(id) => plan
            .datasets
            .get(id)
            .is_some_and(|dataset| dataset.delivers == Delivers::Changes),
        Input::Stream(_) | Input::View(_) => true,
    }
}

/// A new table of Iceberg with a query's rows: `location` is its folder, `s3://BUCKET/PREFIX/`.
pub fn create_table(table: &[String], location: &str, partition: &[String], query: &Query) -> String {
    let text = |text: &str| Sql::text(text).to_string();
    let partition = match partition {
        [] => String::new(),
        names => {
            let names: Vec<String> = names.iter().map(|name| text(name)).collect();
            format!(",\n  partitioning = ARRAY[{}]", names.join(", "))
        }
    };
    format!(
        "CREATE TABLE {} WITH (\n  table_type = 'ICEBERG',\n  is_external = false,\n  format = 'PARQUET',\n  location = {}{partition}\n) AS\n{query}",
        joined(table),
        text(location)
    )
}

fn joined(name: &[String]) -> String {
    let parts: Vec<String> = name.iter().map(|part| identifier(part)).collect();
    parts.join(".")
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| identifier(name)).collect();
    names.join(", ")
}

fn names_of(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| column.name.clone()).collect()
}

fn insert(target: &str, dataset: &Dataset, mut query: Query) -> String {
    let columns = names_of(&dataset.columns);
    if let Rows::One(select) = &mut query.last {
        select.items = columns.iter().map(|name| (Sql::name(name), None)).collect();
    }
    format!("INSERT INTO {target} ({})\n{query}", list(&columns))
}

/// Of rows with one key the newest, by event time; one that is as new as the row that is there takes its place.
fn merge(target: &str, dataset: &Dataset, keys: &[String], mut query: Query) -> String {
    let columns = names_of(&dataset.columns);
    let time = dataset
        .columns
        .iter()
        .find(|column| column.event_time)
        .map(|column| column.name.clone());
    let from = match query.last.clone() {
        Rows::One(select) => select,
        rows => Box::new(Select {
            items: Vec::new(),
            ..first_of(rows)
        }),
    };
    let mut order: Vec<Order> = time
        .iter()
        .map(|time| Order {
            value: Sql::name(time),
            descending: true,
        })
        .collect();
    order.extend(super::steps::ties(&dataset.columns, keys, time.as_deref()));
    let place = Sql::Over(
        Box::new(Sql::call("row_number", Vec::new())),
        Box::new(Window {
            keys: keys.iter().map(Sql::name).collect(),
            order,
            rows: None,
        }),
    );
    let mut placed = *from;
    placed.items = columns.iter().map(|name| (Sql::name(name), None)).collect();
    placed.items.push((place, Some("_place".to_owned())));
    placed.order = Vec::new();
    query.with.push(Part {
        name: "_placed".to_owned(),
        comment: String::new(),
        rows: Rows::One(Box::new(placed)),
    });
    let items = columns.iter().map(|name| (Sql::name(name), None)).collect();
    let mut newest = Select::of("_placed", items);
    newest.filter = Some(Sql::binary("=", Sql::name("_place"), Sql::atom("1")));
    query.last = Rows::One(Box::new(newest));
    let each = |form: &dyn Fn(&str) -> String, names: &[String], between: &str| {
        let parts: Vec<String> = names.iter().map(|name| form(&identifier(name))).collect();
        parts.join(between)
    };
    let on = each(&|name| format!("_kept.{name} = _new.{name}"), keys, " AND ");
    let newer = time.map_or(String::new(), |time| {
        let time = identifier(&time);
        format!(" AND (_kept.{time} IS NULL OR _new.{time} >= _kept.{time})")
    });
    let others: Vec<String> = columns.iter().filter(|name| !keys.contains(name)).cloned().collect();
    let update = match others.is_empty() {
        true => String::new(),
        false => format!(
            "WHEN MATCHED{newer} THEN UPDATE SET {}\n",
            each(&|name| format!("{name} = _new.{name}"), &others, ", ")
        ),
    };
    format!(
        "MERGE INTO {target} AS _kept\nUSING (\n{query}\n) AS _new\nON {on}\n{update}WHEN NOT MATCHED THEN INSERT ({}) VALUES ({})",
        list(&columns),
        each(&|name| format!("_new.{name}"), &columns, ", ")
    )
}

fn first_of(rows: Rows) -> Select {
    match rows {
        Rows::One(select) => *select,
        Rows::All(mut selects) => selects.remove(0),
        Rows::Written(_) => crate::plan::refused(),
    }
}
