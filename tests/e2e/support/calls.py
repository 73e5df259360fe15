"""What generated code calls with the role of its function or job: see `needs`.

Which calls there are is read from the code of the build itself, by its syntax; what they are about, from the settings that the
plan gives to it. A call that is not known here, or one that is known and no longer made, is an error.
"""

import ast
import base64
import json
import re
import tomllib
from functools import cache
from pathlib import Path

from .needs import Asked, listed
from .services import table_arns, table_folder, tasks

# Names of operations as boto3 has them, with the action that permits each. Some are allowed by another name than their own:
# service-authorization/latest/reference/list_amazons3.html and the pages beside it.
ACTIONS = {
    "batch_create_partition": "glue:BatchCreatePartition", "batch_delete_partition": "glue:BatchDeletePartition",
    "batch_execute_statement": "redshift-data:BatchExecuteStatement", "batch_write_item": "dynamodb:BatchWriteItem",
    "delete_object": "s3:DeleteObject", "describe_user": "quicksight:DescribeUser",
    "describe_statement": "redshift-data:DescribeStatement", "execute_statement": "redshift-data:ExecuteStatement",
    "generate_embed_url_for_registered_user": "quicksight:GenerateEmbedUrlForRegisteredUser", "get_object": "s3:GetObject",
    "get_object of a version": "s3:GetObjectVersion",
    "get_partition": "glue:GetPartition", "get_partitions": "glue:GetPartitions", "get_secret_value": "secretsmanager:GetSecretValue",
    "get_statement_result": "redshift-data:GetStatementResult", "get_table": "glue:GetTable",
    "head_object": "s3:GetObject", "list_group_memberships": "quicksight:ListGroupMemberships", "list_ingestions": "quicksight:ListIngestions",
    "list_object_versions": "s3:ListBucketVersions", "list_objects_v2": "s3:ListBucket", "publish_batch": "sns:Publish",
    "put_events": "events:PutEvents", "put_object": "s3:PutObject", "put_records": "kinesis:PutRecords",
    "send_email": "ses:SendEmail", "send_message_batch": "sqs:SendMessage",
    # A copy of boto3 in parts reads, writes, and takes back what it could not end.
    "copy": ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"),
}
# What clients have besides operations: methods that are told one by its name, and what calls nothing.
LATER = {"generate_presigned_url", "get_paginator"}
LOCAL = LATER | {"close", "exceptions", "meta"}


def operations(path: Path) -> frozenset:
    """The operations that a module of Python calls by clients of boto3."""
    found = _operations(path.read_text())
    unknown = found - set(ACTIONS)
    assert not unknown, f"{path.name} calls {sorted(unknown)}, for which there is no rule"
    return found


@cache
def _operations(source: str) -> frozenset:
    tree = ast.parse(source)
    clients = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                pairs = zip(target.elts, node.value.elts, strict=True) if several else [(target, node.value)]
                clients |= {_name(one) for one, value in pairs if _makes_client(value)}
    # … and what functions of the module are given for one.
    parameters = {node.name: [one.arg for one in node.args.args] for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in parameters:
            clients |= {name for name, value in zip(parameters[_name(node.func)], node.args, strict=False)
                        if _makes_client(value) or _name(value) in clients}
    # A method may be called, or given to what calls it.
    versioned = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)
                 and any(keyword.arg == "VersionId" for keyword in node.keywords)}
    found = {f"{node.attr} of a version" if node in versioned else node.attr for node in ast.walk(tree)
             if isinstance(node, ast.Attribute) and (_name(node.value) in clients or _makes_client(node.value))} - LOCAL
    # What is named to a method is called later.
    found |= {node.args[0].value for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) in LATER}
    return frozenset(found)


def _makes_client(node) -> bool:
    """`boto3.client("s3")`, `clients("s3")`, `given or boto3.client("s3")`."""
    if isinstance(node, ast.BoolOp):
        return any(map(_makes_client, node.values))
    return (isinstance(node, ast.Call) and _name(node.func) in ("client", "clients") and bool(node.args))


def _name(node) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)


def actions(found) -> set:
    return {action for operation in found for action in listed(ACTIONS[operation])}


