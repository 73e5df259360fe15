//! Dashboards: QuickSight's data source, data sets with their refreshes and rules of rows, and the stack of the dashboard.
//!
//! QuickSight asks Athena in a workgroup of its own, with a role of its own that Lake Formation grants the columns that are
//! shown and no others: the role that an account has for QuickSight needs no rights on the lake (P-QS-2, P-QS-5). What a
//! dashboard looks like is a template of CloudFormation ([`crate::emit::dashboard`]), because the provider of Terraform
//! breaks on definitions (P-QS-4).

use super::metric::{alarm, metric, over};
use super::naming::{limit, named};
use super::policy::{KEY, allow_everywhere, own, role, trust};
use super::{athena, catalog, lake_formation, root};
use crate::emit::dashboard;
use crate::emit::hcl::{Block, Value, call, escape, list, object, reference};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Dataset, DatasetId, Format, Monitor, Plan, QuickSight, Refresh, RowRule, Serve, Sharer, names};
use crate::text_of;

/// Where templates of dashboards are, in the bucket of artifacts.
pub const TEMPLATES: &str = "quicksight/";
/// When what dashboards hold is read again, in the morning of UTC.
const MORNING: &str = "06:00";

/// All dashboards.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for (serve, quicksight) in plan.dashboards() {
        out.extend(principals(serve, quicksight));
        out.extend(source(plan, serve));
        for id in &serve.expose {
            out.extend(data_set(plan, serve, quicksight, id));
        }
        out.extend(stack(plan, serve, quicksight));
    }
    out
}

/// Where QuickSight knows its groups and users, if any sees a dashboard.
pub fn variables(plan: &Plan) -> Option<Block> {
    plan.dashboards()
        .any(|(_, quicksight)| quicksight.sharers().next().is_some())
        .then(|| {
            let described =
                "Region in which the account's QuickSight keeps its users and groups, where it was signed up (P-QS-1).";
            root::variable("quicksight_identity_region", described, "string")
                .set("default", plan.pipeline.region.as_str())
        })
}

/// The groups and users that see a dashboard: they are asked for, so that a plan fails where one is not there.
fn principals(serve: &Serve, quicksight: &QuickSight) -> Vec<Block> {
    let asked = |kind: &str, key: &str, names: &[String]| {
        (!names.is_empty()).then(|| {
            Block::data(kind, &serve.name)
                .set("for_each", call("toset", [list(names)]))
                .set("region", reference("var.quicksight_identity_region"))
                .set(key, reference("each.value"))
        })
    };
    let groups = asked("aws_quicksight_group", "group_name", &quicksight.share.groups);
    let users = asked("aws_quicksight_user", "user_name", &quicksight.share.users);
    groups.into_iter().chain(users).collect()
}

fn arn_of(serve: &Serve, sharer: Sharer<'_>) -> Value {
    let (kind, name) = match sharer {
        Sharer::Group(name) => ("group", name),
        Sharer::User(name) => ("user", name),
    };
    reference(format!(
        "data.aws_quicksight_{kind}.{}[\"{}\"].arn",
        serve.name,
        escape(name, false)
    ))
}

fn role_label(serve: &str) -> String {
    format!("{serve}_dashboards")
}

/// Athena, in a workgroup and by a role of the dashboards' own.
fn source(plan: &Plan, serve: &Serve) -> Vec<Block> {
    let label = role_label(&serve.name);
    let mut statements = lake_formation::queries(&[athena::shared(serve, &athena::OF_DASHBOARDS)]);
    statements.extend([
        lake_formation::catalog_reads(&serve.expose.iter().collect()),
        allow_everywhere(
            "LakeFormation",
            &["lakeformation:GetDataAccess"],
            "Lake Formation's grants say what comes of it; IAM knows no resource here.",
        ),
    ]);
    let mut out = role(
        &label,
        named(plan, &label, limit::SIXTY_FOUR),
        &format!("What the dashboards of {} read", serve.name),
        trust("quicksight.amazonaws.com", None),
        statements,
    )
    .to_vec();
    let of_athena = Block::new("athena")
        .set("role_arn", reference(format!("aws_iam_role.{label}.arn")))
        .set(
            "work_group",
            reference(format!("aws_athena_workgroup.{}.name", serve.name)),
        );
    out.push(
        Block::resource("aws_quicksight_data_source", &serve.name)
            .set("data_source_id", named(plan, &serve.name, limit::LONG))
            .set("name", named(plan, &serve.name, limit::LONG))
            .set("type", "ATHENA")
            .set("depends_on", vec![reference(format!("aws_iam_role_policy.{label}"))])
            .block(Block::new("parameters").block(of_athena))
            .block(Block::new("ssl_properties").set("disable_ssl", false)),
    );
    out
}

