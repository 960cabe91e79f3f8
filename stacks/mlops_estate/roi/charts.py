"""The two charts: cumulative curves, and what the net hangs on; inline SVG in the colours of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlops_estate.reports.page import render
from mlops_estate.roi.calculation import Result
from mlops_estate.roi.inputs import COSTS, METRICS
from mlops_estate.roi.sensitivity import Sensitivity

WIDTH, HEIGHT = 400, 290
LEFT, RIGHT, TOP, BOTTOM = 54, 388, 12, 250
ROW = 38


def money(cents: float) -> str:
    """Return an amount in short: `$640k`, `-$70k`, `$1.2m`, `$350`, with a proper minus sign."""
    amount = abs(cents) / 100
    sign = "\N{MINUS SIGN}" if cents < 0 and amount >= 0.5 else ""
    for size, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if amount >= size * 0.9995:
            return f"{sign}${amount / size:.3g}{letter}"
    return f"{sign}${amount:.0f}"


def curves(result: Result) -> str:
    """Return cumulative cost, value and net by month, with the month of break-even."""
    months = len(result.net)
    series = (("cost", "two", result.cost), ("value", "one", result.value), ("net", "three", result.net))
    low: float = min(0, *result.net)
    high: float = max(1, *result.cost, *result.value)
    ticks = _ticks(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])

    def x(month: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * month / months, 1)

    def y(cents: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (cents - low) / (high - low), 1)

    lines = [
        (name, colour, " ".join(f"{x(index)},{y(cents)}" for index, cents in enumerate((0, *amounts))))
        for name, colour, amounts in series
    ]
    step = max(1, math.ceil(months / 8 / 3) * 3) if months > 8 else 1
    turn = result.break_even.payback
    return render(
        "roi_curves.svg.j2",
        width=WIDTH, height=HEIGHT, left=LEFT, right=RIGHT, top=TOP, bottom=BOTTOM, lines=lines, zero=y(0),
        ticks=[(y(tick), money(tick)) for tick in ticks],
        months=[(x(month), month) for month in range(0, months + 1, step)],
        turn=None if turn is None else (x(turn), result.break_even.month),
        summary=f"Month {months}: cost {money(result.cost[-1])}, value {money(result.value[-1])}, net "
        f"{money(result.net[-1])}",
    )  # fmt: skip


def tornado(found: Sensitivity, result: Result) -> str:
    """Return the net at the horizon with each metric less and more, the widest bar first."""
    centre = result.net[-1]
    nets = [net for bar in found.bars for net in (bar.less.net[-1], bar.more.net[-1])]
    reach = max(1, *(abs(net - centre) for net in nets))

    def x(net: float) -> float:
        return round(WIDTH / 2 + (net - centre) / reach * (WIDTH / 2 - 62), 1)

    rows = []
    for index, bar in enumerate(found.bars):
        less, more = bar.less.net[-1], bar.more.net[-1]
        low, high = min(less, more), max(less, more)
        rows.append(
            {
                "y": 34 + index * ROW,
                "name": METRICS[bar.metric],
                "colour": "two" if bar.metric in COSTS else "one",
                "x": x(low), "width": round(x(high) - x(low), 1), "end": x(high),
                "low": money(low), "high": money(high),
            }
        )  # fmt: skip
    return render(
        "roi_tornado.svg.j2", width=WIDTH, height=42 + ROW * len(rows), rows=rows, centre=WIDTH / 2,
        net=money(centre), percent=f"{found.percent:g}", months=len(result.net),
    )  # fmt: skip


def _ticks(low: float, high: float) -> Sequence[float]:
    """Return four to eight round amounts that cover low to high."""
    rough = (high - low) / 5
    size: float = 10.0 ** math.floor(math.log10(rough))
    step = next(size * times for times in (1, 2, 2.5, 5, 10) if size * times >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * index for index in range(first, last + 1)]
