//! A transform's file in a generated function: its steps for rows of one source, and the rows that come of them.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{
    Block, Code, Statement, Value, call_lines, documentation, item, one_line, print_statements, quoted, without_unused,
};
use super::expr::{Binding, Lowering, Shared};
use super::names::{Names, identifier};
use super::schema::read_field;
use super::steps::{Around, Asked, Flow, lower_step};
use super::types::{self, Held, held, held_type};
use super::{header, join, schema, used_items};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Format, Plan, Source, StepKind, Target, To, Way};

/// A transform's file.
pub struct File {
    /// Its text.
    pub text: String,
    /// Whether a pseudonym is made.
    pub uses_key: bool,
    /// Whether a param is asked for.
    pub uses_params: bool,
    /// Whether the record's arrival is read.
    pub uses_arrival: bool,
    /// What is asked of the function.
    pub asked: Asked,
}

/// What a transform's file takes its rows from, and to where it puts them.
pub struct Origin<'o> {
    /// The type of the records, and the module that has it.
    pub record: &'o str,
    pub module: &'o str,
    /// Their fields.
    pub source: &'o Source,
    /// What the files of the function share.
    pub shared: &'o Shared,
    /// Whether a script takes the rows, with all of their columns.
    pub to_script: bool,
}

/// The file of a transform for rows that come by one way; `asked` is what other ways to it asked for.
pub fn file(plan: &Plan, origin: &Origin, way: &Way, asked: Asked, first_table: usize) -> File {
    let mut flow = Flow {
        lowering: start(origin),
        around: Vec::new(),
        asked,
        first_table,
    };
    for step in &way.steps {
        lower_step(&mut flow, step, way.transform);
    }
    let columns = match &way.transform.target {
        _ if origin.to_script => flow_columns(way, origin),
        Some(Target::Dataset(id)) => plan.dataset(id).columns.to_vec(),
        _ => flow_columns(way, origin),
    };
    let kept: Vec<_> = columns
        .iter()
        .filter_map(|column| Some((column.clone(), flow.lowering.columns.get(&column.name)?.clone())))
        .collect();
    written(plan, origin, way, flow, kept)
}

/// The record's columns, each in a variable.
fn start<'k>(origin: &Origin<'k>) -> Lowering<'k> {
    let mut names = Names::new(["arrival", "record", "key", "params", "out", "row"]);
    let mut columns = BTreeMap::new();
    let mut statements = Vec::new();
    let mut put = |name: String, column: &str, value: Code, kind: &TypeKind, optional: bool| {
        statements.push(Statement::Let {
            name: name.clone(),
            ty: None,
            value: Value::Code(value),
        });
        let binding = Binding {
            name,
            held: held(kind),
            optional,
            kind: kind.clone(),
        };
        columns.insert(column.to_owned(), binding);
    };
    let arrival = Code::name("arrival");
    let (arrived, seq) = (names.fresh("arrived"), names.fresh("seq"));
    put(
        arrived,
        "_arrived",
        arrival.field("arrived"),
        &TypeKind::Timestamp,
        false,
    );
    put(
        seq,
        "_seq",
        Code::unary("&*", &arrival.field("seq")),
        &TypeKind::Text,
        false,
    );
    for field in &origin.source.schema.fields {
        let column = &field.column;
        let optional = column.ty.optional && field.default.is_none();
        let value = read_field("record", &column.name, &column.ty.kind, optional);
        put(
            names.fresh(&column.name),
            &column.name,
            value,
            &column.ty.kind,
            optional,
        );
    }
    Lowering::new(statements, columns, names, origin.shared)
}

fn flow_columns(way: &Way, origin: &Origin) -> Vec<Column> {
    match way.steps.last() {
        Some(last) => last.step.columns.to_vec(),
        None => {
            let fields = origin.source.schema.fields.iter();
            fields.map(|field| field.column.clone()).collect()
        }
    }
}

