//! One place that names what the generated parts share, so that they cannot disagree.
//!
//! In Terraform every name starts with `local.prefix`, which is `PIPELINE-ENVIRONMENT` with hyphens.

/// Environment variable of a function: the Firehose delivery stream, by its label, that takes rows of a transform.
pub fn delivery_variable(label: &str) -> String {
    format!("DELIVERY_STREAM_{}", label.to_uppercase())
}

/// Environment variable of a function: the Firehose delivery stream that lands what arrives, where nothing else does.
pub const LANDING_STREAM: &str = "LANDING_STREAM";

/// What the environment variables of a function begin with that say where sinks are.
pub const SINK: &str = "SINK_";

/// Environment variable of a function: the sink that takes rows of a transform, by its label, as JSON.
pub fn sink_variable(label: &str) -> String {
    format!("{SINK}{}", label.to_uppercase())
}

/// Environment variable of a function: the Firehose delivery stream that takes the rows that a transform turns away.
pub fn quarantine_variable(transform: &str) -> String {
    format!("QUARANTINE_STREAM_{}", transform.to_uppercase())
}

/// Environment variable of a function: the DynamoDB table of what was seen before, for `dedupe … within`. Its keys are
/// the texts `name` and `written`; `until` says when an item is of no use any more, seconds since 1970.
pub const SEEN_TABLE: &str = "SEEN_TABLE";

/// Environment variable of a function: the folder of a table that rows are looked up in, `s3://BUCKET/PREFIX/`.
pub fn table_variable(table: &super::DatasetId) -> String {
    format!("TABLE_{}_{}", table.zone, table.name).to_uppercase()
}

/// Environment variable of a function: where it keeps the objects that come in messages, `s3://BUCKET/FOLDER/`.
pub const OBJECTS: &str = "OBJECTS";
/// Environment variable of a function: where it keeps the objects that a transform's script answers, `s3://BUCKET/FOLDER/`.
pub fn objects_variable(transform: &str) -> String {
    format!("{OBJECTS}_{}", transform.to_uppercase())
}

/// What names the files of a table's newest snapshot, in the table's folder: `{"files": ["day=2026-01-01/part-0.parquet"]}`,
/// each below that folder. Whoever writes the table replaces it once all of them are there.
pub const SNAPSHOT: &str = "_newest.json";

/// Environment variable of a function: the ARN or name of the secret that holds the pseudonym key (any text; its UTF-8 bytes are the HMAC key).
pub const PSEUDONYM_SECRET: &str = "PSEUDONYM_SECRET";
/// Environment variable of a function: the value of a param, as JSON.
pub fn param_variable(param: &str) -> String {
    format!("PARAM_{}", param.to_uppercase())
}

/// The argument of a job that brings the value of a param, as JSON: `--param__minimum 10.5`.
pub fn param_argument(param: &str) -> String {
    format!("{ARG_PARAM}{param}")
}

/// What the argument of a job that brings the value of a param begins with.
const ARG_PARAM: &str = "param__";
/// Namespace of every metric that generated code emits (embedded metric format), dimension `Environment` not included.
pub const METRIC_NAMESPACE: &str = "Pipec";
/// Dimension of a function's metrics: the function's full name, so the environment is in it.
pub const METRIC_DIMENSION: &str = "FunctionName";
/// Dimension of a function's metrics: the transform whose rows are counted.
pub const METRIC_TRANSFORM: &str = "Transform";
/// Metric of a function: records that came in.
pub const METRIC_ROWS_IN: &str = "RowsIn";
/// Metric of a function: rows that were delivered.
pub const METRIC_ROWS_OUT: &str = "RowsOut";
/// Metric of a function: rows that were turned away, for whatever reason.
pub const METRIC_ROWS_REJECTED: &str = "RowsRejected";
/// Metric of a function: records that could not be delivered and go back to the stream.
pub const METRIC_ROWS_UNDELIVERED: &str = "RowsUndelivered";
/// The pseudonym key of the embedded engine and of tests.
pub const LOCAL_PSEUDONYM_KEY: &str = "local-key-for-tests-only";
/// Partition of what a source lands: the UTC day of arrival.
pub const ARRIVAL_DAY: &str = "arrived_on";

