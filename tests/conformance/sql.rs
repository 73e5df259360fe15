//! Athena's SQL on Trino itself, the engine behind it: rows as `VALUES`, and what comes of a query.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipec::emit::sql::{self, Part, Query, Rows, identifier, type_name, typed};
use pipec::local::test::Came;
use pipec::plan::expr::Literal;
use pipec::plan::types::{Column, Type, TypeKind};
use pipec::plan::{Input, Plan, Test};
use pipec_runtime::types::{Date, Timestamp, decimal};
use serde_json::Value;

/// Reads queries as two dialects.
const PARSE: &str = include_str!("parse_sql.py");

/// The tool that a variable leads to.
fn tool(variable: &str, instead: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| instead.to_owned())
}

/// What comes of each test's transform as a query; what fails says why.
pub fn run(plan: &Plan) -> Vec<Result<Came, String>> {
    let queries: Vec<Query> = plan.tests.iter().map(|test| query(plan, test)).collect();
    let texts: Vec<String> = queries.iter().map(ToString::to_string).collect();
    parsed(&texts);
    let given = plan
        .tests
        .iter()
        .zip(queries)
        .map(|(test, query)| with_rows(plan, test, query));
    let queries: Vec<String> = given.map(|query| query.to_string()).collect();
    let answers = on_trino(&queries);
    let columns = plan.tests.iter().map(|test| {
        let transform = plan.transform(&test.transform).expect("the transform of the test");
        transform
            .steps
            .last()
            .map_or(&transform.input_columns, |step| &step.columns)
    });
    answers
        .into_iter()
        .zip(columns)
        .map(|(answer, columns)| came(&answer, columns))
        .collect()
}

/// Panics where sqlglot does not read a query.
pub fn parsed(queries: &[String]) {
    let python = tool("PIPEC_PYTHON", "python3");
    let wrong = fed(Command::new(python).args(["-c", PARSE]), queries);
    assert!(
        wrong.trim().is_empty(),
        "sqlglot does not read some queries:\n{}",
        wrong.chars().take(6000).collect::<String>()
    );
}

/// One Trino serves all queries of a run: it takes longer to start than most of them.
static TRINO: Mutex<Option<Trino>> = Mutex::new(None);

