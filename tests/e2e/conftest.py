"""What every end-to-end test may ask for. Each is started at its first use, once for the whole run."""

import os
import shutil
import time
import uuid
from pathlib import Path

import pytest
from support import pipec
from support.archives import put_missing
from support.aws import Moto
from support.built import DECIDED, PLATFORMS, WHOLE
from support.gateway import Gateway
from support.lambda_api import Function
from support.paths import EXAMPLES, FUNCTIONS, ROOT
from support.shop import PRODUCTS, SHOP, SOURCES, cargo, environment, snapshot
from support.spark import Spark
from support.terraform import Terraform
from xdist.scheduler import LoadScopeScheduling

# Builds of functions share a folder, in which one replaces what another one just made.
GROUPS = {
    "functions": [
        "test_conformance.py::test_in_functions",
        "test_containers.py::test_the_program_has_its_part_and_leaves_its_answers_when_it_ended_well",
        "test_engines.py::test_functions_give_the_rows_of_the_embedded_engine",
        "test_functions.py",
        "test_kafka.py",
        "test_lambda.py",
        "test_path.py",
        "test_scripts.py",
        "test_semantics.py::test_rules_of_single_rows_hold_in_functions",
    ],
    "sql": ["test_conformance.py::test_in_sql"],
    # They look at the same builds, each of which is applied once.
    "platforms": sorted(path.name for path in Path(__file__).parent.glob("test_platforms*.py")),
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
def broker():
    """A broker of Apache Kafka; tests share it, so each names its topics after itself."""
    # Its client is for those who ask for a broker alone.
    from support.kafka import Broker

    with Broker() as broker:
        yield broker


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
def library_build(tmp_path_factory):
    """The build of a platform that persons are taken out of."""
    return pipec.build(ROOT / "tests/e2e/library", tmp_path_factory.mktemp("library") / "build")


@pytest.fixture(scope="session")
def packaged(clickstream):
    """That build with the archives of `pipec package` in it; what cargo makes of its crates is kept for the next run."""
    pipec.pipec("package", clickstream, env={"CARGO_TARGET_DIR": str(FUNCTIONS)}, timeout=3000).ok()
    return clickstream


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    """The functions as they are generated."""
    project = tmp_path_factory.mktemp("functions") / "shop"
    shutil.copytree(SHOP, project, ignore=shutil.ignore_patterns(".pipec"))
    # No test has this title: what the tests would be run on is written, and nothing else is done.
    pipec.pipec("test", project, "--engine", "lambda", "--filter", "no test at all")
    return project / ".pipec" / "test" / "lambda"


@pytest.fixture(scope="session")
def binaries(workspace, tmp_path_factory):
    """Each function's binary, by its source."""
    cargo(workspace, "build", "--release", "--locked")
    folder = tmp_path_factory.mktemp("binaries")
    return {source: shutil.copy(FUNCTIONS / "release" / f"fn-{source}", folder) for source in SOURCES}


@pytest.fixture
def gateway(aws):
    with Gateway(aws) as gateway:
        yield gateway


@pytest.fixture
def place(aws):
    """The names of what a function finds in AWS, for one test alone."""
    name = aws.around_functions(f"shop-{uuid.uuid4().hex[:12]}", "local-key-for-tests-only")
    snapshot(aws, name, "one", PRODUCTS)
    return name


@pytest.fixture
def start(binaries, gateway, place):
    """Starts a function: each start is a sandbox of its own, which remembers nothing by itself."""

    def started(source, **more):
        return Function([binaries[source]], env={**environment(gateway, place), **more}, timeout=60)

    return started


@pytest.fixture(scope="session", params=[*sorted(path.name for path in PLATFORMS.iterdir()), *WHOLE])
def platform(request, tmp_path_factory):
    """The name of a platform, its build, and its state: laid out, valid, planned, applied, planned without changes."""
    source = EXAMPLES if request.param in WHOLE else PLATFORMS
    folder = pipec.build(source / request.param, tmp_path_factory.mktemp("platform") / "build")
    put_missing(folder)
    with Terraform(folder / "terraform", variables=DECIDED.get(request.param, {})) as terraform:
        yield request.param, folder, terraform.check().state()
