"""A region's prices from AWS's price list: through its API with the user's credentials, or from its public offer files.

The API is `pricing`, GetProducts (https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html); the
offer files are `https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/CODE/current/REGION/index.json`. Both hold a
product's attributes and its terms; a price by volume has one price dimension for each range. Only `estate prices
refresh` reaches the network.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.pricing.model import Price
from mlops_estate.pricing.table import BASE_REGION, FORMAT, VERSION, PriceTable, parse, shipped

OFFERS = Path(__file__).with_name("offers.yaml")
PUBLIC = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws"
SAGEMAKER = "AmazonSageMaker"
SOURCE = "aws-price-list"
TOO_LARGE = frozenset({"AmazonEC2"})
"""Services whose public offer file is hundreds of MB: their prices are read through the API alone."""
_MODES = {"Host": "hosting", "Train": "training", "Processing": "processing", "Tsform": "transform",
          "Notebk": "notebook"}  # fmt: skip
_INSTANCE = re.compile(rf"(?:^|-)({'|'.join(_MODES)}):(ml\.[a-z0-9-]+\.[a-z0-9-]+)$")

Product = Mapping[str, Any]
Products = Callable[[str], Iterable[Product]]
"""Yields the products of a service code in one region, each as GetProducts gives it."""


@dataclass(slots=True)
class Refreshed:
    """What was read: a file of the price table's form, and the keys that no product was found for."""

    document: dict[str, Any]
    missing: list[str] = field(default_factory=list)

    @property
    def table(self) -> PriceTable:
        """The document as a table, checked."""
        return parse(self.document, "the refreshed prices")


@cache
def offers() -> dict[str, dict[str, Any]]:
    """Return where each key stands in the price list."""
    import yaml

    loaded: dict[str, dict[str, Any]] = yaml.safe_load(OFFERS.read_text(encoding="utf-8"))
    return loaded


def refresh(region: str, products: Products, *, skip: frozenset[str] = frozenset()) -> Refreshed:
    """Read every price of the table that the price list is known to hold, of one region.

    `skip` are service codes that aren't asked for. Raises `FaultsFound` where there is nothing of the region.
    """
    base = shipped().regions[BASE_REGION].prices
    by_service: dict[str, list[str]] = {SAGEMAKER: []}
    for key, offer in offers().items():
        by_service.setdefault(offer["service"], []).append(key)
    rows: list[dict[str, Any]] = []
    missing: list[str] = []
    days: set[str] = set()
    for service, keys in by_service.items():
        found = [] if service in skip else list(products(service))
        days.update(str(product.get("publicationDate", ""))[:10] for product in found)
        for key in keys:
            row = next((row for product in found if (row := _row_of(base[key], offers()[key], product))), None)
            if row is None:
                missing.append(key)
            else:
                rows.append(row)
        if service == SAGEMAKER:
            rows += _instances(found)
    if not rows:
        rule = "AWS's price list holds nothing for this region"
        raise FaultsFound([Fault("--region", region, rule, "name a region code of AWS, such as eu-west-1")])
    known = {row["key"] for row in rows}
    missing = sorted({*missing, *(key for key in base if key not in known and not _is_instance(key))})
    day = max((day for day in days if day), default="1970-01-01")
    held = {"date": day, "complete": not missing, "prices": sorted(rows, key=lambda row: str(row["key"]))}
    source = {SOURCE: f"AWS Price List, {region}; each row names its SKU and the day of the list that it is from."}
    document = {"format": FORMAT, "version": VERSION, "sources": source, "regions": {region: held}}
    return Refreshed(document, missing)


def _is_instance(key: str) -> bool:
    return key.startswith(tuple(f"sagemaker.{mode}." for mode in ("instance", *_MODES.values())))


def _row_of(price: Price, offer: Mapping[str, Any], product: Product) -> dict[str, Any] | None:
    usage = str(product["product"]["attributes"].get("usagetype", ""))
    if not any(usage == name or usage.endswith(f"-{name}") for name in offer["usage"]):
        return None
    dimensions = _dimensions(product)
    if not dimensions:
        return None
    row: dict[str, Any] = {"key": price.key, "service": price.service, "item": price.item, "unit": price.unit}
    free = price.free
    if len(dimensions) > 1 and dimensions[0][1] == 0:
        free = (dimensions[0][0] or Decimal(0)) / price.per
        dimensions = dimensions[1:]
    row["usd"] = _text(dimensions[0][1] * price.per)
    if price.per != 1:
        row["per"] = int(price.per)
    if free:
        row["free"] = _text(free)
    if len(dimensions) > 1:
        row["tiers"] = [
            {"up_to": None if end is None else _text(end / price.per), "usd": _text(usd * price.per)}
            for end, usd in dimensions
        ]
    return row | _origin(product)


