"""Small platforms, each of one thing that a platform may have: what terraform, checkov and parliament say of each."""

import base64
import json

import botocore.session
import cfnlint.api
import pytest
from botocore.validate import ParamValidator
from support import pipec, rules
from support.archives import put_missing
from support.lint import checkov
from support.paths import EXAMPLES, ROOT
from support.rules import actions, values
from support.terraform import Terraform, TerraformError, policies, resources

PLATFORMS = ROOT / "tests" / "e2e" / "platforms"
# Examples that have what none of the small ones has.
WHOLE = ["batch-lakehouse", "data-pipeline", "image-lake", "reference-architecture", "team"]
# What is decided at deployment and has no default.
DECIDED = {"brokers": {
    "kafka_cluster_id_payments": "MkU3OEVBNTcwNTJENDM2Qk",
    "kafka_authorities_kiosks": ["arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/kiosks"],
}}


@pytest.fixture(scope="session", params=sorted(path.name for path in PLATFORMS.iterdir()) + WHOLE)
def platform(request, tmp_path_factory):
    """The name of a platform, its build, and its state: laid out, valid, planned, applied, planned without changes."""
    source = EXAMPLES if request.param in WHOLE else PLATFORMS
    folder = pipec.build(source / request.param, tmp_path_factory.mktemp("platform") / "build")
    put_missing(folder)
    with Terraform(folder / "terraform", variables=DECIDED.get(request.param, {})) as terraform:
        yield request.param, folder, terraform.check().state()


def of(platform, name):
    """The state, where it is this platform's."""
    if platform[0] != name:
        pytest.skip(f"about {name}")
    return platform[2]


def allowed(state, role) -> dict:
    """What a role may do: the resources of each action."""
    (policy,) = [policy for policy in policies(state)
                 if policy.address == f"aws_iam_role_policy.{role}" and not policy.is_trust]
    found = {}
    for statement in policy.document()["Statement"]:
        for action in actions(statement):
            resource = statement["Resource"]
            found.setdefault(action, []).extend([resource] if isinstance(resource, str) else resource)
    return found


def test_checkov_finds_nothing_and_every_skip_has_a_reason(platform):
    answer = checkov(platform[1] / "terraform")
    assert answer["failed"] == []
    assert [skip for skip in answer["skipped"] if len(skip[3]) < 20] == []


def test_what_holds_of_every_platform(platform):
    rules.policies_are_narrow(platform[2])
    rules.buckets_are_private_and_purge(platform[2])


def test_a_job_may_read_all_that_it_joins_and_unites(platform):
    state = of(platform, "tables")
    read = [arn.split(":::", 1)[1].split("-", 2)[2] for arn in allowed(state, "counted_job")["s3:GetObject"]]
    for folder in ["clicks", "others"]:
        assert any("processed" in name and name.endswith(f"/{folder}/*") for name in read), folder
    assert any("raw" in name and name.endswith("/clicks/*") for name in read)
    assert not any(name.endswith("/buys/*") for name in read)
    arguments = values(state, "aws_glue_job")["counted"]["default_arguments"]
    assert {"--raw_clicks", "--processed_clicks", "--processed_others", "--curated_counted"} <= set(arguments)


def test_jobs_of_streams_read_their_streams_and_start_again(platform):
    state = of(platform, "streams")
    jobs = values(state, "aws_glue_job")
    assert {name: job["command"][0]["name"] for name, job in jobs.items()} == dict.fromkeys(jobs, "gluestreaming")
    assert set(jobs) == set(values(state, "aws_glue_trigger")) == {"led", "minutes"}
    streams = {name: stream["arn"] for name, stream in values(state, "aws_kinesis_stream").items()}
    for job, read in [("led", ["buys", "clicks"]), ("minutes", ["buys"])]:
        may = allowed(state, f"{job}_job")
        assert sorted(may["kinesis:GetRecords"]) == sorted(streams[name] for name in read)
        assert not any(action.startswith("kinesis:Put") for action in may)
        arguments = jobs[job]["default_arguments"]
        for name in read:
            assert arguments[f"--stream__{name}"] == f"kinesis:{streams[name]}"
    given = {name: value for name, value in jobs["minutes"]["default_arguments"].items() if name.startswith("--param__")}
    assert given == {"--param__smallest_buy": "0.01", "--param__shop": '"copenhagen"'}
    ages = {name for name in values(state, "aws_cloudwatch_metric_alarm") if name.endswith("_age")}
    assert ages == {"buys_age", "clicks_age"}


def test_a_function_remembers_and_delivers_to_each_branch(platform):
    state = of(platform, "tables")
    variables = {name: function["environment"][0]["variables"]
                 for name, function in values(state, "aws_lambda_function").items()}
    table = values(state, "aws_dynamodb_table")["seen"]
    assert variables["clicks"]["SEEN_TABLE"] == variables["taps"]["SEEN_TABLE"] == table["name"]
    assert (table["hash_key"], table["range_key"], table["ttl"][0]["attribute_name"]) == ("name", "written", "until")
    assert table["server_side_encryption"][0]["enabled"] is True
    branches = {"DELIVERY_STREAM_APART_PROCESSED_BUYS", "DELIVERY_STREAM_APART_PROCESSED_OTHERS"}
    assert branches <= set(variables["clicks"]) and not branches & set(variables["taps"])
    # Both sources of a union bring rows to the same stream.
    assert variables["clicks"]["DELIVERY_STREAM_CLEAN"] == variables["taps"]["DELIVERY_STREAM_CLEAN"]
    assert set(allowed(state, "taps_function")["dynamodb:Query"]) == {table["arn"]}
    assert len(allowed(state, "clicks_function")["firehose:PutRecordBatch"]) == 5


def test_a_schedule_may_run_again_and_again(platform):
    often = values(of(platform, "tables"), "aws_scheduler_schedule")["often"]
    assert (often["schedule_expression"], often["schedule_expression_timezone"]) == ("rate(15 minutes)", "UTC")


