"""What levers are computed from: an estimate, the graph, usage, prices, and where the configuration says things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.graph_models import models_of
from mlops_estate.pricing.desk import first, known_number
from mlops_estate.pricing.model import HOURS, CostEstimate, CostLine, Price, Range, Usage
from mlops_estate.pricing.serving import POLICIES
from mlops_estate.pricing.table import Prices

_ACTIVE = {"active_hours_per_day", "active_days_per_week"}


@cache
def facts() -> dict[str, Any]:
    """Return the discounts and shares of the data file."""
    import yaml

    text = Path(__file__).with_name("facts.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 -- a safe loader
    return loaded


def share(entry: Mapping[str, Any]) -> Range:
    """Return a discount of the data file as a range."""
    return Range.of(*(str(entry[name]) for name in ("low", "expected", "high")))


@dataclass
class Bench:
    """One environment's estimate with what else levers need."""

    costs: CostEstimate
    graph: ResourceGraph
    usage: Mapping[str, Usage]
    prices: Prices
    environment_class: str

    @cached_property
    def hosting(self) -> list[CostLine]:
        """The instance-hours of endpoints."""
        return [line for line in self.costs.lines if line.basis.get("mode") == "hosting"]

    def instances(self, mode: str, *, monitor: bool = False) -> list[CostLine]:
        """Return the instance-hours of one mode; of monitors or of others."""
        return [
            line for line in self.costs.lines
            if line.basis.get("mode") == mode and bool(line.basis.get("monitor")) == monitor
            and line.basis.get("instance_type")
        ]  # fmt: skip

    def of_key(self, key: str) -> list[CostLine]:
        """Return the lines of one price."""
        return [line for line in self.costs.lines if line.price.key == key]

    def nodes(self, *types: str) -> list[ResourceNode]:
        """Return the custom resources of some types."""
        by_type = self.graph.by_type()
        return [node for kind in types for node in by_type.get(kind, ())]

    def price(self, key: str) -> Price | None:
        """Return a price of the environment's region, or of the one that stands in."""
        return self.prices.find(key)

    def peak_instances(self, line: CostLine) -> Decimal | None:
        """Return the instances that carry a model's peak; None where usage or the scaling target isn't known.

        The peak is the most requests in the fewest active hours, below the target of invocations per instance and
        minute, within the bounds of scaling.
        """
        used, target = self.usage.get(line.model), self._target(line.model)
        if used is None or target is None or not {"requests_per_month", *_ACTIVE} <= used.amounts.keys():
            return None
        hours = self._active_hours(used).low
        if not hours:
            return None
        needed = (used.range("requests_per_month").high / (hours * 60) / target).to_integral_value(ROUND_CEILING)
        fewest, most = line.basis["instances"].low, line.basis["instances"].high
        return Decimal(min(max(needed, fewest), most))

    def _target(self, model: str) -> Decimal | None:
        for node in self.nodes(*POLICIES):
            tracking = first(node.inputs.get("targetTrackingScalingPolicyConfiguration"))
            if self._models.get(node.urn) == model and (found := known_number(tracking.get("targetValue"))):
                return found
        return None

    @cached_property
    def _models(self) -> dict[str, str]:
        return models_of(self.graph)

    @staticmethod
    def _active_hours(used: Usage) -> Range:
        return used.range("active_hours_per_day") * used.range("active_days_per_week") / (24 * 7) * HOURS

    def idle_share(self, model: str) -> Range | None:
        """Return the share of a month in which a model isn't used; None where usage doesn't say."""
        used = self.usage.get(model)
        if used is None or not used.amounts.keys() >= _ACTIVE:
            return None
        active = (self._active_hours(used) / HOURS).at_most(1)
        one = Decimal(1)
        return Range(one - active.high, one - active.expected, one - active.low)


def always_on(line: CostLine) -> Range:
    """Return what the fewest instances of an endpoint cost, that run all month."""
    fewest: Decimal = line.basis["instances"].low
    return line.price.range * (fewest * HOURS)
