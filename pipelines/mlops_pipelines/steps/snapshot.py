"""Snapshot: keep the validated data as one canonical CSV file, with the checksums that a model leads back to.

Inputs: `data` (CSV files) and `validation` (validation.json). Output: `snapshot` (data.csv, snapshot.json). Data that
are not those that were validated end the step.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mlops_pipelines.data import parsing, snapshots
from mlops_pipelines.data.reading import read_raw
from mlops_pipelines.features.schema import Schema
from mlops_pipelines.steps import shell
from mlops_pipelines.steps.shell import Shell, StepFault


def keep(given: Shell) -> Mapping[str, Any]:
    """Write data.csv and snapshot.json and return the latter's contents.

    Raises `StepFault` naming every file, or the schema, that is not what validation.json says was validated.
    """
    schema, validation = Schema.of(given.schema), given.read("validation", "validation.json")
    digest = snapshots.schema_sha256(given.schema)
    if validation.get("schema_sha256") != digest:
        raise StepFault(
            f"schema.json has the checksum {digest}; validated was {validation.get('schema_sha256')}: start the "
            f"pipeline again"
        )
    raw = read_raw(given.input / "data", schema)
    snapshots.same_sources(raw.sources, validation["files"])
    frame = snapshots.records(raw, schema)
    content = parsing.csv_bytes(frame, schema)
    path = given.output / "snapshot" / "data.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    document = {
        "sha256": parsing.sha256(content),
        "records": len(frame),
        "label": given.settings.label,
        "protected": list(given.settings.protected),
        "identifier": schema.identifier.name if schema.identifier else None,
        "schema_sha256": digest,
        "settings_sha256": given.settings.sha256(),
        "sources": dict(raw.sources),
    }
    given.write("snapshot", "snapshot.json", document)
    return document


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shell.run(__doc__, keep, arguments)


if __name__ == "__main__":
    sys.exit(main())
