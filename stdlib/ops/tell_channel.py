"""Tells a channel what a monitor's topic says: Slack, PagerDuty, or an endpoint of one's own.

What it calls a channel with is a secret, which it reads each time: a new one counts at once, and none is in a log. It is
invoked by SNS, which tries again what fails; what fails for good is a dead letter.
"""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any, NamedTuple

import boto3

PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
# Longest wait for an answer, seconds.
PATIENCE = 10
# PagerDuty refuses longer summaries, and longer keys of what is told again.
SUMMARY, KEY = 1024, 255


class Told(NamedTuple):
    """What is told: a line, more of it, and what it is of; whether that is over."""

    title: str
    text: str
    key: str
    over: bool = False


def told(record: dict[str, Any]) -> Told:
    """What a message says: an alarm of CloudWatch, an event, or a text as it is."""
    said = record["Sns"]
    message, subject = said["Message"], said.get("Subject") or "Alarm"
    try:
        body = json.loads(message)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return Told(subject, message, subject)
    if "AlarmName" in body:
        name, state = body["AlarmName"], body.get("NewStateValue", "")
        text = "\n".join(part for part in (body.get("AlarmDescription"), body.get("NewStateReason")) if part)
        return Told(f"{state}: {name}", text, name, state == "OK")
    if "alarm" in body:
        return Told(body["alarm"], "", body["alarm"])
    if "detail-type" in body:
        title = f"{body['detail-type']} ({body.get('source', '')})"
        return Told(title, json.dumps(body.get("detail", {}), sort_keys=True), title)
    return Told(subject, message, subject)


def post(url: str, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
    """Posts JSON; an answer that is no success is an error, which names no part of the address."""
    if not url.startswith("https://"):
        raise ValueError("a channel's address has to begin with https://")
    data = json.dumps(body).encode()
    head = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data=data, headers=head, method="POST")  # noqa: S310 - it is https
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
        answer.read()


def slack(said: Told, platform: str, secret: str | None) -> None:
    """A message of a channel's webhook, which is the secret."""
    text = f"*{plain(said.title)}* ({plain(platform)})\n{plain(said.text)}".strip()
    post((secret or "").strip(), {"text": text})


def plain(text: str) -> str:
    """A text that Slack shows as it is: nothing in it calls or links anybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def pagerduty(said: Told, platform: str, secret: str | None) -> None:
    """An event of PagerDuty: an alarm that is over resolves what it triggered."""
    payload = {
        "summary": f"{said.title}: {said.text}"[:SUMMARY],
        "source": platform,
        "severity": "error",
    }
    post(
        PAGERDUTY,
        {
            "routing_key": (secret or "").strip(),
            "event_action": "resolve" if said.over else "trigger",
            "dedup_key": f"{platform}/{said.key}"[:KEY],
            "payload": payload,
        },
    )


def webhook(said: Told, platform: str, secret: str | None) -> None:
    """A call of an endpoint of one's own, with a token where there is one."""
    headers = {} if secret is None else {"Authorization": f"Bearer {secret.strip()}"}
    body = {"platform": platform, "title": said.title, "text": said.text, "over": said.over}
    post(os.environ["URL"], body, headers)


CHANNELS = {"slack": slack, "pagerduty": pagerduty, "webhook": webhook}


def handler(event: dict[str, Any], _context: Any, secrets: Any = None) -> int:
    """Tells all that SNS brought; how much it was."""
    name, secret = os.environ.get("SECRET"), None
    if name:
        secrets = secrets or boto3.client("secretsmanager")
        secret = secrets.get_secret_value(SecretId=name)["SecretString"]
    tell = CHANNELS[os.environ["CHANNEL"]]
    for record in event["Records"]:
        tell(told(record), os.environ["PLATFORM"], secret)
    return len(event["Records"])
