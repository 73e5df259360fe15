//! `override RESOURCE.NAME`: the way out.

use super::Items;
use crate::check::program::Item;
use crate::diag::{Code, Diagnostic};

impl Items<'_> {
    /// The overrides; each names a resource by its type and its name.
    pub(super) fn overrides(&mut self) -> Vec<Item> {
        let mut overrides = Vec::new();
        for entity in self.entities("override") {
            let item = self.item(&entity);
            let path = entity.block().map(|block| block.name.clone());
            let named = path.as_ref().is_some_and(|path| match path.parts.as_slice() {
                [resource, _] => {
                    let rest = resource.text.strip_prefix("aws_").unwrap_or("");
                    !rest.is_empty()
                        && rest
                            .chars()
                            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                }
                _ => false,
            });
            if !named {
                let span = path.as_ref().map_or(item.span, |path| path.span);
                let text = path.map(|path| path.text()).unwrap_or_default();
                let diagnostic = Diagnostic::new(Code::OVERRIDE_NAME, span, format!("`{text}` names no resource"))
                    .found("a resource is its type and its name")
                    .help("write `override aws_s3_bucket.raw { … }`");
                self.say(diagnostic);
            }
            overrides.push(item);
        }
        overrides
    }
}
