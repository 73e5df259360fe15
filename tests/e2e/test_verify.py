"""`pipec verify`: a plan that is not what a build claims is refused, whether its configuration was edited or the plan."""

import copy
import json
import re
import shutil

import pytest
from support import pipec
from support.archives import put_missing
from support.paths import EXAMPLES
from support.terraform import Terraform, foreknown


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """The build of a platform with a network, readers and copies in another region."""
    folder = pipec.build(EXAMPLES / "batch-lakehouse", tmp_path_factory.mktemp("verify") / "build")
    put_missing(folder)
    return folder


@pytest.fixture(scope="session")
def plans(build):
    """A plan of it before anything was applied, and one after."""
    with Terraform(build / "terraform") as terraform:
        first = terraform.init().plan()
        terraform.apply()
        yield first, terraform.assert_settled()


def verdict(plan: dict, build, *arguments) -> dict:
    """What it says of a plan, as programs read it."""
    done = pipec.pipec("verify", "-", build, "--format", "json", *arguments, stdin=json.dumps(plan))
    answer = json.loads(done.out)
    assert done.status == (0 if answer["holds"] else 1), done.err
    return answer


def planned(plan: dict, address: str) -> dict:
    """The planned values of a resource; what is changed in them is changed in the plan."""
    every = plan["planned_values"]["root_module"]["resources"]
    return next(resource for resource in every if resource["address"] == address)["values"]


def first_of(plan: dict, kind: str) -> str:
    every = plan["planned_values"]["root_module"]["resources"]
    return next(resource["address"] for resource in every if resource["type"] == kind and "index" not in resource)


def test_a_plan_as_built_holds_before_and_after_it_is_applied(plans, build):
    first, settled = (verdict(plan, build) for plan in plans)
    assert first["holds"] and settled["holds"]
    assert first["unknown"] > 100 and settled["unknown"] == 0
    assert settled["resources"] > 200 and settled["claims"] > 30


def longer(plan):
    rules = planned(plan, "aws_s3_bucket_lifecycle_configuration.quarantine")["rule"]
    next(rule for rule in rules if rule["expiration"] and rule["expiration"][0].get("days"))["expiration"][0]["days"] = 3650


def endless(plan):
    planned(plan, "aws_s3_bucket_lifecycle_configuration.zone_raw")["rule"].pop(0)


def public(plan):
    planned(plan, first_of(plan, "aws_s3_bucket_public_access_block"))["block_public_policy"] = False


def without_tls(plan):
    values = planned(plan, first_of(plan, "aws_s3_bucket_policy"))
    policy = json.loads(values["policy"])
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] != "TlsOnly"]
    values["policy"] = json.dumps(policy)


def wider_role(plan):
    values = planned(plan, first_of(plan, "aws_iam_role_policy"))
    values["policy"] = re.sub(r'"Action":\[[^]]*\]', '"Action":["s3:*"]', values["policy"], count=1)


def anybody_assumes(plan):
    values = planned(plan, first_of(plan, "aws_iam_role"))
    policy = json.loads(values["assume_role_policy"])
    policy["Statement"][0]["Principal"] = {"AWS": "*"}
    values["assume_role_policy"] = json.dumps(policy)


def wider_columns(plan):
    every = plan["planned_values"]["root_module"]["resources"]
    grants = [one["values"] for one in every if one["type"] == "aws_lakeformation_permissions"]
    next(grant for grant in grants if grant["table_with_columns"])["table_with_columns"][0]["column_names"].append("email")


def common_answers(plan):
    configuration = planned(plan, "aws_athena_workgroup.sql_for_engineers")["configuration"][0]
    configuration["result_configuration"][0]["output_location"] = "s3://elsewhere/sql/"


def free_answers(plan):
    planned(plan, "aws_athena_workgroup.sql_for_readers")["configuration"][0]["enforce_workgroup_configuration"] = False


def plain(plan):
    address = "aws_s3_bucket_server_side_encryption_configuration.zone_raw"
    planned(plan, address)["rule"][0]["apply_server_side_encryption_by_default"][0]["sse_algorithm"] = "AES256"


def without_endpoint(plan):
    module = plan["planned_values"]["root_module"]
    module["resources"] = [one for one in module["resources"] if one["type"] != "aws_vpc_endpoint"]
    configuration = plan["configuration"]["root_module"]
    configuration["resources"] = [one for one in configuration["resources"] if one["type"] != "aws_vpc_endpoint"]


