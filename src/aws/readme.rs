//! The README of a build: how to package, deploy, verify and destroy this very platform.

use std::collections::BTreeSet;

use super::{naming, secrets};
use crate::plan::{Channel, Engine, Plan, Text, WriteMode};

/// Its text.
pub fn text(plan: &Plan) -> String {
    let mut out = vec![heading(plan), super::account::readme(plan), package(plan), deploy(plan)];
    if secrets::needed(plan) {
        out.push(secret());
    }
    out.extend([
        projects(plan),
        databases(plan),
        images(plan),
        mails(plan),
        channels(plan),
        verify(plan),
        destroy(plan),
    ]);
    out.retain(|part| !part.is_empty());
    out.join("\n")
}

fn heading(plan: &Plan) -> String {
    let environment = match &plan.environment {
        Some(name) => format!("Built for the environment `{name}`."),
        None => "Built for no environment: names carry `base` unless `environment` says otherwise.".into(),
    };
    let doc = plan.pipeline.doc.clone().unwrap_or_default();
    let folders: String = folders(plan)
        .map(|(folder, what)| format!("| `{folder}/` | {what} |\n"))
        .collect();
    format!(
        "# {}\n\n{doc}\n\n{environment} Everything here is generated from the `.pipe` sources: change those, and build again.\n\n\
         | folder | what |\n|---|---|\n{folders}",
        plan.pipeline.name
    )
}

/// The folders that this build has.
fn folders(plan: &Plan) -> impl Iterator<Item = (&'static str, &'static str)> {
    let engine = |wanted: fn(&Engine) -> bool| plan.transforms.iter().any(|transform| wanted(&transform.engine));
    let lambda = engine(|engine| matches!(engine, Engine::Lambda(_)));
    let glue = engine(Engine::is_job);
    let all = [
        (true, "terraform", "the platform"),
        (
            super::account::stack(plan).is_some(),
            super::account::FOLDER,
            "what exists once in the account",
        ),
        (
            lambda,
            "lambda",
            "functions on streams, Rust; `lambda/dist/` holds their archives once they are packaged",
        ),
        (glue, "glue", "jobs, PySpark"),
        (
            !plan.schedules.is_empty(),
            "states",
            "state machines; `${…}` are filled in by Terraform",
        ),
        (
            plan.sources.iter().any(|source| source.replication.is_some()),
            "dms",
            "what is copied of databases, and what each has to be told before",
        ),
        (
            plan.dashboards().next().is_some(),
            "quicksight",
            "dashboards, as templates of CloudFormation",
        ),
        (
            plan.pipeline.open_metadata().is_some(),
            "catalog",
            "what OpenMetadata is told",
        ),
        (
            plan.has_containers(),
            "images",
            "what containers run in, and `push`, which makes their images",
        ),
        (
            !plan.scripts.is_empty(),
            "programs",
            "scripts that functions start, and what each needs",
        ),
        (true, "ops", "functions that watch the platform, Python"),
        (
            true,
            "docs",
            "the diagram, data dictionary, lineage and access matrix, as one page",
        ),
        (
            !plan.deliveries.is_empty(),
            "ci",
            "the pipeline that ships this platform",
        ),
    ];
    all.into_iter()
        .filter_map(|(there, folder, what)| there.then_some((folder, what)))
}

fn package(plan: &Plan) -> String {
    let fetched =
        super::kafka::function_label(plan).is_some() || plan.scripts.values().any(|one| one.requirements.is_some());
    let python = match fetched {
        true => "\nIt fetches packages of Python for Lambda, and needs Python 3 with pip for that.\n",
        false => "",
    };
    format!(
        "## Package\n\nTerraform reads the archives when it plans, so they come first:\n\n\
         ```sh\npipec package .\n```\n{python}"
    )
}

/// What the settings of the account are to this stack, where it may write them itself.
const LAKE_FORMATION: &str = "**Lake Formation.** The data lake settings exist once in an account and region. Column grants mean something only \
    if their defaults for new databases and tables are empty, and only an administrator can grant. So by default this \
    stack empties the defaults, for everything that is made in the account from then on, and adds who deploys (and \
    `lake_formation_admins`) to the administrators, taking nobody away; several stacks may do so. Where another stack \
    manages the settings as a whole, set `manage_lake_formation_settings = false`: the plan then checks that both \
    hold, and says what is missing. Before a destroy, `terraform state rm 'aws_lakeformation_data_lake_settings.account[0]'` \
    leaves the settings as they are; otherwise the account's list of administrators is emptied.\n\n";