def test_what_lands_is_held_until_its_schedule_looks(platform):
    state = of(platform, "landing")
    looks = values(state, "aws_scheduler_schedule")
    assert looks["on_drops"]["schedule_expression"] == "rate(15 minutes)"
    assert looks["nightly"]["target"][0]["retry_policy"][0]["maximum_event_age_in_seconds"] == 86_400
    rule = values(state, "aws_cloudwatch_event_rule")["on_drops_arrivals"]
    detail = json.loads(rule["event_pattern"])["detail"]
    assert detail == {"bucket": {"name": [values(state, "aws_s3_bucket")["zone_raw"]["bucket"]]},
                      "object": {"key": [{"prefix": "drops/"}]}}
    queue = values(state, "aws_sqs_queue")["on_drops_arrivals"]
    (sent,) = [one for one in json.loads(values(state, "aws_sqs_queue_policy")["on_drops_arrivals"]["policy"])["Statement"]
               if one["Effect"] == "Allow"]
    assert sent["Condition"]["ArnEquals"]["aws:SourceArn"] == rule["arn"] and sent["Resource"] == [queue["arn"]]
    may = allowed(state, "on_drops_machine")
    assert may["sqs:ReceiveMessage"] == may["sqs:PurgeQueue"] == [queue["arn"]]
    assert may["states:ListExecutions"] == [values(state, "aws_sfn_state_machine")["on_drops"]["arn"]]
    # A queue of the platform's key hears EventBridge only where the key lets it (P-KMS-1).
    key = json.loads(values(state, "aws_kms_key")["platform"]["policy"])["Statement"]
    assert any(one["Principal"] == {"Service": "events.amazonaws.com"} for one in key)


def test_whatever_is_measured_may_ring(platform):
    state = of(platform, "tables")
    alarms = values(state, "aws_cloudwatch_metric_alarm")

    def formula(name):
        queries = {query["id"]: query for query in alarms[f"operations_{name}"]["metric_query"]}
        metrics = sorted((query["metric"][0]["namespace"], query["metric"][0]["metric_name"])
                         for query in queries.values() if query["metric"])
        return alarms[f"operations_{name}"]["threshold"], queries["share"]["expression"], metrics

    rows = [("AWS/Kinesis", "IncomingRecords")]
    # 5 rows a second are 1,500 in five minutes.
    assert formula("clicks_volume") == (120, "100 * rows / 1500", rows)
    assert formula("taps_utilization") == (80, "100 * rows / 1500", rows)
    functions = values(state, "aws_lambda_function")
    # Two sources, two functions.
    for function in ["clicks", "taps"]:
        most = functions[function]["reserved_concurrent_executions"]
        assert formula(f"clean_utilization_{function}") == (
            80, f"100 * used / {most}", [("AWS/Lambda", "ConcurrentExecutions")])
        assert alarms[f"operations_clean_duration_{function}"]["threshold"] == 90_000
        assert formula(f"clean_quality_{function}")[2] == [("Pipec", "RowsIn"), ("Pipec", "RowsRejected")]
    assert formula("counted_utilization")[2] == [("Glue", "glue.driver.workerUtilization")]
    assert formula("counted_quality")[2] == [("Pipec", "JobRowsIn"), ("Pipec", "JobRowsRejected")]
    filters = values(state, "aws_cloudwatch_log_metric_filter")
    told = filters["counted_rejected"]["metric_transformation"][0]
    assert (told["value"], told["dimensions"]) == ("$.rows_rejected", {"Transform": "$.job"})
    assert filters["counted_rejected"]["log_group_name"].endswith("/output")
    # Glue tells of a long run itself, in whole minutes, and the topic listens.
    assert values(state, "aws_glue_job")["counted"]["notification_property"] == [{"notify_delay_after": 2}]
    rule = values(state, "aws_cloudwatch_event_rule")["operations_counted_duration"]
    assert json.loads(rule["event_pattern"])["detail"]["jobName"] == [values(state, "aws_glue_job")["counted"]["name"]]
    for kind, name in [("aws_sns_topic_policy", "operations"), ("aws_kms_key", "platform")]:
        statements = json.loads(values(state, kind)[name]["policy"])["Statement"]
        (alarm,) = [statement for statement in statements if statement["Sid"] == "Alarms"]
        assert "events.amazonaws.com" in alarm["Principal"]["Service"]


def test_tables_are_made_looked_after_and_reached_by_the_catalog(platform):
    state = of(platform, "iceberg")
    table = values(state, "aws_glue_catalog_table")["curated_newest"]
    (made,) = table["open_table_format_input"][0]["iceberg_input"][0]["iceberg_table_input"]
    types = {field["name"]: json.loads(field["type"]) for field in made["schema"][0]["fields"]}
    assert types["at"] == "timestamptz" and types["total"] == "decimal(12, 2)"
    assert types["lines"]["element"]["fields"][2]["type"]["type"] == "list"
    numbers = [field["id"] for field in made["schema"][0]["fields"]] + list(inner_numbers(types))
    assert len(numbers) == len(set(numbers))
    optimizers = values(state, "aws_glue_catalog_table_optimizer")
    assert {name.removeprefix("curated_newest_") for name in optimizers if name.startswith("curated_newest")} == {
        "compaction", "retention", "orphan_file_deletion"}
    history = optimizers["curated_newest_retention"]["configuration"][0]["retention_configuration"][0]
    assert history["iceberg_configuration"][0]["snapshot_retention_period_in_days"] == 2
    arguments = values(state, "aws_glue_job")["newest"]["default_arguments"]
    assert arguments["--datalake-formats"] == "iceberg"
    assert arguments["--curated_newest"].startswith("glue_catalog.") and arguments["--curated_newest"].count(".") == 2
    assert " --conf spark.sql.catalog.glue_catalog.catalog-impl=" in arguments["--conf"]


def inner_numbers(types):
    """The numbers of all fields inside of columns."""
    if isinstance(types, dict):
        for key, value in types.items():
            if key == "id" or key.endswith("-id"):
                yield value
            else:
                yield from inner_numbers(value)
    elif isinstance(types, list):
        for value in types:
            yield from inner_numbers(value)


