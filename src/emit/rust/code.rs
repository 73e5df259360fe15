//! Rust as small output trees: expressions with precedence, blocks, statements, and one printer whose layout is
//! rustfmt's (with `use_small_heuristics = "Max"` and no one-line `if`). Knows no plan.

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthStr;

use super::names::identifier;

/// The longest line of generated Rust.
pub const WIDTH: usize = 120;

/// How tightly an expression's outermost operator binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `a || b`
    Or,
    /// `a && b`
    And,
    /// `a < b`
    Compare,
    /// `!a`, `-a`, `&a`
    Unary,
    /// Names, literals, calls.
    Atom,
}

/// An expression on one line.
#[derive(Clone, Debug)]
pub struct Code {
    text: String,
    level: Level,
    /// Names that it mentions: variables and imported items.
    pub uses: BTreeSet<String>,
    /// Whether it may leave the function.
    pub fails: bool,
}

impl Code {
    fn new(text: String, level: Level, parts: &[&Code]) -> Code {
        let uses = parts.iter().flat_map(|part| part.uses.iter().cloned()).collect();
        let fails = parts.iter().any(|part| part.fails);
        Code {
            text,
            level,
            uses,
            fails,
        }
    }

    /// Text that is Rust already and mentions nothing.
    pub fn plain(text: impl Into<String>) -> Code {
        Code::new(text.into(), Level::Atom, &[])
    }

    /// A variable, or an imported item.
    pub fn name(name: &str) -> Code {
        Code::plain(name).using(name)
    }

    /// `functions::date`: an item by the module that is imported.
    pub fn path(path: &str) -> Code {
        let root = path.split("::").next().unwrap_or(path);
        Code::plain(path).using(root)
    }

    /// A number.
    pub fn number(value: impl Into<i128>) -> Code {
        let text = grouped(value.into());
        let level = if text.starts_with('-') {
            Level::Unary
        } else {
            Level::Atom
        };
        Code::new(text, level, &[])
    }

    /// A number with a fraction.
    pub fn float(value: f64) -> Code {
        let level = if value < 0.0 { Level::Unary } else { Level::Atom };
        Code::new(format!("{value:?}"), level, &[])
    }

    /// A text.
    pub fn text(value: &str) -> Code {
        Code::plain(quoted(value))
    }

    /// Mentions an imported item besides.
    pub fn using(mut self, item: &str) -> Code {
        self.uses.insert(item.to_owned());
        self
    }

    /// `function(arguments)`
    pub fn call(function: &Code, arguments: &[Code]) -> Code {
        let mut parts: Vec<&Code> = arguments.iter().collect();
        parts.push(function);
        let text = format!("{}({})", function.text, list(arguments));
        Code::new(text, Level::Atom, &parts)
    }

    /// `receiver.name(arguments)`
    pub fn method(receiver: &Code, name: &str, arguments: &[Code]) -> Code {
        let mut parts: Vec<&Code> = arguments.iter().collect();
        parts.push(receiver);
        let text = format!("{}.{name}({})", receiver.receiver(), list(arguments));
        Code::new(text, Level::Atom, &parts)
    }

    /// `name` of `&name`, for its methods.
    pub fn place(&self) -> Code {
        match self.text.strip_prefix("&*").or_else(|| self.text.strip_prefix('&')) {
            Some(name) if is_place(name) => Code {
                text: name.to_owned(),
                level: Level::Atom,
                ..self.clone()
            },
            _ => self.clone(),
        }
    }

