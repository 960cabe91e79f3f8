"""References: what a call names must exist in the account, as AWS demands when the call is made.

Only things of the account itself are looked up, each once until something is deleted; ARNs of other accounts are
theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from mlops_estate.embedded.validation.model import CallFault


class Account(Protocol):
    """What is needed of an account: its number, its region, and clients."""

    account_id: str
    region: str

    def client(self, service: str) -> Any:
        """Return a boto3 client."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: how it is looked up. `found` is a JMESPath that must hold something, where no answer is an
    error."""

    what: str
    service: str
    method: str
    parameter: str
    listed: bool = False
    found: str = ""


ROLE = Kind("IAM role", "iam", "get_role", "RoleName")
KEY = Kind("KMS key", "kms", "describe_key", "KeyId")
TOPIC = Kind("SNS topic", "sns", "get_topic_attributes", "TopicArn")
BUCKET = Kind("S3 bucket", "s3", "head_bucket", "Bucket")
LOG_GROUP = Kind("log group", "logs", "describe_log_groups", "logGroupNamePrefix", found="logGroups")
VPC = Kind("VPC", "ec2", "describe_vpcs", "VpcIds", listed=True)
SUBNET = Kind("subnet", "ec2", "describe_subnets", "SubnetIds", listed=True)
GROUP = Kind("security group", "ec2", "describe_security_groups", "GroupIds", listed=True)
ROUTE_TABLE = Kind("route table", "ec2", "describe_route_tables", "RouteTableIds", listed=True)
ALARM = Kind(
    "CloudWatch alarm",
    "cloudwatch",
    "describe_alarms",
    "AlarmNames",
    listed=True,
    found="MetricAlarms || CompositeAlarms",
)
MODEL = Kind("model", "sagemaker", "describe_model", "ModelName")
ENDPOINT_CONFIG = Kind("endpoint configuration", "sagemaker", "describe_endpoint_config", "EndpointConfigName")
ENDPOINT = Kind("endpoint", "sagemaker", "describe_endpoint", "EndpointName")
PACKAGE_GROUP = Kind("model package group", "sagemaker", "describe_model_package_group", "ModelPackageGroupName")
PACKAGE = Kind("model package", "sagemaker", "describe_model_package", "ModelPackageName")
JOB_DEFINITIONS = {
    monitoring_type: Kind(
        f"{words} job definition", "sagemaker", f"describe_{words.replace('-', '_')}_job_definition",
        "JobDefinitionName",
    )
    for monitoring_type, words in (
        ("DataQuality", "data-quality"), ("ModelQuality", "model-quality"), ("ModelBias", "model-bias"),
        ("ModelExplainability", "model-explainability"),
    )
}  # fmt: skip
"""By the type that a monitoring schedule names beside its job definition."""
DATABASE = Kind("Glue database", "glue", "get_database", "Name")

# A value anywhere in a call that has this form names a thing of this kind (the first group is its name).
BY_FORM: tuple[tuple[str, Kind], ...] = (
    (r"arn:aws:iam::{account}:role/(?:[^ *?]+/)?([^/ *?]+)", ROLE),
    (r"(arn:aws:kms:{region}:{account}:(?:key|alias)/[^ *?]+)", KEY),
    (r"(arn:aws:sns:{region}:{account}:[^: *?]+)", TOPIC),
    (r"arn:aws:s3:::([^/ *?]+)(?:/.*)?", BUCKET),
    (r"s3://([^/ *?]+)(?:/.*)?", BUCKET),
    (r"arn:aws:logs:{region}:{account}:log-group:([^: *?]+)(?::\*)?", LOG_GROUP),
    (r"arn:aws:sagemaker:{region}:{account}:model-package-group/([^ *?]+)", PACKAGE_GROUP),
    (r"(arn:aws:sagemaker:{region}:{account}:model-package/[^ *?]+)", PACKAGE),
    (r"(vpc-[0-9a-f]{8,17})", VPC),
    (r"(subnet-[0-9a-f]{8,17})", SUBNET),
    (r"(sg-[0-9a-f]{8,17})", GROUP),
    (r"(rtb-[0-9a-f]{8,17})", ROUTE_TABLE),
)

# A member of this service and name refers to a thing of this kind, except in the operations that make it.
BY_MEMBER: Mapping[tuple[str, str], tuple[Kind, frozenset[str]]] = {
    ("sagemaker", "ModelName"): (MODEL, frozenset({"CreateModel"})),
    ("sagemaker", "EndpointConfigName"): (ENDPOINT_CONFIG, frozenset({"CreateEndpointConfig"})),
    ("sagemaker", "EndpointName"): (ENDPOINT, frozenset({"CreateEndpoint"})),
    ("sagemaker", "ModelPackageGroupName"): (PACKAGE_GROUP, frozenset({"CreateModelPackageGroup"})),
    ("sagemaker", "AlarmName"): (ALARM, frozenset()),
    ("sagemaker", "KmsKeyId"): (KEY, frozenset()),
    ("sagemaker", "VolumeKmsKeyId"): (KEY, frozenset()),
    ("iam", "RoleName"): (ROLE, frozenset({"CreateRole"})),
    ("kms", "KeyId"): (KEY, frozenset()),
    ("kms", "TargetKeyId"): (KEY, frozenset()),
    ("s3", "Bucket"): (BUCKET, frozenset({"CreateBucket"})),
    ("s3", "TargetBucket"): (BUCKET, frozenset()),
    ("s3", "KMSMasterKeyID"): (KEY, frozenset()),
    ("s3", "SSEKMSKeyId"): (KEY, frozenset()),
    ("sns", "TopicArn"): (TOPIC, frozenset()),
    ("sns", "KmsMasterKeyId"): (KEY, frozenset()),
    ("logs", "kmsKeyId"): (KEY, frozenset()),
    ("ec2", "LogGroupName"): (LOG_GROUP, frozenset()),
    ("ec2", "VpcId"): (VPC, frozenset()),
    ("ec2", "SubnetId"): (SUBNET, frozenset()),
    ("ec2", "SubnetIds"): (SUBNET, frozenset()),
    ("ec2", "SecurityGroupIds"): (GROUP, frozenset()),
    ("ec2", "GroupId"): (GROUP, frozenset()),
    ("ec2", "RouteTableId"): (ROUTE_TABLE, frozenset()),
    ("ec2", "RouteTableIds"): (ROUTE_TABLE, frozenset()),
    ("glue", "DatabaseName"): (DATABASE, frozenset()),
}
ENDPOINT_VARIANT = re.compile(r"endpoint/([^/]+)/variant/[^/]+")
SOURCE = "the account: AWS refuses a call that names what does not exist"


class References:
    """Looks up what calls name. `forget` is to be called after each deletion."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._known: set[tuple[str, str]] = set()
        self._forms = [
            (re.compile(form.replace("{account}", account.account_id).replace("{region}", account.region)), kind)
            for form, kind in BY_FORM
        ]

    def forget(self) -> None:
        """Look everything up anew from here on."""
        self._known.clear()

    def check(self, service: str, operation: str, params: Mapping[str, Any]) -> list[CallFault]:
        """Return a fault for each thing that a call names and the account has not."""
        return [
            CallFault(path, value, f"there is no such {kind.what} in account {self._account.account_id}",
                      f"create it first, or name one that exists ({kind.service} {kind.method})", "reference", SOURCE)
            for path, value, kind, name in self._named(service, operation, params, "", "")
            if not self._exists(kind, name)
        ]  # fmt: skip

    def _named(
        self, service: str, operation: str, value: Any, path: str, member: str
    ) -> Iterator[tuple[str, str, Kind, str]]:
        """Yield (path, value, kind, name) of all that a value names."""
        if isinstance(value, Mapping):
            definition = value.get("MonitoringJobDefinitionName")
            if definition and (kind := JOB_DEFINITIONS.get(str(value.get("MonitoringType")))):
                yield f"{path}.MonitoringJobDefinitionName".lstrip("."), definition, kind, definition
            for key, item in value.items():
                yield from self._named(service, operation, item, f"{path}.{key}" if path else key, key)
        elif isinstance(value, (list, tuple)):
            for index, item in enumerate(value):
                yield from self._named(service, operation, item, f"{path}[{index}]", member)
        elif isinstance(value, str) and value:
            if service == "application-autoscaling" and (variant := ENDPOINT_VARIANT.fullmatch(value)):
                yield path, value, ENDPOINT, variant[1]
                return
            for form, kind in self._forms:
                if found := form.fullmatch(value):
                    yield path, value, kind, found[1]
                    return
            kind_of_member, makers = BY_MEMBER.get((service, member), (None, frozenset()))
            if kind_of_member and operation not in makers and not value.startswith("arn:"):
                yield path, value, kind_of_member, value

    def _exists(self, kind: Kind, name: str) -> bool:
        if (kind.what, name) in self._known:
            return True
        method = getattr(self._account.client(kind.service), kind.method)
        try:
            answer = method(**{kind.parameter: [name] if kind.listed else name})
        except ClientError:
            return False
        if kind.found:
            import jmespath

            if not jmespath.search(kind.found, answer):
                return False
        self._known.add((kind.what, name))
        return True