fn deploy(plan: &Plan) -> String {
    let lake_formation = match plan.account {
        Some(_) => "",
        None => LAKE_FORMATION,
    };
    let others = if plan.environment.is_none() && !plan.environments.is_empty() {
        let commands: Vec<String> = plan
            .environments
            .iter()
            .map(|name| format!("`pipec build --env {name}`"))
            .collect();
        format!(
            "\nEach environment is a build of its own, with a state of its own: {}.\n",
            commands.join(", ")
        )
    } else {
        String::new()
    };
    format!(
        "## Deploy\n\n```sh\ncd terraform\ncp terraform.tfvars.example terraform.tfvars   # and edit it\n\
         cp backend.tf.example backend.tf               # and name the bucket of your states\n\
         terraform init\nterraform plan -out=plan.bin\nterraform show -json plan.bin | pipec verify - ..   # is it what was proved?\n\
         terraform apply plan.bin\n```\n\n`evidence.json` has what was proved of this platform, how, and on which resources each \
         claim rests; `pipec verify` refuses a plan in which one of them is not as it was written.\n{others}\n{lake_formation}\
         **Cost.** The budget counts what carries the tag `platform`. Activate it once as a cost allocation tag in the \
         paying account; costs appear a day later, and lag by 8 to 12 hours.\n"
    )
}

fn projects(plan: &Plan) -> String {
    let mut out = String::new();
    if !plan.pipeline.exports.is_empty() {
        out.push_str(
            "## Let other projects read\n\nProjects of this account find what is exported by the parameters below \
             `/PREFIX/exports/`. For other accounts, name their numbers in `export_to`; outside of an organization, each \
             accepts two invitations of AWS Resource Access Manager once, one for the parameters and one for the tables.\n",
        );
    }
    if plan.datasets.keys().any(|id| id.project().is_some()) {
        out.push_str(
            "## Read other projects\n\nWhat is read of them has to be deployed first. `used_projects` says which deployment \
             of each is read, where that is not the one of this account and environment.\n",
        );
    }
    out
}

fn secret() -> String {
    "## Set the key of pseudonyms\n\nOnce, before the first rows arrive. It is never in the state; keep a copy where you keep \
     keys, because with another key the same person gets another pseudonym:\n\n\
     ```sh\naws secretsmanager put-secret-value --secret-id \"$(terraform output -raw pseudonym_secret)\" \\\n  \
     --secret-string \"$(openssl rand -hex 32)\"\n```\n\n\
     Until then functions fail and rows wait in their stream.\n"
        .into()
}

fn images(plan: &Plan) -> String {
    if !plan.has_containers() {
        return String::new();
    }
    "## Push the images\n\nOnce the repositories are there, and again after each change of a container:\n\n\
     ```sh\nsh images/push PROJECT   # the project's folder; docker, the AWS command line and Terraform are needed\n```\n\n\
     An image's tag is the hash of all that it is made of, and cannot be moved: what is there stays, and what runs is what was \
     built. Until it is pushed, runs fail where a container is to start.\n"
        .into()
}

fn databases(plan: &Plan) -> String {
    let names: Vec<String> = plan
        .sources
        .iter()
        .filter(|source| source.replication.is_some())
        .map(|source| {
            let name = crate::plan::names::hyphened(&source.name);
            format!(
                "- `{}`: [dms/{name}.prerequisites.md](dms/{name}.prerequisites.md)",
                source.name
            )
        })
        .collect();
    let roles = match plan.account {
        Some(_) => "",
        None => {
            "\nThe roles `dms-vpc-role` and `dms-cloudwatch-logs-role` exist once in an account: where they are there, set \
             `manage_dms_roles = false`.\n"
        }
    };
    match names.is_empty() {
        true => String::new(),
        false => format!(
            "## Let databases be read\n\nBefore the first `apply`, each database has to be told; what and how stands in a checklist \
             of its own:\n\n{}\n{roles}",
            names.join("\n")
        ),
    }
}

