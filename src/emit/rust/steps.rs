//! A transform's file in a generated function: the steps as plain code, and the row that comes of them.

use std::collections::{BTreeMap, BTreeSet};

use pipec_runtime::reject as reasons;

use super::code::{
    Code, Statement, Value, call_lines, documentation, item, one_line, print_statements, quoted, without_unused,
};
use super::expr::{Binding, Lowered, Lowering, reject};
use super::names::{Names, identifier};
use super::schema::read_field;
use super::types::{self, Held, held, held_type};
use super::{Crate, header, used_items};
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Dataset, Otherwise, Plan, StepKind, Transform};

/// A transform's file.
pub struct File {
    /// Its text.
    pub text: String,
    /// Whether a pseudonym is made.
    pub uses_key: bool,
}

/// The file of a transform.
pub fn file(plan: &Plan, krate: &Crate, transform: &Transform) -> File {
    let mut names = Names::new(["record", "key", "out", "row"]);
    let mut columns = BTreeMap::new();
    let mut statements = Vec::new();
    for field in &krate.function.source.schema.fields {
        let column = &field.column;
        let optional = column.ty.optional && field.default.is_none();
        let name = names.fresh(&column.name);
        let value = read_field("record", &column.name, &column.ty.kind, optional);
        statements.push(Statement::Let {
            name: name.clone(),
            ty: None,
            value: Value::Code(value),
        });
        columns.insert(
            column.name.clone(),
            Binding {
                name,
                held: held(&column.ty.kind),
                optional,
                kind: column.ty.kind.clone(),
            },
        );
    }
    let mut lowering = Lowering::new(statements, columns, names, &krate.shared);
    for step in &transform.steps {
        lowering.statements.push(Statement::Comment(one_line(&step.text)));
        lower_step(&mut lowering, &step.kind, &step.columns);
    }
    let target = Written {
        transform,
        dataset: plan.dataset(transform.dataset()),
    };
    written(krate, &target, lowering)
}

/// What a transform writes.
struct Written<'a> {
    transform: &'a Transform,
    dataset: &'a Dataset,
}

