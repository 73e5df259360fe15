"""Tells OpenMetadata what a platform has: its datasets, their columns, the classes on them, and where each comes from.

Terraform asks for it whenever a build has something else to tell. What is told is the whole: a table that is not told of any
more is marked as deleted, and comes back as it was when it is told of again.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import boto3

# Where Glue's tables are, as OpenMetadata's own reader of Glue calls it.
DATABASE = "default"
# A server that takes longer answers nothing.
SECONDS = 20
PAGE = 100


class Server:
    """OpenMetadata's API."""

    def __init__(self, endpoint: str, token: str | None) -> None:
        self.root = endpoint.rstrip("/") + "/api/v1"
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the server answers; nothing where there is none of it."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.root}/{path}", data, self.headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as error:
            if method == "GET" and error.code == 404:
                return None
            raise RuntimeError(f"{method} {path}: {error.code} {error.read(500).decode(errors='replace')}") from None
        return json.loads(text) if text else None

    def put(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Makes something, or changes what is there."""
        return self.ask("PUT", kind, body)

    def tables(self, schema: str) -> list[dict[str, Any]]:
        """All tables of a schema."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            query = {"databaseSchema": schema, "limit": PAGE} | ({"after": after} if after else {})
            page = self.ask("GET", f"tables?{urllib.parse.urlencode(query)}") or {"data": []}
            found += page["data"]
            after = (page.get("paging") or {}).get("after") or ""
            if not after:
                return found


def tags(column: dict[str, Any], service: str) -> list[dict[str, str]]:
    """The classes of a column, as tags."""
    told = column.get("classes", [])
    return [{"tagFQN": f"{service}.{name}", "source": "Classification", "labelType": "Derived", "state": "Confirmed"} for name in told]


def column_of(told: dict[str, Any], service: str) -> dict[str, Any]:
    """A column as the server wants it."""
    out = {name: value for name, value in told.items() if name not in ("classes", "required", "children")}
    out["tags"] = tags(told, service)
    if told.get("required"):
        out["constraint"] = "NOT_NULL"
    if "children" in told:
        out["children"] = [column_of(child, service) for child in told["children"]]
    return out


def owners(server: Server, owner: str) -> list[dict[str, str]]:
    """The owner, where the server knows somebody by that address."""
    name = urllib.parse.quote(owner.partition("@")[0], safe="")
    found = server.ask("GET", f"users/name/{name}")
    return [{"id": found["id"], "type": "user"}] if found and found.get("email") == owner else []


def tell(server: Server, catalog: dict[str, Any], service: str, prefix: str) -> dict[str, int]:
    """Tells all of a platform, which is called `service`, and whose databases' names begin with `prefix`."""
    described, owner = catalog["description"], catalog["owner"]
    who = owners(server, owner)
    text = f"{described}\n\nOwner: {owner}".strip()
    server.put("services/databaseServices", {"name": service, "serviceType": "Glue", "description": text, "owners": who})
    server.put("classifications", {"name": service, "description": f"The classes of {catalog['platform']}."})
    for one in catalog["classes"]:
        server.put("tags", {"name": one["name"], "classification": service, "description": one["description"]})
    server.put("databases", {"name": DATABASE, "service": service})
    ids, gone = {}, 0
    for zone in catalog["zones"]:
        schema = f"{prefix}_{zone['name']}"
        place = f"{service}.{DATABASE}.{schema}"
        server.put("databaseSchemas", {"name": schema, "database": f"{service}.{DATABASE}", "description": zone["description"]})
        for table in zone["tables"]:
            body = {
                "name": table["name"],
                "databaseSchema": place,
                "description": table["description"],
                "columns": [column_of(one, service) for one in table["columns"]],
                "retentionPeriod": f"P{table['retain_days']}D",
                "owners": who,
            }
            ids[f"{zone['name']}.{table['name']}"] = (server.put("tables", body)["id"], f"{place}.{table['name']}")
        told = {table["name"] for table in zone["tables"]}
        for table in server.tables(place):
            if table["name"] not in told:
                server.ask("DELETE", f"tables/{table['id']}?hardDelete=false")
                gone += 1
    edges = 0
    for zone in catalog["zones"]:
        for table in zone["tables"]:
            to, to_name = ids[f"{zone['name']}.{table['name']}"]
            for source, columns in table["from"].items():
                of, of_name = ids[source]
                pairs = [
                    {"fromColumns": [f"{of_name}.{one}" for one in read], "toColumn": f"{to_name}.{column}"}
                    for column, read in columns.items()
                ]
                ends = {"fromEntity": {"id": of, "type": "table"}, "toEntity": {"id": to, "type": "table"}}
                server.put("lineage", {"edge": ends | {"lineageDetails": {"columnsLineage": pairs}}})
                edges += 1
    return {"tables": len(ids), "gone": gone, "edges": edges}


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """What Terraform asks for: the object with the catalog, by `bucket` and `key`."""
    token = None
    if "TOKEN" in os.environ:
        token = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["TOKEN"])["SecretString"].strip()
    catalog = json.loads(boto3.client("s3").get_object(Bucket=event["bucket"], Key=event["key"])["Body"].read())
    server = Server(os.environ["ENDPOINT"], token)
    done = tell(server, catalog, os.environ["PLATFORM"], os.environ["DATABASES"])
    print(json.dumps({"level": "INFO", "message": "catalog told", **done}))
    return done
