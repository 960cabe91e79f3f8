"""One outcome (being predicted positive, or of a class) by group: its rates, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_pipelines.assessment import weighted
from mlops_pipelines.assessment.answers import Numbers
from mlops_pipelines.assessment.intervals import Interval

FEWEST = 10
"""A rate over fewer records than this is too uncertain to be compared; a group with such a rate is marked as small."""
FOUR_FIFTHS = 0.8
"""Below this ratio of selection rates US agencies see adverse impact (29 CFR 1607.4 D); it is reported, not judged."""
SELECTION, TRUE_POSITIVE, FALSE_POSITIVE = "selection_rate", "true_positive_rate", "false_positive_rate"
ACCURACY, NON_SELECTION = "accuracy", "non_selection_rate"
DIFFERENCES = (SELECTION, TRUE_POSITIVE, FALSE_POSITIVE, ACCURACY)
RATIOS = (SELECTION, NON_SELECTION, TRUE_POSITIVE, FALSE_POSITIVE)
Pair = tuple[int, int]
"""Two groups, by their places: the highest and the lowest of a rate."""


@dataclass(frozen=True)
class Outcome:
    """Whether each record had the outcome and was predicted it, with the place of its group among `names`."""

    actual: npt.NDArray[np.bool_]
    decided: npt.NDArray[np.bool_]
    places: npt.NDArray[np.int64]
    names: tuple[str, ...]

    def counts(self, weights: Numbers) -> Numbers:
        """Return the records by resample, group, actual (0, 1) and predicted outcome (0, 1)."""
        counted: Numbers = weights @ self._cells
        return counted.reshape(len(weights), len(self.names), 2, 2)

    @cached_property
    def _cells(self) -> Numbers:
        cells: Numbers = np.eye(len(self.names) * 4)[self.places * 4 + self.actual * 2 + self.decided]
        return cells

    def rates(self, weights: Numbers) -> dict[str, Numbers]:
        """Return each rate by resample and group; NaN where a group has no record to take it of."""
        counts = self.counts(weights)
        records, truly = counts.sum(axis=(2, 3)), counts.sum(axis=3)
        selected = weighted.ratio(counts[..., 1].sum(axis=2), records)
        return {
            SELECTION: selected,
            NON_SELECTION: 1 - selected,
            TRUE_POSITIVE: weighted.ratio(counts[..., 1, 1], truly[..., 1]),
            FALSE_POSITIVE: weighted.ratio(counts[..., 0, 1], truly[..., 0]),
            ACCURACY: weighted.ratio(counts[..., 0, 0] + counts[..., 1, 1], records),
        }

    @cached_property
    def whole(self) -> dict[str, Numbers]:
        """The rates by group of all records."""
        return {name: rate[0] for name, rate in self.rates(np.ones((1, len(self.places)))).items()}

    @cached_property
    def bases(self) -> dict[str, Numbers]:
        """Of how many records each group's rates are taken."""
        counts = self.counts(np.ones((1, len(self.places))))[0]
        every, truly = counts.sum(axis=(1, 2)), counts.sum(axis=2)
        return {
            SELECTION: every, NON_SELECTION: every, ACCURACY: every,
            TRUE_POSITIVE: truly[:, 1], FALSE_POSITIVE: truly[:, 0],
        }  # fmt: skip

    @cached_property
    def compared(self) -> dict[str, npt.NDArray[np.bool_]]:
        """Which groups' rates are compared: those of at least ten records, or all where that leaves fewer than two.

        An uncertain figure is better than none where only it can be had.
        """
        return {name: comparable(base) for name, base in self.bases.items()}

    @cached_property
    def pairs(self) -> dict[str, Pair | None]:
        """The groups with the highest and the lowest of each rate, among those that are compared."""
        return {name: pair(rate, self.compared[name]) for name, rate in self.whole.items()}

    def apart(self, weights: Numbers) -> dict[str, Numbers]:
        """Return `RATE_difference` (highest less lowest) and `RATE_ratio` (lowest over highest) by resample.

        Both are of the two groups that are furthest apart in all records, so that an interval tells whether these two
        differ; the largest distance of any two groups is never near zero in a resample, not even by chance.
        """
        rates = self.rates(weights)
        made = {f"{name}_difference": difference(rates[name], self.pairs[name]) for name in DIFFERENCES}
        return {**made, **{f"{name}_ratio": _quotient(rates[name], self.pairs[name]) for name in RATIOS}}

    def described(self, found: Mapping[str, Interval]) -> dict[str, dict[str, Any]]:
        """Return differences and ratios with intervals, and the groups of the highest and the lowest rate.

        Equalized odds are the larger difference, or the smaller ratio, of true and false positive rate, as fairlearn
        has it; where one of both is not defined, they are the other. `rate` says which it is.
        """
        made = {}
        for key, interval in found.items():
            rate = key.rpartition("_")[0]
            made[key] = {**interval.as_dict(), "rate": rate, **named(self.pairs[rate], self.names)}
        for kind in ("difference", "ratio"):
            odds = [made[f"{rate}_{kind}"] for rate in (TRUE_POSITIVE, FALSE_POSITIVE)]
            made[f"equalized_odds_{kind}"] = dict(furthest(odds, least=kind == "ratio"))
        return made

    def left_out(self) -> dict[str, list[str]]:
        """Return the groups whose rates take no part in a comparison, by rate."""
        return {
            rate: [name for name, kept in zip(self.names, self.compared[rate], strict=True) if not kept]
            for rate in DIFFERENCES
            if not self.compared[rate].all()
        }


def comparable(bases: Numbers) -> npt.NDArray[np.bool_]:
    """Return which groups are compared by a figure that is taken of so many records in each."""
    enough: npt.NDArray[np.bool_] = bases >= FEWEST
    return enough if enough.sum() >= 2 else bases > 0


def pair(by_group: Numbers, compared: npt.NDArray[np.bool_]) -> Pair | None:
    """Return the places of the highest and the lowest group among those that are compared; None without two."""
    known = [int(place) for place in np.flatnonzero(compared) if np.isfinite(by_group[place])]
    if len(known) < 2:
        return None
    return max(known, key=lambda place: by_group[place]), min(reversed(known), key=lambda place: by_group[place])


def named(groups: Pair | None, names: tuple[str, ...]) -> dict[str, str | None]:
    """Return the names of a pair of groups."""
    return dict(
        zip(("highest", "lowest"), (None, None) if groups is None else (names[at] for at in groups), strict=True)
    )


def difference(by_group: Numbers, groups: Pair | None) -> Numbers:
    """Return by how much the first of two groups exceeds the second, by resample; NaN without two."""
    if groups is None:
        return np.full(len(by_group), np.nan)
    apart: Numbers = by_group[:, groups[0]] - by_group[:, groups[1]]
    return apart


def furthest(items: Sequence[dict[str, Any]], least: bool) -> dict[str, Any]:
    """Return the one whose value is the largest, or the least; of unknown values the first."""
    known = [item for item in items if item["value"] is not None]
    return (min if least else max)(known, key=lambda item: item["value"]) if known else items[0]


def _quotient(by_group: Numbers, groups: Pair | None) -> Numbers:
    if groups is None:
        return np.full(len(by_group), np.nan)
    return weighted.ratio(by_group[:, groups[1]], by_group[:, groups[0]])