def test_who_changes_a_table_may_and_who_reads_it_may_not(platform):
    state = of(platform, "iceberg")
    assert "glue:UpdateTable" not in allowed(state, "clean_job")
    changed = {arn.rsplit("/", 1)[1] for arn in allowed(state, "paid_job")["glue:UpdateTable"] if "/" in arn}
    assert changed == {"paid", next(iter(changed - {"paid"}))}, "its own table, and the database"
    grants = values(state, "aws_lakeformation_permissions")
    assert set(grants["paid_job_curated_newest"]["permissions"]) == {"DESCRIBE", "SELECT"}
    assert set(grants["paid_job_curated_paid"]["permissions"]) == {"ALTER", "DELETE", "DESCRIBE", "INSERT", "SELECT"}


def test_what_is_exported_is_told_and_let_out_by_account(platform):
    state = of(platform, "iceberg")
    told = {one["name"]: one["insecure_value"] for one in values(state, "aws_ssm_parameter").values()}
    assert {name.split("/exports/")[1] for name in told} == {
        "curated/bucket", "curated/database", "curated/key", "curated/datasets/newest", "curated/datasets/paid"}
    assert {one["tier"] for one in values(state, "aws_ssm_parameter").values()} == {"Standard"}
    bucket = json.loads(values(state, "aws_s3_bucket_policy")["zone_curated"]["policy"])["Statement"]
    (read,) = [one for one in bucket if one["Sid"] == "Exports"]
    assert {arn.split("/", 1)[1] for arn in read["Resource"]} == {"newest/*", "paid/*"}
    key = json.loads(values(state, "aws_kms_key")["platform"]["policy"])["Statement"]
    (opened,) = [one for one in key if one["Sid"] == "Exports"]
    assert opened["Action"] == ["kms:Decrypt"]
    for one in [read, opened]:
        assert one["Principal"] == {"AWS": ["arn:aws:iam::123456789012:root"]}
    assert not any(name.startswith("export_") for name in values(state, "aws_lakeformation_permissions"))


def test_other_accounts_are_let_in_where_they_are_named(platform):
    of(platform, "iceberg")
    with Terraform(platform[1] / "terraform", variables={"export_to": ["210987654321"]}) as terraform:
        terraform.init().plan()
        terraform.apply()
        state = terraform.state()
    assert {one["tier"] for one in values(state, "aws_ssm_parameter").values()} == {"Advanced"}
    shared = {one["resource_arn"] for one in values(state, "aws_ram_resource_association").values()}
    assert shared == {one["arn"] for one in values(state, "aws_ssm_parameter").values()}
    (to,) = values(state, "aws_ram_principal_association").values()
    assert to["principal"] == "210987654321"
    grants = {name: grant for name, grant in values(state, "aws_lakeformation_permissions").items()
              if name.startswith("export_")}
    assert len(grants) == 2
    for grant in grants.values():
        assert grant["principal"] == "210987654321"
        assert set(grant["permissions"]) == set(grant["permissions_with_grant_option"]) == {"DESCRIBE", "SELECT"}
    bucket = json.loads(values(state, "aws_s3_bucket_policy")["zone_curated"]["policy"])["Statement"]
    (read,) = [one for one in bucket if one["Sid"] == "Exports"]
    assert read["Principal"]["AWS"] == [f"arn:aws:iam::{account}:root" for account in ["123456789012", "210987654321"]]


def test_a_job_reads_what_another_project_exports_and_nothing_else(platform):
    state = of(platform, "team")
    may = allowed(state, "delivery_times_job")
    (link,) = [table for table in values(state, "aws_glue_catalog_table").values() if table["target_table"]]
    (target,) = link["target_table"]
    assert link["database_name"] == "team_base__platform" and target["catalog_id"] == "123456789012"
    read = [arn for arn in may["s3:GetObject"] if "/fulfilment" in arn]
    assert sorted(arn.rsplit("/", 1)[1] for arn in read) == ["*", "fulfilment", "fulfilment_$folder$"]
    assert not any("/fulfilment" in arn for arn in may["s3:PutObject"])
    assert may["glue:UpdateTable"] and all(target["name"] not in arn for arn in may["glue:UpdateTable"])
    assert any(arn.endswith(f"table/{target['database_name']}/{target['name']}") for arn in may["glue:GetTable"])
    arguments = values(state, "aws_glue_job")["delivery_times"]["default_arguments"]
    assert arguments["--project__platform_curated_fulfilment"] == "glue_catalog.team_base__platform.curated_fulfilment"
    grants = values(state, "aws_lakeformation_permissions")
    assert set(grants["delivery_times_job_platform-curated_fulfilment"]["permissions"]) == {"DESCRIBE"}
    there = grants["delivery_times_job_platform-curated_fulfilment_there"]
    assert set(there["permissions"]) == {"DESCRIBE", "SELECT"}
    assert there["table"][0]["name"] == target["name"]


def test_no_file_of_a_table_goes_behind_its_back(platform):
    state = of(platform, "iceberg")
    lifecycles = values(state, "aws_s3_bucket_lifecycle_configuration")
    rules = {rule["id"]: rule for rule in lifecycles["zone_curated"]["rule"]}
    assert all(rules[name]["expiration"] == [] for name in ["newest", "states", "paid"])
    (moved,) = [rule["transition"] for rule in lifecycles["zone_processed"]["rule"] if rule["id"] == "orders"]
    assert {(move["days"], move["storage_class"]) for move in moved} == {(30, "STANDARD_IA"), (180, "GLACIER_IR")}
    places = json.loads(values(state, "aws_s3_object")["operations"]["content"])["places"]
    days = {place["name"]: (place["days"], place["day_column"]) for place in places}
    # What was there before, a day for the run that takes it out, three for what no snapshot knows, three for the sweep.
    assert days["curated.states"] == (400 + 2 + 1 + 3 + 3, None)


