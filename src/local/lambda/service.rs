//! A function's surroundings on loopback: the Lambda Runtime API, Firehose and Secrets Manager, as far as a generated
//! function asks of them; and the function itself as a process.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server};

use super::store::{self, Tables};
use crate::local::params;
use crate::local::test::reason;
use crate::local::{Fault, RunError};
use crate::plan::{Plan, Target, Transform, names, target_variable};

/// What stands before a transform's name in those of its delivery streams.
const ROWS: &str = "rows-";
const REJECTS: &str = "rejects-";
/// The longest that a function may take to start, or for one batch.
const PATIENCE: Duration = Duration::from_secs(30);
const DEADLINE_MILLIS: u64 = 4_102_444_800_000;

/// A function that runs here.
pub struct Function {
    server: Server,
    process: Child,
    log: tempfile::NamedTempFile,
    tables: Tables,
    /// The function's question for its next batch, while there is none.
    waiting: Option<Request>,
    batches: u64,
}

/// What a function delivered of one batch, by transform.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Lines for the dataset.
    pub rows: BTreeMap<String, Vec<Vec<u8>>>,
    /// Why rows were turned away.
    pub reasons: BTreeMap<String, Vec<String>>,
}

/// The names of the delivery streams, as the deployment would set them.
fn streams(transforms: &[&Transform]) -> Vec<(String, String)> {
    let of = |transform: &&Transform| {
        let name = &transform.name;
        let deliveries = transform.deliveries();
        let rows = deliveries.iter().map(|(target, label)| {
            let stream = format!("{ROWS}{name}");
            let told = match target {
                Target::Dataset(_) => stream,
                // What stands for a sink takes its rows as well.
                Target::Sink(_) => json!({"kind": "delivery_stream", "name": stream}).to_string(),
            };
            (target_variable(target, label), told)
        });
        let mut streams: Vec<_> = rows.collect();
        streams.push((names::quarantine_variable(name), format!("{REJECTS}{name}")));
        streams
    };
    transforms.iter().flat_map(of).collect()
}

fn broken(what: impl Into<String>) -> RunError {
    RunError::new(Fault::Surroundings, what)
}

#[allow(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn deaf(error: std::io::Error) -> RunError {
    broken(format!("the function does not listen: {error}"))
}

/// Where programs are.
#[allow(
    clippy::disallowed_methods,
    reason = "a function that is tried out here starts the programs of this machine"
)]
fn path() -> Option<(&'static str, std::ffi::OsString)> {
    Some(("PATH", std::env::var_os("PATH")?))
}

