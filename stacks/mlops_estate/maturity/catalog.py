"""Reading what is asked: `capabilities.yaml`, typed and checked whole."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mlops_estate.maturity.model import EFFORTS, Activity, Capability, Catalog, Item, Level

CAPABILITIES = Path(__file__).with_name("capabilities.yaml")


@cache
def catalog() -> Catalog:
    """Return the shipped levels, capabilities and activities."""
    return read_catalog(yaml.safe_load(CAPABILITIES.read_text(encoding="utf-8")))


def read_catalog(data: dict[str, Any]) -> Catalog:
    """Return a catalog from plain data. Raises `ValueError` naming everything that is wrong with it."""
    levels = tuple(Level(**level) for level in data["levels"])
    capabilities = tuple(
        Capability(
            entry["id"], entry["title"], entry["short"], tuple(_item(entry["id"], item) for item in entry["items"])
        )
        for entry in data["capabilities"]
    )
    activities = tuple(
        Activity(entry["id"], entry["title"], entry["weight"], tuple(entry["items"])) for entry in data["activities"]
    )
    found = Catalog(levels, capabilities, activities)
    if faults := _faults(found):
        raise ValueError("the catalog is wrong: " + "; ".join(faults))
    return found


def _item(capability: str, entry: dict[str, Any]) -> Item:
    return Item(
        entry["id"], capability, entry["level"], entry["title"], entry["check"], dict(entry.get("settings") or {}),
        entry["next"]["effort"], entry["next"]["do"],
    )  # fmt: skip


def _faults(found: Catalog) -> list[str]:
    from mlops_estate.maturity.checks import CHECKS

    items = [item for capability in found.capabilities for item in capability.items]
    known = {item.id for item in items}
    faults = [f"{name} stands there {times} times" for name, times in Counter(item.id for item in items).items()
              if times > 1]  # fmt: skip
    faults += [f"{item.id}: there is no check {item.check}" for item in items if item.check not in CHECKS]
    faults += [f"{item.id}: effort {item.effort}" for item in items if item.effort not in EFFORTS]
    for capability in found.capabilities:
        missing = {1, 2, 3} - {item.level for item in capability.items}
        faults += [f"{capability.id} has no item of level {level}" for level in sorted(missing)]
    for activity in found.activities:
        faults += [f"{activity.id}: there is no item {item}" for item in activity.items if item not in known]
    if sum(activity.weight for activity in found.activities) != 100:
        faults.append(f"the weights add up to {sum(activity.weight for activity in found.activities)}, not 100")
    return faults
