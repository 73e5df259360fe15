//! `test`: rows in, rows out.

use std::collections::BTreeMap;

use super::Items;
use super::source::Datasets;
use super::transform::Against;
use super::typing::Typing;
use crate::base::{Span, suggest};
use crate::check::constant::holds;
use crate::check::exprs::column;
use crate::check::program::{DatasetWriter, Source, Transform};
use crate::check::rows::{check_row, fill_row};
use crate::check::samples;
use crate::check::settings::unknown_item;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::Literal;
use crate::plan::types::Column;
use crate::plan::{Field, Given, Input, Shared, StepKind, Test};
use crate::syntax::ast::{self, EntryKind, Expr, ExprKind, GivenRows, ItemKind, Path, StrLit};

/// What a platform has to read.
#[derive(Clone, Copy)]
pub(super) struct Readable<'t> {
    pub(super) sources: &'t [Source],
    pub(super) transforms: &'t [Transform],
    pub(super) datasets: &'t Datasets,
}

/// One thing that a transform under test reads: its name, its columns, and for a source the fields with defaults and
/// checks.
struct Under<'t> {
    input: Input,
    name: String,
    columns: Vec<Column>,
    fields: &'t [Field],
}

impl<'a> Items<'a> {
    pub(super) fn tests(&mut self, typing: &Typing, all: Readable<'_>) -> Shared<Test> {
        let against = Against::of(all.sources, all.transforms, all.datasets.values());
        if let Some(tests) = self.remembered.tests(&against) {
            return tests;
        }
        let tests = self.check_tests(typing, all).into();
        self.remembered.keep_tests(against, &tests);
        tests
    }

    fn check_tests(&mut self, typing: &Typing, all: Readable<'_>) -> Vec<Test> {
        let by_name: BTreeMap<_, _> = all.transforms.iter().map(|t| (t.item.name.as_str(), t)).collect();
        let mut tests = Vec::new();
        self.titles();
        for item in self.ground.project.items() {
            if let ItemKind::Test(test) = &item.kind
                && let Some(transform) = self.under_test(test, &by_name)
            {
                tests.extend(self.test(typing, test, item.span, transform, all));
            }
        }
        tests
    }

    /// Tests are told apart by their titles: in what `pipec test` prints, and with `--filter`.
    fn titles(&mut self) {
        let mut titles: BTreeMap<&str, Span> = BTreeMap::new();
        for item in self.ground.project.items() {
            let ItemKind::Test(test) = &item.kind else { continue };
            let (title, span) = (&test.title.value, test.title.span);
            if let Some(first) = titles.get(title.as_str()) {
                let message = format!("there are two tests \"{title}\"");
                let diagnostic = Diagnostic::new(Code::NAME_TWICE, span, message)
                    .found("the second")
                    .label(*first, "the first");
                self.say(diagnostic.help("say what is different about this one"));
            } else {
                titles.insert(title, span);
            }
        }
    }

