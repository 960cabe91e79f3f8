"""Limits that AWS sets and that the configuration checks before anything runs, each with its source."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUPPORTED_REGIONS = frozenset(
    {
        "af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
        "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ca-central-1", "eu-central-1", "eu-central-2",
        "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1",
        "me-central-1", "me-south-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    }
)  # fmt: skip
"""Regions with SageMaker AI endpoints and AWS-published images for scikit-learn and Model Monitor.

Source: https://docs.aws.amazon.com/general/latest/gr/sagemaker.html and
https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/ecr-paths.html; a test holds
them against botocore's endpoint data.
"""

REGIONS_WITHOUT_CLARIFY = frozenset({"eu-south-2", "il-central-1", "me-central-1"})
"""Supported regions for which AWS publishes no SageMaker Clarify container; a test holds it against the components'
table. Source: https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/ecr-paths.html."""

_SAGEMAKER = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Create"
_HYPHENS = r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"


@dataclass(frozen=True, slots=True)
class NameLimit:
    """What AWS accepts as a name: longest length in characters, and the pattern of the whole name."""

    kind: str
    longest: int
    pattern: re.Pattern[str]
    source: str


def _limit(kind: str, longest: int, pattern: str, source: str) -> NameLimit:
    return NameLimit(kind, longest, re.compile(pattern), source)


NAME_LIMITS = {
    limit.kind: limit
    for limit in (
        _limit("bucket", 63, r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"),
        _limit("role", 64, r"[\w+=,.@-]+", "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"),
        _limit("endpoint", 63, _HYPHENS, f"{_SAGEMAKER}Endpoint.html"),
        _limit("feature group", 64, r"[a-zA-Z0-9]([_-]*[a-zA-Z0-9]){0,63}", f"{_SAGEMAKER}FeatureGroup.html"),
        _limit("model package group", 63, _HYPHENS, f"{_SAGEMAKER}ModelPackageGroup.html"),
        _limit("pipeline", 256, r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,255}", f"{_SAGEMAKER}Pipeline.html"),
        _limit("monitoring schedule", 63, _HYPHENS, f"{_SAGEMAKER}MonitoringSchedule.html"),
        _limit("backup vault", 50, r"[a-zA-Z0-9_-]{2,50}", "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html"),
        _limit("restore testing plan", 50, r"[A-Za-z0-9_]{1,50}", "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RestoreTestingPlanForCreate.html"),
        _limit("training schedule", 64, r"[0-9a-zA-Z_.-]+", "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html"),
        _limit("monitoring job definition", 63, _HYPHENS, f"{_SAGEMAKER}ModelQualityJobDefinition.html"),
        _limit("budget", 100, r"[^:\\]+", "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html"),
    )
}  # fmt: skip
"""Longest names by kind, checked after prefixing. A test holds SageMaker's and IAM's rows against botocore."""
