"""A store that answers a service's operations from its model alone.

What identifies a thing are the required members of its `Describe` (or `Get`) operation; what a description holds is
what
was sent, in the output shape's members, with an ARN, times and a status beside it. A small table says which status a
thing ends in where the enum does not tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.core.utils import utcnow

VERBS = ("BatchDescribe", "BatchGet", "Create", "Register", "Describe", "Get", "List", "Update", "Put", "Delete",
         "Deregister", "Start", "Stop")  # fmt: skip
# The status a thing reaches when all goes well, the likeliest first; an enum without one of them gives its first value.
SETTLED = ("InService", "Created", "Scheduled", "Active", "ACTIVE", "Completed", "Succeeded", "CREATED", "Enabled")
STARTED = ("Scheduled", "InService", "Running", "Active")
STOPPED = ("Stopped", "Inactive")
Hook = Callable[["DerivedBackend", str, dict[str, Any]], None]


class ResourceNotFound(JsonRESTError):  # noqa: N818 -- the service's own name
    """SageMaker's answer where a thing is not there."""

    code = 400

    def __init__(self, message: str) -> None:
        super().__init__(error_type="ResourceNotFound", message=message)


class ResourceInUse(JsonRESTError):  # noqa: N818 -- the service's own name
    """SageMaker's answer where a name is taken."""

    code = 400

    def __init__(self, message: str) -> None:
        super().__init__(error_type="ResourceInUse", message=message)


class DerivedBackend(BaseBackend):
    """Rows by kind of thing and by key, for one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.rows: dict[str, dict[tuple[str, ...], dict[str, Any]]] = {}
        self.remembered: dict[tuple[str, str], dict[str, Any]] = {}

    def answer(
        self, model: ServiceModel, operation: str, params: dict[str, Any], hooks: Mapping[str, Hook]
    ) -> dict[str, Any]:
        """Answer one operation; the service's own errors are raised as moto does."""
        verb, noun = split(operation)
        shape = model.operation_model(operation)
        if verb == "List":
            return self._list(model, shape, noun, params)
        keys = key_members(model, noun)
        rows = self.rows.setdefault(noun, {})
        key = tuple(str(params.get(name, "")) for name in keys)
        if verb in {"Create", "Register", "Put"}:
            if key in rows and verb != "Put":
                raise ResourceInUse(f"{noun} {'/'.join(key)} already exists")
            rows[key] = self._row(model, noun, keys, key, params)
            if noun in hooks:
                hooks[noun](self, noun, rows[key])
            return _members(shape.output_shape, rows[key])
        if key not in rows:
            raise ResourceNotFound(f"{noun} {'/'.join(key)} does not exist")
        if verb in {"Delete", "Deregister"}:
            return _members(shape.output_shape, rows.pop(key))
        if verb == "Update":
            rows[key].update(params, LastModifiedTime=utcnow())
        if verb in {"Start", "Stop"}:
            _set_status(model, noun, rows[key], STARTED if verb == "Start" else STOPPED)
        return _members(shape.output_shape, rows[key])

    def _row(
        self, model: ServiceModel, noun: str, keys: tuple[str, ...], key: tuple[str, ...], params: dict[str, Any]
    ) -> dict[str, Any]:
        now = utcnow()
        where = f"{model.signing_name}:{self.region_name}:{self.account_id}"
        arn = f"arn:{self.partition}:{where}:{_hyphened(noun)}/{'/'.join(key)}"
        row = {"CreationTime": now, "LastModifiedTime": now, **params, f"{noun}Arn": arn.lower()}
        row.setdefault("Arn", row[f"{noun}Arn"])
        _set_status(model, noun, row, SETTLED)
        return row

    def _list(self, model: ServiceModel, shape: OperationModel, nouns: str, params: dict[str, Any]) -> dict[str, Any]:
        """List what there is, newest first, with `NameContains`, `MaxResults` and `NextToken` as the service has
        them."""
        noun = next((kind for kind in self.rows if _plural(kind) == nouns), nouns)
        rows = list(self.rows.get(noun, {}).values())
        wanted = {name: value for name, value in params.items() if name in key_members(model, noun)}
        rows = [row for row in rows if all(row.get(name) == value for name, value in wanted.items())]
        if part := params.get("NameContains"):
            rows = [row for row in rows if part in str(row.get(f"{noun}Name", ""))]
        rows.sort(key=lambda row: row["CreationTime"], reverse=True)
        start = int(params.get("NextToken") or 0)
        end = start + int(params.get("MaxResults") or 100)
        output = shape.output_shape
        member = next(
            (name for name, inner in (output.members if output else {}).items() if inner.type_name == "list"), ""
        )
        listing = output.members[member] if output and member else None
        item = listing.member if isinstance(listing, ListShape) else None
        listed = [_members(item, row) if isinstance(item, StructureShape) else row for row in rows[start:end]]
        return {member: listed, **({"NextToken": str(end)} if end < len(rows) else {})}


derived_backends = BackendDict(DerivedBackend, "sagemaker")


def split(operation: str) -> tuple[str, str]:
    """Return an operation's verb and noun."""
    verb = next((verb for verb in VERBS if operation.startswith(verb)), "")
    return verb, operation[len(verb) :]


def key_members(model: ServiceModel, noun: str) -> tuple[str, ...]:
    """Return the members that identify a thing: what its description asks for, else what its creation demands."""
    for verb in ("Describe", "Get", "Delete", "Create", "Put"):
        if f"{verb}{noun}" in model.operation_names:
            shape = model.operation_model(f"{verb}{noun}").input_shape
            required = tuple(
                name
                for name in (shape.required_members if shape else [])
                if shape and shape.members[name].type_name == "string"
            )
            if required:
                return required
    return (f"{noun}Name",)


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def _hyphened(noun: str) -> str:
    return "-".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]+", noun)).lower()


def _set_status(model: ServiceModel, noun: str, row: dict[str, Any], wanted: tuple[str, ...]) -> None:
    """Set every status member of a thing's description."""
    for verb in ("Describe", "Get"):
        if f"{verb}{noun}" not in model.operation_names:
            continue
        output = model.operation_model(f"{verb}{noun}").output_shape
        for name, shape in (output.members if output else {}).items():
            enum = getattr(shape, "enum", None)
            if enum and (name == "Status" or name in {f"{noun}Status", f"{noun}State"}):
                row[name] = next((status for status in wanted if status in enum), enum[0])


def _members(shape: Shape | None, row: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(shape, StructureShape):
        return {}
    return {name: row[name] for name in shape.members if row.get(name) is not None}


def plain_params(body: Any) -> dict[str, Any]:
    """Return a JSON request's parameters."""
    return dict(json.loads(body or "{}"))
