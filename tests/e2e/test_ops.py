"""The operations functions on moto's S3, as they stand in the build."""

import datetime
import importlib.util
import io
import json
import threading
import time
import urllib.error
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from support import pipec
from support.aws import CREDENTIALS
from support.paths import EXAMPLES, ROOT
from support.search import Search

DAY = 86_400
NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture
def place(aws, monkeypatch, request):
    """A bucket of the test's own, and the function's environment."""
    bucket = aws.bucket("ops-" + request.node.name.replace("_", "-")[:50].strip("-"))
    for name, value in {**CREDENTIALS, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": aws.url,
                        "PLATFORM": "clickstream-test", "CONFIGURATION_BUCKET": bucket,
                        "CONFIGURATION_KEY": "ops/configuration.json"}.items():
        monkeypatch.setenv(name, value)

    def configure(*places):
        body = json.dumps({"places": [{"bucket": bucket, "kind": "dataset", "day_column": None, **one} for one in places]})
        aws.client("s3").put_object(Bucket=bucket, Key="ops/configuration.json", Body=body)

    configure.bucket = bucket
    return configure


def load(build, name):
    spec = importlib.util.spec_from_file_location(name, build / "ops" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def emitted(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_freshness_is_the_age_of_the_newest_object(clickstream, aws, place, capsys):
    s3 = aws.client("s3")
    for day in ("2026-01-01", "2026-01-02"):
        s3.put_object(Bucket=place.bucket, Key=f"clicks/day={day}/part-0.parquet", Body=b"x")
    place({"name": "processed.clicks", "prefix": "clicks/", "days": 183}, {"name": "raw.empty", "prefix": "none/", "days": 3},
          {"name": "errors", "kind": "copy", "prefix": "clicks/", "days": 3})
    ages = load(clickstream, "freshness_probe").handler({}, None)
    assert set(ages) == {"processed.clicks"}, "what has no object has no age, and copies have none"
    assert 0 <= ages["processed.clicks"] < 60
    (record,) = emitted(capsys)
    directive = record["_aws"]["CloudWatchMetrics"][0]
    assert directive["Namespace"] == "Pipec" and directive["Dimensions"] == [["Platform", "Dataset"]]
    assert record["Dataset"] == "processed.clicks" and record["Platform"] == "clickstream-test"
    assert record["AgeSeconds"] == pytest.approx(ages["processed.clicks"], abs=0.01)


def test_empty_markers_of_folders_are_not_rows(clickstream, aws, place):
    aws.client("s3").put_object(Bucket=place.bucket, Key="clicks_marker/day=2026-01-01/", Body=b"")
    place({"name": "d", "prefix": "clicks_marker/", "days": 3})
    assert load(clickstream, "freshness_probe").handler({}, None) == {}


def version(key, days, *, latest=True, marker=False):
    return {"Key": key, "IsLatest": latest, "LastModified": NOW - datetime.timedelta(days=days), "marker": marker}


@pytest.mark.parametrize(("place", "entries", "expected"), [
    ({"days": 33, "day_column": None}, [version("a", 34), version("b", 32)], 1),
    ({"days": 33, "day_column": None}, [version("a", 1, marker=True), version("a", 34, latest=False)], 0),
    ({"days": 33, "day_column": None}, [version("a", 4, marker=True), version("a", 34, latest=False)], 1),
    ({"days": 33, "day_column": None}, [version("a", 4, marker=True)], 1),
    ({"days": 33, "day_column": None}, [version("a", 2, marker=True), version("b", 1)], 0),
    ({"days": 33, "day_column": None}, [version("a", 4, marker=True), version("b", 1)], 1),
    ({"days": 33, "day_column": "day"}, [version("t/day=2026-01-01/p", 0)], 1),
    ({"days": 33, "day_column": "day"}, [version("t/day=2026-02-20/p", 90)], 0),
    ({"days": 33, "day_column": "day"}, [version("t/day=2026-02-20/p", 4), version("t/day=2026-02-20/p", 90, latest=False)], 1),
    ({"days": 33, "day_column": "day"}, [version("t/other", 90)], 0),
], ids=["old", "hidden today", "hidden long ago", "marker alone", "young marker", "marker before another", "old day",
        "young day", "replaced long ago", "no day"])
def test_what_is_overdue(clickstream, monkeypatch, place, entries, expected):
    module = load(clickstream, "purge_verifier")
    monkeypatch.setattr(module, "versions", lambda *_: iter(entries))
    assert module.overdue(None, {"bucket": "b", "prefix": "", **place}, NOW) == expected


def test_versions_and_markers_are_counted(clickstream, aws, place, capsys):
    s3 = aws.client("s3")
    s3.put_bucket_versioning(Bucket=place.bucket, VersioningConfiguration={"Status": "Enabled"})
    old, young = "t/day=2020-01-01/p", f"t/day={datetime.date.today()}/p"
    for key in (old, old, young):
        s3.put_object(Bucket=place.bucket, Key=key, Body=b"x")
    s3.delete_object(Bucket=place.bucket, Key=young)
    place({"name": "curated.t", "prefix": "t/", "days": 33, "day_column": "day"}, {"name": "none", "prefix": "u/", "days": 1})
    counts = load(clickstream, "purge_verifier").handler({}, None)
    assert counts == {"curated.t": 1, "none": 0}, "the old day is there; what hides since today is not late"
    records = emitted(capsys)
    assert [record.get("Dataset") for record in records] == ["curated.t", "none", None]
    assert records[-1]["OverdueObjects"] == 1
    assert records[-1]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Platform"]]


class Dashboards:
    """QuickSight and SES as the functions around dashboards call them."""

    class exceptions:
        class ResourceNotFoundException(Exception):
            pass

        class QuickSightUserNotFoundException(Exception):
            pass

    def __init__(self):
        self.asked, self.mails = [], []

    def generate_embed_url_for_registered_user(self, **asked):
        self.asked.append(asked)
        if asked["UserArn"].endswith("/nobody"):
            raise self.exceptions.QuickSightUserNotFoundException
        return {"EmbedUrl": "https://example.com/embed"}

    def list_group_memberships(self, GroupName, NextToken=None, **_):
        first = {"GroupMemberList": [{"MemberName": "ann"}], "NextToken": "more"}
        return {"GroupMemberList": [{"MemberName": "bob"}, {"MemberName": "silent"}]} if NextToken else first

    def describe_user(self, UserName, **_):
        return {"User": {} if UserName == "silent" else {"Email": f"{UserName}@example.com"}}

    def list_ingestions(self, DataSetId, **_):
        if DataSetId == "live":
            return {"Ingestions": []}
        ended = [("COMPLETED", 1, 10), ("FAILED", 2, 0)] if DataSetId == "broken" else [("COMPLETED", 1, 10), ("COMPLETED", 2, 1200)]
        return {"Ingestions": [{"IngestionStatus": status, "CreatedTime": NOW.replace(day=day), "RowInfo": {"RowsIngested": rows}}
                               for status, day, rows in ended]}

    def send_email(self, **mail):
        self.mails.append(mail)


def test_rewritten_files_are_deleted_on_their_day(library_build, aws, place, monkeypatch):
    purge = load(library_build, "purge_rewritten")
    monkeypatch.setenv("BUCKET", place.bucket)
    monkeypatch.setenv("PREFIX", "erasure/ages/")
    s3, now = aws.client("s3"), datetime.datetime.now(datetime.UTC)
    days = {"due": (-3, 0), "today": (0, 0), "tomorrow": (1, 0), "gone": (-1, 0), "written since": (-1, -2)}
    for name, (due, rewritten) in days.items():
        if name != "gone":
            s3.put_object(Bucket=place.bucket, Key=f"loans/arrived_on=2026-01-01/{name} é.gz", Body=b"x")
        told = {"file": f"s3://{place.bucket}/loans/arrived_on=2026-01-01/{name} é.gz",
                "due": (now + datetime.timedelta(days=due)).date().isoformat(),
                "rewritten": (now + datetime.timedelta(days=rewritten)).isoformat()}
        s3.put_object(Bucket=place.bucket, Key=f"erasure/ages/{name}.json", Body=json.dumps(told))
    assert purge.handler({}, None) == {"due": 4, "deleted": 2}
    # What somebody else has written since has an age of its own.
    assert aws.keys(place.bucket, "loans/") == [f"loans/arrived_on=2026-01-01/{name} é.gz" for name in ("tomorrow", "written since")]
    assert aws.keys(place.bucket, "erasure/") == ["erasure/ages/tomorrow.json"]
    assert purge.handler({}, None) == {"due": 0, "deleted": 0}


def operation(name):
    return load(ROOT / "stdlib", name)


def test_a_page_gets_a_link_for_its_own_domains_alone(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("ACCOUNT", "123456789012")
    monkeypatch.setenv("USERS", "arn:aws:quicksight:eu-west-1:123456789012:user/default/")
    monkeypatch.setenv("DASHBOARDS", json.dumps({"boards": {"id": "shop-boards", "domains": ["https://a.example.com"]}}))
    fake, function = Dashboards(), operation("embed_dashboard")
    answer = function.handler({"dashboard": "boards", "user": "ann"}, None, fake)
    assert answer == {"status": 200, "url": "https://example.com/embed"}
    (asked,) = fake.asked
    assert asked["AllowedDomains"] == ["https://a.example.com"] and asked["UserArn"].endswith(":user/default/ann")
    assert function.handler({"dashboard": "boards", "user": "nobody"}, None, fake)["status"] == 404
    for wrong in [{}, {"dashboard": "other", "user": "ann"}, {"dashboard": "boards", "user": 7}]:
        assert function.handler(wrong, None, fake)["status"] == 400


def test_a_report_goes_to_each_reader_once_and_holds_no_rows(monkeypatch):
    sets = {"curated.days": "days", "curated.broken": "broken", "curated.live": "live"}
    known = {"boards": {"id": "shop-boards", "groups": ["analysts"], "users": ["ann"], "data_sets": sets}}
    for name, value in {"AWS_REGION": "eu-west-1", "ACCOUNT": "123456789012", "IDENTITY_REGION": "us-east-1",
                        "SENDER": "shop@example.com", "DASHBOARDS": json.dumps(known)}.items():
        monkeypatch.setenv(name, value)
    fake = Dashboards()
    assert operation("mail_report").handler({"dashboard": "boards"}, None, lambda *_, **__: fake) == {"mailed": 2}
    assert [mail["Destination"]["ToAddresses"] for mail in fake.mails] == [["ann@example.com"], ["bob@example.com"]]
    text = fake.mails[0]["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert "- curated.days: 1,200 rows, read at 2026-03-02 12:00 UTC" in text
    assert "- curated.broken: not read again since 2026-03-02 12:00 UTC (failed)" in text
    assert "- curated.live: asked anew each time" in text and "/sn/dashboards/shop-boards" in text


@pytest.fixture
def purge(tmp_path_factory, monkeypatch):
    """The function that takes documents out of an index, its module, and a collection that it reaches."""
    build = pipec.build(EXAMPLES / "reference-architecture", tmp_path_factory.mktemp("purge") / "build")
    with Search() as search:
        place = {"endpoint": search.url, "index": "faults", "keep_seconds": 90 * DAY, "overdue_seconds": 91 * DAY}
        for name, value in {**CREDENTIALS, "AWS_REGION": "eu-west-1", "PLATFORM": "fleet-test",
                            "INDEXES": json.dumps({"search": place})}.items():
            monkeypatch.setenv(name, value)
        module = load(build, "purge_search")
        for name in ["REFRESH", "FIRST_WAIT"]:
            monkeypatch.setattr(module, name, 0)
        yield module, search


def written(search, ages: dict[str, float]):
    """Documents by their names, each so many days old."""
    now = time.time()
    search.documents["faults"] = {name: {"_written_at": int((now - days * DAY) * 1000)} for name, days in ages.items()}


def test_documents_are_taken_out_when_they_have_stayed_their_time(purge, capsys):
    module, search = purge
    written(search, {"young": 1, "last": 89.9, "due": 90.1, "due_too": 90.5, "overdue": 92})
    assert module.handler({"sink": "search"}, None) == {"deleted": 3, "overdue": 1}
    assert set(search.documents["faults"]) == {"young", "last"}
    (record,) = emitted(capsys)
    assert (record["Platform"], record["Dataset"], record["OverdueObjects"]) == ("fleet-test", "search", 1)
    assert record["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Platform", "Dataset"]]
    assert module.handler({"sink": "search"}, None) == {"deleted": 0, "overdue": 0}


def test_an_index_that_is_not_there_yet_has_nothing_to_take_out(purge, capsys):
    module, _ = purge
    assert module.handler({"sink": "search"}, None) == {"deleted": 0, "overdue": 0}
    assert emitted(capsys)[0]["OverdueObjects"] == 0, "somebody looked"


def test_pages_and_instants_with_many_documents_leave_nothing(purge, monkeypatch):
    module, search = purge
    monkeypatch.setattr(module, "PAGE", 5)
    written(search, {f"d{number}": 95 + number // 4 for number in range(23)} | {f"same{number}": 93 for number in range(14)})
    same = search.documents["faults"]["same0"]["_written_at"]
    for number in range(14):
        search.documents["faults"][f"same{number}"]["_written_at"] = same
    search.documents["faults"]["young"] = {"_written_at": int(time.time() * 1000)}
    assert module.handler({"sink": "search"}, None)["deleted"] >= 37
    assert set(search.documents["faults"]) == {"young"}


def test_what_is_not_deleted_is_tried_again_and_fails_the_run_in_the_end(purge, capsys):
    module, search = purge
    written(search, {"first": 91, "second": 91})
    search.fault = Once(429)
    assert module.handler({"sink": "search"}, None)["deleted"] == 2
    assert search.documents["faults"] == {}
    capsys.readouterr()
    written(search, {"first": 91, "second": 91})
    search.fault = lambda _: 429
    with pytest.raises(module.NotDone, match="2 documents were not deleted"):
        module.handler({"sink": "search"}, None)
    assert emitted(capsys) == [], "a run that did not come to its end says nothing: its alarm rings"


class Once:
    """A fault of the first document alone."""

    def __init__(self, status):
        self.status = status

    def __call__(self, _):
        status, self.status = self.status, None
        return status


def test_a_run_without_time_left_fails_and_the_next_goes_on(purge, monkeypatch):
    module, search = purge
    monkeypatch.setattr(module, "PAGE", 2)
    written(search, {f"d{number}": 91 + number for number in range(5)})

    class Context:
        left = [60_000, 10_000]

        def get_remaining_time_in_millis(self):
            return self.left.pop(0)

    with pytest.raises(module.NotDone, match="no time left after 2 documents"):
        module.handler({"sink": "search"}, Context())
    assert len(search.documents["faults"]) == 3
    assert module.handler({"sink": "search"}, None)["deleted"] == 3


class Answers:
    """What stands for a channel: it keeps what it is asked, and answers, or refuses."""

    def __init__(self, refuses=None):
        self.asked, self.refuses = [], refuses

    def __call__(self, request, timeout):
        assert 0 < timeout <= 30
        self.asked.append((request.full_url, dict(request.header_items()), json.loads(request.data)))
        if self.refuses:
            raise urllib.error.HTTPError(request.full_url, self.refuses, "no", {}, None)
        return io.BytesIO(b"ok")

    def get_secret_value(self, SecretId):  # noqa: N803
        return {"SecretString": {"slack": "https://hooks.slack.com/services/T/B/x\n", "plain": "http://hooks.slack.com/x"}
                .get(SecretId, "key-of-32")}


def say(monkeypatch, answers, channel, message, subject="ALARM", **environment):
    for name, value in {"CHANNEL": channel, "PLATFORM": "shop-prod", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("urllib.request.urlopen", answers)
    text = message if isinstance(message, str) else json.dumps(message)
    event = {"Records": [{"Sns": {"Subject": subject, "Message": text}}]}
    return operation("tell_channel").handler(event, None, answers)


ALARM = {"AlarmName": "shop-late", "AlarmDescription": "rows <are> late", "NewStateValue": "ALARM", "NewStateReason": "1 > 0"}


def test_slack_is_told_by_its_webhook_and_nobody_is_called(monkeypatch):
    answers = Answers()
    assert say(monkeypatch, answers, "slack", ALARM, SECRET="slack") == 1
    ((url, _, body),) = answers.asked
    assert url == "https://hooks.slack.com/services/T/B/x"
    assert body == {"text": "*ALARM: shop-late* (shop-prod)\nrows &lt;are&gt; late\n1 &gt; 0"}


def test_pagerduty_resolves_what_it_triggered(monkeypatch):
    answers = Answers()
    for state in ["ALARM", "OK"]:
        say(monkeypatch, answers, "pagerduty", {**ALARM, "NewStateValue": state, "NewStateReason": "x" * 3000}, SECRET="key")
    bodies = [body for _, _, body in answers.asked]
    assert [body["event_action"] for body in bodies] == ["trigger", "resolve"]
    assert {body["dedup_key"] for body in bodies} == {"shop-prod/shop-late"}
    assert all(body["routing_key"] == "key-of-32" and len(body["payload"]["summary"]) == 1024 for body in bodies)


def test_an_endpoint_gets_a_token_where_there_is_one(monkeypatch):
    answers = Answers()
    say(monkeypatch, answers, "webhook", {"alarm": "a run takes long"}, SECRET="ops/token", URL="https://ops.example.com/a")
    monkeypatch.delenv("SECRET")
    say(monkeypatch, answers, "webhook", "AWS Budgets: 80 percent", subject="Budget", URL="https://ops.example.com/a")
    (first, second) = answers.asked
    assert first[1]["Authorization"] == "Bearer key-of-32" and "Authorization" not in second[1]
    assert first[2] == {"platform": "shop-prod", "title": "a run takes long", "text": "", "over": False}
    assert (second[2]["title"], second[2]["text"]) == ("Budget", "AWS Budgets: 80 percent")


def test_what_a_channel_refuses_fails_and_tells_no_secret(monkeypatch):
    with pytest.raises(urllib.error.HTTPError) as refused:
        say(monkeypatch, Answers(refuses=403), "slack", {"detail-type": "DMS", "source": "aws.dms", "detail": {}}, SECRET="slack")
    assert "services/T/B" not in str(refused.value)
    with pytest.raises(ValueError, match="https") as plain:
        say(monkeypatch, Answers(), "slack", "text", SECRET="plain")
    assert "hooks.slack.com" not in str(plain.value)


class Metadata(BaseHTTPRequestHandler):
    """A server of OpenMetadata as far as the function talks with it: what was put, and who asked."""

    def do_GET(self):
        path, _, query = self.path.removeprefix("/api/v1/").partition("?")
        if path == "users/name/platform":
            return self.answer({"id": "u1", "email": "platform@example.com"})
        asked = parse_qs(query)
        if path != "tables":
            return self.answer({"code": 404}, 404)
        (schema,), after = asked["databaseSchema"], int(asked.get("after", ["0"])[0])
        found = [one for (kind, _), one in self.server.there.items() if kind == "tables" and one["databaseSchema"] == schema]
        more = {"after": str(after + 1)} if after + 1 < len(found) else {}
        return self.answer({"data": found[after:after + 1], "paging": more})

    def do_PUT(self):
        kind = self.path.removeprefix("/api/v1/")
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != "Bearer a-token":
            return self.answer({"message": "who are you"}, 401)
        name = json.dumps(told["edge"], sort_keys=True) if kind == "lineage" else told.get("databaseSchema", "") + "/" + told["name"]
        return self.answer(self.server.there.setdefault((kind, name), {}) | self.keep(kind, name, told))

    def do_DELETE(self):
        name, _, query = self.path.removeprefix("/api/v1/tables/").partition("?")
        assert query == "hardDelete=false"
        (key,) = [key for key, one in self.server.there.items() if one.get("id") == name]
        del self.server.there[key]
        self.answer(None)

    def keep(self, kind, name, told):
        one = self.server.there[kind, name]
        one.update({"id": f"{kind}:{name}", **told})
        return one

    def answer(self, told, status=200):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"" if told is None else json.dumps(told).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def metadata():
    with ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as server:
        server.there = {}
        threading.Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


def test_a_catalog_is_told_all_there_is_and_what_is_gone(aws, tmp_path, metadata, monkeypatch):
    build = pipec.build(EXAMPLES / "self-service-platform", tmp_path / "build")
    file = build / "catalog" / "openmetadata.json"
    bucket, token = aws.bucket("told-catalog"), f"told-{uuid.uuid4()}"
    arn = aws.client("secretsmanager").create_secret(Name=token, SecretString="a-token\n")["ARN"]
    for name, value in {**aws.environment(), "TOKEN": arn, "ENDPOINT": f"http://127.0.0.1:{metadata.server_port}/",
                        "PLATFORM": "platform-dev", "DATABASES": "platform_dev"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    def tell(text):
        aws.client("s3").put_object(Bucket=bucket, Key="catalog/openmetadata.json", Body=text)
        return load(build, "tell_catalog").handler({"bucket": bucket, "key": "catalog/openmetadata.json", "version": "1"}, None)

    first = tell(file.read_text())
    tables = {name.removeprefix("platform-dev.default.platform_dev_"): one
              for (kind, name), one in metadata.there.items() if kind == "tables"}
    assert first == {"tables": len(tables), "gone": 0, "edges": 5}
    assert {"raw/payments", "processed/payments", "processed/payment_rate", "curated/fulfilment", "curated/sessions"} <= set(tables)
    payments = {column["name"]: column for column in tables["raw/payments"]["columns"]}
    assert payments["amount"] == {"name": "amount", "dataType": "DECIMAL", "precision": 14, "scale": 2, "tags": [],
                                  "constraint": "NOT_NULL"}
    assert [tag["tagFQN"] for tag in payments["customer"]["tags"]] == ["platform-dev.pii"]
    buyer = next(column for column in tables["processed/payments"]["columns"] if column["name"] == "buyer")
    assert [tag["tagFQN"] for tag in buyer["tags"]] == ["platform-dev.pseudonymous"]
    assert tables["curated/fulfilment"]["retentionPeriod"] == "P730D"
    assert tables["curated/fulfilment"]["owners"] == [{"id": "u1", "type": "user"}]
    assert ("tags", "/pii") in metadata.there and "800 days" in metadata.there["tags", "/pii"]["description"]
    # A column that was computed from another's says so, through what a transform without a target shows as well.
    edges = [one["edge"] for (kind, _), one in metadata.there.items() if kind == "lineage"]
    raw, processed, curated = (f"platform-dev.default.platform_dev_{zone}" for zone in ("raw", "processed", "curated"))
    pairs = {(pair["toColumn"], one) for edge in edges for pair in edge["lineageDetails"]["columnsLineage"] for one in pair["fromColumns"]}
    assert {(f"{processed}.payments.buyer", f"{raw}.payments.customer"),
            (f"{curated}.fulfilment.carrier", f"{raw}.shipments.carrier"),
            (f"{curated}.fulfilment.amount", f"{processed}.payments.amount")} <= pairs
    # What is told of no more is gone, and nothing else.
    less = json.loads(file.read_text())
    for zone in less["zones"]:
        zone["tables"] = [table for table in zone["tables"] if table["name"] != "sessions"]
    assert tell(json.dumps(less))["gone"] == 1
    assert not any(name.endswith("curated/sessions") for kind, name in metadata.there if kind == "tables")
    # Who is not let in says so, with what the server said.
    aws.client("secretsmanager").put_secret_value(SecretId=arn, SecretString="another")
    with pytest.raises(RuntimeError, match="PUT services/databaseServices: 401 .*who are you"):
        tell(file.read_text())
