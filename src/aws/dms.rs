//! Databases: AWS DMS Serverless, which copies tables and their changes into an inbox, or changes onto a stream.
//!
//! It writes files into a bucket of the platform's own, from where what lands files takes them over: so rows of databases land
//! as all others do. What a database has to be told before is a file of the build.
//!
//! Facts: <https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html>,
//! <https://docs.aws.amazon.com/dms/latest/userguide/security_iam_secretsmanager.html>.

use serde_json::{Value as Json, json};

use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, kept_by_aws, key_use, own, role, trust};
use super::{kinesis, landing, network, root};
use crate::emit::hcl::{Block, Value, call, list, reference};
use crate::plan::{Capture, Database, Files, Monitor, Network, Plan, Replication, Source, names};
use crate::text_of;

/// Roles that DMS looks for by these very names, once in an account (P-DMS-1), and the policies of AWS that they have.
const FIXED: [(&str, &str); 2] = [
    ("dms-vpc-role", "AmazonDMSVPCManagementRole"),
    ("dms-cloudwatch-logs-role", "AmazonDMSCloudWatchLogsRole"),
];
const SUBNETS: &str = "replications";
/// Changes are written as files at least this often, seconds, or when they are this large, KiB.
const EVERY: u32 = 60;
const LARGE: u32 = 32_000;

/// The sources that DMS brings.
pub fn replicated(plan: &Plan) -> impl Iterator<Item = (&Source, &Replication)> {
    plan.sources
        .iter()
        .filter_map(|source| Some((source, source.replication.as_ref()?)))
}

/// Whether the roles are made here, which exist once in an account.
pub fn variables(plan: &Plan) -> Vec<Block> {
    if replicated(plan).next().is_none() {
        return vec![];
    }
    let manage = plan.account.is_none().then(|| {
    let described = "Whether this stack makes the roles dms-vpc-role and dms-cloudwatch-logs-role, which exist once in an account. Set it to false where they are there.";
    root::variable("manage_dms_roles", described, "bool").set("default", true)
    });
    let asked: Vec<&str> = replicated(plan)
        .filter(|(_, replication)| asks_for_authority(replication))
        .map(|(source, _)| source.name.as_str())
        .collect();
    let authorities = (!asked.is_empty()).then(|| authorities(&asked));
    manage.into_iter().chain(authorities).collect()
}

/// Whether DMS wants a certificate that the platform does not name: who deploys does.
fn asks_for_authority(replication: &Replication) -> bool {
    replication.tls != "require" && replication.authority.is_none()
}

fn authorities(sources: &[&str]) -> Block {
    let described = format!(
        "Of {}: the certificate, as PEM, of the authority that signed the database's own. DMS encrypts nothing before it has \
         looked at it.",
        sources.join(", ")
    );
    let names: Vec<String> = sources.iter().map(|name| format!("\"{name}\"")).collect();
    let condition = format!(
        "alltrue([for name in [{}] : startswith(trimspace(lookup(var.authorities, name, \"\")), \"-----BEGIN CERTIFICATE-----\")])",
        names.join(", ")
    );
    let check = Block::new("validation").set("condition", reference(condition)).set(
        "error_message",
        format!("A certificate is needed for each of: {}.", sources.join(", ")),
    );
    root::variable("authorities", &described, "map(string)").block(check)
}

/// Everything that brings rows of databases.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let Some(network) = &plan.pipeline.network else {
        return vec![];
    };
    let mut out = vec![];
    for (source, replication) in replicated(plan) {
        if out.is_empty() {
            out.extend(shared(plan, network));
        }
        out.extend(one(plan, source, replication));
    }
    out
}

/// The roles of the account, and where replications stand.
fn shared(plan: &Plan, network: &Network) -> Vec<Block> {
    let (mut out, after) = match plan.account {
        None => (
            roles(Some(&reference("var.manage_dms_roles ? 1 : 0"))),
            "aws_iam_role_policy_attachment.dms_vpc_role",
        ),
        Some(_) => (asked().to_vec(), "data.aws_iam_role.dms_vpc_role"),
    };
    out.push(
        Block::resource("aws_dms_replication_subnet_group", SUBNETS)
            .set("replication_subnet_group_id", named(plan, SUBNETS, limit::LONG))
            .set(
                "replication_subnet_group_description",
                "Where replications of databases stand",
            )
            .set("subnet_ids", network::private_subnets(network))
            .set("depends_on", vec![reference(after)]),
    );
    out
}