impl Function {
    /// Starts the binary of the function that runs these transforms.
    pub fn start(
        (plan, build, binary): (&Plan, &Path, &Path),
        name: &str,
        transforms: &[&Transform],
        tables: Tables,
    ) -> Result<Function, RunError> {
        let mut params = Vec::new();
        for transform in transforms {
            let values = params::values(plan, transform)?.into_iter();
            params.extend(values.map(|(param, value)| (names::param_variable(&param.name), value)));
        }
        let server = Server::http("127.0.0.1:0").map_err(|error| broken(format!("no port on loopback: {error}")))?;
        let address = server.server_addr().to_string();
        let log = tempfile::NamedTempFile::new().map_err(|error| broken(format!("no temporary file: {error}")))?;
        let output = || {
            log.reopen()
                .map_or_else(|_| Stdio::null(), |file: File| Stdio::from(file))
        };
        // Its scripts are where an archive would have them, and run by the Python that `pipec run` runs them by.
        let root = std::path::absolute(build).unwrap_or_else(|_| build.to_owned());
        let process = Command::new(binary)
            .env_clear()
            .envs(path())
            .env("LAMBDA_TASK_ROOT", root)
            .env("AWS_LAMBDA_RUNTIME_API", &address)
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "local")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_ENDPOINT_URL", format!("http://{address}"))
            .envs(streams(transforms))
            .envs(params)
            .envs(tables.variables().iter().cloned())
            .env(names::SEEN_TABLE, "local")
            .env(names::OBJECTS, format!("s3://{}/", store::OBJECTS))
            .env(names::PSEUDONYM_SECRET, "local")
            .stdin(Stdio::null())
            .stdout(output())
            .stderr(output())
            .spawn()
            .map_err(|error| broken(format!("`{}` could not be started: {error}", binary.display())))?;
        Ok(Function {
            server,
            process,
            log,
            tables,
            waiting: None,
            batches: 0,
        })
    }

    /// Hands the function a batch of its source, and takes what it delivers.
    pub fn invoke(&mut self, event: &Value, delivered: &mut Delivered) -> Result<(), RunError> {
        let mut event = Some(event.to_string());
        let started = Instant::now();
        loop {
            if let (Some(_), Some(request)) = (&event, self.waiting.take()) {
                self.batches += 1;
                self.hand_over(request, event.take().unwrap_or_default())?;
            }
            let mut request = self.next_request(started)?;
            let path = request.url().to_owned();
            if let Some(file) = self.tables.get(&path).filter(|_| *request.method() == Method::Get) {
                let mut response = Response::from_data(file.bytes.clone());
                for (name, value) in &file.beside {
                    if let Ok(header) = Header::from_bytes(name.as_bytes(), value.as_bytes()) {
                        response.add_header(header);
                    }
                }
                request.respond(response).map_err(deaf)?;
            } else if *request.method() == Method::Put {
                body(&mut request)?;
                answer(request, 200, &json!({}))?;
            } else if *request.method() == Method::Get {
                self.waiting = Some(request);
            } else if path.ends_with("/response") {
                answer(request, 202, &json!({}))?;
                return Ok(());
            } else if path.starts_with("/2018-06-01/runtime") {
                let said = body(&mut request)?;
                return Err(broken(format!(
                    "the function failed: {}",
                    String::from_utf8_lossy(&said)
                )));
            } else {
                serve(request, delivered)?;
            }
        }
    }

    fn hand_over(&self, request: Request, event: String) -> Result<(), RunError> {
        let headers = [
            ("Lambda-Runtime-Aws-Request-Id", format!("batch-{}", self.batches)),
            ("Lambda-Runtime-Deadline-Ms", DEADLINE_MILLIS.to_string()),
            (
                "Lambda-Runtime-Invoked-Function-Arn",
                "arn:aws:lambda:eu-west-1:000000000000:function:local".into(),
            ),
        ];
        let mut response = Response::from_string(event);
        for (name, value) in headers {
            if let Ok(header) = Header::from_bytes(name, value) {
                response.add_header(header);
            }
        }
        request.respond(response).map_err(deaf)
    }

    fn next_request(&mut self, started: Instant) -> Result<Request, RunError> {
        loop {
            let asked = self.server.recv_timeout(Duration::from_millis(50));
            if let Some(request) = asked.map_err(|error| broken(format!("loopback failed: {error}")))? {
                return Ok(request);
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(broken(format!("the function ended with {status}:\n{}", self.said())));
            }
            if started.elapsed() > PATIENCE {
                return Err(broken(format!("the function did not answer in time:\n{}", self.said())));
            }
        }
    }

    /// The last of what the function logged.
    #[allow(clippy::disallowed_methods, reason = "a log of this process' own making")]
    fn said(&self) -> String {
        let text = std::fs::read(self.log.path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<_> = text.lines().collect();
        lines
            .get(lines.len().saturating_sub(10)..)
            .unwrap_or_default()
            .join("\n")
    }
}

/// The process does not outlive its test.
impl Drop for Function {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn body(request: &mut Request) -> Result<Vec<u8>, RunError> {
    let mut bytes = Vec::new();
    let read = std::io::Read::read_to_end(request.as_reader(), &mut bytes);
    read.map_err(|error| broken(format!("the function broke off: {error}")))?;
    Ok(bytes)
}

fn answer(request: Request, status: u32, value: &Value) -> Result<(), RunError> {
    let response = Response::from_string(value.to_string()).with_status_code(status);
    request.respond(response).map_err(deaf)
}

/// What AWS would answer.
fn serve(mut request: Request, delivered: &mut Delivered) -> Result<(), RunError> {
    let target = request
        .headers()
        .iter()
        .find(|header| header.field.equiv("X-Amz-Target"));
    let target = target.map(|header| header.value.to_string()).unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body(&mut request)?).unwrap_or_default();
    match target.rsplit('.').next() {
        Some("PutRecordBatch") => {
            let records = asked["Records"].as_array().cloned().unwrap_or_default();
            let lines = records
                .iter()
                .filter_map(|record| STANDARD.decode(record["Data"].as_str()?).ok());
            let stream = asked["DeliveryStreamName"].as_str().unwrap_or_default();
            match (stream.strip_prefix(ROWS), stream.strip_prefix(REJECTS)) {
                (Some(name), _) => delivered.rows.entry(name.to_owned()).or_default().extend(lines),
                (None, name) => {
                    let reasons = delivered.reasons.entry(name.unwrap_or(stream).to_owned()).or_default();
                    reasons.extend(lines.map(|line| reason(&line)));
                }
            }
            let taken: Vec<_> = records.iter().map(|_| json!({"RecordId": "local"})).collect();
            answer(request, 200, &json!({"FailedPutCount": 0, "RequestResponses": taken}))
        }
        operation => match operation.and_then(store::answer) {
            Some(said) => answer(request, 200, &said),
            None => answer(request, 404, &json!({"__type": "UnknownOperationException"})),
        },
    }
}
