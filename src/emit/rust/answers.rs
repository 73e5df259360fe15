//! What a script answers, in a generated function: rows of what it returns, which go on behind it as records do.

use super::Part;
use super::code::{call_lines, grouped, quoted};
use super::library::{constant, structure};
use super::names::{identifier, upper_camel};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Field, Run, Schema, Source, Transform, WayStep, names as shared};

/// The rest of a transform, behind its script.
pub struct Rest {
    /// The module of the rows that the script answers, which is also that of the rest in `transforms`, with `_answers`.
    pub module: String,
    /// The type of these rows.
    pub record: String,
    /// What the rest asks for, as a [`Part`] does.
    pub uses_key: bool,
    pub uses_params: bool,
    pub uses_arrival: bool,
    /// The columns that are objects, before the script and behind it.
    pub objects: [Vec<String>; 2],
}

/// The type of the rows that a transform's script answers.
pub fn row_type(transform: &Transform) -> String {
    upper_camel(&format!("{}_answer", transform.name))
}

/// The module of these rows.
pub fn module(transform: &Transform) -> String {
    identifier(&transform.name)
}

/// The module of what is done with them.
pub fn rest_module(transform: &Transform) -> String {
    format!("{}_answers", transform.name)
}

/// The names of the columns that are objects.
pub fn objects(columns: &[Column]) -> Vec<String> {
    let objects = columns.iter().filter(|column| column.ty.kind == TypeKind::Object);
    objects.map(|column| column.name.clone()).collect()
}

/// The rows that a script answers as records of a source, which they are decoded like.
pub fn as_source(like: &Source, run: &WayStep) -> Source {
    let field = |column: &Column| Field {
        column: Column::new(column.name.clone(), column.ty.clone()),
        default: None,
        check: None,
        inner: Vec::new(),
        object: None,
    };
    let script = run.step.script().and_then(|run| run.path.clone()).unwrap_or_default();
    Source {
        name: script.clone(),
        schema: Schema {
            name: script,
            doc: None,
            fields: run.step.columns.iter().map(field).collect(),
        },
        ..like.clone()
    }
}

/// The files of these rows' types.
pub fn files(answered: &[(String, String)]) -> Vec<(String, String)> {
    if answered.is_empty() {
        return Vec::new();
    }
    let mut names: Vec<&str> = answered.iter().map(|(module, _)| module.as_str()).collect();
    names.sort_by_key(|name| name.trim_start_matches("r#"));
    let modules: String = names.iter().map(|name| format!("pub mod {name};\n")).collect();
    let text = format!("//! The rows that scripts answer.\n\n{modules}");
    let files = answered.iter().map(|(module, text)| {
        let path = module.trim_start_matches("r#");
        (format!("src/answers/{path}.rs"), text.clone())
    });
    files.chain([("src/answers/mod.rs".to_owned(), text)]).collect()
}

/// `PROGRAMS`, and what is done with a row that one of them answered; nothing without any.
pub fn implementation(transforms: &[&Part]) -> String {
    let parts: Vec<_> = transforms
        .iter()
        .enumerate()
        .filter_map(|(number, part)| Some((number, *part, part.rest.as_ref()?, part.transform.script()?)))
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    let programs: Vec<String> = parts
        .iter()
        .map(|(number, part, rest, run)| program(*number, part.transform, rest, run))
        .collect();
    let mut out = constant("PROGRAMS", "Program", &programs) + "\n";
    let parameters = ["&self", "transform: usize", "row: &Record", "batch: &mut Batch"].map(str::to_owned);
    out.push_str(&call_lines("fn answer", &parameters, " -> Result<(), Reject> {", 4));
    for (number, part, rest, _) in &parts {
        let Rest { module, record, .. } = rest;
        let arguments = [
            (true, "&answer"),
            (rest.uses_arrival, "row"),
            (rest.uses_key, "&self.key"),
            (rest.uses_params, "&self.params"),
            (true, "out"),
        ];
        let arguments: Vec<&str> = arguments
            .iter()
            .filter(|(used, _)| *used)
            .map(|(_, name)| *name)
            .collect();
        let call = format!(
            "transforms::{}::transform({})",
            rest_module(part.transform),
            arguments.join(", ")
        );
        out.push_str(&format!(
            "        if transform == {number} {{\n            \
             let answer = answers::{module}::{record}::decode(&row.data, &mut batch.received)?;\n            \
             batch.transform({number}, row, |out| {call});\n        }}\n"
        ));
    }
    out + "        Ok(())\n    }\n"
}

fn program(number: usize, transform: &Transform, rest: &Rest, run: &Run) -> String {
    let list = |items: &[String]| format!("&[{}]", items.join(", "));
    let texts = |items: &[String]| list(&items.iter().map(|item| quoted(item)).collect::<Vec<_>>());
    let environment: Vec<String> = run
        .environment()
        .iter()
        .map(|(name, value)| format!("({}, {})", quoted(name), quoted(value)))
        .collect();
    let path = run.path.as_deref().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or(path);
    let fields = [
        format!("transform: {number}"),
        format!(
            "path: {}",
            quoted(&format!("{}/{file}", shared::script_folder(&transform.name)))
        ),
        format!("packages: {}", quoted(&shared::script_packages(&transform.name))),
        format!("environment: {}", list(&environment)),
        format!("timeout_seconds: {}", grouped(i128::from(run.timeout_seconds()))),
        format!("takes: {}", texts(&rest.objects[0])),
        format!("makes: {}", texts(&rest.objects[1])),
        format!("objects: {}", quoted(&shared::objects_variable(&transform.name))),
    ];
    structure("Program", &fields)
}
