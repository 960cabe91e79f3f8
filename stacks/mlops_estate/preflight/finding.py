"""One thing that preflight looked at, and the list of all of them: the gravest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["blocks", "warns", "unknown", "ok"]
STATES: tuple[State, ...] = ("blocks", "warns", "unknown", "ok")
"""The gravest first: `blocks` stops `up`; `warns` may; `unknown` could not be told from here; `ok` was looked at."""
Check = Literal["account", "name", "region", "image", "key", "permission", "quota"]
CHECKS: tuple[Check, ...] = ("account", "name", "region", "image", "key", "permission", "quota")

FORMAT, VERSION = "mlops-estate/preflight", 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    `where` is a URN or a path of the configuration; `need` what the plan takes and `have` what there is, in words or
    numbers with their unit; `source` the document that says so; `fix` what to do, "" where nothing is to be done.
    """

    state: State
    check: Check
    title: str
    where: str
    need: str = ""
    have: str = ""
    fix: str = ""
    source: str = ""
    model: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the finding as JSON data."""
        return asdict(self)


@dataclass(slots=True)
class PreflightReport:
    """Everything that was looked at, and the minimal policy of the deploying identity.

    `against` says what `have` was read from: "defaults", or an account. `policy` are documents that IAM takes as
    managed policies, `statements` their statements with the reason of each one's width.
    """

    environment: str
    account: str
    region: str
    against: str
    findings: list[Finding] = field(default_factory=list)
    policy: list[dict[str, Any]] = field(default_factory=list)
    statements: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """1 where something blocks, else 0."""
        return int(any(finding.state == "blocks" for finding in self.findings))

    def counts(self) -> dict[str, int]:
        """Return how many findings there are of each state."""
        return {state: sum(finding.state == state for finding in self.findings) for state in STATES}

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON data, `mlops-estate/preflight` version 1."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "environment": self.environment,
            "account": self.account,
            "region": self.region,
            "against": self.against,
            "ok": self.exit_code == 0,
            "summary": self.counts(),
            "findings": [finding.as_dict() for finding in self.findings],
            "policy": {"documents": self.policy, "statements": self.statements},
            "notes": self.notes,
        }


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, the gravest first, each once; those of one state by check, then by what they say."""
    return sorted(
        dict.fromkeys(findings),
        key=lambda found: (STATES.index(found.state), CHECKS.index(found.check), found.title, found.where),
    )


def named(values: Iterable[str], most: int = 3) -> str:
    """Return a few of the values in words, with how many more there are."""
    found = sorted(set(values))
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def text_of(value: float) -> str:
    """Return a whole number without decimals, others as they are."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"


def as_rows(counts: Mapping[str, int]) -> str:
    """Return counts in words: `1 blocks, 2 warn`."""
    return ", ".join(f"{number} {state}" for state, number in counts.items())
