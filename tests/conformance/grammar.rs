//! Expressions by chance, as an author writes them: each of a kind that is asked for, from the columns of a row, the
//! operators, and every function that the language declares.
//!
//! It must not know what any of them answers.

mod calls;

use pipec::check::functions::{Declaration, Functions};
use pipec::plan::types::{Column, Type, TypeKind};

use crate::chance::Chance;

pub use calls::{OF_THE_RUN, callable};

/// Functions of floats that engines compute by their own libraries: equal to a relative difference only. They stand
/// outermost, where nothing makes the difference larger.
pub const INEXACT: &[&str] = &[
    "power",
    "cbrt",
    "exp",
    "ln",
    "log10",
    "log2",
    "log",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "atan2",
    "degrees",
    "radians",
    "geo_distance",
    "geo_bearing",
    "geohash",
];
/// The column of the widest whole decimal.
const WIDEST: &str = "d6";
const REGEXES: &[&str] = &[
    "[0-9]+",
    "^a",
    "\\\\d",
    "(\\\\w)=(\\\\w)",
    "x*",
    "(a|b)+",
    "[^a-z]+$",
    "\\\\s",
    "\\\\bpipe\\\\b",
    "ß",
    ".",
    "é?",
];

/// An expression that was written, and whether it may be missing, as far as that is certain.
#[derive(Clone, Debug)]
pub struct Made {
    /// As an author writes it.
    pub text: String,
    /// Whether it may be missing; `None` where only the checker knows.
    pub optional: Option<bool>,
}

fn made(text: impl Into<String>, optional: Option<bool>) -> Made {
    Made {
        text: text.into(),
        optional,
    }
}

/// Writes expressions.
pub struct Grammar<'g> {
    /// The row.
    pub columns: &'g [Column],
    /// What can be called.
    pub functions: &'g Functions,
    /// Where choices come from.
    pub chance: &'g mut Chance,
    /// Parameters of the `row => …` around.
    locals: Vec<(String, Type)>,
    names: usize,
    /// Whether something was asked for that cannot be written.
    failed: bool,
}

/// Any number of digits.
pub const DECIMAL: TypeKind = TypeKind::Decimal { precision: 0, scale: 0 };

/// Whether a value of one kind is of the other, whatever digits decimals have.
fn alike(one: &TypeKind, other: &TypeKind) -> bool {
    match (one, other) {
        (TypeKind::Decimal { .. }, TypeKind::Decimal { .. }) => true,
        (TypeKind::List(one), TypeKind::List(other)) | (TypeKind::Map(one), TypeKind::Map(other)) => {
            one.optional == other.optional && alike(&one.kind, &other.kind)
        }
        _ => one == other,
    }
}

