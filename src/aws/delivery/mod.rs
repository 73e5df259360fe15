//! What lets a delivery pipeline into the account: a Terraform module of its own, which an administrator applies once,
//! before the pipeline runs. Each environment has a role for plans and a role for changes, and only the pipeline's jobs
//! may take them: systems outside of AWS by web identity, so that no key is stored anywhere.
//!
//! Which rights a plan or a change needs beyond the Terraform state is the account's to say: policies of its own are
//! attached, within a boundary of its own. Knows nothing of the files that the systems read.

mod codepipeline;

use codepipeline::Repository;

pub use codepipeline::FOLDER as CODEPIPELINE;

use super::naming::{self, limit};
use super::policy::{Statement, allow, document};
use super::root::{output, variable};
use crate::emit::hcl::{Block, Value, call, list, print, reference};
use crate::plan::{Ci, Delivery, Files, Plan, names};
use crate::{object_of, text_of};

/// The key of an environment's state in the bucket of the states.
pub fn state_key(platform: &str, environment: &str) -> String {
    format!("{}/{environment}.tfstate", names::hyphened(platform))
}

/// The modules of every delivery, below `ci/`.
pub fn files(plan: &Plan) -> Files {
    let mut out = Files::new();
    for delivery in &plan.deliveries {
        let Some(system) = System::of(&delivery.ci) else {
            out.extend(in_the_account(plan, delivery));
            continue;
        };
        let header = "Who may deliver: applied once, by an administrator of the account.";
        let parts = [
            ("versions", module(plan)),
            ("variables", variables(&system)),
            ("roles", roles(plan, delivery, &system)),
            ("outputs", outputs(delivery)),
        ];
        out.extend(parts.map(|(name, blocks)| (format!("ci/roles/{name}.tf"), print(header, &blocks))));
    }
    out
}

/// The module of a delivery that runs in the account itself.
fn in_the_account(plan: &Plan, delivery: &Delivery) -> Files {
    let Ci::CodePipeline {
        repository,
        branch,
        connection,
    } = &delivery.ci
    else {
        return Files::new();
    };
    let repository = Repository {
        name: repository,
        branch,
        connection: connection.as_deref(),
    };
    let mut asked = codepipeline::variables(plan, &repository);
    asked.extend(of_states_and_policies());
    let mut roles = vec![];
    for environment in &delivery.environments {
        for what in ["plan", "apply"] {
            let label = format!("{what}_{environment}");
            let trusted = document([codepipeline::trusted(plan, delivery, &label)]);
            let may = codepipeline::permissions(&plan.pipeline.name, environment, what == "apply");
            roles.extend(role(plan, environment, what, trusted, may));
        }
    }
    let header = "What delivers: applied once, by an administrator of the account.";
    let parts = [
        ("versions", codepipeline::provider(versions())),
        ("variables", asked),
        ("roles", roles),
        ("pipeline", codepipeline::blocks(plan, delivery, &repository)),
        ("outputs", codepipeline::outputs(&repository)),
    ];
    parts
        .into_iter()
        .map(|(name, blocks)| (format!("{CODEPIPELINE}/{name}.tf"), print(header, &blocks)))
        .collect()
}

/// A system outside of AWS, by what its tokens say.
struct System {
    /// Who signs them.
    issuer: Value,
    /// Whom they are for.
    audience: Value,
    /// Whose they are in a job that plans.
    plans: fn(&str) -> Value,
    /// Whose they are in a job that changes an environment.
    applies: fn(&str) -> Value,
    /// How the two are compared.
    operator: &'static str,
    /// What its tokens depend on: name, what it is, a default, what it must match.
    variables: &'static [Asked],
}

/// A variable: its name, what it is, its default, and the pattern that it matches.
type Asked = (&'static str, &'static str, Option<&'static str>, &'static str);

const BRANCH: Asked = (
    "branch",
    "The branch that is shipped.",
    Some("main"),
    "^[A-Za-z0-9._/-]+$",
);
const UUID: &str = "^[{][0-9a-f-]{36}[}]$";

impl System {
    fn of(ci: &Ci) -> Option<System> {
        Some(match ci {
            Ci::GithubActions { .. } => System::github(),
            Ci::Gitlab => System::gitlab(),
            Ci::Bitbucket { .. } => System::bitbucket(),
            Ci::Jenkins { .. } => System::jenkins(),
            Ci::CodePipeline { .. } => return None,
        })
    }

    /// <https://docs.github.com/en/actions/reference/security/oidc>
    fn github() -> System {
        System {
            issuer: "https://token.actions.githubusercontent.com".into(),
            audience: "sts.amazonaws.com".into(),
            plans: |_| {
                text_of![
                    "repo:",
                    reference("var.repository"),
                    ":ref:refs/heads/",
                    reference("var.branch")
                ]
            },
            applies: |environment| {
                text_of![
                    "repo:",
                    reference("var.repository"),
                    format!(":environment:{environment}")
                ]
            },
            operator: "StringEquals",
            variables: &[
                (
                    "repository",
                    "The repository on GitHub, as OWNER/NAME.",
                    None,
                    "^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$",
                ),
                BRANCH,
            ],
        }
    }

