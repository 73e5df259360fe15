"""What holds of every platform, and jobs, functions and schedules of small ones."""

import json

from support import permissions, rules
from support.built import allowed, of
from support.lint import checkov
from support.needs import Plan
from support.rules import values


def test_checkov_finds_nothing_and_every_skip_has_a_reason(platform):
    answer = checkov(platform[1] / "terraform")
    assert answer["failed"] == []
    assert [skip for skip in answer["skipped"] if len(skip[3]) < 20] == []


def test_what_holds_of_every_platform(platform):
    rules.policies_are_narrow(platform[2])
    rules.buckets_are_private_and_purge(platform[2])


def test_without_any_one_statement_a_call_has_no_permission(platform):
    roles = permissions.roles(Plan(platform[2], platform[1]))
    assert sum(len(role.statements) for role in roles) > 30
    for role in roles:
        assert role.problems() == []
        for number, sid in role.statements.items():
            missed = role.problems(without=number)
            assert any(f"{role.label} is not let " in problem for problem in missed), f"{role.label} needs no {sid}"


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
    # One of them changes a table of Iceberg.
    assert jobs["led"]["default_arguments"]["--kept_led"].startswith("glue_catalog.")
    assert allowed(state, "led_job")["glue:UpdateTable"] and "glue:UpdateTable" not in allowed(state, "minutes_job")
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


def test_what_is_overridden_is_applied_and_no_longer_claimed(platform):
    streams = values(of(platform, "streams"), "aws_kinesis_stream")
    assert sorted(streams["buys"]["shard_level_metrics"]) == ["IncomingBytes", "OutgoingBytes"]
    assert streams["buys"]["tags"] == {"asks": 'why is one ${hot} "shard"?'}
    assert streams["clicks"]["retention_period"] == 48
    assert streams["clicks"]["stream_mode_details"] == [{"stream_mode": "ON_DEMAND"}]
    text = (platform[1] / "terraform" / "streams.tf").read_text(encoding="utf-8")
    assert "  # As `override aws_kinesis_stream.clicks` says.\n" in text and "  # Because: another team replays" in text
    evidence = json.loads((platform[1] / "evidence.json").read_text(encoding="utf-8"))
    told = {one["address"]: one for one in evidence["overridden"]}
    assert told["aws_kinesis_stream.buys"]["given_up"] == []
    given_up = told["aws_kinesis_stream.clicks"]["given_up"]
    assert "capacity.clicks" in given_up
    claimed = {claim["id"] for claim in evidence["claims"]}
    assert "capacity.buys" in claimed and claimed.isdisjoint(given_up)
    assert "another team replays two days" in (platform[1] / "docs" / "index.html").read_text(encoding="utf-8")


def test_an_alarm_of_a_volume_allows_its_peak(platform):
    alarm = values(of(platform, "streams"), "aws_cloudwatch_metric_alarm")["operations_buys_volume"]
    (expression,) = [query["expression"] for query in alarm["metric_query"] if query["expression"]]
    (period,) = [query["metric"][0]["period"] for query in alarm["metric_query"] if query["metric"]]
    assert expression == f"100 * rows / {20 * 60 + 2 * (period - 60)}"
