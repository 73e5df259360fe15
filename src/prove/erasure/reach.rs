//! Where the rows of a person get to, and what leads to them there.
//!
//! It must not know how long anything stays: only which columns name a person, and which are keys of the rows that do.

use std::collections::BTreeMap;

use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Input, Plan, Source, Step, StepKind, Transform, Writer};

/// How a column names a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Names {
    /// It has the value that the source has.
    Same,
    /// It has its pseudonym, which the key of the platform gives again.
    Pseudonym,
    /// It was made of it in a way that does not lead back.
    Made,
}

/// Whose rows are followed: those of a source, by one of its columns.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'p> {
    /// The source.
    pub source: &'p Source,
    /// The column.
    pub column: &'p Column,
}

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.source.name, self.column.name)
    }
}

/// What rows have of a person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Columns that name the person.
    pub names: BTreeMap<String, Names>,
    /// Columns that are a key of the source's, by that key's name.
    pub keys: BTreeMap<String, String>,
}

impl Rows {
    /// Whether nothing leads from these rows to the person.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.keys.is_empty()
    }

    /// The column by which the rows of a person are found, the one with the value itself first.
    pub fn found_by(&self) -> Option<(&str, Names)> {
        let known = self.names.iter().filter(|(_, how)| **how != Names::Made);
        let best = known.min_by_key(|(_, how)| **how)?;
        Some((best.0, *best.1))
    }

    /// The columns that have all keys of a source's rows, in the order of the keys; none where one is missing.
    pub fn keys_of(&self, source: &Source) -> Option<Vec<&str>> {
        let keys = source.schema.fields.iter().filter(|field| field.column.key);
        let column = |key: &str| {
            self.keys
                .iter()
                .find(|(_, of)| *of == key)
                .map(|(name, _)| name.as_str())
        };
        let found: Vec<&str> = keys.map(|field| column(&field.column.name)).collect::<Option<_>>()?;
        (!found.is_empty()).then_some(found)
    }

    fn extend(&mut self, prefix: &str, other: &Rows) {
        let name = |column: &String| format!("{prefix}{column}");
        self.names
            .extend(other.names.iter().map(|(column, how)| (name(column), *how)));
        self.keys
            .extend(other.keys.iter().map(|(column, key)| (name(column), key.clone())));
    }

    fn forget(&mut self, column: &str) {
        self.names.remove(column);
        self.keys.remove(column);
    }
}

/// The ways of one person's rows.
#[derive(Debug)]
pub struct Reach<'p> {
    plan: &'p Plan,
    subject: Subject<'p>,
    known: BTreeMap<Input, Rows>,
}

