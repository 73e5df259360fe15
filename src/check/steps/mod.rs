//! Steps of a transform, one file a step: what each does, and the columns after it.
//!
//! It must not know what a transform reads or writes, only the columns and whether they are a stream's or a table's.

mod dedupe;
mod derive;
mod expect;
mod filter;
mod group;
mod partition;
mod rename;
mod select;

use std::collections::BTreeSet;

use crate::base::Span;
use crate::check::context::Context;
use crate::check::exprs::{Checker, Place, Typed, column, first_line};
use crate::check::labels::Crowd;
use crate::check::not_yet;
use crate::check::schema::duplicate;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan;
use crate::plan::expr::ExprKind;
use crate::plan::types::{Column, TypeKind};
use crate::syntax::ast::{self, StepKind};

pub use partition::check_partition;

/// What a transform's rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Rows as they arrive.
    Stream,
    /// All rows of a dataset.
    Table,
}

/// The steps among a transform's entries, each with the columns after it. `None` if one was wrong.
pub fn check_steps(
    ctx: &Context<'_>,
    shape: Shape,
    input: &[Column],
    entries: &[ast::Entry],
    diagnostics: &mut Diagnostics,
) -> Option<Vec<plan::Step>> {
    let mut steps = Steps {
        ctx,
        shape,
        columns: input.to_vec(),
        expects: Vec::new(),
        crowd: Crowd::default(),
        broken: false,
        diagnostics,
    };
    let mut checked = Vec::new();
    for entry in entries {
        let ast::EntryKind::Step(step) = &entry.kind else {
            steps.broken |= matches!(entry.kind, ast::EntryKind::Bad);
            continue;
        };
        let before = steps.columns.clone();
        let Some(kind) = steps.step(step, entry.span) else {
            steps.broken = true;
            continue;
        };
        steps.crowd.step(ctx.classes, &kind, &before, &mut steps.columns);
        checked.push(plan::Step {
            kind,
            columns: steps.columns.clone(),
            joined: Vec::new(),
            text: first_line(ctx.sources.text(entry.span)),
            span: entry.span,
        });
    }
    (!steps.broken).then_some(checked)
}

/// Checks one step after the other.
struct Steps<'s> {
    ctx: &'s Context<'s>,
    shape: Shape,
    /// The columns before the next step.
    columns: Vec<Column>,
    /// Names of the `expect`s so far.
    expects: Vec<ast::Name>,
    /// What is known of groups: which labels a `filter` lets go.
    crowd: Crowd,
    /// Whether anything was wrong.
    broken: bool,
    diagnostics: &'s mut Diagnostics,
}

impl Steps<'_> {
    fn step(&mut self, step: &ast::Step, span: Span) -> Option<plan::StepKind> {
        match &step.kind {
            StepKind::Filter(condition) => self.filter(condition),
            StepKind::Derive(bindings) => self.derive(bindings),
            StepKind::Select(bindings) => self.select(bindings),
            StepKind::Drop(names) => self.drop_columns(names, span),
            StepKind::Rename(pairs) => self.rename(pairs),
            StepKind::Dedupe { keys, keep, within } => {
                self.dedupe(step.word.span, keys, keep.as_ref(), within.as_ref())
            }
            StepKind::Group {
                keys,
                every,
                over,
                late,
                aggregates,
            } => {
                let window = every.as_ref().or(over.as_ref()).or(late.as_ref());
                self.group(step.word.span, keys, window, aggregates)
            }
            StepKind::Expect {
                name,
                condition,
                otherwise,
            } => self.expect(name, condition, otherwise),
            _ => self.later(step.word.span, &format!("the step `{}`", step.word.text)),
        }
    }

    fn later(&mut self, at: Span, what: &str) -> Option<plan::StepKind> {
        self.diagnostics.push(not_yet(at, what));
        None
    }

    /// The value of a `derive`, `select` or key, over the columns as they are now; a plain column has its own value.
    fn value(&mut self, binding: &ast::Binding, columns: &[Column], place: Place) -> Typed {
        let plain = ast::Expr {
            kind: ast::ExprKind::Name(binding.name.text.clone()),
            span: binding.name.span,
        };
        let value = binding.value.as_ref().unwrap_or(&plain);
        let typed = Checker::new(self.ctx, columns, place, self.diagnostics).expr(value);
        let (what, help) = match typed.kind() {
            TypeKind::Null => ("`null` alone has no type", "a column has one"),
            TypeKind::Never => ("this is never a value", "every row would be turned away"),
            _ => return typed,
        };
        let diagnostic = Diagnostic::new(
            Code::NULL_LITERAL,
            value.span,
            format!("column `{}`: {what}", binding.name.text),
        );
        self.diagnostics
            .push(diagnostic.found(help).help("write a value on one of the branches"));
        failed(typed)
    }

    /// The column that holds a value. What only passes through keeps its documentation and what it is for.
    fn column(&self, name: String, doc: Option<&ast::Doc>, typed: &Typed, before: &[Column]) -> Column {
        let same = match &typed.expr.kind {
            ExprKind::Column(from) => before.iter().find(|column| column.name == *from),
            _ => None,
        };
        let doc = doc.map(|doc| doc.text.clone());
        Column {
            name,
            ty: typed.expr.ty.clone(),
            labels: typed.labels.clone(),
            doc: doc.or_else(|| same.and_then(|column| column.doc.clone())),
            key: same.is_some_and(|column| column.key),
            event_time: same.is_some_and(|column| column.event_time),
            subject: same.is_some_and(|column| column.subject),
        }
    }

    /// Says which names of a list stand there twice, and leaves the second out.
    fn distinct<'b>(&mut self, names: impl IntoIterator<Item = &'b ast::Name>) {
        let mut seen: Vec<&ast::Name> = Vec::new();
        for name in names {
            match seen
                .iter()
                .find(|first| first.text.to_lowercase() == name.text.to_lowercase())
            {
                Some(first) => {
                    self.diagnostics.push(duplicate(name, first));
                    self.broken = true;
                }
                None => seen.push(name),
            }
        }
    }

    /// The column of this name, or an error with the nearest one.
    fn existing(&mut self, name: &ast::Name) -> Option<Column> {
        let found = column::find(&self.columns, &name.text).cloned();
        if found.is_none() {
            self.diagnostics
                .push(column::unknown(&self.columns, &name.text, name.span));
        }
        found
    }

    /// A float decides which rows belong together: two that print alike may be two.
    fn float_key(&mut self, name: &str, kind: &TypeKind, at: Span) {
        if *kind == TypeKind::Float {
            let diagnostic = Diagnostic::new(
                Code::FLOAT_KEY,
                at,
                format!("`{name}` is a float and decides which rows belong together"),
            )
            .found("floats that print alike may differ");
            self.diagnostics
                .push(diagnostic.help("use a decimal, an int or a text"));
        }
    }
}

fn failed(mut typed: Typed) -> Typed {
    typed.expr.ty = TypeKind::Error.required();
    typed.labels = BTreeSet::new();
    typed
}
