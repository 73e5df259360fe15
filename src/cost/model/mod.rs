//! What is paid for each resource that a build makes, by its type.
//!
//! A type is priced here or costs nothing by `stdlib/prices/free.csv`; a test holds that there is no third kind.

mod compute;
mod data;
mod requests;
mod standing;
mod storage;
mod streams;

use std::collections::BTreeMap;

use super::flow::Flows;
use super::table::{self, Price};
use super::{Bounds, Estimate, Factor, Line};
use crate::aws::{self, Stack};
use crate::emit::hcl::{Block, Value};
use crate::plan::{Plan, StreamFunction, Transform, stream_functions};
use crate::prove::freshness::starts_a_month;

/// Hours of a month, as rates of the language have it.
pub const MONTH_HOURS: f64 = 730.0;
/// Seconds of a month.
pub const MONTH_SECONDS: f64 = MONTH_HOURS * 3_600.0;
/// Days of a month.
pub const MONTH_DAYS: f64 = MONTH_HOURS / 24.0;
/// Bytes of a GiB, which AWS's bills call GB.
pub const GIB: f64 = 1_073_741_824.0;

type Pricer = fn(&mut Model<'_>, &Block, &str);

/// Every type of resource that is paid for, and by what.
pub const PRICED: &[(&str, Pricer)] = &[
    ("aws_api_gateway_stage", requests::api),
    ("aws_apigatewayv2_api", requests::http_api),
    ("aws_athena_workgroup", data::athena),
    ("aws_backup_plan", storage::backup),
    ("aws_batch_compute_environment", compute::containers),
    ("aws_cloudtrail", standing::trail),
    ("aws_cloudwatch_dashboard", standing::dashboard),
    ("aws_datazone_domain", requests::catalog),
    ("aws_cloudwatch_event_bus", requests::bus),
    ("aws_cloudwatch_log_group", standing::log_group),
    ("aws_cloudwatch_metric_alarm", standing::alarm),
    ("aws_codebuild_project", requests::build),
    ("aws_codepipeline", requests::pipeline),
    ("aws_config_config_rule", standing::rule),
    ("aws_config_configuration_recorder", standing::recorder),
    ("aws_dms_replication_config", data::replication),
    ("aws_dynamodb_table", data::items),
    ("aws_ecr_repository", standing::repository),
    ("aws_eip", standing::address),
    ("aws_emrserverless_application", compute::emr),
    ("aws_glue_catalog_table_optimizer", compute::optimizer),
    ("aws_glue_job", compute::glue),
    ("aws_iot_topic_rule", requests::messages),
    ("aws_kinesis_firehose_delivery_stream", streams::delivery),
    ("aws_kinesis_stream", streams::kinesis),
    ("aws_kms_key", standing::key),
    ("aws_kms_replica_key", standing::key),
    ("aws_lambda_function", compute::function),
    ("aws_msk_cluster", streams::brokers),
    ("aws_msk_serverless_cluster", streams::serverless_cluster),
    ("aws_nat_gateway", standing::nat),
    ("aws_opensearchserverless_collection_group", data::search),
    ("aws_opensearchserverless_vpc_endpoint", standing::endpoint),
    ("aws_pipes_pipe", requests::pipe),
    ("aws_quicksight_data_set", data::dashboard_rows),
    ("aws_quicksight_data_source", data::readers),
    ("aws_redshiftserverless_namespace", data::warehouse_rows),
    ("aws_redshiftserverless_workgroup", data::warehouse),
    ("aws_s3_bucket", storage::bucket),
    ("aws_s3_bucket_replication_configuration", storage::copies),
    ("aws_scheduler_schedule", requests::starts),
    ("aws_secretsmanager_secret", standing::secret),
    ("aws_sesv2_email_identity", requests::mails),
    ("aws_sfn_state_machine", requests::transitions),
    ("aws_sns_topic", requests::topic),
    ("aws_sqs_queue", requests::queue),
    ("aws_vpc_endpoint", standing::endpoint),
];

/// What pricers read of resources: attributes, and the blocks that these are in.
pub const READ: &[&str] = &[
    "architectures",
    "broker_node_group_info",
    "bytes_scanned_cutoff_per_query",
    "configuration",
    "data_format_conversion_configuration",
    "dynamic_partitioning_configuration",
    "ebs_storage_info",
    "extended_s3_configuration",
    "fifo_queue",
    "iceberg_configuration",
    "import_mode",
    "instance_type",
    "max_capacity",
    "memory_size",
    "metric",
    "metric_query",
    "namespace",
    "number_of_broker_nodes",
    "number_of_workers",
    "reserved_concurrent_executions",
    "schedule_expression",
    "shard_count",
    "storage_info",
    "subnet_ids",
    "timeout",
    "volume_size",
    "vpc_endpoint_type",
];

/// What is known of a platform while its lines are made.
pub struct Model<'p> {
    plan: &'p Plan,
    stack: &'p Stack,
    flows: Flows<'p>,
    /// How often each entry of the scheduler starts in a month.
    starts: BTreeMap<String, f64>,
    /// Requests to objects of the lake in a month: writes, then reads.
    objects: (Bounds, Bounds),
    /// How many resources AWS Config may record.
    resources: f64,
    /// The functions that read sources.
    functions: BTreeMap<&'p str, StreamFunction<'p>>,
    /// The transforms whose rows a delivery stream brings, by its label.
    deliveries: BTreeMap<String, &'p Transform>,
    /// The transforms, by their names.
    transforms: BTreeMap<&'p str, &'p Transform>,
    /// How often each transform is run in a month.
    runs: BTreeMap<&'p str, Bounds>,
    /// The items that resources are made for, by the start of their labels.
    items: BTreeMap<&'p str, String>,
    lines: Vec<Line>,
}

