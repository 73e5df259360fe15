"""Registers partitions in the catalog, for readers that do not compute them as Athena does.

A file that comes makes its folder known at once. Once a day every folder is looked at: what was missed is registered, and
what was purged is forgotten. The same start twice changes nothing.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import boto3

# What Glue takes at once.
MOST_MADE = 100
MOST_FORGOTTEN = 25


@functools.cache
def configuration(version: str) -> dict[str, dict[str, Any]]:
    """The tables, by their datasets' names."""
    answer = boto3.client("s3").get_object(Bucket=os.environ["CONFIGURATION_BUCKET"],
                                           Key=os.environ["CONFIGURATION_KEY"], VersionId=version)
    return json.load(answer["Body"])


def values(table: dict[str, Any], folder: str) -> tuple[str, ...] | None:
    """What a folder below a table's says of its partition: `day=2026-01-31/kind=buy`; nothing where it is none."""
    parts = [part.split("=", 1) for part in folder.split("/")]
    if [part[0] for part in parts] != table["partition"] or any(len(part) < 2 for part in parts):
        return None
    return tuple(unquote(part[1]) for part in parts)


def folders(s3: Any, table: dict[str, Any], below: str = "", depth: int = 0) -> Iterator[str]:
    """The folders of partitions that hold anything."""
    if depth == len(table["partition"]):
        yield below.rstrip("/")
        return
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=table["bucket"], Prefix=table["prefix"] + below, Delimiter="/")
    for page in pages:
        for entry in page.get("CommonPrefixes", []):
            folder = entry["Prefix"].removeprefix(table["prefix"])
            if folder.removeprefix(below).startswith(table["partition"][depth] + "="):
                yield from folders(s3, table, folder, depth + 1)


def register(glue: Any, table: dict[str, Any], wanted: dict[tuple[str, ...], str]) -> int:
    """Makes partitions known that are not; how many were new."""
    place = {"DatabaseName": table["database"], "TableName": table["table"]}
    found = glue.get_table(DatabaseName=table["database"], Name=table["table"])["Table"]["StorageDescriptor"]
    root = f"s3://{table['bucket']}/{table['prefix']}"
    inputs = [{"Values": list(key), "StorageDescriptor": {**found, "Location": f"{root}{folder}/"}}
              for key, folder in sorted(wanted.items())]
    new = 0
    for at in range(0, len(inputs), MOST_MADE):
        part = inputs[at:at + MOST_MADE]
        errors = glue.batch_create_partition(**place, PartitionInputList=part).get("Errors", [])
        wrong = [error for error in errors if error["ErrorDetail"]["ErrorCode"] != "AlreadyExistsException"]
        if wrong:
            raise RuntimeError(f"partitions of {table['table']} cannot be registered: {wrong[0]['ErrorDetail']}")
        new += len(part) - len(errors)
    return new


def forget(glue: Any, table: dict[str, Any], gone: list[tuple[str, ...]]) -> int:
    """Takes partitions out of the catalog that hold nothing any more; how many there were."""
    place = {"DatabaseName": table["database"], "TableName": table["table"]}
    for at in range(0, len(gone), MOST_FORGOTTEN):
        part = [{"Values": list(key)} for key in gone[at:at + MOST_FORGOTTEN]]
        errors = glue.batch_delete_partition(**place, PartitionsToDelete=part).get("Errors", [])
        wrong = [error for error in errors if error["ErrorDetail"]["ErrorCode"] != "EntityNotFoundException"]
        if wrong:
            raise RuntimeError(f"partitions of {table['table']} cannot be taken out: {wrong[0]['ErrorDetail']}")
    return len(gone)


def come(glue: Any, table: dict[str, Any], key: str) -> int:
    """A file came."""
    folder = key.removeprefix(table["prefix"]).rsplit("/", 1)[0]
    found = values(table, folder)
    if found is None:
        return 0
    place = {"DatabaseName": table["database"], "TableName": table["table"]}
    try:
        glue.get_partition(**place, PartitionValues=list(found))
        return 0
    except glue.exceptions.EntityNotFoundException:
        return register(glue, table, {found: folder})


def look(s3: Any, glue: Any, table: dict[str, Any]) -> dict[str, int]:
    """Everything, from the beginning."""
    there = {}
    for folder in folders(s3, table):
        found = values(table, folder)
        if found is not None:
            there[found] = folder
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=table["database"], TableName=table["table"],
                                                          ExcludeColumnSchema=True)
    known = {tuple(partition["Values"]) for page in pages for partition in page["Partitions"]}
    new = register(glue, table, {key: folder for key, folder in there.items() if key not in known})
    return {"new": new, "forgotten": forget(glue, table, sorted(known - there.keys()))}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A file of one table that came, or a look at all tables."""
    s3, glue = boto3.client("s3"), boto3.client("glue")
    tables = configuration(os.environ["CONFIGURATION_VERSION"])
    if "key" in event:
        return {event["dataset"]: {"new": come(glue, tables[event["dataset"]], event["key"]), "forgotten": 0}}
    return {name: look(s3, glue, table) for name, table in tables.items()}
