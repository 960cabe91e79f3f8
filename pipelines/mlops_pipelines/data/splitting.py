"""Split records into train, validation and test sets by their contents."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pandas as pd

from mlops_pipelines.data import parsing, quality
from mlops_pipelines.data.faults import DataFaults, Finding
from mlops_pipelines.features.schema import Schema

SETS = ("train", "validation", "test")
SHARES = (0.6, 0.2, 0.2)


def split(frame: pd.DataFrame, schema: Schema, seed: int, shares: Sequence[float] = SHARES) -> dict[str, pd.DataFrame]:
    """Return train, validation and test sets of about these shares of the records.

    A record's set follows from its contents and the seed alone: the order of the records does not matter, equal records
    never lie on both sides, and a record keeps its set when data are added. Its contents are its features, label and
    protected attributes: two records that differ in their identifier, or in what is ignored, only are equal, or the
    test set would hold what a model has been trained on.

    Raises `DataFaults` for sets that a model cannot be made with: an empty one, one that lacks a class, a training set
    in which a feature is always missing, and for shares that are no shares.
    """
    if len(shares) != len(SETS) or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-9:
        text = f"settings: data.split = {list(shares)!r}; expected three positive shares that add up to 1"
        raise DataFaults([Finding(text)])
    columns = [schema.column(name) for name in quality.content(schema)]
    lines = [",".join(row) for row in parsing.canonical(frame, columns).to_numpy()]
    places = pd.Series([_unit_interval(f"{seed}|{line}") for line in lines], index=frame.index, dtype="float64")
    sets, low = {}, 0.0
    for name, share in zip(SETS, shares, strict=True):
        # The last set takes the rest: the shares' sum may fall short of 1 by a rounding error.
        high = 1.0 if name == SETS[-1] else low + share
        sets[name] = frame[(places >= low) & (places < high)]
        low = high
    if findings := _findings(sets, schema, len(frame), seed):
        raise DataFaults(findings, "the split has")
    return sets


def class_counts(frame: pd.DataFrame, schema: Schema) -> dict[str, int]:
    """Return how many records each class of the label has; empty for a label that is a number."""
    label = schema.label
    return {value: int((frame[label.name] == value).sum()) for value in label.values}


def _findings(sets: dict[str, pd.DataFrame], schema: Schema, records: int, seed: int) -> list[Finding]:
    findings = []
    for name, part in sets.items():
        if part.empty:
            rule = "expected at least one record: add some, or enlarge its share (data.split)"
            text = f"{records} records are too few: the {name} set is empty; {rule}"
            findings.append(Finding(text, name))
            continue
        counts = class_counts(part, schema)
        for value in (value for value, count in counts.items() if not count):
            whole = sum(int((other[schema.label.name] == value).sum()) for other in sets.values())
            text = f"the {name} set ({len(part)} records) has none of class {value!r} of label {schema.label.shown}"
            rule = f"expected at least one of the {whole} in the data"
            fix = f"add records of it, enlarge the set's share (data.split), or take another seed than {seed}"
            findings.append(Finding(f"{text}; {rule}: {fix}", name))
        if not counts and part[schema.label.name].nunique() < 2:
            text = f"the {name} set ({len(part)} records) has one value of label {schema.label.shown}; expected more"
            findings.append(Finding(text, name))
    for column in schema.names("feature"):
        if not sets["train"].empty and sets["train"][column].isna().all():
            text = (
                f"the train set has no value of column {schema.column(column).shown}; expected at least one: ignore it"
            )
            findings.append(Finding(text, "train"))
    return findings


def _unit_interval(text: str) -> float:
    # 52 bits, so that the quotient is exact and never rounds up to 1.
    return (int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 12) / 2**52