struct Trino {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Trino {
    fn start() -> Trino {
        let folder = PathBuf::from(tool("PIPEC_TRINO", ".cache/trino"));
        let java = PathBuf::from(tool("JAVA_HOME", ".cache/jdk")).join("bin/java");
        let classes = format!(
            "{}:{}/*",
            folder.join("classes").display(),
            folder.join("jars").display()
        );
        let mut running = Command::new(java)
            .args(["-Xmx3g", "-Xss16m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .args(["-cp", &classes, "RunQueries"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Trino");
        Trino {
            input: running.stdin.take().expect("its input"),
            output: BufReader::new(running.stdout.take().expect("its output")),
            process: running,
        }
    }

    fn answer(&mut self, query: &str) -> Value {
        writeln!(self.input, "{}", STANDARD.encode(query)).expect("Trino listens");
        let mut line = String::new();
        if self.output.read_line(&mut line).expect("an answer") == 0 {
            panic!("Trino ended: {:?}\n{query}", self.process.wait());
        }
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}\n{query}"))
    }
}

fn on_trino(queries: &[String]) -> Vec<Value> {
    let mut trino = TRINO.lock().expect("one run at a time");
    let trino = trino.get_or_insert_with(Trino::start);
    queries.iter().map(|query| trino.answer(query)).collect()
}

/// What a program says that is fed with a query a line.
fn fed(command: &mut Command, queries: &[String]) -> String {
    let mut running = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a program that runs queries");
    let mut input = running.stdin.take().expect("its input");
    let lines: String = queries.iter().map(|query| STANDARD.encode(query) + "\n").collect();
    let feeder = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = running.wait_with_output().expect("its output");
    let _ = feeder.join();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A test's transform as a query.
fn query(plan: &Plan, test: &Test) -> Query {
    let transform = plan.transform(&test.transform).expect("the transform of the test");
    sql::of_transform(plan, transform, &|input| vec![given_name(input)])
}

/// A query that brings the rows it reads along.
fn with_rows(plan: &Plan, test: &Test, mut query: Query) -> Query {
    let transform = plan.transform(&test.transform).expect("the transform of the test");
    let text = query.to_string();
    // Trino takes long to plan values that nobody asks for.
    let mut rest = query.clone();
    rest.with.retain(|part| !part.rows.to_string().contains("FROM _given_"));
    let rest = rest.to_string();
    let is_used = |column: &Column| rest.contains(&identifier(&column.name));
    let given = test.given.iter().map(|given| {
        let columns = match &given.input {
            Input::Table(id) => plan.dataset(id).columns.to_vec(),
            _ => transform.input_columns.to_vec(),
        };
        Part {
            name: given_name(&given.input),
            comment: String::new(),
            rows: Rows::Written(values(&columns, &given.rows, &is_used)),
        }
    });
    let read: Vec<Part> = given.filter(|part| text.contains(&part.name)).collect();
    query.with.splice(0..0, read);
    query
}

fn given_name(input: &Input) -> String {
    match input {
        Input::Table(id) => format!("_given_{}_{}", id.zone, id.name),
        Input::Stream(name) | Input::View(name) => format!("_given_{name}"),
    }
}

/// Rows as a query; columns that are not used are missing.
fn values(columns: &[Column], rows: &[Vec<Literal>], is_used: &dyn Fn(&Column) -> bool) -> String {
    let cast = |column: &Column| {
        let name = identifier(&column.name);
        let value = if is_used(column) {
            name.clone()
        } else {
            "NULL".to_owned()
        };
        format!("CAST({value} AS {}) AS {name}", type_name(&column.ty.kind))
    };
    let casts: Vec<String> = columns.iter().map(cast).collect();
    let used: Vec<(usize, &Column)> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| is_used(column))
        .collect();
    let names: Vec<String> = used.iter().map(|(_, column)| identifier(&column.name)).collect();
    let row = |row: &Vec<Literal>| {
        let cells = used
            .iter()
            .map(|(at, column)| typed(&row[*at], &column.ty.kind).to_string());
        let cells: Vec<String> = std::iter::once("0".to_owned()).chain(cells).collect();
        format!("({})", cells.join(", "))
    };
    let nothing = vec![Literal::Null; columns.len()];
    let (rows, none) = match rows.is_empty() {
        true => (row(&nothing), " WHERE FALSE"),
        false => (rows.iter().map(row).collect::<Vec<_>>().join(", "), ""),
    };
    let names: Vec<String> = std::iter::once("_row".to_owned()).chain(names).collect();
    format!(
        "SELECT {} FROM (VALUES {rows}) AS _t ({}){none}",
        casts.join(", "),
        names.join(", ")
    )
}

fn came(answer: &Value, columns: &[Column]) -> Result<Came, String> {
    if let Some(error) = answer.get("error") {
        return Err(error.as_str().unwrap_or_default().to_owned());
    }
    let rows = answer["rows"].as_array().cloned().unwrap_or_default();
    let row = |row: &Value| {
        let cells = row.as_array().cloned().unwrap_or_default();
        cells
            .iter()
            .zip(columns)
            .map(|(cell, column)| literal(cell, &column.ty))
            .collect()
    };
    Ok(Came {
        rows: rows.iter().map(row).collect(),
        reasons: Vec::new(),
    })
}

/// What Trino answers, as a value of a type.
fn literal(value: &Value, ty: &Type) -> Literal {
    let text = || value.as_str().unwrap_or_default().to_owned();
    if value.is_null() {
        return Literal::Null;
    }
    match &ty.kind {
        TypeKind::Bool => Literal::Bool(value == &Value::Bool(true)),
        TypeKind::Int => Literal::Int(text().parse().unwrap_or_else(|_| panic!("{value}"))),
        TypeKind::Duration => Literal::Duration(text().parse().unwrap_or_else(|_| panic!("{value}"))),
        TypeKind::Float => Literal::Float(match text().as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            other => other.parse().unwrap_or_else(|_| panic!("{value}")),
        }),
        TypeKind::Decimal { precision, scale } => Literal::Decimal {
            unscaled: decimal::parse(&text(), *precision, *scale).unwrap_or_else(|| panic!("{value} is no {ty}")),
            scale: *scale,
        },
        TypeKind::Text | TypeKind::Enum { .. } => Literal::Text(text()),
        TypeKind::Uuid => Literal::Uuid(text()),
        TypeKind::Json => Literal::Json(text()),
        TypeKind::Date => Literal::Date(Date::parse(&text()).unwrap_or_else(|| panic!("{value}")).0),
        TypeKind::Timestamp => {
            let text = text().replacen(' ', "T", 1) + "Z";
            Literal::Timestamp(Timestamp::parse(&text).unwrap_or_else(|| panic!("{value}")).0)
        }
        TypeKind::Bytes => {
            let digits: Vec<u8> = text().bytes().filter(u8::is_ascii_hexdigit).collect();
            let byte = |pair: &[u8]| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).unwrap_or(0);
            Literal::Bytes(digits.chunks(2).map(byte).collect())
        }
        TypeKind::List(item) => {
            let items = value.as_array().cloned().unwrap_or_default();
            Literal::List(items.iter().map(|value| literal(value, item)).collect())
        }
        TypeKind::Map(held) => {
            let entries = value.as_object().cloned().unwrap_or_default();
            let mut entries: Vec<(String, Literal)> = entries
                .into_iter()
                .map(|(key, value)| (key, literal(&value, held)))
                .collect();
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            Literal::Map(entries)
        }
        TypeKind::Struct(fields) => {
            let values = value.as_array().cloned().unwrap_or_default();
            let of = |(field, value): (&Column, &Value)| (field.name.clone(), literal(value, &field.ty));
            Literal::Struct(fields.iter().zip(&values).map(of).collect())
        }
        TypeKind::Object | TypeKind::Null | TypeKind::Never | TypeKind::Error => Literal::Null,
    }
}
