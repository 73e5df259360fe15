//! `monitor`: alarms, and who is told.

use std::collections::BTreeMap;

use super::Program;
use crate::base::Span;
use crate::check::settings::{Settings, Value, named, path_expr, plain};
use crate::check::texts;
use crate::diag::{Code, Diagnostic};
use crate::plan::{Alarm, Dataset, DatasetId, Monitor, Pipeline, Text};
use crate::syntax::ast::{EntryKind, Expr, ExprKind, ItemKind, Name, Path};

impl Program<'_> {
    pub(super) fn monitors(
        &mut self,
        pipeline: Option<&Pipeline>,
        datasets: &BTreeMap<DatasetId, Dataset>,
    ) -> Vec<Monitor> {
        let mut monitors = Vec::new();
        for entity in self.entities("monitor") {
            let settings = self.settings(&entity);
            let emails = self.emails(&settings);
            let mut alarms = Vec::new();
            for entry in entity.block().into_iter().flat_map(|block| &block.entries) {
                if let EntryKind::Alarm { kind, of, over } = &entry.kind {
                    let settings = self.alarm_settings(kind, of.as_ref(), over.as_ref());
                    alarms.extend(settings.and_then(|settings| self.alarm(kind, &settings, pipeline, datasets)));
                }
            }
            monitors.push(Monitor {
                name: entity.name.to_owned(),
                emails,
                alarms,
            });
        }
        monitors
    }

    /// Says what is no mail address.
    fn address(&mut self, address: &str, span: Span) {
        if !texts::email(address) {
            let message = format!("`{address}` is not a mail address");
            let diagnostic = Diagnostic::new(Code::EMAIL, span, message)
                .found("no mail can be sent there")
                .help("write `NAME@HOST`, such as `\"alerts@example.com\"`");
            self.say(diagnostic);
        }
    }

    /// The text that a param is without being set, and where it is written.
    fn default_text(&self, param: &str) -> Option<(String, Span)> {
        match &self.ground.index.get("param", param)?.item.kind {
            ItemKind::Param {
                default: Some(value), ..
            } => match &value.kind {
                ExprKind::Text(parts) => Some((plain(parts).ok()?, value.span)),
                _ => None,
            },
            _ => None,
        }
    }

    fn emails(&mut self, settings: &Settings) -> Vec<Text> {
        let mut emails = Vec::new();
        for item in settings.list("notify") {
            let Value::Variant(kind, email) = &item.value else {
                continue;
            };
            match email.get("address").map(|setting| (&setting.value, setting.span)) {
                Some((Value::Text(address), span)) if kind == "email" => {
                    self.address(address, span);
                    emails.push(Text::Literal(address.clone()));
                }
                Some((Value::Param(param), _)) if kind == "email" => {
                    if let Some((address, span)) = self.default_text(param) {
                        self.address(&address, span);
                    }
                    emails.push(Text::Param(param.clone()));
                }
                _ => {}
            }
        }
        emails
    }

    /// `of TARGET` and `over VALUE` are settings like any other.
    fn alarm_settings(&mut self, kind: &Name, of: Option<&Path>, over: Option<&Expr>) -> Option<Settings> {
        let word = |text: &str, span| Name {
            text: text.to_owned(),
            span,
        };
        let of = of.map(|path| named(&word("of", path.span), path_expr(path)));
        let over = over.map(|over| named(&word("over", over.span), over.clone()));
        let entries: Vec<_> = of.into_iter().chain(over).collect();
        self.checker
            .clause("monitor.alarm", "alarm", kind, &entries, &mut self.diagnostics)
    }

    fn alarm(
        &mut self,
        kind: &Name,
        settings: &Settings,
        pipeline: Option<&Pipeline>,
        datasets: &BTreeMap<DatasetId, Dataset>,
    ) -> Option<Alarm> {
        let name = || settings.text("of").map(str::to_owned);
        match kind.text.as_str() {
            "freshness" => {
                let setting = settings.get("of")?;
                let Value::Dataset { zone, name } = &setting.value else {
                    return None;
                };
                let dataset = self.matching(zone, name.as_deref(), setting.span, datasets);
                Some(Alarm::Freshness {
                    dataset: dataset.into_iter().next()?,
                    over_seconds: settings.seconds("over")?,
                })
            }
            "errors" => Some(Alarm::Errors {
                transform: name()?,
                over_percent: settings.number("over")?,
            }),
            "lag" => Some(Alarm::Lag {
                source: name()?,
                over_seconds: settings.seconds("over")?,
            }),
            "cost" => {
                self.wants_budget(kind, pipeline);
                Some(Alarm::Cost {
                    over_percent: settings.number("over")?,
                })
            }
            _ => None,
        }
    }

    fn wants_budget(&mut self, kind: &Name, pipeline: Option<&Pipeline>) {
        let Some(pipeline) = pipeline.filter(|pipeline| pipeline.budget.is_none()) else {
            return;
        };
        // A budget that is wrong was told of.
        let path = format!("pipeline.{}", pipeline.name);
        if self.places.get(&format!("{path}.budget")) != self.places.get(&path) {
            return;
        }
        let message = format!(
            "pipeline `{}` has no budget that an alarm could be about",
            pipeline.name
        );
        let mut diagnostic = Diagnostic::new(Code::NO_BUDGET, kind.span, message)
            .found("a share of nothing")
            .help("write `budget = 600 USD per month` in the pipeline");
        if let Some(span) = self.places.get(&path) {
            diagnostic = diagnostic.label(span, "`budget` is missing here");
        }
        self.say(diagnostic);
    }
}
