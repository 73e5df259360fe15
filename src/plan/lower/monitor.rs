//! Alarms, and who is told.

use super::Lowering;
use crate::check::settings::{Settings, Value};
use crate::plan::{Alarm, DatasetId, Monitor, Text};

impl Lowering<'_> {
    pub(super) fn monitors(&mut self) -> Vec<Monitor> {
        let mut monitors = Vec::new();
        for monitor in &self.program.monitors {
            let alarms = monitor.alarms.iter();
            monitors.push(Monitor {
                name: monitor.item.name.clone(),
                emails: emails(&monitor.item.settings),
                alarms: alarms.filter_map(|(kind, settings)| alarm(kind, settings)).collect(),
            });
        }
        monitors
    }
}

fn emails(settings: &Settings) -> Vec<Text> {
    let mut emails = Vec::new();
    for item in settings.list("notify") {
        let Value::Variant(_, email) = &item.value else {
            continue;
        };
        match email.get("address").map(|setting| &setting.value) {
            Some(Value::Text(address)) => emails.push(Text::Literal(address.clone())),
            Some(Value::Param(param)) => emails.push(Text::Param(param.clone())),
            _ => {}
        }
    }
    emails
}

fn alarm(kind: &str, settings: &Settings) -> Option<Alarm> {
    let name = || settings.text("of").map(str::to_owned);
    Some(match kind {
        "freshness" => {
            let Value::Dataset { zone, name } = &settings.get("of")?.value else {
                return None;
            };
            Alarm::Freshness {
                dataset: DatasetId {
                    zone: zone.clone(),
                    name: name.clone()?,
                },
                over_seconds: settings.seconds("over")?,
            }
        }
        "errors" => Alarm::Errors {
            transform: name()?,
            over_percent: settings.number("over")?,
        },
        "lag" => Alarm::Lag {
            source: name()?,
            over_seconds: settings.seconds("over")?,
        },
        "cost" => Alarm::Cost {
            over_percent: settings.number("over")?,
        },
        _ => return None,
    })
}
