//! Requests over HTTPS that become records of a stream, of Kinesis or of Firehose: checked against the schema, limited, logged. Knows nothing of what
//! reads the stream.

use serde_json::{Map, Value as Json, json};

use super::naming::{limit, named};
use super::policy::{allow, key_use, own, role, trust};
use super::{firehose, kinesis, lake, root};
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::plan::types::{Type, TypeKind};
use crate::plan::{Api, ApiAuth, Plan, Schema, Source};
use crate::text_of;

/// The one stage of each API.
const STAGE: &str = "live";
/// The role that writes the logs of all APIs of an account.
const LOGGER: &str = "api_gateway_logs";
const MANAGE: &str = "manage_api_gateway_account";

fn sources(plan: &Plan) -> impl Iterator<Item = (&Source, &Api)> {
    plan.sources
        .iter()
        .filter(|source| source.uploads().is_none())
        .filter_map(|source| Some((source, source.api.as_ref()?)))
}

/// What is made for a source is labelled so, by its name.
pub fn label(source: &str) -> String {
    format!("{source}_api")
}

/// What is decided at deployment.
pub fn variables(plan: &Plan) -> Option<Block> {
    sources(plan).next().filter(|_| plan.account.is_none())?;
    let block = root::variable(
        MANAGE,
        "Whether this stack says which role API Gateway writes logs with, which exists once in an account and region. Set it to false where another stack says it.",
        "bool",
    );
    Some(block.set("default", true))
}

/// Where to send.
pub fn outputs(plan: &Plan) -> Vec<Block> {
    let urls: Vec<_> = sources(plan)
        .map(|(source, api)| {
            let stage = reference(format!("aws_api_gateway_stage.{}.invoke_url", label(&source.name)));
            (source.name.clone(), text_of![stage, api.path.as_str()])
        })
        .collect();
    if urls.is_empty() {
        return vec![];
    }
    let mut out = vec![root::output(
        "endpoints",
        "Where senders post records to.",
        object(urls),
    )];
    let plans: Vec<_> = sources(plan)
        .filter(|(_, api)| api.auth == ApiAuth::Key)
        .map(|(source, _)| {
            let id = reference(format!("aws_api_gateway_usage_plan.{}.id", label(&source.name)));
            (source.name.clone(), id)
        })
        .collect();
    if !plans.is_empty() {
        out.push(root::output(
            "usage_plans",
            "What the key of each sender is added to.",
            object(plans),
        ));
    }
    out
}

/// For each source, what metrics call its API and its stage.
pub fn names(plan: &Plan) -> impl Iterator<Item = (&str, Value, Value)> {
    sources(plan).map(|(source, _)| {
        let api = reference(format!("aws_api_gateway_rest_api.{}.name", label(&source.name)));
        (source.name.as_str(), api, STAGE.into())
    })
}

/// All of them.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for (source, api) in sources(plan) {
        out.extend(one(plan, source, api));
    }
    if !out.is_empty() {
        let count = reference(format!("var.{MANAGE} ? 1 : 0"));
        out.extend(
            plan.account
                .is_none()
                .then(|| logger(plan, Some(&count)))
                .into_iter()
                .flatten(),
        );
    }
    out
}

/// What a stage waits for: API Gateway refuses one with logs where no role writes them.
fn logged(plan: &Plan) -> impl Iterator<Item = Value> {
    let told = plan
        .account
        .is_none()
        .then(|| reference("aws_api_gateway_account.account"));
    told.into_iter()
}

/// Whether there are any that write logs.
pub fn any(plan: &Plan) -> bool {
    sources(plan).next().is_some()
}

/// Logs of APIs are written with a role that an account has once, in any of its groups; `count` says whether it is told.
pub fn logger(plan: &Plan, count: Option<&Value>) -> Vec<Block> {
    let statements = vec![allow(
        "Log",
        &[
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
        ],
        [own("logs", "log-group:*")],
    )];
    let trusted = trust("apigateway.amazonaws.com", None);
    let mut out = role(
        LOGGER,
        named(plan, LOGGER, limit::SIXTY_FOUR),
        "Writes the logs of this account's APIs",
        trusted,
        statements,
    )
    .to_vec();
    let account = Block::resource("aws_api_gateway_account", "account");
    let account = match count {
        Some(count) => account.set("count", count.clone()),
        None => account,
    };
    out.push(
        account
            .set("cloudwatch_role_arn", reference(format!("aws_iam_role.{LOGGER}.arn")))
            .set("depends_on", vec![reference(format!("aws_iam_role_policy.{LOGGER}"))]),
    );
    out
}

