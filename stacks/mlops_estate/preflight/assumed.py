"""What AWS would answer, as far as it follows from what is asked: ARNs by the services' formats, and ids that stand in.

The formats are those of the service authorization reference, "Resource types defined by ...", service by service. An
id that AWS makes up (of a key, a subnet) is a stand-in of the same form, made of the resource's URN: it repeats from
run to run, and names nothing that exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

ARNS: Mapping[str, str] = {
    "aws-native:sagemaker:Endpoint": "sagemaker:{region}:{account}:endpoint/{name}",
    "aws-native:sagemaker:FeatureGroup": "sagemaker:{region}:{account}:feature-group/{name}",
    "aws-native:sagemaker:ModelBiasJobDefinition": "sagemaker:{region}:{account}:model-bias-job-definition/{name}",
    "aws-native:sagemaker:ModelExplainabilityJobDefinition": (
        "sagemaker:{region}:{account}:model-explainability-job-definition/{name}"
    ),
    "aws-native:sagemaker:ModelQualityJobDefinition": (
        "sagemaker:{region}:{account}:model-quality-job-definition/{name}"
    ),
    "aws:accessanalyzer/analyzer:Analyzer": "access-analyzer:{region}:{account}:analyzer/{name}",
    "aws:appautoscaling/target:Target": "application-autoscaling:{region}:{account}:scalable-target/{hex}",
    "aws:athena/workgroup:Workgroup": "athena:{region}:{account}:workgroup/{name}",
    "aws:backup/plan:Plan": "backup:{region}:{account}:backup-plan:{BackupPlanId}",
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": "backup:{region}:{account}:restore-testing-plan:{name}-{uuid}",
    "aws:backup/vault:Vault": "backup:{region}:{account}:backup-vault:{name}",
    "aws:budgets/budget:Budget": "budgets::{account}:budget/{name}",
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": "ce::{account}:anomalymonitor/{uuid}",
    "aws:costexplorer/anomalySubscription:AnomalySubscription": "ce::{account}:anomalysubscription/{uuid}",
    "aws:macie2/classificationJob:ClassificationJob": "macie2:{region}:{account}:classification-job/{jobId}",
    "aws:guardduty/detector:Detector": "guardduty:{region}:{account}:detector/{DetectorId}",
    "aws:budgets/budgetAction:BudgetAction": "budgets::{account}:budget/{BudgetName}/action/{ActionId}",
    "aws:sqs/queue:Queue": "sqs:{region}:{account}:{name}",
    "aws:cfg/conformancePack:ConformancePack": (
        "config:{region}:{account}:conformance-pack/{name}/conformance-pack-{nine}"
    ),
    "aws:cloudtrail/trail:Trail": "cloudtrail:{region}:{account}:trail/{name}",
    "aws:cloudwatch/eventRule:EventRule": "events:{region}:{account}:rule/{name}",
    "aws:cloudwatch/logGroup:LogGroup": "logs:{region}:{account}:log-group:{name}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "cloudwatch:{region}:{account}:alarm:{name}",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "ec2:{region}:{account}:security-group/{GroupId}",
    "aws:ecr/repository:Repository": "ecr:{region}:{account}:repository/{name}",
    "aws:glue/catalogDatabase:CatalogDatabase": "glue:{region}:{account}:database/{name}",
    "aws:glue/catalogTable:CatalogTable": "glue:{region}:{account}:table/{DatabaseName}/{name}",
    "aws:iam/policy:Policy": "iam::{account}:policy/{name}",
    "aws:iam/role:Role": "iam::{account}:role/{name}",
    "aws:iam/serviceLinkedRole:ServiceLinkedRole": "iam::{account}:role/aws-service-role/{service}/{name}",
    "aws:kms/key:Key": "kms:{region}:{account}:key/{KeyId}",
    "aws:lambda/function:Function": "lambda:{region}:{account}:function:{name}",
    "aws:s3/bucket:Bucket": "s3:::{name}",
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": (
        "sagemaker:{region}:{account}:data-quality-job-definition/{name}"
    ),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": "sagemaker:{region}:{account}:endpoint-config/{name}",
    "aws:sagemaker/model:Model": "sagemaker:{region}:{account}:model/{name}",
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": "sagemaker:{region}:{account}:model-package-group/{name}",
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule": "sagemaker:{region}:{account}:monitoring-schedule/{name}",
    "aws:sagemaker/pipeline:Pipeline": "sagemaker:{region}:{account}:pipeline/{name}",
    "aws:scheduler/schedule:Schedule": "scheduler:{region}:{account}:schedule/{GroupName}/{name}",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "scheduler:{region}:{account}:schedule-group/{name}",
    "aws:secretsmanager/secret:Secret": "secretsmanager:{region}:{account}:secret:{name}-{six}",
    "aws:securityhub/standardsSubscription:StandardsSubscription": "securityhub:{region}:{account}:subscription/{hex}",
    "aws:sns/topic:Topic": "sns:{region}:{account}:{name}",
    "aws:sns/topicSubscription:TopicSubscription": "sns:{region}:{account}:{topic}:{uuid}",
}
"""Format of each type's ARN after `arn:{partition}:`; types that aren't here have none, or say it in the operations
table."""

LINKED_ROLES: Mapping[str, str] = {"config.amazonaws.com": "AWSServiceRoleForConfig"}
"""Names of service-linked roles that the estate declares (the services' user guides)."""

_PREFIXES = {
    "VpcId": "vpc", "SubnetId": "subnet", "GroupId": "sg", "RouteTableId": "rtb", "VpcEndpointId": "vpce",
    "AssociationId": "rtbassoc", "FlowLogId": "fl", "SecurityGroupRuleId": "sgr", "DomainId": "d",
}  # fmt: skip
_UUIDS = {"KeyId", "BackupPlanId", "SelectionId", "NamedQueryId"}


def words_of(urn: str, name: str, account: str, region: str, partition: str) -> dict[str, str]:
    """Return what an ARN's format is filled with; `hex`, `uuid`, `six` and `nine` are made of the URN."""
    digest = hashlib.sha256(urn.encode()).hexdigest()
    uuid = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
    return {
        "account": account, "region": region, "partition": partition, "name": name, "hex": digest[:32], "uuid": uuid,
        "six": digest[:6], "nine": digest[:9],
    }  # fmt: skip


def arn_of(type_token: str, words: Mapping[str, Any]) -> str:
    """Return the ARN that a resource of a type gets, "" where the type has none here or a word is missing."""
    if type_token not in ARNS:
        return ""
    try:
        return f"arn:{words['partition']}:{ARNS[type_token]}".format(**words)
    except KeyError:
        return ""


def assumed_key(key: str, type_token: str, words: Mapping[str, Any]) -> str:
    """Return a stand-in for what only AWS's answer tells: the key `key` of a resource."""
    if key in _UUIDS:
        return str(words["uuid"])
    if key in _PREFIXES:
        return f"{_PREFIXES[key]}-{words['hex'][:17]}"
    if key == "QueueUrl":
        return f"https://sqs.{words['region']}.amazonaws.com/{words['account']}/{words['name']}"
    if key == "RetentionConfigurationName":
        return "default"  # AWS Config has one, of this name (PutRetentionConfiguration)
    if key == "RoleName":
        return str(words["name"])
    if key.lower().endswith("arn") or key == "SecretId":
        return arn_of(type_token, words) or _any_arn(type_token, words)
    return str(words["hex"])


def _any_arn(type_token: str, words: Mapping[str, Any]) -> str:
    """Return a stand-in for the ARN of a type whose format is not kept: of the right account and region, no more."""
    service, noun = type_token.split(":")[1].split("/")[0], type_token.rsplit(":", 1)[-1].lower()
    return "arn:{partition}:{of}:{region}:{account}:{noun}/{hex}".format(of=service, noun=noun, **words)
