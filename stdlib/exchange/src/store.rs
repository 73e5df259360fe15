//! The folder of a run in S3, reached as the task's role.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::{Client, Config};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::Builder;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Whom TLS trusts, brought along: the program's image may have no list of its own.
const AUTHORITIES: &str = "/pipec/authorities.pem";
/// Where ECS gives a task the credentials of its role.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html>
const METADATA: &str = "169.254.170.2:80";

/// A folder of a bucket.
pub struct Store {
    bucket: String,
    prefix: String,
}

impl Store {
    /// `s3://BUCKET/FOLDER/`
    pub fn of(url: &str) -> Result<Store, Error> {
        let path = url.strip_prefix("s3://").and_then(|path| path.split_once('/'));
        let (bucket, prefix) = path.ok_or_else(|| format!("{url} is no folder in S3"))?;
        Ok(Store { bucket: bucket.to_owned(), prefix: prefix.trim_end_matches('/').to_owned() })
    }

    /// The keys below a folder, in order.
    pub async fn list(&self, below: &str) -> Result<Vec<String>, Error> {
        let client = client()?;
        let mut keys = Vec::new();
        let mut pages = client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(format!("{}/{below}", self.prefix))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| explained("list", below, &error))?;
            keys.extend(page.contents().iter().filter_map(|object| object.key()).map(str::to_owned));
        }
        Ok(keys)
    }

    /// An object's bytes. Credentials are asked for each: those of a task change as it runs.
    pub async fn get(&self, key: &str) -> Result<ByteStream, Error> {
        let request = client()?.get_object().bucket(&self.bucket).key(key);
        let answer = request.send().await.map_err(|error| explained("read", key, &error))?;
        Ok(answer.body)
    }

    /// Leaves an object in the folder.
    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let key = format!("{}/{name}", self.prefix);
        let request = client()?.put_object().bucket(&self.bucket).key(&key).body(ByteStream::from(bytes));
        request.send().await.map_err(|error| explained("write", &key, &error))?;
        Ok(())
    }

    /// Takes an object away.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        let request = client()?.delete_object().bucket(&self.bucket).key(key);
        request.send().await.map_err(|error| explained("delete", key, &error))?;
        Ok(())
    }
}

fn explained(what: &str, key: &str, error: &dyn std::error::Error) -> Error {
    format!("S3 did not {what} {key}: {}", DisplayErrorContext(error)).into()
}

/// A setting of the deployment.
pub fn setting(name: &str) -> Result<String, Error> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => Err(format!("the environment variable {name} is not set").into()),
    }
}

fn client() -> Result<Client, Error> {
    let trusted = match std::fs::read(AUTHORITIES) {
        Ok(pem) => TrustStore::empty().with_pem_certificate(pem),
        Err(_) => TrustStore::default(),
    };
    let tls = TlsContext::builder().with_trust_store(trusted).build()?;
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls).build_https();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .region(Region::new(setting("AWS_REGION")?))
        .credentials_provider(credentials()?);
    let config = match setting("AWS_ENDPOINT_URL_S3").or_else(|_| setting("AWS_ENDPOINT_URL")) {
        // Another place than AWS has no names of hosts for buckets.
        Ok(url) => config.endpoint_url(url).force_path_style(true),
        Err(_) => config,
    };
    Ok(Client::from_conf(config.build()))
}

/// Those of the task's role; outside of ECS, those of the environment.
fn credentials() -> Result<Credentials, Error> {
    let Ok(path) = setting("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") else {
        let (id, secret) = (setting("AWS_ACCESS_KEY_ID")?, setting("AWS_SECRET_ACCESS_KEY")?);
        return Ok(Credentials::new(id, secret, setting("AWS_SESSION_TOKEN").ok(), None, "environment"));
    };
    let told: serde_json::Value = serde_json::from_slice(&asked(METADATA, &path)?)?;
    let text = |name: &str| told[name].as_str().map(str::to_owned).ok_or(format!("the task's role has no {name}"));
    Ok(Credentials::new(text("AccessKeyId")?, text("SecretAccessKey")?, Some(text("Token")?), None, "task"))
}

/// The body of an answer over plain HTTP, from the machine itself.
fn asked(host: &str, path: &str) -> Result<Vec<u8>, Error> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let start = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or("the task's role gave no answer")?;
    if !answer.starts_with(b"HTTP/1.0 200") && !answer.starts_with(b"HTTP/1.1 200") {
        return Err("the task's role gave no credentials".into());
    }
    Ok(answer.split_off(start + 4))
}
