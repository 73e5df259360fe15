"""The Terraform of examples/clickstream: what terraform, checkov and parliament say of it, for each environment."""

import json

import pytest
from support import pipec, rules
from support.archives import put_missing
from support.lint import checkov
from support.paths import EXAMPLES
from support.rules import values
from support.terraform import Terraform, policies, resources

ENVIRONMENTS = [None, "dev", "prod"]

@pytest.fixture(scope="session", params=ENVIRONMENTS, ids=lambda name: name or "none")
def build(request, tmp_path_factory):
    """The build for an environment, with stand-ins for archives."""
    arguments = ["--env", request.param] if request.param else []
    folder = pipec.build(EXAMPLES / "clickstream", tmp_path_factory.mktemp("terraform") / "build", *arguments)
    put_missing(folder)
    return folder


@pytest.fixture(scope="session")
def applied(build):
    """Laid out, valid, planned, applied, and planned again without changes."""
    with Terraform(build / "terraform", variables={"find_cost_anomalies": True}) as terraform:
        yield terraform.check()


@pytest.fixture(scope="session")
def state(applied):
    return applied.state()


def test_terraform_takes_it_twice(state):
    assert len(resources(state)) > 130
    assert len(values(state, "aws_s3_bucket")) == 7


def test_checkov_finds_nothing_and_every_skip_has_a_reason(build):
    answer = checkov(build / "terraform")
    assert answer["failed"] == []
    assert answer["passed"] > 300
    assert [skip for skip in answer["skipped"] if len(skip[3]) < 20] == []


def test_policies_give_no_more_than_is_needed(state):
    assert len(policies(state)) > 40
    rules.policies_are_narrow(state)


def test_every_bucket_is_private_encrypted_and_purges(state):
    rules.buckets_are_private_and_purge(state)


def test_rows_leave_by_age_unless_their_job_rewrites_them(state):
    lifecycles = values(state, "aws_s3_bucket_lifecycle_configuration")
    days = {(bucket, rule["id"]): [expiration["days"] for expiration in rule["expiration"]]
            for bucket, lifecycle in lifecycles.items() for rule in lifecycle["rule"]}
    assert days["zone_raw", "clicks"] == [30]
    assert days["zone_processed", "clicks"] == [180]
    assert days["zone_curated", "daily-pages"] == []
    assert days["quarantine", "clean"] == days["quarantine", "daily-pages"] == [14]
    assert days["zone_raw", "delivery-errors"] == days["zone_processed", "delivery-errors"] == [14]
    assert days["query_results", "adhoc"] == [7]


def test_a_poison_record_cannot_block_the_stream(state):
    (mapping,) = values(state, "aws_lambda_event_source_mapping").values()
    assert 0 < mapping["maximum_retry_attempts"] < 100
    assert 0 < mapping["maximum_record_age_in_seconds"] < 24 * 3600
    assert mapping["bisect_batch_on_function_error"] is True
    assert mapping["function_response_types"] == ["ReportBatchItemFailures"]
    assert mapping["destination_config"][0]["on_failure"][0]["destination_arn"].startswith("arn:aws:sqs:")


def test_analysts_see_granted_columns_only(state):
    grants = {(table["database_name"], table["name"]): set(table["column_names"])
              for resource in resources(state, "aws_lakeformation_permissions")
              for table in resource["values"]["table_with_columns"]}
    by_table = {name: columns for (_, name), columns in grants.items()}
    assert by_table["daily_pages"] == {"day", "page", "clicks", "buyers", "revenue"}
    assert by_table["clicks"] == {"day", "page", "kind", "amount"}


def test_partitions_are_projected(state):
    tables = {table["database_name"].split("_")[-1]: table for table in values(state, "aws_glue_catalog_table").values()}
    parameters = tables["processed"]["parameters"]
    assert parameters["projection.day.range"] == "NOW-180DAYS,NOW+1DAYS"
    assert parameters["storage.location.template"].endswith("/clicks/day=${day}/")
    assert {column["name"]: column["type"] for column in tables["processed"]["storage_descriptor"][0]["columns"]} == {
        "click_id": "string", "at": "timestamp", "page": "string", "kind": "string", "amount": "decimal(12,2)",
        "buyer": "string"}


