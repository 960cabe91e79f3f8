"""evidence.html: the page of a pack, made from its evidence.json and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.reports.page import render

STATUS_CLASS: Mapping[str, str] = {
    "pass": "good", "shown": "good", "fail": "bad", "gap": "bad", "partly": "wait", "exempt": "wait",
    "not evaluated": "wait", "no rule": "soft", "nothing declared": "soft", "does not apply": "soft",
}  # fmt: skip
STATUS_MARK: Mapping[str, str] = {"good": "✓", "bad": "✗", "wait": "…", "soft": "–"}


def page(evidence: Mapping[str, Any]) -> str:
    """Return the page; the same evidence gives the same text."""
    model, framework = evidence["model"], evidence["framework"]
    version = model["semantic_version"] or "of no version"
    return render(
        "evidence.html.j2",
        title=f"Evidence: {model['name']} {version}, {framework['title']}",
        evidence=evidence,
        placed=placed,
        status_class=STATUS_CLASS,
        status_mark=STATUS_MARK,
        cell=cell,
        finding_by_rule=_by_rule(evidence["findings"]),
    )


def placed(source: str) -> tuple[str, str]:
    """Return where a fact comes from as file and readable place: the last part of a URN, keys with dots between."""
    file, _, pointer = source.partition("#")
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    if parts and parts[0].startswith("urn:pulumi:"):
        parts[0] = parts[0].rpartition("::")[2]
    return file, ".".join(parts)


def cell(value: Any) -> str:
    """Return a value as a cell's text."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


def _by_rule(findings: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        found.setdefault(finding["rule"], []).append(finding)
    return found
