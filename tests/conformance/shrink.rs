//! What differs, made as small as it still differs, and written as a `.pipe` test that an author could keep.

use std::collections::BTreeSet;

use pipec::local::test::Came;
use pipec::plan::expr::{Expr, ExprKind, Literal};
use pipec::plan::types::TypeKind;

use crate::cases::Answer;
use crate::engines::{Engine, Unit};
use crate::expressions::{Difference, Expected};
use crate::transforms::{self, Trial};
use crate::values::{fields_written, quoted, written};

/// How many differences are made small; the others are counted.
const SHOWN: usize = 12;

/// The smallest expression of a difference that still differs, alone, in that row.
pub struct Smallest {
    /// The expression.
    pub expr: Expr,
    /// Whose part it is.
    pub difference: Difference,
    /// What the reference answers.
    pub wanted: Answer,
    /// What the engine answers.
    pub came: String,
}

/// Parts of an expression that can stand alone, the smallest first.
fn parts(expr: &Expr) -> Vec<Expr> {
    let mut found = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        let alone = !matches!(
            expr.kind,
            ExprKind::Literal(_) | ExprKind::Lambda { .. } | ExprKind::Reject(_)
        );
        let typed = !matches!(expr.ty.kind, TypeKind::Null | TypeKind::Never | TypeKind::Error);
        if alone && typed && !free(expr) {
            found.push(expr.clone());
        }
        // What stands behind a branch that is not taken is not asked; it differs only where it is.
        open.extend(expr.children());
    }
    found.sort_by_key(size);
    found
}

fn size(expr: &Expr) -> usize {
    1 + expr.children().into_iter().map(size).sum::<usize>()
}

/// Whether it reads a parameter of a `row => …` around it.
fn free(expr: &Expr) -> bool {
    fn within(expr: &Expr, bound: &BTreeSet<&str>) -> bool {
        match &expr.kind {
            ExprKind::Local(name) => !bound.contains(name.as_str()),
            ExprKind::Lambda { params, body } => {
                let mut bound = bound.clone();
                bound.extend(params.iter().map(String::as_str));
                within(body, &bound)
            }
            _ => expr.children().into_iter().any(|child| within(child, bound)),
        }
    }
    within(expr, &BTreeSet::new())
}

/// Makes differences small, a few of each root.
pub fn expressions(expected: &Expected<'_>, engine: Engine, differences: &[Difference]) -> Vec<Smallest> {
    let carried = engine.columns(&expected.columns);
    let plan = engine.plan(&carried);
    let mut seen = BTreeSet::new();
    let chosen = differences
        .iter()
        .filter(|difference| seen.insert(difference.case))
        .take(SHOWN * 3);
    let chosen: Vec<(&Difference, Vec<Expr>)> = chosen
        .map(|difference| (difference, parts(&expected.cases[difference.case].expr)))
        .collect();
    let mut units = Vec::new();
    let mut asked = Vec::new();
    let each = engine.patience() / chosen.len().max(1);
    for (at, (difference, parts)) in chosen.iter().enumerate() {
        let row = &expected.rows[difference.row];
        // The whole is the last of them: something is shown of what has too many parts, too.
        let (last, first) = parts
            .split_last()
            .map_or((None, &[][..]), |(last, first)| (Some(last), first));
        for part in first.iter().take(each.saturating_sub(1)).chain(last) {
            // A part is carried if all is: but a column of it may have a type that no row has.
            units.push(Unit {
                exprs: vec![("x".to_owned(), part.clone())],
                rows: vec![expected.kept(row, &carried)],
            });
            asked.push((at, part));
        }
    }
    let came = engine.run_units(&plan, &units);
    let mut smallest: Vec<Option<Smallest>> = chosen.iter().map(|_| None).collect();
    for ((at, part), came) in asked.into_iter().zip(came) {
        if smallest[at].is_some() {
            continue;
        }
        let difference = chosen[at].0;
        let wanted = expected.ask(part, &expected.rows[difference.row]);
        if let Some(came) = other(part, &wanted, &came) {
            smallest[at] = Some(Smallest {
                expr: part.clone(),
                difference: difference.clone(),
                wanted,
                came,
            });
        }
    }
    smallest.into_iter().flatten().collect()
}

/// What came, where it is not what was wanted.
fn other(part: &Expr, wanted: &Answer, came: &Result<Came, String>) -> Option<String> {
    let came = match came {
        Ok(came) => came,
        Err(error) => return Some(format!("the run failed: {error}")),
    };
    let value = came.rows.first().and_then(|row| row.get(1));
    match (wanted, value, came.reasons.first()) {
        (Ok(wanted), Some(value), _) => (!crate::expressions::equal(part, wanted, value)).then(|| written(value)),
        (Err(wanted), None, Some(reason)) => (wanted != reason).then(|| format!("turned away: {reason}")),
        (Ok(_), None, Some(reason)) => Some(format!("turned away: {reason}")),
        (_, None, None) => Some("no row".to_owned()),
        (Err(_), Some(value), _) => Some(written(value)),
    }
}