/// Lake Formation's grants to the role: the columns that are shown.
pub fn grants(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for (serve, quicksight) in plan.dashboards() {
        let role = role_label(&serve.name);
        for id in &serve.expose {
            let columns = plan.shown(quicksight, id);
            let names = columns.iter().map(|column| column.name.as_str());
            let table = Block::new("table_with_columns")
                .set("database_name", catalog::database(id))
                .set("name", catalog::table(id))
                .set("column_names", list(names));
            out.push(
                lake_formation::permission(&format!("{role}_{}", catalog::label(id)), &["SELECT"])
                    .set("principal", reference(format!("aws_iam_role.{role}.arn")))
                    .block(table),
            );
        }
    }
    out
}

/// The label of what dashboards show of a dataset.
pub fn set_label(serve: &Serve, id: &DatasetId) -> String {
    format!("{}_{}", serve.name, catalog::label(id))
}

/// A data set, what it may show to whom, and when it is read again.
fn data_set(plan: &Plan, serve: &Serve, quicksight: &QuickSight, id: &DatasetId) -> Vec<Block> {
    let label = set_label(serve, id);
    let dataset = plan.dataset(id);
    let shown = plan.shown(quicksight, id);
    let columns: Vec<_> = shown
        .into_iter()
        .filter(|column| kind(dataset, column).is_some())
        .collect();
    let left_out: Vec<_> = dataset
        .columns
        .iter()
        .filter(|column| kind(dataset, column).is_none())
        .map(|column| column.name.as_str())
        .collect();
    let mut said = format!("What dashboards show of {id}: columns that each of their readers may see.");
    if !left_out.is_empty() {
        said.push_str(&format!(" QuickSight has no type for {}.", left_out.join(", ")));
    }
    let rules = plan
        .row_rules(quicksight, id)
        .map(|rules| (format!("{label}_rows"), rules));
    let mut out = vec![];
    if let Some((label, rules)) = &rules {
        out.push(row_rules(plan, serve, label, rules));
    }
    let block = Block::resource("aws_quicksight_data_set", &label)
        .doc(&said)
        .set("data_set_id", named(plan, &label, limit::LONG))
        .set("name", named(plan, &label, limit::LONG))
        .set(
            "import_mode",
            if quicksight.refresh.is_some() {
                "SPICE"
            } else {
                "DIRECT_QUERY"
            },
        )
        .set(
            "depends_on",
            vec![reference(format!(
                "aws_lakeformation_permissions.{}_{}",
                role_label(&serve.name),
                catalog::label(id)
            ))],
        )
        .block(
            Block::new("logical_table_map")
                .set("alias", id.name.as_str())
                .set("logical_table_map_id", "shown")
                .block(Block::new("source").set("physical_table_id", "lake"))
                .blocks(columns.iter().filter_map(|column| described(column))),
        )
        .block(physical(serve, dataset, &columns));
    out.push(match &rules {
        None => block,
        Some((rules, _)) => block.block(
            Block::new("row_level_permission_data_set")
                .set("arn", reference(format!("aws_quicksight_data_set.{rules}.arn")))
                .set("format_version", "VERSION_1")
                .set("permission_policy", "GRANT_ACCESS")
                .set("status", "ENABLED"),
        ),
    });
    out.extend(quicksight.refresh.map(|refresh| refreshed(&label, refresh)));
    out
}

/// What an author said of a column, where its readers see it.
fn described(column: &Column) -> Option<Block> {
    let doc = column.doc.as_deref()?;
    let text = Block::new("column_description").set("text", catalog::comment(doc));
    let tag = Block::new("tag_column_operation")
        .set("column_name", column.name.as_str())
        .block(Block::new("tags").block(text));
    Some(Block::new("data_transforms").block(tag))
}

