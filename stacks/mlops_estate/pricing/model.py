"""What an estimate is made of: ranges, prices, usage, lines; all money and quantities are exact decimals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

HOURS = Decimal(730)
"""Hours of a month, as AWS's pricing calculator counts them: 365 days of 24 hours over 12 months."""

CENT = Decimal("0.01")
_FINEST = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Range:
    """A quantity or an amount of money: what is likely (`expected`), and the bounds within which it may lie."""

    low: Decimal = Decimal(0)
    expected: Decimal = Decimal(0)
    high: Decimal = Decimal(0)

    @classmethod
    def exactly(cls, value: Decimal | int | str) -> Range:
        """Return the range of something known."""
        number = Decimal(value)
        return cls(number, number, number)

    @classmethod
    def of(cls, low: Decimal | int | str, expected: Decimal | int | str, high: Decimal | int | str) -> Range:
        """Return a range of three numbers."""
        return cls(Decimal(low), Decimal(expected), Decimal(high))

    @property
    def known(self) -> bool:
        """Whether the bounds are one number."""
        return self.low == self.high

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.expected + other.expected, self.high + other.high)

    def __sub__(self, other: Range) -> Range:
        """Return the difference bound by bound, for a before and an after under the same assumptions."""
        return Range(self.low - other.low, self.expected - other.expected, self.high - other.high)

    def __mul__(self, factor: Range | Decimal | int) -> Range:
        """Return the product of quantities that are not negative, bound by bound."""
        if isinstance(factor, Range):
            return Range(self.low * factor.low, self.expected * factor.expected, self.high * factor.high)
        return Range(self.low * factor, self.expected * factor, self.high * factor)

    def __truediv__(self, divisor: Decimal | int) -> Range:
        return Range(self.low / divisor, self.expected / divisor, self.high / divisor)

    def at_least(self, bound: Decimal | int) -> Range:
        """Return the range with every bound raised to `bound`."""
        floor = Decimal(bound)
        return Range(max(self.low, floor), max(self.expected, floor), max(self.high, floor))

    def at_most(self, bound: Decimal | int) -> Range:
        """Return the range with every bound lowered to `bound`."""
        top = Decimal(bound)
        return Range(min(self.low, top), min(self.expected, top), min(self.high, top))

    def fixed(self) -> Range:
        """Return the range to twelve decimal places, so that sums are the same in whatever order they are made."""
        return Range(self.low.quantize(_FINEST), self.expected.quantize(_FINEST), self.high.quantize(_FINEST))

    def dollars(self) -> dict[str, float]:
        """Return an amount of money as JSON data, rounded to cents, half a cent upwards."""
        return {name: float(getattr(self, name).quantize(CENT, ROUND_HALF_UP)) for name in ("low", "expected", "high")}

    def amounts(self) -> dict[str, float]:
        """Return a quantity as JSON data, to six decimal places."""
        return {name: float(round(getattr(self, name), 6)) for name in ("low", "expected", "high")}


NOTHING = Range()


def total(ranges: Iterable[Range]) -> Range:
    """Return the sum of ranges."""
    found = NOTHING
    for item in ranges:
        found = found + item
    return found


@dataclass(frozen=True, slots=True)
class Tier:
    """A part of a tiered price: `usd` for each unit up to `up_to` units a month in all; None is without end."""

    up_to: Decimal | None
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """One row of the price table.

    `key` names the row (`cloudwatch.alarm`), `unit` what `usd` is for: `per` single things (requests, hours, GB).
    `agreeing` is the number of sources that give this price; `low` and `high` are the lowest and highest that others
    give, equal to `usd` where none disagrees. `free` units of each account and month cost nothing. `tiers` are the
    prices by volume, where it decides.
    """

    key: str
    service: str
    item: str
    unit: str
    usd: Decimal
    region: str
    date: str
    agreeing: int
    low: Decimal
    high: Decimal
    per: Decimal = Decimal(1)
    free: Decimal = Decimal(0)
    tiers: tuple[Tier, ...] = ()
    sources: tuple[str, ...] = ()
    note: str = ""

    @property
    def range(self) -> Range:
        """The price with what disagreeing sources say."""
        return Range(self.low, self.usd, self.high)

    @property
    def mark(self) -> str:
        """What a reader has to know about the sources; empty where several agree and none disagrees."""
        if self.low != self.high:
            return f"sources disagree: {self.low.normalize():f} to {self.high.normalize():f}"
        return "one source" if self.agreeing == 1 else ""


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure of usage: its range, and whether it is written in the configuration or assumed, with the reason."""

    range: Range
    written: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used of one model, or by the environment as a whole (under the name ``""``): amounts by key.

    Keys are those of `config.usage.UsageBlock` and `config.usage.EstateUsageBlock`; every key has an amount.
    """

    amounts: Mapping[str, Amount] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Amount:
        return self.amounts[key]

    def range(self, key: str) -> Range:
        """Return the range of one figure."""
        return self.amounts[key].range