/// The roles are another stack's: a plan fails where one is not there.
fn asked() -> [Block; 2] {
    FIXED.map(|(name, _)| {
        Block::data("aws_iam_role", &name.replace('-', "_"))
            .doc("DMS looks for it by this name (P-DMS-1); the account's own stack has it, or another one.")
            .set("name", name)
    })
}

/// The roles that DMS looks for; `count` says whether they are made at all.
pub fn roles(count: Option<&Value>) -> Vec<Block> {
    let counted = |block: Block| match count {
        Some(count) => block.set("count", count.clone()),
        None => block,
    };
    let mut out = vec![];
    for (name, policy) in FIXED {
        let label = name.replace('-', "_");
        let trusted = super::policy::document([trust("dms.amazonaws.com", None)]);
        let role = match count {
            Some(_) => format!("aws_iam_role.{label}[0].name"),
            None => format!("aws_iam_role.{label}.name"),
        };
        out.push(
            counted(Block::resource("aws_iam_role", &label).doc("DMS looks for it by this name (P-DMS-1)."))
                .set("name", name)
                .set("assume_role_policy", trusted),
        );
        out.push(
            counted(Block::resource("aws_iam_role_policy_attachment", &label))
                .set("role", reference(role))
                .set("policy_arn", kept_by_aws(policy)),
        );
    }
    out
}

fn one(plan: &Plan, source: &Source, replication: &Replication) -> Vec<Block> {
    let name = &source.name;
    let mut out =
        vec![Block::data("aws_secretsmanager_secret", &secret_label(name)).set("name", replication.secret.as_str())];
    out.extend(authority(plan, source, replication));
    out.extend(role(
        &format!("{name}_login"),
        named(plan, &format!("{name}_login"), limit::SIXTY_FOUR),
        &format!("Reads how to sign in to the database of {name}"),
        // The principal is the region's own (P-DMS-2).
        trust_of_region(),
        login(name),
    ));
    out.extend(role(
        &format!("{name}_target"),
        named(plan, &format!("{name}_target"), limit::SIXTY_FOUR),
        &format!("Writes what the database of {name} says"),
        trust("dms.amazonaws.com", None),
        target_permissions(source),
    ));
    out.push(from(plan, source, replication));
    out.push(to(plan, source));
    out.push(config(plan, source, replication));
    out
}

fn trust_of_region() -> Statement {
    allow("Service", &["sts:AssumeRole"], [])
        .service(text_of!["dms.", reference("var.region"), ".amazonaws.com"])
        .when("StringEquals", "aws:SourceAccount", reference("local.account"))
}

fn secret_label(source: &str) -> String {
    format!("{source}_database")
}

fn secret_arn(source: &str) -> Value {
    reference(format!("data.aws_secretsmanager_secret.{}.arn", secret_label(source)))
}

