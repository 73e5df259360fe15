//! `pipeline`: exactly one.

use super::{Items, start};
use crate::check::program::Item;
use crate::diag::{Code, Diagnostic};
use crate::resolve::Project;
use crate::syntax::ast::ItemKind;

impl Items<'_> {
    pub(super) fn pipeline(&mut self) -> Option<Item> {
        let project = self.ground.project;
        let blocks = project.items().filter_map(|item| match &item.kind {
            ItemKind::Block(block) if block.keyword.text == "pipeline" => Some((item, block)),
            _ => None,
        });
        let found: Vec<_> = blocks.collect();
        let Some((_, first)) = found.first() else {
            // A pipeline that could not be read was told of already.
            if !self.diagnostics.has_errors() {
                self.say(no_pipeline(project));
            }
            return None;
        };
        for (_, second) in found.iter().skip(1) {
            let message = format!("`{}` is a second pipeline in this project", second.name.text());
            let diagnostic = Diagnostic::new(Code::TWO_PIPELINES, second.keyword.span, message)
                .found("the second")
                .label(first.keyword.span, "the first")
                .help("a project is all files below a folder: name the folder of one pipeline, or move the other out of this one");
            self.say(diagnostic);
        }
        let entity = *self.ground.index.get("pipeline", &first.name.text())?;
        Some(self.item(&entity))
    }
}

fn no_pipeline(project: &Project) -> Diagnostic {
    Diagnostic::new(Code::NO_PIPELINE, start(project), "this project declares no pipeline")
        .found("no `pipeline` in any of its files")
        .help("write `pipeline my_platform { cloud = aws { region = \"eu-west-1\" }, owner = \"data@example.com\" }`")
}
