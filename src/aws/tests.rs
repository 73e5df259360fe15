//! Checks of whole stacks that need no tool: names, lifecycles, logs, alarms, templates.

use std::collections::{BTreeMap, BTreeSet};

use super::naming::{limit, longest};
use super::*;
use crate::emit::hcl::{Item, Part, Value};
use crate::emit::pyspark;
use crate::plan::{DatasetId, Format, fixture};

fn stack(plan: &Plan) -> Stack {
    super::stack(plan, &pyspark::modules(&pyspark::emit(plan)))
}

fn terraform(plan: &Plan) -> Files {
    let stack = super::stack(plan, &pyspark::modules(&pyspark::emit(plan)));
    super::terraform(plan, &stack, &super::evidence(plan, &stack))
}

/// The fixture for each environment, with backups, and with names that do not fit.
fn plans() -> Vec<Plan> {
    let mut dev = fixture::clickstream();
    dev.environment = Some("dev".into());
    dev.pipeline.destroyable = true;
    let mut prod = fixture::clickstream();
    prod.environment = Some("production".into());
    for zone in &mut prod.zones {
        zone.backup_days = Some(35);
    }
    prod.pipeline.name = "a_pipeline_whose_name_alone_would_fill_the_name_of_a_bucket".into();
    prod.schedules[0].name = "a_schedule_that_is_named_after_everything_that_it_runs_and_when_it_does".into();
    vec![fixture::clickstream(), dev, prod]
}

/// Every string below a block's items, with the path of attributes to it.
fn strings(items: &[Item], path: &str, out: &mut Vec<(String, String)>) {
    for item in items {
        match item {
            Item::Attribute(name, value) => value_strings(value, &format!("{path}.{name}"), out),
            Item::Block(block) => strings(&block.items, &format!("{path}.{}", block.kind), out),
            Item::Comment(_) => {}
        }
    }
}

