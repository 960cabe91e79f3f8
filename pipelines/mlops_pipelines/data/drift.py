"""Drift of data against those that the last accepted model was trained on.

A column has drifted if its population stability index (PSI) exceeds a limit *and* a two-sample test rejects that both
samples come from one distribution: the index alone alarms on small samples, the test alone on irrelevant differences of
large ones. Tests are SciPy's: Kolmogorov-Smirnov for numbers, chi-squared for categories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlops_pipelines.data.faults import Finding
from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.settings import DataSettings

BINS = 10
"""Bins of a number, by the reference's quantiles; with no more distinct values than that each has a bin of its own."""
SMALLEST_SHARE = 1e-4
"""What an empty bin's share counts as: the index takes its logarithm."""
COMPARED = ("feature", "label", "protected")

Counts = npt.NDArray[np.int64]


def population_stability_index(reference: Counts, current: Counts) -> float:
    """Return the sum over bins of (c - r) ln(c / r), with r and c the shares of each bin: 0 for equal shares.

    Below 0.1 counts as stable, above 0.2 as a significant shift, by the usual rule of thumb. Raises `ValueError` where
    one sample is empty.
    """
    if not reference.sum() or not current.sum():
        raise ValueError("an empty sample has no distribution")
    shares = [np.maximum(counts / counts.sum(), SMALLEST_SHARE) for counts in (reference, current)]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def bin_counts(reference: pd.Series[Any], current: pd.Series[Any], column: Column) -> tuple[Counts, Counts]:
    """Return how many records of each sample lie in each bin; missing ones have a bin of their own, the last."""
    samples = (reference, current)
    missing = [int(sample.isna().sum()) for sample in samples]
    if column.type == "category":
        texts = [sample.dropna().astype(str).to_numpy(dtype=object) for sample in samples]
        values = sorted({*texts[0], *texts[1]})
        counted = [[int((text == value).sum()) for value in values] for text in texts]
    else:
        present = [_present(sample) for sample in samples]
        counted = [_counted(sample, present[0]) for sample in present]
    first, second = (np.array([*counts, gaps], dtype=np.int64) for counts, gaps in zip(counted, missing, strict=True))
    return first, second


def two_sample_test(reference: pd.Series[Any], current: pd.Series[Any], column: Column) -> tuple[str, float, float]:
    """Return test, statistic and p-value. Numbers with gaps are also compared by how many gaps they have.

    Then the smaller p-value counts twice, since either test may reject (Bonferroni).
    """
    from scipy import stats

    if column.type == "category":
        return "chi2_contingency", *_chi2(*bin_counts(reference, current, column))
    samples = (reference, current)
    present = [_present(sample) for sample in samples]
    gaps = [np.array([len(part), len(sample) - len(part)]) for part, sample in zip(present, samples, strict=True)]
    if not all(len(part) for part in present):
        return "chi2_contingency", *_chi2(*gaps)
    if all(len(part) == 1 for part in present):
        statistic, p_value = 0.0, 1.0  # two single values tell nothing, and SciPy divides by zero
    else:
        found = stats.ks_2samp(*present, method="asymp")
        statistic, p_value = float(found.statistic), float(found.pvalue)
    if not any(gap[1] for gap in gaps):
        return "ks_2samp", statistic, p_value
    return "ks_2samp, chi2_contingency of gaps", statistic, min(1.0, 2 * min(p_value, _chi2(*gaps)[1]))


def compare(
    reference: pd.DataFrame, current: pd.DataFrame, schema: Schema, limits: DataSettings
) -> list[dict[str, Any]]:
    """Return a row per column that both have: `psi`, `test`, `statistic`, `p_value`, `limit`, `drifted`."""
    rows = []
    for column in schema.columns:
        if column.role not in COMPARED or column.name not in reference:
            continue
        before, now = reference[column.name], current[column.name]
        psi = population_stability_index(*bin_counts(before, now, column))
        test, statistic, p_value = two_sample_test(before, now, column)
        rows.append(
            {
                "column": column.name,
                "psi": psi,
                "test": test,
                "statistic": statistic,
                "p_value": p_value,
                "limit": limits.max_psi,
                "p_value_limit": limits.drift_p_value,
                "drifted": bool(psi > limits.max_psi and p_value < limits.drift_p_value),
            }
        )
    return rows


def findings(rows: Sequence[Mapping[str, Any]], schema: Schema) -> list[Finding]:
    """Return the faults that drifted columns are."""
    return [
        Finding(
            f"column {schema.column(row['column']).shown} has drifted from the last accepted snapshot: PSI "
            f"{row['psi']:.3f}, p-value {row['p_value']:.2g} ({row['test']}); expected a PSI of at most "
            f"{row['limit']:g} (data.max_psi), or a p-value of at least {row['p_value_limit']:g} (data.drift_p_value); "
            f"find the cause, then retrain with on_drift=record",
            "drift",
        )
        for row in rows
        if row["drifted"]
    ]


def _present(sample: pd.Series[Any]) -> npt.NDArray[np.float64]:
    return sample.dropna().to_numpy(dtype=np.float64)


def _counted(values: npt.NDArray[np.float64], reference: npt.NDArray[np.float64]) -> list[int]:
    distinct = np.unique(reference)
    if len(distinct) <= BINS:
        # Each known value, and what lies below, between and above them: edges around every value.
        edges = np.sort(np.concatenate([distinct, np.nextafter(distinct, np.inf)]))
    else:
        edges = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, values, side="right")
    return [int(count) for count in np.bincount(bins, minlength=len(edges) + 1)]


def _chi2(reference: Counts, current: Counts) -> tuple[float, float]:
    from scipy import stats

    table = np.array([reference, current])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 0.0, 1.0  # one value only, in both
    found = stats.chi2_contingency(table)
    return float(found.statistic), float(found.pvalue)
