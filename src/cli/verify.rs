//! `pipec verify`: whether a Terraform plan is what a build claims.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::output::{Output, plural};
use super::{Failure, Outcome, writer};
use crate::aws::account::FOLDER;
use crate::evidence::{Claim, Evidence, FILE, Verdict, verify};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What `terraform show -json PLAN` wrote; `-` reads standard input
    #[arg(value_name = "PLAN.json")]
    plan: PathBuf,
    /// The build folder that the plan was made from
    #[arg(value_name = "BUILD", default_value = "build")]
    build: PathBuf,
    /// The plan is one of the account's own stack, in `account/` of the build
    #[arg(long)]
    account: bool,
    /// A resource or module beside the build's own that is there on purpose; nothing is proved of it
    #[arg(long, value_name = "ADDRESS")]
    besides: Vec<String>,
}

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    let folder = match arguments.account {
        true => arguments.build.join(FOLDER),
        false => arguments.build.clone(),
    };
    let evidence = evidence(&folder)?;
    let shown = arguments.plan.display();
    let plan: serde_json::Value = serde_json::from_str(&text(&arguments.plan)?).map_err(|error| {
        Failure::Usage(format!(
            "`{shown}` is no JSON ({error}): write it with `terraform show -json PLAN`"
        ))
    })?;
    let verdict = verify(&evidence, &plan, &arguments.besides)
        .map_err(|error| Failure::Usage(format!("`{shown}` is no Terraform plan: {error}")))?;
    let edited = writer::edited(&arguments.build).map_err(|error| Failure::io("read", &arguments.build, &error))?;
    let broken = broken(&evidence, &verdict);
    if out.is_json() {
        let differences = verdict.differences.iter().map(
            |difference| json!({ "address": difference.address, "what": difference.what, "claims": difference.claims }),
        );
        let answer = json!({
            "holds": verdict.differences.is_empty() && edited.is_empty(),
            "differences": differences.collect::<Vec<_>>(),
            "edited": edited,
            "resources": verdict.resources,
            "unknown": verdict.unknown,
            "claims": evidence.claims.len(),
            "overridden": evidence.overridden,
            "broken": broken.iter().map(|claim| &claim.id).collect::<Vec<_>>(),
        });
        out.result(&format!("{answer:#}\n"));
    }
    if !verdict.differences.is_empty() || !edited.is_empty() {
        say(out, &arguments.build, &verdict, &edited, &broken);
        return Err(Failure::Project);
    }
    given_up(out, &evidence);
    out.done(&format!(
        "the plan is what was proved: {}, {}{}",
        plural(evidence.claims.len(), "claim"),
        plural(verdict.resources, "resource"),
        match verdict.unknown {
            0 => String::new(),
            unknown => format!("; {} known once applied, as written", plural(unknown, "value")),
        }
    ));
    Ok(())
}

/// Says what is not claimed, because an override sets otherwise what it rested on.
fn given_up(out: &Output, evidence: &Evidence) {
    for one in evidence.overridden.iter().filter(|one| !one.given_up.is_empty()) {
        let because = one.because.as_deref().unwrap_or("no reason");
        out.note(&format!(
            "  not claimed, for the override of {}: {} ({because})\n",
            one.address,
            one.given_up.join(", ")
        ));
    }
}

fn say(out: &Output, build: &Path, verdict: &Verdict, edited: &[String], broken: &[&Claim]) {
    for difference in &verdict.differences {
        out.error(&format!("{} {}", difference.address, difference.what));
    }
    for path in edited {
        out.error(&format!(
            "`{}` is not as `pipec build` wrote it",
            build.join(path).display()
        ));
    }
    for claim in broken {
        out.note(&format!("  no longer shown: {} ({})\n", claim.says, claim.id));
    }
    let count = verdict.differences.len() + edited.len();
    out.note(&format!(
        "the plan is not what was proved: {}; change the `.pipe` source and build again\n",
        plural(count, "difference")
    ));
}

/// The claims that rest on what is not as it was written.
fn broken<'e>(evidence: &'e Evidence, verdict: &Verdict) -> Vec<&'e Claim> {
    let claims = evidence.claims.iter();
    let named = |claim: &&Claim| {
        verdict
            .differences
            .iter()
            .any(|difference| difference.claims.contains(&claim.id))
    };
    claims.filter(named).collect()
}

fn evidence(build: &Path) -> Result<Evidence, Failure> {
    let path = build.join(FILE);
    if !path.exists() {
        let folder = build.display();
        return Err(Failure::Usage(format!(
            "`{folder}` has no `{FILE}`; write the build with `pipec build`"
        )));
    }
    let text = text(&path)?;
    serde_json::from_str(&text).map_err(|error| {
        let path = path.display();
        Failure::Usage(format!("`{path}` is not as `pipec build` wrote it: {error}"))
    })
}

fn text(path: &Path) -> Result<String, Failure> {
    let read = match path == Path::new("-") {
        true => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        }
        false => std::fs::read_to_string(path),
    };
    read.map_err(|error| Failure::io("read", path, &error))
}
