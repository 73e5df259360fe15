//! Containers between a job's halves: an image's repository, AWS Batch on Fargate to run it, and who may do what. Knows
//! nothing of rows: the exchange's own program (`stdlib/exchange`) hands them over.
//!
//! The tag of an image is the hash of all that it is made of, and tags cannot be moved: what runs is what was built.

use sha2::{Digest, Sha256};

use super::lake::{self, TEMPORARY};
use super::naming::{limit, named};
use super::network;
use super::policy::{KEY, Statement, allow, allow_everywhere, key_use, own, role, trust};
use crate::emit::hcl::{Block, Value, call, list, reference};
use crate::plan::{Engine, Files, Plan, Run, Transform, names};
use crate::{object_of, text_of};

const DOCKERFILE: &str = include_str!("../../stdlib/exchange/Dockerfile");
const PUSH: &str = include_str!("../../stdlib/exchange/push");
const SOURCES: [(&str, &str); 4] = [
    ("Cargo.lock", include_str!("../../stdlib/exchange/Cargo.lock")),
    ("Cargo.toml", include_str!("../../stdlib/exchange/Cargo.toml")),
    ("src/main.rs", include_str!("../../stdlib/exchange/src/main.rs")),
    ("src/store.rs", include_str!("../../stdlib/exchange/src/store.rs")),
];

/// What ends a container by no fault of its own: Fargate takes its capacity back, or does not get as far as to start it.
const NOT_ITS_FAULT: [&str; 3] = [
    "Your Spot Task was interrupted*",
    "CannotPullContainerError*",
    "ResourceInitializationError*",
];

/// The transforms that let a container run, each with it.
fn programs(plan: &Plan) -> impl Iterator<Item = (&Transform, &Run)> {
    let all = plan.transforms.iter();
    all.filter_map(|transform| Some((transform, transform.program()?)))
}

/// The label of a transform's container.
pub fn label(transform: &str) -> String {
    format!("{transform}_program")
}

/// The queue that a transform's containers wait in, as the state machine names it.
pub fn queue(transform: &str) -> Value {
    reference(format!("aws_batch_job_queue.{}.arn", label(transform)))
}

/// What a transform's containers are started from, as the state machine names it.
pub fn definition(transform: &str) -> Value {
    reference(format!("aws_batch_job_definition.{}.arn", label(transform)))
}

/// Where the halves of a transform's runs and its containers hand rows over, each run in a folder of its own.
pub fn exchange(transform: &str) -> Value {
    lake::url("artifacts", &exchange_prefix(transform))
}

fn exchange_prefix(transform: &str) -> String {
    format!("{TEMPORARY}{}exchange/", names::dataset_prefix(transform))
}

/// What a state machine needs to let these containers run and wait for them (P-SFN-1): Batch tells of their ends by
/// events, which a rule of Step Functions' own hands on.
pub fn run(transforms: &[&str]) -> Vec<Statement> {
    // By its revision, and by its name, which stands for the newest.
    let definitions = transforms.iter().flat_map(|one| {
        let name = reference(format!("aws_batch_job_definition.{}.name", label(one)));
        [definition(one), own("batch", text_of!["job-definition/", name])]
    });
    let queues = transforms.iter().map(|one| queue(one));
    vec![
        allow("RunContainers", &["batch:SubmitJob"], definitions.chain(queues)),
        allow("StopContainers", &["batch:TerminateJob"], [own("batch", "job/*")]),
        allow_everywhere(
            "FollowContainers",
            &["batch:DescribeJobs"],
            "Batch describes jobs by no resource.",
        ),
        allow(
            "HearOfContainers",
            &["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            [own("events", "rule/StepFunctionsGetEventsForBatchJobsRule")],
        ),
    ]
}

/// Repositories, what runs their images, and outputs for who pushes them.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    programs(plan)
        .flat_map(|(transform, run)| one(plan, transform, run))
        .collect()
}

