//! What functions remember between batches: one table of DynamoDB, whose items go by themselves. Knows nothing of what
//! is in them.

use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, key_use};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::Plan;

const TABLE: &str = "aws_dynamodb_table.seen";

/// The table's name.
pub fn table() -> Value {
    reference(format!("{TABLE}.name"))
}

/// The table: keys that passed, by the `dedupe` that they passed and when.
pub fn block(plan: &Plan) -> Block {
    let attribute = |name: &str| Block::new("attribute").set("name", name).set("type", "S");
    Block::resource("aws_dynamodb_table", "seen")
        .doc("Digests of the keys that passed a `dedupe … within`, until they are of no use any more.")
        .skip(
            "CKV_AWS_28",
            "a backup would keep what is of use for hours for weeks, and nobody would restore it",
        )
        .set("name", named(plan, "seen", limit::LONG))
        .set("billing_mode", "PAY_PER_REQUEST")
        .set("hash_key", "name")
        .set("range_key", "written")
        .set("deletion_protection_enabled", !plan.pipeline.destroyable)
        .block(attribute("name"))
        .block(attribute("written"))
        .block(Block::new("ttl").set("attribute_name", "until").set("enabled", true))
        .block(
            Block::new("server_side_encryption")
                .set("enabled", true)
                .set("kms_key_arn", reference(KEY)),
        )
}

/// What a function needs to follow the table and to add to it.
pub fn use_of() -> [Statement; 2] {
    [
        allow(
            "Remember",
            &["dynamodb:PutItem", "dynamodb:Query"],
            [reference(format!("{TABLE}.arn"))],
        ),
        key_use("DecryptMemory", &["kms:Decrypt"], "dynamodb"),
    ]
}