/// What no dataset is called: the prefix in every bucket of what could not be delivered.
pub const RESERVED_DATASETS: [&str; 1] = ["errors"];
/// What no transform is called: that prefix in the quarantine, and what stands beside functions and jobs in a build.
pub const RESERVED_TRANSFORMS: [&str; 7] = [
    "crates",
    "dist",
    ERASE,
    "errors",
    "pipec_runtime",
    PURGE_TABLES,
    "target",
];
/// What no schedule is called: a state machine of the platform's own.
pub const RESERVED_SCHEDULES: [&str; 1] = [ERASE];
/// The job that takes persons' rows out of datasets, and the state machine that runs it.
pub const ERASE: &str = "erase_persons";
/// The job that takes old rows out of tables that no other job writes.
pub const PURGE_TABLES: &str = "purge_tables";

/// Prefix of a dataset in its zone's bucket, and folder in `pipec run`'s output below the zone.
pub fn dataset_prefix(dataset: &str) -> String {
    format!("{dataset}/")
}

/// The argument of the job that takes persons out of datasets, and the member of what its state machine is started with, that
/// names the request.
pub const ARG_REQUEST: &str = "request";
/// Its argument that says which of its two passes it is.
pub const ARG_PASS: &str = "pass";
/// Its argument that says where jobs keep what they know, in a folder each: `s3://BUCKET/state/`.
pub const ARG_STATES: &str = "states";
/// Its argument that says where requests and reports are.
pub const ARG_ERASURE: &str = "erasure";

/// The argument of a Glue job that says where a dataset is: `--processed_clicks s3://bucket/clicks/`. It is none of the
/// arguments that every job has.
pub fn dataset_argument(zone: &str, dataset: &str) -> String {
    if let Some((pipeline, zone)) = zone.split_once('.') {
        return format!("{ARG_PROJECT}{pipeline}_{zone}_{dataset}");
    }
    let argument = format!("{zone}_{dataset}");
    let own = [ARG_RUN_AT, ARG_CATCH_UP, ARG_PSEUDONYM_KEY_FILE, "pseudonym_secret"];
    let prefixes = [
        ARG_SOURCE,
        ARG_PARAM,
        ARG_PROJECT,
        ARG_SINK,
        ARG_WORKGROUP,
        ARG_LOAD_ROLE,
    ];
    match own.contains(&argument.as_str()) || prefixes.iter().any(|own| argument.starts_with(own)) {
        true => format!("{argument}_folder"),
        false => argument,
    }
}

/// What the argument of a Glue job that says where a dataset of another project is begins with.
const ARG_PROJECT: &str = "project__";

/// What the arguments of a job about a sink begin with: where it puts rows, where the sink is, the workgroup of a
/// warehouse, and the role in which that reads rows.
const ARG_SINK: &str = "sink__";
const ARG_TOLD: &str = "sink_told__";
const ARG_WORKGROUP: &str = "sink_workgroup__";
const ARG_LOAD_ROLE: &str = "sink_role__";

/// The argument of a job that says where it puts rows for a sink: `--sink__search s3://BUCKET/sinks/searchable/search/`.
pub fn sink_argument(sink: &str) -> String {
    format!("{ARG_SINK}{sink}")
}

/// The argument of a job that says where a sink is, in JSON as base64: what a function is told in a variable.
pub fn told_argument(sink: &str) -> String {
    format!("{ARG_TOLD}{sink}")
}

/// The argument of a job that names the workgroup of a warehouse that it writes.
pub fn workgroup_argument(sink: &str) -> String {
    format!("{ARG_WORKGROUP}{sink}")
}

