"""Where pricers bring what a resource uses; free tiers and volume tiers are applied once, over the whole graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.graph_file import MASK
from mlops_estate.graph_models import SHARED, models_of
from mlops_estate.pricing.model import Amount, CostLine, Price, Range, Usage
from mlops_estate.pricing.table import Prices
from mlops_estate.pricing.usage import assumed, table

NOWHERE = ResourceNode(urn="", type="", name="", custom=False)


@dataclass(slots=True)
class _Entry:
    node: ResourceNode
    model: str
    item: str
    price: Price
    quantity: Range
    by: Sequence[Amount]
    basis: Mapping[str, Any]


@dataclass
class Desk:
    """One estimate being made: the graph, the prices, the usage, and what pricers have brought so far."""

    graph: ResourceGraph
    prices: Prices
    usage: Mapping[str, Usage]
    environment_class: str
    notes: list[str] = field(default_factory=list)
    unpriced_of: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    free_of: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    _entries: list[_Entry] = field(default_factory=list)
    _done: set[str] = field(default_factory=set)

    @cached_property
    def model_of(self) -> dict[str, str]:
        """The model of every resource by URN."""
        return models_of(self.graph)

    @cached_property
    def models(self) -> list[str]:
        """The names of the graph's models, in alphabetical order."""
        return sorted(set(self.model_of.values()) - {SHARED})

    @cached_property
    def by_type(self) -> dict[str, list[ResourceNode]]:
        """The custom resources by type."""
        return self.graph.by_type()

    @cached_property
    def stack(self) -> ResourceNode:
        """The stack's own node, for what the environment uses as a whole."""
        return next((node for node in self.graph.nodes.values() if node.type == "pulumi:pulumi:Stack"), NOWHERE)

    def of_types(self, *types: str) -> list[ResourceNode]:
        """Return the custom resources of some types."""
        return [node for kind in types for node in self.by_type.get(kind, ())]

    def amount(self, model: str, key: str) -> Amount:
        """Return a figure of a model: stated, else assumed for one model of the environment's class."""
        stated = self.usage.get(model) if model else None
        if stated is not None and key in stated.amounts:
            return stated.amounts[key]
        return assumed(self.environment_class)[key]

    def stated(self, model: str, key: str) -> Amount | None:
        """Return a figure only if it is written in the configuration."""
        found = self.usage.get(model)
        amount = found.amounts.get(key) if found is not None else None
        return amount if amount is not None and amount.written else None

    def shared(self, key: str) -> Amount:
        """Return a figure of the environment; what is assumed for each model or resource is multiplied by those."""
        if written := self.stated(SHARED, key):
            return written
        amount = assumed(self.environment_class, "estate")[key]
        entry = table()["estate"][key]
        if entry.get("per_model"):
            return replace(amount, range=amount.range * max(1, len(self.models)))
        if entry.get("per_resource"):
            return replace(amount, range=amount.range * sum(1 for _ in self.graph.custom_nodes()))
        return amount

    def once(self, what: str) -> bool:
        """Return whether this is the first time that something is asked for: what is billed once per environment."""
        if what in self._done:
            return False
        self._done.add(what)
        return True

    def add(
        self,
        node: ResourceNode,
        key: str,
        quantity: Range | Decimal | int,
        *,
        model: str | None = None,
        item: str = "",
        by: Sequence[Amount] = (),
        price: Price | None = None,
        basis: Mapping[str, Any] | None = None,
    ) -> None:
        """Bring a quantity of single things (requests, hours, GB) at the price of a key.

        `by` are the figures of usage that the quantity rests on; `price` is one that was made from the key's.
        A key without a price makes the resource unpriced.
        """
        found = price or self.prices.find(key)
        if found is None:
            fix = "add it to a price file and give that with --prices"
            self.unpriced(node, f"the price table has no {key}: {fix}")
            return
        amount = quantity if isinstance(quantity, Range) else Range.exactly(quantity)
        owner = self.model_of.get(node.urn, SHARED) if model is None else model
        self._entries.append(_Entry(node, owner, item or found.item, found, amount / found.per, by, basis or {}))

    def instances(
        self,
        node: ResourceNode,
        instance_type: str,
        hours: Range,
        *,
        mode: str,
        item: str = "",
        by: Sequence[Amount] = (),
        spot: Range | None = None,
        **basis: Any,
    ) -> None:
        """Bring instance-hours of a type; `spot` is the share of the on-demand price that is paid."""
        price = self.instance_price(instance_type, mode)
        if price is None:
            fix = "add a row for it to a price file and give that with --prices, or use a type that has one"
            self.unpriced(node, f"no price of {instance_type} in the table ({mode}): {fix}")
            return
        if spot is not None:
            price = replace(
                price,
                usd=price.usd * spot.expected,
                low=price.low * spot.low,
                high=price.high * spot.high,
                note="; ".join(filter(None, ("managed spot, " + _percent_off(spot), price.note))),
            )
        self.add(
            node, price.key, hours, item=item or f"{instance_type} {mode}", by=by, price=price,
            basis={"instance_type": instance_type, "mode": mode, "hours": hours, **basis},
        )  # fmt: skip

    def instance_price(self, instance_type: str, mode: str) -> Price | None:
        """Return the price of an instance type's hour: of the mode where it has one of its own, else of all modes."""
        for kind in (mode, "instance"):
            if found := self.prices.find(f"sagemaker.{kind}.{instance_type}"):
                return found
        return None

    def unpriced(self, node: ResourceNode, why: str) -> None:
        """Say that a resource, or a part of it, has no price in this estimate, and why."""
        self.unpriced_of.setdefault(node.type, {}).setdefault(why, set()).add(node.urn)

    def free(self, node: ResourceNode, why: str) -> None:
        """Say that a resource costs nothing, and why."""
        self.free_of.setdefault(node.type, {}).setdefault(why, set()).add(node.urn)

    def linked(self, node: ResourceNode, name: str, *types: str) -> ResourceNode | None:
        """Return the resource of some types that a property is filled from."""
        for urn in node.property_dependencies.get(name, ()):
            found = self.graph.nodes.get(urn)
            if found is not None and found.type in types:
                return found
        return None

    def lines(self) -> list[CostLine]:
        """Return the lines, with free tiers and volume tiers used up in the order in which they were brought."""
        used: dict[str, Range] = {}
        return [self._line(entry, used) for entry in self._entries]

    def _line(self, entry: _Entry, used: dict[str, Range]) -> CostLine:
        price, quantity = entry.price, entry.quantity
        free, paid = Range(), quantity
        if price.free or price.tiers:
            before = used.get(price.key, Range())
            used[price.key] = before + quantity
            free = _each(lambda start, amount: min(max(price.free - start, Decimal(0)), amount), before, quantity)
            paid = quantity - free
            if price.tiers:
                start = _each(lambda at, _: max(at - price.free, Decimal(0)), before, quantity)
                monthly = _tiered(price, start, paid)
            else:
                monthly = paid * price.range
        else:
            monthly = quantity * price.range
        assumptions = [amount.why for amount in entry.by if not amount.written]
        return CostLine(
            urn=entry.node.urn, type=entry.node.type, name=entry.node.name, model=entry.model, item=entry.item,
            quantity=quantity, price=price, monthly=monthly.fixed(), free_quantity=free,
            status="usage" if assumptions else "priced", assumption="; ".join(dict.fromkeys(assumptions)),
            basis=entry.basis,
        )  # fmt: skip


