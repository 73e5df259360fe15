"""What the whole examples have and none of the small platforms: containers, EMR, warehouses, dashboards, databases, sinks."""

import json

import botocore.session
import cfnlint.api
import pytest
from botocore.validate import ParamValidator
from support import pipec
from support.archives import put_missing
from support.built import allowed, endpoints_of, of
from support.rules import values
from support.services import tasks
from support.terraform import Terraform, TerraformError


def test_a_container_runs_between_the_halves_of_its_job(platform):
    state = of(platform, "batch-lakehouse")
    (environment,) = values(state, "aws_batch_compute_environment").values()
    (resources_,) = environment["compute_resources"]
    assert (resources_["type"], resources_["max_vcpus"], len(resources_["subnets"])) == ("FARGATE_SPOT", 256, 2)
    definition = values(state, "aws_batch_job_definition")["decode_program"]
    properties = json.loads(definition["container_properties"])
    repository = values(state, "aws_ecr_repository")["decode_program"]
    assert repository["image_tag_mutability"] == "IMMUTABLE" and properties["image"].startswith(repository["repository_url"])
    assert {need["type"]: need["value"] for need in properties["resourceRequirements"]} == {"VCPU": "2", "MEMORY": "8192"}
    assert definition["timeout"] == [{"attempt_duration_seconds": 3600}]
    (secret,) = properties["secrets"]
    assert secret["name"] == "LICENSE" and allowed(state, "decode_program_start")["secretsmanager:GetSecretValue"] == [
        secret["valueFrom"]]
    # The program sees what its runs hand over, and nothing else of the lake.
    may = allowed(state, "decode_program")
    assert all("/temporary/decode/exchange/*/" in arn for action in ["s3:GetObject", "s3:PutObject"] for arn in may[action])
    machine = allowed(state, "nightly_machine")
    assert [arn.rsplit("/", 1)[1] for arn in machine["events:PutRule"]] == ["StepFunctionsGetEventsForBatchJobsRule"]
    assert definition["arn"] in machine["batch:SubmitJob"]


def test_containers_reach_what_they_need_without_a_way_out(platform):
    state = of(platform, "batch-lakehouse")
    called = endpoints_of(state)
    assert {"ecr.api", "ecr.dkr", "logs", "s3", "secretsmanager"} <= set(called)
    (bucket,) = [endpoint for endpoint in values(state, "aws_vpc_endpoint").values()
                 if endpoint["service_name"].endswith(".s3")]
    assert "starport-layer-bucket" in bucket["policy"]
    groups = {group["id"]: name for name, group in values(state, "aws_security_group").items()}
    out = {(groups[rule["security_group_id"]], groups.get(rule["referenced_security_group_id"]))
           for rule in values(state, "aws_vpc_security_group_egress_rule").values()}
    assert ("programs", "endpoints") in out


def test_a_job_on_emr_runs_within_its_bounds_and_is_awaited(platform):
    state = of(platform, "data-pipeline")
    application = values(state, "aws_emrserverless_application")["affinity"]
    assert application["maximum_capacity"][0] | {"disk": None} == {"cpu": "64 vCPU", "memory": "256 GB", "disk": None}
    assert application["auto_stop_configuration"][0]["idle_timeout_minutes"] == 5
    assert len(application["network_configuration"][0]["subnet_ids"]) == 3
    definition = json.loads(values(state, "aws_sfn_state_machine")["nightly"]["definition"])
    (task,) = [found for found in tasks(definition) if found["Resource"].endswith(":emr-serverless:startJobRun.sync")]
    submit = task["Parameters"]["JobDriver"]["SparkSubmit"]
    assert task["Parameters"]["ApplicationId"] == application["id"]
    assert "spark.dynamicAllocation.maxExecutors=15" in submit["SparkSubmitParameters"]
    assert "'--curated_affinity', 'glue_catalog." in submit["EntryPointArguments.$"]
    assert submit["EntryPointArguments.$"].endswith("'--catch_up', '7')")
    may = allowed(state, "nightly_machine")
    assert may["emr-serverless:StartJobRun"] == [application["arn"]]
    assert may["iam:PassRole"] == [task["Parameters"]["ExecutionRoleArn"]]
    assert any(rule.endswith("rule/StepFunctionsGetEventsForEMRServerlessJobRule") for rule in may["events:PutRule"])


