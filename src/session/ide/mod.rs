//! What an editor asks of a project, answered in offsets and plain values: no word of any protocol.
//!
//! Every question is asked of the texts as they are now, be they half typed; types and columns come from what was found
//! last.

mod actions;
mod colours;
mod columns;
mod complete;
mod cursor;
mod facts;
mod flow;
mod goto;
mod hover;
mod lineage;
mod made;
mod mentions;
mod outline;
mod settings;
mod signature;
mod values;
mod words;

pub use actions::Action;
pub use colours::Colour;
pub use complete::{Completion, Kind as CompletionKind};
pub use goto::{Edits, Target};
pub use hover::Hover;
pub use lineage::{Lens, Station};
pub use mentions::{Mention, Symbol};
pub use outline::Outline;
pub use signature::{Signature, Signatures};

use std::collections::BTreeMap;

use super::{Analysis, Texts};
use crate::base::{FileId, Sources};
use crate::check::declare::Declarations;
use crate::check::functions::Functions;
use crate::check::program::Transform;
use crate::compile::Parsed;
use crate::diag::Diagnostics;
use crate::resolve::{Index, Library, Project};
use crate::syntax::ast::ItemKind;

/// What questions are asked of: names and declarations, made anew for each question.
pub(super) struct Ground<'p> {
    declarations: Declarations<'p>,
    index: Index<'p>,
}

impl<'p> Ground<'p> {
    pub(super) fn new(parsed: &'p Parsed) -> Self {
        Ground {
            declarations: Declarations::new(&parsed.library),
            index: Index::new(parsed.project.items(), &mut Diagnostics::default()),
        }
    }

    pub(super) fn context(&'p self, parsed: &'p Parsed, known: Known<'p>) -> Context<'p> {
        Context {
            sources: &parsed.sources,
            project: &parsed.project,
            library: &parsed.library,
            declarations: &self.declarations,
            index: &self.index,
            functions: known.functions,
            analysis: known.analysis,
            recent: known.recent,
            texts: known.texts,
        }
    }
}

/// What was found before a question is asked.
#[derive(Clone, Copy)]
pub(super) struct Known<'p> {
    pub(super) functions: &'p Functions,
    pub(super) analysis: Option<&'p Analysis>,
    pub(super) recent: &'p BTreeMap<String, Transform>,
    pub(super) texts: &'p Texts,
}

/// A place of a text: where the cursor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The byte.
    pub offset: u32,
}

/// What is known of a project when a question is asked.
#[derive(Clone, Copy)]
pub struct Context<'p> {
    /// All text as it is now.
    pub sources: &'p Sources,
    /// The trees as they are now.
    pub project: &'p Project,
    /// The standard library.
    pub library: &'p Library,
    /// What it declares.
    pub declarations: &'p Declarations<'p>,
    /// The items of the project by name.
    pub index: &'p Index<'p>,
    /// The functions of the language.
    pub functions: &'p Functions,
    /// What was found last.
    pub analysis: Option<&'p Analysis>,
    /// Transforms that were found to be right since.
    pub recent: &'p BTreeMap<String, Transform>,
    /// The files, to look for those that are named.
    pub texts: &'p Texts,
}

impl<'p> Context<'p> {
    /// The enum that has this variant, if there is one only.
    pub(super) fn only_enum_with(&self, variant: &str) -> Option<&'p str> {
        let has = |item: &ItemKind| match item {
            ItemKind::Enum { variants, .. } => variants.iter().any(|known| known.name.text == variant),
            _ => false,
        };
        let mut found = self.index.of_kind("enum").filter(|entity| has(&entity.item.kind));
        let first = found.next()?;
        found.next().is_none().then_some(first.name)
    }
}
