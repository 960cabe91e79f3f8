"""The components wired to each other: what one grants is what the other needs, and nothing turns in a circle."""

from __future__ import annotations

import fnmatch
import json

import pytest
from tests.support.composed import MODEL, compose
from tests.support.programs import recorded
from tests.support.recorder import ACCOUNT, by_tail

from mlops_components.training_roles import JOBS


@pytest.fixture(scope="module")
def nodes():
    return by_tail(recorded(lambda: compose("prod", version=2, previous=1)))


def of_type(nodes, kind: str) -> dict[str, dict]:
    return {node.name: node.inputs for node in nodes.values() if node.type.endswith(f":{kind}")}


def statements(policy: str) -> list[dict]:
    return json.loads(policy)["Statement"]


def allowed(nodes, role: str, action: str) -> list[str]:
    """Return the resources on which a role's policy allows an action."""
    found = of_type(nodes, "RolePolicy")[f"{role}-policy"]
    return [
        resource
        for statement in statements(found["policy"])
        if statement["Effect"] == "Allow" and any(fnmatch.fnmatchcase(action, wanted) for wanted in statement["Action"])
        for resource in statement["Resource"]
    ]


def test_every_role_is_one_that_the_key_policies_admit(nodes):
    roles = of_type(nodes, "Role")
    admitted = f"arn:aws:iam::{ACCOUNT}:role/mlops-prod-*"
    assert len(roles) == 10
    for inputs in roles.values():
        assert fnmatch.fnmatchcase(f"arn:aws:iam::{ACCOUNT}:role/{inputs['name']}", admitted)
    for key in of_type(nodes, "Key").values():
        users = [s for s in statements(key["policy"]) if "ByRolesOfTheEnvironment" in s["Sid"]]
        assert [s["Condition"]["ArnLike"] for s in users] == [{"aws:PrincipalArn": [admitted]}]


def test_one_role_of_a_model_is_one_that_the_signing_key_signs_for(nodes):
    policy = of_type(nodes, "Key")["keys-signing"]["policy"]
    (sign,) = [s["Condition"]["ArnLike"]["aws:PrincipalArn"] for s in statements(policy) if "kms:Sign" in s["Action"]]
    arns = {name: f"arn:aws:iam::{ACCOUNT}:role/{inputs['name']}" for name, inputs in of_type(nodes, "Role").items()}
    assert [name for name, arn in arns.items() if fnmatch.fnmatchcase(arn, sign)] == ["training-signing-role"]


def test_no_key_waits_for_a_role_or_a_bucket(nodes):
    for node in nodes.values():
        if node.type == "aws:kms/key:Key":
            assert node.dependencies == []


def test_dependencies_have_no_circle(nodes):
    by_urn = {node.urn: node for node in nodes.values()}
    done: set[str] = set()

    def visit(urn: str, path: tuple[str, ...]) -> None:
        assert urn not in path, path
        if urn in done or urn not in by_urn:
            return
        for other in by_urn[urn].dependencies:
            visit(other, (*path, urn))
        done.add(urn)

    for urn in by_urn:
        visit(urn, ())
    assert len(done) == len(by_urn)


@pytest.mark.parametrize(
    ("role", "bucket"),
    [
        ("training-processing-role", "curated"),
        ("training-processing-role", "reports"),
        ("training-registry-role", "curated"),
        ("training-training-role", "models"),
        ("training-signing-role", "reports"),
        ("training-verifying-role", "reports"),
        ("features-role", "features"),
        (f"{MODEL}-role", "capture"),
        ("monitoring", "reports"),
    ],
)
def test_who_writes_a_bucket_may_use_a_key_that_the_bucket_accepts(nodes, role, bucket):
    arn = f"arn:aws:s3:::mlops-prod-{bucket}-{ACCOUNT}-eu-west-1"
    assert any(resource.startswith(arn) for resource in allowed(nodes, role, "s3:PutObject"))
    (refusal,) = [
        statement
        for statement in statements(of_type(nodes, "BucketPolicy")[f"lake-{bucket}-policy"]["policy"])
        if statement["Sid"] == "RefuseOtherKeys"
    ]
    (accepted,) = refusal["Condition"]["StringNotEquals"].values()
    assert set(allowed(nodes, role, "kms:GenerateDataKey")) & set(accepted)


