"""What a change costs: two estimates beside each other, and the budget."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from mlops_estate.pricing.model import NOTHING, CostEstimate, CostLine, Range

NEAR_PERCENT = 80
"""Share of the budget, in percent, from which on an estimate is near it."""
LARGEST = 10
State = Literal["within", "near", "exceeded"]


def cost_delta(before: CostEstimate, after: CostEstimate, *, budget_usd: float | None) -> dict[str, Any]:
    """Return the difference as the change report has it: totals, by model, the largest items, and the budget."""
    models_before, models_after = before.by_model(), after.by_model()
    by_model = []
    for model in sorted(models_before.keys() | models_after.keys()):
        was, becomes = models_before.get(model, NOTHING), models_after.get(model, NOTHING)
        by_model.append({"model": model, **_compared(was, becomes)})
    notes = [f"{note} (before)" for note in before.notes if note not in after.notes]
    return {
        **_compared(before.monthly, after.monthly),
        "by_model": by_model,
        "largest": _largest(before, after),
        "budget": None if budget_usd is None else budget_state(after, budget_usd),
        "unpriced_types": [note.as_dict() for note in after.unpriced_types],
        "notes": [*after.notes, *notes],
    }


def budget_state(estimate: CostEstimate, monthly_usd: float) -> dict[str, Any]:
    """Return where the expected cost stands: within the budget, near it (from 80 %), or beyond it."""
    percent = 100 * estimate.monthly.expected / Decimal(str(monthly_usd))
    state: State = "exceeded" if percent > 100 else "near" if percent >= NEAR_PERCENT else "within"
    return {"monthly_usd": monthly_usd, "after_percent": float(round(percent, 1)), "state": state}


def _compared(before: Range, after: Range) -> dict[str, Any]:
    """Return both amounts and their difference, each bound against its own: the same usage is assumed of both.

    The lower of the differences stands first: where something is saved, the most is saved at the most use.
    """
    low, expected, high = (after - before).low, (after - before).expected, (after - before).high
    delta = Range(min(low, expected, high), expected, max(low, expected, high))
    return {"before": before.dollars(), "after": after.dollars(), "delta": delta.dollars()}


def _largest(before: CostEstimate, after: CostEstimate) -> list[dict[str, Any]]:
    was, becomes = _items(before), _items(after)
    found = []
    for key in was.keys() | becomes.keys():
        line = becomes.get(key, was.get(key))
        assert line is not None
        old, new = (_amount(side, key) for side in (was, becomes))
        if new[1] != old[1]:
            urn, item = key
            data = {"urn": urn, "name": line[0].name, "model": line[0].model, "item": item,
                    "before": _cents(old[1]), "after": _cents(new[1]), "delta": _cents(new[1] - old[1])}  # fmt: skip
            found.append((abs(new[1] - old[1]), data))
    found.sort(key=lambda entry: (-entry[0], entry[1]["urn"], entry[1]["item"]))
    return [data for _, data in found[:LARGEST]]


Items = Mapping[tuple[str, str], tuple[CostLine, Decimal]]


def _items(estimate: CostEstimate) -> dict[tuple[str, str], tuple[CostLine, Decimal]]:
    found: dict[tuple[str, str], tuple[CostLine, Decimal]] = {}
    for line in estimate.lines:
        key = (line.urn, line.item)
        found[key] = (line, line.monthly.expected + (found[key][1] if key in found else 0))
    return found


def _amount(items: Items, key: tuple[str, str]) -> tuple[CostLine | None, Decimal]:
    return items.get(key, (None, Decimal(0)))


def _cents(amount: Decimal) -> float:
    return Range.exactly(amount).dollars()["expected"]
