//! `pipec explain access PRINCIPAL [DATASET]`: what a principal sees, what stays hidden, and how it gets there.

use std::fmt::Write;

use super::Failure;
use crate::aws;
use crate::evidence::About;
use crate::plan::{Access, Plan};
use crate::prove::access::{Allowed, By, Signer, signers};

/// What a principal sees of each dataset, or of one; of one, also how.
pub(super) fn explain(plan: &Plan, principal: &str, only: Option<&str>) -> Result<String, Failure> {
    let matching: Vec<_> = plan
        .accesses
        .iter()
        .filter(|access| access.name == principal || access.principals().any(|name| name == principal))
        .collect();
    if matching.is_empty() {
        let names: Vec<_> = plan
            .accesses
            .iter()
            .map(|access| format!("`{}`", access.name))
            .collect();
        let message = format!(
            "no `access` names `{principal}`: it can read nothing; there is {}",
            names.join(", ")
        );
        return Err(Failure::Usage(message));
    }
    let mut text = String::new();
    for access in &matching {
        let names: Vec<_> = access.principals().map(String::as_str).collect();
        let _ = writeln!(text, "{}: {}", access.name, names.join(", "));
        for dataset in plan
            .datasets
            .values()
            .filter(|dataset| only.is_none_or(|name| dataset.id.to_string() == name))
        {
            let grants: Vec<_> = access
                .grants
                .iter()
                .filter(|grant| grant.dataset == dataset.id)
                .collect();
            if grants.is_empty() {
                let _ = writeln!(text, "  {:<24} nothing: no `allow` names it", dataset.id.to_string());
            }
            for grant in &grants {
                let _ = write!(
                    text,
                    "  {:<24} select {}",
                    dataset.id.to_string(),
                    grant.columns.join(", ")
                );
                let _ = match &grant.condition {
                    Some(condition) => writeln!(text, " where {}", condition.text),
                    None => writeln!(text),
                };
            }
            let is_shown = |name: &String| grants.iter().any(|grant| grant.columns.contains(name));
            for column in dataset
                .columns
                .iter()
                .filter(|column| !grants.is_empty() && !is_shown(&column.name))
            {
                let why = match column.labels.iter().next() {
                    Some(label) => format!("it carries @{label}, which is not cleared"),
                    None => "it is not among the columns of the `allow`".to_owned(),
                };
                let _ = writeln!(text, "  {:<24} not `{}`: {why}", "", column.name);
            }
        }
    }
    text.push_str(&beside(plan, &matching, principal, only));
    if let Some(dataset) = only {
        text.push_str(&chain(plan, &matching, dataset));
    }
    Ok(text)
}

/// The ways beside queries, of the principal alone where it is one, of each of an access otherwise.
fn beside(plan: &Plan, matching: &[&Access], principal: &str, only: Option<&str>) -> String {
    let allowed = Allowed::new(plan);
    let is_meant = |signer: &Signer<'_>| match signer {
        Signer::Role(name) | Signer::User(name) => {
            *name == principal
                || matching
                    .iter()
                    .any(|access| access.name == principal && signers(access).contains(signer))
        }
        Signer::Groups(name) => matching.iter().any(|access| access.name == *name),
    };
    let mut text = String::new();
    for signer in allowed.signers().filter(is_meant) {
        for way in allowed.ways(signer).into_iter().filter(|way| way.by != By::Grants) {
            for part in &way.parts {
                let dataset = part.dataset.to_string();
                if only.is_some_and(|name| name != dataset) {
                    continue;
                }
                let rows = part.rows.map_or_else(String::new, |rows| format!(" where {rows}"));
                // Writing to a String cannot fail.
                let _ = writeln!(
                    text,
                    "  {signer} by {}: {dataset}: {}{rows}",
                    way.by,
                    part.columns.join(", ")
                );
            }
        }
    }
    if text.is_empty() {
        text.push_str("  by no way but queries\n");
    }
    text
}

/// What has to hold one after the other before rows are seen.
fn chain(plan: &Plan, accesses: &[&Access], dataset: &str) -> String {
    let mut text = String::new();
    for claim in aws::claims(plan).claims {
        let About::Reading {
            access, dataset: of, ..
        } = &claim.about
        else {
            continue;
        };
        if of != dataset || !accesses.iter().any(|known| known.name == *access) {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  how {access} gets there by Athena:");
        for address in &claim.rests_on {
            let kind = address.split('.').next().unwrap_or_default();
            let what = STEPS
                .iter()
                .find(|(known, _)| *known == kind)
                .map_or("", |(_, what)| what);
            let _ = writeln!(text, "    {what:<60} {address}");
        }
    }
    text
}

/// What each kind of resource is to one who reads.
const STEPS: [(&str, &str); 9] = [
    (
        "aws_iam_policy",
        "it may ask, and may read no file of the lake by itself:",
    ),
    (
        "aws_athena_workgroup",
        "it asks here, and nobody else reads the answers:",
    ),
    ("terraform_data", "grants count, for IAM alone opens nothing:"),
    ("aws_lakeformation_permissions", "its grant has these columns:"),
    ("aws_lakeformation_data_cells_filter", "and these rows:"),
    ("aws_lakeformation_resource", "Lake Formation has the zone in hand:"),
    ("aws_iam_role_policy", "and reads it by a role of its own:"),
    (
        "aws_s3_bucket_policy",
        "from a bucket that is closed but for TLS and this key:",
    ),
    ("aws_kms_key", "which that role may decrypt with:"),
];
