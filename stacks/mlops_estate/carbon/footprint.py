"""The footprint of an environment: energy and emissions of a month, by line and by model, and what would lower them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_estate.carbon.advice import Advice, advise
from mlops_estate.carbon.energy import energy_of
from mlops_estate.carbon.factors import Factors, Grid, shipped
from mlops_estate.graph import ResourceGraph
from mlops_estate.pricing.estimate import estimate
from mlops_estate.pricing.model import NOTHING, CostEstimate, Range, Usage, total

CLASSES = ("dev", "staging", "prod")


@dataclass(frozen=True, slots=True)
class CarbonLine:
    """The energy of one thing of one resource, in kWh a month at the building's meter, and what it emits in kg CO2e.

    `mode` is hosting, training, processing, notebook and their like for compute; storage, network or serverless else.
    """

    urn: str
    name: str
    model: str
    item: str
    mode: str
    kwh: Range
    kg: Range
    how: str

    def as_dict(self) -> dict[str, Any]:
        """Return the line as JSON data."""
        return {
            "urn": self.urn, "name": self.name, "model": self.model, "item": self.item, "mode": self.mode,
            "kwh": self.kwh.amounts(), "kg_co2e": self.kg.amounts(), "how": self.how,
        }  # fmt: skip


@dataclass(slots=True)
class Footprint:
    """What an environment takes and emits in an average month."""

    environment: str
    environment_class: str
    grid: Grid
    date: str
    lines: list[CarbonLine] = field(default_factory=list)
    advice: list[Advice] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def kwh(self) -> Range:
        """Energy at the meter, in kWh a month."""
        return total(line.kwh for line in self.lines)

    @property
    def kg(self) -> Range:
        """Emissions, in kg CO2 equivalent a month."""
        return total(line.kg for line in self.lines)

    def by_model(self) -> dict[str, Range]:
        """Return emissions by model, ``""`` for what belongs to no single one."""
        sums: dict[str, Range] = {}
        for line in self.lines:
            sums[line.model] = sums.get(line.model, NOTHING) + line.kg
        return dict(sorted(sums.items()))

    def by_mode(self) -> dict[str, Range]:
        """Return emissions by what is done."""
        sums: dict[str, Range] = {}
        for line in self.lines:
            sums[line.mode] = sums.get(line.mode, NOTHING) + line.kg
        return dict(sorted(sums.items(), key=lambda pair: (-pair[1].expected, pair[0])))

    def as_dict(self) -> dict[str, Any]:
        """Return the document `mlops-estate/carbon`, version 1 (docs/reference/carbon.md)."""
        return {
            "format": "mlops-estate/carbon",
            "version": 1,
            "environment": self.environment,
            "factors_date": self.date,
            "kg_co2e": self.kg.amounts(),
            "kwh": self.kwh.amounts(),
            "by_model": {model: found.amounts() for model, found in self.by_model().items()},
            "by_mode": {mode: found.amounts() for mode, found in self.by_mode().items()},
            "grid": self.grid.as_dict(),
            "lines": [line.as_dict() for line in self.lines],
            "advice": [found.as_dict() for found in self.advice],
            "notes": self.notes,
        }


def footprint(
    graph: ResourceGraph,
    usage: Mapping[str, Usage],
    *,
    region: str,
    environment_class: str | None = None,
    factors: Factors | None = None,
) -> Footprint:
    """Return the footprint of a graph's resources in an average month.

    `usage` is by model and, under ``""``, the environment's own, as for `pricing.estimate`. `environment_class` is read
    from the graph's components unless given; prod where they don't say. A region without a factor gets an average of
    the others, which the result says (`grid.known`, `notes`).
    """
    kind = environment_class or class_of(graph)
    found = estimate(graph, usage, region=region, environment_class=kind)
    return footprint_of(found, usage, environment_class=kind, factors=factors)


def footprint_of(
    costs: CostEstimate, usage: Mapping[str, Usage], *, environment_class: str, factors: Factors | None = None
) -> Footprint:
    """Return the footprint of what an estimate found: the same hours, GB and requests."""
    known = factors or shipped()
    grid = known.grid(costs.region)
    made = Footprint(costs.environment, environment_class, grid, known.date)
    left_out: set[str] = set()
    billed_otherwise: set[str] = set()
    counted: set[str] = set()
    for line in costs.lines:
        energy = energy_of(line, known)
        if isinstance(energy, str):
            (left_out if energy else billed_otherwise).add(energy or line.service)
            continue
        if energy.left_out:
            left_out.add(energy.left_out)
        if not energy.kwh.high:
            continue
        counted.add(line.service)
        kwh = energy.kwh * grid.pue
        made.lines.append(
            CarbonLine(
                line.urn, line.name, line.model, line.item, _mode(line.basis, line.price.key, known), kwh,
                kwh * grid.g_per_kwh / 1000, energy.what,
            )
        )  # fmt: skip
    made.lines.sort(key=lambda line: (-line.kg.expected, line.model, line.urn, line.item))
    made.notes = _notes(made, known, costs, sorted(left_out), sorted(billed_otherwise - counted))
    made.advice = advise(made, usage, known)
    return made


def carbon_delta(before: Footprint, after: Footprint) -> dict[str, Any]:
    """Return the difference of emissions as the change report has it, in kg CO2 equivalent a month."""
    low, expected, high = (
        after.kg.low - before.kg.low, after.kg.expected - before.kg.expected, after.kg.high - before.kg.high,
    )  # fmt: skip
    delta = Range(min(low, expected, high), expected, max(low, expected, high))
    notes = [note for side in (after, before) for note in side.notes if not side.grid.known and "no factor" in note]
    return {
        "before": before.kg.amounts(), "after": after.kg.amounts(), "delta": delta.amounts(),
        "kwh": {"before": before.kwh.amounts(), "after": after.kwh.amounts()}, "grid": after.grid.as_dict(),
        "notes": list(dict.fromkeys(notes)),
    }  # fmt: skip


def class_of(graph: ResourceGraph) -> str:
    """Return the class of a graph's environment, as its components say it; prod where none does."""
    for node in graph.components():
        found = node.inputs.get("environment_class")
        if found in CLASSES:
            return str(found)
    return "prod"


def _mode(basis: Mapping[str, Any], price_key: str, factors: Factors) -> str:
    if basis.get("monitor"):
        return "monitoring"
    if basis.get("mode"):
        return str(basis["mode"])
    return "network" if factors.crosses_network(price_key) else "storage"


def _notes(
    made: Footprint, factors: Factors, costs: CostEstimate, left_out: list[str], billed_otherwise: list[str]
) -> list[str]:
    grid = made.grid
    used = factors.utilisation
    notes = [] if grid.known else [grid.note]
    notes += [
        "operation only: what making and scrapping the machines emitted isn't in it; location-based: renewable energy "
        "that AWS buys isn't counted",
        f"utilisation {used.low:.0%} to {used.high:.0%} of each part's power range, {used.expected:.0%} expected: "
        "nothing was measured",
    ]
    if grid.known and grid.single:
        notes.append("the grid's factor and the watts rest on one source each")
    if grid.known and grid.note:
        notes.append(f"{grid.region}: {grid.note}")
    notes += left_out
    if unpriced := sorted({note.type for note in costs.unpriced_types}):
        notes.append(f"without a price, and so without energy here: {', '.join(unpriced)}")
    if billed_otherwise:
        notes.append(f"services billed by request or by key have no energy of their own: {', '.join(billed_otherwise)}")
    return notes
