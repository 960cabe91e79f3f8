"""What would lower an environment's emissions: a greener region, hours in which it rests, hours that can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlops_estate.carbon.factors import Factors, Grid
from mlops_estate.pricing.model import NOTHING, Range, Usage, total

if TYPE_CHECKING:
    from mlops_estate.carbon.footprint import CarbonLine, Footprint

MOST_REGIONS = 5
LEAST_SHARE = Decimal("0.1")
"""A region is named where it emits at least a tenth less."""
MOVABLE = ("training", "processing", "transform", "monitoring")
"""Work that can wait for an hour with a greener grid."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One piece of advice: its kind (region, schedule or time), what to do, kg CO2e saved a month, and the caveat."""

    kind: str
    what: str
    saves: Range
    caveat: str
    region: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the advice as JSON data."""
        return {
            "kind": self.kind, "what": self.what, "saves_kg_co2e": self.saves.amounts(), "caveat": self.caveat,
            "region": self.region,
        }  # fmt: skip


def advise(found: Footprint, usage: Mapping[str, Usage], factors: Factors) -> list[Advice]:
    """Return the advice for a footprint, regions first: those of the same jurisdiction before all others."""
    return [*_regions(found, factors), *_schedules(found, usage), *_times(found)]


def _regions(found: Footprint, factors: Factors) -> list[Advice]:
    """Compare with every other region: its grid and its buildings, for the same machines."""
    here = found.grid
    if not here.known:
        return []
    machines = found.kwh / here.pue
    greener = []
    for name in factors.regions():
        there = factors.grid(name)
        saves = machines * (here.pue * here.g_per_kwh - there.pue * there.g_per_kwh) / 1000
        if found.kg.expected and saves.expected >= LEAST_SHARE * found.kg.expected:
            advice = _region(here, there, saves, found)
            greener.append((there.jurisdiction != here.jurisdiction, -saves.expected, advice))
    return [advice for _, _, advice in sorted(greener, key=lambda entry: entry[:2])][:MOST_REGIONS]


def _region(here: Grid, there: Grid, saves: Range, found: Footprint) -> Advice:
    share = saves.expected / found.kg.expected
    grams = f"{there.g_per_kwh.normalize():f} g/kWh instead of {here.g_per_kwh.normalize():f}"
    what = f"run in {there.region} ({there.place}): {grams}, {share:.0%} less"
    if there.jurisdiction == here.jurisdiction:
        caveat = f"same jurisdiction ({here.jurisdiction}); contracts, prices and latency still count"
    else:
        caveat = (
            f"another jurisdiction ({there.jurisdiction}): records of people may be moved there only where the law of "
            f"{here.jurisdiction} and your contracts allow it"
        )
    return Advice("region", what, saves, caveat, there.region)


def _schedules(found: Footprint, usage: Mapping[str, Usage]) -> list[Advice]:
    """Outside prod, an endpoint that always runs can rest while nobody uses it."""
    if found.environment_class == "prod":
        return []
    saved = NOTHING
    for line in found.lines:
        if line.mode == "hosting":
            saved = saved + line.kg * _idle_share(line, usage)
    if not saved.expected:
        return []
    what = "stop endpoints outside working hours: they run all month, and are used in their active hours"
    caveat = "a stopped endpoint is deleted and made again: minutes without answers; or make it serverless"
    return [Advice("schedule", what, saved, caveat)]


def _idle_share(line: CarbonLine, usage: Mapping[str, Usage]) -> Range:
    """Return the share of a month in which a model isn't used; nothing where usage doesn't say."""
    model = usage.get(line.model)
    if model is None or not {"active_hours_per_day", "active_days_per_week"} <= model.amounts.keys():
        return NOTHING
    active = model.range("active_hours_per_day") * model.range("active_days_per_week") / (24 * 7)
    one = Decimal(1)
    # The least is saved where the most is used.
    return Range(one - active.high, one - active.expected, one - active.low)


def _times(found: Footprint) -> list[Advice]:
    """Jobs can start when the grid is greenest; how much that saves isn't known beforehand."""
    movable = total(line.kg for line in found.lines if line.mode in MOVABLE)
    if not movable.expected:
        return []
    what = "start jobs when the grid is greenest (nights and weekends, windy or sunny hours)"
    caveat = "this is all that the jobs emit: a part of it can be saved, as the grid's hourly mix decides"
    return [Advice("time", what, Range(Decimal(0), Decimal(0), movable.high), caveat)]
