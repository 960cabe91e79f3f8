"""Reading inputs: a file over the defaults, settings over both, every fault at once with its place."""

from __future__ import annotations

import pytest

from mlops_estate.faults import FaultsFound
from mlops_estate.roi import calculate, read_inputs
from mlops_estate.roi.inputs import DEFAULTS, RoiInputs, default_data, with_infrastructure


def faults(path=None, settings=()):
    with pytest.raises(FaultsFound) as found:
        read_inputs(path, settings)
    assert found.value.exit_code == 2
    return {fault.where: fault for fault in found.value.faults}


def written(tmp_path, text):
    path = tmp_path / "roi.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_and_the_model_have_the_same_defaults():
    data = default_data()
    assert data.keys() == RoiInputs.model_fields.keys()
    bare = RoiInputs().model_dump()
    assert {key: data[key] for key in bare if key not in ("costs", "value")} == {
        key: bare[key] for key in bare if key not in ("costs", "value")
    }


def test_defaults_are_fresh_at_each_call():
    default_data()["costs"]["operations"].clear()
    assert default_data()["costs"]["operations"]


def test_a_metric_in_a_file_replaces_the_default_as_a_whole(tmp_path):
    path = written(tmp_path, "costs:\n  operations:\n    - {start: 1, monthly_usd: 7}\nhorizon_months: 12\n")
    found = read_inputs(path)
    assert [phase.monthly_usd for phase in found.costs.operations] == [7]
    assert found.costs.development == read_inputs().costs.development
    assert found.horizon_months == 12


def test_settings_go_over_the_file(tmp_path):
    path = written(tmp_path, "horizon_months: 12\n")
    found = read_inputs(
        path, ["horizon_months=36", "factors.revenue=0.5", "costs.operations[0].total_usd=1", "value.accuracy=[]"]
    )
    assert (found.horizon_months, found.factors.revenue, found.value.accuracy) == (36, 0.5, [])
    assert found.costs.operations[0].total_usd == 1


@pytest.mark.parametrize("number", ["-1", ".nan", ".inf", "-.inf", "true", "'5'", "1e13", "null"])
def test_an_amount_that_is_none_is_refused(number):
    setting = f"costs.operations=[{{start: 1, monthly_usd: {number}}}]"
    assert len(faults(settings=[setting])) == 1


@pytest.mark.parametrize("number", ["-1", ".nan", ".inf", "101", "true"])
def test_a_rate_that_is_none_is_refused(number):
    assert list(faults(settings=[f"discount_rate_percent={number}"])) == ["--set discount_rate_percent"]


@pytest.mark.parametrize("percent", ["0", "-5", "101", ".nan"])
def test_a_change_that_is_none_is_refused(percent):
    assert list(faults(settings=[f"sensitivity_percent={percent}"])) == ["--set sensitivity_percent"]


@pytest.mark.parametrize("months", ["0", "-3", "121", "2.5", "true"])
def test_a_horizon_that_is_none_is_refused(months):
    assert list(faults(settings=[f"horizon_months={months}"])) == ["--set horizon_months"]


def test_not_a_number_in_a_file_is_refused(tmp_path):
    found = faults(written(tmp_path, "discount_rate_percent: .nan\nfactors: {revenue: .inf}\n"))
    assert found.keys() == {"discount_rate_percent", "factors.revenue"}


def test_every_fault_is_told_at_once_with_its_line(tmp_path):
    text = (
        "horizon_months: 0\ncosts:\n  operations:\n    - {start: 1, total_usd: 5}\n"
        "    - {start: 4, end: 2, monthly_usd: 5, usd_per_unit: 3}\n  incident: []\nfactor: {}\n"
    )
    found = faults(written(tmp_path, text))
    assert {where: fault.line for where, fault in found.items()} == {
        "horizon_months": 1,
        "costs.operations[0].end": 4,
        "costs.operations[1].end": 5,
        "costs.operations[1]": 5,
        "costs.incident": 6,
        "factor": 7,
    }
    assert found["costs.incident"].fix == "did you mean `incidents`?"


@pytest.mark.parametrize(
    ("phase", "where"),
    [
        ("{start: 1}", ""),
        ("{total_usd: 1, monthly_usd: 1, end: 2}", ""),
        ("{units_per_month: 1}", ".usd_per_unit"),
        ("{usd_per_unit: 1}", ".units_per_month"),
        ("{units_per_month: 1.0e+9, usd_per_unit: 1.0e+9}", ".units_per_month"),
        ("{total_usd: 1}", ".end"),
        ("{total_usd: 1, end: 3, ramp_months: 2}", ".ramp_months"),
        ("{monthly_usd: 1, shape: rising}", ".shape"),
        ("{start: 3, end: 2, monthly_usd: 1}", ".end"),
        ("{start: 0, monthly_usd: 1}", ".start"),
        ("{monthly_usd: 1, shape: round}", ".shape"),
        ("{monthly_usd: 1, ends: 3}", ".ends"),
    ],
)
def test_a_phase_says_its_amount_in_one_way(phase, where):
    assert list(faults(settings=[f"value.revenue=[{phase}]"])) == [f"--set value.revenue[0]{where}"]


def test_the_largest_amount_is_taken_in_every_way():
    ways = ("{monthly_usd: 1.0e+12}", "{total_usd: 1.0e+12, end: 2}", "{units_per_month: 1.0e+6, usd_per_unit: 1.0e+6}")
    assert len(read_inputs(settings=[f"value.revenue=[{', '.join(ways)}]"]).value.revenue) == 3


@pytest.mark.parametrize(
    ("setting", "where", "fix"),
    [
        ("horizon_months", "--set", "write it like"),
        ("=3", "--set", "write it like"),
        ("costs..x=3", "--set", "write it like"),
        ("cost.operations=[]", "--set cost.operations", "did you mean `costs`?"),
        ("costs.operations[99].end=3", "--set costs.operations[99].end", "7 items"),
        ("horizon_months[0]=3", "--set horizon_months[0]", "leave the [number] out"),
        ("horizon_months=[", "--set horizon_months", "quote it"),
    ],
)
def test_a_setting_that_leads_nowhere_is_told(setting, where, fix):
    found = faults(settings=[setting])
    assert list(found) == [where]
    assert fix in found[where].fix


@pytest.mark.parametrize("text", ["- 1\n", "just words\n", "horizon_months: [\n", "", "a: 1\n---\nb: 2\n"])
def test_a_file_that_is_no_block_is_refused(tmp_path, text):
    assert faults(written(tmp_path, text))


def test_a_file_that_is_missing_is_refused(tmp_path):
    assert faults(tmp_path / "none.yaml")


def test_infrastructure_of_an_estimate_takes_the_place_of_the_default():
    found = with_infrastructure(read_inputs(), 570.5)
    assert calculate(found).metrics["infrastructure"] == [57_050] * 24
    assert found.costs.development == read_inputs().costs.development


def test_infrastructure_of_ones_own_is_not_lost_to_an_estimate():
    own = read_inputs(settings=["costs.infrastructure=[{monthly_usd: 3}]"])
    with pytest.raises(FaultsFound) as found:
        with_infrastructure(own, 570)
    assert found.value.faults[0].where == "--env"


def test_the_shipped_file_says_what_is_the_sources_and_what_is_ours():
    text = DEFAULTS.read_text(encoding="utf-8")
    assert "What is the source's" in text
    assert "What is ours" in text
