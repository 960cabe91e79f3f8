"""Remedies for missing tags."""

from __future__ import annotations

from typing import Any

from mlops_policies.rule import Use
from mlops_policies.tagging import tag_shapes
from mlops_policies.values import is_unknown


def add_default_tags(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Add the required tags that are missing and whose values a setting gives; where nothing is replaced by it.

    The provider has put its own default tags into the properties before a remedy sees them.
    """
    shape, own = tag_shapes().get(token, ""), props.get("tags")
    values = {key: value for key, value in use["tag_defaults"].items() if key in use["required_tags"]}
    if shape not in ("map", "list") or is_unknown(own):
        return None
    if shape == "map":
        return {**props, "tags": values | dict(own or {})} if values.keys() - set(own or {}) else None
    if any(is_unknown(item) or is_unknown(item.get("key")) for item in own or []):
        return None
    carried = {item["key"] for item in own or []}
    added = [{"key": key, "value": value} for key, value in values.items() if key not in carried]
    return {**props, "tags": [*(own or []), *added]} if added else None
