"""The coefficients of energy and carbon, and the size of every instance type, read from the data files beside this."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from mlops_estate.pricing.model import Range

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Instance:
    """The size of an instance type: vCPUs, memory in GiB, and accelerators by name and number."""

    type: str
    vcpus: int
    gib: Decimal
    accelerator: str = ""
    accelerators: int = 0

    @property
    def family(self) -> str:
        """The family: `m5` of `ml.m5.large`."""
        return self.type.split(".")[1]


@dataclass(frozen=True, slots=True)
class Watts:
    """The power of one part at rest and at full load, in watts."""

    least: Decimal
    most: Decimal
    note: str

    def at(self, utilisation: Range) -> Range:
        """Return the average watts: least + utilisation x (most - least)."""
        span = self.most - self.least
        return Range.exactly(self.least) + utilisation * span


@dataclass(frozen=True, slots=True)
class Grid:
    """The grid a region draws from. `known` is false where the region has no factor and an average stands in.

    `single` says whether each figure rests on one source only.
    """

    region: str
    g_per_kwh: Decimal
    pue: Decimal
    source: str
    jurisdiction: str = ""
    place: str = ""
    known: bool = True
    single: bool = True
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the grid as JSON data."""
        return {
            "region": self.region, "g_per_kwh": float(self.g_per_kwh), "pue": float(self.pue), "source": self.source,
            "known": self.known, "sources": 1 if self.single else 2, "note": self.note,
        }  # fmt: skip


class Factors:
    """The coefficients of one data file, with the instance types of another."""

    def __init__(self, data: dict[str, Any], instances: dict[str, Instance]) -> None:
        self.data, self.instances = data, instances

    @property
    def date(self) -> str:
        """The date of the file."""
        return str(self.data["date"])

    @property
    def utilisation(self) -> Range:
        """The share of a part's power range that is used where nothing was measured."""
        given = self.data["utilisation"]
        return Range.of(*(str(given[name]) for name in ("low", "expected", "high")))

    def value(self, name: str) -> Decimal:
        """Return a coefficient that is one number."""
        return Decimal(str(self.data[name]["value"]))

    def cpu(self, family: str) -> Watts:
        """Return the watts of one vCPU of a family."""
        found = next(
            (entry for entry in self.data["cpus"].values() if family in entry.get("families", ())),
            self.data["cpus"]["average"],
        )
        return _watts(found)

    def accelerator(self, name: str) -> Watts | None:
        """Return the watts of one accelerator; None where nobody publishes them."""
        found = self.data["accelerators"].get(name)
        return _watts(found) if found else None

    def instance(self, instance_type: str) -> Instance | None:
        """Return the size of an instance type; None where it isn't known."""
        return self.instances.get(instance_type)

    def storage(self, price_key: str) -> Decimal | None:
        """Return the watt-hours of one TB and hour, of all copies; None for what isn't storage."""
        found = self.data["storage"].get(price_key)
        if found is None:
            return None
        watt_hours = Decimal(str(self.data["storage_wh_per_tb_hour"][found["medium"]]["value"]))
        return watt_hours * int(found["copies"])

    def crosses_network(self, price_key: str) -> bool:
        """Return whether what a price is for are GB that cross a network."""
        return price_key in self.data["network"]

    def regions(self) -> list[str]:
        """Return the regions that have a factor of their own, in alphabetical order."""
        return sorted(self.data["regions"])

    def grid(self, region: str) -> Grid:
        """Return the grid of a region: its own figures, or the average that stands in, which says so."""
        found = self.data["regions"].get(region)
        average = self.data["pue_elsewhere"]
        if found is None:
            stand_in = self.data["elsewhere"]
            note = f"{region} has no factor: {stand_in['note']}"
            factor, pue = (Decimal(str(number)) for number in (stand_in["g_per_kwh"], average["value"]))
            return Grid(region, factor, pue, self.source(stand_in["source"]), known=False, note=note)
        notes = [found.get("note", ""), "" if "pue" in found else f"PUE is {average['note']}"]
        return Grid(
            region, Decimal(str(found["g_per_kwh"])), Decimal(str(found.get("pue", average["value"]))),
            self.source(found["source"]), found["jurisdiction"], found["place"], single=found["agreeing"] == 1,
            note="; ".join(filter(None, notes)),
        )  # fmt: skip

    def source(self, key: str) -> str:
        """Return what a source is."""
        return str(self.data["sources"][key])


def _watts(entry: dict[str, Any]) -> Watts:
    return Watts(Decimal(str(entry["min"])), Decimal(str(entry["max"])), str(entry.get("note", "")))


@cache
def shipped() -> Factors:
    """Return the shipped coefficients."""
    import yaml

    text = (FOLDER / "coefficients.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Factors(yaml.load(text, Loader=loader), _instances())  # noqa: S506 -- a safe loader


def _instances() -> dict[str, Instance]:
    with (FOLDER / "instances.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {
        row["type"]: Instance(
            row["type"], int(row["vcpu"]), Decimal(row["gib"]), row["accelerator"], int(row["accelerators"] or 0)
        )
        for row in rows
    }
