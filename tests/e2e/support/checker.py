"""A second opinion on a build's evidence: what a Terraform plan says by itself, as `terraform show -json` writes it.

    figures = check(plan, evidence)      # raises with everything that does not agree

It shares nothing with the compiler: how long things stay is read from lifecycles, streams and backups, where rows go from
what roles may read and write, who sees what from the grants of Lake Formation, and what is reached from the endpoints. The
plan must be one of an applied platform, in which every value is known.
"""

import json
import re
from collections import Counter, defaultdict
from functools import cached_property

# S3 removes what has expired within two days, and hides a deleted object for a day where old versions are kept.
SWEEP = 2
# What Lambda does for a function, from its own network: fetching batches, letters, logs, traces, and keys for all of these.
BY_LAMBDA = re.compile(
    r"(kinesis:(Describe|Get|List|Subscribe).*|sqs:(ReceiveMessage|DeleteMessage|GetQueueAttributes|ChangeMessageVisibility)"
    r"|logs:.*|xray:.*|kms:.*|ec2:.*|kafka:.*|kafka-cluster:.*)")
# How the endpoint of a service is called where its name is another than that of its actions.
ENDPOINTS = {"firehose": "kinesis-firehose", "kinesis": "kinesis-streams", "cloudwatch": "monitoring", "ecr": "ecr.api"}


class Platform:
    """What a plan says of a platform, by the labels of its resources."""

    def __init__(self, plan: dict):
        self.resources = defaultdict(dict)
        self.instances = defaultdict(list)
        for resource in _resources(plan["planned_values"]["root_module"]):
            if resource["mode"] == "managed":
                self.resources[resource["type"]][resource["name"]] = resource["values"]
                self.instances[resource["type"]].append(resource)

    def of(self, kind: str) -> dict:
        return self.resources[kind]

    def bucket_name(self, label: str) -> str:
        return self.of("aws_s3_bucket")[label]["bucket"]

    def purged_after(self, label: str, prefix: str):
        """Days after which nothing that was written below a prefix of a bucket is there; none where nothing purges it."""
        lifecycle = self.of("aws_s3_bucket_lifecycle_configuration")[label]
        rules = [rule for rule in lifecycle["rule"] if rule["status"] == "Enabled"]
        below = [rule for rule in rules if prefix.startswith(_prefix(rule)) and rule["expiration"]]
        days = [rule["expiration"][0]["days"] for rule in below if rule["expiration"][0].get("days")]
        if not days:
            return None
        versioning = self.of("aws_s3_bucket_versioning")[label]["versioning_configuration"][0]["status"]
        old = 0
        if versioning == "Enabled":
            kept = [rule["noncurrent_version_expiration"][0]["noncurrent_days"] for rule in rules
                    if prefix.startswith(_prefix(rule)) and rule["noncurrent_version_expiration"]]
            markers = any(rule["expiration"] and rule["expiration"][0].get("expired_object_delete_marker") for rule in rules)
            if not kept or not markers:
                return None
            old = min(kept)
        return min(days) + SWEEP + old

    @cached_property
    def watched(self) -> dict:
        """What the purge verifier is told, by dataset: days after which nothing may be there."""
        objects = [one["content"] for one in self.of("aws_s3_object").values() if one["key"] == "ops/configuration.json"]
        return {place["name"]: place["days"] for content in objects for place in json.loads(content)["places"]}

    @cached_property
    def asking(self) -> list:
        """The accesses whose readers ask in workgroups, those of the longest names first."""
        found = []
        for label, values in self.of("aws_iam_policy").items():
            actions = {action for statement in json.loads(values["policy"])["Statement"] for action in _list(statement["Action"])}
            if label.endswith("_reader") and "athena:StartQueryExecution" in actions:
                found.append(label.removesuffix("_reader"))
        return sorted(found, key=len, reverse=True)

    @cached_property
    def policies(self) -> dict:
        """The statements of each role's policies, by the role's label."""
        labels = {values["name"]: label for label, values in self.of("aws_iam_role").items()}
        found = defaultdict(list)
        for label, values in self.of("aws_iam_role_policy").items():
            found[labels.get(values["role"], label)].extend(json.loads(values["policy"])["Statement"])
        return found

    def may(self, role: str) -> set:
        return {action for statement in self.policies[role] for action in _list(statement["Action"])}

    def stores(self, role: str, actions: set) -> set:
        """The streams and folders of buckets on which a role may take one of these actions."""
        arns = {arn for statement in self.policies[role] if actions & set(_list(statement["Action"]))
                for arn in _list(statement["Resource"])}
        return {store for arn in arns if (store := _store(arn))}

    def _delivered_to(self, stream: dict) -> tuple[str, str]:
        """Where a delivery stream puts rows: a bucket and a folder, or those of the table that it adds to."""
        for iceberg in stream["iceberg_configuration"]:
            (table,) = iceberg["destination_table_configuration"]
            (location,) = [_location(one) for one in self.of("aws_glue_catalog_table").values()
                           if (one["database_name"], one["name"]) == (table["database_name"], table["table_name"])]
            bucket, folder = location.removeprefix("s3://").rstrip("/").split("/", 1)
            return bucket, folder
        target = stream["extended_s3_configuration"][0]
        return target["bucket_arn"].rpartition(":")[2], target["prefix"].split("/")[0]

    @cached_property
    def flows(self) -> set:
        """Where rows may go in one step: pairs of stores of which some role may read the one and write the other."""
        into = {}
        for values in self.of("aws_kinesis_firehose_delivery_stream").values():
            into["firehose", values["name"]] = self._delivered_to(values)
        found = set()
        for role in self.policies:
            reads = self.stores(role, {"s3:GetObject", "kinesis:GetRecords"})
            writes = self.stores(role, {"s3:PutObject", "kinesis:PutRecords", "firehose:PutRecordBatch"})
            writes = {into.get(store, store) for store in writes}
            found |= {(read, write) for read in reads for write in writes if read != write}
        return found


