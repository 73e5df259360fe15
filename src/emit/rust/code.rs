//! Rust as small output trees: expressions with precedence, blocks, statements, and one printer whose layout is
//! rustfmt's (with `use_small_heuristics = "Max"` and no one-line `if`). Knows no plan.

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthStr;

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
        let text = format!("{}.{name}({})", receiver.within(Level::Atom), list(arguments));
        Code::new(text, Level::Atom, &parts)
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

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
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
    /// `match … { Some(NAME) => …, None => … }`
    Match(Box<(Code, String, Block)>),
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
        ty: Option<(String, Vec<&'static str>)>,
        /// The value.
        value: Value,
    },
    /// `if condition { body }`, each line of the body a statement.
    If(Code, Vec<Code>),
}

impl Value {
    fn uses(&self, out: &mut BTreeSet<String>) {
        match self {
            Value::Code(code) => out.extend(code.uses.iter().cloned()),
            Value::If(parts) => {
                out.extend(parts.0.uses.iter().cloned());
                parts.1.uses(out);
                parts.2.uses(out);
            }
            Value::Match(parts) => {
                out.extend(parts.0.uses.iter().cloned());
                parts.2.uses(out);
            }
        }
    }

    /// Whether it may leave the function.
    pub fn fails(&self) -> bool {
        match self {
            Value::Code(code) => code.fails,
            Value::If(parts) => parts.0.fails || parts.1.fails() || parts.2.fails(),
            Value::Match(parts) => parts.0.fails || parts.2.fails(),
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
                let (value, name, none) = &**parts;
                let inner = indent + 4;
                out.push_str(&format!(
                    "match {} {{\n{:inner$}Some({name}) => {name},\n",
                    value.text, ""
                ));
                out.push_str(&format!("{:inner$}None => {{\n", ""));
                none.print(out, inner + 4);
                out.push_str(&format!("{:inner$}}}\n{:indent$}}}", "", ""));
            }
        }
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

    fn print(&self, out: &mut String, indent: usize) {
        print_statements(&self.statements, out, indent);
        out.push_str(&format!("{:indent$}", ""));
        self.value.print(out, indent);
        out.push('\n');
    }
}

impl Statement {
    fn fails(&self) -> bool {
        match self {
            Statement::Comment(_) => false,
            Statement::Let { value, .. } => value.fails(),
            Statement::If(..) => true,
        }
    }

    fn uses(&self, out: &mut BTreeSet<String>) {
        match self {
            Statement::Comment(_) => {}
            Statement::Let { value, ty, .. } => {
                value.uses(out);
                out.extend(ty.iter().flat_map(|(_, uses)| uses).map(|name| name.to_string()));
            }
            Statement::If(condition, body) => {
                out.extend(condition.uses.iter().cloned());
                out.extend(body.iter().flat_map(|code| code.uses.iter().cloned()));
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
                let ty = ty.as_ref().map(|(ty, _)| format!(": {ty}")).unwrap_or_default();
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
        }
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
            "(-1).checked_neg()"
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
