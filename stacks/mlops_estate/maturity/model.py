"""The vocabulary of an assessment: evidence, outcomes, items, capabilities, activities, and the whole report."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Literal

State = Literal["met", "unmet", "not applicable"]
Effort = Literal["S", "M", "L"]
EFFORTS: tuple[Effort, ...] = ("S", "M", "L")
"""How much work a next step is: S within a day, M within a week, L more."""
Kind = Literal["resource", "pipeline step", "workflow step", "configuration", "file"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an outcome rests on.

    `where` is a URN, `URN step NAME`, `FILE:JOB:STEP`, a path of the configuration or of a file; `what` says in a few
    words what was read there.
    """

    kind: Kind
    where: str
    what: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the evidence as plain JSON data."""
        return {"kind": self.kind, "where": self.where, "what": self.what}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found: met with evidence, unmet with what is missing, or not applicable with the reason."""

    state: State
    evidence: tuple[Evidence, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One criterion: it belongs to a level of a capability; `check` names the function, `settings` are its arguments.

    `step` is the cheapest next step where the item isn't met.
    """

    id: str
    capability: str
    level: int
    title: str
    check: str
    settings: dict[str, Any]
    effort: Effort
    step: str


@dataclass(frozen=True, slots=True)
class Capability:
    """What an estate can do, by items of levels 1 to 3; `short` labels it where there is little room."""

    id: str
    title: str
    short: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that somebody or something does in the life of a model: automated where all its items are met.

    `weight` is its share of all activities, in percent.
    """

    id: str
    title: str
    weight: int
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the source: what it is called, and its figures (percent; time to deploy as the source words it)."""

    level: int
    title: str
    automation_percent: int
    efficiency_percent: int
    time_to_deploy: str
    incident_percent: int


@dataclass(frozen=True, slots=True)
class Catalog:
    """All that is asked."""

    levels: tuple[Level, ...]
    capabilities: tuple[Capability, ...]
    activities: tuple[Activity, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """An assessment: the outcome of every item, by its id."""

    environment: str
    catalog: Catalog
    outcomes: dict[str, Outcome]
    tests: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def level_of(self, capability: Capability) -> int:
        """Return the highest level at which no item of it or below is unmet, and at least one of its own is met."""
        reached = 0
        for level in (1, 2, 3):
            states = [self.outcomes[item.id].state for item in capability.items if item.level == level]
            if "unmet" in states:
                break
            if "met" in states:
                reached = level
        return reached

    @property
    def levels(self) -> dict[str, int]:
        """The level of every capability, by id."""
        return {capability.id: self.level_of(capability) for capability in self.catalog.capabilities}

    @property
    def level(self) -> int:
        """The level of the whole: that of the capability that is the furthest behind."""
        return min(self.levels.values())

    @property
    def average(self) -> float:
        """The mean level of the capabilities, to one digit."""
        return round(fmean(self.levels.values()), 1)

    def automated(self, activity: Activity) -> bool:
        """Return whether every item that an activity needs is met; one that doesn't apply doesn't count."""
        states = [self.outcomes[item].state for item in activity.items]
        return "unmet" not in states and "met" in states

    def applies(self, activity: Activity) -> bool:
        """Return whether at least one item of an activity applies."""
        return any(self.outcomes[item].state != "not applicable" for item in activity.items)

    @property
    def automation_percent(self) -> float:
        """The automated share of the activities that apply, by weight, in percent to one digit."""
        applying = [activity for activity in self.catalog.activities if self.applies(activity)]
        whole = sum(activity.weight for activity in applying)
        done = sum(activity.weight for activity in applying if self.automated(activity))
        return round(100 * done / whole, 1) if whole else 0.0

    @property
    def level_by_automation(self) -> Level:
        """The source's level whose automation share is reached; level 0 below the first."""
        reached = [level for level in self.catalog.levels if self.automation_percent >= level.automation_percent]
        return reached[-1] if reached else self.catalog.levels[0]

    def unmet(self) -> list[Item]:
        """Return the items that aren't met: the cheapest first, those that a lower level waits for before others."""
        levels = self.levels
        found = [item for capability in self.catalog.capabilities for item in capability.items
                 if self.outcomes[item.id].state == "unmet"]  # fmt: skip
        return sorted(
            found, key=lambda item: (EFFORTS.index(item.effort), item.level > levels[item.capability] + 1, item.level)
        )
