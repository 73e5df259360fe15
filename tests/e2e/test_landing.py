"""What lands files and answers: the function on moto's S3 and an endpoint on loopback, and a job that reads what landed."""

import datetime
import http.server
import json
import threading

import pytest
from support import pipec
from support.aws import CREDENTIALS
from support.paths import ROOT
from test_ops import load

PLATFORM = ROOT / "tests" / "e2e" / "platforms" / "landing"
AT = "2026-03-01T02:00:00Z"


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    return pipec.build(PLATFORM, tmp_path_factory.mktemp("landing") / "build")


class Place:
    """A source that lands from one bucket in another, and the function."""

    def __init__(self, build, aws, monkeypatch, name):
        self.s3, self.function = aws.client("s3"), load(build, "landing")
        self.origin, self.lake = aws.bucket(f"{name}-from"), aws.bucket(f"{name}-lake")
        self.aws, self.monkeypatch = aws, monkeypatch

    def configure(self, **source):
        known = {"kind": "s3", "bucket": self.origin, "prefix": "in/", "own": False, "suffix": "", "delivers": "rows",
                 "to_bucket": self.lake, "to_prefix": "rows/", "day_column": "arrived_on", "key": "alias/aws/s3",
                 "state": "state/landing/", **source}
        self.s3.put_object(Bucket=self.lake, Key="ops/landing.json", Body=json.dumps({"sources": {"rows": known}}))
        for name, value in {**CREDENTIALS, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": self.aws.url,
                            "CONFIGURATION_BUCKET": self.lake, "CONFIGURATION_KEY": "ops/landing.json"}.items():
            self.monkeypatch.setenv(name, value)
        return self

    def send(self, key, body):
        return self.s3.put_object(Bucket=self.origin, Key=key, Body=body)["ETag"]

    def land(self, **event):
        return self.function.handler({"source": "rows", "at": AT, **event}, None)

    def landed(self) -> dict[str, bytes]:
        return {key: self.s3.get_object(Bucket=self.lake, Key=key)["Body"].read()
                for key in self.aws.keys(self.lake, "rows/")}


@pytest.fixture
def place(build, aws, monkeypatch, request):
    return Place(build, aws, monkeypatch, "land-" + request.node.name.replace("_", "-")[5:45].strip("-"))


def test_of_a_snapshot_the_newest_file_lands_and_is_named_and_the_same_start_changes_nothing(place):
    place.configure(delivers="snapshot")
    place.send("in/a.csv", b"old")
    place.send("in/folder/", b"")
    place.send("in/b.csv", b"new")
    place.send("out/c.csv", b"another's")
    (name,) = place.land()
    assert name.startswith("arrived_on=2026-03-01/020000000000-") and name.endswith("-b.csv")
    first = place.landed()
    assert first.pop("rows/" + name) == b"new"
    assert json.loads(first.pop("rows/_newest.json")) == {"files": [name], "at": "2026-03-01T02:00:00+00:00"}
    assert first == {}
    assert place.land() == [name]
    assert len(place.landed()) == 2
    # A start that comes late is not the newest.
    place.land(at="2026-02-28T02:00:00Z")
    assert json.loads(place.landed()["rows/_newest.json"])["files"] == [name]
    (later,) = place.land(at="2026-03-02T02:00:00Z")
    assert json.loads(place.landed()["rows/_newest.json"])["files"] == [later]


def test_of_rows_each_file_lands_once_and_again_when_it_is_another(place):
    place.configure()
    place.send("in/a b/ü?.json", b"1")
    place.send("in/b.json", b"2")
    assert len(place.land()) == 2
    assert place.land(at="2026-03-01T03:00:00Z") == []
    place.send("in/b.json", b"3")
    assert len(place.land(at="2026-03-01T04:00:00Z")) == 1
    assert sorted(place.landed().values()) == [b"1", b"2", b"3"]
    assert all(set(key.rsplit("/", 1)[1]) <= set("0123456789abcdef-.json") for key in place.landed())


