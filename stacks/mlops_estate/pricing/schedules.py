"""How often a schedule expression of AWS starts something in an average month."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

DAYS = Fraction(365, 12)
"""Days of an average month."""
_NAMES = {
    name: str(number)
    for names in (
        "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC",
        "SUN MON TUE WED THU FRI SAT",
    )
    for number, name in enumerate(names.split(), 1)
}
_UNITS = {"minute": 1440, "hour": 24, "day": 1}


def runs_a_month(expression: str) -> Decimal | None:
    """Return the runs of `cron(...)`, `rate(...)` or `at(...)` in an average month of 365 / 12 days.

    None for what is no such expression. Fields are those of EventBridge's cron expressions: minutes, hours, day of
    month, month, day of week, year; SageMaker's monitoring schedules use the same form. `at` runs once, so not again.
    """
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if rate:
        return _decimal(_UNITS[rate[2]] * DAYS / int(rate[1])) if int(rate[1]) else None
    if expression.startswith("at(") or expression == "NOW":
        return Decimal(0)
    cron = re.fullmatch(r"cron\((.+)\)", expression)
    fields = cron[1].split() if cron else []
    if len(fields) not in {5, 6}:
        return None
    minutes, hours, month_days, months, week_days = fields[:5]
    counts = [_count(text, low, high) for text, low, high in ((minutes, 0, 59), (hours, 0, 23), (months, 1, 12))]
    days = _days(month_days, week_days)
    if days is None or None in counts:
        return None
    minute_count, hour_count, month_count = (count or 0 for count in counts)
    return _decimal(minute_count * hour_count * month_count * days / 12)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / value.denominator


def _days(month_days: str, week_days: str) -> Fraction | None:
    """Return the days of a month on which a schedule runs."""
    if month_days not in {"*", "?"}:
        count = _count(month_days, 1, 31)
        return None if count is None else Fraction(count or 1)
    if week_days not in {"*", "?"}:
        count = _count(week_days, 1, 7)
        return None if count is None else (count or 1) * DAYS / 7
    return DAYS


def _count(text: str, low: int, high: int) -> int | None:
    """Return how many values a field names; 0 for one that names a day by rule (`L`, `15W`, `6#3`)."""
    chosen: set[int] = set()
    for part in text.upper().split(","):
        body, _, step = part.partition("/")
        body = re.sub(r"[A-Z]{3}", lambda found: _NAMES.get(found[0], found[0]), body)
        if re.fullmatch(r"\d*L|L?W|\d+W|\d+L|\d#\d", body) and body:
            return 0
        if step and not step.isdigit():
            return None
        if body in {"*", "?"}:
            first, last = low, high
        elif re.fullmatch(r"\d+-\d+", body):
            first, last = (int(number) for number in body.split("-"))
        elif body.isdigit():
            first = int(body)
            last = high if step else first
        else:
            return None
        chosen.update(range(first, last + 1, int(step or 1) or 1))
    return len(chosen)
