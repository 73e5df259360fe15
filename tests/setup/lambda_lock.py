"""Renews the lock file of generated workspaces: `python tests/setup/lambda_lock.py BUILD`, BUILD made by `pipec build`.

It updates every dependency within its pinned minor version, builds nothing, and writes the template that the compiler
embeds. Run the tests of the function after it.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TEMPLATE = Path(__file__).parents[2] / "src/emit/rust/templates/Cargo.lock.tera"
FUNCTIONS = """{% for package in packages %}[[package]]
name = "{{ package }}"
version = "0.1.0"
dependencies = [
 "pipec-function",
 "pipec-runtime",
]

{% endfor %}"""


def main(build: str):
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder, "lambda")
        shutil.copytree(Path(build, "lambda"), workspace, ignore=shutil.ignore_patterns("target", "dist"))
        lock = workspace / "Cargo.lock"
        lock.unlink(missing_ok=True)
        subprocess.run(["cargo", "generate-lockfile", "--quiet"], cwd=workspace, check=True)
        text = lock.read_text()
    entry = re.compile(r'\[\[package\]\]\nname = "fn-[^"]*"\n(?:.+\n)*\n')
    text = entry.sub("", entry.sub(lambda _: FUNCTIONS, text, count=1))
    TEMPLATE.write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
