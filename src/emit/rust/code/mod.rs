//! Rust as small output trees: expressions with precedence, blocks, statements, and one printer whose layout is
//! rustfmt's (with `use_small_heuristics = "Max"` and no one-line `if`). Knows no plan.

mod block;
mod print;
mod text;

use std::collections::BTreeSet;

pub use block::{Block, Closure, Statement, Value, without_unused};
pub use print::{print_block, print_statements};
pub use text::{call_lines, documentation, grouped, item, one_line, quoted};

use self::print::short_field;
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

fn list(arguments: &[Code]) -> String {
    arguments.iter().map(Code::as_str).collect::<Vec<_>>().join(", ")
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
