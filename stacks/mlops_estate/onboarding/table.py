"""A CSV file as columns of text cells, after every check that needs no schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mlops_estate.faults import Fault, FaultsFound

OPTION = "--data"
_SHOWN = 20
"""How many faults of a file are told; it is always said how many there are."""


@dataclass(frozen=True)
class TextColumn:
    """One column: its name in the file, and its cells without the spaces around them, in the file's order."""

    header: str
    cells: tuple[str, ...]

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each value occurs; empty cells are no value."""
        counts = Counter(self.cells)
        del counts[""]
        return counts

    @property
    def empty(self) -> int:
        """How many cells are empty."""
        return len(self.cells) - self.counts.total()


@dataclass(frozen=True)
class Table:
    """A CSV file: where it lies, the SHA-256 of its bytes, its columns, and how many records it has."""

    path: Path
    sha256: str
    columns: tuple[TextColumn, ...]
    records: int

    def repeated(self, headers: Sequence[str]) -> int:
        """Return how many records repeat an earlier one in these columns."""
        wanted = [column.cells for column in self.columns if column.header in headers]
        return self.records - len(set(zip(*wanted, strict=True))) if wanted else 0


def read_table(path: Path) -> Table:
    """Read a CSV file as the training pipeline does: UTF-8 with or without a byte order mark, commas, a line of names.

    Raises `FaultsFound` with every fault of the file: missing, empty, not UTF-8, another delimiter, names that are
    empty or occur twice, records with more or fewer cells, no record.
    """
    from mlops_pipelines.data.reading import read_cells

    try:
        cells = read_cells(path)
    except FileNotFoundError:
        raise FaultsFound([Fault(OPTION, str(path), "there is no such file", "correct the path")]) from None
    except OSError as error:
        rule = f"it cannot be read: {error.strerror}"
        raise FaultsFound([Fault(OPTION, str(path), rule, "name a readable CSV file")]) from None
    fix = "correct the file, and add the model again"
    faults = [Fault(OPTION, str(path), finding.text, fix) for finding in cells.findings]
    faults += _header_faults(path, cells.header, sound=not faults)
    if not cells.rows and not faults:
        faults.append(Fault(OPTION, str(path), "it has a line of names and no record", "add records below that line"))
    if faults:
        raise FaultsFound(faults[:_SHOWN], f"{path.name} has {len(faults)} fault{'s' * (len(faults) != 1)}")
    columns = zip(cells.header, zip(*cells.rows, strict=True), strict=True)
    return Table(path, cells.sha256, tuple(TextColumn(name, found) for name, found in columns), len(cells.rows))


def _header_faults(path: Path, header: Sequence[str], *, sound: bool) -> Iterator[Fault]:
    if len(header) == 1 and sound:
        rule = f"it has one column, {header[0]!r}: a model needs a label and something to predict it from"
        yield Fault(OPTION, str(path), rule, "add columns, separated by commas")
    for place, name in enumerate(header, 1):
        if not name:
            yield Fault(OPTION, str(path), f"column {place} has no name in the first line", "give it a name")
