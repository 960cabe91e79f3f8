"""Preprocess: validate the raw data against its schema, keep a snapshot, split it, and write the baseline.

Outputs, each in its own folder below `--output`: `snapshot` (data.csv, and snapshot.json with every checksum), `train`,
`validation`, `test`, and `baseline` (data-quality/statistics.json and constraints.json over the training features:
each monitor has a folder of its own there).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mlops_pipelines.steps import baseline

SPLITS = {"train": 0.6, "validation": 0.2, "test": 0.2}
SHOWN = 20
"""How many faults of the data a message names; it always says how many there are."""


class DataFaults(ValueError):  # noqa: N818 -- a report of several faults, named for what it carries
    """The raw data break their schema; the message names column, record, value and rule."""

    def __init__(self, faults: Sequence[str]) -> None:
        more = f"\n  and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        super().__init__(
            f"the data have {len(faults)} fault{'s' * (len(faults) != 1)}:"
            + "".join(f"\n  {fault}" for fault in faults[:SHOWN])
            + more
        )


def read_raw(folder: Path, columns: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return all CSV files of the folder, in the order of their names, as text cells.

    Raises `DataFaults` if there is none, or if a file has other columns than the schema.
    """
    files = sorted(folder.rglob("*.csv"))
    if not files:
        raise DataFaults([f"no .csv file lies under {folder.name}/"])
    wanted, frames, faults = [column["name"] for column in columns], [], []
    for path in files:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        faults += [f"{path.name}: column {name} is missing" for name in wanted if name not in frame]
        faults += [f"{path.name}: column {name} is not in the schema" for name in frame if name not in wanted]
        frames.append(frame)
    if faults:
        raise DataFaults(faults)
    return pd.concat(frames, ignore_index=True)[wanted]


def validate(raw: pd.DataFrame, columns: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the data with their types. Raises `DataFaults` naming every cell that breaks the schema."""
    faults: list[str] = [] if len(raw) else ["there is no record"]
    typed: dict[str, pd.Series[Any]] = {}
    for column in columns:
        cells = raw[column["name"]].str.strip()
        if column["type"] == "category":
            bad, rule, typed[column["name"]] = ~cells.isin(column["values"]), f"one of {column['values']}", cells
        else:
            numbers = pd.to_numeric(cells, errors="coerce")
            bad = ~numbers.between(column["minimum"], column["maximum"])  # a cell that is no number is not between
            rule = f"a number from {column['minimum']} to {column['maximum']}"
            if column["type"] == "integer":
                bad, rule = bad | (numbers % 1 != 0), f"a whole {rule[2:]}"
                typed[column["name"]] = numbers if bad.any() else numbers.astype("int64")
            else:
                typed[column["name"]] = numbers.astype("float64")
        faults += [
            f"{column['name']} = {raw[column['name']].iloc[row]!r} in record {row + 1}: expected {rule}"
            for row in bad.to_numpy().nonzero()[0]
        ]
    if faults:
        raise DataFaults(faults)
    return pd.DataFrame(typed)


def split(frame: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """Return train, validation and test sets of about 60, 20 and 20 %.

    A record's set follows from its contents and the seed alone: the order of the records does not matter, equal records
    never lie on both sides, and a record keeps its set when data are added. Raises `DataFaults` if a set is empty.
    """
    lines = [",".join(row) for row in frame.astype(str).to_numpy()]
    places = pd.Series([_unit_interval(f"{seed}|{line}") for line in lines], index=frame.index)
    sets, low = {}, 0.0
    for name, share in SPLITS.items():
        # The last set takes the rest: the shares' sum may fall short of 1 by a rounding error.
        high = 1.0 if name == "test" else low + share
        sets[name] = frame[(places >= low) & (places < high)]
        low = high
    if empty := [name for name, part in sets.items() if part.empty]:
        raise DataFaults([f"{len(frame)} records are too few: the {name} set is empty" for name in empty])
    return sets


def preprocess(
    raw: Path, output: Path, schema: Mapping[str, Any], *, seed: int, label: str, protected: str
) -> dict[str, Any]:
    """Run the step and return the contents of snapshot.json.

    Raises `DataFaults` for data that break the schema, and for a label or protected attribute that the schema does not
    give that role; `none` stands for no protected attribute.
    """
    columns = schema["columns"]
    roles = {column["name"]: column["role"] for column in columns}
    wanted = [(label, "label"), *([(protected, "protected")] if protected != "none" else [])]
    faults = [
        f"column {name!r} does not have the role {role} in the schema"
        for name, role in wanted
        if roles.get(name) != role
    ]
    if faults:
        raise DataFaults(faults)
    frame = validate(read_raw(raw, columns), columns)
    sets = split(frame, seed)
    digests = {name: _write_csv(part, output / name / f"{name}.csv") for name, part in sets.items()}
    manifest = {
        "sha256": _write_csv(frame, output / "snapshot" / "data.csv"),
        "records": len(frame),
        "seed": seed,
        "label": label,
        "protected_attribute": protected,
        "schema_sha256": hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest(),
        "sources": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(raw.rglob("*.csv"))},
        "splits": {name: {"records": len(part), "sha256": digests[name]} for name, part in sets.items()},
    }
    _write_json(manifest, output / "snapshot" / "snapshot.json")
    features = [column for column in columns if column["role"] == "feature"]
    quality = output / "baseline" / "data-quality"
    _write_json(baseline.statistics(sets["train"], features), quality / "statistics.json")
    _write_json(baseline.constraints(sets["train"], features), quality / "constraints.json")
    return manifest


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line; return 1, with the faults on stderr, when the data break their schema."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, default=Path("/opt/ml/processing/input/data"))
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output"))
    parser.add_argument("--schema", type=Path, default=Path("/opt/ml/processing/input/code/schema.json"))
    parser.add_argument("--label", required=True)
    parser.add_argument("--protected-attribute", required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args(arguments)
    schema = json.loads(given.schema.read_text(encoding="utf-8"))
    try:
        manifest = preprocess(
            given.input, given.output, schema, seed=given.seed, label=given.label, protected=given.protected_attribute
        )
    except DataFaults as faults:
        print(faults, file=sys.stderr)  # noqa: T201 -- a container's log is its standard error
        return 1
    print(json.dumps(manifest))  # noqa: T201 -- a container's log is its standard output
    return 0


def _unit_interval(text: str) -> float:
    # 52 bits, so that the quotient is exact and never rounds up to 1.
    return (int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 12) / 2**52


def _write_csv(frame: pd.DataFrame, path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, lineterminator="\n")
    content = buffer.getvalue().encode()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _write_json(document: Mapping[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
