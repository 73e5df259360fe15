"""Tables of Iceberg: who changes them, who reads them, and what other projects see of them."""

import json

from support.built import allowed, of
from support.rules import values
from support.terraform import Terraform


def test_tables_are_made_looked_after_and_reached_by_the_catalog(platform):
    state = of(platform, "iceberg")
    table = values(state, "aws_glue_catalog_table")["curated_newest"]
    (made,) = table["open_table_format_input"][0]["iceberg_input"][0]["iceberg_table_input"]
    types = {field["name"]: json.loads(field["type"]) for field in made["schema"][0]["fields"]}
    assert types["at"] == "timestamptz" and types["total"] == "decimal(12, 2)"
    assert types["lines"]["element"]["fields"][2]["type"]["type"] == "list"
    numbers = [field["id"] for field in made["schema"][0]["fields"]] + list(inner_numbers(types))
    assert len(numbers) == len(set(numbers))
    optimizers = values(state, "aws_glue_catalog_table_optimizer")
    assert {name.removeprefix("curated_newest_") for name in optimizers if name.startswith("curated_newest")} == {
        "compaction", "retention", "orphan_file_deletion"}
    history = optimizers["curated_newest_retention"]["configuration"][0]["retention_configuration"][0]
    assert history["iceberg_configuration"][0]["snapshot_retention_period_in_days"] == 2
    arguments = values(state, "aws_glue_job")["newest"]["default_arguments"]
    assert arguments["--datalake-formats"] == "iceberg"
    assert arguments["--curated_newest"].startswith("glue_catalog.") and arguments["--curated_newest"].count(".") == 2
    assert " --conf spark.sql.catalog.glue_catalog.catalog-impl=" in arguments["--conf"]


def test_firehose_adds_the_rows_of_a_function_to_a_table(platform):
    state = of(platform, "tables")
    stream = values(state, "aws_kinesis_firehose_delivery_stream")["tapped"]
    table = values(state, "aws_glue_catalog_table")["kept_taps"]
    (to,) = stream["iceberg_configuration"]
    assert stream["destination"] == "iceberg" and stream["extended_s3_configuration"] == []
    assert (to["append_only"], to["s3_backup_mode"], to["buffering_interval"]) == (True, "FailedDataOnly", 900)
    assert to["catalog_arn"] == "arn:aws:glue:eu-west-1:123456789012:catalog"
    (into,) = to["destination_table_configuration"]
    assert (into["database_name"], into["table_name"]) == (table["database_name"], table["name"])
    (aside,) = to["s3_configuration"]
    assert aside["error_output_prefix"].startswith("errors/taps/!{firehose:error-output-type}/")
    # What could not be added is a copy as well, and goes when the zone's quarantine does.
    rules = {rule["id"]: rule for rule in values(state, "aws_s3_bucket_lifecycle_configuration")["zone_kept"]["rule"]}
    assert rules["delivery-errors"]["expiration"][0]["days"] == 14 and rules["taps"]["expiration"] == []
    may = allowed(state, "tapped_delivery")
    bucket = values(state, "aws_s3_bucket")["zone_kept"]["arn"]
    assert may["s3:DeleteObject"] == [f"{bucket}/taps/*"] and may["s3:PutObject"] == [f"{bucket}/taps/*", f"{bucket}/errors/taps/*"]
    assert may["glue:UpdateTable"][-1].endswith(f"table/{table['database_name']}/{table['name']}")
    grant = values(state, "aws_lakeformation_permissions")["tapped_delivery"]
    assert {"ALTER", "DELETE", "DESCRIBE", "INSERT", "SELECT"} == set(grant["permissions"])
    alarms = values(state, "aws_cloudwatch_metric_alarm")
    assert alarms["tapped_conversion"]["metric_name"] == "DeliveryToIceberg.FailedRowCount"
    assert alarms["tapped_delivery_late"]["metric_name"] == "DeliveryToIceberg.DataFreshness"


def test_a_job_takes_old_rows_out_of_tables_that_no_other_job_writes(platform):
    state = of(platform, "tables")
    job = values(state, "aws_glue_job")["purge_tables"]
    assert job["default_arguments"]["--kept_taps"].startswith("glue_catalog.")
    assert values(state, "aws_glue_trigger")["purge_tables"]["actions"][0]["job_name"] == job["name"]
    may = allowed(state, "purge_tables_job")
    changed = [arn for arn in may["s3:DeleteObject"] if "-kept-" in arn]
    assert changed and all(arn.rsplit("/", 1)[1] in ("*", "taps_$folder$") and "/taps" in arn for arn in changed)
    assert not any("-processed-" in arn or "-raw-" in arn for arn in may["s3:DeleteObject"] + may["s3:GetObject"])
    missed = values(state, "aws_cloudwatch_metric_alarm")["purge_tables_missed"]
    assert (missed["comparison_operator"], missed["treat_missing_data"], missed["period"]) == ("LessThanThreshold", "breaching", 86_400)
    told = values(state, "aws_cloudwatch_log_metric_filter")["purge_tables"]
    assert told["log_group_name"].endswith("/output") and told["metric_transformation"][0]["name"] == missed["metric_name"]


def inner_numbers(types):
    """The numbers of all fields inside of columns."""
    if isinstance(types, dict):
        for key, value in types.items():
            if key == "id" or key.endswith("-id"):
                yield value
            else:
                yield from inner_numbers(value)
    elif isinstance(types, list):
        for value in types:
            yield from inner_numbers(value)


