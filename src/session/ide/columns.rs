//! Which columns there are where, by trees alone: each by the place that introduced it.
//!
//! It must not know types. A name that is given again, `derive amount = amount ?? 0`, goes on being the same column, so
//! that renaming it renames all of it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::base::Span;
use crate::resolve::{Index, targets};
use crate::syntax::ast::{self, EntryKind, ExprKind, ItemKind, Path, StepKind, TypeExpr, TypeExprKind};

/// Columns by name, and where each was introduced.
pub type Scope = BTreeMap<String, Span>;

/// What a step leaves, and what it can name besides.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The columns.
    pub columns: Scope,
    /// The other sides of joins: their names, where these stand, and their columns.
    pub others: Vec<(String, Span, Scope)>,
}

/// The columns of a project's transforms and sources.
pub struct Columns<'p> {
    index: &'p Index<'p>,
    outputs: RefCell<BTreeMap<String, Option<Scope>>>,
    writers: BTreeMap<(&'p str, &'p str), &'p str>,
}

impl<'p> Columns<'p> {
    /// Of the items of a project.
    pub fn new(index: &'p Index<'p>) -> Self {
        let mut writers = BTreeMap::new();
        for entity in index.of_kind("transform") {
            if let ItemKind::Transform(transform) = &entity.item.kind {
                for path in targets(transform) {
                    if let [zone, name] = path.parts.as_slice() {
                        writers
                            .entry((zone.text.as_str(), name.text.as_str()))
                            .or_insert(entity.name);
                    }
                }
            }
        }
        Columns {
            index,
            outputs: RefCell::default(),
            writers,
        }
    }

