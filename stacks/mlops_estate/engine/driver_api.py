"""What the engine asks of whoever creates resources: plain records and one protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mlops_estate.faults import Fault, FaultsFound


@dataclass(frozen=True, slots=True)
class ResourceRequest:
    """What a program wants of one custom resource.

    `inputs` have wire names (camelCase), secrets unwrapped, Pulumi assets intact; `default_tags` are the tags of the
    provider the resource uses; `provider_region` is that provider's region, or None for the account's own.
    """

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    default_tags: Mapping[str, str]
    provider_region: str | None = None


@dataclass(slots=True)
class ResourceState:
    """One resource as it stands. `record` is JSON data, enough to update, delete or read it in another process.

    A record with `incomplete` set is of a resource whose creation broke off: the next run starts it anew.
    """

    request: ResourceRequest
    id: str
    outputs: dict[str, Any]
    record: dict[str, Any]


class PartlyCreated(FaultsFound):
    """The resource was created, but a call that completes it failed: `state` is what stands, and must not be lost."""

    def __init__(self, faults: Iterable[Fault], state: ResourceState) -> None:
        super().__init__(faults)
        self.state = state


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What reading a resource back showed.

    `backing` is "emulated" (the account answers for it), "validated" (checked; the service has no read operation) or
    "declared" (providers and the like); `backend` is "moto", "gap filler" or "".
    """

    backing: str
    backend: str
    equal: bool
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deletion:
    """What deleting a resource left behind by AWS's own rules (a key's pending window, a locked object), in words."""

    left: tuple[str, ...] = ()


class ResourceDriver(Protocol):
    """Creates, updates, reads and deletes resources; a fault raises `FaultsFound` with the URN and the input path."""

    def create(self, request: ResourceRequest) -> ResourceState:
        """Create the resource; `PartlyCreated` where it stands but could not be completed."""
        ...

    def adopt(self, request: ResourceRequest, resource_id: str, ignored: frozenset[str]) -> ResourceState:
        """Take over what stands already; nothing is changed, and inputs that differ are faults, but for `ignored`."""
        ...

    def update(self, state: ResourceState, request: ResourceRequest) -> ResourceState:
        """Bring an existing resource to `request` in place."""
        ...

    def replacement_reasons(self, state: ResourceState, request: ResourceRequest) -> list[str]:
        """Name the changed properties that force a replacement; empty where an in-place update will do."""
        ...

    def names_itself(self, request: ResourceRequest) -> bool:
        """Whether the provider names the resource, so that a replacement can be created before the old one goes."""
        ...

    def keeps(self, state: ResourceState) -> tuple[str, ...]:
        """Say in words why the resource cannot be deleted (data in it, a lock); empty where it can."""
        ...

    def delete(self, state: ResourceState) -> Deletion:
        """Delete the resource."""
        ...

    def read_back(self, state: ResourceState) -> ReadBack:
        """Read the resource from the account and compare it with what was sent."""
        ...

    def provider_config(self, request: ResourceRequest) -> None:
        """Take note of an explicit provider."""
        ...
