"""Persons are taken out of real files and tables: all of their rows, and nothing else.

What a file is to have is known from what was put there: every row says whose it is. A person's name is looked for in all
that the job leaves, says and writes down.
"""

import gzip
import hashlib
import hmac
import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
KEY = b"a key of tests"
ANN, BEN, CY = "ann@example.com", 'Ben "the; reader"', "cy"
DAYS = [date(2026, 1, 1), date(2026, 1, 2)]
PLACES = ["raw_loans", "raw_readers", "processed_lent", "processed_borrowed", "processed_lines", "curated_newest", "curated_lengths"]
RUN_AT = "2026-01-20T08:00:00Z"


def pseudonym(name: str) -> str:
    return hmac.new(KEY, name.encode(), hashlib.sha256).hexdigest()


def loans() -> list[dict]:
    """Twelve loans: of each day two of each reader."""
    out = []
    for number in range(12):
        day = DAYS[number // 6]
        at = datetime(day.year, day.month, day.day, number, tzinfo=UTC)
        reader = (ANN, BEN, CY)[number % 3]
        out.append({"loan_id": f"00000000-0000-0000-0000-{number:012}", "reader": reader, "at": at, "book": f"b{number}",
                    "days": number or None, "day": day})
    return out


class Library:
    """The lake of one library, and the job that takes persons out of it."""

    def __init__(self, root: Path, job: Path, spark_home):
        self.root, self.job, self.spark = root, job, spark_home
        self.places = {name: str(root / "lake" / name) for name in PLACES}
        (root / "key").write_bytes(KEY)

    def folder(self, name: str) -> Path:
        return Path(self.places[name])

    def ask(self, name: str, **asked):
        folder = self.root / "erasure" / "requests"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(asked))

    def arguments(self, name: str, number: str = "first") -> list[str]:
        out = ["--JOB_NAME", "erase-persons", "--request", name, "--pass", number, "--run_at", RUN_AT]
        for place, folder in self.places.items():
            out += [f"--{place}", folder]
        out += ["--erasure", str(self.root / "erasure"), "--state", str(self.root / "state" / "erase_persons")]
        out += ["--states", str(self.root / "state")]
        return [*out, "--quarantine", str(self.root / "quarantine"), "--pseudonym_key_file", str(self.root / "key")]

    def erase(self, name: str, number: str = "first") -> dict[str, int]:
        """Carries a request out: rows by place."""
        self.spark.run_job(self.job, self.arguments(name, number))
        report = json.loads((self.root / "erasure" / "reports" / f"{name}-{number}.json").read_text())
        assert report["request"] == name
        return {place["place"]: place["rows"] for place in report["places"] if "rows" in place}

    def fill(self):
        """Puts the loans where they are kept, in all forms."""
        all_loans = loans()
        for day in DAYS:
            rows = [row for row in all_loans if row["day"] == day]
            self.lines(day, "a", [self.record(row) for row in rows])
            columns = {name: [row[name] for row in rows] for name in rows[0] if name != "day"}
            self.parquet("processed_lent", day, columns)
            columns["who"] = [pseudonym(name) for name in columns.pop("reader")]
            self.parquet("processed_borrowed", day, columns)
            self.texts("processed_lines", f"day={day}", "a.json.gz", [
                json.dumps({**row, "at": f"{row['at']:%Y-%m-%d %H:%M:%S}.000000", "day": None}) for row in rows])
        # A file of nobody else, and one without the person.
        self.lines(DAYS[0], "only", [self.record(all_loans[0])])
        self.lines(DAYS[0], "others", [self.record(all_loans[1]), "no json at all", ""])
        text = f'card;name;wish\n1;{ANN};"two\nlines"\n2;"Ben ""the; reader""";\n3;cy;""\n4;name;"a ""quoted"" wish"\n5;broken\n'
        self.texts("raw_readers", f"arrived_on={DAYS[1]}", "readers.csv", text.removesuffix("\n").split("\n"))
        with self.spark.own_settings(), self.spark.module(self.job) as job:
            lake, session = sys.modules["pipec_lake"], self.spark.session
            for place, dataset, names in [("curated_newest", job.CURATED_NEWEST, {}), ("curated_lengths", job.CURATED_LENGTHS, {
                    "loan": "loan_id"})]:
                rows = [[row[names.get(name, name)] for name in dataset.schema.names] for row in all_loans]
                lake.save(session.createDataFrame(rows, dataset.schema), dataset, self.places[place])

    @staticmethod
    def record(row: dict) -> str:
        """As a producer might write it: spaces, an order of its own, more than the schema asks for."""
        text = json.dumps(row["reader"]) if row["reader"] != CY else '"c\\u0079"'
        return f'{{ "more": {{"x": [1, 2]}}, "reader" : {text},"loan_id":"{row["loan_id"]}", "at": "{row["at"]:%Y-%m-%dT%H:%M:%SZ}", "book": "ü" }}'

    def lines(self, day: date, name: str, lines: list[str]):
        self.texts("raw_loans", f"arrived_on={day}", f"{name}.gz", lines)

    def texts(self, place: str, partition: str, name: str, lines: list[str]):
        folder = self.folder(place) / partition
        folder.mkdir(parents=True, exist_ok=True)
        data = "".join(f"{line}\n" for line in lines).encode()
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)

    def parquet(self, place: str, day: date, columns: dict):
        folder = self.folder(place) / f"day={day}"
        folder.mkdir(parents=True, exist_ok=True)
        # One column more than the dataset has: a file is older than its schema, or younger.
        columns = {**columns, "gone_since": [None] * len(columns["at"])}
        pq.write_table(pa.table(columns), folder / f"part {day} %41.parquet")

    def files(self) -> dict[str, bytes]:
        """All files with rows, but those of tables."""
        out = {}
        for place in PLACES[:5]:
            for path in sorted(self.folder(place).rglob("*")):
                if path.is_file() and not path.name.startswith((".", "_")):
                    data = path.read_bytes()
                    out[str(path.relative_to(self.root / "lake"))] = gzip.decompress(data) if path.suffix == ".gz" else data
        return out

    def table(self, place: str) -> list[tuple]:
        with self.spark.own_settings(), self.spark.module(self.job) as job:
            dataset = getattr(job, place.upper())
            return sorted(map(tuple, sys.modules["pipec_lake"].load(self.spark.session, dataset, self.places[place]).collect()))

    def kept(self, *names: str) -> list[dict]:
        return [row for row in loans() if row["reader"] not in names]

    def check(self, *names: str):
        """Everywhere are the loans of the others, in their order, and of nobody else."""
        files = self.files()
        for day in DAYS:
            rows = [row for row in self.kept(*names) if row["day"] == day]
            assert files[f"raw_loans/arrived_on={day}/a.gz"].decode().splitlines() == [self.record(row) for row in rows]
            found = pq.ParquetFile(self.folder("processed_lent") / f"day={day}" / f"part {day} %41.parquet").read()
            assert "gone_since" in found.column_names
            assert found.column("book").to_pylist() == [row["book"] for row in rows]
            assert [at.replace(tzinfo=UTC) for at in found.column("at").to_pylist()] == [row["at"] for row in rows]
            found = pq.ParquetFile(self.folder("processed_borrowed") / f"day={day}" / f"part {day} %41.parquet").read()
            assert found.column("who").to_pylist() == [pseudonym(row["reader"]) for row in rows]
            found = [json.loads(line) for line in files[f"processed_lines/day={day}/a.json.gz"].splitlines()]
            assert [row["book"] for row in found] == [row["book"] for row in rows]
        ids = [row["loan_id"] for row in self.kept(*names)]
        assert [row[0] for row in self.table("curated_newest")] == ids
        assert [row[0] for row in self.table("curated_lengths")] == ids


