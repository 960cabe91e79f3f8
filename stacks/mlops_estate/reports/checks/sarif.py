"""The report as SARIF 2.1.0, for code scanning: each finding at the line that declares its resource, where known.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import Any

from mlops_estate.checks.report import CheckReport
from mlops_policies.catalog import references
from mlops_policies.framework_map import controls_of
from mlops_policies.pack import HOUSEKEEPING
from mlops_policies.results import Finding
from mlops_policies.rule import Rule
from mlops_policies.verdicts import Status

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# What GitHub sorts alerts by: its documentation's bands for critical, high, medium and low.
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}


def render(report: CheckReport) -> str:
    """Return the report as SARIF text."""
    return json.dumps(document(report), indent=1) + "\n"


def document(report: CheckReport) -> dict[str, Any]:
    """Return the report as a SARIF log."""
    rules = [bound.rule for bound in report.pack.bound]
    descriptors = [_descriptor(rule) for rule in rules]
    descriptors += [{"id": name, "shortDescription": {"text": title}} for name, title in HOUSEKEEPING.items()]
    places = {descriptor["id"]: index for index, descriptor in enumerate(descriptors)}
    driver = {
        "name": "mlops-estate",
        "semanticVersion": version("mlops-estate"),
        "rules": descriptors,
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"mlops-estate/{report.target or 'stack'}/"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, finding, places[finding.rule]) for finding in report.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _descriptor(rule: Rule) -> dict[str, Any]:
    tags = [rule.category, *(f"{name}/{control}" for name, ids in controls_of(rule.id).items() for control in ids)]
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why} Fix: {rule.fix}."},
        "helpUri": rule.sources[0],
        "properties": {
            "tags": tags,
            "precision": "very-high",
            "security-severity": _SCORES[rule.severity],
            "problem.severity": "warning",
            "references": list(references().get(rule.id, ())),
        },
    }


def _result(report: CheckReport, finding: Finding, place: int) -> dict[str, Any]:
    kind = "open" if finding.status is Status.UNKNOWN else "fail"
    level = "none" if kind == "open" else "error" if finding.blocks else "warning"
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": place,
        "kind": kind,
        "level": level,
        "message": {"text": f"{finding.name or 'The stack'}: {finding.message}"},
        "locations": [_location(report, finding)],
        "partialFingerprints": {"finding/v1": _fingerprint(finding)},
        "properties": {"level": finding.level, "severity": finding.severity, "urn": finding.urn, "id": finding.id},
    }
    if finding.exemption is not None:
        terms = finding.exemption
        result["level"] = "warning"
        result["suppressions"] = [
            {"kind": "external", "status": "accepted",
             "justification": f"{terms.reason} ({terms.owner}, {terms.ticket}, until {terms.expires})"}
        ]  # fmt: skip
    return result


def _location(report: CheckReport, finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if finding.urn:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.urn, "name": finding.name, "kind": "resource"}]
    file, _, line = report.sources.get(finding.urn, "").rpartition(":")
    if file and line.isdigit():
        location["physicalLocation"] = {
            "artifactLocation": {"uri": file.replace(" ", "%20"), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": int(line)},
        }
    return location


def _fingerprint(finding: Finding) -> str:
    text = "\n".join((finding.id, finding.urn, finding.path))
    return hashlib.sha256(text.encode()).hexdigest()
