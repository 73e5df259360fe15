//! What params are on this machine: their defaults, as a deployment hands values to functions and jobs.
//!
//! It must not know what is started with them.

use super::error::RunError;
use super::value::canonical;
use crate::plan::expr::Literal;
use crate::plan::{Param, Plan, Transform};

/// The params that a transform depends on, each with its value as JSON.
///
/// # Errors
/// If one has no default.
pub(super) fn values<'p>(plan: &'p Plan, transform: &Transform) -> Result<Vec<(&'p Param, String)>, RunError> {
    let params = plan.params_of(transform).into_iter();
    params
        .map(|param| match param.default.as_ref().and_then(json) {
            Some(value) => Ok((param, value)),
            None => Err(without_value(&param.name)),
        })
        .collect()
}

/// That a param has no value, and how it gets one.
pub(super) fn without_value(name: &str) -> RunError {
    RunError::data(format!("the param `{name}` has no value"))
        .help(format!("give it a default: `param {name} : … = …`"))
}

fn json(value: &Literal) -> Option<String> {
    match value {
        Literal::Null => None,
        Literal::Text(text) => Some(serde_json::Value::from(text.as_str()).to_string()),
        other => canonical(other),
    }
}
