//! Delivery streams: raw landing, rows of stream transforms, rows turned away. Knows nothing of functions.
//!
//! Dynamic partitioning cannot be turned on later, and format conversion wants buffers of 64 MiB at least: both are
//! settled here for every stream.

use super::naming::{limit, named};
use super::policy::{Statement, allow, key_use, own, role, trust};
use super::{catalog, iceberg, kinesis, lake};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::{Dataset, Engine, Format, Gathered, Plan, Source, Target, Transform, names};
use crate::prove::quotas;
use crate::text_of;

const DAY: &str = "!{timestamp:yyyy-MM-dd}";

/// Label of the stream that lands a source.
pub fn landing_label(source: &str) -> String {
    format!("{source}_landing")
}

/// Label of the stream that takes what a transform turns away.
pub fn quarantine_label(transform: &str) -> String {
    format!("{transform}_quarantine")
}

/// Labels of all streams, for alarms.
pub fn labels(plan: &Plan) -> Vec<String> {
    let landings = landed(plan).map(|(source, _)| landing_label(&source.name));
    let rows = deliveries(plan).map(|delivery| delivery.label);
    let turned_away = functions(plan).map(|transform| quarantine_label(&transform.name));
    landings.chain(rows).chain(turned_away).collect()
}

/// Rows of a function on their way to a dataset.
pub struct Rows<'p> {
    /// The transform that they come from.
    pub transform: &'p Transform,
    /// Where they go.
    pub dataset: &'p Dataset,
    /// The label of the delivery stream.
    pub label: String,
}

/// What functions deliver.
pub fn deliveries(plan: &Plan) -> impl Iterator<Item = Rows<'_>> {
    functions(plan).flat_map(move |transform| {
        let all = transform.deliveries().into_iter();
        all.filter_map(move |(target, label)| match target {
            Target::Dataset(id) => Some(Rows {
                transform,
                dataset: plan.dataset(id),
                label,
            }),
            Target::Sink(_) => None,
        })
    })
}

fn landed(plan: &Plan) -> impl Iterator<Item = (&Source, &Dataset)> {
    let brings =
        |source: &&Source| source.is_kinesis() || source.gathered().is_some() || source.landed_by_function().is_some();
    let streams = plan.sources.iter().filter(brings);
    streams.filter_map(|source| source.into.as_ref().map(|id| (source, plan.dataset(id))))
}

fn functions(plan: &Plan) -> impl Iterator<Item = &Transform> {
    plan.transforms
        .iter()
        .filter(|transform| matches!(transform.engine, Engine::Lambda(_)))
}

/// All streams, their roles and their logs.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for (source, dataset) in landed(plan) {
        out.extend(landing(plan, source, dataset));
    }
    for delivery in deliveries(plan) {
        out.extend(rows(plan, &delivery));
    }
    for transform in functions(plan) {
        out.extend(turned_away(plan, transform));
    }
    out
}

/// One delivery stream: what differs between them.
struct Delivery<'a> {
    label: String,
    purpose: String,
    bucket: String,
    /// What its role may write, with `*` at the end.
    prefix: &'a str,
    source: Option<&'a Source>,
    /// Whether it asks for a table, which Lake Formation has to grant first.
    granted: bool,
    statements: Vec<Statement>,
    destination: Block,
}

fn landing(plan: &Plan, source: &Source, dataset: &Dataset) -> Vec<Block> {
    let label = landing_label(&source.name);
    let prefix = names::dataset_prefix(&dataset.id.name);
    let delimiter = processor("AppendDelimiterToRecord", &[("Delimiter", "\\n")]);
    let destination = landing_of(source, &label, &lake::zone_label(&dataset.id.zone))
        .set("prefix", format!("{prefix}{}={DAY}/", names::ARRIVAL_DAY))
        .set("error_output_prefix", errors(&dataset.id.name))
        .set("compression_format", "GZIP")
        .set("file_extension", ".jsonl.gz")
        .block(logging(&label))
        .block(
            Block::new("processing_configuration")
                .set("enabled", true)
                .block(delimiter),
        );
    let delivery = Delivery {
        label,
        purpose: format!("Lands every record of {} untouched in {}.", source.name, dataset.id),
        bucket: lake::zone_label(&dataset.id.zone),
        prefix: &prefix,
        source: source.is_kinesis().then_some(source),
        granted: false,
        statements: match source.is_kinesis() {
            true => vec![kinesis::deliver(source), kinesis::decrypt(source)],
            false => vec![],
        },
        destination,
    };
    delivery.blocks(plan)
}

