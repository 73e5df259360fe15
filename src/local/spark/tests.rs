//! The embedded engine and Spark beside each other: transforms made by chance, over rows with values at every edge.
//! They need PySpark, so the end-to-end tests run them.

use std::collections::BTreeMap;

use super::chance::Chance;
use super::*;
use crate::emit::pyspark;
use crate::plan::expr::{Aggregate, ArithmeticOp, CompareOp, Expr, ExprKind, LogicOp};
use crate::plan::types::{Column, Type, TypeKind};
use crate::plan::{Given, Otherwise, Step, StepKind, fixture};

const MONEY: TypeKind = TypeKind::Decimal {
    precision: 12,
    scale: 2,
};
const WIDE: TypeKind = TypeKind::Decimal {
    precision: 38,
    scale: 6,
};
const WHOLE: TypeKind = TypeKind::Decimal {
    precision: 20,
    scale: 0,
};

fn columns() -> Vec<Column> {
    let of = |name: &str, ty: Type| {
        let mut column = Column::new(name, ty);
        column.key = name == "id";
        column.event_time = name == "at";
        column
    };
    vec![
        of("id", TypeKind::Uuid.required()),
        of("at", TypeKind::Timestamp.required()),
        of("day", TypeKind::Date.required()),
        of("a", TypeKind::Int.optional()),
        of("b", TypeKind::Int.optional()),
        of("n", TypeKind::Int.required()),
        of("d", MONEY.optional()),
        of("e", WIDE.optional()),
        of("f", WHOLE.required()),
        of("s", TypeKind::Text.optional()),
        of("t", TypeKind::Text.required()),
        of("flag", TypeKind::Bool.optional()),
        of("w", TypeKind::Date.optional()),
        of("u", TypeKind::Uuid.optional()),
        of("x", TypeKind::Float.optional()),
    ]
}

const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "b",
    "Straße",
    "ΟΔΟΣ",
    "İi",
    "\u{3000}trim\u{a0}\u{2003}",
    "\t\r\n x \u{85}",
    "日本語",
    "😀e\u{301}",
    "ŉ",
    "\u{a7d0}\u{1c8a}\u{16ea0}",
    "a\"b'c\\",
    "${x} {rows}",
    "\u{feff}z\u{200b}",
    "zz",
];

/// A value for a column, often one at an edge.
fn value(chance: &mut Chance, ty: &Type) -> Literal {
    if ty.optional && chance.below(5) == 0 {
        return Literal::Null;
    }
    match &ty.kind {
        TypeKind::Bool => Literal::Bool(chance.below(2) == 0),
        TypeKind::Int => Literal::Int(match chance.below(4) {
            0 => *chance.one(&[i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1, 1 << 62, 4_294_967_296]),
            _ => chance.below(7) as i64 - 3,
        }),
        TypeKind::Decimal { precision, scale } => {
            let most = 10_i128.pow(u32::from(*precision)) - 1;
            let unscaled = match chance.below(4) {
                0 => *chance.one(&[most, -most, most / 2, most - 1]),
                1 => *chance.one(&[0, 1, -1, 5, 50, -50]),
                _ => chance.below(1_000_000) as i128 - 500_000,
            };
            Literal::Decimal {
                unscaled,
                scale: *scale,
            }
        }
        TypeKind::Date => Literal::Date(*chance.one(&[0, 20_454, 20_455, 20_456, -719_162, 2_932_896, -1])),
        TypeKind::Timestamp => Literal::Timestamp(match chance.below(3) {
            0 => *chance.one(&[
                0,
                -1,
                1,
                -62_135_596_800_000_000,
                253_402_300_799_999_999,
                -12_219_292_800_000_001,
            ]),
            _ => 1_767_225_600_000_000 + chance.below(200_000) as i64 * 1_000_003,
        }),
        TypeKind::Float => Literal::Float(*chance.one(&[0.0, 1.5, -2.25, 1e300, 5e-324, 0.1, f64::NAN, f64::INFINITY])),
        TypeKind::Uuid => Literal::Uuid(format!("00000000-0000-0000-0000-{:012}", chance.below(60))),
        _ => Literal::Text((*chance.one(TEXTS)).to_owned()),
    }
}