/// The argument of a job that names the role in which a warehouse reads what it is given.
pub fn load_role_argument(sink: &str) -> String {
    format!("{ARG_LOAD_ROLE}{sink}")
}

/// How long what a transform turns away stays where no zone says it, days.
pub const QUARANTINE_DAYS: u32 = 14;

/// Folder in the bucket of artifacts of rows on their way from jobs to sinks.
pub const SINK_FOLDER: &str = "sinks/";

/// How long rows on their way to sinks stay where they were not taken, days: as long as a message that says so.
pub const SINK_DAYS: u32 = 14;

/// Prefix of the rows that a transform's job gives a sink, in the bucket of artifacts.
pub fn sink_prefix(transform: &str, sink: &str) -> String {
    format!("{SINK_FOLDER}{transform}/{sink}/")
}

/// The database of a warehouse that jobs write.
pub const WAREHOUSE_DATABASE: &str = "warehouse";
/// The table, beside those of a warehouse's sinks, of the runs whose rows it has.
pub const WAREHOUSE_LOADS: &str = "_loads";

/// What the argument of a Glue job that says where a source's arrivals come from begins with.
const ARG_SOURCE: &str = "stream__";

/// The argument of a Glue job that says where a source's arrivals come from: `--stream__clicks kinesis:arn:aws:kinesis:…`.
pub fn source_argument(source: &str) -> String {
    format!("{ARG_SOURCE}{source}")
}

/// Argument of a Glue job: the scheduled time of the run, RFC 3339, UTC. What `now()` is.
pub const ARG_RUN_AT: &str = "run_at";
/// Argument of a job that lets a container run: the folder in which they hand rows over.
pub const ARG_EXCHANGE: &str = "exchange";
/// Argument of such a job: which half of a run it is, `give` or `take`.
pub const ARG_STAGE: &str = "stage";
/// Argument of a job: how far back it makes up for runs that were missed, days.
pub const ARG_CATCH_UP: &str = "catch_up";
/// Argument of a Glue job of a stream: when it ends. `stopped` (the default) is never by itself, `read` once all that was
/// there is read, `closed` the same where nothing else ever arrives.
pub const ARG_UNTIL: &str = "until";
/// Argument of a Glue job of a stream: how often it writes, as Spark reads durations: `60 seconds`.
pub const ARG_EVERY: &str = "every";
/// Argument of a Glue job: folder for its state (what it has done up to when).
pub const ARG_STATE: &str = "state";
/// Argument of a Glue job: folder for rows turned away.
pub const ARG_QUARANTINE: &str = "quarantine";

/// Setting of Spark that holds the pseudonym key, for a job on EMR Serverless: EMR fills it in from the secret.
pub const PSEUDONYM_CONF: &str = "spark.hadoop.pipec.pseudonym.secret";

/// Argument of a Glue job outside AWS: a file whose bytes are the pseudonym key. In AWS it is `--pseudonym_secret ARN`.
pub const ARG_PSEUDONYM_KEY_FILE: &str = "pseudonym_key_file";

/// A name as AWS resources spell it: `daily_pages` is `daily-pages`.
pub fn hyphened(name: &str) -> String {
    name.replace('_', "-")
}

/// Path in the build of the crate of the function that reads a source.
pub fn function_crate(source: &str) -> String {
    format!("lambda/{}", hyphened(source))
}

/// Path in the build of the archive of the function that reads a source, made by `pipec package`, named by the Terraform.
pub fn function_archive(source: &str) -> String {
    format!("lambda/dist/{}.zip", hyphened(source))
}

/// Path in the build of the script that a transform gives rows to, and of its archive below the function's folder.
pub fn script_folder(transform: &str) -> String {
    format!("programs/{transform}")
}

/// The folder with the packages that a transform's script uses, below the function's folder.
pub fn script_packages(transform: &str) -> String {
    format!("packages/{transform}")
}

/// Path in the build of what these packages are, as pip reads it.
pub fn script_requirements(transform: &str) -> String {
    format!("programs/{transform}.requirements.txt")
}

