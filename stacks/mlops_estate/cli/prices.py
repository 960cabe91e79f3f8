"""`estate prices`: what the commands do and print."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.cli.cost import tables
from mlops_estate.faults import Fault, FaultsFound

if TYPE_CHECKING:
    from mlops_estate.pricing import Price, PriceTable
    from mlops_estate.pricing.refresh import Products


def run_prices_list(region: str | None, files: list[Path], *, as_json: bool) -> int:
    """List the prices of the table."""
    from mlops_estate.pricing.table import rows

    table = tables(files)
    if region is not None and region not in table.regions:
        rule = "the table has no prices of this region"
        raise FaultsFound([Fault("--region", region, rule, f"there are {', '.join(sorted(table.regions))}")])
    found = list(rows(table, None if region is None else [region]))
    if as_json:
        print(json.dumps([_data(price, table) for price in found], indent=1))
        return 0
    for price in found:
        mark = price.mark or f"{price.agreeing} sources"
        print(f"{price.region:10} {price.key:38} {_dollars(price):>14} / {price.unit:26} {mark}")
    whole = ", ".join(sorted(name for name, held in table.regions.items() if held.complete))
    print(f"{len(found)} prices; complete for {whole}; `estate prices show KEY` explains one")
    return 0


def run_prices_show(key: str, files: list[Path], *, as_json: bool) -> int:
    """Explain the prices of a key, of every key that begins so, or of an instance type."""
    from difflib import get_close_matches

    from mlops_estate.pricing.table import rows

    table = tables(files)
    found = [price for price in rows(table) if price.key == key or price.key.startswith(f"{key}.") or price.item == key]
    if not found:
        near = get_close_matches(key, [name for price in rows(table) for name in (price.key, price.item)], 1)
        fix = f"did you mean {near[0]}?" if near else "`estate prices list` shows them all"
        raise FaultsFound([Fault("KEY", key, "the table has no such price", fix)])
    if as_json:
        print(json.dumps([_data(price, table) for price in found], indent=1))
        return 0
    print("\n\n".join("\n".join(_explained(price, table)) for price in found))
    return 0


def _data(price: Price, table: PriceTable) -> dict[str, Any]:
    return {
        "key": price.key, "service": price.service, "item": price.item, "region": price.region, "date": price.date,
        "usd": str(price.usd), "per": str(price.per), "unit": price.unit, "low": str(price.low),
        "high": str(price.high), "free": str(price.free), "agreeing": price.agreeing, "mark": price.mark,
        "tiers": [{"up_to": None if tier.up_to is None else str(tier.up_to), "usd": str(tier.usd)}
                  for tier in price.tiers],
        "sources": {name: table.sources.get(name, "") for name in price.sources},
        "page": table.pages.get(price.service, ""), "note": price.note,
    }  # fmt: skip


def _explained(price: Price, table: PriceTable) -> Iterator[str]:
    yield f"{price.key}: {price.service}, {price.item}"
    yield f"  price      {_dollars(price)} / {price.unit} in {price.region}, {price.date}"
    if price.low != price.high:
        yield f"  others     {price.mark}"
    if price.free:
        yield f"  free       {price.free:f} x {price.unit} a month in an account"
    for tier in price.tiers:
        bound = "beyond" if tier.up_to is None else f"up to {tier.up_to:,f}"
        yield f"  tier       ${tier.usd:f} {bound}"
    yield f"  sources    {price.agreeing} {'agrees' if price.agreeing == 1 else 'agree'}"
    for name in price.sources:
        yield f"             {name}: {table.sources.get(name, '')}"
    if price.note:
        yield f"  note       {price.note}"
    if page := table.pages.get(price.service):
        yield f"  AWS's page {page}"


def _dollars(price: Price) -> str:
    return f"${price.usd:f}"


def run_prices_refresh(
    region: str, output: Path, *, profile: str | None, public: bool, offers: Path | None, as_json: bool
) -> int:
    """Read a region's prices, and write the file; nothing is written where the list can't be read."""
    import yaml

    from mlops_estate.pricing.refresh import TOO_LARGE, refresh

    faults = []
    if public and offers is not None:
        faults.append(Fault("--public", str(offers), "contradicts --offers", "leave one of the two out"))
    if (public or offers is not None) and profile is not None:
        faults.append(Fault("--profile", profile, "offer files take no credentials", "leave it out"))
    if output.suffix not in {".yaml", ".yml"}:
        faults.append(Fault("--output", str(output), "a price file is YAML", "end it in .yaml"))
    if offers is not None and not offers.is_dir():
        faults.append(Fault("--offers", str(offers), "there is no such folder", "name the folder of the offer files"))
    if faults:
        raise FaultsFound(faults)
    found = refresh(region, _products(region, profile, public, offers), skip=TOO_LARGE if public else frozenset())
    count = sum(len(held.prices) for held in found.table.regions.values())
    output.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(found.document, sort_keys=False, width=118, allow_unicode=True)
    output.write_text("# Written by `estate prices refresh` from AWS's price list.\n" + text, encoding="utf-8")
    if as_json:
        print(json.dumps({"ok": True, "file": str(output), "region": region, "prices": count,
                          "missing": found.missing}, indent=1))  # fmt: skip
        return 0
    print(f"wrote {output}: {count} prices of {region}")
    if found.missing:
        print(f"not in the list, or not known where: {', '.join(found.missing)}")
        print(f"estimate with: estate cost ENV --prices {output} --prices-from us-east-1")
    return 0


def _products(region: str, profile: str | None, public: bool, offers: Path | None) -> Products:
    from mlops_estate.pricing.refresh import connected, downloaded, from_files

    if offers is not None:
        return from_files(lambda service: _content(offers / f"{service}.json"))
    return downloaded(region) if public else connected(region, profile)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
