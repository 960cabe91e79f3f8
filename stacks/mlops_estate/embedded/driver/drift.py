"""Which inputs of a resource the account no longer shows as they were sent."""

from __future__ import annotations

import contextlib
from typing import Any

from mlops_estate.embedded.driver.aws import AwsDriver, is_gone
from mlops_estate.embedded.driver.mapping import Mapped
from mlops_estate.embedded.driver.operations import Operations
from mlops_estate.embedded.driver.outputs import Misfit, declared, fit
from mlops_estate.embedded.driver.readback import differences
from mlops_estate.engine.driver_api import ResourceState
from mlops_estate.engine.wire import top_property
from mlops_estate.faults import FaultsFound


def drifted(driver: AwsDriver, state: ResourceState) -> dict[str, Any] | None:
    """Return the drifted inputs with what is read of each, or None where the resource is gone.

    What is read is None where it cannot be said in the input's form. A type without a read operation never drifts, and
    settings that another operation than the main one reads are not compared. Raises `FaultsFound` where reading fails
    for another reason than that there is nothing.
    """
    row = driver._row(state.request)
    if not row.read:
        return {}
    keys = state.record["keys"]
    try:
        item = driver._read(row, keys, state.request.urn)
    except FaultsFound as found:
        if is_gone(found):
            return None
        raise
    if item is None or _being_deleted(item):
        return None
    mapped = driver._mapped(state.request, row)
    paths = [text.partition(": ")[0] for text in differences(row, state.record["params"], item, keys)]
    return {name: _as_input(name, path, item, state, row) for path, name in _by_input(paths, mapped)}


def _being_deleted(item: dict[str, Any]) -> bool:
    """Whether what is read only waits for its end, as a KMS key does for its window; the provider takes it as gone."""
    return item.get("KeyState") == "PendingDeletion"


def _by_input(paths: list[str], mapped: Mapped) -> list[tuple[str, str]]:
    """Return each parameter path with the top-level input it comes from; of two with one input the first."""
    found: dict[str, str] = {}
    for path in paths:
        found.setdefault(top_property(mapped.origin(path)), path)
    return [(path, name) for name, path in found.items()]


def _as_input(name: str, path: str, item: dict[str, Any], state: ResourceState, row: Operations) -> Any:
    """Return what is read in the input's declared type; None where the parameter is not the input itself."""
    if path in item and path not in row.same:
        with contextlib.suppress(Misfit):
            return fit(item[path], declared(state.request.type).get(name))
    return None
