//! Whether a Terraform plan is what a build claims: every resource that was written is there as it was written, and no
//! other is.
//!
//! What a plan says of a resource is in two places. Its configuration has which attributes are written, and from what they
//! are computed; its planned values have what comes of that, as far as it is known before anything is applied. Both are
//! compared, so that neither an edited configuration nor an edited plan passes.

mod compare;
mod configured;
mod evaluate;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Claim, Evidence};
use compare::Compare;
use evaluate::Known;

/// What comes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What is not as it was written, by address.
    pub differences: Vec<Difference>,
    /// How many resources were compared.
    pub resources: usize,
    /// How many of their values are known only once they are applied.
    pub unknown: usize,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The resource.
    pub address: String,
    /// What of it.
    pub what: String,
    /// The claims that rest on it, by id.
    pub claims: Vec<String>,
}

/// The text is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAPlan(&'static str);

impl std::fmt::Display for NotAPlan {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "it has no `{}`: write it with `terraform show -json PLAN`", self.0)
    }
}

/// Holds a plan, as `terraform show -json` writes it, against the evidence of a build; `besides` are addresses of resources
/// that were added on purpose.
///
/// # Errors
/// If what is given is not a plan.
pub fn verify(evidence: &Evidence, plan: &Json, besides: &[String]) -> Result<Verdict, NotAPlan> {
    let configuration = plan
        .pointer("/configuration/root_module")
        .ok_or(NotAPlan("configuration"))?;
    if plan.pointer("/planned_values/root_module").is_none() {
        return Err(NotAPlan("planned_values"));
    }
    let known = Known::new(evidence, plan);
    let mut found = Found {
        claims: resting(&evidence.claims),
        differences: BTreeSet::new(),
    };
    let written = configured::resources(configuration);
    outside(evidence, plan, configuration, besides, &mut found);
    let (mut resources, mut unknown) = (0, 0);
    for (address, body) in &evidence.resources {
        let body = &body.json();
        let Some(configured) = written.get(address.as_str()) else {
            found.add(address, "is gone".to_owned());
            continue;
        };
        for what in configured::differences(body, configured) {
            found.add(address, what);
        }
        for (instance, planned) in known.instances(address) {
            resources += 1;
            let mut compare = Compare::new(&known, planned.get("index"));
            compare.body(body, planned.get("values").unwrap_or(&Json::Null), "");
            unknown += compare.unknown;
            for what in compare.differences {
                found.add(&instance, what);
            }
        }
    }
    for address in known.managed() {
        if !evidence.resources.contains_key(base(address)) && !besides.iter().any(|known| known == base(address)) {
            found.add(address, "is not of this build: nothing is proved of it".to_owned());
        }
    }
    Ok(Verdict {
        differences: found.differences.into_iter().collect(),
        resources,
        unknown,
    })
}

/// What the configuration has beside resources that could undo what they are.
fn outside(evidence: &Evidence, plan: &Json, configuration: &Json, besides: &[String], found: &mut Found<'_>) {
    let modules = configuration.get("module_calls").and_then(Json::as_object);
    for name in modules.into_iter().flat_map(|all| all.keys()) {
        let address = format!("module.{name}");
        if !besides.contains(&address) {
            found.add(&address, "is not of this build: nothing is proved of it".to_owned());
        }
    }
    let providers = plan.pointer("/configuration/provider_config");
    let aws = providers
        .and_then(|all| all.get("aws"))
        .and_then(|aws| aws.get("expressions"));
    for what in configured::body_differences(&evidence.provider, aws.unwrap_or(&Json::Null)) {
        found.add("provider.aws", what);
    }
}

/// The address of a resource whose instance this is.
fn base(address: &str) -> &str {
    address.split('[').next().unwrap_or(address)
}

/// The claims that rest on a resource, by its address.
fn resting(claims: &[Claim]) -> BTreeMap<&str, Vec<&str>> {
    let mut out: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for claim in claims {
        for address in &claim.rests_on {
            out.entry(address).or_default().push(&claim.id);
        }
    }
    out
}

struct Found<'e> {
    claims: BTreeMap<&'e str, Vec<&'e str>>,
    differences: BTreeSet<Difference>,
}

impl Found<'_> {
    fn add(&mut self, address: &str, what: String) {
        let claims = self.claims.get(base(address)).into_iter().flatten();
        self.differences.insert(Difference {
            address: address.to_owned(),
            what,
            claims: claims.map(|id| (*id).to_owned()).collect(),
        });
    }
}
