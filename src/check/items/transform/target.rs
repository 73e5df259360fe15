//! What a transform writes: datasets of zones that are for transforms, and sinks.

use super::facts::Facts;
use super::graph::{Node, dataset_id, target_of};
use super::reads::names_of;
use super::{Known, holds};
use crate::base::{Span, Spanned, suggest};
use crate::check::exprs::{column, convert};
use crate::check::items::zone::{self, ZoneRules};
use crate::check::items::{Items, doc_of};
use crate::check::program::{Dataset, DatasetWriter, Mode, Transform};
use crate::check::settings::{Settings, Value};
use crate::check::steps::check_partition;
use crate::diag::{Code, Diagnostic};
use crate::plan::types::{Column, Type, TypeKind};
use crate::plan::{DatasetId, Input, Target};
use crate::syntax::ast::{Name, Path};

/// Settings that say something of what is written.
const OF_DATASETS: [&str; 3] = ["format", "partition", "retain"];

impl<'a> Items<'a> {
    /// A transform ends in its target, or in a `route`, or is a view, which others read by its name and nothing keeps.
    pub(super) fn one_end(&mut self, node: &Node<'a>, settings: &Settings) {
        let route = node
            .written()
            .into_iter()
            .find(|(_, word)| word.span != node.transform.name.span);
        if let (Some(target), Some((_, route))) = (&node.transform.target, route) {
            let message = format!("transform `{}` has a target and a `route`", node.entity.name);
            let diagnostic = Diagnostic::new(Code::ROUTE, route.span, message)
                .found("sends each row to a target of its own")
                .label(target.dataset.span, "the target of all rows")
                .help(format!("leave `-> {}` out", target.dataset.text()));
            self.say(diagnostic);
            return;
        }
        if !node.is_view() {
            return;
        }
        for name in OF_DATASETS.into_iter().chain(["engine"]) {
            if let Some(span) = settings.span(name) {
                let message = format!(
                    "transform `{}` writes nothing, so `{name}` says nothing",
                    node.entity.name
                );
                let diagnostic = Diagnostic::new(Code::VIEW, span, message)
                    .found("of a transform without a target")
                    .help(format!(
                        "leave it out, or write its rows: `-> ZONE.{}`",
                        node.entity.name
                    ));
                self.say(diagnostic);
                return;
            }
        }
    }

    /// Says where a target is neither a sink nor a dataset of a zone that is for transforms and of no lower tier than what is read.
    pub(super) fn target_fits(&mut self, node: &Node<'a>, path: &Path, known: &Known<'_>) {
        let Some(Target::Dataset(id)) = target_of(self.ground.index, path) else {
            if let ([name], false) = (path.parts.as_slice(), path.star) {
                return self.is_sink(name, node);
            }
            let message = format!("transform `{}` cannot write `{}`", node.entity.name, path.text());
            let diagnostic = Diagnostic::new(Code::NOT_READABLE, path.span, message)
                .found("neither a sink nor a dataset")
                .help(format!("write `ZONE.{}`", path.text().replace('.', "_")));
            self.say(diagnostic);
            return;
        };
        let Some(rules) = zone::find(known.zones, &id.zone) else {
            if let (None, Some(name)) = (self.ground.index.get("zone", &id.zone), path.parts.first()) {
                self.say(crate::check::settings::unknown_item(self.ground.index, "zone", name));
            }
            return;
        };
        let zone = &rules.item.name;
        if rules.sources_only {
            let message = format!(
                "transform `{}` cannot write `{zone}`: only sources do",
                node.entity.name
            );
            let mut diagnostic = Diagnostic::new(Code::SOURCES_ONLY, path.span, message)
                .found("what is there stays as it came")
                .help("write a zone like `std.zones.processed` or `std.zones.curated`");
            if let Some(place) = self.places.get(&format!("zone.{zone}")) {
                diagnostic = diagnostic.label(place, "the zone");
            }
            self.say(diagnostic);
            return;
        }
        let higher = |read: &&Path| self.tier_of(read, known).is_some_and(|(_, tier)| tier > rules.tier);
        let Some(read) = node.reads().find(higher) else {
            return;
        };
        let (from, tier) = self.tier_of(read, known).unwrap_or_default();
        let message = format!(
            "transform `{}` takes data from tier {tier} down to tier {}",
            node.entity.name, rules.tier
        );
        let diagnostic = Diagnostic::new(Code::TIER, path.span, message)
            .found(format!("`{zone}` is tier {}", rules.tier))
            .label(read.span, format!("`{from}` is tier {tier}"))
            .help(format!("write `{from}` or a zone above it"));
        self.say(diagnostic);
    }

