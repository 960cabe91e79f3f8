"""The masked copy as a whole: its records in another order, its schema, and the report, which holds no value."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlops_pipelines.data import parsing
from mlops_pipelines.data.reading import Raw
from mlops_pipelines.features.rules import schema_faults
from mlops_pipelines.features.schema import Column, Schema
from mlops_pipelines.masking import methods, pseudonyms
from mlops_pipelines.masking.rules import MaskingRules
from mlops_pipelines.steps.shell import StepFault


class CopyRefused(StepFault):
    """No copy was made; the message names every column and rule, and no value."""


@dataclass(frozen=True)
class Copy:
    """A masked copy: CSV, schema (as `Schema.as_dict`) and report."""

    csv: bytes
    schema: dict[str, Any]
    report: dict[str, Any]


def masked_copy(raw: Raw, schema: Schema, rules: MaskingRules, key: bytes, *, model: str, key_version: str) -> Copy:
    """Return the masked copy of records.

    Records come in an order that follows from the key, so that a place in the original finds nobody. Raises
    `CopyRefused` with every reason at once: data that break their schema, fewer records than the smallest group, a
    column that cannot be masked as its rule says.
    """
    if faults := [*_data_faults(raw, schema), *_too_few(raw, rules)]:
        raise CopyRefused("\n  ".join(["the data cannot be masked:", *faults]))
    outcomes: dict[str, methods.Outcome] = {}
    refused = []
    for column in schema.columns:
        cells = raw.frame[column.name].tolist()
        task = methods.Task(column, rules.columns[column.name], cells, key, model, rules.minimum_group)
        try:
            outcomes[column.name] = methods.apply(task)
        except methods.Refused as reason:
            refused.append(f"masking.columns.{column.name} ({task.rule.method}): {reason}")
    if refused:
        raise CopyRefused("\n  ".join(["the data cannot be masked so:", *refused]))
    order = np.random.default_rng(pseudonyms.seed(key, "order", model)).permutation(len(raw.frame))
    content = _csv(outcomes, order)
    described = _schema(schema, outcomes)
    report = {
        "version": 1,
        "model": model,
        "records": len(raw.frame),
        "sources": dict(sorted(raw.sources.items())),
        "key_version": key_version,
        "minimum_group": rules.minimum_group,
        "columns": {column.name: _told(column, raw, rules, outcomes[column.name]) for column in schema.columns},
        "data_sha256": hashlib.sha256(content).hexdigest(),
        "schema_sha256": hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest(),
    }
    return Copy(content, described, report)


def _data_faults(raw: Raw, schema: Schema) -> Iterator[str]:
    """What is wrong with the data, without a value of theirs: this is no place to show one."""
    yield from (finding.text for finding in raw.findings)
    if raw.findings:
        return
    for column in schema.columns:
        cells = raw.frame[column.name]
        given = cells[cells != ""]
        wrong = given[~parsing.fits(given, column).astype(bool)] if len(given) else given
        if len(wrong):
            yield _cells_fault(raw, column, wrong, f"must hold {parsing.rule(column)}")
        if not column.nullable and len(given) < len(cells):
            yield _cells_fault(raw, column, cells[cells == ""], "must not be empty")
        if column.role == "identifier" and given.duplicated().any():
            yield _cells_fault(raw, column, given[given.duplicated()], "must be unique")


def _cells_fault(raw: Raw, column: Column, cells: pd.Series[Any], rule: str) -> str:
    first = int(cells.index[0])
    where = f"first in {raw.files[first]}, line {raw.lines[first]}"
    return f"column {column.shown}: {len(cells)} cell{'s' * (len(cells) != 1)} {rule} ({where})"


def _too_few(raw: Raw, rules: MaskingRules) -> Iterator[str]:
    if not raw.findings and len(raw.frame) < rules.minimum_group:
        yield f"{len(raw.frame)} records are fewer than one group of {rules.minimum_group} (masking.minimum_group)"


def _csv(outcomes: Mapping[str, methods.Outcome], order: Sequence[int] | Any) -> bytes:
    kept = [(made.column.header, made.cells) for made in outcomes.values() if made.column and made.cells is not None]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([header for header, _ in kept])
    writer.writerows([cells[place] for _, cells in kept] for place in order)
    return buffer.getvalue().encode()


def _schema(schema: Schema, outcomes: Mapping[str, methods.Outcome]) -> dict[str, Any]:
    """Return the copy's schema. The record identifier is another one where its column is no identifier any more."""
    columns = [made.column for made in outcomes.values() if made.column is not None]
    names = {column.name for column in columns}
    identifier = schema.record_identifier
    if identifier in names and not any(c.name == identifier and c.role == "identifier" for c in columns):
        identifier = next(name for name in (f"record_id{place or ''}" for place in range(len(names) + 2))
                          if name not in names and name != schema.event_time)  # fmt: skip
    described: dict[str, Any] = asdict(Schema(identifier, schema.event_time, tuple(columns)))
    described = json.loads(json.dumps(described))
    assert not schema_faults(described), "methods keep a schema sound"
    return described


def _told(column: Column, raw: Raw, rules: MaskingRules, made: methods.Outcome) -> dict[str, Any]:
    rule, cells = rules.columns[column.name], raw.frame[column.name]
    after = [] if made.cells is None else [cell for cell in made.cells if cell]
    told: dict[str, Any] = {
        "method": rule.method,
        "default": rule.default,
        "parameters": sorted(rule.parameters),
        "role": column.role,
        "type": column.type,
        "copied_role": made.column.role if made.column else None,
        "copied_type": made.column.type if made.column else None,
        "values": int((cells != "").sum()),
        "distinct": int(cells[cells != ""].nunique()),
        "copied_values": len(after),
        "copied_distinct": len(set(after)),
        "suppressed": made.suppressed,
    }
    return told if made.found is None else {**told, "found": dict(made.found)}
