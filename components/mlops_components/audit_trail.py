"""Audit trail: who did what in the account, in a bucket that nobody can rewrite, and alarms on what is not done."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import cloudtrail, cloudwatch, iam

from mlops_components.buckets import LOCK_MODES, bucket_name
from mlops_components.data_lake import SNAPSHOT_LOCK_MODE
from mlops_components.deletion import protects
from mlops_components.documents import (
    Statement,
    bucket_arn,
    join_s3_uri,
    partition,
    policy,
    service_principal,
    statement,
    trail_arn,
)
from mlops_components.log_bucket import LogBucket, declare_log_bucket
from mlops_components.validation import Checker

TRAIL = "cloudtrail"
LOCK_DAYS = {"dev": 1, "staging": 30, "prod": 365}
RETENTION_DAYS = {"dev": 30, "staging": 400, "prod": 2557}
LOG_GROUP_DAYS = {"dev": 30, "staging": 90, "prod": 365}
# CloudWatch Logs API reference, PutMetricFilter, filterPattern.
LONGEST_PATTERN = 1024


class AuditTrailArgs(TypedDict):
    """Inputs of `AuditTrail`."""

    prefix: str
    """Start of every name of the environment; the trail is `{prefix}-audit`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code: the trail's home; it records every region."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    operations_key_arn: pulumi.Input[str]
    """ARN of the KMS key of log files and of the log group; its policy has to admit CloudTrail."""
    access_logs_bucket: pulumi.Input[str]
    """Name of the bucket that takes the access logs of the trail's bucket."""
    data_buckets: pulumi.Input[list[str]]
    """Names of the buckets whose objects' reads and writes are recorded."""
    alarm_topic_arn: NotRequired[pulumi.Input[str]]
    """ARN of the topic that alarms go to. Default: alarms tell nobody."""
    delivery_role_arns: NotRequired[list[str]]
    """ARNs of the roles that may create, update and delete endpoints; anybody else's change raises an alarm.
    Default: none, so every change does."""
    data_events: NotRequired[bool]
    """Whether reads and writes of objects, invocations of endpoints and use of feature groups are recorded.
    Default: true."""
    insights: NotRequired[bool]
    """Whether CloudTrail looks for unusual rates of calls and errors. Default: true in prod, else false."""
    lock_mode: NotRequired[str]
    """Object Lock of log files: GOVERNANCE can be lifted by a privileged role, COMPLIANCE by nobody.
    Default: COMPLIANCE in prod, else GOVERNANCE."""
    lock_days: NotRequired[int]
    """Days for which a log file can't be changed or deleted. Default: 1 in dev, 30 in staging, 365 in prod."""
    retention_days: NotRequired[int]
    """Days for which log files are kept. Default: 30 in dev, 400 in staging, 2557 (seven years) in prod."""
    log_group_retention_days: NotRequired[int]
    """Days for which events are kept in CloudWatch Logs, where alarms watch them: one of CloudWatch's own choices.
    Default: 30 in dev, 90 in staging, 365 in prod."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete bucket and log group. Default: false in dev, else true."""