def test_requests_are_checked_limited_and_put_on_the_stream(platform):
    state = of(platform, "api")
    methods = values(state, "aws_api_gateway_method")
    assert {name: (method["authorization"], method["api_key_required"]) for name, method in methods.items()} == {
        "visits_api": ("NONE", True), "calls_api": ("AWS_IAM", False)}
    assert set(values(state, "aws_api_gateway_usage_plan")) == {"visits_api"}
    parts = {name: resource["path_part"] for name, resource in values(state, "aws_api_gateway_resource").items()}
    assert parts == {"visits_api_1": "v1", "visits_api_2": "visits", "calls_api_1": "calls"}
    schema = json.loads(values(state, "aws_api_gateway_model")["visits_api"]["schema"])
    assert schema["required"] == ["visit_id", "at", "page"]
    assert "null" in schema["properties"]["note"]["type"] and "null" not in schema["properties"]["page"]["type"]
    settings = {name: one["settings"][0] for name, one in values(state, "aws_api_gateway_method_settings").items()}
    assert (settings["visits_api"]["throttling_rate_limit"], settings["calls_api"]["throttling_burst_limit"]) == (200, 10)
    assert not any(one["data_trace_enabled"] for one in settings.values())
    streams = values(state, "aws_kinesis_stream")
    assert streams["visits"]["shard_count"] == 2 and streams["visits"]["retention_period"] == 48
    assert allowed(state, "visits_api")["kinesis:PutRecord"] == [streams["visits"]["arn"]]


def test_uploads_are_asked_for_by_token_and_their_arrival_starts_the_function(platform):
    state = of(platform, "api")
    routes = {name: (route["route_key"], route["authorization_type"])
              for name, route in values(state, "aws_apigatewayv2_route").items()}
    assert routes == {"photos_uploads": ("POST /shop/photos", "JWT"), "papers_uploads": ("POST /papers", "AWS_IAM")}
    (authorizer,) = values(state, "aws_apigatewayv2_authorizer").values()
    assert authorizer["jwt_configuration"] == [{"audience": ["photos"], "issuer": "https://id.example.com"}]
    (cors,) = values(state, "aws_s3_bucket_cors_configuration")["zone_raw"]["cors_rule"]
    assert (cors["allowed_origins"], cors["allowed_methods"]) == (["https://app.example.com"], ["PUT"])
    stages = values(state, "aws_apigatewayv2_stage")
    assert stages["papers_uploads"]["stage_variables"] == {"source": "papers"}
    assert stages["photos_uploads"]["default_route_settings"][0]["throttling_rate_limit"] == 20
    raw = values(state, "aws_s3_bucket")["zone_raw"]
    # A link may do what its maker may: nothing but put objects below the folders of these sources.
    assert sorted(allowed(state, "ops_uploads_function")["s3:PutObject"]) == [
        f"{raw['arn']}/papers/*", f"{raw['arn']}/photos/*"]
    known = json.loads(values(state, "aws_s3_object")["uploads"]["content"])
    assert known["papers"]["types"] == [] and known["papers"]["max"] == 5 << 30
    rule = values(state, "aws_cloudwatch_event_rule")["photos_objects"]
    assert json.loads(rule["event_pattern"])["detail"]["object"] == {"key": [{"prefix": "photos/"}]}
    queues, function = values(state, "aws_sqs_queue"), values(state, "aws_lambda_function")["photos"]
    queue, letters = queues["photos_objects"], queues["photos_dead_letters"]
    assert queue["visibility_timeout_seconds"] >= 6 * function["timeout"]
    assert json.loads(queue["redrive_policy"])["deadLetterTargetArn"] == letters["arn"]
    allow = values(state, "aws_sqs_queue_redrive_allow_policy")["photos_dead_letters"]["redrive_allow_policy"]
    assert json.loads(allow) == {"redrivePermission": "byQueue", "sourceQueueArns": [queue["arn"]]}
    mapping = values(state, "aws_lambda_event_source_mapping")["photos"]
    assert mapping["event_source_arn"] == queue["arn"] and mapping["function_response_types"] == ["ReportBatchItemFailures"]
    assert mapping["scaling_config"] == [{"maximum_concurrency": function["reserved_concurrent_executions"]}]
    may = allowed(state, "photos_function")
    assert may["s3:GetObject"] == [f"{raw['arn']}/photos/*"] and not any(action.startswith("kinesis:") for action in may)
    # Objects have no table where they land; rows of them say where they are.
    tables = values(state, "aws_glue_catalog_table")
    assert "raw_photos" not in tables and "raw_photos" not in json.dumps(values(state, "aws_lakeformation_resource"))
    (content,) = [column["type"] for column in tables["processed_pictures"]["storage_descriptor"][0]["columns"]
                  if column["name"] == "content"]
    assert content == "struct<bucket:string,key:string,version:string,size:bigint,checksum:string>"


def endpoints_of(state) -> dict:
    """The endpoints of a network: the actions that may be done through each."""
    found = {}
    for endpoint in values(state, "aws_vpc_endpoint").values():
        service = endpoint["service_name"].split(".", 3)[3]
        found[service] = {action for statement in json.loads(endpoint["policy"])["Statement"] for action in actions(statement)}
    return found


def test_a_network_has_the_endpoints_that_are_called_and_no_others(platform):
    state = of(platform, "private")
    called = endpoints_of(state)
    assert set(called) == {"dynamodb", "glue", "kinesis-firehose", "logs", "monitoring", "s3", "secretsmanager"}
    assert called["secretsmanager"] == {"secretsmanager:GetSecretValue"}
    assert called["kinesis-firehose"] == {"firehose:PutRecordBatch"}
    gateways = {endpoint["service_name"].split(".")[-1] for endpoint in values(state, "aws_vpc_endpoint").values()
                if endpoint["vpc_endpoint_type"] == "Gateway"}
    assert gateways == {"dynamodb", "s3"}
    assert len(values(state, "aws_subnet")) == 6 and len(values(state, "aws_nat_gateway")) == 3
    blocks = [subnet["cidr_block"] for subnet in values(state, "aws_subnet").values()]
    assert len(set(blocks)) == 6 and all(block.startswith("10.80.") and block.endswith("/24") for block in blocks)


