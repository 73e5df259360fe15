//! What other projects export to this one: `PIPELINE.ZONE.DATASET` by name, and what is said of names that are none.
//!
//! It must not know folders: whoever compiled the other projects fills it.

use crate::base::{Span, suggest};
use crate::check::program::{Dataset, Import};
use crate::diag::{Code, Diagnostic};
use crate::plan::{Class, DatasetId};

/// The exports of every project that is used.
#[derive(Clone, Debug, Default)]
pub struct Imports {
    /// One a `use`, in source order.
    pub projects: Vec<Used>,
    /// Whether some `use` brought nothing because of a mistake that was said: then a name that is not here may be its.
    pub incomplete: bool,
}

/// A project that is used.
#[derive(Clone, Debug)]
pub struct Used {
    /// What it exports.
    pub import: Import,
    /// The classes that its exports carry, with all that these name.
    pub classes: Vec<Class>,
    /// Its other datasets.
    pub kept: Vec<DatasetId>,
    /// Where its `exports` stand, or its pipeline if it has none.
    pub exports: Span,
    /// Its folder as the `use` writes it.
    pub folder: String,
    /// Where the `use` stands.
    pub span: Span,
}

impl Imports {
    /// The exported dataset that a path names. `Err` says what is wrong, once: nothing where a `use` failed already.
    pub fn find(&self, path: &str, span: Span) -> Result<&Dataset, Option<Diagnostic>> {
        let (pipeline, dataset) = path.split_once('.').unwrap_or((path, ""));
        let Some(used) = self.projects.iter().find(|used| used.import.pipeline == pipeline) else {
            return Err((!self.incomplete).then(|| self.no_project(pipeline, path, span)));
        };
        let datasets = &used.import.datasets;
        let found = datasets.iter().find(|(known, _)| known.id.to_string() == dataset);
        found
            .map(|(dataset, _)| dataset)
            .ok_or_else(|| Some(used.no_export(dataset, span)))
    }

    /// A class that comes with an export.
    pub fn class(&self, name: &str) -> Option<(&Used, &Class)> {
        self.projects.iter().find_map(|used| {
            let class = used.classes.iter().find(|class| class.name == name)?;
            Some((used, class))
        })
    }

    fn no_project(&self, pipeline: &str, path: &str, span: Span) -> Diagnostic {
        let message = format!("no project that is used is called `{pipeline}`");
        let diagnostic = Diagnostic::new(Code::UNKNOWN_ITEM, span, message).found("not the name of its pipeline");
        let names: Vec<_> = self.projects.iter().map(|used| used.import.pipeline.as_str()).collect();
        match (suggest(pipeline, names.iter().copied()), names.as_slice()) {
            (Some(near), _) => {
                let whole = path.replacen(pipeline, near, 1);
                diagnostic
                    .help(format!("did you mean `{whole}`?"))
                    .fix(format!("write `{whole}`"), span, whole)
            }
            (None, []) => diagnostic.help("say where it is: `use \"../FOLDER\"`"),
            (None, names) => diagnostic.help(format!("there is `{}`", names.join("`, `"))),
        }
    }
}

impl Used {
    fn no_export(&self, dataset: &str, span: Span) -> Diagnostic {
        let pipeline = &self.import.pipeline;
        let exports: Vec<_> = self
            .import
            .datasets
            .iter()
            .map(|(known, _)| known.id.to_string())
            .collect();
        let listed: Vec<_> = exports.iter().map(|name| format!("`{pipeline}.{name}`")).collect();
        let it_exports = match listed.as_slice() {
            [] => "it exports nothing".to_owned(),
            listed => format!("it exports {}", listed.join(", ")),
        };
        if self.kept.iter().any(|id| id.to_string() == dataset) {
            let all = exports
                .iter()
                .map(String::as_str)
                .chain([dataset])
                .collect::<Vec<_>>()
                .join(", ");
            let message = format!("`{pipeline}` does not export `{dataset}`");
            return Diagnostic::new(Code::NOT_EXPORTED, span, message)
                .found("a dataset of its own")
                .label(self.exports, "what it exports is said here")
                .help(it_exports)
                .help(format!("or let `{}` say `exports = [{all}]`", self.folder));
        }
        if dataset.is_empty() || !dataset.contains('.') {
            let message = format!("`{pipeline}` is a project, and a dataset of it is `{pipeline}.ZONE.DATASET`");
            return Diagnostic::new(Code::NOT_READABLE, span, message)
                .found("not a dataset")
                .help(it_exports);
        }
        let message = format!("`{pipeline}` has no dataset `{dataset}`");
        let diagnostic = Diagnostic::new(Code::NOT_EXPORTED, span, message).found("not one of its exports");
        match suggest(dataset, exports.iter().map(String::as_str)) {
            Some(near) => {
                let whole = format!("{pipeline}.{near}");
                diagnostic
                    .help(format!("did you mean `{whole}`?"))
                    .fix(format!("write `{whole}`"), span, whole)
            }
            None => diagnostic.help(it_exports),
        }
    }
}
