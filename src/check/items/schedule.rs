//! `schedule`: when transforms run, and in which order.

use super::{Program, doc_of};
use crate::base::Spanned;
use crate::check::settings::{Settings, Value};
use crate::diag::{Code, Diagnostic};
use crate::plan::{Input, Retry, Schedule, Transform, lower};

impl Program<'_> {
    pub(super) fn schedules(&mut self, transforms: &[Transform]) -> Vec<Schedule> {
        let mut schedules = Vec::new();
        for entity in self.entities("schedule") {
            let settings = self.settings(&entity);
            let run = self.runs(settings.list("run"), transforms);
            let Some(("cron", cron)) = settings.variant("at") else {
                continue;
            };
            let (Some(expression), Some(zone)) = (cron.text("expression"), cron.text("zone")) else {
                continue;
            };
            let fields: Vec<_> = expression.split_whitespace().collect();
            schedules.push(Schedule {
                name: entity.name.to_owned(),
                doc: doc_of(entity.item),
                cron: fields.join(" "),
                zone: zone.to_owned(),
                waves: lower::waves(&run),
                retry: settings.variant("retry").and_then(|(_, retry)| retry_of(retry)),
                on_failure: settings.text("on_failure").map(str::to_owned),
            });
        }
        schedules
    }

    /// The transforms of a `run` list, in the order of the plan.
    fn runs<'t>(&mut self, list: &[Spanned<Value>], transforms: &'t [Transform]) -> Vec<&'t Transform> {
        let mut names = Vec::new();
        for item in list {
            let found: Vec<_> = match &item.value {
                Value::Ref(name) => transforms.iter().filter(|t| t.name == *name).collect(),
                Value::Dataset { zone, name } => {
                    let writes = |t: &&Transform| {
                        t.target.zone == *zone && name.as_ref().is_none_or(|name| t.target.name == *name)
                    };
                    transforms.iter().filter(writes).collect()
                }
                _ => continue,
            };
            let tables = found.iter().filter(|t| matches!(t.input, Input::Table(_)));
            let tables: Vec<_> = tables.map(|t| t.name.clone()).collect();
            if tables.is_empty() {
                self.nothing_to_run(item, found.first().copied());
            }
            names.extend(tables);
        }
        transforms.iter().filter(|t| names.contains(&t.name)).collect()
    }

    fn nothing_to_run(&mut self, item: &Spanned<Value>, stream: Option<&Transform>) {
        let text = self.ground.sources.text(item.span);
        let diagnostic = match stream {
            Some(transform) => Diagnostic::new(
                Code::NOT_SCHEDULED,
                item.span,
                format!(
                    "`{}` reads a stream, so it runs as rows come and not by a schedule",
                    transform.name
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

fn retry_of(retry: &Settings) -> Option<Retry> {
    Some(Retry {
        times: retry.int("count")?,
        first_seconds: u32::try_from(retry.seconds("first")?).ok()?,
        factor: retry.number("factor")?,
    })
}
