//! `monitor`: alarms, and who is told.

use std::collections::BTreeMap;

use super::Items;
use crate::base::Span;
use crate::check::program::{Dataset, Item, Monitor, Shape, Source};
use crate::check::settings::{Settings, Value, named, path_expr, plain};
use crate::check::texts;
use crate::diag::{Code, Diagnostic};
use crate::plan::DatasetId;
use crate::syntax::ast::{EntryKind, Expr, ExprKind, ItemKind, Name, Path};

impl Items<'_> {
    pub(super) fn monitors(
        &mut self,
        pipeline: Option<&Item>,
        sources: &[Source],
        datasets: &BTreeMap<DatasetId, Dataset>,
    ) -> Vec<Monitor> {
        let mut monitors = Vec::new();
        for entity in self.entities("monitor") {
            let item = self.item(&entity);
            self.emails(&item.settings);
            let mut alarms = Vec::new();
            for entry in entity.block().into_iter().flat_map(|block| &block.entries) {
                if let EntryKind::Alarm { kind, of, over } = &entry.kind {
                    let settings = self.alarm_settings(kind, of.as_ref(), over.as_ref());
                    if let Some(settings) = settings {
                        self.alarm(kind, &settings, pipeline, sources, datasets);
                        self.alarm_place(&item.name, kind, &settings);
                        alarms.push((kind.text.clone(), settings));
                    }
                }
            }
            monitors.push(Monitor { item, alarms });
        }
        monitors
    }

    /// Where it is written how fresh a dataset has to be, or how far behind the readers of a source may be.
    fn alarm_place(&mut self, monitor: &str, kind: &Name, settings: &Settings) {
        let of = match settings.get("of").map(|setting| &setting.value) {
            Some(Value::Dataset { zone, name: Some(name) }) => format!("{zone}.{name}"),
            Some(Value::Ref(name)) => name.clone(),
            _ => return,
        };
        if let Some(over) = settings.get("over") {
            let path = format!("monitor.{monitor}.{}.{of}", kind.text);
            self.places.insert(path, over.span);
        }
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

    /// Says which addresses are none, written or a param's default.
    fn emails(&mut self, settings: &Settings) {
        for item in settings.list("notify") {
            let Value::Variant(kind, email) = &item.value else {
                continue;
            };
            match email.get("address").map(|setting| (&setting.value, setting.span)) {
                Some((Value::Text(address), span)) if kind == "email" => self.address(address, span),
                Some((Value::Param(param), _)) if kind == "email" => {
                    if let Some((address, span)) = self.default_text(param) {
                        self.address(&address, span);
                    }
                }
                _ => {}
            }
        }
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

    /// What an alarm is of must be there.
    fn alarm(
        &mut self,
        kind: &Name,
        settings: &Settings,
        pipeline: Option<&Item>,
        sources: &[Source],
        datasets: &BTreeMap<DatasetId, Dataset>,
    ) {
        if let Some(setting) = settings.get("of")
            && let Value::Dataset { zone, name } = &setting.value
        {
            self.matching(zone, name.as_deref(), setting.span, datasets);
        }
        self.alarm_of_source(kind, settings, sources);
        if kind.text == "cost" {
            self.wants_budget(kind, pipeline);
        }
    }

    /// A stream can be behind, and a promise can be broken where one was made.
    fn alarm_of_source(&mut self, kind: &Name, settings: &Settings, sources: &[Source]) {
        let Some(setting) = settings.get("of") else {
            return;
        };
        let Value::Ref(name) = &setting.value else {
            return;
        };
        let Some(source) = sources.iter().find(|source| source.item.name == *name) else {
            return;
        };
        let promised = source.item.settings.get("volume").is_some();
        let (message, found, help) = match kind.text.as_str() {
            "lag" if source.shape == Shape::Table => (
                format!("source `{name}` is a table, and nothing lags behind it"),
                "only streams and objects have readers that can be behind",
                "write `alarm freshness of ZONE.SOURCE over 26 hours`".to_owned(),
            ),
            "volume" | "utilization" if !promised => (
                format!("source `{name}` promises no volume that an alarm could be about"),
                "a share of nothing",
                format!("write `volume = 500 per second of 1 KiB` in source `{name}`"),
            ),
            _ => return,
        };
        let diagnostic = Diagnostic::new(Code::ALARM_TARGET, setting.span, message)
            .found(found)
            .help(help);
        self.say(diagnostic.label(source.item.span, "the source"));
    }

    fn wants_budget(&mut self, kind: &Name, pipeline: Option<&Item>) {
        let Some(pipeline) = pipeline.filter(|pipeline| pipeline.settings.get("budget").is_none()) else {
            return;
        };
        let path = format!("pipeline.{}", pipeline.name);
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
