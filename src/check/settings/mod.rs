//! Any block of settings against what the standard library declares: unknown, missing, twice, wrong type or dimension,
//! out of bounds. Holds no setting of its own.

mod bounds;
mod constant;
mod forms;
mod free;
mod kinds;
pub mod quantity;
mod rates;
mod scalars;
mod together;
mod value;
mod variants;

use crate::base::{Sources, Span, suggest};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::resolve::{Index, Layer, Layered};
use crate::syntax::ast::{Entry, EntryKind, Expr, Path};

use super::declare::{Declarations, Declared, DeclaredSetting};
pub(crate) use crate::resolve::unknown_item;
pub use forms::{path_expr, path_parts, plain};
pub use kinds::{measures, stands_for_itself};
pub use scalars::type_text;
pub use value::{DAY, Named, Setting, Settings, Value};
pub use variants::named;

/// Checks settings; knows the declarations, and the items that settings may name.
#[derive(Clone, Copy, Debug)]
pub struct Checker<'a> {
    /// What the standard library declares.
    pub declarations: &'a Declarations<'a>,
    /// The items of the project.
    pub index: &'a Index<'a>,
    /// The files, to quote from.
    pub sources: &'a Sources,
}

/// What a block of settings belongs to, for messages.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'o> {
    /// "zone `raw`", "`kinesis`".
    pub text: &'o str,
    /// Where it stands.
    pub span: Span,
    /// Whether all of its settings are known; where what it is `like` is not, nothing is missing.
    pub whole: bool,
}

/// One written setting.
struct Written<'e> {
    key: &'e Path,
    value: &'e Expr,
    layer: &'e Layer,
}

impl<'a> Checker<'a> {
    /// Checks the settings of an item.
    pub fn item(&self, kind: &str, owner: Owner<'_>, entries: &[Layered], diagnostics: &mut Diagnostics) -> Settings {
        let Some(declared) = self.declarations.item(kind) else {
            return Settings::default();
        };
        let written: Vec<_> = entries.iter().filter_map(|l| written(&l.entry, &l.layer)).collect();
        let owner = Owner {
            whole: owner.whole && entries.iter().all(|layered| layered.entry.kind != EntryKind::Bad),
            ..owner
        };
        self.block(declared, owner, &written, diagnostics)
    }

    /// The settings of a variant of which nothing is written.
    pub fn defaults(&self, slot: &str, name: &str) -> Settings {
        let nowhere = Span::new(crate::base::FileId(0), 0, 0);
        let owner = Owner {
            text: name,
            span: nowhere,
            whole: true,
        };
        let declared = self.declarations.variant(slot, name);
        declared.map_or_else(Settings::default, |declared| {
            self.block(declared, owner, &[], &mut Diagnostics::default())
        })
    }

    /// Checks the settings of a variant that is written `NAME { entries }`.
    fn entries(
        &self,
        declared: &Declared<'_>,
        owner: Owner<'_>,
        entries: &[Entry],
        diagnostics: &mut Diagnostics,
    ) -> Settings {
        let written: Vec<_> = entries.iter().filter_map(|e| written(e, &Layer::Item)).collect();
        let owner = Owner {
            whole: owner.whole && entries.iter().all(|entry| entry.kind != EntryKind::Bad),
            ..owner
        };
        self.block(declared, owner, &written, diagnostics)
    }

