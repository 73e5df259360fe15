//! `lib.rs` and `main.rs` of a generated function: how its transforms are put together, and put to work.

use super::code::{WIDTH, documentation, grouped, item, one_line, quoted};
use super::params::Asked;
use super::{Crate, Part, package_name, schema};
use crate::plan::types::TypeKind;
use crate::plan::{Format, From, Plan, Shape, Source, Writer, names as shared, target_variable};

/// `lib.rs`
pub fn library(plan: &Plan, krate: &Crate, parts: &[Part]) -> String {
    let Asked {
        key: uses_key,
        params: uses_params,
    } = asked(krate, parts);
    let (own, record) = (&krate.own, &krate.record);
    let key_import = if uses_key {
        "use pipec_runtime::functions::PseudonymKey;\n"
    } else {
        ""
    };
    let fields = [
        (
            uses_params,
            "    /// What only the deployment knows.\n    pub params: Params,\n",
        ),
        (uses_key, "    /// The key of pseudonyms.\n    pub key: PseudonymKey,\n"),
    ];
    let fields: String = fields.iter().filter(|(used, _)| *used).map(|(_, text)| *text).collect();
    let structure = match fields.is_empty() {
        true => format!("pub struct {own};\n"),
        false => format!("pub struct {own} {{\n{fields}}}\n"),
    };
    let looks_up = parts.iter().any(|part| !part.asked.lookups.is_empty());
    let remembers = parts.iter().any(|part| !part.asked.dedupes.is_empty());
    let source = krate.function.source;
    let object = object(source);
    let answers = parts.iter().any(|part| part.rest.is_some());
    let imports = [
        (true, "Batch"),
        (remembers, "Dedupe"),
        (looks_up, "Format"),
        (true, "Function"),
        (object.is_some(), "Object"),
        (answers, "Program"),
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
        "impl Function for {own} {{\n{}{}{}{}\n{}}}\n",
        transforms(parts),
        tables(plan, parts),
        object.as_deref().unwrap_or_default(),
        super::answers::implementation(&transforms_of(parts)),
        take(krate, record, parts)
    );
    let runtime = match (source.tells_of_changes(), object.is_some()) {
        (true, _) => "use pipec_runtime::changes;\n",
        (_, true) => "use pipec_runtime::plain::Plain;\n",
        _ => "",
    };
    format!(
        "//! What becomes of a record of `{}`; `main.rs` puts it to work.\n\n{}{}{}{}pub mod schema;\n{}pub mod transforms;\n\nuse \
         pipec_function::{{{imports}}};\n{}{key_import}\n{}use schema::{record};\n\n\
         {doc}#[derive(Debug)]\n{structure}\n{}",
        one_line(&source.name),
        if answers { "pub mod answers;\n" } else { "" },
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
        if uses_params { "pub mod params;\n" } else { "" },
        if looks_up { "pub mod tables;\n" } else { "" },
        runtime,
        if uses_params { "use params::Params;\n" } else { "" },
        item(implementation),
    )
}