def tasks(machine) -> list[dict]:
    """All tasks of a machine, those of branches too."""
    found = []
    for one in machine["States"].values():
        found += [one] if one["Type"] == "Task" else []
        for branch in one.get("Branches", []):
            found += tasks(branch)
    return found


def test_a_warehouse_reads_as_who_asks_and_keeps_nothing(platform):
    state = of(platform, "data-pipeline")
    namespace = values(state, "aws_redshiftserverless_namespace")["warehouse"]
    assert namespace["manage_admin_password"] is True and namespace["admin_user_password"] is None
    assert not namespace["iam_roles"] and namespace["default_iam_role_arn"] is None
    workgroup = values(state, "aws_redshiftserverless_workgroup")["warehouse"]
    assert (workgroup["base_capacity"], workgroup["max_capacity"], len(workgroup["subnet_ids"])) == (8, 64, 3)
    assert workgroup["publicly_accessible"] is False and workgroup["enhanced_vpc_routing"] is True
    said = {one["sql"] for one in values(state, "aws_redshiftdata_statement").values()}
    database = values(state, "aws_glue_catalog_database")["curated"]["name"]
    assert said == {
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC", "REVOKE TEMPORARY ON DATABASE lake FROM PUBLIC",
        'GRANT USAGE ON SCHEMA "curated" TO PUBLIC',
        f"CREATE EXTERNAL SCHEMA IF NOT EXISTS \"curated\" FROM DATA CATALOG DATABASE '{database}' "
        "IAM_ROLE 'SESSION' CATALOG_ID '123456789012'",
    }


def test_dashboards_show_what_their_readers_may_see(platform):
    state = of(platform, "data-pipeline")
    shown = values(state, "aws_quicksight_data_set")["dashboards_curated_daily_revenue"]
    (table,) = shown["physical_table_map"]
    columns = {column["name"] for column in table["relational_table"][0]["input_columns"]}
    (grant,) = [one for one in values(state, "aws_lakeformation_permissions").values()
                if one["principal"] == values(state, "aws_iam_role")["dashboards_dashboards"]["arn"]]
    assert columns == set(grant["table_with_columns"][0]["column_names"]) == {"day", "category", "orders", "buyers", "revenue"} & columns
    assert values(state, "aws_quicksight_refresh_schedule")["dashboards_curated_daily_revenue"]["schedule"][0][
        "schedule_frequency"][0]["interval"] == "DAILY"
    template = json.loads((platform[1] / "quicksight" / "dashboards.json").read_text())
    stack = values(state, "aws_cloudformation_stack")["dashboards"]
    assert set(stack["parameters"]) == set(template["Parameters"])
    function = values(state, "aws_lambda_function")["ops_embed_dashboard"]
    assert not function["vpc_config"], "QuickSight has no endpoint in a network"
    known = json.loads(function["environment"][0]["variables"]["DASHBOARDS"])
    assert known["dashboards"]["domains"] == ["https://portal.example.com"]
    assert values(state, "aws_scheduler_schedule")["dashboards_report"]["schedule_expression"] == "cron(0 7 ? * MON *)"


