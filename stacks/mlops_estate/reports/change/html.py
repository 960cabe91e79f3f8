"""The report as one self-contained page: what to decide on first, then every part, folded where it is long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mlops_estate.comparison.model import ACTIONS
from mlops_estate.reports import page
from mlops_estate.reports.change import charts
from mlops_estate.reports.change import sections as said
from mlops_estate.reports.change.values import clean, cut

_CHANGES, _PROPERTIES, _OPEN = 400, 20, 60
_HEADLINES, _ROWS, _CHARTS, _BARS = 100, 300, 12, 12
_WORDS = {"danger": "bad", "warning": "wait", "notice": ""}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A changed resource as the page shows it."""

    action: str
    sign: str
    kind: str
    name: str
    urn: str
    source: str
    marks: list[str]
    lines: list[said.Line]
    left_out: int


@dataclass(frozen=True, slots=True)
class Release:
    """A release as the page shows it; the chart of the first few only."""

    title: str
    reason: str
    chart: Markup | None
    stages: list[tuple[str, str, str]]
    alarms: str
    cautions: list[str]


def render(document: Mapping[str, Any]) -> str:
    """Return the report as a page; it lists the gravest 400 changes and says where the others are."""
    top = said.sections(document)
    found, left_out = said.groups(document, _CHANGES)
    rows = said.cost_rows(document)
    permissions, policy = document["permissions"], document["policy"] or {"new": [], "fixed": []}
    return page.render(
        "change.html.j2",
        title=top.title,
        top=top,
        headlines=[(_WORDS[item.level], item) for item in top.headlines[:_HEADLINES]],
        more_headlines=max(len(top.headlines) - _HEADLINES, 0),
        tiles=_tiles(document, top),
        groups=[_group(group) for group in found],
        opened=len(document["changes"]) <= _OPEN,
        lead_open=any(document["summary"][action] for action in ACTIONS if action != "add"),
        left_out=left_out,
        models=_models(document),
        releases=[_release(entry, place) for place, entry in enumerate(document["release"][:_ROWS])],
        more_releases=max(len(document["release"]) - _ROWS, 0),
        permissions=[
            ("Newly allowed", True, *_first([_permission(entry) for entry in permissions["granted"]])),
            ("No longer allowed", False, *_first([_permission(entry) for entry in permissions["revoked"]])),
        ],
        undecided=_first([said.undecided(entry) for entry in permissions["undecided"]]),
        findings=[
            ("New", *_first([_finding(entry) for entry in policy["new"]])),
            ("Fixed", *_first([_finding(entry) for entry in policy["fixed"]])),
        ],
        figures={figure.label: figure.text for figure in top.figures},
        costs=rows,
        cost_chart=charts.costs(rows[:_BARS]) if rows else None,
        bars=min(_BARS, len(rows)),
        largest=_largest(document),
        carbon=_carbon(document),
        notes=said.notes(document),
    )


def _tiles(document: Mapping[str, Any], top: said.Sections) -> list[tuple[str, str, str, str]]:
    """Return label, number, tone and the rest of each tile."""
    changes = sum(document["summary"][action] for action in ACTIONS)
    return [
        ("Changes", f"{changes:,}", "", top.summary),
        *((figure.label, figure.short, figure.tone, figure.text) for figure in top.figures),
    ]


def _group(group: said.Group) -> dict[str, Any]:
    components = [
        (cut(clean(component), said.NAME), [_drawn(change) for change in changes])
        for component, changes in group.components
    ]
    return {"model": cut(clean(group.model), said.NAME) or said.SHARED, "tally": group.tally,
            "components": components, "left_out": group.left_out}  # fmt: skip


def _drawn(change: said.Entry) -> Drawn:
    lines = said.lines({**change, "properties": change["properties"][:_PROPERTIES]}, 300, 200)
    return Drawn(
        change["action"], said.SIGNS[change["action"]], said.kind(change["type"]),
        cut(clean(change["name"]), said.LINE), cut(clean(change["urn"]), 2 * said.LINE),
        cut(clean(change["source"]), said.LINE), said.marks(change), lines, len(change["properties"]) - len(lines),
    )  # fmt: skip


def _models(document: Mapping[str, Any]) -> list[tuple[str, list[int]]]:
    """Return how many resources of each model are removed, replaced, changed and added: of all, not of those listed."""
    counts: dict[str, Counter[str]] = {}
    for change in document["changes"]:
        counts.setdefault(change["model"], Counter())[change["action"]] += 1
    return [
        (cut(clean(model), said.NAME) or said.SHARED, [found[action] for action in ACTIONS])
        for model, found in sorted(counts.items(), key=lambda item: [-item[1][action] for action in ACTIONS])
    ]


def _release(entry: said.Entry, place: int) -> Release:
    return Release(
        title=said.release_title(entry),
        reason=said.sentence(entry["reason"]),
        chart=charts.traffic(entry, place) if place < _CHARTS and entry["seconds"] else None,
        stages=[
            (said.stage_time(stage), f"{stage['traffic_percent']:g} %", said.sentence(stage["what"]))
            for stage in entry["stages"]
        ],
        alarms=said.few(entry["rollback_alarms"]),
        cautions=[said.sentence(caution) for caution in entry["cautions"]],
    )


def _first(rows: list[Any]) -> tuple[list[Any], int]:
    """Return as many rows as the page lists, and how many it leaves out."""
    return rows[:_ROWS], max(len(rows) - _ROWS, 0)


def _permission(entry: said.Entry) -> dict[str, Any]:
    return {
        "severity": entry["severity"], "marker": said.MARKERS[entry["severity"]], "tone": _WORDS[entry["severity"]],
        "who": cut(clean(entry["principal"]), said.NAME), "what": said.few(entry["actions"], 8),
        "to": said.few(entry["resources"], 4), "when": said.sentence(entry["conditions"]), "why": said.how(entry),
    }  # fmt: skip


def _finding(entry: said.Entry) -> dict[str, str]:
    return {
        "rule": cut(clean(entry["rule"]), said.NAME), "level": clean(entry["level"]),
        "severity": clean(entry["severity"]), "tone": "bad" if entry["level"] == "mandatory" else "wait",
        "name": cut(clean(entry["name"]), said.NAME) or "the stack", "message": said.sentence(entry["message"]),
        "source": cut(clean(entry["source"]), said.NAME),
    }  # fmt: skip


def _largest(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    if document["cost"] is None:
        return []
    return [
        {"name": cut(clean(entry["name"]), said.NAME), "item": said.sentence(entry["item"]),
         **{side: said.expected(entry[side]) for side in said.SIDES}}
        for entry in document["cost"]["largest"][:20]
    ]  # fmt: skip


def _carbon(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    if document["carbon"] is None:
        return []
    return [(side, said.span_of(document["carbon"][side])) for side in ("before", "after")]
