//! `pipec explain WORD`: what an item, a setting, a variant or a function of the language is, as the standard library
//! declares it; and where the value of a setting of this project comes from.

use std::fmt::Write;

use super::Failure;
use crate::base::{Sources, Span, World, suggest};
use crate::check::declare::{Declarations, Declared, DeclaredSetting};
use crate::check::functions;
use crate::check::settings::type_text;
use crate::diag::{CODES, Diagnostics, Severity};
use crate::resolve::{Entity, Index, Layered, Library, Project, layers, overlay, own_layer};
use crate::syntax::ast::{Entry, EntryKind, Expr, Function, Item, ItemKind};

/// Every code and every word that can be explained.
pub(super) fn list() -> String {
    let mut text = String::new();
    for info in CODES {
        let level = match info.severity {
            Severity::Error => "",
            Severity::Warning => " (warning)",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}  {}{level}", info.code, info.title);
    }
    let language = Language::load();
    let declarations = Declarations::new(&language.library);
    let items: Vec<_> = declarations
        .all()
        .filter(|(slot, _)| slot.is_empty())
        .map(|(_, item)| item.name.clone())
        .collect();
    let mut names: Vec<_> = language
        .functions()
        .map(|(_, function)| function.name.text.clone())
        .collect();
    names.sort();
    names.dedup();
    let _ = writeln!(text, "\nitems: {}\n\nfunctions: {}", items.join(", "), names.join(", "));
    text
}

/// What a word is: `zone`, `zone.retain`, `kinesis.retention`, `retain`, `sum`.
///
/// # Errors
/// Where nothing is called so, with the nearest word.
pub(super) fn explain(word: &str) -> Result<String, Failure> {
    let language = Language::load();
    let declarations = Declarations::new(&language.library);
    let mut text = String::new();
    let (owner, setting) = match word.split_once('.') {
        Some((owner, setting)) => (Some(owner), setting),
        None => (None, word),
    };
    for (slot, declared) in declarations.all() {
        if owner.is_none() && declared.name == word {
            text += &language.block(slot, declared);
        }
        let here = owner.is_none_or(|owner| owner == declared.name);
        for found in declared.settings.iter().filter(|found| here && found.name() == setting) {
            let _ = writeln!(text, "{}", language.setting(&title(slot, declared), found));
        }
    }
    let variants: Vec<_> = declarations.variants(word).iter().map(|v| v.name.as_str()).collect();
    if text.is_empty() && !variants.is_empty() {
        let _ = writeln!(text, "{word}\n  one of {}", variants.join(", "));
    }
    for (item, function) in language.functions().filter(|(_, function)| function.name.text == word) {
        text += &language.function(item, function);
    }
    match text.is_empty() {
        true => Err(unknown(word, &language, &declarations)),
        false => Ok(text.trim_end().to_owned() + "\n"),
    }
}

