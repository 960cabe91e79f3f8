"""Text that somebody else's code wrote, made fit to be published under the workflow's own name."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from mlops_estate.faults import Fault, FaultsFound

# GitHub notifies whoever is mentioned, and links back from what is referred to: neither for a text of unknown origin.
_MENTION = re.compile(r"(?<![A-Za-z0-9_.+-])@(?=[A-Za-z0-9])")
_REFERENCE = re.compile(r"((?<!&)#|\bGH-|/(?:issues|pull|discussions)/)(?=\d)", re.I)
# The same signs as character references, which GitHub resolves before it looks for mentions.
_WRITTEN_OUT = {
    "@": re.compile(r"&(?:#0*64|#x0*40|commat)(?:;|(?![0-9a-z]))", re.I),
    "#": re.compile(r"&(?:#0*35|#x0*23|num)(?:;|(?![0-9a-z]))", re.I),
}
_IMAGE = re.compile(r"!(?=\[)")
# Elements that show, load or link something; GitHub strips scripts itself. `details` and its like stay.
_ELEMENT = re.compile(r"<(?=\s*/?\s*(?:img|picture|source|video|audio|a|svg|iframe|object|embed|form|input)\b)", re.I)
# A comment that hides text, or an anchor of another text, from the reader.
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_APART = "\u200b"


def read_text(path: Path, limit: int) -> str:
    """Return the text of a file that somebody else wrote: a plain file of at most `limit` bytes of UTF-8.

    Raises `FaultsFound` where it is anything else.
    """
    if path.is_symlink() or not path.is_file():
        raise _refused(path, None, "must be a plain file")
    with path.open("rb") as opened:
        content = opened.read(limit + 1)
    if len(content) > limit:
        raise _refused(path, path.stat().st_size, f"must have at most {limit} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(path, None, f"must be UTF-8: {error.reason} at byte {error.start}") from None


def _refused(path: Path, value: object, rule: str) -> FaultsFound:
    fix = "look at the run that wrote it; nothing of it was published"
    return FaultsFound([Fault(str(path), value, rule, fix)])


def disarmed(text: str) -> str:
    """Return Markdown that mentions nobody, refers to nothing, shows no image, and hides nothing.

    Links stay: GitHub marks them as such, and shows where they lead.
    """
    text = _HIDDEN.sub("", text.replace("\r\n", "\n"))
    text = "".join(character for character in text if character in "\n\t" or not _invisible(character))
    text = _HIDDEN.sub("", text).replace("<!--", "&lt;!--")  # also what one that was taken out kept apart
    for sign, written_out in _WRITTEN_OUT.items():
        text = written_out.sub(sign, text)
    text = _IMAGE.sub(f"!{_APART}", text)
    text = _ELEMENT.sub("&lt;", text)
    text = _REFERENCE.sub(rf"\1{_APART}", text)
    return _MENTION.sub(f"@{_APART}", text)


def _invisible(character: str) -> bool:
    """Whether a character has no form of its own: controls, and formats that turn or hide what stands beside them."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co"}


def fenced(text: str) -> str:
    """Return a text as a code block that it can't end itself."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text.rstrip()}\n{fence}"
