"""Preprocess: split the snapshot into train, validation and test sets, and write the data-quality monitor's baseline.

Input: `snapshot` (data.csv, snapshot.json). Outputs, each a folder below `--output`: `train`, `validation` and `test`
(a CSV file each), `splits` (splits.json), and `baseline` (data-quality/statistics.json and constraints.json over the
training features: each monitor has a folder of its own there).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mlops_pipelines.data import parsing, snapshots, splitting
from mlops_pipelines.features.schema import Schema
from mlops_pipelines.steps import baseline, shell
from mlops_pipelines.steps.shell import Shell, StepFault


def prepare(given: Shell) -> Mapping[str, Any]:
    """Write the sets, their checksums and the baseline, and return the contents of splits.json.

    Raises `StepFault` for a snapshot that is not the one snapshot.json describes, and `DataFaults` for one that cannot
    be split: an empty set, or one without a class.
    """
    schema, settings, manifest = Schema.of(given.schema), given.settings, given.read("snapshot", "snapshot.json")
    digest = snapshots.schema_sha256(given.schema)
    if manifest.get("schema_sha256") != digest:
        raise StepFault(f"schema.json has the checksum {digest}; the snapshot's is {manifest.get('schema_sha256')}")
    frame = snapshots.read_snapshot(given.input / "snapshot" / "data.csv", manifest["sha256"], schema)
    sets = splitting.split(frame, schema, settings.seed, settings.data.split)
    document: dict[str, Any] = {
        "seed": settings.seed,
        "shares": list(settings.data.split),
        "snapshot_sha256": manifest["sha256"],
        "splits": {name: _write(given, name, part, schema) for name, part in sets.items()},
    }
    features = [column for column in given.schema["columns"] if column["role"] == "feature"]
    measured = baseline.statistics(sets["train"], features)
    allowed = baseline.constraints(sets["train"], features, settings.data.max_missing_percent)
    given.write("baseline/data-quality", "statistics.json", measured)
    given.write("baseline/data-quality", "constraints.json", allowed)
    given.write("splits", "splits.json", document)
    return document


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shell.run(__doc__, prepare, arguments)


def _write(given: Shell, name: str, part: Any, schema: Schema) -> dict[str, Any]:
    content = parsing.csv_bytes(part, schema)
    path = given.output / name / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    classes = splitting.class_counts(part, schema)
    return {"records": len(part), "sha256": parsing.sha256(content), **({"classes": classes} if classes else {})}


if __name__ == "__main__":
    sys.exit(main())
