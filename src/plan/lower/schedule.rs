//! When transforms run, and in which order.

use super::{Lowering, flow};
use crate::check::settings::Settings;
use crate::plan::{Retry, Schedule, Transform, View};

impl Lowering<'_> {
    pub(super) fn schedules(&mut self, transforms: &[Transform], views: &[View]) -> Vec<Schedule> {
        let mut schedules = Vec::new();
        for schedule in &self.program.schedules {
            let item = &schedule.item;
            let Some(("cron", cron)) = item.settings.variant("at") else {
                continue;
            };
            let (Some(expression), Some(zone)) = (cron.text("expression"), cron.text("zone")) else {
                continue;
            };
            let fields: Vec<_> = expression.split_whitespace().collect();
            let run: Vec<_> = transforms.iter().filter(|t| schedule.run.contains(&t.name)).collect();
            schedules.push(Schedule {
                name: item.name.clone(),
                doc: item.doc.clone(),
                cron: fields.join(" "),
                zone: zone.to_owned(),
                waves: flow::waves(&run, views),
                retry: item.settings.variant("retry").and_then(|(_, retry)| retry_of(retry)),
                on_failure: item.settings.text("on_failure").map(str::to_owned),
            });
        }
        schedules
    }
}

fn retry_of(retry: &Settings) -> Option<Retry> {
    Some(Retry {
        times: retry.int("count")?,
        first_seconds: u32::try_from(retry.seconds("first")?).ok()?,
        factor: retry.number("factor")?,
    })
}
