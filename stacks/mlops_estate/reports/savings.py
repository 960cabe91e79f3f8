"""Savings as terminal text, Markdown, JSON and a page with a bar chart of with and without."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.faults import Fault
from mlops_estate.reports.page import usd, usd_range

if TYPE_CHECKING:
    from mlops_estate.savings import Lever, Savings

FORMS = (".json", ".md", ".txt", ".html")
WIDTH = 98
_STATES = {"in place": "In place", "available": "Available", "not applicable": "Not applicable"}
_BARS = 12


def form_faults(paths: Iterable[Path]) -> list[Fault]:
    """Return a fault for each file whose ending names no form."""
    return [
        Fault("--output", str(path), "the file's ending says what to write", f"end it in {', '.join(FORMS)}")
        for path in paths
        if path.suffix not in FORMS
    ]


def write(found: Savings, path: Path) -> None:
    """Write the savings in the form that the file's ending names."""
    made = {
        ".json": lambda: json.dumps(found.as_dict(), indent=1) + "\n",
        ".md": lambda: as_markdown(found),
        ".txt": lambda: as_text(found),
        ".html": lambda: as_page(found),
    }[path.suffix]()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made, encoding="utf-8", newline="")


def as_text(found: Savings) -> str:
    """Return the savings for a terminal."""
    data = found.as_dict()
    lines = [
        f"{found.environment} in {found.region}: {usd_range(data['monthly'])} a month",
        f"  saved already   {usd_range(data['in_place'])}, {data['in_place_percent']:g} % of what it would cost",
        f"  could be saved  {usd_range(data['available'])}, {data['available_percent']:g} % of what it costs",
        "",
        *_family_lines(data["by_family"]),
        "",
    ]
    for state, title in _STATES.items():
        levers = found.of(state)  # type: ignore[arg-type]  # the keys are its states
        if levers:
            lines.append(title)
        for lever in levers:
            lines += _lever_lines(lever, chosen=lever in found.best)
        if levers:
            lines.append("")
    lines += [*_budget_lines(data["suggested"]), ""]
    for note in found.notes:
        lines += _wrapped(note, "note: ")
    return "\n".join(lines) + "\n"


def _family_lines(rows: list[dict[str, Any]]) -> list[str]:
    head = f"{'family':<28}{'in place':>12}{'available':>12}{'of the bill':>14}{'of all saved':>15}{'source':>9}"
    return [
        head,
        *(
            f"  {row['family']:<26}{usd(row['in_place']['expected']):>12}{usd(row['available']['expected']):>12}"
            f"{row['bill_percent']:>12g} %{row['share_percent']:>13g} %{row['source_percent']:>7g} %"
            for row in rows
        ),
    ]


def _lever_lines(lever: Lever, *, chosen: bool) -> list[str]:
    about = f" ({lever.model})" if lever.model else ""
    if lever.state == "not applicable":
        return _wrapped(f"{lever.title}{about}: {lever.note}", "  - ")
    amount = usd_range(lever.saves.dollars())
    other = "" if lever.state == "in place" or chosen else "; instead of another, and not in the sum"
    lines = _wrapped(f"{amount}: {lever.title}{about}{other}", "  - ")
    lines += _wrapped(f"how: {lever.how}", "    ")
    lines += _wrapped(f"risk: {lever.risk}", "    ")
    return lines + (_wrapped(lever.note, "    ") if lever.note else [])


def _budget_lines(suggested: dict[str, Any]) -> list[str]:
    configured = suggested["configured_budget_usd"]
    said = f"; configured is {usd(configured)}" if configured is not None else ""
    return [
        f"budget by this estimate: {usd(suggested['budget_usd'])} a month{said}",
        f"  unusual cost from {usd(suggested['anomaly_usd'])} on ({suggested['rule']})",
    ]


def _wrapped(text: str, start: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start), break_long_words=False)


def as_markdown(found: Savings) -> str:
    """Return the savings for a pull request or a document."""
    data = found.as_dict()
    lines = [
        f"## Savings of {found.environment}: {usd_range(data['available'])} a month could be saved",
        "",
        f"It costs {usd_range(data['monthly'])}; levers in place save {usd_range(data['in_place'])}.",
        "",
        "| family | in place | available | of the bill | of all saved | source |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {row['family']} | {usd(row['in_place']['expected'])} | {usd(row['available']['expected'])} "
            f"| {row['bill_percent']:g} % | {row['share_percent']:g} % | {row['source_percent']:g} % |"
            for row in data["by_family"]
        ),
        "",
        "| lever | state | model | saves a month | how | risk |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for lever in data["levers"]:
        saves = usd_range(lever["saves"]) if lever["state"] != "not applicable" else lever["note"]
        cells = (lever["title"], lever["state"], lever["model"], saves, lever["how"], lever["risk"])
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", *_budget_lines(data["suggested"]), "", *(f"- {note}" for note in found.notes)]
    return "\n".join(lines) + "\n"


def as_page(found: Savings) -> str:
    """Return the savings as one HTML page."""
    from mlops_estate.reports.page import render

    data = found.as_dict()
    groups = {title: [lever for lever in data["levers"] if lever["state"] == state]
              for state, title in _STATES.items()}  # fmt: skip
    adds_up = {(entry["key"], entry["model"]) for entry in data["adds_up"]}
    return render(
        "savings.html.j2", title=f"Savings of {found.environment}", data=data, groups=groups, adds_up=adds_up,
        chart=_chart([lever for lever in data["levers"] if lever["state"] != "not applicable"]),
    )  # fmt: skip


def _chart(levers: list[dict[str, Any]]) -> Any:
    """Return two bars for each lever: what a month costs without it, and with it."""
    from markupsafe import Markup

    from mlops_estate.reports.page import render

    shown = [lever for lever in levers if lever["saves"]["expected"] >= 0.5][:_BARS]
    several = len({lever["model"] for lever in shown if lever["model"]}) > 1
    most = max((lever["without"]["expected"] for lever in shown), default=1) or 1
    bars = [
        {
            "name": lever["title"] + (f" ({lever['model']})" if several and lever["model"] else ""), "y": 58 * index,
            "without": round(300 * lever["without"]["expected"] / most, 1),
            "with": round(300 * max(lever["without"]["expected"] - lever["saves"]["expected"], 0) / most, 1),
            "without_text": usd(lever["without"]["expected"]),
            "with_text": usd(max(lever["without"]["expected"] - lever["saves"]["expected"], 0)),
            "done": lever["state"] == "in place",
        }
        for index, lever in enumerate(shown)
    ]  # fmt: skip
    return Markup(render("savings_bars.svg.j2", bars=bars, height=58 * len(bars) + 8))  # noqa: S704 -- ours
