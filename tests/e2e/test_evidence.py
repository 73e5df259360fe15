"""Claims of builds against a second opinion (`support/checker.py`): of platforms by chance, and of claims that are wrong.

Those of the examples are held against it wherever their Terraform is applied. `PLATFORMS=300` makes more of them.
"""

import copy
import json
import os
from collections import Counter

import pytest
from support import permissions, pipec
from support.archives import put_missing
from support.checker import check
from support.paths import EXAMPLES
from support.platforms import platform
from support.terraform import foreknown

PLATFORMS = int(os.environ.get("PLATFORMS", "12"))
# As many are planned at once: a plan of all would need much memory.
TOGETHER = 12


def test_platforms_by_chance_are_what_their_evidence_says(tmp_path, record_property):
    figures = Counter()
    for first in range(0, PLATFORMS, TOGETHER):
        root = tmp_path / f"from-{first}"
        seeds = range(first, min(first + TOGETHER, PLATFORMS))
        calls = []
        for seed in seeds:
            project = tmp_path / f"source-{seed}"
            project.mkdir()
            (project / "platform.pipe").write_text(platform(seed))
            put_missing(pipec.build(project, root / f"p{seed}"))
            calls.append(f'module "p{seed}" {{\n  source = "./p{seed}/terraform"\n}}\n')
        (root / "main.tf").write_text("".join(calls))
        plan = foreknown(root)
        modules = {module["address"]: module for module in plan["planned_values"]["root_module"]["child_modules"]}
        assert len(modules) == len(seeds)
        for seed in seeds:
            evidence = json.loads((root / f"p{seed}" / "evidence.json").read_text())
            one = {"planned_values": {"root_module": modules[f"module.p{seed}"]}}
            figures.update(check(one, evidence))
            figures["statements of roles"] += permissions.check(one, root / f"p{seed}")["statements"]
            figures["platforms"] += 1
    assert figures["stays"] > 10 * PLATFORMS and figures["edges"] > 5 * PLATFORMS and figures["reading"] > PLATFORMS
    record_property("figures", ", ".join(f"{count} {kind}" for kind, count in sorted(figures.items())))


@pytest.fixture(scope="session")
def known(tmp_path_factory):
    """A plan of a platform in which everything is known, and the evidence of its build."""
    build = pipec.build(EXAMPLES / "data-pipeline", tmp_path_factory.mktemp("evidence") / "build")
    put_missing(build)
    plan = foreknown(build / "terraform")
    return plan, json.loads((build / "evidence.json").read_text())


def claim(evidence, name):
    return next(one for one in evidence["claims"] if one["id"] == name)


def shorter_stay(evidence):
    claim(evidence, "lifetime.pii")["stays"][0]["days"] = 0.5


def wrong_sum(evidence):
    claim(evidence, "lifetime.pii")["days"] -= 1


def over_the_bound(evidence):
    claim(evidence, "lifetime.pii")["allowed_days"] = 2


def invented_way(evidence):
    stays = claim(evidence, "lifetime.pii")["stays"]
    raw = next(at for at, stay in enumerate(stays) if stay["place"].startswith("raw."))
    other = next(at for at, stay in enumerate(stays) if stay["place"].startswith("quarantine of"))
    stays[raw]["next"] = [other]


def wrong_retention(evidence):
    claim(evidence, "retention.processed.events")["days"] += 1


def unsaid_dataset(evidence):
    evidence["claims"].remove(claim(evidence, "retention.curated.affinity"))


def unsaid_bucket(evidence):
    evidence["claims"].remove(claim(evidence, "private.quarantine"))


def unsaid_action(evidence):
    claim(evidence, "permissions.events_function")["actions"].pop()


def unsaid_column(evidence):
    claim(evidence, "reading.finance.processed.orders")["columns"].pop()


def unsaid_rows(evidence):
    claim(evidence, "reading.analysts.processed.events")["rows"] = None


def unsaid_on_dashboards(evidence):
    ways = [one for one in evidence["claims"] if one["kind"] == "way" and one["by"].startswith("dashboards")]
    ways[0]["parts"][0]["columns"].pop()


def more_shards(evidence):
    claim(evidence, "capacity.events")["shards"] += 1


def cheaper(evidence):
    claim(evidence, "cost")["low"] -= 100


def more_to_spend(evidence):
    claim(evidence, "cost")["budget"] *= 2


def unsaid_endpoint(evidence):
    evidence["claims"].remove(claim(evidence, "network.glue"))


def told_to_another(plan):
    """The readers of one access are named in another as well, where they see more."""
    every = plan["planned_values"]["root_module"]["resources"]
    finance = [one for one in every if one["type"] == "aws_lakeformation_permissions" and one["name"].startswith("finance_")]
    for one in finance:
        other = copy.deepcopy(one)
        other["index"] += "-companion"
        if "processed_orders" not in one["name"]:
            every.append(other)


def another_column_on_dashboards(plan):
    every = plan["planned_values"]["root_module"]["resources"]
    tables = [table for one in every if one["type"] == "aws_quicksight_data_set"
              for table in one["values"].get("physical_table_map") or []]
    found = next(kind[0] for table in tables for kind in (table.get("relational_table"), table.get("custom_sql")) if kind)
    columns = found.get("input_columns") or found["columns"]
    columns.append({"name": "buyer", "type": "STRING"})


@pytest.mark.parametrize(("change", "told"), [
    (told_to_another, "way: .*companion reads what .* is answered of orders as finance"),
    (another_column_on_dashboards, "way: the dashboards of .* show .'buyer'.")])
def test_a_wider_way_is_found(known, change, told):
    plan, evidence = known
    plan = copy.deepcopy(plan)
    change(plan)
    with pytest.raises(AssertionError, match=told):
        check(plan, evidence)


@pytest.mark.parametrize("change", [
    shorter_stay, wrong_sum, over_the_bound, invented_way, wrong_retention, unsaid_dataset, unsaid_bucket, unsaid_action,
    unsaid_column, unsaid_rows, unsaid_on_dashboards, unsaid_endpoint, more_shards, cheaper, more_to_spend])
def test_a_wrong_claim_is_found(known, change):
    plan, evidence = known
    evidence = copy.deepcopy(evidence)
    check(plan, evidence)
    change(evidence)
    with pytest.raises(AssertionError):
        check(plan, evidence)
