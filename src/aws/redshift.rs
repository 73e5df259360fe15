//! Warehouses: Redshift Serverless, which reads the lake in place (Spectrum) in the name of who asks.
//!
//! An external schema a zone, with `IAM_ROLE 'SESSION'`: a reader's own identity reads, so Lake Formation's grants, columns
//! and filters of rows hold in the warehouse as they do everywhere, and no role of the warehouse's own can read anything. A
//! reader cannot make tables, temporary ones neither, so nothing of the lake is copied into it.
//!
//! Facts: <https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_SCHEMA.html>,
//! <https://docs.aws.amazon.com/redshift/latest/mgmt/authorization-fas-spectrum.html>.

use std::collections::BTreeSet;

use super::metric::{alarm, metric, over};
use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, allow_everywhere};
use super::{catalog, lake, lake_formation, network, root, sinks};
use crate::emit::hcl::{Block, Value, list, object, reference};
use crate::plan::{DatasetId, Monitor, Network, Plan, Redshift, Serve};
use crate::text_of;

/// The database of a warehouse; it has no tables of its own.
const DATABASE: &str = "lake";
/// What Redshift writes down: who connected, what was asked, which users changed.
const LOGS: [&str; 3] = ["connectionlog", "useractivitylog", "userlog"];
/// Where it listens.
pub const PORT: u32 = 5_439;
/// The longest that a query may take, seconds.
const LONGEST_QUERY: u32 = 14_400;
/// Schemas that every database has.
const TAKEN: [&str; 4] = ["catalog_history", "information_schema", "public", "sys"];
/// The share of a day's limit, or of the capacity, at which somebody is told.
const TOLD_AT: f64 = 0.8;

/// All warehouses.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let Some(network) = &plan.pipeline.network else {
        return vec![];
    };
    plan.warehouses()
        .flat_map(|(serve, redshift)| warehouse(plan, network, serve, redshift))
        .collect()
}

fn warehouse(plan: &Plan, network: &Network, serve: &Serve, redshift: &Redshift) -> Vec<Block> {
    let house = House {
        label: serve.name.clone(),
        doc: match &serve.doc {
            Some(doc) => doc.clone(),
            None => format!("For queries on {}.", serve.exposed_text()),
        },
        database: DATABASE,
        capacity: (redshift.min_capacity, redshift.max_capacity),
        roles: vec![],
        kept: false,
    };
    let mut out = house.blocks(plan, network);
    out.extend(redshift.daily_limit.map(|hours| {
        Block::resource("aws_redshiftserverless_usage_limit", &serve.name)
            .doc("Beyond it queries are refused until the day is over.")
            .set("resource_arn", workgroup_arn(&serve.name))
            .set("usage_type", "serverless-compute")
            .set("period", "daily")
            .set("amount", hours)
            .set("breach_action", "deactivate")
    }));
    out.extend(statements(&house, serve));
    out
}

/// A namespace and its workgroup.
pub struct House {
    /// Their label.
    pub label: String,
    /// What they are for.
    pub doc: String,
    /// Their database.
    pub database: &'static str,
    /// The least and the most capacity.
    pub capacity: (u32, u32),
    /// The ARNs of the roles in which it reads files.
    pub roles: Vec<Value>,
    /// Whether `terraform destroy` refuses it: it has tables of its own.
    pub kept: bool,
}

impl House {
    /// The namespace, the workgroup, and their logs.
    pub fn blocks(&self, plan: &Plan, network: &Network) -> Vec<Block> {
        let mut out = self.logs(plan);
        out.push(self.namespace(plan));
        out.push(self.workgroup(plan, network));
        out
    }

    fn name(&self, plan: &Plan) -> Value {
        named(plan, &self.label, limit::SIXTY_FOUR)
    }

    /// Redshift makes log groups by these names that keep what is logged for ever, unless they are there (P-CW-1).
    fn logs(&self, plan: &Plan) -> Vec<Block> {
        LOGS.iter()
            .map(|kind| {
                let group = text_of!["/aws/redshift/", self.name(plan), format!("/{kind}")];
                lake::log_group(plan, &format!("{}_{kind}", self.label), group)
            })
            .collect()
    }

    fn namespace(&self, plan: &Plan) -> Block {
        let groups = LOGS.iter();
        let groups = groups.map(|kind| reference(format!("aws_cloudwatch_log_group.{}_{kind}", self.label)));
        Block::resource("aws_redshiftserverless_namespace", &self.label)
            .doc(&self.doc)
            .set("namespace_name", self.name(plan))
            .set("db_name", self.database)
            .set("admin_username", "administrator")
            .note("AWS makes the password, keeps it in Secrets Manager and changes it: it is in no state.")
            .set("manage_admin_password", true)
            .set(
                "admin_password_secret_kms_key_id",
                reference("aws_kms_key.platform.key_id"),
            )
            .set("kms_key_id", reference(KEY))
            .when(!self.roles.is_empty(), |block| {
                block.set("iam_roles", Value::List(self.roles.clone()))
            })
            .set("log_exports", list(LOGS))
            .set("depends_on", Value::List(groups.collect()))
            .when(self.kept, super::keep)
    }