def test_a_definition_is_one_that_quicksight_takes(platform):
    """Names, types and values by AWS's own description of its API."""
    if platform[0] != "data-pipeline":
        pytest.skip("about dashboards")
    path = platform[1] / "quicksight" / "dashboards.json"
    properties = json.loads(path.read_text())["Resources"]["Dashboard"]["Properties"]
    model = botocore.session.get_session().get_service_model("quicksight")
    shape = model.operation_model("CreateDashboard").input_shape
    asked = filled(properties)
    report = ParamValidator().validate(asked, shape)
    assert not report.has_errors(), report.generate_report()
    kinds = [next(iter(visual)) for visual in asked["Definition"]["Sheets"][0]["Visuals"]]
    assert kinds.count("InsightVisual") == 2 and {"KPIVisual", "LineChartVisual", "BarChartVisual", "TableVisual"} <= set(kinds)
    assert [str(found) for found in cfnlint.api.lint_file(path)] == []


def filled(value):
    """A template's properties with texts where parameters stand."""
    if isinstance(value, dict):
        return value["Ref"] if set(value) == {"Ref"} else {name: filled(held) for name, held in value.items()}
    return [filled(item) for item in value] if isinstance(value, list) else value


def test_databases_are_read_into_an_inbox_of_their_own(platform):
    state = of(platform, "data-pipeline")
    source = values(state, "aws_dms_endpoint")["orders_source"]
    assert (source["engine_name"], source["ssl_mode"], source["username"], source["password"]) == ("postgres", "require", None, None)
    trusted = json.loads(values(state, "aws_iam_role")["orders_login"]["assume_role_policy"])["Statement"][0]
    assert trusted["Principal"] == {"Service": "dms.us-west-2.amazonaws.com"}
    target = values(state, "aws_dms_s3_endpoint")["orders_target"]
    assert target["bucket_name"] == values(state, "aws_s3_bucket")["inbox_orders"]["bucket"]
    assert target["add_column_name"] and target["include_op_for_full_load"] and target["timestamp_column_name"] == "_arrived"
    config = values(state, "aws_dms_replication_config")["orders"]
    assert config["replication_type"] == "full-load-and-cdc"
    rules_ = json.loads(config["table_mappings"])["rules"]
    (selected,) = [rule for rule in rules_ if rule["rule-type"] == "selection"]
    assert selected["object-locator"] == {"schema-name": "public", "table-name": "orders"}
    columns = [rule["object-locator"]["column-name"] for rule in rules_ if rule["rule-type"] == "transformation"]
    assert columns == ["order_id", "user_id", "placed", "total", "status"]
    assert set(values(state, "aws_iam_role")) >= {"dms_vpc_role", "dms_cloudwatch_logs_role"}
    names = [column["name"] for column in
             values(state, "aws_glue_catalog_table")["raw_orders"]["storage_descriptor"][0]["columns"]]
    assert names == ["_op", *columns, "_arrived"]
    out = {(rule["from_port"], rule["cidr_ipv4"]) for name, rule in
           values(state, "aws_vpc_security_group_egress_rule").items() if name.startswith("replications_to_") and name.endswith("5432")}
    assert len(out) == 2 and {port for port, _ in out} == {5432}
    checklist = (platform[1] / "dms" / "orders.prerequisites.md").read_text()
    assert 'ALTER TABLE "public"."orders" REPLICA IDENTITY FULL;' in checklist and "rds.logical_replication" in checklist


def test_partitions_that_a_warehouse_reads_are_registered(platform):
    state = of(platform, "given")
    (known,) = json.loads(values(state, "aws_s3_object")["partitions"]["content"]).items()
    table = values(state, "aws_glue_catalog_table")["processed_sales"]
    assert known == ("processed.sales", {
        "bucket": values(state, "aws_s3_bucket")["zone_processed"]["bucket"], "prefix": "sales/", "partition": ["day"],
        "database": table["database_name"], "table": table["name"]})  # fmt: skip
    rule = values(state, "aws_cloudwatch_event_rule")["processed_sales_partitions"]
    assert json.loads(rule["event_pattern"])["detail"]["object"] == {"key": [{"prefix": "sales/"}]}
    target = values(state, "aws_cloudwatch_event_target")["processed_sales_partitions"]
    function = values(state, "aws_lambda_function")["ops_partitions"]
    assert target["arn"] == function["arn"]
    assert target["input_transformer"][0]["input_template"] == '{"dataset":"processed.sales","key":<key>}'
    may = allowed(state, "ops_partitions_function")
    assert {arn.rsplit("/", 1)[-1].rsplit(":", 1)[-1] for arn in may["glue:BatchCreatePartition"]} == {
        "catalog", table["database_name"], table["name"]}
    assert not any(action in may for action in ["s3:PutObject", "glue:UpdateTable"])
    grants = values(state, "aws_lakeformation_permissions")
    assert set(grants["partitions_processed_sales"]["permissions"]) == {"ALTER", "DESCRIBE"}
    assert grants["partitions_processed"]["permissions"] == ["DATA_LOCATION_ACCESS"]


