"""Requests that bring rows or ask for uploads."""

import json

from support.built import allowed, of
from support.rules import values


def test_requests_are_checked_limited_and_put_on_the_stream(platform):
    state = of(platform, "api")
    methods = values(state, "aws_api_gateway_method")
    assert {name: (method["authorization"], method["api_key_required"]) for name, method in methods.items()} == {
        "visits_api": ("NONE", True), "calls_api": ("AWS_IAM", False), "looks_api": ("AWS_IAM", False)}
    assert set(values(state, "aws_api_gateway_usage_plan")) == {"visits_api"}
    parts = {name: resource["path_part"] for name, resource in values(state, "aws_api_gateway_resource").items()}
    assert parts == {"visits_api_1": "v1", "visits_api_2": "visits", "calls_api_1": "calls", "looks_api_1": "looks"}
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
    assert stages["photos_uploads"]["default_route_settings"][0]["throttling_rate_limit"] == 30
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


def test_a_request_becomes_a_record_as_it_came(platform):
    state = of(platform, "api")
    template = values(state, "aws_api_gateway_integration")["visits_api"]["request_templates"]["application/json"]
    key, record = template.split("#end\n")
    assert "$input.path('$.visit_id')" in key and "$context.requestId" in key
    name = values(state, "aws_kinesis_stream")["visits"]["name"]
    assert json.loads(record) == {
        "StreamName": name, "Data": "$util.base64Encode($input.body)", "PartitionKey": "$key"}


def test_a_request_goes_straight_to_where_it_lands(platform):
    state = of(platform, "api")
    stream = values(state, "aws_kinesis_firehose_delivery_stream")["looks_landing"]
    (to,) = stream["extended_s3_configuration"]
    assert (to["buffering_size"], to["buffering_interval"]) == (64, 60)
    assert to["prefix"].startswith("looks/arrived_on=!{timestamp:yyyy-MM-dd}/") and not stream["kinesis_source_configuration"]
    assert stream["server_side_encryption"][0]["key_type"] == "CUSTOMER_MANAGED_CMK"
    integration = values(state, "aws_api_gateway_integration")["looks_api"]
    assert integration["uri"] == "arn:aws:apigateway:eu-west-1:firehose:action/PutRecord"
    assert json.loads(integration["request_templates"]["application/json"]) == {
        "DeliveryStreamName": stream["name"], "Record": {"Data": "$util.base64Encode($input.body)"}}
    assert allowed(state, "looks_api") == {"firehose:PutRecord": [stream["arn"]]}
    assert "looks" not in values(state, "aws_kinesis_stream") and "looks" not in values(state, "aws_lambda_function")
    alarm = values(state, "aws_cloudwatch_metric_alarm")
    assert not alarm or alarm["looks_landing_full"]["metric_name"] == "ThrottledRecords"
