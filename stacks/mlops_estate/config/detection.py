"""Detective controls: what GuardDuty, Macie, Security Hub and Inspector look for, and how often."""

from __future__ import annotations

from typing import Literal

from mlops_estate.config.classes import Block, by_class

Feature = Literal[
    "S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS",
    "RUNTIME_MONITORING", "AI_PROTECTION",
]  # fmt: skip
"""Source: GuardDuty API Reference, DetectorFeatureConfiguration; without EKS_RUNTIME_MONITORING, which
RUNTIME_MONITORING replaces, and AI_ANALYST, which detects nothing."""

Standard = Literal[
    "aws-foundational-security-best-practices/v/1.0.0", "aws-resource-tagging-standard/v/1.0.0",
    "cis-aws-foundations-benchmark/v/1.4.0", "cis-aws-foundations-benchmark/v/3.0.0", "nist-800-53/v/5.0.0",
    "nist-800-171/v/2.0.0", "pci-dss/v/3.2.1", "pci-dss/v/4.0.1",
]  # fmt: skip
"""Source: AWS provider documentation, securityhub.StandardsSubscription; Security Hub user guide, Standards reference.
The one standard with an ARN without a region, CIS 1.2.0, is superseded and left out."""

Scan = Literal["EC2", "ECR", "LAMBDA", "LAMBDA_CODE"]
"""Source: Inspector API Reference, Enable, resourceTypes; without CODE_REPOSITORY, of which the estate has none."""


class DetectionBlock(Block):
    """What the detective controls look for; what is not set up here (`account_baseline`) ignores it."""

    finding_frequency: Literal["FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS"] = by_class(
        "SIX_HOURS",
        "ONE_HOUR",
        "FIFTEEN_MINUTES",
        description="How often GuardDuty and Macie publish further occurrences of a finding; a new one comes at once.",
    )
    guardduty_features: list[Feature] = by_class(
        ["S3_DATA_EVENTS"],
        ["S3_DATA_EVENTS", "LAMBDA_NETWORK_LOGS"],
        ["S3_DATA_EVENTS", "LAMBDA_NETWORK_LOGS"],
        max_length=7,
        description="Protection plans of GuardDuty beside its foundation. All others are switched off: a new detector "
        "would have, and charge for, most of them.",
    )
    macie_schedule: Literal["daily", "weekly", "monthly"] = by_class(
        "monthly", "weekly", "daily", description="How often Macie looks through what is new in the personal buckets."
    )
    macie_sampling_percent: int = by_class(
        10, 25, 100, ge=1, le=100, description="Share of the new objects that Macie looks into, in percent."
    )
    standards: list[Standard] = by_class(
        ["aws-foundational-security-best-practices/v/1.0.0"],
        ["aws-foundational-security-best-practices/v/1.0.0"],
        ["aws-foundational-security-best-practices/v/1.0.0", "nist-800-53/v/5.0.0"],
        max_length=8,
        description="Standards that Security Hub checks the account against.",
    )
    inspector_scans: list[Scan] = by_class(
        ["ECR", "LAMBDA"],
        ["ECR", "LAMBDA"],
        ["ECR", "LAMBDA"],
        min_length=1,
        max_length=4,
        description="What Inspector scans: container images (ECR), functions (LAMBDA, with their code LAMBDA_CODE) and "
        "instances (EC2).",
    )
