"""What a column of text cells holds: whole numbers, numbers, dates, truth values, a few words, or many."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mlops_estate.onboarding.table import TextColumn

Kind = Literal["empty", "integer", "number", "date", "words", "text"]
"""`words` are texts of few distinct values: a category."""

FEW = 20
"""A column of at most that many distinct texts is a category."""
MANY, RECORDS_PER_VALUE = 100, 50
"""So is one of up to 100 distinct texts that each occur 50 times on average."""
_MOSTLY = 0.8
"""A column whose cells are numbers to that share was meant to be one: what is none is named."""

_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")  # 18 digits: SageMaker's Integral is a 64-bit integer
_CODE = re.compile(r"[+-]?0[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DATE_FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M",
)  # fmt: skip
_LOOKS_DATED = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([T ].*)?")


@dataclass(frozen=True)
class Content:
    """What a column holds. `strays` are the values that keep a column of numbers from being one."""

    kind: Kind
    distinct: int
    strays: tuple[str, ...] = ()


def content_of(column: TextColumn) -> Content:
    """Return what a column holds, by its cells alone."""
    values = column.counts
    if not values:
        return Content("empty", 0)
    if all(map(_WHOLE.fullmatch, values)):
        return Content("integer", len(values))
    if any(map(_CODE.fullmatch, values)):  # 007 is a code: as a number it would lose its zeros
        return Content(_words_or_text(column), len(values))
    if all(map(is_number, values)):
        return Content("number", len(values))
    if _dates(values):
        return Content("date", len(values))
    strays = tuple(value for value in values if not is_number(value))
    numbers = values.total() - sum(values[value] for value in strays)
    mostly = numbers >= _MOSTLY * values.total()
    return Content(_words_or_text(column), len(values), tuple(sorted(strays)) if mostly else ())


def is_number(text: str) -> bool:
    """Whether a text is a finite number as AWS and pandas read one."""
    return _NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def is_constant(column: TextColumn) -> bool:
    """Whether a column holds one value and nothing else: there is nothing to learn from it."""
    return len(column.counts) == 1


def is_unique(column: TextColumn) -> bool:
    """Whether every record has a value, and each another one."""
    return column.empty == 0 and len(column.counts) == len(column.cells)


def words_of(name: str) -> tuple[str, ...]:
    """Return the words that a column's name is made of, in lower case: CustomerID, customer_id, customer id."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return tuple(word for word in re.split(r"[^0-9a-z]+", parted.lower()) if word)


def _words_or_text(column: TextColumn) -> Kind:
    records, distinct = column.counts.total(), len(column.counts)
    # Values that hardly repeat are no category, however few a small file has of them.
    few = distinct <= FEW and (distinct <= 2 or distinct <= records / 2)
    return "words" if few or distinct <= min(MANY, records / RECORDS_PER_VALUE) else "text"


def _dates(values: Collection[str]) -> bool:
    if not all(map(_LOOKS_DATED.fullmatch, values)):
        return False
    return any(all(_is_date(value, form) for value in values) for form in _DATE_FORMATS)


def _is_date(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True
