"""Remedies for functions, state machines and queues: what replaces nothing, and leaves unknown values alone."""

from __future__ import annotations

from typing import Any

from mlops_policies.rule import Use
from mlops_policies.values import is_unknown


def traced_function(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Trace a function, unless nobody knows yet whether it is traced.

    Its role needs xray:PutTraceSegments and xray:PutTelemetryRecords; Lambda refuses tracing without them.
    """
    return _set(props, "tracingConfig", "mode", "Active")


def traced_state_machine(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Trace a state machine, unless nobody knows yet whether it is traced."""
    return _set(props, "tracingConfiguration", "enabled", True)


def encrypted_queue(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Encrypt a queue with SQS's own key, where encryption is switched off and no key is given."""
    if props.get("sqsManagedSseEnabled") is not False or props.get("kmsMasterKeyId"):
        return None
    return {**props, "sqsManagedSseEnabled": True}


def _set(props: dict[str, Any], holder: str, name: str, value: Any) -> dict[str, Any] | None:
    given = props.get(holder)
    # Pulumi's bridge may write a block that may stand once as a list of one.
    block = (given[0] if given else {}) if isinstance(given, list) else given or {}
    if is_unknown(block) or is_unknown(block.get(name)) or block.get(name) == value:
        return None
    changed = {**block, name: value}
    return {**props, holder: [changed] if isinstance(given, list) else changed}