class AuditTrail(pulumi.ComponentResource):
    """A trail over all regions with validated, encrypted, locked log files, and alarms on its events.

    It records management events (which include every use of a KMS key) and, of the environment alone, data events:
    objects of its data buckets, invocations of its endpoints, records of its feature groups.
    """

    trail_arn: pulumi.Output[str]
    """ARN of the trail."""
    bucket: pulumi.Output[str]
    """Name of the bucket of log files."""
    log_uri: pulumi.Output[str]
    """S3 URI of the folder that holds a folder of log files for each region."""
    log_group_name: pulumi.Output[str]
    """Name of the log group of events."""
    alarm_names: pulumi.Output[list[str]]
    """Names of the alarms."""

    def __init__(self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("AuditTrail", name, args, AuditTrailArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:AuditTrail", name, {**args}, opts)
        self._base, self._args = name, args
        self._class = args.get("environment_class") or "prod"
        self._safe = protects(args)
        self._child = pulumi.ResourceOptions(parent=self)
        bucket, ready = declare_log_bucket(name, self._bucket_plan(), self)
        group, role, granted = self._log_group()
        trail = cloudtrail.Trail(
            name,
            name=f"{args['prefix']}-audit",
            s3_bucket_name=bucket.bucket,
            kms_key_id=args["operations_key_arn"],
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            cloud_watch_logs_group_arn=group.arn.apply(lambda arn: f"{arn}:*"),
            cloud_watch_logs_role_arn=role.arn,
            advanced_event_selectors=pulumi.Output.from_input(args["data_buckets"]).apply(self._selectors),
            insight_selectors=[{"insight_type": kind} for kind in self._insights()],
            # CloudTrail tries to write, and to take the role, when the trail is made.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*ready, granted]),
        )
        alarms = [self._alarm(what, *watched, group) for what, watched in self._watched().items()]
        self.trail_arn = trail.arn
        self.bucket = bucket.bucket
        self.log_uri = trail.s3_bucket_name.apply(lambda known: log_uri(known, args["account"]))
        self.log_group_name = group.name
        self.alarm_names = pulumi.Output.all(*alarms)
        self.register_outputs(
            {
                "trail_arn": self.trail_arn,
                "bucket": self.bucket,
                "log_uri": self.log_uri,
                "log_group_name": self.log_group_name,
                "alarm_names": self.alarm_names,
            }
        )

    def _bucket_plan(self) -> LogBucket:
        args = self._args
        place = (args["prefix"], args["account"], args["region"])
        return LogBucket(
            TRAIL, *place, args["operations_key_arn"], args["access_logs_bucket"],
            keep_days=int(args.get("retention_days") or RETENTION_DAYS[self._class]),
            emptied=self._class == "dev",
            protect=self._safe,
            # CloudTrail names the key, with the trail as context, which the key's policy asks for.
            bucket_key=False,
            # Other encryption isn't refused: CloudTrail's digest files come with S3's own (user guide, SSE-KMS).
            statements=delivery_statements(*place),
            lock=(
                args.get("lock_mode") or SNAPSHOT_LOCK_MODE[self._class],
                int(args.get("lock_days") or LOCK_DAYS[self._class]),
            ),
        )  # fmt: skip

    def _log_group(self) -> tuple[cloudwatch.LogGroup, iam.Role, iam.RolePolicy]:
        args = self._args
        prefix, account, region = args["prefix"], args["account"], args["region"]
        group = cloudwatch.LogGroup(
            f"{self._base}-events",
            name=log_group_name(prefix),
            kms_key_id=args["operations_key_arn"],
            retention_in_days=int(args.get("log_group_retention_days") or LOG_GROUP_DAYS[self._class]),
            opts=pulumi.ResourceOptions(parent=self, protect=self._safe),
        )
        role = iam.Role(
            f"{self._base}-role",
            name=f"{prefix}-audit-trail",
            description=f"Lets CloudTrail write the events of {prefix} to CloudWatch Logs",
            assume_role_policy=trust_policy(prefix, account, region),
            opts=self._child,
        )
        granted = iam.RolePolicy(
            f"{self._base}-role-policy",
            name="write-events",
            role=role.name,
            policy=write_policy(prefix, account, region),
            opts=self._child,
        )
        return group, role, granted

    def _selectors(self, buckets: Sequence[str]) -> Any:
        args = self._args
        recorded = args.get("data_events") is not False
        return event_selectors(args["prefix"], args["account"], args["region"], buckets if recorded else None)

    def _insights(self) -> Sequence[str]:
        given = self._args.get("insights")
        wanted = self._class == "prod" if given is None else given
        return ("ApiCallRateInsight", "ApiErrorRateInsight") if wanted else ()

    def _watched(self) -> Mapping[str, tuple[str, str]]:
        return watched(self._args.get("delivery_role_arns") or ())

    def _alarm(self, what: str, pattern: str, meaning: str, group: cloudwatch.LogGroup) -> pulumi.Output[str]:
        args = self._args
        namespace = f"{args['prefix']}/audit"
        metric = cloudwatch.LogMetricFilter(
            f"{self._base}-{what}-events",
            name=what,
            log_group_name=group.name,
            pattern=pattern,
            metric_transformation={
                "namespace": namespace,
                "name": what,
                "value": "1",
                "default_value": "0",
            },
            opts=self._child,
        )
        topic = args.get("alarm_topic_arn")
        alarm = cloudwatch.MetricAlarm(
            f"{self._base}-{what}",
            name=f"{args['prefix']}-{what}",
            alarm_description=meaning,
            namespace=namespace,
            metric_name=what,
            statistic="Sum",
            period=300,
            evaluation_periods=1,
            threshold=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[topic] if topic is not None else None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[metric]),
        )
        return alarm.name


def log_uri(bucket: str, account: str) -> str:
    """Return where CloudTrail puts an account's log files in a bucket, by region below it."""
    return join_s3_uri(bucket, "AWSLogs", account, "CloudTrail")


def log_group_name(prefix: str) -> str:
    """Return the name of the log group of events, one of those that the operations key admits."""
    return f"/{prefix}/audit/events"


def delivery_statements(prefix: str, account: str, region: str) -> list[Statement]:
    """Return what CloudTrail needs to deliver (user guide, Amazon S3 bucket policy for CloudTrail)."""
    bucket = bucket_arn(bucket_name(prefix, TRAIL, account, region), region)
    source = {"aws:SourceArn": trail_arn(prefix, account, region)}
    return [
        statement(
            "CloudTrailAsks", ["s3:GetBucketAcl"], [bucket], principal=service_principal("cloudtrail"),
            condition={"StringEquals": source},
        ),
        statement(
            "CloudTrailWrites", ["s3:PutObject"], [f"{bucket}/AWSLogs/{account}/*"],
            principal=service_principal("cloudtrail"),
            condition={"StringEquals": {**source, "s3:x-amz-acl": "bucket-owner-full-control"}},
        ),
    ]  # fmt: skip


def trust_policy(prefix: str, account: str, region: str) -> str:
    """Return the trust policy of the role that writes events: CloudTrail, for this trail only."""
    return policy(
        [
            {
                "Sid": "TrailOfTheEnvironment",
                "Effect": "Allow",
                "Principal": service_principal("cloudtrail"),
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceArn": trail_arn(prefix, account, region)}},
            }
        ]
    )


def write_policy(prefix: str, account: str, region: str) -> str:
    """Return what that role may do: write to streams named as CloudTrail names them."""
    group = f"arn:{partition(region)}:logs:{region}:{account}:log-group:{log_group_name(prefix)}"
    streams = [f"{group}:log-stream:{account}_CloudTrail_{region}*"]
    return policy([statement("WriteEvents", ["logs:CreateLogStream", "logs:PutLogEvents"], streams)])


def event_selectors(prefix: str, account: str, region: str, buckets: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return what the trail records: management events and, unless `buckets` is None, the environment's data events.

    Resource types: CloudTrail user guide, logging data events. An invocation is recorded without its request
    (SageMaker AI developer guide, logging with CloudTrail).
    """
    management = [_field("eventCategory", equals=["Management"])]
    selectors: list[dict[str, Any]] = [{"name": "Management events", "field_selectors": management}]
    if buckets is None:
        return selectors
    here = f"arn:{partition(region)}:sagemaker:{region}:{account}"
    data = {
        "Objects of the data buckets": ("AWS::S3::Object", [f"{bucket_arn(bucket, region)}/" for bucket in buckets]),
        "Invocations of endpoints": ("AWS::SageMaker::Endpoint", [f"{here}:endpoint/{prefix}-"]),
        "Records of feature groups": ("AWS::SageMaker::FeatureGroup", [f"{here}:feature-group/{prefix}-"]),
    }
    for what, (kind, starts) in data.items():
        fields = [_field("eventCategory", equals=["Data"]), _field("resources.type", equals=[kind])]
        fields.append(_field("resources.ARN", starts_withs=list(starts)))
        selectors.append({"name": what, "field_selectors": fields})
    return selectors


def _field(name: str, **operator: list[str]) -> dict[str, Any]:
    return {"field": name, **operator}


def watched(delivery_role_arns: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Return the events that raise an alarm: name -> (CloudWatch filter pattern, what it means).

    Root and key patterns follow CIS AWS Foundations Benchmark 4.3 and 4.7.
    """
    issuer = "$.userIdentity.sessionContext.sessionIssuer.arn"
    endpoint = _any("sagemaker", "CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint")
    if delivery_role_arns:
        others = " && ".join(f'({issuer} != "{arn}")' for arn in delivery_role_arns)
        endpoint = f"{endpoint} && (({issuer} NOT EXISTS) || ({others}))"
    trail = _any("cloudtrail", "StopLogging", "DeleteTrail", "UpdateTrail")
    recorder = _any("config", "StopConfigurationRecorder", "DeleteConfigurationRecorder", "DeleteDeliveryChannel")
    root = (
        '($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != "AwsServiceEvent")'
    )
    return {
        "endpoint-changed-elsewhere": (
            f"{{ {endpoint} }}",
            "An endpoint was created, updated or deleted by somebody else than delivery",
        ),
        "audit-changed": (f"{{ ({trail}) || ({recorder}) }}", "The trail or the recorder was stopped or changed"),
        "key-endangered": (
            f"{{ {_any('kms', 'DisableKey', 'ScheduleKeyDeletion')} }}",
            "A key was disabled, or its deletion scheduled: what it encrypts may be lost",
        ),
        "root-used": (f"{{ {root} }}", "The account's root user was used"),
    }


def _any(service: str, *events: str) -> str:
    names = " || ".join(f'($.eventName = "{event}")' for event in events)
    return f'($.eventSource = "{service}.amazonaws.com") && ({names})'


def _check(check: Checker[AuditTrailArgs]) -> None:
    check.arn("operations_key_arn", "kms")
    check.arn("alarm_topic_arn", "sns")
    check.arn("delivery_role_arns", "iam")
    check.one_of("lock_mode", LOCK_MODES)
    check.between("lock_days", 1, 36500, "days (S3 DefaultRetention)")
    check.between("retention_days", 1, 36500, "days")
    prefix, account, region = (check.plain(path) for path in ("prefix", "account", "region"))
    if prefix and account and region:
        check.aws_name("prefix", bucket_name(prefix, TRAIL, account, region), "bucket")
        check.aws_name("prefix", f"{prefix}-audit", "trail")
    roles = check.plain("delivery_role_arns") or []
    pattern, _ = watched(roles)["endpoint-changed-elsewhere"]
    if len(pattern) > LONGEST_PATTERN:
        rule = f"make a filter pattern of {len(pattern)} characters; CloudWatch takes {LONGEST_PATTERN}"
        check.fault("delivery_role_arns", roles, rule, "name fewer roles")
    environment_class = check.plain("environment_class", "prod")
    if environment_class in LOCK_DAYS:
        locked = check.plain("lock_days", LOCK_DAYS[environment_class])
        kept = check.plain("retention_days", RETENTION_DAYS[environment_class])
        if locked and kept and locked > kept:
            rule = f"must be at least lock_days ({locked}): what is locked can't expire"
            check.fault("retention_days", kept, rule, "keep log files at least as long as they are locked")
