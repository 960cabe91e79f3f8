"""A store that answers a service's operations from its model alone.

What identifies a thing are the required members of its `Describe` (or `Get`) operation; what a description holds is
what was sent, in the output shape's members, with an ARN, generated ids, times and a status beside it.
"""

from __future__ import annotations

import collections
import datetime
import json
import string
from collections.abc import Callable, Mapping
from typing import Any

from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from mlops_estate.embedded.backends.kinds import CREATORS, NUMBERS, Kind, kind_of, singular, split

# The status a thing reaches when all goes well, the likeliest first; an enum without one of them gives its first value.
SETTLED = ("InService", "Created", "Scheduled", "Active", "ACTIVE", "Completed", "COMPLETED", "Succeeded", "CREATED",
           "CreateCompleted", "Running", "Available", "Enabled")  # fmt: skip
STARTED = ("Scheduled", "InService", "Running", "Started", "Active")
STOPPED = ("Stopped", "Inactive", "Completed")
CREATION_TIMES = ("CreationTime", "CreatedAt", "CreatedTime", "CreateDate", "CreationTimestamp")
CHANGE_TIMES = ("LastModifiedTime", "LastModifiedAt", "LastModifiedTimestamp", "LastUpdatedTime", "LastUpdatedAt",
                "LastUpdateTimestamp")  # fmt: skip
ID_PREFIXES = {"ProjectId": "p-"}
# Runs before an operation changes the store, with the row and the request's parameters; may change both, or refuse.
Hook = Callable[["DerivedBackend", dict[str, Any], dict[str, Any]], None]


class ResourceNotFound(JsonRESTError):  # noqa: N818 -- the service's own name
    """SageMaker's answer where a thing is not there."""

    code = 400

    def __init__(self, message: str) -> None:
        super().__init__(error_type="ResourceNotFound", message=message)


class ResourceInUse(JsonRESTError):  # noqa: N818 -- the service's own name
    """SageMaker's answer where a name is taken, or a thing still used."""

    code = 400

    def __init__(self, message: str) -> None:
        super().__init__(error_type="ResourceInUse", message=message)


