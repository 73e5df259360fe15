//! Event source mappings: how batches come to a function, from a stream, a topic or a queue; what of a batch comes again, and
//! when it is given up. Knows nothing of what the function does.

use super::policy::Statement;
use super::{function, kafka, kinesis, scripts, sqs};
use crate::emit::hcl::{Block, list, reference};
use crate::plan::{From, Plan, Source, StreamFunction};

/// What the role of a function needs for its batches to come.
pub fn permissions(plan: &Plan, source: &Source) -> Vec<Statement> {
    match &source.from {
        From::Kafka(topic) => kafka::permissions(plan, source, topic),
        From::Queue(queue) => sqs::take(source, queue),
        _ => vec![kinesis::read(source), kinesis::decrypt(source)],
    }
}

/// How many batches may be in the function at once.
pub fn readers(source: &Source) -> u32 {
    match &source.from {
        From::Kafka(topic) => topic.partitions,
        From::Queue(queue) => sqs::readers(source, queue),
        _ => kinesis::readers(source),
    }
}

/// A batch that fails is halved until the bad record is alone; that one is given up after the retries, or by its age.
pub fn block(plan: &Plan, function: &StreamFunction) -> Block {
    let StreamFunction { source, settings, .. } = function;
    let block = Block::resource("aws_lambda_event_source_mapping", &source.name)
        .set(
            "function_name",
            reference(format!("aws_lambda_function.{}.arn", source.name)),
        )
        .set("function_response_types", list(["ReportBatchItemFailures"]));
    let block = match &source.from {
        From::Queue(queue) => return sqs::mapping(function, queue, block),
        From::Kafka(topic) => {
            kafka::mapping(plan, source, topic, block).set("maximum_record_age_in_seconds", topic.give_up_seconds())
        }
        _ => block
            .set(
                "event_source_arn",
                reference(format!("{}.arn", kinesis::address(source))),
            )
            .set("parallelization_factor", 1u32)
            .set("maximum_record_age_in_seconds", source.kinesis().give_up_seconds()),
    };
    let letters = function::queue_label(&source.name);
    block
        .set("starting_position", "TRIM_HORIZON")
        .set("batch_size", scripts::batch(function).unwrap_or(settings.batch))
        .set("maximum_batching_window_in_seconds", settings.wait_seconds)
        .set("bisect_batch_on_function_error", true)
        .set("maximum_retry_attempts", settings.retries)
        .block(
            Block::new("destination_config").block(
                Block::new("on_failure").set("destination_arn", reference(format!("aws_sqs_queue.{letters}.arn"))),
            ),
        )
}
