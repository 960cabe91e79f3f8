"""What the answer hangs on: each metric a little less and a little more, one at a time, and all against or for us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlops_estate.roi.calculation import Result, calculate, usd
from mlops_estate.roi.inputs import COSTS, LONGEST_MONTHS, METRICS, VALUE, RoiInputs

LATER_MONTHS = 3
"""How much later value comes in the scenario of a delay: a quarter."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One metric less and more: the results, and how far apart they leave the net at the horizon, in cents."""

    metric: str
    less: Result
    more: Result

    @property
    def swing(self) -> int:
        """How far apart the two nets are at the horizon, in cents."""
        return abs(self.more.net[-1] - self.less.net[-1])


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Bars, the widest first, and scenarios by name."""

    percent: float
    bars: tuple[Bar, ...]
    scenarios: dict[str, Result]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON data, in US dollars."""
        return {
            "percent": self.percent,
            "metrics": [
                {
                    "metric": bar.metric,
                    "swing_usd": usd(bar.swing),
                    "less": _outcome(bar.less),
                    "more": _outcome(bar.more),
                }
                for bar in self.bars
            ],
            "scenarios": {name: _outcome(result) for name, result in self.scenarios.items()},
        }


def _outcome(result: Result) -> dict[str, Any]:
    return {
        "net_usd": usd(result.net[-1]),
        "npv_usd": result.npv_usd,
        "break_even_month": result.break_even.month,
        "break_even_state": result.break_even.state,
    }


def sensitivity_of(inputs: RoiInputs) -> Sensitivity:
    """Calculate again with each metric changed by `sensitivity_percent`, and with all of them.

    Scenarios: `worst` (costs more, value less), `late` (value a quarter later), `expected`, `best`.
    """
    step = inputs.sensitivity_percent / 100
    bars = [
        Bar(metric, calculate(inputs.scaled({metric: 1 - step})), calculate(inputs.scaled({metric: 1 + step})))
        for metric in METRICS
    ]
    places = list(METRICS)
    bars.sort(key=lambda bar: (-bar.swing, places.index(bar.metric)))
    late = min(inputs.value_delay_months + LATER_MONTHS, LONGEST_MONTHS)
    scenarios = {
        "worst": calculate(_all(inputs, 1 + step, 1 - step)),
        "late": calculate(inputs.model_copy(update={"value_delay_months": late})),
        "expected": calculate(inputs),
        "best": calculate(_all(inputs, 1 - step, 1 + step)),
    }
    return Sensitivity(inputs.sensitivity_percent, tuple(bars), scenarios)


def _all(inputs: RoiInputs, costs: float, value: float) -> RoiInputs:
    return inputs.scaled({**dict.fromkeys(COSTS, costs), **dict.fromkeys(VALUE, value)})
