"""The components wired to each other: what one grants is what the other needs, and nothing turns in a circle."""

from __future__ import annotations

import fnmatch
import json

import pytest
from tests.support.composed import MODEL, compose
from tests.support.programs import recorded
from tests.support.recorder import ACCOUNT, by_tail


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
    assert len(roles) == 7
    for inputs in roles.values():
        assert fnmatch.fnmatchcase(f"arn:aws:iam::{ACCOUNT}:role/{inputs['name']}", admitted)
    for key in of_type(nodes, "Key").values():
        users = [s["Condition"]["ArnLike"] for s in statements(key["policy"]) if "UseByRoles" in s["Sid"]]
        assert users == [{"aws:PrincipalArn": [admitted]}]


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
        ("training-training-role", "models"),
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
    for step in definition["Steps"]:
        outputs = step.get("Arguments", {}).get("ProcessingOutputConfig")
        if outputs:
            for output in outputs["Outputs"]:
                purpose = json.dumps(output["S3Output"]["S3Uri"]).split("mlops-prod-")[1].split("-")[0]
                assert outputs["KmsKeyId"] in accepted[purpose], (step["Name"], output["OutputName"])
        if step["Type"] == "Training":
            assert step["Arguments"]["OutputDataConfig"]["KmsKeyId"] in accepted["models"]


def uris(node) -> list[str]:
    """Return every S3 URI below a step's arguments as an ARN; what an execution adds to one is `x`."""
    if isinstance(node, dict) and "Std:Join" in node:
        values = [item if isinstance(item, str) else "x" for item in node["Std:Join"]["Values"]]
        return uris("/".join(values))
    if isinstance(node, str):
        return [f"arn:aws:s3:::{node[5:]}"] if node.startswith("s3://") else []
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [uri for item in inner for uri in uris(item)]


def test_each_step_reads_and_writes_what_its_own_role_may(nodes):
    definition = json.loads(of_type(nodes, "Pipeline")["training"]["pipelineDefinition"])
    checked = set()
    for step in definition["Steps"]:
        if step["Type"] not in {"Processing", "Training"}:
            continue
        arguments, role = step["Arguments"], f"training-{step['Type'].lower()}-role"
        assert role in arguments["RoleArn"]
        written = uris(
            [arguments.get(key) for key in ("ProcessingOutputConfig", "OutputDataConfig", "CheckpointConfig")]
        )
        read = uris([arguments.get(key) for key in ("ProcessingInputs", "HyperParameters")])
        assert written
        assert read
        for arns, action in ((written, "s3:PutObject"), (read, "s3:GetObject")):
            for arn in arns:
                patterns = allowed(nodes, role, action)
                assert any(fnmatch.fnmatchcase(f"{arn}/x", pattern) or arn == pattern for pattern in patterns), arn
        checked.add(role)
    assert checked == {"training-processing-role", "training-training-role"}
    snapshots = [arn for arn in allowed(nodes, "training-processing-role", "s3:PutObject") if "-curated-" in arn]
    assert set(snapshots) <= set(allowed(nodes, "training-training-role", "s3:GetObject"))


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