/// Where the rows are. An instant of an Iceberg table has a zone, which QuickSight has no type for: it is cast, in UTC.
fn physical(serve: &Serve, dataset: &Dataset, columns: &[&Column]) -> Block {
    let source = || reference(format!("aws_quicksight_data_source.{}.arn", serve.name));
    let with_types = |name: &'static str| {
        columns.iter().map(move |column| {
            Block::new(name)
                .set("name", column.name.as_str())
                .set("type", kind(dataset, column).unwrap_or("STRING"))
        })
    };
    let map = Block::new("physical_table_map").set("physical_table_map_id", "lake");
    let is_instant = |column: &&&Column| matches!(column.ty.kind, TypeKind::Timestamp);
    if dataset.format != Format::Iceberg || columns.iter().find(is_instant).is_none() {
        return map.block(
            Block::new("relational_table")
                .set("data_source_arn", source())
                .set("catalog", "AwsDataCatalog")
                .set("schema", catalog::database(&dataset.id))
                .set("name", catalog::table(&dataset.id))
                .blocks(with_types("input_columns")),
        );
    }
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let selected: Vec<String> = columns
        .iter()
        .map(|column| match is_instant(&column) {
            true => format!("CAST({0} AT TIME ZONE 'UTC' AS timestamp) AS {0}", quoted(&column.name)),
            false => quoted(&column.name),
        })
        .collect();
    let sql = text_of![
        format!("SELECT {} FROM \"", selected.join(", ")),
        catalog::database(&dataset.id),
        "\".\"",
        catalog::table(&dataset.id),
        "\""
    ];
    map.block(
        Block::new("custom_sql")
            .set("data_source_arn", source())
            .set("name", dataset.id.name.as_str())
            .set("sql_query", sql)
            .blocks(with_types("columns")),
    )
}

/// The type that QuickSight has for a column; nothing where it has none.
pub fn kind(dataset: &Dataset, column: &Column) -> Option<&'static str> {
    dashboard::kind(dataset, column).map(dashboard::Kind::of_quicksight)
}

