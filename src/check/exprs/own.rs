//! A project's own functions: `fn name(a: T) -> T = expr`.
//!
//! A parameter without `?` lifts: where its argument is missing, so is the answer, and the body is not asked. What it reads
//! are its parameters alone. It may not reject rows, since it may be called where there is none to turn away.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Span;
use crate::check::constant;
use crate::check::context::Context;
use crate::check::program::Function;
use crate::check::ty;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Column, Type, TypeKind};
use crate::syntax::ast;

use super::{Checker, Place};

/// A declared function: its tree, and what is said of it.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// Its tree.
    pub function: &'a ast::Function,
    /// What its author said of it.
    pub doc: Option<&'a ast::Doc>,
}

/// What a project's own function takes and answers.
#[derive(Clone, Debug)]
pub struct Signature<'a> {
    /// Its tree.
    pub function: &'a ast::Function,
    /// Its parameters' names and types.
    pub params: Vec<(String, Type)>,
    /// What it answers.
    pub returns: Type,
}

/// What the project's own functions take and answer, for [`Functions::declare_own`](crate::check::functions::Functions).
/// One with the name of a function of the language is an error.
pub fn signatures<'a>(ctx: &Context<'_>, own: &[Declared<'a>], diagnostics: &mut Diagnostics) -> Vec<Signature<'a>> {
    let mut signatures = Vec::new();
    for declared in own {
        let function = declared.function;
        let name = &function.name;
        if ctx.functions.contains(&name.text) {
            let message = format!("`{}` is a function of the language", name.text);
            let written = format!("own_{}", name.text);
            let diagnostic = Diagnostic::new(Code::OWN_FUNCTION, name.span, message)
                .found("calls of it mean the language's function")
                .help(format!("give yours another name, such as `{written}`"));
            diagnostics.push(diagnostic);
        }
        let params = function.params.iter().map(|param| {
            let ty = ty::resolve(ctx, &param.ty, diagnostics);
            (param.name.text.clone(), ty)
        });
        signatures.push(Signature {
            function,
            params: params.collect(),
            returns: ty::resolve(ctx, &function.returns, diagnostics),
        });
    }
    signatures
}

/// Checks the bodies of a project's own functions; each stands behind those that it calls. What is wrong is said, and left
/// out.
pub fn check(ctx: &Context<'_>, own: &[Declared<'_>], diagnostics: &mut Diagnostics) -> Vec<Function> {
    let mut checked: Vec<Function> = Vec::new();
    let mut seen = BTreeSet::new();
    for declared in own {
        if seen.insert(declared.function.name.text.as_str()) {
            checked.extend(body(ctx, *declared, diagnostics));
        }
    }
    in_order(checked, diagnostics)
}

fn body(ctx: &Context<'_>, declared: Declared<'_>, diagnostics: &mut Diagnostics) -> Option<Function> {
    let function = declared.function;
    let name = &function.name.text;
    let silent = &mut Diagnostics::default();
    let mut columns: Vec<Column> = Vec::new();
    let mut params = Vec::new();
    for param in &function.params {
        // What is wrong with a type was said where the function was declared.
        let ty = ty::resolve(ctx, &param.ty, silent);
        let twice = columns.iter().any(|column| column.name == param.name.text);
        if twice {
            let message = format!("`{name}` has two parameters `{}`", param.name.text);
            let diagnostic = Diagnostic::new(Code::DUPLICATE_COLUMN, param.name.span, message);
            diagnostics.push(diagnostic.found("the second one").help("give one of them another name"));
            return None;
        }
        let default = param.default.as_ref().and_then(|default| {
            let what = format!("the default of `{}`", param.name.text);
            let typed = Checker::new(ctx, &[], Place::Constant, diagnostics).wanted(default, &ty, &what);
            constant::evaluate(&typed.expr).ok()
        });
        params.push((param.name.text.clone(), ty.clone(), default));
        columns.push(column(&param.name.text, ty));
    }
    let returns = ty::resolve(ctx, &function.returns, silent);
    let written = function.body.as_ref()?;
    let what = format!("the answer of `{name}`");
    let typed = Checker::new(ctx, &columns, Place::Own, diagnostics).wanted(written, &returns, &what);
    if typed.is_error() {
        return None;
    }
    unused(function, &params, &typed.expr, diagnostics);
    Some(Function {
        name: name.clone(),
        doc: declared.doc.map(|doc| doc.text.clone()),
        params,
        returns,
        body: typed.expr,
        span: function.name.span,
    })
}