class Told:
    """A function of Python: what it is told, and what its module calls."""

    def __init__(self, asked: Asked, own, values: dict):
        self.plan, self.own = asked.plan, own
        self.module = values["handler"].partition(".")[0]
        self.environment = (values["environment"] or [{"variables": {}}])[0]["variables"]
        self.operations = set(operations(self.plan.build / "ops" / f"{self.module}.py"))
        self.name, self.arn = values["function_name"], values["arn"]

    def take(self, *names: str):
        """Operations that a rule is about; whatever is left in the end has no rule."""
        missing = set(names) - self.operations - self.taken
        assert not missing, f"{self.module} does not call {sorted(missing)} any more"
        self.taken |= set(names)
        self.operations -= set(names)

    taken: set = frozenset()

    def configuration(self, *, versioned: bool = False):
        """What it is told in a file."""
        bucket, key = self.environment["CONFIGURATION_BUCKET"], self.environment["CONFIGURATION_KEY"]
        operation = "get_object of a version" if versioned else "get_object"
        self.take(operation)
        self.own.call(ACTIONS[operation], f"arn:aws:s3:::{bucket}/{key}")
        self.own.open(bucket)
        return json.loads(self.plan.one("aws_s3_object", key=key)["content"])


def freshness_probe(told: Told):
    told.take("list_objects_v2")
    for place in told.configuration()["places"]:
        told.own.list(place["bucket"])


def purge_verifier(told: Told):
    told.take("list_object_versions")
    for place in told.configuration()["places"]:
        told.own.call("s3:ListBucketVersions", f"arn:aws:s3:::{place['bucket']}")


def partitions(told: Told):
    tables = told.configuration(versioned=True)
    told.take("list_objects_v2", "batch_create_partition", "batch_delete_partition", "get_partition", "get_partitions", "get_table")
    for table in tables.values():
        told.own.list(table["bucket"])
        told.own.call(("glue:BatchCreatePartition", "glue:BatchDeletePartition", "glue:GetPartition", "glue:GetPartitions",
                       "glue:GetTable"), *table_arns(told.plan, table["database"], table["table"]))
        if told.plan.one("aws_lakeformation_resource", arn=f"arn:aws:s3:::{table['bucket']}"):
            # lake-formation/latest/dg/access-control-underlying-data.html
            told.own.call("lakeformation:GetDataAccess", "*")


def uploads(told: Told):
    sources = told.configuration(versioned=True)
    told.take("put_object")
    for source in sources.values():
        told.own.call("s3:PutObject", f"arn:aws:s3:::{source['bucket']}/{source['prefix']}*")
        told.own.close(source["bucket"])


def landing(told: Told):
    own = told.own
    sources = told.configuration()["sources"]
    told.take("copy", "delete_object", "get_secret_value", "list_objects_v2", "put_object")
    artifacts = told.environment["CONFIGURATION_BUCKET"]
    starts = [target for _, one in told.plan.of("aws_scheduler_schedule") for target in one["target"] if target["arn"] == told.arn]
    scheduled = {json.loads(target["input"])["source"] for target in starts}
    for name, source in sources.items():
        bucket, folder = source["to_bucket"], f"arn:aws:s3:::{source['to_bucket']}/{source['to_prefix']}*"
        own.call("s3:PutObject", folder)
        own.close(bucket)
        if source["delivers"] == "snapshot":
            # What is the newest is read before it is changed, and may not be there.
            own.call("s3:GetObject", folder)
            own.list(bucket)
        if source["kind"] == "http":
            if source["auth"]:
                own.secret(source["auth"]["secret"])
            continue
        origin = f"arn:aws:s3:::{source['bucket']}/{source['prefix']}*"
        own.call("s3:GetObject", origin)
        own.list(source["bucket"])
        own.open(source["bucket"])
        if not told.plan.one("aws_s3_bucket", bucket=source["bucket"]):
            # With a key for the whole bucket, the context is the bucket's own ARN.
            for encrypted in (f"arn:aws:s3:::{source['bucket']}", f"arn:aws:s3:::{source['bucket']}/*"):
                own.key_of_others("kms:Decrypt", "s3", "aws:s3:arn", encrypted)
        own.call("s3:AbortMultipartUpload", folder)
        if source["own"]:
            own.call("s3:DeleteObject", origin)
        # Who is told of each file need not know which have landed.
        if source["delivers"] != "snapshot" and name in scheduled:
            own.call(("s3:GetObject", "s3:PutObject"), f"arn:aws:s3:::{artifacts}/{source['state']}*")
            own.list(artifacts)
            own.close(artifacts)


