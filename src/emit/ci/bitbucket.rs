//! Bitbucket Pipelines: check and test on every change; plan, approve and apply each environment in turn on `main`.
//!
//! A step with `oidc` finds its token in `$BITBUCKET_STEP_OIDC_TOKEN`; the token's subject names the step's deployment
//! environment (<https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/>).

use super::{CHECK, Stage, approved, lines, yaml};

/// What a step does before it reaches AWS.
const TOKEN: [&str; 4] = [
    "umask 077",
    "export AWS_WEB_IDENTITY_TOKEN_FILE=\"$(mktemp)\" AWS_ROLE_SESSION_NAME=\"ci-$BITBUCKET_BUILD_NUMBER\" TF_BACKEND_CONFIG=\"$(mktemp)\"",
    "printf '%s' \"$BITBUCKET_STEP_OIDC_TOKEN\" > \"$AWS_WEB_IDENTITY_TOKEN_FILE\"",
    "printf '%s\\n' \"$BACKEND\" > \"$TF_BACKEND_CONFIG\"",
];

/// The text of `bitbucket-pipelines.yml`.
pub(super) fn pipelines(platform: &str, runner: Option<&str>, stages: &[Stage<'_>]) -> String {
    let names: Vec<&str> = stages.iter().map(|stage| stage.environment).collect();
    let (names, approved) = (names.join(", "), approved(stages));
    let runs_on = runner.map_or(String::new(), |label| {
        format!("          runs-on: [self.hosted, linux, {}]\n", yaml(label))
    });
    let check = step("check", &runs_on, "", &lines("            - ", &CHECK), &[]);
    let shipped: String = stages.iter().map(|stage| steps(&runs_on, stage)).collect();
    format!(
        r#"# Delivery of {platform}, written by pipec. Bitbucket reads bitbucket-pipelines.yml at the repository's root: copy this file there.
# Repository variables to set:
#   PIPEC_IMAGE                an image with pipec, Rust and Terraform
#   BACKEND                    the settings of the Terraform backend, a line each
#   AWS_PLAN_ROLE_ARN_<ENV>    for each environment, the role that plans take: build/ci/roles makes it
#   AWS_APPLY_ROLE_ARN_<ENV>   and the role that changes take
# Deployment environments to make: {names}. A person starts: {approved}.
image:
  name: $PIPEC_IMAGE

pipelines:
  pull-requests:
    "**":
{check}  branches:
    main:
{check}{shipped}"#
    )
}

/// The steps of one environment.
fn steps(runs_on: &str, stage: &Stage<'_>) -> String {
    let Stage {
        environment,
        job,
        build,
        ..
    } = stage;
    let script = |role: Option<String>, commands: &[String]| {
        let role = role.map(|role| format!("export AWS_ROLE_ARN=\"${role}\""));
        let token = role.iter().flat_map(|_| TOKEN).map(str::to_owned);
        let all: Vec<String> = token.chain(role.clone()).chain(commands.iter().cloned()).collect();
        // A line of JSON is a line of YAML: what stands in a command cannot end it.
        all.iter()
            .map(|line| format!("            - {}\n", yaml(line)))
            .collect::<String>()
    };
    let trigger = if stage.approved {
        "          trigger: manual\n"
    } else {
        ""
    };
    let package = script(None, &stage.package()) + &format!("            - rm -rf {build}/lambda/target\n");
    let plan = script(Some(stage.plan_role()), &stage.plan());
    let apply = script(Some(stage.apply_role()), &stage.apply());
    let built = [format!("{build}/**")];
    let place = format!("          deployment: {environment}\n          oidc: true\n{trigger}");
    [
        step(&format!("package {job}"), runs_on, "", &package, &built),
        step(
            &format!("plan {job}"),
            runs_on,
            "          oidc: true\n",
            &plan,
            &stage.planned(),
        ),
        step(&format!("apply {job}"), runs_on, &place, &apply, &[]),
    ]
    .concat()
}

fn step(name: &str, runs_on: &str, settings: &str, script: &str, artifacts: &[String]) -> String {
    let kept = match artifacts {
        [] => String::new(),
        artifacts => format!("          artifacts:\n{}", lines("            - ", artifacts)),
    };
    format!("      - step:\n          name: {name}\n{runs_on}{settings}          script:\n{script}{kept}")
}
