"""Who may read what, what is written down of it, and views."""

import base64
import json

from support.built import of
from support.rules import values
from support.terraform import resources


def test_members_of_groups_and_users_read_what_their_access_says(platform):
    state = of(platform, "governed")
    people = {name: (users["user"], users["groups"]) for name, users in by_key(state, "aws_iam_user_group_membership").items()}
    assert people == {(("analysts", name)): (name, ["governed-base-analysts-readers"]) for name in ["ana", "o+brien@example.com"]}
    assigned = by_key(state, "aws_ssoadmin_account_assignment")
    assert set(assigned) == {("analysts", "analysts"), ("analysts", 'people\'s "own" %{team}'), ("auditors", "auditors")}
    assert all(one["principal_type"] == "GROUP" and one["target_id"] == "123456789012" for one in assigned.values())
    policy = values(state, "aws_iam_policy")["analysts_reader"]["name"]
    attached = values(state, "aws_ssoadmin_customer_managed_policy_attachment")["analysts"]
    assert attached["customer_managed_policy_reference"] == [{"name": policy, "path": "/"}]
    granted = {key for (name, key) in by_key(state, "aws_lakeformation_permissions") if name == "analysts_curated_pages"}
    assert granted == {"groups", "user/ana", "user/o+brien@example.com", "arn:aws:iam::123456789012:role/Analyst",
                       "arn:aws:iam::210987654321:role/Partner"}


def test_conditions_become_filters_of_rows_that_are_granted_instead_of_the_table(platform):
    state = of(platform, "governed")
    filters = [filter["table_data"][0] for filter in values(state, "aws_lakeformation_data_cells_filter").values()]
    assert {filter["row_filter"][0]["filter_expression"]: set(filter["column_names"]) for filter in filters} == {
        '''(("country" = 'DE') AND (NOT (("number" < 10) OR ("page" LIKE '/o''hara/%')))) AND ("number" IN (1, 20))''':
            {"day", "page", "country", "number"},
        '(("amount" >= 9.50) AND ("paid" = true)) AND ("amount" IS NOT NULL)': {"day", "page", "amount"}}
    granted = by_key(state, "aws_lakeformation_permissions")
    assert not any(name == "analysts_processed_clicks" for name, _ in granted)
    used = {one["data_cells_filter"][0]["name"] for one in granted.values() if one["data_cells_filter"]}
    assert used == {filter["name"] for filter in filters}


def test_what_is_done_is_written_down_where_nobody_can_delete_it(platform):
    state = of(platform, "governed")
    trail = values(state, "aws_cloudtrail")["trail"]
    assert trail["is_multi_region_trail"] and trail["enable_log_file_validation"] and trail["kms_key_id"]
    data = trail["advanced_event_selector"][1]["field_selector"]
    (watched,) = [field["starts_with"] for field in data if field["field"] == "resources.ARN"]
    assert len(watched) == 3 and all(arn.endswith("/") and "-audit-" not in arn for arn in watched)
    locks = values(state, "aws_s3_bucket_object_lock_configuration")
    lock = locks["audit"]["rule"][0]["default_retention"][0]
    assert (lock["mode"], lock["days"]) == ("COMPLIANCE", 730)
    lifecycles = values(state, "aws_s3_bucket_lifecycle_configuration")
    days = {bucket: rule["expiration"][0].get("days") for bucket in ["audit", "configuration"]
            for rule in lifecycles[bucket]["rule"] if rule["id"] == "all"}
    assert days == {"audit": 730, "configuration": 365}
    # Config delivers to no bucket with locks: a policy keeps what is in its own.
    channel = values(state, "aws_config_delivery_channel")
    assert "configuration" not in locks and all("configuration" in one["s3_bucket_name"] for one in channel.values())
    kept = json.loads(values(state, "aws_s3_bucket_policy")["configuration"]["policy"])["Statement"]
    assert [statement["Effect"] for statement in kept if statement["Sid"] == "Kept"] == ["Deny"]
    names = {name["name"] for name in values(state, "aws_config_configuration_recorder").values()}
    assert {status["name"] for status in values(state, "aws_config_configuration_recorder_status").values()} == names
    assert len(values(state, "aws_config_config_rule")) == 4


def test_views_that_athena_carries_are_in_the_catalog(platform):
    state = of(platform, "governed")
    tables = values(state, "aws_glue_catalog_table")
    assert "view_strict" not in tables
    for name in ["paid", "often"]:
        text = tables[f"view_{name}"]["view_original_text"].removeprefix("/* Presto View: ").removesuffix(" */")
        definition = json.loads(base64.b64decode(text))
        assert definition["schema"] == "governed_base_views" and definition["catalog"] == "awsdatacatalog"
        columns = {column["name"] for column in tables[f"view_{name}"]["storage_descriptor"][0]["columns"]}
        assert columns == {column["name"] for column in definition["columns"]} == {"day", "page", "clicks", "amount"}
        of_what = "governed_base_processed.clicks" if name == "paid" else "governed_base_views.paid"
        assert f"FROM {of_what}" in definition["originalSql"]
        assert name == "often" or "page <> 'database0prefix it''s %{x}'" in definition["originalSql"]


def by_key(state, type_) -> dict:
    """The values of each of many resources, by the label of all and the key of one."""
    return {(resource["name"], resource.get("index")): resource["values"] for resource in resources(state, type_)}