/// Rows of a table of Iceberg: Firehose writes its files and tells the catalog of them, as it reads each row.
/// <https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-destination.html>
fn rows_of_table(plan: &Plan, rows: &Rows<'_>) -> Vec<Block> {
    let Rows {
        transform,
        dataset,
        label,
    } = rows;
    let bucket = lake::zone_label(&dataset.id.zone);
    let prefix = names::dataset_prefix(&dataset.id.name);
    let aside = whereto("s3_configuration", label, &bucket)
        .set("error_output_prefix", errors(&dataset.id.name))
        .set("compression_format", "GZIP")
        .block(logging(label));
    let destination = Block::new("iceberg_configuration")
        .set("role_arn", reference(format!("aws_iam_role.{label}_delivery.arn")))
        .set("catalog_arn", own("glue", "catalog"))
        .set("append_only", true)
        .set("buffering_size", quotas::whole("firehose.largest_buffer"))
        .set("buffering_interval", names::DELIVERY_BUFFER_SECONDS)
        .set("retry_duration", 300u32)
        .set("s3_backup_mode", "FailedDataOnly")
        .block(logging(label))
        .block(
            Block::new("destination_table_configuration")
                .set("database_name", catalog::database(&dataset.id))
                .set("table_name", catalog::table(&dataset.id)),
        )
        .block(aside);
    let mut statements = vec![allow(
        "ReplaceFiles",
        &["s3:DeleteObject"],
        [lake::objects(&bucket, &prefix)],
    )];
    statements.extend(iceberg::use_of(&[], &[dataset]));
    let delivery = Delivery {
        label: label.clone(),
        purpose: format!("Adds the rows of {} to {}.", transform.name, dataset.id),
        bucket,
        prefix: &prefix,
        source: None,
        granted: true,
        statements,
        destination,
    };
    delivery.blocks(plan)
}

fn rows(plan: &Plan, rows: &Rows<'_>) -> Vec<Block> {
    if rows.dataset.format == Format::Iceberg {
        return rows_of_table(plan, rows);
    }
    let Rows {
        transform,
        dataset,
        label,
    } = rows;
    let prefix = names::dataset_prefix(&dataset.id.name);
    let mut path = prefix.clone();
    let mut queries = vec![];
    for column in &dataset.partition {
        path.push_str(&format!("{column}=!{{partitionKeyFromQuery:{column}}}/"));
        queries.push(format!("{column}:.{column}"));
    }
    let converts = dataset.format == Format::Parquet;
    let destination = destination(label, &lake::zone_label(&dataset.id.zone))
        .set("prefix", path)
        .set("error_output_prefix", errors(&dataset.id.name))
        .set("compression_format", if converts { "UNCOMPRESSED" } else { "GZIP" })
        .block(logging(label))
        .when(!queries.is_empty(), |block| {
            let query = format!("{{{}}}", queries.join(","));
            let extract = processor(
                "MetadataExtraction",
                &[("JsonParsingEngine", "JQ-1.6"), ("MetadataExtractionQuery", &query)],
            );
            block
                .block(
                    Block::new("dynamic_partitioning_configuration")
                        .set("enabled", true)
                        .set("retry_duration", 300u32),
                )
                .block(
                    Block::new("processing_configuration")
                        .set("enabled", true)
                        .block(extract),
                )
        })
        .when(converts, |block| block.block(conversion(dataset, label)));
    let delivery = Delivery {
        label: label.clone(),
        purpose: format!("Writes the rows of {} to {}.", transform.name, dataset.id),
        bucket: lake::zone_label(&dataset.id.zone),
        prefix: &prefix,
        source: None,
        granted: converts,
        statements: if converts { vec![read_schema(dataset)] } else { vec![] },
        destination,
    };
    delivery.blocks(plan)
}

