"""Scripts that functions give rows to: `examples/image-lake`, packaged and run on its samples, the pictures of its cameras by a
topic of a real broker. What comes out is held against the embedded engine."""

import base64
import hashlib
import json
import shutil
import subprocess
import time
import uuid
import zipfile
from pathlib import Path

import duckdb
import pytest
from support import pipec
from support.esm import Settings
from support.gateway import Gateway
from support.kafka import TopicMapping
from support.lambda_api import Function
from support.paths import EXAMPLES
from support.shop import CARGO

SAMPLES = EXAMPLES / "image-lake" / "samples"
SETTINGS = Settings(batch_size=10, bisect=True, maximum_retry_attempts=1, report_item_failures=True)


@pytest.fixture(scope="session")
def image_lake(tmp_path_factory):
    """A folder for each function, as Lambda unpacks its archive."""
    folder = tmp_path_factory.mktemp("image-lake")
    build = pipec.build(EXAMPLES / "image-lake", folder / "build")
    pipec.pipec("package", build, env=CARGO, timeout=3000).ok()
    for name in ["cameras", "uploads"]:
        with zipfile.ZipFile(build / "lambda" / "dist" / f"{name}.zip") as archive:
            archive.extractall(folder / name)
        (folder / name / "bootstrap").chmod(0o755)
    return folder


@pytest.fixture
def lake(aws):
    """A bucket for landing and lake together, and what of AWS the functions find."""
    name = aws.bucket(f"image-lake-{uuid.uuid4().hex[:12]}")
    with Gateway(aws) as gateway:
        yield name, gateway


def start(folder: Path, source: str, bucket: str, gateway: Gateway, **more: str) -> Function:
    return Function([folder / source / "bootstrap"], timeout=120, env={
        **gateway.environment(), "LAMBDA_TASK_ROOT": str(folder / source), "OBJECTS": f"s3://{bucket}/cameras/",
        "OBJECTS_PROCESS_IMAGES": f"s3://{bucket}/_objects/images/", "DELIVERY_STREAM_PROCESS_IMAGES": "images",
        "QUARANTINE_STREAM_PROCESS_IMAGES": "turned-away", **more})  # fmt: skip


def sampled(name: str) -> list[tuple[dict, bytes | None, str]]:
    """What senders say, each with its picture, nothing where it was lost, and its arrival. Those that are no rows are left out."""
    out = []
    for line in (SAMPLES / f"{name}.jsonl").read_text().splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        picture = SAMPLES / said.pop("content")
        arrived = said.pop("_arrived", said["taken_at"])
        out.append((said, picture.read_bytes() if picture.exists() else None, arrived))
    return out


def header(text: str) -> str:
    """A text beside an object: what is not ASCII as S3 gives it back."""
    return text if text.isascii() else f"=?UTF-8?B?{base64.b64encode(text.encode()).decode()}?="


def rows(gateway: Gateway, stream: str) -> list[dict]:
    return [json.loads(line) for line in gateway.records[stream]]


def told(row: dict) -> tuple:
    """What a row says that is the same wherever its objects lie."""
    return (row["image_id"], row["camera"], row["width"], row["height"], tuple(row["labels"]),
            row["content"]["checksum"], row["thumbnail"]["checksum"])  # fmt: skip


@pytest.fixture(scope="session")
def embedded(tmp_path_factory):
    """The rows of the embedded engine, by what they say."""
    project = tmp_path_factory.mktemp("embedded") / "image-lake"
    shutil.copytree(EXAMPLES / "image-lake", project)
    pipec.pipec("run", "--at", "2026-03-04T00:00:00Z", cwd=project).ok()
    found = duckdb.sql(f"SELECT to_json(r) FROM read_parquet('{project}/run/lake/images/**/*.parquet') r").fetchall()
    return {told(json.loads(row)) for (row,) in found}


