//! Transforms of one to eight steps by chance, as an author writes them. Each step is checked before the next one is written,
//! so that every step sees what the one before it left.

use std::collections::BTreeMap;

use pipec::base::Memory;
use pipec::check::functions::{Constant, Declaration, Functions, Kind, Pattern};
use pipec::check::program::Program;
use pipec::diag::{Code, Diagnostic, Severity};
use pipec::plan::types::{Column, TypeKind};
use pipec::{Options, compile};

use crate::cases::{columns, library, program};
use crate::chance::Chance;
use crate::grammar::Grammar;

/// Transforms that are checked as one platform.
const TOGETHER: usize = 125;
/// The most steps of a transform.
const MOST: usize = 8;
/// Aggregates whose answer is another one on each engine, as their names say.
const APPROXIMATE: &str = "approx_";

/// A transform, as far as it is written.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// What it reads.
    pub input: &'static str,
    /// Whether it is a job on what arrives, with steps that wait for rows.
    timed: bool,
    /// Its steps.
    pub steps: Vec<String>,
    /// How many it should have.
    wanted: usize,
}

impl Pipeline {
    /// As an author writes it.
    pub fn text(&self) -> String {
        let mut text = format!(
            "/// Steps.\ntransform {} : {} -> curated.{} {{\n",
            self.name, self.input, self.name
        );
        if self.timed {
            text += "  engine = glue\n";
        }
        for step in &self.steps {
            text += &format!("  {step}\n");
        }
        text + "}\n"
    }
}

/// What a platform with these transforms is, and what is said of those that are wrong.
pub fn checked(head: &str, pipelines: &[Pipeline]) -> (Option<Program>, BTreeMap<usize, String>) {
    let mut text = head.to_owned();
    let mut lines = BTreeMap::new();
    let mut line = text.lines().count();
    for (at, pipeline) in pipelines.iter().enumerate() {
        let more = pipeline.text();
        text += &format!("\n{more}");
        let count = more.lines().count() + 1;
        lines.extend((line + 1..=line + count).map(|line| (line, at)));
        line += count;
    }
    let compilation = compile(&Memory::new([("rows.pipe", text.as_str())]), &Options::default());
    let mut wrong = BTreeMap::new();
    // One stream has more readers here than any has whose rows must not wait.
    let of_rows = |said: &&Diagnostic| said.severity == Severity::Error && said.code != Code::CAPACITY;
    for said in compilation.diagnostics.iter().filter(of_rows) {
        let line = compilation
            .sources
            .get(said.primary.span.file)
            .line_column(said.primary.span.start)
            .line;
        let at = lines
            .get(&line)
            .unwrap_or_else(|| panic!("line {line}: {}", said.message));
        wrong
            .entry(*at)
            .or_insert_with(|| format!("{}: {}", said.code, said.message));
    }
    let read_too_often = compilation.doubtful.filter(|_| wrong.is_empty());
    (compilation.program.or(read_too_often), wrong)
}

/// Writes this many transforms of what stands at `input`. With them, what the checker refused of steps that were tried.
pub fn write(
    head: &str,
    input: &'static str,
    prefix: &str,
    count: usize,
    chance: &mut Chance,
) -> (Vec<Pipeline>, Vec<(String, String)>) {
    written(head, (input, false), prefix, count, chance)
}

/// Writes this many transforms of what arrives, in whose steps time counts: as jobs, since functions do not wait for rows.
pub fn write_timed(head: &str, count: usize, chance: &mut Chance) -> Vec<Pipeline> {
    let (mut pipelines, _) = written(head, ("rows", true), "w", count, chance);
    let counts = |step: &String| TIMED.iter().any(|word| step.starts_with(word));
    pipelines.retain(|pipeline| pipeline.steps.iter().any(counts));
    pipelines
}

/// How steps begin in which time counts.
const TIMED: [&str; 3] = ["dedupe", "group", "session"];

