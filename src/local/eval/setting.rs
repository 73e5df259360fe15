//! What expressions read besides their rows: the run, a project's own functions, what is known at deployment.

use std::collections::BTreeMap;

use pipec_runtime::Timestamp;
use pipec_runtime::dynamic::Run;
use pipec_runtime::functions::PseudonymKey;
use pipec_runtime::value::Value;

use crate::plan::evaluate::{self, Known, Own, Row};
use crate::plan::{Plan, names};

/// What all rows of a run have in common.
#[derive(Clone, Debug)]
pub(in crate::local) struct Setting {
    /// The run's scheduled time, and the key of pseudonyms.
    pub run: Run,
    /// A project's own functions by name.
    pub functions: Own,
    /// Values of params by name.
    pub params: BTreeMap<String, Value>,
}

impl Setting {
    /// A run that is scheduled for this time, with the key that laptops share.
    pub fn new(now: Timestamp) -> Setting {
        Setting {
            run: Run {
                now,
                key: PseudonymKey::new(names::LOCAL_PSEUDONYM_KEY.as_bytes()),
            },
            functions: Own::new(),
            params: BTreeMap::new(),
        }
    }

    /// A run of a platform: with its functions, and the defaults of its params.
    pub fn of(plan: &Plan, now: Timestamp) -> Setting {
        let functions = plan.functions.iter();
        let defaults = plan.params.iter().filter_map(|param| {
            let default = param.default.as_ref()?;
            Some((param.name.clone(), evaluate::value(default)))
        });
        Setting {
            functions: functions.map(|own| (own.name.clone(), own.clone())).collect(),
            params: defaults.collect(),
            ..Setting::new(now)
        }
    }

    /// The same for the evaluation of single rows.
    pub(super) fn known<'k>(&'k self, row: Row<'k>) -> Known<'k> {
        Known {
            row: Some(row),
            own: Some(&self.functions),
            params: Some(&self.params),
            run: Some(&self.run),
        }
    }
}
