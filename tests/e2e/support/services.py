"""Who takes a role that a plan makes, and what that service calls with it: see `needs`."""

import json
import re

from .needs import DELIVER_FROM, USE_KEY, Asked

# step-functions/latest/dg/cw-logs.html, step-functions/latest/dg/concepts-xray-tracing.html
MACHINE_LOGS = ("logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
                "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery")
MACHINE_TRACES = ("xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments")
# step-functions/latest/dg/glue-iam.html: a job is polled, and stopped with its execution.
RUN_JOB = ("glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun")
# step-functions/latest/dg/service-integration-iam-templates.html: who waits hears by a rule that Step Functions makes.
HEAR = ("events:DescribeRule", "events:PutRule", "events:PutTargets")
# athena/latest/ug/workgroups-iam-policy.html, and what Quick Sight asks as it looks whether a source is there.
ASK_ATHENA = ("athena:BatchGetQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults",
              "athena:GetQueryResultsStream", "athena:GetWorkGroup", "athena:ListQueryExecutions", "athena:StartQueryExecution",
              "athena:StopQueryExecution")
LOOK_AT_TABLES = ("glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable",
                  "glue:GetTables")


def table_arns(plan, database: str, *tables: str) -> list[str]:
    """A table is reached by its catalog and database: glue/latest/dg/glue-specifying-resource-arns.html."""
    return [plan.arn("glue", "catalog"), plan.arn("glue", f"database/{database}"),
            *(plan.arn("glue", f"table/{database}/{table}") for table in tables)]


def table_folder(plan, database: str, name: str) -> tuple[str, str]:
    """The bucket and the folder of a table."""
    table = plan.one("aws_glue_catalog_table", database_name=database, name=name)
    if table["open_table_format_input"]:
        location = table["open_table_format_input"][0]["iceberg_input"][0]["iceberg_table_input"][0]["location"]
    else:
        location = table["storage_descriptor"][0]["location"]
    bucket, _, folder = location.removeprefix("s3://").partition("/")
    return bucket, folder.rstrip("/")


def delivery(asked: Asked, label: str, values: dict):
    """firehose/latest/dev/controlling-access.html"""
    plan = asked.plan
    for kind in ("extended_s3_configuration", "iceberg_configuration"):
        for target in values.get(kind) or []:
            own = asked.of(target["role_arn"], f"the delivery {label}")
            of_table = kind == "iceberg_configuration"
            place = target["s3_configuration"][0] if of_table else target
            bucket = place["bucket_arn"].rpartition(":")[2]
            folders = {re.split(r"/|!\{", place[name])[0] if name == "prefix" else place[name].partition("/!{")[0]
                       for name in ("prefix", "error_output_prefix") if place.get(name)}
            objects = [f"{folder}/*" for folder in sorted(folders)]
            for table in target.get("destination_table_configuration") or []:
                holder, folder = table_folder(plan, table["database_name"], table["table_name"])
                objects += [f"{folder}/*"] if holder == bucket else []
                arns = table_arns(plan, table["database_name"], table["table_name"])
                own.call(("glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"), *arns)
                own.call("s3:DeleteObject", f"arn:aws:s3:::{holder}/{folder}/*")
            own.call(("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"), *(f"arn:aws:s3:::{bucket}/{one}" for one in objects))
            own.call(("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"), f"arn:aws:s3:::{bucket}")
            own.close(bucket)
            for logs in target["cloudwatch_logging_options"]:
                if logs["enabled"]:
                    own.call("logs:PutLogEvents", plan.arn("logs", f"log-group:{logs['log_group_name']}:*"))
            for conversion in target.get("data_format_conversion_configuration") or []:
                for schema in conversion["schema_configuration"]:
                    reader = asked.of(schema["role_arn"], f"the delivery {label}")
                    reader.call(("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"),
                                *table_arns(plan, schema["database_name"], schema["table_name"]))
    for source in values.get("kinesis_source_configuration") or []:
        asked.of(source["role_arn"], f"the delivery {label}").poll_stream(source["kinesis_stream_arn"], DELIVER_FROM)


def schedule(asked: Asked, label: str, values: dict):
    """scheduler/latest/UserGuide/setting-up.html, scheduler/latest/UserGuide/encryption-rest.html"""
    target = values["target"][0]
    own = asked.of(target["role_arn"], f"the schedule {label}")
    service = target["arn"].split(":")[2]
    own.call({"lambda": "lambda:InvokeFunction", "states": "states:StartExecution"}[service], target["arn"])
    for letters in target["dead_letter_config"]:
        own.send(letters["arn"])
    own.key("kms:Decrypt", values["kms_key_arn"], "scheduler")


