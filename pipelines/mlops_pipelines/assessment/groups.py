"""The groups of records whose treatment is compared: by the values of protected attributes, alone and together."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

MISSING = "(missing)"
"""The group of the records that don't tell the attribute: it may be treated badly like any other."""
MOST_VALUES = 10
"""A number of more distinct values than this is taken in quarters: an age of its own year is no group."""
TOGETHER = " and "


def groups_of(cells: pd.Series[Any], column: Mapping[str, Any]) -> list[str]:
    """Return the group of each record: its value as text, `(missing)`, or the quarter that a number lies in."""
    missing = cells.isna() | (cells.astype(str).str.strip() == "")
    if column["type"] in ("integer", "number"):
        named = _numbered(pd.to_numeric(cells.where(~missing)))
    else:
        named = cells.astype(str).str.strip()
    return [MISSING if gone else str(name) for gone, name in zip(missing, named, strict=True)]


def together(attributes: Sequence[Sequence[str]]) -> list[str]:
    """Return the groups that several attributes make together."""
    return [TOGETHER.join(values) for values in zip(*attributes, strict=True)]


def _numbered(numbers: pd.Series[Any]) -> pd.Series[Any]:
    if numbers.nunique() <= MOST_VALUES:
        return numbers.map(lambda value: f"{value:g}")
    edges = np.unique(np.quantile(numbers.dropna(), [0, 0.25, 0.5, 0.75, 1]))
    names = [f"{low:g} to {high:g}" for low, high in itertools.pairwise(edges)]
    places = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(names) - 1)
    return pd.Series([names[place] for place in places], index=numbers.index)
