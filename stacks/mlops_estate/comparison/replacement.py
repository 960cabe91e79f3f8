"""What forces a resource's replacement, and what is lost with it: from the SDK where it knows, else from a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mlops_estate.graph import ResourceNode

TABLE = Path(__file__).with_name("replacement.yaml")
DECLARED = "declared by the provider's SDK or the program"
DOCUMENTED = "the AWS provider's documentation"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the table says of a type. `replaces` is None where it says nothing of replacement."""

    replaces: frozenset[str] | None = None
    everything: bool = False
    in_place: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()
    holds: str = ""


@dataclass(frozen=True, slots=True)
class Risk:
    """Whether a change replaces a resource: the properties that force it, those that may, and where that is from."""

    replaces: tuple[str, ...] = ()
    may_replace: tuple[str, ...] = ()
    source: str = ""


@cache
def table() -> Mapping[str, Knowledge]:
    """Return what is known, by type."""
    import yaml

    return {token: _knowledge(entry) for token, entry in yaml.safe_load(TABLE.read_text(encoding="utf-8")).items()}


def _knowledge(entry: Mapping[str, Any]) -> Knowledge:
    replaces = entry.get("replaces")
    return Knowledge(
        None if replaces is None else frozenset() if replaces == "all" else frozenset(replaces),
        replaces == "all",
        frozenset(entry.get("in_place", ())),
        frozenset(entry.get("unsure", ())),
        entry.get("holds", ""),
    )


def holds(type_token: str) -> str:
    """Say what is lost with a resource of a type, "" for one that holds nothing."""
    known = table().get(type_token)
    return known.holds if known else ""


def risk(node: ResourceNode, changed: Iterable[str]) -> Risk:
    """Return whether a change of these property paths replaces a resource; `node` is how it is declared now.

    What the registration itself declares (`replace_on_changes`, which `aws-native`'s SDK fills) comes first. Of a type
    of which nothing is known, every changed property may replace.
    """
    paths = list(changed)
    declared = sorted({path for path in paths if any(_matches(each, path) for each in node.replace_on_changes)})
    if declared:
        return Risk(tuple(declared), (), DECLARED)
    package = node.type.split(":")[0]
    if package == "aws-native":  # its SDK lists whatever replaces
        return Risk()
    tops = {_top(path) for path in paths}
    known = table().get(node.type)
    if package == "aws" and "region" in tops:
        return Risk(("region",), (), DOCUMENTED)
    if known is None or known.replaces is None:
        return Risk((), tuple(sorted(tops - {"tags", "tagsAll"})))
    forced = tops - known.in_place - known.unsure if known.everything else tops & known.replaces
    return Risk(tuple(sorted(forced)), tuple(sorted(tops & known.unsure)), DOCUMENTED if forced else "")


def _top(path: str) -> str:
    return path.split(".")[0].split("[")[0]


def _matches(pattern: str, path: str) -> bool:
    """Whether a property path of `replace_on_changes` covers a changed path: `*` for all, `tags[*]` for any item."""
    if pattern == "*":
        return True
    wanted, found = _parts(pattern), _parts(path)
    # A whole property that appears or goes away changes all that is in it.
    return all(each in ("*", other) for each, other in zip(wanted, found, strict=False))


def _parts(path: str) -> list[str]:
    return [part for part in path.replace("[", ".").replace("]", "").split(".") if part]
