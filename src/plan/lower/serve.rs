//! How people read.

use super::Lowering;
use crate::base::Span;
use crate::check::program;
use crate::check::settings::{Settings, Value};
use crate::diag::{Code, Diagnostic};
use crate::plan::{
    Access, Athena, DatasetId, QuickSight, Redshift, Refresh, Report, Serve, ServeEngine, Shape, Sharer, Sharers, rules,
};

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
                self.warehouse(serve);
                ServeEngine::Redshift(Redshift {
                    min_capacity,
                    max_capacity,
                    daily_limit: redshift.int("daily_limit"),
                })
            }
            ("quicksight", quicksight) => ServeEngine::QuickSight(self.quicksight(quicksight)),
            _ => return None,
        };
        for id in &serve.expose {
            let span = item.settings.span("expose").unwrap_or(item.span);
            self.is_table(id, span);
        }
        Some(Serve {
            name: item.name.clone(),
            doc: item.doc.clone(),
            engine,
            expose: serve.expose.clone(),
        })
    }

    /// Where objects lie there is no table to read.
    pub(super) fn is_table(&mut self, id: &DatasetId, span: Span) {
        let program = self.program;
        let writer = program.datasets.get(id).map(|dataset| &dataset.writer);
        let Some(program::DatasetWriter::Source(name)) = writer else {
            return;
        };
        let source = program.sources.iter().find(|source| source.item.name == *name);
        if source.is_some_and(|source| source.shape == Shape::Objects) {
            let help = format!("write the arrivals of `{name}` as a dataset, and show that");
            let what = format!("showing `{id}`, where objects lie without a table of them");
            self.refuse(span, what, Some(&help));
        }
    }

    /// A warehouse stands in a network.
    fn warehouse(&mut self, serve: &program::Serve) {
        let program = self.program;
        let span = serve.item.settings.span("engine").unwrap_or(serve.item.span);
        if program.pipeline.settings.variant("network").is_none() {
            let help = "write `network = private { availability_zones = 3 }` in the pipeline";
            self.refuse(span, "a warehouse without a network", Some(help));
        }
    }

    fn quicksight(&mut self, settings: &Settings) -> QuickSight {
        let unseen = settings.list("share").is_empty();
        for name in ["embed", "report"] {
            let asked = !settings.list(name).is_empty() || settings.text(name).is_some_and(|often| often != "never");
            if let (true, Some(span)) = (asked && unseen, settings.span(name)) {
                let help = "write who sees them: `share = [group(…)]`";
                self.refuse(span, format!("`{name}` of dashboards that nobody sees"), Some(help));
            }
        }
        let owner = self.program.pipeline.settings.text("owner");
        let is_address = owner.is_some_and(crate::check::texts::email);
        if let (true, Some("daily" | "weekly" | "monthly"), Some(span)) =
            (!is_address, settings.text("report"), settings.span("report"))
        {
            let help = "write a mail address as the pipeline's `owner`: reports come from there";
            self.refuse(span, "a report without an address that it comes from", Some(help));
        }
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

impl Lowering<'_> {
    /// Whoever sees a dashboard may read what it shows, and which rows is something that QuickSight can be told.
    pub(super) fn dashboards(&mut self, serves: &[Serve], accesses: &[Access]) {
        for serve in serves {
            let ServeEngine::QuickSight(quicksight) = &serve.engine else {
                continue;
            };
            for (id, sharer) in serve
                .expose
                .iter()
                .flat_map(|id| quicksight.sharers().map(move |sharer| (id, sharer)))
            {
                let grants = sharer.grants(accesses, id);
                if grants.is_empty() {
                    self.unread(serve, id, sharer);
                }
                let conditions = grants.into_iter().filter_map(|grant| grant.condition.as_ref());
                for condition in conditions.filter(|condition| rules(condition).is_none()) {
                    let what = format!("showing `{id}` on dashboards by `{}`", condition.text);
                    let help = "QuickSight's rules of rows know texts in lists: compare with `==` or `in`, or derive a column that is the answer";
                    let span = self.exposing(&serve.name);
                    self.refuse(span, what, Some(help));
                }
            }
        }
    }

    fn unread(&mut self, serve: &Serve, id: &DatasetId, sharer: Sharer<'_>) {
        let name = sharer.name();
        let message = format!("`{}` shows `{id}` to `{name}`, who may not read it", serve.name);
        let found = format!("no `access` lets `{name}` select from `{id}`");
        let help = format!("write `allow select on {id}` in an access that names `{name}`, or leave it out of `share`");
        let diagnostic = Diagnostic::new(Code::NOT_SHOWN, self.exposing(&serve.name), message);
        self.say(diagnostic.found(found).help(help));
    }

    /// Where a serve says what it exposes.
    fn exposing(&self, name: &str) -> Span {
        let serve = self.program.serves.iter().find(|serve| serve.item.name == name);
        let span = serve.map(|serve| serve.item.settings.span("expose").unwrap_or(serve.item.span));
        span.unwrap_or(self.program.pipeline.span)
    }
}

pub(super) fn texts(settings: &Settings, name: &str) -> Vec<String> {
    let items = settings.list(name).iter();
    let texts = items.filter_map(|item| match &item.value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}
