"""Prices from AWS's price list: recorded shapes of its API and of its public offer files, and every way it can fail."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import boto3
import pytest
from botocore.stub import Stubber

from mlops_estate.cli.prices import run_prices_refresh
from mlops_estate.faults import FaultsFound
from mlops_estate.pricing import estimate, shipped
from mlops_estate.pricing.refresh import (
    SAGEMAKER,
    Refreshed,
    connected,
    downloaded,
    from_api,
    from_files,
    offers,
    refresh,
)

REGION = "eu-west-1"


def product(usage: str, *ranges: tuple[str, str, str], sku: str = "ABCDEF", day: str = "2026-11-20") -> dict[str, Any]:
    """Return a product as GetProducts gives it: attributes, and one price dimension for each range."""
    dimensions = {
        f"{sku}.JRTCKXETXF.{index}": {
            "unit": "x", "beginRange": begin, "endRange": end, "pricePerUnit": {"USD": usd}, "appliesTo": [],
        }
        for index, (begin, end, usd) in enumerate(ranges)
    }  # fmt: skip
    term = {"priceDimensions": dimensions, "offerTermCode": "JRTCKXETXF", "termAttributes": {}}
    return {
        "product": {"productFamily": "x", "attributes": {"usagetype": usage, "regionCode": REGION}, "sku": sku},
        "serviceCode": "x", "terms": {"OnDemand": {f"{sku}.JRTCKXETXF": term}, "Reserved": {}},
        "publicationDate": f"{day}T00:00:00Z",
    }  # fmt: skip


def flat(usage: str, usd: str, **more: str) -> dict[str, Any]:
    return product(usage, ("0", "Inf", usd), **more)


LIST: dict[str, list[dict[str, Any]]] = {
    "AmazonS3": [
        product("EU-TimedStorage-ByteHrs", ("512000", "Inf", "0.021"), ("0", "51200", "0.023"),
                ("51200", "512000", "0.022")),
        flat("EU-Requests-Tier1", "0.000005"),
        flat("EU-TimedStorage-SIA-ByteHrs", "0.0125"),
    ],
    "awskms": [
        flat("eu-west-1-KMS-Keys", "1.0"),
        product("eu-west-1-KMS-Requests", ("0", "20000", "0"), ("20000", "Inf", "0.000003")),
    ],
    "AmazonCloudWatch": [flat("EU-CW:AlarmMonitorUsage", "0.10", day="2026-11-21")],
    SAGEMAKER: [
        flat("EU-Host:ml.m5.large", "0.128"), flat("EU-Train:ml.m5.large", "0.128"),
        flat("EU-Processing:ml.m5.large", "0.13"), flat("EU-Host:ml.p6-b200.48xlarge", "120.5"),
        flat("EU-FeatureStore:WriteRequestUnits", "0.00000138"), flat("EU-TrainSpot:ml.m5.large", "0.04"),
        flat("EU-Host:ml.free.large", "0"),
    ],
}  # fmt: skip


def listed() -> Refreshed:
    return refresh(REGION, lambda service: LIST.get(service, []))


def test_prices_have_the_units_of_the_table():
    prices = listed().table.regions[REGION].prices
    assert prices["s3.put"].usd == Decimal("0.005")
    assert prices["s3.put"].per == 1000
    assert prices["sagemaker.features.write"].usd == Decimal("1.38")
    assert prices["kms.key"].usd == 1


def test_every_row_has_its_day_and_source():
    held = listed().table.regions[REGION]
    assert held.date == "2026-11-21"
    assert held.prices["cloudwatch.alarm"].date == "2026-11-21"
    assert held.prices["kms.key"].date == "2026-11-20"
    assert {price.sources for price in held.prices.values()} == {("aws-price-list",)}
    assert held.prices["kms.key"].note == "SKU ABCDEF"


def test_a_price_by_volume_keeps_every_tier_in_order():
    storage = listed().table.regions[REGION].prices["s3.standard"]
    assert [(tier.up_to, tier.usd) for tier in storage.tiers] == [
        (51200, Decimal("0.023")), (512000, Decimal("0.022")), (None, Decimal("0.021")),
    ]  # fmt: skip
    assert storage.usd == Decimal("0.023")


def test_a_first_range_that_costs_nothing_is_the_free_tier():
    requests = listed().table.regions[REGION].prices["kms.requests"]
    assert (requests.usd, requests.free, requests.tiers) == (Decimal("0.03"), 2, ())


def test_free_tiers_that_the_list_does_not_hold_stay():
    assert listed().table.regions[REGION].prices["cloudwatch.alarm"].free == 10


def test_an_instance_type_has_one_row_and_one_for_each_mode_with_another_price():
    prices = listed().table.regions[REGION].prices
    assert prices["sagemaker.instance.ml.m5.large"].usd == Decimal("0.128")
    assert prices["sagemaker.processing.ml.m5.large"].usd == Decimal("0.13")
    assert "sagemaker.hosting.ml.m5.large" not in prices
    assert prices["sagemaker.instance.ml.p6-b200.48xlarge"].usd == Decimal("120.5")
    assert "sagemaker.instance.ml.free.large" not in prices
    assert not any("Spot" in key for key in prices)


def test_what_the_list_lacks_is_named_and_the_region_is_not_complete():
    found = listed()
    assert "backup.s3" in found.missing  # an offer that wasn't there
    assert "macie.bucket" in found.missing  # a key whose place in the list isn't known
    assert not [key for key in found.missing if ".instance." in key]
    assert not found.table.regions[REGION].complete


def test_every_offer_is_of_a_key_of_the_table():
    assert offers().keys() <= shipped().regions["us-east-1"].prices.keys()


def test_a_region_of_which_there_is_nothing_is_a_fault():
    with pytest.raises(FaultsFound, match="holds nothing"):
        refresh("mars-1", lambda _service: [])


def test_the_api_is_read_page_by_page():
    client = boto3.client("pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    filters = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": REGION}]
    asked = {"ServiceCode": "AmazonS3", "Filters": filters, "FormatVersion": "aws_v1"}
    pages = [json.dumps(each) for each in LIST["AmazonS3"]]
    with Stubber(client) as stubber:
        stubber.add_response("get_products", {"PriceList": pages[:1], "NextToken": "more"}, asked)
        stubber.add_response("get_products", {"PriceList": pages[1:]}, {**asked, "NextToken": "more"})
        assert list(from_api(client, REGION)("AmazonS3")) == LIST["AmazonS3"]
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException", "ThrottlingException"])
def test_a_refusal_of_the_api_is_a_fault(code, monkeypatch):
    client = boto3.client("pricing", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(boto3.Session, "client", lambda *_args, **_more: client)
    with Stubber(client) as stubber:
        stubber.add_client_error("get_products", code, "no")
        with pytest.raises(FaultsFound, match=code) as found:
            refresh(REGION, connected(REGION, None))
    assert "pricing:GetProducts" in found.value.faults[0].fix


def test_an_unknown_profile_is_a_fault(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(FaultsFound, match="nobody"):
        connected(REGION, "nobody")


def test_missing_credentials_are_a_fault_without_asking_the_network(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(FaultsFound, match="credentials"):
        refresh(REGION, connected(REGION, None))


def offer_file(service: str) -> bytes:
    products = {each["product"]["sku"] + str(index): each["product"] for index, each in enumerate(LIST[service])}
    terms = {sku: next(iter(each["terms"].values())) for sku, each in zip(products, LIST[service], strict=True)}
    return json.dumps({"formatVersion": "v1.0", "publicationDate": "2026-11-20T00:00:00Z", "products": products,
                       "terms": {"OnDemand": terms}}).encode()  # fmt: skip


def test_public_offer_files_hold_the_same_prices():
    asked: list[str] = []

    def get(address: str) -> bytes:
        asked.append(address)
        service = address.split("/")[-4]
        if service not in LIST:
            raise HTTPError(address, 404, "no such offer", {}, None)  # type: ignore[arg-type]
        return offer_file(service)

    found = refresh(REGION, downloaded(REGION, get), skip=frozenset({"AmazonEC2"}))
    assert found.table.regions[REGION].prices["s3.put"].usd == Decimal("0.005")
    assert "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonS3/current/eu-west-1/index.json" in asked
    assert not any("AmazonEC2" in address for address in asked)


def test_being_offline_is_a_fault():
    def get(_address: str) -> bytes:
        raise URLError("Name or service not known")

    with pytest.raises(FaultsFound, match="Name or service not known") as found:
        refresh(REGION, downloaded(REGION, get))
    assert "--offers" in found.value.faults[0].fix


@pytest.mark.parametrize("content", [b"<html>", b"{}", b"[]", b'{"products": [], "terms": {}}'])
def test_a_file_that_is_no_offer_file_is_a_fault(content):
    with pytest.raises(FaultsFound, match=r"AmazonS3\.json"):
        list(from_files(lambda _service: content)("AmazonS3"))


def test_the_command_writes_a_file_that_estimates_use(tmp_path: Path, capsys):
    for service in LIST:
        (tmp_path / f"{service}.json").write_bytes(offer_file(service))
    written = tmp_path / "prices" / "ireland.yaml"
    assert run_prices_refresh(REGION, written, profile=None, public=False, offers=tmp_path, as_json=False) == 0
    said = capsys.readouterr().out
    assert "--prices-from us-east-1" in said
    from tests.support.costed import endpoint, graph, usage, variant

    from mlops_estate.cli.cost import tables

    table = tables([written])
    found = estimate(
        graph(*endpoint(variant("ml.m5.large"))), usage(requests_per_month=0), region=REGION, environment_class="prod",
        table=table,
    )  # fmt: skip
    (line,) = [line for line in found.lines if line.item == "ml.m5.large hosting"]
    assert (line.price.usd, line.price.region, line.price.sources) == (Decimal("0.128"), REGION, ("aws-price-list",))
    before = written.read_text()
    run_prices_refresh(REGION, written, profile=None, public=False, offers=tmp_path, as_json=True)
    assert written.read_text() == before


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"output": Path("prices.json")}, "--output"),
        ({"offers": Path("none-there")}, "--offers"),
        ({"public": True, "offers": Path()}, "--public"),
        ({"public": True, "profile": "x"}, "--profile"),
    ],
)
def test_contradictions_of_the_command_line_are_faults(change, where, tmp_path):
    given = {"output": tmp_path / "p.yaml", "profile": None, "public": False, "offers": None, **change}
    output = given.pop("output")
    with pytest.raises(FaultsFound) as found:
        run_prices_refresh(REGION, output, as_json=False, **given)
    assert [fault.where for fault in found.value.faults] == [where]
    assert not (tmp_path / "p.yaml").exists()
