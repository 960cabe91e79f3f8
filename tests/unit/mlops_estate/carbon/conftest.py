"""Lines of estimates, made by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mlops_estate.pricing.model import CostEstimate, CostLine, Price, Range


@pytest.fixture
def line():
    """Return a function that makes a line: of a price, a quantity, and what it is computed from."""

    def make(key: str, quantity: Any = 1, *, model: str = "m", name: str = "r", per: int = 1, **basis: Any) -> CostLine:
        price = Price(
            key, "S", key, "unit", Decimal(1), "eu-west-1", "2026-11-26", 1, Decimal(1), Decimal(1), per=Decimal(per)
        )
        amount = quantity if isinstance(quantity, Range) else Range.exactly(quantity)
        return CostLine(f"urn:{name}", "t", name, model, key, amount, price, amount, basis=basis)

    return make


@pytest.fixture
def instance(line):
    """Return a function that makes a line of instance-hours."""

    def make(instance_type: str, hours: Any, mode: str = "hosting", **more: Any) -> CostLine:
        given = hours if isinstance(hours, Range) else Range.exactly(hours)
        return line(
            f"sagemaker.instance.{instance_type}", given, instance_type=instance_type, hours=given, mode=mode, **more
        )

    return make


@pytest.fixture
def costs():
    """Return a function that makes an estimate of lines."""

    def make(*lines: CostLine, region: str = "eu-west-1") -> CostEstimate:
        return CostEstimate("dev", region, "us-east-1", "2026-11-26", list(lines))

    return make
