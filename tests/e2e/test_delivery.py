"""Delivery pipelines: each system takes its file, its commands deploy, and only its jobs may."""

import json
import os
import subprocess

import pytest
import yaml
from support import pipec
from support.archives import put_missing
from support.aws import CREDENTIALS, Moto
from support.lint import checkov, parliament
from support.paths import EXAMPLES, JARS, JDK, PLUGINS, tool
from support.rules import values
from support.terraform import Terraform, policies

# How each system is written, its labels as odd as a text can be; its file; the schema of such files.
SYSTEMS = {
    "gitlab": ("gitlab", "gitlab-ci.yml", "gitlab-ci"),
    "github": (r'github_actions { runner = "odd: \"x\" \${{ y }} # z" }', "github-actions.yml", "github-workflows"),
    "bitbucket": (r'''bitbucket { runner = "odd: 'x' # z" }''', "bitbucket-pipelines.yml", "bitbucket-pipelines"),
    "jenkins": (r'''jenkins { agent = "odd 'x' \\ && \${y}" }''', "Jenkinsfile", None),
}
UUID = "{01234567-89ab-cdef-0123-456789abcdef}"
ARN = "arn:aws:iam::123456789012"
VARIABLES = {
    "gitlab": {"repository": "example/platform"},
    "github": {"repository": "example/platform"},
    "bitbucket": {"workspace": "example", "workspace_uuid": UUID, "repository_uuid": UUID,
                  "environment_uuids": {"dev": UUID, "prod": UUID}},
    "jenkins": {"jenkins_url": "https://ci.example.com/", "job_url": "https://ci.example.com/job/platform/job/main/"},
}
SUBJECTS = {
    "gitlab": ("project_path:example/platform:ref_type:branch:ref:main",) * 2,
    "github": ("repo:example/platform:ref:refs/heads/main", "repo:example/platform:environment:prod"),
    "bitbucket": (f"{UUID}:*", f"{UUID}:{UUID}:*"),
    "jenkins": ("https://ci.example.com/job/platform/job/main/",) * 2,
}


@pytest.fixture(scope="session", params=SYSTEMS)
def delivered(request, tmp_path_factory):
    """A system, the project that it delivers, and the project's build."""
    system = request.param
    folder = tmp_path_factory.mktemp(system)
    text = (EXAMPLES / "starter" / "starter.pipe").read_text()
    (folder / "platform.pipe").write_text(
        f"{text}\ndelivery ship {{ ci = {SYSTEMS[system][0]}, environments = [dev, prod], approve = [prod] }}\n\n"
        "env dev  { pipeline.destroyable = true }\nenv prod { zone.processed.retain = 400 days }\n")
    return system, folder, pipec.build(folder, folder / "build")


