//! Requests for uploads of objects: a sender posts what it says of an object, and gets a link that takes this object alone,
//! with these fields, for a few minutes. Knows nothing of what becomes of objects.
//!
//! The bytes go to S3 and through no function, which takes no more than 6 MB. It is an HTTP API, which knows the tokens of
//! identity providers and answers scripts of web pages by itself; bodies are checked by the function, as an HTTP API does not.

use super::naming::{limit, named};
use super::operations::{self, Size};
use super::policy::{KEY, Statement, allow, key_use};
use super::{lake, objects, root};
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::plan::types::TypeKind;
use crate::plan::{Api, ApiAuth, DatasetId, Field, Plan, Source, names};
use crate::{object_of, text_of};

/// The source of the function.
const SOURCE: &str = include_str!("../../stdlib/ops/uploads.py");
/// Where it finds what may be uploaded.
const CONFIGURATION: &str = "ops/uploads.json";
/// How long a link may be used, seconds: a slow line begins in time, and S3 takes what has begun to its end.
const LINK_SECONDS: u32 = 300;
/// The most that S3 takes by one request, bytes.
const LARGEST: u64 = 5 << 30;
/// How long a link takes to be made, as the function's width is reckoned, seconds.
const SIGN_SECONDS: f64 = 0.2;
/// How long a browser remembers what a page may send, seconds.
const REMEMBERED: u32 = 3_600;

/// A source whose objects are uploaded, with how they are asked for, and where they land.
struct Uploaded<'p> {
    source: &'p Source,
    api: &'p Api,
    id: &'p DatasetId,
}

fn uploaded(plan: &Plan) -> Vec<Uploaded<'_>> {
    let all = objects::sources(plan).filter_map(|(source, id)| {
        let api = source.uploads()?;
        Some(Uploaded { source, api, id })
    });
    all.collect()
}

/// What is made for a source is labelled so, by its name.
pub fn label(source: &str) -> String {
    format!("{source}_uploads")
}

/// The function's label, if anything is uploaded.
pub fn function_label(plan: &Plan) -> Option<String> {
    (!uploaded(plan).is_empty()).then(|| operations::label(names::UPLOADS))
}

/// Its source, as a file of the build.
pub fn files(plan: &Plan) -> Option<(String, String)> {
    function_label(plan).map(|_| (names::operations_source(names::UPLOADS), SOURCE.to_owned()))
}

/// The web pages whose scripts may put objects into a zone.
pub fn origins(plan: &Plan, zone: &str) -> Vec<String> {
    let here = uploaded(plan).into_iter().filter(|one| one.id.zone == zone);
    let mut all: Vec<String> = here.flat_map(|one| one.api.origins.iter().cloned()).collect();
    all.sort();
    all.dedup();
    all
}

/// For each source, what metrics call its API.
pub fn apis(plan: &Plan) -> Vec<(&str, Value)> {
    let all = uploaded(plan).into_iter();
    all.map(|one| (one.source.name.as_str(), api_id(one.source))).collect()
}

/// What AWS calls the API that links of a source are asked of.
pub fn api_id(source: &Source) -> Value {
    reference(format!("aws_apigatewayv2_api.{}.id", label(&source.name)))
}

/// Where to ask.
pub fn outputs(plan: &Plan) -> Option<Block> {
    let urls: Vec<_> = uploaded(plan)
        .into_iter()
        .map(|one| {
            let base = reference(format!("aws_apigatewayv2_api.{}.api_endpoint", label(&one.source.name)));
            (one.source.name.clone(), text_of![base, one.api.path.as_str()])
        })
        .collect();
    let described = "Where senders of objects post what they say of each, and get a link to put it by.";
    (!urls.is_empty()).then(|| root::output("uploads", described, object(urls)))
}

