"""What a run of the rules found: every answer counted, and every finding kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_policies.exemptions import Exemption
from mlops_policies.rule import Level, Rule, Severity
from mlops_policies.verdicts import Status

WHOLE_STACK = ""
"""Stands for the URN where a finding is about the stack as one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, an answer that could not be given, or a rule that failed; `exemption` where a fault is exempted."""

    rule: str
    status: Status
    level: Level
    severity: Severity
    urn: str
    type: str
    name: str
    message: str
    path: str = ""
    key: str = ""
    exemption: Exemption | None = None

    @property
    def id(self) -> str:
        """The finding's id, as an exemption names it: the rule's, and the key in brackets where it has one."""
        return f"{self.rule}[{self.key}]" if self.key else self.rule

    @property
    def blocks(self) -> bool:
        """Whether it fails the run: a mandatory fault without an exemption, or a rule that failed."""
        if self.status is Status.ERROR:
            return True
        return self.status is Status.FAIL and self.exemption is None and self.level in ("mandatory", "remediate")


@dataclass(frozen=True, slots=True)
class Subject:
    """The resource that an answer is about; of a whole stack everything is empty."""

    urn: str = WHOLE_STACK
    type: str = ""
    name: str = ""


@dataclass(slots=True)
class Record:
    """Everything that was answered, while rules run: by rule and resource, and as findings."""

    outcomes: dict[str, dict[str, Status]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    exempted: set[int] = field(default_factory=set)
    """The places of the exemptions that were used."""
    remediated: list[tuple[str, str]] = field(default_factory=list)
    """(rule, URN) of each resource that a remediation changed."""
    secrets: dict[str, frozenset[str]] = field(default_factory=dict)
    """By URN, the paths of secret properties, where the engine told."""
    secret_texts: set[str] = field(default_factory=set)
    """How the values of secrets begin: no message may hold one."""
    given: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By URN, the properties that the program gives, where the engine told."""

    def note(self, rule: Rule, subject: Subject, status: Status) -> None:
        """Keep the answer of a rule about a resource."""
        self.outcomes.setdefault(rule.id, {})[subject.urn] = status

    def counts(self, rule: str) -> Mapping[Status, int]:
        """Return how many resources had each answer of a rule; those of other types are not among them."""
        return Counter(self.outcomes.get(rule, {}).values())

    def reset(self) -> None:
        """Forget everything."""
        for kept in (self.outcomes, self.findings, self.exempted, self.remediated, self.secrets, self.secret_texts,
                     self.given):  # fmt: skip
            kept.clear()
