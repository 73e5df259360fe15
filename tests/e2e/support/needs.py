"""What services call with the roles that a plan gives them: actions and resources, by AWS's own documentation.

Each function is about one kind of resource: it tells who takes which role, and what is called with it. Pages are named where
a set of actions is written down; all are below <https://docs.aws.amazon.com/>.
"""

import re
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

# lambda/latest/dg/services-kinesis-create.html and streams/latest/dev/tutorial-stock-data-kplkcl2-iam.html: of a stream.
POLL = ("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
        "kinesis:ListShards")
# firehose/latest/dev/controlling-access.html: of a stream that is the source of a delivery.
DELIVER_FROM = ("kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards")
# sqs: AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html: who sends reads the key back as well.
SEND_BY_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
USE_KEY = ("kms:Decrypt", "kms:GenerateDataKey")


class Need(NamedTuple):
    """One call: its action, what it is about, what it says of itself, and who wants it."""

    action: str
    resource: str
    context: tuple = ()
    why: str = ""


class Plan:
    """What a plan or a state says, and where the build's files are."""

    def __init__(self, plan: dict, build: Path):
        self.build = build
        known = (plan.get("prior_state") or plan).get("values", {}).get("root_module", {})
        # Parameters of others that are read, by their names: the last part of an ARN.
        self.parameters = {one["values"]["name"].rpartition(":parameter/")[2]: one["values"]["insecure_value"]
                           for one in _resources(known) if one["type"] == "aws_ssm_parameter" and one["mode"] == "data"}
        self.resources = defaultdict(list)
        for resource in _resources((plan.get("planned_values") or plan["values"])["root_module"]):
            if resource["mode"] == "managed":
                self.resources[resource["type"]].append((resource["name"], resource["values"]))

    def of(self, kind: str) -> list:
        """Label and values of each resource of a type."""
        return self.resources[kind]

    def one(self, kind: str, **by) -> dict | None:
        """The one that has these values."""
        return next((values for _, values in self.of(kind) if all(values.get(name) == value for name, value in by.items())), None)

    @cached_property
    def region(self) -> str:
        return next(values["region"] for _, values in self.of("aws_s3_bucket"))

    @cached_property
    def account(self) -> str:
        return next(values["arn"] for _, values in self.of("aws_iam_role")).split(":")[4]

    def arn(self, service: str, rest: str, region: str | None = None) -> str:
        return f"arn:aws:{service}:{self.region if region is None else region}:{self.account}:{rest}"

    def key_of_bucket(self, name: str) -> str | None:
        found = self.one("aws_s3_bucket_server_side_encryption_configuration", bucket=name)
        return found and found["rule"][0]["apply_server_side_encryption_by_default"][0]["kms_master_key_id"] or None

    def queue(self, url_or_arn: str) -> dict | None:
        name = re.split("[:/]", url_or_arn)[-1]
        return self.one("aws_sqs_queue", name=name)


