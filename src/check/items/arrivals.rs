//! What a source brings: shapes and deliveries that fit where rows come from, and settings that fit each other.

use super::Items;
use crate::base::Span;
use crate::check::program::{Delivers, Item, Shape};
use crate::check::settings::{Settings, Value};
use crate::diag::{Code, Diagnostic, Severity};
use crate::plan::Schema;
use crate::plan::types::TypeKind;
use crate::syntax::ast::{SourceType, TypeExpr, TypeExprKind};

impl Items<'_> {
    /// The shape of what comes from there: as written, if that can be.
    pub(super) fn shape(&mut self, item: &Item, input: &SourceType, shape: Shape) -> Shape {
        let Some((from, settings)) = item.settings.variant("from") else {
            return shape;
        };
        let declared = self.checker.declarations.variant("source.from", from);
        let shapes = declared.map(|declared| declared.shapes.clone()).unwrap_or_default();
        let word = input.shape.text.as_str();
        if !shapes.is_empty() && !shapes.contains(&word) {
            let named: Vec<_> = shapes.iter().map(|shape| format!("`{shape} of`")).collect();
            let message = format!("`{from}` brings {}, not `{word} of`", named.join(" and "));
            let first = shapes.first().copied().unwrap_or_default();
            let mut diagnostic = Diagnostic::new(Code::SOURCE_SHAPE, input.shape.span, message)
                .found("not what comes from there")
                .help(format!("write `{first} of`"));
            if let Some(span) = item.settings.span("from") {
                diagnostic = diagnostic.label(span, "where rows come from");
            }
            self.say(diagnostic.fix(format!("write `{first}`"), input.shape.span, first.to_owned()));
            return super::source::shape_of(first).unwrap_or(shape);
        }
        if (from, shape) == ("database", Shape::Stream) && settings.text("mode").is_some_and(|mode| mode != "cdc") {
            let span = settings.span("mode").unwrap_or(item.span);
            let message = format!(
                "source `{}` is a stream, but all rows of a database are a table",
                item.name
            );
            let diagnostic = Diagnostic::new(Code::SOURCE_SHAPE, span, message)
                .found("rows that are there already")
                .label(input.shape.span, "a stream")
                .help("write `mode = cdc` for changes only, or `table of`");
            self.say(diagnostic);
            return Shape::Table;
        }
        shape
    }

    /// `objects of S` has one object field, and nothing else has any.
    pub(super) fn object_field(&mut self, item: &Item, shape: Shape, input: &SourceType, schema: &Schema) {
        let objects: Vec<_> = schema
            .fields
            .iter()
            .filter(|field| field.column.ty.kind == TypeKind::Object)
            .map(|field| field.column.name.as_str())
            .collect();
        // Of a field that is wrong, what it would have been is a guess.
        let wrong = schema
            .fields
            .iter()
            .any(|field| field.column.ty.kind == TypeKind::Error);
        if wrong || self.half_read(&input.schema) {
            return;
        }
        let (found, help) = match (shape, objects.as_slice()) {
            (Shape::Objects, [_]) | (Shape::Stream | Shape::Table, []) => return,
            (Shape::Objects, []) => (
                format!("`{}` has no object field", schema.name),
                "add `content : object { max = 10 MiB }` to it".to_owned(),
            ),
            (Shape::Objects, many) => (
                format!("`{}` has {} object fields", schema.name, many.len()),
                format!("keep one of `{}`, and let a source bring each other", many.join("`, `")),
            ),
            (_, many) => (
                format!("`{}` is an object", many.join("`, `")),
                "write `objects of`".to_owned(),
            ),
        };
        let message = match shape {
            Shape::Objects => format!(
                "source `{}` brings objects, so its rows have one object field",
                item.name
            ),
            _ => format!("source `{}` brings rows, and an object is none", item.name),
        };
        self.say(
            Diagnostic::new(Code::OBJECT_FIELD, item.span, message)
                .found(found)
                .help(help),
        );
    }

    /// Whether something of a type, or of the schema that it names, could not be read: then a field may be missing that
    /// is there.
    fn half_read(&self, ty: &TypeExpr) -> bool {
        let named = match &ty.kind {
            TypeExprKind::Named { name, .. } => self.ground.index.get("schema", &name.text),
            _ => None,
        };
        let spans = [Some(ty.span), named.map(|entity| entity.item.span)];
        let wrong = |span: Span| {
            let inside = |at: Span| at.file == span.file && span.start <= at.start && at.start <= span.end;
            let mut said = self.diagnostics.iter();
            said.any(|d| d.severity == Severity::Error && inside(d.primary.span))
        };
        spans.into_iter().flatten().any(wrong)
    }

    /// What the deliveries of a source are, as it says or as fits where they come from.
    pub(super) fn delivers(&mut self, item: &Item, shape: Shape, schema: &Schema) -> Delivers {
        let settings = &item.settings;
        let from = settings.variant("from");
        let mode = from
            .filter(|(name, _)| *name == "database")
            .and_then(|(_, database)| database.text("mode"));
        let usual = match (shape, from.map(|(name, _)| name), mode) {
            (Shape::Stream | Shape::Objects, ..) => Delivers::Rows,
            (_, _, Some("full_load")) => Delivers::Snapshot,
            (_, _, Some(_)) => Delivers::Changes,
            (_, Some("s3"), _) if settings.get("every").is_some() => Delivers::Snapshot,
            _ => Delivers::Rows,
        };
        let said = match settings.text("delivers") {
            Some("snapshot") => Delivers::Snapshot,
            Some("rows") => Delivers::Rows,
            Some("changes") => Delivers::Changes,
            _ => usual,
        };
        let span = settings.span("delivers").unwrap_or(item.span);
        if said != usual && shape != Shape::Table {
            let message = format!("source `{}` brings rows one by one, so deliveries only add", item.name);
            let diagnostic = Diagnostic::new(Code::DELIVERS, span, message)
                .found("deliveries are of tables")
                .help("leave `delivers` out, or write `table of`");
            self.say(diagnostic);
        } else if said != usual && mode.is_some_and(|mode| mode != "full_load") {
            let message = format!(
                "source `{}` reads the changes of a database, and those are `changes`",
                item.name
            );
            let diagnostic = Diagnostic::new(Code::DELIVERS, span, message)
                .found("not what comes from there")
                .help("leave `delivers` out, or write `mode = full_load`");
            self.say(diagnostic);
        } else if said == Delivers::Changes && !schema.fields.iter().any(|field| field.column.key) {
            let message = format!(
                "source `{}` delivers changes, but `{}` has no `@key` to apply them by",
                item.name, schema.name
            );
            let diagnostic = Diagnostic::new(Code::DELIVERS, span, message)
                .found("changes of which row?")
                .help("write `@key` behind the columns that tell one row from another");
            self.say(diagnostic);
        }
        said
    }

    /// Settings of a connector that do not go together, or ask for each other.
    pub(super) fn connector(&mut self, item: &Item, shape: Shape) {
        let Some((from, settings)) = item.settings.variant("from") else {
            return;
        };
        let span = item.settings.span("from").unwrap_or(item.span);
        match from {
            "s3" => self.bucket(item, settings, span, shape),
            "kafka" => self.clusters(settings, span),
            "http" if item.settings.get("every").is_none() => {
                let message = format!("source `{}` asks an endpoint, but does not say how often", item.name);
                let diagnostic = Diagnostic::new(Code::MISSING_SETTING, span, message)
                    .found("asked once is asked never")
                    .help("write `every = 1 hour` in the source");
                self.say(diagnostic);
            }
            _ => {}
        }
        if shape != Shape::Table
            && let Some(every) = item.settings.span("every")
        {
            let message = format!("source `{}` comes as it comes, so it has no `every`", item.name);
            let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, every, message)
                .found("for tables")
                .help("leave it out, or write `table of`");
            self.say(diagnostic);
        }
        if let (Some(peak), None) = (item.settings.span("peak"), item.settings.get("volume")) {
            let message = format!("source `{}` says a peak, but no volume beside it", item.name);
            let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, peak, message)
                .found("a peak above what?")
                .help("write `volume = 500 per second of 1 KiB` too");
            self.say(diagnostic);
        }
        let values = |name| item.settings.get(name).map(|setting| (&setting.value, setting.span));
        if let (Some((Value::Peak(peak, _), span)), Some((Value::Volume(mean, _), volume))) =
            (values("peak"), values("volume"))
            && peak <= mean
        {
            let message = format!("the peak of source `{}` is not above its volume", item.name);
            let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, span, message)
                .found(format!("{peak} a second"))
                .label(volume, format!("{mean} a second"))
                .help("write a higher rate, or leave the peak out");
            self.say(diagnostic);
        }
    }

    fn bucket(&mut self, item: &Item, settings: &Settings, span: Span, shape: Shape) {
        let own = settings.bool("own") == Some(true);
        match (own, settings.span("bucket")) {
            (true, Some(bucket)) => {
                let message = format!("source `{}` has a bucket of its own and one that is there", item.name);
                let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, bucket, message)
                    .found("one of the two")
                    .help("leave out `own = true`, or `bucket`");
                self.say(diagnostic);
            }
            (false, None) if settings.get("own").is_some() => {
                let message = format!("source `{}` names no bucket", item.name);
                let diagnostic = Diagnostic::new(Code::MISSING_SETTING, span, message)
                    .found("files of which bucket?")
                    .help("write `bucket = \"partner-drop\"`, or `own = true` for one that the platform makes");
                self.say(diagnostic);
            }
            _ => {}
        }
        match (shape, settings.span("format")) {
            (Shape::Table, None) => {
                let message = format!("source `{}` does not say the format of its files", item.name);
                let diagnostic = Diagnostic::new(Code::MISSING_SETTING, span, message)
                    .found("files of which format?")
                    .help("write `format = csv { header = true }`, `json`, `parquet`, `avro`, `orc` or `xml`");
                self.say(diagnostic);
            }
            (Shape::Objects, Some(format)) => {
                let message = format!("source `{}` brings objects, which are not read", item.name);
                let diagnostic = Diagnostic::new(Code::SETTINGS_CLASH, format, message)
                    .found("an object stays as it is")
                    .help("leave `format` out");
                self.say(diagnostic);
            }
            _ => {}
        }
    }
}
