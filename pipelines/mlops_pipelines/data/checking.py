"""Check records against their schema with pandera, which reports every cell that breaks it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlops_pipelines.data import parsing
from mlops_pipelines.data.faults import Finding
from mlops_pipelines.data.reading import Raw
from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.settings import Settings

_EMPTY, _REPEATED = "not_nullable", "field_uniqueness"  # as pandera names its own two checks


@dataclass(frozen=True)
class Checked:
    """Records with their types, broken cells missing, and every fault; `broken` counts the broken cells by column."""

    frame: pd.DataFrame
    findings: tuple[Finding, ...]
    broken: Mapping[str, int]


def frame_schema(schema: Schema) -> Any:
    """Return the `pandera.DataFrameSchema` of text cells under feature names; an empty cell is a missing one."""
    import pandera.pandas as pandera

    def fit(column: Column) -> Any:
        return pandera.Check(lambda cells: parsing.fits(cells, column), error=parsing.rule(column))

    return pandera.DataFrameSchema(
        {
            column.name: pandera.Column(
                None, fit(column), nullable=column.nullable, unique=column.role == "identifier", required=True
            )
            for column in schema.columns
        },
        strict=True,
    )


def check(raw: Raw, schema: Schema) -> Checked:
    """Return the records with their types, and every fault of form, type, range, value, emptiness and uniqueness."""
    cases = _failure_cases(raw, schema)
    findings, broken, typed = list(raw.findings), {}, {}
    for column in schema.columns:
        cells = raw.frame[column.name]
        given = (cells.notna() & (cells != "")).to_numpy(dtype=bool)
        own = cases[cases["column"] == column.name]
        found = list(_findings(raw, column, own))
        findings += found
        broken[column.name] = len(found)
        unfit = ~own["check"].isin([_EMPTY, _REPEATED])
        sound = given.copy()
        sound[own.loc[unfit, "index"].to_numpy(dtype=int)] = False
        typed[column.name] = parsing.typed(cells, column, sound)
    return Checked(pd.DataFrame(typed), tuple(findings), broken)


def role_findings(schema: Schema, settings: Settings) -> list[Finding]:
    """Return the faults of settings that name a label or protected attributes which the schema does not have."""
    wanted = [("label", settings.label), *(("protected", name) for name in settings.protected)]
    return [
        Finding(
            f"settings: {name!r} does not have the role {role} in the schema; expected one of "
            f"{list(schema.names(role))}",
            "settings",
        )
        for role, name in wanted
        if name not in schema.names(role)
    ]


def _failure_cases(raw: Raw, schema: Schema) -> pd.DataFrame:
    import pandera.errors

    cells = raw.frame.mask(raw.frame == "")
    try:
        frame_schema(schema).validate(cells, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases: pd.DataFrame = errors.failure_cases
        return cases.sort_values(["column", "index"], kind="stable")
    return pd.DataFrame({"column": [], "check": [], "index": []})


def _findings(raw: Raw, column: Column, cases: pd.DataFrame) -> Iterator[Finding]:
    cells = raw.frame[column.name]
    # A file without the column has been told of already.
    absent = cells.isna().to_numpy(dtype=bool)
    if len(cells) and not absent.all() and (cells[~absent] == "").all() and not column.nullable:
        text = f"column {column.shown} is empty in all {len(cells)} records; expected {parsing.rule(column)}"
        yield Finding(f"{', '.join(raw.sources)}: {text}", column.name)
        return
    first = _first_places(cells) if column.role == "identifier" else {}
    for test, index in zip(cases["check"], cases["index"], strict=True):
        row = int(index)
        if absent[row]:
            continue
        if test == _REPEATED:
            place = first[cells.iloc[row]]
            if place != row:
                there = f"{raw.files[place]}, line {raw.lines[place]}"
                yield raw.cell(row, column, f"a value of its own, not that of {there}")
        else:
            yield raw.cell(row, column, parsing.rule(column))


def _first_places(cells: pd.Series[Any]) -> dict[Any, int]:
    firsts = np.flatnonzero(~cells.duplicated().to_numpy(dtype=bool))
    return {cells.iloc[place]: int(place) for place in firsts}
