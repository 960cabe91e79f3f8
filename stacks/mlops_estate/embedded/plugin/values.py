"""Between the engine's property values and the driver's records: inputs as given, and the state the engine keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

from mlops_estate.embedded.driver.outputs import declared
from mlops_estate.engine import wire
from mlops_estate.engine.driver_api import ResourceRequest, ResourceState
from mlops_estate.graph import UNKNOWN

# Names with two underscores are the provider's own: SDKs keep them from programs, and the engine from its display.
RECORD = "__estate"
DEFAULTS = "__defaults"  # as the real provider spells it: the inputs that it filled in itself


@dataclass(frozen=True, slots=True)
class Given:
    """Properties as the engine hands them over.

    `raw` is wire data with secrets and assets marked, `plain` has secrets opened and assets as objects, `data` is JSON
    data to compare and keep; `secrets` are the paths of secrets and `defaults` the inputs the provider filled in.
    """

    raw: Mapping[str, Any]
    plain: Mapping[str, Any]
    data: Mapping[str, Any]
    secrets: tuple[str, ...]
    defaults: tuple[str, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The paths of values that are not known before the update."""
        return tuple(_unknown_paths(self.data, ""))


def given(properties: Mapping[str, PropertyValue]) -> Given:
    """Return properties in the forms that a driver needs."""
    raw = wire.from_struct(PropertyValue.marshal_map(dict(properties)))
    defaults = tuple(raw.pop(DEFAULTS, None) or ())
    secrets: list[str] = []
    opened = wire.open_secrets(raw, "", secrets)
    return Given(raw, wire.with_assets(opened), wire.for_graph(opened), tuple(secrets), defaults)


def properties_of(raw: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """Return wire data as property values."""
    return PropertyValue.unmarshal_map(wire.to_struct(dict(raw)))


def _unknown_paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _unknown_paths(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown_paths(item, f"{path}[{index}]")
    elif isinstance(value, str) and UNKNOWN in value:
        yield path


def without_unknown(type_token: str, plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs without those that are unknown as a whole and no text: nothing can be said of their inside."""
    types = declared(type_token)
    return {key: value for key, value in plain.items() if value != UNKNOWN or types.get(key) is str}


def kept_state(state: ResourceState, inputs: Given) -> dict[str, PropertyValue]:
    """Return a resource's state for the engine: inputs, outputs, and the driver's record under a private key.

    An output is secret where an input of its name is, or where it shows the text of one; the record is, as a whole,
    where any input is.
    """
    texts = [text for text in _secret_texts(inputs.raw) if text]
    secret = {wire.top_property(path) for path in inputs.secrets}
    outputs = {
        key: wire.wrap_secret(value) if key in secret or _shows(value, texts) else value
        for key, value in state.outputs.items()
    }
    # The driver describes an asset by its hash; the engine gets the asset that was given, and inputs their own marks.
    marked = {key: value for key, value in inputs.raw.items() if key not in outputs or _same(value, state, key)}
    record: dict[str, Any] = {
        **state.record,
        "inputs": dict(inputs.data),
        "default_tags": dict(state.request.default_tags),
        "region": state.request.provider_region,
    }
    whole = {**outputs, **marked, RECORD: wire.wrap_secret(record) if inputs.secrets else record}
    return properties_of({key: value for key, value in whole.items() if value is not None})


def _same(value: Any, state: ResourceState, key: str) -> bool:
    """Whether an output is the input itself, which then keeps its own marks of secrets and assets."""
    return bool(wire.for_graph(wire.open_secrets(value, "", [])) == state.outputs[key])


def _secret_texts(raw: Any) -> Iterator[str]:
    """Yield each text within a value that is marked as a secret."""
    if isinstance(raw, Mapping):
        if raw.get(wire.SIGNATURE) == wire.SECRET:
            yield from _texts(wire.open_secrets(raw, "", []))
        else:
            for item in raw.values():
                yield from _secret_texts(item)
    elif isinstance(raw, list):
        for item in raw:
            yield from _secret_texts(item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _shows(value: Any, texts: list[str]) -> bool:
    whole = json.dumps(value, default=str)
    return any(json.dumps(text)[1:-1] in whole for text in texts)


def state_from(urn: str, type_token: str, name: str, resource_id: str, old: Given) -> ResourceState | None:
    """Return the driver's state of a resource from the engine's; None where this plugin did not make it."""
    record = old.data.get(RECORD)
    if not isinstance(record, dict):
        return None
    record = dict(record)
    inputs, tags, region = record.pop("inputs"), record.pop("default_tags"), record.pop("region")
    outputs = {key: value for key, value in old.data.items() if key != RECORD}
    return ResourceState(ResourceRequest(urn, type_token, name, inputs, tags, region), resource_id, outputs, record)