def mail_report(told: Told):
    plan, own = told.plan, told.own
    told.take("describe_user", "list_group_memberships", "list_ingestions", "send_email")
    identity = told.environment["IDENTITY_REGION"]
    own.call("ses:SendEmail", plan.arn("ses", f"identity/{told.environment['SENDER']}"))
    for dashboard in json.loads(told.environment["DASHBOARDS"]).values():
        for data_set in dashboard["data_sets"].values():
            own.call("quicksight:ListIngestions", plan.arn("quicksight", f"dataset/{data_set}/ingestion/*"))
        for group in dashboard["groups"]:
            own.call("quicksight:ListGroupMemberships", plan.arn("quicksight", f"group/default/{group}", identity))
    own.call("quicksight:DescribeUser", plan.arn("quicksight", "user/default/*", identity))


def embed_dashboard(told: Told):
    told.take("generate_embed_url_for_registered_user")
    for dashboard in json.loads(told.environment["DASHBOARDS"]).values():
        for domain in dashboard["domains"]:
            told.own.say("quicksight:GenerateEmbedUrlForRegisteredUser", [f"{told.environment['USERS']}*"],
                         {"quicksight:AllowedEmbeddingDomains": domain})


def tell_catalog(told: Told):
    told.take("get_object", "get_secret_value")
    if token := told.environment.get("TOKEN"):
        told.own.secret(token)
    for _, asked in told.plan.of("aws_lambda_invocation"):
        if asked["function_name"] in (told.name, told.arn):
            place = json.loads(asked["input"])
            told.own.call("s3:GetObject", f"arn:aws:s3:::{place['bucket']}/{place['key']}")
            told.own.open(place["bucket"])


def tell_channel(told: Told):
    told.take("get_secret_value")
    told.own.secret(told.environment["SECRET"])


def purge_search(told: Told):
    for index in json.loads(told.environment["INDEXES"]).values():
        told.own.call("aoss:APIAccessAll", collection(told.plan, index["endpoint"]))


def purge_rewritten(told: Told):
    """What the job writes down that takes persons out of files tells of objects of the datasets that leave by their age."""
    plan, own = told.plan, told.own
    told.take("list_objects_v2", "get_object", "head_object", "delete_object")
    bucket, ages = told.environment["BUCKET"], told.environment["PREFIX"]
    job = dict(plan.of("aws_glue_job"))["erase_persons"]["default_arguments"]
    own.list(bucket, ages)
    own.call(("s3:DeleteObject", "s3:GetObject"), f"arn:aws:s3:::{bucket}/{ages}*")
    own.open(bucket)
    for argument in re.findall(r'argument="(\w+)"', (plan.build / "glue" / "erase_persons.py").read_text()):
        place, folder = _split(job[f"--{argument}"]) if job[f"--{argument}"].startswith("s3://") else (None, None)
        if place and leaves_by_age(plan, place, folder):
            own.list(place)
            own.call(("s3:DeleteObject", "s3:GetObject"), f"arn:aws:s3:::{place}/{folder}*")


def leaves_by_age(plan, bucket: str, folder: str) -> bool:
    """Whether a lifecycle deletes the objects of a folder."""
    rules = plan.one("aws_s3_bucket_lifecycle_configuration", bucket=bucket)["rule"]
    return any(rule["expiration"] and rule["expiration"][0]["days"] and rule["filter"][0]["prefix"] == folder for rule in rules)


def make_topics(told: Told):
    """msk/latest/developerguide/kafka-actions.html, by what a client of Kafka's administration asks."""
    for _, asked in told.plan.of("aws_lambda_invocation"):
        if asked["function_name"] not in (told.name, told.arn):
            continue
        topic = json.loads(asked["input"])
        for kind in ("aws_msk_serverless_cluster", "aws_msk_cluster"):
            for _, cluster in told.plan.of(kind):
                if topic["brokers"] in cluster.values():
                    inside = cluster["arn"].rpartition(":cluster/")[2]
                    told.own.call(("kafka-cluster:Connect", "kafka-cluster:DescribeCluster"), cluster["arn"])
                    told.own.call(
                        ("kafka-cluster:AlterTopic", "kafka-cluster:AlterTopicDynamicConfiguration", "kafka-cluster:CreateTopic",
                         "kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration"),
                        told.plan.arn("kafka", f"topic/{inside}/{topic['topic']}"))


