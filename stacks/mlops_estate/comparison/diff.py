"""Two resource graphs beside each other: what is added, changed, replaced and removed, and what depends on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mlops_estate.comparison.model import ACTIONS, Action, Comparison, PropertyChange, ResourceChange, Side
from mlops_estate.comparison.properties import changes
from mlops_estate.comparison.replacement import Risk, holds, risk
from mlops_estate.engine.naming import has_names, without_names
from mlops_estate.engine.wire import has_unknown
from mlops_estate.graph import STACK_TYPE, UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.graph_file import as_dict
from mlops_estate.graph_models import models_of

FOLLOWS = "follows from the replacement of {name}: its address is known only afterwards"
ENGINE = "the Pulumi engine"
_GONE = frozenset({"deleted", "superseded", "failed", "skipped"})
_ORDER = {action: place for place, action in enumerate(ACTIONS)}
_OPTIONS = ("protect", "retain_on_delete", "ignore_changes", "delete_before_replace")


@dataclass(frozen=True, slots=True)
class Told:
    """What the engine says of a resource itself: its action, and the properties that it names as reason to replace."""

    action: Action
    replaces: tuple[str, ...] = ()


@dataclass(slots=True)
class _Sides:
    """Both graphs with what is asked of them again and again."""

    before: ResourceGraph
    after: ResourceGraph
    told: Mapping[str, Told]
    known: bool
    old: dict[str, ResourceNode] = field(init=False)
    new: dict[str, ResourceNode] = field(init=False)
    models: dict[str, str] = field(init=False)
    downstream: dict[str, set[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.old, self.new = _standing(self.before), _standing(self.after)
        self.models = {**models_of(self.before), **models_of(self.after)}
        self.downstream = {}
        for graph in (self.before, self.after):
            for node in graph.custom_nodes():
                for urn in graph.depends_on(node):
                    self.downstream.setdefault(urn, set()).add(node.urn)

    def blast(self, urn: str) -> tuple[str, ...]:
        """Return the resources that depend on one, directly or through others."""
        found: set[str] = set()
        waiting = [urn]
        while waiting:
            for each in self.downstream.get(waiting.pop(), ()):
                if each not in found and each != urn:
                    found.add(each)
                    waiting.append(each)
        return tuple(sorted(each for each in found if not self._provider(each)))

    def component(self, node: ResourceNode) -> str:
        """Return the path of the components that a resource is in, outermost first."""
        names: list[str] = []
        nodes = self.after.nodes if node.urn in self.after.nodes else self.before.nodes
        at = nodes.get(node.parent or "")
        while at is not None and at.type != STACK_TYPE:
            names.append(f"{at.type.rpartition(':')[2]} {at.name}")
            at = nodes.get(at.parent or "")
        return " > ".join(reversed(names))

    def _provider(self, urn: str) -> bool:
        node = self.new.get(urn) or self.old.get(urn)
        return node is None or node.is_provider


def compare(
    before: ResourceGraph,
    after: ResourceGraph,
    *,
    environment: str,
    base: Side,
    head: Side,
    told: Mapping[str, Told] | None = None,
    known: bool = False,
) -> Comparison:
    """Return what differs between two graphs of one stack, secrets masked; `told` is what an engine says itself.

    `known` is for a side that comes from an account, where nothing is unknown: what is unknown on the other side alone
    is then no difference.

    Resources are the same by URN, or where the new one names the old one's URN as an alias. Whether a change replaces
    a resource is from `told`, what the registration declares, or the table; a replacement spreads to what takes the
    replaced resource's address in a property that forces one in turn.
    """
    before, after = _masked(before), _masked(after)
    if before.nodes and after.nodes and has_names(before) != has_names(after):
        # The side with names knows more, so an unknown of the other says nothing.
        before, after, known = without_names(before), without_names(after), True
    sides = _Sides(before, after, told or {}, known)
    result = Comparison(environment, base, head, before, after)
    pairs = _paired(sides)
    found: dict[str, ResourceChange] = {}
    for old, new in pairs:
        change = _change(sides, old, new)
        if change is None:
            result.unchanged += 1
        else:
            found[change.urn] = change
    if told is None:
        _spread(sides, found, {new.urn: (old, new) for old, new in pairs if old is not None and new is not None})
        result.unchanged = len(pairs) - len(found)
    result.changes = sorted(
        (replace(change, blast=sides.blast(change.urn)) if change.action != "add" else change
         for change in found.values()),
        key=lambda item: (_ORDER[item.action], not item.stateful, item.model, item.component, item.type, item.urn),
    )  # fmt: skip
    return result


def _standing(graph: ResourceGraph) -> dict[str, ResourceNode]:
    return {node.urn: node for node in graph.custom_nodes() if node.status not in _GONE}


def _masked(graph: ResourceGraph) -> ResourceGraph:
    """Return a graph without its secrets; one that has none, as it is."""
    if not any(node.secret_inputs or node.secret_outputs for node in graph.nodes.values()):
        return graph
    data = as_dict(graph)
    nodes = {entry["urn"]: ResourceNode(**entry) for entry in data["nodes"]}
    return replace(graph, nodes=nodes, stack_outputs=data["stack_outputs"], notes=data["notes"])


def _paired(sides: _Sides) -> list[tuple[ResourceNode | None, ResourceNode | None]]:
    pairs: list[tuple[ResourceNode | None, ResourceNode | None]] = []
    taken: set[str] = set()
    for urn, new in sides.new.items():
        known = [urn, *(alias for alias in new.aliases if isinstance(alias, str))]
        old = next((sides.old[each] for each in known if each in sides.old and each not in taken), None)
        if old is not None:
            taken.add(old.urn)
        pairs.append((old, new))
    return [*pairs, *((old, None) for urn, old in sides.old.items() if urn not in taken)]


def _change(sides: _Sides, old: ResourceNode | None, new: ResourceNode | None) -> ResourceChange | None:
    node = new or old
    assert node is not None
    told = sides.told.get(node.urn)
    if old is not None and new is not None:
        found = changes(_inputs(old, new), new.inputs)
        if sides.known:
            found = tuple(each for each in found if not (has_unknown(each.before) or has_unknown(each.after)))
        found += _options_changed(old, new)
        if not found and told is None:
            return None
        paths = [each.path for each in found if not each.path.startswith("options.")]
        risks = Risk(told.replaces, (), ENGINE if told.replaces else "") if told else risk(new, paths)
        action: Action = told.action if told else "replace" if risks.replaces else "change"
        marked = tuple(replace(each, replaces=_forced(each.path, risks.replaces)) for each in found)
        return _resource(sides, node, action, marked, risks, protected=old.protect, retained=old.retain_on_delete)
    action = "add" if new is not None else "remove"
    return _resource(sides, node, action, (), Risk(), protected=node.protect, retained=node.retain_on_delete)


def _resource(
    sides: _Sides,
    node: ResourceNode,
    action: Action,
    properties: tuple[PropertyChange, ...],
    risks: Risk,
    *,
    protected: bool,
    retained: bool,
) -> ResourceChange:
    return ResourceChange(
        node.urn,
        node.type,
        node.name,
        action,
        model=sides.models.get(node.urn, ""),
        component=sides.component(node),
        source=node.source,
        properties=properties,
        replaces=risks.replaces,
        replace_source=risks.source if action == "replace" else "",
        may_replace=risks.may_replace if action == "change" else (),
        stateful=holds(node.type),
        protected=protected,
        retained=retained,
    )


def _inputs(old: ResourceNode, new: ResourceNode) -> dict[str, object]:
    """Return the old inputs, with what the new registration ignores as it is asked for now: no engine compares it."""
    ignored = {path.split(".")[0].split("[")[0] for path in new.ignore_changes}
    if "*" in ignored:
        return dict(new.inputs)
    kept = {key: value for key, value in old.inputs.items() if key not in ignored}
    return {**kept, **{key: new.inputs[key] for key in ignored if key in new.inputs}}


def _options_changed(old: ResourceNode, new: ResourceNode) -> tuple[PropertyChange, ...]:
    """Return the options that differ and matter to what becomes of a resource, as `options.protect`."""
    return tuple(
        PropertyChange(f"options.{name}", "change", getattr(old, name), getattr(new, name))
        for name in _OPTIONS
        if getattr(old, name) != getattr(new, name)
    )


def _forced(path: str, replaces: Iterable[str]) -> bool:
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in replaces)


def _spread(
    sides: _Sides,
    found: dict[str, ResourceChange],
    pairs: Mapping[str, tuple[ResourceNode, ResourceNode]],
) -> None:
    """Add what is replaced in turn: a resource that has a replaced one's address where a change forces replacement."""
    waiting = [urn for urn, change in found.items() if change.action == "replace"]
    while waiting:
        source = found[waiting.pop()]
        for urn in sorted(sides.downstream.get(source.urn, ())):
            change = found.get(urn)
            if urn not in pairs or (change is not None and change.action != "change"):
                continue
            _, new = pairs[urn]
            via = sorted(key for key, urns in new.property_dependencies.items() if source.urn in urns)
            risks = risk(new, via)
            if not risks.replaces or new.is_provider:
                continue
            spread = tuple(PropertyChange(path, "change", UNKNOWN, UNKNOWN, replaces=True) for path in risks.replaces)
            known = change.properties if change else ()
            why = Risk(risks.replaces, (), FOLLOWS.format(name=source.name))
            found[urn] = _resource(
                sides, new, "replace", (*known, *spread), why,
                protected=pairs[urn][0].protect, retained=pairs[urn][0].retain_on_delete,
            )  # fmt: skip
            waiting.append(urn)
