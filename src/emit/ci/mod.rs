//! The delivery pipeline's files: what every system does here, and one file a system that says it.
//!
//! Jobs reach AWS by web identity, so no key is stored: the job's token takes the environment's role for plans, or its
//! role for changes ([`crate::aws::delivery`] makes both). Text of an author's enters a file quoted, in one place a system.

mod bitbucket;
mod codepipeline;
mod github;
mod gitlab;
mod jenkins;

use crate::aws::delivery;
use crate::plan::names::hyphened;
use crate::plan::{Ci, Delivery, Files, Plan};

/// What is done on every change, before anything is built.
const CHECK: [&str; 3] = ["pipec fmt --check", "pipec check --format short", "pipec test"];

/// The files of every `delivery` of a plan, below `ci/`.
pub fn emit(plan: &Plan) -> Files {
    plan.deliveries
        .iter()
        .flat_map(|delivery| files(&plan.pipeline.name, delivery, plan.has_containers()))
        .collect()
}

/// The file of a system that keeps its pipelines in the repository; of one that does not, a file a step.
fn files(platform: &str, delivery: &Delivery, images: bool) -> Files {
    let stages = Stage::of(platform, delivery, images);
    let (name, text) = match &delivery.ci {
        Ci::Gitlab => ("gitlab-ci.yml", gitlab::pipeline(platform, &stages)),
        Ci::GithubActions { runner } => ("github-actions.yml", github::workflow(platform, runner, &stages)),
        Ci::Bitbucket { runner } => (
            "bitbucket-pipelines.yml",
            bitbucket::pipelines(platform, runner.as_deref(), &stages),
        ),
        Ci::Jenkins { agent } => ("Jenkinsfile", jenkins::pipeline(platform, agent, &stages)),
        Ci::CodePipeline { .. } => return codepipeline::buildspecs(platform, &stages),
    };
    Files::from([(format!("ci/{name}"), text)])
}

/// What one environment goes through: its build, a plan, and its change, each by shell commands in the project's folder.
///
/// `$TF_BACKEND_CONFIG` is a file with the settings of the Terraform backend.
struct Stage<'p> {
    /// The environment.
    environment: &'p str,
    /// The environment as a part of names: letters, digits, hyphens.
    job: String,
    /// The key of its state, in the bucket of the states.
    state: String,
    /// The folder of its build.
    build: String,
    /// Whether a person approves the change.
    approved: bool,
    /// The environment before it, as a part of names.
    before: Option<String>,
    /// Whether images of containers are pushed once there is where to.
    images: bool,
}

impl<'p> Stage<'p> {
    fn of(platform: &str, delivery: &'p Delivery, images: bool) -> Vec<Stage<'p>> {
        let mut before = None;
        let stage = |environment: &'p String| {
            let job = hyphened(environment);
            Stage {
                environment,
                state: delivery::state_key(platform, environment),
                build: format!("build-{job}"),
                approved: delivery.approve.contains(environment),
                before: before.replace(job.clone()),
                images,
                job,
            }
        };
        delivery.environments.iter().map(stage).collect()
    }

    fn package(&self) -> Vec<String> {
        let Stage { environment, build, .. } = self;
        vec![
            format!("pipec build --env {environment} -o {build}"),
            // Without a backend in the configuration, Terraform would leave the state on the machine of the job.
            format!(r#"echo '{{"terraform":{{"backend":{{"s3":{{}}}}}}}}' > {build}/terraform/backend.tf.json"#),
            format!("pipec package {build}"),
        ]
    }

    fn init(&self) -> String {
        let Stage { state, build, .. } = self;
        format!(
            "terraform -chdir={build}/terraform init -input=false -backend-config=\"$TF_BACKEND_CONFIG\" -backend-config=\"key={state}\""
        )
    }

    fn plan(&self) -> Vec<String> {
        let Stage { environment, build, .. } = self;
        let plan = format!(
            "terraform -chdir={build}/terraform plan -input=false -var environment={environment} -out=plan.bin"
        );
        let verify = format!("terraform -chdir={build}/terraform show -json plan.bin | pipec verify - {build}");
        vec![self.init(), plan, verify]
    }

    fn apply(&self) -> Vec<String> {
        let apply = format!("terraform -chdir={}/terraform apply -input=false plan.bin", self.build);
        // Docker and the AWS command line are needed for this one.
        let push = self.images.then(|| format!("sh {}/images/push .", self.build));
        [self.init(), apply].into_iter().chain(push).collect()
    }

    /// What the plan leaves for the change: the plan, and the providers that it was made with.
    fn planned(&self) -> [String; 2] {
        let build = &self.build;
        [
            format!("{build}/terraform/plan.bin"),
            format!("{build}/terraform/.terraform.lock.hcl"),
        ]
    }

    /// The variable that holds the role of its plans.
    fn plan_role(&self) -> String {
        format!("AWS_PLAN_ROLE_ARN_{}", self.environment.to_uppercase())
    }

    /// The variable that holds the role of its changes.
    fn apply_role(&self) -> String {
        format!("AWS_APPLY_ROLE_ARN_{}", self.environment.to_uppercase())
    }
}

/// A text as YAML has it, whatever is in it: JSON's strings are YAML's.
fn yaml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Lines behind a margin.
fn lines(margin: &str, lines: &[impl AsRef<str>]) -> String {
    lines
        .iter()
        .map(|line| format!("{margin}{}\n", line.as_ref()))
        .collect()
}

/// The environments that a person approves, as a sentence has them.
fn approved(stages: &[Stage<'_>]) -> String {
    let names: Vec<&str> = stages
        .iter()
        .filter(|stage| stage.approved)
        .map(|stage| stage.environment)
        .collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}
