//! Requests of our own: what the item under the cursor becomes, and running a test.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{Position, TextDocumentIdentifier, Uri};

use super::server::Backend;
use super::state::{State, unknown};
use crate::emit;
use crate::emit::graph::Graph;
use crate::local::{self, Inputs};
use crate::plan::Plan;
use crate::plan::lower::{Scope, lower};

/// What to show of which item.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    text_document: TextDocumentIdentifier,
    /// The item under the cursor; without it, the whole platform.
    position: Option<Position>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Diagram,
    Terraform,
    Rust,
    Pyspark,
}

/// A text to show.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    title: String,
    /// `svg`, `terraform`, `rust`, `python`
    language: &'static str,
    text: String,
}

impl Backend {
    /// `pipec/preview`
    pub(super) async fn preview(&self, asked: Asked) -> Result<Option<Shown>> {
        self.ask(move |state| state.preview(&asked)).await
    }
}

impl State {
    fn preview(&mut self, asked: &Asked) -> Result<Option<Shown>> {
        let uri = &asked.text_document.uri;
        let document = self.documents.get(uri).cloned().ok_or_else(|| unknown(uri))?;
        let item = match asked.position {
            Some(position) => self.at(uri, position, |context, place, _| {
                let outline = context.outline(place.file).into_iter();
                let mut here = outline.filter(|item| item.span.start <= place.offset && place.offset <= item.span.end);
                here.next().map(|item| item.name)
            })?,
            None => None,
        };
        let analysis = self.analysed(&document.root);
        let plan = analysis.as_ref().and_then(|analysis| analysis.plan.as_ref());
        let Some(plan) = plan else {
            return Err(Error::invalid_params(
                "there is nothing to show until the project can be built",
            ));
        };
        let name = item.unwrap_or_default();
        let title = if name.is_empty() {
            plan.pipeline.name.clone()
        } else {
            name.clone()
        };
        let (files, folder, language) = match asked.kind {
            Kind::Diagram => {
                return Ok(Some(Shown {
                    title,
                    language: "svg",
                    text: emit::docs::drawing(&Graph::of(plan), &name),
                }));
            }
            Kind::Terraform => (emit::files(plan), "terraform/", "terraform"),
            Kind::Rust => (emit::rust::emit(plan), "", "rust"),
            Kind::Pyspark => (emit::pyspark::emit(plan), "", "python"),
        };
        let mut text = String::new();
        for (path, content) in files.iter().filter(|(path, _)| path.starts_with(folder)) {
            match asked.kind {
                Kind::Terraform => text += &blocks_of(content, &name),
                Kind::Rust if path.ends_with(".rs") && path.contains(&name) => {
                    text += &format!("// {path}\n{content}\n")
                }
                Kind::Pyspark if path.ends_with(".py") && path.contains(&name) => {
                    text += &format!("# {path}\n{content}\n")
                }
                Kind::Diagram | Kind::Rust | Kind::Pyspark => {}
            }
        }
        Ok((!text.is_empty()).then_some(Shown { title, language, text }))
    }

    /// What runs a transform on the samples, with all that it reads, and says how many rows came of it.
    pub(super) fn run_rows(&mut self, uri: &Uri, name: &str) -> Result<impl FnOnce() -> Result<String> + Send + use<>> {
        let document = self.documents.get(uri).cloned().ok_or_else(|| unknown(uri))?;
        let analysis = self.analysed(&document.root);
        let program = analysis.as_ref().and_then(|analysis| analysis.program.as_ref());
        let plan = program.and_then(|program| lower(program, Scope::Embedded).plan);
        let plan = plan.ok_or_else(|| Error::invalid_params("the project has errors: nothing can run"))?;
        let name = name.to_owned();
        Ok(move || rows(&plan, &document.root, &name))
    }

    /// The resources that carry the name of a transform.
    pub(super) fn resources(&mut self, uri: &Uri, name: &str) -> Result<String> {
        let found = self.of(uri, |context, _, _| context.made_of("transform", name))?;
        Ok(match found.is_empty() {
            true => format!("{name}: nothing yet, the project cannot be built"),
            false => format!("{name}: {}", found.join(", ")),
        })
    }

    /// Runs the tests of a project with this title on the embedded engine, and says how they went.
    pub(super) fn run_test(&mut self, uri: &Uri, title: &str) -> Result<String> {
        let document = self.documents.get(uri).cloned().ok_or_else(|| unknown(uri))?;
        let analysis = self.analysed(&document.root);
        let program = analysis.as_ref().and_then(|analysis| analysis.program.as_ref());
        let plan = program.and_then(|program| lower(program, Scope::Embedded).plan);
        let mut plan = plan.ok_or_else(|| Error::invalid_params("the project has errors: no test can run"))?;
        plan.tests.retain(|test| test.title == title);
        let results = local::test::run_tests(&plan, &document.root, None);
        let line = |result: &local::test::TestResult| match &result.verdict {
            Ok(verdict) if verdict.passed() => format!("pass: {}", result.title),
            Ok(verdict) => format!("FAIL: {}\n{verdict}", result.title),
            Err(error) => format!("FAIL: {}\n{}", result.title, error.message),
        };
        let lines: Vec<_> = results.iter().map(line).collect();
        Ok(lines.join("\n"))
    }
}

/// Runs a plan on its samples in a folder that is gone afterwards, and says what came of a transform.
fn rows(plan: &Plan, root: &Path, name: &str) -> Result<String> {
    let failed = |message: String| Error {
        message: message.into(),
        ..Error::invalid_params("")
    };
    let folder = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
    let options = local::Options {
        only: None,
        add: false,
        at: None,
        project: root.to_path_buf(),
    };
    let inputs = Inputs {
        folder: root.join("samples"),
    };
    let report =
        local::run(plan, &inputs, &folder.path().join("run"), &options).map_err(|error| failed(error.message))?;
    let own = report.transforms.iter().filter(|transform| transform.name == name);
    let line = |transform: &local::TransformReport| {
        let turned_away = match transform.rejected_rows() {
            0 => String::new(),
            rows => format!(", {rows} turned away"),
        };
        let (target, before, rows) = (&transform.target, transform.rows_in, transform.rows_out);
        format!("{name} -> {target}: {before} rows in, {rows} out{turned_away}")
    };
    let lines: Vec<_> = own.map(line).collect();
    Ok(match lines.is_empty() {
        true => format!("{name} writes nothing: its rows are those of whoever reads it"),
        false => lines.join("\n"),
    })
}

/// The blocks of Terraform that have a name in them; all of them for no name. A block ends with a brace in column 0.
fn blocks_of(content: &str, name: &str) -> String {
    let mut found = String::new();
    let mut block = String::new();
    for line in content.lines() {
        // Space between blocks is none of theirs.
        if !(block.is_empty() && line.trim().is_empty()) {
            block += line;
            block.push('\n');
        }
        if line == "}" {
            let head = block.lines().find(|line| line.ends_with('{')).unwrap_or("");
            if name.is_empty() || head.contains(&format!("\"{name}")) || head.contains(&format!("_{name}\"")) {
                found += &block;
                found.push('\n');
            }
            block.clear();
        }
    }
    found
}