fn value_strings(value: &Value, path: &str, out: &mut Vec<(String, String)>) {
    match value {
        Value::Text(parts) => {
            let literal: String = parts
                .iter()
                .map(|part| match part {
                    Part::Literal(text) => text.clone(),
                    Part::Expression(_) => "…".into(),
                })
                .collect();
            out.push((path.into(), literal));
        }
        Value::Reference(expression) => out.push((path.into(), expression.clone())),
        Value::List(values) | Value::Call(_, values) => values.iter().for_each(|value| value_strings(value, path, out)),
        Value::Object(entries) => entries
            .iter()
            .for_each(|(key, value)| value_strings(value, &format!("{path}.{key}"), out)),
        Value::Commented(_, value) => value_strings(value, path, out),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn names_keep_their_limits() {
    let limits = BTreeMap::from([
        ("aws_backup_plan", limit::BACKUP),
        ("aws_backup_vault", limit::BACKUP),
        ("aws_iam_role", limit::SIXTY_FOUR),
        ("aws_kinesis_firehose_delivery_stream", limit::SIXTY_FOUR),
        ("aws_scheduler_schedule", limit::SIXTY_FOUR),
        ("aws_sfn_state_machine", limit::EIGHTY),
        ("aws_sqs_queue", limit::EIGHTY),
        ("aws_athena_workgroup", limit::LONG),
        ("aws_kinesis_stream", limit::LONG),
    ]);
    for plan in plans() {
        let stack = stack(&plan);
        for (kind, limit) in &limits {
            for block in stack.resources(kind) {
                let length = longest(&plan, block.get("name").unwrap());
                assert!(length <= *limit, "{} is up to {length} long", block.address());
            }
        }
        for (kind, name, limit) in [
            ("aws_s3_bucket", "bucket", limit::BUCKET),
            ("aws_lambda_function", "function_name", limit::SIXTY_FOUR),
        ] {
            for block in stack.resources(kind) {
                let length = longest(&plan, block.get(name).unwrap());
                assert!(length <= limit, "{} is up to {length} long", block.address());
            }
        }
    }
}

#[test]
fn addresses_are_unique_and_references_exist() {
    let reference = regex::Regex::new(r"(data\.)?\b(aws_[a-z0-9_]+|terraform_data)\.([A-Za-z0-9_]+)").unwrap();
    for plan in plans() {
        let stack = stack(&plan);
        let mut addresses = BTreeSet::new();
        for block in stack
            .blocks()
            .filter(|block| matches!(block.kind.as_str(), "resource" | "data"))
        {
            assert!(addresses.insert(block.address()), "{} is there twice", block.address());
        }
        for (path, text) in stack.print("terraform") {
            let code: String = text
                .lines()
                .filter(|line| !line.trim_start().starts_with('#'))
                .collect();
            for found in reference.captures_iter(&code) {
                assert!(addresses.contains(&found[0]), "{path} names {}", &found[0]);
            }
        }
    }
}

#[test]
fn every_dataset_has_one_lifecycle_rule_and_leaves_by_age_or_by_its_job() {
    for plan in plans() {
        let buckets = lake::buckets(&plan);
        for dataset in plan.datasets.values() {
            let bucket = buckets
                .iter()
                .find(|bucket| bucket.label == lake::zone_label(&dataset.id.zone))
                .unwrap();
            let prefix = names::dataset_prefix(&dataset.id.name);
            let covering: Vec<_> = bucket
                .rules
                .iter()
                .filter(|rule| prefix.starts_with(&rule.prefix))
                .collect();
            assert_eq!(covering.len(), 1, "{}", dataset.id);
            let by_age = plan.purged_by_age(dataset);
            assert_eq!(
                covering[0].days,
                by_age.then_some(dataset.retain_days),
                "{}",
                dataset.id
            );
        }
        for bucket in buckets {
            let prefixes: BTreeSet<_> = bucket.rules.iter().map(|rule| &rule.prefix).collect();
            assert_eq!(
                prefixes.len(),
                bucket.rules.len(),
                "two rules for one prefix in {}",
                bucket.label
            );
        }
        for kind in ["lifecycle_configuration", "policy", "notification", "logging"] {
            let kind = format!("aws_s3_bucket_{kind}");
            let stack = stack(&plan);
            let owners: Vec<_> = stack
                .resources(&kind)
                .map(|block| block.get("bucket").cloned())
                .collect();
            assert_eq!(
                owners
                    .iter()
                    .map(|owner| format!("{owner:?}"))
                    .collect::<BTreeSet<_>>()
                    .len(),
                owners.len()
            );
        }
    }
}

#[test]
fn every_log_group_has_a_key_and_an_end() {
    for plan in plans() {
        let stack = stack(&plan);
        assert!(stack.resources("aws_cloudwatch_log_group").count() >= 8);
        for group in stack.resources("aws_cloudwatch_log_group") {
            assert_eq!(
                group.get("retention_in_days"),
                Some(&plan.pipeline.log_days.into()),
                "{}",
                group.address()
            );
            assert!(group.get("kms_key_id").is_some(), "{}", group.address());
        }
        for group in stack.resources("aws_lambda_function") {
            assert!(group.children("logging_config").count() == 1, "{}", group.address());
        }
    }
}

#[test]
fn every_alarm_is_heard_and_freshness_breaches_when_nothing_is_known() {
    for plan in plans() {
        let stack = stack(&plan);
        for alarm in stack.resources("aws_cloudwatch_metric_alarm") {
            assert!(matches!(alarm.get("alarm_actions"), Some(Value::List(actions)) if !actions.is_empty()));
            if alarm.address().ends_with("_freshness") {
                assert_eq!(alarm.get("treat_missing_data"), Some(&"breaching".into()));
            }
        }
        let declared = stack
            .resources("aws_cloudwatch_metric_alarm")
            .filter(|alarm| alarm.address().contains(".operations_"))
            .count();
        assert_eq!(declared, 3, "freshness, errors, lag; cost is the budget's");
    }
    let mut silent = fixture::clickstream();
    silent.monitors.clear();
    silent.schedules[0].on_failure = None;
    assert_eq!(
        stack(&silent).resources("aws_cloudwatch_metric_alarm").count(),
        0,
        "nobody would be told"
    );
}

#[test]
fn the_readme_of_a_build_names_its_folders() {
    let plan = fixture::clickstream();
    let files = crate::emit::files(&plan);
    let folders: std::collections::BTreeSet<_> = files.keys().filter_map(|path| path.split_once('/')).collect();
    let folders: std::collections::BTreeSet<_> = folders.into_iter().map(|(folder, _)| folder).collect();
    let readme = &files["README.md"];
    let named = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("/` |"));
    assert_eq!(
        named
            .map(|(folder, _)| folder)
            .collect::<std::collections::BTreeSet<_>>(),
        folders
    );
    let mut less = plan;
    less.transforms.truncate(1);
    less.schedules.clear();
    less.deliveries.clear();
    let readme = &terraform(&less)["README.md"];
    assert!(!readme.contains("| `glue/`") && !readme.contains("| `states/`") && !readme.contains("| `ci/`"));
}

#[test]
fn a_param_never_takes_the_name_of_another_variable() {
    for name in [
        "region",
        "lake_formation_admins",
        "source",
        "param_region",
        "alert_email",
    ] {
        let mut plan = fixture::clickstream();
        plan.params[0].name = name.into();
        plan.monitors[0].emails = vec![crate::plan::Text::Param(name.into())];
        let files = terraform(&plan);
        let variables = &files["terraform/variables.tf"];
        let mut declared: Vec<&str> = variables.lines().filter(|line| line.starts_with("variable ")).collect();
        let count = declared.len();
        declared.sort_unstable();
        declared.dedup();
        assert_eq!(declared.len(), count, "{variables}");
        assert!(!declared.contains(&"variable \"source\" {"));
        let variable = if name == "alert_email" {
            name.to_owned()
        } else {
            format!("param_{name}")
        };
        assert!(
            variables.contains(&format!("variable \"{variable}\" {{")),
            "{variables}"
        );
        assert!(files["terraform/monitoring.tf"].contains(&format!("var.{variable}\n")));
    }
}

#[test]
fn what_an_author_writes_never_becomes_a_template() {
    let mut plan = fixture::clickstream();
    let nasty = "\"quoted\" \\ ${var.region} %{ if true } \n # checkov:skip=CKV_AWS_1:no";
    plan.pipeline.owner = nasty.into();
    plan.pipeline.doc = Some(nasty.into());
    plan.params[0].doc = Some(nasty.into());
    plan.schedules[0].doc = Some(nasty.into());
    plan.transforms[0].doc = Some(nasty.into());
    let clicks = plan.datasets.get_mut(&id("processed", "clicks")).unwrap();
    clicks.doc = Some(nasty.into());
    clicks.columns[0].doc = Some(nasty.into());
    for (path, text) in terraform(&plan) {
        // Terraform reads all of these but the evidence.
        if path.ends_with(".tf") || (path.ends_with(".json") && path != crate::evidence::FILE) {
            let code: Vec<&str> = text
                .lines()
                .filter(|line| !line.trim_start().starts_with('#'))
                .collect();
            let code = code.join("\n").replace("$${", "").replace("%%{", "");
            assert!(!code.contains("%{"), "{path}");
            assert!(!code.contains("\\ ${var"), "{path}");
            assert!(
                !text
                    .lines()
                    .any(|line| line.trim_start().starts_with("# checkov:skip=CKV_AWS_1:")),
                "{path}"
            );
        }
    }
}

fn id(zone: &str, name: &str) -> DatasetId {
    DatasetId {
        zone: zone.into(),
        name: name.into(),
    }
}

#[test]
fn hidden_columns_are_in_no_grant() {
    let stack = stack(&fixture::clickstream());
    let mut columns = vec![];
    for permission in stack.resources("aws_lakeformation_permissions") {
        for table in permission.children("table_with_columns") {
            strings(&table.items, "", &mut columns);
        }
    }
    assert!(columns.iter().any(|(_, name)| name == "amount"));
    assert!(
        !columns
            .iter()
            .any(|(_, name)| name == "buyer" || name == "click_id" || name == "user_id")
    );
}

#[test]
fn other_shapes_of_a_platform_hold_together() {
    let mut plan = fixture::clickstream();
    plan.datasets.get_mut(&id("processed", "clicks")).unwrap().format = Format::Json;
    plan.datasets
        .get_mut(&id("processed", "clicks"))
        .unwrap()
        .partition
        .clear();
    plan.serves.clear();
    plan.accesses.clear();
    plan.schedules.clear();
    plan.monitors.clear();
    plan.pipeline.budget = None;
    let crate::plan::From::Kinesis(kinesis) = &mut plan.sources[0].from else {
        panic!("the source is a stream of Kinesis")
    };
    kinesis.existing = Some("clicks-of-another-team".into());
    let stack = stack(&plan);
    let text: String = stack.print("terraform").into_values().collect();
    assert!(!text.contains("dynamic_partitioning_configuration"));
    assert!(!text.contains("data_format_conversion_configuration"));
    assert!(!text.contains("aws_s3_bucket.query_results"));
    assert!(text.contains("data.aws_kinesis_stream.clicks.arn"));
    assert_eq!(stack.resources("aws_kinesis_stream").count(), 0);
}

/// A platform of many streams, each with a function of its own that writes to two datasets.
fn of_streams(count: usize) -> String {
    let mut text = String::from(
        r#"
pipeline many { cloud = aws { region = "eu-west-1" }, owner = "many@example.com", network = private { } }
schema Reading { id : uuid @key, at : timestamp @event_time }
zone raw       like std.zones.raw       { retain = 30 days }
zone processed like std.zones.processed { format = parquet, partition = [day], retain = 365 days }
"#,
    );
    for number in 0..count {
        text += &format!(
            r#"
source readings_{number} : stream of Reading {{
  from   = kinesis {{ stream = own, capacity = on_demand, retention = 24 hours }}
  volume = 20 per second of 200 B
  into   = raw
}}
transform clean_{number} : readings_{number} -> processed.readings_{number} {{ derive day = date(at) }}
transform again_{number} : readings_{number} -> processed.again_{number} {{ derive day = date(at) }}
"#
        );
    }
    text
}

#[test]
fn policies_of_endpoints_have_room_for_any_platform() {
    let network_of = |count| {
        let world = crate::base::Memory::new([("many.pipe", of_streams(count).as_str())]);
        let plan = crate::compile(&world, &crate::Options::default()).plan.unwrap();
        let printed = stack(&plan).print("terraform");
        printed["terraform/endpoints.tf"].clone()
    };
    // Functions write logs themselves; streams are read by Lambda, and what they deliver to is called in the network.
    let (few, many) = (network_of(2), network_of(80));
    assert!(few.contains("aws_kinesis_firehose_delivery_stream.") && !few.contains("RolesOfAccount"));
    assert!(!many.contains("aws_kinesis_firehose_delivery_stream."));
    assert!(many.contains(r#""aws:ResourceAccount"  = local.account"#));
    for endpoint in many.split("resource \"").skip(1) {
        let size = endpoint.split_whitespace().map(str::len).sum::<usize>();
        assert!(size < 20_480, "{size} characters: {endpoint}");
    }
}

#[test]
fn what_another_stack_has_is_asked_for_and_not_made() {
    use crate::plan::{Account, Care, Once};
    let account = |care: Care| Account {
        name: "shop".into(),
        doc: None,
        id: None,
        said: Once::ALL.map(|part| (part, care)).into(),
    };
    let mut plan = fixture::clickstream();
    plan.pipeline.audit = vec![crate::plan::Audit::Config { retain_days: 90 }];
    let without = terraform(&plan);
    assert!(without["terraform/variables.tf"].contains("manage_config") && !without.contains_key("account/audit.tf"));
    let kept = crate::cost::estimate(&plan).total();
    for care in [Care::Managed, Care::Existing] {
        plan.account = Some(account(care));
        let files = terraform(&plan);
        let platform: String = files
            .range("terraform/".to_owned()..)
            .map(|(_, text)| text.as_str())
            .collect();
        assert!(
            !platform.contains("manage_"),
            "who looks after it is said by the item alone"
        );
        assert!(!platform.contains("aws_config_configuration_recorder"));
        assert!(platform.contains("aws_config_config_rule"));
        let has_stack = files.keys().any(|path| path.starts_with("account/"));
        assert_eq!(has_stack, care == Care::Managed);
        let asked = &files["terraform/account.tf"];
        let says = match care {
            Care::Managed => "apply the stack in account/ of this build first.",
            Care::Existing => "which another stack does, as `account` says.",
        };
        assert!(asked.contains(says) && files["terraform/lake_formation.tf"].contains(says));
        assert_eq!(files["README.md"].contains("terraform state rm"), care == Care::Managed);
        // What is recorded is paid for where the recorder is.
        let costs = crate::cost::estimate(&plan);
        let of_account = costs.lines.iter().filter(|line| line.item == "account shop").count();
        assert_eq!(of_account > 0, care == Care::Managed);
        assert_eq!(costs.total().high >= kept.high, care == Care::Managed);
    }
}