fn literal(value: Literal, ty: Type) -> Expr {
    let text = format!("{value:?}");
    Expr {
        kind: ExprKind::Literal(value),
        ty,
        text: text.into(),
    }
}

fn made(kind: ExprKind, ty: TypeKind, of: &[&Expr], text: String) -> Expr {
    let optional = of.iter().any(|part| part.ty.optional);
    Expr {
        kind,
        ty: Type { kind: ty, optional },
        text: text.into(),
    }
}

fn call(function: &str, argument: Expr, ty: TypeKind) -> Expr {
    let text = format!("{function}({})", argument.text);
    let optional = argument.ty.optional;
    let kind = ExprKind::Call {
        function: function.into(),
        arguments: vec![argument],
    };
    Expr {
        kind,
        ty: Type { kind: ty, optional },
        text: text.into(),
    }
}

/// An expression of a kind, over columns that have these types.
struct Maker<'a> {
    chance: &'a mut Chance,
    columns: &'a [Column],
}

impl Maker<'_> {
    fn leaf(&mut self, kind: &TypeKind) -> Expr {
        let fitting: Vec<_> = self.columns.iter().filter(|column| column.ty.kind == *kind).collect();
        if fitting.is_empty() || self.chance.below(4) == 0 {
            let ty = kind.clone().required();
            let value = value(self.chance, &ty);
            return literal(value, ty);
        }
        let column = *self.chance.one(&fitting);
        Expr {
            kind: ExprKind::Column(column.name.clone()),
            ty: column.ty.clone(),
            text: column.name.clone().into(),
        }
    }

    fn expr(&mut self, kind: &TypeKind, depth: usize) -> Expr {
        if depth == 0 {
            return self.leaf(kind);
        }
        let deeper = depth - 1;
        match self.chance.below(6) {
            0 => self.leaf(kind),
            1 => self.choice(kind, deeper),
            2 => self.filled(kind, deeper),
            _ => match kind {
                TypeKind::Bool => self.condition(deeper),
                TypeKind::Int => self.whole(deeper),
                TypeKind::Text => self.text(deeper),
                TypeKind::Date => call("date", self.expr(&TypeKind::Timestamp, deeper), TypeKind::Date),
                kind => self.leaf(kind),
            },
        }
    }

    fn choice(&mut self, kind: &TypeKind, depth: usize) -> Expr {
        let condition = self.expr(&TypeKind::Bool, depth);
        let (then, otherwise) = (self.expr(kind, depth), self.expr(kind, depth));
        let text = format!("if {} then {} else {}", condition.text, then.text, otherwise.text);
        let optional = then.ty.optional || otherwise.ty.optional;
        let (condition, then, otherwise) = (Box::new(condition), Box::new(then), Box::new(otherwise));
        let ty = Type {
            kind: kind.clone(),
            optional,
        };
        Expr {
            kind: ExprKind::If {
                condition,
                then,
                otherwise,
            },
            ty,
            text: text.into(),
        }
    }

    fn filled(&mut self, kind: &TypeKind, depth: usize) -> Expr {
        let value = self.expr(kind, depth);
        if !value.ty.optional {
            return value;
        }
        let default = match self.chance.below(3) {
            0 => {
                let reason = format!("no \"{kind}\" here: {}", self.chance.below(4));
                let text = format!("reject {reason:?}");
                Expr {
                    kind: ExprKind::Reject(reason),
                    ty: TypeKind::Never.required(),
                    text: text.into(),
                }
            }
            _ => self.expr(kind, depth),
        };
        let text = format!("{} ?? {}", value.text, default.text);
        let ty = Type {
            kind: kind.clone(),
            optional: default.ty.optional,
        };
        Expr {
            kind: ExprKind::Coalesce {
                value: Box::new(value),
                default: Box::new(default),
            },
            ty,
            text: text.into(),
        }
    }

    fn condition(&mut self, depth: usize) -> Expr {
        let kinds = [
            TypeKind::Int,
            TypeKind::Text,
            MONEY,
            WIDE,
            WHOLE,
            TypeKind::Date,
            TypeKind::Timestamp,
            TypeKind::Uuid,
            TypeKind::Bool,
            TypeKind::Float,
        ];
        let kind = self.chance.one(&kinds).clone();
        match self.chance.below(6) {
            0 => {
                let inner = self.expr(&TypeKind::Bool, depth);
                let text = format!("not ({})", inner.text);
                made(ExprKind::Not(Box::new(inner.clone())), TypeKind::Bool, &[&inner], text)
            }
            1 => {
                let (left, right) = (self.expr(&TypeKind::Bool, depth), self.expr(&TypeKind::Bool, depth));
                let op = if self.chance.below(2) == 0 {
                    LogicOp::And
                } else {
                    LogicOp::Or
                };
                let text = format!("({} {op:?} {})", left.text, right.text);
                let kind = ExprKind::Logic {
                    op,
                    left: Box::new(left.clone()),
                    right: Box::new(right.clone()),
                };
                made(kind, TypeKind::Bool, &[&left, &right], text)
            }
            2 => {
                let value = Box::new(self.expr(&kind, depth));
                let negated = self.chance.below(2) == 0;
                let text = format!("{} is null {negated}", value.text);
                made(ExprKind::IsNull { value, negated }, TypeKind::Bool, &[], text)
            }
            3 if kind != TypeKind::Float => {
                let of = self.expr(&kind, depth);
                let ty = kind.required();
                let list = (0..1 + self.chance.below(3)).map(|_| value(self.chance, &ty)).collect();
                let negated = self.chance.below(2) == 0;
                let text = format!("{} in {list:?} {negated}", of.text);
                let kind = ExprKind::In {
                    value: Box::new(of.clone()),
                    list,
                    negated,
                };
                made(kind, TypeKind::Bool, &[&of], text)
            }
            _ => {
                let (left, right) = (self.expr(&kind, depth), self.expr(&kind, depth));
                let ops = [
                    CompareOp::Equal,
                    CompareOp::NotEqual,
                    CompareOp::Less,
                    CompareOp::LessEqual,
                    CompareOp::Greater,
                    CompareOp::GreaterEqual,
                ];
                let op = *self.chance.one(&ops);
                let text = format!("{} {op:?} {}", left.text, right.text);
                let kind = ExprKind::Compare {
                    op,
                    left: Box::new(left.clone()),
                    right: Box::new(right.clone()),
                };
                made(kind, TypeKind::Bool, &[&left, &right], text)
            }
        }
    }

    fn whole(&mut self, depth: usize) -> Expr {
        match self.chance.below(4) {
            0 => call("len", self.expr(&TypeKind::Text, depth), TypeKind::Int),
            1 => {
                let inner = self.expr(&TypeKind::Int, depth);
                let text = format!("-({})", inner.text);
                made(
                    ExprKind::Negate(Box::new(inner.clone())),
                    TypeKind::Int,
                    &[&inner],
                    text,
                )
            }
            _ => self.arithmetic(&TypeKind::Int, &TypeKind::Int, depth),
        }
    }

    fn text(&mut self, depth: usize) -> Expr {
        let function = *self.chance.one(&["lower", "upper", "trim", "sha256", "pseudonym"]);
        call(function, self.expr(&TypeKind::Text, depth), TypeKind::Text)
    }

    fn arithmetic(&mut self, left: &TypeKind, right: &TypeKind, depth: usize) -> Expr {
        let op = *self
            .chance
            .one(&[ArithmeticOp::Add, ArithmeticOp::Subtract, ArithmeticOp::Multiply]);
        let (a, b) = (self.expr(left, depth), self.expr(right, depth));
        let ty = result_type(op, left, right);
        let text = format!("({} {op:?} {})", a.text, b.text);
        let kind = ExprKind::Arithmetic {
            op,
            left: Box::new(a.clone()),
            right: Box::new(b.clone()),
        };
        made(kind, ty, &[&a, &b], text)
    }

    fn decimal(&mut self, depth: usize) -> Expr {
        let kinds = [MONEY, WIDE, WHOLE, MONEY];
        let (left, right) = (self.chance.one(&kinds).clone(), self.chance.one(&kinds).clone());
        let first = self.arithmetic(&left, &right, depth);
        match self.chance.below(4) {
            0 => {
                let text = format!("-({})", first.text);
                let kind = first.ty.kind.clone();
                made(ExprKind::Negate(Box::new(first.clone())), kind, &[&first], text)
            }
            1 => {
                // An int beside a decimal is decimal(20, 0).
                let whole = self.expr(&TypeKind::Int, 1);
                let text = whole.text.to_string();
                made(ExprKind::Cast(Box::new(whole.clone())), WHOLE, &[&whole], text)
            }
            _ => first,
        }
    }
}