fn one(plan: &Plan, source: &Source, api: &Api) -> Vec<Block> {
    let label = label(&source.name);
    let rest = Block::resource("aws_api_gateway_rest_api", &label)
        .doc(&format!("Takes records of {}, one a request.", source.name))
        .set("name", named(plan, &label, limit::LONG))
        .block(Block::new("endpoint_configuration").set("types", list(["REGIONAL"])))
        .block(Block::new("lifecycle").set("create_before_destroy", true));
    let mut out = vec![rest, model(source, &label), validator(&label)];
    let parts: Vec<&str> = api.path.split('/').filter(|part| !part.is_empty()).collect();
    for (at, part) in parts.iter().enumerate() {
        let parent = match at {
            0 => reference(format!("aws_api_gateway_rest_api.{label}.root_resource_id")),
            _ => reference(format!("aws_api_gateway_resource.{}.id", place(&label, at))),
        };
        let block = part_of(&label, "aws_api_gateway_resource", &place(&label, at + 1));
        out.push(block.set("parent_id", parent).set("path_part", *part));
    }
    let resource = match parts.len() {
        0 => reference(format!("aws_api_gateway_rest_api.{label}.root_resource_id")),
        count => reference(format!("aws_api_gateway_resource.{}.id", place(&label, count))),
    };
    out.extend(method(source, api, &label, &resource));
    out.extend(sender(plan, source, &label));
    out.extend(stage(plan, api, &label));
    out
}

/// The label of the first parts of a path.
fn place(label: &str, count: usize) -> String {
    format!("{label}_{count}")
}

fn part_of(label: &str, kind: &str, own: &str) -> Block {
    Block::resource(kind, own).set("rest_api_id", reference(format!("aws_api_gateway_rest_api.{label}.id")))
}

fn validator(label: &str) -> Block {
    part_of(label, "aws_api_gateway_request_validator", label)
        .set("name", "body")
        .set("validate_request_body", true)
        .set("validate_request_parameters", true)
}

