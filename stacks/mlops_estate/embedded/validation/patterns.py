"""Service-model patterns as Python can run them.

They are written for Java: properties such as ``\\p{Alnum}``, and character classes in which ``-`` or ``[`` stand
unescaped.
The `regex` module knows more of this than `re`; what it does not is translated here. A pattern that still does not
compile is reported by `unusable_patterns`, never passed over in silence.
"""

from __future__ import annotations

import functools
import warnings

import regex

_JAVA_CLASSES = {
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{Alpha}": "a-zA-Z",
    r"\p{Digit}": "0-9",
    r"\p{Upper}": "A-Z",
    r"\p{Lower}": "a-z",
    r"\p{Punct}": r"!-/:-@\[-`{-~",
    r"\p{Space}": r"\s",
    r"\p{XDigit}": "0-9a-fA-F",
    r"\p{ASCII}": r"\x00-\x7f",
    r"\p{Print}": r"\x20-\x7e",
    r"\p{Graph}": r"\x21-\x7e",
    r"\p{IsAlphabetic}": r"\p{Alphabetic}",
    r"\p{IsDigit}": r"\p{Nd}",
    r"\p{IsLatin}": r"\p{Latin}",
}


def _translated(pattern: str) -> str:
    """Replace Java's POSIX classes, inside a character class by their members, outside by a class of their own."""
    # Java's UTF-16 surrogate pairs stand for everything beyond the basic plane.
    pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    for java, members in _JAVA_CLASSES.items():
        start = pattern.find(java)
        while start >= 0:
            before = pattern[:start]
            inside = _open_brackets(before)
            piece = members if inside else f"[{members}]"
            pattern = before + piece + pattern[start + len(java) :]
            start = pattern.find(java, start + len(piece))
    return pattern


def _open_brackets(text: str) -> bool:
    """Whether `text` ends inside a character class."""
    inside, escaped = False, False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "[" and not inside:
            inside = True
        elif character == "]" and inside:
            inside = False
    return inside


@functools.cache
def compiled(pattern: str) -> regex.Pattern[str] | None:
    """Return the compiled pattern, or None where no translation compiles."""
    with warnings.catch_warnings():
        # Nested-set warnings: Java nests character classes, version 0 of the module reads them literally, as AWS
        # writes them.
        warnings.simplefilter("ignore", FutureWarning)
        for candidate in (_translated(pattern), _translated(pattern).replace("--", r"-\-")):
            try:
                return regex.compile(candidate)
            except regex.error:
                continue
    return None


def matches(pattern: str, value: str) -> bool:
    """Whether the whole of `value` fits; true where the pattern cannot be run (see `unusable_patterns`)."""
    expression = compiled(pattern)
    return expression is None or expression.fullmatch(value) is not None


def unusable_patterns(service_model: object) -> list[str]:
    """Return the patterns of a service that cannot be run, in order of shape name."""
    from botocore.model import ServiceModel

    assert isinstance(service_model, ServiceModel)
    found = []
    for name in sorted(service_model.shape_names):
        pattern = service_model.shape_for(name).metadata.get("pattern")
        if pattern and compiled(pattern) is None:
            found.append(pattern)
    return found
