"""What every end-to-end test may ask for. Each is started at its first use, once for the whole run."""

import os
import time

import pytest
from support import pipec
from support.aws import Moto
from support.paths import EXAMPLES, FUNCTIONS
from support.spark import Spark
from xdist.scheduler import LoadScopeScheduling

# Builds of functions share a folder, in which one replaces what another one just made.
GROUPS = {
    "functions": [
        "test_conformance.py::test_in_functions",
        "test_containers.py::test_the_program_has_its_part_and_leaves_its_answers_when_it_ended_well",
        "test_engines.py::test_functions_give_the_rows_of_the_embedded_engine",
        "test_functions.py",
        "test_lambda.py",
        "test_path.py",
        "test_semantics.py::test_rules_of_single_rows_hold_in_functions",
    ],
    "sql": ["test_conformance.py::test_in_sql"],
}

# Python shows Spark's instants as local times; every time in these tests is UTC.
os.environ["TZ"] = "UTC"
time.tzset()


class Together(LoadScopeScheduling):
    """Tests of a file run in one process, which starts what they share once; those that build functions in one as well."""

    def _split_scope(self, nodeid):
        file, _, test = nodeid.rpartition("/")[2].partition("::")
        for group, members in GROUPS.items():
            if file in members or f"{file}::{test.partition('[')[0]}" in members:
                return group
        return file


def pytest_xdist_make_scheduler(config, log):
    """How tests are dealt out to processes."""
    return Together(config, log)


def pytest_terminal_summary(terminalreporter):
    """Shows the figures that tests recorded, whichever process they ran in."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "figures" and report.when == "call":
                terminalreporter.section(report.nodeid, sep="-")
                terminalreporter.write_line(value)


@pytest.fixture(scope="session")
def aws():
    """A moto server; tests share it, so each names its buckets, streams and queues after itself."""
    with Moto() as moto:
        yield moto


@pytest.fixture(scope="session")
def spark_home(aws):
    """Spark with `s3://` on the moto server: `run_job`, `start_job` and `session`."""
    with Spark(aws.url) as home:
        yield home


@pytest.fixture(scope="session")
def spark(spark_home):
    """The Spark session."""
    return spark_home.session


@pytest.fixture(scope="session")
def clickstream(tmp_path_factory):
    """The build of examples/clickstream."""
    return pipec.build(EXAMPLES / "clickstream", tmp_path_factory.mktemp("clickstream") / "build")


@pytest.fixture(scope="session")
def packaged(clickstream):
    """That build with the archives of `pipec package` in it; what cargo makes of its crates is kept for the next run."""
    pipec.pipec("package", clickstream, env={"CARGO_TARGET_DIR": str(FUNCTIONS)}, timeout=3000).ok()
    return clickstream