/// The table of the language: Spark's result types.
fn result_type(op: ArithmeticOp, left: &TypeKind, right: &TypeKind) -> TypeKind {
    let (
        TypeKind::Decimal {
            precision: p1,
            scale: s1,
        },
        TypeKind::Decimal {
            precision: p2,
            scale: s2,
        },
    ) = (left, right)
    else {
        return TypeKind::Int;
    };
    let (precision, scale) = match op {
        ArithmeticOp::Multiply => (p1 + p2 + 1, s1 + s2),
        _ => {
            let scale = *s1.max(s2);
            ((p1 - s1).max(p2 - s2) + scale + 1, scale)
        }
    };
    if precision <= 38 {
        return TypeKind::Decimal { precision, scale };
    }
    let whole = precision - scale;
    let scale = (38_u8.saturating_sub(whole)).max(scale.min(6));
    TypeKind::Decimal { precision: 38, scale }
}

fn step(kind: StepKind, columns: &[Column], text: &str) -> Step {
    let span = crate::base::Span::new(crate::base::FileId(0), 0, 0);
    Step {
        kind,
        columns: columns.to_vec().into(),
        joined: Default::default(),
        text: text.into(),
        span,
    }
}

fn derived(name: &str, expr: &Expr) -> Column {
    Column::new(name, expr.ty.clone())
}

