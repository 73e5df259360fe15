//! `join` with a table: its rows are held whole, found by what must be equal, and asked whether they match.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Code, Statement, item, print_statements, without_unused};
use super::expr::{Binding, Lowering, Shared};
use super::names::{Names, upper_camel};
use super::params::Asked;
use super::schema::read_field;
use super::steps::{Flow, leave_out, let_code};
use super::types::held;
use crate::plan::expr::Expr;
use crate::plan::types::Column;
use crate::plan::{DatasetId, Field, Input, Join, JoinKind, Plan, Schema, Shape, Source, Writer};

/// A table that a transform looks rows up in.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The table.
    pub table: DatasetId,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The name of the function that says what a row is found by.
    pub key: String,
    /// What a row is found by.
    by: Vec<Expr>,
    alias: String,
}

/// The type of a table's rows.
pub fn row_type(table: &DatasetId) -> String {
    upper_camel(&format!("{}_{}_row", table.zone, table.name))
}

/// The module of a table's rows.
pub fn module(table: &DatasetId) -> String {
    super::names::identifier(&format!("{}_{}", table.zone, table.name))
}

/// The source that landed what a table holds.
pub fn source_of<'p>(plan: &'p Plan, table: &DatasetId) -> Option<&'p Source> {
    match &plan.dataset(table).writer {
        Writer::Source(name) => plan.source(name),
        Writer::Transform(_) | Writer::Import(_) => None,
    }
}

/// A table's rows as records of the source that landed them, which they are decoded like. Of a snapshot no row is late.
pub fn as_source(plan: &Plan, like: &Source, lookup: &Lookup) -> Source {
    let source = source_of(plan, &lookup.table).unwrap_or(like);
    let field = |column: &Column| {
        let known = source
            .schema
            .fields
            .iter()
            .find(|field| field.column.name == column.name);
        let plain = Field {
            column: column.clone(),
            default: None,
            check: None,
            inner: Vec::new(),
            object: None,
        };
        Field {
            column: Column::new(column.name.clone(), column.ty.clone()),
            ..known.cloned().unwrap_or(plain)
        }
    };
    Source {
        name: lookup.table.to_string(),
        doc: None,
        shape: Shape::Table,
        schema: Schema {
            name: lookup.table.to_string(),
            doc: Some(format!("A row of {}.", lookup.table)),
            fields: lookup.columns.iter().map(field).collect(),
        },
        ..source.clone()
    }
}

/// Lowers a join.
pub fn join(flow: &mut Flow, join: &Join) {
    // Only tables are looked up: the gate refuses the others.
    let Input::Table(table) = &join.other else { return };
    // What rows are found by is known from them alone; the whole condition is asked of each that is found.
    let known = |(_, right): &&(Expr, Expr)| !Asked::by(right, &flow.lowering.shared.own).any();
    let (left, right): (Vec<_>, Vec<_>) = join.equal.iter().filter(known).cloned().unzip();
    let row = row_type(table);
    let key = key(flow, &left);
    let number = flow.first_table + flow.asked.lookups.len();
    let function = format!(
        "key_of_{}",
        super::names::identifier(&join.alias).trim_start_matches("r#")
    );
    flow.asked.lookups.push(Lookup {
        table: table.clone(),
        columns: join.columns.to_vec(),
        key: function,
        by: right,
        alias: join.alias.clone(),
    });
    let found = flow.lowering.names.fresh("found");
    flow.lowering.statements.push(Statement::Gather(found.clone()));
    matching(flow, join, &row, number, &key, &found);
    flow.lend();
    let none = Code::method(&Code::name(&found), "is_empty", &[]);
    match join.kind {
        JoinKind::Semi => leave_out(&mut flow.lowering, none),
        JoinKind::Anti => leave_out(&mut flow.lowering, Code::unary("!", &none)),
        JoinKind::Inner | JoinKind::Left | JoinKind::Full => {
            let optional = join.kind != JoinKind::Inner;
            let other = flow.lowering.names.fresh(&join.alias);
            let rows = Code::unary("&", &Code::name(&found));
            let rows = match optional {
                true => Code::call(&Code::path("logic::or_none"), &[rows]),
                false => rows,
            };
            flow.open(rows, vec![other.clone()]);
            columns(&mut flow.lowering, join, &other, optional);
        }
    }
}

/// The key of a row of the left side, in a variable.
fn key(flow: &mut Flow, left: &[Expr]) -> Code {
    let key = key_of(&mut flow.lowering, left);
    let name = flow.lowering.names.fresh("wanted");
    let_code(&mut flow.lowering, &name, key);
    Code::name(&name)
}