/// What is done with the row at the end: it is put out, to where it belongs.
fn put_out(plan: &Plan, flow: &mut Flow, (way, origin): (&Way, &Origin), kept: &[(Column, Binding)]) -> Code {
    let deliveries = way.transform.deliveries();
    let number = |target: &Target| {
        deliveries
            .iter()
            .position(|(other, _)| *other == target)
            .unwrap_or_default()
    };
    let put = |number: usize| {
        let row = Code::unary("&", &Code::name("row"));
        let place = Code::number(number as i128);
        let limit = deliveries.get(number).and_then(|(target, _)| limit(plan, target));
        match limit {
            Some(limit) => Code::method(
                &Code::name("out"),
                "send",
                &[place, Code::unary("&", &Code::path(&format!("sinks::{limit}"))), row],
            ),
            None => {
                let form = deliveries.get(number).map_or("Hive", |(target, _)| form(plan, target));
                let form = Code::path(&format!("encode::Form::{form}"));
                Code::method(&Code::name("out"), "put", &[place, form, row])
            }
        }
    };
    let row = |flow: &mut Flow, kept: &[(Column, Binding)]| {
        let fields = kept
            .iter()
            .map(|(column, binding)| (identifier(&column.name), Code::name(&binding.name)));
        flow.lowering.statements.push(Statement::Let {
            name: "row".into(),
            ty: None,
            value: Value::Fields(Box::new((Code::plain("Row"), fields.collect()))),
        });
    };
    row(flow, kept);
    if origin.to_script {
        let row = Code::unary("&", &Code::name("row"));
        return Code::method(&Code::name("out"), "ask", &[row]);
    }
    let Some(StepKind::Route { branches, otherwise }) = way.steps.last().map(|last| &last.step.kind) else {
        return put(0);
    };
    for (condition, target) in branches {
        let holds = flow.lowering.condition(condition);
        let leave = Code::wrapped("return ", &put(number(target)), "");
        flow.lowering.statements.push(Statement::If(holds, vec![leave]));
    }
    match otherwise {
        Some(target) => put(number(target)),
        None => Code::plain("Ok(())"),
    }
}

/// How rows are written that Firehose brings to a dataset.
fn form(plan: &Plan, target: &Target) -> &'static str {
    match target {
        Target::Dataset(id) if plan.dataset(id).format == Format::Iceberg => "Iceberg",
        Target::Dataset(_) | Target::Sink(_) => "Hive",
    }
}

/// The largest row that a sink takes, by its name in the function's own library; none for datasets.
fn limit(plan: &Plan, target: &Target) -> Option<&'static str> {
    let Target::Sink(name) = target else { return None };
    Some(match plan.sink(name).map(|sink| &sink.to) {
        Some(To::Bus { .. } | To::Topic { .. } | To::Queue { .. }) => "MESSAGE",
        Some(To::Stream(_)) => "RECORD",
        Some(To::Items { .. }) => "ITEM",
        Some(To::Index { .. } | To::Postgres(_) | To::Redshift(_)) | None => "DOCUMENT",
    })
}