    /// A name alone is a sink's.
    fn is_sink(&mut self, name: &Name, node: &Node<'a>) {
        let index = self.ground.index;
        if index.get("sink", &name.text).is_some() {
            return;
        }
        let message = format!("transform `{}` cannot write `{}`", node.entity.name, name.text);
        let diagnostic = Diagnostic::new(Code::NOT_READABLE, name.span, message).found("neither a sink nor a dataset");
        let zone = index.get("zone", &name.text).is_some();
        let sinks: Vec<_> = index.of_kind("sink").map(|entity| entity.name).collect();
        self.say(match suggest(&name.text, sinks) {
            _ if zone => diagnostic
                .help(format!("write `-> {}.{}`", name.text, node.entity.name))
                .fix(
                    format!("write `{}.{}`", name.text, node.entity.name),
                    name.span,
                    format!("{}.{}", name.text, node.entity.name),
                ),
            Some(near) => {
                diagnostic
                    .help(format!("did you mean `{near}`?"))
                    .fix(format!("write `{near}`"), name.span, near)
            }
            None => diagnostic.help(format!(
                "write `-> ZONE.{}`, or declare a sink `{}`",
                name.text, name.text
            )),
        });
    }

    /// Says where a sink cannot take these columns: it finds those that are its key, and they are always there.
    pub(super) fn sink_takes(&mut self, node: &Node<'a>, sink: &str, columns: &[Column], known: &Known<'_>) {
        let Some(item) = known.sinks.get(sink) else {
            // Its own mistakes were said.
            return;
        };
        let Some((_, to)) = item.settings.variant("to") else {
            return;
        };
        let here = node.written().into_iter().find(|(path, _)| path.text() == sink);
        let at = here.map_or(node.entity.span, |(path, _)| path.span);
        for (setting, key) in to.columns() {
            if let Some(said) = unfit_key(node.entity.name, sink, setting, &key, columns, at) {
                self.say(said);
            }
        }
    }

    /// What a transform writes: its columns, format, partition.
    pub(super) fn dataset(
        &mut self,
        node: &Node<'a>,
        transform: &Transform,
        id: &DatasetId,
        rules: &ZoneRules,
    ) -> Option<Dataset> {
        let settings = &transform.item.settings;
        let at = node
            .written()
            .into_iter()
            .find(|(path, _)| dataset_id(path).as_ref() == Some(id));
        let at = at.map_or(transform.places.target, |(path, _)| path.span);
        let format = match settings.get("format") {
            Some(_) => settings.variant("format")?.0.to_owned(),
            None => rules.format.clone(),
        };
        let partition = match settings.get("partition") {
            Some(_) => settings.names("partition"),
            None => rules.partition.clone(),
        };
        let mut columns = transform.output.clone();
        self.documented(node, id, rules, &columns);
        if let Mode::History(_) = transform.mode {
            for column in history_columns() {
                if columns.iter().any(|other| other.name == column.name) {
                    let message = format!("`history` keeps `{}` of its own in `{id}`", column.name);
                    let diagnostic =
                        Diagnostic::new(Code::DUPLICATE_COLUMN, at, message).found("the rows have one too");
                    self.say(diagnostic.help(format!("rename it: `rename {0} as own_{0}`", column.name)));
                    return None;
                }
                columns.push(column);
            }
        }
        if !check_partition(&columns, &partition, at, &mut self.diagnostics) {
            return None;
        }
        let partition = partition.into_iter().map(|column| column.value).collect();
        Some(Dataset {
            id: id.clone(),
            doc: doc_of(node.entity.item),
            columns,
            partition,
            format,
            delivers: holds(&transform.mode),
            writer: DatasetWriter::Transform(node.entity.name.to_owned()),
        })
    }

    /// A run that makes a dataset anew forgets what its input no longer has.
    pub(super) fn outlives(
        &mut self,
        node: &Node<'a>,
        transform: &Transform,
        dataset: &Dataset,
        facts: &Facts,
        known: &Known<'_>,
    ) {
        if transform.mode != Mode::Overwrite {
            return;
        }
        let kept = self.kept_days(&transform.item.settings, &dataset.id.zone, known);
        let inputs = node.transform.inputs.iter().filter_map(|path| {
            let Some(Input::Table(id)) = super::graph::input_of(self.ground.index, path) else {
                return None;
            };
            let days = match known.datasets.get(&id).map(|dataset| &dataset.writer) {
                Some(DatasetWriter::Transform(writer)) => self.kept_of(writer, &id, known),
                _ => self.kept_days(&Settings::default(), &id.zone, known),
            };
            days.map(|days| (id, days))
        });
        let shortest = inputs.min_by_key(|(_, days)| *days);
        let (Some(kept), Some((input, input_days))) = (kept, shortest) else {
            return;
        };
        let day = dataset.partition.iter().find(|column| facts.days.contains(*column));
        let why = match (day, &facts.mixed_by) {
            _ if kept <= input_days => return,
            (Some(_), None) => return,
            (None, _) => "no column that partitions it is the day of the event time".to_owned(),
            (_, Some(step)) => format!("`{step}` brings rows of different days together"),
        };
        let message = format!(
            "`{}` keeps rows {kept} days, but each run makes it anew from `{input}`, which keeps them {input_days} days",
            dataset.id
        );
        let diagnostic = Diagnostic::new(Code::OUTLIVES_INPUT, transform.places.target, message)
            .found("overwritten by every run")
            .note(why)
            .help(format!(
                "write `retain = {input_days} days` in the transform, or partition both by the day of the event time"
            ));
        self.say(diagnostic);
    }