/// Where images are pushed to, each with its tag.
pub fn outputs(plan: &Plan) -> Vec<Block> {
    let of = |(transform, run): (&Transform, &Run)| {
        let described = format!("The image of {}, as `images/push` pushes it.", transform.name);
        super::root::output(
            &format!("image_{}", transform.name),
            &described,
            image(plan, transform, run),
        )
    };
    programs(plan).map(of).collect()
}

fn image(plan: &Plan, transform: &Transform, run: &Run) -> Value {
    let repository = reference(format!("aws_ecr_repository.{}.repository_url", label(&transform.name)));
    text_of![repository, format!(":{}", tag(plan, run))]
}

fn hex(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash of all that an image is made of.
fn tag(plan: &Plan, run: &Run) -> String {
    let mut text = source(run).to_owned() + &sums(plan, run) + DOCKERFILE;
    SOURCES.iter().for_each(|(_, source)| text.push_str(source));
    hex(&text).chars().take(16).collect()
}

/// The folder that a container is built from, or its address.
fn source(run: &Run) -> &str {
    let folder = run.settings.text("build");
    folder.or_else(|| run.settings.text("image")).unwrap_or_default()
}

/// The files of a container's folder with their hashes, as `sha256sum` reads them.
fn sums(plan: &Plan, run: &Run) -> String {
    let image = plan.images.get(source(run));
    let files = image.into_iter().flat_map(|image| &image.files);
    files.map(|(path, hash)| format!("{hash}  {path}\n")).collect()
}

/// What images are made of, and what makes and pushes them.
pub fn files(plan: &Plan) -> Files {
    let mut out = Files::new();
    let mut calls = String::new();
    for (transform, run) in programs(plan) {
        let name = names::hyphened(&transform.name);
        let (how, from) = match run.settings.text("build") {
            Some(folder) => ("build", folder),
            None => ("take", source(run)),
        };
        calls.push_str(&format!("{how} {name} image_{} {}\n", transform.name, shell(from)));
        if how == "build" {
            out.insert(format!("images/{name}.sha256"), sums(plan, run));
        }
    }
    if calls.is_empty() {
        return out;
    }
    out.insert("images/push".into(), format!("{PUSH}\n{calls}"));
    out.insert("images/Dockerfile".into(), DOCKERFILE.into());
    out.extend(SOURCES.map(|(path, text)| (format!("images/exchange/{path}"), text.to_owned())));
    out
}

/// A text as a shell has it, whatever is in it.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn one(plan: &Plan, transform: &Transform, run: &Run) -> Vec<Block> {
    let label = label(&transform.name);
    let secrets = secrets(transform, run);
    let mut out: Vec<Block> = secrets
        .iter()
        .map(|(_, label, name)| Block::data("aws_secretsmanager_secret", label).set("name", name.as_str()))
        .collect();
    out.extend(repository(plan, transform, &label));
    out.push(lake::log_group(plan, &label, log_name(plan, &label)));
    let tasks = || trust("ecs-tasks.amazonaws.com", Some(own("ecs", "*")));
    out.extend(role(
        &label,
        named(plan, &label, limit::SIXTY_FOUR),
        &format!("What the container of {} may do", transform.name),
        tasks(),
        permissions(&transform.name),
    ));
    let start = format!("{label}_start");
    out.extend(role(
        &start,
        named(plan, &start, limit::SIXTY_FOUR),
        &format!("What starts the container of {}", transform.name),
        tasks(),
        starting(&label, &secrets),
    ));
    out.extend(environment(plan, transform, run, &label));
    out.push(job_definition(plan, transform, run, &label, &secrets));
    out
}

fn log_name(plan: &Plan, label: &str) -> Value {
    text_of!["/aws/batch/", named(plan, label, limit::LONG)]
}

