"""Least privilege, shown from a plan: each call that a role's holder makes is permitted, and nothing is that no call needs.

    figures = check(plan, build)         # raises with everything that is missing, unused or wider than it must be

Who holds a role, and what the holder calls, is read from the plan's resources and the build's generated code (`needs`,
`calls`); nothing of it comes from the compiler. The plan must be one of an applied platform, in which every value is known.
"""

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from . import needs
from .needs import Need, Plan, listed

# Policies of AWS that a role may have, with the one kind of resource that needs each.
MANAGED = {
    # <https://docs.aws.amazon.com/config/latest/developerguide/iamrole-permissions.html>
    "arn:aws:iam::aws:policy/service-role/AWS_ConfigRole": "aws_config_configuration_recorder",
    # <https://docs.aws.amazon.com/datazone/latest/userguide/security-iam-awsmanpol.html>
    "arn:aws:iam::aws:policy/service-role/AmazonDataZoneDomainExecutionRolePolicy": "aws_datazone_domain",
    "arn:aws:iam::aws:policy/service-role/AmazonDataZoneGlueManageAccessRolePolicy":
        "aws_datazone_environment_blueprint_configuration",
    "arn:aws:iam::aws:policy/service-role/AmazonDataZoneRedshiftGlueProvisioningPolicy":
        "aws_datazone_environment_blueprint_configuration",
    # <https://docs.aws.amazon.com/dms/latest/userguide/security-iam.html#CHAP_Security.APIRole>: roles of these names.
    "arn:aws:iam::aws:policy/service-role/AmazonDMSVPCManagementRole": "aws_dms_replication_subnet_group",
    "arn:aws:iam::aws:policy/service-role/AmazonDMSCloudWatchLogsRole": "aws_dms_replication_config",
}


@dataclass(frozen=True)
class Grant:
    """One action on one resource, as one statement lets it be done."""

    statement: int
    sid: str
    action: str
    resource: str
    # Keys with their operators and the values that satisfy them.
    conditions: tuple

    def permits(self, need: Need) -> bool:
        return like(self.action.lower(), need.action.lower()) and like(self.resource, need.resource) and all(
            holds(operator, key, values, need) for operator, key, values in self.conditions)

    def __str__(self):
        return f"{self.sid}: {self.action} on {self.resource}"


@cache
def pattern(text: str) -> re.Pattern:
    return re.compile("".join({"*": ".*", "?": "."}.get(one) or re.escape(one) for one in text), re.DOTALL)


def like(granted: str, wanted: str) -> bool:
    """Whether all that is wanted is in what is granted; both may hold wildcards."""
    return granted == wanted or pattern(granted).fullmatch(wanted) is not None


def holds(operator: str, key: str, values: tuple, need: Need) -> bool:
    """Whether a condition lets a call through: by what the call says of itself."""
    said = dict(need.context).get(key)
    every, _, plain = operator.rpartition(":")
    if plain not in {"StringEquals", "StringLike", "ArnLike", "ArnEquals"} or every not in {"", "ForAllValues"}:
        raise AssertionError(f"no rule for conditions of {operator}")
    if said is None:
        # Nothing said is nothing that breaks a rule about all that is said.
        return every == "ForAllValues"
    return any(like(value, said) if plain != "StringEquals" else value == said for value in values)


def grants(policy: dict, first: int = 0) -> list[Grant]:
    """All that a policy lets be done, one by one."""
    found = []
    for number, statement in enumerate(listed(policy["Statement"]), first):
        if statement["Effect"] != "Allow" or {"NotAction", "NotResource"} & set(statement):
            raise AssertionError(f"no rule for the statement {statement}")
        conditions = tuple((operator, key, tuple(listed(values))) for operator, keys in statement.get("Condition", {}).items()
                           for key, values in keys.items())
        found += [Grant(number, statement.get("Sid") or f"statement {number}", action, resource, conditions)
                  for action in listed(statement["Action"]) for resource in listed(statement["Resource"])]
    return list(dict.fromkeys(found))


