//! `lib.rs` and `main.rs` of a generated function: how its transforms are put together, and put to work.

use super::code::{WIDTH, documentation, grouped, item, one_line, quoted};
use super::{Crate, Part, package_name, schema};
use crate::plan::types::TypeKind;
use crate::plan::{Format, From, Plan, Shape, Source, Writer, names as shared};

/// `lib.rs`
pub fn library(plan: &Plan, krate: &Crate, parts: &[Part]) -> String {
    let uses_key = parts.iter().any(|part| part.uses_key);
    let (own, record) = (&krate.own, &krate.record);
    let key_import = if uses_key {
        "use pipec_runtime::functions::PseudonymKey;\n"
    } else {
        ""
    };
    let structure = match uses_key {
        true => format!("pub struct {own} {{\n    /// The key of pseudonyms.\n    pub key: PseudonymKey,\n}}\n"),
        false => format!("pub struct {own};\n"),
    };
    let looks_up = parts.iter().any(|part| !part.asked.lookups.is_empty());
    let remembers = parts.iter().any(|part| !part.asked.dedupes.is_empty());
    let source = krate.function.source;
    let object = object(source);
    let imports = [
        (true, "Batch"),
        (remembers, "Dedupe"),
        (looks_up, "Format"),
        (true, "Function"),
        (object.is_some(), "Object"),
        (true, "Record"),
        (true, "Reject"),
        (looks_up, "Table"),
        (true, "Transform"),
    ];
    let imports: Vec<_> = imports
        .iter()
        .filter(|(used, _)| *used)
        .map(|(_, name)| *name)
        .collect();
    let imports = imports.join(", ");
    let mut doc = source
        .doc
        .as_deref()
        .map(|doc| documentation(doc, 0))
        .unwrap_or_default();
    if !doc.starts_with("///") {
        doc.push_str("/// The function.\n");
    }
    let implementation = format!(
        "impl Function for {own} {{\n{}{}{}\n{}}}\n",
        transforms(parts),
        tables(plan, parts),
        object.as_deref().unwrap_or_default(),
        take(source, record, parts)
    );
    format!(
        "//! What becomes of a record of `{}`; `main.rs` puts it to work.\n\n{}{}pub mod schema;\n{}pub mod transforms;\n\nuse \
         pipec_function::{{{imports}}};\n{}{key_import}\nuse schema::{record};\n\n\
         {doc}#[derive(Debug)]\n{structure}\n{}",
        one_line(&source.name),
        if krate.shared.structs.is_empty() {
            ""
        } else {
            "pub mod nested;\n"
        },
        if krate.own_functions.is_some() {
            "pub mod own;\n"
        } else {
            ""
        },
        if looks_up { "pub mod tables;\n" } else { "" },
        if object.is_some() {
            "use pipec_runtime::plain::Plain;\n"
        } else {
            ""
        },
        item(implementation),
    )
}

/// `const NAME: &'static [TY] = &[…];`, as rustfmt lays it out. Items of several lines are indented for the list.
fn constant(name: &str, ty: &str, all: &[String]) -> String {
    let (start, list) = (format!("    const {name}: &'static [{ty}] ="), all.join(", "));
    let fits = |line: &String| !line.contains('\n') && line.chars().count() <= WIDTH;
    let line = format!("{start} &[{list}];");
    let below = format!("        &[{list}];");
    match (fits(&line), fits(&below), all) {
        (true, ..) => line + "\n",
        (_, true, _) => format!("{start}\n{below}\n"),
        (_, _, [one]) => format!("{start} &[{}];\n", one.replace("\n    ", "\n")),
        _ => {
            let lines: String = all.iter().map(|one| format!("        {one},\n")).collect();
            format!("{start} &[\n{lines}    ];\n")
        }
    }
}

/// `Name { … }` in such a list.
fn structure(name: &str, fields: &[String]) -> String {
    let line = format!("{name} {{ {} }}", fields.join(", "));
    if line.chars().count() + 9 <= WIDTH && !line.contains('\n') {
        return line;
    }
    let lines: String = fields.iter().map(|field| format!("            {field},\n")).collect();
    format!("{name} {{\n{lines}        }}")
}

/// The transforms of a function, each once, with all that its ways ask for.
fn transforms_of<'p>(parts: &'p [Part<'p>]) -> Vec<&'p Part<'p>> {
    let mut found: Vec<&Part> = Vec::new();
    for part in parts {
        match found
            .iter_mut()
            .find(|other| other.transform.name == part.transform.name)
        {
            // A later way knows what the earlier ones asked for.
            Some(other) => *other = part,
            None => found.push(part),
        }
    }
    found
}

/// The transforms and their delivery streams.
fn transforms(parts: &[Part]) -> String {
    let one = |part: &&Part| {
        let name = &part.transform.name;
        let deliveries = part.transform.deliveries();
        let rows: Vec<String> = deliveries
            .iter()
            .map(|(_, label)| quoted(&shared::delivery_variable(label)))
            .collect();
        let dedupes = part.asked.dedupes.iter();
        let dedupes: Vec<String> = dedupes
            .map(|(name, seconds)| {
                let seconds = grouped(i128::from(*seconds));
                format!("Dedupe {{ name: {}, within_seconds: {seconds} }}", quoted(name))
            })
            .collect();
        let fields = [
            format!("name: {}", quoted(name)),
            format!("rows: &[{}]", rows.join(", ")),
            format!("rejects: {}", quoted(&shared::quarantine_variable(name))),
            format!("dedupes: &[{}]", dedupes.join(", ")),
        ];
        structure("Transform", &fields)
    };
    let all: Vec<String> = transforms_of(parts).iter().map(one).collect();
    constant("TRANSFORMS", "Transform", &all)
}

