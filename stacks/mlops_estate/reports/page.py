"""Pages: self-contained HTML files in one style, without scripts and without anything from the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"
MINUS = "\N{MINUS SIGN}"


def render(template: str, **values: Any) -> str:
    """Return a page made of a template that extends `base.html.j2`; the same values give the same text.

    Everything is escaped; what is markup already (an SVG of our own) is handed over as `markupsafe.Markup`. A value
    that a template needs and that isn't given raises `jinja2.UndefinedError`.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters.update(FILTERS)
    return made


def usd(value: float) -> str:
    """Return an amount in US dollars: to the cent below 100, else to the dollar, with a proper minus sign."""
    amount = f"${abs(value):,.2f}" if abs(value) < 100 else f"${abs(value):,.0f}"
    return f"{MINUS}{amount}" if value < 0 and amount.strip("$0.,") else amount


def usd_range(monthly: Mapping[str, float]) -> str:
    """Return `{low, expected, high}` as people read it: `$120`, or `$120 ($80 to $410)` where the bounds differ."""
    low, expected, high = (usd(monthly[name]) for name in ("low", "expected", "high"))
    return expected if low == expected == high else f"{expected} ({low} to {high})"


def signed(value: float, form: Callable[[float], str] = usd) -> str:
    """Return a difference with its sign, `±0` for none."""
    text = form(abs(value))
    if not text.strip("$0.,% "):
        return "±0"
    return f"{'+' if value > 0 else MINUS}{text}"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 resource`, `2 resources`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


FILTERS: dict[str, Callable[..., Any]] = {"usd": usd, "usd_range": usd_range, "signed": signed, "count": count}