def open_group(plan):
    address = first_of(plan, "aws_vpc_security_group_ingress_rule")
    planned(plan, address)["from_port"] = 0


def another_user(plan):
    added = {"address": "aws_iam_user.mallory", "mode": "managed", "type": "aws_iam_user", "name": "mallory",
             "values": {"name": "mallory"}}
    plan["planned_values"]["root_module"]["resources"].append(added)


@pytest.mark.parametrize(("edit", "kinds"), [
    (longer, {"quarantine"}), (endless, {"retention"}), (public, {"private"}), (without_tls, {"private"}), (wider_role, {"permissions"}),
    (anybody_assumes, {"permissions"}), (wider_columns, {"reading"}), (common_answers, {"reading"}), (free_answers, {"reading"}), (plain, {"encryption"}), (without_endpoint, {"network"}),
    (open_group, set()), (another_user, set()),
], ids=lambda one: getattr(one, "__name__", ""))
def test_an_edited_plan_is_refused_and_the_claims_are_named(plans, build, edit, kinds):
    plan = copy.deepcopy(plans[1])
    edit(plan)
    answer = verdict(plan, build)
    assert answer["differences"]
    assert kinds <= {claim.split(".")[0] for claim in answer["broken"]}, answer


@pytest.fixture(scope="session")
def streaming(tmp_path_factory):
    """The build of a platform with streams, people, dashboards and a copy in another region, and a plan of it in which
    everything is known."""
    root = tmp_path_factory.mktemp("verify-streaming")
    project = shutil.copytree(EXAMPLES / "data-pipeline", root / "project")
    edit_file(project, "pipeline.pipe", r"(pipeline data_pipeline \{\n)", r'\1  regions = ["us-west-2", "us-east-2"]\n')
    edit_file(project, "use.pipe", r"(  alarm freshness of curated.daily_revenue over 26 hours\n)",
              r"\1  alarm freshness of processed.events over 2 hours\n  alarm freshness of raw.events over 1 hour\n")
    build = pipec.build(project, root / "build", "--env", "prod")
    put_missing(build)
    return build, foreknown(build / "terraform")


def fuller_buffer(plan):
    stream = planned(plan, "aws_kinesis_firehose_delivery_stream.clean_events")
    stream["extended_s3_configuration"][0]["buffering_interval"] = 300


def fuller_landing(plan):
    planned(plan, "aws_kinesis_firehose_delivery_stream.events_landing")["extended_s3_configuration"][0]["buffering_interval"] = 300


def fuller_batch(plan):
    planned(plan, "aws_lambda_event_source_mapping.events")["maximum_batching_window_in_seconds"] = 299


def kept_longer(plan):
    planned(plan, "aws_s3_bucket_lifecycle_configuration.zone_raw")["rule"][0]["expiration"][0]["days"] += 1


def never_shown(plan):
    planned(plan, "aws_s3_bucket_versioning.zone_processed")["versioning_configuration"][0]["status"] = "Suspended"


def fewer_shards(plan):
    planned(plan, "aws_kinesis_stream.events")["shard_count"] = 1


def slower_requests(plan):
    settings = planned(plan, "aws_api_gateway_method_settings.events_api")["settings"][0]
    settings["throttling_rate_limit"] = 50


def deaf(plan):
    planned(plan, "aws_cloudwatch_metric_alarm.operations_events_utilization")["threshold"] = 400


def later(plan):
    planned(plan, "aws_scheduler_schedule.nightly")["schedule_expression"] = "cron(0 2 ? * MON *)"


def told_later(plan):
    planned(plan, "aws_cloudwatch_metric_alarm.operations_curated_daily_revenue_freshness")["threshold"] = 1_000_000


def more_workers(plan):
    planned(plan, "aws_glue_job.daily_revenue")["number_of_workers"] = 100


def no_budget(plan):
    planned(plan, "aws_budgets_budget.platform")["limit_amount"] = "1000000"


def copied_elsewhere(plan):
    rule = planned(plan, "aws_s3_bucket_replication_configuration.zone_curated")["rule"][0]
    rule["destination"][0]["bucket"] = "arn:aws:s3:::elsewhere"


def asked_anew(plan):
    planned(plan, "aws_quicksight_data_set.dashboards_curated_daily_revenue")["import_mode"] = "DIRECT_QUERY"


