"""A comparison of two resource graphs, as one data structure that every part of the change report reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from mlops_estate.graph import ResourceGraph

Action = Literal["add", "change", "replace", "remove"]
ACTIONS: tuple[Action, ...] = ("remove", "replace", "change", "add")
"""What happens to a resource, the gravest first."""


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property that differs.

    `path` is the property's, as Pulumi writes it (`containers[0].image`); inside a JSON document held as text it goes
    on within the document (`policy.Statement[0].Action`). `before` is None for one that is new, `after` for one that
    is gone. Secrets are masked (`graph_file.MASK`); unknown values are `graph.UNKNOWN`.
    """

    path: str
    kind: Literal["add", "change", "remove"]
    before: Any = None
    after: Any = None
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One resource that differs.

    `model` is "" for what belongs to no single model; `component` is the path of components that it is in. `replaces`
    are the properties that force the replacement, `replace_source` where that is known from, and `may_replace` those of
    which nothing is known. `stateful` says what is lost with the resource, "" where it holds nothing. `blast` are the
    URNs of what depends on it, directly or through others, in either graph.
    """

    urn: str
    type: str
    name: str
    action: Action
    model: str = ""
    component: str = ""
    source: str = ""
    properties: tuple[PropertyChange, ...] = ()
    replaces: tuple[str, ...] = ()
    replace_source: str = ""
    may_replace: tuple[str, ...] = ()
    stateful: str = ""
    protected: bool = False
    retained: bool = False
    blast: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two sides: `kind` is revision, working tree, graph, preview, plan or nothing; `label` what people call
    it; `revision` the full commit hash of a revision, else ""."""

    kind: Literal["revision", "working tree", "graph", "preview", "plan", "state", "nothing"]
    label: str
    revision: str = ""
    resources: int = 0


@dataclass(slots=True)
class Comparison:
    """What differs between `before` and `after`; `changes` of resources that a provider manages, the gravest first."""

    environment: str
    base: Side
    head: Side
    before: ResourceGraph
    after: ResourceGraph
    changes: list[ResourceChange] = field(default_factory=list)
    unchanged: int = 0
    notes: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how many resources each action takes, and how many stay as they are."""
        found: dict[str, int] = dict.fromkeys(ACTIONS, 0)
        for change in self.changes:
            found[change.action] += 1
        return {**found, "unchanged": self.unchanged}
