"""Documented limits that the service models lack: each rule with calls that pass and calls that fail."""

from __future__ import annotations

import json

import pytest

from mlops_estate.embedded.validation.limits import RETENTION_DAYS, RULES, check_limits
from mlops_estate.embedded.validation.model import service_model


def deployment(routing=None, rolling=None, **policy):
    config = {}
    if routing is not None:
        config["BlueGreenUpdatePolicy"] = {"TrafficRoutingConfiguration": routing, **policy}
    if rolling is not None:
        config["RollingUpdatePolicy"] = rolling
    return {"DeploymentConfig": config}


def size(value, kind="CAPACITY_PERCENT"):
    return {"Type": kind, "Value": value}


def canary(value=10, kind="CAPACITY_PERCENT", wait=60):
    return {"Type": "CANARY", "WaitIntervalInSeconds": wait, "CanarySize": size(value, kind)}


def linear(value=10, wait=60):
    return {"Type": "LINEAR", "WaitIntervalInSeconds": wait, "LinearStepSize": size(value)}


def rolling(batch=20, back=None):
    return {"MaximumBatchSize": size(batch), **({"RollbackMaximumBatchSize": size(back)} if back else {})}


def variants(*of, shadows=0):
    shadow = {"ShadowProductionVariants": [{}] * shadows} if shadows else {}
    return {"ProductionVariants": [{"ModelName": "m", **variant} for variant in of], **shadow}


LARGE = {"InstanceType": "ml.m5.large"}
FEATURES = [{"FeatureName": "id"}, {"FeatureName": "at"}]


def group(definitions=FEATURES, identifier="id", moment="at"):
    return {"FeatureDefinitions": list(definitions), "RecordIdentifierFeatureName": identifier,
            "EventTimeFeatureName": moment}  # fmt: skip


def alarm(**more):
    return {"Period": 60, "EvaluationPeriods": 5, **more}


def rules(**permission):
    return {"IpPermissions": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **permission}]}


