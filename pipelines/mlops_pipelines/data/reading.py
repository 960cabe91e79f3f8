"""Read CSV files as text cells, with the place of each and every fault of their form.

A file is UTF-8 (a byte order mark is accepted), separated by commas, with a header; blank lines don't count, nor do
spaces around a cell. Numbers are not read as such here: what a cell must hold is a matter of the schema.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from mlops_pipelines.data.faults import DataFaults, Finding
from mlops_pipelines.features.schema import Column, Schema

DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
"""What files are separated by that ought to be separated by commas."""


@dataclass(frozen=True)
class Cells:
    """A CSV file's cells as text: `rows` have as many as the header; `lines` are the rows' lines, from 1.

    `findings` tell of every fault of the file's form; a ragged row is not among `rows`, and `numbers` (each row's place
    among all records of the file, from 1) skip it.
    """

    name: str
    sha256: str
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    lines: Sequence[int] = ()
    numbers: Sequence[int] = ()
    findings: Sequence[Finding] = ()


@dataclass(frozen=True)
class Raw:
    """The records of several files: text cells by feature name, None where a file has no such column.

    `files`, `lines` and `numbers` tell where each record comes from; `sources` maps each file to its SHA-256.
    """

    frame: pd.DataFrame
    files: Sequence[str]
    lines: Sequence[int]
    numbers: Sequence[int]
    sources: Mapping[str, str] = field(default_factory=dict)
    findings: Sequence[Finding] = ()

    def cell(self, row: int, column: Column, rule: str) -> Finding:
        """Return the fault of a cell that breaks a rule."""
        place = f"in record {self.numbers[row]}"
        text = f"{self.files[row]}, line {self.lines[row]}: {column.shown} = {self.frame.at[row, column.name]!r}"
        return Finding(f"{text} {place}: expected {rule}", column.name)


def read_cells(path: Path, name: str = "") -> Cells:
    """Return a CSV file's cells as text, and what is wrong with its form; `name` is how faults name the file.

    Raises `OSError` where it cannot be opened.
    """
    content, shown = path.read_bytes(), name or path.name
    digest = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Cells(shown, digest, findings=[_undecodable(content, shown, error)])
    header, rows, lines, findings = _parsed(text, shown)
    if header is None:
        if not findings:
            findings = [Finding(f"{shown}: the file is empty; expected a header and records", "form")]
        return Cells(shown, digest, findings=findings)
    findings = [*_header_findings(header, shown), *findings]
    return _even(shown, digest, header, rows, lines, findings)


def text_cells(path: Path) -> pd.DataFrame:
    """Return a CSV file as text cells under its header's names. Raises `DataFaults` with every fault of its form."""
    cells = read_cells(path)
    findings = [*cells.findings, *_no_records(cells)]
    if findings:
        raise DataFaults(findings, f"{cells.name} has")
    return pd.DataFrame(list(cells.rows), columns=list(cells.header), dtype=str)


def read_raw(folder: Path, schema: Schema) -> Raw:
    """Return the records of all CSV files below a folder, in the order of the files' names, and the faults of form.

    Files are named by their paths below the folder. Columns are found by their headers, in whatever order, and come
    under their feature names in the order of the schema.
    """
    paths = sorted(path for path in folder.rglob("*.csv") if path.is_file())
    if not paths:
        text = f"no .csv file lies under {folder.name}/; expected at least one, with a header and records"
        empty = pd.DataFrame({column.name: [] for column in schema.columns}, dtype=object)
        return Raw(empty, [], [], [], {}, [Finding(text, "form")])
    read = [read_cells(path, path.relative_to(folder).as_posix()) for path in paths]
    findings = [finding for cells in read for finding in _table_findings(cells, schema)]
    if not any(cells.rows for cells in read):
        findings += [finding for cells in read for finding in _no_records(cells)]
    return Raw(
        pd.concat([_named(cells, schema) for cells in read], ignore_index=True),
        [cells.name for cells in read for _ in cells.rows],
        [line for cells in read for line in cells.lines],
        [number for cells in read for number in cells.numbers],
        {cells.name: cells.sha256 for cells in read},
        findings,
    )


def _parsed(text: str, name: str) -> tuple[list[str] | None, list[list[str]], list[int], list[Finding]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header, rows, lines = None, [], []
    line = 1
    try:
        for row in reader:
            if row and header is None:
                header = [cell.strip() for cell in row]
            elif row:
                rows.append([cell.strip() for cell in row])
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        problem = f"{name}, line {line}: a record that begins here cannot be read ({error}); close its quotation marks"
        return header, rows, lines, [Finding(problem, "form")]
    return header, rows, lines, []


def _even(
    name: str, digest: str, header: list[str], rows: list[list[str]], lines: list[int], findings: list[Finding]
) -> Cells:
    """Set ragged rows aside."""
    kept = [place for place, row in enumerate(rows) if len(row) == len(header)]
    if len(kept) < len(rows):
        even = set(kept)
        findings = findings + [
            Finding(
                f"{name}, line {lines[place]}: record {place + 1} has {len(row)} cells; expected {len(header)}, as "
                f"many as the header has columns",
                "ragged",
            )
            for place, row in enumerate(rows)
            if place not in even
        ]
        rows, lines = [rows[place] for place in kept], [lines[place] for place in kept]
    return Cells(name, digest, header, rows, lines, [place + 1 for place in kept], findings)


def _undecodable(content: bytes, name: str, error: UnicodeDecodeError) -> Finding:
    line = content.count(b"\n", 0, error.start) + 1
    text = f"{name}, line {line}: byte 0x{content[error.start]:02x} at offset {error.start} is not UTF-8"
    return Finding(f"{text}; save the file as UTF-8", "form")


def _header_findings(header: Sequence[str], name: str) -> list[Finding]:
    if len(header) == 1:
        found = max(DELIMITERS, key=header[0].count)
        if found in header[0]:
            text = f"{name}: the header is one column, {header[0]!r}; it looks separated by {DELIMITERS[found]} "
            return [Finding(f"{text}({found!r}); expected commas", "form")]
    repeated = {column: header.count(column) for column in header if header.count(column) > 1}
    return [
        Finding(f"{name}: the header names column {column} {count} times; expected once", "form")
        for column, count in repeated.items()
    ]


def _table_findings(cells: Cells, schema: Schema) -> list[Finding]:
    findings = list(cells.findings)
    if not cells.header or (len(cells.header) == 1 and findings):
        return findings  # without a usable header every column is missing, which says nothing
    wanted = [column.header for column in schema.columns]
    unknown = [header for header in dict.fromkeys(cells.header) if header not in wanted]
    for header in wanted:
        if header not in cells.header:
            close = get_close_matches(header, unknown, 1)
            hint = f"; is it {close[0]!r}?" if close else ""
            findings.append(Finding(f"{cells.name}: column {header} is missing{hint}", "columns"))
    findings += [
        Finding(f"{cells.name}: column {header or repr(header)} is not in the schema; give it a role there", "columns")
        for header in unknown
    ]
    return findings


def _no_records(cells: Cells) -> list[Finding]:
    if cells.rows or cells.findings:
        return []
    return [Finding(f"{cells.name}: there is no record, only a header; expected at least one", "form")]


def _named(cells: Cells, schema: Schema) -> pd.DataFrame:
    table = np.array(cells.rows, dtype=object).reshape(len(cells.rows), len(cells.header))
    places = {header: place for place, header in reversed(list(enumerate(cells.header)))}
    columns = {
        column.name: table[:, places[column.header]] if column.header in places else np.full(len(table), None)
        for column in schema.columns
    }
    return pd.DataFrame(columns, dtype=object)
