//! What a function finds around it: settings in the environment, clients, the platform's secret.

use std::time::Duration;

use aws_sdk_firehose::config::retry::RetryConfig;
use aws_sdk_firehose::config::timeout::TimeoutConfig;
use aws_sdk_firehose::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, tls::Provider};
use pipec_runtime::functions::PseudonymKey;
use pipec_runtime::json::{Object, Raw};

use crate::{Error, names};

/// What a function finds around it.
#[derive(Debug)]
pub struct Aws {
    /// Delivers.
    pub firehose: aws_sdk_firehose::Client,
    /// The function's full name.
    pub function: String,
    http: SharedHttpClient,
}

impl Aws {
    /// Reads the environment that Lambda and the deployment set.
    pub fn from_environment() -> Result<Self, Error> {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let config = aws_sdk_firehose::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(http.clone())
            .region(Region::new(setting("AWS_REGION")?))
            .credentials_provider(credentials()?)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts());
        let config = match endpoint("AWS_ENDPOINT_URL_FIREHOSE") {
            Some(url) => config.endpoint_url(url),
            None => config,
        };
        Ok(Aws {
            firehose: aws_sdk_firehose::Client::from_conf(config.build()),
            function: setting("AWS_LAMBDA_FUNCTION_NAME")?,
            http,
        })
    }

    /// A client of DynamoDB.
    #[cfg(feature = "state")]
    pub fn dynamodb(&self) -> Result<aws_sdk_dynamodb::Client, Error> {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(self.http.clone())
            .region(Region::new(setting("AWS_REGION")?))
            .credentials_provider(credentials()?)
            .timeout_config(timeouts());
        let config = match endpoint("AWS_ENDPOINT_URL_DYNAMODB") {
            Some(url) => config.endpoint_url(url),
            None => config,
        };
        Ok(aws_sdk_dynamodb::Client::from_conf(config.build()))
    }

    /// A client of S3.
    #[cfg(any(feature = "lookup", feature = "objects"))]
    pub fn s3(&self) -> Result<aws_sdk_s3::Client, Error> {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(self.http.clone())
            .region(Region::new(setting("AWS_REGION")?))
            .credentials_provider(credentials()?)
            .timeout_config(timeouts());
        let config = match endpoint("AWS_ENDPOINT_URL_S3") {
            // Another place than AWS has no names of hosts for buckets.
            Some(url) => config.endpoint_url(url).force_path_style(true),
            None => config,
        };
        Ok(aws_sdk_s3::Client::from_conf(config.build()))
    }

    /// The key of pseudonyms: the text of the platform's secret.
    pub async fn pseudonym_key(&self) -> Result<PseudonymKey, Error> {
        let text = self.secret(&setting(names::PSEUDONYM_SECRET)?).await?;
        Ok(PseudonymKey::new(text.as_bytes()))
    }

    /// The text of a secret.
    pub async fn secret(&self, id: &str) -> Result<String, Error> {
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(self.http.clone())
            .region(Region::new(setting("AWS_REGION")?))
            .credentials_provider(credentials()?)
            .timeout_config(timeouts());
        let config = match endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER") {
            Some(url) => config.endpoint_url(url),
            None => config,
        };
        let client = aws_sdk_secretsmanager::Client::from_conf(config.build());
        let answer = client.get_secret_value().secret_id(id).send().await.map_err(|error| {
            let code = aws_sdk_secretsmanager::error::ProvideErrorMetadata::code(&error).unwrap_or("no answer");
            format!(
                "the secret `{id}` cannot be read ({code}): give it a value with `aws secretsmanager \
                 put-secret-value --secret-id {id} --secret-string …`, and let the function's role read it"
            )
        })?;
        match answer.secret_string() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(format!(
                "the secret `{id}` is empty: give it a value with `aws secretsmanager put-secret-value \
                 --secret-id {id} --secret-string …`"
            )
            .into()),
        }
    }
}

/// A setting of the deployment.
pub fn setting(name: &str) -> Result<String, Error> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => Err(format!("the environment variable {name} is not set").into()),
    }
}

/// A param of the platform, which the deployment sets as JSON.
///
/// # Errors
/// Where it is not set, or none of its type; what is in it is not said, but by its name.
pub fn param<T>(name: &str, variable: &str, ty: &str, decode: impl Fn(Raw<'_>) -> Option<T>) -> Result<T, Error> {
    let text = std::env::var(variable)
        .map_err(|_| format!("the param `{name}` is not set: the environment variable {variable} brings it"))?;
    let wrapped = format!("{{\"value\":{text}}}");
    let read = || {
        let mut object = Object::new(wrapped.as_bytes()).ok()?;
        let mut found = None;
        while let Some((_, value)) = object.field().ok()? {
            found = value.map(&decode);
        }
        found.flatten()
    };
    read().ok_or_else(|| format!("the param `{name}` is not {ty}: look at the environment variable {variable}").into())
}

/// Another place than AWS, for tests: the service's own variable, then that of all services.
pub(crate) fn endpoint(name: &str) -> Option<String> {
    setting(name).or_else(|_| setting("AWS_ENDPOINT_URL")).ok()
}

/// Lambda sets the role's credentials, which live longer than the sandbox.
pub(crate) fn credentials() -> Result<Credentials, Error> {
    let (id, secret) = (setting("AWS_ACCESS_KEY_ID")?, setting("AWS_SECRET_ACCESS_KEY")?);
    Ok(Credentials::new(id, secret, setting("AWS_SESSION_TOKEN").ok(), None, "environment"))
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(10))
        .build()
}
