//! `test`: rows in, rows out.

use std::collections::BTreeMap;

use super::Items;
use super::holds::holds;
use super::typing::Typing;
use crate::base::Span;
use crate::check::exprs::column;
use crate::check::not_yet;
use crate::check::program::{Source, Transform};
use crate::check::rows::{check_row, fill_row};
use crate::check::settings::unknown_item;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::Literal;
use crate::plan::types::Column;
use crate::plan::{Field, Input, Test};
use crate::syntax::ast::{self, EntryKind, Expr, ExprKind, GivenRows, ItemKind, Path};

/// What a test's transform reads: its name, its columns, and for a source the fields with defaults and checks.
struct Under<'t> {
    transform: &'t Transform,
    input: String,
    columns: &'t [Column],
    fields: &'t [Field],
}

impl<'a> Items<'a> {
    pub(super) fn tests(&mut self, typing: &Typing<'a>, sources: &[Source], transforms: &[Transform]) -> Vec<Test> {
        let mut tests = Vec::new();
        for item in self.ground.project.items() {
            if let ItemKind::Test(test) = &item.kind
                && let Some(under) = self.under_test(test, sources, transforms)
            {
                tests.extend(self.test(typing, test, item.span, &under));
            }
        }
        tests
    }

    fn under_test<'t>(
        &mut self,
        test: &ast::Test,
        sources: &'t [Source],
        transforms: &'t [Transform],
    ) -> Option<Under<'t>> {
        let Some(transform) = transforms.iter().find(|t| t.item.name == test.transform.text) else {
            // A transform that has mistakes is not among them, and they were told.
            if self.ground.index.get("transform", &test.transform.text).is_none() {
                self.say(unknown_item(self.ground.index, "transform", &test.transform));
            }
            return None;
        };
        let (input, fields) = match transform.inputs.first()? {
            Input::Stream(name) => {
                let source = sources.iter().find(|source| source.item.name == *name)?;
                (name.clone(), source.schema.fields.as_slice())
            }
            Input::Table(id) => (id.to_string(), &[][..]),
            Input::View(name) => (name.clone(), &[][..]),
        };
        Some(Under {
            transform,
            input,
            columns: &transform.input_columns,
            fields,
        })
    }

    fn test(&mut self, typing: &Typing<'a>, test: &'a ast::Test, span: Span, under: &Under<'_>) -> Option<Test> {
        let output = under.transform.output.as_slice();
        let mut result = Test {
            title: test.title.value.clone(),
            transform: under.transform.item.name.clone(),
            given: Vec::new(),
            expect: None,
            expect_rejected: None,
            span,
        };
        for entry in &test.entries {
            match &entry.kind {
                EntryKind::Given { dataset, rows } => result.given.extend(self.given(typing, dataset, rows, under)),
                EntryKind::ExpectRows { rows } => {
                    let expected = result.expect.get_or_insert_with(Vec::new);
                    for row in rows_of(rows) {
                        let context = typing.context(self.ground);
                        expected.push(check_row(&context, output, row, &mut self.diagnostics));
                    }
                }
                EntryKind::ExpectRejected { count } => result.expect_rejected = self.count(count),
                _ => {}
            }
        }
        Some(result)
    }

    fn count(&mut self, count: &Expr) -> Option<u64> {
        let number = match &count.kind {
            ExprKind::Int(digits) => digits.parse().ok(),
            _ => None,
        };
        if number.is_none() && count.kind != ExprKind::Bad {
            let text = self.ground.sources.text(count.span);
            let message = format!("`expect rejected` takes a number of rows, but this is `{text}`");
            let diagnostic = Diagnostic::new(Code::SETTING_TYPE, count.span, message)
                .found("not a whole number")
                .help("write `expect rejected 1`");
            self.say(diagnostic);
        }
        number
    }

    fn given(
        &mut self,
        typing: &Typing<'a>,
        dataset: &Path,
        rows: &'a GivenRows,
        under: &Under<'_>,
    ) -> Vec<Vec<Literal>> {
        if dataset.text() != under.input {
            let message = format!(
                "transform `{}` reads `{}`, not `{}`",
                under.transform.item.name,
                under.input,
                dataset.text()
            );
            let diagnostic = Diagnostic::new(Code::TEST_INPUT, dataset.span, message)
                .found("not what it reads")
                .help(format!("write `given {} = …`", under.input))
                .fix(format!("write `{}`", under.input), dataset.span, under.input.clone());
            self.say(diagnostic);
            return Vec::new();
        }
        let rows = match rows {
            GivenRows::List(rows) => rows_of(rows),
            GivenRows::File(file) => {
                self.say(not_yet(file.span, "rows of a test from a file").help("write them in place: `= [ … ]`"));
                return Vec::new();
            }
        };
        let with_default = |field: &Field| Some((field.column.name.clone(), field.default.clone()?));
        let defaults: BTreeMap<_, _> = under.fields.iter().filter_map(with_default).collect();
        let mut filled = Vec::new();
        for (number, row) in (1..).zip(rows) {
            let context = typing.context(self.ground);
            let written = check_row(&context, under.columns, row, &mut self.diagnostics);
            let values = fill_row(under.columns, &defaults, &written, number);
            self.must_say(row, under, &values);
            filled.push(values);
        }
        filled
    }

    /// A value that was filled in and fails its field's check is one that only the author can choose.
    fn must_say(&mut self, row: &Expr, under: &Under<'_>, values: &[Literal]) {
        let ExprKind::Record(pairs) = &row.kind else {
            return;
        };
        let written = |name: &str| pairs.iter().any(|(key, _)| key.text.to_lowercase() == name);
        if pairs
            .iter()
            .any(|(key, _)| column::find(under.columns, &key.text).is_none())
        {
            // What was meant by the name of no column may be what is left out here.
            return;
        }
        let value_of = |name: &str| {
            let at = under.columns.iter().position(|column| column.name == name)?;
            values.get(at).cloned()
        };
        for field in under.fields.iter().filter(|field| !written(&field.column.name)) {
            let Some(check) = &field.check else {
                continue;
            };
            if holds(check, &value_of) == Some(false) {
                let name = &field.column.name;
                let message = format!(
                    "this row must say `{name}`: what stands in for it fails `{}`",
                    check.text
                );
                let diagnostic = Diagnostic::new(Code::TEST_FILL, row.span, message)
                    .found(format!("`{name}` is left out"))
                    .help(format!("write `{name}: …`"));
                self.say(diagnostic);
            }
        }
    }
}

fn rows_of(rows: &Expr) -> &[Expr] {
    match &rows.kind {
        ExprKind::List(rows) => rows,
        _ => &[],
    }
}
