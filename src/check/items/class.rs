//! `class`: data classifications.

use super::{Items, doc_of};
use crate::check::labels::{ClassRule, Classes};
use crate::check::settings::{DAY, Settings, Value, unknown_item};
use crate::plan::Class;
use crate::syntax::ast::Name;

impl Items<'_> {
    /// The classes for the plan, and their rules for the checker of expressions.
    pub(super) fn classes(&mut self) -> (Vec<Class>, Classes) {
        let mut classes = Vec::new();
        let mut rules = Classes::default();
        for entity in self.entities("class") {
            let settings = self.settings(&entity);
            let parent = entity.block().and_then(|block| block.parent.as_ref());
            let below = parent
                .and_then(|path| path.parts.first())
                .filter(|name| self.class_named(name))
                .map(|name| name.text.clone());
            let lowered_by = self.lowered_by(&settings);
            let rule = ClassRule {
                lowered_by: lowered_by.clone(),
                crowd: settings.int("crowd").map(u64::from),
                below: below.clone(),
            };
            rules.declare(entity.name, rule);
            classes.push(Class {
                name: entity.name.to_owned(),
                doc: doc_of(entity.item),
                retain_at_most_days: settings.milliseconds("retain_at_most").map(|ms| ms as f64 / DAY as f64),
                lowered_by,
                below,
            });
        }
        (classes, rules)
    }

    fn lowered_by(&mut self, settings: &Settings) -> Vec<(String, Option<String>)> {
        let mut lowered = Vec::new();
        for item in settings.list("lowered_by") {
            let Value::Lowering { function, class } = &item.value else {
                continue;
            };
            let left = class.as_ref().map(|class| Name {
                text: class.value.clone(),
                span: class.span,
            });
            self.lowerings.push((function.value.clone(), function.span));
            if left.as_ref().is_none_or(|class| self.class_named(class)) {
                lowered.push((function.value.clone(), left.map(|class| class.text)));
            }
        }
        lowered
    }

    fn class_named(&mut self, name: &Name) -> bool {
        let known = self.ground.index.get("class", &name.text).is_some();
        if !known {
            self.say(unknown_item(self.ground.index, "class", name));
        }
        known
    }
}