MODULES = {one.__name__: one for one in (embed_dashboard, freshness_probe, landing, mail_report, make_topics, partitions,
                                         purge_rewritten, purge_search, purge_verifier, tell_catalog, tell_channel, uploads)}


def collection(plan, endpoint: str) -> str:
    """The collection of an endpoint of OpenSearch Serverless."""
    name = endpoint.removeprefix("https://").rstrip("/")
    found = [values["arn"] for _, values in plan.of("aws_opensearchserverless_collection")
             if (values["collection_endpoint"] or "").removeprefix("https://") == name]
    return found[0] if found else plan.arn("aoss", f"collection/{name.partition('.')[0]}")


def function(asked: Asked, label: str, values: dict):
    plan = asked.plan
    own = asked.of(values["role"], f"the function {label}")
    # lambda/latest/dg/monitoring-cloudwatchlogs.html; the group is there already.
    own.log(values["logging_config"][0]["log_group"])
    if values["tracing_config"] and values["tracing_config"][0]["mode"] == "Active":
        # lambda/latest/dg/services-xray.html
        own.call(("xray:PutTelemetryRecords", "xray:PutTraceSegments"), "*")
    for network in values["vpc_config"]:
        # lambda/latest/dg/configuration-vpc.html
        own.enter(network["subnet_ids"], network["security_group_ids"])
        own.call(("ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"), plan.arn("ec2", "network-interface/*"))
        own.call(("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"), "*")
    for letters in values["dead_letter_config"] or []:
        own.send(letters["target_arn"])
    for _, after in plan.of("aws_lambda_function_event_invoke_config"):
        if after["function_name"] in (values["function_name"], values["arn"]):
            for target in (after["destination_config"] or [{"on_failure": []}])[0]["on_failure"]:
                own.send(target["destination"])
    for _, mapping in plan.of("aws_lambda_event_source_mapping"):
        if mapping["function_name"] in (values["function_name"], values["arn"]):
            read_by(own, values, mapping)
    if values["handler"].startswith("bootstrap"):
        crate(asked, own, label, values)
    else:
        told = Told(asked, own, values)
        MODULES[told.module](told)
        assert not told.operations, f"{told.module} calls {sorted(told.operations)}, for which there is no rule"


def read_by(own, values: dict, mapping: dict):
    """What Lambda does to bring batches to a function."""
    plan, arn = own.plan, mapping["event_source_arn"] or ""
    service = arn.split(":")[2] if arn else "self-managed"
    if service == "kinesis":
        own.poll_stream(arn)
    elif service == "sqs":
        # lambda/latest/dg/services-sqs-configure.html
        own.call(("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"), arn)
        if queue := plan.queue(arn):
            own.key("kms:Decrypt", queue["kms_master_key_id"], "sqs")
        else:
            own.key_of_others("kms:Decrypt", "sqs", "aws:sqs:arn", arn)
        for bucket, prefix in told_of(plan, arn):
            # An event names the version where the bucket keeps several, and none where it does not.
            own.call(("s3:GetObject", "s3:GetObjectVersion"), f"arn:aws:s3:::{bucket}/{prefix}*")
            own.open(bucket)
            # Only who may list hears that an object is not there.
            own.list(bucket)
    else:
        topics(own, mapping, arn)
    for target in mapping["destination_config"] or []:
        for failed in target["on_failure"]:
            own.send(failed["destination_arn"])


def told_of(plan, queue: str):
    """The buckets and prefixes whose new objects a queue hears of, by rules of EventBridge."""
    rules = {target["rule"] for _, target in plan.of("aws_cloudwatch_event_target") if target["arn"] == queue}
    for _, rule in plan.of("aws_cloudwatch_event_rule"):
        detail = json.loads(rule["event_pattern"] or "{}").get("detail", {})
        if rule["name"] in rules and "bucket" in detail:
            yield from ((bucket, key["prefix"]) for bucket in detail["bucket"]["name"] for key in detail["object"]["key"])


