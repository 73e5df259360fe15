//! What other languages write, and what to write instead.
//!
//! What is meant beyond doubt is said and then read as meant, so that nothing else is said of it.

use crate::base::Span;
use crate::diag::{Code, Diagnostic};

/// Quotes that are none here.
pub const QUOTES: [char; 8] = ['\'', '`', '‘', '’', '“', '”', '„', '‟'];

/// Marks of other scripts that stand for one of ours.
const WIDE_MARKS: [(char, &str); 12] = [
    ('＝', "="),
    ('：', ":"),
    ('，', ","),
    ('；', ";"),
    ('、', ","),
    ('＋', "+"),
    ('＊', "*"),
    ('／', "/"),
    ('＜', "<"),
    ('＞', ">"),
    ('–', "-"),
    ('−', "-"),
];

/// What other languages call a type of values that may be missing.
pub const OPTIONAL: [&str; 4] = ["option", "optional", "nullable", "maybe"];
/// What other languages call lists.
pub const LISTS: [&str; 5] = ["list", "array", "vec", "seq", "set"];
/// What other languages call maps.
pub const MAPS: [&str; 4] = ["map", "dict", "hashmap", "record"];

/// Whether a `<` behind a word opens its types.
pub fn takes_types(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    [OPTIONAL.as_slice(), &LISTS, &MAPS]
        .iter()
        .any(|words| words.contains(&lower.as_str()))
}

/// What is said of a comment of another language.
pub fn comment(span: Span, written: &str) -> Diagnostic {
    let start = written.chars().take(if written.starts_with('#') { 1 } else { 2 });
    let start: String = start.collect();
    let diagnostic = Diagnostic::new(Code::SYNTAX, span, format!("a comment does not start with `{start}`"))
        .found("a comment of another language");
    if start == "/*" {
        let lines: Vec<_> = written
            .trim_start_matches("/*")
            .trim_end_matches("*/")
            .lines()
            .map(|line| {
                format!("// {}", line.trim().trim_start_matches('*').trim())
                    .trim_end()
                    .to_owned()
            })
            .collect();
        return diagnostic
            .help("start each line of it with `//`; a comment ends with its line")
            .fix("write `//`", span, lines.join("\n"));
    }
    let rest = written.strip_prefix(&start).unwrap_or("").trim();
    diagnostic
        .help("write `//`")
        .fix("write `//`", span, format!("// {rest}").trim_end().to_owned())
}

/// What is said of a `;` at the end of a line.
pub fn semicolon(span: Span) -> Diagnostic {
    Diagnostic::new(Code::ORDER, span, "a line does not end with `;`")
        .found("the line ends the entry")
        .help("remove it")
        .fix("remove it", span, "")
}

/// What is said of a name with hyphens in it.
pub fn hyphens(span: Span, written: &str) -> Diagnostic {
    let own = written.replace('-', "_");
    Diagnostic::new(
        Code::SYNTAX,
        span,
        format!("`{written}` is not a name: names have no `-`"),
    )
    .found("a hyphen in a name")
    .help(format!("write `{own}`"))
    .fix(format!("write `{own}`"), span, own)
}

/// What is said of a character or mark that the language does not have.
pub fn stray(span: Span, written: &str) -> Diagnostic {
    let first = written.chars().next().unwrap_or(' ');
    let shown = match first {
        c if c.is_control() || c.is_whitespace() || is_invisible(c) => format!("U+{:04X}", c as u32),
        _ => written.chars().take(30).collect(),
    };
    let diagnostic = Diagnostic::new(
        Code::SYNTAX,
        span,
        format!("`{}` stands nowhere in the language", shown.trim_matches('`')),
    )
    .found("not expected");
    if let Some(inside) = quoted(written) {
        let text = format!("\"{}\"", inside.replace('\\', "\\\\").replace('"', "\\\""));
        return match first {
            '`' => diagnostic
                .help("a name stands without quotes")
                .fix(format!("write `{inside}`"), span, inside),
            _ => diagnostic
                .help("a text stands in `\"`")
                .fix(format!("write `{text}`"), span, text),
        };
    }
    if let Some(own) = own_mark(written) {
        return diagnostic.help(format!("write `{}`", own.trim_end())).fix(
            format!("write `{}`", own.trim_end()),
            span,
            own,
        );
    }
    if first.is_whitespace() || is_invisible(first) {
        let (help, own) = if is_invisible(first) {
            ("remove it: it cannot be seen", "")
        } else {
            ("write a plain space", " ")
        };
        return diagnostic.help(help).fix(help, span, own);
    }
    match first {
        _ if QUOTES.contains(&first) => diagnostic.help("a text stands in `\"`"),
        '$' => diagnostic.help("a name stands as it is; `${ }` stands in texts only"),
        '\\' => diagnostic.help("remove it: an entry goes on where an operator or a comma ends its line"),
        c if c.is_alphabetic() => diagnostic.help("names are written in `a` to `z`, digits and `_`"),
        _ => diagnostic,
    }
}