def test_who_changes_a_table_may_and_who_reads_it_may_not(platform):
    state = of(platform, "iceberg")
    assert "glue:UpdateTable" not in allowed(state, "clean_job")
    changed = {arn.rsplit("/", 1)[1] for arn in allowed(state, "paid_job")["glue:UpdateTable"] if "/" in arn}
    assert changed == {"paid", next(iter(changed - {"paid"}))}, "its own table, and the database"
    grants = values(state, "aws_lakeformation_permissions")
    assert set(grants["paid_job_curated_newest"]["permissions"]) == {"DESCRIBE", "SELECT"}
    assert set(grants["paid_job_curated_paid"]["permissions"]) == {"ALTER", "DELETE", "DESCRIBE", "INSERT", "SELECT"}


def test_what_is_exported_is_told_and_let_out_by_account(platform):
    state = of(platform, "iceberg")
    told = {one["name"]: one["insecure_value"] for one in values(state, "aws_ssm_parameter").values()}
    assert {name.split("/exports/")[1] for name in told} == {
        "curated/bucket", "curated/database", "curated/key", "curated/datasets/newest", "curated/datasets/paid"}
    assert {one["tier"] for one in values(state, "aws_ssm_parameter").values()} == {"Standard"}
    bucket = json.loads(values(state, "aws_s3_bucket_policy")["zone_curated"]["policy"])["Statement"]
    (read,) = [one for one in bucket if one["Sid"] == "Exports"]
    assert {arn.split("/", 1)[1] for arn in read["Resource"]} == {"newest/*", "paid/*"}
    key = json.loads(values(state, "aws_kms_key")["platform"]["policy"])["Statement"]
    (opened,) = [one for one in key if one["Sid"] == "Exports"]
    assert opened["Action"] == ["kms:Decrypt"]
    for one in [read, opened]:
        assert one["Principal"] == {"AWS": ["arn:aws:iam::123456789012:root"]}
    assert not any(name.startswith("export_") for name in values(state, "aws_lakeformation_permissions"))


def test_other_accounts_are_let_in_where_they_are_named(platform):
    of(platform, "iceberg")
    with Terraform(platform[1] / "terraform", variables={"export_to": ["210987654321"]}) as terraform:
        terraform.init().plan()
        terraform.apply()
        state = terraform.state()
    assert {one["tier"] for one in values(state, "aws_ssm_parameter").values()} == {"Advanced"}
    shared = {one["resource_arn"] for one in values(state, "aws_ram_resource_association").values()}
    assert shared == {one["arn"] for one in values(state, "aws_ssm_parameter").values()}
    (to,) = values(state, "aws_ram_principal_association").values()
    assert to["principal"] == "210987654321"
    grants = {name: grant for name, grant in values(state, "aws_lakeformation_permissions").items()
              if name.startswith("export_")}
    assert len(grants) == 2
    for grant in grants.values():
        assert grant["principal"] == "210987654321"
        assert set(grant["permissions"]) == set(grant["permissions_with_grant_option"]) == {"DESCRIBE", "SELECT"}
    bucket = json.loads(values(state, "aws_s3_bucket_policy")["zone_curated"]["policy"])["Statement"]
    (read,) = [one for one in bucket if one["Sid"] == "Exports"]
    assert read["Principal"]["AWS"] == [f"arn:aws:iam::{account}:root" for account in ["123456789012", "210987654321"]]


def test_a_job_reads_what_another_project_exports_and_nothing_else(platform):
    state = of(platform, "team")
    may = allowed(state, "delivery_times_job")
    (link,) = [table for table in values(state, "aws_glue_catalog_table").values() if table["target_table"]]
    (target,) = link["target_table"]
    assert link["database_name"] == "team_base__platform" and target["catalog_id"] == "123456789012"
    read = [arn for arn in may["s3:GetObject"] if "/fulfilment" in arn]
    # By the table's format, which knows objects and no folders.
    assert [arn.rsplit("/", 1)[1] for arn in read] == ["*"]
    assert not any("/fulfilment" in arn for arn in may["s3:PutObject"])
    assert may["glue:UpdateTable"] and all(target["name"] not in arn for arn in may["glue:UpdateTable"])
    assert any(arn.endswith(f"table/{target['database_name']}/{target['name']}") for arn in may["glue:GetTable"])
    arguments = values(state, "aws_glue_job")["delivery_times"]["default_arguments"]
    assert arguments["--project__platform_curated_fulfilment"] == "glue_catalog.team_base__platform.curated_fulfilment"
    grants = values(state, "aws_lakeformation_permissions")
    assert set(grants["delivery_times_job_platform-curated_fulfilment"]["permissions"]) == {"DESCRIBE"}
    there = grants["delivery_times_job_platform-curated_fulfilment_there"]
    assert set(there["permissions"]) == {"DESCRIBE", "SELECT"}
    assert there["table"][0]["name"] == target["name"]


def test_no_file_of_a_table_goes_behind_its_back(platform):
    state = of(platform, "iceberg")
    lifecycles = values(state, "aws_s3_bucket_lifecycle_configuration")
    rules = {rule["id"]: rule for rule in lifecycles["zone_curated"]["rule"]}
    assert all(rules[name]["expiration"] == [] for name in ["newest", "states", "paid"])
    (moved,) = [rule["transition"] for rule in lifecycles["zone_processed"]["rule"] if rule["id"] == "orders"]
    assert {(move["days"], move["storage_class"]) for move in moved} == {(30, "STANDARD_IA"), (180, "GLACIER_IR")}
    places = json.loads(values(state, "aws_s3_object")["operations"]["content"])["places"]
    days = {place["name"]: (place["days"], place["day_column"]) for place in places}
    # What was there before, a day for the run that takes it out, three for what no snapshot knows, three for the sweep.
    assert days["curated.states"] == (400 + 2 + 1 + 3 + 3, None)