def topics(own, mapping: dict, arn: str):
    """lambda/latest/dg/with-msk-permissions.html, lambda/latest/dg/kafka-permissions.html"""
    plan = own.plan
    accesses = {one["type"]: one["uri"] for one in mapping["source_access_configuration"] or []}
    for kind, uri in accesses.items():
        if kind not in ("VPC_SUBNET", "VPC_SECURITY_GROUP"):
            own.secret(uri)
    subnets = [one["uri"].removeprefix("subnet:") for one in mapping["source_access_configuration"] or []
               if one["type"] == "VPC_SUBNET"]
    groups = [one["uri"].removeprefix("security_group:") for one in mapping["source_access_configuration"] or []
              if one["type"] == "VPC_SECURITY_GROUP"]
    if arn:
        own.call("kafka:DescribeClusterV2", arn)
        own.call("kafka:GetBootstrapBrokers", "*")
        subnets, groups = places_of(plan, arn)
        if not accesses:
            (told,) = mapping["amazon_managed_kafka_event_source_config"]
            member(own, arn, mapping["topics"], told["consumer_group_id"])
    if subnets:
        own.enter(subnets, groups)
        own.call(("ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"), "*")


def places_of(plan, arn: str) -> tuple[list, list]:
    """The subnets and security groups of a cluster."""
    for kind, block in [("aws_msk_serverless_cluster", "vpc_config"), ("aws_msk_cluster", "broker_node_group_info")]:
        cluster = plan.one(kind, arn=arn)
        if cluster:
            told = cluster[block][0]
            return told.get("subnet_ids") or told["client_subnets"], told.get("security_group_ids") or told["security_groups"]
    return [], []


# What the crates of functions send, each with the feature without which it is not compiled, and what tells what it is about.
SENT = {
    "put_record_batch": None, "get_secret_value": None,
    "query": "state", "put_item": "state", "get_object": "lookup objects", "put_object": "objects",
    "AWSEvents.PutEvents": "sinks", "AmazonSQS.SendMessageBatch": "sinks", "Kinesis_20131202.PutRecords": "sinks",
    "DynamoDB_20120810.BatchWriteItem": "sinks", "PublishBatch": "sinks", "aoss": "sinks",
}


def sent(crates: Path) -> frozenset:
    """What the sources of functions send, by the names that are in them."""
    return _sent("\n".join(path.read_text().partition("#[cfg(test)]\nmod ")[0] for path in sorted((crates / "src").rglob("*.rs"))))


@cache
def _sent(text: str) -> frozenset:
    # An operation of an SDK's client begins a chain that ends with `send`.
    found = {chain[1] for chain in re.finditer(r"\.\s*([a-z_]+)\(\)(?=(?:\s*\.[a-z_]+\((?:[^()]|\([^()]*\))*\))+)", text)
             if chain[1] in OPERATIONS_OF_SDKS}
    found |= set(re.findall(r'"([A-Za-z0-9_]+\.[A-Z][A-Za-z]+)"', text))
    found |= set(re.findall(r"Action=([A-Z][A-Za-z]+)&", text))
    found |= {"aoss"} if '"aoss"' in text else set()
    return frozenset(found)


def _operations_of_sdks() -> frozenset:
    import botocore.session  # noqa: PLC0415 - slow, and asked for once

    session = botocore.session.get_session()
    return frozenset(re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for service in ("dynamodb", "firehose", "s3", "secretsmanager")
                     for name in session.get_service_model(service).operation_names)


OPERATIONS_OF_SDKS = _operations_of_sdks()


def crate(asked: Asked, own, label: str, values: dict):
    """A generated function: its settings tell what its crate is called to do."""
    plan = asked.plan
    folder = plan.build / "lambda" / "crates" / "function"
    made = sent(folder)
    assert made == set(SENT), f"crates send {sorted(made ^ set(SENT))}, which only one of the code and the rules says"
    environment = (values["environment"] or [{"variables": {}}])[0]["variables"]
    manifest = tomllib.loads((plan.build / "lambda" / label.replace("_", "-") / "Cargo.toml").read_text())
    features = set(manifest["dependencies"]["pipec-function"].get("features", []))
    for name, value in environment.items():
        setting(own, name, value, features)