fn unknown(word: &str, language: &Language, declarations: &Declarations<'_>) -> Failure {
    let mut names: Vec<String> = CODES.iter().map(|info| info.code.to_string()).collect();
    for (_, declared) in declarations.all() {
        names.push(declared.name.clone());
        names.extend(declared.names().map(str::to_owned));
        names.extend(declared.names().map(|setting| format!("{}.{setting}", declared.name)));
    }
    names.extend(language.functions().map(|(_, function)| function.name.text.clone()));
    let near = suggest(word, names.iter().map(String::as_str));
    let hint = near.map_or_else(
        || "`pipec explain` lists all".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Failure::Usage(format!(
        "`{word}` is no code of a diagnostic, no item, setting or function; {hint}"
    ))
}

/// `zone`, `kinesis (source.from)`
fn title(slot: &str, declared: &Declared<'_>) -> String {
    match slot {
        "" => declared.name.clone(),
        _ => format!("{} ({slot})", declared.name),
    }
}

/// The standard library, and its text.
struct Language {
    library: Library,
    sources: Sources,
}

impl Language {
    fn load() -> Language {
        let mut sources = Sources::default();
        let library = Library::load(&mut sources, functions::FILES);
        Language { library, sources }
    }

    fn functions(&self) -> impl Iterator<Item = (&Item, &Function)> {
        self.library.items().filter_map(|item| match &item.kind {
            ItemKind::Function(function) => Some((item, function)),
            _ => None,
        })
    }

    fn block(&self, slot: &str, declared: &Declared<'_>) -> String {
        let mut text = format!("{}\n", title(slot, declared));
        text += &indented(declared.doc.unwrap_or(""), "  ");
        if declared.not_yet {
            text += "  not in this version yet\n";
        }
        text.push('\n');
        for setting in &declared.settings {
            let _ = writeln!(text, "{}", self.setting("", setting));
        }
        text
    }

    /// A setting, of an owner that is named unless it stands above.
    fn setting(&self, owner: &str, setting: &DeclaredSetting<'_>) -> String {
        let name = setting.name();
        let of = if owner.is_empty() {
            String::new()
        } else {
            format!(" of {owner}")
        };
        if setting.not_yet() {
            return format!("  {name}{of}\n    not in this version yet\n");
        }
        let declare = setting.declare;
        let types: Vec<_> = declare.ty.iter().map(type_text).collect();
        let mut text = format!("  {name}{of}\n{}", indented(setting.doc.unwrap_or(""), "    "));
        let types = types.join(" or ");
        if types != "one" {
            let _ = writeln!(text, "    takes    {types}");
        }
        let variants = declare.ty.iter().filter_map(|ty| ty.of.as_ref().map(|of| of.text()));
        let declarations = Declarations::new(&self.library);
        for slot in variants {
            let slot = slot.strip_prefix("variant.").unwrap_or(&slot);
            let names: Vec<_> = declarations.variants(slot).iter().map(|v| v.name.as_str()).collect();
            if !names.is_empty() {
                let _ = writeln!(text, "    one of   {}", names.join(", "));
            }
        }
        if let Some(bounds) = &declare.bounds {
            let _ = writeln!(text, "    in       {}", self.text(bounds.span));
        }
        let default = match &declare.default {
            Some(default) => self.text(default.span),
            None if declare.optional => "it may be left out".to_owned(),
            None => "none: it must be written".to_owned(),
        };
        let _ = writeln!(text, "    default  {default}");
        if let Some(example) = &declare.example {
            let _ = writeln!(text, "    example  {name} = {}", self.text(example.span));
        }
        text
    }

    fn function(&self, item: &Item, function: &Function) -> String {
        let head = Span {
            end: function.returns.span.end,
            ..function.name.span
        };
        let mut text = format!("{}\n", self.text(head));
        text += &indented(item.doc.as_ref().map_or("", |doc| doc.text.as_str()), "  ");
        for entry in &function.entries {
            let EntryKind::Setting { key, value } = &entry.kind else {
                continue;
            };
            match (&value.kind, key.text().as_str()) {
                (crate::syntax::ast::ExprKind::List(examples), "examples") => {
                    for example in examples {
                        let _ = writeln!(text, "    {}", self.text(example.span));
                    }
                }
                _ => {
                    let _ = writeln!(text, "  {}", self.text(entry.span));
                }
            }
        }
        text.push('\n');
        text
    }

    fn text(&self, span: Span) -> String {
        one_line(self.sources.text(span))
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn indented(text: &str, by: &str) -> String {
    text.lines().map(|line| format!("{by}{}\n", line.trim())).collect()
}

/// Where the value of `KIND.NAME.SETTING` of a project comes from, the last line being the one that counts; `None` if the
/// project has no such item.
pub(super) fn origin(world: &dyn World, path: &str) -> Option<String> {
    let (mut sources, mut ignored) = (Sources::default(), Diagnostics::default());
    let files = Project::read(world, &mut sources, &mut ignored);
    let project = Project::parse(&files, &sources, &mut ignored);
    let library = Library::load(&mut sources, functions::FILES);
    let declarations = Declarations::new(&library);
    let index = Index::new(project.items(), &mut ignored);
    let (kind, rest) = path.split_once('.')?;
    // There is one pipeline, and its name may be left out.
    let pipeline = || index.of_kind("pipeline").next().map(|entity| (entity, rest));
    let named = rest
        .split_once('.')
        .and_then(|(name, setting)| Some((index.get(kind, name)?, setting)));
    let (entity, setting) = named.or_else(|| pipeline().filter(|_| kind == "pipeline"))?;
    let declared = declarations.item(entity.kind)?.setting(setting)?;
    let mut lines = Vec::new();
    let mut add = |whose: String, value: &Expr| {
        let source = sources.get(value.span.file);
        let line = source.line_column(value.span.start).line;
        lines.push((
            whose,
            format!(
                "{setting} = {}  ({}:{line})",
                one_line(sources.text(value.span)),
                source.path
            ),
        ));
    };
    if let Some(default) = &declared.declare.default {
        add("by default".to_owned(), default);
    }
    for layered in of_item(entity, &library, &index) {
        if let Some(value) = value_of(&layered.entry, setting) {
            let whose = match layered.layer {
                crate::resolve::Layer::Like(name) => format!("like {name}"),
                _ => format!("{} {}", entity.kind, entity.name),
            };
            add(whose, value);
        }
    }
    for environment in index.of_kind("env") {
        let overlays = environment
            .block()
            .map(|block| overlay(block, &index, &mut ignored))
            .unwrap_or_default();
        for found in overlays
            .iter()
            .filter(|o| o.kind == entity.kind && o.name == entity.name)
        {
            if found.setting.first().is_some_and(|first| first.text == setting) {
                add(format!("in env {}", environment.name), &found.value);
            }
        }
    }
    if lines.is_empty() {
        return Some(format!("{path}: nobody writes it, and it has no default\n"));
    }
    let width = lines.iter().map(|(whose, _)| whose.chars().count()).max().unwrap_or(0);
    let lines = lines
        .iter()
        .map(|(whose, value)| format!("  {whose:<width$}  {value}\n"));
    Some(format!("{path}\n{}", lines.collect::<String>()))
}

/// The entries of what an item is like that it does not write itself too, then its own: what replaces comes last.
fn of_item(entity: &Entity<'_>, library: &Library, index: &Index<'_>) -> Vec<Layered> {
    match &entity.item.kind {
        ItemKind::Block(block) => {
            let mut bare = block.clone();
            bare.entries.clear();
            let (mut entries, _) = layers(&bare, library, index, &mut Diagnostics::default());
            entries.extend(own_layer(&block.entries));
            entries
        }
        ItemKind::Transform(transform) => own_layer(&transform.entries),
        _ => Vec::new(),
    }
}

fn value_of<'e>(entry: &'e Entry, setting: &str) -> Option<&'e Expr> {
    match &entry.kind {
        EntryKind::Setting { key, value } if key.text() == setting => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Memory;

    #[test]
    fn every_word_of_the_standard_library_is_explained() {
        let language = Language::load();
        let declarations = Declarations::new(&language.library);
        for (_, declared) in declarations.all() {
            assert!(explain(&declared.name).is_ok(), "{}", declared.name);
            for setting in declared.names() {
                let text = explain(&format!("{}.{setting}", declared.name)).unwrap();
                assert!(text.contains(setting), "{text}");
            }
        }
        for (_, function) in language.functions() {
            let text = explain(&function.name.text).unwrap();
            assert!(text.contains(&format!("{}(", function.name.text)), "{text}");
        }
    }

    #[test]
    fn what_replaces_a_value_stands_below_it() {
        let text = "zone raw { retain = 9 days }\nzone mine like raw { retain = 8 days }\nenv dev { zone.mine.retain = 7 days }\n";
        let world = Memory::new([("a.pipe", text)]);
        let expected = "zone.mine.retain\n  like raw    retain = 9 days  (a.pipe:1)\n  zone mine   retain = 8 days  (a.pipe:2)\n  in env dev  retain = 7 days  (a.pipe:3)\n";
        assert_eq!(origin(&world, "zone.mine.retain").unwrap(), expected);
        assert_eq!(origin(&world, "zone.other.retain"), None);
    }
}
