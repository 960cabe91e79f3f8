"""What a headline is, in which order headlines stand, and what several that say the same become."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mlops_estate.comparison.endpoints import Endpoint, endpoints_of, resources_of
from mlops_estate.comparison.model import Comparison, ResourceChange
from mlops_estate.graph import ResourceNode
from mlops_estate.graph_models import SHARED, models_of
from mlops_policies.stack import Stack

Level = Literal["danger", "warning", "notice"]
LEVELS: tuple[Level, ...] = ("danger", "warning", "notice")
KINDS = (
    "account", "model-removed", "feature-removed", "feature-retyped", "removal", "replacement", "unprotected",
    "encryption", "public", "boundary", "trust-widened", "permission-widened", "policy", "budget", "monitoring",
    "alarm", "capture", "retention", "network", "instance-type", "strategy", "gates", "version", "pipeline",
    "instance-count", "scaling", "cost", "permission-undecided", "model-added", "feature-added", "identity-added",
    "permission-narrowed", "policy-fixed", "more",
)  # fmt: skip
"""Every kind of headline; of one level those that stand first come first."""
MOST = 12
"""Headlines at most, so that the top of a report, two lines each, is one screen of 25 lines."""
LONGEST_TITLE, LONGEST_DETAIL = 110, 240
"""Characters of a title and of a detail: one line, and two."""
CHECKSUM = re.compile(r"\b[0-9a-f]{12,64}\b")
"""A part of a name that stands for content."""
_NAMED = 3
"""Subjects that a headline for several names."""


@dataclass(frozen=True, slots=True)
class Headline:
    """One headline before those that say the same are put together.

    `what` is the statement without its subject, `subject` the model, identity or resource that it is about ("" where
    it is about the whole), `noun` what several subjects are called together.
    """

    level: Level
    kind: str
    what: str
    subject: str = ""
    detail: str = ""
    model: str = ""
    urns: tuple[str, ...] = ()
    noun: str = "resources"


@dataclass(slots=True)
class Facts:
    """What the kinds of headlines are found in: the comparison, and both sides as policies read them."""

    comparison: Comparison
    permissions: Mapping[str, Any]
    release: list[Mapping[str, Any]]
    policy: Mapping[str, Any]
    cost: Mapping[str, Any] | None
    old: Stack = field(init=False)
    new: Stack = field(init=False)
    models: dict[str, str] = field(init=False)
    endpoints: list[tuple[Endpoint | None, Endpoint]] = field(init=False)
    gone: frozenset[str] = field(init=False)
    added: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        before, after = self.comparison.before, self.comparison.after
        self.old, self.new = resources_of(before), resources_of(after)
        olds, news = models_of(before), models_of(after)
        self.models = {**olds, **news}
        self.gone = frozenset(olds.values()) - frozenset(news.values()) - {SHARED}
        self.added = frozenset(news.values()) - frozenset(olds.values()) - {SHARED}
        were, are = endpoints_of(before, self.old), endpoints_of(after, self.new)
        aliases = {
            alias: urn for urn in are for alias in after.nodes[urn].aliases if isinstance(alias, str) and alias in were
        }
        self.endpoints = [(were.get(urn) or _aliased(were, aliases, urn), are[urn]) for urn in are]

    def changes(self, *actions: str) -> Iterator[ResourceChange]:
        """Yield the changes of these actions, without those of models that come or go as a whole."""
        left_out = self.gone | self.added
        return (
            change for change in self.comparison.changes
            if change.action in actions and not (change.model and change.model in left_out)
        )  # fmt: skip

    def was(self, change: ResourceChange) -> ResourceNode | None:
        """Return a changed resource as it was."""
        nodes = self.comparison.before.nodes
        if change.urn in nodes:
            return nodes[change.urn]
        new = self.comparison.after.nodes.get(change.urn)
        known = [alias for alias in new.aliases if isinstance(alias, str) and alias in nodes] if new else []
        return nodes[known[0]] if known else None


def _aliased(were: Mapping[str, Endpoint], aliases: Mapping[str, str], urn: str) -> Endpoint | None:
    return next((were[alias] for alias, now in aliases.items() if now == urn), None)


def ordered(found: Iterable[Headline]) -> list[dict[str, Any]]:
    """Return headlines as JSON data, the gravest first; those that say the same of several subjects are one."""
    groups: dict[tuple[int, int, str], list[Headline]] = {}
    for one in found:
        groups.setdefault((LEVELS.index(one.level), KINDS.index(one.kind), one.what), []).append(one)
    if len(groups) > MOST:
        groups = _by_kind(groups)
    made = [_together(group) for _, group in sorted(groups.items(), key=_place)]
    return made if len(made) <= MOST else [*made[: MOST - 1], _rest(made[MOST - 1 :])]


def _by_kind(groups: Mapping[tuple[int, int, str], list[Headline]]) -> dict[tuple[int, int, str], list[Headline]]:
    """Put all of one kind and level together, where there are too many to be read."""
    made: dict[tuple[int, int, str], list[Headline]] = {}
    for (level, kind, _), group in sorted(groups.items(), key=_place):
        made.setdefault((level, kind, ""), []).extend(group)
    return made


def _place(entry: tuple[tuple[int, int, str], list[Headline]]) -> tuple[Any, ...]:
    (level, kind, what), group = entry
    return level, kind, min((one.model, one.subject) for one in group), what


def _together(group: list[Headline]) -> dict[str, Any]:
    """Return one headline for all that say the same, or are of one kind."""
    group = sorted(set(group), key=lambda one: (one.model, one.subject, one.what, one.detail))
    first = group[0]
    subjects = list(dict.fromkeys(one.subject for one in group))
    models = sorted({one.model for one in group if one.model})
    whats = list(dict.fromkeys(one.what for one in group))
    details = list(dict.fromkeys(one.detail for one in group if one.detail))
    what = first.what if len(whats) == 1 else f"{first.kind.replace('-', ' ')}: {_listed(whats)}"
    detail = details[0] if len(details) == 1 else ""
    if len(subjects) == 1:
        title = f"{subjects[0]}: {what}" if subjects[0] else what
    else:
        noun = "models" if set(subjects) <= set(models) else first.noun
        title, detail = f"{len(subjects)} {noun}: {what}", ". ".join(filter(None, [_listed(subjects), detail]))
    if len(subjects) == 1 and len(details) > 1:
        detail = _listed(details, "; ")
    return {
        "level": first.level,
        "kind": first.kind,
        "title": _short(title, LONGEST_TITLE),
        "detail": _short(detail, LONGEST_DETAIL),
        "model": models[0] if len(models) == 1 else "",
        "models": models,
        "urns": sorted({urn for one in group for urn in one.urns}),
    }


def _rest(left: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one headline that names what is left out above; it is as grave as the gravest of these."""
    kinds = list(dict.fromkeys(str(each["kind"]).replace("-", " ") for each in left))
    return {
        "level": left[0]["level"],
        "kind": "more",
        "title": _short(f"{len(left)} more: {', '.join(kinds)}", LONGEST_TITLE),
        "detail": _short("; ".join(str(each["title"]) for each in left[:_NAMED]), LONGEST_DETAIL),
        "model": "",
        "models": sorted({model for each in left for model in each["models"]}),
        "urns": sorted({urn for each in left for urn in each["urns"]}),
    }


def _listed(texts: list[str], joint: str = ", ") -> str:
    """Return the first few of several texts, and how many more there are."""
    shown = joint.join(texts[:_NAMED])
    return shown if len(texts) <= _NAMED else f"{shown} and {len(texts) - _NAMED} more"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip(' ,;.')}…"
