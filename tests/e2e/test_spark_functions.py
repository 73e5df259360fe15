"""Functions in generated jobs: a project's own, with what turns a row away and what lifts; and how large some get."""

import subprocess

from support.paths import ROOT, tool
from support.pipec import build, pipec

PLATFORM = """
pipeline shop {
  cloud  = aws { region = "eu-west-1" }
  owner  = "shop@example.com"
  budget = 900 USD per month
}

schema Click {
  click_id : uuid      @key
  at       : timestamp @event_time
  page     : string
  amount   : decimal(12, 2)?
  n        : int
}

source clicks : stream of Click {
  from   = kinesis { stream = own }
  volume = 5 per second of 600 B
  into   = raw
}

zone raw       like std.zones.raw       { retain = 30 days }
zone processed like std.zones.processed { format = parquet, partition = [day], retain = 50 days }
zone curated   like std.zones.curated   { format = parquet, partition = [day], retain = 730 days }

/// What is left without tax.
fn net(gross: decimal(12, 2), rate: int) -> decimal(12, 2)? = decimal(gross / (1 + rate), 12, 2)

/// Twice a number, which may be too large.
fn twice(n: int) -> int = n * 2

/// Four times a number.
fn four_times(n: int) -> int = twice(twice(n))

/// Whole days since.
fn age(day: date) -> duration = today() - day

transform base : clicks -> processed.base {
  derive day = date(at)
}

/// Clicks and what they make.
transform made : processed.base -> curated.made overwrite {
  derive double = four_times(n)
         left   = net(amount, 1)
         days   = age(day)
         other  = twice(n) + 1
         more   = other + 1
  select click_id, at, day, double, left, days, other, more
}

test "functions of our own" for made {
  given processed.base = [
    { n: 3, amount: 10.00, day: date("1970-01-01") }
    { n: 9_223_372_036_854_775_807, amount: 1.00 }
    { n: 1, amount: null }
  ]
  expect [
    { double: 12, left: 5.00, other: 7, more: 8 }
    { double: 4, left: null, other: 3, more: 4 }
  ]
  expect rejected 1
}
"""


def test_functions_of_a_projects_own(spark_home, tmp_path):
    (tmp_path / "shop.pipe").write_text(PLATFORM)
    pipec("test", tmp_path).ok()
    python = {"PIPEC_PYTHON": tool("venv", "bin", "python"), "JAVA_HOME": spark_home.environment["JAVA_HOME"]}
    pipec("test", tmp_path, "--engine", "spark", env=python).ok()


def test_what_a_longer_path_of_json_adds_is_the_same_again(spark_home, tmp_path):
    job = tmp_path / "job.py"
    job.write_text("import pipec_json\n")
    for module in ("json", "numbers", "text"):
        name = f"pipec_{module}.py"
        (tmp_path / name).write_text((ROOT / "stdlib" / "runtime_py" / name).read_text())
    rows = spark_home.session.createDataFrame([("[1]",)], "json string")
    paths = ("$.a", "$.a[0]", "$.a[0].b", "$.a[0].b[0]")
    with spark_home.own_settings(), spark_home.module(job) as module:
        spark_home.session.conf.set("spark.sql.ansi.enabled", "true")
        found = [rows.select(module.pipec_json.get(rows.json, path).alias("found")) for path in paths]
        sizes = [len(frame._jdf.queryExecution().analyzed().toString()) for frame in found]
    assert sizes[3] < 5 * sizes[0], sizes


def test_they_are_clean_python(tmp_path):
    (tmp_path / "shop.pipe").write_text(PLATFORM)
    glue = build(tmp_path, tmp_path / "build") / "glue"
    assert "def twice(n: Column) -> Column:" in (glue / "made.py").read_text()
    runtime = ROOT / "stdlib" / "runtime_py"
    for arguments in (["check"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [tool("venv-lint", "bin", "ruff"), *arguments, "--isolated", "--no-cache", "--target-version", "py39", glue, runtime],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
