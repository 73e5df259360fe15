"""The rules of `tests/semantics`, on the generated jobs and, where they look at each row alone, in the generated function.

`cargo test --test semantics` asks the same of the embedded engine.
"""

import re
import shutil

import pytest
from support.paths import FUNCTIONS, JDK, ROOT, tool
from support.pipec import pipec

RULES = ROOT / "tests" / "semantics"


def counts(said: str) -> tuple[int, int]:
    """Tests that passed and failed, by the last line that counts them."""
    [*_, last] = re.findall(r"(\d+) passed, (\d+) failed", said)
    return int(last[0]), int(last[1])


@pytest.mark.slow
def test_every_rule_holds_in_jobs(tmp_path):
    project = tmp_path / "semantics"
    shutil.copytree(RULES, project)
    done = pipec(
        "test", project, "--engine", "spark", timeout=1800,
        env={"PIPEC_PYTHON": tool("venv", "bin", "python"), "JAVA_HOME": str(JDK.resolve())},
    ).ok()  # fmt: skip
    assert counts(done.out + done.err) == (len(list(RULES.glob("*.pipe"))) - 1, 0)


@pytest.mark.slow
def test_rules_of_single_rows_hold_in_functions(tmp_path):
    project = tmp_path / "semantics"
    project.mkdir()
    shutil.copy(RULES / "platform.pipe", project)
    rules = list(RULES.glob("rows_*.pipe"))
    for rule in rules:
        text = rule.read_text(encoding="utf-8").replace("processed.base", "rows").replace("-> curated.", "-> processed.")
        (project / rule.name).write_text(text, encoding="utf-8")
    done = pipec("test", project, "--engine", "lambda", timeout=3000, env={"CARGO_TARGET_DIR": str(FUNCTIONS)}).ok()
    assert counts(done.out + done.err) == (len(rules), 0)
