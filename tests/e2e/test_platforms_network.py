"""A network, who is told outside of it, and copies in other regions."""

from support.built import allowed, endpoints_of, of
from support.rules import actions, values
from support.terraform import policies, resources


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
