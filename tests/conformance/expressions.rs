//! Generated expressions on an engine, beside the reference.

use std::collections::{BTreeMap, BTreeSet};

use pipec::check::constant::Own;
use pipec::plan::Plan;
use pipec::plan::expr::{Expr, ExprKind, Literal};
use pipec::plan::types::{Column, TypeKind};
use pipec_runtime::dynamic::Run;

use crate::cases::{Answer, Case, Written, answer, columns, own, run};
use crate::compare::same;
use crate::engines::{Engine, Unit};
use crate::grammar::INEXACT;
use crate::unasked::beside_missing;

/// How near floats must be that engines compute by their own libraries.
const NEAR: f64 = 1e-12;
/// Rows with a number from here on are there for one case, which turns them away.
const OWN_ROWS: i64 = 1_000;

/// Cases, their rows, and what is expected of both.
pub struct Expected<'w> {
    /// What was written.
    pub cases: &'w [Case],
    /// The columns of rows.
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: Vec<Vec<Literal>>,
    /// By case, then by row.
    pub answers: Vec<Vec<Answer>>,
    own: Own,
    run: Run,
}

/// A case that an engine answers in another way.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The case's place.
    pub case: usize,
    /// The row's place.
    pub row: usize,
    /// What came instead.
    pub came: String,
}

/// What came of an engine's run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Cases that it carries.
    pub run: usize,
    /// Of them those that turn a row away.
    pub rejecting: usize,
    /// Cases that it refuses, by reason.
    pub refused: BTreeMap<usize, String>,
    /// Cases of a query that answers without computing what would turn the row away, beside something missing.
    pub unasked: usize,
    /// What differs.
    pub differences: Vec<Difference>,
}

impl Outcome {
    /// The cases that the engine carries.
    pub fn carried(&self, cases: &[Case]) -> Vec<Case> {
        let mine = cases
            .iter()
            .enumerate()
            .filter(|(at, _)| !self.refused.contains_key(at));
        mine.map(|(_, case)| case.clone()).collect()
    }
}

