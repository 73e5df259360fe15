//! Generated expressions as cases: written, checked by the compiler, and what each must answer for each row.

use std::collections::{BTreeMap, BTreeSet};

use pipec::base::{Memory, Sources};
use pipec::check::constant::{self, Known, Own, Unknown};
use pipec::check::functions::{FILES, Functions};
use pipec::check::program::Program;
use pipec::diag::{Diagnostics, Severity};
use pipec::plan::StepKind;
use pipec::plan::expr::{Expr, Literal};
use pipec::plan::types::Column;
use pipec::syntax::parse;
use pipec::{Options, compile};
use pipec_runtime::dynamic::Run;
use pipec_runtime::functions::PseudonymKey;
use pipec_runtime::types::Timestamp;

use crate::chance::Chance;
use crate::grammar::{Grammar, callable};

/// The platform that cases stand in.
pub const ROWS: &str = include_str!("rows.pipe");
/// Cases of one transform.
const TOGETHER: usize = 50;

/// An expression, as an author writes it and as the checker understands it.
#[derive(Clone, Debug)]
pub struct Case {
    /// As written.
    pub text: String,
    /// As checked.
    pub expr: Expr,
}

/// What an expression answers for a row, or why it turns the row away.
pub type Answer = Result<Literal, String>;

/// What was written, and what of it the checker refused.
pub struct Written {
    /// What is right.
    pub cases: Vec<Case>,
    /// What is not, and why: mistakes of the grammar.
    pub refused: Vec<(String, String)>,
    /// The program of the platform.
    pub program: Program,
}

/// The functions that the language declares.
pub fn library() -> Functions {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let files: Vec<_> = FILES
        .iter()
        .map(|(path, text)| parse(sources.add(*path, text), text, &mut diagnostics))
        .collect();
    Functions::read(files.iter().flat_map(|file| &file.items), &mut diagnostics)
}

/// The program of a text that is right.
///
/// # Panics
/// If it is not.
pub fn program(text: &str) -> Program {
    let compilation = compile(&Memory::new([("rows.pipe", text)]), &Options::default());
    let said = compilation
        .diagnostics
        .iter()
        .map(|d| format!("{}: {}", d.code, d.message));
    let said: Vec<_> = said.collect();
    compilation
        .program
        .unwrap_or_else(|| panic!("{}\n{text}", said.join("\n")))
}

/// The columns of a row.
pub fn columns(program: &Program) -> Vec<Column> {
    let fields = &program.sources[0].schema.fields;
    fields.iter().map(|field| field.column.clone()).collect()
}

/// Writes this many expressions, every function first, and has them checked.
pub fn write(count: usize, chance: &mut Chance) -> Written {
    let functions = library();
    let row = columns(&program(ROWS));
    let forms: Vec<_> = functions.iter().filter(|form| callable(form)).collect();
    let mut texts = Vec::new();
    for number in 0..count {
        // Two of three are around a call of a function, so that each has its turn.
        let form = (number % 3 != 0).then(|| forms[(number - number / 3) % forms.len()]);
        texts.push(Grammar::new(&row, &functions, chance).root(form));
    }
    check(texts)
}

/// Has expressions checked.
pub fn check(texts: Vec<String>) -> Written {
    let mut refused = Vec::new();
    let mut right = texts;
    loop {
        let (text, lines) = text_of(&right);
        let compilation = compile(&Memory::new([("rows.pipe", text.as_str())]), &Options::default());
        let mut wrong: BTreeMap<usize, String> = BTreeMap::new();
        for said in compilation.diagnostics.iter().filter(|d| d.severity == Severity::Error) {
            let line = compilation
                .sources
                .get(said.primary.span.file)
                .line_column(said.primary.span.start)
                .line;
            let case = lines
                .get(&line)
                .unwrap_or_else(|| panic!("line {line}: {}", said.message));
            wrong
                .entry(*case)
                .or_insert_with(|| format!("{}: {}", said.code, said.message));
        }
        let Some(program) = compilation.program.filter(|_| wrong.is_empty()) else {
            assert!(!wrong.is_empty(), "no program, and nothing is said");
            let all = std::mem::take(&mut right).into_iter().enumerate();
            for (at, text) in all {
                match wrong.remove(&at) {
                    Some(why) => refused.push((text, why)),
                    None => right.push(text),
                }
            }
            continue;
        };
        let transforms = program
            .transforms
            .iter()
            .filter(|transform| transform.item.name.starts_with("case"));
        let steps = transforms.flat_map(|transform| transform.steps.iter());
        let derived = steps.filter_map(|step| match &step.kind {
            StepKind::Derive(entries) => Some(entries),
            _ => None,
        });
        let mut exprs: BTreeMap<usize, Expr> = BTreeMap::new();
        for (column, expr) in derived.flatten() {
            let number = column.name.trim_start_matches('x').parse().expect("a number");
            exprs.insert(number, expr.clone());
        }
        let cases = right
            .into_iter()
            .zip(exprs.into_values())
            .map(|(text, expr)| Case { text, expr });
        return Written {
            cases: cases.collect(),
            refused,
            program,
        };
    }
}

/// A platform with an expression a line, and which line is which.
fn text_of(texts: &[String]) -> (String, BTreeMap<usize, usize>) {
    let mut text = ROWS.to_owned();
    let mut lines = BTreeMap::new();
    let mut line = text.lines().count();
    for (number, some) in texts.chunks(TOGETHER).enumerate() {
        text += &format!("\n/// Cases.\ntransform case{number} : processed.base -> curated.case{number} {{\n");
        line += 3;
        let mut names = vec!["id".to_owned()];
        for (place, case) in some.iter().enumerate() {
            let at = number * TOGETHER + place;
            text += &format!("  derive x{at} = {case}\n");
            line += 1;
            lines.insert(line, at);
            names.push(format!("x{at}"));
        }
        text += &format!("  select {}\n}}\n", names.join(", "));
        line += 2;
    }
    (text, lines)
}

/// The run that all engines are told of.
pub fn run() -> Run {
    Run {
        now: Timestamp::parse("2026-01-01T00:00:00Z").expect("an instant"),
        key: PseudonymKey::new(b"local-key-for-tests-only"),
    }
}

/// The project's own functions, as the reference wants them.
pub fn own(program: &Program) -> Own {
    let functions = program.functions.iter();
    functions
        .map(|function| (function.name.clone(), function.clone()))
        .collect()
}

/// What an expression answers for a row, by the compiler's own evaluator over the runtime's functions: the reference that
/// every engine is compared with.
pub fn answer(expr: &Expr, columns: &[Column], row: &[Literal], own: &Own, run: &Run) -> Answer {
    let read = |name: &str| {
        columns
            .iter()
            .position(|column| column.name == name)
            .and_then(|at| row.get(at).map(constant::value))
    };
    let known = Known {
        row: Some(&read),
        own: Some(own),
        run: Some(run),
        ..Known::default()
    };
    match constant::evaluate_with(expr, known) {
        Ok(value) => Ok(value),
        Err(Unknown::Rejected(reason)) => Err(reason),
        Err(Unknown::Later) => panic!("the reference does not know `{}` for {:?}", expr.text, row),
    }
}

/// What cases call, by how often.
pub fn called(cases: &[Case]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for case in cases {
        let mut names = BTreeSet::new();
        let mut open = vec![&case.expr];
        while let Some(expr) = open.pop() {
            if let pipec::plan::expr::ExprKind::Call { function, .. } = &expr.kind {
                names.insert(function.clone());
            }
            open.extend(expr.children());
        }
        for name in names {
            *found.entry(name).or_default() += 1;
        }
    }
    found
}
