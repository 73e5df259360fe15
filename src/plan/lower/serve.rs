//! How people read.

use super::Lowering;
use crate::check::program;
use crate::check::settings::{Settings, Value};
use crate::plan::{Athena, QuickSight, Redshift, Refresh, Report, Serve, ServeEngine, Sharers};

impl Lowering<'_> {
    pub(super) fn serves(&mut self) -> Vec<Serve> {
        let program = self.program;
        program.serves.iter().filter_map(|serve| self.serve(serve)).collect()
    }

    fn serve(&mut self, serve: &program::Serve) -> Option<Serve> {
        let item = &serve.item;
        let engine = match item.settings.variant("engine")? {
            ("athena", athena) => ServeEngine::Athena(Athena {
                scan_limit_bytes: athena.bytes("scan_limit")?,
                result_days: athena.days("results")?,
            }),
            ("redshift_serverless", redshift) => {
                let (min_capacity, max_capacity) = redshift.range("capacity")?;
                ServeEngine::Redshift(Redshift {
                    min_capacity,
                    max_capacity,
                    daily_limit: redshift.int("daily_limit"),
                })
            }
            ("quicksight", quicksight) => ServeEngine::QuickSight(self.quicksight(quicksight)),
            _ => return None,
        };
        Some(Serve {
            name: item.name.clone(),
            doc: item.doc.clone(),
            engine,
            expose: serve.expose.clone(),
        })
    }

    fn quicksight(&mut self, settings: &Settings) -> QuickSight {
        QuickSight {
            refresh: match settings.text("refresh") {
                Some("live") => None,
                Some("hourly") => Some(Refresh::Hourly),
                Some("weekly") => Some(Refresh::Weekly),
                _ => Some(Refresh::Daily),
            },
            share: self.sharers(settings),
            insights: settings.bool("insights") == Some(true),
            embed: texts(settings, "embed"),
            report: match settings.text("report") {
                Some("daily") => Some(Report::Daily),
                Some("weekly") => Some(Report::Weekly),
                Some("monthly") => Some(Report::Monthly),
                _ => None,
            },
        }
    }

    /// Those who see dashboards. QuickSight knows users and groups; a role is neither.
    fn sharers(&mut self, settings: &Settings) -> Sharers {
        let mut sharers = Sharers::default();
        for principal in settings.list("share") {
            match &principal.value {
                Value::Variant(kind, settings) if kind == "group" => {
                    sharers.groups.extend(settings.text("name").map(str::to_owned));
                }
                Value::Variant(kind, settings) if kind == "user" => {
                    sharers.users.extend(settings.text("name").map(str::to_owned));
                }
                _ => self.refuse(
                    principal.span,
                    "sharing dashboards with a role",
                    Some("QuickSight knows users and groups: write `group(…)` or `user(…)`"),
                ),
            }
        }
        sharers
    }
}

fn texts(settings: &Settings, name: &str) -> Vec<String> {
    let items = settings.list(name).iter();
    let texts = items.filter_map(|item| match &item.value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}
