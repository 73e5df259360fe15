//! What is claimed of who sees what: by queries, and by the ways beside them.

use super::Addresses;
use crate::aws::{athena, catalog, lake, lake_formation, quicksight, row_filter};
use crate::evidence::{About, Claim, Seen};
use crate::plan::{Access, Plan};
use crate::prove::access::{Allowed, By, Signer, Way, signers};

/// What each access reads, and what each principal sees beside queries.
pub(super) fn claims(plan: &Plan, find: &Addresses) -> Vec<Claim> {
    let mut out = reading(plan, find);
    let allowed = Allowed::new(plan);
    for signer in allowed.signers() {
        let beside = allowed.ways(signer).into_iter().filter(|way| way.by != By::Grants);
        out.extend(beside.map(|way| told(plan, signer, &way, find)));
    }
    out
}

fn told(plan: &Plan, signer: Signer<'_>, way: &Way<'_>, find: &Addresses) -> Claim {
    let parts = way.parts.iter().map(|part| Seen {
        dataset: part.dataset.to_string(),
        columns: part.columns.iter().map(ToString::to_string).collect(),
        rows: part.rows.map(str::to_owned),
    });
    Claim {
        id: format!("way.{signer}.{}", way.by),
        says: format!("{signer} sees no more by {} than its grants show", way.by),
        about: About::Way {
            principal: signer.to_string(),
            by: way.by.to_string(),
            parts: parts.collect(),
        },
        rests_on: find.there(rests(plan, signer, way)),
    }
}

/// What a way rests on.
fn rests(plan: &Plan, signer: Signer<'_>, way: &Way<'_>) -> Vec<(&'static str, String)> {
    let named = |access: &&Access| signers(access).contains(&signer);
    let policy = |access: &Access| ("aws_iam_policy", format!("{}_reader", access.name));
    let mut all: Vec<_> = plan.accesses.iter().filter(named).map(policy).collect();
    let tables = |kind| {
        let ids = way.parts.iter().map(|part| part.dataset);
        ids.map(move |id| (kind, catalog::label(id)))
    };
    match way.by {
        By::Grants => {}
        By::Warehouse(serve) => {
            all.push(("aws_redshiftserverless_workgroup", serve.name.clone()));
            let closed = ["no_tables", "no_temporary_tables"].map(str::to_owned);
            let zones = way.parts.iter().map(|part| format!("{}_schema", part.dataset.zone));
            let labels = closed.into_iter().chain(zones);
            all.extend(labels.map(|label| ("aws_redshiftdata_statement", format!("{}_{label}", serve.name))));
        }
        By::Dashboards(serve, _) => {
            for part in &way.parts {
                let label = quicksight::set_label(serve, part.dataset);
                all.push(("aws_quicksight_data_set", format!("{label}_rows")));
                all.push(("aws_quicksight_data_set", label));
            }
            all.push(("aws_cloudformation_stack", serve.name.clone()));
        }
        By::Answers(_, access, _) => {
            let groups = athena::of_readers(plan, access).into_iter();
            all.extend(groups.map(|group| ("aws_athena_workgroup", group.label)));
            all.push(("aws_s3_bucket_policy", "query_results".to_owned()));
        }
        By::Partitions(_) => all.extend(tables("aws_glue_catalog_table")),
    }
    all.sort();
    all.dedup();
    all
}

fn reading(plan: &Plan, find: &Addresses) -> Vec<Claim> {
    let mut out = vec![];
    for access in &plan.accesses {
        for (place, grant) in access
            .grants
            .iter()
            .enumerate()
            .filter(|(_, grant)| !grant.columns.is_empty())
        {
            let label = lake_formation::grant_label(access, place);
            let id = format!("reading.{}.{}", access.name, grant.dataset);
            let rows = grant.condition.as_ref().map(row_filter::text);
            let which = match &rows {
                Some(filter) => format!(" of the rows with {filter}"),
                None => String::new(),
            };
            let mut rests_on = vec![("aws_iam_policy", format!("{}_reader", access.name))];
            let groups = athena::of_readers(plan, access).into_iter();
            rests_on.extend(groups.map(|group| ("aws_athena_workgroup", group.label)));
            rests_on.extend([
                ("terraform_data", "lake_formation_is_ready".to_owned()),
                ("aws_lakeformation_permissions", label.clone()),
                ("aws_lakeformation_data_cells_filter", label),
                ("aws_lakeformation_resource", lake::zone_label(&grant.dataset.zone)),
                ("aws_iam_role_policy", lake_formation::REGISTRATION.to_owned()),
                ("aws_s3_bucket_policy", lake::zone_label(&grant.dataset.zone)),
                ("aws_kms_key", "platform".to_owned()),
            ]);
            out.push(Claim {
                id: match out.iter().filter(|claim: &&Claim| claim.id.starts_with(&id)).count() {
                    0 => id,
                    others => format!("{id}.{}", others + 1),
                },
                says: format!(
                    "{} reads {} of {}{which}",
                    access.name,
                    grant.columns.join(", "),
                    grant.dataset
                ),
                about: About::Reading {
                    access: access.name.clone(),
                    dataset: grant.dataset.to_string(),
                    columns: grant.columns.clone(),
                    rows,
                },
                rests_on: find.there(rests_on),
            });
        }
    }
    out
}
