//! What sets attributes of generated resources otherwise.

use super::Lowering;
use crate::base::{Span, Spanned};
use crate::check::settings::Value;
use crate::plan::{Constant, Overridden, Override};

/// What is said in an override and is no attribute: why what was proved may be given up.
const BECAUSE: &str = "because";

impl Lowering<'_> {
    pub(super) fn overrides(&mut self) -> Vec<Override> {
        let lowered = self.program.overrides.iter().map(|one| {
            let settings = one.item.settings.iter();
            let attributes = settings
                .filter(|(name, _)| *name != BECAUSE)
                .filter_map(|(name, setting)| {
                    let key = one.keys.get(name).copied().unwrap_or(setting.span);
                    overridden(name, key, &setting.value, setting.span)
                });
            Override {
                resource: one.resource.clone(),
                label: one.label.clone(),
                doc: one.item.doc.clone(),
                because: one.item.settings.text(BECAUSE).map(str::to_owned),
                attributes: attributes.collect(),
            }
        });
        lowered.collect()
    }
}

fn overridden(name: &str, key: Span, value: &Value, span: Span) -> Option<Overridden> {
    Some(Overridden {
        name: Spanned::new(name.to_owned(), key),
        value: Spanned::new(constant(value)?, span),
    })
}

/// Nothing where a mistake was said, and for what no override holds.
fn constant(value: &Value) -> Option<Constant> {
    Some(match value {
        Value::Bool(value) => Constant::Bool(*value),
        Value::Int(value) => Constant::Number(value.to_string()),
        Value::Number(value) => Constant::Number(value.to_string()),
        Value::Text(text) => Constant::Text(text.clone()),
        Value::Param(name) => Constant::Param(name.clone()),
        Value::Secret(name) => Constant::Secret(name.clone()),
        Value::List(items) => {
            let items = items.iter();
            let items = items.filter_map(|item| Some(Spanned::new(constant(&item.value)?, item.span)));
            Constant::List(items.collect())
        }
        Value::Map(entries) => {
            let entries = entries.iter();
            let entries =
                entries.filter_map(|(name, named)| overridden(name, named.key, &named.value.value, named.value.span));
            Constant::Block(entries.collect())
        }
        _ => return None,
    })
}
