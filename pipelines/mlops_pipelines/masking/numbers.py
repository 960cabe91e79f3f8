"""Numbers of the copy: in bands that enough records share, or drawn from the column's distribution."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.features.schema import Column

_EXACT = Context(prec=400)
"""Wide enough for the quotient of any two floats as they are written."""
_TRIES = 100
"""How often a drawn number that is a rare original is drawn again."""


def band_of(rule: Mapping[str, Any]) -> Callable[[float], float]:
    """Return what gives a number's band: its lower edge, by `step` from zero or by the list `bands`."""
    if "bands" in rule:
        edges = [float(edge) for edge in rule["bands"]]
        return lambda value: edges[max(0, bisect.bisect_right(edges, value) - 1)]
    step = Decimal(str(rule["step"]))

    def floor(value: float) -> float:
        steps = _EXACT.divide(Decimal(repr(value)), step).to_integral_value(ROUND_FLOOR)
        return float(_EXACT.multiply(steps, step))

    return floor


def banded(values: npt.NDArray[np.float64], rule: Mapping[str, Any], smallest: int) -> npt.NDArray[np.float64]:
    """Return each number's band, where bands of fewer than `smallest` records are joined with their neighbours.

    Expects at least `smallest` numbers. Joined bands have the lower edge of the lowest one.
    """
    distinct, places = np.unique(values, return_inverse=True)
    floor = band_of(rule)
    floors = np.array([floor(float(value)) for value in distinct])
    bands, counts = np.unique(floors[places], return_counts=True)
    joined: dict[float, float] = {}
    lowest, held = bands[0], 0
    starts: list[float] = []
    for band, count in zip(bands, counts, strict=True):
        if held == 0:
            lowest = band
            starts.append(float(lowest))
        joined[float(band)] = float(lowest)
        held = 0 if held + count >= smallest else held + int(count)
    if held and len(starts) > 1:  # what is left over at the end is joined with the bands before
        for band, start in joined.items():
            joined[band] = starts[-2] if start == starts[-1] else start
    return np.array([joined[float(floor_)] for floor_ in floors])[places]


def drawn(
    values: npt.NDArray[np.float64], column: Column, smallest: int, generator: np.random.Generator, digits: int
) -> npt.NDArray[np.float64]:
    """Return as many numbers, drawn from the distribution of the values; none of them is a rare original.

    The distribution is smoothed: its knots are the means of `smallest` neighbouring values each (microaggregation), so
    that an outlier is no knot. Drawn numbers are rounded to `digits` decimals, as the originals are; one that is an
    original of fewer than `smallest` records is drawn again. Expects at least `smallest` numbers. Raises
    `ArithmeticError` where no other number is left.
    """
    knots = _knots(np.sort(values), smallest)
    rare = {value for value, count in Counter(values.tolist()).items() if count < smallest}
    made = _draw(knots, len(values), generator, digits, column)
    for _ in range(_TRIES):
        again = np.flatnonzero([value in rare for value in made.tolist()])
        if not len(again):
            return made
        made[again] = _draw(knots, len(again), generator, digits, column)
    allowed = _neighbours(column, rare, digits, made)
    return np.array([allowed(value) if value in rare else value for value in made.tolist()])


def decimals(texts: Sequence[str]) -> int:
    """Return the most decimals that numbers are written with, at most 12."""
    return min(12, max((max(0, -int(Decimal(text).as_tuple().exponent)) for text in texts), default=0))


def _knots(ordered: npt.NDArray[np.float64], smallest: int) -> npt.NDArray[np.float64]:
    groups = np.array_split(ordered, max(1, len(ordered) // smallest))
    return np.array([group.mean() for group in groups])


def _draw(
    knots: npt.NDArray[np.float64], count: int, generator: np.random.Generator, digits: int, column: Column
) -> npt.NDArray[np.float64]:
    places = generator.uniform(0, len(knots) - 1, count)
    made = np.round(np.interp(places, np.arange(len(knots)), knots), digits) + 0.0
    return np.clip(made, column.minimum, column.maximum)


def _neighbours(
    column: Column, rare: set[float], digits: int, made: npt.NDArray[np.float64]
) -> Callable[[float], float]:
    """Return what gives the nearest number that is no rare original: where whole numbers lie close, drawing may not."""
    unit = 10.0**-digits
    low = float(made.min()) if column.minimum is None else column.minimum
    high = float(made.max()) if column.maximum is None else column.maximum

    def nearest(value: float) -> float:
        for distance in range(1, len(rare) + 2):
            for side in (value - distance * unit, value + distance * unit):
                found = round(side, digits) + 0.0
                if low <= found <= high and found not in rare:
                    return found
        raise ArithmeticError("every number in the column's range is one of few records")

    return nearest
