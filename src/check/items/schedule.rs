//! `schedule`: when transforms run, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use super::Items;
use super::source::Datasets;
use crate::base::{Span, Spanned};
use crate::check::program::{DatasetWriter, Item, Schedule, Shape, Transform};
use crate::check::settings::Value;
use crate::diag::{Code, Diagnostic};
use crate::plan::Target;

impl Items<'_> {
    pub(super) fn schedules(&mut self, transforms: &[Transform], datasets: &Datasets) -> Vec<Schedule> {
        let mut schedules = Vec::new();
        let places: BTreeMap<_, _> = (0..)
            .zip(transforms)
            .map(|(at, t)| (t.item.name.as_str(), at))
            .collect();
        for entity in self.entities("schedule") {
            let item = self.item(&entity);
            self.starts(&item, datasets);
            let run = self.runs(item.settings.list("run"), transforms, &places);
            schedules.push(Schedule { item, run });
        }
        schedules
    }

    /// A schedule starts by the clock or by an arrival.
    fn starts(&mut self, item: &Item, datasets: &Datasets) {
        match (item.settings.get("at"), item.settings.get("when")) {
            (Some(at), Some(when)) => {
                let message = format!("schedule `{}` starts by the clock and by an arrival", item.name);
                let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, when.span, message)
                    .found("one of the two")
                    .label(at.span, "the clock")
                    .help("let another schedule start by the other");
                self.say(diagnostic);
            }
            (None, None) => {
                let message = format!("schedule `{}` does not say when it starts", item.name);
                let diagnostic = Diagnostic::new(Code::MISSING_SETTING, item.span, message)
                    .found("neither `at` nor `when`")
                    .help("write `at = cron(\"0 2 * * ? *\", zone: \"UTC\")`")
                    .help("or write `when = arrival of ZONE.SOURCE`");
                self.say(diagnostic);
            }
            (None, Some(when)) => self.arrival(&when.value, when.span, datasets),
            (Some(_), None) => {}
        }
        if let (Some(limit), None) = (item.settings.span("at_most"), item.settings.get("when")) {
            let message = format!(
                "schedule `{}` starts by the clock, so nothing comes too often",
                item.name
            );
            let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, limit, message)
                .found("for schedules that wait for arrivals")
                .help("leave `at_most` out");
            self.say(diagnostic);
        }
    }

    /// What a schedule waits for lands.
    fn arrival(&mut self, when: &Value, span: Span, datasets: &Datasets) {
        let Value::Arrival { zone, name } = when else {
            return;
        };
        for id in self.matching(zone, Some(name), span, datasets) {
            let Some(DatasetWriter::Transform(writer)) = datasets.get(&id).map(|dataset| &dataset.writer) else {
                continue;
            };
            let message = format!("nothing arrives in `{id}`: transform `{writer}` writes it");
            let diagnostic = Diagnostic::new(Code::ARRIVAL, span, message)
                .found("not what a source lands")
                .help(format!("let the schedule that runs `{writer}` run what reads it, too"));
            self.say(diagnostic);
        }
    }

    /// The transforms of a `run` list, in the order of the plan; `places` are theirs, by their names.
    fn runs(
        &mut self,
        list: &[Spanned<Value>],
        transforms: &[Transform],
        places: &BTreeMap<&str, usize>,
    ) -> Vec<String> {
        let mut run = BTreeSet::new();
        for item in list {
            let found: Vec<usize> = match &item.value {
                Value::Ref(name) => places.get(name.as_str()).copied().into_iter().collect(),
                Value::Dataset { zone, name } => {
                    let writes = |t: &Transform| match &t.target {
                        Some(Target::Dataset(id)) => {
                            id.zone == *zone && name.as_ref().is_none_or(|name| id.name == *name)
                        }
                        _ => false,
                    };
                    let all = transforms.iter().enumerate();
                    all.filter(|(_, transform)| writes(transform))
                        .map(|(at, _)| at)
                        .collect()
                }
                _ => continue,
            };
            let transform = |at: &usize| transforms.get(*at);
            let is_table = |at: &usize| transform(at).is_some_and(|t| t.shape == Shape::Table);
            let tables: Vec<_> = found.iter().copied().filter(is_table).collect();
            if tables.is_empty() {
                self.nothing_to_run(item, found.first().and_then(transform));
            }
            run.extend(tables);
        }
        let names = run.into_iter().filter_map(|at| transforms.get(at));
        names.map(|transform| transform.item.name.clone()).collect()
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
