"""What each persona may do, and what none of them can, as pure policy documents.

Actions, the resource types they take and their condition keys: AWS service authorization reference. Names begin with
the environment's prefix, those of the model registry with the registry's; tags bind what has a name of another form.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mlops_components.buckets import bucket_name
from mlops_components.data_catalog import database_name
from mlops_components.documents import Statement, dns_suffix, partition, policy, statement
from mlops_components.persona_guard import APPROVER, guard_statements

# The role's own tags say which project and environment it is for; nobody under the guard changes them.
_OURS = {
    "StringEquals": {
        "aws:ResourceTag/project": "${aws:PrincipalTag/project}",
        "aws:ResourceTag/environment": "${aws:PrincipalTag/environment}",
    }
}


@dataclass(frozen=True)
class PeopleReach:
    """Where personas work: one environment, and the account and prefix of the model registry."""

    account: str
    region: str
    prefix: str
    environment_class: str
    registry_account: str
    registry_prefix: str

    def arn(self, service: str, resource: str, *, account: str = "") -> str:
        """Return the ARN of a resource of the region, of this account unless another is named."""
        return f"arn:{partition(self.region)}:{service}:{self.region}:{account or self.account}:{resource}"

    def named(self, *kinds: str) -> list[str]:
        """Return ARN patterns of SageMaker resources whose names begin with the environment's prefix."""
        return [self.arn("sagemaker", f"{kind}/{self.prefix}-*") for kind in kinds]

    def bucket(self, purpose: str) -> str:
        """Return the ARN of the bucket of a purpose."""
        return f"arn:{partition(self.region)}:s3:::{bucket_name(self.prefix, purpose, self.account, self.region)}"

    @property
    def jobs(self) -> list[str]:
        """ARN patterns of the jobs that pipelines start: SageMaker names them."""
        return [self.arn("sagemaker", f"{kind}/pipelines-*") for kind in ("processing-job", "training-job")]

    @property
    def versions(self) -> list[str]:
        """ARN patterns of the registry's versions and their groups."""
        kinds = ("model-package", "model-package-group")
        return [
            self.arn("sagemaker", f"{kind}/{self.registry_prefix}-*", account=self.registry_account) for kind in kinds
        ]

    @property
    def here(self) -> Mapping[str, Mapping[str, str]]:
        """The condition that bounds what has no resource type to the environment's region."""
        return {"StringEquals": {"aws:RequestedRegion": self.region}}


Keys = Mapping[str, str]
"""Key ARNs by data class."""


def persona_policy(persona: str, reach: PeopleReach, keys: Keys) -> str:
    """Return the identity policy of one persona."""
    return policy(_STATEMENTS[persona](reach, keys))


def boundary_policy(reach: PeopleReach, keys: Keys) -> str:
    """Return the personas' own boundary: services they work in, within the region, and the guard."""
    services = (
        "athena", "backup", "cloudtrail", "cloudwatch", "config", "ec2", "glue", "guardduty", "inspector2", "kms",
        "logs", "macie2", "s3", "sagemaker", "securityhub", "sns",
    )  # fmt: skip
    return policy(
        [
            # A ceiling, not a grant: what a persona may do within it is its own policy's to say.
            statement("ServicesInTheRegion", [f"{service}:*" for service in services], ["*"], condition=reach.here),
            # Both services have one address for all regions.
            statement("ReadGlobal", ["budgets:View*", *_READ_IDENTITY], ["*"]),
            *guard_statements(reach.prefix, reach.account, reach.region, keys["personal"]),
        ]
    )


def _data_scientist(reach: PeopleReach, keys: Keys) -> list[Statement]:
    made = [
        *_follow(reach),
        *_read_features(reach),
        *_read_buckets(reach, "features", "reports"),
        _decrypt(reach, [keys["features"], keys["operations"]]),
        _list_names(reach),
    ]
    if reach.environment_class != "prod":
        made.append(_start_pipelines(reach))
    return made


