"""A remedy for trails: it changes nothing but the fault, and leaves unknown values alone."""

from __future__ import annotations

from typing import Any

from mlops_policies.rule import Use
from mlops_policies.values import is_unknown


def log_file_validation(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Switch the validation of a trail's files on, unless nobody knows yet whether it is."""
    return None if is_unknown(props.get("enableLogFileValidation")) else {**props, "enableLogFileValidation": True}
