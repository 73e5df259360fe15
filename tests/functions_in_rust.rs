//! The examples of every scalar function, as generated Rust computes them: one crate, built once, whose functions take the
//! literals of the examples as arguments, there or missing.

mod library;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use library::with_library;
use pipec::check::functions::{Example, Kind, examples};
use pipec::emit::rust::functions_alone;
use pipec::plan::Function;
use pipec::plan::expr::{Expr, ExprKind, Literal};
use pipec::plan::types::Type;

/// What a run decides has no answer in a function of a stream.
const OF_RUNS: [&str; 2] = ["now", "today"];

/// Functions whose arguments from this place on are known when the project is compiled.
const CONSTANT: &[(&str, usize)] = &[
    ("at_time", 2),
    ("ceil", 1),
    ("date", 1),
    ("day", 1),
    ("decimal", 1),
    ("format", 1),
    ("hour", 1),
    ("json_get", 1),
    ("minute", 1),
    ("month", 1),
    ("parse", 1),
    ("parse_date", 1),
    ("regex_count", 1),
    ("regex_extract", 1),
    ("regex_extract_all", 1),
    ("regex_replace", 1),
    ("regex_split", 1),
    ("round", 1),
    ("text", 1),
    ("time_of_day", 1),
    ("timestamp", 1),
    ("truncate", 1),
    ("year", 1),
    ("zone_offset", 1),
];

/// How the literals of an example reach its function.
#[derive(Clone, Copy, PartialEq)]
enum Given {
    /// They stand in it.
    Inside,
    /// Its arguments, always there.
    There,
    /// Its arguments, which may be missing.
    Perhaps,
}

/// An example as a function of its literals, and these.
fn function(name: String, example: &Expr, given: Given) -> (Function, Vec<(Literal, Type)>) {
    let mut body = example.clone();
    let mut literals = Vec::new();
    if given != Given::Inside {
        lift_literals(&mut body, given, &mut literals);
    }
    let params = literals
        .iter()
        .enumerate()
        .map(|(place, (_, ty))| (format!("a{place}"), ty.clone(), None));
    let function = Function {
        name,
        doc: Some(format!("`{}`", example.text)),
        params: params.collect(),
        returns: Type {
            optional: true,
            ..example.ty.clone()
        },
        body,
        span: pipec::base::Span::new(pipec::base::FileId(0), 0, 0),
    };
    (function, literals)
}

/// Puts columns in the place of literals that need not be known when the project is compiled.
fn lift_literals(expr: &mut Expr, given: Given, literals: &mut Vec<(Literal, Type)>) {
    let constant = match &expr.kind {
        ExprKind::Literal(literal) => {
            let ty = Type {
                kind: expr.ty.kind.clone(),
                optional: *literal == Literal::Null || given == Given::Perhaps,
            };
            let name = format!("a{}", literals.len());
            literals.push((literal.clone(), ty));
            expr.kind = ExprKind::Column(name);
            return;
        }
        ExprKind::Call { function, arguments } => {
            let from = CONSTANT.iter().find(|(name, _)| name == function);
            let whole = matches!(function.as_str(), "date") && arguments.len() == 3;
            from.map_or(usize::MAX, |(_, from)| if whole { usize::MAX } else { *from })
        }
        _ => usize::MAX,
    };
    // Whether a list's items, or what is made of them, may be missing is of its type.
    let given = match expr.kind {
        ExprKind::List(_) | ExprKind::Lambda { .. } => Given::There,
        _ => given,
    };
    for (place, child) in children(expr).into_iter().enumerate() {
        if place < constant {
            lift_literals(child, given, literals);
        }
    }
}

/// The parts of an expression that may be computed.
fn children(expr: &mut Expr) -> Vec<&mut Expr> {
    match &mut expr.kind {
        ExprKind::Call { arguments, .. } | ExprKind::List(arguments) | ExprKind::Interpolate(arguments) => {
            arguments.iter_mut().collect()
        }
        ExprKind::Not(value)
        | ExprKind::Negate(value)
        | ExprKind::Cast(value)
        | ExprKind::IsNull { value, .. }
        | ExprKind::Like { value, .. }
        | ExprKind::Matches { value, .. }
        | ExprKind::Lambda { body: value, .. }
        | ExprKind::Member { of: value, .. } => vec![value],
        ExprKind::Logic { left, right, .. }
        | ExprKind::Compare { left, right, .. }
        | ExprKind::Same { left, right, .. }
        | ExprKind::Arithmetic { left, right, .. }
        | ExprKind::Coalesce {
            value: left,
            default: right,
        } => vec![left, right],
        _ => Vec::new(),
    }
}

/// A function without arguments that gives its own to an example.
fn caller(name: &str, called: &Function, literals: &[(Literal, Type)]) -> Function {
    let text = || called.body.text.clone();
    let arguments = literals.iter().map(|(literal, ty)| Expr {
        kind: ExprKind::Literal(literal.clone()),
        ty: ty.clone(),
        text: text(),
    });
    let body = Expr {
        kind: ExprKind::Own {
            function: called.name.clone(),
            arguments: arguments.collect(),
        },
        ty: called.returns.clone(),
        text: text(),
    };
    Function {
        name: name.to_owned(),
        doc: called.doc.clone(),
        params: Vec::new(),
        returns: called.returns.clone(),
        body,
        span: called.span,
    }
}