def test_functions_with_scripts_are_laid_out_and_carry_them(image_lake):
    files = [path for name in ["cameras", "uploads"] for path in (image_lake / "build" / "lambda" / name / "src").rglob("*.rs")]
    assert {"answers/process_images.rs", "transforms/process_images_answers.rs"} <= {"/".join(path.parts[-2:]) for path in files}
    subprocess.run(["rustfmt", "--edition", "2024", "--check", *map(str, files)], check=True)
    script = EXAMPLES / "image-lake" / "scripts" / "process.py"
    assert (image_lake / "cameras" / "programs" / "process_images" / "process.py").read_bytes() == script.read_bytes()
    # The function that makes topics has its client with it, as pip fetched it by its hash.
    with zipfile.ZipFile(image_lake / "build" / "lambda" / "dist" / "ops-make-topics.zip") as archive:
        assert {"make_topics.py", "kafka/__init__.py"} <= set(archive.namelist())
        assert not [name for name in archive.namelist() if name.startswith("bin/") or name.endswith("RECORD")]


def test_pictures_of_a_topic_are_looked_at(image_lake, lake, aws, broker, embedded):
    bucket, gateway = lake
    topic = f"images-{uuid.uuid4().hex[:8]}"
    broker.make(topic, partitions=2, max_message_bytes="4194304")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sent = [({**said, "taken_at": now}, picture) for said, picture, _ in sampled("cameras") if picture is not None]
    broker.send(topic, [(picture, said) for said, picture in sent])
    with start(image_lake, "cameras", bucket, gateway) as function:
        summary = TopicMapping(broker, topic, "lake", function, SETTINGS).poll()
    assert (summary.errors, summary.discarded, len(summary.delivered)) == ([], [], len(sent))
    found = rows(gateway, "images")
    names = {said["image_id"] for said, _ in sent}
    assert found and {told(row) for row in found} == {row for row in embedded if row[0] in names}
    s3 = aws.client("s3")
    for row in found:
        for place in row["content"], row["thumbnail"]:
            assert place["bucket"] == bucket and place["key"].startswith("_objects/images/arrived_on=")
            body = s3.get_object(Bucket=bucket, Key=place["key"])["Body"].read()
            assert (hashlib.sha256(body).hexdigest(), len(body)) == (place["checksum"], place["size"])