def check(plan: dict, evidence: dict) -> dict:
    """Recomputes every claim that a plan can tell of; an assertion with all that does not agree, else counts by kind."""
    platform = Platform(plan)
    problems, counts = [], Counter()
    by_kind = defaultdict(list)
    for claim in evidence["claims"]:
        by_kind[claim["kind"]].append(claim)
    for kind, one in CHECKS.items():
        claims = by_kind["reading" if kind == "ways" else kind]
        problems += [f"{kind}: {problem}" for problem in one(platform, claims, counts)]
    assert not problems, "\n".join(problems)
    return dict(counts)


def lifetimes(platform, claims, counts):
    for claim in claims:
        stays = claim["stays"]
        for stay in stays:
            days = stay_days(platform, stay["place"])
            if days is not None:
                counts["stays"] += 1
                if days != stay["days"]:
                    yield f"{claim['id']}: {stay['place']} is {days} days by the plan, not {stay['days']}"
            for place in stay["next"]:
                yield from edge(platform, claim, stay["place"], stays[place]["place"], counts)
        longest = max((way(stays, at) for at, stay in enumerate(stays) if stay["first"]), default=0)
        if longest != (float("inf") if claim["days"] is None else claim["days"]):
            yield f"{claim['id']}: the longest way is {longest} days, not {claim['days']}"
        if claim["allowed_days"] is not None and longest > claim["allowed_days"]:
            yield f"{claim['id']}: {longest} days are more than {claim['allowed_days']}"
        counts["lifetimes"] += 1


def way(stays, at) -> float:
    """The longest from the beginning of a stay to where its ways end, days."""
    days = stays[at]["days"]
    return (float("inf") if days is None else days) + max((way(stays, on) for on in stays[at]["next"]), default=0)


