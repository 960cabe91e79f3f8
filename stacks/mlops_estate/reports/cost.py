"""The estimate as terminal text, Markdown, CSV, JSON and a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault
from mlops_estate.pricing.model import CostEstimate, CostLine, Range
from mlops_estate.reports.page import usd

FORMS = (".json", ".md", ".txt", ".html", ".csv")
WIDTH = 98
SHARED_NAME = "shared"
TOP_LINES = 12


def form_faults(paths: Iterable[Path]) -> list[Fault]:
    """Return a fault for each file whose ending names no form."""
    return [
        Fault("--output", str(path), "the file's ending says what to write", f"end it in {', '.join(FORMS)}")
        for path in paths
        if path.suffix not in FORMS
    ]


def write(found: CostEstimate, budget: Mapping[str, Any], path: Path, *, by: str = "model") -> None:
    """Write the estimate in the form that the file's ending names."""
    made = {
        ".json": lambda: json.dumps({**found.as_dict(), "budget": budget}, indent=1) + "\n",
        ".md": lambda: as_markdown(found, budget),
        ".txt": lambda: as_text(found, budget, by=by),
        ".html": lambda: as_page(found, budget),
        ".csv": lambda: as_csv(found),
    }[path.suffix]()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made, encoding="utf-8", newline="")


def range_text(amount: Range) -> str:
    """Return an amount with its bounds: `$571 ($504 to $2,209)`."""
    low, expected, high = (usd(value) for value in amount.dollars().values())
    return expected if low == high else f"{expected} ({low} to {high})"


def as_text(found: CostEstimate, budget: Mapping[str, Any], *, by: str = "model") -> str:
    """Return the estimate for a terminal: sums, the largest items, what is free and unpriced, and the notes."""
    lines = [
        f"{found.environment} in {found.region}: {range_text(found.monthly)} a month",
        *(_wrapped(found.prices_note, "  ! ", "    ") if found.prices_note else ()),
        f"  budget {usd(budget['monthly_usd'])}: {budget['after_percent']:g} %, {budget['state']}",
        "",
    ]
    tables = ("model", "service") if by == "model" else (by,)
    for what in tables:
        lines += [*_table(f"by {what}", _sums(found, what)), ""]
    lines.append(f"largest items (of {len(found.lines)})")
    for line in _largest(found)[:TOP_LINES]:
        name = f"{line.name}: {line.item}"
        marks = ", ".join(filter(None, (line.price.mark, "assumed use" if line.status == "usage" else "")))
        lines.append(f"  {usd(line.monthly.dollars()['expected']):>10}  {name[:84]}")
        if marks:
            lines.append(f"  {'':>10}  {marks}")
    lines += ["", *_kinds(found)]
    for note in found.notes:
        lines += _wrapped(note, "note: ", "      ")
    return "\n".join(lines) + "\n"


def _kinds(found: CostEstimate) -> Iterator[str]:
    free = sum(note.count for note in found.free_types)
    yield f"free: {free} resources of {len({note.type for note in found.free_types})} types (--json gives the reasons)"
    if found.unpriced_types:
        yield "unpriced, and not in the total:"
        for note in found.unpriced_types:
            yield from _wrapped(f"{note.count} x {note.type}: {note.why}", "  - ", "    ")
    yield ""


def _sums(found: CostEstimate, what: str) -> list[tuple[str, Range]]:
    if what == "resource":
        names = {line.urn: f"{line.name} ({line.type.rpartition(':')[2]})" for line in found.lines}
        sums = [(names[urn], amount) for urn, amount in found.by_resource().items()]
    elif what == "service":
        sums = list(found.by_service().items())
    else:
        sums = [(name or SHARED_NAME, amount) for name, amount in found.by_model().items()]
    return sorted(sums, key=lambda entry: (-entry[1].expected, entry[0]))


def _table(title: str, sums: list[tuple[str, Range]]) -> Iterator[str]:
    yield f"{title:<54}{'low':>14}{'expected':>14}{'high':>14}"
    for name, amount in sums:
        figures = "".join(f"{usd(value):>14}" for value in amount.dollars().values())
        yield f"  {name[:51]:<52}{figures}"


def _largest(found: CostEstimate) -> list[CostLine]:
    return sorted(found.lines, key=lambda line: (-line.monthly.expected, line.urn, line.item))