/// The secret is somebody else's: its key is any of the account, as long as it opens this secret.
fn login(source: &str) -> Vec<Statement> {
    let through = text_of!["secretsmanager.", reference("var.region"), ".amazonaws.com"];
    vec![
        allow(
            "Login",
            &["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            [secret_arn(source)],
        ),
        allow("DecryptLogin", &["kms:Decrypt"], [own("kms", "key/*")])
            .when("StringEquals", "kms:ViaService", through.clone())
            .when("StringEquals", "kms:EncryptionContext:SecretARN", secret_arn(source)),
        allow("SeeKeyOfLogin", &["kms:DescribeKey"], [own("kms", "key/*")]).when(
            "StringEquals",
            "kms:ViaService",
            through,
        ),
    ]
}

fn target_permissions(source: &Source) -> Vec<Statement> {
    if source.is_kinesis() {
        let stream = reference(format!("{}.arn", kinesis::address(source)));
        return vec![
            allow(
                "Send",
                &["kinesis:DescribeStream", "kinesis:PutRecord", "kinesis:PutRecords"],
                [stream],
            ),
            key_use("Encrypt", &["kms:GenerateDataKey"], "kinesis"),
        ];
    }
    let bucket = reference(format!("aws_s3_bucket.{}.arn", landing::inbox_label(&source.name)));
    vec![
        allow(
            "Write",
            &["s3:DeleteObject", "s3:PutObject", "s3:PutObjectTagging"],
            [text_of![bucket.clone(), "/*"]],
        ),
        allow("List", &["s3:GetBucketLocation", "s3:ListBucket"], [bucket]),
        key_use("Encrypt", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
    ]
}

/// The certificate of an authority is public: that it stands in the state tells nobody anything.
fn authority(plan: &Plan, source: &Source, replication: &Replication) -> Vec<Block> {
    let label = format!("{}_authority", source.name);
    let certificate = |pem: String| {
        Block::resource("aws_dms_certificate", &label)
            .set("certificate_id", named(plan, &label, limit::SIXTY_FOUR))
            .set("certificate_pem", reference(pem))
    };
    let Some(secret) = &replication.authority else {
        let given = certificate(format!("var.authorities[\"{}\"]", source.name));
        return asks_for_authority(replication).then_some(given).into_iter().collect();
    };
    vec![
        Block::data("aws_secretsmanager_secret_version", &label)
            .doc("The certificate of an authority, which is public.")
            .set("secret_id", secret.as_str()),
        certificate(format!("data.aws_secretsmanager_secret_version.{label}.secret_string")),
    ]
}

/// The database. Host, port, name and password are in its secret, as DMS asks: none of them is given here.
fn from(plan: &Plan, source: &Source, replication: &Replication) -> Block {
    let name = &source.name;
    let label = format!("{name}_source");
    let block = Block::resource("aws_dms_endpoint", &label)
        .doc(&format!(
            "{} at {}:{}, which the secret says too.",
            replication.database_name,
            replication.host,
            replication.port()
        ))
        .set("endpoint_id", named(plan, &label, limit::SIXTY_FOUR))
        .set("endpoint_type", "source")
        .set("engine_name", engine(replication.engine))
        .set("database_name", replication.database_name.as_str())
        .set("kms_key_arn", reference(KEY))
        .set("ssl_mode", replication.tls.as_str())
        .set("secrets_manager_arn", secret_arn(name))
        .set(
            "secrets_manager_access_role_arn",
            reference(format!("aws_iam_role.{name}_login.arn")),
        )
        .set(
            "depends_on",
            vec![reference(format!("aws_iam_role_policy.{name}_login"))],
        );
    let certified = replication.authority.is_some() || asks_for_authority(replication);
    let block = match certified {
        true => block.set(
            "certificate_arn",
            reference(format!("aws_dms_certificate.{name}_authority.certificate_arn")),
        ),
        false => block,
    };
    match replication.engine {
        // Without a heartbeat the log of a database at rest is kept for ever.
        Database::Postgres => block.block(
            Block::new("postgres_settings")
                .set("plugin_name", "pglogical")
                .set("heartbeat_enable", true)
                .set("heartbeat_frequency", 5u32),
        ),
        _ => block,
    }
}

fn engine(engine: Database) -> &'static str {
    match engine {
        Database::Postgres => "postgres",
        Database::Mysql => "mysql",
        Database::Oracle => "oracle",
        Database::SqlServer => "sqlserver",
    }
}

/// Where it writes: a stream, or files that name their columns.
fn to(plan: &Plan, source: &Source) -> Block {
    let name = &source.name;
    let label = format!("{name}_target");
    let role_arn = || reference(format!("aws_iam_role.{label}.arn"));
    let after = || vec![reference(format!("aws_iam_role_policy.{label}"))];
    if source.is_kinesis() {
        let stream = reference(format!("{}.arn", kinesis::address(source)));
        return Block::resource("aws_dms_endpoint", &label)
            .set("endpoint_id", named(plan, &label, limit::SIXTY_FOUR))
            .set("endpoint_type", "target")
            .set("engine_name", "kinesis")
            .set("kms_key_arn", reference(KEY))
            .set("depends_on", after())
            .block(
                Block::new("kinesis_settings")
                    .set("message_format", "json-unformatted")
                    .set("include_null_and_empty", true)
                    .set("service_access_role_arn", role_arn())
                    .set("stream_arn", stream),
            );
    }
    let bucket = reference(format!("aws_s3_bucket.{}.bucket", landing::inbox_label(name)));
    Block::resource("aws_dms_s3_endpoint", &label)
        .set("endpoint_id", named(plan, &label, limit::SIXTY_FOUR))
        .set("endpoint_type", "target")
        .set("bucket_name", bucket)
        .set("bucket_folder", "")
        .set("expected_bucket_owner", reference("local.account"))
        .set("service_access_role_arn", role_arn())
        .set("encryption_mode", "SSE_KMS")
        .set("server_side_encryption_kms_key_id", reference(KEY))
        .set("kms_key_arn", reference(KEY))
        .set("data_format", "csv")
        .note("Each file names its columns, says what became of each row in `Op`, and when it was read.")
        .set("add_column_name", true)
        .set("include_op_for_full_load", true)
        .set("timestamp_column_name", names::CHANGED_AT)
        .set("rfc_4180", true)
        .set("csv_null_value", names::DATABASE_NULL)
        .set("cdc_max_batch_interval", EVERY)
        .set("cdc_min_file_size", LARGE)
        .set("depends_on", after())
}

fn config(plan: &Plan, source: &Source, replication: &Replication) -> Block {
    let name = &source.name;
    let target = match source.is_kinesis() {
        true => reference(format!("aws_dms_endpoint.{name}_target.endpoint_arn")),
        false => reference(format!("aws_dms_s3_endpoint.{name}_target.endpoint_arn")),
    };
    let file = |path: String| call("file", [text_of![reference("path.module"), "/../", path]]);
    let (least, most) = replication.capacity;
    let block = Block::resource("aws_dms_replication_config", name);
    let block = match &source.doc {
        Some(doc) => block.doc(doc),
        None => block,
    };
    block
        .set("replication_config_identifier", named(plan, name, limit::SIXTY_FOUR))
        .set(
            "replication_type",
            match replication.capture {
                Capture::Changes => "cdc",
                Capture::AllAndChanges => "full-load-and-cdc",
            },
        )
        .set(
            "source_endpoint_arn",
            reference(format!("aws_dms_endpoint.{name}_source.endpoint_arn")),
        )
        .set("target_endpoint_arn", target)
        .set("table_mappings", file(mappings_path(name)))
        .set("replication_settings", file(settings_path(name)))
        .set("start_replication", true)
        .block(
            Block::new("compute_config")
                .set("min_capacity_units", least)
                .set("max_capacity_units", most)
                .set("multi_az", true)
                .set("kms_key_id", reference(KEY))
                .set(
                    "replication_subnet_group_id",
                    reference(format!(
                        "aws_dms_replication_subnet_group.{SUBNETS}.replication_subnet_group_id"
                    )),
                )
                .set("vpc_security_group_ids", list([network::group(network::REPLICATIONS)])),
        )
}

fn mappings_path(source: &str) -> String {
    format!("dms/{}.mappings.json", names::hyphened(source))
}

fn settings_path(source: &str) -> String {
    format!("dms/{}.settings.json", names::hyphened(source))
}

/// What is copied and how, and what each database has to be told before.
pub fn files(plan: &Plan) -> Files {
    let mut out = Files::new();
    for (source, replication) in replicated(plan) {
        let text = |json: &Json| serde_json::to_string_pretty(json).unwrap_or_default() + "\n";
        out.insert(mappings_path(&source.name), text(&mappings(source, replication)));
        out.insert(settings_path(&source.name), text(&settings(replication)));
        let path = format!("dms/{}.prerequisites.md", names::hyphened(&source.name));
        out.insert(path, super::dms_prerequisites::text(source, replication));
    }
    out
}

/// The tables, and of each the columns that the schema has: what else is in them never leaves the database.
fn mappings(source: &Source, replication: &Replication) -> Json {
    let mut rules = vec![];
    for table in &replication.tables {
        let (schema, name) = replication.place(table);
        let number = rules.len() + 1;
        rules.push(json!({
            "rule-type": "selection",
            "rule-id": number.to_string(),
            "rule-name": format!("select-{number}"),
            "object-locator": { "schema-name": schema, "table-name": name },
            "rule-action": "include",
            "filters": [],
        }));
        for field in &source.schema.fields {
            let number = rules.len() + 1;
            rules.push(json!({
                "rule-type": "transformation",
                "rule-id": number.to_string(),
                "rule-name": format!("include-{number}"),
                "rule-action": "include-column",
                "rule-target": "column",
                "object-locator": { "schema-name": schema, "table-name": name, "column-name": field.column.name },
                "value": null,
                "old-value": null,
            }));
        }
    }
    json!({ "rules": rules })
}

/// What fails stops the replication and is told: rows that are left out silently are worse than none.
fn settings(replication: &Replication) -> Json {
    json!({
        "Logging": { "EnableLogging": true },
        "TargetMetadata": {
            "SupportLobs": true,
            "FullLobMode": false,
            "LimitedSizeLobMode": true,
            "LobMaxSize": replication.largest_value_kib,
        },
        "FullLoadSettings": { "TargetTablePrepMode": "DO_NOTHING" },
        "ErrorBehavior": {
            "DataErrorPolicy": "STOP_TASK",
            "DataTruncationErrorPolicy": "LOG_ERROR",
            "TableErrorPolicy": "STOP_TASK",
            "RecoverableErrorCount": -1,
            "RecoverableErrorThrottling": true,
            "RecoverableErrorThrottlingMax": 1800,
        },
    })
}

/// What replications call from their subnets.
pub fn calls(plan: &Plan) -> Vec<(&'static str, Vec<&'static str>, Vec<Value>)> {
    let mut out = vec![];
    for (source, _) in replicated(plan) {
        out.push((
            "secretsmanager",
            vec!["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            vec![secret_arn(&source.name)],
        ));
        match source.is_kinesis() {
            true => out.push((
                "kinesis-streams",
                vec!["kinesis:DescribeStream", "kinesis:PutRecord", "kinesis:PutRecords"],
                vec![reference(format!("{}.arn", kinesis::address(source)))],
            )),
            false => {
                let bucket = reference(format!("aws_s3_bucket.{}.arn", landing::inbox_label(&source.name)));
                out.push((
                    "s3",
                    vec![
                        "s3:DeleteObject",
                        "s3:GetBucketLocation",
                        "s3:ListBucket",
                        "s3:PutObject",
                        "s3:PutObjectTagging",
                    ],
                    vec![bucket.clone(), text_of![bucket, "/*"]],
                ));
            }
        }
    }
    out
}

/// The ports of the databases, each once, for who lets replications out.
pub fn ports(plan: &Plan) -> Vec<u32> {
    let mut out: Vec<u32> = replicated(plan).map(|(_, replication)| replication.port()).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// Who is told when a replication changes its state: it stops where something is wrong.
pub fn alarms(plan: &Plan, monitor: &Monitor) -> Vec<Block> {
    let mut out = vec![];
    for (source, _) in replicated(plan) {
        let label = format!("{}_{}_replication", monitor.name, source.name);
        let pattern = crate::object_of! {
            "source" => list(["aws.dms"]),
            "resources" => list([reference(format!("aws_dms_replication_config.{}.arn", source.name))]),
        };
        out.push(
            Block::resource("aws_cloudwatch_event_rule", &label)
                .set("name", named(plan, &label, limit::SIXTY_FOUR))
                .set(
                    "description",
                    format!("The replication of {} starts, stops or fails", source.name),
                )
                .set("event_pattern", call("jsonencode", [pattern])),
        );
        out.push(
            Block::resource("aws_cloudwatch_event_target", &label)
                .set("rule", reference(format!("aws_cloudwatch_event_rule.{label}.name")))
                .set("arn", super::monitoring::topic(&monitor.name)),
        );
    }
    out
}
