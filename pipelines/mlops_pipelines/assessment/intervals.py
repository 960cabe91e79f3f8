"""Confidence intervals, by scipy: the bootstrap for metrics and differences, Wilson's interval for shares."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Numbers = npt.NDArray[np.float64]
Figures = Callable[[Numbers], Mapping[Any, Numbers]]
"""Takes how often each record occurs, one row per resample, and returns a number per resample for each figure."""

CONFIDENCE = 0.95
RESAMPLES = 999
MOST_ACCELERATED = 2000
"""Up to so many records intervals are bias-corrected and accelerated (BCa), which takes a resample for each record.
With more records that correction, which shrinks with their number, no longer matters: intervals are percentiles."""
_CELLS = 2_000_000  # of resamples held at a time: 16 MB a copy


@dataclass(frozen=True)
class Interval:
    """A figure, the ends of its 95 % interval, and the standard deviation of its resamples; NaN where undefined."""

    value: float
    low: float
    high: float
    deviation: float

    def as_dict(self) -> dict[str, float | None]:
        """Return value, low and high as JSON data: null for NaN."""
        return {"value": number(self.value), "low": number(self.low), "high": number(self.high)}

    def holding(self, value: float) -> Interval:
        """Return the interval with this value, widened where it lies outside."""
        if not math.isfinite(value):
            return Interval(math.nan, math.nan, math.nan, math.nan)
        # fmin and fmax pass over a NaN: a figure without a single defined resample is its own interval.
        return Interval(value, float(np.fmin(self.low, value)), float(np.fmax(self.high, value)), self.deviation)


def number(value: float) -> float | None:
    """Return a number as JSON has it: None for what is not finite."""
    return float(value) if math.isfinite(value) else None


def bootstrap(figures: Figures, records: int, seed: int) -> dict[Any, Interval]:
    """Return each figure with its interval from 999 seeded resamples of the records; all figures share the resamples.

    A difference of two models or groups is a figure too, so that it is measured on the same records in each resample.
    The interval always holds the value. Resamples in which a figure is not defined are passed over; with fewer than two
    records the interval is the value alone.
    """
    names = list(figures(np.ones((1, records))))

    def statistic(rows: npt.NDArray[np.int64], axis: int = -1) -> Numbers:
        found = figures(_counts(rows.reshape(-1, rows.shape[axis]), records))
        return np.stack([np.asarray(found[name], dtype=np.float64).reshape(rows.shape[:-1]) for name in names])

    with np.errstate(divide="ignore", invalid="ignore"):
        values = statistic(np.arange(records))
        if records < 2:
            return {name: Interval(value, value, value, math.nan) for name, value in zip(names, values, strict=True)}
        lows, highs, spread = _resampled(statistic, records, seed)
    return {
        name: Interval(value, low, high, deviation).holding(float(value))
        for name, value, low, high, deviation in zip(names, values, lows, highs, spread, strict=True)
    }


def share(count: int, of: int) -> Interval:
    """Return a share with Wilson's interval, which stays honest where a small group is all of one kind.

    There a bootstrap finds no spread at all. NaN where there is nothing to take a share of.
    """
    if not of:
        return Interval(math.nan, math.nan, math.nan, math.nan)
    value, ends = count / of, stats.binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(value, float(ends.low), float(ends.high), math.sqrt(value * (1 - value) / of)).holding(value)


def _resampled(statistic: Callable[..., Numbers], records: int, seed: int) -> tuple[Numbers, Numbers, Numbers]:
    method = "BCa" if records <= MOST_ACCELERATED else "percentile"
    with warnings.catch_warnings():
        # A figure that is the same in all resamples has no BCa interval; it gets its percentiles below.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        made = stats.bootstrap(
            (np.arange(records),), statistic, vectorized=True, n_resamples=RESAMPLES, method=method,
            confidence_level=CONFIDENCE, batch=max(1, _CELLS // records), rng=np.random.default_rng(seed),
        )  # fmt: skip
        tail = (1 - CONFIDENCE) / 2
        low, high = np.nanquantile(made.bootstrap_distribution, [tail, 1 - tail], axis=-1)
        spread = np.nanstd(made.bootstrap_distribution, axis=-1, ddof=1)
    ends = made.confidence_interval
    known = np.isfinite(ends.low) & np.isfinite(ends.high)
    return np.where(known, ends.low, low), np.where(known, ends.high, high), spread


def _counts(rows: npt.NDArray[np.int64], records: int) -> Numbers:
    """Return how often each record occurs in each resample."""
    shifted = rows + np.arange(len(rows))[:, None] * records
    return np.bincount(shifted.ravel(), minlength=len(rows) * records).reshape(len(rows), records).astype(np.float64)
