//! Python as a small output tree: precedence, layout and escaping in one place. Knows nothing of Spark or of plans.
//!
//! The layout is one that `ruff format` (and `black`) leaves alone: what fits a line stands on it; a call that does
//! not has its arguments one a line with a trailing comma, which formatters respect.

use unicode_width::UnicodeWidthStr;

/// The longest line that the formatters write.
pub const WIDTH: usize = 88;

/// A Python expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Py {
    /// A name, a dotted name or a literal.
    Atom(String),
    /// `callee(arguments)`
    Call(Box<Py>, Vec<Py>),
    /// `value.name`
    Attribute(Box<Py>, String),
    /// `name=value`, only as an argument.
    Keyword(String, Box<Py>),
    /// `[a, b]`
    List(Vec<Py>),
    /// `{name: value}`, names being texts.
    Dict(Vec<(String, Py)>),
    /// `lambda a, b: body`
    Lambda(Vec<String>, Box<Py>),
    /// `(a, b)`
    Tuple(Vec<Py>),
    /// `~value`, `-value`
    Unary(char, Box<Py>),
    /// Operands with the same operator between them.
    Binary(&'static str, Vec<Py>),
}

/// How tightly an expression holds together.
fn tightness(node: &Py) -> u8 {
    match node {
        Py::Atom(_) | Py::Call(..) | Py::Attribute(..) | Py::List(_) | Py::Dict(_) | Py::Tuple(_) | Py::Keyword(..) => {
            9
        }
        Py::Unary(..) => 8,
        Py::Binary("*", _) => 7,
        Py::Binary("+" | "-", _) => 6,
        Py::Binary("&", _) => 5,
        Py::Binary("|", _) => 4,
        Py::Binary(..) => 3,
        Py::Lambda(..) => 1,
    }
}

impl Py {
    /// A name or a literal that needs no escaping.
    pub fn atom(text: impl Into<String>) -> Py {
        Py::Atom(text.into())
    }

    /// A string literal.
    pub fn text(value: &str) -> Py {
        Py::Atom(string(value))
    }

    /// `name(arguments)`
    pub fn call(name: &str, arguments: Vec<Py>) -> Py {
        Py::Call(Box::new(Py::atom(name)), arguments)
    }

    /// `self.name(arguments)`
    pub fn method(self, name: &str, arguments: Vec<Py>) -> Py {
        Py::Call(Box::new(Py::Attribute(Box::new(self), name.into())), arguments)
    }

    /// `name=value`
    pub fn keyword(name: &str, value: Py) -> Py {
        Py::Keyword(name.into(), Box::new(value))
    }

    /// `left OP right`; a longer row of one associative operator is one node.
    pub fn binary(op: &'static str, left: Py, right: Py) -> Py {
        match left {
            Py::Binary(same, mut operands) if same == op && matches!(op, "&" | "|") => {
                operands.push(right);
                Py::Binary(op, operands)
            }
            left => Py::Binary(op, vec![left, right]),
        }
    }

    /// The statement `self` or `before` + `self`, `indent` spaces in, without a line end.
    pub fn statement(&self, indent: usize, before: &str) -> String {
        let mut printer = Printer {
            text: format!("{}{before}", " ".repeat(indent)),
            indent,
        };
        if is_several(self) && printer.on_the_line(self, 0).is_none() {
            printer.parenthesized(self);
        } else {
            printer.print(self, 0);
        }
        printer.text
    }
}

/// An expression on one line, as far as there is room for it: nobody needs the end of one that does not fit, and asking
/// at each level of a deep one would cost its square.
struct Flat {
    text: String,
    room: usize,
}

impl Flat {
    /// Writes more, and says whether there was room.
    fn push(&mut self, text: &str) -> bool {
        let width = text.width();
        let fits = width <= self.room;
        if fits {
            self.text.push_str(text);
            self.room -= width;
        }
        fits
    }

