//! A project's own functions as Python functions of columns, each beside one that says why it turns rows away.
//!
//! It must not know steps or jobs.

use std::collections::{BTreeMap, BTreeSet};

use super::super::tree::{Py, comment};
use super::{Around, Lowered, also, first_reason, python_name, reason_name, uses};
use crate::plan::Function;
use crate::plan::expr::{Expr, ExprKind};

/// What callers have to know of a function, and how it is written.
#[derive(Debug)]
pub struct OwnFunction {
    /// Which parameters take a missing value; of the others one makes the answer missing.
    optional: Vec<bool>,
    /// Whether it may turn a row away.
    rejects: bool,
    /// Whether it asks the run for its time or for a param, and so is given the run.
    pub needs_run: bool,
    /// Whether it makes pseudonyms, and so needs the key beside the row.
    pub needs_key: bool,
    /// The functions that it calls.
    calls: BTreeSet<String>,
    /// Its definition, and that of its reasons.
    text: String,
}

/// A project's own functions by their names.
pub type OwnFunctions = BTreeMap<String, OwnFunction>;

/// The functions of a plan, each of which comes after those that it calls.
pub fn functions(all: &[Function]) -> OwnFunctions {
    let mut known = OwnFunctions::new();
    for function in all {
        let made = made(function, &known);
        known.insert(function.name.clone(), made);
    }
    known
}

/// The definitions of functions that these expressions call, and of those that they call in turn.
pub fn definitions<'e>(own: &OwnFunctions, all: &[Function], exprs: impl Iterator<Item = &'e Expr>) -> Vec<String> {
    let mut wanted = BTreeSet::new();
    exprs.for_each(|expr| calls(expr, &mut wanted));
    // Callers come after what they call.
    for function in all.iter().rev() {
        if let (true, Some(own)) = (wanted.contains(&function.name), own.get(&function.name)) {
            wanted.extend(own.calls.iter().cloned());
        }
    }
    let wanted = all.iter().filter(|function| wanted.contains(&function.name));
    let texts = wanted.filter_map(|function| own.get(&function.name));
    texts.map(|function| function.text.clone()).collect()
}

/// Whether an expression, or a function that it calls, asks the run for its time, or for a param.
pub fn needs_run(expr: &Expr, own: &OwnFunctions) -> bool {
    let asks = uses(expr, "now") || uses(expr, "today") || has_param(expr);
    asks || called(expr, own).any(|function| function.needs_run)
}

fn has_param(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Param(_)) || expr.children().into_iter().any(has_param)
}

/// Whether an expression, or a function that it calls, makes pseudonyms.
pub fn needs_key(expr: &Expr, own: &OwnFunctions) -> bool {
    uses(expr, "pseudonym") || called(expr, own).any(|function| function.needs_key)
}

fn called<'o>(expr: &Expr, own: &'o OwnFunctions) -> impl Iterator<Item = &'o OwnFunction> {
    let mut names = BTreeSet::new();
    calls(expr, &mut names);
    names.into_iter().filter_map(|name| own.get(&name))
}

fn calls(expr: &Expr, names: &mut BTreeSet<String>) {
    if let ExprKind::Own { function, .. } = &expr.kind {
        names.insert(function.clone());
    }
    expr.children().into_iter().for_each(|child| calls(child, names));
}

fn made(function: &Function, known: &OwnFunctions) -> OwnFunction {
    let around = Around {
        own: Some(known),
        in_function: true,
    };
    let Lowered { value, reasons } = around.lower(&function.body);
    let needs_run = needs_run(&function.body, known);
    let run = needs_run.then(|| "run: runtime.Run".to_owned());
    let params = function.params.iter();
    let params = params.map(|(name, ..)| format!("{}: Column", python_name(name)));
    let params = run.into_iter().chain(params).collect::<Vec<_>>();
    let doc = function.doc.as_deref().unwrap_or_default();
    let doc: String = doc.lines().map(|line| format!("{}\n", comment(line))).collect();
    let mut text = doc + &definition(&python_name(&function.name), &params, &value);
    let reason = first_reason(reasons);
    if let Some(reason) = &reason {
        text.push_str(&format!("\n\n# Why `{}` turns a row away.\n", function.name));
        text.push_str(&definition(&reason_name(&function.name), &params, reason));
    }
    let mut called = BTreeSet::new();
    calls(&function.body, &mut called);
    OwnFunction {
        optional: function.params.iter().map(|(_, ty, _)| ty.optional).collect(),
        rejects: reason.is_some(),
        needs_run,
        needs_key: needs_key(&function.body, known),
        calls: called,
        text: text + "\n",
    }
}

/// `def name(params) -> Column: return value`; what does not fit a line has its parameters one a line.
fn definition(name: &str, params: &[String], value: &Py) -> String {
    let flat = format!("def {name}({}) -> Column:", params.join(", "));
    let head = match flat.len() <= super::super::tree::WIDTH {
        true => flat,
        false => {
            let params: String = params.iter().map(|param| format!("    {param},\n")).collect();
            format!("def {name}(\n{params}) -> Column:")
        }
    };
    format!("{head}\n{}\n", value.statement(4, "return "))
}

impl Around<'_> {
    /// A call of one of them; where an argument is missing that it takes no missing value for, so is the answer.
    pub(super) fn own(&self, function: &str, arguments: &[Expr], reasons: &mut Vec<Py>) -> Py {
        let Some(own) = self.own.and_then(|own| own.get(function)) else {
            crate::plan::refused()
        };
        let mut condition = None;
        let mut values: Vec<Py> = own.needs_run.then(|| Py::atom("run")).into_iter().collect();
        for (at, argument) in arguments.iter().enumerate() {
            let value = self.exact(argument, reasons);
            if argument.ty.optional && own.optional.get(at) == Some(&false) {
                condition = also(condition, value.clone().method("isNotNull", vec![]));
            }
            values.push(value);
        }
        let lifted = |call: Py| match &condition {
            Some(condition) => Py::call("F.when", vec![condition.clone(), call]),
            None => call,
        };
        if own.rejects {
            reasons.push(lifted(Py::call(&reason_name(function), values.clone())));
        }
        lifted(Py::call(&python_name(function), values))
    }
}
