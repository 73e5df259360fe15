//! When transforms run, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lowering, flow};
use crate::check::settings::{Settings, Value};
use crate::plan::{DatasetId, Retry, Schedule, Starts, Transform, View};

impl Lowering<'_> {
    pub(super) fn schedules(&mut self, transforms: &[Transform], views: &[View]) -> Vec<Schedule> {
        let places = transforms.iter().enumerate().map(|(at, t)| (t.name.as_str(), at));
        let places: BTreeMap<_, _> = places.collect();
        let mut schedules = Vec::new();
        for schedule in &self.program.schedules {
            let item = &schedule.item;
            let Some(starts) = starts(&item.settings) else { continue };
            let run: BTreeSet<_> = schedule
                .run
                .iter()
                .filter_map(|name| places.get(name.as_str()))
                .collect();
            let run: Vec<_> = run.into_iter().filter_map(|at| transforms.get(*at)).collect();
            schedules.push(Schedule {
                name: item.name.clone(),
                doc: item.doc.clone(),
                starts,
                waves: flow::waves(&run, views),
                retry: item.settings.variant("retry").and_then(|(_, retry)| retry_of(retry)),
                catch_up_days: item.settings.days("catch_up"),
                on_failure: item.settings.text("on_failure").map(str::to_owned),
            });
        }
        schedules
    }
}

/// What starts a run: the clock, or an arrival.
fn starts(settings: &Settings) -> Option<Starts> {
    if let Some(Value::Arrival { zone, name }) = settings.get("when").map(|setting| &setting.value) {
        return Some(Starts::Arrival {
            of: DatasetId {
                zone: zone.clone(),
                name: name.clone(),
            },
            every_minutes: settings.rate("at_most").map_or(1, minutes_between),
        });
    }
    let (kind, at) = settings.variant("at")?;
    if kind == "every" {
        let count = at.seconds("interval")? / 60;
        let unit = if count == 1 { "minute" } else { "minutes" };
        return Some(Starts::Clock {
            expression: format!("rate({count} {unit})"),
            zone: "UTC".to_owned(),
        });
    }
    let fields: Vec<_> = at.text("expression")?.split_whitespace().collect();
    Some(Starts::Clock {
        expression: format!("cron({})", fields.join(" ")),
        zone: at.text("zone")?.to_owned(),
    })
}

/// The whole minutes from one start to the next that keep a rate, which is one a minute at most.
fn minutes_between(a_second: f64) -> u32 {
    // A rate is a quotient: what is within a thousandth of a whole minute is meant to be one.
    let minutes = 1.0 / (a_second * 60.0);
    (minutes - 0.001).ceil().clamp(1.0, 525_600.0) as u32
}

fn retry_of(retry: &Settings) -> Option<Retry> {
    Some(Retry {
        times: retry.int("count")?,
        first_seconds: u32::try_from(retry.seconds("first")?).ok()?,
        factor: retry.number("factor")?,
    })
}