def machine(asked: Asked, label: str, values: dict):
    """What a state machine does by its definition, and for its own logs, traces and history."""
    plan = asked.plan
    own = asked.of(values["role_arn"], f"the machine {label}")
    for task in tasks(json.loads(values["definition"])):
        run_task(asked, own, task)
    key = values["encryption_configuration"][0].get("kms_key_id") if values["encryption_configuration"] else None
    if key:
        # step-functions/latest/dg/encryption-at-rest.html
        arn = plan.arn("states", f"stateMachine:{values['name']}")
        own.key_of_service(USE_KEY, key, {"kms:EncryptionContext:aws:states:stateMachineArn": arn})
        if values["logging_configuration"]:
            own.key_of_service("kms:GenerateDataKey", key, {"kms:EncryptionContext:SourceArn": plan.arn("logs", "*")})
    if any(one["level"] != "OFF" for one in values["logging_configuration"]):
        own.call(MACHINE_LOGS, "*")
    if any(one["enabled"] for one in values["tracing_configuration"]):
        own.call(MACHINE_TRACES, "*")


def tasks(states: dict) -> list[dict]:
    """All tasks of a machine, those of branches and of maps too."""
    found = []
    for state in states["States"].values():
        found += [state] if state["Type"] == "Task" else []
        for inner in [*state.get("Branches", []), *(state[name] for name in ("Iterator", "ItemProcessor") if name in state)]:
            found += tasks(inner)
    return found


def run_task(asked: Asked, own, task: dict):
    plan, told = asked.plan, task.get("Parameters") or task.get("Arguments") or {}
    kind = task["Resource"].removeprefix("arn:aws:states:::")
    if kind == "glue:startJobRun.sync":
        own.call(RUN_JOB, plan.arn("glue", f"job/{told['JobName']}"))
    elif kind == "batch:submitJob.sync":
        # step-functions/latest/dg/batch-iam.html; a definition is authorized with and without its revision.
        definition = told["JobDefinition"]
        own.call("batch:SubmitJob", definition, re.sub(r":\d+$", "", definition), told["JobQueue"])
        own.call("batch:TerminateJob", plan.arn("batch", "job/*"))
        own.call("batch:DescribeJobs", "*")
        own.call(HEAR, plan.arn("events", "rule/StepFunctionsGetEventsForBatchJobsRule"))
    elif kind == "emr-serverless:startJobRun.sync":
        # step-functions/latest/dg/emr-serverless-iam.html
        application = plan.arn("emr-serverless", f"/applications/{told['ApplicationId']}")
        own.call("emr-serverless:StartJobRun", application)
        own.call(("emr-serverless:CancelJobRun", "emr-serverless:GetJobRun"), f"{application}/jobruns/*")
        own.call("iam:PassRole", told["ExecutionRoleArn"], iam__PassedToService="emr-serverless.amazonaws.com")
        own.call(HEAR, plan.arn("events", "rule/StepFunctionsGetEventsForEMRServerlessJobRule"))
    elif kind == "sns:publish":
        own.send(told["TopicArn"])
    elif kind == "lambda:invoke":
        own.call("lambda:InvokeFunction", told["FunctionName"])
    elif kind == "aws-sdk:sfn:listExecutions":
        # With `$$.StateMachine.Id`: its own.
        machines = [values for _, values in plan.of("aws_sfn_state_machine") if task in tasks(json.loads(values["definition"]))
                    and values["role_arn"] == own.role]
        own.call("states:ListExecutions", *(values["arn"] for values in machines))
    elif kind in ("aws-sdk:sqs:receiveMessage", "aws-sdk:sqs:purgeQueue"):
        queue = plan.queue(told["QueueUrl"])
        action = kind.rpartition(":")[2]
        own.call(f"sqs:{action[0].upper()}{action[1:]}", queue["arn"])
        if action == "receiveMessage":
            # What is in the queue is read by its key; who empties it reads nothing.
            own.key("kms:Decrypt", queue["kms_master_key_id"], "sqs")
    else:
        raise AssertionError(f"no rule for tasks of {kind}")


def rule_target(asked: Asked, label: str, values: dict):
    if values["role_arn"]:
        raise AssertionError(f"no rule for the role of the target {label}")


