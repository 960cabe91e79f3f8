"""A calculation as JSON, terminal text, Markdown, a table of months, and a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.reports.page import usd as dollars
from mlops_estate.roi.calculation import Result, usd
from mlops_estate.roi.inputs import COSTS, METRICS
from mlops_estate.roi.sensitivity import LATER_MONTHS, Sensitivity

FORMAT, VERSION = "mlops-estate/roi", 1
FORMS = (".json", ".md", ".html", ".txt", ".csv")


def document(result: Result, found: Sensitivity, notes: Sequence[str]) -> dict[str, Any]:
    """Return everything as plain JSON data: result, sensitivity, the inputs that it follows from, and notes."""
    return {
        "format": FORMAT,
        "version": VERSION,
        **result.as_dict(),
        "sensitivity": found.as_dict(),
        "inputs": result.inputs.model_dump(mode="json"),
        "notes": list(notes),
    }


def check_form(path: Path) -> list[Fault]:
    """Return what is wrong with the name of a file to write."""
    if path.suffix in FORMS:
        return []
    return [Fault("--output", str(path), "the file's ending says what to write", f"end it in {', '.join(FORMS)}")]


def write(path: Path, result: Result, found: Sensitivity, notes: Sequence[str]) -> None:
    """Write a calculation to a file, in the form that its ending asks for."""
    if faults := check_form(path):
        raise FaultsFound(faults)
    forms = {".json": as_json, ".md": as_markdown, ".html": as_html, ".txt": as_text, ".csv": as_csv}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(forms[path.suffix](result, found, notes), encoding="utf-8")


def as_json(result: Result, found: Sensitivity, notes: Sequence[str]) -> str:
    """Return the document as JSON text."""
    return json.dumps(document(result, found, notes), indent=1, allow_nan=False) + "\n"


def as_csv(result: Result, _found: Sensitivity, _notes: Sequence[str]) -> str:
    """Return the months as a table: cumulative cost, value and net, then each metric's own amount in the month."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["month", "cumulative_cost_usd", "cumulative_value_usd", "cumulative_net_usd"]
                   + [f"{metric}_usd" for metric in METRICS])  # fmt: skip
    for index in range(len(result.net)):
        amounts = [result.cost[index], result.value[index], result.net[index]]
        amounts += [result.metrics[metric][index] for metric in METRICS]
        table.writerow([index + 1, *(f"{usd(cents):.2f}" for cents in amounts)])
    return text.getvalue()


def whole(cents: float) -> str:
    """Return cents as people read them, to the dollar where that is enough."""
    return dollars(cents / 100)


def when(result: Result) -> str:
    """Return the month of break-even in one word or two."""
    if result.break_even.month is not None:
        return f"month {result.break_even.month}"
    return {"never below zero": "at once", "lost again": "lost again"}.get(result.break_even.state, "never")


def verdict(result: Result) -> tuple[str, str]:
    """Return what to remember: a headline, and a sentence on it."""
    months, turn = len(result.net), result.break_even
    month, tied = result.lowest
    detail = f"At most {whole(-tied)} is tied up, in month {month}. " if month else ""
    detail += f"After {months} months cost is {whole(result.cost[-1])}, value {whole(result.value[-1])}."
    if turn.state == "never below zero":
        return "Value is never below cost", detail
    if turn.state == "not within the horizon":
        return f"Does not pay for itself within {months} months: net {whole(result.net[-1])}", detail
    earlier = ", ".join(str(found) for found in turn.months)
    if turn.state == "lost again":
        return f"Breaks even in month {earlier}, and loses it again: net {whole(result.net[-1])}", detail
    if len(turn.months) > 1:
        detail = f"It breaks even more than once: months {earlier}. " + detail
    return f"Pays for itself in month {turn.month}; net {whole(result.net[-1])} after {months} months", detail


def figures(result: Result) -> list[tuple[str, str, str]]:
    """Return the figures that stand at the top: what, how much, and a note on it."""
    payback, rate = result.break_even.payback, f"at {result.inputs.discount_rate_percent:g} % a year"
    today = result.discounted_break_even.month
    return [
        ("Cost", whole(result.cost[-1]), ""),
        ("Value", whole(result.value[-1]), ""),
        ("Net", whole(result.net[-1]), ""),
        (
            "Return on investment",
            "none" if result.roi_percent is None else f"{result.roi_percent:,.4g} %",
            "net / cost",
        ),
        ("Break-even", when(result), "" if payback is None else f"payback {payback:g} months"),
        (
            "Net present value",
            dollars(result.npv_usd),
            f"{rate}; even in month {today}" if today is not None else rate,
        ),
    ]


SCENARIOS: Mapping[str, str] = {
    "worst": "costs {percent} % more, value {percent} % less",
    "late": f"all value {LATER_MONTHS} months later",
    "expected": "the inputs as they are",
    "best": "costs {percent} % less, value {percent} % more",
}


