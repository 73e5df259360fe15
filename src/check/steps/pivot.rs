//! `pivot by KEYS on COL { NAME = AGG for VALUE … }`: a row a key, a column for each value.

use crate::base::Span;
use crate::check::exprs::Place;
use crate::check::exprs::column;
use crate::diag::{Code, Diagnostic};
use crate::plan::StepKind;
use crate::plan::expr::{Aggregate, Literal};
use crate::plan::types::{Column, Type};
use crate::syntax::ast;

use super::Steps;

impl Steps<'_> {
    pub(super) fn pivot(
        &mut self,
        at: Span,
        keys: &[ast::Name],
        on: &ast::Expr,
        pivoted: &[ast::Pivoted],
    ) -> Option<StepKind> {
        if !self.table_only(
            "pivot",
            at,
            "group by windows of event time: `group by KEYS, TIME every 5 min { … }`",
        ) {
            self.lost = true;
            return None;
        }
        let names = self.keys(keys);
        let scope = self.scope();
        let typed = self.checker(&scope, Place::Group).expr(on);
        let comparable = self.comparable(&typed.expr.text, typed.kind(), typed.span);
        self.broken |= typed.is_error() || !comparable;
        self.distinct(pivoted.iter().map(|column| &column.name));
        let wanted = Type {
            kind: typed.kind().clone(),
            optional: false,
        };
        let mut columns: Vec<Column> = Vec::new();
        for key in names.iter().flatten() {
            columns.extend(column::find(&scope, key).map(|column| {
                let mut key = column.clone();
                (key.key, key.event_time) = (false, false);
                key
            }));
        }
        // Each column says of how many rows of a key, or of which, this decides.
        let decides = self.ctx.classes.after_aggregate(typed.labels.clone());
        let mut values = Vec::new();
        for entry in pivoted {
            let literal = self.pivot_value(&entry.value, &wanted);
            let (mut column, aggregate) =
                self.aggregate(entry.doc.as_ref(), &entry.name, Some(&entry.aggregate), false, &scope);
            column.labels.extend(decides.iter().cloned());
            // A key may have no row of this value: what is no count is missing then.
            column.ty.optional |= aggregate
                .as_ref()
                .is_some_and(|aggregate| !aggregate.function.starts_with("count"));
            self.broken |= literal.is_none() || aggregate.is_none();
            if columns.iter().any(|other| other.name == column.name) {
                let message = format!("there is a column `{}` already", column.name);
                let diagnostic = Diagnostic::new(Code::DUPLICATE_COLUMN, entry.name.span, message)
                    .found("the second one")
                    .help("write another name");
                self.say(diagnostic);
                self.broken = true;
            }
            columns.push(column.clone());
            values.extend(
                literal
                    .zip(aggregate)
                    .map(|(literal, aggregate)| (literal, column, aggregate)),
            );
        }
        self.values_once(pivoted, &values);
        self.columns = columns.into();
        self.forget_joined();
        self.sorted = false;
        Some(StepKind::Pivot {
            on: typed.expr,
            values,
            keys: names?,
        })
    }

    fn pivot_value(&mut self, value: &ast::Expr, wanted: &Type) -> Option<Literal> {
        let typed = self
            .checker(&[], Place::Constant)
            .wanted(value, wanted, "a value of a `pivot`");
        if typed.is_error() {
            return None;
        }
        let literal = typed.literal().cloned();
        if literal.is_none() {
            let message = format!("`{}` is not known when the project is compiled", typed.expr.text);
            let diagnostic = Diagnostic::new(Code::NOT_CONSTANT, value.span, message).found("not a value");
            self.say(diagnostic.help("write the value itself"));
        }
        literal
    }

    /// Two columns that would hold the same.
    fn values_once(&mut self, pivoted: &[ast::Pivoted], values: &[(Literal, Column, Aggregate)]) {
        for (at, (literal, column, aggregate)) in values.iter().enumerate() {
            let same =
                |(other, _, second): &&(Literal, Column, Aggregate)| other == literal && second.text == aggregate.text;
            let Some((_, first, _)) = values.iter().take(at).find(same) else {
                continue;
            };
            let Some(entry) = pivoted
                .iter()
                .find(|entry| entry.name.text.to_lowercase() == column.name)
            else {
                continue;
            };
            let message = format!("`{}` holds the same as `{}`", column.name, first.name);
            let diagnostic = Diagnostic::new(Code::DUPLICATE_COLUMN, entry.span, message).found("the second one");
            self.say(diagnostic.help("leave one of them out"));
            self.broken = true;
        }
    }
}