def test_pictures_that_are_uploaded_are_looked_at(image_lake, lake, aws, embedded):
    bucket, gateway = lake
    s3, messages = aws.client("s3"), []
    for number, (said, picture, arrived) in enumerate(sampled("uploads")):
        key = f"uploads/arrived_on=2026-03-01/{number}"
        if picture is not None:
            s3.put_object(Bucket=bucket, Key=key, Body=picture, Metadata={name: header(text) for name, text in said.items()})
        messages.append({"messageId": f"m{number}", "eventSource": "aws:sqs", "body": json.dumps({
            "detail-type": "Object Created", "time": arrived,
            "detail": {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": f"{number:02}"}}})})  # fmt: skip
    lost = [f"m{number}" for number, (_, picture, _) in enumerate(sampled("uploads")) if picture is None]
    with start(image_lake, "uploads", bucket, gateway) as function:
        answers = [function.invoke({"Records": [message]}).ok()["batchItemFailures"] for message in messages]
    # One that is not there comes again; a queue brings them one by one.
    assert [failure["itemIdentifier"] for answer in answers for failure in answer] == lost != []
    names = {said["image_id"] for said, *_ in sampled("uploads")}
    assert {told(row) for row in rows(gateway, "images")} == {row for row in embedded if row[0] in names}
    assert sorted({row["reason"] for row in rows(gateway, "turned-away")}) == [
        "content is application/octet-stream", "expect has_size: width > 0 and height > 0", "late: more than 1 day behind arrival"]


def other(image_lake: Path, tmp_path: Path, script: str) -> Path:
    """The functions with another script in the place of the project's."""
    shutil.copytree(image_lake / "cameras", tmp_path / "cameras")
    (tmp_path / "cameras" / "programs" / "process_images" / "process.py").write_text(script)
    return tmp_path


READ = """
import json, os, sys
for line in sys.stdin:
    image = json.loads(line)
    data = open(image["content"]["path"], "rb").read()
    answer = {name: image[name] for name in ("image_id", "taken_at", "camera", "content")}
    answer |= {"width": 1, "height": 1, "labels": [], "thumbnail": image["content"]}
"""


def pictures(broker, count: int) -> tuple[str, list[str]]:
    """A topic of pictures, and their names."""
    topic, names = f"images-{uuid.uuid4().hex[:8]}", [str(uuid.uuid4()) for _ in range(count)]
    broker.make(topic)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    broker.send(topic, [(b"\x89PNG\r\n\x1a\n" + bytes([number]), {"image_id": name, "taken_at": now, "camera": f"c{number}"})
                        for number, name in enumerate(names)])  # fmt: skip
    return topic, names


def test_a_picture_that_a_script_fails_on_ends_up_alone(image_lake, lake, broker, tmp_path):
    bucket, gateway = lake
    folder = other(image_lake, tmp_path, READ + "    if data[8] == 5: sys.exit('cannot look at it')\n    print(json.dumps(answer))\n")
    topic, names = pictures(broker, 8)
    with start(folder, "cameras", bucket, gateway) as function:
        summary = TopicMapping(broker, topic, "lake", function, SETTINGS).poll()
        assert "cannot look at it" in function.logs()
    assert summary.discarded == [(0, 5)] and len(summary.delivered) == 7
    assert {error["errorMessage"] for error in summary.errors} == {"the program `process.py` ended with 1"}
    assert sorted(row["image_id"] for row in rows(gateway, "images")) == sorted(set(names) - {names[5]})


@pytest.mark.parametrize(("answer", "reason"), [
    ("print('no row')", "answered what is no row of what it returns: not JSON"),
    ("answer.pop('width'); print(json.dumps(answer))", "answered what is no row of what it returns: width is missing"),
    ("answer['thumbnail'] = {'path': 'nowhere.png'}; print(json.dumps(answer))", "`thumbnail` is no file"),
    ("answer['thumbnail'] = {'path': '/etc/hostname'}; print(json.dumps(answer))",
     "`thumbnail` is a file outside of the program's folder"),
])  # fmt: skip
def test_an_answer_that_is_no_row_fails_its_batch(image_lake, lake, broker, tmp_path, answer, reason):
    bucket, gateway = lake
    folder = other(image_lake, tmp_path, f"{READ}    {answer}\n")
    topic, _ = pictures(broker, 1)
    with start(folder, "cameras", bucket, gateway) as function:
        summary = TopicMapping(broker, topic, "lake", function, SETTINGS).poll()
    assert summary.discarded == [(0, 0)] and gateway.records == {}
    assert all(reason in error["errorMessage"] for error in summary.errors) and len(summary.errors) == 2


def test_a_script_sees_no_credentials_and_an_empty_folder(image_lake, lake, broker, tmp_path):
    bucket, gateway = lake
    seen = "    answer['labels'] = sorted(os.environ) + os.listdir('.')\n    print(json.dumps(answer))\n"
    folder = other(image_lake, tmp_path, READ + seen)
    topic, _ = pictures(broker, 1)
    with start(folder, "cameras", bucket, gateway) as function:
        assert TopicMapping(broker, topic, "lake", function, SETTINGS).poll().errors == []
    (row,) = rows(gateway, "images")
    # The machine's own Python may set some of its own.
    assert {"HOME", "PATH", "PYTHONPATH"} <= set(row["labels"])
    assert [name for name in row["labels"] if "AWS" in name or "STREAM" in name or "OBJECTS" in name or "." in name] == []
