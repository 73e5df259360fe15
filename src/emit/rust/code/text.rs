//! Texts that stand in generated Rust: literals, comments, and lines broken where rustfmt breaks them. Knows no tree.

use unicode_width::UnicodeWidthStr;

use super::WIDTH;

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
