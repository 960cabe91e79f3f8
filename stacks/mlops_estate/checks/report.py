"""What a check found, as one data structure that every report reads. `docs/reference/policies.md` documents it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_policies.catalog import references
from mlops_policies.framework_map import Standing, controls_of, frameworks, standings
from mlops_policies.pack import Pack
from mlops_policies.results import Finding
from mlops_policies.rule import SEVERITIES
from mlops_policies.verdicts import Status

FORMAT, VERSION = "mlops-estate/check", 1
_ORDER = {severity: place for place, severity in enumerate(SEVERITIES)}
_STATUSES = {status: place for place, status in enumerate(Status)}


@dataclass(slots=True)
class CheckReport:
    """The answers of a pack about a stack.

    `resources` counts those that a provider manages; `sources` are ``file:line`` by URN.
    """

    target: str
    pack: Pack
    resources: int
    sources: Mapping[str, str]
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def findings(self) -> list[Finding]:
        """Every finding, the gravest first, in an order that does not vary."""
        return sorted(
            [*self.pack.record.findings, *self.pack.exemption_findings()],
            key=lambda item: (_STATUSES[item.status], not item.blocks, item.exemption is not None,
                              _ORDER[item.severity], item.rule, item.urn, item.path, item.key),
        )  # fmt: skip

    @property
    def blocking(self) -> list[Finding]:
        """The findings that fail the check."""
        return [finding for finding in self.findings if finding.blocks]

    @property
    def exit_code(self) -> int:
        """0 where nothing mandatory is wrong, 1 where something is, 2 where an exemption is expired or unreasoned."""
        if any(finding.blocks for finding in self.pack.exemption_findings()):
            return 2
        return 1 if self.blocking else 0

    def counts(self) -> dict[str, int]:
        """Return how many answers there were of each kind, and findings by what they mean for the check."""
        answers = Counter(status for rule in self.pack.record.outcomes.values() for status in rule.values())
        faults = [finding for finding in self.findings if finding.status is Status.FAIL]
        return {
            **{status.value: answers.get(status, 0) for status in Status},
            "mandatory": sum(finding.blocks for finding in faults),
            "advisory": sum(finding.exemption is None and not finding.blocks for finding in faults),
            "exempt": sum(finding.exemption is not None for finding in faults),
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the whole report as JSON data."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "target": self.target,
            "class": self.pack.environment,
            "ok": self.exit_code == 0,
            "rules": self._rules(),
            "findings": [self.finding_data(finding) for finding in self.findings],
            "exemptions": self._exemptions(),
            "remediations": [{"rule": rule, "urn": urn} for rule, urn in sorted(self.pack.record.remediated)],
            "frameworks": {name: self.framework_data(name) for name in frameworks()},
            "summary": {"resources": self.resources, "rules": len(self.pack.bound), **self.counts()},
            "notes": self.notes,
        }

    def _rules(self) -> list[dict[str, Any]]:
        return [
            {
                "id": bound.rule.id,
                "title": bound.rule.title,
                "severity": bound.rule.severity,
                "category": bound.rule.category,
                "level": bound.level,
                "fix": bound.rule.fix,
                "references": list(references().get(bound.rule.id, ())),
                "controls": controls_of(bound.rule.id),
                **{status.value: self.pack.record.counts(bound.rule.id).get(status, 0) for status in Status},
            }
            for bound in self.pack.bound
        ]

    def finding_data(self, finding: Finding) -> dict[str, Any]:
        """Return a finding as JSON data."""
        exemption = finding.exemption
        return {
            "id": finding.id,
            "rule": finding.rule,
            "status": "exempt" if exemption else finding.status.value,
            "level": finding.level,
            "severity": finding.severity,
            "urn": finding.urn,
            "type": finding.type,
            "name": finding.name,
            "path": finding.path,
            "message": finding.message,
            "source": self.sources.get(finding.urn, ""),
            "exemption": exemption and {"reason": exemption.reason, "owner": exemption.owner,
                                        "ticket": exemption.ticket, "expires": exemption.expires.isoformat()},
        }  # fmt: skip

    def _exemptions(self) -> list[dict[str, Any]]:
        used = self.pack.record.exempted
        return [
            {
                "finding": item.finding, "resource": item.resource, "reason": item.reason, "owner": item.owner,
                "ticket": item.ticket, "expires": item.expires.isoformat(), "used": place in used,
                "faults": [finding.rule for finding in self.pack.exemption_findings() if finding.name == item.place],
            }
            for place, item in enumerate(self.pack.configuration.exemptions)
            if self.pack.environment in item.environments
        ]  # fmt: skip

    def framework_data(self, name: str) -> dict[str, Any]:
        """Return what the run says of each control of a framework, those with no rule too."""
        framework = frameworks()[name]
        found = standings(framework, self.pack.record)
        counted = Counter(standing for standing, _ in found.values())
        return {
            "title": framework.title,
            "version": framework.version,
            "source": framework.source,
            "scope": framework.scope,
            "summary": {standing.value: counted.get(standing, 0) for standing in Standing},
            "controls": [
                {
                    "id": control.id,
                    "title": control.title,
                    "status": found[control.id][0].value,
                    "rules": {rule: standing.value for rule, standing in found[control.id][1].items()},
                    "gap": control.gap,
                    "verified": control.verified,
                }
                for control in framework.controls
            ],
        }