fn turned_away(plan: &Plan, transform: &Transform) -> Vec<Block> {
    let label = quarantine_label(&transform.name);
    let prefix = names::dataset_prefix(&transform.name);
    let destination = destination(&label, "quarantine")
        .set("prefix", format!("{prefix}turned_away_on={DAY}/"))
        .set("error_output_prefix", errors(&transform.name))
        .set("compression_format", "GZIP")
        .set("file_extension", ".jsonl.gz")
        .block(logging(&label));
    let delivery = Delivery {
        label,
        purpose: format!(
            "Keeps the rows that {} turns away, with the reason each.",
            transform.name
        ),
        bucket: "quarantine".into(),
        prefix: &prefix,
        source: None,
        granted: false,
        statements: vec![],
        destination,
    };
    delivery.blocks(plan)
}

fn destination(label: &str, bucket: &str) -> Block {
    whereto("extended_s3_configuration", label, bucket)
}

/// Where a source lands, as much at once as it says.
fn landing_of(source: &Source, label: &str, bucket: &str) -> Block {
    let gathered = source.gathered().unwrap_or(most());
    gathering("extended_s3_configuration", label, bucket, gathered)
}

/// A bucket that a stream writes to, under the name that its destination has for it.
fn whereto(name: &str, label: &str, bucket: &str) -> Block {
    gathering(name, label, bucket, most())
}

/// For the largest files.
fn most() -> Gathered {
    Gathered {
        mebibytes: quotas::whole("firehose.largest_buffer"),
        seconds: names::DELIVERY_BUFFER_SECONDS,
    }
}

fn gathering(name: &str, label: &str, bucket: &str, gathered: Gathered) -> Block {
    Block::new(name)
        .set("role_arn", reference(format!("aws_iam_role.{label}_delivery.arn")))
        .set("bucket_arn", reference(format!("aws_s3_bucket.{bucket}.arn")))
        .set("kms_key_arn", reference(super::policy::KEY))
        .set("buffering_size", gathered.mebibytes)
        .set("buffering_interval", gathered.seconds)
}

/// Once a prefix has expressions, failures need one too: by kind and day of arrival.
fn errors(name: &str) -> String {
    format!("{}{name}/!{{firehose:error-output-type}}/{DAY}/", lake::ERRORS)
}

fn processor(kind: &str, parameters: &[(&str, &str)]) -> Block {
    let parameters = parameters.iter().map(|(name, value)| {
        Block::new("parameters")
            .set("parameter_name", *name)
            .set("parameter_value", *value)
    });
    Block::new("processors").set("type", kind).blocks(parameters)
}

fn logging(label: &str) -> Block {
    Block::new("cloudwatch_logging_options")
        .set("enabled", true)
        .set(
            "log_group_name",
            reference(format!("aws_cloudwatch_log_group.{label}_delivery.name")),
        )
        .set(
            "log_stream_name",
            reference(format!("aws_cloudwatch_log_stream.{label}_delivery.name")),
        )
}

/// Rows come as JSON with timestamps as Hive writes them, and leave as Parquet of the catalog's schema.
fn conversion(dataset: &Dataset, label: &str) -> Block {
    let input = Block::new("deserializer").block(Block::new("hive_json_ser_de"));
    let output = Block::new("serializer").block(Block::new("parquet_ser_de").set("compression", "SNAPPY"));
    Block::new("data_format_conversion_configuration")
        .set("enabled", true)
        .block(Block::new("input_format_configuration").block(input))
        .block(Block::new("output_format_configuration").block(output))
        .block(
            Block::new("schema_configuration")
                .set("database_name", catalog::database(&dataset.id))
                .set("table_name", catalog::table(&dataset.id))
                .set("region", reference("var.region"))
                .set("role_arn", reference(format!("aws_iam_role.{label}_delivery.arn")))
                .set("version_id", "LATEST"),
        )
}

