"""Policy findings of two checks beside each other: which are new, which are fixed, and how many stay."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from mlops_estate.checks.report import CheckReport
from mlops_policies.results import Finding
from mlops_policies.verdicts import Status

Identity = tuple[str, str, str, str]
"""What a finding is known by from run to run: rule, URN, path and key; never by its message or by a line."""
_PLACE = re.compile(r"\[\d+\]")
_TOLD = (Status.FAIL, Status.ERROR)


def policy_changes(before: CheckReport, after: CheckReport) -> dict[str, Any]:
    """Return new, fixed and unchanged findings as JSON data, the gravest first.

    A finding that was exempt and no longer is, or whose level blocks now and did not before, counts as new; the other
    way round it counts as fixed. Several findings of one identity are told apart by number alone. `fixed` are as the
    check before had them. `not_evaluated` counts the answers that could not be given on each side.
    """
    olds, news = _told(before), _told(after)
    new, fixed = _without(news, olds), _without(olds, news)
    kept = [finding for finding in news if finding not in new]
    return {
        "new": [after.finding_data(finding) for finding in new],
        "fixed": [before.finding_data(finding) for finding in fixed],
        "unchanged": {
            "mandatory": sum(finding.blocks for finding in kept),
            "advisory": sum(not finding.blocks and finding.exemption is None for finding in kept),
            "exempt": sum(finding.exemption is not None for finding in kept),
        },
        "new_mandatory": sum(finding.blocks for finding in new),
        "not_evaluated": {
            "before": before.counts()[Status.UNKNOWN.value],
            "after": after.counts()[Status.UNKNOWN.value],
        },
    }


def _told(report: CheckReport) -> list[Finding]:
    """Return the findings that say something is wrong, in the report's order."""
    return [finding for finding in report.findings if finding.status in _TOLD]


def _standing(finding: Finding) -> tuple[Identity, str]:
    """Return a finding's identity, and what it means for the check: blocking, advisory or exempt."""
    meaning = "exempt" if finding.exemption is not None else "blocks" if finding.blocks else "advisory"
    # Places in a list move when something is put before them.
    return (finding.rule, finding.urn, _PLACE.sub("[]", finding.path), _PLACE.sub("[]", finding.key)), meaning


def _without(findings: list[Finding], others: list[Finding]) -> list[Finding]:
    """Return the findings that have no counterpart among the others."""
    left = Counter(_standing(finding) for finding in others)
    found = []
    for finding in findings:
        standing = _standing(finding)
        if left[standing]:
            left[standing] -= 1
        else:
            found.append(finding)
    return found