fn method(source: &Source, api: &Api, label: &str, resource: &Value) -> Vec<Block> {
    let of = |kind: &str, own: &str| {
        part_of(label, kind, own)
            .set("resource_id", resource.clone())
            .set("http_method", "POST")
    };
    let authorization = match api.auth {
        ApiAuth::Iam => "AWS_IAM",
        // Tokens are for uploads alone.
        ApiAuth::Key | ApiAuth::Public | ApiAuth::Jwt { .. } => "NONE",
    };
    let method = of("aws_api_gateway_method", label)
        .when(api.auth == ApiAuth::Public, |block| {
            block.skip("CKV_AWS_59", "`auth = public`: everyone may send")
        })
        .set("authorization", authorization)
        .set("api_key_required", api.auth == ApiAuth::Key)
        .set(
            "request_validator_id",
            reference(format!("aws_api_gateway_request_validator.{label}.id")),
        )
        .set(
            "request_models",
            object([(
                "application/json".to_string(),
                reference(format!("aws_api_gateway_model.{label}.name")),
            )]),
        );
    let action = match source.gathered() {
        Some(_) => ":firehose:action/PutRecord",
        None => ":kinesis:action/PutRecord",
    };
    let uri = text_of![
        "arn:",
        reference("local.partition"),
        ":apigateway:",
        reference("var.region"),
        action
    ];
    let integration = of("aws_api_gateway_integration", label)
        .set("type", "AWS")
        .set("integration_http_method", "POST")
        .set("uri", uri)
        .set("credentials", reference(format!("aws_iam_role.{label}.arn")))
        .set("passthrough_behavior", "NEVER")
        .set(
            "request_parameters",
            object([(
                "integration.request.header.Content-Type".to_string(),
                "'application/x-amz-json-1.1'".into(),
            )]),
        )
        .set(
            "request_templates",
            object([("application/json".to_string(), template(source))]),
        )
        .set("depends_on", vec![reference(format!("aws_api_gateway_method.{label}"))]);
    let mut out = vec![method, integration];
    // What the stream does not take, for whatever reason, its sender has to send again.
    let answers = [
        ("202", None, r#"{"accepted": 1}"#),
        (
            "503",
            Some("[45]\\d{2}"),
            r#"{"message": "not delivered: send it again"}"#,
        ),
    ];
    for (status, pattern, body) in answers {
        let own = format!("{label}_{status}");
        out.push(
            of("aws_api_gateway_method_response", &own)
                .set("status_code", status)
                .set("depends_on", vec![reference(format!("aws_api_gateway_method.{label}"))]),
        );
        let answer = of("aws_api_gateway_integration_response", &own).set("status_code", status);
        let answer = match pattern {
            Some(pattern) => answer.set("selection_pattern", pattern),
            None => answer,
        };
        let texts = object([("application/json".to_string(), Value::from(body))]);
        out.push(answer.set("response_templates", texts).set(
            "depends_on",
            vec![
                reference(format!("aws_api_gateway_integration.{label}")),
                reference(format!("aws_api_gateway_method_response.{own}")),
            ],
        ));
    }
    out
}

/// The record as it came; of a stream of Kinesis by the text of its key, and without one by the request.
fn template(source: &Source) -> Value {
    if source.gathered().is_some() {
        return text_of![
            "{\"DeliveryStreamName\": \"",
            delivery(source, "name"),
            "\", \"Record\": {\"Data\": \"$util.base64Encode($input.body)\"}}"
        ];
    }
    let key = source.kinesis().partition_key.as_ref();
    let path = key.map_or_else(|| "$.".to_owned(), |key| format!("$.{key}"));
    let found = match key {
        Some(_) => format!("#set($key = $util.escapeJavaScript($input.path('{path}')).replaceAll(\"\\\\'\", \"'\"))"),
        None => "#set($key = '')".to_owned(),
    };
    text_of![
        found,
        "\n#if($key == '')#set($key = $context.requestId)#end\n{\"StreamName\": \"",
        reference(format!("{}.name", kinesis::address(source))),
        "\", \"Data\": \"$util.base64Encode($input.body)\", \"PartitionKey\": \"$key\"}"
    ]
}

/// What is known of the delivery stream that lands a source.
fn delivery(source: &Source, attribute: &str) -> Value {
    let label = firehose::landing_label(&source.name);
    reference(format!("aws_kinesis_firehose_delivery_stream.{label}.{attribute}"))
}

fn sender(plan: &Plan, source: &Source, label: &str) -> [Block; 2] {
    let statements = match source.gathered() {
        Some(_) => vec![allow("Put", &["firehose:PutRecord"], [delivery(source, "arn")])],
        None => vec![
            allow(
                "Put",
                &["kinesis:PutRecord"],
                [reference(format!("{}.arn", kinesis::address(source)))],
            ),
            key_use("Encrypt", &["kms:GenerateDataKey"], "kinesis"),
        ],
    };
    role(
        label,
        named(plan, label, limit::SIXTY_FOUR),
        &format!("Puts requests on the stream of {}", source.name),
        trust("apigateway.amazonaws.com", None),
        statements,
    )
}

fn stage(plan: &Plan, api: &Api, label: &str) -> Vec<Block> {
    let rest = || reference(format!("aws_api_gateway_rest_api.{label}.id"));
    let made_of = ["integration", "method", "model", "request_validator"]
        .map(|kind| reference(format!("aws_api_gateway_{kind}.{label}")));
    let answers =
        ["202", "503"].map(|status| reference(format!("aws_api_gateway_integration_response.{label}_{status}")));
    let all = made_of.into_iter().chain(answers);
    let hash = call("sha1", [call("jsonencode", [Value::List(all.collect())])]);
    let access = text_of!["/aws/apigateway/", named(plan, label, limit::LONG)];
    let executions = text_of!["API-Gateway-Execution-Logs_", rest(), format!("/{STAGE}")];
    let format = [
        ("requestId", "$context.requestId"),
        ("at", "$context.requestTime"),
        ("status", "$context.status"),
        ("error", "$context.error.messageString"),
        ("integration", "$context.integration.status"),
        ("length", "$context.requestLength"),
    ];
    let format = object(format.map(|(name, value)| (name.to_string(), Value::from(value))));
    let live = || reference(format!("aws_api_gateway_stage.{label}.stage_name"));
    let mut out = vec![
        lake::log_group(plan, &format!("{label}_access"), access),
        lake::log_group(plan, &format!("{label}_executions"), executions),
        part_of(label, "aws_api_gateway_deployment", label)
            .note("What is served changes only by a new deployment.")
            .set("triggers", object([("served".to_string(), hash)]))
            .block(Block::new("lifecycle").set("create_before_destroy", true)),
        part_of(label, "aws_api_gateway_stage", label)
            .skip(
                "CKV_AWS_120",
                "requests bring rows: an answer from a cache would lose them",
            )
            .skip(
                "CKV2_AWS_51",
                "senders prove who they are as `auth` says, not by certificates",
            )
            .skip(
                "CKV2_AWS_29",
                "`firewall` is not asked for: bodies are checked by the schema, and the rate is limited",
            )
            .set(
                "deployment_id",
                reference(format!("aws_api_gateway_deployment.{label}.id")),
            )
            .set("stage_name", STAGE)
            .set("xray_tracing_enabled", true)
            .block(
                Block::new("access_log_settings")
                    .set(
                        "destination_arn",
                        reference(format!("aws_cloudwatch_log_group.{label}_access.arn")),
                    )
                    .set("format", call("jsonencode", [format])),
            )
            .set(
                "depends_on",
                logged(plan)
                    .chain([reference(format!("aws_cloudwatch_log_group.{label}_executions"))])
                    .collect::<Vec<_>>(),
            ),
        part_of(label, "aws_api_gateway_method_settings", label)
            .skip(
                "CKV_AWS_225",
                "requests bring rows: an answer from a cache would lose them",
            )
            .set("stage_name", live())
            .set("method_path", "*/*")
            .block(
                Block::new("settings")
                    .set("metrics_enabled", true)
                    .set("logging_level", "ERROR")
                    .note("Bodies are rows: none is logged.")
                    .set("data_trace_enabled", false)
                    .set("throttling_rate_limit", api.per_second)
                    .set("throttling_burst_limit", api.burst),
            ),
    ];
    if api.auth == ApiAuth::Key {
        let stages = Block::new("api_stages").set("api_id", rest()).set("stage", live());
        let throttle = Block::new("throttle_settings")
            .set("rate_limit", api.per_second)
            .set("burst_limit", api.burst);
        out.push(
            Block::resource("aws_api_gateway_usage_plan", label)
                .doc("Keys are made by hand, one a sender, and added to this: in Terraform they would stand in its state.")
                .set("name", named(plan, label, limit::LONG))
                .block(stages)
                .block(throttle),
        );
    }
    out
}

fn model(source: &Source, label: &str) -> Block {
    let letters: String = source.schema.name.chars().filter(char::is_ascii_alphanumeric).collect();
    part_of(label, "aws_api_gateway_model", label)
        .set(
            "name",
            if letters.is_empty() {
                "Record".to_owned()
            } else {
                letters
            },
        )
        .set("content_type", "application/json")
        .set("schema", call("jsonencode", [value(&schema(&source.schema))]))
}

/// What a body must be: a first look, which turns away nothing that the function behind it would take.
fn schema(schema: &Schema) -> Json {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in &schema.fields {
        let ty = &field.column.ty;
        let absent = ty.optional || field.default.is_some();
        properties.insert(field.column.name.clone(), type_of(ty, absent));
        if !absent {
            required.push(field.column.name.clone());
        }
    }
    let mut out = Map::new();
    out.insert("$schema".into(), "http://json-schema.org/draft-04/schema#".into());
    out.insert("title".into(), schema.name.clone().into());
    out.insert("type".into(), "object".into());
    out.insert("properties".into(), properties.into());
    // Draft 4 has no empty list here.
    if !required.is_empty() {
        out.insert("required".into(), required.into());
    }
    out.into()
}

fn type_of(ty: &Type, absent: bool) -> Json {
    let mut kinds: Vec<&str> = match &ty.kind {
        TypeKind::Bool => vec!["boolean"],
        TypeKind::Int | TypeKind::Decimal { .. } | TypeKind::Float => vec!["number", "string"],
        TypeKind::List(_) => vec!["array"],
        TypeKind::Map(_) | TypeKind::Struct(_) => vec!["object"],
        TypeKind::Json => return json!({}),
        _ => vec!["string", "number"],
    };
    if absent {
        kinds.push("null");
    }
    json!({"type": kinds})
}

fn value(json: &Json) -> Value {
    match json {
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(entries) => object(entries.iter().map(|(key, held)| (key.clone(), value(held)))),
        Json::String(text) => text.into(),
        Json::Bool(held) => (*held).into(),
        Json::Number(number) => Value::Number(number.to_string()),
        Json::Null => Value::Null,
    }
}
