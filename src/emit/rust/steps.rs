//! The steps of a transform as plain code, from the columns before each to those after it.

use std::collections::BTreeMap;

use pipec_runtime::reject as reasons;

use super::code::{Code, Statement, Value, one_line};
use super::expr::{Binding, Lowered, Lowering, reject};
use super::join::{self, Lookup};
use super::names::identifier;
use super::rows;
use super::types::{self, Held, borrowed, held_type, shape};
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Otherwise, StepKind, Transform, WayStep};

/// What the steps of a transform ask of the function around it.
#[derive(Debug, Default)]
pub struct Asked {
    /// What its `dedupe`s are remembered under, and for how long, seconds.
    pub dedupes: Vec<(String, u64)>,
    /// The tables that it looks rows up in.
    pub lookups: Vec<Lookup>,
}

/// A way of rows being lowered: the scopes that are open, the innermost last.
pub struct Flow<'s> {
    /// The innermost scope.
    pub lowering: Lowering<'s>,
    /// The scopes around it, the outermost first.
    pub around: Vec<Around>,
    /// What is asked of the function.
    pub asked: Asked,
    /// The number of the function's first table that is this transform's.
    pub first_table: usize,
}

/// A scope that goes through several rows.
pub struct Around {
    /// What is done before.
    pub statements: Vec<Statement>,
    /// What it goes through.
    pub items: Code,
    /// What each item is called: one name, or those of a pair.
    pub names: Vec<String>,
}

impl Flow<'_> {
    /// Opens a scope: what follows is done for each of these items.
    pub fn open(&mut self, items: Code, names: Vec<String>) {
        let statements = std::mem::take(&mut self.lowering.statements);
        self.around.push(Around {
            statements,
            items,
            names,
        });
    }

    /// Lends what columns own, so that each of several rows can have it.
    pub fn lend(&mut self) {
        for binding in self.lowering.columns.values_mut() {
            if matches!(binding.held, Held::Owned | Held::Hex) {
                let lent = borrowed(
                    &Code::name(&binding.name),
                    shape(&binding.kind),
                    binding.held,
                    binding.optional,
                );
                self.lowering.statements.push(Statement::Let {
                    name: binding.name.clone(),
                    ty: None,
                    value: Value::Code(lent),
                });
                binding.held = Held::Borrowed;
            }
        }
    }
}

/// Lowers a step.
pub fn lower_step(flow: &mut Flow, way: &WayStep, transform: &Transform) {
    let step = way.step;
    let text = one_line(&step.text);
    let lowering = &mut flow.lowering;
    lowering.statements.push(Statement::Comment(text));
    match &step.kind {
        StepKind::Filter(condition) => {
            let kept = lowering.condition(condition);
            let name = lowering.names.fresh("kept");
            let_code(lowering, &name, kept);
            leave_out(lowering, Code::unary("!", &Code::name(&name)));
        }
        StepKind::Derive(derived) => {
            for (column, expr) in derived {
                derive(lowering, column, expr);
            }
        }
        StepKind::Select(selected) => select(lowering, selected),
        StepKind::Drop(_) => {}
        StepKind::Rename(pairs) => {
            let moved: Vec<_> = pairs
                .iter()
                .filter_map(|(old, new)| Some((new.clone(), lowering.columns.remove(old)?)))
                .collect();
            lowering.columns.extend(moved);
        }
        StepKind::Expect {
            name,
            condition,
            otherwise,
        } => expect(lowering, name, condition, *otherwise),
        StepKind::Dedupe {
            keys, within_seconds, ..
        } => rows::dedupe(flow, way, transform, keys, within_seconds.unwrap_or_default()),
        StepKind::Explode { outer, list, column } => rows::explode(flow, *outer, list, column),
        StepKind::Unpivot { columns, name, value } => rows::unpivot(flow, columns, name, value),
        StepKind::Union { .. } => rows::align(flow, &step.columns),
        StepKind::Join(join) => join::join(flow, join),
        // What becomes of the rows is for whoever writes them.
        StepKind::Route { .. } => {}
        StepKind::Group { .. }
        | StepKind::Window { .. }
        | StepKind::Session { .. }
        | StepKind::Pivot { .. }
        | StepKind::Sort(_)
        | StepKind::Take(_)
        | StepKind::Run(_) => unreachable!("a function has no such step"),
    }
    let stays = |name: &String| {
        step.columns
            .iter()
            .chain(&step.joined)
            .any(|column| column.name == *name)
    };
    flow.lowering.columns.retain(|name, _| stays(name));
}

