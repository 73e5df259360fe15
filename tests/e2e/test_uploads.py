"""What gives senders links: the function on what terraform tells it, and its links on moto's S3, by which objects are put."""

import base64
import hashlib
import http.client
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from support import pipec
from support.archives import put_missing
from support.aws import CREDENTIALS
from support.paths import ROOT
from support.rules import values
from support.terraform import Terraform
from test_ops import load

PLATFORM = ROOT / "tests" / "e2e" / "platforms" / "api"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PHOTO = {"photo_id": "00000000-0000-0000-0000-000000000001", "taken_at": "2026-01-01T00:00:00Z", "seller": "s", "side": "back",
         "price": 1.10, "tags": ["a", "ü"]}  # fmt: skip


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The build, and what its function is told."""
    folder = pipec.build(PLATFORM, tmp_path_factory.mktemp("uploads") / "build")
    put_missing(folder)
    with Terraform(folder / "terraform") as terraform:
        planned = {"values": terraform.init().plan()["planned_values"]}
        return folder, json.loads(values(planned, "aws_s3_object")["uploads"]["content"])


class Uploads:
    """The function, with a bucket of moto where the lake would be."""

    def __init__(self, built, aws, monkeypatch, name):
        folder, known = built
        self.s3, self.bucket = aws.client("s3"), aws.bucket(name)
        for source in known.values():
            source["bucket"] = self.bucket
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        put = self.s3.put_object(Bucket=self.bucket, Key="ops/uploads.json", Body=json.dumps(known))
        for variable, value in {**CREDENTIALS, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": aws.url,
                                "CONFIGURATION_BUCKET": self.bucket, "CONFIGURATION_KEY": "ops/uploads.json",
                                "CONFIGURATION_VERSION": put["VersionId"]}.items():  # fmt: skip
            monkeypatch.setenv(variable, value)
        self.function = load(folder, "uploads")

    def ask(self, body, source="photos", encoded=False):
        text = body if isinstance(body, str) else json.dumps(body)
        text = base64.b64encode(text.encode()).decode() if encoded else text
        event = {"version": "2.0", "stageVariables": {"source": source}, "body": text, "isBase64Encoded": encoded}
        answer = self.function.handler(event, None)
        assert answer["headers"]["cache-control"] == "no-store"
        return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def uploads(built, aws, monkeypatch, request):
    return Uploads(built, aws, monkeypatch, "up-" + request.node.name.replace("_", "-")[5:45].strip("-"))


def announced(body=PNG, media="image/png", **more):
    return {"content": {"type": media, "size": len(body), "checksum": hashlib.sha256(body).hexdigest()}, **PHOTO, **more}


def put(link, body):
    """What a sender does with a link: exactly what it says."""
    url = urlsplit(link["url"])
    connection = http.client.HTTPConnection(url.netloc)
    connection.request(link["method"], f"{url.path}?{url.query}", body=body, headers=link["headers"])
    return connection.getresponse().status


def test_what_was_announced_is_put_with_its_fields_and_nothing_else_is_signed(uploads):
    status, link = uploads.ask(announced(undeclared="x"))
    assert status == 201 and put(link, PNG) == 200
    signed = set(parse_qs(urlsplit(link["url"]).query)["X-Amz-SignedHeaders"][0].split(";"))
    assert signed == {"host", *link["headers"]}, "S3 takes what is signed, and nothing instead of it"
    assert {"content-length", "content-type", "if-none-match", "x-amz-checksum-sha256"} < signed
    assert parse_qs(urlsplit(link["url"]).query)["X-Amz-Expires"] == ["300"]
    (key,) = [found for found in keys(uploads) if found.startswith("photos/")]
    assert key.split("/")[1].startswith("arrived_on=20")
    found = uploads.s3.get_object(Bucket=uploads.bucket, Key=key)
    assert found["Body"].read() == PNG and found["ContentType"] == "image/png"
    beside = {"photo_id": PHOTO["photo_id"], "taken_at": PHOTO["taken_at"], "seller": "s", "side": "back", "price": "1.1",
              "tags": '["a","\\u00fc"]'}  # fmt: skip
    assert found["Metadata"] == beside


def keys(uploads):
    return [entry["Key"] for entry in uploads.s3.list_objects_v2(Bucket=uploads.bucket).get("Contents", [])]


def test_a_link_is_for_one_object_and_each_request_gets_another(uploads):
    links = [uploads.ask(announced(), encoded=encoded)[1] for encoded in (False, True)]
    assert len({urlsplit(link["url"]).path for link in links}) == 2
    assert [put(links[0], PNG) for _ in range(2)] == [200, 412], "a link that was used puts nothing in its object's place"


@pytest.mark.parametrize(("said", "errors"), [
    ({"photo_id": None}, ["`photo_id` is missing"]),
    ({"photo_id": "1", "taken_at": "yesterday", "seller": 7}, [
        "`photo_id` is not a UUID", "`taken_at` is not an instant, as 2026-01-31T12:00:00Z, or milliseconds since 1970",
        "`seller` is not a text"]),
    ({"side": "top"}, ["`side` is none of front, back"]),
    ({"price": "1e3"}, ["`price` is not a decimal number"]),
    ({"tags": {"a": 1}}, ["`tags` is not a list"]),
    ({"seller": "x" * 2048}, ["the fields together have 2160 bytes, and S3 keeps 2048 beside an object"]),
    ({"content": "x"}, ["`content` does not say the `type`, `size` and `checksum` of what comes"]),
    ({"content": {"type": "text/html", "size": 1, "checksum": "AB"}}, [
        "`content.type` is none of image/jpeg, image/png",
        "`content.checksum` is not the SHA-256 of the bytes in lower-case hex"]),
    ({"content": {"type": "image/png\r\nx: y", "size": 0, "checksum": "0" * 64}}, [
        "`content.type` is not a media type, as image/png", "`content.size` is not a number of bytes from 1 to 5242880"]),
    ({"content": {"type": "image/png", "size": 5 * 1024 * 1024 + 1, "checksum": "0" * 64}}, [
        "`content.size` is not a number of bytes from 1 to 5242880"]),
])  # fmt: skip
def test_what_the_schema_does_not_take_is_said_at_once(uploads, said, errors):
    assert uploads.ask(announced() | said) == (400, {"message": "not what the schema says", "errors": errors})


@pytest.mark.parametrize("body", ["", "[]", "{", "[" * 60_000, '"x"', "{" + " " * 70_000 + "}"])
def test_what_is_no_object_of_json_is_turned_away(uploads, body):
    assert uploads.ask(body) == (400, {"message": "not an object of JSON", "errors": []})


def test_numbers_stay_what_they_are_and_any_type_may_come_where_none_is_named(uploads):
    body = announced(media="application/x-anything", paper_id=1)
    text = json.dumps(body | {"at": 0}).replace('"paper_id": 1,', '"paper_id": 9007199254740993,').replace(
        '"at": 0', '"at": 1767225600000')
    status, link = uploads.ask(text, source="papers")
    assert status == 201 and put(link, PNG) == 200
    (key,) = [found for found in keys(uploads) if found.startswith("papers/")]
    found = uploads.s3.head_object(Bucket=uploads.bucket, Key=key)["Metadata"]
    assert found["paper_id"] == "9007199254740993" and found["at"] == "1767225600000"
