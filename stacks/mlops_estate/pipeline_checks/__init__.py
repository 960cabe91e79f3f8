"""Checks of a pipeline definition, offline: every step's call, every reference, order, branches, and rules across them.

The service itself checks little of this when a pipeline is created; most faults would end an execution half-way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.faults import Fault
from mlops_estate.pipeline_checks.arguments import argument_faults
from mlops_estate.pipeline_checks.references import Document
from mlops_estate.pipeline_checks.rules import document_faults, order_faults, size_faults, step_faults

__all__ = ["validate_definition"]


def validate_definition(definition: Any) -> list[Fault]:
    """Return every fault of a definition; `urn` names the step, `where` the path within the document."""
    if not isinstance(definition, Mapping):
        return [Fault("", None, f"a definition is an object, not {type(definition).__name__}", "name a definition")]
    document = Document(definition)
    faults = [*document_faults(definition, document), *size_faults(definition)]
    for step in document.steps:
        faults += [*step_faults(step), *document.faults(step), *argument_faults(step, document)]
    faults += order_faults(document)
    return list({(fault.where, fault.rule, str(fault.value)): fault for fault in faults}.values())
