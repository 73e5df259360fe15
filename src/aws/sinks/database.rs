//! Sinks in databases that are there: PostgreSQL.

use std::collections::BTreeSet;

use super::{any_key, label, sid};
use crate::aws::policy::{Statement, allow};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::{Plan, Postgres, Sink, To, stream_functions};

fn authority_label(sink: &Sink) -> String {
    format!("{}_authority", label(sink))
}

/// The ARN of the secret that holds the login.
pub fn credentials(sink: &Sink) -> Value {
    reference(format!("data.aws_secretsmanager_secret.{}.arn", label(sink)))
}

/// The ARN of the secret that is the certificate of the authority.
pub fn authority(sink: &Sink) -> Value {
    reference(format!("data.aws_secretsmanager_secret.{}.arn", authority_label(sink)))
}

/// The secrets, which are there.
pub fn secrets(sink: &Sink) -> Vec<Block> {
    let To::Postgres(postgres) = &sink.to else {
        return vec![];
    };
    let secret = |label: &str, name: &str| Block::data("aws_secretsmanager_secret", label).set("name", name);
    let login = secret(&label(sink), &postgres.credentials);
    let authority = postgres
        .authority
        .as_ref()
        .map(|name| secret(&authority_label(sink), name));
    std::iter::once(login).chain(authority).collect()
}

/// Reading the secrets.
pub fn login(sink: &Sink, postgres: &Postgres) -> Vec<Statement> {
    let secrets = || {
        let authority = postgres.authority.as_ref().map(|_| authority(sink));
        std::iter::once(credentials(sink)).chain(authority)
    };
    let context = ("kms:EncryptionContext:SecretARN", Value::List(secrets().collect()));
    vec![
        allow(&sid("Login", sink), &["secretsmanager:GetSecretValue"], secrets()),
        any_key(
            &sid("DecryptLogin", sink),
            &["kms:Decrypt"],
            "secretsmanager",
            Some(context),
        ),
    ]
}

/// The ports of databases that functions write, each once: what a security group has to let out.
pub fn ports(plan: &Plan) -> BTreeSet<u16> {
    let functions = stream_functions(plan);
    let sinks = functions.iter().flat_map(|function| super::of_function(plan, function));
    let ports = sinks.filter_map(|sink| match &sink.to {
        To::Postgres(postgres) => Some(postgres.port),
        _ => None,
    });
    ports.collect()
}