def test_a_job_may_give_its_warehouse_rows_and_nothing_else(platform):
    state = of(platform, "given")
    may = allowed(state, "send_job")
    house = values(state, "aws_redshiftserverless_workgroup")["all_sales_sink"]["arn"]
    assert may["redshift-data:BatchExecuteStatement"] == may["redshift-serverless:GetCredentials"] == [house]
    assert any(place.endswith("/sinks/send/all_sales/*") for place in may["s3:PutObject"])
    # What it gives is read by the warehouse's own role, and by nobody else's.
    reads = allowed(state, "all_sales_sink_load")
    assert [place.split("/", 1)[1] for place in reads["s3:GetObject"]] == ["sinks/send/all_sales/*"]
    namespace = values(state, "aws_redshiftserverless_namespace")["all_sales_sink"]
    assert namespace["iam_roles"] == [values(state, "aws_iam_role")["all_sales_sink_load"]["arn"]]
    arguments = values(state, "aws_glue_job")["send"]["default_arguments"]
    assert arguments["--sink__all_sales"].endswith("/sinks/send/all_sales/")
    assert arguments["--sink_role__all_sales"] == namespace["iam_roles"][0]
    rules = {rule["id"]: rule for rule in values(state, "aws_s3_bucket_lifecycle_configuration")["artifacts"]["rule"]}
    assert rules["sinks"]["expiration"][0]["days"] == 14
    # A user for each role, who has its table alone.
    said = {name: one["sql"] for name, one in values(state, "aws_redshiftdata_statement").items()}
    user = f'"IAMR:{values(state, "aws_iam_role")["send_job"]["name"]}"'
    assert said["all_sales_sink_send_user"] == f"CREATE USER {user} PASSWORD DISABLE"
    assert said["all_sales_sink_send_rows"] == f'GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON TABLE "shop"."sales" TO {user}'
    assert '"tags" SUPER' in said["all_sales_sink_table"]
    services = {endpoint["service_name"].rsplit(".", 1)[1] for endpoint in values(state, "aws_vpc_endpoint").values()}
    assert {"redshift-data", "s3"} <= services and "redshift-serverless" not in services


def test_documents_with_a_key_are_taken_out_by_a_function_that_may_do_nothing_else(platform):
    state = of(platform, "reference-architecture")
    role = values(state, "aws_iam_role")["ops_purge_search_function"]["arn"]
    rules = json.loads(values(state, "aws_opensearchserverless_access_policy")["search_sink"]["policy"])
    (own,) = [one for one in rules if one["Principal"] == [role]]
    assert own["Rules"][0]["Permission"] == ["aoss:ReadDocument", "aoss:WriteDocument"]
    assert len(own["Rules"]) == 1 and own["Rules"][0]["Resource"][0].endswith("/faults")
    assert all("aoss:ReadDocument" not in one["Rules"][0]["Permission"] for one in rules if one is not own)
    function = values(state, "aws_lambda_function")["ops_purge_search"]
    told = json.loads(function["environment"][0]["variables"]["INDEXES"])["search"]
    assert (told["index"], told["keep_seconds"]) == ("faults", 90 * 86_400)
    assert 91 * 86_400 < told["overdue_seconds"] < 92 * 86_400 and function["vpc_config"]
    start = values(state, "aws_scheduler_schedule")["search_sink_purge"]
    assert (start["schedule_expression"], start["target"][0]["input"]) == ("cron(45 2 * * ? *)", '{"sink":"search"}')
    alarm = values(state, "aws_cloudwatch_metric_alarm")["search_sink_overdue"]
    assert (alarm["treat_missing_data"], alarm["period"], alarm["dimensions"]["Dataset"]) == ("breaching", 86_400, "search")
    assert {"ops_purge_search_errors", "ops_purge_search_throttles"} <= set(values(state, "aws_cloudwatch_metric_alarm"))