fn mails(plan: &Plan) -> String {
    let mails: Vec<String> = plan
        .monitors
        .iter()
        .flat_map(|monitor| &monitor.emails)
        .map(|text| match text {
            Text::Literal(address) => format!("`{address}`"),
            Text::Param(name) => format!("the address in `{}`", naming::variable(name)),
        })
        .collect();
    if mails.is_empty() {
        return String::new();
    }
    format!(
        "## Confirm the mails\n\nAWS sends a mail to {}. No alarm arrives there before somebody follows the link in it.\n",
        mails.join(", ")
    )
}

fn channels(plan: &Plan) -> String {
    let all = || plan.monitors.iter().flat_map(|monitor| &monitor.channels);
    let secrets: BTreeSet<String> = all()
        .filter_map(|channel| {
            Some(format!(
                "- `{}`: what {} is called with",
                channel.secret()?,
                channel.words()
            ))
        })
        .collect();
    let mut out = String::new();
    if !secrets.is_empty() {
        let lines: Vec<_> = secrets.into_iter().collect();
        out.push_str(&format!(
            "## Secrets of channels\n\nThese are secrets of the account, as text, before the first apply:\n\n{}\n",
            lines.join("\n")
        ));
    }
    if all().any(|channel| matches!(channel, Channel::Sms { .. })) {
        out.push_str(
            "## Text messages\n\nAn account may spend one dollar a month on text messages until its limit is raised, and a new \
             one reaches verified numbers alone: see *Text messaging* of Amazon SNS.\n",
        );
    }
    out
}

fn verify(plan: &Plan) -> String {
    let mut lines = vec![
        "## Verify\n".to_string(),
        "- `terraform plan -detailed-exitcode` answers 0: nothing differs from these files.".into(),
    ];
    for source in plan.sources.iter().filter(|source| source.is_kinesis()) {
        lines.push(format!(
            "- Put a record on the stream `{0}` (`terraform output streams`): it is in the raw bucket within 15 minutes.",
            source.name
        ));
    }
    for source in &plan.sources {
        if let Some(gathered) = source.gathered() {
            lines.push(format!(
                "- Post a record to `{0}` (`terraform output endpoints`): it is in the raw bucket within {1} seconds.",
                source.name, gathered.seconds
            ));
        }
    }
    for schedule in &plan.schedules {
        lines.push(format!(
            "- Start the schedule `{0}` by hand: `aws stepfunctions start-execution --state-machine-arn \"$(terraform output -json state_machines | jq -r .{0})\"`.",
            schedule.name
        ));
    }
    lines.push("- The dashboard (`terraform output dashboard`) shows rows, ages, and queues of dead letters, which stay empty.".into());
    lines.push("- The purge verifier runs daily; `OverdueObjects` stays 0.\n".into());
    lines.join("\n")
}

fn destroy(plan: &Plan) -> String {
    let lifetimes: Vec<String> = plan
        .datasets
        .values()
        .map(|dataset| {
            let by = match plan.purged_by_age(dataset) {
                true => "by the age of its objects",
                false => "by its job, day by day",
            };
            format!("| `{}` | {} days | {by} |", dataset.id, dataset.retain_days)
        })
        .collect();
    let rewritten = plan
        .transforms
        .iter()
        .any(|transform| transform.mode == WriteMode::Overwrite);
    let note = if rewritten {
        "\nWhat a job rewrites has young objects with old rows, so the job removes old days itself.\n"
    } else {
        ""
    };
    let what = if plan.pipeline.destroyable {
        "`terraform destroy` deletes **all data**: every bucket with everything in it, streams, queues and logs. Backups are \
         deleted with their vaults. The key is gone after 7 days, and nothing encrypted with it can be read then; until then \
         `aws kms cancel-key-deletion` brings it back. The secret can be restored for 7 days, and its name is taken that long."
    } else {
        "`terraform destroy` refuses: buckets with data, streams, the key and the secret carry `prevent_destroy`, because \
         `pipeline.destroyable` is false. To give the platform up, build it with `destroyable = true` for its environment, \
         apply that, and destroy then: all data goes with it."
    };
    format!(
        "## Lifetimes\n\n| dataset | stays | is purged |\n|---|---|---|\n{}\n{note}\n## Destroy\n\n{what}\n",
        lifetimes.join("\n")
    )
}
