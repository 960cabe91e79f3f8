"""Guarded endpoint: one model and configuration per declared version, guarded releases, honest limits."""

from __future__ import annotations

import pytest
from tests.support.components import arguments, bucket, deployed, faults, key, only, scenarios

ENDPOINT = "Endpoint it"


def nodes(environment: str = "dev", **changes):
    args = {**arguments("GuardedEndpoint", environment), **changes}
    return deployed("GuardedEndpoint", {name: value for name, value in args.items() if value is not None})


def endpoint(environment: str = "dev", **changes) -> dict:
    return only(nodes(environment, **changes), f"aws-native:sagemaker:{ENDPOINT}").inputs


def config(version: int, environment: str = "dev", **changes) -> dict:
    return only(nodes(environment, **changes), f"EndpointConfiguration it-v{version}").inputs


def test_both_versions_stay_declared_while_a_release_settles():
    names = {node.name for node in nodes(previous=1).values() if "endpointConfiguration" in node.type}
    assert names == {"it-v1", "it-v2"}
    assert endpoint(previous=1)["endpointConfigName"] == "it-v2"
    assert {node.name for node in nodes().values() if "endpointConfiguration" in node.type} == {"it-v2"}


def test_versions_share_the_variant_name_that_guardrails_need():
    for version in (1, 2):
        (variant,) = config(version, previous=1)["productionVariants"]
        assert (variant["variantName"], variant["modelName"]) == ("live", f"it-v{version}")


def test_captured_requests_and_volumes_have_their_own_keys():
    found = config(2)
    assert found["kmsKeyArn"] == key("models")
    capture = found["dataCaptureConfig"]
    assert capture["kmsKeyId"] == key("personal")
    assert capture["destinationS3Uri"] == f"s3://{bucket('capture', 'dev')}/mortgage-approval"
    assert [option["captureMode"] for option in capture["captureOptions"]] == ["Input", "Output"]


def test_capture_can_be_turned_off():
    assert "dataCaptureConfig" not in config(2, capture_percent=0, capture_bucket=None)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, ["DesiredWeight", "DesiredInstanceCount"]),
        ({"max_instances": 3}, ["DesiredWeight"]),
        ({"previous": 1}, ["DesiredInstanceCount"]),
        ({"previous": 1, "max_instances": 3}, []),
    ],
)
def test_run_time_weights_and_counts_survive_updates_but_settled_ones_follow_the_configuration(changes, kinds):
    found = endpoint(**changes)
    assert found["retainAllVariantProperties"] is True
    assert [item["variantPropertyType"] for item in found["excludeRetainedVariantProperties"]] == kinds


@pytest.mark.parametrize(
    ("environment", "kind", "wait"), [("dev", "ALL_AT_ONCE", 0), ("staging", "CANARY", 300), ("prod", "CANARY", 600)]
)
def test_releases_are_as_careful_as_the_class(environment, kind, wait):
    routing = endpoint(environment)["deploymentConfig"]["blueGreenUpdatePolicy"]["trafficRoutingConfiguration"]
    assert (routing["type"], routing["waitIntervalInSeconds"]) == (kind, wait)


def test_alarms_on_errors_latency_and_memory_roll_back_and_tell_the_topic():
    found = nodes("prod")
    alarms = {node.name: node.inputs for node in found.values() if "MetricAlarm" in node.type}
    assert {inputs["metricName"] for inputs in alarms.values()} == {
        "Invocation5XXErrors",
        "InvocationModelErrors",
        "ModelLatency",
        "MemoryUtilization",
    }
    assert (alarms["it-memory"]["namespace"], alarms["it-memory"]["threshold"]) == ("/aws/sagemaker/Endpoints", 90)
    assert alarms["it-errors"]["threshold"] == 0.01
    assert alarms["it-latency"]["threshold"] == 500_000  # microseconds
    rollback = endpoint("prod")["deploymentConfig"]["autoRollbackConfiguration"]["alarms"]
    assert {alarm["alarmName"] for alarm in rollback} == {inputs["name"] for inputs in alarms.values()}
    assert all(inputs["alarmActions"][0].endswith("mlops-prod-critical") for inputs in alarms.values())
    assert all(inputs["treatMissingData"] == "notBreaching" for inputs in alarms.values())