def place_of(platform, place: str):
    """The kind of a place in words, its bucket or stream by label, and the folder."""
    name = place.rpartition(" (")[0]
    if match := re.fullmatch(r"(quarantine|results|files|backups) of (.+)", name):
        kind, of = match.groups()
        return {"quarantine": ("bucket", "quarantine", f"{of}/"), "results": ("bucket", "query_results", f"{of}/"),
                "files": ("bucket", f"inbox_{of}", ""), "backups": ("backup", f"{of}_backup", "")}[kind]
    if "(kinesis" in place:
        return "stream", name, ""
    zone, dot, dataset = name.partition(".")
    return ("bucket", f"zone_{zone}", f"{dataset}/") if dot else ("other", name, "")


def stay_days(platform, place: str):
    """How long something stays there, days; none where the plan alone does not say."""
    kind, label, folder = place_of(platform, place)
    if kind == "stream" and label in platform.of("aws_kinesis_stream"):
        return platform.of("aws_kinesis_stream")[label]["retention_period"] / 24
    if kind == "backup":
        return platform.of("aws_backup_plan")[label]["rule"][0]["lifecycle"][0]["delete_after"]
    if kind == "bucket" and label in platform.of("aws_s3_bucket"):
        return platform.purged_after(label, folder)
    return None


def edge(platform, claim, before: str, after: str, counts):
    """Somebody may carry rows from the one place to the other, where both are stores."""
    ends = [store_of(platform, place) for place in (before, after)]
    if None in ends or after.startswith("results of"):
        return
    counts["edges"] += 1
    if tuple(ends) not in platform.flows:
        yield f"{claim['id']}: nobody may take rows from {before} to {after}"


def store_of(platform, place: str):
    kind, label, folder = place_of(platform, place)
    if kind == "stream" and label in platform.of("aws_kinesis_stream"):
        return "stream", platform.of("aws_kinesis_stream")[label]["name"]
    if kind == "bucket" and label in platform.of("aws_s3_bucket") and folder:
        return platform.bucket_name(label), folder.rstrip("/")
    return None


def retentions(platform, claims, counts):
    told = {claim["of"] for claim in claims}
    for claim in claims:
        dataset = claim["id"].startswith("retention.")
        label, folder = (f"zone_{claim['of'].partition('.')[0]}", claim["of"].partition(".")[2]) if dataset else (
            "quarantine", claim["of"])
        days = platform.purged_after(label, f"{folder}/")
        counts["retentions"] += 1
        if days is None:
            # A job takes these rows out by their day: the verifier is told when, with three days for what it leaves behind.
            watched = platform.watched.get(claim["of"], 0)
            if not claim["days"] <= watched <= claim["days"] + 3:
                yield f"{claim['id']}: the verifier looks after {watched} days, not {claim['days']}"
        elif days != claim["days"]:
            yield f"{claim['id']}: {days} days by the plan, not {claim['days']}"
    zones = {values["name"]: zone for zone, values in platform.of("aws_glue_catalog_database").items()}
    tables = [table for table in platform.of("aws_glue_catalog_table").values() if table["database_name"] in zones]
    # Neither views nor links to tables of others keep anything.
    kept = {f"{zones[table['database_name']]}.{table['name']}" for table in tables
            if table["table_type"] != "VIRTUAL_VIEW" and not table["target_table"]}
    for dataset in sorted(kept - told):
        yield f"{dataset} is in the catalog, and nothing is claimed of how long it stays"


