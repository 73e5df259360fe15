//! `own.rs` of a generated function: the project's own functions that it calls, each after those that it calls itself.
//! It must not know steps.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Block, call_lines, documentation, item, print_block, without_unused};
use super::expr::{Binding, Lowering, Shared};
use super::names::{Names, identifier};
use super::nested::Structs;
use super::types::{Shape, held, held_type, mentioned, optional, rust_type, shape};
use super::{header, used_items};
use crate::plan::Function;
use crate::plan::expr::{Expr, ExprKind};

/// What a call of a project's own function has to know.
#[derive(Clone, Debug)]
pub struct OwnFunction {
    /// Its Rust name.
    pub name: String,
    /// Which of its arguments may be missing.
    pub optional: Vec<bool>,
    /// Whether its answer may be.
    pub may_miss: bool,
    /// Whether it may turn the row away.
    pub fails: bool,
    /// Whether it makes pseudonyms.
    pub uses_key: bool,
    /// Whether it asks for a param.
    pub uses_params: bool,
}

/// The project's own functions by name.
pub type OwnFunctions = BTreeMap<String, OwnFunction>;

/// The functions that expressions call, and those that these call, in the plan's order.
pub fn called<'p>(functions: &'p [Function], exprs: &[&Expr]) -> Vec<&'p Function> {
    let mut names = BTreeSet::new();
    exprs.iter().for_each(|expr| calls(expr, &mut names));
    for function in functions.iter().rev() {
        if names.contains(&function.name) {
            calls(&function.body, &mut names);
        }
    }
    functions
        .iter()
        .filter(|function| names.contains(&function.name))
        .collect()
}

fn calls(expr: &Expr, names: &mut BTreeSet<String>) {
    if let ExprKind::Own { function, .. } = &expr.kind {
        names.insert(function.clone());
    }
    expr.children().into_iter().for_each(|child| calls(child, names));
}

/// Adds the functions to what is shared, and gives their file; nothing where there are none.
pub fn file(functions: &[&Function], shared: &mut Shared) -> Option<String> {
    if functions.is_empty() {
        return None;
    }
    let mut names = Names::new([]);
    let mut used = BTreeSet::new();
    let mut statics = super::statics::Statics::default();
    let mut bodies = String::new();
    for function in functions {
        let name = names.fresh(&function.name);
        let (own, text, made) = lowered(function, name, shared, statics, &mut used);
        statics = made;
        shared.own.insert(function.name.clone(), own);
        bodies.push('\n');
        bodies.push_str(&item(text));
    }
    let made = statics.print(&mut used);
    let made = if made.is_empty() {
        made
    } else {
        format!("\n{}\n", made.trim_end())
    };
    used.retain(|used| shared.structs.has(used) || !used_items(&BTreeSet::from([used.clone()])).is_empty());
    Some(format!(
        "//! The project's own functions.\n\n{}{made}{bodies}",
        header(&used, &shared.structs, &[])
    ))
}

fn lowered(
    function: &Function,
    name: String,
    shared: &Shared,
    statics: super::statics::Statics,
    used: &mut BTreeSet<String>,
) -> (OwnFunction, String, super::statics::Statics) {
    let structs = &shared.structs;
    let mut names = Names::new(["key", "params"]);
    let mut columns = BTreeMap::new();
    let mut parameters = Vec::new();
    for (param, ty, _) in &function.params {
        let name = names.fresh(param);
        let held = held(&ty.kind);
        let text = optional(held_type(&ty.kind, held, "", structs), ty.optional);
        parameters.push((name.clone(), text));
        let binding = Binding {
            name,
            held,
            optional: ty.optional,
            kind: ty.kind.clone(),
        };
        columns.insert(param.clone(), binding);
    }
    let mut lowering = Lowering::new(Vec::new(), columns, names, shared);
    lowering.statics = statics;
    let value = lowering.answer(&function.body, &function.returns);
    let (value, may_miss) = (value.value, value.optional);
    let fails = value.fails() || lowering.statements.iter().any(super::code::Statement::may_leave);
    let mut live = BTreeSet::new();
    let block = Block {
        statements: Vec::new(),
        value,
    };
    block.mention(&mut live);
    let statements = without_unused(lowering.statements, &mut live);
    let block = Block { statements, ..block };
    let (uses_key, uses_params) = (live.contains("key"), live.contains("params"));
    let returns = optional(returned(function, structs), may_miss);
    let mut written: Vec<String> = parameters
        .iter()
        .map(|(name, ty)| {
            used.extend(mentioned(ty).map(str::to_owned));
            let unread = if live.contains(name) { "" } else { "_" };
            format!("{unread}{name}: {ty}")
        })
        .collect();
    if uses_key {
        written.push("key: &PseudonymKey".to_owned());
        used.insert("PseudonymKey".to_owned());
    }
    if uses_params {
        written.push("params: &Params".to_owned());
        used.insert("Params".to_owned());
    }
    used.extend(mentioned(&returns).map(str::to_owned));
    used.extend(live);
    let result = match fails {
        true => format!(" -> Result<{returns}, Reject> {{"),
        false => format!(" -> {returns} {{"),
    };
    used.extend(fails.then(|| "Reject".to_owned()));
    let doc = documentation(function.doc.as_deref().unwrap_or_default(), 0);
    let doc = if doc.is_empty() {
        format!("/// `{}`\n", identifier(&function.name))
    } else {
        doc
    };
    let mut text = doc;
    text.push_str(&call_lines(&format!("pub fn {name}"), &written, &result, 0));
    print_block(&block, &mut text, 4, fails);
    text.push_str("}\n");
    let own = OwnFunction {
        name,
        optional: function.params.iter().map(|(_, ty, _)| ty.optional).collect(),
        may_miss,
        fails,
        uses_key,
        uses_params,
    };
    (own, text, lowering.statics)
}

fn returned(function: &Function, structs: &Structs) -> String {
    match shape(&function.returns.kind) {
        Shape::Plain => rust_type(&function.returns.kind, "", structs),
        _ => rust_type(&function.returns.kind, "String", structs),
    }
}
