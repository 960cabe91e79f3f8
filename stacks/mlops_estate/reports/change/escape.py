"""Text that stays text in Markdown, GitHub's included: no markup, no HTML, no link, no mention, no table column."""

from __future__ import annotations

import re

from mlops_estate.reports.change.values import clean

GAP = "&#8203;"
"""A zero-width space: in it GitHub finds no mention, no reference to an issue and no address."""
_ENTITIES = str.maketrans({sign: f"&#{ord(sign)};" for sign in "\\`*[]<>&|~!$#"})
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")  # within a word it marks nothing up
_PLAIN = re.compile(r"[^`|\\<>&\n]+")
_APART = (
    (re.compile(r"@"), f"@{GAP}"),  # a mention, an address of mail
    (re.compile(r"&#35;(?=\d)"), f"&#35;{GAP}"),  # an issue
    (re.compile(r"\b(GH)-(?=\d)", re.IGNORECASE), rf"\1-{GAP}"),  # an issue as well
    (re.compile(r":(?=//)"), f":{GAP}"),  # an address
    (re.compile(r"\b(www)\.", re.IGNORECASE), rf"\1{GAP}."),
    (re.compile(r"\b(mailto|xmpp):", re.IGNORECASE), rf"\1:{GAP}"),
    (re.compile(r":(?=[\w+-]+:)"), f":{GAP}"),  # an emoji
)
_BEGINNING = re.compile(r"^(?:([-+=])|(\d{1,9})([.)]))")


def prose(text: str) -> str:
    """Return text for running Markdown, a list item, a table's cell or a `<summary>`: it shows as it is."""
    escaped = _UNDERSCORE.sub("&#95;", clean(text).translate(_ENTITIES))
    for found, apart in _APART:
        escaped = found.sub(apart, escaped)
    return _BEGINNING.sub(_not_a_list, escaped)


def _not_a_list(found: re.Match[str]) -> str:
    sign, digits, closing = found.groups()
    return f"&#{ord(sign)};" if sign else f"{digits}&#{ord(closing)};"


def code(text: str) -> str:
    """Return a name in the type of code; where a code span can't hold it safely, as escaped HTML."""
    flat = clean(text)
    # A code span of plain signs is the one form that reads well in the source too, and GitHub links nothing in it.
    if _PLAIN.fullmatch(flat) and flat == flat.strip():
        return f"`{flat}`"
    return f"<code>{prose(flat)}</code>" if flat else ""


def fenced(lines: list[str], language: str) -> str:
    """Return lines as a fenced block, whose fence none of them can close; each must be on one line."""
    # In a fence nothing is markup; but whoever looks for a comment's anchor in its source must find the first only.
    text = "\n".join(line.replace("<!--", "<\u200b!--") for line in lines)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