def judge(allowed: list[Grant], wanted: set[Need]) -> list[str]:
    """What is missing of what is wanted, and what is allowed that nothing wants."""
    permitting = {need: [grant for grant in allowed if grant.permits(need)] for need in wanted}
    problems = [f"is not let {need.action} on {need.resource}{said(need)}: {need.why}"
                for need, by in sorted(permitting.items()) if not by]
    used = {grant for by in permitting.values() for grant in by}
    for number in sorted({grant.statement for grant in allowed}):
        of = [grant for grant in allowed if grant.statement == number]
        # Without a statement, some call has no permission; each action on each resource of it is one that is called.
        if not any({grant.statement for grant in by} == {number} for by in permitting.values()):
            problems.append(f"loses nothing without the statement {of[0].sid}")
            continue
        for action in sorted({grant.action for grant in of}):
            idle = [grant for grant in of if grant.action == action and grant not in used]
            if idle and len(idle) == sum(grant.action == action for grant in of):
                problems.append(f"loses nothing without the action {action} of {of[0].sid}")
            else:
                problems += [f"loses nothing without {grant}" for grant in idle]
        problems += wide([grant for grant in of if grant in used], permitting)
    return problems


def wide(of: list[Grant], permitting: dict) -> list[str]:
    """What of a statement that is needed goes further than any call."""
    problems = []
    calls = defaultdict(list)
    for need, by in permitting.items():
        for grant in by:
            calls[grant].append(need)
    problems += [f"is let {grant}, of which calls need {sorted({need.resource for need in calls[grant]})}"
                 for grant in of if not any(like(need.resource, grant.resource) for need in calls[grant])]
    problems += [f"is let {grant}, of which calls need only {sorted({need.action for need in calls[grant]})}"
                 for grant in of if not any(need.action.lower() == grant.action.lower() for need in calls[grant])]
    problems += [f"is let {grant} whatever of {sorted(dict(calls[grant][0].context))} the call says"
                 for grant in of if not grant.conditions and all(need.context for need in calls[grant])]
    spoken = {(key, value) for grant in of for need in calls[grant] for key, value in need.context}
    problems += [f"is let {grant.sid} where {key} is {value}, which no call says"
                 for grant in of[:1] for _, key, values in grant.conditions for value in values
                 if not any(key == one and like(told, value) for one, told in spoken)]
    return problems


def said(need: Need) -> str:
    return f" with {dict(need.context)}" if need.context else ""


@dataclass(frozen=True)
class Role:
    """A role of a plan: what it is let do, and what those who take it call."""

    label: str
    allowed: list[Grant]
    wanted: set[Need]
    is_held: bool

    @property
    def statements(self) -> dict:
        """Names of its statements, by number."""
        return {grant.statement: grant.sid for grant in self.allowed}

    def problems(self, without: int | None = None) -> list[str]:
        """What is wrong with it, as it is or without one of its statements."""
        if not self.is_held:
            return [f"{self.label}: nothing in the plan is known to take this role"]
        left = [grant for grant in self.allowed if grant.statement != without]
        return [f"{self.label} {problem}" for problem in judge(left, self.wanted)]


def roles(known: Plan) -> list[Role]:
    """Every role of a plan."""
    wanted, holders = needs.of(known)
    labels = {values["name"]: label for label, values in known.of("aws_iam_role")}
    allowed = defaultdict(list)
    for _, values in known.of("aws_iam_role_policy"):
        of = allowed[labels.get(values["role"])]
        of += grants(json.loads(values["policy"]), first=len({grant.statement for grant in of}))
    return [Role(label, allowed[label], wanted.get(values["arn"], set()), values["arn"] in holders)
            for label, values in known.of("aws_iam_role")]


def check(plan: dict, build) -> dict:
    """Judges every role of a plan; an assertion with all that is wrong, else counts."""
    known = Plan(plan, Path(build))
    judged = roles(known)
    problems = [problem for role in judged for problem in role.problems()]
    labels = {values["name"]: label for label, values in known.of("aws_iam_role")}
    problems += [f"the policy {label} is of a role that is not in the plan" for label, values in known.of("aws_iam_role_policy")
                 if values["role"] not in labels]
    problems += [f"{labels[values['role']]} has {values['policy_arn']}, which nothing is known to need"
                 for _, values in known.of("aws_iam_role_policy_attachment")
                 if values["role"] in labels and not known.of(MANAGED.get(values["policy_arn"], ""))]
    problems += [f"{label} has policies beside those that are looked at" for label, values in known.of("aws_iam_role")
                 if values.get("managed_policy_arns") or values.get("inline_policy")]
    assert not problems, "\n".join(problems)
    return {"roles": len(judged), "statements": sum(len(role.statements) for role in judged),
            "grants": sum(len(role.allowed) for role in judged), "needs": sum(len(role.wanted) for role in judged)}