def things(asked: Asked, label: str, values: dict):
    """iot/latest/developerguide/iot-create-role.html"""
    for actions in [values, *values["error_action"]]:
        for stream in actions.get("kinesis") or []:
            own = asked.of(stream["role_arn"], f"the rule {label}")
            own.call("kinesis:PutRecord", asked.plan.arn("kinesis", f"stream/{stream['stream_name']}"))
            into = asked.plan.one("aws_kinesis_stream", name=stream["stream_name"])
            own.key("kms:GenerateDataKey", into and into["kms_key_id"], "kinesis")
        for queue in actions.get("sqs") or []:
            asked.of(queue["role_arn"], f"the rule {label}").send(asked.plan.queue(queue["queue_url"])["arn"])
        for name in ("firehose", "lambda", "s3", "sns", "dynamodb", "republish"):
            if actions.get(name):
                raise AssertionError(f"no rule for {name} of the rule {label}")


def recorder(asked: Asked, label: str, values: dict):
    """config/latest/developerguide/iamrole-permissions.html, config/latest/developerguide/s3-kms-key-policy.html"""
    own = asked.of(values["role_arn"], f"the recorder {label}")
    for _, channel in asked.plan.of("aws_config_delivery_channel"):
        bucket = channel["s3_bucket_name"]
        prefix = f"{channel['s3_key_prefix']}/" if channel.get("s3_key_prefix") else ""
        own.call("s3:PutObject", f"arn:aws:s3:::{bucket}/{prefix}AWSLogs/{asked.plan.account}/*")
        own.call(("s3:GetBucketAcl", "s3:ListBucket"), f"arn:aws:s3:::{bucket}")
        if channel["s3_kms_key_arn"]:
            own.call(USE_KEY, channel["s3_kms_key_arn"])


def trail(asked: Asked, label: str, values: dict):
    """awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html"""
    if values["cloud_watch_logs_role_arn"]:
        own = asked.of(values["cloud_watch_logs_role_arn"], f"the trail {label}")
        own.call(("logs:CreateLogStream", "logs:PutLogEvents"), values["cloud_watch_logs_group_arn"])


def flows(asked: Asked, label: str, values: dict):
    """vpc/latest/userguide/flow-logs-iam-role.html; the group is there already."""
    own = asked.of(values["iam_role_arn"], f"the flow log {label}")
    own.call(("logs:CreateLogStream", "logs:PutLogEvents"), f"{values['log_destination']}:*")
    own.call("logs:DescribeLogStreams", f"{values['log_destination']}:*")
    own.call("logs:DescribeLogGroups", "*")


def location(asked: Asked, label: str, values: dict):
    """lake-formation/latest/dg/registration-role.html: who reads by Lake Formation reads with this role.

    Nobody writes by Lake Formation here: no engine that asks it for credentials has a grant to change a table.
    """
    bucket = values["arn"].rpartition(":")[2]
    own = asked.of(values["role_arn"], f"the location {label}")
    own.read(bucket, "*")
    own.list(bucket)


