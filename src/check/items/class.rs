//! `class`: data classifications.

use super::{Items, doc_of};
use crate::base::Span;
use crate::check::labels::{ClassRule, Classes};
use crate::check::settings::{DAY, Settings, Value, unknown_item};
use crate::diag::{Code, Diagnostic};
use crate::plan::Class;
use crate::syntax::ast::Name;

impl Items<'_> {
    /// The classes of this project, then those that come with what it uses, and the rules of all for the checker of
    /// expressions.
    pub(super) fn classes(&mut self) -> (Vec<Class>, Classes) {
        let mut classes = Vec::new();
        for entity in self.entities("class") {
            let settings = self.settings(&entity);
            let parent = entity.block().and_then(|block| block.parent.as_ref());
            let below = parent
                .and_then(|path| path.parts.first())
                .filter(|name| self.class_named(name))
                .map(|name| name.text.clone());
            let class = Class {
                name: entity.name.to_owned(),
                doc: doc_of(entity.item),
                retain_at_most_days: settings.milliseconds("retain_at_most").map(|ms| ms as f64 / DAY as f64),
                lowered_by: self.lowered_by(&settings),
                below,
                crowd: settings.int("crowd").map(u64::from),
            };
            self.agrees(&class, entity.span);
            classes.push(class);
        }
        let imports = self.ground.imports;
        for class in imports.projects.iter().flat_map(|used| &used.classes) {
            if classes.iter().all(|known| known.name != class.name) {
                classes.push(class.clone());
            }
        }
        self.below_itself(&classes);
        let mut rules = Classes::default();
        for class in &classes {
            let rule = ClassRule {
                lowered_by: class.lowered_by.clone(),
                crowd: class.crowd,
                below: class.below.clone(),
            };
            rules.declare(class.name.clone(), rule);
        }
        (classes, rules)
    }

    /// A label that comes with another project's dataset has one meaning: a class declared here as well must say the
    /// same.
    fn agrees(&mut self, class: &Class, span: Span) {
        let Some((used, theirs)) = self.ground.imports.class(&class.name) else {
            return;
        };
        let mut differs = Vec::new();
        if class.retain_at_most_days != theirs.retain_at_most_days {
            differs.push(match theirs.retain_at_most_days {
                Some(days) => format!("`retain_at_most = {days} days`"),
                None => "no `retain_at_most`".to_owned(),
            });
        }
        if class.lowered_by != theirs.lowered_by {
            let lowering = |(function, left): &(String, Option<String>)| match left {
                Some(left) => format!("{function} to {left}"),
                None => function.clone(),
            };
            let all: Vec<_> = theirs.lowered_by.iter().map(lowering).collect();
            differs.push(format!("`lowered_by = [{}]`", all.join(", ")));
        }
        if class.below != theirs.below {
            differs.push(match &theirs.below {
                Some(above) => format!("`below {above}`"),
                None => "no `below`".to_owned(),
            });
        }
        if class.crowd != theirs.crowd {
            differs.push(match theirs.crowd {
                Some(crowd) => format!("`crowd = {crowd}`"),
                None => "no `crowd`".to_owned(),
            });
        }
        if differs.is_empty() {
            return;
        }
        let pipeline = &used.import.pipeline;
        let message = format!(
            "class `{}` is another one in `{pipeline}`, whose datasets carry it",
            class.name
        );
        let diagnostic = Diagnostic::new(Code::CLASS_DISAGREES, span, message)
            .found(format!("there it says {}", differs.join(", ")))
            .label(used.span, "its datasets come in here")
            .help("say the same here, or leave the class out: it is known with what is used");
        self.say(diagnostic);
    }

    /// A class below itself would be cleared by nobody.
    fn below_itself(&mut self, classes: &[Class]) {
        for entity in self.entities("class") {
            let mut path = vec![entity.name];
            let above = |name: &str| {
                let class = classes.iter().find(|class| class.name == name)?;
                class.below.as_deref()
            };
            while let Some(next) = path.last().and_then(|name| above(name)) {
                let round = path.iter().position(|name| *name == next);
                path.push(next);
                match round {
                    // Of those in a circle, the one that comes first in the alphabet tells of it.
                    Some(0) if path.iter().min() == path.first() => {
                        let message = format!("class `{}` is below itself", entity.name);
                        let diagnostic = Diagnostic::new(Code::LIKE_CYCLE, entity.span, message)
                            .found("and so round again")
                            .note(format!("the circle: {}", path.join(" → ")))
                            .help("let one of them be below nothing");
                        self.say(diagnostic);
                        break;
                    }
                    Some(_) => break,
                    None => {}
                }
            }
        }
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

    /// Whether a class has this name, here or in what is used; if none has, that is said.
    pub(super) fn class_named(&mut self, name: &Name) -> bool {
        let ground = self.ground;
        let known = ground.index.get("class", &name.text).is_some() || ground.imports.class(&name.text).is_some();
        if !known && !ground.imports.incomplete {
            self.say(unknown_item(ground.index, "class", name));
        }
        known
    }
}
