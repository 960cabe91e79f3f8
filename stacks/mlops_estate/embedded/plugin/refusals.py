"""Faults as the engine shows them: one line beside a property path, without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mlops_estate.engine import wire
from mlops_estate.faults import Fault

MASK = "[secret]"


def related(one: str, other: str) -> bool:
    """Whether two property paths are the same, or one lies within the other."""
    short, long = sorted((one, other), key=len)
    return bool(re.match(re.escape(short) + r"($|[.\[])", long)) if short else False


def concerns(fault: Fault, unknown: Iterable[str]) -> bool:
    """Whether a fault is of a value that is not known yet, which is no fault of the program."""
    said = [wire.for_graph(fault.value), fault.rule, fault.fix]  # a rule between two inputs may name the other one
    return wire.has_unknown(said) or any(related(fault.where, path) for path in unknown)


def reason(fault: Fault, secrets: Iterable[str]) -> str:
    """Return what a fault says in one line: the value unless it is secret, the rule, the fix and the source."""
    value, rule = fault.value, fault.rule
    if any(related(fault.where, path) for path in secrets):
        value, rule = MASK, rule.replace(str(fault.value), MASK)
    shown = "" if value is None else f"{_short(repr(wire.for_graph(value)))}: "
    return f"{shown}{rule}; {fault.fix}" + (f" [{fault.source}]" if fault.source else "")


def _short(text: str, limit: int = 120) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
