//! Alarms, and who is told.

use super::Lowering;
use crate::check::settings::{Settings, Value};
use crate::plan::{Alarm, Channel, DatasetId, Monitor, Shape, Text};

impl Lowering<'_> {
    pub(super) fn monitors(&mut self) -> Vec<Monitor> {
        let mut monitors = Vec::new();
        for monitor in &self.program.monitors {
            for (kind, settings) in &monitor.alarms {
                match kind.as_str() {
                    "volume" | "utilization" | "lag" => self.measured(kind, settings),
                    "duration" => self.timed(settings),
                    _ => {}
                }
            }
            let alarms = monitor.alarms.iter();
            monitors.push(Monitor {
                name: monitor.item.name.clone(),
                emails: emails(&monitor.item.settings),
                channels: channels(&monitor.item.settings),
                alarms: alarms.filter_map(|(kind, settings)| alarm(kind, settings)).collect(),
            });
        }
        monitors
    }

    /// A job on a stream never ends: how long each of its batches takes is not told yet.
    fn timed(&mut self, settings: &Settings) {
        let program = self.program;
        let Some(of) = settings.get("of") else { return };
        let name = settings.text("of");
        let found = program
            .transforms
            .iter()
            .find(|one| Some(one.item.name.as_str()) == name);
        let on_glue = found.is_some_and(|one| {
            one.item
                .settings
                .variant("engine")
                .is_some_and(|(name, _)| name == "glue")
        });
        if on_glue && found.is_some_and(|one| one.shape == Shape::Stream) {
            self.refuse(of.span, "alarms on how long a batch of a job takes", None);
        }
    }

    /// What a source brings is measured by its stream, its topic or its queue.
    fn measured(&mut self, kind: &str, settings: &Settings) {
        let program = self.program;
        let Some(of) = settings.get("of") else { return };
        let found = settings
            .text("of")
            .and_then(|name| program.sources.iter().find(|source| source.item.name == name));
        let Some(source) = found else { return };
        let from = source.item.settings.variant("from").map(|(name, _)| name);
        let via = source.item.settings.variant("via").map(|(name, _)| name);
        let by_stream = matches!(
            (from, via),
            (Some("kinesis"), _) | (_, Some("kinesis")) | (Some("api" | "iot"), None)
        );
        if let (Some("kafka" | "sqs"), None, Shape::Stream) = (from, via, source.shape) {
            let elsewhere = source.item.settings.variant("from").and_then(|(_, kafka)| {
                let own = kafka.variant("cluster").is_some_and(|(kind, _)| kind == "self_managed");
                (own && kafka.variant("migrate_to").is_none()).then_some(())
            });
            match (elsewhere, kind) {
                (Some(()), "lag") if source.item.settings.get("volume").is_none() => {
                    let help =
                        "write `volume` in the source: how many records wait is known, and how many a second brings";
                    self.refuse(
                        of.span,
                        "alarms on the lag of a cluster elsewhere without a promise",
                        Some(help),
                    );
                }
                (Some(()), "volume" | "utilization") => {
                    self.refuse(of.span, "alarms on what a cluster elsewhere brings", None);
                }
                _ => {}
            }
            return;
        }
        // Who asks for links to upload by is counted, and what a delivery stream takes; neither has a reader that lags.
        let counted = matches!(
            (from, via, source.shape),
            (_, Some("firehose"), Shape::Stream) | (Some("api" | "kafka"), None, Shape::Objects)
        );
        let fits = match kind {
            "volume" | "utilization" => counted || by_stream && source.shape == Shape::Stream,
            _ => by_stream && source.shape == Shape::Stream,
        };
        if !fits {
            let what = match kind {
                "lag" => "alarms on the lag of sources that no stream of Kinesis, topic or queue brings",
                _ => "alarms on what files and tables bring",
            };
            self.refuse(of.span, what, None);
        }
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

/// Whom else is told.
fn channels(settings: &Settings) -> Vec<Channel> {
    let secret = |channel: &Settings, name: &str| match &channel.get(name)?.value {
        Value::Secret(secret) => Some(secret.clone()),
        _ => None,
    };
    let text = |channel: &Settings, name: &str| channel.text(name).map(str::to_owned);
    let of = |kind: &str, channel: &Settings| {
        Some(match kind {
            "slack" => Channel::Slack {
                webhook: secret(channel, "webhook")?,
            },
            "webhook" => Channel::Webhook {
                url: text(channel, "url")?,
                token: secret(channel, "token"),
            },
            "pagerduty" => Channel::PagerDuty {
                key: secret(channel, "key")?,
            },
            "sms" => Channel::Sms {
                number: text(channel, "number")?,
            },
            _ => return None,
        })
    };
    let notify = settings.list("notify").iter();
    let channels = notify.filter_map(|item| match &item.value {
        Value::Variant(kind, channel) => of(kind, channel),
        _ => None,
    });
    channels.collect()
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
        "volume" => Alarm::Volume {
            source: name()?,
            over_percent: settings.number("over")?,
        },
        "utilization" => Alarm::Utilization {
            of: name()?,
            over_percent: settings.number("over")?,
        },
        "duration" => Alarm::Duration {
            transform: name()?,
            over_seconds: settings.seconds("over")?,
        },
        "quality" => Alarm::Quality {
            transform: name()?,
            over_percent: settings.number("over")?,
        },
        "cost" => Alarm::Cost {
            over_percent: settings.number("over")?,
        },
        _ => return None,
    })
}