impl<'g> Grammar<'g> {
    /// A grammar of a row's columns.
    pub fn new(columns: &'g [Column], functions: &'g Functions, chance: &'g mut Chance) -> Grammar<'g> {
        Grammar {
            columns,
            functions,
            chance,
            locals: Vec::new(),
            names: 0,
            failed: false,
        }
    }

    /// The kinds that expressions are asked for.
    pub fn kinds(&self) -> Vec<TypeKind> {
        let mut kinds: Vec<TypeKind> = Vec::new();
        for column in self.columns {
            let kind = match column.ty.kind.clone() {
                TypeKind::Decimal { .. } => DECIMAL,
                kind => kind,
            };
            if !kinds.iter().any(|known| alike(known, &kind)) {
                kinds.push(kind);
            }
        }
        kinds
    }

    /// An expression of any kind, around a call of this function if it can be written.
    pub fn root(&mut self, declaration: Option<&Declaration>) -> String {
        let kinds = self.kinds();
        loop {
            self.failed = false;
            let called = declaration.and_then(|form| self.call(form, None, 2, true));
            let made = called.unwrap_or_else(|| {
                let kind = self.chance.pick(&kinds);
                self.operator(&kind, 3)
            });
            if !self.failed {
                return made.text;
            }
        }
    }

    /// An expression of a kind that reads a row of any columns.
    pub fn plain(&mut self, kind: &TypeKind) -> String {
        for _ in 0..8 {
            self.failed = false;
            let made = self.operator(kind, 2);
            if !self.failed {
                return made.text;
            }
        }
        self.failed = false;
        self.leaf(kind).text
    }

    /// An expression of a kind.
    pub fn of(&mut self, kind: &TypeKind, depth: usize) -> Made {
        if depth == 0 || self.chance.percent(25) {
            return self.leaf(kind);
        }
        match self.chance.below(10) {
            0..5 => self.operator(kind, depth),
            _ => self.any_call(kind, depth).unwrap_or_else(|| self.leaf(kind)),
        }
    }

    /// An expression that is not a literal.
    fn varying(&mut self, kind: &TypeKind, depth: usize) -> Made {
        if depth > 0 && self.chance.percent(60) {
            return match self.chance.percent(50) {
                true => self.operator(kind, depth),
                false => self.any_call(kind, depth).unwrap_or_else(|| self.column(kind)),
            };
        }
        self.column(kind)
    }

    /// An expression that is never missing.
    fn present(&mut self, ty: &Type, depth: usize) -> Made {
        let found = self.of(&ty.kind, depth);
        if ty.optional || found.optional == Some(false) {
            return found;
        }
        let default = self.certain(&ty.kind);
        let wrapped = match found.optional {
            Some(true) => format!("({} ?? {default})", found.text),
            _ => default,
        };
        made(wrapped, Some(false))
    }

    fn leaf(&mut self, kind: &TypeKind) -> Made {
        match self.literal(kind) {
            Some(literal) if self.chance.percent(30) => made(literal, Some(false)),
            _ => self.column(kind),
        }
    }

    /// A column or parameter of a kind; a literal where there is none.
    fn column(&mut self, kind: &TypeKind) -> Made {
        let locals = self.locals.iter().filter(|(_, ty)| alike(&ty.kind, kind));
        let locals: Vec<Made> = locals.map(|(name, ty)| made(name.clone(), Some(ty.optional))).collect();
        if !locals.is_empty() && self.chance.percent(70) {
            return self.chance.pick(&locals);
        }
        // The widest decimal goes together with none that has a fraction.
        let columns = self
            .columns
            .iter()
            .filter(|column| alike(&column.ty.kind, kind) && column.name != WIDEST);
        let columns: Vec<Made> = columns
            .map(|column| made(column.name.clone(), Some(column.ty.optional)))
            .collect();
        match columns.is_empty() {
            false => self.chance.pick(&columns),
            true => self.built(kind),
        }
    }

    /// A value that no column has, of parts that some have.
    fn built(&mut self, kind: &TypeKind) -> Made {
        match kind {
            TypeKind::List(item) => {
                let items = [self.present(item, 0).text, self.present(item, 0).text];
                made(format!("[{}]", items.join(", ")), Some(false))
            }
            kind => {
                let text = self.literal(kind).unwrap_or_else(|| self.nothing());
                made(text, Some(false))
            }
        }
    }

    /// Something of a kind that is there in every row.
    fn certain(&mut self, kind: &TypeKind) -> String {
        if let Some(literal) = self.literal(kind) {
            return literal;
        }
        let column = self
            .columns
            .iter()
            .find(|column| alike(&column.ty.kind, kind) && !column.ty.optional);
        match (column, kind) {
            (Some(column), _) => column.name.clone(),
            (None, TypeKind::List(item)) => {
                let item = self.certain(&item.kind);
                format!("[{item}]")
            }
            _ => self.nothing(),
        }
    }

    /// Stands for what cannot be written; the expression is given up.
    fn nothing(&mut self) -> String {
        self.failed = true;
        String::new()
    }

    fn literal(&mut self, kind: &TypeKind) -> Option<String> {
        let texts: &[&str] = match kind {
            TypeKind::Int => &[
                "0",
                "1",
                "2",
                "3",
                "7",
                "10",
                "100",
                "1_000",
                "-1",
                "-5",
                "9223372036854775807",
            ],
            TypeKind::Decimal { .. } => &[
                "0.00",
                "0.5",
                "1.10",
                "2.50",
                "-0.01",
                "19.99",
                "99999999.99",
                "0.000001",
                "12345678901234567890.5",
            ],
            TypeKind::Float => &[
                "float(\"0.5\")",
                "float(\"-0.0\")",
                "float(\"3\")",
                "float(\"1e300\")",
                "float(\"-2.75\")",
                "float(\"0.1\")",
                "float(\"5e-324\")",
            ],
            TypeKind::Text => &[
                "\"\"", "\"a\"", "\"x\"", "\",\"", "\"ß\"", "\"é\"", "\"42\"", "\"İ\"", "\"pipe\"", "\" \"", "\"=\"",
                "\"日\"", "\"\\\\\"", "\"\\$1\"", "\"'\"",
            ],
            TypeKind::Date => &[
                "date(\"2026-01-31\")",
                "date(\"1969-12-31\")",
                "date(\"2024-02-29\")",
                "date(\"9999-12-31\")",
                "date(\"0001-01-01\")",
            ],
            TypeKind::Timestamp => &[
                "timestamp(\"2026-03-29T01:30:00Z\")",
                "timestamp(\"1969-12-31T23:59:59.999999Z\")",
                "timestamp(\"2026-10-25T00:30:00.5Z\")",
            ],
            TypeKind::Duration => &["0 s", "1 s", "90 min", "1 day", "1500 ms", "1 hour", "400 days"],
            TypeKind::Uuid => &["uuid(\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\")"],
            TypeKind::Json => &["json(\"{\\\"a\\\": [1, 2.50]}\")", "json(\"[1, null]\")", "json(\"7\")"],
            _ => return None,
        };
        Some(self.chance.one(texts).to_owned())
    }

    /// An operator, or a form of its own, that answers a kind.
    fn operator(&mut self, kind: &TypeKind, depth: usize) -> Made {
        let depth = depth.saturating_sub(1);
        match self.chance.below(12) {
            0 => return self.chosen(kind, depth),
            1 => return self.matched(kind, depth),
            2 => return self.filled(kind, depth),
            3 => return self.reached(kind, depth),
            _ => {}
        }
        match kind {
            TypeKind::Bool => self.condition(depth),
            TypeKind::Int | TypeKind::Float | TypeKind::Decimal { .. } => self.arithmetic(kind, depth),
            TypeKind::Text if self.chance.percent(60) => self.interpolated(depth),
            TypeKind::Date | TypeKind::Timestamp | TypeKind::Duration => self.times(kind, depth),
            TypeKind::List(item) if flat(&item.kind) => {
                let items = [self.present(item, depth).text, self.present(item, 0).text];
                made(format!("[{}]", items.join(", ")), Some(false))
            }
            kind => self.chosen(kind, depth),
        }
    }

    /// `if … then … else …`
    fn chosen(&mut self, kind: &TypeKind, depth: usize) -> Made {
        let condition = self.condition(depth);
        let (then, otherwise) = (self.of(kind, depth), self.column(kind));
        let text = format!("(if {} then {} else {})", condition.text, then.text, otherwise.text);
        made(text, either(then.optional, otherwise.optional))
    }

    fn matched(&mut self, kind: &TypeKind, depth: usize) -> Made {
        let (one, two) = (self.column(kind), self.of(kind, depth));
        let text = match self.named(&["c1", "i3", "s2"]) {
            Some("c1") => {
                let other = self.column(kind);
                format!(
                    "(match c1 {{ red => {}, green => {}, blue => {} }})",
                    one.text, two.text, other.text
                )
            }
            Some("i3") => format!(
                "(match i3 {{ [0, 1] => {}, -1 => {}, _ => {} }})",
                two.text, one.text, two.text
            ),
            Some(_) => format!(
                "(match s2 {{ [\"\", \"42\"] => {}, null => {}, _ => {} }})",
                one.text, one.text, two.text
            ),
            None => return self.chosen(kind, depth),
        };
        made(text, None)
    }

    /// One of these columns, if the row has it; its kind is that of the first row.
    fn named(&mut self, names: &[&'static str]) -> Option<&'static str> {
        let name = self.chance.pick(names);
        let word = |kind: &str| kind.chars().next();
        let column = self.columns.iter().find(|column| column.name == name)?;
        let kind = match &column.ty.kind {
            TypeKind::Enum { .. } => Some('c'),
            TypeKind::Text => Some('s'),
            TypeKind::List(_) => Some('l'),
            TypeKind::Map(_) => Some('m'),
            TypeKind::Struct(_) => Some('p'),
            kind => word(&kind.to_string()),
        };
        (kind == word(name)).then_some(name)
    }

    /// One of some texts, each behind the columns that it reads, if the row has them.
    fn fixed(&mut self, texts: &[(&'static str, &[&'static str])]) -> Option<&'static str> {
        let (text, names) = self.chance.pick(texts);
        names.iter().all(|name| self.named(&[name]).is_some()).then_some(text)
    }

    /// `a ?? b`
    fn filled(&mut self, kind: &TypeKind, depth: usize) -> Made {
        let optional: Vec<Made> = (0..4)
            .map(|_| self.varying(kind, depth))
            .filter(|made| made.optional == Some(true))
            .collect();
        let Some(value) = optional.first() else {
            return self.chosen(kind, depth);
        };
        if self.locals.is_empty() && self.chance.percent(20) {
            let reason = self.chance.one(&["nothing there", "it's \\\"missing\\\"", "ß"]);
            return made(format!("({} ?? reject \"{reason}\")", value.text), Some(false));
        }
        let default = self.of(kind, depth);
        made(format!("({} ?? {})", value.text, default.text), default.optional)
    }

    /// A part of something larger.
    fn reached(&mut self, kind: &TypeKind, depth: usize) -> Made {
        let index = self.of(&TypeKind::Int, depth.min(1)).text;
        let small = format!("({index} % 3)");
        let list = |name: &str| made(format!("{name}[{small}]"), Some(true));
        let text = match kind {
            TypeKind::Int => match self.fixed(&[
                ("li", &["li"]),
                ("p1.x", &["p1"]),
                ("lp[0].x", &["lp"]),
                ("mi", &["mi"]),
                ("a", &["s1"]),
                ("twice(i1)", &["i1"]),
                ("twice(i2, i3)", &["i2", "i3"]),
            ]) {
                Some("li") => return list("li"),
                Some("mi") => {
                    return made(
                        format!("mi[{}]", self.of(&TypeKind::Text, depth.min(1)).text),
                        Some(true),
                    );
                }
                Some("a") => return made(format!("({{ a: {}, b: s1 }}).a", self.of(kind, depth).text), None),
                Some(text @ ("p1.x" | "twice(i1)")) => return made(text, Some(false)),
                text => text,
            },
            TypeKind::Float => self.fixed(&[
                ("p1.y", &["p1"]),
                ("p2.y", &["p2"]),
                ("lp[1].y", &["lp"]),
                ("lf[0]", &["lf"]),
            ]),
            TypeKind::Text => self.fixed(&[
                ("p2.tag", &["p2"]),
                ("ls[1]", &["ls"]),
                ("ms[\"a\"]", &["ms"]),
                ("lp[0].tag", &["lp"]),
                ("ms[s1]", &["ms", "s1"]),
                ("size(d2)", &["d2"]),
            ]),
            TypeKind::Json => self.fixed(&[
                ("j1.a", &["j1"]),
                ("j1[0]", &["j1"]),
                ("j1.a[0].b", &["j1"]),
                ("lj[0]", &["lj"]),
                ("j1.c", &["j1"]),
            ]),
            TypeKind::List(item) if item.kind == TypeKind::Int && !item.optional => {
                match self.fixed(&[("ll", &["ll"])]) {
                    Some(name) => return list(name),
                    None => None,
                }
            }
            TypeKind::Date => self.fixed(&[("lt[0]", &["lt"])]),
            TypeKind::Struct(_) => self.fixed(&[("lp[0]", &["lp"])]),
            _ => None,
        };
        match text {
            Some(text) => made(text, Some(true)),
            None => self.chosen(kind, depth),
        }
    }

    fn condition(&mut self, depth: usize) -> Made {
        let mut kinds = self.kinds();
        kinds.retain(|kind| *kind != TypeKind::Bool);
        let ordered: Vec<TypeKind> = kinds.iter().filter(|kind| orders(kind)).cloned().collect();
        match self.chance.below(12) {
            0 | 1 if depth > 0 => {
                let (left, right) = (self.condition(depth - 1), self.condition(depth - 1));
                let word = self.chance.one(&["and", "or"]);
                made(format!("({} {word} {})", left.text, right.text), None)
            }
            2 => {
                let inner = self.column(&TypeKind::Bool);
                made(format!("(not {})", inner.text), inner.optional)
            }
            3 => {
                let kind = self.chance.pick(&kinds);
                let optional: Vec<Made> = (0..4)
                    .map(|_| self.varying(&kind, depth))
                    .filter(|made| made.optional == Some(true))
                    .collect();
                let Some(asked) = optional.first().map(|made| made.text.clone()) else {
                    return self.column(&TypeKind::Bool);
                };
                made(
                    format!("({asked} is {}null)", self.chance.one(&["", "not "])),
                    Some(false),
                )
            }
            4 => {
                let kind = self.chance.pick(&kinds);
                let (left, right) = (self.varying(&kind, depth), self.column(&kind));
                made(
                    format!("({} is {}{})", left.text, self.chance.one(&["", "not "]), right.text),
                    Some(false),
                )
            }
            5 => {
                let (value, word) = (
                    self.varying(&TypeKind::Text, depth),
                    self.chance.one(&["like", "not like"]),
                );
                let pattern = self.chance.one(&["a%", "%b_c", "%\\\\%%", "_", "%", "%ß%", ""]);
                made(format!("({} {word} \"{pattern}\")", value.text), value.optional)
            }
            6 => {
                let (value, word) = (
                    self.varying(&TypeKind::Text, depth),
                    self.chance.one(&["matches", "not matches"]),
                );
                let pattern = self.chance.one(REGEXES);
                made(format!("({} {word} \"{pattern}\")", value.text), value.optional)
            }
            7 => self.member_of(depth),
            8 => {
                let kind = self.chance.pick(&ordered);
                let (value, low, high) = (self.varying(&kind, depth), self.column(&kind), self.column(&kind));
                let word = self.chance.one(&["between", "not between"]);
                made(format!("({} {word} {} and {})", value.text, low.text, high.text), None)
            }
            9 => {
                let mixed: [(&str, &[&str]); 6] = [
                    ("(i2 < f2)", &["i2", "f2"]),
                    ("(d1 <= i1)", &["d1", "i1"]),
                    ("(d2 > d3)", &["d2", "d3"]),
                    ("(c1 == c2)", &["c1", "c2"]),
                    ("(f1 >= i3)", &["f1", "i3"]),
                    ("(d4 != d5)", &["d4", "d5"]),
                ];
                match self.fixed(&mixed) {
                    Some(text) => made(text, None),
                    None => self.column(&TypeKind::Bool),
                }
            }
            _ => {
                let kind = self.chance.pick(&ordered);
                let (left, right) = (self.varying(&kind, depth), self.of(&kind, depth));
                let sign = self.chance.one(&["==", "!=", "<", "<=", ">", ">="]);
                made(
                    format!("({} {sign} {})", left.text, right.text),
                    either(left.optional, right.optional),
                )
            }
        }
    }

    fn member_of(&mut self, depth: usize) -> Made {
        let word = self.chance.one(&["in", "not in"]);
        let row = self.fixed(&[
            ("li", &["li"]),
            ("lo", &["lo"]),
            ("texts", &[]),
            ("c2", &["c2"]),
            ("i", &["i1", "i2"]),
        ]);
        match row {
            Some("li") => made(
                format!("({} {word} li)", self.varying(&TypeKind::Int, depth).text),
                None,
            ),
            Some("lo") => made(
                format!("({} {word} lo)", self.varying(&TypeKind::Int, depth).text),
                None,
            ),
            Some("texts") | None => made(
                format!(
                    "({} {word} [\"\", \"42\", \"été\"])",
                    self.varying(&TypeKind::Text, depth).text
                ),
                None,
            ),
            Some("c2") => made(format!("(c2 {word} [red, blue])"), Some(true)),
            _ => made(
                format!("({} {word} [i1, i2, 7])", self.varying(&TypeKind::Int, depth).text),
                None,
            ),
        }
    }

    fn arithmetic(&mut self, kind: &TypeKind, depth: usize) -> Made {
        if self.chance.percent(10) {
            let inner = self.varying(kind, depth);
            return made(format!("(-{})", inner.text), inner.optional);
        }
        if matches!(kind, TypeKind::Decimal { .. }) && self.chance.percent(8) {
            let texts = [
                "(d6 + 1)",
                "(d6 * d6)",
                "(d6 / 3)",
                "(d6 - d6)",
                "(d6 % 7)",
                "(-d6)",
                "(d6 * d3)",
                "(d3 / d6)",
            ];
            let texts: Vec<(&str, &[&str])> = texts.iter().map(|text| (*text, ["d3", "d6"].as_slice())).collect();
            if let Some(text) = self.fixed(&texts) {
                return made(text, Some(true));
            }
        }
        let signs: &[&str] = match kind {
            TypeKind::Int => &["+", "-", "*", "%"],
            _ => &["+", "-", "*", "/", "%"],
        };
        let sign = self.chance.one(signs);
        let mixed = self.chance.percent(20);
        let right = match kind {
            TypeKind::Float | TypeKind::Decimal { .. } if mixed => self.column(&TypeKind::Int).text,
            _ if sign == "/" || sign == "%" => self.column(kind).text,
            _ => self.of(kind, depth).text,
        };
        let left = self.varying(kind, depth);
        made(format!("({} {sign} {right})", left.text), None)
    }

    fn interpolated(&mut self, depth: usize) -> Made {
        let kinds = [
            TypeKind::Int,
            TypeKind::Text,
            TypeKind::Bool,
            TypeKind::Date,
            TypeKind::Timestamp,
            DECIMAL,
            TypeKind::Uuid,
        ];
        let mut parts = String::new();
        for _ in 0..2 {
            let kind = self.chance.pick(&kinds);
            // A text in a text is hard to read, and nobody writes it.
            let part = self.of(&kind, depth);
            let part = if part.text.contains('"') {
                self.column(&kind)
            } else {
                part
            };
            match part.text.contains('"') {
                true => parts.push('x'),
                false => parts.push_str(&format!("${{{}}}", part.text)),
            }
            parts.push_str(self.chance.one(&["", " ", "-é\\\"", "\\$"]));
        }
        made(format!("\"{parts}\""), None)
    }

    fn times(&mut self, kind: &TypeKind, depth: usize) -> Made {
        let text = match kind {
            TypeKind::Date => format!(
                "({} {} {})",
                self.varying(kind, depth).text,
                self.chance.one(&["+", "-"]),
                self.chance.one(&["1 day", "400 days", "0 days"])
            ),
            TypeKind::Timestamp => {
                let (at, length) = (self.varying(kind, depth), self.of(&TypeKind::Duration, depth));
                format!("({} {} {})", at.text, self.chance.one(&["+", "-"]), length.text)
            }
            _ => match self.chance.below(5) {
                0 => format!(
                    "({} - {})",
                    self.varying(&TypeKind::Timestamp, depth).text,
                    self.of(&TypeKind::Timestamp, depth).text
                ),
                1 => format!(
                    "({} - {})",
                    self.varying(&TypeKind::Date, depth).text,
                    self.of(&TypeKind::Date, depth).text
                ),
                2 => format!(
                    "({} * {})",
                    self.varying(kind, depth).text,
                    self.column(&TypeKind::Int).text
                ),
                3 => format!("({} % {})", self.varying(kind, depth).text, self.column(kind).text),
                _ => format!(
                    "({} {} {})",
                    self.varying(kind, depth).text,
                    self.chance.one(&["+", "-"]),
                    self.of(kind, depth).text
                ),
            },
        };
        made(text, None)
    }
}

fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// Kinds that have no parts.
fn flat(kind: &TypeKind) -> bool {
    !matches!(
        kind,
        TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Struct(_) | TypeKind::Bytes | TypeKind::Enum { .. }
    )
}

fn orders(kind: &TypeKind) -> bool {
    let times = matches!(kind, TypeKind::Date | TypeKind::Timestamp | TypeKind::Duration);
    times
        || matches!(
            kind,
            TypeKind::Int | TypeKind::Float | TypeKind::Decimal { .. } | TypeKind::Text
        )
}