def test_functions_and_jobs_are_inside_and_reach_by_rule(platform):
    state = of(platform, "private")
    functions = values(state, "aws_lambda_function").items()
    for name, function in [one for one in functions if not one[0].startswith("ops_operations_")]:
        (inside,) = function["vpc_config"]
        assert len(inside["subnet_ids"]) == 3, name
        assert "ec2:CreateNetworkInterface" in network_actions(state, f"{name}_function"), name
    assert len(values(state, "aws_glue_job")["counted"]["connections"]) == 3
    assert "glue:GetConnection" in network_actions(state, "counted_job")
    groups = {group["id"]: name for name, group in values(state, "aws_security_group").items()}
    let_in = {(groups[rule["security_group_id"]], groups.get(rule["referenced_security_group_id"]), rule["from_port"])
              for rule in values(state, "aws_vpc_security_group_ingress_rule").values()}
    assert let_in == {("endpoints", "functions", 443), ("endpoints", "jobs", 443), ("jobs", "jobs", 0)}
    back = resources(state, "aws_route")
    peers = {route["name"] for route in back if route["values"]["vpc_peering_connection_id"]}
    assert peers == {"peer_1_private_1", "peer_1_private_2", "peer_1_private_3", "peer_1_back"}


def test_channels_are_told_by_functions_outside_with_a_secret_each(platform):
    state = of(platform, "private")
    told = {name: one for name, one in values(state, "aws_sns_topic_subscription").items()}
    assert {name: one["protocol"] for name, one in told.items()} == {
        "operations_1": "email", "operations_slack_1": "lambda", "operations_pagerduty_2": "lambda",
        "operations_sms_3": "sms", "operations_webhook_4": "lambda"}
    assert told["operations_sms_3"]["endpoint"] == "+353871234567"
    functions = values(state, "aws_lambda_function")
    for name in ["slack_1", "pagerduty_2", "webhook_4"]:
        function = functions[f"ops_operations_{name}"]
        assert function["vpc_config"] == [] and told[f"operations_{name}"]["endpoint"] == function["arn"]
        secret = function["environment"][0]["variables"]["SECRET"]
        assert allowed(state, f"ops_operations_{name}_function")["secretsmanager:GetSecretValue"] == [secret]
    permission = values(state, "aws_lambda_permission")["ops_operations_slack_1"]
    assert permission["source_arn"] == values(state, "aws_sns_topic")["operations"]["arn"]


def test_a_zone_is_locked_for_as_long_as_its_retention_says(platform):
    state = of(platform, "private")
    locks = {name: lock["rule"][0]["default_retention"][0]
             for name, lock in values(state, "aws_s3_bucket_object_lock_configuration").items()}
    assert (locks["zone_kept"]["mode"], locks["zone_kept"]["days"]) == ("GOVERNANCE", 365)
    assert {name for name, bucket in values(state, "aws_s3_bucket").items() if bucket["object_lock_enabled"]} == set(locks)


def test_a_copy_is_in_its_region_with_its_key_and_its_own_purge(platform):
    state = of(platform, "private")
    (copying,) = values(state, "aws_s3_bucket_replication_configuration").values()
    (rule,) = copying["rule"]
    keys = values(state, "aws_kms_key")
    (encryption,) = rule["destination"][0]["encryption_configuration"]
    assert encryption["replica_kms_key_id"] == keys["replica_eu_central_1"]["arn"]
    assert rule["source_selection_criteria"][0]["sse_kms_encrypted_objects"][0]["status"] == "Enabled"
    there = {(one["type"], one["values"]["region"]) for one in resources(state) if one["name"] == "replica_raw" and
             one["type"].startswith("aws_s3_bucket")}
    assert len(there) == 7 and {region for _, region in there} == {"eu-central-1"}
    lifecycles = values(state, "aws_s3_bucket_lifecycle_configuration")
    days = {name: {rule["id"]: rule["expiration"] for rule in lifecycles[name]["rule"]} for name in lifecycles}
    assert days["replica_raw"] == days["zone_raw"]
    assert set(allowed(state, "replica_raw")["s3:ReplicateObject"]) == {
        values(state, "aws_s3_bucket")["replica_raw"]["arn"] + "/*"}


def network_actions(state, role) -> set:
    (policy,) = [policy for policy in policies(state) if policy.address == f"aws_iam_role_policy.{role}_network"]
    return {action for statement in policy.document()["Statement"] for action in actions(statement)}


def test_a_request_becomes_a_record_as_it_came(platform):
    state = of(platform, "api")
    template = values(state, "aws_api_gateway_integration")["visits_api"]["request_templates"]["application/json"]
    key, record = template.split("#end\n")
    assert "$input.path('$.visit_id')" in key and "$context.requestId" in key
    name = values(state, "aws_kinesis_stream")["visits"]["name"]
    assert json.loads(record) == {
        "StreamName": name, "Data": "$util.base64Encode($input.body)", "PartitionKey": "$key"}


def test_members_of_groups_and_users_read_what_their_access_says(platform):
    state = of(platform, "governed")
    people = {name: (users["user"], users["groups"]) for name, users in by_key(state, "aws_iam_user_group_membership").items()}
    assert people == {(("analysts", name)): (name, ["governed-base-analysts-readers"]) for name in ["ana", "o+brien@example.com"]}
    assigned = by_key(state, "aws_ssoadmin_account_assignment")
    assert set(assigned) == {("analysts", "analysts"), ("analysts", 'people\'s "own" %{team}'), ("auditors", "auditors")}
    assert all(one["principal_type"] == "GROUP" and one["target_id"] == "123456789012" for one in assigned.values())
    policy = values(state, "aws_iam_policy")["analysts_reader"]["name"]
    attached = values(state, "aws_ssoadmin_customer_managed_policy_attachment")["analysts"]
    assert attached["customer_managed_policy_reference"] == [{"name": policy, "path": "/"}]
    granted = {key for (name, key) in by_key(state, "aws_lakeformation_permissions") if name == "analysts_curated_pages"}
    assert granted == {"groups", "user/ana", "user/o+brien@example.com", "arn:aws:iam::123456789012:role/Analyst",
                       "arn:aws:iam::210987654321:role/Partner"}