def test_the_definition_encrypts_each_output_with_a_key_its_bucket_accepts(nodes):
    definition = json.loads(of_type(nodes, "Pipeline")["training"]["pipelineDefinition"])
    accepted = {}
    for name, inputs in of_type(nodes, "BucketPolicy").items():
        for statement in statements(inputs["policy"]):
            if statement["Sid"] == "RefuseOtherKeys":
                (accepted[name.split("-")[1]],) = statement["Condition"]["StringNotEquals"].values()
    for step in jobs(definition):
        outputs = step["Arguments"].get("ProcessingOutputConfig")
        if outputs:
            for output in outputs["Outputs"]:
                purpose = json.dumps(output["S3Output"]["S3Uri"]).split("mlops-prod-")[1].split("-")[0]
                assert outputs["KmsKeyId"] in accepted[purpose], (step["Name"], output["OutputName"])
        if step["Type"] == "Training":
            assert step["Arguments"]["OutputDataConfig"]["KmsKeyId"] in accepted["models"]


def jobs(definition: dict) -> list[dict]:
    """Return every job of a definition, those after its condition too."""
    steps = list(definition["Steps"])
    for step in steps:
        steps += step["Arguments"]["IfSteps"] if step["Type"] == "Condition" else []
    return [step for step in steps if step["Type"] in {"Processing", "Training"}]


def outputs_of(definition: dict) -> dict[str, str]:
    """Return where each step stores what, by the path by which other steps refer to it."""
    found: dict[str, str] = {}
    for step in jobs(definition):
        arguments, start = step["Arguments"], f"Steps.{step['Name']}"
        for output in arguments.get("ProcessingOutputConfig", {}).get("Outputs", []):
            path = f"{start}.ProcessingOutputConfig.Outputs['{output['OutputName']}'].S3Output.S3Uri"
            (found[path],) = uris(output["S3Output"]["S3Uri"], found)
        if step["Type"] == "Training":
            (models,) = uris(arguments["OutputDataConfig"]["S3OutputPath"], found)
            found[f"{start}.ModelArtifacts.S3ModelArtifacts"] = f"{models}/x/output/model.tar.gz"
    return found


def uris(node, known: dict[str, str]) -> list[str]:
    """Return every S3 URI below a step's arguments as an ARN; what an execution adds to one is `x`."""
    if isinstance(node, dict) and "Std:Join" in node:
        parts = [next(iter(uris(item, known)), "x") if isinstance(item, dict) else item
                 for item in node["Std:Join"]["Values"]]  # fmt: skip
        return uris("/".join(parts), known)
    if isinstance(node, dict) and "Get" in node:
        return [known[node["Get"]]] if node["Get"] in known else []
    if isinstance(node, str):
        return [node.replace("s3://", "arn:aws:s3:::")] if node.startswith(("s3://", "arn:aws:s3:::")) else []
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [uri for item in inner for uri in uris(item, known)]


def may(nodes, role: str, action: str, arn: str) -> bool:
    """Whether a role's policy allows an action on an object, and doesn't deny it."""
    policy = statements(of_type(nodes, "RolePolicy")[f"{role}-policy"]["policy"])
    effects = {
        statement["Effect"]
        for statement in policy
        if action in statement["Action"]
        and any(fnmatch.fnmatchcase(arn, pattern) or fnmatch.fnmatchcase(f"{arn}/x", pattern)
                for pattern in statement["Resource"])
    }  # fmt: skip
    return effects == {"Allow"}


def test_each_step_reads_and_writes_what_its_own_role_may(nodes):
    definition = json.loads(of_type(nodes, "Pipeline")["training"]["pipelineDefinition"])
    known, parameters = outputs_of(definition), {each["Name"]: each for each in definition["Parameters"]}
    known["Parameters.InputDataUri"] = parameters["InputDataUri"]["DefaultValue"].replace("s3://", "arn:aws:s3:::")
    refused, checked = [], set()
    for step in jobs(definition):
        arguments, role = step["Arguments"], step["Arguments"]["RoleArn"].rpartition("/")[2]
        written = uris(
            [arguments.get(part) for part in ("ProcessingOutputConfig", "OutputDataConfig", "CheckpointConfig")], known
        )
        read = uris([arguments.get(part) for part in ("ProcessingInputs", "InputDataConfig")], known)
        inputs = arguments.get("ProcessingInputs") or arguments["InputDataConfig"]
        assert written
        assert len(read) == len(inputs), step["Name"]
        for arns, action in ((written, "s3:PutObject"), (read, "s3:GetObject")):
            refused += [(step["Name"], role, action, arn) for arn in arns if not may(nodes, role, action, arn)]
        checked.add(role)
    assert refused == []
    assert checked == {f"training-{job}-role" for job in JOBS}


