"""A lever, and all levers of an environment beside its cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any, Literal

from mlops_estate.pricing.model import CENT, NOTHING, Range, total

Family = Literal["autoscaling", "model optimisation", "infrastructure efficiency"]
FAMILIES: tuple[Family, ...] = ("autoscaling", "model optimisation", "infrastructure efficiency")
State = Literal["in place", "available", "not applicable"]
STATES: tuple[State, ...] = ("in place", "available", "not applicable")
BUDGET_FACTOR = Decimal("1.2")
"""A budget leaves a fifth above what is expected."""
ANOMALY_SHARE = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Lever:
    """One way to spend less: what a month costs without it and with it, in US dollars.

    `state` is in place (the cost today is the one with it), available (today's is the one without), or not applicable,
    which `note` explains. `model` is the model it is about, empty for the environment. `how` is where it is switched on
    (a path of the configuration, or what to do elsewhere). Levers with the same `instead_of` exclude each other.
    """

    key: str
    title: str
    family: Family
    state: State
    how: str
    risk: str
    source: str
    model: str = ""
    without: Range = NOTHING
    with_it: Range = NOTHING
    saves: Range = NOTHING
    note: str = ""
    instead_of: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the lever as JSON data."""
        return {
            "key": self.key, "title": self.title, "family": self.family, "state": self.state, "model": self.model,
            "without": self.without.dollars(), "with": self.with_it.dollars(), "saves": self.saves.dollars(),
            "how": self.how, "risk": self.risk, "source": self.source, "note": self.note,
            "instead_of": self.instead_of,
        }  # fmt: skip


@dataclass(slots=True)
class Savings:
    """Every lever of an environment. `monthly` is its cost today."""

    environment: str
    region: str
    monthly: Range
    levers: list[Lever]
    families: Mapping[str, Mapping[str, Any]]
    budget_usd: float | None = None
    anomaly_usd: float | None = None
    notes: list[str] = field(default_factory=list)

    def of(self, state: State) -> list[Lever]:
        """Return the levers in a state, those that save most first."""
        found = [lever for lever in self.levers if lever.state == state]
        return sorted(found, key=lambda lever: (-lever.saves.expected, -lever.saves.high, lever.key, lever.model))

    @property
    def in_place(self) -> Range:
        """What is saved today."""
        return total(lever.saves for lever in self.of("in place"))

    @property
    def best(self) -> list[Lever]:
        """The available levers that add up: of those that exclude each other the one that saves most."""
        taken: dict[str, Lever] = {}
        for lever in self.of("available"):
            taken.setdefault(lever.instead_of or f"{lever.key}/{lever.model}", lever)
        return list(taken.values())

    @property
    def available(self) -> Range:
        """What could be saved besides."""
        return total(lever.saves for lever in self.best)

    @property
    def without(self) -> Range:
        """What the environment would cost without the levers that are in place."""
        return self.monthly + self.in_place

    @property
    def with_all(self) -> Range:
        """What it would cost with the best of the available ones too; never below nothing."""
        left = (self.monthly - self.available).at_least(0)
        return Range(min(left.low, left.expected), left.expected, max(left.high, left.expected))

    def by_family(self) -> list[dict[str, Any]]:
        """Return, by family, what is saved and could be, in percent of the bill without any lever, beside the source's.

        `share_percent` is the family's part of all that is saved and could be: what the source's figure is held
        against.
        """
        whole = self.in_place.expected + self.available.expected
        rows = []
        for family in FAMILIES:
            now = total(lever.saves for lever in self.of("in place") if lever.family == family)
            more = total(lever.saves for lever in self.best if lever.family == family)
            both = now.expected + more.expected
            rows.append({
                "family": family, "what": self.families[family]["what"], "in_place": now.dollars(),
                "available": more.dollars(), "bill_percent": _percent(both, self.without.expected),
                "share_percent": _percent(both, whole), "source_percent": self.families[family]["percent"],
            })  # fmt: skip
        return rows

    def suggested(self) -> dict[str, Any]:
        """Return the budget and the threshold of unusual cost that the estimate comes to, in whole dollars."""
        budget = (self.monthly.expected * BUDGET_FACTOR / 10).to_integral_value(ROUND_CEILING) * 10
        return {
            "budget_usd": float(budget), "anomaly_usd": float(max(Decimal(1), budget * ANOMALY_SHARE)),
            "configured_budget_usd": self.budget_usd, "configured_anomaly_usd": self.anomaly_usd,
            "rule": "expected x 1.2, to the next ten dollars; unusual is a tenth of it",
        }  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Return the document `mlops-estate/savings`, version 1 (docs/reference/savings.md)."""
        return {
            "format": "mlops-estate/savings",
            "version": 1,
            "environment": self.environment,
            "region": self.region,
            "monthly": self.monthly.dollars(),
            "without_levers": self.without.dollars(),
            "with_all": self.with_all.dollars(),
            "in_place": self.in_place.dollars(),
            "available": self.available.dollars(),
            "in_place_percent": _percent(self.in_place.expected, self.without.expected),
            "available_percent": _percent(self.available.expected, self.monthly.expected),
            "by_family": self.by_family(),
            "levers": [lever.as_dict() for state in STATES
                       for lever in self.of(state)],
            "adds_up": [{"key": lever.key, "model": lever.model} for lever in self.best],
            "suggested": self.suggested(),
            "notes": self.notes,
        }  # fmt: skip


def _percent(part: Decimal, whole: Decimal) -> float:
    return float(round(100 * part / whole, 1)) if whole else 0.0


def difference(without: Range, with_it: Range) -> Range:
    """Return what a lever saves, bound by bound under the same use, lowest first; never less than nothing."""
    amounts = sorted(
        max(getattr(without, name) - getattr(with_it, name), Decimal(0)) for name in ("low", "expected", "high")
    )
    expected = max(without.expected - with_it.expected, Decimal(0))
    return Range(amounts[0], expected, amounts[-1])


def worth(amount: Range) -> bool:
    """Return whether an amount is a cent or more."""
    return amount.expected >= CENT or amount.high >= CENT
