//! Stream transforms as Rust functions for AWS Lambda: a Cargo workspace with a crate a function, what they all do
//! around it, and the runtime that the embedded engine has too. Knows nothing of AWS's resources.

mod answers;
mod checks;
mod code;
mod expr;
mod join;
mod library;
mod names;
mod nested;
mod own;
mod params;
mod parts;
mod rows;
mod schema;
mod statics;
mod steps;
mod transform;
mod types;
mod vendor;

use std::collections::{BTreeMap, BTreeSet};

use tera::{Context, Tera};

use crate::plan::{
    Files, Function, Plan, StreamFunction, To, Transform, Way, WayStep, names as shared, stream_functions,
};
use names::{Names, upper_camel};

const WORKSPACE: &str = include_str!("templates/workspace.toml.tera");
const CRATE: &str = include_str!("templates/crate.toml.tera");
const NAMES: &str = include_str!("templates/names.rs.tera");
const LOCK: &str = include_str!("templates/Cargo.lock.tera");
const RUSTFMT: &str = "max_width = 120\nuse_small_heuristics = \"Max\"\nsingle_line_if_else_max_width = 0\n";

/// Types that generated code names, so that no schema takes their place.
const TYPES: [&str; 35] = [
    "Key",
    "Dedupe",
    "Table",
    "Event",
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
    "Params",
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "String",
    "Vec",
    "Transform",
    "BTreeMap",
    "LazyLock",
    "Like",
    "Format",
    "Canonical",
    "Json",
];

/// A function to be generated.
pub struct Crate<'a> {
    function: StreamFunction<'a>,
    /// The record's type.
    record: String,
    /// The function's own type.
    own: String,
    /// What its files share.
    shared: expr::Shared,
    /// The project's own functions that it calls, as a file.
    own_functions: Option<String>,
}

/// The functions that are to be generated.
fn crates(plan: &Plan) -> Vec<Crate<'_>> {
    let crates = stream_functions(plan).into_iter().map(|function| {
        let mut types = Names::new(TYPES);
        let record = types.fresh(&upper_camel(&function.source.schema.name));
        let own = types.fresh(&upper_camel(&function.source.name));
        let (shared, own_functions) = parts::shared(plan, &function, types);
        Crate {
            record,
            own,
            function,
            shared,
            own_functions,
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
        ("landing_stream", shared::LANDING_STREAM),
        ("seen_table", shared::SEEN_TABLE),
        ("objects", shared::OBJECTS),
        ("arrival_day", shared::ARRIVAL_DAY),
        ("sink", shared::SINK),
        ("snapshot", shared::SNAPSHOT),
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
    let scripts: Vec<_> = function.scripts().map(|(transform, _)| &transform.name).collect();
    context.insert("scripts", &scripts);
    let mut modules = Names::new(["mod_"]);
    let mut parts: Vec<Part> = Vec::new();
    let (mut files, mut answered) = (Vec::new(), Vec::new());
    let mut tables = 0;
    for way in &function.ways {
        let module = match way.transform.name.as_str() {
            "mod" => "mod_".to_owned(),
            name => modules.fresh(name),
        };
        let mut asked = steps::Asked::default();
        for part in parts.iter().filter(|part| part.transform.name == way.transform.name) {
            asked.dedupes.clone_from(&part.asked.dedupes);
        }
        let part = part(plan, krate, way, (module, asked, tables), (&mut files, &mut answered));
        tables += part.asked.lookups.len();
        parts.push(part);
    }
    let scripts = !answered.is_empty();
    files.extend(answers::files(&answered));
    let lookups: BTreeMap<_, _> = parts
        .iter()
        .flat_map(|part| &part.asked.lookups)
        .map(|lookup| (join::module(&lookup.table), lookup))
        .collect();
    for (module, lookup) in &lookups {
        let source = join::as_source(plan, function.source, lookup);
        let text = schema::file(&source, &join::row_type(&lookup.table), &krate.shared);
        files.push((format!("src/tables/{}.rs", module.trim_start_matches("r#")), text));
    }
    if !lookups.is_empty() {
        let modules: String = lookups.keys().map(|module| format!("pub mod {module};\n")).collect();
        let text = format!("//! The tables that rows are looked up in.\n\n{modules}");
        files.push(("src/tables/mod.rs".to_owned(), text));
    }
    let mut asks = Vec::new();
    asks.extend((!lookups.is_empty()).then_some("lookup"));
    match scripts {
        true => asks.push("program"),
        false => asks.extend(function.source.object().map(|_| "objects")),
    }
    asks.extend(
        parts
            .iter()
            .any(|part| !part.asked.dedupes.is_empty())
            .then_some("state"),
    );
    asks.extend(sinks_feature(plan, function));
    context.insert("function_features", &asks);
    let schema = schema::file(function.source, &krate.record, &krate.shared);
    if let Some(params) = params::file(&params::of(plan, function), &krate.shared) {
        files.push(("src/params.rs".to_owned(), params));
    }
    if let Some(own) = &krate.own_functions {
        files.push(("src/own.rs".to_owned(), own.clone()));
    }
    if let Some(nested) = krate.shared.structs.file() {
        files.push(("src/nested.rs".to_owned(), nested));
    }
    let sources: Vec<&str> = files
        .iter()
        .map(|(_, text)| text.as_str())
        .chain([schema.as_str()])
        .collect();
    context.insert("features", &parts::features(&sources));
    files.extend([
        ("Cargo.toml".to_owned(), render(CRATE, &context)),
        ("src/lib.rs".into(), library::library(plan, krate, &parts)),
        ("src/main.rs".into(), library::main(krate, &parts)),
        ("src/schema.rs".into(), schema),
        ("src/transforms/mod.rs".into(), library::modules(krate, &parts)),
    ]);
    files
}

/// Files by their paths, and the types of what scripts answer by their modules.
type Texts = Vec<(String, String)>;

/// One way to a transform, with its files.
fn part<'p>(
    plan: &Plan,
    krate: &Crate,
    way: &Way<'p>,
    (module, asked, tables): (String, steps::Asked, usize),
    (files, answered): (&mut Texts, &mut Texts),
) -> Part<'p> {
    let script = way.around_script();
    let origin = transform::Origin {
        record: &krate.record,
        module: "schema",
        source: krate.function.source,
        shared: &krate.shared,
        to_script: script.is_some(),
    };
    let before = script.map(|(before, ..)| Way {
        transform: way.transform,
        steps: before.to_vec(),
    });
    let file = transform::file(plan, &origin, before.as_ref().unwrap_or(way), asked, tables);
    let path = module.trim_start_matches("r#");
    files.push((format!("src/transforms/{path}.rs"), file.text));
    let rest = script.map(|around| {
        let (rest, decoded, text) = rest_of(plan, krate, way.transform, around);
        // Rows that come by several ways go on by one.
        if answered.iter().all(|(module, _)| *module != rest.module) {
            answered.push((rest.module.clone(), decoded));
            let path = answers::rest_module(way.transform);
            files.push((format!("src/transforms/{path}.rs"), text));
        }
        rest
    });
    Part {
        transform: way.transform,
        module,
        uses_key: file.uses_key,
        uses_params: file.uses_params,
        uses_arrival: file.uses_arrival,
        asked: file.asked,
        rest,
    }
}