fn written(
    head: &str,
    (input, timed): (&'static str, bool),
    prefix: &str,
    count: usize,
    chance: &mut Chance,
) -> (Vec<Pipeline>, Vec<(String, String)>) {
    let functions = library();
    let start = columns(&program(head));
    let mut pipelines: Vec<Pipeline> = (0..count)
        .map(|number| Pipeline {
            name: format!("{prefix}{number}"),
            input,
            timed,
            steps: Vec::new(),
            wanted: 1 + chance.below(if timed { MOST / 2 } else { MOST }),
        })
        .collect();
    let mut seen: Vec<(Vec<Column>, Vec<Column>)> = vec![(start.clone(), Vec::new()); count];
    let mut refused = Vec::new();
    for round in 0..MOST {
        for (at, pipeline) in pipelines.iter_mut().enumerate() {
            if pipeline.wanted > round {
                let (columns, joined) = &seen[at];
                let mut writer = Writer {
                    columns,
                    joined,
                    start: &start,
                    functions: &functions,
                    chance: &mut *chance,
                    stream: input == "rows",
                    timed,
                    round,
                };
                pipeline.steps.push(writer.step());
            }
        }
        // A platform of few transforms is soon checked again without a step that was wrong.
        let parts = pipelines.chunks_mut(TOGETHER).zip(seen.chunks_mut(TOGETHER));
        let found = std::thread::scope(|scope| {
            let parts: Vec<_> = parts
                .map(|(pipelines, seen)| scope.spawn(|| settle(head, pipelines, seen)))
                .collect();
            parts
                .into_iter()
                .flat_map(|part| part.join().expect("a part is checked"))
                .collect::<Vec<_>>()
        });
        refused.extend(found);
    }
    pipelines.retain(|pipeline| !pipeline.steps.is_empty());
    (pipelines, refused)
}

/// Takes back the last step of those that are wrong, and sees what columns the others leave. What was wrong comes back.
fn settle(head: &str, pipelines: &mut [Pipeline], seen: &mut [(Vec<Column>, Vec<Column>)]) -> Vec<(String, String)> {
    let mut refused = Vec::new();
    loop {
        let (found, wrong) = checked(head, pipelines);
        let Some(found) = found else {
            assert!(!wrong.is_empty(), "no program, and nothing is said");
            for (at, why) in wrong {
                let step = pipelines[at].steps.pop();
                let step = step.unwrap_or_else(|| panic!("{}: {why}", pipelines[at].name));
                refused.push((step, why));
            }
            continue;
        };
        for transform in &found.transforms {
            let at = pipelines
                .iter()
                .position(|pipeline| pipeline.name == transform.item.name);
            if let (Some(at), Some(last)) = (at, transform.steps.last()) {
                seen[at] = (last.columns.to_vec(), last.joined.to_vec());
            }
        }
        return refused;
    }
}

/// Writes a step behind others.
struct Writer<'w> {
    columns: &'w [Column],
    joined: &'w [Column],
    start: &'w [Column],
    functions: &'w Functions,
    chance: &'w mut Chance,
    stream: bool,
    timed: bool,
    round: usize,
}