@pytest.mark.parametrize(("environment", "limits"), [("dev", None), ("staging", (2, 4)), ("prod", (2, 8))])
def test_only_an_endpoint_with_room_scales(environment, limits):
    targets = [node.inputs for node in nodes(environment).values() if node.type.endswith(":Target")]
    assert [(target["minCapacity"], target["maxCapacity"]) for target in targets] == ([limits] if limits else [])


def test_scaling_tracks_invocations_per_instance_of_the_live_variant():
    found = nodes("prod")
    policy = only(found, "it-scaling-policy").inputs
    assert policy["resourceId"] == "endpoint/mlops-prod-mortgage-approval/variant/live"
    tracking = policy["targetTrackingScalingPolicyConfiguration"]
    assert tracking["predefinedMetricSpecification"] == {
        "predefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    }
    assert (tracking["targetValue"], tracking["scaleInCooldown"], tracking["scaleOutCooldown"]) == (600, 300, 60)


def test_a_serverless_endpoint_has_no_instances_network_or_capture():
    found = deployed("GuardedEndpoint", scenarios("GuardedEndpoint")["serverless"])
    (variant,) = only(found, "EndpointConfiguration it-v2").inputs["productionVariants"]
    assert variant["serverlessConfig"] == {"memorySizeInMb": 2048, "maxConcurrency": 5}
    assert "instanceType" not in variant
    model = only(found, "Model it-v2").inputs
    assert "vpcConfig" not in model
    assert model["enableNetworkIsolation"] is False


def test_containers_are_isolated_in_the_private_network():
    model = only(nodes(), "Model it-v2").inputs
    assert model["enableNetworkIsolation"] is True
    assert model["vpcConfig"] == {"subnets": ["subnet-0a1b2c3d"], "securityGroupIds": ["sg-0a1b2c3d"]}


SERVERLESS = {
    "serverless_memory_mb": 2048,
    "capture_bucket": None,
    "subnet_ids": None,
    "security_group_ids": None,
}


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"strategy": "canery"}, {"strategy"}),
        ({"strategy": "canary"}, {"instance_count"}),
        ({"strategy": "canary", "instance_count": 2, "step_percent": 60}, {"step_percent"}),
        ({"strategy": "linear", "instance_count": 2, "step_percent": 5}, {"step_percent"}),
        ({"strategy": "rolling", "instance_count": 2, "step_percent": 4}, {"step_percent"}),
        ({"step_percent": 10}, {"step_percent"}),
        ({"wait_seconds": 3601}, {"wait_seconds"}),
        ({"max_execution_seconds": 599}, {"max_execution_seconds"}),
        ({"max_execution_seconds": 600, "wait_seconds": 600}, {"max_execution_seconds"}),
        ({"strategy": "rolling", "instance_count": 2, "termination_wait_seconds": 5}, {"termination_wait_seconds"}),
        ({"version": 0}, {"version"}),
        ({"previous": 2}, {"previous"}),
        ({"instance_count": 3, "max_instances": 2}, {"max_instances"}),
        ({"capture_bucket": None}, {"capture_bucket"}),
        ({"subnet_ids": None}, {"subnet_ids"}),
        ({"capture_percent": 101}, {"capture_percent"}),
        ({"model": "m" * 60}, {"model"}),
        ({"serverless_max_concurrency": 5}, {"serverless_max_concurrency"}),
        ({**SERVERLESS, "serverless_memory_mb": 1500}, {"serverless_memory_mb"}),
        ({**SERVERLESS, "strategy": "rolling"}, {"strategy"}),
        ({**SERVERLESS, "network_isolation": True}, {"network_isolation"}),
        ({**SERVERLESS, "capture_percent": 10, "capture_bucket": "b"}, {"capture_percent"}),
        ({**SERVERLESS, "subnet_ids": ["subnet-0a1b2c3d"]}, {"subnet_ids"}),
        ({**SERVERLESS, "instance_type": "ml.m5.large", "max_instances": 4}, {"instance_type", "max_instances"}),
    ],
)  # fmt: skip
def test_what_aws_refuses_is_refused_before_anything_is_registered(changes, paths):
    assert set(faults("GuardedEndpoint", **changes)) == paths
