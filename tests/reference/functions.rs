//! The page of functions: each with its forms, what it does with what is missing and with labels, and its examples.
//!
//! It holds no list of functions: everything comes from the declarations.

use std::collections::{BTreeMap, BTreeSet};

use pipec::base::{Sources, Span};
use pipec::resolve::Library;
use pipec::syntax::ast::{EntryKind, Expr, ExprKind, Function, Item, ItemKind};

use super::paragraph;

/// One form of a function.
struct Form<'a> {
    item: &'a Item,
    function: &'a Function,
}

/// The page: themes with their functions, then each function with all of its forms.
pub fn page(library: &Library, sources: &Sources) -> String {
    let mut themes: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut functions: BTreeMap<&str, Vec<Form<'_>>> = BTreeMap::new();
    for file in library.files.iter() {
        let path = &sources.get(file.id).path;
        let theme = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".pipe");
        for item in &file.items {
            let ItemKind::Function(function) = &item.kind else {
                continue;
            };
            let form = Form { item, function };
            // Names of other languages, which a call of them says how to write here.
            if form.setting("instead").is_some() || form.setting("version").is_some() {
                continue;
            }
            let name = function.name.text.as_str();
            themes.entry(theme.to_owned()).or_default().insert(name);
            functions.entry(name).or_default().push(form);
        }
    }
    let mut text = INTRODUCTION.to_owned();
    for (theme, names) in &themes {
        let names: Vec<_> = names.iter().map(|name| format!("[`{name}`](#{name})")).collect();
        text += &format!("- {theme}: {}\n", names.join(" "));
    }
    for (name, forms) in &functions {
        text += &format!("\n## `{name}`\n");
        for form in forms {
            text += &form.text(sources);
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
        self.setting(name).is_some_and(|value| match &value.kind {
            ExprKind::Name(written) => written == word,
            ExprKind::Bool(written) => written.to_string() == word,
            _ => false,
        })
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
        if let Some(words) = self.words("takes", sources) {
            facts.push(format!("`T` is one of {words}."));
        }
        if let Some(ExprKind::Record(pairs)) = self.setting("constant").map(|value| &value.kind) {
            for (name, wanted) in pairs {
                let wanted = sources.text(wanted.span);
                facts.push(format!(
                    "`{}` is known when the project is compiled: `{wanted}`.",
                    name.text
                ));
            }
        }
        if self.is("kind", "aggregate") {
            let empty = match self.setting("empty").map(|value| &value.kind) {
                Some(ExprKind::Int(number)) => format!("`{number}`"),
                _ => "missing".to_owned(),
            };
            facts.push(format!(
                "An aggregate: it leaves missing values out, and without any value is {empty}."
            ));
        }
        for (setting, word, fact) in FACTS {
            if self.is(setting, word) {
                facts.push((*fact).to_owned());
            }
        }
        if let Some(words) = self.words("also", sources) {
            facts.push(format!("Elsewhere called {words}."));
        }
        facts
    }

    /// The words of a list, each as code.
    fn words(&self, setting: &str, sources: &Sources) -> Option<String> {
        let ExprKind::List(words) = &self.setting(setting)?.kind else {
            return None;
        };
        let words: Vec<_> = words
            .iter()
            .map(|word| sources.text(word.span).trim_matches('"'))
            .collect();
        Some(format!("`{}`", words.join("`, `")))
    }
}

/// Settings of a declaration, what they may be, and what that means.
const FACTS: &[(&str, &str, &str)] = &[
    ("kind", "window", "Stands in a `window` step."),
    (
        "running",
        "true",
        "Stands in a `window` step, too, and then answers for the rows up to each one.",
    ),
    ("order", "needed", "It must say an order: `… order by COLUMN`."),
    ("streams", "false", "Not for streams."),
    (
        "literals",
        "read",
        "Of a literal, it answers when the project is compiled, and what it cannot read does not compile.",
    ),
    (
        "labels",
        "lowered",
        "Takes off the labels whose class names it in `lowered_by`.",
    ),
];