fn repository(plan: &Plan, transform: &Transform, label: &str) -> [Block; 2] {
    let kept = |number: u32, what: &str, selection: Value| {
        object_of! {
            "rulePriority" => number,
            "description" => what,
            "selection" => selection,
            "action" => object_of! { "type" => "expire" },
        }
    };
    let rules = vec![
        kept(
            1,
            "What has no tag any more was never whole.",
            object_of! { "tagStatus" => "untagged", "countType" => "sinceImagePushed", "countUnit" => "days", "countNumber" => 1u32 },
        ),
        kept(
            2,
            "The last ten, to go back to.",
            object_of! { "tagStatus" => "any", "countType" => "imageCountMoreThan", "countNumber" => 10u32 },
        ),
    ];
    let policy = object_of! { "rules" => Value::List(rules) };
    let encryption = Block::new("encryption_configuration")
        .set("encryption_type", "KMS")
        .set("kms_key", reference(KEY));
    [
        Block::resource("aws_ecr_repository", label)
            .doc(&format!("Images of the container of {}.", transform.name))
            .set("name", named(plan, label, limit::LONG))
            .set("image_tag_mutability", "IMMUTABLE")
            .set("force_delete", plan.pipeline.destroyable)
            .block(encryption)
            .block(Block::new("image_scanning_configuration").set("scan_on_push", true)),
        Block::resource("aws_ecr_lifecycle_policy", label)
            .set("repository", reference(format!("aws_ecr_repository.{label}.name")))
            .set("policy", call("jsonencode", [policy])),
    ]
}