    /// Every parameter is said: of those that are left out, Terraform would see the defaults as changes.
    fn workgroup(&self, plan: &Plan, network: &Network) -> Block {
        let longest = LONGEST_QUERY.to_string();
        let parameters = [
            ("auto_mv", "false"),
            ("datestyle", "ISO, MDY"),
            ("enable_case_sensitive_identifier", "false"),
            ("enable_user_activity_logging", "true"),
            ("max_query_execution_time", longest.as_str()),
            ("query_group", "default"),
            ("require_ssl", "true"),
            ("search_path", "$user, public"),
            ("use_fips_ssl", "false"),
        ];
        let parameters = parameters.map(|(key, value)| {
            Block::new("config_parameter")
                .set("parameter_key", key)
                .set("parameter_value", value)
        });
        let namespace = format!("aws_redshiftserverless_namespace.{}.namespace_name", self.label);
        Block::resource("aws_redshiftserverless_workgroup", &self.label)
            .set("workgroup_name", self.name(plan))
            .set("namespace_name", reference(namespace))
            .set("base_capacity", self.capacity.0)
            .set("max_capacity", self.capacity.1)
            .set("publicly_accessible", false)
            .set("enhanced_vpc_routing", true)
            .set("port", PORT)
            .set("subnet_ids", network::private_subnets(network))
            .set("security_group_ids", list([network::group(network::WAREHOUSES)]))
            .blocks(parameters)
    }

    /// A statement that its administrator runs once, and again when it changes.
    pub fn statement(&self, label: &str, sql: Value) -> Block {
        Block::resource("aws_redshiftdata_statement", label)
            .set("workgroup_name", workgroup_name(&self.label))
            .set("database", self.database)
            .set(
                "secret_arn",
                reference(format!(
                    "aws_redshiftserverless_namespace.{}.admin_password_secret_arn",
                    self.label
                )),
            )
            .set("sql", sql)
    }
}

/// The name of a workgroup.
pub fn workgroup_name(label: &str) -> Value {
    reference(format!("aws_redshiftserverless_workgroup.{label}.workgroup_name"))
}

fn workgroup_arn(label: &str) -> Value {
    reference(format!("aws_redshiftserverless_workgroup.{label}.arn"))
}

/// The zones of what a warehouse exposes.
fn zones(serve: &Serve) -> BTreeSet<&str> {
    serve.expose.iter().map(|id| id.zone.as_str()).collect()
}

