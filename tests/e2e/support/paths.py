"""Where the checkout and the installed tools are. Nothing else knows a path."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CACHE = Path(os.environ.get("PIPEC_CACHE") or ROOT / ".cache").resolve()
EXAMPLES = ROOT / "examples"
ORACLE = ROOT / "tests" / "oracle"
JDK = CACHE / "jdk"
JARS = CACHE / "jars"
PLUGINS = CACHE / "plugins"
# Where cargo keeps what it makes of generated functions, from one run to the next.
FUNCTIONS = Path(os.environ.get("CARGO_TARGET_DIR") or CACHE / "functions").resolve()


def tool(*parts: str) -> str:
    """The path of an installed tool; a missing one is an error of the set-up, never a reason to skip a test."""
    path = CACHE.joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `make setup`")
    return str(path)
