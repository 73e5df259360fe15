//! Nodes as text, laid out as `terraform fmt` does it.
//!
//! The rule of alignment: in a run of consecutive one-line attributes the `=` stand below each other; an attribute
//! whose value takes more lines, a comment, a blank line and a block end the run.

use super::value::{Block, Item, Part, Value};

/// A list of scalars that fits this many columns stays on one line.
const LINE: usize = 100;

/// A file: a comment on top, then blocks with a blank line between.
pub fn print(header: &str, blocks: &[Block]) -> String {
    let mut out = String::new();
    comment(&mut out, header, 0);
    for block in blocks {
        if !out.is_empty() {
            out.push('\n');
        }
        print_block(&mut out, block, 0);
    }
    out
}

/// Attributes and comments without a block around them, as a file of variables has them.
pub fn print_items(items: &[Item]) -> String {
    let mut out = String::new();
    body(&mut out, items, 0);
    out
}

/// Text between the quotes of a string. `${` and `%{` are doubled; where a run of `$` or `%` stands before them, or
/// before an interpolation, the run is written by code point, because doubling would be read another way.
pub fn escape(text: &str, before_expression: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' => {
                let mut run = 1;
                while rest.next_if_eq(&c).is_some() {
                    run += 1;
                }
                let opens = rest.peek() == Some(&'{');
                let last = rest.peek().is_none() && before_expression;
                let code = format!("\\u{:04x}", u32::from(c));
                match (opens, run) {
                    (true, 1) => out.extend([c, c]),
                    (true, _) => out.push_str(&code.repeat(run)),
                    _ if last => out.push_str(&code.repeat(run)),
                    _ => out.extend(std::iter::repeat_n(c, run)),
                }
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn comment(out: &mut String, text: &str, depth: usize) {
    for line in text.lines() {
        indent(out, depth);
        out.push_str(format!("# {line}").trim_end());
        out.push('\n');
    }
}

fn print_block(out: &mut String, block: &Block, depth: usize) {
    if let Some(doc) = &block.doc {
        comment(out, doc, depth);
    }
    indent(out, depth);
    out.push_str(&block.kind);
    for label in &block.labels {
        out.push_str(&format!(" \"{}\"", escape(label, false)));
    }
    if block.items.is_empty() {
        out.push_str(" {}\n");
        return;
    }
    out.push_str(" {\n");
    body(out, &block.items, depth + 1);
    indent(out, depth);
    out.push_str("}\n");
}

fn body(out: &mut String, items: &[Item], depth: usize) {
    let mut run: Vec<(String, String)> = vec![];
    let mut after_block = false;
    for (index, item) in items.iter().enumerate() {
        if !matches!(item, Item::Attribute(..)) {
            flush(out, &mut run, depth);
        }
        let blank = after_block || matches!(item, Item::Block(_)) && !follows_comment(items, index);
        if blank && index > 0 {
            out.push('\n');
        }
        after_block = matches!(item, Item::Block(_));
        match item {
            Item::Comment(text) => comment(out, text, depth),
            Item::Block(block) => print_block(out, block, depth),
            Item::Attribute(name, value) => attribute(out, &mut run, name, value, depth),
        }
    }
    flush(out, &mut run, depth);
}

fn follows_comment(items: &[Item], index: usize) -> bool {
    index > 0 && matches!(items[index - 1], Item::Comment(_))
}

fn attribute(out: &mut String, run: &mut Vec<(String, String)>, name: &str, value: &Value, depth: usize) {
    let text = value_text(value, depth);
    if text.contains('\n') {
        flush(out, run, depth);
        indent(out, depth);
        out.push_str(&format!("{name} = {text}\n"));
    } else {
        run.push((name.to_string(), text));
    }
}

fn flush(out: &mut String, run: &mut Vec<(String, String)>, depth: usize) {
    let width = run.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, text) in run.drain(..) {
        indent(out, depth);
        out.push_str(&format!("{name:width$} = {text}\n"));
    }
}