/// A step of other languages: the word for it here, empty if there is none, and what to write.
pub fn step(word: &str) -> Option<(&'static str, &'static str)> {
    Some(match word {
        "where" | "having" => ("filter", "rows are kept with `filter COND`"),
        "map" | "let" | "with_column" | "extend" | "mutate" | "compute" | "assign" | "set" => {
            ("derive", "columns are added with `derive NAME = …`")
        }
        "project" | "pick" => ("select", "columns are chosen with `select A, B`"),
        "remove" | "delete" | "exclude" => ("drop", "columns are taken out with `drop A, B`"),
        "aggregate" | "summarize" | "summarise" | "groupby" | "group_by" => {
            ("", "write `group by KEYS { NAME = AGG }`")
        }
        "order" | "orderby" | "order_by" => ("", "write `sort by COLUMNS`"),
        "limit" | "head" | "top" => ("take", "rows are counted off with `take N`"),
        "distinct" | "unique" => ("", "write `dedupe by KEYS`"),
        "flatten" | "unnest" | "flat_map" => ("explode", "a list becomes rows with `explode LIST as NAME`"),
        "assert" | "validate" | "check" => ("expect", "write `expect NAME : COND else quarantine`"),
        "merge" | "concat" | "append" => (
            "",
            "rows of another input are added with `union OTHER`; `merge by KEYS` stands behind the target",
        ),
        "from" | "read" => (
            "",
            "what a transform reads stands in its first line: `transform NAME : INPUT -> ZONE.DATASET`",
        ),
        "into" | "write" | "insert" => (
            "",
            "what a transform writes stands in its first line: `transform NAME : INPUT -> ZONE.DATASET`",
        ),
        "switch" | "split" => ("route", "write `route { when COND -> TARGET; else -> TARGET }`"),
        _ => return None,
    })
}

fn own_mark(written: &str) -> Option<&'static str> {
    Some(match written {
        "&&" | "&" => "and",
        "||" => "or",
        "!" => "not ",
        "<>" => "!=",
        "—" => "-",
        _ => {
            let first = written.chars().next()?;
            WIDE_MARKS.iter().find(|(wide, _)| *wide == first)?.1
        }
    })
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{00ad}')
}

/// What stands in quotes of another kind.
fn quoted(written: &str) -> Option<&str> {
    let inside = written.strip_prefix(QUOTES)?;
    inside.strip_suffix(QUOTES)
}

/// A stray mark as the grammar can read it, in as many bytes; nothing where what is meant is not beyond doubt.
pub fn readable(written: &str) -> Option<String> {
    if matches!(written, "&&" | "||" | "!" | "<>") {
        return Some(written.to_owned());
    }
    let first = written.chars().next()?;
    if let Some(inside) = quoted(written) {
        let clean = !inside.contains(['"', '\\', '$', '\n']) && first != '`';
        let (open, close) = (first.len_utf8(), written.chars().last().map_or(1, char::len_utf8));
        return clean.then(|| format!("{:>open$}{inside}{:<close$}", '"', '"'));
    }
    let wide = WIDE_MARKS.iter().find(|(wide, _)| *wide == first);
    if let Some((_, own)) = wide {
        return Some(format!("{own:<width$}", width = first.len_utf8()));
    }
    (first.is_whitespace() || is_invisible(first)).then(|| " ".repeat(first.len_utf8()))
}