impl Smallest {
    /// As a test that an author could keep.
    pub fn text(&self, expected: &Expected<'_>, engine: Engine) -> String {
        let row = &expected.rows[self.difference.row];
        let read = self.expr.columns();
        let fields = expected
            .columns
            .iter()
            .zip(row)
            .filter(|(column, _)| column.name == "id" || read.contains(&column.name));
        let fields: Vec<(String, Literal)> = fields
            .map(|(column, value)| (column.name.clone(), value.clone()))
            .collect();
        let input = engine.input();
        let expects = match &self.wanted {
            Ok(value) => format!("expect [ {{ x: {} }} ]", written(value)),
            Err(reason) => format!("expect rejected 1 // {reason}"),
        };
        format!(
            "// on {}: {}\n// in: {}\ntransform case : {input} -> curated.case {{\n  derive x = {}\n  select id, x\n}}\n\ntest {} for case {{\n  given {input} = [ {{ {} }} ]\n  {expects}\n}}\n",
            engine.name(),
            self.came,
            expected.cases[self.difference.case].text,
            self.expr.text,
            quoted(&self.expr.text),
            fields_written(&fields),
        )
    }
}

/// Makes transforms small that differ: without a step, then with half of the rows, as long as they still differ and the
/// engine may be run.
pub fn trials(engine: Engine, trials: &[Trial], differences: &[transforms::Difference]) -> Vec<Trial> {
    let mut found: Vec<Trial> = differences
        .iter()
        .take(SHOWN)
        .map(|difference| trials[difference.trial].clone())
        .collect();
    let mut left = engine.patience();
    for _ in 0..16 {
        let mut asked = Vec::new();
        for (at, trial) in found.iter().enumerate() {
            asked.extend(smaller(trial).into_iter().map(|trial| (at, trial)));
        }
        asked.truncate(left);
        left -= asked.len();
        let numbered = asked.iter().enumerate().map(|(number, (_, trial))| {
            let mut trial = trial.clone();
            trial.pipeline.name = format!("t{number}");
            trial
        });
        let numbered: Vec<Trial> = numbered.collect();
        let outcome = transforms::on(engine, &numbered);
        let still: BTreeSet<usize> = outcome.differences.iter().map(|difference| difference.trial).collect();
        let mut changed = BTreeSet::new();
        for (number, (at, trial)) in asked.into_iter().enumerate() {
            if still.contains(&number) && changed.insert(at) {
                found[at] = trial;
            }
        }
        if changed.is_empty() {
            break;
        }
    }
    found
}

/// What is a little smaller than a trial.
fn smaller(trial: &Trial) -> Vec<Trial> {
    let mut found = Vec::new();
    for at in (0..trial.pipeline.steps.len()).rev() {
        let mut without = trial.clone();
        without.pipeline.steps.remove(at);
        found.push(without);
    }
    for (name, rows) in &trial.rows {
        let half = rows.len().div_ceil(2);
        let single = (rows.len() <= 4).then(|| (0..rows.len()).map(|at| (at, at + 1)));
        let ranges = [(0, half), (half, rows.len())]
            .into_iter()
            .chain(single.into_iter().flatten());
        for (from, to) in ranges.filter(|(from, to)| from < to) {
            let mut without = trial.clone();
            let left: Vec<_> = rows
                .iter()
                .enumerate()
                .filter(|(at, _)| *at < from || *at >= to)
                .map(|(_, row)| row.clone())
                .collect();
            without.rows.insert(name.clone(), left);
            found.push(without);
        }
    }
    found
}

/// A trial as a test that an author could keep.
pub fn text(engine: Engine, trial: &Trial) -> String {
    let outcome = transforms::on(engine, std::slice::from_ref(trial));
    let mut text = trial.pipeline.text();
    for (name, rows) in trial.rows.iter().filter(|(_, rows)| !rows.is_empty()) {
        let read = |column: &str| trial.pipeline.steps.iter().any(|step| step.contains(column)) || column == "id";
        let row = |row: &Vec<(String, Literal)>| {
            let fields: Vec<_> = row.iter().filter(|(column, _)| read(column)).cloned().collect();
            format!("    {{ {} }}", fields_written(&fields))
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        text += &format!("  given processed.{name} = [\n{}\n  ]\n", rows.join("\n"));
    }
    for difference in outcome.differences {
        text += &format!(
            "  // wanted {:?}\n  // on {} came {:?}\n",
            difference.wanted,
            engine.name(),
            difference.came
        );
    }
    text
}