class Conflict(JsonRESTError):  # noqa: N818 -- the service's own name
    """SageMaker's answer where the state of a thing does not allow an operation."""

    code = 400

    def __init__(self, message: str) -> None:
        super().__init__(error_type="ConflictException", message=message)


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
            return self._list(model, shape, singular(model, noun) or noun, params)
        kind = kind_of(model, noun)
        rows = self.rows.setdefault(noun, {})
        if verb in CREATORS:
            row = self._row(model, kind, params)
            key = kind.key(row)
            if key in rows and verb != "Put":
                raise ResourceInUse(f"{noun} {'/'.join(filter(None, key))} already exists")
            if operation in hooks:
                hooks[operation](self, row, params)
            rows[key] = row
            return members(shape.output_shape, row, noun)
        key = self.find(kind, params)
        if operation in hooks:
            hooks[operation](self, rows[key], params)
        if verb in {"Delete", "Deregister"}:
            return members(shape.output_shape, {**rows.pop(key), "Success": True}, noun)
        if verb == "Update":
            _change(rows[key], {name: value for name, value in params.items() if name not in kind.keys})
        if verb in {"Start", "Stop"}:
            _set_status(kind, rows[key], STARTED if verb == "Start" else STOPPED)
        return members(shape.output_shape, rows[key], noun)

    def find(self, kind: Kind, params: dict[str, Any]) -> tuple[str, ...]:
        """Return the key of the thing that a request names, by its name or by its ARN; `ResourceNotFound`."""
        rows = self.rows.get(kind.noun, {})
        key = kind.key(params)
        if key in rows:
            return key
        asked = params.get(kind.keys[0])
        if kind.noun in NUMBERS and not params.get(NUMBERS[kind.noun][0]):
            alias = params.get("Alias")
            held = [found for found, row in rows.items() if alias in (None, *row.get("Aliases", []))]
            if latest := [found for found in held if found[0] == asked]:
                return latest[-1]
        for found, row in rows.items():
            if len(kind.keys) == 1 and str(asked).startswith("arn:") and row.get(kind.arn_member) == asked:
                return found
        raise ResourceNotFound(f"{kind.noun} {'/'.join(filter(None, key))} does not exist")

    def by_arn(self, arn: str) -> tuple[str, dict[str, Any]] | None:
        """Return the kind and the row of the thing with an ARN."""
        return next(
            ((noun, row) for noun, rows in self.rows.items() for row in rows.values() if row.get("Arn") == arn), None
        )

    def _row(self, model: ServiceModel, kind: Kind, params: dict[str, Any]) -> dict[str, Any]:
        now = utcnow()
        row = {**dict.fromkeys(CREATION_TIMES + CHANGE_TIMES, now), **params}
        described = kind.description.members if kind.description else {}
        for name in {*described, *kind.keys}:
            if name.endswith("Id") and (name == f"{kind.noun}Id" or name in kind.keys) and name not in row:
                row[name] = ID_PREFIXES.get(name, "") + _generated(12)
        for name in NUMBERS.get(kind.noun, ()):
            row[name] = self._next_number(kind, row)
        arn = self._arn(model, kind, row)
        # A policy has no ARN of its own: what it shows is the ARN of the thing it belongs to.
        row.update({kind.arn_member: arn} if kind.noun.endswith("Policy") else {kind.arn_member: arn, "Arn": arn})
        _set_status(kind, row, SETTLED)
        if kind.description:
            row.update({name: value for name, value in _defaults(kind.description).items() if name not in row})
        return row

    def _next_number(self, kind: Kind, row: dict[str, Any]) -> int:
        """Return the next number under a name; a deleted thing's number is not given again."""
        counted = self.remembered.setdefault((kind.noun, str(row[kind.keys[0]])), {"last": 0})
        counted["last"] += 1
        return int(counted["last"])

    def _arn(self, model: ServiceModel, kind: Kind, row: dict[str, Any]) -> str:
        """Return a new thing's ARN; the service writes names in lower case, but where its pattern wants them as
        they are."""
        own = {name: value for name, value in row.items() if isinstance(value, str | int)}
        own["id"] = generated = str(row.get(f"{kind.noun}Id") or _generated(12))
        named = kind.arn_form.format_map(collections.defaultdict(str, own))
        start = f"arn:{self.partition}:{model.signing_name}:{self.region_name}:{self.account_id}:"
        forms = (start + named.lower(), start + named, start + kind.arn_form.replace("{id}", generated.upper()))
        return next((arn for arn in forms if kind.fits(arn)), forms[0])

    def _list(self, model: ServiceModel, shape: OperationModel, noun: str, params: dict[str, Any]) -> dict[str, Any]:
        """List what there is, newest first, with the filters, the order and the paging that the service has."""
        kind = kind_of(model, noun)
        rows = [row for row in self.rows.get(noun, {}).values() if _wanted(kind, row, params)]
        by_name = params.get("SortBy") in {"Name", f"{noun}Name"}
        # Things made in the same microsecond keep the order they were made in.
        rows.sort(key=(lambda row: row.get(kind.keys[-1], "")) if by_name else lambda row: row["CreationTime"])
        if params.get("SortOrder", "Ascending" if by_name else "Descending") == "Descending":
            rows.reverse()
        start = int(params.get("NextToken") or 0)
        end = start + int(params.get("MaxResults") or 100)
        output = shape.output_shape
        member = next(
            (name for name, inner in (output.members if output else {}).items() if inner.type_name == "list"), ""
        )
        listing = output.members[member] if output and member else None
        item = listing.member if isinstance(listing, ListShape) else None
        listed = [members(item, row, "") if isinstance(item, StructureShape) else row for row in rows[start:end]]
        return {member: listed, **({"NextToken": str(end)} if end < len(rows) else {})}


