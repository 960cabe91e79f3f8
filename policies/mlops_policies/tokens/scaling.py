"""Application Auto Scaling: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from typing import Any

from mlops_policies.tokens import Alias
from mlops_policies.values import is_unknown

_TARGET = ("resourceId", "scalableDimension", "serviceNamespace")
"""The parts of a scalable target's native id, which a ``|`` separates."""


def _policy(props: dict[str, Any]) -> dict[str, Any]:
    """Read the id of the target that a native policy may name instead of the target's parts."""
    named = props.get("scalingTargetId")
    if not isinstance(named, str) or is_unknown(named) or named.count("|") != 2:
        return props
    return {**dict(zip(_TARGET, named.split("|"), strict=True)), **props}


ALIASES: dict[str, Alias] = {
    "aws-native:applicationautoscaling:ScalableTarget": Alias("aws:appautoscaling/target:Target"),
    "aws-native:applicationautoscaling:ScalingPolicy": Alias(
        "aws:appautoscaling/policy:Policy", {"policyName": "name"}, _policy
    ),
}