def lock(**retention):
    return {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": retention}}}


def budget(amount="100", notifications=0, wrapper="Budget"):
    return {wrapper: {"BudgetLimit": {"Amount": amount}}, "NotificationsWithSubscribers": [{}] * notifications}


def tagged(tags):
    return {"Tagging": {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}}


POLICY = json.dumps({"Statement": []})
BLUE_GREEN = "DeploymentConfig.BlueGreenUpdatePolicy"
ROUTING = f"{BLUE_GREEN}.TrafficRoutingConfiguration"
ROLLING = "DeploymentConfig.RollingUpdatePolicy"
RETENTION = "ObjectLockConfiguration.Rule.DefaultRetention"
# service, operation, call, the paths that are refused
CASES = [
    ("sagemaker", "CreateEndpoint", {}, []),
    ("sagemaker", "CreateEndpoint", deployment({"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}), []),
    ("sagemaker", "CreateEndpoint", deployment(canary(50)), []),
    ("sagemaker", "CreateEndpoint", deployment(canary(1)), []),
    ("sagemaker", "UpdateEndpoint", deployment(canary(60)), [f"{ROUTING}.CanarySize.Value"]),
    ("sagemaker", "UpdateEndpoint", deployment(canary(60, "INSTANCE_COUNT")), []),
    ("sagemaker", "CreateEndpoint", deployment({"Type": "CANARY"}), [f"{ROUTING}.CanarySize"]),
    ("sagemaker", "CreateEndpoint", deployment({**linear(), "CanarySize": size(5)}), [f"{ROUTING}.CanarySize"]),
    ("sagemaker", "CreateEndpoint", deployment(linear(10)), []),
    ("sagemaker", "CreateEndpoint", deployment(linear(9)), [f"{ROUTING}.LinearStepSize.Value"]),
    ("sagemaker", "CreateEndpoint", deployment(linear(51)), [f"{ROUTING}.LinearStepSize.Value"]),
    ("sagemaker", "CreateEndpoint", deployment(canary(), MaximumExecutionTimeoutInSeconds=121), []),
    (
        "sagemaker", "CreateEndpoint", deployment(canary(), MaximumExecutionTimeoutInSeconds=120),
        [f"{BLUE_GREEN}.MaximumExecutionTimeoutInSeconds"],
    ),
    (
        "sagemaker", "CreateEndpoint",
        deployment(linear(30), MaximumExecutionTimeoutInSeconds=300, TerminationWaitInSeconds=60),
        [f"{BLUE_GREEN}.MaximumExecutionTimeoutInSeconds"],
    ),
    ("sagemaker", "CreateEndpoint", deployment(rolling=rolling(5, 100)), []),
    ("sagemaker", "CreateEndpoint", deployment(rolling=rolling(4)), [f"{ROLLING}.MaximumBatchSize.Value"]),
    ("sagemaker", "CreateEndpoint", deployment(rolling=rolling(51)), [f"{ROLLING}.MaximumBatchSize.Value"]),
    ("sagemaker", "CreateEndpoint", deployment(rolling=rolling(5, 4)), [f"{ROLLING}.RollbackMaximumBatchSize.Value"]),
    ("sagemaker", "CreateEndpoint", deployment(canary(), rolling()), ["DeploymentConfig"]),
    ("sagemaker", "CreateEndpointConfig", variants(LARGE, LARGE), []),
    ("sagemaker", "CreateEndpointConfig", variants(LARGE, {}), ["ProductionVariants[1].InstanceType"]),
    ("sagemaker", "CreateEndpointConfig", variants({"ServerlessConfig": {"MemorySizeInMB": 2048}}), []),
    (
        "sagemaker", "CreateEndpointConfig", variants({**LARGE, "ServerlessConfig": {"MemorySizeInMB": 2048}}),
        ["ProductionVariants[0].InstanceType"],
    ),
    (
        "sagemaker", "CreateEndpointConfig", variants({"ServerlessConfig": {"MemorySizeInMB": 1500}}),
        ["ProductionVariants[0].ServerlessConfig.MemorySizeInMB"],
    ),
    ("sagemaker", "CreateEndpointConfig", variants(LARGE, shadows=1), []),
    ("sagemaker", "CreateEndpointConfig", variants(LARGE, LARGE, shadows=1), ["ShadowProductionVariants"]),
    ("sagemaker", "CreateEndpointConfig", variants(LARGE, shadows=2), ["ShadowProductionVariants"]),
    ("sagemaker", "CreateFeatureGroup", group(), []),
    ("sagemaker", "CreateFeatureGroup", group(identifier="x"), ["RecordIdentifierFeatureName"]),
    ("sagemaker", "CreateFeatureGroup", group(moment="x"), ["EventTimeFeatureName"]),
    (
        "sagemaker", "CreateFeatureGroup", group([*FEATURES, {"FeatureName": "write_time"}]),
        ["FeatureDefinitions[2].FeatureName"],
    ),
    ("sagemaker", "CreateFeatureGroup", group([*FEATURES, FEATURES[0]]), ["FeatureDefinitions[2].FeatureName"]),
    ("sagemaker", "CreatePipeline", {"PipelineDefinition": '{"Steps": []}'}, []),
    ("sagemaker", "UpdatePipeline", {}, []),
    ("sagemaker", "CreatePipeline", {"PipelineDefinition": "steps:"}, ["PipelineDefinition"]),
    ("sagemaker", "UpdatePipeline", {"PipelineDefinition": "{}"}, ["PipelineDefinition"]),
    ("sagemaker", "PutModelPackageGroupPolicy", {"ResourcePolicy": POLICY}, []),
    ("sagemaker", "PutModelPackageGroupPolicy", {"ResourcePolicy": "[]"}, ["ResourcePolicy"]),
    ("iam", "CreateRole", {"AssumeRolePolicyDocument": POLICY}, []),
    ("iam", "CreateRole", {"AssumeRolePolicyDocument": "{}"}, ["AssumeRolePolicyDocument"]),
    ("iam", "UpdateAssumeRolePolicy", {"PolicyDocument": POLICY}, []),
    ("iam", "UpdateAssumeRolePolicy", {"PolicyDocument": "x"}, ["PolicyDocument"]),
    ("iam", "PutRolePolicy", {"PolicyDocument": POLICY}, []),
    ("iam", "PutRolePolicy", {"PolicyDocument": '"x"'}, ["PolicyDocument"]),
    ("iam", "CreatePolicy", {"PolicyDocument": POLICY}, []),
    ("iam", "CreatePolicy", {"PolicyDocument": ""}, ["PolicyDocument"]),
    ("kms", "CreateKey", {"Policy": POLICY}, []),
    ("kms", "CreateKey", {"Policy": "{"}, ["Policy"]),
    ("kms", "PutKeyPolicy", {"Policy": POLICY}, []),
    ("kms", "PutKeyPolicy", {"Policy": "null"}, ["Policy"]),
    ("kms", "ScheduleKeyDeletion", {"PendingWindowInDays": 7}, []),
    ("kms", "ScheduleKeyDeletion", {"PendingWindowInDays": 6}, ["PendingWindowInDays"]),
    ("kms", "ScheduleKeyDeletion", {"PendingWindowInDays": 31}, ["PendingWindowInDays"]),
    ("s3", "PutBucketPolicy", {"Policy": POLICY}, []),
    ("s3", "PutBucketPolicy", {"Policy": "{}"}, ["Policy"]),
    ("ec2", "CreateVpcEndpoint", {"PolicyDocument": POLICY}, []),
    ("ec2", "CreateVpcEndpoint", {"PolicyDocument": "{}"}, ["PolicyDocument"]),
    *[("logs", "PutRetentionPolicy", {"retentionInDays": days}, []) for days in RETENTION_DAYS],
    ("logs", "PutRetentionPolicy", {"retentionInDays": 2}, ["retentionInDays"]),
    ("cloudwatch", "PutMetricAlarm", alarm(), []),
    ("cloudwatch", "PutMetricAlarm", alarm(Period=10), []),
    ("cloudwatch", "PutMetricAlarm", {"EvaluationPeriods": 1}, []),
    ("cloudwatch", "PutMetricAlarm", {"Period": 60, "DatapointsToAlarm": 2}, []),
    ("cloudwatch", "PutMetricAlarm", alarm(Period=90), ["Period"]),
    ("cloudwatch", "PutMetricAlarm", alarm(Period=86_400, EvaluationPeriods=7), []),
    ("cloudwatch", "PutMetricAlarm", alarm(Period=86_400, EvaluationPeriods=8), ["EvaluationPeriods"]),
    ("cloudwatch", "PutMetricAlarm", alarm(DatapointsToAlarm=5), []),
    ("cloudwatch", "PutMetricAlarm", alarm(DatapointsToAlarm=6), ["DatapointsToAlarm"]),
    ("application-autoscaling", "RegisterScalableTarget", {"MinCapacity": 1, "MaxCapacity": 1}, []),
    ("application-autoscaling", "RegisterScalableTarget", {"MinCapacity": 2, "MaxCapacity": 1}, ["MaxCapacity"]),
    ("application-autoscaling", "RegisterScalableTarget", {"MinCapacity": -1, "MaxCapacity": 1}, ["MinCapacity"]),
    *[("s3", "CreateBucket", {"Bucket": name}, []) for name in ("abc", "a.b-c", "0" * 63)],
    *[
        ("s3", "CreateBucket", {"Bucket": name}, ["Bucket"])
        for name in ("ab", "0" * 64, "Abc", "a_b", "a..b", "-ab", "ab-", "10.0.0.1", "xn--a", "a-s3alias", "a--ol-s3")
    ],
    ("s3", "PutBucketTagging", tagged({"k" * 128: "v" * 256}), []),
    ("s3", "PutBucketTagging", tagged({"a": "", "k" * 129: ""}), ["Tagging.TagSet[1].Key"]),
    ("s3", "PutBucketTagging", tagged({"a": "v" * 257}), ["Tagging.TagSet[0].Value"]),
    ("s3", "PutBucketTagging", tagged({str(number): "" for number in range(51)}), ["Tagging.TagSet"]),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, []),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/15"}, ["CidrBlock"]),
    ("ec2", "CreateSubnet", {"CidrBlock": "10.0.0.0/28"}, []),
    ("ec2", "CreateSubnet", {"CidrBlock": "10.0.0.0/29"}, ["CidrBlock"]),
    ("ec2", "CreateSubnet", {"CidrBlock": "10.0.0.1/24"}, ["CidrBlock"]),
    ("ec2", "CreateSubnet", {"CidrBlock": "x"}, ["CidrBlock"]),
    ("ec2", "CreateVpc", {}, []),
    ("ec2", "AuthorizeSecurityGroupIngress", rules(), []),
    ("ec2", "AuthorizeSecurityGroupIngress", rules(IpProtocol="-1", FromPort=None, ToPort=None), []),
    ("ec2", "AuthorizeSecurityGroupIngress", rules(ToPort=None), ["IpPermissions[0].ToPort"]),
    ("ec2", "AuthorizeSecurityGroupEgress", rules(ToPort=65_536), ["IpPermissions[0].ToPort"]),
    ("ec2", "AuthorizeSecurityGroupEgress", rules(IpRanges=[{"CidrIp": "0.0.0.0/0"}]), []),
    (
        "ec2", "AuthorizeSecurityGroupEgress", rules(IpRanges=[{}, {"CidrIp": "10.0.0.0/33"}]),
        ["IpPermissions[0].IpRanges[1].CidrIp"],
    ),
    ("ec2", "CreateFlowLogs", {"MaxAggregationInterval": 60}, []),
    ("ec2", "CreateFlowLogs", {"MaxAggregationInterval": 61}, ["MaxAggregationInterval"]),
    ("budgets", "CreateBudget", budget("0.01", 10), []),
    ("budgets", "CreateBudget", budget(notifications=11), ["NotificationsWithSubscribers"]),
    ("budgets", "CreateBudget", budget("0"), ["Budget.BudgetLimit.Amount"]),
    ("budgets", "UpdateBudget", budget("a lot", wrapper="NewBudget"), ["NewBudget.BudgetLimit.Amount"]),
    ("budgets", "UpdateBudget", budget("5", wrapper="NewBudget"), []),
    ("s3", "PutObjectLockConfiguration", lock(Mode="GOVERNANCE", Days=1), []),
    ("s3", "PutObjectLockConfiguration", {"ObjectLockConfiguration": {}}, []),
    ("s3", "PutObjectLockConfiguration", lock(Mode="GOVERNANCE"), [RETENTION]),
    ("s3", "PutObjectLockConfiguration", lock(Days=1, Years=1), [RETENTION]),
    ("s3", "PutObjectLockConfiguration", lock(Days=36_501), [f"{RETENTION}.Days"]),
    ("s3", "PutObjectLockConfiguration", lock(Years=101), [f"{RETENTION}.Years"]),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "call", "refused"), CASES)
def test_a_rule_passes_what_the_service_takes_and_refuses_the_rest(service, operation, call, refused):
    assert [fault.path for fault in check_limits(service, operation, call)] == refused


def test_every_fault_names_rule_fix_and_source():
    faults = [fault for service, operation, call, _ in CASES for fault in check_limits(service, operation, call)]
    assert len(faults) >= 50
    assert [fault for fault in faults if not (fault.rule and fault.fix and fault.source)] == []


def test_every_rule_is_for_an_operation_that_exists_and_has_both_kinds_of_cases():
    for service, operation in RULES:
        assert operation in service_model(service).operation_names
        of_it = [bool(refused) for *named, _, refused in CASES if named == [service, operation]]
        assert set(of_it) == {True, False}, f"{service} {operation}"