/// The schema of a zone, in the quotes of an identifier.
fn schema(zone: &str) -> String {
    let name = match TAKEN.contains(&zone) || zone.starts_with("pg_") {
        true => format!("zone_{zone}"),
        false => zone.to_owned(),
    };
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What makes the warehouse show the lake and keep nothing. A statement runs once, again when it changes, and is never
/// undone (P-RSS-1): each may run over what is there.
fn statements(house: &House, serve: &Serve) -> Vec<Block> {
    let statement = |label: String, sql: Value| house.statement(&label, sql);
    let mut out = vec![
        statement(
            format!("{}_no_tables", serve.name),
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC".into(),
        )
        .doc("Readers keep no copies: neither tables, nor temporary ones."),
        statement(
            format!("{}_no_temporary_tables", serve.name),
            format!("REVOKE TEMPORARY ON DATABASE {DATABASE} FROM PUBLIC").into(),
        ),
    ];
    for zone in zones(serve) {
        let schema = schema(zone);
        let label = format!("{}_{zone}_schema", serve.name);
        let id = DatasetId {
            zone: zone.to_owned(),
            name: String::new(),
        };
        let sql = text_of![
            format!("CREATE EXTERNAL SCHEMA IF NOT EXISTS {schema} FROM DATA CATALOG DATABASE '"),
            catalog::database(&id),
            "' IAM_ROLE 'SESSION' CATALOG_ID '",
            reference("local.account"),
            "'"
        ];
        out.push(statement(label.clone(), sql).doc(&format!("The tables of {zone}, read as whoever asks.")));
        out.push(
            statement(
                format!("{}_{zone}_usage", serve.name),
                format!("GRANT USAGE ON SCHEMA {schema} TO PUBLIC").into(),
            )
            .set(
                "depends_on",
                vec![reference(format!("aws_redshiftdata_statement.{label}"))],
            ),
        );
    }
    out
}

/// What a reader needs to sign in to warehouses that expose what it may read, and to ask them.
pub fn reader(plan: &Plan, granted: &BTreeSet<&DatasetId>) -> Vec<Statement> {
    let exposing = plan
        .warehouses()
        .filter(|(serve, _)| serve.expose.iter().any(|id| granted.contains(id)));
    let arns: Vec<_> = exposing.map(|(serve, _)| workgroup_arn(&serve.name)).collect();
    if arns.is_empty() {
        return vec![];
    }
    let sign_in = ["redshift-serverless:GetCredentials", "redshift-serverless:GetWorkgroup"];
    let mut out = vec![allow("SignIn", &sign_in, arns.clone())];
    // A person gives up on a question; a job waits for its answer.
    out.extend(asking(arns, &["redshift-data:CancelStatement"]));
    out
}

/// What a job needs to write tables of these workgroups.
pub fn writer(labels: &[String]) -> Vec<Statement> {
    let arns: Vec<Value> = labels.iter().map(|label| workgroup_arn(label)).collect();
    let mut out = vec![allow("SignIn", &["redshift-serverless:GetCredentials"], arns.clone())];
    out.extend(asking(arns, &[]));
    out
}

/// Asking workgroups by the Data API; `more` is done with statements besides.
fn asking(arns: Vec<Value>, more: &[&str]) -> [Statement; 2] {
    let own = [
        more,
        &["redshift-data:DescribeStatement", "redshift-data:GetStatementResult"],
    ]
    .concat();
    [
        allow(
            "Ask",
            &["redshift-data:BatchExecuteStatement", "redshift-data:ExecuteStatement"],
            arns,
        ),
        allow_everywhere("Answers", &own, "Statements are no resources; each sees its own.").when(
            "StringEquals",
            "redshift-data:statement-owner-iam-userid",
            "${aws:userid}",
        ),
    ]
}

/// What a warehouse calls from its subnets, in the name of its readers.
pub fn calls(plan: &Plan) -> Vec<(&'static str, Vec<&'static str>, Vec<Value>)> {
    let exposed: BTreeSet<&str> = plan.warehouses().flat_map(|(serve, _)| zones(serve)).collect();
    if exposed.is_empty() {
        return vec![];
    }
    let mut tables = vec![super::policy::own("glue", "catalog")];
    let mut files = vec![];
    for zone in exposed {
        let id = DatasetId {
            zone: zone.to_owned(),
            name: String::new(),
        };
        let database = || catalog::database(&id);
        tables.push(super::policy::own("glue", text_of!["database/", database()]));
        tables.push(super::policy::own("glue", text_of!["table/", database(), "/*"]));
        let bucket = lake::zone_label(zone);
        files.push(reference(format!("aws_s3_bucket.{bucket}.arn")));
        files.push(lake::objects(&bucket, ""));
    }
    vec![
        ("glue", lake_formation::CATALOG_READS.to_vec(), tables),
        ("lakeformation", vec!["lakeformation:GetDataAccess"], vec!["*".into()]),
        ("s3", vec!["s3:GetObject", "s3:ListBucket"], files),
    ]
}

/// What is watched of warehouses: the day's use before it is over, and capacity that is all in use for an hour.
pub fn alarms(plan: &Plan, monitor: &Monitor) -> Vec<Block> {
    let mut out = vec![];
    for (serve, redshift) in plan.warehouses() {
        let of = |name| {
            let workgroup = reference(format!(
                "aws_redshiftserverless_workgroup.{}.workgroup_name",
                serve.name
            ));
            metric("AWS/Redshift-Serverless", name, vec![("Workgroup", workgroup)])
        };
        if let Some(hours) = redshift.daily_limit {
            let text = format!("{} has used more than 80 percent of what it may in a day", serve.name);
            let used = of("ComputeSeconds").with("Sum", 86_400);
            let block = alarm(plan, monitor, &format!("{}_day", serve.name), &text);
            let most = f64::from(hours) * 3_600.0 * TOLD_AT;
            out.push(over(block, &used, most, 1, "notBreaching"));
        }
        let text = format!("{} uses all of its capacity for an hour", serve.name);
        let capacity = of("ComputeCapacity").with("Minimum", 3_600);
        let block = alarm(plan, monitor, &format!("{}_capacity", serve.name), &text);
        let most = f64::from(redshift.max_capacity) - 1.0;
        out.push(over(block, &capacity, most, 1, "notBreaching"));
    }
    out
}

/// Where to connect.
pub fn outputs(plan: &Plan) -> Option<Block> {
    let hosts = plan.warehouses().map(|(serve, _)| {
        let host = format!("aws_redshiftserverless_workgroup.{}.endpoint[0].address", serve.name);
        (serve.name.clone(), reference(host))
    });
    let hosts: Vec<_> = hosts.chain(sinks::hosts(plan)).collect();
    if hosts.is_empty() {
        return None;
    }
    Some(root::output(
        "warehouses",
        "Hosts of the warehouses, for clients in the network; the query editor needs none.",
        object(hosts),
    ))
}
