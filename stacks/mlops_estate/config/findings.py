"""What a check found, before it is given a file and a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

RelativePath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule at `path` within a block; `involves` lists the other paths whose values the rule used."""

    path: RelativePath
    value: Any
    rule: str
    fix: str
    source: str = ""
    involves: tuple[RelativePath, ...] = ()


Rule = Callable[[Any], Iterator[Finding]]
"""A rule reads one valid block and yields what it finds."""
