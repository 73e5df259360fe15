//! How far named types reach: which go round in a circle, and which hold too much to be the type of a row.
//!
//! Measured once for all of a project's types, without following any of them twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::syntax::ast::{Field, Name, TypeExpr, TypeExprKind};

/// How many fields a type may have in all, inside of each other.
const MOST_FIELDS: usize = 10_000;
/// How many named types may stand inside of each other.
const MOST_LEVELS: usize = 64;
/// How many names of a circle a message shows.
const SHOWN: usize = 8;

/// What was found out about all named types.
#[derive(Clone, Debug, Default)]
pub struct Extents {
    /// Each circle from its first name on, without coming back to it.
    circles: Vec<Vec<String>>,
    /// Names on a circle, or that lead to one.
    endless: BTreeSet<String>,
    /// Names that hold too much, by themselves or through others.
    too_large: BTreeSet<String>,
    /// The first of them: what they hold is not too much.
    largest: Vec<String>,
}

/// Fields inside of each other, and levels of names.
#[derive(Clone, Copy, Debug)]
struct Extent {
    fields: usize,
    levels: usize,
}

/// A named type: its own fields, and the names that stand in it.
struct Node<'t> {
    fields: usize,
    names: Vec<&'t str>,
}

impl Extents {
    /// Measures schemas and types.
    pub fn measure(schemas: &BTreeMap<String, Vec<Field>>, aliases: &BTreeMap<String, TypeExpr>) -> Self {
        let mut nodes: BTreeMap<&str, Node<'_>> = BTreeMap::new();
        for (name, ty) in aliases {
            nodes.insert(name, node(std::iter::once(ty)));
        }
        for (name, fields) in schemas {
            let mut node = node(fields.iter().map(|field| &field.ty));
            node.fields += fields.len();
            nodes.insert(name, node);
        }
        let mut extents = Extents::default();
        let mut done: BTreeMap<&str, Extent> = BTreeMap::new();
        for name in nodes.keys() {
            extents.follow(name, &nodes, &mut done);
        }
        extents
    }

    /// Whether a name has no type because it goes round in a circle, leads to one, or holds too much.
    pub fn is_no_type(&self, name: &str) -> bool {
        self.endless.contains(name) || self.too_large.contains(name)
    }

    /// Follows a name to the end, depth first, without recursion: types may be many.
    fn follow<'t>(&mut self, name: &'t str, nodes: &BTreeMap<&'t str, Node<'t>>, done: &mut BTreeMap<&'t str, Extent>) {
        let mut path: Vec<(&'t str, usize)> = vec![(name, 0)];
        let mut on_path: BTreeSet<&'t str> = BTreeSet::from([name]);
        while let Some((name, next)) = path.last_mut() {
            let name = *name;
            let Some(node) = nodes.get(name).filter(|_| !done.contains_key(name)) else {
                on_path.remove(name);
                path.pop();
                continue;
            };
            let at = *next;
            *next += 1;
            match node.names.get(at).copied() {
                Some(other) if on_path.contains(other) => {
                    let from = path.iter().position(|(name, _)| *name == other).unwrap_or(0);
                    let circle = path.iter().skip(from).map(|(name, _)| (*name).to_owned());
                    self.circle(circle.collect());
                }
                Some(other) if nodes.contains_key(other) && !done.contains_key(other) => {
                    path.push((other, 0));
                    on_path.insert(other);
                }
                Some(_) => {}
                None => {
                    let extent = self.sum(name, node, done);
                    done.insert(name, extent);
                    on_path.remove(name);
                    path.pop();
                }
            }
        }
    }

    /// The first by name speaks for the whole circle.
    fn circle(&mut self, mut names: Vec<String>) {
        self.endless.extend(names.iter().cloned());
        let first = names
            .iter()
            .enumerate()
            .min_by_key(|(_, name)| *name)
            .map_or(0, |(at, _)| at);
        names.rotate_left(first);
        self.circles.push(names);
    }

    fn sum(&mut self, name: &str, node: &Node<'_>, done: &BTreeMap<&str, Extent>) -> Extent {
        let mut extent = Extent {
            fields: node.fields,
            levels: 1,
        };
        let (mut endless, mut through) = (self.endless.contains(name), false);
        for other in &node.names {
            endless |= self.endless.contains(*other);
            through |= self.too_large.contains(*other);
            if let Some(inner) = done.get(other) {
                extent.fields = extent.fields.saturating_add(inner.fields);
                extent.levels = extent.levels.max(inner.levels.saturating_add(1));
            }
        }
        if endless {
            self.endless.insert(name.to_owned());
            return extent;
        }
        if through || extent.fields > MOST_FIELDS || extent.levels > MOST_LEVELS {
            self.too_large.insert(name.to_owned());
            if !through {
                self.largest.push(name.to_owned());
            }
        }
        extent
    }

    /// Says which types go round in a circle, and which hold too much. `names` gives what stands in a named type.
    pub fn say<'t>(&self, names: impl Fn(&str) -> Vec<&'t Name>, diagnostics: &mut Diagnostics) {
        for circle in &self.circles {
            let (Some(first), next) = (circle.first(), circle.get(1).or(circle.first())) else {
                continue;
            };
            let Some(at) = names(first).into_iter().find(|name| Some(&name.text) == next) else {
                continue;
            };
            let mut steps: Vec<&str> = circle.iter().take(SHOWN).map(String::as_str).collect();
            if circle.len() > SHOWN {
                steps.push("…");
            }
            steps.push(first);
            let message = format!("`{first}` holds itself: {}", steps.join(" → "));
            let diagnostic = Diagnostic::new(Code::RECURSIVE_TYPE, at.span, message).found("part of a circle");
            diagnostics.push(diagnostic.help("a row has an end: hold the key of the other row, or a `json`"));
        }
        for name in &self.largest {
            let Some(at) = names(name).into_iter().next() else {
                continue;
            };
            let message = format!("`{name}` has too much inside of it");
            let diagnostic = Diagnostic::new(Code::BAD_TYPE, at.span, message)
                .found("more than 10,000 fields, or types 64 deep inside of each other");
            diagnostics.push(diagnostic.help("hold the key of the other row instead of the row"));
        }
    }
}

fn node<'t>(types: impl Iterator<Item = &'t TypeExpr>) -> Node<'t> {
    let (mut names, mut fields) = (Vec::new(), 0);
    for ty in types {
        fields += within(ty, &mut names);
    }
    Node {
        fields,
        names: names.into_iter().map(|name| name.text.as_str()).collect(),
    }
}

/// The names that stand in a type, and how many fields it has of its own.
pub fn within<'t>(ty: &'t TypeExpr, found: &mut Vec<&'t Name>) -> usize {
    match &ty.kind {
        TypeExprKind::Named { name, types, .. } => {
            found.push(name);
            types.iter().map(|inner| within(inner, found)).sum()
        }
        TypeExprKind::Struct(fields) => {
            fields.len() + fields.iter().map(|field| within(&field.ty, found)).sum::<usize>()
        }
        TypeExprKind::Optional(inner) => within(inner, found),
        TypeExprKind::Object(_) | TypeExprKind::Function { .. } | TypeExprKind::Bad => 0,
    }
}
