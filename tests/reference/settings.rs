//! A page for each kind of item: its settings, the variants that they may be, and the templates to be `like`.
//!
//! It holds no list of settings: everything comes from the declarations.

use std::collections::{BTreeMap, BTreeSet};

use pipec::base::Sources;
use pipec::check::declare::{Declarations, Declared, DeclaredSetting};
use pipec::check::settings::type_text;
use pipec::resolve::Library;
use pipec::syntax::ast::{EntryKind, Expr, Item, ItemKind, SettingType};

use super::{anchor, page, paragraph};

/// Of what is checked, and refused by the commands that build.
const NOT_YET: &str = "Checked, but not built by this version.\n\n";

/// What all pages are written from.
struct Reference<'a> {
    declarations: &'a Declarations<'a>,
    sources: &'a Sources,
    templates: Vec<&'a Item>,
}

/// The pages of settings by their path, and the list of them.
pub fn pages(library: &Library, declarations: &Declarations<'_>, sources: &Sources) -> BTreeMap<String, String> {
    let templates = library.items().filter(|item| match &item.kind {
        ItemKind::Block(block) => !matches!(block.keyword.text.as_str(), "item" | "variant"),
        _ => false,
    });
    let reference = Reference {
        declarations,
        sources,
        templates: templates.collect(),
    };
    let items: Vec<_> = declarations.all().filter(|(slot, _)| slot.is_empty()).collect();
    let mut pages = BTreeMap::new();
    let mut list = "What an item can be told, item by item. A setting is `key = value`; one without a default must be written.\n\n".to_owned();
    list += "| item | says |\n|---|---|\n";
    for (_, item) in items {
        list += &format!(
            "| [`{0}`]({0}.md) | {1} |\n",
            item.name,
            paragraph(item.doc.unwrap_or(""))
        );
        pages.insert(format!("settings/{}.md", item.name), reference.item(item));
    }
    pages.insert("settings/README.md".to_owned(), page("Settings", &list));
    pages
}

impl Reference<'_> {
    fn item(&self, item: &Declared<'_>) -> String {
        let mut text = format!("{}\n\n", item.doc.unwrap_or(""));
        if item.not_yet {
            text += NOT_YET;
        }
        for setting in &item.settings {
            text += &self.setting(&item.name, setting, "##");
        }
        let templates = self.templates_of(&item.name);
        if !templates.is_empty() {
            text += &format!("## Templates\n\n{templates}\n");
        }
        for slot in self.slots(item) {
            text += &self.slot(&item.name, &slot);
        }
        page(&format!("`{}`", item.name), &text)
    }

    /// The slots whose variants are shown on an item's page: those of the item's own, and those that nothing else owns.
    fn slots(&self, item: &Declared<'_>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let own = self
            .declarations
            .all()
            .filter(|(slot, _)| owner(slot) == Some(&item.name));
        let mut open: Vec<String> = own.map(|(slot, _)| slot.to_owned()).collect();
        open.extend(item.settings.iter().flat_map(slots_of));
        while let Some(slot) = open.pop() {
            if self.page_of(&slot).is_some_and(|page| page != item.name) || !found.insert(slot.clone()) {
                continue;
            }
            let variants = self.declarations.variants(&slot);
            open.extend(variants.iter().flat_map(|variant| &variant.settings).flat_map(slots_of));
        }
        found
    }

    /// The item on whose page a slot is shown, where it is shown on one only.
    fn page_of(&self, slot: &str) -> Option<String> {
        owner(slot)
            .filter(|name| self.declarations.item(name).is_some())
            .map(str::to_owned)
    }

    fn slot(&self, item: &str, slot: &str) -> String {
        let variants = self.declarations.variants(slot);
        let mut text = format!("## {}\n\n", slot_title(slot));
        for variant in variants {
            text += &format!("### `{}` ({slot})\n\n{}\n\n", variant.name, variant.doc.unwrap_or(""));
            if variant.not_yet {
                text += NOT_YET;
            }
            if !variant.shapes.is_empty() {
                text += &format!("Of a source that is: `{}`.\n\n", variant.shapes.join("`, `"));
            }
            for setting in &variant.settings {
                text += &self.setting(item, setting, "####");
            }
        }
        text
    }

    fn setting(&self, item: &str, setting: &DeclaredSetting<'_>, level: &str) -> String {
        let (name, declare) = (setting.name(), setting.declare);
        let types = declare.ty.iter().filter(|ty| ty.word.text != "not_yet");
        let types: Vec<_> = types.map(|ty| self.type_of(item, ty)).collect();
        let mut facts = vec![types.join(" or ")];
        if let Some(bounds) = &declare.bounds {
            facts.push(format!("in `{}`", self.text(bounds)));
        }
        facts.push(match &declare.default {
            Some(default) => format!("default `{}`", self.text(default)),
            None if declare.optional => "may be left out".to_owned(),
            None => "must be written".to_owned(),
        });
        let example = declare.example.as_ref().map_or_else(String::new, |example| {
            format!("```text\n{name} = {}\n```\n\n", self.text(example))
        });
        let note = if setting.not_yet() { NOT_YET } else { "" };
        format!(
            "{level} `{name}`\n\n{}\n\n{note}Takes {}.\n\n{example}",
            setting.doc.unwrap_or(""),
            facts.join("; ")
        )
    }

    fn text(&self, expr: &Expr) -> String {
        paragraph(self.sources.text(expr.span))
    }

    /// What a type of a declaration takes, in words, with a link to the variants.
    fn type_of(&self, item: &str, ty: &SettingType) -> String {
        let words = type_text(ty);
        match slot_of(ty) {
            Some(slot) => {
                let file = match self.page_of(&slot) {
                    Some(page) if page != item => format!("{page}.md"),
                    _ => String::new(),
                };
                format!("{words} [of these]({file}#{})", anchor(&slot_title(&slot)))
            }
            None => words,
        }
    }

    /// The templates of a kind of item, each with what it sets.
    fn templates_of(&self, kind: &str) -> String {
        let mut text = String::new();
        for item in &self.templates {
            let ItemKind::Block(block) = &item.kind else { continue };
            if block.keyword.text != kind {
                continue;
            }
            let doc = item.doc.as_ref().map_or("", |doc| doc.text.as_str());
            let settings = block.entries.iter().filter_map(|entry| match &entry.kind {
                EntryKind::Setting { .. } => Some(paragraph(self.sources.text(entry.span))),
                _ => None,
            });
            let settings: Vec<_> = settings.map(|setting| format!("`{setting}`")).collect();
            text += &format!(
                "- `like {}`: {} Sets {}.\n",
                block.name.text(),
                paragraph(doc),
                settings.join(", ")
            );
        }
        text
    }
}

/// The item that a slot belongs to: `zone` of `zone.format`.
fn owner(slot: &str) -> Option<&str> {
    slot.split_once('.').map(|(owner, _)| owner)
}

fn slot_title(slot: &str) -> String {
    format!("Variants of `{slot}`")
}

fn slots_of(setting: &DeclaredSetting<'_>) -> Vec<String> {
    setting.declare.ty.iter().filter_map(slot_of).collect()
}

/// The slot whose variants a type takes: of `variant zone.format`, and of `list of variant.access.principal`.
fn slot_of(ty: &SettingType) -> Option<String> {
    let of = ty.of.as_ref()?.text();
    match ty.word.text.as_str() {
        "variant" => Some(of),
        "list" => of.strip_prefix("variant.").map(str::to_owned),
        _ => None,
    }
}
