"""What others' tools say of a build: checkov of its Terraform, parliament of its policies, asl-validator of its states."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from .paths import tool

# Runs in the linters' own environment, whose pins are not ours.
PARLIAMENT = """
import json, sys
from parliament import analyze_policy_string
for text in json.load(sys.stdin):
    findings = analyze_policy_string(text, include_community_auditors="community" in sys.argv).findings
    print(json.dumps([{"issue": f.issue, "severity": f.severity, "title": f.title, "detail": str(f.detail or ""),
                       "location": str(f.location or "")} for f in findings]))
"""


def checkov(folder) -> dict:
    """checkov of a folder of Terraform: `{"passed": N, "failed": [...], "skipped": [...]}`.

    Each failure is `(check, resource, file)`; each skip has the reason that stands in the code as a fourth.
    """
    done = subprocess.run(
        [tool("venv-lint", "bin", "python"), tool("venv-lint", "bin", "checkov"), "--directory", str(folder),
         "--framework", "terraform", "--skip-download", "--output", "json", "--compact"],
        capture_output=True, text=True, check=False, env={**os.environ, "BC_SKIP_MAPPING": "TRUE", "LOG_LEVEL": "ERROR"},
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(f"checkov ended with {done.returncode}\n{done.stdout}{done.stderr}") from None
    if "results" not in answer:  # nothing in the folder to check
        return {"passed": 0, "failed": [], "skipped": []}
    results, summary = answer["results"], answer["summary"]
    assert summary["parsing_errors"] == 0, results["parsing_errors"]
    return {
        "passed": summary["passed"],
        "failed": [(found["check_id"], found["resource"], found["file_path"], found["check_name"])
                   for found in results["failed_checks"]],
        "skipped": [(found["check_id"], found["resource"], found["file_path"],
                     (found["check_result"].get("suppress_comment") or "").strip())
                    for found in results.get("skipped_checks", [])],
    }


def parliament(texts: list[str], *, community: bool = False) -> list[list[dict]]:
    """For each policy its findings, each with `issue`, `severity`, `title`, `detail` and `location`.

    `community` adds the auditors that its users contributed, which look for risky rights and not for mistakes.
    """
    done = subprocess.run(
        [tool("venv-lint", "bin", "python"), "-W", "ignore", "-c", PARLIAMENT, *(["community"] if community else [])],
        input=json.dumps(texts), capture_output=True, text=True, check=False,
    )
    if done.returncode:
        raise RuntimeError(f"parliament ended with {done.returncode}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def state_machine(definition: dict | str) -> list[str]:
    """What is wrong with a definition in Amazon States Language, in the validator's words; empty if nothing is."""
    text = definition if isinstance(definition, str) else json.dumps(definition)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "definition.asl.json")
        path.write_text(text)
        done = subprocess.run([tool("npm", "node_modules", ".bin", "asl-validator"), "--json-path", str(path)],
                              capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    return [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