class Asked:
    """What is needed, by role; and who holds each."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.needs = defaultdict(dict)
        self.holders = defaultdict(set)

    def of(self, role: str, holder: str) -> "Holder":
        self.holders[role].add(holder)
        return Holder(self, role, holder)


class Holder:
    """One who holds a role, and calls."""

    def __init__(self, asked: Asked, role: str, name: str):
        self.plan, self.role, self._needs, self._name = asked.plan, role, asked.needs[role], name

    def call(self, actions, *resources: str, **context: str):
        """Each action on each resource; what the call says of itself by names such as `s3__prefix`."""
        self.say(actions, resources, {name.replace("__", ":"): value for name, value in context.items()})

    def say(self, actions, resources, context: dict):
        said = tuple(sorted(context.items()))
        for action in listed(actions):
            for resource in resources:
                # Who asked first is named: the same call for two reasons is one.
                self._needs.setdefault((action, resource, said), Need(action, resource, said, self._name))

    def key(self, actions, key: str | None, service: str, region: str | None = None, context: dict | None = None):
        """What a service does with a key in the caller's name; nothing where it is no key of a customer."""
        if not key:
            return
        via = f"{service}.{region or self.plan.region}.amazonaws.com"
        key = key if key.startswith("arn:") else self.plan.arn("kms", f"key/{key}")
        self.say(actions, [key], {"kms:ViaService": via, **(context or {})})

    def key_of_service(self, actions, key: str, context: dict):
        """What a service does with a key by itself, in the name of the role."""
        self.say(actions, [key], context)

    def read(self, bucket: str, *keys: str):
        """Objects are read: <AmazonS3/latest/API/API_GetObject.html>."""
        self.call("s3:GetObject", *(f"arn:aws:s3:::{bucket}/{key}" for key in keys))
        self.open(bucket)

    def open(self, bucket: str):
        """What is read of a bucket is decrypted: <AmazonS3/latest/userguide/UsingKMSEncryption.html>."""
        if self.plan.one("aws_s3_bucket", bucket=bucket):
            self.key("kms:Decrypt", self.plan.key_of_bucket(bucket), "s3")

    def close(self, bucket: str):
        """What is written there is encrypted, and read back for the parts of a large object."""
        self.key(USE_KEY, self.plan.key_of_bucket(bucket), "s3")

    def list(self, bucket: str, prefix: str | None = None):
        said = {} if prefix is None else {"s3__prefix": prefix}
        self.call("s3:ListBucket", f"arn:aws:s3:::{bucket}", **said)

    def send(self, arn: str):
        """A message into a queue or a topic."""
        service = arn.split(":")[2]
        self.call({"sqs": "sqs:SendMessage", "sns": "sns:Publish"}[service], arn)
        own = self.plan.queue(arn) if service == "sqs" else self.plan.one("aws_sns_topic", arn=arn)
        if own:
            self.key(SEND_BY_KEY, own["kms_master_key_id"], service)
        else:
            self.key_of_others(SEND_BY_KEY, service, {"sqs": "aws:sqs:arn", "sns": "aws:sns:topicArn"}[service], arn)

    def key_of_others(self, actions, service: str, name: str, value: str):
        """Whose key it is, only who made the thing knows: any of the account, for this thing alone."""
        self.key(actions, self.plan.arn("kms", "key/*"), service, context={f"kms:EncryptionContext:{name}": value})

    def poll_stream(self, arn: str, actions=POLL):
        self.call(actions, arn)
        stream = self.plan.one("aws_kinesis_stream", arn=arn)
        if stream:
            self.key("kms:Decrypt", stream["kms_key_id"], "kinesis", context={"kms:EncryptionContext:aws:kinesis:arn": arn})

    def log(self, group: str):
        """Lines into a group that is there: <AmazonCloudWatch/latest/logs/…/permissions-reference-cwl.html>."""
        self.call(("logs:CreateLogStream", "logs:PutLogEvents"), self.plan.arn("logs", f"log-group:{group}:*"))

    def secret(self, arn: str):
        """The text of a secret, with its own key where it has one."""
        self.call("secretsmanager:GetSecretValue", arn)
        own = self.plan.one("aws_secretsmanager_secret", arn=arn)
        if own:
            self.key("kms:Decrypt", own["kms_key_id"], "secretsmanager")
        else:
            self.key_of_others("kms:Decrypt", "secretsmanager", "SecretARN", arn)

    def enter(self, subnets, groups, *, actions=("ec2:CreateNetworkInterface",)):
        """Interfaces of the service in a network."""
        self.call(actions, self.plan.arn("ec2", "network-interface/*"),
                  *(self.plan.arn("ec2", f"security-group/{group}") for group in groups),
                  *(self.plan.arn("ec2", f"subnet/{subnet}") for subnet in subnets))
        self.call("ec2:DeleteNetworkInterface", self.plan.arn("ec2", "network-interface/*"))


def of(plan: Plan) -> tuple[dict, dict]:
    """What each role is needed for, and who holds it."""
    from . import calls, services  # noqa: PLC0415 - they build upon this

    asked = Asked(plan)
    for kind, tell in [*services.KINDS.items(), *calls.KINDS.items()]:
        for label, values in plan.of(kind):
            tell(asked, label, values)
    return {role: set(needs.values()) for role, needs in asked.needs.items()}, asked.holders


def listed(value) -> list:
    return list(value) if isinstance(value, (list, tuple, set)) else [value]


def _resources(module: dict):
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)
