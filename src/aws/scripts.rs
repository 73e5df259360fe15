//! Scripts that functions give rows to: the function runs beside a Python, with the script in its archive. Knows nothing of what
//! functions do otherwise.
//!
//! Lambda's own Python comes with the runtime that has it. There the function's binary stands in for what would start a handler
//! of Python's: the service starts a wrapper in its place, and this one answers the Runtime API itself.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper>

use super::lake;
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::{Files, Plan, StreamFunction, names, stream_functions};
use crate::text_of;

/// The runtime with the Python of scripts.
const PYTHON: &str = "python3.13";
/// The runtime of functions without any.
const NONE: &str = "provided.al2023";
/// The storage that every function has, and the most that one may have, MiB.
const STORAGE_MIB: (u64, u64) = (512, 10_240);
/// Rows of one call where objects are brought by messages.
const OBJECTS_A_CALL: u32 = 10;

/// What a function runs in.
pub fn runtime(function: &StreamFunction) -> &'static str {
    match function.scripts().next() {
        Some(_) => PYTHON,
        None => NONE,
    }
}

/// How many records a call of a script is given; nothing where there is no script. A queue brings them one by one, for of a
/// batch that fails as a whole it would count a try of each.
pub fn batch(function: &StreamFunction) -> Option<u32> {
    function.scripts().next()?;
    let source = function.source;
    Some(match (source.object(), source.kafka()) {
        (Some(_), Some(_)) => function.settings.batch.min(OBJECTS_A_CALL),
        (None, _) if source.queue().is_none() => function.settings.batch,
        _ => 1,
    })
}

/// What tells a function of its scripts: that it is started in place of a handler, and where objects are kept that they answer.
pub fn environment(plan: &Plan, function: &StreamFunction) -> Vec<(String, Value)> {
    if function.scripts().next().is_none() {
        return vec![];
    }
    let mut out = vec![("AWS_LAMBDA_EXEC_WRAPPER".to_owned(), Value::from("/var/task/bootstrap"))];
    for (transform, id) in plan
        .objects_of_scripts()
        .filter(|(transform, _)| function.runs(transform))
    {
        let bucket = reference(format!("aws_s3_bucket.{}.bucket", lake::zone_label(&id.zone)));
        let folder = text_of!["s3://", bucket, format!("/{}", names::objects_prefix(&id.name))];
        out.push((names::objects_variable(&transform.name), folder));
    }
    out
}

/// Room for the files of a call's objects: what comes, as much again for what is made of it, and what a script needs itself.
pub fn storage(function: &StreamFunction) -> Option<Block> {
    let most = function.source.object()?.object.as_ref()?.max_bytes?;
    let needed = 2 * u64::from(batch(function)?) * (most >> 20).max(1) + STORAGE_MIB.0 / 2;
    (needed > STORAGE_MIB.0).then(|| Block::new("ephemeral_storage").set("size", needed.min(STORAGE_MIB.1) as u32))
}

/// The scripts, as files of the build: what `pipec package` puts beside a function's binary.
pub fn files(plan: &Plan) -> Files {
    let mut out = Files::new();
    for function in stream_functions(plan) {
        for (transform, run) in function.scripts() {
            let script = run.path.as_ref().and_then(|path| plan.scripts.get(path));
            let Some(script) = script else { continue };
            let folder = names::script_folder(&transform.name);
            for (name, text) in &script.files {
                out.insert(format!("{folder}/{name}"), text.clone());
            }
            if let Some(text) = &script.requirements {
                out.insert(names::script_requirements(&transform.name), text.clone());
            }
        }
    }
    out
}
