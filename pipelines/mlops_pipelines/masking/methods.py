"""The methods, each from a column's text cells to those of the copy, and to the column as the copy's schema has it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlops_pipelines.features.schema import Column
from mlops_pipelines.masking import numbers, pseudonyms
from mlops_pipelines.masking.free_text import scan
from mlops_pipelines.masking.rules import HASH_LENGTH, ColumnRule, is_personal

_YEAR = re.compile(r"(?<![0-9])(1[89]|20)[0-9]{2}(?![0-9])")


class Refused(ValueError):  # noqa: N818 -- the outcome for one column
    """A column cannot be masked so; the message holds no value of it."""


@dataclass(frozen=True)
class Task:
    """One column to mask: how, by which key, and for how many records a value of the copy has to stand."""

    column: Column
    rule: ColumnRule
    cells: Sequence[str]
    key: bytes
    model: str
    smallest: int

    @property
    def present(self) -> list[int]:
        """The places of the cells that are not empty."""
        return [place for place, cell in enumerate(self.cells) if cell]

    def filled(self, places: Iterable[int], texts: Iterable[str]) -> list[str]:
        """Return cells that hold these texts at these places, and are empty elsewhere."""
        made = [""] * len(self.cells)
        for place, text in zip(places, texts, strict=True):
            made[place] = text
        return made


@dataclass(frozen=True)
class Outcome:
    """A column of the copy; without cells it is not in it. `suppressed` cells were emptied, as too few share them.

    `found` counts the cells of kept text in which personal data were found, by kind.
    """

    cells: Sequence[str] | None
    column: Column | None
    suppressed: int = 0
    found: Mapping[str, int] | None = None


def apply(task: Task) -> Outcome:
    """Mask one column. Raises `Refused`."""
    return _METHODS[task.rule.method](task)


def _drop(_task: Task) -> Outcome:
    return Outcome(None, None)


def _keep(task: Task) -> Outcome:
    if not is_personal(task.column):
        return Outcome(task.cells, task.column)
    found = scan(task.cells)
    if found and task.rule.parameters.get("scan", "refuse") == "refuse":
        kinds = ", ".join(f"{kind} in {count} cell{'s' * (count != 1)}" for kind, count in found.items())
        raise Refused(
            f"kept text holds personal data by its form ({kinds}); use hash, generalise or drop, or "
            "`scan: report` where it is meant to stay"
        )
    return Outcome(task.cells, task.column, found=found)


def _hash(task: Task) -> Outcome:
    column, given = task.column, task.rule.parameters
    domain, length = str(given.get("domain", column.name)), int(given.get("length", HASH_LENGTH))
    made = {value: pseudonyms.pseudonym(task.key, domain, value, length) for value in {*task.cells, *column.values}}
    cells = [made[cell] if cell else "" for cell in task.cells]
    if column.type == "category":
        # In the order of the pseudonyms: that of the values would tell which is which.
        return Outcome(cells, replace(column, values=tuple(sorted(made[value] for value in column.values))))
    return Outcome(cells, replace(column, type="text", minimum=None, maximum=None))


def _generalise(task: Task) -> Outcome:
    rule = task.rule.parameters
    if "step" in rule or "bands" in rule:
        return _in_bands(task)
    if "groups" in rule:
        return _in_groups(task)
    if "year" in rule:
        shortened = [match.group() if (match := _YEAR.search(cell)) else "" for cell in task.cells]
    else:
        shortened = [cell[: rule["prefix"]] for cell in task.cells]
    # What is not longer than what stays would stay whole.
    cells = ["" if short == cell else short for short, cell in zip(shortened, task.cells, strict=True)]
    cells = _common(cells, task.smallest)
    role = "ignored"  # many records share it now
    column = replace(task.column, type="text", role=role, minimum=None, maximum=None, nullable=True)
    return Outcome(cells, column, _emptied(task.cells, cells))


def _in_bands(task: Task) -> Outcome:
    column, rule, present = task.column, task.rule.parameters, task.present
    floor = numbers.band_of(rule)
    made = replace(
        column,
        minimum=None if column.minimum is None else floor(column.minimum),
        maximum=None if column.maximum is None else floor(column.maximum),
    )
    values = np.array([float(task.cells[place]) for place in present])
    if len(values) < task.smallest:
        return _emptied_column(task, made)
    bands = numbers.banded(values, rule, task.smallest)
    return Outcome(task.filled(present, _texts(bands, column)), made)


def _in_groups(task: Task) -> Outcome:
    column, rule = task.column, task.rule.parameters
    group_of = {value: name for name, values in rule["groups"].items() for value in values}
    cells = [group_of.get(cell, rule.get("other", "")) if cell else "" for cell in task.cells]
    names = [*rule["groups"]]
    if any(value not in group_of for value in column.values) and rule["other"] not in names:
        names.append(rule["other"])
    common = _common(cells, task.smallest)
    suppressed = _emptied(task.cells, common)
    if suppressed and column.role in ("label", "protected"):
        rare = sorted(name for name, count in Counter(cells).items() if name and count < task.smallest)
        raise Refused(
            f"fewer than {task.smallest} records are in the group {', '.join(rare)}, and a {column.role} has no empty "
            "cell; join it with another"
        )
    made = replace(column, values=tuple(names), nullable=column.nullable or suppressed > 0)
    return Outcome(common, made, suppressed)


def _synthesise(task: Task) -> Outcome:
    column, present = task.column, task.present
    generator = np.random.default_rng(pseudonyms.seed(task.key, "synthesise", f"{task.model}/{column.name}"))
    # As many cells are empty as were, but not the same ones.
    places = np.sort(generator.permutation(len(task.cells))[: len(present)]).tolist()
    texts = [task.cells[place] for place in present]
    if column.type == "category":
        return _drawn_values(task, texts, places, generator)
    if len(texts) < task.smallest:
        return _emptied_column(task, column)
    values = np.array([float(text) for text in texts])
    digits = 0 if column.type == "integer" else numbers.decimals(texts)
    try:
        made = numbers.drawn(values, column, task.smallest, generator, digits)
    except ArithmeticError as error:
        raise Refused(f"{error}; use generalise or drop") from error
    return Outcome(task.filled(places, _texts(made, column)), column)


def _drawn_values(task: Task, texts: Sequence[str], places: list[int], generator: np.random.Generator) -> Outcome:
    counts = Counter(texts)
    common = tuple(value for value in task.column.values if counts[value] >= task.smallest)
    if len(common) < 2:
        raise Refused(
            f"{len(common)} of its values are shared by {task.smallest} records, and a category has two; use "
            "generalise or drop"
        )
    weights = np.array([counts[value] for value in common], dtype=np.float64)
    chosen = generator.choice(len(common), size=len(places), p=weights / weights.sum())
    # A value that few records have is neither drawn nor named by the copy's schema.
    return Outcome(task.filled(places, [common[place] for place in chosen]), replace(task.column, values=common))


def _emptied_column(task: Task, column: Column) -> Outcome:
    """Empty a column in which fewer records than the smallest group have a value."""
    if column.role in ("label", "protected"):
        raise Refused(f"fewer than {task.smallest} records have a value, and a {column.role} has no empty cell")
    empty = replace(column, role="ignored", nullable=True)  # nothing can be learnt of it
    return Outcome([""] * len(task.cells), empty, len(task.present))


def _common(cells: Sequence[str], smallest: int) -> list[str]:
    """Empty the cells whose text fewer than `smallest` have."""
    counts = Counter(cells)
    return [cell if counts[cell] >= smallest else "" for cell in cells]


def _emptied(before: Sequence[str], after: Sequence[str]) -> int:
    return sum(bool(cell) and not left for cell, left in zip(before, after, strict=True))


def _texts(values: Any, column: Column) -> list[str]:
    return [str(int(value)) if column.type == "integer" else repr(float(value)) for value in values.tolist()]


_METHODS: Mapping[str, Callable[[Task], Outcome]] = {
    "drop": _drop, "keep": _keep, "hash": _hash, "generalise": _generalise, "synthesise": _synthesise,
}  # fmt: skip