def _origin(product: Product) -> dict[str, Any]:
    day = str(product.get("publicationDate", ""))[:10]
    origin: dict[str, Any] = {"agreeing": 1, "sources": [SOURCE], "note": f"SKU {product['product']['sku']}"}
    return origin | ({"date": day} if day else {})


def _dimensions(product: Product) -> list[tuple[Decimal | None, Decimal]]:
    """Return the on-demand prices by the end of their range, ascending; None is without end."""
    found = []
    for term in (product.get("terms", {}).get("OnDemand") or {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            usd = dimension.get("pricePerUnit", {}).get("USD")
            if usd is None:
                continue
            begin, end = str(dimension.get("beginRange", "0")), str(dimension.get("endRange", "Inf"))
            found.append((Decimal(begin), None if end == "Inf" else Decimal(end), Decimal(usd)))
    return [(end, usd) for _, end, usd in sorted(found, key=lambda entry: entry[0])]


def _instances(found: Iterable[Product]) -> Iterator[dict[str, Any]]:
    """Yield a row for each instance type, and one more for each mode that has another price."""
    by_type: dict[str, dict[str, tuple[Decimal, Product]]] = {}
    for product in found:
        matched = _INSTANCE.search(str(product["product"]["attributes"].get("usagetype", "")))
        dimensions = _dimensions(product) if matched else []
        if matched and dimensions and dimensions[0][1] > 0:
            by_type.setdefault(matched[2], {})[_MODES[matched[1]]] = (dimensions[0][1], product)
    for name, modes in sorted(by_type.items()):
        counted = Counter(usd for usd, _ in modes.values())
        usual = max(counted, key=lambda usd: (counted[usd], usd))
        for mode, (usd, product) in sorted(modes.items()):
            if usd != usual:
                yield _instance_row(f"sagemaker.{mode}.{name}", f"{name} {mode}", usd, product)
        product = next(product for usd, product in modes.values() if usd == usual)
        yield _instance_row(f"sagemaker.instance.{name}", name, usual, product)


def _instance_row(key: str, item: str, usd: Decimal, product: Product) -> dict[str, Any]:
    row = {"key": key, "service": "SageMaker", "item": item, "unit": "instance-hour", "usd": _text(usd)}
    return row | _origin(product)


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"


def from_api(client: Any, region: str) -> Products:
    """Return a reader of GetProducts, page by page; `client` is boto3's `pricing` client of us-east-1."""

    def products(service: str) -> Iterator[Product]:
        filters = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}]
        token: dict[str, str] = {}
        while True:
            page = client.get_products(ServiceCode=service, Filters=filters, FormatVersion="aws_v1", **token)
            yield from (json.loads(text) for text in page["PriceList"])
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    return products


def from_files(read: Callable[[str], bytes | None]) -> Products:
    """Return a reader of offer files; `read` returns the file of a service code, None where there is none."""

    def products(service: str) -> Iterator[Product]:
        content = read(service)
        if content is None:
            return
        try:
            data = json.loads(content)
            terms = data["terms"].get("OnDemand", {})
            for sku, product in data["products"].items():
                yield {"product": product, "terms": {"OnDemand": terms.get(sku, {})},
                       "publicationDate": data.get("publicationDate", "")}  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError):
            rule = "isn't an offer file of AWS's price list: JSON with `products` and `terms`"
            fault = Fault(f"{service}.json", None, rule, "download it anew")
            raise FaultsFound([fault]) from None

    return products


def connected(region: str, profile: str | None) -> Products:
    """Return a reader through the API, with the user's credentials; every failure to reach it is a fault."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    def refused(error: Exception) -> FaultsFound:
        fix = (
            "give credentials with the permission pricing:GetProducts (--profile NAME), check the network, or read the "
            "public offer files instead: --public"
        )
        return FaultsFound([Fault("AWS Price List", None, f"cannot be read: {error}", fix)])

    try:
        client = boto3.Session(profile_name=profile).client("pricing", region_name="us-east-1")
    except BotoCoreError as error:
        raise refused(error) from None
    inner = from_api(client, region)

    def products(service: str) -> Iterator[Product]:
        try:
            yield from inner(service)
        except (BotoCoreError, ClientError) as error:
            raise refused(error) from None

    return products


def downloaded(region: str, get: Callable[[str], bytes] | None = None) -> Products:
    """Return a reader of the public offer files, which takes no credentials; `get` fetches an address."""

    def read(service: str) -> bytes | None:
        address = f"{PUBLIC}/{service}/current/{region}/index.json"
        try:
            return (get or _get)(address)
        except OSError as error:
            if getattr(error, "code", None) in {403, 404}:
                return None
            fix = "check the network, or give files that were downloaded elsewhere: --offers DIR"
            raise FaultsFound([Fault("AWS Price List", address, f"cannot be read: {error}", fix)]) from None

    return from_files(read)


def _get(address: str) -> bytes:
    from urllib.request import urlopen

    with urlopen(address, timeout=120) as answer:  # noqa: S310 -- the address begins with https
        content: bytes = answer.read()
        return content