@pytest.fixture
def library(tmp_path, library_build, spark_home):
    return Library(tmp_path, library_build / "glue" / "erase_persons.py", spark_home)


def test_a_person_is_gone_and_all_others_are_as_they_were(library, capsys):
    library.fill()
    before = library.files()
    library.ask("gdpr-1", subject="loans.reader", values=[ANN])
    rows = library.erase("gdpr-1")
    assert rows == {"raw.loans": 5, "processed.lent": 4, "processed.borrowed": 4, "processed.lines": 4, "curated.newest": 4,
                    "curated.lengths": 4}
    library.check(ANN)
    after = library.files()
    # A file that had nothing else is gone, and one that had nothing of it was not touched.
    assert before.keys() - after.keys() == {f"raw_loans/arrived_on={DAYS[0]}/only.gz"}
    assert after.keys() <= before.keys()
    untouched = [f"raw_loans/arrived_on={DAYS[0]}/others.gz", f"raw_readers/arrived_on={DAYS[1]}/readers.csv"]
    assert [before[name] for name in untouched] == [after[name] for name in untouched]
    # A row arrives that was on its way, and its copies: keys of rows that are gone lead to it.
    late = [row for row in loans() if row["reader"] == ANN][0]
    library.lines(DAYS[1], "late", [library.record(late)])
    with library.spark.own_settings(), library.spark.module(library.job) as job:
        lake, session = sys.modules["pipec_lake"], library.spark.session
        dataset = job.CURATED_LENGTHS
        rows = [[late["loan_id"], late["day"], late["days"]]]
        lake.Table(session, dataset, library.places["curated_lengths"]).append(session.createDataFrame(rows, dataset.schema), "late")
    # The first pass once more, as after a failure, and the second.
    assert sum(library.erase("gdpr-1").values()) == 2
    assert sum(library.erase("gdpr-1", "second").values()) == 0
    library.check(ANN)
    left = sorted(str(path.relative_to(library.root)) for path in (library.root / "erasure").rglob("*.json"))
    assert [name for name in left if "/ages/" not in name] == ["erasure/reports/gdpr-1-first.json", "erasure/reports/gdpr-1-second.json"]
    assert not (library.root / "erasure" / "work" / "gdpr-1").exists()
    # Nothing names the person, or says which rows were hers.
    said = capsys.readouterr()
    told = said.out + said.err + "".join((library.root / name).read_text() for name in left)
    assert not [word for word in (ANN, pseudonym(ANN), late["loan_id"]) if word in told]
    assert [json.loads(line)["rows"] for line in said.out.splitlines() if '"done"' in line] == [25, 2, 0]
    with pytest.raises(SystemExit, match="there is no request gdpr-1.json, or it is done"):
        library.erase("gdpr-1")