    /// <https://docs.gitlab.com/ci/secrets/id_token_authentication/>
    fn gitlab() -> System {
        let branch = |_: &str| {
            let project = reference("var.repository");
            text_of![
                "project_path:",
                project,
                ":ref_type:branch:ref:",
                reference("var.branch")
            ]
        };
        System {
            issuer: reference("var.gitlab_url"),
            audience: reference("var.gitlab_url"),
            plans: branch,
            applies: branch,
            operator: "StringEquals",
            variables: &[
                (
                    "gitlab_url",
                    "Where GitLab is.",
                    Some("https://gitlab.com"),
                    "^https://[^/ ]+$",
                ),
                (
                    "repository",
                    "The project on GitLab, as GROUP/PROJECT.",
                    None,
                    "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+$",
                ),
                BRANCH,
            ],
        }
    }

    /// The subject of a step is its repository, its deployment environment where it has one, and its own number.
    /// <https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/>
    fn bitbucket() -> System {
        System {
            issuer: text_of![
                "https://api.bitbucket.org/2.0/workspaces/",
                reference("var.workspace"),
                "/pipelines-config/identity/oidc"
            ],
            audience: text_of![
                "ari:cloud:bitbucket::workspace/",
                reference("trim(var.workspace_uuid, \"{}\")")
            ],
            plans: |_| text_of![reference("var.repository_uuid"), ":*"],
            applies: |environment| {
                let place = reference(format!("var.environment_uuids[\"{environment}\"]"));
                text_of![reference("var.repository_uuid"), ":", place, ":*"]
            },
            operator: "StringLike",
            variables: &[
                ("workspace", "The workspace on Bitbucket.", None, "^[A-Za-z0-9_-]+$"),
                ("workspace_uuid", "Its UUID, in braces.", None, UUID),
                ("repository_uuid", "The repository's UUID, in braces.", None, UUID),
            ],
        }
    }

    /// <https://plugins.jenkins.io/oidc-provider/>
    fn jenkins() -> System {
        let job = |_: &str| reference("var.job_url");
        System {
            issuer: text_of![reference("trimsuffix(var.jenkins_url, \"/\")"), "/oidc"],
            audience: "sts.amazonaws.com".into(),
            plans: job,
            applies: job,
            operator: "StringEquals",
            variables: &[
                (
                    "jenkins_url",
                    "Where Jenkins is: AWS reads its keys there.",
                    None,
                    "^https://[^ ]+$",
                ),
                (
                    "job_url",
                    "The job of the branch that is shipped: the subject of its tokens.",
                    None,
                    "^https://[^ ]+$",
                ),
            ],
        }
    }
}

fn versions() -> Block {
    let aws = object_of! { "source" => "hashicorp/aws", "version" => "~> 6.25" };
    Block::new("terraform")
        .set("required_version", ">= 1.6")
        .block(Block::new("required_providers").set("aws", aws))
}

fn module(plan: &Plan) -> Vec<Block> {
    vec![
        versions(),
        Block::new("provider")
            .label("aws")
            .set("region", plan.pipeline.region.as_str()),
        Block::data("aws_partition", "current"),
        Block::new("locals").set("partition", reference("data.aws_partition.current.partition")),
    ]
}

fn text_variable(name: &str, description: &str, default: Option<&str>, pattern: &str) -> Block {
    let block = variable(name, description, "string");
    let block = match default {
        Some(default) => block.set("default", default),
        None => block,
    };
    let matches = call("regex", [pattern.into(), reference(format!("var.{name}"))]);
    block.block(
        Block::new("validation")
            .set("condition", call("can", [matches]))
            .set("error_message", format!("`{name}` must match {pattern}")),
    )
}

fn variables(system: &System) -> Vec<Block> {
    let asked = system.variables.iter();
    let mut out: Vec<Block> = asked
        .map(|(name, description, default, pattern)| text_variable(name, description, *default, pattern))
        .collect();
    if system.operator == "StringLike" {
        let uuids = "The UUID of each deployment environment, in braces, by its name.";
        out.push(variable("environment_uuids", uuids, "map(string)"));
    }
    out.extend(of_states_and_policies());
    out
}

/// Where states are, and what the account says of the roles.
fn of_states_and_policies() -> Vec<Block> {
    let mut out = vec![
        text_variable(
            "state_bucket",
            "The bucket that holds the Terraform states.",
            None,
            "^[a-z0-9.-]{3,63}$",
        ),
        text_variable(
            "state_key_arn",
            "The ARN of the KMS key that encrypts them.",
            None,
            "^arn:[a-z-]+:kms:",
        ),
    ];
    let policies = |name: &str, description: &str| {
        variable(name, description, "set(string)").block(
            Block::new("validation")
                .set(
                    "condition",
                    reference(format!("alltrue([for arn in var.{name} : startswith(arn, \"arn:\")])")),
                )
                .set("error_message", "Each policy must be an ARN."),
        )
    };
    out.push(policies(
        "plan_policies",
        "ARNs of the policies that let plans read what is there.",
    ));
    out.push(policies(
        "apply_policies",
        "ARNs of the policies that let changes be made.",
    ));
    out.push(text_variable(
        "permissions_boundary",
        "The ARN of the policy that neither role can go beyond.",
        None,
        "^arn:[a-z-]+:iam:",
    ));
    out
}