/// A column by its name.
fn reference(columns: &[Column], name: &str) -> Expr {
    let found = columns.iter().find(|column| column.name == name);
    Expr {
        kind: ExprKind::Column(name.into()),
        ty: found.map_or(TypeKind::Null.optional(), |column| column.ty.clone()),
        text: name.into(),
    }
}

/// Steps that look at one row at a time.
fn record_wise(chance: &mut Chance) -> Vec<Step> {
    let mut now = columns();
    let mut steps = Vec::new();
    for round in 0..3 {
        let mut list = Vec::new();
        for number in 0..5 {
            let mut maker = Maker {
                chance: &mut *chance,
                columns: &now,
            };
            let expr = match number {
                0 => maker.expr(&TypeKind::Int, 3),
                1 => maker.expr(&TypeKind::Bool, 3),
                2 => maker.expr(&TypeKind::Text, 3),
                3 => maker.decimal(1),
                _ => maker.expr(&TypeKind::Date, 3),
            };
            let column = derived(&format!("c{round}{number}"), &expr);
            now.push(column.clone());
            list.push((column, expr));
        }
        steps.push(step(StepKind::Derive(list), &now, "derive …"));
        let condition = Maker {
            chance: &mut *chance,
            columns: &now,
        }
        .condition(2);
        // Most rows go on, whatever chance made of the condition.
        let there = made(
            ExprKind::IsNull {
                value: Box::new(reference(&now, "u")),
                negated: true,
            },
            TypeKind::Bool,
            &[],
            "u is not null".into(),
        );
        let text = format!("({}) or u is not null", condition.text);
        let (left, right) = (Box::new(condition), Box::new(there));
        let condition = Expr {
            kind: ExprKind::Logic {
                op: LogicOp::Or,
                left,
                right,
            },
            ty: TypeKind::Bool.optional(),
            text: text.into(),
        };
        let kind = match round {
            0 => StepKind::Expect {
                name: "first".into(),
                condition,
                otherwise: Otherwise::Quarantine,
            },
            1 => StepKind::Filter(condition),
            _ => StepKind::Expect {
                name: "last".into(),
                condition,
                otherwise: Otherwise::Drop,
            },
        };
        steps.push(step(kind, &now, "…"));
    }
    let renamed = vec![("a".to_owned(), "b".to_owned()), ("b".to_owned(), "a".to_owned())];
    for column in &mut now {
        column.name = match column.name.as_str() {
            "a" => "b".into(),
            "b" => "a".into(),
            other => other.into(),
        };
    }
    steps.push(step(StepKind::Rename(renamed), &now, "rename a as b, b as a"));
    now.retain(|column| column.name != "x");
    steps.push(step(StepKind::Drop(vec!["x".into()]), &now, "drop x"));
    steps
}

