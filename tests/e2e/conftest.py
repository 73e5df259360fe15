"""What every end-to-end test may ask for. Each is started at its first use, once for the whole run."""

import os
import time

import pytest
from support import pipec
from support.aws import Moto
from support.paths import EXAMPLES, FUNCTIONS
from support.spark import Spark

# Python shows Spark's instants as local times; every time in these tests is UTC.
os.environ["TZ"] = "UTC"
time.tzset()


def pytest_collection_modifyitems(items):
    """Tests of a file run in one process, which starts what they share once. Tests that build functions are a group of their
    own: they share a folder, in which a build would replace what another one just made."""
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.name))


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
