//! What the files of one function share: the structs inside of its rows, the project's own functions, and the parts of
//! the runtime that it is built with.

use std::collections::BTreeSet;

use super::expr::Shared;
use super::names::Names;
use super::nested::Structs;
use super::{join, own};
use crate::plan::expr::{Expr, Literal};
use crate::plan::{DatasetId, Function, Input, Plan, StepKind, StreamFunction, WayStep};

/// What all files share, and the file of the project's own functions.
pub fn shared(plan: &Plan, function: &StreamFunction<'_>, types: Names) -> (Shared, Option<String>) {
    let mut structs = Structs::new(types);
    let mut exprs: Vec<(&Expr, &str)> = Vec::new();
    for field in &function.source.schema.fields {
        structs.field(field);
        structs.column(&field.column);
        exprs.extend(field.check.as_ref().map(|check| (check, field.column.name.as_str())));
    }
    for way in &function.ways {
        for WayStep { step, .. } in &way.steps {
            step.columns.iter().for_each(|column| structs.column(column));
            if let StepKind::Join(join) = &step.kind {
                join.columns.iter().for_each(|column| structs.column(column));
            }
            let found = step.kind.expressions();
            exprs.extend(found.into_iter().map(|expr| (expr, way.transform.name.as_str())));
        }
    }
    let called: Vec<_> = exprs.iter().map(|(expr, _)| *expr).collect();
    let functions = own::called(&plan.functions, &called);
    for (expr, hint) in exprs {
        structs.expr(expr, hint);
    }
    for function in &functions {
        function.params.iter().for_each(|(name, ty, _)| structs.ty(ty, name));
        structs.expr(&function.body, &function.name);
    }
    let mut shared = Shared {
        structs,
        filled: filled(plan, function),
        ..Shared::default()
    };
    let file = own::file(&functions, &mut shared);
    (shared, file)
}

/// The columns of the tables that a function looks rows up in which are never missing, because they have a default.
fn filled(plan: &Plan, function: &StreamFunction<'_>) -> BTreeSet<(DatasetId, String)> {
    let mut found = BTreeSet::new();
    for WayStep { step, .. } in function.ways.iter().flat_map(|way| &way.steps) {
        let Some(Input::Table(id)) = step.kind.other() else {
            continue;
        };
        let fields = join::source_of(plan, id).map(|source| source.schema.fields.as_slice());
        let filled = fields.unwrap_or_default().iter();
        let filled = filled.filter(|field| !matches!(field.default, None | Some(Literal::Null)));
        found.extend(filled.map(|field| (id.clone(), field.column.name.clone())));
    }
    found
}

/// What functions share that no transform calls, and their file.
pub fn functions_alone(functions: &[Function], types: Names) -> (Shared, Option<String>) {
    let mut structs = Structs::new(types);
    for function in functions {
        function.params.iter().for_each(|(name, ty, _)| structs.ty(ty, name));
        structs.expr(&function.body, &function.name);
    }
    let mut shared = Shared {
        structs,
        ..Shared::default()
    };
    let file = own::file(&functions.iter().collect::<Vec<_>>(), &mut shared);
    (shared, file)
}

/// What of the runtime is only built where it is used: the feature, and what in generated code asks for it.
const FEATURES: [(&str, &[&str]); 4] = [
    (
        "hashes",
        &[
            "functions::base64(",
            "functions::crc32",
            "functions::from_base64",
            "functions::md5",
            "functions::sha1",
            "functions::base64",
            "functions::uuid5",
            "decode::bytes",
            "Vec<u8>>,",
            "[u8]",
        ],
    ),
    ("regex", &["regex::"]),
    ("time_zones", &["zones::"]),
    ("unicode", &["functions::nfc", "functions::nfd"]),
];

/// The features of the runtime that these sources ask for.
pub fn features(sources: &[&str]) -> Vec<&'static str> {
    let asked = |marks: &[&str]| {
        sources
            .iter()
            .any(|source| marks.iter().any(|mark| source.contains(mark)))
    };
    FEATURES
        .iter()
        .filter(|(_, marks)| asked(marks))
        .map(|(feature, _)| *feature)
        .collect()
}
