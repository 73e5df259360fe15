"""A PostgreSQL of its own, on loopback, that speaks TLS alone and proves who it is by an authority of its own.

    with Postgres() as database:
        database.run("CREATE TABLE t (a int)")
        database.authority                      # the certificate that a client has to believe, as PEM
        database.rows("SELECT a FROM t")        # as JSON has them
"""

import datetime
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .aws import free_port
from .paths import tool

PEM = serialization.Encoding.PEM
USER, PASSWORD, DATABASE = "writer", "local password 'for' tests", "shop"


class Postgres:
    """A server that ends with its block."""

    def __enter__(self) -> "Postgres":
        self.port = free_port()
        # Its programs refuse to run as root, and their folder has to be its user's.
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self._folder = tempfile.mkdtemp(prefix="pg-")
        data = f"{self._folder}/data"
        if self._as:
            shutil.chown(self._folder, "postgres", "postgres")
        self._call("initdb", "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.authority = self._certify(Path(data))
        self._put(Path(data, "pg_hba.conf"), "local all owner trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self._folder, "ssl": "on",
                    "fsync": "off"}  # fmt: skip
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._log = Path(self._folder, "log").open("wb")
        self._process = subprocess.Popen(
            [*self._as, tool("postgres", "postgres"), "-D", data, *options], stdout=self._log, stderr=self._log)
        self._wait()
        quoted = PASSWORD.replace("'", "''")
        self.run(f"CREATE ROLE {USER} LOGIN PASSWORD '{quoted}'", "postgres")
        self.run(f"CREATE DATABASE {DATABASE} OWNER {USER}", "postgres")
        return self

    def __exit__(self, *_):
        self._call("pg_ctl", "-D", f"{self._folder}/data", "-m", "immediate", "stop")
        self._process.wait(30)
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, sql: str, database: str = DATABASE) -> str:
        """What a statement prints, by its owner."""
        done = subprocess.run(
            [tool("postgres", "psql"), "-h", self._folder, "-p", str(self.port), "-U", "owner", "-d", database, "-qAt",
             "-v", "ON_ERROR_STOP=1", "-c", sql], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self, query: str) -> list[dict]:
        """The rows of a query."""
        return json.loads(self.run(f"SELECT coalesce(json_agg(r), '[]') FROM ({query}) r"))

    def _call(self, name: str, *arguments: str):
        done = subprocess.run([*self._as, tool("postgres", name), *arguments], capture_output=True, text=True, timeout=120,
                              check=False, cwd="/")
        assert done.returncode == 0, done.stderr

    def _put(self, path: Path, text: str | bytes, mode: int = 0o600):
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        if self._as:
            shutil.chown(path, "postgres", "postgres")

    def _wait(self):
        end = time.monotonic() + 60
        while True:
            try:
                self.run("SELECT 1", "postgres")
                return
            except AssertionError as error:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(Path(self._folder, "log").read_text()) from error
                time.sleep(0.1)

    def _certify(self, data: Path) -> str:
        """Puts a key and a certificate for `localhost` where the server looks; gives that of the authority."""
        by, own = authority()
        key = ec.generate_private_key(ec.SECP256R1())
        host = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        server = _certificate("localhost", key, by, host)
        self._put(data / "server.crt", server.public_bytes(PEM))
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        self._put(data / "server.key", key.private_bytes(PEM, *plain))
        return own


def authority() -> tuple[ec.EllipticCurvePrivateKey, str]:
    """The key of a new authority, and its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _certificate("authority", key, key, x509.BasicConstraints(ca=True, path_length=None)).public_bytes(PEM).decode()


def _certificate(name: str, key, by, extension) -> x509.Certificate:
    def named(text):
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(named("authority"), named(name), key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - day).not_valid_after(now + day)
    critical = isinstance(extension, x509.BasicConstraints)
    return builder.add_extension(extension, critical=critical).sign(by, hashes.SHA256())