MYSQL = """
pipeline ships {
  cloud   = aws { region = "eu-west-1" }
  owner   = "ships@example.com"
  network = private { peers = [vpc("vpc-0a1b2c3d4e5f67890")] }
}

schema Ship { ship_id : int @key, at : timestamp @event_time }
zone raw like std.zones.raw { retain = 30 days }

source ships : stream of Ship {
  from = database {
    engine = mysql, host = "ships.example.internal", database = "ships", tables = ["ships"], credentials = secret("ships/dms"), mode = cdc
  }
  via  = kinesis { }
  into = raw
}
"""


def test_who_deploys_gives_the_certificate_that_a_database_is_encrypted_by(tmp_path):
    (tmp_path / "ships").mkdir()
    (tmp_path / "ships" / "ships.pipe").write_text(MYSQL)
    folder = pipec.build(tmp_path / "ships", tmp_path / "build")
    put_missing(folder)
    certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    with Terraform(folder / "terraform", variables={"authorities": {"ships": certificate}}) as terraform:
        planned = terraform.init().plan()["planned_values"]["root_module"]["resources"]
        known = {one["address"]: one["values"] for one in planned}
        assert known["aws_dms_certificate.ships_authority"]["certificate_pem"] == certificate
        assert known["aws_dms_endpoint.ships_source"]["ssl_mode"] == "verify-ca"
        terraform.variables = {"authorities": {"ships": "none"}}
        with pytest.raises(TerraformError, match="A certificate is needed for each of: ships"):
            terraform.plan()


def test_a_catalog_shows_all_there_is_and_lets_nobody_read_a_row(platform):
    state = of(platform, "self-service-platform")
    (domain,) = values(state, "aws_datazone_domain").values()
    assert domain["name"] == "commerce" and domain["kms_key_identifier"] == values(state, "aws_kms_key")["platform"]["arn"]
    # Groups of Identity Center sign in by it.
    assert domain["single_sign_on"] == [{"type": "IAM_IDC", "user_assignment": "AUTOMATIC"}]
    terms = values(state, "aws_datazone_glossary_term")
    assert {term["name"] for term in terms.values()} == {"pii", "pseudonymous"}
    assert "Stays 800 days at most." in terms["class_pii"]["short_description"]
    assert terms["class_pseudonymous"]["term_relations"][0]["is_a"] == [terms["class_pii"]["id"]]
    # A source of data a zone, of all of its tables.
    databases = {database["name"] for database in values(state, "aws_glue_catalog_database").values()}
    text = values(state, "aws_cloudformation_stack")["catalog-sources"]["template_body"]
    assert cfnlint.api.lint(text) == []
    template = json.loads(text)
    sources = [one["Properties"] for one in template["Resources"].values()]
    found = {one["DatabaseName"] for source in sources
             for one in source["Configuration"]["GlueRunConfiguration"]["RelationalFilterConfigurations"]}
    assert found == databases and {source["DomainIdentifier"] for source in sources} == {domain["id"]}
    # Whoever asks for a subscription asks the owner: the role of the domain may describe, and grant nothing.
    reading = values(state, "aws_iam_role")["catalog-reading"]["arn"]
    grants = [one for one in values(state, "aws_lakeformation_permissions").values() if one["principal"] == reading]
    assert len(grants) == 2 * len(databases)
    assert all(one["permissions"] == ["DESCRIBE"] and not one["permissions_with_grant_option"] for one in grants)
    for role in ["catalog-reading", "catalog-provisioning"]:
        trust = json.loads(values(state, "aws_iam_role")[role]["assume_role_policy"])["Statement"][0]
        assert trust["Condition"]["ArnLike"]["aws:SourceArn"] == domain["arn"]
    # A run that fails rings.
    rule = json.loads(values(state, "aws_cloudwatch_event_rule")["catalog-sources"]["event_pattern"])
    assert rule["detail"]["metadata"]["domain"] == [domain["id"]]
    (policy,) = values(state, "aws_sns_topic_policy").values()
    assert "events.amazonaws.com" in policy["policy"]


