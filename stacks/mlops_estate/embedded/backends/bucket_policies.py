"""Bucket policies with their conditions.

moto ignores `Condition`, so a policy that denies plain HTTP denies everything; and it cannot read a policy with the
principal `*` when access logs are switched on. Here conditions are evaluated against the request; a statement whose
condition asks for what a request does not tell is left out.
"""

from __future__ import annotations

import contextvars
import functools
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from mlops_estate.embedded.iam import condition_holds

_HEADERS: contextvars.ContextVar[Mapping[str, str]] = contextvars.ContextVar("headers", default={})  # noqa: B039 -- read only


def install() -> None:
    """Mend moto's bucket policies."""
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket
    from moto.s3.responses import S3Response

    setup = S3Response.setup_class

    @functools.wraps(setup)
    def setup_class(self: Any, request: Any, *arguments: Any, **options: Any) -> None:
        setup(self, request, *arguments, **options)
        _HEADERS.set({key.lower(): value for key, value in request.headers.items()})

    def get_permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        statements = [item for item in _statements(self.policy) if applies(item.get("Condition"), _HEADERS.get())]
        if not statements:
            return PermissionResult.NEUTRAL
        bare = [{key: value for key, value in item.items() if key != "Condition"} for item in statements]
        return IAMPolicy(json.dumps({"Version": "2012-10-17", "Statement": bare})).is_action_permitted(action, resource)

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


def applies(condition: Mapping[str, Mapping[str, Any]] | None, headers: Mapping[str, str]) -> bool:
    """Whether a statement's condition holds for a request over TLS with these headers (names in lower case).

    Every connection to the embedded account counts as encrypted.
    """
    for operator, tests in (condition or {}).items():
        if operator != "Null" and not operator.endswith("IfExists") and not all(map(_told, tests)):
            return False
    told = {f"s3:{name}": value for name, value in headers.items()}
    return condition_holds(condition, {**told, "aws:SecureTransport": "true"})


def _told(key: str) -> bool:
    """Whether a request tells what a condition key asks for."""
    return key.lower() == "aws:securetransport" or key.lower().startswith("s3:x-amz-")
