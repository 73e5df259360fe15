"""Stand-ins for the archives that `pipec package` makes: Terraform wants them to be there when it plans, whatever they hold."""

import re
import zipfile
from pathlib import Path


def put_missing(build: Path) -> list[str]:
    """Writes a small archive wherever the Terraform of a build names one that is not there; returns their paths."""
    texts = (path.read_text() for path in sorted((build / "terraform").glob("*.tf")))
    named = sorted({name for text in texts for name in re.findall(r"/\.\./(lambda/dist/[\w.-]+\.zip)", text)})
    missing = [name for name in named if not (build / name).exists()]
    for name in missing:
        path = build / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(zipfile.ZipInfo("bootstrap"), "nothing that runs")
    return missing
