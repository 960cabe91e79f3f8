"""A footprint as text."""

from __future__ import annotations

import json
import textwrap
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_estate.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlops_estate.carbon import Footprint
    from mlops_estate.pricing.model import Range

FORMS = (".json", ".txt")
MOST_LINES = 10
_WIDTH = 98


def form_faults(paths: Sequence[Path]) -> list[Fault]:
    """Return a fault for each file whose ending says no form."""
    return [
        Fault("--output", str(path), f"its ending says no form; known are {', '.join(FORMS)}", "write for example "
              "carbon.json")
        for path in paths if path.suffix not in FORMS
    ]  # fmt: skip


def write(found: Footprint, path: Path) -> None:
    """Write a footprint in the form that the file's ending says."""
    text = json.dumps(found.as_dict(), indent=1) + "\n" if path.suffix == ".json" else as_text(found)
    path.write_text(text, encoding="utf-8")


def kilograms(value: Decimal) -> str:
    """Return an amount of CO2 equivalent as people read it: grams below a kilogram, tonnes from a thousand on."""
    if abs(value) >= 1000:
        return f"{value / 1000:,.2f} t"
    return f"{value:,.1f} kg" if abs(value) >= 1 else f"{value * 1000:,.0f} g"


def spread(amount: Range) -> str:
    """Return `1.4 kg (830 g to 2.7 kg)`; one figure where the bounds are the same."""
    low, expected, high = (kilograms(getattr(amount, name)) for name in ("low", "expected", "high"))
    return expected if low == expected == high else f"{expected} ({low} to {high})"


def as_text(found: Footprint) -> str:
    """Return the footprint as plain text of less than 100 columns."""
    grid, kwh = found.grid, found.kwh
    lines = [
        f"{found.environment} in {grid.region}: {spread(found.kg)} CO2e a month",
        f"  energy     {kwh.expected:,.1f} kWh ({kwh.low:,.1f} to {kwh.high:,.1f}), PUE {grid.pue.normalize():f}",
        f"  grid       {grid.g_per_kwh.normalize():f} g CO2e/kWh{'' if grid.known else ', an average that stands in'}",
        "",
        *_table("By model", [(model or "(shared)", spread(kg)) for model, kg in found.by_model().items()]),
        *_table("By what is done", [(mode, spread(kg)) for mode, kg in found.by_mode().items()]),
        *_table("Largest", [(f"{line.name}: {line.item}"[:60], spread(line.kg)) for line in found.lines[:MOST_LINES]]),
    ]
    if found.advice:
        lines.append("Advice")
        for advice in found.advice:
            saves = f"up to {kilograms(advice.saves.high)}" if not advice.saves.expected else spread(advice.saves)
            lines += _wrapped(f"{advice.what}: saves {saves}", "  - ")
            lines += _wrapped(advice.caveat, "    ")
        lines.append("")
    for note in found.notes:
        lines += _wrapped(note, "note: ")
    return "\n".join(lines) + "\n"


def _table(title: str, rows: list[tuple[str, str]]) -> list[str]:
    if not rows:
        return []
    width = max(len(name) for name, _ in rows)
    return [title, *(f"  {name:<{width}}  {amount}" for name, amount in rows), ""]


def _wrapped(text: str, start: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=start, subsequent_indent=" " * len(start))
