//! Jenkins: check and test on every change; plan, approve and apply each environment in turn on the primary branch.
//!
//! The OpenID Connect Provider plugin hands a job its token as a file (<https://plugins.jenkins.io/oidc-provider/>).

use super::{CHECK, Stage, lines};

/// The text of `Jenkinsfile`.
pub(super) fn pipeline(platform: &str, agent: &str, stages: &[Stage<'_>]) -> String {
    let agent = groovy(agent);
    let check = lines("          ", &CHECK);
    let tools = match stages.iter().any(|stage| stage.images) {
        true => ", Docker and the AWS command line",
        false => "",
    };
    let head = format!(
        r#"// Delivery of {platform}, written by pipec. Name this file as the script of a multibranch pipeline: build/ci/Jenkinsfile.
// Credentials to make:
//   platform-backend      a secret file with the settings of the Terraform backend
//   platform-aws-token    an OpenID Connect id token as file, of the plugin oidc-provider, for the audience sts.amazonaws.com
// Variables to set for the job or its folder:
//   AWS_PLAN_ROLE_ARN_<ENV>    for each environment, the role that plans take: build/ci/roles makes it
//   AWS_APPLY_ROLE_ARN_<ENV>   and the role that changes take
// Agents have pipec, Rust and Terraform{tools}.
pipeline {{
  agent {{
    label {agent}
  }}
  options {{
    disableConcurrentBuilds()
  }}
  stages {{
    stage('check') {{
      steps {{
        sh '''
{check}        '''
      }}
    }}
"#
    );
    stages.iter().fold(head, |text, stage| text + &of(stage)) + "  }\n}\n"
}

/// The stages of one environment.
fn of(stage: &Stage<'_>) -> String {
    let Stage { job, .. } = stage;
    let package = shell("        ", &stage.package());
    let plan = deployment(&stage.plan_role(), &stage.plan());
    let apply = deployment(&stage.apply_role(), &stage.apply());
    let input = match stage.approved {
        true => format!(
            "      input {{\n        message {}\n        ok 'Apply'\n      }}\n",
            groovy(&format!("Apply the plan of {}?", stage.environment))
        ),
        false => String::new(),
    };
    format!(
        r#"    stage('package {job}') {{
      when {{
        expression {{ env.BRANCH_IS_PRIMARY == 'true' }}
      }}
      steps {{
{package}      }}
    }}
    stage('plan {job}') {{
      when {{
        expression {{ env.BRANCH_IS_PRIMARY == 'true' }}
      }}
{plan}    }}
    stage('apply {job}') {{
      when {{
        beforeInput true
        expression {{ env.BRANCH_IS_PRIMARY == 'true' }}
      }}
{input}{apply}    }}
"#
    )
}

/// The steps that reach AWS by a role.
fn deployment(role: &str, script: &[String]) -> String {
    let script = shell("          ", script);
    format!(
        r#"      environment {{
        AWS_ROLE_ARN = "${{env.{role}}}"
        AWS_ROLE_SESSION_NAME = "ci-${{env.BUILD_NUMBER}}"
      }}
      steps {{
        withCredentials([
          file(credentialsId: 'platform-backend', variable: 'TF_BACKEND_CONFIG'),
          file(credentialsId: 'platform-aws-token', variable: 'AWS_WEB_IDENTITY_TOKEN_FILE'),
        ]) {{
{script}        }}
      }}
"#
    )
}

fn shell(margin: &str, script: &[String]) -> String {
    format!("{margin}sh '''\n{}{margin}'''\n", lines(&format!("{margin}  "), script))
}

/// A text as Groovy has it, whatever is in it.
fn groovy(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\\' | '\'' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}