def test_the_budget_goes_by_the_platforms_tag(state):
    (budget,) = values(state, "aws_budgets_budget").values()
    (prefix,) = {group["name"] for group in values(state, "aws_scheduler_schedule_group").values()}
    assert budget["cost_filter"][0]["values"] == [f"user:platform${prefix}"]


def test_days_that_cost_too_much_are_told(state):
    (budget,) = values(state, "aws_budgets_budget").values()
    (monitor,) = values(state, "aws_ce_anomaly_monitor").values()
    (subscription,) = values(state, "aws_ce_anomaly_subscription").values()
    (prefix,) = {group["name"] for group in values(state, "aws_scheduler_schedule_group").values()}
    tags = json.loads(monitor["monitor_specification"])["Tags"]
    assert (tags["Key"], tags["Values"]) == ("platform", [prefix])
    (above,) = subscription["threshold_expression"][0]["dimension"]
    day = float(budget["limit_amount"]) / 31
    assert day <= float(above["values"][0]) < day + 1
    topics = values(state, "aws_sns_topic_policy").values()
    (subscriber,) = subscription["subscriber"]
    assert subscriber["type"] == "SNS" and subscription["frequency"] == "IMMEDIATE"
    assert any(topic["arn"] == subscriber["address"] and "costalerts.amazonaws.com" in topic["policy"] for topic in topics)


def test_the_scheduler_gets_its_own_attribute(state):
    schedule = values(state, "aws_scheduler_schedule")["nightly"]
    assert schedule["target"][0]["input"] == '{"run_at":"<aws.scheduler.scheduled-time>"}'


def test_data_survives_a_destroy_unless_the_environment_says_otherwise(build, state):
    forced = {name for name, bucket in values(state, "aws_s3_bucket").items() if bucket["force_destroy"]}
    kept = (build / "terraform" / "buckets.tf").read_text().count("prevent_destroy = true")
    if "-dev-" in values(state, "aws_s3_bucket")["zone_raw"]["bucket"]:
        assert forced == set(values(state, "aws_s3_bucket")) and kept == 0
    else:
        assert forced == {"query_results"} and kept == 4


def test_prod_alone_has_backups(state):
    is_prod = "-prod-" in values(state, "aws_s3_bucket")["zone_raw"]["bucket"]
    vaults = values(state, "aws_backup_plan")
    assert set(vaults) == ({"curated_backup"} if is_prod else set())
    assert all(plan["rule"][0]["lifecycle"][0]["delete_after"] == 35 for plan in vaults.values())


def test_a_build_refuses_another_environment(build):
    other = "prod" if "dev" in (build / "terraform" / "variables.tf").read_text() else "dev"
    with Terraform(build / "terraform", variables={"environment": other}) as terraform:
        terraform.init()
        done = terraform.run("plan", "-input=false", "-no-color", allow=(0, 1))
    text = (build / "terraform" / "variables.tf").read_text()
    assert done.returncode == 1 or f'default     = "{other}"' in text, done.stdout


def test_the_plan_says_when_grants_would_mean_nothing(build):
    with Terraform(build / "terraform", variables={"manage_lake_formation_settings": False}) as terraform:
        terraform.init()
        done = terraform.run("plan", "-input=false", "-no-color", allow=(1,))
    assert "IAM_ALLOWED_PRINCIPALS" in done.stderr + done.stdout


def test_dashboards_and_configurations_are_json(state):
    (dashboard,) = values(state, "aws_cloudwatch_dashboard").values()
    assert len(json.loads(dashboard["dashboard_body"])["widgets"]) >= 5
    places = json.loads(values(state, "aws_s3_object")["operations"]["content"])["places"]
    assert {place["name"]: place["days"] for place in places if place["kind"] == "dataset"} == {
        "raw.clicks": 33, "processed.clicks": 183, "curated.daily_pages": 733}