@pytest.mark.parametrize(("edit", "claims"), [
    (kept_longer, {"retention.raw.events", "lifetime.pii", "erasure.events.user_id", "cost"}),
    (never_shown, {"lifetime.pseudonymous", "erasure.orders.user_id"}),
    (fewer_shards, {"capacity.events", "bound.a record of events", "cost"}),
    (slower_requests, {"bound.the throttle of events"}),
    (deaf, {"bound.the api of events"}),
    (later, {"freshness.curated.daily_revenue", "cost"}),
    (fuller_buffer, {"freshness.processed.events"}),
    (fuller_landing, {"freshness.raw.events"}),
    (fuller_batch, {"freshness.processed.events"}),
    (told_later, {"freshness.curated.daily_revenue"}),
    (more_workers, {"freshness.curated.daily_revenue", "cost"}),
    (no_budget, set()),
    (copied_elsewhere, {"residency"}),
    (asked_anew, {"way.the groups of analysts.dashboards dashboards as analysts"}),
], ids=lambda one: getattr(one, "__name__", ""))
def test_an_edit_breaks_each_claim_that_rests_on_what_was_edited(streaming, edit, claims):
    build, known = streaming
    assert verdict(known, build)["holds"]
    plan = copy.deepcopy(known)
    edit(plan)
    answer = verdict(plan, build)
    assert answer["differences"] and claims <= set(answer["broken"]), answer


@pytest.mark.parametrize("example", ["batch-lakehouse", "clickstream", "data-pipeline", "image-lake", "reference-architecture", "self-service-platform",
                                     "starter", "team"])
def test_every_claim_has_a_name_of_its_own_and_rests_on_something(example, tmp_path):
    evidence = json.loads((pipec.build(EXAMPLES / example, tmp_path / "build") / "evidence.json").read_text())
    names = [claim["id"] for claim in evidence["claims"]]
    assert len(names) == len(set(names)) > 10
    assert not [claim["id"] for claim in evidence["claims"] if not claim["rests_on"]]
    rests = {address for claim in evidence["claims"] for address in claim["rests_on"]}
    rests |= {address for assumption in evidence["assumptions"] for address in assumption["alarms"]}
    assert rests <= evidence["resources"].keys()
    assert all(set(assumption["needed_by"]) <= set(names) and assumption["needed_by"] for assumption in evidence["assumptions"])
    # Whoever is told of anything is told when what a source promised does not hold.
    if any(address.startswith("aws_sns_topic.") for address in evidence["resources"]):
        assert not [one["says"] for one in evidence["assumptions"] if not one["alarms"]]


def edit_file(folder, name: str, pattern: str, text: str):
    path = folder / name
    edited, count = re.subn(pattern, text, path.read_text(), count=1)
    assert count == 1, f"{name} has no {pattern}"
    path.write_text(edited)


def test_an_edited_configuration_is_refused_though_little_of_it_is_known(build):
    with Terraform(build / "terraform") as terraform:
        edit_file(terraform.folder, "buckets.tf", r"days = \d+", "days = 3650")
        edit_file(terraform.folder, "buckets.tf", r"block_public_acls       = true", "block_public_acls       = false")
        edit_file(terraform.folder, "jobs.tf", r"Resource = \[[^\]]*\]", 'Resource = ["*"]')
        (terraform.folder / "more.tf").write_text(
            'resource "aws_iam_role_policy_attachment" "all" {\n  role       = "anybody"\n'
            '  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"\n}\n')
        plan = terraform.init().plan()
        by_file = pipec.pipec("verify", "-", terraform.folder.parent, stdin=json.dumps(plan))
    answer = verdict(plan, build)
    told = {(one["address"].split(".")[0], one["what"].split(" ")[0]) for one in answer["differences"]}
    assert {kind for kind, _ in told} >= {
        "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_public_access_block", "aws_iam_role_policy",
        "aws_iam_role_policy_attachment"}, answer
    # Where the folder itself was edited, that is said as well: a policy that is unknown yet may hide more.
    assert "buckets.tf` is not as `pipec build` wrote it" in by_file.err
    assert by_file.status == 1


def test_what_was_added_on_purpose_is_let_through(plans, build):
    plan = copy.deepcopy(plans[1])
    another_user(plan)
    assert verdict(plan, build, "--besides", "aws_iam_user.mallory")["holds"]


def test_what_is_no_plan_is_said(build, tmp_path):
    done = pipec.pipec("verify", "-", build, stdin="{}")
    assert (done.status, done.out) == (2, "")
    assert "terraform show -json" in done.err
    nothing = pipec.pipec("verify", "-", tmp_path, stdin="{}")
    assert nothing.status == 2 and "pipec build" in nothing.err