def test_a_catalog_inside_is_told_from_inside(platform):
    state = of(platform, "self-service-platform")
    teller = values(state, "aws_lambda_function")["ops_tell_catalog"]
    assert len(teller["vpc_config"][0]["subnet_ids"]) == 3
    assert teller["environment"][0]["variables"]["ENDPOINT"] == "https://metadata.example.internal"
    told, asked = values(state, "aws_s3_object")["open-metadata"], values(state, "aws_lambda_invocation")["open-metadata"]
    assert json.loads(asked["input"]) == {"bucket": told["bucket"], "key": told["key"], "version": told["source_hash"]}
    may = allowed(state, "ops_tell_catalog_function")
    assert may["s3:GetObject"] == [f"{values(state, 'aws_s3_bucket')['artifacts']['arn']}/{told['key']}"]
    assert "functions_to_peer_1_443" in values(state, "aws_vpc_security_group_egress_rule")


def test_a_person_is_taken_out_by_a_machine_that_is_told_a_name_alone(platform):
    state = of(platform, "data-pipeline")
    machine = values(state, "aws_sfn_state_machine")["erase_persons"]
    states = json.loads(machine["definition"])["States"]
    assert [states[name]["Parameters"]["Arguments"]["--pass"] for name in ("First", "Second")] == ["first", "second"]
    asked = states["First"]["Parameters"]["Arguments"]
    assert asked["--request.$"] == "$.request"
    job = values(state, "aws_glue_job")["erase_persons"]
    assert states["First"]["Parameters"]["JobName"] == job["name"]
    # A day, and the longest job: what came in before is where it is found.
    (longest,) = [told["Parameters"]["ExecutionTimeoutMinutes"] for machine in values(state, "aws_sfn_state_machine").values()
                  for told in tasks(json.loads(machine["definition"])) if "emr" in told["Resource"]]
    assert states["OnItsWay"]["Seconds"] == 86_400 + 60 * longest
    may = allowed(state, "erase_persons_job")
    # Nothing of what names nobody: prices and categories.
    assert not [one for one in may["s3:DeleteObject"] if "daily_revenue" in one or "products" in one]
    assert [one for one in may["s3:DeleteObject"] if "/events/*" in one]
    rules = {rule["id"]: rule for rule in values(state, "aws_s3_bucket_lifecycle_configuration")["artifacts"]["rule"]}
    kept = {name: rules[f"erasure-{name}"]["expiration"] for name in ("requests", "work", "reports", "ages")}
    assert kept["requests"] == kept["work"] and kept["requests"][0]["days"] <= 7
    assert kept["reports"][0]["days"] == 1095
    for what in ("failed", "timed_out"):
        alarm = values(state, "aws_cloudwatch_metric_alarm")[f"erase_persons_{what}"]
        assert alarm["dimensions"] == {"StateMachineArn": machine["arn"]}
    # Files out of which rows were taken are as young as that: what they were before says when they go.
    assert values(state, "aws_scheduler_schedule")["ops_purge_rewritten"]["schedule_expression"] == "cron(40 0 * * ? *)"
    may = allowed(state, "ops_purge_rewritten_function")
    assert not [one for one in may["s3:DeleteObject"] if "/current_orders/" in one or "/affinity/" in one]
