"""Findings as people read them: by rule, the gravest first; what could not be evaluated counted by rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mlops_estate.checks.report import CheckReport
from mlops_policies.catalog import rules
from mlops_policies.pack import HOUSEKEEPING
from mlops_policies.results import Finding
from mlops_policies.verdicts import Status


@dataclass(slots=True)
class Group:
    """The findings of one rule that mean the same for the check."""

    rule: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What the rule asks."""
        return rules()[self.rule].title if self.rule in rules() else HOUSEKEEPING[self.rule]

    @property
    def fix(self) -> str:
        """How to mend it."""
        return rules()[self.rule].fix if self.rule in rules() else "Renew it after review, or remove it"


@dataclass(frozen=True, slots=True)
class Sections:
    """The findings of a report, apart."""

    failed: list[Group]
    mandatory: list[Group]
    advisory: list[Group]
    exempt: list[Group]
    not_evaluated: list[Group]

    def headed(self) -> list[tuple[str, list[Group]]]:
        """Return the faults under their headings, in the order of a report; headings without any are left out."""
        every = (
            ("Rules that failed to run", self.failed),
            ("Mandatory", self.mandatory),
            ("Advisory", self.advisory),
            ("Exempt", self.exempt),
        )
        return [(heading, groups) for heading, groups in every if groups]


def sections(report: CheckReport) -> Sections:
    """Return a report's findings by what they mean and by rule."""
    found = report.findings
    faults = [item for item in found if item.status is Status.FAIL]
    return Sections(
        failed=_grouped(item for item in found if item.status is Status.ERROR),
        mandatory=_grouped(item for item in faults if item.blocks),
        advisory=_grouped(item for item in faults if not item.blocks and item.exemption is None),
        exempt=_grouped(item for item in faults if item.exemption is not None),
        not_evaluated=_grouped(item for item in found if item.status is Status.UNKNOWN),
    )


def _grouped(findings: Iterable[Finding]) -> list[Group]:
    groups: dict[str, Group] = {}
    for finding in findings:
        groups.setdefault(finding.rule, Group(finding.rule)).findings.append(finding)
    return list(groups.values())


def verdict(report: CheckReport) -> str:
    """Return the outcome in one sentence."""
    counts = report.counts()
    said = [f"{counts['mandatory']} mandatory", f"{counts['advisory']} advisory", f"{counts['exempt']} exempt"]
    if counts["error"]:
        said.insert(0, f"{counts['error']} rules failed")
    outcome = "passes" if report.exit_code == 0 else "does not pass"
    return f"{report.target or 'The stack'} {outcome}: {', '.join(said)}; {counts['not_evaluated']} not evaluated"
