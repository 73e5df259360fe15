//! A delivery that runs in the account itself: AWS CodePipeline, and a project of AWS CodeBuild a step. A Terraform module of
//! its own, which an administrator applies once and confirms the connection of.
//!
//! Each step has the role of what it does: building has no right but to its own artifacts, so what is built runs without
//! any of the platform's.

use super::{state, state_key};
use crate::aws::naming::{self, limit};
use crate::aws::policy::{KEY, Statement, allow, allow_everywhere, deny, document, key_use, own, role, trust};
use crate::aws::root::{output, variable};
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::plan::{Delivery, Plan, names};
use crate::text_of;

/// Where the module is, in a build.
pub const FOLDER: &str = "ci/codepipeline";
/// The longest that what a run hands over stays, days.
const ARTIFACT_DAYS: u32 = 30;
/// The longest that logs of runs stay, days.
const LOG_DAYS: u32 = 365;
/// The longest that a step may take, minutes.
const STEP_MINUTES: u32 = 60;

/// What runs: the repository as OWNER/NAME, the branch, and the ARN of the connection, if there is one.
pub struct Repository<'p> {
    /// OWNER/NAME.
    pub name: &'p str,
    /// The branch that is shipped.
    pub branch: &'p str,
    /// The connection to its host.
    pub connection: Option<&'p str>,
}

/// A step: a project of CodeBuild, and whose rights it has.
struct Step {
    label: String,
    role: String,
    /// What it is told beside where the state is: the names of variables and their values.
    says: String,
}

fn named(plan: &Plan, what: &str) -> String {
    let platform = names::hyphened(&plan.pipeline.name);
    naming::fit(
        &format!("{platform}-delivery-{}", names::hyphened(what)),
        limit::SIXTY_FOUR,
    )
}

fn steps(delivery: &Delivery) -> Vec<Step> {
    let step = |label: String, role: &str, says: &str| Step {
        label,
        role: role.to_owned(),
        says: says.to_owned(),
    };
    let mut out = vec![step("check".into(), "build", "Checks and tests the platform.")];
    for environment in &delivery.environments {
        out.push(step(format!("package_{environment}"), "build", "Builds the platform."));
        for (what, says) in [
            ("plan", "Plans the change, and verifies it."),
            ("apply", "Makes the change."),
        ] {
            let label = format!("{what}_{environment}");
            out.push(step(label.clone(), &label, says));
        }
    }
    out
}

/// The variables that only this system asks for.
pub fn variables(plan: &Plan, repository: &Repository<'_>) -> Vec<Block> {
    let mut out = vec![
        variable("region", "The region that it runs in.", "string").set("default", plan.pipeline.region.as_str()),
        variable(
            "image",
            "An image with pipec, Rust and Terraform, in the repository below, by its digest.",
            "string",
        ),
        variable(
            "image_repository_arn",
            "The ARN of the repository of Amazon ECR that has it.",
            "string",
        ),
    ];
    if repository.connection.is_none() {
        out.push(
            variable(
                "provider_type",
                "The host of the repository, as CodeConnections calls it.",
                "string",
            )
            .set("default", "GitHub"),
        );
    }
    out
}

/// All resources, but the roles of plans and changes.
pub fn blocks(plan: &Plan, delivery: &Delivery, repository: &Repository<'_>) -> Vec<Block> {
    let mut out = vec![
        Block::data("aws_caller_identity", "current"),
        Block::new("locals").set("account", reference("data.aws_caller_identity.current.account_id")),
    ];
    out.extend(key(plan));
    out.extend(bucket());
    out.extend(approvals(plan));
    if repository.connection.is_none() {
        out.push(
            Block::resource("aws_codeconnections_connection", "repository")
                .doc("A person confirms it once, in the console: until then nothing is read.")
                .set("name", naming::fit(&names::hyphened(&plan.pipeline.name), 32))
                .set("provider_type", reference("var.provider_type")),
        );
    }
    let logs = Block::resource("aws_cloudwatch_log_group", "delivery")
        .set("name", format!("/aws/codebuild/{}", named(plan, "steps")))
        .set("retention_in_days", LOG_DAYS)
        .set("kms_key_id", reference(KEY));
    out.push(logs);
    out.extend(role(
        "build",
        named(plan, "build").into(),
        "Checks, tests and builds, and may do nothing in the account",
        trusted(plan, delivery, "build"),
        common(),
    ));
    out.extend(steps(delivery).iter().map(|step| project(plan, step)));
    out.extend(role(
        "pipeline",
        named(plan, "pipeline").into(),
        "Starts the steps of the delivery",
        trust(
            "codepipeline.amazonaws.com",
            Some(own("codepipeline", named(plan, "ship"))),
        ),
        starts(delivery, repository),
    ));
    out.push(pipeline(plan, delivery, repository));
    out
}

