"""Mails those who see a dashboard that there is something new to see: how fresh it is, how many rows it holds, and where it is.

A mail holds no rows: which columns and rows each of its readers may see is known to QuickSight alone. It is started with the
name of a dashboard, by the scheduler.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import boto3

NAMESPACE = "default"


def pages(call: Any, key: str, **asked: Any) -> Iterator[dict[str, Any]]:
    """All entries of a list that comes in pages."""
    token: dict[str, str] = {}
    while True:
        answer = call(**asked, **token)
        yield from answer.get(key, [])
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def readers(identities: Any, account: str, dashboard: dict[str, Any]) -> list[str]:
    """The mail addresses of the users, and of the members of the groups, each once."""
    names = set(dashboard["users"])
    for group in dashboard["groups"]:
        members = pages(identities.list_group_memberships, "GroupMemberList", AwsAccountId=account, Namespace=NAMESPACE, GroupName=group)
        names.update(member["MemberName"] for member in members)
    found = set()
    for name in sorted(names):
        user = identities.describe_user(AwsAccountId=account, Namespace=NAMESPACE, UserName=name)["User"]
        if user.get("Email"):
            found.add(user["Email"])
    return sorted(found)


def state(quicksight: Any, account: str, name: str, data_set: str) -> str:
    """A line about what a dashboard holds of a dataset."""
    read = pages(quicksight.list_ingestions, "Ingestions", AwsAccountId=account, DataSetId=data_set)
    newest = max(read, key=lambda one: one["CreatedTime"], default=None)
    if newest is None:
        return f"- {name}: asked anew each time"
    at = f"{newest['CreatedTime']:%Y-%m-%d %H:%M} UTC"
    if newest["IngestionStatus"] != "COMPLETED":
        return f"- {name}: not read again since {at} ({newest['IngestionStatus'].lower()})"
    rows = newest.get("RowInfo", {}).get("RowsIngested", 0)
    return f"- {name}: {rows:,} rows, read at {at}"


def handler(event: dict[str, Any], _context: Any, clients: Any = None) -> dict[str, Any]:
    """Sends a mail to each reader of a dashboard."""
    name = event["dashboard"]
    dashboard = json.loads(os.environ["DASHBOARDS"])[name]
    account, region = os.environ["ACCOUNT"], os.environ["AWS_REGION"]
    clients = clients or boto3.client
    quicksight = clients("quicksight", region_name=region)
    identities = clients("quicksight", region_name=os.environ["IDENTITY_REGION"])
    mail = clients("sesv2", region_name=region)
    lines = [state(quicksight, account, dataset, data_set) for dataset, data_set in dashboard["data_sets"].items()]
    link = f"https://{region}.quicksight.aws.amazon.com/sn/dashboards/{dashboard['id']}"
    text = "\n".join([f"The dashboard {name}:", "", *lines, "", link, ""])
    sent = readers(identities, account, dashboard)
    for address in sent:
        # One mail each: readers need not know of each other.
        mail.send_email(
            FromEmailAddress=os.environ["SENDER"],
            Destination={"ToAddresses": [address]},
            Content={"Simple": {"Subject": {"Data": f"Dashboard {name}"}, "Body": {"Text": {"Data": text}}}},
        )
    print(json.dumps({"event": "mailed", "dashboard": name, "readers": len(sent)}))
    return {"mailed": len(sent)}
