//! What rests on an attribute that an override sets: `stdlib/schema/touches.csv`.
//!
//! A claim is given up where an override touches it; that is never done without a reason of the author's. An attribute of
//! which the table says nothing is taken for one on which everything rests.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::evidence::{About, Claim, Overridden};
use crate::plan::{self, Override, Plan};

const TOUCHES: &str = include_str!("../../../stdlib/schema/touches.csv");
/// How many claims a message lists.
const CLAIMS: usize = 4;
/// Always needs a reason, whether or not a claim rests on it.
const GUARD: &str = "guard";
/// Every claim that rests on the resource.
const ALL: &str = "all";

/// What an attribute touches.
#[derive(Clone, Debug, Deserialize, PartialEq)]
struct Row {
    /// The type of a resource; `aws_iam_*` for those that start so.
    resource: String,
    /// The attribute; `*` for those that no other row is about.
    attribute: String,
    /// The kinds of claims that rest on it: those that rest on the resource, and with a `*` all of the kind; `guard` where
    /// there has to be a reason even without claims, `all` for all claims that rest on the resource.
    touches: String,
    /// The setting that says it without giving anything up.
    instead: Option<String>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    csv::Reader::from_reader(TOUCHES.as_bytes())
        .deserialize()
        .flatten()
        .collect()
});

/// The row of an attribute: the nearer one says it.
fn row(resource: &str, attribute: &str) -> Option<&'static Row> {
    let of = |row: &&Row| match row.resource.strip_suffix('*') {
        Some(start) => resource.starts_with(start),
        None => row.resource == resource,
    };
    let about = ROWS.iter().filter(of);
    let fitting = about.filter(|row| row.attribute == attribute || row.attribute == "*");
    fitting.max_by_key(|row| (row.attribute != "*", row.resource.len()))
}

/// The claims that rest on an attribute, by id, and whether its setting needs a reason.
fn touched<'c>(one: &Override, attribute: &str, claims: &'c [Claim]) -> (Vec<&'c Claim>, bool) {
    let touches = row(&one.resource.value, attribute).map_or("", |row| row.touches.as_str());
    let words: BTreeSet<_> = touches.split(' ').collect();
    let address = one.address();
    let rests = |claim: &Claim| claim.rests_on.contains(&address);
    let claims = claims.iter().filter(|claim| {
        let kind = claim.id.split('.').next().unwrap_or_default();
        words.contains(format!("{kind}*").as_str()) || (words.contains(kind) || words.contains(ALL)) && rests(claim)
    });
    let claims: Vec<_> = claims.collect();
    let needs = words.contains(GUARD) || !claims.is_empty();
    (claims, needs)
}

/// Says where an override touches what is proved or guarded, and does not say why.
pub(super) fn check(one: &Override, claims: &[Claim], diagnostics: &mut Diagnostics) {
    if one.because.is_some() {
        return;
    }
    for set in &one.attributes {
        let name = &set.name.value;
        let (claims, needs) = touched(one, name, claims);
        if needs {
            let instead = row(&one.resource.value, name).and_then(|row| row.instead.as_deref());
            diagnostics.push(without_reason(one, set, &claims, instead));
        }
    }
}