impl<'p> Reach<'p> {
    /// Before anything was followed.
    pub fn new(plan: &'p Plan, subject: Subject<'p>) -> Reach<'p> {
        let known = BTreeMap::new();
        Reach { plan, subject, known }
    }

    /// What the rows of something that is read have.
    pub fn of(&mut self, input: &Input) -> Rows {
        if let Some(rows) = self.known.get(input) {
            return rows.clone();
        }
        let plan = self.plan;
        let rows = match input {
            Input::Stream(name) => self.brought(name),
            Input::View(name) => match plan.view(name) {
                Some(view) => self.through(&view.input, &view.steps),
                None => Rows::default(),
            },
            Input::Table(id) => match plan.datasets.get(id).map(|dataset| &dataset.writer) {
                Some(Writer::Source(name)) => self.brought(name),
                Some(Writer::Transform(name)) => match plan.transform(name) {
                    Some(transform) => self.through(&transform.input, &transform.steps),
                    None => Rows::default(),
                },
                Some(Writer::Import(_)) | None => Rows::default(),
            },
        };
        self.known.insert(input.clone(), rows.clone());
        rows
    }

    /// What the rows have that a transform writes.
    pub fn after(&mut self, transform: &'p Transform) -> Rows {
        self.through(&transform.input, &transform.steps)
    }

    fn brought(&self, source: &str) -> Rows {
        let Subject { source: own, column } = self.subject;
        if own.name != source {
            return Rows::default();
        }
        let keys = own.schema.fields.iter().filter(|field| field.column.key);
        let keys = keys.map(|field| (field.column.name.clone(), field.column.name.clone()));
        Rows {
            names: BTreeMap::from([(column.name.clone(), Names::Same)]),
            keys: keys.collect(),
        }
    }

    fn through(&mut self, input: &Input, steps: &[Step]) -> Rows {
        let before = self.of(input);
        steps.iter().fold(before, |rows, step| self.step(step, rows))
    }

    fn step(&mut self, step: &Step, mut rows: Rows) -> Rows {
        match &step.kind {
            StepKind::Derive(columns) => {
                for (column, value) in columns {
                    let (how, key) = (self.names(&rows, column, value), key(&rows, value));
                    rows.forget(&column.name);
                    rows.names.extend(how.map(|how| (column.name.clone(), how)));
                    rows.keys.extend(key.map(|key| (column.name.clone(), key)));
                }
                rows
            }
            StepKind::Select(columns) => self.anew(&rows, columns),
            StepKind::Drop(names) => {
                names.iter().for_each(|name| rows.forget(name));
                rows
            }
            StepKind::Rename(names) => {
                let before = rows.clone();
                for (old, _) in names {
                    rows.forget(old);
                }
                for (old, new) in names {
                    rows.names.extend(before.names.get(old).map(|how| (new.clone(), *how)));
                    rows.keys
                        .extend(before.keys.get(old).map(|key| (new.clone(), key.clone())));
                }
                rows
            }
            StepKind::Join(join) => {
                let other = self.of(&join.other);
                rows.extend(&format!("{}.", join.alias), &other);
                rows
            }
            StepKind::Union { other, .. } => {
                let other = self.of(other);
                rows.extend("", &other);
                rows
            }
            // What is one of many is of nobody, but for the groups of a person.
            StepKind::Group { keys, aggregates, .. } => {
                let mut after = self.anew(&rows, keys);
                for (column, aggregate) in aggregates {
                    let mut values = aggregate.expressions();
                    let made = self.carries(column) && values.any(|value| self.names(&rows, column, value).is_some());
                    after.names.extend(made.then(|| (column.name.clone(), Names::Made)));
                }
                after
            }
            StepKind::Pivot { keys, .. } => {
                rows.names.retain(|column, _| keys.contains(column));
                rows.keys.retain(|column, _| keys.contains(column));
                rows
            }
            // A program says of its columns which name a person, and which are keys; others are as their labels say.
            StepKind::Run(_) => {
                let mut after = Rows::default();
                for column in step.columns.iter() {
                    let how = match (column.subject, rows.names.is_empty()) {
                        (true, false) => Some(Names::Same),
                        (false, false) if self.carries(column) => Some(Names::Made),
                        _ => None,
                    };
                    after.names.extend(how.map(|how| (column.name.clone(), how)));
                    if let Some(key) = rows.keys.get(&column.name).filter(|_| column.key) {
                        after.keys.insert(column.name.clone(), key.clone());
                    }
                }
                after
            }
            _ => rows,
        }
    }

    fn anew(&self, rows: &Rows, columns: &[(Column, Expr)]) -> Rows {
        let mut after = Rows::default();
        for (column, value) in columns {
            let how = self.names(rows, column, value);
            after.names.extend(how.map(|how| (column.name.clone(), how)));
            after
                .keys
                .extend(key(rows, value).map(|key| (column.name.clone(), key)));
        }
        after
    }

    /// How a value names the person, where it does.
    fn names(&self, rows: &Rows, column: &Column, value: &Expr) -> Option<Names> {
        if rows.names.is_empty() {
            return None;
        }
        let how = match &value.kind {
            ExprKind::Column(name) => return rows.names.get(name).copied(),
            ExprKind::Cast(inner) if inner.ty.kind == value.ty.kind => return self.names(rows, column, inner),
            ExprKind::Call { function, arguments } if function == "pseudonym" => {
                match arguments.first().map(|argument| self.names(rows, column, argument)) {
                    Some(Some(Names::Same)) => return Some(Names::Pseudonym),
                    _ => Names::Made,
                }
            }
            _ => Names::Made,
        };
        let read = value.columns();
        let of_person = rows.names.keys().any(|name| read.contains(name));
        (of_person && self.carries(column)).then_some(how)
    }

    /// Whether a column that was made of the person's name still tells something of the person: its labels say so, and where
    /// the name has none, texts do.
    fn carries(&self, column: &Column) -> bool {
        let labels = &self.subject.column.labels;
        match labels.is_empty() {
            true => matches!(column.ty.kind, TypeKind::Text),
            false => !column.labels.is_empty(),
        }
    }
}

/// The key of the source's that a value is.
fn key(rows: &Rows, value: &Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Column(name) => rows.keys.get(name).cloned(),
        ExprKind::Cast(inner) if inner.ty.kind == value.ty.kind => key(rows, inner),
        _ => None,
    }
}
