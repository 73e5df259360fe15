"""Gives a reader of a dashboard a link to it that a web page may show.

The application behind the page asks, once it knows who its visitor is: `{"dashboard": "boards", "user": "ann"}`. The link is
good for a few minutes and one visit, on the pages that the dashboard names alone. What the reader sees in it is what
QuickSight lets that reader see.
"""

from __future__ import annotations

import json
import os
from typing import Any

import boto3

# How long a visit may last, minutes.
VISIT = 60


def handler(event: dict[str, Any], _context: Any, quicksight: Any = None) -> dict[str, Any]:
    """The link, or why there is none."""
    dashboards = json.loads(os.environ["DASHBOARDS"])
    dashboard = dashboards.get(event.get("dashboard"))
    user = event.get("user")
    if dashboard is None or not isinstance(user, str) or not user:
        return {"status": 400, "reason": "name a dashboard and a user: " + ", ".join(sorted(dashboards))}
    quicksight = quicksight or boto3.client("quicksight", region_name=os.environ["AWS_REGION"])
    try:
        answer = quicksight.generate_embed_url_for_registered_user(
            AwsAccountId=os.environ["ACCOUNT"],
            UserArn=os.environ["USERS"] + user,
            AllowedDomains=dashboard["domains"],
            SessionLifetimeInMinutes=VISIT,
            ExperienceConfiguration={"Dashboard": {"InitialDashboardId": dashboard["id"]}},
        )
    except (quicksight.exceptions.QuickSightUserNotFoundException, quicksight.exceptions.ResourceNotFoundException):
        return {"status": 404, "reason": "QuickSight knows no such user, or the user does not see the dashboard"}
    return {"status": 200, "url": answer["EmbedUrl"]}