fn read_schema(dataset: &Dataset) -> Statement {
    let database = catalog::database(&dataset.id);
    allow(
        "ReadSchema",
        &["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"],
        [
            own("glue", "catalog"),
            own("glue", text_of!["database/", database.clone()]),
            own("glue", text_of!["table/", database, "/", catalog::table(&dataset.id)]),
        ],
    )
}

impl Delivery<'_> {
    fn blocks(self, plan: &Plan) -> Vec<Block> {
        let group = format!("{}_delivery", self.label);
        let name = named(plan, &self.label, limit::SIXTY_FOUR);
        let log_name = text_of!["/aws/kinesisfirehose/", name.clone()];
        let log_stream = Block::resource("aws_cloudwatch_log_stream", &group)
            .set("name", "delivery")
            .set(
                "log_group_name",
                reference(format!("aws_cloudwatch_log_group.{group}.name")),
            );
        let mut out = vec![lake::log_group(plan, &group, log_name), log_stream];
        out.extend(self.role(plan, &group));
        out.push(self.stream(name, &group));
        out
    }

    fn role(&self, plan: &Plan, group: &str) -> [Block; 2] {
        let bucket = format!("aws_s3_bucket.{}.arn", self.bucket);
        let name = self.prefix.trim_end_matches('/');
        let mut statements = vec![
            allow(
                "WriteObjects",
                &["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
                [
                    lake::objects(&self.bucket, self.prefix),
                    lake::objects(&self.bucket, &format!("{}{name}/", lake::ERRORS)),
                ],
            ),
            allow(
                "FindBucket",
                &["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
                [reference(bucket)],
            ),
            key_use("Encrypt", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
            allow("Log", &["logs:PutLogEvents"], [lake::log_streams(group)]),
        ];
        statements.extend(self.statements.iter().cloned());
        let source = own(
            "firehose",
            text_of!["deliverystream/", named(plan, &self.label, limit::SIXTY_FOUR)],
        );
        role(
            group,
            named(plan, group, limit::SIXTY_FOUR),
            &self.purpose,
            trust("firehose.amazonaws.com", Some(source)),
            statements,
        )
    }

    fn stream(self, name: Value, group: &str) -> Block {
        let block = Block::resource("aws_kinesis_firehose_delivery_stream", &self.label)
            .doc(&self.purpose)
            .when(self.source.is_some(), |block| {
                block
                    .skip(
                        "CKV_AWS_240",
                        "a stream that reads Kinesis is encrypted by Kinesis, with the platform's key",
                    )
                    .skip(
                        "CKV_AWS_241",
                        "a stream that reads Kinesis is encrypted by Kinesis, with the platform's key",
                    )
            })
            .set("name", name)
            .set("destination", self.destination.kind.trim_end_matches("_configuration"))
            .block(self.destination);
        let block = match self.source {
            Some(source) => block.block(
                Block::new("kinesis_source_configuration")
                    .set(
                        "kinesis_stream_arn",
                        reference(format!("{}.arn", kinesis::address(source))),
                    )
                    .set("role_arn", reference(format!("aws_iam_role.{group}.arn"))),
            ),
            None => block.block(
                Block::new("server_side_encryption")
                    .set("enabled", true)
                    .set("key_type", "CUSTOMER_MANAGED_CMK")
                    .set("key_arn", reference(super::policy::KEY)),
            ),
        };
        let mut waits = vec![reference(format!("aws_iam_role_policy.{group}"))];
        if self.granted {
            waits.push(reference(format!("aws_lakeformation_permissions.{group}")));
        }
        block.set("depends_on", waits)
    }
}

/// What a function needs to deliver rows to streams by label.
pub fn deliver(labels: &[String]) -> Statement {
    let arns = labels
        .iter()
        .map(|label| reference(format!("aws_kinesis_firehose_delivery_stream.{label}.arn")));
    allow("Deliver", &["firehose:PutRecordBatch"], arns)
}
