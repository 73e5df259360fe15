//! `lib.rs` and `main.rs` of a generated function: how its transforms are put together, and put to work.

use super::code::{WIDTH, documentation, item, one_line, quoted};
use super::{Crate, Part, package_name};
use crate::plan::names as shared;

/// `lib.rs`
pub fn library(krate: &Crate, parts: &[Part]) -> String {
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
    let source = krate.function.source;
    let mut doc = source
        .doc
        .as_deref()
        .map(|doc| documentation(doc, 0))
        .unwrap_or_default();
    if !doc.starts_with("///") {
        doc.push_str("/// The function.\n");
    }
    let implementation = format!(
        "impl Function for {own} {{\n{}\n{}}}\n",
        transforms(parts),
        take(record, parts)
    );
    format!(
        "//! What becomes of a record of `{}`; `main.rs` puts it to work.\n\n{}{}pub mod schema;\npub mod transforms;\n\nuse \
         pipec_function::{{Batch, Function, Record, Reject, Transform}};\n{key_import}\nuse schema::{record};\n\n\
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
        item(implementation),
    )
}

/// The transforms and their delivery streams.
fn transforms(parts: &[Part]) -> String {
    let one = |part: &Part| {
        let name = &part.transform.name;
        let rows = [quoted(&shared::delivery_variable(name))];
        let fields = [
            format!("name: {}", quoted(name)),
            format!("rows: &[{}]", rows.join(", ")),
            format!("rejects: {}", quoted(&shared::quarantine_variable(name))),
        ];
        let line = format!("Transform {{ {} }}", fields.join(", "));
        if line.chars().count() + 9 <= WIDTH {
            return line;
        }
        let lines: String = fields.iter().map(|field| format!("            {field},\n")).collect();
        format!("Transform {{\n{lines}        }}")
    };
    let all: Vec<String> = parts.iter().map(one).collect();
    let (start, list) = ("    const TRANSFORMS: &'static [Transform] =", all.join(", "));
    let fits = |line: &String| !line.contains('\n') && line.chars().count() <= WIDTH;
    let line = format!("{start} &[{list}];");
    let below = format!("        &[{list}];");
    match (fits(&line), fits(&below)) {
        (true, _) => line + "\n",
        (false, true) => format!("{start}\n{below}\n"),
        _ => {
            let lines: String = all.iter().map(|one| format!("        {one},\n")).collect();
            format!("{start} &[\n{lines}    ];\n")
        }
    }
}

/// What is done with one record.
fn take(ty: &str, parts: &[Part]) -> String {
    let mut out = String::from("    fn record(&self, record: &Record, batch: &mut Batch) -> Result<(), Reject> {\n");
    out.push_str(&format!(
        "        let row = {ty}::decode(&record.data, &mut batch.received)?;\n        row.check(record.arrived)?;\n"
    ));
    for (number, part) in parts.iter().enumerate() {
        let key = if part.uses_key { "&self.key, " } else { "" };
        let call = format!("transforms::{}::transform(&row, {key}out)", part.module);
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
    format!(
        "//! The function `{}` on AWS Lambda: batches of records in, rows out.\n\nuse std::process::ExitCode;\n\nuse \
         {library}::{own};\n\nfn main() -> ExitCode {{\n    pipec_function::main({make})\n}}\n",
        one_line(krate.name()),
    )
}
