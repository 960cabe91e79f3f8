"""Semantic versions of models: what changed against the latest registered version decides which number moves.

Another schema is a major change (callers have to send something else), other data a minor one, the same data a patch
(other code, settings or seed). A number is never given twice, not even that of a rejected version: it would name two
models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_FORM = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")


@dataclass(frozen=True, order=True)
class Version:
    """A semantic version without suffixes (semver.org, 2.0.0, sections 2 and 11)."""

    major: int
    minor: int = 0
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def after(self, change: str) -> Version:
        """Return the next version for a major, minor or patch change. Raises `ValueError` for another word."""
        if change == "major":
            return Version(self.major + 1)
        if change == "minor":
            return Version(self.major, self.minor + 1)
        if change == "patch":
            return Version(self.major, self.minor, self.patch + 1)
        raise ValueError(f"{change!r} is no kind of change: major, minor or patch")


FIRST = Version(1)


def parse(text: object) -> Version | None:
    """Return the version that a text says, None where it says none: three numbers without leading zeros."""
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    return Version(*(int(number) for number in found.groups())) if found else None


def highest(texts: Iterable[object]) -> Version | None:
    """Return the highest version among texts, leaving out those that are none."""
    known = [version for version in map(parse, texts) if version is not None]
    return max(known, default=None)


def next_version(
    latest: Mapping[str, Any] | None, *, schema_sha256: str, snapshot_sha256: str, taken: Iterable[object] = ()
) -> tuple[str, str]:
    """Return the version of a new model and why it is that.

    `latest` is champion.json's: the newest registered version that is not rejected, with `version`, `schema_sha256` and
    `snapshot_sha256`, each null where it was not recorded (which counts as changed). `taken` are all versions ever
    registered, rejected ones too. The result is higher than every one of them.
    """
    own = parse((latest or {}).get("version"))
    top = highest([*taken, (latest or {}).get("version")])
    if latest is None:
        if top is None:
            return str(FIRST), "the first version of this model"
        return str(top.after("patch")), f"no version stands; {top} was given before, and no number is given twice"
    change, why = _change(latest, schema_sha256, snapshot_sha256)
    if top is None:
        number = latest.get("registry_version")
        return str(FIRST), f"number {number} of the registry, the latest, has no semantic version: they start here"
    if own is None:
        return str(top.after(change)), f"the latest version has no semantic version, so it goes on from {top}: {why}"
    if top > own:
        return str(top.after(change)), f"{why} since {own}; {top} was given before, and no number is given twice"
    return str(own.after(change)), f"{why} since {own}"


def _change(latest: Mapping[str, Any], schema_sha256: str, snapshot_sha256: str) -> tuple[str, str]:
    if not latest.get("schema_sha256"):
        return "major", "the former schema is not recorded, which counts as another schema"
    if latest["schema_sha256"] != schema_sha256:
        return "major", "the schema changed"
    if not latest.get("snapshot_sha256"):
        return "minor", "the former data are not recorded, which counts as other data"
    if latest["snapshot_sha256"] != snapshot_sha256:
        return "minor", "the data changed, the schema did not"
    return "patch", "schema and data are the same, code, settings or seed may differ"