/// Who signs tokens, and each environment's two roles.
fn roles(plan: &Plan, delivery: &Delivery, system: &System) -> Vec<Block> {
    // The names of conditions start with the issuer, which may be a variable.
    let issuer = "trimprefix(aws_iam_openid_connect_provider.ci.url, \"https://\")";
    let claim = |name: &str| text_of![reference(issuer), format!(":{name}")];
    let mut out = vec![
        Block::new("locals")
            .set("audience", system.audience.clone())
            .set("claims", vec![claim("aud"), claim("sub")]),
        Block::resource("aws_iam_openid_connect_provider", "ci")
            .set("url", system.issuer.clone())
            .set("client_id_list", vec![reference("local.audience")]),
    ];
    for environment in &delivery.environments {
        for (what, subject) in [
            ("plan", (system.plans)(environment)),
            ("apply", (system.applies)(environment)),
        ] {
            let may = state(&state_key(&plan.pipeline.name, environment), what == "apply");
            out.extend(role(plan, environment, what, trust(system, subject), may));
        }
    }
    out
}

/// The role of an environment's plans or changes: who takes it, and what it may do by itself.
fn role(plan: &Plan, environment: &str, what: &str, trusted: Value, may: Vec<Statement>) -> [Block; 3] {
    let label = format!("{what}_{environment}");
    let platform = &plan.pipeline.name;
    let name = naming::fit(
        &names::hyphened(&format!("{platform}-delivery-{what}-{environment}")),
        limit::SIXTY_FOUR,
    );
    let description = match what {
        "plan" => format!("Plans of {platform} in {environment}"),
        _ => format!("Changes of {platform} in {environment}"),
    };
    let of = reference(format!("aws_iam_role.{label}.name"));
    [
        Block::resource("aws_iam_role", &label)
            .set("name", name)
            .set("description", description)
            .set("max_session_duration", 3_600u32)
            .set("permissions_boundary", reference("var.permissions_boundary"))
            .set("assume_role_policy", trusted),
        Block::resource("aws_iam_role_policy", &label)
            .set("name", "terraform-state")
            .set("role", of.clone())
            .set("policy", document(may)),
        Block::resource("aws_iam_role_policy_attachment", &label)
            .set("for_each", reference(format!("var.{what}_policies")))
            .set("role", of)
            .set("policy_arn", reference("each.value")),
    ]
}

/// Whose tokens are taken.
fn trust(system: &System, subject: Value) -> Value {
    let statement = object_of! {
        "Sid" => "Pipeline",
        "Effect" => "Allow",
        "Principal" => object_of! { "Federated" => reference("aws_iam_openid_connect_provider.ci.arn") },
        "Action" => list(["sts:AssumeRoleWithWebIdentity"]),
        "Condition" => object_of! {
            system.operator => call("zipmap", [
                reference("local.claims"),
                Value::List(vec![reference("local.audience"), subject]),
            ]),
        },
    };
    let policy = object_of! { "Version" => "2012-10-17", "Statement" => Value::List(vec![statement]) };
    call("jsonencode", [policy])
}

/// The state of an environment: read, or written too; a plan locks it, as a change does.
fn state(key: &str, written: bool) -> Vec<Statement> {
    let bucket = || {
        text_of![
            "arn:",
            reference("local.partition"),
            ":s3:::",
            reference("var.state_bucket")
        ]
    };
    let object = |suffix: &str| text_of![bucket(), format!("/{key}{suffix}")];
    let access: &[&str] = match written {
        true => &["s3:GetObject", "s3:PutObject"],
        false => &["s3:GetObject"],
    };
    vec![
        allow("FindState", &["s3:ListBucket"], [bucket()]),
        allow("State", access, [object("")]),
        allow(
            "Lock",
            &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            [object(".tflock")],
        ),
        allow(
            "StateKey",
            &["kms:Decrypt", "kms:GenerateDataKey"],
            [reference("var.state_key_arn")],
        ),
    ]
}

fn outputs(delivery: &Delivery) -> Vec<Block> {
    let environments = delivery.environments.iter();
    environments
        .flat_map(|environment| {
            ["plan", "apply"].map(|what| {
                let variable = format!("AWS_{}_ROLE_ARN_{}", what.to_uppercase(), environment.to_uppercase());
                output(
                    &format!("{what}_{environment}"),
                    &format!("The value of {variable}."),
                    reference(format!("aws_iam_role.{what}_{environment}.arn")),
                )
            })
        })
        .collect()
}