def _wrapped(text: str, first: str, other: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, WIDTH, initial_indent=first, subsequent_indent=other, break_long_words=False)


def as_markdown(found: CostEstimate, budget: Mapping[str, Any]) -> str:
    """Return the estimate for a pull request or a document."""
    lines = [
        f"## Cost of {found.environment}: {range_text(found.monthly)} a month",
        "",
        f"Budget {usd(budget['monthly_usd'])}: {budget['after_percent']:g} %, **{budget['state']}**.",
        *(("", f"> {found.prices_note}") if found.prices_note else ()),
    ]
    for what in ("model", "service"):
        lines += ["", f"| {what} | low | expected | high |", "| --- | ---: | ---: | ---: |"]
        for name, amount in _sums(found, what):
            figures = " | ".join(usd(value) for value in amount.dollars().values())
            lines.append(f"| {_cell(name)} | {figures} |")
    lines += ["", "| resource | item | expected | remarks |", "| --- | --- | ---: | --- |"]
    for line in _largest(found)[:TOP_LINES]:
        marks = ", ".join(filter(None, (line.price.mark, "assumed use" if line.status == "usage" else "")))
        expected = usd(line.monthly.dollars()["expected"])
        lines.append(f"| {_cell(line.name)} | {_cell(line.item)} | {expected} | {marks} |")
    if found.unpriced_types:
        lines += ["", "Unpriced, and not in the total:", ""]
        lines += [f"- {note.count} x `{note.type}`: {note.why}" for note in found.unpriced_types]
    lines += ["", *(f"- {note}" for note in found.notes)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def as_csv(found: CostEstimate) -> str:
    """Return every line for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["model", "service", "resource", "type", "item", "unit", "quantity_low", "quantity_expected", "quantity_high",
         "unit_price_usd", "price_region", "sources", "monthly_low", "monthly_expected", "monthly_high", "status",
         "assumption", "urn"]
    )  # fmt: skip
    for line in found.lines:
        data = line.as_dict()
        cells = [
            data["model"], data["service"], data["name"], data["type"], data["item"], data["unit"],
            *data["quantity"].values(), data["unit_price"], data["price_region"], data["sources"],
            *data["monthly"].values(), data["status"], data["assumption"], data["urn"],
        ]  # fmt: skip
        writer.writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: Any) -> Any:
    """Return a cell that a spreadsheet takes as text where it begins like a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@"} else cell


def as_page(found: CostEstimate, budget: Mapping[str, Any]) -> str:
    """Return the estimate as a page of its own."""
    from mlops_estate.reports.page import render

    lines: list[dict[str, Any]] = [
        {"data": line.as_dict(), "text": range_text(line.monthly), "price": f"${line.price.usd:f}",
         "free": line.free_quantity.amounts()["expected"]}
        for line in _largest(found)
    ]  # fmt: skip
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        groups.setdefault(line["data"]["model"] or SHARED_NAME, []).append(line)
    models, services = (_rows(_sums(found, what)) for what in ("model", "service"))
    return render(
        "cost.html.j2", title=f"Cost of {found.environment}", found=found, budget=budget, models=models,
        services=services, groups=groups, total=found.monthly.dollars(),
        chart=_chart(services, "Expected cost a month by service"),
    )  # fmt: skip


def _rows(sums: list[tuple[str, Range]]) -> list[dict[str, Any]]:
    return [{"name": name, "amount": amount.dollars()} for name, amount in sums]


def _chart(rows: list[dict[str, Any]], title: str) -> Any:
    """Return bars of the expected amounts, with the bounds as a line."""
    from markupsafe import Markup

    from mlops_estate.reports.page import render

    shown = [row for row in rows if row["amount"]["high"] >= 0.5][:12]
    most = max((row["amount"]["expected"] for row in shown), default=1) * 1.35 or 1
    bars = [
        {
            "name": row["name"], "y": 8 + 26 * index, "width": round(200 * row["amount"]["expected"] / most, 1),
            "low": round(200 * min(row["amount"]["low"] / most, 1), 1),
            "high": round(200 * min(row["amount"]["high"] / most, 1), 1), "beyond": row["amount"]["high"] > most,
            "text": usd(row["amount"]["expected"]),
        }
        for index, row in enumerate(shown)
    ]  # fmt: skip
    return Markup(render("cost_bars.svg.j2", bars=bars, title=title, height=16 + 26 * len(bars)))  # noqa: S704 -- ours
