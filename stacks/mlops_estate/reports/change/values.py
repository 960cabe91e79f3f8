"""Names and values as people read them: on one line, nothing in them that acts, long ones cut in the middle."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from mlops_estate.graph import UNKNOWN
from mlops_estate.graph_file import MASK

UNKNOWN_TEXT = "(unknown until up)"
"""What stands for a value that only the update makes known."""

_ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format (direction overrides, zero width), surrogates, separators


def clean(text: str) -> str:
    """Return text on one line; whitespace is one space, and what moves a cursor or turns the direction is spelt out.

    A terminal's escape codes, a right-to-left override or half a surrogate pair are shown as `\\u202e` and do nothing.
    """
    flat = " ".join(text.split())
    if flat.isascii() and flat.isprintable():
        return flat
    return "".join(_spelt(sign) if unicodedata.category(sign) in _ACTING else sign for sign in flat)


def _spelt(sign: str) -> str:
    return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"


def cut(text: str, limit: int) -> str:
    """Return text of at most `limit` characters (30 or more), with the number of those left out in its middle."""
    if len(text) <= limit:
        return text
    room = limit - len(_gap(len(text)))
    head = (room + 1) // 2
    tail = room - head
    return f"{text[:head]}{_gap(len(text) - room)}{text[len(text) - tail :]}"


def _gap(number: int) -> str:
    return f"…[{number:,} left out]…"


def value(data: Any) -> str:
    """Return JSON data as Pulumi shows it, on one line: quoted text, `[secret]`, `(unknown until up)`."""
    if data == UNKNOWN:
        return UNKNOWN_TEXT
    if data == MASK:
        return MASK
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, default=str)
    return clean(text.replace(f'"{UNKNOWN}"', UNKNOWN_TEXT).replace(UNKNOWN, UNKNOWN_TEXT))


def value_pair(before: Any, after: Any, limit: int) -> tuple[str, str]:
    """Return both values in at most `limit` characters each (80 or more), cut so that where they differ is seen."""
    left, right = value(before), value(after)
    if max(len(left), len(right)) <= limit:
        return left, right
    front = _common(left, right)
    # The tail may not reach into what is alike in front: "aa" and "aaa" share no more than two.
    rest = min(len(left), len(right)) - front
    back = min(_common(left[::-1], right[::-1]), rest)
    return _around(left, front, back, limit), _around(right, front, back, limit)


def _common(one: str, other: str) -> int:
    """Return how many characters are alike from the beginning; by halves, as values may be long."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one.startswith(other[:middle]) else (low, middle - 1)
    return low


def _around(text: str, front: int, back: int, limit: int) -> str:
    """Return the part of a text that differs, and as much of what is alike on both sides of it as there is room for."""
    if len(text) <= limit:
        return text
    end = len(text) - back
    room = limit - len(_gap(front)) - len(_gap(back))
    differs = cut(text[front:end], room)
    spare = room - len(differs)
    after = min(back, max(spare // 2, spare - front))
    before = min(front, spare - after)
    begin = f"{_gap(front - before) if front > before else ''}{text[front - before : front]}"
    return f"{begin}{differs}{text[end : end + after]}{_gap(back - after) if back > after else ''}"


def duration(seconds: float) -> str:
    """Return seconds as people read them: `45 s`, `10 min`, `1 h 30 min`, `2 d`; the two largest units."""
    left, parts = round(seconds), []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2]) or "0 s"