impl<'p> Model<'p> {
    /// Of a plan, whose resources these are, as far as they are priced.
    /// AWS Config may record so many resources.
    pub fn new(plan: &'p Plan, stack: &'p Stack, recorded: usize) -> Model<'p> {
        let starts = stack.resources("aws_scheduler_schedule").filter_map(|block| {
            let often = starts_a_month(&text(block, "schedule_expression")?).unwrap_or(0.0);
            Some((block.labels.get(1)?.clone(), often))
        });
        let starts = starts.collect();
        let mut flows = Flows::new(plan);
        let functions = stream_functions(plan).into_iter();
        let labels = |transform: &'p Transform| {
            let all = transform.deliveries().into_iter();
            all.map(move |(_, label)| (label, transform))
        };
        Model {
            runs: compute::all_runs(plan, &starts),
            starts,
            functions: functions.map(|one| (one.source.name.as_str(), one)).collect(),
            deliveries: plan.transforms.iter().flat_map(labels).collect(),
            transforms: plan.transforms.iter().map(|one| (one.name.as_str(), one)).collect(),
            items: items(plan),
            objects: storage::requests(plan, &mut flows),
            resources: recorded as f64,
            flows,
            plan,
            stack,
            lines: Vec::new(),
        }
    }

    /// Every line.
    pub fn estimate(mut self) -> Estimate {
        let pricers: BTreeMap<&str, Pricer> = PRICED.iter().copied().collect();
        for block in self.stack.blocks().filter(|block| block.kind == "resource") {
            if let [kind, label] = block.labels.as_slice()
                && let Some(pricer) = pricers.get(kind.as_str())
            {
                pricer(&mut self, block, label);
            }
        }
        Estimate {
            region: self.plan.pipeline.region.clone(),
            lines: self.lines,
        }
    }

    /// One more thing that is paid for.
    fn line(&mut self, item: &str, block: &Block, price_of: &'static str, factors: Vec<Factor>) {
        self.line_between(item, block, (price_of, price_of), factors);
    }

    /// The same where at the high bound it is another thing of the table.
    fn line_between(
        &mut self,
        item: &str,
        block: &Block,
        (price_of, high_price_of): (&'static str, &'static str),
        factors: Vec<Factor>,
    ) {
        let region = &self.plan.pipeline.region;
        let (Some(price), Some(high)) = (table::price(price_of, region), table::price(high_price_of, region)) else {
            return;
        };
        let price = Price {
            usd: Bounds::new(price.usd.low, high.usd.high),
            ..price
        };
        let count = factors.iter().fold(Bounds::from(1.0), |all, factor| all * factor.count);
        if count.is_nothing() {
            return;
        }
        self.lines.push(Line {
            item: item.to_owned(),
            resource: block.address(),
            price_of,
            high_price_of,
            factors,
            price,
            usd: count * price.usd * (1.0 / price.per),
        })
    }

    /// The item that a resource is made for, by its label.
    fn item(&self, label: &str) -> String {
        let names = ENDS.iter().filter_map(|end| label.strip_suffix(end));
        let mut names = [label].into_iter().chain(names);
        if let Some(item) = names.find_map(|name| self.items.get(name)) {
            return item.clone();
        }
        if let Some(sink) = aws::sink_of(self.plan, label) {
            return format!("sink {}", sink.name);
        }
        match self.deliveries.get(label) {
            Some(transform) => format!("transform {}", transform.name),
            None => format!("pipeline {}", self.plan.pipeline.name),
        }
    }

    /// Something that stands for all of the platform: `pipeline network`.
    fn shared(what: &str) -> String {
        format!("pipeline {what}")
    }
}

/// What labels of resources have behind the name of their item.
const ENDS: [&str; 9] = [
    "_landing",
    "_api",
    "_iot",
    "_rule",
    "_program",
    "_quarantine",
    "_start",
    "_arrivals",
    "_dead_letters",
];

/// Items by their names; sources and transforms share theirs.
fn items(plan: &Plan) -> BTreeMap<&str, String> {
    let mut all = BTreeMap::new();
    for serve in &plan.serves {
        all.insert(serve.name.as_str(), format!("serve {}", serve.name));
    }
    for schedule in &plan.schedules {
        all.insert(schedule.name.as_str(), format!("schedule {}", schedule.name));
    }
    for transform in &plan.transforms {
        all.insert(transform.name.as_str(), format!("transform {}", transform.name));
    }
    for source in &plan.sources {
        all.insert(source.name.as_str(), format!("source {}", source.name));
    }
    all
}

/// What a price is multiplied by.
fn times(count: impl Into<Bounds>, of: &str) -> Factor {
    Factor {
        count: count.into(),
        of: of.to_owned(),
    }
}

/// From nothing up to as many.
fn up_to(most: f64, of: &str) -> Factor {
    times(Bounds::up_to(most), of)
}

/// Each hour of a month.
fn hours() -> Factor {
    times(MONTH_HOURS, "h")
}

/// A number among the direct attributes of a block.
fn number(block: &Block, name: &str) -> Option<f64> {
    match block.get(name)? {
        Value::Number(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// A text among the direct attributes of a block.
fn text(block: &Block, name: &str) -> Option<String> {
    match block.get(name)? {
        Value::Text(parts) => match parts.as_slice() {
            [crate::emit::hcl::Part::Literal(text)] => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// How many values a list among the direct attributes of a block has.
fn length(block: &Block, name: &str) -> f64 {
    match block.get(name) {
        Some(Value::List(values)) => values.len() as f64,
        _ => 0.0,
    }
}
