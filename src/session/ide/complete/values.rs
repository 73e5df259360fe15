//! Settings and what they take.

use crate::base::Span;
use crate::check::declare::DeclaredSetting;
use crate::check::settings::{measures, quantity, stands_for_itself, type_text};
use crate::syntax::ast::ExprKind;

use super::super::settings::{Owner, names_what, slot_of};
use super::{Kind, Offer};

impl Offer<'_, '_> {
    /// In a block of settings: their names, or the value of one.
    pub(super) fn settings(&mut self, owner: &Owner) {
        let entry = self.cursor.entry();
        let keyword = self.cursor.keyword.unwrap_or("");
        match entry.as_slice() {
            [] => {
                self.names(owner);
                self.clauses(keyword);
            }
            [first @ ("allow" | "clear" | "alarm"), rest @ ..] if matches!(keyword, "access" | "monitor") => {
                self.clause(first, rest);
            }
            [..] if keyword == "env" => self.env(&entry),
            [key, "=", rest @ ..] => self.value(owner, key, rest),
            _ => {}
        }
    }

    /// The settings that are not written yet.
    pub(super) fn names(&mut self, owner: &Owner) {
        let Some(declared) = owner.declared(self.context) else {
            return;
        };
        if self.cursor.keyword == Some("env") {
            return self.env(&[]);
        }
        let from = self.cursor.frame().open.map_or(0, |open| open + 1);
        let written: Vec<_> = (from..self.cursor.tokens.len())
            .filter(|at| self.cursor.word(at + 1) == "=")
            .map(|at| self.cursor.word(at))
            .collect();
        for setting in declared
            .settings
            .iter()
            .filter(|setting| !written.contains(&setting.name()))
        {
            let detail = self.takes(setting);
            let doc = self.context.setting_text(setting);
            let required = setting.required();
            let found = self.add(Kind::Setting, setting.name(), detail, doc);
            found.insert += " = ";
            found.rank = if required { 1 } else { 3 };
        }
    }

    fn takes(&self, setting: &DeclaredSetting<'_>) -> String {
        let takes: Vec<_> = setting.declare.ty.iter().map(type_text).collect();
        let takes = takes.join(" or ");
        match &setting.declare.default {
            Some(default) => format!("{takes}, else {}", self.context.sources.text(default.span)),
            None if setting.declare.optional => takes,
            None => format!("{takes}, must be written"),
        }
    }

    /// The value of a setting; `rest` is what of it is written.
    pub(super) fn value(&mut self, owner: &Owner, key: &str, rest: &[&str]) {
        let setting = owner.declared(self.context).and_then(|declared| declared.setting(key));
        let Some(setting) = setting else { return };
        let last = self.cursor.last();
        if last.starts_with(|c: char| c.is_ascii_digit()) {
            return self.units(setting);
        }
        if last == "." {
            let zone = self.cursor.before_last().to_owned();
            self.datasets_of(&zone);
            self.add(Kind::Value, "*", "all of its datasets", "");
            return;
        }
        if !(rest.is_empty() || matches!(last, "[" | "," | "of" | "=")) {
            return;
        }
        for ty in &setting.declare.ty {
            if let Some(slot) = slot_of(ty) {
                self.choices(&slot);
                continue;
            }
            if stands_for_itself(ty) {
                let word = ty.word.text.clone();
                self.add(Kind::Value, &word, "", "").rank = 1;
            }
            match ty.word.text.as_str() {
                "bool" => ["true", "false"].into_iter().for_each(|word| {
                    self.add(Kind::Value, word, "bool", "").rank = 1;
                }),
                "arrival" => {
                    self.add(Kind::Value, "arrival of ", "what lands", "").rank = 1;
                }
                _ => {}
            }
            if let Some(what) = names_what(ty) {
                self.names_of(&what);
            }
        }
        self.example(setting);
        self.named("param");
    }

    fn names_of(&mut self, what: &str) {
        match what {
            "dataset" => self.readable(false),
            "runnable" => self.named("transform"),
            "label" => {
                let classes: Vec<_> = self.context.index.of_kind("class").map(|entity| entity.name).collect();
                for class in classes {
                    self.add(Kind::Label, &format!("@{class}"), "class", "").rank = 2;
                }
            }
            "column" => self.columns_of_item(),
            kind => self.named(kind),
        }
    }

