//! `run script "PATH" returns SCHEMA { … }`, `run container { … } returns SCHEMA`: a provided program.

use std::collections::BTreeSet;

use crate::base::{Span, suggest};
use crate::check::program::Released;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::types::Column;
use crate::plan::{Run, RunKind, StepKind};
use crate::syntax::ast;

use super::{Steps, run_kind};

/// A `run` as written.
pub(super) struct Written<'w> {
    pub(super) at: Span,
    pub(super) what: &'w ast::Name,
    pub(super) path: Option<&'w ast::StrLit>,
    pub(super) returns: Option<&'w ast::TypeExpr>,
    pub(super) entries: &'w [ast::Entry],
}

impl Steps<'_> {
    pub(super) fn run(&mut self, written: &Written<'_>) -> Option<StepKind> {
        // Without what it returns, nothing behind it can be checked.
        self.lost = true;
        let Some(kind) = run_kind(&written.what.text) else {
            self.unknown_program(written.what);
            return None;
        };
        let whole = self.program_path(written, kind);
        // Of a program that is named wrongly, what else it lacks goes without saying.
        let mut unsaid = Diagnostics::default();
        let diagnostics = if whole { &mut *self.diagnostics } else { &mut unsaid };
        let settings = self.around.program(written.what, written.entries, diagnostics);
        let Some(returns) = written.returns else {
            let diagnostic = Diagnostic::new(
                Code::RUN,
                written.at,
                format!("`run {}` does not say what comes back", written.what.text),
            )
            .found("no `returns`")
            .help("name the rows that the program answers: `returns SCHEMA`");
            self.say(diagnostic);
            return None;
        };
        let schema = self.around.schema(returns, self.diagnostics)?;
        let returned: Vec<Column> = schema.fields.into_iter().map(|field| field.column).collect();
        let labels = |columns: &[Column]| {
            columns
                .iter()
                .flat_map(|column| column.labels.iter().cloned())
                .collect()
        };
        let (given, kept): (BTreeSet<String>, BTreeSet<String>) = (labels(&self.columns), labels(&returned));
        let lets_go: BTreeSet<String> = given.difference(&kept).cloned().collect();
        for label in &lets_go {
            self.checked.released.push(Released {
                transform: String::new(),
                label: label.clone(),
                because: format!("`run {}` returns rows without it", written.what.text),
                span: returns.span,
            });
        }
        self.columns = returned.into();
        self.forget_joined();
        self.sorted = false;
        self.lost = false;
        whole.then(|| {
            StepKind::Run(Run {
                kind,
                path: written.path.map(|path| path.value.clone()),
                settings,
                lets_go,
            })
        })
    }

    fn unknown_program(&mut self, what: &ast::Name) {
        let message = format!("`run` runs a `script` or a `container`, not `{}`", what.text);
        let diagnostic = Diagnostic::new(Code::RUN, what.span, message).found("neither");
        self.say(match suggest(&what.text, ["script", "container"]) {
            Some(near) => {
                diagnostic
                    .help(format!("did you mean `{near}`?"))
                    .fix(format!("write `{near}`"), what.span, near)
            }
            None => diagnostic.help("write `run script \"PATH\" returns SCHEMA`"),
        });
    }

    /// A script is a file of the project; a container says in its settings what it is made of.
    fn program_path(&mut self, written: &Written<'_>, kind: RunKind) -> bool {
        let diagnostic = match (kind, written.path) {
            (RunKind::Script, Some(path)) => {
                let Err(flaw) = crate::check::addresses::file(&path.value) else {
                    return true;
                };
                Diagnostic::new(
                    Code::RUN,
                    path.span,
                    format!("`{}` is no file of this project", path.value),
                )
                .found(flaw.found)
                .help("write a path below the project's folder: `\"scripts/process.py\"`")
            }
            (RunKind::Container, None) => return true,
            (RunKind::Script, None) => {
                Diagnostic::new(Code::RUN, written.what.span, "`run script` does not say which one")
                    .found("no path")
                    .help("write its path below the project: `run script \"scripts/process.py\"`")
            }
            (RunKind::Container, Some(path)) => {
                Diagnostic::new(Code::RUN, path.span, "a container has no path of its own")
                    .found("not part of `run container`")
                    .help(format!(
                        "say what it is built from in its settings: `build = \"{}\"`",
                        path.value
                    ))
            }
        };
        self.say(diagnostic);
        false
    }
}
