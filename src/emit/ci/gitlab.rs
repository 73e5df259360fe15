//! GitLab CI/CD: check and test on every change; plan, approve and apply each environment in turn on the default branch.
//!
//! Jobs reach AWS by OpenID Connect: the job's token is a web identity (<https://docs.gitlab.com/ci/cloud_services/aws/>).

use super::{CHECK, Stage, lines};

/// The text of `gitlab-ci.yml`.
pub(super) fn pipeline(platform: &str, stages: &[Stage<'_>]) -> String {
    let check = lines("    - ", &CHECK);
    let head = format!(
        r#"# Delivery of {platform}, written by pipec.
# Include this file from the project's own .gitlab-ci.yml:
#   include: {{ local: build/ci/gitlab-ci.yml }}
# CI/CD variables to set:
#   PIPEC_IMAGE                an image with pipec, Rust and Terraform
#   TF_BACKEND_CONFIG          a file variable with the settings of the Terraform backend
#   AWS_PLAN_ROLE_ARN_<ENV>    for each environment, the role that plans take: build/ci/roles makes it
#   AWS_APPLY_ROLE_ARN_<ENV>   and the role that changes take
stages: [check, package, plan, apply]

default:
  image: $PIPEC_IMAGE

workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH

check:
  stage: check
  script:
{check}
.aws:
  id_tokens:
    AWS_TOKEN:
      aud: $CI_SERVER_URL
  before_script:
    - printf '%s' "$AWS_TOKEN" > "$CI_PROJECT_DIR/.aws-token"
    - export AWS_WEB_IDENTITY_TOKEN_FILE="$CI_PROJECT_DIR/.aws-token" AWS_ROLE_SESSION_NAME="ci-$CI_JOB_ID"
  after_script:
    - rm -f "$CI_PROJECT_DIR/.aws-token"
"#
    );
    stages.iter().fold(head, |text, stage| text + &jobs(stage))
}

/// The jobs of one environment; it starts where the one before has been applied.
fn jobs(stage: &Stage<'_>) -> String {
    let Stage {
        environment,
        job,
        build,
        ..
    } = stage;
    let needs = stage
        .before
        .as_ref()
        .map(|name| format!(", \"apply {name}\""))
        .unwrap_or_default();
    let when = if stage.approved { "      when: manual\n" } else { "" };
    let [package, plan, apply] = [stage.package(), stage.plan(), stage.apply()].map(|script| lines("    - ", &script));
    let planned = stage.planned().join(", ");
    let (plan_role, apply_role) = (stage.plan_role(), stage.apply_role());
    format!(
        r#"
package {job}:
  stage: package
  script:
{package}  artifacts:
    paths: [{build}/]
    exclude: ["{build}/lambda/target/**/*"]
    expire_in: 7 days

plan {job}:
  stage: plan
  extends: .aws
  needs: ["package {job}"{needs}]
  variables:
    AWS_ROLE_ARN: ${plan_role}
  script:
{plan}  artifacts:
    paths: [{planned}]
    expire_in: 7 days
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH

apply {job}:
  stage: apply
  extends: .aws
  needs: ["package {job}", "plan {job}"]
  environment: {environment}
  resource_group: {environment}
  variables:
    AWS_ROLE_ARN: ${apply_role}
  script:
{apply}  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
{when}"#
    )
}
