//! `pipeline`: exactly one.

use super::{Items, start};
use crate::base::Spanned;
use crate::check::program::Item;
use crate::check::settings::{Settings, Value};
use crate::diag::{Code, Diagnostic, Level, Levels, warning};
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
        let item = self.item(&entity);
        self.places.levels = self.levels(&item.settings);
        Some(item)
    }

    /// The account, of which there is one at most.
    pub(super) fn account(&mut self) -> Option<Item> {
        let found = self.entities("account");
        let (first, others) = found.split_first()?;
        for second in others {
            let message = format!("`{}` is a second account of this platform", second.name);
            self.say(
                Diagnostic::new(Code::TWO_ACCOUNTS, second.span, message)
                    .found("the second")
                    .label(first.span, "the first")
                    .help("a build is for one account: write in an `env` what is different in the account of an environment"),
            );
        }
        Some(self.item(first))
    }

    /// `warnings = [error(P0319), off(P0318)]`
    fn levels(&mut self, settings: &Settings) -> Levels {
        let mut levels = Levels::new();
        let Some(Value::List(entries)) = settings.get("warnings").map(|setting| &setting.value) else {
            return levels;
        };
        for entry in entries {
            let Some((code, level)) = level(entry) else { continue };
            if levels.insert(code, level).is_some() {
                let message = format!("`{code}` has two levels");
                let diagnostic = Diagnostic::new(Code::SETTING_TWICE, entry.span, message);
                self.say(diagnostic.found("the second").help("keep one of them"));
            }
        }
        levels
    }
}

fn level(entry: &Spanned<Value>) -> Option<(Code, Level)> {
    let Value::Variant(name, settings) = &entry.value else {
        return None;
    };
    let level = match name.as_str() {
        "off" => Level::Off,
        "error" => Level::Error,
        _ => Level::Warn,
    };
    match &settings.get("code")?.value {
        Value::Word(code) => Some((warning(code, entry.span, Code::NO_WARNING).ok()?, level)),
        _ => None,
    }
}

fn no_pipeline(project: &Project) -> Diagnostic {
    Diagnostic::new(Code::NO_PIPELINE, start(project), "this project declares no pipeline")
        .found("no `pipeline` in any of its files")
        .help("write `pipeline my_platform { cloud = aws { region = \"eu-west-1\" }, owner = \"data@example.com\" }`")
}
