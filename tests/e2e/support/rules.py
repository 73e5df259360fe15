"""What must hold of the Terraform of every platform, whatever is in it: of its state after `apply`."""

from .lint import parliament
from .terraform import policies, resources

# What parliament says of policies that are right. It knows policies of identities: trust policies have no resource,
# in a key's policy `*` is that key, and it takes whole numbers only, but TLS 1.2 is none. The name of a
# thing in a device's policy is a variable, which it does not know.
UNDERSTOOD = {
    ("assume_role_policy", "MALFORMED"),
    ("aws_kms_key", "RESOURCE_STAR"),
    ("aws_iot_policy", "RESOURCE_MISMATCH"),
}

# Resources that an action knows beside the one that it needs, which parliament asks for as well: executions of a map, and
# the job that a submitted one becomes. Of reads into a data set it does not know yet that they are resources.
ALTERNATIVES = ["'quicksight:ListIngestions', 'required_format': '*'", "'states:ListExecutions', 'required_format': 'arn:*:states:*:*:mapRun", "'batch:SubmitJob', 'required_format': 'arn:*:batch:*:*:job/*"]

# Actions that know no resource, by the service authorization reference.
UNLIMITED = {
    "cloudwatch:GetMetricData", "cloudwatch:PutMetricData", "ecr:GetAuthorizationToken", "events:ListRules", "kafka:GetBootstrapBrokers",
    "lakeformation:GetDataAccess", "logs:PutResourcePolicy", "redshift-data:CancelStatement", "redshift-data:GetStatementResult", "s3:ListAllMyBuckets",
}

# Services that say for which resource they take a role; what others do not say cannot be asked.
SAY_THEIR_SOURCE = {"firehose", "states", "scheduler", "lakeformation"}


def values(state, type_) -> dict:
    """The values of each resource of a type, by its label."""
    return {resource["name"]: resource["values"] for resource in resources(state, type_)}


def actions(statement) -> list[str]:
    """What a statement is about."""
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def policies_are_narrow(state):
    """No action by pattern, no resource of all where AWS knows any, no trust without its source."""
    found = policies(state)
    for policy, findings in zip(found, parliament([policy.text for policy in found])):
        kind = policy.attribute if policy.is_trust else policy.type
        unknown = [finding for finding in findings
                   if (kind, finding["issue"]) not in UNDERSTOOD and "s3:TlsVersion" not in finding["detail"]
                   and not any(known in finding["detail"] for known in ALTERNATIVES)]
        assert unknown == [], (policy.address, unknown)
    for policy in found:
        for statement in policy.document()["Statement"]:
            if statement["Effect"] == "Allow":
                assert not any("*" in action for action in actions(statement)), policy.address
        if policy.is_trust:
            trust_names_its_source(policy)
        if policy.type in {"aws_iam_role_policy", "aws_iam_policy"}:
            resources_are_named(policy)


def trust_names_its_source(policy):
    (statement,) = policy.document()["Statement"]
    assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == "123456789012", policy.address
    services = statement["Principal"]["Service"]
    services = [services] if isinstance(services, str) else services
    if any(service.split(".")[0] in SAY_THEIR_SOURCE for service in services):
        assert "123456789012" in statement["Condition"]["ArnLike"]["aws:SourceArn"], policy.address


def resources_are_named(policy):
    for statement in policy.document()["Statement"]:
        if "*" not in statement["Resource"]:
            continue
        for action in actions(statement):
            known = action in UNLIMITED or action.startswith("xray:") or "LogDeliver" in action or "Describe" in action
            assert known, (policy.address, action)


def buckets_are_private_and_purge(state):
    """Each has all of its parts, and what is deleted or overwritten is gone a day later."""
    for kind in ["ownership_controls", "public_access_block", "server_side_encryption_configuration", "versioning",
                 "lifecycle_configuration", "policy"]:
        assert set(values(state, f"aws_s3_bucket_{kind}")) == set(values(state, "aws_s3_bucket")), kind
    for name, lifecycle in values(state, "aws_s3_bucket_lifecycle_configuration").items():
        rules = {rule["id"]: rule for rule in lifecycle["rule"]}
        assert rules.pop("delete-markers")["expiration"][0]["expired_object_delete_marker"] is True, name
        assert rules.pop("unfinished-uploads")["abort_incomplete_multipart_upload"]
        assert all(rule["noncurrent_version_expiration"][0]["noncurrent_days"] == 1 for rule in rules.values()), name
