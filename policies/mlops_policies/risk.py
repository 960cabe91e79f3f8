"""How grave a model's decisions are, and how data are classed, as tags tell it: settings that many rules share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_policies.resource import Resource
from mlops_policies.rule import Use
from mlops_policies.values import UnknownValue, is_unknown

RISK: Mapping[str, Mapping[str, Any]] = {
    "risk_tag": {
        "type": "string",
        "default": "ai-risk-tier",
        "description": "The tag that names a model's risk tier: minimal, limited, high or prohibited.",
    }
}
DATA_CLASS: Mapping[str, Mapping[str, Any]] = {
    "data_class_tag": {
        "type": "string",
        "default": "data-classification",
        "description": "The tag that names how data are classed: public, internal, confidential or restricted.",
    }
}


def risk_tier(it: Resource, use: Use) -> str:
    """Return the risk tier that a resource's tags name, in lower case; "" where they name none."""
    return _tag(it, use["risk_tag"])


def is_high_risk(it: Resource, use: Use) -> bool:
    """Whether a resource's tags say high risk."""
    return risk_tier(it, use) == "high"


def data_class(it: Resource, use: Use) -> str:
    """Return how a resource's tags class its data, in lower case; "" where they don't."""
    return _tag(it, use["data_class_tag"])


def _tag(it: Resource, key: str) -> str:
    value = it.tags().get(key, "")
    if is_unknown(value):
        raise UnknownValue(it.path("tags"))
    return str(value).lower()
