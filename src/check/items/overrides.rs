//! `override RESOURCE.NAME`: the way out. What it sets is held against the provider's schema once there are resources.

use std::collections::BTreeMap;

use super::Items;
use crate::base::{Span, Spanned};
use crate::check::program::{Item, Override};
use crate::check::settings::Value;
use crate::diag::{Code, Diagnostic};
use crate::resolve::Entity;
use crate::syntax::ast::EntryKind;

impl Items<'_> {
    /// The overrides; each names a resource by its type and its name.
    pub(super) fn overrides(&mut self) -> Vec<Override> {
        let mut overrides = Vec::new();
        for entity in self.entities("override") {
            let item = self.item(&entity);
            let named = item.name.split_once('.').filter(|(resource, label)| {
                let rest = resource.strip_prefix("aws_").unwrap_or("");
                let is_type = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                !rest.is_empty() && rest.chars().all(is_type) && !label.contains('.')
            });
            let Some((resource, label)) = named else {
                let diagnostic = Diagnostic::new(
                    Code::OVERRIDE_NAME,
                    item.span,
                    format!("`{}` names no resource", item.name),
                )
                .found("a resource is its type and its name")
                .help("write `override aws_s3_bucket.raw { … }`");
                self.say(diagnostic);
                continue;
            };
            let Span { file, start, end } = item.span;
            let (start, end) = (start as usize, end as usize);
            let resource = Spanned::new(resource.to_owned(), Span::new(file, start, start + resource.len()));
            let label = Spanned::new(label.to_owned(), Span::new(file, end - label.len(), end));
            self.reason(&item);
            overrides.push(Override {
                keys: self.keys(&entity),
                item,
                resource,
                label,
            });
        }
        overrides
    }

    /// A reason is a text that says something.
    fn reason(&mut self, item: &Item) {
        let is_text = |value: &Value| {
            matches!(value, Value::Bad) || matches!(value, Value::Text(text) if !text.trim().is_empty())
        };
        if let Some(because) = item.settings.get("because").filter(|because| !is_text(&because.value)) {
            let message = format!("`because` of override `{}` says nothing", item.name);
            let diagnostic = Diagnostic::new(Code::SETTING_TYPE, because.span, message)
                .found("a reason is a text")
                .help("write `because = \"…\"`");
            self.say(diagnostic);
        }
    }

    /// Where the names of an override's attributes stand, in the environment where that says them.
    fn keys(&self, entity: &Entity<'_>) -> BTreeMap<String, Span> {
        let own = entity.block().into_iter().flat_map(|block| &block.entries);
        let own = own.filter_map(|entry| match &entry.kind {
            EntryKind::Setting { key, .. } => Some((key.text(), key.span)),
            _ => None,
        });
        let overlays = self.overlays.iter();
        let overlays = overlays.filter(|overlay| overlay.kind == "override" && overlay.name == entity.name);
        let overlaid = overlays.filter_map(|overlay| {
            let first = overlay.setting.first()?;
            Some((first.text.clone(), first.span))
        });
        own.chain(overlaid).collect()
    }
}