def test_a_file_lands_as_it_comes_whatever_its_event_does(place):
    place.configure(own=True, suffix=".gz")
    tag = place.send("in/a.json", b"1").strip('"')
    first = place.land(key="in/a.json", etag=tag)
    assert first[0].endswith("-a.json.gz")
    assert not list(place.aws.keys(place.origin, "")), "what has landed is taken out of a bucket of our own"
    assert place.land(key="in/a.json", etag=tag) == [], "the same event again"
    place.send("in/b.json", b"2")
    assert place.land(key="in/b.json", etag="0123") == [], "another file came in its place: its own event lands it"
    assert list(place.landed().values()) == [b"1"]


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Answers with what a test says, and keeps what it was asked."""

    asked: list = []
    answer = (200, {}, b"[]")

    def do_GET(self):
        type(self).asked.append((self.command, self.path, dict(self.headers)))
        status, headers, body = type(self).answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def endpoint():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Endpoint.asked = []
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def asks(place, url, **source):
    return place.configure(**{"kind": "http", "url": url, "method": "GET", "headers": {"Accept": "text/x"}, "auth": None,
                              "rows": None, "timeout": 5, **source})


def test_an_answer_lands_a_row_a_line_with_the_digits_that_it_came_with(place, endpoint):
    Endpoint.answer = (200, {}, '{"data": {"items": [1], "other": {"items": 0}, "items": [\n {"a": 1.10,\r\n "b": "x\\n]"},'
                                ' {"c": 9007199254740993.000, "é": [[]]} ]}}'.encode())
    (name,) = asks(place, f"{endpoint}/v1?q=%22", rows="data.items").land()
    assert place.landed() == {
        f"rows/{name}": '{"a": 1.10,   "b": "x\\n]"}\n{"c": 9007199254740993.000, "é": [[]]}\n'.encode()}
    assert Endpoint.asked[0][:2] == ("GET", "/v1?q=%22") and Endpoint.asked[0][2]["Accept"] == "text/x"
    assert asks(place, f"{endpoint}/v1?q=%22", rows="data.items").land() == [name]


@pytest.mark.parametrize(("auth", "secret", "sent"), [
    ({"kind": "bearer"}, "tok\n", ("Authorization", "Bearer tok")),
    ({"kind": "basic"}, '{"username": "u", "password": "p:"}', ("Authorization", "Basic dTpwOg==")),
    ({"kind": "header", "name": "X-Key"}, "k", ("X-Key", "k")),
], ids=["bearer", "basic", "header"])
def test_a_request_proves_who_asks_with_the_secret(place, endpoint, auth, secret, sent):
    secrets = place.aws.client("secretsmanager")
    arn = secrets.create_secret(Name=f"{place.origin}-{auth['kind']}", SecretString=secret)["ARN"]
    Endpoint.answer = (200, {}, b"[]")
    asks(place, endpoint, auth={**auth, "secret": arn}, method="POST").land()
    assert Endpoint.asked[0][0] == "POST" and Endpoint.asked[0][2][sent[0]] == sent[1]


@pytest.mark.parametrize("answer", [
    (500, {}, b"[]"), (302, {"Location": "http://localhost:1/"}, b""), (200, {}, b"[1"), (200, {}, b'{"data": 1}'),
    (200, {}, b'{"data": {"items": {}}}'), (200, {}, b"[1] [2]"),
], ids=["error", "elsewhere", "cut", "no object", "no list", "two"])
def test_an_answer_that_is_none_fails_and_lands_nothing(place, endpoint, answer):
    Endpoint.answer = answer
    with pytest.raises(Exception, match=r"HTTP Error|sends elsewhere|Expecting|Extra data|no list at"):
        asks(place, endpoint, rows=None if answer[2] in (b"[1", b"[1] [2]") else "data.items").land()
    assert place.landed() == {}


def test_a_job_reads_the_newest_delivery_in_the_format_that_it_came_in(build, spark_home, tmp_path):
    raw = tmp_path / "products"
    for day, name, text in [("2026-03-01", "a.csv", "sku;name;price\np1;gone;1\n"),
                            ("2026-03-02", "b.csv", 'Price;sku;name;more\n2.50;p1;"Lamp; ""old""";x\n3;p2;NULL;NULL\n')]:
        folder = raw / f"arrived_on={day}"
        folder.mkdir(parents=True)
        (folder / name).write_text(text)
    (raw / "_newest.json").write_text('{"files": ["arrived_on=2026-03-02/b.csv"], "at": "2026-03-02T00:00:00+00:00"}')
    folders = {name: tmp_path / name for name in ["devices", "priced", "state", "quarantine"]}
    spark_home.run_job(build / "glue" / "priced.py", [
        "--raw_products", str(raw), "--raw_devices", str(folders["devices"]), "--curated_priced", str(folders["priced"]),
        "--state", str(folders["state"]), "--quarantine", str(folders["quarantine"]), "--run_at", "2026-03-02T03:00:00Z"])
    rows = spark_home.session.read.parquet(str(folders["priced"])).collect()
    assert {(row["sku"], row["name"], str(row["price"]), row["model"]) for row in rows} == {
        ("p1", 'Lamp; "old"', "2.50", None)}
    turned_away = [json.loads(line) for file in folders["quarantine"].rglob("*.txt") for line in file.read_text().splitlines()]
    assert [(one["reason"], json.loads(one["row"])) for one in turned_away] == [
        ("name is missing", {"sku": "p2", "price": "3"})]
