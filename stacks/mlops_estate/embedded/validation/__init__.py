"""Strict validation of AWS calls: the service's own model, its documented limits, and what exists in the account."""

from __future__ import annotations

from mlops_estate.embedded.validation.limits import check_limits
from mlops_estate.embedded.validation.model import CallFault, check_model, service_model

__all__ = ["CallFault", "check_limits", "check_model", "service_model", "validate_call"]


def validate_call(service: str, operation: str, params: dict[str, object]) -> list[CallFault]:
    """Return every fault of a call by the service model and the documented limits; empty where there is none.

    `service` is botocore's name (``sagemaker``), `operation` the API's (``CreateEndpoint``). References to things
    that do not exist are checked by `References`, which needs an account.
    """
    faults = check_model(service, operation, params)
    if any(fault.kind in {"type", "missing"} for fault in faults):
        return faults
    return faults + check_limits(service, operation, params)
