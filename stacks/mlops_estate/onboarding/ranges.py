"""The range that a column of numbers is given: what was seen, and generous room around it.

A value outside a schema's range ends a run, and the data of a few months tell little about what may come. So a range is
what the name says (a percentage, a share, an age, a year), or what was seen with as much room again on either side,
rounded outwards, and never below zero where nothing seen is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from mlops_estate.onboarding.contents import words_of

_PERCENT = frozenset({"percent", "percentage", "pct", "perc"})
_SHARE = frozenset({"share", "fraction", "probability", "prob", "proportion"})
_AGE, _YEAR = frozenset({"age"}), frozenset({"year", "yr"})


@dataclass(frozen=True)
class Range:
    """A closed range, and why it is that one."""

    minimum: float
    maximum: float
    why: str


def range_of(name: str, low: float, high: float, *, whole: bool) -> Range:
    """Return the range of a column by its name and the least and greatest value that were seen.

    `whole` says that the values are whole numbers; so are the bounds then.
    """
    seen = f"seen {low:g} to {high:g}"
    words = set(words_of(name))
    if whole and (low, high) == (0, 1):
        return Range(0, 1, f"{seen}: a flag")
    for named, lowest, highest, what in (
        (_PERCENT, 0, 100, "a percentage"), (_SHARE, 0, 1, "a share"), (_AGE, 0, 120, "an age"),
        (_YEAR, 1900, 2100, "a year"),
    ):  # fmt: skip
        if words & named and lowest <= low and high <= highest and (what != "an age" or high > 1):
            return Range(lowest, highest, f"{seen}: {what}, by its name")
    room = (high - low) or abs(high) or 1.0
    least = 0.0 if low >= 0 else _outwards(low - room, down=True)
    most = 0.0 if high <= 0 else _outwards(high + room, down=False)
    # Beyond what a float holds there is nothing to widen to.
    if not (math.isfinite(least) and math.isfinite(most)):
        least, most = low, high
    if whole:
        least, most = float(math.floor(least)), float(math.ceil(most))
    return Range(least, most, f"{seen}, with room")


def shown(value: float) -> str:
    """Write a number as YAML 1.1 and 1.2 both read one: 1.5, 20, 1.0e-05."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = repr(float(value))
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa if '.' in mantissa or not mark else mantissa + '.0'}{mark}{exponent}"


def _outwards(value: float, *, down: bool) -> float:
    """Round to two significant digits, away from what was seen."""
    if value == 0 or not math.isfinite(value):
        return value
    exact = Decimal(repr(value))  # as it is written: 3.3 stays 3.3
    unit = Decimal(1).scaleb(exact.adjusted() - 1)
    rounding = ROUND_FLOOR if down else ROUND_CEILING
    return float((exact / unit).to_integral_value(rounding) * unit)
