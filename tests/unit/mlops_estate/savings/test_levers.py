"""Each lever, worked by hand: what it saves, when it is in place, and when it says no."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlops_estate.pricing.model import Range
from mlops_estate.savings import jobs, serving

POLICY = "aws:appautoscaling/policy:Policy"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


def amounts(found):
    return tuple(float(getattr(found, name)) for name in ("low", "expected", "high"))


def scaled(instance, **more):
    return instance(hours=Range.of(1460, 1460, 5840), instances=Range.of(2, 2, 8), scaled=True, **more)


def policy(target):
    return (
        "m-scaling",
        POLICY,
        {"targetTrackingScalingPolicyConfiguration": {"targetValue": target}, "tags": {"model": "m"}},
    )


def test_a_fleet_that_scales_is_compared_with_one_for_the_peak_by_usage(bench, instance, usage):
    # 8 h x 5 d of 168 h are 173.8 of 730 hours; 62.57 million requests are 6000 a minute then, 10 instances of 600.
    used = usage(requests_per_month=Range.exactly(6000 * 60 * Decimal(730) * 40 / 168))
    lever = serving.scaling(bench(used=used, nodes=[policy(1200)]), scaled(instance))
    assert lever.state == "in place"
    assert amounts(lever.saves) == pytest.approx((0, (5 - 2) * 730 * 0.1, (8 - 2) * 730 * 0.1))
    assert "5 carry the peak" in lever.note


@pytest.mark.parametrize(("target", "expected"), [(600, 6 * 73), (6000, 0)])
def test_the_peak_stays_within_the_bounds_of_scaling(bench, instance, usage, target, expected):
    used = usage(requests_per_month=Range.exactly(6000 * 60 * Decimal(730) * 40 / 168))
    assert float(
        serving.scaling(bench(used=used, nodes=[policy(target)]), scaled(instance)).saves.expected
    ) == pytest.approx(expected)


def test_without_a_peak_the_fixed_fleet_is_the_largest_and_one_instance_saves_nothing(bench, instance):
    lever = serving.scaling(bench(used={}), scaled(instance))
    assert float(lever.saves.expected) == pytest.approx(6 * 73)
    assert serving.scaling(bench(), instance()).state == "not applicable"


def test_an_endpoint_of_dev_rests_outside_its_hours_and_prod_never(bench, instance):
    lever = serving.schedule(bench(kind="dev"), instance())
    assert lever is not None
    assert float(lever.saves.expected) == pytest.approx(73 * (1 - 40 / 168))
    assert float(lever.with_it.expected) == pytest.approx(73 * 40 / 168)
    assert serving.schedule(bench(kind="prod"), instance()) is None
    unknown = serving.schedule(bench(kind="dev", used={}), instance())
    assert unknown is not None
    assert unknown.state == "not applicable"


def test_a_savings_plan_is_for_the_instances_that_always_run(instance):
    one, three = serving.plans(scaled(instance))
    assert amounts(one.saves) == pytest.approx((146 * 0.2, 146 * 0.3, 146 * 0.4))
    assert amounts(three.saves) == pytest.approx((146 * 0.4, 146 * 0.52, 146 * 0.64))
    assert one.instead_of == three.instead_of == "hosting/m"


def test_serverless_pays_below_its_break_even(bench, instance, usage):
    # 2 GB for 25 ms at $0.00002 a GB-second are $0.000001 a request: $73 are 73 million.
    dev = bench(instance(), kind="dev")
    lever = serving.serverless(dev, instance())
    assert lever.state == "available"
    once = 0.025 * 2 * float(dev.price("sagemaker.serverless").usd / dev.price("sagemaker.serverless").per)
    assert float(lever.saves.expected) == pytest.approx(73 - 1000 * once)
    assert f"break-even at {73 / once:,.0f} requests" in lever.note
    busy = bench(instance(), kind="dev", used=usage(requests_per_month=10**9))
    assert serving.serverless(busy, instance()).state == "not applicable"


def test_serverless_is_not_for_a_monitored_model_nor_without_usage(bench, instance):
    monitor = instance(mode="processing", monitor=True, runs=Decimal(730), hours=1)
    lever = serving.serverless(bench(instance(), monitor, kind="staging"), instance())
    assert lever.state == "not applicable"
    assert lever.note.startswith("the model is monitored")
    assert serving.serverless(bench(instance(), monitor, kind="dev"), instance()).state == "available"
    assert serving.serverless(bench(instance(), used={}), instance()).state == "not applicable"


def test_a_type_is_too_large_when_requests_leave_it_idle(bench, instance, usage):
    large = instance("ml.m5.4xlarge", usd="0.922")
    lever = serving.smaller(bench(large), large)
    assert lever.state == "available"
    assert "ml.m5.2xlarge instead of ml.m5.4xlarge" in lever.note
    assert float(lever.saves.expected) == pytest.approx(730 * (0.922 - 0.461))
    busy = bench(large, used=usage(requests_per_month=10**9))
    assert serving.smaller(busy, large).state == "not applicable"
    assert serving.smaller(bench(large, used={}), large).state == "not applicable"
    smallest = serving.smaller(bench(), instance())
    assert "ml.m5.large is the smallest" in smallest.note


def test_a_faster_model_frees_at_most_what_runs_beyond_the_fewest(instance):
    assert amounts(serving.faster(scaled(instance)).saves) == pytest.approx((0, 0, (5840 - 1460) * 0.1))
    assert serving.faster(instance()).state == "not applicable"


def test_spot_counts_only_where_the_job_really_uses_it(bench, instance):
    on = instance(usd="0.03", hours=100, mode="training", managed_spot=True)
    (lever,) = jobs.spot(bench(on))
    assert lever.state == "in place"
    # Paid are $3 of $10: 70 % off.
    assert float(lever.without.expected) == pytest.approx(10)
    assert float(lever.saves.expected) == pytest.approx(7)
    (could,) = jobs.spot(bench(instance(usd="0.1", hours=100, mode="training", managed_spot=False)))
    assert could.state == "available"
    assert amounts(could.saves) == pytest.approx((5, 7, 9))
    assert list(jobs.spot(bench(instance(mode="training", hours=0, managed_spot=True)))) == []


def test_hourly_monitors_could_be_daily_and_daily_ones_are_in_place(bench, instance):
    hourly = instance(mode="processing", monitor=True, runs=Decimal(730), hours=240)
    (lever,) = jobs.monitors(bench(hourly))
    assert (lever.state, float(lever.saves.expected)) == ("available", pytest.approx(24 - 1))
    daily = instance(mode="processing", monitor=True, runs=Decimal("30.4"), hours=10)
    (lever,) = jobs.monitors(bench(daily))
    assert (lever.state, float(lever.saves.expected)) == ("in place", pytest.approx(23))


def test_capture_is_sampled_where_it_costs_a_cent(bench, line):
    (lever,) = jobs.capture(bench(line("s3.standard", 1000, model="m", item="capture, Standard")))
    assert float(lever.saves.expected) == pytest.approx(9)
    assert list(jobs.capture(bench(line("s3.standard", 0, model="m", item="capture, Standard")))) == []
    assert list(jobs.capture(bench(line("s3.standard", 1000, model="m", item="raw, Standard")))) == []


def test_idle_studio_applications_are_shut_down_where_there_is_studio(bench, instance):
    assert jobs.studio(bench()).state == "not applicable"
    lever = jobs.studio(bench(instance(mode="studio", hours=60)))
    assert lever.state == "in place"
    assert amounts(lever.saves) == pytest.approx((0, 7, 67))


def test_gateway_endpoints_are_in_place_and_a_third_zone_is_a_choice(bench, line):
    three = line("vpc.endpoint", 3 * 730)
    gateway = ("s3", ENDPOINT, {"vpcEndpointType": "Gateway"})
    interface = ("kms", ENDPOINT, {"vpcEndpointType": "Interface"})
    place, zones = jobs.network(bench(three, nodes=[gateway, interface]))
    assert place.state == "in place"
    assert float(place.saves.expected) == pytest.approx(3 * 730 * 0.01)
    assert (zones.key, zones.state) == ("two-zones", "available")
    assert float(zones.saves.expected) == pytest.approx(730 * 0.01)
    assert [lever.key for lever in jobs.network(bench(line("vpc.endpoint", 2 * 730), nodes=[gateway]))] == [
        "gateway-endpoints"
    ]
    assert list(jobs.network(bench())) == []


def test_older_objects_cost_less_in_infrequent_access(bench, line):
    (lever,) = jobs.tiering(bench(line("s3.infrequent", 1000, usd="0.0125", model="m")))
    assert float(lever.saves.expected) == pytest.approx(1000 * (0.023 - 0.0125))
    assert list(jobs.tiering(bench())) == []


def test_models_share_an_endpoint_outside_prod_only(bench, instance):
    two = [instance(model="m"), instance(model="n", usd="0.2")]
    lever = jobs.shared_endpoints(bench(*two, kind="dev"))
    assert (lever.state, float(lever.saves.expected)) == ("available", pytest.approx(73))
    assert jobs.shared_endpoints(bench(*two, kind="prod")).state == "not applicable"
    assert jobs.shared_endpoints(bench(two[0], kind="dev")).state == "not applicable"
