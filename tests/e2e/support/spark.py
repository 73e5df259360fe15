"""Spark as Glue 5.0 has it: 3.5.4 on Java 17, `s3://` leading to moto, times in UTC.

One session serves a whole test run (the first job costs ten seconds, the others less than one); `run_job` calls a
generated job's `main(argv)` in it. `start_job` runs the same file as a process of its own, to be killed at will.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .aws import CREDENTIALS
from .events import REGION
from .paths import JARS, JDK, tool

LOGGING = """
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %p %c: %m%n%ex
"""


def settings(endpoint: str | None, scratch: Path) -> dict[str, str]:
    """What stands in `spark-defaults.conf`: where Glue's own defaults matter, theirs; else what makes tests fast."""
    out = {
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "2g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        # On the class path, and not in `spark.jars`, which would copy 280 MB for every session.
        "spark.driver.extraClassPath": f"{JARS}/*",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Duser.timezone=UTC",
        "spark.sql.ansi.enabled": "false",  # Glue's default; a job that wants ANSI says so itself
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.local.dir": str(scratch),
    }
    if endpoint:
        out |= {
            "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
            "spark.hadoop.fs.s3a.endpoint": endpoint,
            "spark.hadoop.fs.s3a.endpoint.region": REGION,
            "spark.hadoop.fs.s3a.path.style.access": "true",
            "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
            "spark.hadoop.fs.s3a.access.key": "test",
            "spark.hadoop.fs.s3a.secret.key": "test",
            "spark.hadoop.fs.s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
            "spark.hadoop.fs.s3a.change.detection.mode": "none",
            "spark.hadoop.fs.s3a.attempts.maximum": "2",
        }
    return out


class Spark:
    """A configuration folder, the environment that points to it, and the session made from it."""

    def __init__(self, endpoint: str | None = None):
        self.endpoint = endpoint
        self._session = None

    def __enter__(self) -> "Spark":
        self._folder = tempfile.TemporaryDirectory(prefix="spark-")
        scratch = Path(self._folder.name)
        conf = scratch / "conf"
        conf.mkdir()
        lines = (f"{name} {value}\n" for name, value in settings(self.endpoint, scratch).items())
        (conf / "spark-defaults.conf").write_text("".join(lines))
        (conf / "log4j2.properties").write_text(LOGGING)
        python = tool("venv", "bin", "python")
        self.environment = {
            **CREDENTIALS,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "JAVA_HOME": str(JDK.resolve()),
            "SPARK_CONF_DIR": str(conf),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": python,
            "PYSPARK_DRIVER_PYTHON": python,
        }
        return self

    def __exit__(self, *_):
        if self._session is not None:
            self._session.stop()
        self._folder.cleanup()

    @property
    def session(self):
        """The session; a job's `SparkSession.builder.getOrCreate()` finds it too."""
        if self._session is None:
            os.environ.update(self.environment)
            os.environ.pop("SPARK_HOME", None)
            from pyspark.sql import SparkSession

            self._session = SparkSession.builder.appName("tests").getOrCreate()
        return self._session

    def run_job(self, path, argv=()):
        """Runs a job's `main(argv)` in the session and returns what it returns.

        `argv` is what stands after the file's name in Glue: `["--JOB_NAME", "x", …]`. The settings of the session, and
        the modules that the job imported from its own folder, are as before when this returns.
        """
        with self.own_settings(), self.module(path) as module:
            return module.main([str(path), *map(str, argv)])

    @staticmethod
    def module(path):
        """A job's file as a module, for as long as it is looked at; its folder's own modules go with it."""
        return _job_module(Path(path))

    @contextmanager
    def own_settings(self):
        """Puts the session's settings back as they were."""
        conf = self.session.conf
        before = {row.key: row.value for row in self.session.sql("SET").collect()}
        try:
            yield
        finally:
            after = {row.key: row.value for row in self.session.sql("SET").collect()}
            for name in after.keys() - before.keys():
                conf.unset(name)
            for name, value in before.items():
                if after.get(name) != value:
                    conf.set(name, value)

    def start_job(self, path, argv=(), *, env=None) -> "Job":
        """Starts a job as a process of its own, as Glue does."""
        log = tempfile.TemporaryFile("w+")
        process = subprocess.Popen(
            [tool("venv", "bin", "python"), str(path), *map(str, argv)],
            env={**os.environ, **self.environment, "PYTHONUNBUFFERED": "1", **(env or {})},
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )
        return Job(process, log)


@dataclass
class Job:
    """A job that runs by itself: a Python process, and the Java process that it started."""

    process: subprocess.Popen
    _log: object

    def wait(self, timeout: float = 300) -> int:
        """Its exit status; a job that takes longer is killed."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        """Ends both processes at once, without a chance to clean up."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def output(self) -> str:
        """What it has printed so far."""
        self._log.seek(0)
        return self._log.read()


@contextmanager
def _job_module(path: Path):
    """A job's file as a module, its folder first on the path as when it runs by itself."""
    folder = str(path.resolve().parent)
    known = set(sys.modules)
    sys.path.insert(0, folder)
    try:
        spec = importlib.util.spec_from_file_location(f"job_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(folder)
        for name in set(sys.modules) - known:
            # Two builds have modules of one name; the next job must not get this one's.
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(folder + os.sep):
                del sys.modules[name]


def rows(frame, *order: str) -> list[dict]:
    """The rows of a data frame as dictionaries, sorted by the named columns or by all of them, missing values first."""
    found = [row.asDict(recursive=True) for row in frame.collect()]
    names = order or sorted(frame.columns)
    return sorted(found, key=lambda row: [(row[name] is not None, str(row[name])) for name in names])