/// Who may take the role of a step: CodeBuild, for the projects that have it.
pub fn trusted(plan: &Plan, delivery: &Delivery, role: &str) -> Statement {
    let all = steps(delivery);
    let of_role = all.iter().filter(|step| step.role == role);
    let projects = of_role.map(|step| own("codebuild", format!("project/{}", named(plan, &step.label))));
    trust("codebuild.amazonaws.com", Some(list(projects)))
}

/// What every step may do: write its log, and hand files over.
pub fn common() -> Vec<Statement> {
    vec![
        allow(
            "Log",
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            [text_of![reference("aws_cloudwatch_log_group.delivery.arn"), ":*"]],
        ),
        allow("Files", &["s3:GetObject", "s3:PutObject"], [objects()]),
        key_use("FilesKey", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
        allow(
            "Image",
            &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [reference("var.image_repository_arn")],
        ),
        allow_everywhere(
            "Registry",
            &["ecr:GetAuthorizationToken"],
            "A registry has no resource to limit its tokens to.",
        ),
    ]
}

/// What plans and changes may do beside that.
pub fn permissions(platform: &str, environment: &str, written: bool) -> Vec<Statement> {
    let mut out = common();
    out.extend(state(&state_key(platform, environment), written));
    out
}

/// Where the pipeline is, and what a person has to do.
pub fn outputs(repository: &Repository<'_>) -> Vec<Block> {
    let pipeline = output(
        "pipeline",
        "The pipeline's name.",
        reference("aws_codepipeline.ship.name"),
    );
    let connection = repository.connection.is_none().then(|| {
        output(
            "connection",
            "The connection to the repository's host: confirm it in the console once.",
            reference("aws_codeconnections_connection.repository.arn"),
        )
    });
    [pipeline].into_iter().chain(connection).collect()
}

fn objects() -> Value {
    text_of![reference("aws_s3_bucket.artifacts.arn"), "/*"]
}

/// The key of what runs hand over, of their logs and of who is told.
fn key(plan: &Plan) -> [Block; 2] {
    let logs = allow(
        "Logs",
        &["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        ["*".into()],
    )
    .service(text_of!["logs.", reference("var.region"), ".amazonaws.com"])
    .when(
        "ArnLike",
        "kms:EncryptionContext:aws:logs:arn",
        own("logs", format!("log-group:/aws/codebuild/{}", named(plan, "steps"))),
    );
    let account = allow("Account", &["kms:*"], ["*".into()]).account();
    [
        Block::resource("aws_kms_key", "platform")
            .doc("Encrypts what runs of the delivery hand over, and what they log.")
            .set("description", format!("The delivery of {}", plan.pipeline.name))
            .set("enable_key_rotation", true)
            .set("deletion_window_in_days", 30u32)
            .set("policy", document([account, logs])),
        Block::resource("aws_kms_alias", "platform")
            .set("name", format!("alias/{}", named(plan, "key")))
            .set("target_key_id", reference(KEY)),
    ]
}

fn bucket() -> Vec<Block> {
    let of = |kind: &str| Block::resource(kind, "artifacts").set("bucket", reference("aws_s3_bucket.artifacts.id"));
    let encrypted = Block::new("apply_server_side_encryption_by_default")
        .set("sse_algorithm", "aws:kms")
        .set("kms_master_key_id", reference(KEY));
    let arns = || [reference("aws_s3_bucket.artifacts.arn"), objects()];
    let tls = deny("TlsOnly", &["s3:*"], arns()).when("Bool", "aws:SecureTransport", "false");
    let days = |days: u32| Block::new("expiration").set("days", days);
    let rule = Block::new("rule")
        .set("id", "all")
        .set("status", "Enabled")
        .block(Block::new("filter"))
        .block(days(ARTIFACT_DAYS))
        .block(Block::new("noncurrent_version_expiration").set("noncurrent_days", 1u32))
        .block(Block::new("abort_incomplete_multipart_upload").set("days_after_initiation", 1u32));
    vec![
        Block::resource("aws_s3_bucket", "artifacts")
            .doc("What a run hands from one step to the next.")
            .skip(
                "CKV_AWS_18",
                "who reads the steps of a run is in CloudTrail; the bucket holds no data of the platform",
            )
            .skip("CKV_AWS_144", "what a run hands over is made again by the next run")
            .skip("CKV2_AWS_62", "nothing waits for what a run hands over")
            .set("bucket_prefix", "delivery-")
            .set("force_destroy", true),
        of("aws_s3_bucket_ownership_controls").block(Block::new("rule").set("object_ownership", "BucketOwnerEnforced")),
        of("aws_s3_bucket_public_access_block")
            .set("block_public_acls", true)
            .set("block_public_policy", true)
            .set("ignore_public_acls", true)
            .set("restrict_public_buckets", true),
        of("aws_s3_bucket_server_side_encryption_configuration")
            .block(Block::new("rule").set("bucket_key_enabled", true).block(encrypted)),
        of("aws_s3_bucket_versioning").block(Block::new("versioning_configuration").set("status", "Enabled")),
        of("aws_s3_bucket_lifecycle_configuration")
            .block(rule)
            .set("depends_on", vec![reference("aws_s3_bucket_versioning.artifacts")]),
        of("aws_s3_bucket_policy").set("policy", document([tls])),
    ]
}

/// Who approves is told that there is something to.
fn approvals(plan: &Plan) -> [Block; 2] {
    [
        Block::resource("aws_sns_topic", "approvals")
            .set("name", named(plan, "approvals"))
            .set("kms_master_key_id", reference(KEY)),
        Block::resource("aws_sns_topic_subscription", "approvals")
            .set("topic_arn", reference("aws_sns_topic.approvals.arn"))
            .set("protocol", "email")
            .set("endpoint", plan.pipeline.owner.as_str()),
    ]
}

fn project(plan: &Plan, step: &Step) -> Block {
    let said = [
        ("STATE_BUCKET", reference("var.state_bucket")),
        ("STATE_KEY_ARN", reference("var.state_key_arn")),
        ("STATE_REGION", reference("var.region")),
    ];
    let said = said.map(|(name, value)| Block::new("environment_variable").set("name", name).set("value", value));
    let docker = step.label.starts_with("apply_") && plan.has_containers();
    Block::resource("aws_codebuild_project", &step.label)
        .doc(&step.says)
        .when(docker, |block| {
            block.skip(
                "CKV_AWS_316",
                "it builds the images of containers, which asks for privileges",
            )
        })
        .set("name", named(plan, &step.label))
        .set("service_role", reference(format!("aws_iam_role.{}.arn", step.role)))
        .set("encryption_key", reference(KEY))
        .set("build_timeout", STEP_MINUTES)
        .block(Block::new("artifacts").set("type", "CODEPIPELINE"))
        .block(
            Block::new("environment")
                .set("type", "LINUX_CONTAINER")
                .set("compute_type", "BUILD_GENERAL1_MEDIUM")
                .set("image", reference("var.image"))
                .set("image_pull_credentials_type", "SERVICE_ROLE")
                .set("privileged_mode", docker)
                .blocks(said),
        )
        .block(
            Block::new("logs_config").block(
                Block::new("cloudwatch_logs")
                    .set("group_name", reference("aws_cloudwatch_log_group.delivery.name"))
                    .set("stream_name", step.label.as_str()),
            ),
        )
        .block(Block::new("source").set("type", "CODEPIPELINE").set(
            "buildspec",
            call(
                "file",
                [text_of![
                    reference("path.module"),
                    format!("/{}.yml", names::hyphened(&step.label))
                ]],
            ),
        ))
}

fn connection(repository: &Repository<'_>) -> Value {
    match repository.connection {
        Some(arn) => arn.into(),
        None => reference("aws_codeconnections_connection.repository.arn"),
    }
}

/// What the pipeline itself may do.
fn starts(delivery: &Delivery, repository: &Repository<'_>) -> Vec<Statement> {
    let all = steps(delivery);
    let projects = all
        .iter()
        .map(|step| reference(format!("aws_codebuild_project.{}.arn", step.label)));
    // Connections that were made before the service was renamed keep their names.
    let old = repository
        .connection
        .is_some_and(|arn| arn.contains(":codestar-connections:"));
    let reads = match old {
        true => "codestar-connections:UseConnection",
        false => "codeconnections:UseConnection",
    };
    let mut out = vec![
        allow("Files", &["s3:GetObject", "s3:PutObject"], [objects()]),
        allow(
            "FindFiles",
            &["s3:GetBucketVersioning", "s3:ListBucket"],
            [reference("aws_s3_bucket.artifacts.arn")],
        ),
        key_use("FilesKey", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
        allow("Steps", &["codebuild:BatchGetBuilds", "codebuild:StartBuild"], projects),
        allow("Repository", &[reads], [connection(repository)]),
    ];
    if !delivery.approve.is_empty() {
        out.push(allow(
            "Tell",
            &["sns:Publish"],
            [reference("aws_sns_topic.approvals.arn")],
        ));
        out.push(key_use("TellKey", &["kms:Decrypt", "kms:GenerateDataKey"], "sns"));
    }
    out
}

fn action(name: &str, category: &str, provider: &str, configuration: Vec<(String, Value)>) -> Block {
    Block::new("action")
        .set("name", name)
        .set("category", category)
        .set("owner", "AWS")
        .set("provider", provider)
        .set("version", "1")
        .set("configuration", object(configuration))
}

/// A step of CodeBuild: what it is given, and what it leaves under its own name.
fn build(label: &str, order: u32, given: &str) -> Block {
    let project = reference(format!("aws_codebuild_project.{label}.name"));
    let own = names::hyphened(label);
    action(&own, "Build", "CodeBuild", vec![("ProjectName".into(), project)])
        .set("run_order", order)
        .set("input_artifacts", list([given]))
        .when(!label.starts_with("apply_") && label != "check", |block| {
            block.set("output_artifacts", list([label]))
        })
}

fn pipeline(plan: &Plan, delivery: &Delivery, repository: &Repository<'_>) -> Block {
    let source = vec![
        ("ConnectionArn".to_owned(), connection(repository)),
        ("FullRepositoryId".into(), repository.name.into()),
        ("BranchName".into(), repository.branch.into()),
        ("OutputArtifactFormat".into(), "CODE_ZIP".into()),
    ];
    let source =
        action("source", "Source", "CodeStarSourceConnection", source).set("output_artifacts", list(["source"]));
    let stage = |name: &str| Block::new("stage").set("name", name);
    let mut block = Block::resource("aws_codepipeline", "ship")
        .doc(&format!(
            "Ships {} to {}.",
            plan.pipeline.name,
            delivery.environments.join(", then to ")
        ))
        .set("name", named(plan, "ship"))
        .set("role_arn", reference("aws_iam_role.pipeline.arn"))
        .set("pipeline_type", "V2")
        .set("execution_mode", "QUEUED")
        .block(
            Block::new("artifact_store")
                .set("type", "S3")
                .set("location", reference("aws_s3_bucket.artifacts.bucket"))
                .block(
                    Block::new("encryption_key")
                        .set("type", "KMS")
                        .set("id", reference(KEY)),
                ),
        )
        .block(stage("source").block(source))
        .block(stage("check").block(build("check", 1, "source")));
    for environment in &delivery.environments {
        let [package, planned, apply] = ["package", "plan", "apply"].map(|what| format!("{what}_{environment}"));
        let mut made = stage(&format!("ship-{}", names::hyphened(environment)))
            .block(build(&package, 1, "source"))
            .block(build(&planned, 2, &package));
        if delivery.approve.contains(environment) {
            let told = vec![
                ("NotificationArn".to_owned(), reference("aws_sns_topic.approvals.arn")),
                (
                    "CustomData".into(),
                    format!(
                        "Apply the plan of {environment}? It is in the log of {}.",
                        names::hyphened(&planned)
                    )
                    .into(),
                ),
            ];
            let name = format!("approve-{}", names::hyphened(environment));
            made = made.block(action(&name, "Approval", "Manual", told).set("run_order", 3u32));
        }
        block = block.block(made.block(build(&apply, 4, &planned)));
    }
    block.set("depends_on", vec![reference("aws_iam_role_policy.pipeline")])
}

/// The versions and the provider, which reads the region.
pub fn provider(versions: Block) -> Vec<Block> {
    vec![
        versions,
        Block::new("provider")
            .label("aws")
            .set("region", reference("var.region")),
        Block::data("aws_partition", "current"),
        Block::new("locals").set("partition", reference("data.aws_partition.current.partition")),
    ]
}
