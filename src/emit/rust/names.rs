//! Rust names for what an author named: each its own, none a keyword or a name that the generated code uses itself.

use std::collections::BTreeSet;

/// Words that are no names, but may be written as raw ones.
const KEYWORDS: [&str; 50] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "static",
    "struct",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "macro_rules",
    "union",
];

/// Words that cannot be written as names at all.
const NEVER: [&str; 5] = ["self", "Self", "super", "crate", "_"];

/// Modules that generated code may import: a variable of such a name would look like a use of it.
const MODULES: [&str; 17] = [
    "arithmetic",
    "convert",
    "decode",
    "encode",
    "functions",
    "geo",
    "json",
    "lists",
    "logic",
    "maps",
    "numbers",
    "own",
    "regex",
    "reject",
    "types",
    "url",
    "zones",
];

/// An author's name as Rust writes it.
pub fn identifier(name: &str) -> String {
    let mut text: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' })
        .collect();
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        text.insert(0, '_');
    }
    if NEVER.contains(&text.as_str()) {
        text.push('_');
    }
    if KEYWORDS.contains(&text.as_str()) {
        format!("r#{text}")
    } else {
        text
    }
}

/// `daily_pages` as a type: `DailyPages`.
pub fn upper_camel(name: &str) -> String {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    let camel: String = parts
        .map(|part| {
            let mut characters = part.chars();
            let first = characters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(characters).collect::<String>()
        })
        .collect();
    identifier(&camel)
}

/// Names of one scope.
#[derive(Clone, Debug, Default)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A scope in which these are taken, and the modules.
    pub fn new<'a>(taken: impl IntoIterator<Item = &'a str>) -> Names {
        Names {
            taken: taken.into_iter().chain(MODULES).map(str::to_owned).collect(),
        }
    }

    /// A name like this one that is not taken yet; it is now.
    pub fn fresh(&mut self, wanted: &str) -> String {
        let wanted = identifier(wanted);
        let mut name = wanted.clone();
        let mut count = 1;
        while !self.taken.insert(name.clone()) {
            count += 1;
            let stem = wanted.trim_start_matches("r#");
            name = if count == 2 {
                format!("{stem}_")
            } else {
                format!("{stem}_{count}")
            };
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_may_use_any_word() {
        assert_eq!(identifier("type"), "r#type");
        assert_eq!(identifier("self"), "self_");
        assert_eq!(identifier("page"), "page");
        assert_eq!(identifier("1 é\""), "_1___");
        assert_eq!(upper_camel("daily_pages"), "DailyPages");
        assert_eq!(upper_camel("self"), "Self_");
    }

    #[test]
    fn names_are_given_once() {
        let mut names = Names::new(["row"]);
        assert_eq!(names.fresh("row"), "row_");
        assert_eq!(names.fresh("row"), "row_3");
        assert_eq!(names.fresh("type"), "r#type");
        assert_eq!(names.fresh("type"), "type_");
        assert_eq!(names.fresh("reject"), "reject_");
    }
}