    fn node(&mut self, node: &Py) -> bool {
        match node {
            Py::Atom(text) => self.push(text),
            Py::Call(callee, arguments) => self.operand(callee, 9) && self.list("(", arguments, ")"),
            Py::Attribute(value, name) => self.operand(value, 9) && self.push(".") && self.push(name),
            Py::Keyword(name, value) => self.push(name) && self.push("=") && self.node(value),
            Py::List(items) => self.list("[", items, "]"),
            Py::Tuple(items) => self.list("(", items, ")"),
            Py::Dict(entries) => {
                let mut all = entries.iter().enumerate();
                self.push("{")
                    && all.all(|(at, (name, value))| {
                        (at == 0 || self.push(", ")) && self.push(&string(name)) && self.push(": ") && self.node(value)
                    })
                    && self.push("}")
            }
            Py::Lambda(params, body) => self.push(&lambda(params)) && self.node(body),
            Py::Unary(op, value) => self.push(op.encode_utf8(&mut [0; 4])) && self.operand(value, 8),
            Py::Binary(op, operands) => operands.iter().enumerate().all(|(at, one)| {
                (at == 0 || self.push(" ") && self.push(op) && self.push(" ")) && self.operand(one, 8)
            }),
        }
    }

    fn operand(&mut self, node: &Py, least: u8) -> bool {
        if tightness(node) < least {
            self.push("(") && self.node(node) && self.push(")")
        } else {
            self.node(node)
        }
    }

    fn list(&mut self, open: &str, items: &[Py], close: &str) -> bool {
        let mut all = items.iter().enumerate();
        self.push(open) && all.all(|(at, one)| (at == 0 || self.push(", ")) && self.node(one)) && self.push(close)
    }
}

