//! GitHub Actions: check and test on every change; plan, approve and apply each environment in turn on `main`.
//!
//! The token of a job comes from the address that Actions gives to jobs with `id-token: write`
//! (<https://docs.github.com/en/actions/reference/security/oidc>); its subject names the branch, or the environment where
//! the job has one, so that a change can only be made by a job that the environment's reviewers let through.

use super::{CHECK, Stage, approved, lines, yaml};

/// The text of `github-actions.yml`.
pub(super) fn workflow(platform: &str, runner: &str, stages: &[Stage<'_>]) -> String {
    // What would be an expression to Actions is text.
    let runner = yaml(&runner.replace("${{", "${{ '${{' }}"));
    let names: Vec<&str> = stages.iter().map(|stage| stage.environment).collect();
    let (names, approved) = (names.join(", "), approved(stages));
    let check = lines("      - run: ", &CHECK);
    let head = format!(
        r#"# Delivery of {platform}, written by pipec. GitHub reads workflows from .github/workflows only: copy this file there;
# the first job fails where the copy is not what a build would write.
# Variables to set for Actions:
#   PIPEC_IMAGE                an image with pipec, Rust, Terraform, git and curl
#   TF_BACKEND_CONFIG          the settings of the Terraform backend, a line each
#   AWS_PLAN_ROLE_ARN_<ENV>    for each environment, the role that plans take: build/ci/roles makes it
#   AWS_APPLY_ROLE_ARN_<ENV>   and the role that changes take
# Environments to make: {names}. Reviewers to require: {approved}.
name: {platform}

on:
  pull_request:
  push:
    branches: [main]

permissions:
  contents: read

defaults:
  run:
    shell: bash

jobs:
  check:
    runs-on: {runner}
    container: ${{{{ vars.PIPEC_IMAGE }}}}
    steps:
      - uses: actions/checkout@v4
{check}      - run: |
          pipec build -o "$RUNNER_TEMP/build"
          for copy in .github/workflows/*.yml; do
            if cmp -s "$copy" "$RUNNER_TEMP/build/ci/github-actions.yml"; then exit 0; fi
          done
          echo "no file of .github/workflows is what the build writes as ci/github-actions.yml" >&2
          exit 1
"#
    );
    stages.iter().fold(head, |text, stage| text + &jobs(&runner, stage))
}

/// The jobs of one environment; it starts where the one before has been applied.
fn jobs(runner: &str, stage: &Stage<'_>) -> String {
    let Stage { job, build, .. } = stage;
    let before = stage.before.as_ref();
    let needs = before.map(|name| format!(", apply-{name}")).unwrap_or_default();
    let package = lines("          ", &stage.package());
    let plan = deployment(runner, stage, "plan", &format!("package-{job}{needs}"), &stage.plan());
    let apply = deployment(runner, stage, "apply", &format!("plan-{job}"), &stage.apply());
    let planned = lines("            ", &stage.planned());
    format!(
        r#"
  package-{job}:
    needs: [check]
    runs-on: {runner}
    container: ${{{{ vars.PIPEC_IMAGE }}}}
    steps:
      - uses: actions/checkout@v4
      - run: |
{package}      - uses: actions/upload-artifact@v4
        with:
          name: {build}
          path: |
            {build}/
            !{build}/lambda/target/**
          include-hidden-files: true
          retention-days: 7
{plan}      - uses: actions/upload-artifact@v4
        with:
          name: plan-{job}
          path: |
{planned}          include-hidden-files: true
          retention-days: 7
{apply}"#
    )
}

/// A job that reaches AWS.
fn deployment(runner: &str, stage: &Stage<'_>, what: &str, needs: &str, script: &[String]) -> String {
    let Stage {
        environment,
        job,
        build,
        ..
    } = stage;
    let applies = what == "apply";
    let role = if applies { stage.apply_role() } else { stage.plan_role() };
    let place = if applies {
        format!("    environment: {environment}\n    concurrency: apply-{job}\n")
    } else {
        String::new()
    };
    let planned = if applies {
        format!(
            r#"      - uses: actions/download-artifact@v4
        with:
          name: plan-{job}
          path: {build}/terraform
"#
        )
    } else {
        String::new()
    };
    let script = lines("          ", script);
    format!(
        r#"
  {what}-{job}:
    if: github.event_name == 'push'
    needs: [{needs}]
    runs-on: {runner}
    container: ${{{{ vars.PIPEC_IMAGE }}}}
{place}    permissions:
      id-token: write
    env:
      AWS_ROLE_ARN: ${{{{ vars.{role} }}}}
      AWS_ROLE_SESSION_NAME: ci-${{{{ github.run_id }}}}
      BACKEND: ${{{{ vars.TF_BACKEND_CONFIG }}}}
    steps:
      - uses: actions/download-artifact@v4
        with:
          name: {build}
          path: {build}
{planned}      - run: |
          umask 077
          export AWS_WEB_IDENTITY_TOKEN_FILE="$RUNNER_TEMP/aws-token" TF_BACKEND_CONFIG="$RUNNER_TEMP/backend.config"
          curl -sSf -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
            "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" \
            | sed -E 's/.*"value" *: *"([^"]+)".*/\1/' > "$AWS_WEB_IDENTITY_TOKEN_FILE"
          printf '%s\n' "$BACKEND" > "$TF_BACKEND_CONFIG"
{script}"#
    )
}
