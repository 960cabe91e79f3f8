"""What the providers read on their own account, beside the operations that a resource is made of.

A provider asks for every setting of a bucket, for a function's versions, for a role's policies before it deletes it,
and for the tags of whatever has tags. No embedded account sees these calls: they are the provider's, and known from its
source. Source: https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service, the read and delete
functions of each resource; `pulumi_aws` is made of that provider.
"""

from __future__ import annotations

from collections.abc import Mapping

SOURCE = "https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service"
BY_TYPE: Mapping[str, tuple[str, ...]] = {
    "aws:s3/bucket:Bucket": (
        "s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLocation",
        "s3:GetBucketLogging", "s3:GetBucketObjectLockConfiguration", "s3:GetBucketPolicy",
        "s3:GetBucketRequestPayment", "s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetBucketWebsite",
        "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration",
        "s3:ListBucket",
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": ("s3:GetObject", "s3:GetObjectTagging"),
    "aws:iam/role:Role": (
        "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies",
    ),
    "aws:iam/policy:Policy": ("iam:GetPolicyVersion", "iam:ListPolicyVersions"),
    "aws:kms/key:Key": ("kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"),
    "aws:lambda/function:Function": (
        "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:ListVersionsByFunction",
    ),
    "aws:secretsmanager/secret:Secret": ("secretsmanager:GetResourcePolicy",),
    "aws:ecr/repository:Repository": ("ecr:ListTagsForResource",),
    "aws:cloudtrail/trail:Trail": (
        "cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors", "cloudtrail:GetTrailStatus",
        "cloudtrail:ListTags",
    ),
    "aws:sns/topic:Topic": ("sns:ListTagsForResource",),
    "aws:sqs/queue:Queue": ("sqs:ListQueueTags",),
    "aws:cloudwatch/logGroup:LogGroup": ("logs:ListTagsForResource",),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("cloudwatch:ListTagsForResource",),
    "aws:cloudwatch/eventRule:EventRule": ("events:ListTagsForResource",),
    "aws:athena/workgroup:Workgroup": ("athena:ListTagsForResource",),
    "aws:backup/vault:Vault": ("backup:ListTags",),
    "aws:backup/plan:Plan": ("backup:ListTags",),
    "aws:budgets/budget:Budget": ("budgets:ListTagsForResource",),
    "aws:guardduty/detector:Detector": ("guardduty:ListTagsForResource",),
    "aws:scheduler/scheduleGroup:ScheduleGroup": ("scheduler:ListTagsForResource",),
    "aws:glue/catalogDatabase:CatalogDatabase": ("glue:GetTags",),
    "aws:accessanalyzer/analyzer:Analyzer": ("access-analyzer:ListTagsForResource",),
    "aws:appautoscaling/target:Target": ("application-autoscaling:ListTagsForResource",),
}  # fmt: skip
_TAGS = {"sagemaker": "sagemaker:ListTags"}
UNTAGGED = frozenset({"aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy"})


def reads_of(type_token: str, service: str) -> tuple[str, ...]:
    """Return the actions of the provider's own reads of a type."""
    tags = (_TAGS[service],) if service in _TAGS and type_token not in UNTAGGED else ()
    return BY_TYPE.get(type_token, ()) + tags
