"""The price table: read, checked, and looked up by region; a price that isn't there is never taken as nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.pricing.model import Price, Tier

FORMAT, VERSION = "mlops-estate/prices", 1
SHIPPED = Path(__file__).with_name("prices.yaml")
BASE_REGION = "us-east-1"
"""The region whose prices the shipped table holds completely."""
_FIELDS = frozenset(
    {"key", "service", "item", "unit", "usd", "per", "free", "tiers", "low", "high", "agreeing", "sources", "note",
     "date"}
)  # fmt: skip
_REQUIRED = ("key", "service", "item", "unit", "usd", "agreeing", "sources")
_FIX = "docs/reference/cost.md describes the form; `estate prices refresh` writes it"


@dataclass(frozen=True, slots=True)
class RegionPrices:
    """What the table holds of one region; `complete` where estimates need no other region's prices."""

    region: str
    date: str
    complete: bool
    prices: Mapping[str, Price]


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by region, with the texts of their sources and the pricing page of each service."""

    regions: Mapping[str, RegionPrices]
    sources: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)

    def over(self, other: PriceTable) -> PriceTable:
        """Return a table in which this one's rows take precedence over `other`'s, row by row."""
        regions = dict(other.regions)
        for name, own in self.regions.items():
            below = regions.get(name)
            prices = {**(below.prices if below else {}), **own.prices}
            regions[name] = RegionPrices(name, own.date, own.complete or bool(below and below.complete), prices)
        return PriceTable(regions, {**other.sources, **self.sources}, {**other.pages, **self.pages})

    def of(self, region: str, prices_from: str | None = None) -> Prices:
        """Return the prices to estimate a region with.

        A region with a complete table needs nothing else; for another one `prices_from` names the region whose prices
        fill what the table lacks. Raises `FaultsFound` where neither is possible.
        """
        complete = sorted(name for name, found in self.regions.items() if found.complete)
        own = self.regions.get(region)
        if prices_from is not None and prices_from not in complete:
            rule = "the table holds no complete prices of this region"
            raise FaultsFound([Fault("--prices-from", prices_from, rule, f"use one of {', '.join(complete)}")])
        if own is not None and own.complete:
            return Prices(self, region, region, own.date)
        if prices_from is None:
            count = len(own.prices) if own else 0
            rule = f"the price table has {count or 'no'} prices of this region: complete are {', '.join(complete)}"
            fix = (
                f"estimate with another region's list prices, which every output then says: --prices-from "
                f"{complete[0]}; or write the region's own: estate prices refresh --region {region} -o FILE, and then "
                "--prices FILE"
            )
            raise FaultsFound([Fault("region", region, rule, fix)], f"{region} has no complete prices")
        return Prices(self, region, prices_from, self.regions[prices_from].date)


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one estimate: the region's own rows first, then those of `base`."""

    table: PriceTable
    region: str
    base: str
    date: str

    def find(self, key: str) -> Price | None:
        """Return the price of a key; None where the table has none."""
        for name in dict.fromkeys((self.region, self.base)):
            found = self.table.regions.get(name)
            if found is not None and key in found.prices:
                return found.prices[key]
        return None


@cache
def shipped() -> PriceTable:
    """Return the table that ships."""
    return load(SHIPPED)


