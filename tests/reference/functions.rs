//! The page of functions: each with its forms, what it does with what is missing and with labels, and its examples.
//!
//! It holds no list of functions: everything comes from the declarations.

use std::collections::BTreeMap;

use pipec::base::{Sources, Span};
use pipec::resolve::Library;
use pipec::syntax::ast::{EntryKind, Expr, ExprKind, Function, Item, ItemKind};

use super::paragraph;

/// One form of a function.
struct Form<'a> {
    item: &'a Item,
    function: &'a Function,
}

/// The page.
pub fn page(library: &Library, sources: &Sources) -> String {
    let mut themes: BTreeMap<String, BTreeMap<&str, Vec<Form<'_>>>> = BTreeMap::new();
    for file in library.files.iter() {
        let path = &sources.get(file.id).path;
        let theme = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".pipe");
        for item in &file.items {
            let ItemKind::Function(function) = &item.kind else {
                continue;
            };
            let form = Form { item, function };
            if form.setting("version").is_some() {
                continue;
            }
            let theme = themes.entry(theme.to_owned()).or_default();
            theme.entry(&function.name.text).or_default().push(form);
        }
    }
    let mut text = INTRODUCTION.to_owned();
    for (theme, functions) in &themes {
        let names: Vec<_> = functions.keys().map(|name| format!("[`{name}`](#{name})")).collect();
        text += &format!("- {theme}: {}\n", names.join(" "));
    }
    for functions in themes.values() {
        for (name, forms) in functions {
            text += &format!("\n## `{name}`\n");
            for form in forms {
                text += &form.text(sources);
            }
        }
    }
    super::page("Functions", &text)
}

const INTRODUCTION: &str = "\
Every engine has every function, and all give the same answer. Unless its entry says otherwise, a function with a missing \
argument answers nothing, and its answer carries the labels of all of its arguments.\n\n";

impl Form<'_> {
    fn setting(&self, name: &str) -> Option<&Expr> {
        self.function.entries.iter().find_map(|entry| match &entry.kind {
            EntryKind::Setting { key, value } if key.text() == name => Some(value),
            _ => None,
        })
    }

    fn is(&self, name: &str, word: &str) -> bool {
        self.setting(name)
            .is_some_and(|value| value.kind == ExprKind::Name(word.to_owned()))
    }

    fn text(&self, sources: &Sources) -> String {
        let head = Span {
            end: self.function.returns.span.end,
            ..self.function.name.span
        };
        let doc = self.item.doc.as_ref().map_or("", |doc| doc.text.as_str());
        let mut text = format!(
            "\n```text\n{}\n```\n\n{}\n",
            paragraph(sources.text(head)),
            paragraph(doc)
        );
        let facts = self.facts(sources);
        if !facts.is_empty() {
            text += &format!("\n{}\n", facts.join(" "));
        }
        if let Some(ExprKind::List(examples)) = self.setting("examples").map(|value| &value.kind) {
            text += "\n```text\n";
            for example in examples {
                text += &format!("{}\n", paragraph(sources.text(example.span)));
            }
            text += "```\n";
        }
        text
    }

    /// What its settings mean to an author.
    fn facts(&self, sources: &Sources) -> Vec<String> {
        let mut facts = Vec::new();
        if let Some(ExprKind::List(words)) = self.setting("takes").map(|value| &value.kind) {
            let words: Vec<_> = words
                .iter()
                .map(|word| format!("`{}`", sources.text(word.span)))
                .collect();
            facts.push(format!("`T` is one of {}.", words.join(", ")));
        }
        if self.is("kind", "aggregate") {
            let empty = match self.setting("empty").map(|value| &value.kind) {
                Some(ExprKind::Int(number)) => format!("`{number}`"),
                _ => "missing".to_owned(),
            };
            facts.push(format!("An aggregate; without any value the answer is {empty}."));
        }
        if self.is("on", "literals") {
            facts.push("On a literal, decided when the project is compiled.".to_owned());
        }
        if self.is("labels", "lowered") {
            facts.push("Takes off the labels whose class names it in `lowered_by`.".to_owned());
        }
        facts
    }
}