def private(platform, claims, counts):
    told = {claim["id"].removeprefix("private.") for claim in claims}
    if told != set(platform.of("aws_s3_bucket")):
        yield f"buckets are {sorted(platform.of('aws_s3_bucket'))}, not {sorted(told)}"
    for label in told:
        counts["private"] += 1
        blocked = platform.of("aws_s3_bucket_public_access_block")[label]
        if not all(blocked[name] for name in ("block_public_acls", "block_public_policy", "ignore_public_acls",
                                              "restrict_public_buckets")):
            yield f"{label} may be opened to the public"
        statements = json.loads(platform.of("aws_s3_bucket_policy")[label]["policy"])["Statement"]
        denied = [one for one in statements if one["Effect"] == "Deny"
                  and one.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"]
        if not denied:
            yield f"{label} can be read without TLS"
        for one in statements:
            if one["Effect"] == "Allow" and one["Principal"] == "*" and not one.get("Condition"):
                yield f"{label} lets everybody {one['Action']}"


def permissions(platform, claims, counts):
    told = {claim["role"]: set(claim["actions"]) for claim in claims}
    for role in sorted(set(told) | set(platform.policies)):
        counts["permissions"] += 1
        if told.get(role) != platform.may(role):
            yield f"{role} may take {sorted(platform.may(role) ^ told.get(role, set()))}, which only one of both says"


def reading(platform, claims, counts):
    told, shown = defaultdict(set), defaultdict(set)
    for claim in claims:
        zone, _, dataset = claim["dataset"].partition(".")
        told[claim["access"], zone, dataset].add((frozenset(claim["columns"]), claim["rows"]))
    filters = {one["table_data"][0]["name"]: one["table_data"][0] for one in
               platform.of("aws_lakeformation_data_cells_filter").values()}
    databases = {values["name"]: label for label, values in platform.of("aws_glue_catalog_database").items()}
    names = {claim["access"] for claim in claims}
    for resource in platform.instances["aws_lakeformation_permissions"]:
        values = resource["values"]
        # Roles of the platform's own have one grant each; readers have one for each principal.
        if "SELECT" not in values["permissions"] or "index" not in resource:
            continue
        for table in values["table_with_columns"]:
            found = table["database_name"], table["name"], frozenset(table["column_names"] or ()), None
            shown[access_of(resource, names), databases[found[0]], found[1]].add(found[2:])
        for cells in values["data_cells_filter"]:
            of = filters[cells["name"]]
            rows = of["row_filter"][0]["filter_expression"]
            shown[access_of(resource, names), databases[cells["database_name"]], cells["table_name"]].add(
                (frozenset(of["column_names"]), rows))
    for key in sorted(set(told) | set(shown), key=str):
        counts["reading"] += 1
        # An access may have no principal in an environment, and then grants nothing.
        if told[key] != shown[key] and (shown[key] or any(access_of(one, names) == key[0] for one in
                                                         platform.instances["aws_lakeformation_permissions"])):
            yield f"{'.'.join(map(str, key))}: {sorted(map(str, told[key] ^ shown[key]))} is in one of both only"


def once(platform, claims, counts):
    """What exists once in an account is there, and says what is claimed of it."""
    for claim in claims:
        counts["account"] += 1
        part = claim["part"]
        if not all(test(values) for kind, test in ONCE[part] for values in platform.of(kind).values() or [{}]):
            yield f"{part} is not as the account's stack claims"


# For each part of an account: a type of resource, and what its values must be.
ONCE = {
    "lake_formation": [("aws_lakeformation_data_lake_settings", lambda one: one and one["admins"] and not (
        one["create_database_default_permissions"] or one["create_table_default_permissions"]))],
    "glue_catalog": [("aws_glue_data_catalog_encryption_settings", lambda one: one and all(
        mode["catalog_encryption_mode"].startswith("SSE-KMS") and mode["sse_aws_kms_key_id"]
        for mode in one["data_catalog_encryption_settings"][0]["encryption_at_rest"]))],
    "config": [("aws_config_configuration_recorder_status", lambda one: one and one["is_enabled"]),
               ("aws_config_delivery_channel", lambda one: one and one["s3_kms_key_arn"]),
               ("aws_config_configuration_recorder", lambda one: one and one["recording_group"][0]["all_supported"])],
    "quicksight": [("aws_quicksight_account_subscription", lambda one: one and one["edition"] == "ENTERPRISE")],
    "dms_roles": [("aws_iam_role_policy_attachment", bool)],
    "api_gateway_logs": [("aws_api_gateway_account", lambda one: one and one["cloudwatch_role_arn"])],
    "s3_public_access": [("aws_s3_account_public_access_block", lambda one: one and all(
        one[name] for name in one if name.startswith(("block_", "ignore_", "restrict_"))))],
    "emr_public_access": [("aws_emr_block_public_access_configuration", lambda one: one and not one[
        "permitted_public_security_group_rule_range"] and one["block_public_security_group_rules"])],
}


def access_of(resource, names):
    """The access whose grant this is: the longest name that its label begins with."""
    fitting = [name for name in names if resource["name"].startswith(f"{name}_")]
    return max(fitting, key=len, default=None)


def ways(platform, claims, counts):
    """Nobody sees what another may by a way beside the grants: files of the lake, or answers of another's queries."""
    stores = {values["bucket"] for values in platform.of("aws_s3_bucket").values()}
    rights = defaultdict(set)
    for claim in claims:
        rights[claim["access"]].add((claim["dataset"], frozenset(claim["columns"]), claim["rows"]))
    folders = defaultdict(set)
    for label, values in platform.of("aws_iam_policy").items():
        access = label.removesuffix("_reader")
        if access == label or access not in rights:
            continue
        for statement in json.loads(values["policy"])["Statement"]:
            reads = [action for action in _list(statement["Action"]) if action == "s3:GetObject"]
            for arn in _list(statement["Resource"]) if reads and statement["Effect"] == "Allow" else []:
                bucket, _, folder = arn.rpartition(":::")[2].partition("/")
                folders[access].add((bucket, folder))
    results = {values["configuration"][0]["result_configuration"][0]["output_location"]: label
               for label, values in platform.of("aws_athena_workgroup").items()}
    for access, found in folders.items():
        counts["ways"] += 1
        for bucket, folder in found:
            if bucket in stores and f"s3://{bucket}/{folder.removesuffix('*')}" not in results:
                yield f"{access} reads s3://{bucket}/{folder} by itself, whatever it is granted"
        for other, theirs in folders.items():
            common = [(mine, their) for mine in found for their in theirs if mine[0] == their[0]
                      and (mine[1].removesuffix("*").startswith(their[1].removesuffix("*")))]
            if access != other and common and rights[access] != rights[other]:
                yield f"{other} reads what {access} was answered, and may not see the same"


def beside(platform, claims, counts):
    """Who asks where others read the answers may see no more than these; and dashboards show what their readers may see."""
    rights, asking = defaultdict(set), defaultdict(set)
    filters = {one["table_data"][0]["name"]: one["table_data"][0] for one in
               platform.of("aws_lakeformation_data_cells_filter").values()}
    for resource in platform.instances["aws_lakeformation_permissions"]:
        values = resource["values"]
        access = next((name for name in platform.asking if resource["name"].startswith(f"{name}_")), None)
        if "SELECT" not in values["permissions"] or "index" not in resource:
            continue
        # Groups sign in with a role of each access; a role or a user is the same in all.
        signer = f"groups of {access}" if resource["index"] == "groups" else resource["index"]
        asking[access].add(signer)
        for table in values["table_with_columns"]:
            rights[signer].add((table["database_name"], table["name"], frozenset(table["column_names"] or ()), None))
        for cells in values["data_cells_filter"]:
            of = filters[cells["name"]]
            rights[signer].add((cells["database_name"], cells["table_name"], frozenset(of["column_names"]),
                                of["row_filter"][0]["filter_expression"]))
    asking.pop(None, None)
    for access, principals in asking.items():
        for one in principals:
            for other in principals - {one}:
                counts["companions"] += 1
                for part in rights[other]:
                    if not any(_holds(own, part) for own in rights[one]):
                        yield f"{one} reads what {other} is answered of {part[1]} as {access}, and may not see it"
    for label, values in platform.of("aws_quicksight_data_set").items():
        for table in values.get("physical_table_map") or []:
            for found in (table.get("relational_table") or []) + (table.get("custom_sql") or []):
                shown = {column["name"] for column in found.get("input_columns") or found["columns"]}
                told = [set(part["columns"]) for claim in claims if claim["by"].startswith("dashboards ") for part in claim["parts"]
                        if label.endswith(part["dataset"].replace(".", "_"))]
                for columns in told:
                    counts["dashboards"] += 1
                    if not shown <= columns:
                        yield f"the dashboards of {label} show {sorted(shown - columns)}, which not all who see them may"


def _holds(own, other) -> bool:
    return own[:2] == other[:2] and other[2] <= own[2] and own[3] in (None, other[3])


def network(platform, claims, counts):
    endpoints = {values["service_name"].split(".", 3)[3] for values in platform.of("aws_vpc_endpoint").values()}
    if platform.of("aws_opensearchserverless_vpc_endpoint"):
        endpoints.add("aoss")
    told = {claim["service"] for claim in claims}
    if told != endpoints:
        yield f"endpoints are {sorted(endpoints)}, not {sorted(told)}"
    roles = {values["arn"]: label for label, values in platform.of("aws_iam_role").items()}
    for label, values in platform.of("aws_lambda_function").items():
        if not values["vpc_config"] or values["role"] not in roles:
            continue
        letters = {arn for one in values.get("dead_letter_config") or [] for arn in [one["target_arn"]]}
        letters |= {one["destination_config"][0]["on_failure"][0]["destination_arn"]
                    for one in platform.of("aws_lambda_event_source_mapping").values()
                    if one["function_name"] in (values["function_name"], values["arn"]) and one["destination_config"]}
        letters |= {one["destination_config"][0]["on_failure"][0]["destination"]
                    for one in platform.of("aws_lambda_function_event_invoke_config").values()
                    if one["function_name"] in (values["function_name"], values["arn"]) and one["destination_config"]}
        for statement in platform.policies[roles[values["role"]]]:
            only_letters = set(_list(statement["Resource"])) <= letters
            for action in _list(statement["Action"]):
                service = action.partition(":")[0]
                counts["calls"] += 1
                if BY_LAMBDA.fullmatch(action) or (action == "sqs:SendMessage" and only_letters):
                    continue
                if ENDPOINTS.get(service, service) not in endpoints and not platform.of("aws_nat_gateway"):
                    yield f"the function {label} calls {action}, and nothing leads to {service}"


def keys(platform, claims, counts):
    """Each service that uses the platform's key for what it keeps, or sends, is let by the key's policy."""
    allowed = set()
    for values in platform.of("aws_kms_key").values():
        for statement in json.loads(values["policy"])["Statement"]:
            principal = statement["Principal"]
            services = _list(principal.get("Service", [])) if isinstance(principal, dict) else []
            allowed |= {(service, action) for service in services for action in _list(statement["Action"])}
    needed = []
    if any(one["kms_key_id"] for one in platform.of("aws_cloudwatch_log_group").values()):
        needed.append(("logs.", "log groups"))
    topics = {one["arn"] for one in platform.of("aws_sns_topic").values() if one["kms_master_key_id"]}
    queues = {one["arn"] for one in platform.of("aws_sqs_queue").values() if one["kms_master_key_id"]}
    for label, one in platform.of("aws_cloudwatch_metric_alarm").items():
        if topics & set(one["alarm_actions"] or ()):
            needed.append(("cloudwatch.", f"the alarm {label}"))
    for label, one in platform.of("aws_cloudwatch_event_target").items():
        if one["arn"] in topics | queues:
            needed.append(("events.", f"the rule {label}"))
    for label, one in platform.of("aws_sns_topic_subscription").items():
        if one["endpoint"] in queues:
            needed.append(("sns.", f"the subscription {label}"))
    for label, one in platform.of("aws_s3_bucket_notification").items():
        if any(queue["queue_arn"] in queues for queue in one["queue"] or ()):
            needed.append(("s3.", f"the notifications of {label}"))
    for label, one in platform.of("aws_cloudtrail").items():
        if one["kms_key_id"]:
            needed.append(("cloudtrail.", f"the trail {label}"))
    for service, what in needed:
        counts["keys"] += 1
        found = {action for name, action in allowed if name.startswith(service)}
        if not any(re.match(r"kms:GenerateDataKey", action) for action in found):
            yield f"{what} uses the key by {service}, which the key's policy does not let"


def residency(platform, claims, counts):
    for claim in claims:
        counts["residency"] += 1
        regions = {bucket["region"] for bucket in platform.of("aws_s3_bucket").values() if bucket.get("region")}
        if not regions <= set(claim["regions"]) <= set(claim["allowed"]):
            yield f"buckets are in {sorted(regions)}, {sorted(claim['regions'])} is told, and {sorted(claim['allowed'])} allowed"


def capacities(platform, claims, counts):
    streams = platform.of("aws_kinesis_stream")
    for claim in claims:
        counts["capacity"] += 1
        # A stream that is there already is somebody else's to size.
        stream = streams.get(claim["source"], {"shard_count": claim["shards"]})
        if stream["shard_count"] != claim["shards"]:
            yield f"{claim['id']}: the plan has {stream['shard_count']} shards, and {claim['shards']} are told"
        if claim["shards"] and claim["shards"] < claim["needed_shards"]:
            yield f"{claim['id']}: {claim['needed_shards']} shards are needed"


def costs(platform, claims, counts):
    alarms = platform.of("aws_cloudwatch_metric_alarm").values()
    metrics = sum(max(1, sum(1 for query in alarm["metric_query"] if query["metric"])) for alarm in alarms)
    endpoints = [one for one in platform.of("aws_vpc_endpoint").values() if one["vpc_endpoint_type"] == "Interface"]
    # Less than what these cost by the cheapest figures of any region no month can cost.
    least = (metrics * 0.10 + len(platform.of("aws_secretsmanager_secret")) * 0.40 + len(platform.of("aws_kms_key")) * 1.0
             + len(endpoints) * 0.01 * 730 + len(platform.of("aws_nat_gateway")) * 0.045 * 730)
    limits = [float(one["limit_amount"]) for one in platform.of("aws_budgets_budget").values()]
    for claim in claims:
        counts["cost"] += 1
        if claim["budget"] not in (limits or [None]):
            yield f"the budget is told as {claim['budget']}, and the plan's are {limits}"
        if claim["budget"] is not None and claim["low"] > claim["budget"]:
            yield f"{claim['low']} at least is above {claim['budget']}"
        if claim["low"] < least:
            yield f"alarms, secrets, keys, endpoints and gateways alone are {least}, and {claim['low']} is told"
        for bound in ("low", "high"):
            items = sum(item[bound] for item in claim["items"])
            if abs(items - claim[bound]) > 0.005 * (len(claim["items"]) + 1):
                yield f"items are {items} together at their {bound} bound, and {claim[bound]} is told"
        paid = {address.split(".")[0] for address in claim["rests_on"]}
        for kind in ("aws_cloudwatch_metric_alarm", "aws_glue_job", "aws_kinesis_stream", "aws_lambda_function", "aws_nat_gateway", "aws_s3_bucket"):
            if platform.of(kind) and kind not in paid:
                yield f"{kind} is paid for, and the cost rests on none"


CHECKS = {"lifetime": lifetimes, "retention": retentions, "private": private, "permissions": permissions, "reading": reading,
          "ways": ways, "way": beside, "network": network, "keys": keys, "residency": residency,
          "capacity": capacities, "cost": costs, "account": once}


def _resources(module):
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _prefix(rule) -> str:
    return (rule["filter"] or [{}])[0].get("prefix") or ""


def _location(table: dict) -> str:
    """Where the files of a table of Glue's are, one of Iceberg or another."""
    for made in table["open_table_format_input"]:
        return made["iceberg_input"][0]["iceberg_table_input"][0]["location"]
    (descriptor,) = table["storage_descriptor"] or [{"location": ""}]
    return descriptor["location"]


def _list(value) -> list:
    return value if isinstance(value, list) else [value]


def _store(arn: str):
    """A stream, a delivery or a folder of a bucket, of an ARN."""
    service, _, name = arn.partition(":")[2].partition(":")[2].partition(":")
    if service == "s3":
        bucket, _, path = name.lstrip(":").partition("/")
        return (bucket, path.split("/")[0]) if path and path != "*" else None
    rest = name.rpartition("/")[2]
    return {"kinesis": ("stream", rest), "firehose": ("firehose", rest)}.get(service)
