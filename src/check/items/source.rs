//! `source`: what comes in, and where it lands.

use std::collections::BTreeMap;

use super::Items;
use super::typing::Typing;
use super::zone::{self, ZoneRules};
use crate::base::{Span, suggest};
use crate::check::program::{Dataset, DatasetWriter, Item, Shape, Source};
use crate::check::settings::{Settings, Value};
use crate::diag::{Code, Diagnostic};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{DatasetId, Schema, names};
use crate::resolve::Entity;

/// Datasets by their names.
pub(super) type Datasets = BTreeMap<DatasetId, Dataset>;

/// `source clicks : stram of Click`
fn no_shape(word: &str, span: Span) -> Diagnostic {
    let message = format!("a source is a `stream`, a `table` or `objects`, but this is `{word}`");
    let diagnostic = Diagnostic::new(Code::UNKNOWN_WORD, span, message).found("what its rows come as");
    match suggest(word, ["stream", "table", "objects"]) {
        Some(near) => diagnostic
            .help(format!("did you mean `{near}`?"))
            .fix(format!("write `{near}`"), span, near),
        None => diagnostic
            .help("write `stream of SCHEMA` for what comes row by row, `table of SCHEMA` for files and tables"),
    }
}

impl<'a> Items<'a> {
    /// The sources whose mistakes do not hide what they are; what they land joins the datasets.
    pub(super) fn sources(&mut self, typing: &Typing, zones: &[ZoneRules], datasets: &mut Datasets) -> Vec<Source> {
        let mut sources = Vec::new();
        for entity in self.entities("source") {
            let item = self.item(&entity);
            if let Some(source) = self.source(&entity, item, typing) {
                if let Some(dataset) = self.landing(&source, zones) {
                    datasets.insert(dataset.id.clone(), dataset);
                }
                sources.push(source);
            }
        }
        sources
    }

    fn source(&mut self, entity: &Entity<'a>, item: Item, typing: &Typing) -> Option<Source> {
        let Some(input) = &entity.block()?.input else {
            let message = format!("source `{}` does not say what its rows are", entity.name);
            let diagnostic = Diagnostic::new(Code::MISSING_SETTING, entity.span, message)
                .found("no type of rows")
                .help(format!("write `source {} : stream of SCHEMA {{ … }}`", entity.name));
            self.say(diagnostic);
            return None;
        };
        let Some(written) = shape_of(&input.shape.text) else {
            self.say(no_shape(&input.shape.text, input.shape.span));
            return None;
        };
        let schema = self.row_type(typing, &input.schema);
        let right = self.foreign(&item.settings, &input.schema, schema.as_ref());
        let schema = schema.filter(|_| right)?;
        // From where no rows of this shape come, what else is said of them is beside the point.
        let shape = self.shape(&item, input, written);
        if shape == written {
            self.object_field(&item, shape, input, &schema);
            self.connector(&item, shape);
        }
        let delivers = self.delivers(&item, shape, &schema);
        if let Some(("kinesis", via)) = item.settings.variant("via") {
            self.partition_key(via, &schema);
        }
        if let Some(("kinesis", kinesis)) = item.settings.variant("from") {
            self.partition_key(kinesis, &schema);
            self.capacity_place(entity, kinesis);
        }
        if let Some(("kafka", kafka)) = item.settings.variant("from") {
            self.capacity_place(entity, kafka);
        }
        let into = item.settings.text("into").map(|zone| DatasetId {
            zone: zone.to_owned(),
            name: entity.name.to_owned(),
        });
        Some(Source {
            item,
            shape,
            delivers,
            schema,
            into,
        })
    }

    /// The partition key of a stream must be a column of what arrives.
    fn partition_key(&mut self, settings: &Settings, schema: &Schema) {
        let Some(setting) = settings.get("key") else {
            return;
        };
        let Value::Column(name) = &setting.value else {
            return;
        };
        if !schema.fields.iter().any(|field| field.column.name == *name) {
            let columns: Vec<_> = schema.fields.iter().map(|field| &field.column).collect();
            self.say(unknown_column(setting.span, name, &schema.name, &columns));
        }
    }

