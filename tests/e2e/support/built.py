"""Builds of platforms that tests of several files look at: which there are, and what is asked of their states."""

import json

import pytest

from .paths import ROOT
from .rules import actions, values
from .terraform import policies

PLATFORMS = ROOT / "tests" / "e2e" / "platforms"
# Examples that have what none of the small ones has.
WHOLE = ["batch-lakehouse", "data-pipeline", "image-lake", "reference-architecture", "self-service-platform", "team"]
# What is decided at deployment and has no default.
DECIDED = {
    "brokers": {
        "kafka_cluster_id_payments": "MkU3OEVBNTcwNTJENDM2Qk",
        "kafka_authorities_kiosks": ["arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/kiosks"],
    },
    "self-service-platform": {
        "kafka_cluster_id_payments": "MkU3OEVBNTcwNTJENDM2Qk",
        "authorities": {"shipments": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"},
    },
}


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


def endpoints_of(state) -> dict:
    """The endpoints of a network: the actions that may be done through each."""
    found = {}
    for endpoint in values(state, "aws_vpc_endpoint").values():
        service = endpoint["service_name"].split(".", 3)[3]
        found[service] = {action for statement in json.loads(endpoint["policy"])["Statement"] for action in actions(statement)}
    return found
