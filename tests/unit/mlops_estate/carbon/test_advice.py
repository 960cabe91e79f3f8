"""Advice: greener regions with the caveat that belongs to them, hours of rest, and hours that can be chosen."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlops_estate.carbon import footprint_of
from mlops_estate.pricing.model import Amount, Range, Usage

WORKDAYS = Usage({
    "active_hours_per_day": Amount(Range.exactly(8)), "active_days_per_week": Amount(Range.exactly(5)),
})  # fmt: skip


def advice(found, kind):
    return [entry for entry in found.advice if entry.kind == kind]


def test_regions_of_the_same_jurisdiction_come_first_and_then_the_greenest(costs, instance):
    found = footprint_of(costs(instance("ml.m5.large", 730)), {}, environment_class="prod")
    regions = [entry.region for entry in advice(found, "region")]
    assert regions == ["eu-north-1", "eu-west-3", "eu-south-1", "sa-east-1", "ca-central-1"]
    first, *_, last = advice(found, "region")
    assert "same jurisdiction (European Union)" in first.caveat
    assert "another jurisdiction (Canada)" in last.caveat


def test_what_a_move_saves_is_the_grid_and_the_building_of_both(costs, instance):
    found = footprint_of(costs(instance("ml.m5.large", 730)), {}, environment_class="prod")
    machines = Decimal("7.376") * 730 / 1000
    (paris,) = [entry for entry in advice(found, "region") if entry.region == "eu-west-3"]
    expected = machines * (Decimal("1.11") * Decimal("278.6") - Decimal("1.15") * Decimal("51.1")) / 1000
    assert float(paris.saves.expected) == pytest.approx(float(expected))


def test_the_greenest_region_is_left_alone(costs, instance):
    found = footprint_of(costs(instance("ml.m5.large", 730), region="eu-north-1"), {}, environment_class="prod")
    assert advice(found, "region") == []


def test_an_endpoint_of_dev_rests_outside_its_active_hours(costs, instance):
    found = footprint_of(costs(instance("ml.m5.large", 730)), {"m": WORKDAYS}, environment_class="dev")
    (rest,) = advice(found, "schedule")
    assert float(rest.saves.expected) == pytest.approx(float(found.kg.expected) * (1 - 8 * 5 / (24 * 7)))


@pytest.mark.parametrize(
    ("environment_class", "usage"), [("prod", {"m": WORKDAYS}), ("dev", {}), ("dev", {"m": Usage({})})]
)
def test_prod_never_rests_and_nothing_is_said_of_unknown_hours(costs, instance, environment_class, usage):
    found = footprint_of(costs(instance("ml.m5.large", 730)), usage, environment_class=environment_class)
    assert advice(found, "schedule") == []


def test_jobs_can_wait_and_endpoints_can_not(costs, instance):
    jobs = footprint_of(costs(instance("ml.m5.large", 5, "training")), {}, environment_class="prod")
    (wait,) = advice(jobs, "time")
    assert (wait.saves.expected, wait.saves.high) == (0, jobs.kg.high)
    serving = footprint_of(costs(instance("ml.m5.large", 5)), {}, environment_class="prod")
    assert advice(serving, "time") == []


def test_an_environment_without_energy_gets_no_advice(costs):
    assert footprint_of(costs(), {}, environment_class="dev").advice == []
