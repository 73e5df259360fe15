"""The attributes of the resources that the compiler writes, as the installed provider says them: `stdlib/schema/aws.txt`.

    text = schema.compact(schema.installed(), schema.written_types())

A line is a type, or a shape that several nested blocks share: its name, then its attributes and nested blocks. An
attribute is `name:FLAGS:TYPE`, its flags `r` required, `o` optional, `c` computed, `s` sensitive; a nested block is
`name>NESTING MIN MAX SHAPE` with `-` for no bound, the four joined by commas.
"""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from .paths import PLUGINS, ROOT, tool

FILE = ROOT / "stdlib/schema/aws.txt"
HEAD = """\
# Attributes of the resources that the compiler writes, of hashicorp/aws {version}.
# Made by `UPDATE_SCHEMA=1 make test-e2e ARGS="-k schema"` of what `terraform providers schema -json` says of that release.
"""
CONFIGURATION = 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n'


def installed() -> tuple[str, dict]:
    """The version of the installed provider, and its resources."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.tf").write_text(CONFIGURATION, encoding="utf-8")

        def terraform(*arguments: str) -> str:
            environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}
            return subprocess.run([tool("bin", "terraform"), *arguments], cwd=folder, env=environment, check=True,
                                  capture_output=True, text=True).stdout

        terraform("init", "-input=false", f"-plugin-dir={PLUGINS}", "-backend=false")
        version = next(iter(json.loads(terraform("version", "-json"))["provider_selections"].values()))
        provider = next(iter(json.loads(terraform("providers", "schema", "-json"))["provider_schemas"].values()))
    return version, provider["resource_schemas"]


def written_types() -> set[str]:
    """Every word of the compiler's that could be the type of a resource."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "src/aws").rglob("*.rs"))
    return {word for text in texts for word in re.findall(r'"(aws_[a-z0-9_]+)"', text)}


def compact(provider: tuple[str, dict], types: set[str]) -> str:
    """The file."""
    version, resources = provider
    shapes: dict[str, str] = {}
    lines = [f"{kind} {_body(resources[kind]['block'], shapes)}" for kind in sorted(types & resources.keys())]
    shared = [f"{name} {body}" for body, name in shapes.items()]
    return HEAD.format(version=version) + "\n".join(lines + shared) + "\n"


def _body(block: dict, shapes: dict[str, str]) -> str:
    attributes = block.get("attributes", {})
    parts = [f"{name}:{_flags(attribute)}:{_type(attribute['type'])}" for name, attribute in attributes.items()]
    for name, nested in block.get("block_types", {}).items():
        body = _body(nested["block"], shapes)
        shape = shapes.setdefault(body, f"#{len(shapes)}")
        bounds = [str(nested.get(bound) or "-") for bound in ("min_items", "max_items")]
        parts.append(f"{name}>{nested['nesting_mode']},{','.join(bounds)},{shape}")
    return " ".join(sorted(parts))


def _flags(attribute: dict) -> str:
    letters = {"required": "r", "optional": "o", "computed": "c", "sensitive": "s"}
    return "".join(letter for name, letter in letters.items() if attribute.get(name))


def _type(kind) -> str:
    if isinstance(kind, str):
        return kind
    if kind[0] == "object":
        return "{" + ",".join(f"{name}={_type(inner)}" for name, inner in sorted(kind[1].items())) + "}"
    return f"{kind[0]}({_type(kind[1])})"
