//! What can be done about a place: mend what is wrong, say why it is right, write what is missing, take steps out.

use crate::base::Span;
use crate::diag::{Code, Diagnostic, Severity};
use crate::syntax::ast::{self, EntryKind, ItemKind};

use super::goto::Edits;
use super::settings::Owner;
use super::{Context, Place};

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it does.
    pub title: String,
    /// What it changes.
    pub edits: Edits,
    /// What it mends, where it mends something: the code and the place.
    pub mends: Option<(Code, Span)>,
    /// Whether it is surely what is meant.
    pub sure: bool,
    /// Whether it changes how things are said, not what.
    pub rewrites: bool,
}

impl Context<'_> {
    /// What can be done about a selection, given what is said of its file.
    pub fn actions(&self, selection: Span, said: &[Diagnostic]) -> Vec<Action> {
        let mut found = Vec::new();
        let touches =
            |span: Span| span.file == selection.file && span.start <= selection.end && selection.start <= span.end;
        for diagnostic in said.iter().filter(|said| touches(said.primary.span)) {
            let span = diagnostic.primary.span;
            for fix in &diagnostic.fixes {
                found.push(Action {
                    title: fix.title.clone(),
                    edits: one(fix.span, fix.text.clone()),
                    mends: Some((diagnostic.code, span)),
                    sure: fix.safe,
                    rewrites: false,
                });
            }
            if diagnostic.severity == Severity::Warning {
                found.push(self.silence(diagnostic.code, span));
            }
        }
        let place = Place {
            file: selection.file,
            offset: selection.start,
        };
        if let Some(item) = self.item_at(place) {
            found.extend(self.missing(item));
            if let ItemKind::Transform(transform) = &item.kind {
                found.extend(self.add_test(transform, item.span));
                found.extend(self.extract(transform, item, selection));
            }
        }
        found
    }

    /// A comment that says why a warning is right.
    fn silence(&self, code: Code, span: Span) -> Action {
        let text = &self.sources.get(span.file).text;
        let start = text
            .get(..span.start as usize)
            .and_then(|before| before.rfind('\n'))
            .map_or(0, |at| at + 1);
        let line = text.get(start..).unwrap_or("");
        let indent: String = line.chars().take_while(|letter| *letter == ' ').collect();
        let at = Span::new(span.file, start, start);
        Action {
            title: format!("silence {code} here, with a reason"),
            edits: one(at, format!("{indent}// allow {code}: reason\n")),
            mends: Some((code, span)),
            sure: false,
            rewrites: false,
        }
    }

    /// Writes the settings that an item must have and has not.
    fn missing(&self, item: &ast::Item) -> Option<Action> {
        let ItemKind::Block(block) = &item.kind else {
            return None;
        };
        let declared = Owner::item(&block.keyword.text).declared(self)?;
        let written = |name: &str| {
            block.entries.iter().any(|entry| match &entry.kind {
                EntryKind::Setting { key, .. } => key.text() == name,
                _ => false,
            })
        };
        let required = declared
            .settings
            .iter()
            .filter(|setting| setting.required() && !written(setting.name()));
        let missing: Vec<_> = required.collect();
        let text = self.sources.text(item.span);
        if missing.is_empty() || block.like.is_some() || !text.ends_with('}') {
            return None;
        }
        let example = |setting: &crate::check::declare::DeclaredSetting<'_>| {
            let example = setting
                .declare
                .example
                .as_ref()
                .map(|example| self.sources.text(example.span));
            format!("  {} = {}\n", setting.name(), example.unwrap_or("…"))
        };
        let lines: String = missing.iter().map(|setting| example(setting)).collect();
        let inside = text.get(..text.len() - 1).unwrap_or("");
        let kept = inside.trim_end().len();
        let from = Span::new(item.span.file, item.span.start as usize + kept, item.span.end as usize);
        Some(Action {
            title: "write the settings that are missing".to_owned(),
            edits: one(from, format!("\n{lines}}}")),
            mends: None,
            sure: false,
            rewrites: false,
        })
    }

    /// A test of a transform that has none.
    fn add_test(&self, transform: &ast::Transform, span: Span) -> Option<Action> {
        let name = &transform.name.text;
        let tested = self.project.items().any(|item| match &item.kind {
            ItemKind::Test(test) => test.transform.text == *name,
            _ => false,
        });
        if tested {
            return None;
        }
        let row = |columns: &[crate::plan::types::Column]| {
            // Rows of tests may leave out what nobody can guess.
            let pair = |column: &crate::plan::types::Column| {
                let value = crate::check::exprs::convert::example(&column.ty.kind)?;
                Some(format!("{}: {value}", column.name))
            };
            let pairs: Vec<_> = columns.iter().filter_map(pair).collect();
            format!("[ {{ {} }} ]", pairs.join(", "))
        };
        let given = |path: &ast::Path| format!("  given {} = {}\n", path.text(), row(&self.columns_of(path)));
        let given: String = transform.inputs.iter().map(given).collect();
        let output = self.typed(name).map(|typed| typed.output.to_vec()).unwrap_or_default();
        let text = format!(
            "\n\ntest \"{name} …\" for {name} {{\n{given}  expect {}\n}}",
            row(&output)
        );
        Some(Action {
            title: format!("add a test of `{name}`"),
            edits: one(span.after(), text),
            mends: None,
            sure: false,
            rewrites: true,
        })
    }

    /// Takes the steps up to the selected one out, into a transform without a target that this one reads.
    fn extract(&self, transform: &ast::Transform, item: &ast::Item, selection: Span) -> Option<Action> {
        let steps: Vec<_> = Self::steps(transform).collect();
        let at = steps
            .iter()
            .position(|(_, span)| span.start <= selection.end && selection.start <= span.end)?;
        let (first, last) = (steps.first()?.1, steps.get(at)?.1);
        let ends = |(step, _): &(&ast::Step, Span)| matches!(step.kind, ast::StepKind::Route { .. });
        if at + 1 == steps.len() || steps.iter().take(at + 1).any(ends) {
            return None;
        }
        let name = self.free_name(&format!("{}_rows", transform.name.text));
        let inputs = transform.inputs.first()?.span.to(transform.inputs.last()?.span);
        let taken = self.sources.text(first.to(last)).to_owned();
        let view = format!("transform {name} : {} {{\n  {taken}\n}}\n\n", self.sources.text(inputs));
        let next = steps.get(at + 1)?.1;
        let start = item.doc.as_ref().map_or(item.span, |doc| doc.span.to(item.span));
        let place = Span::new(item.span.file, start.start as usize, start.start as usize);
        let gone = Span::new(item.span.file, first.start as usize, next.start as usize);
        let edits = vec![(place, view), (inputs, name.clone()), (gone, String::new())];
        Some(Action {
            title: format!("take the steps up to here out, as `{name}`"),
            edits: Edits::from([(item.span.file, edits)]),
            mends: None,
            sure: false,
            rewrites: true,
        })
    }

    fn free_name(&self, wanted: &str) -> String {
        let taken = |name: &str| {
            ["source", "transform"]
                .iter()
                .any(|kind| self.index.get(kind, name).is_some())
        };
        let numbered = (2..).map(|number| format!("{wanted}_{number}"));
        let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
        names.find(|name| !taken(name)).unwrap_or_else(|| wanted.to_owned())
    }
}

fn one(span: Span, text: String) -> Edits {
    Edits::from([(span.file, vec![(span, text)])])
}