/// What a script answers, and the rest of its transform: what is said of it, the type of the rows, the rest itself.
fn rest_of(
    plan: &Plan,
    krate: &Crate,
    transform: &Transform,
    (before, run, after): (&[WayStep<'_>], WayStep<'_>, &[WayStep<'_>]),
) -> (answers::Rest, String, String) {
    let source = answers::as_source(krate.function.source, &run);
    let (module, record) = (answers::module(transform), answers::row_type(transform));
    let origin = transform::Origin {
        record: &record,
        module: &format!("answers::{module}"),
        source: &source,
        shared: &krate.shared,
        to_script: false,
    };
    let way = Way {
        transform,
        steps: after.to_vec(),
    };
    let file = transform::file(plan, &origin, &way, steps::Asked::default(), 0);
    let given = match before.last() {
        Some(last) => last.step.columns.to_vec(),
        None => transform.input_columns.to_vec(),
    };
    let decoded = schema::file(&source, &record, &krate.shared);
    let rest = answers::Rest {
        module,
        record,
        uses_key: file.uses_key,
        uses_params: file.uses_params,
        uses_arrival: file.uses_arrival,
        objects: [answers::objects(&given), answers::objects(&run.step.columns)],
    };
    (rest, decoded, file.text)
}

/// What of the function's own library sends rows to the sinks of its transforms.
fn sinks_feature(plan: &Plan, function: &StreamFunction<'_>) -> Option<&'static str> {
    let mut sinks = function
        .transforms
        .iter()
        .flat_map(|transform| plan.sinks_of(transform))
        .peekable();
    sinks.peek()?;
    match sinks.any(|sink| matches!(sink.to, To::Postgres(_))) {
        true => Some("postgres"),
        false => Some("sinks"),
    }
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
    /// Whether it asks for a param.
    uses_params: bool,
    /// Whether it reads the record's arrival.
    uses_arrival: bool,
    /// What it asks of the function.
    asked: steps::Asked,
    /// What follows on its script, if it has one.
    rest: Option<answers::Rest>,
}

/// Functions as they stand in a generated function's crate, without the crate.
#[derive(Debug)]
pub struct Alone {
    /// Their files, by path below `src/`.
    pub files: Files,
    /// Their Rust names, and whether each takes the key of pseudonyms.
    pub functions: Vec<(String, bool)>,
}

/// Functions as Rust, each after those that it calls; for tests of what expressions become.
pub fn functions_alone(functions: &[Function]) -> Alone {
    let (shared, own) = parts::functions_alone(functions, Names::new(TYPES));
    let names = shared.own.values().map(|own| (own.name.clone(), own.uses_key));
    let functions = names.collect();
    let own = own.map(|text| ("own.rs".to_owned(), text));
    let nested = shared.structs.file().map(|text| ("nested.rs".to_owned(), text));
    Alone {
        files: own.into_iter().chain(nested).collect(),
        functions,
    }
}

/// Items that generated code may import: by the name that it mentions, the module and what is imported.
const ITEMS: [(&str, &str); 35] = [
    ("Key", "pipec_function"),
    ("Record", "pipec_function"),
    ("Line", "pipec_function"),
    ("Out", "pipec_function"),
    ("Received", "pipec_function"),
    ("Reject", "pipec_function"),
    ("logic", "pipec_function"),
    ("sinks", "pipec_function"),
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
    ("Json", "pipec_runtime"),
    ("Format", "pipec_runtime::functions"),
    ("Like", "pipec_runtime::functions"),
    ("arithmetic", "pipec_runtime::functions"),
    ("convert", "pipec_runtime::functions"),
    ("geo", "pipec_runtime::functions"),
    ("lists", "pipec_runtime::functions"),
    ("maps", "pipec_runtime::functions"),
    ("numbers", "pipec_runtime::functions"),
    ("regex", "pipec_runtime::functions"),
    ("url", "pipec_runtime::functions"),
    ("zones", "pipec_runtime::functions"),
    ("own", "crate"),
    ("Params", "crate::params"),
];

/// What generated code may use of Rust's own library.
const STD: [(&str, &str); 3] = [
    ("Cow", "std::borrow"),
    ("BTreeMap", "std::collections"),
    ("LazyLock", "std::sync"),
];

/// Of all names that code mentions, the items that are to be imported.
fn used_items(mentioned: &BTreeSet<String>) -> BTreeSet<String> {
    let roots = mentioned
        .iter()
        .map(|name| name.split("::").next().unwrap_or(name).to_owned());
    roots
        .filter(|name| ITEMS.iter().chain(&STD).any(|(item, _)| item == name))
        .collect()
}

/// All `use` lines of a file, in the groups and the order of rustfmt; `more` are lines of the crate's own.
fn header(used: &BTreeSet<String>, structs: &nested::Structs, more: &[String]) -> String {
    let std = STD.iter().filter(|(item, _)| used.contains(*item));
    let std: String = std.map(|(item, from)| format!("use {from}::{item};\n")).collect();
    let mut own: Vec<String> = more.to_vec();
    let nested: Vec<_> = used
        .iter()
        .filter(|name| structs.has(name))
        .map(String::as_str)
        .collect();
    if !nested.is_empty() {
        own.push(import("crate::nested", &nested));
    }
    own.extend(used.contains("own").then(|| "use crate::own;\n".to_owned()));
    own.extend(
        used.contains("Params")
            .then(|| "use crate::params::Params;\n".to_owned()),
    );
    own.sort();
    let groups = [std, imports(used), own.concat()];
    let groups: Vec<_> = groups.into_iter().filter(|group| !group.is_empty()).collect();
    groups.join("\n")
}

/// `use module::{…};`, on as many lines as it takes.
fn import(module: &str, items: &[&str]) -> String {
    if let [one] = items {
        return format!("use {module}::{one};\n");
    }
    let line = format!("use {module}::{{{}}};\n", items.join(", "));
    if line.trim_end().len() <= code::WIDTH {
        return line;
    }
    let mut out = format!("use {module}::{{\n");
    let mut line = String::from("   ");
    for item in items {
        if line.len() + item.len() + 2 > code::WIDTH {
            out.push_str(&format!("{line}\n"));
            line = String::from("   ");
        }
        line.push_str(&format!(" {item},"));
    }
    format!("{out}{line}\n}};\n")
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
        if !items.is_empty() {
            out.push_str(&import(module, &items));
        }
    }
    out
}

#[cfg(test)]
mod tests;