    /// The transform that writes a dataset.
    pub fn writer(&self, zone: &str, name: &str) -> Option<&'p str> {
        self.writers.get(&(zone, name)).copied()
    }

    /// Whether a dataset is what a source lands.
    pub fn written_by_source(&self, zone: &str, name: &str) -> bool {
        self.writer(zone, name).is_none() && self.index.get("source", name).is_some()
    }

    /// The columns of what can be read.
    pub fn of_path(&self, path: &Path) -> Scope {
        match path.parts.as_slice() {
            [name] if !path.star => match self.index.get("source", &name.text) {
                Some(_) => self.of_source(&name.text),
                None => self.output(&name.text),
            },
            [zone, name] if !path.star => match self.writer(&zone.text, &name.text) {
                Some(transform) => self.output(transform),
                None => self.of_source(&name.text),
            },
            _ => Scope::new(),
        }
    }

    /// The columns that the settings of an item may name: those of a source's rows.
    pub fn of_block(&self, block: &ast::Block) -> Scope {
        let input = block.input.as_ref();
        input.map(|input| self.of_type(&input.schema)).unwrap_or_default()
    }

    fn of_source(&self, name: &str) -> Scope {
        let block = self.index.get("source", name).and_then(|entity| entity.block());
        block.map(|block| self.of_block(block)).unwrap_or_default()
    }

    /// The fields of a schema by name, or of a struct in place.
    pub fn of_type(&self, ty: &TypeExpr) -> Scope {
        let fields = match &ty.kind {
            TypeExprKind::Struct(fields) => fields,
            TypeExprKind::Named { name, .. } => match self.index.get("schema", &name.text).map(|e| &e.item.kind) {
                Some(ItemKind::Schema { fields, .. }) => fields,
                _ => return Scope::new(),
            },
            _ => return Scope::new(),
        };
        let field = |field: &ast::Field| (field.name.text.clone(), field.name.span);
        fields.iter().map(field).collect()
    }

    /// The columns that a transform leaves.
    pub fn output(&self, transform: &str) -> Scope {
        let known = self.outputs.borrow().get(transform).cloned();
        match known {
            // One that is asked for while it is looked at reads itself.
            Some(known) => return known.unwrap_or_default(),
            None => self.outputs.borrow_mut().insert(transform.to_owned(), None),
        };
        let found = match self.index.get("transform", transform).map(|entity| &entity.item.kind) {
            Some(ItemKind::Transform(transform)) => self.after(transform, usize::MAX).columns,
            _ => Scope::new(),
        };
        self.outputs
            .borrow_mut()
            .insert(transform.to_owned(), Some(found.clone()));
        found
    }

    /// The columns that come into a transform: of several inputs, those that all have.
    pub fn input(&self, transform: &ast::Transform) -> Scope {
        let mut inputs = transform.inputs.iter().map(|path| self.of_path(path));
        let mut scope = inputs.next().unwrap_or_default();
        for other in inputs {
            scope.retain(|name, _| other.contains_key(name));
        }
        scope
    }

    /// What there is behind all steps of a transform that end at a byte or before it.
    pub fn after(&self, transform: &ast::Transform, byte: usize) -> Around {
        let mut around = Around {
            columns: self.input(transform),
            others: Vec::new(),
        };
        for entry in &transform.entries {
            if let EntryKind::Step(step) = &entry.kind
                && entry.span.end as usize <= byte
            {
                self.step(&mut around, step);
            }
        }
        around
    }

    /// What a step makes of the columns.
    pub fn step(&self, around: &mut Around, step: &ast::Step) {
        let scope = &mut around.columns;
        let bind = |scope: &mut Scope, name: &ast::Name| {
            scope.entry(name.text.clone()).or_insert(name.span);
        };
        let mut anew: Option<Scope> = None;
        match &step.kind {
            StepKind::Derive(bindings) => bindings.iter().for_each(|binding| bind(scope, &binding.name)),
            StepKind::Window { columns, .. } => columns.iter().for_each(|binding| bind(scope, &binding.name)),
            StepKind::Select(bindings) => anew = Some(bindings.iter().map(|one| bound(scope, one)).collect()),
            StepKind::Group { keys, aggregates, .. } => {
                anew = Some(keys.iter().chain(aggregates).map(|one| bound(scope, one)).collect());
            }
            StepKind::Drop(names) => names.iter().for_each(|name| {
                scope.remove(&name.text);
            }),
            StepKind::Rename(pairs) => {
                for (old, new) in pairs {
                    scope.remove(&old.text);
                    scope.insert(new.text.clone(), new.span);
                }
            }
            StepKind::Explode { name, .. } | StepKind::Session { name, .. } => bind(scope, name),
            StepKind::Pivot { keys, columns, .. } => {
                let kept = keys
                    .iter()
                    .filter_map(|key| Some((key.text.clone(), *scope.get(&key.text)?)));
                let made = columns
                    .iter()
                    .map(|column| (column.name.text.clone(), column.name.span));
                anew = Some(kept.chain(made).collect());
            }
            StepKind::Unpivot { columns, name, value } => {
                columns.iter().for_each(|column| {
                    scope.remove(&column.text);
                });
                bind(scope, name);
                bind(scope, value);
            }
            StepKind::Join { other, alias, .. } => {
                let last = other.parts.last();
                if let Some(name) = alias.as_ref().or(last) {
                    let columns = self.of_path(other);
                    around.others.push((name.text.clone(), name.span, columns));
                }
            }
            StepKind::Run { returns, .. } => {
                anew = Some(returns.as_ref().map(|ty| self.of_type(ty)).unwrap_or_default());
            }
            StepKind::Filter(_)
            | StepKind::Dedupe { .. }
            | StepKind::Union(_)
            | StepKind::Sort(_)
            | StepKind::Take(_)
            | StepKind::Expect { .. }
            | StepKind::Route { .. } => {}
        }
        if let Some(anew) = anew {
            around.columns = anew;
            around.others.clear();
        }
    }
}

/// The column that a binding of `select` or `group` gives.
fn bound(scope: &Scope, binding: &ast::Binding) -> (String, Span) {
    let name = &binding.name;
    let same = match &binding.value {
        None => scope.get(&name.text),
        Some(value) => match &value.kind {
            ExprKind::Name(of) if *of == name.text => scope.get(of),
            _ => scope.get(&name.text).filter(|_| mentions(value, &name.text)),
        },
    };
    (name.text.clone(), same.copied().unwrap_or(name.span))
}

/// Whether a name stands somewhere in an expression.
fn mentions(value: &ast::Expr, name: &str) -> bool {
    let mut open = vec![value];
    while let Some(next) = open.pop() {
        if matches!(&next.kind, ExprKind::Name(found) if found == name) {
            return true;
        }
        open.extend(next.children());
    }
    false
}