/// Who sees which rows, as the table of rules that QuickSight asks for: a row a rule, a column a condition.
fn row_rules(plan: &Plan, serve: &Serve, label: &str, rules: &[(Sharer<'_>, RowRule)]) -> Block {
    let mut columns: Vec<&String> = vec![];
    for (_, rule) in rules {
        for column in rule.0.keys() {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
    }
    let quote = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let texts: Vec<Value> = rules
        .iter()
        .map(|(sharer, rule)| {
            let lists = columns.iter().map(|column| match rule.0.get(*column) {
                Some(texts) => quote(&texts.join(",")),
                None => "CAST(NULL AS varchar)".to_owned(),
            });
            let arn = text_of!["'", arn_of(serve, *sharer), "'"];
            let (group, user) = match sharer {
                Sharer::Group(_) => (arn, Value::from("CAST(NULL AS varchar)")),
                Sharer::User(_) => (Value::from("CAST(NULL AS varchar)"), arn),
            };
            let lists: String = lists.map(|list| format!(", {list}")).collect();
            text_of!["(", group, ", ", user, lists, ")"]
        })
        .collect();
    let names: String = columns
        .iter()
        .map(|name| format!(", \"{}\"", name.replace('"', "\"\"")))
        .collect();
    let none = format!("SELECT '', ''{} WHERE false", ", ''".repeat(columns.len()));
    let rows = match texts.split_first() {
        None => text_of![none],
        Some((first, others)) => others.iter().fold(text_of!["VALUES ", first.clone()], |all, one| {
            text_of![all, ", ", one.clone()]
        }),
    };
    let sql = text_of![
        "SELECT * FROM (",
        rows,
        format!(") AS rules (group_arn, user_arn{names})")
    ];
    let own = ["group_arn", "user_arn"];
    let all = own.into_iter().chain(columns.iter().map(|name| name.as_str()));
    let renamed = [("group_arn", "GroupARN"), ("user_arn", "UserARN")].map(|(from, to)| {
        Block::new("data_transforms").block(
            Block::new("rename_column_operation")
                .set("column_name", from)
                .set("new_column_name", to),
        )
    });
    Block::resource("aws_quicksight_data_set", label)
        .doc("Who sees which rows: who stands in no row sees none.")
        .set("data_set_id", named(plan, label, limit::LONG))
        .set("name", named(plan, label, limit::LONG))
        .set("import_mode", "SPICE")
        .set("use_as", "RLS_RULES")
        .block(
            Block::new("logical_table_map")
                .set("alias", "rules")
                .set("logical_table_map_id", "rules")
                .block(Block::new("source").set("physical_table_id", "rules"))
                .blocks(renamed),
        )
        .block(
            Block::new("physical_table_map")
                .set("physical_table_map_id", "rules")
                .block(
                    Block::new("custom_sql")
                        .set(
                            "data_source_arn",
                            reference(format!("aws_quicksight_data_source.{}.arn", serve.name)),
                        )
                        .set("name", "rules")
                        .set("sql_query", sql)
                        .blocks(all.map(|name| Block::new("columns").set("name", name).set("type", "STRING"))),
                ),
        )
}

fn refreshed(label: &str, refresh: Refresh) -> Block {
    let frequency = match refresh {
        Refresh::Hourly => Block::new("schedule_frequency").set("interval", "HOURLY"),
        Refresh::Daily => at_morning("DAILY"),
        Refresh::Weekly => at_morning("WEEKLY").block(Block::new("refresh_on_day").set("day_of_week", "MONDAY")),
    };
    Block::resource("aws_quicksight_refresh_schedule", label)
        .set(
            "data_set_id",
            reference(format!("aws_quicksight_data_set.{label}.data_set_id")),
        )
        .set("schedule_id", "refresh")
        .block(
            Block::new("schedule")
                .set("refresh_type", "FULL_REFRESH")
                .block(frequency),
        )
}

fn at_morning(interval: &str) -> Block {
    Block::new("schedule_frequency")
        .set("interval", interval)
        .set("time_of_the_day", MORNING)
        .set("timezone", "UTC")
}

/// The dashboard, by its template, which is too long for anything but a file.
fn stack(plan: &Plan, serve: &Serve, quicksight: &QuickSight) -> [Block; 2] {
    let path = dashboard::path(&serve.name);
    let file = || text_of![reference("path.module"), "/../", path.as_str()];
    let object_of = |attribute: &str| reference(format!("aws_s3_object.{}_dashboard.{attribute}", serve.name));
    let template = Block::resource("aws_s3_object", &format!("{}_dashboard", serve.name))
        .set("bucket", reference("aws_s3_bucket.artifacts.id"))
        .set(
            "key",
            text_of![
                format!("{TEMPLATES}{}-", names::hyphened(&serve.name)),
                call("filemd5", [file()]),
                ".json"
            ],
        )
        .set("source", file())
        .set("kms_key_id", reference(KEY));
    let mut parameters = vec![
        ("Id".to_owned(), named(plan, &serve.name, limit::LONG)),
        ("Name".to_owned(), named(plan, &serve.name, limit::LONG)),
    ];
    for (at, id) in serve.expose.iter().enumerate() {
        let arn = reference(format!("aws_quicksight_data_set.{}.arn", set_label(serve, id)));
        parameters.push((dashboard::data_set(at), arn));
    }
    for (at, sharer) in quicksight.sharers().enumerate() {
        parameters.push((dashboard::reader(at), arn_of(serve, sharer)));
    }
    let url = text_of![
        "https://",
        reference("aws_s3_bucket.artifacts.bucket_regional_domain_name"),
        "/",
        object_of("key")
    ];
    let block = Block::resource("aws_cloudformation_stack", &serve.name)
        .doc(serve.doc.as_deref().unwrap_or("The dashboard, with a sheet a dataset."))
        .skip("CKV_AWS_124", "who deploys waits for it, and sees how it ends")
        .set("name", named(plan, &format!("{}_dashboard", serve.name), limit::LONG))
        .set("template_url", url)
        .set("parameters", object(parameters))
        .set("on_failure", "ROLLBACK");
    [template, block]
}

/// What is watched: reads into what dashboards hold that fail.
pub fn alarms(plan: &Plan, monitor: &Monitor) -> Vec<Block> {
    let mut out = vec![];
    for (serve, quicksight) in plan.dashboards() {
        if quicksight.refresh.is_none() {
            continue;
        }
        for id in &serve.expose {
            let label = set_label(serve, id);
            let set = reference(format!("aws_quicksight_data_set.{label}.data_set_id"));
            let failed = metric("AWS/QuickSight", "IngestionErrorCount", vec![("DatasetId", set)]);
            let text = format!("What {} holds of {id} was not read again", serve.name);
            let block = alarm(plan, monitor, &format!("{label}_refresh"), &text);
            out.push(over(block, &failed, 0.0, 1, "notBreaching"));
        }
    }
    out
}

/// Where dashboards are.
pub fn outputs(plan: &Plan) -> Option<Block> {
    plan.dashboards().next()?;
    let all = plan.dashboards().map(|(serve, _)| {
        let id = named(plan, &serve.name, limit::LONG);
        (serve.name.clone(), own("quicksight", text_of!["dashboard/", id]))
    });
    Some(root::output("dashboards", "ARNs of the dashboards.", object(all)))
}