def _ml_engineer(reach: PeopleReach, keys: Keys) -> list[Statement]:
    unapproved = {"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}}
    return [
        *_follow(reach),
        *_read_features(reach),
        *_read_serving(reach),
        *_read_buckets(reach, "features", "models", "reports"),
        _decrypt(reach, [keys["features"], keys["models"], keys["operations"]]),
        _list_names(reach),
        _start_pipelines(reach),
        _stop_pipelines(reach),
        # Approving is another persona's: a version begins as one that waits.
        statement("RegisterUnapproved", ["sagemaker:CreateModelPackage"], reach.versions[:1], condition=unapproved),
        statement("InvokeEndpoints", ["sagemaker:InvokeEndpoint"], reach.named("endpoint"), condition=_OURS),
        _read_logs(reach, "/aws/sagemaker/*"),
        _read_metrics(reach),
    ]


def _model_approver(reach: PeopleReach, keys: Keys) -> list[Statement]:
    made = [
        *_follow(reach),
        *_read_buckets(reach, "reports"),
        _decrypt(reach, [keys["operations"]]),
        _list_names(reach),
    ]
    if reach.registry_account == reach.account:
        # A decision with every call, and the evidence in a version's metadata stays. No version is approved from
        # another account than the registry's: the groups' own policies allow it to none.
        decided: dict[str, dict[str, str | list[str]]] = {
            "StringEquals": {"sagemaker:ModelApprovalStatus": ["Approved", "Rejected"]},
            "Null": {"sagemaker:CustomerMetadataPropertiesToRemove": "true"},
        }
        made.append(statement("Decide", ["sagemaker:UpdateModelPackage"], reach.versions[:1], condition=decided))
    return made


def _auditor(reach: PeopleReach, keys: Keys) -> list[Statement]:
    return [
        *_read_records(reach),
        *_read_settings(reach),
        *_ask_records(reach, keys),
        _read_logs(reach, f"/{reach.prefix}/*"),
        statement(
            "ReadAlarms", ["cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"],
            [reach.arn("cloudwatch", f"alarm:{reach.prefix}-*")],
        ),
        statement(
            "ReadVersions",
            ["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages"],
            reach.versions,
        ),
        # Whatever SageMaker resource the environment has, of whatever kind: the tags bind it.
        statement("ReadEstate", ["sagemaker:Describe*", "sagemaker:ListTags"], [reach.arn("sagemaker", "*")],
                  condition=_OURS),
        # List actions have no resource type; they show names, and no data.
        statement("ListEstate", ["sagemaker:List*"], ["*"], condition=reach.here),
    ]  # fmt: skip


def _platform_operator(reach: PeopleReach, keys: Keys) -> list[Statement]:
    return [
        *_follow(reach),
        *_read_serving(reach),
        *_read_buckets(reach, "reports"),
        _decrypt(reach, [keys["operations"]]),
        _list_names(reach),
        _read_logs(reach, f"/{reach.prefix}/*", "/aws/sagemaker/*"),
        _read_metrics(reach),
        _stop_pipelines(reach),
        statement("StopJobs", ["sagemaker:StopProcessingJob", "sagemaker:StopTrainingJob"], reach.jobs),
        statement(
            "PauseMonitors", ["sagemaker:StartMonitoringSchedule", "sagemaker:StopMonitoringSchedule"],
            reach.named("monitoring-schedule"), condition=_OURS,
        ),
        statement(
            "ReadTopics", ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"],
            [reach.arn("sns", f"{reach.prefix}-*")],
        ),
        statement(
            "ReadBudget", ["budgets:ViewBudget"],
            [f"arn:{partition(reach.region)}:budgets::{reach.account}:budget/{reach.prefix}-*"],
        ),
        # The Describe actions of EC2, and most that read AWS Backup, have no resource type.
        statement(
            "LookAround", ["backup:Describe*", "backup:Get*", "backup:List*", "ec2:Describe*"], ["*"],
            condition=reach.here,
        ),
    ]  # fmt: skip


def _follow(reach: PeopleReach) -> list[Statement]:
    """Return what lets one see how a version came to be: pipelines, their jobs, and the registry."""
    pipelines = [
        "sagemaker:DescribePipeline", "sagemaker:DescribePipelineDefinitionForExecution",
        "sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps",
        "sagemaker:ListPipelineExecutions", "sagemaker:ListPipelineParametersForExecution",
    ]  # fmt: skip
    versions = [
        "sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages",
    ]  # fmt: skip
    return [
        # Executions and jobs carry no tags of the estate; their ARNs hold the pipeline's name or `pipelines-`.
        statement("FollowPipelines", pipelines, reach.named("pipeline")),
        statement("FollowJobs", ["sagemaker:DescribeProcessingJob", "sagemaker:DescribeTrainingJob"], reach.jobs),
        statement("ReadVersions", versions, reach.versions),
    ]


def _start_pipelines(reach: PeopleReach) -> Statement:
    # The pipeline's own role runs it: nobody passes a role.
    start = ["sagemaker:StartPipelineExecution"]
    return statement("StartPipelines", start, reach.named("pipeline"), condition=_OURS)


def _stop_pipelines(reach: PeopleReach) -> Statement:
    executions = [reach.arn("sagemaker", f"pipeline/{reach.prefix}-*/execution/*")]
    stop = ["sagemaker:RetryPipelineExecution", "sagemaker:StopPipelineExecution"]
    return statement("StopOrRetry", stop, executions)


def _read_features(reach: PeopleReach) -> list[Statement]:
    read = ["sagemaker:BatchGetRecord", "sagemaker:DescribeFeatureGroup", "sagemaker:GetRecord"]
    return [statement("ReadFeatures", read, reach.named("feature-group"), condition=_OURS)]


def _read_serving(reach: PeopleReach) -> list[Statement]:
    read = [
        "sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel",
        "sagemaker:DescribeMonitoringSchedule",
    ]  # fmt: skip
    # Models and configurations are named by the provider, so their names have no one start: the tags bind them.
    kinds = ("endpoint", "endpoint-config", "model", "monitoring-schedule")
    return [
        statement("ReadServing", read, [reach.arn("sagemaker", f"{kind}/*") for kind in kinds], condition=_OURS),
    ]


def _read_buckets(reach: PeopleReach, *purposes: str) -> list[Statement]:
    buckets = [reach.bucket(purpose) for purpose in purposes]
    return [
        statement("ListBuckets", ["s3:GetBucketLocation", "s3:ListBucket"], buckets),
        statement("ReadObjects", ["s3:GetObject"], [f"{arn}/*" for arn in buckets]),
    ]


def _decrypt(reach: PeopleReach, key_arns: Sequence[str]) -> Statement:
    # The feature store decrypts its online records for the caller, S3 the objects; nobody decrypts by hand.
    services = [f"{service}.{reach.region}.{dns_suffix(reach.region)}" for service in ("s3", "sagemaker")]
    condition = {"StringEquals": {"kms:ViaService": services}}
    return statement("DecryptThroughServices", ["kms:Decrypt"], sorted(key_arns), condition=condition)


def _list_names(reach: PeopleReach) -> Statement:
    kinds = ("Endpoints", "FeatureGroups", "ModelPackageGroups", "MonitoringExecutions", "Pipelines")
    # None has a resource type; they show names, and no data.
    return statement("ListNames", [f"sagemaker:List{kind}" for kind in kinds], ["*"], condition=reach.here)


def _read_logs(reach: PeopleReach, *groups: str) -> Statement:
    read = [
        "logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:GetQueryResults",
        "logs:StartQuery",
    ]  # fmt: skip
    return statement("ReadLogs", read, [reach.arn("logs", f"log-group:{group}") for group in groups])


def _read_metrics(reach: PeopleReach) -> Statement:
    read = [
        "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics",
        "cloudwatch:ListMetrics",
    ]  # fmt: skip
    # Metrics have no resource type, and who lists alarms lists all.
    return statement("ReadMetrics", read, ["*"], condition=reach.here)


_READ_IDENTITY = ("iam:GenerateCredentialReport", "iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy")


def _read_records(reach: PeopleReach) -> list[Statement]:
    """Return what shows who did what, and what was found."""
    trail = ["cloudtrail:GetEventSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"]
    any_trail = ["cloudtrail:DescribeTrails", "cloudtrail:ListTrails", "cloudtrail:LookupEvents"]
    found = ["guardduty:Get*", "guardduty:List*", "inspector2:List*", "macie2:Get*", "macie2:List*",
             "securityhub:Describe*", "securityhub:Get*"]  # fmt: skip
    return [
        statement("ReadTrail", trail, [reach.arn("cloudtrail", f"trail/{reach.prefix}-*")]),
        # These three have no resource type, nor have most that read Config, backups and findings.
        statement(
            "ReadRecords",
            [*any_trail, "backup:Describe*", "backup:Get*", "backup:List*", "config:Describe*", "config:Get*",
             "config:List*", "config:SelectResourceConfig", *found],
            ["*"], condition=reach.here,
        ),
    ]  # fmt: skip


def _read_settings(reach: PeopleReach) -> list[Statement]:
    keys = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListKeyPolicies"]
    buckets = [
        # Each setting of a bucket is read by an action of its own; none of them reads an object.
        "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
    ]  # fmt: skip
    base = f"arn:{partition(reach.region)}:s3:::{reach.prefix}-*-{reach.account}-{reach.region}"
    return [
        # An audit covers every identity of the account, and IAM's read actions show no secret.
        statement("ReadIdentity", _READ_IDENTITY, ["*"]),
        statement("ReadKeys", keys, [reach.arn("kms", "key/*")], condition=_OURS),
        # Neither has a resource type.
        statement("ListKeys", ["kms:ListAliases", "kms:ListKeys"], ["*"], condition=reach.here),
        statement("ReadBucketSettings", buckets, [base]),
    ]


LOG_BUCKETS = ("access-logs", "cloudtrail", "config", "reports")
RESULTS = "audit-results"


def _ask_records(reach: PeopleReach, keys: Keys) -> list[Statement]:
    """Return what lets one read the logs' files and ask questions of them in Athena."""
    ask = [
        "athena:BatchGetNamedQuery", "athena:GetNamedQuery", "athena:GetQueryExecution", "athena:GetQueryResults",
        "athena:GetWorkGroup", "athena:ListNamedQueries", "athena:StartQueryExecution", "athena:StopQueryExecution",
    ]  # fmt: skip
    database = database_name(f"{reach.prefix}-audit")
    tables = [reach.arn("glue", part) for part in ("catalog", f"database/{database}", f"table/{database}/*")]
    logs = [reach.bucket(purpose) for purpose in LOG_BUCKETS]
    results = reach.bucket(RESULTS)
    through_s3 = {"StringEquals": {"kms:ViaService": f"s3.{reach.region}.{dns_suffix(reach.region)}"}}
    return [
        statement("Ask", ask, [reach.arn("athena", f"workgroup/{reach.prefix}-audit")]),
        statement("AskOf", ["glue:GetDatabase", "glue:GetPartitions", "glue:GetTable"], tables),
        statement("ListLogs", ["s3:GetBucketLocation", "s3:ListBucket"], [*logs, results]),
        statement("ReadLogFiles", ["s3:GetObject"], [f"{arn}/*" for arn in logs]),
        # Athena writes the answers as the one who asks.
        statement("WriteAnswers", ["s3:GetObject", "s3:PutObject"], [f"{results}/*"]),
        statement("LogsKey", ["kms:Decrypt", "kms:GenerateDataKey"], [keys["operations"]], condition=through_s3),
    ]


_STATEMENTS: Mapping[str, Callable[[PeopleReach, Keys], list[Statement]]] = {
    "data_scientist": _data_scientist,
    "ml_engineer": _ml_engineer,
    APPROVER: _model_approver,
    "auditor": _auditor,
    "platform_operator": _platform_operator,
}
PERSONAS = tuple(_STATEMENTS)