fn lower_step(lowering: &mut Lowering, step: &StepKind, after: &[Column]) {
    match step {
        StepKind::Filter(condition) => {
            let kept = lowering.condition(condition);
            let name = lowering.names.fresh("kept");
            let_code(lowering, &name, kept);
            let left_out = Code::unary("!", &Code::name(&name));
            lowering
                .statements
                .push(Statement::If(left_out, vec![Code::plain("return Ok(())")]));
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
        // Steps of tables are not given to a function.
        StepKind::Dedupe { .. } | StepKind::Group { .. } => unreachable!("a function has no such step"),
        _ => crate::plan::refused(),
    }
    lowering
        .columns
        .retain(|name, _| after.iter().any(|column| column.name == *name));
}

fn let_code(lowering: &mut Lowering, name: &str, code: Code) {
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

fn bind(lowering: &mut Lowering, name: String, column: &Column, lowered: Lowered) -> Binding {
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
    let mut body = vec![Code::method(&Code::name("out"), "unexpected", &[Code::text(name)])];
    match otherwise {
        Otherwise::Drop => body.push(Code::plain("return Ok(())")),
        Otherwise::Warn => {}
        // A stream has no run that could fail: such a row is turned away.
        Otherwise::Quarantine | Otherwise::Fail => {
            body.push(Code::leave(&reject("rule", &reasons::expect(name, &condition.text))));
        }
    }
    lowering.statements.push(Statement::If(broken, body));
}

fn written(krate: &Crate, target: &Written, lowering: Lowering) -> File {
    let columns = &target.dataset.columns;
    let kept: Vec<_> = columns
        .iter()
        .filter_map(|column| Some((column, lowering.columns.get(&column.name)?.clone())))
        .collect();
    let mut live: BTreeSet<_> = kept.iter().map(|(_, binding)| binding.name.clone()).collect();
    let statements = without_unused(lowering.statements, &mut live);
    let uses_key = live.contains("key");
    let row = row(krate, target, &kept);
    let statics = lowering.statics.print(&mut live);
    let mut used = used_items(&live);
    used.extend(live.iter().filter(|name| krate.shared.structs.has(name)).cloned());
    used.extend(row.used);
    used.extend(["Reject", "Out", "Line"].map(str::to_owned));
    let record = krate.record.as_str();
    let mut parameters = vec![match krate.borrows {
        true => format!("record: &{record}<'_>"),
        false => format!("record: &{record}"),
    }];
    if uses_key {
        parameters.push("key: &PseudonymKey".into());
        used.insert("PseudonymKey".into());
    }
    parameters.push("out: &mut Out<'_>".into());
    let mut function = String::from("/// Takes a record, and puts out the rows that come of it.\n");
    let result = " -> Result<(), Reject> {";
    function.push_str(&call_lines("pub fn transform", &parameters, result, 0));
    print_statements(&statements, &mut function, 4);
    let fields: Vec<_> = kept
        .iter()
        .map(|(column, binding)| short_field(&identifier(&column.name), &binding.name))
        .collect();
    function.push_str(&literal(&fields));
    function.push_str("    out.put(0, &row)\n}\n");
    let text = format!(
        "//! `{}`: from a record to rows of `{}`.\n\n{}\n{statics}{}\n{}",
        one_line(&target.transform.name),
        target.dataset.id,
        header(
            &used,
            &krate.shared.structs,
            &[format!("use crate::schema::{record};\n")]
        ),
        item(function),
        row.text,
    );
    File { text, uses_key }
}

fn short_field(field: &str, variable: &str) -> String {
    if field == variable {
        field.to_owned()
    } else {
        format!("{field}: {variable}")
    }
}

/// `let row = Row { … };`, on one line where it fits.
fn literal(fields: &[String]) -> String {
    let line = format!("    let row = Row {{ {} }};\n", fields.join(", "));
    if line.chars().count() <= super::code::WIDTH && !fields.is_empty() {
        return line;
    }
    let lines: String = fields.iter().map(|field| format!("        {field},\n")).collect();
    format!("    let row = Row {{\n{lines}    }};\n")
}

/// The struct of a row, and how it is written.
struct Row {
    text: String,
    used: BTreeSet<String>,
}

fn row(krate: &Crate, target: &Written, kept: &[(&Column, Binding)]) -> Row {
    let borrows = kept.iter().any(|(_, binding)| binding.held == Held::Borrowed);
    let (lifetime, elided) = if borrows { ("<'a>", "<'_>") } else { ("", "") };
    let mut used = BTreeSet::from(["encode".to_owned()]);
    let mut out = format!(
        "/// A row of `{}`.\n#[derive(Clone, Debug)]\npub struct Row{lifetime} {{\n",
        target.dataset.id
    );
    for (column, binding) in kept {
        let ty = held_type(&column.ty.kind, binding.held, "'a ", &krate.shared.structs);
        used.extend(types::mentioned(&ty).map(str::to_owned));
        let ty = types::optional(ty, binding.optional);
        out.push_str(&documentation(column.doc.as_deref().unwrap_or_default(), 4));
        out.push_str(&format!("    pub {}: {ty},\n", identifier(&column.name)));
    }
    out.push_str("}\n");
    let mut write = format!("impl Line for Row{elided} {{\n    fn write(&self, out: &mut Vec<u8>) {{\n");
    write.push_str("        let mut row = encode::Row::new(out);\n");
    for (column, _) in kept {
        let (name, field) = (quoted(&column.name), identifier(&column.name));
        write.push_str(&format!("        row.field({name}, &self.{field});\n"));
    }
    write.push_str("        row.end();\n    }\n}\n");
    let text = format!("{}\n{}", item(out), item(write));
    Row { text, used }
}
