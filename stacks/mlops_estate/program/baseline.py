"""What the account has once, whoever makes it, and who is told of what its detective controls find."""

from __future__ import annotations

from typing import Any

import pulumi

from mlops_components import AccountBaseline, DetectiveControls, FindingAlerts
from mlops_estate.config import EnvironmentConfig
from mlops_estate.program.shared import Shared

SOURCES = ("guardduty", "macie", "security_hub", "inspector", "access_analyzer")


def declare_baseline(config: EnvironmentConfig, shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """Declare the account's settings and detective controls that this stack makes, and the alerts on all it uses.

    Rules for findings are the environment's own: they are declared for a control that is there, whoever made it.
    """
    estate = config.estate
    mode = estate.account_baseline.mode
    settings = AccountBaseline(
        "account",
        {
            "account": estate.account,
            "s3_public_access_block": mode("s3_public_access_block"),
            "ebs_encryption": mode("ebs_encryption"),
        },
        opts,
    )
    controls = _controls(config, shared, opts)
    sources = [source for source in SOURCES if mode(source) != "off"]
    alerts = _alerts(config, shared, sources, opts) if sources else None
    return {
        "settings_created": settings.created,
        "controls_created": controls.created,
        "finding_rules": alerts.rule_names if alerts else [],
    }


def _controls(config: EnvironmentConfig, shared: Shared, opts: pulumi.ResourceOptions) -> DetectiveControls:
    estate, mode = config.estate, config.estate.account_baseline.mode
    return DetectiveControls(
        "detection",
        {
            "prefix": config.prefix,
            "account": estate.account,
            "region": estate.region,
            "environment_class": config.environment_class,
            "guardduty": mode("guardduty"),
            "macie": mode("macie"),
            "security_hub": mode("security_hub"),
            "inspector": mode("inspector"),
            "access_analyzer": mode("access_analyzer"),
            "finding_frequency": estate.detection.finding_frequency,
            "guardduty_features": [*estate.detection.guardduty_features],
            "personal_buckets": [shared.lake.raw_bucket, shared.lake.curated_bucket, shared.lake.capture_bucket],
            "macie_schedule": estate.detection.macie_schedule,
            "macie_sampling_percent": estate.detection.macie_sampling_percent,
            "standards": [*estate.detection.standards],
            "inspector_scans": [*estate.detection.inspector_scans],
        },
        opts,
    )


def _alerts(
    config: EnvironmentConfig, shared: Shared, sources: list[str], opts: pulumi.ResourceOptions
) -> FindingAlerts:
    return FindingAlerts(
        "findings",
        {
            "prefix": config.prefix,
            "account": config.estate.account,
            "region": config.estate.region,
            "sources": sources,
            "critical_topic_arn": shared.topics.critical_topic_arn,
            "warning_topic_arn": shared.topics.warning_topic_arn,
            "info_topic_arn": shared.topics.info_topic_arn,
            "key_arn": shared.keys.operations_key_arn,
        },
        opts,
    )
