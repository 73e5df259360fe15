"""Firehose's record-format conversion, played with the very SerDe that it uses: Hive's `JsonSerDe`, then Parquet.

    for name, delivery in deliveries(tf.state()).items():    # every delivery stream of a build
        delivery.play(aws, spark, gateway.records[name])     # Parquet below the prefix, failures below the other

    good, bad = convert(spark, "s3://lake/arrived/", [("day", "date"), ("amount", "decimal(12,2)")])
    good.write.parquet("s3://lake/processed/clicks/")

A record that the SerDe cannot read does not stop the delivery: it goes, with the reason, to the error prefix. That is
the second data frame. `test_support_firehose.py` says what the SerDe accepts, which is not what one would guess.
"""

import base64
import gzip
import json
import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .aws import Moto
from .terraform import resources

Columns = Sequence[tuple[str, str]]  # names and Hive types, as in the Glue catalog's table
FUNCTION = "pipec_hive_json"


def read(frame, columns: Columns):
    """A data frame with a column `value` of JSON text, with `row` (a struct) and `error` (text) beside it."""
    spark = frame.sparkSession
    struct = ", ".join(f"`{name}`: {kind}" for name, kind in columns)
    spark.udf.registerJavaFunction(FUNCTION, "pipec.support.HiveJson", f"struct<row: struct<{struct}>, error: string>")
    names = ",".join(name for name, _ in columns)
    kinds = ":".join(kind for _, kind in columns)
    return frame.selectExpr("value", f"{FUNCTION}(value, '{names}', '{kinds}') as it").selectExpr(
        "value", "it.row as row", "it.error as error"
    )


def convert(spark, path, columns: Columns):
    """Newline-delimited JSON as two data frames: the table's columns, and what was refused as `value` and `error`."""
    read_once = read(spark.read.text(path), columns).cache()
    good = read_once.where("error is null").select("row.*")
    return good, read_once.where("error is not null").select("value", "error")


def one(spark, text: str, columns: Columns) -> tuple[dict | None, str | None]:
    """What becomes of one record: its row, or the reason why there is none."""
    row = read(spark.createDataFrame([(text,)], "value string"), columns).collect()[0]
    return (row["row"].asDict() if row["row"] is not None else None), row["error"]


@dataclass
class Played:
    """How many records a delivery wrote, and how many it had to put aside."""

    delivered: int = 0
    failed: int = 0


@dataclass
class Delivery:
    """A delivery stream to S3: what becomes of the records that were put into it.

    `columns` are those of the catalog's table that the conversion reads, without the partition keys; None where the
    stream converts nothing. `keys` are the partition keys that a query takes out of each record, with their fields.
    """

    bucket: str
    prefix: str
    error_prefix: str
    columns: Columns | None = None
    keys: dict[str, str] = field(default_factory=dict)
    delimiter: bytes = b""
    compressed: bool = False
    extension: str = ""

    @classmethod
    def from_terraform(cls, stream: dict, table: dict | None = None) -> "Delivery":
        """The values of an `aws_kinesis_firehose_delivery_stream`, and of its `aws_glue_catalog_table`."""
        [s3] = stream["extended_s3_configuration"]
        processors = {}
        for processing in s3.get("processing_configuration") or []:
            for processor in processing.get("processors") or []:
                processors[processor["type"]] = {
                    parameter["parameter_name"]: parameter["parameter_value"]
                    for parameter in processor.get("parameters") or []
                }
        query = processors.get("MetadataExtraction", {}).get("MetadataExtractionQuery", "")
        conversion = [one for one in s3.get("data_format_conversion_configuration") or [] if one.get("enabled") is not False]
        if conversion:
            [schema] = conversion[0]["schema_configuration"]
            assert table is not None and schema["table_name"] == table["name"], schema
            assert conversion[0]["input_format_configuration"][0]["deserializer"][0].get("hive_json_ser_de"), \
                "only Hive's JSON SerDe is played here"
        return cls(
            bucket=s3["bucket_arn"].removeprefix("arn:aws:s3:::"),
            prefix=s3.get("prefix") or "",
            error_prefix=s3.get("error_output_prefix") or "",
            columns=[(one["name"], one["type"]) for one in table["storage_descriptor"][0]["columns"]] if conversion else None,
            keys=query_keys(query),
            delimiter=b"\n" if "AppendDelimiterToRecord" in processors else b"",
            compressed=s3.get("compression_format") == "GZIP",
            extension=s3.get("file_extension") or (".gz" if s3.get("compression_format") == "GZIP" else ""),
        )

    def play(self, aws: Moto, spark, records: Iterable[bytes], at: datetime | None = None) -> Played:
        """Delivers records, partition by partition, as if they had arrived at one time."""
        at, played, groups = at or datetime.now(UTC), Played(), defaultdict(list)
        for record in records:
            try:
                document = json.loads(record) if self.keys else {}
                found = tuple((name, _text(document[part])) for name, part in self.keys.items())
            except (ValueError, KeyError, TypeError) as wrong:
                self._put_aside(aws, "processing-failed", [(record, repr(wrong))], at)
                played.failed += 1
                continue
            groups[found].append(record)
        for found, of_group in groups.items():
            where = expand(self.prefix, at, dict(found))
            refused = [] if self.columns is None else self._convert(spark, where, of_group)
            if self.columns is None:
                self._write(aws, where, of_group)
            elif refused:
                self._put_aside(aws, "format-conversion-failed", refused, at)
            played.failed += len(refused)
            played.delivered += len(of_group) - len(refused)
        return played

    def _write(self, aws: Moto, where: str, records: list[bytes]):
        body = b"".join(record + self.delimiter for record in records)
        aws.client("s3").put_object(Bucket=self.bucket, Key=f"{where}{uuid.uuid4()}{self.extension}",
                                    Body=gzip.compress(body, mtime=0) if self.compressed else body)

    def _convert(self, spark, where: str, records: list[bytes]) -> list[tuple[bytes, str]]:
        """Writes Parquet and returns what was refused, with the reason."""
        texts = spark.createDataFrame([(record.decode(errors="replace"),) for record in records], "value string")
        outcome = read(texts, self.columns).cache()
        good = outcome.where("error is null")
        refused = [(row["value"].encode(), row["error"]) for row in outcome.where("error is not null").collect()]
        if len(refused) < len(records):
            good.select("row.*").coalesce(1).write.mode("append").option(
                "mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").parquet(f"s3://{self.bucket}/{where}")
        outcome.unpersist()
        return refused

    def _put_aside(self, aws: Moto, kind: str, refused: list[tuple[bytes, str]], at: datetime):
        """The documents that Firehose writes for records that failed, a line each."""
        millis = int(at.timestamp() * 1000)
        lines = [json.dumps({
            "attemptsMade": 1, "arrivalTimestamp": millis, "ErrorCode": kind, "ErrorMessage": reason,
            "attemptEndingTimestamp": millis, "rawData": base64.b64encode(record).decode(),
        }) for record, reason in refused]
        where = expand(self.error_prefix, at, {}, kind)
        aws.client("s3").put_object(Bucket=self.bucket, Key=f"{where}{uuid.uuid4()}", Body="\n".join(lines).encode())


