"""Topics of Apache Kafka and queues of Amazon SQS."""

import base64
import json
import re

from support.built import DECIDED, allowed, of
from support.rules import values


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


def test_jobs_read_topics_as_groups_of_their_own(platform):
    state = of(platform, "brokers")
    cluster = values(state, "aws_msk_cluster")["payments"]
    jobs = values(state, "aws_glue_job")
    asked = jobs["matched"]["default_arguments"]
    (login,) = re.findall(r"&login=(arn:aws:secretsmanager:[^&]+)", asked["--stream__partners"])
    rate = jobs["rate"]["default_arguments"]["--stream__payments"]
    prefix = rate.partition("&group=")[2].removesuffix("-payments-rate&most=300000")
    assert rate == (f"kafka:{cluster['bootstrap_brokers_sasl_iam']}/payments.v1?auth=iam"
                    f"&group={prefix}-payments-rate&most=300000")
    # Ten minutes of five records a second.
    assert asked["--stream__partners"] == (
        f"kafka:broker.partner.example:9094/partners?auth=mtls&login={login}&group={prefix}-partners-matched&most=3000")
    may, groups = allowed(state, "matched_job"), cluster["arn"].replace(":cluster/", ":group/")
    assert may["kafka-cluster:ReadData"] == [cluster["arn"].replace(":cluster/", ":topic/") + "/payments.v1"]
    assert may["kafka-cluster:AlterGroup"] == [f"{groups}/{prefix}-payments-matched"]
    assert may["secretsmanager:GetSecretValue"] == [login] and "secretsmanager:GetSecretValue" not in allowed(state, "rate_job")
    assert not any(action.startswith(("kafka-cluster:Write", "kafka:", "kinesis:")) for action in may)
    # They are where brokers are, and reach those elsewhere where these listen, and at no other port.
    assert len(jobs["rate"]["connections"]) == 3 and jobs["rate"]["command"][0]["name"] == "gluestreaming"
    rules = values(state, "aws_vpc_security_group_egress_rule")
    assert {one["from_port"] for rule, one in rules.items() if rule.startswith("jobs_to")} == {0, 443, 9094, 9098}
    # Each group is watched by itself; of a cluster elsewhere nobody knows but the job.
    alarms = values(state, "aws_cloudwatch_metric_alarm")
    watched = {reader: alarms[f"operations_payments_lag{reader}"]["dimensions"]["Consumer Group"]
               for reader in ["", "_rate", "_matched"]}
    assert set(watched.values()) == {f"{prefix}-payments{reader.replace('_', '-')}" for reader in watched}
    lag = alarms["operations_partners_lag_matched"]
    (told,) = values(state, "aws_cloudwatch_log_metric_filter")["matched_partners_behind"]["metric_transformation"]
    assert (lag["namespace"], lag["metric_name"]) == (told["namespace"], told["name"])
    # Two minutes of what is promised.
    assert lag["dimensions"] == {"Transform": "matched", "Source": "stream__partners"} and lag["threshold"] == 600


def test_brokers_are_reached_by_rule(platform):
    state = of(platform, "brokers")

    def rules_of(way):
        found = values(state, f"aws_vpc_security_group_{way}_rule")
        return {name: one["from_port"] for name, one in found.items() if "brokers" in name or "pollers" in name}

    assert rules_of("ingress") == {
        "brokers_from_brokers": 9098, "brokers_from_peer_1_9094": 9094, "brokers_from_peer_1_9096": 9096,
        "brokers_from_peer_1_9098": 9098, "brokers_from_functions": 9098, "brokers_from_jobs": 9098,
        "endpoints_from_pollers": 443}
    outward = {f"pollers_to_{port}": port for port in (9094, 9096)}
    peers = {f"pollers_to_peer_1_{port}": port for port in (9094, 9096)}
    # The function that makes topics is a client as well.
    made = {"functions_to_brokers": 9098, "jobs_to_brokers": 9098}
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