def setting(own, name: str, value: str, features: set):
    plan = own.plan
    if name.startswith(("DELIVERY_STREAM_", "QUARANTINE_STREAM_")) or name == "LANDING_STREAM":
        own.call("firehose:PutRecordBatch", plan.arn("firehose", f"deliverystream/{value}"))
    elif name == "PSEUDONYM_SECRET":
        own.secret(value)
    elif name == "SEEN_TABLE":
        table = plan.one("aws_dynamodb_table", name=value)
        own.call(("dynamodb:PutItem", "dynamodb:Query"), table["arn"])
        own.key("kms:Decrypt", table["server_side_encryption"][0]["kms_key_arn"], "dynamodb")
    elif name.startswith("TABLE_"):
        bucket, _, folder = value.removeprefix("s3://").partition("/")
        own.read(bucket, f"{folder}*")
        # Only who may list hears that an object is not there.
        own.list(bucket)
    elif name == "OBJECTS" or name.startswith("OBJECTS_"):
        bucket, _, folder = value.removeprefix("s3://").partition("/")
        own.call("s3:PutObject", f"arn:aws:s3:::{bucket}/{folder}*")
        own.close(bucket)
        if name == "OBJECTS" and "program" in features:
            # What came in a record is kept, and read again by the program that looks at it.
            own.call(("s3:GetObject", "s3:GetObjectVersion"), f"arn:aws:s3:::{bucket}/{folder}*")
    elif name.startswith("SINK_"):
        give(own, json.loads(value))
    elif not name.startswith(("PARAM_", "AWS_LAMBDA_EXEC_WRAPPER")):
        raise AssertionError(f"no rule for the setting {name}")


def give(own, told: dict):
    """Rows go outside the lake."""
    plan, kind = own.plan, told["kind"]
    if kind == "events":
        own.call("events:PutEvents", plan.arn("events", f"event-bus/{told['bus']}"))
    elif kind == "topic":
        own.send(told["arn"])
    elif kind == "queue":
        name = told["url"].rpartition("/")[2]
        own.send(plan.arn("sqs", name))
    elif kind == "stream":
        arn = plan.arn("kinesis", f"stream/{told['name']}")
        own.call("kinesis:PutRecords", arn)
        if stream := plan.one("aws_kinesis_stream", name=told["name"]):
            own.key("kms:GenerateDataKey", stream["kms_key_id"], "kinesis")
        else:
            own.key_of_others("kms:GenerateDataKey", "kinesis", "aws:kinesis:arn", arn)
    elif kind == "items":
        own.call("dynamodb:BatchWriteItem", plan.arn("dynamodb", f"table/{told['table']}"))
        if table := plan.one("aws_dynamodb_table", name=told["table"]):
            own.key("kms:Decrypt", table["server_side_encryption"][0]["kms_key_arn"], "dynamodb")
        else:
            own.key_of_others("kms:Decrypt", "dynamodb", "aws:dynamodb:tableName", told["table"])
    elif kind == "index":
        own.call("aoss:APIAccessAll", collection(plan, told["endpoint"]))
    else:
        for name in ("credentials", "authority"):
            if told.get(name):
                own.secret(told[name])


class Script:
    """A generated job: its datasets by the arguments that tell where they are, and what it does with each."""

    def __init__(self, path: Path):
        tree = ast.parse(path.read_text())
        arguments, formats = {}, {}
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                told = {keyword.arg: keyword.value for keyword in node.value.keywords}
                if "argument" in told:
                    arguments[node.targets[0].id] = told["argument"].value
                    formats[told["argument"].value] = told["format"].value if "format" in told else "parquet"
        if any(getattr(node, "attr", None) == "Erasure" for node in ast.walk(tree)):
            # It changes all that it knows.
            self.streams, self.read, self.written, self.formats, self.sinks = False, set(), set(formats), formats, set()
            # Jobs that it holds up, by what both know of one another.
            self.held = set(re.findall(r'\bjob="(\w+)"', path.read_text()))
            return
        self.held = set()
        (begun,) = [node for node in ast.walk(tree) if isinstance(node, ast.Call)
                    and getattr(node.func, "attr", None) in ("Run", "Stream") and len(node.args) > 3]
        named = lambda node: {arguments[one.id] for one in node.elts if one.id in arguments}
        lists = [node for node in begun.args if isinstance(node, ast.List)]
        self.streams = begun.func.attr == "Stream"
        if self.streams:
            _, read, written, *sinks = lists
        else:
            read, written, *sinks = lists
        self.read, self.written, self.formats = named(read), named(written), formats
        self.sinks = {name for node in sinks for name in named(node)}