    /// The columns that a setting of this item can name.
    fn columns_of_item(&mut self) {
        if self.cursor.keyword == Some("transform") {
            let name = self.cursor.word(1).to_owned();
            let columns = super::super::columns::Columns::new(self.context.index);
            let typed = self
                .context
                .typed(&name)
                .map(|typed| typed.output.to_vec())
                .unwrap_or_default();
            return self.columns(&columns.output(&name), &typed);
        }
        let at = (0..self.cursor.tokens.len()).find(|at| self.cursor.word(*at) == "of");
        let schema = at.map_or("", |at| self.cursor.word(at + 1));
        if let Some(crate::syntax::ast::ItemKind::Schema { fields, .. }) =
            self.context.index.get("schema", schema).map(|entity| &entity.item.kind)
        {
            for field in fields {
                let ty = self.context.sources.text(field.ty.span).to_owned();
                let doc = field.doc.as_ref().map_or("", |doc| doc.text.as_str());
                self.add(Kind::Column, &field.name.text, ty, doc).rank = 1;
            }
        }
    }

    /// The variants of a place.
    fn choices(&mut self, slot: &str) {
        for variant in self.context.declarations.variants(slot) {
            let doc = self
                .context
                .declared_text(&format!("{} of {slot}", variant.name), variant);
            let must: Vec<_> = variant.settings.iter().filter(|setting| setting.required()).collect();
            let found = self.add(
                Kind::Value,
                &variant.name,
                variant.doc.unwrap_or("").lines().next().unwrap_or(""),
                doc,
            );
            found.rank = 1;
            if !must.is_empty() {
                let places = (1..)
                    .zip(&must)
                    .map(|(at, setting)| format!("{} = ${{{at}}}", setting.name()));
                let places: Vec<_> = places.collect();
                found.insert = format!("{} {{ {} }}", variant.name, places.join(", "));
                found.snippet = true;
            }
        }
    }

    fn units(&mut self, setting: &DeclaredSetting<'_>) {
        let mut any = false;
        for dimension in setting.declare.ty.iter().filter_map(measures) {
            for unit in quantity::units(dimension) {
                any = true;
                self.add(Kind::Unit, unit, dimension.text(), "").rank = 1;
            }
        }
        let words: Vec<_> = setting.declare.ty.iter().map(|ty| ty.word.text.as_str()).collect();
        if !any && words.iter().any(|word| matches!(*word, "volume" | "rate" | "peak")) {
            self.add(Kind::Unit, "per second of ", "a rate", "").rank = 1;
            self.add(Kind::Unit, "per min", "a rate", "").rank = 1;
        }
    }

    /// What its declaration gives as an example.
    fn example(&mut self, setting: &DeclaredSetting<'_>) {
        let Some(example) = &setting.declare.example else {
            return;
        };
        let text = self.context.sources.text(example.span).to_owned();
        if !matches!(example.kind, ExprKind::Name(_) | ExprKind::List(_) | ExprKind::Bool(_)) {
            self.add(Kind::Value, &text, "for example", "").rank = 4;
        }
    }

    /// Texts that a setting takes: those of its bounds.
    pub(super) fn texts(&mut self, owner: &Owner, key: &str, replace: Span) {
        let setting = owner.declared(self.context).and_then(|declared| declared.setting(key));
        let Some(ExprKind::List(values)) = setting.and_then(|s| s.declare.bounds.as_ref()).map(|b| &b.kind) else {
            return;
        };
        for value in values {
            let text = self.context.sources.text(value.span).trim_matches('"').to_owned();
            self.add(Kind::Value, &text, "", "").replace = replace;
        }
    }

    /// `cron("…", zone: "UTC")`: the settings by name.
    pub(super) fn arguments(&mut self, owner: &Owner) {
        let Some(declared) = owner.declared(self.context) else {
            return;
        };
        if self.cursor.entry().is_empty() {
            for setting in &declared.settings {
                let detail = self.takes(setting);
                let found = self.add(Kind::Setting, setting.name(), detail, setting.doc.unwrap_or(""));
                found.insert += ": ";
            }
            self.named("param");
        }
    }

