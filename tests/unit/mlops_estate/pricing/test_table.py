"""The price table: sound, looked up by region, and every fault of a price file at once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlops_estate.faults import FaultsFound
from mlops_estate.pricing import shipped
from mlops_estate.pricing.table import FORMAT, load, parse, rows

ROW = {"key": "s3.put", "service": "S3", "item": "PUT", "unit": "request", "usd": "0.01", "agreeing": 1,
       "sources": ["x"]}  # fmt: skip


def document(*prices: Any, region: str = "eu-west-1", **more: Any) -> dict[str, Any]:
    held = {"date": "2026-11-26", "complete": False, "prices": list(prices), **more}
    return {"format": FORMAT, "version": 1, "regions": {region: held}}


def test_every_price_says_where_it_is_from():
    table = shipped()
    for price in rows(table):
        assert price.usd > 0, price.key
        assert price.low <= price.usd <= price.high, price.key
        assert price.agreeing >= 1, price.key
        assert price.sources, price.key
        assert set(price.sources) <= table.sources.keys(), price.key
        assert price.service in table.pages, price.key


def test_one_source_and_disagreeing_sources_are_said():
    prices = shipped().regions["us-east-1"].prices
    assert prices["sagemaker.features.write"].mark == "one source"
    assert prices["sagemaker.instance.ml.p4d.24xlarge"].mark == "sources disagree: 25.251 to 37.688"
    assert prices["sagemaker.instance.ml.p5.48xlarge"].mark == "sources disagree: 63.296 to 113.068"
    assert prices["guardduty.events"].mark == "sources disagree: 4 to 4.8"
    assert prices["kms.key"].mark == ""


def test_a_region_without_complete_prices_is_refused_with_what_there_is():
    with pytest.raises(FaultsFound) as found:
        shipped().of("eu-west-1")
    (fault,) = found.value.faults
    assert fault.value == "eu-west-1"
    assert "15 prices" in fault.rule
    assert "us-east-1" in fault.rule
    assert "--prices-from us-east-1" in fault.fix
    with pytest.raises(FaultsFound, match="no prices of this region"):
        shipped().of("ap-south-1")


def test_prices_can_only_be_taken_from_a_complete_region():
    with pytest.raises(FaultsFound, match="--prices-from"):
        shipped().of("ap-south-1", "eu-west-1")
    prices = shipped().of("ap-south-1", "us-east-1")
    assert prices.base == "us-east-1"
    assert prices.find("kms.key") is not None
    assert prices.find("nothing") is None


def test_a_region_takes_its_own_prices_first():
    prices = shipped().of("eu-west-1", "us-east-1")
    own, other = prices.find("sagemaker.instance.ml.m5.xlarge"), prices.find("sagemaker.instance.ml.c5.xlarge")
    assert own is not None
    assert (own.usd, own.region) == (Decimal("0.257"), "eu-west-1")
    assert other is not None
    assert other.region == "us-east-1"


def test_rows_of_a_file_come_before_the_shipped_ones():
    table = parse(document({**ROW, "usd": "0.5"}, region="us-east-1"), "mine.yaml").over(shipped())
    prices = table.of("us-east-1")
    assert prices.find("s3.put").usd == Decimal("0.5")  # type: ignore[union-attr]
    assert prices.find("s3.get").usd == Decimal("0.0004")  # type: ignore[union-attr]


def test_a_complete_file_makes_its_region_complete():
    table = parse(document(ROW, complete=True), "mine.yaml").over(shipped())
    assert table.of("eu-west-1").base == "eu-west-1"


@pytest.mark.parametrize(
    ("change", "where", "says"),
    [
        ({"usd": "-1"}, ".usd", "isn't negative"),
        ({"usd": 0.05}, ".usd", "in quotes"),
        ({"usd": "cheap"}, ".usd", "must be a number"),
        ({"usd": "NaN"}, ".usd", "must be a number"),
        ({"per": 0}, ".per", "must be a number"),
        ({"low": "0.02"}, ".usd", "between"),
        ({"high": "0.001"}, ".usd", "between"),
        ({"agreeing": 0}, ".agreeing", "1 or more"),
        ({"price": "1"}, ".price", "unknown key"),
        ({"date": "yesterday"}, ".date", "a day"),
        ({"tiers": [{"up_to": "10", "usd": "1"}]}, ".tiers", "the last be null"),
        ({"tiers": [{"up_to": "9", "usd": "1"}, {"up_to": "3", "usd": "1"}, {"up_to": None, "usd": "1"}]}, ".tiers",
         "must rise"),
        ({"tiers": [{"up_to": None}]}, ".tiers[0].usd", "must be a number"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_with_its_place_and_fix(change, where, says):
    with pytest.raises(FaultsFound) as found:
        parse(document({**ROW, **change}), "mine.yaml")
    fault = next(fault for fault in found.value.faults if fault.where.endswith(where))
    assert fault.where.startswith("mine.yaml: regions.eu-west-1.prices[0]")
    assert says in fault.rule
    assert fault.fix


def test_every_fault_of_a_file_comes_at_once():
    missing = {key: value for key, value in ROW.items() if key != "unit"}
    with pytest.raises(FaultsFound) as found:
        parse(document(missing, {**ROW, "usd": "x"}, ROW, ROW, "row", date="never"), "mine.yaml")
    places = sorted(fault.where.rpartition("prices")[2] for fault in found.value.faults)
    assert places == ["[0].unit", "[1].usd", "[3].key", "[4]", "mine.yaml: regions.eu-west-1.date"]


@pytest.mark.parametrize(
    "text",
    ["", "a: [", "format: other", "- 1", f"format: {FORMAT}\nversion: 2", f"format: {FORMAT}\nversion: 1",
     f"format: {FORMAT}\nversion: 1\nregions: {{a: 1}}"],
)  # fmt: skip
def test_a_file_that_is_none_is_a_fault(text: str, tmp_path: Path):
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(FaultsFound, match=r"prices\.yaml"):
        load(path)


def test_a_missing_file_is_a_fault(tmp_path: Path):
    with pytest.raises(FaultsFound, match="cannot be read"):
        load(tmp_path / "none.yaml")