    pub(super) fn under_test<'t>(
        &mut self,
        test: &ast::Test,
        transforms: &BTreeMap<&str, &'t Transform>,
    ) -> Option<&'t Transform> {
        let found = transforms.get(test.transform.text.as_str()).copied();
        // A transform that has mistakes is not among them, and they were told.
        if found.is_none() && self.ground.index.get("transform", &test.transform.text).is_none() {
            self.say(unknown_item(self.ground.index, "transform", &test.transform));
        }
        found
    }

    pub(super) fn test(
        &mut self,
        typing: &Typing,
        test: &'a ast::Test,
        span: Span,
        transform: &Transform,
        all: Readable<'_>,
    ) -> Option<Test> {
        let output = transform.output.as_slice();
        let reads = reads(transform, all);
        let mut result = Test {
            title: test.title.value.clone(),
            transform: transform.item.name.clone(),
            given: Vec::new(),
            expect: None,
            expect_rejected: None,
            span,
        };
        let mut given: Vec<(Input, Span)> = Vec::new();
        for entry in &test.entries {
            match &entry.kind {
                EntryKind::Given { dataset, rows } => {
                    let Some(under) = self.read_by(transform, dataset, &reads) else {
                        continue;
                    };
                    if let Some((_, first)) = given.iter().find(|(input, _)| *input == under.input) {
                        self.say(given_twice(under, dataset.span, *first));
                        continue;
                    }
                    given.push((under.input.clone(), dataset.span));
                    let rows = self.given(typing, rows, under);
                    result.given.push(Given {
                        input: under.input.clone(),
                        rows,
                    });
                }
                EntryKind::ExpectRows { rows } => {
                    let expected = result.expect.get_or_insert_with(Vec::new);
                    for row in rows_of(rows) {
                        let context = typing.context(self.ground);
                        expected.push(check_row(&context, output, row, &mut self.diagnostics));
                    }
                }
                EntryKind::ExpectRejected { count } => result.expect_rejected = self.count(count),
                EntryKind::Setting { key, .. } => self.no_setting(key),
                _ => {}
            }
        }
        Some(result)
    }

    /// What a `given` names, of that which the transform reads.
    fn read_by<'r, 't>(
        &mut self,
        transform: &Transform,
        dataset: &Path,
        reads: &'r [Under<'t>],
    ) -> Option<&'r Under<'t>> {
        let text = dataset.text();
        let found = reads.iter().find(|under| under.name == text);
        if found.is_none() {
            self.say(not_read(transform, &text, dataset.span, reads));
        }
        found
    }

    fn given(&mut self, typing: &Typing, rows: &'a GivenRows, under: &Under<'_>) -> Vec<Vec<Literal>> {
        let with_default = |field: &Field| Some((field.column.name.clone(), field.default.clone()?));
        let defaults: BTreeMap<_, _> = under.fields.iter().filter_map(with_default).collect();
        let fill = |written: &samples::Row, number: u64| fill_row(&under.columns, &defaults, written, number);
        let mut filled = Vec::new();
        match rows {
            GivenRows::List(rows) => {
                for (number, row) in (1..).zip(rows_of(rows)) {
                    let context = typing.context(self.ground);
                    let written = check_row(&context, &under.columns, row, &mut self.diagnostics);
                    let values = fill(&written, number);
                    if let ExprKind::Record(pairs) = &row.kind {
                        let names: Vec<_> = pairs.iter().map(|(name, _)| name.text.to_lowercase()).collect();
                        self.must_say(row.span, "this row", &names, under, &values);
                    }
                    filled.push(values);
                }
            }
            GivenRows::File(file) => {
                for (number, written) in (1..).zip(self.sample(file, under)) {
                    let values = fill(&written, number);
                    let names: Vec<_> = written.iter().map(|(name, _)| name.clone()).collect();
                    let row = format!("row {number} of `{}`", file.value);
                    if !self.must_say(file.span, &row, &names, under, &values) {
                        break;
                    }
                    filled.push(values);
                }
            }
        }
        filled
    }

    /// The rows of a file beside the project; what is wrong with them is said once, at its name.
    fn sample(&mut self, file: &StrLit, under: &Under<'_>) -> Vec<samples::Row> {
        let path = &file.value;
        let flawed = |message: String| Diagnostic::new(Code::SAMPLE_FILE, file.span, message);
        let diagnostic = match self.ground.project.beside.get(path) {
            Some(Ok(text)) => match samples::rows(path, text, &under.columns) {
                Ok(rows) => return rows,
                Err(flaw) => flawed(format!("`{path}`, line {}: {}", flaw.line, flaw.message))
                    .found(format!("rows of `{}` are expected", under.name))
                    .help(columns_help(under)),
            },
            Some(Err(reason)) => flawed(format!("`{path}` cannot be read: {reason}"))
                .found("no rows")
                .help("write its path from the project's folder, such as `\"tests/rows.csv\"`"),
            None => return Vec::new(),
        };
        self.say(diagnostic);
        Vec::new()
    }

    /// A value that was filled in and fails its field's check is one that only the author can choose. Whether all do.
    fn must_say(&mut self, span: Span, row: &str, names: &[String], under: &Under<'_>, values: &[Literal]) -> bool {
        if names.iter().any(|name| column::find(&under.columns, name).is_none()) {
            // What was meant by the name of no column may be what is left out here.
            return true;
        }
        let value_of = |name: &str| {
            let at = under.columns.iter().position(|column| column.name == name)?;
            values.get(at).cloned()
        };
        let mut right = true;
        for field in under.fields.iter().filter(|field| !names.contains(&field.column.name)) {
            let Some(check) = &field.check else {
                continue;
            };
            if holds(check, &value_of) == Some(false) {
                let name = &field.column.name;
                let message = format!("{row} must say `{name}`: what stands in for it fails `{}`", check.text);
                let diagnostic = Diagnostic::new(Code::TEST_FILL, span, message)
                    .found(format!("`{name}` is left out"))
                    .help(format!("write `{name}: …`"));
                self.say(diagnostic);
                right = false;
            }
        }
        right
    }

    /// `clicks = [ … ]` without `given`, or `given = [ … ]` without what is given.
    fn no_setting(&mut self, key: &Path) {
        let name = key.text();
        let message = format!("a test has no setting `{name}`");
        let diagnostic = Diagnostic::new(Code::UNKNOWN_SETTING, key.span, message).found("not a clause of a test");
        self.say(match name.as_str() {
            "given" => diagnostic.help("name what is given: `given SOURCE = [ … ]`"),
            _ => diagnostic
                .help(format!("rows that are read are given by `given {name} = [ … ]`"))
                .fix("write `given`", key.span, format!("given {name}")),
        });
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
}

