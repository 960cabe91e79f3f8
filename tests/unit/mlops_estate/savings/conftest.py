"""A bench of lines and a small graph, made by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.pricing import shipped
from mlops_estate.pricing.model import Amount, CostEstimate, CostLine, Price, Range, Usage
from mlops_estate.savings.bench import Bench

STACK = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"


def price(key: str, usd: str) -> Price:
    amount = Decimal(usd)
    return Price(key, "SageMaker", key, "hour", amount, "us-east-1", "2026-11-26", 2, amount, amount)


@pytest.fixture
def instance():
    """Return a function that makes a line of instance-hours at a price."""

    def make(
        instance_type: str = "ml.m5.large", usd: str = "0.1", hours: Any = 730, mode: str = "hosting", model: str = "m",
        item: str = "", **basis: Any,
    ) -> CostLine:  # fmt: skip
        spent = hours if isinstance(hours, Range) else Range.exactly(hours)
        own = price(f"sagemaker.instance.{instance_type}", usd)
        made = {"instance_type": instance_type, "mode": mode, "hours": spent, **basis}
        if mode == "hosting":
            made.setdefault("instances", Range.exactly(1))
        return CostLine(
            f"urn:{model}-{mode}", "t", model, model, item or mode, spent, own, spent * own.range, basis=made
        )

    return make


@pytest.fixture
def line():
    """Return a function that makes any other line."""

    def make(key: str, quantity: Any, usd: str = "0.01", *, model: str = "", item: str = "") -> CostLine:
        amount = quantity if isinstance(quantity, Range) else Range.exactly(quantity)
        own = price(key, usd)
        return CostLine(f"urn:{key}", "t", key, model, item or key, amount, own, amount * own.range)

    return make


@pytest.fixture
def usage():
    """Return a function that makes the usage of one model: 8 hours on 5 days, 1000 requests of 25 ms."""

    def make(**figures: Any) -> dict[str, Usage]:
        given = {"requests_per_month": 1000, "inference_ms": 25, "active_hours_per_day": 8, "active_days_per_week": 5}
        amounts = {
            key: Amount(value if isinstance(value, Range) else Range.exactly(str(value)))
            for key, value in {**given, **figures}.items()
        }
        return {"m": Usage(amounts)}

    return make


@pytest.fixture
def bench(usage):
    """Return a function that makes a bench of lines."""

    def make(*lines: CostLine, kind: str = "prod", used: Any = None, nodes: Any = ()) -> Bench:
        costs = CostEstimate(kind, "us-east-1", "us-east-1", "2026-11-26", list(lines))
        graph = ResourceGraph("p", kind)
        graph.nodes[STACK] = ResourceNode(STACK, "pulumi:pulumi:Stack", f"p-{kind}", custom=False)
        for name, token, inputs in nodes:
            urn = f"urn:pulumi:{kind}::p::{token}::{name}"
            graph.nodes[urn] = ResourceNode(urn, token, name, custom=True, parent=STACK, inputs=inputs)
        return Bench(costs, graph, usage() if used is None else used, shipped().of("us-east-1", "us-east-1"), kind)

    return make
