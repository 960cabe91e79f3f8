"""Reading values that may be unknown, absent or of another shape than they should be: then there is nothing to see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.graph import UNKNOWN


def block(value: Any) -> Mapping[Any, Any]:
    """Return a mapping as it is, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def entries(value: Any) -> list[Mapping[Any, Any]]:
    """Return the mappings of a list, and none for anything else."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    """Return the texts of a list, or the one that a value is; none for anything else, or what is unknown."""
    found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [one for one in found if isinstance(one, str) and one != UNKNOWN]


def number(value: Any) -> float:
    """Return a number as it is, and zero for anything else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