/// The folder of a zone's bucket with the objects that the rows of a dataset tell of.
pub fn objects_prefix(dataset: &str) -> String {
    format!("{OBJECTS_FOLDER}{dataset}/")
}

/// The folder of all of these: no dataset is called so.
pub const OBJECTS_FOLDER: &str = "_objects/";

/// Path of a job's script in the build.
pub fn job_script(transform: &str) -> String {
    format!("glue/{transform}.py")
}

/// Path of a schedule's state machine in the build.
pub fn state_machine(schedule: &str) -> String {
    format!("states/{}.asl.json", hyphened(schedule))
}

/// Path in the build of the Python module that jobs share (`--extra-py-files`).
pub const JOB_RUNTIME: &str = "glue/pipec_runtime.py";

/// Operations functions of every platform: Python sources `ops/NAME.py` in the build, one function each.
pub const OPERATIONS: [&str; 2] = ["freshness_probe", "purge_verifier"];

/// What a file of a database's rows has for a value that is missing: no text that a database holds by chance.
pub const DATABASE_NULL: &str = "\\N";
/// The column of such a file that says when a row was read.
pub const CHANGED_AT: &str = "_arrived";

/// The function that lands files and answers of endpoints, where a platform has any: a source beside those of operations.
pub const LANDING: &str = "landing";
/// The function that deletes rewritten files when they are due, where persons may be taken out of any.
pub const PURGE_REWRITTEN: &str = "purge_rewritten";
/// The function that registers partitions in the catalog, where a warehouse reads any.
pub const PARTITIONS: &str = "partitions";
/// The function that lets senders upload objects, where any come so.
pub const UPLOADS: &str = "uploads";
/// How long a run of a schedule on arrival waits for a message that says what has landed, seconds: the longest that SQS waits.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>
pub const ARRIVAL_LOOK_SECONDS: u32 = 20;
/// How long such a run waits once it has emptied the queue, seconds: a purge takes that long.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html>
pub const ARRIVAL_SETTLE_SECONDS: u32 = 60;
/// How long Firehose collects rows before it writes them, seconds; its longest, for the largest files.
pub const DELIVERY_BUFFER_SECONDS: u32 = 900;
/// The function that gives links of dashboards, where any is shown by web pages.
pub const EMBED: &str = "embed_dashboard";
/// The function that mails readers of dashboards, where any is reported.
pub const REPORT: &str = "mail_report";
/// The function that takes documents out of indexes when they have stayed their time, where a platform has any.
pub const PURGE_SEARCH: &str = "purge_search";
/// The function that makes topics in clusters that Terraform makes none in, where a platform has any.
pub const TOPICS: &str = "make_topics";
/// The function that tells OpenMetadata, where a platform is told to it.
pub const TELL_CATALOG: &str = "tell_catalog";
/// The function that tells channels, where a monitor has any.
pub const TELL: &str = "tell_channel";
/// How long a file that did not land stays in a bucket of the platform's own, days.
pub const INBOX_DAYS: u32 = 7;

/// Path of an operations function's source in the build; it stands at the root of its archive.
pub fn operations_source(name: &str) -> String {
    format!("ops/{name}.py")
}

/// Path in the build of what pip puts beside that source in its archive, pinned by hashes, where it needs anything.
pub fn operations_requirements(name: &str) -> String {
    format!("ops/{name}.requirements.txt")
}

/// Path of an operations function's archive in the build, made by `pipec package`.
pub fn operations_archive(name: &str) -> String {
    format!("lambda/dist/ops-{}.zip", hyphened(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_dataset_takes_an_argument_of_every_job() {
        assert_eq!(dataset_argument("processed", "clicks"), "processed_clicks");
        assert_eq!(dataset_argument("run", "at"), "run_at_folder");
        assert_ne!(dataset_argument("stream_", "clicks"), source_argument("clicks"));
        assert_ne!(dataset_argument("param_", "least"), param_argument("least"));
    }
}
