//! Stream transforms as Rust functions for AWS Lambda: a Cargo workspace with a crate a function, what they all do
//! around it, and the runtime that the embedded engine has too. Knows nothing of AWS's resources.

mod code;
mod expr;
mod names;
mod schema;
mod steps;
mod types;
mod vendor;

use std::collections::BTreeSet;

use tera::{Context, Tera};

use crate::plan::{Dataset, Engine, Files, Input, Plan, Source, Step, Transform, names as shared};
use code::{item, one_line};
use names::{Names, upper_camel};

const WORKSPACE: &str = include_str!("templates/workspace.toml.tera");
const CRATE: &str = include_str!("templates/crate.toml.tera");
const NAMES: &str = include_str!("templates/names.rs.tera");
const LOCK: &str = include_str!("templates/Cargo.lock.tera");
const RUSTFMT: &str = "max_width = 120\nuse_small_heuristics = \"Max\"\nsingle_line_if_else_max_width = 0\n";

/// Types that generated code names, so that no schema takes their place.
const TYPES: [&str; 19] = [
    "Row",
    "Reject",
    "Counts",
    "Cow",
    "Decimal",
    "Date",
    "Timestamp",
    "Uuid",
    "Hex",
    "PseudonymKey",
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "String",
    "Vec",
    "Transform",
];

/// A function to be generated.
pub struct Crate<'a> {
    transform: &'a Transform,
    source: &'a Source,
    target: &'a Dataset,
    /// The record's type.
    record: String,
    /// The function's own type.
    own: String,
    /// Whether the record's type borrows.
    borrows: bool,
}

impl Crate<'_> {
    fn plan_columns(&self, step: &Step) -> crate::plan::Columns {
        step.columns.clone()
    }
}

/// The transforms that become functions, each with its source and its dataset.
fn crates(plan: &Plan) -> Vec<Crate<'_>> {
    let functions = plan
        .transforms
        .iter()
        .filter(|transform| matches!(transform.engine, Engine::Lambda(_)));
    let crates = functions.filter_map(|transform| {
        let Input::Stream(source) = &transform.input else {
            return None;
        };
        let source = plan.source(source)?;
        let mut types = Names::new(TYPES);
        Some(Crate {
            transform,
            source,
            target: plan.dataset(transform.dataset()),
            record: types.fresh(&upper_camel(&source.schema.name)),
            own: types.fresh(&upper_camel(&transform.name)),
            borrows: schema::borrows(source),
        })
    });
    crates.collect()
}

/// Name of a function's package, and of its binary in Cargo's target folder.
pub fn package_name(transform: &str) -> String {
    format!("fn-{}", shared::hyphened(transform))
}

/// Every file of the workspace `lambda/`; none where no transform is a function.
pub fn emit(plan: &Plan) -> Files {
    let mut crates = crates(plan);
    crates.sort_by(|a, b| a.transform.name.cmp(&b.transform.name));
    let mut files = Files::new();
    if crates.is_empty() {
        return files;
    }
    let folders: Vec<_> = crates
        .iter()
        .map(|krate| shared::hyphened(&krate.transform.name))
        .collect();
    let mut packages: Vec<_> = crates.iter().map(|krate| package_name(&krate.transform.name)).collect();
    packages.sort();
    let mut context = Context::new();
    context.insert("crates", &folders);
    context.insert("packages", &packages);
    let mut put = |path: &str, text: String| drop(files.insert(format!("lambda/{path}"), text));
    put("Cargo.toml", render(WORKSPACE, &context));
    put("Cargo.lock", render(LOCK, &context));
    put("rustfmt.toml", RUSTFMT.to_owned());
    put("crates/function/src/names.rs", render(NAMES, &shared_names()));
    for (path, text) in vendor::files() {
        put(&format!("crates/{path}"), text);
    }
    for krate in &crates {
        for (path, text) in crate_files(krate) {
            files.insert(
                format!("{}/{path}", shared::function_crate(&krate.transform.name)),
                text,
            );
        }
    }
    files
}

fn shared_names() -> Context {
    let mut context = Context::new();
    for (key, value) in [
        ("delivery_stream", shared::DELIVERY_STREAM),
        ("quarantine_stream", shared::QUARANTINE_STREAM),
        ("pseudonym_secret", shared::PSEUDONYM_SECRET),
        ("namespace", shared::METRIC_NAMESPACE),
        ("dimension", shared::METRIC_DIMENSION),
        ("rows_in", shared::METRIC_ROWS_IN),
        ("rows_out", shared::METRIC_ROWS_OUT),
        ("rows_rejected", shared::METRIC_ROWS_REJECTED),
        ("rows_undelivered", shared::METRIC_ROWS_UNDELIVERED),
    ] {
        context.insert(key, value);
    }
    context
}

fn render(template: &str, context: &Context) -> String {
    let tera = Tera::default();
    let rendered = tera.render_str(template, context, false);
    // The templates are part of the compiler, and a test renders each.
    rendered.unwrap_or_else(|error| panic!("a template of the compiler is broken: {error}"))
}

