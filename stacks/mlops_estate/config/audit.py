"""What is recorded for an auditor, how long it is kept, and how it is locked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mlops_estate.config.classes import Block, by_class
from mlops_estate.config.retention import LogRetention


class AuditBlock(Block):
    """The audit trail, the configuration history, and the queries over the former."""

    data_events: bool = Field(
        default=True,
        description="Whether the trail records reads and writes of the data buckets' objects, invocations of "
        "endpoints and use of feature groups. AWS charges for each event.",
    )
    insights: bool = by_class(
        False, False, True, description="Whether CloudTrail looks for unusual rates of calls and errors."
    )
    trail_lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = by_class(
        "GOVERNANCE",
        "GOVERNANCE",
        "COMPLIANCE",
        description="Object Lock of the trail's log files: GOVERNANCE can be lifted by a privileged role, "
        "COMPLIANCE by nobody.",
    )
    trail_lock_days: int = by_class(
        1, 30, 365, ge=1, le=36500, description="Days for which a log file of the trail can't be changed or deleted."
    )
    trail_retention_days: int = by_class(
        30, 400, 2557, ge=1, le=36500, description="Days for which log files of the trail are kept."
    )
    log_group_retention_days: LogRetention = by_class(
        30, 90, 365, description="Days for which events are kept where alarms watch them: CloudWatch's own choices."
    )
    config_frequency: Literal["CONTINUOUS", "DAILY"] = by_class(
        "DAILY",
        "CONTINUOUS",
        "CONTINUOUS",
        description="How often AWS Config records a resource: at each change, or once a day if it differs.",
    )
    config_retention_days: int = by_class(
        30, 400, 2557, ge=30, le=2557, description="Days for which configurations are kept (AWS: 30 to 2557)."
    )
    conformance_rules: bool = by_class(
        False, True, True, description="Whether AWS Config holds the account's resources against the estate's rules."
    )
    query_scan_limit_gb: int = by_class(
        1, 10, 100, ge=1, le=1_000_000, description="Gigabytes that one audit query may read."
    )
    query_result_days: int = by_class(
        7, 30, 90, ge=1, le=3650, description="Days for which results of audit queries are kept."
    )
    existing_trail_uri: str | None = Field(
        default=None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/ ]+)+$",
        description="Where the account has a trail already: the folder that holds its log files by region. With "
        "`account_baseline` existing for `cloudtrail`, the audit queries read it; without it there are none.",
        examples=["s3://org-trail-logs/AWSLogs/o-a1b2c3d4e5/123456789012/CloudTrail"],
    )