def deliveries(state: dict) -> dict[str, Delivery]:
    """Every delivery stream of an applied configuration that delivers to S3, by its name."""
    # A name is one of its database only: every zone may have a table `clicks`.
    tables = {(table["values"]["database_name"], table["values"]["name"]): table["values"]
              for table in resources(state, "aws_glue_catalog_table")}
    out = {}
    for stream in resources(state, "aws_kinesis_firehose_delivery_stream"):
        values = stream["values"]
        [s3] = values["extended_s3_configuration"]
        schemas = [(schema["database_name"], schema["table_name"]) for conversion in s3.get("data_format_conversion_configuration") or []
                   for schema in conversion["schema_configuration"]]
        out[values["name"]] = Delivery.from_terraform(values, tables[schemas[0]] if schemas else None)
    return out


def _text(value) -> str:
    """A partition key must be a value, and a missing one is an error of the record."""
    if value is None or value == "" or isinstance(value, dict | list):
        raise ValueError(f"no partition key: {value!r}")
    return value if isinstance(value, str) else json.dumps(value)


def query_keys(query: str) -> dict[str, str]:
    """The keys of a `MetadataExtractionQuery` and their fields: `{day: .day, kind: .kind}`, and nothing cleverer."""
    if not query:
        return {}
    inner = re.fullmatch(r"\s*\{(.*)\}\s*", query)
    parts = [re.fullmatch(r"\s*\"?(\w+)\"?\s*:\s*\.(\w+)\s*", part) for part in inner[1].split(",")] if inner else [None]
    if not all(parts):
        raise ValueError(f"only plain fields can be taken out here: {query}")
    return {part[1]: part[2] for part in parts}


JAVA_TIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


def expand(prefix: str, at: datetime, keys: dict[str, str], kind: str = "") -> str:
    """A prefix with its `!{namespace:value}` expressions filled in; without any, Firehose appends the arrival's hour."""
    def value(match: re.Match) -> str:
        namespace, name = match[1], match[2]
        if namespace == "partitionKeyFromQuery":
            return keys[name]
        if namespace == "timestamp":
            return at.astimezone(UTC).strftime(re.sub("|".join(JAVA_TIME), lambda part: JAVA_TIME[part[0]], name).replace("'", ""))
        if (namespace, name) == ("firehose", "error-output-type"):
            return kind
        if (namespace, name) == ("firehose", "random-string"):
            return uuid.uuid4().hex[:11]
        raise ValueError(f"unknown expression {match[0]}")

    if "!{" not in prefix:
        return at.astimezone(UTC).strftime(f"{prefix.replace('%', '%%')}%Y/%m/%d/%H/")
    return re.sub(r"!\{(\w+):([^}]*)\}", value, prefix)
