"""Coverage: how the embedded account stands behind each resource type of an estate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from mlops_estate.engine.driver_api import ReadBack
from mlops_estate.graph import ResourceGraph

MEANING = {
    "emulated": "the account answers for it, and it was read back equal to what was sent",
    "validated": "every call was checked against the service model; the service has no read operation",
    "declared": "a provider: it has no counterpart in the account",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One resource type: how many, how they are backed, by which back end, and the operations behind it."""

    type: str
    count: int
    backing: str
    backend: str
    create: str
    read: str
    not_read: tuple[str, ...]


def coverage(graph: ResourceGraph, read: Iterable[tuple[str, ReadBack]]) -> list[Row]:
    """Return one row per resource type, in alphabetical order, from what reading the estate back showed."""
    from mlops_estate.embedded.driver.table import table

    by_type: dict[str, list[ReadBack]] = {}
    for urn, result in read:
        by_type.setdefault(graph.nodes[urn].type, []).append(result)
    rows = []
    for type_token, results in sorted(by_type.items()):
        operations = table().get(type_token)
        rows.append(
            Row(
                type_token,
                len(results),
                results[0].backing,
                results[0].backend,
                f"{operations.service}:{operations.create}" if operations else "",
                f"{operations.service}:{operations.read}" if operations and operations.read else "",
                operations.unread if operations else (),
            )
        )
    return rows


def as_data(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the rows as JSON data."""
    return [{**asdict(row), "not_read": list(row.not_read)} for row in rows]


def as_markdown(rows: Iterable[Row]) -> str:
    """Return the table of `docs/reference/coverage.md`."""
    listed = list(rows)
    counts = {backing: sum(row.count for row in listed if row.backing == backing) for backing in MEANING}
    lines = ["| resource type | backing | answered by | created with | read with | sent, but not shown by the read |",
             "| --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    lines += [
        f"| `{row.type}` | {row.backing} | {row.backend or '-'} | {row.create or '-'} | {row.read or '-'} | "
        f"{', '.join(row.not_read) or '-'} |"
        for row in listed
    ]
    summary = [f"- **{backing}** ({counts[backing]} resources): {meaning}" for backing, meaning in MEANING.items()]
    return "\n".join([*summary, "", *lines]) + "\n"