fn key_of(lowering: &mut Lowering, by: &[Expr]) -> Code {
    let mut parts = Vec::new();
    for expr in by {
        let lowered = lowering.lower(expr);
        let mut code = lowering.code(lowered, "value");
        if !code.is_name() {
            let name = lowering.names.fresh("part");
            let_code(lowering, &name, code);
            code = Code::name(&name);
        }
        parts.push(Code::unary("&", &code));
    }
    Code::call(&Code::path("Key::of"), &[Code::array("&", &parts)])
}

/// Gathers the rows that match.
fn matching(flow: &mut Flow, join: &Join, row: &str, number: usize, key: &Code, found: &str) {
    let lowering = &mut flow.lowering;
    let (line, other) = (lowering.names.fresh("line"), lowering.names.fresh("candidate"));
    let outer = std::mem::take(&mut lowering.statements);
    let (before, names) = (lowering.columns.clone(), lowering.names.clone());
    decoded(lowering, row, &line, &other);
    columns(lowering, join, &other, false);
    let holds = lowering.condition(&join.on);
    let name = lowering.names.fresh("matches");
    let_code(lowering, &name, holds);
    let push = Code::method(&Code::name(found), "push", &[Code::name(&other)]);
    lowering.statements.push(Statement::If(Code::name(&name), vec![push]));
    let body = without_unused(std::mem::replace(&mut lowering.statements, outer), &mut BTreeSet::new());
    (lowering.columns, lowering.names) = (before, names);
    let rows = Code::method(
        &Code::method(&Code::name("out"), "table", &[Code::number(number as i128)]),
        "with",
        std::slice::from_ref(key),
    );
    lowering.statements.push(Statement::Nest {
        head: Code::wrapped(&format!("for {line} in "), &rows, ""),
        bound: line,
        body,
    });
}

fn decoded(lowering: &mut Lowering, row: &str, line: &str, name: &str) {
    let received = Code::plain("&mut Received::default()").using("Received");
    let decoded = Code::call(&Code::path(&format!("{row}::decode")), &[Code::name(line), received]).tried();
    let_code(lowering, name, decoded);
}

/// The columns of the other side, each in a variable.
fn columns(lowering: &mut Lowering, join: &Join, other: &str, optional: bool) {
    for column in &join.columns {
        let variable = lowering.names.fresh(&format!("{}_{}", join.alias, column.name));
        let missing = match &join.other {
            Input::Table(table) => may_miss(lowering.shared, table, column),
            Input::Stream(_) | Input::View(_) => column.ty.optional,
        };
        let value = match optional {
            true => maybe(other, column, missing),
            false => read_field(other, &column.name, &column.ty.kind, missing),
        };
        let_code(lowering, &variable, value);
        let binding = Binding {
            name: variable,
            held: held(&column.ty.kind),
            optional: optional || missing,
            kind: column.ty.kind.clone(),
        };
        lowering
            .columns
            .insert(format!("{}.{}", join.alias, column.name), binding);
    }
}

/// Whether a table's rows may have no value in a column.
fn may_miss(shared: &Shared, table: &DatasetId, column: &Column) -> bool {
    column.ty.optional && !shared.filled.contains(&(table.clone(), column.name.clone()))
}

/// A column of a row that may be missing.
fn maybe(other: &str, column: &Column, missing: bool) -> Code {
    let value = read_field("row", &column.name, &column.ty.kind, missing);
    let function = if missing { "and_then" } else { "map" };
    Code::method(&Code::name(other), function, &[Code::closure("row", &["row"], &value)])
}

/// The function that says what a row of the table is found by, and what it mentions.
pub fn key_function(lookup: &Lookup, shared: &Shared) -> (String, BTreeSet<String>) {
    let mut lowering = Lowering::new(Vec::new(), BTreeMap::new(), Names::new(["line", "row"]), shared);
    decoded(&mut lowering, &row_type(&lookup.table), "line", "row");
    let now = Code::plain("Timestamp(0)").using("Timestamp");
    let check = Code::method(&Code::name("row"), "check", &[now]).tried();
    lowering.statements.push(Statement::Do(check));
    for column in &lookup.columns {
        let variable = lowering.names.fresh(&column.name);
        let missing = may_miss(shared, &lookup.table, column);
        let value = read_field("row", &column.name, &column.ty.kind, missing);
        let_code(&mut lowering, &variable, value);
        let binding = Binding {
            name: variable,
            held: held(&column.ty.kind),
            optional: missing,
            kind: column.ty.kind.clone(),
        };
        lowering
            .columns
            .insert(format!("{}.{}", lookup.alias, column.name), binding);
    }
    let key = key_of(&mut lowering, &lookup.by);
    let mut live = key.uses.clone();
    let statements = without_unused(lowering.statements, &mut live);
    let mut out = format!(
        "/// What a row of `{}` is found by.\npub fn {}(line: &[u8]) -> Result<Key, Reject> {{\n",
        lookup.table, lookup.key
    );
    print_statements(&statements, &mut out, 4);
    out.push_str(&format!("    Ok({})\n}}\n", key.as_str()));
    (item(out), live)
}