/// `const NAME: &'static [TY] = &[…];`, as rustfmt lays it out. Items of several lines are indented for the list.
pub fn constant(name: &str, ty: &str, all: &[String]) -> String {
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
pub fn structure(name: &str, fields: &[String]) -> String {
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
            .map(|(target, label)| quoted(&target_variable(target, label)))
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
    let transforms = transforms_of(parts);
    for part in parts {
        let same = |other: &&Part| other.transform.name == part.transform.name;
        let number = transforms.iter().position(same).unwrap_or_default();
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
                format!("transform: {number}"),
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
    let field = source.object()?;
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

/// What a function is made with.
fn asked(krate: &Crate, parts: &[Part]) -> Asked {
    let rest = |part: &Part| {
        part.rest
            .as_ref()
            .map(|rest| (rest.uses_key, rest.uses_params))
            .unwrap_or_default()
    };
    let checks = Asked::by_checks(&krate.function.source.schema.fields, &krate.shared.own);
    Asked {
        key: checks.key || parts.iter().any(|part| part.uses_key || rest(part).0),
        params: checks.params || parts.iter().any(|part| part.uses_params || rest(part).1),
    }
}

/// What is done with one record.
fn take(krate: &Crate, ty: &str, parts: &[Part]) -> String {
    let source = krate.function.source;
    let checks = Asked::by_checks(&source.schema.fields, &krate.shared.own);
    let mut out = String::from("    fn record(&self, record: &Record, batch: &mut Batch) -> Result<(), Reject> {\n");
    let data = match source.tells_of_changes() {
        true => {
            out.push_str(
                "        let Some(data) = changes::row(&record.data) else {\n            return Ok(());\n        };\n",
            );
            "data"
        }
        false => "&record.data",
    };
    out.push_str(&format!(
        "        let row = {ty}::decode({data}, &mut batch.received)?;\n        row.check(record.arrived{}{}{})?;\n",
        if schema::has_rules(source) {
            ", record.media"
        } else {
            ""
        },
        if checks.key { ", &self.key" } else { "" },
        if checks.params { ", &self.params" } else { "" }
    ));
    let transforms = transforms_of(parts);
    for part in parts {
        let same = |other: &&Part| other.transform.name == part.transform.name;
        let number = transforms.iter().position(same).unwrap_or_default();
        let arrival = if part.uses_arrival { "record, " } else { "" };
        let key = if part.uses_key { "&self.key, " } else { "" };
        let asked = if part.uses_params { "&self.params, " } else { "" };
        let call = format!("transforms::{}::transform(&row, {arrival}{key}{asked}out)", part.module);
        let line = format!("        batch.transform({number}, record, |out| {call});\n");
        out.push_str(&line);
    }
    out.push_str("        Ok(())\n    }\n");
    out
}

/// `transforms/mod.rs`
pub fn modules(krate: &Crate, parts: &[Part]) -> String {
    let rests = parts.iter().filter(|part| part.rest.is_some());
    let mut rests: Vec<String> = rests.map(|part| super::answers::rest_module(part.transform)).collect();
    rests.sort();
    rests.dedup();
    let own = parts.iter().map(|part| part.module.as_str());
    let mut names: Vec<&str> = own.chain(rests.iter().map(String::as_str)).collect();
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
    let Asked {
        key: uses_key,
        params: uses_params,
    } = asked(krate, parts);
    let fields = [
        (uses_params, "params: Params::from_environment()?"),
        (uses_key, "key: aws.pseudonym_key().await?"),
    ];
    let fields: Vec<_> = fields
        .iter()
        .filter(|(used, _)| *used)
        .map(|(_, field)| *field)
        .collect();
    let made = match fields.is_empty() {
        true => format!("Ok({own})"),
        false => format!("Ok({own} {{ {} }})", fields.join(", ")),
    };
    let taken = if uses_key { "async |aws|" } else { "async |_|" };
    let call = format!("    pipec_function::main::<Event, {own}>({taken} {made})\n");
    let call = match call.trim_end().chars().count() <= WIDTH {
        true => call,
        false => format!("    pipec_function::main::<Event, {own}>({taken} {{\n        {made}\n    }})\n"),
    };
    let event = event(krate.function.source);
    let import = match uses_params {
        true => format!("use {library}::params::Params;\n"),
        false => String::new(),
    };
    format!(
        "//! The function `{}` on AWS Lambda: batches of records in, rows out.\n\nuse std::process::ExitCode;\n\nuse \
         {library}::{own};\n{import}use pipec_function::event::{event}::Event;\n\nfn main() -> ExitCode {{\n{call}}}\n",
        one_line(krate.name()),
    )
}

/// The module of the envelope that a source's records come in.
fn event(source: &Source) -> &'static str {
    match &source.from {
        From::Kinesis(_) => "kinesis",
        From::Objects => "objects",
        From::Kafka(_) if source.shape == Shape::Objects => "kafka_objects",
        From::Kafka(_) => "kafka",
        From::Queue(_) => "sqs",
        From::Firehose(_) => "firehose",
        From::Http => "http",
        // The gate refuses the others.
        From::Files(_) | From::Poll(_) | From::Project(_) | From::Other(_) => crate::plan::refused(),
    }
}
