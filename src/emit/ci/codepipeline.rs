//! AWS CodePipeline: what each project of CodeBuild does, a file a step. The pipeline itself, its projects and their roles are
//! Terraform ([`crate::aws::delivery`]).
//!
//! A step that ends well hands over all files, with what it made, but for what cargo leaves behind
//! (<https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html>).

use super::{CHECK, Stage, lines, yaml};
use crate::aws::delivery::CODEPIPELINE;
use crate::plan::Files;

/// Where Terraform finds the settings of its backend.
const BACKEND: &str = "/tmp/backend.config";
/// What writes them, from what the project says.
const WRITE_BACKEND: &str = r#"printf 'bucket = "%s"\nkms_key_id = "%s"\nregion = "%s"\nencrypt = true\nuse_lockfile = true\n' "$STATE_BUCKET" "$STATE_KEY_ARN" "$STATE_REGION" > "$TF_BACKEND_CONFIG""#;

/// The steps' files.
pub(super) fn buildspecs(platform: &str, stages: &[Stage<'_>]) -> Files {
    let mut out = Files::new();
    let mut add = |name: String, text: String| out.insert(format!("{CODEPIPELINE}/{name}.yml"), text);
    let check: Vec<String> = CHECK.map(str::to_owned).to_vec();
    add("check".to_owned(), spec(platform, &check, None));
    for stage in stages {
        let Stage { job, build, .. } = stage;
        add(format!("package-{job}"), spec(platform, &stage.package(), Some(build)));
        add(
            format!("plan-{job}"),
            spec(platform, &with_backend(stage.plan()), Some(build)),
        );
        add(
            format!("apply-{job}"),
            spec(platform, &with_backend(stage.apply()), None),
        );
    }
    out
}

fn with_backend(commands: Vec<String>) -> Vec<String> {
    [WRITE_BACKEND.to_owned()].into_iter().chain(commands).collect()
}

/// The file of a step; `build` is the folder of a build that it hands over.
fn spec(platform: &str, commands: &[String], build: Option<&str>) -> String {
    let commands: Vec<String> = commands.iter().map(|command| format!("- {}", yaml(command))).collect();
    let commands = lines("      ", &commands);
    let artifacts = match build {
        Some(build) => format!(
            "artifacts:\n  files: [\"**/*\"]\n  exclude-paths: [{}]\n",
            yaml(&format!("{build}/lambda/target/**/*"))
        ),
        None => String::new(),
    };
    format!(
        "# Delivery of {platform}, written by pipec: a step of the pipeline that {CODEPIPELINE} makes.\n\
         version: 0.2\n\
         env:\n  shell: bash\n  variables:\n    TF_BACKEND_CONFIG: {BACKEND}\n    TF_IN_AUTOMATION: \"1\"\n\
         phases:\n  build:\n    on-failure: ABORT\n    commands:\n{commands}{artifacts}"
    )
}
