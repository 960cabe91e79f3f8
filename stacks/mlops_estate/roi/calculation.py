"""From phases to months: cost, value and net, when the net turns, and what it is worth today. Money is whole cents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Literal

from mlops_estate.roi.inputs import COSTS, METRICS, VALUE, Phase, RoiInputs

State = Literal["reached", "lost again", "not within the horizon", "never below zero"]


@dataclass(frozen=True, slots=True)
class BreakEven:
    """When the cumulative net is no longer negative.

    `months` are all months in which it turns from below zero to zero or more. `month` is the one after which it stays
    so to the horizon, None where there is none; `payback` the same in months with the fraction of the month, net
    spread evenly in it. "lost again" means that it turned, and is below zero at the horizon.
    """

    state: State
    month: int | None
    payback: float | None
    months: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A calculation. Lists have one item a month, from month 1, in cents; cumulative ones sum up to that month."""

    inputs: RoiInputs
    metrics: dict[str, list[int]]
    cost: list[int]
    value: list[int]
    net: list[int]
    break_even: BreakEven
    discounted_break_even: BreakEven
    npv_usd: float
    roi_percent: float | None

    @property
    def lowest(self) -> tuple[int, int]:
        """The month in which most money is tied up, and the net then, in cents; month 0 where it is never negative."""
        worst = min(range(len(self.net)), key=lambda index: self.net[index])
        return (worst + 1, self.net[worst]) if self.net[worst] < 0 else (0, 0)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain JSON data, in US dollars."""
        month, tied = self.lowest
        return {
            "horizon_months": len(self.net),
            "cost_usd": usd(self.cost[-1]),
            "value_usd": usd(self.value[-1]),
            "net_usd": usd(self.net[-1]),
            "roi_percent": self.roi_percent,
            "npv_usd": self.npv_usd,
            "discount_rate_percent": self.inputs.discount_rate_percent,
            "break_even": _turn(self.break_even),
            "discounted_break_even": _turn(self.discounted_break_even),
            "largest_outlay": {"month": month, "usd": usd(tied)},
            "by_metric_usd": {metric: usd(sum(amounts)) for metric, amounts in self.metrics.items()},
            "months": [
                {
                    "month": index + 1,
                    "cumulative_cost_usd": usd(self.cost[index]),
                    "cumulative_value_usd": usd(self.value[index]),
                    "cumulative_net_usd": usd(self.net[index]),
                    "by_metric_usd": {metric: usd(amounts[index]) for metric, amounts in self.metrics.items()},
                }
                for index in range(len(self.net))
            ],
        }


def usd(cents: int) -> float:
    """Return cents as US dollars."""
    return cents / 100


def _turn(found: BreakEven) -> dict[str, Any]:
    return {"state": found.state, "month": found.month, "payback_months": found.payback, "months": list(found.months)}


def calculate(inputs: RoiInputs) -> Result:
    """Sum every metric by month, up to the horizon."""
    months = inputs.horizon_months
    metrics = {metric: _metric(inputs, metric, months) for metric in METRICS}
    cost = list(accumulate(sum(metrics[metric][index] for metric in COSTS) for index in range(months)))
    value = list(accumulate(sum(metrics[metric][index] for metric in VALUE) for index in range(months)))
    net = [gained - spent for gained, spent in zip(value, cost, strict=True)]
    today = _discounted(net, inputs.discount_rate_percent)
    ratio = round(net[-1] / cost[-1] * 100, 2) if cost[-1] else None
    return Result(
        inputs, metrics, cost, value, net, break_even_of(net), break_even_of(today), round(today[-1] / 100, 2), ratio
    )


def _metric(inputs: RoiInputs, metric: str, months: int) -> list[int]:
    delay = inputs.value_delay_months if metric in VALUE else 0
    found = [0] * months
    for phase in inputs.phases(metric):
        for month, cents in _amounts(phase, inputs.factor(metric), months):
            if month + delay <= months:
                found[month + delay - 1] += cents
    return found


def _amounts(phase: Phase, factor: float, months: int) -> list[tuple[int, int]]:
    """Return (month, cents) of a phase, up to month `months`."""
    if phase.total_usd is not None and phase.end is not None:
        return _spread(phase, round(phase.total_usd * factor * 100))
    monthly = phase.monthly_usd
    if monthly is None:
        monthly = (phase.units_per_month or 0) * (phase.usd_per_unit or 0)
    last = months if phase.end is None else min(phase.end, months)
    return [
        (month, round(monthly * factor * 100 * min(1, (month - phase.start + 1) / (phase.ramp_months or 1))))
        for month in range(phase.start, last + 1)
    ]


CUMULATIVE: dict[str, Callable[[float, int], float]] = {
    "even": lambda share, _months: share,
    "rising": lambda share, months: share * (share * months + 1) / (months + 1),
    "falling": lambda share, months: share * (2 * months - share * months + 1) / (months + 1),
    "s_curve": lambda share, _months: share * share * (3 - 2 * share),
}
"""Share of the sum that has fallen after a share of the phase's months: even; in steps 1, 2, 3, …; the same backwards;
slow, fast, slow (smoothstep)."""


def _spread(phase: Phase, cents: int) -> list[tuple[int, int]]:
    """Spread a sum over the months of its phase; rounding is cumulative, so that the months add up to the sum."""
    assert phase.end is not None
    months = phase.end - phase.start + 1
    reached = CUMULATIVE[phase.shape]
    upto = [round(cents * reached(index / months, months)) for index in range(months)] + [cents]
    return [(phase.start + index, upto[index + 1] - upto[index]) for index in range(months)]


def _discounted(net: Sequence[int], yearly_percent: float) -> list[float]:
    """Return the cumulative net with each month's own at its value today; a month's net comes at its end."""
    monthly = [net[0], *(now - before for before, now in pairwise(net))]
    return list(
        accumulate(cents / (1 + yearly_percent / 100) ** ((index + 1) / 12) for index, cents in enumerate(monthly))
    )


def break_even_of(net: Sequence[float]) -> BreakEven:
    """Return when a cumulative net, one item a month, turns."""
    turns = tuple(
        index + 1 for index, now in enumerate(net) if now >= 0 and (net[index - 1] if index else 0) < 0
    )  # before month 1 it is zero
    if min(net) >= 0:
        return BreakEven("never below zero", None, None, ())
    if not turns:
        return BreakEven("not within the horizon", None, None, ())
    if net[-1] < 0:
        return BreakEven("lost again", None, None, turns)
    before, now = net[turns[-1] - 2], net[turns[-1] - 1]
    return BreakEven("reached", turns[-1], round(turns[-1] - 1 + -before / (now - before), 2), turns)
