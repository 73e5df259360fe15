//! Source text on one line, for comments, reasons and names of checks.

use crate::base::{Excerpt, Sources, Span};

/// The text with each run of white space as one space, without `//` comments; texts in quotes stay as they are, but for
/// their line ends, which become `\n`.
pub fn one_line(text: &str) -> String {
    if is_one_line(text) {
        return text.trim().to_owned();
    }
    let mut line = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("\"\"\"") {
            quoted(rest, "\"\"\"")
        } else if c == '"' {
            quoted(rest, "\"")
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else {
            c.len_utf8()
        };
        let (part, behind) = rest.split_at(length);
        if c == '"' {
            line.push_str(&part.replace("\r\n", "\\n").replace('\n', "\\n"));
        } else if c.is_whitespace() {
            space(&mut line);
        } else if !part.starts_with("//") {
            line.push_str(part);
        }
        rest = behind;
    }
    line.trim().to_owned()
}

/// The same of what stands in a file; where that is one line as it is, it is the file's own text.
pub fn line_of(sources: &Sources, span: Span) -> Excerpt {
    let text = sources.text(span);
    match is_one_line(text) {
        true => plain_line_of(sources, span),
        false => one_line(text).into(),
    }
}

/// Whether what stands in a file is one line as it is; then all parts of it are.
pub(super) fn is_plain_line(sources: &Sources, span: Span) -> bool {
    is_one_line(sources.text(span))
}

/// The same as [`line_of`] of what is one line as it is.
pub(super) fn plain_line_of(sources: &Sources, span: Span) -> Excerpt {
    let text = sources.text(span);
    let start = span.start + (text.len() - text.trim_start().len()) as u32;
    let end = start + text.trim().len() as u32;
    sources.part(Span { start, end, ..span })
}

/// The first line of a step, without the brace that opens its block: `group by day, page`.
pub fn first_line_of(sources: &Sources, span: Span) -> Excerpt {
    let first = sources.text(span).lines().next().unwrap_or("");
    let end = span.start + first.len() as u32;
    let line = line_of(sources, Span { end, ..span });
    let length = line.strip_suffix('{').unwrap_or(&line).trim_end().len();
    line.up_to(length)
}

/// Whether a text is one line as it is: nearly all are.
fn is_one_line(text: &str) -> bool {
    // Every expression asks this of its text, so it is one walk over the bytes.
    let mut before = b'a';
    text.bytes().all(|byte| {
        let joins = match byte {
            b' ' => matches!(before, b' ' | b'(' | b'['),
            b'/' => before == b'/',
            _ => false,
        };
        before = byte;
        (b' '..0x7f).contains(&byte) && !joins
    })
}

fn space(line: &mut String) {
    if !line.ends_with([' ', '(', '[']) {
        line.push(' ');
    }
}

/// The length of a text in quotes that `text` starts with.
fn quoted(text: &str, quotes: &str) -> usize {
    let mut at = quotes.len();
    while let Some(rest) = text.get(at..) {
        if rest.starts_with(quotes) {
            return at + quotes.len();
        }
        let mut chars = rest.chars();
        match chars.next() {
            None => return text.len(),
            Some('\\') => at += 1 + chars.next().map_or(0, char::len_utf8),
            Some(c) => at += c.len_utf8(),
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_join_and_comments_go() {
        assert_eq!(one_line("a  and // why\n    b"), "a and b");
        assert_eq!(one_line("x in [\n  \"a  b\", \"//\"\n]"), "x in [\"a  b\", \"//\" ]");
        assert_eq!(one_line("\"é\\\" //\"   ==  b"), "\"é\\\" //\" == b");
    }

    #[test]
    fn the_first_line_of_a_group_has_no_brace() {
        let first_line = |text: &str| {
            let mut sources = Sources::default();
            let file = sources.add("a.pipe", text);
            first_line_of(&sources, Span::new(file, 0, text.len()))
        };
        assert_eq!(
            first_line("group by day,  page {\n  n = count()\n}"),
            "group by day, page"
        );
        assert_eq!(first_line("group by day {\n  n = count()\n}"), "group by day");
    }
}