fn column(name: &str, ty: Type) -> Column {
    Column::new(name.to_lowercase(), ty)
}

/// A parameter that the body does not read.
fn unused(
    function: &ast::Function,
    params: &[(String, Type, Option<Literal>)],
    body: &Expr,
    diagnostics: &mut Diagnostics,
) {
    let read = body.columns();
    for (param, (_, ty, _)) in function.params.iter().zip(params) {
        // What is wrong with a parameter's type was said, and its uses are not looked at.
        if ty.kind != TypeKind::Error && !read.contains(&param.name.text.to_lowercase()) {
            let message = format!(
                "`{}` never reads its parameter `{}`",
                function.name.text, param.name.text
            );
            let diagnostic = Diagnostic::new(Code::UNUSED_PARAMETER, param.name.span, message)
                .found("whatever it is, the answer is the same");
            diagnostics.push(diagnostic.help("leave it out, here and in the calls"));
        }
    }
}

/// The functions that a body calls, of the project's own.
fn calls(body: &Expr) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![body];
    while let Some(expr) = open.pop() {
        if let ExprKind::Own { function, .. } = &expr.kind {
            found.insert(function.clone());
        }
        open.extend(expr.children());
    }
    found
}

/// Each behind those that it calls; one that leads back to itself is said, once a circle, and left out.
fn in_order(functions: Vec<Function>, diagnostics: &mut Diagnostics) -> Vec<Function> {
    let called: BTreeMap<String, BTreeSet<String>> = functions
        .iter()
        .map(|function| (function.name.clone(), calls(&function.body)))
        .collect();
    let mut waiting = functions;
    let mut ordered: Vec<Function> = Vec::new();
    loop {
        let open: BTreeSet<String> = waiting.iter().map(|function| function.name.clone()).collect();
        let is_ready = |function: &Function| {
            called
                .get(&function.name)
                .is_none_or(|callees| callees.is_disjoint(&open))
        };
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_ready);
        waiting = rest;
        if ready.is_empty() {
            break;
        }
        ordered.extend(ready);
    }
    let mut told = BTreeSet::new();
    for function in &waiting {
        let Some(path) = circle(&function.name, &called) else {
            continue;
        };
        if path.iter().any(|name| told.contains(name)) {
            continue;
        }
        told.extend(path.iter().cloned());
        diagnostics.push(cycle(function.span, &path));
    }
    ordered
}

/// The shortest way from a function back to itself.
fn circle(start: &str, called: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut paths = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while !paths.is_empty() {
        let mut longer = Vec::new();
        for path in paths {
            for next in path.last().and_then(|last| called.get(last)).into_iter().flatten() {
                if next == start {
                    return Some(path);
                }
                if seen.insert(next.clone()) {
                    let mut further = path.clone();
                    further.push(next.clone());
                    longer.push(further);
                }
            }
        }
        paths = longer;
    }
    None
}

fn cycle(span: Span, path: &[String]) -> Diagnostic {
    let first = path.first().cloned().unwrap_or_default();
    let names: Vec<_> = path.iter().chain([&first]).map(|name| format!("`{name}`")).collect();
    let message = match path.len() {
        1 => format!("function `{first}` calls itself"),
        _ => format!("function `{first}` leads back to itself"),
    };
    Diagnostic::new(Code::FUNCTION_CYCLE, span, message)
        .found("it would never end")
        .note(format!("path: {}", names.join(" → ")))
        .help("write it without; `reduce(list, start, (total, item) => …)` goes through the items of a list")
}
