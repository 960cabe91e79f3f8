"""Tags that every resource has to carry, a setting that several rules share; and which types take tags."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops_policies.resource import Resource
from mlops_policies.rule import Use
from mlops_policies.tokens import CLOUD_CONTROL, aliases
from mlops_policies.values import UnknownValue, is_absent

REQUIRED_TAGS: Mapping[str, Mapping[str, Any]] = {
    "required_tags": {
        "type": "array",
        "items": {"type": "string"},
        "default": ["owner", "environment"],
        "description": "Keys of the tags that resources must carry; keys are case-sensitive, as in AWS.",
    }
}
"""Who answers for a resource and which environment it is of: what any stack can tell. Cost centres and data classes
are for those who keep them."""

_TYPES = Path(__file__).parent / "taggable_types.txt"
_WITHOUT_DEFAULTS = (CLOUD_CONTROL, "aws:autoscaling/group:Group")
"""Tokens on which the provider's default tags are not put. Source: Terraform AWS provider, "Resource tagging"."""


def missing_tags(it: Resource, use: Use) -> list[str]:
    """Return the required tags that a resource does not carry; its provider's default tags count, empty ones don't.

    A tag whose value is unknown is carried. Raises `UnknownValue` where the keys are unknown.
    """
    wanted = use["required_tags"]
    try:
        tags: Mapping[str, Any] = carried_tags(it)
    except UnknownValue:
        if it.token in _WITHOUT_DEFAULTS or any(is_absent(it.provider.default_tags.get(key)) for key in wanted):
            raise
        return []
    return [key for key in wanted if is_absent(tags.get(key))]


def carried_tags(it: Resource) -> Mapping[str, Any]:
    """Return a resource's tags with its provider's, where the provider puts those on it. Raises `UnknownValue`."""
    tags = it.tags()
    if it.token not in _WITHOUT_DEFAULTS:
        return tags
    own = it.get("tags") or {}
    keys = set(own) if isinstance(own, Mapping) else {item["key"] for item in own}
    return {key: value for key, value in tags.items() if key in keys}


def takes_tags(it: Resource) -> bool:
    """Whether a resource's type has tags. What Cloud Control makes is known by the type that it is read as."""
    known = tag_shapes()
    if it.token != CLOUD_CONTROL:
        return it.token in known
    return it.type in known if it.type.startswith("aws-native:") else bool(_natives().get(it.type, set()) & set(known))


@functools.cache
def tag_shapes() -> Mapping[str, str]:
    """Return how types take tags, by token: ``map``, ``list``, ``other``; with ``!`` where a change replaces them."""
    found: dict[str, str] = {}
    for line in _TYPES.read_text(encoding="utf-8").splitlines():
        place, shape, *names = line.split()
        package, _, module = place.partition(":")
        for name in names:
            middle = f"{module}/{name[:1].lower()}{name[1:]}" if package == "aws" else module
            found[f"{package}:{middle}:{name}"] = shape
    return found


@functools.cache
def _natives() -> Mapping[str, set[str]]:
    """Return the native tokens by the type that they are read as."""
    found: dict[str, set[str]] = {}
    for token, alias in aliases().items():
        if token.startswith("aws-native:"):
            found.setdefault(alias.type, set()).add(token)
    return found
