"""Bucket policies with their conditions.

moto ignores `Condition`, so a policy that denies plain HTTP denies everything; and it cannot read a policy with the
principal `*` when access logs are switched on. Here conditions are evaluated against the request: its headers, who asks
and the VPC endpoint it comes through (`request_context`). A statement whose condition asks for what a request does not
tell is left out. A copy reads its source, whose bucket has its say too.
"""

from __future__ import annotations

import contextvars
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from mlops_estate.embedded.backends.request_context import TOLD, context_of, object_action
from mlops_estate.embedded.iam import condition_holds

# What moto makes of a request's method where an object is meant.
_BY_METHOD = frozenset({"GetObject", "HeadObject", "PutObject", "PostObject", "DeleteObject"})


@dataclass(frozen=True)
class _Asked:
    """The request at hand: method, address and headers, names in lower case."""

    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


_ASKED: contextvars.ContextVar[_Asked] = contextvars.ContextVar("asked", default=_Asked())  # noqa: B039 -- frozen


def install() -> None:
    """Mend moto's bucket policies."""
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket, s3_backends
    from moto.s3.responses import S3Response

    setup = S3Response.setup_class

    @functools.wraps(setup)
    def setup_class(self: Any, request: Any, *arguments: Any, **options: Any) -> None:
        setup(self, request, *arguments, **options)
        headers = {key.lower(): value for key, value in request.headers.items()}
        _ASKED.set(_Asked(request.method, request.url, headers))

    def get_permission(self: Any, action: str, resource: str) -> Any:
        asked = _ASKED.get()
        if action.removeprefix("s3:") in _BY_METHOD:
            action = object_action(asked.method, asked.url)
        source = asked.headers.get("x-amz-copy-source", "") if action == "s3:PutObject" else ""
        if source and _copied_from(self, source) == PermissionResult.DENIED:
            return PermissionResult.DENIED
        return permission(self, action, resource)

    def permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        context = context_of(_ASKED.get().headers, self.account_id)
        statements = [item for item in _statements(self.policy) if applies(item.get("Condition"), context)]
        if not statements:
            return PermissionResult.NEUTRAL
        bare = [{key: value for key, value in item.items() if key != "Condition"} for item in statements]
        return IAMPolicy(json.dumps({"Version": "2012-10-17", "Statement": bare})).is_action_permitted(action, resource)

    def _copied_from(bucket: Any, source: str) -> Any:
        name, _, key = unquote(source).lstrip("/").partition("/")
        key, _, version = key.partition("?versionId=")
        found = s3_backends[bucket.account_id][bucket.partition].buckets.get(name)
        if found is None:
            return PermissionResult.NEUTRAL
        action = "s3:GetObjectVersion" if version else "s3:GetObject"
        return permission(found, action, f"arn:{bucket.partition}:s3:::{name}/{key}")

    log_permissions = FakeBucket._log_permissions_enabled_policy

    def log_permissions_enabled(target_bucket: Any, target_prefix: str | None) -> bool:
        if not target_bucket.policy:
            return False
        # moto compares text: one statement for each service and resource is what it can read.
        named = [
            {**item, "Principal": {"Service": service}, "Resource": resource}
            for item in _statements(target_bucket.policy)
            if isinstance(item.get("Principal"), dict)
            for service in _listed(item["Principal"].get("Service"))
            for resource in _listed(item.get("Resource"))
        ]
        shim = SimpleNamespace(
            policy=json.dumps({"Statement": named}).encode(), partition=target_bucket.partition, name=target_bucket.name
        )
        return bool(log_permissions(shim, target_prefix))

    S3Response.setup_class = setup_class
    FakeBucket.get_permission = get_permission
    FakeBucket._log_permissions_enabled_policy = staticmethod(log_permissions_enabled)


def _statements(policy: bytes) -> list[dict[str, Any]]:
    found = json.loads(policy.decode())["Statement"]
    return found if isinstance(found, list) else [found]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def applies(condition: Mapping[str, Mapping[str, Any]] | None, context: Mapping[str, Any]) -> bool:
    """Whether a statement's condition holds for a request with these condition keys."""
    for operator, tests in (condition or {}).items():
        if operator != "Null" and not operator.endswith("IfExists") and not all(map(_told, tests)):
            return False
    return condition_holds(condition, context)


def _told(key: str) -> bool:
    """Whether a request tells what a condition key asks for."""
    return key.lower() in TOLD or key.lower().startswith("s3:x-amz-")