def test_conditions_become_filters_of_rows_that_are_granted_instead_of_the_table(platform):
    state = of(platform, "governed")
    filters = [filter["table_data"][0] for filter in values(state, "aws_lakeformation_data_cells_filter").values()]
    assert {filter["row_filter"][0]["filter_expression"]: set(filter["column_names"]) for filter in filters} == {
        '''(("country" = 'DE') AND (NOT (("number" < 10) OR ("page" LIKE '/o''hara/%')))) AND ("number" IN (1, 20))''':
            {"day", "page", "country", "number"},
        '(("amount" >= 9.50) AND ("paid" = true)) AND ("amount" IS NOT NULL)': {"day", "page", "amount"}}
    granted = by_key(state, "aws_lakeformation_permissions")
    assert not any(name == "analysts_processed_clicks" for name, _ in granted)
    used = {one["data_cells_filter"][0]["name"] for one in granted.values() if one["data_cells_filter"]}
    assert used == {filter["name"] for filter in filters}


def test_what_is_done_is_written_down_where_nobody_can_delete_it(platform):
    state = of(platform, "governed")
    trail = values(state, "aws_cloudtrail")["trail"]
    assert trail["is_multi_region_trail"] and trail["enable_log_file_validation"] and trail["kms_key_id"]
    data = trail["advanced_event_selector"][1]["field_selector"]
    (watched,) = [field["starts_with"] for field in data if field["field"] == "resources.ARN"]
    assert len(watched) == 3 and all(arn.endswith("/") and "-audit-" not in arn for arn in watched)
    locks = values(state, "aws_s3_bucket_object_lock_configuration")
    lock = locks["audit"]["rule"][0]["default_retention"][0]
    assert (lock["mode"], lock["days"]) == ("COMPLIANCE", 730)
    lifecycles = values(state, "aws_s3_bucket_lifecycle_configuration")
    days = {bucket: rule["expiration"][0].get("days") for bucket in ["audit", "configuration"]
            for rule in lifecycles[bucket]["rule"] if rule["id"] == "all"}
    assert days == {"audit": 730, "configuration": 365}
    # Config delivers to no bucket with locks: a policy keeps what is in its own.
    channel = values(state, "aws_config_delivery_channel")
    assert "configuration" not in locks and all("configuration" in one["s3_bucket_name"] for one in channel.values())
    kept = json.loads(values(state, "aws_s3_bucket_policy")["configuration"]["policy"])["Statement"]
    assert [statement["Effect"] for statement in kept if statement["Sid"] == "Kept"] == ["Deny"]
    names = {name["name"] for name in values(state, "aws_config_configuration_recorder").values()}
    assert {status["name"] for status in values(state, "aws_config_configuration_recorder_status").values()} == names
    assert len(values(state, "aws_config_config_rule")) == 4


def test_views_that_athena_carries_are_in_the_catalog(platform):
    state = of(platform, "governed")
    tables = values(state, "aws_glue_catalog_table")
    assert "view_strict" not in tables
    for name in ["paid", "often"]:
        text = tables[f"view_{name}"]["view_original_text"].removeprefix("/* Presto View: ").removesuffix(" */")
        definition = json.loads(base64.b64decode(text))
        assert definition["schema"] == "governed_base_views" and definition["catalog"] == "awsdatacatalog"
        columns = {column["name"] for column in tables[f"view_{name}"]["storage_descriptor"][0]["columns"]}
        assert columns == {column["name"] for column in definition["columns"]} == {"day", "page", "clicks", "amount"}
        of_what = "governed_base_processed.clicks" if name == "paid" else "governed_base_views.paid"
        assert f"FROM {of_what}" in definition["originalSql"]
        assert name == "often" or "page <> 'database0prefix it''s %{x}'" in definition["originalSql"]


def by_key(state, type_) -> dict:
    """The values of each of many resources, by the label of all and the key of one."""
    return {(resource["name"], resource.get("index")): resource["values"] for resource in resources(state, type_)}


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
  network = private { }
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


def test_topics_are_made_in_clusters_of_their_own(platform):
    state = of(platform, "brokers")
    clusters = values(state, "aws_msk_cluster")
    assert set(clusters) == {"payments", "tills", "kiosks"}
    for cluster in clusters.values():
        assert cluster["encryption_info"][0]["encryption_in_transit"][0] == {"client_broker": "TLS", "in_cluster": True}
        assert cluster["encryption_info"][0]["encryption_at_rest_kms_key_arn"].startswith("arn:aws:kms:")
        assert cluster["client_authentication"][0]["unauthenticated"] is False
        assert len(cluster["broker_node_group_info"][0]["client_subnets"]) == 3
    properties = values(state, "aws_msk_configuration")["payments"]["server_properties"].splitlines()
    assert {"auto.create.topics.enable=false", "min.insync.replicas=2"} <= set(properties)
    topic = values(state, "aws_msk_topic")["payments"]
    configs = json.loads(base64.b64decode(topic["configs"]))
    # A record goes with the piece of the log that it is in: both together are the three days of the source.
    assert int(configs["retention.ms"]) + int(configs["segment.ms"]) == 3 * 86_400_000
    assert (topic["name"], topic["partition_count"], topic["replication_factor"]) == ("payments.v1", 6, 3)
    # 500 records of 2 KiB a second for three days, on each of three brokers, half as much again.
    disk = clusters["payments"]["broker_node_group_info"][0]["storage_info"][0]["ebs_storage_info"][0]["volume_size"]
    assert disk == 380
    assert values(state, "aws_appautoscaling_target")["payments_storage"]["max_capacity"] == 3800
    assert set(values(state, "aws_msk_single_scram_secret_association")) == {"tills"}
    assert clusters["kiosks"]["client_authentication"][0]["tls"][0]["certificate_authority_arns"]