/// The tables that rows are looked up in.
fn tables(plan: &Plan, parts: &[Part]) -> String {
    let mut all = Vec::new();
    for part in parts {
        for lookup in &part.asked.lookups {
            let dataset = plan.dataset(&lookup.table);
            // What a source lands is as it came.
            let format = match &dataset.writer {
                Writer::Source(source) => plan.source(source).map_or(dataset.format, |source| source.format),
                Writer::Transform(_) | Writer::Import(_) => dataset.format,
            };
            let format = match format {
                Format::Json => "Format::Json",
                _ => "Format::Parquet",
            };
            let plain = |name: &String| {
                let column = dataset.columns.iter().find(|column| column.name == *name);
                let plain = column.is_some_and(|column| {
                    matches!(
                        column.ty.kind,
                        TypeKind::Bool | TypeKind::Int | TypeKind::Decimal { .. }
                    )
                });
                format!("({}, {plain})", quoted(name))
            };
            let partition: Vec<String> = dataset.partition.iter().map(plain).collect();
            let fields = [
                format!("variable: {}", quoted(&shared::table_variable(&lookup.table))),
                format!("format: {format}"),
                format!("partition: &[{}]", partition.join(", ")),
                format!("key: transforms::{}::{}", part.module, lookup.key),
            ];
            all.push(structure("Table", &fields));
        }
    }
    match all.is_empty() {
        true => String::new(),
        false => constant("TABLES", "Table", &all),
    }
}

/// What a source's records tell of objects; nothing where they tell of none.
fn object(source: &Source) -> Option<String> {
    let field = schema::object(source)?;
    let others = source.schema.fields.iter().filter(|other| *other != field);
    let kinds = others.map(|other| {
        let kind = other.column.ty.kind.plain();
        format!("({}, Plain::{kind:?})", quoted(&other.column.name))
    });
    let kinds: Vec<String> = kinds.collect();
    let name = quoted(&field.column.name);
    let line = format!(
        "    const OBJECT: Option<Object> = Some(Object {{ field: {name}, fields: &[{}] }});",
        kinds.join(", ")
    );
    if line.chars().count() <= WIDTH {
        return Some(line + "\n");
    }
    let fields = format!("        fields: &[{}],", kinds.join(", "));
    let fields = match fields.chars().count() <= WIDTH {
        true => fields,
        false => {
            let lines: String = kinds.iter().map(|kind| format!("            {kind},\n")).collect();
            format!("        fields: &[\n{lines}        ],")
        }
    };
    Some(format!(
        "    const OBJECT: Option<Object> = Some(Object {{\n        field: {name},\n{fields}\n    }});\n"
    ))
}

/// What is done with one record.
fn take(source: &Source, ty: &str, parts: &[Part]) -> String {
    let mut out = String::from("    fn record(&self, record: &Record, batch: &mut Batch) -> Result<(), Reject> {\n");
    out.push_str(&format!(
        "        let row = {ty}::decode(&record.data, &mut batch.received)?;\n        row.check({})?;\n",
        if schema::has_rules(source) {
            "record.arrived, record.media"
        } else {
            "record.arrived"
        }
    ));
    let transforms = transforms_of(parts);
    for part in parts {
        let same = |other: &&Part| other.transform.name == part.transform.name;
        let number = transforms.iter().position(same).unwrap_or_default();
        let arrival = if part.uses_arrival { "record, " } else { "" };
        let key = if part.uses_key { "&self.key, " } else { "" };
        let call = format!("transforms::{}::transform(&row, {arrival}{key}out)", part.module);
        let line = format!("        batch.transform({number}, record, |out| {call});\n");
        out.push_str(&line);
    }
    out.push_str("        Ok(())\n    }\n");
    out
}

/// `transforms/mod.rs`
pub fn modules(krate: &Crate, parts: &[Part]) -> String {
    let mut names: Vec<&str> = parts.iter().map(|part| part.module.as_str()).collect();
    names.sort_by_key(|name| name.trim_start_matches("r#"));
    let modules: String = names.iter().map(|name| format!("pub mod {name};\n")).collect();
    format!(
        "//! The transforms that read `{}`.\n\n{modules}",
        one_line(krate.name())
    )
}

/// `main.rs`
pub fn main(krate: &Crate, parts: &[Part]) -> String {
    let (own, library) = (&krate.own, package_name(krate.name()).replace('-', "_"));
    let make = match parts.iter().any(|part| part.uses_key) {
        true => format!("async |aws| Ok({own} {{ key: aws.pseudonym_key().await? }})"),
        false => format!("async |_| Ok({own})"),
    };
    let event = event(krate.function.source);
    format!(
        "//! The function `{}` on AWS Lambda: batches of records in, rows out.\n\nuse std::process::ExitCode;\n\nuse \
         {library}::{own};\nuse pipec_function::event::{event}::Event;\n\nfn main() -> ExitCode {{\n    \
         pipec_function::main::<Event, {own}>({make})\n}}\n",
        one_line(krate.name()),
    )
}

/// The module of the envelope that a source's records come in.
fn event(source: &Source) -> &'static str {
    match &source.from {
        From::Kinesis(_) => "kinesis",
        From::Objects => "objects",
        From::Kafka if source.shape == Shape::Objects => "kafka_objects",
        From::Kafka => "kafka",
        From::Queue => "sqs",
        From::Firehose => "firehose",
        From::Http => "http",
        // The gate refuses the others.
        From::Files(_) | From::Poll(_) | From::Other(_) => crate::plan::refused(),
    }
}