/// The function, what it is told, and an API a source.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let all = uploaded(plan);
    if all.is_empty() {
        return vec![];
    }
    let mut out = vec![configuration(&all)];
    let environment = object_of! {
        "CONFIGURATION_BUCKET" => reference("aws_s3_bucket.artifacts.bucket"),
        "CONFIGURATION_KEY" => reference("aws_s3_object.uploads.key"),
        "CONFIGURATION_VERSION" => reference("aws_s3_object.uploads.version_id"),
    };
    let rate: f64 = all.iter().map(|one| one.api.per_second).sum();
    let size = Size {
        memory_mib: 512,
        timeout_seconds: 10,
        at_once: ((rate * SIGN_SECONDS).ceil() as u32).clamp(5, 200),
    };
    let purpose = "Gives senders links to put objects by.";
    out.extend(operations::python(
        plan,
        names::UPLOADS,
        purpose,
        &size,
        environment,
        permissions(&all),
    ));
    out.extend(all.iter().flat_map(|one| api(plan, one)));
    out
}

/// A link may do what its maker may, and no more than it says.
fn permissions(all: &[Uploaded<'_>]) -> Vec<Statement> {
    let folders = all
        .iter()
        .map(|one| lake::objects(&lake::zone_label(&one.id.zone), &names::dataset_prefix(&one.id.name)));
    let configuration = text_of![reference("aws_s3_bucket.artifacts.arn"), format!("/{CONFIGURATION}")];
    vec![
        allow("Upload", &["s3:PutObject"], folders),
        // Of a version that is named: who reads that need not be let read the newest.
        allow("Configuration", &["s3:GetObjectVersion"], [configuration]),
        key_use("Encrypt", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
    ]
}

fn configuration(all: &[Uploaded<'_>]) -> Block {
    let content = object(all.iter().map(|one| (one.source.name.clone(), entry(one))));
    Block::resource("aws_s3_object", "uploads")
        .doc("What may be uploaded, and where it lands.")
        .set("bucket", reference("aws_s3_bucket.artifacts.id"))
        .set("key", CONFIGURATION)
        .set("kms_key_id", reference(KEY))
        .set("content_type", "application/json")
        .set("content", call("jsonencode", [content]))
}

fn entry(one: &Uploaded<'_>) -> Value {
    let bucket = lake::zone_label(&one.id.zone);
    let object = one.source.object();
    let rules = object.and_then(|field| field.object.clone()).unwrap_or_default();
    let beside = one.source.schema.fields.iter().filter(|field| Some(*field) != object);
    object_of! {
        "bucket" => reference(format!("aws_s3_bucket.{bucket}.bucket")),
        "prefix" => names::dataset_prefix(&one.id.name),
        "day_column" => names::ARRIVAL_DAY,
        "object" => object.map_or("", |field| field.column.name.as_str()),
        "types" => list(&rules.types),
        "max" => rules.max_bytes.unwrap_or(LARGEST),
        "seconds" => LINK_SECONDS,
        "fields" => list(beside.map(said)),
    }
}

/// What a sender may say in a field.
fn said(field: &Field) -> Value {
    let ty = &field.column.ty;
    let values = match &ty.kind {
        TypeKind::Enum { variants, .. } => list(variants),
        _ => Value::Null,
    };
    object_of! {
        "name" => field.column.name.as_str(),
        "kind" => ty.kind.table_word(),
        "values" => values,
        "absent" => ty.optional || field.default.is_some(),
    }
}

fn api(plan: &Plan, one: &Uploaded<'_>) -> Vec<Block> {
    let Uploaded { source, api, .. } = one;
    let label = label(&source.name);
    let function = operations::label(names::UPLOADS);
    let part = |kind: &str| {
        Block::resource(&format!("aws_apigatewayv2_{kind}"), &label)
            .set("api_id", reference(format!("aws_apigatewayv2_api.{label}.id")))
    };
    let entrance = Block::resource("aws_apigatewayv2_api", &label)
        .doc(&format!("Takes requests for uploads of {}.", source.name))
        .set("name", named(plan, &label, limit::LONG))
        .set("protocol_type", "HTTP")
        .blocks((!api.origins.is_empty()).then(|| cors(api)));
    let integration = part("integration")
        .set("integration_type", "AWS_PROXY")
        .set("integration_method", "POST")
        .set(
            "integration_uri",
            reference(format!("aws_lambda_function.{function}.invoke_arn")),
        )
        .set("payload_format_version", "2.0")
        .set("timeout_milliseconds", 12_000u32);
    let permission = Block::resource("aws_lambda_permission", &label)
        .set(
            "function_name",
            reference(format!("aws_lambda_function.{function}.function_name")),
        )
        .set("action", "lambda:InvokeFunction")
        .set("principal", "apigateway.amazonaws.com")
        .set(
            "source_arn",
            text_of![
                reference(format!("aws_apigatewayv2_api.{label}.execution_arn")),
                format!("/*/POST{}", api.path)
            ],
        )
        .set("source_account", reference("local.account"));
    let mut out = vec![entrance];
    out.extend(authorizer(api, part("authorizer")));
    out.extend([integration, route(api, &label, part("route")), permission]);
    out.push(lake::log_group(
        plan,
        &format!("{label}_access"),
        text_of!["/aws/vendedlogs/apis/", named(plan, &label, limit::LONG)],
    ));
    out.push(stage(source, api, &label, part("stage")));
    out
}

/// What scripts of web pages may send.
fn cors(api: &Api) -> Block {
    Block::new("cors_configuration")
        .set("allow_origins", list(&api.origins))
        .set("allow_methods", list(["POST"]))
        .set("allow_headers", list(["authorization", "content-type"]))
        .set("max_age", REMEMBERED)
}

fn authorizer(api: &Api, part: Block) -> Option<Block> {
    let ApiAuth::Jwt { issuer, audience } = &api.auth else {
        return None;
    };
    let tokens = Block::new("jwt_configuration")
        .set("audience", list([audience]))
        .set("issuer", issuer.as_str());
    Some(
        part.set("name", "tokens")
            .set("authorizer_type", "JWT")
            .set("identity_sources", list(["$request.header.Authorization"]))
            .block(tokens),
    )
}

fn route(api: &Api, label: &str, part: Block) -> Block {
    let by_token = matches!(api.auth, ApiAuth::Jwt { .. });
    let authorization = match api.auth {
        ApiAuth::Jwt { .. } => "JWT",
        ApiAuth::Iam => "AWS_IAM",
        ApiAuth::Key | ApiAuth::Public => "NONE",
    };
    part.when(api.auth == ApiAuth::Public, |block| {
        block.skip("CKV_AWS_309", "`auth = public`: everyone may send")
    })
    .set("route_key", format!("POST {}", api.path))
    .set(
        "target",
        text_of![
            "integrations/",
            reference(format!("aws_apigatewayv2_integration.{label}.id"))
        ],
    )
    .set("authorization_type", authorization)
    .when(by_token, |block| {
        block.set(
            "authorizer_id",
            reference(format!("aws_apigatewayv2_authorizer.{label}.id")),
        )
    })
}

fn stage(source: &Source, api: &Api, label: &str, part: Block) -> Block {
    let format = [
        ("requestId", "$context.requestId"),
        ("at", "$context.requestTime"),
        ("status", "$context.status"),
        ("error", "$context.error.message"),
        ("integration", "$context.integration.status"),
        ("length", "$context.responseLength"),
    ];
    let format = object(format.map(|(name, value)| (name.to_string(), Value::from(value))));
    part.set("name", "$default")
        .set("auto_deploy", true)
        .note("The function serves all sources: the API says which, and no sender can.")
        .set("stage_variables", object_of! { "source" => source.name.as_str() })
        .block(
            Block::new("access_log_settings")
                .set(
                    "destination_arn",
                    reference(format!("aws_cloudwatch_log_group.{label}_access.arn")),
                )
                .set("format", call("jsonencode", [format])),
        )
        .block(
            Block::new("default_route_settings")
                .set("detailed_metrics_enabled", true)
                .set("throttling_rate_limit", api.per_second)
                .set("throttling_burst_limit", api.burst),
        )
}
