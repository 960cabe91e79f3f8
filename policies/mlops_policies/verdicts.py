"""What a check answers about a resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from mlops_policies.values import Malformed, UnknownValue


class Status(Enum):
    """The answer for one resource; of several, the first in this order counts."""

    ERROR = "error"
    FAIL = "fail"
    UNKNOWN = "not_evaluated"
    PASS = "pass"  # noqa: S105 -- a status, no password
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer: what holds or not, at which property.

    `key` tells several findings of one rule apart (an action, a principal), so that an exemption of one does not hide
    the next. `message` never holds a value that may be secret.
    """

    status: Status
    message: str = ""
    path: str = ""
    key: str = ""


PASS = Verdict(Status.PASS)


def not_applicable(reason: str) -> Verdict:
    """Say that the rule does not speak of this resource, and why."""
    return Verdict(Status.NOT_APPLICABLE, reason)


def not_evaluated(path: str) -> Verdict:
    """Say that the answer hangs on a value that is unknown until the update."""
    return Verdict(Status.UNKNOWN, f"{path} is unknown until the update", path)


def gathered(answers: Iterable[Verdict]) -> list[Verdict]:
    """Return a check's answers. What it reads that is unknown ends it, and counts as not evaluated; a document that is
    none is a fault."""
    found: list[Verdict] = []
    try:
        for answer in answers:
            found.append(answer)  # noqa: PERF402 -- what was answered before an unknown value stays
    except UnknownValue as unknown:
        found.append(not_evaluated(unknown.path))
    except Malformed as document:
        found.append(Verdict(Status.FAIL, str(document), document.path))
    return found


def each(items: Iterable[Any], check: Callable[[Any], Iterable[Verdict]]) -> Iterator[Verdict]:
    """Yield a check's answers for every item: an unknown value in one does not hide a fault in the next."""
    for item in items:
        yield from gathered(answer for one in (item,) for answer in check(one))


def overall(verdicts: Iterable[Verdict]) -> Status:
    """Return the status that counts: a fault over unknown, unknown over compliant; no answer at all is compliant."""
    found = {verdict.status for verdict in verdicts}
    return next((status for status in Status if status in found), Status.PASS)
