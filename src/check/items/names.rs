//! Names of items and datasets: resources, folders and tables are called by them, so they are in snake_case, and none is
//! a name that the build keeps for itself.

use super::Items;
use crate::base::Span;
use crate::check::schema::snake_case;
use crate::diag::{Code, Diagnostic};
use crate::plan::names::{RESERVED_DATASETS, RESERVED_SCHEDULES, RESERVED_TRANSFORMS};
use crate::syntax::ast::{ItemKind, Name};

/// Items that nothing in AWS is called by.
const TYPES: [&str; 3] = ["schema", "enum", "type"];

impl Items<'_> {
    /// Says what cannot be a name.
    pub(super) fn names(&mut self) {
        for entity in self.ground.index.all() {
            let reserved: &[&str] = match entity.kind {
                "source" => &RESERVED_DATASETS,
                "transform" => &RESERVED_TRANSFORMS,
                "schedule" => &RESERVED_SCHEDULES,
                _ => &[],
            };
            // An override has the name of something that is there.
            if !TYPES.contains(&entity.kind) && entity.kind != "override" {
                self.name(entity.kind, entity.name, entity.span, reserved);
            }
            if let ItemKind::Transform(transform) = &entity.item.kind
                && let Some(target) = &transform.target
                && let [_, Name { text, span }] = target.dataset.parts.as_slice()
            {
                self.name("dataset", text, *span, &RESERVED_DATASETS);
            }
        }
    }

    fn name(&mut self, kind: &str, name: &str, span: Span, reserved: &[&str]) {
        if reserved.contains(&name) {
            let message = format!("a {kind} cannot be called `{name}`");
            let diagnostic = Diagnostic::new(Code::ITEM_NAME, span, message)
                .found("a folder of every platform has this name")
                .help(format!("write another name, such as `the_{name}`"));
            self.say(diagnostic);
            return;
        }
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(fits) {
            return;
        }
        let snake = snake_case(name).trim_start_matches('_').to_owned();
        let message = format!("{kind} `{name}` is not in snake_case");
        let diagnostic = Diagnostic::new(Code::ITEM_NAME, span, message)
            .found("buckets, tables and folders are called by it, and know lower case only")
            .help(format!("write `{snake}`"));
        self.say(diagnostic.fix(format!("write `{snake}`"), span, snake));
    }
}
