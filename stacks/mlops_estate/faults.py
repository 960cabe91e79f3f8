"""Faults: what is wrong, where, by which rule, and how to mend it; always reported all at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in what the user wrote.

    `where` is a YAML path (``models.mortgage-approval.release.version``) or, with `urn` set, the property path of a
    resource (``deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration.canarySize.value``).
    `value` is the offending value (never a secret), `rule` what it breaks, `fix` what to write instead,
    `source` the document or service model the rule comes from.
    """

    where: str
    value: Any
    rule: str
    fix: str
    urn: str = ""
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as plain JSON data."""
        return asdict(self)

    def as_text(self) -> str:
        """Return the fault as one readable paragraph."""
        head = f"{self.urn} {self.where}".strip()
        shown = "" if self.value is None else f" = {_short(self.value)}"
        tail = f" [{self.source}]" if self.source else ""
        return f"{head}{shown}\n    rule: {self.rule}{tail}\n    fix:  {self.fix}"


class FaultsFound(Exception):  # noqa: N818 -- a report of several faults, named for what it carries
    """Raised once with every fault found; the command line prints them all and exits with `exit_code`."""

    exit_code = 2

    def __init__(self, faults: Iterable[Fault], summary: str = "") -> None:
        self.faults = tuple(faults)
        self.summary = summary or f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''} found"
        super().__init__("\n".join([self.summary, *(fault.as_text() for fault in self.faults)]))


def _short(value: Any, limit: int = 120) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
