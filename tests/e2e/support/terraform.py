"""Terraform on a build, offline: the schema of the AWS provider is served by the plugin of `tests/oracle`.

    with Terraform(build / "terraform") as tf:
        tf.check()                       # fmt, init, validate, plan, apply, and a second plan without changes
        for policy in policies(tf.state()): …

All of it happens in a copy, so that no lock file or state ever ends up in a build.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import checker, permissions, pipec
from .paths import PLUGINS, tool

TRUST = {"assume_role_policy"}
# Attributes that hold a policy, whatever the resource is called.
POLICY_ATTRIBUTES = {"policy", "assume_role_policy", "access_policy", "access_policies", "inline_policy",
                     "policy_document", "resource_policy", "secret_policy", "vault_policy"}


# The characters that a policy may have, white space not counted: of a role's own policies all together.
# <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html> and the pages of each service.
ROOM = {
    "aws_iam_role_policy": 10_240,
    "aws_kms_key": 32_768,
    "aws_s3_bucket_policy": 20_480,
    "aws_ssoadmin_permission_set_inline_policy": 10_240,
    "aws_vpc_endpoint": 20_480,
}
# What trusts a role, without a quota that is asked for.
TRUST_ROOM = 2_048


class TerraformError(Exception):
    """A command that failed, with everything that it said."""


@dataclass(frozen=True)
class Policy:
    """A rendered policy: where it stands, and its JSON text."""

    address: str
    type: str
    attribute: str
    text: str

    @property
    def is_trust(self) -> bool:
        """Whether it says who may assume a role, and not what may be done."""
        return self.attribute in TRUST

    def document(self) -> dict:
        return json.loads(self.text)


class Terraform:
    """A copy of a configuration in which terraform runs."""

    def __init__(self, folder, *, variables: dict | None = None):
        self.source = Path(folder)
        self.variables = variables or {}

    def __enter__(self) -> "Terraform":
        self._temporary = tempfile.mkdtemp(prefix="terraform-")
        # The whole build is copied: the configuration names files beside its own folder, such as jobs and archives.
        root = self.source if not (self.source.parent / "manifest.json").exists() else self.source.parent
        shutil.copytree(root, Path(self._temporary, "build"), ignore=shutil.ignore_patterns("target", ".terraform*"))
        self.folder = Path(self._temporary, "build", self.source.relative_to(root))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self._temporary, ignore_errors=True)

    def run(self, *arguments: str, allow=(0,)) -> subprocess.CompletedProcess:
        """Runs one command; an exit status that is not allowed is an error with the whole output."""
        done = subprocess.run(
            [tool("bin", "terraform"), *arguments],
            cwd=self.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))},
                **{f"TF_VAR_{name}": value if isinstance(value, str) else json.dumps(value)
                   for name, value in self.variables.items()},
                "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1",
            },
        )
        if done.returncode not in allow:
            words = " ".join(arguments)
            raise TerraformError(f"`terraform {words}` ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def fmt(self):
        """Fails, with the difference, unless every file is laid out as `terraform fmt` would."""
        self.run("fmt", "-check", "-diff", "-recursive", "-no-color")

    def init(self):
        self.run("init", "-input=false", "-no-color", f"-plugin-dir={PLUGINS}", "-backend=false")
        return self

    def validate(self) -> list[dict]:
        """The diagnostics of `validate`; an error among them raises."""
        done = self.run("validate", "-json", allow=(0, 1))
        answer = json.loads(done.stdout)
        if not answer["valid"]:
            raise TerraformError("\n".join(_words(diagnostic) for diagnostic in answer["diagnostics"]))
        return answer["diagnostics"]

    def plan(self) -> dict:
        """Plans, keeps the plan for `apply`, and returns what `show -json` says of it."""
        self.run("plan", "-input=false", "-no-color", "-out=plan.bin")
        return json.loads(self.run("show", "-json", "plan.bin").stdout)

    def apply(self):
        """Applies the last plan. Nothing is created anywhere: computed values are made up, the same every time."""
        self.run("apply", "-input=false", "-no-color", "-auto-approve", "plan.bin")

    def destroy(self):
        """Destroys all that was applied; an error where something is to stay."""
        self.run("destroy", "-input=false", "-no-color", "-auto-approve")

    def assert_settled(self) -> dict:
        """Plans again and fails if anything would change; what `show -json` says of that plan."""
        done = self.run("plan", "-input=false", "-no-color", "-detailed-exitcode", "-out=plan.bin", allow=(0, 2))
        assert done.returncode == 0, f"a second plan has changes:\n{done.stdout}"
        return json.loads(self.run("show", "-json", "plan.bin").stdout)

    def verify(self, plan: dict):
        """Fails unless a plan is what the build that this is a copy of claims."""
        account = ["--account"] if self.folder.name == "account" else []
        pipec.pipec("verify", *account, "-", self.folder.parent, stdin=json.dumps(plan)).ok()

    def state(self) -> dict:
        """What `show -json` says of the applied state."""
        return json.loads(self.run("show", "-json").stdout)

    def outputs(self) -> dict:
        return {name: output["value"] for name, output in self.state()["values"].get("outputs", {}).items()}

    def check(self) -> "Terraform":
        """All that a build must pass, in order."""
        self.fmt()
        self.init()
        warnings = self.validate()
        assert not warnings, "\n".join(_words(warning) for warning in warnings)
        is_build = (self.folder.parent / "evidence.json").exists()
        # The account's own stack has evidence of its own.
        evidence = (self.folder if self.folder.name == "account" else self.folder.parent) / "evidence.json"
        plan = self.plan()
        if is_build:
            self.verify(plan)
        self.apply()
        settled = self.assert_settled()
        if is_build:
            # Now all of it is known, so that nothing is left to the configuration alone.
            self.verify(settled)
            assert_room(settled)
            # Who holds a role of the account's stack is in other stacks.
            if self.folder.name != "account":
                permissions.check(settled, self.folder.parent)
            self.figures = checker.check(settled, json.loads(evidence.read_text()))
        return self


def foreknown(folder) -> dict:
    """A plan of a folder in which everything is known before anything was applied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORACLE_FOREKNOWS", "1")
        with Terraform(folder) as terraform:
            return terraform.init().plan()