    /// Whether it is a name alone.
    pub fn is_name(&self) -> bool {
        self.text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '#')
    }

    /// Whether it is a variable that a format may name.
    pub fn is_variable(&self) -> bool {
        let start = self.text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        start && self.is_name() && !matches!(self.text.as_str(), "true" | "false") && !self.text.starts_with("r#")
    }

    /// `name as ty`
    pub fn cast(&self, ty: &str) -> Code {
        // `a as i64 < b` would begin a generic argument: it stands in parentheses wherever an operator follows.
        Code::new(
            format!("{} as {ty}", self.within(Level::Unary)),
            Level::Compare,
            &[self],
        )
    }

    /// Code in which `{0}`, `{1}` … stand for other code.
    pub fn template(template: &str, parts: &[Code]) -> Code {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, behind)) = rest.split_once('{') {
            text.push_str(before);
            let (place, after) = behind.split_once('}').unwrap_or((behind, ""));
            // What is no number is Rust's own.
            match place.parse().ok().and_then(|place: usize| parts.get(place)) {
                Some(part) if after.starts_with('.') => text.push_str(&part.place().receiver()),
                Some(part) if before.ends_with(['&', '*', '-', '!']) => text.push_str(&part.within(Level::Unary)),
                Some(part) => text.push_str(&part.text),
                None => {
                    text.push_str(&format!("{{{place}}}"));
                }
            }
            rest = after;
        }
        text.push_str(rest);
        let mut code = Code::new(text, Level::Atom, &parts.iter().collect::<Vec<_>>());
        let words = template.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':');
        let roots = words.filter(|word| word.contains("::"));
        code.uses
            .extend(roots.filter_map(|path| path.split("::").next()).map(str::to_owned));
        code
    }

    /// `value.field`
    pub fn field(&self, name: &str) -> Code {
        Code::new(format!("{}.{name}", self.within(Level::Atom)), Level::Atom, &[self])
    }

    /// `left OPERATOR right`; comparisons do not chain.
    pub fn binary(operator: &str, level: Level, left: &Code, right: &Code) -> Code {
        let (left_text, right_text) = match level {
            Level::Compare => (left.within(Level::Unary), right.within(Level::Unary)),
            _ => (left.within(level), right.within(level)),
        };
        Code::new(format!("{left_text} {operator} {right_text}"), level, &[left, right])
    }

    /// `!value`, `-value`, `&*value`
    pub fn unary(operator: &str, value: &Code) -> Code {
        Code::new(
            format!("{operator}{}", value.within(Level::Unary)),
            Level::Unary,
            &[value],
        )
    }

    /// `|parameter| body`; what the parameter names is not mentioned outside.
    pub fn closure(parameter: &str, bound: &[&str], body: &Code) -> Code {
        let mut code = Code::new(format!("|{parameter}| {}", body.text), Level::Or, &[body]);
        code.uses.retain(|name| !bound.contains(&name.as_str()));
        code
    }

    /// `vec![1_i64, 2]`
    pub fn vec(mut items: Vec<Code>) -> Code {
        if let Some(first) = items.first_mut() {
            *first = first.typed();
        }
        Code::array("vec!", &items)
    }

    /// `vec![a, b]`, or an array where the prefix is empty.
    pub fn array(prefix: &str, items: &[Code]) -> Code {
        Code::new(
            format!("{prefix}[{}]", list(items)),
            Level::Atom,
            &items.iter().collect::<Vec<_>>(),
        )
    }

    /// `function(arguments, `, for a closure to follow.
    pub fn opened(function: &Code, arguments: &[Code]) -> Code {
        let mut parts: Vec<&Code> = arguments.iter().collect();
        parts.push(function);
        let separator = if arguments.is_empty() { "" } else { ", " };
        Code::new(
            format!("{}({}{separator}", function.text, list(arguments)),
            Level::Atom,
            &parts,
        )
    }

    /// Whether it is a number, or a type around one: `Date(1)`.
    pub fn is_constant(&self) -> bool {
        let inside = self
            .text
            .split_once('(')
            .map_or(self.text.as_str(), |(_, inside)| inside);
        inside
            .trim_end_matches(')')
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '_' | '.' | '-'))
    }

    /// `(a, b)`
    pub fn tuple(items: &[Code]) -> Code {
        Code::new(
            format!("({})", list(items)),
            Level::Atom,
            &items.iter().collect::<Vec<_>>(),
        )
    }

    /// `Name { field: value, … }`
    pub fn fields(name: &Code, fields: &[(String, Code)]) -> Code {
        let mut parts: Vec<_> = fields.iter().map(|(_, value)| value).collect();
        parts.push(name);
        let line: Vec<_> = fields
            .iter()
            .map(|(field, value)| short_field(&identifier(field), value))
            .collect();
        Code::new(format!("{} {{ {} }}", name.text, line.join(", ")), Level::Atom, &parts)
    }

    /// `value?`
    pub fn tried(&self) -> Code {
        let mut code = Code::new(format!("{}?", self.within(Level::Atom)), Level::Atom, &[self]);
        code.fails = true;
        code
    }

    /// `return Err(…)`
    pub fn leave(error: &Code) -> Code {
        let mut code = Code::new(format!("return Err({})", error.text), Level::Or, &[error]);
        code.fails = true;
        code
    }

    /// `matches!(value, a | b)`, or an array or the like in text of the caller's.
    pub fn wrapped(before: &str, value: &Code, after: &str) -> Code {
        Code::new(format!("{before}{}{after}", value.text), Level::Atom, &[value])
    }

    /// The text, in parentheses where its operator binds less tightly.
    fn within(&self, level: Level) -> String {
        if self.level < level {
            format!("({})", self.text)
        } else {
            self.text.clone()
        }
    }

    /// The text, for a method to follow: a number says its type, which its methods depend on.
    fn receiver(&self) -> String {
        self.typed().within(Level::Atom)
    }

    /// A number that says its type, also one in `Some( )`.
    pub fn typed(&self) -> Code {
        let (before, digits, after) = match self.text.strip_prefix("Some(").and_then(|text| text.strip_suffix(')')) {
            Some(inside) => ("Some(", inside, ")"),
            None => ("", self.text.as_str(), ""),
        };
        let unsigned = digits.trim_start_matches('-');
        let number = unsigned.starts_with(|c: char| c.is_ascii_digit())
            && unsigned.chars().all(|c| c.is_ascii_digit() || "_.-e".contains(c));
        if !number {
            return self.clone();
        }
        let ty = if digits.contains(['.', 'e']) { "f64" } else { "i64" };
        Code {
            text: format!("{before}{digits}_{ty}{after}"),
            ..self.clone()
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Whether it is a name, or a field of one.
fn is_place(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '#' | '.'))
}

