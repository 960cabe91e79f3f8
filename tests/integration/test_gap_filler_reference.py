"""The reference page names exactly the operations that the gap filler adds, and those that nobody answers."""

from __future__ import annotations

from collections.abc import Iterable

from moto.core.utils import camelcase_to_underscores
from moto.sagemaker.responses import SageMakerResponse
from tests.support.reference_docs import assert_current

from mlops_estate.embedded import backends
from mlops_estate.embedded.backends.kinds import NOT_DERIVED, singular, split
from mlops_estate.embedded.backends.sagemaker import OURS
from mlops_estate.embedded.validation.model import service_model

MODEL = service_model("sagemaker")


def by_kind(operations: Iterable[str]) -> str:
    """Return a table of operations by the kind of thing that they are about."""
    kinds: dict[str, list[str]] = {}
    for operation in sorted(operations):
        verb, noun = split(operation)
        kinds.setdefault((singular(MODEL, noun) if verb == "List" else "") or noun, []).append(operation)
    rows = [f"| {kind} | {', '.join(found)} |" for kind, found in sorted(kinds.items())]
    return "\n".join(["| about | operations |", "| --- | --- |", *rows])


def test_the_lists_of_operations_are_current() -> None:
    backends.install()
    lacking = {name for name in MODEL.operation_names if not hasattr(SageMakerResponse, camelcase_to_underscores(name))}
    assert not lacking & OURS
    total = len(MODEL.operation_names)
    assert_current("gap_filler.md", "answered", f"{len(OURS)} of {total}.\n\n{by_kind(OURS)}")
    reasons = "\n".join(f"- {kind}: {reason}" for kind, reason in sorted(NOT_DERIVED.items()))
    why = f"{len(lacking)} of {total}. Kinds that a model is not enough for:\n\n{reasons}\n\nAll of them:"
    assert_current("gap_filler.md", "unanswered", f"{why}\n\n{', '.join(sorted(lacking))}")


def test_an_operation_that_is_named_is_answered_by_a_method() -> None:
    backends.install()
    assert {name for name in OURS if not hasattr(SageMakerResponse, camelcase_to_underscores(name))} == set()
    assert backends.answered_here("sagemaker", "UpdateEndpoint")
    assert backends.answered_here("cloudwatch", "PutCompositeAlarm")
    assert backends.answered_here("s3", "ListBucketMetricsConfigurations")
    assert not backends.answered_here("sagemaker", "CreateModel")
    assert not backends.answered_here("s3", "PutBucketPolicy")
