"""Type tokens: which of them are the same AWS resource, and how one is read as the other.

Rules are written for the tokens and property names of the `aws` provider. A resource of `aws-native`, of
`aws:cloudcontrol/resource:Resource`, or of a legacy token (``...V2``) is read as its counterpart: an `Alias` says
which, which properties have other names, and what else has to be turned. Each submodule has an `ALIASES` table.
"""

from __future__ import annotations

import functools
import json
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from mlops_policies.values import is_unknown

Props = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Alias:
    """How a type is read as another: `renames` from its own to the counterpart's top-level names, then `turn`."""

    type: str
    renames: Mapping[str, str] = field(default_factory=dict)
    turn: Callable[[dict[str, Any]], dict[str, Any]] | None = None


CLOUD_CONTROL = "aws:cloudcontrol/resource:Resource"


@functools.cache
def aliases() -> Mapping[str, Alias]:
    """Return every alias by its token."""
    found: dict[str, Alias] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda entry: entry.name):
        found |= import_module(f"{__name__}.{module.name}").ALIASES
    return found


def kind_of(token: str) -> str:
    """Return the canonical type of a token; of Cloud Control's the properties say it, see `canonical`."""
    alias = aliases().get(token)
    return token if alias is None else alias.type


def canonical(token: str, props: Props) -> tuple[str, Props, Mapping[str, str]]:
    """Return a resource's canonical type and properties, and the names that its own properties are written by."""
    if token == CLOUD_CONTROL:
        token, props = _of_cloud_control(props)
    alias = aliases().get(token)
    if alias is None:
        return token, props, {}
    if isinstance(props, _AllUnknown):
        return alias.type, props, {}
    # What is renamed counts over what has the counterpart's name already, in whatever order properties come.
    renamed = {key: value for key, value in props.items() if key not in alias.renames}
    renamed |= {new: props[old] for old, new in alias.renames.items() if old in props}
    if alias.turn is not None:
        renamed = alias.turn(renamed)
    return alias.type, renamed, {new: old for old, new in alias.renames.items()}


def _of_cloud_control(props: Props) -> tuple[str, Props]:
    """Read ``AWS::SageMaker::Model`` and its desired state as `aws-native` would declare them."""
    kind, state = props.get("typeName"), props.get("desiredState")
    if not isinstance(kind, str) or kind.count("::") != 2 or not isinstance(state, str):
        return CLOUD_CONTROL, props
    _, service, name = kind.split("::")
    token = f"aws-native:{service.lower()}:{name}"
    if is_unknown(state):
        # Nothing of it can be read; every property a rule asks for is then unknown too.
        return token, _AllUnknown(state)
    return token, lower_camel(json.loads(state))


class _AllUnknown(dict[str, Any]):
    """Properties none of which is known."""

    def __init__(self, sentinel: str) -> None:
        super().__init__(desiredState=sentinel)
        self._sentinel = sentinel

    def get(self, key: str, default: Any = None) -> Any:
        """Return the sentinel, whatever is asked for."""
        return self._sentinel


def lower_camel(value: Any) -> Any:
    """Return CloudFormation's names in Pulumi's way, ``KmsKeyId`` as ``kmsKeyId``; policy documents keep theirs."""
    if isinstance(value, list):
        return [lower_camel(item) for item in value]
    if isinstance(value, dict) and "Statement" not in value:
        return {_lower_first(key): lower_camel(item) for key, item in value.items()}
    return value


def _lower_first(name: str) -> str:
    """Return a name with its first word in lower case; an acronym is a word: ``SSEAlgorithm`` is ``sseAlgorithm``."""
    return re.sub(r"^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+", lambda found: found[0].lower(), name)