def test_lambda_reads_topics_within_bounds_and_as_one_group(platform):
    state = of(platform, "brokers")
    mappings = values(state, "aws_lambda_event_source_mapping")
    letters = values(state, "aws_sqs_queue")
    for name in ["payments", "partners", "tills", "kiosks"]:
        mapping = mappings[name]
        assert mapping["function_response_types"] == ["ReportBatchItemFailures"]
        assert mapping["bisect_batch_on_function_error"] is True and 0 < mapping["maximum_retry_attempts"] < 100
        # Without pollers of its own a mapping takes none of these (docs: Kafka error handling).
        assert mapping["provisioned_poller_config"][0]["minimum_pollers"] == 1
        assert mapping["destination_config"][0]["on_failure"][0]["destination_arn"] == letters[f"{name}_dead_letters"]["arn"]
    assert mappings["payments"]["maximum_record_age_in_seconds"] == 1.5 * 86_400
    may, cluster = allowed(state, "payments_function"), values(state, "aws_msk_cluster")["payments"]["arn"]
    topic = cluster.replace(":cluster/", ":topic/") + "/payments.v1"
    group = mappings["payments"]["amazon_managed_kafka_event_source_config"][0]["consumer_group_id"]
    assert may["kafka-cluster:ReadData"] == [topic]
    assert may["kafka-cluster:AlterGroup"] == [cluster.replace(":cluster/", ":group/") + f"/{group}"]
    assert may["kafka-cluster:Connect"] == may["kafka:DescribeClusterV2"] == [cluster]
    assert not any(action.startswith("kafka-cluster:Write") for action in may)
    accesses = {(one["type"], one["uri"].split(":")[0]) for one in mappings["partners"]["source_access_configuration"]}
    assert accesses == {("CLIENT_CERTIFICATE_TLS_AUTH", "arn"), ("VPC_SUBNET", "subnet"),
                        ("VPC_SECURITY_GROUP", "security_group")}
    # What arrives is landed by who reads it: nothing else does.
    landing = values(state, "aws_kinesis_firehose_delivery_stream")
    variables = values(state, "aws_lambda_function")["payments"]["environment"][0]["variables"]
    assert variables["LANDING_STREAM"] == landing["payments_landing"]["name"]
    assert "LANDING_STREAM" not in values(state, "aws_lambda_function")["partners"]["environment"][0]["variables"]
    assert "partners_landing" not in landing and not landing["payments_landing"]["kinesis_source_configuration"]


def test_a_function_makes_topics_where_terraform_makes_none(platform):
    state = of(platform, "brokers")
    cluster = values(state, "aws_msk_serverless_cluster")["pictures"]
    asked = json.loads(values(state, "aws_lambda_invocation")["pictures_topic"]["input"])
    assert (asked["topic"], asked["partitions"], asked["brokers"]) == ("pictures", 4, cluster["bootstrap_brokers_sasl_iam"])
    # What may be said of such a topic, and no more.
    assert set(asked["settings"]) == {"cleanup.policy", "max.message.bytes", "message.timestamp.type", "retention.ms"}
    assert int(asked["settings"]["retention.ms"]) <= 86_400_000 and asked["settings"]["message.timestamp.type"] == "LogAppendTime"
    may = allowed(state, "ops_make_topics_function")
    assert may["kafka-cluster:CreateTopic"] == [cluster["arn"].replace(":cluster/", ":topic/") + "/pictures"]
    assert not any(action in may for action in ["kafka-cluster:DeleteTopic", "kafka-cluster:ReadData", "kafka-cluster:WriteData"])
    # Pictures are kept where they land, and neither Firehose nor a table has them.
    bucket = values(state, "aws_s3_bucket")["zone_raw"]
    variables = values(state, "aws_lambda_function")["pictures"]["environment"][0]["variables"]
    assert variables["OBJECTS"] == f"s3://{bucket['bucket']}/pictures/" and "LANDING_STREAM" not in variables
    assert allowed(state, "pictures_function")["s3:PutObject"] == [f"{bucket['arn']}/pictures/*"]
    assert "pictures_landing" not in values(state, "aws_kinesis_firehose_delivery_stream")
    for source, bytes_ in [("tills", "1000000"), ("payments", "1000000")]:
        configs = json.loads(base64.b64decode(values(state, "aws_msk_topic")[source]["configs"]))
        assert configs["max.message.bytes"] == bytes_
        # Copies have arrived when the first of them did.
        assert ("message.timestamp.type" in configs) is (source != "payments")


def test_functions_start_scripts_and_keep_what_these_answer_as_long_as_rows(platform):
    state = of(platform, "image-lake")
    functions, buckets = values(state, "aws_lambda_function"), values(state, "aws_s3_bucket")
    for source in ["cameras", "uploads"]:
        function = functions[source]
        assert (function["runtime"], function["memory_size"], function["timeout"]) == ("python3.13", 1280, 180)
        variables = function["environment"][0]["variables"]
        assert variables["AWS_LAMBDA_EXEC_WRAPPER"] == "/var/task/bootstrap"
        assert variables["OBJECTS_PROCESS_IMAGES"] == f"s3://{buckets['zone_lake']['bucket']}/_objects/images/"
    mappings = values(state, "aws_lambda_event_source_mapping")
    assert mappings["uploads"]["batch_size"] == 1 and mappings["cameras"]["batch_size"] == 10
    # Two pictures a second of two minutes each, within the 500 that are allowed.
    assert mappings["uploads"]["scaling_config"][0]["maximum_concurrency"] == 240
    landing, lake = buckets["zone_landing"]["arn"], buckets["zone_lake"]["arn"]
    assert allowed(state, "cameras_function")["s3:PutObject"] == [f"{landing}/cameras/*", f"{lake}/_objects/images/*"]
    assert allowed(state, "uploads_function")["s3:PutObject"] == [f"{lake}/_objects/images/*"]
    assert allowed(state, "cameras_function")["s3:GetObject"] == [f"{landing}/cameras/*"]
    rules_of = {rule["filter"][0]["prefix"]: rule["expiration"][0]["days"]
                for rule in values(state, "aws_s3_bucket_lifecycle_configuration")["zone_lake"]["rule"] if rule["expiration"]}
    assert rules_of["_objects/images/"] == rules_of["images/"] == 7
    places = json.loads(values(state, "aws_s3_object")["operations"]["content"])["places"]
    assert [place["days"] for place in places if place["prefix"] == "_objects/images/"] == [10]
    files = {path.name for path in (platform[1] / "programs").rglob("*") if path.is_file()}
    assert files == {"process.py", "process_images.requirements.txt"}


