//! What an editor's user can choose.

use serde::Deserialize;

/// The settings below `pipec`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Settings {
    /// Whether types are shown behind steps.
    pub(super) inlay_hints: bool,
    /// Whether tests and transforms have a line of what can be done with them.
    pub(super) code_lens: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            inlay_hints: true,
            code_lens: true,
        }
    }
}

impl Settings {
    /// Reads what an editor sent: the settings, or an object with them below `pipec`. What cannot be read stays as it is.
    pub(super) fn read(&mut self, sent: &serde_json::Value) {
        let own = sent.get("pipec").unwrap_or(sent);
        if let Ok(settings) = serde_json::from_value(own.clone()) {
            *self = settings;
        }
    }
}
