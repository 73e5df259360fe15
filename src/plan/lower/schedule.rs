//! When transforms run, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lowering, flow};
use crate::check::settings::Settings;
use crate::plan::{Retry, Schedule, Transform, View};

impl Lowering<'_> {
    pub(super) fn schedules(&mut self, transforms: &[Transform], views: &[View]) -> Vec<Schedule> {
        let places = transforms.iter().enumerate().map(|(at, t)| (t.name.as_str(), at));
        let places: BTreeMap<_, _> = places.collect();
        let mut schedules = Vec::new();
        for schedule in &self.program.schedules {
            let item = &schedule.item;
            let Some((expression, zone)) = item.settings.variant("at").and_then(moments) else {
                continue;
            };
            let run: BTreeSet<_> = schedule
                .run
                .iter()
                .filter_map(|name| places.get(name.as_str()))
                .collect();
            let run: Vec<_> = run.into_iter().filter_map(|at| transforms.get(*at)).collect();
            schedules.push(Schedule {
                name: item.name.clone(),
                doc: item.doc.clone(),
                expression,
                zone,
                waves: flow::waves(&run, views),
                retry: item.settings.variant("retry").and_then(|(_, retry)| retry_of(retry)),
                on_failure: item.settings.text("on_failure").map(str::to_owned),
            });
        }
        schedules
    }
}

/// When a schedule starts a run, as EventBridge Scheduler says it, and in which time zone.
fn moments((kind, settings): (&str, &Settings)) -> Option<(String, String)> {
    if kind == "every" {
        let count = settings.seconds("interval")? / 60;
        let unit = if count == 1 { "minute" } else { "minutes" };
        return Some((format!("rate({count} {unit})"), "UTC".to_owned()));
    }
    let fields: Vec<_> = settings.text("expression")?.split_whitespace().collect();
    Some((format!("cron({})", fields.join(" ")), settings.text("zone")?.to_owned()))
}

fn retry_of(retry: &Settings) -> Option<Retry> {
    Some(Retry {
        times: retry.int("count")?,
        first_seconds: u32::try_from(retry.seconds("first")?).ok()?,
        factor: retry.number("factor")?,
    })
}
