"""How long logs are kept at least, by the environment's class and by what they tell."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from mlops_policies.resource import Resource
from mlops_policies.risk import RISK, is_high_risk
from mlops_policies.rule import Use
from mlops_policies.values import UnknownValue

PERIODS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""The days that CloudWatch Logs keeps logs for, but for ever. Source: PutRetentionPolicy."""
_DAYS: Mapping[str, Any] = {"type": "integer", "minimum": 1, "maximum": PERIODS[-1]}
RETENTION: Mapping[str, Mapping[str, Any]] = {
    **RISK,
    "minimum_retention_days": {
        "type": "object",
        "properties": {"dev": _DAYS, "staging": _DAYS, "prod": _DAYS},
        "required": ["dev", "staging", "prod"],
        "additionalProperties": False,
        "default": {"dev": 30, "staging": 30, "prod": 90},
        "description": "How many days logs are kept at least, by the environment's class.",
    },
    "minimum_audit_days": {
        **_DAYS,
        "default": 365,
        "description": "How many days logs of who did what are kept at least, outside dev.",
    },
    "minimum_high_risk_days": {
        **_DAYS,
        "default": 180,
        "description": "How many days logs of high-risk AI are kept at least, outside dev (EU AI Act: six months).",
    },
    "audit_log_groups": {
        "type": "array",
        "items": {"type": "string"},
        "default": ["*audit*", "*cloudtrail*", "*flow-log*", "*flowlog*", "*vpc-flow*"],
        "description": "Patterns of the names of log groups that tell who did what.",
    },
}
"""Settings that a rule about retention has."""


def minimum_days(it: Resource, use: Use) -> int:
    """Return how many days a log group is kept at least. Raises `UnknownValue`."""
    least = int(use["minimum_retention_days"][use.environment])
    if use.environment == "dev":
        return least
    name = str(it.get("name") or it.get("namePrefix") or "").lower()
    if any(fnmatchcase(name, pattern.lower()) for pattern in use["audit_log_groups"]):
        least = max(least, int(use["minimum_audit_days"]))
    return max(least, int(use["minimum_high_risk_days"])) if is_high_risk(it, use) else least


def kept_long_enough(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Have a log group that is kept for ever, or too short, kept for the next period that is long enough.

    Nothing where the period, or what asks for one, is unknown; a provider's default tags are not seen here.
    """
    it = Resource(token, props)
    try:
        days, least = it.get("retentionInDays", 0), minimum_days(it, use)
        if it.get("logGroupClass") == "DELIVERY" or (days and days >= least):
            return None
    except UnknownValue:
        return None
    return {**props, "retentionInDays": next(period for period in PERIODS if period >= least)}