fn value_text(value: &Value, depth: usize) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(digits) => digits.clone(),
        Value::Reference(expression) => expression.clone(),
        Value::Commented(_, value) => value_text(value, depth),
        Value::Text(parts) => quoted(parts, depth),
        Value::List(values) => list_text(values, depth),
        Value::Object(entries) => object_text(entries, depth),
        Value::Call(function, arguments) => {
            let arguments: Vec<_> = arguments.iter().map(|argument| value_text(argument, depth)).collect();
            format!("{function}({})", arguments.join(", "))
        }
    }
}

fn quoted(parts: &[Part], depth: usize) -> String {
    let mut out = String::from("\"");
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Literal(text) => {
                let before = matches!(parts.get(index + 1), Some(Part::Expression(_)));
                out.push_str(&escape(text, before));
            }
            Part::Expression(value) => out.push_str(&format!("${{{}}}", value_text(value, depth))),
        }
    }
    out.push('"');
    out
}

fn list_text(values: &[Value], depth: usize) -> String {
    let texts: Vec<_> = values.iter().map(|value| value_text(value, depth + 1)).collect();
    let width: usize = texts.iter().map(|text| text.chars().count() + 2).sum();
    let plain = !values.iter().any(|value| matches!(value, Value::Commented(..)));
    if plain && width + 2 * depth <= LINE && !texts.iter().any(|text| text.contains('\n')) {
        return format!("[{}]", texts.join(", "));
    }
    let mut out = String::from("[\n");
    for (value, text) in values.iter().zip(texts) {
        if let Value::Commented(note, _) = value {
            comment(&mut out, note, depth + 1);
        }
        indent(&mut out, depth + 1);
        out.push_str(&text);
        out.push_str(",\n");
    }
    indent(&mut out, depth);
    out.push(']');
    out
}

fn object_text(entries: &[(String, Value)], depth: usize) -> String {
    if entries.is_empty() {
        return "{}".into();
    }
    let mut out = String::from("{\n");
    let mut run = vec![];
    for (key, value) in entries {
        attribute(&mut out, &mut run, &key_text(key), value, depth + 1);
    }
    flush(&mut out, &mut run, depth + 1);
    indent(&mut out, depth);
    out.push('}');
    out
}

fn key_text(key: &str) -> String {
    let mut chars = key.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if starts && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        key.to_string()
    } else {
        format!("\"{}\"", escape(key, false))
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::{call, list, reference};
    use super::*;
    use crate::{object_of, text_of};

    #[test]
    fn nothing_that_was_written_opens_a_template() {
        assert_eq!(escape("a \"b\" \\ \n ${x} %{y}", false), r#"a \"b\" \\ \n $${x} %%{y}"#);
        assert_eq!(escape("$${x}", false), r"\u0024\u0024{x}");
        assert_eq!(escape("5 $ and 10 %", false), "5 $ and 10 %");
        let price = text_of!["US$", reference("var.price")];
        assert_eq!(value_text(&price, 0), r#""US\u0024${var.price}""#);
    }

    #[test]
    fn equals_signs_stand_below_each_other_in_a_run() {
        let block = Block::resource("a", "b")
            .set("x", 1u32)
            .set("longer", true)
            .set(
                "policy",
                call("jsonencode", [object_of! { "Version" => "1", "a:b" => 2u32 }]),
            )
            .set("y", list(["p", "q"]))
            .note("why")
            .block(Block::new("rule").set("id", "r"));
        let expected = "resource \"a\" \"b\" {\n  x      = 1\n  longer = true\n  policy = jsonencode({\n    Version = \"1\"\n    \"a:b\"   = 2\n  })\n  y = [\"p\", \"q\"]\n  # why\n  rule {\n    id = \"r\"\n  }\n}\n";
        assert_eq!(print("", &[block]), expected);
    }
}
