//! Programs over the whole grammar, made by dice: right in form, senseless in meaning, the same for the same seed.

/// A small generator of numbers, the same every time.
pub struct Dice(pub u64);

impl Dice {
    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    /// Yes, once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of some words.
    pub fn one<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const NAMES: &[&str] = &[
    "a",
    "b2",
    "user_id",
    "day",
    "source",
    "order",
    "kind",
    "is_new",
    "x",
    "filter_by",
    "match_id",
    "in_days",
    "total",
];
const TYPES: &[&str] = &[
    "int",
    "string",
    "decimal(12, 2)",
    "timestamp",
    "Currency",
    "json",
    "float",
];
const UNITS: &[&str] = &["min", "hours", "KiB", "percent", "times", "s", "days", "USD"];

/// Writes one program.
pub struct Writer {
    dice: Dice,
    depth: usize,
}

impl Writer {
    /// A writer whose programs follow from the seed.
    pub fn new(seed: u64) -> Self {
        Writer {
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            depth: 0,
        }
    }

    /// A program of a few items.
    pub fn program(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.dice.below(4) {
            text += &self.note("");
            text += &self.item();
            text += self.dice.one(&["\n", "\n\n", "  // end\n", "\n\n\n"]);
        }
        text
    }

    fn name(&mut self) -> String {
        self.dice.one(NAMES).to_owned()
    }

    fn path(&mut self) -> String {
        format!("{}.{}", self.name(), self.name())
    }

    fn names(&mut self) -> String {
        self.some(1, 3, ", ", Self::name)
    }

    fn space(&mut self) -> &'static str {
        self.dice.one(&[" ", " ", "  ", "   "])
    }

    fn note(&mut self, indent: &str) -> String {
        match self.dice.below(8) {
            0 => format!("{indent}// said\n"),
            1 => format!("{indent}///  A  doc.\n{indent}/// more\n"),
            _ => String::new(),
        }
    }

    fn some(&mut self, from: usize, to: usize, between: &str, make: impl Fn(&mut Self) -> String) -> String {
        let count = from + self.dice.below(to - from + 1);
        (0..count).map(|_| make(self)).collect::<Vec<_>>().join(between)
    }

    fn item(&mut self) -> String {
        let (name, other) = (self.name(), self.path());
        match self.dice.below(14) {
            0 => format!("use \"../{name}\""),
            1 => format!("param {name} : {} = {}", self.ty(), self.expr()),
            2 => format!("enum {name} {{ {}, Z }}", self.names()),
            3 => format!("type {name} = {}", self.ty()),
            4 => format!("schema {name} {}", self.fields(2)),
            5 => {
                let params = self.some(0, 3, ", ", |w| format!("{}: {}", w.name(), w.ty()));
                format!("fn {name}({params}) -> {} =\n  {}", self.ty(), self.expr())
            }
            6 => format!("test \"{name}\" for {name} {}", self.block(Self::case)),
            7 => format!("access {name} {}", self.settings_then(Self::grant)),
            8 => format!("monitor {name} like {other} {}", self.settings_then(Self::alarm)),
            9 => {
                let shape = self.dice.one(&["stream", "table", "objects"]);
                format!("source {name} : {shape} of {} {}", self.ty(), self.settings(2))
            }
            10 => format!("class {name} below {name} {}", self.settings(2)),
            11 => format!("override {other} {}", self.settings(2)),
            12 => {
                let target = match self.dice.below(4) {
                    0 => String::new(),
                    1 => format!(" -> {other}"),
                    2 => format!(" -> {other} : Contract merge by {}", self.names()),
                    _ => format!(" -> {other} {}", self.dice.one(&["append", "overwrite"])),
                };
                format!(
                    "transform {name} : {other}, {name}{target} {}",
                    self.settings_then(Self::step)
                )
            }
            _ => {
                let word = self
                    .dice
                    .one(&["zone", "pipeline", "env", "sink", "serve", "schedule", "retention"]);
                format!("{word} {name} like {other} {}", self.settings(2))
            }
        }
    }

    fn block(&mut self, make: impl Fn(&mut Self) -> String) -> String {
        let mut text = "{\n".to_owned();
        for _ in 0..self.dice.below(4) {
            text += &self.note("    ");
            text += &format!("{}{}\n", self.dice.one(&["  ", " ", "    "]), make(self));
        }
        text + "}"
    }

    fn settings_then(&mut self, make: impl Fn(&mut Self) -> String) -> String {
        let settings = self.some(0, 2, "", |w| format!("  {}\n", w.setting(1)));
        let rest = self.block(make);
        format!(
            "{{\n{settings}{}",
            rest.trim_start_matches('{').trim_start_matches('\n')
        )
    }

    fn settings(&mut self, depth: usize) -> String {
        if self.dice.once_in(3) {
            return format!("{{ {} }}", self.some(0, 3, ", ", |w| w.setting(depth)));
        }
        self.block(|w| w.setting(depth))
    }

    fn setting(&mut self, depth: usize) -> String {
        let key = if self.dice.once_in(4) { self.path() } else { self.name() };
        let (left, right) = (self.space(), self.space());
        let value = match self.dice.below(6) {
            0 if depth > 0 => format!("{} {}", self.name(), self.settings(depth - 1)),
            1 => self.quantity(),
            2 => format!("{} per second of {}", self.number(), self.quantity()),
            3 => format!("[\n    {}\n  ]", self.some(1, 3, "\n    ", Self::expr)),
            4 => format!("arrival of {}", self.path()),
            _ => self.expr(),
        };
        format!("{key}{left}={right}{value}")
    }