    /// The proofs of capacity and lifetime point at settings inside of `from`.
    fn capacity_place(&mut self, entity: &Entity<'a>, from: &Settings) {
        let path = format!("source.{}.from", entity.name);
        let written = |settings: &Settings, name: &str| {
            let setting = settings.get(name)?;
            (setting.layer != crate::resolve::Layer::Default).then_some(setting.span)
        };
        let spans = [
            ("retention", written(from, "retention")),
            ("capacity", written(from, "capacity")),
            (
                "capacity.shards",
                from.variant("capacity")
                    .and_then(|(_, capacity)| written(capacity, "shards")),
            ),
            ("partitions", written(from, "partitions")),
            ("cluster", written(from, "cluster")),
            (
                "storage",
                (from.variant("migrate_to").or_else(|| from.variant("cluster")))
                    .and_then(|(_, cluster)| written(cluster, "storage")),
            ),
        ];
        for (name, span) in spans {
            if let Some(span) = span {
                self.places.insert(format!("{path}.{name}"), span);
            }
        }
    }

    /// What a source lands, as `ZONE.SOURCE`: its columns, and the day of arrival that partitions them.
    fn landing(&mut self, source: &Source, zones: &[ZoneRules]) -> Option<Dataset> {
        let id = source.into.clone()?;
        let rules = zone::find(zones, &id.zone)?;
        let span = source.item.settings.span("into")?;
        if !rules.sources_only {
            let zone = &id.zone;
            let mut diagnostic = Diagnostic::new(
                Code::SOURCES_ONLY,
                span,
                format!(
                    "source `{}` cannot land in `{zone}`: transforms write that zone",
                    source.item.name
                ),
            )
            .found("what lands is kept as it came")
            .help("land in a zone like `std.zones.raw`, and let a transform write this one");
            if let Some(place) = self.places.get(&format!("zone.{zone}")) {
                diagnostic = diagnostic.label(place, "the zone");
            }
            self.say(diagnostic);
            return None;
        }
        let mut columns: Vec<_> = source.schema.fields.iter().map(|field| field.column.clone()).collect();
        columns.push(arrival_day());
        Some(Dataset {
            id,
            doc: source.item.doc.clone(),
            columns: columns.into(),
            partition: vec![names::ARRIVAL_DAY.to_owned()],
            format: rules.format.clone(),
            delivers: source.delivers,
            writer: DatasetWriter::Source(source.item.name.clone()),
        })
    }
}

/// The shape that a word names.
pub(super) fn shape_of(word: &str) -> Option<Shape> {
    match word {
        "stream" => Some(Shape::Stream),
        "objects" => Some(Shape::Objects),
        "table" => Some(Shape::Table),
        _ => None,
    }
}

fn arrival_day() -> Column {
    let mut day = Column::new(names::ARRIVAL_DAY, TypeKind::Date.required());
    day.doc = Some("The UTC day of arrival.".to_owned());
    day
}

/// There is no column of this name in what is called `of`.
pub(super) fn unknown_column(span: crate::base::Span, name: &str, of: &str, columns: &[&Column]) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UNKNOWN_COLUMN, span, format!("`{of}` has no column `{name}`"))
        .found("not a column of it");
    let names = || columns.iter().map(|column| column.name.as_str());
    match crate::base::suggest(name, names()) {
        Some(near) => {
            diagnostic
                .help(format!("did you mean `{near}`?"))
                .fix(format!("write `{near}`"), span, near.to_owned())
        }
        None => {
            let names: Vec<_> = names().collect();
            diagnostic.help(format!("it has `{}`", names.join("`, `")))
        }
    }
}