def test_the_system_takes_its_file(delivered, tmp_path):
    system, _, build = delivered
    _, name, schema = SYSTEMS[system]
    if schema:
        check = ["-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(build / "ci" / name)]
        command = [tool("venv", "bin", "python"), *check]
    else:
        (groovy,) = JARS.glob("groovy-*.jar")
        command = [str(JDK / "bin" / "java"), "-cp", str(groovy), "org.codehaus.groovy.tools.FileSystemCompiler",
                   "-d", str(tmp_path), str(build / "ci" / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_its_jobs_may(delivered):
    system, _, build = delivered
    variables = {**VARIABLES[system], "state_bucket": "example-states",
                 "state_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
                 "plan_policies": [f"{ARN}:policy/reader"], "apply_policies": [f"{ARN}:policy/writer"],
                 "permissions_boundary": f"{ARN}:policy/boundary"}
    with Terraform(build / "ci" / "roles", variables=variables) as terraform:
        found = list(policies(terraform.check().state()))
    trusts = {policy.address.split(".")[1]: policy.document()["Statement"][0] for policy in found if policy.is_trust}
    assert sorted(trusts) == ["apply_dev", "apply_prod", "plan_dev", "plan_prod"]
    for role, subject in zip(["plan_prod", "apply_prod"], SUBJECTS[system], strict=True):
        (conditions,) = trusts[role]["Condition"].values()
        assert [value for name, value in conditions.items() if name.endswith(":sub")] == [subject]
        assert len(conditions) == 2, "the audience is asked for too"
    # The subjects of Bitbucket's tokens end in the number of a step; all others are compared whole.
    assert {name for trust in trusts.values() for name in trust["Condition"]} == {
        "StringLike" if system == "bitbucket" else "StringEquals"}
    state = {policy.address.split(".")[1]: policy.document() for policy in found if not policy.is_trust}
    written = {role for role, document in state.items() for statement in document["Statement"]
               if "s3:PutObject" in statement["Action"] and statement["Resource"][0].endswith(".tfstate")}
    assert written == {"apply_dev", "apply_prod"}
    if system != "gitlab":
        # What the linters look at is the same for all but the subjects.
        return
    assert [finding for said in parliament([json.dumps(document) for document in state.values()]) for finding in said] == []
    assert checkov(build / "ci" / "roles")["failed"] == []


def test_its_commands_leave_the_state_in_the_bucket(delivered, tmp_path):
    """The commands themselves, in a shell: what a plan makes is applied, and the state is where the settings say."""
    system, folder, build = delivered
    text = (build / "ci" / SYSTEMS[system][1]).read_text()
    if system != "gitlab":
        # One text makes the commands of all systems.
        for command in COMMANDS:
            assert command in text or json.dumps(command)[1:-1] in text, command
        return
    jobs = yaml.safe_load(text)
    assert [command for job in ("package dev", "plan dev", "apply dev") for command in jobs[job]["script"]] == COMMANDS
    with Moto() as aws:
        aws.client("s3").create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        backend = tmp_path / "backend.config"
        backend.write_text(
            f'bucket = "states"\nregion = "eu-west-1"\nendpoints = {{ s3 = "{aws.url}" }}\nuse_path_style = true\n'
            "use_lockfile = true\nskip_credentials_validation = true\nskip_requesting_account_id = true\n"
            "skip_metadata_api_check = true\nskip_region_validation = true\n")
        binaries = tmp_path / "bin"
        binaries.mkdir()
        (binaries / "pipec").symlink_to(pipec.binary())
        (binaries / "terraform").symlink_to(tool("bin", "terraform"))
        environment = {**os.environ, **CREDENTIALS, "PATH": f"{binaries}:{os.environ['PATH']}",
                       "TF_BACKEND_CONFIG": str(backend), "TF_CLI_ARGS_init": f"-plugin-dir={PLUGINS}",
                       "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        for command in COMMANDS:
            if command.startswith("pipec package"):
                # Archives are another test's; Terraform asks only that they are there.
                put_missing(folder / "build-dev")
                continue
            done = subprocess.run(["bash", "-euc", command], cwd=folder, env=environment, capture_output=True,
                                  text=True, check=False)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        (state,) = aws.client("s3").list_objects_v2(Bucket="states")["Contents"]
        assert state["Key"] == "starter/dev.tfstate"
    assert not list((folder / "build-dev" / "terraform").glob("*.tfstate"))


TERRAFORM = "terraform -chdir=build-dev/terraform"
INIT = (f'{TERRAFORM} init -input=false -backend-config="$TF_BACKEND_CONFIG" '
        '-backend-config="key=starter/dev.tfstate"')
COMMANDS = [
    "pipec build --env dev -o build-dev",
    """echo '{"terraform":{"backend":{"s3":{}}}}' > build-dev/terraform/backend.tf.json""",
    "pipec package build-dev",
    INIT,
    f"{TERRAFORM} plan -input=false -var environment=dev -out=plan.bin",
    f"{TERRAFORM} show -json plan.bin | pipec verify - build-dev",
    INIT,
    f"{TERRAFORM} apply -input=false plan.bin",
]


# In the account itself: AWS CodePipeline.

IN_THE_ACCOUNT = {
    "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/pipec@sha256:" + "0" * 64,
    "image_repository_arn": "arn:aws:ecr:eu-west-1:123456789012:repository/pipec",
    "state_bucket": "example-states", "state_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
    "plan_policies": [f"{ARN}:policy/reader"], "apply_policies": [f"{ARN}:policy/writer"],
    "permissions_boundary": f"{ARN}:policy/boundary",
}


@pytest.fixture(scope="module")
def codepipeline(tmp_path_factory):
    """The folder of the module, and its state."""
    folder = tmp_path_factory.mktemp("codepipeline")
    text = (EXAMPLES / "starter" / "starter.pipe").read_text()
    (folder / "platform.pipe").write_text(
        f'{text}\ndelivery ship {{ ci = codepipeline {{ repository = "example/odd.name" }}, environments = [dev, prod], approve = [prod] }}\n\n'
        "env dev  { pipeline.destroyable = true }\nenv prod { zone.processed.retain = 400 days }\n")
    module = pipec.build(folder, folder / "build") / "ci" / "codepipeline"
    with Terraform(module, variables=IN_THE_ACCOUNT) as terraform:
        return module, terraform.check().state()


def test_a_pipeline_goes_through_every_environment_and_asks(codepipeline):
    module, state = codepipeline
    (pipeline,) = values(state, "aws_codepipeline").values()
    taken = [(stage["name"], [action["name"] for action in sorted(stage["action"], key=lambda one: one["run_order"] or 1)])
             for stage in pipeline["stage"]]
    assert taken == [
        ("source", ["source"]), ("check", ["check"]), ("ship-dev", ["package-dev", "plan-dev", "apply-dev"]),
        ("ship-prod", ["package-prod", "plan-prod", "approve-prod", "apply-prod"])]
    actions = {action["name"]: action for stage in pipeline["stage"] for action in stage["action"]}
    connection = values(state, "aws_codeconnections_connection")["repository"]
    assert actions["source"]["configuration"]["ConnectionArn"] == connection["arn"]
    assert actions["source"]["configuration"]["FullRepositoryId"] == "example/odd.name"
    assert actions["approve-prod"]["category"] == "Approval"
    # Each step is given what the one before left.
    for name, given in [("package-dev", "source"), ("plan-dev", "package_dev"), ("apply-dev", "plan_dev")]:
        assert actions[name]["input_artifacts"] == [given]
    projects = values(state, "aws_codebuild_project")
    for name, action in actions.items():
        if action["provider"] == "CodeBuild":
            project = projects[name.replace("-", "_")]
            assert action["configuration"] == {"ProjectName": project["name"]}
            steps = yaml.safe_load(project["source"][0]["buildspec"])
            assert project["source"][0]["buildspec"] == (module / f"{name}.yml").read_text() and steps["version"] == 0.2
            assert project["environment"][0]["privileged_mode"] is False


def test_steps_have_the_commands_of_every_delivery(codepipeline):
    module, _ = codepipeline
    commands = [command for name in ("package-dev", "plan-dev", "apply-dev")
                for command in yaml.safe_load((module / f"{name}.yml").read_text())["phases"]["build"]["commands"]]
    assert [command for command in commands if not command.startswith("printf ")] == COMMANDS
    backend = next(command for command in commands if command.startswith("printf "))
    says = {"STATE_BUCKET": "states", "STATE_KEY_ARN": "arn:aws:kms:x", "STATE_REGION": "eu-west-1", "TF_BACKEND_CONFIG": "/dev/stdout"}
    done = subprocess.run(["bash", "-euc", backend], env={**os.environ, **says}, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        'bucket = "states"', 'kms_key_id = "arn:aws:kms:x"', 'region = "eu-west-1"', "encrypt = true", "use_lockfile = true"]


def test_only_its_own_steps_take_a_role_and_building_has_no_rights(codepipeline):
    module, state = codepipeline
    found = list(policies(state))
    trusts = {policy.address.split(".")[1]: policy.document()["Statement"][0] for policy in found if policy.is_trust}
    assert sorted(trusts) == ["apply_dev", "apply_prod", "build", "pipeline", "plan_dev", "plan_prod"]
    projects = values(state, "aws_codebuild_project")
    for role, labels in {"plan_prod": ["plan_prod"], "apply_dev": ["apply_dev"], "build": ["check", "package_dev", "package_prod"]}.items():
        sources = trusts[role]["Condition"]["ArnLike"]["aws:SourceArn"]
        assert sources == [projects[label]["arn"] for label in labels]
        assert all(projects[label]["service_role"].endswith(f":role/{values(state, 'aws_iam_role')[role]['name']}") for label in labels)
    may = {policy.address.split(".")[1]: policy.document()["Statement"] for policy in found
           if policy.type == "aws_iam_role_policy"}
    told = {role: {action for statement in statements for action in statement["Action"]} for role, statements in may.items()}
    assert told["build"] == {
        "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer", "kms:Decrypt", "kms:GenerateDataKey",
        "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:PutObject"}
    written = {role for role, statements in may.items() for statement in statements
               if "s3:PutObject" in statement["Action"] and any(arn.endswith(".tfstate") for arn in statement["Resource"])}
    assert written == {"apply_dev", "apply_prod"}
    assert {one["policy_arn"] for one in values(state, "aws_iam_role_policy_attachment").values()} <= {f"{ARN}:policy/reader", f"{ARN}:policy/writer"}
    roles = values(state, "aws_iam_role")
    assert {roles[name]["permissions_boundary"] for name in ("plan_dev", "apply_prod")} == {f"{ARN}:policy/boundary"}
    texts = [policy.text for policy in found if policy.type == "aws_iam_role_policy"]
    assert [finding for said in parliament(texts) for finding in said] == []
    assert checkov(module)["failed"] == []