def optimizer(asked: Asked, label: str, values: dict):
    """glue/latest/dg/optimization-prerequisites.html"""
    plan = asked.plan
    own = asked.of(values["configuration"][0]["role_arn"], f"the optimizer {label}")
    bucket, folder = table_folder(plan, values["database_name"], values["table_name"])
    own.call(("s3:DeleteObject", "s3:GetObject", "s3:PutObject"), f"arn:aws:s3:::{bucket}/{folder}/*")
    own.list(bucket)
    own.close(bucket)
    own.call(("glue:GetTable", "glue:UpdateTable"), *table_arns(plan, values["database_name"], values["table_name"]))
    group = {"compaction": "compaction", "orphan_file_deletion": "orphan-file-deletion", "retention": "retention"}[values["type"]]
    own.call(("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
             plan.arn("logs", f"log-group:/aws-glue/iceberg-{group}/logs:*"))
    if plan.one("aws_lakeformation_resource", arn=f"arn:aws:s3:::{bucket}"):
        own.call("lakeformation:GetDataAccess", "*")


def namespace(asked: Asked, label: str, values: dict):
    """redshift/latest/dg/copy-usage_notes-access-permissions.html: rows are loaded from where a job leaves them."""
    for role in values["iam_roles"] or []:
        own = asked.of(role, f"the namespace {label}")
        for _, job in asked.plan.of("aws_glue_job"):
            told = job["default_arguments"]
            for name in [name.removeprefix("--sink_role__") for name, one in told.items()
                         if name.startswith("--sink_role__") and one == role]:
                bucket, _, folder = told[f"--sink__{name}"].removeprefix("s3://").partition("/")
                own.read(bucket, f"{folder}*")
                own.list(bucket, f"{folder}*")


def container(asked: Asked, label: str, values: dict):
    """batch/latest/userguide/execution-IAM-role.html; the program's own calls are of the exchange that a run hands over."""
    plan, told = asked.plan, json.loads(values["container_properties"])
    starts = asked.of(told["executionRoleArn"], f"the container {label}")
    repository = told["image"].partition("/")[2].partition("@")[0].partition(":")[0]
    starts.call(("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
                plan.arn("ecr", f"repository/{repository}"))
    starts.call("ecr:GetAuthorizationToken", "*")
    for secret in told.get("secrets") or []:
        starts.secret(secret["valueFrom"])
    starts.log(told["logConfiguration"]["options"]["awslogs-group"])
    own = asked.of(told["jobRoleArn"], f"the container {label}")
    for exchange in exchanges(plan, values):
        bucket, _, folder = exchange.removeprefix("s3://").partition("/")
        own.call("s3:GetObject", f"arn:aws:s3:::{bucket}/{folder}in/*")
        # A part that is tried again replaces what it left.
        own.call(("s3:DeleteObject", "s3:PutObject"), f"arn:aws:s3:::{bucket}/{folder}out/*")
        own.list(bucket, folder.rstrip("/"))
        own.close(bucket)


def exchanges(plan, definition: dict) -> set:
    """Where the runs of a container are handed their rows, a folder a run."""
    found = set()
    for _, values in plan.of("aws_sfn_state_machine"):
        for task in tasks(json.loads(values["definition"])):
            told = task.get("Parameters") or {}
            if told.get("JobDefinition") == definition["arn"]:
                texts = [one["Value.$"] for one in told["ContainerOverrides"]["Environment"] if one["Name"] == "EXCHANGE"]
                found |= {re.search(r"'(s3://[^']*)'", text)[1].replace("{}", "*") for text in texts}
    return found


def copier(asked: Asked, label: str, values: dict):
    """dms/latest/userguide/CHAP_Target.S3.html#CHAP_Target.S3.Prerequisites"""
    own = asked.of(values["service_access_role_arn"], f"the replication into {label}")
    bucket = values["bucket_name"]
    folder = f"{values['bucket_folder']}/" if values.get("bucket_folder") else ""
    own.call(("s3:DeleteObject", "s3:PutObject", "s3:PutObjectTagging"), f"arn:aws:s3:::{bucket}/{folder}*")
    own.call(("s3:GetBucketLocation", "s3:ListBucket"), f"arn:aws:s3:::{bucket}")
    own.key(USE_KEY, values["server_side_encryption_kms_key_id"], "s3")


def copied(asked: Asked, label: str, values: dict):
    """dms/latest/userguide/security_iam_secretsmanager.html, dms/latest/userguide/CHAP_Target.Kinesis.html"""
    for target in values.get("kinesis_settings") or []:
        own = asked.of(target["service_access_role_arn"], f"the replication into {label}")
        own.call(("kinesis:DescribeStream", "kinesis:PutRecord", "kinesis:PutRecords"), target["stream_arn"])
        if stream := asked.plan.one("aws_kinesis_stream", arn=target["stream_arn"]):
            own.key("kms:GenerateDataKey", stream["kms_key_id"], "kinesis")
        else:
            own.key_of_others("kms:GenerateDataKey", "kinesis", "aws:kinesis:arn", target["stream_arn"])
    if values["secrets_manager_access_role_arn"]:
        own = asked.of(values["secrets_manager_access_role_arn"], f"the replication from {label}")
        arn, key = values["secrets_manager_arn"], asked.plan.arn("kms", "key/*")
        own.secret(arn)
        own.call("secretsmanager:DescribeSecret", arn)
        own.key("kms:DescribeKey", key, "secretsmanager")


def dashboards(asked: Asked, label: str, values: dict):
    """quicksight/latest/user/…/athena.html: a source asks in a workgroup, whose answers it reads."""
    plan = asked.plan
    for athena in values["parameters"][0]["athena"]:
        own = asked.of(athena["role_arn"], f"the dashboards of {label}")
        own.call(ASK_ATHENA, plan.arn("athena", f"workgroup/{athena['work_group']}"))
        group = plan.one("aws_athena_workgroup", name=athena["work_group"])
        bucket, _, folder = group["configuration"][0]["result_configuration"][0]["output_location"][5:].partition("/")
        own.call("s3:GetBucketLocation", f"arn:aws:s3:::{bucket}")
        own.list(bucket, f"{folder}*")
        own.call(("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
                 f"arn:aws:s3:::{bucket}/{folder}*")
        own.close(bucket)
        own.call("lakeformation:GetDataAccess", "*")
        for _, shown in plan.of("aws_quicksight_data_set"):
            for one in shown["physical_table_map"]:
                for table in one["relational_table"]:
                    if table["data_source_arn"] == values["arn"]:
                        own.call(LOOK_AT_TABLES, *table_arns(plan, table["schema"], table["name"]))


def gateway(asked: Asked, label: str, values: dict):
    """apigateway/latest/developerguide/set-up-logging.html: of a whole account, whatever its interfaces are called."""
    own = asked.of(values["cloudwatch_role_arn"], f"the gateways of {label}")
    own.call(("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
             asked.plan.arn("logs", "log-group:*"))


def integration(asked: Asked, label: str, values: dict):
    """apigateway/latest/developerguide/integrating-api-with-aws-services-kinesis.html"""
    if not values["credentials"]:
        return
    own = asked.of(values["credentials"], f"the gateway {label}")
    service, _, action = values["uri"].split(":", 5)[4:][0].partition(":")[0], *values["uri"].rpartition("/")[1:]
    (template,) = values["request_templates"].values()
    name = re.search(r'"(?:StreamName|DeliveryStreamName)": "([^"]+)"', template)[1]
    if service == "kinesis":
        own.call(f"kinesis:{action}", asked.plan.arn("kinesis", f"stream/{name}"))
        own.key("kms:GenerateDataKey", asked.plan.one("aws_kinesis_stream", name=name)["kms_key_id"], "kinesis")
    else:
        own.call(f"firehose:{action}", asked.plan.arn("firehose", f"deliverystream/{name}"))


def replication(asked: Asked, label: str, values: dict):
    """AmazonS3/latest/userguide/setting-repl-config-perm-overview.html, …/replication-config-for-kms-objects.html"""
    own = asked.of(values["role"], f"the replication of {label}")
    origin = f"arn:aws:s3:::{values['bucket']}"
    own.call(("s3:GetReplicationConfiguration", "s3:ListBucket"), origin)
    own.call(("s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"), f"{origin}/*")
    own.key("kms:Decrypt", asked.plan.key_of_bucket(values["bucket"]), "s3")
    for rule in values["rule"]:
        (target,) = rule["destination"]
        own.call(("s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"), f"{target['bucket']}/*")
        for encryption in target["encryption_configuration"]:
            key = encryption["replica_kms_key_id"]
        # Bucket keys are made by the second: …/bucket-key.html.
            own.key(("kms:Encrypt", "kms:GenerateDataKey"), key, "s3", region=key.split(":")[3])


def pipe(asked: Asked, label: str, values: dict):
    """eventbridge/latest/userguide/eb-pipes-permissions.html"""
    plan = asked.plan
    own = asked.of(values["role_arn"], f"the pipe {label}")
    own.call(("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"), values["source"])
    if queue := plan.queue(values["source"]):
        own.key("kms:Decrypt", queue["kms_master_key_id"], "sqs")
    else:
        own.key_of_others("kms:Decrypt", "sqs", "aws:sqs:arn", values["source"])
    own.call(("kinesis:PutRecord", "kinesis:PutRecords"), values["target"])
    if stream := plan.one("aws_kinesis_stream", arn=values["target"]):
        own.key("kms:GenerateDataKey", stream["kms_key_id"], "kinesis")
    else:
        own.key_of_others("kms:GenerateDataKey", "kinesis", "aws:kinesis:arn", values["target"])


def replicator(asked: Asked, label: str, values: dict):
    """msk/latest/developerguide/msk-replicator-requirements.html: into a cluster of MSK, from one with a login."""
    plan = asked.plan
    own = asked.of(values["service_execution_role_arn"], f"the replicator {label}")
    for cluster in values["kafka_cluster"]:
        for managed in cluster["amazon_msk_cluster"]:
            arn = managed["msk_cluster_arn"]
            inside = arn.rpartition(":cluster/")[2]
            own.call(("kafka-cluster:AlterCluster", "kafka-cluster:Connect", "kafka-cluster:DescribeCluster",
                      "kafka-cluster:WriteDataIdempotently"), arn)
            own.call(("kafka-cluster:AlterTopic", "kafka-cluster:AlterTopicDynamicConfiguration", "kafka-cluster:CreateTopic",
                      "kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration", "kafka-cluster:ReadData",
                      "kafka-cluster:WriteData"), plan.arn("kafka", f"topic/{inside}/*"))
            own.call(("kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"), plan.arn("kafka", f"group/{inside}/*"))
        secrets = [login["secret_arn"] for said in cluster["client_authentication"] for login in said["sasl_scram"] + said["mtls"]]
        secrets += [said["root_ca_certificate"] for said in cluster["encryption_in_transit"] if said["root_ca_certificate"]]
        for secret in secrets:
            own.secret(secret)
            own.call(("secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "secretsmanager:ListSecretVersionIds"),
                     secret)


def backups(asked: Asked, label: str, values: dict):
    """aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForS3Backup.html, for one bucket and its key."""
    own = asked.of(values["iam_role_arn"], f"the backup {label}")
    for bucket in values["resources"]:
        own.call(("s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketNotification", "s3:GetBucketTagging",
                  "s3:GetBucketVersioning", "s3:GetInventoryConfiguration", "s3:ListBucket", "s3:ListBucketVersions",
                  "s3:PutBucketNotification", "s3:PutInventoryConfiguration"), bucket)
        own.call(("s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionAcl",
                  "s3:GetObjectVersionTagging"), f"{bucket}/*")
        own.key(("kms:Decrypt", "kms:DescribeKey"), asked.plan.key_of_bucket(bucket.rpartition(":")[2]), "s3")
    own.call(("events:DeleteRule", "events:DescribeRule", "events:DisableRule", "events:EnableRule", "events:ListTargetsByRule",
              "events:PutRule", "events:PutTargets", "events:RemoveTargets"), asked.plan.arn("events", "rule/AwsBackupManagedRule*"))
    own.call(("cloudwatch:GetMetricData", "events:ListRules", "s3:ListAllMyBuckets"), "*")


def domain(asked: Asked, label: str, values: dict):
    """datazone/latest/userguide/encryption-rest-datazone.html, besides what a policy of AWS's own lets it do."""
    own = asked.of(values["domain_execution_role"], f"the domain {label}")
    own.key(("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"), values["kms_key_identifier"], "datazone")


def blueprint(asked: Asked, label: str, values: dict):
    """Both roles have policies of AWS's own alone."""
    for role in (values["manage_access_role_arn"], values["provisioning_role_arn"]):
        if role:
            asked.of(role, f"the environments of {label}")


def networks_of_copies(asked: Asked, _label: str, _values: dict):
    """DMS takes two roles by their names: dms/latest/userguide/security-iam.html#CHAP_Security.APIRole."""
    for _, role in asked.plan.of("aws_iam_role"):
        if role["name"] in ("dms-vpc-role", "dms-cloudwatch-logs-role"):
            asked.of(role["arn"], "DMS")


KINDS = {
    "aws_api_gateway_account": gateway,
    "aws_api_gateway_integration": integration,
    "aws_backup_selection": backups,
    "aws_batch_job_definition": container,
    "aws_cloudtrail": trail,
    "aws_cloudwatch_event_target": rule_target,
    "aws_config_configuration_recorder": recorder,
    "aws_datazone_domain": domain,
    "aws_datazone_environment_blueprint_configuration": blueprint,
    "aws_dms_endpoint": copied,
    "aws_dms_replication_config": networks_of_copies,
    "aws_dms_s3_endpoint": copier,
    "aws_flow_log": flows,
    "aws_glue_catalog_table_optimizer": optimizer,
    "aws_iot_topic_rule": things,
    "aws_kinesis_firehose_delivery_stream": delivery,
    "aws_lakeformation_resource": location,
    "aws_msk_replicator": replicator,
    "aws_pipes_pipe": pipe,
    "aws_quicksight_data_source": dashboards,
    "aws_redshiftserverless_namespace": namespace,
    "aws_s3_bucket_replication_configuration": replication,
    "aws_scheduler_schedule": schedule,
    "aws_sfn_state_machine": machine,
}
