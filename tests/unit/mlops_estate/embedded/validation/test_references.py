"""References: what a call names is looked up in the account, by form or by the member that names it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from mlops_estate.embedded.validation.model import service_model
from mlops_estate.embedded.validation.references import BY_MEMBER, References

ACCOUNT, REGION = "123456789012", "eu-west-1"
LISTED = {"describe_log_groups": "logGroups", "describe_alarms": "MetricAlarms"}


class Account:
    """Holds things by name; every look-up is noted."""

    account_id, region = ACCOUNT, REGION

    def __init__(self, *there: str) -> None:
        self.there, self.asked = set(there), []

    def client(self, service: str) -> Any:
        return _Client(self, service)


class _Client:
    def __init__(self, account: Account, service: str) -> None:
        self._account, self._service = account, service

    def __getattr__(self, method: str) -> Any:
        def call(**parameters: Any) -> dict[str, Any]:
            (name,) = (item[0] if isinstance(item, list) else item for item in parameters.values())
            self._account.asked.append((self._service, method, name))
            if method in LISTED:
                return {LISTED[method]: [name] if name in self._account.there else []}
            if name not in self._account.there:
                raise ClientError({"Error": {"Code": "NotFound"}}, method)
            return {}

        return call


def arn(service: str, rest: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:{service}:{region}:{account}:{rest}"


def missing(service: str, operation: str, params: dict[str, Any], *there: str) -> list[str]:
    faults = References(Account(*there)).check(service, operation, params)
    assert all(fault.kind == "reference" and fault.rule and fault.fix for fault in faults)
    return [fault.path for fault in faults]


CASES = [
    *(
        ("sagemaker", "CreateMonitoringSchedule",
         {"MonitoringScheduleConfig": {"MonitoringJobDefinitionName": "j", "MonitoringType": kind}},
         "MonitoringScheduleConfig.MonitoringJobDefinitionName", "j")
        for kind in ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
    ),
    ("sagemaker", "CreateModel", {"ExecutionRoleArn": arn("iam", "role/path/r", "")}, "ExecutionRoleArn", "r"),
    ("sagemaker", "CreateEndpointConfig", {"ProductionVariants": [{}, {"ModelName": "m"}]},
     "ProductionVariants[1].ModelName", "m"),
    ("sagemaker", "CreateEndpoint", {"EndpointConfigName": "c"}, "EndpointConfigName", "c"),
    ("sagemaker", "CreateEndpoint", {"X": {"Alarms": [{"AlarmName": "a"}]}}, "X.Alarms[0].AlarmName", "a"),
    ("sagemaker", "CreateModelPackage", {"ModelPackageGroupName": arn("sagemaker", "model-package-group/g")},
     "ModelPackageGroupName", "g"),
    ("kms", "CreateAlias", {"TargetKeyId": arn("kms", "key/k")}, "TargetKeyId", arn("kms", "key/k")),
    ("s3", "PutBucketLogging", {"A": {"TargetBucket": "logs"}}, "A.TargetBucket", "logs"),
    ("sagemaker", "CreateFeatureGroup", {"S3Uri": "s3://b/prefix/x"}, "S3Uri", "b"),
    ("iam", "PutRolePolicy", {"RoleName": "r"}, "RoleName", "r"),
    ("ec2", "CreateSubnet", {"VpcId": "vpc-0123456789abcdef0"}, "VpcId", "vpc-0123456789abcdef0"),
    ("ec2", "CreateFlowLogs", {"ResourceIds": ["subnet-01234567"]}, "ResourceIds[0]", "subnet-01234567"),
    ("logs", "CreateLogGroup", {"kmsKeyId": arn("kms", "alias/a")}, "kmsKeyId", arn("kms", "alias/a")),
    ("ec2", "CreateFlowLogs", {"LogDestination": arn("logs", "log-group:/x:*")}, "LogDestination", "/x"),
    ("application-autoscaling", "RegisterScalableTarget", {"ResourceId": "endpoint/e/variant/v"}, "ResourceId", "e"),
    ("cloudwatch", "PutMetricAlarm", {"AlarmActions": [arn("sns", "t")]}, "AlarmActions[0]", arn("sns", "t")),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "params", "path", "name"), CASES)
def test_what_a_call_names_must_be_there(service, operation, params, path, name):
    assert missing(service, operation, params) == [path]
    assert missing(service, operation, params, name) == []


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("sagemaker", "CreateModel", {"ModelName": "m"}),
        ("s3", "CreateBucket", {"Bucket": "b"}),
        ("iam", "CreateRole", {"RoleName": "r"}),
        ("sagemaker", "CreateModel", {"ExecutionRoleArn": arn("iam", "role/r", "", "999999999999")}),
        ("cloudwatch", "PutMetricAlarm", {"AlarmActions": [arn("sns", "t", "us-east-1")]}),
        ("iam", "PutRolePolicy", {"PolicyDocument": f'{{"Resource": "{arn("kms", "key/none")}"}}'}),
        ("iam", "PutRolePolicy", {"X": arn("iam", "role/*", "")}),
        ("sagemaker", "CreateModel", {"Anything": ["plain", 5, None, True]}),
    ],
)
def test_what_is_made_here_or_elsewhere_or_is_a_pattern_is_not_looked_up(service, operation, params):
    assert missing(service, operation, params) == []


def test_each_thing_is_looked_up_once_until_something_is_deleted():
    account = Account("r")
    references = References(account)
    call = {"ExecutionRoleArn": arn("iam", "role/r", "")}
    for _ in range(3):
        references.check("sagemaker", "CreateModel", call)
    assert account.asked == [("iam", "get_role", "r")]
    account.there.clear()
    references.forget()
    assert len(references.check("sagemaker", "CreateModel", call)) == 1


def test_what_is_missing_is_looked_up_again():
    account = Account()
    references = References(account)
    call = {"ExecutionRoleArn": arn("iam", "role/r", "")}
    assert len(references.check("sagemaker", "CreateModel", call)) == 1
    account.there.add("r")
    assert references.check("sagemaker", "CreateModel", call) == []


def test_members_look_ups_and_makers_exist_in_the_services():
    from botocore import xform_name

    for (service, member), (kind, makers) in BY_MEMBER.items():
        model = service_model(service)
        assert makers <= set(model.operation_names)
        names = {name for shape in model.shape_names for name in getattr(model.shape_for(shape), "members", ())}
        # A topic's attributes are a map of names and texts.
        assert member in names or (service, member) == ("sns", "KmsMasterKeyId")
        looked_up = service_model(kind.service)
        operation = next(name for name in looked_up.operation_names if xform_name(name) == kind.method)
        parameter = looked_up.operation_model(operation).input_shape.members[kind.parameter]
        assert (parameter.type_name == "list") == kind.listed
