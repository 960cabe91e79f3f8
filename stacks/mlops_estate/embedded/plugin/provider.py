"""The provider: Pulumi's calls, answered by the driver of a served embedded account."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental import provider as api
from pulumi.provider.experimental.property_value import PropertyValue

from mlops_estate.embedded.account import RemoteAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.embedded.driver.drift import drifted
from mlops_estate.embedded.driver.outputs import declared
from mlops_estate.embedded.driver.table import table
from mlops_estate.embedded.plugin.elided import is_elided
from mlops_estate.embedded.plugin.refusals import concerns, reason
from mlops_estate.embedded.plugin.values import (
    DEFAULTS,
    RECORD,
    Given,
    given,
    kept_state,
    properties_of,
    state_from,
    without_unknown,
)
from mlops_estate.engine.driver_api import PartlyCreated, ResourceRequest, ResourceState
from mlops_estate.engine.wire import provider_input, top_property
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import UNKNOWN

ENDPOINT = "MLOPS_ESTATE_ENDPOINT"


class CreationBroken(FaultsFound):
    """A resource stands but could not be completed: the engine has to keep `properties`, or it is lost."""

    def __init__(self, partly: PartlyCreated, properties: dict[str, PropertyValue]) -> None:
        super().__init__(partly.faults)
        self.resource_id = partly.state.id
        self.properties = properties


class EstateProvider(api.Provider):
    """Serves one package, "aws" or "aws-native", from the account at the environment variable MLOPS_ESTATE_ENDPOINT.

    Every refusal is a `FaultsFound`. Calls are answered one after another.
    """

    def __init__(self, package: str) -> None:
        self.package = package
        self._endpoint = ""
        self._region = ""
        self._default_tags: dict[str, str] = {}
        self._drivers: dict[str, AwsDriver] = {}

    async def configure(self, request: api.ConfigureRequest) -> api.ConfigureResponse:
        """Take the region and the default tags, and see that the account answers."""
        config = {key: provider_input(value) for key, value in given(request.args).plain.items()}
        self._endpoint = os.environ.get(ENDPOINT, "")
        self._region = config.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
        if not self._endpoint:
            fix = "run `estate serve ENV` and export the line that it prints"
            raise FaultsFound([Fault(ENDPOINT, None, "the plugin does not know where the account is served", fix)])
        if not self._region:
            fix = f"pulumi config set {self.package}:region REGION"
            raise FaultsFound([Fault(f"{self.package}:region", None, "the provider needs a region", fix)])
        self._default_tags = dict((config.get("defaultTags") or {}).get("tags") or {})
        driver = self._driver(self._region)
        driver.provider_config(ResourceRequest("", f"pulumi:providers:{self.package}", "", config, {}))
        driver.caller.send_checked("sts", "GetCallerIdentity", {}, "")
        return api.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def invoke(self, request: api.InvokeRequest) -> api.InvokeResponse:
        """Refuse a function: the program must not depend on what an account holds."""
        rule = "provider functions are not answered here: the program must not depend on what an account holds"
        raise FaultsFound([Fault(request.tok, None, rule, "pass the value through the configuration")])

    async def check(self, request: api.CheckRequest) -> api.CheckResponse:
        """Return every fault with its property path; what is unknown, or only named, is judged when it is created."""
        inputs = given(request.new_inputs)
        asked = self._request(request.urn, inputs)
        try:
            named = self._named(asked, inputs, given(request.old_inputs), request.random_seed)
            checked = dataclasses.replace(asked, inputs=without_unknown(asked.type, {**inputs.plain, **named}))
            faults = AwsDriver(self._driver(self._region).account, lookups=False).check(checked)
        except FaultsFound as found:
            named, faults = {}, list(found.faults)
        failures = [
            api.CheckFailure(fault.where, reason(fault, inputs.secrets))
            for fault in faults
            if not concerns(fault, inputs.unknown)
        ]
        own = {**named, DEFAULTS: sorted(named)} if named else {}
        return api.CheckResponse(properties_of({**inputs.raw, **own}), failures)

    async def diff(self, request: api.DiffRequest) -> api.DiffResponse:
        """Say which inputs changed, and which of them no call of the service can change in place."""
        inputs = given(request.new_inputs)
        asked = self._request(request.urn, inputs)
        state = self._state(request.urn, request.resource_id, request.old_state)
        ignored = {top_property(path) for path in request.ignore_changes}
        before, after = dict(state.request.inputs), inputs.data
        # The record knows the bytes of an asset, the engine now tells its own hash: that is in the state too.
        told = given(request.old_state).data
        before.update({key: told.get(key) for key, value in inputs.plain.items() if is_elided(value)})
        changed = {key for key in {**before, **after} if before.get(key) != after.get(key)} - ignored
        if ignored:
            kept = {key: before[key] for key in ignored if key in before}
            rest = {key: value for key, value in asked.inputs.items() if key not in ignored}
            asked = dataclasses.replace(asked, inputs={**rest, **kept})
        retagged = "tags" in declared(asked.type) and dict(state.request.default_tags) != self._default_tags
        driver = self._driver(self._region)
        replaces = self._replaces(driver, state, asked, changed)
        changed |= set(replaces) | ({"tags"} if retagged and "tags" not in ignored else set())
        kinds = {key: _kind(key, before, after, replaced=key in replaces) for key in sorted(changed)}
        mine = {key: value for key, value in asked.inputs.items() if key not in inputs.defaults}
        goes_first = bool(state.record.get("incomplete")) or not driver.names_itself(
            dataclasses.replace(asked, inputs=mine)
        )
        return api.DiffResponse(
            changes=bool(changed),
            replaces=replaces,
            delete_before_replace=bool(replaces) and goes_first,
            diffs=sorted(changed),
            detailed_diff={key: api.PropertyDiff(kind, input_diff=True) for key, kind in kinds.items()},
        )

    def _replaces(
        self, driver: AwsDriver, state: ResourceState, asked: ResourceRequest, changed: set[str]
    ) -> list[str]:
        if state.record.get("incomplete"):
            return ["id"]  # its creation broke off, so nothing of it can be relied on
        if state.request.provider_region != self._region:
            return ["region"]
        known = dataclasses.replace(asked, inputs=without_unknown(asked.type, asked.inputs))
        return sorted(changed & set(driver.replacement_reasons(state, known)))

    async def create(self, request: api.CreateRequest) -> api.CreateResponse:
        """Create the resource; in a preview its outputs are unknown."""
        inputs = given(request.properties)
        asked = self._request(request.urn, inputs)
        if request.preview:
            unknown = dict.fromkeys(declared(asked.type), UNKNOWN)
            return api.CreateResponse("", properties_of({**unknown, **inputs.raw}))
        try:
            state = self._driver(self._region).create(asked)
        except PartlyCreated as partly:
            raise CreationBroken(partly, kept_state(partly.state, inputs)) from partly
        return api.CreateResponse(state.id, kept_state(state, inputs))

    async def read(self, request: api.ReadRequest) -> api.ReadResponse:
        """Read the resource: gone, as it was, or with the inputs that drifted as they are read."""
        state = self._state(request.urn, request.resource_id, request.properties)
        drift = drifted(self._driver(state.request.provider_region or self._region), state)
        if drift is None:
            return api.ReadResponse("")
        shown = {key: value.with_secret(_secret(request, key)) for key, value in properties_of(drift).items()}
        gone = {key for key, value in drift.items() if value is None}
        properties = {key: value for key, value in {**request.properties, **shown}.items() if key not in gone}
        inputs = {key: value for key, value in {**request.inputs, **shown}.items() if key not in gone}
        if drift:
            properties[RECORD] = self._drifted_record(request.properties[RECORD], drift)
        return api.ReadResponse(request.resource_id, properties, inputs)

    def _drifted_record(self, record: PropertyValue, drift: Mapping[str, Any]) -> PropertyValue:
        """Return the record with what is read as the inputs, so that the next update sends what the program says."""
        data = dict(given({RECORD: record}).data[RECORD])
        inputs = {**data["inputs"], **drift}
        data["inputs"] = {key: value for key, value in inputs.items() if value is not None}
        return properties_of({RECORD: data})[RECORD].with_secret(record.is_secret)

    async def update(self, request: api.UpdateRequest) -> api.UpdateResponse:
        """Change the resource in place."""
        inputs = given(request.news)
        asked = self._request(request.urn, inputs)
        if request.preview:
            return api.UpdateResponse(properties_of({**given(request.olds).raw, **inputs.raw}))
        state = self._state(request.urn, request.resource_id, request.olds)
        return api.UpdateResponse(kept_state(self._driver(self._region).update(state, asked), inputs))

    async def delete(self, request: api.DeleteRequest) -> None:
        """Delete the resource, unless AWS or the design keeps it."""
        state = self._state(request.urn, request.resource_id, request.properties)
        driver = self._driver(state.request.provider_region or self._region)
        if kept := driver.keeps(state):
            fix = "take out what it holds, or set forceDestroy and update first"
            raise FaultsFound([Fault("", None, words, fix, request.urn) for words in kept])
        driver.delete(state)

    def _driver(self, region: str) -> AwsDriver:
        if not self._endpoint:
            raise FaultsFound([Fault(ENDPOINT, None, "the provider is not configured", "call Configure first")])
        if region not in self._drivers:
            self._drivers[region] = AwsDriver(RemoteAccount(self._endpoint, region))
        return self._drivers[region]

    def _request(self, urn: str, inputs: Given) -> ResourceRequest:
        token, name = _type_and_name(urn)
        return ResourceRequest(urn, token, name, inputs.plain, self._default_tags, self._region)

    def _state(self, urn: str, resource_id: str, properties: Mapping[str, PropertyValue]) -> ResourceState:
        state = state_from(urn, *_type_and_name(urn), resource_id, given(properties))
        if state is None:
            rule = (
                "this resource was not made by the embedded account's plugin, so it cannot be looked up or taken over"
            )
            raise FaultsFound(
                [Fault("id", resource_id, rule, "declare it in the program, without import or get()", urn)]
            )
        return state

    def _named(self, asked: ResourceRequest, inputs: Given, old: Given, seed: bytes) -> dict[str, Any]:
        """Return the name that the provider gives where the program gives none: the old one, or a fresh one."""
        row = table().get(asked.type)
        if row is None or not row.auto_name or inputs.plain.get(row.auto_name) is not None:
            return {}
        if row.auto_name in old.defaults and row.auto_name in old.data:
            return {row.auto_name: old.data[row.auto_name]}
        digest = hashlib.sha256(seed + asked.urn.encode()).hexdigest()[:7]
        return {row.auto_name: row.generated_name(asked.name, digest)}


def _type_and_name(urn: str) -> tuple[str, str]:
    """Return a resource's type, without its parents' types, and its name, which may hold colons."""
    _, _, types, name = urn.split("::", 3)
    return types.rpartition("$")[2], name


def _secret(request: api.ReadRequest, key: str) -> bool:
    return any(key in held and held[key].contains_secret() for held in (request.properties, request.inputs))


def _kind(key: str, before: Mapping[str, Any], after: Mapping[str, Any], *, replaced: bool) -> api.PropertyDiffKind:
    word = "UPDATE" if (key in before) == (key in after) else "DELETE" if key in before else "ADD"
    return api.PropertyDiffKind[f"{word}_REPLACE" if replaced else word]