def test_brokers_are_reached_by_rule(platform):
    state = of(platform, "brokers")

    def rules_of(way):
        found = values(state, f"aws_vpc_security_group_{way}_rule")
        return {name: one["from_port"] for name, one in found.items() if "brokers" in name or "pollers" in name}

    assert rules_of("ingress") == {
        "brokers_from_brokers": 9098, "brokers_from_peer_1_9094": 9094, "brokers_from_peer_1_9096": 9096,
        "brokers_from_peer_1_9098": 9098, "brokers_from_functions": 9098, "endpoints_from_pollers": 443}
    outward = {f"pollers_to_{port}": port for port in (9094, 9096)}
    peers = {f"pollers_to_peer_1_{port}": port for port in (9094, 9096)}
    # The function that makes topics is a client as well.
    made = {"functions_to_brokers": 9098}
    assert rules_of("egress") == {"brokers_to_brokers": 9098, **made, "pollers_to_endpoints": 443, **outward, **peers}
    # Pollers of their own call nothing from inside (P-MSK-1): only the copying reads its secrets from there.
    endpoints = values(state, "aws_vpc_endpoint")
    assert {"lambda", "sts"} & set(endpoints) == set() and "secretsmanager" in endpoints


def test_records_are_copied_from_the_old_cluster(platform):
    state = of(platform, "brokers")
    (copies,) = values(state, "aws_msk_replicator").values()
    old, new = copies["kafka_cluster"]
    assert old["apache_kafka_cluster"][0]["apache_kafka_cluster_id"] == DECIDED["brokers"]["kafka_cluster_id_payments"]
    assert new["amazon_msk_cluster"][0]["msk_cluster_arn"] == values(state, "aws_msk_cluster")["payments"]["arn"]
    (topics,) = copies["replication_info_list"][0]["topic_replication"]
    assert topics["topics_to_replicate"] == ["^payments\\.v1$"]
    assert topics["starting_position"] == [{"type": "EARLIEST"}]
    assert topics["topic_name_configuration"] == [{"type": "IDENTICAL"}]
    # Readers read the new cluster from the start.
    mapping = values(state, "aws_lambda_event_source_mapping")["payments"]
    assert mapping["event_source_arn"] == new["amazon_msk_cluster"][0]["msk_cluster_arn"]
    text = (platform[1] / "kafka" / "payments.prerequisites.md").read_text()
    assert "kafka_cluster_id_payments" in text and "`kafka/authority`" in text


def test_messages_wait_in_queues_and_are_tried_within_bounds(platform):
    state = of(platform, "brokers")
    queues = values(state, "aws_sqs_queue")
    orders = queues["orders_queue"]
    assert orders["message_retention_seconds"] == 7 * 86_400
    redrive = json.loads(orders["redrive_policy"])
    assert redrive == {"deadLetterTargetArn": queues["orders_queue_dead_letters"]["arn"], "maxReceiveCount": 3}
    mapping = values(state, "aws_lambda_event_source_mapping")["orders"]
    function = values(state, "aws_lambda_function")["orders"]
    assert mapping["function_response_types"] == ["ReportBatchItemFailures"]
    # A message stays hidden for six batches and a wait, as Lambda asks.
    waits = mapping["maximum_batching_window_in_seconds"]
    assert orders["visibility_timeout_seconds"] >= 6 * function["timeout"] + waits
    assert function["reserved_concurrent_executions"] > mapping["scaling_config"][0]["maximum_concurrency"]
    # Queues in order take ten messages at once, and do not wait for more.
    lines = values(state, "aws_lambda_event_source_mapping")["lines"]
    assert (lines["batch_size"], lines["maximum_batching_window_in_seconds"]) == (10, None)
    assert queues["queued_queue"]["fifo_queue"] is True and queues["queued_queue"]["name"].endswith(".fifo")
    pipe = values(state, "aws_pipes_pipe")["queued_pipe"]
    assert pipe["target"] == values(state, "aws_kinesis_stream")["queued"]["arn"]
    assert pipe["target_parameters"][0]["input_template"] == "<$.body>"
    may = allowed(state, "queued_pipe")
    assert may["sqs:ReceiveMessage"] == [queues["queued_queue"]["arn"]]
    alarms = set(values(state, "aws_cloudwatch_metric_alarm"))
    assert {"orders_queue_age", "orders_queue_dead_letters_depth", "queued_queue_age"} <= alarms


def test_whoever_is_behind_a_topic_or_a_queue_rings(platform):
    alarms = values(of(platform, "brokers"), "aws_cloudwatch_metric_alarm")

    def watched(name):
        one = alarms[f"operations_{name}"]
        return one["namespace"], one["metric_name"], one["threshold"]

    assert watched("payments_lag") == ("AWS/Kafka", "EstimatedMaxTimeLag", 120)
    # Five records a second: so many wait after two minutes.
    assert watched("partners_lag") == ("AWS/Lambda", "OffsetLag", 600)
    assert watched("orders_lag") == ("AWS/SQS", "ApproximateAgeOfOldestMessage", 600)
    queries = {query["id"]: query for query in alarms["operations_tills_volume"]["metric_query"]}
    assert queries["share"]["expression"] == "100 * rows / 50"
    assert queries["rows"]["expression"].startswith("SELECT SUM(MessagesInPerSec)")
    assert {f"{name}_brokers_{what}" for name in ["payments", "tills", "kiosks"]
            for what in ["disk", "work", "offline"]} <= set(alarms)