/// `dedupe` and `group`, by keys that may be missing.
fn grouping(chance: &mut Chance) -> Vec<Step> {
    let all = columns();
    let by = (*chance.one(&["at", "a", "d", "s"])).to_owned();
    let keys = vec!["id".to_owned(), (*chance.one(&["s", "w", "flag"])).to_owned()];
    let dedupe = StepKind::Dedupe {
        keys,
        keep_first: chance.below(2) == 0,
        by: Some(by),
        within_seconds: None,
    };
    let mut maker = Maker { chance, columns: &all };
    let day = Expr {
        kind: ExprKind::Column("day".into()),
        ty: TypeKind::Date.required(),
        text: "day".into(),
    };
    let mut keys = vec![(derived("day", &day), day)];
    for (name, kind) in [("k", TypeKind::Text), ("l", TypeKind::Bool)] {
        let key = maker.expr(&kind, 2);
        keys.push((derived(name, &key), key));
    }
    let mut aggregates = Vec::new();
    let mut add = |function: &str, argument: Option<Expr>, ty: Type| {
        let text = format!("{function}({})", argument.as_ref().map_or("", |expr| &expr.text));
        let name = format!("g{}", aggregates.len());
        let column = Column::new(name, ty.clone());
        aggregates.push((
            column,
            Aggregate {
                function: function.into(),
                arguments: argument.into_iter().collect(),
                order: Vec::new(),
                ty,
                text: text.into(),
            },
        ));
    };
    add("count", None, TypeKind::Int.required());
    for kind in [
        TypeKind::Int,
        TypeKind::Text,
        MONEY,
        WIDE,
        TypeKind::Date,
        TypeKind::Timestamp,
    ] {
        add("count_distinct", Some(maker.expr(&kind, 1)), TypeKind::Int.required());
        add("min", Some(maker.leaf(&kind)), kind.clone().optional());
        add("max", Some(maker.leaf(&kind)), kind.optional());
    }
    let length = call("len", maker.expr(&TypeKind::Text, 1), TypeKind::Int);
    add("sum", Some(length), TypeKind::Int.optional());
    let money = maker.expr(&MONEY, 1);
    add(
        "sum",
        Some(money),
        TypeKind::Decimal {
            precision: 22,
            scale: 2,
        }
        .optional(),
    );
    let mut grouped: Vec<Column> = keys.iter().map(|(column, _)| column.clone()).collect();
    grouped.extend(aggregates.iter().map(|(column, _)| column.clone()));
    vec![
        step(dedupe, &all, "dedupe …"),
        step(
            StepKind::Group {
                keys,
                window: None,
                aggregates,
            },
            &grouped,
            "group …",
        ),
    ]
}

/// The clickstream platform with this transform in place of its job.
fn plan_of(steps: Vec<Step>) -> Plan {
    let mut plan = fixture::clickstream();
    let transform = &mut plan.transforms[1];
    transform.input_columns = columns().into();
    transform.reads = Reads::All;
    transform.steps = steps.into();
    let (Input::Table(input), target) = (transform.input.clone(), transform.dataset().clone()) else {
        panic!("the fixture's job reads a table");
    };
    let result = transform
        .steps
        .last()
        .map(|step| step.columns.clone())
        .unwrap_or_default();
    plan.datasets.get_mut(&input).expect("it is there").columns = columns().into();
    let dataset = plan.datasets.get_mut(&target).expect("it is there");
    dataset.columns = result;
    // Nothing is too old to be kept.
    dataset.retain_days = 4_000_000;
    plan
}

#[derive(Default)]
struct Memory {
    rows: Vec<Vec<Literal>>,
    reasons: BTreeMap<String, u64>,
}

