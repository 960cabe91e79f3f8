"""`estate carbon` and `estate savings` of the shipped environments; the shipped budgets are held to the estimate."""

from __future__ import annotations

import json

import pytest
from tests.support.previews import previewed
from tests.support.programs import PROJECT

from mlops_estate.carbon import carbon_delta, footprint
from mlops_estate.cli.boundary import run
from mlops_estate.config import load_environment
from mlops_estate.pricing import estimate, usage_of
from mlops_estate.savings import savings

ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def environment(request):
    loaded = load_environment(request.param, PROJECT)
    return loaded, previewed(request.param)


def test_the_shipped_budget_is_not_below_what_the_estimate_comes_to(environment):
    loaded, graph = environment
    estate = loaded.config.estate
    kind = loaded.config.environment_class
    costs = estimate(graph, usage_of(loaded), region=estate.region, environment_class=kind)
    found = savings(graph, usage_of(loaded), region=estate.region, environment_class=kind)
    assert costs.monthly.high <= estate.budget.monthly_usd
    assert found.suggested()["budget_usd"] <= estate.budget.monthly_usd
    assert found.suggested()["anomaly_usd"] <= estate.budget.anomaly_threshold_usd
    assert found.monthly == costs.monthly


def test_the_footprint_of_an_environment_is_that_of_its_estimate(environment):
    loaded, graph = environment
    found = footprint(graph, usage_of(loaded), region=loaded.config.estate.region)
    assert found.environment_class == loaded.config.environment_class
    assert found.grid.known
    assert 0 < found.kg.low < found.kg.expected < found.kg.high
    assert set(found.by_model()) <= {"", *loaded.config.models}
    assert carbon_delta(found, found)["delta"] == {"low": 0.0, "expected": 0.0, "high": 0.0}


def test_every_lever_of_the_article_and_of_aws_is_looked_at(environment):
    loaded, graph = environment
    kind = loaded.config.environment_class
    found = savings(graph, usage_of(loaded), region=loaded.config.estate.region, environment_class=kind)
    keys = {lever.key for lever in found.levers}
    wanted = {"autoscaling", "savings-plan-one-year", "savings-plan-three-years", "serverless", "right-sizing", "spot",
              "faster-model", "daily-monitors", "idle-shutdown", "gateway-endpoints", "shared-endpoints"}  # fmt: skip
    assert wanted | (set() if kind == "prod" else {"schedule"}) <= keys
    assert all(lever.how and lever.risk and lever.source for lever in found.levers)
    spot = next(lever for lever in found.levers if lever.key == "spot")
    assert (spot.state, spot.family) == ("in place", "infrastructure efficiency")


def test_the_commands_print_and_write_and_refuse(tmp_path, capsys):
    assert run(["carbon", "dev", "--json", "-o", str(tmp_path / "c.txt")]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "mlops-estate/carbon"
    assert (tmp_path / "c.txt").read_text(encoding="utf-8").startswith("dev in eu-west-1: ")
    page, document = tmp_path / "s.html", tmp_path / "s.json"
    given = ["--prices-from", "us-east-1", "-o", str(page), "-o", str(document)]
    assert run(["savings", "dev", *given]) == 0
    out = capsys.readouterr().out
    assert "could be saved" in out
    assert max(map(len, out.splitlines())) < 200
    assert json.loads(document.read_text(encoding="utf-8"))["suggested"]["configured_budget_usd"] == 300
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    for refused in (
        ["carbon", "dev", "-o", "c.pdf"], ["savings", "dev", "-o", "s.csv"], ["carbon", "nowhere"],
        ["savings", "dev"], ["savings", "dev", "--prices-from", "us-nowhere-1"],
    ):  # fmt: skip
        assert run(refused) == 2
        assert "fix:" in capsys.readouterr().err
