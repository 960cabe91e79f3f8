"""How much is used: as the configuration states it, else as assumed for the environment's class."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.pricing.model import Amount, Range, Usage

if TYPE_CHECKING:
    from pydantic import BaseModel

    from mlops_estate.config import LoadedEnvironment

ASSUMPTIONS = Path(__file__).with_name("assumptions.yaml")
SHARED = ""
"""The name under which stands what the environment uses as a whole."""
DERIVED_BY_MODEL = ("captured_gb", "feature_reads_per_month")
"""Figures of a model that are computed from others where they aren't stated."""
DERIVED = ("data_events",)
"""Figures of the environment that are computed from the models' where they aren't stated."""


@cache
def table() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the assumptions as the file has them: by `model` and `estate`, then by figure."""
    import yaml

    text = ASSUMPTIONS.read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, dict[str, dict[str, Any]]] = yaml.load(text, Loader=loader)  # noqa: S506 -- a safe loader
    return loaded


@cache
def assumed(environment_class: str, part: str = "model") -> Usage:
    """Return what is assumed in a class of environments of one model, or (`estate`) of the environment.

    A class that isn't known is taken as prod.
    """
    return Usage({key: _assumed(key, entry, environment_class) for key, entry in table()[part].items()})


def _assumed(key: str, entry: Mapping[str, Any], environment_class: str) -> Amount:
    known = environment_class if environment_class in entry else "prod"
    low, expected, high = (Decimal(str(number)) for number in entry.get("all") or entry[known])
    scale = " a model" if entry.get("per_model") else " a resource" if entry.get("per_resource") else ""
    why = f"{key} {low:,} to {high:,}{scale}, {expected:,} expected"
    return Amount(Range(low, expected, high), why=why)


def usage_of(environment: LoadedEnvironment) -> dict[str, Usage]:
    """Return the usage of every model of an environment, and under ``""`` that of the environment itself.

    What the configuration states is exact; the rest is assumed by its class. Figures that are computed from others
    (`DERIVED_BY_MODEL`, `DERIVED`) are there only if they are stated.
    """
    config = environment.config
    found = {SHARED: _stated(config.estate.usage, assumed(config.environment_class, "estate"))}
    for name, model in config.models.items():
        found[name] = _stated(model.usage, assumed(config.environment_class))
    return found


def _stated(block: BaseModel, otherwise: Usage) -> Usage:
    amounts = dict(otherwise.amounts)
    for key in type(block).model_fields:
        value = getattr(block, key)
        if value is not None:
            amounts[key] = Amount(Range.exactly(Decimal(str(value))), written=True)
    return Usage(amounts)