/// `86400000000` as `86_400_000_000`; up to four digits stand alone.
pub fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        let left = digits.len() - place;
        if place > 0 && digits.len() > 4 && left.is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

fn list(arguments: &[Code]) -> String {
    arguments.iter().map(Code::as_str).collect::<Vec<_>>().join(", ")
}

/// A Rust string literal: the only way by which an author's text gets into code.
pub fn quoted(value: &str) -> String {
    let mut out = String::from("\"");
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unprintable(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Characters that rustc refuses in sources, or that a reader cannot see.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// An author's text for a comment: one line.
pub fn one_line(text: &str) -> String {
    let visible: String = text.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An author's documentation above an item: a doc comment, or a plain one where Markdown would read more into it.
pub fn documentation(text: &str, indent: usize) -> String {
    let text = one_line(text);
    if text.is_empty() {
        return String::new();
    }
    let tame = |c: char| c.is_alphanumeric() || " .,;:()'\"/%?!=".contains(c);
    let marker = if text.chars().all(tame) && text.starts_with(char::is_alphabetic) {
        "///"
    } else {
        "//"
    };
    format!("{:indent$}{marker} {text}\n", "")
}

/// Statements and the value that they end with.
#[derive(Clone, Debug)]
pub struct Block {
    /// Statements.
    pub statements: Vec<Statement>,
    /// The value.
    pub value: Value,
}

/// An expression that may take several lines.
#[derive(Clone, Debug)]
pub enum Value {
    /// On one line.
    Code(Code),
    /// `if … else …`
    If(Box<(Code, Block, Block)>),
    /// `match … { PATTERN => …, … }`
    Match(Box<(Code, Vec<(String, Block)>)>),
    /// `before |parameters| block after`
    Closure(Box<Closure>),
    /// `Name { field: value, … }`
    Fields(Box<(Code, Vec<(String, Code)>)>),
}

/// A call whose last argument is a closure of several lines.
#[derive(Clone, Debug)]
pub struct Closure {
    /// `lists::map(list, `, and what that mentions.
    pub before: Code,
    /// `|item|`, `|item| -> Result<_, Reject>`
    pub parameters: String,
    /// The names that the parameters bind.
    pub bound: Vec<String>,
    /// What it does.
    pub body: Block,
    /// Whether it is one that may fail: its value stands in `Ok( )`, and the call has a `?`.
    pub tried: bool,
}

/// A statement.
#[derive(Clone, Debug)]
pub enum Statement {
    /// `// text`
    Comment(String),
    /// `let name: ty = value;`
    Let {
        /// The variable.
        name: String,
        /// Its type, where it cannot be told from the value.
        ty: Option<String>,
        /// The value.
        value: Value,
    },
    /// `let mut name = Vec::new();`: what statements after it push to.
    Gather(String),
    /// `code;`
    Do(Code),
    /// `if condition { body }`, each line of the body a statement.
    If(Code, Vec<Code>),
    /// `head { body }`: `for item in list`, `if let Some(item) = value`.
    Nest {
        /// What stands before the brace.
        head: Code,
        /// The name that it binds.
        bound: String,
        /// Statements.
        body: Vec<Statement>,
    },
    /// `head { out.each(|out| { body end }) }`: what is done with each of the rows that a row becomes.
    Each {
        /// What stands before the brace.
        head: Code,
        /// The names that it binds.
        bound: Vec<String>,
        /// Statements.
        body: Vec<Statement>,
        /// What they end with.
        end: Code,
    },
}

impl Value {
    /// Adds all names that it mentions.
    pub fn uses(&self, out: &mut BTreeSet<String>) {
        match self {
            Value::Code(code) => out.extend(code.uses.iter().cloned()),
            Value::If(parts) => {
                out.extend(parts.0.uses.iter().cloned());
                parts.1.uses(out);
                parts.2.uses(out);
            }
            Value::Match(parts) => {
                out.extend(parts.0.uses.iter().cloned());
                parts.1.iter().for_each(|(_, block)| block.uses(out));
            }
            Value::Closure(closure) => {
                let mut inside = BTreeSet::new();
                closure.body.uses(&mut inside);
                inside.retain(|name| !closure.bound.contains(name));
                out.extend(inside);
                out.extend(closure.before.uses.iter().cloned());
                out.extend(closure.tried.then(|| "Reject".to_owned()));
            }
            Value::Fields(parts) => {
                out.extend(parts.0.uses.iter().cloned());
                parts
                    .1
                    .iter()
                    .for_each(|(_, code)| out.extend(code.uses.iter().cloned()));
            }
        }
    }

    /// Whether it may leave the function.
    pub fn fails(&self) -> bool {
        match self {
            Value::Code(code) => code.fails,
            Value::If(parts) => parts.0.fails || parts.1.fails() || parts.2.fails(),
            Value::Match(parts) => parts.0.fails || parts.1.iter().any(|(_, block)| block.fails()),
            Value::Closure(closure) => closure.tried || closure.before.fails,
            Value::Fields(parts) => parts.1.iter().any(|(_, code)| code.fails),
        }
    }

    fn print(&self, out: &mut String, indent: usize) {
        match self {
            Value::Code(code) => out.push_str(&code.text),
            Value::If(parts) => {
                let (condition, then, otherwise) = &**parts;
                out.push_str(&format!("if {} {{\n", condition.text));
                then.print(out, indent + 4);
                out.push_str(&format!("{:indent$}}} else ", ""));
                if let (true, Value::If(_)) = (otherwise.statements.is_empty(), &otherwise.value) {
                    return otherwise.value.print(out, indent);
                }
                out.push_str("{\n");
                otherwise.print(out, indent + 4);
                out.push_str(&format!("{:indent$}}}", ""));
            }
            Value::Match(parts) => {
                let (value, arms) = &**parts;
                out.push_str(&format!("match {} {{\n", value.text));
                for (pattern, block) in arms {
                    print_arm(pattern, block, out, indent + 4);
                }
                out.push_str(&format!("{:indent$}}}", ""));
            }
            Value::Closure(closure) => closure.print(out, indent),
            Value::Fields(parts) => {
                let (name, fields) = &**parts;
                let line: Vec<_> = fields.iter().map(|(field, value)| short_field(field, value)).collect();
                let line = format!("{} {{ {} }}", name.text, line.join(", "));
                if column(out) + line.width() < WIDTH {
                    return out.push_str(&line);
                }
                out.push_str(&format!("{} {{\n", name.text));
                let inner = indent + 4;
                for (field, value) in fields {
                    out.push_str(&format!("{:inner$}{},\n", "", short_field(field, value)));
                }
                out.push_str(&format!("{:indent$}}}", ""));
            }
        }
    }
}

/// `field: value`, or `field` alone where they are the same.
fn short_field(field: &str, value: &Code) -> String {
    if field == value.text {
        field.to_owned()
    } else {
        format!("{field}: {}", value.text)
    }
}

/// How far the last line reaches.
fn column(out: &str) -> usize {
    out.rsplit('\n').next().unwrap_or(out).width()
}

/// `pattern => value,` on one line where it fits.
fn print_arm(pattern: &str, block: &Block, out: &mut String, indent: usize) {
    if let (true, Value::Code(code)) = (block.statements.is_empty(), &block.value) {
        let line = format!("{:indent$}{pattern} => {},\n", "", code.text);
        if line.trim_end().width() <= WIDTH {
            return out.push_str(&line);
        }
    }
    if let (true, Value::Match(_) | Value::Closure(_) | Value::Fields(_)) = (block.statements.is_empty(), &block.value)
    {
        out.push_str(&format!("{:indent$}{pattern} => ", ""));
        block.value.print(out, indent);
        return out.push_str(",\n");
    }
    out.push_str(&format!("{:indent$}{pattern} => {{\n", ""));
    block.print(out, indent + 4);
    out.push_str(&format!("{:indent$}}}\n", ""));
}

impl Closure {
    fn print(&self, out: &mut String, indent: usize) {
        let after = if self.tried { ")?" } else { ")" };
        out.push_str(&format!("{}{} ", self.before.text, self.parameters));
        let alone = self.body.statements.is_empty() && !self.tried;
        if let (true, Value::Match(_) | Value::Fields(_) | Value::Closure(_)) = (alone, &self.body.value) {
            self.body.value.print(out, indent);
            return out.push_str(after);
        }
        out.push_str("{\n");
        if self.tried {
            self.body.print_in_ok(out, indent + 4);
        } else {
            self.body.print(out, indent + 4);
        }
        out.push_str(&format!("{:indent$}}}{after}", ""));
    }
}

impl Block {
    /// A block of a value alone.
    pub fn of(value: Value) -> Block {
        Block {
            statements: Vec::new(),
            value,
        }
    }

    /// Whether it may leave the function.
    pub fn fails(&self) -> bool {
        self.value.fails() || self.statements.iter().any(Statement::fails)
    }

    fn uses(&self, out: &mut BTreeSet<String>) {
        self.value.uses(out);
        for statement in &self.statements {
            statement.uses(out);
        }
    }

    /// The names that it mentions.
    pub fn mention(&self, out: &mut BTreeSet<String>) {
        self.uses(out);
    }

    fn print(&self, out: &mut String, indent: usize) {
        print_statements(&self.statements, out, indent);
        out.push_str(&format!("{:indent$}", ""));
        self.value.print(out, indent);
        out.push('\n');
    }

    /// As [`Block::print`], with its value, which is code on one line, as what went well.
    fn print_in_ok(&self, out: &mut String, indent: usize) {
        print_statements(&self.statements, out, indent);
        match &self.value {
            // What is only ever turned away has no value.
            Value::Code(code) if code.text.starts_with("return ") => {
                out.push_str(&format!("{:indent$}{}\n", "", code.text.trim_start_matches("return ")));
            }
            value => {
                out.push_str(&format!("{:indent$}Ok(", ""));
                value.print(out, indent);
                out.push_str(")\n");
            }
        }
    }
}

impl Statement {
    /// Whether it may leave the function.
    pub fn may_leave(&self) -> bool {
        self.fails()
    }

    fn fails(&self) -> bool {
        match self {
            Statement::Comment(_) | Statement::Gather(_) => false,
            Statement::Let { value, .. } => value.fails(),
            Statement::Do(_) | Statement::If(..) | Statement::Nest { .. } | Statement::Each { .. } => true,
        }
    }

    fn uses(&self, out: &mut BTreeSet<String>) {
        match self {
            Statement::Comment(_) => {}
            Statement::Gather(name) => drop(out.remove(name)),
            Statement::Let { value, ty, .. } => {
                value.uses(out);
                out.extend(ty.iter().flat_map(|ty| super::types::mentioned(ty)).map(str::to_owned));
            }
            Statement::If(condition, body) => {
                out.extend(condition.uses.iter().cloned());
                out.extend(body.iter().flat_map(|code| code.uses.iter().cloned()));
            }
            Statement::Do(code) => out.extend(code.uses.iter().cloned()),
            Statement::Each { head, bound, body, end } => {
                let mut inside = end.uses.clone();
                for statement in body.iter().rev() {
                    if let Statement::Let { name, .. } = statement {
                        inside.remove(name);
                    }
                    statement.uses(&mut inside);
                }
                inside.retain(|name| !bound.contains(name));
                out.extend(inside);
                out.extend(head.uses.iter().cloned());
                out.insert("out".to_owned());
            }
            Statement::Nest { head, bound, body } => {
                out.extend(head.uses.iter().cloned());
                body.iter().for_each(|statement| statement.uses(out));
                out.remove(bound);
            }
        }
    }
}

/// Leaves out what nothing reads; what may turn the row away stays, without a name. `live` is what is read after,
/// and then all that is mentioned.
pub fn without_unused(statements: Vec<Statement>, live: &mut BTreeSet<String>) -> Vec<Statement> {
    let mut mentioned = live.clone();
    let mut kept = Vec::new();
    for mut statement in statements.into_iter().rev() {
        if let Statement::Let { name, ty, value } = &mut statement {
            let read = live.remove(name);
            if !read && !value.fails() {
                continue;
            }
            if !read {
                (*name, *ty) = ("_".into(), ty.take());
            }
        }
        statement.uses(live);
        statement.uses(&mut mentioned);
        kept.push(statement);
    }
    kept.reverse();
    *live = mentioned;
    kept
}

/// Prints statements, a line each or more.
pub fn print_statements(statements: &[Statement], out: &mut String, indent: usize) {
    for statement in statements {
        match statement {
            Statement::Comment(text) => out.push_str(&format!("{:indent$}// {text}\n", "")),
            Statement::Let { name, ty, value } => {
                let ty = ty.as_ref().map(|ty| format!(": {ty}")).unwrap_or_default();
                out.push_str(&format!("{:indent$}let {name}{ty} = ", ""));
                value.print(out, indent);
                out.push_str(";\n");
            }
            Statement::If(condition, body) => {
                let inner = indent + 4;
                out.push_str(&format!("{:indent$}if {} {{\n", "", condition.text));
                for code in body {
                    out.push_str(&format!("{:inner$}{};\n", "", code.text));
                }
                out.push_str(&format!("{:indent$}}}\n", ""));
            }
            Statement::Gather(name) => out.push_str(&format!("{:indent$}let mut {name} = Vec::new();\n", "")),
            Statement::Do(code) => out.push_str(&format!("{:indent$}{};\n", "", code.text)),
            Statement::Each { head, body, end, .. } => {
                let (inner, innermost) = (indent + 4, indent + 8);
                out.push_str(&format!(
                    "{:indent$}{} {{\n{:inner$}out.each(|out| {{\n",
                    "", head.text, ""
                ));
                print_statements(body, out, innermost);
                out.push_str(&format!("{:innermost$}{}\n", "", end.text));
                out.push_str(&format!("{:inner$}}});\n{:indent$}}}\n", "", ""));
            }
            Statement::Nest { head, body, .. } => {
                out.push_str(&format!("{:indent$}{} {{\n", "", head.text));
                print_statements(body, out, indent + 4);
                out.push_str(&format!("{:indent$}}}\n", ""));
            }
        }
    }
}

/// Prints a function's body: its value as what went well, where it may fail.
pub fn print_block(block: &Block, out: &mut String, indent: usize, fails: bool) {
    match fails {
        true => block.print_in_ok(out, indent),
        false => block.print(out, indent),
    }
}

/// `before(arguments)after` on one line where it fits, else an argument a line.
pub fn call_lines(before: &str, arguments: &[String], after: &str, indent: usize) -> String {
    let line = format!("{:indent$}{before}({}){after}", "", arguments.join(", "));
    if line.width() <= WIDTH {
        return line + "\n";
    }
    let inner = indent + 4;
    let lines: String = arguments
        .iter()
        .map(|argument| format!("{:inner$}{argument},\n", ""))
        .collect();
    format!("{:indent$}{before}(\n{lines}{:indent$}){after}\n", "", "")
}

/// An item as rustfmt leaves it: one with a line that is too long to lay out keeps the layout that it has.
pub fn item(text: String) -> String {
    let long = |line: &str| line.width() > WIDTH && !line.trim_start().starts_with("//");
    if text.lines().any(long) {
        format!("#[rustfmt::skip]\n{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parentheses_stand_where_they_must() {
        let [a, b, c] = ["a", "b", "c"].map(Code::name);
        let or = Code::binary("||", Level::Or, &a, &b);
        let and = Code::binary("&&", Level::And, &or, &c);
        assert_eq!(and.as_str(), "(a || b) && c");
        let less = Code::binary("<", Level::Compare, &a, &b);
        assert_eq!(Code::binary("==", Level::Compare, &less, &c).as_str(), "(a < b) == c");
        assert_eq!(Code::unary("!", &less).as_str(), "!(a < b)");
        assert_eq!(
            Code::method(&Code::number(-1), "checked_neg", &[]).as_str(),
            "(-1_i64).checked_neg()"
        );
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(quoted("a\"\\\n{}\u{202e}\0"), "\"a\\\"\\\\\\n{}\\u{202e}\\u{0}\"");
        assert_eq!(one_line("a */\r\n  // b\u{2028}c"), "a */ // b c");
        assert_eq!(documentation("```rust\nfn", 4), "    // ```rust fn\n");
        assert_eq!(documentation("One click.", 0), "/// One click.\n");
    }

    #[test]
    fn what_nothing_reads_is_left_out() {
        let statement = |name: &str, value: Code| Statement::Let {
            name: name.into(),
            ty: None,
            value: Value::Code(value),
        };
        let statements = vec![
            statement("a", Code::name("x")),
            statement("b", Code::name("a").tried()),
            statement("c", Code::name("a")),
        ];
        let mut live = BTreeSet::new();
        let kept = without_unused(statements, &mut live);
        let mut out = String::new();
        print_statements(&kept, &mut out, 0);
        assert_eq!(out, "let a = x;\nlet _ = a?;\n");
    }
}