/// All functions of the examples, and the text of each example by the function that calls it.
fn of_examples() -> (Vec<Function>, BTreeMap<String, String>) {
    let (mut functions, mut texts) = (Vec::new(), BTreeMap::new());
    with_library(|ctx, library, diagnostics| {
        let scalar = library.iter().filter(|declaration| declaration.kind == Kind::Scalar);
        let scalar = scalar.filter(|declaration| !OF_RUNS.contains(&declaration.name.as_str()));
        for declaration in scalar {
            for example in examples(ctx, declaration, diagnostics) {
                let Example::Scalar(example) = example else { continue };
                for (word, given) in [
                    ("inside", Given::Inside),
                    ("there", Given::There),
                    ("perhaps", Given::Perhaps),
                ] {
                    let name = format!("{}_{}_{word}", declaration.name, functions.len() / 2);
                    let (function, literals) = function(name.clone(), &example, given);
                    let run = format!("run_{name}");
                    let caller = caller(&run, &function, &literals);
                    texts.insert(run, format!("{word}: {}", example.text));
                    functions.extend([function, caller]);
                }
            }
        }
    });
    (functions, texts)
}

const MANIFEST: &str = r#"[package]
name = "functions-in-rust"
version = "0.1.0"
edition = "2024"

[workspace]

[lib]
name = "pipec_function"
path = "src/function.rs"

[[bin]]
name = "functions-in-rust"
path = "src/main.rs"

[dependencies]
pipec-runtime = { path = "RUNTIME" }
"#;

/// What of a function's surroundings an expression may name.
const SURROUNDINGS: &str = "//! What expressions name.\n\npub mod logic;\npub mod reject;\n\npub use reject::Reject;\n";

const MAIN: &str = r#"//! Runs the examples and says which are not true.

mod own;

use pipec_function::Reject;
use pipec_runtime::functions::PseudonymKey;

/// What an example answers.
trait Answer {
    /// Whether it is true.
    fn holds(self) -> Result<bool, Reject>;
}

impl Answer for bool {
    fn holds(self) -> Result<bool, Reject> {
        Ok(self)
    }
}

impl Answer for Option<bool> {
    fn holds(self) -> Result<bool, Reject> {
        Ok(self == Some(true))
    }
}

impl<T: Answer> Answer for Result<T, Reject> {
    fn holds(self) -> Result<bool, Reject> {
        self.and_then(T::holds)
    }
}

fn main() {
    let key = PseudonymKey::new(b"local-key-for-tests-only");
    let mut count = 0;
    let mut check = |name: &str, answer: Result<bool, Reject>| {
        count += 1;
        if answer != Ok(true) {
            println!("{name} {answer:?}");
        }
    };
CHECKS    println!("ran {count}");
}
"#;

#[test]
#[allow(clippy::disallowed_methods, reason = "a test of files on disk")]
fn generated_rust_gives_the_declared_answers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (functions, texts) = of_examples();
    let alone = functions_alone(&functions);
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let runtime = root.join("stdlib/runtime");
    put("Cargo.toml", &MANIFEST.replace("RUNTIME", runtime.to_str().unwrap()));
    put("Cargo.lock", &read("Cargo.lock"));
    put(
        "rustfmt.toml",
        "max_width = 120\nuse_small_heuristics = \"Max\"\nsingle_line_if_else_max_width = 0\n",
    );
    put("src/function.rs", SURROUNDINGS);
    for name in ["logic.rs", "reject.rs"] {
        put(&format!("src/{name}"), &read(&format!("src/emit/rust/function/{name}")));
    }
    let checks: String = alone
        .functions
        .iter()
        .filter(|(name, _)| texts.contains_key(name))
        .map(|(name, key)| {
            let key = if *key { "&key" } else { "" };
            format!("    check(\"{name}\", own::{name}({key}).holds());\n")
        })
        .collect();
    let nested = if alone.files.contains_key("nested.rs") {
        "mod nested;\nmod own;"
    } else {
        "mod own;"
    };
    put(
        "src/main.rs",
        &MAIN.replace("CHECKS", &checks).replace("mod own;", nested),
    );
    for (path, text) in &alone.files {
        put(&format!("src/{path}"), text);
    }
    if let Ok(kept) = std::env::var("PIPEC_KEEP_EXAMPLES") {
        let copied = Command::new("cp").arg("-r").arg(folder.path()).arg(kept).status();
        assert!(copied.unwrap().success());
    }
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).current_dir(folder.path());
        command.env("CARGO_TARGET_DIR", root.join("target/functions-in-rust"));
        command.output().unwrap()
    };
    let run = cargo(&["run", "--offline", "--quiet"]);
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let wrong: Vec<String> = said
        .lines()
        .filter_map(|line| Some(format!("{} of {line}", texts.get(line.split(' ').next()?)?)))
        .collect();
    assert!(wrong.is_empty(), "{} are not true:\n{}", wrong.len(), wrong.join("\n"));
    let count = texts.len();
    assert!(said.contains(&format!("ran {count}")), "{said}");
    println!("{count} examples ran as generated Rust");
}
