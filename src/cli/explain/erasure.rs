//! `pipec explain erasure [SOURCE.COLUMN]`: where a person's rows are, in which order they go, and when the last copy is gone.

use std::fmt::Write;

use super::Failure;
use crate::plan::Plan;
use crate::prove::erasure::{Erasure, erasure, subjects};
use crate::prove::lifetimes::days;

/// The erasure of those whom a column names, or each column that names somebody.
pub(super) fn explain(plan: &Plan, named: Option<&str>) -> Result<String, Failure> {
    let all = subjects(plan);
    let names: Vec<String> = all.iter().map(ToString::to_string).collect();
    let of = |name: &str| named.is_none_or(|named| named == name);
    let found: Vec<_> = all.into_iter().filter(|subject| of(&subject.to_string())).collect();
    match (named, found.is_empty()) {
        (Some(named), true) if names.is_empty() => {
            let message = format!("`{named}` names nobody: no column is a `@subject`");
            Err(Failure::Usage(message))
        }
        (Some(named), true) => {
            let message = format!("`{named}` is no `@subject` of a source; there is {}", names.join(", "));
            Err(Failure::Usage(message))
        }
        (None, true) => Ok("no column is a `@subject`: the platform knows of no person\n".to_owned()),
        _ => {
            let plans = found.into_iter().map(|subject| told(&erasure(plan, subject)));
            Ok(plans.collect::<String>() + CARRIED_OUT)
        }
    }
}

/// How it is done once there is such a platform.
const CARRIED_OUT: &str = r#"
carried out by the state machine erase_persons, in two passes, for the request NAME:
  {"subject": "SOURCE.COLUMN", "values": ["..."]}   in a file, NAME.json
  aws s3 cp NAME.json "s3://$(terraform output -json buckets | jq -r .artifacts)/erasure/requests/NAME.json"
  aws stepfunctions start-execution --input '{"request": "NAME"}' \
    --state-machine-arn "$(terraform output -json state_machines | jq -r .erase_persons)"
its reports: erasure/reports/NAME-first.json and NAME-second.json, which name nobody
"#;

fn told(erasure: &Erasure<'_>) -> String {
    let mut text = format!(
        "{}: all of it is gone after {}\n",
        erasure.subject,
        days(erasure.days())
    );
    let width = erasure
        .steps
        .iter()
        .map(|step| step.place.chars().count())
        .max()
        .unwrap_or(0);
    for (at, step) in erasure.steps.iter().enumerate() {
        let because = step.because.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  {:>2}. {:<width$}  {}, {}{because}",
            at + 1,
            step.place,
            step.how,
            step.when(),
        );
    }
    text
}