    fn block(
        &self,
        declared: &Declared<'_>,
        owner: Owner<'_>,
        written: &[Written<'_>],
        diagnostics: &mut Diagnostics,
    ) -> Settings {
        let mut settings = Settings::default();
        let mut known_all = true;
        let mut strangers = Vec::new();
        for (at, setting) in written.iter().enumerate() {
            let before = written.iter().take(at);
            if let Some(first) = before.rev().find(|first| first.key.text() == setting.key.text()) {
                diagnostics.push(twice(first, setting, owner));
                continue;
            }
            match declared.setting(&setting.key.text()) {
                None if declared.free => {
                    let key = setting.key.text();
                    let value = self.free(setting.value, &key, diagnostics);
                    settings.insert(&key, written_as(setting, value));
                }
                None => {
                    known_all = false;
                    match suggest(&setting.key.text(), declared.names()) {
                        Some(_) => diagnostics.push(unknown(setting.key, declared, owner)),
                        None => strangers.push(setting.key),
                    }
                }
                Some(known) => {
                    let value = self.setting(known, setting.value, diagnostics);
                    settings.insert(known.name(), written_as(setting, value));
                    if known.not_yet() {
                        settings.put_off(setting.key.span, format!("the setting `{}`", known.name()));
                    }
                }
            }
        }
        if let Some(unknown) = unknown_all(&strangers, declared, owner) {
            diagnostics.push(unknown);
        }
        // A setting under a wrong name is one mistake: that another is missing goes without saying.
        let owner = Owner {
            whole: owner.whole && known_all,
            ..owner
        };
        self.absent(declared, owner, &mut settings, diagnostics);
        settings
    }

    /// Fills in defaults, and says what is missing.
    fn absent(
        &self,
        declared: &Declared<'_>,
        owner: Owner<'_>,
        settings: &mut Settings,
        diagnostics: &mut Diagnostics,
    ) {
        let mut missing = Vec::new();
        for setting in &declared.settings {
            if settings.get(setting.name()).is_some() {
                continue;
            }
            if let Some(default) = &setting.declare.default {
                let value = self.setting(setting, default, &mut Diagnostics::default());
                let span = default.span;
                settings.insert(
                    setting.name(),
                    Setting {
                        value,
                        span,
                        layer: Layer::Default,
                    },
                );
            } else if setting.required() && owner.whole {
                missing.push(setting);
            }
        }
        if let Some(first) = missing.first() {
            diagnostics.push(self.missing(owner, first, &missing));
        }
    }

    fn missing(&self, owner: Owner<'_>, first: &DeclaredSetting<'_>, all: &[&DeclaredSetting<'_>]) -> Diagnostic {
        let names: Vec<_> = all.iter().map(|setting| format!("`{}`", setting.name())).collect();
        let mut diagnostic = Diagnostic::new(
            Code::MISSING_SETTING,
            owner.span,
            format!("{} does not say {}", owner.text, names.join(", ")),
        )
        .found(match first.doc.and_then(|doc| doc.lines().next()) {
            Some(doc) => format!("`{}`: {}", first.name(), lower_first(doc.trim_end_matches('.'))),
            None => format!("`{}` has no default", first.name()),
        });
        for setting in all {
            if let Some(example) = &setting.declare.example {
                diagnostic = diagnostic.help(format!(
                    "write `{} = {}`",
                    setting.name(),
                    self.sources.text(example.span)
                ));
            }
        }
        diagnostic
    }
}

fn written<'e>(entry: &'e Entry, layer: &'e Layer) -> Option<Written<'e>> {
    match &entry.kind {
        EntryKind::Setting { key, value } => Some(Written { key, value, layer }),
        _ => None,
    }
}

fn written_as(setting: &Written<'_>, value: Value) -> Setting {
    Setting {
        value,
        span: setting.value.span,
        layer: setting.layer.clone(),
    }
}

fn twice(first: &Written<'_>, second: &Written<'_>, owner: Owner<'_>) -> Diagnostic {
    Diagnostic::new(
        Code::SETTING_TWICE,
        second.key.span,
        format!("{} says `{}` twice", owner.text, second.key.text()),
    )
    .found("the second")
    .label(first.key.span, "the first")
    .help("keep one of them")
}

fn unknown(key: &Path, declared: &Declared<'_>, owner: Owner<'_>) -> Diagnostic {
    let name = key.text();
    let diagnostic = Diagnostic::new(
        Code::UNKNOWN_SETTING,
        key.span,
        format!("{} has no setting `{name}`", owner.text),
    )
    .found("not a setting of it");
    if let Some(near) = suggest(&name, declared.names()) {
        return diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            key.span,
            near.to_owned(),
        );
    }
    // Those that must be written are the likeliest.
    let (must, may): (Vec<_>, Vec<_>) = declared.settings.iter().partition(|setting| setting.required());
    let names: Vec<_> = must.into_iter().chain(may).map(|setting| setting.name()).collect();
    match names.as_slice() {
        [] => diagnostic.help("it has no settings"),
        names => {
            let diagnostic = diagnostic.help(format!("it has {}", variants::some_of(names)));
            match variants::is_cut(names) {
                true => diagnostic.help(format!("`pipec explain {}` lists all", declared.name)),
                false => diagnostic,
            }
        }
    }
}

/// Settings that are like none that there is: of several in a row, it is their place that is wrong, and that is one
/// mistake: a `derive` that was lost, a `}` too early.
fn unknown_all(keys: &[&Path], declared: &Declared<'_>, owner: Owner<'_>) -> Option<Diagnostic> {
    let (first, rest) = keys.split_first()?;
    let mut diagnostic = unknown(first, declared, owner);
    for other in rest {
        diagnostic = diagnostic.label(other.span, "nor is this");
    }
    Some(match declared.name.as_str() {
        "transform" => diagnostic.help(format!("a column is made by a step: `derive {} = …`", first.text())),
        _ => diagnostic,
    })
}

/// `How long rows stay` in the middle of a sentence.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        // An abbreviation keeps its capitals.
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