fn crate_files(krate: &Crate) -> Vec<(&'static str, String)> {
    let steps = steps::files(krate);
    let mut context = Context::new();
    context.insert("package", &package_name(&krate.transform.name));
    context.insert("archive", &shared::function_archive(&krate.transform.name));
    if let Engine::Lambda(settings) = &krate.transform.engine {
        context.insert("architecture", &settings.architecture);
    }
    vec![
        ("Cargo.toml", render(CRATE, &context)),
        ("src/lib.rs", library(krate, steps.uses_key)),
        ("src/main.rs", main(krate, steps.uses_key)),
        ("src/row.rs", steps.row),
        ("src/schema.rs", schema::file(krate.source, &krate.record)),
        ("src/transform.rs", steps.transform),
    ]
}

fn library(krate: &Crate, uses_key: bool) -> String {
    let (own, record) = (&krate.own, &krate.record);
    let name = one_line(&krate.transform.name);
    let key_import = if uses_key {
        "use pipec_runtime::functions::PseudonymKey;\n"
    } else {
        ""
    };
    let structure = match uses_key {
        true => format!("pub struct {own} {{\n    /// The key of pseudonyms.\n    pub key: PseudonymKey,\n}}\n"),
        false => format!("pub struct {own};\n"),
    };
    let doc = krate
        .transform
        .doc
        .as_deref()
        .map(|doc| code::documentation(doc, 0))
        .unwrap_or_default();
    let doc = if doc.starts_with("///") {
        doc
    } else {
        format!("{doc}/// The function.\n")
    };
    let key = if uses_key { "&self.key, " } else { "" };
    let body = format!(
        "impl Transform for {own} {{\n    const NAME: &'static str = {};\n\n    fn row(&self, record: &[u8], arrived: \
         Timestamp, counts: &mut Counts, out: &mut Vec<u8>) -> Result<bool, Reject> {{\n        let record = \
         {record}::decode(record, counts)?;\n        record.check(arrived)?;\n        let Some(row) = \
         transform::transform(&record, {key}counts)? else {{\n            return Ok(false);\n        }};\n        \
         row.write(out);\n        Ok(true)\n    }}\n}}\n",
        code::quoted(&krate.transform.name)
    );
    format!(
        "//! `{name}`: what it does with a record of `{}`; `main.rs` puts it to work.\n\npub mod row;\npub mod \
         schema;\npub mod transform;\n\nuse pipec_function::{{Counts, Reject, Transform}};\nuse \
         pipec_runtime::Timestamp;\n{key_import}\nuse schema::{record};\n\n{doc}#[derive(Debug)]\n{structure}\n{}",
        one_line(&krate.source.name),
        item(body),
    )
}

fn main(krate: &Crate, uses_key: bool) -> String {
    let (own, library) = (&krate.own, package_name(&krate.transform.name).replace('-', "_"));
    let make = match uses_key {
        true => format!("async |aws| Ok({own} {{ key: aws.pseudonym_key().await? }})"),
        false => format!("async |_| Ok({own})"),
    };
    format!(
        "//! The function `{}` on AWS Lambda: batches of `{}` in, rows of `{}` out.\n\nuse std::process::ExitCode;\n\n\
         use {library}::{own};\n\nfn main() -> ExitCode {{\n    pipec_function::main({make})\n}}\n",
        one_line(&krate.transform.name),
        one_line(&krate.source.name),
        krate.target.id,
    )
}

/// Items that generated code may import: by the name that it mentions, the module and what is imported.
const ITEMS: [(&str, &str); 16] = [
    ("Counts", "pipec_function"),
    ("Reject", "pipec_function"),
    ("logic", "pipec_function"),
    ("Canonical", "pipec_runtime"),
    ("Date", "pipec_runtime"),
    ("Decimal", "pipec_runtime"),
    ("Timestamp", "pipec_runtime"),
    ("Uuid", "pipec_runtime"),
    ("decode", "pipec_runtime"),
    ("encode", "pipec_runtime"),
    ("functions", "pipec_runtime"),
    ("json", "pipec_runtime"),
    ("Hex", "pipec_runtime::functions"),
    ("PseudonymKey", "pipec_runtime::functions"),
    ("reject", "pipec_runtime"),
    ("types", "pipec_runtime"),
];

/// Of all names that code mentions, the items that are to be imported.
fn used_items(mentioned: &BTreeSet<String>) -> BTreeSet<String> {
    let roots = mentioned
        .iter()
        .map(|name| name.split("::").next().unwrap_or(name).to_owned());
    roots
        .filter(|name| ITEMS.iter().any(|(item, _)| item == name))
        .collect()
}

/// `use` lines, as rustfmt sorts them.
fn imports(used: &BTreeSet<String>) -> String {
    let mut out = String::new();
    for module in ["pipec_function", "pipec_runtime::functions", "pipec_runtime"] {
        let mut items: Vec<_> = ITEMS
            .iter()
            .filter(|(item, from)| *from == module && used.contains(*item))
            .map(|(item, _)| *item)
            .collect();
        // As bytes, so that types come before modules: rustfmt's order since edition 2024.
        items.sort();
        match items.as_slice() {
            [] => {}
            [one] => out.push_str(&format!("use {module}::{one};\n")),
            many => out.push_str(&format!("use {module}::{{{}}};\n", many.join(", "))),
        }
    }
    out
}

#[cfg(test)]
mod tests;
