"""The functions of `functions/shop`: what they are built with, and what they find around them.

The fixtures `workspace`, `binaries` and `start` build and start them; here is what tests say to them and ask of what they did.
"""

import importlib.util
import json
import os
import subprocess

from .paths import FUNCTIONS, ROOT

SHOP = ROOT / "tests" / "e2e" / "functions" / "shop"
SOURCES = ["cheques", "clicks", "coins", "photos", "sales", "scans", "taps", "transfers"]
# Optimising eight functions takes many minutes; what they do is the same without.
CARGO = {
    "CARGO_TARGET_DIR": str(FUNCTIONS), "CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
}  # fmt: skip
PRODUCTS = [
    {"sku": "p1", "title": "Tea", "price": "3.50", "tags": []},
    {"sku": "p2", "title": "Cup", "price": "9.00", "tags": ["new"], "since": "2025-06-01"},
    {"sku": "p3", "title": "Late", "price": "1.00", "tags": [], "since": "2027-01-01"},
]
# None of them is the default: where there is one.
PARAMS = {"most_coins": 50, "till": "nørth \"1\"", "coin_worth": 3.5, "weight": 0.25, "by_weight": False,
          "refused_currency": "XXX"}  # fmt: skip
PNG, PDF = b"\x89PNG\r\n\x1a\n", b"%PDF-1.7"


def cargo(workspace, *arguments):
    done = subprocess.run(["cargo", *arguments], cwd=workspace, env={**os.environ, **CARGO}, capture_output=True,
                          text=True, timeout=3000, check=False)
    assert done.returncode == 0, done.stderr[-8000:]


def snapshot(aws, bucket, version, rows):
    """A snapshot of the products: its files, and then the name of what is newest."""
    s3, lines = aws.client("s3"), [json.dumps(row) for row in rows]
    s3.put_object(Bucket=bucket, Key=f"products/{version}.jsonl", Body="\n".join(lines).encode())
    s3.put_object(Bucket=bucket, Key="products/_newest.json", Body=json.dumps({"files": [f"{version}.jsonl"]}).encode())


def environment(gateway, place):
    labels = ["clean", "sold", "unknown", "numbers", "paid", "cashed", "coined", "pictured", "spread_processed_large",
              "spread_processed_small", "spread_processed_others"]
    transforms = ["clean", "sold", "unknown", "spread", "numbers", "paid", "cashed", "coined", "pictured"]
    return {
        **gateway.environment(),
        **{f"DELIVERY_STREAM_{label.upper()}": label for label in labels},
        **{f"QUARANTINE_STREAM_{name.upper()}": f"{name}-quarantine" for name in transforms},
        **{f"PARAM_{name.upper()}": json.dumps(value) for name, value in PARAMS.items()},
        "SEEN_TABLE": place, "OBJECTS": f"s3://{place}/scans/", "TABLE_RAW_PRODUCTS": f"s3://{place}/products/", "PSEUDONYM_SECRET": place,
    }


def rows(gateway, stream):
    return [json.loads(line) for line in gateway.records[stream]]


def reasons(gateway, transform):
    return sorted(row["reason"] for row in rows(gateway, f"{transform}-quarantine"))


def click(number, **more):
    return json.dumps({
        "click_id": f"00000000-0000-0000-0000-{number:012d}", "user_id": "u", "at": "2026-01-01T00:00:00Z", "page": "/",
        "kind": "buy", "amount": "119.00", "items": [], **more,
    }).encode()  # fmt: skip


def payment(name, **more):
    return json.dumps({"payment_id": name, "at": "2026-01-01T00:00:00Z", "amount": "10.00", **more}).encode()


def load_operations(name):
    """A function of the platform's own, as the compiler has it."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "stdlib" / "ops" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