def scenario_rows(found: Sensitivity) -> list[dict[str, str]]:
    """Return the scenarios, as words."""
    return [
        {
            "name": name,
            "what": what.format(percent=f"{found.percent:g}"),
            "net": whole(found.scenarios[name].net[-1]),
            "npv": dollars(found.scenarios[name].npv_usd),
            "even": when(found.scenarios[name]),
        }
        for name, what in SCENARIOS.items()
    ]


def bar_rows(found: Sensitivity) -> list[dict[str, str]]:
    """Return the metrics of the sensitivity, as words."""
    return [
        {
            "name": METRICS[bar.metric],
            "less": whole(bar.less.net[-1]),
            "more": whole(bar.more.net[-1]),
            "less_even": when(bar.less),
            "more_even": when(bar.more),
        }
        for bar in found.bars
    ]


def shown_months(months: int) -> list[int]:
    """Return the months that a short table shows: the source's, and the last."""
    return sorted({month for month in (1, 3, 6, 9, 12, 18, 24, 36, 48, 60, 84) if month < months} | {months})


def as_text(result: Result, found: Sensitivity, notes: Sequence[str]) -> str:
    """Return the result for a terminal, under 100 columns."""
    headline, detail = verdict(result)
    lines = [headline, f"  {detail}", ""]
    lines += [f"  {what:22} {much:>14}  {note}".rstrip() for what, much, note in figures(result)]
    lines += ["", f"  {'month':>5} {'cost':>14} {'value':>14} {'net':>14}"]
    lines += [
        f"  {month:>5} {whole(result.cost[month - 1]):>14} {whole(result.value[month - 1]):>14} "
        f"{whole(result.net[month - 1]):>14}"
        for month in shown_months(len(result.net))
    ]
    lines += ["", f"  Net and break-even with one metric {found.percent:g} % less, and {found.percent:g} % more"]
    lines += [
        f"  {row['name']:28} {row['less']:>14} {row['less_even']:>11} {row['more']:>14} {row['more_even']:>11}"
        for row in bar_rows(found)
    ]
    lines += ["", "  Scenarios"]
    lines += [f"  {row['name']:10} {row['net']:>14} {row['even']:>11}   {row['what']}" for row in scenario_rows(found)]
    lines += [f"note: {note}" for note in notes]
    return "\n".join(lines) + "\n"


def as_markdown(result: Result, found: Sensitivity, notes: Sequence[str]) -> str:
    """Return the result as Markdown."""
    headline, detail = verdict(result)
    lines = ["# Return on investment", "", f"**{headline}.** {detail}", "", "| | | |", "| --- | ---: | --- |"]
    lines += [f"| {what} | {much} | {note} |" for what, much, note in figures(result)]
    lines += ["", "| month | cost | value | net |", "| ---: | ---: | ---: | ---: |"]
    lines += [
        f"| {month} | {whole(result.cost[month - 1])} | {whole(result.value[month - 1])} "
        f"| {whole(result.net[month - 1])} |"
        for month in shown_months(len(result.net))
    ]
    lines += ["", f"## With one metric {found.percent:g} % less, and more", "",
              "| metric | net, less | net, more | break-even, less | break-even, more |",
              "| --- | ---: | ---: | ---: | ---: |"]  # fmt: skip
    lines += [
        f"| {row['name']} | {row['less']} | {row['more']} | {row['less_even']} | {row['more_even']} |"
        for row in bar_rows(found)
    ]
    lines += ["", "## Scenarios", "", "| scenario | what | net | break-even |", "| --- | --- | ---: | ---: |"]
    lines += [f"| {row['name']} | {row['what']} | {row['net']} | {row['even']} |" for row in scenario_rows(found)]
    if notes:
        lines += ["", "## Assumed", "", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"


def as_html(result: Result, found: Sensitivity, notes: Sequence[str]) -> str:
    """Return the result as a self-contained page."""
    from markupsafe import Markup

    from mlops_estate.reports.page import render
    from mlops_estate.roi.charts import curves, tornado

    headline, detail = verdict(result)
    good = result.break_even.state in ("reached", "never below zero")
    cost = [f"{label} (cost)" if metric in COSTS else f"{label} (value)" for metric, label in METRICS.items()]
    return render(
        "roi.html.j2",
        title="Return on investment",
        lead=f"What the estate costs and what it brings, over {len(result.net)} months, in US dollars.",
        verdict={"headline": headline, "detail": detail, "style": "good-news" if good else "bad-news"},
        tiles=figures(result),
        curves=Markup(curves(result)),  # noqa: S704 -- our own drawing, escaped where it was made
        tornado=Markup(tornado(found, result)),  # noqa: S704 -- as above
        percent=f"{found.percent:g}",
        bars=bar_rows(found),
        scenarios=scenario_rows(found),
        totals=list(zip(cost, (whole(sum(amounts)) for amounts in result.metrics.values()), strict=True)),
        months=[
            {
                "month": index + 1,
                "cost": whole(result.cost[index]),
                "value": whole(result.value[index]),
                "net": whole(result.net[index]),
            }
            for index in range(len(result.net))
        ],
        notes=list(notes),
    )