fn written(plan: &Plan, origin: &Origin, way: &Way, mut flow: Flow, mut kept: Vec<(Column, Binding)>) -> File {
    if matches!(
        way.steps.last().map(|last| &last.step.kind),
        Some(StepKind::Route { .. })
    ) {
        // The conditions are asked once the row is made of the columns.
        flow.lend();
        for (_, binding) in &mut kept {
            if matches!(binding.held, Held::Owned | Held::Hex) {
                binding.held = Held::Borrowed;
            }
        }
    }
    let end = put_out(plan, &mut flow, (way, origin), &kept);
    let statics = std::mem::take(&mut flow.lowering.statics);
    let mut mentioned = BTreeSet::new();
    let (statements, end) = folded(flow.around, flow.lowering.statements, end, &mut mentioned);
    let (uses_key, uses_arrival) = (mentioned.contains("key"), mentioned.contains("arrival"));
    let uses_params = mentioned.contains("params");
    let row = row(origin, way, &kept);
    let statics = statics.print(&mut mentioned);
    let mut functions = String::new();
    for lookup in &flow.asked.lookups {
        let (function, mentions) = join::key_function(lookup, origin.shared);
        functions.push_str(&format!("\n{function}"));
        mentioned.extend(mentions);
    }
    let mut used = used_items(&mentioned);
    used.extend(mentioned.iter().filter(|name| origin.shared.structs.has(name)).cloned());
    used.extend(row.used);
    used.extend(["Reject", "Out", "Line"].map(str::to_owned));
    used.extend(uses_key.then(|| "PseudonymKey".to_owned()));
    used.extend(uses_params.then(|| "Params".to_owned()));
    used.extend(uses_arrival.then(|| "Record".to_owned()));
    if !flow.asked.lookups.is_empty() {
        used.extend(["Key", "Received"].map(str::to_owned));
    }
    let function = function(origin, &mentioned, &statements, &end);
    let mut more = vec![format!("use crate::{}::{};\n", origin.module, origin.record)];
    let tables: BTreeSet<_> = flow.asked.lookups.iter().map(|lookup| &lookup.table).collect();
    more.extend(tables.iter().map(|table| {
        format!(
            "use crate::tables::{}::{};\n",
            join::module(table),
            join::row_type(table)
        )
    }));
    let text = format!(
        "//! `{}`: from a record to rows of `{}`.\n\n{}\n{statics}{}{functions}\n{}",
        one_line(&way.transform.name),
        targets(way, origin),
        header(&used, &origin.shared.structs, &more),
        item(function),
        row.text,
    );
    File {
        text,
        uses_key,
        uses_params,
        uses_arrival,
        asked: flow.asked,
    }
}

fn targets(way: &Way, origin: &Origin) -> String {
    if origin.to_script {
        let script = way.transform.script().and_then(|run| run.path.as_deref());
        return one_line(script.unwrap_or_default());
    }
    let name = |target: &&Target| match target {
        Target::Dataset(id) => id.to_string(),
        Target::Sink(sink) => sink.clone(),
    };
    let names: Vec<_> = way
        .transform
        .deliveries()
        .iter()
        .map(|(target, _)| name(target))
        .collect();
    names.join("`, `")
}

fn function(origin: &Origin, mentioned: &BTreeSet<String>, statements: &[Statement], end: &Code) -> String {
    let record = origin.record;
    let name = if mentioned.contains("record") {
        "record"
    } else {
        "_record"
    };
    let mut parameters = vec![match schema::borrows(origin.source) {
        true => format!("{name}: &{record}<'_>"),
        false => format!("{name}: &{record}"),
    }];
    if mentioned.contains("arrival") {
        parameters.push("arrival: &Record".into());
    }
    if mentioned.contains("key") {
        parameters.push("key: &PseudonymKey".into());
    }
    if mentioned.contains("params") {
        parameters.push("params: &Params".into());
    }
    parameters.push("out: &mut Out<'_>".into());
    let mut function = String::from("/// Takes a record, and puts out the rows that come of it.\n");
    let result = " -> Result<(), Reject> {";
    function.push_str(&call_lines("pub fn transform", &parameters, result, 0));
    print_statements(statements, &mut function, 4);
    function.push_str(&format!("    {}\n}}\n", end.as_str()));
    function
}

/// The scopes as one list of statements, without what nothing reads, and what it ends with.
fn folded(
    around: Vec<Around>,
    innermost: Vec<Statement>,
    end: Code,
    mentioned: &mut BTreeSet<String>,
) -> (Vec<Statement>, Code) {
    let mut end = end;
    let mut statements = innermost;
    let places = failing(&around, &statements);
    let mut left = places;
    for scope in around.into_iter().rev() {
        let mut live = end.uses.clone();
        let body = without_unused(statements, &mut live);
        mentioned.extend(live);
        let body = placed(body, places, &mut left);
        let free = free_names(&body, &end);
        let names: Vec<_> = scope
            .names
            .iter()
            .map(|name| if free.contains(name) { name.as_str() } else { "_" })
            .collect();
        let pattern = match names.as_slice() {
            [name] => (*name).to_owned(),
            names => format!("({})", names.join(", ")),
        };
        let head = Code::wrapped(&format!("for {pattern} in "), &scope.items, "");
        statements = scope.statements;
        statements.push(Statement::Each {
            head,
            bound: scope.names,
            body,
            end,
        });
        end = Code::plain("Ok(())");
    }
    let mut live = end.uses.clone();
    let statements = without_unused(statements, &mut live);
    mentioned.extend(live);
    (statements, end)
}

