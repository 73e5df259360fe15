//! Requests to services of AWS that have no client of their own here: signed, and answered with a status and a text.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::http::Request;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::Answer;
use crate::Error;
use crate::aws::{credentials, endpoint, setting};

/// The longest that a request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection to services.
#[derive(Debug)]
pub struct Http {
    connector: Connector,
    identity: Identity,
    region: String,
}

/// What a service answered.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The text.
    pub text: String,
}

impl Http {
    /// Reads what Lambda sets.
    pub fn from_environment() -> Result<Http, Error> {
        let credentials: Credentials = credentials()?;
        Ok(Http {
            connector: Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).build(),
            identity: credentials.into(),
            region: setting("AWS_REGION")?,
        })
    }

    /// Asks a service for an operation by its JSON protocol.
    pub async fn json(&self, service: &str, version: &str, target: &str, body: &Value) -> Result<Value, Answer> {
        let kind = format!("application/x-amz-json-{version}");
        let headers = [("content-type", kind.as_str()), ("x-amz-target", target)];
        let answer = self.post(service, &self.url(service), &headers, body.to_string()).await?;
        serde_json::from_str(&answer.text).map_err(|error| Answer::Busy(error.to_string()))
    }

    /// Where a service is.
    pub fn url(&self, service: &str) -> String {
        let variable = format!("AWS_ENDPOINT_URL_{}", service.to_uppercase());
        endpoint(&variable).unwrap_or_else(|| {
            let domain = if self.region.starts_with("cn-") {
                "amazonaws.com.cn"
            } else {
                "amazonaws.com"
            };
            format!("https://{service}.{}.{domain}/", self.region)
        })
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// Where the answer says that nothing was done.
    pub async fn post(
        &self,
        service: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Response, Answer> {
        let asked = tokio::time::timeout(PATIENCE, self.signed(service, url, headers, body));
        let answer = match asked.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(Answer::Busy(error.to_string())),
            Err(_) => return Err(Answer::Busy("no answer".into())),
        };
        match answer.status {
            200..300 => Ok(answer),
            400 | 413 | 422 if !is_throttled(&answer.text) => Err(Answer::Wrong(said(&answer))),
            _ => Err(Answer::Busy(said(&answer))),
        }
    }

    async fn signed(
        &self,
        service: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Response, Error> {
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let params = v4::SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(settings)
            .build()?
            .into();
        let signable =
            SignableRequest::new("POST", url, headers.iter().copied(), SignableBody::Bytes(body.as_bytes()))?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        let mut request = Request::new(SdkBody::from(body.as_str()));
        request.set_method("POST")?;
        request.set_uri(url)?;
        let (added, _) = instructions.into_parts();
        for (name, value) in headers {
            request.headers_mut().try_insert((*name).to_owned(), (*value).to_owned())?;
        }
        for header in added {
            request.headers_mut().try_insert(header.name(), header.value().to_owned())?;
        }
        let answer = self.connector.call(request).await.map_err(|error| format!("{error:?}"))?;
        let status = answer.status().as_u16();
        let bytes = ByteStream::new(answer.into_body()).collect().await?.into_bytes();
        Ok(Response { status, text: String::from_utf8_lossy(&bytes).into_owned() })
    }
}

/// Errors of requests that are right and come too fast have the status of wrong ones.
fn is_throttled(text: &str) -> bool {
    ["Throttl", "ProvisionedThroughputExceeded", "LimitExceeded", "RequestLimit", "ExpiredToken"]
        .iter()
        .any(|word| text.contains(word))
}

/// What went wrong, without what a row holds: the kind of the error.
fn said(answer: &Response) -> String {
    let kind = serde_json::from_str::<Value>(&answer.text).ok();
    let kind = kind.and_then(|value| value["__type"].as_str().map(str::to_owned));
    let kind = kind.and_then(|kind| kind.rsplit('#').next().map(str::to_owned));
    kind.unwrap_or_else(|| format!("status {}", answer.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_holds_no_row() {
        let answer = |status, text: &str| Response { status, text: text.to_owned() };
        let text = r#"{"__type":"com.amazon#ValidationException","message":"secret"}"#;
        assert_eq!(said(&answer(400, text)), "ValidationException");
        assert_eq!(said(&answer(503, "secret")), "status 503");
        assert!(is_throttled(r#"{"__type":"ThrottlingException"}"#) && !is_throttled(text));
    }
}
