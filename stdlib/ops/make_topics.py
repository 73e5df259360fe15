"""Makes topics in clusters that know identities of AWS alone.

Terraform asks for a topic, and waits: it is made with its partitions and settings, or what is there is changed to them. A
topic never gets fewer partitions: Kafka has no way to take any back.
"""

from __future__ import annotations

import json
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError

# How the function proves who it is: by its role.
IDENTITY = {"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM"}


def make(admin: KafkaAdminClient, asked: dict[str, Any]) -> str:
    """Makes a topic, or changes what is there."""
    name, partitions, settings = asked["topic"], asked["partitions"], asked["settings"]
    topic = {"num_partitions": partitions, "configs": settings}
    try:
        admin.create_topics({name: topic}, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        return change(admin, name, partitions, settings)
    return "made"


def change(admin: KafkaAdminClient, name: str, partitions: int, settings: dict[str, str]) -> str:
    """Gives a topic that is there more partitions, and other settings."""
    (there,) = admin.describe_topics([name])
    have = len(there["partitions"])
    if have > partitions:
        raise ValueError(f"the topic {name} has {have} partitions, and none can be taken back: write `partitions = {have}`")
    if have < partitions:
        admin.create_partitions({name: partitions})
    # What becomes of old records is said once, when a topic is made.
    changed = {key: value for key, value in settings.items() if key != "cleanup.policy"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, changed)])
    return "changed"


def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """A topic that Terraform asks for: `brokers`, `topic`, `partitions` and `settings`."""
    admin = KafkaAdminClient(bootstrap_servers=event["brokers"].split(","), **IDENTITY)
    try:
        done = make(admin, event)
    finally:
        admin.close()
    print(json.dumps({"level": "INFO", "message": f"topic {done}", "topic": event["topic"]}))
    return {"topic": event["topic"], "done": done}