    /// The clauses of `access` and `monitor`.
    fn clauses(&mut self, keyword: &str) {
        let clauses: &[(&str, &str, &str)] = match keyword {
            "access" => &[
                ("allow", "allow select on $0", "What may be read."),
                ("clear", "clear @$0", "The classes that may be seen."),
            ],
            "monitor" => &[(
                "alarm",
                "alarm ${1:freshness} of ${2:dataset} over ${3:26 hours}",
                "When somebody is told.",
            )],
            _ => &[],
        };
        for (word, snippet, doc) in clauses {
            let clause = self.add(Kind::Keyword, word, "clause", *doc);
            clause.insert = (*snippet).to_owned();
            clause.snippet = true;
        }
    }

    fn clause(&mut self, first: &str, rest: &[&str]) {
        match (first, rest) {
            ("allow", []) => {
                self.add(Kind::Keyword, "select on ", "what is allowed", "");
            }
            ("allow", [.., "on" | "," | "."]) => {
                self.readable(false);
                if self.cursor.last() == "." {
                    self.add(Kind::Value, "*", "all of its datasets", "");
                } else {
                    self.zones_with_star();
                }
            }
            ("allow", [.., "where" | "and" | "or" | "not" | "=="]) => self.expression(),
            ("allow", [..]) => {
                for (word, snippet) in [("columns", "columns [$0]"), ("where", "where $0")] {
                    let found = self.add(Kind::Keyword, word, "", "");
                    found.insert = snippet.to_owned();
                    found.snippet = true;
                }
            }
            ("alarm", []) => {
                let slots = ["monitor.alarm"];
                slots.into_iter().for_each(|slot| self.choices(slot));
            }
            ("alarm", [.., "of" | "."]) => {
                self.readable(true);
                self.named("transform");
            }
            _ => {}
        }
    }

    fn zones_with_star(&mut self) {
        let zones: Vec<_> = self.context.index.of_kind("zone").map(|entity| entity.name).collect();
        for zone in zones {
            self.add(Kind::Dataset, &format!("{zone}.*"), "all of its datasets", "")
                .rank = 2;
        }
    }

    /// The columns of the dataset that an `allow` names.
    pub(super) fn allowed_columns(&mut self) {
        let tokens: Vec<_> = (0..self.cursor.tokens.len()).map(|at| self.cursor.word(at)).collect();
        let Some(at) = tokens.iter().rposition(|word| *word == "on") else {
            return;
        };
        if let Some([zone, ".", name]) = tokens.get(at + 1..at + 4) {
            let columns = self.context.dataset(zone, name).map(|dataset| dataset.columns.to_vec());
            for column in columns.unwrap_or_default() {
                self.add(Kind::Column, &column.name, super::super::hover::line(&column), "")
                    .rank = 1;
            }
        }
    }

    /// `zone.curated.backup = 35 days`
    fn env(&mut self, entry: &[&str]) {
        match entry {
            [] => {
                let mut kinds: Vec<_> = self.context.index.all().map(|entity| entity.kind).collect();
                kinds.sort_unstable();
                kinds.dedup();
                for kind in kinds
                    .into_iter()
                    .filter(|kind| self.context.declarations.item(kind).is_some())
                {
                    let found = self.add(Kind::Keyword, kind, "whose setting", "");
                    found.insert += ".";
                }
            }
            ["pipeline", "."] | [_, ".", _, "."] => {
                let kind = entry.first().copied().unwrap_or("");
                if let Some(declared) = self.context.declarations.item(kind) {
                    for setting in &declared.settings {
                        let doc = self.context.setting_text(setting);
                        let found = self.add(Kind::Setting, setting.name(), "", doc);
                        found.insert += " = ";
                    }
                }
            }
            [kind, "."] => {
                let names: Vec<_> = self.context.index.of_kind(kind).map(|entity| entity.name).collect();
                for name in names {
                    let found = self.add(Kind::Item, name, *kind, "");
                    found.insert += ".";
                }
            }
            [path @ .., "="] => {
                let kind = path.first().copied().unwrap_or("");
                let key = if kind == "pipeline" { path.get(2) } else { path.get(4) };
                if let Some(key) = key {
                    self.value(&Owner::item(kind), key, &[]);
                }
            }
            [kind, ".", .., "=", number] if number.starts_with(|c: char| c.is_ascii_digit()) => {
                let key = if *kind == "pipeline" {
                    entry.get(2)
                } else {
                    entry.get(4)
                };
                if let Some(key) = key {
                    self.value(&Owner::item(kind), key, &[number]);
                }
            }
            _ => {}
        }
    }
}
