"""Findings of AWS's detective services: which events say them, how urgent each is, and how it reads in a mail.

Events: EventBridge events reference and each service's user guide, as named at each source. Severities map to the
estate's three topics by what they ask for: critical is answered within minutes, warning within a day, info within a
week.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

URGENCIES = ("critical", "warning", "info")
Detail = Mapping[str, Any]


@dataclass(frozen=True)
class FindingSource:
    """A service that finds: its events, the part of the event that says each urgency, and what a mail shows.

    `shown` maps what a mail calls a thing to its JSON path in the event; `also` narrows every urgency alike.
    """

    label: str
    event_source: str
    detail_type: str
    severities: Mapping[str, Detail]
    shown: Mapping[str, str]
    meaning: Mapping[str, str]
    also: Detail


def _numeric(*bounds: Any) -> Detail:
    return {"severity": [{"numeric": list(bounds)}]}


def _labels(path: Sequence[str], **labels: Sequence[str]) -> dict[str, Detail]:
    """Return the detail that each urgency's labels stand in, below a path."""
    found: dict[str, Detail] = {}
    for urgency, names in labels.items():
        detail: Any = list(names)
        for part in reversed(path):
            detail = {part: detail}
        found[urgency] = detail
    return found


# Security Hub collects the other services' findings too, and each of those has a rule of its own.
_TOLD_ALREADY = ["GuardDuty", "Inspector", "Macie", "IAM Access Analyzer"]
_RANKED = {"critical": ["CRITICAL"], "warning": ["HIGH"], "info": ["MEDIUM", "LOW", "INFORMATIONAL"]}

SOURCES: Mapping[str, FindingSource] = {
    # GuardDuty user guide, Severity levels: low 1.0 to 3.9, medium 4.0 to 6.9, high 7.0 to 8.9, critical 9.0 to 10.0.
    # High already means that a resource is compromised.
    "guardduty": FindingSource(
        "GuardDuty", "aws.guardduty", "GuardDuty Finding",
        {"critical": _numeric(">=", 7), "warning": _numeric(">=", 4, "<", 7), "info": _numeric("<", 4)},
        {"title": "$.detail.title", "type": "$.detail.type", "severity": "$.detail.severity", "id": "$.detail.id"},
        {"critical": "high and critical (7 and more)", "warning": "medium (4 to 6.9)", "info": "low (below 4)"},
        {"service": {"archived": [False]}},
    ),
    # Macie user guide, EventBridge event schema for findings, and Severity scoring: Low, Medium or High.
    "macie": FindingSource(
        "Macie", "aws.macie", "Macie Finding",
        _labels(("severity", "description"), critical=["High"], warning=["Medium"], info=["Low"]),
        {
            "title": "$.detail.title", "type": "$.detail.type", "severity": "$.detail.severity.description",
            "id": "$.detail.id",
        },
        {"critical": "high", "warning": "medium", "info": "low"},
        {},
    ),
    # Security Hub user guide, EventBridge event formats: one finding an event, in ASFF; a finding is sent again each
    # time that it is updated, so only what nobody has taken up counts, and no passed control.
    "security_hub": FindingSource(
        "Security Hub", "aws.securityhub", "Security Hub Findings - Imported",
        _labels(("findings", "Severity", "Label"), **_RANKED),
        {
            "title": "$.detail.findings[0].Title", "type": "$.detail.findings[0].ProductName",
            "severity": "$.detail.findings[0].Severity.Label", "id": "$.detail.findings[0].Id",
        },
        {"critical": "critical", "warning": "high", "info": "medium, low, informational"},
        {
            "findings": {
                "Workflow": {"Status": ["NEW"]},
                "RecordState": ["ACTIVE"],
                "Compliance": {"Status": [{"exists": False}, {"anything-but": ["PASSED", "NOT_AVAILABLE"]}]},
                "ProductName": [{"anything-but": _TOLD_ALREADY}],
            }
        },
    ),
    # Inspector user guide, EventBridge event schema; Severity levels: untriaged has no score yet.
    "inspector": FindingSource(
        "Inspector", "aws.inspector2", "Inspector2 Finding",
        _labels(("severity",), **{**_RANKED, "info": [*_RANKED["info"], "UNTRIAGED"]}),
        {
            "title": "$.detail.title", "type": "$.detail.type", "severity": "$.detail.severity",
            "id": "$.detail.findingArn",
        },
        {"critical": "critical", "warning": "high", "info": "medium, low, informational, untriaged"},
        {"status": ["ACTIVE"]},
    ),
    # IAM user guide, Access Analyzer and EventBridge: findings have no severity, but say what is public.
    "access_analyzer": FindingSource(
        "IAM Access Analyzer", "aws.access-analyzer", "Access Analyzer Finding",
        {
            "critical": {"status": ["ACTIVE"], "isPublic": [True]},
            "warning": {"status": ["ACTIVE"], "isPublic": [False]},
            "info": {"status": ["ARCHIVED", "RESOLVED"]},
        },
        {
            "title": "$.detail.resource", "type": "$.detail.resourceType", "severity": "$.detail.status",
            "id": "$.detail.id",
        },
        {
            "critical": "active, and public", "warning": "active, for another account or organisation",
            "info": "archived or resolved",
        },
        {},
    ),
}  # fmt: skip


def event_pattern(source: str, urgency: str, account: str) -> dict[str, Any]:
    """Return the event pattern of one source's findings of one urgency, of this account alone."""
    finds = SOURCES[source]
    return {
        "source": [finds.event_source],
        "detail-type": [finds.detail_type],
        "account": [account],
        "detail": _merged(finds.severities[urgency], finds.also),
    }


def _merged(one: Detail, other: Detail) -> dict[str, Any]:
    """Return two patterns as one that both hold in; below a shared key they are merged likewise."""
    made = {**one}
    for key, value in other.items():
        made[key] = _merged(made[key], value) if key in made else value
    return made


def mail_text(source: str, urgency: str) -> tuple[dict[str, str], str]:
    """Return the input paths and the template of a mail about a finding.

    A template of several quoted lines is sent as these lines (EventBridge user guide, Input transformation).
    """
    finds = SOURCES[source]
    paths = {**finds.shown, "account": "$.account", "region": "$.region", "time": "$.time"}
    lines = [
        f"{urgency.upper()}: {finds.label} finding in account <account>, <region>, at <time>",
        "<title>",
        "Type <type>, severity <severity>",
        "Finding <id>",
    ]
    return paths, "\n".join(f'"{line}"' for line in lines)


def rule_name(prefix: str, source: str, urgency: str) -> str:
    """Return the name of a rule."""
    return f"{prefix}-{source.replace('_', '-')}-{urgency}"