impl<'w> Expected<'w> {
    /// Asks the reference.
    pub fn new(written: &'w Written, rows: Vec<Vec<Literal>>) -> Expected<'w> {
        let columns = columns(&written.program);
        let (own, run) = (own(&written.program), run());
        let of = |case: &Case| {
            rows.iter()
                .map(|row| answer(&case.expr, &columns, row, &own, &run))
                .collect()
        };
        let answers = written.cases.iter().map(of).collect();
        Expected {
            cases: &written.cases,
            columns,
            rows,
            answers,
            own,
            run,
        }
    }

    /// Runs all cases that an engine carries, so many in one transform.
    pub fn on(&self, engine: Engine, together: usize) -> Outcome {
        let carried = engine.columns(&self.columns);
        let exprs: Vec<&Expr> = self.cases.iter().map(|case| &case.expr).collect();
        let refused = engine.refuses(&exprs, &carried);
        let mine: Vec<usize> = (0..self.cases.len())
            .filter(|case| !refused.contains_key(case))
            .collect();
        let rejecting = |case: &&usize| self.answers[**case].iter().any(Result::is_err);
        let mut outcome = Outcome {
            run: mine.len(),
            rejecting: mine.iter().filter(rejecting).count(),
            refused,
            unasked: 0,
            differences: Vec::new(),
        };
        let plan = engine.plan(&carried);
        let mut open: Vec<Vec<usize>> = mine.chunks(together).map(<[usize]>::to_vec).collect();
        while !open.is_empty() {
            let units: Vec<Unit> = open.iter().map(|cases| self.unit(engine, cases, &carried)).collect();
            let came = engine.run_units(&plan, &units);
            let mut again = Vec::new();
            for ((cases, unit), came) in open.iter().zip(&units).zip(came) {
                match came {
                    Ok(came) => self.differences(cases, unit, &carried, &came, &mut outcome.differences),
                    // Which of them it is shows when each half runs alone.
                    Err(_) if cases.len() > 1 => {
                        again.extend(cases.chunks(cases.len().div_ceil(4)).map(<[usize]>::to_vec))
                    }
                    Err(error) => outcome.differences.push(Difference {
                        case: cases[0],
                        row: 0,
                        came: format!("the run failed: {error}"),
                    }),
                }
            }
            open = again;
        }
        if engine == Engine::Sql {
            self.failing(&plan, &mine, &carried, &mut outcome);
        }
        outcome
    }

    /// A query fails where a row is turned away: each case that does is asked alone, of that row.
    fn failing(&self, plan: &Plan, mine: &[usize], carried: &BTreeSet<String>, outcome: &mut Outcome) {
        let rejecting = |case: &usize| Some((*case, self.answers[*case].iter().position(Result::is_err)?));
        let places: Vec<(usize, usize)> = mine.iter().filter_map(rejecting).collect();
        let unit = |&(case, row): &(usize, usize)| Unit {
            exprs: vec![(format!("x{case}"), self.cases[case].expr.clone())],
            rows: vec![self.kept(&self.rows[row], carried)],
        };
        let units: Vec<Unit> = places.iter().map(unit).collect();
        for ((case, row), came) in places.into_iter().zip(Engine::Sql.run_units(plan, &units)) {
            if let Ok(came) = came {
                let expr = &self.cases[case].expr;
                let unasked = beside_missing(expr, &|expr| self.ask(expr, &self.rows[row]));
                let holds = |row: &Vec<Literal>| {
                    row.last()
                        .zip(unasked.as_ref().ok())
                        .is_some_and(|(came, wanted)| equal(expr, wanted, came))
                };
                if came.rows.iter().all(holds) {
                    outcome.unasked += 1;
                    continue;
                }
                let came = format!("{:?}, not a query that fails", came.rows);
                outcome.differences.push(Difference { case, row, came });
            }
        }
    }

    /// Some cases as one transform. A case that turns rows away is asked of them in rows of its own alone, so that it hides
    /// nothing of the others.
    fn unit(&self, engine: Engine, cases: &[usize], carried: &BTreeSet<String>) -> Unit {
        let mut rows = self.rows.clone();
        let mut origins: Vec<usize> = (0..rows.len()).collect();
        let mut own_row: BTreeMap<usize, i64> = BTreeMap::new();
        for &case in cases {
            if let Some(place) = self.answers[case].iter().position(Result::is_err)
                && engine != Engine::Sql
            {
                let number = OWN_ROWS + case as i64;
                let mut row = self.rows[place].clone();
                row[0] = Literal::Int(number);
                rows.push(row);
                origins.push(place);
                own_row.insert(case, number);
            }
        }
        let exprs = cases.iter().map(|&case| {
            let turned = |place: &usize| self.answers[case][*place].is_err();
            let numbers = rows
                .iter()
                .zip(&origins)
                .filter(|(_, place)| turned(place))
                .map(|(row, _)| row[0].clone());
            let guarded: Vec<Literal> = numbers
                .filter(|number| own_row.get(&case).map(|own| Literal::Int(*own)).as_ref() != Some(number))
                .collect();
            (format!("x{case}"), guard(&self.cases[case].expr, guarded))
        });
        let exprs = exprs.collect();
        Unit {
            exprs,
            rows: rows.iter().map(|row| self.kept(row, carried)).collect(),
        }
    }

    /// The values of a row that an engine carries.
    pub fn kept(&self, row: &[Literal], carried: &BTreeSet<String>) -> Vec<Literal> {
        let values = self.columns.iter().zip(row);
        values
            .filter(|(column, _)| carried.contains(&column.name))
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// What the reference answers for a row.
    pub fn ask(&self, expr: &Expr, row: &[Literal]) -> Answer {
        answer(expr, &self.columns, row, &self.own, &self.run)
    }

    fn differences(
        &self,
        cases: &[usize],
        unit: &Unit,
        carried: &BTreeSet<String>,
        came: &pipec::local::test::Came,
        found: &mut Vec<Difference>,
    ) {
        let columns: Vec<Column> = self
            .columns
            .iter()
            .filter(|column| carried.contains(&column.name))
            .cloned()
            .collect();
        let by_number: BTreeMap<String, &Vec<Literal>> =
            came.rows.iter().map(|row| (format!("{:?}", row[0]), row)).collect();
        let mut reasons: Vec<&String> = came.reasons.iter().collect();
        for row in &unit.rows {
            let number = match row[0] {
                Literal::Int(number) => number,
                _ => continue,
            };
            let place = |case: usize| match number < OWN_ROWS {
                true => number as usize,
                false => self.answers[case].iter().position(Result::is_err).unwrap_or(0),
            };
            let answers = unit
                .exprs
                .iter()
                .map(|(_, expr)| answer(expr, &columns, row, &self.own, &self.run));
            let answers: Vec<Answer> = answers.collect();
            let first = answers.iter().position(Result::is_err);
            let mut differ = |at: usize, came: String| {
                let case = cases[at];
                found.push(Difference {
                    case,
                    row: place(case),
                    came,
                });
            };
            match (by_number.get(&format!("{:?}", row[0])), first) {
                (Some(values), None) => {
                    for (at, (value, answer)) in values[1..].iter().zip(&answers).enumerate() {
                        if let Ok(wanted) = answer
                            && !equal(&self.cases[cases[at]].expr, wanted, value)
                        {
                            differ(at, format!("{value:?}"));
                        }
                    }
                }
                (Some(values), Some(at)) => differ(at, format!("{:?}", values[at + 1])),
                (None, Some(at)) => {
                    let wanted = answers[at].as_ref().err();
                    match reasons.iter().position(|reason| Some(*reason) == wanted) {
                        Some(here) => drop(reasons.swap_remove(here)),
                        None => differ(at, "the row is turned away, for another reason".to_owned()),
                    }
                }
                (None, None) => {
                    // Nobody says which of the cases it was: each is asked alone.
                    for at in 0..cases.len() {
                        differ(at, String::new());
                    }
                }
            }
        }
        for reason in reasons {
            if let Some(last) = found
                .last_mut()
                .filter(|last| last.came.is_empty() || last.came.contains("another reason"))
            {
                last.came = format!("the row is turned away: {reason}");
            }
        }
    }
}

/// Whether an engine's answer to an expression is the one that is wanted.
pub fn equal(expr: &Expr, wanted: &Literal, came: &Literal) -> bool {
    same(wanted, came, if inexact(expr) { NEAR } else { 0.0 })
}

/// Whether an expression calls what engines compute by their own libraries.
fn inexact(expr: &Expr) -> bool {
    let sums = |function: &str, arguments: &[Expr]| {
        function == "sum"
            && arguments
                .iter()
                .any(|argument| argument.ty.kind == TypeKind::List(Box::new(TypeKind::Float.required())))
    };
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if let ExprKind::Call { function, arguments } = &expr.kind
            && (INEXACT.contains(&function.as_str()) || sums(function, arguments))
        {
            return true;
        }
        open.extend(expr.children());
    }
    false
}

/// `if id in [numbers] then null else expr`
fn guard(expr: &Expr, numbers: Vec<Literal>) -> Expr {
    if numbers.is_empty() {
        return expr.clone();
    }
    let of = |kind: ExprKind, kind_of: TypeKind| Expr {
        kind,
        ty: kind_of.required(),
        text: "id".into(),
    };
    let id = of(ExprKind::Column("id".to_owned()), TypeKind::Int);
    let condition = of(
        ExprKind::In {
            value: Box::new(id),
            list: numbers,
            negated: false,
        },
        TypeKind::Bool,
    );
    let ty = expr.ty.kind.clone().optional();
    let null = Expr {
        kind: ExprKind::Literal(Literal::Null),
        ty: ty.clone(),
        text: "null".into(),
    };
    let otherwise = match expr.ty.optional {
        true => expr.clone(),
        false => Expr {
            kind: ExprKind::Cast(Box::new(expr.clone())),
            ty: ty.clone(),
            text: expr.text.clone(),
        },
    };
    Expr {
        kind: ExprKind::If {
            condition: Box::new(condition),
            then: Box::new(null),
            otherwise: Box::new(otherwise),
        },
        ty,
        text: expr.text.clone(),
    }
}
