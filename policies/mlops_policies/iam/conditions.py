"""The Condition element: every operator of IAM, with IfExists, ForAllValues, ForAnyValue and Null.

Source: IAM user guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued keys".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlops_policies.iam.patterns import Context, arn_matches, lowered, matches

Test = Callable[[str, str, Context, bool], "bool | None"]
"""Whether a request's value passes one value of the policy; told the context and whether variables count.

None where the two can't be compared (no number, a variable without value): then nothing passes, negated or not.
"""


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator taken apart: the test, whether it is negated, IfExists, and the set operator."""

    test: Test
    negated: bool
    if_exists: bool
    over: str


class UnknownOperator(ValueError):  # noqa: N818 -- named for what it says
    """A condition operator that IAM doesn't have."""


def _string(wildcards: bool, fold: bool = False) -> Test:
    def test(value: str, wanted: str, context: Context, variables: bool) -> bool | None:
        if fold:
            context = {key: item.lower() if isinstance(item, str) else item for key, item in context.items()}
            value, wanted = value.lower(), wanted.lower()
        return matches(wanted, value, context, variables=variables, wildcards=wildcards)

    return test


def _arn(value: str, wanted: str, context: Context, variables: bool) -> bool | None:
    return arn_matches(wanted, value, context, variables=variables)


def _boolean(value: str, wanted: str, _context: Context, _variables: bool) -> bool:
    return value.lower() == wanted.lower() and wanted.lower() in ("true", "false")


def _binary(value: str, wanted: str, _context: Context, _variables: bool) -> bool | None:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(wanted, validate=True)
    except binascii.Error:
        return None


def _address(value: str, wanted: str, _context: Context, _variables: bool) -> bool | None:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return None


def _compared(read: Callable[[str], float], compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, wanted: str, _context: Context, _variables: bool) -> bool | None:
        try:
            return compare(read(value), read(wanted))
        except ValueError:
            return None

    return test


_EPOCH = re.compile(r"\d+(\.\d+)?")


def _moment(text: str) -> float:
    """Return a W3C ISO 8601 date, or seconds or milliseconds since 1970, as seconds."""
    if _EPOCH.fullmatch(text) and len(text) > 4:
        return float(text)
    if re.fullmatch(r"\d{4}(-\d{2})?", text):
        text = f"{text}-01" if len(text) == 7 else f"{text}-01-01"
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanEquals": lambda a, b: a >= b,
}
_TESTS: Mapping[str, tuple[Test, bool]] = {
    name.lower(): made
    for name, made in {
        "StringEquals": (_string(False), False),
        "StringNotEquals": (_string(False), True),
        "StringEqualsIgnoreCase": (_string(False, True), False),
        "StringNotEqualsIgnoreCase": (_string(False, True), True),
        "StringLike": (_string(True), False),
        "StringNotLike": (_string(True), True),
        "ArnEquals": (_arn, False),
        "ArnNotEquals": (_arn, True),
        "ArnLike": (_arn, False),
        "ArnNotLike": (_arn, True),
        "Bool": (_boolean, False),
        "BinaryEquals": (_binary, False),
        "IpAddress": (_address, False),
        "NotIpAddress": (_address, True),
        **{f"Numeric{order}": (_compared(float, compare), False) for order, compare in _ORDERS.items()},
        **{f"Date{order}": (_compared(_moment, compare), False) for order, compare in _ORDERS.items()},
        "NumericNotEquals": (_compared(float, _ORDERS["Equals"]), True),
        "DateNotEquals": (_compared(_moment, _ORDERS["Equals"]), True),
    }.items()
}


def operator(name: str) -> Operator | None:
    """Return an operator by its name; None for Null. Raises `UnknownOperator`."""
    over, _, plain = name.rpartition(":")
    bare = plain.lower()
    if bare == "null" and not over:
        return None
    if_exists = bare.endswith("ifexists")
    found = _TESTS.get(bare.removesuffix("ifexists"))
    if found is None or over.lower() not in ("", "forallvalues", "foranyvalue"):
        raise UnknownOperator(f"{name!r} is no condition operator of IAM")
    return Operator(found[0], found[1], if_exists, over.lower())


def condition_holds(
    condition: Mapping[str, Mapping[str, Any]] | None, context: Mapping[str, Any], *, variables: bool = True
) -> bool:
    """Whether all of a Condition element holds for what a request tells; keys of both in any case."""
    if not condition:
        return True
    known = lowered(context)
    return all(
        _key_holds(name, known, key.lower(), listed(wanted), variables)
        for name, tests in condition.items()
        for key, wanted in tests.items()
    )


def listed(value: Any) -> list[str]:
    """Return one value or several as texts: JSON's true, and numbers, count as their text."""
    items = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in items]


def _key_holds(name: str, context: Context, key: str, wanted: Sequence[str], variables: bool) -> bool:
    found = operator(name)
    given = listed(context[key]) if key in context else []
    if found is None:
        return (not given) in {text.lower() == "true" for text in wanted}
    if found.over == "foranyvalue":
        return any(_passes(found, value, wanted, context, variables) for value in given)
    if found.over == "forallvalues":
        return all(_passes(found, value, wanted, context, variables) for value in given)
    if not given:
        return found.if_exists or found.negated
    # IAM leaves open what several values do without a set operator: here nothing passes.
    return len(given) == 1 and _passes(found, given[0], wanted, context, variables)


def _passes(found: Operator, value: str, wanted: Sequence[str], context: Context, variables: bool) -> bool:
    """Several values of a policy are alternatives; those of a negated operator must all differ."""
    results = [found.test(value, text, context, variables) for text in wanted]
    return all(result is False for result in results) if found.negated else any(results)