derived_backends = BackendDict(DerivedBackend, "sagemaker")


def _generated(length: int) -> str:
    return "".join(mock_random.choices(string.ascii_lowercase + string.digits, k=length))


def _wanted(kind: Kind, row: dict[str, Any], params: dict[str, Any]) -> bool:
    """Whether a listed thing passes the filters: identifying members, `...Equals`, `...Contains`, `...After` and
    `...Before`."""
    for name, value in params.items():
        if name.endswith("Contains"):
            named = str(row.get(name.removesuffix("Contains")) or row.get(f"{kind.noun}Name") or row.get("Name") or "")
            if str(value).lower() not in named.lower():
                return False
        elif name.endswith(("After", "Before")):
            time = row.get(name.removesuffix("After").removesuffix("Before"), row["CreationTime"])
            asked = instant(value)
            if (time <= asked) if name.endswith("After") else (time >= asked):
                return False
        elif name.endswith("Equals") or name in {*kind.keys, *kind.optional_keys}:
            member = name.removesuffix("Equals")
            held = row.get(member, row.get(f"{kind.noun}{member}"))
            if held != value:
                return False
    return True


def instant(value: Any) -> datetime.datetime:
    """Return a request's time, seconds since 1970 or ISO 8601, as rows hold it: UTC, without a zone."""
    if isinstance(value, int | float):
        return datetime.datetime.fromtimestamp(value, datetime.UTC).replace(tzinfo=None)
    return datetime.datetime.fromisoformat(str(value).replace("Z", "+00:00")).replace(tzinfo=None)


def _change(row: dict[str, Any], params: dict[str, Any]) -> None:
    """Apply an update: `...ToRemove` takes entries of a map away, `DeleteProperties` whole members."""
    for name, value in params.items():
        if name == "DeleteProperties":
            for gone in value:
                row.pop(gone, None)
        elif name.endswith("ToRemove") and isinstance(row.get(name.removesuffix("ToRemove")), dict):
            held = row[name.removesuffix("ToRemove")]
            row[name.removesuffix("ToRemove")] = {key: item for key, item in held.items() if key not in value}
        else:
            row[name] = value
    row.update(dict.fromkeys(CHANGE_TIMES, utcnow()))


def _defaults(shape: StructureShape) -> dict[str, Any]:
    """Return what a description must hold and nobody sent: nothing in lists, the first version."""
    found: dict[str, Any] = {}
    for name in shape.required_members:
        member = shape.members[name]
        if member.type_name == "list":
            found[name] = []
        elif isinstance(member, StructureShape) and set(_defaults(member)) >= set(member.required_members):
            found[name] = _defaults(member)
        elif member.type_name == "integer" and name.endswith("Version"):
            found[name] = 1
    return found


def _set_status(kind: Kind, row: dict[str, Any], wanted: tuple[str, ...]) -> None:
    """Set every status member of a thing's description."""
    for name, shape in (kind.description.members if kind.description else {}).items():
        enum = getattr(shape, "enum", None)
        about = name.removesuffix("State").removesuffix("Status").removesuffix("Secondary")
        if enum and name != about and kind.noun.endswith(about):
            row[name] = next((status for status in wanted if status in enum), enum[0])


def members(shape: Shape | None, row: Mapping[str, Any], noun: str) -> dict[str, Any]:
    """Return what of a row an output shape shows; a member with the kind's own name shows it whole."""
    if not isinstance(shape, StructureShape):
        return {}
    if isinstance(shape.members.get(noun), StructureShape):
        return {noun: members(shape.members[noun], row, "")}
    return {name: row[name] for name in shape.members if row.get(name) is not None}


def plain_params(body: Any) -> dict[str, Any]:
    """Return a JSON request's parameters."""
    return dict(json.loads(body or "{}"))
