"""An assessment as JSON, terminal text, Markdown, a page, and the radar by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.maturity.model import EFFORTS, Activity, Evidence, Item, Report
from mlops_estate.reports.page import count

FORMAT, VERSION = "mlops-estate/maturity", 1
FORMS = (".json", ".md", ".html", ".txt", ".svg")
EFFORT_WORDS = {"S": "within a day", "M": "within a week", "L": "more"}
MARKS = {"met": "yes", "unmet": "no", "not applicable": "n/a"}


def check_form(path: Path) -> list[Fault]:
    """Return what is wrong with the name of a file to write."""
    if path.suffix in FORMS:
        return []
    return [Fault("--output", str(path), "the file's ending says what to write", f"end it in {', '.join(FORMS)}")]


def write(report: Report, path: Path) -> None:
    """Write an assessment to a file, in the form that its ending asks for."""
    from mlops_estate.maturity.radar import radar

    if faults := check_form(path):
        raise FaultsFound(faults)
    path.parent.mkdir(parents=True, exist_ok=True)
    forms: dict[str, Callable[[Report], str]] = {".json": as_json, ".md": as_markdown, ".html": as_html}
    forms |= {".txt": as_text, ".svg": lambda one: radar(one, alone=True) + "\n"}
    path.write_text(forms[path.suffix](report), encoding="utf-8")


def document(report: Report) -> dict[str, Any]:
    """Return everything as plain JSON data."""
    levels, closest = report.levels, report.level_by_automation
    return {
        "format": FORMAT,
        "version": VERSION,
        "environment": report.environment,
        "level": report.level,
        "average_level": report.average,
        "automation_percent": report.automation_percent,
        "level_by_automation": closest.level,
        "source_levels": [
            {
                "level": level.level,
                "title": level.title,
                "automation_percent": level.automation_percent,
                "efficiency_percent": level.efficiency_percent,
                "time_to_deploy": level.time_to_deploy,
                "incident_percent": level.incident_percent,
            }
            for level in report.catalog.levels
        ],
        "capabilities": [
            {
                "id": capability.id,
                "title": capability.title,
                "level": levels[capability.id],
                "items": [_item_data(report, item) for item in capability.items],
            }
            for capability in report.catalog.capabilities
        ],
        "activities": [
            {
                "id": activity.id,
                "title": activity.title,
                "weight_percent": activity.weight,
                "state": activity_state(report, activity),
                "items": list(activity.items),
            }
            for activity in report.catalog.activities
        ],
        "next_steps": next_steps(report),
        "tests": report.tests,
        "notes": list(report.notes),
    }


def _item_data(report: Report, item: Item) -> dict[str, Any]:
    found = report.outcomes[item.id]
    return {
        "id": item.id,
        "level": item.level,
        "title": item.title,
        "state": found.state,
        "why": found.why,
        "evidence": [one.as_dict() for one in found.evidence],
        "next": {"effort": item.effort, "do": item.step} if found.state == "unmet" else None,
    }


def activity_state(report: Report, activity: Activity) -> str:
    """Return whether an activity is automated, by hand, or not applicable."""
    if not report.applies(activity):
        return "not applicable"
    return "automated" if report.automated(activity) else "by hand"


def next_steps(report: Report) -> list[dict[str, Any]]:
    """Return what to do next, the cheapest first; one step that meets several items stands there once."""
    found: dict[str, dict[str, Any]] = {}
    for item in report.unmet():
        step = found.setdefault(item.step, {"do": item.step, "effort": item.effort, "items": [], "why": []})
        step["items"].append(item.id)
        if report.outcomes[item.id].why not in step["why"]:
            step["why"].append(report.outcomes[item.id].why)
    return sorted(found.values(), key=lambda step: EFFORTS.index(step["effort"]))


def as_json(report: Report) -> str:
    """Return the document as JSON text."""
    return json.dumps(document(report), indent=1, ensure_ascii=False) + "\n"


def headline(report: Report) -> tuple[str, str]:
    """Return what to remember: a headline, and a sentence on it."""
    behind = [one.title for one in report.catalog.capabilities if report.levels[one.id] == report.level]
    closest = report.level_by_automation
    first = f"{report.environment}: level {report.level} of 3, {report.automation_percent:g} % of activities automated"
    title = "the source's level" if closest.level else "below the source's level 1, at level"
    return first, (
        f"On average level {report.average:g}. {title[0].upper()}{title[1:]} by that share is {closest.level} "
        f"({closest.title}, {closest.automation_percent} %). The furthest behind: {', '.join(behind)}."
    )


def told(one: Evidence, width: int = 200) -> str:
    """Return evidence in one line: the name of a resource stands for its URN."""
    where = one.where
    if where.startswith("urn:pulumi:"):
        urn, _, step = where.partition(" step ")
        kind, name = urn.split("::")[-2].rpartition("$")[2].rpartition(":")[2], urn.split("::")[-1]
        where = f"{kind} {name}" + (f", step {step}" if step else "")
    text = f"{where}: {one.what}" if one.what else where
    return text if len(text) <= width else text[: width - 1] + "…"


def as_text(report: Report, *, full: bool = False) -> str:
    """Return the assessment for a terminal, under 100 columns; `full` with every item and its evidence."""
    first, second = headline(report)
    lines = [first, *_wrapped(second, "  "), ""]
    for capability in report.catalog.capabilities:
        level = report.levels[capability.id]
        states = [report.outcomes[item.id].state for item in capability.items]
        missing = states.count("unmet")
        bar = "#" * level + "." * (3 - level)
        lines.append(
            f"  {bar} {level}  {capability.title:34} {count(missing, 'item') + ' open' if missing else ''}".rstrip()
        )
        if full:
            for item in capability.items:
                found = report.outcomes[item.id]
                lines += _wrapped(f"{item.level} {MARKS[found.state]:4} {item.title} [{item.id}]", "        ")
                lines += _wrapped(found.why, "               ") if found.state != "met" else []
                lines += [line for one in found.evidence for line in _wrapped(told(one), "               ")]
    lines += ["", "  The cheapest next steps"]
    steps = next_steps(report)
    for step in steps if full else steps[:8]:
        lines += _wrapped(f"{step['effort']}  {step['do']}", "    ")
        lines += _wrapped("; ".join(step["why"]), "         ")
    if not full and len(steps) > 8:
        lines.append(f"    and {len(steps) - 8} more: --all, or -o FILE.html")
    lines += [line for note in report.notes for line in _wrapped(f"note: {note}", "")]
    return "\n".join(lines) + "\n"


def _wrapped(text: str, indent: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, 98, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)


def as_markdown(report: Report) -> str:
    """Return the assessment as Markdown."""
    first, second = headline(report)
    lines = [f"# Maturity of {report.environment}", "", f"**{first}.** {second}", "",
             "| capability | level | open items |", "| --- | :---: | --- |"]  # fmt: skip
    for capability in report.catalog.capabilities:
        missing = [item.title for item in capability.items if report.outcomes[item.id].state == "unmet"]
        lines.append(f"| {capability.title} | {report.levels[capability.id]} | {_cell('; '.join(missing))} |")
    lines += ["", "## Next steps, the cheapest first", "", "| effort | step | because |", "| :---: | --- | --- |"]
    lines += [
        f"| {step['effort']} | {_cell(step['do'])} | {_cell('; '.join(step['why']))} |" for step in next_steps(report)
    ]
    lines += ["", "## Evidence", "", "| capability | level | item | | evidence |", "| --- | :---: | --- | --- | --- |"]
    for capability in report.catalog.capabilities:
        for item in capability.items:
            found = report.outcomes[item.id]
            what = [found.why] if found.state != "met" else [told(one) for one in found.evidence[:3]]
            row = f"| {capability.title} | {item.level} | {_cell(item.title)} | {MARKS[found.state]} |"
            lines.append(f"{row} {_cell('; '.join(what))} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def as_html(report: Report) -> str:
    """Return the assessment as a self-contained page."""
    from markupsafe import Markup

    from mlops_estate.maturity.radar import radar
    from mlops_estate.reports.page import render

    first, second = headline(report)
    states = [found.state for found in report.outcomes.values()]
    return render(
        "maturity.html.j2",
        title=f"Maturity of {report.environment}",
        lead="Computed from the declared resources, workflows, pipelines and tests; each item with evidence.",
        headline=first,
        detail=second,
        tiles=_tiles(report, states),
        radar=Markup(radar(report)),  # noqa: S704 -- our own drawing, escaped where it was made
        levels=[(level, level is report.level_by_automation) for level in report.catalog.levels],
        automation=f"{report.automation_percent:g}",
        activities=[(activity, activity_state(report, activity)) for activity in report.catalog.activities],
        steps=next_steps(report),
        efforts=EFFORT_WORDS,
        capabilities=[_capability(report, capability.id) for capability in report.catalog.capabilities],
        notes=report.notes,
    )


def _tiles(report: Report, states: Sequence[str]) -> list[tuple[str, str, str]]:
    whole = sum(report.tests.values())
    shares = " / ".join(f"{100 * number / whole:.0f}" for number in report.tests.values()) if whole else "none"
    return [
        ("Level", f"{report.level} of 3", "of the capability furthest behind"),
        ("Average level", f"{report.average:g}", ""),
        ("Automated", f"{report.automation_percent:g} %", "of activities, by weight"),
        ("Items met", f"{states.count('met')} of {len(states) - states.count('not applicable')}", ""),
        ("Tests", shares, "% unit, integration, end to end"),
    ]


def _capability(report: Report, name: str) -> dict[str, Any]:
    capability = next(one for one in report.catalog.capabilities if one.id == name)
    return {
        "title": capability.title,
        "level": report.levels[name],
        "missing": sum(report.outcomes[item.id].state == "unmet" for item in capability.items),
        "items": [
            {
                "level": item.level,
                "title": item.title,
                "state": report.outcomes[item.id].state,
                "why": report.outcomes[item.id].why,
                "evidence": [(told(one), one.where) for one in report.outcomes[item.id].evidence],
                "next": f"{item.step} ({item.effort})",
            }
            for item in capability.items
        ],
    }