def _each(rule: Any, start: Range, quantity: Range) -> Range:
    return Range(
        rule(start.low, quantity.low), rule(start.expected, quantity.expected), rule(start.high, quantity.high)
    )


def _tiered(price: Price, start: Range, quantity: Range) -> Range:
    """Return what a quantity costs after `start` units; sources that disagree scale every tier alike."""
    amounts = _each(lambda at, amount: _through(price, at, amount), start, quantity)
    return amounts * Range(price.low / price.usd, Decimal(1), price.high / price.usd) if price.usd else amounts


def _through(price: Price, start: Decimal, quantity: Decimal) -> Decimal:
    cost, at, left = Decimal(0), start, quantity
    for tier in price.tiers:
        room = left if tier.up_to is None else min(max(tier.up_to - at, Decimal(0)), left)
        cost += room * tier.usd
        at, left = at + room, left - room
    return cost


def _percent_off(share: Range) -> str:
    return f"{100 * (1 - share.expected):.0f} % off ({100 * (1 - share.high):.0f} to {100 * (1 - share.low):.0f})"


def known_text(value: Any) -> str:
    """Return a text that is known; an empty one for what isn't text, or only known at the update."""
    return value if isinstance(value, str) and UNKNOWN not in value and MASK not in value else ""


def known_number(value: Any) -> Decimal | None:
    """Return a number that is known, also one that is written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(str(value))
    text = known_text(value)
    return Decimal(text) if text.replace(".", "", 1).isdigit() else None


def blocks(value: Any) -> list[Mapping[str, Any]]:
    """Return the mappings of a list, or one mapping as such a list."""
    items: Iterable[Any] = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Mapping)]


def first(value: Any) -> Mapping[str, Any]:
    """Return the first mapping of a list, or the mapping itself; an empty one where there is none."""
    return next(iter(blocks(value)), {})