fn without_reason(one: &Override, set: &plan::Overridden, claims: &[&Claim], instead: Option<&str>) -> Diagnostic {
    let (name, address) = (&set.name.value, one.address());
    let message = match claims {
        [] => format!("`{name}` of `{address}` is guarded, and this override does not say why"),
        [claim] => format!("`{name}` of `{address}` is what a proof rests on: {}", claim.says),
        _ => format!("`{name}` of `{address}` is what {} proofs rest on", claims.len()),
    };
    let found = match claims {
        [] => "who may do or read what, or where rows go, follows from it",
        _ => "set otherwise, nothing shows that it still holds",
    };
    let mut diagnostic = Diagnostic::new(Code::OVERRIDE_REASON, set.name.span, message).found(found);
    if claims.len() > 1 {
        for claim in claims.iter().take(CLAIMS) {
            diagnostic = diagnostic.note(claim.says.clone());
        }
        match claims.len().saturating_sub(CLAIMS) {
            0 => {}
            others => diagnostic = diagnostic.note(format!("and {others} more")),
        }
    }
    let instead = instead.filter(|instead| !instead.is_empty());
    if let Some(instead) = instead {
        diagnostic = diagnostic.help(match claims {
            [] => format!("say it by {instead}"),
            _ => format!("say it by {instead}: then it is proved"),
        });
    }
    let why = match claims {
        [] => "say why",
        _ => "give it up and say why",
    };
    let or = if instead.is_some() { "or " } else { "" };
    diagnostic.help(format!(
        "{or}{why}: `because = \"…\"` in the override, and the evidence will have it"
    ))
}

/// Takes out of the claims what overrides touch. Returns what is set otherwise, and what was given up for it.
pub fn give_up(plan: &Plan, claims: &mut Vec<Claim>) -> Vec<Overridden> {
    let mut all: Vec<Overridden> = plan.overrides.iter().map(|one| overridden(one, claims)).collect();
    for (one, told) in plan.overrides.iter().zip(&mut all) {
        let address = one.address();
        claims.retain_mut(|claim| {
            let given_up = told.given_up.contains(&claim.id);
            let rests = claim.rests_on.contains(&address);
            if given_up && rests && matches!(claim.about, About::Encryption) && claim.rests_on.len() > 1 {
                // All others are still encrypted; a key is what all of them rest on.
                claim.rests_on.retain(|known| *known != address);
                claim.says = super::super::evidence::encrypted_words(claim.rests_on.len());
                return true;
            }
            !given_up
        });
    }
    all
}

fn overridden(one: &Override, claims: &[Claim]) -> Overridden {
    let names = one.attributes.iter().map(|set| set.name.value.as_str());
    let given_up = names.clone().flat_map(|name| touched(one, name, claims).0);
    Overridden {
        address: one.address(),
        attributes: names.map(str::to_owned).collect(),
        because: one.because.clone(),
        given_up: given_up
            .map(|claim| claim.id.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::schema;

    #[test]
    fn each_row_is_about_something_that_the_provider_has() {
        let kinds = [
            "lifetime",
            "retention",
            "quarantine",
            "erasure",
            "freshness",
            "capacity",
            "bound",
            "private",
            "encryption",
            "permissions",
            "reading",
            "way",
            "residency",
            "network",
            GUARD,
            ALL,
        ];
        assert_eq!(ROWS.len() + 1, TOUCHES.lines().count(), "a row cannot be read");
        for row in ROWS.iter() {
            let start = row.resource.trim_end_matches('*');
            let mut types = schema::types().filter(|known| match row.resource.ends_with('*') {
                true => known.starts_with(start),
                false => *known == start,
            });
            let has = |kind: &str| schema::resource(kind).is_some_and(|shape| shape.get(&row.attribute).is_some());
            assert!(types.any(|kind| row.attribute == "*" || has(kind)), "{row:?}");
            for word in row.touches.split(' ').filter(|word| !word.is_empty()) {
                assert!(kinds.contains(&word.trim_end_matches('*')), "{row:?}");
            }
        }
    }

    #[test]
    fn the_nearer_row_says_it() {
        let touches = |resource, attribute| row(resource, attribute).unwrap().touches.as_str();
        assert_eq!(touches("aws_kinesis_stream", "tags"), "");
        assert_eq!(touches("aws_kinesis_stream", "shard_level_metrics"), "");
        assert!(touches("aws_kinesis_stream", "retention_period").contains("lifetime"));
        assert!(touches("aws_kinesis_stream", "name").contains(GUARD));
        assert!(touches("aws_iam_role_policy", "policy").contains("permissions"));
        assert_eq!(touches("aws_iam_role", "description"), "");
    }
}