impl Writer<'_> {
    fn step(&mut self) -> String {
        let has_time = self.columns.iter().any(|column| column.event_time);
        if self.timed && has_time && self.chance.percent(50) {
            return self.timed_step();
        }
        if self.timed && self.chance.percent(40) {
            return self.turning_away();
        }
        loop {
            let kind = self.chance.below(if self.stream { 10 } else { 22 });
            if self.fits(kind) {
                return self.of_kind(kind);
            }
        }
    }

    /// A step that turns rows away.
    fn turning_away(&mut self) -> String {
        let round = self.round;
        let optional = |column: &&Column| column.ty.optional && !column.name.contains('.');
        let names: Vec<String> = self
            .columns
            .iter()
            .filter(optional)
            .map(|column| column.name.clone())
            .collect();
        match names.is_empty() || self.chance.percent(50) {
            true => format!("expect e{round} : {} else quarantine", self.expr(&TypeKind::Bool)),
            false => format!(
                "derive q{round} = {} ?? reject \"nothing in round {round}\"",
                self.chance.pick(&names)
            ),
        }
    }

    /// A step in which time counts, or a lookup.
    fn timed_step(&mut self) -> String {
        match self.chance.below(5) {
            0 => self.join(),
            1 => format!(
                "session by {} gap {} as v{}",
                self.key(),
                self.chance.one(&["1 s", "3 s", "1 hour"]),
                self.round
            ),
            2 => {
                let within = self.chance.one(&["2 s", "30 s", "1 hour", "3 hours"]);
                format!("dedupe by {} within {within}", self.key())
            }
            _ => {
                let every = self.chance.one(&[
                    "2 s",
                    "5 s",
                    "1 min",
                    "4 s over 10 s",
                    "3 s late 2 s",
                    "1 hour late 1 min",
                ]);
                let group = self.group();
                group.replacen(" {", &format!(", at every {every} {{"), 1)
            }
        }
    }

    /// Whether the columns are there that a kind of step needs.
    fn fits(&self, kind: usize) -> bool {
        let has = |wanted: &dyn Fn(&Column) -> bool| self.columns.iter().any(wanted);
        let names = |names: &[&str]| names.iter().all(|name| has(&|column| column.name == *name));
        match kind {
            9 => has(&|column| matches!(column.ty.kind, TypeKind::List(_))),
            15 | 16 => {
                has(&|column| column.ty.kind == TypeKind::Int) && has(&|column| column.ty.kind == TypeKind::Text)
            }
            // Other rows have the same columns only as long as nothing has changed them.
            17 => self.columns == self.start,
            19 => has(&|column| column.event_time),
            20 => names(&["c1"]) || names(&["id"]),
            _ => true,
        }
    }

    fn of_kind(&mut self, kind: usize) -> String {
        match kind {
            0 | 1 => format!("filter {}", self.expr(&TypeKind::Bool)),
            2..5 => self.derive(),
            5 => self.select(),
            6 => format!(
                "drop {}",
                self.any(|column| !["id", "at", "day"].contains(&column.name.as_str()))
            ),
            7 => format!(
                "rename {} as r{}",
                self.any(|column| !["id", "at", "day"].contains(&column.name.as_str())),
                self.round
            ),
            8 => {
                let (condition, word) = (
                    self.expr(&TypeKind::Bool),
                    self.chance.one(&["quarantine", "drop", "warn"]),
                );
                format!("expect e{} : {condition} else {word}", self.round)
            }
            9 => {
                let list = self.any(|column| matches!(column.ty.kind, TypeKind::List(_)));
                format!("explode {}{list} as x{}", self.chance.one(&["", "outer "]), self.round)
            }
            10 | 11 => self.dedupe(),
            12..15 => self.group(),
            15 | 16 => self.join(),
            17 => "union processed.again".to_owned(),
            18 => self.window(),
            19 => format!(
                "session by {} gap {} as v{}",
                self.key(),
                self.chance.one(&["1 s", "3 s", "1 hour"]),
                self.round
            ),
            20 => self.pivot(),
            _ => match self.chance.percent(50) {
                true => format!("sort by {}\n  take {}", self.order(), 1 + self.chance.below(12)),
                false => self.unpivot(),
            },
        }
    }

    fn expr(&mut self, kind: &TypeKind) -> String {
        let seen: Vec<Column> = self.columns.iter().chain(self.joined).cloned().collect();
        Grammar::new(&seen, self.functions, self.chance).plain(kind)
    }

    /// The name of a column of which something holds; the first column where there is none.
    fn any(&mut self, wanted: impl Fn(&Column) -> bool) -> String {
        let names: Vec<String> = self
            .columns
            .iter()
            .filter(|column| wanted(column))
            .map(|column| column.name.clone())
            .collect();
        match names.is_empty() {
            false => self.chance.pick(&names),
            true => self
                .columns
                .first()
                .map(|column| column.name.clone())
                .unwrap_or_default(),
        }
    }

    fn key(&mut self) -> String {
        self.any(|column| {
            matches!(
                column.ty.kind,
                TypeKind::Bool
                    | TypeKind::Int
                    | TypeKind::Decimal { .. }
                    | TypeKind::Text
                    | TypeKind::Date
                    | TypeKind::Uuid
                    | TypeKind::Enum { .. }
            )
        })
    }

    fn order(&mut self) -> String {
        let ordered = |column: &Column| {
            matches!(
                column.ty.kind,
                TypeKind::Int
                    | TypeKind::Float
                    | TypeKind::Decimal { .. }
                    | TypeKind::Text
                    | TypeKind::Date
                    | TypeKind::Timestamp
            )
        };
        let one = format!("{}{}", self.any(ordered), self.chance.one(&["", " desc", " asc"]));
        match self.chance.percent(40) {
            true => format!("{one}, {}{}", self.any(ordered), self.chance.one(&["", " desc"])),
            false => one,
        }
    }

    fn derive(&mut self) -> String {
        let kinds = [
            TypeKind::Int,
            TypeKind::Text,
            TypeKind::Float,
            crate::grammar::DECIMAL,
            TypeKind::Bool,
            TypeKind::Date,
            TypeKind::Timestamp,
        ];
        let kind = self.chance.pick(&kinds);
        let name = format!("n{}", self.round);
        let first = self.expr(&kind);
        match self.chance.percent(30) {
            true => format!(
                "derive {name} = {first}\n         {name}b = {}",
                self.expr(&TypeKind::Text)
            ),
            false => format!("derive {name} = {first}"),
        }
    }

    fn select(&mut self) -> String {
        let mut names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        let always = ["id", "at", "day"];
        names.retain(|name| always.contains(&name.as_str()) || self.chance.percent(60));
        let made = self.expr(&TypeKind::Text);
        names.push(format!("{made} as s{}x", self.round));
        if let Some(column) = self.joined.first() {
            names.push(format!("{} as j{}", column.name, self.round));
        }
        format!("select {}", names.join(", "))
    }

    fn dedupe(&mut self) -> String {
        let keep = match self.chance.below(3) {
            0 if self.columns.iter().any(|column| column.event_time) => String::new(),
            1 => format!(
                " keep first by {}",
                self.any(|column| matches!(
                    column.ty.kind,
                    TypeKind::Int | TypeKind::Text | TypeKind::Decimal { .. } | TypeKind::Timestamp
                ))
            ),
            _ => format!(
                " keep last by {}",
                self.any(|column| matches!(
                    column.ty.kind,
                    TypeKind::Int | TypeKind::Text | TypeKind::Date | TypeKind::Timestamp
                ))
            ),
        };
        let (one, two) = (self.key(), self.key());
        match one == two || self.chance.percent(50) {
            true => format!("dedupe by {one}{keep}"),
            false => format!("dedupe by {one}, {two}{keep}"),
        }
    }

    fn group(&mut self) -> String {
        let (one, two) = (self.key(), self.key());
        let keys = match self.chance.below(4) {
            0 if one != two => format!("{one}, {two}"),
            1 => format!("{} as k{}", self.expr(&TypeKind::Text), self.round),
            _ => one,
        };
        let mut made = Vec::new();
        for at in 0..1 + self.chance.below(3) {
            if let Some(call) = self.aggregate(&[Kind::Aggregate], false) {
                made.push(format!("    a{}{} = {call}", self.round, ["", "b", "c"][at]));
            }
        }
        made.push(format!("    c{}n = count()", self.round));
        format!("group by {keys} {{\n{}\n  }}", made.join("\n"))
    }

    fn window(&mut self) -> String {
        let order = self.order();
        // What answers by the order alone stands in no frame.
        let framed = self.chance.percent(50);
        let frame = match framed {
            true => self
                .chance
                .one(&[" rows -2..0", " rows ..0", " rows -1..1", " rows .."]),
            false => "",
        };
        let kinds: &[Kind] = if framed {
            &[Kind::Aggregate]
        } else {
            &[Kind::Window, Kind::Aggregate]
        };
        let call = self.aggregate(kinds, true).unwrap_or_else(|| "count()".to_owned());
        format!(
            "window by {} order by {order}{frame} {{ w{} = {call} }}",
            self.key(),
            self.round
        )
    }

    fn pivot(&mut self) -> String {
        let call = self
            .aggregate(&[Kind::Aggregate], false)
            .unwrap_or_else(|| "count()".to_owned());
        let has = |name: &str| self.columns.iter().any(|column| column.name == name);
        let (on, one, two) = match has("c1") {
            true => ("c1", "red", "blue"),
            false => ("id", "1", "2"),
        };
        let key = self.key();
        format!(
            "pivot by {key} on {on} {{\n    g{0} = {call} for {one}\n    h{0} = count() for {two}\n  }}",
            self.round
        )
    }

    fn unpivot(&mut self) -> String {
        let alike = |one: &Column, other: &Column| {
            one.name != other.name && one.ty.kind == other.ty.kind && !one.key && !other.key
        };
        let pairs = self
            .columns
            .iter()
            .flat_map(|one| self.columns.iter().map(move |other| (one, other)));
        let pairs: Vec<(String, String)> = pairs
            .filter(|(one, other)| alike(one, other))
            .map(|(one, other)| (one.name.clone(), other.name.clone()))
            .collect();
        if pairs.is_empty() {
            return self.derive();
        }
        let (one, two) = self.chance.pick(&pairs);
        format!("unpivot {one}, {two} as u{0}n, u{0}v", self.round)
    }

    fn join(&mut self) -> String {
        let kind = self.chance.one(&["inner", "left", "full", "semi", "anti"]);
        let whole = |column: &Column| column.ty.kind == TypeKind::Int;
        let text = |column: &Column| column.ty.kind == TypeKind::Text;
        let filled = |writer: &Self, name: String, default: &str| {
            let optional = writer
                .columns
                .iter()
                .any(|column| column.name == name && column.ty.optional);
            if optional {
                format!("({name} ?? {default})")
            } else {
                name
            }
        };
        let on = match self.chance.percent(60) {
            true => {
                let name = self.any(whole);
                format!("{} == k{}.number", filled(self, name, "-1"), self.round)
            }
            false => {
                let name = self.any(text);
                format!("{} == k{}.word", filled(self, name, "\"\""), self.round)
            }
        };
        let more = match self.chance.percent(30) {
            true => format!(" and k{}.color != red", self.round),
            false => String::new(),
        };
        format!("join {kind} processed.extra as k{} on {on}{more}", self.round)
    }

    /// A call of an aggregate, or of a function of windows, by its declaration.
    fn aggregate(&mut self, kinds: &[Kind], running: bool) -> Option<String> {
        let forms = self.functions.iter().filter(|form| {
            kinds.contains(&form.kind)
                && form.instead.is_none()
                && !form.name.starts_with(APPROXIMATE)
                && (!running || form.running || form.kind == Kind::Window)
        });
        let forms: Vec<&Declaration> = forms.collect();
        for _ in 0..8 {
            let form = self.chance.pick(&forms);
            if let Some(call) = self.call(form, running) {
                return Some(call);
            }
        }
        None
    }

    fn call(&mut self, form: &Declaration, running: bool) -> Option<String> {
        let mut arguments = Vec::new();
        for param in &form.params {
            let text = match (&param.constant, &param.ty) {
                (Some(Constant::Between(..)), Pattern::Kind(TypeKind::Float)) => {
                    self.chance.one(&["0.5", "0.25", "1.0", "0.9"]).to_owned()
                }
                (Some(Constant::Between(..)), _) => self.chance.one(&["1", "2", "3"]).to_owned(),
                (Some(_), _) => "\", \"".to_owned(),
                (None, pattern) => {
                    let fits = |kind: &TypeKind| match pattern {
                        Pattern::Kind(own) => own == kind,
                        Pattern::Decimal(_) => matches!(kind, TypeKind::Decimal { .. }),
                        Pattern::Variable(_) => {
                            let word = match kind {
                                TypeKind::Decimal { .. } => "decimal".to_owned(),
                                TypeKind::Enum { .. } => "enum".to_owned(),
                                kind => kind.to_string(),
                            };
                            form.takes.is_empty() || form.takes.contains(&word)
                        }
                        _ => false,
                    };
                    let names: Vec<String> = self
                        .columns
                        .iter()
                        .filter(|column| fits(&column.ty.kind))
                        .map(|column| column.name.clone())
                        .collect();
                    if names.is_empty() {
                        return None;
                    }
                    self.chance.pick(&names)
                }
            };
            arguments.push(text);
        }
        let order = match form.needs_order && !running && form.kind == Kind::Aggregate {
            true => format!(" order by {}", self.order()),
            false => String::new(),
        };
        Some(format!("{}({}{order})", form.name, arguments.join(", ")))
    }
}
