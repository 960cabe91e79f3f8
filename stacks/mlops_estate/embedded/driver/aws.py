"""The driver: creates, changes, reads and deletes resources of the `aws` and `aws-native` providers in one account."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

import jmespath

from mlops_estate.embedded.driver.caller import Caller, opened
from mlops_estate.embedded.driver.declared_types import type_faults
from mlops_estate.embedded.driver.deletion import (
    delete_earlier_versions,
    delete_every_version,
    empty_bucket,
    kept_objects,
    kept_packages,
)
from mlops_estate.embedded.driver.mapping import Mapped, map_inputs
from mlops_estate.embedded.driver.names import best
from mlops_estate.embedded.driver.operations import Call, Operations, Place
from mlops_estate.embedded.driver.outputs import declared, flatten, outputs_from
from mlops_estate.embedded.driver.readback import differences
from mlops_estate.embedded.driver.table import table
from mlops_estate.embedded.driver.tags import merged, retag, with_tags
from mlops_estate.embedded.validation import service_model
from mlops_estate.embedded.validation.references import Account
from mlops_estate.engine.driver_api import Deletion, PartlyCreated, ReadBack, ResourceRequest, ResourceState
from mlops_estate.engine.wire import for_graph, provider_input, top_property
from mlops_estate.faults import Fault, FaultsFound

GONE = ("NotFound", "NoSuch", "DoesNotExist", "Could not find", "does not exist", "404: Not Found")


def is_gone(found: FaultsFound) -> bool:
    """Whether a service refused a call because the resource is not there; each says it in words of its own."""
    return any(word in found.faults[0].rule for word in GONE)


class BackedAccount(Account, Protocol):
    """An account that can say which back end answers an operation."""

    def begin(self, urn: str) -> None:
        """Take note that a resource is being created."""
        ...

    def backend_of(self, service: str, operation: str) -> str:
        """Return "moto" or "gap filler"."""
        ...


class AwsDriver:
    """Drives one account. `seed` makes the names the provider generates differ from estate to estate, and repeat
    with it; without `lookups` a check takes what a resource names as given, as a preview must."""

    def __init__(self, account: BackedAccount, seed: str = "", *, lookups: bool = True) -> None:
        self.account = account
        self.caller = Caller(account, lookups=lookups)
        self._seed = seed
        self._generations: dict[str, int] = {}
        """How often a resource has been created anew, by URN: its replacement has another generated name."""

    def provider_config(self, request: ResourceRequest) -> None:
        """Refuse a provider for another account or region than the embedded one."""
        faults = []
        region = request.inputs.get("region")
        if region and region != self.account.region:
            rule = f"the embedded account is in {self.account.region}"
            faults.append(Fault("region", region, rule, "use one region", request.urn))
        allowed = provider_input(request.inputs.get("allowedAccountIds") or [])
        if allowed and self.account.account_id not in allowed:
            rule = f"the account is {self.account.account_id}, which this provider does not allow"
            faults.append(
                Fault("allowedAccountIds", allowed, rule, "check `account` in the configuration", request.urn)
            )
        if faults:
            raise FaultsFound(faults)

    def check(self, request: ResourceRequest) -> list[Fault]:
        """Return every fault of a request without creating anything: what maps to nothing, and what AWS would
        refuse."""
        return self._checked(request, self._row(request))[1]

    def _checked(self, request: ResourceRequest, row: Operations) -> tuple[Mapped, list[Fault]]:
        """Return the call that would create the resource, and every fault of it and of the calls beside it."""
        if wrong := type_faults(request.type, request.inputs, request.urn):
            return Mapped(), wrong
        mapped = self._mapped(request, row)
        faults = self.caller.check(row.service, row.create, mapped, request.urn, request.type)
        keys = {key: f"{key}-of-{request.name}" for key in row.keys}
        for call in self._extra_calls(request, row, keys, None):
            extra = Mapped()
            extra.params = opened(call.params, extra)
            own = [fault for fault in self.caller.check(row.service, call.operation, extra, request.urn)
                   if not str(fault.value).endswith(f"-of-{request.name}")]  # fmt: skip
            faults += [fault for fault in own if fault.where]
        return mapped, self._lost(mapped, request) + faults + self._when_deleted(request, row, keys)

    def _when_deleted(self, request: ResourceRequest, row: Operations, keys: Mapping[str, str]) -> list[Fault]:
        """Return the faults of inputs that only deletion uses, such as a key's window: the provider checks them too."""
        if not row.delete_before:
            return []
        mapped = Mapped()
        mapped.params = opened(row.delete_before(request.inputs, keys), mapped)
        found = self.caller.check(row.service, row.delete, mapped, request.urn)
        return [fault for fault in found if fault.where in request.inputs and fault.value not in keys.values()]

    def create(self, request: ResourceRequest) -> ResourceState:
        """Create the resource: its main call, then the calls for what the service keeps apart."""
        before = self._generations.get(request.urn)
        self._generations[request.urn] = 0 if before is None else before + 1
        try:
            return self._create(request)
        except PartlyCreated:
            raise
        except FaultsFound:
            del self._generations[request.urn]
            if before is not None:
                self._generations[request.urn] = before
            raise

    def _create(self, request: ResourceRequest) -> ResourceState:
        row = self._row(request)
        mapped, faults = self._checked(request, row)
        if faults:
            raise FaultsFound(faults)
        self.account.begin(f"{request.urn}\n{self._generations[request.urn]}")
        response = self.caller.send_created(row, mapped.params, request.urn)
        keys = {
            name: jmespath.search(path, {"params": mapped.params, "response": response})
            for name, path in row.keys.items()
        }
        try:
            for call in self._extra_calls(request, row, keys, None):
                self._send(call, row, request)
            return self._state(request, row, mapped.params, keys, response)
        except FaultsFound as found:
            raise PartlyCreated(found.faults, self._bare_state(request, row, mapped.params, keys)) from found

    def adopt(self, request: ResourceRequest, resource_id: str, ignored: frozenset[str]) -> ResourceState:
        """Take over a resource that stands already; nothing is changed, and every input that differs is a fault."""
        from mlops_estate.embedded.driver.adoption import adopted

        return adopted(self, request, resource_id, ignored)

    def update(self, state: ResourceState, request: ResourceRequest) -> ResourceState:
        """Change the resource in place: only the calls that carry a changed input."""
        row = self._row(request)
        changed = self._changed(state, request)
        keys = state.record["keys"]
        known = {**keys, **state.outputs, "id": state.id}
        known.setdefault("arn", next((v for k, v in state.outputs.items() if k.endswith("Arn")), None))
        for call in self._extra_calls(request, row, keys, changed):
            self._send(call, row, request)
        before = merged(request.type, state.request.inputs, state.request.default_tags)
        after = merged(request.type, request.inputs, request.default_tags)
        if before != after and not any("tags" in extra.inputs for extra in row.extras):
            for call in retag(row, before, after, known):
                self._send(call, row, request)
        params = {**state.record["params"]}
        if self._for_update(row, changed):
            mapped = self._mapped_update(request, row, keys)
            self.caller.send(row.service, row.update, mapped, request.urn, request.type)
            params |= {
                key: _plain(value) for key, value in mapped.params.items() if key in params or row.update == row.create
            }
        fresh = self._mapped(request, row).params
        return self._state(request, row, {**params, **fresh}, keys, {})

    def replacement_reasons(self, state: ResourceState, request: ResourceRequest) -> list[str]:
        """Name what no in-place call can carry: the service's update operation has no member for it, or it is the
        name."""
        row = self._row(request)
        changed = self._for_update(row, self._changed(state, request))
        if not changed:
            return []
        if not row.update:
            return sorted(changed)
        mapped = self._mapped_update(request, row, {})
        lost = {top_property(path) for path, _ in mapped.lost}
        created = self._mapped(request, row)
        named = {
            created.origin(path.removeprefix("params.")) for path in row.keys.values() if path.startswith("params.")
        }
        return sorted(changed & (lost | named))

    def names_itself(self, request: ResourceRequest) -> bool:
        """Whether the provider generates the name."""
        row = self._row(request)
        return not row.auto_name or row.auto_name not in request.inputs

    def keeps(self, state: ResourceState) -> tuple[str, ...]:
        """Say in words why AWS, or the design, keeps the resource: versions in a registry, data outside development."""
        row = self._row(state.request)
        if row.before_delete == "empty_bucket" and not state.request.inputs.get("forceDestroy"):
            return kept_objects(self.account.client("s3"), state.record["keys"]["Bucket"])
        if row.before_delete == "kept_packages":
            return kept_packages(self.account.client("sagemaker"), state.record["keys"]["ModelPackageGroupName"])
        return ()

    def delete(self, state: ResourceState) -> Deletion:
        """Delete the resource; what is gone already is no fault."""
        row = self._row(state.request)
        keys = state.record["keys"]
        if row.before_delete == "empty_bucket":
            left = empty_bucket(self.account.client("s3"), keys["Bucket"])
            if left:
                raise FaultsFound([Fault("", None, left, "wait for the retention to pass", state.request.urn)])
        if row.before_delete == "delete_every_version":
            delete_every_version(self.account.client("s3"), keys["Bucket"], keys["Key"])
        if row.before_delete == "earlier_versions":
            delete_earlier_versions(self.account.client("iam"), keys["PolicyArn"])
        if row.delete:
            mapped = Mapped()
            raw = (
                row.delete_before(state.request.inputs, keys)
                if row.delete_before
                else self._by_keys(row, row.delete, keys)
            )
            mapped.params = opened(raw, mapped)
            try:
                self.caller.send_checked(row.service, row.delete, mapped.params, state.request.urn)
            except FaultsFound as found:
                if not is_gone(found):
                    raise
        self.caller.references.forget()
        return Deletion((row.leaves.format(**self._words(keys)),)) if row.leaves else Deletion()

    def read_back(self, state: ResourceState) -> ReadBack:
        """Read the resource and hold it against what was sent."""
        row = self._row(state.request)
        backend = self.account.backend_of(row.service, row.create)
        if not row.read:
            return ReadBack("validated", backend, equal=True)
        keys = state.record["keys"]
        try:
            item = self._read(row, keys, state.request.urn)
        except FaultsFound as found:
            return ReadBack("emulated", backend, equal=False, differences=(found.faults[0].rule,))
        if item is None:
            return ReadBack("emulated", backend, equal=False, differences=(f"{row.read} does not find it",))
        found_differences = differences(row, state.record["params"], item, keys)
        return ReadBack("emulated", backend, equal=not found_differences, differences=tuple(found_differences))

    def _row(self, request: ResourceRequest) -> Operations:
        row = table().get(request.type)
        if row is None:
            rule = "the embedded account has no operations for this type"
            fix = f"propose a row: python -m mlops_estate.embedded.driver.propose {request.type}"
            raise FaultsFound([Fault("type", request.type, rule, fix, request.urn)])
        return row

    def _physical_name(self, request: ResourceRequest, row: Operations) -> str:
        """Return the name the provider would generate: the logical name and seven hexadecimal digits."""
        generation = self._generations.get(request.urn, 0)
        made_of = f"{self._seed}\n{request.urn}" + (f"\n{generation}" if generation else "")
        digest = hashlib.sha256(made_of.encode()).hexdigest()[:7]
        return row.generated_name(request.name, digest)

    def _place(self, request: ResourceRequest, row: Operations) -> Place:
        return Place(self.account.account_id, self.account.region, self._physical_name(request, row))

    def _shaped(self, request: ResourceRequest, row: Operations, before: Any) -> dict[str, Any]:
        """Return the inputs as the mapping wants them: named, tagged, and moved by the row's exceptions."""
        place = self._place(request, row)
        inputs = {
            key: value
            for key, value in request.inputs.items()
            if value is not None and key not in {"tagsAll", "region"}
        }
        if row.auto_name and row.auto_name not in inputs:
            inputs[row.auto_name] = place.name
        inputs = with_tags(request.type, row, inputs, request.default_tags)
        if before:
            inputs = before(inputs, place)
        return {row.rename.get(key, key): value for key, value in inputs.items() if key not in row.drop}

    def _mapped(self, request: ResourceRequest, row: Operations) -> Mapped:
        shape = service_model(row.service).operation_model(row.create).input_shape
        mapped = map_inputs(self._shaped(request, row, row.before), shape, row.what)
        for renamed, name in row.rename.items():
            for path, origin in mapped.origins.items():
                if origin == name or origin.startswith((f"{name}.", f"{name}[")):
                    mapped.origins[path] = renamed + origin[len(name) :]
            member = shape and best(name, tuple(shape.members), row.what)
            if member:
                mapped.origins.setdefault(member, renamed)
        mapped.params.update(row.const)
        return mapped

    def _mapped_update(self, request: ResourceRequest, row: Operations, keys: Mapping[str, Any]) -> Mapped:
        if row.update == row.create:
            return self._mapped(request, row)
        shape = service_model(row.service).operation_model(row.update).input_shape
        assert shape is not None
        inputs = self._shaped(request, row, row.update_before or row.before)
        inputs = {key: value for key, value in inputs.items() if key not in row.update_drop and key != "tags"}
        mapped = map_inputs(inputs, shape, row.what)
        mapped.params.update({key: value for key, value in keys.items() if key in shape.members})
        return mapped

    def _lost(self, mapped: Mapped, request: ResourceRequest) -> list[Fault]:
        """Return a fault for each input that nothing takes: neither the main call nor one beside it."""
        apart = {key for extra in self._row(request).extras for key in extra.inputs}
        faults = []
        for path, value in mapped.lost:
            name = top_property(path)
            if path == name and name in apart:
                continue
            near = difflib.get_close_matches(name, [key for key in declared(request.type) if key != name], n=3)
            fix = f"did you mean {' or '.join(near)}?" if near else "leave it out"
            faults.append(Fault(path, value, "no parameter of the service takes this input", fix, request.urn))
        return faults

    def _changed(self, state: ResourceState, request: ResourceRequest) -> set[str]:
        before, after = state.request.inputs, for_graph(dict(request.inputs))
        return {key for key in {**before, **after} if before.get(key) != after.get(key)}

    def _for_update(self, row: Operations, changed: set[str]) -> set[str]:
        """Return the changed inputs that the main update has to carry."""
        apart = {key for extra in row.extras for key in extra.inputs} | {"tags", "tagsAll", *row.drop}
        return changed - apart

    def _extra_calls(
        self, request: ResourceRequest, row: Operations, keys: Mapping[str, Any], changed: set[str] | None
    ) -> list[Call]:
        inputs = {key: value for key, value in request.inputs.items() if value is not None}
        if "tags" in inputs or request.default_tags:
            inputs["tags"] = merged(request.type, request.inputs, request.default_tags)
        calls = []
        for extra in row.extras:
            due = extra.on_create and any(key in inputs for key in extra.inputs)
            if changed is not None:
                due = bool(changed & set(extra.inputs))
            if due:
                calls += extra.calls(inputs, keys)
        return calls

    def _send(self, call: Call, row: Operations, request: ResourceRequest) -> dict[str, Any]:
        mapped = Mapped()
        mapped.params = opened(call.params, mapped)
        return self.caller.send(call.service or row.service, call.operation, mapped, request.urn)

    def _bare_state(
        self, request: ResourceRequest, row: Operations, params: Mapping[str, Any], keys: Mapping[str, Any]
    ) -> ResourceState:
        """Return what is known without asking the account: enough to delete the resource again."""
        record = {**_record(row, params, keys), "incomplete": True}
        return ResourceState(request, row.id.format(**self._words(keys)) or request.name, {}, record)

    def _words(self, keys: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a row's templates are filled with."""
        return {**keys, "account": self.account.account_id, "region": self.account.region}

    def _state(
        self,
        request: ResourceRequest,
        row: Operations,
        params: Mapping[str, Any],
        keys: Mapping[str, Any],
        response: Mapping[str, Any],
    ) -> ResourceState:
        """Read the resource and put its outputs together: inputs, templates, then what the service answers."""
        words = self._words(keys)
        item = self._read(row, keys, request.urn) if row.read else None
        known = flatten(response)
        for source in (item or {}, params):
            for key, value in flatten(source).items():
                known.setdefault(key, value)
        templated = {name: template.format(**words) for name, template in row.outputs.items()}
        inputs = {key: for_graph(value) for key, value in request.inputs.items()}
        if row.auto_name and row.auto_name in declared(request.type):
            inputs.setdefault(row.auto_name, self._physical_name(request, row))
        outputs = {**outputs_from(request.type, {**inputs, **templated}, known, row.what)}
        if row.after:
            outputs.update(row.after(self.account.client, request.inputs))
        if "tagsAll" in declared(request.type):
            outputs["tagsAll"] = merged(request.type, request.inputs, request.default_tags)
        if "region" in declared(request.type):
            outputs.setdefault("region", self.account.region)
        physical = row.id.format(**words) if row.id else str(outputs.get("arn") or outputs.get("name") or request.name)
        return ResourceState(request, physical, outputs, _record(row, params, keys))

    def _read(self, row: Operations, keys: Mapping[str, Any], urn: str) -> dict[str, Any] | None:
        params = row.read_before(keys) if row.read_before else self._by_keys(row, row.read, keys)
        answer = self.caller.send_checked(row.service, row.read, params, urn)
        item = jmespath.search(row.root.format(**keys), answer)
        return item if isinstance(item, dict) else None

    def _by_keys(self, row: Operations, operation: str, keys: Mapping[str, Any]) -> dict[str, Any]:
        """Return an operation's parameters from the keys, by name; a list member takes one key in the plural."""
        shape = service_model(row.service).operation_model(operation).input_shape
        params: dict[str, Any] = {}
        for member, inner in (shape.members if shape else {}).items():
            if member in keys:
                params[member] = keys[member]
            elif inner.type_name == "list" and member.removesuffix("s") in keys:
                params[member] = [keys[member.removesuffix("s")]]
        return params


def _record(row: Operations, params: Mapping[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return what it takes to read, update or delete the resource, as JSON data."""
    return {"operation": f"{row.service}:{row.create}", "keys": dict(keys), "params": _plain(dict(params))}


def _plain(value: Any) -> Any:
    """Return call parameters as JSON data; a body is kept as its hash."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return {"$bytes": hashlib.sha256(value).hexdigest()}
    return value
