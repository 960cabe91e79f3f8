"""Usage as stated, and as assumed by class."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.support.programs import MODEL, PROJECT, configured

from mlops_estate.config import LoadedEnvironment
from mlops_estate.config.usage import EstateUsageBlock, UsageBlock
from mlops_estate.pricing import Range, assumed, usage_of
from mlops_estate.pricing.usage import DERIVED, DERIVED_BY_MODEL, table


def loaded(environment: str, **changes: dict) -> LoadedEnvironment:
    config = configured(environment, **changes)
    return LoadedEnvironment(environment, PROJECT, PROJECT, {}, {}, config)


def test_every_key_of_the_configuration_is_assumed_or_computed():
    assert UsageBlock.model_fields.keys() <= assumed("prod").amounts.keys() | set(DERIVED_BY_MODEL)
    assert EstateUsageBlock.model_fields.keys() <= assumed("prod", "estate").amounts.keys() | set(DERIVED)


@pytest.mark.parametrize("part", ["model", "estate"])
@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_assumptions_are_ranges_in_order(environment, part):
    for key, amount in assumed(environment, part).amounts.items():
        assert 0 <= amount.range.low <= amount.range.expected <= amount.range.high, key
        assert amount.why.startswith(key)
        assert not amount.written


def test_a_class_that_is_not_known_is_taken_as_prod():
    assert assumed("other").range("raw_gb") == assumed("prod").range("raw_gb")


def test_assumptions_lie_within_the_bounds_of_the_configuration():
    for block, part in ((UsageBlock, "model"), (EstateUsageBlock, "estate")):
        for key in block.model_fields.keys() & table()[part].keys():
            for environment in ("dev", "staging", "prod"):
                amount = assumed(environment, part).range(key)
                if not {"per_model", "per_resource"} & table()[part][key].keys():
                    block.model_validate({key: float(amount.low) or 0.001})
                    block.model_validate({key: float(amount.high)})


def test_what_is_written_is_exact_and_the_rest_is_assumed():
    found = usage_of(loaded("staging", model={"usage": {"requests_per_month": 2_500_000, "raw_gb": 0.1}},
                            estate={"usage": {"log_gb": 3}}))  # fmt: skip
    model = found[MODEL]
    assert model["requests_per_month"].written
    assert model.range("requests_per_month") == Range.exactly(2_500_000)
    assert model.range("raw_gb") == Range.exactly(Decimal("0.1"))
    assert model["curated_gb"] == assumed("staging")["curated_gb"]
    assert "captured_gb" not in model.amounts
    assert found[""].range("log_gb") == Range.exactly(3)
    assert found[""]["query_gb"] == assumed("staging", "estate")["query_gb"]


def test_a_figure_of_nothing_is_stated_too():
    found = usage_of(loaded("prod", model={"usage": {"requests_per_month": 0}}))
    assert found[MODEL]["requests_per_month"].written
    assert found[MODEL].range("requests_per_month") == Range.exactly(0)