def _words(diagnostic: dict) -> str:
    where = diagnostic.get("range") or {}
    place = f"{where.get('filename')}:{where['start']['line']}: " if where else ""
    return f"{place}{diagnostic['severity']}: {diagnostic['summary']}. {diagnostic.get('detail', '')}"


def resources(shown: dict, type_: str | None = None) -> list[dict]:
    """The managed resources of a plan or a state, of all modules, each with `address`, `type`, `values`."""
    values = shown.get("planned_values") or shown.get("values") or {}
    return [resource for resource in _resources(values.get("root_module", {}))
            if resource["mode"] == "managed" and type_ in (None, resource["type"])]


def _resources(module: dict) -> Iterator[dict]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def policies(shown: dict) -> list[Policy]:
    """Every policy that is rendered in a plan or state: roles, trust, buckets, keys, queues, topics, anything.

    Use the state after `apply`: in a plan, a policy that names something yet to be created is still unknown.
    """
    found = []
    for resource in resources(shown):
        for attribute, text in sorted(_strings(resource["values"])):
            if attribute in POLICY_ATTRIBUTES and _is_policy(text):
                found.append(Policy(resource["address"], resource["type"], attribute, text))
    return found


def assert_room(shown: dict):
    """Fails if a policy is longer than AWS takes."""
    lengths = Counter()
    for policy in policies(shown):
        length = len(re.sub(r"\s", "", policy.text))
        if policy.is_trust:
            assert length <= TRUST_ROOM, f"who may take {policy.address} has {length} characters"
        elif policy.type in ROOM:
            lengths[policy.type, _subject(shown, policy)] += length
    long = [f"{name} has {length} characters" for (kind, name), length in lengths.items() if length > ROOM[kind]]
    assert not long, long


def _subject(shown: dict, policy: Policy) -> str:
    """Whose policy it is: all of a role count together."""
    values = next(one["values"] for one in resources(shown) if one["address"] == policy.address)
    return values.get("role") or policy.address


def _strings(value, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, name)


def _is_policy(text: str) -> bool:
    if not re.match(r"\s*\{", text):
        return False
    try:
        return "Statement" in json.loads(text)
    except ValueError:
        return False