def test_who_vouches_for_something_is_the_only_one_to_write_it(nodes):
    definition = json.loads(of_type(nodes, "Pipeline")["training"]["pipelineDefinition"])
    known = outputs_of(definition)
    for step, output, role in (
        ("Champion", "champion", "registry"),
        ("Sign", "signature", "signing"),
        ("VerifySignature", "verification", "verifying"),
    ):
        arn = known[f"Steps.{step}.ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri"]
        writers = {job for job in JOBS if may(nodes, f"training-{job}-role", "s3:PutObject", f"{arn}/x.json")}
        assert writers == {role}


def test_the_endpoint_reads_models_where_training_writes_them(nodes):
    written = allowed(nodes, "training-training-role", "s3:PutObject")
    read = allowed(nodes, f"{MODEL}-role", "s3:GetObject")
    models = [resource for resource in written if "-models-" in resource and "/models" in resource]
    assert models
    assert all(any(fnmatch.fnmatchcase(resource, pattern) for pattern in read) for resource in models)


def test_the_monitor_reads_captured_requests_where_the_endpoint_writes_them(nodes):
    captured = of_type(nodes, "EndpointConfiguration")[f"{MODEL}-v2"]["dataCaptureConfig"]["destinationS3Uri"]
    read = allowed(nodes, "monitoring", "s3:GetObject")
    assert any(fnmatch.fnmatchcase(f"arn:aws:s3:::{captured[5:]}/x", pattern) for pattern in read)


def test_alarms_publish_to_topics_whose_policy_and_key_let_them(nodes):
    topics = of_type(nodes, "TopicPolicy")["alerts-critical-policy"]["policy"]
    operations = of_type(nodes, "Key")["keys-operations"]["policy"]
    for alarm in of_type(nodes, "MetricAlarm").values():
        arn = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:{alarm['name']}"
        for policy in (topics, operations):
            (source,) = [
                statement["Condition"]["ArnLike"]["aws:SourceArn"]
                for statement in statements(policy)
                if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
            ]
            assert fnmatch.fnmatchcase(arn, source)


def test_the_endpoints_role_reads_every_alarm_that_rolls_it_back(nodes):
    patterns = allowed(nodes, f"{MODEL}-role", "cloudwatch:DescribeAlarms")
    for alarm in of_type(nodes, "MetricAlarm").values():
        arn = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:{alarm['name']}"
        assert any(fnmatch.fnmatchcase(arn, pattern) for pattern in patterns)


def test_the_log_groups_of_the_network_are_within_what_the_key_encrypts(nodes):
    (group,) = of_type(nodes, "LogGroup").values()
    arn = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{group['name']}"
    (patterns,) = [
        statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
        for statement in statements(of_type(nodes, "Key")["keys-operations"]["policy"])
        if statement["Sid"] == "CloudWatchLogs"
    ]
    assert any(fnmatch.fnmatchcase(arn, pattern) for pattern in patterns)


def test_jobs_and_containers_run_in_the_private_network(nodes):
    subnets = ["network-eu-west-1a-id", "network-eu-west-1b-id"]
    for model in of_type(nodes, "Model").values():
        assert model["vpcConfig"] == {"subnets": subnets, "securityGroupIds": ["network-workloads-id"]}
    job = of_type(nodes, "DataQualityJobDefinition")["monitor"]
    assert job["networkConfig"]["vpcConfig"]["subnets"] == subnets
    assert subnets[0] in of_type(nodes, "Pipeline")["training"]["pipelineDefinition"]


def test_a_second_model_stands_beside_the_first_without_a_clash():
    def program() -> None:
        compose("dev")
        import mlops_components

        mlops_components.ModelRegistry(
            "second",
            {"account": ACCOUNT, "registry_account": ACCOUNT, "region": "eu-west-1", "group_name": "mlops-second"},
        )

    groups = of_type(by_tail(recorded(program)), "ModelPackageGroup")
    assert set(groups) == {"registry", "second"}
