//! What tells a platform to OpenMetadata: a function that Terraform asks whenever there is something else to tell. Knows
//! nothing of what is told.

use super::channels;
use super::operations::{self, Size};
use super::policy::{KEY, Statement, allow, key_use};
use crate::emit::hcl::{Block, Value, call, object, reference};
use crate::emit::openmetadata::PATH;
use crate::plan::{Files, OpenMetadata, Plan, names};
use crate::{object_of, text_of};

const SOURCE: &str = include_str!("../../stdlib/ops/tell_catalog.py");
const LABEL: &str = "open-metadata";
/// Requests to the server come one after the other: a thousand tables take some minutes.
const SIZE: Size = Size {
    memory_mib: 256,
    timeout_seconds: 900,
    at_once: 1,
};

/// The function, what it tells, and that it is asked to.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let Some(server) = plan.pipeline.open_metadata() else {
        return vec![];
    };
    let mut out = function(plan, server);
    let file = || text_of![reference("path.module"), "/../", PATH];
    out.push(
        Block::resource("aws_s3_object", LABEL)
            .doc("What OpenMetadata is told.")
            .set("bucket", reference("aws_s3_bucket.artifacts.id"))
            .set("key", PATH)
            .set("source", file())
            .set("source_hash", call("filemd5", [file()]))
            .set("kms_key_id", reference(KEY)),
    );
    let label = operations::label(names::TELL_CATALOG);
    let of = |attribute: &str| reference(format!("aws_s3_object.{LABEL}.{attribute}"));
    let input = object_of! { "bucket" => of("bucket"), "key" => of("key"), "version" => of("source_hash") };
    out.push(
        Block::resource("aws_lambda_invocation", LABEL)
            .doc("Tells all of it, whenever any of it is another.")
            .set(
                "function_name",
                reference(format!("aws_lambda_function.{label}.function_name")),
            )
            .set("input", call("jsonencode", [input])),
    );
    out
}

fn function(plan: &Plan, server: &OpenMetadata) -> Vec<Block> {
    let object_arn = text_of![reference("aws_s3_bucket.artifacts.arn"), "/", PATH];
    let mut statements: Vec<Statement> = vec![
        allow("Catalog", &["s3:GetObject"], [object_arn]),
        key_use("DecryptCatalog", &["kms:Decrypt"], "s3"),
    ];
    let mut environment: Vec<(String, Value)> = vec![
        ("DATABASES".into(), reference("local.database_prefix")),
        ("ENDPOINT".into(), server.endpoint.as_str().into()),
        ("PLATFORM".into(), reference("local.prefix")),
    ];
    let mut out = vec![];
    if let Some(token) = &server.token {
        let label = format!("{LABEL}-token");
        let arn = reference(format!("data.aws_secretsmanager_secret.{label}.arn"));
        out.push(Block::data("aws_secretsmanager_secret", &label).set("name", token.as_str()));
        environment.push(("TOKEN".into(), arn.clone()));
        statements.extend(channels::opens(arn));
    }
    out.extend(operations::python(
        plan,
        names::TELL_CATALOG,
        "Tells OpenMetadata what the platform has.",
        &SIZE,
        object(environment),
        statements,
    ));
    out
}

/// The port that it listens on, where functions reach it from inside of a network.
pub fn port(plan: &Plan) -> Option<u32> {
    plan.pipeline.open_metadata().map(OpenMetadata::port)
}

/// The function's source, as a file of the build.
pub fn files(plan: &Plan) -> Files {
    let file = || (names::operations_source(names::TELL_CATALOG), SOURCE.to_owned());
    plan.pipeline.open_metadata().map(|_| file()).into_iter().collect()
}