/// A link of `head.a.b(x).c(y)`.
enum Link<'a> {
    Name(&'a str),
    Arguments(&'a [Py]),
}

struct Printer {
    text: String,
    indent: usize,
}

impl Printer {
    /// What is written of an expression, if it fits the line with `after` columns behind it.
    fn flat(&self, after: usize, write: impl FnOnce(&mut Flat) -> bool) -> Option<String> {
        let column = self.text.rsplit('\n').next().unwrap_or("").width();
        let mut flat = Flat {
            text: String::new(),
            room: WIDTH.checked_sub(column + after)?,
        };
        write(&mut flat).then_some(flat.text)
    }

    /// An expression on this line, if it fits with `after` columns behind it.
    fn on_the_line(&self, node: &Py, after: usize) -> Option<String> {
        self.flat(after, |flat| flat.node(node))
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.push_str(&" ".repeat(self.indent));
    }

    fn print(&mut self, node: &Py, after: usize) {
        if let Some(flat) = self.on_the_line(node, after) {
            self.text.push_str(&flat);
            return;
        }
        match node {
            Py::Atom(text) => self.text.push_str(text),
            Py::Keyword(name, value) => {
                self.text.push_str(&format!("{name}="));
                if is_several(value) {
                    self.parenthesized(value);
                } else {
                    self.print(value, after);
                }
            }
            Py::List(items) => self.items('[', items, ']'),
            Py::Dict(entries) => self.entries(entries),
            Py::Tuple(items) => self.items('(', items, ')'),
            Py::Lambda(params, body) => {
                self.text.push_str(&lambda(params));
                match **body {
                    Py::Binary(..) | Py::Unary(..) if self.on_the_line(body, after).is_none() => {
                        self.parenthesized(body);
                    }
                    _ => self.print(body, after),
                }
            }
            Py::Unary(op, value) => {
                self.text.push(*op);
                self.operand(value, 8, after);
            }
            Py::Binary(op, operands) => {
                for (at, operand) in operands.iter().enumerate() {
                    if at > 0 {
                        self.line();
                        self.text.push_str(&format!("{op} "));
                    }
                    let last = at + 1 == operands.len();
                    self.operand(operand, 8, if last { after } else { 0 });
                }
            }
            Py::Call(..) | Py::Attribute(..) => self.chain(node, after),
        }
    }

    fn operand(&mut self, node: &Py, least: u8, after: usize) {
        if tightness(node) >= least {
            self.print(node, after);
        } else if let Some(flat) = self.flat(after, |flat| flat.operand(node, least)) {
            self.text.push_str(&flat);
        } else {
            self.parenthesized(node);
        }
    }

    fn parenthesized(&mut self, node: &Py) {
        self.text.push('(');
        self.indent += 4;
        self.line();
        self.print(node, 0);
        self.indent -= 4;
        self.line();
        self.text.push(')');
    }

    fn items(&mut self, open: char, items: &[Py], close: char) {
        self.text.push(open);
        self.indent += 4;
        for item in items {
            self.line();
            self.print(item, 1);
            self.text.push(',');
        }
        self.indent -= 4;
        self.line();
        self.text.push(close);
    }

    fn entries(&mut self, entries: &[(String, Py)]) {
        self.text.push('{');
        self.indent += 4;
        for (name, value) in entries {
            self.line();
            self.text.push_str(&format!("{}: ", string(name)));
            if is_several(value) && self.on_the_line(value, 1).is_none() {
                self.parenthesized(value);
            } else {
                self.print(value, 1);
            }
            self.text.push(',');
        }
        self.indent -= 4;
        self.line();
        self.text.push('}');
    }

    fn chain(&mut self, node: &Py, after: usize) {
        let (head, links) = unchain(node);
        let fluent = is_fluent(&links);
        self.operand(head, 9, 1);
        for (at, link) in links.iter().enumerate() {
            match link {
                Link::Name(name) => {
                    if fluent && at > 0 && matches!(links[at - 1], Link::Arguments(_)) {
                        self.line();
                    }
                    self.text.push_str(&format!(".{name}"));
                }
                Link::Arguments([]) => self.text.push_str("()"),
                Link::Arguments(arguments) => {
                    let next = match links.get(at + 1) {
                        Some(Link::Name(name)) if !fluent => name.width() + 2,
                        Some(_) => 0,
                        None => after,
                    };
                    match self.flat(next, |flat| flat.list("(", arguments, ")")) {
                        Some(flat) => self.text.push_str(&flat),
                        None => self.items('(', arguments, ')'),
                    }
                }
            }
        }
    }
}

/// Whether an expression that does not fit a line goes on in lines of its own, which need brackets around them.
fn is_several(node: &Py) -> bool {
    match node {
        Py::Binary(..) => true,
        Py::Call(..) | Py::Attribute(..) => is_fluent(&unchain(node).1),
        _ => false,
    }
}

/// Formatters put each call of a longer chain on a line of its own.
fn is_fluent(links: &[Link<'_>]) -> bool {
    let calls_on_calls = links
        .windows(2)
        .filter(|pair| matches!(pair, [Link::Arguments(_), Link::Name(_)]));
    calls_on_calls.count() >= 2
}

fn unchain(node: &Py) -> (&Py, Vec<Link<'_>>) {
    match node {
        Py::Call(callee, arguments) => {
            let (head, mut links) = unchain(callee);
            links.push(Link::Arguments(arguments));
            (head, links)
        }
        Py::Attribute(value, name) => {
            let (head, mut links) = unchain(value);
            links.push(Link::Name(name));
            (head, links)
        }
        head => (head, Vec::new()),
    }
}

/// `lambda a, b: `
fn lambda(params: &[String]) -> String {
    match params {
        [] => "lambda: ".to_owned(),
        params => format!("lambda {}: ", params.join(", ")),
    }
}

/// A Python string literal of this text, quoted as formatters quote: with `"`, unless that costs more escapes.
pub fn string(text: &str) -> String {
    let quote = if text.matches('"').count() > text.matches('\'').count() {
        '\''
    } else {
        '"'
    };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if !is_plain(c) => out.push_str(&escape(c)),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A comment of this text, one line whatever is in it, without the indent.
pub fn comment(text: &str) -> String {
    let mut out = String::from("# ");
    for c in text.trim().chars() {
        if is_plain(c) {
            out.push(c);
        } else {
            out.push_str(&escape(c));
        }
    }
    out.trim_end().to_owned()
}

/// Whether a character can be seen for what it is; others (controls, bidirectional marks) could hide code.
fn is_plain(c: char) -> bool {
    let punctuation =
        matches!(c, '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}' | '\u{2010}'..='\u{2027}' | '\u{2190}'..='\u{22ff}');
    c.is_ascii_graphic() || c == ' ' || (!c.is_ascii() && c.is_alphanumeric()) || punctuation
}

fn escape(c: char) -> String {
    match u32::from(c) {
        code @ 0..=0xFF => format!("\\x{code:02x}"),
        code @ 0x100..=0xFFFF => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}