    fn fields(&mut self, depth: usize) -> String {
        self.block(|w| {
            let mut ty = w.ty();
            if depth > 0 && w.dice.once_in(6) {
                ty = format!("list<struct {{ a : {ty}, b : int }}>");
            }
            let tail = match w.dice.below(5) {
                0 => " @key".to_owned(),
                1 => format!("  @pii @x check {}", w.expr()),
                2 => format!(" = {}", w.primary()),
                _ => String::new(),
            };
            format!("{}{}:{}{ty}{tail}", w.name(), w.space(), w.space())
        })
    }

    fn ty(&mut self) -> String {
        let plain = self.dice.one(TYPES);
        match self.dice.below(6) {
            0 => format!("list<{plain}>"),
            1 => format!("map<string, {plain}?>?"),
            2 => format!("{plain}?"),
            _ => plain.to_owned(),
        }
    }

    fn case(&mut self) -> String {
        let row = |w: &mut Self| {
            format!(
                "{{ {} }}",
                w.some(1, 3, ", ", |w| format!("{}: {}", w.name(), w.primary()))
            )
        };
        match self.dice.below(4) {
            0 => format!("given {} from \"rows.csv\"", self.path()),
            1 => format!("expect rejected {}", self.number()),
            2 => format!("given {} = [\n    {}\n  ]", self.path(), self.some(1, 3, "\n    ", row)),
            _ => format!("expect [ {} ]", row(self)),
        }
    }

    fn grant(&mut self) -> String {
        match self.dice.below(3) {
            0 => "clear @pii, @x".to_owned(),
            1 => format!("allow select on {}.*, * columns [{}]", self.name(), self.names()),
            _ => format!("allow select on {} where {}", self.path(), self.expr()),
        }
    }

    fn alarm(&mut self) -> String {
        match self.dice.below(3) {
            0 => format!("alarm cost over {} of {}", self.quantity(), self.name()),
            1 => format!("alarm errors of {}", self.path()),
            _ => format!("alarm lag of {} over {}", self.path(), self.quantity()),
        }
    }

    fn step(&mut self) -> String {
        let (name, other, expr) = (self.name(), self.path(), self.expr());
        match self.dice.below(19) {
            0 => format!("filter{}{expr}", self.space()),
            1 => format!(
                "derive {name} = {expr}\n      b = {}\n   /// Doc.\n   c = {}",
                self.expr(),
                self.expr()
            ),
            2 => format!("select {name}, {expr} as y,\n    z"),
            3 => format!("drop{}{}", self.space(), self.names()),
            4 => format!("rename {name} as x, y as z"),
            5 => format!("explode outer {name} as x"),
            6 => format!(
                "dedupe by {} keep first by {name} within {}",
                self.names(),
                self.quantity()
            ),
            7 => format!("join left {other} as p on {expr} within {}", self.quantity()),
            8 => format!("union {other}"),
            9 => format!(
                "group by {name}, {expr} as k every 5 min over 1 hour late 1 min {}",
                self.aggregates()
            ),
            10 => format!(
                "window by {name} order by {name} desc, {expr} rows -3..0 {}",
                self.aggregates()
            ),
            11 => format!("session by {name} gap 30 min as v"),
            12 => format!("pivot by {name} on {other} {{ n = count() for \"v\", m = sum(x) for {expr} }}"),
            13 => format!("unpivot {} as k, v", self.names()),
            14 => format!("sort by {name} desc, {expr}"),
            15 => format!("take {}", self.number()),
            16 => format!(
                "expect {name} : {expr} else {}",
                self.dice.one(&["drop", "quarantine", "warn"])
            ),
            17 => format!("route {{ when {expr} -> {other}; else -> {name} }}"),
            _ => format!("run script \"a.py\" returns {} {}", self.ty(), self.settings(1)),
        }
    }

    fn aggregates(&mut self) -> String {
        self.block(|w| format!("{} = {}", w.name(), w.expr()))
    }

    fn number(&mut self) -> String {
        self.dice.one(&["0", "42", "1_000", "3.14", "7"]).to_owned()
    }

    fn quantity(&mut self) -> String {
        format!("{}{}{}", self.number(), self.dice.one(&[" ", ""]), self.dice.one(UNITS))
    }

    fn primary(&mut self) -> String {
        match self.dice.below(9) {
            0 => self.number(),
            1 => self.quantity(),
            2 => "null".to_owned(),
            3 => format!("\"t {} \\n ${{{} + 1}}\"", self.name(), self.name()),
            4 => format!("[{}]", self.names()),
            5 => format!("{}({}, n: {})", self.name(), self.names(), self.number()),
            6 => "true".to_owned(),
            7 => self.path(),
            _ => self.name(),
        }
    }

    fn expr(&mut self) -> String {
        if self.depth > 3 {
            return self.primary();
        }
        self.depth += 1;
        let left = self.primary();
        let text = match self.dice.below(12) {
            0 => format!("{left} {} {}", self.dice.one(&["+", "-", "*", "/", "%"]), self.expr()),
            1 => format!(
                "({}) {} ({})",
                self.expr(),
                self.dice.one(&["and", "or", "==", "<", "??"]),
                self.expr()
            ),
            2 => format!("-{left}"),
            3 => format!("not ({})", self.expr()),
            4 => format!("{left} not in [{}]", self.names()),
            5 => format!("{left} between 1 and {}", self.number()),
            6 => format!("if {} then {} else {}", self.expr(), self.expr(), self.expr()),
            7 => format!("match {left} {{ 1 => {}, _ => {} }}", self.expr(), self.primary()),
            8 => format!("{}[{}].f", self.name(), self.expr()),
            9 => format!("xs.map(r => {})", self.expr()),
            10 => format!("{left} is not null"),
            _ => left,
        };
        self.depth -= 1;
        text
    }
}
