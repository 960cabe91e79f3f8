"""Exemptions: reviewed configuration that lets one finding be, on named resources, for a reason, until a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase

from mlops_policies.rule import CLASSES, EnvironmentClass


@dataclass(frozen=True, slots=True)
class Exemption:
    """One exemption.

    `finding` is a rule's id, or a finding's with its key: ``iam-no-wildcard-resource-on-writes[ec2:RunInstances]``; the
    rule's id alone covers every key. `resource` is a pattern (``*``, ``?``) over the URN or the name. `place` says
    where it stands in the configuration. Exempted findings stay in every report, marked.
    """

    finding: str
    resource: str
    reason: str
    owner: str
    ticket: str
    expires: date
    environments: tuple[EnvironmentClass, ...] = CLASSES
    place: str = field(default="", compare=False)

    @property
    def rule(self) -> str:
        """The id of the rule whose finding it is."""
        return self.finding.partition("[")[0]

    def covers(self, finding: str, urn: str, name: str) -> bool:
        """Whether it is about a finding on a resource."""
        if self.finding not in (finding, finding.partition("[")[0]):
            return False
        # A key may hold brackets of its own; a pattern's are literal, since URNs and names have none.
        pattern = self.resource.replace("[", "[[]")
        return fnmatchcase(urn, pattern) or fnmatchcase(name, pattern)

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires < today
