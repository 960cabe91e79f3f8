"""Validate: check the raw data against their schema, for quality, and for drift from the last accepted snapshot.

Inputs: `data` (CSV files) and `champion` (champion.json, and data.csv: the snapshot of the approved model). Output:
`validation` (validation.json). Data that break a rule end the step with every fault; drifted data do too, unless the
fact on_drift is `record`, for a retraining that drift itself has started.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mlops_pipelines.data import checking, drift, profiles, quality, references, snapshots
from mlops_pipelines.data.faults import DataFaults
from mlops_pipelines.data.reading import read_raw
from mlops_pipelines.features.schema import Schema
from mlops_pipelines.steps import shell
from mlops_pipelines.steps.shell import Shell, StepFault

ON_DRIFT = ("stop", "record")


def assess(given: Shell) -> Mapping[str, Any]:
    """Write validation.json and return its summary. Raises `DataFaults` with every rule that the data break."""
    on_drift = given.facts.get("on_drift", "stop")
    if on_drift not in ON_DRIFT:
        raise StepFault(f"the fact on_drift is {on_drift!r}; expected one of {', '.join(ON_DRIFT)}")
    schema = Schema.of(given.schema)
    raw = read_raw(given.input / "data", schema)
    checked = checking.check(raw, schema)
    rows = quality.checks(checked.frame, schema, given.settings.data, checked.broken)
    findings = [*checking.role_findings(schema, given.settings), *checked.findings]
    if len(checked.frame):  # that there is no record has been told
        findings += quality.findings(rows, schema, list(raw.sources))
    # Data that break their schema have no distribution to speak of.
    found = None if checked.findings else _drift(given, schema, checked)
    if found and on_drift == "stop":
        findings += drift.findings(found["columns"], schema)
    if findings or found is None:
        raise DataFaults(findings)
    document = {
        "records": len(checked.frame),
        "files": dict(raw.sources),
        "schema_sha256": snapshots.schema_sha256(given.schema),
        "settings_sha256": given.settings.sha256(),
        "checks": rows,
        "columns": profiles.profiles(checked.frame, schema),
        "drift": {**found, "on_drift": on_drift},
    }
    given.write("validation", "validation.json", document)
    return _summary(document)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shell.run(__doc__, assess, arguments)


def _drift(given: Shell, schema: Schema, checked: checking.Checked) -> dict[str, Any]:
    champion = given.read("champion", "champion.json")
    reference = references.find_reference(given.input / "champion", champion, schema)
    if isinstance(reference, str):
        none: dict[str, Any] = {"columns": [], "drifted": [], "not_compared": []}
        return {"status": "no reference", "reason": reference, "reference_sha256": None, **none}
    current = {column: values for column, values in checked.frame.items() if not values.isna().all()}
    common = reference.frame[[column for column in reference.frame if column in current]]
    columns = drift.compare(common, checked.frame, schema, given.settings.data)
    reasons = reference.not_compared
    return {
        "status": "measured",
        "reason": None,
        "reference_sha256": reference.sha256,
        "columns": columns,
        "drifted": [row["column"] for row in columns if row["drifted"]],
        "not_compared": [{"column": name, "reason": reason} for name, reason in reasons.items()],
    }


def _summary(document: Mapping[str, Any]) -> dict[str, Any]:
    warned = [row for row in document["checks"] if row.get("warned")]
    return {
        "records": document["records"],
        "files": len(document["files"]),
        "checks": len(document["checks"]),
        "warnings": [f"{row['check']} of {row['column']}: {row['value']}, expected {row['limit']}" for row in warned],
        "drift": document["drift"]["status"],
        "drifted": document["drift"]["drifted"],
    }


if __name__ == "__main__":
    sys.exit(main())