/// Everything that a transform reads, each once: its inputs, the other sides of joins and unions, and what views among
/// them read.
fn reads<'t>(transform: &Transform, all: Readable<'t>) -> Vec<Under<'t>> {
    let mut found: Vec<Under<'t>> = Vec::new();
    let mut open: Vec<&Transform> = vec![transform];
    let mut seen = 0;
    while let Some(next) = open.get(seen).copied() {
        seen += 1;
        let others = next.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Join(join) => Some(&join.other),
            StepKind::Union { other, .. } => Some(other),
            _ => None,
        });
        for input in next.inputs.iter().chain(others) {
            if found.iter().any(|under| under.input == *input) {
                continue;
            }
            let mut under = under(input, all);
            if let (Some(under), [_], 1) = (&mut under, transform.inputs.as_slice(), seen) {
                // Engines read rows by the columns that the transform reads.
                if transform.inputs.contains(input) {
                    under.columns.clone_from(&transform.input_columns);
                }
            }
            found.extend(under);
            if let Input::View(name) = input {
                open.extend(all.transforms.iter().find(|view| view.item.name == *name));
            }
        }
    }
    found
}

fn under<'t>(input: &Input, all: Readable<'t>) -> Option<Under<'t>> {
    let source = |name: &str| all.sources.iter().find(|source| source.item.name == name);
    let (name, columns, fields): (_, Vec<Column>, &[Field]) = match input {
        Input::Stream(name) => {
            let fields = source(name)?.schema.fields.as_slice();
            let columns = fields.iter().map(|field| field.column.clone()).collect();
            (name.clone(), columns, fields)
        }
        Input::Table(id) => {
            let dataset = all.datasets.get(id)?;
            let landed = match &dataset.writer {
                DatasetWriter::Source(name) => source(name).map(|source| source.schema.fields.as_slice()),
                _ => None,
            };
            (id.to_string(), dataset.columns.to_vec(), landed.unwrap_or(&[]))
        }
        Input::View(name) => {
            let view = all.transforms.iter().find(|view| view.item.name == *name)?;
            (name.clone(), view.output.to_vec(), &[])
        }
    };
    Some(Under {
        input: input.clone(),
        name,
        columns,
        fields,
    })
}

fn not_read(transform: &Transform, text: &str, span: Span, reads: &[Under<'_>]) -> Diagnostic {
    let names: Vec<_> = reads.iter().map(|under| under.name.as_str()).collect();
    let listed: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = format!(
        "transform `{}` reads {}, not `{text}`",
        transform.item.name,
        listed.join(" and ")
    );
    let diagnostic = Diagnostic::new(Code::TEST_INPUT, span, message).found("not what it reads");
    let last = |name: &str| name.rsplit('.').next().map(str::to_owned);
    let same = names.iter().find(|name| last(name) == last(text));
    let one = match names.as_slice() {
        [one] => Some(*one),
        _ => suggest(text, names.iter().copied()).or(same.copied()),
    };
    match one {
        Some(one) => {
            diagnostic
                .help(format!("write `given {one} = …`"))
                .fix(format!("write `{one}`"), span, one.to_owned())
        }
        None => diagnostic.help(format!("write one of {}", listed.join(", "))),
    }
}

fn given_twice(under: &Under<'_>, span: Span, first: Span) -> Diagnostic {
    Diagnostic::new(
        Code::SETTING_TWICE,
        span,
        format!("the rows of `{}` are given twice", under.name),
    )
    .found("the second")
    .label(first, "the first")
    .help("write all of its rows in one `given`")
}

fn columns_help(under: &Under<'_>) -> String {
    let columns: Vec<_> = under
        .columns
        .iter()
        .map(|column| format!("`{} : {}`", column.name, column.ty))
        .collect();
    format!("it has {}", columns.join(", "))
}

fn rows_of(rows: &Expr) -> &[Expr] {
    match &rows.kind {
        ExprKind::List(rows) => rows,
        _ => &[],
    }
}
