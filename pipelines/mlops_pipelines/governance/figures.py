"""Figures of the steps' documents, read so that a missing one is never taken for a good one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def at(document: Any, *path: str) -> Any:
    """Return what lies at a path of keys; None where there is nothing."""
    for key in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document


def number(document: Any, *path: str) -> float | None:
    """Return the finite number at a path; None for nothing, null, NaN, infinity, a text or a truth value."""
    found = at(document, *path)
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        return None
    return float(found)


def text(value: float | None, digits: int = 4) -> str:
    """Return a figure as people read it, without trailing zeros; "not measured" for None."""
    return "not measured" if value is None else f"{value:.{digits}f}".rstrip("0").rstrip(".")
