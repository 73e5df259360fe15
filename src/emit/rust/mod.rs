//! Stream transforms as Rust functions for AWS Lambda: a Cargo workspace with a crate a function, what they all do
//! around it, and the runtime that the embedded engine has too. Knows nothing of AWS's resources.

mod code;
mod expr;
mod library;
mod names;
mod schema;
mod steps;
mod types;
mod vendor;

use std::collections::BTreeSet;

use tera::{Context, Tera};

use crate::plan::{Files, Plan, StreamFunction, Transform, names as shared, stream_functions};
use names::{Names, upper_camel};

const WORKSPACE: &str = include_str!("templates/workspace.toml.tera");
const CRATE: &str = include_str!("templates/crate.toml.tera");
const NAMES: &str = include_str!("templates/names.rs.tera");
const LOCK: &str = include_str!("templates/Cargo.lock.tera");
const RUSTFMT: &str = "max_width = 120\nuse_small_heuristics = \"Max\"\nsingle_line_if_else_max_width = 0\n";

/// Types that generated code names, so that no schema takes their place.
const TYPES: [&str; 24] = [
    "Row",
    "Reject",
    "Received",
    "Record",
    "Batch",
    "Function",
    "Line",
    "Out",
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
    function: StreamFunction<'a>,
    /// The record's type.
    record: String,
    /// The function's own type.
    own: String,
    /// Whether the record's type borrows.
    borrows: bool,
}

/// The functions that are to be generated.
fn crates(plan: &Plan) -> Vec<Crate<'_>> {
    let crates = stream_functions(plan).into_iter().map(|function| {
        let mut types = Names::new(TYPES);
        Crate {
            record: types.fresh(&upper_camel(&function.source.schema.name)),
            own: types.fresh(&upper_camel(&function.source.name)),
            borrows: schema::borrows(function.source),
            function,
        }
    });
    crates.collect()
}

/// Name of the package of the function that reads a source, and of its binary in Cargo's target folder.
pub fn package_name(source: &str) -> String {
    format!("fn-{}", shared::hyphened(source))
}

/// Every file of the workspace `lambda/`; none where no transform is a function.
pub fn emit(plan: &Plan) -> Files {
    let mut crates = crates(plan);
    crates.sort_by(|a, b| a.name().cmp(b.name()));
    let mut files = Files::new();
    if crates.is_empty() {
        return files;
    }
    let folders: Vec<_> = crates.iter().map(|krate| shared::hyphened(krate.name())).collect();
    let mut packages: Vec<_> = crates.iter().map(|krate| package_name(krate.name())).collect();
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
        for (path, text) in crate_files(plan, krate) {
            files.insert(format!("{}/{path}", shared::function_crate(krate.name())), text);
        }
    }
    files
}

fn shared_names() -> Context {
    let mut context = Context::new();
    for (key, value) in [
        ("pseudonym_secret", shared::PSEUDONYM_SECRET),
        ("namespace", shared::METRIC_NAMESPACE),
        ("dimension", shared::METRIC_DIMENSION),
        ("transform", shared::METRIC_TRANSFORM),
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

fn crate_files(plan: &Plan, krate: &Crate) -> Vec<(String, String)> {
    let function = &krate.function;
    let mut context = Context::new();
    context.insert("package", &package_name(krate.name()));
    context.insert("archive", &shared::function_archive(krate.name()));
    context.insert("architecture", &function.settings.architecture);
    let mut modules = Names::new(["mod_"]);
    let mut parts = Vec::new();
    let mut files = Vec::new();
    for transform in &function.transforms {
        let module = match transform.name.as_str() {
            "mod" => "mod_".to_owned(),
            name => modules.fresh(name),
        };
        let file = steps::file(plan, krate, transform);
        let path = module.trim_start_matches("r#");
        files.push((format!("src/transforms/{path}.rs"), file.text));
        parts.push(Part {
            transform,
            module,
            uses_key: file.uses_key,
        });
    }
    let schema = schema::file(function.source, &krate.record);
    files.extend([
        ("Cargo.toml".to_owned(), render(CRATE, &context)),
        ("src/lib.rs".into(), library::library(krate, &parts)),
        ("src/main.rs".into(), library::main(krate, &parts)),
        ("src/schema.rs".into(), schema),
        ("src/transforms/mod.rs".into(), library::modules(krate, &parts)),
    ]);
    files
}

impl Crate<'_> {
    /// The name of the source, and of the function.
    fn name(&self) -> &str {
        &self.function.source.name
    }
}

/// A transform in a function's crate.
struct Part<'a> {
    transform: &'a Transform,
    /// Its module.
    module: String,
    /// Whether it makes pseudonyms.
    uses_key: bool,
}

/// Items that generated code may import: by the name that it mentions, the module and what is imported.
const ITEMS: [(&str, &str); 18] = [
    ("Line", "pipec_function"),
    ("Out", "pipec_function"),
    ("Received", "pipec_function"),
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
