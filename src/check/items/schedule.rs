//! `schedule`: when transforms run, and in which order.

use super::Items;
use crate::base::Spanned;
use crate::check::program::{Schedule, Shape, Transform};
use crate::check::settings::Value;
use crate::diag::{Code, Diagnostic};
use crate::plan::Target;

impl Items<'_> {
    pub(super) fn schedules(&mut self, transforms: &[Transform]) -> Vec<Schedule> {
        let mut schedules = Vec::new();
        for entity in self.entities("schedule") {
            let item = self.item(&entity);
            let run = self.runs(item.settings.list("run"), transforms);
            schedules.push(Schedule { item, run });
        }
        schedules
    }

    /// The transforms of a `run` list, in the order of the plan.
    fn runs(&mut self, list: &[Spanned<Value>], transforms: &[Transform]) -> Vec<String> {
        let mut names = Vec::new();
        for item in list {
            let found: Vec<_> = match &item.value {
                Value::Ref(name) => transforms.iter().filter(|t| t.item.name == *name).collect(),
                Value::Dataset { zone, name } => {
                    let writes = |t: &&Transform| match &t.target {
                        Some(Target::Dataset(id)) => {
                            id.zone == *zone && name.as_ref().is_none_or(|name| id.name == *name)
                        }
                        _ => false,
                    };
                    transforms.iter().filter(writes).collect()
                }
                _ => continue,
            };
            let tables = found.iter().filter(|t| t.shape == Shape::Table);
            let tables: Vec<_> = tables.map(|t| t.item.name.clone()).collect();
            if tables.is_empty() {
                self.nothing_to_run(item, found.first().copied());
            }
            names.extend(tables);
        }
        let names_of = transforms.iter().map(|t| t.item.name.clone());
        names_of.filter(|name| names.contains(name)).collect()
    }

    fn nothing_to_run(&mut self, item: &Spanned<Value>, stream: Option<&Transform>) {
        let text = self.ground.sources.text(item.span);
        let diagnostic = match stream {
            Some(transform) => Diagnostic::new(
                Code::NOT_SCHEDULED,
                item.span,
                format!(
                    "`{}` reads a stream, so it runs as rows come and not by a schedule",
                    transform.item.name
                ),
            )
            .found("no schedule runs it")
            .help("leave it out: it runs all the time"),
            // What has mistakes is not among the transforms, and they were told.
            None if self.diagnostics.has_errors() => return,
            None => Diagnostic::new(Code::NOT_SCHEDULED, item.span, format!("no transform writes `{text}`"))
                .found("nothing to run")
                .help("name a transform, or a dataset that one writes"),
        };
        self.say(diagnostic);
    }
}