fn turns_away(statement: &Statement) -> bool {
    match statement {
        Statement::Let { value, .. } => value.fails(),
        Statement::If(_, body) => body.iter().any(|code| code.fails),
        _ => false,
    }
}

/// In how many places rows may be turned away that others stand beside.
fn failing(around: &[Around], innermost: &[Statement]) -> u32 {
    let inside = around.iter().skip(1).flat_map(|scope| &scope.statements);
    let inside = inside.chain(innermost).filter(|statement| turns_away(statement));
    if around.is_empty() { 0 } else { inside.count() as u32 }
}

/// Says before each place where a row may be turned away how far it is, where there are several; from the last to the
/// first.
fn placed(body: Vec<Statement>, places: u32, left: &mut u32) -> Vec<Statement> {
    if places < 2 {
        return body;
    }
    let mut out = Vec::new();
    for statement in body.into_iter().rev() {
        let turns_away = turns_away(&statement);
        out.push(statement);
        if turns_away {
            let place = Code::number(i128::from(*left));
            out.push(Statement::Do(Code::method(&Code::name("out"), "at", &[place])));
            *left = left.saturating_sub(1);
        }
    }
    out.reverse();
    out
}

/// What statements read that they do not make.
fn free_names(body: &[Statement], end: &Code) -> BTreeSet<String> {
    let mut free = end.uses.clone();
    for statement in body.iter().rev() {
        if let Statement::Let { name, .. } = statement {
            free.remove(name);
        }
        let one = Block {
            statements: vec![statement.clone()],
            value: Value::Code(Code::plain("")),
        };
        one.mention(&mut free);
    }
    free
}

/// The struct of a row, and how it is written.
struct Row {
    text: String,
    used: BTreeSet<String>,
}

fn row(origin: &Origin, way: &Way, kept: &[(Column, Binding)]) -> Row {
    let borrows = kept.iter().any(|(_, binding)| binding.held == Held::Borrowed);
    let (lifetime, elided) = if borrows { ("<'a>", "<'_>") } else { ("", "") };
    let mut used = BTreeSet::from(["encode".to_owned()]);
    let mut out = format!(
        "/// A row of `{}`.\n#[derive(Clone, Debug)]\npub struct Row{lifetime} {{\n",
        targets(way, origin)
    );
    for (column, binding) in kept {
        let ty = held_type(&column.ty.kind, binding.held, "'a ", &origin.shared.structs);
        used.extend(types::mentioned(&ty).map(str::to_owned));
        let ty = types::optional(ty, binding.optional);
        out.push_str(&documentation(column.doc.as_deref().unwrap_or_default(), 4));
        out.push_str(&format!("    pub {}: {ty},\n", identifier(&column.name)));
    }
    out.push_str("}\n");
    let mut write = format!("impl Line for Row{elided} {{\n");
    write.push_str("    fn write(&self, form: encode::Form, out: &mut Vec<u8>) {\n");
    write.push_str("        let mut row = encode::Row::new(form, out);\n");
    for (column, _) in kept {
        let (name, field) = (quoted(&column.name), identifier(&column.name));
        write.push_str(&format!("        row.field({name}, &self.{field});\n"));
    }
    write.push_str("        row.end();\n    }\n}\n");
    let text = format!("{}\n{}", item(out), item(write));
    Row { text, used }
}