/// What the embedded engine makes of the rows.
fn embedded(plan: &Plan, transform: &Transform, given: &[Vec<Literal>]) -> Memory {
    let test = Test {
        given: vec![Given {
            input: transform.input.clone(),
            rows: given.to_vec(),
        }],
        ..fixture::clickstream().tests.remove(0)
    };
    let came = crate::local::test::run_rows(plan, Path::new(""), transform, &test).expect("no run fails");
    let mut memory = Memory {
        rows: came.rows,
        ..Memory::default()
    };
    for reason in came.reasons {
        *memory.reasons.entry(reason).or_default() += 1;
    }
    memory
}

fn reasons(case: &Case<'_>) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let folder = quarantine_folder(&case.root, &case.transform.name);
    if folder.exists() {
        for part in parts(&folder, "txt").expect("a folder") {
            for line in load(&part.path).expect("a text").lines() {
                let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
                let reason = record["reason"].as_str().expect("a reason").to_owned();
                assert!(record["row"].as_str().is_some_and(|row| row.starts_with('{')), "{line}");
                *found.entry(reason).or_default() += 1;
            }
        }
    }
    found
}

#[test]
#[ignore = "needs PySpark; the end-to-end tests run it"]
fn spark_and_the_embedded_engine_agree() {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut plans = Vec::new();
    for seed in 1..=12_u64 {
        let mut chance = Chance(seed);
        let steps = if seed % 3 == 0 {
            grouping(&mut chance)
        } else {
            record_wise(&mut chance)
        };
        let mut plan = plan_of(steps);
        let types = columns();
        let given: Vec<Vec<Literal>> = (0..400)
            .map(|_| types.iter().map(|column| value(&mut chance, &column.ty)).collect())
            .collect();
        let engine = embedded(&plan, &plan.transforms[1], &given);
        let row = |row: &Vec<Literal>| {
            let columns = crate::local::test::result_columns(&plan.transforms[1]).iter();
            let names = columns.map(|column| column.name.clone());
            names.zip(row.iter().cloned()).collect()
        };
        plan.tests = vec![Test {
            title: format!("seed {seed}"),
            transform: "daily_pages".into(),
            given: vec![Given {
                input: plan.transforms[1].input.clone(),
                rows: given,
            }],
            expect: Some(engine.rows.iter().map(row).collect()),
            expect_rejected: Some(engine.reasons.values().sum()),
            span: plan.transforms[1].span,
        }]
        .into();
        let build = scratch.path().join(format!("build-{seed}"));
        for (name, text) in pyspark::emit(&plan) {
            let path = build.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            save(&path, &text).expect("written");
        }
        plans.push((plan, build, engine));
    }
    let mut cases = Vec::new();
    for (number, (plan, build, engine)) in plans.iter().enumerate() {
        let case = Case::of(plan, &plan.tests[0], scratch.path().join(number.to_string())).expect("a job");
        cases.push((case, build, engine));
    }
    let key = scratch.path().join("key");
    save(&key, names::LOCAL_PSEUDONYM_KEY).expect("written");
    let jobs = cases
        .iter()
        .map(|(case, build, _)| case.job(build, &key).expect("params have defaults"))
        .collect();
    let outcomes = run_jobs(scratch.path(), &serde_json::Value::Array(jobs)).expect("Spark runs");
    let mut differences = Vec::new();
    for ((case, _, engine), outcome) in cases.iter().zip(outcomes) {
        let result = case.result(outcome);
        println!("{}: {} rows, {:?}", result.title, engine.rows.len(), engine.reasons);
        match result.verdict {
            Ok(verdict) if verdict.passed() => {
                let came = reasons(case);
                if came != engine.reasons {
                    differences.push(format!("{}: {came:?} instead of {:?}", result.title, engine.reasons));
                }
            }
            Ok(verdict) => {
                let text: String = verdict
                    .to_string()
                    .lines()
                    .take(6)
                    .map(|line| format!("{line}\n"))
                    .collect();
                differences.push(format!("{}:\n{text}", result.title));
            }
            Err(error) => differences.push(format!("{}: {error}", result.title)),
        }
    }
    if !differences.is_empty() {
        let kept = scratch.keep();
        panic!("{}\nall files are in {}", differences.join("\n"), kept.display());
    }
}