Status = Literal["priced", "usage"]


@dataclass(frozen=True, slots=True)
class CostLine:
    """One thing of one resource that costs money each month.

    `free_quantity` is the part of `quantity` that a free tier covers. `status` is `usage` where the quantity rests on
    assumed usage, which `assumption` states; else `priced`. `basis` are the numbers that others compute with, such as
    `instance_type`, `instances` (a range), `hours` (a range) and `mode` (hosting, training, processing, monitoring).
    """

    urn: str
    type: str
    name: str
    model: str
    item: str
    quantity: Range
    price: Price
    monthly: Range
    free_quantity: Range = NOTHING
    status: Status = "priced"
    assumption: str = ""
    basis: Mapping[str, Any] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """The AWS service that bills it."""
        return self.price.service

    def as_dict(self) -> dict[str, Any]:
        """Return the line as JSON data."""
        price = self.price
        return {
            "urn": self.urn, "type": self.type, "name": self.name, "model": self.model, "service": price.service,
            "item": self.item, "unit": price.unit, "quantity": self.quantity.amounts(),
            "free_quantity": self.free_quantity.amounts(), "unit_price": float(price.usd),
            "unit_price_range": {"low": float(price.low), "expected": float(price.usd), "high": float(price.high)},
            "price_key": price.key, "price_region": price.region, "sources": price.agreeing,
            "price_note": "; ".join(filter(None, (price.mark, price.note))),
            "monthly": self.monthly.dollars(), "status": self.status, "assumption": self.assumption,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class TypeNote:
    """Resources of one type that have no line: how many there are, and why."""

    type: str
    count: int
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Return the note as JSON data."""
        return {"type": self.type, "count": self.count, "why": self.why}


@dataclass(slots=True)
class CostEstimate:
    """What an environment costs a month. `priced_from` is the region whose prices were taken."""

    environment: str
    region: str
    priced_from: str
    prices_date: str
    lines: list[CostLine] = field(default_factory=list)
    free_types: list[TypeNote] = field(default_factory=list)
    unpriced_types: list[TypeNote] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def monthly(self) -> Range:
        """Everything together."""
        return total(line.monthly for line in self.lines)

    def by_model(self) -> dict[str, Range]:
        """Return the sums by model, ``""`` for what belongs to no single one."""
        return self._sums("model")

    def by_service(self) -> dict[str, Range]:
        """Return the sums by AWS service."""
        return self._sums("service")

    def by_resource(self) -> dict[str, Range]:
        """Return the sums by URN."""
        return self._sums("urn")

    def _sums(self, attribute: str) -> dict[str, Range]:
        sums: dict[str, Range] = {}
        for line in self.lines:
            name = getattr(line, attribute)
            sums[name] = sums.get(name, NOTHING) + line.monthly
        return dict(sorted(sums.items()))

    @property
    def prices_note(self) -> str:
        """What a reader has to know about where the prices are from."""
        own = self.region == self.priced_from
        return "" if own else f"prices of {self.priced_from}: {self.region} has no complete price table, and may differ"

    def as_dict(self) -> dict[str, Any]:
        """Return the document `mlops-estate/cost`, version 1 (docs/reference/cost.md)."""
        return {
            "format": "mlops-estate/cost",
            "version": 1,
            "environment": self.environment,
            "region": self.region,
            "prices": {"region": self.priced_from, "date": self.prices_date, "note": self.prices_note},
            "monthly": self.monthly.dollars(),
            "by_model": {name: amount.dollars() for name, amount in self.by_model().items()},
            "by_service": {name: amount.dollars() for name, amount in self.by_service().items()},
            "lines": [line.as_dict() for line in self.lines],
            "free_types": [note.as_dict() for note in self.free_types],
            "unpriced_types": [note.as_dict() for note in self.unpriced_types],
            "notes": list(self.notes),
        }