# What jobs call beside files and tables, in the modules that they ship.
OF_JOBS = {
    "pipec_runtime": {"get_secret_value"}, "pipec_kafka": {"get_secret_value"},
    "pipec_senders": {"put_events", "publish_batch", "send_message_batch", "put_records", "batch_write_item"},
    "pipec_sinks": {"batch_execute_statement", "describe_statement", "execute_statement", "get_statement_result"},
}


def spark(own, told: dict, shipped: list[str]):
    """What a job of Spark does, wherever it runs: its files, datasets, state, secrets and sinks."""
    plan = own.plan
    own.read(*_split(shipped[0]))
    for url in shipped:
        bucket, key = _split(url)
        own.read(bucket, key)
        module = Path(key).stem
        if module.startswith("pipec_"):
            found = operations(plan.build / "glue" / f"{module}.py")
            assert found == OF_JOBS.get(module, set()), f"{module} calls {sorted(found)}"
    script = Script(plan.build / "glue" / f"{Path(_split(shipped[0])[1]).stem}.py")
    for argument in script.read - script.written:
        dataset(own, told[f"--{argument}"], script.formats[argument], write=False)
    for argument in script.written:
        dataset(own, told[f"--{argument}"], script.formats[argument], write=True)
    for argument in script.sinks:
        dataset(own, told[f"--{argument}"], "files", write=True)
    for job in script.held:
        dataset(own, f"{told['--states']}{job}/", "files", write=True)
    for name in ("--erasure", "--state", "--quarantine", "--TempDir"):
        if name in told:
            dataset(own, told[name], "files", write=True)
    for name, value in told.items():
        if name == "--pseudonym_secret":
            own.secret(value)
        elif name.startswith("--sink_told__"):
            give(own, json.loads(base64.b64decode(value)))
        elif name.startswith("--sink_workgroup__"):
            load(own, value)
        elif name.startswith("--stream__"):
            kind, _, rest = value.partition(":")
            if kind == "kinesis":
                own.poll_stream(rest)
            else:
                read_topic(own, kind, rest)


def read_topic(own, kind: str, rest: str):
    """A job reads a topic: msk/latest/developerguide/kafka-actions.html, or by a login that is in a secret."""
    assert kind == "kafka", kind
    plan, told = own.plan, dict(part.partition("=")[::2] for part in rest.partition("?")[2].split("&"))
    brokers, _, topic = rest.partition("?")[0].partition("/")
    for name in ("login", "authority"):
        if name in told:
            own.secret(told[name])
    if told["auth"] == "iam":
        (arn,) = [cluster["arn"] for of in ("aws_msk_cluster", "aws_msk_serverless_cluster") for _, cluster in plan.of(of)
                  if brokers in cluster.values()]
        member(own, arn, [topic], told["group"])


def member(own, arn: str, topics: list[str], group: str):
    """Who reads topics of a cluster as a member of a group: msk/latest/developerguide/iam-access-control-use-cases.html."""
    plan, inside = own.plan, arn.rpartition(":cluster/")[2]
    own.call(("kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration"), arn)
    own.call(("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"),
             *(plan.arn("kafka", f"topic/{inside}/{topic}") for topic in topics))
    own.call(("kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"), plan.arn("kafka", f"group/{inside}/{group}"))


def load(own, workgroup: str):
    """redshift/latest/mgmt/data-api-access.html: statements of one's own, as a user that the role is signed in as."""
    house = own.plan.one("aws_redshiftserverless_workgroup", workgroup_name=workgroup)["arn"]
    own.call(("redshift-data:BatchExecuteStatement", "redshift-data:ExecuteStatement", "redshift-serverless:GetCredentials"), house)
    own.say(("redshift-data:DescribeStatement", "redshift-data:GetStatementResult"), ["*"],
            {"redshift-data:statement-owner-iam-userid": "${aws:userid}"})


def dataset(own, place: str, form: str, *, write: bool):
    """A dataset that a job reads, or writes and reads."""
    plan = own.plan
    if form == "iceberg":
        # By the catalog and Iceberg's own client of S3, which knows no folders.
        _, database, name = place.split(".")
        own.call(("glue:GetDatabase", "glue:GetTable"), *table_arns(plan, database, name))
        linked = plan.one("aws_glue_catalog_table", database_name=database, name=name)["target_table"]
        if linked:
            return of_others(own, linked[0])
        bucket, folder = table_folder(plan, database, name)
        objects = [f"{folder}/*"]
        if write:
            own.call("glue:UpdateTable", *table_arns(plan, database, name))
    else:
        bucket, folder = _split(place.rstrip("/"))
        # Spark's file system asks for a folder's name as an object, and keeps an empty one beside it.
        objects = [f"{folder}/*", f"{folder}_$folder$"]
        own.call("s3:GetObject", f"arn:aws:s3:::{bucket}/{folder}")
    arns = [f"arn:aws:s3:::{bucket}/{one}" for one in objects]
    own.call("s3:GetObject", *arns)
    own.list(bucket)
    own.open(bucket)
    if write:
        own.call(("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"), *arns)
        own.close(bucket)