/// A container sees its runs' exchange, and nothing else of the lake.
fn permissions(transform: &str) -> Vec<Statement> {
    let prefix = exchange_prefix(transform);
    let below = |folder: &str| {
        text_of![
            reference("aws_s3_bucket.artifacts.arn"),
            format!("/{prefix}*/{folder}/*")
        ]
    };
    vec![
        allow("Rows", &["s3:GetObject"], [below("in")]),
        allow("Answers", &["s3:DeleteObject", "s3:PutObject"], [below("out")]),
        allow("Find", &["s3:ListBucket"], [reference("aws_s3_bucket.artifacts.arn")]).when(
            "StringLike",
            "s3:prefix",
            format!("{prefix}*"),
        ),
        key_use("Encrypt", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
    ]
}

/// What Fargate needs in a task's name before it starts: the image, the log, secrets.
fn starting(label: &str, secrets: &[(String, String, String)]) -> Vec<Statement> {
    let mut out = vec![
        allow(
            "Image",
            &[
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            [reference(format!("aws_ecr_repository.{label}.arn"))],
        ),
        allow_everywhere(
            "Registry",
            &["ecr:GetAuthorizationToken"],
            "A token is for the registry as a whole.",
        ),
        allow(
            "Log",
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            [lake::log_streams(label)],
        ),
    ];
    if !secrets.is_empty() {
        let arns = || secrets.iter().map(|(_, label, _)| secret_arn(label));
        out.push(allow("Secrets", &["secretsmanager:GetSecretValue"], arns()));
        let through = text_of!["secretsmanager.", reference("var.region"), ".amazonaws.com"];
        out.push(
            allow("DecryptSecrets", &["kms:Decrypt"], [own("kms", "key/*")])
                .when("StringEquals", "kms:ViaService", through)
                .when(
                    "StringLike",
                    "kms:EncryptionContext:SecretARN",
                    Value::List(arns().collect()),
                ),
        );
    }
    out
}

fn secret_arn(label: &str) -> Value {
    reference(format!("data.aws_secretsmanager_secret.{label}.arn"))
}

/// The secrets in a container's environment: the variable, the label of the secret, its name.
fn secrets(transform: &Transform, run: &Run) -> Vec<(String, String, String)> {
    let of = |(variable, name): (String, String)| {
        let label = format!("{}_{}", label(&transform.name), variable.to_lowercase());
        (variable, label, name)
    };
    run.secrets().into_iter().map(of).collect()
}

/// Where containers run, and the queue before it. Fargate gives each a machine of its own, so zones fail one by one.
fn environment(plan: &Plan, transform: &Transform, run: &Run, label: &str) -> Vec<Block> {
    let spot = run.settings.bool("spot").unwrap_or(false);
    let most = match &transform.engine {
        Engine::Glue(glue) => run.most_vcpu(glue),
        Engine::Lambda(_) | Engine::Emr(_) | Engine::Other(_) => crate::plan::refused(),
    };
    let resources = Block::new("compute_resources")
        .set("type", if spot { "FARGATE_SPOT" } else { "FARGATE" })
        .set("max_vcpus", most)
        .set(
            "subnets",
            plan.pipeline
                .network
                .as_ref()
                .map_or(Value::Null, network::private_subnets),
        )
        .set("security_group_ids", list([network::group(network::PROGRAMS)]));
    let environment = Block::resource("aws_batch_compute_environment", label)
        .note("A change makes another, and takes this one away once the queue has the other (P-BAT-1).")
        .set("name_prefix", text_of![named(plan, label, limit::LONG - 30), "-"])
        .set("type", "MANAGED")
        .block(resources)
        .block(Block::new("lifecycle").set("create_before_destroy", true));
    let order = Block::new("compute_environment_order").set("order", 1u32).set(
        "compute_environment",
        reference(format!("aws_batch_compute_environment.{label}.arn")),
    );
    let queue = Block::resource("aws_batch_job_queue", label)
        .set("name", named(plan, label, limit::LONG))
        .set("state", "ENABLED")
        .set("priority", 1u32)
        .block(order);
    vec![environment, queue]
}

fn job_definition(
    plan: &Plan,
    transform: &Transform,
    run: &Run,
    label: &str,
    secrets: &[(String, String, String)],
) -> Block {
    let need = |kind: &str, value: String| object_of! { "type" => kind, "value" => value };
    let memory = run.settings.bytes("memory").unwrap_or(2 << 30) >> 20;
    let vcpu = run.vcpu();
    let variable = |(name, value): (String, String)| object_of! { "name" => name, "value" => value };
    let from = |(name, label, _): &(String, String, String)| {
        object_of! { "name" => name.as_str(), "valueFrom" => secret_arn(label) }
    };
    let log = object_of! {
        "awslogs-group" => reference(format!("aws_cloudwatch_log_group.{label}.name")),
        "awslogs-region" => reference("var.region"),
        "awslogs-stream-prefix" => "container",
    };
    let properties = object_of! {
        "image" => image(plan, transform, run),
        "jobRoleArn" => reference(format!("aws_iam_role.{label}.arn")),
        "executionRoleArn" => reference(format!("aws_iam_role.{label}_start.arn")),
        "resourceRequirements" => Value::List(vec![need("VCPU", vcpu.to_string()), need("MEMORY", memory.to_string())]),
        "environment" => Value::List(run.environment().into_iter().map(variable).collect()),
        "secrets" => Value::List(secrets.iter().map(from).collect()),
        "logConfiguration" => object_of! { "logDriver" => "awslogs", "options" => log },
        "networkConfiguration" => object_of! { "assignPublicIp" => "DISABLED" },
        "fargatePlatformConfiguration" => object_of! { "platformVersion" => "1.4.0" },
        "runtimePlatform" => object_of! { "cpuArchitecture" => "X86_64", "operatingSystemFamily" => "LINUX" },
    };
    let again = NOT_ITS_FAULT.map(|reason| {
        Block::new("evaluate_on_exit")
            .set("action", "RETRY")
            .set("on_status_reason", reason)
    });
    let fault = Block::new("evaluate_on_exit")
        .set("action", "EXIT")
        .set("on_exit_code", "*");
    let seconds = run.timeout_seconds();
    Block::resource("aws_batch_job_definition", label)
        .doc(&format!(
            "The container of {}, made of {}.",
            transform.name,
            source(run)
        ))
        .set("name", named(plan, label, limit::LONG))
        .set("type", "container")
        .set("platform_capabilities", list(["FARGATE"]))
        .set("propagate_tags", true)
        .set("container_properties", call("jsonencode", [properties]))
        .block(
            Block::new("retry_strategy")
                .set("attempts", Run::ATTEMPTS)
                .blocks(again)
                .block(fault),
        )
        .block(Block::new("timeout").set("attempt_duration_seconds", seconds))
}
