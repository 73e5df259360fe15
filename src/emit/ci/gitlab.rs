//! GitLab CI/CD: check and test on every change; plan, approve and apply each environment in turn on the default branch.
//!
//! Jobs reach AWS by OpenID Connect, so no key is stored: the job's token is a web identity for the environment's role
//! (<https://docs.gitlab.com/ci/cloud_services/aws/>).

use crate::plan::names::hyphened;
use crate::plan::{Delivery, Plan};

/// What every pipeline has before its environments.
const HEAD: &str = r#"# Include this file from the project's own .gitlab-ci.yml:
#   include: { local: build/ci/gitlab-ci.yml }
# CI/CD variables to set:
#   PIPEC_IMAGE          an image with pipec, Rust and Terraform
#   TF_BACKEND_CONFIG    a file variable with the settings of the Terraform backend
#   AWS_ROLE_ARN_<ENV>   for each environment, the role that a job's identity token may take
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
    - pipec fmt --check
    - pipec check --format short
    - pipec test

.aws:
  id_tokens:
    AWS_TOKEN:
      aud: $CI_SERVER_URL
  before_script:
    - printf '%s' "$AWS_TOKEN" > "$CI_PROJECT_DIR/.aws-token"
    - export AWS_WEB_IDENTITY_TOKEN_FILE="$CI_PROJECT_DIR/.aws-token" AWS_ROLE_SESSION_NAME="ci-$CI_JOB_ID"
  after_script:
    - rm -f "$CI_PROJECT_DIR/.aws-token"
"#;

/// The text of `gitlab-ci.yml`.
pub(super) fn pipeline(plan: &Plan, delivery: &Delivery) -> String {
    let mut text = format!("# Delivery of {}, written by pipec.\n{HEAD}", plan.pipeline.name);
    let mut before: Option<&str> = None;
    for environment in &delivery.environments {
        let approved = delivery.approve.contains(environment);
        text += &jobs(environment, approved, before);
        before = Some(environment);
    }
    text
}

/// The jobs of one environment; it starts where the one before has been applied.
fn jobs(environment: &str, approved: bool, before: Option<&str>) -> String {
    let job = hyphened(environment);
    let build = format!("build-{job}");
    let role = format!("AWS_ROLE_ARN_{}", environment.to_uppercase());
    let needs = before
        .map(|name| format!(", \"apply {}\"", hyphened(name)))
        .unwrap_or_default();
    let when = if approved { "      when: manual\n" } else { "" };
    format!(
        r#"
package {job}:
  stage: package
  script:
    - pipec build --env {environment} -o {build}
    - pipec package {build}
  artifacts:
    paths: [{build}/]
    exclude: ["{build}/lambda/target/**/*"]
    expire_in: 7 days

plan {job}:
  stage: plan
  extends: .aws
  needs: ["package {job}"{needs}]
  variables:
    AWS_ROLE_ARN: ${role}
  script:
    - terraform -chdir={build}/terraform init -input=false -backend-config="$TF_BACKEND_CONFIG" -backend-config="key={environment}.tfstate"
    - terraform -chdir={build}/terraform plan -input=false -var environment={environment} -out=plan.bin
  artifacts:
    paths: [{build}/terraform/plan.bin, {build}/terraform/.terraform.lock.hcl]
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
    AWS_ROLE_ARN: ${role}
  script:
    - terraform -chdir={build}/terraform init -input=false -backend-config="$TF_BACKEND_CONFIG" -backend-config="key={environment}.tfstate"
    - terraform -chdir={build}/terraform apply -input=false plan.bin
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
{when}"#
    )
}