def load(path: Path) -> PriceTable:
    """Read a table. Raises `FaultsFound` with everything that is wrong with it."""
    import yaml

    name = str(path)
    try:
        text = path.read_text(encoding="utf-8")
        data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 -- the safe loader
    except OSError as error:
        raise FaultsFound([Fault(name, None, f"cannot be read: {error.strerror}", "name a price file")]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FaultsFound([Fault(name, None, f"not YAML: {str(error).splitlines()[0]}", _FIX)]) from None
    return parse(data, name)


def parse(data: Any, name: str) -> PriceTable:
    """Return the table that a price file holds; `name` is said in faults. Raises `FaultsFound` with all of them."""
    if not isinstance(data, dict) or data.get("format") != FORMAT or data.get("version") != VERSION:
        found = {key: data.get(key) for key in ("format", "version")} if isinstance(data, dict) else type(data).__name__
        raise FaultsFound([Fault(name, found, f"the format must be {FORMAT}, version {VERSION}", _FIX)])
    faults: list[Fault] = []
    regions: dict[str, RegionPrices] = {}
    held = data.get("regions")
    if not isinstance(held, dict) or not held:
        raise FaultsFound([Fault(f"{name}: regions", held, "must hold the prices of one region or more", _FIX)])
    for region, block in held.items():
        where = f"{name}: regions.{region}"
        if not isinstance(block, dict) or not isinstance(block.get("prices"), list):
            faults.append(Fault(where, None, "must have a date and a list of prices", _FIX))
            continue
        day = str(block.get("date"))
        if not _is_day(day):
            faults.append(Fault(f"{where}.date", day, "must be a day, as 2026-11-26", _FIX))
        prices: dict[str, Price] = {}
        for index, row in enumerate(block["prices"]):
            at = f"{where}.prices[{index}]"
            wrong = list(_row_faults(row, at, prices))
            faults += wrong
            if not wrong:
                prices[row["key"]] = _price(row, str(region), day)
        regions[str(region)] = RegionPrices(str(region), day, block.get("complete") is True, prices)
    if faults:
        raise FaultsFound(faults, f"{name} has faults")
    return PriceTable(regions, data.get("sources") or {}, data.get("pages") or {})


def _row_faults(row: Any, where: str, before: Mapping[str, Price]) -> Iterator[Fault]:
    if not isinstance(row, dict):
        yield Fault(where, row, "must be a row of keys", _FIX)
        return
    if unknown := sorted(set(row) - _FIELDS):
        yield Fault(f"{where}.{unknown[0]}", row[unknown[0]], "unknown key", f"known: {', '.join(sorted(_FIELDS))}")
    for key in _REQUIRED:
        if key not in row:
            yield Fault(f"{where}.{key}", None, "is required", _FIX)
    if row.get("key") in before:
        yield Fault(f"{where}.key", row["key"], "each key must be listed once", "remove one of the two rows")
    yield from _amount_faults(row, where)
    if not isinstance(row.get("agreeing"), int) or row["agreeing"] < 1:
        yield Fault(f"{where}.agreeing", row.get("agreeing"), "must be the number of sources, 1 or more", _FIX)
    if "date" in row and not _is_day(str(row["date"])):
        yield Fault(f"{where}.date", row["date"], "must be a day, as 2026-11-26", _FIX)


def _amount_faults(row: Mapping[str, Any], where: str) -> Iterator[Fault]:
    """Yield what is wrong with the numbers of a row: each is one, the bounds hold the price, and tiers rise."""
    tiers = [tier if isinstance(tier, dict) else {} for tier in row.get("tiers") or []]
    numbers = {key: row[key] for key in ("usd", "per", "free", "low", "high") if key in row}
    for index, tier in enumerate(tiers):
        numbers[f"tiers[{index}].usd"] = tier.get("usd")
        if tier.get("up_to") is not None:
            numbers[f"tiers[{index}].up_to"] = tier["up_to"]
    amounts: dict[str, Decimal] = {}
    for key, value in numbers.items():
        number = _number(value)
        if number is None or number < 0 or (key == "per" and number == 0):
            rule = "must be a number, in quotes, that isn't negative"
            yield Fault(f"{where}.{key}", value, rule, "write it as '0.05'")
        else:
            amounts[key] = number
    usd = amounts.get("usd")
    if usd is not None and not amounts.get("low", usd) <= usd <= amounts.get("high", usd):
        yield Fault(f"{where}.usd", row["usd"], "must lie between `low` and `high`", "correct one of the three")
    bounds = [tier.get("up_to") for tier in tiers]
    known = [amounts[key] for index in range(len(tiers)) if (key := f"tiers[{index}].up_to") in amounts]
    if bounds and (bounds[-1] is not None or len(known) != len(bounds) - 1 or known != sorted(set(known))):
        yield Fault(f"{where}.tiers", bounds, "`up_to` must rise, and the last be null", _FIX)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _price(row: Mapping[str, Any], region: str, day: str) -> Price:
    usd = Decimal(row["usd"])
    tiers = tuple(
        Tier(None if tier.get("up_to") is None else Decimal(tier["up_to"]), Decimal(tier["usd"]))
        for tier in row.get("tiers") or ()
    )
    return Price(
        key=row["key"], service=row["service"], item=row["item"], unit=row["unit"], usd=usd, region=region,
        date=str(row.get("date", day)), agreeing=row["agreeing"], low=Decimal(row.get("low", usd)),
        high=Decimal(row.get("high", usd)), per=Decimal(row.get("per", 1)), free=Decimal(row.get("free", 0)),
        tiers=tiers, sources=tuple(row["sources"]), note=row.get("note", ""),
    )  # fmt: skip


def rows(table: PriceTable, regions: Iterable[str] | None = None) -> Iterator[Price]:
    """Yield every price of some regions, all of them by default, in the order of the file."""
    for name, held in table.regions.items():
        if regions is None or name in regions:
            yield from held.prices.values()
