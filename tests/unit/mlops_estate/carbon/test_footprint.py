"""The footprint: worked by hand from the coefficients, by model, as a difference, and where a figure is missing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.carbon import carbon_delta, footprint_of, shipped
from mlops_estate.carbon.energy import watts_of
from mlops_estate.pricing.model import Range, TypeNote

HOURS = 730


def kg(found, bound="expected"):
    return float(getattr(found.kg, bound))


# Each is written out: watts of vCPUs + accelerators + memory, x hours / 1000, x PUE, x grams / 1000.
WORKED = [
    ("eu-west-1", "ml.m5.large", HOURS, (2 * 2.12 + 8 * 0.392) * 0.730 * 1.11 * 0.2786, 1.665129),
    ("us-west-2", "ml.m6g.large", 100, (2 * 1.08 + 8 * 0.392) * 0.1 * 1.12 * 0.322167, 0.191094),
    ("us-east-1", "ml.g5.xlarge", 10, (4 * 2.12 + 85.5 + 16 * 0.392) * 0.01 * 1.15 * 0.379069, 0.437028),
    ("eu-north-1", "ml.p4d.24xlarge", 1, (96 * 2.12 + 8 * 226.5 + 1152 * 0.392) * 0.001 * 1.1 * 0.0088, 0.023882),
    ("eu-west-3", "ml.t2.medium", HOURS, (2 * 2.12 + 4 * 0.392) * 0.730 * 1.15 * 0.0511, 0.249155),
    ("ap-southeast-2", "ml.c5.xlarge", 50, (4 * 2.12 + 8 * 0.392) * 0.05 * 1.27 * 0.76, 0.560588),
]


@pytest.mark.parametrize(("region", "instance_type", "hours", "formula", "kilograms"), WORKED)
def test_an_instance_worked_by_hand(costs, instance, region, instance_type, hours, formula, kilograms):
    found = footprint_of(costs(instance(instance_type, hours), region=region), {}, environment_class="prod")
    assert formula == pytest.approx(kilograms, abs=1e-6)
    assert kg(found) == pytest.approx(formula)


def test_a_terabyte_in_s3_a_volume_and_what_crosses_the_network_worked_by_hand(costs, line):
    found = footprint_of(
        costs(line("s3.standard", 1000), line("sagemaker.volume.hosting", 30), line("sagemaker.data.in", 500)),
        {}, environment_class="prod",
    )  # fmt: skip
    by_item = {entry.item: float(entry.kwh.expected) for entry in found.lines}
    assert by_item["s3.standard"] == pytest.approx(1 * 730 * 0.65 * 6 / 1000 * 1.11)  # 3.16 kWh
    assert by_item["sagemaker.volume.hosting"] == pytest.approx(0.03 * 730 * 1.2 * 2 / 1000 * 1.11)
    assert by_item["sagemaker.data.in"] == pytest.approx(0.5 * 1.11)
    assert {entry.mode for entry in found.lines} == {"storage", "network"}


def test_serverless_memory_worked_by_hand(costs, line):
    seconds = Range.exactly(100_000)
    found = footprint_of(
        costs(line("sagemaker.serverless", 1, mode="serverless", memory_mb=Decimal(2048), seconds=seconds)),
        {}, environment_class="prod",
    )  # fmt: skip
    watts = 2048 / 1769 * 2.12 + 2 * 0.392
    assert float(found.kwh.expected) == pytest.approx(watts * 100_000 / 3600 / 1000 * 1.11)


def test_the_bounds_are_an_idle_and_a_busy_machine(costs, instance):
    found = footprint_of(costs(instance("ml.m5.large", HOURS)), {}, environment_class="prod")
    assert kg(found, "low") == pytest.approx((2 * 1.016 + 3.136) * 0.73 * 1.11 * 0.2786)
    assert kg(found, "high") == pytest.approx((2 * 3.5 + 3.136) * 0.73 * 1.11 * 0.2786)


def test_a_region_without_a_factor_gets_an_average_and_says_so(costs, instance):
    found = footprint_of(costs(instance("ml.m5.large", HOURS), region="il-central-1"), {}, environment_class="prod")
    assert not found.grid.known
    assert kg(found) == pytest.approx((2 * 2.12 + 3.136) * 0.73 * 1.15 * 0.39278188)
    assert "il-central-1 has no factor" in found.notes[0]
    assert [advice for advice in found.advice if advice.kind == "region"] == []


def test_an_accelerator_of_unpublished_power_is_left_out_by_name(costs, instance):
    found = footprint_of(costs(instance("ml.inf2.xlarge", 1)), {}, environment_class="prod")
    assert kg(found) == pytest.approx((4 * 2.12 + 16 * 0.392) * 0.001 * 1.11 * 0.2786)
    assert any("Inferentia2, has no source" in note for note in found.notes)


def test_an_instance_of_unknown_size_and_what_has_no_price_are_said(costs, instance):
    estimate = costs(instance("ml.geospatial.interactive", 1))
    estimate.unpriced_types = [TypeNote("aws:x/y:Z", 1, "no price")]
    found = footprint_of(estimate, {}, environment_class="prod")
    assert found.lines == []
    assert any("ml.geospatial.interactive has no known size" in note for note in found.notes)
    assert any("aws:x/y:Z" in note for note in found.notes)


def test_what_is_billed_by_request_has_no_energy_and_is_named(costs, line):
    found = footprint_of(costs(line("kms.requests", 100)), {}, environment_class="prod")
    assert found.lines == []
    assert any("no energy of their own: S" in note for note in found.notes)


def test_sums_by_model_and_by_what_is_done_add_up(costs, instance, line):
    found = footprint_of(
        costs(
            instance("ml.m5.large", 10), instance("ml.m5.large", 5, "processing", monitor=True, model="n"),
            line("s3.standard", 100, model=""),
        ),
        {}, environment_class="prod",
    )  # fmt: skip
    assert sum(amount.expected for amount in found.by_model().values()) == found.kg.expected
    assert sum(amount.expected for amount in found.by_mode().values()) == found.kg.expected
    assert list(found.by_model()) == ["", "m", "n"]
    assert set(found.by_mode()) == {"hosting", "monitoring", "storage"}


def test_a_price_for_thousands_is_counted_by_the_single_thing(costs, line):
    one = footprint_of(costs(line("sagemaker.data.in", 2, per=1000)), {}, environment_class="prod")
    assert float(one.kwh.expected) == pytest.approx(2 * 1.11)


def test_the_difference_of_two_footprints(costs, instance):
    before = footprint_of(costs(instance("ml.m5.large", HOURS)), {}, environment_class="prod")
    after = footprint_of(costs(instance("ml.m5.xlarge", HOURS)), {}, environment_class="prod")
    delta = carbon_delta(before, after)
    assert delta["delta"]["expected"] == pytest.approx(
        delta["after"]["expected"] - delta["before"]["expected"], abs=1e-6
    )
    assert delta["after"]["expected"] == pytest.approx(2 * delta["before"]["expected"], rel=1e-5)
    assert 0 < delta["delta"]["low"] <= delta["delta"]["expected"] <= delta["delta"]["high"]
    less = carbon_delta(after, before)["delta"]
    assert less["low"] <= less["expected"] <= less["high"] < 0
    same = carbon_delta(before, before)
    assert set(same["delta"].values()) == {0.0}


def test_the_document_is_the_same_each_time(costs, instance, line):
    def made():
        estimate = costs(instance("ml.m5.large", 10), line("s3.standard", 5))
        return footprint_of(estimate, {}, environment_class="dev").as_dict()

    assert made() == made()
    assert {"kg_co2e", "kwh", "by_model", "lines", "grid", "advice", "notes"} <= made().keys()


@given(st.sampled_from(sorted(shipped().instances)), st.floats(0, 1), st.floats(0, 1))
def test_more_load_never_takes_less_power(instance_type, one, other):
    least, most = (Range.exactly(Decimal(str(share))) for share in sorted((one, other)))
    instance = shipped().instances[instance_type]
    assert watts_of(instance, shipped(), least).expected <= watts_of(instance, shipped(), most).expected