def test_values_between_separators_stay_what_they_are(library):
    library.fill()
    name = f"raw_readers/arrived_on={DAYS[1]}/readers.csv"
    before = library.files()
    # The first line is no row, whoever is called so; the others are what they were.
    library.ask("r", subject="readers.name", values=["name", BEN])
    assert library.erase("r") == {"raw.readers": 2}
    after = library.files()
    assert after[name].decode() == f'card;name;wish\n1;{ANN};"two\nlines"\n3;cy;""\n5;broken\n'
    assert {key: value for key, value in after.items() if key != name} == {key: value for key, value in before.items() if key != name}
    library.ask("again", subject="readers.name", values=[ANN, CY, "broken"])
    assert library.erase("again") == {"raw.readers": 3}
    # What names a snapshot's files names it still.
    assert library.files()[name].decode() == "card;name;wish\n"


def test_a_report_says_what_was_done_and_what_is_rewritten_leaves_in_time(library):
    library.fill()
    library.ask("r", subject="loans.reader", values=[ANN])
    library.erase("r")
    entries = [json.loads(path.read_text()) for path in (library.root / "erasure" / "ages").glob("*.json")]
    today = datetime.now(UTC).date()
    due = {entry["file"].rpartition("lake/")[2]: (date.fromisoformat(entry["due"]) - today).days for entry in entries}
    # What a job replaces day by day has no age of its own.
    lent = {f"processed_lent/day={day}/part {day} %41.parquet": 91 for day in DAYS}
    raw = {f"raw_loans/arrived_on={day}/a.gz": 61 for day in DAYS} | {f"raw_loans/arrived_on={DAYS[0]}/only.gz": 61}
    assert due == lent | raw
    report = json.loads((library.root / "erasure" / "reports" / "r-first.json").read_text())
    assert (report["persons"], report["pass"], report["subject"]) == (1, "first", "loans.reader")
    by_place = {place["place"]: place for place in report["places"]}
    assert by_place["raw.loans"] == {"place": "raw.loans", "how": "deleted", "rows": 5, "files": 3, "gone_by": "2026-01-23T08:00:00+00:00"}
    assert by_place["quarantine of lent"] == {
        "place": "quarantine of lent", "how": "goes by itself", "gone_by": "2026-02-06T08:00:00+00:00",
        "because": "what is turned away may be unreadable, so nothing finds a person in it"}
    # Rewritten once more, a file is as old as it was at first.
    for path in (library.root / "erasure" / "ages").glob("*.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"due": "2026-02-01"}))
    library.ask("other", subject="loans.reader", values=[BEN, BEN])
    library.erase("other")
    library.check(ANN, BEN)
    entries = [json.loads(path.read_text()) for path in (library.root / "erasure" / "ages").glob("*.json")]
    assert {entry["due"] for entry in entries if "only" not in entry["file"] and "others" not in entry["file"]} == {"2026-02-01"}


def test_a_run_that_ends_between_two_files_is_repeated(library):
    library.fill()
    library.ask("r", subject="loans.reader", values=[ANN])
    with library.spark.own_settings(), library.spark.module(library.job) as job:
        folder = sys.modules["pipec_lake"].Folder
        put, count = folder.replace, 0

        def broken(self, name, by):
            nonlocal count
            count += 1
            if count > 2:
                raise OSError("the machine is gone")
            put(self, name, by)

        folder.replace = broken
        with pytest.raises(OSError, match="the machine is gone"):
            job.main([str(library.job), *library.arguments("r")])
    library.erase("r")
    library.check(ANN)
    assert sum(library.erase("r", "second").values()) == 0
    assert not [path for path in library.root.rglob("_rewritten")]


def test_a_pass_and_a_job_that_replaces_files_wait_for_one_another(library, library_build, monkeypatch):
    library.fill()
    library.ask("r", subject="loans.reader", values=[ANN])
    state = library.root / "state" / "borrowed"
    state.mkdir(parents=True)
    # One that runs is waited for, and one that was killed is not: it may run for an hour.
    now = datetime.now(UTC)
    (state / "borrowed.running.json").write_text(json.dumps({"since": now.isoformat()}))
    waited = []
    with library.spark.own_settings(), library.spark.module(library.job) as job:
        def ends(seconds):
            waited.append(json.loads((state / "borrowed.held.json").read_text())["until"])
            if len(waited) == 2:
                (state / "borrowed.running.json").unlink()

        monkeypatch.setattr(sys.modules["pipec_erasure"], "time", SimpleNamespace(sleep=ends))
        job.main([str(library.job), *library.arguments("r")])
    assert len(waited) == 2 and datetime.fromisoformat(waited[0]) - now < timedelta(minutes=121)
    assert not (state / "borrowed.held.json").exists()
    (state / "borrowed.running.json").write_text(json.dumps({"since": (now - timedelta(minutes=61)).isoformat()}))
    library.erase("r", "second")
    # A run of the job waits while it is held up, and then reads what is left.
    (state / "borrowed.held.json").write_text(json.dumps({"until": (datetime.now(UTC) + timedelta(minutes=1)).isoformat()}))
    places = ["--processed_lent", library.places["processed_lent"], "--processed_borrowed", library.places["processed_borrowed"]]
    places += ["--state", str(state), "--quarantine", str(library.root / "quarantine"), "--pseudonym_key_file", str(library.root / "key")]
    with library.spark.own_settings(), library.spark.module(library_build / "glue" / "borrowed.py") as job:
        slept = SimpleNamespace(sleep=lambda _: (state / "borrowed.held.json").unlink())
        monkeypatch.setattr(sys.modules["pipec_runtime"], "time", slept)
        job.main(["borrowed", *places, "--run_at", "2026-01-03T02:00:00Z"])
    assert not (state / "borrowed.running.json").exists() and not (state / "borrowed.held.json").exists()
    found = pq.ParquetDataset(library.folder("processed_borrowed")).read().column("who").to_pylist()
    assert sorted(found) == sorted(pseudonym(row["reader"]) for row in library.kept(ANN))


@pytest.mark.parametrize(("name", "asked", "message"), [
    ("no-such", None, "there is no request no-such.json, or it is done"),
    ("../r", None, "a request's name is of letters, digits and hyphens"),
    ("r", {"subject": "loans.book", "values": ["x"]}, "r.json asks for no subject there is: loans.reader, readers.name"),
    ("r", {"subject": "loans.reader", "values": [""]}, "the values of r.json are not a list of texts"),
    ("r", {"subject": "loans.reader", "values": ANN}, "the values of r.json are not a list of texts"),
    ("r", {"subject": "loans.reader"}, "r.json has no subject and values"),
    ("r", ["loans.reader"], "r.json has no subject and values"),
])
def test_a_request_that_is_none_changes_nothing(library, name, asked, message):
    folder = library.root / "erasure" / "requests"
    folder.mkdir(parents=True)
    if asked is not None:
        (folder / "r.json").write_text(json.dumps(asked))
    with pytest.raises(SystemExit) as ended:
        library.erase(name)
    assert str(ended.value) == message
    assert ANN not in str(ended.value)


def test_objects_are_replaced_whole(library, aws):
    bucket = aws.bucket("readers")
    key = f"readers/arrived_on={DAYS[1]}/readers é.csv"
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=f"card;name\n1;{ANN}\n2;{CY}\n".encode())
    library.places["raw_readers"] = f"s3://{bucket}/readers/"
    library.ask("r", subject="readers.name", values=[ANN])
    assert library.erase("r") == {"raw.readers": 1}
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == f"card;name\n2;{CY}\n".encode()
    listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert [name for name in listed if not name.endswith("/")] == [key]
    [entry] = [json.loads(path.read_text()) for path in (library.root / "erasure" / "ages").glob("*.json")]
    assert entry["file"] == f"s3://{bucket}/{key}"