    /// How long a dataset keeps rows: its transform says, or its zone.
    fn kept_days(&self, settings: &Settings, zone: &str, known: &Known<'_>) -> Option<u32> {
        let zone = || zone::find(known.zones, zone).map(|rules| &rules.item.settings);
        let settings = if settings.get("retain").is_some() {
            settings
        } else {
            zone()?
        };
        match &settings.get("retain")?.value {
            Value::Ref(retention) => known.retentions.get(retention.as_str())?.settings.days("purge"),
            _ => settings.days("retain"),
        }
    }

    fn kept_of(&self, writer: &str, id: &DatasetId, known: &Known<'_>) -> Option<u32> {
        match known.retain.get(writer) {
            Some(settings) => self.kept_days(settings, &id.zone, known),
            None => self.kept_days(&Settings::default(), &id.zone, known),
        }
    }

    fn documented(&mut self, node: &Node<'a>, id: &DatasetId, rules: &ZoneRules, columns: &[Column]) {
        let zone = &rules.item.name;
        if rules.document != "nothing" && node.entity.item.doc.is_none() {
            let message = format!("`{id}` is not documented, and zone `{zone}` asks for it");
            let diagnostic = Diagnostic::new(Code::UNDOCUMENTED, node.entity.span, message)
                .found("no documentation")
                .help("write a line above it that says what a row is: `/// What each day brought.`");
            self.say(diagnostic);
        }
        let bare: Vec<_> = columns.iter().filter(|column| column.doc.is_none()).collect();
        if rules.document == "columns" && !bare.is_empty() {
            let names: Vec<_> = bare.iter().map(|column| format!("`{}`", column.name)).collect();
            let message = format!(
                "columns of `{}` are not documented, and zone `{zone}` asks for it: {}",
                id,
                names.join(", ")
            );
            let diagnostic = Diagnostic::new(Code::UNDOCUMENTED, node.entity.span, message)
                .found("columns without documentation")
                .help("write `/// …` above each where it is declared or derived");
            self.say(diagnostic);
        }
    }
}

/// What to say of a column that a setting of a sink names, where the rows written at `at` do not have it, or may not.
fn unfit_key(
    transform: &str,
    sink: &str,
    setting: &str,
    key: &Spanned<String>,
    columns: &[Column],
    at: Span,
) -> Option<Diagnostic> {
    let name = &key.value;
    let whose = format!("`{setting}` of the sink");
    let Some(column) = column::find(columns, name) else {
        let message =
            format!("`{setting}` of sink `{sink}` names `{name}`, which the rows of `{transform}` do not have");
        let names = names_of(columns);
        return Some(match suggest(name, names.iter().map(String::as_str)) {
            // Most likely it is the sink that has the name wrong.
            Some(near) => Diagnostic::new(Code::SINK_KEY, key.span, message)
                .found("not a column that arrives")
                .label(at, "written here")
                .help(format!("did you mean `{near}`?"))
                .fix(format!("write `{near}`"), key.span, near),
            None => Diagnostic::new(Code::SINK_KEY, at, message)
                .found("rows without it")
                .label(key.span, whose)
                .help(format!("keep `{name}` up to here, or leave it out of `{setting}`")),
        });
    };
    if !column.ty.optional || column.ty.kind == TypeKind::Error {
        return None;
    }
    let message =
        format!("`{name}` is in `{setting}` of sink `{sink}`, and may be missing in the rows of `{transform}`");
    let default = convert::example(&column.ty.kind).unwrap_or_else(|| "…".to_owned());
    let diagnostic = Diagnostic::new(Code::MAY_BE_MISSING, at, message)
        .found(format!("`{name}` is `{}`", column.ty))
        .label(key.span, whose)
        .help(format!(
            "say what stands in for it: `derive {name} = {name} ?? {default}`"
        ))
        .help(format!(
            "or turn the row away: `derive {name} = {name} ?? reject \"no {name}\"`"
        ));
    Some(diagnostic)
}

/// What `history` keeps beside the rows' own columns: from when to when a row was so, and whether it still is.
fn history_columns() -> [Column; 3] {
    let column = |name: &str, ty: Type, doc: &str| {
        let mut column = Column::new(name, ty);
        column.doc = Some(doc.to_owned());
        column
    };
    [
        column(
            "valid_from",
            TypeKind::Timestamp.required(),
            "The first moment at which the row was so.",
        ),
        column(
            "valid_to",
            TypeKind::Timestamp.optional(),
            "The first moment at which it was so no more.",
        ),
        column("is_current", TypeKind::Bool.required(), "Whether it is so now."),
    ]
}