/// Ends a row where a condition holds.
pub fn leave_out(lowering: &mut Lowering, condition: Code) {
    let body = vec![Code::plain("return Ok(())")];
    lowering.statements.push(Statement::If(condition, body));
}

/// A variable of this value.
pub fn let_code(lowering: &mut Lowering, name: &str, code: Code) {
    let value = Value::Code(code);
    lowering.statements.push(Statement::Let {
        name: name.to_owned(),
        ty: None,
        value,
    });
}

/// A variable for a column: its own name, unless another column still stands in a variable of that name.
fn variable(lowering: &mut Lowering, column: &str) -> String {
    let name = identifier(column);
    let mut owners = lowering.columns.iter().filter(|(_, binding)| binding.name == name);
    let mine = owners.next().is_some_and(|(owner, _)| owner == column) && owners.next().is_none();
    if mine { name } else { lowering.names.fresh(column) }
}

fn derive(lowering: &mut Lowering, column: &Column, expr: &Expr) {
    let lowered = lowering.owned(expr);
    let name = variable(lowering, &column.name);
    let binding = bind(lowering, name, column, lowered);
    lowering.columns.insert(column.name.clone(), binding);
}

/// Puts the value of a column into a variable of this name.
pub fn bind(lowering: &mut Lowering, name: String, column: &Column, lowered: Lowered) -> Binding {
    let Lowered {
        held, optional, value, ..
    } = lowered;
    let ty = matches!(column.ty.kind, TypeKind::Decimal { .. })
        .then(|| types::optional(held_type(&column.ty.kind, held, "", &lowering.shared.structs), optional));
    lowering.statements.push(Statement::Let {
        name: name.clone(),
        ty,
        value,
    });
    Binding {
        name,
        held,
        optional,
        kind: column.ty.kind.clone(),
    }
}

/// Each sees the columns before the step, so none takes a variable that another may still read.
fn select(lowering: &mut Lowering, selected: &[(Column, Expr)]) {
    let mut after = BTreeMap::new();
    for (column, expr) in selected {
        if let ExprKind::Column(from) = &expr.kind
            && let Some(binding) = lowering.columns.get(from)
            && (binding.held != Held::Owned || *from == column.name)
        {
            after.insert(column.name.clone(), binding.clone());
            continue;
        }
        let lowered = lowering.owned(expr);
        let name = lowering.names.fresh(&column.name);
        let binding = bind(lowering, name, column, lowered);
        after.insert(column.name.clone(), binding);
    }
    lowering.columns = after;
}

fn expect(lowering: &mut Lowering, name: &str, condition: &Expr, otherwise: Otherwise) {
    let holds = lowering.condition(condition);
    let variable = lowering.names.fresh(name);
    let_code(lowering, &variable, holds);
    let broken = Code::unary("!", &Code::name(&variable));
    let out = Code::name("out");
    let reason = reasons::expect(name, &condition.text);
    let mut body = vec![Code::method(&out, "unexpected", &[Code::text(name)])];
    match otherwise {
        Otherwise::Drop => body.push(Code::plain("return Ok(())")),
        Otherwise::Warn => {}
        Otherwise::Quarantine => body.push(Code::leave(&reject("rule", &reason))),
        Otherwise::Fail => {
            body.push(Code::method(&out, "fail", &[Code::text(&reason)]));
            body.push(Code::plain("return Ok(())"));
        }
    }
    lowering.statements.push(Statement::If(broken, body));
}