def of_others(own, link: dict):
    """A table of another platform, which tells in parameters where it is."""
    own.call(("glue:GetDatabase", "glue:GetTable"), *table_arns(own.plan, link["database_name"], link["name"]))
    parameters = own.plan.parameters
    (path,) = [name for name, value in parameters.items() if value == link["name"] and "/datasets/" in name]
    zone, _, dataset_ = path.partition("/datasets/")
    bucket, key = parameters[f"{zone}/bucket"], parameters[f"{zone}/key"]
    own.call("s3:GetObject", f"arn:aws:s3:::{bucket}/{dataset_}/*")
    own.list(bucket)
    own.key("kms:Decrypt", key, "s3")


def _split(url: str) -> tuple[str, str]:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key


def glue_job(asked: Asked, label: str, values: dict):
    plan = asked.plan
    own = asked.of(values["role_arn"], f"the job {label}")
    told = values["default_arguments"]
    spark(own, told, [values["command"][0]["script_location"], *told["--extra-py-files"].split(",")])
    prefix = told["--custom-logGroup-prefix"]
    for group in ("output", "error"):
        own.log(f"{prefix}/{group}")
    for namespace in ("Glue", "glue"):
        # glue/latest/dg/monitoring-awsglue-with-cloudwatch-metrics.html, glue/latest/dg/monitor-observability.html
        own.say("cloudwatch:PutMetricData", ["*"], {"cloudwatch:namespace": namespace})
    for name in values["connections"] or []:
        connection = plan.one("aws_glue_connection", name=name)
        place = connection["physical_connection_requirements"][0]
        own.enter([place["subnet_id"]], place["security_group_id_list"])
        # glue/latest/dg/create-service-policy.html, of a job with a connection.
        own.say(("ec2:CreateTags", "ec2:DeleteTags"), [plan.arn("ec2", "network-interface/*")],
                {"aws:TagKeys": "aws-glue-service-resource"})
        own.call(("ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
                  "ec2:DescribeVpcEndpoints"), "*")
        vpc = plan.one("aws_subnet", id=place["subnet_id"])["vpc_id"]
        own.call("ec2:DescribeVpcAttribute", plan.arn("ec2", f"vpc/{vpc}"))
        own.call("glue:GetConnection", plan.arn("glue", "catalog"), plan.arn("glue", f"connection/{name}"))


def emr_jobs(asked: Asked, label: str, values: dict):
    """Jobs on EMR Serverless: their roles and arguments are those that a state machine starts them with."""
    plan = asked.plan
    for task in tasks(json.loads(values["definition"])):
        if task["Resource"] != "arn:aws:states:::emr-serverless:startJobRun.sync":
            continue
        told = task["Parameters"]
        own = asked.of(told["ExecutionRoleArn"], f"the job {told['Name']}")
        submit = told["JobDriver"]["SparkSubmit"]
        words = re.findall(r"'([^']*)'|\$\.\w+", submit["EntryPointArguments.$"])
        files = re.search(r"--py-files (\S+)", submit["SparkSubmitParameters"])[1].split(",")
        spark(own, dict(zip(words[::2], words[1::2], strict=True)), [submit["EntryPoint"], *files])
        application = plan.one("aws_emrserverless_application", id=told["ApplicationId"])
        for logs in application["monitoring_configuration"][0]["cloudwatch_logging_configuration"]:
            # emr/latest/EMR-Serverless-UserGuide/logging.html#jobs-log-storage-cw
            own.call(("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
                     plan.arn("logs", f"log-group:{logs['log_group_name']}:*"))
            own.call("logs:DescribeLogGroups", "*")


KINDS = {"aws_glue_job": glue_job, "aws_lambda_function": function, "aws_sfn_state_machine": emr_jobs}
